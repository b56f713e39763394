//! The page's one script, and the name by which the page's policy lets it run and nothing else.
//!
//! Leaves out what it does, which is `templates/report.js`: it is the same in every report, and no text of a run is ever
//! in it. Follows Content Security Policy Level 3, 2.3.1, and RFC 4648, 4.

use sha2::{Digest, Sha256};

/// The script, as it stands between its tags.
pub(super) const SCRIPT: &str = include_str!("../../../templates/report.js");

/// The source expression that names a script by its bytes.
pub(super) fn source(script: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(script)))
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes that a text says; none where it is no base64.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    if !text.len().is_multiple_of(4) {
        return None;
    }
    for four in text.as_bytes().chunks(4) {
        let filled = four.iter().rev().take_while(|digit| **digit == b'=').count();
        let mut bits = 0_u32;
        for digit in four {
            let value = if *digit == b'=' { 0 } else { DIGITS.iter().position(|known| known == digit)? };
            bits = bits << 6 | u32::try_from(value).ok()?;
        }
        bytes.extend(bits.to_be_bytes().into_iter().skip(1).take(3_usize.checked_sub(filled)?));
    }
    Some(bytes)
}

pub(super) fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let digit = usize::try_from(bits >> shift & 63).ok().and_then(|digit| DIGITS.get(digit));
            // Four digits say three bytes; what stands for no byte is filled up.
            text.push(digit.filter(|_| at <= three.len()).map_or('=', |digit| char::from(*digit)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
            assert_eq!(from_base64(text).as_deref(), Some(bytes.as_bytes()));
        }
        // The policy's own example of a hash: an empty script.
        assert_eq!(source(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn the_script_ends_where_its_tag_does_and_writes_no_markup() {
        for wrong in ["</script", "<script", "<!--", "innerHTML", "outerHTML", "insertAdjacent", "document.write", "\r"]
        {
            assert!(!SCRIPT.contains(wrong), "{wrong}");
        }
        for wrong in ["eval(", "Function(", "fetch(", "XMLHttpRequest", "import(", "localStorage", "cookie"] {
            assert!(!SCRIPT.contains(wrong), "{wrong}");
        }
    }
}
