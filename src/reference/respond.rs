//! One request and its answer: performs, builds, writes, and tells the lies that are of bytes.
//!
//! Leaves out sockets, paths and the clock. Follows SOAP 1.2 part 2, 7.5 (the HTTP binding).

use std::time::Duration;

use super::{
    answer::Answer,
    envelope::{self, Addressed},
    moment::Moment,
    mutant::{Behaviour, Mutant},
    operations,
    request::{self, Received, Replies, Unread},
    scenario::Scenario,
    style::Style,
    variant::Variant,
    world::{Pace, World},
};
use crate::{spec::PortType, xml};

/// What goes back over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Response {
    /// The status code.
    pub(super) status: u16,
    /// The `Content-Type` field, where there is one.
    pub(super) content_type: Option<String>,
    /// The content.
    pub(super) content: Vec<u8>,
}

impl Response {
    /// A plain message for people.
    pub(super) fn plain(status: u16, message: &str) -> Self {
        let content_type = Some("text/plain; charset=utf-8".into());
        Self { status, content_type, content: format!("{message}\n").into_bytes() }
    }
}

/// Makes the world that a server of this behaviour has.
pub(super) fn world(scenario: Scenario, behaviour: &Behaviour, now: Moment) -> World {
    let mut pace = Pace::default();
    if behaviour.varies(Variant::TasksTakeLonger) {
        pace.running = Duration::from_secs(10);
    }
    World::new(scenario, pace, !behaviour.varies(Variant::NeverRan), now)
}

/// A message that the server sends, as text that any encoding can be made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The action, where it has one: what stands in its header, and on HTTP in its media type.
    pub action: Option<String>,
    /// What sort of message it is.
    pub kind: Kind,
    /// The envelope as XML, before what bytes alone can be: a byte order mark, a declaration, the lies of ill-formed text.
    pub text: String,
}

/// What sort of message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An operation's reply.
    Reply,
    /// A refusal.
    Fault {
        /// Whether its code is Sender.
        of_sender: bool,
    },
    /// What the server says within a session without being asked.
    Callback,
}

impl Message {
    /// Writes an answer.
    pub(super) fn of(answer: &Answer, addressed: Addressed<'_>, behaviour: &Behaviour) -> Self {
        let kind = match answer {
            Answer::Reply(..) => Kind::Reply,
            Answer::Fault(fault) => Kind::Fault { of_sender: envelope::code_of(fault, behaviour) == "Sender" },
            Answer::Callback(..) => Kind::Callback,
        };
        let text = Style::of(behaviour).write(&envelope::build(answer, addressed, behaviour));
        Self { action: envelope::action(answer, behaviour).map(str::to_owned), kind, text }
    }

    /// The bytes of the envelope in a text encoding.
    pub fn content(&self, behaviour: &Behaviour) -> Vec<u8> {
        bytes(self.text.clone(), self.kind == Kind::Reply, behaviour)
    }

    /// The media type of that on HTTP.
    pub fn content_type(&self, behaviour: &Behaviour) -> Option<String> {
        content_type(self.action.as_deref(), behaviour)
    }
}

/// Answers one message to IIpamServer; `to` is where the answer goes, where that is not the anonymous address. Nothing is
/// answered to what is ignored, or where a lie keeps silent.
pub(super) fn answer(
    received: Result<Received, Unread>,
    to: Option<&str>,
    world: &mut World,
    now: Moment,
    behaviour: &Behaviour,
) -> Option<Message> {
    let (answer, id) = match received {
        Ok(Received::Request(request)) => {
            let answer = operations::perform(request.operation, &request.body, world, now, behaviour);
            (answer, request.message_id)
        }
        Ok(Received::Callback(..) | Received::Keepalive(_)) => return None,
        Err(Unread { message_id, fault }) => (Answer::Fault(fault), message_id),
    };
    let is_start = matches!(&answer, Answer::Reply(operation, _) if operation.name == "StartTask");
    if is_start && behaviour.lies(Mutant::SilentStart) {
        return None;
    }
    Some(Message::of(&answer, Addressed { relates_to: id.as_deref(), to }, behaviour))
}

/// Answers one request over HTTP.
pub(super) fn respond(content: &[u8], world: &mut World, now: Moment, behaviour: &Behaviour) -> Response {
    let document = match xml::read(content, &xml::Limits::default()) {
        Ok(document) => document,
        Err(error) => return Response::plain(400, &format!("the message is not XML: {error}")),
    };
    let received = request::read(&document, PortType::IIpamServer, Replies::Here);
    response(answer(received, None, world, now, behaviour), behaviour)
}

/// A message, or none, as an HTTP response.
pub(super) fn response(message: Option<Message>, behaviour: &Behaviour) -> Response {
    match message {
        Some(message) => {
            let status = match message.kind {
                Kind::Fault { of_sender } => status(of_sender, behaviour),
                Kind::Reply | Kind::Callback => 200,
            };
            let content_type = message.content_type(behaviour);
            Response { status, content_type, content: message.content(behaviour) }
        }
        None => Response { status: 202, content_type: None, content: Vec::new() },
    }
}

fn status(of_sender: bool, behaviour: &Behaviour) -> u16 {
    if of_sender && !behaviour.varies(Variant::FaultStatus500) { 400 } else { 500 }
}

fn content_type(action: Option<&str>, behaviour: &Behaviour) -> Option<String> {
    let Some(action) = action else { return Some("application/soap+xml; charset=utf-8".into()) };
    if behaviour.lies(Mutant::NoMediaType) {
        None
    } else if behaviour.lies(Mutant::TextXmlMediaType) {
        Some("text/xml; charset=utf-8".into())
    } else if behaviour.varies(Variant::BareMediaType) {
        Some("application/soap+xml".into())
    } else if behaviour.varies(Variant::OtherMediaTypeParameters) {
        Some(format!("Application/SOAP+XML ;Action=\"{action}\";x=\"a;b\" ; CharSet=\"UTF-8\""))
    } else {
        Some(format!("application/soap+xml; charset=utf-8; action=\"{action}\""))
    }
}

/// The bytes of an envelope: what stands before and after it, and what makes replies ill-formed.
fn bytes(mut text: String, is_reply: bool, behaviour: &Behaviour) -> Vec<u8> {
    let varies = |variant| behaviour.varies(variant);
    if is_reply {
        text = spoil(text, behaviour);
    }
    if varies(Variant::WhiteSpaceAfter) {
        text.push_str("\n\n <!-- the end -->\n");
    }
    if varies(Variant::XmlDeclaration) {
        text.insert_str(0, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone='yes' ?>\n");
    }
    if varies(Variant::ByteOrderMark) {
        text.insert(0, '\u{feff}');
    }
    if is_reply && behaviour.lies(Mutant::Latin1Reply) {
        // Each of these characters is one byte there, and none of them is UTF-8 alone.
        return text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    }
    text.into_bytes()
}

/// Tells the lies that a tree cannot tell.
fn spoil(text: String, behaviour: &Behaviour) -> String {
    let at_end = text.rfind("</").unwrap_or(text.len());
    let after_name = text.find(['>', ' ', '/']).unwrap_or(text.len());
    let insert = |at: usize, what: &str| {
        let mut text = text.clone();
        text.insert_str(at, what);
        text
    };
    for mutant in &behaviour.mutants {
        match mutant {
            Mutant::IllFormedReply => return text.get(..at_end).unwrap_or_default().to_owned(),
            Mutant::TwoRoots => return insert(text.len(), "<again/>"),
            Mutant::DuplicateAttribute => return insert(after_name, " twice=\"1\" twice=\"2\""),
            Mutant::UnboundPrefix => return insert(after_name, " nowhere:said=\"1\""),
            Mutant::IllegalCharacter => return insert(at_end, "<!-- next -->&#x1;"),
            Mutant::ProcessingInstruction => return insert(at_end, "<?render fast?>"),
            Mutant::Latin1Reply => return insert(at_end, "<!-- r\u{e9}ponse -->"),
            Mutant::DtdInReply => return insert(0, "<!DOCTYPE s:Envelope [<!ENTITY e \"entity\">]>"),
            _ => {}
        }
    }
    text
}
