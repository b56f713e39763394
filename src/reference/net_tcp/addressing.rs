//! What addressing asks of a message on a session, beside what it asks of every message: that it is bound for the
//! endpoint of the session, and can be replied to.
//!
//! Leaves out everything that holds on HTTP too. Follows WS-Addressing 1.0 core 3.1 to 3.4 and SOAP binding 6.4, and what
//! Windows does.

use crate::{
    reference::{
        Behaviour, Mutant,
        answer::Fault,
        request::{self, Received, Replies, Unread},
    },
    spec::{PortType, namespace},
    xml::{Document, Element},
};

/// Refuses a message that is not for the endpoint of its session, or cannot be replied to. What else is wrong with a
/// message is left to those who read it.
pub(super) fn refuse(
    document: &Document,
    port_type: PortType,
    behaviour: &Behaviour,
    is_here: impl Fn(&str) -> bool,
) -> Option<Unread> {
    let message_id = header(document, "MessageID").map(|id| id.text().trim().to_owned());
    // Windows asks first for whom a message is. A message without To is for the anonymous address: whoever reads it.
    let to = header(document, "To").map(Element::text);
    let astray = to.is_some_and(|to| to.trim() != namespace::ANONYMOUS && !is_here(to.trim()));
    if astray && stands_once(document, "To") && !behaviour.lies(Mutant::AnswersOtherTo) {
        let reason = "The address in To is not that of the endpoint that the session was opened to.";
        return Some(Unread { message_id, fault: Fault::addressing(&["DestinationUnreachable"], reason) });
    }
    if behaviour.lies(Mutant::RefusesReplyTo) && header(document, "ReplyTo").is_some() {
        let reason = "The message has a ReplyTo header.";
        return Some(Unread { message_id, fault: Fault::addressing(&["InvalidAddressingHeader"], reason) });
    }
    if behaviour.lies(Mutant::RefusesUnknownHeaders) && has_unknown_header(document) {
        return Some(Unread { message_id, fault: Fault::soap("The message has a header that is not known.") });
    }
    // Every operation has a reply, and a reply relates to an id.
    let cannot_be_replied_to =
        message_id.is_none() && matches!(request::read(document, port_type, Replies::Here), Ok(Received::Request(_)));
    cannot_be_replied_to.then(|| {
        let reason = "The message has no MessageID header, and the operation is one that replies.";
        Unread { message_id: None, fault: Fault::addressing(&["MessageAddressingHeaderRequired"], reason) }
    })
}

fn header<'a>(document: &'a Document, local: &'a str) -> Option<&'a Element> {
    document.root.child(namespace::SOAP12, "Header")?.child(namespace::ADDRESSING, local)
}

fn has_unknown_header(document: &Document) -> bool {
    let header = document.root.child(namespace::SOAP12, "Header");
    header.is_some_and(|header| header.elements().any(|block| &*block.name.namespace != namespace::ADDRESSING))
}

/// Whether a header stands once: of two, the one that reads the message tells.
fn stands_once(document: &Document, local: &str) -> bool {
    let header = document.root.child(namespace::SOAP12, "Header");
    header.is_some_and(|header| header.all(namespace::ADDRESSING, local).count() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml;

    const ACTION: &str = "<a:Action>http://Microsoft.Windows.Ipam/IIpamServer/IsIpamConfigured</a:Action>";
    const ID: &str = "<a:MessageID>urn:x:1</a:MessageID>";

    /// The id and the subcode of a refusal.
    fn refused(header: &str) -> Option<(Option<String>, String)> {
        let text = format!(
            "<s:Envelope xmlns:s='{}' xmlns:a='{}'><s:Header>{header}</s:Header><s:Body>\
             <IsIpamConfigured xmlns='{}'/></s:Body></s:Envelope>",
            namespace::SOAP12,
            namespace::ADDRESSING,
            namespace::IPAM
        );
        let document = xml::read(text.as_bytes(), &xml::Limits::default()).unwrap();
        refuse(&document, PortType::IIpamServer, &Behaviour::default(), |address| address == "net.tcp://h/here")
            .map(|unread| (unread.message_id, unread.fault.subcodes[0].local.to_string()))
    }

    #[test]
    fn a_message_is_for_the_endpoint_or_for_whoever_reads_it() {
        for to in ["", "<a:To>net.tcp://h/here</a:To>", "<a:To> http://www.w3.org/2005/08/addressing/anonymous</a:To>"]
        {
            assert_eq!(refused(&format!("{ACTION}{ID}{to}")), None, "{to}");
        }
        let astray = refused(&format!("{ACTION}{ID}<a:To>net.tcp://h/there</a:To>")).unwrap();
        assert_eq!(astray, (Some("urn:x:1".into()), "DestinationUnreachable".into()));
        let twice = "<a:To>net.tcp://h/there</a:To>".repeat(2);
        assert_eq!(refused(&format!("{ACTION}{ID}{twice}")), None);
    }

    #[test]
    fn a_request_without_an_id_cannot_be_replied_to() {
        assert_eq!(refused(ACTION), Some((None, "MessageAddressingHeaderRequired".into())));
        let keepalive = format!("<a:Action>{}</a:Action>", crate::spec::KEEPALIVE_ACTION);
        assert_eq!(refused(&keepalive), None);
    }
}
