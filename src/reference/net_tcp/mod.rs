//! The reference server on net.tcp: the receiver's side of framing, from bytes to bytes, and the connection that carries it.
//!
//! Leaves out what operations do and how envelopes are built. Follows [MC-NMF], [MS-NMFTB] and their notes on what Windows
//! does.

mod addressing;
mod connection;
mod dialogue;
#[cfg(test)]
mod dialogue_tests;
mod encoding;
mod lenient;
mod misread;
#[cfg(test)]
mod mutant_tests;
mod refusal;
mod room;
#[cfg(test)]
mod socket_tests;
mod via;

pub(super) use connection::serve;
pub(super) use room::Room;
