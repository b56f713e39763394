//! Measures how fast recordings are read and judged, beside the bare readers of their formats on the same bytes in the
//! same run: quick-xml's namespace-resolving loop for message logs, serde_json's reading of the same structures for trace
//! files.
//!
//! `cargo bench --bench recordings`. The recordings are made here: sessions with progress, sixteen at a time, in turns.
//! `read` is what `ipamspec check` does up to Observations, `judge` goes on through the machine of each session.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    hint::black_box,
    time::{Duration, Instant},
};

use ipamspec::{
    model::{self, Track},
    session::{
        Observation, Observed, Outgoing, Received,
        recording::{Kind, Line, Reader, Recorded, TraceWriter},
    },
    spec::{Callback, Operation, PortType, namespace},
};
use quick_xml::{NsReader, events::Event};

const PORT_TYPE: PortType = PortType::IIpamOperationWithProgress;
/// How many sessions are open at once, and how many follow each other.
const SIDE_BY_SIDE: usize = 16;
const ROUNDS: usize = 120;
/// How many callbacks tell of progress.
const CALLBACKS: usize = 20;
const PAIRS: usize = 9;
const PIECE: usize = 256 * 1024;

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let (svclog, trace) = recordings();
    println!("message log of {} MB", svclog.len() / 1_000_000);
    let bare = || {
        let mut reader = NsReader::from_str(&svclog);
        let mut elements = 0_u64;
        loop {
            match black_box(reader.read_resolved_event().expect("what was made here")) {
                (_, Event::Eof) => break elements,
                (_, Event::Start(_) | Event::Empty(_)) => elements += 1,
                _ => {}
            }
        }
    };
    beside("quick-xml", svclog.len(), bare, || read(Kind::Svclog, &svclog), || judge(Kind::Svclog, &svclog));
    println!("trace file of {} MB", trace.len() / 1_000_000);
    let bare = || {
        let lines = trace.lines().skip(1).map(|line| serde_json::from_str::<Line<'_>>(line).expect("a line"));
        lines.map(|line| black_box(line).at_us).sum::<u64>()
    };
    beside("serde_json", trace.len(), bare, || read(Kind::Trace, &trace), || judge(Kind::Trace, &trace));
}

/// Measures three ways over the same bytes in turns, and prints their medians and the median ratios.
fn beside(name: &str, bytes: usize, bare: impl Fn() -> u64, read: impl Fn() -> u64, judge: impl Fn() -> u64) {
    let (mut limits, mut reads, mut judges) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        limits.push(seconds(&bare));
        reads.push(seconds(&read));
        judges.push(seconds(&judge));
    }
    for (times, word) in [(&limits, name), (&reads, "read"), (&judges, "judge")] {
        let ratio = median(limits.iter().zip(times).map(|(limit, ours)| limit / ours).collect());
        #[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "a figure for a person")]
        let speed = bytes as f64 / 1e6 / median(times.clone());
        println!("  {word:>10}: {speed:7.0} MB/s, {ratio:.2} of {name}");
    }
}

fn seconds(way: impl Fn() -> u64) -> f64 {
    let begun = Instant::now();
    black_box(way());
    begun.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn each(kind: Kind, text: &str, mut take: impl FnMut(Recorded)) {
    let mut reader = Reader::new(kind);
    let mut out = Vec::new();
    for piece in text.as_bytes().chunks(PIECE) {
        reader.push(piece, &mut out).expect("what was made here");
        out.drain(..).for_each(&mut take);
    }
    reader.finish(&mut out).expect("what was made here");
    out.into_iter().for_each(take);
}

/// Reads to Observations; how many there are.
fn read(kind: Kind, text: &str) -> u64 {
    let mut seen = 0;
    each(kind, text, |recorded| seen += u64::from(matches!(black_box(recorded), Recorded::Observed(..))));
    seen
}

/// Judges every session; how many requirements were broken, which is none.
fn judge(kind: Kind, text: &str) -> u64 {
    let tables = model::tables_of(PORT_TYPE).expect("a machine");
    let mut open = BTreeMap::new();
    let mut broken = 0;
    each(kind, text, |recorded| match recorded {
        Recorded::Opened(number, _) => {
            open.insert(number, Track::new(PORT_TYPE, tables, false));
        }
        Recorded::Observed(number, observation) => {
            if let Some(track) = open.get_mut(&number) {
                track.see(&observation.what, 0, &|_| false);
            }
        }
        Recorded::Closed(number) => broken += open.remove(&number).map_or(0, |track| track.finish().breaches.len()),
        Recorded::Gap(..) | Recorded::Told(_) => panic!("{recorded:?}"),
    });
    assert_eq!(broken, 0);
    0
}

/// The same sessions as a message log and as a trace file.
fn recordings() -> (String, String) {
    let (mut svclog, mut trace) = (String::new(), TraceWriter::head("benchmark", "2024-04-23T10:00:00Z"));
    for round in 0..ROUNDS {
        for step in 0..CALLBACKS + 7 {
            for side in 0..SIDE_BY_SIDE {
                let session = round * SIDE_BY_SIDE + side;
                let (is_sent, envelope) = message(session, step);
                let at = Duration::from_millis(u64::try_from(10 * step).unwrap_or_default());
                let what = if is_sent {
                    let envelope = envelope.clone().into();
                    Observed::Sent(Outgoing { action: None, message_id: None, envelope })
                } else {
                    Observed::Received(Received::text(envelope.clone().into(), None))
                };
                trace.push_str(&TraceWriter::line(&format!("s{session}"), &Observation { at, what, wire: None }));
                event(&mut svclog, session, round, is_sent, &envelope);
            }
        }
    }
    (svclog, trace)
}

/// A message of a session, and whether the client sends it.
fn message(session: usize, step: usize) -> (bool, String) {
    let id = |call: usize| format!("urn:uuid:{session:08x}-0000-4000-8000-{call:012x}");
    let operation = |name| Operation::named(PORT_TYPE, name).expect("an operation");
    let request = |name, call, body: &str| {
        let known = operation(name);
        let reply_to = "<a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>";
        (true, envelope(known.action, &format!("<a:MessageID>{}</a:MessageID>{reply_to}", id(call)), known.name, body))
    };
    let reply = |name, call| {
        let known = operation(name);
        let header = format!("<a:RelatesTo>{}</a:RelatesTo>", id(call));
        (false, envelope(known.response_action, &header, known.response_element, ""))
    };
    let callback = |name, body: &str| {
        let known = Callback::named(PORT_TYPE, name).expect("a callback");
        (false, envelope(known.actions[0], "", known.name, body))
    };
    let instance = |status| {
        format!(
            "<subTaskInstance><FailedCompletionStatus i:nil=\"true\"/><IsNonDeterministicProgress>false\
             </IsNonDeterministicProgress><ProgressStatusDescriptions i:nil=\"true\"/><SubTaskInstanceDetails \
             i:nil=\"true\"/><SubTaskInstanceId>1</SubTaskInstanceId><SubTaskName>Read the server</SubTaskName>\
             <SubTaskStatus>{status}</SubTaskStatus><SubTaskUniqueId>4</SubTaskUniqueId></subTaskInstance>"
        )
    };
    let subtask = |status, percent: usize| {
        let body = format!(
            "{}<status>{status}</status><percentComplete>{percent}</percentComplete><completionStatus i:nil=\"true\"/>",
            instance(status)
        );
        callback("SetSubTaskStatus", &body)
    };
    let parameters = "<paramters i:type=\"ipam:UpdateDhcpServerParameters\"><OperationId>EditDhcpServer</OperationId>\
                      <Server i:type=\"ipam:DhcpServerV4\"><ModifiedProperties/><RecordId>17</RecordId></Server></paramters>";
    match step {
        0 => request("InitializeOperationParameters", 1, parameters),
        1 => reply("InitializeOperationParameters", 1),
        2 => request("StartOperationWithCallback", 2, ""),
        3 => callback("StartProgressCallback", "<isNonDeterministic>false</isNonDeterministic>"),
        4 => callback("AddSubTask", &instance("NotStarted")),
        step if step < CALLBACKS + 4 => subtask("InProgress", step * 90 / (CALLBACKS + 4)),
        step if step == CALLBACKS + 4 => subtask("CompletedWithSuccess", 100),
        step if step == CALLBACKS + 5 => {
            let body = "<overallStatus>CompletedWithSuccess</overallStatus><completionStatus i:nil=\"true\"/>";
            callback("SetOverallStatus", body)
        }
        _ => reply("StartOperationWithCallback", 2),
    }
}

fn envelope(action: &str, header: &str, element: &str, body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"{}\" xmlns:a=\"{}\"><s:Header><a:Action s:mustUnderstand=\"1\">{action}</a:Action>{header}\
         <ActivityId CorrelationId=\"3b9c8d5e-6a0f-4d53-9a35-fb4d8c4f1d2a\" \
         xmlns=\"http://schemas.microsoft.com/2004/09/ServiceModel/Diagnostics\">5f0ff3e7-1c53-4a51-8b7c-6d3a2c9c7f10\
         </ActivityId></s:Header><s:Body><{element} xmlns=\"{ipam}\" xmlns:ipam=\"{ipam}\" \
         xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\">{body}</{element}></s:Body></s:Envelope>",
        namespace::SOAP12,
        namespace::ADDRESSING,
        ipam = namespace::IPAM,
    )
}

/// Adds an event as XmlWriterTraceListener writes it.
fn event(out: &mut String, session: usize, round: usize, is_sent: bool, envelope: &str) {
    let source = if is_sent { "TransportSend" } else { "TransportReceive" };
    // Rounds are a quarter of an hour apart: the sessions of the one before are over.
    let (hour, minute) = (round / 4 % 24, round % 4 * 15);
    let day = 1 + round / 96;
    let moment = format!("2024-04-{day:02}T{hour:02}:{minute:02}:01.2500000");
    let _ = write!(
        out,
        "<E2ETraceEvent xmlns=\"http://schemas.microsoft.com/2004/06/E2ETraceEvent\">\
         <System xmlns=\"http://schemas.microsoft.com/2004/06/windows/eventlog/system\"><EventID>0</EventID>\
         <Type>3</Type><SubType Name=\"Information\">0</SubType><Level>8</Level>\
         <TimeCreated SystemTime=\"{moment}Z\" /><Source Name=\"System.ServiceModel.MessageLogging\" />\
         <Correlation ActivityID=\"{{{session:08x}-0000-4000-8000-000000000001}}\" />\
         <Execution ProcessName=\"client\" ProcessID=\"7\" ThreadID=\"5\" /><Channel />\
         <Computer>HOST</Computer></System><ApplicationData><TraceData><DataItem>\
         <MessageLogTraceRecord Time=\"{moment}Z\" Source=\"{source}\" \
         Type=\"System.ServiceModel.Channels.BufferedMessage\" \
         xmlns=\"http://schemas.microsoft.com/2004/06/ServiceModel/Management/MessageTrace\">{envelope}\
         </MessageLogTraceRecord></DataItem></TraceData></ApplicationData></E2ETraceEvent>",
    );
}
