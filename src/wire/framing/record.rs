//! The records of a stream, and how each is written.
//!
//! Leaves out reading (`deframer.rs`) and their order (`sides.rs`). Follows [MC-NMF] 2.2.

use std::fmt;

use bytes::Bytes;

use super::{FaultUri, KnownEncoding, Mode, MultiByteInt31};

/// A record (2.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// Which version of the framing this is (2.2.3.1); `VERSION` is the one there is.
    VersionRecord {
        /// The major version.
        major: u8,
        /// The minor version; Windows does not look at it (product note 3).
        minor: u8,
    },
    /// How the two sides communicate (2.2.3.2).
    ModeRecord(Mode),
    /// The URI that the messages are bound for (2.2.3.3).
    ViaRecord(String),
    /// How envelopes are encoded, by an octet (2.2.3.4.1).
    KnownEncodingRecord(KnownEncoding),
    /// How envelopes are encoded, by a MIME content type (2.2.3.4.2).
    ExtensibleEncodingRecord(String),
    /// A message of chunks, joined (2.2.4.3).
    UnsizedEnvelopeRecord(Bytes),
    /// A message (2.2.4.1).
    SizedEnvelopeRecord(Bytes),
    /// Its sender sends no more (2.2.3.9).
    EndRecord,
    /// The URI of what went wrong (2.2.5).
    FaultRecord(String),
    /// The name of the protocol to upgrade to (2.2.3.5).
    UpgradeRequestRecord(String),
    /// The upgrade begins (2.2.3.6).
    UpgradeResponseRecord,
    /// The properties have been applied (2.2.3.8).
    PreambleAckRecord,
    /// The properties end (2.2.3.7).
    PreambleEndRecord,
}

impl Record {
    /// Which record it is.
    pub fn record_type(&self) -> RecordType {
        match self {
            Self::VersionRecord { .. } => RecordType::VersionRecord,
            Self::ModeRecord(_) => RecordType::ModeRecord,
            Self::ViaRecord(_) => RecordType::ViaRecord,
            Self::KnownEncodingRecord(_) => RecordType::KnownEncodingRecord,
            Self::ExtensibleEncodingRecord(_) => RecordType::ExtensibleEncodingRecord,
            Self::UnsizedEnvelopeRecord(_) => RecordType::UnsizedEnvelopeRecord,
            Self::SizedEnvelopeRecord(_) => RecordType::SizedEnvelopeRecord,
            Self::EndRecord => RecordType::EndRecord,
            Self::FaultRecord(_) => RecordType::FaultRecord,
            Self::UpgradeRequestRecord(_) => RecordType::UpgradeRequestRecord,
            Self::UpgradeResponseRecord => RecordType::UpgradeResponseRecord,
            Self::PreambleAckRecord => RecordType::PreambleAckRecord,
            Self::PreambleEndRecord => RecordType::PreambleEndRecord,
        }
    }

    /// Writes the record behind what `out` holds, sizes as short as they can be, an unsized envelope in one chunk.
    ///
    /// An empty name or envelope is written as it is, though no reader may take it: the rule that a size is not zero
    /// (2.2.3, 2.2.4) is the caller's.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(self.record_type().octet());
        match self {
            Self::VersionRecord { major, minor } => out.extend([*major, *minor]),
            Self::ModeRecord(mode) => out.push(mode.octet()),
            Self::KnownEncodingRecord(encoding) => out.push(encoding.octet()),
            Self::ViaRecord(text)
            | Self::ExtensibleEncodingRecord(text)
            | Self::FaultRecord(text)
            | Self::UpgradeRequestRecord(text) => write_sized(text.as_bytes(), out),
            Self::SizedEnvelopeRecord(envelope) => write_sized(envelope, out),
            Self::UnsizedEnvelopeRecord(envelope) => {
                if !envelope.is_empty() {
                    write_sized(envelope, out);
                }
                out.push(0);
            }
            Self::EndRecord | Self::UpgradeResponseRecord | Self::PreambleAckRecord | Self::PreambleEndRecord => {}
        }
    }

    /// The bytes of the record alone.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }
}

/// One line: the name, and what it holds; of an envelope only the size. Control characters are escaped.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.record_type();
        match self {
            Self::VersionRecord { major, minor } => write!(f, "{name} {major}.{minor}"),
            Self::ModeRecord(mode) => write!(f, "{name} {mode}"),
            Self::KnownEncodingRecord(encoding) => write!(f, "{name} {}", encoding.content_type()),
            Self::FaultRecord(uri) => match FaultUri::from_uri(uri) {
                Some(fault) => write!(f, "{name} {fault}"),
                None => write!(f, "{name} {}", uri.escape_debug()),
            },
            Self::ViaRecord(text) | Self::ExtensibleEncodingRecord(text) | Self::UpgradeRequestRecord(text) => {
                write!(f, "{name} {}", text.escape_debug())
            }
            Self::UnsizedEnvelopeRecord(envelope) | Self::SizedEnvelopeRecord(envelope) => {
                write!(f, "{name} of {} bytes", envelope.len())
            }
            Self::EndRecord | Self::UpgradeResponseRecord | Self::PreambleAckRecord | Self::PreambleEndRecord => {
                write!(f, "{name}")
            }
        }
    }
}

/// Which record it is (2.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the specification's; `Record` says what each is")]
pub enum RecordType {
    VersionRecord,
    ModeRecord,
    ViaRecord,
    KnownEncodingRecord,
    ExtensibleEncodingRecord,
    UnsizedEnvelopeRecord,
    SizedEnvelopeRecord,
    EndRecord,
    FaultRecord,
    UpgradeRequestRecord,
    UpgradeResponseRecord,
    PreambleAckRecord,
    PreambleEndRecord,
}

impl RecordType {
    /// The record types, in the order of their octets from 0.
    pub const ALL: [Self; 13] = [
        Self::VersionRecord,
        Self::ModeRecord,
        Self::ViaRecord,
        Self::KnownEncodingRecord,
        Self::ExtensibleEncodingRecord,
        Self::UnsizedEnvelopeRecord,
        Self::SizedEnvelopeRecord,
        Self::EndRecord,
        Self::FaultRecord,
        Self::UpgradeRequestRecord,
        Self::UpgradeResponseRecord,
        Self::PreambleAckRecord,
        Self::PreambleEndRecord,
    ];

    /// The record type of an octet; those from 0x0D are reserved.
    pub fn from_octet(octet: u8) -> Option<Self> {
        Self::ALL.get(usize::from(octet)).copied()
    }

    /// The octet that the record begins with.
    pub fn octet(self) -> u8 {
        self.row().0
    }

    /// The name, as the grammar of 3.1.1.2 spells it.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> (u8, &'static str) {
        match self {
            Self::VersionRecord => (0x00, "VersionRecord"),
            Self::ModeRecord => (0x01, "ModeRecord"),
            Self::ViaRecord => (0x02, "ViaRecord"),
            Self::KnownEncodingRecord => (0x03, "KnownEncodingRecord"),
            Self::ExtensibleEncodingRecord => (0x04, "ExtensibleEncodingRecord"),
            Self::UnsizedEnvelopeRecord => (0x05, "UnsizedEnvelopeRecord"),
            Self::SizedEnvelopeRecord => (0x06, "SizedEnvelopeRecord"),
            Self::EndRecord => (0x07, "EndRecord"),
            Self::FaultRecord => (0x08, "FaultRecord"),
            Self::UpgradeRequestRecord => (0x09, "UpgradeRequestRecord"),
            Self::UpgradeResponseRecord => (0x0A, "UpgradeResponseRecord"),
            Self::PreambleAckRecord => (0x0B, "PreambleAckRecord"),
            Self::PreambleEndRecord => (0x0C, "PreambleEndRecord"),
        }
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn write_sized(bytes: &[u8], out: &mut Vec<u8>) {
    MultiByteInt31::write(bytes.len(), out);
    out.extend_from_slice(bytes);
}
