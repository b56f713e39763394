//! `ipamspec report`: what can be made of the records of runs: rendered, verified, compared, merged.
//!
//! Leaves out reading a record, which `records` does.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::{
    colour::Colour,
    format::{self, Format},
    gate, loading, on_terminal, print,
    records::{self, Source},
    refuse,
};
use crate::{
    report::{self, matrix, to_json},
    runner::{
        baseline,
        store::{self, EventLog},
    },
    verdict::{
        Comparison, Event, Record,
        comparison::Direction,
        exit,
        merge::{self, Part},
        verification::{self, KnownSuite},
    },
};

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
        /// Write these reports and no others; several with commas between
        #[arg(long, value_enum, value_name = "FORMAT", value_delimiter = ',', default_values_t = format::DEFAULT)]
        format: Vec<Format>,
    },
    /// Say which rows of the catalogue another revision of a specification moved, changed or dropped
    Drift(super::drift::Arguments),
    /// Say whether a report is what its run wrote: an events.jsonl, a report.json or an index.html
    Verify {
        /// The report
        file: PathBuf,
        /// The case files of the user's own that the run had beside the suite
        #[arg(long, value_name = "DIR")]
        cases: Vec<PathBuf>,
    },
    /// Say what is different between two runs, and what each difference is due to
    Diff {
        /// The report of the earlier run
        old: PathBuf,
        /// The report of the later run
        new: PathBuf,
        /// Another run of the later target: what differs from it is unstable; may be given more than once
        #[arg(long, value_name = "FILE")]
        again: Vec<PathBuf>,
        /// Print JSON
        #[arg(long, conflicts_with = "html")]
        json: bool,
        /// Write a page to this file
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
        /// When to colour
        #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
        color: Colour,
    },
    /// Print a report.json without what time and chance decide: the same for the same inputs
    Canonical {
        /// The report
        file: PathBuf,
        /// Write its reports to this folder instead
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Write these reports and no others; several with commas between
        #[arg(long, value_enum, value_name = "FORMAT", value_delimiter = ',', default_values_t = format::DEFAULT)]
        format: Vec<Format>,
    },
    /// Merge the records of shards into that of one run
    Merge {
        /// The events.jsonl of each shard, or its folder
        #[arg(required = true)]
        shards: Vec<PathBuf>,
        /// Where to write
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Judge the whole by this baseline, whatever the shards were judged by
        #[arg(long, value_name = "FILE")]
        baseline: Option<PathBuf>,
        /// Write the baseline as the whole has it, keeping comments and what people filled in
        #[arg(long, requires = "baseline")]
        update_baseline: bool,
        /// Write these reports and no others; several with commas between
        #[arg(long, value_enum, value_name = "FORMAT", value_delimiter = ',', default_values_t = format::DEFAULT)]
        format: Vec<Format>,
    },
    /// Show the reports of several targets beside each other
    Matrix {
        /// The reports
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Print JSON
        #[arg(long, conflicts_with = "html")]
        json: bool,
        /// Write a page to this file
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
        /// When to colour
        #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
        color: Colour,
    },
}

/// Does what was asked.
pub(super) fn report(arguments: &Arguments) -> u8 {
    let done = match &arguments.command {
        Command::Drift(arguments) => return super::drift::drift(arguments),
        Command::Render { events, out, format } => render(events, out.as_deref(), format),
        Command::Verify { file, cases } => verify(file, cases),
        Command::Diff { old, new, again, json, html, color } => diff((old, new, again), *json, html.as_deref(), *color),
        Command::Canonical { file, out, format } => canonical(file, out.as_deref(), format),
        Command::Merge { shards, out, baseline, update_baseline, format } => {
            merge(shards, out, (baseline.as_deref(), *update_baseline), format)
        }
        Command::Matrix { files, json, html, color } => matrix(files, *json, html.as_deref(), *color),
    };
    done.unwrap_or_else(|message| refuse(&message))
}

fn render(events: &Path, out: Option<&Path>, formats: &[Format]) -> Result<u8, String> {
    let folder = out.or(events.parent()).unwrap_or(Path::new(""));
    let record = records::fold(events)?;
    written(folder, &record, formats)?;
    Ok(exit::GREEN)
}

fn canonical(file: &Path, out: Option<&Path>, formats: &[Format]) -> Result<u8, String> {
    let record = report::canonical(&records::load(file)?.0);
    match out {
        Some(folder) => written(folder, &record, formats)?,
        None => print(&to_json(&record)),
    }
    Ok(exit::GREEN)
}

fn written(folder: &Path, record: &Record, formats: &[Format]) -> Result<(), String> {
    let written = format::write(folder, record, formats).map_err(|error| format!("{error}; {}", format::NEXT))?;
    let written: Vec<_> = written.iter().map(|path| path.display().to_string()).collect();
    print(&format!("wrote {}\n", written.join(" and ")));
    if let Some(reason) = &record.interrupted {
        let reason = report::Shown::line_within(reason, 400);
        print(&format!("interrupted after {} of {} cases: {reason}\n", record.cases.len(), record.suite.cases));
    }
    format::tell_github(record, formats)
}

fn verify(file: &Path, cases: &[PathBuf]) -> Result<u8, String> {
    let (record, source) = records::load(file)?;
    let mut wrong = verification::verify(&record);
    let mut notes = Vec::new();
    match source {
        Source::Events => match store::seal_of(&records::events_of(file)).map_err(|error| error.to_string())? {
            store::Seal::Whole => notes.push("the events are as they were sealed"),
            store::Seal::None => {
                wrong.push("the events have no seal: the run was killed, or the end was cut off".to_owned());
            }
            store::Seal::Broken => {
                wrong.push("the events are not those that were sealed: they were changed".to_owned());
            }
        },
        Source::Html(text) => {
            if record.tool.version != env!("CARGO_PKG_VERSION") {
                notes.push("another version wrote the page, so that only the record in it was looked at");
            } else if report::to_html(&record) == text {
                notes.push("the page is the one that its record gives");
            } else {
                wrong.push("the page is not the one that its record gives with this version".to_owned());
            }
        }
        Source::Json => {}
    }
    let beside = file.parent().unwrap_or(Path::new("")).join("events.jsonl");
    if !matches!(source_name(file), Some("events.jsonl") | None) && beside.exists() {
        match records::fold(&beside) {
            Ok(folded) => {
                wrong.extend(verification::verify_events(&record, &folded));
                notes.push("compared with the events.jsonl beside it");
            }
            Err(error) => wrong.push(error),
        }
    }
    // A revision that this version does not have is another suite's, and nothing is compared with that.
    let suite = loading::suite(cases).map(|suite| suite.clone().at(record.suite.requirement_set).unwrap_or(suite));
    let suite = match suite {
        Ok(suite) => suite,
        Err(refused) => return Ok(refused.tell(Colour::default())),
    };
    let known = KnownSuite {
        digest: &suite.digest,
        catalogue: &suite.catalogue,
        cases: suite.cases.iter().map(|case| (case.id.as_str(), case.requirements.as_slice())).collect(),
    };
    match verification::verify_suite(&record, &known) {
        Some(found) => wrong.extend(found),
        None => notes.push("made with another suite than this version's, so that its requirements were not compared"),
    }
    for note in notes {
        print(&format!("{note}\n"));
    }
    if wrong.is_empty() {
        let number = record.cases.len();
        print(&format!("`{}` is what a run wrote: {number} cases, totals, ledger and claim agree\n", file.display()));
        return Ok(exit::GREEN);
    }
    for one in &wrong {
        print(&format!("wrong: {}\n", report::Shown::line_within(one, 400)));
    }
    print(&format!("`{}` is not what a run wrote\n", file.display()));
    Ok(exit::FINDINGS)
}

fn source_name(file: &Path) -> Option<&str> {
    if file.is_dir() { None } else { file.file_name().and_then(|name| name.to_str()) }
}

fn diff(
    (old, new, again): (&Path, &Path, &[PathBuf]),
    json: bool,
    html: Option<&Path>,
    color: Colour,
) -> Result<u8, String> {
    let load = |path: &Path| records::load(path).map(|(record, _)| record);
    let again = again.iter().map(|path| load(path)).collect::<Result<Vec<_>, _>>()?;
    let comparison = Comparison::of(&load(old)?, &load(new)?, &again);
    if json {
        let text = serde_json::to_string_pretty(&comparison).map_err(|error| error.to_string())?;
        print(&format!("{text}\n"));
    } else if let Some(path) = html {
        page(path, &report::diff_to_html(&comparison))?;
    } else {
        print(&report::diff(&comparison, color.applies(on_terminal())));
    }
    Ok(if comparison.count(Direction::Worse) > 0 { exit::FINDINGS } else { exit::GREEN })
}

fn page(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("cannot write `{}`: {error}", path.display()))?;
    print(&format!("wrote {}\n", path.display()));
    Ok(())
}

fn merge(
    shards: &[PathBuf],
    out: &Path,
    (path, update): (Option<&Path>, bool),
    formats: &[Format],
) -> Result<u8, String> {
    let parts = shards
        .iter()
        .map(|path| {
            let events = records::read_events(&records::events_of(path))?;
            Ok(Part { name: path.display().to_string(), events })
        })
        .collect::<Result<Vec<_>, String>>()?;
    let mut events: Vec<Event> = merge::merge(&parts)?;
    if let (Some(path), Some(Event::RunStarted(started))) = (path, events.first_mut()) {
        if started.target.reference {
            return Err("--baseline judges a target, and the shards ran against our own server".to_owned());
        }
        let read = baseline::read(path, update).map_err(|error| error.to_string())?;
        started.baseline = Some(Box::new(read));
    }
    let mut record = Record::fold(&events)?;
    if let (Some(path), true, Some(judged_by)) = (path, update, &record.gate.baseline) {
        if record.interrupted.is_some() {
            return Err("a shard was interrupted: the baseline stays as it was".to_owned());
        }
        let updated = gate::updated(judged_by, &record);
        baseline::write(path, &updated).map_err(|error| error.to_string())?;
        events.push(Event::BaselineUpdated(Box::new(updated)));
        record = Record::fold(&events)?;
    }
    let next = |error: store::StoreError| format!("{error}; {}", format::NEXT);
    let mut log = EventLog::create(out).map_err(next)?;
    events.iter().try_for_each(|event| log.write(event)).and_then(|()| log.seal()).map_err(next)?;
    written(out, &record, formats)?;
    print(&report::Terminal::new(report::Detail::Findings, false).finish(&record, None));
    Ok(record.exit_code)
}

fn matrix(files: &[PathBuf], json: bool, html: Option<&Path>, color: Colour) -> Result<u8, String> {
    let records = files
        .iter()
        .map(|path| Ok((path.display().to_string(), records::load(path)?.0)))
        .collect::<Result<Vec<_>, String>>()?;
    let matrix = matrix::matrix(&records);
    if json {
        let text = serde_json::to_string_pretty(&matrix).map_err(|error| error.to_string())?;
        print(&format!("{text}\n"));
    } else if let Some(path) = html {
        page(path, &matrix::to_html(&matrix))?;
    } else {
        print(&matrix::to_terminal(&matrix, color.applies(on_terminal())));
    }
    Ok(exit::GREEN)
}
