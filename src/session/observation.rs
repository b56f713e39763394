//! Observations: one message, end or silence seen on a session, with its time; a trace is their order.
//!
//! Leaves out what they mean: that is judged elsewhere.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use crate::{
    soap::{self, SoapError},
    wire::{DecodeError, framing::RecordType, nbfx::StringTable},
    xml::{self, Document},
};

/// A request as it will be put on the wire, whatever the binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The SOAP action, for bindings that carry it outside the envelope as well; none where the case leaves it out.
    pub action: Option<String>,
    /// The id that a reply relates to, where the envelope has one.
    pub message_id: Option<String>,
    /// The envelope as UTF-8 text.
    pub envelope: Bytes,
}

/// What [`Observed::Security`] says where records that the caller composed ask for an upgrade, and the target takes it.
pub const UPGRADE_TAKEN: &str = "the upgrade that the records ask for is taken";
/// And where the session is protected from then on. [MS-NNS] 3.1.5.2
pub const PROTECTED: &str = "the session is protected";
/// How it begins where they are a handshake's, and the target gives up; behind a space the code follows. [MS-NNS] 2.2.1
pub const HANDSHAKE_ERROR: &str = "HandshakeError";

/// One thing seen on a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Time since the session was opened.
    pub at: Duration,
    /// What was seen.
    pub what: Observed,
    /// The bytes that it was seen in, where the binding has records.
    pub wire: Option<Piece>,
}

/// A piece of one direction of a byte stream: a record of message framing as it stood, or what is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Where it begins in its direction, in bytes.
    pub offset: u64,
    /// The bytes.
    pub bytes: Bytes,
    /// The strings that its direction had sent before it, for binary XML.
    pub strings: Arc<StringTable>,
}

/// What an [`Observation`] is of.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// We sent a request.
    Sent(Outgoing),
    /// We sent records that hold no request: a preamble, an End, or what a case gave byte by byte.
    SentRecords,
    /// How the session is protected went on: an upgrade or its handshake, without the tokens. [MS-NNS]
    Security {
        /// Whether this side did it.
        sent: bool,
        /// What, in words.
        what: String,
    },
    /// The target took the session: a PreambleAckRecord, [MC-NMF] 2.2.3.8.
    Accepted,
    /// The target sent a message.
    Received(Received),
    /// Nothing came within the limit, and the session is still up.
    Silence {
        /// How long we waited.
        waited: Duration,
    },
    /// The session ended.
    Ended(End),
}

/// What the target sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The message as it came, without the binding's own framing.
    pub bytes: Bytes,
    /// What HTTP said around it, on that binding.
    pub http: Option<HttpHead>,
    /// What the bytes say, where they are binary XML: that takes the strings of the messages before it.
    pub binary: Option<Result<Arc<Document>, DecodeError>>,
    /// Whether its record has a size of more octets than it takes. [MC-NMF] 2.2.2
    pub over_long: bool,
    /// Whether its string table holds a string twice, or one that its direction had sent before. [MC-NBFSE] 2.1
    pub repeats_string: bool,
}

/// Why what the target sent is no SOAP 1.2 message.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unread {
    /// It is no binary XML.
    #[error("not binary XML: {0}")]
    Binary(#[from] DecodeError),
    /// It is no XML, or no SOAP 1.2.
    #[error(transparent)]
    Soap(#[from] SoapError),
}

impl Observation {
    /// Whether it is the client's EndRecord: nothing more of it will come. [MC-NMF] 2.2.3.9
    pub fn is_clients_end(&self) -> bool {
        let octet = self.wire.as_ref().and_then(|piece| piece.bytes.first());
        self.what == Observed::SentRecords && octet == Some(&RecordType::EndRecord.octet())
    }
}

impl Received {
    /// A message in text.
    pub fn text(bytes: Bytes, http: Option<HttpHead>) -> Self {
        Self { bytes, http, binary: None, over_long: false, repeats_string: false }
    }

    /// Reads the message, whatever it is written in.
    ///
    /// # Errors
    /// Says why it is no SOAP 1.2 message.
    pub fn envelope(&self) -> Result<soap::Envelope, Unread> {
        Ok(match &self.binary {
            None => soap::read(&self.bytes, &xml::Limits::default())?,
            Some(Ok(document)) => soap::Envelope::of(Document::clone(document))?,
            Some(Err(error)) => return Err(Unread::Binary(error.clone())),
        })
    }

    /// The message for a person: text as it came, binary XML written as text.
    pub fn shown(&self) -> String {
        match &self.binary {
            None => String::from_utf8_lossy(&self.bytes).into_owned(),
            Some(Ok(document)) => xml::write(&document.root),
            Some(Err(error)) => format!("[{} bytes that are no binary XML: {error}]", self.bytes.len()),
        }
    }
}

/// The part of an HTTP response's head that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpHead {
    /// The status code.
    pub status: u16,
    /// The `Content-Type` field, where there is one. Bytes that are no visible ASCII are replaced.
    pub content_type: Option<String>,
}

/// How a session ended, or why there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// No address is known for the host's name.
    UnknownName {
        /// What the system said, in words.
        reason: String,
    },
    /// No connection could be made.
    Unreachable {
        /// What the system said, in words.
        reason: String,
    },
    /// A secured connection was refused, by the target or by us.
    SecurityRefused {
        /// Why.
        reason: String,
    },
    /// The target refused, with a code, who wanted to log on. [MS-NNS] 3.1.5.3
    LogOnRefused {
        /// Why.
        reason: String,
    },
    /// The target ended the session in order, with an EndRecord. [MC-NMF] 2.2.3.9
    Ended,
    /// The target refused to go on, and said why in a FaultRecord. [MC-NMF] 2.2.5
    Refused {
        /// The URI of the fault.
        fault: String,
    },
    /// The target closed the connection, before an answer began.
    Closed,
    /// The target closed in the middle of an answer.
    ClosedMidway {
        /// How many bytes of the answer's body had come.
        received: usize,
    },
    /// The connection was reset.
    Reset,
    /// We dropped the connection, because the case asks for it.
    Aborted,
    /// The target speaks message framing, and then sent what framing does not allow. [MC-NMF] 3.1.1.2
    BrokenFraming {
        /// What, and what was expected.
        reason: String,
    },
    /// What came is not the protocol that carries the messages.
    NotTheProtocol {
        /// What was wrong with it.
        reason: String,
        /// How it began: at most 256 bytes.
        began: Bytes,
    },
    /// The answer is longer than we read.
    Oversize {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The answer began and did not end within its limit.
    TooSlow {
        /// How long we waited.
        waited: Duration,
        /// How many bytes of the answer's body had come.
        received: usize,
    },
}

impl End {
    /// Whether the target ended the session in order, so that what did not come will not come.
    pub fn is_orderly(&self) -> bool {
        matches!(self, Self::Closed | Self::Ended)
    }
}

/// The observations of one session, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    /// Oldest first.
    pub observations: Vec<Observation>,
}

impl HttpHead {
    /// The media type, without its parameters.
    pub fn media_type(&self) -> Option<&str> {
        self.content_type.as_deref()?.split(';').next().map(str::trim)
    }

    /// The `action` parameter of the media type, unquoted. [SOAP1.2-2] 7.1.4, RFC 3902.
    pub fn action(&self) -> Option<String> {
        let mut rest = self.content_type.as_deref()?;
        loop {
            let (_, parameter) = rest.split_once(';')?;
            let (name, value) = parameter.split_once('=')?;
            let value = value.trim_start();
            let (value, after) = if let Some(quoted) = value.strip_prefix('"') {
                unquote(quoted)
            } else {
                let (value, after) = value.split_at(value.find(';').unwrap_or(value.len()));
                (value.trim_end().to_owned(), after)
            };
            if name.trim().eq_ignore_ascii_case("action") {
                return Some(value);
            }
            rest = after;
        }
    }
}

/// The text up to the closing quote, escapes undone, and what follows it.
fn unquote(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_type_is_taken_apart() {
        let head = |text: &str| HttpHead { status: 200, content_type: Some(text.to_owned()) };
        let probes = [
            ("application/soap+xml", "application/soap+xml", None),
            ("application/soap+xml ; charset=utf-8; action=\"urn:a;b\"", "application/soap+xml", Some("urn:a;b")),
            ("a/b;ACTION=urn:x;q=1", "a/b", Some("urn:x")),
            ("a/b; x=\"q\\\"; action=no\"; action=\"\\\\yes\"", "a/b", Some("\\yes")),
            ("a/b; action=\"open", "a/b", Some("open")),
            ("a/b; charset", "a/b", None),
        ];
        for (text, media_type, action) in probes {
            assert_eq!(head(text).media_type(), Some(media_type));
            assert_eq!(head(text).action().as_deref(), action, "{text}");
        }
    }
}
