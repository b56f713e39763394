//! Folds of the record: terminal lines, report.json, HTML.
//!
//! Leaves out deciding: it shows what the record says.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod dry_run;
mod groups;
mod headline;
pub mod html;
mod indent;
mod ink;
pub mod json;
pub mod progress;
pub mod prose;
#[cfg(test)]
mod sample;
pub mod sanitize;
pub mod smoke;
pub mod terminal;
pub mod words;
mod wrap;

pub use dry_run::dry_run;
pub use html::to_html;
pub use json::to_json;
pub use progress::Progress;
pub use prose::Prose;
pub use sanitize::Shown;
pub use smoke::smoke;
pub use terminal::{Detail, Terminal};
