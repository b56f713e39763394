//! What a case file says, once its matrix is expanded and every mistake in it has been told.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::{generate::Generate, path::Path, records::Records, secured::Secured, template::Template};
use crate::{
    spec::{Callback, Effect, Level, Operation, PortType, RequirementId, schema::Type},
    wire::nns::MessageId,
};

/// One expanded case.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its path without `.toml`, then `/key=value` for each entry of its matrix, in file order.
    pub id: String,
    /// The file, relative to the folder of cases.
    pub file: Arc<str>,
    /// The line of the file where the case begins.
    pub line: usize,
    /// What it shows, in a sentence.
    pub about: String,
    /// The requirements that it decides; the first owns the expectations that name none.
    pub requirements: Vec<RequirementId>,
    /// The strongest level among its requirements.
    pub level: Level,
    /// The port type that it talks to.
    pub port_type: PortType,
    /// The worst that its requests could do on a server that accepts them.
    pub effect: Effect,
    /// The lie of the reference server that this case exists to catch; none where it only observes.
    pub mutant: Option<String>,
    /// The passing case from which it differs in one place.
    pub twin: Option<String>,
    /// What it asks the lab of the reference server for; such a case is skipped elsewhere.
    pub scenario: Option<String>,
    /// What it asks of the protection of its sessions; elsewhere than over a protected net.tcp it is skipped then.
    pub secured: Option<Secured>,
    /// The names of the data that it needs from the target's `[vars]`.
    pub needs: BTreeSet<String>,
    /// The values that are made up for it; such a case is run once for each.
    pub generate: Option<Generate>,
    /// The suite revision since which it is there, whatever it rests on included.
    pub since: u32,
    /// What it does, in order.
    pub steps: Vec<Step>,
}

/// One act of a case.
#[derive(Debug, Clone)]
pub struct Step {
    /// The line of the file where the step begins.
    pub line: usize,
    /// The session that it is done on, where the case names one.
    pub session: Option<String>,
    /// The name under which a later step waits for the answer; the step itself does not wait then.
    pub sent_as: Option<String>,
    /// What is done.
    pub kind: StepKind,
    /// What must hold of the answer before the case means anything: where it does not, the case is skipped.
    pub given: Vec<ValueExpectation>,
    /// What must come back; none for a wait.
    pub expect: Option<Expect>,
    /// What is kept of the answer for later steps.
    pub captures: Vec<Capture>,
    /// Whether the request is repeated until what is given holds and the values are as expected. Where they never are,
    /// the checks are inconclusive: they rest on something that did not come.
    pub poll: Option<Poll>,
}

impl Step {
    /// The operation whose reply the step expects, where it sends anything and expects one.
    pub fn operation(&self) -> Option<&'static Operation> {
        match &self.kind {
            StepKind::Call(call) => Some(call.operation),
            StepKind::Raw(raw) => raw.operation,
            StepKind::Records(records) => records.operation,
            _ => None,
        }
    }

    /// Whether the step can only be done on a session, whatever the port type.
    pub fn needs_session(&self) -> bool {
        self.session.is_some()
            || self.sent_as.is_some()
            || !matches!(self.kind, StepKind::Call(_) | StepKind::Raw(_) | StepKind::Wait(_) | StepKind::Idle(_))
    }

    /// Whether the step can only be done over net.tcp.
    pub fn needs_net_tcp(&self) -> bool {
        let answer = self.expect.as_ref().map(|expect| &expect.answer);
        matches!(self.kind, StepKind::Records(_) | StepKind::Close | StepKind::Abort)
            || matches!(
                answer,
                Some(Answer::Accepted | Answer::Upgraded | Answer::Handshake(_) | Answer::Refused | Answer::Ended)
            )
    }
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum StepKind {
    /// Sends an operation's request and takes its answer.
    Call(Call),
    /// Sends an envelope as it stands and takes the answer.
    Raw(Raw),
    /// Sends records of message framing as they stand.
    Records(Records),
    /// Waits for something that comes on a session.
    Await(Await),
    /// Sees to it that nothing comes on a session for this long; scaled by the target's timing.
    Silence(Duration),
    /// Ends a session in order.
    Close,
    /// Drops a session's connection.
    Abort,
    /// Moves the lab's clock; elsewhere, waits.
    Wait(Duration),
    /// Waits as [`StepKind::Wait`] does, for so many hundredths of the time after which the target breaks an idle session
    /// off.
    Idle(u32),
}

/// What is waited for.
#[derive(Debug, Clone)]
pub struct Await {
    /// How long at most, scaled by the target's timing; the target's time for an operation where none is given.
    pub within: Option<Duration>,
    /// The step whose answer is waited for, by the name that it was sent as.
    pub answer_to: Option<String>,
    /// Whether the callback that is expected must be the first of those that no step has taken.
    pub first: bool,
}

/// An operation's request.
#[derive(Debug, Clone)]
pub struct Call {
    /// The operation.
    pub operation: &'static Operation,
    /// The content of the request's body element: XML in the protocol's namespace unless it says otherwise.
    pub body: Template,
    /// An action to send in place of the operation's own.
    pub action: Option<Template>,
}

/// An envelope as it stands.
#[derive(Debug, Clone)]
pub struct Raw {
    /// The operation whose reply is expected, where the envelope asks for one.
    pub operation: Option<&'static Operation>,
    /// The envelope; `{{message_id}}` and `{{to}}` are filled in.
    pub envelope: Template,
    /// The action that the binding carries outside the envelope.
    pub action: Option<Template>,
    /// Whether it is meant to be no XML.
    pub malformed: bool,
}

/// What must come back.
#[derive(Debug, Clone)]
pub struct Expect {
    /// Reply or fault.
    pub answer: Answer,
    /// The requirement that says so; the case's first where the file names none.
    pub requirement: RequirementId,
    /// Whether what this server says in the fault is recorded and compared.
    pub snapshot: bool,
    /// What must hold of the values in the reply's body element, where a reply comes.
    pub values: Vec<ValueExpectation>,
    /// Why the case means nothing where the target has closed the connection; for [`Answer::Accepted`] and
    /// [`Answer::Reply`].
    pub unless_closed: Option<String>,
    /// Why the case means nothing where a reply or a fault has come; for [`Answer::Either`] only.
    pub unless_replied: Option<String>,
    /// How the target must end the session, where that is said; for [`Answer::Ended`] only.
    pub ended_by: Option<EndedBy>,
}

/// A way in which a target ends a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// With an EndRecord. [MC-NMF] 2.2.3.9
    End,
    /// By closing the connection.
    Close,
    /// With a FaultRecord. [MC-NMF] 2.2.5
    Fault,
    /// By resetting the connection.
    Reset,
}

impl EndedBy {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::End, Self::Close, Self::Fault, Self::Reset];

    /// The word of a case file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Close => "close",
            Self::Fault => "fault",
            Self::Reset => "reset",
        }
    }

    /// For a sentence that says what is expected.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::End => "with an EndRecord",
            Self::Close => "by closing the connection",
            Self::Fault => "with a FaultRecord",
            Self::Reset => "by resetting the connection",
        }
    }
}

/// The kind of answer that must come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The operation's own reply.
    Reply,
    /// A SOAP 1.2 fault.
    Fault(FaultKind),
    /// Reply or fault: recorded, never judged.
    Either,
    /// A callback of the session.
    Callback(&'static Callback),
    /// The target takes the session: a PreambleAckRecord.
    Accepted,
    /// The target takes the upgrade that records ask for. [MC-NMF] 2.2.3.6
    Upgraded,
    /// The target answers a token with this message. [MS-NNS] 2.2.1
    Handshake(MessageId),
    /// The target does not take the session, or does not go on with it: it ends it, with a FaultRecord or without, or says
    /// nothing. [MC-NMF] 2.2.5 leaves it free to say why.
    Refused,
    /// The target ends the session in order, or closes the connection.
    Ended,
    /// Nothing comes; where the answer to a request is waited for, no other answer to it.
    Nothing,
    /// An operation ends, with success or without, or its start is refused with a fault.
    Finished,
    /// No operation ends with success: it fails, its start is refused, the session ends, or nothing comes.
    Unsuccessful,
    /// No callback comes, this one alone where one is named; whatever else comes is let pass.
    NoCallback(Option<&'static Callback>),
}

/// How much a fault must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// A SOAP 1.2 fault of either origin, dispatcher or operation.
    Any,
    /// A SOAP 1.2 fault whose detail holds one `IpamException`, [MS-IPAMM2] 2.2.2.1.
    Common,
}

/// What must hold of one value.
#[derive(Debug, Clone)]
pub struct ValueExpectation {
    /// The requirement that says so; the case's first where the file names none.
    pub requirement: RequirementId,
    /// The line of the file where it stands.
    pub line: usize,
    /// What must hold: one of these alternatives, of which there is at least one.
    pub any: Vec<(Path, Assertion)>,
    /// Why the case means nothing where this does not hold; for `given` only.
    pub reason: Option<String>,
}

/// What must hold of what a path selects.
#[derive(Debug, Clone)]
pub enum Assertion {
    /// The text is this, to the letter, or as a value where a type is given.
    Equals(Template, Option<Type>),
    /// The text is one of these, to the letter.
    OneOf(Vec<Template>),
    /// The whole text matches.
    Matches(regex_lite::Regex),
    /// The element is of this type, all that it holds included.
    Typed(Type),
    /// At least one element is selected.
    Present,
    /// No element is selected.
    Absent,
    /// Exactly this many elements are selected.
    Count(usize),
    /// The dateTime is before this one. An empty bound is met by any dateTime.
    Before(Template),
    /// The dateTime is after this one. An empty bound is met by any dateTime.
    After(Template),
}

/// A value that is kept for later steps.
#[derive(Debug, Clone)]
pub struct Capture {
    /// The name, for `{{name}}`.
    pub name: String,
    /// Where the value stands; nil or absent is kept as empty text.
    pub path: Path,
}

/// How a request is repeated.
#[derive(Debug, Clone, Copy)]
pub struct Poll {
    /// How long at most; scaled by the target's timing.
    pub within: Duration,
    /// How long between two requests.
    pub every: Duration,
}
