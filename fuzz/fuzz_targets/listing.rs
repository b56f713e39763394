//! Bytes listed for people: nothing panics, every line is narrow and without control characters, a split changes nothing,
//! and what is listed as a document without an error is one.
//!
//! The first two octets of the input say where the rest is split. Follows the promises of `ipamspec::wire::listing`.
#![no_main]

use ipamspec::{
    wire::{
        DecodeError,
        listing::{Listing, Places, Stream},
        nbfse::{Decoder, Limits},
        nbfx::{StringTable, read},
    },
    xml,
};
use libfuzzer_sys::fuzz_target;

/// How wide a line may be, in characters.
const WIDTH: usize = 80;

fuzz_target!(|input: &[u8]| {
    let Some((split, bytes)) = input.split_first_chunk() else { return };
    let (before, after) = bytes.split_at(usize::from(u16::from_be_bytes(*split)).min(bytes.len()));
    let whole = streamed(&[bytes]);
    // What is no record is shown as it comes, piece by piece.
    if whole.1.is_empty() && !whole.0.lines().any(|line| line.ends_with("  bytes")) {
        assert_eq!(whole, streamed(&[before, after]));
    }
    let (_, errors) = listed(&mut |listing| listing.document(bytes, &Places::from(0)));
    assert_eq!(errors.is_empty(), read(bytes, &StringTable::new(), &xml::Limits::default()).is_ok());
    let (_, errors) = listed(&mut |listing| {
        listing.payload(bytes, &mut Decoder::new(Limits::default()), &Places::from(u64::MAX / 2))
    });
    assert_eq!(errors.is_empty(), Decoder::new(Limits::default()).decode(bytes).is_ok());
});

/// A stream in pieces, listed.
fn streamed(pieces: &[&[u8]]) -> (String, Vec<DecodeError>) {
    let mut stream = Stream::default();
    listed(&mut |listing| {
        for piece in pieces {
            stream.feed(piece, listing);
        }
        stream.finish(listing);
    })
}

/// The lines, and what was wrong.
fn listed(list: &mut dyn FnMut(&mut Listing<'_>)) -> (String, Vec<DecodeError>) {
    let mut text = String::new();
    let mut sink = |line: &str| {
        assert!(line.ends_with('\n') && line.chars().count() <= WIDTH + 1, "{line:?}");
        assert!(!line.trim_end_matches('\n').chars().any(char::is_control), "{line:?}");
        text.push_str(line);
        true
    };
    let mut listing = Listing::new(&mut sink);
    list(&mut listing);
    let errors = listing.into_errors();
    (text, errors)
}
