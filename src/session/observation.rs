//! Observations: one message, end or silence seen on a session, with its time; a trace is their order.
//!
//! Leaves out what they mean: that is judged elsewhere.

use std::time::Duration;

use bytes::Bytes;

/// A request as it will be put on the wire, whatever the binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The SOAP action, for bindings that carry it outside the envelope as well; none where the case leaves it out.
    pub action: Option<String>,
    /// The id that a reply relates to, where the envelope has one.
    pub message_id: Option<String>,
    /// The envelope as UTF-8 text.
    pub envelope: Bytes,
}

/// One thing seen on a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Time since the session was opened.
    pub at: Duration,
    /// What was seen.
    pub what: Observed,
}

/// What an [`Observation`] is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// We sent a request.
    Sent(Outgoing),
    /// The target sent something in answer.
    Received(Received),
    /// Nothing came within the limit, and the session is still up.
    Silence {
        /// How long we waited.
        waited: Duration,
    },
    /// The session ended.
    Ended(End),
}

/// What the target sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The message as it came, without the binding's own framing.
    pub bytes: Bytes,
    /// What HTTP said around it, on that binding.
    pub http: Option<HttpHead>,
}

/// The part of an HTTP response's head that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpHead {
    /// The status code.
    pub status: u16,
    /// The `Content-Type` field, where there is one. Bytes that are no visible ASCII are replaced.
    pub content_type: Option<String>,
}

/// How a session ended, or why there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// No connection could be made.
    Unreachable {
        /// What the system said, in words.
        reason: String,
    },
    /// A secured connection was refused, by the target or by us.
    SecurityRefused {
        /// Why.
        reason: String,
    },
    /// The target closed in order, before an answer began.
    Closed,
    /// The target closed in the middle of an answer.
    ClosedMidway {
        /// How many bytes of the answer's body had come.
        received: usize,
    },
    /// The connection was reset.
    Reset,
    /// What came is not the protocol that carries the messages.
    NotTheProtocol {
        /// What was wrong with it.
        reason: String,
        /// How it began: at most 256 bytes.
        began: Bytes,
    },
    /// The answer is longer than we read.
    Oversize {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The answer began and did not end within its limit.
    TooSlow {
        /// How long we waited.
        waited: Duration,
        /// How many bytes of the answer's body had come.
        received: usize,
    },
}

impl End {
    /// Whether the target ended the session in order, so that what did not come will not come.
    pub fn is_orderly(&self) -> bool {
        matches!(self, Self::Closed)
    }
}

/// The observations of one session, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// Oldest first.
    pub observations: Vec<Observation>,
}
