//! Folds of the record: terminal lines, report.json, JUnit XML, HTML.
//!
//! Leaves out deciding: it shows what the record says.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

mod faults;
mod groups;
mod headline;
pub mod html;
mod indent;
pub mod json;
pub mod junit;
pub mod progress;
#[cfg(test)]
mod sample;
pub mod sanitize;
pub mod terminal;
pub mod words;
pub mod wrap;

pub use html::to_html;
pub use json::to_json;
pub use junit::to_junit;
pub use progress::Progress;
pub use sanitize::Shown;
pub use terminal::{Detail, Terminal};
