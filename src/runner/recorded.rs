//! Judges sessions of recordings: each by the machine of its port type, as a live session is.
//!
//! Leaves out how recordings are read, and files. What is kept of sessions that are over is bounded: those that broke
//! nothing are told one by one up to a number, then counted. Follows [MS-IPAMM2] 3.19 to 3.22.

use std::{collections::BTreeMap, time::Duration};

use super::{ask::millis, judge::judge_session, wire_log::WireLog};
use crate::{
    case::id,
    model::{self, Event as Letter, Symbol, Track},
    session::{
        End, Observation, Observed,
        recording::{About, Kind, Recorded, Remark},
    },
    spec::{Effect, Level, Operation, PortType, RequirementId},
    verdict::{
        CasePlan, CaseRecord, Catalogue, Check, Event, Evidence, Note, Outcome, RunStarted, TargetRecord, bounded,
    },
    xml,
};

/// How many sessions have a case of their own, those that broke something and the others each.
const CASES: usize = 500;
/// How many observations of a session are kept for its evidence, and how many bytes of them.
const KEPT: usize = 400;
const KEPT_BYTES: usize = 256 * 1024;
/// How many remarks about recordings are told.
const REMARKS: usize = 100;

/// Sessions of recordings, as they are judged.
#[derive(Debug)]
pub struct Recordings<'c> {
    catalogue: &'c Catalogue,
    /// The recording that is read.
    file: String,
    file_id: String,
    kind: Kind,
    open: BTreeMap<u64, Open>,
    cases: Vec<CaseRecord>,
    /// How many cases broke nothing, and how many did.
    whole: usize,
    broken: usize,
    /// Sessions of this recording that have no case.
    uncounted: Uncounted,
    files: BTreeMap<String, usize>,
    notes: Vec<Note>,
    remarks: usize,
}

/// What is told of sessions without a case.
#[derive(Debug, Default)]
struct Uncounted {
    sessions: usize,
    outcomes: BTreeMap<&'static str, usize>,
    /// A check of each requirement, with how many sessions had one like it.
    checks: BTreeMap<(RequirementId, Outcome), (Check, usize)>,
    worst: Option<Outcome>,
}

/// A session that is open.
#[derive(Debug)]
struct Open {
    about: About,
    port_type: Option<PortType>,
    track: Option<Track<'static>>,
    seen: usize,
    kept: Vec<Observation>,
    kept_bytes: usize,
    last: Duration,
    gap: Option<Remark>,
    /// When the client sent its End Record, where that has not been judged yet.
    leaving: Option<Duration>,
}

impl<'c> Recordings<'c> {
    /// Begins, with the requirements that are judged.
    pub fn new(catalogue: &'c Catalogue) -> Self {
        Self {
            catalogue,
            file: String::new(),
            file_id: String::new(),
            kind: Kind::Trace,
            open: BTreeMap::new(),
            cases: Vec::new(),
            whole: 0,
            broken: 0,
            uncounted: Uncounted::default(),
            files: BTreeMap::new(),
            notes: Vec::new(),
            remarks: 0,
        }
    }

    /// The recording that comes next, by its path.
    pub fn begin(&mut self, path: &str, kind: Kind) {
        path.clone_into(&mut self.file);
        self.kind = kind;
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let name = id::encode(name);
        // Files of one name in several folders are told apart.
        let count = self.files.entry(name.clone()).or_default();
        *count += 1;
        self.file_id = if *count == 1 { name } else { format!("{name}/{count}") };
    }

    /// Takes what the recording says next.
    pub fn take(&mut self, recorded: Recorded) {
        match recorded {
            Recorded::Opened(number, about) => {
                let port_type = about.port_type;
                let open = Open {
                    about,
                    port_type,
                    track: None,
                    seen: 0,
                    kept: Vec::new(),
                    kept_bytes: 0,
                    last: Duration::ZERO,
                    gap: None,
                    leaving: None,
                };
                self.open.insert(number, open);
            }
            Recorded::Observed(number, observation) => self.observed(number, observation),
            Recorded::Gap(number, remark) => {
                if let Some(open) = self.open.get_mut(&number) {
                    if let Some(track) = &mut open.track {
                        track.take(Letter::of(Symbol::FOREIGN), open.seen);
                    }
                    open.gap.get_or_insert(remark);
                }
            }
            Recorded::Closed(number) => {
                if let Some(open) = self.open.remove(&number) {
                    self.closed(number, open);
                }
            }
            Recorded::Told(remark) => {
                self.remarks += 1;
                if self.remarks <= REMARKS {
                    let text = bounded(&format!("{}, {}: {}", self.file, remark.place, remark.text));
                    self.notes.push(Note { text, blocking: false });
                }
            }
        }
    }

    /// The recording has ended, or cannot be read any further: what is open is judged as far as it came.
    pub fn end(&mut self, problem: Option<&str>) {
        for (number, mut open) in std::mem::take(&mut self.open) {
            if problem.is_some() {
                let text = "the recording cannot be read any further".to_owned();
                open.gap.get_or_insert(Remark { place: open.about.place, text });
            }
            self.closed(number, open);
        }
        if let Some(problem) = problem {
            let text = bounded(&format!("{}, {problem}", self.file));
            self.notes.push(Note { text, blocking: true });
        }
        self.count_others();
    }

    /// The events of a run that found all this. `started` is when, and `fail_on` what makes it end with exit code 1.
    pub fn finish(mut self, tool_version: &str, digest: &str, started: String, fail_on: Level) -> Vec<Event> {
        if let Some(more) = self.remarks.checked_sub(REMARKS + 1) {
            let text = format!("{} more remarks about recordings", more + 1);
            self.notes.push(Note { text, blocking: false });
        }
        let plan = self.cases.iter().map(|case| CasePlan {
            id: case.id.clone(),
            requirements: case.requirements.clone(),
            selected: true,
            elsewhere: false,
        });
        let names: Vec<&str> = self.files.keys().map(String::as_str).collect();
        let names = bounded(&names.join(", "));
        let begun = RunStarted {
            schema: "ipamspec-events/1".to_owned(),
            tool_version: tool_version.to_owned(),
            suite_digest: digest.to_owned(),
            suite_revision: self.catalogue.revision.clone(),
            requirement_set: self
                .catalogue
                .requirements
                .values()
                .map(|requirement| requirement.since)
                .max()
                .unwrap_or(1),
            // Recordings are judged by machines, not by cases.
            score: None,
            seed: String::new(),
            started,
            fail_on,
            fail_on_drift: false,
            target: TargetRecord {
                name: names.clone(),
                url: names,
                transport: TargetRecord::RECORDING.to_owned(),
                security: "not seen".to_owned(),
                reference: false,
                argument: None,
            },
            cases: plan.collect(),
            requirements: self.catalogue.requirements.values().cloned().collect(),
            rulings: self.catalogue.rulings.values().cloned().collect(),
            machines: model::MACHINES.iter().map(|machine| machine.record()).collect(),
            shard: None,
            baseline: None,
            files: BTreeMap::new(),
        };
        let notes = self.notes.into_iter().map(Event::Note);
        let cases = self.cases.into_iter().map(|case| Event::CaseFinished(Box::new(case)));
        let ends = [Event::RunFinished { duration_ms: 0 }];
        std::iter::once(Event::RunStarted(Box::new(begun))).chain(notes).chain(cases).chain(ends).collect()
    }

    fn observed(&mut self, number: u64, observation: Observation) {
        let Some(open) = self.open.get_mut(&number) else { return };
        open.seen += 1;
        open.last = observation.at;
        let (mut track, mut leaving) = (open.track.take(), open.leaving.take());
        let (gap, step, is_new) = (open.gap.is_some(), open.seen, track.is_none());
        if is_new {
            open.port_type = open.port_type.or_else(|| port_type_of(&observation.what));
        }
        let port_type = open.port_type;
        let is_kept = open.kept.len() < KEPT && open.kept_bytes < KEPT_BYTES;
        if is_kept {
            open.kept_bytes += size_of_observation(&observation);
        }
        if let Some((port_type, tables)) = port_type.and_then(|known| Some((known, model::tables_of(known)?)))
            && is_new
        {
            let shows = |seen: &Observation| matches!(seen.what, Observed::Accepted | Observed::SentRecords);
            let end_shows = match self.kind {
                Kind::Capture => true,
                Kind::Svclog => false,
                Kind::Trace | Kind::Events => open.kept.iter().any(shows) || shows(&observation),
            };
            let mut begun = Track::new(port_type, tables, end_shows);
            for (step, seen) in (1..).zip(&open.kept) {
                see(&mut begun, &mut leaving, seen, step, &|_| false);
            }
            if gap {
                begun.take(Letter::of(Symbol::FOREIGN), step);
            }
            track = Some(begun);
        }
        if let Some(track) = &mut track {
            let others = &self.open;
            let elsewhere = |id: &str| {
                let mut tracks = others.values().filter_map(|other| other.track.as_ref());
                tracks.any(|other| other.ids().any(|known| known == id))
            };
            see(track, &mut leaving, &observation, step, &elsewhere);
        }
        if let Some(open) = self.open.get_mut(&number) {
            (open.track, open.leaving) = (track, leaving);
            if is_kept {
                open.kept.push(observation);
            }
        }
    }

    fn closed(&mut self, number: u64, mut open: Open) {
        let case = format!("{}/session-{}", self.file_id, number + 1);
        let case = id::shorten(case);
        let mut checks = Vec::new();
        let (mut stopped, mut walks) = (None, Vec::new());
        if let Some(mut track) = open.track.take() {
            if open.leaving.is_some() {
                track.take(Letter::of(Symbol::LEAVE), open.seen);
            }
            let verdict = track.finish();
            stopped = verdict.stopped;
            walks.extend(verdict.walks("session"));
            checks = judge_session(&case, "session", &verdict, self.catalogue);
        }
        let worst = checks.iter().map(|check| check.outcome).max();
        let (outcome, reason) = match (worst, &open.gap, stopped) {
            (Some(worst), _, _) if worst > Outcome::Pass => (worst, String::new()),
            (_, Some(gap), _) => (Outcome::Inconclusive, format!("{}: {}", gap.place, gap.text)),
            (None, None, _) => (Outcome::Skip, skipped(open.port_type)),
            (Some(_), None, Some(seen)) => {
                let text =
                    format!("not judged behind its observation {seen}: what was sent there is outside the machine");
                (Outcome::Inconclusive, text)
            }
            (Some(_), None, None) => (Outcome::Pass, String::new()),
        };
        let is_broken = outcome > Outcome::Skip;
        let cases = if is_broken { &mut self.broken } else { &mut self.whole };
        if *cases >= CASES {
            self.uncounted.add(outcome, checks);
            return;
        }
        *cases += 1;
        let mut log = WireLog::default();
        for observation in &open.kept {
            log.add("session", observation);
        }
        let (mut trace, wire) = log.finish(is_broken);
        if let Some(more) = open.seen.checked_sub(open.kept.len() + 1) {
            trace.push(format!("[{} more observations]", more + 1));
        }
        let about = format!("Session {}, {}, {}.", open.about.name, open.about.place, self.file);
        let evidence = Evidence { trace, wire, walks, ..Evidence::default() };
        let record = self.record(case, &about, open.port_type, (outcome, reason), checks, evidence);
        self.cases.push(CaseRecord { duration_ms: millis(open.last), ..record });
    }

    /// A case for the sessions of this recording that have none of their own.
    fn count_others(&mut self) {
        let Uncounted { sessions, outcomes, checks, worst } = std::mem::take(&mut self.uncounted);
        let Some(worst) = worst else { return };
        let words: Vec<String> = outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
        let about = format!("{sessions} more sessions of {}: {}.", self.file, words.join(", "));
        let checks = checks.into_values().map(|(check, count)| Check {
            message: format!("{} (in {count} sessions like this)", check.message),
            ..check
        });
        let reason = if worst.is_verdict() { String::new() } else { "see the sessions before them".to_owned() };
        let case = id::shorten(format!("{}/others", self.file_id));
        let record = self.record(case, &about, None, (worst, reason), checks.collect(), Evidence::default());
        self.cases.push(record);
    }

    fn record(
        &self,
        id: String,
        about: &str,
        port_type: Option<PortType>,
        (outcome, reason): (Outcome, String),
        checks: Vec<Check>,
        evidence: Evidence,
    ) -> CaseRecord {
        let mut requirements: Vec<RequirementId> = checks.iter().map(|check| check.requirement.clone()).collect();
        requirements.sort_unstable();
        requirements.dedup();
        CaseRecord {
            id,
            about: bounded(about),
            file: self.file.clone(),
            line: 1,
            level: checks.iter().map(|check| check.level).max().unwrap_or(Level::Observe),
            effect: Effect::Read,
            port_type: port_type.map_or("not known", PortType::name).to_owned(),
            requirements,
            twin: None,
            outcome,
            reason: bounded(&reason),
            blame: None,
            duration_ms: 0,
            seed: String::new(),
            replay: format!("ipamspec check {}", self.file),
            steps: Vec::new(),
            checks,
            evidence,
            recorded_faults: Vec::new(),
            generated: None,
            repeated: None,
        }
    }
}

impl Uncounted {
    fn add(&mut self, outcome: Outcome, checks: Vec<Check>) {
        self.sessions += 1;
        self.worst = self.worst.max(Some(outcome));
        *self.outcomes.entry(outcome.as_str()).or_default() += 1;
        for check in checks {
            let key = (check.requirement.clone(), check.outcome);
            self.checks.entry(key).or_insert((check, 0)).1 += 1;
        }
    }
}

/// Gives an observation to a session's machine.
fn see(
    track: &mut Track<'_>,
    leaving: &mut Option<Duration>,
    observation: &Observation,
    step: usize,
    elsewhere: &dyn Fn(&str) -> bool,
) {
    // An End Record that answers the target's is sent as that is seen, and written down before it: the target ended the
    // session. Any other says that the client is owed nothing more.
    let answers = |sent: Duration| observation.what == Observed::Ended(End::Ended) && observation.at == sent;
    if leaving.take().is_some_and(|sent| !answers(sent)) {
        track.take(Letter::of(Symbol::LEAVE), step);
    }
    match &observation.what {
        Observed::SentRecords if observation.is_clients_end() => *leaving = Some(observation.at),
        Observed::Ended(End::Aborted) => track.take(Letter::of(Symbol::LEAVE), step),
        what => track.see(what, step, elsewhere),
    }
}

/// The port type that a request is of.
fn port_type_of(observed: &Observed) -> Option<PortType> {
    let Observed::Sent(outgoing) = observed else { return None };
    let by_action = outgoing.action.as_deref().and_then(Operation::of_action);
    let by_element = || {
        let envelope = crate::soap::read(&outgoing.envelope, &xml::Limits::default()).ok()?;
        let action = envelope.addressing.action.as_deref().and_then(Operation::of_action);
        let element = envelope.body.first().map(|body| &body.name);
        action.or_else(|| element.and_then(|name| Operation::of_element(&name.namespace, &name.local)))
    };
    by_action.or_else(by_element).map(|operation| operation.port_type)
}

fn size_of_observation(observation: &Observation) -> usize {
    let message = match &observation.what {
        Observed::Sent(outgoing) => outgoing.envelope.len(),
        Observed::Received(received) => received.bytes.len(),
        _ => 0,
    };
    message + observation.wire.as_ref().map_or(0, |piece| piece.bytes.len())
}

/// Why a session has no verdict.
fn skipped(port_type: Option<PortType>) -> String {
    match port_type {
        Some(known) if model::tables_of(known).is_none() => {
            format!("no machine judges sessions of {}: each request stands alone", known.name())
        }
        Some(_) => "nothing was sent or received on it that a machine judges".to_owned(),
        None => "no request of a port type that is known here was seen on it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::{self, Suite},
        session::recording::Reader,
        verdict::{Record, exit},
    };

    const SESSION: &[u8] = include_bytes!("../../tests/captures/session.pcap");

    fn judged(files: &[(&str, &[u8])]) -> Record {
        let suite = Suite::load(&case::embedded()).unwrap();
        let mut recordings = Recordings::new(&suite.catalogue);
        for (name, bytes) in files {
            let kind = Kind::of(bytes).unwrap();
            let mut reader = Reader::new(kind);
            let mut out = Vec::new();
            recordings.begin(name, kind);
            let read = reader.push(bytes, &mut out).and_then(|()| reader.finish(&mut out));
            for recorded in out {
                recordings.take(recorded);
            }
            recordings.end(read.err().map(|broken| broken.to_string()).as_deref());
        }
        let events = recordings.finish("0", "00", "2026-01-01T00:00:00Z".to_owned(), Level::Should);
        Record::fold(&events).unwrap()
    }

    #[test]
    fn a_capture_of_a_conformant_session_passes() {
        let record = judged(&[("a/session.pcap", SESSION)]);
        assert_eq!((record.summary.pass, record.summary.fail), (1, 0), "{:#?}", record.cases);
        assert_eq!(record.exit_code, exit::GREEN);
        let case = record.cases.iter().find(|case| case.outcome == Outcome::Pass).unwrap();
        assert_eq!((&*case.id, &*case.port_type), ("session.pcap/session-5", "IIpamOperationWithProgress"));
        assert!(case.checks.len() > 5 && case.evidence.trace.len() > 10, "{case:#?}");
        assert!(record.claim.reasons.iter().any(|reason| reason.contains("recorded")), "{:?}", record.claim);
    }

    #[test]
    fn a_violation_that_is_planted_is_found_and_a_gap_is_never_blamed() {
        let mut reader = Reader::new(Kind::Capture);
        let mut out = Vec::new();
        reader.push(SESSION, &mut out).unwrap();
        reader.finish(&mut out).unwrap();
        let mut text = crate::session::recording::TraceWriter::head("t", "now");
        for recorded in &out {
            if let Recorded::Observed(4, observation) = recorded {
                let line = crate::session::recording::TraceWriter::line("main", observation);
                // AddSubTask comes twice.
                let twice = line.contains("<AddSubTask") || line.contains(":AddSubTask");
                text.push_str(&line.repeat(if twice { 2 } else { 1 }));
            }
        }
        let record = judged(&[("t.jsonl", text.as_bytes())]);
        let broken: Vec<&str> = record.findings.iter().map(|finding| finding.requirement.as_str()).collect();
        assert_eq!(broken, ["progress.subtask-added-once"]);
        assert_eq!(record.exit_code, exit::FINDINGS);

        let cut = &SESSION[..SESSION.len() * 3 / 4];
        let record = judged(&[("cut.pcap", cut), ("b/cut.pcap", cut)]);
        assert!(record.findings.is_empty(), "{:#?}", record.findings);
        assert!(record.cases.iter().any(|case| case.id == "cut.pcap/2/session-1"));
    }

    #[test]
    fn sessions_beyond_a_number_are_counted() {
        let mut text = crate::session::recording::TraceWriter::head("t", "now");
        for number in 0..CASES + 7 {
            text.push_str(&crate::session::recording::TraceWriter::opened(&number.to_string(), "IIpamServer", ""));
        }
        let record = judged(&[("t.jsonl", text.as_bytes())]);
        assert_eq!(record.cases.len(), CASES + 1);
        assert!(record.cases.last().unwrap().about.starts_with("7 more sessions of t.jsonl: 7 skip"));
    }
}
