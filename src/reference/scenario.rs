//! The scenarios that a case may ask the lab for: what a world is like before its first request.
//!
//! Leaves out how requests are answered in them. Follows [MS-IPAMM2] 3.1.4.2, 3.19.4.4.1 and 2.2.5.54.

use super::script::Script;

/// What a world is like before its first request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scenario {
    /// Provisioned, nothing to convert, every task ready, the user may do everything.
    #[default]
    Default,
    /// The server has not been provisioned.
    NotProvisioned,
    /// The server is provisioned and waits for a conversion of its schema.
    ConversionRequired,
    /// The Discovery task is disabled.
    TaskDisabled,
    /// The Discovery task is running.
    TaskRunning,
    /// The user lacks the right to every operation.
    AccessDenied,
    /// The user may read, and may start neither tasks nor operations with progress.
    StartDenied,
    /// An operation with progress has no subtask.
    NoSubtasks,
    /// The last subtask of an operation with progress ends with a warning.
    SubtaskWarns,
    /// The last subtask of an operation with progress ends with an error, and the operation with it.
    SubtaskFails,
    /// An operation with progress fails before its first subtask.
    OperationFails,
    /// An operation with progress takes thirty seconds of the world's clock.
    OperationTakes30s,
    /// An operation with progress goes as a script says.
    Scripted(Script),
}

impl Scenario {
    /// Every scenario that has a word of its own.
    pub const ALL: [Self; 12] = [
        Self::Default,
        Self::NotProvisioned,
        Self::ConversionRequired,
        Self::TaskDisabled,
        Self::TaskRunning,
        Self::AccessDenied,
        Self::StartDenied,
        Self::NoSubtasks,
        Self::SubtaskWarns,
        Self::SubtaskFails,
        Self::OperationFails,
        Self::OperationTakes30s,
    ];

    /// The word that case files write, of a script the first.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::NotProvisioned => "not-provisioned",
            Self::ConversionRequired => "conversion-required",
            Self::TaskDisabled => "task-disabled",
            Self::TaskRunning => "task-running",
            Self::AccessDenied => "access-denied",
            Self::StartDenied => "start-denied",
            Self::NoSubtasks => "no-subtasks",
            Self::SubtaskWarns => "subtask-warns",
            Self::SubtaskFails => "subtask-fails",
            Self::OperationFails => "operation-fails",
            Self::OperationTakes30s => "operation-takes-30s",
            Self::Scripted(_) => "subtasks",
        }
    }

    /// Whether it shows in sessions with progress alone.
    pub fn is_of_sessions(self) -> bool {
        self >= Self::NoSubtasks
    }

    /// Whether the server has been provisioned.
    pub fn is_configured(self) -> bool {
        self != Self::NotProvisioned
    }

    /// Whether the server waits for a conversion of its schema.
    pub fn is_schema_conversion_required(self) -> bool {
        self == Self::ConversionRequired
    }

    /// Whether the user has the right to an operation. 3.19.6.1: every user may say what is to be done.
    pub fn authorizes(self, operation: &str) -> bool {
        match self {
            _ if operation == "InitializeOperationParameters" => true,
            Self::AccessDenied => false,
            Self::StartDenied => !matches!(operation, "StartTask" | "StartOperationWithCallback"),
            _ => true,
        }
    }

    /// Whether an operation with progress that ran has failed in the end.
    pub(super) fn fails(self) -> bool {
        match self {
            Self::SubtaskFails | Self::OperationFails => true,
            Self::Scripted(script) => script.endings().any(|status| status == "CompletedWithError"),
            _ => false,
        }
    }

    /// Finds a scenario by its word, or reads the script that stands for one.
    ///
    /// # Errors
    /// Names the scenarios that there are.
    pub fn named(word: &str) -> Result<Self, String> {
        if let Some(script) = Script::parse(word) {
            return script.map(Self::Scripted);
        }
        Self::ALL.into_iter().find(|scenario| scenario.as_str() == word).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|scenario| format!("`{}`", scenario.as_str())).collect();
            format!(
                "the lab has no scenario `{word}`; it has {} and scripts like `subtasks success error`",
                known.join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_are_found_by_their_words() {
        for scenario in Scenario::ALL {
            assert_eq!(Scenario::named(scenario.as_str()), Ok(scenario));
        }
        let error = Scenario::named("on-fire").unwrap_err();
        assert!(error.contains("`on-fire`") && error.contains("`task-running`"), "{error}");
    }
}
