//! Bytes to the messages of a handshake, and to the payloads of data messages, at any split, within limits.
//!
//! Leaves out their order, and what is in them. Follows [MS-NNS] 2.2, 3.1.5.2, 3.1.5.4, 3.1.5.5 and the same of 3.2.

use bytes::{Buf as _, Bytes, BytesMut};

use super::{ErrorCode, HandshakeMessage, MAX_PAYLOAD, MessageId};
use crate::wire::{DecodeError, DecodeErrorKind};

/// Octets of a handshake message before its payload.
const HEADER: usize = 5;
/// Octets of the payload of a handshake error.
const ERROR: usize = 8;
/// Octets of PayloadSize.
const SIZE: usize = 4;

/// Reads the messages of a handshake from one side, in the order they are fed.
///
/// It holds no more than what was fed and not yet taken; a size is 65,535 at most, by its own width.
#[derive(Debug, Default)]
pub struct HandshakeReader(Buffer);

/// Reads the payloads of data messages from one side, in the order they are fed.
///
/// It holds no more than what was fed and not yet taken; a payload shares the memory of what was fed with it.
#[derive(Debug, Default)]
pub struct DataReader(Buffer);

/// What was fed and not yet taken, and where in the stream it stands.
#[derive(Debug, Default)]
struct Buffer {
    bytes: BytesMut,
    position: u64,
    failed: Option<DecodeError>,
}

impl HandshakeReader {
    /// Feeds the next bytes of the stream. After an error they are dropped.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.push(bytes);
    }

    /// Takes the next message; `None` until more bytes are fed. The version is not looked at (3.1.5.2, 3.2.5.1).
    ///
    /// # Errors
    /// Where the bytes are no handshake message: as soon as the field is read that is wrong. Every later call gives the
    /// same error.
    #[expect(clippy::should_implement_trait, reason = "more may come after `None`, and none after an error")]
    pub fn next(&mut self) -> Result<Option<HandshakeMessage>, DecodeError> {
        Ok(self.0.take(handshake_length)?.and_then(handshake))
    }

    /// Takes what was fed behind the messages that were taken: the data of a side that is through.
    pub fn take_rest(&mut self) -> Bytes {
        self.0.bytes.split().freeze()
    }

    /// Octets that were fed and belong to no message that was taken.
    pub fn buffered(&self) -> usize {
        self.0.bytes.len()
    }

    /// Judges the end of the stream, once [`next`](Self::next) has given `None`.
    ///
    /// # Errors
    /// `Truncated` in the middle of a message; the error that there was before.
    pub fn finish(&self) -> Result<(), DecodeError> {
        self.0.finish("Handshake message")
    }
}

impl DataReader {
    /// Feeds the next bytes of the stream. After an error they are dropped.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.push(bytes);
    }

    /// Takes the next payload; `None` until more bytes are fed.
    ///
    /// # Errors
    /// A PayloadSize above [`MAX_PAYLOAD`] (2.2.2), before its payload has come. Every later call gives the same error.
    #[expect(clippy::should_implement_trait, reason = "more may come after `None`, and none after an error")]
    pub fn next(&mut self) -> Result<Option<Bytes>, DecodeError> {
        Ok(self.0.take(data_length)?.map(|message| message.slice(SIZE..)))
    }

    /// Octets that were fed and belong to no message that was taken.
    pub fn buffered(&self) -> usize {
        self.0.bytes.len()
    }

    /// Judges the end of the stream, once [`next`](Self::next) has given `None`.
    ///
    /// # Errors
    /// `Truncated` in the middle of a message; the error that there was before.
    pub fn finish(&self) -> Result<(), DecodeError> {
        self.0.finish("Data message")
    }
}

impl Buffer {
    fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Takes the next message once it is whole, as long as `length` says of what was fed.
    fn take(&mut self, length: fn(&[u8]) -> Length) -> Result<Option<Bytes>, DecodeError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        match length(&self.bytes) {
            Ok(Some(length)) if self.bytes.len() >= length => {
                self.position = self.position.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
                Ok(Some(self.bytes.split_to(length).freeze()))
            }
            Ok(_) => Ok(None),
            Err(error) => {
                let error = error.moved(self.position);
                self.failed = Some(error.clone());
                Err(error)
            }
        }
    }

    fn finish(&self, item: &'static str) -> Result<(), DecodeError> {
        match &self.failed {
            Some(error) => Err(error.clone()),
            None if self.bytes.is_empty() => Ok(()),
            None => Err(DecodeError { offset: self.position, item, kind: DecodeErrorKind::Truncated }),
        }
    }
}

/// How long a message is, where its beginning tells.
type Length = Result<Option<usize>, DecodeError>;

fn handshake_length(bytes: &[u8]) -> Length {
    let Some(octet) = bytes.first() else { return Ok(None) };
    let id = MessageId::from_octet(*octet).ok_or_else(|| DecodeError::unknown(0, "MessageId", *octet))?;
    let Some([_, _, _, high, low]) = bytes.first_chunk::<HEADER>() else { return Ok(None) };
    let size = usize::from(u16::from_be_bytes([*high, *low]));
    match (id, size) {
        // 2.2.1: a token there must be.
        (MessageId::HandshakeInProgress, 0) => {
            Err(DecodeError::invalid(3, "HighByteOfPayloadSize", "HandshakeInProgress without a token"))
        }
        (MessageId::HandshakeError, size) if size != ERROR => {
            let words = format!("HandshakeError with {size} bytes of AuthPayload, which should be {ERROR}");
            Err(DecodeError::invalid(3, "HighByteOfPayloadSize", words))
        }
        _ => Ok(Some(HEADER + size)),
    }
}

/// A message that is whole, and was found well-formed when its length was told.
fn handshake(mut message: Bytes) -> Option<HandshakeMessage> {
    let id = MessageId::from_octet(*message.first()?)?;
    message.advance(HEADER.min(message.len()));
    Some(match id {
        MessageId::HandshakeDone => HandshakeMessage::HandshakeDone(message),
        MessageId::HandshakeInProgress => HandshakeMessage::HandshakeInProgress(message),
        MessageId::HandshakeError => HandshakeMessage::HandshakeError(ErrorCode::read(*message.first_chunk()?)),
    })
}

fn data_length(bytes: &[u8]) -> Length {
    let Some(size) = bytes.first_chunk::<SIZE>() else { return Ok(None) };
    let size = u32::from_le_bytes(*size);
    if size > MAX_PAYLOAD {
        let kind = DecodeErrorKind::Limit { limit: MAX_PAYLOAD.into(), got: size.into() };
        return Err(DecodeError { offset: 0, item: "PayloadSize", kind });
    }
    Ok(usize::try_from(size).ok().map(|size| SIZE + size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake_error(bytes: &[u8]) -> String {
        let mut reader = HandshakeReader::default();
        reader.push(bytes);
        let error = std::iter::from_fn(|| reader.next().transpose()).find_map(Result::err).unwrap();
        reader.push(&[0x14, 1, 0, 0, 0]);
        assert_eq!(reader.next(), Err(error.clone()), "the error stays");
        error.to_string()
    }

    #[test]
    fn what_is_no_handshake_message_is_told_at_the_field() {
        assert_eq!(handshake_error(&[0x17]), "offset 0: MessageId: 0x17 is no value that it has");
        assert_eq!(
            handshake_error(&[0x16, 1, 0, 0, 0]),
            "offset 3: HighByteOfPayloadSize: HandshakeInProgress without a token"
        );
        assert_eq!(handshake_error(&[0x14, 1, 0, 0, 0, 0x15, 1, 0, 0, 4]).split_once(": ").unwrap().0, "offset 8",);
    }

    #[test]
    fn versions_are_not_looked_at() {
        let mut reader = HandshakeReader::default();
        reader.push(&[0x14, 9, 9, 0, 1, 7, 0xAA]);
        assert_eq!(reader.next(), Ok(Some(HandshakeMessage::HandshakeDone(Bytes::from_static(&[7])))));
        assert_eq!(reader.take_rest(), [0xAA].as_slice(), "the data of a side that is through");
        assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn a_payload_has_64_560_bytes_at_most() {
        let mut reader = DataReader::default();
        reader.push(&[0x30, 0xFC, 0, 0]);
        assert_eq!(reader.next(), Ok(None));
        let mut reader = DataReader::default();
        reader.push(&[0x31, 0xFC, 0, 0]);
        assert_eq!(
            reader.next().unwrap_err().to_string(),
            "offset 0: PayloadSize: 64561 is more than the 64560 that are read"
        );
    }
}
