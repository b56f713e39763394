//! The names of records, spelled as the specification spells them.
//!
//! Leaves out what records hold. Follows [MC-NBFX] 2.1.1.

use std::borrow::Cow;

/// The records from 0x01 to 0x0B.
const FIRST: [&str; 11] = [
    "EndElement",
    "Comment",
    "Array",
    "ShortAttribute",
    "Attribute",
    "ShortDictionaryAttribute",
    "DictionaryAttribute",
    "ShortXmlnsAttribute",
    "XmlnsAttribute",
    "ShortDictionaryXmlnsAttribute",
    "DictionaryXmlnsAttribute",
];

/// The records from 0x40 to 0x43.
const ELEMENTS: [&str; 4] = ["ShortElement", "Element", "ShortDictionaryElement", "DictionaryElement"];

/// The even records from 0x80 to 0xBC, each with the odd one behind it; empty where that is reserved.
const TEXTS: [(&str, &str); 31] = [
    ("ZeroText", "ZeroTextWithEndElement"),
    ("OneText", "OneTextWithEndElement"),
    ("FalseText", "FalseTextWithEndElement"),
    ("TrueText", "TrueTextWithEndElement"),
    ("Int8Text", "Int8TextWithEndElement"),
    ("Int16Text", "Int16TextWithEndElement"),
    ("Int32Text", "Int32TextWithEndElement"),
    ("Int64Text", "Int64TextWithEndElement"),
    ("FloatText", "FloatTextWithEndElement"),
    ("DoubleText", "DoubleTextWithEndElement"),
    ("DecimalText", "DecimalTextWithEndElement"),
    ("DateTimeText", "DateTimeTextWithEndElement"),
    ("Chars8Text", "Chars8TextWithEndElement"),
    ("Chars16Text", "Chars16TextWithEndElement"),
    ("Chars32Text", "Chars32TextWithEndElement"),
    ("Bytes8Text", "Bytes8TextWithEndElement"),
    ("Bytes16Text", "Bytes16TextWithEndElement"),
    ("Bytes32Text", "Bytes32TextWithEndElement"),
    ("StartListText", ""),
    ("EndListText", ""),
    ("EmptyText", "EmptyTextWithEndElement"),
    ("DictionaryText", "DictionaryTextWithEndElement"),
    ("UniqueIdText", "UniqueIdTextWithEndElement"),
    ("TimeSpanText", "TimeSpanTextWithEndElement"),
    ("UuidText", "UuidTextWithEndElement"),
    ("UInt64Text", "UInt64TextWithEndElement"),
    ("BoolText", "BoolTextWithEndElement"),
    ("UnicodeChars8Text", "UnicodeChars8TextWithEndElement"),
    ("UnicodeChars16Text", "UnicodeChars16TextWithEndElement"),
    ("UnicodeChars32Text", "UnicodeChars32TextWithEndElement"),
    ("QNameDictionaryText", "QNameDictionaryTextWithEndElement"),
];

macro_rules! letters {
    ($stem:literal: $($letter:literal)*) => { [$(concat!($stem, $letter)),*] };
    ($stem:literal) => { letters!($stem: "A" "B" "C" "D" "E" "F" "G" "H" "I" "J" "K" "L" "M" "N" "O" "P" "Q" "R" "S" "T" "U" "V" "W" "X" "Y" "Z") };
}

const DICTIONARY_ATTRIBUTES: [&str; 26] = letters!("PrefixDictionaryAttribute");
const ATTRIBUTES: [&str; 26] = letters!("PrefixAttribute");
const DICTIONARY_ELEMENTS: [&str; 26] = letters!("PrefixDictionaryElement");
const PREFIX_ELEMENTS: [&str; 26] = letters!("PrefixElement");

/// The prefix of each letter.
pub(super) const LETTERS: [&str; 26] = [
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "v", "w",
    "x", "y", "z",
];

/// The name of a record type; [`None`] for those that are reserved.
pub fn record_name(record_type: u8) -> Option<&'static str> {
    let of = |names: &[&'static str], first: u8| names.get(usize::from(record_type - first)).copied();
    match record_type {
        0x01..=0x0B => of(&FIRST, 0x01),
        0x0C..=0x25 => of(&DICTIONARY_ATTRIBUTES, 0x0C),
        0x26..=0x3F => of(&ATTRIBUTES, 0x26),
        0x40..=0x43 => of(&ELEMENTS, 0x40),
        0x44..=0x5D => of(&DICTIONARY_ELEMENTS, 0x44),
        0x5E..=0x77 => of(&PREFIX_ELEMENTS, 0x5E),
        0x80..=0xBD => {
            let (plain, with_end) = TEXTS.get(usize::from((record_type - 0x80) / 2))?;
            let name = if record_type.is_multiple_of(2) { plain } else { with_end };
            (!name.is_empty()).then_some(*name)
        }
        _ => None,
    }
}

/// The letter of a prefix that is one, from 0 for `a`.
pub(super) fn letter(prefix: &str) -> Option<u8> {
    match prefix.as_bytes() {
        [letter @ b'a'..=b'z'] => Some(letter - b'a'),
        _ => None,
    }
}

/// A text cut where it is long, for messages.
pub(super) fn excerpt(text: &str) -> Cow<'_, str> {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => Cow::Owned(format!("{}…", text.get(..at).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_table() {
        for (record_type, name) in [
            (0x01, "EndElement"),
            (0x0B, "DictionaryXmlnsAttribute"),
            (0x0C, "PrefixDictionaryAttributeA"),
            (0x25, "PrefixDictionaryAttributeZ"),
            (0x26, "PrefixAttributeA"),
            (0x3F, "PrefixAttributeZ"),
            (0x40, "ShortElement"),
            (0x43, "DictionaryElement"),
            (0x56, "PrefixDictionaryElementS"),
            (0x5E, "PrefixElementA"),
            (0x77, "PrefixElementZ"),
            (0x80, "ZeroText"),
            (0x99, "Chars8TextWithEndElement"),
            (0xA6, "EndListText"),
            (0xBD, "QNameDictionaryTextWithEndElement"),
        ] {
            assert_eq!(record_name(record_type), Some(name), "{record_type:#x}");
        }
        let reserved: Vec<u8> = (0..=255).filter(|record_type| record_name(*record_type).is_none()).collect();
        let expected = std::iter::once(0).chain(0x78..=0x7F).chain([0xA5, 0xA7]).chain(0xBE..=0xFF);
        assert_eq!(reserved, expected.collect::<Vec<u8>>());
    }
}
