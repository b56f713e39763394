//! `ipamspec report`: reports from the record of a run.

use std::path::PathBuf;

use clap::Subcommand;

use super::{print, refuse};
use crate::{
    report,
    runner::store,
    verdict::{Record, exit},
};

/// The arguments of `report`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write report.json and index.html from an events.jsonl, even of a run that was killed
    Render {
        /// The events.jsonl of the run
        events: PathBuf,
        /// Where to write; the folder of the record where none is given
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

/// Does what was asked.
pub(super) fn report(arguments: &Arguments) -> u8 {
    let Command::Render { events, out } = &arguments.command;
    let folder = out.clone().or_else(|| events.parent().map(PathBuf::from)).unwrap_or_default();
    let record = match store::read_events(events) {
        Ok(events) => Record::fold(&events),
        Err(error) => return refuse(&error.to_string()),
    };
    let record = match record {
        Ok(record) => record,
        Err(problem) => return refuse(&format!("`{}`: {problem}", events.display())),
    };
    if let Err(error) = write(&folder, &record) {
        return refuse(&error.to_string());
    }
    let [json, html] = ["report.json", "index.html"].map(|name| folder.join(name).display().to_string());
    print(&format!("wrote {json} and {html}\n"));
    exit::GREEN
}

/// Writes the files that are rendered from a record.
pub(super) fn write(folder: &std::path::Path, record: &Record) -> Result<(), store::StoreError> {
    std::fs::create_dir_all(folder).map_err(|error| store::StoreError::Io {
        what: "make the folder",
        path: folder.to_owned(),
        error,
    })?;
    store::write(folder, "report.json", &report::to_json(record))?;
    store::write(folder, "index.html", &report::to_html(record))
}
