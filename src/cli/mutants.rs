//! `ipamspec mutants`: the suite against every lie and every conformant variant of the reference server.
//!
//! Leaves out what counts as a kill: that is `api::mutation`.

use std::{future::Future, path::PathBuf, sync::Arc};

use clap::ValueEnum;
use serde::Serialize;
use tokio::{sync::Semaphore, task::JoinSet};

use super::{colour::Colour, loading, on_terminal, print, refuse, tell};
use crate::{
    api::mutation::{self, Binding, Kill, Killed, Passed, Scope},
    case::{Glob, Suite},
    reference::{Mutant, Variant},
    report::Prose,
    verdict::{Score, exit},
};

/// How many runs at once: they wait more than they work.
const AT_ONCE: usize = 8;

/// The arguments of `mutants`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only mutants and variants whose name matches; every one where none is given
    #[arg(value_name = "GLOB")]
    globs: Vec<String>,
    /// Which cases a mutant meets
    #[arg(long, value_enum, default_value_t = Cases::Named, value_name = "WHICH")]
    against: Cases,
    /// Add the case files of a folder to the suite
    #[arg(long, value_name = "DIR")]
    cases: Vec<PathBuf>,
    /// How many random combinations of variants to try as well
    #[arg(long, default_value_t = 0, value_name = "N")]
    combinations: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Say of each mutant which cases killed it
    #[arg(long, short)]
    verbose: bool,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: Colour,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Cases {
    /// The cases that name it, with their twins
    Named,
    /// Every case; also says which cases kill nothing
    All,
}

/// Runs them, prints the matrix, and gives the exit code.
pub(super) async fn mutants(arguments: &Arguments) -> u8 {
    let suite = match loading::suite(&arguments.cases) {
        Ok(suite) => Arc::new(suite),
        Err(refused) => return refused.tell(arguments.color),
    };
    let globs: Vec<Glob> = arguments.globs.iter().map(|glob| Glob::parse(glob)).collect();
    let names = || Mutant::ALL.iter().map(|mutant| mutant.name()).chain(Variant::ALL.iter().map(|v| v.name()));
    for glob in &globs {
        if !names().any(|name| glob.matches(name)) {
            let near = loading::suggestion(glob.as_str(), names());
            return refuse(&format!("`{}` matches no mutant and no variant{near}", glob.as_str()));
        }
    }
    let wanted = |name: &str| globs.is_empty() || globs.iter().any(|glob| glob.matches(name));
    match measured(&suite, arguments, wanted).await {
        Ok(matrix) => {
            print(&if arguments.json { matrix.json(&suite) } else { matrix.prose(arguments) });
            if matrix.is_whole() { exit::GREEN } else { exit::FINDINGS }
        }
        Err(message) => {
            tell(&format!("error: {message}\n"));
            exit::OURS
        }
    }
}

async fn measured(suite: &Arc<Suite>, arguments: &Arguments, wanted: impl Fn(&str) -> bool) -> Result<Matrix, String> {
    let scope = if arguments.against == Cases::All { Scope::Whole } else { Scope::Named };
    let lies = Mutant::ALL.iter().copied().filter(|mutant| wanted(mutant.name()));
    let kills = side_by_side(lies.map(|mutant| {
        let suite = suite.clone();
        async move { mutation::kill(&suite, mutant, scope).await }
    }))
    .await?;
    let alone =
        Variant::ALL.iter().copied().filter(|variant| wanted(variant.name())).map(|variant| {
            (variant.name().to_owned(), vec![variant], Binding::of_variant(variant).collect::<Vec<_>>())
        });
    let together = (0..arguments.combinations).map(|number| {
        let variants = combination(number);
        let names: Vec<&str> = variants.iter().map(|variant| variant.name()).collect();
        let binding = if number % 2 == 0 { Binding::NetTcp } else { Binding::Http };
        (names.join(" + "), variants, vec![binding])
    });
    let variants = side_by_side(alone.chain(together).map(|(name, variants, bindings)| {
        let suite = suite.clone();
        async move { mutation::pass(&suite, &variants, &bindings).await.map(|passed| (name, passed)) }
    }))
    .await?;
    let whole = scope == Scope::Whole && arguments.globs.is_empty();
    let idle = if whole { mutation::idle(suite, &kills) } else { Vec::new() };
    Ok(Matrix { kills, variants, idle })
}

/// The results of all, in their order, a few at once.
async fn side_by_side<T: Send + 'static>(
    all: impl Iterator<Item = impl Future<Output = Result<T, String>> + Send + 'static>,
) -> Result<Vec<T>, String> {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut set = JoinSet::new();
    for (index, one) in all.enumerate() {
        let room = room.clone();
        set.spawn(async move {
            let _room = room.acquire().await;
            (index, one.await)
        });
    }
    let mut results = set.join_all().await;
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Two to five variants that a number stands for: the same each time.
fn combination(number: u64) -> Vec<Variant> {
    // Steps of a linear congruential generator (Knuth's MMIX constants): any spread will do.
    let mut state = number;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or_default() % below.max(1)
    };
    let mut variants: Vec<Variant> =
        (0..2 + next(4)).filter_map(|_| Variant::ALL.get(next(Variant::ALL.len())).copied()).collect();
    variants.sort_unstable();
    variants.dedup();
    variants
}

/// What all came to.
struct Matrix {
    kills: Vec<Kill>,
    variants: Vec<(String, Passed)>,
    idle: Vec<String>,
}

impl Matrix {
    fn is_whole(&self) -> bool {
        self.kills.iter().all(Kill::is_whole)
            && self.variants.iter().all(|(_, passed)| passed.wrong.is_empty())
            && self.idle.is_empty()
    }

    fn json(&self, suite: &Suite) -> String {
        let passed: Vec<bool> = self.variants.iter().map(|(_, passed)| passed.wrong.is_empty()).collect();
        let rows = Rows {
            mutants: self.kills.iter().map(MutantRow::of).collect(),
            variants: self
                .variants
                .iter()
                .map(|(name, passed)| VariantRow { name, passed: passed.wrong.is_empty(), wrong: &passed.wrong })
                .collect(),
            score: mutation::score(suite, &self.kills, &passed),
            idle_cases: &self.idle,
        };
        serde_json::to_string_pretty(&rows).map(|text| text + "\n").unwrap_or_default()
    }

    fn prose(&self, arguments: &Arguments) -> String {
        let mut out = Prose::new(arguments.color.applies(on_terminal()));
        for kill in &self.kills {
            let (name, requirement) = (kill.mutant.name(), kill.mutant.requirement());
            if kill.killed.is_none() {
                out.title(&format!("survives: {name} ({requirement})")).paragraph(2, kill.mutant.about());
                for found in &kill.instead {
                    out.labelled(2, "found", 6, found);
                }
            }
            for missed in &kill.missed {
                out.title(&format!("not killed by {missed}, which names it: {name} ({requirement})"));
            }
            if arguments.verbose && kill.killed.is_some() {
                out.title(&format!("killed: {name} ({requirement})"));
                for by in &kill.killed_by {
                    out.paragraph(2, by);
                }
            }
        }
        for (name, passed) in &self.variants {
            if !passed.wrong.is_empty() {
                out.title(&format!("does not pass: {name}"));
                for wrong in &passed.wrong {
                    out.paragraph(2, wrong);
                }
            }
        }
        for case in &self.idle {
            out.title(&format!("kills nothing: {case}"));
        }
        let by = |how| self.kills.iter().filter(|kill| kill.killed == Some(how)).count();
        let (found, silent) = (by(Killed::ByFinding), by(Killed::BySilence));
        out.gap().paragraph(
            0,
            &format!(
                "{} mutants: {} killed ({found} by a finding, {silent} by silence), {} survive",
                self.kills.len(),
                found + silent,
                self.kills.len() - found - silent
            ),
        );
        let passed = self.variants.iter().filter(|(_, passed)| passed.wrong.is_empty()).count();
        out.paragraph(0, &format!("{} variants and combinations: {passed} pass", self.variants.len()));
        out.finish()
    }
}

#[derive(Serialize)]
struct Rows<'a> {
    mutants: Vec<MutantRow<'a>>,
    variants: Vec<VariantRow<'a>>,
    idle_cases: &'a [String],
    /// Of what was met: `cases/score.json` has that of all.
    score: Score,
}

#[derive(Serialize)]
struct MutantRow<'a> {
    name: &'a str,
    requirement: &'a str,
    killed: bool,
    by_silence: bool,
    killed_by: &'a [String],
    named_case: Option<&'a String>,
    named_cases: &'a [String],
    missed: &'a [String],
}

impl<'a> MutantRow<'a> {
    fn of(kill: &'a Kill) -> Self {
        Self {
            name: kill.mutant.name(),
            requirement: kill.mutant.requirement(),
            killed: kill.killed.is_some(),
            by_silence: kill.killed == Some(Killed::BySilence),
            killed_by: &kill.killed_by,
            named_case: kill.named.first(),
            named_cases: &kill.named,
            missed: &kill.missed,
        }
    }
}

#[derive(Serialize)]
struct VariantRow<'a> {
    name: &'a str,
    passed: bool,
    wrong: &'a [String],
}

#[cfg(test)]
mod tests {
    use super::combination;

    #[test]
    fn combinations_are_several_variants_the_same_each_time() {
        let all: Vec<_> = (0..500).map(combination).collect();
        assert_eq!(all, (0..500).map(combination).collect::<Vec<_>>());
        assert!(all.iter().all(|variants| (1..=5).contains(&variants.len())));
        assert!(all.iter().filter(|variants| variants.len() > 1).count() > 480);
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert!(distinct.len() > 480, "{}", distinct.len());
    }
}
