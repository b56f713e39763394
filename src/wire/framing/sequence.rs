//! What can happen at one side of a session, and what is told where it must not.
//!
//! Leaves out which events may follow which. Follows [MC-NMF] 3.1.1.2.

use std::fmt;

use super::{InitiatorState, Mode, ReceiverState, Record};

/// A part of a stream that the grammar of 3.1.1.2 has a name for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the grammar's; `Record` says what each is")]
pub enum Symbol {
    VersionRecord,
    ModeRecord(Mode),
    ViaRecord,
    /// A Known or an Extensible Encoding Record.
    EncodingRecord,
    UpgradeRequestRecord,
    UpgradeResponseRecord,
    PreambleEndRecord,
    PreambleAckRecord,
    UnsizedEnvelopeRecord,
    SizedEnvelopeRecord,
    EndRecord,
    FaultRecord,
    /// What is no record: octets of an upgrade, or the message of a Singleton-Sized stream.
    Octets,
}

impl Symbol {
    const ALL: [Self; 16] = [
        Self::VersionRecord,
        Self::ModeRecord(Mode::SingletonUnsized),
        Self::ModeRecord(Mode::Duplex),
        Self::ModeRecord(Mode::Simplex),
        Self::ModeRecord(Mode::SingletonSized),
        Self::ViaRecord,
        Self::EncodingRecord,
        Self::UpgradeRequestRecord,
        Self::UpgradeResponseRecord,
        Self::PreambleEndRecord,
        Self::PreambleAckRecord,
        Self::UnsizedEnvelopeRecord,
        Self::SizedEnvelopeRecord,
        Self::EndRecord,
        Self::FaultRecord,
        Self::Octets,
    ];
}

impl From<&Record> for Symbol {
    fn from(record: &Record) -> Self {
        match record {
            Record::VersionRecord { .. } => Self::VersionRecord,
            Record::ModeRecord(mode) => Self::ModeRecord(*mode),
            Record::ViaRecord(_) => Self::ViaRecord,
            Record::KnownEncodingRecord(_) | Record::ExtensibleEncodingRecord(_) => Self::EncodingRecord,
            Record::UnsizedEnvelopeRecord(_) => Self::UnsizedEnvelopeRecord,
            Record::SizedEnvelopeRecord(_) => Self::SizedEnvelopeRecord,
            Record::EndRecord => Self::EndRecord,
            Record::FaultRecord(_) => Self::FaultRecord,
            Record::UpgradeRequestRecord(_) => Self::UpgradeRequestRecord,
            Record::UpgradeResponseRecord => Self::UpgradeResponseRecord,
            Record::PreambleAckRecord => Self::PreambleAckRecord,
            Record::PreambleEndRecord => Self::PreambleEndRecord,
        }
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ModeRecord(mode) => write!(f, "ModeRecord {mode}"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// Something that happens at one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// This side sent it.
    Sent(Symbol),
    /// The other side sent it.
    Received(Symbol),
    /// The upgrade is through, and records come again (3.1.1.1.5).
    Upgraded,
}

impl Event {
    /// This side sent a record.
    pub fn sent(record: &Record) -> Self {
        Self::Sent(record.into())
    }

    /// This side received a record.
    pub fn received(record: &Record) -> Self {
        Self::Received(record.into())
    }

    /// Everything that can happen.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let (sent, received) = (Symbol::ALL.into_iter(), Symbol::ALL.into_iter());
        sent.map(Self::Sent).chain(received.map(Self::Received)).chain([Self::Upgraded])
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent(symbol) => write!(f, "sent {symbol}"),
            Self::Received(symbol) => write!(f, "received {symbol}"),
            Self::Upgraded => f.write_str("upgraded"),
        }
    }
}

/// The state of either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SideState {
    /// Of the initiator.
    Initiator(InitiatorState),
    /// Of the receiver.
    Receiver(ReceiverState),
}

impl fmt::Display for SideState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Initiator(state) => write!(f, "initiator in {state:?}"),
            Self::Receiver(state) => write!(f, "receiver in {state:?}"),
        }
    }
}

/// Something that a state does not have. The state stays what it was, and can be asked again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{state}: {got}, expected {}", list(expected))]
pub struct Unexpected {
    /// Where the session stood.
    pub state: SideState,
    /// What may happen there.
    pub expected: Vec<Event>,
    /// What did happen.
    pub got: Event,
}

fn list(events: &[Event]) -> String {
    events.iter().map(Event::to_string).collect::<Vec<_>>().join(" or ")
}
