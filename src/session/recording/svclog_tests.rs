//! Message logs in the shape that XmlWriterTraceListener gives them, made here: interleaved, at two levels, cut.

use std::{fmt::Write as _, time::Duration};

use super::{Kind, Place, Reader, Recorded};
use crate::{
    session::Observed,
    spec::{
        Callback, Operation, PortType,
        namespace::{ADDRESSING, IPAM, SOAP12},
    },
};

const PROGRESS: PortType = PortType::IIpamOperationWithProgress;
const NONE: &str = "00000000-0000-0000-0000-000000000000";

/// A log that is being written.
#[derive(Default)]
struct Log {
    text: String,
    at: u32,
}

impl Log {
    /// Adds a message: the point of logging, the process, the activity and the envelope.
    fn message(&mut self, source: &str, process: u32, activity: &str, envelope: &str) {
        self.at += 1;
        let seconds = self.at;
        let _ = write!(
            self.text,
            "<E2ETraceEvent xmlns=\"http://schemas.microsoft.com/2004/06/E2ETraceEvent\">\
             <System xmlns=\"http://schemas.microsoft.com/2004/06/windows/eventlog/system\"><EventID>0</EventID>\
             <Type>3</Type><SubType Name=\"Information\">0</SubType><Level>8</Level>\
             <TimeCreated SystemTime=\"2024-04-23T10:{:02}:{:02}.2500000Z\" />\
             <Source Name=\"System.ServiceModel.MessageLogging\" /><Correlation ActivityID=\"{{{activity}}}\" />\
             <Execution ProcessName=\"client\" ProcessID=\"{process}\" ThreadID=\"5\" /><Channel />\
             <Computer>HOST</Computer></System><ApplicationData><TraceData><DataItem>\
             <MessageLogTraceRecord Time=\"2024-04-23T12:{:02}:{:02}.2500000+02:00\" Source=\"{source}\" \
             Type=\"System.ServiceModel.Channels.BufferedMessage\" \
             xmlns=\"http://schemas.microsoft.com/2004/06/ServiceModel/Management/MessageTrace\">{envelope}\
             </MessageLogTraceRecord></DataItem></TraceData></ApplicationData></E2ETraceEvent>",
            seconds / 60,
            seconds % 60,
            seconds / 60,
            seconds % 60,
        );
    }

    fn read(&self) -> Vec<Recorded> {
        read(&[self.text.as_bytes()])
    }
}

fn read(pieces: &[&[u8]]) -> Vec<Recorded> {
    let mut reader = Reader::new(Kind::Svclog);
    let mut out = Vec::new();
    for piece in pieces {
        reader.push(piece, &mut out).unwrap();
    }
    reader.finish(&mut out).unwrap();
    out
}

fn envelope(action: &str, more: &str, body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"{SOAP12}\" xmlns:a=\"{ADDRESSING}\"><s:Header><a:Action s:mustUnderstand=\"1\">{action}\
         </a:Action>{more}<ActivityId CorrelationId=\"x\" xmlns=\"urn:d\">y</ActivityId></s:Header>\
         <s:Body><{body} xmlns=\"{IPAM}\"></{body}></s:Body></s:Envelope>"
    )
}

fn request(operation: &str, id: &str) -> String {
    let operation = Operation::named(PROGRESS, operation).unwrap();
    envelope(operation.action, &format!("<a:MessageID>{id}</a:MessageID>"), operation.name)
}

fn reply(operation: &str, id: &str) -> String {
    let operation = Operation::named(PROGRESS, operation).unwrap();
    envelope(operation.response_action, &format!("<a:RelatesTo>{id}</a:RelatesTo>"), operation.response_element)
}

fn callback(name: &str) -> String {
    let callback = Callback::named(PROGRESS, name).unwrap();
    envelope(callback.actions[0], "", callback.name)
}

/// The sessions in words: `>` for what the client sent and `<` for what the target sent, by body element.
fn words(recorded: &[Recorded]) -> Vec<String> {
    let mut sessions: Vec<String> = Vec::new();
    for said in recorded {
        let (number, word) = match said {
            Recorded::Opened(number, _) => {
                sessions.push(String::new());
                (*number, String::new())
            }
            Recorded::Observed(number, observation) => match &observation.what {
                Observed::Sent(outgoing) => (*number, format!(">{} ", name(&outgoing.envelope))),
                Observed::Received(received) => (*number, format!("<{} ", name(&received.bytes))),
                other => panic!("{other:?}"),
            },
            Recorded::Gap(number, _) => (*number, "gap ".to_owned()),
            Recorded::Closed(number) => (*number, ".".to_owned()),
            Recorded::Told(_) => continue,
        };
        sessions[usize::try_from(number).unwrap()].push_str(&word);
    }
    sessions
}

fn name(envelope: &[u8]) -> String {
    let envelope = crate::soap::read(envelope, &crate::xml::Limits::default()).unwrap();
    envelope.body.first().map_or("-".to_owned(), |body| body.name.local.to_string())
}

fn told(recorded: &[Recorded]) -> Vec<(Place, &str)> {
    let remarks = recorded.iter().filter_map(|said| match said {
        Recorded::Told(remark) | Recorded::Gap(_, remark) => Some((remark.place, remark.text.as_str())),
        _ => None,
    });
    remarks.collect()
}

const INITIALIZE: &str = "InitializeOperationParameters";
const START: &str = "StartOperationWithCallback";
const SESSION: &str = ">InitializeOperationParameters <InitializeOperationParametersResponse \
                       >StartOperationWithCallback <StartOperationWithCallbackResponse \
                       <StartProgressCallback <SetOverallStatus .";

/// Whether a step is sent, and its envelope.
type Step = (bool, fn(u32) -> String);

/// What two clients say and hear, each in its own activity, in turns.
fn two_sessions(sends: &str, receives: &str) -> Log {
    let mut log = Log::default();
    let activities = ["aaaaaaaa-0000-0000-0000-000000000001", "bbbbbbbb-0000-0000-0000-000000000002"];
    let steps: [Step; 6] = [
        (true, |n| request(INITIALIZE, &format!("urn:uuid:1{n}"))),
        (false, |n| reply(INITIALIZE, &format!("urn:uuid:1{n}"))),
        (true, |n| request(START, &format!("urn:uuid:2{n}"))),
        (false, |n| reply(START, &format!("urn:uuid:2{n}"))),
        (false, |_| callback("StartProgressCallback")),
        (false, |_| callback("SetOverallStatus")),
    ];
    for (is_sent, make) in steps {
        for (n, activity) in (0..).zip(activities) {
            log.message(if is_sent { sends } else { receives }, 7, activity, &make(n));
        }
    }
    log
}

#[test]
fn activities_that_are_interleaved_are_sessions_of_their_own_on_either_side() {
    for (sends, receives) in [("TransportSend", "TransportReceive"), ("TransportReceive", "TransportSend")] {
        let recorded = two_sessions(sends, receives).read();
        assert_eq!(words(&recorded), [SESSION, SESSION]);
        assert!(told(&recorded).is_empty(), "{recorded:?}");
    }
    let recorded = two_sessions("TransportSend", "TransportReceive").read();
    let Some(Recorded::Opened(0, about)) = recorded.first() else { panic!("{recorded:?}") };
    assert_eq!(about.name, "activity aaaaaaaa-0000-0000-0000-000000000001");
    assert_eq!(about.port_type, Some(PROGRESS));
    let times = recorded.iter().filter_map(|said| match said {
        Recorded::Observed(0, observation) => Some(observation.at),
        _ => None,
    });
    assert_eq!(times.collect::<Vec<_>>(), [0, 2, 4, 6, 8, 10].map(Duration::from_secs));
}

#[test]
fn every_split_reads_the_same() {
    let mut log = two_sessions("ServiceLevelSendRequest", "ServiceLevelReceiveReply");
    log.text = log.text.split_inclusive("</E2ETraceEvent>").take(3).collect();
    let whole = log.read();
    for at in 0..log.text.len() {
        let (before, after) = log.text.as_bytes().split_at(at);
        assert_eq!(read(&[before, after]), whole, "split at {at}");
    }
}

#[test]
fn a_log_that_was_cut_anywhere_is_told_and_read() {
    let log = two_sessions("TransportSend", "TransportReceive");
    let events: Vec<usize> = log.text.match_indices("</E2ETraceEvent>").map(|(at, end)| at + end.len()).collect();
    for cut in (events[0]..log.text.len()).step_by(61) {
        let recorded = read(&[&log.text.as_bytes()[..cut]]);
        let seen = recorded.iter().filter(|said| matches!(said, Recorded::Observed(..))).count();
        assert_eq!(seen, events.iter().filter(|end| **end <= cut).count());
        let remarks = told(&recorded);
        assert_eq!(remarks.len(), usize::from(!events.contains(&cut)), "{remarks:?}");
        assert!(remarks.iter().all(|(_, text)| text.contains("cut inside this event")));
    }
}

#[test]
fn messages_without_activities_are_of_the_one_session_that_is_open() {
    let mut log = Log::default();
    for (at, round) in (0..).zip(["urn:a", "urn:b"]) {
        // Each call in an activity of its own, callbacks in none: as logged without activity tracing.
        let activity = |call: u32| format!("{call}{at}aaaaaa-0000-0000-0000-000000000001");
        log.message("TransportSend", 7, &activity(1), &request(INITIALIZE, round));
        log.message("TransportReceive", 7, NONE, &reply(INITIALIZE, round));
        log.message("TransportSend", 7, &activity(2), &request(START, &format!("{round}2")));
        log.message("TransportReceive", 7, NONE, &reply(START, &format!("{round}2")));
        log.message("TransportReceive", 7, NONE, &callback("StartProgressCallback"));
        let end =
            callback("SetOverallStatus").replace("></SetOverallStatus", ">CompletedWithSuccess</SetOverallStatus");
        log.message("TransportReceive", 7, NONE, &end);
    }
    let recorded = log.read();
    assert_eq!(words(&recorded), [SESSION, SESSION]);

    // Where two are open it could be either.
    let mut log = Log::default();
    log.message("TransportSend", 7, NONE, &request(INITIALIZE, "urn:a"));
    log.message("TransportSend", 7, NONE, &request(INITIALIZE, "urn:b"));
    log.message("TransportReceive", 7, NONE, &reply(INITIALIZE, "urn:b"));
    log.message("TransportReceive", 7, NONE, &callback("StartProgressCallback"));
    let recorded = log.read();
    let begun = ">InitializeOperationParameters ";
    assert_eq!(
        words(&recorded),
        [format!("{begun}gap ."), format!("{begun}<InitializeOperationParametersResponse gap .")]
    );
    assert!(told(&recorded).iter().all(|(_, text)| text.contains("propagateActivity")));
}

#[test]
fn a_message_that_was_logged_at_both_levels_counts_once() {
    let mut log = Log::default();
    let (service, transport) = ("11111111-0000-0000-0000-000000000001", "22222222-0000-0000-0000-000000000001");
    log.message("ServiceLevelSendRequest", 7, service, &request(INITIALIZE, "urn:a"));
    log.message("TransportSend", 7, transport, &request(INITIALIZE, "urn:a"));
    log.message("TransportReceive", 7, transport, &reply(INITIALIZE, "urn:a"));
    log.message("ServiceLevelReceiveReply", 7, service, &reply(INITIALIZE, "urn:a"));
    // The server wrote to the same file: its side is a recording of its own.
    log.message("TransportReceive", 8, transport, &request(INITIALIZE, "urn:a"));
    log.message("TransportSend", 8, transport, &reply(INITIALIZE, "urn:a"));
    let expected = ">InitializeOperationParameters <InitializeOperationParametersResponse .";
    assert_eq!(words(&log.read()), [expected, expected]);
}

#[test]
fn a_callback_that_the_client_invokes_is_sent() {
    let mut log = Log::default();
    let activity = "11111111-0000-0000-0000-000000000001";
    log.message("TransportSend", 7, activity, &request(INITIALIZE, "urn:a"));
    log.message("TransportReceive", 7, activity, &reply(INITIALIZE, "urn:a"));
    log.message("TransportSend", 7, activity, &callback("AddSubTask"));
    assert!(words(&log.read())[0].ends_with(">AddSubTask ."));
}

#[test]
fn what_is_missing_or_foreign_is_told() {
    let mut log = Log::default();
    log.message("TransportReceive", 7, "1", &callback("AddSubTask"));
    log.message("TransportReceive", 7, "2", "<s:Envelope xmlns:s='u'><s:Body><x/></s:Body></s:Envelope>");
    log.message("Malformed", 7, "1", "text");
    let recorded = log.read();
    assert_eq!(words(&recorded), ["gap <AddSubTask ."]);
    let texts: Vec<&str> = told(&recorded).into_iter().map(|(_, text)| text).collect();
    assert!(texts[0].contains("does not have the beginning"), "{texts:?}");
    assert!(texts[1].starts_with("1 messages are of other services"), "{texts:?}");

    let mut log = Log::default();
    log.message("TransportSend", 7, "1", &request(INITIALIZE, "urn:a"));
    log.message("TransportReceive", 7, "1", &reply(INITIALIZE, "urn:a").replace("</s:Body>", "</s:Bod"));
    let whole = request(INITIALIZE, "urn:b");
    let body = whole.find("<s:Body").unwrap();
    log.message("TransportSend", 7, "2", &format!("{}</s:Envelope>", &whole[..body]));
    let recorded = log.read();
    assert!(told(&recorded).iter().any(|(_, text)| text.contains("logEntireMessage=\"true\"")), "{recorded:?}");

    let empty = "<E2ETraceEvent xmlns=\"http://schemas.microsoft.com/2004/06/E2ETraceEvent\"></E2ETraceEvent>";
    let recorded = read(&[empty.as_bytes()]);
    assert!(told(&recorded)[0].1.contains("none of the 1 events holds a message"));
    let mut reader = Reader::new(Kind::Svclog);
    let broken = reader.push(b"<E2ETraceEvent ", &mut Vec::new()).and_then(|()| reader.finish(&mut Vec::new()));
    assert!(broken.unwrap_err().to_string().starts_with("byte 0: no event ends in the file; give the file"));
}

#[test]
fn prefixes_from_around_the_envelope_are_kept() {
    let mut log = Log::default();
    let inside = request(INITIALIZE, "urn:a").replace(&format!(" xmlns:a=\"{ADDRESSING}\""), "");
    log.message("TransportSend", 7, "1", &inside);
    log.text = log.text.replace("<TraceData>", &format!("<TraceData xmlns:a=\"{ADDRESSING}\">"));
    let recorded = log.read();
    let Some(Recorded::Observed(0, observation)) = recorded.get(1) else { panic!("{recorded:?}") };
    let Observed::Sent(outgoing) = &observation.what else { panic!("{observation:?}") };
    assert_eq!(outgoing.message_id.as_deref(), Some("urn:a"));
    assert_eq!(name(&outgoing.envelope), INITIALIZE);
}

#[test]
fn sessions_that_are_idle_are_closed() {
    let mut log = Log::default();
    for number in 0..3_000 {
        // A second passes between events.
        log.at %= 3_500;
        let activity = format!("{number:08}-0000-0000-0000-000000000001");
        log.message("TransportSend", 7, &activity, &request(INITIALIZE, &format!("urn:{number}")));
    }
    let mut reader = Reader::new(Kind::Svclog);
    let mut out = Vec::new();
    reader.push(log.text.as_bytes(), &mut out).unwrap();
    let closed = out.iter().filter(|said| matches!(said, Recorded::Closed(_))).count();
    assert!((1_000..3_000).contains(&closed), "{closed}");
}
