//! Plans, executes, judges and stores a run; it emits events.
//!
//! Leaves out how they are shown.

pub mod files;
pub mod target;
