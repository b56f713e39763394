//! The catalogue against the suite: what a case lists it decides, what is catalogued is decided, what is named is caught.
//!
//! Runs the suite once against the reference server. Leaves out that mutants are caught (`tests/mutants.rs`).

use std::{collections::BTreeSet, sync::Arc};

use ipamspec::{
    api::{self, Behaviour, Level, Mutant, Options, Outcome, Record, Reference, RequirementId, Selection, Suite},
    verdict::ledger::Status,
};

fn suite() -> Arc<Suite> {
    Arc::new(Suite::load(&api::embedded()).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))))
}

/// A run over each binding: some cases are of one alone.
async fn runs(suite: Arc<Suite>) -> Vec<Record> {
    let options = || Options {
        selection: Selection::default(),
        jobs: None,
        seed: None,
        allow: Vec::new(),
        fail_on: Level::Should,
        replay: String::new(),
        baseline: None,
        repeat: None,
        kept: api::Kept::default(),
        fail_on_drift: false,
        recorded_faults: api::RecordedFaults::default(),
    };
    let reference = Reference::start(Behaviour::default()).expect("a loopback port");
    let mut records = Vec::new();
    for url in [reference.url(), reference.net_tcp_url()] {
        let target = Arc::new(api::Target::reference(&url).expect("the server's own address"));
        records.push(api::run(suite.clone(), target, Some(reference.lab()), options()).await.expect("a run"));
    }
    records
}

#[tokio::test]
async fn every_case_checks_what_it_lists_and_every_requirement_is_decided() {
    let suite = suite();
    let records = runs(suite.clone()).await;
    for record in &records {
        let bad = record.cases.iter().filter(|case| !matches!(case.outcome, Outcome::Pass | Outcome::Skip));
        let bad: Vec<String> = bad.map(|case| format!("{}: {} {}", case.id, case.outcome, case.reason)).collect();
        assert_eq!((record.exit_code, &record.interrupted), (0, &None), "{bad:#?}");
    }
    for case in &suite.cases {
        let ran: Vec<_> = records.iter().flat_map(|record| &record.cases).filter(|ran| ran.id == case.id).collect();
        let passed = ran.iter().filter(|ran| ran.outcome == Outcome::Pass).count();
        let elsewhere = ran.iter().filter(|ran| ran.reason.starts_with("net.tcp only")).count();
        assert_eq!((passed + elsewhere, passed > 0), (ran.len(), true), "{}", case.id);
        let checked: BTreeSet<_> = ran.iter().flat_map(|ran| &ran.checks).map(|check| &check.requirement).collect();
        for requirement in &case.requirements {
            assert!(checked.contains(requirement), "{} lists {requirement} and makes no check of it", case.id);
        }
        for ran in ran {
            let ids: BTreeSet<_> = ran.checks.iter().map(|check| &check.id).collect();
            assert_eq!(ids.len(), ran.checks.len(), "two checks of {} have one id", ran.id);
        }
    }
    // What is said to be undecided is told by `tests/ledger.rs`.
    let decided = |id: &RequirementId| {
        let mut rows = records.iter().flat_map(|record| &record.requirements).filter(|row| row.id == *id);
        rows.any(|row| matches!(row.status, Status::Verified | Status::Untestable))
    };
    let requirements = suite.catalogue.requirements.values();
    let undecided: Vec<&str> = requirements
        .filter(|requirement| requirement.undecided.is_none() && !decided(&requirement.id))
        .map(|requirement| requirement.id.as_str())
        .collect();
    assert!(undecided.is_empty(), "not decided over either binding: {undecided:#?}");
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
