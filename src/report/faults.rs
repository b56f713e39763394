//! The recorded faults that drifted: their differences, and what belongs together among them.
//!
//! Leaves out layout. A product that says one thing in other words everywhere then fills a screen and not a book.

use std::{collections::BTreeMap, fmt::Write as _};

use similar::{ChangeTag, TextDiff};

use crate::verdict::{CaseRecord, FaultStatus, Record};

/// One drift, and the cases in which it came in the same way.
pub(super) struct Drift<'a> {
    /// The step of the first case.
    pub step: usize,
    /// The lines that differ, `-` before what was recorded and `+` before what came.
    pub diff: String,
    /// The cases and their places in the record, in its order; at least one.
    pub cases: Vec<(usize, &'a CaseRecord)>,
}

/// The drifts of a record, in its order.
pub(super) fn drifts(record: &Record) -> Vec<Drift<'_>> {
    let mut drifts: Vec<Drift<'_>> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (at, case) in record.cases.iter().enumerate() {
        for fault in case.recorded_faults.iter().filter(|fault| fault.status == FaultStatus::Drift) {
            let diff = diff(fault.recorded.as_deref().unwrap_or_default(), &fault.got);
            match known.get(&diff).and_then(|place| drifts.get_mut(*place)) {
                Some(same) if same.cases.last().is_some_and(|(last, _)| *last == at) => {}
                Some(same) => same.cases.push((at, case)),
                None => {
                    known.insert(diff.clone(), drifts.len());
                    drifts.push(Drift { step: fault.step, diff, cases: vec![(at, case)] });
                }
            }
        }
    }
    drifts
}

/// The lines of two texts that differ.
fn diff(recorded: &str, got: &str) -> String {
    // A last line is the same with a line break and without.
    let (recorded, got) = (format!("{recorded}\n"), format!("{got}\n"));
    let mut lines = String::new();
    for change in TextDiff::from_lines(&recorded, &got).iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Equal => continue,
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
        };
        let _ = writeln!(lines, "{sign} {}", change.value().trim_end_matches('\n'));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{report::sample, verdict::RecordedFault};

    #[test]
    fn only_lines_that_differ_are_shown() {
        assert_eq!(diff("a\nb\nc", "a\nB\nc\nd"), "- b\n+ B\n+ d\n");
        assert_eq!(diff("a", "a"), "");
        assert_eq!(diff("", "a"), "- \n+ a\n");
    }

    #[test]
    fn one_drift_in_many_cases_is_one() {
        let mut record = sample::many(100);
        for (at, case) in record.cases.iter_mut().enumerate() {
            let got = if at == 7 { "code: Receiver\nx: y" } else { "code: Receiver" };
            case.recorded_faults = vec![
                RecordedFault::compare(1, Some("code: Sender"), got.to_owned()),
                RecordedFault::compare(2, Some("code: Sender"), got.to_owned()),
                RecordedFault::compare(3, None, "code: Sender".to_owned()),
            ];
        }
        let drifts = drifts(&record);
        let shown: Vec<_> = drifts.iter().map(|drift| (drift.diff.as_str(), drift.cases.len(), drift.step)).collect();
        assert_eq!(
            shown,
            [("- code: Sender\n+ code: Receiver\n", 99, 1), ("- code: Sender\n+ code: Receiver\n+ x: y\n", 1, 1)]
        );
    }
}
