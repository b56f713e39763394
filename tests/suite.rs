//! The suite as tests: one trial a case, against the embedded reference server over both its bindings, or the target that
//! `IPAMSPEC_TARGET` names.
//!
//! A run is made once, as wide as the target allows, when the first trial asks for its verdict; a trial then only
//! waits. A skip is no failure; what is inconclusive fails, and so does a case that neither binding of the reference runs.

use std::{
    process::ExitCode,
    sync::{Arc, OnceLock},
};

use ipamspec::api::{
    self, Behaviour, CaseRecord, Level, Options, Outcome, Record, Reference, Selection, Suite, Target,
};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Trials wait for the one run; there is nothing to gain from fewer of them at once.
    arguments.test_threads = arguments.test_threads.or(Some(16));
    let suite = Arc::new(Suite::load(&api::embedded()).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))));
    let run: Arc<OnceLock<Vec<Record>>> = Arc::default();
    // A filter narrows the run as well: only what is asked for is put to the target.
    let wanted: Vec<String> =
        suite.cases.iter().map(|case| case.id.clone()).filter(|id| is_wanted(&arguments, id)).collect();
    let trials = suite.cases.iter().map(|case| {
        let (suite, run, wanted, id) = (suite.clone(), run.clone(), wanted.clone(), case.id.clone());
        Trial::test(case.id.clone(), move || verdict(run.get_or_init(|| run_all(suite, &wanted)), &id))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn is_wanted(arguments: &Arguments, id: &str) -> bool {
    let matches = |filter: &String| if arguments.exact { id == filter } else { id.contains(filter.as_str()) };
    arguments.filter.as_ref().is_none_or(matches) && !arguments.skip.iter().any(matches)
}

fn run_all(suite: Arc<Suite>, wanted: &[String]) -> Vec<Record> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let options = || Options {
        selection: Selection { cases: wanted.iter().map(|id| api::Glob::parse(id)).collect(), ..Selection::default() },
        jobs: None,
        seed: None,
        allow: Vec::new(),
        fail_on: Level::Must,
        fail_on_drift: false,
        recorded_faults: api::RecordedFaults::default(),
        replay: "cargo test --test suite --".to_owned(),
        baseline: None,
        repeat: None,
        kept: api::Kept::default(),
    };
    runtime.block_on(async {
        match std::env::var("IPAMSPEC_TARGET") {
            Err(_) => {
                let reference = Reference::start(Behaviour::default()).expect("a loopback port");
                let mut records = Vec::new();
                for url in [reference.url(), reference.net_tcp_url()] {
                    let target = Arc::new(Target::reference(&url).expect("the server's own address"));
                    let run = api::run(suite.clone(), target, Some(reference.lab()), options());
                    records.push(run.await.expect("a run"));
                }
                records
            }
            Ok(named) => {
                let target = Target::read(&named, &[]).unwrap_or_else(|error| panic!("IPAMSPEC_TARGET: {error}"));
                vec![api::run(suite, Arc::new(target), None, options()).await.expect("a run")]
            }
        }
    })
}

fn verdict(records: &[Record], id: &str) -> Result<(), Failed> {
    let mut passed = false;
    for record in records {
        let case = record.cases.iter().find(|case| case.id == id).ok_or("the run lost this case")?;
        match case.outcome {
            // libtest knows no skip that is found out while it runs: `ipamspec run` tells them with their reasons.
            Outcome::Pass => passed = true,
            Outcome::Skip => {}
            outcome => return Err(format!("{outcome}: {}\n{}", case.reason, told(case)).into()),
        }
    }
    if passed || records.len() < 2 { Ok(()) } else { Err("neither binding runs it".into()) }
}

fn told(case: &CaseRecord) -> String {
    let broken = case.checks.iter().filter(|check| check.outcome != Outcome::Pass);
    let lines = broken.map(|check| {
        let compared = check.expected.as_ref().zip(check.got.as_ref());
        let compared = compared.map(|(expected, got)| format!("\n    expected: {expected}\n    got:      {got}"));
        format!(
            "  {} {} {}: {}{}",
            check.outcome,
            check.id,
            check.requirement,
            check.message,
            compared.unwrap_or_default()
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}
