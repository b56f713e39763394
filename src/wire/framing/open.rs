//! The part of a session in which messages travel: behind the preamble, until both sides have ended.
//!
//! Leaves out the preamble. Follows [MC-NMF] 3.1.1.2 and, for faults and ends, [MS-NMFTB] 3.2.6.1 and 3.3.6.1.

use super::{Event, Mode, Symbol};

/// What each side may still send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// The mode of the session.
    pub mode: Mode,
    /// What this side may still send.
    pub send: Flow,
    /// What the other side may still send.
    pub receive: Flow,
}

/// What one side may still send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Any number of Sized Envelope Records, then an End Record.
    Envelopes,
    /// An Unsized Envelope Record, then an End Record.
    Envelope,
    /// An Unsized Envelope Record or none, then an End Record.
    EnvelopeOrNone,
    /// An End Record.
    End,
    /// Nothing: it has sent its End Record.
    Ended,
    /// Nothing: it takes no part in this mode. Windows sends a Fault Record nevertheless, to refuse the mode
    /// ([MS-NMFTB] product notes 3 and 4).
    Passive,
}

/// Where an event leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    Open(Open),
    Closed,
    Faulted,
}

impl Open {
    /// The session as the initiator has it when it may send.
    pub(super) fn initiator(mode: Mode) -> Self {
        let (send, receive) = match mode {
            Mode::Duplex => (Flow::Envelopes, Flow::Envelopes),
            Mode::SingletonUnsized => (Flow::Envelope, Flow::EnvelopeOrNone),
            Mode::Simplex => (Flow::Envelopes, Flow::Passive),
            Mode::SingletonSized => (Flow::Ended, Flow::Passive),
        };
        Self { mode, send, receive }
    }

    /// The same as the receiver has it.
    pub(super) fn receiver(mode: Mode) -> Self {
        let Self { mode, send, receive } = Self::initiator(mode);
        Self { mode, send: receive, receive: send }
    }

    pub(super) fn next(self, event: Event) -> Option<Moved> {
        let moved = match event {
            // A fault ends the session, whoever sends it ([MS-NMFTB] 3.2.6.1).
            Event::Sent(Symbol::FaultRecord) if self.send.allows_fault(self.mode) => return Some(Moved::Faulted),
            Event::Received(Symbol::FaultRecord) if self.receive.allows_fault(self.mode) => {
                return Some(Moved::Faulted);
            }
            Event::Sent(symbol) => Self { send: self.send.next(symbol)?, ..self },
            Event::Received(symbol) => Self { receive: self.receive.next(symbol)?, ..self },
            Event::Upgraded => return None,
        };
        let over = |flow| matches!(flow, Flow::Ended | Flow::Passive);
        Some(if over(moved.send) && over(moved.receive) { Moved::Closed } else { Moved::Open(moved) })
    }
}

impl Flow {
    /// Whether a message may come: what 3.1.1 calls Send Allowed and Receive Allowed.
    pub fn allows_message(self) -> bool {
        matches!(self, Self::Envelopes | Self::Envelope | Self::EnvelopeOrNone)
    }

    /// Faults are for modes in which the receiver takes part (3.1.4), in place of the End Record (3.1.1.2).
    fn allows_fault(self, mode: Mode) -> bool {
        if mode.has_active_receiver() { self != Self::Ended } else { self == Self::Passive }
    }

    fn next(self, symbol: Symbol) -> Option<Self> {
        match (self, symbol) {
            (Self::Envelopes, Symbol::SizedEnvelopeRecord) => Some(Self::Envelopes),
            (Self::Envelope | Self::EnvelopeOrNone, Symbol::UnsizedEnvelopeRecord) => Some(Self::End),
            (Self::Envelopes | Self::EnvelopeOrNone | Self::End, Symbol::EndRecord) => Some(Self::Ended),
            _ => None,
        }
    }
}
