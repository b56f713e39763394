//! Facts of the protocol, restated: port types, operations, actions, types, enumerations, and the words that grade them.
//!
//! Holds no behaviour and reads nothing. Follows [MS-IPAMM2] document 12.0.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod callback;
pub mod exception_id;
pub mod level;
pub mod namespace;
pub mod operation;
pub mod progress;
pub mod role;
pub mod schema;
pub mod task;

pub use callback::{CALLBACKS, Callback};
pub use exception_id::IPAM_EXCEPTION_ID;
pub use level::{Effect, Level, RequirementId};
pub use operation::{KEEPALIVE_ACTION, OPERATIONS, Operation, PortType};
pub use role::Role;
