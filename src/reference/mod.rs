//! The reference server: its tasks, its lab, its mutants.
//!
//! A second reading of the specification, apart from what judges it.

mod answer;
mod astray;
mod callback;
mod envelope;
mod http;
mod inactivity;
mod initialization;
mod lab;
mod moment;
mod mutant;
mod negotiate;
mod net_tcp;
mod operations;
mod parameter;
mod posts;
#[cfg(test)]
mod probe;
mod progress;
mod request;
mod respond;
mod scenario;
mod script;
mod server;
mod session;
mod style;
mod tag;
mod validation;
mod value;
mod variant;
mod world;

pub use lab::{Guard, Lab, WorldId};
pub use moment::Moment;
pub use mutant::{Behaviour, Mutant};
pub use negotiate::{BadKeytab, BadUsers, LabUser, Users};
pub use respond::{Kind, Message};
pub use scenario::Scenario;
pub use server::{Addresses, CannotListen, Server};
pub use session::{Channel, Out, Session};
pub use variant::Variant;
pub use world::{Pace, Task, TaskState, TaskType, World};
