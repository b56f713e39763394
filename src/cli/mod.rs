//! Arguments, one file a command, and exit codes.
//!
//! The only place that prints. Commands arrive when they work: one that does not is not in `--help`.
#![expect(clippy::print_stderr, reason = "this is the place that prints")]

mod check;
mod colour;
mod decode;
mod drift;
mod dry_run;
mod explain;
mod format;
mod gate;
mod list;
mod loading;
mod mutants;
mod records;
mod report;
mod run;
mod serve;
mod smoke;
mod snapshots;
mod stop;

use std::{
    io::{IsTerminal, Write as _},
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::{
    report::wrap::{WIDTH, wrap},
    verdict::exit,
};

/// Tells whether an IPAM management server keeps [MS-IPAMM2].
#[derive(Debug, Parser)]
#[command(name = "ipamspec", version, max_term_width = 80, propagate_version = true)]
#[command(after_help = "Exit codes: 0 green, 1 findings, 2 usage or a file, 3 could not find out,\n\
                        4 no case selected, 70 a fault of ipamspec, 130 interrupted.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run cases against a target, or against the reference server where none is given
    Run(Box<run::Arguments>),
    /// Say in order what of a target works, and what to do about the first thing that does not
    Smoke(smoke::Arguments),
    /// List cases, requirements, operations or mutants
    List(list::Arguments),
    /// Explain a requirement, a ruling or a case
    Explain(explain::Arguments),
    /// Serve the reference server, conformant or with named mutants
    Serve(serve::Arguments),
    /// Render, verify, compare and merge the reports of runs; compare the catalogue with another revision
    Report(report::Arguments),
    /// Run the suite against every mutant and variant of the reference server
    Mutants(mutants::Arguments),
    /// Judge sessions that were recorded elsewhere
    Check(check::Arguments),
    /// Show bytes of net.tcp as records and XML
    Decode(decode::Arguments),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are asked for; anything else is a mistake.
            tell_parsed(&error);
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::GREEN });
        }
    };
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if matches!(arguments.command, Command::Serve(_)) {
        // A request costs less than waking a second thread for it: two serve fewer than one. See docs/performance.md.
        builder.worker_threads(1);
    }
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the system gives no threads or no event queue: {error}");
            return ExitCode::from(exit::OURS);
        }
    };
    let work = async {
        match arguments.command {
            Command::Run(arguments) => run::run(*arguments).await,
            Command::Smoke(arguments) => smoke::smoke(&arguments).await,
            Command::List(arguments) => list::list(&arguments),
            Command::Explain(arguments) => explain::explain(&arguments),
            Command::Serve(arguments) => serve::serve(arguments).await,
            Command::Report(arguments) => report::report(&arguments),
            Command::Mutants(arguments) => mutants::mutants(&arguments).await,
            Command::Check(arguments) => check::check(&arguments),
            Command::Decode(arguments) => decode::decode(&arguments),
        }
    };
    let code = catch_unwind(AssertUnwindSafe(|| runtime.block_on(work))).unwrap_or_else(|_| {
        eprintln!("error: ipamspec itself failed: please send us what stands above, and the events.jsonl of the run");
        exit::OURS
    });
    // What is still waiting for a peer is not waited for.
    runtime.shutdown_background();
    ExitCode::from(code)
}

/// Prints what clap says: in its colours where it fits a screen, broken between words where it does not.
fn tell_parsed(error: &clap::Error) {
    let text = error.render().to_string();
    if text.lines().all(|line| line.chars().count() <= WIDTH) {
        let _ = error.print();
        return;
    }
    for line in text.lines() {
        let indent: String = line.chars().take_while(|c| *c == ' ').collect();
        tell(&format!("{indent}{}\n", wrap(line, indent.len(), indent.len() + 2)));
    }
}

/// Tells of a mistake and what to do next, on standard error, and gives the exit code for it.
fn refuse(message: &str) -> u8 {
    tell(&format!("error: {}\n", wrap(message, "error: ".len(), "error: ".len())));
    exit::USAGE
}

/// Prints; a reader that has gone away, as `head` does, is no fault of ours.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints on standard error, in the same way.
fn tell(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Whether standard output is a person's terminal.
fn on_terminal() -> bool {
    std::io::stdout().is_terminal()
}
