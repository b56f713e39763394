//! What a case comes to that was executed more than once: what stands in a trace stands, what never came may yet come.
//!
//! A violation that one execution shows is a violation, with how often it was seen beside it: races are to be found. A
//! finding that rests on something that did not come is one only where no execution differs. Leaves out executing.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use super::{CaseRecord, Check, Evidence, Outcome};
use crate::spec::RequirementId;

/// How often a finding was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reproduced {
    /// In how many executions of the case.
    pub times: usize,
    /// Of how many.
    pub of: usize,
}

impl fmt::Display for Reproduced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "reproduced: {} of {}", self.times, self.of)
    }
}

/// The executions of a case that had several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeated {
    /// What each came to by itself, in their order.
    pub outcomes: Vec<Outcome>,
    /// Which of them the evidence of the case is of, from 1.
    pub shown: usize,
    /// The first that differs from it, where one does and the case did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<Box<Execution>>,
}

/// One execution of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// Which, from 1.
    pub number: usize,
    /// What it came to by itself.
    pub outcome: Outcome,
    /// Why, where that is no verdict.
    pub reason: String,
    /// What was seen in it.
    pub evidence: Evidence,
}

/// What names a check within a case.
type Key<'a> = (&'a str, &'a RequirementId);

fn key(check: &Check) -> Key<'_> {
    (&check.id, &check.requirement)
}

impl CaseRecord {
    /// Makes one record of the executions of a case, in their order; nothing of none.
    pub fn together(mut executions: Vec<Self>) -> Option<Self> {
        if executions.len() < 2 {
            return executions.pop();
        }
        let outcomes: Vec<Outcome> = executions.iter().map(|execution| execution.outcome).collect();
        let shown = shown(&executions);
        let base = executions.get(shown)?;
        let mut record = base.clone();
        record.duration_ms = executions.iter().map(|execution| execution.duration_ms).sum();
        if record.outcome != Outcome::Error {
            record.checks = checks(&executions, base);
            judge(&mut record, &outcomes);
        }
        let differs = |other: &Self| other.outcome != base.outcome || found(other) != found(base);
        let other = executions.iter().position(differs).filter(|_| record.outcome != Outcome::Pass);
        let other = other.and_then(|at| Some((at, executions.get(at)?))).map(|(at, other)| {
            // The observations and the ways through machines are those of one execution.
            let evidence = Evidence { observations: Vec::new(), walks: Vec::new(), ..other.evidence.clone() };
            Box::new(Execution { number: at + 1, outcome: other.outcome, reason: other.reason.clone(), evidence })
        });
        record.repeated = Some(Repeated { outcomes, shown: shown + 1, other });
        Some(record)
    }
}

/// The execution that proves most: one that is an error, else one with a violation that stands in its trace, else the first
/// with the worst outcome.
fn shown(executions: &[CaseRecord]) -> usize {
    let stands =
        |record: &CaseRecord| record.checks.iter().any(|check| check.outcome == Outcome::Fail && !check.by_silence);
    let weight = |record: &CaseRecord| match record.outcome {
        Outcome::Error => 6,
        Outcome::Fail if stands(record) => 5,
        Outcome::Fail => 4,
        Outcome::Inconclusive => 3,
        Outcome::Warn => 2,
        Outcome::Pass => 1,
        Outcome::Skip => 0,
    };
    let worst = executions.iter().map(weight).max();
    executions.iter().position(|record| Some(weight(record)) == worst).unwrap_or_default()
}

fn found(record: &CaseRecord) -> BTreeSet<Key<'_>> {
    record.checks.iter().filter(|check| check.is_finding()).map(key).collect()
}

/// The checks of one execution, with the findings of all.
fn checks(executions: &[CaseRecord], base: &CaseRecord) -> Vec<Check> {
    let mut checks = base.checks.clone();
    let mut told: BTreeSet<Key<'_>> = BTreeSet::new();
    for finding in executions.iter().flat_map(|record| &record.checks).filter(|check| check.is_finding()) {
        if !told.insert(key(finding)) {
            continue;
        }
        let same = || {
            executions
                .iter()
                .flat_map(|record| &record.checks)
                .filter(|check| check.is_finding() && key(check) == key(finding))
        };
        let times = executions.iter().filter(|record| found(record).contains(&key(finding))).count();
        // What came is told rather than what did not.
        let finding = same().find(|check| !check.by_silence).unwrap_or(finding);
        let finding = stable(finding, Reproduced { times, of: executions.len() });
        match checks.iter_mut().find(|check| key(check) == key(&finding)) {
            Some(check) => *check = finding,
            None => checks.push(finding),
        }
    }
    checks
}

/// A finding as it stands after all executions.
fn stable(finding: &Check, reproduced: Reproduced) -> Check {
    let mut check = Check { reproduced: Some(reproduced), ..finding.clone() };
    if check.by_silence && reproduced.times < reproduced.of {
        check.outcome = Outcome::Inconclusive;
        check.message = format!("{UNSTABLE}: {}", check.message);
        check.fingerprint.clear();
    }
    check
}

/// The word for executions that differ in something that did not come.
const UNSTABLE: &str = "unstable";

/// The outcome of all: the worst check, and no pass where an execution found nothing out.
fn judge(record: &mut CaseRecord, outcomes: &[Outcome]) {
    let unknown = outcomes.contains(&Outcome::Inconclusive).then_some(Outcome::Inconclusive);
    let worst = record.checks.iter().map(|check| check.outcome).chain(unknown).max();
    let Some(worst) = worst.filter(|worst| *worst > Outcome::Pass) else { return };
    if worst == Outcome::Inconclusive {
        let same = outcomes.iter().filter(|outcome| **outcome == Outcome::Inconclusive).count();
        let of_silence = record.checks.iter().find(|check| check.by_silence && check.outcome == worst);
        record.reason = match of_silence {
            Some(check) => {
                let told = check.reproduced.map(|reproduced| format!("; {reproduced}")).unwrap_or_default();
                format!("{}{told}", check.message)
            }
            None if same < outcomes.len() => {
                format!("{UNSTABLE}: {same} of {} executions found nothing out: {}", outcomes.len(), record.reason)
            }
            None => record.reason.clone(),
        };
    } else {
        record.reason.clear();
    }
    record.outcome = worst;
}

#[cfg(test)]
#[path = "repeat_tests.rs"]
mod tests;
