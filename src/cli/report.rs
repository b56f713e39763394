//! `ipamspec report`: reports from the record of a run.

use std::path::PathBuf;

use clap::Subcommand;

use super::{
    format::{self, Format},
    print, refuse,
};
use crate::{
    runner::store,
    verdict::{Record, exit},
};

const WHAT_IT_TAKES: &str = "name the events.jsonl that `ipamspec run` left in the folder of its report";

/// The arguments of `report`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write the reports of an events.jsonl, even of a run that was killed
    Render {
        /// The events.jsonl of the run
        events: PathBuf,
        /// Where to write; the folder of the record where none is given
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Write these reports and no others; may be given more than once
        #[arg(long, value_enum, value_name = "FORMAT", default_values_t = format::DEFAULT)]
        format: Vec<Format>,
    },
    /// Say which rows of the catalogue another revision of a specification moved, changed or dropped
    Drift(super::drift::Arguments),
}

/// Does what was asked.
pub(super) fn report(arguments: &Arguments) -> u8 {
    let (events, out, formats) = match &arguments.command {
        Command::Drift(arguments) => return super::drift::drift(arguments),
        Command::Render { events, out, format } => (events, out, format),
    };
    let folder = out.clone().or_else(|| events.parent().map(PathBuf::from)).unwrap_or_default();
    let record = match store::read_events(events) {
        Ok(events) => Record::fold(&events),
        Err(error) => return refuse(&format!("{error}; {WHAT_IT_TAKES}")),
    };
    let record = match record {
        Ok(record) => record,
        Err(problem) => return refuse(&format!("`{}`: {problem}; {WHAT_IT_TAKES}", events.display())),
    };
    match format::write(&folder, &record, formats) {
        Ok(written) => {
            let written: Vec<_> = written.iter().map(|path| path.display().to_string()).collect();
            print(&format!("wrote {}\n", written.join(" and ")));
            exit::GREEN
        }
        Err(error) => refuse(&format!("{error}; {}", format::NEXT)),
    }
}
