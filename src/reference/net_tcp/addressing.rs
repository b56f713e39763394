//! What addressing asks of a message on a session, beside what it asks of every message: that it is bound for the
//! endpoint of the session, and can be replied to.
//!
//! Leaves out everything that holds on HTTP too. Follows WS-Addressing 1.0 core 3.1 to 3.4 and SOAP binding 6.4, and what
//! Windows does.

use crate::{
    reference::{
        answer::Fault,
        request::{Received, Unread},
    },
    spec::namespace,
    xml::{Document, Element},
};

/// Holds a message that was read to what a session asks of it. `is_here` says whether an address is the session's endpoint.
///
/// # Errors
/// The refusal that the message had already, or one that addressing asks for.
pub(super) fn judge(
    read: Result<Received, Unread>,
    document: &Document,
    is_here: impl Fn(&str) -> bool,
) -> Result<Received, Unread> {
    if matches!(&read, Err(unread) if unread.fault.code == "VersionMismatch") {
        return read;
    }
    // Windows asks first for whom a message is. A message without To is for the anonymous address: whoever reads it.
    let to = header(document, "To").map(Element::text);
    let astray = to.is_some_and(|to| to.trim() != namespace::ANONYMOUS && !is_here(to.trim()));
    if astray && read_header_once(document, "To") {
        let message_id = header(document, "MessageID").map(|id| id.text().trim().to_owned());
        let reason = "The address in To is not that of the endpoint that the session was opened to.";
        return Err(Unread { message_id, fault: Fault::addressing(&["DestinationUnreachable"], reason) });
    }
    match read {
        // Every operation has a reply, and a reply relates to an id.
        Ok(Received::Request(request)) if request.message_id.is_none() => {
            let reason = "The message has no MessageID header, and the operation is one that replies.";
            let fault = Fault::addressing(&["MessageAddressingHeaderRequired"], reason);
            Err(Unread { message_id: None, fault })
        }
        read => read,
    }
}

fn header<'a>(document: &'a Document, local: &'a str) -> Option<&'a Element> {
    document.root.child(namespace::SOAP12, "Header")?.child(namespace::ADDRESSING, local)
}

/// Whether a header stands once: of two, the one that read the message has told.
fn read_header_once(document: &Document, local: &str) -> bool {
    let header = document.root.child(namespace::SOAP12, "Header");
    header.is_some_and(|header| header.all(namespace::ADDRESSING, local).count() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        reference::request::{self, Replies},
        spec::PortType,
        xml,
    };

    const ACTION: &str = "<a:Action>http://Microsoft.Windows.Ipam/IIpamServer/IsIpamConfigured</a:Action>";
    const ID: &str = "<a:MessageID>urn:x:1</a:MessageID>";

    fn judged(header: &str) -> Result<Received, (Option<String>, String)> {
        let text = format!(
            "<s:Envelope xmlns:s='{}' xmlns:a='{}'><s:Header>{header}</s:Header><s:Body>\
             <IsIpamConfigured xmlns='{}'/></s:Body></s:Envelope>",
            namespace::SOAP12,
            namespace::ADDRESSING,
            namespace::IPAM
        );
        let document = xml::read(text.as_bytes(), &xml::Limits::default()).unwrap();
        let read = request::read(&document, PortType::IIpamServer, Replies::Anywhere);
        judge(read, &document, |address| address == "net.tcp://h/here")
            .map_err(|unread| (unread.message_id, unread.fault.subcodes[0].local.to_string()))
    }

    #[test]
    fn a_message_is_for_the_endpoint_or_for_whoever_reads_it() {
        for to in ["", "<a:To>net.tcp://h/here</a:To>", "<a:To> http://www.w3.org/2005/08/addressing/anonymous</a:To>"]
        {
            assert!(judged(&format!("{ACTION}{ID}{to}")).is_ok(), "{to}");
        }
        let astray = judged(&format!("{ACTION}{ID}<a:To>net.tcp://h/there</a:To>")).unwrap_err();
        assert_eq!(astray, (Some("urn:x:1".into()), "DestinationUnreachable".into()));
        let twice = "<a:To>net.tcp://h/there</a:To>".repeat(2);
        assert_eq!(judged(&format!("{ACTION}{ID}{twice}")).unwrap_err().1, "InvalidAddressingHeader");
    }

    #[test]
    fn a_request_without_an_id_cannot_be_replied_to() {
        assert_eq!(judged(ACTION).unwrap_err(), (None, "MessageAddressingHeaderRequired".into()));
        let keepalive = format!("<a:Action>{}</a:Action>", crate::spec::KEEPALIVE_ACTION);
        assert!(matches!(judged(&keepalive), Ok(Received::Keepalive(None))));
    }
}
