//! Lies about messages: makes one that must be refused into one that can be followed, as a server that looks away would
//! read it.
//!
//! Leaves out everything that a server does rightly. Follows no document.

use std::borrow::Cow;

use crate::{
    reference::{Behaviour, Mutant},
    spec::{Operation, namespace},
    wire::{
        framing::MultiByteInt31,
        nbfx::{Records, StringTable},
    },
    xml::{self, Document, Element, Node, QName},
};

/// The message as a server that behaves so reads it.
pub(super) fn read(mut document: Document, behaviour: &Behaviour) -> Document {
    let root = &mut document.root;
    if behaviour.lies(Mutant::TakesSoap11) {
        rename(root);
        root.children.iter_mut().filter_map(element).for_each(rename);
    }
    if behaviour.lies(Mutant::TakesFirstOfTwo)
        && let Some(body) = part(root, "Body")
    {
        let first = body.children.iter().position(|node| matches!(node, Node::Element(_)));
        body.children.truncate(first.map_or(0, |first| first + 1));
    }
    let of_action = part(root, "Header")
        .and_then(|header| header.child(namespace::ADDRESSING, "Action"))
        .and_then(|action| Operation::of_action(action.text().trim()));
    if behaviour.lies(Mutant::GuessesTheBody)
        && let (Some(operation), Some(body)) = (of_action, part(root, "Body"))
    {
        let mut element = body.clone();
        element.name = QName::new(namespace::IPAM, operation.name);
        element.children.clear();
        body.children = vec![Node::Element(element)];
    }
    let asked = part(root, "Body").and_then(|body| body.children.iter_mut().find_map(element)).and_then(|body| {
        Operation::of_element(&body.name.namespace, &body.name.local).map(|operation| operation.action)
    });
    let Some(header) = part(root, "Header") else { return document };
    if behaviour.lies(Mutant::IgnoresMustUnderstand) {
        header.children.retain(|node| matches!(node, Node::Element(block) if is_addressing(block)));
    }
    let is_action =
        |node: &Node| matches!(node, Node::Element(block) if is_addressing(block) && &*block.name.local == "Action");
    if behaviour.lies(Mutant::TakesFirstAction) {
        let mut seen = false;
        header.children.retain(|node| !is_action(node) || !std::mem::replace(&mut seen, true));
    }
    if behaviour.lies(Mutant::GuessesAction)
        && let Some(action) = asked
    {
        header.children.retain(|node| !is_action(node));
        let mut block = header.clone();
        block.name = QName::new(namespace::ADDRESSING, "Action");
        block.attributes = Vec::new();
        block.children = vec![Node::Text(action.to_owned())];
        header.children.push(Node::Element(block));
    }
    document
}

/// The bytes as a server that behaves so reads them, where they begin at a record.
pub(super) fn bytes<'a>(bytes: &'a [u8], behaviour: &Behaviour) -> Cow<'a, [u8]> {
    /// A Via that means IIpamServer.
    const VIA: &[u8] = b"\x02\x17net.tcp://h/Ipam/Server";
    let mut bytes = Cow::Borrowed(bytes);
    if behaviour.lies(Mutant::PassesOverUnknownBytes) {
        let unknown = bytes.iter().take_while(|byte| **byte > 0x0C).count();
        bytes = bytes.get(unknown..).unwrap_or_default().to_vec().into();
    }
    if behaviour.lies(Mutant::PassesOverEmptyRecords) {
        match (bytes.get(..2), bytes.get(..5), bytes.get(5..7)) {
            (Some([0x06, 0x00]), ..) => bytes = bytes.get(2..).unwrap_or_default().to_vec().into(),
            (_, Some(before), Some([0x02, 0x00])) => {
                let after = bytes.get(7..).unwrap_or_default();
                bytes = [before, VIA, after].concat().into();
            }
            _ => {}
        }
    }
    if behaviour.lies(Mutant::ReadsLongerSizes)
        && let [0x06, size @ ..] = bytes.as_ref()
        && let Some(last) = size.iter().take(9).position(|octet| octet & 0x80 == 0).filter(|last| *last >= 5)
    {
        let value = size.iter().take(last + 1).rev().fold(0, |value, octet| value << 7 | usize::from(octet & 0x7F));
        let mut shorter = vec![0x06];
        MultiByteInt31::write(value, &mut shorter);
        shorter.extend_from_slice(size.get(last + 1..).unwrap_or_default());
        bytes = shorter.into();
    }
    bytes
}

/// Whether a payload of a binary session is written as Microsoft's stack would write it, as far as its records tell.
pub(super) fn is_common(payload: &[u8]) -> bool {
    let Ok(Some(size)) = MultiByteInt31::read(payload) else { return true };
    let skipped = size.octets + usize::try_from(size.value).unwrap_or(usize::MAX);
    let (document, mut table) = (payload.get(skipped..).unwrap_or_default(), StringTable::default());
    // Which strings ids stand for does not matter here.
    for id in 0..64 {
        table.add(&format!("string {id}"));
    }
    let types = Records::new(document, &table).map_while(Result::ok);
    types.into_iter().all(|placed| {
        let record_type = document.get(placed.offset).copied().unwrap_or_default();
        // s:mustUnderstand and its value.
        let is_plain = record_type != 0x1E || matches!(document.get(placed.offset + 2), Some(0x80..=0x83 | 0x98));
        is_plain && !matches!(
            record_type,
            0x02 | 0x04..=0x05 | 0x07 | 0x09 | 0x26..=0x3F | 0x41 | 0x43 | 0x5E..=0x77 | 0x84..=0x97 | 0x9A..=0x9F | 0xA0..=0xA9 | 0xAE..=0xFF
        )
    })
}

/// A question that nobody asked.
pub(super) fn made_up() -> Option<Document> {
    let text = format!(
        "<s:Envelope xmlns:s='{}' xmlns:a='{}'><s:Header><a:Action>{}/GetIpamVersion</a:Action>\
         <a:MessageID>urn:x:1</a:MessageID></s:Header><s:Body><GetIpamVersion xmlns='{}'/></s:Body></s:Envelope>",
        namespace::SOAP12,
        namespace::ADDRESSING,
        "http://Microsoft.Windows.Ipam/IIpamServer",
        namespace::IPAM
    );
    xml::read(text.as_bytes(), &xml::Limits::default()).ok()
}

fn rename(element: &mut Element) {
    if &*element.name.namespace == namespace::SOAP11 {
        element.name.namespace = namespace::SOAP12.into();
    }
}

fn is_addressing(block: &Element) -> bool {
    &*block.name.namespace == namespace::ADDRESSING
}

fn element(node: &mut Node) -> Option<&mut Element> {
    match node {
        Node::Element(element) => Some(element),
        Node::Text(_) => None,
    }
}

fn part<'a>(envelope: &'a mut Element, local: &str) -> Option<&'a mut Element> {
    envelope.children.iter_mut().filter_map(element).find(|part| part.name.is(namespace::SOAP12, local))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{nbfse, nbfx::Style};

    #[test]
    fn what_microsoft_writes_is_common() {
        let document = made_up().unwrap();
        let mut encoder = nbfse::Encoder::new(Style::default());
        for _ in 0..2 {
            let payload = encoder.encode(&document.root);
            assert!(is_common(&payload), "{payload:02X?}");
        }
        // The headers that clients write beside.
        let text = format!(
            "<s:Envelope xmlns:s='{}' xmlns:a='{}'><s:Header><a:ReplyTo><a:Address>{}</a:Address></a:ReplyTo>\
             <a:To s:mustUnderstand='1'>net.tcp://h/Ipam/Server</a:To></s:Header><s:Body/></s:Envelope>",
            namespace::SOAP12,
            namespace::ADDRESSING,
            namespace::ANONYMOUS
        );
        let document = xml::read(text.as_bytes(), &xml::Limits::default()).unwrap();
        let payload = encoder.encode(&document.root);
        assert!(is_common(&payload), "{payload:02X?}");
        let plain = nbfse::Encoder::new(Style::plain()).encode(&document.root);
        assert!(!is_common(&plain));
    }

    #[test]
    fn bytes_are_passed_over_at_the_beginning_of_a_record() {
        let unknown = Behaviour::from(Mutant::PassesOverUnknownBytes);
        assert_eq!(*bytes(&[0x80, 0x0D, 0x06, 0x01], &unknown), [0x06, 0x01]);
        let empty = Behaviour::from(Mutant::PassesOverEmptyRecords);
        assert_eq!(*bytes(&[0x06, 0x00, 0x07], &empty), [0x07]);
        // VersionRecord, ModeRecord, an empty ViaRecord
        let preamble = [0x00, 0x01, 0x00, 0x01, 0x02, 0x02, 0x00, 0x03];
        assert_eq!(bytes(&preamble, &empty).len(), preamble.len() + 23);
    }
}
