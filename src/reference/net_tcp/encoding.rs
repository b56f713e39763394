//! How the envelopes of a session are encoded: as text or as binary XML, and which content types mean which.
//!
//! Leaves out what envelopes say. Follows [MC-NMF] 2.2.3.4, [MS-NMFTB] 3.1.1, [MC-NBFS] and [MC-NBFSE].

use super::{lenient, misread};
use crate::{
    reference::{Behaviour, Message, Mutant, Variant},
    wire::{
        framing::{KnownEncoding, Mode, MultiByteInt31, Record},
        nbfse,
        nbfx::{Intern, Style},
    },
    xml::{self, Document},
};

/// The encodings that the server has.
const ENCODINGS: [KnownEncoding; 3] =
    [KnownEncoding::BinarySession, KnownEncoding::BinarySessionless, KnownEncoding::Soap12Utf8];

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
    /// Binary.
    Binary(Style),
    /// Binary with in-band dictionary, which both directions have of their own.
    BinarySession(Box<(nbfse::Decoder, nbfse::Encoder)>),
}

impl Codec {
    /// Begins a session of a server that behaves so.
    pub(super) fn new(encoding: KnownEncoding, behaviour: &Behaviour) -> Self {
        let style = style(behaviour);
        match encoding {
            KnownEncoding::BinarySession => {
                let decoder = nbfse::Decoder::new(nbfse::Limits::default());
                Self::BinarySession(Box::new((decoder, nbfse::Encoder::new(style))))
            }
            KnownEncoding::BinarySessionless => Self::Binary(style),
            _ => Self::Text,
        }
    }

    /// Decodes an envelope; nothing where it is none. After that the session cannot go on.
    pub(super) fn decode(&mut self, envelope: &[u8]) -> Option<Document> {
        let limits = xml::Limits::default();
        match self {
            Self::Text => xml::read(envelope, &limits).ok(),
            Self::Binary(_) => nbfse::decode_without_table(envelope, &limits).ok(),
            Self::BinarySession(both) => both.0.decode(envelope).ok(),
        }
    }

    /// Reads as [`Self::decode`] does, but for lies.
    pub(super) fn read(&mut self, envelope: &[u8], behaviour: &Behaviour) -> Option<Document> {
        if let Self::BinarySession(both) = self {
            if behaviour.lies(Mutant::ForgetsClientStrings) {
                both.0 = nbfse::Decoder::new(nbfse::Limits::default());
            }
            if behaviour.lies(Mutant::RefusesUncommonRecords) && !lenient::is_common(envelope) {
                return None;
            }
        }
        let lies = behaviour.lies(Mutant::AnswersMalformedDocuments) && !matches!(self, Self::Text);
        let document = self.decode(envelope).or_else(|| if lies { lenient::made_up() } else { None });
        if matches!(self, Self::Text) { document } else { document.map(|document| misread::read(document, behaviour)) }
    }

    /// Encodes a message. A text that is no XML, as lies have it, is no document to be encoded and goes out as it is.
    pub(super) fn encode(&mut self, message: &Message, behaviour: &Behaviour) -> Vec<u8> {
        let text = message.content(behaviour);
        if behaviour.lies(Mutant::TextInBinary) {
            return text;
        }
        if behaviour.lies(Mutant::ForgetsStrings)
            && let Self::BinarySession(both) = self
        {
            both.1 = nbfse::Encoder::new(style(behaviour));
        }
        if behaviour.lies(Mutant::RepeatsStrings)
            && let Self::BinarySession(both) = self
        {
            both.1.repeat_strings();
        }
        let payload = self.encoded(text);
        match self {
            Self::Text => payload,
            Self::Binary(_) | Self::BinarySession(_) => {
                spoil(payload, matches!(self, Self::BinarySession(_)), behaviour)
            }
        }
    }

    fn encoded(&mut self, text: Vec<u8>) -> Vec<u8> {
        match (self, xml::read(&text, &xml::Limits::default())) {
            (Self::Binary(style), Ok(document)) => nbfse::encode_without_table(&document.root, *style),
            (Self::BinarySession(both), Ok(document)) => both.1.encode(&document.root),
            _ => text,
        }
    }
}

/// Tells the lies that are of bytes.
fn spoil(mut payload: Vec<u8>, has_table: bool, behaviour: &Behaviour) -> Vec<u8> {
    if behaviour.lies(Mutant::CutsBinaryShort) {
        payload.pop();
    }
    if has_table
        && behaviour.lies(Mutant::LosesStringTable)
        && let Ok(Some(size)) = MultiByteInt31::read(&payload)
    {
        let length = size.octets + usize::try_from(size.value).unwrap_or(usize::MAX);
        payload = std::iter::once(0).chain(payload.into_iter().skip(length)).collect();
    }
    payload
}

/// Which of the records that say the same are written: those that Microsoft's stack writes, or others.
fn style(behaviour: &Behaviour) -> Style {
    let varies = |variant| behaviour.varies(variant);
    let usual = Style::default();
    if varies(Variant::PlainRecords) {
        return Style::plain();
    }
    Style {
        dictionary: !varies(Variant::NoStaticDictionary),
        intern: if varies(Variant::InternsNothing) {
            Intern::Nothing
        } else if varies(Variant::InternsHeaders) {
            Intern::Headers
        } else {
            usual.intern
        },
        letters: !varies(Variant::NoPrefixLetters),
        with_end_element: !varies(Variant::EndElementsApart),
        typed: varies(Variant::TypedValues) || varies(Variant::ArrayRecords),
        arrays: varies(Variant::ArrayRecords),
        unicode: varies(Variant::UnicodeRecords),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_named_by_its_octet_or_by_its_content_type() {
        use KnownEncoding::{BinarySession, BinarySessionless, Soap11Utf8, Soap12Utf8};
        let (text, session) = (Some(Soap12Utf8), Some(BinarySession));
        for (encoding, in_duplex, in_singleton) in [
            (Soap12Utf8, true, true),
            (BinarySession, true, false),
            (BinarySessionless, false, true),
            (Soap11Utf8, false, false),
        ] {
            let record = Record::KnownEncodingRecord(encoding);
            assert_eq!(named(&record, Mode::Duplex), Some(encoding).filter(|_| in_duplex));
            assert_eq!(named(&record, Mode::SingletonUnsized), Some(encoding).filter(|_| in_singleton));
        }
        for (content_type, expected) in [
            ("application/soap+xml; charset=utf-8", text),
            ("Application/SOAP+XML;charset=\"UTF-8\"", text),
            ("application/soap+msbinsession1", session),
            ("application/soap+msbin1", None),
            ("application/soap+xml; charset=utf-16", None),
            ("", None),
        ] {
            let record = Record::ExtensibleEncodingRecord(content_type.into());
            assert_eq!(named(&record, Mode::Duplex), expected, "{content_type}");
        }
    }
}
