//! Ids of expanded cases: the path without `.toml`, then `/key=value` for each entry of the matrix, in file order.
//!
//! Leaves out where an id is looked up. An id is ASCII and 120 bytes at most, so that it may name a file.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::verdict::check::hex;

/// The longest id, in bytes.
pub const LONGEST: usize = 120;
/// How many digits of the digest stand for what was cut.
const DIGITS: usize = 12;

/// The id of an expanded case.
pub fn of(path: &str, matrix: &[(String, String)]) -> String {
    let path = path.strip_suffix(".toml").unwrap_or(path);
    let mut id: Vec<String> = path.split('/').map(encode).collect();
    id.extend(matrix.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))));
    shorten(id.join("/"))
}

/// Writes bytes outside `[A-Za-z0-9_.-]` as `%` and two hexadecimal digits.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-') {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Cuts a long id and appends `~` and a digest of the whole.
pub fn shorten(id: String) -> String {
    if id.len() <= LONGEST {
        return id;
    }
    let digest: String = hex(&Sha256::digest(&id)).chars().take(DIGITS).collect();
    let mut end = LONGEST - DIGITS - 1;
    while !id.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}~{digest}", id.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(entries: &[(&str, &str)]) -> Vec<(String, String)> {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn an_id_is_the_path_and_the_matrix() {
        assert_eq!(of("start_task/none.toml", &[]), "start_task/none");
        let matrix = pairs(&[("task_type", " Disco/very"), ("b", ""), ("c", "\u{e9}%")]);
        assert_eq!(of("a b/x.toml", &matrix), "a%20b/x/task_type=%20Disco%2Fvery/b=/c=%C3%A9%25");
    }

    #[test]
    fn a_long_id_is_cut_and_keeps_a_digest() {
        let id = |value: &str| of("a/b.toml", &pairs(&[("k", value)]));
        let (long, other) = (id(&"x".repeat(200)), id(&"x".repeat(201)));
        assert_eq!(long.len(), LONGEST);
        assert_ne!(long, other);
        assert_eq!(long.rsplit_once('~').unwrap().1.len(), DIGITS);
        assert_eq!(id(&"x".repeat(LONGEST - "a/b/k=".len())).len(), LONGEST);
        assert!(!id(&"x".repeat(LONGEST - "a/b/k=".len())).contains('~'));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn different_cases_have_different_ids(a in ".{0,90}", b in ".{0,90}", c in ".{0,90}", d in ".{0,90}") {
            let (one, two) = (pairs(&[("k", &a), ("l", &b)]), pairs(&[("k", &c), ("l", &d)]));
            let ids = (of("p.toml", &one), of("p.toml", &two));
            prop_assert_eq!(one == two, ids.0 == ids.1);
            prop_assert!(ids.0.is_ascii() && ids.0.len() <= LONGEST);
        }
    }
}
