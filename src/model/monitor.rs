//! The engine: walks one session through a machine, over the set of states that the server may be in, and holds what
//! callbacks say against each other.
//!
//! It remembers what was broken, says what it would have allowed, and goes on; it allocates nothing for an event that is
//! allowed, and keeps an octet for each subtask. Leaves out how events are read, and what a breach comes to. Follows
//! [MS-IPAMM2] 3.19.1.1, 3.21.1.2 and 2.2.4.399.

use super::{
    event::{Event, Facts, Status, Symbol},
    ledger::Ledger,
    machine::{BEYOND_LIMIT, CALLED, LEFT, REPEATS, Tells, UNSEEN_END},
    table::Table,
};
use crate::session::Layer;

/// The most subtasks that are told apart in a session; of more nothing is said.
const MOST_SUBTASKS: u32 = 1 << 20;

/// An output that no state allows: the one shape of what is not expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unexpected {
    /// The states that the server may have been in.
    pub states: Vec<String>,
    /// The outputs that they allow.
    pub expected: Vec<String>,
    /// What came.
    pub got: String,
}

/// A requirement that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The requirement.
    pub requirement: &'static str,
    /// The layer that it belongs to.
    pub layer: Layer,
    /// The event that broke it first, counted from 1; 0 where only the end of the trace shows it.
    pub at: u64,
    /// How often it was broken after that.
    pub more: u64,
    /// What no state allows, where it is that; else a rule about what messages hold is broken.
    pub unexpected: Option<Unexpected>,
    /// What the rule asks for.
    pub expected: String,
    /// What came instead.
    pub got: String,
}

impl Breach {
    /// Whether it rests on something that did not come: within a limit, or up to the end of the trace.
    pub fn is_of_silence(&self) -> bool {
        self.at == 0 || self.unexpected.as_ref().is_some_and(|unexpected| unexpected.got == BEYOND_LIMIT)
    }
}

/// What a rule about data found to look at, for [`Monitor::held`].
type Looked = u16;
const LOOKED_ADDED: Looked = 1;
const LOOKED_KNOWN: Looked = 1 << 1;
const LOOKED_SUCCESS: Looked = 1 << 2;
const LOOKED_FAILURE: Looked = 1 << 3;
const LOOKED_CALLBACK: Looked = 1 << 4;
const LOOKED_INITIALIZED: Looked = 1 << 5;
const LOOKED_STARTED: Looked = 1 << 6;

const ADDED_ONCE: &str = "progress.subtask-added-once";
const KNOWN: &str = "progress.subtask-known";
const IDENTIFIED: &str = "progress.subtask-identified";
const ENDED_BEFORE: &str = "progress.subtasks-end-before-success";
const DETAILS: &str = "progress.failure-details";

/// Walks one session.
#[derive(Debug, Clone)]
pub struct Monitor<'a> {
    table: &'a Table,
    /// The states that the server may be in.
    states: u16,
    ledger: Ledger,
    /// How many events there were.
    at: u64,
    /// Where it stopped: after what the machine does not speak of.
    stopped: Option<u64>,
    /// The status of each subtask.
    subtasks: Vec<Status>,
    /// How many of them have not ended.
    open: u32,
    /// Whether a callback could not be read whole, so that a subtask may have been missed.
    blind: bool,
    looked: Looked,
    /// What callbacks had in them, all together.
    seen: Facts,
    goes_on: u32,
    open_at_failure: u32,
    failed: u32,
    /// The event that told of the failure.
    failed_at: u64,
    reply_place: Option<&'static str>,
    breaches: Vec<Breach>,
}

impl<'a> Monitor<'a> {
    /// A session that was just established. `end_shows` says whether the binding shows that a target ends a session.
    pub fn new(table: &'a Table, end_shows: bool) -> Self {
        Self {
            table,
            states: 1,
            ledger: Ledger::new(end_shows),
            at: 0,
            stopped: None,
            subtasks: Vec::new(),
            open: 0,
            blind: false,
            looked: 0,
            seen: Facts::NONE,
            goes_on: 0,
            open_at_failure: 0,
            failed: 0,
            failed_at: 0,
            reply_place: None,
            breaches: Vec::new(),
        }
    }

    /// Begins anew with another session, in the memory of this one.
    pub fn reset(&mut self) {
        let mut subtasks = std::mem::take(&mut self.subtasks);
        subtasks.clear();
        *self = Self { subtasks, ..Self::new(self.table, !self.ledger.holds(UNSEEN_END)) };
    }

    /// Takes the next event, and tells the arrows that it went along.
    #[inline]
    pub fn step(&mut self, event: Event, taken: impl FnMut(u16)) {
        self.at += 1;
        if self.stopped.is_some() {
            return;
        }
        if event.symbol.is_callback() {
            self.looked |= LOOKED_CALLBACK;
            self.seen |= event.facts;
            if event.facts.any(Facts::BREAKING) {
                self.message(event);
            }
            if self.output(event.symbol, taken) {
                self.data(event);
            } else {
                self.take_in(event);
            }
        } else {
            self.rest(event, taken);
        }
    }

    /// Walks along the arrows of an output; says whether there are any.
    #[inline]
    fn output(&mut self, symbol: Symbol, taken: impl FnMut(u16)) -> bool {
        let mut next = self.table.step(self.states, symbol, self.ledger.conditions(), taken);
        if let Some(unsaid) = self.table.machine.unsaid {
            let unsaid = 1 << unsaid;
            if self.states & unsaid != 0 {
                let ends = matches!(symbol, Symbol::END | Symbol::BROKEN);
                next |= if ends { 1 << self.table.machine.end } else { unsaid };
            }
        }
        if next == 0 {
            self.unexpected(symbol);
            return false;
        }
        self.states = next;
        if self.table.tells(symbol) == Tells::Begin {
            self.ledger.begins();
        }
        true
    }

    /// Everything but callbacks.
    fn rest(&mut self, event: Event, taken: impl FnMut(u16)) {
        match event.symbol {
            Symbol::INITIALIZE | Symbol::START | Symbol::CALLBACK | Symbol::LEAVE => {
                self.ledger.sent(event.symbol, event.facts.any(Facts::REPEATS));
            }
            Symbol::FOREIGN | Symbol::UNREAD => self.stopped = Some(self.at),
            Symbol::KEEPALIVE | Symbol::QUIET => {}
            // Who has left is owed nothing.
            Symbol::LATE if self.ledger.holds(LEFT) => {}
            Symbol::ANSWER => self.ignored(event),
            Symbol::STRAY => self.stray(event),
            Symbol::INITIALIZED | Symbol::INITIALIZE_FAULT => self.initialized(event, taken),
            Symbol::STARTED | Symbol::START_FAULT => self.started(event, taken),
            symbol => {
                self.output(symbol, taken);
            }
        }
    }

    /// 3.19.4.3: one answer to each; what is not valid is refused.
    fn initialized(&mut self, event: Event, taken: impl FnMut(u16)) {
        let rules = self.table.machine.rules;
        self.contract(event, rules.initialize_action, rules.initialize_element);
        if event.facts.any(Facts::AGAIN) {
            return self.twice(rules.initialize_once, event);
        }
        if event.symbol == Symbol::INITIALIZED {
            self.looked |= LOOKED_INITIALIZED;
            let expected = "a fault";
            if event.facts.any(Facts::NO_PARAMETERS) {
                let got = "a reply to an initialization without parameters";
                self.breach(rules.no_parameters, Layer::Model, expected, got);
            } else if event.facts.any(Facts::UNKNOWN_OPERATION) {
                let got = "a reply to an initialization for an operation that there is not";
                self.breach(rules.unknown_operation, Layer::Model, expected, got);
            }
        }
        self.output(event.symbol, taken);
        self.ledger.answered(event.symbol);
    }

    /// 3.19.4.4: one answer to each, in any place.
    fn started(&mut self, event: Event, taken: impl FnMut(u16)) {
        let rules = self.table.machine.rules;
        self.contract(event, rules.start_action, rules.start_element);
        if event.facts.any(Facts::AGAIN) {
            return self.twice(rules.start_once, event);
        }
        if self.reply_place.is_none() {
            self.reply_place = Some(match (self.ledger.begun(), self.looked & (LOOKED_SUCCESS | LOOKED_FAILURE)) {
                (0, _) => "before the callbacks",
                (_, 0) => "among the callbacks",
                _ => "after the callbacks",
            });
        }
        self.output(event.symbol, taken);
        if event.symbol == Symbol::STARTED {
            self.looked |= LOOKED_STARTED;
        } else {
            self.seen |= Facts::DETAILS;
        }
        self.ledger.answered(event.symbol);
    }

    fn contract(&mut self, event: Event, action: &'static str, element: &'static str) {
        if event.facts.any(Facts::UNRELATED) {
            let asks = "answers that relate to their requests";
            self.breach("message.relates-to", Layer::Addressing, asks, "an answer that does not");
        }
        if event.facts.any(Facts::ACTION_WRONG) {
            self.breach(action, Layer::Contract, "the action of the reply", "another action");
        }
        if event.facts.any(Facts::ELEMENT_WRONG) {
            self.breach(element, Layer::Contract, "the element of the reply", "another element");
        }
    }

    fn twice(&mut self, requirement: &'static str, event: Event) {
        let got = format!("{} once more", self.table.machine.word(event.symbol));
        self.breach(requirement, Layer::Model, "one answer to a request", &got);
    }

    /// What is to be ignored was answered. 2.2.2.2; 3.19.4.5 to 3.19.4.9 and the ruling `callback-op-from-client`.
    fn ignored(&mut self, event: Event) {
        // Where the binding cannot show that the session has ended, its next message is refused.
        if event.facts.any(Facts::TO_KEEPALIVE) && event.facts.any(Facts::FAULT) && self.ledger.hides_end() {
            return;
        }
        let got = if event.facts.any(Facts::FAULT) { "a fault" } else { "a reply" };
        let requirement = if event.facts.any(Facts::TO_KEEPALIVE) {
            "keepalive.ignored"
        } else if event.facts.any(Facts::FAULT) {
            self.table.machine.rules.callback_silent
        } else {
            self.table.machine.rules.callback_ignored
        };
        self.breach(requirement, Layer::Model, "nothing", got);
    }

    fn stray(&mut self, event: Event) {
        if event.facts.any(Facts::ELSEWHERE) {
            let got = "an answer to a request of another session";
            self.breach("session.replies-stay", Layer::Model, "answers to requests of this session", got);
        } else if event.facts.any(Facts::UNRELATED) {
            let got = "an answer to no request of this session";
            self.breach("message.relates-to", Layer::Addressing, "answers to requests of this session", got);
        } else {
            self.breach(
                self.table.machine.rules.callback_element,
                Layer::Contract,
                "a callback, or an answer",
                "a message that is neither",
            );
        }
    }

    /// What is wrong with a callback by itself.
    #[cold]
    fn message(&mut self, event: Event) {
        let rules = self.table.machine.rules;
        if event.facts.any(Facts::ACTION_WRONG) {
            self.breach(
                rules.callback_action,
                Layer::Contract,
                "one of the two actions of the callback",
                "another action",
            );
        }
        if event.facts.any(Facts::ELEMENT_WRONG) {
            self.breach(rules.callback_element, Layer::Contract, "the element of the callback, alone", "another body");
        }
        if event.facts.any(Facts::TYPES_WRONG) {
            self.breach(
                rules.callback_types,
                Layer::Contract,
                "values of their types",
                "a value that is none of its type",
            );
        }
        if event.facts.any(Facts::NO_SUBTASK) && !event.facts.any(Facts::ELEMENT_WRONG | Facts::TYPES_WRONG) {
            let got = format!("{} of no subtask", self.table.machine.word(event.symbol));
            self.breach(IDENTIFIED, Layer::Model, "a SubTaskInstance", &got);
        }
    }

    /// Rules about what callbacks that come in order say.
    #[inline]
    fn data(&mut self, event: Event) {
        match self.table.tells(event.symbol) {
            Tells::Added => {
                if !self.blind && self.known(event).is_some_and(|status| status != Status::None) {
                    let got = "AddSubTask of one that was added before";
                    self.breach(ADDED_ONCE, Layer::Model, "subtasks that were not added before", got);
                }
                self.looked |= LOOKED_ADDED;
                self.take_in(event);
            }
            Tells::SubtaskStatus => {
                if !self.blind && self.known(event).is_some_and(|status| status == Status::None) {
                    let got = "SetSubTaskStatus of one that was not added";
                    self.breach(KNOWN, Layer::Model, "subtasks that were added before", got);
                    return;
                }
                self.looked |= LOOKED_KNOWN;
                self.take_in(event);
            }
            Tells::Success => {
                self.looked |= LOOKED_SUCCESS;
                if self.open > 0 && !self.blind && !self.ledger.holds(REPEATS) {
                    let got = format!("CompletedWithSuccess while {} of the subtasks have not ended", self.open);
                    self.breach(ENDED_BEFORE, Layer::Model, "that every subtask has ended", &got);
                }
            }
            Tells::Failure => {
                self.looked |= LOOKED_FAILURE;
                self.open_at_failure = self.open;
                self.failed_at = self.at;
            }
            Tells::GoesOn => self.goes_on = self.goes_on.saturating_add(1),
            Tells::Begin | Tells::Percentage | Tells::Nothing => {}
        }
    }

    /// The status of a subtask as it was last told: [`Status::None`] where it was not, none where there is no telling.
    #[inline]
    fn known(&self, event: Event) -> Option<Status> {
        let is_one = !event.facts.any(Facts::UNTELLING);
        is_one
            .then(|| usize::try_from(event.subtask).ok().and_then(|place| self.subtasks.get(place)).copied())?
            .or(Some(Status::None))
    }

    /// Remembers what a callback says of a subtask.
    #[inline]
    fn take_in(&mut self, event: Event) {
        if !matches!(self.table.tells(event.symbol), Tells::Added | Tells::SubtaskStatus) {
            return;
        }
        let Ok(place) = usize::try_from(event.subtask) else { return };
        if event.facts.any(Facts::UNTELLING) || event.subtask >= MOST_SUBTASKS {
            self.blind = true;
            return;
        }
        if place >= self.subtasks.len() {
            self.subtasks.resize(place + 1, Status::None);
        }
        let Some(status) = self.subtasks.get_mut(place) else { return };
        let before = *status;
        // One that is added without a status has not begun; one that goes on without one stays as it was.
        *status = match (event.status, before) {
            (Status::None, Status::None) => Status::Open,
            (Status::None, before) => before,
            (told, _) => told,
        };
        let (was_open, is_open) = (before == Status::Open, *status == Status::Open);
        self.open = self.open + u32::from(is_open) - u32::from(was_open);
        if *status == Status::Failed && before != Status::Failed {
            self.failed = self.failed.saturating_add(1);
        }
    }

    /// No state allows it: says so, and goes on from where it would have led, if that is further.
    #[cold]
    fn unexpected(&mut self, symbol: Symbol) {
        let machine = self.table.machine;
        if self.states == 1 << machine.end {
            return;
        }
        let requirement = machine.refusal(self.states, symbol, self.ledger.conditions());
        let got = machine.word(symbol);
        let allowed = self.table.allowed(self.states, self.ledger.conditions());
        let expected: Vec<String> = allowed.into_iter().map(|symbol| machine.word(symbol)).collect();
        let text = expected.join(", ");
        let unexpected = Unexpected { states: machine.titles(self.states), expected, got: got.clone() };
        self.breach(requirement, Layer::Model, &text, &got);
        if let Some(breach) = self.breaches.iter_mut().find(|breach| breach.requirement == requirement)
            && breach.more == 0
        {
            breach.unexpected = Some(unexpected);
        }
        // A callback that nobody asked for leaves the session where it was, unless it begins the operation.
        let called = self.ledger.holds(CALLED);
        if called || !symbol.is_callback() || self.table.tells(symbol) == Tells::Begin {
            self.states = self.table.onward(self.states, symbol);
            if called && symbol.is_callback() {
                self.ledger.begins();
            }
        }
        match self.table.tells(symbol) {
            Tells::Success => self.looked |= LOOKED_SUCCESS,
            Tells::Failure => self.looked |= LOOKED_FAILURE,
            _ => {}
        }
    }

    #[cold]
    fn breach(&mut self, requirement: &'static str, layer: Layer, expected: &str, got: &str) {
        if let Some(known) = self.breaches.iter_mut().find(|breach| breach.requirement == requirement) {
            known.more += 1;
            return;
        }
        self.breaches.push(Breach {
            requirement,
            layer,
            at: self.at,
            more: 0,
            unexpected: None,
            expected: expected.to_owned(),
            got: got.to_owned(),
        });
    }

    /// Says what only the end of a trace shows.
    pub fn finish(&mut self) {
        let told = self.looked & LOOKED_FAILURE != 0 && !self.seen.any(Facts::TYPES_WRONG | Facts::ELEMENT_WRONG);
        if told && !self.seen.any(Facts::DETAILS) {
            let at = std::mem::replace(&mut self.at, self.failed_at);
            self.breach(DETAILS, Layer::Model, "what went wrong", "CompletedWithFailure, and nothing of why");
            self.at = at;
        }
    }

    /// What was broken, in the order in which it was; each requirement once.
    pub fn breaches(&self) -> &[Breach] {
        &self.breaches
    }

    /// The states that the server may be in, as a set of their places.
    pub fn states(&self) -> u16 {
        self.states
    }

    /// How many events there were.
    pub fn events(&self) -> u64 {
        self.at
    }

    /// The event after which nothing was judged any more, where there is one.
    pub fn stopped(&self) -> Option<u64> {
        self.stopped
    }

    /// The requirements about data that the session put to the test and kept, and those of the machine that only its end
    /// shows.
    pub fn held(&self) -> Vec<&'static str> {
        let is_over = self.states & (1 << self.table.machine.end) != 0;
        let ended = self.looked & (LOOKED_SUCCESS | LOOKED_FAILURE) != 0;
        let looked = |bits: Looked| self.looked & bits != 0;
        let rules = self.table.machine.rules;
        let held = [
            (looked(LOOKED_INITIALIZED), rules.initialize_action),
            (looked(LOOKED_INITIALIZED), rules.initialize_element),
            (looked(LOOKED_STARTED), rules.start_action),
            (looked(LOOKED_STARTED), rules.start_element),
            (looked(LOOKED_CALLBACK), rules.callback_action),
            (looked(LOOKED_CALLBACK), rules.callback_element),
            (looked(LOOKED_CALLBACK), rules.callback_types),
            (looked(LOOKED_ADDED), ADDED_ONCE),
            (looked(LOOKED_ADDED), IDENTIFIED),
            (looked(LOOKED_KNOWN), KNOWN),
            (looked(LOOKED_SUCCESS) && looked(LOOKED_ADDED), ENDED_BEFORE),
            (looked(LOOKED_FAILURE), DETAILS),
            (ended && is_over && !self.ledger.holds(LEFT), rules.nothing_after_end),
        ];
        held.into_iter().filter(|(looked, rule)| *looked && !self.is_broken(rule)).map(|(_, rule)| rule).collect()
    }

    /// Whether a requirement was broken.
    pub fn is_broken(&self, requirement: &str) -> bool {
        self.breaches.iter().any(|breach| breach.requirement == requirement)
    }

    /// What the document leaves open, and what was seen of it: a requirement and words.
    pub fn noted(&self) -> Vec<(&'static str, String)> {
        if self.looked & (LOOKED_SUCCESS | LOOKED_FAILURE) == 0 {
            return Vec::new();
        }
        let words = |holds: bool, yes: &str, no: &str| if holds { yes } else { no }.to_owned();
        let seen = |facts| self.seen.any(facts);
        let action = match (seen(Facts::SERVER_ACTION), seen(Facts::CLIENT_ACTION)) {
            (true, true) => "both actions in one session",
            (true, false) => "the action of the server's port type throughout",
            (false, true) => "the action of the client's port type throughout",
            (false, false) => "neither action",
        };
        let mut noted = vec![
            ("progress-callback.action-kept", action.to_owned()),
            ("progress.overall-in-progress", format!("told {} times", self.goes_on)),
            ("progress.overall-percentage", words(seen(Facts::HUNDRED), "100 percent was told", "no 100 percent")),
            (
                "progress.percentage-range",
                words(seen(Facts::ODD_PERCENTAGE), "outside 0 to 100, or falling", "within 0 to 100, and not falling"),
            ),
            ("progress.subtask-status-agrees", words(seen(Facts::DISAGREES), "two that differ", "no two that differ")),
            ("progress.subtask-sort-kept", words(seen(Facts::OTHER_SORT), "another SubTaskUniqueId", "kept")),
        ];
        if let Some(place) = self.reply_place {
            noted.push(("progress.start-reply-place", place.to_owned()));
        }
        if self.looked & LOOKED_FAILURE != 0 {
            let open = format!("{} subtasks had not ended", self.open_at_failure);
            noted.push(("progress.subtasks-at-failure", open));
        }
        if self.looked & LOOKED_SUCCESS != 0 {
            noted.push(("progress.errors-at-success", format!("{} subtasks had ended with an error", self.failed)));
        }
        noted
    }
}

#[cfg(test)]
#[path = "monitor_tests.rs"]
mod tests;
