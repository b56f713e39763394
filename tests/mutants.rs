//! The suite against every lie and every conformant variant of the reference server: one trial each.
//!
//! Each mutant meets the cases that name it; `.ci/full` has it meet all. What a kill is, `api::mutation` says. A case that names a mutant must be among those that kill it. A variant must pass
//! without a finding.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::ExitCode,
    sync::{Arc, Mutex},
};

use ipamspec::api::{
    self, Behaviour, Level, Mutant, Record, RequirementId, Suite, Variant,
    mutation::{self, Binding, Kill, Scope},
};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each trial keeps a whole run busy, and runs wait for little: a few side by side fill the cores.
    arguments.test_threads = arguments.test_threads.or(Some(4));
    let suite = Arc::new(Suite::load(&api::embedded()).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))));
    let mut trials = Vec::new();
    let tally = Arc::<Tally>::default();
    for mutant in Mutant::ALL.iter().copied() {
        let (suite, tally) = (suite.clone(), tally.clone());
        // Until a case drives sessions and names it, nothing can catch it.
        let waits = is_of_sessions(mutant) && !is_named(&suite, mutant);
        let trial = Trial::test(format!("mutant/{}", mutant.name()), move || is_killed(&suite, mutant, &tally));
        trials.push(trial.with_ignored_flag(waits));
    }
    for variant in Variant::ALL.iter().copied() {
        for binding in Binding::of_variant(variant) {
            let (suite, tally) = (suite.clone(), tally.clone());
            trials.push(Trial::test(format!("variant/{}/{}", variant.name(), binding.name()), move || {
                passes(&suite, variant, binding, &tally)
            }));
        }
    }
    let all = suite.clone();
    trials.push(Trial::test("every_case_names_a_mutant", move || names_a_mutant(&all)));
    let whole = suite.clone();
    trials.push(Trial::test("every_must_is_verified_and_can_be_violated", move || musts_can_be_violated(&whole)));
    let known = suite.clone();
    trials.push(Trial::test("every_mutant_names_a_requirement", move || names_a_requirement(&known)));
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !conclusion.has_failed() {
        tally.write(&suite);
    }
    conclusion.exit_code()
}

/// What became of mutants and variants, for the score of the suite.
#[derive(Default)]
struct Tally {
    kills: Mutex<Vec<Kill>>,
    variants: Mutex<BTreeMap<&'static str, usize>>,
}

impl Tally {
    /// Writes `cases/score.json` anew where all were met, and it says something else.
    fn write(&self, suite: &Suite) {
        let (kills, variants) = (self.kills.lock().expect("no panic"), self.variants.lock().expect("no panic"));
        let bindings = |name: &str| Variant::named(name).map(|variant| Binding::of_variant(variant).count());
        let passed: Vec<bool> = variants.iter().map(|(name, count)| bindings(name) == Some(*count)).collect();
        let all = kills.len() == Mutant::ALL.len() && passed.len() == Variant::ALL.len();
        let score = mutation::score(suite, &kills, &passed).to_json();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/score.json");
        if all && fs::read_to_string(&file).ok().as_ref() != Some(&score) {
            // What differs is seen by whoever commits, and by .ci/run's last step.
            fs::write(&file, score).expect("a file that can be written");
        }
    }
}

/// Whether only sessions show a lie.
fn is_of_sessions(mutant: Mutant) -> bool {
    mutant.is_of_sessions() || mutant.is_of_net_tcp()
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

fn run(suite: &Arc<Suite>, behaviour: Behaviour, binding: Binding) -> Record {
    wait(mutation::against(suite, behaviour, binding, Vec::new())).expect("a run")
}

fn is_killed(suite: &Arc<Suite>, mutant: Mutant, tally: &Tally) -> Result<(), Failed> {
    let kill = wait(mutation::kill(suite, mutant, Scope::Named))?;
    tally.kills.lock().expect("no panic").push(kill.clone());
    if kill.killed.is_none() {
        return Err(format!("survives; found instead: {:#?}", kill.instead).into());
    }
    match kill.missed.first() {
        Some(case) => Err(format!("{case} names it and does not kill it").into()),
        None => Ok(()),
    }
}

fn passes(suite: &Arc<Suite>, variant: Variant, binding: Binding, tally: &Tally) -> Result<(), Failed> {
    let passed = wait(mutation::pass(suite, &[variant], &[binding]))?;
    if !passed.wrong.is_empty() {
        return Err(passed.wrong.join("\n").into());
    }
    *tally.variants.lock().expect("no panic").entry(variant.name()).or_default() += 1;
    Ok(())
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
        // Those that no case decides, for a reason or not yet, tests/ledger.rs counts.
        .filter(|row| {
            let of_row = suite.catalogue.requirements.get(&row.id);
            of_row.is_some_and(|known| known.untestable.is_none() && known.undecided.is_none())
        })
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
