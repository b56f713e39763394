//! SOAP 1.2 messages: envelopes, addressing, faults, and the contract check of a reply.
//!
//! Works on the infoset, whatever the encoding was. Follows [SOAP1.2-1], WS-Addressing 1.0 Core and [MS-IPAMM2] 2.2.2.1.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod contract;
mod envelope;
mod fault;
mod message;
pub mod write;

pub use envelope::{Addressing, Envelope, RelatesTo, SoapError, read};
pub use fault::{ExceptionData, Fault, FaultProblem, IpamException};
pub use message::Message;
