//! Lists one direction of a stream of framing: its records, and what their envelopes hold.
//!
//! Leaves out the order of the records. How envelopes are written is what a record says that stands before them; in a
//! direction that has no such record they are text where they begin as text does, and else binary with in-band dictionary.
//! Follows [MC-NMF] 2.2.

use bytes::{Bytes, BytesMut};

use super::{Listing, Places, wide};
use crate::wire::{
    framing::{Deframer, Framed, KnownEncoding, Limits, MultiByteInt31, Record, RecordType},
    nbfse::Decoder,
    nbfx::StringTable,
};

/// One direction of a stream, fed in pieces.
#[derive(Debug)]
pub struct Stream {
    deframer: Deframer,
    /// The bytes of records that are not whole yet.
    raw: BytesMut,
    /// Where the stream begins, as offsets are told.
    begin: u64,
    /// Bytes that were fed.
    fed: u64,
    decoder: Decoder,
    encoding: Encoding,
    /// Whether what follows is no record any more.
    is_opaque: bool,
}

/// How envelopes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// No record said it.
    Unsaid,
    Text,
    Binary,
    BinarySession,
    /// None that is read here.
    Other,
}

impl Default for Stream {
    fn default() -> Self {
        Self::resumed(0, StringTable::new())
    }
}

impl Stream {
    /// Goes on at an offset of a stream, behind a whole record, where these strings are known.
    pub fn resumed(offset: u64, strings: StringTable) -> Self {
        Self {
            deframer: Deframer::new(Limits::default()),
            raw: BytesMut::new(),
            begin: offset,
            fed: 0,
            decoder: Decoder::default().knowing(strings),
            encoding: Encoding::Unsaid,
            is_opaque: false,
        }
    }

    /// Lists what the next bytes make whole.
    pub fn feed(&mut self, bytes: &[u8], listing: &mut Listing<'_>) {
        if bytes.is_empty() {
            return;
        }
        let offset = self.begin.saturating_add(self.fed);
        self.fed = self.fed.saturating_add(wide(bytes.len()));
        if self.is_opaque {
            return listing.row(offset, bytes, 0, "bytes", "");
        }
        self.raw.extend_from_slice(bytes);
        self.deframer.push(bytes);
        loop {
            match self.deframer.next() {
                Ok(Some(framed)) => self.record(&framed, listing),
                Ok(None) if self.deframer.is_at_octets() => {
                    self.is_opaque = true;
                    self.deframer.take_rest();
                    let rest = self.raw.split();
                    if !rest.is_empty() {
                        listing.row(self.begin.saturating_add(self.deframer.offset()), &rest, 0, "bytes", "");
                    }
                    return;
                }
                Ok(None) => return,
                Err(error) => {
                    self.is_opaque = true;
                    let rest = self.raw.split().freeze();
                    let at = self.begin.saturating_add(self.deframer.offset());
                    listing.row(at, &rest, 0, error.item, &error.kind.to_string());
                    return listing.wrong(error.moved(self.begin));
                }
            }
        }
    }

    /// Whether a record was begun and is not whole.
    pub fn is_midway(&self) -> bool {
        !self.raw.is_empty()
    }

    /// Lists what is left at the end of the stream: a record that is not whole.
    pub fn finish(&mut self, listing: &mut Listing<'_>) {
        if self.is_opaque {
            return;
        }
        if let Err(error) = self.deframer.finish() {
            let raw = self.raw.split().freeze();
            let at = self.begin.saturating_add(error.offset);
            let name = raw.first().and_then(|octet| RecordType::from_octet(*octet)).map_or("bytes", RecordType::name);
            listing.wrong(error.clone().moved(self.begin));
            match raw.first() {
                Some(0x05 | 0x06) => self.envelope(at, &raw, name, "the bytes end inside it", listing),
                _ => listing.row(at, &raw, 0, name, "the bytes end inside it"),
            }
        }
    }

    fn record(&mut self, framed: &Framed, listing: &mut Listing<'_>) {
        let length = usize::try_from(framed.length).unwrap_or(usize::MAX).min(self.raw.len());
        let raw: Bytes = self.raw.split_to(length).freeze();
        let at = self.begin.saturating_add(framed.offset);
        let record = &framed.record;
        let name = record.record_type().name();
        let shown = record.to_string();
        let value = shown.strip_prefix(name).unwrap_or_default().trim_start();
        match record {
            Record::SizedEnvelopeRecord(_) | Record::UnsizedEnvelopeRecord(_) => {
                return self.envelope(at, &raw, name, value, listing);
            }
            Record::KnownEncodingRecord(known) => self.encoding = Encoding::of(Some(*known)),
            Record::ExtensibleEncodingRecord(named) => {
                let known = KnownEncoding::ALL.into_iter().find(|known| known.content_type() == named);
                self.encoding = Encoding::of(known);
            }
            _ => {}
        }
        let over_long = if framed.over_long { " (its size has more octets than it needs)" } else { "" };
        listing.row(at, &raw, 0, name, &format!("{value}{over_long}"));
    }

    /// Lists an envelope: type and size, then what it holds. It may be cut off.
    fn envelope(&mut self, at: u64, raw: &[u8], name: &'static str, value: &str, listing: &mut Listing<'_>) {
        let mut places = Places::default();
        let mut payload = Vec::new();
        let mut next = 1;
        let mut chunks = 0;
        let mut header = 1;
        while let Ok(Some(size)) = MultiByteInt31::read(raw.get(next..).unwrap_or_default()) {
            next += size.octets;
            if chunks == 0 {
                header = next;
            }
            let length = usize::try_from(size.value).unwrap_or(usize::MAX);
            if length == 0 {
                break;
            }
            let end = next.saturating_add(length).min(raw.len());
            places.then(payload.len(), at.saturating_add(wide(next)));
            payload.extend_from_slice(raw.get(next..end).unwrap_or_default());
            next = end;
            chunks += 1;
            if raw.first() == Some(&0x06) || next >= raw.len() {
                break;
            }
        }
        let value = if chunks > 1 { format!("{value} in {chunks} chunks") } else { value.to_owned() };
        listing.row(at, raw.get(..header).unwrap_or(raw), 0, name, &value);
        if payload.is_empty() {
            return;
        }
        let unsaid = if is_text(&payload) { Encoding::Text } else { Encoding::BinarySession };
        match if self.encoding == Encoding::Unsaid { unsaid } else { self.encoding } {
            Encoding::Text => listing.text(&payload, &places),
            Encoding::Binary => listing.document(&payload, &places),
            Encoding::Other => listing.row(places.of(0), &payload, 1, "an encoding that is not read here", ""),
            Encoding::BinarySession | Encoding::Unsaid => listing.payload(&payload, &mut self.decoder, &places),
        }
    }
}

impl Encoding {
    fn of(known: Option<KnownEncoding>) -> Self {
        match known {
            Some(KnownEncoding::Soap11Utf8 | KnownEncoding::Soap12Utf8) => Self::Text,
            Some(KnownEncoding::BinarySessionless) => Self::Binary,
            Some(KnownEncoding::BinarySession) => Self::BinarySession,
            _ => Self::Other,
        }
    }
}

/// Whether a payload begins as text. None of [MC-NBFSE] does: behind `<`, a table of 60 bytes, a string that begins with
/// `?` or a letter would be longer than the table.
fn is_text(payload: &[u8]) -> bool {
    match payload {
        [b'<', second, ..] => *second > b'<',
        [0xEF, 0xBB, 0xBF, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(pieces: &[&[u8]]) -> (String, Vec<String>) {
        let mut out = String::new();
        let mut sink = |line: &str| {
            out.push_str(line);
            true
        };
        let mut listing = Listing::new(&mut sink);
        let mut stream = Stream::default();
        for piece in pieces {
            stream.feed(piece, &mut listing);
        }
        stream.finish(&mut listing);
        let errors = listing.into_errors().iter().map(ToString::to_string).collect();
        (out, errors)
    }

    #[test]
    fn a_stream_is_listed_the_same_at_every_split() {
        for capture in [
            &include_bytes!("../../../tests/captures/nettcp/nettcp-simple-c2s.bin")[..],
            include_bytes!("../../../tests/captures/nettcp/nettcp-simple-s2c.bin"),
            include_bytes!("../../../tests/captures/nettcp/nettcptext-duplex-s2c.bin"),
        ] {
            let (whole, errors) = listed(&[capture]);
            assert!(errors.is_empty(), "{errors:?}");
            assert!(whole.contains("Envelope") && whole.lines().all(|line| line.chars().count() <= 80));
            for size in [1, 7, 1460] {
                assert_eq!(listed(&capture.chunks(size).collect::<Vec<_>>()).0, whole);
            }
        }
    }

    #[test]
    fn a_capture_that_is_cut_anywhere_shows_what_came_and_says_where_it_ends() {
        let capture = include_bytes!("../../../tests/captures/nettcp/nettcp-duplex-c2s.bin");
        let mut most = 0;
        for end in (0..capture.len()).step_by(3) {
            let (text, errors) = listed(&[&capture[..end]]);
            assert!(errors.iter().all(|error| error.starts_with("offset ")), "{errors:?}");
            assert!(text.lines().count() + 16 >= most, "{end}");
            most = most.max(text.lines().count());
        }
    }

    #[test]
    fn chunks_are_joined_and_keep_their_places() {
        // UnsizedEnvelopeRecord: <a>x</a> of 5 bytes, two and three, then what is no record type.
        let (text, errors) = listed(&[b"\x03\x07\x05\x02\x40\x01\x03a\x99\x01\x01x\x00\x0F"]);
        assert!(text.contains("     2  05 02                    UnsizedEnvelopeRecord"), "{text}");
        assert!(text.contains("of 6 bytes in 3 chunks"), "{text}");
        assert!(text.contains("     4  40 01 61                  ShortElement <a\n     8  99 01 78"), "{text}");
        assert!(text.contains("        | <a>x</a>\n    13  0f"), "{text}");
        assert_eq!(errors, ["offset 13: RecordType: 0x0F is no value that it has"]);
    }

    #[test]
    fn behind_an_upgrade_there_are_only_bytes() {
        let (text, errors) = listed(&[b"\x09\x01x\x16\x03", b"\x01"]);
        assert!(
            text.ends_with("     3  16 03                    bytes\n     5  01                       bytes\n"),
            "{text}"
        );
        assert!(errors.is_empty());
    }

    #[test]
    fn no_payload_of_a_session_begins_as_text_does() {
        for second in b'='..=u8::MAX {
            let payload = [&[b'<', second][..], &[b'a'; 200]].concat();
            assert!(is_text(&payload) && Decoder::default().read_table(&payload).is_err(), "{second}");
        }
    }
}
