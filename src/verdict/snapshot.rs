//! Recorded faults: the text that is kept of one, the file it is kept in, and what comparing says.
//!
//! The file's format is that of insta, so that `cargo insta review` works on it. Leaves out folders and files, and what a
//! fault holds: its lines are given. What drifts is never a finding.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{hex, normalise};

/// The longest value of a recorded fault, in characters.
const VALUE: usize = 4 * 1024;
/// The longest text of a recorded fault, in bytes; the line that exceeds it is the last.
const TEXT: usize = 32 * 1024;
/// How much of a value is looked at, in bytes.
const RAW: usize = 64 * 1024;
/// How much of a case's id stands in the name of its file, in characters.
const NAME: usize = 120;

/// The texts that were recorded before, by expanded case and step.
pub type RecordedFaults = BTreeMap<(String, usize), String>;

/// What a step's fault says, and whether it says what was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedFault {
    /// The step of the case, counted from 1.
    pub step: usize,
    /// What comparing says.
    pub status: FaultStatus,
    /// What was recorded before; none for a new one.
    pub recorded: Option<String>,
    /// What came, through the normalisers.
    pub got: String,
}

/// What comparing with the recorded fault says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultStatus {
    /// It reads as recorded.
    Same,
    /// Nothing was recorded before.
    New,
    /// It reads otherwise than recorded.
    Drift,
}

impl FaultStatus {
    /// The word as reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::New => "new",
            Self::Drift => "drift",
        }
    }
}

/// How many recorded faults of a run have each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultCounts {
    /// Read as recorded.
    pub same: usize,
    /// Were not recorded before.
    pub new: usize,
    /// Read otherwise than recorded.
    pub drift: usize,
}

impl FaultCounts {
    /// Counts recorded faults.
    pub fn of<'a>(faults: impl IntoIterator<Item = &'a RecordedFault>) -> Self {
        let mut counts = Self::default();
        for fault in faults {
            *match fault.status {
                FaultStatus::Same => &mut counts.same,
                FaultStatus::New => &mut counts.new,
                FaultStatus::Drift => &mut counts.drift,
            } += 1;
        }
        counts
    }

    /// How many were counted.
    pub fn total(&self) -> usize {
        self.same + self.new + self.drift
    }
}

impl RecordedFault {
    /// Compares what came with what was recorded.
    pub fn compare(step: usize, recorded: Option<&str>, got: String) -> Self {
        let status = match recorded {
            None => FaultStatus::New,
            Some(recorded) if recorded == got => FaultStatus::Same,
            Some(_) => FaultStatus::Drift,
        };
        Self { step, status, recorded: recorded.map(str::to_owned), got }
    }
}

/// A line of what is kept: a label and a value, which may have several lines itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How deep it stands.
    pub depth: usize,
    /// What the value is; for an empty value a heading.
    pub label: String,
    /// The value as it came.
    pub value: String,
    /// Whether it names something, in a namespace: no normaliser looks at it, as what looks like a host in it is none.
    pub is_name: bool,
}

impl Line {
    /// Makes a line.
    pub fn new(depth: usize, label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { depth, label: label.into(), value: value.into(), is_name: false }
    }

    /// Makes a line whose value is a qualified name.
    pub fn name(depth: usize, label: impl Into<String>, name: impl Into<String>) -> Self {
        Self { is_name: true, ..Self::new(depth, label, name) }
    }
}

/// The text that is kept: values through the normalisers, characters that show as nothing spelled out, bounded.
pub fn text(lines: impl IntoIterator<Item = Line>) -> String {
    let mut text = String::new();
    for Line { depth, label, value, is_name } in lines {
        if text.len() > TEXT {
            text.push_str("[cut here]\n");
            break;
        }
        let indent = "  ".repeat(depth);
        let _ = write!(text, "{indent}{}:", spelled(&kept(&label)));
        match if is_name { limited(&value) } else { kept(&value) } {
            value if value.is_empty() => text.push('\n'),
            value if value.contains('\n') => {
                text.push('\n');
                for line in value.split('\n') {
                    let _ = writeln!(text, "{}", format!("{indent}  | {}", spelled(line)).trim_end_matches(' '));
                }
            }
            value => {
                let _ = writeln!(text, " {}", spelled(&value));
            }
        }
    }
    text.truncate(text.trim_end_matches('\n').len());
    text
}

/// The content of a snapshot file, as [`read`] reads it.
pub fn write(source: &str, case: &str, step: usize, content: &str) -> String {
    // A string of JSON in ASCII is one of YAML.
    let quoted = |text: &str| {
        let mut quoted = String::from("\"");
        for c in text.chars() {
            match c {
                '"' | '\\' => quoted.extend(['\\', c]),
                ' '..='~' => quoted.push(c),
                c => {
                    let _ = write!(quoted, "\\U{:08X}", u32::from(c));
                }
            }
        }
        quoted.push('"');
        quoted
    };
    let expression = quoted(&format!("{case}, step {step}"));
    format!("---\nsource: {}\nexpression: {expression}\n---\n{content}\n", quoted(source))
}

/// What a snapshot file holds below its header, whoever wrote it: line breaks of any system, no white space at the end.
///
/// # Errors
/// What makes it no snapshot file.
pub fn read(text: &str) -> Result<String, &'static str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines();
    if lines.next().is_none_or(|line| line.trim_end() != "---") {
        return Err("it does not begin with `---`");
    }
    if !lines.by_ref().any(|line| line.trim_end() == "---") {
        return Err("its header does not end: no second `---`");
    }
    let content = lines.collect::<Vec<_>>().join("\n");
    let content = content.trim_end();
    if content.is_empty() {
        return Err("it holds nothing below its header");
    }
    if content.lines().any(|line| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ")) {
        return Err("it holds the marks of a merge that is not resolved");
    }
    Ok(content.to_owned())
}

/// The name of a step's snapshot file: of the id what every file system takes, and a digest, because file systems
/// differ in what they take for the same.
pub fn file_name(case: &str, step: usize) -> String {
    let mut name: String = case
        .replace('/', "__")
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' })
        .take(NAME)
        .collect();
    name.push('-');
    name.extend(hex(&Sha256::digest(case)).chars().take(8));
    format!("{name}-step-{step}.snap")
}

/// As much of a value as is kept, normalised.
fn kept(value: &str) -> String {
    limited(&normalise(cut(value, RAW)))
}

/// As much of a value as is kept.
fn limited(value: &str) -> String {
    match value.char_indices().nth(VALUE) {
        Some((end, _)) => format!("{} [cut here]", cut(value, end)),
        None => value.to_owned(),
    }
}

/// The first bytes of a text, whole characters only.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

/// A line in which every character shows, one text for one value: controls, those that turn text around, and white space
/// at the end, which editors take away.
fn spelled(line: &str) -> String {
    let end = line.trim_end().len();
    let mut spelled = String::with_capacity(line.len());
    for (at, c) in line.char_indices() {
        match c {
            '\\' => spelled.push_str(r"\\"),
            '\n' => spelled.push_str(r"\n"),
            '\r' => spelled.push_str(r"\r"),
            '\t' => spelled.push_str(r"\t"),
            '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}' => {
                let _ = write!(spelled, "\\u{{{:x}}}", u32::from(c));
            }
            c if c.is_control() || at >= end => {
                let _ = write!(spelled, "\\u{{{:x}}}", u32::from(c));
            }
            c => spelled.push(c),
        }
    }
    spelled
}

#[cfg(test)]
#[path = "snapshot_tests.rs"]
mod tests;
