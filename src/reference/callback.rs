//! What callbacks of an operation with progress hold: subtasks, their status, percentages, the end.
//!
//! Leaves out when they are sent. Follows [MS-IPAMM2] 3.19.4.5 to 3.19.4.9, 2.2.4.399 and Appendix B.

use super::{
    answer::{Answer, Exception},
    envelope,
    mutant::{Behaviour, Mutant},
    tag::{Name, Tag, Value},
    value::Spelling,
    variant::Variant,
};
use crate::spec::{Callback, PortType, namespace};

/// A subtask as it stands when it is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Subtask {
    /// What tells it from the other subtasks of the operation.
    pub(super) id: i32,
    /// One of SubTaskStatus.
    pub(super) status: &'static str,
    /// How much of it is done, of a hundred.
    pub(super) percent: u32,
}

/// What a callback tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// The operation begins; whether its progress cannot be measured.
    Start { non_deterministic: bool },
    /// There is another subtask.
    Added(Subtask),
    /// A subtask goes on, or ends.
    Status(Subtask),
    /// How much of the operation is done, of a hundred.
    Percentage(u32),
    /// How the operation stands as a whole: one of OverallProgressStatus.
    Overall(&'static str),
}

impl Told {
    fn name(self) -> &'static str {
        match self {
            Self::Start { .. } => "StartProgressCallback",
            Self::Added(_) => "AddSubTask",
            Self::Status(_) => "SetSubTaskStatus",
            Self::Percentage(_) => "SetCompletionPercentage",
            Self::Overall(_) => "SetOverallStatus",
        }
    }

    /// Whether it ends the operation.
    pub(super) fn is_end(self) -> bool {
        matches!(self, Self::Overall(status) if status.starts_with("Completed"))
    }

    /// Makes the message.
    pub(super) fn answer(self, behaviour: &Behaviour) -> Answer {
        let writer = Writer { behaviour, spelling: Spelling::of(behaviour) };
        let name = self.name();
        // The two forms of the ruling `callback-action`.
        let forms = Callback::named(PortType::IIpamOperationWithProgress, name).map(|callback| callback.actions);
        let [usual, other] = forms.unwrap_or_default();
        let action = if behaviour.lies(Mutant::WrongCallbackAction) {
            format!("{}/{}/{name}", namespace::IPAM, PortType::IIpamServer.name())
        } else if behaviour.varies(Variant::ClientCallbackAction) {
            other.to_owned()
        } else {
            usual.to_owned()
        };
        let mut body = Tag::of(namespace::IPAM, name, writer.inside(self));
        if behaviour.lies(Mutant::BareSubtask)
            && let Self::Added(subtask) = self
        {
            body = Tag { name: Name::new(namespace::IPAM, "SubTaskInstance"), ..writer.instance(subtask) };
        }
        if behaviour.lies(Mutant::CallbackInWrongNamespace) {
            body.rename(namespace::IPAM, namespace::IPAM1);
        }
        Answer::Callback(action, body)
    }
}

struct Writer<'a> {
    behaviour: &'a Behaviour,
    spelling: Spelling,
}

impl Writer<'_> {
    fn inside(&self, told: Told) -> Vec<Tag> {
        let text = |name: &'static str, text: String| Tag::text(namespace::IPAM, name, text);
        match told {
            Told::Start { non_deterministic } => {
                vec![text("isNonDeterministic", self.spelling.boolean(non_deterministic))]
            }
            Told::Added(subtask) => vec![self.instance(subtask)],
            Told::Status(subtask) => vec![
                if self.behaviour.lies(Mutant::TellsOfNoSubtask) {
                    nil("subTaskInstance")
                } else {
                    self.instance(subtask)
                },
                text("status", self.status(subtask.status).into()),
                text("percentComplete", self.percentage(subtask.percent)),
                self.failure("completionStatus", subtask),
            ],
            Told::Percentage(percent) => vec![text("completionPercentage", self.percentage(percent))],
            Told::Overall(status) => vec![text("overallStatus", status.into()), self.completion(status)],
        }
    }

    /// 2.2.4.399, its elements in the order of the type.
    fn instance(&self, subtask: Subtask) -> Tag {
        let text = |name: &'static str, text: String| Tag::text(namespace::IPAM, name, text);
        let id = text("SubTaskInstanceId", self.spelling.int(subtask.id));
        // Every subtask is of the same sort.
        let sort = text("SubTaskUniqueId", self.spelling.int(7));
        let fields = if self.behaviour.varies(Variant::BareInstances) {
            vec![id, sort]
        } else {
            vec![
                self.failure("FailedCompletionStatus", subtask),
                text("IsNonDeterministicProgress", self.spelling.boolean(false)),
                nil("ProgressStatusDescriptions"),
                nil("SubTaskInstanceDetails"),
                id,
                text("SubTaskName", format!("Set-DhcpServerv4Binding {}", subtask.id)),
                text("SubTaskStatus", self.status(subtask.status).into()),
                sort,
            ]
        };
        Tag::of(namespace::IPAM, "subTaskInstance", fields)
    }

    fn status(&self, status: &'static str) -> &'static str {
        let is_success = status == "CompletedWithSuccess";
        if is_success && self.behaviour.lies(Mutant::SubtaskStatusNotInEnumeration) { "Done" } else { status }
    }

    fn percentage(&self, percent: u32) -> String {
        if self.behaviour.lies(Mutant::PercentageNotADecimal) {
            format!("{percent} %")
        } else {
            self.spelling.decimal(percent)
        }
    }

    /// What went wrong with a subtask: an IpamException, or nil.
    fn failure(&self, name: &'static str, subtask: Subtask) -> Tag {
        let tells = subtask.status == "CompletedWithError" && !self.behaviour.lies(Mutant::FailsWithoutReason);
        if tells { self.exception(name) } else { nil(name) }
    }

    /// How an operation ended: an IpamObject, here of the type that can hold what went wrong, or nil.
    fn completion(&self, status: &str) -> Tag {
        if status != "CompletedWithFailure" || self.behaviour.lies(Mutant::FailsWithoutReason) {
            return nil("completionStatus");
        }
        let updated = Tag::text(namespace::IPAM, "HasIpamUpdateError", self.spelling.boolean(false));
        let kind = Value::Name(Name::new(namespace::IPAM, "DhcpMsmOverallCompletionStatus"));
        Tag::of(namespace::IPAM, "completionStatus", vec![self.exception("ErrorInfo"), updated]).with(
            namespace::XSI,
            "type",
            kind,
        )
    }

    fn exception(&self, name: &'static str) -> Tag {
        let exception =
            Exception { id: "IpamApiGenericErrorOccurred", message: "The server could not be reached.".into() };
        let inside = envelope::ipam_exception(&exception, "i1", self.behaviour).inside;
        Tag { inside, ..Tag::new(namespace::IPAM, name) }
    }
}

fn nil(name: &'static str) -> Tag {
    Tag::new(namespace::IPAM, name).with_text(namespace::XSI, "nil", "true")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        reference::{style::Style, variant::Variant},
        spec::{CALLBACKS, IPAM_EXCEPTION_ID},
        xml::{self, Limits},
    };

    /// Every sort of callback.
    fn all() -> Vec<Told> {
        let subtask = |status| Subtask { id: 2, status, percent: 50 };
        vec![
            Told::Start { non_deterministic: true },
            Told::Added(subtask("NotStarted")),
            Told::Status(subtask("CompletedWithSuccess")),
            Told::Status(subtask("CompletedWithError")),
            Told::Percentage(100),
            Told::Overall("InProgress"),
            Told::Overall("CompletedWithFailure"),
        ]
    }

    /// How many of the parameters of a callback are not as their types want them, and whether its element is there.
    fn mismatches(told: Told, behaviour: &Behaviour) -> Option<usize> {
        let Answer::Callback(action, body) = told.answer(behaviour) else { panic!() };
        let text = Style::of(behaviour).write(&body);
        let root = xml::read(text.as_bytes(), &Limits::default()).unwrap().root;
        let callback = CALLBACKS.iter().find(|callback| callback.name == told.name())?;
        if !root.name.is(namespace::IPAM, callback.name) || !callback.actions.contains(&action.as_str()) {
            return None;
        }
        let elements: Vec<_> = root.elements().collect();
        let names: Vec<_> = elements.iter().map(|element| &*element.name.local).collect();
        let fields: Vec<_> = callback.parameters.iter().map(|field| field.name).collect();
        assert_eq!(names, fields);
        let pairs = elements.iter().zip(callback.parameters);
        Some(pairs.map(|(element, field)| xml::validate_field(*element, field).len()).sum())
    }

    #[test]
    fn every_callback_is_of_its_types_however_it_is_written() {
        let mut behaviours = vec![Behaviour::default()];
        behaviours.extend(Variant::ALL.iter().map(|variant| Behaviour::from(*variant)));
        for behaviour in behaviours {
            for told in all() {
                assert_eq!(mismatches(told, &behaviour), Some(0), "{told:?} {behaviour:?}");
            }
        }
        assert!(IPAM_EXCEPTION_ID.contains("IpamApiGenericErrorOccurred"));
    }

    #[test]
    fn lies_about_types_and_elements_show() {
        for mutant in
            [Mutant::PercentageNotADecimal, Mutant::SubtaskStatusNotInEnumeration, Mutant::CallbackInWrongNamespace]
        {
            assert!(all().iter().any(|told| mismatches(*told, &mutant.into()) != Some(0)), "{mutant:?}");
        }
        let added = all()[1];
        assert_eq!(mismatches(added, &Mutant::BareSubtask.into()), None);
        assert_eq!(mismatches(all()[0], &Mutant::BareSubtask.into()), Some(0));
        assert!(all().iter().all(|told| mismatches(*told, &Mutant::WrongCallbackAction.into()).is_none()));
        assert_eq!(mismatches(added, &Variant::ClientCallbackAction.into()), Some(0));
    }
}
