//! What a smoke test found: whether a target can be asked at all, point by point, before any verdict.
//!
//! Leaves out asking and showing. Serialised, it is what `smoke --json` prints.

use serde::{Deserialize, Serialize};

use super::{TargetRecord, exit};

/// The points of a smoke test, in the order in which they rest on each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Smoke {
    /// The version of this format, `ipamspec-smoke/1`.
    pub schema: String,
    /// The server under test.
    pub target: TargetRecord,
    /// What was looked at.
    pub points: Vec<Point>,
    /// What to do about the first point that does not work; none where all do.
    pub next: Option<String>,
    /// The exit code: 0 where everything works, 3 otherwise.
    pub exit_code: u8,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// What, in a word or two.
    pub name: String,
    /// What came of it.
    pub status: PointStatus,
    /// What was found.
    pub found: String,
    /// What to do about it, where something can be done.
    pub next: Option<String>,
    /// The cases that a run would skip because of it.
    pub cases: Vec<String>,
}

/// What came of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PointStatus {
    /// It works.
    Works,
    /// It does not.
    Fails,
    /// It could not be looked at, because of what comes before it.
    NotReached,
    /// It is as the target file says: something to know, and no mistake.
    Note,
}

impl PointStatus {
    /// The word as reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Fails => "fails",
            Self::NotReached => "not reached",
            Self::Note => "note",
        }
    }
}

impl Smoke {
    /// The version of the format that this version writes.
    pub const SCHEMA: &'static str = "ipamspec-smoke/1";

    /// Concludes from the points what is to be done first.
    pub fn of(target: TargetRecord, points: Vec<Point>) -> Self {
        let failing = points.iter().find(|point| point.status == PointStatus::Fails);
        let exit_code = if failing.is_some() { exit::INCONCLUSIVE } else { exit::GREEN };
        let next = failing.and_then(|point| point.next.clone());
        Self { schema: Self::SCHEMA.to_owned(), target, next, exit_code, points }
    }
}

impl Point {
    /// A point with nothing to do about it.
    pub fn new(name: &str, status: PointStatus, found: impl Into<String>) -> Self {
        Self { name: name.to_owned(), status, found: found.into(), next: None, cases: Vec::new() }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn with_next(self, next: impl Into<String>) -> Self {
        Self { next: Some(next.into()), ..self }
    }

    /// Says which cases a run would skip because of it.
    #[must_use]
    pub fn with_cases(self, cases: Vec<String>) -> Self {
        Self { cases, ..self }
    }
}
