//! The section of the recorded faults: what drifted, with the difference, then every recorded fault by its text.
//!
//! Leaves out layout, which is `templates/faults.html`.

use std::collections::BTreeMap;

use super::{Link, NAMES, links, shown};
use crate::{
    report::{
        Shown, faults,
        words::{self, Word, count, grouped},
    },
    verdict::{CaseRecord, FaultStatus, Record},
};

/// What the section shows; nothing where no fault was recorded.
pub(super) struct Faults {
    /// How many there are of each status, in a line.
    pub(super) tally: Shown,
    /// What drifted.
    pub(super) drifts: Vec<Group>,
    /// Texts that came, each with the cases that got it.
    pub(super) texts: Vec<Group>,
}

/// Cases that belong together, and what they have in common.
pub(super) struct Group {
    pub(super) word: Word,
    pub(super) total: String,
    pub(super) cases: Vec<Link>,
    pub(super) more: usize,
    /// The text, or the difference.
    pub(super) text: Shown,
}

type Cases<'a> = Vec<(usize, &'a CaseRecord)>;

impl Faults {
    /// Whether there is nothing to show.
    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    pub(super) fn of(record: &Record) -> Self {
        let counts = record.recorded_faults;
        let group = |status, cases: &[(usize, &CaseRecord)], text: &str| Group {
            word: words::fault_status(status),
            total: count(cases.len(), "case"),
            cases: links(cases),
            more: cases.len().saturating_sub(NAMES),
            text: shown(Some(text)).unwrap_or_default(),
        };
        let mut places = BTreeMap::new();
        let mut texts: Vec<(FaultStatus, &str, Cases<'_>)> = Vec::new();
        for (at, case) in record.cases.iter().enumerate() {
            for fault in &case.recorded_faults {
                let place = *places.entry((fault.status.as_str(), fault.got.as_str())).or_insert(texts.len());
                match texts.get_mut(place) {
                    Some((_, _, cases)) if cases.last().is_some_and(|(last, _)| *last == at) => {}
                    Some((_, _, cases)) => cases.push((at, case)),
                    None => texts.push((fault.status, &fault.got, vec![(at, case)])),
                }
            }
        }
        let tally = [(counts.same, "same"), (counts.new, "new"), (counts.drift, "drift")];
        let tally = tally.map(|(number, word)| format!("{} {word}", grouped(number))).join(", ");
        Self {
            tally: Shown::line(&tally),
            drifts: faults::drifts(record)
                .iter()
                .map(|drift| group(FaultStatus::Drift, &drift.cases, &drift.diff))
                .collect(),
            texts: texts.iter().map(|(status, text, cases)| group(*status, cases, text)).collect(),
        }
    }
}
