//! Verifies a report: whether it is what the events of its run say, and what its own parts say of each other.
//!
//! Leaves out reading it. Nothing here is signed: it finds what was changed, by accident or by hand, in one place and not
//! in all.

use std::collections::{BTreeMap, BTreeSet};

use super::{Catalogue, Outcome, Record, Requirement, RunStarted, ledger::Status};
use crate::spec::RequirementId;

/// What is inside of the suite that a report is held against.
#[derive(Debug, Clone)]
pub struct KnownSuite<'a> {
    /// Its digest.
    pub digest: &'a str,
    /// Its requirements and rulings.
    pub catalogue: &'a Catalogue,
    /// Its cases and the requirements that they decide.
    pub cases: BTreeMap<&'a str, &'a [RequirementId]>,
}

/// The reason of a case that was not run because nobody asked for it.
pub const NOT_SELECTED: &str = "not selected";
/// The reason of a case that another shard runs.
pub const ELSEWHERE: &str = "another shard runs it";

/// Says everything that is wrong with a record by itself: its digest, outcomes, totals, findings, ledger and claim.
pub fn verify(record: &Record) -> Vec<String> {
    let mut wrong = Vec::new();
    if record.schema != Record::SCHEMA {
        wrong.push(format!("the format is `{}`, and this version reads {}", record.schema, Record::SCHEMA));
        return wrong;
    }
    if record.digest.is_empty() {
        wrong.push("it holds no digest of itself: an older version wrote it, or it was taken out".to_owned());
    } else if record.digest != record.digest_now() {
        wrong.push("its digest is not that of what it says: it was changed after the run".to_owned());
    }
    for case in &record.cases {
        let worst = case.checks.iter().map(|check| check.outcome).max();
        let judged = matches!(case.outcome, Outcome::Pass | Outcome::Warn | Outcome::Fail);
        if judged && worst.is_some_and(|worst| worst != case.outcome) {
            let worst = worst.map(Outcome::as_str).unwrap_or_default();
            wrong.push(format!("`{}` is said to {}, and the worst of its checks is: {worst}", case.id, case.outcome));
        }
    }
    let again = Record::of(
        &started(record),
        record.cases.clone(),
        record.notes.clone(),
        record.interrupted.clone(),
        record.duration_ms,
    );
    if again.summary != record.summary {
        wrong.push("the totals are not those of its cases".to_owned());
    }
    if again.recorded_faults != record.recorded_faults {
        wrong.push("the totals of recorded faults are not those of its cases".to_owned());
    }
    if again.findings != record.findings {
        wrong.push("the findings are not those of its checks".to_owned());
    }
    let changed = again.requirements.iter().zip(&record.requirements).filter(|(again, row)| again != row);
    wrong.extend(changed.take(5).map(|(again, row)| {
        format!("`{}` is said to be {}, and its cases say {}", row.id, row.status.as_str(), again.status.as_str())
    }));
    if again.claim != record.claim {
        let kind = again.claim.kind.as_str();
        wrong.push(format!("the claim is `{}`, and the ledger gives `{kind}`", record.claim.kind.as_str()));
    }
    if again.exit_code != record.exit_code {
        wrong.push(format!("the exit code is {}, and its cases give {}", record.exit_code, again.exit_code));
    }
    wrong
}

/// Says what of a record is not as the suite has it; none where the suite is another, with which nothing can be compared.
pub fn verify_suite(record: &Record, suite: &KnownSuite<'_>) -> Option<Vec<String>> {
    if record.suite.digest != suite.digest {
        return None;
    }
    let mut wrong = Vec::new();
    let rows: BTreeMap<_, _> = record.requirements.iter().map(|row| (&row.id, row)).collect();
    for requirement in suite.catalogue.requirements.values() {
        match rows.get(&requirement.id) {
            None => wrong.push(format!("the ledger leaves out `{}`", requirement.id)),
            Some(row)
                if (row.level, &row.text, &row.section)
                    != (requirement.level, &requirement.text, &requirement.section) =>
            {
                wrong.push(format!("`{}` is not as the catalogue has it", requirement.id));
            }
            Some(_) => {}
        }
    }
    let known: BTreeSet<&RequirementId> = suite.catalogue.requirements.keys().collect();
    let added = record.requirements.iter().filter(|row| !known.contains(&row.id));
    wrong.extend(added.map(|row| format!("the catalogue has no `{}`", row.id)));
    for case in &record.cases {
        match suite.cases.get(case.id.as_str()) {
            None => wrong.push(format!("the suite has no case `{}`", case.id)),
            Some(requirements) if *requirements != case.requirements.as_slice() => {
                wrong.push(format!("`{}` decides other requirements in the suite", case.id));
            }
            Some(_) => {}
        }
    }
    let left_out = suite.cases.len().saturating_sub(record.cases.len());
    if left_out > 0 && record.interrupted.is_none() {
        wrong.push(format!("{left_out} cases of the suite are left out, and the run was not interrupted"));
    }
    Some(wrong)
}

/// Says what of a record its events do not give.
pub fn verify_events(record: &Record, folded: &Record) -> Vec<String> {
    let mut wrong = Vec::new();
    if record == folded {
        return wrong;
    }
    let theirs: BTreeMap<&str, _> = folded.cases.iter().map(|case| (case.id.as_str(), case)).collect();
    let other = record.cases.iter().filter(|case| theirs.get(case.id.as_str()) != Some(case));
    wrong.extend(other.take(5).map(|case| match theirs.get(case.id.as_str()) {
        Some(events) if events.outcome != case.outcome => {
            format!("`{}` is said to {}, and the events say {}", case.id, case.outcome, events.outcome)
        }
        Some(_) => format!("`{}` is not as the events have it", case.id),
        None => format!("the events have no case `{}`", case.id),
    }));
    if wrong.is_empty() {
        wrong.push("it is not what its events give".to_owned());
    }
    wrong
}

/// What a record says of the beginning of its run.
fn started(record: &Record) -> RunStarted {
    RunStarted {
        schema: String::new(),
        tool_version: record.tool.version.clone(),
        suite_digest: record.suite.digest.clone(),
        suite_revision: record.suite.revision.clone(),
        requirement_set: record.suite.requirement_set,
        score: record.suite.score.clone(),
        seed: record.seed.clone(),
        started: record.started.clone(),
        fail_on: record.gate.fail_on,
        fail_on_drift: record.gate.fail_on_drift,
        target: record.target.clone(),
        cases: record.plan(),
        requirements: record
            .requirements
            .iter()
            .map(|row| Requirement {
                id: row.id.clone(),
                document: row.document.clone(),
                section: row.section.clone(),
                level: row.level,
                text: row.text.clone(),
                untestable: (row.status == Status::Untestable).then(|| row.reason.clone()),
                binding: None,
                ruling: None,
                by_silence: false,
                since: 1,
                // As the ledger says it.
                undecided: row.reason.strip_prefix("no case decides it yet: ").map(str::to_owned),
                also: Vec::new(),
                digests: Vec::new(),
            })
            .collect(),
        rulings: Vec::new(),
        machines: Vec::new(),
        shard: record.shard,
        baseline: record.gate.baseline.clone(),
        files: BTreeMap::new(),
    }
}

#[cfg(test)]
#[path = "verification_tests.rs"]
mod tests;
