//! Tries the deframer: bytes of every record, every split, every truncation, every wrong octet, captures of a peer.
//!
//! Leaves out the order of the records. Follows [MC-NMF] 2.2 and 4.1.

use bytes::Bytes;
use proptest::prelude::*;

use super::{Deframer, FaultUri, Framed, KnownEncoding, Limits, Mode, NEGOTIATE, Preamble, Record};
use crate::wire::{DecodeError, DecodeErrorKind};

/// Every record, with its bytes field by field.
fn samples() -> Vec<(Record, Vec<u8>)> {
    let fault = FaultUri::UnsupportedMode.uri();
    vec![
        (Record::VersionRecord { major: 1, minor: 0 }, vec![0x00, 0x01, 0x00]), // MajorVersion, MinorVersion
        (Record::ModeRecord(Mode::Duplex), vec![0x01, 0x02]),                   // Mode
        (Record::ViaRecord("net.tcp://h/é".into()), [&[0x02, 0x0E][..], "net.tcp://h/é".as_bytes()].concat()),
        (Record::KnownEncodingRecord(KnownEncoding::BinarySession), vec![0x03, 0x08]), // Encoding
        (Record::ExtensibleEncodingRecord("a/b;c=d".into()), [&[0x04, 0x07][..], b"a/b;c=d"].concat()),
        // UpgradeProtocolLength, UpgradeProtocol
        (Record::UpgradeRequestRecord(NEGOTIATE.into()), [&[0x09, 0x15][..], b"application/negotiate"].concat()),
        (Record::UpgradeResponseRecord, vec![0x0A]),
        (Record::PreambleEndRecord, vec![0x0C]),
        (Record::PreambleAckRecord, vec![0x0B]),
        // Size, Payload
        (Record::SizedEnvelopeRecord(vec![0xEE; 200].into()), [&[0x06, 0xC8, 0x01][..], &[0xEE; 200]].concat()),
        // DataChunk (Size, Payload), Terminator
        (Record::UnsizedEnvelopeRecord(Bytes::from_static(b"abc")), vec![0x05, 0x03, b'a', b'b', b'c', 0x00]),
        // FaultSize 70, Fault
        (Record::FaultRecord(fault.clone()), [&[0x08, 0x46][..], fault.as_bytes()].concat()),
        (Record::EndRecord, vec![0x07]),
    ]
}

fn stream() -> Vec<u8> {
    samples().into_iter().flat_map(|(_, bytes)| bytes).collect()
}

/// Feeds the pieces one after another, an upgrade taking nothing; the records, and how the stream ended.
fn deframe<'a>(limits: Limits, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Framed>, Result<(), DecodeError>) {
    let mut deframer = Deframer::new(limits);
    let (mut framed, mut fed) = (Vec::new(), 0);
    for piece in pieces {
        deframer.push(piece);
        fed += piece.len();
        loop {
            match deframer.next() {
                Ok(Some(record)) => framed.push(record),
                Ok(None) if deframer.is_at_octets() => {
                    let rest = deframer.take_rest();
                    deframer.push(&rest);
                    if deframer.is_at_octets() {
                        break;
                    }
                }
                Ok(None) => break,
                Err(error) => return (framed, Err(error)),
            }
        }
        assert!(deframer.buffered() <= fed);
    }
    (framed, deframer.finish())
}

fn whole(bytes: &[u8]) -> Result<Vec<Framed>, DecodeError> {
    let (framed, end) = deframe(Limits::default(), [bytes]);
    end.map(|()| framed)
}

fn error(bytes: &[u8]) -> (u64, &'static str, DecodeErrorKind) {
    let DecodeError { offset, item, kind } = whole(bytes).unwrap_err();
    (offset, item, kind)
}

#[test]
fn every_record_has_its_bytes() {
    for (record, bytes) in samples() {
        assert_eq!(record.to_bytes(), bytes, "{record}");
        let length = bytes.len().try_into().unwrap();
        assert_eq!(whole(&bytes).unwrap(), [Framed { offset: 0, length, over_long: false, record }]);
    }
}

#[test]
fn every_split_gives_the_same_records_at_the_same_offsets() {
    let stream = stream();
    let framed = whole(&stream).unwrap();
    let mut offset = 0;
    for (framed, (record, bytes)) in framed.iter().zip(samples()) {
        assert_eq!((framed.offset, framed.length), (offset, bytes.len().try_into().unwrap()), "{record}");
        assert_eq!(framed.record, record);
        offset += framed.length;
    }
    for split in 0..=stream.len() {
        let (before, after) = stream.split_at(split);
        assert_eq!(deframe(Limits::default(), [before, after]), (framed.clone(), Ok(())), "{split}");
    }
    for size in 1..8 {
        assert_eq!(deframe(Limits::default(), stream.chunks(size)), (framed.clone(), Ok(())), "{size}");
    }
}

#[test]
fn every_end_inside_a_record_is_told() {
    let stream = stream();
    let framed = whole(&stream).unwrap();
    let boundary = |length: u64| framed.iter().any(|framed| framed.offset == length);
    for length in 0..stream.len() {
        let (records, end) = deframe(Limits::default(), [&stream[..length]]);
        assert_eq!(records, framed[..records.len()]);
        if boundary(length.try_into().unwrap()) {
            assert_eq!(end, Ok(()), "{length}");
        } else {
            let cut = &framed[records.len()];
            let (offset, item) = (cut.offset, cut.record.record_type().name());
            assert_eq!(end, Err(DecodeError { offset, item, kind: DecodeErrorKind::Truncated }), "{length}");
        }
    }
}

#[test]
fn no_wrong_octet_panics_and_what_is_read_is_what_is_written() {
    let mut stream = stream();
    for at in 0..stream.len() {
        let right = stream[at];
        for wrong in 0..=u8::MAX {
            stream[at] = wrong;
            let (framed, _) = deframe(Limits::default(), [&stream[..]]);
            for framed in &framed {
                assert_eq!(whole(&framed.record.to_bytes()).unwrap()[0].record, framed.record);
            }
        }
        stream[at] = right;
    }
}

#[test]
fn a_wrong_field_is_told_at_its_offset() {
    use DecodeErrorKind::{Invalid, Unknown};
    let unknown = |value| Unknown { value };
    assert_eq!(error(&[0x0B, 0x0D]), (1, "RecordType", unknown(0x0D)));
    assert_eq!(error(&[0x01, 0x00]), (1, "ModeRecord.Mode", unknown(0)));
    assert_eq!(error(&[0x01, 0x05]), (1, "ModeRecord.Mode", unknown(5)));
    assert_eq!(error(&[0x0C, 0x03, 0x09]), (2, "KnownEncodingRecord.Encoding", unknown(9)));
    let (zero, utf8) = (|| Invalid("it is zero".into()), || Invalid("it is not UTF-8".into()));
    assert_eq!(error(&[0x02, 0x00]), (1, "ViaRecord.ViaLength", zero()));
    assert_eq!(error(&[0x04, 0x00]), (1, "ExtensibleEncodingRecord.EncodingLength", zero()));
    assert_eq!(error(&[0x06, 0x00]), (1, "SizedEnvelopeRecord.Size", zero()));
    assert_eq!(error(&[0x08, 0x80, 0x00]), (1, "FaultRecord.FaultSize", zero()));
    assert_eq!(error(&[0x09, 0x00]), (1, "UpgradeRequestRecord.UpgradeProtocolLength", zero()));
    assert_eq!(error(&[0x02, 0x03, b'a', 0xFF, b'b']), (3, "ViaRecord.Via", utf8()));
    assert_eq!(error(&[0x04, 0x82, 0x00, b'a', 0xC3]), (4, "ExtensibleEncodingRecord.Type", utf8()));
    // No chunk; a terminator of two octets.
    assert_eq!(error(&[0x05, 0x00]), (1, "UnsizedEnvelopeRecord.Size", zero()));
    assert_eq!(error(&[0x05, 0x01, 0xAA, 0x80, 0x00]), (3, "UnsizedEnvelopeRecord.Size", zero()));
}

#[test]
fn a_size_beyond_the_limit_is_refused_before_the_payload() {
    let limits = Limits { via: 3, content_type: 4, upgrade: 5, fault: 6, envelope: 7, over_long: true };
    for (octet, limit) in [(0x02, 3), (0x04, 4), (0x09, 5), (0x08, 6), (0x06, 7), (0x05, 7_u8)] {
        let (_, within) = deframe(limits, [&[octet, limit][..]]);
        assert_eq!(within.unwrap_err().kind, DecodeErrorKind::Truncated, "{octet:#04X}");
        let (_, beyond) = deframe(limits, [&[octet, limit + 1][..]]);
        let kind = DecodeErrorKind::Limit { limit: limit.into(), got: (limit + 1).into() };
        assert_eq!(beyond.unwrap_err().kind, kind, "{octet:#04X}");
    }
    // Chunks of 4 and 4: together beyond 7.
    let (_, beyond) = deframe(limits, [&[0x05, 0x04, 1, 2, 3, 4, 0x04][..]]);
    let kind = DecodeErrorKind::Limit { limit: 7, got: 8 };
    assert_eq!(beyond, Err(DecodeError { offset: 6, item: "UnsizedEnvelopeRecord.Size", kind }));
}

#[test]
fn an_over_long_size_is_told_or_refused() {
    for bytes in [&[0x06, 0x82, 0x80, 0x00, 1, 2][..], &[0x05, 0x01, 1, 0x81, 0x00, 2, 0x00]] {
        let framed = whole(bytes).unwrap();
        assert!(framed[0].over_long);
        let (_, refused) = deframe(Limits { over_long: false, ..Limits::default() }, [bytes]);
        assert!(matches!(refused.unwrap_err().kind, DecodeErrorKind::Invalid(_)));
    }
}

#[test]
fn an_error_stays() {
    let mut deframer = Deframer::new(Limits::default());
    deframer.push(&[0x0B, 0xFF, 0x0B]);
    assert_eq!(deframer.next().unwrap().unwrap().record, Record::PreambleAckRecord);
    let error = deframer.next().unwrap_err();
    deframer.push(&[0x0B]);
    assert_eq!(deframer.next(), Err(error.clone()));
    assert_eq!(deframer.finish(), Err(error));
    assert_eq!(deframer.take_rest(), [0xFF, 0x0B][..]);
}

#[test]
fn an_upgrade_has_what_follows_it_and_then_records_come_again() {
    let mut deframer = Deframer::new(Limits::default());
    deframer.push(&[0x0A, 0x16, 0x01, 0x00, 0x00, 0x02]); // UpgradeResponseRecord, the start of a handshake
    assert_eq!(deframer.next().unwrap().unwrap().record, Record::UpgradeResponseRecord);
    assert_eq!(deframer.next(), Ok(None));
    assert!(deframer.is_at_octets() && deframer.is_at_record_boundary());
    assert_eq!(deframer.buffered(), 5);
    assert_eq!(deframer.take_rest(), [0x16, 0x01, 0x00, 0x00, 0x02][..]);
    assert_eq!(deframer.finish(), Ok(()));
    deframer.push(&[0x0B]); // unprotected by the upgrade
    let framed = deframer.next().unwrap().unwrap();
    assert_eq!((framed.offset, framed.record), (1, Record::PreambleAckRecord));
}

#[test]
fn a_singleton_sized_stream_ends_in_its_message() {
    let preamble =
        Preamble { mode: Mode::SingletonSized, via: "net.msmq://h/q".into(), encoding: KnownEncoding::Soap12Utf8 };
    let mut bytes = Vec::new();
    preamble.write(&mut bytes);
    bytes.extend(b"<s:Envelope");
    let mut deframer = Deframer::new(Limits::default());
    deframer.push(&bytes);
    for record in preamble.records() {
        assert_eq!(deframer.next().unwrap().unwrap().record, record);
    }
    for part in ["<s:Envelope", "/>"] {
        assert_eq!(deframer.next(), Ok(None));
        assert_eq!(deframer.take_rest(), part.as_bytes());
        deframer.push(b"/>");
    }
    assert_eq!(deframer.finish(), Ok(()));
}

#[test]
fn a_record_reads_well_in_a_log() {
    let lines: Vec<_> = samples().iter().map(|(record, _)| record.to_string()).collect();
    let expected = "\
VersionRecord 1.0
ModeRecord Duplex
ViaRecord net.tcp://h/é
KnownEncodingRecord application/soap+msbinsession1
ExtensibleEncodingRecord a/b;c=d
UpgradeRequestRecord application/negotiate
UpgradeResponseRecord
PreambleEndRecord
PreambleAckRecord
SizedEnvelopeRecord of 200 bytes
UnsizedEnvelopeRecord of 3 bytes
FaultRecord UnsupportedMode
EndRecord";
    assert_eq!(lines.join("\n"), expected);
    assert_eq!(Record::FaultRecord("urn:a\n\u{1b}".into()).to_string(), "FaultRecord urn:a\\n\\u{1b}");
}

/// Any record that a reader takes.
fn any_record() -> impl Strategy<Value = Record> {
    let text = || "[ -~é\u{10348}]{1,40}";
    let envelope = || prop::collection::vec(any::<u8>(), 1..400).prop_map(Bytes::from);
    prop_oneof![
        any::<(u8, u8)>().prop_map(|(major, minor)| Record::VersionRecord { major, minor }),
        prop::sample::select(&Mode::ALL[..3]).prop_map(Record::ModeRecord),
        text().prop_map(Record::ViaRecord),
        prop::sample::select(&KnownEncoding::ALL[..]).prop_map(Record::KnownEncodingRecord),
        text().prop_map(Record::ExtensibleEncodingRecord),
        envelope().prop_map(Record::UnsizedEnvelopeRecord),
        envelope().prop_map(Record::SizedEnvelopeRecord),
        text().prop_map(Record::FaultRecord),
        text().prop_map(Record::UpgradeRequestRecord),
        prop::sample::select(vec![
            Record::EndRecord,
            Record::UpgradeResponseRecord,
            Record::PreambleAckRecord,
            Record::PreambleEndRecord,
        ]),
    ]
}

proptest! {
    #[test]
    fn records_are_read_as_they_were_written(
        records in prop::collection::vec(any_record(), 0..12),
        sizes in prop::collection::vec(1_usize..60, 1..30),
    ) {
        let stream: Vec<u8> = records.iter().flat_map(Record::to_bytes).collect();
        let (mut pieces, mut rest) = (Vec::new(), &stream[..]);
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        let (framed, end) = deframe(Limits::default(), pieces);
        prop_assert_eq!(end, Ok(()));
        prop_assert_eq!(framed.into_iter().map(|framed| framed.record).collect::<Vec<_>>(), records);
    }

    #[test]
    fn chunks_are_joined(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 1..8), size in 1_usize..64) {
        let mut stream = vec![0x05];
        for chunk in &chunks {
            super::MultiByteInt31::write(chunk.len(), &mut stream);
            stream.extend(chunk);
        }
        stream.push(0);
        let (framed, end) = deframe(Limits::default(), stream.chunks(size));
        prop_assert_eq!(end, Ok(()));
        prop_assert_eq!(&framed[0].record, &Record::UnsizedEnvelopeRecord(chunks.concat().into()));
        prop_assert_eq!(framed[0].length, u64::try_from(stream.len()).unwrap());
    }
}
