//! Reads the record of a run from whatever a run left: its events, its report.json, its page.
//!
//! Leaves out verifying. What is read is somebody's file: it may be missing, of another kind, cut off or changed.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use crate::{
    report::html,
    runner::store,
    verdict::{Event, Record},
};

/// The largest report that is read, in bytes.
const LARGEST: u64 = 1 << 31;
const WHAT_IT_TAKES: &str = "name the events.jsonl that `ipamspec run` left in the folder of its report";

/// Where a record comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// Its events.
    Events,
    /// A report.json.
    Json,
    /// A page, and its text.
    Html(String),
}

/// The events that a path names: the file, or that of the folder.
pub(super) fn events_of(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("events.jsonl") } else { path.to_owned() }
}

/// Reads events.
pub(super) fn read_events(path: &Path) -> Result<Vec<Event>, String> {
    store::read_events(path).map_err(|error| format!("{error}; {WHAT_IT_TAKES}"))
}

/// Folds the events of a file.
pub(super) fn fold(path: &Path) -> Result<Record, String> {
    let events = read_events(path)?;
    Record::fold(&events).map_err(|problem| format!("`{}`: {problem}; {WHAT_IT_TAKES}", path.display()))
}

/// Reads the record of a run from any of its files, or from the folder of its events.
pub(super) fn load(path: &Path) -> Result<(Record, Source), String> {
    let name = path.display();
    if path.is_dir() {
        return Ok((fold(&events_of(path))?, Source::Events));
    }
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST).read_to_string(&mut text));
    read.map_err(|error| {
        format!("cannot read `{name}`: {error}; name a report.json, an index.html or an events.jsonl")
    })?;
    let beginning = text.trim_start();
    if beginning.starts_with("{\"event\"") {
        return Ok((fold(path)?, Source::Events));
    }
    if beginning.starts_with('<') {
        let record = html::embedded(&text).map_err(|error| format!("`{name}`: {error}"))?;
        return Ok((record, Source::Html(text)));
    }
    let record: Record = serde_json::from_str(&text).map_err(|error| {
        format!("`{name}` is no report of ipamspec: {error}; name a report.json, an index.html or an events.jsonl")
    })?;
    if record.schema != Record::SCHEMA {
        let text = format!("`{name}` has the format `{}`; this version reads {}", record.schema, Record::SCHEMA);
        return Err(text);
    }
    Ok((record, Source::Json))
}
