//! The suite as tests: one trial a case and binding, against the embedded reference server, or one trial a case against the
//! target that `IPAMSPEC_TARGET` names.
//!
//! Each run is made once, as wide as the target allows, when the first trial asks for its verdict; a trial then only
//! waits. A skip is no failure; what is inconclusive fails.

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
    let bindings: &[Binding] = match std::env::var("IPAMSPEC_TARGET") {
        Err(_) => &[Binding::NetTcp, Binding::Http],
        Ok(_) => &[Binding::Target],
    };
    let trials = bindings.iter().flat_map(|binding| {
        let run: Arc<OnceLock<Record>> = Arc::default();
        // A filter narrows the run as well: only what is asked for is put to the target.
        let ids = suite.cases.iter().map(|case| case.id.clone());
        let wanted: Vec<String> = ids.filter(|id| is_wanted(&arguments, &binding.trial(id))).collect();
        let trial = |case: &api::Case| {
            let (suite, run, wanted, id) = (suite.clone(), run.clone(), wanted.clone(), case.id.clone());
            Trial::test(binding.trial(&case.id), move || {
                verdict(run.get_or_init(|| run_once(suite, &wanted, *binding)), &id)
            })
        };
        suite.cases.iter().map(trial).collect::<Vec<_>>()
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// How the suite reaches whom it is about.
#[derive(Clone, Copy)]
enum Binding {
    /// The reference server over net.tcp.
    NetTcp,
    /// The reference server over HTTP.
    Http,
    /// What `IPAMSPEC_TARGET` names.
    Target,
}

impl Binding {
    fn trial(self, id: &str) -> String {
        match self {
            Self::NetTcp => format!("net.tcp/{id}"),
            Self::Http => format!("http/{id}"),
            Self::Target => id.to_owned(),
        }
    }
}

fn is_wanted(arguments: &Arguments, id: &str) -> bool {
    let matches = |filter: &String| if arguments.exact { id == filter } else { id.contains(filter.as_str()) };
    arguments.filter.as_ref().is_none_or(matches) && !arguments.skip.iter().any(matches)
}

fn run_once(suite: Arc<Suite>, wanted: &[String], binding: Binding) -> Record {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let options = Options {
        selection: Selection { cases: wanted.iter().map(|id| api::Glob::parse(id)).collect(), ..Selection::default() },
        jobs: None,
        seed: None,
        allow: Vec::new(),
        fail_on: Level::Must,
        fail_on_drift: false,
        recorded_faults: api::RecordedFaults::default(),
        replay: "cargo test --test suite --".to_owned(),
        kept: api::Kept::default(),
    };
    runtime.block_on(async {
        if let Binding::Target = binding {
            let named = std::env::var("IPAMSPEC_TARGET").expect("a target was named");
            let target = Target::read(&named, &[]).unwrap_or_else(|error| panic!("IPAMSPEC_TARGET: {error}"));
            return api::run(suite, Arc::new(target), None, options).await.expect("a run");
        }
        let reference = Reference::start(Behaviour::default()).expect("a loopback port");
        let target = match binding {
            Binding::Http => reference.target(),
            Binding::NetTcp | Binding::Target => reference.net_tcp_target(),
        };
        let target = Arc::new(target.expect("the server's own address"));
        api::run(suite, target, Some(reference.lab()), options).await.expect("a run")
    })
}

fn verdict(record: &Record, id: &str) -> Result<(), Failed> {
    let case = record.cases.iter().find(|case| case.id == id).ok_or("the run lost this case")?;
    match case.outcome {
        // libtest knows no skip that is found out while it runs: `ipamspec run` tells them with their reasons.
        Outcome::Pass | Outcome::Skip => Ok(()),
        outcome => Err(format!("{outcome}: {}\n{}", case.reason, told(case)).into()),
    }
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
