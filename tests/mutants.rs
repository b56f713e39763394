//! The suite against every lie and every conformant variant of the reference server: one trial each.
//!
//! A mutant is killed when its own requirement is violated, or, where the catalogue says that the requirement is known
//! by silence only, when the case that names the mutant stays inconclusive. A case that names it must be among those
//! that kill it. A variant must pass without a finding.

use std::{collections::BTreeSet, process::ExitCode, sync::Arc};

use ipamspec::api::{
    self, Behaviour, CaseRecord, Level, Mutant, Options, Outcome, Record, Reference, RequirementId, Selection, Suite,
    Target, Variant,
};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each trial keeps a whole run busy, and runs wait for little: a few side by side fill the cores.
    arguments.test_threads = arguments.test_threads.or(Some(4));
    let suite = Arc::new(Suite::load(&api::embedded()).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))));
    let mut trials = Vec::new();
    for mutant in Mutant::ALL.iter().copied() {
        let suite = suite.clone();
        // Until a case drives sessions and names it, nothing can catch it.
        let waits = is_of_sessions(mutant) && !is_named(&suite, mutant);
        let trial = Trial::test(format!("mutant/{}", mutant.name()), move || is_killed(&suite, mutant));
        trials.push(trial.with_ignored_flag(waits));
    }
    for variant in Variant::ALL.iter().copied() {
        let suite = suite.clone();
        let bindings = if variant.is_of_http() { &[Binding::Http][..] } else { &Binding::ALL };
        for binding in
            bindings.iter().copied().filter(|binding| *binding == Binding::NetTcp || !variant.is_of_net_tcp())
        {
            let suite = suite.clone();
            trials.push(Trial::test(format!("variant/{}/{}", variant.name(), binding.name()), move || {
                passes(&suite, Behaviour { mutants: Vec::new(), variants: vec![variant] }, binding)
            }));
        }
    }
    let all = suite.clone();
    trials.push(Trial::test("every_case_names_a_mutant", move || names_a_mutant(&all)));
    let whole = suite.clone();
    trials.push(Trial::test("every_must_is_verified_and_can_be_violated", move || musts_can_be_violated(&whole)));
    trials.push(Trial::test("every_mutant_names_a_requirement", move || names_a_requirement(&suite)));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// What carries a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Binding {
    Http,
    NetTcp,
}

impl Binding {
    const ALL: [Self; 2] = [Self::Http, Self::NetTcp];

    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::NetTcp => "net.tcp",
        }
    }

    /// Where a lie shows: over net.tcp, but for those that are of HTTP.
    fn of(mutant: Mutant) -> Self {
        if mutant.is_of_http() { Self::Http } else { Self::NetTcp }
    }
}

/// Whether only sessions show a lie.
fn is_of_sessions(mutant: Mutant) -> bool {
    mutant.is_of_sessions() || mutant.is_of_net_tcp()
}

fn run(suite: &Arc<Suite>, behaviour: Behaviour, binding: Binding) -> Record {
    let options = Options {
        selection: Selection::default(),
        jobs: None,
        // One whose generated values meet every lie that only they can: see tests/generated.rs.
        seed: Some("3".to_owned()),
        allow: Vec::new(),
        fail_on: Level::Must,
        fail_on_drift: false,
        recorded_faults: api::RecordedFaults::default(),
        replay: String::new(),
        baseline: None,
        kept: api::Kept::default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let reference = Reference::start(behaviour).expect("a loopback port");
        let url = match binding {
            Binding::Http => reference.url(),
            Binding::NetTcp => reference.net_tcp_url(),
        };
        let target = Arc::new(Target::reference(&url).expect("the server's own address"));
        api::run(suite.clone(), target, Some(reference.lab()), options).await.expect("a run")
    })
}

fn is_killed(suite: &Arc<Suite>, mutant: Mutant) -> Result<(), Failed> {
    let record = run(suite, Behaviour { mutants: vec![mutant], variants: Vec::new() }, Binding::of(mutant));
    let requirement = suite.catalogue.requirements.values().find(|known| known.id.as_str() == mutant.requirement());
    let requirement = requirement.ok_or_else(|| format!("{} is in no catalogue", mutant.requirement()))?;
    let kills = |case: &&CaseRecord| {
        case.checks.iter().any(|check| {
            let silent = requirement.by_silence && check.outcome == Outcome::Inconclusive;
            check.requirement == requirement.id && (check.is_finding() || silent)
        })
    };
    let killers: Vec<&CaseRecord> = record.cases.iter().filter(kills).collect();
    if killers.is_empty() {
        let found: Vec<String> =
            record.findings.iter().map(|finding| format!("{} {}", finding.requirement, finding.case)).collect();
        return Err(format!("survives; found instead: {found:#?}").into());
    }
    let named = suite.cases.iter().filter(|case| case.mutant.as_deref() == Some(mutant.name()));
    for case in named {
        if !killers.iter().any(|killer| killer.id.split('/').take(2).eq(case.id.split('/').take(2))) {
            return Err(format!("{} names it and does not kill it", case.id).into());
        }
    }
    Ok(())
}

fn passes(suite: &Arc<Suite>, behaviour: Behaviour, binding: Binding) -> Result<(), Failed> {
    let record = run(suite, behaviour, binding);
    // A case may say with its reason that it means nothing there; the most must have run.
    let fine = |case: &&CaseRecord| match case.outcome {
        Outcome::Pass => true,
        outcome => outcome == Outcome::Skip && !case.reason.is_empty(),
    };
    let skipped = record.cases.iter().filter(|case| {
        case.outcome == Outcome::Skip && !(binding == Binding::Http && case.reason.starts_with("net.tcp only"))
    });
    if skipped.count() * 10 > record.summary.pass {
        return Err(format!("{} cases skipped", record.summary.skip).into());
    }
    let wrong = record.cases.iter().filter(|case| !fine(case));
    let wrong: Vec<String> = wrong
        .map(|case| {
            let checks = case.checks.iter().filter(|check| check.outcome != Outcome::Pass);
            let told: Vec<String> = checks
                .map(|check| {
                    format!("{} {}: expected {:?}, got {:?}", check.id, check.message, check.expected, check.got)
                })
                .collect();
            format!("{} {} {} {told:#?}", case.outcome, case.id, case.reason)
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// Whether a case exists to catch it.
fn is_named(suite: &Suite, mutant: Mutant) -> bool {
    suite.cases.iter().any(|case| case.mutant.as_deref() == Some(mutant.name()))
}

/// A case that could catch no lie checks nothing.
fn names_a_mutant(suite: &Suite) -> Result<(), Failed> {
    let known = |case: &&api::Case| match &case.mutant {
        Some(mutant) => Mutant::named(mutant).is_some(),
        None => case.level == Level::Observe,
    };
    match suite.cases.iter().find(|case| !known(case)) {
        Some(case) => Err(format!("{} names no mutant that there is: {:?}", case.id, case.mutant).into()),
        None => Ok(()),
    }
}

fn names_a_requirement(suite: &Suite) -> Result<(), Failed> {
    let known = |id: &str| suite.catalogue.requirements.keys().any(|known| known.as_str() == id);
    let wanted = |mutant: &&Mutant| !is_of_sessions(**mutant) || is_named(suite, **mutant);
    match Mutant::ALL.iter().filter(wanted).find(|mutant| !known(mutant.requirement())) {
        Some(mutant) => Err(format!("{} breaks {}, which there is not", mutant.name(), mutant.requirement()).into()),
        None => Ok(()),
    }
}

/// Each requirement that binds a server is verified on the plain server, and some mutant violates it: one that names it,
/// or one that tells its lie in every operation.
fn musts_can_be_violated(suite: &Arc<Suite>) -> Result<(), Failed> {
    const EVERYWHERE: [Mutant; 4] =
        [Mutant::RefusesValidRequests, Mutant::WrongReplyAction, Mutant::WrongReplyElement, Mutant::HollowReply];
    let mut violated: BTreeSet<String> = Mutant::ALL.iter().map(|mutant| mutant.requirement().to_owned()).collect();
    for mutant in EVERYWHERE {
        let record = run(suite, mutant.into(), Binding::of(mutant));
        violated.extend(record.findings.iter().map(|finding| finding.requirement.to_string()));
    }
    let plain = Binding::ALL.map(|binding| run(suite, Behaviour::default(), binding));
    let verified: BTreeSet<&RequirementId> = plain
        .iter()
        .flat_map(|record| &record.requirements)
        .filter(|row| row.status.as_str() == "verified")
        .map(|row| &row.id)
        .collect();
    let binding = plain.iter().take(1).flat_map(|record| &record.requirements);
    let wrong: Vec<String> = binding
        .filter(|row| row.level >= Level::Should)
        .filter(|row| !verified.contains(&row.id) || !violated.contains(row.id.as_str()))
        .map(|row| {
            format!(
                "{} is {}, violated by a mutant: {}",
                row.id,
                if verified.contains(&row.id) { "verified" } else { "not verified" },
                violated.contains(row.id.as_str())
            )
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}
