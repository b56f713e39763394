//! Start tags and end tags taken apart: name, attributes, quotes, white space.
//!
//! Leaves out namespaces and where tags may stand. Follows XML 1.0, fifth edition, 3.1.

use std::{borrow::Cow, collections::BTreeSet};

use super::{
    Limit, XmlErrorKind,
    chars::{SPACE, is_name},
    error::Fault,
    references::attribute_value,
    value::excerpt,
};

/// Up to so many attributes of an element are compared one by one, which is faster than a set of them.
pub(super) const FEW: usize = 16;

/// A start tag as it is spelled.
#[derive(Debug, PartialEq)]
pub(super) struct StartTag<'a> {
    pub(super) name: &'a str,
    pub(super) attributes: Vec<RawAttribute<'a>>,
    /// Whether it closes the element too.
    pub(super) empty: bool,
}

/// An attribute as it is spelled, its value normalised.
#[derive(Debug, PartialEq)]
pub(super) struct RawAttribute<'a> {
    pub(super) at: usize,
    pub(super) name: &'a str,
    pub(super) value: Cow<'a, str>,
}

/// Reads a start tag from `<` to `>` that begins at `offset`.
pub(super) fn start_tag(token: &str, offset: usize, most: usize) -> Result<StartTag<'_>, Fault> {
    let inner = token.strip_prefix('<').unwrap_or(token);
    let inner = inner.strip_suffix('>').unwrap_or(inner);
    let (inner, empty) = match inner.strip_suffix('/') {
        Some(inner) => (inner, true),
        None => (inner, false),
    };
    let end = offset + 1 + inner.len();
    let (name, mut rest) = name(inner, end - inner.len())?;
    let mut attributes: Vec<RawAttribute<'_>> = Vec::new();
    let mut names = BTreeSet::new();
    loop {
        let trimmed = rest.trim_start_matches(SPACE);
        let at = end - trimmed.len();
        if trimmed.is_empty() {
            return Ok(StartTag { name, attributes, empty });
        }
        if trimmed.len() == rest.len() {
            return Err(Fault::new(at, XmlErrorKind::Attribute("white space is missing before an attribute")));
        }
        let (attribute, after) = self::name(trimmed, at)?;
        let after = after.trim_start_matches(SPACE);
        let Some(after) = after.strip_prefix('=') else {
            return Err(Fault::new(end - after.len(), XmlErrorKind::Attribute("`=` is missing after an attribute")));
        };
        let after = after.trim_start_matches(SPACE);
        let quoted = after.strip_prefix('"').map(|text| (text, '"'));
        let Some((text, quote)) = quoted.or_else(|| after.strip_prefix('\'').map(|text| (text, '\''))) else {
            let kind = XmlErrorKind::Attribute("the value of an attribute is not quoted");
            return Err(Fault::new(end - after.len(), kind));
        };
        let Some((value, after)) = text.split_once(quote) else {
            return Err(Fault::new(end - text.len(), XmlErrorKind::Unfinished("the value of an attribute")));
        };
        let value = attribute_value(value, end - text.len())?;
        let repeated = if attributes.len() < FEW {
            attributes.iter().any(|known| known.name == attribute)
        } else {
            if names.is_empty() {
                names.extend(attributes.iter().map(|known| known.name));
            }
            !names.insert(attribute)
        };
        if repeated {
            return Err(Fault::new(at, XmlErrorKind::DuplicateAttribute(excerpt(attribute))));
        }
        if attributes.len() >= most {
            return Err(Fault::new(at, XmlErrorKind::Limit(Limit::Attributes(most))));
        }
        attributes.push(RawAttribute { at, name: attribute, value });
        rest = after;
    }
}

/// Reads an end tag from `</` to `>` that begins at `offset`; its name.
pub(super) fn end_tag(token: &str, offset: usize) -> Result<&str, Fault> {
    let inner = token.strip_prefix("</").unwrap_or(token);
    let inner = inner.strip_suffix('>').unwrap_or(inner);
    let (name, rest) = name(inner, offset + 2)?;
    if rest.trim_start_matches(SPACE).is_empty() {
        Ok(name)
    } else {
        Err(Fault::new(offset + 2 + name.len(), XmlErrorKind::Attribute("more than a name stands in an end tag")))
    }
}

/// Takes a name off the front of what begins at `at`.
fn name(text: &str, at: usize) -> Result<(&str, &str), Fault> {
    let ends = |byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'=' | b'/' | b'<' | b'>' | b'"' | b'\'' | b'&');
    let end = text.bytes().position(ends);
    let (name, rest) = end.and_then(|end| text.split_at_checked(end)).unwrap_or((text, ""));
    if is_name(name) { Ok((name, rest)) } else { Err(Fault::new(at, XmlErrorKind::Name(excerpt(name)))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_tag_is_taken_apart() {
        let tag = start_tag("<a:b  c = 'x > \"' \n d=\"&lt;\" />", 100, 10).unwrap();
        assert_eq!((tag.name, tag.empty), ("a:b", true));
        let attributes: Vec<_> = tag.attributes.iter().map(|a| (a.at, a.name, &*a.value)).collect();
        assert_eq!(attributes, [(106, "c", "x > \""), (120, "d", "<")]);
        assert_eq!(start_tag("<a/>", 0, 0).unwrap(), StartTag { name: "a", attributes: Vec::new(), empty: true });
    }

    #[test]
    fn mistakes_in_tags_are_told_where_they_stand() {
        let wrong = |token| start_tag(token, 0, 2).map_err(|fault| (fault.at, fault.kind)).unwrap_err();
        assert!(matches!(wrong("< a>"), (1, XmlErrorKind::Name(_))));
        assert!(matches!(wrong("<>"), (1, XmlErrorKind::Name(_))));
        assert!(matches!(wrong("<1>"), (1, XmlErrorKind::Name(_))));
        assert!(matches!(wrong("<a b='1'c='2'>"), (8, XmlErrorKind::Attribute(_))));
        assert!(matches!(wrong("<a b>"), (4, XmlErrorKind::Attribute(_))));
        assert!(matches!(wrong("<a b=1>"), (5, XmlErrorKind::Attribute(_))));
        assert!(matches!(wrong("<a / >"), (3, XmlErrorKind::Name(_))));
        assert!(matches!(wrong("<a b='1' b='2'>"), (9, XmlErrorKind::DuplicateAttribute(_))));
        assert!(matches!(wrong("<a b='' c='' d=''>"), (13, XmlErrorKind::Limit(_))));
        assert!(matches!(wrong("<a<b>"), (2, XmlErrorKind::Attribute(_))));
        assert_eq!(end_tag("</a \n>", 0), Ok("a"));
        for token in ["</ a>", "</a b>", "</>", "</a/>"] {
            assert!(end_tag(token, 0).is_err(), "{token}");
        }
    }
}
