//! Baseline files: read with every mistake told where it stands, and written with everything kept that people put there.
//!
//! Leaves out what a baseline means, which `verdict` says. Design 4.3; `docs/baseline.md` is for users.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, Value, value};

use super::files::{self, FileError};
use crate::{
    case::{
        Mistakes, SourceFile,
        mistake::{Told, shown},
        walk::{self, Fields, Text},
    },
    spec::RequirementId,
    verdict::{Accepted, Baseline},
};

/// What stands at the head of a file that we begin.
const HEAD: &str =
    "# What this target is known to do: see docs/baseline.md. `reason`, `owner`, `issue` and `expires` are yours.\n";

/// Why a baseline cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is wrong.
    #[error(transparent)]
    Mistakes(#[from] Mistakes),
    /// It cannot be written.
    #[error("cannot write `{path}`: {error}")]
    Write {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
}

/// Reads a baseline. Where `may_begin`, a file that is not there is an empty one.
///
/// # Errors
/// It cannot be read, or is wrong: every mistake, where it stands.
pub fn read(path: &Path, may_begin: bool) -> Result<Baseline, BaselineError> {
    if may_begin && !path.exists() {
        return Ok(Baseline { file: path.display().to_string(), ..Baseline::default() });
    }
    Ok(parse(&files::read_large(path)?)?)
}

/// Reads a baseline's text.
///
/// # Errors
/// Every mistake, where it stands.
pub fn parse(file: &SourceFile) -> Result<Baseline, Mistakes> {
    let mut told = Told::new(file);
    let baseline = walk::document(&mut told, |mut fields, told| {
        let mut baseline = Baseline { file: file.path.to_string(), ..Baseline::default() };
        let mut known = BTreeSet::new();
        for table in fields.tables("accepted", "[[accepted]]", told) {
            let span = table.span();
            if let Some(entry) = accepted(table, told) {
                if !known.insert(entry.fingerprint.clone()) {
                    let text = format!("the finding {} is accepted already", shown(&entry.fingerprint));
                    told.bad_value(span, text).help("leave one of the two");
                }
                baseline.accepted.push(entry);
            }
        }
        let texts = |texts: Option<Vec<Text<'_>>>| {
            texts.unwrap_or_default().into_iter().map(|text| text.value.to_owned()).collect::<BTreeSet<_>>()
        };
        if let Some(mut table) = fields.table("inconclusive", "[inconclusive]", told) {
            baseline.inconclusive = texts(table.texts("cases", told)).into_iter().collect();
            table.finish(told);
        }
        if let Some(mut table) = fields.table("verdicts", "[verdicts]", told) {
            baseline.verdicts = texts(table.texts("cases", told));
            table.finish(told);
        }
        fields.finish(told);
        baseline
    });
    match Mistakes::of(told.into_mistakes()) {
        Some(mistakes) => Err(mistakes),
        None => Ok(baseline),
    }
}

fn accepted(mut table: Fields<'_>, told: &mut Told) -> Option<Accepted> {
    let fingerprint = table.required_text("fingerprint", "fingerprint = \"…\", as the report has it", told);
    let case = table.required_text("case", "case = \"folder/case\"", told);
    let check = table.required_text("check", "check = \"step-1/answer\"", told);
    let requirement = table.required_text("requirement", "requirement = \"start-task.none-faults\"", told);
    let mut text = |key| table.text(key, told).map(|text| text.value.to_owned()).unwrap_or_default();
    let (reason, owner, issue) = (text("reason"), text("owner"), text("issue"));
    let first_seen = table.text("first_seen", told).and_then(|text| day(text, "first_seen", told)).unwrap_or_default();
    let expires = table.text("expires", told).and_then(|text| day(text, "expires", told));
    table.finish(told);
    let requirement = requirement.and_then(|text| match RequirementId::parse(text.value) {
        Ok(id) => Some(id),
        Err(message) => {
            told.bad_value(text.span(), message);
            None
        }
    });
    Some(Accepted {
        fingerprint: fingerprint?.value.to_owned(),
        case: case?.value.to_owned(),
        check: check?.value.to_owned(),
        requirement: requirement?,
        reason,
        owner,
        issue,
        first_seen,
        expires,
    })
}

/// A day that there is.
fn day(text: Text<'_>, key: &str, told: &mut Told) -> Option<String> {
    if text.value.len() == 10 && text.value.parse::<jiff::civil::Date>().is_ok() {
        return Some(text.value.to_owned());
    }
    told.bad_value(text.span(), format!("`{key}` is no day")).help(format!("write it as {key} = \"2026-01-31\""));
    None
}

/// Writes a baseline. Comments, order and the fields of people stay in what the file has already.
///
/// # Errors
/// The file cannot be read, is no TOML, or cannot be written.
pub fn write(path: &Path, baseline: &Baseline) -> Result<(), BaselineError> {
    let old = if path.exists() { files::read_large(path)?.text.to_string() } else { HEAD.to_owned() };
    let new = updated(&old, baseline);
    // Whoever reads it meanwhile has the old one or the new one.
    let beside = path.with_extension("toml.new");
    let io = |error| BaselineError::Write { path: path.display().to_string(), error };
    std::fs::write(&beside, new).map_err(io)?;
    std::fs::rename(&beside, path).map_err(io)
}

/// A file's text with another baseline in it. What is no TOML was refused when it was read.
pub fn updated(old: &str, baseline: &Baseline) -> String {
    let mut document: DocumentMut = old.parse().unwrap_or_default();
    // Comments that stand alone are the end of a document, and would move behind what is added.
    let head = if document.is_empty() {
        document.set_trailing("");
        old
    } else {
        ""
    };
    let mut wanted: BTreeMap<&str, &Accepted> =
        baseline.accepted.iter().map(|entry| (entry.fingerprint.as_str(), entry)).collect();
    if !document.get("accepted").is_some_and(Item::is_array_of_tables) {
        document.remove("accepted");
        if !wanted.is_empty() {
            document.insert("accepted", Item::ArrayOfTables(ArrayOfTables::new()));
        }
    }
    if let Some(entries) = document.get_mut("accepted").and_then(Item::as_array_of_tables_mut) {
        entries.retain(|entry| {
            let fingerprint = entry.get("fingerprint").and_then(Item::as_str).unwrap_or_default();
            wanted.remove(fingerprint).is_some()
        });
        for entry in baseline.accepted.iter().filter(|entry| wanted.contains_key(entry.fingerprint.as_str())) {
            entries.push(table(entry));
        }
    }
    list(&mut document, "inconclusive", baseline.inconclusive.iter());
    list(&mut document, "verdicts", baseline.verdicts.iter());
    format!("{head}{document}")
}

fn table(entry: &Accepted) -> Table {
    let mut table = Table::new();
    for (key, text) in [
        ("fingerprint", &entry.fingerprint),
        ("case", &entry.case),
        ("check", &entry.check),
        ("requirement", &entry.requirement.as_str().to_owned()),
        ("reason", &entry.reason),
        ("owner", &entry.owner),
        ("issue", &entry.issue),
        ("first_seen", &entry.first_seen),
    ] {
        // A day that nobody knows is left out; what is for people to fill in stands there empty.
        if key != "first_seen" || !text.is_empty() {
            table.insert(key, value(text.as_str()));
        }
    }
    if let Some(day) = &entry.expires {
        table.insert("expires", value(day.as_str()));
    }
    table.decor_mut().set_prefix("\n");
    table
}

/// One line of a list: the case, what stands before it on its line and above, and the comment behind it.
struct Line {
    case: String,
    lead: String,
    comment: String,
}

/// Brings a list of cases to what it must hold, a line a case; what stays keeps its comments.
fn list<'c>(document: &mut DocumentMut, key: &str, cases: impl Iterator<Item = &'c String>) {
    let mut wanted: BTreeSet<&str> = cases.map(String::as_str).collect();
    if wanted.is_empty() && !document.contains_key(key) {
        return;
    }
    let table = document.entry(key).or_insert_with(|| Item::Table(Table::new()));
    let Some(table) = table.as_table_like_mut() else { return };
    let cases = table.entry("cases").or_insert_with(|| value(Array::new()));
    let Some(array) = cases.as_array_mut() else { return };
    if array.iter().filter_map(Value::as_str).eq(wanted.iter().copied()) {
        return;
    }
    let (head, mut lines) = lines(array);
    lines.retain(|line| wanted.remove(line.case.as_str()));
    for case in wanted {
        // In their order, as far as the file keeps one.
        let at = lines.iter().position(|line| line.case.as_str() > case).unwrap_or(lines.len());
        lines.insert(at, Line { case: case.to_owned(), lead: "\n    ".to_owned(), comment: String::new() });
    }
    array.clear();
    // What follows a comma belongs to the line before it.
    let mut before = head;
    for line in lines {
        array.push_formatted(Value::from(line.case).decorated(format!("{before}{}", line.lead), ""));
        before = line.comment;
    }
    array.set_trailing_comma(!array.is_empty());
    array.set_trailing(if array.is_empty() { before } else { format!("{before}\n") });
}

/// The lines of a list, and the comment behind its bracket.
fn lines(array: &Array) -> (String, Vec<Line>) {
    let split = |text: &str| match text.split_once('\n') {
        Some((comment, lead)) => (comment.trim_end().to_owned(), format!("\n{lead}")),
        None => (text.trim_end().to_owned(), "\n    ".to_owned()),
    };
    let mut head = String::new();
    let mut lines: Vec<Line> = Vec::new();
    for case in array {
        let prefix = case.decor().prefix().and_then(|raw| raw.as_str()).unwrap_or_default();
        let (comment, lead) = split(prefix);
        match lines.last_mut() {
            Some(last) => last.comment.push_str(&comment),
            None => head = comment,
        }
        let suffix = case.decor().suffix().and_then(|raw| raw.as_str()).unwrap_or_default();
        let comment = split(suffix).0;
        lines.push(Line { case: case.as_str().unwrap_or_default().to_owned(), lead, comment });
    }
    let (comment, _) = split(array.trailing().as_str().unwrap_or_default());
    match lines.last_mut() {
        Some(last) => last.comment.push_str(&comment),
        None => head.push_str(&comment),
    }
    (head, lines)
}

#[cfg(test)]
#[path = "baseline_tests.rs"]
mod tests;
