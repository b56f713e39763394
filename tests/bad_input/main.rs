//! Bad input of every kind, one trial each: what the program says of it, with which exit code, and that nothing is lost.
//!
//! What is said is held in `snapshots/bad_input/`, without what differs from machine to machine and suite to suite, and
//! fits one screen. Leaves out whether bad input is seen at all places: tests beside the code do that.

mod cases;
mod commands;
mod peers;
mod recordings;
mod targets;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use libtest_mimic::{Arguments, Failed, Trial};
use regex_lite::Regex;

use self::peers::Peer;

/// A screen.
const ROWS: usize = 24;
const COLUMNS: usize = 80;
/// What a message for a person never holds.
const NEVER: &[&str] = &["panicked", "backtrace", "Caused by", "caused by", "unwrap", "Err(", "src/", "\u{1b}"];
/// What stands where a run is to write, and must still stand where the run never began.
const EARLIER: [&str; 3] = ["events.jsonl", "report.json", "index.html"];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Trials wait for peers, not for the processor.
    arguments.test_threads = arguments.test_threads.or(Some(16));
    let kinds = [commands::kinds(), targets::kinds(), cases::kinds(), peers::kinds(), recordings::kinds()].concat();
    assert!(kinds.len() >= 40, "{}", kinds.len());
    let trials = kinds.into_iter().map(|kind| Trial::test(kind.name, move || kind.hold()));
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// One kind of bad input.
#[derive(Clone)]
struct Kind {
    name: &'static str,
    code: i32,
    arguments: Vec<String>,
    target: Option<&'static str>,
    files: Vec<(&'static str, Vec<u8>)>,
    peer: Option<Peer>,
}

impl Kind {
    /// The program run with these words; `{peer}` is the address of the peer.
    fn new(name: &'static str, code: i32, line: &str) -> Self {
        let arguments = line.split_whitespace().map(str::to_owned).collect();
        Self { name, code, arguments, target: None, files: Vec::new(), peer: None }
    }

    fn argument(mut self, word: &str) -> Self {
        self.arguments.push(word.to_owned());
        self
    }

    fn file(mut self, path: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.push((path, bytes.into()));
        self
    }

    fn inherits(mut self, target: &'static str) -> Self {
        self.target = Some(target);
        self
    }

    fn peer(mut self, peer: Peer) -> Self {
        self.peer = Some(peer);
        self
    }

    fn hold(&self) -> Result<(), Failed> {
        let folder = self.folder()?;
        let writes = self.arguments.first().is_some_and(|word| word == "run")
            && !self.arguments.iter().any(|word| word == "--out");
        let mut arguments = self.arguments.clone();
        if writes {
            arguments.extend(["--out".to_owned(), "out".to_owned()]);
            fs::create_dir(folder.join("out"))?;
            for name in EARLIER {
                fs::write(folder.join("out").join(name), "an earlier run\n")?;
            }
        }
        if let Some(peer) = &self.peer {
            let address = peer.start()?;
            arguments = arguments.into_iter().map(|word| word.replace("{peer}", &address)).collect();
        }
        let said = self.run(&folder, &arguments)?;
        if said.code != Some(self.code) {
            return Err(format!("exit code {:?}, not {}:\n{}", said.code, self.code, said.text).into());
        }
        on_one_screen(&said.text)?;
        if writes {
            nothing_is_lost(&folder.join("out"), self.code)?;
        }
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/bad_input"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let told = format!("exit code {}\n{}", self.code, normalised(&said.text));
        settings.bind(|| insta::assert_snapshot!(self.name, told));
        Ok(())
    }

    /// A folder of its own, with its files.
    fn folder(&self) -> Result<PathBuf, Failed> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bad_input").join(self.name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        for (path, bytes) in &self.files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().ok_or("a file has a folder")?)?;
            fs::write(path, bytes)?;
        }
        Ok(folder)
    }

    fn run(&self, folder: &Path, arguments: &[String]) -> Result<Said, Failed> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ipamspec"));
        command.args(arguments).current_dir(folder).stdin(Stdio::null());
        for inherited in ["IPAMSPEC_TARGET", "COLUMNS", "CLICOLOR_FORCE", "RUST_BACKTRACE"] {
            command.env_remove(inherited);
        }
        command.envs(self.target.map(|target| ("IPAMSPEC_TARGET", target)));
        let output = command.output()?;
        let text = [output.stdout, output.stderr].concat();
        Ok(Said { code: output.status.code(), text: String::from_utf8(text)? })
    }
}

/// What the program said, and how it ended.
struct Said {
    code: Option<i32>,
    text: String,
}

/// A message fits a screen and is for a person. A command to copy, an id and the last line of a run are never broken.
fn on_one_screen(text: &str) -> Result<(), Failed> {
    let rows: usize = text.lines().map(|line| line.chars().count().div_ceil(COLUMNS).max(1)).sum();
    let whole = |line: &str| {
        let line = line.trim_start();
        line.starts_with("claim: ") || line.starts_with("replay ") || line.split_whitespace().count() <= 2
    };
    let wide = text.lines().find(|line| line.chars().count() > COLUMNS && !whole(line));
    let never = NEVER.iter().find(|word| text.contains(**word));
    match (rows > ROWS, wide, never) {
        (false, None, None) if !text.trim().is_empty() => Ok(()),
        _ => Err(format!("{rows} rows, too wide: {wide:?}, not for a person: {never:?}\n{text}").into()),
    }
}

/// A run that never began leaves what an earlier one wrote; one that began leaves its own record and reports.
fn nothing_is_lost(out: &Path, code: i32) -> Result<(), Failed> {
    for name in EARLIER {
        let text = fs::read_to_string(out.join(name))?;
        let earlier = text == "an earlier run\n";
        if earlier != (code == 2) || text.trim().is_empty() {
            return Err(
                format!("{name} is {}", if earlier { "an earlier run's" } else { "not the earlier one" }).into()
            );
        }
    }
    Ok(())
}

/// What was said, without what differs from machine to machine, from run to run, and when the suite grows.
fn normalised(text: &str) -> String {
    let patterns = [
        (r"ipamspec(\.exe)? \d+\.\d+\.\d+", "ipamspec <version>"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:<port>"),
        (r"after \d+ bytes", "after <n> bytes"),
        (r"; \d+(\.\d+)? m?s\b", "; <time>"),
        (r"\b\d+ of \d+ (musts?|cases?)", "<n> of <n> $1"),
        (r"\b\d+(\s+)(cases?|requirements?|verified|skip|not exercised|untestable)\b", "<n>$1$2"),
        (r"(skip|inconclusive) +<n> cases", "$1 <n> cases"),
        (r"(?m)^( +)\d+(  )", "$1<n>$2"),
    ];
    patterns.into_iter().fold(text.to_owned(), |text, (pattern, instead)| {
        Regex::new(pattern).expect("a pattern").replace_all(&text, instead).into_owned()
    })
}
