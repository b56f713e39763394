//! Messages as events: what a reader sees in each, and whole sessions of messages by their verdicts.

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::{
    model::{Breach, OPERATION_WITH_PROGRESS, Table, Track, tables_of},
    session::{
        Observation,
        recording::{self, Recorded, TraceWriter},
    },
    spec::namespace::{ADDRESSING, SOAP12},
};

const SERVER: &str = "http://Microsoft.Windows.Ipam/IIpamOperationWithProgress";
const EDIT: &str = "<paramters><OperationId>EditDhcpServer</OperationId></paramters>";

fn envelope(header: &str, body: &str) -> Bytes {
    let text = format!(
        "<s:Envelope xmlns:s='{SOAP12}' xmlns:a='{ADDRESSING}' xmlns:i='{XSI}'><s:Header>{header}</s:Header>\
         <s:Body xmlns='{IPAM}'>{body}</s:Body></s:Envelope>"
    );
    text.into()
}

fn sent(action: &str, id: &str, body: &str) -> Observed {
    let header = format!("<a:Action>{action}</a:Action><a:MessageID>{id}</a:MessageID>");
    let message_id = Some(id.to_owned());
    Observed::Sent(Outgoing { action: Some(action.to_owned()), message_id, envelope: envelope(&header, body) })
}

fn called(name: &str, id: &str, inside: &str) -> Observed {
    sent(&format!("{SERVER}/{name}"), id, &format!("<{name}>{inside}</{name}>"))
}

fn initialize(inside: &str) -> Observed {
    called("InitializeOperationParameters", "urn:1", inside)
}

fn start() -> Observed {
    called("StartOperationWithCallback", "urn:2", "")
}

fn message(header: &str, body: &str) -> Observed {
    Observed::Received(Received::text(envelope(header, body), None))
}

fn replied(name: &str, id: &str) -> Observed {
    let header = format!("<a:Action>{SERVER}/{name}Response</a:Action><a:RelatesTo>{id}</a:RelatesTo>");
    message(&header, &format!("<{name}Response/>"))
}

fn refused(id: Option<&str>) -> Observed {
    let relates = id.map(|id| format!("<a:RelatesTo>{id}</a:RelatesTo>")).unwrap_or_default();
    message(
        &relates,
        "<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang='en'>no</s:Text></s:Reason></s:Fault>",
    )
}

fn told(name: &str, inside: &str) -> Observed {
    message(&format!("<a:Action>{SERVER}/{name}</a:Action>"), &format!("<{name}>{inside}</{name}>"))
}

fn subtask(id: i32, status: &str) -> String {
    format!(
        "<subTaskInstance><SubTaskInstanceId>{id}</SubTaskInstanceId><SubTaskStatus>{status}</SubTaskStatus>\
         <SubTaskUniqueId>7</SubTaskUniqueId></subTaskInstance>"
    )
}

fn status(id: i32, status: &str) -> Observed {
    told("SetSubTaskStatus", &format!("{}<status>{status}</status>", subtask(id, status)))
}

fn overall(status: &str) -> Observed {
    told("SetOverallStatus", &format!("<overallStatus>{status}</overallStatus><completionStatus i:nil='true'/>"))
}

fn read(observed: &[Observed]) -> Vec<Event> {
    let mut reader = Reader::new(PortType::IIpamOperationWithProgress);
    observed.iter().filter_map(|observed| reader.read(observed, &|_| false)).collect()
}

fn last(observed: &[Observed]) -> Event {
    *read(observed).last().expect("an event")
}

/// A session of an operation with two subtasks, with this among its callbacks.
fn session(among: &[Observed]) -> Vec<Observed> {
    let mut all = vec![
        initialize(EDIT),
        replied("InitializeOperationParameters", "urn:1"),
        start(),
        told("StartProgressCallback", "<isNonDeterministic>false</isNonDeterministic>"),
        replied("StartOperationWithCallback", "urn:2"),
        told("AddSubTask", &subtask(1, "NotStarted")),
    ];
    all.extend(among.iter().cloned());
    all.extend([status(1, "CompletedWithSuccess"), overall("CompletedWithSuccess"), Observed::Ended(End::Ended)]);
    all
}

fn judged(observed: &[Observed], elsewhere: &dyn Fn(&str) -> bool) -> Vec<Breach> {
    let tables = tables_of(PortType::IIpamOperationWithProgress).expect("its tables");
    let mut track = Track::new(PortType::IIpamOperationWithProgress, tables, true);
    for observed in observed {
        track.see(observed, 1, elsewhere);
    }
    track
        .finish()
        .breaches
        .into_iter()
        .map(|(breach, prefix)| {
            assert!(!prefix.is_empty());
            breach
        })
        .collect()
}

fn broken(observed: &[Observed]) -> Vec<&'static str> {
    judged(observed, &|_| false).iter().map(|breach| breach.requirement).collect()
}

#[test]
fn a_session_of_messages_breaks_nothing_under_either_action() {
    assert_eq!(broken(&session(&[])), [""; 0]);
    let client = |name: &str, inside: &str| {
        message(&format!("<a:Action>{SERVER}Callback/{name}</a:Action>"), &format!("<{name}>{inside}</{name}>"))
    };
    let percentage = client("SetCompletionPercentage", "<completionPercentage>50.5</completionPercentage>");
    assert_eq!(broken(&session(&[percentage])), [""; 0]);
}

#[test]
fn messages_with_one_fault_each_break_its_one_requirement() {
    let types = "progress-callback.types";
    let (known, once) = ("progress.subtask-known", "progress.subtask-added-once");
    let percentage =
        |text: &str| told("SetCompletionPercentage", &format!("<completionPercentage>{text}</completionPercentage>"));
    let planted = [
        (percentage("50 %"), types),
        (percentage(""), types),
        (status(1, "Done"), types),
        (told("SetOverallStatus", "<overallStatus>CompletedWithWarnings</overallStatus>"), types),
        (told("AddSubTask", "<subTaskInstance><SubTaskInstanceId>one</SubTaskInstanceId></subTaskInstance>"), types),
        (
            told(
                "SetCompletionPercentage",
                "<completionPercentage>1</completionPercentage><completionPercentage>2</completionPercentage>",
            ),
            types,
        ),
        (status(9, "InProgress"), known),
        (told("AddSubTask", &subtask(1, "NotStarted")), once),
        (told("AddSubTask", "<subTaskInstance i:nil='true'/>"), "progress.subtask-identified"),
        (told("SetSubTaskStatus", "<status>InProgress</status>"), "progress.subtask-identified"),
        (message("<a:Action>urn:other</a:Action>", "<SetCompletionPercentage/>"), "progress-callback.action"),
        (
            message(&format!("<a:Action>{SERVER}/AddSubTask</a:Action>"), "<SubTaskInstance/>"),
            "progress-callback.element",
        ),
        (
            message(
                &format!("<a:Action>{SERVER}/SetCompletionPercentage</a:Action>"),
                "<SetCompletionPercentage/><x/>",
            ),
            "progress-callback.element",
        ),
        (message("<a:Action>urn:other</a:Action>", "<Other/>"), "progress-callback.element"),
        (replied("StartOperationWithCallback", "urn:2"), "start-operation-with-callback.replies"),
        (replied("InitializeOperationParameters", "urn:1"), "session.one-reply"),
        (replied("StartOperationWithCallback", "urn:9"), "message.relates-to"),
        (told("StartProgressCallback", ""), "start-operation-with-callback.starts-progress"),
    ];
    for (at, (message, requirement)) in planted.into_iter().enumerate() {
        let session = session(&[message]);
        assert_eq!(broken(&session), [requirement], "{at}");
        assert_eq!(broken(&recorded(&session)), [requirement], "{at}, from a trace file");
    }
}

/// The same session, written down and read again.
fn recorded(observed: &[Observed]) -> Vec<Observed> {
    let mut text = TraceWriter::head("test", "2024-04-23T10:00:00Z");
    for what in observed {
        let observation = Observation { at: Duration::ZERO, what: what.clone(), wire: None };
        text.push_str(&TraceWriter::line("s", &observation));
    }
    let (mut reader, mut said) = (recording::Reader::new(recording::Kind::Trace), Vec::new());
    reader.push(text.as_bytes(), &mut said).expect("what was written here");
    reader.finish(&mut said).expect("what was written here");
    let seen = said.into_iter().filter_map(|said| match said {
        Recorded::Observed(_, observation) => Some(observation.what),
        _ => None,
    });
    seen.collect()
}

#[test]
fn an_answer_to_a_request_of_another_session_is_of_that_session() {
    let breaches = judged(&session(&[replied("StartOperationWithCallback", "urn:9")]), &|id| id == "urn:9");
    assert_eq!(breaches.iter().map(|breach| breach.requirement).collect::<Vec<_>>(), ["session.replies-stay"]);
}

#[test]
fn an_answer_that_does_not_relate_is_taken_for_what_it_is() {
    let unrelated = |name: &str, relates: &str| {
        message(&format!("<a:Action>{SERVER}/{name}Response</a:Action>{relates}"), &format!("<{name}Response/>"))
    };
    for relates in ["", "<a:RelatesTo>urn:nobody</a:RelatesTo>"] {
        let mut observed = session(&[]);
        observed[1] = unrelated("InitializeOperationParameters", relates);
        observed[4] = unrelated("StartOperationWithCallback", relates);
        assert_eq!(broken(&observed), ["message.relates-to"], "{relates}");
    }
}

#[test]
fn requests_are_known_by_action_and_element() {
    let keepalive = sent(KEEPALIVE_ACTION, "urn:3", "");
    let callback = sent(&format!("{SERVER}/AddSubTask"), "urn:3", "<AddSubTask/>");
    let probes = [
        (initialize(EDIT), Symbol::INITIALIZE, Facts::NONE),
        (initialize(""), Symbol::INITIALIZE, Facts::NO_PARAMETERS),
        (initialize("<paramters i:nil='true'/>"), Symbol::INITIALIZE, Facts::NO_PARAMETERS),
        (initialize("<parameters/>"), Symbol::INITIALIZE, Facts::NO_PARAMETERS),
        (initialize("<paramters/>"), Symbol::INITIALIZE, Facts::NONE),
        (
            initialize("<paramters><OperationId>edit</OperationId></paramters>"),
            Symbol::INITIALIZE,
            Facts::UNKNOWN_OPERATION,
        ),
        (
            initialize("<paramters><OperationId>ReloadDnsZones</OperationId></paramters>"),
            Symbol::INITIALIZE,
            Facts::REPEATS,
        ),
        (start(), Symbol::START, Facts::NONE),
        (keepalive, Symbol::KEEPALIVE, Facts::NONE),
        (callback, Symbol::CALLBACK, Facts::NONE),
        (sent(&format!("{SERVER}/StartOperationWithCallback"), "urn:3", "<Other/>"), Symbol::FOREIGN, Facts::NONE),
        (sent("urn:other", "urn:3", "<StartOperationWithCallback/>"), Symbol::FOREIGN, Facts::NONE),
        (sent("urn:other", "urn:3", "<a/><b/>"), Symbol::FOREIGN, Facts::NONE),
    ];
    for (at, (request, symbol, facts)) in probes.into_iter().enumerate() {
        assert_eq!(last(&[request]), Event::of(symbol).with(facts), "{at}");
    }
}

#[test]
fn a_fault_that_relates_to_nothing_answers_what_waits_longest() {
    let keepalive = || sent(KEEPALIVE_ACTION, "urn:3", "");
    let symbol = |observed: &[Observed]| last(observed).symbol;
    assert_eq!(symbol(&[keepalive(), initialize(EDIT), refused(None)]), Symbol::INITIALIZE_FAULT);
    assert_eq!(symbol(&[initialize(EDIT), start(), refused(None), refused(None)]), Symbol::START_FAULT);
    assert_eq!(symbol(&[keepalive(), refused(None)]), Symbol::ANSWER);
    assert_eq!(symbol(&[refused(None)]), Symbol::STRAY);
    assert_eq!(symbol(&[initialize(EDIT), start(), refused(Some("urn:2"))]), Symbol::START_FAULT);
}

#[test]
fn what_is_seen_beside_the_name_of_a_callback() {
    let percentage =
        |text: &str| told("SetCompletionPercentage", &format!("<completionPercentage>{text}</completionPercentage>"));
    let facts = |observed: &[Observed]| last(observed).facts;
    assert!(facts(&[percentage("100.0")]).any(Facts::HUNDRED));
    assert!(facts(&[percentage("101")]).any(Facts::ODD_PERCENTAGE));
    assert!(facts(&[percentage("9"), percentage("8")]).any(Facts::ODD_PERCENTAGE));
    let begin = told("StartProgressCallback", "<isNonDeterministic>1</isNonDeterministic>");
    assert!(!facts(&[begin, percentage("101")]).any(Facts::ODD_PERCENTAGE));
    let differs = told("SetSubTaskStatus", &format!("{}<status>InProgress</status>", subtask(1, "NotRun")));
    let event = last(&[told("AddSubTask", &subtask(5, "NotStarted")), differs]);
    assert_eq!((event.subtask, event.status), (1, Status::Open));
    assert!(event.facts.any(Facts::DISAGREES) && !event.facts.any(Facts::OTHER_SORT));
    let why = "<overallStatus>CompletedWithFailure</overallStatus><completionStatus/>";
    assert!(facts(&[told("SetOverallStatus", why)]).any(Facts::DETAILS));
    assert!(!facts(&[overall("CompletedWithFailure")]).any(Facts::DETAILS));
}

#[test]
fn ends_and_silences_are_told_apart() {
    let symbol = |observed: Observed| read(&[observed]).first().map(|event| event.symbol);
    assert_eq!(symbol(Observed::Ended(End::Ended)), Some(Symbol::END));
    for end in [End::Closed, End::Reset, End::Aborted, End::Refused { fault: "urn:f".to_owned() }] {
        assert_eq!(symbol(Observed::Ended(end)), Some(Symbol::BROKEN));
    }
    assert_eq!(symbol(Observed::Silence { waited: Duration::ZERO }), Some(Symbol::QUIET));
    assert_eq!(symbol(Observed::Accepted), None);
    let garbage = Observed::Received(Received::text("<x".into(), None));
    assert_eq!(symbol(garbage), Some(Symbol::UNREAD));
}

#[test]
fn every_requirement_of_the_machines_is_catalogued() {
    let suite = crate::model::MACHINES.iter().flat_map(|machine| machine.requirements());
    let ids: Vec<_> = suite.filter(|id| crate::spec::RequirementId::parse(id).is_err()).collect();
    assert!(ids.is_empty(), "{ids:?}");
    assert_eq!(Table::of(&OPERATION_WITH_PROGRESS).machine.name, "IIpamOperationWithProgress");
}

/// The same message with a comment behind it, which only a tree is read of.
fn in_a_tree(observed: &Observed) -> Observed {
    let more = |envelope: &Bytes| Bytes::from([envelope, &b"<!-- -->"[..]].concat());
    match observed.clone() {
        Observed::Sent(sent) => Observed::Sent(Outgoing { envelope: more(&sent.envelope), ..sent }),
        Observed::Received(received) => Observed::Received(Received { bytes: more(&received.bytes), ..received }),
        other => other,
    }
}

/// One of a session's messages, right or wrong.
fn any_message() -> impl Strategy<Value = Observed> {
    const WORDS: [&str; 10] =
        ["CompletedWithSuccess", "CompletedWithError", "InProgress", " NotRun ", "", "Done", "100", "-1.5", "1e2", "x"];
    const CALLBACKS: [&str; 5] =
        ["AddSubTask", "SetSubTaskStatus", "SetOverallStatus", "SetCompletionPercentage", "StartProgressCallback"];
    const FIELDS: [&str; 11] = [
        "overallStatus",
        "completionStatus",
        "completionPercentage",
        "isNonDeterministic",
        "status",
        "percentComplete",
        "SubTaskInstanceId",
        "SubTaskStatus",
        "SubTaskUniqueId",
        "Other",
        "o:status xmlns:o='u'",
    ];
    let word = prop::sample::select(&WORDS[..]);
    let attribute =
        prop::sample::select(&["", "", "", " i:nil='true'", " i:nil='maybe'", " i:type='q:x'", " b='1'"][..]);
    let field = (prop::sample::select(&FIELDS[..]), attribute, word).prop_map(|(name, attribute, word)| {
        let end = name.split(' ').next().unwrap_or(name);
        format!("<{name}{attribute}>{word}</{end}>")
    });
    let inside = (prop::collection::vec(field.clone(), 0..3), prop::collection::vec(field, 0..4), any::<bool>())
        .prop_map(|(outer, inner, has_instance)| {
            let instance = format!("<subTaskInstance>{}</subTaskInstance>", inner.concat());
            format!("{}{}", if has_instance { instance } else { String::new() }, outer.concat())
        });
    let callback = (prop::sample::select(&CALLBACKS[..]), prop::sample::select(&CALLBACKS[..]), inside, 0..8_u8);
    prop_oneof![
        Just(initialize(EDIT)),
        Just(initialize("")),
        Just(start()),
        Just(sent(KEEPALIVE_ACTION, "urn:3", "")),
        Just(replied("InitializeOperationParameters", "urn:1")),
        Just(replied("StartOperationWithCallback", "urn:2")),
        Just(replied("StartOperationWithCallback", "urn:9")),
        Just(message("<a:Action>a</a:Action><a:Action>b</a:Action>", "<x/>")),
        Just(message("<a:RelatesTo RelationshipType='urn:x'>urn:2</a:RelatesTo>", "<x/><y/>")),
        Just(refused(None)),
        Just(refused(Some("urn:2"))),
        callback.prop_map(|(name, action, inside, odd)| match odd {
            0 => message(&format!("<a:Action>{SERVER}/{action}</a:Action>"), &format!("<{name}>{inside}</{name}>")),
            1 => told(name, &format!("{inside}</{name}><{name}>")),
            2 => message(&format!("<a:Action s:role='urn:x'>{SERVER}/{name}</a:Action>"), &format!("<{name}/>")),
            _ => told(name, &inside),
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_without_a_tree_is_what_the_tree_says(session in prop::collection::vec(any_message(), 1..12)) {
        let trees: Vec<Observed> = session.iter().map(in_a_tree).collect();
        prop_assert_eq!(read(&session), read(&trees));
    }
}
