//! The reference state machines and what judges traces by them.
//!
//! Holds nothing yet: the machines arrive with progress sessions. Follows [MS-IPAMM2] 3.5 to 3.22.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]
