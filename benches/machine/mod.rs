//! What the benchmarks know of the machine: where processes run, whether anything else does, and ratios of pairs.
//!
//! Leaves out what is measured.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Where the processes run.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// The server on the first processor, the client on the second.
    pub(crate) apart: bool,
}

impl Place {
    /// A command on a processor, where processes have their own.
    pub(crate) fn command(self, processor: &str, program: impl Into<PathBuf>) -> Command {
        let program = program.into();
        if !self.apart {
            return Command::new(program);
        }
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", processor]).arg(program);
        command
    }

    /// The number that this benchmark prints when it is started as a client with these arguments.
    pub(crate) fn client(self, arguments: &[&str]) -> f64 {
        let this = std::env::current_exe().expect("a program that runs");
        let output = self.command("1", this).args(arguments).stderr(Stdio::inherit()).output().expect("the client");
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
    }
}

/// The arguments after a word, where the word is there.
pub(crate) fn after<'a>(arguments: &'a [String], word: &str) -> Option<&'a [String]> {
    let place = arguments.iter().position(|argument| argument == word)?;
    arguments.get(place + 1..)
}

/// `ipamspec serve` as a process, which ends with this.
pub(crate) struct Reference {
    child: Child,
    /// Where its IIpamServer is.
    pub(crate) url: String,
}

impl Reference {
    /// Starts one, and takes the address of this scheme from what it says.
    pub(crate) fn start(place: Place, scheme: &str) -> Self {
        let mut child = place
            .command("0", env!("CARGO_BIN_EXE_ipamspec"))
            .args(["serve", "--http", "127.0.0.1:0", "--net-tcp", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary");
        let lines = BufReader::new(child.stdout.as_mut().expect("its output")).lines();
        let url = lines
            .map_while(Result::ok)
            .find_map(|line| line.split_whitespace().find(|word| word.starts_with(scheme)).map(str::to_owned));
        Self { child, url: url.expect("its address") }
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Measures a pair when the machine does nothing else: the two and whether something else ran meanwhile.
pub(crate) fn pair<T>(limit: Duration, measure: impl FnOnce() -> T) -> (T, bool) {
    let until = Instant::now() + limit;
    while !is_quiet() && Instant::now() < until {}
    let measured = measure();
    (measured, !is_quiet())
}

/// Whether the machine did next to nothing for a moment; taken for granted where there is no `/proc/stat`.
fn is_quiet() -> bool {
    let idle_and_all = || {
        let text = std::fs::read_to_string("/proc/stat").ok()?;
        let times: Vec<f64> = text.lines().next()?.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        Some((*times.get(3)?, times.iter().take(8).sum::<f64>()))
    };
    let before = idle_and_all();
    std::thread::sleep(Duration::from_millis(200));
    let (Some((idle, all)), Some((later, all_later))) = (before, idle_and_all()) else { return true };
    later - idle > 0.9 * (all_later - all)
}

/// The ratios of pairs, and whether each was disturbed.
#[derive(Default)]
pub(crate) struct Ratios(Vec<(bool, f64)>);

impl Ratios {
    /// Adds one.
    pub(crate) fn add(&mut self, disturbed: bool, ratio: f64) {
        self.0.push((disturbed, ratio));
    }

    /// Prints the median. What else ran took its time from one of the two more than from the other: such pairs are left
    /// out where five others are left.
    pub(crate) fn print(mut self) {
        if self.0.iter().filter(|(disturbed, _)| !disturbed).count() >= 5 {
            self.0.retain(|(disturbed, _)| !disturbed);
        }
        let undisturbed = self.0.iter().filter(|(disturbed, _)| !disturbed).count();
        let mut ratios: Vec<f64> = self.0.into_iter().map(|(_, ratio)| ratio).collect();
        ratios.sort_by(f64::total_cmp);
        if let (Some(least), Some(median), Some(most)) =
            (ratios.first(), ratios.get(ratios.len().saturating_sub(1) / 2), ratios.last())
        {
            let of = ratios.len();
            println!("  median ratio of {of} ({undisturbed} undisturbed): {median:.3} (from {least:.3} to {most:.3})");
        }
    }
}
