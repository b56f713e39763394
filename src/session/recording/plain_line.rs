//! Lines of a trace file as they are written here, messages above all, read faster than JSON is.
//!
//! Takes the keys in one order, without white space or rare escapes, and leaves every other line to serde_json. Follows
//! `docs/trace-format.md` and RFC 8259.

use std::borrow::Cow;

use super::lines::{Came, Http, Line, Sent, Wire};

/// Reads a line that holds a message; none where it has another shape, whatever it is.
pub(super) fn read(line: &[u8]) -> Option<Line<'_>> {
    let line = std::str::from_utf8(line).ok()?;
    // Characters that stand in no JSON text, and those that may stand between its tokens.
    if line.bytes().min().is_none_or(|least| least < b' ') {
        return None;
    }
    let mut cursor = Cursor { rest: line };
    cursor.take("{\"session\":")?;
    let mut line = Line { session: cursor.string()?, ..Line::default() };
    if cursor.take(",\"at_us\":").is_some() {
        line.at_us = cursor.number()?;
    }
    if cursor.take(",\"received\":{\"envelope\":").is_some() {
        let envelope = Some(cursor.string()?);
        let mut http = None;
        if cursor.take(",\"http\":{\"status\":").is_some() {
            let status = u16::try_from(cursor.number()?).ok()?;
            let mut content_type = None;
            cursor.field(",\"content_type\":", &mut content_type)?;
            http = Some(Http { status, content_type });
            cursor.take("}")?;
        }
        line.received = Some(Came { envelope, hex: None, http });
    } else {
        cursor.take(",\"sent\":{\"envelope\":")?;
        let envelope = cursor.string()?;
        let (mut action, mut message_id) = (None, None);
        cursor.field(",\"action\":", &mut action)?;
        cursor.field(",\"message_id\":", &mut message_id)?;
        line.sent = Some(Sent { envelope, action, message_id });
    }
    cursor.take("}")?;
    if cursor.take(",\"wire\":{\"offset\":").is_some() {
        let offset = cursor.number()?;
        cursor.take(",\"hex\":")?;
        line.wire = Some(Wire { offset, hex: cursor.string()? });
        cursor.take("}")?;
    }
    (cursor.rest == "}").then_some(line)
}

/// What is left of a line.
struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    /// Goes over what stands next, where it is this.
    fn take(&mut self, what: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(what)?;
        Some(())
    }

    /// Goes over a key that may be absent, and its text.
    fn field(&mut self, key: &str, text: &mut Option<Cow<'a, str>>) -> Option<()> {
        if self.take(key).is_some() {
            *text = Some(self.string()?);
        }
        Some(())
    }

    /// Goes over a whole number.
    fn number(&mut self) -> Option<u64> {
        let end = self.rest.bytes().position(|octet| !octet.is_ascii_digit())?;
        let (digits, rest) = self.rest.split_at_checked(end)?;
        if digits.len() > 1 && digits.starts_with('0') {
            return None;
        }
        self.rest = rest;
        digits.parse().ok()
    }

    /// Goes over a text in quotes.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.take("\"")?;
        let mut text = String::new();
        loop {
            let end = memchr::memchr2(b'"', b'\\', self.rest.as_bytes())?;
            let (run, rest) = self.rest.split_at_checked(end)?;
            if let Some(behind) = rest.strip_prefix('"') {
                self.rest = behind;
                if text.is_empty() {
                    return Some(Cow::Borrowed(run));
                }
                text.push_str(run);
                return Some(Cow::Owned(text));
            }
            if text.is_empty() {
                // It is not longer than what is left.
                text.reserve(self.rest.len());
            }
            text.push_str(run);
            text.push(match rest.as_bytes().get(1)? {
                b'"' => '"',
                b'\\' => '\\',
                b'/' => '/',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                _ => return None,
            });
            self.rest = rest.get(2..)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::Index};

    use super::*;

    const RECEIVED: &str = r#"{"session":"a/b main","at_us":250,"received":{"envelope":"<a b=\"ü\\\"/>\n","http":{"status":500,"content_type":"a/b; c=\"d\""}},"wire":{"offset":7,"hex":"00ff"}}"#;
    const SENT: &str = r#"{"session":"s","at_us":0,"sent":{"envelope":"<a/>","action":"urn:x","message_id":"urn:1"}}"#;

    const TOKENS: &[&str] = &[
        "\"",
        "\\",
        "\\\"",
        "\\u0041",
        "\\u",
        "\\b",
        "{",
        "}",
        ":",
        ",",
        "0",
        "00",
        "-1",
        "1e3",
        "18446744073709551616",
        "null",
        " ",
        "\t",
        "\u{1}",
        "\u{e9}",
        "x",
        "\"at_us\":1,",
        ",\"x\":1",
        ",\"gap\":{\"reason\":\"r\"}",
        "\"session\":\"t\",",
        ",\"action\":\"b\"",
        ",\"hex\":\"00\"",
        ",\"records\":{}",
    ];

    fn agrees(line: &str) -> Result<(), TestCaseError> {
        if let Some(read) = read(line.as_bytes()) {
            let known = serde_json::from_str::<Line<'_>>(line);
            let known = known.map_err(|error| TestCaseError::fail(format!("taken, though {error}: {line}")))?;
            prop_assert_eq!(read, known, "{}", line);
        }
        Ok(())
    }

    #[test]
    fn what_is_written_here_is_taken() {
        for line in [RECEIVED, SENT, r#"{"session":"s","received":{"envelope":""}}"#] {
            assert!(read(line.as_bytes()).is_some(), "{line}");
            agrees(line).unwrap();
        }
        for line in ["", "{}", r#"{"session":"s","at_us":1,"accepted":{}}"#, r#"{"at_us":1,"session":"s"}"#] {
            assert!(read(line.as_bytes()).is_none(), "{line}");
        }
        assert!(read(b"{\"session\":\"\xff\",\"received\":{\"envelope\":\"\"}}").is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_changed_line_says_what_serde_json_says(
            whole in prop::sample::select(&[RECEIVED, SENT][..]),
            changes in prop::collection::vec((any::<Index>(), prop::sample::select(TOKENS), any::<bool>()), 0..4),
        ) {
            let mut line: Vec<char> = whole.chars().collect();
            for (at, token, removes) in changes {
                let at = at.index(line.len() + 1);
                let end = if removes { (at + 1).min(line.len()) } else { at };
                line.splice(at..end, token.chars());
            }
            agrees(&line.into_iter().collect::<String>())?;
        }
    }
}
