//! `ipamspec report drift`: which rows of the catalogue another revision of its documents moved, changed or dropped.
//!
//! Leaves out reading the new sentences: a person does. The documents are Microsoft's, in Markdown.

use std::{io::IsTerminal as _, path::PathBuf};

use super::{colour::Colour, loading, print, refuse};
use crate::{
    report::Prose,
    verdict::{
        Catalogue, Drift, Specification, exit,
        revision::{DriftRow, Revision},
    },
};

const LABEL: usize = 8;

/// The arguments of `report drift`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Specifications in Markdown, as Microsoft publishes them
    #[arg(required = true, value_name = "SPEC.md")]
    specifications: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: Colour,
}

/// Compares, and gives the exit code: 1 where anything is to be read again.
pub(super) fn drift(arguments: &Arguments) -> u8 {
    let suite = match loading::suite(&[]) {
        Ok(suite) => suite,
        Err(refused) => return refused.tell(arguments.color),
    };
    let compared: Result<Vec<Drift>, String> =
        arguments.specifications.iter().map(|path| compared(&suite.catalogue, path)).collect();
    let drifts = match compared {
        Ok(drifts) => drifts,
        Err(message) => return refuse(&message),
    };
    if arguments.json {
        match serde_json::to_string_pretty(&drifts) {
            Ok(text) => print(&format!("{text}\n")),
            Err(error) => return refuse(&format!("cannot write JSON: {error}")),
        }
    } else {
        let mut out = Prose::new(arguments.color.applies(std::io::stdout().is_terminal()));
        for drift in &drifts {
            told(&mut out, drift);
        }
        print(&out.finish());
    }
    if drifts.iter().all(Drift::is_none) { exit::GREEN } else { exit::FINDINGS }
}

fn compared(catalogue: &Catalogue, path: &PathBuf) -> Result<Drift, String> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
    let given = Specification::read(&text).ok_or_else(|| {
        format!(
            "`{shown}` is no specification in Markdown: its first line is not `# [NAME]: Title`, as in `# [MC-NMF]: …`"
        )
    })?;
    Drift::of(catalogue, &given).ok_or_else(|| {
        let names: Vec<&str> = catalogue.sources.keys().map(String::as_str).collect();
        format!("the catalogue was not read from [{}]; it was from {}", given.name, names.join(", "))
    })
}

fn told(out: &mut Prose, drift: &Drift) {
    let given = revision(&drift.given);
    let title = if drift.given == drift.read {
        format!("[{}] {given}, as it was read", drift.document)
    } else {
        format!("[{}] {given}; the catalogue was read from {}", drift.document, revision(&drift.read))
    };
    out.gap().title(&title);
    out.paragraph(2, &format!("{} of the catalogue stand as they stood", count(drift.kept, "sentence")));
    for row in &drift.rows {
        out.labelled(2, row.fate.as_str(), LABEL, &of_row(row));
    }
    if !drift.new.is_empty() {
        out.paragraph(2, &format!("{} that no requirement answers for:", count(drift.new.len(), "sentence")));
    }
    for sentence in &drift.new {
        out.labelled(4, sentence.level.as_str(), LABEL, &format!("{} {}", sentence.section, sentence.digest));
        out.paragraph(6, &sentence.text);
    }
    if !drift.unheld.is_empty() {
        let ids: Vec<&str> = drift.unheld.iter().map(crate::spec::RequirementId::as_str).collect();
        out.paragraph(
            2,
            &format!(
                "{} held to no sentence, to be looked at by hand: {}",
                count(ids.len(), "requirement"),
                ids.join(", ")
            ),
        );
    }
}

fn of_row(row: &DriftRow) -> String {
    let digest = row.digest.as_ref().map(|digest| format!(", {digest}")).unwrap_or_default();
    let to = if row.to.is_empty() { String::new() } else { format!(": see {}", row.to.join(", ")) };
    format!("{} ({}{digest}){to}", row.requirement, row.section)
}

fn revision(revision: &Revision) -> String {
    match (revision.version.as_str(), revision.date.as_str()) {
        ("", "") => "of no version that it names".to_owned(),
        (version, "") => version.to_owned(),
        (version, date) => format!("{version} of {date}"),
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
