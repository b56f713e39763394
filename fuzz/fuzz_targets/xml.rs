//! Bytes read as XML: nothing panics, and what was read is the same once it was written and read again.
//!
//! Leaves out values, whose lexical rules the property tests try. Follows the promises of `ipamspec::xml`.
#![no_main]

use ipamspec::{
    spec::schema::Type,
    xml::{Limits, fragment, pretty, read, validate, write},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = fragment(text, "urn:default", &limits);
    }
    let Ok(document) = read(bytes, &limits) else { return };

    // Declarations that the writer adds, and characters it escapes, may take it beyond the limits of what was read.
    let roomy = Limits { bytes: usize::MAX, attributes: usize::MAX, ..limits };
    let written = write(&document.root);
    let again = read(written.as_bytes(), &roomy).expect("what is written is well-formed");
    assert!(again.root.is_same(&document.root), "{written}");
    assert!(read(pretty(&document.root).as_bytes(), &roomy).is_ok());

    for kind in Type::NAMES.iter().filter_map(|name| Type::named(name)) {
        let _ = validate(&document.root, kind);
    }
});
