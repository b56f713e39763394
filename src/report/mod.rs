//! Folds of the record: terminal lines, report.json, HTML.
//!
//! Leaves out deciding: it shows what the record says.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]
