//! What one dialogue did: what was sent, what was seen, and which layer a thing belongs to.
//!
//! Leaves out sockets, clocks and judgement. Follows the vocabulary of the house (observation, trace, end, layer).
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod guard;
mod layer;
mod observation;
mod payload;
pub mod recording;
mod way;

pub use guard::{GivenRecords, Guard, Permitted, PermittedRecords, Refused};
pub use layer::Layer;
pub use observation::{
    End, HANDSHAKE_ERROR, HttpHead, Observation, Observed, Outgoing, PROTECTED, Piece, Received, Trace, UPGRADE_TAKEN,
    Unread,
};
pub use payload::Payloads;
pub use way::Way;
