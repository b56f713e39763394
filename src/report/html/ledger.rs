//! The ledger of the page: requirements by document and section, each with what became of it.
//!
//! Leaves out deciding: statuses are the record's.

use std::collections::BTreeMap;

use super::{Link, Places, place, tally};
use crate::{
    report::{
        sanitize::Shown,
        words::{self, Word, count},
    },
    spec::OPERATIONS,
    verdict::{Record, ledger::LedgerRow},
};

/// How many cases are named beside a requirement.
const NAMES: usize = 100;
/// How many cases are named without a fold.
const UNFOLDED: usize = 3;

/// A section of a document in the ledger.
pub(super) struct Section<'a> {
    /// Its place among the sections.
    pub(super) at: usize,
    pub(super) title: Shown,
    pub(super) tally: String,
    pub(super) rows: Vec<Row<'a>>,
}

pub(super) struct Row<'a> {
    pub(super) at: usize,
    pub(super) entry: &'a LedgerRow,
    pub(super) word: Word,
    pub(super) sentence: Shown,
    pub(super) reason: Shown,
    pub(super) cases: Vec<Link>,
    pub(super) more: usize,
    pub(super) total: String,
    pub(super) folded: bool,
}

impl<'a> Places<'a> {
    pub(super) fn sections(&self, record: &'a Record) -> Vec<Section<'a>> {
        let mut sections: BTreeMap<_, Vec<Row<'a>>> = BTreeMap::new();
        for (at, row) in record.requirements.iter().enumerate() {
            // Sections sort by their numbers: 3.3.4.80 stands before 3.3.4.139.
            let numbers: Vec<(u32, &str)> = row
                .section
                .split('.')
                .map(|part| part.parse().map_or((u32::MAX, part), |number| (number, "")))
                .collect();
            sections.entry((row.document.as_str(), numbers)).or_default().push(Row {
                at,
                entry: row,
                word: words::status(row.status),
                sentence: Shown::line(&row.text),
                reason: Shown::line(&row.reason),
                cases: row.cases.iter().take(NAMES).map(|id| self.link(id)).collect(),
                more: row.cases.len().saturating_sub(NAMES),
                total: count(row.cases.len(), "case"),
                folded: row.cases.len() > UNFOLDED,
            });
        }
        sections
            .into_values()
            .enumerate()
            .map(|(at, rows)| Section {
                at,
                title: rows.first().map(|row| section_title(row.entry)).unwrap_or_default(),
                tally: tally(words::STATUSES.map(words::status), |word| {
                    rows.iter().filter(|row| row.word == word).count()
                }),
                rows,
            })
            .collect()
    }
}

/// A section with the operation that it is about, where it is about one.
fn section_title(row: &LedgerRow) -> Shown {
    let operation = OPERATIONS.iter().find(|operation| row.document == "MS-IPAMM2" && operation.section == row.section);
    match operation {
        Some(operation) => Shown::line(&format!("[{}] {} {}", row.document, row.section, operation.name)),
        None => place(row),
    }
}
