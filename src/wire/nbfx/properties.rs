//! Promises that hold for any bytes and any tree: nothing panics, nothing grows beyond its limits, what is written reads back.
//!
//! Leaves out Mono, against which `tests/mono.rs` holds the same. Follows what the modules beside this one promise.

use proptest::prelude::*;

use super::{
    Events, Intern, Item, Reader, Records, StringTable, Style, Value, Writer, captures::envelopes, dump, read, typed,
};
use crate::{
    spec::namespace::{ADDRESSING, IPAM, SOAP12},
    wire::{
        DecodeError, DecodeErrorKind,
        nbfse::{Decoder, Encoder, Limits, encode_without_table},
    },
    xml::{self, Attribute, Element, Node, Position, QName, Scope},
};

const CLIENT: &[u8] = include_bytes!("../../../tests/captures/nettcp/nettcp-duplex-c2s.bin");
const SERVER: &[u8] = include_bytes!("../../../tests/captures/nettcp/nettcp-simple-s2c.bin");

/// The payloads of both captures, each with the session before it.
fn sessions() -> Vec<(Decoder, Vec<u8>)> {
    let mut sessions = Vec::new();
    for stream in [CLIENT, SERVER] {
        let mut decoder = Decoder::new(Limits::default());
        for payload in envelopes(stream) {
            sessions.push((decoder.clone(), payload.to_vec()));
            decoder.decode(payload).unwrap();
        }
    }
    sessions
}

/// Everything that takes bytes: no panic; items lie one behind the other; an error lies within the bytes.
fn take(decoder: &Decoder, payload: &[u8]) -> Result<xml::Document, DecodeError> {
    let (items, wrong) = decoder.clone().dump(payload);
    let mut end = 0;
    for Item { offset, length, name, .. } in &items {
        assert!(*offset >= end || wrong.is_some(), "{name}");
        assert!(offset + length <= payload.len(), "{name}");
        end = offset + length;
    }
    let decoded = decoder.clone().decode(payload);
    if let Err(error) = &decoded {
        assert!(usize::try_from(error.offset).unwrap() <= payload.len(), "{error}");
    }
    // What is shown whole is not always a document; a document is always shown whole.
    assert!(decoded.is_err() || wrong.is_none(), "{wrong:?}");
    decoded
}

#[test]
fn every_truncation_is_told() {
    for (decoder, payload) in sessions() {
        for length in 0..payload.len() {
            let error = take(&decoder, &payload[..length]).unwrap_err();
            // Behind the string table there may be nothing, which is no element; an element may miss its declarations.
            let told = error.kind == DecodeErrorKind::Truncated || error.item == "document";
            let told = told || error.to_string().ends_with("is not bound");
            assert!(told, "{length} of {}: {error}", payload.len());
        }
    }
}

#[test]
fn no_single_byte_does_harm() {
    // Every value of every byte of the shortest payload; of the others, every bit.
    let sessions = sessions();
    let shortest = sessions.iter().map(|(_, payload)| payload.len()).min().unwrap();
    for (decoder, mut payload) in sessions.into_iter().step_by(3) {
        let all = payload.len() == shortest;
        for at in 0..payload.len() {
            let right = payload[at];
            for change in (1..=255_u8).filter(|change| all || change.is_power_of_two()) {
                payload[at] = right ^ change;
                let _ = take(&decoder, &payload);
            }
            payload[at] = right;
        }
    }
}

#[test]
fn limits_are_held() {
    let limits = xml::Limits { bytes: 60, depth: 2, attributes: 2, text: 5, elements: 4 };
    let table = StringTable::new();
    let kind = |bytes: &[u8]| read(bytes, &table, &limits).map(drop).map_err(|error| (error.item, error.kind));
    let limit = |item, limit, got| Err((item, DecodeErrorKind::Limit { limit, got }));
    assert_eq!(kind(&[0x42; 61]), limit("document", 60, 61));
    assert_eq!(kind(b"\x42\x02\x42\x04\x01\x01").unwrap_err().0, "ShortDictionaryElement");
    assert_eq!(kind(b"\x42\x02\x42\x02\x42\x02\x01\x01\x01"), limit("ShortDictionaryElement", 2, 3));
    assert_eq!(kind(b"\x42\x02\x06\x00\x80\x06\x02\x80\x06\x08\x80\x01"), limit("ShortDictionaryAttribute", 2, 3));
    assert_eq!(kind(b"\x42\x02\x99\x05hello"), Ok(()));
    assert_eq!(kind(b"\x42\x02\x99\x06hello!"), limit("Chars8TextWithEndElement", 5, 6));
    assert_eq!(kind(b"\x42\x02\x98\x03abc\x02\x01c\x99\x03def"), limit("Chars8TextWithEndElement", 5, 6));
    assert_eq!(kind(b"\x42\x02\x99\x06\xC3\xA9\xC3\xA9\xC3\xA9"), Ok(()));
    assert_eq!(kind(b"\x42\x02\x04\x01a\x98\x06hello!\x01"), limit("ShortAttribute", 5, 6));
    assert_eq!(kind(b"\x42\x02\x03\x40\x01a\x01\xB5\x04\x00\x00\x00\x00\x01"), limit("Array", 4, 5));
    // Three short references stand for more than 60 bytes of text.
    let short = xml::Limits { text: 1000, ..limits };
    let error = read(b"\x42\x02\xAA\x48\x01", &table, &short).unwrap_err();
    assert!(matches!(error.kind, DecodeErrorKind::Limit { limit: 60, .. }), "{error}");

    let mut decoder = Decoder::new(Limits { table: 8, ..Limits::default() });
    assert!(decoder.decode(b"\x04\x03abc\x42\x01\x01").is_ok());
    assert!(decoder.decode(b"\x04\x03def\x42\x03\x01").is_ok());
    let error = decoder.decode(b"\x01\x00\x42\x03\x01").unwrap_err();
    assert_eq!((error.item, error.kind), ("StringTable", DecodeErrorKind::Limit { limit: 8, got: 9 }));
}

#[test]
fn what_is_not_well_formed_is_told_where_it_stands() {
    let table = StringTable::new();
    for (bytes, offset, says) in [
        (&b""[..], 0, "document: there is no element"),
        (b"\x02\x01c", 0, "there is no element"),
        (b"\x01", 0, "EndElement: it ends an element, and none is open"),
        (b"\x40\x01a\x01\x40\x01b\x01", 4, "ShortElement: a second element stands beside the one at the top"),
        (b"\x03\x40\x01a\x01\x8B\x02\x00\x00\x00\x00", 0, "Array: a second element"),
        (b"\x40\x01a\x01\x98\x01x", 4, "Chars8Text: text stands outside"),
        (b"\x40\x01a\x01\x99\x01 ", 4, "Chars8TextWithEndElement: it ends an element, and none is open"),
        (b"\x40\x01a", 0, "Element: the bytes end inside it"),
        (b"\x5E\x01b\x01", 0, "PrefixElementA: the prefix `a` is not bound"),
        (b"\x40\x01b\x26\x01c\x80\x01", 0, "ShortElement: the prefix `a` is not bound"),
        (b"\x40\x01b\x09\x01a\x00\x01", 3, "XmlnsAttribute: a prefix is bound to no namespace"),
        (b"\x40\x01b\x09\x03xml\x01u\x01", 3, "XmlnsAttribute: the prefix `xml` is bound"),
        (b"\x40\x01b\x08\x01u\x08\x01v\x01", 6, "ShortXmlnsAttribute: the prefix `` is declared twice"),
        (b"\x40\x01b\x04\x01c\x80\x04\x01c\x80\x01", 0, "ShortElement: the attribute `c` stands twice"),
        (b"\x40\x01b\x09\x01p\x01u\x09\x01q\x01u\x35\x01c\x80\x36\x01c\x80\x01", 0, "the attribute `c` stands twice"),
        (b"\x40\x05xmlns\x01", 0, "ShortElement: `xmlns` is not a legal name"),
        (b"\x40\x00\x01", 0, "ShortElement: `` is not a legal name"),
        (b"\x40\x021a\x01", 0, "`1a` is not a legal name"),
        (b"\x42\x04\x01", 0, "is not a legal name"),
        (b"\x42\x01\x01", 0, "no string with the id 1 (0x01) has been sent so far"),
        (b"\x40\x01a\x98\x01\x00\x01", 3, "Chars8Text: the character U+0000 is not allowed in XML"),
        (b"\x40\x01a\x02\x02--\x01", 3, "Comment: `--` stands in a comment"),
        (b"\x40\x01a\xB4\x02\x01", 3, "BoolText: its value is neither 0 nor 1"),
        (b"\x40\x01a\x96\x00\x00\x00\x00\x00\x00\x00\xC0\x01", 3, "DateTimeText: its TZ is 3"),
        (b"\x40\x01a\xA4\x81\xA6\x01", 4, "ZeroTextWithEndElement: it stands in a list"),
        (b"\x40\x01a\xA4\xA4\xA6\xA6\x01", 4, "StartListText: a list stands in a list"),
        (b"\x40\x01a\xA6\x01", 3, "EndListText: no list is open"),
        (b"\x40\x01a\xA5\x01", 3, "Record: 0xA5 is no value that it has"),
        (b"\x40\x01a\x04\x01b\x81\x01", 3, "ShortAttribute: its value is the record 0x81"),
        (b"\x40\x01a\x80\x04\x01b\x80\x01", 4, "ShortAttribute: an attribute does not follow an element"),
        (b"\x40\x01a\x03\x03\x40\x01a\x01\x8B\x01\x00\x00\x01", 3, "Array: no element follows it"),
        (b"\x40\x01a\x03\x40\x01a\x01\x8B\x00\x01", 3, "Array: its length is zero"),
        (b"\x40\x01a\x03\x40\x01a\x01\x99\x01\x01", 3, "Array: 0x99 is no value that it has"),
        (b"\x40\x01a\x03\x40\x01a\x01\xB5\x01\x02\x01", 3, "Array: its value is neither 0 nor 1"),
        (b"\x78", 0, "Record: 0x78 is no value that it has"),
    ] {
        let error = read(bytes, &table, &xml::Limits::default()).unwrap_err();
        assert!(error.to_string().contains(says), "{bytes:02x?}: {error}");
        assert_eq!(error.offset, offset, "{bytes:02x?}: {error}");
    }
}

#[test]
fn a_full_table_falls_back_to_strings_in_the_document() {
    let text = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><first>x</first><second>x</second>\
                <first>x</first></s:Envelope>";
    let root = xml::read(text.as_bytes(), &xml::Limits::default()).unwrap().root;
    let mut encoder = Encoder::with_table_bytes(Style::default(), 6);
    let mut decoder = Decoder::new(Limits { table: 6, ..Limits::default() });
    for strings in [&b"\x06\x05first"[..], b"\x00"] {
        let payload = encoder.encode(&root);
        assert!(payload.starts_with(strings) && payload.windows(7).any(|part| part == b"\x06second"));
        assert!(decoder.decode(&payload).unwrap().root.is_same(&root));
    }
}

/// Trees with a few names, prefixes and texts in every combination.
fn trees() -> impl Strategy<Value = Element> {
    let name = || {
        let namespace = prop::sample::select(vec!["", "urn:x", IPAM, SOAP12, ADDRESSING]);
        let local = prop::sample::select(vec!["Body", "To", "Action", "MessageID", "a", "\u{e9}", "long-name"]);
        (namespace, local).prop_map(|(namespace, local)| QName::new(namespace, local))
    };
    let text = || {
        prop_oneof![
            "[ -~\u{e9}\u{4e2d}\u{1f600}\n\t\r]{0,12}",
            any::<i64>().prop_map(|n| n.to_string()),
            any::<f64>().prop_map(|n| Value::Double(n).to_string()),
            prop::sample::select(vec!["true", "0", "1", "PT5M", "2024-01-01T00:00:00Z", "", "x"])
                .prop_map(str::to_owned),
        ]
    };
    let declared = prop::collection::btree_map(
        prop::sample::select(vec!["", "a", "s", "long"]),
        prop::sample::select(vec!["urn:x", "urn:y", IPAM]),
        0..3,
    );
    let attributes = move || prop::collection::btree_map(name(), text(), 0..3);
    let leaf = (name(), attributes(), text(), declared.clone()).prop_map(|(name, attributes, text, declared)| {
        let children = if text.is_empty() { Vec::new() } else { vec![Node::Text(text)] };
        element(name, attributes, children, declared)
    });
    leaf.prop_recursive(4, 40, 5, move |inner| {
        let children = prop::collection::vec((inner, 1_usize..4, any::<bool>()), 0..4);
        (name(), attributes(), children, declared.clone()).prop_map(|(name, attributes, children, declared)| {
            let nodes = children.into_iter().flat_map(|(child, times, text)| {
                let text = text.then(|| Node::Text(" t ".to_owned()));
                std::iter::repeat_n(Node::Element(child), times).chain(text)
            });
            element(name, attributes, nodes.collect(), declared)
        })
    })
}

fn element(
    name: QName,
    attributes: std::collections::BTreeMap<QName, String>,
    children: Vec<Node>,
    declared: std::collections::BTreeMap<&str, &str>,
) -> Element {
    let attributes = attributes.into_iter().map(|(name, value)| Attribute { name, value }).collect();
    let scope = Scope::default().with(declared.into_iter().map(|(p, n)| (p.into(), n.into())).collect());
    Element { name, attributes, children, scope, position: Position::default() }
}

fn styles() -> impl Strategy<Value = Style> {
    let intern = prop::sample::select(vec![Intern::Nothing, Intern::Headers, Intern::Names]);
    (intern, any::<[bool; 6]>()).prop_map(
        |(intern, [dictionary, letters, with_end_element, typed, arrays, unicode])| Style {
            dictionary,
            intern,
            letters,
            with_end_element,
            typed,
            arrays,
            unicode,
        },
    )
}

proptest! {
    #[test]
    fn whatever_is_written_reads_back(roots in prop::collection::vec(trees(), 1..4), style in styles(), room in 0_usize..80) {
        let limits = Limits::default();
        let mut encoder = Encoder::with_table_bytes(style, room);
        let mut decoder = Decoder::new(limits);
        for root in roots {
            let payload = encoder.encode(&root);
            let document = decoder.decode(&payload).unwrap();
            prop_assert!(document.root.is_same(&root), "{:?} is not {:?}", document.root, root);
            // As text it is the same too.
            let again = xml::read(xml::write(&document.root).as_bytes(), &limits.document).unwrap();
            prop_assert!(again.root.is_same(&root));
            let plain = encode_without_table(&root, style);
            prop_assert!(read(&plain, &StringTable::new(), &limits.document).unwrap().root.is_same(&root));
        }
        prop_assert_eq!(decoder.table().repeated().count(), 0);
    }

    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x40_u8..0x48, 0x80_u8..0xC0, 0_u8..6], 0..60)) {
        let _ = take(&Decoder::new(Limits::default()), &bytes);
        let table = StringTable::new();
        let limits = xml::Limits::default();
        let mut writer = Writer::new().apart();
        let mut length = 0;
        for placed in Records::new(&bytes, &table).map_while(Result::ok) {
            writer.write(&placed.record);
            length = placed.offset + placed.length;
        }
        // Written again they are no longer, and read as the same.
        prop_assert!(writer.as_bytes().len() <= length);
        let shown = |bytes| dump(bytes, &table).0.into_iter().map(|item| (item.name, item.text)).collect::<Vec<_>>();
        let again = shown(writer.as_bytes());
        prop_assert_eq!(&again, &shown(&bytes[..length]));
        let mut events = Events::new(Reader::of_fragment(&bytes, &table, &limits).unwrap(), &limits);
        while let Ok(Some(_)) = events.next_event() {}
    }

    #[test]
    fn numbers_have_their_text_and_back(double: f64, float: f32, ticks: i64) {
        for value in [Value::Double(double), Value::Float(float), Value::TimeSpan(ticks)] {
            let again = typed::of_type(value.record_type(), &value.text()).unwrap();
            prop_assert_eq!(again.text(), value.text());
            prop_assert!(again == value || double.is_nan() || float.is_nan());
        }
    }
}
