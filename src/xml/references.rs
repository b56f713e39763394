//! Character data: references resolved, line ends and attribute values normalised, what may not stand there refused.
//!
//! Leaves out markup. Follows XML 1.0, fifth edition, 2.11, 3.3.3 and 4.1, without entities of a DTD.

use std::borrow::Cow;

use super::{
    XmlErrorKind,
    chars::{first_illegal, is_char, is_name, is_plain},
    error::Fault,
    value::excerpt,
};

/// Reads a reference from `&` to `;`.
pub(super) fn resolve(reference: &str) -> Result<char, XmlErrorKind> {
    let Some(name) = reference.strip_prefix('&').and_then(|rest| rest.strip_suffix(';')) else {
        return Err(XmlErrorKind::Reference);
    };
    if let Some(number) = name.strip_prefix('#') {
        let (digits, radix) = match number.strip_prefix('x') {
            Some(digits) => (digits, 16),
            None => (number, 10),
        };
        // The standard reader of numbers would take a sign.
        if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
            return Err(XmlErrorKind::CharacterReference(excerpt(reference)));
        }
        return u32::from_str_radix(digits, radix)
            .ok()
            .and_then(char::from_u32)
            .filter(|c| is_char(*c))
            .ok_or_else(|| XmlErrorKind::CharacterReference(excerpt(reference)));
    }
    match name {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ if is_name(name) => Err(XmlErrorKind::Entity(excerpt(name))),
        _ => Err(XmlErrorKind::Reference),
    }
}

/// Reads characters without markup and references that begin at `offset`: every line end becomes a line feed.
pub(super) fn characters(text: &str, offset: usize) -> Result<Cow<'_, str>, Fault> {
    if is_plain(text) {
        return Ok(Cow::Borrowed(text));
    }
    if let Some((at, c)) = first_illegal(text) {
        return Err(Fault::new(offset + at, XmlErrorKind::Character(c)));
    }
    if text.contains('\r') {
        Ok(Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")))
    } else {
        Ok(Cow::Borrowed(text))
    }
}

/// Reads an attribute value, without its quotes, that begins at `offset`: references are resolved, and white space that
/// was not written as a reference becomes spaces.
pub(super) fn attribute_value(text: &str, offset: usize) -> Result<Cow<'_, str>, Fault> {
    let plain = characters(text, offset)?;
    if let Some(at) = text.find('<') {
        return Err(Fault::new(offset + at, XmlErrorKind::LessThanInAttribute));
    }
    if !text.contains(['&', '\t', '\r', '\n']) {
        return Ok(plain);
    }
    let mut value = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let at = offset + text.len() - rest.len();
        let Some((before, from)) = rest.find('&').and_then(|amp| rest.split_at_checked(amp)) else {
            push_spaced(&mut value, rest);
            return Ok(Cow::Owned(value));
        };
        push_spaced(&mut value, before);
        let at = at + before.len();
        let end = from.find(';').ok_or_else(|| Fault::new(at, XmlErrorKind::Reference))?;
        let (reference, after) = from.split_at_checked(end + 1).unwrap_or((from, ""));
        value.push(resolve(reference).map_err(|kind| Fault::new(at, kind))?);
        rest = after;
    }
}

fn push_spaced(value: &mut String, text: &str) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // The two characters of one line end are one space.
            '\r' if chars.peek() == Some(&'\n') => {}
            '\t' | '\r' | '\n' => value.push(' '),
            c => value.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_legal_characters_or_the_five_entities() {
        for (reference, c) in [
            ("&amp;", '&'),
            ("&lt;", '<'),
            ("&gt;", '>'),
            ("&quot;", '"'),
            ("&apos;", '\''),
            ("&#65;", 'A'),
            ("&#x0041;", 'A'),
            ("&#x10FFFF;", '\u{10ffff}'),
            ("&#13;", '\r'),
        ] {
            assert_eq!(resolve(reference), Ok(c), "{reference}");
        }
        for illegal in [
            "&#0;",
            "&#xFFFE;",
            "&#xD800;",
            "&#x110000;",
            "&#99999999999;",
            "&#;",
            "&#x;",
            "&#+65;",
            "&#X41;",
            "&#6a;",
            "&# 65;",
            "&#11;",
        ] {
            assert!(matches!(resolve(illegal), Err(XmlErrorKind::CharacterReference(_))), "{illegal}");
        }
        assert_eq!(resolve("&nbsp;"), Err(XmlErrorKind::Entity("nbsp".to_owned())));
        assert_eq!(resolve("&AMP;"), Err(XmlErrorKind::Entity("AMP".to_owned())));
        for none in ["&;", "& amp;", "&amp ;", "&1;", "&a b;"] {
            assert_eq!(resolve(none), Err(XmlErrorKind::Reference), "{none}");
        }
    }

    #[test]
    fn line_ends_and_attribute_values_are_normalised() {
        assert_eq!(characters("a\r\nb\rc\n\r\n", 0).unwrap(), "a\nb\nc\n\n");
        assert_eq!(attribute_value("a\r\nb\rc\n\td", 0).unwrap(), "a b c  d");
        assert_eq!(attribute_value("&#13;&#10;&#9;\r\n", 0).unwrap(), "\r\n\t ");
        assert_eq!(attribute_value("x&lt;&amp;lt;", 0).unwrap(), "x<&lt;");
        assert_eq!(attribute_value("ab<", 10), Err(Fault::new(12, XmlErrorKind::LessThanInAttribute)));
        assert_eq!(attribute_value("ab&c", 10), Err(Fault::new(12, XmlErrorKind::Reference)));
        assert_eq!(attribute_value("é&#0;", 10).unwrap_err().at, 12);
    }
}
