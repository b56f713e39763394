//! The sentences of a specification in Markdown, and the digests by which the catalogue names them.
//!
//! Leaves out what they ask for. The documents are Microsoft's Open Specifications; a digest is made of the name of the
//! document, the number of the section and the words of the sentence, so that no sentence has to stand here.

use std::{collections::BTreeMap, sync::LazyLock};

use regex_lite::Regex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::hex;
use crate::spec::Level;

/// A heading: the number of a section and its title.
static HEADING: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^#+ ([0-9]+(?:\.[0-9]+)*) (.+)$").ok());
/// A link within the documents, of which only the words count.
static LINK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\[([^\[\]]*)\]\((?:#|\.\./)[^)]*\)").ok());
/// What stands before an element of a list.
static BULLET: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\s*(?:[-+]|[0-9]+[.)])\s+").ok());
/// The first line of a document.
static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^# \[([A-Z0-9-]+)\]: ").ok());
/// A row of the history of revisions: the day, the version.
static REVISION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\| ([0-9]+)/([0-9]+)/([0-9]{4}) \| ([0-9.]+) \|").ok());
/// The words that make a level.
static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b(MUST|SHOULD|MAY)\b").ok());

/// Twelve hexadecimal digits that name a sentence of a section of a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SentenceDigest(String);

impl SentenceDigest {
    /// The digest of a sentence, as [`Specification::read`] gives the words of it.
    pub fn of(document: &str, section: &str, sentence: &str) -> Self {
        let digest = Sha256::digest(format!("{document} {section} {sentence}"));
        Self(hex(&digest).chars().take(12).collect())
    }

    /// Reads a digest: twelve digits or letters from a to f.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 12 && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for SentenceDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A sentence by its document and its digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SentenceName {
    /// The document, as in `MS-IPAMM2`.
    pub document: String,
    /// The digest.
    pub digest: SentenceDigest,
}

/// A sentence of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// The section that it stands in.
    pub section: String,
    /// Its words, without the marks of Markdown.
    pub text: String,
    /// The levels that it has words for, in their order: must, should, may.
    pub levels: Vec<Level>,
    /// What names it.
    pub digest: SentenceDigest,
}

/// A specification as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Specification {
    /// Its name, as in `MS-IPAMM2`.
    pub name: String,
    /// Its version and the day of it, by its history of revisions; empty where it has none.
    pub version: String,
    /// As in `2024-04-23`.
    pub date: String,
    /// The titles of its sections, by number.
    pub sections: BTreeMap<String, String>,
    /// The sentences of sections 1.5, 2 and 3, in their order.
    pub sentences: Vec<Sentence>,
}

impl Specification {
    /// Reads a document; nothing where its first line does not name one.
    pub fn read(markdown: &str) -> Option<Self> {
        let first = markdown.lines().next().unwrap_or_default();
        let name = captures(&NAME, first).and_then(|found| found.first().cloned())?;
        let mut specification = Self {
            name,
            version: String::new(),
            date: String::new(),
            sections: BTreeMap::new(),
            sentences: Vec::new(),
        };
        let mut section = String::new();
        for line in markdown.lines() {
            if let Some([number, title]) = captures(&HEADING, line).as_deref() {
                section.clone_from(number);
                specification.sections.insert(number.clone(), title.clone());
            } else if let Some([month, day, year, version]) = captures(&REVISION, line).as_deref() {
                specification.version.clone_from(version);
                specification.date = format!("{year}-{month:0>2}-{day:0>2}");
            } else if has_sentences(&section) && !line.starts_with("<a id=") {
                specification.add(&section, line);
            }
        }
        Some(specification)
    }

    fn add(&mut self, section: &str, line: &str) {
        for text in sentences(line) {
            let digest = SentenceDigest::of(&self.name, section, &text);
            self.sentences.push(Sentence { section: section.to_owned(), levels: levels(&text), text, digest });
        }
    }
}

/// Sections 1.5, 2 and 3 hold what binds.
fn has_sentences(section: &str) -> bool {
    ["1.5", "2", "3"].iter().any(|of| super::catalogue::is_within(section, of))
}

/// The sentences of a line: of each cell, where it is a row of a table.
fn sentences(line: &str) -> Vec<String> {
    let words = LINK.as_ref().map_or_else(|| line.into(), |link| link.replace_all(line, "$1")).replace('*', "");
    let words = BULLET.as_ref().map_or_else(|| words.as_str().into(), |bullet| bullet.replace(&words, ""));
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let cells: Vec<&str> = if words.starts_with('|') { words.split(" | ").collect() } else { vec![&words] };
    let cells = cells.into_iter().map(|cell| cell.trim().trim_matches('|').trim());
    cells.flat_map(split).map(str::to_owned).collect()
}

/// Splits behind a full stop, a question mark or an exclamation mark, where a capital or a bracket follows the space.
fn split(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some(at) = rest.get(from..).and_then(|tail| tail.find(' ')).map(|at| from + at) {
        let (before, after) = rest.split_at(at);
        let after = after.trim_start();
        if before.ends_with(['.', '?', '!']) && after.starts_with(|c: char| c.is_ascii_uppercase() || "[(".contains(c))
        {
            sentences.push(before);
            rest = after;
            from = 0;
        } else {
            from = at + 1;
        }
    }
    sentences.push(rest);
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

fn levels(text: &str) -> Vec<Level> {
    let found = |word: &str| WORDS.as_ref().is_some_and(|words| words.find_iter(text).any(|of| of.as_str() == word));
    [("MUST", Level::Must), ("SHOULD", Level::Should), ("MAY", Level::May)]
        .into_iter()
        .filter_map(|(word, level)| found(word).then_some(level))
        .collect()
}

fn captures(regex: &LazyLock<Option<Regex>>, text: &str) -> Option<Vec<String>> {
    let found = regex.as_ref()?.captures(text)?;
    Some(found.iter().skip(1).map(|group| group.map_or_else(String::new, |group| group.as_str().to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "# [MS-X]: A Protocol\n\n- [1 Introduction](#Section_1)\n\n# 1 Introduction\n\nIt MUST NOT count.\n\n\
        <a id=\"Section_2.1\"></a>\n## 2.1 Transport\n\nIt **MUST** go over [**TCP**](#gt_tcp) [RFC793]. Servers SHOULD\u{a0}do \
        so, see [X](../X/X.md) (MAYBE): It MAY fail.\n- 1. MUST.<1> Not. 3 MUST\n\n| Field | Words |\n| --- | --- |\n\
        | Id | MUST be 1. It MUST. |\n\n# 4 Examples\n\nThey MUST.\n\n| 6/5/2021 | 11.0 | Major | More. |\n\
        | 12/23/2024 | 12.0 | Minor | Less. |\n";

    #[test]
    fn a_document_is_read_sentence_by_sentence() {
        let read = Specification::read(DOCUMENT).unwrap();
        assert_eq!((read.name.as_str(), read.version.as_str(), read.date.as_str()), ("MS-X", "12.0", "2024-12-23"));
        assert_eq!(read.sections["2.1"], "Transport");
        let told: Vec<(&str, &[Level])> =
            read.sentences.iter().map(|sentence| (sentence.text.as_str(), sentence.levels.as_slice())).collect();
        let expected: [(&str, &[Level]); 8] = [
            ("It MUST go over TCP [RFC793].", &[Level::Must]),
            ("Servers SHOULD do so, see X (MAYBE): It MAY fail.", &[Level::Should, Level::May]),
            ("1.", &[]),
            ("MUST.<1> Not. 3 MUST", &[Level::Must]),
            ("Field", &[]),
            ("Words", &[]),
            ("---", &[]),
            ("---", &[]),
        ];
        assert_eq!(told[..8], expected);
        assert_eq!(told[8..].iter().map(|(text, _)| *text).collect::<Vec<_>>(), ["Id", "MUST be 1.", "It MUST."]);
        assert!(read.sentences.iter().all(|sentence| sentence.section == "2.1"));
        assert_eq!(Specification::read("# Notes\n"), None);
    }

    #[test]
    fn a_digest_is_of_document_section_and_words() {
        let digest = SentenceDigest::of("MS-X", "2.1", "It MUST.");
        assert_eq!(Some(&digest), SentenceDigest::parse(digest.as_str()).as_ref());
        assert_ne!(digest, SentenceDigest::of("MS-X", "2.2", "It MUST."));
        for text in ["", "0123456789a", "0123456789abc", "0123456789aB", "0123456789ag"] {
            assert_eq!(SentenceDigest::parse(text), None, "{text}");
        }
    }
}
