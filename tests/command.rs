//! The binary as a process: what it refuses, what it leaves on disk, how it ends when it is interrupted, killed or unread.
//!
//! Leaves out what a run finds. Signals are those of Unix.
#![cfg(unix)]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

/// A folder of a test's own, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ipamspec-command-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ipamspec"));
        command.args(arguments).current_dir(&self.0).env_remove("IPAMSPEC_TARGET").stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn report(path: &Path) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(path).expect("a report")).expect("JSON")
}

/// A server that takes connections and never says anything.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    let url = format!("http://{}/Ipam/Server", listener.local_addr().expect("its address"));
    (listener, url)
}

/// Starts a run against a server that never answers, and waits until it has begun.
fn under_way(folder: &Folder, url: &str, out: &str) -> Child {
    let arguments = ["run", "--target", url, "--out", out];
    let mut child =
        folder.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary");
    let mut line = String::new();
    let stdout = child.stdout.as_mut().expect("a pipe");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    assert!(line.starts_with("ipamspec "), "{line}");
    child
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill");
    assert!(status.success());
}

#[test]
fn what_cannot_begin_leaves_the_last_report() {
    let folder = Folder::new("begin");
    assert_eq!(code(&folder.run(&["run", "--quiet"])), Some(0));
    let path = folder.file("reports/reference/report.json");
    let before = fs::read(&path).expect("a report");
    for wrong in [
        ["run", "--case", "nothing"],
        ["run", "--target", ""],
        ["run", "--target", "nowhere.toml"],
        ["run", "--cases", "nowhere"],
        ["run", "--set", "timing.reply=1s"],
        ["run", "--jobs", "0"],
    ] {
        let output = folder.run(&wrong);
        assert_eq!(code(&output), Some(2), "{wrong:?}: {}", told(&output));
        assert!(told(&output).starts_with("error: ") && output.stdout.is_empty(), "{wrong:?}");
    }
    assert_eq!(fs::read(&path).expect("a report"), before);
    let unset = folder.command(&["run"]).env("IPAMSPEC_TARGET", "").output().expect("the binary");
    assert_eq!(code(&unset), Some(2), "a variable that a job forgot is no reason for a green run");
    assert_eq!(code(&folder.run(&["run", "--skip", "**"])), Some(4));
}

#[test]
fn a_mistake_is_told_in_the_file_where_it_stands() {
    let folder = Folder::new("mistake");
    fs::create_dir_all(folder.file("mine/own")).expect("a folder");
    fs::write(folder.file("mine/own/a.toml"), "abuot = 'x'\n").expect("a file");
    let output = folder.run(&["run", "--cases", "mine"]);
    assert_eq!(code(&output), Some(2));
    assert!(told(&output).contains("--> mine/own/a.toml:1:1"), "{}", told(&output));
}

#[test]
fn an_interrupted_run_writes_its_report_and_says_so() {
    let folder = Folder::new("interrupted");
    let (_listener, url) = silent();
    for (name, reason) in [("-INT", "Ctrl-C"), ("-TERM", "SIGTERM")] {
        let child = under_way(&folder, &url, "out");
        signal(&child, name);
        let output = child.wait_with_output().expect("an end");
        assert_eq!(code(&output), Some(130), "{name}: {}", told(&output));
        assert!(String::from_utf8_lossy(&output.stdout).contains(reason));
        let report = report(&folder.file("out/report.json"));
        assert_eq!((&report["interrupted"], &report["exit_code"]), (&reason.into(), &130.into()));
        let events = fs::read_to_string(folder.file("out/events.jsonl")).expect("the record");
        assert!(events.ends_with('\n') && events.contains("\"event\":\"interrupted\""), "{events}");
    }
}

#[test]
fn a_killed_run_still_has_its_report() {
    let folder = Folder::new("killed");
    let (_listener, url) = silent();
    let mut child = under_way(&folder, &url, "out");
    child.kill().expect("a signal");
    child.wait().expect("an end");
    assert!(!folder.file("out/report.json").exists());
    let rendered = folder.run(&["report", "render", "out/events.jsonl"]);
    assert_eq!(code(&rendered), Some(0), "{}", told(&rendered));
    let report = report(&folder.file("out/report.json"));
    assert_eq!(report["exit_code"], 130);
    assert!(report["interrupted"].as_str().is_some_and(|reason| reason.contains("stops in the middle")));
}

#[test]
fn a_full_disk_keeps_what_was_written_and_leaves_no_half_report() {
    let folder = Folder::new("full");
    // As a full disk, a limit refuses what is written beyond it.
    let limited = "trap '' XFSZ; ulimit -f 2000; exec \"$0\" run --quiet --out out";
    let mut command = Command::new("sh");
    command.args(["-c", limited, env!("CARGO_BIN_EXE_ipamspec")]).current_dir(&folder.0).env_remove("IPAMSPEC_TARGET");
    let output = command.output().expect("a shell");
    assert_eq!(code(&output), Some(2), "{}", told(&output));
    assert!(told(&output).contains("cannot write `out/events.jsonl`"), "{}", told(&output));
    assert!(told(&output).contains("what was written is kept"), "{}", told(&output));
    let left = fs::read_dir(folder.file("out")).expect("a folder").flatten().map(|entry| entry.file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["events.jsonl"]);
    let rendered = folder.run(&["report", "render", "out/events.jsonl", "--out", "again"]);
    assert_eq!(code(&rendered), Some(0), "{}", told(&rendered));
    let report = report(&folder.file("again/report.json"));
    assert!(report["cases"].as_array().is_some_and(|cases| !cases.is_empty()));
    assert!(report["interrupted"].as_str().is_some_and(|reason| reason.contains("stops in the middle")));
}

/// A folder that cannot be made: neither a file's place nor the system's own takes one.
#[test]
fn a_folder_that_cannot_be_written_is_told_before_anything_is_sent() {
    let folder = Folder::new("read-only");
    fs::write(folder.file("file"), "").expect("a file");
    for out in ["file", "file/below", "/proc/ipamspec"] {
        let output = folder.run(&["run", "--out", out]);
        assert_eq!(code(&output), Some(2), "{out}: {}", told(&output));
        let told = told(&output);
        assert!(
            told.starts_with("error: cannot make the folder") && told.contains("--out") && output.stdout.is_empty(),
            "{told}"
        );
    }
}

#[test]
fn shards_are_merged_and_the_baseline_is_written_by_the_whole() {
    let folder = Folder::new("merged");
    let mut server = folder
        .command(&["serve", "--http", "127.0.0.1:0", "--mutant", "starts-none"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary");
    let lines = BufReader::new(server.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let line = lines.into_iter().find(|line| line.contains("http://")).expect("the address");
    let url = line.split(' ').find(|word| word.starts_with("http://")).expect("the address");
    let run = [
        "run",
        "--quiet",
        "--target",
        url,
        "--allow",
        "start-task",
        "--case",
        "start_task/**",
        "--suite-revision",
        "1",
    ];
    for shard in ["1/2", "2/2"] {
        let output = folder.run(&[&run[..], &["--shard", shard, "--out", &shard.replace('/', "-")]].concat());
        assert!(matches!(code(&output), Some(0 | 1)), "{shard}: {}", told(&output));
    }
    signal(&server, "-TERM");
    server.wait().expect("an end");
    let merge = |more: &[&str]| folder.run(&[&["report", "merge", "1-2", "2-2", "--out", "whole"], more].concat());
    assert_eq!(code(&merge(&[])), Some(1));
    let updated = merge(&["--baseline", "baseline.toml", "--update-baseline"]);
    assert_eq!(code(&updated), Some(0), "{}", told(&updated));
    let written = fs::read_to_string(folder.file("baseline.toml")).expect("a baseline");
    assert!(written.contains("start_task/refuses_none"), "{written}");
    assert_eq!(code(&merge(&["--baseline", "baseline.toml", "--format", "json,html,sarif"])), Some(0));
    let report = report(&folder.file("whole/report.json"));
    assert_eq!(
        (&report["suite"]["requirement_set"], &report["findings"][0]["status"]),
        (&1.into(), &"accepted".into())
    );
    let verified = folder.run(&["report", "verify", "whole/index.html"]);
    assert_eq!(code(&verified), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
    let newer = folder.run(&["run", "--suite-revision", "2"]);
    assert_eq!((code(&newer), told(&newer).contains("suite revision 1 only")), (Some(2), true), "{}", told(&newer));
}

#[test]
fn one_folder_takes_one_run() {
    let folder = Folder::new("two");
    let (_listener, url) = silent();
    let child = under_way(&folder, &url, "out");
    let other = folder.run(&["run", "--out", "out"]);
    assert_eq!(code(&other), Some(2));
    assert!(told(&other).contains("another run writes to `out`"), "{}", told(&other));
    // A folder that is taken away meanwhile comes back with the whole record in it.
    fs::remove_dir_all(folder.file("out")).expect("it is there");
    signal(&child, "-INT");
    assert_eq!(code(&child.wait_with_output().expect("an end")), Some(130));
    let rendered = folder.run(&["report", "render", "out/events.jsonl", "--out", "again"]);
    assert_eq!(code(&rendered), Some(0), "{}", told(&rendered));
    assert_eq!(report(&folder.file("again/report.json")), report(&folder.file("out/report.json")));
}

#[test]
fn a_reader_that_goes_away_harms_nobody() {
    let folder = Folder::new("unread");
    assert_eq!(code(&folder.run(&["run", "--quiet", "--out", "out"])), Some(0));
    let unread = |arguments: &[&str]| {
        let mut child =
            folder.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary");
        drop(child.stdout.take());
        child
    };
    for arguments in [&["run", "--verbose"][..], &["run", "--json"], &["report", "render", "out/events.jsonl"]] {
        let output = unread(arguments).wait_with_output().expect("an end");
        assert_eq!((code(&output), told(&output).as_str()), (Some(0), ""), "{arguments:?}");
    }
    let mut server =
        folder.command(&["serve"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary");
    let mut stdout = BufReader::new(server.stdout.take().expect("a pipe"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a line");
    assert!(line.contains("/Ipam/Server"), "{line}");
    drop(stdout);
    signal(&server, "-TERM");
    let mut errors = String::new();
    server.stderr.take().expect("a pipe").read_to_string(&mut errors).expect("text");
    assert_eq!((server.wait().expect("an end").code(), errors.as_str()), (Some(0), ""));
}

#[test]
fn equal_seeds_give_equal_requests() {
    let folder = Folder::new("seeds");
    let requests = |seed: &str, out: &str| {
        let output = folder.run(&["run", "--quiet", "--seed", seed, "--out", out]);
        assert_eq!(code(&output), Some(0), "{}", told(&output));
        let report = report(&folder.file(&format!("{out}/report.json")));
        let cases = report["cases"].as_array().expect("cases").iter();
        let exchanges = cases.flat_map(|case| case["evidence"]["exchanges"].as_array().expect("exchanges").clone());
        // How often something is asked again, and whether another is asked meanwhile, time decides.
        let asked = exchanges.filter(|exchange| exchange["step"] != 0 && exchange["attempt"] == 1);
        let ids = asked.filter_map(|exchange| {
            let (_, rest) = exchange["request"].as_str()?.split_once("<a:MessageID>")?;
            rest.split_once('<').map(|(id, _)| id.to_owned())
        });
        ids.collect::<Vec<_>>()
    };
    let (one, again, other) = (requests("a", "one"), requests("a", "again"), requests("b", "other"));
    assert_eq!(one, again);
    assert!(one.iter().zip(&other).all(|(one, other)| one != other));
    // The command of a report runs that case again.
    let report = report(&folder.file("one/report.json"));
    let case = &report["cases"][7];
    let words = case["replay"].as_str().expect("a command").split(' ').collect::<Vec<_>>();
    let replayed = folder.run(&[&words[1..], &["--quiet", "--json", "--out", "replayed"]].concat());
    let replayed: serde_json::Value = serde_json::from_slice(&replayed.stdout).expect("JSON");
    let found = replayed["cases"].as_array().expect("cases").iter().find(|other| other["id"] == case["id"]);
    assert_eq!(found.expect("the case")["checks"], case["checks"]);
}

#[test]
fn records_of_what_fails_over_net_tcp_are_kept_and_shown() {
    let folder = Folder::new("records");
    let mut server = folder
        .command(&["serve", "--http", "127.0.0.1:0", "--net-tcp", "127.0.0.1:0", "--mutant", "last-runtime-not-a-date"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary");
    let lines = BufReader::new(server.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let line = lines.into_iter().find(|line| line.contains("net.tcp://")).expect("the address");
    let url = line.split(' ').find(|word| word.starts_with("net.tcp://")).expect("the address");
    let run = ["run", "--target", url, "--set", "security.mode=none", "--case", "task_last_runtime/**", "--jobs", "1"];
    let output = folder.run(&[&run[..], &["-vv", "--out", "out"]].concat());
    signal(&server, "-TERM");
    server.wait().expect("an end");
    assert_eq!(code(&output), Some(1), "{}", told(&output));
    let printed = String::from_utf8_lossy(&output.stdout);
    let report = report(&folder.file("out/report.json"));
    let mut resumed = 0;
    for case in report["cases"].as_array().expect("cases") {
        let (outcome, evidence) = (&case["outcome"], &case["evidence"]);
        if outcome == "pass" || outcome == "skip" {
            assert!(evidence["wire"].is_null(), "{case}");
            continue;
        }
        // What rests on a case that failed was not sent.
        if evidence["trace"].as_array().expect("lines").is_empty() {
            continue;
        }
        let wire = evidence["wire"].as_str().expect("records");
        // Each message is shown whole, also where a session goes on whose strings were sent in another case.
        let envelopes = wire.matches("EnvelopeRecord of ").count();
        assert!(envelopes >= 2 && wire.matches("| <s:Envelope").count() == envelopes, "{wire}");
        assert!(!wire.contains(" ! ") && wire.lines().all(|line| line.chars().count() <= 78), "{wire}");
        resumed += usize::from(!wire.contains("VersionRecord"));
        assert!(wire.lines().all(|line| printed.contains(&format!("  {line}\n"))), "{wire}");
    }
    assert!(resumed > 0, "{printed}");
}
