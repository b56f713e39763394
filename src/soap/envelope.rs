//! Reads envelopes: header, body, and the addressing headers among the former.
//!
//! Leaves out what a body means. Follows [SOAP1.2-1] 5 and WS-Addressing 1.0 SOAP Binding.

use crate::{
    spec::namespace::{ADDRESSING, SOAP11, SOAP12},
    xml::{self, Document, Element, Position, QName, XmlError},
};

/// What the names of SOAP's own roles begin with.
const ROLE: &str = "http://www.w3.org/2003/05/soap-envelope/role/";

/// A SOAP 1.2 message.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The header blocks, addressing included.
    pub header: Vec<Element>,
    /// The addressing headers.
    pub addressing: Addressing,
    /// The children of the body.
    pub body: Vec<Element>,
}

/// The WS-Addressing 1.0 headers of a message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Addressing {
    /// The action, white space around it left out.
    pub action: Option<String>,
    /// The id of this message.
    pub message_id: Option<String>,
    /// Where it goes.
    pub to: Option<String>,
    /// Where its reply goes.
    pub reply_to: Option<String>,
    /// The messages that it relates to.
    pub relates_to: Vec<RelatesTo>,
    /// Headers that stand more than once and must not.
    pub repeated: Vec<&'static str>,
}

/// One `RelatesTo` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelatesTo {
    /// The kind of relation; a reply where the header names none.
    pub relationship: String,
    /// The id of the other message.
    pub id: String,
}

impl RelatesTo {
    /// The relation of a reply, which is also meant where none is named. WS-Addressing 1.0 Core 3.2.
    pub const REPLY: &'static str = "http://www.w3.org/2005/08/addressing/reply";
}

/// Why bytes are no SOAP 1.2 message.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SoapError {
    /// They are no XML that we take.
    #[error("not well-formed XML: {0}")]
    Xml(#[from] XmlError),
    /// An envelope of SOAP 1.1.
    #[error("the envelope is one of SOAP 1.1{}, not of SOAP 1.2", if *.fault { " with a fault" } else { "" })]
    Version {
        /// Whether its body holds a fault.
        fault: bool,
    },
    /// XML, but no envelope.
    #[error("{position}: the root element is `{name}`, not a SOAP 1.2 Envelope")]
    NotAnEnvelope {
        /// Where.
        position: Position,
        /// What it is instead.
        name: QName,
    },
    /// An envelope that is not built as SOAP 1.2 says.
    #[error("{position}: {problem}")]
    Structure {
        /// Where.
        position: Position,
        /// What is wrong.
        problem: String,
    },
}

/// Reads a message.
///
/// # Errors
/// Says why the bytes are no SOAP 1.2 message.
pub fn read(bytes: &[u8], limits: &xml::Limits) -> Result<Envelope, SoapError> {
    Envelope::of(xml::read(bytes, limits)?)
}

impl Envelope {
    /// Takes a document apart.
    ///
    /// # Errors
    /// Says why the document is no SOAP 1.2 message.
    pub fn of(document: Document) -> Result<Self, SoapError> {
        let root = document.root;
        if &*root.name.local != "Envelope" {
            return Err(SoapError::NotAnEnvelope { position: root.position, name: root.name });
        }
        if &*root.name.namespace != SOAP12 {
            return Err(if &*root.name.namespace == SOAP11 {
                let body = root.child(SOAP11, "Body");
                SoapError::Version { fault: body.is_some_and(|body| body.child(SOAP11, "Fault").is_some()) }
            } else {
                SoapError::NotAnEnvelope { position: root.position, name: root.name }
            });
        }
        // [SOAP1.2-1] 5: a message holds no processing instruction.
        if let Some(&position) = document.processing_instructions.first() {
            return Err(structure(position, "a processing instruction stands in a SOAP message"));
        }
        if root.has_text() {
            return Err(structure(root.position, "the Envelope holds text"));
        }
        let position = root.position;
        let mut parts = root.into_elements().peekable();
        // [SOAP1.2-1] 5.1: an optional Header, then the Body, and nothing else.
        let header = parts.next_if(|part| part.name.is(SOAP12, "Header"));
        let Some(body) = parts.next() else {
            return Err(structure(position, "the Envelope has no Body"));
        };
        if !body.name.is(SOAP12, "Body") {
            return Err(structure(body.position, &format!("`{}` stands where the Body must", body.name)));
        }
        if let Some(extra) = parts.next() {
            return Err(structure(extra.position, &format!("`{}` stands after the Body", extra.name)));
        }
        // [SOAP1.2-1] 5.2, 5.3: both hold elements only.
        if let Some(part) = header.iter().chain([&body]).find(|part| part.has_text()) {
            return Err(structure(part.position, &format!("the {} holds text", part.name.local)));
        }
        let header: Vec<Element> = header.into_iter().flat_map(Element::into_elements).collect();
        if let Some(block) = header.iter().find(|block| block.name.namespace.is_empty()) {
            let problem = format!("the header block `{}` has no namespace", block.name);
            return Err(structure(block.position, &problem));
        }
        Ok(Self { addressing: Addressing::of(&header), header, body: body.into_elements().collect() })
    }
}

fn structure(position: Position, problem: &str) -> SoapError {
    SoapError::Structure { position, problem: problem.to_owned() }
}

impl Addressing {
    /// Picks the addressing headers out of the header blocks that are meant for the receiver.
    pub fn of(header: &[Element]) -> Self {
        let mut repeated = Vec::new();
        let blocks = || header.iter().filter(|block| is_for_receiver(block));
        let mut one = |local: &'static str| {
            let mut found = blocks().filter(|block| block.name.is(ADDRESSING, local));
            let first = found.next();
            if found.next().is_some() {
                repeated.push(local);
            }
            first
        };
        let text = |block: Option<&Element>| block.map(|block| block.text().trim().to_owned());
        let action = text(one("Action"));
        let message_id = text(one("MessageID"));
        let to = text(one("To"));
        let reply_to = text(one("ReplyTo").and_then(|block| block.child(ADDRESSING, "Address")));
        one("FaultTo");
        let relates_to = blocks()
            .filter(|block| block.name.is(ADDRESSING, "RelatesTo"))
            .map(|block| RelatesTo {
                relationship: block.attribute("", "RelationshipType").unwrap_or(RelatesTo::REPLY).to_owned(),
                id: block.text().trim().to_owned(),
            })
            .collect();
        Self { action, message_id, to, reply_to, relates_to, repeated }
    }

    /// The ids of the messages that this one replies to.
    pub fn replies_to(&self) -> impl Iterator<Item = &str> {
        let is_reply = |relation: &&RelatesTo| relation.relationship == RelatesTo::REPLY;
        self.relates_to.iter().filter(is_reply).map(|relation| relation.id.as_str())
    }
}

/// Whether a header block is for the last node of the message's path, or for every one. [SOAP1.2-1] 2.2, 5.2.2.
fn is_for_receiver(block: &Element) -> bool {
    match block.attribute(SOAP12, "role").map(str::trim) {
        None | Some("") => true,
        Some(role) => role.strip_prefix(ROLE).is_some_and(|role| matches!(role, "next" | "ultimateReceiver")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Envelope, SoapError> {
        read(text.as_bytes(), &xml::Limits::default())
    }

    fn envelope(inside: &str) -> String {
        format!("<e:Envelope xmlns:e='{SOAP12}' xmlns:w='{ADDRESSING}'>{inside}</e:Envelope>")
    }

    #[test]
    fn addressing_is_read_by_name_not_by_prefix() {
        let text = envelope(
            "<e:Header><w:Action> urn:x </w:Action><w:RelatesTo>urn:1</w:RelatesTo>\
             <w:RelatesTo RelationshipType='urn:other'>urn:2</w:RelatesTo>\
             <w:ReplyTo><w:Address>urn:r</w:Address></w:ReplyTo><Unknown xmlns='u'/></e:Header><e:Body><X/></e:Body>",
        );
        let message = parse(&text).unwrap();
        assert_eq!(message.addressing.action.as_deref(), Some("urn:x"));
        assert_eq!(message.addressing.reply_to.as_deref(), Some("urn:r"));
        assert_eq!(message.addressing.replies_to().collect::<Vec<_>>(), ["urn:1"]);
        assert_eq!(message.addressing.relates_to.len(), 2);
        assert_eq!(message.header.len(), 5);
        assert!(message.body[0].name.is("", "X"));
        assert!(message.addressing.repeated.is_empty());
    }

    #[test]
    fn what_soap_forbids_is_refused() {
        let wrong = [
            ("<x/>".to_owned(), "the root element is `x`"),
            (format!("<Envelope xmlns='{SOAP11}'><Body/></Envelope>"), "one of SOAP 1.1, not"),
            (format!("<Envelope xmlns='{SOAP11}'><Body><Fault/></Body></Envelope>"), "SOAP 1.1 with a fault"),
            (envelope(""), "has no Body"),
            (envelope("<e:Header/>"), "has no Body"),
            (envelope("<e:Body/><e:Header/>"), "stands after the Body"),
            (envelope("<e:Body/><e:Body/>"), "stands after the Body"),
            (envelope("<Body/>"), "stands where the Body must"),
            (envelope("text<e:Body/>"), "the Envelope holds text"),
            (envelope("<e:Body>text</e:Body>"), "the Body holds text"),
            (envelope("<e:Header><x/></e:Header><e:Body/>"), "has no namespace"),
            (envelope("<?pi?><e:Body/>"), "processing instruction"),
            (envelope("<e:Body>"), "not well-formed"),
        ];
        for (text, expected) in wrong {
            let message = parse(&text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }

    #[test]
    fn headers_that_stand_twice_are_told() {
        let text = envelope("<e:Header><w:Action>a</w:Action><w:Action>a</w:Action></e:Header><e:Body/>");
        assert_eq!(parse(&text).unwrap().addressing.repeated, ["Action"]);
        // What is meant for another node on the way does not count.
        let to = |role: &str| format!("<w:To e:role='{role}'>urn:b</w:To>");
        let two = |role: &str| envelope(&format!("<e:Header>{}<w:To>urn:a</w:To></e:Header><e:Body/>", to(role)));
        let addressing = parse(&two("urn:other")).unwrap().addressing;
        assert_eq!((addressing.to.as_deref(), addressing.repeated.len()), (Some("urn:a"), 0));
        assert_eq!(parse(&two(&format!("{ROLE}next"))).unwrap().addressing.repeated, ["To"]);
    }
}
