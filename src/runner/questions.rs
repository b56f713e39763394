//! The questions asked before any verdict: is there a server, is it provisioned, may we ask it?
//!
//! A target that cannot answer them is judged as it stands, with a note; one that says nothing a server of this protocol
//! says cannot be judged at all. Follows [MS-IPAMM2] 3.1.4.2 and 3.3.6.1.

use tokio::time::Instant;

use super::{
    ask::{Answered, Line},
    judge::denies_access,
};
use crate::{
    case::{Case, StepKind},
    spec::{Operation, PortType, namespace::IPAM},
    verdict::{Note, normalise},
    xml::Element,
};

/// What the questions found out.
#[derive(Debug, Default, Clone)]
pub struct Readiness {
    /// Why nothing can be asked at all, where nothing can.
    pub blocked: Option<String>,
    /// It says that it is not provisioned.
    pub not_provisioned: bool,
    /// It says that a schema conversion is required.
    pub conversion_required: bool,
    /// The user may not use the operations that ask for the right GenericRead.
    pub read_denied: bool,
    /// A question that was answered, good for a control request.
    pub control: Option<&'static Operation>,
    /// What a reader should know.
    pub notes: Vec<Note>,
}

/// The questions, in this order.
pub const QUESTIONS: [&str; 4] =
    ["IsIpamConfigured", "IsSchemaConversionRequired", "GetIpamVersion", "GetIpamTasksInfo"];

/// Asks them.
pub async fn ask(line: &Line) -> Readiness {
    let mut readiness = Readiness::default();
    let mut nothing = Vec::new();
    let mut nonsense: Vec<(String, Vec<&str>)> = Vec::new();
    for (number, name) in QUESTIONS.into_iter().enumerate() {
        let Some(operation) = Operation::named(PortType::IIpamServer, name) else { continue };
        let message_id = line.message_id("questions", number, 1);
        let (answered, _) = line.question(operation, &message_id, Instant::now()).await;
        match answered {
            Answered::Reply(element) => {
                readiness.control = readiness.control.or(Some(operation));
                match (name, result(&element, operation).as_deref()) {
                    ("IsIpamConfigured", Some("false" | "0")) => readiness.not_provisioned = true,
                    ("IsSchemaConversionRequired", Some("true" | "1")) => readiness.conversion_required = true,
                    _ => {}
                }
            }
            Answered::Fault(fault) => {
                readiness.control = readiness.control.or(Some(operation));
                let denied = denies_access(&fault);
                if denied && name == "GetIpamTasksInfo" {
                    readiness.read_denied = true;
                }
                // What is not ready refuses these by 3.1.4.2: that is no news.
                if !(readiness.not_provisioned || readiness.conversion_required) {
                    readiness.note(format!("the target refused the question {name}: {}", fault.summary()));
                }
            }
            Answered::Nonsense(why) => {
                // Whatever answers in one wrong way answers so to each: that is told once.
                match nonsense.iter_mut().find(|(told, _)| normalise(told) == normalise(&why)) {
                    Some((_, names)) => names.push(name),
                    None => nonsense.push((why, vec![name])),
                }
            }
            Answered::Nothing(why) => {
                let unreachable = why.starts_with("unreachable") || why.starts_with("security");
                nothing.push(why);
                // Nobody is there: three more attempts would find out nothing more.
                if unreachable {
                    break;
                }
            }
        }
    }
    for (why, names) in nonsense {
        let names = if names.len() == QUESTIONS.len() { "every question".to_owned() } else { names.join(", ") };
        readiness.note(format!("what the target answers to {names} is not as the contract says: {why}"));
    }
    if readiness.control.is_none() && readiness.notes.is_empty() {
        let why = nothing.first().cloned().unwrap_or_else(|| "no question could be asked".to_owned());
        readiness.notes.push(Note { text: format!("the target could not be asked anything: {why}"), blocking: true });
        readiness.blocked = Some(why);
        return readiness;
    }
    if let Some(why) = nothing.first() {
        readiness.note(format!("the target did not answer every question: {why}"));
    }
    if readiness.not_provisioned {
        readiness.note("the target says that it is not provisioned: provision it, then run again".to_owned());
    } else if readiness.conversion_required {
        readiness.note("the target says that a schema conversion is required: convert it, then run again".to_owned());
    }
    if readiness.read_denied {
        readiness.note("the target denies this user the right GenericRead: run as a member of IPAM Users".to_owned());
    }
    readiness
}

impl Readiness {
    fn note(&mut self, text: String) {
        self.notes.push(Note { text, blocking: false });
    }

    /// Why a case says nothing about a target in this state, where it does not.
    pub fn skips(&self, case: &Case) -> Option<String> {
        let operations = || {
            case.steps.iter().filter_map(|step| match &step.kind {
                StepKind::Call(call) => Some(call.operation.name),
                StepKind::Raw(raw) => Some(raw.operation.map_or("raw", |operation| operation.name)),
                StepKind::Wait(_) => None,
            })
        };
        // [MS-IPAMM2] 3.1.4.2: what each state leaves open.
        let provisioned = ["IsIpamConfigured"];
        let converting = ["IsIpamConfigured", "IsSchemaConversionRequired"];
        if self.not_provisioned && operations().any(|name| !provisioned.contains(&name)) {
            return Some("not provisioned: the target says so of itself".to_owned());
        }
        if self.conversion_required && operations().any(|name| !converting.contains(&name)) {
            return Some("a schema conversion is required: the target says so of itself".to_owned());
        }
        // [MS-IPAMM2] 3.3.6.1: these ask for the right GenericRead.
        if self.read_denied
            && operations()
                .any(|name| name == "GetIpamTasksInfo" || name.starts_with("Task") || name == "IsTaskRunning")
        {
            return Some("access denied: this user lacks the right GenericRead".to_owned());
        }
        None
    }
}

fn result(element: &Element, operation: &Operation) -> Option<String> {
    let field = operation.result.as_ref()?;
    Some(element.child(IPAM, field.name)?.text().trim().to_owned())
}
