//! `ipamspec check`: sessions that were recorded elsewhere, judged by the same machines, with the same report.
//!
//! Leaves out how recordings are read and judged.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use super::{
    colour::Colour,
    format::{self, Format},
    loading, on_terminal, print, refuse,
};
use crate::{
    report::{
        terminal::{Detail, Terminal},
        to_json,
    },
    runner::{recorded::Recordings, store::EventLog},
    session::recording::{HEAD, Kind, Reader},
    spec::Level,
    verdict::{Event, Record},
};

/// How much is read at a time, in bytes.
const PIECE: usize = 256 * 1024;

/// The arguments of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "A recording is a trace file (docs/trace-format.md; `ipamspec run --trace FILE`\n\
                        writes one), the events.jsonl of a run, a WCF message log (.svclog), or a\n\
                        capture of unsecured net.tcp (pcap, pcapng). Which it is, is seen from what\n\
                        is in it. docs/recordings.md says how to make them.")]
pub(super) struct Arguments {
    /// The recordings
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// End with exit code 1 on findings of this level or a stronger one: must, should
    #[arg(long, value_name = "LEVEL", default_value = "must", value_parser = fail_on)]
    fail_on: Level,
    /// Write the report to this folder
    #[arg(long, value_name = "DIR", default_value = "reports/check")]
    out: PathBuf,
    /// Write these reports and no others; may be given more than once
    #[arg(long, value_enum, value_name = "FORMAT", default_values_t = format::DEFAULT)]
    format: Vec<Format>,
    /// Print report.json and nothing else
    #[arg(long)]
    json: bool,
    /// Print findings and the claim only
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,
    /// Print every session
    #[arg(long, short)]
    verbose: bool,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: Colour,
}

fn fail_on(word: &str) -> Result<Level, String> {
    match word {
        "must" => Ok(Level::Must),
        "should" => Ok(Level::Should),
        _ => Err("a check fails on: must, should".to_owned()),
    }
}

/// Judges, and gives the exit code.
pub(super) fn check(arguments: &Arguments) -> u8 {
    let suite = match loading::suite(&[]) {
        Ok(suite) => suite,
        Err(refused) => return refused.tell(arguments.color),
    };
    // All are looked at before any is judged: a wrong one is told at once.
    let mut opened = Vec::new();
    for path in &arguments.files {
        match open(path) {
            Ok((kind, head, file)) => opened.push((path, kind, head, file)),
            Err(problem) => return refuse(&format!("`{}`: {problem}", path.display())),
        }
    }
    let mut recordings = Recordings::new(&suite.catalogue);
    let mut broken = None;
    for (path, kind, head, mut file) in opened {
        recordings.begin(&path.display().to_string(), kind);
        let read = read(kind, &head, &mut file, &mut recordings);
        recordings.end(read.as_ref().err().map(String::as_str));
        if let Err(problem) = read {
            broken = Some(format!("`{}`: {problem}", path.display()));
        }
    }
    let now = jiff::Timestamp::now();
    let now = now.round(jiff::Unit::Second).unwrap_or(now).to_string();
    let events = recordings.finish(env!("CARGO_PKG_VERSION"), &suite.digest, now, arguments.fail_on);
    let code = report(arguments, &events);
    // What could be read has its report all the same.
    match broken.map_or(code, Err) {
        Ok(code) => code,
        Err(problem) => refuse(&problem),
    }
}

/// Opens a recording and sees what it is; what was read for that comes with it.
fn open(path: &Path) -> Result<(Kind, Vec<u8>, File), String> {
    let mut file =
        File::open(path).map_err(|error| format!("cannot be read: {error}; name the file of a recording"))?;
    let mut head = Vec::with_capacity(HEAD);
    let most = u64::try_from(HEAD).unwrap_or(u64::MAX);
    file.by_ref().take(most).read_to_end(&mut head).map_err(|error| format!("cannot be read: {error}; name a file"))?;
    let kind = Kind::of(&head).map_err(|broken| broken.to_string())?;
    Ok((kind, head, file))
}

/// Reads a recording to its end, a piece at a time.
fn read(kind: Kind, head: &[u8], file: &mut File, recordings: &mut Recordings<'_>) -> Result<(), String> {
    let mut reader = Reader::new(kind);
    let mut said = Vec::new();
    let mut piece = vec![0; PIECE];
    let mut take = |said: &mut Vec<_>| said.drain(..).for_each(|recorded| recordings.take(recorded));
    let mut read = reader.push(head, &mut said);
    while read.is_ok() {
        take(&mut said);
        let length = file.read(&mut piece).map_err(|error| format!("cannot be read any further: {error}"))?;
        let bytes = piece.get(..length).unwrap_or_default();
        if bytes.is_empty() {
            read = reader.finish(&mut said);
            break;
        }
        read = reader.push(bytes, &mut said);
    }
    take(&mut said);
    read.map_err(|broken| broken.to_string())
}

/// Writes and prints the report; the exit code that it comes to.
fn report(arguments: &Arguments, events: &[Event]) -> Result<u8, String> {
    let record = Record::fold(events).map_err(|problem| format!("ipamspec lost its own record: {problem}"))?;
    let next = |error| format!("{error}; {}", format::NEXT);
    let mut log = EventLog::create(&arguments.out).map_err(next)?;
    events.iter().try_for_each(|event| log.write(event)).map_err(next)?;
    let written = format::write(&arguments.out, &record, &arguments.format).map_err(next)?;
    if arguments.json {
        print(&to_json(&record));
        return Ok(record.exit_code);
    }
    let detail = match (arguments.quiet, arguments.verbose) {
        (true, _) => Detail::Quiet,
        (false, true) => Detail::Every,
        (false, false) => Detail::Findings,
    };
    let mut terminal = Terminal::new(detail, arguments.color.applies(on_terminal()));
    let mut text: String = events.iter().map(|event| terminal.event(event)).collect();
    let path = written.first().map(|path| path.display().to_string());
    text.push_str(&terminal.finish(&record, path.as_deref()));
    print(&text);
    Ok(record.exit_code)
}
