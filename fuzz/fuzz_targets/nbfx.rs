//! Bytes read as binary XML: nothing panics or grows, records are written again as they were, and what was read says the
//! same once it was written in another style and read again.
//!
//! Leaves out string tables, which `nbfse` tries. Follows the promises of `ipamspec::wire::nbfx`.
#![no_main]

use ipamspec::{
    wire::{
        nbfse::encode_without_table,
        nbfx::{Records, StringTable, Style, Writer, dump, read},
    },
    xml::Limits,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (table, limits) = (StringTable::new(), Limits::default());
    let (items, wrong) = dump(bytes, &table);
    assert!(items.iter().all(|item| item.offset + item.length <= bytes.len()));
    let mut writer = Writer::new().apart();
    for placed in Records::new(bytes, &table).map_while(Result::ok) {
        writer.write(&placed.record);
    }
    let Ok(document) = read(bytes, &table, &limits) else { return };
    assert_eq!(wrong, None);
    let again = read(writer.as_bytes(), &table, &limits).expect("the same records");
    assert!(again.root.is_same(&document.root));

    // Declarations that the writer adds may take it beyond the limits of what was read.
    let roomy = Limits { bytes: usize::MAX, attributes: usize::MAX, ..limits };
    for style in [Style::default(), Style::plain(), Style { typed: true, arrays: true, ..Style::default() }] {
        let written = encode_without_table(&document.root, style);
        let again = read(&written, &table, &roomy).expect("what is written is well-formed");
        assert!(again.root.is_same(&document.root), "{style:?}: {written:02x?}");
    }
});
