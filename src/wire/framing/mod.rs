//! Framing: the records of a stream, read at any split and written, and the order in which both sides may send them.
//!
//! Leaves out what envelopes hold and what an upgrade does. Follows [MC-NMF] and, for net.tcp, [MS-NMFTB].

#[cfg(test)]
mod captures_tests;
mod deframer;
#[cfg(test)]
mod deframer_tests;
mod fault;
mod multi_byte_int31;
mod open;
mod preamble;
mod property;
mod record;
mod sequence;
mod sides;
#[cfg(test)]
mod sides_tests;

pub use deframer::{Deframer, Framed, Limits};
pub use fault::FaultUri;
pub use multi_byte_int31::MultiByteInt31;
pub use open::{Flow, Open};
pub use preamble::Preamble;
pub use property::{KnownEncoding, Mode, NEGOTIATE, SSL_TLS, VERSION};
pub use record::{Record, RecordType};
pub use sequence::{Event, SideState, Symbol, Unexpected};
pub use sides::{InitiatorState, ReceiverState};
