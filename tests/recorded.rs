//! A run that writes its sessions down, and `check` that judges them again: the same requirements, kept and broken.
//!
//! Over either binding, against a server that keeps the protocol and one that lies. Leaves out what recordings may look
//! like, which tests beside their readers hold.
#![cfg(unix)]

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

/// `ipamspec serve`, killed with its test.
struct Served {
    child: Child,
    /// Its addresses over HTTP and net.tcp, without a path.
    addresses: [String; 2],
}

impl Served {
    fn start(arguments: &[&str]) -> Self {
        let arguments = [&["serve", "--http", "127.0.0.1:0", "--net-tcp", "127.0.0.1:0"], arguments].concat();
        let mut child = program().args(arguments).stdout(Stdio::piped()).spawn().expect("the binary");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let addresses = [0, 1].map(|_| {
            let line = lines.next().expect("a line").expect("text");
            let url = line.split(' ').find(|word| word.contains("://")).expect("an address");
            url.strip_suffix("/Ipam/Server").expect("its path").to_owned()
        });
        Self { child, addresses }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipamspec"));
    command.env_remove("IPAMSPEC_TARGET").env("CI", "true").stdin(Stdio::null());
    command
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recorded").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("a folder of ours");
    }
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Runs the program, and reads the report that it leaves.
fn report(folder: &Path, arguments: &[&str]) -> (Option<i32>, Value) {
    let out = format!("{}-out", arguments.first().expect("a command"));
    let ran =
        program().args(arguments).args(["--quiet", "--out", &out]).current_dir(folder).output().expect("the binary");
    let said = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
    let text = fs::read(folder.join(&out).join("report.json")).unwrap_or_else(|error| panic!("{error}: {said}"));
    (ran.status.code(), serde_json::from_slice(&text).expect("JSON"))
}

/// The requirements that a session's machine says are broken, and those that it says are kept, in all cases together.
fn judged(report: &Value) -> [BTreeSet<String>; 2] {
    let checks =
        report["cases"].as_array().expect("cases").iter().flat_map(|case| case["checks"].as_array().expect("checks"));
    let (mut broken, mut kept) = (BTreeSet::new(), BTreeSet::new());
    for check in checks {
        let requirement = check["requirement"].as_str().expect("an id").to_owned();
        // Those of a machine are called by session and requirement.
        if check["id"].as_str().is_some_and(|id| id.rsplit_once('/').is_none_or(|(_, last)| last != requirement)) {
            continue;
        }
        if check["outcome"] == "pass" {
            kept.insert(requirement)
        } else {
            broken.insert(requirement)
        };
    }
    [broken, kept]
}

/// Runs these cases against a server, then judges what was written down.
fn run_and_check(name: &str, arguments: &[&str], cases: &[&str]) -> [(Option<i32>, Value); 2] {
    let served = Served::start(arguments);
    let folder = folder(name);
    let [http, net_tcp] = &served.addresses;
    let url = if name.starts_with("net-tcp") { net_tcp } else { http };
    let security = if url.starts_with("net.tcp") { "[security]\nmode = \"none\"\n" } else { "" };
    let target = format!(
        "name = \"Recorded\"\nurl = \"{url}\"\n[endpoints]\nIIpamServer = \"/Ipam/Server\"\n\
         IIpamOperationWithProgress = \"/Ipam/OperationWithProgress\"\n{security}[allow]\neffects = [\"read\", \
         \"start-task\", \"write\", \"disrupt\"]\n[vars]\ndhcp_server_record_id = 17\n"
    );
    fs::write(folder.join("target.toml"), target).expect("a file");
    let cases: Vec<&str> = cases.iter().flat_map(|case| ["--case", case]).collect();
    let run = report(&folder, &[&["run", "--target", "target.toml", "--trace", "trace.jsonl"], &cases[..]].concat());
    let again = report(&folder, &["check", "trace.jsonl"]);
    let record = report(&folder, &["check", "run-out/events.jsonl"]);
    assert_eq!(judged(&again.1), judged(&record.1), "the record of the run says what its trace says");
    [run, again]
}

#[test]
fn what_conforms_is_judged_alike_live_and_from_its_trace() {
    let cases =
        ["progress/succeeds", "progress/runs_side_by_side", "progress/initialize_twice", "progress/refuses_nil*"];
    for name in ["http-whole", "net-tcp-whole"] {
        let [(_, run), (code, again)] = run_and_check(name, &[], &cases);
        assert_eq!(code, Some(0), "{name}: {again:#}");
        assert_eq!(judged(&run), judged(&again), "{name}");
        assert!(judged(&again)[0].is_empty() && judged(&again)[1].len() > 5, "{name}");
    }
}

#[test]
fn what_is_broken_is_judged_alike_live_and_from_its_trace() {
    for (lie, requirement, case) in [
        ("calls-back-after-end", "progress.nothing-after-end", "progress/says_nothing_after_the_end"),
        ("adds-subtask-twice", "progress.subtask-added-once", "progress/succeeds"),
        ("succeeds-before-subtasks", "progress.subtasks-end-before-success", "progress/succeeds"),
    ] {
        for binding in ["http", "net-tcp"] {
            let [(_, run), (_, again)] = run_and_check(&format!("{binding}-{lie}"), &["--mutant", lie], &[case]);
            assert_eq!(judged(&run), judged(&again), "{binding} {lie}");
            assert_eq!(judged(&again)[0], BTreeSet::from([requirement.to_owned()]), "{binding} {lie}");
        }
    }
}
