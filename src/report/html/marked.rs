//! Expected beside got, with what differs marked.
//!
//! Leaves out texts that have nothing in common: there everything would be marked. XML is laid out first, so that what is
//! compared is what a reader sees.

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use super::{VALUE, shown};
use crate::report::{indent::indent, sanitize::Shown};

/// How alike two texts must be for marks to help.
const ALIKE: f32 = 0.4;

/// A piece of a text, and whether the other one has it not.
#[derive(Serialize)]
pub(super) struct Piece {
    pub(super) differs: bool,
    pub(super) text: Shown,
}

/// What was expected and what came, in pieces.
#[derive(Serialize)]
pub(super) struct Beside {
    pub(super) expected: Vec<Piece>,
    pub(super) got: Vec<Piece>,
}

/// Two texts with what differs marked; none where that would not help, or one is too long.
pub(super) fn beside(expected: Option<&str>, got: Option<&str>) -> Option<Beside> {
    let (expected, got) = (laid_out(expected?), laid_out(got?));
    if expected == got || expected.len().max(got.len()) > VALUE {
        return None;
    }
    let diff = TextDiff::from_words(&expected, &got);
    if diff.ratio() < ALIKE {
        return None;
    }
    let mut beside = Beside { expected: Vec::new(), got: Vec::new() };
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Equal => {
                push(&mut beside.expected, false, change.value());
                push(&mut beside.got, false, change.value());
            }
            ChangeTag::Delete => push(&mut beside.expected, true, change.value()),
            ChangeTag::Insert => push(&mut beside.got, true, change.value()),
        }
    }
    Some(beside)
}

fn laid_out(text: &str) -> String {
    // Made visible before it is compared: what shows alike is not marked.
    let text = indent(text).unwrap_or_else(|| text.to_owned());
    shown(Some(&text)).map(|shown| shown.to_string()).unwrap_or_default()
}

fn push(pieces: &mut Vec<Piece>, differs: bool, text: &str) {
    match pieces.last_mut() {
        Some(last) if last.differs == differs => last.text = Shown::block(&format!("{}{text}", last.text)),
        _ => pieces.push(Piece { differs, text: Shown::block(text) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(pieces: &[Piece]) -> String {
        pieces.iter().map(|p| if p.differs { format!("[{}]", p.text) } else { p.text.to_string() }).collect()
    }

    #[test]
    fn what_differs_is_marked_in_both() {
        let both = beside(Some("<a><b>true</b><c>1</c></a>"), Some("<a><b>false</b><c>1</c></a>")).unwrap();
        assert_eq!(marked(&both.expected), "<a>\n  [<b>true</b>]\n  <c>1</c>\n</a>");
        assert_eq!(marked(&both.got), "<a>\n  [<b>false</b>]\n  <c>1</c>\n</a>");
        assert!(beside(Some("a fault"), Some("the reply StartTaskResponse")).is_none());
        assert!(beside(Some("a"), Some("a")).is_none() && beside(None, Some("a")).is_none());
    }
}
