//! Reads the example of the specification and what a peer by other hands sent, and judges both sides.
//!
//! Leaves out what envelopes hold. Follows [MC-NMF] 4.1; the captures and their origin are in `tests/captures/nettcp`.

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

/// Drives both sides with what each sent, a stretch of one after a stretch of the other; true is the initiator.
fn exchange<'a>(stretches: impl IntoIterator<Item = (bool, &'a [Framed])>) -> (InitiatorState, ReceiverState) {
    let (mut initiator, mut receiver) = (InitiatorState::default(), ReceiverState::default());
    for (from_initiator, records) in stretches {
        for Framed { record, .. } in records {
            let (sent, received) = (Event::sent(record), Event::received(record));
            initiator = initiator.next(if from_initiator { sent } else { received }).unwrap();
            receiver = receiver.next(if from_initiator { received } else { sent }).unwrap();
        }
    }
    (initiator, receiver)
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
        let (initiator, receiver) = exchange([(true, opening), (false, ack), (true, rest), (false, replies)]);
        // Mono's server ends TCP without an End Record: the initiator may still receive.
        assert!(initiator.receive_allowed() && receiver.send_allowed(), "{initiator:?}");
        assert!(matches!(initiator, InitiatorState::Open(open) if open.mode == Mode::Duplex));
    }
}

/// The exchange of 4.1, whose figures show the bytes. Two octets stand for each message.
#[test]
fn the_example_of_the_specification_runs_to_its_end() {
    let sent = [
        &[0x00, 0x01, 0x00][..], // 4.1.1 VersionRecord: MajorVersion 1, MinorVersion 0
        &[0x01, 0x02],           // ModeRecord: Duplex
        &[0x02, 0x21],           // ViaRecord: ViaLength 33, Via
        b"net.tcp://SampleServer/SampleApp/",
        &[0x03, 0x08],             // KnownEncodingRecord: BinarySessionEncoding
        &[0x0C],                   // 4.1.2 PreambleEndRecord
        &[0x06, 0x02, 0xAA, 0xAA], // 4.1.4 SizedEnvelopeRecord: Size 2, Payload
        &[0x07],                   // 4.1.6 EndRecord
    ];
    let received = [
        &[0x0B][..],               // 4.1.3 PreambleAckRecord
        &[0x06, 0x02, 0xBB, 0xBB], // 4.1.5 SizedEnvelopeRecord: Size 2, Payload
        &[0x07],                   // 4.1.7 EndRecord
    ];
    let (sent, received) = (records(&sent.concat(), 1 << 16), records(&received.concat(), 1 << 16));
    let turns = [
        (true, &sent[..5]),
        (false, &received[..1]),
        (true, &sent[5..6]),
        (false, &received[1..2]),
        (true, &sent[6..]),
        (false, &received[2..]),
    ];
    assert_eq!(exchange(turns), (InitiatorState::Closed, ReceiverState::Closed));
}
