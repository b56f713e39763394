//! Plans, executes, judges and stores a run; it emits events.
//!
//! Leaves out how they are shown.
