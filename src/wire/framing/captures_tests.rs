//! Reads what a peer by other hands sent, and judges both of its sides.
//!
//! Leaves out what its envelopes hold. The captures and their origin are in `tests/captures/nettcp`.

use super::{Deframer, Event, Framed, InitiatorState, KnownEncoding, Limits, Mode, Preamble, ReceiverState, Record};

macro_rules! capture {
    ($name:literal) => {
        [
            include_bytes!(concat!("../../../tests/captures/nettcp/", $name, "-c2s.bin")).as_slice(),
            include_bytes!(concat!("../../../tests/captures/nettcp/", $name, "-s2c.bin")).as_slice(),
        ]
    };
}

/// What each side sent, the initiator first.
type Sides = [&'static [u8]; 2];

/// A capture, the encoding it names, and how many envelopes each side sent.
const CAPTURES: [(Sides, KnownEncoding, [usize; 2]); 3] = [
    (capture!("nettcp-duplex"), KnownEncoding::BinarySession, [2, 7]),
    (capture!("nettcp-simple"), KnownEncoding::BinarySession, [7, 7]),
    (capture!("nettcptext-duplex"), KnownEncoding::Soap12Utf8, [2, 7]),
];

/// Every record, read in pieces of a size, to a clean end.
fn records(bytes: &[u8], size: usize) -> Vec<Framed> {
    let mut deframer = Deframer::new(Limits::default());
    let mut records = Vec::new();
    for piece in bytes.chunks(size) {
        deframer.push(piece);
        while let Some(framed) = deframer.next().unwrap() {
            records.push(framed);
        }
    }
    deframer.finish().unwrap();
    records
}

fn envelopes(records: &[Framed]) -> usize {
    records.iter().filter(|framed| matches!(framed.record, Record::SizedEnvelopeRecord(_))).count()
}

#[test]
fn captures_are_read_to_the_last_octet_and_written_again() {
    for (sides, _, counts) in CAPTURES {
        for (bytes, count) in sides.into_iter().zip(counts) {
            let framed = records(bytes, 1 << 16);
            assert_eq!(envelopes(&framed), count);
            let written: Vec<u8> = framed.iter().flat_map(|framed| framed.record.to_bytes()).collect();
            assert!(written == bytes);
            assert!(framed.iter().all(|framed| !framed.over_long));
            for size in [1, 7, 1460] {
                assert_eq!(records(bytes, size), framed);
            }
        }
    }
}

/// The preamble and its acknowledgement, then all that the client sent, then all that the server sent: how messages
/// crossed does not matter to the grammar.
#[test]
fn captures_follow_the_grammar_on_both_sides() {
    for ([sent, received], encoding, _) in CAPTURES {
        let (sent, received) = (records(sent, 1 << 16), records(received, 1 << 16));
        let Record::ViaRecord(via) = &sent[2].record else { panic!("{:?}", sent[2]) };
        let preamble = Preamble::duplex(via.clone(), encoding).records();
        assert_eq!(sent[..4].iter().map(|framed| framed.record.clone()).collect::<Vec<_>>(), preamble);

        let (opening, rest) = sent.split_at(5);
        let (ack, replies) = received.split_at(1);
        let (mut initiator, mut receiver) = (InitiatorState::default(), ReceiverState::default());
        for (client, records) in [(true, opening), (false, ack), (true, rest), (false, replies)] {
            for Framed { record, .. } in records {
                let (sent, received) = (Event::sent(record), Event::received(record));
                initiator = initiator.next(if client { sent } else { received }).unwrap();
                receiver = receiver.next(if client { received } else { sent }).unwrap();
            }
        }
        // Mono's server ends TCP without an End Record: the initiator may still receive.
        assert!(initiator.receive_allowed() && receiver.send_allowed(), "{initiator:?}");
        assert!(matches!(initiator, InitiatorState::Open(open) if open.mode == Mode::Duplex));
    }
}
