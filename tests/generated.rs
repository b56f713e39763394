//! Generated values from end to end: found, shrunk, reported, run again; and ended when the run is told to stop.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::{fs, path::PathBuf, process::Command, sync::Arc};

use ipamspec::{
    api::{self, Behaviour, Event, Glob, Kept, Level, Mutant, Options, Outcome, Record, Reference, Selection, Suite},
    runner,
};
use tokio::sync::{mpsc, watch};

const SEED: &str = "3";
const START: &str = "start_task/refuses_generated_values";
const QUERY: &str = "task_last_run_result/refuses_generated_values";

fn suite() -> Arc<Suite> {
    Arc::new(Suite::load(&api::embedded()).unwrap())
}

fn options(cases: &[&str], jobs: usize, kept: Kept) -> Options {
    let cases = cases.iter().map(|case| Glob::parse(case)).collect();
    Options {
        selection: Selection { cases, ..Selection::default() },
        jobs: Some(jobs),
        // One whose values meet both lies: the default seed is another with every change of the suite.
        seed: Some(SEED.to_owned()),
        allow: Vec::new(),
        fail_on: Level::Must,
        fail_on_drift: false,
        recorded_faults: api::RecordedFaults::default(),
        replay: "ipamspec run".to_owned(),
        baseline: None,
        repeat: None,
        kept,
    }
}

async fn run(jobs: usize, kept: Kept) -> Record {
    let mutants = vec![Mutant::StartsLongTaskType, Mutant::SkipsInvisibleInQueriedTask];
    let reference = Reference::start(Behaviour { mutants, ..Behaviour::default() }).unwrap();
    let target = Arc::new(reference.target().unwrap());
    api::run(suite(), target, Some(reference.lab()), options(&[START, QUERY], jobs, kept)).await.unwrap()
}

fn case<'r>(record: &'r Record, id: &str) -> &'r api::CaseRecord {
    record.cases.iter().find(|case| case.id == id).unwrap()
}

/// Who told what: the values and the fingerprints of a case.
fn found<'r>(record: &'r Record, id: &str) -> (&'r str, Vec<&'r str>) {
    let case = case(record, id);
    assert_eq!(case.outcome, Outcome::Fail, "{case:?}");
    let value = &case.generated.as_ref().unwrap().values["task_type"];
    (value, case.checks.iter().map(|check| check.fingerprint.as_str()).filter(|print| !print.is_empty()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lie_that_no_fixed_case_meets_is_found_and_its_value_shrunk_and_run_again() {
    let record = run(1, Kept::default()).await;
    assert_eq!(found(&record, START).0, "a".repeat(65));
    assert_eq!(found(&record, QUERY).0, "Discovery\u{200b}");
    let start = case(&record, START);
    assert!(start.generated.as_ref().unwrap().shrunk_from.is_some());
    let [exchange] = start.evidence.exchanges.as_slice() else { panic!("one exchange, of the smallest value") };
    assert!(exchange.request.contains(&format!("<taskType>{}</taskType>", "a".repeat(65))));
    assert_eq!((record.summary.fail, record.exit_code), (2, 1));

    let wide = run(16, Kept::default()).await;
    for id in [START, QUERY] {
        assert_eq!(found(&record, id), found(&wide, id));
        assert_eq!(case(&record, id).generated, case(&wide, id).generated);
    }

    let values = record.cases.iter().filter_map(|case| Some((case.id.clone(), case.generated.clone()?.values)));
    let again = run(4, Kept { values: values.collect(), ..Kept::default() }).await;
    for id in [START, QUERY] {
        assert_eq!(found(&record, id), found(&again, id));
        let generated = case(&again, id).generated.as_ref().unwrap();
        assert_eq!((generated.tried, &generated.shrunk_from), (1, &None));
    }

    let other = [(START.to_owned(), [("other".to_owned(), String::new())].into())].into();
    let other = run(4, Kept { values: other, ..Kept::default() }).await;
    let start = case(&other, START);
    assert_eq!((start.outcome, other.exit_code), (Outcome::Error, 2));
    assert!(start.reason.contains("asks for other values than the report holds: task_type"), "{}", start.reason);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_told_to_stop_makes_up_no_more() {
    let reference = Reference::start(Behaviour::default()).unwrap();
    let target = Arc::new(reference.target().unwrap());
    let mut suite = Suite::clone(&suite());
    for case in &mut suite.cases {
        if let Some(generate) = &mut case.generate {
            generate.count = usize::MAX;
        }
    }
    let (events, mut received) = mpsc::unbounded_channel();
    let (stop, stopped) = watch::channel(None);
    let options = options(&[START], 4, Kept::default());
    let running = runner::run(Arc::new(suite), target, Some(reference.lab()), options, events, stopped);
    let listening = async {
        let mut last = Vec::new();
        while let Some(event) = received.recv().await {
            if matches!(&event, Event::CaseStarted { id } if id == START) {
                stop.send(Some("Ctrl-C".to_owned())).unwrap();
            }
            last.push(event);
        }
        last
    };
    let (ran, events) = tokio::join!(running, listening);
    ran.unwrap();
    assert!(matches!(events.last(), Some(Event::Interrupted { .. })));
    assert_eq!(Record::fold(&events).unwrap().exit_code, 130);
    assert!(!events.iter().any(|event| matches!(event, Event::CaseFinished(case) if case.id == START)));
}

/// A folder that is gone when the test is over.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn ipamspec(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_ipamspec"))
        .args(arguments)
        .current_dir(&folder.0)
        .env_remove("IPAMSPEC_TARGET")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn report(folder: &Folder, path: &str) -> Record {
    serde_json::from_str(&fs::read_to_string(folder.0.join(path)).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_of_a_finding_runs_the_value_again() {
    let folder = Folder(std::env::temp_dir().join(format!("ipamspec-generated-{}", std::process::id())));
    fs::create_dir_all(&folder.0).unwrap();
    let mutants = vec![Mutant::StartsLongTaskType, Mutant::SkipsInvisibleInQueriedTask];
    let server = Reference::start(Behaviour { mutants, ..Behaviour::default() }).unwrap();
    let url = format!("{}/Ipam/Server", server.url());
    let run = [
        "run",
        "--target",
        &url,
        "--allow",
        "start-task",
        "--case",
        QUERY,
        "--case",
        START,
        "--out",
        "first",
        "--seed",
        SEED,
    ];
    let (code, out, err) = tokio::task::block_in_place(|| ipamspec(&folder, &run));
    assert_eq!((code, err.as_str()), (Some(1), ""), "{out}");
    assert!(out.contains(r#"task_type = "Discovery\u{200b}""#), "{out}");
    let first = report(&folder, "first/report.json");
    // Only what changes nothing is asked again and again of a server of somebody's.
    assert_eq!(case(&first, START).generated.as_ref().unwrap().shrunk_from, None);
    assert!(found(&first, START).0.chars().count() > 64);

    for id in [QUERY, START] {
        let command = &case(&first, id).replay;
        assert!(command.ends_with(&format!(" --replay first/report.json#{id}")) && out.contains(command), "{command}");
        let words: Vec<&str> = command.split(' ').skip(1).chain(["--out", "second"]).collect();
        let (code, out, err) = tokio::task::block_in_place(|| ipamspec(&folder, &words));
        assert_eq!((code, err.as_str()), (Some(1), ""), "{out}");
        let second = report(&folder, "second/report.json");
        assert_eq!(found(&first, id), found(&second, id));
        assert_eq!(first.seed, second.seed);
    }

    // The report says which target; what it does not have is told.
    let plain = format!("first/report.json#{QUERY}");
    let (code, _, _) = tokio::task::block_in_place(|| ipamspec(&folder, &["run", "--replay", &plain, "-q"]));
    assert_eq!(code, Some(1));
    for (named, says) in [
        (
            "first/report.json#task_last_run_result/refuses_generated_value",
            "did you mean `task_last_run_result/refuses",
        ),
        ("first/report.json", "names no case"),
        ("none/report.json#a/b", "cannot read the report none/report.json"),
        ("first/index.html#a/b", "is no report of ipamspec"),
    ] {
        let (code, _, err) = tokio::task::block_in_place(|| ipamspec(&folder, &["run", "--replay", named]));
        assert_eq!(code, Some(2));
        // Lines are broken between words.
        let err = err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(err.contains(says), "{err}");
    }

    // A report of other case files is run again, and that is said.
    let changed = fs::read_to_string(folder.0.join("first/report.json")).unwrap().replace(&first.suite.digest, "0");
    fs::write(folder.0.join("changed.json"), changed).unwrap();
    let named = format!("changed.json#{QUERY}");
    let (code, out, _) = tokio::task::block_in_place(|| ipamspec(&folder, &["run", "--replay", &named]));
    assert_eq!(code, Some(1));
    assert!(out.contains("note: the report was made with other case files than this run"), "{out}");
    server.stop().await;
}
