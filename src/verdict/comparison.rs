//! Compares the records of two runs: each change once, with what it is due to.
//!
//! Leaves out how it is shown. A failure that is not seen any more because its case was not run, or is gone, is no
//! improvement.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{CaseRecord, Check, ClaimKind, Outcome, Record, Summary, ledger::LedgerRow, ledger::Status};
use crate::spec::{Level, RequirementId};

/// Two runs and what is different between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// The version of this format, `ipamspec-diff/1`.
    pub schema: String,
    /// The earlier run.
    pub old: Side,
    /// The later one.
    pub new: Side,
    /// What is different, by case and check.
    pub changes: Vec<Change>,
    /// The requirements whose status is another, by id.
    pub requirements: Vec<RequirementChange>,
}

/// One of the two runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// The name of the target.
    pub target: String,
    /// Its URL.
    pub url: String,
    /// When the run began.
    pub started: String,
    /// The version of the tool.
    pub tool_version: String,
    /// The digest of the suite.
    pub suite_digest: String,
    /// The claim.
    pub claim: ClaimKind,
    /// The counts of cases.
    pub summary: Summary,
    /// Why the run ended early, where it did.
    pub interrupted: Option<String>,
}

/// One thing that is different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The expanded case.
    pub case: String,
    /// The check, where it is one of a check.
    pub check: Option<String>,
    /// The requirement of the check.
    pub requirement: Option<RequirementId>,
    /// The level of the check, or of the case.
    pub level: Level,
    /// What happened.
    pub kind: ChangeKind,
    /// Whether the target is the better for it.
    pub direction: Direction,
    /// What it is due to.
    pub cause: Cause,
    /// How the earlier run has it: what failed, or the outcome.
    pub old: Option<String>,
    /// How the later one has it.
    pub new: Option<String>,
    /// What shows the cause.
    pub why: String,
}

/// A sort of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// A check fails or warns that did not.
    Appeared,
    /// A check fails or warns in another way.
    Differs,
    /// A check passes that failed or warned.
    Resolved,
    /// The case came to another outcome, one of the two being no verdict.
    Outcome,
    /// Only the earlier run has the case.
    Removed,
    /// Only the later run has the case.
    Added,
}

/// Whether a target is the better for a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// It breaks what it kept.
    Worse,
    /// Neither, or nobody can tell.
    Neither,
    /// It keeps what it broke.
    Better,
}

/// What a change is due to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The target: everything else is the same.
    Target,
    /// The case does something else.
    Case,
    /// The case expects something else, or its requirement reads otherwise.
    Expectation,
    /// The suite has more cases.
    SuiteGrew,
    /// The suite has fewer.
    SuiteShrank,
    /// What the run was given: selection, allowances, data, the network, made-up values.
    Environment,
    /// Runs of the same target differ in it.
    Unstable,
}

/// A requirement whose status is another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementChange {
    /// The requirement.
    pub id: RequirementId,
    /// Its level.
    pub level: Level,
    /// Its status in the earlier run; none where the catalogue did not have it.
    pub old: Option<Status>,
    /// Its status in the later one.
    pub new: Option<Status>,
}

impl Comparison {
    /// The version of the format that this version writes.
    pub const SCHEMA: &'static str = "ipamspec-diff/1";

    /// Compares two runs. `again` are more runs of the later target: what differs among these is unstable.
    pub fn of(old: &Record, new: &Record, again: &[Record]) -> Self {
        let before = cases(old);
        let after = cases(new);
        let mut unstable = BTreeSet::new();
        for other in again {
            let other = cases(other);
            unstable.extend(after.iter().filter_map(|(id, case)| {
                let twice = other.get(id)?;
                (signature(case) != signature(twice)).then_some(*id)
            }));
        }
        let context = Context { old, new, rows_old: rows(old), rows_new: rows(new) };
        let ids: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
        let mut changes = Vec::new();
        for id in ids {
            let mut found = match (before.get(id), after.get(id)) {
                (Some(one), Some(other)) => context.both(one, other),
                (Some(one), None) => vec![context.gone(one)],
                (None, Some(other)) => vec![context.came(other)],
                (None, None) => Vec::new(),
            };
            if unstable.contains(id) {
                for change in &mut found {
                    change.cause = Cause::Unstable;
                    "another run of the later target differs in this case".clone_into(&mut change.why);
                }
            }
            changes.extend(found);
        }
        Self {
            schema: Self::SCHEMA.to_owned(),
            old: side(old),
            new: side(new),
            changes,
            requirements: requirements(&context),
        }
    }

    /// How many changes are of this direction.
    pub fn count(&self, direction: Direction) -> usize {
        self.changes.iter().filter(|change| change.direction == direction).count()
    }
}

fn side(record: &Record) -> Side {
    Side {
        target: record.target.name.clone(),
        url: record.target.url.clone(),
        started: record.started.clone(),
        tool_version: record.tool.version.clone(),
        suite_digest: record.suite.digest.clone(),
        claim: record.claim.kind,
        summary: record.summary,
        interrupted: record.interrupted.clone(),
    }
}

fn cases(record: &Record) -> BTreeMap<&str, &CaseRecord> {
    record.cases.iter().map(|case| (case.id.as_str(), case)).collect()
}

fn rows(record: &Record) -> BTreeMap<&RequirementId, &LedgerRow> {
    record.requirements.iter().map(|row| (&row.id, row)).collect()
}

/// What two runs of a case must share to be the same.
fn signature(case: &CaseRecord) -> (Outcome, Vec<(&str, &str)>) {
    (case.outcome, findings(case).map(|((id, _, _), check)| (id, check.fingerprint.as_str())).collect())
}

fn came_to_a_verdict(case: &CaseRecord) -> bool {
    matches!(case.outcome, Outcome::Pass | Outcome::Warn | Outcome::Fail)
}

/// The findings of a case by check, requirement, and how many of the same came before.
fn findings(case: &CaseRecord) -> impl Iterator<Item = ((&str, &RequirementId, usize), &Check)> {
    let mut seen: BTreeMap<(&str, &RequirementId), usize> = BTreeMap::new();
    case.checks.iter().filter(|check| check.is_finding()).map(move |check| {
        let number = seen.entry((&check.id, &check.requirement)).or_default();
        *number += 1;
        ((check.id.as_str(), &check.requirement, *number), check)
    })
}

struct Context<'a> {
    old: &'a Record,
    new: &'a Record,
    rows_old: BTreeMap<&'a RequirementId, &'a LedgerRow>,
    rows_new: BTreeMap<&'a RequirementId, &'a LedgerRow>,
}

impl Context<'_> {
    /// What is different in a case that both runs have.
    fn both(&self, old: &CaseRecord, new: &CaseRecord) -> Vec<Change> {
        if !(came_to_a_verdict(old) && came_to_a_verdict(new)) {
            if old.outcome == new.outcome {
                return Vec::new();
            }
            let (cause, why) = match self.of_suite(old, new, None) {
                Some(cause) => cause,
                None => (Cause::Environment, reason(if came_to_a_verdict(new) { old } else { new })),
            };
            let direction = if new.outcome == Outcome::Fail { Direction::Worse } else { Direction::Neither };
            return vec![of_case(ChangeKind::Outcome, direction, (cause, why), Some(old), Some(new))];
        }
        let (before, after): (BTreeMap<_, _>, BTreeMap<_, _>) = (findings(old).collect(), findings(new).collect());
        let keys: BTreeSet<_> = before.keys().chain(after.keys()).copied().collect();
        let changes: Vec<Change> = keys
            .into_iter()
            .filter_map(|key| {
                let (one, other) = (before.get(&key).copied(), after.get(&key).copied());
                let (kind, direction) = match (one, other) {
                    (Some(one), Some(other)) if same(one, other) => return None,
                    (Some(_), None) => (ChangeKind::Resolved, Direction::Better),
                    (None, _) => (ChangeKind::Appeared, Direction::Worse),
                    (Some(_), Some(_)) => (ChangeKind::Differs, Direction::Neither),
                };
                let (id, requirement, _) = key;
                let (cause, why) = self.cause(old, new, requirement);
                Some(Change {
                    case: new.id.clone(),
                    check: Some(id.to_owned()),
                    requirement: Some(requirement.clone()),
                    level: other.or(one).map_or(new.level, |check| check.level),
                    kind,
                    direction: if cause == Cause::Target { direction } else { Direction::Neither },
                    cause,
                    old: one.map(told),
                    new: other.map(told),
                    why,
                })
            })
            .collect();
        if changes.is_empty() && old.outcome != new.outcome {
            let cause = self.of_suite(old, new, None).unwrap_or((Cause::Target, String::new()));
            return vec![of_case(ChangeKind::Outcome, Direction::Neither, cause, Some(old), Some(new))];
        }
        changes
    }

    fn gone(&self, case: &CaseRecord) -> Change {
        let cause = match &self.new.interrupted {
            Some(why) if self.has(self.new, case) => {
                (Cause::Environment, format!("the later run was interrupted: {why}"))
            }
            _ => (Cause::SuiteShrank, "the later suite does not have it".to_owned()),
        };
        of_case(ChangeKind::Removed, Direction::Neither, cause, Some(case), None)
    }

    fn came(&self, case: &CaseRecord) -> Change {
        let cause = match &self.old.interrupted {
            Some(why) if self.has(self.old, case) => {
                (Cause::Environment, format!("the earlier run was interrupted: {why}"))
            }
            _ => (Cause::SuiteGrew, "the earlier suite does not have it".to_owned()),
        };
        of_case(ChangeKind::Added, Direction::Neither, cause, None, Some(case))
    }

    /// Whether the suite of a run had a case, finished or not.
    fn has(&self, record: &Record, case: &CaseRecord) -> bool {
        self.old.suite.digest == self.new.suite.digest
            || record.requirements.iter().any(|row| row.cases.contains(&case.id))
    }

    fn cause(&self, old: &CaseRecord, new: &CaseRecord, requirement: &RequirementId) -> (Cause, String) {
        if let Some(cause) = self.of_suite(old, new, Some(requirement)) {
            return cause;
        }
        let of = |record: &Record| (record.target.transport.clone(), record.target.security.clone());
        let (one, other) = (of(self.old), of(self.new));
        if one != other {
            let why = format!("it was spoken to over {} ({}), and is now over {} ({})", one.0, one.1, other.0, other.1);
            return (Cause::Environment, why);
        }
        let values = |case: &CaseRecord| case.generated.is_some() && self.old.seed != self.new.seed;
        if values(old) || values(new) {
            return (Cause::Environment, "other values were made up: the seeds differ".to_owned());
        }
        let why = if self.old.tool.version == self.new.tool.version {
            "nothing else is different"
        } else {
            "the case is the same; it was judged by another version of ipamspec"
        };
        (Cause::Target, why.to_owned())
    }

    /// What of the suite explains a change: the case, what it expects, or the requirement.
    fn of_suite(
        &self,
        old: &CaseRecord,
        new: &CaseRecord,
        requirement: Option<&RequirementId>,
    ) -> Option<(Cause, String)> {
        if self.old.suite.digest == self.new.suite.digest {
            return None;
        }
        match (self.old.suite.files.get(&old.file), self.new.suite.files.get(&new.file)) {
            (Some(one), Some(other)) if one.does != other.does => {
                return Some((Cause::Case, "the case does something else".to_owned()));
            }
            (Some(one), Some(other)) if one.expects != other.expects => {
                return Some((Cause::Expectation, "the case expects something else".to_owned()));
            }
            (Some(_), Some(_)) => {}
            _ => {
                let why = "the suites differ, and the reports do not say whether in this case";
                return Some((Cause::Case, why.to_owned()));
            }
        }
        let requirement = requirement?;
        let reads = |rows: &BTreeMap<&RequirementId, &LedgerRow>| {
            rows.get(requirement).map(|row| (row.level, row.text.clone(), row.section.clone()))
        };
        (reads(&self.rows_old) != reads(&self.rows_new))
            .then(|| (Cause::Expectation, format!("{requirement} reads otherwise")))
    }
}

fn requirements(context: &Context<'_>) -> Vec<RequirementChange> {
    let ids: BTreeSet<&RequirementId> = context.rows_old.keys().chain(context.rows_new.keys()).copied().collect();
    ids.into_iter()
        .filter_map(|id| {
            let (old, new) = (context.rows_old.get(id), context.rows_new.get(id));
            let status = |row: Option<&&LedgerRow>| row.map(|row| row.status);
            (status(old) != status(new)).then(|| RequirementChange {
                id: id.clone(),
                level: new.or(old).map_or(Level::Must, |row| row.level),
                old: status(old),
                new: status(new),
            })
        })
        .collect()
}

fn same(one: &Check, other: &Check) -> bool {
    one.outcome == other.outcome && one.fingerprint == other.fingerprint && one.level == other.level
}

/// What a finding says, in a line.
fn told(check: &Check) -> String {
    match &check.got {
        Some(got) => format!("{}: {}: {got}", check.outcome, check.message),
        None => format!("{}: {}", check.outcome, check.message),
    }
}

fn reason(case: &CaseRecord) -> String {
    if case.reason.is_empty() { case.outcome.to_string() } else { case.reason.clone() }
}

fn of_case(
    kind: ChangeKind,
    direction: Direction,
    (cause, why): (Cause, String),
    old: Option<&CaseRecord>,
    new: Option<&CaseRecord>,
) -> Change {
    let outcome = |case: &CaseRecord| {
        let first = findings(case).next().map(|(_, check)| check.message.clone());
        match first {
            Some(message) => format!("{}: {message}", case.outcome),
            None if case.reason.is_empty() => case.outcome.to_string(),
            None => format!("{}: {}", case.outcome, case.reason),
        }
    };
    Change {
        case: new.or(old).map(|case| case.id.clone()).unwrap_or_default(),
        check: None,
        requirement: None,
        level: new.or(old).map_or(Level::Must, |case| case.level),
        kind,
        direction,
        cause,
        old: old.map(outcome),
        new: new.map(outcome),
        why,
    }
}

#[cfg(test)]
#[path = "comparison_tests.rs"]
mod tests;
