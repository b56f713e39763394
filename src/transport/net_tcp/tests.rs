//! Sessions over net.tcp against bytes: what each end is told as, what is sent, and when.

use std::time::Duration;

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::{
    MessageEncoding, NetTcpOptions, NetTcpTransport, accepted,
    dialogue::{Dialogue, Lost, Opening},
};
use crate::{
    session::{End, Guard, Observed, Outgoing, Permitted, Received, guard::plain_request},
    spec::{Effect, Operation, PortType},
    transport::{TargetUrl, session::Command},
    wire::{
        framing::{Deframer, KnownEncoding, Limits, Record},
        nbfse,
        nbfx::Style,
    },
    xml,
};

const LIMIT: Duration = Duration::from_secs(20);
/// PreambleAckRecord.
const ACK: &[u8] = &[0x0b];

fn dialogue(encoding: MessageEncoding) -> Dialogue {
    let mut dialogue = Dialogue::new(Opening::Preamble, "net.tcp://h/x".to_owned(), encoding, 4096, None);
    dialogue.connected(Duration::ZERO);
    dialogue
}

fn request() -> Outgoing {
    plain_request(Operation::named(PortType::IIpamServer, "GetIpamVersion").unwrap(), "")
}

fn sized(payload: &[u8]) -> Vec<u8> {
    Record::SizedEnvelopeRecord(Bytes::copy_from_slice(payload)).to_bytes()
}

fn records(dialogue: &mut Dialogue) -> Vec<Record> {
    let mut deframer = Deframer::new(Limits::default());
    for piece in dialogue.output().drain(..) {
        deframer.push(&piece);
    }
    std::iter::from_fn(|| deframer.next().unwrap()).map(|framed| framed.record).collect()
}

/// What was observed of what the target sent.
fn seen(dialogue: &mut Dialogue) -> Vec<Observed> {
    std::iter::from_fn(|| dialogue.observation())
        .map(|observation| observation.what)
        .filter(|what| !matches!(what, Observed::Sent(_) | Observed::SentRecords))
        .collect()
}

#[test]
fn a_session_begins_with_the_preamble_and_holds_requests_until_it_is_taken() {
    for (encoding, known) in
        [(MessageEncoding::Binary, KnownEncoding::BinarySession), (MessageEncoding::Text, KnownEncoding::Soap12Utf8)]
    {
        let mut dialogue = dialogue(encoding);
        dialogue.command(Command::Request(request()), Duration::ZERO);
        let sent = records(&mut dialogue);
        assert_eq!(sent.get(3), Some(&Record::KnownEncodingRecord(known)));
        assert_eq!(sent.last(), Some(&Record::PreambleEndRecord));
        dialogue.received(ACK, Duration::ZERO);
        assert!(matches!(records(&mut dialogue).as_slice(), [Record::SizedEnvelopeRecord(_)]));
        assert_eq!(seen(&mut dialogue), [Observed::Accepted]);
    }
}

#[test]
fn each_end_is_told_as_what_it_is() {
    let fault = Record::FaultRecord("urn:busy".to_owned()).to_bytes();
    let with_ack = |more: &[u8]| [ACK, more].concat();
    let probes: Vec<(Vec<u8>, Option<Lost>, End)> = vec![
        (fault.clone(), None, End::Refused { fault: "urn:busy".to_owned() }),
        (with_ack(&fault), None, End::Refused { fault: "urn:busy".to_owned() }),
        (with_ack(&[0x07]), None, End::Ended),
        (vec![], Some(Lost::Closed), End::Closed),
        (with_ack(&[]), Some(Lost::Closed), End::Closed),
        (with_ack(&[]), Some(Lost::Reset), End::Reset),
        (with_ack(&[0x06, 0x05, 0x00]), Some(Lost::Closed), End::ClosedMidway { received: 3 }),
        (with_ack(&[0x06, 0xff, 0xff, 0x7f]), None, End::Oversize { limit: 4096 }),
    ];
    for (bytes, lost, end) in probes {
        let mut dialogue = dialogue(MessageEncoding::Text);
        for byte in &bytes {
            dialogue.received(&[*byte], Duration::ZERO);
        }
        if let Some(lost) = lost {
            dialogue.lost(lost, Duration::ZERO);
        }
        assert_eq!(seen(&mut dialogue).last(), Some(&Observed::Ended(end)), "{bytes:?}");
        assert!(dialogue.has_ended());
    }
}

#[test]
fn what_is_no_framing_is_told_from_framing_that_is_broken() {
    let mut other = dialogue(MessageEncoding::Text);
    other.received(b"HTTP/1.1 400 Bad Request\r\n", Duration::ZERO);
    let observed = seen(&mut other);
    let [Observed::Ended(End::NotTheProtocol { began, .. })] = observed.as_slice() else { panic!("{observed:?}") };
    assert!(began.starts_with(b"HTTP/1.1"));
    // A message before the session was taken; a second acknowledgement; no record after one that was.
    for bytes in [sized(b"<a/>"), [ACK, ACK].concat(), [ACK, &[0x63]].concat()] {
        let mut broken = dialogue(MessageEncoding::Text);
        broken.received(&bytes, Duration::ZERO);
        let observed = seen(&mut broken);
        assert!(matches!(observed.last(), Some(Observed::Ended(End::BrokenFraming { .. }))), "{observed:?}");
    }
}

#[test]
fn the_end_of_one_side_is_answered_with_that_of_the_other_once() {
    let mut dialogue = dialogue(MessageEncoding::Text);
    dialogue.received(ACK, Duration::ZERO);
    let _ = records(&mut dialogue);
    dialogue.received(&[0x07], Duration::ZERO);
    assert_eq!(records(&mut dialogue), [Record::EndRecord]);
    let mut ours = self::dialogue(MessageEncoding::Text);
    ours.received(ACK, Duration::ZERO);
    let _ = records(&mut ours);
    ours.command(Command::End, Duration::ZERO);
    ours.command(Command::Request(request()), Duration::ZERO);
    assert_eq!(records(&mut ours), [Record::EndRecord]);
    ours.received(&[0x07], Duration::ZERO);
    assert_eq!(records(&mut ours), []);
    assert_eq!(seen(&mut ours).last(), Some(&Observed::Ended(End::Ended)));
}

#[test]
fn a_string_that_comes_again_is_told() {
    let mut dialogue = dialogue(MessageEncoding::Binary);
    dialogue.received(ACK, Duration::ZERO);
    let document = xml::read(&request().envelope, &xml::Limits::default()).unwrap();
    let mut encoder = nbfse::Encoder::new(Style::default());
    for again in [false, false, true, false] {
        if again {
            encoder.repeat_strings();
        }
        dialogue.received(&sized(&encoder.encode(&document.root)), Duration::ZERO);
    }
    let repeats = seen(&mut dialogue).into_iter().filter_map(|what| match what {
        Observed::Received(received) => {
            assert!(received.binary.unwrap().unwrap().root.is_same(&document.root));
            Some(received.repeats_string)
        }
        _ => None,
    });
    assert_eq!(repeats.collect::<Vec<_>>(), [false, false, true, false]);
}

#[test]
fn a_keepalive_goes_out_where_nothing_was_said() {
    let mut dialogue = dialogue(MessageEncoding::Text);
    dialogue.tick(Duration::ZERO);
    dialogue.received(ACK, Duration::ZERO);
    let _ = records(&mut dialogue);
    dialogue.tick(Duration::ZERO);
    let keepalives = records(&mut dialogue);
    let [Record::SizedEnvelopeRecord(payload)] = keepalives.as_slice() else { panic!("{keepalives:?}") };
    assert_eq!(payload, crate::soap::write::KEEPALIVE);
    // The keepalive itself was said; then a request was.
    dialogue.command(Command::Request(request()), Duration::ZERO);
    let _ = records(&mut dialogue);
    dialogue.tick(Duration::ZERO);
    assert_eq!(records(&mut dialogue), []);
}

fn transport() -> NetTcpTransport {
    let encoding = MessageEncoding::Text;
    NetTcpTransport::new(NetTcpOptions {
        connect: LIMIT,
        reply: LIMIT,
        overall: LIMIT,
        reply_bytes: 4096,
        idle: 2,
        encoding,
        security: None,
    })
}

fn permitted(name: &str) -> Permitted {
    let operation = Operation::named(PortType::IIpamServer, name).unwrap();
    Guard::new(Effect::ALL, None).permit(plain_request(operation, "")).unwrap()
}

async fn listener() -> (TcpListener, TargetUrl) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = TargetUrl::parse(&format!("net.tcp://{}/x", listener.local_addr().unwrap())).unwrap();
    (listener, url)
}

/// Reads until the stream so far has this record.
async fn until(stream: &mut TcpStream, wanted: impl Fn(&Record) -> bool) {
    let mut deframer = Deframer::new(Limits::default());
    let mut piece = [0; 256];
    loop {
        while let Some(framed) = deframer.next().unwrap() {
            if wanted(&framed.record) {
                return;
            }
        }
        let length = stream.read(&mut piece).await.unwrap();
        assert!(length > 0, "the client went away");
        deframer.push(&piece[..length]);
    }
}

#[tokio::test]
async fn a_session_is_kept_for_what_reads_and_another_is_opened_where_it_has_gone() {
    let (listener, url) = listener().await;
    let server = tokio::spawn(async move {
        // Three sessions: the first answers twice and goes, each other answers once.
        for answers in [2, 1, 1] {
            let (mut stream, _) = listener.accept().await.unwrap();
            until(&mut stream, |record| *record == Record::PreambleEndRecord).await;
            stream.write_all(ACK).await.unwrap();
            for _ in 0..answers {
                until(&mut stream, |record| matches!(record, Record::SizedEnvelopeRecord(_))).await;
                for byte in sized(b"<a/>") {
                    stream.write_all(&[byte]).await.unwrap();
                }
            }
        }
    });
    let transport = transport();
    let answer = Observed::Received(Received::text(Bytes::from_static(b"<a/>"), None));
    for _ in 0..3 {
        assert_eq!(transport.exchange(&url, &permitted("GetIpamVersion")).await.answer, answer);
    }
    // What changes something goes on a session of its own.
    assert_eq!(transport.exchange(&url, &permitted("StartTask")).await.answer, answer);
    server.await.unwrap();
}

#[tokio::test]
async fn a_session_that_is_dropped_is_ended_in_order() {
    let (listener, url) = listener().await;
    let mut session = transport().open(&url, true);
    let (mut stream, _) = listener.accept().await.unwrap();
    until(&mut stream, |record| *record == Record::PreambleEndRecord).await;
    stream.write_all(ACK).await.unwrap();
    accepted(&mut session, LIMIT, &mut Vec::new()).await.unwrap();
    drop(session);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    // EndRecord, and nothing after it.
    assert_eq!(rest, [0x07]);
}

#[tokio::test]
async fn no_more_sessions_are_kept_than_may_be_idle() {
    let (listener, url) = listener().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        until(&mut stream, |record| *record == Record::PreambleEndRecord).await;
        stream.write_all(ACK).await.unwrap();
        until(&mut stream, |record| matches!(record, Record::SizedEnvelopeRecord(_))).await;
        stream.write_all(&sized(b"<a/>")).await.unwrap();
        until(&mut stream, |record| *record == Record::EndRecord).await;
    });
    let encoding = MessageEncoding::Text;
    let options = NetTcpOptions {
        connect: LIMIT,
        reply: LIMIT,
        overall: LIMIT,
        reply_bytes: 4096,
        idle: 0,
        encoding,
        security: None,
    };
    let transport = NetTcpTransport::new(options);
    let observed = transport.exchange(&url, &permitted("GetIpamVersion")).await.answer;
    assert!(matches!(observed, Observed::Received(_)), "{observed:?}");
    server.await.unwrap();
}

#[tokio::test]
async fn nobody_there_is_an_end_of_its_own() {
    let (listener, url) = listener().await;
    drop(listener);
    let observed = transport().exchange(&url, &permitted("GetIpamVersion")).await.answer;
    assert!(matches!(observed, Observed::Ended(End::Unreachable { .. })), "{observed:?}");
}

#[tokio::test]
async fn a_target_that_says_nothing_is_silent() {
    let (_listener, url) = listener().await;
    let short = Duration::from_millis(50);
    let encoding = MessageEncoding::Binary;
    let transport = NetTcpTransport::new(NetTcpOptions {
        connect: short,
        reply: short,
        overall: short,
        reply_bytes: 4096,
        idle: 2,
        encoding,
        security: None,
    });
    assert_eq!(
        transport.exchange(&url, &permitted("GetIpamVersion")).await.answer,
        Observed::Silence { waited: short }
    );
}
