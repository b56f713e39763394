//! Reads the files of the catalogue, those under `requirements/`: `revision`, `[[requirement]]` and `[[ruling]]`.
//!
//! Leaves out what the catalogue is for (`verdict` keeps it).

use std::ops::Range;

use super::{
    assertion::requirement_id,
    mistake::{Told, shown, suggest},
    walk::{self, Fields},
};
use crate::{
    spec::Level,
    verdict::{Catalogue, Requirement, Ruling},
};

/// The folder whose files are the catalogue.
pub(super) const FOLDER: &str = "requirements/";

/// What is left to look at once every file of the catalogue was read.
#[derive(Debug)]
pub(super) struct Reference {
    /// The ruling that a requirement names.
    pub(super) ruling: String,
    /// Where it names it.
    pub(super) span: Range<usize>,
}

/// Reads a file into the catalogue.
pub(super) fn read(catalogue: &mut Catalogue, told: &mut Told) -> Vec<Reference> {
    walk::document(told, |mut fields, told| {
        if let Some(revision) = fields.text("revision", told) {
            if catalogue.revision.is_empty() {
                revision.value.clone_into(&mut catalogue.revision);
            } else {
                told.bad_value(revision.span(), "the revision stands in another file already").help("leave it out");
            }
        }
        let mut references = Vec::new();
        for row in fields.tables("requirement", "[[requirement]]", told) {
            requirement(row, catalogue, &mut references, told);
        }
        for row in fields.tables("ruling", "[[ruling]]", told) {
            ruling(row, catalogue, told);
        }
        fields.finish(told);
        references
    })
}

fn requirement(mut row: Fields<'_>, catalogue: &mut Catalogue, references: &mut Vec<Reference>, told: &mut Told) {
    let id_text = row.required_text("id", "id = \"start-task.none-faults\"", told);
    let id = id_text.and_then(|text| requirement_id(text, &mut Vec::new(), told));
    let document = owned(&mut row, "document", "document = \"MS-IPAMM2\"", told);
    let section = owned(&mut row, "section", "section = \"3.3.4.139\"", told);
    let text = owned(&mut row, "text", "text = \"the sentence in our words\"", told);
    let level = row.required_text("level", "level = \"must\", or should, may, observe", told).and_then(|text| {
        let level = Level::parse(text.value);
        if level.is_none() {
            let help = suggest(text.value, Level::ALL.into_iter().map(Level::as_str));
            told.bad_value(text.span(), format!("{} is no level", shown(text.value))).help = help;
        }
        level
    });
    let untestable = optional(&mut row, "untestable", "untestable = \"why no case can decide it\"", told);
    let binding = row.text("binding", told);
    if let Some(text) = binding
        && !["http", "net.tcp"].contains(&text.value)
    {
        told.bad_value(text.span(), format!("{} is no binding", shown(text.value)))
            .help("write binding = \"net.tcp\" or binding = \"http\"");
    }
    let ruling = row.text("ruling", told);
    let by_silence = row.flag("by_silence", told).is_some();
    row.finish(told);
    let Some((id, id_text)) = id.zip(id_text) else { return };
    references.extend(ruling.map(|text| Reference { ruling: text.value.to_owned(), span: text.span() }));
    if catalogue.requirements.contains_key(&id) {
        told.bad_value(id_text.span(), format!("`{id}` is in the catalogue already")).help("choose another id");
        return;
    }
    // A requirement of which something is wrong is kept, so that the cases that name it are not told as well.
    let requirement = Requirement {
        id: id.clone(),
        document: document.unwrap_or_default(),
        section: section.unwrap_or_default(),
        level: level.unwrap_or(Level::Must),
        text: text.unwrap_or_default(),
        untestable,
        binding: binding.map(|text| text.value.to_owned()),
        ruling: ruling.map(|text| text.value.to_owned()),
        by_silence,
    };
    catalogue.requirements.insert(id, requirement);
}

fn ruling(mut row: Fields<'_>, catalogue: &mut Catalogue, told: &mut Told) {
    let id = row.required_text("id", "id = \"fault-code\"", told);
    let sections = row.texts("sections", told);
    if sections.as_ref().is_none_or(Vec::is_empty) {
        row.missing("sections", "sections = [\"2.2.2.1\", ...]");
    }
    let trouble = owned(&mut row, "trouble", "trouble = \"what contradicts what\"", told);
    let reading = owned(&mut row, "reading", "reading = \"how we read it\"", told);
    row.finish(told);
    let Some(id) = id else { return };
    let ruling = Ruling {
        id: id.value.to_owned(),
        sections: sections.unwrap_or_default().into_iter().map(|text| text.value.to_owned()).collect(),
        trouble: trouble.unwrap_or_default(),
        reading: reading.unwrap_or_default(),
    };
    if catalogue.rulings.insert(ruling.id.clone(), ruling).is_some() {
        told.bad_value(id.span(), format!("{} is a ruling already", shown(id.value))).help("choose another id");
    }
}

fn owned(row: &mut Fields<'_>, key: &'static str, example: &str, told: &mut Told) -> Option<String> {
    row.required_text(key, example, told).map(|text| text.value.to_owned())
}

fn optional(row: &mut Fields<'_>, key: &'static str, example: &str, told: &mut Told) -> Option<String> {
    if row.has(key) { owned(row, key, example, told) } else { row.text(key, told).map(|text| text.value.to_owned()) }
}
