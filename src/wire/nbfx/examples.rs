//! The examples of [MC-NBFX] 3 and of [MC-NBFS] 3 and [MC-NBFSE] 3, read, shown and written again.
//!
//! Leaves out nothing of them. The data is in `tests/nbfx`.

use super::{Records, StringTable, Writer, dump};
use crate::{
    wire::{
        nbfse::{Decoder, Encoder, Limits, decode_without_table},
        nbfx::{Events, Reader, Style},
    },
    xml::{self, Builder, Element, Node, fragment},
};

const EXAMPLES: &str = include_str!("../../../tests/nbfx/examples.tsv");

/// The table of the examples: any string will do for the ids that are odd.
fn table() -> StringTable {
    let mut table = StringTable::new();
    for id in (1..30).step_by(2) {
        table.add(&format!("str{id}"));
    }
    table
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

/// A text whose `{id}` are the strings of a table.
fn filled(text: &str, table: &StringTable) -> String {
    let mut parts = text.split('{');
    let mut filled = parts.next().unwrap().to_owned();
    for part in parts {
        let (id, rest) = part.split_once('}').unwrap();
        filled += table.get(id.parse().unwrap()).unwrap();
        filled += rest;
    }
    filled
}

fn is_same(a: &[Node], b: &[Node]) -> bool {
    let scope = xml::Scope::default();
    let around = |nodes: &[Node]| Element {
        name: xml::QName::new("", "around"),
        attributes: Vec::new(),
        children: nodes.to_vec(),
        scope: scope.clone(),
        position: xml::Position::default(),
    };
    around(a).is_same(&around(b))
}

#[test]
fn the_examples_of_the_document_say_what_it_says() {
    let (table, limits) = (table(), xml::Limits::default());
    let lines: Vec<_> = EXAMPLES.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 83);
    for line in lines {
        let [name, hex, text] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let bytes = bytes(hex);

        let mut writer = Writer::new().apart();
        for record in Records::new(&bytes, &table) {
            writer.write(&record.unwrap().record);
        }
        assert_eq!(writer.as_bytes(), bytes, "{name}");
        let (items, error) = dump(&bytes, &table);
        assert_eq!(error, None, "{name}");
        // EndListText is the end of a StartListText.
        let shown = if name == "EndListText" { "StartListText" } else { name };
        let is_shown = items.iter().any(|item| item.name == shown);
        let of_attribute = bytes.contains(&0x04) || bytes.contains(&0x06);
        assert!(is_shown || of_attribute, "{name}: {items:?}");

        let reader = Reader::of_fragment(&bytes, &table, &limits).unwrap();
        let mut events = Events::new(reader, &limits);
        let mut builder = Builder::default();
        let mut wrong = None;
        loop {
            match events.next_event() {
                Ok(Some(event)) => builder.push(event),
                Ok(None) => break,
                Err(error) => {
                    wrong = Some(error.to_string());
                    break;
                }
            }
        }
        if name == "QNameDictionaryText" {
            // Its attribute has the name str880, which is a URL in the static dictionary.
            assert!(wrong.unwrap().contains("is not a legal name"));
            assert!(items.iter().any(|item| item.text.ends_with("=\"i:float\"")), "{items:?}");
            continue;
        }
        assert_eq!(wrong, None, "{name}");
        let expected = fragment(&filled(text, &table), "", &limits).unwrap();
        let nodes = builder.into_nodes();
        assert!(is_same(&nodes, &expected), "{name}: {nodes:?} is not {expected:?}");
    }
}

/// [MC-NBFS] 3.
const SOAP: &str = "56 02 0B 01 61 06 0B 01 73 04 56 08 44 0A 1E 00 82 99 06 61 63 74 69 6F 6E 01 56 0E 40 09 49 6E 76 \
                    65 6E 74 6F 72 79 81 01 01";
/// [MC-NBFSE] 3: the same with `action` and `Inventory` in a string table.
const IN_BAND: &str = "11 06 61 63 74 69 6F 6E 09 49 6E 76 65 6E 74 6F 72 79 \
                       56 02 0B 01 61 06 0B 01 73 04 56 08 44 0A 1E 00 82 AB 01 01 56 0E 42 03 81 01 01";
const TEXT: &str = "<s:Envelope xmlns:a=\"http://www.w3.org/2005/08/addressing\" \
                    xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Header><a:Action s:mustUnderstand=\"1\">action\
                    </a:Action></s:Header><s:Body><Inventory>0</Inventory></s:Body></s:Envelope>";

#[test]
fn the_soap_examples_are_read_and_are_what_we_write() {
    let limits = xml::Limits::default();
    let expected = xml::read(TEXT.as_bytes(), &limits).unwrap().root;
    assert!(decode_without_table(&bytes(SOAP), &limits).unwrap().root.is_same(&expected));
    let in_band = bytes(IN_BAND);
    let mut decoder = Decoder::new(Limits::default());
    let document = decoder.decode(&in_band).unwrap();
    assert!(document.root.is_same(&expected));
    assert_eq!(xml::write(&document.root), TEXT);
    assert_eq!(document.root.child(crate::spec::namespace::SOAP12, "Body").unwrap().position.offset, 38);
    assert_eq!(Encoder::new(Style::default()).encode(&document.root), in_band);

    let (items, error) = Decoder::new(Limits::default()).dump(&in_band);
    assert_eq!(error, None);
    let shown: Vec<_> = items.iter().take(4).map(|i| (i.offset, i.length, i.name, i.text.as_str())).collect();
    assert_eq!(
        shown,
        [
            (0, 1, "StringTable", "17 bytes of strings"),
            (1, 7, "String", "1 action"),
            (8, 10, "String", "3 Inventory"),
            (18, 2, "PrefixDictionaryElementS", "<s:Envelope"),
        ]
    );
    let end = items.last().unwrap();
    assert_eq!(end.offset + end.length, in_band.len());
}
