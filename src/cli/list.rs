//! `ipamspec list`: what the suite and the reference server hold, one thing a line, or as JSON.
//!
//! Leaves out what each is about in full: that is `explain`.

use std::{collections::BTreeSet, path::PathBuf};

use clap::ValueEnum;
use serde::Serialize;

use super::{colour::Colour, loading, on_terminal, print, refuse};
use crate::{
    case::{Case, Glob, Suite},
    model::MACHINES,
    reference::Mutant,
    report::Prose,
    spec::{Effect, Level, OPERATIONS, Operation, RequirementId},
    verdict::{MachineRecord, Requirement, exit},
};

/// The arguments of `list`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// What to list
    #[arg(value_enum)]
    what: What,
    /// Only those whose id or name matches: `*` within a component, `**` across
    #[arg(value_name = "GLOB")]
    globs: Vec<String>,
    /// Add the case files of a folder to the suite
    #[arg(long, value_name = "DIR")]
    cases: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Say of each what it is about
    #[arg(long, short)]
    verbose: bool,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: Colour,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// Cases, expanded
    Cases,
    /// Requirements of the catalogue
    Requirements,
    /// Operations that cases drive
    Operations,
    /// State machines that sessions are judged by
    Machines,
    /// Lies of the reference server
    Mutants,
}

/// Lists, and gives the exit code.
pub(super) fn list(arguments: &Arguments) -> u8 {
    let suite = match loading::suite(&arguments.cases) {
        Ok(suite) => suite,
        Err(refused) => return refused.tell(arguments.color),
    };
    match listed(&suite, arguments) {
        Ok(text) => {
            print(&text);
            exit::GREEN
        }
        Err(message) => refuse(&message),
    }
}

/// The text of a list.
fn listed(suite: &Suite, arguments: &Arguments) -> Result<String, String> {
    match arguments.what {
        What::Cases => rows("case", arguments, suite.cases.iter().map(CaseRow::of)),
        What::Requirements => rows(
            "requirement",
            arguments,
            suite.catalogue.requirements.values().map(|requirement| RequirementRow::of(requirement, suite)),
        ),
        What::Operations => {
            rows("operation", arguments, OPERATIONS.iter().map(|operation| OperationRow::of(operation, suite)))
        }
        What::Machines => rows("machine", arguments, MACHINES.iter().map(|machine| MachineRow(machine.record()))),
        What::Mutants => rows("mutant", arguments, Mutant::ALL.iter().map(|mutant| MutantRow::of(*mutant, suite))),
    }
}

/// One thing of a list.
trait Row: Serialize {
    fn name(&self) -> &str;
    /// What stands before the name, in columns.
    fn facts(&self) -> String;
    fn about(&self) -> String;
    /// Why it is not as one would expect, where it is not.
    fn reason(&self) -> Option<&str> {
        None
    }
}

fn rows<R: Row>(noun: &str, arguments: &Arguments, all: impl Iterator<Item = R>) -> Result<String, String> {
    let all: Vec<R> = all.collect();
    let globs: Vec<Glob> = arguments.globs.iter().map(|glob| Glob::parse(glob)).collect();
    for glob in &globs {
        if !all.iter().any(|row| glob.matches(row.name())) {
            let near = loading::suggestion(glob.as_str(), all.iter().map(Row::name));
            return Err(format!("`{}` matches no {noun}{near}", glob.as_str()));
        }
    }
    let chosen: Vec<&R> =
        all.iter().filter(|row| globs.is_empty() || globs.iter().any(|glob| glob.matches(row.name()))).collect();
    if arguments.json {
        let mut text = serde_json::to_string_pretty(&chosen).map_err(|error| format!("cannot write JSON: {error}"))?;
        text.push('\n');
        return Ok(text);
    }
    let mut out = Prose::new(arguments.color.applies(on_terminal()));
    for row in chosen {
        out.labelled(0, &row.facts(), 0, row.name());
        let about = row.about();
        if !arguments.verbose {
            continue;
        }
        if !about.is_empty() {
            out.paragraph(4, &about);
        }
        if let Some(reason) = row.reason() {
            out.paragraph(4, &format!("({reason})"));
        }
    }
    Ok(out.finish())
}

#[derive(Debug, Serialize)]
struct CaseRow<'a> {
    id: &'a str,
    file: &'a str,
    line: usize,
    about: &'a str,
    level: Level,
    effect: Effect,
    port_type: &'a str,
    operations: BTreeSet<&'a str>,
    requirements: &'a [RequirementId],
    mutant: Option<&'a str>,
    twin: Option<&'a str>,
    scenario: Option<&'a str>,
    needs: &'a BTreeSet<String>,
}

impl<'a> CaseRow<'a> {
    fn of(case: &'a Case) -> Self {
        Self {
            id: &case.id,
            file: &case.file,
            line: case.line,
            about: &case.about,
            level: case.level,
            effect: case.effect,
            port_type: case.port_type.name(),
            operations: case.steps.iter().filter_map(|step| Some(step.operation()?.name)).collect(),
            requirements: &case.requirements,
            mutant: case.mutant.as_deref(),
            twin: case.twin.as_deref(),
            scenario: case.scenario.as_deref(),
            needs: &case.needs,
        }
    }
}

impl Row for CaseRow<'_> {
    fn name(&self) -> &str {
        self.id
    }
    fn facts(&self) -> String {
        format!("{:<7} {:<10}", self.level, self.effect)
    }
    fn about(&self) -> String {
        self.about.to_owned()
    }
}

#[derive(Debug, Serialize)]
struct RequirementRow<'a> {
    #[serde(flatten)]
    requirement: &'a Requirement,
    status: &'static str,
    reason: String,
    cases: Vec<&'a str>,
    mutants: Vec<&'static str>,
}

impl<'a> RequirementRow<'a> {
    fn of(requirement: &'a Requirement, suite: &'a Suite) -> Self {
        let deciding = suite.cases.iter().filter(|case| case.requirements.contains(&requirement.id));
        let cases: Vec<&str> = deciding.map(|case| case.id.as_str()).collect();
        let (status, reason) = match (&requirement.untestable, &requirement.undecided) {
            (Some(reason), _) => ("untestable", reason.clone()),
            (None, Some(missing)) if cases.is_empty() => ("undecided", missing.clone()),
            _ if cases.is_empty() => ("undecided", "no case decides it".to_owned()),
            _ => ("decided", String::new()),
        };
        Self {
            status,
            reason,
            cases,
            mutants: loading::mutants(&requirement.id, suite).into_iter().map(Mutant::name).collect(),
            requirement,
        }
    }
}

impl Row for RequirementRow<'_> {
    fn name(&self) -> &str {
        self.requirement.id.as_str()
    }
    fn facts(&self) -> String {
        let Requirement { level, document, section, .. } = self.requirement;
        let status = match self.cases.len() {
            0 => self.status.to_owned(),
            1 => "1 case".to_owned(),
            cases => format!("{cases} cases"),
        };
        format!("{level:<7} {document:<13} {section:<15} {status:<10}")
    }
    fn about(&self) -> String {
        self.requirement.text.clone()
    }
    fn reason(&self) -> Option<&str> {
        Some(&self.reason).filter(|reason| !reason.is_empty()).map(String::as_str)
    }
}

/// The keys are a contract.
#[derive(Debug, Serialize)]
struct OperationRow<'a> {
    port_type: &'static str,
    name: &'static str,
    section: &'static str,
    requirements: Vec<&'a str>,
    cases: Vec<&'a str>,
    mutants: Vec<&'static str>,
    /// Why no case decides anything of it, where none does.
    reason: Option<String>,
}

impl<'a> OperationRow<'a> {
    /// The requirements are those of the operation's section, the cases those that send it, the mutants those that break
    /// one of the requirements.
    fn of(operation: &'static Operation, suite: &'a Suite) -> Self {
        let inside = format!("{}.", operation.section);
        let own: Vec<&Requirement> = suite
            .catalogue
            .requirements
            .values()
            .filter(|requirement| requirement.section == operation.section || requirement.section.starts_with(&inside))
            .collect();
        let sends = |case: &&Case| case.steps.iter().any(|step| step.operation() == Some(operation));
        let cases: Vec<&str> = suite.cases.iter().filter(sends).map(|case| case.id.as_str()).collect();
        let mutants: BTreeSet<Mutant> =
            own.iter().flat_map(|requirement| loading::mutants(&requirement.id, suite)).collect();
        Self {
            port_type: operation.port_type.name(),
            name: operation.name,
            section: operation.section,
            requirements: own.iter().map(|requirement| requirement.id.as_str()).collect(),
            reason: cases.is_empty().then(|| "no case sends it yet".to_owned()),
            cases,
            mutants: mutants.into_iter().map(Mutant::name).collect(),
        }
    }
}

impl Row for OperationRow<'_> {
    fn name(&self) -> &str {
        self.name
    }
    fn facts(&self) -> String {
        format!(
            "{:<10} {:>2} requirements {:>3} cases {:>2} mutants ",
            self.section,
            self.requirements.len(),
            self.cases.len(),
            self.mutants.len()
        )
    }
    fn about(&self) -> String {
        self.reason.clone().unwrap_or_else(|| self.requirements.join(", "))
    }
}

#[derive(Debug, Serialize)]
struct MachineRow(MachineRecord);

impl Row for MachineRow {
    fn name(&self) -> &str {
        &self.0.name
    }
    fn facts(&self) -> String {
        let MachineRecord { section, states, transitions, .. } = &self.0;
        format!("{section:<10} {:>2} states {:>3} transitions ", states.len(), transitions.len())
    }
    fn about(&self) -> String {
        self.0.states.join("; ")
    }
}

#[derive(Debug, Serialize)]
struct MutantRow<'a> {
    name: &'static str,
    requirement: &'static str,
    about: &'static str,
    cases: Vec<&'a str>,
}

impl<'a> MutantRow<'a> {
    fn of(mutant: Mutant, suite: &'a Suite) -> Self {
        let named = suite.cases.iter().filter(|case| case.mutant.as_deref() == Some(mutant.name()));
        Self {
            name: mutant.name(),
            requirement: mutant.requirement(),
            about: mutant.about(),
            cases: named.map(|case| case.id.as_str()).collect(),
        }
    }
}

impl Row for MutantRow<'_> {
    fn name(&self) -> &str {
        self.name
    }
    fn facts(&self) -> String {
        format!("{:<44}", self.requirement)
    }
    fn about(&self) -> String {
        self.about.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::loading::sample;

    fn arguments(what: What, globs: &[&str], json: bool, verbose: bool) -> Arguments {
        let globs = globs.iter().map(|glob| (*glob).to_owned()).collect();
        Arguments { what, globs, cases: Vec::new(), json, verbose, color: Colour::Never }
    }

    #[test]
    fn output_is_golden() {
        let suite = sample();
        let told =
            |what, globs: &[&str], json, verbose| listed(&suite, &arguments(what, globs, json, verbose)).unwrap();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../../snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.bind(|| {
            let all = [
                told(What::Cases, &[], false, false),
                told(What::Requirements, &[], false, true),
                told(What::Operations, &["StartTask", "Is*"], false, true),
                told(What::Mutants, &["starts-none", "ignores-start"], false, true),
            ];
            insta::assert_snapshot!("list", all.join("\n"));
            let all = [
                told(What::Cases, &["start_task/refuses/*"], true, false),
                told(What::Requirements, &["start-task.none-faults"], true, false),
                told(What::Operations, &["IsTaskRunning", "GetIpamVersion"], true, false),
                told(What::Mutants, &["starts-none"], true, false),
            ];
            insta::assert_snapshot!("list_json", all.join("\n"));
        });
    }

    #[test]
    fn every_operation_of_the_suite_has_requirements_and_cases() {
        let suite = loading::suite(&[]).unwrap();
        let operations = OPERATIONS.iter().filter(|operation| !operation.port_type.has_sessions());
        for row in operations.map(|operation| OperationRow::of(operation, &suite)) {
            assert!(!row.requirements.is_empty() && !row.mutants.is_empty(), "{row:?}");
            assert_eq!(row.cases.is_empty(), row.reason.is_some(), "{row:?}");
        }
    }

    #[test]
    fn machines_are_listed_arrow_by_arrow() {
        let text = listed(&sample(), &arguments(What::Machines, &[], true, false)).unwrap();
        let machines: Vec<MachineRecord> = serde_json::from_str(&text).unwrap();
        let names: Vec<&str> = machines.iter().map(|machine| machine.name.as_str()).collect();
        assert_eq!(names, ["IIpamOperationWithProgress", "IIpamOperationWithProgressCallback"]);
        let [from, event, to] = [
            "OperationWithProgress Initialized",
            "StartOperationWithCallback / StartProgressCallback",
            "OperationWithProgress Started",
        ];
        let is_it = |t: &crate::verdict::Transition| t.from == from && t.event == event && t.to == to;
        assert!(machines[0].transitions.iter().any(is_it));
        let plain = listed(&sample(), &arguments(What::Machines, &["*Callback"], false, true)).unwrap();
        assert!(plain.contains("OperationWithProgress Callback initialized"), "{plain}");
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_refused() {
        let error = listed(&sample(), &arguments(What::Mutants, &["start-none"], false, false)).unwrap_err();
        assert_eq!(error, "`start-none` matches no mutant; did you mean `starts-none`?");
    }
}
