//! Checks and their outcomes, the findings among them, and the evidence that proves them.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Outcome, Walk, repeat::Reproduced};
use crate::{
    session::Layer,
    spec::{Level, RequirementId},
};

/// One assertion of a step, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Names the check within its case: the step, then what is asserted, as in `step-1/fault`.
    pub id: String,
    /// The requirement that it belongs to.
    pub requirement: RequirementId,
    /// The level of that requirement.
    pub level: Level,
    /// What came of it.
    pub outcome: Outcome,
    /// The layer that it looks at.
    pub layer: Layer,
    /// What happened, in a line.
    pub message: String,
    /// What was expected, where the check compares.
    pub expected: Option<String>,
    /// What came instead, or was recorded.
    pub got: Option<String>,
    /// Names a finding across runs; empty while there is none.
    pub fingerprint: String,
    /// Whether it rests on something that did not come, so that an execution in which it comes takes it back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_silence: bool,
    /// How often it was seen, for a finding of a case that was executed more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproduced: Option<Reproduced>,
}

impl Check {
    /// Whether the check is a finding: a must or a should that the target broke.
    pub fn is_finding(&self) -> bool {
        matches!(self.outcome, Outcome::Fail | Outcome::Warn)
    }

    /// What happened, in a line, and beside it how often, where that was looked at.
    pub fn told(&self) -> String {
        match self.reproduced {
            Some(reproduced) => format!("{} ({reproduced})", self.message),
            None => self.message.clone(),
        }
    }

    /// Sets the fingerprint: a digest of the expanded case, the check, the requirement and the difference, the latter
    /// already without ids, times and hosts.
    pub fn seal(&mut self, case: &str, normalised_difference: &str) {
        let mut digest = Sha256::new();
        for part in [case, &self.id, self.requirement.as_str(), normalised_difference] {
            digest.update(part.as_bytes());
            digest.update([0]);
        }
        self.fingerprint = hex(&digest.finalize()).chars().take(16).collect();
    }
}

/// The most characters of what a check says, expects and got; the evidence has the whole.
const LONGEST: usize = 1_000;

/// Text from outside as a check, a note or a reason holds it: a target decides how long its words are, but not how long
/// a report of them gets.
pub fn bounded(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What proves the outcomes of a case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The messages that were exchanged, oldest first.
    pub exchanges: Vec<Exchange>,
    /// What was seen on its sessions, oldest first, in a line an observation; none on bindings without sessions.
    pub trace: Vec<String>,
    /// The records of its sessions, with offsets, hex, names and XML, for a person; none where it passed.
    pub wire: Option<String>,
    /// What was seen on its sessions, as lines of a trace file; in the record of a run only, and only of what machines
    /// judge, unless everything is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<String>,
    /// The ways of its sessions through their machines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub walks: Vec<Walk>,
}

/// One request and what came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The step of the case, counted from 1; 0 for the harness's own control request.
    pub step: usize,
    /// Which attempt of the step, counted from 1: a step that polls has several.
    pub attempt: usize,
    /// What was asked, in a word: the operation, or `raw`.
    pub operation: String,
    /// When the request was sent, in milliseconds since the case began.
    pub sent_ms: u64,
    /// How long the answer took, in milliseconds.
    pub took_ms: u64,
    /// The request's envelope.
    pub request: String,
    /// What came back in a line: `200 application/soap+xml, 812 bytes`, or how the session ended.
    pub outcome: String,
    /// The message that came back; bytes that are no UTF-8 are replaced, and what exceeds 64 KiB is cut with a note.
    pub response: Option<String>,
}

/// A check that failed or warned, as a report lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Names the finding across runs.
    pub fingerprint: String,
    /// The expanded case.
    pub case: String,
    /// The check within the case.
    pub check: String,
    /// The requirement that was broken.
    pub requirement: RequirementId,
    /// The level of that requirement.
    pub level: Level,
    /// Whether a baseline knows it.
    pub status: FindingStatus,
    /// What sort of finding it is.
    #[serde(default)]
    pub kind: FindingKind,
    /// What to do about the baseline, where there is anything to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A sort of finding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// A check failed or warned.
    #[default]
    Violation,
    /// A check failed or warned, and the time for which the baseline accepted that has passed.
    Expired,
    /// A case that used to come to a verdict does not any more.
    CoverageLost,
}

/// What a baseline says of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingStatus {
    /// No baseline has it.
    New,
    /// The baseline accepts it.
    Accepted,
    /// The baseline has it and it did not come.
    Stale,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_of_a_target_are_cut() {
        assert_eq!(bounded("ä"), "ä");
        assert_eq!(bounded(&"ä".repeat(LONGEST)).chars().count(), LONGEST);
        let cut = bounded(&"ä".repeat(LONGEST + 1));
        assert_eq!((cut.chars().count(), cut.ends_with("ä…")), (LONGEST + 1, true));
    }

    #[test]
    fn a_fingerprint_depends_on_all_its_parts() {
        let check = |id: &str| Check {
            id: id.to_owned(),
            requirement: RequirementId::parse("start-task.none-faults").unwrap(),
            level: Level::Must,
            outcome: Outcome::Fail,
            layer: Layer::Operation,
            message: String::new(),
            expected: None,
            got: None,
            fingerprint: String::new(),
            by_silence: false,
            reproduced: None,
        };
        let seal = |id: &str, case: &str, difference: &str| {
            let mut check = check(id);
            check.seal(case, difference);
            check.fingerprint
        };
        assert_eq!(seal("a", "b", "c"), seal("a", "b", "c"));
        assert_eq!(seal("a", "b", "c").len(), 16);
        for other in [seal("x", "b", "c"), seal("a", "x", "c"), seal("a", "b", "x"), seal("ab", "", "c")] {
            assert_ne!(seal("a", "b", "c"), other);
        }
    }
}
