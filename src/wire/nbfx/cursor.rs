//! The bytes of records taken off one by one, with errors that say in which record they fell short.
//!
//! Leaves out what bytes mean. Follows [MC-NBFX] 2.1.2 (MultiByteInt31) and 2.1.3 (String).

use std::borrow::Cow;

use super::names::record_name;
use crate::wire::{DecodeError, DecodeErrorKind};

/// An error on its way out: one word, so that what goes well is not slowed down by moving room for what does not.
#[derive(Debug)]
pub(in crate::wire) struct Fault(Box<DecodeError>);

impl From<DecodeError> for Fault {
    fn from(error: DecodeError) -> Self {
        Self(Box::new(error))
    }
}

impl From<Fault> for DecodeError {
    fn from(fault: Fault) -> Self {
        *fault.0
    }
}

/// Where in a payload the next byte is, and where the record began that it belongs to.
#[derive(Debug, Clone, Copy)]
pub(in crate::wire) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    begun: usize,
    /// What is read where it is no record.
    structure: Option<&'static str>,
}

impl<'a> Cursor<'a> {
    pub(in crate::wire) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, begun: 0, structure: None }
    }

    /// A cursor over a structure that is no record, which is named so.
    pub(in crate::wire) fn of(bytes: &'a [u8], structure: &'static str) -> Self {
        Self { structure: Some(structure), ..Self::new(bytes) }
    }

    /// This cursor, moved to another place.
    pub(super) fn moved_to(self, at: usize) -> Self {
        Self { at, ..self }
    }

    /// Bytes from the start.
    #[inline]
    pub(in crate::wire) fn offset(&self) -> usize {
        self.at
    }

    /// What is not yet read.
    #[inline]
    pub(in crate::wire) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// What lies between two places.
    pub(super) fn between(&self, from: usize, to: usize) -> &'a [u8] {
        self.bytes.get(from..to).unwrap_or_default()
    }

    /// The next byte, which stays.
    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Begins a record with its type; none where there is nothing more.
    #[inline]
    pub(super) fn begin(&mut self) -> Option<u8> {
        let record_type = self.peek()?;
        self.begun = self.at;
        self.at += 1;
        Some(record_type)
    }

    /// Where the record began.
    #[inline]
    pub(super) fn begun(&self) -> usize {
        self.begun
    }

    /// Errors are told of the record that begins there.
    #[inline]
    pub(super) fn resume(&mut self, begun: usize) {
        self.begun = begun;
    }

    /// Begins a structure that is no record, where the cursor is.
    pub(in crate::wire) fn begin_structure(&mut self, structure: &'static str) {
        self.begun = self.at;
        self.structure = Some(structure);
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8, Fault> {
        let Some(byte) = self.peek() else { return Err(self.truncated()) };
        self.at += 1;
        Ok(byte)
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let Some(bytes) = self.rest().first_chunk() else { return Err(self.truncated()) };
        self.at += N;
        Ok(*bytes)
    }

    #[inline]
    pub(in crate::wire) fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let Some(bytes) = self.rest().get(..count) else { return Err(self.truncated()) };
        self.at += count;
        Ok(bytes)
    }

    /// 2.1.2: seven bits a byte, the lowest first, five bytes at most, 31 bits in all.
    #[inline]
    pub(in crate::wire) fn multi_byte_int31(&mut self) -> Result<u32, Fault> {
        match self.rest() {
            [first @ 0..=0x7F, ..] => {
                self.at += 1;
                Ok(u32::from(*first))
            }
            [first, second @ 0..=0x7F, ..] => {
                self.at += 2;
                Ok(u32::from(first & 0x7F) | u32::from(*second) << 7)
            }
            _ => self.long_int31(),
        }
    }

    #[cold]
    fn long_int31(&mut self) -> Result<u32, Fault> {
        let mut value = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            if shift == 28 && byte > 0x07 {
                break;
            }
            value |= u32::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.invalid("a MultiByteInt31 is longer than 31 bits"))
    }

    /// A length in bytes, as MultiByteInt31.
    #[inline]
    pub(in crate::wire) fn length(&mut self) -> Result<usize, Fault> {
        self.multi_byte_int31().map(|length| usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// 2.1.3: a length in bytes, then UTF-8.
    #[inline]
    pub(in crate::wire) fn string(&mut self) -> Result<&'a str, Fault> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        self.utf8(bytes)
    }

    #[inline]
    pub(super) fn utf8(&self, bytes: &'a [u8]) -> Result<&'a str, Fault> {
        std::str::from_utf8(bytes).map_err(|_| self.invalid("its characters are not UTF-8"))
    }

    /// An error of words in the record that is read.
    #[cold]
    pub(in crate::wire) fn invalid(&self, words: impl Into<Cow<'static, str>>) -> Fault {
        self.error(DecodeErrorKind::Invalid(words.into()))
    }

    #[cold]
    pub(super) fn error(&self, kind: DecodeErrorKind) -> Fault {
        let record = || self.bytes.get(self.begun).and_then(|record_type| record_name(*record_type));
        let item = self.structure.or_else(record).unwrap_or("Record");
        DecodeError { offset: u64::try_from(self.begun).unwrap_or(u64::MAX), item, kind }.into()
    }

    /// A text record of a type that there is not; the type is told as it stands in the bytes, WithEndElement included.
    #[cold]
    pub(super) fn unknown(&self, record_type: u8) -> Fault {
        let stands = self.bytes.get(self.begun).copied().filter(|stands| stands & 0xFE == record_type);
        self.error(DecodeErrorKind::Unknown { value: stands.unwrap_or(record_type).into() })
    }

    #[cold]
    pub(super) fn limit(&self, limit: usize, got: usize) -> Fault {
        let count = |number| u64::try_from(number).unwrap_or(u64::MAX);
        self.error(DecodeErrorKind::Limit { limit: count(limit), got: count(got) })
    }

    #[cold]
    pub(super) fn truncated(&self) -> Fault {
        self.error(DecodeErrorKind::Truncated)
    }
}

/// Writes a MultiByteInt31 in as few bytes as it needs; more than 31 bits are cut to the greatest there is.
pub(in crate::wire) fn write_int31(out: &mut Vec<u8>, value: usize) {
    let mut rest = u32::try_from(value).unwrap_or(u32::MAX).min(0x7FFF_FFFF);
    while rest > 0x7F {
        out.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    out.push(rest.to_le_bytes()[0]);
}

/// Writes a String, 2.1.3.
pub(in crate::wire) fn write_string(out: &mut Vec<u8>, text: &str) {
    write_int31(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_take_as_few_bytes_as_they_need() {
        for (value, bytes) in [
            (0, &[0x00][..]),
            (17, &[0x11]),
            (127, &[0x7F]),
            (145, &[0x91, 0x01]),
            (5521, &[0x91, 0x2B]),
            (16383, &[0xFF, 0x7F]),
            (16384, &[0x80, 0x80, 0x01]),
            (0x1F_FFFF, &[0xFF, 0xFF, 0x7F]),
            (0x20_0000, &[0x80, 0x80, 0x80, 0x01]),
            (268_435_456, &[0x80, 0x80, 0x80, 0x80, 0x01]),
            (0x7FFF_FFFF, &[0xFF, 0xFF, 0xFF, 0xFF, 0x07]),
        ] {
            let mut out = Vec::new();
            write_int31(&mut out, value);
            assert_eq!(out, bytes, "{value}");
            assert_eq!(Cursor::new(bytes).length().unwrap(), value);
        }
        // Longer than need be, as some writers do to keep a place.
        assert_eq!(Cursor::new(&[0x80, 0x80, 0x00]).length().unwrap(), 0);
    }

    #[test]
    fn integers_have_31_bits_and_an_end() {
        let read = |bytes: &[u8]| Cursor::new(bytes).multi_byte_int31().map_err(|fault| DecodeError::from(fault).kind);
        assert_eq!(read(&[0x80]), Err(DecodeErrorKind::Truncated));
        for wrong in [&[0xFF, 0xFF, 0xFF, 0xFF, 0x08][..], &[0x80; 6]] {
            assert!(matches!(read(wrong), Err(DecodeErrorKind::Invalid(_))), "{wrong:x?}");
        }
    }

    #[test]
    fn strings_are_utf_8() {
        assert_eq!(Cursor::new(b"\x03abcd").string().unwrap(), "abc");
        assert!(Cursor::new(b"\x03ab").string().is_err());
        assert!(Cursor::new(b"\x01\xff").string().is_err());
    }
}
