//! Bytes read as records: nothing panics, a split changes nothing, what was read is the same once it was written and read
//! again, and both sides agree on what may follow.
//!
//! Leaves out what envelopes hold. Follows the promises of `ipamspec::wire::framing`. The first two octets of the input
//! say where the rest is split.
#![no_main]

use ipamspec::wire::{
    DecodeError,
    framing::{Deframer, Event, Framed, InitiatorState, Limits, ReceiverState},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((split, bytes)) = input.split_first_chunk() else { return };
    let (before, after) = bytes.split_at(usize::from(u16::from_be_bytes(*split)).min(bytes.len()));
    let whole = deframe(&[bytes]);
    assert_eq!(whole, deframe(&[before, after]));

    for Framed { record, .. } in &whole.0 {
        let (again, end) = deframe(&[&record.to_bytes()]);
        assert_eq!(end, Ok(()));
        assert_eq!(again.iter().map(|framed| &framed.record).collect::<Vec<_>>(), [record]);
    }

    let (mut initiator, mut receiver) = (InitiatorState::default(), ReceiverState::default());
    for Framed { record, .. } in &whole.0 {
        match (initiator.next(Event::sent(record)), receiver.next(Event::received(record))) {
            (Ok(next), Ok(same)) => (initiator, receiver) = (next, same),
            (Err(one), Err(other)) => {
                assert_eq!(one.expected.len(), other.expected.len());
                break;
            }
            differing => panic!("{differing:?}"),
        }
    }
});

/// The records of a stream fed in pieces, an upgrade taking nothing, and how it ended.
fn deframe(pieces: &[&[u8]]) -> (Vec<Framed>, Result<(), DecodeError>) {
    let mut deframer = Deframer::new(Limits::default());
    let mut records = Vec::new();
    for piece in pieces {
        deframer.push(piece);
        loop {
            match deframer.next() {
                Ok(Some(framed)) => records.push(framed),
                Ok(None) if deframer.is_at_octets() => {
                    let rest = deframer.take_rest();
                    deframer.push(&rest);
                    if deframer.is_at_octets() {
                        break;
                    }
                }
                Ok(None) => break,
                Err(error) => return (records, Err(error)),
            }
        }
    }
    let end = deframer.finish();
    (records, end)
}
