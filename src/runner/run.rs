//! Runs a suite against a target: questions first, then cases side by side, twins before those that rest on them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tokio::{
    sync::{Semaphore, mpsc::UnboundedSender, watch},
    task::JoinSet,
    time::Instant,
};

use super::{
    ask::{Line, millis, transport},
    breaker::Breaker,
    execute::Executor,
    keep::Kept,
    lab::Lab,
    plan::{self, MatchesNothing, Selection},
    questions::{self, Readiness},
    target::Target,
};
use crate::{
    case::{Case, Suite},
    model::MACHINES,
    spec::{Effect, Level},
    transport::{BadCertificates, Scheme},
    verdict::{
        Baseline, Blame, CasePlan, CaseRecord, Event, Note, Outcome, RecordedFaults, Requirement, RunStarted, Score,
        verification,
    },
};

/// What a run is asked for, beside its target.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which cases.
    pub selection: Selection,
    /// How many cases at once; what the target allows where none is given, and never more than that.
    pub jobs: Option<usize>,
    /// What message ids are made from; the digest of the suite where none is given.
    pub seed: Option<String>,
    /// Effects allowed beside those of the target file.
    pub allow: Vec<Effect>,
    /// The weakest level whose new findings make the run end with exit code 1.
    pub fail_on: Level,
    /// Whether recorded faults that drifted make it end so as well.
    pub fail_on_drift: bool,
    /// What was recorded of faults before.
    pub recorded_faults: RecordedFaults,
    /// What is known of the target, where findings are held against that.
    pub baseline: Option<Baseline>,
    /// The command that runs this again, up to `--case`.
    pub replay: String,
    /// How often each case is executed; once where none is given, and a case that only reads and fails once more.
    pub repeat: Option<usize>,
    /// Generated values of an earlier run to run again, and where those of this run are kept.
    pub kept: Kept,
}

/// Why a run could not begin.
#[derive(Debug, thiserror::Error)]
pub enum CannotRun {
    /// A pattern matches nothing.
    #[error(transparent)]
    MatchesNothing(#[from] MatchesNothing),
    /// The certificates of the target file cannot be used.
    #[error(transparent)]
    Certificates(#[from] BadCertificates),
    /// The run left no record, which is a fault of ours.
    #[error("the run left no record: {0}")]
    NoRecord(String),
}

/// Says whether a run could begin, before anything is written or sent.
///
/// # Errors
/// As for [`run`].
pub fn check(suite: &Suite, target: &Target, options: &Options) -> Result<(), CannotRun> {
    options.selection.select(suite)?;
    transport(target)?;
    Ok(())
}

/// Runs. Events go out as they happen; `stop` ends the run early when it becomes `Some`.
///
/// # Errors
/// Nothing was begun: a pattern matches nothing, or the target's certificates cannot be used.
pub async fn run(
    suite: Arc<Suite>,
    target: Arc<Target>,
    lab: Option<Arc<dyn Lab>>,
    options: Options,
    events: UnboundedSender<Event>,
    mut stop: watch::Receiver<Option<String>>,
) -> Result<(), CannotRun> {
    let began = Instant::now();
    let selected = options.selection.select(&suite)?;
    let elsewhere = options.selection.elsewhere(&suite, &selected);
    let guard = plan::guard(&target, &options.allow, lab.is_some());
    let seed = options.seed.as_deref().unwrap_or(&suite.digest);
    let line = Line::new(&target, guard, lab.is_none(), seed)?;
    let interrupted = |reason| Event::Interrupted { reason, duration_ms: millis(began.elapsed()) };
    let send = |event| send(&events, event);
    send(Event::RunStarted(Box::new(started(&suite, &target, lab.is_some(), &options, (&selected, &elsewhere), seed))));

    let readiness = tokio::select! {
        readiness = questions::ask(&line) => readiness,
        reason = stopped(&mut stop) => {
            send(interrupted(reason));
            return Ok(());
        }
    };
    for text in &options.kept.notes {
        send(Event::Note(Note { text: text.clone(), blocking: false }));
    }
    for note in &readiness.notes {
        send(Event::Note(note.clone()));
    }
    if options.repeat.is_some_and(|times| times > 1) && lab.is_none() {
        let text =
            "cases that may change the target are executed once: the next execution would find what the last has done";
        send(Event::Note(Note { text: text.to_owned(), blocking: false }));
    }
    let executor = Executor {
        line,
        repeat: options.repeat,
        catalogue: Arc::new(suite.catalogue.clone()),
        control: readiness.control,
        replay: options.replay.as_str().into(),
        kept: Arc::new(options.kept),
        lab,
        transports: Arc::default(),
        target: target.clone(),
        recorded_faults: Arc::new(options.recorded_faults),
    };
    let sessions = target.limits.sessions;
    let jobs = options.jobs.map_or(sessions, |jobs| jobs.min(sessions)).max(1);
    let one_world = executor.lab.is_none();
    let mut crew = Crew {
        executor,
        readiness,
        selected,
        elsewhere,
        outcomes: BTreeMap::new(),
        jobs: Arc::new(Semaphore::new(jobs)),
        breaker: Arc::default(),
        events: events.clone(),
    };
    for phase in phases(&suite.cases, one_world) {
        tokio::select! {
            () = crew.work(phase) => {}
            reason = stopped(&mut stop) => {
                send(interrupted(reason));
                return Ok(());
            }
        }
    }
    send(Event::RunFinished { duration_ms: millis(began.elapsed()) });
    Ok(())
}

fn send(events: &UnboundedSender<Event>, event: Event) {
    // The receiver is gone only when the process is about to end.
    let _ = events.send(event);
}

async fn stopped(stop: &mut watch::Receiver<Option<String>>) -> String {
    let reason = stop.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
    match reason {
        Some(reason) => reason,
        // Nobody can stop the run any more.
        None => std::future::pending().await,
    }
}

fn started(
    suite: &Suite,
    target: &Target,
    reference: bool,
    options: &Options,
    (selected, elsewhere): (&BTreeSet<String>, &BTreeSet<String>),
    seed: &str,
) -> RunStarted {
    let now = jiff::Timestamp::now();
    let now = now.round(jiff::Unit::Second).unwrap_or(now);
    RunStarted {
        schema: "ipamspec-events/1".to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        suite_digest: suite.digest.clone(),
        suite_revision: suite.catalogue.revision.clone(),
        requirement_set: suite.revision,
        score: Score::measured(),
        seed: seed.to_owned(),
        started: now.to_string(),
        fail_on: options.fail_on,
        fail_on_drift: options.fail_on_drift,
        target: target.record(reference),
        cases: suite
            .cases
            .iter()
            .map(|case| CasePlan {
                id: case.id.clone(),
                requirements: case.requirements.clone(),
                selected: selected.contains(&case.id),
                elsewhere: elsewhere.contains(&case.id),
            })
            .collect(),
        requirements: suite.catalogue.requirements.values().map(|requirement| bound(requirement, target)).collect(),
        rulings: suite.catalogue.rulings.values().cloned().collect(),
        machines: MACHINES.iter().map(|machine| machine.record()).collect(),
        shard: options.selection.shard,
        baseline: options.baseline.clone().map(Box::new),
        files: suite.files.clone(),
    }
}

/// A requirement as it holds for a target: what is about a binding that the target is not spoken to over cannot be broken.
/// What is about net.tcp stays open over HTTP, the laboratory binding: [MS-IPAMM2] 2.1 asks for it.
fn bound(requirement: &Requirement, target: &Target) -> Requirement {
    let is_http = requirement.binding.as_deref() == Some(Scheme::Http.as_str());
    if !(is_http && target.url.scheme() == Scheme::NetTcp) {
        return requirement.clone();
    }
    let why = "it is about the HTTP binding, and the target is spoken to over net.tcp";
    Requirement { untestable: requirement.untestable.clone().or(Some(why.to_owned())), ..requirement.clone() }
}

/// Cases without a twin, then those whose twin is among them, and so on. Where all share one world, those that change
/// it come after those that read, each by itself: none may find what another has done for what it did.
pub(super) fn phases(cases: &[Case], one_world: bool) -> Vec<Vec<Case>> {
    let twins: BTreeMap<&str, &str> =
        cases.iter().filter_map(|case| Some((case.id.as_str(), case.twin.as_deref()?))).collect();
    let depth = |case: &Case| std::iter::successors(twins.get(case.id.as_str()), |twin| twins.get(**twin)).count();
    let mut by_depth: BTreeMap<usize, (Vec<Case>, Vec<Case>)> = BTreeMap::new();
    for case in cases {
        let (together, alone) = by_depth.entry(depth(case)).or_default();
        if one_world && case.effect > Effect::Read { alone.push(case.clone()) } else { together.push(case.clone()) }
    }
    let phases = by_depth.into_values();
    phases
        .flat_map(|(together, alone)| std::iter::once(together).chain(alone.into_iter().map(|case| vec![case])))
        .collect()
}

/// What is known while cases run.
struct Crew {
    executor: Executor,
    readiness: Readiness,
    selected: BTreeSet<String>,
    elsewhere: BTreeSet<String>,
    outcomes: BTreeMap<String, (Outcome, String)>,
    jobs: Arc<Semaphore>,
    /// Open for a port type that cannot be asked any more.
    breaker: Arc<Breaker>,
    events: UnboundedSender<Event>,
}

impl Crew {
    /// Runs cases that rest on none of each other.
    async fn work(&mut self, cases: Vec<Case>) {
        let mut tasks = JoinSet::new();
        let mut ids = BTreeMap::new();
        for case in cases {
            if let Some(record) = self.without_running(&case) {
                self.finished(record);
                continue;
            }
            let (executor, jobs, events) = (self.executor.clone(), self.jobs.clone(), self.events.clone());
            let breaker = self.breaker.clone();
            let spare = self.executor.record(&case, Outcome::Error, String::new(), Some(Blame::Harness));
            let handle = tasks.spawn(async move {
                // The semaphore is never closed.
                let _turn = jobs.acquire_owned().await.ok();
                send(&events, Event::CaseStarted { id: case.id.clone() });
                breaker.around(&executor, &case).await
            });
            ids.insert(handle.id(), spare);
        }
        while let Some(joined) = tasks.join_next_with_id().await {
            let record = match joined {
                Ok((_, record)) => record,
                Err(error) => {
                    let Some(record) = ids.remove(&error.id()) else { continue };
                    let reason = "ipamspec itself failed in this case: please send us this report and what it printed";
                    CaseRecord { reason: reason.to_owned(), ..record }
                }
            };
            self.finished(record);
        }
    }

    fn finished(&mut self, record: CaseRecord) {
        for text in self.breaker.news() {
            send(&self.events, Event::Note(Note { text, blocking: false }));
        }
        self.outcomes.insert(record.id.clone(), (record.outcome, record.reason.clone()));
        send(&self.events, Event::CaseFinished(Box::new(record)));
    }

    /// The record of a case that is not run, where there is a reason not to.
    fn without_running(&self, case: &Case) -> Option<CaseRecord> {
        let executor = &self.executor;
        let record = |outcome, reason| Some(executor.record(case, outcome, reason, None));
        if !self.selected.contains(&case.id) {
            return record(Outcome::Skip, verification::NOT_SELECTED.to_owned());
        }
        if self.elsewhere.contains(&case.id) {
            return record(Outcome::Skip, verification::ELSEWHERE.to_owned());
        }
        if let Some(reason) = plan::skip_reason(case, &executor.target, &executor.line.guard, executor.lab.is_some()) {
            return record(Outcome::Skip, reason);
        }
        if let Some(why) = self.readiness.blocked.clone().or_else(|| self.breaker.open(case.port_type)) {
            return record(Outcome::Inconclusive, why);
        }
        // A scenario is a world of its own: what the default world says of itself does not hold there.
        if let Some(reason) = self.readiness.skips(case).filter(|_| case.scenario.is_none()) {
            return record(Outcome::Skip, reason);
        }
        let (twin, (outcome, reason)) = case.twin.as_ref().and_then(|twin| Some((twin, self.outcomes.get(twin)?)))?;
        match outcome {
            Outcome::Pass | Outcome::Warn => None,
            Outcome::Skip => record(Outcome::Skip, format!("its twin may not run: {reason}")),
            Outcome::Fail | Outcome::Inconclusive | Outcome::Error => {
                record(Outcome::Inconclusive, format!("its twin did not pass: {twin}"))
            }
        }
    }
}
