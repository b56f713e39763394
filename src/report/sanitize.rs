//! Makes text that others wrote safe to show: characters that move a cursor, hide or turn text become visible.
//!
//! Leaves out the escaping of HTML, which the template does, and redaction, which `verdict` does. Reports hold such text
//! as [`Shown`] only, so that none is forgotten.

use std::fmt::{self, Write as _};

use serde::Serialize;

/// Text that can be shown on a terminal or in a page: every control, format or invisible character in it is spelled out.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Shown(String);

impl Shown {
    /// Text in one line: line breaks and tabs are spelled out too.
    pub fn line(text: &str) -> Self {
        Self(sanitize(text, false))
    }

    /// Text in lines: line feeds and tabs stay.
    pub fn block(text: &str) -> Self {
        Self(sanitize(text, true))
    }

    /// Text in one line, at most `limit` characters of it; `…` says that there was more.
    pub fn line_within(text: &str, limit: usize) -> Self {
        let (kept, more) = within(text, limit);
        let mut shown = Self::line(kept);
        if more {
            shown.0.push('…');
        }
        shown
    }

    /// Text in lines, at most `limit` bytes of it, and how many bytes were left out.
    pub fn block_within(text: &str, limit: usize) -> (Self, usize) {
        let mut end = limit.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let (kept, rest) = text.split_at(end);
        (Self::block(kept), rest.len())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Splits off what exceeds a number of characters.
fn within(text: &str, limit: usize) -> (&str, bool) {
    match text.char_indices().nth(limit) {
        Some((end, _)) => (text.get(..end).unwrap_or_default(), true),
        None => (text, false),
    }
}

fn sanitize(text: &str, lines: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\n' | '\t' if lines => shown.push(c),
            // The line feed that follows says the same.
            '\r' if lines && characters.peek() == Some(&'\n') => {}
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            '\r' => shown.push_str("\\r"),
            _ if is_hidden(c) => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
            _ => shown.push(c),
        }
    }
    shown
}

/// Whether a character shows as nothing, or changes how others show: C1 controls, bidirectional controls, zero widths,
/// separators of lines, tags, noncharacters.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_and_turns_are_spelled_out() {
        assert_eq!(Shown::line("a\x1b[31mred\x07\r\n\tb").as_str(), r"a\u{1b}[31mred\u{7}\r\n\tb");
        assert_eq!(Shown::block("a\r\n\tb\rc\0").as_str(), "a\n\tb\\rc\\u{0}");
        assert_eq!(Shown::line("\u{202e}evil\u{9b}2J\u{7f}").as_str(), r"\u{202e}evil\u{9b}2J\u{7f}");
        assert_eq!(Shown::line("Größe 漢字 <b> & \"q\"").as_str(), "Größe 漢字 <b> & \"q\"");
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        assert_eq!(Shown::line_within("äöü", 3).as_str(), "äöü");
        assert_eq!(Shown::line_within("äöüß", 3).as_str(), "äöü…");
        assert_eq!(Shown::block_within("äöü", 3), (Shown::line("ä"), 4));
        assert_eq!(Shown::block_within("abc", 3), (Shown::line("abc"), 0));
    }

    proptest! {
        #[test]
        fn nothing_shown_is_hidden(text in any::<String>(), limit in 0_usize..40) {
            for shown in [Shown::line(&text), Shown::line_within(&text, limit)] {
                prop_assert!(!shown.as_str().chars().any(is_hidden));
            }
            let (shown, left_out) = Shown::block_within(&text, limit);
            prop_assert!(!shown.as_str().chars().any(|c| is_hidden(c) && c != '\n' && c != '\t'));
            prop_assert!(left_out <= text.len() && (left_out > 0) == (text.len() > limit));
        }

        #[test]
        fn harmless_text_is_left_alone(text in "[ -~äß漢]{0,60}") {
            let shown = Shown::line(&text);
            prop_assert_eq!(shown.as_str(), text);
        }
    }
}
