//! ipamspec tells whether an IPAM management server keeps [MS-IPAMM2], the IPAM Management Protocol Version 2.
//!
//! The stable Rust interface is `api`. Everything else is public for this package's own binary, tests, benches and
//! fuzz targets, and may change with any release. `ARCHITECTURE.md` draws the house.

pub mod api;
pub mod case;
pub mod cli;
pub mod model;
pub mod reference;
pub mod report;
pub mod runner;
pub mod session;
pub mod soap;
pub mod spec;
pub mod transport;
pub mod verdict;
pub mod wire;
pub mod xml;
