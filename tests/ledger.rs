//! The catalogue against the documents that it was read from: every sentence that binds is answered for, by a requirement
//! of its section and level. What no case decides yet is told by name, as a trial that is ignored.
//!
//! The documents stand in the folder that `IPAMSPEC_SPECIFICATIONS` names, or in `../shared/spec`; where neither is there,
//! what needs them is ignored and says so. Leaves out whether what is decided is verified (`tests/catalogue.rs`).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use ipamspec::{
    api::{self, Level, Suite},
    verdict::{Catalogue, Drift, Requirement, Sentence, SentenceDigest, Source, Specification},
};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let suite = Arc::new(Suite::load(&api::embedded()).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))));
    let folder = folder();
    let mut trials: Vec<Trial> = Vec::new();
    for source in suite.catalogue.sources.values().filter(|source| !source.covers.is_empty()) {
        let holds: [(&str, Hold); 2] = [
            ("every sentence that binds is answered for", every_sentence),
            ("requirements agree with them", agreement),
        ];
        for (what, hold) in holds {
            let (suite, source, folder) = (suite.clone(), source.clone(), folder.clone());
            let trial = Trial::test(format!("{}: {what}", source.name), move || {
                let folder = folder.ok_or("there is no folder of specifications")?;
                hold(&suite.catalogue, &read(&folder, &source)?)
            });
            trials.push(needs(trial, has_specifications()));
        }
    }
    trials.push(needs(
        Trial::test("digests are those of the table of sentences", move || table(folder.as_deref())),
        has_table(),
    ));
    let held = suite.clone();
    trials.push(Trial::test("what a case decides is not said to be undecided", move || stale(&held)));
    let held = suite.clone();
    trials.push(Trial::test("the revision is that of MS-IPAMM2", move || revision(&held.catalogue)));
    for requirement in suite.catalogue.requirements.values() {
        if let Some(missing) = &requirement.undecided {
            let name = format!("{} ({} {}): {missing}", requirement.id, requirement.document, requirement.section);
            trials.push(Trial::test(name, || Ok(())).with_kind("not decided yet").with_ignored_flag(true));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

type Told = Result<(), Failed>;
/// Holds the catalogue against a document.
type Hold = fn(&Catalogue, &Specification) -> Told;

fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("IPAMSPEC_SPECIFICATIONS").map(PathBuf::from);
    let beside = || Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/spec")).filter(|folder| folder.is_dir());
    named.or_else(beside)
}

fn has_specifications() -> bool {
    folder().is_some()
}

fn has_table() -> bool {
    folder().is_some_and(|folder| folder.join("sentences.tsv").is_file())
}

fn needs(trial: Trial, there: bool) -> Trial {
    if there { trial } else { trial.with_kind("no specifications here").with_ignored_flag(true) }
}

fn read(folder: &Path, source: &Source) -> Result<Specification, Failed> {
    let path = folder.join(format!("{}.md", source.name));
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Specification::read(&text).ok_or_else(|| format!("{} is no specification", path.display()))?)
}

/// All of them at once, so that a new revision is read once.
fn told(lines: &[String]) -> Told {
    if lines.is_empty() { Ok(()) } else { Err(lines.join("\n").into()) }
}

fn every_sentence(catalogue: &Catalogue, specification: &Specification) -> Told {
    let drift = Drift::of(catalogue, specification).ok_or("the catalogue was not read from it")?;
    let mut lines = Vec::new();
    if drift.read != drift.given {
        lines.push(format!("read from {:?}, and this is {:?}", drift.read, drift.given));
    }
    let unknown = drift.rows.iter().map(|row| format!("{}: {:?} is no sentence of it", row.requirement, row.digest));
    lines.extend(unknown);
    let unclaimed =
        drift.new.iter().map(|new| format!("{} {} is answered for by nothing: {}", new.section, new.digest, new.text));
    lines.extend(unclaimed);
    told(&lines)
}

/// A requirement answers for sentences of its sections. Of the levels that a sentence has, some requirement has one, or
/// rests on a ruling; and none has another.
fn agreement(catalogue: &Catalogue, specification: &Specification) -> Told {
    let sentences: BTreeMap<&SentenceDigest, &Sentence> =
        specification.sentences.iter().map(|sentence| (&sentence.digest, sentence)).collect();
    let mut lines = Vec::new();
    let mut answered: BTreeMap<&SentenceDigest, Vec<&Requirement>> = BTreeMap::new();
    for requirement in catalogue.requirements.values() {
        for name in requirement.digests.iter().filter(|name| name.document == specification.name) {
            let Some(sentence) = sentences.get(&name.digest) else { continue };
            answered.entry(&name.digest).or_default().push(requirement);
            if !requirement.speaks_of(&specification.name, &sentence.section) {
                lines.push(format!(
                    "{} of {} answers for one of {}",
                    requirement.id, requirement.section, sentence.section
                ));
            }
            let free =
                sentence.levels.is_empty() || requirement.level == Level::Observe || requirement.ruling.is_some();
            if !free && !sentence.levels.contains(&requirement.level) {
                lines.push(format!("{} is a {}: {}", requirement.id, requirement.level, sentence.text));
            }
        }
    }
    // What has none of the words binds as a must does, or a ruling says why not.
    for requirement in catalogue.requirements.values().filter(|row| row.ruling.is_none()) {
        let names = requirement.digests.iter().filter(|name| name.document == specification.name);
        let said: Vec<_> = names.filter_map(|name| sentences.get(&name.digest)).collect();
        let weak = matches!(requirement.level, Level::Should | Level::May);
        if weak && !said.is_empty() && said.iter().all(|sentence| sentence.levels.is_empty()) {
            lines.push(format!("{} is a {} of sentences without the word", requirement.id, requirement.level));
        }
    }
    for (digest, requirements) in &answered {
        let Some(sentence) = sentences.get(digest) else { continue };
        let answers = |row: &&Requirement| row.ruling.is_some() || sentence.levels.contains(&row.level);
        if !sentence.levels.is_empty() && !requirements.iter().any(answers) {
            let ids: Vec<&str> = requirements.iter().map(|row| row.id.as_str()).collect();
            lines.push(format!("{} {digest} is only observed, by {}", sentence.section, ids.join(", ")));
        }
    }
    told(&lines)
}

/// The digests that the table gives are those that are computed here.
fn table(folder: Option<&Path>) -> Told {
    let folder = folder.ok_or("there is no folder of specifications")?;
    let rows = std::fs::read_to_string(folder.join("sentences.tsv"))?;
    let mut given: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in rows.lines().skip(1) {
        let mut columns = row.split('\t');
        let (document, digest) = (columns.next().ok_or("no document")?, columns.nth(2).ok_or("no digest")?);
        given.entry(document).or_default().insert(digest);
    }
    let mut lines = Vec::new();
    for (document, digests) in given {
        let text = std::fs::read_to_string(folder.join(format!("{document}.md")))?;
        let specification = Specification::read(&text).ok_or("no specification")?;
        let bind = specification.sentences.iter().filter(|sentence| !sentence.levels.is_empty());
        let computed: BTreeSet<&str> = bind.map(|sentence| sentence.digest.as_str()).collect();
        lines.extend(computed.symmetric_difference(&digests).map(|digest| format!("{document}: {digest}")));
    }
    told(&lines)
}

fn stale(suite: &Suite) -> Told {
    let mut lines = Vec::new();
    for requirement in suite.catalogue.requirements.values().filter(|requirement| requirement.undecided.is_some()) {
        let deciding = suite.cases.iter().find(|case| case.requirements.contains(&requirement.id));
        lines
            .extend(deciding.map(|case| format!("{} is decided by {}: take `undecided` out", requirement.id, case.id)));
    }
    told(&lines)
}

fn revision(catalogue: &Catalogue) -> Told {
    let source = catalogue.sources.get("MS-IPAMM2").ok_or("it is not among the documents")?;
    if source.version == catalogue.revision { Ok(()) } else { Err(format!("{source:?}").into()) }
}
