//! Recorded faults from end to end: what `ipamspec run` keeps, compares and accepts, what it never writes, and that drift
//! fails nobody.
//!
//! Leaves out the text and the file format, whose tests stand beside them.
#![expect(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use proptest::prelude::*;

use ipamspec::{
    api::{
        self, Behaviour, FaultCounts, FaultStatus, Level, Options, Outcome, Record, RecordedFaults, Reference,
        Selection, Snapshots, Suite, Variant,
    },
    runner::snapshots::{Mode, Written},
    verdict::snapshot::{Line, file_name, read, text, write},
};

/// A folder that is gone when the test is done.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("ipamspec-snapshots-{}-{name}", std::process::id()));
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// The files in it, sorted, with what they hold.
    fn files(&self) -> Vec<(String, String)> {
        let mut files: Vec<_> = fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap()))
            .collect();
        files.sort();
        files
    }

    fn names(&self) -> Vec<String> {
        self.files().into_iter().map(|(name, _)| name).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn suite() -> Arc<Suite> {
    Arc::new(Suite::load(&api::embedded()).unwrap())
}

fn run(suite: &Arc<Suite>, variants: Vec<Variant>, recorded_faults: RecordedFaults, fail_on_drift: bool) -> Record {
    let options = Options {
        selection: Selection::default(),
        jobs: None,
        seed: None,
        allow: Vec::new(),
        fail_on: Level::Must,
        fail_on_drift,
        recorded_faults,
        replay: String::new(),
        baseline: None,
        repeat: None,
        kept: api::Kept::default(),
    };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let reference = Reference::start(Behaviour { variants, ..Behaviour::default() }).unwrap();
        let target = Arc::new(reference.target().unwrap());
        api::run(suite.clone(), target, Some(reference.lab()), options).await.unwrap()
    })
}

/// Runs one case of the reference server on the command line; the exit code, what was printed, what was told.
fn ipamspec(folder: &Folder, ci: Option<&str>, arguments: &[&str]) -> (i32, String, String) {
    let out = Folder::new(&format!("out-{}", folder.0.file_name().unwrap().to_str().unwrap()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipamspec"));
    command.arg("run").args(["--case", "start_task/refuses_none", "--snapshots"]).arg(&folder.0);
    command.arg("--out").arg(&out.0).args(arguments).current_dir(&out.0).env_remove("CI");
    command.env_remove("IPAMSPEC_TARGET").envs(ci.map(|ci| ("CI", ci)));
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn snapshot() -> String {
    file_name("start_task/refuses_none", 1)
}

#[test]
fn a_fault_is_recorded_then_the_same_then_drifts_then_is_accepted() {
    let folder = Folder::new("life");
    let (code, out, _) = ipamspec(&folder, None, &["--fail-on", "drift"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("1 recorded fault: 0 same, 1 new, 0 drift") && out.contains("recorded 1 fault in "), "{out}");
    assert_eq!(folder.names(), [snapshot()]);
    let recorded = folder.files();
    assert!(recorded[0].1.contains("\norigin: operation\ncode: Sender\n"), "{recorded:?}");

    let (code, out, _) = ipamspec(&folder, None, &["--fail-on", "drift"]);
    assert_eq!((code, folder.files()), (0, recorded.clone()));
    assert!(out.contains("1 recorded fault: 1 same, 0 new, 0 drift") && !out.contains("recorded 1 fault in"), "{out}");

    let path = folder.0.join(snapshot());
    let before = recorded[0].1.replace("code: Sender", "code: Receiver");
    fs::write(&path, &before).unwrap();
    let (code, out, _) = ipamspec(&folder, None, &[]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("drift  start_task/refuses_none  step 1\n  - code: Receiver\n  + code: Sender\n"), "{out}");
    assert!(out.contains("1 recorded fault: 0 same, 0 new, 1 drift"), "{out}");
    assert_eq!(folder.files(), [(snapshot(), before.clone()), (snapshot() + ".new", recorded[0].1.clone())]);
    assert_eq!(ipamspec(&folder, None, &["--fail-on", "drift"]).0, 1);

    let (code, out, _) = ipamspec(&folder, Some("true"), &["--accept", "--fail-on", "drift"]);
    assert_eq!((code, folder.files()), (0, recorded.clone()), "{out}");

    // What is as it was needs no review any more.
    fs::write(path.with_extension("snap.new"), "stale").unwrap();
    assert_eq!(ipamspec(&folder, None, &[]).0, 0);
    assert_eq!(folder.files(), recorded);
}

#[test]
fn ci_writes_nothing() {
    let folder = Folder::new("ci");
    let (code, out, _) = ipamspec(&folder, Some("true"), &[]);
    assert_eq!((code, folder.names().len()), (0, 0), "{out}");
    assert!(out.contains("0 same, 1 new, 0 drift"), "{out}");
    let other = "---\nsource: x\n---\ncode: Receiver\n";
    fs::write(folder.0.join(snapshot()), other).unwrap();
    let (code, out, _) = ipamspec(&folder, Some("1"), &["--fail-on", "must,drift"]);
    assert_eq!((code, folder.files()), (1, vec![(snapshot(), other.to_owned())]), "{out}");
    assert_eq!(ipamspec(&folder, Some("false"), &[]).0, 0);
    assert_eq!(folder.names().len(), 2);
}

#[test]
fn a_broken_file_is_told_and_left_alone() {
    let folder = Folder::new("broken");
    for (bytes, problem) in [
        (&b"no header"[..], "it does not begin with `---`"),
        (b"---\nsource: x\n---\n\xff\n", "it is not UTF-8"),
        (b"---\nsource: x\n---\na\n<<<<<<< HEAD\n", "it holds the marks of a merge that is not resolved"),
    ] {
        fs::write(folder.0.join(snapshot()), bytes).unwrap();
        for arguments in [&[][..], &["--accept"]] {
            let (code, out, told) = ipamspec(&folder, None, arguments);
            assert_eq!((code, out.as_str()), (2, ""), "{told}");
            let path = folder.0.join(snapshot());
            let expected = format!(
                "error: 1 recorded fault cannot be used:\n  `{}`: {problem}\nrestore each from version control, or delete it to record the fault anew; nothing was changed\n",
                path.display()
            );
            assert_eq!(flat(&told), flat(&expected));
            assert_eq!(fs::read(path).unwrap(), bytes);
            assert_eq!(folder_names(&folder.0), [snapshot()]);
        }
    }
}

/// A message as one line, wherever it is wrapped.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a file is what is recorded, not what waits for a review.
fn is_snapshot(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "snap")
}

fn folder_names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_folder_that_is_none_stops_the_run_before_it_begins() {
    let folder = Folder::new("none");
    let file = Folder(folder.0.join("file"));
    fs::write(&file.0, "mine").unwrap();
    let (code, out, told) = ipamspec(&file, None, &[]);
    assert_eq!((code, out.as_str()), (2, ""), "{told}");
    assert!(flat(&told).contains("/file`: it is a file; name another with --snapshots"), "{told}");
    assert_eq!(fs::read_to_string(&file.0).unwrap(), "mine");
}

#[test]
fn what_cannot_be_written_is_told_and_in_the_report() {
    let folder = Folder::new("unwritable");
    // Nobody writes a file where a folder is, whatever the user may do.
    fs::create_dir_all(folder.0.join(snapshot() + ".new").join("x")).unwrap();
    let (code, out, told) = ipamspec(&folder, None, &["--json"]);
    assert_eq!(code, 2, "{told}");
    let flat = flat(&told);
    assert!(flat.starts_with("error: cannot write the recorded fault `") && flat.contains(".snap.new`: "), "{told}");
    let record: Record = serde_json::from_str(&out).unwrap();
    assert_eq!(record.recorded_faults, FaultCounts { new: 1, ..FaultCounts::default() });
}

#[test]
fn other_words_in_faults_drift_and_fail_nobody() {
    let (suite, folder) = (suite(), Folder::new("variant"));
    let place = Snapshots { folder: folder.0.clone(), mode: Mode::Record };
    let first = run(&suite, Vec::new(), RecordedFaults::new(), true);
    let total = first.recorded_faults.total();
    assert!(total > 20, "{total}");
    assert_eq!((first.recorded_faults, first.exit_code), (FaultCounts { new: total, ..FaultCounts::default() }, 0));
    assert_eq!(place.keep(&first.cases).unwrap(), Written { recorded: total, pending: 0 });
    let recorded = place.load(&suite.cases).unwrap();
    assert_eq!(recorded.len(), total);

    let again = run(&suite, Vec::new(), recorded.clone(), true);
    assert_eq!(again.recorded_faults, FaultCounts { same: total, ..FaultCounts::default() });
    assert_eq!((place.keep(&again.cases).unwrap(), again.exit_code), (Written::default(), 0));

    // Where a reply may come as well it is what is recorded, and it has no words.
    let faults = recorded.values().filter(|text| text.starts_with("origin: ")).count();
    let other = run(&suite, vec![Variant::OtherReason], recorded.clone(), false);
    assert_eq!(other.recorded_faults, FaultCounts { same: total - faults, new: 0, drift: faults });
    assert_eq!((other.exit_code, other.findings.len(), other.summary), (0, 0, again.summary));
    assert_eq!(place.keep(&other.cases).unwrap(), Written { recorded: 0, pending: faults });
    assert_eq!(place.load(&suite.cases).unwrap(), recorded);
    // insta's reader sees in a pending file what the report says.
    let drifted = other
        .cases
        .iter()
        .find_map(|case| Some((case, case.recorded_faults.iter().find(|fault| fault.status == FaultStatus::Drift)?)));
    let (case, fault) = drifted.unwrap();
    let pending = folder.0.join(file_name(&case.id, fault.step)).with_extension("snap.new");
    let read = insta::Snapshot::from_file(&pending).unwrap();
    assert_eq!(
        (read.as_text().unwrap().to_string(), read.metadata().source()),
        (fault.got.clone(), Some(case.file.as_str()))
    );

    let failing = run(&suite, vec![Variant::OtherReason], recorded, true);
    assert_eq!((failing.exit_code, failing.summary.fail), (1, 0));
    let accept = Snapshots { mode: Mode::Accept, ..place };
    assert_eq!(accept.keep(&failing.cases).unwrap(), Written { recorded: faults, pending: 0 });
    assert!(folder.names().iter().all(|name| is_snapshot(name)));
    assert_eq!(run(&suite, vec![Variant::OtherReason], accept.load(&suite.cases).unwrap(), true).exit_code, 0);
}

#[test]
fn those_of_the_reference_server_are_checked_in() {
    let suite = suite();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join("reference");
    let place = Snapshots { folder: folder.clone(), mode: Mode::Compare };
    let record = run(&suite, Vec::new(), place.load(&suite.cases).unwrap(), false);
    let mut names = BTreeSet::new();
    for case in &record.cases {
        assert_ne!(case.outcome, Outcome::Error, "{}", case.id);
        for fault in &case.recorded_faults {
            let name = file_name(&case.id, fault.step);
            assert_eq!(
                fault.status,
                FaultStatus::Same,
                "snapshots/reference/{name}: `ipamspec run --accept` in the checkout, after a look at the difference"
            );
            names.insert(name);
        }
    }
    let there: BTreeSet<_> = folder_names(&folder).into_iter().filter(|name| is_snapshot(name)).collect();
    let unused: Vec<_> = there.difference(&names).collect();
    assert!(unused.is_empty(), "no case has these any more, delete them: {unused:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]
    #[test]
    fn any_fault_survives_write_insta_and_read(
        message in any::<String>(),
        words in "[-a-z:#|<>\\\\ \t\r\n\u{85}\u{2028}\u{feff}]{0,40}",
        source in any::<String>(),
        case in any::<String>(),
    ) {
        let folder = Folder::new(&format!("insta-{:?}", std::thread::current().id()));
        let path = folder.0.join(file_name(&case, 1));
        for message in [&message, &words] {
            let content = text([Line::new(0, "origin", "operation"), Line::new(1, "message", message)]);
            let file = write(&source, &case, 1, &content);
            fs::write(&path, &file).unwrap();
            let insta = insta::Snapshot::from_file(&path).unwrap();
            prop_assert_eq!(insta.as_text().unwrap().to_string(), content.clone());
            prop_assert_eq!(insta.metadata().source(), Some(source.as_str()));
            let expression = format!("{case}, step 1");
            prop_assert_eq!(insta.metadata().expression(), Some(expression.as_str()));
            // What cargo-insta accepts it writes itself, and we read that.
            insta.save(&path).unwrap();
            prop_assert_eq!(read(&fs::read_to_string(&path).unwrap()).unwrap(), content);
        }
    }
}
