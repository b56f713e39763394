//! Properties of reading: there and back, every place to split, every place to cut, and octets that were changed.

use proptest::prelude::*;

use super::{DataReader, ErrorCode, HandshakeMessage, HandshakeReader, MAX_PAYLOAD, write_data};
use crate::wire::{DecodeError, DecodeErrorKind};

fn message() -> impl Strategy<Value = HandshakeMessage> {
    let token = |least: usize| proptest::collection::vec(any::<u8>(), least..600).prop_map(bytes::Bytes::from);
    prop_oneof![
        token(1).prop_map(HandshakeMessage::HandshakeInProgress),
        token(0).prop_map(HandshakeMessage::HandshakeDone),
        any::<u32>().prop_map(|code| HandshakeMessage::HandshakeError(ErrorCode(code))),
    ]
}

fn written(messages: &[HandshakeMessage]) -> Vec<u8> {
    let mut out = Vec::new();
    for message in messages {
        message.write(&mut out).unwrap();
    }
    out
}

/// What a stream holds, fed in pieces, and how it ended.
fn handshakes<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<HandshakeMessage>, Result<(), DecodeError>) {
    let mut reader = HandshakeReader::default();
    let mut messages = Vec::new();
    for piece in pieces {
        reader.push(piece);
        loop {
            match reader.next() {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, Err(error)),
            }
        }
    }
    let end = reader.finish();
    (messages, end)
}

fn data<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<bytes::Bytes>, Result<(), DecodeError>) {
    let mut reader = DataReader::default();
    let mut payloads = Vec::new();
    for piece in pieces {
        reader.push(piece);
        loop {
            match reader.next() {
                Ok(Some(payload)) => payloads.push(payload),
                Ok(None) => break,
                Err(error) => return (payloads, Err(error)),
            }
        }
    }
    let end = reader.finish();
    (payloads, end)
}

/// A code that is known in neither order stays as it is; one that only the documented order knows is turned.
fn settled(message: HandshakeMessage) -> HandshakeMessage {
    match message {
        HandshakeMessage::HandshakeError(code) => HandshakeMessage::HandshakeError(ErrorCode::read(code.payload())),
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn handshakes_come_back_at_every_split_and_end_early_at_every_cut(
        messages in proptest::collection::vec(message().prop_map(settled), 1..4)
    ) {
        let bytes = written(&messages);
        for split in 0..=bytes.len() {
            let (before, after) = bytes.split_at(split);
            prop_assert_eq!(handshakes([before, after]), (messages.clone(), Ok(())));
            let (read, end) = handshakes([before]);
            prop_assert!(messages.starts_with(&read));
            prop_assert_eq!(written(&read).len() == split, end.is_ok());
            if let Err(error) = end {
                prop_assert_eq!(error.kind, DecodeErrorKind::Truncated);
            }
        }
        prop_assert_eq!(handshakes(bytes.chunks(1)), (messages, Ok(())));
    }

    #[test]
    fn data_comes_back_at_every_split_and_ends_early_at_every_cut(
        payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..4)
    ) {
        let mut bytes = Vec::new();
        for payload in &payloads {
            write_data(payload, &mut bytes);
        }
        let payloads: Vec<_> = payloads.into_iter().map(bytes::Bytes::from).collect();
        for split in 0..=bytes.len() {
            let (before, after) = bytes.split_at(split);
            prop_assert_eq!(data([before, after]), (payloads.clone(), Ok(())));
            let (read, end) = data([before]);
            prop_assert!(payloads.starts_with(&read));
            prop_assert_eq!(read.iter().map(|payload| payload.len() + 4).sum::<usize>() == split, end.is_ok());
        }
        prop_assert_eq!(data(bytes.chunks(1)), (payloads, Ok(())));
    }

    #[test]
    fn changed_octets_are_read_or_refused_the_same_at_any_split(
        messages in proptest::collection::vec(message(), 1..4),
        at in any::<proptest::sample::Index>(),
        by in 1_u8..,
        split in any::<proptest::sample::Index>(),
    ) {
        let mut bytes = written(&messages);
        let at = at.index(bytes.len());
        bytes[at] ^= by;
        let (before, after) = bytes.split_at(split.index(bytes.len()));
        prop_assert_eq!(handshakes([before, after]), handshakes([bytes.as_slice()]));
        prop_assert_eq!(data([before, after]), data([bytes.as_slice()]));
    }

    #[test]
    fn any_octets_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for payload in data([bytes.as_slice()]).0 {
            prop_assert!(u32::try_from(payload.len()).unwrap() <= MAX_PAYLOAD);
        }
        let (messages, _) = handshakes([bytes.as_slice()]);
        prop_assert!(written(&messages).len() <= bytes.len());
    }
}
