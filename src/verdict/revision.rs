//! What another revision of a document does to the catalogue: which rows it moved, changed or dropped, and what is new.
//!
//! Leaves out what the sentences ask for: a person reads those that are told.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Catalogue, Requirement, Sentence, SentenceDigest, Source, Specification, catalogue::is_within};
use crate::spec::{Level, RequirementId};

/// What a revision of a document did. The keys are a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The document.
    pub document: String,
    /// The revision that the catalogue was read from.
    pub read: Revision,
    /// The revision that was given.
    pub given: Revision,
    /// How many sentences of the catalogue stand as they stood.
    pub kept: usize,
    /// The rows that do not: one for each sentence of a requirement.
    pub rows: Vec<DriftRow>,
    /// The sentences that a level is in, that no requirement answers for, in sections that the catalogue covers.
    pub new: Vec<NewSentence>,
    /// The requirements that answer for no sentence, in sections that still exist: nothing tells whether they changed.
    pub unheld: Vec<RequirementId>,
}

/// A revision of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Revision {
    /// The version.
    pub version: String,
    /// The day of it.
    pub date: String,
}

/// A row of the catalogue that a revision touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DriftRow {
    /// The requirement.
    pub requirement: RequirementId,
    /// The section that it says.
    pub section: String,
    /// The sentence that is not there any more; nothing for a requirement that answers for none.
    pub digest: Option<SentenceDigest>,
    /// What became of it.
    pub fate: Fate,
    /// Where it stands now, or where the new words may stand.
    pub to: Vec<String>,
}

/// What became of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// The same words stand in another section.
    Moved,
    /// Its words are gone, and its section has sentences that nobody answers for.
    Changed,
    /// Its words are gone, and nothing new stands there.
    Dropped,
}

impl Fate {
    /// The word as reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::Changed => "changed",
            Self::Dropped => "dropped",
        }
    }
}

/// A sentence that no requirement answers for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewSentence {
    /// The section that it stands in.
    pub section: String,
    /// The strongest level that it has a word for.
    pub level: Level,
    /// What names it.
    pub digest: SentenceDigest,
    /// Its words, which are those of the document that was given.
    pub text: String,
}

impl Drift {
    /// Compares a document with the catalogue; nothing where the catalogue was not read from it.
    pub fn of(catalogue: &Catalogue, given: &Specification) -> Option<Self> {
        let source = catalogue.sources.get(&given.name)?;
        let known: BTreeSet<&SentenceDigest> = given.sentences.iter().map(|sentence| &sentence.digest).collect();
        let claims: Vec<(&Requirement, &SentenceDigest)> = catalogue
            .requirements
            .values()
            .flat_map(|row| row.digests.iter().filter(|name| name.document == given.name).map(move |name| (row, name)))
            .map(|(row, name)| (row, &name.digest))
            .collect();
        let claimed: BTreeSet<&SentenceDigest> = claims.iter().map(|(_, digest)| *digest).collect();
        let free: Vec<&Sentence> =
            given.sentences.iter().filter(|sentence| !claimed.contains(&sentence.digest)).collect();
        let lost = || claims.iter().copied().filter(|(_, digest)| !known.contains(digest));
        let elsewhere = elsewhere(given, lost().map(|(row, _)| row), &free);
        let mut rows: Vec<DriftRow> = Vec::new();
        let mut found: BTreeSet<&SentenceDigest> = BTreeSet::new();
        for (requirement, digest) in lost() {
            let moved = elsewhere.get(digest).map_or(&[][..], Vec::as_slice);
            found.extend(moved.iter().map(|sentence| &sentence.digest));
            rows.push(DriftRow {
                requirement: requirement.id.clone(),
                section: requirement.section.clone(),
                digest: Some(digest.clone()),
                fate: Fate::Moved,
                to: moved.iter().map(|sentence| sentence.section.clone()).collect(),
            });
        }
        let new: Vec<&Sentence> = free
            .into_iter()
            .filter(|sentence| !sentence.levels.is_empty() && !found.contains(&sentence.digest))
            .filter(|sentence| source.covers(&sentence.section))
            .collect();
        for row in rows.iter_mut().filter(|row| row.to.is_empty()) {
            let requirement = catalogue.requirements.get(&row.requirement);
            let near = |sentence: &&&Sentence| {
                requirement.is_some_and(|requirement| requirement.speaks_of(&given.name, &sentence.section))
            };
            row.to = new.iter().filter(near).map(|sentence| sentence.section.clone()).collect();
            row.to.dedup();
            row.fate = if row.to.is_empty() { Fate::Dropped } else { Fate::Changed };
        }
        let own = || catalogue.requirements.values().filter(|row| row.document == given.name && row.digests.is_empty());
        let stands = |row: &&Requirement| given.sections.contains_key(&row.section);
        rows.extend(own().filter(|row| !stands(row)).map(|row| DriftRow {
            requirement: row.id.clone(),
            section: row.section.clone(),
            digest: None,
            fate: Fate::Dropped,
            to: Vec::new(),
        }));
        Some(Self {
            document: given.name.clone(),
            read: revision(source),
            given: Revision { version: given.version.clone(), date: given.date.clone() },
            kept: claimed.intersection(&known).count(),
            rows,
            new: new.into_iter().map(new_sentence).collect(),
            unheld: own().filter(stands).map(|row| row.id.clone()).collect(),
        })
    }

    /// Whether nothing that the catalogue answers for was touched, and nothing is new.
    pub fn is_none(&self) -> bool {
        self.rows.is_empty() && self.new.is_empty()
    }
}

/// The sentences that nobody answers for, by the digests that they would have in the sections which the rows speak of: one
/// with a digest that was lost has moved. What stood beneath a section is known only where something still does.
fn elsewhere<'a>(
    given: &Specification,
    rows: impl Iterator<Item = &'a Requirement>,
    free: &[&'a Sentence],
) -> BTreeMap<SentenceDigest, Vec<&'a Sentence>> {
    let own = |row: &'a Requirement| row.places().filter(|(of, _)| *of == given.name).map(|(_, section)| section);
    let named: BTreeSet<&str> = rows.flat_map(own).collect();
    let beneath = given.sections.keys().filter(|section| named.iter().any(|of| is_within(section, of)));
    let all: BTreeSet<&str> = named.iter().copied().chain(beneath.map(String::as_str)).collect();
    let mut digests: BTreeMap<SentenceDigest, Vec<&Sentence>> = BTreeMap::new();
    for sentence in free {
        // Most sentences have no level; those that rows answer for are of the sections that the rows name.
        for section in if sentence.levels.is_empty() { &named } else { &all } {
            digests.entry(SentenceDigest::of(&given.name, section, &sentence.text)).or_default().push(sentence);
        }
    }
    digests
}

fn revision(source: &Source) -> Revision {
    Revision { version: source.version.clone(), date: source.date.clone() }
}

fn new_sentence(sentence: &Sentence) -> NewSentence {
    NewSentence {
        section: sentence.section.clone(),
        level: sentence.levels.first().copied().unwrap_or(Level::Must),
        digest: sentence.digest.clone(),
        text: sentence.text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::SentenceName;

    const READ: &str = "# [MS-X]: X\n# 2.1 A\nIt MUST stay. It MUST move. It MUST change. No word.\n# 2.2 B\nIt MUST go.\n# 3 C\nDone.\n";
    const GIVEN: &str = "# [MS-X]: X\n# 2.1 A\nIt MUST stay. It SHOULD change.\n# 2.2 B\nNothing.\n# 2.3 D\nIt MUST move. No word.\n\
        # 4 E\nIt MUST not count.\n| 4/3/2025 | 2.0 | Major | All |\n";

    fn requirement(id: &str, section: &str, sentences: &[&str]) -> (RequirementId, Requirement) {
        let digest = |text: &&str| SentenceName {
            document: "MS-X".to_owned(),
            digest: SentenceDigest::of("MS-X", section, text),
        };
        let id = RequirementId::parse(id).unwrap();
        let requirement = Requirement {
            id: id.clone(),
            document: "MS-X".to_owned(),
            section: section.to_owned(),
            level: Level::Must,
            text: "text".to_owned(),
            also: Vec::new(),
            digests: sentences.iter().map(digest).collect(),
            untestable: None,
            undecided: None,
            binding: None,
            ruling: None,
            by_silence: false,
        };
        (id, requirement)
    }

    fn catalogue() -> Catalogue {
        let source = Source {
            name: "MS-X".to_owned(),
            version: "1.0".to_owned(),
            date: "2024-01-01".to_owned(),
            covers: vec!["2".to_owned()],
        };
        let rows = [
            requirement("x.stays", "2.1", &["It MUST stay."]),
            requirement("x.moves", "2.1", &["It MUST move.", "No word."]),
            requirement("x.changes", "2.1", &["It MUST change."]),
            requirement("x.goes", "2.2", &["It MUST go."]),
            requirement("x.unheld", "2.2", &[]),
            requirement("x.gone", "3", &[]),
        ];
        Catalogue {
            revision: "1.0".to_owned(),
            sources: [(source.name.clone(), source)].into(),
            requirements: rows.into(),
            rulings: BTreeMap::new(),
        }
    }

    #[test]
    fn what_was_read_has_not_drifted() {
        let drift = Drift::of(&catalogue(), &Specification::read(READ).unwrap()).unwrap();
        assert!(drift.is_none(), "{drift:?}");
        assert_eq!((drift.kept, drift.unheld.len()), (5, 2));
        assert_eq!(Drift::of(&catalogue(), &Specification::read("# [MS-Y]: Y\n").unwrap()), None);
    }

    #[test]
    fn each_row_is_moved_changed_or_dropped() {
        let drift = Drift::of(&catalogue(), &Specification::read(GIVEN).unwrap()).unwrap();
        let rows: Vec<(&str, Fate, Vec<&str>)> = drift
            .rows
            .iter()
            .map(|row| (row.requirement.as_str(), row.fate, row.to.iter().map(String::as_str).collect()))
            .collect();
        let expected = [
            ("x.changes", Fate::Changed, vec!["2.1"]),
            ("x.goes", Fate::Dropped, vec![]),
            ("x.moves", Fate::Moved, vec!["2.3"]),
            ("x.moves", Fate::Moved, vec!["2.3"]),
            ("x.gone", Fate::Dropped, vec![]),
        ];
        assert_eq!(rows, expected);
        let new: Vec<(&str, Level, &str)> =
            drift.new.iter().map(|new| (new.section.as_str(), new.level, new.text.as_str())).collect();
        assert_eq!(new, [("2.1", Level::Should, "It SHOULD change.")]);
        assert_eq!((drift.kept, drift.given.version.as_str(), drift.given.date.as_str()), (1, "2.0", "2025-04-03"));
        let ids: Vec<&str> = drift.unheld.iter().map(RequirementId::as_str).collect();
        assert_eq!(ids, ["x.unheld"]);
    }

    #[test]
    fn a_sentence_of_another_document_is_of_that_document() {
        let mut catalogue = catalogue();
        let name = SentenceName { document: "MS-Y".to_owned(), digest: SentenceDigest::of("MS-Y", "1", "Words.") };
        for requirement in catalogue.requirements.values_mut() {
            requirement.digests.push(name.clone());
        }
        let drift = Drift::of(&catalogue, &Specification::read(READ).unwrap()).unwrap();
        assert!(drift.is_none(), "{drift:?}");
    }
}
