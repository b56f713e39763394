//! The suite against servers by someone else: an independent one, written here by hand, that lies or varies in one way.
//!
//! The program runs as a user runs it, with a target file, against a server that shares no code with the reference one.
//! Each lie must be found for the requirement that it breaks, and no other requirement be blamed; each variation must
//! pass everything that is not skipped with a reason.

mod http;
mod message;
mod service;
mod tasks;
mod ways;
mod xml;

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, ExitCode, Stdio},
    sync::Arc,
};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

use self::ways::{Lie, Variation, Ways};

/// Why cases are skipped on any server that speaks HTTP, has no lab, and is given no endpoint for sessions.
const OF_THE_BINDING: [&str; 4] = ["needs the lab", "net.tcp only", "no endpoint", "not allowed"];
/// What is said where the run that an earlier case started is not over in time, as happens on a busy machine.
const STILL_BUSY: [&str; 2] = ["got `Running`", "got `Queued`"];
/// Lies of which a run waits for what never comes, once a task: nothing is lost where it waits less long.
const WAITED_FOR: [&str; 2] = ["starts-nothing", "last-run-in-words"];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Most of a trial is waiting for tasks that run.
    arguments.test_threads = arguments.test_threads.or(Some(24));
    assert!(Lie::ALL.len() >= 20 && Variation::ALL.len() >= 10);
    let mut trials = vec![Trial::test("plain", || passes("plain", Ways::default(), ""))];
    for (lie, name, requirement) in Lie::ALL.iter().copied() {
        trials.push(Trial::test(format!("lie/{name}"), move || is_caught(name, lie, requirement)));
    }
    for (variation, name, skips) in Variation::ALL.iter().copied() {
        trials.push(Trial::test(format!("variation/{name}"), move || passes(name, Ways::variation(variation), skips)));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// What a run came to.
struct Ran {
    code: Option<i32>,
    said: String,
    report: Value,
    /// Whether the server did the one thing that makes it what it is.
    was_shown: bool,
}

/// Runs the whole suite, as its user does, against a server of these ways.
fn run(name: &str, ways: Ways) -> Result<Ran, Failed> {
    let ways = Arc::new(ways);
    let url = http::start(&ways)?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("foreign").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let scale = if WAITED_FOR.contains(&name) { 0.1 } else { 0.25 };
    let target = format!(
        "name = \"A server by someone else\"\nurl = \"{url}\"\n\
         [endpoints]\nIIpamServer = \"/Ipam/Server\"\n\
         [timing]\nconnect = \"100s\"\nreply = \"100s\"\noperation = \"200s\"\nscale = {scale}\n\
         [allow]\neffects = [\"read\", \"start-task\", \"write\", \"disrupt\"]\n\
         [vars]\nmanaged_server = \"dhcp1.example\"\n"
    );
    fs::write(folder.join("target.toml"), target)?;
    let output = Command::new(env!("CARGO_BIN_EXE_ipamspec"))
        .args(["run", "--quiet", "--target", "target.toml", "--out", "out", "--seed", "3"])
        .current_dir(&folder)
        .env_remove("IPAMSPEC_TARGET")
        .env("CI", "true")
        .stdin(Stdio::null())
        .output()?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let report = fs::read(folder.join("out/report.json")).map_err(|error| format!("{error}: {said}"))?;
    let report = serde_json::from_slice(&report)?;
    Ok(Ran { code: output.status.code(), said, report, was_shown: ways.was_shown() })
}

impl Ran {
    fn items(&self, key: &str) -> impl Iterator<Item = &Value> {
        self.report.get(key).and_then(Value::as_array).into_iter().flatten()
    }

    /// The requirements whose checks came to this outcome.
    fn with_outcome(&self, outcome: &str) -> BTreeSet<&str> {
        let checks = self.items("cases").filter_map(|case| case.get("checks")?.as_array()).flatten();
        checks.filter(|check| text(check, "outcome") == outcome).map(|check| text(check, "requirement")).collect()
    }

    /// What one needs to see where it is not as expected.
    fn told(&self) -> String {
        let told = |case: &Value| {
            let checks = case.get("checks").and_then(Value::as_array).into_iter().flatten();
            let checks = checks.filter(|check| text(check, "outcome") != "pass").map(|check| {
                format!(
                    "\n    {} {}: {}; expected {}, got {}",
                    text(check, "outcome"),
                    text(check, "requirement"),
                    text(check, "message"),
                    text(check, "expected"),
                    text(check, "got")
                )
            });
            format!(
                "\n  {} {} {}{}",
                text(case, "outcome"),
                text(case, "id"),
                text(case, "reason"),
                checks.collect::<String>()
            )
        };
        let cases = self.items("cases").filter(|case| text(case, "outcome") != "pass");
        format!("exit code {:?}\n{}{}", self.code, self.said, cases.map(told).collect::<String>())
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A lie is caught when its requirement, and no other, is found broken, and the exit code says so.
fn is_caught(name: &str, lie: Lie, requirement: &str) -> Result<(), Failed> {
    let ran = run(name, Ways::lie(lie))?;
    let (outcome, code) = match lie {
        // 3.3.4.139 leaves open how a start shows: what is not seen is not known to be missing.
        Lie::StartsNothing => ("inconclusive", 3),
        // Section 2 and Appendix B differ on what an exception holds: a should.
        Lie::ExceptionIdOfItsOwn => ("warn", 0),
        _ => ("fail", 1),
    };
    let found: BTreeSet<&str> = ran.with_outcome("fail").union(&ran.with_outcome("warn")).copied().collect();
    let caught = ran.with_outcome(outcome).contains(requirement);
    let alone = found.iter().all(|found| *found == requirement || alike(found, requirement));
    if !(caught && alone) {
        return Err(format!("{requirement} was to {outcome}; found {found:?}\n{}", ran.told()).into());
    }
    if ran.code != Some(code) {
        return Err(format!("the exit code was to be {code}\n{}", ran.told()).into());
    }
    if text(&ran.report, "schema").is_empty() || !ran.was_shown {
        return Err("the lie was never told".into());
    }
    Ok(())
}

/// Whether the same refusal decides both: a value that is none of the enumeration has no entry either.
fn alike(found: &str, requirement: &str) -> bool {
    let of_unknown = ["no-entry-faults", "invalid-task-type-faults"];
    let parts = |id: &str| id.rsplit_once('.').map(|(about, rule)| (about.to_owned(), of_unknown.contains(&rule)));
    matches!((parts(found), parts(requirement)), (Some(a), Some(b)) if a == b && a.1)
}

/// A variation passes when nothing is found, and nothing is skipped but for its own reason and the lab's.
fn passes(name: &str, ways: Ways, skips: &str) -> Result<(), Failed> {
    let ran = run(name, ways)?;
    let fine = |case: &&Value| match text(case, "outcome") {
        "pass" => true,
        "skip" => {
            let reason = text(case, "reason");
            let is_of_the_way = !skips.is_empty() && reason.contains(skips);
            OF_THE_BINDING.iter().any(|of| reason.contains(of))
                || STILL_BUSY.iter().any(|busy| reason.contains(busy))
                || is_of_the_way
        }
        _ => false,
    };
    if ran.code != Some(0) || !ran.items("cases").all(|case| fine(&case)) {
        return Err(ran.told().into());
    }
    let passed = ran.items("cases").filter(|case| text(case, "outcome") == "pass").count();
    if passed < 120 {
        return Err(format!("only {passed} cases passed\n{}", ran.told()).into());
    }
    if name != "plain" && !ran.was_shown {
        return Err("the server never showed its way".into());
    }
    Ok(())
}
