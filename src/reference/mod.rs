//! The reference server: its tasks, its lab, its mutants.
//!
//! A second reading of the specification, apart from what judges it.
