//! Decides and remembers: requirements, checks, findings, the ledger, the claim, and the record of a run.
//!
//! Leaves out how things are sent and how they are shown.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod baseline;
pub mod catalogue;
pub mod check;
pub mod claim;
pub mod comparison;
pub mod coverage;
pub mod dry_run;
pub mod event;
pub mod exit;
pub mod ledger;
#[cfg(test)]
mod made;
pub mod merge;
pub mod normalise;
pub mod outcome;
pub mod record;
pub mod repeat;
pub mod revision;
pub mod score;
pub mod sentence;
pub mod smoke;
pub mod snapshot;
pub mod verification;

pub use baseline::{Accepted, Baseline};
pub use catalogue::{Catalogue, Requirement, Ruling, Source};
pub use check::{Check, Evidence, Exchange, Finding, FindingKind, FindingStatus, bounded, hex};
pub use claim::{Claim, ClaimKind};
pub use comparison::Comparison;
pub use coverage::{BrokenAt, MachineRecord, MachineRow, Pairs, Transition, TransitionRow, Walk};
pub use dry_run::{DryCase, DryRun, Planned, Request};
pub use event::{Blame, CasePlan, CaseRecord, Event, FileDigests, Generated, Note, RunStarted, Shard, TargetRecord};
pub use normalise::normalise;
pub use outcome::{Outcome, Summary};
pub use record::{Gate, Record};
pub use repeat::{Execution, Repeated, Reproduced};
pub use revision::Drift;
pub use score::Score;
pub use sentence::{Sentence, SentenceDigest, SentenceName, Specification};
pub use smoke::{Point, PointStatus, Smoke};
pub use snapshot::{FaultCounts, FaultStatus, RecordedFault, RecordedFaults};
