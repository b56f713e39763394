//! The reference state machines and what judges traces by them.
//!
//! A machine is a declaration ([`Machine`]); one engine ([`Monitor`]) walks any of them over sets of states; a [`Reader`]
//! makes events of observations, and a [`Track`] joins the three for one session. Leaves out where observations come from
//! and what a verdict does. Follows [MS-IPAMM2] 3.19 to 3.22, and 3.5 to 3.17 in shape.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod event;
pub mod explorer;
pub mod ledger;
pub mod machine;
pub mod monitor;
pub mod picture;
pub mod picture_sequence;
pub mod progress;
pub mod reader;
pub mod table;
pub mod track;

pub use event::{Event, Facts, Status, Symbol};
pub use explorer::{Edge, Graph, Node, Taken};
pub use ledger::Ledger;
pub use machine::{Arrow, Guard, Machine, Output, Refusal, State};
pub use monitor::{Breach, Monitor, Unexpected};
pub use picture::{Walk, machine_svg};
pub use picture_sequence::{Sequence, Way, sequence_svg};
pub use progress::{OPERATION_WITH_PROGRESS, OPERATION_WITH_PROGRESS_CALLBACK};
pub use reader::Reader;
pub use table::Table;
pub use track::{Track, Verdict};

use std::sync::LazyLock;

use crate::spec::PortType;

/// Every machine, the server's before the client's.
pub static MACHINES: [&Machine; 2] = [&OPERATION_WITH_PROGRESS, &OPERATION_WITH_PROGRESS_CALLBACK];

/// The table of the machine that the sessions of a port type are judged by, and that of the client's side.
pub fn tables_of(port_type: PortType) -> Option<(&'static Table, &'static Table)> {
    static SERVER: LazyLock<Table> = LazyLock::new(|| Table::of(&OPERATION_WITH_PROGRESS));
    static CLIENT: LazyLock<Table> = LazyLock::new(|| Table::of(&OPERATION_WITH_PROGRESS_CALLBACK));
    match port_type {
        PortType::IIpamServer => None,
        PortType::IIpamOperationWithProgress => Some((&SERVER, &CLIENT)),
    }
}

#[cfg(test)]
mod families_tests;
