//! Decides and remembers: requirements, checks, findings, the ledger, the claim, and the record of a run.
//!
//! Leaves out how things are sent and how they are shown.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod catalogue;
pub mod check;
pub mod claim;
pub mod coverage;
pub mod dry_run;
pub mod event;
pub mod exit;
pub mod ledger;
pub mod normalise;
pub mod outcome;
pub mod record;
pub mod smoke;
pub mod snapshot;

pub use catalogue::{Catalogue, Requirement, Ruling};
pub use check::{Check, Evidence, Exchange, Finding, FindingStatus, bounded, hex};
pub use claim::{Claim, ClaimKind};
pub use coverage::{MachineRecord, MachineRow, Pairs, Transition, TransitionRow, Walk};
pub use dry_run::{DryCase, DryRun, Planned, Request};
pub use event::{Blame, CasePlan, CaseRecord, Event, Generated, Note, RunStarted, TargetRecord};
pub use normalise::normalise;
pub use outcome::{Outcome, Summary};
pub use record::Record;
pub use smoke::{Point, PointStatus, Smoke};
pub use snapshot::{FaultCounts, FaultStatus, RecordedFault, RecordedFaults};
