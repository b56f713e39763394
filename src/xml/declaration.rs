//! The XML declaration: version, encoding, standalone, in this order and no other.
//!
//! Leaves out whether the encoding is true. Follows XML 1.0, fifth edition, 2.8 and 4.3.3.

use super::{XmlErrorKind, chars::SPACE, error::Fault, value::excerpt};

/// An encoding that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    UsAscii,
}

/// Reads a declaration from `<?xml` to `?>` that begins at `offset`; the encoding is UTF-8 where it names none.
pub(super) fn declaration(token: &str, offset: usize) -> Result<Encoding, Fault> {
    let inner = token.strip_prefix("<?xml").unwrap_or(token);
    let inner = inner.strip_suffix("?>").unwrap_or(inner);
    let end = offset + "<?xml".len() + inner.len();
    let fault = |rest: &str, wrong| Fault::new(end - rest.len(), XmlErrorKind::Declaration(wrong));

    let Some((version, rest)) = pseudo_attribute(inner, "version").map_err(|(rest, wrong)| fault(rest, wrong))? else {
        return Err(fault(inner, "an XML declaration begins with its version"));
    };
    if !version.strip_prefix("1.").is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit())) {
        return Err(fault(inner, "the version of XML is not 1.0"));
    }

    let (encoding, rest) = match pseudo_attribute(rest, "encoding").map_err(|(rest, wrong)| fault(rest, wrong))? {
        None => (Encoding::Utf8, rest),
        Some((name, after)) => (encoding(name).map_err(|kind| Fault::new(end - rest.len(), kind))?, after),
    };

    let rest = match pseudo_attribute(rest, "standalone").map_err(|(rest, wrong)| fault(rest, wrong))? {
        None => rest,
        Some(("yes" | "no", after)) => after,
        Some(_) => return Err(fault(rest, "standalone is neither yes nor no")),
    };
    if rest.trim_start_matches(SPACE).is_empty() {
        Ok(encoding)
    } else {
        Err(fault(rest, "an XML declaration holds version, encoding and standalone, in this order"))
    }
}

fn encoding(name: &str) -> Result<Encoding, XmlErrorKind> {
    let legal = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if !legal {
        return Err(XmlErrorKind::Declaration("the encoding is not a legal name of one"));
    }
    match name.to_ascii_lowercase().as_str() {
        "utf-8" => Ok(Encoding::Utf8),
        "us-ascii" | "ascii" => Ok(Encoding::UsAscii),
        _ => Err(XmlErrorKind::Encoding(excerpt(name))),
    }
}

/// Where a declaration goes wrong, and why.
type Wrong<'a> = (&'a str, &'static str);

/// Takes white space, a name, `=` and a quoted value off the front, where that name comes next.
fn pseudo_attribute<'a>(text: &'a str, name: &str) -> Result<Option<(&'a str, &'a str)>, Wrong<'a>> {
    let trimmed = text.trim_start_matches(SPACE);
    let Some(rest) = trimmed.strip_prefix(name) else {
        return Ok(None);
    };
    if trimmed.len() == text.len() {
        return Err((trimmed, "white space is missing in the XML declaration"));
    }
    let rest = rest.trim_start_matches(SPACE);
    let rest = rest.strip_prefix('=').ok_or((rest, "`=` is missing in the XML declaration"))?;
    let rest = rest.trim_start_matches(SPACE);
    let quote = rest
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\''))
        .ok_or((rest, "a value in the XML declaration is not quoted"))?;
    let value = rest.strip_prefix(quote).unwrap_or(rest);
    value.split_once(quote).map(Some).ok_or((rest, "a value in the XML declaration does not end"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_follow_their_grammar() {
        for (text, encoding) in [
            ("<?xml version='1.0'?>", Encoding::Utf8),
            ("<?xml\tversion = \"1.1\"\n?>", Encoding::Utf8),
            ("<?xml version='1.0' encoding='utf-8' standalone='yes' ?>", Encoding::Utf8),
            ("<?xml version='1.0' standalone='no'?>", Encoding::Utf8),
            ("<?xml version='1.0' encoding=\"US-ASCII\"?>", Encoding::UsAscii),
        ] {
            assert_eq!(declaration(text, 0), Ok(encoding), "{text}");
        }
        for text in [
            "<?xml?>",
            "<?xml ?>",
            "<?xml encoding='UTF-8'?>",
            "<?xml version=1.0?>",
            "<?xml version='1.0\"?>",
            "<?xml version='2.0'?>",
            "<?xml version='1.'?>",
            "<?xml version='1.0a'?>",
            "<?xml version='1.0'encoding='UTF-8'?>",
            "<?xml version='1.0' standalone='yes' encoding='UTF-8'?>",
            "<?xml version='1.0' encoding='8'?>",
            "<?xml version='1.0' encoding=''?>",
            "<?xml version='1.0' standalone='true'?>",
            "<?xml version='1.0' version='1.0'?>",
            "<?xml version='1.0' more='1'?>",
            "<?xml version='1.0' ??>",
        ] {
            let kind = declaration(text, 0).unwrap_err().kind;
            assert!(matches!(kind, XmlErrorKind::Declaration(_)), "{text}: {kind}");
        }
        let fault = declaration("<?xml version='1.0' encoding='latin1'?>", 3).unwrap_err();
        assert_eq!(fault, Fault::new(22, XmlErrorKind::Encoding("latin1".to_owned())));
    }
}
