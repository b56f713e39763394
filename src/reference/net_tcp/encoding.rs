//! How the envelopes of a session are encoded: text, and which content types mean it.
//!
//! Leaves out what envelopes say. Follows [MC-NMF] 2.2.3.4 and [MS-NMFTB] 3.1.1.

use crate::{
    reference::{Behaviour, Message},
    wire::framing::{KnownEncoding, Mode, Record},
    xml::{self, Document},
};

/// The encodings that the server has.
const ENCODINGS: [KnownEncoding; 1] = [KnownEncoding::Soap12Utf8];

/// The encoding that a record names, where the server has it in this mode. Product notes 5 and 6 of [MS-NMFTB]: Windows
/// refuses the others as it refuses an encoding that it does not know.
pub(super) fn named(record: &Record, mode: Mode) -> Option<KnownEncoding> {
    let named = match record {
        Record::KnownEncodingRecord(encoding) => *encoding,
        Record::ExtensibleEncodingRecord(content_type) => {
            ENCODINGS.into_iter().find(|known| is_same(known.content_type(), content_type))?
        }
        _ => return None,
    };
    (ENCODINGS.contains(&named) && mode.takes_over_tcp(named)).then_some(named)
}

/// Whether two content types are the same, white space and the case of letters aside.
fn is_same(known: &str, given: &str) -> bool {
    let letters = |text: &str| -> String {
        text.chars().filter(|c| !c.is_ascii_whitespace() && *c != '"').map(|c| c.to_ascii_lowercase()).collect()
    };
    letters(known) == letters(given)
}

/// Both directions of a session in its encoding.
#[derive(Debug)]
pub(super) enum Codec {
    /// SOAP 1.2 in UTF-8.
    Text,
}

impl Codec {
    /// Begins a session.
    pub(super) fn new(_: KnownEncoding) -> Self {
        Self::Text
    }

    /// Decodes an envelope; nothing where it is none. After that the session cannot go on.
    pub(super) fn decode(&mut self, envelope: &[u8]) -> Option<Document> {
        match self {
            Self::Text => xml::read(envelope, &xml::Limits::default()).ok(),
        }
    }

    /// Encodes a message.
    pub(super) fn encode(&mut self, message: &Message, behaviour: &Behaviour) -> Vec<u8> {
        match self {
            Self::Text => message.content(behaviour),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_named_by_its_octet_or_by_its_content_type() {
        let text = Some(KnownEncoding::Soap12Utf8);
        assert_eq!(named(&Record::KnownEncodingRecord(KnownEncoding::Soap12Utf8), Mode::Duplex), text);
        assert_eq!(named(&Record::KnownEncodingRecord(KnownEncoding::Soap11Utf8), Mode::Duplex), None);
        for (content_type, expected) in [
            ("application/soap+xml; charset=utf-8", text),
            ("Application/SOAP+XML;charset=\"UTF-8\"", text),
            ("application/soap+xml; charset=utf-16", None),
            ("", None),
        ] {
            let record = Record::ExtensibleEncodingRecord(content_type.into());
            assert_eq!(named(&record, Mode::Duplex), expected, "{content_type}");
        }
    }
}
