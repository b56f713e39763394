//! Bytes that are meant to keep `ipamspec decode` busy or to fill its memory, a megabyte each: it is done with each of them
//! in a moment, and holds little at once.
//!
//! Leaves out what is listed. What takes a time that grows with the square of its input is seen here as a test that does not
//! end. Follows no document.
#![expect(clippy::print_stdout, reason = "what each takes is told with --nocapture")]

use std::time::Instant;

use ipamspec::wire::{
    framing::MultiByteInt31,
    listing::{Listing, Places, Stream},
    nbfse::Decoder,
};

/// How many bytes an input has.
const MANY: usize = 1 << 20;
/// How many bytes may be held at once while one is listed: an octet may be an item to be shown, three an element of a tree.
const HELD: u64 = 160 << 20;

#[derive(Clone, Copy)]
enum As {
    Framing,
    Document,
    Payload,
}

/// Lists bytes, and holds that little is held at once.
fn listed(what: &str, bytes: &[u8], as_: As) {
    let began = Instant::now();
    let mut lines = 0;
    let mut sink = |_: &str| {
        lines += 1;
        true
    };
    let held = allocation_counter::measure(|| {
        let mut listing = Listing::new(&mut sink);
        match as_ {
            As::Framing => {
                let mut stream = Stream::default();
                stream.feed(bytes, &mut listing);
                stream.finish(&mut listing);
            }
            As::Document => listing.document(bytes, &Places::from(0)),
            As::Payload => listing.payload(bytes, &mut Decoder::default(), &Places::from(0)),
        }
    });
    println!("{what}: {lines} lines, {} ms, {} KiB", began.elapsed().as_millis(), held.bytes_max >> 10);
    assert!(lines > 0, "{what}: nothing is listed");
    assert!(held.bytes_max < HELD, "{what}: {} bytes were held", held.bytes_max);
}

fn random(count: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(next).flatten().take(count).collect()
}

fn times(begin: &[u8], middle: &[u8], end: &[u8]) -> Vec<u8> {
    let count = (MANY - begin.len() - end.len()) / middle.len();
    [begin, &middle.repeat(count), end].concat()
}

/// A string of binary XML.
fn string(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    MultiByteInt31::write(text.len(), &mut out);
    out.extend_from_slice(text.as_bytes());
    out
}

/// An element `a` that binds so many prefixes, numbered from a number on, to one namespace; not ended.
fn binding(from: usize, count: usize, namespace: &str) -> Vec<u8> {
    let mut out = b"\x40\x01a".to_vec();
    for number in from..from + count {
        out.push(0x09); // XmlnsAttribute
        out.extend(string(&format!("p{number:03}")));
        out.extend(string(namespace));
    }
    out
}

/// An envelope in a sized record of a binary session.
fn framed(payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x06];
    MultiByteInt31::write(payload.len(), &mut out);
    out.extend_from_slice(payload);
    out
}

#[test]
fn random_bytes() {
    let bytes = random(MANY);
    for as_ in [As::Framing, As::Document, As::Payload] {
        listed("random bytes", &bytes, as_);
    }
    listed("random bytes in a record", &framed(&[&[0x00], &bytes[..]].concat()), As::Framing);
}

#[test]
fn many_small_records() {
    // PreambleEndRecord; SizedEnvelopeRecord of one byte; FaultRecord of one byte; UnsizedEnvelopeRecord in chunks of one.
    for record in [&b"\x0C"[..], b"\x06\x01\x00", b"\x06\x01<", b"\x08\x01x"] {
        listed("records of framing", &times(b"", record, b""), As::Framing);
    }
    listed("chunks", &times(b"\x05", b"\x01a", b"\x00"), As::Framing);
    listed("chunks that do not end", &times(b"\x05", b"\x01a", b""), As::Framing);
    for record in [&b"\x40\x01a\x01"[..], b"\x02\x01c", b"\x98\x01t", b"\x40\x01a\x99\x01t", b"\xA4\x82\xA6"] {
        listed("records of binary XML", &times(b"\x40\x01a", record, b"\x01"), As::Document);
    }
    listed("a list", &times(b"\x40\x01a\xA4", b"\x82", b"\xA6\x01"), As::Document);
    listed("attributes", &times(b"\x40\x01a", b"\x04\x01b\x82", b"\x01"), As::Document);
    listed("an array", &times(b"\x03\x40\x01a\x01\xB5\x80\x80\xC0\x02", b"\x01", b""), As::Document);
}

#[test]
fn deep_elements() {
    listed("deep", &times(b"", b"\x40\x01a", b""), As::Document);
    let half = MANY / 4;
    listed("deep and ended", &[b"\x40\x01a".repeat(half), b"\x01".repeat(half)].concat(), As::Document);
    listed("text, deep", &framed(&times(b"", b"<a>", b"")), As::Framing);
    // As deep as is read, again and again.
    let tower = [b"\x40\x01a".repeat(90), b"\x01".repeat(90)].concat();
    listed("towers", &times(b"\x40\x01a", &tower, b"\x01"), As::Document);
}

#[test]
fn many_namespace_declarations() {
    listed("declarations of one element", &times(b"\x40\x01a", b"\x09\x01b\x01u", b"\x01"), As::Document);
    // Prefixes bound in elements within each other, then all but one of them to something else.
    let mut towers = Vec::new();
    for (from, namespace) in (0..5).map(|at| (at * 90, "urn:u")).chain((0..5).map(|at| (at * 90 + 1, "urn:v"))) {
        towers.extend(binding(from, 90, namespace));
    }
    let ends = b"\x01".repeat(10);
    listed("prefixes bound anew", &times(&towers, b"\x41\x04p000\x01x\x01", &ends), As::Document);
    listed("the same in the open", &times(&towers, b"\x41\x04p000\x01x\x09\x01y\x01z\x01", &ends), As::Document);
    let mut numbered = binding(0, 0, "");
    for at in 0..7 {
        numbered.extend(binding(0, 0, ""));
        for number in at * 120..(at + 1) * 120 {
            numbered.push(0x09);
            numbered.extend(string(&format!("n{number}")));
            numbered.extend(string("urn:n"));
        }
    }
    let undeclared = b"\x40\x01x\x08\x05urn:x\x05\x03n12\x01b\x82\x01";
    listed("names that are taken", &times(&numbered, undeclared, &b"\x01".repeat(8)), As::Document);
}

#[test]
fn a_large_string_table() {
    let long = "x".repeat(60_000);
    let table = string(&long);
    let mut begin = string(std::str::from_utf8(&table[3..]).unwrap());
    begin = {
        let mut out = Vec::new();
        MultiByteInt31::write(begin.len(), &mut out);
        out.extend(begin);
        out
    };
    begin.extend(b"\x40\x01a");
    for record in [&b"\x42\x01\x01"[..], b"\x40\x01b\xAB\x01", b"\x40\x01b\x06\x01\x82\x01", b"\x40\x01b\x0A\x01\x01"] {
        listed("long strings by their id", &times(&begin, record, b"\x01"), As::Payload);
    }
    listed("a list of long strings", &times(&[&begin[..], b"\xA4"].concat(), b"\xAA\x01", b"\xA6\x01"), As::Payload);
    let mut size = Vec::new();
    MultiByteInt31::write(MANY - 10, &mut size);
    listed("a table that is too large", &times(&size, b"\x01x", b""), As::Payload);
    listed("strings of no characters", &times(&size, b"\x00", b""), As::Payload);
    // Many messages in a session, each with strings of its own.
    listed("tables", &times(b"", &framed(b"\x02\x01x\x40\x01a\x01"), b""), As::Framing);
}

#[test]
fn large_texts() {
    let many = u32::try_from(MANY).unwrap();
    let mut text = vec![0x40, 0x01, b'a', 0x9D];
    text.extend(many.to_le_bytes());
    listed("a text", &[&text[..], &b"<".repeat(MANY)].concat(), As::Document);
    let mut bytes = vec![0x40, 0x01, b'a', 0xA3];
    bytes.extend(many.to_le_bytes());
    listed("bytes", &[&bytes[..], &random(MANY)].concat(), As::Document);
    let words = "<a>".to_owned() + &"& ".repeat(MANY / 4) + "</a>";
    listed("text that is no XML", &framed(words.as_bytes()), As::Framing);
    listed("a line", &framed(format!("<a>{}</a>", "x".repeat(MANY)).as_bytes()), As::Framing);
    listed("elements", &framed(&times(b"<a>", b"<b/>", b"</a>")[..MANY / 4 * 3]), As::Framing);
}
