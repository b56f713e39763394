//! The questions asked before any verdict: is there a server, is it provisioned, may we ask it?
//!
//! A target that cannot answer them is judged as it stands, with a note; one that says nothing a server of this protocol
//! says cannot be judged at all. `smoke` shows what a run acts on. Follows [MS-IPAMM2] 3.1.4.2 and 3.3.6.1.

use std::collections::BTreeSet;

use tokio::time::Instant;

use super::{
    ask::{Answered, Line, Stage, message_id},
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
    /// The questions that this user may not ask.
    pub denied: BTreeSet<&'static str>,
    /// A question that was answered, good for a control request.
    pub control: Option<&'static Operation>,
    /// What a reader should know.
    pub notes: Vec<Note>,
    /// The questions that were asked, in order, and what came.
    pub heard: Vec<(&'static str, Heard)>,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The reply, and the text of its result.
    Reply(Option<String>),
    /// A fault, in a line.
    Fault(String),
    /// A message that is not as the contract says.
    Nonsense(Stage, String),
    /// Nothing that a server of this protocol says, or nothing at all.
    Nothing(Stage, String),
}

/// The questions, in this order.
pub const QUESTIONS: [&str; 4] =
    ["IsIpamConfigured", "IsSchemaConversionRequired", "GetIpamVersion", "GetIpamTasksInfo"];

/// Whose questions they are, where message ids are made.
pub const WHO: &str = "questions";

/// The operations of the questions, in their order.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    QUESTIONS.into_iter().filter_map(|name| Operation::named(PortType::IIpamServer, name))
}

/// Asks them.
pub async fn ask(line: &Line) -> Readiness {
    let mut readiness = Readiness::default();
    for (index, operation) in operations().enumerate() {
        let message_id = message_id(&line.seed, WHO, index, 1);
        let answered = if index == 0 {
            line.question(operation, &message_id, Instant::now()).await.0
        } else {
            line.question_on(operation, &message_id).await
        };
        // Nobody is there: three more attempts would find out nothing more.
        let nobody = matches!(&answered, Answered::Nothing(stage, _) if *stage <= Stage::Tls);
        readiness.hear(operation, answered);
        if nobody {
            break;
        }
    }
    readiness.conclude();
    readiness
}

impl Readiness {
    fn note(&mut self, text: String) {
        self.notes.push(Note { text, blocking: false });
    }

    fn hear(&mut self, operation: &'static Operation, answered: Answered) {
        let name = operation.name;
        let heard = match answered {
            Answered::Reply(element) => {
                self.control = self.control.or(Some(operation));
                let result = result(&element, operation);
                match (name, result.as_deref()) {
                    ("IsIpamConfigured", Some("false" | "0")) => self.not_provisioned = true,
                    ("IsSchemaConversionRequired", Some("true" | "1")) => self.conversion_required = true,
                    _ => {}
                }
                Heard::Reply(result)
            }
            Answered::Fault(fault) => {
                self.control = self.control.or(Some(operation));
                if denies_access(&fault) {
                    self.denied.insert(name);
                }
                // What is not ready refuses these by 3.1.4.2: that is no news.
                if !(self.not_provisioned || self.conversion_required) {
                    self.note(format!("the target refused the question {name}: {}", fault.summary()));
                }
                Heard::Fault(fault.summary())
            }
            Answered::Nonsense(stage, why) => Heard::Nonsense(stage, why),
            Answered::Nothing(stage, why) => Heard::Nothing(stage, why),
        };
        self.heard.push((name, heard));
    }

    /// What all answers come to.
    fn conclude(&mut self) {
        // Whatever answers in one wrong way answers so to each: that is told once.
        let mut nonsense: Vec<(String, Vec<&str>)> = Vec::new();
        for (name, heard) in &self.heard {
            let Heard::Nonsense(_, why) = heard else { continue };
            match nonsense.iter_mut().find(|(told, _)| normalise(told) == normalise(why)) {
                Some((_, names)) => names.push(name),
                None => nonsense.push((why.clone(), vec![name])),
            }
        }
        for (why, names) in nonsense {
            let names = if names.len() == QUESTIONS.len() { "every question".to_owned() } else { names.join(", ") };
            self.note(format!("what the target answers to {names} is not as the contract says: {why}"));
        }
        let nothing = self.heard.iter().find_map(|(_, heard)| match heard {
            Heard::Nothing(_, why) => Some(why.clone()),
            _ => None,
        });
        if self.control.is_none() && self.notes.is_empty() {
            let why = nothing.unwrap_or_else(|| "no question could be asked".to_owned());
            self.notes.push(Note { text: format!("the target could not be asked anything: {why}"), blocking: true });
            self.blocked = Some(why);
            return;
        }
        if let Some(why) = nothing {
            self.note(format!("the target did not answer every question: {why}"));
        }
        if self.not_provisioned {
            self.note("the target says that it is not provisioned: provision it, then run again".to_owned());
        } else if self.conversion_required {
            self.note("the target says that a schema conversion is required: convert it, then run again".to_owned());
        }
        if self.read_denied() {
            self.note("the target denies this user the right GenericRead: run as a member of IPAM Users".to_owned());
        }
    }

    /// Whether the user may not use the operations that ask for the right GenericRead.
    fn read_denied(&self) -> bool {
        self.denied.contains("GetIpamTasksInfo")
    }

    /// Why a case says nothing about a target in this state, where it does not.
    pub fn skips(&self, case: &Case) -> Option<String> {
        let operations = || {
            case.steps.iter().filter_map(|step| match &step.kind {
                StepKind::Call(call) => Some(call.operation.name),
                StepKind::Raw(raw) => Some(raw.operation.map_or("raw", |operation| operation.name)),
                StepKind::Records(records) => records.operation.map(|operation| operation.name),
                _ => None,
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
        let reads = |name: &str| name == "GetIpamTasksInfo" || name.starts_with("Task") || name == "IsTaskRunning";
        if self.read_denied() && operations().any(reads) {
            return Some("access denied: this user lacks the right GenericRead".to_owned());
        }
        if self.denied.len() == QUESTIONS.len() {
            return Some("access denied: this user may not even ask what state the target is in".to_owned());
        }
        let denied = operations().find(|name| self.denied.contains(name))?;
        Some(format!("access denied: this user may not use {denied}"))
    }
}

fn result(element: &Element, operation: &Operation) -> Option<String> {
    let field = operation.result.as_ref()?;
    Some(element.child(IPAM, field.name)?.text().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::{
        runner::Target,
        session::Guard,
        spec::Effect,
        wire::framing::{Deframer, Limits, Record},
    };

    const FAULT: &str = "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body><s:Fault><s:Code>\
        <s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang='en'>no</s:Text></s:Reason></s:Fault></s:Body>\
        </s:Envelope>";

    /// Takes a session, answers so many requests with a fault, and goes, or says nothing more.
    async fn converse(mut stream: TcpStream, answers: usize, goes: bool) -> std::io::Result<()> {
        let (mut deframer, mut piece, mut answered) = (Deframer::new(Limits::default()), [0; 512], 0);
        loop {
            while let Ok(Some(framed)) = deframer.next() {
                match framed.record {
                    Record::PreambleEndRecord => stream.write_all(&Record::PreambleAckRecord.to_bytes()).await?,
                    Record::SizedEnvelopeRecord(_) if answered < answers => {
                        answered += 1;
                        let envelope = Record::SizedEnvelopeRecord(FAULT.as_bytes().into()).to_bytes();
                        stream.write_all(&envelope).await?;
                    }
                    _ => {}
                }
            }
            let length = if goes && answered == answers { 0 } else { stream.read(&mut piece).await? };
            if length == 0 {
                return Ok(());
            }
            deframer.push(&piece[..length]);
        }
    }

    /// Asks a server that answers so many requests of a session; what was heard, and on how many sessions.
    async fn asked(answers: usize, goes: bool) -> (Vec<Heard>, usize) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("net.tcp://{}/Ipam/Server", listener.local_addr().unwrap());
        let count = Arc::new(AtomicUsize::new(0));
        let sessions = count.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                sessions.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(converse(stream, answers, goes));
            }
        });
        let sets = ["security.mode=none", "encoding=text", "timing.reply=200ms"].map(str::to_owned);
        let target = Target::read(&url, &sets).unwrap();
        let line = Line::new(&target, Guard::new([Effect::Read], None), false, "seed").unwrap();
        let heard = ask(&line).await.heard.into_iter().map(|(_, heard)| heard).collect();
        (heard, count.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn they_share_a_session_where_it_is_kept_and_are_answered_the_same_where_it_is_not() {
        for (answers, goes, sessions) in [(9, false, 1), (4, true, 1), (2, true, 2), (1, true, 4), (1, false, 4)] {
            let (heard, count) = asked(answers, goes).await;
            assert!(heard.len() == 4 && heard.iter().all(|heard| matches!(heard, Heard::Fault(_))), "{heard:?}");
            assert_eq!(count, sessions, "{answers} answers to a session");
        }
        let (heard, _) = asked(0, false).await;
        assert!(heard.iter().all(|heard| matches!(heard, Heard::Nothing(..))), "{heard:?}");
    }
}
