//! `ipamspec run`: cases against a target, events to the record and the terminal, then the reports.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::ArgAction;
use tokio::sync::mpsc;

use super::{
    colour::Colour,
    dry_run,
    format::{self, Format},
    gate, loading, on_terminal, print, refuse, snapshots, stop,
};
use crate::{
    api::{Behaviour, Reference},
    case::{Suite, glob::Glob},
    report::{
        progress::{self, Progress},
        terminal::{Detail, Terminal},
        to_json,
    },
    runner::{
        self, Kept, Options, Selection, Snapshots,
        keep::Replay,
        store::{EventLog, TraceFile},
    },
    spec::{Effect, Level, PortType},
    verdict::{Baseline, Event, Record, RecordedFaults, exit},
};

/// The arguments of `run`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The target: a target file, or the URL of its IIpamServer endpoint; the reference server where none is given
    #[arg(long, value_name = "FILE|URL", env = loading::TARGET)]
    target: Option<String>,
    /// Set a key of the target file, as in timing.reply=20s
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Add the case files of a folder to the suite
    #[arg(long, value_name = "DIR")]
    cases: Vec<PathBuf>,
    /// Take the requirements and cases that the suite had at this revision; the newest where none is given
    #[arg(long, value_name = "N")]
    suite_revision: Option<u32>,
    /// Run cases whose id matches: `*` within a component, `**` across
    #[arg(long, value_name = "GLOB")]
    case: Vec<String>,
    /// Run cases that decide a matching requirement
    #[arg(long, value_name = "GLOB")]
    requirement: Vec<String>,
    /// Run cases that talk to this port type
    #[arg(long, value_name = "NAME", value_parser = port_type)]
    port_type: Option<PortType>,
    /// Run cases that decide a requirement of this level or a stronger one
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    level: Option<Level>,
    /// Leave out cases whose id matches
    #[arg(long, value_name = "GLOB")]
    skip: Vec<String>,
    /// Allow an effect beside those of the target file: read, start-task, write, disrupt
    #[arg(long, value_name = "EFFECT", value_parser = effect)]
    allow: Vec<Effect>,
    /// Run at most this many cases at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    jobs: Option<u32>,
    /// Execute each case this often; once where none is given, and one that only reads and fails once more
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: Option<u32>,
    /// Make message ids from this; the digest of the suite where none is given
    #[arg(long, value_name = "TEXT")]
    seed: Option<String>,
    /// Run a case of a report again, with its seed, its generated values and its target
    #[arg(long, value_name = "FILE#CASE")]
    #[arg(conflicts_with_all = ["case", "requirement", "port_type", "level", "skip", "seed"])]
    replay: Option<String>,
    #[command(flatten)]
    faults: snapshots::FaultArguments,
    #[command(flatten)]
    gate: gate::GateArguments,
    /// Write the report to this folder; reports/<target> where none is given
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write these reports and no others; several with commas between
    #[arg(long, value_enum, value_name = "FORMAT", value_delimiter = ',', default_values_t = format::DEFAULT)]
    format: Vec<Format>,
    /// Write what is seen on every session to this file, as docs/trace-format.md says; `check` judges it again
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Say what would be sent, and what would be skipped and why; send nothing
    #[arg(long)]
    dry_run: bool,
    /// Print report.json and nothing else
    #[arg(long)]
    pub(super) json: bool,
    /// Print findings and the claim only
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,
    /// Print every case; with --dry-run, whole envelopes. Twice: what proves those that did not pass, records and messages
    #[arg(long, short, action = ArgAction::Count)]
    pub(super) verbose: u8,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: Colour,
}

fn port_type(word: &str) -> Result<PortType, String> {
    PortType::named(word).ok_or_else(|| format!("the port types are: {}", PortType::ALL.map(PortType::name).join(", ")))
}

fn level(word: &str) -> Result<Level, String> {
    Level::parse(word).ok_or_else(|| "the levels are: must, should, may, observe".to_owned())
}

fn effect(word: &str) -> Result<Effect, String> {
    Effect::parse(word).ok_or_else(|| "the effects are: read, start-task, write, disrupt".to_owned())
}

/// Runs, and gives the exit code.
pub(super) async fn run(mut arguments: Arguments) -> u8 {
    let replay = arguments.replay.as_deref().map(|named| Replay::read(named, arguments.target.is_some())).transpose();
    let replay = match replay {
        Ok(replay) => replay,
        Err(error) => return refuse(&error.to_string()),
    };
    let suite = match loading::suite_at(&arguments.cases, arguments.suite_revision) {
        Ok(suite) => Arc::new(suite),
        Err(refused) => return refused.tell(arguments.color),
    };
    let mut kept = Kept { traces: arguments.trace.is_some(), ..Kept::default() };
    if let Some(revision) = arguments.suite_revision {
        kept.notes.push(format!("judged by suite revision {revision}, as --suite-revision asks"));
    }
    if let Some(replay) = replay {
        if suite.case(&replay.case).is_none() {
            let case = &replay.case;
            return refuse(&format!(
                "the suite has no case `{case}` any more: name the folder of its file with --cases"
            ));
        }
        if replay.suite_digest != suite.digest {
            let text = "the report was made with other case files than this run: what differs may come of that";
            kept.notes.push(text.to_owned());
        }
        arguments.target = arguments.target.or(replay.target);
        arguments.case = vec![replay.case];
        arguments.seed = Some(replay.seed);
        kept.values = replay.values;
    }
    if arguments.target.is_none() && !arguments.set.is_empty() {
        return refuse("--set changes a target; name one with --target");
    }
    let named = match arguments.target.as_deref().map(|named| loading::target(named, &arguments.set)).transpose() {
        Ok(named) => named,
        Err(refused) => return refused.tell(arguments.color),
    };
    if arguments.dry_run {
        let options = options(&arguments, &suite, kept, RecordedFaults::default(), None);
        return dry_run::dry_run(&suite, named, &options, &arguments);
    }
    let baseline = match arguments.gate.load(named.as_ref()) {
        Ok(baseline) => baseline,
        Err(refused) => return refused.tell(arguments.color),
    };
    let server = match &named {
        Some(_) => None,
        None => match Reference::start(Behaviour::default()) {
            Ok(server) => Some(server),
            Err(error) => return refuse(&format!("cannot start the reference server on a loopback port: {error}")),
        },
    };
    let target = match (named, &server) {
        (Some(target), _) => Ok(target),
        (None, Some(server)) => server.net_tcp_target(),
        // Not reached: where no target is named, the reference server was started.
        (None, None) => return exit::OURS,
    };
    let target = match target {
        Ok(target) => Arc::new(target),
        Err(error) => return loading::Refused::from(error).tell(arguments.color),
    };
    let place = match arguments.faults.place(&target, server.is_some()) {
        Ok(place) => place,
        Err(message) => return refuse(&message),
    };
    let recorded = match place.as_ref().map(|place| place.load(&suite.cases)).transpose() {
        Ok(recorded) => recorded.unwrap_or_default(),
        Err(broken) => return refuse(&broken.to_string()),
    };
    let folder = arguments.out.clone().unwrap_or_else(|| {
        let folder = PathBuf::from("reports");
        let folder = folder.join(if server.is_some() { "reference".to_owned() } else { target.profile() });
        // The report that is replayed stays as it is.
        if arguments.replay.is_some() { folder.join("replay") } else { folder }
    });
    kept.again = Some(format!("{} --replay {}", command(&arguments), quoted(&shown(&folder.join("report.json")))));
    let options = options(&arguments, &suite, kept, recorded, baseline);
    // Reports of an earlier run stay where this one cannot begin.
    if let Err(cannot) = runner::run::check(&suite, &target, &options) {
        return refuse(&cannot.to_string());
    }
    let log = match EventLog::create(&folder) {
        Ok(log) => log,
        Err(error) => return refuse(&format!("{error}; {}", format::NEXT)),
    };
    let trace = match arguments.trace.as_deref().map(TraceFile::create).transpose() {
        Ok(trace) => trace,
        Err(error) => return refuse(&format!("{error}; name a file that can be written with --trace")),
    };
    let lab = server.as_ref().map(Reference::lab);
    let (sender, receiver) = mpsc::unbounded_channel();
    let stop = stop::watch_signals();
    let running = tokio::spawn(async move { runner::run(suite, target, lab, options, sender, stop).await });
    let code = Audience::new(&arguments, folder, place, trace).listen(receiver, log).await;
    let code = match running.await {
        Ok(Ok(())) => code,
        Ok(Err(cannot)) => refuse(&cannot.to_string()),
        Err(_) => {
            eprintln!("error: ipamspec itself failed: please send us events.jsonl and what stands above");
            exit::OURS
        }
    };
    if let Some(server) = server {
        server.stop().await;
    }
    code
}

fn options(
    arguments: &Arguments,
    suite: &Suite,
    kept: Kept,
    recorded_faults: RecordedFaults,
    baseline: Option<Baseline>,
) -> Options {
    let globs = |patterns: &[String]| patterns.iter().map(|pattern| Glob::parse(pattern)).collect();
    Options {
        selection: Selection {
            cases: globs(&arguments.case),
            requirements: globs(&arguments.requirement),
            port_type: arguments.port_type,
            level: arguments.level,
            skip: globs(&arguments.skip),
            shard: arguments.gate.shard,
        },
        jobs: arguments.jobs.map(|jobs| usize::try_from(jobs).unwrap_or(usize::MAX)),
        repeat: arguments.repeat.and_then(|times| usize::try_from(times).ok()),
        seed: arguments.seed.clone(),
        allow: arguments.allow.clone(),
        fail_on: arguments.faults.fail_on(),
        fail_on_drift: arguments.faults.fail_on_drift(),
        recorded_faults,
        baseline,
        replay: format!("{} --seed {}", command(arguments), quoted(arguments.seed.as_deref().unwrap_or(&suite.digest))),
        kept,
    }
}

/// The command that runs this again, without what is run.
fn command(arguments: &Arguments) -> String {
    let mut words = vec!["ipamspec".to_owned(), "run".to_owned()];
    let mut option = |name: &str, value: &str| words.extend([name.to_owned(), quoted(value)]);
    if let Some(target) = &arguments.target {
        option("--target", target);
    }
    for set in &arguments.set {
        option("--set", set);
    }
    for folder in &arguments.cases {
        option("--cases", &folder.display().to_string());
    }
    if let Some(revision) = arguments.suite_revision {
        option("--suite-revision", &revision.to_string());
    }
    if let Some(folder) = &arguments.faults.snapshots {
        option("--snapshots", &folder.display().to_string());
    }
    for effect in &arguments.allow {
        option("--allow", effect.as_str());
    }
    words.join(" ")
}

/// A word as a POSIX shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=%@+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Whoever listens to a run: the record on disk, the terminal, and in the end the reports.
struct Audience<'a> {
    folder: PathBuf,
    gate: &'a gate::GateArguments,
    snapshots: Option<Snapshots>,
    trace: Option<TraceFile>,
    formats: Vec<Format>,
    json: bool,
    quiet: bool,
    terminal: Terminal,
    progress: Option<Progress>,
    events: Vec<Event>,
}

impl<'a> Audience<'a> {
    fn new(arguments: &'a Arguments, folder: PathBuf, snapshots: Option<Snapshots>, trace: Option<TraceFile>) -> Self {
        let detail = match (arguments.quiet, arguments.verbose) {
            (true, _) => Detail::Quiet,
            (_, 1) => Detail::Every,
            (_, 2..) => Detail::Evidence,
            _ => Detail::Findings,
        };
        let live = on_terminal() && !arguments.json && !arguments.quiet;
        Self {
            folder,
            gate: &arguments.gate,
            snapshots,
            trace,
            formats: arguments.format.clone(),
            json: arguments.json,
            quiet: arguments.quiet,
            terminal: Terminal::new(detail, arguments.color.applies(on_terminal())),
            progress: live.then(Progress::default),
            events: Vec::new(),
        }
    }

    /// Takes events until the run has ended, then renders. Gives the exit code.
    async fn listen(mut self, mut events: mpsc::UnboundedReceiver<Event>, mut log: EventLog) -> u8 {
        let mut unwritten = None;
        while let Some(event) = events.recv().await {
            if unwritten.is_none()
                && let Err(error) = log.write(&event)
            {
                eprintln!("error: {error}; the run goes on, what was written is kept");
                unwritten = Some(error);
            }
            if unwritten.is_none()
                && let Some(trace) = &mut self.trace
                && let Err(error) = trace.write(&event)
            {
                eprintln!("error: {error}; the run goes on, the trace ends here");
                unwritten = Some(error);
            }
            self.tell(&event);
            self.events.push(event);
        }
        if self.events.is_empty() {
            return exit::USAGE;
        }
        if unwritten.is_none()
            && let Err(error) = log.restore(&self.events)
        {
            eprintln!("error: {error}");
            unwritten = Some(error);
        }
        if self.progress.is_some() {
            print(progress::CLEAR);
        }
        let folded = Record::fold(&self.events).and_then(|record| self.rebase(record, &mut log));
        let (record, rebased) = match folded {
            Ok(folded) => folded,
            Err(problem) => {
                eprintln!("error: ipamspec lost its own record: {problem}");
                return exit::OURS;
            }
        };
        if unwritten.is_none()
            && let Err(error) = log.seal()
        {
            eprintln!("error: {error}");
            unwritten = Some(error);
        }
        let written = format::write(&self.folder, &record, &self.formats);
        let kept = self.snapshots.as_ref().map(|place| place.keep(&record.cases).map(|kept| (place, kept))).transpose();
        if self.json {
            print(&to_json(&record));
        } else {
            let report = written.as_ref().ok().and_then(|written| written.first()).map(|path| shown(path));
            if let (Ok(Some((place, kept))), false) = (&kept, self.quiet) {
                print(&snapshots::told(place, *kept));
            }
            let text = self.terminal.finish(&record, report.as_deref());
            print(&text);
        }
        if !self.json
            && let Err(error) = format::tell_github(&record, &self.formats)
        {
            refuse(&error);
        }
        if let Err(error) = &kept {
            refuse(&error.to_string());
        }
        if let Err(error) = &rebased {
            refuse(error);
        }
        match written {
            Err(error) => refuse(&format!("{error}; {}", format::NEXT)),
            Ok(_) if record.exit_code == exit::INTERRUPTED => exit::INTERRUPTED,
            Ok(_) if kept.is_err() || rebased.is_err() || unwritten.is_some() => exit::USAGE,
            Ok(_) => record.exit_code,
        }
    }

    /// Writes the baseline anew where that was asked for, and judges the run by it.
    fn rebase(&mut self, record: Record, log: &mut EventLog) -> Result<(Record, Result<(), String>), String> {
        match self.gate.update(&record) {
            Ok(None) => Ok((record, Ok(()))),
            Ok(Some(baseline)) => {
                let event = Event::BaselineUpdated(Box::new(baseline));
                let written = log.write(&event).map_err(|error| error.to_string());
                self.events.push(event);
                Ok((Record::fold(&self.events)?, written))
            }
            Err(error) => Ok((record, Err(error))),
        }
    }

    fn tell(&mut self, event: &Event) {
        if self.json {
            return;
        }
        let text = self.terminal.event(event);
        let line = self.progress.as_mut().map(|progress| {
            progress.event(event);
            progress.line(width())
        });
        match line {
            Some(line) => print(&format!("{}{text}{}", progress::CLEAR, progress::redraw(&line))),
            None => print(&text),
        }
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// The width of the terminal, in columns.
fn width() -> usize {
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|width| *width >= 20).unwrap_or(80)
}
