//! The details of a case: what it does, its checks, its reason, and the messages that prove it.
//!
//! Leaves out how the page carries them, which `listing` does, and findings and the ledger, which lead here.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Places, VALUE,
    marked::{Beside, beside},
    pictures::Picture,
    shown,
};
use crate::{
    report::{
        indent::indent,
        sanitize::Shown,
        words::{self, Word, duration, grouped},
    },
    session::Layer,
    spec::RequirementId,
    verdict::{CaseRecord, Check, Exchange, Execution, Generated, Outcome},
};

/// How many bytes of one message the page shows.
const MESSAGE: usize = 32 * 1024;
/// How many exchanges of one case the page shows: a step that polls has many.
const EXCHANGES: usize = 24;
/// How many lines of a trace the page shows.
const TRACE: usize = 200;

/// What the page tells of a case once it is opened.
#[derive(Serialize)]
pub(super) struct CaseItem<'a> {
    kind: Shown,
    about: Shown,
    took: String,
    #[serde(skip_serializing_if = "Shown::is_empty")]
    reason: Shown,
    source: Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    twin: Option<Shown>,
    seed: Shown,
    replay: Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    generated: Option<Made>,
    steps: Vec<Shown>,
    /// Whether its checks and messages are left out for want of room.
    brief: bool,
    checks: Vec<CheckRow<'a>>,
    exchanges: Vec<Message>,
    left_out: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pictures: Vec<Picture>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wire: Option<Shown>,
    wire_cut: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<Other>,
}

/// Another execution of a case, which came to something else.
#[derive(Serialize)]
struct Other {
    title: String,
    reason: Shown,
    exchanges: Vec<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Shown>,
}

/// What was made up for a case.
#[derive(Serialize)]
struct Made {
    tried: String,
    values: Vec<(Shown, Shown)>,
}

#[derive(Serialize)]
struct CheckRow<'a> {
    word: Word,
    layer: Layer,
    requirement: &'a RequirementId,
    id: Shown,
    message: Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    got: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<Beside>,
}

impl CheckRow<'_> {
    /// How much of the page it takes, its tags included.
    fn bytes(&self) -> usize {
        let texts = [Some(&self.id), Some(&self.message), self.expected.as_ref(), self.got.as_ref()];
        texts.into_iter().flatten().fold(256, |sum, text| sum + text.as_str().len())
    }
}

/// A request and what came back.
#[derive(Serialize)]
struct Message {
    title: String,
    operation: Shown,
    outcome: Shown,
    took: String,
    request: Shown,
    request_cut: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Shown>,
    response_cut: bool,
}

impl<'a> Places<'a> {
    /// The details of a case, as far as there is room for them.
    pub(super) fn case(&mut self, case: &'a CaseRecord) -> CaseItem<'a> {
        // What passed does not take the room of what did not.
        let settled = matches!(case.outcome, Outcome::Pass | Outcome::Skip);
        if settled {
            std::mem::swap(&mut self.room, &mut self.spare);
        }
        let brief = self.room == 0;
        let proof = |kept: usize| if brief { 0 } else { kept };
        let exchanges = &case.evidence.exchanges;
        let checks: Vec<_> = case.checks.iter().take(proof(usize::MAX)).map(check_row).collect();
        self.room = checks.iter().fold(self.room, |room, row| room.saturating_sub(row.bytes()));
        let shown_exchanges: Vec<_> =
            exchanges.iter().take(proof(EXCHANGES)).map(|exchange| self.message(exchange)).collect();
        let pictures = if brief { Vec::new() } else { self.pictures(case) };
        let trace = if brief { None } else { self.trace(&case.evidence.trace) };
        let wire = case.evidence.wire.as_deref().filter(|_| !brief).map(|wire| self.spend(wire));
        let other = case.repeated.as_ref().and_then(|repeated| repeated.other.as_ref()).filter(|_| !brief);
        let other = other.map(|other| self.other(other));
        let item = CaseItem {
            kind: Shown::line(&format!("{}, effect {}, {}", case.level, case.effect, case.port_type)),
            about: Shown::line(&case.about),
            took: duration(case.duration_ms),
            reason: Shown::line(&case.reason),
            source: Shown::line(&format!("{}:{}", case.file, case.line)),
            twin: shown(case.twin.as_deref()),
            seed: Shown::line(&case.seed),
            replay: Shown::line(&case.replay),
            generated: case.generated.as_ref().map(made),
            steps: case.steps.iter().map(|step| Shown::line(step)).collect(),
            brief,
            checks,
            exchanges: shown_exchanges,
            left_out: if brief { 0 } else { exchanges.len().saturating_sub(EXCHANGES) },
            pictures,
            trace,
            wire_cut: wire.as_ref().is_some_and(|(_, cut)| *cut),
            wire: wire.map(|(shown, _)| shown),
            other,
        };
        if settled {
            std::mem::swap(&mut self.room, &mut self.spare);
        }
        item
    }

    fn other(&mut self, other: &Execution) -> Other {
        let exchanges = other.evidence.exchanges.iter().take(EXCHANGES);
        Other {
            title: format!("Execution {}: {}", other.number, other.outcome),
            reason: Shown::line(&other.reason),
            exchanges: exchanges.map(|exchange| self.message(exchange)).collect(),
            trace: self.trace(&other.evidence.trace),
        }
    }

    fn message(&mut self, exchange: &Exchange) -> Message {
        let (request, request_cut) = self.xml(&exchange.request);
        let response = exchange.response.as_deref().map(|text| self.xml(text));
        let title = match exchange.step {
            0 => "control request".to_owned(),
            step if exchange.attempt > 1 => format!("step {step}, attempt {}", exchange.attempt),
            step => format!("step {step}"),
        };
        Message {
            title,
            operation: Shown::line(&exchange.operation),
            outcome: Shown::line(&exchange.outcome),
            took: duration(exchange.took_ms),
            request,
            request_cut,
            response_cut: response.as_ref().is_some_and(|(_, cut)| *cut),
            response: response.map(|(text, _)| text),
        }
    }

    fn trace(&mut self, lines: &[String]) -> Option<Shown> {
        if lines.is_empty() {
            return None;
        }
        let mut shown: Vec<String> = lines.iter().take(TRACE).map(|line| Shown::line(line).to_string()).collect();
        if lines.len() > TRACE {
            shown.push(format!("… {} more", grouped(lines.len() - TRACE)));
        }
        Some(self.spend(&shown.join("\n")).0)
    }

    /// A message laid out for reading, and whether it is cut.
    fn xml(&mut self, text: &str) -> (Shown, bool) {
        match indent(text) {
            Some(laid_out) => self.spend(&laid_out),
            None => self.spend(text),
        }
    }

    /// As much of a text as there is room for, and whether it is cut.
    fn spend(&mut self, text: &str) -> (Shown, bool) {
        let (shown, cut) = Shown::block_within(text, MESSAGE.min(self.room));
        self.room = self.room.saturating_sub(text.len() - cut);
        (shown, cut > 0)
    }
}

fn made(generated: &Generated) -> Made {
    let lines = |values: &BTreeMap<String, String>| {
        values.iter().map(|(key, value)| (Shown::line(key), Shown::line_within(value, VALUE))).collect()
    };
    let shrunk = if generated.shrunk_from.is_some() { ", and made smaller" } else { "" };
    Made { tried: format!("{} tried{shrunk}", grouped(generated.tried)), values: lines(&generated.values) }
}

fn check_row(check: &Check) -> CheckRow<'_> {
    CheckRow {
        word: words::outcome(check.outcome),
        layer: check.layer,
        requirement: &check.requirement,
        id: Shown::line(&check.id),
        message: Shown::line(&check.told()),
        expected: shown(check.expected.as_deref()),
        got: shown(check.got.as_deref()),
        beside: marked(check),
    }
}

/// Expected beside got, where the check compares and they differ.
pub(super) fn marked(check: &Check) -> Option<Beside> {
    check.is_finding().then(|| beside(check.expected.as_deref(), check.got.as_deref())).flatten()
}
