//! Which characters and names XML allows.
//!
//! Leaves out where they stand. Follows XML 1.0, fifth edition, 2.2 and 2.3, and Namespaces in XML 1.0, 4.

/// White space, XML 1.0 production 3.
pub(super) const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// Whether a character may stand in a document, XML 1.0 production 2.
pub fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// The first character that may not stand in a document, with its offset in bytes.
pub(super) fn first_illegal(text: &str) -> Option<(usize, char)> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte) || matches!(byte, b'\t' | b'\n' | b'\r')) {
        return None;
    }
    text.char_indices().find(|(_, c)| !is_char(*c))
}

/// Whether a character may begin a name, XML 1.0 production 4, without the colon.
fn is_name_start(c: char) -> bool {
    matches!(
        c,
        'A'..='Z'
            | '_'
            | 'a'..='z'
            | '\u{C0}'..='\u{D6}'
            | '\u{D8}'..='\u{F6}'
            | '\u{F8}'..='\u{2FF}'
            | '\u{370}'..='\u{37D}'
            | '\u{37F}'..='\u{1FFF}'
            | '\u{200C}'..='\u{200D}'
            | '\u{2070}'..='\u{218F}'
            | '\u{2C00}'..='\u{2FEF}'
            | '\u{3001}'..='\u{D7FF}'
            | '\u{F900}'..='\u{FDCF}'
            | '\u{FDF0}'..='\u{FFFD}'
            | '\u{10000}'..='\u{EFFFF}'
    )
}

/// Whether a character may stand within a name, XML 1.0 production 4a, without the colon.
fn is_name_char(c: char) -> bool {
    is_name_start(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Whether every character is printable ASCII. Almost all text is, and this tells it much faster than looking at each.
pub(super) fn is_plain(text: &str) -> bool {
    text.bytes().fold(true, |plain, byte| plain & (b' '..=b'~').contains(&byte))
}

/// Whether a text is a name of ASCII, without colons; others may be names as well.
fn is_ascii_ncname(text: &str) -> bool {
    let within = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    match text.as_bytes() {
        [first, rest @ ..] => (first.is_ascii_alphabetic() || *first == b'_') && rest.iter().all(within),
        [] => false,
    }
}

/// Whether a text is a name, XML 1.0 production 5: colons anywhere.
pub(super) fn is_name(text: &str) -> bool {
    if is_ascii_ncname(text) {
        return true;
    }
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c == ':' || is_name_start(c)) && chars.all(|c| c == ':' || is_name_char(c))
}

/// Whether a text is a name without colons, Namespaces in XML production 4.
pub fn is_ncname(text: &str) -> bool {
    if is_ascii_ncname(text) {
        return true;
    }
    let mut chars = text.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

/// A text made a name without colons: what may not stand there becomes `_`.
pub(super) fn to_ncname(text: &str) -> String {
    let mut name: String = text.chars().map(|c| if is_name_char(c) { c } else { '_' }).collect();
    if !name.starts_with(is_name_start) {
        name.insert(0, '_');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_those_of_the_table() {
        for allowed in ['\t', '\n', '\r', ' ', '\u{7f}', '\u{85}', '\u{d7ff}', '\u{e000}', '\u{fffd}', '\u{10ffff}'] {
            assert!(is_char(allowed), "{allowed:?}");
        }
        for refused in ['\0', '\u{1}', '\u{8}', '\u{b}', '\u{c}', '\u{1f}', '\u{fffe}', '\u{ffff}'] {
            assert!(!is_char(refused), "{refused:?}");
        }
        assert_eq!(first_illegal("aé\u{b}"), Some((3, '\u{b}')));
        assert_eq!(first_illegal("a\u{7f}é\n"), None);
    }

    #[test]
    fn names_are_those_of_the_grammar() {
        for name in ["a", "_", "a-b.c1", "é", "a\u{b7}", "\u{10000}"] {
            assert!(is_ncname(name) && is_name(name), "{name}");
        }
        for name in ["", "1a", "-a", ".a", "\u{b7}a", "a b", "\u{d7}", "\u{f7}", "\u{37e}", "a\u{2041}", "\u{f0000}"] {
            assert!(!is_ncname(name) && !is_name(name), "{name}");
        }
        for name in ["a:b", ":", ":a", "a:"] {
            assert!(!is_ncname(name) && is_name(name), "{name}");
        }
    }

    #[test]
    fn anything_can_be_made_a_name() {
        for (text, name) in [("a", "a"), ("", "_"), ("1", "_1"), ("a b", "a_b"), ("<>", "__"), ("a:b", "a_b")] {
            assert_eq!(to_ncname(text), name);
            assert!(is_ncname(&to_ncname(text)));
        }
    }
}
