//! The runner against a server that answers by a script: raw envelopes, polls, captures, control requests, the guard.
//!
//! Each test brings its own case files, added to the suite. Leaves out what the reference server shows.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use ipamspec::api::{self, CaseRecord, Glob, Level, Options, Outcome, Record, Selection, SourceFile, Suite, Target};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What the server says to a request.
enum Says {
    /// The reply of the operation with this inside.
    Reply(&'static str),
    /// A fault of SOAP 1.2 without an IpamException.
    Fault,
    /// An envelope with an empty body.
    Empty,
    /// Nothing: the connection stays open.
    Nothing,
}

/// A request as the server saw it.
struct Seen {
    operation: String,
    id: String,
    envelope: String,
}

type Log = Arc<Mutex<Vec<Seen>>>;

/// Serves the questions as they should be and everything else by the script, which is told how many requests came before.
async fn serve(script: fn(&Seen, usize) -> Says) -> (String, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let url = format!("http://{}/Ipam/Server", listener.local_addr().expect("its address"));
    let log = Log::default();
    let shared = log.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, shared.clone(), script));
        }
    });
    (url, log)
}

async fn converse(mut stream: TcpStream, log: Log, script: fn(&Seen, usize) -> Says) {
    while let Some(envelope) = read_request(&mut stream).await {
        let between = |open: &str, close: &str| {
            let (_, rest) = envelope.split_once(open)?;
            rest.split_once(close).map(|(text, _)| text.to_owned())
        };
        let action = between("IIpamServer/", "</a:Action>").unwrap_or_default();
        let id = between("<a:MessageID>", "</a:MessageID>").unwrap_or_default();
        let seen = Seen { operation: action, id, envelope: envelope.clone() };
        let count = log.lock().expect("no panic").len();
        let says = match (seen.operation.as_str(), count) {
            ("IsIpamConfigured", _) => Says::Reply("<IsIpamConfiguredResult>true</IsIpamConfiguredResult>"),
            (_, ..4) => Says::Fault,
            _ => script(&seen, count - 4),
        };
        let (operation, id) = (seen.operation.clone(), seen.id.clone());
        log.lock().expect("no panic").push(seen);
        let (status, body) = match says {
            Says::Reply(inside) => (
                200,
                format!("<{operation}Response xmlns=\"http://Microsoft.Windows.Ipam\">{inside}</{operation}Response>"),
            ),
            Says::Fault => (
                500,
                "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code>\
                 <s:Reason><s:Text xml:lang=\"en\">no</s:Text></s:Reason></s:Fault>"
                    .to_owned(),
            ),
            Says::Empty => (200, String::new()),
            Says::Nothing => std::future::pending().await,
        };
        let relates = if id.is_empty() { String::new() } else { format!("<a:RelatesTo>{id}</a:RelatesTo>") };
        let content = format!(
            "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
             xmlns:a=\"http://www.w3.org/2005/08/addressing\"><s:Header>\
             <a:Action>http://Microsoft.Windows.Ipam/IIpamServer/{operation}Response</a:Action>{relates}</s:Header>\
             <s:Body>{body}</s:Body></s:Envelope>"
        );
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/soap+xml\r\nContent-Length: {}\r\n\r\n",
            content.len()
        );
        if stream.write_all(format!("{head}{content}").as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(body.to_owned());
            }
        }
        if !matches!(stream.read_buf(&mut bytes).await, Ok(1..)) {
            return None;
        }
    }
}

const HEAD: &str = "about = \"a\"\nrequirements = [\"get-ipam-version.replies\"]\nport_type = \"IIpamServer\"\n\
                    effect = \"read\"\nmutant = \"version-missing-part\"\n";

/// Runs case files of the test's own, `a` first, against a scripted server. What is set is set on the target.
async fn run(files: &[(&str, String)], script: fn(&Seen, usize) -> Says, sets: &[&str]) -> (Record, Log) {
    repeated(files, script, sets, Some(1)).await
}

/// The same, with each case executed so often.
async fn repeated(
    files: &[(&str, String)],
    script: fn(&Seen, usize) -> Says,
    sets: &[&str],
    repeat: Option<usize>,
) -> (Record, Log) {
    let mut sources = api::embedded();
    sources.extend(files.iter().map(|(name, text)| SourceFile::new(format!("own/{name}.toml"), text.as_str())));
    let suite = Suite::load(&sources).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    let (url, log) = serve(script).await;
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let target = Target::read(&url, &sets).expect("a target");
    let options = Options {
        selection: Selection { cases: vec![Glob::parse("own/**")], ..Selection::default() },
        jobs: None,
        seed: Some("seed".to_owned()),
        allow: Vec::new(),
        fail_on: Level::Must,
        replay: String::new(),
        baseline: None,
        repeat,
        kept: api::Kept::default(),
        fail_on_drift: false,
        recorded_faults: api::RecordedFaults::default(),
    };
    let record = api::run(Arc::new(suite), Arc::new(target), None, options).await.expect("a run");
    (record, log)
}

fn own(record: &Record) -> Vec<&CaseRecord> {
    record.cases.iter().filter(|case| case.id.starts_with("own/")).collect()
}

/// An envelope that asks for the version, with this in its header beside the action.
fn raw(header: &str) -> String {
    format!(
        "{HEAD}[[step]]\n[step.raw]\noperation = \"GetIpamVersion\"\nenvelope = '<s:Envelope \
         xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:a=\"http://www.w3.org/2005/08/addressing\"><s:Header>\
         <a:Action>http://Microsoft.Windows.Ipam/IIpamServer/GetIpamVersion</a:Action>{header}</s:Header><s:Body>\
         <GetIpamVersion xmlns=\"http://Microsoft.Windows.Ipam\"/></s:Body></s:Envelope>'\n[step.expect]\nreply = true\n"
    )
}

#[tokio::test]
async fn a_raw_envelope_is_answered_by_the_id_that_it_has() {
    let files = [
        ("own_id", raw("<a:MessageID>urn:mine</a:MessageID>")),
        ("our_id", raw("<a:MessageID>{{message_id}}</a:MessageID>")),
        ("no_id", raw("")),
    ];
    let (record, log) = run(&files, |_, _| Says::Reply(""), &[]).await;
    for case in own(&record) {
        assert_eq!(case.outcome, Outcome::Pass, "{}: {:?}", case.id, case.checks);
    }
    assert!(log.lock().unwrap().iter().any(|seen| seen.id == "urn:mine"));
}

#[tokio::test]
async fn an_empty_body_is_no_fault() {
    let twin = raw("<a:MessageID>{{message_id}}</a:MessageID>");
    let asks = "<GetIpamVersion xmlns=\"http://Microsoft.Windows.Ipam\"/>";
    let case = twin.replace(asks, "").replace("reply = true", "fault = \"any\"");
    let case = case.replace("[[step]]", "twin = \"own/b\"\n[[step]]");
    let says = |seen: &Seen, _| if seen.envelope.contains("<GetIpamVersion") { Says::Reply("") } else { Says::Empty };
    let (record, _) = run(&[("a", case), ("b", twin)], says, &[]).await;
    let case = own(&record)[0];
    assert_eq!((case.outcome, record.exit_code), (Outcome::Fail, 1), "{:?}", case.checks);
    let got: Vec<_> = case.checks.iter().filter_map(|check| check.got.as_deref()).collect();
    assert!(got.contains(&"an empty body"), "{:?}", case.checks);
}

#[tokio::test]
async fn what_a_target_refuses_to_show_is_no_fault_of_the_file() {
    let case = format!(
        "{HEAD}[[step]]\n[step.call]\noperation = \"TaskLastRunResult\"\nbody = '<taskType>Audit</taskType>'\n\
         [step.capture]\nx = \"TaskLastRunResultResult\"\n[[step]]\n[step.call]\noperation = \"IsTaskRunning\"\n\
         body = '<taskType>{{{{x}}}}</taskType>'\n[step.expect]\nreply = true\n"
    );
    let (record, _) = run(&[("a", case)], |_, _| Says::Fault, &[]).await;
    let case = own(&record)[0];
    assert_eq!(case.outcome, Outcome::Skip, "{}", case.reason);
    assert!(case.reason.contains("refused"), "{}", case.reason);
}

fn polls(within: &str) -> String {
    format!(
        "{HEAD}[[step]]\n[step.call]\noperation = \"IsTaskRunning\"\n[step.poll]\nwithin = \"{within}\"\nevery = \"20ms\"\n\
         [[step.given]]\npath = \"IsTaskRunningResult\"\nequals = \"false\"\nreason = \"it runs\"\n\
         [[step]]\n[step.call]\noperation = \"GetIpamVersion\"\n[step.expect]\nreply = true\n"
    )
}

#[tokio::test]
async fn a_poll_waits_for_what_is_given() {
    fn third(seen: &Seen, count: usize) -> Says {
        match (seen.operation.as_str(), count) {
            ("IsTaskRunning", ..3) => Says::Reply("<IsTaskRunningResult>true</IsTaskRunningResult>"),
            ("IsTaskRunning", _) => Says::Reply("<IsTaskRunningResult>false</IsTaskRunningResult>"),
            _ => Says::Reply(""),
        }
    }
    let (record, log) = run(&[("a", polls("10s"))], third, &[]).await;
    assert_eq!(own(&record)[0].outcome, Outcome::Pass, "{}", own(&record)[0].reason);
    assert_eq!(log.lock().unwrap().len(), 4 + 4 + 1);

    let never = |_: &Seen, _| Says::Reply("<IsTaskRunningResult>true</IsTaskRunningResult>");
    let (record, log) = run(&[("a", polls("40ms"))], never, &[]).await;
    assert_eq!(own(&record)[0].outcome, Outcome::Skip);
    assert!(own(&record)[0].reason.starts_with("it runs"), "{}", own(&record)[0].reason);
    assert!(log.lock().unwrap().iter().skip(4).all(|seen| seen.operation == "IsTaskRunning"));
}

#[tokio::test]
async fn silence_is_held_against_a_target_only_where_it_must_answer_and_the_proof_is_kept() {
    let calls = |requirement: &str| {
        format!(
            "{HEAD}[[step]]\n[step.call]\noperation = \"GetIpamVersion\"\n[step.expect]\nreply = true\n\
             requirement = \"{requirement}\"\n"
        )
    };
    let files = [("binds", calls("get-ipam-version.replies")), ("observes", calls("start-task.absent-task-type"))];
    let (record, log) = run(&files, |_, _| Says::Nothing, &["timing.reply=200ms"]).await;
    let [binds, observes] = own(&record)[..] else { panic!() };
    assert_eq!(binds.outcome, Outcome::Fail, "{}", binds.reason);
    assert_eq!(observes.outcome, Outcome::Inconclusive, "{:?}", observes.checks);
    for case in [binds, observes] {
        let steps: Vec<_> = case.evidence.exchanges.iter().map(|exchange| exchange.step).collect();
        assert_eq!(steps, [1, 0], "{}", case.id);
        assert!(case.evidence.exchanges[1].response.as_deref().unwrap().contains("IsIpamConfiguredResponse"));
    }
    let mut ids: Vec<_> = log.lock().unwrap().iter().map(|seen| seen.id.clone()).collect();
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), count), (4 + 4, 4 + 4), "every request has an id of its own");
}

const VERSION: &str = "<GetIpamVersionResult xmlns:v=\"http://schemas.datacontract.org/2004/07/System\">\
    <v:_Build>1</v:_Build><v:_Major>6</v:_Major><v:_Minor>2</v:_Minor><v:_Revision>0</v:_Revision></GetIpamVersionResult>";

/// A case that wants a reply.
fn asks(effect: &str) -> String {
    format!("{HEAD}[[step]]\n[step.call]\noperation = \"GetIpamVersion\"\n[step.expect]\nreply = true\n")
        .replace("\"read\"", &format!("\"{effect}\""))
}

/// What a server is asked before it fails, with one that fails every second time, in the order in which it is asked.
fn every_second(_: &Seen, count: usize) -> Says {
    if count.is_multiple_of(2) { Says::Fault } else { Says::Reply(VERSION) }
}

#[tokio::test]
async fn what_a_target_did_wrong_once_it_did_and_how_often_is_told() {
    for (repeat, executions, times) in [(None, 2, 1), (Some(1), 1, 1), (Some(5), 5, 3)] {
        let (record, _) = repeated(&[("a", asks("read"))], every_second, &[], repeat).await;
        let [case] = own(&record)[..] else { panic!() };
        assert_eq!((case.outcome, record.exit_code), (Outcome::Fail, 1), "{repeat:?}");
        let found = case.checks.iter().find(|check| check.is_finding()).expect("a finding");
        let reproduced = found.reproduced.map(|reproduced| (reproduced.times, reproduced.of));
        assert_eq!(reproduced, (executions > 1).then_some((times, executions)));
        let shown = case.repeated.as_ref().map(|repeated| (repeated.outcomes.len(), repeated.shown));
        assert_eq!(shown, (executions > 1).then_some((executions, 1)));
    }
}

#[tokio::test]
async fn what_passes_is_executed_once_and_what_only_reads_is_confirmed() {
    let (record, log) = repeated(&[("a", asks("read"))], |_, _| Says::Reply(VERSION), &[], None).await;
    assert_eq!((own(&record)[0].outcome, log.lock().unwrap().len()), (Outcome::Pass, 5));
    let sets = ["allow.effects=[\"read\", \"write\"]"];
    for repeat in [None, Some(3)] {
        let (record, log) = repeated(&[("a", asks("write"))], every_second, &sets, repeat).await;
        assert_eq!((own(&record)[0].outcome, log.lock().unwrap().len()), (Outcome::Fail, 5), "{repeat:?}");
        let told = record.notes.iter().any(|note| note.text.contains("executed once"));
        assert_eq!(told, repeat.is_some(), "a note says what is not repeated");
    }
}

#[tokio::test]
async fn what_did_not_come_and_came_later_is_no_failure() {
    fn late(seen: &Seen, count: usize) -> Says {
        // The request, its control request, and the request of the second execution.
        if seen.operation == "GetIpamVersion" && count == 0 { Says::Nothing } else { Says::Reply(VERSION) }
    }
    let (record, _) = repeated(&[("a", asks("read"))], late, &["timing.reply=200ms"], None).await;
    let [case] = own(&record)[..] else { panic!() };
    assert_eq!((case.outcome, record.exit_code), (Outcome::Inconclusive, 3), "{:?}", case.checks);
    assert!(case.reason.starts_with("unstable: nothing came within 200 ms"), "{}", case.reason);
    assert!(case.reason.ends_with("; reproduced: 1 of 2"), "{}", case.reason);
    let other = case.repeated.as_ref().and_then(|repeated| repeated.other.as_ref()).expect("the other execution");
    assert_eq!((other.number, other.outcome), (2, Outcome::Pass));
    assert!(case.evidence.exchanges[0].response.is_none() && other.evidence.exchanges[0].response.is_some());
    assert!(record.findings.is_empty());

    // What never comes stays a failure, with how often.
    let (record, log) = repeated(&[("a", asks("read"))], |_, _| Says::Nothing, &["timing.reply=200ms"], None).await;
    let [case] = own(&record)[..] else { panic!() };
    assert_eq!(case.outcome, Outcome::Fail);
    let told = case.checks.iter().find(|check| check.is_finding()).expect("a finding").told();
    assert!(told.ends_with("(reproduced: 2 of 2)"), "{told}");
    let mut ids: Vec<_> = log.lock().unwrap().iter().map(|seen| seen.id.clone()).collect();
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), count), (4 + 4, 4 + 4), "every request of every execution has an id of its own");
}

#[tokio::test]
async fn what_changes_a_shared_target_is_done_by_itself() {
    fn slow(_: &Seen, _: usize) -> Says {
        std::thread::sleep(Duration::from_millis(20));
        Says::Reply("")
    }
    let starts = |task: &str| {
        format!(
            "about = \"a\"\nrequirements = [\"start-task.replies\"]\nport_type = \"IIpamServer\"\n\
             effect = \"start-task\"\nmutant = \"refuses-one-task\"\n[[step]]\n[step.call]\noperation = \"StartTask\"\n\
             body = '<taskType>{task}</taskType>'\n[step.expect]\nreply = true\n\
             [[step]]\n[step.call]\noperation = \"IsTaskRunning\"\n[step.expect]\nreply = true\n"
        )
    };
    let reads = format!("{HEAD}[[step]]\n[step.call]\noperation = \"GetIpamVersion\"\n[step.expect]\nreply = true\n");
    let files = [("a", starts("Audit")), ("b", starts("Expiry")), ("c", starts("Audit")), ("read", reads)];
    let sets = ["allow.effects=[\"start-task\"]", "allow.tasks=[\"Audit\"]"];
    let (record, log) = run(&files, slow, &sets).await;
    let outcomes: Vec<_> = own(&record).iter().map(|case| case.outcome).collect();
    assert_eq!(outcomes, [Outcome::Pass, Outcome::Skip, Outcome::Pass, Outcome::Pass]);
    let log = log.lock().unwrap();
    let asked: Vec<_> = log.iter().skip(4).map(|seen| seen.operation.as_str()).collect();
    assert_eq!(asked, ["GetIpamVersion", "StartTask", "IsTaskRunning", "StartTask", "IsTaskRunning"]);
    assert!(log.iter().all(|seen| !seen.envelope.contains("Expiry")), "the guard let through what is not allowed");
}

#[test]
fn a_twin_that_is_left_out_stays_out() {
    let suite = Suite::load(&api::embedded()).unwrap();
    let select = |skip: &[&str]| {
        let globs = |texts: &[&str]| texts.iter().map(|text| Glob::parse(text)).collect();
        let selection =
            Selection { cases: globs(&["start_task/refuses_none"]), skip: globs(skip), ..Selection::default() };
        selection.select(&suite).unwrap().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(select(&[]), ["start_task/refuses_none", "start_task/takes_each_task_type/task_type=Discovery"]);
    assert_eq!(select(&["start_task/takes_each_task_type/**"]), ["start_task/refuses_none"]);
}
