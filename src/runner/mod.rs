//! Plans, executes, judges and stores a run; it emits events.
//!
//! Leaves out how they are shown. The reference server is known here only as a [`Lab`].

pub mod ask;
pub mod baseline;
pub mod breaker;
pub mod dry_run;
pub mod execute;
pub mod files;
pub mod generator;
pub mod hunt;
pub mod judge;
pub mod keep;
pub mod lab;
pub mod message;
pub mod pace;
pub mod plan;
pub mod questions;
pub mod recorded;
pub mod repeat;
pub mod run;
pub mod said;
pub mod secured;
pub mod sessions;
pub mod shard;
pub mod smoke;
pub mod snapshots;
pub mod store;
pub mod strategy;
pub mod target;
pub mod wire_log;

pub use keep::Kept;
pub use lab::{Lab, LabUser, World};
pub use plan::Selection;
pub use run::{Options, run};
pub use snapshots::Snapshots;
pub use target::Target;
