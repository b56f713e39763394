//! One request and its answer, from bytes to bytes: reads, performs, builds, writes, and tells the lies that are of bytes.
//!
//! Leaves out sockets, paths and the clock. Follows SOAP 1.2 part 2, 7.5 (the HTTP binding).

use std::time::Duration;

use super::{
    answer::{Answer, Fault},
    envelope,
    moment::Moment,
    mutant::{Behaviour, Mutant},
    operations,
    request::{self, Unread},
    scenario::Scenario,
    style::Style,
    variant::Variant,
    world::{Pace, World},
};

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

/// Answers one request.
pub(super) fn respond(content: &[u8], world: &mut World, now: Moment, behaviour: &Behaviour) -> Response {
    let (answer, id) = match request::read(content) {
        Ok(request) => {
            let answer = operations::perform(request.operation, &request.body, world, now, behaviour);
            (answer, request.message_id)
        }
        Err(Unread::Refused(id, fault)) => (Answer::Fault(fault), id),
        Err(Unread::NotXml(reason)) => return Response::plain(400, &format!("the message is not XML: {reason}")),
    };
    let action = match &answer {
        Answer::Reply(operation, _) => envelope::reply_action(operation, behaviour),
        Answer::Fault(fault) => Some(fault.action.as_str()),
    };
    let status = match &answer {
        Answer::Reply(..) => 200,
        Answer::Fault(fault) => status(fault, behaviour),
    };
    let is_start = matches!(&answer, Answer::Reply(operation, _) if operation.name == "StartTask");
    if is_start && behaviour.lies(Mutant::SilentStart) {
        return Response { status: 202, content_type: None, content: Vec::new() };
    }
    let text = Style::of(behaviour).write(&envelope::build(&answer, id.as_deref(), behaviour));
    let content = bytes(text, matches!(answer, Answer::Reply(..)), behaviour);
    Response { status, content_type: content_type(action, behaviour), content }
}

fn status(fault: &Fault, behaviour: &Behaviour) -> u16 {
    let is_sender = envelope::code_of(fault, behaviour) == "Sender";
    if is_sender && !behaviour.varies(Variant::FaultStatus500) { 400 } else { 500 }
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
