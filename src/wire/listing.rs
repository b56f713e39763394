//! Bytes for people to read: the offset, the bytes in hex, and beside them the record and what it stands for, in narrow lines.
//!
//! Leaves out who reads: lines go wherever the caller wants them, and what is wrong is shown at its place and kept. Every
//! text is in one line and without control characters. Follows [MC-NMF], [MC-NBFX], [MC-NBFS] and [MC-NBFSE].

mod stream;

use std::fmt::Write as _;

pub use self::stream::Stream;
use super::{
    DecodeError,
    nbfse::Decoder,
    nbfx::{self, Dump, Item, StringTable},
};
use crate::xml::{self, Document, Element};

/// How wide a line is, in characters: what shows it on a terminal may indent it.
const WIDTH: usize = 78;
/// How many bytes stand in a line.
const BESIDE: usize = 8;
/// How wide the column of offsets is.
const PLACE: usize = 6;
/// Where in a line the name of a record begins.
const NAME: usize = PLACE + 2 + 3 * BESIDE + 1;
/// How many bytes of one record are shown, and how many characters of what it stands for.
const BYTES: usize = 512;
/// How many characters of a text are always shown, and how many more of all texts together: records of two bytes may each
/// stand for a long string.
const SHORT: usize = 64;
const MORE: usize = 1 << 20;
/// How many bytes of one message are shown as XML.
const XML: usize = 64 * 1024;
/// How deep records are indented.
const DEPTH: usize = 12;
/// How many errors are kept.
const ERRORS: usize = 20;

/// A listing that is being written.
pub struct Listing<'a> {
    /// Takes lines, each with its line break; says whether it takes more.
    sink: &'a mut dyn FnMut(&str) -> bool,
    open: bool,
    /// How many characters beyond [`SHORT`] are left to be shown.
    more: usize,
    errors: Vec<DecodeError>,
}

/// Where the bytes of a message stood in the stream that they came in.
#[derive(Debug, Clone, Default)]
pub struct Places(Vec<(usize, u64)>);

impl Places {
    /// Of bytes that stood together, from this offset on.
    pub fn from(offset: u64) -> Self {
        Self(vec![(0, offset)])
    }

    /// From this byte of the message on, they stood from this offset on.
    fn then(&mut self, at: usize, offset: u64) {
        self.0.push((at, offset));
    }

    /// Where a byte of the message stood.
    fn of(&self, at: usize) -> u64 {
        let begins = self.0.partition_point(|(begin, _)| *begin <= at).saturating_sub(1);
        let (begin, offset) = self.0.get(begins).copied().unwrap_or_default();
        offset.saturating_add(wide(at.saturating_sub(begin)))
    }

    fn error(&self, error: DecodeError) -> DecodeError {
        DecodeError { offset: self.of(usize::try_from(error.offset).unwrap_or(usize::MAX)), ..error }
    }
}

impl<'a> Listing<'a> {
    /// Begins a listing whose lines go to `sink`, which says whether it takes more.
    pub fn new(sink: &'a mut dyn FnMut(&str) -> bool) -> Self {
        Self { sink, open: true, more: MORE, errors: Vec::new() }
    }

    /// What was wrong, in the order of the bytes; the first twenty.
    pub fn into_errors(self) -> Vec<DecodeError> {
        self.errors
    }

    /// Lists a document of binary XML without a string table, and the document as XML.
    pub fn document(&mut self, bytes: &[u8], places: &Places) {
        let table = StringTable::new();
        let limits = xml::Limits::default();
        if self.records(bytes, (bytes, 0), &table, places) {
            self.read(nbfx::read(bytes, &table, &limits), places);
        }
    }

    /// Lists a payload of a session: its string table, its document, and the document as XML.
    pub fn payload(&mut self, payload: &[u8], decoder: &mut Decoder, places: &Places) {
        let (items, document) = decoder.dump_table(payload);
        for item in &items {
            self.item(payload, item, places);
        }
        match document {
            Err(error) => self.wrong(places.error(error)),
            Ok(document) => {
                let behind = payload.len() - document.len();
                if self.records(payload, (document, behind), decoder.table(), places) {
                    self.read(decoder.read_document(document, behind), places);
                }
            }
        }
    }

    /// Lists a message of text, and lays it out.
    fn text(&mut self, text: &[u8], places: &Places) {
        for (row, bytes) in text.chunks(BESIDE).take(BYTES / BESIDE).enumerate() {
            let characters: String =
                bytes.iter().map(|byte| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '.' }).collect();
            self.row(places.of(row * BESIDE), bytes, 1, &characters, "");
        }
        if let Some(rest) = text.get(BYTES..).filter(|rest| !rest.is_empty()) {
            self.line(&format!("        [{} more bytes]", rest.len()));
        }
        match xml::read(text, &xml::Limits::default()) {
            Ok(document) => self.xml(&document.root),
            Err(error) => {
                let offset = places.of(error.position.offset);
                let error = DecodeError::invalid(offset, "message", error.kind.to_string());
                self.remark(&error.to_string());
                self.wrong(error);
            }
        }
    }

    /// Lists the records of a document that begins so many bytes into a message. Says whether all are records.
    fn records(&mut self, message: &[u8], document: (&[u8], usize), table: &StringTable, places: &Places) -> bool {
        let (bytes, behind) = document;
        let mut dump = Dump::new(bytes, table);
        for item in dump.by_ref() {
            self.item(message, &Item { offset: item.offset + behind, ..item }, places);
            if !self.open {
                return false;
            }
        }
        let error = dump.into_error();
        let whole = error.is_none();
        if let Some(error) = error {
            self.wrong(places.error(error.moved(wide(behind))));
        }
        whole
    }

    fn item(&mut self, message: &[u8], item: &Item, places: &Places) {
        let bytes = message.get(item.offset..item.offset.saturating_add(item.length)).unwrap_or_default();
        self.row(places.of(item.offset), bytes, item.depth + 1, item.name, &item.text);
    }

    /// Shows what records came to: the document, or why they are none.
    fn read(&mut self, document: Result<Document, DecodeError>, places: &Places) {
        match document {
            Ok(document) => self.xml(&document.root),
            Err(error) => {
                let error = places.error(error);
                self.remark(&error.to_string());
                self.wrong(error);
            }
        }
    }

    fn xml(&mut self, root: &Element) {
        if !self.open {
            return;
        }
        let text = xml::pretty(root);
        let mut left = XML;
        for line in text.lines() {
            let Some(rest) = left.checked_sub(line.len()) else {
                return self.line(&format!("        | [cut here: {XML} of {} bytes of XML]", text.len()));
            };
            left = rest;
            let depth = line.len() - line.trim_start_matches(' ').len();
            let indent = depth.min(2 * DEPTH);
            let mut begins = indent;
            for piece in fold(&plain(line.trim_start_matches(' ')), WIDTH - 14 - indent) {
                self.line(&format!("        | {:begins$}{piece}", ""));
                begins = indent + 4;
            }
        }
    }

    /// A row: bytes in lines of their own, beside them the name and the text.
    fn row(&mut self, offset: u64, bytes: &[u8], depth: usize, name: &str, text: &str) {
        if !self.open {
            return;
        }
        let place = offset.to_string();
        // A place that is wider than its column moves the words of its line, so they have less room.
        let wider = place.len().saturating_sub(PLACE);
        let indent = depth.min(DEPTH.saturating_sub(wider));
        let most = if text.len() <= SHORT { SHORT } else { SHORT + self.more.min(BYTES - SHORT) };
        let shown = text.char_indices().nth(most).and_then(|(at, _)| text.get(..at));
        self.more = self.more.saturating_sub(shown.unwrap_or(text).len().saturating_sub(SHORT));
        let text = shown.map_or_else(|| plain(text), |shown| format!("{}…", plain(shown)));
        let name = plain(name);
        let room = WIDTH - NAME - wider - indent;
        let beside = if text.is_empty() || name.chars().count() + 1 + text.chars().count() <= room {
            fold(format!("{name} {text}").trim_end(), room)
        } else {
            let mut lines = vec![name];
            lines.extend(fold(&text, room - 2).into_iter().map(|line| format!("  {line}")));
            lines
        };
        let mut beside = beside.iter();
        let mut rows = bytes.get(..BYTES).unwrap_or(bytes).chunks(BESIDE);
        let mut at = Some(place.as_str());
        loop {
            let (row, words) = (rows.next(), beside.next());
            if row.is_none() && words.is_none() && at.is_none() {
                break;
            }
            let hex = row.unwrap_or_default().iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x} ");
                hex
            });
            let place = at.take().unwrap_or_default();
            let words = words.map_or("", String::as_str);
            let indent = if words.is_empty() { 0 } else { indent };
            let width = NAME - 9;
            self.line(format!("{place:>PLACE$}  {hex:<width$} {:indent$}{words}", "").trim_end());
        }
        if let Some(rest) = bytes.get(BYTES..).filter(|rest| !rest.is_empty()) {
            self.line(&format!("        [{} more bytes]", rest.len()));
        }
    }

    /// Words between rows.
    fn remark(&mut self, text: &str) {
        for line in fold(&plain(text), WIDTH - 10) {
            self.line(&format!("        ! {line}"));
        }
    }

    fn wrong(&mut self, error: DecodeError) {
        if self.errors.len() < ERRORS {
            self.errors.push(error);
        }
    }

    fn line(&mut self, line: &str) {
        if self.open {
            self.open = (self.sink)(&format!("{line}\n"));
        }
    }
}

impl std::fmt::Debug for Listing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listing").field("open", &self.open).field("errors", &self.errors).finish_non_exhaustive()
    }
}

/// A text in one line: what would move a cursor, hide or turn text is spelled out.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let mut escaped = c.escape_debug();
        match c {
            '\n' | '\t' | '\r' | '\0' => out.extend(escaped),
            _ if escaped.len() > 2 => out.extend(escaped.by_ref()),
            _ => out.push(c),
        }
    }
    out
}

/// Breaks a text into lines: at spaces, before tags, and within words that are longer than a line. No character is lost
/// but the space at a break.
fn fold(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some((limit, next)) = rest.char_indices().nth(width) {
        let fits = rest.get(..limit).unwrap_or_default();
        // What stands right behind the line may be where it breaks.
        let at = if matches!(next, ' ' | '<') { Some(limit) } else { fits.rfind([' ', '<']) };
        let at = at.filter(|at| !fits.get(..*at).unwrap_or_default().trim().is_empty()).unwrap_or(limit);
        lines.push(rest.get(..at).unwrap_or_default().to_owned());
        rest = rest.get(at..).unwrap_or_default();
        rest = rest.strip_prefix(' ').unwrap_or(rest);
    }
    if !rest.is_empty() || lines.is_empty() {
        lines.push(rest.to_owned());
    }
    lines
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn listed(list: impl FnOnce(&mut Listing<'_>)) -> (String, Vec<String>) {
        let mut out = String::new();
        let mut sink = |line: &str| {
            out.push_str(line);
            true
        };
        let mut listing = Listing::new(&mut sink);
        list(&mut listing);
        let errors = listing.into_errors().iter().map(DecodeError::to_string).collect();
        (out, errors)
    }

    #[test]
    fn records_stand_beside_their_bytes_and_the_xml_follows() {
        // A string table of one string, and <s:Envelope xmlns:a="urn:b">1</s:Envelope>, the namespace by its id.
        let payload = b"\x06\x05urn:b\x56\x02\x0B\x01a\x01\x83";
        let (text, errors) = listed(|listing| listing.payload(payload, &mut Decoder::default(), &Places::from(100)));
        let rows = [
            "   100  06                        StringTable 6 bytes of strings",
            "   101  05 75 72 6e 3a 62          String 1 urn:b",
            "   107  56 02                     PrefixDictionaryElementS <s:Envelope",
            "   109  0b 01 61 01                DictionaryXmlnsAttribute xmlns:a=\"urn:b\"",
            "   113  83                         OneTextWithEndElement 1</s:Envelope>",
        ];
        assert!(text.starts_with(&format!("{}\n", rows.join("\n"))), "{text}");
        assert_eq!(errors.len(), 1, "the prefix s is not bound: {errors:?}");
        let (text, errors) = listed(|listing| listing.document(b"\x40\x01a\x08\x01b\x83", &Places::from(0)));
        assert!(text.ends_with("        | <a xmlns=\"b\">1</a>\n") && errors.is_empty(), "{text}{errors:?}");
    }

    #[test]
    fn what_is_wrong_has_its_place_in_the_stream() {
        let mut places = Places::from(10);
        places.then(4, 20);
        assert_eq!([0, 3, 4, 9].map(|at| places.of(at)), [10, 13, 20, 25]);
        let (text, errors) = listed(|listing| listing.document(b"\x40\x01a\x99\x09b", &places));
        assert!(text.contains("<a\n    13  99 09 62"), "{text}");
        assert_eq!(errors.len(), 1);
        let (_, errors) = listed(|listing| listing.text(b"<a>\xFF</a>", &Places::from(7)));
        assert_eq!(errors, ["offset 10: message: the bytes are not UTF-8"]);
    }

    #[test]
    fn a_sink_that_is_full_ends_the_listing() {
        let mut lines = 0;
        let mut sink = |_: &str| {
            lines += 1;
            lines < 3
        };
        let bytes = b"\x40\x01a".repeat(1000);
        Listing::new(&mut sink).document(&bytes, &Places::from(0));
        assert_eq!(lines, 3);
    }

    #[test]
    fn a_string_that_is_named_again_and_again_is_shown_so_often_and_no_more() {
        let long = "x".repeat(60_000);
        let mut strings = Vec::new();
        nbfx::write_string(&mut strings, &long);
        let mut payload = Vec::new();
        nbfx::write_int31(&mut payload, strings.len());
        payload.extend(strings);
        payload.extend(b"\x42\x01".repeat(10_000));
        let (text, _) = listed(|listing| listing.payload(&payload, &mut Decoder::default(), &Places::from(0)));
        assert!(text.contains('…'), "{}", text.get(text.len() - 600..).unwrap_or_default());
        assert!(text.len() < 6 << 20, "{}", text.len());
    }

    proptest! {
        #[test]
        fn any_bytes_are_listed_in_narrow_lines(bytes in prop::collection::vec(any::<u8>(), 0..200), text in any::<String>()) {
            let named = format!("\x40\x01a{}{text}\x01", "");
            for bytes in [&bytes[..], named.as_bytes()] {
                let (text, _) = listed(|listing| {
                    listing.document(bytes, &Places::from(0));
                    listing.payload(bytes, &mut Decoder::default(), &Places::from(u64::MAX / 2));
                    listing.text(bytes, &Places::from(0));
                });
                prop_assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{}", text);
                prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
            }
        }

        #[test]
        fn folding_loses_nothing(text in "[a-z ]{0,200}", width in 5_usize..40) {
            let lines = fold(&text, width);
            prop_assert!(lines.iter().all(|line| line.chars().count() <= width));
            prop_assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        }
    }
}
