//! The machines against second opinions: another explorer, and the reference server.
//!
//! Stateright explores the same declarations by a model of its own, and finds as many states and steps. The reference
//! server, which knows nothing of machines, is driven over both bindings' sessions in every order that a client can think
//! of, scenarios included in which it refuses: what it says is allowed, and each of its lies breaks the requirement that it
//! names. An order that shows a difference is shrunk to the shortest that a client could still have taken.

use std::{sync::Arc, time::Duration};

use ipamspec::{
    model::{
        Event, Graph, Machine, OPERATION_WITH_PROGRESS, OPERATION_WITH_PROGRESS_CALLBACK, Symbol, Track,
        machine::{CALLED, INITIALIZING, LEFT, REPEATS, REPLIED, SEVERAL, Tells, UNSEEN_END},
        tables_of,
    },
    reference::{Addresses, Behaviour, Channel, Lab, Moment, Mutant, Out, Server, Session, Variant, WorldId},
    session::{End, HttpHead, Observed, Outgoing, Received},
    spec::{KEEPALIVE_ACTION, PortType, namespace},
    xml,
};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use stateright::{Checker as _, Model, Property};

/// A machine as stateright reads it: what was asked is counted here once more.
struct Second(&'static Machine);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Seen {
    state: u8,
    end_shows: bool,
    left: bool,
    repeats: bool,
    initializing: bool,
    starts: u8,
    faults: u8,
    replies: u8,
    begun: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Does {
    Initializes { repeats: bool },
    Starts,
    Leaves,
    Follows(usize),
    Unsaid,
}

impl Seen {
    fn holds(&self) -> u8 {
        let waiting = self.starts - self.faults;
        [
            (waiting > self.begun, CALLED),
            (waiting > 1, SEVERAL),
            (self.replies > 0, REPLIED),
            (self.repeats, REPEATS),
            (self.initializing, INITIALIZING),
            (self.left, LEFT),
            (!self.end_shows, UNSEEN_END),
        ]
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, condition)| condition)
        .sum()
    }
}

impl Model for Second {
    type State = Seen;
    type Action = Does;

    fn init_states(&self) -> Vec<Seen> {
        let first = |end_shows| Seen {
            state: 0,
            end_shows,
            left: false,
            repeats: false,
            initializing: false,
            starts: 0,
            faults: 0,
            replies: 0,
            begun: 0,
        };
        vec![first(true), first(false)]
    }

    fn actions(&self, seen: &Seen, actions: &mut Vec<Does>) {
        if seen.state == self.0.end {
            return;
        }
        if !seen.left {
            actions.push(Does::Leaves);
            if !seen.initializing {
                actions.extend([true, false].map(|repeats| Does::Initializes { repeats }));
            }
            if seen.starts < 2 {
                actions.push(Does::Starts);
            }
        }
        if Some(seen.state) == self.0.unsaid {
            return actions.push(Does::Unsaid);
        }
        let open = |output| match output {
            Symbol::INITIALIZED | Symbol::INITIALIZE_FAULT => seen.initializing,
            Symbol::STARTED | Symbol::START_FAULT => seen.starts > seen.faults + seen.replies,
            _ => true,
        };
        let leaves = |(_, arrow): &(usize, &ipamspec::model::Arrow)| {
            arrow.from == seen.state && open(arrow.output) && arrow.guard.holds(seen.holds())
        };
        actions.extend(self.0.arrows.iter().enumerate().filter(leaves).map(|(place, _)| Does::Follows(place)));
    }

    fn next_state(&self, before: &Seen, does: Does) -> Option<Seen> {
        let mut seen = before.clone();
        match does {
            Does::Initializes { repeats } => (seen.initializing, seen.repeats) = (true, repeats),
            Does::Starts => seen.starts += 1,
            Does::Leaves => seen.left = true,
            Does::Unsaid => seen.state = self.0.end,
            Does::Follows(place) => {
                let arrow = self.0.arrows.get(place)?;
                seen.state = arrow.to;
                match arrow.output {
                    Symbol::INITIALIZED | Symbol::INITIALIZE_FAULT => seen.initializing = false,
                    Symbol::STARTED => seen.replies += 1,
                    Symbol::START_FAULT => seen.faults += 1,
                    output => {
                        let begins = |of: &&ipamspec::model::Output| of.symbol == output && of.tells == Tells::Begin;
                        seen.begun += u8::from(self.0.outputs.iter().any(|of| begins(&of)));
                    }
                }
                seen.begun = seen.begun.min(seen.starts - seen.faults);
            }
        }
        Some(seen)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        // Without one that stays open it would not look any further.
        vec![Property::always("every state is one of the machine", |second: &Self, seen: &Seen| {
            usize::from(seen.state) < second.0.states.len()
        })]
    }
}

#[test]
fn another_explorer_finds_as_much() {
    for machine in [&OPERATION_WITH_PROGRESS, &OPERATION_WITH_PROGRESS_CALLBACK] {
        let graph = Graph::of(machine, 2);
        let checker = Second(machine).checker().spawn_bfs().join();
        checker.assert_properties();
        assert_eq!(checker.unique_state_count(), graph.nodes.len(), "{}", machine.name);
        // It counts where it begins as well.
        assert_eq!(checker.state_count(), graph.edges.len() + 2, "{}", machine.name);
    }
}

/// What a client does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Initialize,
    InitializeNothing,
    InitializeUnknown,
    InitializeOther,
    Start,
    Keepalive,
    Callback,
    Wait(u8),
    Leave,
}

/// What a client has done with a session of one kind: what it may do next.
#[derive(Debug, Clone)]
struct Client {
    scenario: &'static str,
    channel: Channel,
    left: bool,
}

impl ReferenceStateMachine for Client {
    type State = Self;
    type Transition = Act;

    fn init_state() -> BoxedStrategy<Self> {
        let (scenario, channel) = (proptest::sample::select(&SCENARIOS[..]), proptest::sample::select(&CHANNELS[..]));
        (scenario, channel).prop_map(|(scenario, channel)| Self { scenario, channel, left: false }).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Act> {
        prop_oneof![
            4 => Just(Act::Initialize),
            1 => Just(Act::InitializeNothing),
            1 => Just(Act::InitializeUnknown),
            1 => Just(Act::InitializeOther),
            5 => Just(Act::Start),
            1 => Just(Act::Keepalive),
            1 => Just(Act::Callback),
            3 => (0..45_u8).prop_map(Act::Wait),
            1 => Just(Act::Leave),
        ]
        .boxed()
    }

    fn apply(before: Self, act: &Act) -> Self {
        Self { left: before.left || *act == Act::Leave, ..before }
    }

    fn preconditions(client: &Self, act: &Act) -> bool {
        // Who has left hears what was on its way, and says no more.
        !client.left || matches!(act, Act::Wait(_))
    }
}

/// The reference server and the machine, each beside the other.
struct Followed {
    talk: Talk,
    _server: Arc<Server>,
    _runtime: tokio::runtime::Runtime,
}

impl StateMachineTest for Followed {
    type SystemUnderTest = Self;
    type Reference = Client;

    fn init_test(client: &Client) -> Self {
        let (runtime, server) = started(Behaviour::default());
        Self { talk: Talk::new(&server, client.scenario, client.channel), _server: server, _runtime: runtime }
    }

    fn apply(mut self_: Self, _: &Client, act: Act) -> Self {
        self_.talk.act(act);
        self_
    }

    fn teardown(self_: Self, _: Client) {
        assert_eq!(self_.talk.broken(), []);
    }
}

/// A session with the reference server, followed by its machine.
struct Talk {
    lab: Lab,
    world: WorldId,
    session: Session,
    track: Track<'static>,
    channel: Channel,
    sent: usize,
}

impl Talk {
    fn new(server: &Server, scenario: &str, channel: Channel) -> Self {
        let lab = server.lab();
        let world = lab.open(Some(scenario)).expect("a scenario");
        let path = format!("{}/Ipam/OperationWithProgress", world.path_prefix());
        let session = lab.open_session(&path, channel, Moment::LAB).expect("a session");
        let tables = tables_of(PortType::IIpamOperationWithProgress).expect("its tables");
        let track = Track::new(PortType::IIpamOperationWithProgress, tables, channel == Channel::Stream);
        Self { lab, world, session, track, channel, sent: 0 }
    }

    fn act(&mut self, act: Act) {
        let initialize = |inside: &str| ("InitializeOperationParameters", inside.to_owned());
        let edit = "<paramters i:type='m:UpdateDhcpServerParameters'><OperationId>EditDhcpServer</OperationId>\
                    <Server i:type='m:DhcpServerV4'><RecordId>17</RecordId></Server></paramters>";
        let (name, inside) = match act {
            Act::Initialize => initialize(edit),
            Act::InitializeNothing => initialize(""),
            Act::InitializeUnknown => initialize(&edit.replace("EditDhcpServer", "NoSuchOperation")),
            Act::InitializeOther => initialize(&edit.replace("EditDhcpServer", "CreateDnsZone")),
            Act::Start => ("StartOperationWithCallback", String::new()),
            Act::Callback => ("SetCompletionPercentage", "<completionPercentage>5</completionPercentage>".to_owned()),
            Act::Keepalive => return self.send(KEEPALIVE_ACTION, ""),
            Act::Wait(seconds) => {
                assert!(self.lab.advance(self.world, Duration::from_secs(seconds.into())));
                let outs = self.session.poll(Moment::LAB);
                return self.hear(outs);
            }
            Act::Leave => return self.track.take(Event::of(Symbol::LEAVE), 1),
        };
        let action = format!("{}/IIpamOperationWithProgress/{name}", namespace::IPAM);
        let body = format!(
            "<{name} xmlns='{0}' xmlns:m='{0}' xmlns:i='{1}'>{inside}</{name}>",
            namespace::IPAM,
            namespace::XSI
        );
        self.send(&action, &body);
    }

    fn send(&mut self, action: &str, body: &str) {
        if !self.session.is_open() {
            return;
        }
        self.sent += 1;
        let text = format!(
            "<s:Envelope xmlns:s='{}' xmlns:a='{}'><s:Header><a:Action>{action}</a:Action>\
             <a:MessageID>urn:{}</a:MessageID></s:Header><s:Body>{body}</s:Body></s:Envelope>",
            namespace::SOAP12,
            namespace::ADDRESSING,
            self.sent
        );
        let message_id = Some(format!("urn:{}", self.sent));
        let outgoing =
            Outgoing { action: Some(action.to_owned()), message_id, envelope: text.clone().into_bytes().into() };
        self.track.see(&Observed::Sent(outgoing), 1, &|_| false);
        let document = xml::read(text.as_bytes(), &xml::Limits::default()).expect("XML");
        let outs = self.session.receive(&document, Moment::LAB);
        self.hear(outs);
    }

    fn hear(&mut self, outs: Vec<Out>) {
        for out in outs {
            let observed = match out {
                Out::Message(message) => {
                    let content_type = message.action.map(|action| format!("a/b; action=\"{action}\""));
                    let http = (self.channel == Channel::Posts).then_some(HttpHead { status: 200, content_type });
                    Observed::Received(Received::text(message.text.into(), http))
                }
                // HTTP does not show that a session ends.
                Out::End | Out::Abort if self.channel == Channel::Posts => continue,
                Out::End => Observed::Ended(End::Ended),
                Out::Abort => Observed::Ended(End::Reset),
            };
            self.track.see(&observed, 1, &|_| false);
        }
    }

    /// What the machine says was broken: requirements, and the shortest prefix that shows each.
    fn broken(self) -> Vec<(String, String)> {
        let broken = self.track.finish().breaches;
        broken.into_iter().map(|(breach, prefix)| (breach.requirement.to_owned(), prefix)).collect()
    }
}

/// What the reference server does when a client does all this.
fn talked(server: &Server, scenario: &str, channel: Channel, acts: &[Act]) -> Vec<(String, String)> {
    let mut talk = Talk::new(server, scenario, channel);
    for act in acts {
        talk.act(*act);
    }
    talk.broken()
}

fn started(behaviour: impl Into<Behaviour>) -> (tokio::runtime::Runtime, Arc<Server>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let server = {
        let _inside = runtime.enter();
        Arc::new(Server::start(Addresses::FREE, behaviour.into()).expect("a loopback port"))
    };
    (runtime, server)
}

const SCENARIOS: [&str; 9] = [
    "default",
    "no-subtasks",
    "subtask-warns",
    "subtask-fails",
    "operation-fails",
    "operation-takes-30s",
    "not-provisioned",
    "access-denied",
    "start-denied",
];

const CHANNELS: [Channel; 2] = [Channel::Stream, Channel::Posts];

prop_state_machine! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_client_does_the_reference_server_is_allowed_to(sequential 1..12 => Followed);
}

#[test]
fn every_variant_is_allowed_in_every_scenario() {
    let orders: [&[Act]; 5] = [
        &[Act::Initialize, Act::Start, Act::Wait(40)],
        &[Act::InitializeOther, Act::Start, Act::Wait(40)],
        &[Act::InitializeNothing, Act::Start],
        &[Act::Start, Act::Initialize, Act::Start, Act::Wait(10), Act::Start, Act::Wait(30)],
        &[Act::Keepalive, Act::Callback, Act::Initialize, Act::Initialize, Act::Start, Act::Callback, Act::Wait(40)],
    ];
    for variant in Variant::ALL.iter().copied() {
        let (_runtime, server) = started(variant);
        for scenario in SCENARIOS {
            for (acts, channel) in orders.into_iter().flat_map(|acts| CHANNELS.map(|channel| (acts, channel))) {
                assert_eq!(talked(&server, scenario, channel, acts), [], "{variant:?} {scenario} {channel:?} {acts:?}");
            }
        }
    }
}

#[test]
fn each_lie_breaks_the_requirement_that_it_names_and_no_other() {
    let plain = [Act::Initialize, Act::Start, Act::Wait(40)];
    let lies = [
        Mutant::NoStartReply,
        Mutant::StartRepliesTwice,
        Mutant::WrongStartReplyAction,
        Mutant::WrongStartReplyElement,
        Mutant::NoStartProgress,
        Mutant::LateStartProgress,
        Mutant::NoOverallStatus,
        Mutant::SucceedsBeforeSubtasks,
        Mutant::CallsBackAfterEnd,
        Mutant::TellsOfUnknownSubtask,
        Mutant::AddsSubtaskTwice,
        Mutant::CallsBackBeforeStart,
        Mutant::TellsOfNoSubtask,
        Mutant::WrongCallbackAction,
        Mutant::BareSubtask,
        Mutant::CallbackInWrongNamespace,
        Mutant::PercentageNotADecimal,
        Mutant::SubtaskStatusNotInEnumeration,
        Mutant::OverallWithWarnings,
    ];
    let lies = lies.map(|lie| (lie, "default", &plain[..]));
    let others: [(Mutant, &str, &[Act]); 7] = [
        (Mutant::FailsWithoutReason, "subtask-fails", &plain),
        (Mutant::InitializesNull, "default", &[Act::InitializeNothing]),
        (Mutant::InitializesUnknownOperation, "default", &[Act::InitializeUnknown]),
        (Mutant::StartsUninitialized, "default", &[Act::Start, Act::Wait(40)]),
        (Mutant::StartsAfterRefusal, "default", &[Act::InitializeNothing, Act::Start, Act::Wait(40)]),
        (Mutant::ObeysClientCallback, "default", &[Act::Callback, Act::Wait(1)]),
        (Mutant::AnswersKeepalive, "default", &[Act::Keepalive]),
    ];
    for (lie, scenario, acts) in lies.into_iter().chain(others) {
        let (_runtime, server) = started(lie);
        for channel in CHANNELS {
            let broken = talked(&server, scenario, channel, acts);
            let requirements: Vec<&str> = broken.iter().map(|(requirement, _)| requirement.as_str()).collect();
            // Over HTTP what never comes shows in silence alone, for which a case waits, and a keepalive has no address to
            // which it could be answered.
            let is_of_streams =
                matches!(lie, Mutant::NoStartReply | Mutant::NoOverallStatus | Mutant::AnswersKeepalive);
            if channel == Channel::Posts && is_of_streams {
                assert!(requirements.is_empty(), "{lie:?}: {broken:?}");
            } else {
                assert_eq!(requirements, [lie.requirement()], "{lie:?} {channel:?}: {broken:?}");
            }
        }
    }
}
