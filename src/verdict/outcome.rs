//! Outcomes of checks and cases, and how many of each a run had.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What came of a check or a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The target did what was asked.
    Pass,
    /// It was not run, for a reason that is always given.
    Skip,
    /// The target broke a should.
    Warn,
    /// It ran, and we could not find out.
    Inconclusive,
    /// The target broke a must.
    Fail,
    /// The harness or a file is wrong; never blamed on the target.
    Error,
}

impl Outcome {
    /// Whether it says something of the target.
    pub fn is_verdict(self) -> bool {
        matches!(self, Self::Pass | Self::Warn | Self::Fail)
    }

    /// The word as reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skip => "skip",
            Self::Warn => "warn",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How many cases came to each outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Passed.
    pub pass: usize,
    /// Failed.
    pub fail: usize,
    /// Warned.
    pub warn: usize,
    /// Ran without a verdict.
    pub inconclusive: usize,
    /// Not run.
    pub skip: usize,
    /// Wrong on our side.
    pub error: usize,
}

impl Summary {
    /// Counts one more case.
    pub fn count(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Pass => &mut self.pass,
            Outcome::Fail => &mut self.fail,
            Outcome::Warn => &mut self.warn,
            Outcome::Inconclusive => &mut self.inconclusive,
            Outcome::Skip => &mut self.skip,
            Outcome::Error => &mut self.error,
        } += 1;
    }

    /// How many cases came to this outcome.
    pub fn of(&self, outcome: Outcome) -> usize {
        match outcome {
            Outcome::Pass => self.pass,
            Outcome::Fail => self.fail,
            Outcome::Warn => self.warn,
            Outcome::Inconclusive => self.inconclusive,
            Outcome::Skip => self.skip,
            Outcome::Error => self.error,
        }
    }

    /// How many cases were counted.
    pub fn total(&self) -> usize {
        self.pass + self.fail + self.warn + self.inconclusive + self.skip + self.error
    }
}
