//! One session from its observations to what a verdict needs: what was broken, kept, noted, and the way through the machine.
//!
//! Leaves out levels and outcomes: the catalogue knows those. It is bounded: what a session did beyond that is judged and
//! not kept. Follows [MS-IPAMM2] 3.19.1.1 and 3.21.1.1.

use super::{
    event::{Event, Symbol},
    machine::Machine,
    monitor::{Breach, Monitor},
    reader::Reader,
    table::Table,
};
use crate::{
    session::Observed,
    spec::PortType,
    verdict::{BrokenAt, Walk},
};

/// How many events of a session are kept for its evidence.
const KEPT: usize = 10_000;

/// Follows one session.
#[derive(Debug)]
pub struct Track<'a> {
    machine: &'static Machine,
    client_machine: &'static Machine,
    reader: Reader,
    monitor: Monitor<'a>,
    /// The client's side, for what it shows of the way.
    client: Monitor<'a>,
    /// The first events, and the arrows that each went along.
    events: Vec<Event>,
    path: Vec<u16>,
    client_path: Vec<u16>,
    /// The step of the case after which nothing was judged.
    stopped: Option<usize>,
}

/// What came of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What was broken.
    pub breaches: Vec<(Breach, String)>,
    /// What was put to the test and kept, with what showed it; whether that was a fault, which shows nothing of a must.
    pub held: Vec<(&'static str, String, bool)>,
    /// What the document leaves open, with what was seen.
    pub noted: Vec<(&'static str, String)>,
    /// The arrows of the server's machine and of the client's, in order.
    pub paths: [(&'static Machine, Vec<u16>); 2],
    /// The step of the case after which nothing was judged, where there is one.
    pub stopped: Option<usize>,
}

impl Verdict {
    /// The ways through the machines, for a record.
    pub fn walks(&self, session: &str) -> impl Iterator<Item = Walk> {
        // What is broken is broken by the server, whose machine is the first.
        let broken = self.breaches.iter().map(|(breach, _)| BrokenAt {
            requirement: breach.requirement.to_owned(),
            event: breach.at,
            states: breach.unexpected.as_ref().map_or_else(Vec::new, |unexpected| unexpected.states.clone()),
        });
        let mut broken = Some(broken.collect::<Vec<_>>());
        self.paths.iter().map(move |(machine, path)| Walk {
            session: session.to_owned(),
            machine: machine.name.to_owned(),
            path: path.clone(),
            not_judged_after_step: self.stopped,
            broken: broken.take().unwrap_or_default(),
        })
    }
}

impl<'a> Track<'a> {
    /// A session that was opened. `end_shows` says whether its binding shows that the target ends it.
    pub fn new(port_type: PortType, (server, client): (&'a Table, &'a Table), end_shows: bool) -> Self {
        Self {
            machine: server.machine,
            client_machine: client.machine,
            reader: Reader::new(port_type),
            monitor: Monitor::new(server, end_shows),
            client: Monitor::new(client, end_shows),
            events: Vec::new(),
            path: Vec::new(),
            client_path: Vec::new(),
            stopped: None,
        }
    }

    /// Takes what was observed, in a step of a case. `elsewhere` knows the ids of requests of other sessions.
    pub fn see(&mut self, observed: &Observed, step: usize, elsewhere: &dyn Fn(&str) -> bool) {
        if let Some(event) = self.reader.read(observed, elsewhere) {
            self.take(event, step);
        }
    }

    /// Takes an event that was read elsewhere.
    pub fn take(&mut self, event: Event, step: usize) {
        if self.events.len() < KEPT {
            self.events.push(event);
        }
        let path = &mut self.path;
        self.monitor.step(event, |arrow| keep(path, arrow));
        if self.monitor.stopped().is_some() && self.stopped.is_none() {
            self.stopped = Some(step);
        }
        // What a client makes of callbacks that are out of place is not said.
        if self.monitor.breaches().is_empty()
            && (event.symbol.is_callback() || event.symbol == Symbol::END || event.symbol == Symbol::BROKEN)
        {
            let path = &mut self.client_path;
            self.client.step(event, |arrow| keep(path, arrow));
        }
    }

    /// The ids of the requests that were sent on it.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.reader.ids()
    }

    /// What came of it.
    pub fn finish(mut self) -> Verdict {
        let machine = self.machine;
        self.monitor.finish();
        let breaches = self.monitor.breaches().iter().cloned();
        let breaches = breaches.map(|breach| (prefix(machine, &self.events, breach.at), breach));
        let noted = self.monitor.noted();
        let mut held: Vec<(&'static str, String, bool)> = Vec::new();
        for arrow in self.path.iter().filter_map(|arrow| machine.arrows.get(usize::from(*arrow))) {
            let known = held.iter().any(|(requirement, _, _)| *requirement == arrow.requirement)
                || noted.iter().any(|(requirement, _)| *requirement == arrow.requirement);
            if !known && !arrow.requirement.is_empty() && !self.monitor.is_broken(arrow.requirement) {
                let is_fault = matches!(arrow.output, Symbol::INITIALIZE_FAULT | Symbol::START_FAULT);
                held.push((arrow.requirement, machine.label(arrow), is_fault));
            }
        }
        for requirement in self.monitor.held() {
            held.retain(|(known, _, _)| *known != requirement);
            held.push((requirement, "kept throughout the session".to_owned(), false));
        }
        Verdict {
            breaches: breaches.map(|(prefix, breach)| (breach, prefix)).collect(),
            held,
            noted,
            paths: [(machine, self.path), (self.client_machine, self.client_path)],
            stopped: self.stopped,
        }
    }
}

fn keep(path: &mut Vec<u16>, arrow: u16) {
    if path.len() < KEPT {
        path.push(arrow);
    }
}

/// The events up to one, for a person; those that repeat are counted.
fn prefix(machine: &Machine, events: &[Event], at: u64) -> String {
    let mut words: Vec<(String, usize)> = Vec::new();
    for event in events.iter().take(usize::try_from(at).unwrap_or(usize::MAX)) {
        let word = machine.word(event.symbol);
        match words.last_mut() {
            Some((last, count)) if *last == word => *count += 1,
            _ => words.push((word, 1)),
        }
    }
    let left_out = words.len().saturating_sub(20);
    let shown = words.into_iter().skip(left_out).map(|(word, count)| match count {
        1 => word,
        _ => format!("{word} ×{count}"),
    });
    let begun = (left_out > 0).then(|| "…".to_owned());
    begun.into_iter().chain(shown).collect::<Vec<_>>().join("; ")
}
