//! Which reports are rendered from a record, and under which names they stand in its folder.
//!
//! Leaves out what they show, which `report` does; `events.jsonl` is always written.

use std::{
    fs::OpenOptions,
    io::Write as _,
    path::{Path, PathBuf},
};

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
    /// annotations.txt and summary.md; in a job of GitHub's, printed and added to the step's summary
    Github,
    /// code-quality.json, for GitLab
    Gitlab,
    /// report.tap, the Test Anything Protocol
    Tap,
    /// badge.json, for a badge of Shields
    Badge,
    /// report.sarif, for services that gather the findings of many tools
    Sarif,
}

/// What to do where they cannot be written.
pub(super) const NEXT: &str = "name a folder that can be written with --out";

/// What is written where nobody asks for anything else.
pub(super) const DEFAULT: [Format; 2] = [Format::Json, Format::Html];

impl Format {
    /// The files of this report and what they hold.
    fn render(self, record: &Record) -> Vec<(&'static str, String)> {
        match self {
            Self::Html => vec![("index.html", report::to_html(record))],
            Self::Json => vec![("report.json", report::to_json(record))],
            Self::Junit => vec![("junit.xml", report::to_junit(record))],
            Self::Github => {
                vec![("summary.md", report::to_summary(record)), ("annotations.txt", report::to_annotations(record))]
            }
            Self::Gitlab => vec![("code-quality.json", report::to_code_quality(record))],
            Self::Tap => vec![("report.tap", report::to_tap(record))],
            Self::Sarif => vec![("report.sarif", report::to_sarif(record))],
            Self::Badge => vec![("badge.json", report::to_badge(record))],
        }
    }
}

/// Writes these reports of a record into a folder, and gives their paths, first the one to open.
pub(super) fn write(folder: &Path, record: &Record, formats: &[Format]) -> Result<Vec<PathBuf>, store::StoreError> {
    let mut formats = formats.to_vec();
    formats.sort_unstable();
    formats.dedup();
    store::make_folder(folder)?;
    let mut written = Vec::new();
    for (name, text) in formats.into_iter().flat_map(|format| format.render(record)) {
        store::write(folder, name, &text)?;
        written.push(folder.join(name));
    }
    Ok(written)
}

/// In a job of GitHub's: prints the annotations, and adds to the summary of its step.
///
/// # Errors
/// The summary cannot be written.
pub(super) fn tell_github(record: &Record, formats: &[Format]) -> Result<(), String> {
    if !formats.contains(&Format::Github) || std::env::var_os("GITHUB_ACTIONS").is_none() {
        return Ok(());
    }
    super::print(&report::to_annotations(record));
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY") else { return Ok(()) };
    let opened = OpenOptions::new().create(true).append(true).open(&path);
    let written = opened.and_then(|mut file| file.write_all(report::to_summary(record).as_bytes()));
    written.map_err(|error| format!("cannot add to the step's summary `{}`: {error}", Path::new(&path).display()))
}
