//! The named lies of the reference server: each breaks one requirement, so that a case can be shown to catch it.
//!
//! Leaves out how a lie is told: that stands where the conformant server does the same thing rightly.

use super::variant::Variant;
use crate::spec::Role;

/// How the server differs from the plain conformant one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Behaviour {
    /// The lies that it tells.
    pub mutants: Vec<Mutant>,
    /// The conformant ways, other than its own, in which it does things.
    pub variants: Vec<Variant>,
    /// What the user of a session is, where somebody has logged on.
    pub role: Option<Role>,
}

impl Behaviour {
    /// Whether it tells this lie.
    pub fn lies(&self, mutant: Mutant) -> bool {
        self.mutants.contains(&mutant)
    }

    /// Whether it does things in this way.
    pub fn varies(&self, variant: Variant) -> bool {
        self.variants.contains(&variant)
    }
}

impl From<Mutant> for Behaviour {
    fn from(mutant: Mutant) -> Self {
        Self { mutants: vec![mutant], ..Self::default() }
    }
}

impl From<Variant> for Behaviour {
    fn from(variant: Variant) -> Self {
        Self { variants: vec![variant], ..Self::default() }
    }
}

macro_rules! mutants {
    ($($name:ident $word:literal $requirement:literal $about:literal;)*) => {
        /// A lie of the reference server.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mutant {
            $(#[doc = $about] $name,)*
        }

        impl Mutant {
            /// Every mutant.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The requirement that it breaks. Where it breaks the same one for each operation, this names that of one.
            pub fn requirement(self) -> &'static str {
                match self { $(Self::$name => $requirement,)* }
            }

            /// What it does, in a line.
            pub fn about(self) -> &'static str {
                match self { $(Self::$name => $about,)* }
            }
        }
    };
}

impl Mutant {
    /// Whether it lies in sessions alone, where nothing asked one request at a time shows it.
    pub fn is_of_sessions(self) -> bool {
        self >= Self::InitializesNull
    }

    /// Whether it lies on HTTP alone.
    pub fn is_of_http(self) -> bool {
        matches!(self, Self::TextXmlMediaType | Self::NoMediaType | Self::SilentStart)
            // What binary XML cannot be is shown where text is read.
            || (Self::IllFormedReply..=Self::ProcessingInstruction).contains(&self)
    }

    /// Whether it lies about protection, where somebody has to log on.
    pub fn is_of_protection(self) -> bool {
        self >= Self::ServesWithoutUpgrade
    }

    /// Whether it lies on net.tcp alone.
    pub fn is_of_net_tcp(self) -> bool {
        self >= Self::AcknowledgesWrongVersion
    }

    /// Finds a mutant by its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|mutant| mutant.name() == name)
    }
}

#[rustfmt::skip]
mutants! {
    // What StartTask takes, and what it does.
    StartsNone "starts-none" "start-task.none-faults"
        "StartTask answers None as if it were a task.";
    StartsEmptyTaskType "starts-empty-task-type" "start-task.invalid-task-type-faults"
        "StartTask answers an empty taskType as if it were a task.";
    StartsUnknownTask "starts-unknown-task" "start-task.invalid-task-type-faults"
        "StartTask answers any word outside the enumeration as if it were a task.";
    TrimsTaskType "trims-task-type" "start-task.invalid-task-type-faults"
        "StartTask leaves out white space around taskType.";
    FoldsCaseOfTaskType "folds-case-of-task-type" "start-task.invalid-task-type-faults"
        "StartTask reads taskType without regard to case.";
    NumericTaskType "numeric-task-type" "start-task.invalid-task-type-faults"
        "StartTask takes the number of a task for its name.";
    CutsTaskType "cuts-task-type" "start-task.invalid-task-type-faults"
        "StartTask reads a taskType that only begins with the name of a task.";
    StartsLongTaskType "starts-long-task-type" "start-task.invalid-task-type-faults"
        "StartTask answers a taskType of more than 64 characters as if it were a task.";
    IgnoresStart "ignores-start" "start-task.starts-task"
        "StartTask replies and starts nothing.";
    IgnoresStartWithServer "ignores-start-with-server" "start-task.starts-task-with-server"
        "StartTask with a server replies and starts nothing.";
    StartsAnotherTask "starts-another-task" "start-task.starts-task"
        "StartTask starts the task that comes next in the enumeration.";
    RefusesOneTask "refuses-one-task" "start-task.replies"
        "StartTask refuses DnsConfiguration.";
    SilentStart "silent-start" "start-task.replies"
        "StartTask starts the task and answers with an HTTP response without content, as if it were one-way.";
    RefusesNilServer "refuses-nil-server" "start-task.replies"
        "StartTask refuses a server that is nil.";
    RefusesStartWithoutServer "refuses-start-without-server" "start-task.replies"
        "StartTask refuses a request that names no server.";

    // What every operation does.
    RefusesValidRequests "refuses-valid-requests" "get-ipam-version.replies"
        "Every operation refuses every request, as after an error.";
    WrongReplyAction "wrong-reply-action" "start-task.response-action"
        "A reply has the action of the request, in its header and in its media type.";
    NoReplyAction "no-reply-action" "start-task.response-action"
        "A reply has no action, neither in its header nor in its media type.";
    EmptySuccess "empty-success" "start-task.response-element"
        "A reply's body is empty.";
    WrongReplyElement "wrong-reply-element" "start-task.response-element"
        "A reply's element lacks its last word, Response.";
    ReplyInWrongNamespace "reply-in-wrong-namespace" "start-task.response-element"
        "A reply's elements are in the data contract namespace of the product.";
    TwoBodyChildren "two-body-children" "start-task.response-element"
        "A reply's element stands twice in the body.";
    HollowReply "hollow-reply" "is-ipam-configured.value"
        "A reply's element is empty, whatever was asked.";
    ResultInNoNamespace "result-in-no-namespace" "is-ipam-configured.value"
        "A reply's result element is in no namespace.";

    // What comes before every operation.
    ServesUnprovisioned "serves-unprovisioned" "pre-operation.not-provisioned-refuses"
        "A server that is not provisioned answers every operation.";
    TellsSchemaConversionRequiredUnprovisioned "tells-schema-conversion-required-unprovisioned" "is-schema-conversion-required.failure-faults"
        "IsSchemaConversionRequired is answered on a server that is not provisioned.";
    TellsSchemaConversionInProgressUnprovisioned "tells-schema-conversion-in-progress-unprovisioned" "is-schema-conversion-in-progress.failure-faults"
        "IsSchemaConversionInProgress is answered on a server that is not provisioned.";
    TellsPurgeTaskRunningUnprovisioned "tells-purge-task-running-unprovisioned" "is-purge-task-running.failure-faults"
        "IsPurgeTaskRunning is answered on a server that is not provisioned.";
    TellsUtilizationPurgeTaskRunningUnprovisioned "tells-utilization-purge-task-running-unprovisioned" "is-utilization-purge-task-running.failure-faults"
        "IsUtilizationPurgeTaskRunning is answered on a server that is not provisioned.";
    ServesUnconverted "serves-unconverted" "pre-operation.conversion-required-refuses"
        "A server that waits for a conversion answers every operation.";

    HidesConversion "hides-conversion" "pre-operation.exempt-when-converting"
        "A server that waits for a conversion does not say whether one is in progress.";

    // The queries' refusals.
    AnswersLastRunResultOfNone "answers-last-run-result-of-none" "task-last-run-result.none-faults"
        "TaskLastRunResult answers None.";
    AnswersLastRuntimeOfNone "answers-last-runtime-of-none" "task-last-runtime.none-faults"
        "TaskLastRuntime answers None.";
    AnswersNextRuntimeOfNone "answers-next-runtime-of-none" "task-next-runtime.none-faults"
        "TaskNextRuntime answers None.";
    AnswersRecurrenceOfNone "answers-recurrence-of-none" "task-recurrence-duration.none-faults"
        "TaskRecurrenceDuration answers None.";
    FoldsCaseOfQueriedTask "folds-case-of-queried-task" "task-last-run-result.invalid-task-type-faults"
        "TaskLastRunResult reads taskType without regard to case.";
    AnswersLastRunResultOfUnknown "answers-last-run-result-of-unknown" "task-last-run-result.no-entry-faults"
        "TaskLastRunResult answers any word outside the enumeration.";
    AnswersLastRuntimeOfUnknown "answers-last-runtime-of-unknown" "task-last-runtime.no-entry-faults"
        "TaskLastRuntime answers any word outside the enumeration.";
    AnswersNextRuntimeOfUnknown "answers-next-runtime-of-unknown" "task-next-runtime.no-entry-faults"
        "TaskNextRuntime answers any word outside the enumeration.";
    AnswersRecurrenceOfUnknown "answers-recurrence-of-unknown" "task-recurrence-duration.no-entry-faults"
        "TaskRecurrenceDuration answers any word outside the enumeration.";
    SkipsInvisibleInQueriedTask "skips-invisible-in-queried-task" "task-last-run-result.invalid-task-type-faults"
        "TaskLastRunResult reads taskType without characters that take no room.";
    NullAccepted "null-accepted" "is-task-running.null-faults"
        "IsTaskRunning says false of a taskType that is absent or nil.";
    AbsentAccepted "absent-accepted" "is-task-running.null-faults"
        "IsTaskRunning says false of a taskType that is absent.";
    NilAccepted "nil-accepted" "is-task-running.null-faults"
        "IsTaskRunning says false of a taskType that is nil.";

    // The queries' values.
    IsRunningAlwaysFalse "is-running-always-false" "is-task-running.tells-running"
        "IsTaskRunning says false of every task.";
    IsRunningAlwaysTrue "is-running-always-true" "is-task-running.tells-running"
        "IsTaskRunning says true of every task.";
    RunningWhenQueued "running-when-queued" "is-task-running.tells-running"
        "IsTaskRunning says true of a task that is queued.";
    RunningNotBoolean "running-not-boolean" "is-task-running.tells-running"
        "IsTaskRunning says yes or no.";
    LastRunResultNotAnInt "last-run-result-not-an-int" "task-last-run-result.value"
        "TaskLastRunResult answers a word.";
    LastRunResultTooLarge "last-run-result-too-large" "task-last-run-result.value"
        "TaskLastRunResult answers a number that no int holds.";
    LastRuntimeNotADate "last-runtime-not-a-date" "task-last-runtime.value"
        "TaskLastRuntime answers a time as people of one country write it.";
    LastRuntimeDiffers "last-runtime-differs" "task-last-runtime.value"
        "TaskLastRuntime is an hour off what GetIpamTasksInfo says.";
    NextRuntimeNotADate "next-runtime-not-a-date" "task-next-runtime.value"
        "TaskNextRuntime answers a day that no calendar has.";
    NextRuntimeIsLastRuntime "next-runtime-is-last-runtime" "task-next-runtime.value"
        "TaskNextRuntime answers when the task was last run.";
    DurationNotADuration "duration-not-a-duration" "task-recurrence-duration.value"
        "TaskRecurrenceDuration answers hours, minutes and seconds parted by colons.";
    DurationInMonths "duration-in-months" "task-recurrence-duration.value"
        "TaskRecurrenceDuration answers a duration with months, which no serialised duration has.";
    ConfiguredNotBoolean "configured-not-boolean" "is-ipam-configured.value"
        "IsIpamConfigured writes its answer with a capital letter.";
    ConversionNotBoolean "conversion-not-boolean" "is-schema-conversion-required.value"
        "IsSchemaConversionRequired writes its answer with a capital letter.";
    PurgeNotBoolean "purge-not-boolean" "is-purge-task-running.value"
        "IsPurgeTaskRunning writes its answer with a capital letter.";
    ConversionProgressNotBoolean "conversion-progress-not-boolean" "is-schema-conversion-in-progress.value"
        "IsSchemaConversionInProgress writes its answer with a capital letter.";
    UtilizationPurgeNotBoolean "utilization-purge-not-boolean" "is-utilization-purge-task-running.value"
        "IsUtilizationPurgeTaskRunning writes its answer with a capital letter.";
    VersionMissingPart "version-missing-part" "get-ipam-version.value"
        "GetIpamVersion leaves out the revision.";
    VersionAsText "version-as-text" "get-ipam-version.value"
        "GetIpamVersion answers text with dots.";
    VersionInWrongNamespace "version-in-wrong-namespace" "get-ipam-version.value"
        "GetIpamVersion writes the numbers in the protocol's namespace.";
    VersionOutOfOrder "version-out-of-order" "get-ipam-version.value"
        "GetIpamVersion writes the numbers as people say them, major first.";

    // The list of tasks.
    ListsSevenTasks "lists-seven-tasks" "get-ipam-tasks-info.lists-every-task"
        "GetIpamTasksInfo leaves out the last task.";
    ListsOneTaskTwice "lists-one-task-twice" "get-ipam-tasks-info.lists-every-task"
        "GetIpamTasksInfo lists the first task again in place of the last.";
    ListsNoTask "lists-no-task" "get-ipam-tasks-info.lists-every-task"
        "GetIpamTasksInfo lists nothing.";
    StateNotInEnumeration "state-not-in-enumeration" "get-ipam-tasks-info.types"
        "GetIpamTasksInfo says Idle of a task that is ready.";
    TaskTypeAsNumber "task-type-as-number" "get-ipam-tasks-info.types"
        "GetIpamTasksInfo writes the type of a task as its number.";
    ListedTimeNotADate "listed-time-not-a-date" "get-ipam-tasks-info.types"
        "GetIpamTasksInfo writes LastRunTime with a space in place of the T.";
    TaskInfoOutOfOrder "task-info-out-of-order" "get-ipam-tasks-info.types"
        "GetIpamTasksInfo writes TaskType before what stands before it in the type.";

    // Faults.
    Soap11Fault "soap11-fault" "fault.soap12"
        "A fault is a SOAP 1.1 message.";
    FaultInWrongNamespace "fault-in-wrong-namespace" "fault.soap12"
        "The Fault element, with all that belongs to it, is in the namespace of SOAP 1.1.";
    FaultWithoutCode "fault-without-code" "fault.soap12"
        "A fault has no Code.";
    FaultWithoutReason "fault-without-reason" "fault.soap12"
        "A fault has no Reason.";
    FaultReasonWithoutLanguage "fault-reason-without-language" "fault.soap12"
        "The Text of a fault's Reason does not say its language.";
    FaultCodeUnknown "fault-code-unknown" "fault.soap12"
        "A fault's code is Client, which SOAP 1.2 does not know.";
    FaultCodeUnresolved "fault-code-unresolved" "fault.soap12"
        "A fault's code has no prefix and is in no namespace.";
    FaultWithoutDetail "fault-without-detail" "fault.common-shape"
        "An operation's fault has no Detail.";
    FaultDetailEmpty "fault-detail-empty" "fault.common-shape"
        "The Detail of an operation's fault is empty.";
    FaultDetailWrongNamespace "fault-detail-wrong-namespace" "fault.common-shape"
        "The IpamException of an operation's fault is in the protocol's own namespace.";
    FaultDetailOtherType "fault-detail-other-type" "fault.common-shape"
        "The Detail of an operation's fault holds an ExceptionDetail, as a server that shows its errors writes it.";
    FaultWithTwoExceptions "fault-with-two-exceptions" "fault.common-shape"
        "The Detail of an operation's fault holds two IpamExceptions.";
    ExceptionWithoutData "exception-without-data" "fault.exception-format"
        "An IpamException holds no IpamExceptionData.";
    ExceptionDataInNamespace "exception-data-in-namespace" "fault.exception-format"
        "IpamExceptionData is in the namespace of IpamException.";
    ExceptionDataOfUnknownType "exception-data-of-unknown-type" "fault.exception-format"
        "The i:type of IpamExceptionData names no type of the protocol.";
    ExceptionIdNotInEnumeration "exception-id-not-in-enumeration" "fault.exception-format"
        "ExceptionId is a number.";

    // Messages.
    IllFormedReply "ill-formed-reply" "message.well-formed"
        "A reply's envelope is not closed.";
    TwoRoots "two-roots" "message.well-formed"
        "A reply goes on with another element after its envelope.";
    DuplicateAttribute "duplicate-attribute" "message.well-formed"
        "A reply's envelope has one attribute twice.";
    UnboundPrefix "unbound-prefix" "message.well-formed"
        "A reply has an attribute with a prefix that is declared nowhere.";
    IllegalCharacter "illegal-character" "message.well-formed"
        "A reply refers to a character that XML does not have.";
    Latin1Reply "latin1-reply" "message.well-formed"
        "A reply says that it is UTF-8 and is written in ISO 8859-1.";
    DtdInReply "dtd-in-reply" "message.soap12"
        "A reply has a document type declaration.";
    ProcessingInstruction "processing-instruction" "message.soap12"
        "A reply holds a processing instruction.";
    Soap11Envelope "soap11-envelope" "message.soap12"
        "Every message is a SOAP 1.1 envelope, under the media type of SOAP 1.2.";
    HeaderAfterBody "header-after-body" "message.soap12"
        "A message's Header comes after its Body.";
    NoBody "no-body" "message.soap12"
        "A reply's envelope has no Body.";
    TextXmlMediaType "text-xml-media-type" "message.media-type"
        "Messages have the media type of SOAP 1.1.";
    NoMediaType "no-media-type" "message.media-type"
        "Messages have no media type.";
    WrongRelatesTo "wrong-relates-to" "message.relates-to"
        "Messages relate to a request that nobody sent.";
    NoRelatesTo "no-relates-to" "message.relates-to"
        "Messages relate to no request.";
    RelatesToItself "relates-to-itself" "message.relates-to"
        "Messages say the request's id in MessageID in place of RelatesTo.";
    ActionTwice "action-twice" "message.addressing-once"
        "Messages have the same Action twice.";
    ToTwice "to-twice" "message.addressing-once"
        "Messages are addressed to two addresses.";

    // Sessions with progress: how they begin.
    InitializesNull "initializes-null" "initialize-operation-parameters.null-faults"
        "InitializeOperationParameters takes parameters that are absent or nil.";
    InitializesUnknownOperation "initializes-unknown-operation" "initialize-operation-parameters.invalid-operation-id-faults"
        "InitializeOperationParameters takes any word as an OperationId.";
    TrimsOperationId "trims-operation-id" "initialize-operation-parameters.invalid-operation-id-faults"
        "InitializeOperationParameters leaves out white space around an OperationId.";
    FoldsCaseOfOperationId "folds-case-of-operation-id" "initialize-operation-parameters.invalid-operation-id-faults"
        "InitializeOperationParameters reads an OperationId without regard to case.";
    NumericOperationId "numeric-operation-id" "initialize-operation-parameters.invalid-operation-id-faults"
        "InitializeOperationParameters takes the number of an operation for its id.";
    KeepsRefusedSession "keeps-refused-session" "initialize-operation-parameters.invalid-ends-session"
        "A session stays open after an InitializeOperationParameters that was refused.";
    StartsAfterRefusal "starts-after-refusal" "initialize-operation-parameters.invalid-leaves-uninitialized"
        "A session in which InitializeOperationParameters was refused runs an operation all the same.";
    RefusesParameters "refuses-parameters" "initialize-operation-parameters.replies"
        "InitializeOperationParameters refuses whatever parameters it is given.";
    KnowsDhcpAlone "knows-dhcp-alone" "initialize-operation-parameters.replies"
        "InitializeOperationParameters refuses the operations that are about DNS or addresses.";
    StartsUninitialized "starts-uninitialized" "start-operation-with-callback.uninitialized-does-not-succeed"
        "StartOperationWithCallback runs an operation in a session that was not initialized.";
    StartsWrongType "starts-wrong-type" "start-operation-with-callback.wrong-parameters-fail"
        "StartOperationWithCallback runs an operation whatever the type of its parameters.";
    StartsWithoutObject "starts-without-object" "start-operation-with-callback.null-object-fails"
        "StartOperationWithCallback succeeds though its parameters name nothing to work at.";
    NoStartReply "no-start-reply" "start-operation-with-callback.replies"
        "StartOperationWithCallback calls back and never replies.";
    WrongStartReplyAction "wrong-start-reply-action" "start-operation-with-callback.response-action"
        "The reply to the start of an operation has the action of the request.";
    WrongStartReplyElement "wrong-start-reply-element" "start-operation-with-callback.response-element"
        "The element of the reply to the start of an operation lacks its last word, Response.";
    StartRepliesTwice "start-replies-twice" "start-operation-with-callback.replies"
        "StartOperationWithCallback replies before the callbacks and after them.";

    // Sessions with progress: what they tell.
    NoStartProgress "no-start-progress" "start-operation-with-callback.starts-progress"
        "An operation calls back without StartProgressCallback.";
    LateStartProgress "late-start-progress" "start-operation-with-callback.starts-progress"
        "An operation tells of its first subtask, or of its end, before StartProgressCallback.";
    NoOverallStatus "no-overall-status" "progress.overall-status-told"
        "An operation ends, and the session with it, without SetOverallStatus.";
    HidesFailure "hides-failure" "progress.failure-told"
        "An operation that failed says that it succeeded.";
    SucceedsBeforeSubtasks "succeeds-before-subtasks" "progress.subtasks-end-before-success"
        "An operation succeeds while its last subtask is in progress.";
    CallsBackAfterEnd "calls-back-after-end" "progress.nothing-after-end"
        "An operation tells of its percentage after its end.";
    StaysOpen "stays-open" "progress.server-ends-session"
        "The session stays open after the operation's end.";
    TellsOfUnknownSubtask "tells-of-unknown-subtask" "progress.subtask-known"
        "An operation tells of a subtask that was never added.";
    AddsSubtaskTwice "adds-subtask-twice" "progress.subtask-added-once"
        "An operation adds its first subtask again.";
    CallsBackBeforeStart "calls-back-before-start" "progress.callbacks-when-started"
        "A session that was initialized tells of a percentage before an operation is started.";
    TellsOfNoSubtask "tells-of-no-subtask" "progress.subtask-identified"
        "SetSubTaskStatus says nil in place of the subtask.";
    FailsWithoutReason "fails-without-reason" "progress.failure-details"
        "An operation that fails does not say why, and neither does a subtask.";

    CallsBackOnOtherSession "calls-back-on-other-session" "progress-callback.stays"
        "A callback is sent on another session too, when that speaks next.";
    ForgetsParameters "forgets-parameters" "progress.success-told"
        "An operation fails as if it had no parameters, whatever it was initialized with.";

    // Sessions with progress: what they take and should not.
    TakesInvalidServers "takes-invalid-servers" "operations.dhcp-server-validated"
        "An operation takes a DHCP server that is of neither family.";
    TakesInvalidScopes "takes-invalid-scopes" "operations.dhcp-scope-validated"
        "An operation takes a scope that is none, that there is already, or that is not there to be changed.";
    BreaksDhcpRules "breaks-dhcp-rules" "operations.dhcp-rules-kept"
        "An operation takes a policy or a reservation without a name, or with an address that is none.";
    TakesSpecialAddresses "takes-special-addresses" "operations.ip-address-rules-kept"
        "An operation takes an address of a block that no host has.";
    BreaksDnsRules "breaks-dns-rules" "operations.dns-rules-kept"
        "An operation takes a record, a zone or a forwarder without a name or of no type.";
    WaitsForAnswers "waits-for-answers" "progress.callbacks-one-way"
        "After its first callback an operation tells no more until the client has sent something.";

    // Sessions with progress: how they tell it.
    WrongCallbackAction "wrong-callback-action" "progress-callback.action"
        "A callback has the action of an operation of IIpamServer.";
    BareSubtask "bare-subtask" "progress-callback.element"
        "The body of AddSubTask holds the SubTaskInstance without the element around it.";
    CallbackInWrongNamespace "callback-in-wrong-namespace" "progress-callback.element"
        "The elements of a callback are in the data contract namespace of the product.";
    PercentageNotADecimal "percentage-not-a-decimal" "progress-callback.types"
        "A percentage has its sign.";
    SubtaskStatusNotInEnumeration "subtask-status-not-in-enumeration" "progress-callback.types"
        "A subtask that succeeded is said to be done.";
    OverallWithWarnings "overall-with-warnings" "progress-callback.types"
        "An operation that succeeds says CompletedWithWarnings.";

    // Sessions: what the server must ignore, and when it gives up.
    ObeysClientCallback "obeys-client-callback" "progress-callback.from-client-ignored"
        "A callback that the client sends ends the operation with success.";
    AnswersClientCallback "answers-client-callback" "progress-callback.from-client-silent"
        "A callback that the client sends is answered with a fault.";
    AnswersKeepalive "answers-keepalive" "keepalive.ignored"
        "A keepalive is answered with a fault.";
    NeverBreaksOff "never-breaks-off" "session.idle-is-broken-off"
        "A session is kept however long it is idle.";
    BreaksOffEarly "breaks-off-early" "session.grace-is-given"
        "A session is broken off after thirty idle seconds.";

    // net.tcp: framing, encoding, and what is asked of a message in a session.
    AcknowledgesWrongVersion "acknowledges-wrong-version" "framing.version-unknown-closes"
        "A session of a version that framing does not have is accepted.";
    AcknowledgesSimplex "acknowledges-simplex" "framing.mode-unsupported-closes"
        "A session in Simplex mode is accepted as if it were Duplex.";
    AcknowledgesUnknownVia "acknowledges-unknown-via" "framing.via-unknown-closes"
        "A session whose Via names no endpoint is accepted.";
    AcknowledgesOtherEncoding "acknowledges-other-encoding" "framing.encoding-unsupported-closes"
        "A session in an encoding that the server does not have is accepted as text.";
    AcknowledgesUpgrade "acknowledges-upgrade" "framing.upgrade-unsupported-closes"
        "Any upgrade is accepted, and nothing is upgraded.";
    StraysInFaultNames "strays-in-fault-names" "framing.fault-namespace"
        "A session is refused with a fault of the server's own in the namespace of the document's.";
    PassesOverUnexpectedRecords "passes-over-unexpected-records" "framing.unexpected-record-closes"
        "A record that must not come is passed over.";
    AnswersBeforePreambleEnd "answers-before-preamble-end" "framing.envelope-before-preamble-end-closes"
        "A message that comes before the end of the preamble is answered.";
    NoPreambleAck "no-preamble-ack" "framing.preamble-end-acknowledged"
        "The end of a preamble is not acknowledged in a world of the lab, so that what is asked elsewhere is answered.";
    AcknowledgesTwice "acknowledges-twice" "framing.preamble-acknowledged-once"
        "The end of a preamble is acknowledged twice.";
    RepliesBeforeAck "replies-before-ack" "framing.preamble-acknowledged-first"
        "A request that comes with the end of the preamble is answered before that is acknowledged.";
    UnsizedReply "unsized-reply" "framing.records"
        "Messages of a Duplex session are sent in Unsized Envelope Records.";
    PadsSizes "pads-sizes" "framing.shortest-sizes"
        "The size of a message has an octet that it does not need.";
    TakesEnvelopeAfterEnd "takes-envelope-after-end" "framing.envelope-after-end-closes"
        "A message that comes after an End Record is answered.";
    SpeaksAfterEnd "speaks-after-end" "framing.records"
        "A message is sent after the End Record.";
    NeverEnds "never-ends" "session.end-is-answered"
        "An End Record is not answered, and the connection stays.";
    RepliesTwice "replies-twice" "session.one-reply"
        "A reply is sent twice.";
    DropsPipelined "drops-pipelined" "session.pipelined-requests-answered"
        "Of requests that come together only the first is answered.";
    RepliesOnOtherSession "replies-on-other-session" "session.replies-stay"
        "A reply is sent on another session too, when that speaks next.";
    TextInBinary "text-in-binary" "binary.encoding-kept"
        "A reply in a binary session is text.";
    CutsBinaryShort "cuts-binary-short" "binary.well-formed"
        "A reply in binary XML lacks its last record.";
    LosesStringTable "loses-string-table" "binary.ids-known"
        "A reply in a binary session refers to strings that were never sent.";
    ForgetsStrings "forgets-strings" "binary.ids-count-on"
        "Every message of a binary session counts its strings as if it were the first.";
    RepeatsStrings "repeats-strings" "binary.strings-once"
        "Every message of a binary session sends the strings that it needs, whether they were sent before or not.";
    IgnoresMustUnderstand "ignores-must-understand" "soap.must-understand-refused"
        "A header that must be understood and is not is passed over.";
    TakesSoap11 "takes-soap11" "soap.version-mismatch-refused"
        "A SOAP 1.1 envelope is read as one of SOAP 1.2.";
    TakesFirstOfTwo "takes-first-of-two" "soap.one-body-element"
        "Of two elements in a body the first is read.";
    AnswersOtherTo "answers-other-to" "addressing.to-other-refused"
        "A message that is addressed to another endpoint is answered.";
    GuessesAction "guesses-action" "addressing.action-required"
        "A message without an action, or with an unknown one, is read by its body.";
    TakesFirstAction "takes-first-action" "addressing.action-once"
        "Of two actions the first is read.";
    AnswersWholeRequestsOnly "answers-whole-requests-only" "framing.envelopes-read-in-pieces"
        "A connection is closed when a message comes in pieces.";
    PassesOverUnknownBytes "passes-over-unknown-bytes" "framing.unexpected-record-closes"
        "Bytes that begin no record are passed over.";
    PassesOverEmptyRecords "passes-over-empty-records" "framing.bad-size-closes"
        "An envelope of size zero is passed over, and an empty Via is that of IIpamServer.";
    AbortsAllSessions "aborts-all-sessions" "session.others-live-on"
        "A session that is aborted or refused takes the others of its endpoint with it.";
    RefusesUncommonRecords "refuses-uncommon-records" "binary.forms-read"
        "A binary message that Microsoft's stack would not write so closes the connection.";
    ForgetsClientStrings "forgets-client-strings" "binary.strings-kept"
        "The strings of a message are forgotten with it.";
    AnswersMalformedDocuments "answers-malformed-documents" "binary.malformed-refused"
        "A binary message that cannot be read is taken for a question for the version.";
    RefusesReplyTo "refuses-reply-to" "addressing.anonymous-reply"
        "A message with a ReplyTo is refused, whatever it says.";
    RefusesUnknownHeaders "refuses-unknown-headers" "soap.unknown-headers-ignored"
        "A message with a header that the server does not know is refused.";
    GuessesTheBody "guesses-the-body" "soap.one-body-element"
        "A message is read by its action, whatever its body holds.";
    ReadsLongerSizes "reads-longer-sizes" "framing.bad-size-closes"
        "A message whose size has more than five octets is read all the same.";
    TakesSecondPreamble "takes-second-preamble" "framing.unexpected-record-closes"
        "A preamble that comes in a session begins another one.";
    TakesOneSession "takes-one-session" "framing.session-after-session"
        "A connection is kept when its session has ended, and a further session on it is refused.";

    PassesOverLargeMessages "passes-over-large-messages" "framing.too-large-closes"
        "A message that is too large is passed over, and the session goes on.";
    WaitsForLongNames "waits-for-long-names" "framing.names-limited"
        "A Via, a content type and the name of an upgrade may have any length.";
    TakesSessionEncoding "takes-session-encoding" "net-tcp.singleton-encoding"
        "A session in Singleton-Unsized mode may have the encoding of sessions with strings of their own.";

    // Protection: the upgrade, the handshake, what is sealed, and who may do what.
    ServesWithoutUpgrade "serves-without-upgrade" "transport.encrypt-and-sign"
        "A session that asks for no protection is taken where protection is required.";
    NoUpgradeResponse "no-upgrade-response" "framing.upgrade-answered"
        "The upgrade is not answered, and the handshake is waited for.";
    AnswersBeforeHandshake "answers-before-handshake" "nns.no-data-before-done"
        "A request that comes in place of the handshake is answered.";
    LetsAnybodyIn "lets-anybody-in" "nns.failure-told"
        "A user whom nobody knows is let in with the name for a password.";
    TakesAnyToken "takes-any-token" "nns.failure-told"
        "A token that is none is answered as if it were the first of a handshake.";
    GrantsLess "grants-less" "nns.level-too-low"
        "Whoever asks for signing alone is let in, and nothing is sealed.";
    ForgetsItsContext "forgets-its-context" "nns.token-taken"
        "Every token is taken for the first of a handshake.";
    DoneAtOnce "done-at-once" "nns.continues"
        "The first token is answered with a HandshakeDone.";
    NeverDone "never-done" "nns.done"
        "The last token of the server goes in a HandshakeInProgress.";
    WrongHandshakeVersion "wrong-handshake-version" "nns.handshake-format"
        "Messages of the handshake are of version 1.1.";
    ShortHandshakeError "short-handshake-error" "nns.error-format"
        "A HandshakeError holds the four octets of its code alone.";
    ChecksHandshakeVersion "checks-handshake-version" "nns.version-ignored"
        "A message of the handshake in another version closes the connection.";
    ReadsWholeHandshakesOnly "reads-whole-handshakes-only" "nns.handshake-reassembled"
        "A message of the handshake that comes in pieces closes the connection.";
    GoesOnAfterHandshakeError "goes-on-after-handshake-error" "nns.error-closes"
        "A HandshakeError is passed over.";
    PassesOverUnknownHandshakes "passes-over-unknown-handshakes" "nns.unknown-type-closes"
        "A message of the handshake of an unknown type is passed over.";
    BeginsAnewAfterFailure "begins-anew-after-failure" "nns.failed-stays-failed"
        "Another handshake may follow one that has failed.";
    SendsUnsealedData "sends-unsealed-data" "nns.data-protected"
        "What the server sends after the handshake is not sealed.";
    ReadsWholeDataOnly "reads-whole-data-only" "nns.data-read"
        "A Data message that comes in pieces closes the connection.";
    ReadsUnsealedData "reads-unsealed-data" "nns.data-tampered"
        "Records that are not sealed are read in a protected session.";
    OpensAlteredData "opens-altered-data" "nns.data-tampered"
        "Signatures are not looked at.";
    TakesRepeatedData "takes-repeated-data" "nns.data-tampered"
        "A Data message that comes again is opened again.";
    SortsSwappedData "sorts-swapped-data" "nns.data-tampered"
        "A Data message that comes too early waits for the one before it.";
    ServesTheUnauthorized "serves-the-unauthorized" "pre-operation.unauthorized-refused"
        "Whoever has logged on may do everything.";
    StartsForTheUnauthorized "starts-for-the-unauthorized" "progress.unauthorized-refused"
        "Whoever has logged on may start operations with progress.";
    InitializesForAdministrators "initializes-for-administrators" "progress.unauthorized-refused"
        "Users who may not start an operation may not initialize one either.";
    EverybodyIsAnIpamUser "everybody-is-an-ipam-user" "session.user-computed"
        "The groups of a user are not asked for: all are IPAM Users.";
    RefusesIpamUsers "refuses-ipam-users" "session.user-computed"
        "IPAM Users are refused whatever they ask.";
    TellsEverybodyWhetherConfigured "tells-everybody-whether-configured" "is-ipam-configured.failure-faults"
        "IsIpamConfigured is answered to users without any right.";
    // What a MessageID in binary records of its kind is read as.
    ReadsConstantsAsOthers "reads-constants-as-others" "binary.constants-interpreted"
        "Zero and one are read as the words false and true, and these as numbers.";
    ReadsIntegersWithoutSign "reads-integers-without-sign" "binary.integers-interpreted"
        "Integers are read without their sign.";
    ReadsFloatsLong "reads-floats-long" "binary.floats-interpreted"
        "Floating-point numbers are read with a zero more than they need.";
    ReadsDecimalsLong "reads-decimals-long" "binary.decimals-interpreted"
        "Decimals are read with a zero more than they need.";
    ReadsDatesWithOffset "reads-dates-with-offset" "binary.dates-interpreted"
        "Dates in UTC are read with an offset of zero in place of Z.";
    EscapesCharactersTwice "escapes-characters-twice" "binary.characters-escaped"
        "An ampersand among characters is read as the five characters that stand for it in XML.";
    ReadsBytesInLowerCase "reads-bytes-in-lower-case" "binary.bytes-interpreted"
        "Bytes are read as base64 in lower case.";
    ReadsEmptyAsNull "reads-empty-as-null" "binary.lists-interpreted"
        "What is empty is read as the word null.";
    ReadsIdentifiersInUpperCase "reads-identifiers-in-upper-case" "binary.identifiers-interpreted"
        "Unique identifiers are read in upper case.";
    ReadsDurationsAsClocks "reads-durations-as-clocks" "binary.durations-interpreted"
        "Spans of time are read as hours, minutes and seconds with colons.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::spec::RequirementId;

    #[test]
    fn mutants_are_found_by_names_that_differ() {
        let names: BTreeSet<_> = Mutant::ALL.iter().map(|mutant| mutant.name()).collect();
        assert_eq!(names.len(), Mutant::ALL.len());
        for mutant in Mutant::ALL {
            assert_eq!(Mutant::named(mutant.name()), Some(*mutant));
            assert!(RequirementId::parse(mutant.requirement()).is_ok(), "{mutant:?}");
            assert!(mutant.about().ends_with('.'), "{mutant:?}");
            assert!(mutant.name().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
        }
        assert_eq!(Mutant::named("honest"), None);
    }
}
