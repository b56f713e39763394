//! The ways of the foreign servers: lies, each with the requirement that it breaks, and variations that conform.
//!
//! Leaves out what a way does: that stands where the plain server does the same thing.

use std::sync::atomic::{AtomicBool, Ordering};

/// How one foreign server differs from the plain one.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    lie: Option<Lie>,
    variation: Option<Variation>,
    /// Whether the server came to a place where it differs.
    shown: AtomicBool,
}

impl Ways {
    pub(crate) fn lie(lie: Lie) -> Self {
        Self { lie: Some(lie), ..Self::default() }
    }

    pub(crate) fn variation(variation: Variation) -> Self {
        Self { variation: Some(variation), ..Self::default() }
    }

    /// Whether the server tells this lie; asked only where it is about to.
    pub(crate) fn lies(&self, lie: Lie) -> bool {
        self.shows(self.lie == Some(lie))
    }

    /// Whether the server does things in this way.
    pub(crate) fn varies(&self, variation: Variation) -> bool {
        self.shows(self.variation == Some(variation))
    }

    /// Whether it was asked for its way at all.
    pub(crate) fn was_shown(&self) -> bool {
        self.shown.load(Ordering::Relaxed)
    }

    fn shows(&self, holds: bool) -> bool {
        if holds {
            self.shown.store(true, Ordering::Relaxed);
        }
        holds
    }
}

macro_rules! ways {
    ($(#[$about:meta])* $kind:ident($($extra:ident: $type:ty),*) $($name:ident $word:literal $(, $value:expr)*;)*) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $kind { $($name,)* }

        impl $kind {
            /// Every one, with its name and what is expected of it.
            pub(crate) const ALL: &'static [(Self, &'static str $(, $type)*)] =
                &[$((Self::$name, $word $(, $value)*),)*];
        }
    };
}

ways! {
    /// A lie, with the requirement that it breaks.
    Lie(requirement: &'static str)
    // What StartTask takes.
    StartsNone "starts-none", "start-task.none-faults";
    HangsUpOnNone "hangs-up-on-none", "start-task.none-faults";
    AnswersAnything "answers-anything", "start-task.invalid-task-type-faults";
    FoldsCase "folds-case", "start-task.invalid-task-type-faults";
    LeavesOutSpaces "leaves-out-spaces", "start-task.invalid-task-type-faults";
    TakesNumbers "takes-numbers", "start-task.invalid-task-type-faults";
    RefusesMonitoring "refuses-monitoring", "start-task.replies";
    RefusesServers "refuses-servers", "start-task.replies";
    // What StartTask answers.
    AnswersStartWithNothing "answers-start-with-nothing", "start-task.replies";
    EchoesAction "echoes-action", "start-task.response-action";
    NamesResultElement "names-result-element", "start-task.response-element";
    StartsNothing "starts-nothing", "start-task.starts-task";
    // The list of tasks.
    LeavesOutExpiry "leaves-out-expiry", "get-ipam-tasks-info.lists-every-task";
    ListsDiscoveryTwice "lists-discovery-twice", "get-ipam-tasks-info.lists-every-task";
    TranslatesStates "translates-states", "get-ipam-tasks-info.types";
    SortsMembersBackwards "sorts-members-backwards", "get-ipam-tasks-info.types";
    // The queries.
    SaysYesAndNo "says-yes-and-no", "is-task-running.tells-running";
    TakesNullForIdle "takes-null-for-idle", "is-task-running.null-faults";
    AnswersLastRunOfNone "answers-last-run-of-none", "task-last-runtime.none-faults";
    LastRunInWords "last-run-in-words", "task-last-runtime.value";
    LastRunAnHourOff "last-run-an-hour-off", "task-last-runtime.value";
    NextRunIsLastRun "next-run-is-last-run", "task-next-runtime.value";
    AnswersNextRunOfNone "answers-next-run-of-none", "task-next-runtime.none-faults";
    ResultInHex "result-in-hex", "task-last-run-result.value";
    AnswersResultOfNone "answers-result-of-none", "task-last-run-result.none-faults";
    RecurrenceAsClock "recurrence-as-clock", "task-recurrence-duration.value";
    AnswersRecurrenceOfUnknown "answers-recurrence-of-unknown", "task-recurrence-duration.no-entry-faults";
    // Faults.
    RefusesInPlainText "refuses-in-plain-text", "fault.soap12";
    FaultOfSoap11 "fault-of-soap11", "fault.soap12";
    CodeWithoutPrefix "code-without-prefix", "fault.soap12";
    CodeOfSoap11 "code-of-soap11", "fault.soap12";
    ReasonWithoutLanguage "reason-without-language", "fault.soap12";
    DetailBeforeReason "detail-before-reason", "fault.soap12";
    NoDetail "no-detail", "fault.common-shape";
    TextInDetail "text-in-detail", "fault.common-shape";
    TwoExceptions "two-exceptions", "fault.common-shape";
    ExceptionOfItsOwn "exception-of-its-own", "fault.common-shape";
    ExceptionIdOfItsOwn "exception-id-of-its-own", "fault.exception-format";
    FaultRelatesElsewhere "fault-relates-elsewhere", "message.relates-to";
    FaultWithTwoActions "fault-with-two-actions", "message.addressing-once";
}

ways! {
    /// Another way that conforms, with what the reason of each case begins with that is skipped for it.
    Variation(skips: &'static str)
    OtherPrefixes "other-prefixes", "";
    DeclarationAndComments "declaration-and-comments", "";
    ActionInMediaTypeOnly "action-in-media-type-only", "";
    UnknownHeaders "unknown-headers", "";
    SendsInChunks "sends-in-chunks", "";
    ClosesConnections "closes-connections", "";
    BareFaults "bare-faults", "";
    OperationRefusesAll "operation-refuses-all", "";
    FaultsOfReceiver "faults-of-receiver", "";
    DerivedException "derived-exception", "";
    SilentException "silent-exception", "";
    ListsNone "lists-none", "";
    NoStatus "no-status", "";
    NumbersForBooleans "numbers-for-booleans", "";
    TimesOfAnotherZone "times-of-another-zone", "";
    NeverRan "never-ran", "the list gives no LastRunTime of this task";
    TasksAreDoneAtOnce "tasks-are-done-at-once", "the task was done before it was seen running";
    RefusesSecondStart "refuses-second-start", "";
    DisabledTask "disabled-task", "`Disabled`";
    DisabledDiscovery "disabled-discovery", "`Disabled`";
    TaskThatRunsForDays "task-that-runs-for-days", "`Running`";
}
