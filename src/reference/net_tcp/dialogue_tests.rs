//! Speaks to a receiver without a socket: what it accepts, what it refuses and how, what it answers and when.
//!
//! Leaves out sockets. Bytes are annotated field by field.

use std::time::{Duration, Instant};

use super::{
    dialogue::{Dialogue, Now, Over},
    room::Room,
};
use crate::{
    reference::{Behaviour, Moment, Scenario, Variant, lab::Lab},
    spec::namespace,
    wire::framing::{Deframer, FaultUri, KnownEncoding, Limits, Mode, Preamble, Record},
};

pub(super) const VIA: &str = "net.tcp://127.0.0.1/Ipam/Server";

/// A request to IIpamServer as text.
pub(super) fn request(operation: &str, id: &str) -> String {
    let action = format!("{}/IIpamServer/{operation}", namespace::IPAM);
    let body = format!("<{operation} xmlns='{}'><taskType>Discovery</taskType></{operation}>", namespace::IPAM);
    envelope(&format!("<a:Action s:mustUnderstand='1'>{action}</a:Action><a:MessageID>{id}</a:MessageID>"), &body)
}

pub(super) fn envelope(header: &str, body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s='{}' xmlns:a='{}'><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>",
        namespace::SOAP12,
        namespace::ADDRESSING
    )
}

pub(super) fn bytes(records: &[Record]) -> Vec<u8> {
    records.iter().flat_map(Record::to_bytes).collect()
}

/// The records of a stream that ends with a whole one.
pub(super) fn records(bytes: &[u8]) -> Vec<Record> {
    let mut deframer = Deframer::new(Limits::default());
    deframer.push(bytes);
    let mut records = Vec::new();
    while let Some(framed) = deframer.next().unwrap() {
        records.push(framed.record);
    }
    deframer.finish().unwrap();
    records
}

/// A preamble up to its end.
pub(super) fn preamble(mode: Mode, via: &str, encoding: KnownEncoding) -> Vec<u8> {
    let mut out = Vec::new();
    Preamble { mode, via: via.into(), encoding }.write(&mut out);
    Record::PreambleEndRecord.write(&mut out);
    out
}

pub(super) fn text_preamble() -> Vec<u8> {
    preamble(Mode::Duplex, VIA, KnownEncoding::Soap12Utf8)
}

pub(super) fn sized(text: &str) -> Record {
    Record::SizedEnvelopeRecord(text.as_bytes().to_vec().into())
}

pub(super) fn unsized_(text: &str) -> Record {
    Record::UnsizedEnvelopeRecord(text.as_bytes().to_vec().into())
}

/// The text of an envelope.
pub(super) fn text(record: &Record) -> &str {
    match record {
        Record::SizedEnvelopeRecord(envelope) | Record::UnsizedEnvelopeRecord(envelope) => {
            std::str::from_utf8(envelope).unwrap()
        }
        other => panic!("{other}"),
    }
}

/// Streams that are refused, and with which fault.
pub(super) fn refusals() -> Vec<(&'static str, Vec<u8>, Option<FaultUri>)> {
    use FaultUri::{
        ContentTypeInvalid, ContentTypeTooLong, EndpointNotFound, InvalidRecordSequence, MaxMessageSizeExceededFault,
        UnsupportedMode, UnsupportedVersion, UpgradeInvalid, ViaTooLong,
    };
    let version = [0x00, 0x01, 0x00]; // VersionRecord 1.0
    let duplex = [0x01, 0x02]; // ModeRecord Duplex
    let begun = |more: &[u8]| [&version[..], &duplex[..], more].concat();
    let with_via = |via: &str| begun(&Record::ViaRecord(via.into()).to_bytes());
    let encoded = |more: &[u8]| [&with_via(VIA)[..], more].concat();
    let ready = |more: &[u8]| [&encoded(&[0x03, 0x03])[..], more].concat(); // KnownEncodingRecord: SOAP 1.2 UTF-8
    let open = |more: &[u8]| [&text_preamble()[..], more].concat();
    let of_mode = |mode, via| preamble(mode, via, KnownEncoding::Soap12Utf8);
    vec![
        ("version 2.0", vec![0x00, 0x02, 0x00], Some(UnsupportedVersion)),
        ("version 0.1", vec![0x00, 0x00, 0x01], Some(UnsupportedVersion)),
        ("mode first", duplex.to_vec(), Some(InvalidRecordSequence)),
        ("version twice", [version, version].concat(), Some(InvalidRecordSequence)),
        ("simplex", of_mode(Mode::Simplex, VIA), Some(UnsupportedMode)),
        ("singleton-sized", of_mode(Mode::SingletonSized, VIA), Some(UnsupportedMode)),
        ("mode 0", [&version[..], &[0x01, 0x00]].concat(), Some(UnsupportedMode)),
        ("mode 5", [&version[..], &[0x01, 0x05]].concat(), Some(UnsupportedMode)),
        (
            "no session for a port type of sessions",
            of_mode(Mode::SingletonUnsized, "net.tcp://h/Ipam/OperationWithProgress"),
            Some(UnsupportedMode),
        ),
        ("encoding before via", begun(&[0x03, 0x03]), Some(InvalidRecordSequence)),
        ("unknown path", with_via("net.tcp://h/Ipam/Nothing"), Some(EndpointNotFound)),
        ("longer path", with_via("net.tcp://h/Ipam/Server/more"), Some(EndpointNotFound)),
        ("another scheme", with_via("http://h/Ipam/Server"), Some(EndpointNotFound)),
        ("relative via", with_via("/Ipam/Server"), Some(EndpointNotFound)),
        ("a world that is not open", with_via("net.tcp://h/lab/99/Ipam/Server"), Some(EndpointNotFound)),
        ("via of 2049 bytes", begun(&[0x02, 0x81, 0x10]), Some(ViaTooLong)),
        ("empty via", begun(&[0x02, 0x00]), None),
        ("via that is no UTF-8", begun(&[0x02, 0x01, 0xFF]), Some(EndpointNotFound)),
        ("SOAP 1.1", encoded(&[0x03, 0x00]), Some(ContentTypeInvalid)),
        ("MTOM", encoded(&[0x03, 0x06]), Some(ContentTypeInvalid)),
        ("encoding 9", encoded(&[0x03, 0x09]), Some(ContentTypeInvalid)),
        ("binary in duplex", encoded(&[0x03, 0x07]), Some(ContentTypeInvalid)),
        (
            "in-band dictionary without a session",
            preamble(Mode::SingletonUnsized, VIA, KnownEncoding::BinarySession),
            Some(ContentTypeInvalid),
        ),
        (
            "unknown content type",
            encoded(&Record::ExtensibleEncodingRecord("text/plain".into()).to_bytes()),
            Some(ContentTypeInvalid),
        ),
        ("content type of 257 bytes", encoded(&[0x04, 0x81, 0x02]), Some(ContentTypeTooLong)),
        (
            "upgrade to negotiate",
            ready(&Record::UpgradeRequestRecord("application/negotiate".into()).to_bytes()),
            Some(UpgradeInvalid),
        ),
        ("unknown upgrade", ready(&Record::UpgradeRequestRecord("x/y".into()).to_bytes()), Some(UpgradeInvalid)),
        ("envelope before the preamble's end", ready(&sized("<a/>").to_bytes()), Some(InvalidRecordSequence)),
        ("end before the preamble's end", ready(&[0x07]), Some(InvalidRecordSequence)),
        ("acknowledgement by the initiator", ready(&[0x0B]), Some(InvalidRecordSequence)),
        ("fault in a preamble", begun(&Record::FaultRecord("urn:x".into()).to_bytes()), None),
        ("second preamble end", open(&[0x0C]), Some(InvalidRecordSequence)),
        ("version in a session", open(&version), Some(InvalidRecordSequence)),
        ("unsized envelope in duplex", open(&[0x05, 0x01, 0x20, 0x00]), Some(InvalidRecordSequence)),
        ("unknown record type", open(&[0x0D]), Some(InvalidRecordSequence)),
        ("unknown first record type", vec![0xFF], Some(InvalidRecordSequence)),
        // Size 1048577.
        ("envelope of more than 1 MiB", open(&[0x06, 0x81, 0x80, 0x40]), Some(MaxMessageSizeExceededFault)),
        ("envelope of no bytes", open(&[0x06, 0x00]), None),
        ("size of six octets", open(&[0x06, 0x80, 0x80, 0x80, 0x80, 0x80]), None),
        ("size of more than 31 bits", open(&[0x06, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]), None),
        ("envelope that is no XML", open(&sized("hello").to_bytes()), None),
        ("envelope that is no UTF-8", open(&[0x06, 0x02, 0xC3, 0x28]), None),
    ]
}

pub(super) struct Peer {
    dialogue: Dialogue,
    now: Now,
}

impl Peer {
    pub(super) fn new(behaviour: Behaviour) -> Self {
        Self::of(Lab::new(behaviour, Scenario::Default, Moment::LAB))
    }

    /// A connection to a server that others are connected to too.
    pub(super) fn of(lab: Lab) -> Self {
        let now = Now { instant: Instant::now(), moment: Moment::LAB };
        Self { dialogue: Dialogue::new(lab, now), now }
    }

    /// Sends bytes, and says what comes back.
    pub(super) fn say(&mut self, bytes: &[u8]) -> Vec<Record> {
        self.dialogue.receive(bytes, self.now);
        let mut answer = Vec::new();
        loop {
            let output = self.dialogue.output();
            if output.is_empty() {
                return records(&answer);
            }
            answer.extend(output);
            self.dialogue.proceed(self.now);
        }
    }

    /// Lets time pass, and tells how the connection ended.
    fn pass(&mut self, time: Duration) -> Option<Over> {
        self.now.instant += time;
        self.dialogue.wake(self.now);
        self.dialogue.over()
    }
}

#[test]
fn connections_together_hold_no_more_than_the_server_has_room_for() {
    let lab = Lab::new(Behaviour::default(), Scenario::Default, Moment::LAB).with_room(Room::of(100 << 10));
    let mut peers: Vec<Peer> = std::iter::repeat_with(|| Peer::of(lab.clone())).take(3).collect();
    // An envelope of 1 MiB that does not end.
    let begun = [&[0x06, 0x80, 0x80, 0x40][..], &vec![0x20; 40 << 10]].concat();
    for peer in &mut peers {
        assert_eq!(peer.say(&text_preamble()), [Record::PreambleAckRecord]);
    }
    assert!(peers[0].say(&begun).is_empty() && peers[1].say(&begun).is_empty());
    assert_eq!(peers[2].say(&begun), [Record::FaultRecord(FaultUri::ServerTooBusy.uri())]);
    // Who asks for little is served all the same, and what another one held is free again.
    assert_eq!(Peer::of(lab.clone()).say(&[&text_preamble()[..], &asked()].concat()).len(), 2);
    peers.remove(0);
    let mut another = Peer::of(lab);
    another.say(&text_preamble());
    assert!(another.say(&begun).is_empty());
}

fn asked() -> Vec<u8> {
    sized(&request("IsIpamConfigured", "urn:x:1")).to_bytes()
}

fn plain() -> Peer {
    Peer::new(Behaviour::default())
}

#[test]
fn what_cannot_go_on_is_refused_by_the_fault_that_fits() {
    for (what, stream, fault) in refusals() {
        let mut peer = plain();
        let answer = peer.say(&stream);
        let said: Vec<_> = answer.iter().filter(|record| **record != Record::PreambleAckRecord).collect();
        let expected: Vec<_> = fault.iter().map(|fault| Record::FaultRecord(fault.uri())).collect();
        assert_eq!(said, expected.iter().collect::<Vec<_>>(), "{what}");
        let over = if fault.is_some() { Over::Refused } else { Over::Aborted };
        assert_eq!(peer.dialogue.over(), Some(over), "{what}");
        assert!(peer.say(&text_preamble()).is_empty(), "{what}");

        let mut silent = Peer::new(Variant::SilentRefusals.into());
        assert!(silent.say(&stream).iter().all(|record| *record == Record::PreambleAckRecord), "{what}");
        assert_eq!(silent.dialogue.over(), Some(Over::Aborted), "{what}");
    }
}

#[test]
fn a_stream_is_read_the_same_at_every_split() {
    let stream = [text_preamble(), bytes(&[sized(&request("IsTaskRunning", "urn:x:1")), Record::EndRecord])].concat();
    let whole = plain().say(&stream);
    assert!(matches!(&whole[..], [Record::PreambleAckRecord, Record::SizedEnvelopeRecord(_), Record::EndRecord]));
    for at in 0..=stream.len() {
        let mut peer = plain();
        let mut answer = peer.say(&stream[..at]);
        answer.extend(peer.say(&stream[at..]));
        assert_eq!(answer, whole, "split at {at}");
    }
    let mut peer = plain();
    let answer: Vec<_> = stream.iter().flat_map(|byte| peer.say(&[*byte])).collect();
    assert_eq!(answer, whole);
}

#[test]
fn minor_versions_and_spellings_of_an_encoding_are_taken() {
    let mut stream = text_preamble();
    stream[2] = 7; // VersionRecord: MinorVersion 7
    assert_eq!(plain().say(&stream), [Record::PreambleAckRecord]);
    let strict = Peer::new(Variant::ChecksMinorVersion.into()).say(&stream);
    assert_eq!(strict, [Record::FaultRecord(FaultUri::UnsupportedVersion.uri())]);

    let named = Record::ExtensibleEncodingRecord("application/soap+xml; charset=utf-8".into());
    let mut records = Preamble::duplex(VIA, KnownEncoding::Soap12Utf8).records().to_vec();
    records[3] = named;
    records.push(Record::PreambleEndRecord);
    assert_eq!(plain().say(&bytes(&records)), [Record::PreambleAckRecord]);
}

#[test]
fn requests_are_answered_in_their_order_however_many_wait() {
    let mut peer = plain();
    let requests: Vec<_> =
        (0..400).map(|number| sized(&request("GetIpamTasksInfo", &format!("urn:x:{number}")))).collect();
    let answer = peer.say(&[text_preamble(), bytes(&requests)].concat());
    assert_eq!(answer.len(), 401);
    for (number, record) in answer.iter().skip(1).enumerate() {
        assert!(text(record).contains(&format!(">urn:x:{number}</a:RelatesTo>")), "{number}");
    }
    assert_eq!(peer.dialogue.over(), None);
}

#[test]
fn a_session_ends_by_both_and_another_may_begin() {
    let mut peer = plain();
    for _ in 0..3 {
        assert_eq!(peer.say(&text_preamble()), [Record::PreambleAckRecord]);
        assert_eq!(peer.say(&sized(&request("IsIpamConfigured", "urn:x:1")).to_bytes()).len(), 1);
        assert_eq!(peer.say(&Record::EndRecord.to_bytes()), [Record::EndRecord]);
        assert_eq!(peer.dialogue.over(), None);
    }
    let after = [text_preamble(), bytes(&[Record::EndRecord, sized("<a/>")])].concat();
    let fault = Record::FaultRecord(FaultUri::InvalidRecordSequence.uri());
    assert_eq!(plain().say(&after), [Record::PreambleAckRecord, Record::EndRecord, fault]);
    for (variant, end) in [(Variant::ClosesAfterEnd, &[Record::EndRecord][..]), (Variant::ClosesWithoutEnd, &[])] {
        let mut peer = Peer::new(variant.into());
        peer.say(&text_preamble());
        assert_eq!(peer.say(&Record::EndRecord.to_bytes()), end);
        assert_eq!(peer.dialogue.over(), Some(Over::Closed));
    }
}

#[test]
fn one_message_of_chunks_has_one_reply_of_chunks() {
    let mut peer = plain();
    let begin = preamble(Mode::SingletonUnsized, VIA, KnownEncoding::Soap12Utf8);
    assert_eq!(peer.say(&begin), [Record::PreambleAckRecord]);
    let answer = peer.say(&unsized_(&request("IsIpamConfigured", "urn:x:1")).to_bytes());
    assert!(text(&answer[0]).contains(">true<") && answer[1..] == [Record::EndRecord], "{answer:?}");
    assert!(peer.say(&Record::EndRecord.to_bytes()).is_empty());
    assert_eq!(peer.say(&begin), [Record::PreambleAckRecord]);
}

#[test]
fn what_soap_and_addressing_refuse_is_answered_by_a_fault_in_the_session() {
    let good = request("IsIpamConfigured", "urn:x:1").replace("<taskType>Discovery</taskType>", "");
    let header = |more: &str| good.replace("<s:Header>", &format!("<s:Header>{more}"));
    let mut peer = plain();
    peer.say(&text_preamble());
    for (what, message, code) in [
        ("SOAP 1.1", good.replace(namespace::SOAP12, namespace::SOAP11), "VersionMismatch"),
        ("no envelope", "<hello/>".into(), "VersionMismatch"),
        ("header not understood", header("<x:y xmlns:x='urn:x' s:mustUnderstand='1'/>"), "MustUnderstand"),
        ("no action", envelope("<a:MessageID>urn:x:1</a:MessageID>", ""), "MessageAddressingHeaderRequired"),
        ("action twice", header("<a:Action>x</a:Action>"), "InvalidCardinality"),
        ("unknown action", good.replace("IsIpamConfigured</a", "IsNothing</a"), "ActionNotSupported"),
        ("action of another port type", good.replace("IIpamServer", "IIpamOther"), "ActionNotSupported"),
        ("wrong To", header("<a:To>net.tcp://h/Ipam/Nothing</a:To>"), "DestinationUnreachable"),
        ("To another scheme", header("<a:To>http://h/Ipam/Server</a:To>"), "DestinationUnreachable"),
        ("no id", good.replace("<a:MessageID>urn:x:1</a:MessageID>", ""), "MessageAddressingHeaderRequired"),
        ("empty body", envelope(&header_of(&good), ""), "DeserializationFailed"),
        ("two elements", envelope(&header_of(&good), &body_of(&good).repeat(2)), "DeserializationFailed"),
    ] {
        let answer = peer.say(&sized(&message).to_bytes());
        assert_eq!(answer.len(), 1, "{what}");
        let fault = text(&answer[0]);
        assert!(fault.contains("<s:Fault>") && fault.contains(&format!(":{code}</s:Value>")), "{what}: {fault}");
    }
    // The session goes on, and takes what nobody must understand.
    let unknown = header("<x:y xmlns:x='urn:x'/><a:To>net.tcp://elsewhere:1/ipam/server</a:To>");
    assert!(text(&peer.say(&sized(&unknown).to_bytes())[0]).contains(">true<"));
}

fn header_of(message: &str) -> String {
    message.split("<s:Header>").nth(1).unwrap().split("</s:Header>").next().unwrap().to_owned()
}

fn body_of(message: &str) -> String {
    message.split("<s:Body>").nth(1).unwrap().split("</s:Body>").next().unwrap().to_owned()
}

#[test]
fn keepalive_is_ignored() {
    let mut peer = plain();
    peer.say(&text_preamble());
    let keepalive =
        envelope(&format!("<a:Action s:mustUnderstand='1'>{}</a:Action>", crate::spec::KEEPALIVE_ACTION), "");
    assert!(peer.say(&sized(&keepalive).to_bytes()).is_empty());
    assert_eq!(peer.say(&sized(&request("IsIpamConfigured", "urn:x:1")).to_bytes()).len(), 1);
}

#[test]
fn every_wait_ends() {
    let seconds = Duration::from_secs;
    let preamble = text_preamble();
    // A preamble that never comes, or comes byte by byte.
    assert_eq!(plain().pass(seconds(20)), Some(Over::Aborted));
    let mut slow = plain();
    for byte in &preamble[..19] {
        slow.say(&[*byte]);
        assert_eq!(slow.pass(seconds(1)), None);
    }
    assert_eq!(slow.pass(seconds(1)), Some(Over::Aborted));
    // A session in which nobody speaks.
    let mut idle = plain();
    idle.say(&preamble);
    assert_eq!(idle.pass(seconds(599)), None);
    assert_eq!(idle.pass(seconds(1)), Some(Over::Aborted));
    // A record that never ends: what comes of it counts for nothing.
    let mut drip = plain();
    drip.say(&preamble);
    drip.say(&[0x06, 0xFF]);
    for _ in 0..59 {
        drip.say(&[0xFF][..0]);
        assert_eq!(drip.pass(seconds(1)), None);
    }
    assert_eq!(drip.pass(seconds(1)), Some(Over::Aborted));
    // A connection between two sessions.
    let mut between = plain();
    between.say(&preamble);
    between.say(&Record::EndRecord.to_bytes());
    assert_eq!(between.pass(seconds(119)), None);
    assert_eq!(between.pass(seconds(1)), Some(Over::Aborted));
}
