//! The suite measured: which lies of the reference server it finds, and which conformant ways of doing things it passes.
//!
//! A mutant is killed when its own requirement is found broken, or, where the catalogue says that silence is all there is
//! to see, when a check of that requirement stays inconclusive. What is violated besides does not count. Leaves out how a
//! matrix is shown.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Behaviour, Case, CaseRecord, Glob, Kept, Level, Mutant, Options, Outcome, Record, RecordedFaults, Reference,
    Selection, Suite, Target, Variant, run,
};
use crate::verdict::{Score, score};

/// One whose generated values meet every lie that only they can: see `tests/generated.rs`.
const SEED: &str = "3";

/// Which cases a mutant meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those that name it, with their twins; every case where none does.
    Named,
    /// Every case.
    Whole,
}

/// What carries a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// The laboratory binding.
    Http,
    /// The protocol's own.
    NetTcp,
}

impl Binding {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Http, Self::NetTcp];

    /// The scheme of its URLs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::NetTcp => "net.tcp",
        }
    }

    /// Where a lie shows: over net.tcp, but for those that are of HTTP.
    pub fn of(mutant: Mutant) -> Self {
        if mutant.is_of_http() { Self::Http } else { Self::NetTcp }
    }

    /// Where a variant differs from the plain server.
    pub fn of_variant(variant: Variant) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |binding| match binding {
            Self::Http => !variant.is_of_net_tcp(),
            Self::NetTcp => !variant.is_of_http(),
        })
    }
}

/// How a mutant was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Killed {
    /// A check of its requirement failed or warned.
    ByFinding,
    /// What was to come did not, and no more can be seen of that.
    BySilence,
}

/// What became of a mutant.
#[derive(Debug, Clone)]
pub struct Kill {
    /// The lie.
    pub mutant: Mutant,
    /// How it was killed, where it was.
    pub killed: Option<Killed>,
    /// The cases that killed it, for its own requirement.
    pub killed_by: Vec<String>,
    /// The case files that name it.
    pub named: Vec<String>,
    /// Those of them none of whose cases killed it.
    pub missed: Vec<String>,
    /// Where it survives: the requirements that were found broken in its place, each with a case.
    pub instead: Vec<String>,
}

impl Kill {
    /// Whether it was killed, and by every case that exists for it.
    pub fn is_whole(&self) -> bool {
        self.killed.is_some() && self.missed.is_empty()
    }
}

/// What became of a variant, or of several at once.
#[derive(Debug, Clone)]
pub struct Passed {
    /// How many cases passed, over all bindings.
    pub cases: usize,
    /// What did not pass, and why: a line a case.
    pub wrong: Vec<String>,
}

/// Runs cases against a lie.
///
/// # Errors
/// What kept the run from beginning, in a line.
pub async fn kill(suite: &Arc<Suite>, mutant: Mutant, scope: Scope) -> Result<Kill, String> {
    let named: BTreeSet<&str> = suite
        .cases
        .iter()
        .filter(|case| case.mutant.as_deref() == Some(mutant.name()))
        .map(|case| file(&case.id))
        .collect();
    let cases = match scope {
        Scope::Named => suite.cases.iter().filter(|case| named.contains(file(&case.id))).map(exactly).collect(),
        Scope::Whole => Vec::new(),
    };
    let record = against(suite, mutant.into(), Binding::of(mutant), cases).await?;
    let requirement = suite.catalogue.requirements.values().find(|known| known.id.as_str() == mutant.requirement());
    let requirement = requirement.ok_or_else(|| format!("{} is in no catalogue", mutant.requirement()))?;
    let by = |case: &CaseRecord| {
        let of_it = || case.checks.iter().filter(|check| check.requirement == requirement.id);
        if of_it().any(super::Check::is_finding) {
            Some(Killed::ByFinding)
        } else if requirement.by_silence && of_it().any(|check| check.outcome == Outcome::Inconclusive) {
            Some(Killed::BySilence)
        } else {
            None
        }
    };
    let killers: Vec<(&str, Killed)> =
        record.cases.iter().filter_map(|case| Some((case.id.as_str(), by(case)?))).collect();
    let killed = match killers.iter().find(|(_, killed)| *killed == Killed::ByFinding) {
        Some((_, killed)) => Some(*killed),
        None => killers.first().map(|(_, killed)| *killed),
    };
    let missed = named.iter().filter(|named| !killers.iter().any(|(id, _)| file(id) == **named));
    let instead = if killed.is_some() { &[] } else { record.findings.as_slice() };
    Ok(Kill {
        mutant,
        killed,
        missed: missed.map(|named| (*named).to_owned()).collect(),
        named: named.into_iter().map(str::to_owned).collect(),
        killed_by: killers.iter().map(|(id, _)| (*id).to_owned()).collect(),
        instead: instead.iter().map(|finding| format!("{} {}", finding.requirement, finding.case)).collect(),
    })
}

/// Runs every case against a server that varies in these ways, over each binding on which one of them shows.
///
/// # Errors
/// What kept a run from beginning, in a line.
pub async fn pass(suite: &Arc<Suite>, variants: &[Variant], bindings: &[Binding]) -> Result<Passed, String> {
    let mut passed = Passed { cases: 0, wrong: Vec::new() };
    for binding in bindings.iter().copied() {
        let behaviour = Behaviour { variants: variants.to_vec(), ..Behaviour::default() };
        let record = against(suite, behaviour, binding, Vec::new()).await?;
        passed.cases += record.summary.pass;
        passed.wrong.extend(record.cases.iter().filter(|case| !is_fine(case)).map(told));
        let skipped = record.cases.iter().filter(|case| {
            case.outcome == Outcome::Skip && !(binding == Binding::Http && case.reason.starts_with("net.tcp only"))
        });
        let skipped = skipped.count();
        if skipped * 10 > record.summary.pass {
            passed.wrong.push(format!("{skipped} cases skipped over {}", binding.name()));
        }
    }
    Ok(passed)
}

/// The score of a suite: what became of every mutant, and with how many of the variants it found nothing.
pub fn score(suite: &Suite, kills: &[Kill], variants: &[bool]) -> Score {
    let whole = || kills.iter().filter(|kill| kill.is_whole());
    Score {
        suite: suite.digest.clone(),
        revision: suite.catalogue.revision.clone(),
        mutants: score::Mutants {
            all: kills.len(),
            killed: whole().count(),
            by_silence: whole().filter(|kill| kill.killed == Some(Killed::BySilence)).count(),
        },
        variants: score::Variants { all: variants.len(), passed: variants.iter().filter(|passed| **passed).count() },
    }
}

/// The case files that killed no mutant, and could have failed.
pub fn idle(suite: &Suite, kills: &[Kill]) -> Vec<String> {
    let busy: BTreeSet<&str> = kills.iter().flat_map(|kill| &kill.killed_by).map(|id| file(id)).collect();
    let files: BTreeSet<&str> =
        suite.cases.iter().filter(|case| case.level != Level::Observe).map(|case| file(&case.id)).collect();
    files.difference(&busy).map(|file| (*file).to_owned()).collect()
}

/// Runs cases, all where none are named, against the reference server of a behaviour.
///
/// # Errors
/// What kept the run from beginning, in a line.
pub async fn against(
    suite: &Arc<Suite>,
    behaviour: Behaviour,
    binding: Binding,
    cases: Vec<Glob>,
) -> Result<Record, String> {
    let options = Options {
        selection: Selection { cases, ..Selection::default() },
        jobs: None,
        seed: Some(SEED.to_owned()),
        allow: Vec::new(),
        fail_on: Level::Must,
        fail_on_drift: false,
        recorded_faults: RecordedFaults::default(),
        replay: String::new(),
        baseline: None,
        // What is measured is what one execution finds.
        repeat: Some(1),
        kept: Kept::default(),
    };
    let reference = Reference::start(behaviour).map_err(|error| format!("no loopback port: {error}"))?;
    let url = match binding {
        Binding::Http => reference.url(),
        Binding::NetTcp => reference.net_tcp_url(),
    };
    let target = Target::reference(&url).map_err(|_| format!("{url} is no target"))?;
    let lab = Some(reference.lab());
    run(suite.clone(), Arc::new(target), lab, options).await.map_err(|error| error.to_string())
}

/// The case file of an expanded case.
fn file(id: &str) -> &str {
    let folders = id.match_indices('/').nth(1);
    folders.and_then(|(end, _)| id.get(..end)).unwrap_or(id)
}

/// A pattern that matches one case.
fn exactly(case: &Case) -> Glob {
    Glob::parse(&case.id)
}

/// Whether a case found nothing; it may say with its reason that it means nothing there.
fn is_fine(case: &CaseRecord) -> bool {
    match case.outcome {
        Outcome::Pass => true,
        outcome => outcome == Outcome::Skip && !case.reason.is_empty(),
    }
}

fn told(case: &CaseRecord) -> String {
    let checks = case.checks.iter().filter(|check| check.outcome != Outcome::Pass);
    let told: Vec<String> = checks
        .map(|check| {
            let what = |text: &Option<String>| text.clone().unwrap_or_default();
            format!("{} {}; expected {}, got {}", check.id, check.message, what(&check.expected), what(&check.got))
        })
        .collect();
    format!("{} {} {} {}", case.outcome, case.id, case.reason, told.join("; "))
}
