//! `ipamspec explain`: a requirement, a ruling, a case, a machine or a state of one in prose.
//!
//! Leaves out verdicts: what a target made of it stands in the report.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use super::{colour::Colour, loading, on_terminal, print, refuse};
use crate::{
    case::{Case, Glob, Step, StepKind, Suite, words},
    model::{MACHINES, Walk, machine_svg},
    reference::Mutant,
    report::{Prose, words::count},
    spec::RequirementId,
    verdict::{MachineRecord, Requirement, Ruling, exit},
};

/// How wide a label is.
const LABEL: usize = 12;
/// How many cases of one file are named before the rest is counted.
const NAMED: usize = 12;

/// The arguments of `explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A requirement, a ruling, a case, the file of a matrix, a glob of these; a machine, or a state of one. What it is may
    /// stand before it, as in `machine IIpamOperationWithProgress`
    #[arg(value_name = "ID", required = true)]
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
    if arguments.svg {
        return match drawn(&id_of(&arguments.id)) {
            Ok(svg) => {
                print(&svg);
                exit::GREEN
            }
            Err(message) => refuse(&message),
        };
    }
    let suite = match loading::suite(&arguments.cases) {
        Ok(suite) => suite,
        Err(refused) => return refused.tell(arguments.color),
    };
    match explained(&suite, &id_of(&arguments.id), arguments.color.applies(on_terminal())) {
        Ok(text) => {
            print(&text);
            exit::GREEN
        }
        Err(message) => refuse(&message),
    }
}

/// The picture of a machine.
fn drawn(name: &str) -> Result<String, String> {
    let machine = MACHINES.into_iter().find(|machine| machine.name == name);
    machine.map(|machine| machine_svg(machine, &Walk::default())).ok_or_else(|| {
        let near = loading::suggestion(name, MACHINES.iter().map(|machine| machine.name));
        format!("--svg draws a machine, and none is called `{name}`{near}")
    })
}

/// The id among the words that were given: what it is may stand before it, and a state has several words.
fn id_of(words: &[String]) -> String {
    const KINDS: [&str; 5] = ["requirement", "ruling", "case", "machine", "state"];
    match words {
        [kind, rest @ ..] if !rest.is_empty() && KINDS.contains(&kind.as_str()) => rest.join(" "),
        words => words.join(" "),
    }
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
    for machine in MACHINES {
        let record = machine.record();
        if glob.matches(machine.name) {
            of_machine(&mut out, suite, machine.figure, &record);
        }
        for state in record.states.iter().filter(|state| state.eq_ignore_ascii_case(id)) {
            of_state(&mut out, &record, state);
        }
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
        .chain(suite.cases.iter().map(|case| case.id.as_str()))
        .chain(MACHINES.iter().map(|machine| machine.name));
    let near = loading::suggestion(id, known);
    Err(format!("no requirement, ruling, case, machine or state is called `{id}`{near}"))
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
    if let Some(missing) = &requirement.undecided {
        out.labelled(2, "undecided", LABEL, missing);
    }
    if !requirement.digests.is_empty() {
        let digests: Vec<&str> = requirement.digests.iter().map(|name| name.digest.as_str()).collect();
        out.labelled(2, "sentences", LABEL, &digests.join(", "));
    }
    if let Some(ruling) = requirement.ruling.as_ref().and_then(|id| suite.catalogue.rulings.get(id)) {
        out.labelled(2, "ruling", LABEL, &format!("{}: {}", ruling.id, ruling.reading));
    }
    deciding(out, suite, "decided by", |case| case.requirements.contains(&requirement.id));
    mutants(out, &loading::mutants(&requirement.id, suite));
}

/// A machine as the document draws it: each state with what leads out of it.
fn of_machine(out: &mut Prose, suite: &Suite, figure: u8, machine: &MachineRecord) {
    out.gap().title(&format!("machine {}", machine.name));
    out.labelled(2, "document", LABEL, &format!("[MS-IPAMM2] {}, figure {figure}", machine.section));
    let (states, transitions) = (machine.states.len(), machine.transitions.len());
    out.labelled(2, "size", LABEL, &format!("{}, {}", count(states, "state"), count(transitions, "transition")));
    for state in &machine.states {
        out.gap().paragraph(2, state);
        leaving(out, machine, state);
    }
    let named: BTreeSet<&str> = machine.transitions.iter().filter_map(|way| way.requirement.as_deref()).collect();
    out.gap();
    let known = suite.catalogue.requirements.values().filter(|known| named.contains(known.id.as_str()));
    for (at, requirement) in known.enumerate() {
        out.labelled(2, if at == 0 { "rests on" } else { "" }, LABEL, requirement.id.as_str());
    }
}

/// What leads out of a state.
fn leaving(out: &mut Prose, machine: &MachineRecord, state: &str) {
    for way in machine.transitions.iter().filter(|way| way.from == *state) {
        let stays = way.to == *state;
        let to = if stays { "stays".to_owned() } else { format!("to {}", way.to) };
        let when = way.when.as_ref().map(|when| format!(" [{when}]")).unwrap_or_default();
        out.paragraph(4, &format!("- {}{when}: {to}", way.event));
    }
}

fn of_state(out: &mut Prose, machine: &MachineRecord, state: &str) {
    out.gap().title(&format!("state {state}"));
    out.labelled(2, "machine", LABEL, &machine.name);
    out.labelled(2, "document", LABEL, &format!("[MS-IPAMM2] {}", machine.section));
    out.gap().paragraph(2, "What leads to it:");
    for way in machine.transitions.iter().filter(|way| way.to == *state && way.from != *state) {
        out.paragraph(4, &format!("- {}: from {}", way.event, way.from));
    }
    out.gap().paragraph(2, "What may come in it:");
    leaving(out, machine, state);
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
    fn machines_and_their_states_are_told() {
        let suite = sample();
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let id = id_of(&words("machine IIpamOperationWithProgress"));
        let text = explained(&suite, &id, false).unwrap();
        assert!(text.contains("3.19.1.1, figure 13") && text.contains("StartProgressCallback"), "{text}");
        let id = id_of(&words("state OperationWithProgress Started"));
        assert!(explained(&suite, &id, false).unwrap().contains("What may come in it"));
        assert_eq!(id_of(&words("fault-origin")), "fault-origin");
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
        let stands = |line: &str| {
            let begins = |word| line.trim_start().starts_with(word);
            let is_written = begins("SizedEnvelopeRecord") || begins("Handshake") || begins("bytes ");
            line.contains('<') || is_written || begins("decided by")
        };
        let long: Vec<&str> = long.filter(|line| line.split_whitespace().count() > 2 && !stands(line)).collect();
        assert!(long.is_empty(), "{long:#?}");
    }

    #[test]
    fn a_machine_is_drawn() {
        for known in MACHINES {
            assert!(drawn(known.name).unwrap().starts_with("<svg "));
        }
        let message = drawn("IIpamOperationWithProgres").unwrap_err();
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
