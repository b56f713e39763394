//! What Mono's client and server said to each other, decoded whole and written again to the same bytes.
//!
//! Leaves out framing, of which only the envelopes are taken. The captures are in `tests/captures/nettcp`.

use crate::{
    wire::{
        nbfse::{Decoder, Encoder, Limits},
        nbfx::{Cursor, Records, StringTable, Style, Writer},
    },
    xml,
};

const CAPTURES: [(&str, &[u8]); 4] = [
    ("simple, to the server", include_bytes!("../../../tests/captures/nettcp/nettcp-simple-c2s.bin")),
    ("simple, to the client", include_bytes!("../../../tests/captures/nettcp/nettcp-simple-s2c.bin")),
    ("duplex, to the server", include_bytes!("../../../tests/captures/nettcp/nettcp-duplex-c2s.bin")),
    ("duplex, to the client", include_bytes!("../../../tests/captures/nettcp/nettcp-duplex-s2c.bin")),
];

/// The payloads of the SizedEnvelopeRecords of a stream.
pub(super) fn envelopes(stream: &[u8]) -> Vec<&[u8]> {
    let mut cursor = Cursor::new(stream);
    let mut payloads = Vec::new();
    while let Some(record_type) = cursor.begin() {
        match record_type {
            // VersionRecord, ModeRecord, KnownEncodingRecord.
            0x00 => drop(cursor.take(2).unwrap()),
            0x01 | 0x03 => drop(cursor.take(1).unwrap()),
            // ViaRecord, FaultRecord, UpgradeRequestRecord.
            0x02 | 0x08 | 0x09 => drop(cursor.string().unwrap()),
            0x06 => {
                let length = cursor.length().unwrap();
                payloads.push(cursor.take(length).unwrap());
            }
            0x07 | 0x0A..=0x0C => {}
            other => panic!("framing record {other:#x}"),
        }
    }
    payloads
}

#[test]
fn captures_decode_whole_and_are_written_again_to_the_same_bytes() {
    let mut documents = 0;
    for (name, stream) in CAPTURES {
        let mut decoder = Decoder::new(Limits::default());
        let mut encoder = Encoder::new(Style::default());
        let mut again = Decoder::new(Limits::default());
        for payload in envelopes(stream) {
            let document = decoder.decode(payload).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(document.root.name.is(crate::spec::namespace::SOAP12, "Envelope"), "{name}");
            documents += 1;

            let table = decoder.table().clone();
            let bytes = Decoder::new(Limits::default()).read_table(payload).unwrap();
            let mut writer = Writer::new().apart();
            for record in Records::new(bytes, &table) {
                writer.write(&record.unwrap().record);
            }
            assert_eq!(writer.into_bytes(), bytes, "{name}");

            let encoded = encoder.encode(&document.root);
            let decoded = again.decode(&encoded).unwrap_or_else(|error| panic!("{name}: {error}: {encoded:02x?}"));
            assert!(decoded.root.is_same(&document.root), "{name}");
            assert_eq!(xml::write(&decoded.root), xml::write(&document.root), "{name}");
            let plain = super::read(
                &crate::wire::nbfse::encode_without_table(&document.root, Style::plain()),
                &StringTable::new(),
                &xml::Limits::default(),
            );
            assert!(plain.unwrap().root.is_same(&document.root), "{name}");
        }
    }
    assert!(documents >= 20, "{documents}");
}
