//! Which reports are rendered from a record, and under which names they stand in its folder.
//!
//! Leaves out what they show, which `report` does; `events.jsonl` is always written.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::{report, runner::store, verdict::Record};

/// A report, the one that a person would open first first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Format {
    /// index.html, for people
    Html,
    /// report.json, for programs
    Json,
    /// junit.xml, for CI servers
    Junit,
}

/// What to do where they cannot be written.
pub(super) const NEXT: &str = "name a folder that can be written with --out";

/// What is written where nobody asks for anything else.
pub(super) const DEFAULT: [Format; 2] = [Format::Json, Format::Html];

impl Format {
    fn file(self) -> &'static str {
        match self {
            Self::Html => "index.html",
            Self::Json => "report.json",
            Self::Junit => "junit.xml",
        }
    }

    fn render(self, record: &Record) -> String {
        match self {
            Self::Html => report::to_html(record),
            Self::Json => report::to_json(record),
            Self::Junit => report::to_junit(record),
        }
    }
}

/// Writes these reports of a record into a folder, and gives their paths, first the one to open.
pub(super) fn write(folder: &Path, record: &Record, formats: &[Format]) -> Result<Vec<PathBuf>, store::StoreError> {
    let mut formats = formats.to_vec();
    formats.sort_unstable();
    formats.dedup();
    store::make_folder(folder)?;
    formats
        .into_iter()
        .map(|format| {
            store::write(folder, format.file(), &format.render(record))?;
            Ok(folder.join(format.file()))
        })
        .collect()
}
