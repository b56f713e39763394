//! The catalogue: requirements and rulings as data, restated in our words.
//!
//! Leaves out how the files are read (`case` does that, with the place of every mistake).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::SentenceName;
use crate::spec::{Level, RequirementId};

/// One sentence of a specification, restated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// Its name everywhere.
    pub id: RequirementId,
    /// The document, as in `MS-IPAMM2`.
    pub document: String,
    /// The section of the document.
    pub section: String,
    /// How strongly it binds the target.
    pub level: Level,
    /// The sentence in our words.
    pub text: String,
    /// Other sections whose sentences it answers for: `3.21.4`, or `MS-NMFTB 3.1.1` where they are of another document.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The sentences that it answers for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<SentenceName>,
    /// Why no case can decide it, where none can.
    pub untestable: Option<String>,
    /// What is missing until a case decides it, where one could and none does yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undecided: Option<String>,
    /// The scheme of the one binding that it is about, where it is about one: on another nothing can break it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<String>,
    /// The ruling that says how we read it, where one does.
    pub ruling: Option<String>,
    /// Whether the rule of silence decides it: what it asks for may not show, and is then inconclusive, never a breach.
    #[serde(default)]
    pub by_silence: bool,
    /// The suite revision since which it is there.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub since: u32,
}

/// The first suite revision, which everything is of that names none.
pub(super) fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_first(revision: &u32) -> bool {
    *revision == 1
}

impl Requirement {
    /// The sections whose sentences it may answer for, what stands beneath them included: document and section.
    pub fn places(&self) -> impl Iterator<Item = (&str, &str)> {
        let also = self.also.iter().map(|place| place.split_once(' ').unwrap_or((&self.document, place)));
        std::iter::once((self.document.as_str(), self.section.as_str())).chain(also)
    }

    /// Whether it may answer for sentences of a section.
    pub fn speaks_of(&self, document: &str, section: &str) -> bool {
        self.places().any(|(of, place)| of == document && is_within(section, place))
    }
}

/// Whether a section is another one or stands beneath it.
pub fn is_within(section: &str, of: &str) -> bool {
    section.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// A document that the catalogue was read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its name, as in `MS-IPAMM2`.
    pub name: String,
    /// The version that was read.
    pub version: String,
    /// The day of that version, as in `2024-04-23`.
    pub date: String,
    /// The sections of which every sentence with a must, a should or a may is answered for, what stands beneath included.
    pub covers: Vec<String>,
}

impl Source {
    /// Whether every sentence of a section is answered for.
    pub fn covers(&self, section: &str) -> bool {
        self.covers.iter().any(|of| is_within(section, of))
    }
}

/// Our documented reading of a sentence that contradicts another or is ambiguous.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// Its name.
    pub id: String,
    /// The sections that differ.
    pub sections: Vec<String>,
    /// What the trouble is.
    pub trouble: String,
    /// How we read it.
    pub reading: String,
}

/// Every requirement and ruling, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// The revision of the specification that it was read from.
    pub revision: String,
    /// The documents that it was read from, by name.
    pub sources: BTreeMap<String, Source>,
    /// By id.
    pub requirements: BTreeMap<RequirementId, Requirement>,
    /// By id.
    pub rulings: BTreeMap<String, Ruling>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_within_itself_and_those_above() {
        for (section, of, expected) in [
            ("3.1.4.1", "3.1.4.1", true),
            ("3.1.4.1.2", "3.1.4.1", true),
            ("3.1.4.10", "3.1.4.1", false),
            ("3.1.4", "3.1.4.1", false),
        ] {
            assert_eq!(is_within(section, of), expected, "{section} within {of}");
        }
    }
}
