//! What a message shows to those who follow a session: its addressing and its body, of a tree or of what needs none.
//!
//! Leaves out what is wrong with a message that is none of SOAP 1.2: that is told with a tree. Follows [SOAP1.2-1] 5 and
//! WS-Addressing 1.0 SOAP Binding, as `envelope` does.

use super::Envelope;
use crate::{
    spec::namespace::{ADDRESSING, SOAP12},
    xml::{Child, Element, Plain, PlainElement, View},
};

/// A message that is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a, V> {
    /// The action, white space around it left out.
    pub action: Option<&'a str>,
    /// The id of this message.
    pub message_id: Option<&'a str>,
    /// The first id that it replies to.
    pub replies_to: Option<&'a str>,
    /// Whether no addressing header stands more often than it may.
    pub is_addressed_once: bool,
    /// The first child of the body.
    pub body: Option<V>,
    /// How many children the body has.
    pub elements: usize,
}

impl<'a> Message<'a, &'a Element> {
    /// Of a message that was read into a tree.
    pub fn of(envelope: &'a Envelope) -> Self {
        let addressing = &envelope.addressing;
        Self {
            action: addressing.action.as_deref(),
            message_id: addressing.message_id.as_deref(),
            replies_to: addressing.replies_to().next(),
            is_addressed_once: addressing.repeated.is_empty(),
            body: envelope.body.first(),
            elements: envelope.body.len(),
        }
    }
}

impl<'a> Message<'a, PlainElement<'a>> {
    /// Of a document of the plainest kind; none where it is no message, or one that takes more to be understood: headers
    /// with a role, or that stand twice.
    pub fn plain(document: Plain<'a>) -> Option<Self> {
        let root = document.root();
        if !root.is(SOAP12, "Envelope") || root.has_text() {
            return None;
        }
        let mut parts = root.elements().peekable();
        let header = parts.next_if(|part| part.is(SOAP12, "Header"));
        let body = parts.next().filter(|part| part.is(SOAP12, "Body"))?;
        if parts.next().is_some() || header.is_some_and(View::has_text) || body.has_text() {
            return None;
        }
        let (mut action, mut message_id, mut replies_to) = (None, None, None);
        let (mut to, mut reply_to, mut fault_to) = (None, None, None);
        for block in header.into_iter().flat_map(View::elements) {
            if block.namespace().is_empty() || block.attribute(SOAP12, "role").is_some() {
                return None;
            }
            if block.namespace() != ADDRESSING {
                continue;
            }
            let once = match block.local() {
                "Action" => &mut action,
                "MessageID" => &mut message_id,
                // One relation is what a message has; of several the first reply counts, which the tree tells.
                "RelatesTo" if block.attribute("", "RelationshipType").is_none() => &mut replies_to,
                "RelatesTo" => return None,
                "To" => &mut to,
                "ReplyTo" => &mut reply_to,
                "FaultTo" => &mut fault_to,
                _ => continue,
            };
            let text = match block.local() {
                "ReplyTo" | "FaultTo" => "",
                _ => only_text(block)?.trim(),
            };
            if once.replace(text).is_some() {
                return None;
            }
        }
        let mut elements = body.elements();
        let first = elements.next();
        let elements = usize::from(first.is_some()) + elements.count();
        Some(Self { action, message_id, replies_to, is_addressed_once: true, body: first, elements })
    }
}

/// The text of an element that holds nothing else.
fn only_text(block: PlainElement<'_>) -> Option<&str> {
    let mut children = block.children();
    let text = match children.next() {
        None => "",
        Some(Child::Text(text)) => text,
        Some(Child::Element(_)) => return None,
    };
    children.next().is_none().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        soap,
        xml::{Limits, PlainReader},
    };

    fn envelope(header: &str, body: &str) -> String {
        format!(
            "<e:Envelope xmlns:e='{SOAP12}' xmlns:w='{ADDRESSING}'><e:Header>{header}</e:Header><e:Body>{body}</e:Body>\
             </e:Envelope>"
        )
    }

    /// Whether a text is taken without a tree; where it is, both show the same.
    fn is_taken(text: &str) -> bool {
        let mut reader = PlainReader::default();
        let plain = reader.read(text.as_bytes()).expect("plain");
        let Some(message) = Message::plain(plain) else { return false };
        let envelope = soap::read(text.as_bytes(), &Limits::default()).expect(text);
        let tree = Message::of(&envelope);
        assert_eq!(
            (message.action, message.message_id, message.replies_to, message.is_addressed_once, message.elements),
            (tree.action, tree.message_id, tree.replies_to, tree.is_addressed_once, tree.elements),
            "{text}"
        );
        assert_eq!(message.body.map(View::local), tree.body.map(View::local), "{text}");
        true
    }

    #[test]
    fn what_peers_send_is_taken_and_shows_what_the_tree_shows() {
        let usual = "<w:Action> urn:x </w:Action><w:MessageID>urn:1</w:MessageID><w:To>urn:b</w:To>\
                     <w:ReplyTo><w:Address>urn:r</w:Address></w:ReplyTo><Unknown xmlns='u'/>";
        for text in [
            envelope(usual, "<x/>"),
            envelope("<w:RelatesTo>urn:2</w:RelatesTo>", ""),
            envelope("\n <w:Action/>\n", "\n<x/><y/>"),
            format!("<Envelope xmlns='{SOAP12}'><Body><Fault/></Body></Envelope>"),
        ] {
            assert!(is_taken(&text), "{text}");
        }
    }

    #[test]
    fn what_takes_more_is_left_to_the_tree() {
        for text in [
            envelope("<w:Action>a</w:Action><w:Action>a</w:Action>", ""),
            envelope("<w:Action e:role='urn:other'>a</w:Action>", ""),
            envelope("<w:Action><x/></w:Action>", ""),
            envelope("<w:RelatesTo RelationshipType='urn:x'>a</w:RelatesTo>", ""),
            envelope("<w:RelatesTo>a</w:RelatesTo><w:RelatesTo>b</w:RelatesTo>", ""),
            envelope("<x/>", ""),
            envelope("text", ""),
            envelope("", "text"),
            envelope("", "").replace("e:Header", "e:Body"),
            format!("<Envelope xmlns='{SOAP12}'/>"),
            "<Envelope/>".to_owned(),
        ] {
            assert!(!is_taken(&text), "{text}");
        }
    }
}
