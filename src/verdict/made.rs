//! Runs made up for the tests of this folder: any number of cases, each with any outcome.
//!
//! Leaves out evidence, which nothing here judges.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{
    CasePlan, CaseRecord, Check, Event, Evidence, FileDigests, Outcome, Record, Requirement, RunStarted, TargetRecord,
};
use crate::{
    session::Layer,
    spec::{Effect, Level, RequirementId},
};

/// A case: what came of it, and what its failure says where it failed.
pub(super) type Made = (Outcome, u8);

pub(super) fn requirement(at: usize) -> RequirementId {
    RequirementId::parse(&format!("made.r{}", at % 4)).unwrap()
}

pub(super) fn id(at: usize) -> String {
    format!("made/case_{at:03}")
}

fn check(at: usize, (outcome, says): Made) -> Check {
    let mut check = Check {
        id: "step-1/answer".to_owned(),
        requirement: requirement(at),
        level: if outcome == Outcome::Warn { Level::Should } else { Level::Must },
        outcome,
        layer: Layer::Operation,
        message: format!("it says {says}"),
        expected: None,
        got: None,
        fingerprint: String::new(),
        by_silence: false,
        reproduced: None,
    };
    if check.is_finding() {
        check.seal(&id(at), &says.to_string());
    }
    check
}

pub(super) fn case(at: usize, made: Made) -> CaseRecord {
    let judged = matches!(made.0, Outcome::Pass | Outcome::Warn | Outcome::Fail);
    CaseRecord {
        id: id(at),
        about: String::new(),
        file: format!("made/case_{at:03}.toml"),
        line: 1,
        level: Level::Must,
        effect: Effect::Read,
        port_type: "IIpamServer".to_owned(),
        requirements: vec![requirement(at)],
        twin: None,
        outcome: made.0,
        reason: if judged { String::new() } else { "because".to_owned() },
        blame: None,
        duration_ms: 1,
        seed: String::new(),
        replay: String::new(),
        steps: Vec::new(),
        checks: if judged { vec![check(at, made)] } else { Vec::new() },
        evidence: Evidence::default(),
        recorded_faults: Vec::new(),
        generated: None,
        repeated: None,
    }
}

pub(super) fn started(cases: usize) -> RunStarted {
    RunStarted {
        schema: "ipamspec-events/1".to_owned(),
        tool_version: "0".to_owned(),
        suite_digest: "d".to_owned(),
        suite_revision: "12.0".to_owned(),
        requirement_set: 1,
        score: None,
        seed: "s".to_owned(),
        started: "2026-01-02T03:04:05Z".to_owned(),
        fail_on: Level::Must,
        fail_on_drift: false,
        target: TargetRecord {
            name: "t".to_owned(),
            url: "net.tcp://127.0.0.1/".to_owned(),
            transport: "net.tcp".to_owned(),
            security: "none".to_owned(),
            reference: false,
            argument: None,
        },
        cases: (0..cases)
            .map(|at| CasePlan { id: id(at), requirements: vec![requirement(at)], selected: true, elsewhere: false })
            .collect(),
        requirements: (0..4)
            .map(|at| Requirement {
                id: requirement(at),
                document: "MS-IPAMM2".to_owned(),
                section: "1".to_owned(),
                level: Level::Must,
                text: "x".to_owned(),
                untestable: None,
                binding: None,
                ruling: None,
                by_silence: false,
                since: 1,
                undecided: None,
                also: Vec::new(),
                digests: Vec::new(),
            })
            .collect(),
        rulings: Vec::new(),
        machines: Vec::new(),
        shard: None,
        baseline: None,
        files: (0..cases)
            .map(|at| (format!("made/case_{at:03}.toml"), FileDigests::default()))
            .collect::<BTreeMap<_, _>>(),
    }
}

/// The events of a run of these cases.
pub(super) fn events(started: RunStarted, cases: &[Made]) -> Vec<Event> {
    let mut events = vec![Event::RunStarted(Box::new(started))];
    for (at, made) in cases.iter().enumerate() {
        events.push(Event::CaseStarted { id: id(at) });
        events.push(Event::CaseFinished(Box::new(case(at, *made))));
    }
    events.push(Event::RunFinished { duration_ms: 7 });
    events
}

/// The record of a run of these cases.
pub(super) fn record(cases: &[Made]) -> Record {
    Record::fold(&events(started(cases.len()), cases)).unwrap()
}

pub(super) fn outcomes() -> impl Strategy<Value = Made> {
    let outcome = prop_oneof![
        4 => Just(Outcome::Pass),
        3 => Just(Outcome::Fail),
        1 => Just(Outcome::Warn),
        1 => Just(Outcome::Inconclusive),
        1 => Just(Outcome::Skip),
    ];
    (outcome, 0_u8..3)
}

pub(super) fn runs() -> impl Strategy<Value = Vec<Made>> {
    proptest::collection::vec(outcomes(), 1..24)
}

pub(super) fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}
