//! The case format: loaded, checked, expanded; expectations judged.
//!
//! Leaves out sending. Every mistake of a file is told at once, where it stands.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

mod assertion;
mod catalogue;
mod course;
mod digests;
mod draft;
pub mod duration;
mod effect;
pub mod embedded;
mod expand;
pub mod expect;
pub mod generate;
pub mod glob;
pub mod id;
pub mod mistake;
mod model;
mod names;
pub mod octets;
pub mod path;
pub mod records;
pub mod revision;
mod secured;
mod session;
mod step;
pub mod suite;
pub mod template;
mod twin;
pub mod walk;
pub mod words;

pub use course::Course;
pub use embedded::embedded;
pub use expect::{Verdict, captured, judge_value};
pub use generate::Generate;
pub use glob::Glob;
pub use mistake::{Mistake, MistakeKind, Mistakes, SourceFile};
pub use model::{
    Answer, Assertion, Await, Call, Capture, Case, EndedBy, Expect, FaultKind, Poll, Raw, Step, StepKind,
    ValueExpectation,
};
pub use records::{RecordSpec, Records, Split};
pub use secured::Secured;
pub use suite::Suite;
