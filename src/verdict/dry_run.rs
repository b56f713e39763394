//! What a run would do: every message that it would send, and why a case would be skipped.
//!
//! Leaves out making the messages and showing them. Serialised, it is what `run --dry-run --json` prints.

use serde::{Deserialize, Serialize};

use super::TargetRecord;
use crate::spec::{Effect, Level, RequirementId};

/// A run that sends nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DryRun {
    /// The version of this format, `ipamspec-dry-run/1`.
    pub schema: String,
    /// The server that a run would ask.
    pub target: TargetRecord,
    /// What message ids are made from.
    pub seed: String,
    /// The questions that come before any case.
    pub questions: Vec<Planned>,
    /// The selected cases, in the order of the suite.
    pub cases: Vec<DryCase>,
}

/// A selected case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DryCase {
    /// The expanded case.
    pub id: String,
    /// What it shows, in a sentence.
    pub about: String,
    /// The strongest level among its requirements.
    pub level: Level,
    /// The worst that its requests could do.
    pub effect: Effect,
    /// The requirements that it decides.
    pub requirements: Vec<RequirementId>,
    /// The passing case that runs before it.
    pub twin: Option<String>,
    /// What would be made up for its holes, in words; such holes stand as they are in `steps`.
    pub generates: Option<String>,
    /// Why it would be skipped, where that is known beforehand. Messages that come before that are listed all the same.
    pub skip: Option<String>,
    /// What it would do, in order.
    pub steps: Vec<Planned>,
}

/// One act of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The step of the case, counted from 1; 0 for a question.
    pub step: usize,
    /// The operation, `raw`, or `wait`.
    pub what: String,
    /// How often and how long, where the step repeats or waits.
    pub when: Option<String>,
    /// The request, for a step that sends one.
    pub request: Option<Request>,
    /// What is expected, a line each.
    pub expects: Vec<String>,
}

/// A request as it would be sent. What an earlier answer decides stands as `{{name}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The address.
    pub url: String,
    /// The SOAP action outside the envelope; none where the case leaves it out.
    pub action: Option<String>,
    /// The id of the first attempt; none where the envelope has none.
    pub message_id: Option<String>,
    /// The envelope.
    pub envelope: String,
}

impl DryRun {
    /// The version of the format that this version writes.
    pub const SCHEMA: &'static str = "ipamspec-dry-run/1";

    /// How many messages would be sent at least, the questions included.
    pub fn messages(&self) -> usize {
        let steps = self.cases.iter().flat_map(|case| &case.steps);
        self.questions.iter().chain(steps).filter(|planned| planned.request.is_some()).count()
    }
}
