//! Reads the files of the catalogue, those under `requirements/`: `revision`, `[[document]]`, `[[requirement]]` and
//! `[[ruling]]`.
//!
//! Leaves out what the catalogue is for (`verdict` keeps it).

use std::ops::Range;

use super::{
    assertion::requirement_id,
    draft,
    mistake::{Told, shown, suggest},
    walk::{self, Fields},
};
use crate::{
    spec::Level,
    verdict::{Catalogue, Requirement, Ruling, SentenceDigest, SentenceName, Source},
};

const A_SECTION: &str =
    "write a number such as 3.1.4, in `also` after the name of a document where it is of another one";

const A_DIGEST: &str = "write the twelve digits and letters from a to f that `ipamspec report drift SPEC.md` tells of a \
                        sentence, after the name of its document where that is another one";

/// The folder whose files are the catalogue.
pub(super) const FOLDER: &str = "requirements/";

/// What is left to look at once every file of the catalogue was read.
#[derive(Debug)]
pub(super) struct Reference {
    /// What a requirement names.
    pub(super) name: Named,
    /// Where it names it.
    pub(super) span: Range<usize>,
}

/// What a requirement may name.
#[derive(Debug)]
pub(super) enum Named {
    /// A ruling.
    Ruling(String),
    /// A document whose sentences it answers for.
    Document(String),
}

impl Reference {
    /// Tells it where what it names is not in the catalogue.
    pub(super) fn hold_against(self, catalogue: &Catalogue, told: &mut Told) {
        match self.name {
            Named::Ruling(id) if !catalogue.rulings.contains_key(&id) => {
                let help = suggest(&id, catalogue.rulings.keys().map(String::as_str));
                told.bad_value(self.span, format!("{} is no ruling of the catalogue", shown(&id))).help = help;
            }
            Named::Document(name) if !catalogue.sources.contains_key(&name) => {
                let help = suggest(&name, catalogue.sources.keys().map(String::as_str));
                let help = help.or_else(|| Some("write it down as [[document]], with its version and date".to_owned()));
                told.bad_value(self.span, format!("no version of {} was read", shown(&name))).help = help;
            }
            _ => {}
        }
    }
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
        for row in fields.tables("document", "[[document]]", told) {
            document(row, catalogue, told);
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

fn document(mut row: Fields<'_>, catalogue: &mut Catalogue, told: &mut Told) {
    let name = row.required_text("name", "name = \"MS-IPAMM2\"", told);
    let version = owned(&mut row, "version", "version = \"12.0\"", told);
    let date = owned(&mut row, "date", "date = \"2024-04-23\"", told);
    let covers = row.texts("covers", told).unwrap_or_default();
    for text in covers.iter().filter(|text| !is_section(text.value)) {
        told.bad_value(text.span(), format!("{} is no section", shown(text.value))).help(A_SECTION);
    }
    row.finish(told);
    let Some(name) = name else { return };
    let source = Source {
        name: name.value.to_owned(),
        version: version.unwrap_or_default(),
        date: date.unwrap_or_default(),
        covers: covers.into_iter().map(|text| text.value.to_owned()).collect(),
    };
    if catalogue.sources.insert(source.name.clone(), source).is_some() {
        told.bad_value(name.span(), format!("{} stands among the documents already", shown(name.value)))
            .help("one version of a document is read");
    }
}

fn is_section(text: &str) -> bool {
    text.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The sentences that a requirement answers for, those of another document with its name before the digest. Another
/// requirement may answer for the same: a sentence can hold two rules.
fn digests(row: &mut Fields<'_>, own: &str, references: &mut Vec<Reference>, told: &mut Told) -> Vec<SentenceName> {
    let mut names: Vec<SentenceName> = Vec::new();
    for text in row.texts("digests", told).unwrap_or_default() {
        let (document, digest) = text.value.split_once(' ').unwrap_or((own, text.value));
        let Some(digest) = SentenceDigest::parse(digest) else {
            told.bad_value(text.span(), format!("{} is no digest of a sentence", shown(text.value))).help(A_DIGEST);
            continue;
        };
        let name = SentenceName { document: document.to_owned(), digest };
        if names.contains(&name) {
            told.bad_value(text.span(), format!("{} stands here twice", shown(text.value))).help("write it once");
            continue;
        }
        // What answers for sentences says of which version.
        references.push(Reference { name: Named::Document(document.to_owned()), span: text.span() });
        names.push(name);
    }
    names
}

/// Other sections that a requirement speaks of, and the documents that they are of.
fn also(row: &mut Fields<'_>, references: &mut Vec<Reference>, told: &mut Told) -> Vec<String> {
    let texts = row.texts("also", told).unwrap_or_default();
    for text in &texts {
        let (document, section) = text.value.split_once(' ').map_or((None, text.value), |(of, at)| (Some(of), at));
        if !is_section(section) || document.is_some_and(str::is_empty) {
            told.bad_value(text.span(), format!("{} is no section", shown(text.value))).help(A_SECTION);
        } else if let Some(document) = document {
            references.push(Reference { name: Named::Document(document.to_owned()), span: text.span() });
        }
    }
    texts.into_iter().map(|text| text.value.to_owned()).collect()
}

fn requirement(mut row: Fields<'_>, catalogue: &mut Catalogue, references: &mut Vec<Reference>, told: &mut Told) {
    let id_text = row.required_text("id", "id = \"start-task.none-faults\"", told);
    let id = id_text.and_then(|text| requirement_id(text, &mut Vec::new(), told));
    let document = row.required_text("document", "document = \"MS-IPAMM2\"", told);
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
    let also = also(&mut row, references, told);
    let own = document.map_or("", |text| text.value);
    let digests = digests(&mut row, own, references, told);
    let untestable = optional(&mut row, "untestable", "untestable = \"why no case can decide it\"", told);
    let undecided = optional(&mut row, "undecided", "undecided = \"what is missing until a case decides it\"", told);
    if untestable.is_some() && undecided.is_some() {
        told.bad_value(row.key_span("undecided"), "no case can decide it, says `untestable`")
            .help("write one of the two");
    }
    let binding = row.text("binding", told);
    if let Some(text) = binding
        && !["http", "net.tcp"].contains(&text.value)
    {
        told.bad_value(text.span(), format!("{} is no binding", shown(text.value)))
            .help("write binding = \"net.tcp\" or binding = \"http\"");
    }
    let ruling = row.text("ruling", told);
    let by_silence = row.flag("by_silence", told).is_some();
    let since = draft::since(&mut row, told);
    row.finish(told);
    let Some((id, id_text)) = id.zip(id_text) else { return };
    references.extend(ruling.map(|text| Reference { name: Named::Ruling(text.value.to_owned()), span: text.span() }));
    if catalogue.requirements.contains_key(&id) {
        told.bad_value(id_text.span(), format!("`{id}` is in the catalogue already")).help("choose another id");
        return;
    }
    // A requirement of which something is wrong is kept, so that the cases that name it are not told as well.
    let requirement = Requirement {
        id: id.clone(),
        document: document.map(|text| text.value.to_owned()).unwrap_or_default(),
        section: section.unwrap_or_default(),
        level: level.unwrap_or(Level::Must),
        text: text.unwrap_or_default(),
        also,
        digests,
        untestable,
        undecided,
        binding: binding.map(|text| text.value.to_owned()),
        ruling: ruling.map(|text| text.value.to_owned()),
        by_silence,
        since,
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
