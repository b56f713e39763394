//! What was asked in a session and what of it is open: the conditions that arrows rest on.
//!
//! Shared by the engine and the explorer, so that both mean the same. Leaves out which request an answer belongs to, which
//! the reader knows. Follows [MS-IPAMM2] 3.19.4.3 and 3.19.4.4.

use super::{
    event::Symbol,
    machine::{CALLED, CALLED_BACK, Condition, INITIALIZING, LEFT, REPEATS, REPLIED, SEVERAL, UNSEEN_END},
};

/// The requests of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ledger {
    conditions: Condition,
    initializing: u32,
    starts: u32,
    start_faults: u32,
    start_replies: u32,
    begun: u32,
}

impl Ledger {
    /// A session in which nothing was asked. `end_shows` says whether its binding shows that the target ends it.
    pub fn new(end_shows: bool) -> Self {
        let conditions = if end_shows { 0 } else { UNSEEN_END };
        Self { conditions, initializing: 0, starts: 0, start_faults: 0, start_replies: 0, begun: 0 }
    }

    /// Whether the binding cannot show that the target ends the session.
    pub fn hides_end(&self) -> bool {
        self.conditions & UNSEEN_END != 0
    }

    /// What holds now.
    #[inline]
    pub fn conditions(&self) -> Condition {
        self.conditions
    }

    /// Whether all of these hold.
    #[inline]
    pub fn holds(&self, conditions: Condition) -> bool {
        self.conditions & conditions == conditions
    }

    /// How many starts were sent.
    pub fn starts(&self) -> u32 {
        self.starts
    }

    /// How many starts were begun by a callback.
    pub fn begun(&self) -> u32 {
        self.begun
    }

    /// The client did this. `repeats` is of the operation that it initializes.
    pub fn sent(&mut self, input: Symbol, repeats: bool) {
        match input {
            Symbol::INITIALIZE => {
                self.initializing = self.initializing.saturating_add(1);
                self.set(REPEATS, repeats);
            }
            Symbol::START => self.starts = self.starts.saturating_add(1),
            Symbol::CALLBACK => self.conditions |= CALLED_BACK,
            Symbol::LEAVE => self.conditions |= LEFT,
            _ => {}
        }
        self.settle();
    }

    /// Whether an answer has a request that is open; true for what is no answer.
    pub fn is_asked_for(&self, output: Symbol) -> bool {
        match output {
            Symbol::INITIALIZED | Symbol::INITIALIZE_FAULT => self.initializing > 0,
            Symbol::STARTED | Symbol::START_FAULT => self.starts > self.start_faults + self.start_replies,
            _ => true,
        }
    }

    /// The target answered an open request.
    pub fn answered(&mut self, output: Symbol) {
        match output {
            Symbol::INITIALIZED | Symbol::INITIALIZE_FAULT => self.initializing = self.initializing.saturating_sub(1),
            Symbol::STARTED => self.start_replies = self.start_replies.saturating_add(1),
            Symbol::START_FAULT => self.start_faults = self.start_faults.saturating_add(1),
            _ => {}
        }
        self.settle();
    }

    /// A callback began an operation.
    pub fn begins(&mut self) {
        self.begun = self.begun.saturating_add(1);
        self.settle();
    }

    fn settle(&mut self) {
        let waiting = self.starts.saturating_sub(self.start_faults);
        // What was refused has not begun.
        self.begun = self.begun.min(waiting);
        self.set(CALLED, waiting > self.begun);
        self.set(SEVERAL, waiting > 1);
        self.set(REPLIED, self.start_replies > 0);
        self.set(INITIALIZING, self.initializing > 0);
    }

    fn set(&mut self, condition: Condition, holds: bool) {
        if holds {
            self.conditions |= condition;
        } else {
            self.conditions &= !condition;
        }
    }
}
