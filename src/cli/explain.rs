//! `ipamspec explain`: a requirement, a ruling or a case in prose; a machine in words or as a picture.
//!
//! Leaves out verdicts: what a target made of it stands in the report.

use std::{collections::BTreeMap, path::PathBuf};

use super::{colour::Colour, loading, on_terminal, print, refuse};
use crate::{
    case::{Case, Glob, Step, StepKind, Suite, words},
    model::{MACHINES, Walk, machine_svg, machine_text},
    reference::Mutant,
    report::{Prose, words::count},
    spec::RequirementId,
    verdict::{Requirement, Ruling, exit},
};

/// How wide a label is.
const LABEL: usize = 12;
/// How many cases of one file are named before the rest is counted.
const NAMED: usize = 12;

/// The arguments of `explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A requirement, a ruling, a case, the file of a matrix, or a glob of these; or `machine` and its name
    #[arg(value_name = "ID", required = true, num_args = 1..=2)]
    id: Vec<String>,
    /// Draw the machine as SVG
    #[arg(long)]
    svg: bool,
    /// Add the case files of a folder to the suite
    #[arg(long, value_name = "DIR")]
    cases: Vec<PathBuf>,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: Colour,
}

/// Explains, and gives the exit code.
pub(super) fn explain(arguments: &Arguments) -> u8 {
    let id = match arguments.id.as_slice() {
        [word, name] if word == "machine" => {
            return match machine(name, arguments.svg) {
                Ok(text) => {
                    print(&text);
                    exit::GREEN
                }
                Err(message) => refuse(&message),
            };
        }
        [id] if !arguments.svg => id,
        [_] => return refuse("--svg draws a machine: write `ipamspec explain machine NAME --svg`"),
        _ => return refuse("one thing is explained at a time; two words are `machine` and the name of one"),
    };
    let suite = match loading::suite(&arguments.cases) {
        Ok(suite) => suite,
        Err(refused) => return refused.tell(arguments.color),
    };
    match explained(&suite, id, arguments.color.applies(on_terminal())) {
        Ok(text) => {
            print(&text);
            exit::GREEN
        }
        Err(message) => refuse(&message),
    }
}

/// A machine, in words or as a picture.
fn machine(name: &str, svg: bool) -> Result<String, String> {
    let Some(machine) = MACHINES.into_iter().find(|machine| machine.name == name) else {
        let names = MACHINES.map(|machine| machine.name);
        let near = loading::suggestion(name, names.into_iter());
        return Err(format!("no machine is called `{name}`{near}; there are: {}", names.join(", ")));
    };
    Ok(if svg { machine_svg(machine, &Walk::default()) } else { machine_text(machine, &Walk::default()) })
}

/// What there is to say of an id.
fn explained(suite: &Suite, id: &str, colour: bool) -> Result<String, String> {
    let glob = Glob::parse(id);
    let file = format!("{}.toml", id.strip_suffix(".toml").unwrap_or(id).trim_end_matches('/'));
    let mut out = Prose::new(colour);
    for requirement in suite.catalogue.requirements.values().filter(|known| glob.matches(known.id.as_str())) {
        of_requirement(&mut out, suite, requirement);
    }
    for ruling in suite.catalogue.rulings.values().filter(|known| glob.matches(&known.id)) {
        of_ruling(&mut out, suite, ruling);
    }
    for (_, cases) in by_file(suite.cases.iter().filter(|case| glob.matches(&case.id) || *case.file == *file)) {
        of_cases(&mut out, suite, &cases);
    }
    let text = out.finish();
    if !text.is_empty() {
        return Ok(text);
    }
    let files = suite.cases.iter().filter_map(|case| case.file.strip_suffix(".toml"));
    let known = suite
        .catalogue
        .requirements
        .keys()
        .map(RequirementId::as_str)
        .chain(suite.catalogue.rulings.keys().map(String::as_str))
        .chain(files)
        .chain(suite.cases.iter().map(|case| case.id.as_str()));
    let near = loading::suggestion(id, known);
    Err(format!("no requirement, ruling or case is called `{id}`{near}"))
}

fn by_file<'a>(cases: impl Iterator<Item = &'a Case>) -> BTreeMap<&'a str, Vec<&'a Case>> {
    let mut files: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in cases {
        files.entry(&case.file).or_default().push(case);
    }
    files
}

fn of_requirement(out: &mut Prose, suite: &Suite, requirement: &Requirement) {
    out.gap().title(&format!("requirement {}", requirement.id));
    out.paragraph(2, &requirement.text).gap();
    out.labelled(2, "document", LABEL, &format!("[{}] {}", requirement.document, requirement.section));
    out.labelled(2, "level", LABEL, requirement.level.as_str());
    if requirement.by_silence {
        let text = "by silence: what it asks for may not show, and is then inconclusive, never a breach";
        out.labelled(2, "judged", LABEL, text);
    }
    if let Some(reason) = &requirement.untestable {
        out.labelled(2, "untestable", LABEL, reason);
    }
    if let Some(ruling) = requirement.ruling.as_ref().and_then(|id| suite.catalogue.rulings.get(id)) {
        out.labelled(2, "ruling", LABEL, &format!("{}: {}", ruling.id, ruling.reading));
    }
    deciding(out, suite, "decided by", |case| case.requirements.contains(&requirement.id));
    mutants(out, &loading::mutants(&requirement.id, suite));
}

fn of_ruling(out: &mut Prose, suite: &Suite, ruling: &Ruling) {
    out.gap().title(&format!("ruling {}", ruling.id));
    out.labelled(2, "sections", LABEL, &ruling.sections.join(", "));
    out.labelled(2, "trouble", LABEL, &ruling.trouble);
    out.labelled(2, "we read", LABEL, &ruling.reading);
    let rests: Vec<&Requirement> = suite
        .catalogue
        .requirements
        .values()
        .filter(|requirement| requirement.ruling.as_deref() == Some(&ruling.id))
        .collect();
    for (at, requirement) in rests.iter().enumerate() {
        let label = if at == 0 { "rests on it" } else { "" };
        out.labelled(2, label, LABEL, &format!("{} ({})", requirement.id, requirement.level));
    }
    deciding(out, suite, "decided by", |case| {
        rests.iter().any(|requirement| case.requirements.contains(&requirement.id))
    });
}

/// The files whose cases are such, each with how many of them.
fn deciding(out: &mut Prose, suite: &Suite, label: &str, is_such: impl Fn(&Case) -> bool) {
    let files = by_file(suite.cases.iter().filter(|case| is_such(case)));
    if files.is_empty() {
        out.labelled(2, label, LABEL, "no case");
    }
    for (at, (file, cases)) in files.iter().enumerate() {
        let name = match cases.as_slice() {
            [case] => case.id.clone(),
            cases => format!("{} ({})", file.trim_end_matches(".toml"), count(cases.len(), "case")),
        };
        out.labelled(2, if at == 0 { label } else { "" }, LABEL, &name);
    }
}

fn mutants(out: &mut Prose, mutants: &[Mutant]) {
    for (at, mutant) in mutants.iter().enumerate() {
        let label = if at == 0 { "broken by" } else { "" };
        out.labelled(2, label, LABEL, &format!("{}: {}", mutant.name(), mutant.about()));
    }
}

/// The cases of one file that were asked for; what differs between them is the matrix.
fn of_cases(out: &mut Prose, suite: &Suite, cases: &[&Case]) {
    let Some(first) = cases.first() else { return };
    out.gap();
    match cases {
        [case] => out.title(&format!("case {}", case.id)),
        _ => out.title(&format!("{} of {}", count(cases.len(), "case"), first.file)),
    };
    out.paragraph(2, &first.about).gap();
    if cases.len() > 1 {
        for (at, case) in cases.iter().take(NAMED).enumerate() {
            out.labelled(2, if at == 0 { "cases" } else { "" }, LABEL, &case.id);
        }
        if let Some(more) = cases.len().checked_sub(NAMED + 1) {
            out.labelled(2, "", LABEL, &format!("and {} more", more + 1));
        }
    }
    for (at, id) in first.requirements.iter().enumerate() {
        let text = match suite.catalogue.requirements.get(id) {
            Some(known) => format!("{id} ({}, [{}] {}): {}", known.level, known.document, known.section, known.text),
            None => id.to_string(),
        };
        out.labelled(2, if at == 0 { "decides" } else { "" }, LABEL, &text);
    }
    for (at, ruling) in rulings(suite, first).iter().enumerate() {
        out.labelled(2, if at == 0 { "ruling" } else { "" }, LABEL, &format!("{}: {}", ruling.id, ruling.reading));
    }
    out.labelled(2, "effect", LABEL, first.effect.as_str());
    if let Some(mutant) = &first.mutant {
        let about = Mutant::named(mutant).map(|known| format!(": {}", known.about())).unwrap_or_default();
        out.labelled(2, "catches", LABEL, &format!("{mutant}{about}"));
    }
    if let Some(twin) = &first.twin {
        out.labelled(2, "twin", LABEL, twin);
    }
    if let Some(generate) = &first.generate {
        out.labelled(2, "makes up", LABEL, &words::generated(generate));
    }
    if let Some(scenario) = &first.scenario {
        out.labelled(2, "lab", LABEL, &format!("scenario {scenario}: only on the reference server"));
    }
    if !first.needs.is_empty() {
        let needs: Vec<&str> = first.needs.iter().map(String::as_str).collect();
        out.labelled(2, "needs", LABEL, &format!("[vars] {} in the target file", needs.join(", ")));
    }
    out.labelled(2, "where", LABEL, &format!("{}:{}", first.file, first.line));
    if cases.len() > 1 {
        out.gap().paragraph(2, &format!("The steps of {}:", first.id));
    }
    for (index, step) in first.steps.iter().enumerate() {
        out.gap().labelled(2, &format!("step {}", index + 1), LABEL, &words::act(step));
        if let Some(poll) = step.poll {
            out.labelled(2, "", LABEL, &words::poll(poll));
        }
        sent(out, step);
        for (at, expected) in words::expectations(step).iter().enumerate() {
            out.labelled(2, if at == 0 { "expects" } else { "" }, LABEL, expected);
        }
        for capture in &step.captures {
            out.labelled(2, "keeps", LABEL, &format!("{} as {{{{{}}}}}", capture.path, capture.name));
        }
    }
}

fn sent(out: &mut Prose, step: &Step) {
    let text = match &step.kind {
        StepKind::Call(call) => call.body.to_string(),
        StepKind::Raw(raw) => raw.envelope.to_string(),
        StepKind::Records(records) => records.lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        _ => return,
    };
    if text.trim().is_empty() {
        out.labelled(2, "sends", LABEL, "an empty element");
    } else {
        out.labelled(2, "sends", LABEL, "").block(4, &text);
    }
}

/// The rulings that the requirements of a case rest on.
fn rulings<'a>(suite: &'a Suite, case: &Case) -> Vec<&'a Ruling> {
    let of = |id| suite.catalogue.requirements.get(id)?.ruling.as_ref();
    let named: Vec<&String> = case.requirements.iter().filter_map(of).collect();
    suite.catalogue.rulings.values().filter(|ruling| named.contains(&&ruling.id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::loading::sample;

    #[test]
    fn output_is_golden() {
        let suite = sample();
        let told = |id| explained(&suite, id, false).unwrap();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../../snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.bind(|| {
            insta::assert_snapshot!("explain_requirement", told("start-task.none-faults"));
            insta::assert_snapshot!("explain_ruling", told("fault-origin"));
            insta::assert_snapshot!("explain_case", told("start_task/refuses/task_type=None"));
            insta::assert_snapshot!("explain_matrix", told("start_task/starts"));
        });
        assert_eq!(told("start_task/starts.toml"), told("start_task/starts"));
        assert_eq!(told("start_task/starts/*"), told("start_task/starts"));
    }

    #[test]
    fn lines_stay_within_80_columns_where_words_allow() {
        let suite = loading::suite(&[]).unwrap();
        let text = explained(&suite, "**", false).unwrap();
        for requirement in suite.catalogue.requirements.keys() {
            assert!(text.contains(&format!("requirement {requirement}\n")), "{requirement}");
        }
        let long = text.lines().filter(|line| line.chars().count() > 80);
        // XML and records stand as they are sent.
        let stands = |line: &str| line.contains('<') || line.trim_start().starts_with("SizedEnvelopeRecord");
        let long: Vec<&str> = long.filter(|line| line.split_whitespace().count() > 2 && !stands(line)).collect();
        assert!(long.is_empty(), "{long:#?}");
    }

    #[test]
    fn a_machine_is_told_in_words_and_drawn() {
        for known in MACHINES {
            let text = machine(known.name, false).unwrap();
            assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
            assert!(machine(known.name, true).unwrap().starts_with("<svg "));
        }
        let message = machine("IIpamOperationWithProgres", false).unwrap_err();
        assert!(message.contains("did you mean `IIpamOperationWithProgress`?"), "{message}");
    }

    #[test]
    fn what_there_is_not_is_refused_with_what_is_near() {
        let suite = sample();
        for (wrong, near) in [
            ("start-task.none-fault", "start-task.none-faults"),
            ("faultorigin", "fault-origin"),
            ("start_task/start", "start_task/starts"),
        ] {
            let message = explained(&suite, wrong, false).unwrap_err();
            assert!(message.ends_with(&format!("did you mean `{near}`?")), "{message}");
        }
    }
}
