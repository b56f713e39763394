//! The record of a run: a fold of its events into what every report shows, `report.json` first among them.
//!
//! Leaves out layout. The fields are the contract of `docs/report.schema.json`.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    Baseline, Blame, CasePlan, CaseRecord, Claim, Event, FaultCounts, FileDigests, Finding, FindingKind, FindingStatus,
    MachineRow, Note, Outcome, RunStarted, Score, Shard, Summary, TargetRecord,
    catalogue::first,
    coverage::coverage,
    exit, hex,
    ledger::{LedgerRow, ledger},
    verification,
};
use crate::spec::{Level, RequirementId};

/// Everything a report shows. Serialised, it is `report.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The version of this format, `ipamspec-report/1`.
    pub schema: String,
    /// What made it.
    pub tool: Tool,
    /// What was run.
    pub suite: Suite,
    /// What randomness and message ids were made from.
    pub seed: String,
    /// When the run began, RFC 3339 in UTC.
    pub started: String,
    /// How long it took, in milliseconds; 0 where the record was cut off.
    pub duration_ms: u64,
    /// Why the run ended early, where it did.
    pub interrupted: Option<String>,
    /// The server under test.
    pub target: TargetRecord,
    /// What the run may say about it.
    pub claim: Claim,
    /// How many cases came to each outcome.
    pub summary: Summary,
    /// How many recorded faults read as they did before; outside the outcomes.
    #[serde(default)]
    pub recorded_faults: FaultCounts,
    /// The cases, in the order of the suite.
    pub cases: Vec<CaseRecord>,
    /// The checks that failed or warned.
    pub findings: Vec<Finding>,
    /// The rulings that a requirement of this run rests on.
    pub rulings: Vec<RulingRow>,
    /// The ledger.
    pub requirements: Vec<LedgerRow>,
    /// The machines, and what was walked of them.
    pub machines: Vec<MachineRow>,
    /// What a reader should know beside the verdicts.
    pub notes: Vec<Note>,
    /// The exit code of the run.
    pub exit_code: u8,
    /// What made it that.
    #[serde(default)]
    pub gate: Gate,
    /// Which part of the suite this is, where it was split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// The SHA-256 of this record as compact JSON with nothing here: what was changed by hand has another.
    #[serde(default)]
    pub digest: String,
}

/// What a run was held to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// The weakest level whose new findings make the run end with exit code 1.
    pub fail_on: Level,
    /// Whether recorded faults that drifted make it end so as well.
    pub fail_on_drift: bool,
    /// What its findings were held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Box<Baseline>>,
}

/// What an old report, which does not say, was held to.
impl Default for Gate {
    fn default() -> Self {
        Self { fail_on: Level::Must, fail_on_drift: false, baseline: None }
    }
}

/// What made a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `ipamspec`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suite {
    /// The digest of every case and catalogue file.
    pub digest: String,
    /// How many expanded cases it has.
    pub cases: usize,
    /// The revision of the specification.
    pub revision: String,
    /// The suite revision whose requirements and cases were run; an old report is of the first.
    #[serde(default = "first")]
    pub requirement_set: u32,
    /// How good it is, as it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
    /// Digests of the case files by path.
    #[serde(default)]
    pub files: BTreeMap<String, FileDigests>,
}

/// A ruling and the reading that the target took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulingRow {
    /// The ruling.
    pub id: String,
    /// What the target was seen to do; empty where no case looked.
    pub reading: String,
    /// How we read the sentence.
    pub expected: String,
    /// The cases that looked.
    pub cases: Vec<String>,
}

impl Record {
    /// The version of the format that this version writes.
    pub const SCHEMA: &'static str = "ipamspec-report/1";

    /// Folds the events of a run, complete or cut off.
    ///
    /// # Errors
    /// Says so when the first event is not `run-started`.
    pub fn fold(events: &[Event]) -> Result<Self, String> {
        let Some((Event::RunStarted(started), events)) = events.split_first() else {
            return Err("the record does not begin with a `run-started` event".to_owned());
        };
        let mut started = Cow::Borrowed(&**started);
        let mut by_id = BTreeMap::new();
        let mut running = BTreeSet::new();
        let mut notes = Vec::new();
        let mut interrupted = None;
        let mut duration = None;
        for event in events {
            match event {
                Event::RunStarted(_) => return Err("the record holds two `run-started` events".to_owned()),
                Event::Note(note) => notes.push(note.clone()),
                Event::CaseStarted { id } => {
                    running.insert(id.as_str());
                }
                Event::CaseFinished(record) => {
                    running.remove(record.id.as_str());
                    let mut record = (**record).clone();
                    // They are for `check`, which reads the events.
                    record.evidence.observations.clear();
                    by_id.insert(record.id.clone(), record);
                }
                Event::Interrupted { reason, duration_ms } => {
                    interrupted = Some(reason.clone());
                    duration = Some(*duration_ms);
                }
                Event::RunFinished { duration_ms } => duration = Some(*duration_ms),
                Event::BaselineUpdated(baseline) => started.to_mut().baseline = Some(baseline.clone()),
                Event::Sealed { .. } => {}
            }
        }
        if duration.is_none() && interrupted.is_none() {
            interrupted = Some(cut_off(&running));
        }
        let cases: Vec<CaseRecord> = started.cases.iter().filter_map(|plan| by_id.remove(&plan.id)).collect();
        Ok(Self::of(&started, cases, notes, interrupted, duration.unwrap_or_default()))
    }

    /// Makes the record of a run of what was found out: counts, findings, ledger, claim and exit code follow from it.
    pub(super) fn of(
        started: &RunStarted,
        cases: Vec<CaseRecord>,
        notes: Vec<Note>,
        interrupted: Option<String>,
        duration_ms: u64,
    ) -> Self {
        let mut summary = Summary::default();
        for case in &cases {
            summary.count(case.outcome);
        }
        let recorded_faults = FaultCounts::of(cases.iter().flat_map(|case| &case.recorded_faults));
        let findings: Vec<Finding> = cases.iter().flat_map(findings_of).collect();
        let baseline = started.baseline.as_deref();
        let findings = match baseline {
            Some(baseline) => baseline.judge(findings, &started.cases, &cases, today(&started.started)),
            None => findings,
        };
        let requirements = ledger(&started.requirements, &started.cases, &cases);
        let machines = coverage(&started.machines, &cases);
        let claim = Claim::of(&started.target, &requirements, interrupted.is_some());
        let blamed = |blame: Blame| cases.iter().any(|case| case.blame == Some(blame));
        let selected = started.cases.iter().any(|plan| plan.selected);
        let judged = summary.pass + summary.warn + summary.fail;
        let exit_code = exit::code(exit::Facts {
            interrupted: interrupted.is_some(),
            our_error: blamed(Blame::Harness),
            file_error: blamed(Blame::File),
            findings: findings.iter().any(|finding| fails(finding, started.fail_on))
                || (started.fail_on_drift && recorded_faults.drift > 0),
            inconclusive: cases.iter().any(|case| {
                case.outcome == Outcome::Inconclusive
                    && !baseline.is_some_and(|baseline| baseline.accepts_inconclusive(&case.id))
            }) || notes.iter().any(|note| note.blocking)
                || (selected && judged == 0),
            nothing_selected: !selected,
        });
        let record = Self {
            schema: Self::SCHEMA.to_owned(),
            tool: Tool { name: "ipamspec".to_owned(), version: started.tool_version.clone() },
            suite: Suite {
                digest: started.suite_digest.clone(),
                cases: started.cases.len(),
                revision: started.suite_revision.clone(),
                requirement_set: started.requirement_set,
                score: started.score.clone(),
                files: started.files.clone(),
            },
            seed: started.seed.clone(),
            started: started.started.clone(),
            duration_ms,
            interrupted,
            target: started.target.clone(),
            claim,
            summary,
            recorded_faults,
            rulings: rulings(started, &cases),
            cases,
            findings,
            requirements,
            machines,
            notes,
            exit_code,
            gate: Gate {
                fail_on: started.fail_on,
                fail_on_drift: started.fail_on_drift,
                baseline: started.baseline.clone(),
            },
            shard: started.shard,
            digest: String::new(),
        };
        Self { digest: record.digest_now(), ..record }
    }

    /// The plan of the run, as far as the record tells it: cases in the order of their ids.
    pub fn plan(&self) -> Vec<CasePlan> {
        let mut decided: BTreeMap<&str, Vec<RequirementId>> = BTreeMap::new();
        for row in &self.requirements {
            for case in &row.cases {
                decided.entry(case).or_default().push(row.id.clone());
            }
        }
        let mut plan: BTreeMap<&str, CasePlan> = decided
            .into_iter()
            .map(|(id, requirements)| {
                (id, CasePlan { id: id.to_owned(), requirements, selected: true, elsewhere: false })
            })
            .collect();
        for case in &self.cases {
            let planned = CasePlan {
                id: case.id.clone(),
                // In the order in which the case names them.
                requirements: case.requirements.clone(),
                selected: case.reason != verification::NOT_SELECTED,
                elsewhere: case.reason == verification::ELSEWHERE,
            };
            plan.insert(&case.id, planned);
        }
        plan.into_values().collect()
    }

    /// The digest of what this record says now; that of a record which nobody changed is the one that it holds.
    ///
    /// # Panics
    /// Never: a record has text keys and whole numbers only, which JSON can always say.
    pub fn digest_now(&self) -> String {
        let mut value = serde_json::to_value(self).expect("a record has text keys and whole numbers only");
        // Keys sort in a value, so that a later version may order its fields in another way.
        if let Some(digest) = value.get_mut("digest") {
            *digest = serde_json::Value::Null;
        }
        hex(&Sha256::digest(value.to_string()))
    }

    /// The check that a finding is of, and its case.
    pub fn check_of(&self, finding: &Finding) -> Option<(&CaseRecord, &super::Check)> {
        let case = self.cases.iter().find(|case| case.id == finding.case)?;
        Some((case, case.checks.iter().find(|check| check.id == finding.check)?))
    }
}

/// Why a record without an end stops.
fn cut_off(running: &BTreeSet<&str>) -> String {
    let ran: Vec<&str> = running.iter().take(3).copied().collect();
    match running.len() {
        0 => "the record stops in the middle of the run".to_owned(),
        1..=3 => format!("the record stops in the middle of the run, while {} ran", ran.join(", ")),
        more => {
            format!("the record stops in the middle of the run, while {} and {} more ran", ran.join(", "), more - 3)
        }
    }
}

/// The day of a time as RFC 3339 writes it.
pub fn today(started: &str) -> &str {
    started.get(..10).unwrap_or(started)
}

/// Whether a finding makes a run fail. What is wrong with the baseline does so at any level.
fn fails(finding: &Finding, fail_on: Level) -> bool {
    match finding.status {
        FindingStatus::Accepted => false,
        FindingStatus::Stale => true,
        FindingStatus::New => finding.kind != FindingKind::Violation || finding.level >= fail_on,
    }
}

fn findings_of(case: &CaseRecord) -> impl Iterator<Item = Finding> {
    case.checks.iter().filter(|check| check.is_finding()).map(|check| Finding {
        fingerprint: check.fingerprint.clone(),
        case: case.id.clone(),
        check: check.id.clone(),
        requirement: check.requirement.clone(),
        level: check.level,
        status: FindingStatus::New,
        kind: FindingKind::Violation,
        note: String::new(),
    })
}

/// The rulings that requirements rest on, with what checks of those requirements saw.
fn rulings(started: &RunStarted, cases: &[CaseRecord]) -> Vec<RulingRow> {
    let row = |ruling: &super::Ruling| {
        let rests = |id| started.requirements.iter().any(|r| &r.id == id && r.ruling.as_deref() == Some(&ruling.id));
        let mut looked = Vec::new();
        let mut readings: Vec<&str> = Vec::new();
        for case in cases.iter().filter(|case| case.outcome != Outcome::Skip) {
            for check in case.checks.iter().filter(|check| rests(&check.requirement)) {
                if looked.last() != Some(&case.id) {
                    looked.push(case.id.clone());
                }
                let reading = check.got.as_deref().unwrap_or(&check.message);
                if !readings.contains(&reading) && readings.len() < 5 {
                    readings.push(reading);
                }
            }
        }
        RulingRow {
            id: ruling.id.clone(),
            reading: readings.join("; "),
            expected: ruling.reading.clone(),
            cases: looked,
        }
    };
    started.rulings.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        session::Layer,
        spec::{Effect, Level, RequirementId},
        verdict::{CasePlan, Check, ClaimKind, Evidence, RecordedFault, Requirement, ledger::Status},
    };

    fn id(text: &str) -> RequirementId {
        RequirementId::parse(text).unwrap()
    }

    fn started(cases: &[(&str, &str)]) -> Event {
        let requirement = |(_, requirement): &(&str, &str)| Requirement {
            id: id(requirement),
            document: "MS-IPAMM2".to_owned(),
            section: "3.3.4.139".to_owned(),
            level: Level::Must,
            text: "text".to_owned(),
            also: Vec::new(),
            digests: Vec::new(),
            untestable: None,
            undecided: None,
            binding: None,
            ruling: None,
            by_silence: false,
            since: 1,
        };
        let mut requirements: Vec<Requirement> = cases.iter().map(requirement).collect();
        requirements.dedup_by(|a, b| a.id == b.id);
        Event::RunStarted(Box::new(RunStarted {
            schema: "ipamspec-events/1".to_owned(),
            tool_version: "0".to_owned(),
            suite_digest: "d".to_owned(),
            suite_revision: "12.0".to_owned(),
            requirement_set: 1,
            score: None,
            seed: "s".to_owned(),
            started: "2024-01-01T00:00:00Z".to_owned(),
            fail_on: Level::Must,
            fail_on_drift: false,
            target: TargetRecord {
                name: "t".to_owned(),
                url: "http://127.0.0.1/".to_owned(),
                transport: "http".to_owned(),
                security: "none".to_owned(),
                reference: false,
                argument: None,
            },
            cases: cases
                .iter()
                .map(|(case, requirement)| CasePlan {
                    id: (*case).to_owned(),
                    requirements: vec![id(requirement)],
                    selected: true,
                    elsewhere: false,
                })
                .collect(),
            requirements,
            rulings: Vec::new(),
            machines: Vec::new(),
            shard: None,
            baseline: None,
            files: BTreeMap::new(),
        }))
    }

    fn finished(case: &str, outcome: Outcome, checks: &[(&str, Outcome)]) -> Event {
        let check = |(requirement, outcome): &(&str, Outcome)| Check {
            id: "step-1/answer".to_owned(),
            requirement: id(requirement),
            level: Level::Must,
            outcome: *outcome,
            layer: Layer::Operation,
            message: "m".to_owned(),
            expected: None,
            got: None,
            fingerprint: String::new(),
            by_silence: false,
            reproduced: None,
        };
        let reason = if matches!(outcome, Outcome::Skip | Outcome::Inconclusive) { "because" } else { "" };
        Event::CaseFinished(Box::new(CaseRecord {
            id: case.to_owned(),
            about: String::new(),
            file: String::new(),
            line: 1,
            level: Level::Must,
            effect: Effect::Read,
            port_type: "IIpamServer".to_owned(),
            requirements: Vec::new(),
            twin: None,
            outcome,
            reason: reason.to_owned(),
            blame: None,
            duration_ms: 1,
            seed: String::new(),
            replay: String::new(),
            steps: Vec::new(),
            checks: checks.iter().map(check).collect(),
            evidence: Evidence::default(),
            generated: None,
            repeated: None,
            recorded_faults: Vec::new(),
        }))
    }

    const END: Event = Event::RunFinished { duration_ms: 7 };

    fn fold(events: &[Event]) -> Record {
        Record::fold(events).unwrap()
    }

    #[test]
    fn verified_needs_every_deciding_case() {
        let plan = started(&[("a", "r.one"), ("b", "r.one")]);
        let pass = |case| finished(case, Outcome::Pass, &[("r.one", Outcome::Pass)]);
        let skip = finished("b", Outcome::Skip, &[]);
        let both = fold(&[plan.clone(), pass("a"), pass("b"), END]);
        assert_eq!((both.requirements[0].status, both.exit_code), (Status::Verified, 0));
        assert_eq!(both.claim.kind, ClaimKind::Partial);
        let one = fold(&[plan.clone(), pass("a"), skip.clone(), END]);
        assert_eq!((one.requirements[0].status, one.exit_code), (Status::Partly, 0));
        assert!(one.requirements[0].reason.contains("because"), "{:?}", one.requirements);
        let none = fold(&[plan, finished("a", Outcome::Skip, &[]), skip, END]);
        assert_eq!((none.requirements[0].status, none.exit_code), (Status::NotExercised, 3));
        assert_eq!(none.claim.kind, ClaimKind::None);
    }

    #[test]
    fn a_case_that_made_no_check_of_it_verifies_nothing() {
        let record =
            fold(&[started(&[("a", "r.one")]), finished("a", Outcome::Pass, &[("r.two", Outcome::Pass)]), END]);
        assert_eq!(record.requirements[0].status, Status::NotExercised);
    }

    #[test]
    fn a_case_without_a_verdict_verifies_nothing() {
        let plan = started(&[("a", "r.one"), ("b", "r.one")]);
        for outcome in [Outcome::Skip, Outcome::Inconclusive, Outcome::Error] {
            let seen = finished("b", outcome, &[("r.one", Outcome::Pass)]);
            let alone = fold(&[plan.clone(), seen.clone(), END]);
            assert_eq!(alone.requirements[0].status, Status::NotExercised, "{outcome}");
            let pass = finished("a", Outcome::Pass, &[("r.one", Outcome::Pass)]);
            let both = fold(&[plan.clone(), pass, seen, END]);
            assert_eq!(
                (both.requirements[0].status, both.claim.kind),
                (Status::Partly, ClaimKind::Partial),
                "{outcome}"
            );
        }
    }

    #[test]
    fn a_violation_anywhere_outweighs_passes() {
        let plan = started(&[("a", "r.one"), ("b", "r.two")]);
        let a = finished("a", Outcome::Pass, &[("r.one", Outcome::Pass)]);
        let b = finished("b", Outcome::Fail, &[("r.one", Outcome::Fail), ("r.two", Outcome::Inconclusive)]);
        let record = fold(&[plan, a, b, END]);
        assert_eq!(record.requirements[0].status, Status::Violated);
        assert_eq!(record.requirements[1].status, Status::NotExercised);
        assert_eq!((record.findings.len(), record.exit_code), (1, 1));
    }

    #[test]
    fn what_is_inconclusive_or_cut_off_is_not_green() {
        let plan = started(&[("a", "r.one"), ("b", "r.one")]);
        let a = finished("a", Outcome::Pass, &[("r.one", Outcome::Pass)]);
        let b = finished("b", Outcome::Inconclusive, &[("r.one", Outcome::Inconclusive)]);
        assert_eq!(fold(&[plan.clone(), a.clone(), b, END]).exit_code, 3);
        let interrupted = Event::Interrupted { reason: "Ctrl-C".to_owned(), duration_ms: 9 };
        let stopped = fold(&[plan.clone(), a.clone(), interrupted]);
        assert_eq!((stopped.exit_code, stopped.duration_ms), (130, 9));
        assert_eq!(stopped.interrupted.as_deref(), Some("Ctrl-C"));
        let cut = fold(&[plan.clone(), a]);
        assert_eq!((cut.exit_code, cut.requirements[0].status), (130, Status::Partly));
        assert!(cut.interrupted.is_some());
        assert!(Record::fold(&[END]).is_err());
        let blocked = Event::Note(Note { text: "dead".to_owned(), blocking: true });
        assert_eq!(fold(&[plan, blocked, END]).exit_code, 3);
    }

    #[test]
    fn a_finding_below_the_level_asked_for_is_green() {
        let mut plan = started(&[("a", "r.one")]);
        let Event::CaseFinished(mut case) = finished("a", Outcome::Warn, &[("r.one", Outcome::Warn)]) else { panic!() };
        case.checks[0].level = Level::Should;
        let case = Event::CaseFinished(case);
        assert_eq!(fold(&[plan.clone(), case.clone(), END]).exit_code, 0);
        let Event::RunStarted(run) = &mut plan else { panic!() };
        run.fail_on = Level::Should;
        assert_eq!(fold(&[plan, case, END]).exit_code, 1);
    }

    #[test]
    fn drift_is_counted_and_green_unless_asked_for() {
        let mut plan = started(&[("a", "r.one")]);
        let Event::CaseFinished(mut case) = finished("a", Outcome::Pass, &[("r.one", Outcome::Pass)]) else { panic!() };
        let fault = |step, recorded| RecordedFault::compare(step, recorded, "code: Sender".to_owned());
        case.recorded_faults = vec![fault(1, Some("code: Receiver")), fault(2, None), fault(3, Some("code: Sender"))];
        let case = Event::CaseFinished(case);
        let record = fold(&[plan.clone(), case.clone(), END]);
        assert_eq!(record.recorded_faults, FaultCounts { same: 1, new: 1, drift: 1 });
        assert_eq!((record.summary.pass, record.findings.len(), record.exit_code), (1, 0, 0));
        let Event::RunStarted(run) = &mut plan else { panic!() };
        run.fail_on_drift = true;
        assert_eq!(fold(&[plan, case, END]).exit_code, 1);
    }
}
