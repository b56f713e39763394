//! Records: each taken off the bytes as it stands, and written as it stood.
//!
//! Leaves out what a sequence of records means: names, namespaces, ends. Follows [MC-NBFX] 2.1.1, 2.2 and 2.3.

use super::{
    DictionaryString, StringTable, Value,
    cursor::{Cursor, Fault, write_string},
    names::{LETTERS, letter},
    value::write_id,
};
use crate::wire::{DecodeError, DecodeErrorKind, nbfx::cursor::write_int31};

/// A record, its form included: written again it gives the same bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Record<'a> {
    /// 2.3.1
    EndElement,
    /// 2.3.2
    Comment(&'a str),
    /// 2.3.3: an element with its attributes, EndElement and [`Record::ArrayValues`] follow.
    Array,
    /// 2.2.1: its attributes follow.
    Element {
        /// Its prefix.
        prefix: Prefix<'a>,
        /// Its local name.
        name: Str<'a>,
    },
    /// 2.2.2.1 to 2.2.2.4, 2.2.2.9, 2.2.2.10
    Attribute {
        /// Its prefix.
        prefix: Prefix<'a>,
        /// Its local name.
        name: Str<'a>,
        /// Its value.
        value: Value<'a>,
    },
    /// 2.2.2.5 to 2.2.2.8
    Xmlns {
        /// The prefix; none declares the default namespace.
        prefix: Option<&'a str>,
        /// The namespace.
        namespace: Str<'a>,
    },
    /// 2.2.3
    Text {
        /// Its value.
        value: Value<'a>,
        /// Whether it ends the element too, 2.2.3.31.
        end: bool,
    },
    /// 2.3.3: the values of an array, from its Record Type on.
    ArrayValues(Values<'a>),
}

/// How a record gives a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix<'a> {
    /// There is none.
    None,
    /// By its record type: a letter, from 0 for `a`.
    Letter(u8),
    /// As a String.
    Text(&'a str),
}

impl<'a> Prefix<'a> {
    /// The shortest way to give a prefix.
    pub fn of(prefix: &'a str) -> Self {
        match letter(prefix) {
            Some(letter) => Self::Letter(letter),
            None if prefix.is_empty() => Self::None,
            None => Self::Text(prefix),
        }
    }

    /// Its characters; none where there is no prefix.
    #[inline]
    pub fn text(self) -> &'a str {
        match self {
            Self::None => "",
            Self::Letter(letter) => LETTERS.get(usize::from(letter)).copied().unwrap_or_default(),
            Self::Text(text) => text,
        }
    }
}

/// How a record gives a name or a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Str<'a> {
    /// As a String.
    Text(&'a str),
    /// As a DictionaryString.
    Dictionary(DictionaryString<'a>),
}

impl<'a> Str<'a> {
    /// Its characters.
    #[inline]
    pub fn text(self) -> &'a str {
        match self {
            Self::Text(text) => text,
            Self::Dictionary(string) => string.text,
        }
    }

    /// Reads a String, or a DictionaryString.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured: calls cost as much as what they do here")]
    fn read(dictionary: bool, cursor: &mut Cursor<'a>, table: &'a StringTable) -> Result<Self, Fault> {
        if dictionary {
            DictionaryString::read(cursor, table).map(Self::Dictionary)
        } else {
            cursor.string().map(Self::Text)
        }
    }

    fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => write_string(out, text),
            Self::Dictionary(string) => write_id(out, string.id),
        }
    }
}

/// The values of an array, all of one size. Follows 2.3.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Values<'a> {
    /// The type of the *TextWithEndElement record that each stands for.
    pub record_type: u8,
    /// How many there are; one at least.
    pub count: usize,
    /// Their bytes.
    pub data: &'a [u8],
}

impl<'a> Values<'a> {
    /// How many bytes a value has in an array; none for records that no array holds.
    pub fn size(record_type: u8) -> Option<usize> {
        match record_type {
            0xB5 => Some(1),
            0x8B => Some(2),
            0x8D | 0x91 => Some(4),
            0x8F | 0x93 | 0x97 | 0xAF => Some(8),
            0x95 | 0xB1 => Some(16),
            _ => None,
        }
    }

    /// Reads Record Type, Length and Data.
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Self, Fault> {
        let record_type = cursor.byte()?;
        let Some(size) = Self::size(record_type) else {
            return Err(cursor.error(DecodeErrorKind::Unknown { value: record_type.into() }));
        };
        let count = cursor.length()?;
        if count == 0 {
            return Err(cursor.invalid("its length is zero"));
        }
        let data = cursor.take(count.saturating_mul(size))?;
        Ok(Self { record_type, count, data })
    }

    fn write(self, out: &mut Vec<u8>) {
        out.push(self.record_type);
        write_int31(out, self.count);
        out.extend_from_slice(self.data);
    }
}

impl<'a> Record<'a> {
    /// Reads what follows the record type of an element, from 0x40 to 0x77.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured: calls cost as much as what they do here")]
    pub(super) fn element(
        record_type: u8,
        cursor: &mut Cursor<'a>,
        table: &'a StringTable,
    ) -> Result<(Prefix<'a>, Str<'a>), Fault> {
        let (prefix, dictionary) = match record_type {
            0x40 => (Prefix::None, false),
            0x41 => (Prefix::Text(cursor.string()?), false),
            0x42 => (Prefix::None, true),
            0x43 => (Prefix::Text(cursor.string()?), true),
            0x44..=0x5D => (Prefix::Letter(record_type - 0x44), true),
            _ => (Prefix::Letter(record_type.wrapping_sub(0x5E).min(25)), false),
        };
        Ok((prefix, Str::read(dictionary, cursor, table)?))
    }

    /// Reads what follows the record type of an attribute, from 0x04 to 0x3F.
    #[inline]
    pub(super) fn attribute(record_type: u8, cursor: &mut Cursor<'a>, table: &'a StringTable) -> Result<Self, Fault> {
        let (prefix, dictionary) = match record_type {
            0x04 => (Prefix::None, false),
            0x05 => (Prefix::Text(cursor.string()?), false),
            0x06 => (Prefix::None, true),
            0x07 => (Prefix::Text(cursor.string()?), true),
            0x08..=0x0B => {
                let prefix = if record_type.is_multiple_of(2) { None } else { Some(cursor.string()?) };
                let namespace = Str::read(record_type >= 0x0A, cursor, table)?;
                return Ok(Self::Xmlns { prefix, namespace });
            }
            0x0C..=0x25 => (Prefix::Letter(record_type - 0x0C), true),
            _ => (Prefix::Letter(record_type.wrapping_sub(0x26).min(25)), false),
        };
        let name = Str::read(dictionary, cursor, table)?;
        let value_type = cursor.byte()?;
        if value_type < 0x80 || !value_type.is_multiple_of(2) {
            return Err(
                cursor.invalid(format!("its value is the record 0x{value_type:02X}; only *Text records may be"))
            );
        }
        let mut value = Value::Empty;
        value.read(value_type, cursor, table)?;
        Ok(Self::Attribute { prefix, name, value })
    }

    /// Reads the record of a type.
    fn read(record_type: u8, cursor: &mut Cursor<'a>, table: &'a StringTable) -> Result<Self, Fault> {
        match record_type {
            0x01 => Ok(Self::EndElement),
            0x02 => cursor.string().map(Self::Comment),
            0x03 => Ok(Self::Array),
            0x04..=0x3F => Self::attribute(record_type, cursor, table),
            0x40..=0x77 => {
                let (prefix, name) = Self::element(record_type, cursor, table)?;
                Ok(Self::Element { prefix, name })
            }
            0x80.. => {
                let mut value = Value::Empty;
                let end = text(&mut value, record_type, cursor, table)?;
                Ok(Self::Text { value, end })
            }
            _ => Err(cursor.error(DecodeErrorKind::Unknown { value: record_type.into() })),
        }
    }

    /// Its type; [`None`] for what follows in an array, which has none.
    pub fn record_type(&self) -> Option<u8> {
        Some(match self {
            Self::EndElement => 0x01,
            Self::Comment(_) => 0x02,
            Self::Array => 0x03,
            Self::Element { prefix, name } => element_type(*prefix, *name),
            Self::Attribute { prefix, name, .. } => attribute_type(*prefix, *name),
            Self::Xmlns { prefix, namespace } => {
                0x08 + u8::from(prefix.is_some()) + if matches!(namespace, Str::Text(_)) { 0 } else { 2 }
            }
            Self::Text { value, end } => value.record_type() | u8::from(*end && value.has_end_element()),
            Self::ArrayValues(_) => return None,
        })
    }

    /// Writes it as it would have been read.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.record_type());
        match self {
            Self::EndElement | Self::Array => {}
            Self::Comment(text) => write_string(out, text),
            Self::Element { prefix, name } => write_name(out, *prefix, *name),
            Self::Attribute { prefix, name, value } => {
                write_name(out, *prefix, *name);
                out.push(value.record_type());
                value.write(out);
            }
            Self::Xmlns { prefix, namespace } => {
                if let Some(prefix) = prefix {
                    write_string(out, prefix);
                }
                namespace.write(out);
            }
            Self::Text { value, .. } => value.write(out),
            Self::ArrayValues(values) => values.write(out),
        }
    }
}

/// Reads the text record of a type into a value; whether it ends the element too.
#[inline(always)]
#[expect(clippy::inline_always, reason = "measured: calls cost as much as what they do here")]
pub(super) fn text<'a>(
    value: &mut Value<'a>,
    record_type: u8,
    cursor: &mut Cursor<'a>,
    table: &'a StringTable,
) -> Result<bool, Fault> {
    if record_type == 0xA5 || record_type == 0xA7 {
        return Err(cursor.error(DecodeErrorKind::Unknown { value: record_type.into() }));
    }
    value.read(record_type & 0xFE, cursor, table)?;
    Ok(!record_type.is_multiple_of(2))
}

fn element_type(prefix: Prefix<'_>, name: Str<'_>) -> u8 {
    match (prefix, name) {
        (Prefix::None, Str::Text(_)) => 0x40,
        (Prefix::Text(_), Str::Text(_)) => 0x41,
        (Prefix::None, Str::Dictionary(_)) => 0x42,
        (Prefix::Text(_), Str::Dictionary(_)) => 0x43,
        (Prefix::Letter(letter), Str::Dictionary(_)) => 0x44 + letter.min(25),
        (Prefix::Letter(letter), Str::Text(_)) => 0x5E + letter.min(25),
    }
}

fn attribute_type(prefix: Prefix<'_>, name: Str<'_>) -> u8 {
    match (prefix, name) {
        (Prefix::None, Str::Text(_)) => 0x04,
        (Prefix::Text(_), Str::Text(_)) => 0x05,
        (Prefix::None, Str::Dictionary(_)) => 0x06,
        (Prefix::Text(_), Str::Dictionary(_)) => 0x07,
        (Prefix::Letter(letter), Str::Dictionary(_)) => 0x0C + letter.min(25),
        (Prefix::Letter(letter), Str::Text(_)) => 0x26 + letter.min(25),
    }
}

fn write_name(out: &mut Vec<u8>, prefix: Prefix<'_>, name: Str<'_>) {
    if let Prefix::Text(prefix) = prefix {
        write_string(out, prefix);
    }
    name.write(out);
}

/// The records of a document, each with the offset and the length of its bytes. An error ends them.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    cursor: Cursor<'a>,
    table: &'a StringTable,
    array: InArray,
    /// Where the array that is read began.
    begun: usize,
    failed: bool,
}

/// How far an array was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InArray {
    No,
    ExpectElement,
    ExpectEndElement,
    ExpectValues,
}

/// A record and where it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placed<'a> {
    /// Bytes from the start.
    pub offset: usize,
    /// How many bytes it has.
    pub length: usize,
    /// The record.
    pub record: Record<'a>,
}

impl<'a> Records<'a> {
    /// The records of these bytes.
    pub fn new(bytes: &'a [u8], table: &'a StringTable) -> Self {
        Self { cursor: Cursor::new(bytes), table, array: InArray::No, begun: 0, failed: false }
    }

    fn read(&mut self) -> Result<Option<Record<'a>>, Fault> {
        if self.array == InArray::ExpectValues {
            self.array = InArray::No;
            self.cursor.resume(self.begun);
            return Values::read(&mut self.cursor).map(|values| Some(Record::ArrayValues(values)));
        }
        let Some(record_type) = self.cursor.begin() else {
            return match self.array {
                InArray::No => Ok(None),
                _ => Err(self.cursor.truncated()),
            };
        };
        self.array = match (self.array, record_type) {
            (InArray::No, 0x03) => {
                self.begun = self.cursor.begun();
                InArray::ExpectElement
            }
            (InArray::No, _) => InArray::No,
            (InArray::ExpectElement, 0x40..=0x77) | (InArray::ExpectEndElement, 0x04..=0x3F) => {
                InArray::ExpectEndElement
            }
            (InArray::ExpectEndElement, 0x01) => InArray::ExpectValues,
            _ => return Err(self.cursor.invalid("it stands in an Array before its values")),
        };
        Record::read(record_type, &mut self.cursor, self.table).map(Some)
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Placed<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let offset = self.cursor.offset();
        let record = self.read();
        self.failed = record.is_err();
        let length = self.cursor.offset() - offset;
        record
            .transpose()
            .map(|record| record.map(|record| Placed { offset, length, record }).map_err(DecodeError::from))
    }
}
