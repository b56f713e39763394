//! Sessions with the reference server without a socket: what it says, when, and how it lies.
//!
//! Leaves out what a callback holds in full. What comes is read with the package's own reader.

use std::time::Duration;

use super::*;
use crate::{
    reference::{Kind, Mutant},
    spec::{CALLBACKS, KEEPALIVE_ACTION, namespace, progress::AdminOperation},
    xml::{self, Element, Limits},
};

const PATH: &str = "/Ipam/OperationWithProgress";
const EDIT: &str = "<paramters i:type='m:UpdateDhcpServerParameters'><OperationId>EditDhcpServer</OperationId>\
    <Server i:type='m:DhcpServerV4'><RecordId>17</RecordId></Server></paramters>";

/// The middle of the callbacks of an operation with two subtasks.
const MIDDLE: &[&str] = &[
    "AddSubTask 1 NotStarted",
    "AddSubTask 2 NotStarted",
    "SetSubTaskStatus 1 InProgress 0",
    "SetSubTaskStatus 1 CompletedWithSuccess 100",
    "SetCompletionPercentage 50",
    "SetSubTaskStatus 2 InProgress 0",
    "SetSubTaskStatus 2 CompletedWithSuccess 100",
    "SetCompletionPercentage 100",
];

/// A session in a world of its own.
struct Talk {
    lab: Lab,
    world: crate::reference::WorldId,
    session: Session,
    sent: usize,
    heard: Vec<Out>,
}

impl Talk {
    fn new(behaviour: impl Into<Behaviour>, scenario: &str) -> Self {
        Self::at(PATH, behaviour, scenario, Channel::Stream)
    }

    fn at(path: &str, behaviour: impl Into<Behaviour>, scenario: &str, channel: Channel) -> Self {
        let lab = Lab::new(behaviour.into(), Scenario::Default, Moment::LAB);
        let world = lab.open(Some(scenario)).unwrap();
        let session = lab.open_session(&format!("{world}{path}"), channel, Moment::LAB).unwrap();
        Self { lab, world, session, sent: 0, heard: Vec::new() }
    }

    /// Sends a message with this action and body.
    fn send(&mut self, action: &str, body: &str) -> Vec<String> {
        self.sent += 1;
        let text = format!(
            "<s:Envelope xmlns:s='{}' xmlns:a='{}'><s:Header><a:Action>{action}</a:Action><a:MessageID>{}</a:MessageID>\
             </s:Header><s:Body>{body}</s:Body></s:Envelope>",
            namespace::SOAP12,
            namespace::ADDRESSING,
            self.sent
        );
        let document = xml::read(text.as_bytes(), &Limits::default()).unwrap();
        let outs = self.session.receive(&document, Moment::LAB);
        let shown = outs.iter().map(shown).collect();
        self.heard.extend(outs);
        shown
    }

    fn call(&mut self, operation: &str, inside: &str) -> Vec<String> {
        let action = format!("{}/IIpamOperationWithProgress/{operation}", namespace::IPAM);
        self.send(
            &action,
            &format!(
                "<{operation} xmlns='{0}' xmlns:m='{0}' xmlns:i='{1}'>{inside}</{operation}>",
                namespace::IPAM,
                namespace::XSI
            ),
        )
    }

    fn initialize(&mut self) -> Vec<String> {
        self.call("InitializeOperationParameters", EDIT)
    }

    fn start(&mut self) -> Vec<String> {
        self.call("StartOperationWithCallback", "")
    }

    /// Initializes, and starts.
    fn run(&mut self) -> Vec<String> {
        assert_eq!(self.initialize(), ["reply 1 InitializeOperationParametersResponse"]);
        self.start()
    }

    fn advance(&mut self, seconds: u64) -> Vec<String> {
        assert!(self.lab.advance(self.world, Duration::from_secs(seconds)));
        self.session.poll(Moment::LAB).iter().map(shown).collect()
    }
}

/// Something that came, in a line.
fn shown(out: &Out) -> String {
    let message = match out {
        Out::End => return "end".to_owned(),
        Out::Abort => return "abort".to_owned(),
        Out::Message(message) => message,
    };
    let document = xml::read(message.text.as_bytes(), &Limits::default()).unwrap();
    let header = document.root.child(namespace::SOAP12, "Header");
    let block = |name| Some(header?.child(namespace::ADDRESSING, name)?.text());
    let body = document.root.child(namespace::SOAP12, "Body").unwrap().elements().next().unwrap();
    let relates = block("RelatesTo").unwrap_or_default();
    assert_eq!(block("Action"), message.action);
    match message.kind {
        Kind::Reply => format!("reply {relates} {}", body.name.local),
        Kind::Fault { .. } => {
            assert!(body.name.is(namespace::SOAP12, "Fault"));
            format!("fault {relates}")
        }
        Kind::Callback => {
            assert!(header.unwrap().child(namespace::ADDRESSING, "RelatesTo").is_none());
            let told: Vec<_> = leaves(body).into_iter().collect();
            [body.name.local.to_string()].into_iter().chain(told).collect::<Vec<_>>().join(" ")
        }
    }
}

/// What matters in a callback: ids, status, percentages.
fn leaves(body: &Element) -> Vec<String> {
    let instance = body.child(namespace::IPAM, "subTaskInstance");
    let id = instance.and_then(|instance| instance.child(namespace::IPAM, "SubTaskInstanceId"));
    let names = ["status", "percentComplete", "completionPercentage", "overallStatus"];
    let own = names.iter().filter_map(|name| body.child(namespace::IPAM, name));
    let added = instance.filter(|_| &*body.name.local == "AddSubTask");
    let status = added.and_then(|instance| instance.child(namespace::IPAM, "SubTaskStatus"));
    id.into_iter().chain(status).chain(own).map(|element| element.text().trim().to_owned()).collect()
}

/// Start, its reply, what comes between, and the end.
fn whole(middle: &[&str], overall: &str) -> Vec<String> {
    let mut told = vec!["StartProgressCallback".to_owned(), "reply 2 StartOperationWithCallbackResponse".to_owned()];
    told.extend(middle.iter().map(|line| (*line).to_owned()));
    told.extend([format!("SetOverallStatus {overall}"), "end".to_owned()]);
    told
}

fn honest() -> Vec<String> {
    whole(MIDDLE, "CompletedWithSuccess")
}

#[test]
fn an_operation_is_initialized_started_told_of_and_ended() {
    let mut talk = Talk::new(Behaviour::default(), "default");
    assert_eq!(talk.run(), honest());
    assert!(!talk.session.is_open());
    assert_eq!(talk.session.next_due(), None);
    assert_eq!(talk.start(), Vec::<String>::new());
}

#[test]
fn scenarios_tell_of_other_operations() {
    let told = |scenario: &str| Talk::new(Behaviour::default(), scenario).run();
    assert_eq!(told("no-subtasks"), whole(&["SetCompletionPercentage 100"], "CompletedWithSuccess"));
    assert_eq!(told("operation-fails"), whole(&[], "CompletedWithFailure"));
    let mut middle = MIDDLE.to_vec();
    middle[6] = "SetSubTaskStatus 2 CompletedWithWarning 100";
    assert_eq!(told("subtask-warns"), whole(&middle, "CompletedWithSuccess"));
    middle[6] = "SetSubTaskStatus 2 CompletedWithError 100";
    middle.pop();
    assert_eq!(told("subtask-fails"), whole(&middle, "CompletedWithFailure"));
    let scripted = told("subtasks success error not-run");
    assert_eq!(scripted.iter().filter(|line| line.starts_with("AddSubTask")).count(), 3);
    assert_eq!(scripted[8], "SetSubTaskStatus 2 InProgress 0");
    assert_eq!(scripted[9], "SetSubTaskStatus 2 CompletedWithError 100");
    assert_eq!(scripted[11], "SetSubTaskStatus 3 NotRun 0");
    assert_eq!(scripted[13..], ["SetOverallStatus CompletedWithFailure", "end"]);
    assert_eq!(told("subtasks"), whole(&[], "CompletedWithSuccess"));
    let instead = Talk::new(Variant::FaultsInPlaceOfFailure, "operation-fails").run();
    assert_eq!(instead, ["StartProgressCallback", "fault 2", "end"]);
}

#[test]
fn an_operation_that_takes_thirty_seconds_is_told_of_as_the_clock_moves() {
    let mut talk = Talk::new(Behaviour::default(), "operation-takes-30s");
    let whole = honest();
    assert_eq!(talk.run(), whole[..5]);
    assert_eq!(talk.start(), ["fault 3"]);
    assert_eq!(talk.initialize(), ["fault 4"]);
    assert_eq!(talk.advance(14), Vec::<String>::new());
    assert_eq!(talk.session.next_due(), Some(Moment::LAB.after(Duration::from_secs(15))));
    assert_eq!(talk.advance(1), whole[5..8]);
    assert_eq!(talk.advance(60), whole[8..]);
}

#[test]
fn what_cannot_be_initialized_is_refused_and_ends_the_session() {
    let unknown = EDIT.replace("EditDhcpServer", "EditEverything");
    for inside in ["", "<paramters i:nil='true'/>", &unknown, "<paramters/>"] {
        let mut talk = Talk::new(Behaviour::default(), "default");
        assert_eq!(talk.call("InitializeOperationParameters", inside), ["fault 1", "end"], "{inside}");
        let mut kept = Talk::new(Mutant::KeepsRefusedSession, "default");
        assert_eq!(kept.call("InitializeOperationParameters", inside), ["fault 1"]);
        assert_eq!(kept.start(), ["fault 2"]);
        let mut starts = Talk::new(Mutant::StartsAfterRefusal, "default");
        assert_eq!(starts.call("InitializeOperationParameters", inside), ["fault 1"]);
        assert_eq!(starts.start(), honest());
    }
    for (mutant, inside) in [(Mutant::InitializesNull, ""), (Mutant::InitializesUnknownOperation, &unknown)] {
        let mut talk = Talk::new(mutant, "default");
        let told = talk.call("InitializeOperationParameters", inside);
        assert_eq!(told, ["reply 1 InitializeOperationParametersResponse"], "{mutant:?}");
        assert_eq!(talk.start(), honest());
    }
}

#[test]
fn calls_out_of_order_are_refused_and_leave_the_session_as_it_is() {
    let mut talk = Talk::new(Behaviour::default(), "default");
    assert_eq!(talk.start(), ["fault 1"]);
    assert_eq!(talk.initialize(), ["reply 2 InitializeOperationParametersResponse"]);
    assert_eq!(talk.initialize(), ["fault 3"]);
    assert_eq!(talk.start().last().unwrap(), "end");
    let mut open = Talk::new(Mutant::StaysOpen, "default");
    assert_eq!(open.run(), honest()[..11]);
    assert_eq!((open.start(), open.initialize()), (vec!["fault 3".to_owned()], vec!["fault 4".to_owned()]));
    let mut early = Talk::new(Mutant::StartsUninitialized, "default");
    assert_eq!(early.start(), honest().iter().map(|line| line.replace("reply 2", "reply 1")).collect::<Vec<_>>());
}

#[test]
fn parameters_that_do_not_fit_fail_where_the_server_looks_at_them() {
    let base = EDIT.replace("m:UpdateDhcpServerParameters", "m:IpamOperationWithProgressParameters");
    let other = EDIT.replace("m:UpdateDhcpServerParameters", "m:DeleteSuperscopesParameters");
    let failed = whole(&[], "CompletedWithFailure");
    for inside in [&base, &other] {
        let told = |behaviour: Behaviour| {
            let mut talk = Talk::new(behaviour, "default");
            let first = talk.call("InitializeOperationParameters", inside);
            [first, talk.start()].concat()
        };
        let initialized = "reply 1 InitializeOperationParametersResponse";
        let plain = told(Behaviour::default());
        assert_eq!((plain[0].as_str(), &plain[1..]), (initialized, &failed[..]));
        assert_eq!(told(Variant::RefusesTypeAtStart.into()), [initialized, "fault 2", "end"]);
        assert_eq!(told(Variant::RefusesTypeAtInitialize.into()), ["fault 1", "end"]);
        assert_eq!(told(Mutant::StartsWrongType.into())[1..], honest());
    }
    let nothing = EDIT.replace("i:type='m:DhcpServerV4'", "i:nil='true'").replace("<RecordId>17</RecordId>", "");
    for (behaviour, expected) in [(Behaviour::default(), failed), (Mutant::StartsWithoutObject.into(), honest())] {
        let mut talk = Talk::new(behaviour, "default");
        talk.call("InitializeOperationParameters", &nothing);
        assert_eq!(talk.start(), expected);
    }
}

#[test]
fn what_a_client_may_not_send_is_ignored_and_so_is_a_keepalive() {
    let callback = CALLBACKS[3].actions[1];
    let mut talk = Talk::new(Behaviour::default(), "default");
    assert_eq!(talk.send(callback, ""), Vec::<String>::new());
    assert_eq!(talk.send(KEEPALIVE_ACTION, ""), Vec::<String>::new());
    assert_eq!(talk.send("urn:nothing", ""), ["fault 3"]);
    assert_eq!(talk.call("Nonsense", ""), ["fault 4"]);
    assert_eq!(Talk::new(Mutant::AnswersKeepalive, "default").send(KEEPALIVE_ACTION, ""), ["fault 1"]);
    assert_eq!(Talk::new(Mutant::AnswersClientCallback, "default").send(callback, ""), ["fault 1"]);
    let mut obeys = Talk::new(Mutant::ObeysClientCallback, "operation-takes-30s");
    obeys.run();
    assert_eq!(obeys.send(callback, ""), ["SetOverallStatus CompletedWithSuccess", "end"]);
}

#[test]
fn a_server_that_may_not_serve_refuses_what_it_should() {
    for (scenario, first, second) in [
        ("not-provisioned", "fault 1", "fault 2"),
        ("conversion-required", "fault 1", "fault 2"),
        ("access-denied", "reply 1 InitializeOperationParametersResponse", "fault 2"),
        ("start-denied", "reply 1 InitializeOperationParametersResponse", "fault 2"),
    ] {
        let mut talk = Talk::new(Behaviour::default(), scenario);
        assert_eq!((talk.initialize(), talk.start()), (vec![first.to_owned()], vec![second.to_owned()]), "{scenario}");
    }
}

#[test]
fn lies_about_the_course_of_an_operation_show() {
    let told = |mutant: Mutant| Talk::new(mutant, "default").run();
    let without = |places: &[usize]| {
        let kept = honest().into_iter().enumerate().filter(|(place, _)| !places.contains(place));
        kept.map(|(_, line)| line).collect::<Vec<_>>()
    };
    let with = |place: usize, line: &str| {
        let mut told = honest();
        told.insert(place, line.to_owned());
        told
    };
    let reply = "reply 2 StartOperationWithCallbackResponse";
    assert_eq!(told(Mutant::NoStartReply), without(&[1]));
    let mut twice = with(11, reply);
    twice.swap(0, 1);
    assert_eq!(told(Mutant::StartRepliesTwice), twice);
    let silent = told(Mutant::NoStartProgress);
    assert!(!silent.contains(&"StartProgressCallback".to_owned()) && silent.len() == 11);
    let late = told(Mutant::LateStartProgress);
    assert_eq!((late[0].as_str(), late[2].as_str()), ("AddSubTask 1 NotStarted", "StartProgressCallback"));
    assert_eq!(told(Mutant::NoOverallStatus), without(&[10]));
    assert_eq!(told(Mutant::SucceedsBeforeSubtasks), without(&[8]));
    assert_eq!(told(Mutant::CallsBackAfterEnd), with(11, "SetCompletionPercentage 100"));
    assert_eq!(told(Mutant::StaysOpen), without(&[11]));
    assert_eq!(told(Mutant::TellsOfUnknownSubtask), with(10, "SetSubTaskStatus 99 CompletedWithSuccess 100"));
    assert_eq!(told(Mutant::AddsSubtaskTwice), with(2, "AddSubTask 1 NotStarted"));
    assert!(told(Mutant::OverallWithWarnings).contains(&"SetOverallStatus CompletedWithWarnings".to_owned()));
    let hidden = Talk::new(Mutant::HidesFailure, "subtask-fails").run();
    assert!(hidden.contains(&"SetOverallStatus CompletedWithSuccess".to_owned()));
}

/// All that comes in talks that tell every lie of sessions from the truth.
fn talks(behaviour: &Behaviour) -> Vec<Out> {
    let nothing = EDIT.replace("i:type='m:DhcpServerV4'", "i:nil='true'").replace("<RecordId>17</RecordId>", "");
    let mut heard = Vec::new();
    let edit = |id: &str| EDIT.replace("EditDhcpServer", id);
    for (scenario, inside, between) in [
        ("default", EDIT, None),
        ("default", &edit(" EditDhcpServer"), None),
        ("default", &edit("editdhcpserver"), None),
        ("default", &edit("0"), None),
        ("default", &edit("ReloadDnsZones"), None),
        ("operation-fails", EDIT, None),
        ("subtask-fails", EDIT, Some(CALLBACKS[0].actions[0])),
        ("default", "", None),
        ("default", "<paramters><OperationId>x</OperationId></paramters>", None),
        ("default", &EDIT.replace(" i:type='m:UpdateDhcpServerParameters'", ""), None),
        ("default", &nothing, Some(KEEPALIVE_ACTION)),
    ] {
        let mut talk = Talk::new(behaviour.clone(), scenario);
        talk.call("InitializeOperationParameters", inside);
        if let Some(action) = between {
            talk.send(action, "");
        }
        talk.start();
        heard.extend(talk.heard);
    }
    // Objects that no server may take.
    for (id, object) in [
        ("EditDhcpServer", "<Server/>"),
        ("CreateDhcpScope", "<Scope><PrefixLength>31</PrefixLength></Scope>"),
        ("CreateDhcpReservation", "<Reservation><Name> </Name></Reservation>"),
        ("CreateIpamIPAddress", "<Address><Address><m_Address>127</m_Address></Address></Address>"),
        ("CreateDnsZone", "<ServerZone><ZoneType>None</ZoneType></ServerZone>"),
    ] {
        let mut talk = Talk::new(behaviour.clone(), "default");
        let kind = AdminOperation::named(id).unwrap().parameters;
        let inside = format!("<paramters i:type='m:{kind}'><OperationId>{id}</OperationId>{object}</paramters>");
        talk.call("InitializeOperationParameters", &inside);
        talk.start();
        heard.extend(talk.heard);
    }
    let mut early = Talk::new(behaviour.clone(), "default");
    early.start();
    heard.extend(early.heard);
    // One beside another.
    let mut first = Talk::new(behaviour.clone(), "default");
    first.initialize();
    first.start();
    let beside = first.lab.open_session(&format!("{}{PATH}", first.world), Channel::Stream, Moment::LAB).unwrap();
    first.session = beside;
    first.initialize();
    heard.extend(first.heard);
    // Idle, for a time that is short and for one that is not.
    for seconds in [45, 3600] {
        let mut idle = Talk::new(behaviour.clone(), "default");
        idle.advance(seconds);
        idle.initialize();
        heard.extend(idle.heard);
    }
    heard
}

#[test]
fn every_lie_and_every_variant_of_sessions_shows_in_some_talk() {
    let plain = talks(&Behaviour::default());
    for mutant in Mutant::ALL.iter().filter(|mutant| mutant.is_of_sessions() && !mutant.is_of_net_tcp()) {
        assert!(talks(&(*mutant).into()) != plain, "{mutant:?}");
    }
    for variant in Variant::ALL.iter().filter(|variant| variant.is_of_sessions() && !variant.is_of_net_tcp()) {
        assert!(talks(&(*variant).into()) != plain, "{variant:?}");
    }
}

#[test]
fn variants_tell_the_same_course_in_other_ways() {
    let told = |variant: Variant| Talk::new(variant, "default").run();
    let reply = "reply 2 StartOperationWithCallbackResponse".to_owned();
    assert_eq!(told(Variant::StartReplyFirst)[0], reply);
    assert_eq!(told(Variant::StartReplyLast)[10..], [reply, "end".to_owned()]);
    for variant in [Variant::NoPercentage, Variant::NonDeterministic] {
        assert!(!told(variant).iter().any(|line| line.starts_with("SetCompletionPercentage")), "{variant:?}");
    }
    assert!(told(Variant::FractionalPercentage).contains(&"SetCompletionPercentage 50.000".to_owned()));
    assert_eq!(told(Variant::MoreSubtasks).iter().filter(|line| line.starts_with("AddSubTask")).count(), 5);
    assert_eq!(told(Variant::LateSubtasks)[6], "AddSubTask 2 NotStarted");
    assert_eq!(told(Variant::SubtasksAddedEnded)[2], "AddSubTask 1 CompletedWithSuccess");
    assert_eq!(told(Variant::OverallInProgress)[2], "SetOverallStatus InProgress");
    for variant in Variant::ALL.iter().copied() {
        let lines = told(variant);
        assert_eq!(lines.iter().filter(|line| *line == "SetOverallStatus CompletedWithSuccess").count(), 1);
        assert_eq!(lines.last().unwrap(), "end");
        assert_eq!(lines.iter().filter(|line| line.starts_with("reply")).count(), 1, "{variant:?}");
    }
}

#[test]
fn an_idle_session_is_broken_off_and_a_keepalive_saves_it() {
    for path in [PATH, "/Ipam/Server"] {
        let mut talk = Talk::at(path, Behaviour::default(), "default", Channel::Stream);
        assert_eq!(talk.advance(59), Vec::<String>::new());
        assert_eq!(talk.advance(1), ["abort"]);
        assert!(!talk.session.is_open());
        let mut kept = Talk::at(path, Behaviour::default(), "default", Channel::Stream);
        for _ in 0..10 {
            assert_eq!(kept.advance(45), Vec::<String>::new());
            assert_eq!(kept.send(KEEPALIVE_ACTION, ""), Vec::<String>::new());
        }
        assert_eq!(kept.advance(3600), ["abort"]);
        let mut patient = Talk::at(path, Mutant::NeverBreaksOff, "default", Channel::Stream);
        assert_eq!(patient.advance(u64::MAX), Vec::<String>::new());
        assert_eq!(patient.session.next_due(), None);
    }
}

#[test]
fn a_session_with_request_and_reply_answers_and_stays_open() {
    let ask = |talk: &mut Talk| {
        let body = format!("<IsIpamConfigured xmlns='{}'/>", namespace::IPAM);
        talk.send(&format!("{}/IIpamServer/IsIpamConfigured", namespace::IPAM), &body)
    };
    let mut talk = Talk::at("/Ipam/Server", Behaviour::default(), "default", Channel::Stream);
    assert_eq!(ask(&mut talk), ["reply 1 IsIpamConfiguredResponse"]);
    assert_eq!(ask(&mut talk), ["reply 2 IsIpamConfiguredResponse"]);
    // On a stream nothing but the header can tell the action; `shown` looks for it there.
    let mut stream = Talk::at("/Ipam/Server", Variant::ActionInMediaType, "default", Channel::Stream);
    assert_eq!(ask(&mut stream), ["reply 1 IsIpamConfiguredResponse"]);
    assert!(talk.lab.close(talk.world));
    assert_eq!(ask(&mut talk), ["abort"]);
}

#[test]
fn sessions_of_one_world_do_not_know_each_other() {
    let mut first = Talk::new(Behaviour::default(), "default");
    let path = format!("{}{PATH}", first.world);
    let mut second = first.lab.open_session(&path, Channel::Posts, Moment::LAB).unwrap();
    first.initialize();
    assert_eq!(second.port_type(), PortType::IIpamOperationWithProgress);
    assert!(second.poll(Moment::LAB).is_empty());
    assert_eq!(first.start(), honest());
    assert!(second.is_open());
    assert!(first.lab.open_session("/lab/9/Ipam/Server", Channel::Stream, Moment::LAB).is_none());
    assert!(first.lab.open_session("/Ipam/Nothing", Channel::Stream, Moment::LAB).is_none());
    assert_eq!(first.lab.port_type_at(&path), Some(PortType::IIpamOperationWithProgress));
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_when_the_clock_of_the_world_has_moved_far_enough() {
    let mut talk = Talk::new(Behaviour::default(), "operation-takes-30s");
    talk.run();
    let (lab, world) = (talk.lab.clone(), talk.world);
    let moving = async {
        for _ in 0..15 {
            tokio::task::yield_now().await;
            lab.advance(world, Duration::from_secs(1));
        }
    };
    tokio::join!(talk.session.due(), moving);
    assert_eq!(talk.session.poll(Moment::LAB).len(), 3);
    lab.close(world);
    talk.session.due().await;
    assert_eq!(talk.session.poll(Moment::LAB), [Out::Abort]);
}

#[tokio::test]
async fn the_default_world_goes_by_the_clock_that_it_is_given() {
    let lab = Lab::new(Behaviour::default(), Scenario::Default, Moment::LAB);
    let now = Moment::of(SystemTime::now());
    let mut session = lab.open_session(PATH, Channel::Stream, now).unwrap();
    assert_eq!(session.next_due(), Some(now.after(Duration::from_secs(15))));
    assert!(session.poll(now.after(Duration::from_secs(59))).is_empty());
    assert_eq!(session.poll(now.after(Duration::from_mins(1))), [Out::Abort]);
    let mut late = lab.open_session(PATH, Channel::Stream, Moment::LAB).unwrap();
    // Long past: it waits for nothing.
    late.due().await;
    assert_eq!(late.poll(now), [Out::Abort]);
}
