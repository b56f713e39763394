//! Machines as declarations: states, one line an arrow, one line a refusal.
//!
//! An arrow is one of the figure: in a state, an input that the client has sent and an output that answers to it lead to
//! the next state. The input is a condition: when the server takes what was sent is not seen. Leaves out which machines
//! there are, and how they are walked ([`super::Table`]). Follows [MS-IPAMM2] 3.19.1.1 in shape; 3.5.1.1 to 3.17.1.1 fit it.

use super::event::Symbol;
use crate::verdict::{MachineRecord, Transition};

/// A state, by its place in the machine's list.
pub type StateId = u8;

/// The most states that a machine has.
pub const MOST_STATES: usize = 16;

/// What nothing is called that came within the limit of an operation.
pub const BEYOND_LIMIT: &str = "silence beyond the limit";

/// A state.
#[derive(Debug, PartialEq, Eq)]
pub struct State {
    /// Its name, spelled as the document spells it.
    pub name: &'static str,
    /// What tells it from other states of that name; empty where nothing needs to.
    pub note: &'static str,
}

impl State {
    /// A state of the document.
    pub const fn named(name: &'static str) -> Self {
        Self { name, note: "" }
    }

    /// One of several that the document calls by one name, and an outsider can tell apart.
    pub const fn noted(name: &'static str, note: &'static str) -> Self {
        Self { name, note }
    }

    /// Its name and note.
    pub fn title(&self) -> String {
        if self.note.is_empty() { self.name.to_owned() } else { format!("{} ({})", self.name, self.note) }
    }
}

/// A condition of a session.
pub type Condition = u8;

/// A start was sent that no fault answers, and that no callback has begun.
pub const CALLED: Condition = 1;
/// More than one start was sent that no fault answers.
pub const SEVERAL: Condition = 1 << 1;
/// A start was replied to.
pub const REPLIED: Condition = 1 << 2;
/// The operation may tell success more than once (ruling `overall-status-in-progress`).
pub const REPEATS: Condition = 1 << 3;
/// An initializing request was not answered yet.
pub const INITIALIZING: Condition = 1 << 4;
/// The client has ended the session.
pub const LEFT: Condition = 1 << 5;
/// That the target ends the session would not show.
pub const UNSEEN_END: Condition = 1 << 6;
/// The client has sent a callback.
pub const CALLED_BACK: Condition = 1 << 7;

/// When an arrow may be taken: conditions that hold, and conditions that do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// What holds.
    pub needs: Condition,
    /// What does not.
    pub forbids: Condition,
}

impl Guard {
    /// Always.
    pub const ALWAYS: Self = Self { needs: 0, forbids: 0 };

    /// When all of these hold.
    pub const fn when(needs: Condition) -> Self {
        Self { needs, forbids: 0 }
    }

    /// When none of these holds.
    pub const fn unless(forbids: Condition) -> Self {
        Self { needs: 0, forbids }
    }

    /// And none of these.
    #[must_use]
    pub const fn but_not(self, forbids: Condition) -> Self {
        Self { needs: self.needs, forbids: self.forbids | forbids }
    }

    /// Whether it lets through.
    pub fn holds(self, conditions: Condition) -> bool {
        conditions & (self.needs | self.forbids) == self.needs
    }

    /// For a person; empty where it always lets through.
    pub fn words(self) -> String {
        const WORDS: [(Condition, &str); 8] = [
            (CALLED, "a start waits"),
            (SEVERAL, "several starts wait"),
            (REPLIED, "a start was replied to"),
            (REPEATS, "success is told more than once"),
            (INITIALIZING, "an initialization waits"),
            (LEFT, "the client has left"),
            (UNSEEN_END, "an end would not show"),
            (CALLED_BACK, "the client has called back"),
        ];
        let of = |bits: Condition, not: &'static str| {
            WORDS.iter().filter(move |(bit, _)| bits & bit != 0).map(move |(_, words)| format!("{not}{words}"))
        };
        of(self.needs, "").chain(of(self.forbids, "not: ")).collect::<Vec<_>>().join(", ")
    }
}

/// One arrow.
#[derive(Debug, PartialEq, Eq)]
pub struct Arrow {
    /// Where it leaves.
    pub from: StateId,
    /// What the client sent for it; none where the server acts by itself.
    pub input: Option<Symbol>,
    /// What the target does.
    pub output: Symbol,
    /// When it may be taken.
    pub guard: Guard,
    /// Where it leads.
    pub to: StateId,
    /// The requirement that the arrow stands for; empty where the document leaves it open.
    pub requirement: &'static str,
}

/// What an output breaks where no arrow has it.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// In which states.
    pub states: &'static [StateId],
    /// Which outputs.
    pub outputs: &'static [Symbol],
    /// When.
    pub guard: Guard,
    /// The requirement that it breaks.
    pub requirement: &'static str,
}

/// What a callback tells, for the rules about data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tells {
    /// Nothing that a rule looks at.
    #[default]
    Nothing,
    /// That the operation begins.
    Begin,
    /// That there is a subtask.
    Added,
    /// How a subtask stands.
    SubtaskStatus,
    /// How much is done.
    Percentage,
    /// That the operation goes on.
    GoesOn,
    /// That it has ended well.
    Success,
    /// That it has not.
    Failure,
}

/// A callback of a machine's alphabet.
#[derive(Debug, PartialEq, Eq)]
pub struct Output {
    /// Its letter.
    pub symbol: Symbol,
    /// Its name, with what tells it from others of that name.
    pub name: &'static str,
    /// What it tells.
    pub tells: Tells,
}

/// The requirements that a family of sessions gives to rules which every family has.
#[derive(Debug, PartialEq, Eq)]
pub struct Rules {
    /// An initialization is answered once.
    pub initialize_once: &'static str,
    /// The action of the reply to it.
    pub initialize_action: &'static str,
    /// The element of the reply to it.
    pub initialize_element: &'static str,
    /// It is refused without parameters.
    pub no_parameters: &'static str,
    /// It is refused for an operation that there is not.
    pub unknown_operation: &'static str,
    /// A start is answered once.
    pub start_once: &'static str,
    /// The action of the reply to it.
    pub start_action: &'static str,
    /// The element of the reply to it.
    pub start_element: &'static str,
    /// The action of a callback.
    pub callback_action: &'static str,
    /// The element of a callback.
    pub callback_element: &'static str,
    /// The types of what a callback holds.
    pub callback_types: &'static str,
    /// A callback of the client changes nothing.
    pub callback_ignored: &'static str,
    /// A callback of the client is not answered.
    pub callback_silent: &'static str,
    /// Nothing is called back after the end.
    pub nothing_after_end: &'static str,
}

/// A machine.
#[derive(Debug, PartialEq, Eq)]
pub struct Machine {
    /// The port type that it is of.
    pub name: &'static str,
    /// The section of [MS-IPAMM2].
    pub section: &'static str,
    /// The figure that it is drawn in.
    pub figure: u8,
    /// The operation that initializes a session.
    pub initialize: &'static str,
    /// The operation that starts one.
    pub start: &'static str,
    /// The callbacks.
    pub outputs: &'static [Output],
    /// The states, in the order of a session; the first is where it begins.
    pub states: &'static [State],
    /// The state after which nothing comes.
    pub end: StateId,
    /// The state in which the document says no more and everything is allowed, where there is one.
    pub unsaid: Option<StateId>,
    /// The arrows.
    pub arrows: &'static [Arrow],
    /// What is broken where no arrow fits; the first that fits counts.
    pub refusals: &'static [Refusal],
    /// What is broken where no refusal fits.
    pub otherwise: &'static str,
    /// The requirements of the rules that every machine has.
    pub rules: &'static Rules,
}

impl Machine {
    /// The state of this number.
    pub fn state(&self, id: StateId) -> Option<&'static State> {
        self.states.get(usize::from(id))
    }

    /// A letter for a person.
    pub fn word(&self, symbol: Symbol) -> String {
        if let Some(output) = self.outputs.iter().find(|output| output.symbol == symbol) {
            return output.name.to_owned();
        }
        let of = |operation: &str, answer: &str| format!("{operation}{answer}");
        match symbol {
            Symbol::INITIALIZE => self.initialize.to_owned(),
            Symbol::START => self.start.to_owned(),
            Symbol::INITIALIZED => of(self.initialize, "Response"),
            Symbol::INITIALIZE_FAULT => of("a fault to ", self.initialize),
            Symbol::STARTED => of(self.start, "Response"),
            Symbol::START_FAULT => of("a fault to ", self.start),
            Symbol::CALLBACK => "a callback of the client".to_owned(),
            Symbol::KEEPALIVE => "a keepalive".to_owned(),
            Symbol::LEAVE => "the client ends the session".to_owned(),
            Symbol::FOREIGN => "what is outside the protocol".to_owned(),
            Symbol::ANSWER => "an answer to what is to be ignored".to_owned(),
            Symbol::STRAY => "a message that answers nothing".to_owned(),
            Symbol::UNREAD => "what could not be read".to_owned(),
            Symbol::END => "the session is closed".to_owned(),
            Symbol::BROKEN => "the session is faulted".to_owned(),
            Symbol::QUIET => "silence".to_owned(),
            _ => BEYOND_LIMIT.to_owned(),
        }
    }

    /// An arrow's label, as the figure has it: what is called for, and what is then done.
    pub fn label(&self, arrow: &Arrow) -> String {
        let output = self.word(arrow.output);
        match arrow.input {
            Some(input) => format!("{} / {output}", self.word(input)),
            None => output,
        }
    }

    /// The states of a set, for a person.
    pub fn titles(&self, set: u16) -> Vec<String> {
        let states = self.states.iter().enumerate();
        states.filter(|(place, _)| set & (1 << place) != 0).map(|(_, state)| state.title()).collect()
    }

    /// Which requirement an output breaks in a set of states: that of the state which is furthest.
    pub fn refusal(&self, set: u16, output: Symbol, conditions: Condition) -> &'static str {
        let furthest = u8::try_from(set.checked_ilog2().unwrap_or(0)).unwrap_or(0);
        let fits = |refusal: &&Refusal| {
            refusal.states.contains(&furthest) && refusal.outputs.contains(&output) && refusal.guard.holds(conditions)
        };
        self.refusals.iter().find(fits).map_or(self.otherwise, |refusal| refusal.requirement)
    }

    /// The machine as a record holds it.
    pub fn record(&self) -> MachineRecord {
        let title = |id: StateId| self.state(id).map(State::title).unwrap_or_default();
        let some = |text: String| (!text.is_empty()).then_some(text);
        let transition = |arrow: &Arrow| Transition {
            from: title(arrow.from),
            event: self.label(arrow),
            to: title(arrow.to),
            requirement: some(arrow.requirement.to_owned()),
            when: some(arrow.guard.words()),
        };
        MachineRecord {
            name: self.name.to_owned(),
            section: self.section.to_owned(),
            states: self.states.iter().map(State::title).collect(),
            transitions: self.arrows.iter().map(transition).collect(),
        }
    }

    /// Every requirement that an arrow, a refusal or a rule names.
    pub fn requirements(&self) -> impl Iterator<Item = &'static str> {
        let arrows = self.arrows.iter().map(|arrow| arrow.requirement);
        let refusals = self.refusals.iter().map(|refusal| refusal.requirement);
        let rules = self.rules;
        let rules = [
            rules.initialize_once,
            rules.initialize_action,
            rules.initialize_element,
            rules.no_parameters,
            rules.unknown_operation,
            rules.start_once,
            rules.start_action,
            rules.start_element,
            rules.callback_action,
            rules.callback_element,
            rules.callback_types,
            rules.callback_ignored,
            rules.callback_silent,
            rules.nothing_after_end,
        ];
        arrows.chain(refusals).chain(rules).chain([self.otherwise]).filter(|requirement| !requirement.is_empty())
    }
}
