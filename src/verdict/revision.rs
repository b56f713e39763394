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
        let found = elsewhere(given, lost().map(|(row, _)| row), &free);
        let moves = moves(lost().filter_map(|(_, digest)| found.get(digest)));
        let went = |section: &str| moves.get(section).into_iter().flatten().copied();
        let mut rows: Vec<DriftRow> = Vec::new();
        let mut moved: BTreeSet<&SentenceDigest> = BTreeSet::new();
        for (requirement, digest) in lost() {
            // Of words that stand in many sections, those count that went where others of their section went.
            let all = found.get(digest).map_or(&[][..], Vec::as_slice);
            let with_others: Vec<&Found<'_>> =
                all.iter().filter(|found| went(found.from).any(|to| to == found.sentence.section)).collect();
            let chosen = if with_others.is_empty() { all.iter().collect() } else { with_others };
            moved.extend(chosen.iter().map(|found| &found.sentence.digest));
            let to = chosen.iter().map(|found| found.sentence.section.clone()).collect();
            rows.push(row(requirement, Some(digest), Fate::Moved, to));
        }
        let covers = |section: &str| source.covers(section) || moves.values().flatten().any(|to| *to == section);
        let new: Vec<&Sentence> = free
            .iter()
            .copied()
            .filter(|sentence| !sentence.levels.is_empty() && !moved.contains(&sentence.digest))
            .filter(|sentence| covers(&sentence.section))
            .collect();
        for row in rows.iter_mut().filter(|row| row.to.is_empty()) {
            let Some(requirement) = catalogue.requirements.get(&row.requirement) else { continue };
            let places = || requirement.places().filter(|(of, _)| *of == given.name).map(|(_, section)| section);
            let near = |sentence: &&&Sentence| requirement.speaks_of(&given.name, &sentence.section);
            let to: BTreeSet<&str> = new.iter().filter(near).map(|sentence| sentence.section.as_str()).collect();
            let to = if to.is_empty() { places().flat_map(went).collect() } else { to };
            row.fate = if to.is_empty() { Fate::Dropped } else { Fate::Changed };
            row.to = to.into_iter().map(str::to_owned).collect();
        }
        let own = || catalogue.requirements.values().filter(|row| row.document == given.name && row.digests.is_empty());
        let stands = |row: &&Requirement| given.sections.contains_key(&row.section);
        for requirement in own().filter(|row| !stands(row)) {
            let to: Vec<String> = went(&requirement.section).map(str::to_owned).collect();
            let fate = if to.is_empty() { Fate::Dropped } else { Fate::Moved };
            rows.push(row(requirement, None, fate, to));
        }
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

fn row(requirement: &Requirement, digest: Option<&SentenceDigest>, fate: Fate, to: Vec<String>) -> DriftRow {
    DriftRow {
        requirement: requirement.id.clone(),
        section: requirement.section.clone(),
        digest: digest.cloned(),
        fate,
        to,
    }
}

/// A sentence that has the words of one that stood in another section.
#[derive(Debug)]
struct Found<'a> {
    from: &'a str,
    sentence: &'a Sentence,
}

/// The sentences that nobody answers for, by the digests that they would have in the sections which the rows speak of: one
/// with a digest that was lost has moved. What stood beneath a section is known only where something still does.
fn elsewhere<'a>(
    given: &'a Specification,
    rows: impl Iterator<Item = &'a Requirement>,
    free: &[&'a Sentence],
) -> BTreeMap<SentenceDigest, Vec<Found<'a>>> {
    let own = |row: &'a Requirement| row.places().filter(|(of, _)| *of == given.name).map(|(_, section)| section);
    let named: BTreeSet<&str> = rows.flat_map(own).collect();
    let beneath = given.sections.keys().filter(|section| named.iter().any(|of| is_within(section, of)));
    let all: BTreeSet<&str> = named.iter().copied().chain(beneath.map(String::as_str)).collect();
    let mut digests: BTreeMap<SentenceDigest, Vec<Found<'_>>> = BTreeMap::new();
    for sentence in free {
        // Most sentences have no level; those that rows answer for are of the sections that the rows name.
        for from in if sentence.levels.is_empty() { &named } else { &all } {
            let digest = SentenceDigest::of(&given.name, from, &sentence.text);
            digests.entry(digest).or_default().push(Found { from, sentence });
        }
    }
    digests
}

/// Where the sentences of sections went, by those whose words stand in one place alone.
fn moves<'a>(found: impl Iterator<Item = &'a Vec<Found<'a>>>) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut moves: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for found in found {
        if let [only] = found.as_slice() {
            moves.entry(only.from).or_default().insert(&only.sentence.section);
        }
    }
    moves
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
            since: 1,
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
    fn a_section_is_followed_to_its_new_number() {
        let given = READ.replace("# 2.2 B\nIt MUST go.", "# 3.9 B\nIt MUST go. It MAY come.\n# 3.10 B\nIt MUST stay.");
        let drift = Drift::of(&catalogue(), &Specification::read(&given).unwrap()).unwrap();
        let rows: Vec<(&str, Fate, Vec<&str>)> = drift
            .rows
            .iter()
            .map(|row| (row.requirement.as_str(), row.fate, row.to.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(rows, [("x.goes", Fate::Moved, vec!["3.9"]), ("x.unheld", Fate::Moved, vec!["3.9"])]);
        let new: Vec<&str> = drift.new.iter().map(|new| new.text.as_str()).collect();
        assert_eq!((new, drift.kept), (vec!["It MAY come."], 4));
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
