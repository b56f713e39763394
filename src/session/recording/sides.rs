//! Which session a logged message is of, and which side sent it.
//!
//! A log says neither: a message is tied to others by what it relates to, by its activity, and, where only one session is
//! open, by that. Where two could be meant, neither is judged any further. Leaves out how a log is read. Follows
//! WS-Addressing and the meaning of WCF's logging points.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use bytes::Bytes;

use super::{About, Place, Recorded, Remark, since};
use crate::{
    session::{Observation, Observed, Outgoing, Received},
    spec::{Callback, KEEPALIVE_ACTION, Operation, PortType, namespace},
};

/// A session of which nothing was logged for so long has ended: the inactivity that WCF allows.
const IDLE: Duration = Duration::from_mins(10);
/// How many sessions are open at once at most.
const OPEN: usize = 65_536;
/// How many ids and activities of a session are remembered.
const REMEMBERED: usize = 64;
/// After how many messages sessions that are idle are looked for.
const SWEEP: u64 = 1024;

/// The point of WCF at which a message was logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    level: Level,
    /// Whether the process that logged was sending.
    sends: bool,
    /// Whether the process is the client, where the point says so.
    is_client: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Transport,
    Service,
    Malformed,
}

impl Source {
    pub(super) const UNKNOWN: Self = Self { level: Level::Malformed, sends: false, is_client: None };

    /// The point of a name, as the attribute `Source` spells it.
    pub(super) fn of(name: &str) -> Self {
        let (level, sends, is_client) = match name {
            "TransportSend" => (Level::Transport, true, None),
            "TransportReceive" => (Level::Transport, false, None),
            "ServiceLevelSendRequest" => (Level::Service, true, Some(true)),
            "ServiceLevelReceiveReply" => (Level::Service, false, Some(true)),
            "ServiceLevelReceiveRequest" => (Level::Service, false, Some(false)),
            "ServiceLevelSendReply" => (Level::Service, true, Some(false)),
            "ServiceLevelSendDatagram" => (Level::Service, true, None),
            "ServiceLevelReceiveDatagram" => (Level::Service, false, None),
            _ => return Self::UNKNOWN,
        };
        Self { level, sends, is_client }
    }
}

/// A message of a log.
#[derive(Debug)]
pub(super) struct Logged {
    pub(super) place: Place,
    /// Since 1970.
    pub(super) at: Duration,
    pub(super) process: String,
    pub(super) activity: String,
    pub(super) source: Source,
    pub(super) action: Option<String>,
    pub(super) message_id: Option<String>,
    pub(super) relates_to: Vec<String>,
    pub(super) element: Option<(String, String)>,
    pub(super) has_body: bool,
    pub(super) envelope: Bytes,
}

/// What a message is by its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Request(&'static Operation),
    Keepalive,
    Reply,
    Callback(&'static Callback),
    /// Nothing that is known here.
    Other,
}

impl Logged {
    fn sort(&self) -> Sort {
        let action = self.action.as_deref().unwrap_or_default();
        let (space, local) = self.element.as_ref().map_or(("", ""), |(space, local)| (space, local));
        if !self.relates_to.is_empty() {
            return Sort::Reply;
        }
        if action == KEEPALIVE_ACTION {
            return Sort::Keepalive;
        }
        if let Some(callback) = Callback::of_action(action).or_else(|| Callback::of_element(space, local)) {
            return Sort::Callback(callback);
        }
        if let Some(operation) = Operation::of_action(action).or_else(|| Operation::of_element(space, local)) {
            return Sort::Request(operation);
        }
        Sort::Other
    }

    /// Whether it has to do with this protocol, whatever it is.
    fn is_of_protocol(&self) -> bool {
        let ours = |text: &str| text.starts_with(namespace::IPAM);
        self.action.as_deref().is_some_and(ours) || self.element.as_ref().is_some_and(|(space, _)| ours(space))
    }
}

/// The sessions of a log.
#[derive(Debug, Default)]
pub(super) struct Sides {
    processes: BTreeMap<String, Process>,
    open: BTreeMap<u64, Open>,
    sessions: u64,
    taken: u64,
    foreign: u64,
    malformed: u64,
}

/// A process that logged.
#[derive(Debug, Default)]
struct Process {
    /// The level that is read: that of its first message. The same message at the other level is passed over.
    level: Option<Level>,
    is_client: Option<bool>,
    by_id: BTreeMap<String, u64>,
    by_activity: BTreeMap<String, u64>,
    /// Whether a session was opened, so that the log has its beginning.
    begun: bool,
}

#[derive(Debug)]
struct Open {
    process: String,
    port_type: Option<PortType>,
    start: Duration,
    last: Duration,
    ids: VecDeque<String>,
    activities: BTreeSet<String>,
    /// Whether the operation has ended, so that what nothing ties to it is not of it.
    done: bool,
    gap: bool,
}

impl Sides {
    /// Takes a message.
    pub(super) fn take(&mut self, logged: Logged, out: &mut Vec<Recorded>) {
        self.taken += 1;
        if self.taken.is_multiple_of(SWEEP) || self.open.len() >= OPEN {
            self.sweep(logged.at, out);
        }
        if logged.source.level == Level::Malformed {
            self.malformed += 1;
            return;
        }
        let sort = logged.sort();
        let process = self.processes.entry(logged.process.clone()).or_default();
        // One message may be logged at both levels.
        if *process.level.get_or_insert(logged.source.level) != logged.source.level {
            return;
        }
        // The same id twice, which is no reply, is the message logged by the other side in the same process.
        if logged.message_id.as_ref().is_some_and(|id| process.by_id.contains_key(id)) && sort != Sort::Reply {
            return;
        }
        let Some(session) = self.find(&logged, sort, out) else { return };
        self.tie(session, &logged);
        let is_sent = self.is_sent(&logged, sort);
        let Some(open) = self.open.get_mut(&session) else { return };
        open.last = open.last.max(logged.at);
        if !logged.has_body && !open.gap {
            open.gap = true;
            let text = "messages were logged without their bodies, so the session is not judged: set \
                        logEntireMessage=\"true\"";
            out.push(Recorded::Gap(session, Remark { place: logged.place, text: text.to_owned() }));
        }
        if let Sort::Callback(callback) = sort
            && callback.name == "SetOverallStatus"
            && memchr::memmem::find(&logged.envelope, b"CompletedWith").is_some()
        {
            open.done = true;
        }
        let is_over = open.port_type == Some(PortType::IIpamServer) && !is_sent;
        let at = since(open.start, logged.at);
        let what = if is_sent {
            let Logged { action, message_id, envelope, .. } = logged;
            Observed::Sent(Outgoing { action, message_id, envelope })
        } else {
            Observed::Received(Received::text(logged.envelope, None))
        };
        out.push(Recorded::Observed(session, Observation { at, what, wire: None }));
        if is_over {
            self.close(session, out);
        }
    }

    /// An event was lost: what was open may lack it.
    pub(super) fn lost(&mut self, place: Place, out: &mut Vec<Recorded>) {
        for (session, open) in &mut self.open {
            if !open.gap {
                open.gap = true;
                let text = "an event of the log could not be read, and may be one of this session".to_owned();
                out.push(Recorded::Gap(*session, Remark { place, text }));
            }
        }
    }

    /// The log has ended.
    pub(super) fn finish(&mut self, out: &mut Vec<Recorded>) {
        let open: Vec<u64> = self.open.keys().copied().collect();
        for session in open {
            self.close(session, out);
        }
        let mut tell = |text: String| out.push(Recorded::Told(Remark { place: Place::End, text }));
        if self.foreign > 0 {
            tell(format!("{} messages are of other services, and were left out", self.foreign));
        }
        if self.malformed > 0 {
            tell(format!("{} messages were logged as malformed, and were left out", self.malformed));
        }
    }

    /// The session of a message; opened where it begins one.
    fn find(&mut self, logged: &Logged, sort: Sort, out: &mut Vec<Recorded>) -> Option<u64> {
        let process = self.processes.get(&logged.process)?;
        let related = logged.relates_to.iter().find_map(|id| process.by_id.get(id));
        let active = || process.by_activity.get(&logged.activity);
        let port_type = match sort {
            Sort::Request(operation) => Some(operation.port_type),
            Sort::Callback(callback) => Some(callback.port_type),
            Sort::Keepalive | Sort::Reply | Sort::Other => None,
        };
        if let Some(session) = related {
            return Some(*session);
        }
        // A request and its reply stand alone where the port type has no sessions.
        if port_type == Some(PortType::IIpamServer) {
            return Some(self.begin(logged, port_type, out));
        }
        if let Some(session) = active() {
            return Some(*session);
        }
        let begins = matches!(sort, Sort::Request(operation) if operation.name == "InitializeOperationParameters");
        if begins {
            return Some(self.begin(logged, port_type, out));
        }
        if port_type.is_none() && !logged.is_of_protocol() {
            self.foreign += 1;
            return None;
        }
        self.by_absence_of_others(logged, sort, port_type, out)
    }

    /// The session of a message that nothing ties to one: the only one there is.
    fn by_absence_of_others(
        &mut self,
        logged: &Logged,
        sort: Sort,
        port_type: Option<PortType>,
        out: &mut Vec<Recorded>,
    ) -> Option<u64> {
        let candidates = |done: bool| -> Vec<u64> {
            let of_it = |open: &Open| open.process == logged.process && open.port_type != Some(PortType::IIpamServer);
            self.open.iter().filter(|(_, open)| of_it(open) && open.done == done).map(|(number, _)| *number).collect()
        };
        let mut found = candidates(false);
        if found.is_empty() {
            found = candidates(true);
        }
        match found.as_slice() {
            [only] => Some(*only),
            [] => {
                let begun = self.processes.get(&logged.process).is_some_and(|process| process.begun);
                let session = self.begin(logged, port_type, out);
                if !(begun && matches!(sort, Sort::Request(_))) {
                    let text = "the log does not have the beginning of this session, so it is not judged";
                    self.gap(session, logged.place, text, out);
                }
                Some(session)
            }
            many => {
                for session in many {
                    let text = "a message of this log may be of this session or of another that is open: neither is \
                                judged from here; log with activity tracing and propagateActivity=\"true\"";
                    self.gap(*session, logged.place, text, out);
                }
                None
            }
        }
    }

    fn gap(&mut self, session: u64, place: Place, text: &str, out: &mut Vec<Recorded>) {
        if let Some(open) = self.open.get_mut(&session)
            && !std::mem::replace(&mut open.gap, true)
        {
            out.push(Recorded::Gap(session, Remark { place, text: text.to_owned() }));
        }
    }

    fn begin(&mut self, logged: &Logged, port_type: Option<PortType>, out: &mut Vec<Recorded>) -> u64 {
        let number = self.sessions;
        self.sessions += 1;
        let open = Open {
            process: logged.process.clone(),
            port_type,
            start: logged.at,
            last: logged.at,
            ids: VecDeque::new(),
            activities: BTreeSet::new(),
            done: false,
            gap: false,
        };
        self.open.insert(number, open);
        if let Some(process) = self.processes.get_mut(&logged.process) {
            process.begun = true;
        }
        let activity = logged.activity.trim_matches(['{', '}']);
        let name = if is_none(activity) { format!("session {}", number + 1) } else { format!("activity {activity}") };
        out.push(Recorded::Opened(number, About { name, port_type, place: logged.place }));
        number
    }

    /// Remembers by what later messages are known to be of a session.
    fn tie(&mut self, session: u64, logged: &Logged) {
        let (Some(open), Some(process)) = (self.open.get_mut(&session), self.processes.get_mut(&logged.process)) else {
            return;
        };
        if let Some(id) = &logged.message_id {
            process.by_id.insert(id.clone(), session);
            open.ids.push_back(id.clone());
            if open.ids.len() > REMEMBERED
                && let Some(old) = open.ids.pop_front()
            {
                process.by_id.remove(&old);
            }
        }
        let has_sessions = open.port_type != Some(PortType::IIpamServer);
        if has_sessions && !is_none(logged.activity.trim_matches(['{', '}'])) && open.activities.len() < REMEMBERED {
            process.by_activity.entry(logged.activity.clone()).or_insert(session);
            open.activities.insert(logged.activity.clone());
        }
    }

    /// Whether the client sent a message.
    fn is_sent(&mut self, logged: &Logged, sort: Sort) -> bool {
        let Some(process) = self.processes.get_mut(&logged.process) else { return false };
        let by_sort = match sort {
            Sort::Request(_) | Sort::Keepalive => Some(true),
            Sort::Reply | Sort::Callback(_) => Some(false),
            Sort::Other => None,
        };
        let of_client = logged.source.is_client.or_else(|| by_sort.map(|is_sent| is_sent == logged.source.sends));
        match (process.is_client, of_client) {
            (Some(is_client), _) => is_client == logged.source.sends,
            (None, Some(is_client)) => {
                process.is_client = Some(is_client);
                is_client == logged.source.sends
            }
            (None, None) => by_sort.unwrap_or(logged.source.sends),
        }
    }

    /// Closes what has been idle.
    fn sweep(&mut self, now: Duration, out: &mut Vec<Recorded>) {
        let idle: Vec<u64> =
            self.open.iter().filter(|(_, open)| since(open.last, now) > IDLE).map(|(number, _)| *number).collect();
        for session in idle {
            self.close(session, out);
        }
        while self.open.len() >= OPEN {
            let Some(oldest) = self.open.iter().min_by_key(|(_, open)| open.last).map(|(number, _)| *number) else {
                return;
            };
            self.gap(
                oldest,
                Place::End,
                "more sessions are open than are kept; this one is not judged any further",
                out,
            );
            self.close(oldest, out);
        }
    }

    fn close(&mut self, session: u64, out: &mut Vec<Recorded>) {
        let Some(open) = self.open.remove(&session) else { return };
        if let Some(process) = self.processes.get_mut(&open.process) {
            for id in &open.ids {
                process.by_id.remove(id);
            }
            for activity in &open.activities {
                if process.by_activity.get(activity) == Some(&session) {
                    process.by_activity.remove(activity);
                }
            }
        }
        out.push(Recorded::Closed(session));
    }
}

/// Whether an activity is none.
fn is_none(activity: &str) -> bool {
    activity.chars().all(|c| matches!(c, '0' | '-'))
}
