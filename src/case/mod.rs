//! The case format: loaded, checked, expanded; expectations judged.
//!
//! Leaves out sending. Every mistake of a file is told at once, where it stands.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

mod model;
pub mod path;
pub mod template;

pub use model::{
    Answer, Assertion, Call, Capture, Case, Expect, FaultKind, Poll, Raw, Step, StepKind, ValueExpectation,
};
