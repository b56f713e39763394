//! A client's stream with a mechanism that only counts: its states, every split of what comes, and what breaks it.

use proptest::prelude::*;

use super::{ClientStream, Mechanism, Refusal, mechanism::Step};
use crate::wire::nns::{DataReader, ErrorCode, HandshakeMessage, HandshakeReader, write_data};

/// Is through after so many steps; seals by turning every bit and counting.
#[derive(Debug)]
struct Counting {
    left: usize,
    sent: u8,
    received: u8,
    fails: bool,
}

impl Mechanism for Counting {
    fn step(&mut self, token: &[u8]) -> Result<Step, Refusal> {
        if self.fails && !token.is_empty() {
            return Err(Refusal::Mechanism { code: ErrorCode::INVALID_TOKEN, reason: "no".to_owned() });
        }
        self.left = self.left.saturating_sub(1);
        Ok(Step { token: vec![1, 2, 3], complete: self.left == 0 })
    }

    fn wrap(&mut self, plain: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.sent = self.sent.wrapping_add(1);
        Ok(sealed(self.sent, plain))
    }

    fn unwrap(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.received = self.received.wrapping_add(1);
        match bytes.split_first() {
            Some((number, rest)) if *number == self.received => Ok(rest.iter().map(|byte| !byte).collect()),
            _ => Err(Refusal::Altered { reason: "not the next".to_owned() }),
        }
    }
}

fn sealed(number: u8, plain: &[u8]) -> Vec<u8> {
    std::iter::once(number).chain(plain.iter().map(|byte| !byte)).collect()
}

fn stream(steps: usize) -> ClientStream {
    ClientStream::new(Box::new(Counting { left: steps, sent: 0, received: 0, fails: false }))
}

/// Makes the steps that are there to be made.
fn work(stream: &mut ClientStream, out: &mut Vec<u8>) -> Result<(), Refusal> {
    while let Some(work) = stream.work() {
        stream.worked(work.run(), out)?;
    }
    Ok(())
}

/// Feeds pieces, makes steps, and opens what is whole: what was opened, and how it went.
fn feed<'a>(stream: &mut ClientStream, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Result<(), Refusal>) {
    let (mut opened, mut out) = (Vec::new(), Vec::new());
    let go = || {
        work(stream, &mut out)?;
        for piece in pieces {
            stream.receive(piece)?;
            work(stream, &mut out)?;
            while let Some(plain) = stream.open()? {
                opened.extend(plain);
            }
        }
        Ok(())
    };
    let went = go();
    (opened, went)
}

fn written(messages: &[HandshakeMessage], data: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for message in messages {
        message.write(&mut out).unwrap();
    }
    for (number, data) in (1_u8..).zip(data) {
        write_data(&sealed(number, data), &mut out);
    }
    out
}

fn in_progress() -> HandshakeMessage {
    HandshakeMessage::HandshakeInProgress(bytes::Bytes::from_static(b"x"))
}

fn done(token: &'static [u8]) -> HandshakeMessage {
    HandshakeMessage::HandshakeDone(bytes::Bytes::from_static(token))
}

#[test]
fn what_comes_is_the_same_at_every_split() {
    // Through first itself (3.1.5.4), or with the last token of the other side (3.1.5.3).
    for (steps, messages) in [(2, vec![in_progress(), done(b"")]), (3, vec![in_progress(), done(b"last")])] {
        let bytes = written(&messages, &[b"one", b"", b"three"]);
        for split in 0..=bytes.len() {
            let (before, after) = bytes.split_at(split);
            let mut stream = stream(steps);
            assert_eq!(feed(&mut stream, [before, after]), (b"onethree".to_vec(), Ok(())));
            assert!(stream.is_authenticated());
        }
        for cut in 0..bytes.len() {
            let mut stream = stream(steps);
            let (opened, went) = feed(&mut stream, [&bytes[..cut]]);
            assert_eq!(went, Ok(()));
            assert!(b"onethree".starts_with(opened.as_slice()));
        }
    }
}

#[test]
fn each_side_of_the_handshake_is_said_in_its_message() {
    let mut stream = stream(2);
    let mut out = Vec::new();
    work(&mut stream, &mut out).unwrap();
    stream.receive(&written(&[in_progress()], &[])).unwrap();
    work(&mut stream, &mut out).unwrap();
    let mut reader = HandshakeReader::default();
    reader.push(&out);
    assert!(matches!(reader.next(), Ok(Some(HandshakeMessage::HandshakeInProgress(_)))));
    assert!(matches!(reader.next(), Ok(Some(HandshakeMessage::HandshakeDone(_)))));
    assert!(stream.seal(b"early", &mut out).is_err(), "nothing is sealed before the handshake is through");
}

#[test]
fn what_breaks_a_handshake_is_told() {
    let probes = [
        (
            1,
            vec![HandshakeMessage::HandshakeError(ErrorCode::LOGON_DENIED)],
            Refusal::Target { code: ErrorCode::LOGON_DENIED },
        ),
        (2, vec![HandshakeMessage::HandshakeError(ErrorCode(0x775))], Refusal::Target { code: ErrorCode(0x775) }),
    ];
    for (steps, messages, refusal) in probes {
        assert_eq!(feed(&mut stream(steps), [written(&messages, &[]).as_slice()]).1, Err(refusal));
    }
    let order = feed(&mut stream(1), [written(&[in_progress()], &[]).as_slice()]).1.unwrap_err().to_string();
    assert!(order.contains("WaitingForHandshakeDone"), "{order}");
    let early = feed(&mut stream(9), [written(&[done(b"early")], &[]).as_slice()]).1.unwrap_err().to_string();
    assert!(early.contains("ProcessingFinalToken"), "{early}");
    assert!(matches!(feed(&mut stream(2), [b"HTTP/1.1".as_slice()]).1, Err(Refusal::Decode(_))));
}

#[test]
fn the_other_side_is_told_why_we_give_up() {
    let mut stream = ClientStream::new(Box::new(Counting { left: 3, sent: 0, received: 0, fails: true }));
    let mut out = Vec::new();
    work(&mut stream, &mut out).unwrap();
    stream.receive(&written(&[in_progress()], &[])).unwrap();
    out.clear();
    assert!(work(&mut stream, &mut out).is_err());
    assert_eq!(out, written(&[HandshakeMessage::HandshakeError(ErrorCode::INVALID_TOKEN)], &[]));
}

#[test]
fn long_data_is_sealed_in_pieces_that_fit() {
    let mut stream = stream(1);
    feed(&mut stream, [written(&[done(b"")], &[]).as_slice()]).1.unwrap();
    let plain = vec![7; 200_000];
    let mut out = Vec::new();
    stream.seal(&plain, &mut out).unwrap();
    let mut reader = DataReader::default();
    reader.push(&out);
    let pieces: Vec<_> = std::iter::from_fn(|| reader.next().unwrap()).collect();
    assert_eq!(pieces.len(), 4);
    assert_eq!(pieces.iter().map(|piece| piece.len() - 1).sum::<usize>(), plain.len());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_octets_end_in_an_error_or_change_the_token_alone(at in any::<proptest::sample::Index>(), by in 1_u8..) {
        let mut bytes = written(&[in_progress(), done(b"last")], &[b"one", b"two"]);
        let at = at.index(bytes.len());
        bytes[at] ^= by;
        let mut stream = stream(3);
        // Whatever comes of it: no panic, and no more than was sent. (A size that grew takes the next
        // message into its own.)
        prop_assert!(feed(&mut stream, bytes.chunks(3)).0.len() < bytes.len());
    }
}
