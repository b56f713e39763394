//! The catalogue against the suite: what a case lists it decides, what is catalogued is decided, what is named is caught.
//!
//! Runs the suite once against the reference server. Leaves out that mutants are caught (`tests/mutants.rs`).

use std::{collections::BTreeSet, sync::Arc};

use ipamspec::{
    api::{self, Behaviour, Level, Mutant, Options, Outcome, Record, Reference, Selection, Suite},
    spec::RequirementId,
    verdict::ledger::Status,
};

fn suite() -> Arc<Suite> {
    Arc::new(Suite::load(&api::embedded()).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))))
}

async fn run(suite: Arc<Suite>) -> Record {
    let options = Options {
        selection: Selection::default(),
        jobs: None,
        seed: None,
        allow: Vec::new(),
        fail_on: Level::Should,
        replay: String::new(),
        kept: api::Kept::default(),
        fail_on_drift: false,
        recorded_faults: api::RecordedFaults::default(),
    };
    let reference = Reference::start(Behaviour::default()).expect("a loopback port");
    let target = Arc::new(reference.net_tcp_target().expect("the server's own address"));
    api::run(suite, target, Some(reference.lab()), options).await.expect("a run")
}

#[tokio::test]
async fn every_case_checks_what_it_lists_and_every_requirement_is_decided() {
    let record = run(suite()).await;
    let found: Vec<_> = record.findings.iter().map(|finding| (&finding.case, &finding.requirement)).collect();
    assert_eq!((record.exit_code, &record.interrupted), (0, &None), "{found:?}");
    for case in &record.cases {
        assert_eq!(case.outcome, Outcome::Pass, "{}: {}", case.id, case.reason);
        let checked: BTreeSet<_> = case.checks.iter().map(|check| &check.requirement).collect();
        let of_http = |id: &RequirementId| {
            record.requirements.iter().any(|row| row.id == *id && row.reason.contains("HTTP binding"))
        };
        for requirement in case.requirements.iter().filter(|requirement| !of_http(requirement)) {
            assert!(checked.contains(requirement), "{} lists {requirement} and makes no check of it", case.id);
        }
        let ids: BTreeSet<_> = case.checks.iter().map(|check| &check.id).collect();
        assert_eq!(ids.len(), case.checks.len(), "two checks of {} have one id", case.id);
    }
    for row in &record.requirements {
        let decided = matches!(row.status, Status::Verified | Status::Untestable);
        assert!(decided, "{} ({}) is {:?}: {}", row.id, row.level, row.status, row.reason);
    }
}

#[test]
fn a_case_lists_the_requirement_that_its_mutant_breaks() {
    for case in &suite().cases {
        let Some(mutant) = case.mutant.as_deref() else { continue };
        let mutant = Mutant::named(mutant).unwrap_or_else(|| panic!("{}: there is no mutant {mutant}", case.id));
        let lists = case.requirements.iter().any(|id| id.as_str() == mutant.requirement());
        assert!(lists, "{} names {}, which breaks {}", case.id, mutant.name(), mutant.requirement());
    }
}

#[test]
fn every_ruling_is_rested_on() {
    let suite = suite();
    let named: BTreeSet<_> =
        suite.catalogue.requirements.values().filter_map(|requirement| requirement.ruling.as_deref()).collect();
    let known: BTreeSet<_> = suite.catalogue.rulings.keys().map(String::as_str).collect();
    assert_eq!(known, named);
}
