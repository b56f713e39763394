//! The payload of a SizedEnvelopeRecord: the strings that a session adds, then a document.
//!
//! Leaves out framing. Follows [MC-NBFSE] 2; without a string table, [MC-NBFS] 2.

use std::collections::BTreeMap;

use super::{
    DecodeError, DecodeErrorKind,
    nbfx::{self, Cursor, Item, StringTable, Style, write_int31, write_string, write_tree},
};
use crate::xml::{self, Document, Element};

/// How many bytes of strings, their lengths included, Microsoft's stack takes in a session by default.
pub const TABLE_BYTES: usize = 2048;

/// How much a decoder takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The limits of each document.
    pub document: xml::Limits,
    /// The most bytes of all string tables of a session; 65,536 by default.
    pub table: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { document: xml::Limits::default(), table: 1 << 16 }
    }
}

/// Decodes the payloads of one direction of a session, in order: binary with in-band dictionary, known encoding 8.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    limits: Limits,
    table: StringTable,
    /// The bytes of the string tables so far.
    spent: usize,
}

impl Decoder {
    /// Begins a session.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Goes on in a session of which so many strings are known.
    #[must_use]
    pub fn knowing(self, table: StringTable) -> Self {
        Self { spent: table.bytes(), table, ..self }
    }

    /// Decodes a payload. The strings of its table are known from then on, whatever becomes of the document.
    ///
    /// # Errors
    /// The first thing that is not what it should be, with its offset in the payload. After an error in the string table
    /// the session cannot go on: what later ids mean is unknown.
    pub fn decode(&mut self, payload: &[u8]) -> Result<Document, DecodeError> {
        let document = self.read_table(payload)?;
        self.read_document(document, payload.len() - document.len())
    }

    /// Decodes a document that begins so many bytes into a payload, whose table was read.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    pub fn read_document(&self, document: &[u8], behind: usize) -> Result<Document, DecodeError> {
        nbfx::read_at(document, behind, &self.table, &self.limits.document)
            .map_err(|error| error.moved(u64::try_from(behind).unwrap_or(u64::MAX)))
    }

    /// Reads the StringTable of a payload, 2.1; the document behind it.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    pub fn read_table<'p>(&mut self, payload: &'p [u8]) -> Result<&'p [u8], DecodeError> {
        let (strings, document) = split_table(payload)?;
        let bytes: usize = strings.iter().map(|string| string.length).sum();
        let spent = self.spent.saturating_add(bytes);
        if spent > self.limits.table {
            let count = |number| u64::try_from(number).unwrap_or(u64::MAX);
            let kind = DecodeErrorKind::Limit { limit: count(self.limits.table), got: count(spent) };
            return Err(DecodeError { offset: 0, item: "StringTable", kind });
        }
        self.spent = spent;
        for string in strings {
            self.table.add(string.text);
        }
        Ok(document)
    }

    /// Shows a payload, its string table first, in place of decoding it. Where something is wrong its item is the last.
    pub fn dump(&mut self, payload: &[u8]) -> (Vec<Item>, Option<DecodeError>) {
        let (mut items, document) = self.dump_table(payload);
        let document = match document {
            Ok(document) => document,
            Err(error) => return (items, Some(error)),
        };
        let behind = payload.len() - document.len();
        let (records, error) = nbfx::dump(document, &self.table);
        items.extend(records.into_iter().map(|item| Item { offset: item.offset + behind, ..item }));
        (items, error.map(|error| error.moved(u64::try_from(behind).unwrap_or(u64::MAX))))
    }

    /// Shows the string table of a payload, whose strings are known from then on, and gives the document behind it.
    pub fn dump_table<'p>(&mut self, payload: &'p [u8]) -> (Vec<Item>, Result<&'p [u8], DecodeError>) {
        let mut items = Vec::new();
        let wrong = |mut items: Vec<Item>, error: DecodeError| {
            let offset = usize::try_from(error.offset).unwrap_or(usize::MAX).min(payload.len());
            let text = error.kind.to_string();
            items.push(Item { offset, length: payload.len() - offset, depth: 0, name: error.item, text });
            (items, Err(error))
        };
        let (strings, document) = match split_table(payload) {
            Ok(split) => split,
            Err(error) => return wrong(items, error),
        };
        let size: usize = strings.iter().map(|string| string.length).sum();
        let behind = payload.len() - document.len();
        let text = format!("{size} bytes of strings");
        items.push(Item { offset: 0, length: behind - size, depth: 0, name: "StringTable", text });
        let mut offset = behind - size;
        for (string, number) in strings.iter().zip(self.table.added().count()..) {
            let text = format!("{} {}", 2 * number + 1, string.text);
            items.push(Item { offset, length: string.length, depth: 1, name: "String", text });
            offset += string.length;
        }
        match self.read_table(payload) {
            Ok(document) => (items, Ok(document)),
            Err(error) => wrong(items, error),
        }
    }

    /// The strings of the session so far.
    pub fn table(&self) -> &StringTable {
        &self.table
    }
}

/// Decodes a document without a string table: binary, known encoding 7.
///
/// # Errors
/// The first thing that is not what it should be, with its offset.
pub fn decode_without_table(payload: &[u8], limits: &xml::Limits) -> Result<Document, DecodeError> {
    nbfx::read(payload, &StringTable::new(), limits)
}

/// Encodes the payloads of one direction of a session, in order: binary with in-band dictionary, known encoding 8.
#[derive(Debug, Clone)]
pub struct Encoder {
    style: Style,
    interner: Interner,
}

impl Encoder {
    /// Begins a session that sends no more than [`TABLE_BYTES`] of strings.
    pub fn new(style: Style) -> Self {
        Self::with_table_bytes(style, TABLE_BYTES)
    }

    /// Begins a session that sends no more than so many bytes of strings, their lengths included.
    pub fn with_table_bytes(style: Style, most: usize) -> Self {
        Self { style, interner: Interner { left: most, ..Interner::default() } }
    }

    /// Forgets which strings were sent, so that they are sent again with ids of their own, as none should.
    pub fn repeat_strings(&mut self) {
        self.interner.ids.clear();
    }

    /// Encodes an element with all that it holds: the strings that it adds, then the document. Where a string finds no room
    /// any more it stands in the document.
    pub fn encode(&mut self, root: &Element) -> Vec<u8> {
        let interner = &mut self.interner;
        let document = write_tree(root, self.style, &mut |text| interner.id(text));
        let strings = std::mem::take(&mut interner.new);
        let mut payload = Vec::with_capacity(document.len() + strings.len() + 5);
        write_int31(&mut payload, strings.len());
        payload.extend(strings);
        payload.extend(document);
        payload
    }
}

/// Encodes an element without a string table: binary, known encoding 7. Nothing is interned.
pub fn encode_without_table(root: &Element, style: Style) -> Vec<u8> {
    write_tree(root, style, &mut |_| None)
}

/// The strings that were sent, and those that are to be.
#[derive(Debug, Clone, Default)]
struct Interner {
    ids: BTreeMap<Box<str>, u32>,
    /// How many were sent.
    sent: u32,
    /// The Strings of the next table.
    new: Vec<u8>,
    /// How many bytes of Strings the session has room for.
    left: usize,
}

impl Interner {
    /// The id of a string, which is sent where it was not yet; none where there is no room.
    fn id(&mut self, text: &str) -> Option<u32> {
        if let Some(id) = self.ids.get(text) {
            return Some(*id);
        }
        let before = self.new.len();
        write_string(&mut self.new, text);
        let Some(left) = self.left.checked_sub(self.new.len() - before) else {
            self.new.truncate(before);
            return None;
        };
        self.left = left;
        let id = self.sent.checked_mul(2)? + 1;
        self.sent += 1;
        self.ids.insert(text.into(), id);
        Some(id)
    }
}

/// A String of a table and where it stands.
struct Placed<'p> {
    text: &'p str,
    /// How many bytes it has, its length included.
    length: usize,
}

/// Takes the StringTable off the front of a payload; its strings, and the rest.
fn split_table(payload: &[u8]) -> Result<(Vec<Placed<'_>>, &[u8]), DecodeError> {
    let mut cursor = Cursor::of(payload, "StringTable");
    let size = cursor.length()?;
    let begun = cursor.offset();
    let bytes = cursor.take(size)?;
    let mut table = Cursor::of(bytes, "StringTable");
    let mut strings = Vec::new();
    while !table.rest().is_empty() {
        table.begin_structure("String");
        let before = table.offset();
        let moved = |fault| DecodeError::from(fault).moved(u64::try_from(begun).unwrap_or(u64::MAX));
        let text = table.string().map_err(moved)?;
        strings.push(Placed { text, length: table.offset() - before });
    }
    Ok((strings, cursor.rest()))
}
