//! The other families of sessions, declared: the engine carries them without a line of its own.
//!
//! Leaves out what their requests and callbacks hold. Follows [MS-IPAMM2] 3.5.1.1, 3.7.1.1, 3.9.1, 3.11.1.1, 3.13.1.1,
//! 3.15.1.1 and 3.17.1.1.

use super::{
    event::{Event, Symbol},
    explorer::{Graph, Taken},
    machine::{Arrow, CALLED, Guard, LEFT, Machine, Output, Refusal, State, Tells},
    monitor::Monitor,
    progress::OPERATION_WITH_PROGRESS,
    table::Table,
};

const BEGIN: Symbol = Symbol::callback(0);
const GOES_ON: Symbol = Symbol::callback(1);
const COMPLETE: Symbol = Symbol::callback(2);
const CALLBACKS: &[Symbol] = &[BEGIN, GOES_ON, COMPLETE];
const STARTS: &str = "family.begins";
const ORDER: &str = "family.order";
const AFTER: &str = "family.nothing-after-end";
const ENDS: &str = "family.completed-told";

const fn arrow(from: u8, input: Option<Symbol>, output: Symbol, to: u8) -> Arrow {
    let guard = match input {
        Some(Symbol::START) => Guard::when(CALLED),
        _ => Guard::ALWAYS,
    };
    Arrow { from, input, output, guard, to, requirement: ORDER }
}

/// Both sides of a family: the server, the client's callbacks, with their sections and figures.
macro_rules! family {
    ($server:ident $client:ident $names:expr, $sections:expr, $figures:expr, $calls:expr, $word:literal, $told:expr) => {
        static $server: Machine = Machine {
            name: $names[0],
            section: $sections[0],
            figure: $figures[0],
            initialize: $calls[0],
            start: $calls[1],
            outputs: &[
                Output { symbol: BEGIN, name: $told[0], tells: Tells::Begin },
                Output { symbol: GOES_ON, name: $told[1], tells: Tells::Nothing },
                Output { symbol: COMPLETE, name: $told[2], tells: Tells::Success },
            ],
            states: &[
                State::named("Session Initialized"),
                State::named(concat!($word, " Initialized")),
                State::named(concat!($word, " Started")),
                State::named(concat!($word, " In Progress")),
                State::named(concat!($word, " Completed")),
                State::named("session faulted or closed"),
            ],
            end: 5,
            unsaid: None,
            arrows: &[
                arrow(0, Some(Symbol::INITIALIZE), Symbol::INITIALIZED, 1),
                // Ruling `initialize-enumeration-stays`: what is refused leaves the session as it was.
                arrow(0, Some(Symbol::INITIALIZE), Symbol::INITIALIZE_FAULT, 0),
                arrow(1, Some(Symbol::START), BEGIN, 2),
                arrow(2, None, GOES_ON, 3),
                arrow(2, None, COMPLETE, 4),
                arrow(3, None, GOES_ON, 3),
                arrow(3, None, COMPLETE, 4),
                arrow(0, None, Symbol::END, 5),
                arrow(1, None, Symbol::END, 5),
                Arrow { guard: Guard::when(LEFT), ..arrow(2, None, Symbol::END, 5) },
                Arrow { guard: Guard::when(LEFT), ..arrow(3, None, Symbol::END, 5) },
                arrow(4, None, Symbol::END, 5),
                arrow(0, None, Symbol::BROKEN, 5),
                arrow(1, None, Symbol::BROKEN, 5),
                arrow(2, None, Symbol::BROKEN, 5),
                arrow(3, None, Symbol::BROKEN, 5),
                arrow(4, None, Symbol::BROKEN, 5),
            ],
            refusals: &[
                Refusal { states: &[0, 1], outputs: CALLBACKS, guard: Guard::ALWAYS, requirement: STARTS },
                Refusal { states: &[4], outputs: CALLBACKS, guard: Guard::ALWAYS, requirement: AFTER },
                Refusal { states: &[2, 3], outputs: &[Symbol::END], guard: Guard::ALWAYS, requirement: ENDS },
            ],
            otherwise: ORDER,
            rules: OPERATION_WITH_PROGRESS.rules,
        };
        static $client: Machine = Machine {
            name: $names[1],
            section: $sections[1],
            figure: $figures[1],
            states: &[
                State::named(concat!($word, " Callback Initialized")),
                State::named(concat!($word, " In Progress")),
                State::named(concat!($word, " Completed")),
                State::named("session faulted or closed"),
            ],
            end: 3,
            arrows: &[
                arrow(0, None, BEGIN, 1),
                arrow(1, None, GOES_ON, 1),
                arrow(1, None, COMPLETE, 2),
                arrow(0, None, Symbol::END, 3),
                arrow(1, None, Symbol::END, 3),
                arrow(2, None, Symbol::END, 3),
                arrow(0, None, Symbol::BROKEN, 3),
                arrow(1, None, Symbol::BROKEN, 3),
                arrow(2, None, Symbol::BROKEN, 3),
            ],
            refusals: &[],
            ..$server
        };
    };
}

const ROWS: [&str; 3] = ["NotifyEnumerationStart", "EnumeratedRowsCallback", "NotifyEnumerationComplete"];

family!(ENUMERATOR ENUMERATOR_CALLBACK ["IIpamEnumerator", "IIpamEnumeratorCallback"], ["3.5.1.1", "3.7.1.1"], [4, 5],
    ["InitializeEnumeration", "StartEnumeration"], "Enumeration", ROWS);
family!(AUDIT AUDIT_CALLBACK ["IIpamIPAuditEnumerator", "IIpamEnumeratorCallback"], ["3.9.1", "3.7.1.1"], [4, 5],
    ["IPAuditInitializeEnumeration", "IPAuditStartEnumeration"], "Enumeration", ROWS);
family!(PROVISION PROVISION_CALLBACK ["IIpamAsyncProvision", "IIpamAsyncProvisionCallback"],
    ["3.11.1.1", "3.13.1.1"], [7, 8], ["InitializeAsyncProvisioning", "StartAsyncProvisioning"], "Provisioning",
    ["NotifyAsyncProvisionStart", "NotifyAsyncProvisionCheckpoint", "NotifyAsyncProvisionComplete"]);
family!(CONVERSION CONVERSION_CALLBACK ["IIpamAsyncSchemaConversion", "IIpamAsyncSchemaCallback"],
    ["3.15.1.1", "3.17.1.1"], [10, 11], ["InitializeAsyncSchemaConversion", "StartAsyncSchemaConversion"], "Conversion",
    ["NotifyAsyncSchemaConversionStart", "NotifyAsyncSchemaConversionCheckpoint",
     "NotifyAsyncSchemaConversionComplete"]);

static SERVERS: [&Machine; 4] = [&ENUMERATOR, &AUDIT, &PROVISION, &CONVERSION];
static CLIENTS: [&Machine; 4] = [&ENUMERATOR_CALLBACK, &AUDIT_CALLBACK, &PROVISION_CALLBACK, &CONVERSION_CALLBACK];

fn broken(machine: &'static Machine, symbols: &[Symbol]) -> Vec<&'static str> {
    let table = Table::of(machine);
    let mut monitor = Monitor::new(&table, true);
    for symbol in symbols {
        monitor.step(Event::of(*symbol), |_| {});
    }
    monitor.breaches().iter().map(|breach| breach.requirement).collect()
}

#[test]
fn every_family_is_what_a_machine_is() {
    for machine in SERVERS.iter().chain(&CLIENTS) {
        let graph = Graph::of(machine, 1);
        let dead: Vec<_> = (0..machine.arrows.len())
            .filter(|place| !graph.edges.iter().any(|edge| edge.taken == Taken::Arrow(u16::try_from(*place).unwrap())))
            .collect();
        assert!(dead.is_empty(), "{}: {dead:?}", machine.name);
        assert!(graph.traps().iter().flatten().all(|place| graph.nodes[*place].state == machine.end));
    }
}

#[test]
fn sessions_of_every_family_are_judged() {
    let begun = [Symbol::INITIALIZE, Symbol::INITIALIZED, Symbol::START, BEGIN];
    let with = |then: &[Symbol]| [&begun[..], then].concat();
    for machine in SERVERS {
        for conforms in [
            with(&[COMPLETE, Symbol::END]),
            with(&[GOES_ON, GOES_ON, COMPLETE, Symbol::END]),
            [&[Symbol::INITIALIZE, Symbol::INITIALIZE_FAULT][..], &with(&[COMPLETE])].concat(),
            with(&[GOES_ON, Symbol::BROKEN]),
        ] {
            assert_eq!(broken(machine, &conforms), [""; 0], "{} {conforms:?}", machine.name);
        }
        for (planted, requirement) in [
            (vec![GOES_ON], STARTS),
            (vec![Symbol::INITIALIZE, Symbol::INITIALIZED, Symbol::START, GOES_ON, COMPLETE, Symbol::END], STARTS),
            (with(&[BEGIN, COMPLETE, Symbol::END]), ORDER),
            (with(&[COMPLETE, GOES_ON]), AFTER),
            (with(&[COMPLETE, COMPLETE]), AFTER),
            (with(&[GOES_ON, Symbol::END]), ENDS),
        ] {
            assert_eq!(broken(machine, &planted), [requirement], "{} {planted:?}", machine.name);
        }
    }
    for machine in CLIENTS {
        assert_eq!(broken(machine, &[BEGIN, GOES_ON, COMPLETE, Symbol::END]), [""; 0]);
        assert_eq!(broken(machine, &[GOES_ON]), [ORDER]);
    }
}
