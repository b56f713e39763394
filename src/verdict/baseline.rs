//! The baseline: the findings that the maker of a target has accepted, and the cases that used to come to a verdict.
//!
//! Leaves out the file that it stands in, which `runner` reads and writes. A finding is known by its fingerprint alone, so
//! that a known failure that fails in another way is a new one. Only what a run ran is held against its baseline.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{CasePlan, CaseRecord, Finding, FindingKind, FindingStatus, Outcome};
use crate::spec::{Level, RequirementId};

/// What a target is known to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// The file, as the command line names it.
    pub file: String,
    /// The accepted findings, by case and check.
    pub accepted: Vec<Accepted>,
    /// The cases that may stay inconclusive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inconclusive: Vec<String>,
    /// The cases that came to a verdict.
    #[serde(default)]
    pub verdicts: BTreeSet<String>,
}

/// A finding that is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Names the finding across runs.
    pub fingerprint: String,
    /// The expanded case.
    pub case: String,
    /// The check within the case.
    pub check: String,
    /// The requirement that is broken.
    pub requirement: RequirementId,
    /// Why it is accepted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// Where it is worked on.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub issue: String,
    /// The day on which it was first seen, `2026-01-31`; empty where nobody wrote it down.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub first_seen: String,
    /// The last day on which it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

impl Baseline {
    /// The findings of a run with what this says of each, then what it has and the run has not. `today` is the day of
    /// the run: days as `2026-01-31` sort as they follow each other.
    pub fn judge(&self, mut found: Vec<Finding>, plan: &[CasePlan], cases: &[CaseRecord], today: &str) -> Vec<Finding> {
        let ran: BTreeMap<&str, &CaseRecord> = cases.iter().map(|case| (case.id.as_str(), case)).collect();
        let mut came = BTreeSet::new();
        for finding in &mut found {
            let Some(entry) = self.accepted.iter().find(|entry| entry.fingerprint == finding.fingerprint) else {
                continue;
            };
            came.insert(entry.fingerprint.as_str());
            match entry.expires.as_deref().filter(|day| *day < today) {
                Some(day) => {
                    finding.kind = FindingKind::Expired;
                    finding.note = format!("it was accepted until {day}: mend it, or change `expires` in the baseline");
                }
                None => finding.status = FindingStatus::Accepted,
            }
        }
        for entry in self.accepted.iter().filter(|entry| !came.contains(entry.fingerprint.as_str())) {
            if !ran.get(entry.case.as_str()).is_some_and(|case| came_to_a_verdict(case)) {
                continue;
            }
            let place = |finding: &&mut Finding| {
                (&finding.case, &finding.check, &finding.requirement) == (&entry.case, &entry.check, &entry.requirement)
                    && finding.status == FindingStatus::New
                    && finding.note.is_empty()
            };
            if let Some(other) = found.iter_mut().find(place) {
                // One thing that changed is told once.
                other.note =
                    format!("the baseline accepts another failure of this check: delete `{}` there", entry.fingerprint);
            } else {
                found.push(Finding {
                    fingerprint: entry.fingerprint.clone(),
                    case: entry.case.clone(),
                    check: entry.check.clone(),
                    requirement: entry.requirement.clone(),
                    level: Level::Must,
                    status: FindingStatus::Stale,
                    kind: FindingKind::Violation,
                    note: format!("it did not come: delete `{}` from the baseline", entry.fingerprint),
                });
            }
        }
        found.extend(self.lost(plan, &ran));
        found
    }

    /// The cases that used to come to a verdict and do not any more.
    fn lost<'a>(
        &'a self,
        plan: &'a [CasePlan],
        ran: &'a BTreeMap<&str, &CaseRecord>,
    ) -> impl Iterator<Item = Finding> + 'a {
        let planned: BTreeMap<&str, &CasePlan> = plan.iter().map(|plan| (plan.id.as_str(), plan)).collect();
        self.verdicts.iter().filter_map(move |id| {
            let planned = planned.get(id.as_str());
            let judged = planned.is_none_or(|plan| plan.selected && !plan.elsewhere);
            let record = ran.get(id.as_str());
            // What an interruption kept from running is not lost.
            let unfinished = planned.is_some() && record.is_none();
            if !judged || unfinished || record.is_some_and(|case| came_to_a_verdict(case)) {
                return None;
            }
            let requirement = planned.and_then(|plan| plan.requirements.first()).cloned();
            let note = match record {
                None => "the suite has this case no more: if that is meant, update the baseline".to_owned(),
                Some(case) => format!("it used to come to a verdict: {}, {}", case.outcome, case.reason),
            };
            Some(Finding {
                fingerprint: String::new(),
                case: id.clone(),
                check: COVERAGE_LOST.to_owned(),
                requirement: requirement.or_else(|| RequirementId::parse("coverage.lost").ok())?,
                level: record.map_or(Level::Must, |case| case.level),
                status: FindingStatus::New,
                kind: FindingKind::CoverageLost,
                note,
            })
        })
    }

    /// Whether a case may stay inconclusive.
    pub fn accepts_inconclusive(&self, case: &str) -> bool {
        self.inconclusive.iter().any(|known| known == case)
    }

    /// This after a run: what came is accepted, what did not is left out, what was not run stays. Fields that people
    /// fill in stay as they are; `today` is when new findings were first seen.
    #[must_use]
    pub fn updated(&self, found: &[Finding], plan: &[CasePlan], cases: &[CaseRecord], today: &str) -> Self {
        let mut ran: BTreeMap<&str, &CaseRecord> = cases.iter().map(|case| (case.id.as_str(), case)).collect();
        for plan in plan.iter().filter(|plan| !plan.selected || plan.elsewhere) {
            ran.remove(plan.id.as_str());
        }
        let in_suite: BTreeSet<&str> = plan.iter().map(|plan| plan.id.as_str()).collect();
        let of_checks =
            || found.iter().filter(|f| f.kind != FindingKind::CoverageLost && f.status != FindingStatus::Stale);
        let came = |fingerprint: &str| of_checks().any(|finding| finding.fingerprint == fingerprint);
        let mut accepted: Vec<Accepted> = self
            .accepted
            .iter()
            .filter(|entry| {
                let judged = ran.get(entry.case.as_str()).is_some_and(|case| came_to_a_verdict(case));
                came(&entry.fingerprint) || (!judged && in_suite.contains(entry.case.as_str()))
            })
            .cloned()
            .collect();
        for finding in of_checks().filter(|finding| ran.contains_key(finding.case.as_str())) {
            if !accepted.iter().any(|entry| entry.fingerprint == finding.fingerprint) {
                accepted.push(Accepted {
                    fingerprint: finding.fingerprint.clone(),
                    case: finding.case.clone(),
                    check: finding.check.clone(),
                    requirement: finding.requirement.clone(),
                    reason: String::new(),
                    owner: String::new(),
                    issue: String::new(),
                    first_seen: today.to_owned(),
                    expires: None,
                });
            }
        }
        accepted.sort_by(|a, b| (&a.case, &a.check, &a.fingerprint).cmp(&(&b.case, &b.check, &b.fingerprint)));
        let stays = |id: &&String| in_suite.contains(id.as_str()) && !ran.contains_key(id.as_str());
        let now = |outcome: fn(&CaseRecord) -> bool| {
            ran.values().copied().filter(move |case| outcome(case)).map(|case| case.id.clone())
        };
        let mut inconclusive: Vec<String> = self.inconclusive.iter().filter(stays).cloned().collect();
        inconclusive.extend(now(|case| case.outcome == Outcome::Inconclusive));
        inconclusive.sort();
        Self {
            file: self.file.clone(),
            accepted,
            inconclusive,
            verdicts: self.verdicts.iter().filter(stays).cloned().chain(now(came_to_a_verdict)).collect(),
        }
    }
}

/// The check of a finding that says that a case came to no verdict.
pub const COVERAGE_LOST: &str = "coverage-lost";

/// Whether a case came to a verdict: it was run and the target was judged by it.
fn came_to_a_verdict(case: &CaseRecord) -> bool {
    matches!(case.outcome, Outcome::Pass | Outcome::Warn | Outcome::Fail)
}

#[cfg(test)]
#[path = "baseline_tests.rs"]
mod tests;
