//! Payloads of one session: nothing panics or grows, and what was decoded says the same once it was encoded and decoded again.
//!
//! The input is payloads, each with its length in two bytes before it. Follows the promises of `ipamspec::wire::nbfse`.
#![no_main]

use ipamspec::{
    wire::{
        nbfse::{Decoder, Encoder, Limits},
        nbfx::Style,
    },
    xml,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut decoder = Decoder::new(Limits::default());
    let mut encoder = Encoder::new(Style::default());
    let document = xml::Limits { bytes: usize::MAX, attributes: usize::MAX, ..xml::Limits::default() };
    let mut again = Decoder::new(Limits { document, ..Limits::default() });
    let mut rest = bytes;
    while let [low, high, behind @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(behind.len());
        let (payload, behind) = behind.split_at(length);
        rest = behind;
        let (items, wrong) = decoder.clone().dump(payload);
        assert!(items.iter().all(|item| item.offset + item.length <= payload.len()));
        let Ok(document) = decoder.decode(payload) else { continue };
        assert_eq!(wrong, None);
        let encoded = encoder.encode(&document.root);
        let decoded = again.decode(&encoded).expect("what is encoded decodes");
        assert!(decoded.root.is_same(&document.root), "{encoded:02x?}");
    }
    assert_eq!(again.table().repeated().count(), 0);
});
