//! The suite: every case file and every file of the catalogue, loaded, held against each other, and expanded.
//!
//! Leaves out where the files come from. Every mistake of every file is told at once.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::{
    catalogue::{self, Reference},
    digests,
    draft::{self, Draft},
    expand, id,
    mistake::{Mistake, MistakeKind, Mistakes, SourceFile, Told, shown, suggest},
    model::{Answer, Case},
    revision,
    step::StepDraft,
    twin::{self, Difference},
};
use crate::{
    spec::{Level, RequirementId},
    verdict::{Catalogue, FileDigests, check::hex},
};

/// Cases and catalogue.
#[derive(Debug, Clone)]
pub struct Suite {
    /// The expanded cases, by id.
    pub cases: Vec<Case>,
    /// The requirements and rulings.
    pub catalogue: Catalogue,
    /// A digest of the paths and texts of all files, 64 hexadecimal digits: the default seed of a run.
    pub digest: String,
    /// Digests of the case files, by path.
    pub files: BTreeMap<String, FileDigests>,
    /// The suite revision that it is at: the newest, unless an older one was asked for.
    pub revision: u32,
}

/// A case file, what it says, and what was told of it.
struct Loaded {
    draft: Option<Draft>,
    cases: Vec<Case>,
    told: Told,
}

impl Suite {
    /// Loads a suite: files under `requirements/` are the catalogue, all others are cases.
    ///
    /// # Errors
    /// Every mistake of every file.
    pub fn load(given: &[SourceFile]) -> Result<Self, Mistakes> {
        let mut files: Vec<&SourceFile> = given.iter().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut mistakes = clashes(&files);
        files.dedup_by(|a, b| a.path == b.path);

        let (mut of_catalogue, of_cases): (Vec<&SourceFile>, Vec<_>) =
            files.iter().partition(|file| file.path.starts_with(catalogue::FOLDER));
        // In the order given: what says a thing again is told, not what said it first.
        of_catalogue.sort_by_key(|file| given.iter().position(|other| std::ptr::eq(other, *file)));
        let (catalogue, is_whole) = read_catalogue(&of_catalogue, &mut mistakes);
        let files_of_cases =
            of_cases.iter().filter_map(|file| Some((file.path.to_string(), digests::digests(file)?))).collect();
        let mut loaded: Vec<Loaded> = of_cases.into_iter().map(load).collect();
        for loaded in &mut loaded {
            if let Some(draft) = &loaded.draft {
                hold_against_catalogue(draft, &catalogue, is_whole, &mut loaded.told);
            }
        }
        hold_against_twins(&mut loaded);

        let mut cases = Vec::new();
        for loaded in loaded {
            cases.extend(loaded.cases);
            mistakes.extend(loaded.told.into_mistakes());
        }
        if let Some(mistakes) = Mistakes::of(mistakes) {
            return Err(mistakes);
        }
        for case in &mut cases {
            let level = |id| catalogue.requirements.get(id).map(|requirement| requirement.level);
            case.level = case.requirements.iter().filter_map(level).max().unwrap_or(Level::Observe);
        }
        cases.sort_by(|a, b| a.id.cmp(&b.id));
        let revision = revision::settle(&mut cases, &catalogue);
        Ok(Self { cases, catalogue, digest: digest(&files), files: files_of_cases, revision })
    }

    /// The case of this id.
    pub fn case(&self, id: &str) -> Option<&Case> {
        let at = self.cases.binary_search_by(|case| case.id.as_str().cmp(id)).ok()?;
        self.cases.get(at)
    }
}

/// Line ends do not count: a checkout may change them.
fn digest(files: &[&SourceFile]) -> String {
    let mut digest = Sha256::new();
    for file in files {
        let text = file.text.replace("\r\n", "\n");
        for part in [&*file.path, &text] {
            digest.update(part.as_bytes());
            digest.update([0]);
        }
    }
    hex(&digest.finalize())
}

/// Two files of one path, and files of another kind.
fn clashes(sorted: &[&SourceFile]) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut tell = |file: &SourceFile, message: String, help: &str| {
        let mut mistake = Mistake::new(file, 0..0, MistakeKind::BadValue, message);
        mistake.help(help);
        mistakes.push(mistake);
    };
    for (file, next) in sorted.iter().zip(sorted.iter().skip(1)) {
        if file.path == next.path {
            tell(next, format!("the suite has a file {} already", shown(&next.path)), "give it another name");
        }
    }
    for file in sorted {
        if file.path.strip_suffix(".toml").is_none_or(str::is_empty) {
            tell(file, format!("{} is no case file", shown(&file.path)), "the name of a case file ends in `.toml`");
        }
    }
    mistakes
}

/// The catalogue, and whether all of it could be read.
fn read_catalogue(files: &[&SourceFile], mistakes: &mut Vec<Mistake>) -> (Catalogue, bool) {
    let mut catalogue = Catalogue::default();
    let read: Vec<(Told, Vec<Reference>)> = files
        .iter()
        .map(|file| {
            let mut told = Told::new(file);
            let references = catalogue::read(&mut catalogue, &mut told);
            (told, references)
        })
        .collect();
    let mut is_whole = true;
    for (mut told, references) in read {
        is_whole &= told.count() == 0;
        for reference in references {
            reference.hold_against(&catalogue, &mut told);
        }
        mistakes.extend(told.into_mistakes());
    }
    if let (true, [first, ..]) = (catalogue.revision.is_empty() && is_whole, files) {
        let mut mistake =
            Mistake::new(first, 0..0, MistakeKind::MissingKey, "no file of the catalogue names the revision");
        mistake.help("write revision = \"12.0\" in one of them");
        mistakes.push(mistake);
    }
    (catalogue, is_whole)
}

fn load(file: &SourceFile) -> Loaded {
    let mut told = Told::new(file);
    let draft = draft::read(file, &mut told);
    let cases = draft.as_ref().map(|draft| expand::expand(draft, &mut told)).unwrap_or_default();
    Loaded { draft, cases, told }
}

fn hold_against_catalogue(draft: &Draft, catalogue: &Catalogue, is_whole: bool, told: &mut Told) {
    for (id, span) in draft.requirements.iter().chain(&draft.mentioned) {
        match catalogue.requirements.get(id) {
            Some(requirement) if requirement.untestable.is_some() => {
                told.bad_value(span.clone(), format!("the catalogue says that no case can decide `{id}`"))
                    .help("leave it out here, or `untestable` there");
            }
            None if is_whole => {
                let known = catalogue.requirements.keys();
                let help = suggest(id.as_str(), known.map(RequirementId::as_str));
                let help = help.or_else(|| Some(format!("write it down in a file below {}", catalogue::FOLDER)));
                told.bad_value(span.clone(), format!("`{id}` is not in the catalogue")).help = help;
            }
            _ => {}
        }
    }
    let level = |id: &RequirementId| catalogue.requirements.get(id).map(|requirement| requirement.level);
    // Only what is judged can be lied about.
    if draft.mutant.is_none() && draft.requirements.iter().any(|(id, _)| level(id).is_some_and(|l| l != Level::Observe))
    {
        told.tell(MistakeKind::MissingKey, 0..0, "`mutant` is missing in the file")
            .help("write mutant = \"the-lie-that-the-case-catches\"; only what is observed has none");
    }
    if let Some(span) = &draft.generate_span
        && !draft.steps.iter().skip_while(|step| !takes_made_up(step, draft)).any(|step| can_fail(step, &level))
    {
        told.bad_value(span.clone(), "whatever is made up, nothing can fail")
            .help("expect a reply, a fault or a value, of a requirement that is not only observed");
    }
    // Otherwise a server that refuses everything would pass. In a scenario of the lab the state alone may refuse.
    if draft.twin.is_none() && draft.scenario.is_none() && draft.expects_refusal() {
        told.tell(MistakeKind::MissingKey, 0..0, "`twin` is missing in the file")
            .help("write twin = \"folder/case\", the passing case from which the refused request differs in one place");
    }
    for (id, span) in &draft.toothless {
        if level(id).is_some_and(|level| level != Level::Observe) {
            told.bad_value(span.clone(), "nothing can fail here")
                .help("expect a reply, a fault, a value or a snapshot; only what is observed may come as it likes");
        }
    }
}

/// Whether a request holds what is made up.
fn takes_made_up(step: &StepDraft, draft: &Draft) -> bool {
    step.holes().any(|hole| draft.names.generated.contains_key(hole))
}

/// Whether the target can fail a step.
fn can_fail(step: &StepDraft, level: &impl Fn(&RequirementId) -> Option<Level>) -> bool {
    let judges = |id: &RequirementId| level(id) != Some(Level::Observe);
    step.step.expect.as_ref().is_some_and(|expect| {
        (expect.answer != Answer::Either && judges(&expect.requirement))
            || expect.values.iter().any(|value| judges(&value.requirement))
    })
}

/// A twin exists, leads to no circle, and differs in one place.
fn hold_against_twins(loaded: &mut [Loaded]) {
    let cases: BTreeMap<&str, &Case> =
        loaded.iter().flat_map(|loaded| &loaded.cases).map(|case| (case.id.as_str(), case)).collect();
    // Of a file that is wrong, cases may be missing.
    let broken: Vec<String> = loaded
        .iter()
        .filter(|loaded| loaded.told.count() > 0)
        .map(|loaded| id::of(&loaded.told.file().path, &[]))
        .collect();
    let mut found: Vec<Vec<(String, Option<String>)>> = Vec::new();
    for loaded in loaded.iter() {
        let mut of_file: Vec<(String, Option<String>)> = Vec::new();
        for case in &loaded.cases {
            let Some(name) = &case.twin else { continue };
            let mistake = match cases.get(name.as_str()) {
                None if broken.iter().any(|file| name.starts_with(file.as_str())) => None,
                None => {
                    let help = suggest(name, cases.keys().copied());
                    let help = help.or_else(|| Some("write the id of a case, its matrix included".to_owned()));
                    Some((format!("there is no case {}", super::mistake::shown_within(name, 120)), help))
                }
                Some(twin) if returns(case, &cases) => {
                    let help = "the last twin is a case that passes and has none";
                    Some((format!("the twins lead back to `{}`", twin.id), Some(help.to_owned())))
                }
                Some(_) if loaded.told.count() > 0 => None,
                Some(twin) => match twin::difference(case, twin) {
                    Difference::One => None,
                    Difference::None => Some(("the twin does not differ".to_owned(), None)),
                    Difference::Many => {
                        let help = "a twin differs in one text, one attribute, one element or the action";
                        Some((format!("`{}` differs in more than one place", case.id), Some(help.to_owned())))
                    }
                    Difference::Incomparable => {
                        let help = "one step of each asks for the same operation, or sends an envelope";
                        Some(("the twin has no request to compare with".to_owned(), Some(help.to_owned())))
                    }
                },
            };
            of_file.extend(mistake);
        }
        of_file.dedup();
        found.push(of_file);
    }
    for (loaded, found) in loaded.iter_mut().zip(found) {
        let Some((_, span)) = loaded.draft.as_ref().and_then(|draft| draft.twin.clone()) else { continue };
        for (message, help) in found {
            loaded.told.bad_value(span.clone(), message).help = help;
        }
    }
}

/// Whether the twins of a case lead in a circle.
fn returns(case: &Case, cases: &BTreeMap<&str, &Case>) -> bool {
    let mut seen = BTreeSet::new();
    let mut next = Some(case);
    while let Some(case) = next {
        if !seen.insert(case.id.as_str()) {
            return true;
        }
        next = case.twin.as_deref().and_then(|twin| cases.get(twin).copied());
    }
    false
}

#[cfg(test)]
#[path = "suite_tests.rs"]
mod tests;
