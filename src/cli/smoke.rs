//! `ipamspec smoke`: whether a target can be asked at all, before any verdict.

use std::path::PathBuf;

use super::{colour::Colour, loading, on_terminal, print, refuse};
use crate::{report, runner::smoke, verdict::Smoke};

/// The arguments of `smoke`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The target: a target file, or the URL of its IIpamServer endpoint
    #[arg(long, value_name = "FILE|URL", env = loading::TARGET, required = true)]
    target: String,
    /// Set a key of the target file, as in timing.reply=20s
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Add the case files of a folder to the suite
    #[arg(long, value_name = "DIR")]
    cases: Vec<PathBuf>,
    /// Print JSON and nothing else
    #[arg(long)]
    json: bool,
    /// Name the cases that a run would skip
    #[arg(long, short)]
    verbose: bool,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: Colour,
}

/// Asks, and gives the exit code.
pub(super) async fn smoke(arguments: &Arguments) -> u8 {
    let loaded = loading::suite(&arguments.cases)
        .and_then(|suite| Ok((suite, loading::target(&arguments.target, &arguments.set)?)));
    let (suite, target) = match loaded {
        Ok(loaded) => loaded,
        Err(refused) => return refused.tell(arguments.color),
    };
    let found: Smoke = match smoke::smoke(&suite, &target).await {
        Ok(found) => found,
        Err(certificates) => return refuse(&certificates.to_string()),
    };
    if arguments.json {
        match serde_json::to_string_pretty(&found) {
            Ok(text) => print(&format!("{text}\n")),
            Err(error) => return refuse(&format!("cannot write JSON: {error}")),
        }
    } else {
        print(&report::smoke(&found, arguments.verbose, arguments.color.applies(on_terminal())));
    }
    found.exit_code
}
