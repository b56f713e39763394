//! NegotiateStream: the messages of a handshake and of what follows it, read at any split and written, and the states of
//! both sides.
//!
//! Leaves out what tokens and protected payloads hold. Follows [MS-NNS].

mod error_code;
mod message;
#[cfg(test)]
mod properties;
mod reader;
mod state;

pub use error_code::{ErrorCode, Remedy};
pub use message::{DATA, HandshakeMessage, MAX_PAYLOAD, MessageId, write_data};
pub use reader::{DataReader, HandshakeReader};
pub use state::{ClientStreamState, Event, ServerStreamState, Unexpected};
