//! The sessions of one case: opened when first used, what came kept in order until a step takes it, all of it evidence.
//!
//! Leaves out judgement. Dropping it ends every session.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use super::{ask::Line, wire_log::WireLog};
use crate::{
    case::{Case, Course, StepKind, records},
    model::{self, Event, Symbol, Track, Verdict},
    session::{Observation, Observed, Permitted, PermittedRecords, Received},
    soap,
    spec::{Callback, Operation, PortType, namespace},
    transport::{MessageEncoding, Scheme, Session, TargetUrl},
    wire::{nbfse, nbfx},
};

/// The name of the session of a case that names none.
pub const MAIN: &str = "main";

/// How many bytes of what no step has taken are kept on one session.
const KEPT: usize = 4 << 20;

/// The sessions of a case.
#[derive(Debug, Default)]
pub struct Sessions {
    live: BTreeMap<String, Live>,
    /// What was seen on all of them.
    pub log: WireLog,
    /// Each by its machine, where its port type has one.
    tracks: BTreeMap<String, Track<'static>>,
    /// The step of the case that is done, counted from 1.
    pub step: usize,
}

/// One session.
#[derive(Debug)]
pub struct Live {
    session: Session,
    /// Whether its records are the case's own.
    pub is_raw: bool,
    /// How its messages are written.
    pub encoding: MessageEncoding,
    /// What came and no step has taken, oldest first.
    pending: VecDeque<Observation>,
    /// How many bytes that is of.
    pending_bytes: usize,
    /// What was sent under a name: the id of the message, and the operation whose reply is expected.
    sent: BTreeMap<String, (Option<String>, Option<&'static Operation>)>,
    /// What writes the envelopes among records.
    pub encoder: nbfse::Encoder,
    /// What records of the case's own have been sent.
    pub course: Course,
}

impl Sessions {
    /// The session of this name, opened where it is not open yet: with a preamble of the case's own where its first step
    /// is to send records. So many `further` sessions follow on its connection.
    pub fn open(
        &mut self,
        line: &Line,
        port_type: PortType,
        url: &TargetUrl,
        name: &str,
        first: &StepKind,
        further: usize,
    ) {
        if !self.live.contains_key(name)
            && let Some(tables) = model::tables_of(port_type)
        {
            let mut track = Track::new(port_type, tables, url.scheme() == Scheme::NetTcp);
            // What records hold is not looked into, nor several sessions on one connection.
            if matches!(first, StepKind::Records(_)) || further > 0 {
                track.take(Event::of(Symbol::FOREIGN), self.step);
            }
            self.tracks.insert(name.to_owned(), track);
        }
        self.live.entry(name.to_owned()).or_insert_with(|| {
            let (is_raw, encoding) = match first {
                StepKind::Records(records) => (true, encoding_of(records, line.encoding)),
                _ => (false, line.encoding),
            };
            let session =
                if is_raw { line.transport.open_raw(url, encoding, further) } else { line.transport.open(url, true) };
            Live {
                session,
                is_raw,
                encoding,
                pending: VecDeque::new(),
                pending_bytes: 0,
                sent: BTreeMap::new(),
                encoder: nbfse::Encoder::new(nbfx::Style::default()),
                course: Course::default(),
            }
        });
    }

    /// Every session, as a world's clock moves: what the client owes is sent.
    pub fn tick(&self) {
        for live in self.live.values() {
            live.session.tick();
        }
    }

    /// Takes what was observed and not looked at, so that the evidence has it.
    pub fn drain(&mut self) {
        for (name, live) in &mut self.live {
            while let Some(observation) = live.session.try_next() {
                self.log.add(name, &observation);
                track(&mut self.tracks, self.step, name, &observation.what);
            }
        }
    }

    /// Nothing came on a session for a while: beyond the limit of an operation or not, while the target answers others.
    pub fn was_silent(&mut self, name: &str, beyond_limit: bool) {
        if let Some(track) = self.tracks.get_mut(name) {
            track.take(Event::of(if beyond_limit { Symbol::LATE } else { Symbol::QUIET }), self.step);
        }
    }

    /// The client ends a session, in order or not: it is owed nothing more.
    pub fn leaves(&mut self, name: &str) {
        if let Some(track) = self.tracks.get_mut(name) {
            track.take(Event::of(Symbol::LEAVE), self.step);
        }
    }

    /// What came of each session by its machine.
    pub fn verdicts(&mut self) -> Vec<(String, Verdict)> {
        std::mem::take(&mut self.tracks).into_iter().map(|(name, track)| (name, track.finish())).collect()
    }

    /// Waits until something that `wanted` takes has come on a session, has ended it, or the time is over; what else came
    /// is kept for later steps.
    pub async fn seek(&mut self, name: &str, within: Duration, wanted: impl Fn(&Observed) -> bool) -> Observed {
        let Some(live) = self.live.get_mut(name) else { return Observed::Silence { waited: within } };
        if let Some(place) = live.pending.iter().position(|observation| wanted(&observation.what))
            && let Some(observation) = live.pending.remove(place)
        {
            live.pending_bytes = live.pending_bytes.saturating_sub(bytes_of(&observation));
            return observation.what;
        }
        let asked = Instant::now();
        loop {
            let left = within.saturating_sub(asked.elapsed());
            let already_ended = live.session.ended().is_some();
            let observation = live.session.next(left).await;
            if matches!(observation.what, Observed::Silence { .. }) {
                return Observed::Silence { waited: within };
            }
            if !already_ended {
                self.log.add(name, &observation);
                track(&mut self.tracks, self.step, name, &observation.what);
            }
            if matches!(observation.what, Observed::Ended(_)) {
                // Another session may follow, with strings of its own.
                live.encoder = nbfse::Encoder::new(nbfx::Style::default());
            }
            if wanted(&observation.what) || matches!(observation.what, Observed::Ended(_)) {
                return observation.what;
            }
            let kept = live.pending_bytes.saturating_add(bytes_of(&observation));
            // A target that floods us is not kept, only seen.
            if matches!(observation.what, Observed::Received(_) | Observed::Accepted) && kept <= KEPT {
                live.pending_bytes = kept;
                live.pending.push_back(observation);
            }
        }
    }
}

impl Sessions {
    /// Whether a session of this name was opened.
    pub fn is_open(&self, name: &str) -> bool {
        self.live.contains_key(name)
    }

    /// Whether the records of a session are the case's own.
    pub fn is_raw(&self, name: &str) -> bool {
        self.live.get(name).is_some_and(|live| live.is_raw)
    }

    /// Where replies and callbacks of a session go; none where they come on the connection itself.
    pub fn reply_to(&self, name: &str) -> Option<String> {
        self.live.get(name)?.session.reply_to().map(str::to_owned)
    }

    /// How a session writes, and what writes the envelopes among its records.
    pub fn encoder(&self, name: &str) -> Option<(MessageEncoding, nbfse::Encoder)> {
        self.live.get(name).map(|live| (live.encoding, live.encoder.clone()))
    }

    /// What records of the case's own have been sent on a session.
    pub fn course(&self, name: &str) -> Course {
        self.live.get(name).map(|live| live.course.clone()).unwrap_or_default()
    }

    /// What was sent on a session under a name.
    pub fn sent(&self, name: &str, sent: &str) -> Option<(Option<String>, Option<&'static Operation>)> {
        self.live.get(name)?.sent.get(sent).cloned()
    }

    /// Does something with a session that is open.
    pub fn live(&mut self, name: &str, act: impl FnOnce(&mut Live)) {
        if let Some(live) = self.live.get_mut(name) {
            act(live);
        }
    }

    /// Waits for anything new on a session, or for a callback alone; what came before and was not taken stays where it is.
    pub async fn listen(&mut self, name: &str, within: Duration, callbacks: bool) -> Observed {
        let Some(live) = self.live.get_mut(name) else { return Observed::Silence { waited: within } };
        let before = std::mem::take(&mut live.pending);
        let wanted = |observed: &Observed| match observed {
            Observed::Received(received) => !callbacks || callback_name(received).is_some(),
            other => !callbacks && matches!(other, Observed::Accepted),
        };
        let observed = self.seek(name, within, wanted).await;
        if let Some(live) = self.live.get_mut(name) {
            let after = std::mem::replace(&mut live.pending, before);
            live.pending.extend(after);
        }
        observed
    }
}

impl Live {
    /// Sends a request, and keeps what its answer is known by.
    pub fn send(&mut self, request: &Permitted, name: Option<&str>, operation: Option<&'static Operation>) {
        if let Some(name) = name {
            self.sent.insert(name.to_owned(), (request.outgoing().message_id.clone(), operation));
        }
        self.session.send(request);
    }

    /// Sends records, and keeps what the answers to requests in them are known by.
    pub fn send_records(
        &mut self,
        records: &PermittedRecords,
        named: Vec<(String, Option<String>, Option<&'static Operation>)>,
    ) {
        self.sent.extend(named.into_iter().map(|(name, id, operation)| (name, (id, operation))));
        self.session.send_records(records);
    }

    /// Ends it in order.
    pub fn end(&self) {
        self.session.end();
    }

    /// Drops its connection.
    pub fn abort(&self) {
        self.session.abort();
    }
}

/// Gives what was seen on a session to its machine.
fn track(tracks: &mut BTreeMap<String, Track<'static>>, step: usize, name: &str, observed: &Observed) {
    // Taken out, so that the others can be asked.
    let Some(mut track) = tracks.remove(name) else { return };
    let elsewhere = |id: &str| tracks.values().any(|other| other.ids().any(|known| known == id));
    track.see(observed, step, &elsewhere);
    tracks.insert(name.to_owned(), track);
}

/// What an observation counts for among those that are kept.
fn bytes_of(observation: &Observation) -> usize {
    match &observation.what {
        Observed::Received(received) => received.bytes.len().max(64),
        _ => 64,
    }
}

/// Whether a case's steps are done on sessions of its own.
pub fn are_used(case: &Case) -> bool {
    case.port_type.has_sessions() || case.steps.iter().any(crate::case::Step::needs_session)
}

/// Why a case cannot be run over the binding of an address, where it cannot.
pub fn not_over(case: &Case, url: &TargetUrl) -> Option<String> {
    let is_net_tcp = url.scheme() == Scheme::NetTcp;
    // Over HTTP a message is of the session that its ReplyTo names.
    let is_of_none = |step: &crate::case::Step| match &step.kind {
        StepKind::Raw(raw) => case.port_type.has_sessions() && !raw.envelope.sketch().contains("ReplyTo"),
        _ => false,
    };
    let needs = case.secured.is_some()
        || case.steps.iter().any(|step| step.needs_net_tcp() || is_of_none(step))
        || (are_used(case) && case.port_type == PortType::IIpamServer);
    (needs && !is_net_tcp).then(|| format!("net.tcp only: {} cannot show it", url.scheme().as_str()))
}

/// Whether an observation is a message that answers a request: it relates to it, or is a fault that relates to nothing.
pub fn answers(observed: &Observed, message_id: Option<&str>) -> bool {
    let Observed::Received(received) = observed else { return false };
    let Ok(envelope) = received.envelope() else { return true };
    let related: Vec<&str> = envelope.addressing.replies_to().collect();
    match message_id {
        Some(id) if related.contains(&id) => true,
        _ if !related.is_empty() => false,
        _ => callback_name(received).is_none(),
    }
}

/// Whether an observation is a message that says of itself that it answers a request.
pub fn relates_to(observed: &Observed, message_id: Option<&str>) -> bool {
    let Observed::Received(received) = observed else { return false };
    let Some(id) = message_id else { return false };
    received.envelope().is_ok_and(|envelope| envelope.addressing.replies_to().any(|related| related == id))
}

/// Whether a message is a SOAP fault.
pub fn is_fault(observed: &Observed) -> bool {
    let Observed::Received(received) = observed else { return false };
    received.envelope().is_ok_and(|envelope| envelope.body.first().is_some_and(soap::Fault::is_named))
}

/// The status of an operation as a whole that a message tells. [MS-IPAMM2] 3.21.4.4
pub fn overall_status(received: &Received) -> Option<String> {
    callback_name(received).filter(|name| name == "SetOverallStatus")?;
    let envelope = received.envelope().ok()?;
    let status = envelope.body.first()?.child(namespace::IPAM, "overallStatus")?;
    Some(status.text().trim().to_owned())
}

/// Whether a message says that an operation has ended (ruling `overall-status-in-progress`).
pub fn ends_operation(observed: &Observed) -> bool {
    let Observed::Received(received) = observed else { return false };
    overall_status(received).is_some_and(|status| status.starts_with("Completed"))
}

/// The name of the callback that a message is, where it relates to no request.
pub fn callback_name(received: &Received) -> Option<String> {
    let envelope = received.envelope().ok()?;
    if envelope.addressing.replies_to().next().is_some() {
        return None;
    }
    // Known by either; that both are right is judged.
    let element = envelope.body.first().map(|body| (&*body.name.namespace, &*body.name.local));
    let by_element = element.and_then(|(namespace, local)| Callback::of_element(namespace, local));
    let known = by_element.or_else(|| Callback::of_action(envelope.addressing.action.as_deref()?));
    known.map(|known| known.name.to_owned())
}

/// The encoding that records say of themselves.
fn encoding_of(of: &records::Records, default: MessageEncoding) -> MessageEncoding {
    let said = of.lines.iter().find_map(|line| line.sketch().strip_prefix("KnownEncodingRecord ").map(str::to_owned));
    match said.as_deref() {
        Some("3") => MessageEncoding::Text,
        Some("8") => MessageEncoding::Binary,
        _ => default,
    }
}
