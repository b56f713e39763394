//! Captures made here, packet by packet: every link, both formats, losses, reordering, parts; and sessions of Mono's.

use std::time::Duration;

use etherparse::PacketBuilder;

use super::{Broken, Kind, Place, Reader, Recorded, capture::is_capture};
use crate::session::{End, Observed};

const CLIENT: ([u8; 4], u16) = ([10, 0, 0, 1], 50_000);
const SERVER: ([u8; 4], u16) = ([10, 0, 0, 2], 48_885);
const DUPLEX: (&[u8], &[u8]) = (
    include_bytes!("../../../tests/captures/nettcp/nettcp-duplex-c2s.bin"),
    include_bytes!("../../../tests/captures/nettcp/nettcp-duplex-s2c.bin"),
);
const TEXT: (&[u8], &[u8]) = (
    include_bytes!("../../../tests/captures/nettcp/nettcptext-duplex-c2s.bin"),
    include_bytes!("../../../tests/captures/nettcp/nettcptext-duplex-s2c.bin"),
);

/// A packet: whether the client sends it, its numbers, flags and payload.
#[derive(Clone)]
struct Sent {
    client: bool,
    sequence: u32,
    acknowledged: u32,
    flags: &'static str,
    payload: Vec<u8>,
}

/// A connection: it opens, each says so many bytes in turns of a size, and both finish.
fn connection(client: &[u8], server: &[u8], size: usize) -> Vec<Sent> {
    let packet = |client, sequence, acknowledged, flags, payload: &[u8]| Sent {
        client,
        sequence,
        acknowledged,
        flags,
        payload: payload.to_vec(),
    };
    let mut packets =
        vec![packet(true, 999, 0, "S", b""), packet(false, 4_999, 1000, "SA", b""), packet(true, 1000, 5000, "A", b"")];
    let (mut sides, mut next) = ([client, server], [1000_u32, 5000]);
    while sides.iter().any(|left| !left.is_empty()) {
        for (side, left) in sides.iter_mut().enumerate() {
            let (now, rest) = left.split_at(size.min(left.len()));
            if !now.is_empty() {
                packets.push(packet(side == 0, next[side], next[1 - side], "A", now));
            }
            *left = rest;
            next[side] += u32::try_from(now.len()).unwrap();
        }
    }
    let [one, other] = next;
    packets.extend([packet(true, one, other, "AF", b""), packet(false, other, one + 1, "AF", b"")]);
    packets
}

fn bytes_of(sent: &Sent, link: i32) -> Vec<u8> {
    let (from, to) = if sent.client { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
    let ip = if link == 1 {
        PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(from.0, to.0, 64)
    } else {
        let mut bytes = Vec::new();
        build(PacketBuilder::ipv4(from.0, to.0, 64).tcp(from.1, to.1, sent.sequence, 8192), sent, &mut bytes);
        return match link {
            0 => [&[2, 0, 0, 0][..], &bytes].concat(),
            113 => [&[0; 14][..], &[8, 0], &bytes].concat(),
            276 => [&[8, 0][..], &[0; 18], &bytes].concat(),
            _ => bytes,
        };
    };
    let mut bytes = Vec::new();
    build(ip.tcp(from.1, to.1, sent.sequence, 8192), sent, &mut bytes);
    // What Ethernet adds to short packets is no payload.
    bytes.resize(bytes.len().max(60), 0xEE);
    bytes
}

fn build(mut step: etherparse::PacketBuilderStep<etherparse::TcpHeader>, sent: &Sent, out: &mut Vec<u8>) {
    if sent.flags.contains('S') {
        step = step.syn();
    }
    if sent.flags.contains('F') {
        step = step.fin();
    }
    if sent.flags.contains('R') {
        step = step.rst();
    }
    if sent.flags.contains('A') {
        step = step.ack(sent.acknowledged);
    }
    let mut bytes = vec![0_u8; step.size(sent.payload.len())];
    let length = step.write_to_slice(&mut bytes, &sent.payload).unwrap();
    out.extend_from_slice(&bytes[..length]);
}

fn pcap(packets: &[Sent], link: i32, snap: usize) -> Vec<u8> {
    let word = |value: usize| u32::try_from(value).unwrap().to_le_bytes();
    let mut file = [&[0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &word(snap)].concat();
    file.extend(link.to_le_bytes());
    for (at, packet) in packets.iter().enumerate() {
        let bytes = bytes_of(packet, link);
        let captured = &bytes[..bytes.len().min(snap)];
        // A millisecond between packets.
        for part in [word(1_700_000_000), word(1000 * at), word(captured.len()), word(bytes.len())] {
            file.extend(part);
        }
        file.extend(captured);
    }
    file
}

/// The same as pcapng in big-endian order, with nanoseconds.
fn pcapng(packets: &[Sent]) -> Vec<u8> {
    let word = |value: usize| u32::try_from(value).unwrap().to_be_bytes();
    let block = |kind: u32, body: &[u8]| {
        let length = word(12 + body.len());
        [&kind.to_be_bytes()[..], &length, body, &length].concat()
    };
    let header = [&[0x1A, 0x2B, 0x3C, 0x4D, 0, 1, 0, 0][..], &[0xFF; 8]].concat();
    // LINKTYPE_ETHERNET, no limit, if_tsresol 9, the end of options.
    let interface = [0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0];
    let mut file = [block(0x0A0D_0D0A, &header), block(1, &interface)].concat();
    for (at, packet) in (0_u64..).zip(packets) {
        let mut bytes = bytes_of(packet, 1);
        let length = word(bytes.len());
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        let ticks = (1_700_000_000_000_000_000 + 1_000_000 * at).to_be_bytes();
        file.extend(block(6, &[&[0; 4], &ticks[..], &length, &length, &bytes].concat()));
    }
    file
}

fn read(file: &[u8]) -> Result<Vec<Recorded>, Broken> {
    let mut reader = Reader::new(Kind::Capture);
    let mut out = Vec::new();
    reader.push(file, &mut out)?;
    reader.finish(&mut out)?;
    Ok(out)
}

fn words(recorded: &[Recorded]) -> String {
    let word = |said: &Recorded| match said {
        Recorded::Opened(..) => "[".to_owned(),
        Recorded::Observed(_, observation) => match &observation.what {
            Observed::Sent(outgoing) => {
                let envelope = crate::soap::read(&outgoing.envelope, &crate::xml::Limits::default()).unwrap();
                format!(">{} ", envelope.body.first().map_or("-", |body| &body.name.local))
            }
            Observed::SentRecords => ">".to_owned(),
            Observed::Accepted => "<ack ".to_owned(),
            Observed::Received(received) => {
                assert!(!received.repeats_string, "[MC-NBFSE] 2.1");
                let envelope = received.envelope().unwrap();
                format!("<{} ", envelope.body.first().map_or("-", |body| &body.name.local))
            }
            Observed::Ended(End::Aborted) => "aborted".to_owned(),
            Observed::Ended(End::Closed) => "closed".to_owned(),
            Observed::Ended(End::Ended) => "ended".to_owned(),
            Observed::Ended(End::Reset) => "reset".to_owned(),
            other => format!("{other:?}"),
        },
        Recorded::Gap(..) => "gap ".to_owned(),
        Recorded::Closed(_) => "]".to_owned(),
        Recorded::Told(remark) => format!("({})", remark.text.split_whitespace().next().unwrap_or_default()),
    };
    recorded.iter().map(word).collect()
}

#[test]
fn every_link_and_both_formats_read_the_same() {
    let packets = connection(DUPLEX.0, DUPLEX.1, 300);
    let whole = read(&pcap(&packets, 1, 65_535)).unwrap();
    let text = words(&whole);
    assert!(text.starts_with("[>>>>>") && text.contains("<ack "), "{text}");
    assert!(text.contains("StartOperationWithCallback"), "{text}");
    assert!(text.contains("<SetOverallStatus "), "{text}");
    assert!(text.ends_with(']') && !text.contains("gap"), "{text}");
    for link in [0, 101, 113, 276, 228] {
        assert_eq!(read(&pcap(&packets, link, 65_535)).unwrap(), whole, "link {link}");
    }
    assert_eq!(read(&pcapng(&packets)).unwrap(), whole);
    assert!(is_capture(&pcapng(&packets)));
    let Some(Recorded::Opened(0, about)) = whole.first() else { panic!("{whole:?}") };
    assert_eq!((&*about.name, about.place), ("10.0.0.1:50000 to 10.0.0.2:48885", Place::Packet(4)));
    let Some(Recorded::Observed(0, last)) = whole.iter().rfind(|said| matches!(said, Recorded::Observed(..))) else {
        panic!("{whole:?}")
    };
    assert!(last.at > Duration::from_millis(5) && last.at < Duration::from_secs(1));
}

#[test]
fn messages_in_text_are_read_too() {
    let text = words(&read(&pcap(&connection(TEXT.0, TEXT.1, 1460), 1, 65_535)).unwrap());
    assert!(text.contains(">StartOperationWithCallback ") && text.contains("<SetOverallStatus "), "{text}");
}

#[test]
fn every_split_of_the_file_and_of_tcp_reads_the_same() {
    let packets = connection(&DUPLEX.0[..200], &DUPLEX.1[..1], 90);
    let file = pcap(&packets, 1, 65_535);
    let whole = read(&file).unwrap();
    for at in 0..file.len() {
        let mut reader = Reader::new(Kind::Capture);
        let mut out = Vec::new();
        let (before, after) = file.split_at(at);
        reader.push(before, &mut out).unwrap();
        reader.push(after, &mut out).unwrap();
        reader.finish(&mut out).unwrap();
        assert_eq!(out, whole, "split at {at}");
    }
    // However the octets are cut into segments, they say the same.
    let of_size = |size| words(&read(&pcap(&connection(&DUPLEX.0[..540], b"", size), 1, 65_535)).unwrap());
    for size in 1..60 {
        assert_eq!(of_size(size), of_size(600), "{size}");
    }
}

#[test]
fn packets_that_come_twice_or_late_change_nothing() {
    let packets = connection(DUPLEX.0, DUPLEX.1, 100);
    let whole = words(&read(&pcap(&packets, 1, 65_535)).unwrap());
    let twice: Vec<Sent> = packets.iter().flat_map(|packet| [packet.clone(), packet.clone()]).collect();
    assert_eq!(words(&read(&pcap(&twice, 1, 65_535)).unwrap()), whole);
    for at in 4..packets.len() - 3 {
        let mut late = packets.clone();
        late.swap(at, at + 2);
        assert_eq!(words(&read(&pcap(&late, 1, 65_535)).unwrap()), whole, "packet {at}");
    }
}

#[test]
fn a_packet_that_is_missing_ends_the_judgement_there() {
    let packets = connection(DUPLEX.0, DUPLEX.1, 100);
    let whole = words(&read(&pcap(&packets, 1, 65_535)).unwrap());
    for at in 4..packets.len() - 2 {
        let mut lost = packets.clone();
        lost.remove(at);
        let recorded = read(&pcap(&lost, 1, 65_535)).unwrap();
        let text = words(&recorded);
        let Some((before, after)) = text.split_once("gap ") else { panic!("packet {at}: {text}") };
        assert!(whole.starts_with(before), "packet {at}: {text}");
        assert!(after.ends_with(']'), "packet {at}: {text}");
    }
}

#[test]
fn a_capture_of_parts_of_packets_says_so() {
    let recorded = read(&pcap(&connection(DUPLEX.0, DUPLEX.1, 1000), 1, 100)).unwrap();
    let gap = recorded.iter().find_map(|said| match said {
        Recorded::Gap(0, remark) => Some(remark),
        _ => None,
    });
    let gap = gap.unwrap();
    assert!(gap.text.contains("dumpcap -s 0"), "{gap:?}");
}

#[test]
fn what_began_before_is_not_judged_but_a_preamble_is_a_beginning() {
    let packets = connection(DUPLEX.0, DUPLEX.1, 300);
    let whole = words(&read(&pcap(&packets, 1, 65_535)).unwrap());
    assert_eq!(words(&read(&pcap(&packets[3..], 1, 65_535)).unwrap()), whole);
    let recorded = read(&pcap(&packets[4..], 1, 65_535)).unwrap();
    assert_eq!(words(&recorded), "(no)(1)");
    let Some(Recorded::Told(remark)) = recorded.last() else { panic!("{recorded:?}") };
    assert!(remark.text.contains("before the client connects"), "{remark:?}");
}

#[test]
fn ends_are_those_of_tcp_where_framing_has_none() {
    let preamble = &DUPLEX.0[..61];
    let reset = |client| {
        let mut packets = connection(preamble, b"\x0B", 100);
        packets.truncate(packets.len() - 2);
        let sequence = if client { 1061 } else { 5001 };
        packets.push(Sent { client, sequence, acknowledged: 0, flags: "R", payload: Vec::new() });
        words(&read(&pcap(&packets, 1, 65_535)).unwrap())
    };
    assert_eq!(reset(false), "[>>>>><ack reset]");
    assert_eq!(reset(true), "[>>>>><ack aborted]");
    let mut packets = connection(preamble, b"\x0B", 100);
    packets.remove(packets.len() - 2);
    packets.last_mut().unwrap().acknowledged = 1061;
    assert_eq!(words(&read(&pcap(&packets, 1, 65_535)).unwrap()), "[>>>>><ack closed]");
}

#[test]
fn protected_sessions_and_other_protocols_are_told_or_left() {
    // VersionRecord, ModeRecord Duplex, ViaRecord, KnownEncodingRecord 8, UpgradeRequestRecord
    let client = b"\x00\x01\x00\x01\x02\x02\x0Bnet.tcp://h\x03\x08\x09\x15application/negotiate";
    let recorded = read(&pcap(&connection(client, b"\x0A", 100), 1, 65_535)).unwrap();
    assert_eq!(words(&recorded), "[>>>>gap ]");
    let recorded = read(&pcap(&connection(b"GET / HTTP/1.1\r\n", b"HTTP/1.1 200", 5), 1, 65_535)).unwrap();
    assert_eq!(words(&recorded), "(no)");
}

#[test]
fn files_that_are_cut_or_wrong_have_their_place() {
    let file = pcap(&connection(DUPLEX.0, DUPLEX.1, 300), 1, 65_535);
    for cut in 4..file.len() {
        match read(&file[..cut]) {
            Ok(recorded) => assert!(!recorded.is_empty() || cut == 24, "cut at {cut}"),
            Err(broken) => assert!(cut < 110 && broken.to_string().contains("; give the file"), "cut at {cut}"),
        }
    }
    let told = read(&file[..file.len() - 1]).unwrap();
    assert!(words(&told).contains("(the)"), "{}", words(&told));
    let mut wrong = pcapng(&connection(DUPLEX.0, DUPLEX.1, 300));
    wrong[31] = 99;
    let broken = read(&wrong).unwrap_err().to_string();
    assert!(broken.starts_with("byte 60: a packet here is of an interface"), "{broken}");
    let unknown = pcap(&connection(DUPLEX.0, DUPLEX.1, 300), 147, 65_535);
    assert_eq!(words(&read(&unknown).unwrap()).matches('(').count(), 2);
}
