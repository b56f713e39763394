//! The messages of a handshake, the data message, and how each is written.
//!
//! Leaves out reading (`reader.rs`) and their order (`state.rs`). Follows [MS-NNS] 2.2.

use std::fmt;

use bytes::Bytes;

use super::ErrorCode;

/// The largest PayloadSize of a data message (2.2.2).
pub const MAX_PAYLOAD: u32 = 0xFC30;

/// How much is protected at once, in bytes: what any mechanism adds to it stays below [`MAX_PAYLOAD`].
pub const DATA: usize = 60 << 10;

/// MajorVersion and MinorVersion (2.2.1). A recipient does not look at them (3.1.5.2, 3.2.5.1).
pub(super) const VERSION: [u8; 2] = [1, 0];

/// A message of the handshake (2.2.1).
#[derive(Clone, PartialEq, Eq)]
pub enum HandshakeMessage {
    /// Its sender is through: with the last token it has, or with none.
    HandshakeDone(Bytes),
    /// Its sender gives up, and says why.
    HandshakeError(ErrorCode),
    /// A token, which is not the last of its sender.
    HandshakeInProgress(Bytes),
}

/// Which message it is (2.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the specification's; `HandshakeMessage` says what each is")]
pub enum MessageId {
    HandshakeDone,
    HandshakeError,
    HandshakeInProgress,
}

impl MessageId {
    /// All that there are.
    pub const ALL: [Self; 3] = [Self::HandshakeDone, Self::HandshakeError, Self::HandshakeInProgress];

    /// The octet.
    pub fn octet(self) -> u8 {
        match self {
            Self::HandshakeDone => 0x14,
            Self::HandshakeError => 0x15,
            Self::HandshakeInProgress => 0x16,
        }
    }

    /// The one of an octet.
    pub fn from_octet(octet: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|id| id.octet() == octet)
    }

    /// The name, as the document spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::HandshakeDone => "HandshakeDone",
            Self::HandshakeError => "HandshakeError",
            Self::HandshakeInProgress => "HandshakeInProgress",
        }
    }
}

impl HandshakeMessage {
    /// Which message it is.
    pub fn id(&self) -> MessageId {
        match self {
            Self::HandshakeDone(_) => MessageId::HandshakeDone,
            Self::HandshakeError(_) => MessageId::HandshakeError,
            Self::HandshakeInProgress(_) => MessageId::HandshakeInProgress,
        }
    }

    /// Writes the message behind what `out` holds.
    ///
    /// # Errors
    /// A token is longer than its size can say, 65,535 bytes; nothing is written then.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), TokenTooLong> {
        let code;
        let payload: &[u8] = match self {
            Self::HandshakeDone(token) | Self::HandshakeInProgress(token) => token,
            Self::HandshakeError(error) => {
                code = error.payload();
                &code
            }
        };
        let size = u16::try_from(payload.len()).map_err(|_| TokenTooLong)?;
        out.push(self.id().octet());
        out.extend(VERSION);
        // The two bytes of this size alone are the higher one first.
        out.extend(size.to_be_bytes());
        out.extend_from_slice(payload);
        Ok(())
    }
}

/// The token is not shown: it is as good as what it was made of for who can break it.
impl fmt::Debug for HandshakeMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One line: the name, and how much it holds.
impl fmt::Display for HandshakeMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.id().name();
        match self {
            Self::HandshakeDone(token) | Self::HandshakeInProgress(token) => {
                write!(f, "{name}, a token of {} bytes", token.len())
            }
            Self::HandshakeError(error) => write!(f, "{name} {error}"),
        }
    }
}

/// A token that no handshake message can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token of more than 65,535 bytes fits into no handshake message")]
pub struct TokenTooLong;

/// Writes a data message behind what `out` holds (2.2.2): the size, the lower byte first, and the payload. The rule that
/// a payload has [`MAX_PAYLOAD`] bytes at most is the caller's.
pub fn write_data(payload: &[u8], out: &mut Vec<u8>) {
    let size = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    out.extend(size.to_le_bytes());
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(message: &HandshakeMessage) -> Vec<u8> {
        let mut out = Vec::new();
        message.write(&mut out).unwrap();
        out
    }

    #[test]
    fn messages_are_written_field_by_field() {
        let token = Bytes::from(vec![7; 0x102]);
        let bytes = written(&HandshakeMessage::HandshakeInProgress(token.clone()));
        assert_eq!(bytes[..5], [0x16, 1, 0, 1, 2], "MessageId, versions, the size high byte first");
        assert_eq!(bytes[5..], token);
        assert_eq!(written(&HandshakeMessage::HandshakeDone(Bytes::new())), [0x14, 1, 0, 0, 0]);
        assert_eq!(
            written(&HandshakeMessage::HandshakeError(ErrorCode(0x8009_030C))),
            [0x15, 1, 0, 0, 8, 0, 0, 0, 0, 0x80, 0x09, 0x03, 0x0C],
            "Reserved, then ErrorCode"
        );
        let mut out = Vec::new();
        write_data(&[1, 2, 3], &mut out);
        assert_eq!(out, [3, 0, 0, 0, 1, 2, 3], "PayloadSize low byte first");
    }

    #[test]
    fn a_token_that_does_not_fit_writes_nothing() {
        let mut out = vec![1];
        let long = HandshakeMessage::HandshakeDone(vec![0; 1 << 16].into());
        assert_eq!(long.write(&mut out), Err(TokenTooLong));
        assert_eq!(out, [1]);
    }

    #[test]
    fn no_token_is_shown() {
        let message = HandshakeMessage::HandshakeInProgress(Bytes::from_static(b"NTLMSSP secret"));
        for shown in [format!("{message:?}"), message.to_string()] {
            assert_eq!(shown, "HandshakeInProgress, a token of 14 bytes");
        }
    }
}
