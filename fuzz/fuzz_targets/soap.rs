//! Bytes read as SOAP messages, in text and in binary: nothing panics, and both say the same of the same message.
//!
//! Leaves out what carries them. Follows the promises of `ipamspec::soap` and `ipamspec::session`.
#![no_main]

use std::sync::Arc;

use ipamspec::{
    session::Received,
    soap::{self, contract},
    spec::OPERATIONS,
    wire::{nbfse, nbfx::Style},
    xml::{Limits, read},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = Received::text(bytes.to_vec().into(), None);
    let envelope = text.envelope();
    if let Ok(envelope) = &envelope {
        for operation in [None].into_iter().chain(OPERATIONS.iter().take(2).map(Some)) {
            let _ = contract::check(envelope.clone(), operation, Some("urn:uuid:1"), None);
        }
        let _ = envelope.body.first().filter(|body| soap::Fault::is_named(body)).map(soap::Fault::read);
    }
    let Ok(document) = read(bytes, &Limits::default()) else { return };
    let payload = nbfse::Encoder::new(Style::default()).encode(&document.root);
    let binary = nbfse::Decoder::new(nbfse::Limits::default()).decode(&payload).map(Arc::new);
    // Comments and processing instructions have no place in binary XML: only what is a message in text is compared.
    if let (Ok(envelope), Ok(_)) = (&envelope, &binary) {
        let received = Received { binary: Some(binary), ..Received::text(payload.into(), None) };
        let again = received.envelope().expect("a message in text is one in binary");
        assert_eq!((again.header.len(), again.body.len()), (envelope.header.len(), envelope.body.len()));
    }
});
