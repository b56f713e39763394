//! Bytes read as recordings of every kind: nothing panics, a split changes nothing, and every session that is opened is
//! closed once, with nothing seen outside.
//!
//! Leaves out what the sessions say. Follows the promises of `ipamspec::session::recording`. The first octet of the input
//! is the kind, the next two say where the rest is split.
#![no_main]

use std::collections::BTreeSet;

use ipamspec::session::recording::{Broken, Kind, Reader, Recorded};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((head, bytes)) = input.split_first_chunk::<3>() else { return };
    let kind = [Kind::Trace, Kind::Events, Kind::Svclog, Kind::Capture][usize::from(head[0] % 4)];
    let split = usize::from(u16::from_be_bytes([head[1], head[2]])).min(bytes.len());
    let (before, after) = bytes.split_at(split);
    let whole = read(kind, &[bytes]);
    assert_eq!(whole, read(kind, &[before, after]));

    let (mut open, mut opened) = (BTreeSet::new(), BTreeSet::new());
    for said in &whole.0 {
        match said {
            Recorded::Opened(number, _) => assert!(open.insert(*number) && opened.insert(*number)),
            Recorded::Observed(number, _) | Recorded::Gap(number, _) => assert!(open.contains(number)),
            Recorded::Closed(number) => assert!(open.remove(number)),
            Recorded::Told(_) => {}
        }
    }
    assert!(whole.1.is_err() || open.is_empty());
});

/// What pieces say, and how that ended.
fn read(kind: Kind, pieces: &[&[u8]]) -> (Vec<Recorded>, Result<(), Broken>) {
    let mut reader = Reader::new(kind);
    let mut out = Vec::new();
    let end = pieces.iter().try_for_each(|piece| reader.push(piece, &mut out)).and_then(|()| reader.finish(&mut out));
    (out, end)
}
