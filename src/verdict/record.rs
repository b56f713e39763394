//! The record of a run: a fold of its events into what every report shows, `report.json` first among them.
//!
//! Leaves out layout. The fields are the contract of `docs/report.schema.json`.

use serde::{Deserialize, Serialize};

use super::{CaseRecord, Claim, Event, Finding, Note, Summary, TargetRecord, ledger::LedgerRow};

/// Everything a report shows. Serialised, it is `report.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The version of this format, `ipamspec-report/1`.
    pub schema: String,
    /// What made it.
    pub tool: Tool,
    /// What was run.
    pub suite: Suite,
    /// What randomness and message ids were made from.
    pub seed: String,
    /// When the run began, RFC 3339 in UTC.
    pub started: String,
    /// How long it took, in milliseconds; what is known of it where the run was interrupted.
    pub duration_ms: u64,
    /// Why the run ended early, where it did.
    pub interrupted: Option<String>,
    /// The server under test.
    pub target: TargetRecord,
    /// What the run may say about it.
    pub claim: Claim,
    /// How many cases came to each outcome.
    pub summary: Summary,
    /// The cases, in the order of the suite.
    pub cases: Vec<CaseRecord>,
    /// The checks that failed or warned.
    pub findings: Vec<Finding>,
    /// The rulings that a requirement of this run rests on.
    pub rulings: Vec<RulingRow>,
    /// The ledger.
    pub requirements: Vec<LedgerRow>,
    /// The machines that were walked; none yet.
    pub machines: Vec<serde_json::Value>,
    /// What a reader should know beside the verdicts.
    pub notes: Vec<Note>,
    /// The exit code of the run.
    pub exit_code: u8,
}

/// What made a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `ipamspec`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suite {
    /// The digest of every case and catalogue file.
    pub digest: String,
    /// How many expanded cases it has.
    pub cases: usize,
    /// The revision of the specification.
    pub revision: String,
}

/// A ruling and the reading that the target took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulingRow {
    /// The ruling.
    pub id: String,
    /// What the target was seen to do; empty where no case looked.
    pub reading: String,
    /// How we read the sentence.
    pub expected: String,
    /// The cases that looked.
    pub cases: Vec<String>,
}

impl Record {
    /// Folds the events of a run, complete or cut off.
    ///
    /// # Errors
    /// Says so when the first event is not `run-started`.
    pub fn fold(events: &[Event]) -> Result<Self, String> {
        let _ = events;
        Err("not folded yet".to_owned())
    }
}
