//! The commands through the binary: what is said, with which exit code, of targets in every state.
//!
//! Servers are the reference server, started by `ipamspec serve`, and doubles written by hand; all on the loopback.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::Value;

#[test]
fn each_state_of_a_target_is_told_by_smoke() {
    for (scenario, code) in
        [("default", 0), ("start-denied", 0), ("not-provisioned", 3), ("conversion-required", 3), ("access-denied", 3)]
    {
        let server = Served::start(scenario);
        let told = ipamspec(&["smoke", "--target", &server.url]);
        assert_eq!(told.code, code, "{scenario}: {told:?}");
        golden(&format!("cli_smoke_{}", scenario.replace('-', "_")), &server.url, &told.out);
        let json = ipamspec(&["smoke", "--json", "--target", &server.url]);
        let json: Value = serde_json::from_str(&json.out).unwrap();
        assert_eq!(json["exit_code"], code);
        assert_eq!(json["next"].is_string(), code == 3);
    }
}

#[test]
fn what_is_not_provisioned_is_skipped_with_that_reason() {
    let server = Served::start("not-provisioned");
    let run = Run::of(&["--target", &server.url, "--allow", "start-task"]);
    assert_eq!((run.code, run.of_outcome("fail")), (0, Vec::new()));
    assert_eq!(run.of_outcome("pass"), ["status/is_ipam_configured_answers"]);
    let skipped = run.reasons("skip");
    assert!(skipped.contains_key("not provisioned: the target says so of itself"), "{skipped:?}");
    assert!(run.notes().iter().any(|note| note.contains("provision it")));
    let nothing_left = Run::of(&["--target", &server.url, "--allow", "start-task", "--case", "start_task/**"]);
    assert_eq!(nothing_left.code, 3);
}

#[test]
fn what_waits_for_a_conversion_is_skipped_with_that_reason() {
    let server = Served::start("conversion-required");
    let run = Run::of(&["--target", &server.url, "--allow", "start-task"]);
    assert_eq!((run.code, run.of_outcome("fail")), (0, Vec::new()));
    assert_eq!(
        run.of_outcome("pass"),
        ["status/is_ipam_configured_answers", "status/is_schema_conversion_required_answers"]
    );
    assert!(run.reasons("skip").contains_key("a schema conversion is required: the target says so of itself"));
    let nothing_left = Run::of(&["--target", &server.url, "--case", "task_last_runtime/**"]);
    assert_eq!(nothing_left.code, 3);
}

#[test]
fn what_is_denied_is_never_a_verdict() {
    let server = Served::start("access-denied");
    let run = Run::of(&["--target", &server.url, "--allow", "start-task"]);
    assert_eq!(run.code, 3);
    for outcome in ["pass", "fail", "warn", "inconclusive", "error"] {
        assert_eq!(run.of_outcome(outcome), Vec::<String>::new());
    }
    assert!(run.reasons("skip").contains_key("access denied: this user lacks the right GenericRead"));
}

#[test]
fn where_only_starting_is_denied_reading_is_judged() {
    let server = Served::start("start-denied");
    let run = Run::of(&["--target", &server.url, "--allow", "start-task"]);
    assert_eq!((run.code, run.of_outcome("fail")), (3, Vec::new()));
    assert!(run.of_outcome("pass").len() > 50);
    let open = run.of_outcome("inconclusive");
    assert!(open.len() > 20 && open.iter().all(|id| id.starts_with("start_task/")), "{open:?}");
    assert!(run.reasons("inconclusive").keys().any(|reason| reason.starts_with("access is denied to this user")));
    // Reading alone is green.
    assert_eq!(Run::of(&["--target", &server.url, "--skip", "start_task/**"]).code, 0);
}

#[test]
fn a_target_that_faults_every_question_is_judged_as_it_stands() {
    let double = Double::start(|_, id| soap(500, id, &fault()));
    let run = Run::of(&["--target", &double.url]);
    assert_eq!(run.code, 1);
    assert!(run.of_outcome("fail").iter().any(|id| id.starts_with("get_ipam_tasks_info/")));
    assert!(run.notes().iter().any(|note| note.contains("refused the question IsIpamConfigured")));
    let smoke = ipamspec(&["smoke", "--target", &double.url]);
    assert_eq!(smoke.code, 3);
    golden("cli_smoke_faults", &double.url, &smoke.out);
}

#[test]
fn a_target_that_answers_nonsense_is_judged_as_it_stands() {
    let double = Double::start(|_, id| soap(200, id, "<Hello xmlns=\"urn:nobody\"/>"));
    let run = Run::of(&["--target", &double.url]);
    assert_eq!(run.code, 1);
    assert!(run.notes().iter().any(|note| note.contains("is not as the contract says")));
    assert_eq!(ipamspec(&["smoke", "--target", &double.url]).code, 3);
}

#[test]
fn what_is_no_server_of_this_protocol_is_not_judged() {
    let page = Double::start(|_, _| http(200, "text/html", "<html>It works!</html>"));
    let nothing = Double::start(|_, _| http(404, "text/plain", "not here"));
    let closes = Double::start(|_, _| Vec::new());
    for (name, url) in [
        ("page", page.url.clone()),
        ("not_found", nothing.url.clone()),
        ("closes", closes.url.clone()),
        ("nobody", nobody()),
    ] {
        let run = Run::of(&["--target", &url]);
        assert_eq!(run.code, 3, "{name}");
        assert_eq!(run.reasons("inconclusive").len(), 1, "{name}");
        assert_eq!((run.of_outcome("fail"), run.of_outcome("pass")), (Vec::new(), Vec::new()), "{name}");
        let smoke = ipamspec(&["smoke", "--target", &url]);
        assert_eq!(smoke.code, 3, "{name}");
        golden(&format!("cli_smoke_{name}"), &url, &smoke.out);
    }
}

#[test]
fn a_wrong_target_is_a_mistake_of_usage() {
    for arguments in [
        &["smoke"][..],
        &["smoke", "--target", "no-such-file.toml"],
        &["smoke", "--target", "ftp://host/"],
        &["smoke", "--target", "http://host/", "--set", "timing.replay=5s"],
    ] {
        let told = ipamspec(arguments);
        assert_eq!((told.code, told.out.as_str()), (2, ""), "{arguments:?}");
        assert!(told.errors.starts_with("error: "), "{told:?}");
    }
}

#[test]
fn ten_cases_in_a_row_without_an_answer_open_the_breaker() {
    // It answers the questions, and then goes away.
    let asked = AtomicUsize::new(0);
    let double = Double::start(
        move |operation, id| {
            if asked.fetch_add(1, Ordering::SeqCst) < 4 { good(operation, id) } else { Vec::new() }
        },
    );
    let run = Run::of(&["--target", &double.url, "--jobs", "1"]);
    assert_eq!((run.code, run.of_outcome("fail"), run.of_outcome("pass")), (3, Vec::new(), Vec::new()));
    let reasons = run.reasons("inconclusive");
    let opened = reasons.iter().find(|(reason, _)| reason.starts_with("not run, 10 cases in a row ended so: "));
    let (reason, not_run) = opened.unwrap_or_else(|| panic!("{reasons:?}"));
    assert!(reason.contains("closed without an answer") && *not_run > 50, "{reasons:?}");
    let sent = run.cases().filter(|case| !case["evidence"]["exchanges"].as_array().unwrap().is_empty()).count();
    assert_eq!(sent, 10);
    let notes = run.notes();
    assert_eq!(notes.iter().filter(|note| note.starts_with("10 cases in a row")).count(), 1, "{notes:?}");
    // Four questions; for each of ten cases its request and its control; the breaker's own control.
    assert_eq!(double.requests(), 4 + 10 * 2 + 1);
}

#[test]
fn the_breaker_stays_closed_while_a_control_request_is_answered() {
    let double = Double::start(|operation, id| match operation {
        "IsIpamConfigured" | "IsSchemaConversionRequired" | "GetIpamVersion" | "GetIpamTasksInfo" => {
            good(operation, id)
        }
        _ => http(503, "text/plain", "later"),
    });
    let run = Run::of(&["--target", &double.url, "--jobs", "1", "--case", "task_*/**"]);
    assert!(run.notes().iter().all(|note| !note.contains("in a row")));
    let busy = run.reasons("inconclusive");
    assert!(busy.keys().all(|reason| !reason.contains("in a row")), "{busy:?}");
    assert!(busy.values().sum::<usize>() > 20, "{busy:?}");
}

#[test]
fn a_dry_run_needs_no_target_and_sends_nothing() {
    let double = Double::start(|_, _| Vec::new());
    let told = ipamspec(&["run", "--dry-run", "--json", "--target", &double.url]);
    assert_eq!((told.code, double.requests()), (0, 0));
    let plan: Value = serde_json::from_str(&told.out).unwrap();
    let cases = plan["cases"].as_array().unwrap();
    let suite: Vec<Value> = serde_json::from_str(&ipamspec(&["list", "cases", "--json"]).out).unwrap();
    assert_eq!(cases.len(), suite.len());
    for case in cases {
        let sends = case["steps"].as_array().unwrap().iter().any(|step| step["request"]["envelope"].is_string());
        assert_ne!(sends, case["skip"].is_string(), "{case}");
    }
    let skipped = |id: &str| cases.iter().find(|case| case["id"] == id).unwrap()["skip"].as_str().map(str::to_owned);
    assert_eq!(skipped("start_task/refuses_none").unwrap(), "not allowed: effect `start-task`");
    assert_eq!(skipped("status/not_provisioned_refuses").unwrap(), "needs the lab of the reference server");
    let ids: std::collections::BTreeSet<&str> =
        plan["questions"].as_array().unwrap().iter().filter_map(|one| one["request"]["message_id"].as_str()).collect();
    assert_eq!(ids.len(), 4);

    let alone = ipamspec(&["run", "--dry-run", "--case", "start_task/refuses_none"]);
    assert_eq!(alone.code, 0, "{alone:?}");
    assert!(alone.out.contains("<taskType>None</taskType>") && alone.out.contains("the reference server"));
    assert_eq!(ipamspec(&["run", "--dry-run", "--skip", "**"]).code, 4);
    assert_eq!(ipamspec(&["run", "--dry-run", "--case", "no/such"]).code, 2);
}

#[test]
fn a_dry_run_says_what_a_run_then_sends() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = seen.clone();
    let double = Double::start(move |operation, id| {
        sink.lock().unwrap().push(id.to_owned());
        good(operation, id)
    });
    let arguments = ["--target", &double.url, "--case", "status/get_ipam_version_answers"];
    let plan = ipamspec(&[&["run", "--dry-run", "--json"][..], &arguments].concat());
    let plan: Value = serde_json::from_str(&plan.out).unwrap();
    let steps = plan["cases"].as_array().unwrap().iter().flat_map(|case| case["steps"].as_array().unwrap());
    let planned: Vec<String> = plan["questions"]
        .as_array()
        .unwrap()
        .iter()
        .chain(steps)
        .map(|step| step["request"]["message_id"].as_str().unwrap().to_owned())
        .collect();
    // One that fails would be executed once more.
    Run::of(&[&arguments[..], &["--repeat", "1"]].concat());
    assert_eq!(*seen.lock().unwrap(), planned);
}

#[test]
fn lists_hold_their_contract() {
    let operations: Vec<Value> = serde_json::from_str(&ipamspec(&["list", "operations", "--json"]).out).unwrap();
    let start = operations.iter().find(|operation| operation["name"] == "StartTask").unwrap();
    assert_eq!((&start["port_type"], &start["section"]), (&"IIpamServer".into(), &"3.3.4.139".into()));
    for key in ["requirements", "cases", "mutants"] {
        assert!(!start[key].as_array().unwrap().is_empty(), "{key}");
    }
    assert!(start["reason"].is_null());
    for what in ["cases", "requirements", "mutants"] {
        let listed = ipamspec(&["list", what]);
        let json: Vec<Value> = serde_json::from_str(&ipamspec(&["list", what, "--json"]).out).unwrap();
        assert_eq!((listed.code, listed.out.lines().count()), (0, json.len()), "{what}");
    }
    assert_eq!(ipamspec(&["list", "cases", "no/such"]).code, 2);
}

#[test]
fn explain_knows_requirements_rulings_and_cases() {
    for id in ["start-task.none-faults", "fault-origin", "start_task/refuses_none", "start_task/**"] {
        let told = ipamspec(&["explain", id]);
        assert_eq!((told.code, told.errors.as_str()), (0, ""), "{id}");
        assert!(!told.out.contains('\x1b'));
        assert!(ipamspec(&["explain", id, "--color", "always"]).out.contains('\x1b'), "{id}");
    }
    let unknown = ipamspec(&["explain", "start_task/refuses_nun"]);
    assert_eq!((unknown.code, unknown.out.as_str()), (2, ""));
    let said = unknown.errors.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("did you mean `start_task/refuses_none`?"), "{said}");
}

#[test]
fn a_reader_that_goes_away_is_no_trouble() {
    for arguments in [
        &["list", "cases", "--json"][..],
        &["explain", "**"],
        &["run", "--dry-run", "-v"],
        &["smoke", "--target", "http://127.0.0.1:9/"],
    ] {
        let mut child = command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!([0, 3].contains(&output.status.code().unwrap()), "{arguments:?} {output:?}");
        assert!(output.stderr.is_empty(), "{arguments:?} {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_scenario_that_there_is_not_is_refused() {
    let told = ipamspec(&["serve", "--scenario", "on-fire"]);
    assert_eq!(told.code, 2);
    assert!(told.errors.contains("not-provisioned"), "{told:?}");
}

/// What a command said.
#[derive(Debug)]
struct Told {
    code: i32,
    out: String,
    errors: String,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipamspec"));
    command.args(arguments).env_remove("IPAMSPEC_TARGET").env("NO_COLOR", "").stdin(Stdio::null());
    command
}

fn ipamspec(arguments: &[&str]) -> Told {
    let Output { status, stdout, stderr } = command(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Told { code: status.code().unwrap(), out: text(stdout), errors: text(stderr) }
}

/// A run and its report.
struct Run {
    code: i32,
    report: Value,
}

impl Run {
    fn of(arguments: &[&str]) -> Self {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        let number = RUNS.fetch_add(1, Ordering::SeqCst);
        let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{number}"));
        let told = ipamspec(&[&["run", "--json", "--out", out.to_str().unwrap()][..], arguments].concat());
        let report = serde_json::from_str(&told.out).unwrap_or_else(|error| panic!("{error}: {told:?}"));
        Self { code: told.code, report }
    }

    fn cases(&self) -> impl Iterator<Item = &Value> {
        self.report["cases"].as_array().unwrap().iter()
    }

    fn of_outcome(&self, outcome: &str) -> Vec<String> {
        let such = self.cases().filter(|case| case["outcome"] == outcome);
        such.map(|case| case["id"].as_str().unwrap().to_owned()).collect()
    }

    /// How often each reason was given.
    fn reasons(&self, outcome: &str) -> BTreeMap<String, usize> {
        let mut reasons = BTreeMap::new();
        for case in self.cases().filter(|case| case["outcome"] == outcome) {
            *reasons.entry(case["reason"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        reasons
    }

    fn notes(&self) -> Vec<String> {
        let notes = self.report["notes"].as_array().unwrap();
        notes.iter().map(|note| note["text"].as_str().unwrap().to_owned()).collect()
    }
}

/// Compares with what is in `snapshots/`, without what differs between runs and grows with the suite.
fn golden(name: &str, url: &str, text: &str) {
    let authority = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let text = text.replace(authority, "127.0.0.1:4711");
    let cases = regex_lite::Regex::new(r"skips [\d,]+ cases?").unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, cases.replace_all(&text, "skips N cases")));
}

/// The reference server in a process of its own.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(scenario: &str) -> Self {
        let mut child = command(&["serve", "--scenario", scenario]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned();
        Self { child, url }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A server written by hand: what it answers depends on the body element and the message id; nothing means that it closes.
struct Double {
    url: String,
    requests: Arc<AtomicUsize>,
}

impl Double {
    fn start(answer: impl Fn(&str, &str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/Ipam/Server", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let (count, answer) = (requests.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (count, answer) = (count.clone(), answer.clone());
                thread::spawn(move || {
                    if let Some(request) = read_request(&stream) {
                        count.fetch_add(1, Ordering::SeqCst);
                        let between =
                            |from: &str, to: &str| request.split_once(from)?.1.split_once(to).map(|(text, _)| text);
                        let operation = between("<s:Body><", " ").unwrap_or_default();
                        let id = between("<a:MessageID>", "</").unwrap_or_default();
                        (&stream).write_all(&answer(operation, id)).ok();
                    }
                });
            }
        });
        Self { url, requests }
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn read_request(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    (length > 0).then(|| String::from_utf8(body).ok())?
}

fn http(status: u16, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Is\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

fn soap(status: u16, id: &str, body: &str) -> Vec<u8> {
    let envelope = format!(
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:a=\"http://www.w3.org/2005/08/addressing\"><s:Header><a:RelatesTo>{id}</a:RelatesTo></s:Header>\
         <s:Body>{body}</s:Body></s:Envelope>"
    );
    http(status, "application/soap+xml; charset=utf-8", &envelope)
}

fn fault() -> String {
    "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang=\"en\">no</s:Text></s:Reason>\
     </s:Fault>"
        .to_owned()
}

/// A reply to a question, from a server that is provisioned.
fn good(operation: &str, id: &str) -> Vec<u8> {
    let result = match operation {
        "IsIpamConfigured" => "<IsIpamConfiguredResult>true</IsIpamConfiguredResult>",
        "IsSchemaConversionRequired" => "<IsSchemaConversionRequiredResult>false</IsSchemaConversionRequiredResult>",
        _ => "",
    };
    let body = format!("<{operation}Response xmlns=\"http://Microsoft.Windows.Ipam\">{result}</{operation}Response>");
    let action = format!("http://Microsoft.Windows.Ipam/IIpamServer/{operation}Response");
    let envelope = format!(
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:a=\"http://www.w3.org/2005/08/addressing\"><s:Header><a:Action>{action}</a:Action>\
         <a:RelatesTo>{id}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    );
    http(200, "application/soap+xml; charset=utf-8", &envelope)
}

/// An address at which nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/Ipam/Server", listener.local_addr().unwrap())
}
