//! Folds of the record: terminal lines, report.json, JUnit XML, HTML.
//!
//! Leaves out deciding: it shows what the record says.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod dry_run;
mod evidence;
mod faults;
mod groups;
mod headline;
pub mod html;
mod indent;
mod ink;
pub mod json;
pub mod junit;
pub mod progress;
pub mod prose;
#[cfg(test)]
mod sample;
pub mod sanitize;
pub mod smoke;
pub mod terminal;
pub mod words;
pub mod wrap;

pub use dry_run::dry_run;
pub use html::to_html;
pub use json::to_json;
pub use junit::to_junit;
pub use progress::Progress;
pub use prose::Prose;
pub use sanitize::Shown;
pub use smoke::smoke;
pub use terminal::{Detail, Terminal};
