//! Folds of the record: terminal lines, report.json, HTML, what CI servers read; and of several: differences, a matrix.
//!
//! Leaves out deciding: it shows what the record says.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod canonical;
pub mod ci;
pub mod diff;
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
pub mod matrix;
pub mod progress;
pub mod prose;
#[cfg(test)]
mod sample;
pub mod sanitize;
pub mod sarif;
pub mod smoke;
pub mod tap;
pub mod terminal;
pub mod words;
pub mod wrap;

pub use canonical::canonical;
pub use ci::{to_annotations, to_badge, to_code_quality, to_summary};
pub use diff::{diff, diff_to_html};
pub use dry_run::dry_run;
pub use html::to_html;
pub use json::to_json;
pub use junit::to_junit;
pub use progress::Progress;
pub use prose::Prose;
pub use sanitize::Shown;
pub use sarif::to_sarif;
pub use smoke::smoke;
pub use tap::to_tap;
pub use terminal::{Detail, Terminal};
