//! The ledger: what a run found out about each requirement, computed from checks that really ran.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CasePlan, CaseRecord, Check, Outcome, Requirement};
use crate::spec::{Level, RequirementId};

/// One requirement and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// The requirement.
    pub id: RequirementId,
    /// The document.
    pub document: String,
    /// The section of the document.
    pub section: String,
    /// How strongly it binds the target.
    pub level: Level,
    /// The sentence in our words.
    pub text: String,
    /// What became of it.
    pub status: Status,
    /// Why it is not verified; what was recorded, for a requirement that is only observed.
    pub reason: String,
    /// The cases that decide it.
    pub cases: Vec<String>,
}

/// What became of a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// A check of it failed or warned.
    Violated,
    /// Some of the cases that decide it ran and passed.
    Partly,
    /// No case came to a verdict on it.
    NotExercised,
    /// Every case that decides it ran and passed.
    Verified,
    /// No case can decide it, for a reason.
    Untestable,
}

impl Status {
    /// The words as reports write them.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Violated => "violated",
            Self::Partly => "partly",
            Self::NotExercised => "not-exercised",
            Self::Verified => "verified",
            Self::Untestable => "untestable",
        }
    }
}

/// Computes the ledger of a run. A case decides a requirement that it names; its verdict on it is that of its checks of
/// it, of which there must be one. A case that came to no verdict verifies nothing, whatever it saw on the way. Any case
/// may show that a requirement is violated.
pub fn ledger(requirements: &[Requirement], plan: &[CasePlan], records: &[CaseRecord]) -> Vec<LedgerRow> {
    let by_id: BTreeMap<&str, &CaseRecord> = records.iter().map(|record| (record.id.as_str(), record)).collect();
    let mut deciding: BTreeMap<&RequirementId, Vec<&str>> = BTreeMap::new();
    for case in plan {
        for requirement in &case.requirements {
            deciding.entry(requirement).or_default().push(&case.id);
        }
    }
    let mut checks: BTreeMap<&RequirementId, Vec<(&str, &Check)>> = BTreeMap::new();
    for record in records {
        for check in &record.checks {
            checks.entry(&check.requirement).or_default().push((&record.id, check));
        }
    }
    requirements
        .iter()
        .map(|requirement| {
            let cases = deciding.get(&requirement.id).map_or(&[][..], Vec::as_slice);
            let checks = checks.get(&requirement.id).map_or(&[][..], Vec::as_slice);
            let (status, reason) = judge(requirement, cases, checks, &by_id);
            LedgerRow {
                id: requirement.id.clone(),
                document: requirement.document.clone(),
                section: requirement.section.clone(),
                level: requirement.level,
                text: requirement.text.clone(),
                status,
                reason,
                cases: cases.iter().map(|case| (*case).to_owned()).collect(),
            }
        })
        .collect()
}

fn judge(
    requirement: &Requirement,
    cases: &[&str],
    checks: &[(&str, &Check)],
    records: &BTreeMap<&str, &CaseRecord>,
) -> (Status, String) {
    if let Some((case, check)) = checks.iter().find(|(_, check)| check.is_finding()) {
        return (Status::Violated, format!("{case}: {}", check.message));
    }
    if let Some(reason) = &requirement.untestable {
        return (Status::Untestable, reason.clone());
    }
    let judged = |record: &&CaseRecord| matches!(record.outcome, Outcome::Pass | Outcome::Warn | Outcome::Fail);
    let passed = |case: &&&str| {
        if !records.get(**case).is_some_and(judged) {
            return false;
        }
        let mut of_case = checks.iter().filter(|(id, _)| *id == **case).peekable();
        of_case.peek().is_some() && of_case.all(|(_, check)| check.outcome == Outcome::Pass)
    };
    let count = cases.iter().filter(passed).count();
    if count == 0 {
        // Cases that only pass by may have looked at it as well.
        let counts = |case: &str| records.get(case).is_some_and(judged);
        let aside = checks.iter().filter(|(case, check)| counts(case) && check.outcome == Outcome::Pass).count();
        let why = why_not(cases, records);
        return match (cases.first(), aside) {
            (Some(case), 1..) => (Status::Partly, format!("{aside} checks in passing; {case}: {why}")),
            (None, _) => {
                let missing = requirement.undecided.as_ref().map(|missing| format!(" yet: {missing}"));
                (Status::NotExercised, format!("no case decides it{}", missing.unwrap_or_default()))
            }
            _ => (Status::NotExercised, why),
        };
    }
    if count < cases.len() {
        let missing = cases.iter().find(|case| !passed(case)).copied().unwrap_or_default();
        let why = why_not(&[missing], records);
        return (Status::Partly, format!("{count} of {} cases passed; {missing}: {why}", cases.len()));
    }
    let recorded = checks.iter().find_map(|(_, check)| check.got.as_deref());
    match (requirement.level, recorded) {
        (Level::Observe, Some(got)) => (Status::Verified, format!("recorded, never judged: {got}")),
        _ => (Status::Verified, String::new()),
    }
}

/// Why the first of these cases came to no verdict.
fn why_not(cases: &[&str], records: &BTreeMap<&str, &CaseRecord>) -> String {
    let Some(case) = cases.first() else {
        return "no case decides it".to_owned();
    };
    match records.get(case) {
        None => "the run ended before it".to_owned(),
        Some(record) if record.reason.is_empty() => "the case ended before it".to_owned(),
        Some(record) => record.reason.clone(),
    }
}
