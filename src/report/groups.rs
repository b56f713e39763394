//! Puts together what belongs together: the same finding in several cases, the same reason of several cases.
//!
//! Leaves out layout. A target that is down, or wrong in one way everywhere, then fills a screen and not a book.

use std::collections::BTreeMap;

use crate::verdict::{CaseRecord, Check, Finding, FindingKind, FindingStatus, Outcome, Record, ledger::LedgerRow};

/// What is wrong with the baseline, or with what it knew: entries that are stale, coverage that was lost.
pub(super) fn of_baseline(record: &Record) -> impl Iterator<Item = &Finding> {
    let of_baseline =
        |finding: &&Finding| finding.status == FindingStatus::Stale || finding.kind == FindingKind::CoverageLost;
    record.findings.iter().filter(of_baseline)
}

/// One violation, and the cases in which it came in the same way.
pub(super) struct FindingGroup<'a> {
    /// The check of the first case.
    pub check: &'a Check,
    /// The requirement's row in the ledger and its place there, where it has one.
    pub row: Option<(usize, &'a LedgerRow)>,
    /// What a baseline says of it.
    pub status: FindingStatus,
    /// What to do about the baseline; empty where there is nothing to do.
    pub note: &'a str,
    /// The cases and their places in the record, in its order; at least one.
    pub cases: Vec<(usize, &'a CaseRecord)>,
}

impl<'a> FindingGroup<'a> {
    /// The first case, whose check stands for all.
    pub(super) fn first(&self) -> Option<(usize, &'a CaseRecord)> {
        self.cases.first().copied()
    }
}

/// The findings of a record: musts before shoulds, then in the order of the record. Stale ones, which did not come, are
/// left out.
pub(super) fn findings(record: &Record) -> Vec<FindingGroup<'_>> {
    let rows: BTreeMap<_, _> = record.requirements.iter().enumerate().map(|(at, row)| (&row.id, (at, row))).collect();
    let statuses: BTreeMap<_, _> = record
        .findings
        .iter()
        .map(|finding| ((finding.case.as_str(), finding.check.as_str()), (finding.status, finding.note.as_str())))
        .collect();
    let mut groups: Vec<FindingGroup<'_>> = Vec::new();
    let mut known = BTreeMap::new();
    for (at, case) in record.cases.iter().enumerate() {
        for check in case.checks.iter().filter(|check| check.is_finding()) {
            let known_as = statuses.get(&(case.id.as_str(), check.id.as_str())).copied();
            let (status, note) = known_as.unwrap_or((FindingStatus::New, ""));
            let key = (
                &check.requirement,
                check.outcome,
                &check.message,
                &check.expected,
                &check.got,
                super::words::finding_status(status),
            );
            let place = *known.entry(key).or_insert(groups.len());
            match groups.get_mut(place) {
                Some(group) if group.cases.last().is_some_and(|(last, _)| *last == at) => {}
                Some(group) => group.cases.push((at, case)),
                None => groups.push(FindingGroup {
                    check,
                    row: rows.get(&check.requirement).copied(),
                    status,
                    note,
                    cases: vec![(at, case)],
                }),
            }
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.check.outcome));
    groups
}

/// Cases that share an outcome and a reason.
pub(super) struct ReasonGroup<'a> {
    /// The reason, as the first case has it.
    pub reason: &'a str,
    /// The cases and their places in the record, in its order; at least one.
    pub cases: Vec<(usize, &'a CaseRecord)>,
}

/// The cases of one outcome by their reason, the most frequent first. Reasons that differ only in times and sizes are one.
///
/// A case that failed or warned is here only where no check of it says why.
pub(super) fn reasons(record: &Record, outcome: Outcome) -> Vec<ReasonGroup<'_>> {
    let mut groups: Vec<ReasonGroup<'_>> = Vec::new();
    let mut known = BTreeMap::new();
    for (at, case) in record.cases.iter().enumerate() {
        let explained = matches!(outcome, Outcome::Fail | Outcome::Warn) && case.checks.iter().any(Check::is_finding);
        if case.outcome != outcome || explained {
            continue;
        }
        let place = *known.entry(reason_key(&case.reason)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.cases.push((at, case)),
            None => groups.push(ReasonGroup { reason: &case.reason, cases: vec![(at, case)] }),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.cases.len()));
    groups
}

/// A reason without its times and sizes: what two cases must share to be counted as one.
pub(super) fn reason_key(reason: &str) -> String {
    let number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let unit = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphabetic());
        matches!(word, "ms" | "s" | "bytes" | "byte" | "seconds" | "milliseconds")
    };
    let words: Vec<&str> = reason.split_whitespace().collect();
    let mut key = String::with_capacity(reason.len());
    for (at, word) in words.iter().enumerate() {
        let measured = number(word)
            && (unit(word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ','))
                || words.get(at + 1).is_some_and(|next| unit(next)));
        key.push_str(if measured { "#" } else { word });
        key.push(' ');
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_same_finding_in_several_cases_is_one_group() {
        let record = sample::record();
        let groups = findings(&record);
        let sizes: Vec<_> = groups.iter().map(|group| (group.check.requirement.as_str(), group.cases.len())).collect();
        assert_eq!(sizes, [("start-task.none-faults", 2), ("fault.common-shape", 1), ("get-tasks.order", 1)]);
        assert!(groups.iter().all(|group| group.row.is_some()));
        assert_eq!(groups[2].check.outcome, Outcome::Warn);
    }

    #[test]
    fn reasons_that_differ_in_times_are_one() {
        assert_eq!(reason_key("no answer within 2013 ms"), reason_key("no answer within 1999 ms"));
        assert_eq!(reason_key("closed after 12ms"), reason_key("closed after 3.5ms"));
        assert_ne!(reason_key("HTTP status 404 came"), reason_key("HTTP status 500 came"));
        let record = sample::dead(40);
        assert_eq!(reasons(&record, Outcome::Inconclusive).len(), 1);
    }

    #[test]
    fn a_failure_without_a_check_is_not_lost() {
        let mut record = sample::dead(1);
        record.cases[0].outcome = Outcome::Fail;
        assert_eq!(reasons(&record, Outcome::Fail).len(), 1);
        assert_eq!(reasons(&sample::record(), Outcome::Fail).len(), 0);
    }
}
