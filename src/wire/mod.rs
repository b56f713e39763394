//! Bytes to records and back: no sockets, no clock.
//!
//! Leaves out what the messages inside mean. Follows [MC-NMF], [MC-NBFX], [MC-NBFS], [MC-NBFSE], [MS-NNS].
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

mod error;
pub mod framing;
pub mod listing;
mod nbfs;
pub mod nbfse;
pub mod nbfx;
pub mod nns;

pub use error::{DecodeError, DecodeErrorKind};
