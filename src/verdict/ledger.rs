//! The ledger: what a run found out about each requirement, computed from checks that really ran.

use serde::{Deserialize, Serialize};

use crate::spec::{Level, RequirementId};

/// One requirement and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// The requirement.
    pub id: RequirementId,
    /// The document.
    pub document: String,
    /// The section of the document.
    pub section: String,
    /// How strongly it binds the target.
    pub level: Level,
    /// The sentence in our words.
    pub text: String,
    /// What became of it.
    pub status: Status,
    /// Why it is not verified; what was recorded, for a requirement that is only observed.
    pub reason: String,
    /// The cases that decide it.
    pub cases: Vec<String>,
}

/// What became of a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// A check of it failed or warned.
    Violated,
    /// Some of the cases that decide it ran and passed.
    Partly,
    /// No case came to a verdict on it.
    NotExercised,
    /// Every case that decides it ran and passed.
    Verified,
    /// No case can decide it, for a reason.
    Untestable,
}
