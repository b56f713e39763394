//! Reads a message: from its document to the operation that is asked for and the element that holds its parameters.
//!
//! Leaves out what the parameters mean. A reading of SOAP 1.2 part 1 (2.6, 5) and WS-Addressing 1.0 of the server's own,
//! apart from the one that judges targets.

use super::{answer::Fault, tag::Name};
use crate::{
    spec::{Callback, KEEPALIVE_ACTION, Operation, PortType, namespace},
    xml::{Document, Element},
};

/// A message that can be followed.
#[derive(Debug)]
pub(super) enum Received {
    /// It asks for an operation.
    Request(Request),
    /// It is a callback, which a client must not send; and its id.
    Callback(&'static Callback, Option<String>),
    /// It keeps the session alive; and its id.
    Keepalive(Option<String>),
}

/// A request that was read.
#[derive(Debug)]
pub(super) struct Request {
    /// The operation that the action names.
    pub(super) operation: &'static Operation,
    /// The request's body element.
    pub(super) body: Element,
    /// The id that the reply relates to.
    pub(super) message_id: Option<String>,
}

/// A message that is refused: how, and the id that the fault relates to.
#[derive(Debug)]
pub(super) struct Unread {
    pub(super) message_id: Option<String>,
    pub(super) fault: Box<Fault>,
}

/// Where replies may be asked to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replies {
    /// Back on the same channel only: the anonymous address.
    Here,
    /// To whatever address, which belongs to the session.
    Anywhere,
}

/// Reads a message to a port type, from the document that its encoding held.
///
/// # Errors
/// Says how a message that cannot be followed is refused.
pub(super) fn read(document: &Document, port_type: PortType, replies: Replies) -> Result<Received, Unread> {
    let envelope = Envelope::of(document).map_err(|fault| Unread { message_id: None, fault })?;
    let message_id = envelope.addressing("MessageID").ok().flatten();
    match follow(&envelope, port_type, replies) {
        Ok(Followed::Request(operation, body)) => {
            Ok(Received::Request(Request { operation, body: body.clone(), message_id }))
        }
        Ok(Followed::Callback(callback)) => Ok(Received::Callback(callback, message_id)),
        Ok(Followed::Keepalive) => Ok(Received::Keepalive(message_id)),
        Err(fault) => Err(Unread { message_id, fault }),
    }
}

/// What a message turned out to be.
enum Followed<'a> {
    Request(&'static Operation, &'a Element),
    Callback(&'static Callback),
    Keepalive,
}

/// The two parts of an envelope.
struct Envelope<'a> {
    header: Option<&'a Element>,
    body: &'a Element,
}

impl<'a> Envelope<'a> {
    fn of(document: &'a Document) -> Result<Self, Box<Fault>> {
        let root = &document.root;
        if !root.name.is(namespace::SOAP12, "Envelope") {
            return Err(Fault::version_mismatch());
        }
        // SOAP 1.2 part 1, 5: a message holds no processing instruction.
        if !document.processing_instructions.is_empty() {
            return Err(Fault::soap("The message holds a processing instruction."));
        }
        // SOAP 1.2 part 1, 5.1: Header, where there is one, then Body, and nothing else.
        let children: Vec<_> = root.elements().collect();
        let (header, body) = match children.as_slice() {
            [body] => (None, *body),
            [header, body] if header.name.is(namespace::SOAP12, "Header") => (Some(*header), *body),
            _ => return Err(Fault::soap("The envelope does not hold a Header and a Body, or a Body alone.")),
        };
        if !body.name.is(namespace::SOAP12, "Body") || root.has_text() {
            return Err(Fault::soap("The envelope holds something other than a Header and a Body."));
        }
        Ok(Self { header, body })
    }

    fn blocks(&self) -> impl Iterator<Item = &'a Element> + use<'a> {
        self.header.into_iter().flat_map(Element::elements)
    }

    /// The text of an addressing property, of which there may be one.
    fn addressing(&self, local: &'static str) -> Result<Option<String>, Box<Fault>> {
        let mut found = self.blocks().filter(|block| block.name.is(namespace::ADDRESSING, local));
        let first = found.next().map(|block| block.text().trim().to_owned());
        if found.next().is_some() {
            let reason = format!("The header {local} stands more than once.");
            return Err(Fault::addressing(&["InvalidAddressingHeader", "InvalidCardinality"], reason));
        }
        Ok(first)
    }

    /// The address in an endpoint reference, of which there may be one.
    fn address(&self, local: &'static str) -> Result<Option<String>, Box<Fault>> {
        let found = self.blocks().find(|block| block.name.is(namespace::ADDRESSING, local));
        self.addressing(local)?;
        let Some(reference) = found else { return Ok(None) };
        let address = reference.child(namespace::ADDRESSING, "Address").ok_or_else(|| {
            let reason = format!("The header {local} has no Address.");
            Fault::addressing(&["InvalidAddressingHeader", "MissingAddressInEPR"], reason)
        })?;
        Ok(Some(address.text().trim().to_owned()))
    }
}

/// Finds what a message is: for a request, the operation and its body element.
fn follow<'a>(envelope: &Envelope<'a>, port_type: PortType, replies: Replies) -> Result<Followed<'a>, Box<Fault>> {
    // SOAP 1.2 part 1, 2.6: every block that asks it of this node must be understood before anything is done.
    let strange: Vec<_> = envelope.blocks().filter(|block| asks_in_vain(block)).collect();
    if !strange.is_empty() {
        let name = |block: &&Element| Name::new(block.name.namespace.to_string(), block.name.local.to_string());
        return Err(Fault::not_understood(strange.iter().map(name).collect()));
    }
    envelope.addressing("MessageID")?;
    envelope.addressing("To")?;
    let action = envelope
        .addressing("Action")?
        .ok_or_else(|| Fault::addressing(&["MessageAddressingHeaderRequired"], "The message has no Action header."))?;
    for local in ["ReplyTo", "FaultTo"] {
        if envelope.address(local)?.is_some_and(|address| address != namespace::ANONYMOUS && replies == Replies::Here) {
            let reason = format!("The address in {local} is not the anonymous one, and no other is answered here.");
            return Err(Fault::addressing(&["InvalidAddressingHeader", "OnlyAnonymousAddressSupported"], reason));
        }
    }
    if action == KEEPALIVE_ACTION {
        return Ok(Followed::Keepalive);
    }
    if let Some(callback) = Callback::of_action(&action).filter(|callback| callback.port_type == port_type) {
        return Ok(Followed::Callback(callback));
    }
    let operation = Operation::of_action(&action).filter(|operation| operation.port_type == port_type);
    let operation = operation.ok_or_else(|| {
        let reason = "The message cannot be processed: its action belongs to no operation of this endpoint.";
        Fault::addressing(&["ActionNotSupported"], reason)
    })?;
    // [MS-IPAMM2] 3.3.4 and 3.19.4: the body holds the operation's element.
    let children: Vec<_> = envelope.body.elements().collect();
    match children.as_slice() {
        [body] if body.name.is(namespace::IPAM, operation.name) && !envelope.body.has_text() => {
            Ok(Followed::Request(operation, body))
        }
        _ => Err(Fault::unreadable(format!(
            "The body does not hold the one element {} from the namespace {}.",
            operation.name,
            namespace::IPAM
        ))),
    }
}

/// Whether a header block asks this node to understand it, and the node does not.
fn asks_in_vain(block: &Element) -> bool {
    const ROLES: &str = "http://www.w3.org/2003/05/soap-envelope/role/";
    const KNOWN: [&str; 7] = ["Action", "MessageID", "To", "ReplyTo", "FaultTo", "From", "RelatesTo"];
    let asks =
        block.attribute(namespace::SOAP12, "mustUnderstand").is_some_and(|value| matches!(value.trim(), "true" | "1"));
    let is_ours = match block.attribute(namespace::SOAP12, "role").map(str::trim) {
        None | Some("") => true,
        Some(role) => role.strip_prefix(ROLES).is_some_and(|role| matches!(role, "next" | "ultimateReceiver")),
    };
    let is_known = &*block.name.namespace == namespace::ADDRESSING && KNOWN.contains(&&*block.name.local);
    asks && is_ours && !is_known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        spec::{CALLBACKS, OPERATIONS},
        xml,
    };

    const ACTION: &str =
        "<a:Action s:mustUnderstand='1'>http://Microsoft.Windows.Ipam/IIpamServer/StartTask</a:Action>";
    const ID: &str = "<a:MessageID> urn:x:1 </a:MessageID>";
    const BODY: &str = "<StartTask xmlns='http://Microsoft.Windows.Ipam'/>";

    fn envelope(header: &str, body: &str) -> String {
        format!(
            "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope' xmlns:a='http://www.w3.org/2005/08/addressing'>\
             <s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
        )
    }

    fn read(text: &str) -> Result<Received, Unread> {
        read_at(text, PortType::IIpamServer, Replies::Here)
    }

    fn read_at(text: &str, port_type: PortType, replies: Replies) -> Result<Received, Unread> {
        super::read(&xml::read(text.as_bytes(), &xml::Limits::default()).unwrap(), port_type, replies)
    }

    fn refused(text: &str) -> (Option<String>, Fault) {
        let Unread { message_id, fault } = read(text).expect_err(text);
        (message_id, *fault)
    }

    #[test]
    fn a_request_is_read() {
        let Ok(Received::Request(request)) = read(&envelope(&format!("{ACTION}{ID}"), BODY)) else { panic!() };
        assert_eq!(request.operation.name, "StartTask");
        assert_eq!(request.message_id.as_deref(), Some("urn:x:1"));
        assert!(request.body.name.is(namespace::IPAM, "StartTask"));
    }

    #[test]
    fn what_a_session_is_sent_beside_requests_is_told_apart() {
        let port_type = PortType::IIpamOperationWithProgress;
        let message = |action: &str| envelope(&format!("<a:Action>{action}</a:Action>{ID}"), "");
        let keepalive = message(KEEPALIVE_ACTION);
        for port_type in PortType::ALL {
            let read = read_at(&keepalive, port_type, Replies::Here);
            assert!(matches!(read, Ok(Received::Keepalive(Some(_)))), "{port_type:?}");
        }
        for callback in CALLBACKS {
            for action in callback.actions {
                let read = read_at(&message(action), port_type, Replies::Here);
                assert!(matches!(read, Ok(Received::Callback(found, _)) if found == callback), "{action}");
                assert_eq!(refused(&message(action)).1.subcodes[0].local, "ActionNotSupported");
            }
        }
        let elsewhere = "<a:ReplyTo><a:Address>http://client.example/7</a:Address></a:ReplyTo>";
        let away = envelope(&format!("{ACTION}{ID}{elsewhere}"), BODY);
        assert!(read_at(&away, PortType::IIpamServer, Replies::Anywhere).is_ok());
        assert!(read(&away).is_err() && read_at(&away, port_type, Replies::Anywhere).is_err());
    }

    #[test]
    fn what_is_no_soap_12_envelope_is_refused() {
        let old = envelope(ACTION, BODY).replace(namespace::SOAP12, namespace::SOAP11);
        for text in [old.as_str(), "<hello/>"] {
            assert_eq!(refused(text).1.code, "VersionMismatch", "{text}");
        }
        let good = envelope(ACTION, BODY);
        for text in [
            good.replace("<s:Body>", "<s:Other/><s:Body>"),
            good.replace("<s:Header>", "text<s:Header>"),
            good.replace("s:Body", "s:Bodies"),
            good.replace("<s:Header>", "<?pi?><s:Header>"),
        ] {
            assert_eq!(refused(&text).1.code, "Sender", "{text}");
        }
    }

    #[test]
    fn addressing_that_cannot_be_followed_is_refused_by_its_subcode() {
        let reply_to = |address: &str| format!("{ACTION}{ID}<a:ReplyTo><a:Address>{address}</a:Address></a:ReplyTo>");
        for (header, subcode) in [
            (ID.into(), "MessageAddressingHeaderRequired"),
            (format!("{ACTION}{ACTION}{ID}"), "InvalidAddressingHeader"),
            (format!("{}{ID}", ACTION.replace("StartTask", "EndTask")), "ActionNotSupported"),
            (format!("<a:Action>{}</a:Action>{ID}", OPERATIONS[OPERATIONS.len() - 1].action), "ActionNotSupported"),
            (reply_to("http://elsewhere.example/"), "InvalidAddressingHeader"),
            (format!("{ACTION}{ID}<a:ReplyTo/>"), "InvalidAddressingHeader"),
        ] {
            let (id, fault) = refused(&envelope(&header, BODY));
            assert_eq!(id.as_deref(), Some("urn:x:1"), "{header}");
            assert_eq!(fault.subcodes.first(), Some(&Name::new(namespace::ADDRESSING, subcode)), "{header}");
        }
        assert!(read(&envelope(&reply_to(namespace::ANONYMOUS), BODY)).is_ok());
    }

    #[test]
    fn only_what_this_node_must_understand_and_does_not_is_refused() {
        let with = |attributes: &str| envelope(&format!("{ACTION}<x:y xmlns:x='urn:x' {attributes}/>"), BODY);
        let role = "http://www.w3.org/2003/05/soap-envelope/role";
        for attributes in ["s:mustUnderstand='1'", &format!("s:mustUnderstand='true' s:role='{role}/next'")] {
            let (_, fault) = refused(&with(attributes));
            assert_eq!((fault.code, fault.headers.len()), ("MustUnderstand", 1), "{attributes}");
        }
        for attributes in ["", "s:mustUnderstand='0'", &format!("s:mustUnderstand='1' s:role='{role}/none'")] {
            assert!(read(&with(attributes)).is_ok(), "{attributes}");
        }
    }

    #[test]
    fn the_body_is_the_operations_element_alone() {
        for body in ["", "<StartTask/>", &BODY.replace("StartTask", "IsTaskRunning"), &format!("{BODY}{BODY}"), "text"]
        {
            let (_, fault) = refused(&envelope(ACTION, body));
            assert_eq!(&*fault.subcodes[0].local, "DeserializationFailed", "{body}");
        }
    }
}
