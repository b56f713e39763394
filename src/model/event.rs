//! What a machine reads: one input, output or silence of a session, small enough to be copied.
//!
//! Leaves out how it was read from a message ([`super::Reader`]) and what it means ([`super::Monitor`]). Follows
//! [MS-IPAMM2] 3.19.1.1 and 2.2.5.101.

use std::ops::{BitOr, BitOrAssign};

/// A letter of a machine's alphabet. What every family of sessions has is named here; callbacks are a machine's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(u8);

impl Symbol {
    /// Input: the operation that says what the session is for.
    pub const INITIALIZE: Self = Self(0);
    /// Input: the operation that starts it.
    pub const START: Self = Self(1);
    /// Input: a callback, which the client must not send.
    pub const CALLBACK: Self = Self(2);
    /// Input: a keepalive.
    pub const KEEPALIVE: Self = Self(3);
    /// Input: the client ends the session.
    pub const LEAVE: Self = Self(4);
    /// Input outside the alphabet: what follows is not judged.
    pub const FOREIGN: Self = Self(5);
    /// Output: the reply to the initializing operation.
    pub const INITIALIZED: Self = Self(6);
    /// Output: a fault as the answer to it.
    pub const INITIALIZE_FAULT: Self = Self(7);
    /// Output: the reply to the starting operation.
    pub const STARTED: Self = Self(8);
    /// Output: a fault as the answer to it.
    pub const START_FAULT: Self = Self(9);
    /// Output: an answer to what is to be ignored.
    pub const ANSWER: Self = Self(10);
    /// Output: a message that answers nothing and is no callback.
    pub const STRAY: Self = Self(11);
    /// Output that a lower layer could not read: what follows is not judged.
    pub const UNREAD: Self = Self(12);
    /// Output: the target ends the session in good order.
    pub const END: Self = Self(13);
    /// The session broke, by whomever.
    pub const BROKEN: Self = Self(14);
    /// Quiescence: nothing came for a while.
    pub const QUIET: Self = Self(15);
    /// Quiescence beyond the limit of an operation, while the target answers others.
    pub const LATE: Self = Self(16);

    /// How many letters an alphabet may have.
    pub const MOST: usize = 32;

    /// The callback of this number, from 0 to 14.
    ///
    /// # Panics
    /// Where the number is greater: an alphabet has 32 letters.
    pub const fn callback(number: u8) -> Self {
        assert!(number < 15, "an alphabet has 32 letters");
        Self(17 + number)
    }

    /// Whether it is a callback that the target sent.
    pub fn is_callback(self) -> bool {
        self.0 > Self::LATE.0
    }

    /// Whether the client does it.
    pub fn is_input(self) -> bool {
        self.0 <= Self::FOREIGN.0
    }

    /// Its place in an alphabet.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// What a message says of the status of a subtask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Status {
    /// Nothing.
    #[default]
    None,
    /// It has not ended.
    Open,
    /// It has ended, without an error.
    Ended,
    /// It has ended with an error.
    Failed,
}

impl Status {
    /// Reads one of SubTaskStatus; none where it is none of them. [MS-IPAMM2] 2.2.5.101
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "NotStarted" | "InProgress" => Self::Open,
            "CompletedWithWarning" | "CompletedWithSuccess" | "NotApplicable" | "NotRun" => Self::Ended,
            "CompletedWithError" => Self::Failed,
            _ => return None,
        })
    }

    /// Whether it ends the subtask.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Ended | Self::Failed)
    }
}

/// What was seen in a message beside its name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts(u32);

impl Facts {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Its action is not one that it may have.
    pub const ACTION_WRONG: Self = Self(1);
    /// Its body holds another element than it must.
    pub const ELEMENT_WRONG: Self = Self(1 << 1);
    /// A value is not of its type.
    pub const TYPES_WRONG: Self = Self(1 << 2);
    /// It answers what was answered before.
    pub const AGAIN: Self = Self(1 << 3);
    /// The request, or the request that it answers, holds no parameters.
    pub const NO_PARAMETERS: Self = Self(1 << 4);
    /// The request, or the request that it answers, names an operation that there is not.
    pub const UNKNOWN_OPERATION: Self = Self(1 << 5);
    /// The request initializes an operation that may tell success more than once.
    pub const REPEATS: Self = Self(1 << 6);
    /// It tells what went wrong.
    pub const DETAILS: Self = Self(1 << 7);
    /// It says of no subtask what it is.
    pub const NO_SUBTASK: Self = Self(1 << 8);
    /// Its status and the one inside its instance differ.
    pub const DISAGREES: Self = Self(1 << 9);
    /// The subtask was of another sort before.
    pub const OTHER_SORT: Self = Self(1 << 10);
    /// A percentage outside 0 to 100, or less than before.
    pub const ODD_PERCENTAGE: Self = Self(1 << 11);
    /// The percentage 100.
    pub const HUNDRED: Self = Self(1 << 12);
    /// Its action is that of the server's port type.
    pub const SERVER_ACTION: Self = Self(1 << 13);
    /// Its action is that of the client's port type.
    pub const CLIENT_ACTION: Self = Self(1 << 14);
    /// It answers a keepalive.
    pub const TO_KEEPALIVE: Self = Self(1 << 15);
    /// It is a fault.
    pub const FAULT: Self = Self(1 << 16);
    /// It answers a request of another session.
    pub const ELSEWHERE: Self = Self(1 << 17);
    /// It does not say what it answers, though it must, or it answers nothing that was sent.
    pub const UNRELATED: Self = Self(1 << 18);

    /// What breaks a requirement by itself.
    pub const BREAKING: Self =
        Self(Self::ACTION_WRONG.0 | Self::ELEMENT_WRONG.0 | Self::TYPES_WRONG.0 | Self::NO_SUBTASK.0);
    /// What leaves open which subtask a message is of, or how that stands.
    pub const UNTELLING: Self = Self(Self::ELEMENT_WRONG.0 | Self::TYPES_WRONG.0 | Self::NO_SUBTASK.0);

    /// Whether one of these is among them.
    pub fn any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }
}

impl BitOr for Facts {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Facts {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// One thing that happened in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// What.
    pub symbol: Symbol,
    /// What it says of a subtask.
    pub status: Status,
    /// The subtask, counted from 0 in the order in which the session spoke of them first.
    pub subtask: u32,
    /// What else was seen in it.
    pub facts: Facts,
}

impl Event {
    /// An event of which there is no more to say.
    pub const fn of(symbol: Symbol) -> Self {
        Self { symbol, status: Status::None, subtask: 0, facts: Facts::NONE }
    }

    /// The same with these facts.
    #[must_use]
    pub fn with(self, facts: Facts) -> Self {
        Self { facts: self.facts | facts, ..self }
    }

    /// The same of this subtask.
    #[must_use]
    pub fn of_subtask(self, subtask: u32, status: Status) -> Self {
        Self { status, subtask, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::progress::SUB_TASK_STATUS;

    #[test]
    fn an_event_is_small() {
        assert!(size_of::<Event>() <= 12, "{}", size_of::<Event>());
        assert!(Symbol::callback(14).index() < Symbol::MOST);
    }

    #[test]
    fn every_status_of_the_enumeration_is_known() {
        let open: Vec<_> = SUB_TASK_STATUS
            .values
            .iter()
            .filter(|word| !Status::of(word).expect("a status of the document").is_end())
            .collect();
        assert_eq!(open, [&"NotStarted", &"InProgress"]);
        assert_eq!(Status::of("Done"), None);
    }
}
