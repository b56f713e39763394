//! The suite inside the binary: every file below `cases/`, as `build.rs` found it.
//!
//! Leaves out files that a user adds.

use super::mistake::SourceFile;

/// Paths below `cases/` and texts, by path.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/embedded_cases.rs"));

/// The files of the suite, by path.
pub fn embedded() -> Vec<SourceFile> {
    FILES.iter().map(|(path, text)| SourceFile::new(*path, *text)).collect()
}
