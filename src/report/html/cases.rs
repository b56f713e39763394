//! The cases of the page: each with its checks, its reason, and the messages that prove it.
//!
//! Leaves out findings and the ledger, which lead here.

use super::{
    Places,
    marked::{Beside, beside},
    pictures::Picture,
    shown, tally,
};
use crate::{
    report::{
        indent::indent,
        sanitize::Shown,
        words::{self, Word, duration, grouped},
    },
    verdict::{CaseRecord, Check, Exchange, Outcome, Record},
};

/// How many bytes of one message the page shows.
const MESSAGE: usize = 32 * 1024;
/// How many exchanges of one case the page shows: a step that polls has many.
const EXCHANGES: usize = 24;
/// How many lines of a trace the page shows.
const TRACE: usize = 200;

/// The cases of one folder of the suite.
pub(super) struct Folder<'a> {
    pub(super) name: Shown,
    pub(super) tally: String,
    pub(super) cases: Vec<CaseItem<'a>>,
}

pub(super) struct CaseItem<'a> {
    pub(super) at: usize,
    pub(super) open: bool,
    pub(super) kind: String,
    pub(super) word: Word,
    pub(super) id: Shown,
    pub(super) about: Shown,
    pub(super) took: String,
    pub(super) reason: Shown,
    pub(super) source: Shown,
    pub(super) level: &'static str,
    /// The place of its port type among those of the run.
    pub(super) port: usize,
    pub(super) port_type: Shown,
    pub(super) twin: Option<Shown>,
    pub(super) seed: Shown,
    pub(super) replay: Shown,
    pub(super) requirements: Vec<(Option<usize>, String)>,
    /// Whether its checks and messages are left out for want of room.
    pub(super) brief: bool,
    pub(super) checks: Vec<CheckRow<'a>>,
    pub(super) exchanges: Vec<Message>,
    pub(super) left_out: usize,
    pub(super) pictures: Vec<Picture>,
    pub(super) trace: Option<Shown>,
    pub(super) wire: Option<Shown>,
    pub(super) wire_cut: bool,
}

pub(super) struct CheckRow<'a> {
    pub(super) word: Word,
    pub(super) check: &'a Check,
    pub(super) id: Shown,
    pub(super) message: Shown,
    pub(super) expected: Option<Shown>,
    pub(super) got: Option<Shown>,
    pub(super) beside: Option<Beside>,
}

impl CheckRow<'_> {
    /// How much of the page it takes, its tags included.
    fn bytes(&self) -> usize {
        let texts = [Some(&self.id), Some(&self.message), self.expected.as_ref(), self.got.as_ref()];
        texts.into_iter().flatten().fold(256, |sum, text| sum + text.as_str().len())
    }
}

/// A request and what came back.
pub(super) struct Message {
    pub(super) title: String,
    pub(super) operation: Shown,
    pub(super) outcome: Shown,
    pub(super) took: String,
    pub(super) request: Shown,
    pub(super) request_cut: bool,
    pub(super) response: Option<Shown>,
    pub(super) response_cut: bool,
}

impl<'a> Places<'a> {
    pub(super) fn folders(&mut self, record: &'a Record) -> Vec<Folder<'a>> {
        let mut folders: Vec<(&str, Vec<CaseItem<'a>>)> = Vec::new();
        for (at, case) in record.cases.iter().enumerate() {
            let name = case.file.rsplit_once('/').map_or("", |(folder, _)| folder);
            let shown = self.case(at, case);
            match folders.last_mut() {
                Some((last, cases)) if *last == name => cases.push(shown),
                _ => folders.push((name, vec![shown])),
            }
        }
        folders
            .into_iter()
            .map(|(name, cases)| Folder {
                name: if name.is_empty() { Shown::line("cases at the top") } else { Shown::line(name) },
                tally: tally(words::OUTCOMES.map(words::outcome), |word| {
                    cases.iter().filter(|case| case.word == word).count()
                }),
                cases,
            })
            .collect()
    }

    fn case(&mut self, at: usize, case: &'a CaseRecord) -> CaseItem<'a> {
        let notable = matches!(case.outcome, Outcome::Fail | Outcome::Warn | Outcome::Error);
        let open = notable && self.open > 0;
        self.open -= usize::from(open);
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
        let item = CaseItem {
            at,
            open,
            kind: format!("{}, effect {}", case.level, case.effect),
            word: words::outcome(case.outcome),
            id: Shown::line(&case.id),
            about: Shown::line(&case.about),
            took: duration(case.duration_ms),
            reason: Shown::line(&case.reason),
            source: Shown::line(&format!("{}:{}", case.file, case.line)),
            level: case.level.as_str(),
            port: self.ports.iter().position(|port| *port == case.port_type).unwrap_or_default(),
            port_type: Shown::line(&case.port_type),
            twin: shown(case.twin.as_deref()),
            seed: Shown::line(&case.seed),
            replay: Shown::line(&case.replay),
            requirements: case
                .requirements
                .iter()
                .map(|id| (self.rows.get(id.as_str()).copied(), id.to_string()))
                .collect(),
            brief,
            checks,
            exchanges: shown_exchanges,
            left_out: if brief { 0 } else { exchanges.len().saturating_sub(EXCHANGES) },
            pictures,
            trace,
            wire_cut: wire.as_ref().is_some_and(|(_, cut)| *cut),
            wire: wire.map(|(shown, _)| shown),
        };
        if settled {
            std::mem::swap(&mut self.room, &mut self.spare);
        }
        item
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

fn check_row(check: &Check) -> CheckRow<'_> {
    CheckRow {
        word: words::outcome(check.outcome),
        check,
        id: Shown::line(&check.id),
        message: Shown::line(&check.message),
        expected: shown(check.expected.as_deref()),
        got: shown(check.got.as_deref()),
        beside: marked(check),
    }
}

/// Expected beside got, where the check compares and they differ.
pub(super) fn marked(check: &Check) -> Option<Beside> {
    check.is_finding().then(|| beside(check.expected.as_deref(), check.got.as_deref())).flatten()
}
