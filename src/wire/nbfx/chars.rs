//! Characters of records: UTF-8 and UTF-16 taken off their bytes, and what XML allows of them.
//!
//! Leaves out names. Follows [MC-NBFX] 2.2.3.13 and 2.2.3.27, XML 1.0 production 2. A character that XML does not allow is
//! refused: the document would have it read as a reference, which no XML may hold either.

use super::cursor::{Cursor, Fault};
use crate::xml::is_char;

/// Characters in UTF-16, little-endian, checked when they were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Utf16<'a>(&'a [u8]);

impl<'a> Utf16<'a> {
    /// Takes bytes, where they are whole characters.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let (units, rest) = bytes.as_chunks();
        let units = units.iter().copied().map(u16::from_le_bytes);
        (rest.is_empty() && char::decode_utf16(units).all(|c| c.is_ok())).then_some(Self(bytes))
    }

    /// Its bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.0
    }

    /// Its characters.
    pub fn chars(&self) -> impl Iterator<Item = char> + use<'a> {
        let units = self.0.as_chunks().0.iter().copied().map(u16::from_le_bytes);
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    pub(super) fn read(length: usize, cursor: &mut Cursor<'a>) -> Result<Self, Fault> {
        let bytes = cursor.take(length)?;
        let text = Self::new(bytes).ok_or_else(|| cursor.invalid("its characters are not UTF-16"))?;
        match text.chars().find(|c| !is_char(*c)) {
            None => Ok(text),
            Some(c) => Err(illegal(c, cursor)),
        }
    }
}

/// Reads so many bytes of UTF-8.
#[inline]
pub(super) fn read<'a>(length: usize, cursor: &mut Cursor<'a>) -> Result<&'a str, Fault> {
    let bytes = cursor.take(length)?;
    let text = cursor.utf8(bytes)?;
    check(text, cursor)?;
    Ok(text)
}

/// Refuses characters that XML does not allow.
#[inline]
pub(super) fn check(text: &str, cursor: &Cursor<'_>) -> Result<(), Fault> {
    // What XML forbids is below a space, or U+FFFE and U+FFFF, which begin with 0xEF. No loop that ends early: this one is
    // done many bytes at a time.
    let doubt = |byte: u8| u8::from(byte < b' ') | u8::from(byte == 0xEF);
    let doubtful = text.bytes().fold(0, |doubtful, byte| doubtful | doubt(byte)) != 0;
    if doubtful && let Some(c) = text.chars().find(|c| !is_char(*c)) {
        return Err(illegal(c, cursor));
    }
    Ok(())
}

#[cold]
fn illegal(c: char, cursor: &Cursor<'_>) -> Fault {
    cursor.invalid(format!("the character U+{:04X} is not allowed in XML", u32::from(c)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::DecodeError;

    #[test]
    fn what_xml_forbids_is_refused() {
        let read = |bytes: &[u8]| {
            read(bytes.len(), &mut Cursor::new(bytes)).map(str::to_owned).map_err(|e| DecodeError::from(e).to_string())
        };
        for right in ["", "a\tb\r\n", "é\u{fffd}\u{feff}", "\u{10ffff}\u{7f}"] {
            assert_eq!(read(right.as_bytes()).as_deref(), Ok(right));
        }
        for wrong in ["\0", "abcdefghijklmnopqrstuvwxyz0123456789\u{b}", "\u{ffff}", "\u{fffe}"] {
            assert!(read(wrong.as_bytes()).unwrap_err().contains("is not allowed in XML"), "{wrong:?}");
        }
        assert!(read(b"\xED\xA0\x80").unwrap_err().contains("not UTF-8"));
    }

    #[test]
    fn surrogates_come_in_pairs() {
        // 𐍈
        let text = Utf16::new(&[0x00, 0xD8, 0x48, 0xDF]).unwrap();
        assert_eq!(text.chars().collect::<String>(), "\u{10348}");
        for wrong in [&[0x41][..], &[0x00, 0xD8], &[0x48, 0xDF, 0x00, 0xD8]] {
            assert_eq!(Utf16::new(wrong), None);
        }
        let mut cursor = Cursor::new(&[0x01, 0x00]);
        assert!(Utf16::read(2, &mut cursor).is_err());
    }
}
