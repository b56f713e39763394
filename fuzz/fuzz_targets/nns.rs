//! Bytes read as the messages of NegotiateStream: nothing panics, a split changes nothing, and what was read is the same once
//! it was written and read again.
//!
//! Leaves out what tokens hold. Follows the promises of `ipamspec::wire::nns`. The first two octets of the input say where
//! the rest is split.
#![no_main]

use ipamspec::wire::{
    DecodeError,
    nns::{DataReader, HandshakeMessage, HandshakeReader, write_data},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((split, bytes)) = input.split_first_chunk() else { return };
    let (before, after) = bytes.split_at(usize::from(u16::from_be_bytes(*split)).min(bytes.len()));

    let whole = handshakes(&[bytes]);
    assert_eq!(whole, handshakes(&[before, after]));
    for message in &whole.0 {
        let mut written = Vec::new();
        message.write(&mut written).expect("what was read fits");
        let (again, end) = handshakes(&[&written]);
        assert_eq!(end, Ok(()));
        // A code in the order that is not deployed is written in the one that is.
        assert_eq!(again.first(), Some(message));
    }

    let whole = payloads(&[bytes]);
    assert_eq!(whole, payloads(&[before, after]));
    let mut written = Vec::new();
    for payload in &whole.0 {
        write_data(payload, &mut written);
    }
    assert!(bytes.starts_with(&written));
});

fn handshakes(pieces: &[&[u8]]) -> (Vec<HandshakeMessage>, Result<(), DecodeError>) {
    let mut reader = HandshakeReader::default();
    let mut messages = Vec::new();
    for piece in pieces {
        reader.push(piece);
        loop {
            match reader.next() {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, Err(error)),
            }
        }
    }
    let end = reader.finish();
    (messages, end)
}

fn payloads(pieces: &[&[u8]]) -> (Vec<Vec<u8>>, Result<(), DecodeError>) {
    let mut reader = DataReader::default();
    let mut payloads = Vec::new();
    for piece in pieces {
        reader.push(piece);
        loop {
            match reader.next() {
                Ok(Some(payload)) => payloads.push(payload.to_vec()),
                Ok(None) => break,
                Err(error) => return (payloads, Err(error)),
            }
        }
    }
    let end = reader.finish();
    (payloads, end)
}
