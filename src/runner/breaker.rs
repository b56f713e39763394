//! The circuit breaker: where case after case ends with the same trouble of the way to the target, the rest is not sent.
//!
//! Leaves out every other trouble: what the target answers is looked at case by case, so that no failure is hidden. Before
//! it opens, a control request tells whether the target can be asked at all.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::time::Instant;

use super::{
    ask::{Answered, message_id},
    execute::Executor,
    repeat::repeated,
};
use crate::{
    case::Case,
    session::Layer,
    spec::PortType,
    verdict::{CaseRecord, Outcome, normalise},
};

/// How many cases in a row, in the order in which they end.
pub const ROW: usize = 10;

/// One breaker for each port type; closed until a row is long enough.
#[derive(Debug, Default)]
pub struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    rows: BTreeMap<PortType, Row>,
    /// Why a breaker opened, until somebody was told.
    news: Vec<String>,
    /// How many control requests were made.
    controls: usize,
}

#[derive(Debug, Default)]
struct Row {
    /// Without what differs from case to case.
    cause: String,
    length: usize,
    open: Option<String>,
}

impl Breaker {
    /// Why no case of a port type is sent any more, where none is.
    pub fn open(&self, port_type: PortType) -> Option<String> {
        self.state().rows.get(&port_type)?.open.clone()
    }

    /// What happened since this was asked last, for a reader.
    pub fn news(&self) -> Vec<String> {
        mem::take(&mut self.state().news)
    }

    /// Runs a case, or gives its record without running it where the breaker is open.
    ///
    /// Cancel safety: as for [`Executor::execute`]; a case that was dropped counts for nothing.
    pub async fn around(&self, executor: &Executor, case: &Case) -> CaseRecord {
        if let Some(reason) = self.open(case.port_type) {
            return executor.record(case, Outcome::Inconclusive, reason, None);
        }
        let record = repeated(executor, case).await;
        if let Some(control) = self.ended(case.port_type, &record) {
            let (answered, _) = match executor.control {
                Some(operation) => {
                    let message_id = message_id(&executor.line.seed, "circuit-breaker", control, 1);
                    executor.line.question(operation, &message_id, Instant::now()).await
                }
                None => return self.decided(case.port_type, false, record),
            };
            return self.decided(case.port_type, matches!(answered, Answered::Reply(_) | Answered::Fault(_)), record);
        }
        record
    }

    /// Takes in a case that ran. Where the row is long enough, gives the number of the control request that decides.
    fn ended(&self, port_type: PortType, record: &CaseRecord) -> Option<usize> {
        let mut state = self.state();
        let row = state.rows.entry(port_type).or_default();
        // A case that says of itself that it means nothing here says nothing about the way to the target.
        if record.outcome == Outcome::Skip {
            return None;
        }
        match trouble(record).map(normalise) {
            None => *row = Row { open: row.open.take(), ..Row::default() },
            Some(cause) if row.cause == cause => row.length += 1,
            Some(cause) => *row = Row { cause, length: 1, open: row.open.take() },
        }
        if row.length != ROW || row.open.is_some() {
            return None;
        }
        state.controls += 1;
        Some(state.controls)
    }

    /// Opens, unless the control request was answered or another case ended otherwise meanwhile.
    fn decided(&self, port_type: PortType, answered: bool, record: CaseRecord) -> CaseRecord {
        let mut state = self.state();
        let row = state.rows.entry(port_type).or_default();
        if answered {
            row.length = 0;
        } else if row.length >= ROW && row.open.is_none() {
            let cause = &record.reason;
            row.open = Some(format!("not run, {ROW} cases in a row ended so: {cause}"));
            let news = format!(
                "{ROW} cases in a row ended inconclusive and the target answers nothing any more, so no \
                                further case is sent to {}: {cause}",
                port_type.name()
            );
            state.news.push(news);
        }
        record
    }

    /// A panic while the state was held leaves it as whole as it was.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The trouble with the way to the target that made a case inconclusive, where that is why: what its last request came to.
fn trouble(record: &CaseRecord) -> Option<&str> {
    let first = record.checks.iter().find(|check| check.outcome == Outcome::Inconclusive)?;
    let last = record.evidence.exchanges.iter().rfind(|exchange| exchange.step > 0)?;
    (record.outcome == Outcome::Inconclusive && first.layer == Layer::Transport).then_some(last.outcome.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        spec::{Effect, Level, RequirementId},
        verdict::{Check, Evidence, Exchange},
    };

    const HERE: PortType = PortType::IIpamServer;

    fn record(outcome: Outcome, layer: Layer, came: &str) -> CaseRecord {
        let check = Check {
            id: "step-1/answer".to_owned(),
            requirement: RequirementId::parse("a.b").unwrap(),
            level: Level::Must,
            outcome,
            layer,
            message: came.to_owned(),
            expected: None,
            got: None,
            fingerprint: String::new(),
            by_silence: false,
            reproduced: None,
        };
        let exchange = Exchange {
            step: 1,
            attempt: 1,
            operation: "StartTask".to_owned(),
            sent_ms: 0,
            took_ms: 0,
            request: String::new(),
            outcome: came.to_owned(),
            response: None,
        };
        CaseRecord {
            id: "a/b".to_owned(),
            about: String::new(),
            file: String::new(),
            line: 1,
            level: Level::Must,
            effect: Effect::Read,
            port_type: HERE.name().to_owned(),
            requirements: Vec::new(),
            twin: None,
            outcome,
            reason: format!("{came}, told at length"),
            blame: None,
            duration_ms: 0,
            seed: String::new(),
            replay: String::new(),
            steps: Vec::new(),
            generated: None,
            repeated: None,
            recorded_faults: Vec::new(),
            checks: vec![check],
            evidence: Evidence { exchanges: vec![exchange], ..Evidence::default() },
        }
    }

    fn gone() -> CaseRecord {
        record(Outcome::Inconclusive, Layer::Transport, "nothing came within 10.0 s")
    }

    /// A breaker that has seen all but the last of a row.
    fn nearly() -> Breaker {
        let breaker = Breaker::default();
        for _ in 1..ROW {
            assert_eq!(breaker.ended(HERE, &gone()), None);
        }
        breaker
    }

    #[test]
    fn a_row_without_an_answer_opens_it_once() {
        let breaker = nearly();
        // How long it waited makes no other cause.
        let last = record(Outcome::Inconclusive, Layer::Transport, "nothing came within 12.5 s");
        assert_eq!(breaker.ended(HERE, &last), Some(1));
        assert_eq!(breaker.open(HERE), None);
        // What was under way ends meanwhile.
        assert_eq!(breaker.ended(HERE, &gone()), None);
        breaker.decided(HERE, false, last);
        assert!(breaker.open(HERE).is_some_and(|reason| reason.contains("nothing came within 12.5 s")));
        assert_eq!((breaker.news().len(), breaker.news().len()), (1, 0));
        assert_eq!(breaker.ended(HERE, &record(Outcome::Pass, Layer::Operation, "HTTP 200")), None);
        assert!(breaker.open(HERE).is_some());
    }

    #[test]
    fn an_answered_control_request_begins_the_row_anew() {
        let breaker = nearly();
        assert_eq!(breaker.ended(HERE, &gone()), Some(1));
        breaker.decided(HERE, true, gone());
        for _ in 1..ROW {
            assert_eq!(breaker.ended(HERE, &gone()), None);
        }
        assert_eq!(breaker.ended(HERE, &gone()), Some(2));
        assert_eq!(breaker.open(HERE), None);
    }

    #[test]
    fn whatever_else_ends_breaks_the_row_and_a_skip_does_not() {
        for other in [
            record(Outcome::Pass, Layer::Operation, "HTTP 200"),
            record(Outcome::Fail, Layer::Operation, "nothing came within 10.0 s"),
            record(Outcome::Inconclusive, Layer::Operation, "nothing came within 10.0 s"),
            record(Outcome::Inconclusive, Layer::Transport, "the connection was reset"),
        ] {
            let breaker = nearly();
            assert_eq!(breaker.ended(HERE, &other), None);
            assert_eq!(breaker.ended(HERE, &gone()), None);
        }
        let breaker = nearly();
        assert_eq!(breaker.ended(HERE, &record(Outcome::Skip, Layer::Operation, "")), None);
        assert_eq!(breaker.ended(HERE, &gone()), Some(1));
        // Another case passed while the control request was under way.
        breaker.ended(HERE, &record(Outcome::Pass, Layer::Operation, "HTTP 200"));
        breaker.decided(HERE, false, gone());
        assert_eq!(breaker.open(HERE), None);
    }
}
