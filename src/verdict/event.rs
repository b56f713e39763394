//! The closed set of events that a run emits: runner and reports meet here, and nowhere else.
//!
//! `events.jsonl` holds one event a line; everything else is rendered from it.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::catalogue::first;
use super::{Baseline, Check, Evidence, MachineRecord, Outcome, RecordedFault, Repeated, Requirement, Ruling, Score};
use crate::spec::{Effect, Level, RequirementId};

/// One thing that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The run began; always the first.
    RunStarted(Box<RunStarted>),
    /// Something that a reader should know, and that is no verdict.
    Note(Note),
    /// A case began.
    CaseStarted {
        /// The expanded case.
        id: String,
    },
    /// A case came to its outcome, or was skipped.
    CaseFinished(Box<CaseRecord>),
    /// The run was told to stop; cases that had not finished never will.
    Interrupted {
        /// Who or what asked.
        reason: String,
        /// How long it had taken, in milliseconds.
        #[serde(default)]
        duration_ms: u64,
    },
    /// The run ended by itself; nothing was found out after it.
    RunFinished {
        /// How long it took, in milliseconds.
        duration_ms: u64,
    },
    /// The baseline was written anew from this run, which is judged by it from here on.
    BaselineUpdated(Box<Baseline>),
    /// What stands before it is whole: the SHA-256 of those bytes. A record that was cut off or changed has none, or
    /// another.
    Sealed {
        /// 64 hexadecimal digits.
        digest: String,
    },
}

/// What holds for the whole run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The version of this record, `ipamspec-events/1`.
    pub schema: String,
    /// The version of the tool.
    pub tool_version: String,
    /// The digest of the suite: every case and catalogue file.
    pub suite_digest: String,
    /// The revision of the specification that the catalogue was read from.
    pub suite_revision: String,
    /// The suite revision whose requirements and cases these are.
    #[serde(default = "first")]
    pub requirement_set: u32,
    /// What randomness and message ids were made from.
    pub seed: String,
    /// When the run began, RFC 3339 in UTC.
    pub started: String,
    /// The weakest level whose new findings make the run end with exit code 1.
    pub fail_on: Level,
    /// Whether recorded faults that drifted make it end so as well.
    #[serde(default)]
    pub fail_on_drift: bool,
    /// The server under test.
    pub target: TargetRecord,
    /// Every case of the suite, in the order of the report.
    pub cases: Vec<CasePlan>,
    /// Every requirement of the catalogue.
    pub requirements: Vec<Requirement>,
    /// Every ruling of the catalogue.
    pub rulings: Vec<Ruling>,
    /// The machines that sessions are judged by.
    #[serde(default)]
    pub machines: Vec<MachineRecord>,
    /// How good the suite is, as it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
    /// Which part of the suite this run is, where it was split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// What the findings are held against, where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Box<Baseline>>,
    /// Digests of the case files by path, so that reports of two runs can tell a changed case from a changed target.
    #[serde(default)]
    pub files: BTreeMap<String, FileDigests>,
}

/// One of the parts that a suite was split into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    /// Which, from 1.
    pub index: usize,
    /// Of how many.
    pub of: usize,
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// What a case file says, in two digests of 16 hexadecimal digits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigests {
    /// What its cases do.
    pub does: String,
    /// What they expect, and for which requirements.
    pub expects: String,
}

/// The server under test, as reports name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRecord {
    /// The name that the target file gives, or its URL.
    pub name: String,
    /// The URL.
    pub url: String,
    /// `http`, `https` or `net.tcp`.
    pub transport: String,
    /// The security mode: `none` where there is none.
    pub security: String,
    /// Whether it is the reference server that this very process started.
    pub reference: bool,
    /// The argument that names this target on a command line, for replay; none for the reference.
    pub argument: Option<String>,
}

impl TargetRecord {
    /// The transport of what was recorded elsewhere.
    pub const RECORDING: &'static str = "recording";
}

/// A case of the suite before it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CasePlan {
    /// The expanded case.
    pub id: String,
    /// The requirements that it decides.
    pub requirements: Vec<RequirementId>,
    /// Whether the run was asked to run it; a twin of a selected case is selected too.
    pub selected: bool,
    /// Whether another shard runs it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elsewhere: bool,
}

/// Something that a reader should know, and that is no verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The words.
    pub text: String,
    /// Whether it is why nothing could be found out of the target: the run then ends with exit code 3.
    pub blocking: bool,
}

/// A case and all that came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseRecord {
    /// The expanded case: its path without `.toml`, then `/key=value` for each entry of its matrix.
    pub id: String,
    /// What it shows, in a sentence.
    pub about: String,
    /// The file, relative to the folder of cases.
    pub file: String,
    /// The line of the file where the case begins.
    pub line: usize,
    /// The strongest level among its requirements.
    pub level: Level,
    /// The worst that its requests could do.
    pub effect: Effect,
    /// The port type that it talks to.
    pub port_type: String,
    /// The requirements that it decides.
    pub requirements: Vec<RequirementId>,
    /// The passing case from which it differs in one place.
    pub twin: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
    /// Why it was skipped, is inconclusive or is an error; empty otherwise.
    pub reason: String,
    /// Who is at fault, for an error.
    pub blame: Option<Blame>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// What its message ids were made from.
    pub seed: String,
    /// The command that runs just this case again.
    pub replay: String,
    /// What its steps do and expect, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// Its checks, in the order in which they were made.
    pub checks: Vec<Check>,
    /// What proves them.
    pub evidence: Evidence,
    /// What its recorded faults say, and whether that is what they said before; in the order of the steps.
    #[serde(default)]
    pub recorded_faults: Vec<RecordedFault>,
    /// What was made up for it, where its file asks for that; the checks are those of these values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Generated>,
    /// Its executions, where it had several; the checks are those of all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated: Option<Repeated>,
}

/// Values that were made up for a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generated {
    /// How many were tried; shrinking is not counted.
    pub tried: usize,
    /// The smallest that do not pass, by key; the last that were tried, where all pass.
    pub values: BTreeMap<String, String>,
    /// The first that did not pass, where smaller ones were found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shrunk_from: Option<BTreeMap<String, String>>,
}

/// Who is at fault for a case that is an error; never the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Blame {
    /// A file of the user: exit code 2.
    File,
    /// The harness: exit code 70.
    Harness,
}
