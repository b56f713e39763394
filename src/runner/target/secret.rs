//! Secrets in what people write: which keys name one, and how a text is shown without them.
//!
//! Leaves out where secrets are read from. It hides too much rather than too little.

use std::{ops::Range, sync::LazyLock};

use regex_lite::Regex;

/// A word in a key that makes its value a secret.
const WORDS: &str = "password|passwd|passphrase|secret|token|credential|api[_-]?key|private[_-]?key";

static KEY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!("(?i)(?:{WORDS})")).ok());
/// A key with such a word, up to its value.
static ASSIGNED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!("(?i)(?:{WORDS})[A-Za-z0-9_.\"' \\t-]*=[ \\t]*")).ok());
/// A reference to where the secret is kept, which is none itself.
static REFERENCE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^\{[ \t]*(?:env|file)[ \t]*=[ \t]*(?:"[^"\n]*"|'[^'\n]*')[ \t]*\}"#).ok());
static REFERENCE_LINE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[ \t]*(?:env|file)[ \t]*=").ok());
/// What stands before `@` in a URL.
static USER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("://[^\\s\"']*@").ok());

/// Whether a key, dotted or not, names a secret.
pub(super) fn is_secret(key: &str) -> bool {
    KEY.as_ref().is_none_or(|pattern| pattern.is_match(key))
}

/// The text with every secret in it as asterisks, as long as before, byte for byte; the lines stay.
pub(super) fn hide(text: &str) -> String {
    let mut hidden: Vec<Range<usize>> = Vec::new();
    if let Some(pattern) = ASSIGNED.as_ref() {
        hidden.extend(pattern.find_iter(text).map(|found| found.end()..end_of_value(text, found.end())));
    }
    if let Some(pattern) = USER.as_ref() {
        hidden.extend(pattern.find_iter(text).map(|found| found.start() + "://".len()..found.end() - 1));
    }
    hidden.extend(secret_tables(text));
    let is_hidden = |at: usize| hidden.iter().any(|range| range.contains(&at));
    let mut shown = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        if is_hidden(at) && !matches!(character, '\n' | '\r') {
            shown.extend(std::iter::repeat_n('*', character.len_utf8()));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Where a value ends that begins at an offset: far enough, whatever is wrong with it.
fn end_of_value(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let line_end = |from: usize| rest.get(from..).and_then(|rest| rest.find('\n')).map_or(rest.len(), |at| from + at);
    if REFERENCE.as_ref().is_some_and(|pattern| pattern.is_match(rest)) {
        return start;
    }
    for quote in ["\"\"\"", "'''"] {
        if let Some(inner) = rest.strip_prefix(quote) {
            return start + inner.find(quote).map_or(rest.len(), |at| line_end(at + 2 * quote.len()));
        }
    }
    for (open, close) in [('{', '}'), ('[', ']')] {
        if rest.starts_with(open) {
            return start + rest.find(close).map_or(rest.len(), line_end);
        }
    }
    start + line_end(0)
}

/// The lines of tables whose header names a secret, but for references.
fn secret_tables(text: &str) -> Vec<Range<usize>> {
    let mut hidden = Vec::new();
    let mut start = 0;
    let mut in_secret = false;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        if line.trim_start().starts_with('[') {
            in_secret = is_secret(line);
        } else if in_secret && !REFERENCE_LINE.as_ref().is_some_and(|pattern| pattern.is_match(line)) {
            let key = line.find('=').map_or(0, |at| at + 1);
            hidden.push(start + key..end);
        }
        start = end;
    }
    hidden
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_that_name_secrets_are_known() {
        for key in ["security.password", "PASSWORD", "vars.api_key", "apiKey", "a.client-secret.b", "vars.tokens"] {
            assert!(is_secret(key), "{key}");
        }
        for key in ["name", "timing.reply", "vars.pass_count", "vars.key"] {
            assert!(!is_secret(key), "{key}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "password = { env = \"IPAM_PASSWORD\" }",
            "password = { file = 'a b' } # c",
            "url = \"http://a.example/b\"",
            "[security.password]\nenv = \"A\"\n[vars]\na = 1",
        ] {
            assert_eq!(hide(text), text);
        }
        assert_eq!(hide("a = 1\npassword = \"x\u{e9}\"\nb = 2"), "a = 1\npassword = *****\nb = 2");
        assert_eq!(hide("\"http://a:b/c@d@host/p\""), "\"http://*******@host/p\"");
    }

    #[test]
    fn secrets_are_hidden_however_they_are_written() {
        for text in [
            "password = \"hunter2\"",
            "password = 'hunter2",
            "password = \"\"\"\nhunter2\nhunter2\"\"\"",
            "password = '''\nhunter2",
            "password = hunter2",
            "\"password\" = \"hunter2\"",
            "security = { mode = 'ntlm', password = \"hunter2\", x = 1 }",
            "password = { value = \"hun}ter2\", v = \"hunter2\" }",
            "password = {\n value = \"hunter2\"\n}",
            "password = [\n \"hunter2\"\n]",
            "security.password.value = \"hunter2\"",
            "[security.password]\nvalue = \"hunter2\"\n",
            "[[security.password]]\nhunter2\n",
            "url = \"http://alice:hunter2@host\"",
            "url = 'net.tcp://hunter2@host'",
            "--set apikey=hunter2",
        ] {
            let hidden = hide(text);
            assert!(!hidden.contains("hunter2"), "{hidden}");
            assert_eq!(hidden.len(), text.len());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn lengths_and_lines_stay(text in "((password|token|://|@|=|\\[|\\]|\\{|\\}|\"\"\"|'|\n|\u{e9}|a| ){0,20})") {
            let hidden = hide(&text);
            prop_assert_eq!(hidden.len(), text.len());
            prop_assert_eq!(hidden.lines().count(), text.lines().count());
        }
    }
}
