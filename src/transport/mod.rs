//! The only code that touches sockets and clocks; it emits observations.
//!
//! Leaves out judgement and everything above bytes.
