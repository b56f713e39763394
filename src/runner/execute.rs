//! Executes one case: its steps in order, each answer judged, until the case has come to its outcome.
//!
//! Leaves out which cases run when. Cancelling drops the session and gives the case's world back.

mod converse;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    ask::{self, Answered, Line},
    generator::{self, Generator, Values},
    hunt::Hunt,
    judge::{Asked, Judged, in_words, judge, judge_session, wants_control},
    keep::Kept,
    lab::{Lab, World},
    message,
    secured::Transports,
    sessions::{self, Sessions},
    strategy,
    target::Target,
};
use crate::{
    case::{Case, Generate, Poll, Step, StepKind, captured, words},
    model,
    session::{Layer, Outgoing},
    soap::write::Route,
    spec::{Effect, Operation},
    transport::Exchanged,
    verdict::{
        Blame, CaseRecord, Catalogue, Check, Evidence, Exchange, Generated, Outcome, RecordedFault, RecordedFaults,
    },
    xml::Element,
};

/// What every case of a run shares.
#[derive(Clone)]
pub struct Executor {
    /// The way to the target.
    pub line: Line,
    /// The requirements.
    pub catalogue: Arc<Catalogue>,
    /// The lab, where the target is the reference server.
    pub lab: Option<Arc<dyn Lab>>,
    /// The target.
    pub target: Arc<Target>,
    /// A question that was answered before, for control requests.
    pub control: Option<&'static Operation>,
    /// The command that runs a case again, up to the case.
    pub replay: Arc<str>,
    /// Generated values of an earlier run, and where those of this run are kept.
    pub kept: Arc<Kept>,
    /// What carries the requests of cases that say who logs on.
    pub transports: Arc<Transports>,
    /// How often each case is executed, where that was asked for.
    pub repeat: Option<usize>,
    /// What was recorded of faults before.
    pub recorded_faults: Arc<RecordedFaults>,
}

/// How a case ended before its last step.
enum Ended {
    /// It says nothing about this target.
    Skip(String),
    /// The guard held a request back.
    HeldBack(String),
    /// A check said so.
    Judged,
    /// A file or we are wrong.
    Error(Blame, String),
}

/// A case's world, given back when the case is done or dropped.
struct Held<'a> {
    lab: &'a dyn Lab,
    world: World,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.lab.close(&self.world);
    }
}

struct Running<'a> {
    executor: &'a Executor,
    /// The way to the target for this case.
    line: Line,
    case: &'a Case,
    /// Who asks, as message ids are made of it: the case, and which of its executions.
    who: String,
    world: Option<Held<'a>>,
    began: Instant,
    sessions: Sessions,
    captures: BTreeMap<String, String>,
    checks: Vec<Check>,
    exchanges: Vec<Exchange>,
    recorded_faults: Vec<RecordedFault>,
}

impl Executor {
    /// Runs a case to its outcome: once, or with values that are made up until one does not pass.
    pub async fn execute(&self, case: &Case) -> CaseRecord {
        let Some(generate) = &case.generate else { return self.once(case, Values::new(), case.id.clone()).await.0 };
        let began = Instant::now();
        let record = match self.kept.values_for(case) {
            Some(Ok(values)) => {
                let (record, _) = self.once(case, values.clone(), case.id.clone()).await;
                CaseRecord { generated: Some(Generated { tried: 1, values, shrunk_from: None }), ..record }
            }
            Some(Err(problem)) => self.record(case, Outcome::Error, problem, Some(Blame::File)),
            None => match self.hunt(case, generate).await {
                Ok(record) => record,
                Err(problem) => self.record(case, Outcome::Error, problem, Some(Blame::Harness)),
            },
        };
        let replay = match &self.kept.again {
            Some(again) if !matches!(record.outcome, Outcome::Pass | Outcome::Skip) && record.generated.is_some() => {
                format!("{again}#{}", case.id)
            }
            _ => record.replay.clone(),
        };
        CaseRecord { duration_ms: ask::millis(began.elapsed()), replay, ..record }
    }

    /// Executes a case once more as it was: with the same values, in a world and on sessions of its own. What is numbered is
    /// the execution, from 1; its message ids are its own.
    pub async fn again(&self, case: &Case, record: &CaseRecord, execution: usize) -> CaseRecord {
        let values = record.generated.as_ref().map(|generated| generated.values.clone()).unwrap_or_default();
        let (again, _) = self.once(case, values, format!("{}#again-{execution}", case.id)).await;
        CaseRecord { generated: record.generated.clone(), replay: record.replay.clone(), ..again }
    }

    /// Tries values until one does not pass, then smaller ones. Dropping the future ends the thread that makes them.
    async fn hunt(&self, case: &Case, generate: &Generate) -> Result<CaseRecord, String> {
        let keys = generate.keys.iter().map(|(key, _)| key.clone()).collect();
        let of = generate.clone();
        let seed = generator::seed(&self.line.seed, &case.id);
        let generator = Generator::start(keys, seed, move |draw| strategy::of(&of, draw))
            .map_err(|error| format!("the system gives no thread to make values up: {error}"))?;
        let mut hunt = Hunt::new(generator, generate, self.budget(case));
        for execution in 1.. {
            let next = hunt.next().await.map_err(|lost| {
                format!("{lost}: this is a fault of ipamspec; please send us this report and what it printed")
            })?;
            let Some(values) = next else { break };
            let (record, held_back) = self.once(case, values.clone(), format!("{}#{execution}", case.id)).await;
            hunt.tell(values, record, held_back);
        }
        hunt.end().ok_or_else(|| "no value of the case's kind could be made up".to_owned())
    }

    /// How many executions shrinking may cost. A target of somebody's is asked little, and nothing that changes it.
    fn budget(&self, case: &Case) -> usize {
        match (&self.lab, case.effect) {
            (Some(_), _) => 200,
            (None, Effect::Read) => 30,
            (None, _) => 0,
        }
    }

    /// Runs a case once with these values, and says whether the guard held a request back. Message ids are made of who asks.
    async fn once(&self, case: &Case, values: Values, who: String) -> (CaseRecord, bool) {
        let began = Instant::now();
        let world = match &self.lab {
            None => None,
            Some(lab) => match lab.open(case.scenario.as_deref(), case.secured.is_some()) {
                Ok(world) => Some(Held { lab: lab.as_ref(), world }),
                Err(problem) => return (self.record(case, Outcome::Error, problem, Some(Blame::File)), false),
            },
        };
        let line = match case.secured {
            None => Some(self.line.clone()),
            Some(secured) => {
                let world = world.as_ref().map(|held| &held.world);
                self.transports.line(secured, &self.line, &self.target, world)
            }
        };
        let Some(line) = line else {
            let problem = "the target has nobody of the role that the case asks for".to_owned();
            return (self.record(case, Outcome::Skip, problem, None), false);
        };
        let mut running = Running {
            executor: self,
            line,
            case,
            who,
            world,
            began,
            sessions: Sessions::default(),
            captures: values,
            checks: Vec::new(),
            exchanges: Vec::new(),
            recorded_faults: Vec::new(),
        };
        if self.kept.traces || model::tables_of(case.port_type).is_some() {
            running.sessions.log.keep_observations(case.port_type);
        }
        let ended = running.steps().await;
        running.sessions.drain();
        let Running { mut checks, exchanges, recorded_faults, mut sessions, .. } = running;
        let (mut walks, mut not_judged) = (Vec::new(), Vec::new());
        for (name, verdict) in sessions.verdicts() {
            walks.extend(verdict.walks(&name));
            not_judged
                .extend(verdict.stopped.map(|step| format!("{name} is not judged by its machine after step {step}")));
            checks.extend(judge_session(&case.id, &name, &verdict, &self.catalogue));
        }
        let held_back = matches!(ended, Ended::HeldBack(_));
        let (outcome, reason, blame) = outcome(ended, &checks);
        // The bytes of what passes prove nothing that the trace does not.
        let observations = sessions.log.take_observations();
        let (mut trace, wire) = sessions.log.finish(outcome != Outcome::Pass);
        trace.append(&mut not_judged);
        let record = CaseRecord {
            duration_ms: ask::millis(began.elapsed()),
            checks,
            evidence: Evidence { exchanges, trace, wire, observations, walks },
            recorded_faults,
            ..self.record(case, outcome, reason, blame)
        };
        (record, held_back)
    }

    /// The record of a case that sent nothing.
    pub fn record(&self, case: &Case, outcome: Outcome, reason: String, blame: Option<Blame>) -> CaseRecord {
        CaseRecord {
            id: case.id.clone(),
            about: case.about.clone(),
            file: case.file.to_string(),
            line: case.line,
            level: case.level,
            effect: case.effect,
            port_type: case.port_type.name().to_owned(),
            requirements: case.requirements.clone(),
            twin: case.twin.clone(),
            outcome,
            reason,
            blame,
            duration_ms: 0,
            seed: self.line.seed.to_string(),
            replay: format!("{} --case {}", self.replay, case.id),
            steps: case.steps.iter().map(words::told).collect(),
            checks: Vec::new(),
            evidence: Evidence::default(),
            generated: None,
            repeated: None,
            recorded_faults: Vec::new(),
        }
    }
}

/// What a case comes to: an error, else its worst check.
fn outcome(ended: Ended, checks: &[Check]) -> (Outcome, String, Option<Blame>) {
    let worst = checks.iter().map(|check| check.outcome).max();
    match (ended, worst) {
        (Ended::Error(blame, problem), _) => (Outcome::Error, problem, Some(blame)),
        // What was found before stays found.
        (Ended::Skip(reason) | Ended::HeldBack(reason), worst) if worst.is_none_or(|worst| worst < Outcome::Warn) => {
            (Outcome::Skip, reason, None)
        }
        (_, None) => (Outcome::Error, "the case made no check".to_owned(), Some(Blame::Harness)),
        (_, Some(worst)) => {
            let why = checks.iter().find(|check| check.outcome == worst);
            let reason = match worst {
                Outcome::Inconclusive => why.map(|check| check.message.clone()).unwrap_or_default(),
                _ => String::new(),
            };
            (worst, reason, None)
        }
    }
}

impl Running<'_> {
    async fn steps(&mut self) -> Ended {
        let case = self.case;
        let on_sessions = sessions::are_used(case);
        for (index, step) in case.steps.iter().enumerate() {
            let number = index + 1;
            let done = match &step.kind {
                StepKind::Wait(duration) => {
                    self.pause(self.period(*duration)).await;
                    Ok(())
                }
                StepKind::Idle(hundredths) => {
                    // Without a limit the case was skipped before.
                    let limit = self.executor.target.timing.inactivity.unwrap_or_default();
                    self.pause(limit * *hundredths / 100).await;
                    Ok(())
                }
                _ if on_sessions => self.converse(number, step).await,
                _ => self.asked(number, step).await,
            };
            if let Err(ended) = done {
                if matches!(ended, Ended::Judged) {
                    self.later_steps_not_reached(number);
                }
                return ended;
            }
        }
        Ended::Judged
    }

    /// Asks until what is given and the values are as expected, or once where the step does not poll; keeps the checks of
    /// the last answer.
    async fn asked(&mut self, number: usize, step: &Step) -> Result<(), Ended> {
        let poll = step.poll.map(|poll| self.scaled(poll));
        let asked = Instant::now();
        let mut moved = Duration::ZERO;
        for attempt in 1.. {
            let mut judged = self.attempt(number, attempt, step).await?;
            let may_come = judged.reply.is_some() && (judged.unmet.is_some() || !judged.values_hold);
            if let Some(poll) = poll.filter(|_| may_come) {
                // The clock of a world stands still but for what it is moved by.
                let waited = if self.world.is_some() { moved } else { asked.elapsed() };
                if waited < poll.within {
                    self.pause(poll.every).await;
                    moved += poll.every;
                    continue;
                }
                never_seen(&mut judged.checks, poll);
            }
            return self.settle(number, step, judged);
        }
        Ok(())
    }

    /// Takes what an answer came to: its checks, what it says, what is kept of it.
    fn settle(&mut self, number: usize, step: &Step, mut judged: Judged) -> Result<(), Ended> {
        let stopped = judged.checks.iter().any(|check| check.outcome > Outcome::Warn);
        self.checks.append(&mut judged.checks);
        if let Some(said) = judged.said.take() {
            let recorded = self.executor.recorded_faults.get(&(self.case.id.clone(), number));
            self.recorded_faults.push(RecordedFault::compare(number, recorded.map(String::as_str), said));
        }
        if let Some(reason) = judged.unmet {
            return Err(Ended::Skip(reason));
        }
        if stopped {
            return Err(Ended::Judged);
        }
        if let Some(reply) = &judged.reply {
            self.capture(step, reply);
        }
        Ok(())
    }

    async fn attempt(&mut self, number: usize, attempt: usize, step: &Step) -> Result<Judged, Ended> {
        let executor = self.executor;
        let world = self.world.as_ref().map(|held| &held.world);
        let Some(url) = self.line.address(self.case.port_type, world) else {
            return Err(Ended::Error(
                Blame::File,
                format!("the target file names no endpoint for {}", self.case.port_type.name()),
            ));
        };
        if sessions::are_used(self.case) {
            return self.request(number, attempt, step, &url).await;
        }
        let message_id = ask::message_id(&self.line.seed, &self.who, number, attempt);
        let (outgoing, name) = self.render(step, &message_id, Route::to(&url.to_string()))?;
        let permitted = self.line.permit(outgoing).map_err(|refused| Ended::HeldBack(refused.to_string()))?;
        let sent = self.began.elapsed();
        let (Exchanged { answer: observed, seen }, took) = self.line.send(&url, &permitted, false).await;
        self.sessions.log.exchange(number, attempt, &seen);
        self.keep(ask::exchange(number, attempt, name, permitted.outgoing(), sent, (&observed, took)));
        let control = if wants_control(&observed) { Some(self.control(number, attempt).await) } else { None };
        let message_id = permitted.outgoing().message_id.as_deref();
        let asked = Asked { case: self.case, number, step, operation: step.operation(), message_id, control };
        let vars = |name: &str| self.var(name);
        Ok(judge(asked, &observed, &executor.catalogue, &vars))
    }

    fn render(&self, step: &Step, message_id: &str, route: Route<'_>) -> Result<(Outgoing, &'static str), Ended> {
        match message::render(step, message_id, route, &|name| self.var(name)) {
            Ok(Some(rendered)) => Ok(rendered),
            Ok(None) => Err(Ended::Error(Blame::Harness, "a wait sends nothing".to_owned())),
            Err(unfilled) => Err(Ended::Error(Blame::File, unfilled.to_string())),
        }
    }

    fn var(&self, name: &str) -> Option<String> {
        self.captures.get(name).cloned().or_else(|| self.executor.target.var(name).map(str::to_owned))
    }

    fn capture(&mut self, step: &Step, reply: &Element) {
        for capture in &step.captures {
            let vars = |name: &str| self.var(name);
            let text = captured(&capture.path, reply, &vars);
            self.captures.insert(capture.name.clone(), text);
        }
    }

    /// Of the attempts of a step that polls, the first and the last are kept.
    fn keep(&mut self, exchange: Exchange) {
        let superseded = |last: &&mut Exchange| last.step == exchange.step && last.attempt > 1 && exchange.attempt > 1;
        match self.exchanges.last_mut().filter(superseded) {
            Some(last) => *last = exchange,
            None => self.exchanges.push(exchange),
        }
    }

    /// Whether a known-good question on a fresh connection is answered, now that something was not.
    async fn control(&mut self, number: usize, attempt: usize) -> bool {
        let Some(operation) = self.executor.control else { return false };
        let line = &self.executor.line;
        let message_id = ask::message_id(&line.seed, &format!("{} control", self.who), number, attempt);
        let (answered, exchange) = line.question(operation, &message_id, self.began).await;
        self.exchanges.extend(exchange);
        matches!(answered, Answered::Reply(_) | Answered::Fault(_))
    }

    /// Lets time pass: the lab's clock is moved, a real one is waited for.
    async fn pause(&self, duration: Duration) {
        match &self.world {
            Some(held) => {
                // What the client owes is due as the world's time passes. [MS-IPAMM2] 3.2.5
                let mut left = duration;
                while !left.is_zero() {
                    let stride = left.min(Duration::from_secs(15));
                    held.lab.advance(&held.world, stride);
                    self.sessions.tick();
                    left = left.saturating_sub(stride);
                }
            }
            None => tokio::time::sleep(duration).await,
        }
    }

    /// A period of the case: as it stands in a world, at the target's scale elsewhere.
    fn period(&self, duration: Duration) -> Duration {
        if self.world.is_some() { duration } else { self.executor.target.timing.scaled(duration) }
    }

    fn scaled(&self, poll: Poll) -> Poll {
        Poll { within: self.period(poll.within), every: self.period(poll.every) }
    }

    /// What later steps would have decided, so that the ledger can say why it was not.
    fn later_steps_not_reached(&mut self, broken: usize) {
        let case = self.case;
        for (index, step) in case.steps.iter().enumerate().skip(broken) {
            let message = format!("not reached: step {broken} came to no good answer");
            let owned = step.expect.iter().flat_map(|expect| {
                let values = expect.values.iter().map(|value| &value.requirement);
                std::iter::once(&expect.requirement).chain(values).enumerate()
            });
            for (place, requirement) in owned {
                let name = if place == 0 { "answer".to_owned() } else { format!("value-{place}") };
                self.checks.push(Check {
                    id: format!("step-{}/{name}", index + 1),
                    requirement: requirement.clone(),
                    level: self.executor.catalogue.requirements.get(requirement).map_or(case.level, |r| r.level),
                    outcome: Outcome::Inconclusive,
                    layer: Layer::Operation,
                    message: message.clone(),
                    expected: None,
                    got: None,
                    fingerprint: String::new(),
                    by_silence: false,
                    reproduced: None,
                });
            }
        }
    }
}

/// A poll that ended without seeing what it waited for rests on something that did not come: that is no verdict.
fn never_seen(checks: &mut [Check], poll: Poll) {
    for check in checks.iter_mut().filter(|check| check.id.contains("/value-") && check.is_finding()) {
        check.outcome = Outcome::Inconclusive;
        check.message = format!("not seen within {}", in_words(poll.within));
        check.fingerprint.clear();
    }
}
