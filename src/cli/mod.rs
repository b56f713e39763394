//! Arguments, one file a command, and exit codes.
//!
//! The only place that prints.

/// Runs the command line of this process.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(2)
}
