//! Bytes as a case writes them: pairs of hexadecimal digits, and strings with the sizes that binary XML gives them.
//!
//! Leaves out what the bytes mean. Follows [MC-NMF] 2.2.2, [MC-NBFX] 2.1.2, 2.1.3 and 2.2.3, and
//! [MC-NBFSE] 2.1.

use crate::wire::framing::MultiByteInt31;

/// What the words of bytes are, for whoever mistypes one.
const WORDS: &str =
    "bytes are pairs of hexadecimal digits, as in `06 80 01`, or what docs/case-format.md has beside them";

/// Reads bytes:
///
/// - `0a`: one byte;
/// - `"x"`: a String of binary XML, its length and its UTF-8;
/// - `#"x"`: a Chars text record that holds it and ends the element;
/// - `~"x"`: its UTF-8 alone;
/// - `[ … ]`: what stands between, after its size in bytes, as a string table or a record has it;
/// - `[5: … ]`: the same, the size in so many octets, though fewer would hold it;
/// - `{5, 00}`: a byte that many times.
///
/// # Errors
/// Says what is wrong.
pub fn parse(text: &str) -> Result<Vec<u8>, String> {
    let mut open: Vec<(Option<u32>, Vec<u8>)> = vec![(None, Vec::new())];
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let mut written = Vec::new();
        let after = match first {
            '[' => {
                let (octets, after) = octets_of_size(rest.get(1..).unwrap_or_default());
                open.push((octets, Vec::new()));
                Some(after)
            }
            ']' => {
                let (octets, inner) = open.pop().filter(|_| !open.is_empty()).ok_or("a `]` closes nothing")?;
                size(inner.len(), octets, &mut written)?;
                written.extend(inner);
                rest.get(1..)
            }
            '"' => {
                let (string, after) = quoted(rest)?;
                MultiByteInt31::write(string.len(), &mut written);
                written.extend_from_slice(string.as_bytes());
                Some(after)
            }
            '#' => {
                let (string, after) = quoted(rest.get(1..).unwrap_or_default())?;
                text_with_end(string, &mut written)?;
                Some(after)
            }
            '~' => {
                let (string, after) = quoted(rest.get(1..).unwrap_or_default())?;
                written.extend_from_slice(string.as_bytes());
                Some(after)
            }
            '{' => {
                let (inner, after) = rest.get(1..).and_then(|rest| rest.split_once('}')).ok_or(WORDS)?;
                let (count, byte) = inner.split_once(',').ok_or(WORDS)?;
                let count: usize = count.trim().parse().ok().filter(|count| *count <= MOST).ok_or(WORDS)?;
                written.resize(count, pair(byte.trim())?);
                Some(after)
            }
            _ => {
                written.push(pair(rest.get(..2).ok_or(WORDS)?)?);
                rest.get(2..)
            }
        };
        open.last_mut().ok_or(WORDS)?.1.extend(written);
        rest = after.unwrap_or_default().trim_start();
    }
    match open.as_slice() {
        [_] => Ok(open.pop().unwrap_or_default().1),
        _ => Err("a `[` is not closed".to_owned()),
    }
}

/// The most times that a byte is repeated.
const MOST: usize = 4 << 20;

/// How many octets a size is to have, where it is said, and what follows that.
fn octets_of_size(text: &str) -> (Option<u32>, &str) {
    let said = text.split_once(':').and_then(|(octets, after)| Some((octets.trim().parse().ok()?, after)));
    said.map_or((None, text), |(octets, after)| (Some(octets), after))
}

/// A size: in as few octets as hold it, or in so many.
fn size(size: usize, octets: Option<u32>, out: &mut Vec<u8>) -> Result<(), String> {
    let begun = out.len();
    MultiByteInt31::write(size, out);
    let Some(octets) = octets else { return Ok(()) };
    let octets = usize::try_from(octets).unwrap_or(usize::MAX);
    let least = out.len() - begun;
    if octets < least || octets > 9 {
        return Err(format!("a size of {size} takes {least} octets, and can be given 9 at most"));
    }
    // Each octet but the last says that another follows.
    out.iter_mut().skip(begun).for_each(|octet| *octet |= 0x80);
    out.resize(begun + octets, 0x80);
    out.iter_mut().skip(begun + octets - 1).for_each(|octet| *octet &= 0x7F);
    Ok(())
}

fn pair(digits: &str) -> Result<u8, String> {
    let is_hex = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u8::from_str_radix(digits, 16).ok().filter(|_| is_hex).ok_or_else(|| WORDS.to_owned())
}

/// A string between quotes, and what follows it.
fn quoted(text: &str) -> Result<(&str, &str), String> {
    let string = text.strip_prefix('"').and_then(|text| text.split_once('"'));
    string.ok_or_else(|| "a string stands between quotes".to_owned())
}

/// Chars8TextWithEndElement or Chars16TextWithEndElement. [MC-NBFX] 2.2.3.19 and 2.2.3.20
fn text_with_end(text: &str, out: &mut Vec<u8>) -> Result<(), String> {
    match (u8::try_from(text.len()), u16::try_from(text.len())) {
        (Ok(length), _) => out.extend([0x99, length]),
        (_, Ok(length)) => {
            out.push(0x9B);
            out.extend(length.to_le_bytes());
        }
        _ => return Err("a text has at most 65,535 bytes here".to_owned()),
    }
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_digits_and_strings_with_their_sizes() {
        for (text, bytes) in [
            ("", &[][..]),
            ("06 FF0a", &[6, 255, 10]),
            (r#""ab""#, &[2, b'a', b'b']),
            (r#"#"ab" 01"#, &[0x99, 2, b'a', b'b', 1]),
            (r#"98 01 ~"a""#, &[0x98, 1, b'a']),
            (r#"[ "a" "b" ] 56"#, &[4, 1, b'a', 1, b'b', 0x56]),
            ("[ [] ]", &[1, 0]),
            ("[5: 41]", &[0x81, 0x80, 0x80, 0x80, 0x00, b'A']),
            ("[1: 41]", &[1, b'A']),
            ("[ [2: 41] ]", &[3, 0x81, 0x00, b'A']),
            ("{3, 41}", b"AAA"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(bytes), "{text}");
        }
        let long = "x".repeat(300);
        let text = parse(&format!("#\"{long}\"")).unwrap();
        assert_eq!(text[..3], [0x9B, 0x2C, 0x01]); // Chars16TextWithEndElement, 300
    }

    #[test]
    fn what_is_none_is_told() {
        for (text, words) in [
            ("0", "pairs"),
            ("0g", "pairs"),
            ("+1", "pairs"),
            ("[ 00", "not closed"),
            ("00 ]", "closes nothing"),
            ("\"open", "between quotes"),
            ("{9999999999, 00}", "pairs"),
            ("[1: {128, 41}]", "takes 2 octets"),
            ("[10: 41]", "9 at most"),
            ("é", "pairs"),
        ] {
            let problem = parse(text).unwrap_err();
            assert!(problem.contains(words), "{text}: {problem}");
        }
    }
}
