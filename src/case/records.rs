//! Records of message framing as a case writes them, one a line.
//!
//! Leaves out sending them. Follows [MC-NMF] 2.2 and 3.1.1.2.

use super::{
    octets,
    template::{Template, is_name},
};
use crate::{
    session::Way,
    spec::{Operation, PortType},
    wire::{
        framing::{KnownEncoding, Mode, Record, Symbol},
        nns::HandshakeMessage,
    },
};

/// What a case sends byte by byte.
#[derive(Debug, Clone)]
pub struct Records {
    /// The records, one a line; [`RecordSpec::parse`] reads a line once its holes are filled.
    pub lines: Vec<Template>,
    /// The envelope that a line may name as `envelope`.
    pub envelope: Option<Template>,
    /// The operation whose reply is expected, where one is.
    pub operation: Option<&'static Operation>,
    /// Where the bytes are cut: after this many, before this many at the end (`-3`), or `every byte`; in one piece where
    /// it is not said.
    pub split: Option<Template>,
    /// What becomes of them on their way, by its word; they travel as sealed where it is not said.
    pub on_the_way: Option<Template>,
    /// What the id of the last request is read as, where it stands in bytes of its own.
    pub message_id: Option<Template>,
}

impl Records {
    /// What becomes of them on their way, once the matrix is filled in.
    pub fn way(&self) -> Way {
        let word = self.on_the_way.as_ref().and_then(Template::constant);
        word.and_then(|word| Way::named(&word)).unwrap_or_default()
    }
}

/// One line of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordSpec {
    /// Bytes that are known: a record, or what a case gives in hexadecimal digits.
    Bytes(Vec<u8>, Option<Record>),
    /// A sized envelope record, or an unsized one in one chunk, that holds a request.
    Envelope {
        /// Whether it is an UnsizedEnvelopeRecord.
        unsized_record: bool,
        /// The operation that is asked, with an empty body; none for the `envelope` of the step.
        operation: Option<&'static Operation>,
        /// The name under which a later step waits for the answer.
        name: Option<String>,
    },
}

/// Where bytes are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// After every byte.
    EveryByte,
    /// Once, after this many bytes.
    At(usize),
    /// Once, before this many bytes at the end.
    Before(usize),
}

/// The words that a line may begin with, for whoever mistypes one.
pub const WORDS: [&str; 17] = [
    "VersionRecord",
    "ModeRecord",
    "ViaRecord",
    "KnownEncodingRecord",
    "ExtensibleEncodingRecord",
    "UnsizedEnvelopeRecord",
    "SizedEnvelopeRecord",
    "EndRecord",
    "FaultRecord",
    "UpgradeRequestRecord",
    "UpgradeResponseRecord",
    "PreambleAckRecord",
    "PreambleEndRecord",
    "HandshakeInProgress",
    "HandshakeDone",
    "bytes",
    "text",
];

impl RecordSpec {
    /// Reads a line: `VersionRecord 1.0`, `ModeRecord 2`, `ViaRecord {{to}}`, `KnownEncodingRecord 8`,
    /// `SizedEnvelopeRecord GetIpamVersion`, `SizedEnvelopeRecord envelope`, `SizedEnvelopeRecord hex 00 56`,
    /// `SizedEnvelopeRecord GetIpamVersion as first`, `PreambleEndRecord`, `bytes 06 80 01`, `text GET /` and so on. What
    /// bytes may say is told at [`octets`].
    ///
    /// # Errors
    /// Says what is wrong with the line.
    pub fn parse(line: &str, port_type: PortType) -> Result<Self, String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let octets = |octets: &[u8]| Ok(Self::Bytes(octets.to_vec(), None));
        let record = |record: Record| Ok(record.into());
        let empty = |record: Record| {
            if rest.is_empty() { Ok(record.into()) } else { Err(format!("`{word}` holds nothing")) }
        };
        match word {
            "VersionRecord" => {
                let number = |text: &str| text.parse::<u8>().ok();
                let parts = rest.split_once('.').and_then(|(major, minor)| Some((number(major)?, number(minor)?)));
                let (major, minor) = parts.ok_or("a version is two numbers, as in `VersionRecord 1.0`")?;
                record(Record::VersionRecord { major, minor })
            }
            "ModeRecord" => {
                let octet = number(rest, "ModeRecord 2")?;
                Mode::from_octet(octet).map_or_else(|| octets(&[1, octet]), |mode| record(Record::ModeRecord(mode)))
            }
            "KnownEncodingRecord" => {
                let octet = number(rest, "KnownEncodingRecord 8")?;
                KnownEncoding::from_octet(octet)
                    .map_or_else(|| octets(&[3, octet]), |encoding| record(Record::KnownEncodingRecord(encoding)))
            }
            "ViaRecord" => record(Record::ViaRecord(rest.to_owned())),
            "ExtensibleEncodingRecord" => record(Record::ExtensibleEncodingRecord(rest.to_owned())),
            "FaultRecord" => record(Record::FaultRecord(rest.to_owned())),
            "UpgradeRequestRecord" => record(Record::UpgradeRequestRecord(rest.to_owned())),
            "EndRecord" => empty(Record::EndRecord),
            "UpgradeResponseRecord" => empty(Record::UpgradeResponseRecord),
            "PreambleAckRecord" => empty(Record::PreambleAckRecord),
            "PreambleEndRecord" => empty(Record::PreambleEndRecord),
            "SizedEnvelopeRecord" | "UnsizedEnvelopeRecord" => {
                let unsized_record = word == "UnsizedEnvelopeRecord";
                if let Some(digits) = rest.strip_prefix("hex") {
                    let payload = octets::parse(digits)?.into();
                    return record(if unsized_record {
                        Record::UnsizedEnvelopeRecord(payload)
                    } else {
                        Record::SizedEnvelopeRecord(payload)
                    });
                }
                let (rest, name) = match rest.split_once(" as ") {
                    Some((rest, name)) if is_name(name) => (rest, Some(name.to_owned())),
                    Some((_, name)) => return Err(format!("`{name}` is not a name for a request")),
                    None => (rest, None),
                };
                if rest == "envelope" {
                    return Ok(Self::Envelope { unsized_record, operation: None, name });
                }
                let operation = Operation::named(port_type, rest).ok_or_else(|| {
                    format!("`{rest}` is no operation of {}, nor `envelope` or `hex`", port_type.name())
                })?;
                Ok(Self::Envelope { unsized_record, operation: Some(operation), name })
            }
            "HandshakeInProgress" | "HandshakeDone" => {
                let token = octets::parse(rest)?.into();
                let message = match word {
                    "HandshakeDone" => HandshakeMessage::HandshakeDone(token),
                    _ => HandshakeMessage::HandshakeInProgress(token),
                };
                let mut bytes = Vec::new();
                message.write(&mut bytes).map_err(|error| error.to_string())?;
                octets(&bytes)
            }
            "bytes" => octets(&octets::parse(rest)?),
            "text" => octets(rest.as_bytes()),
            other => Err(format!("`{other}` is no record")),
        }
    }

    /// The record's name in the grammar; none for bytes that are not known to be a record.
    pub(super) fn symbol(&self) -> Option<Symbol> {
        match self {
            Self::Bytes(_, record) => record.as_ref().map(Symbol::from),
            Self::Envelope { unsized_record: true, .. } => Some(Symbol::UnsizedEnvelopeRecord),
            Self::Envelope { .. } => Some(Symbol::SizedEnvelopeRecord),
        }
    }
}

impl Split {
    /// Reads what a case says.
    ///
    /// # Errors
    /// Says what it may say.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "every byte" => Ok(Self::EveryByte),
            number => {
                let split = match number.strip_prefix('-') {
                    Some(number) => number.parse().map(Self::Before),
                    None => number.parse().map(Self::At),
                };
                split.map_err(|_| "a split is a number of bytes, or `every byte`".to_owned())
            }
        }
    }
}

impl From<Record> for RecordSpec {
    fn from(record: Record) -> Self {
        Self::Bytes(record.to_bytes(), Some(record))
    }
}

fn number(text: &str, example: &str) -> Result<u8, String> {
    text.parse().map_err(|_| format!("a number from 0 to 255 is wanted, as in `{example}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<RecordSpec, String> {
        RecordSpec::parse(line, PortType::IIpamServer)
    }

    #[test]
    fn lines_are_records() {
        let bytes = |line: &str| match parse(line).unwrap() {
            RecordSpec::Bytes(bytes, _) => bytes,
            other @ RecordSpec::Envelope { .. } => panic!("{other:?}"),
        };
        assert_eq!(bytes("VersionRecord 1.0"), [0, 1, 0]);
        assert_eq!(bytes("ModeRecord 2"), [1, 2]);
        assert_eq!(bytes("ModeRecord 9"), [1, 9]);
        assert_eq!(bytes("ViaRecord net"), [2, 3, b'n', b'e', b't']);
        assert_eq!(bytes("KnownEncodingRecord 200"), [3, 200]);
        assert_eq!(bytes("SizedEnvelopeRecord hex 00 56"), [6, 2, 0, 0x56]);
        assert_eq!(bytes("EndRecord"), [7]);
        assert_eq!(bytes("bytes 06 FF 0a"), [6, 255, 10]);
    }

    #[test]
    fn wrong_lines_are_told() {
        for (line, words) in [
            ("VersionRecord 1", "two numbers"),
            ("ModeRecord two", "a number from 0 to 255"),
            ("EndRecord now", "holds nothing"),
            ("SizedEnvelopeRecord Nothing", "no operation of IIpamServer"),
            ("bytes 0", "pairs"),
            ("bytes 0g", "pairs"),
            ("EndRecrod", "no record"),
        ] {
            let problem = parse(line).unwrap_err();
            assert!(problem.contains(words), "{line}: {problem}");
        }
        assert!(Split::parse("every byte").is_ok() && Split::parse("12") == Ok(Split::At(12)));
        assert!(Split::parse("-1") == Ok(Split::Before(1)) && Split::parse("--1").is_err());
        assert!(Split::parse("often").is_err());
    }
}
