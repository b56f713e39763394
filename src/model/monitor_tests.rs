//! Sessions with one planted violation each, and every interleaving of one that conforms.

use std::collections::BTreeSet;

use super::*;
use crate::model::progress::{
    ADD, BEGIN, FAILURE, GOES_ON, OPERATION_WITH_PROGRESS, OPERATION_WITH_PROGRESS_CALLBACK, PERCENTAGE, SUBTASK,
    SUCCESS, UNKNOWN,
};

const INIT: Symbol = Symbol::INITIALIZE;
const INIT_OK: Symbol = Symbol::INITIALIZED;
const INIT_NO: Symbol = Symbol::INITIALIZE_FAULT;
const START: Symbol = Symbol::START;
const OK: Symbol = Symbol::STARTED;
const NO: Symbol = Symbol::START_FAULT;
const END: Symbol = Symbol::END;
const LATE: Symbol = Symbol::LATE;

fn of(symbol: Symbol) -> Event {
    Event::of(symbol)
}

fn added(subtask: u32) -> Event {
    of(ADD).of_subtask(subtask, Status::Open)
}

fn goes_on(subtask: u32) -> Event {
    of(SUBTASK).of_subtask(subtask, Status::Open)
}

fn ended(subtask: u32) -> Event {
    of(SUBTASK).of_subtask(subtask, Status::Ended)
}

/// A failure that says why.
fn failure() -> Event {
    of(FAILURE).with(Facts::DETAILS)
}

fn plain(symbols: &[Symbol]) -> Vec<Event> {
    symbols.iter().copied().map(of).collect()
}

/// A session that was initialized and started, and then this.
fn started(then: &[Event]) -> Vec<Event> {
    let mut events = plain(&[INIT, INIT_OK, START, BEGIN, OK]);
    events.extend(then);
    events
}

fn walked(events: &[Event]) -> Vec<Breach> {
    let table = Table::of(&OPERATION_WITH_PROGRESS);
    let mut monitor = Monitor::new(&table, true);
    for event in events {
        monitor.step(*event, |_| {});
    }
    monitor.finish();
    monitor.breaches().to_vec()
}

fn broken(events: &[Event]) -> Vec<&'static str> {
    walked(events).iter().map(|breach| breach.requirement).collect()
}

const REPLIES: &str = "start-operation-with-callback.replies";
const BEGINS: &str = "start-operation-with-callback.starts-progress";
const UNINITIALIZED: &str = "start-operation-with-callback.uninitialized-does-not-succeed";
const LEAVES: &str = "initialize-operation-parameters.invalid-leaves-uninitialized";
const AFTER: &str = "progress.nothing-after-end";
const STATUS: &str = "progress.overall-status-told";
const WHEN_STARTED: &str = "progress.callbacks-when-started";
const BEFORE_SUCCESS: &str = "progress.subtasks-end-before-success";

/// What is wrong, the trace, and the one requirement that it breaks.
fn planted() -> Vec<(&'static str, Vec<Event>, &'static str)> {
    let whole = |then: &[Event]| started(&[&[added(0), ended(0), of(SUCCESS)], then].concat());
    let failed = |then: &[Event]| started(&[&[failure()], then].concat());
    let facts = |symbol, facts| of(symbol).with(facts);
    vec![
        ("a callback before anything", plain(&[PERCENTAGE]), WHEN_STARTED),
        ("a begin before anything", plain(&[BEGIN]), WHEN_STARTED),
        ("a callback before the start", plain(&[INIT, INIT_OK, ADD]), WHEN_STARTED),
        ("a begin before the start", plain(&[INIT, INIT_OK, BEGIN, START, OK, SUCCESS]), WHEN_STARTED),
        ("a success before the start", plain(&[INIT, INIT_OK, SUCCESS, END]), WHEN_STARTED),
        ("a callback after a refusal", plain(&[INIT, INIT_NO, PERCENTAGE]), WHEN_STARTED),
        ("a callback of another session", plain(&[SUBTASK]), WHEN_STARTED),
        (
            "a client's callback obeyed",
            plain(&[Symbol::CALLBACK, SUCCESS, END]),
            "progress-callback.from-client-ignored",
        ),
        (
            "a client's callback answered with a result",
            plain(&[Symbol::CALLBACK, Symbol::ANSWER]),
            "progress-callback.from-client-ignored",
        ),
        (
            "a client's callback refused",
            vec![of(Symbol::CALLBACK), facts(Symbol::ANSWER, Facts::FAULT)],
            "progress-callback.from-client-silent",
        ),
        (
            "a keepalive answered",
            vec![of(Symbol::KEEPALIVE), facts(Symbol::ANSWER, Facts::FAULT | Facts::TO_KEEPALIVE)],
            "keepalive.ignored",
        ),
        (
            "no parameters taken",
            vec![facts(INIT, Facts::NO_PARAMETERS), facts(INIT_OK, Facts::NO_PARAMETERS)],
            "initialize-operation-parameters.null-faults",
        ),
        (
            "an unknown operation taken",
            vec![facts(INIT, Facts::UNKNOWN_OPERATION), facts(INIT_OK, Facts::UNKNOWN_OPERATION)],
            "initialize-operation-parameters.invalid-operation-id-faults",
        ),
        ("no answer to the initialization", plain(&[INIT, LATE]), "initialize-operation-parameters.replies"),
        (
            "a refusal that leaves the session open",
            plain(&[INIT, INIT_NO, LATE]),
            "initialize-operation-parameters.invalid-ends-session",
        ),
        (
            "two replies to one initialization",
            vec![of(INIT), of(INIT_OK), facts(INIT_OK, Facts::AGAIN)],
            "session.one-reply",
        ),
        (
            "the initialization's reply with another action",
            vec![of(INIT), facts(INIT_OK, Facts::ACTION_WRONG)],
            "initialize-operation-parameters.response-action",
        ),
        (
            "the initialization's reply with another element",
            vec![of(INIT), facts(INIT_OK, Facts::ELEMENT_WRONG)],
            "initialize-operation-parameters.response-element",
        ),
        ("a start without initialization that succeeds", plain(&[START, OK, BEGIN, SUCCESS, END]), UNINITIALIZED),
        ("a start without initialization that succeeds at once", plain(&[START, SUCCESS]), UNINITIALIZED),
        ("a start after a refusal that succeeds", plain(&[INIT, INIT_NO, START, OK, BEGIN, SUCCESS]), LEAVES),
        ("a start after a refusal that succeeds at once", plain(&[INIT, INIT_NO, START, SUCCESS]), LEAVES),
        (
            "no begin",
            [plain(&[INIT, INIT_OK, START]), vec![added(0), ended(0), of(OK), of(SUCCESS), of(END)]].concat(),
            BEGINS,
        ),
        ("no begin after the reply", plain(&[INIT, INIT_OK, START, OK, PERCENTAGE, SUCCESS, END]), BEGINS),
        (
            "a late begin",
            [plain(&[INIT, INIT_OK, START, OK]), vec![added(0), of(BEGIN), ended(0), of(SUCCESS), of(END)]].concat(),
            BEGINS,
        ),
        ("success at once", plain(&[INIT, INIT_OK, START, OK, SUCCESS, END]), BEGINS),
        ("two begins", started(&[of(BEGIN), of(SUCCESS), of(END)]), BEGINS),
        ("no begin and nothing else", plain(&[INIT, INIT_OK, START, OK, LATE]), BEGINS),
        ("no answer to the start", plain(&[INIT, INIT_OK, START, LATE]), REPLIES),
        ("no answer to a start that ran", plain(&[INIT, INIT_OK, START, BEGIN, SUCCESS, END]), REPLIES),
        ("no answer to a start that ran, and no end", plain(&[INIT, INIT_OK, START, BEGIN, SUCCESS, LATE]), REPLIES),
        ("two answers to a start", started(&[facts(OK, Facts::AGAIN), of(SUCCESS), of(END)]), REPLIES),
        ("a success and a fault", plain(&[INIT, INIT_OK, START, BEGIN, SUCCESS, NO, END]), REPLIES),
        (
            "the start's reply with another action",
            [plain(&[INIT, INIT_OK, START, BEGIN]), vec![facts(OK, Facts::ACTION_WRONG), of(SUCCESS), of(END)]]
                .concat(),
            "start-operation-with-callback.response-action",
        ),
        (
            "the start's reply with another element",
            [plain(&[INIT, INIT_OK, START, BEGIN]), vec![facts(OK, Facts::ELEMENT_WRONG), of(SUCCESS), of(END)]]
                .concat(),
            "start-operation-with-callback.response-element",
        ),
        ("a fault and a success", plain(&[INIT, INIT_OK, START, BEGIN, NO, SUCCESS, END]), "progress.failure-told"),
        ("no status", started(&[added(0), ended(0), of(END)]), STATUS),
        ("no status, and nothing at all", started(&[of(END)]), STATUS),
        ("a status that does not end it", started(&[of(GOES_ON), of(END)]), STATUS),
        ("a reply and an end", plain(&[INIT, INIT_OK, START, OK, END]), STATUS),
        ("a percentage after the end", whole(&[of(PERCENTAGE), of(END)]), AFTER),
        ("a subtask after the end", whole(&[added(1), goes_on(1), of(END)]), AFTER),
        ("a status after the end", whole(&[ended(0), of(END)]), AFTER),
        ("a begin after the end", whole(&[of(BEGIN), of(END)]), AFTER),
        ("two overall statuses", whole(&[of(SUCCESS), of(END)]), AFTER),
        ("two overall statuses that differ", whole(&[failure(), of(END)]), AFTER),
        ("a success after a failure", failed(&[of(SUCCESS), of(END)]), AFTER),
        ("it goes on after the end", whole(&[of(GOES_ON), of(END)]), AFTER),
        ("the session left open", whole(&[of(LATE)]), "progress.server-ends-session"),
        ("the session left open after a failure", failed(&[of(LATE)]), "progress.server-ends-session"),
        ("a subtask that has not ended", started(&[added(0), of(SUCCESS), of(END)]), BEFORE_SUCCESS),
        (
            "one of three subtasks that has not ended",
            started(&[added(0), added(1), ended(0), added(2), goes_on(1), ended(2), of(SUCCESS), of(END)]),
            BEFORE_SUCCESS,
        ),
        (
            "a subtask that begins again",
            started(&[added(0), ended(0), goes_on(0), of(SUCCESS), of(END)]),
            BEFORE_SUCCESS,
        ),
        ("an unknown subtask", started(&[ended(7), of(SUCCESS), of(END)]), "progress.subtask-known"),
        (
            "a status before its subtask",
            started(&[goes_on(0), added(0), ended(0), of(SUCCESS)]),
            "progress.subtask-known",
        ),
        (
            "a subtask added twice",
            started(&[added(0), added(0), ended(0), of(SUCCESS), of(END)]),
            "progress.subtask-added-once",
        ),
        (
            "a subtask that is not said",
            started(&[facts(ADD, Facts::NO_SUBTASK), ended(0), of(SUCCESS), of(END)]),
            "progress.subtask-identified",
        ),
        ("a failure without a reason", started(&[of(FAILURE), of(END)]), "progress.failure-details"),
        (
            "a callback with another action",
            started(&[facts(PERCENTAGE, Facts::ACTION_WRONG), of(SUCCESS), of(END)]),
            "progress-callback.action",
        ),
        (
            "a callback with another element",
            started(&[facts(ADD, Facts::ELEMENT_WRONG), ended(0), of(SUCCESS), of(END)]),
            "progress-callback.element",
        ),
        (
            "a percentage that is no number",
            started(&[facts(PERCENTAGE, Facts::TYPES_WRONG), of(SUCCESS), of(END)]),
            "progress-callback.types",
        ),
        (
            "a status outside its enumeration",
            started(&[added(0), facts(SUBTASK, Facts::TYPES_WRONG), of(SUCCESS), of(END)]),
            "progress-callback.types",
        ),
        (
            "an overall status outside its enumeration",
            started(&[facts(UNKNOWN, Facts::TYPES_WRONG), of(END)]),
            "progress-callback.types",
        ),
        (
            "an answer to another session's request",
            started(&[facts(Symbol::STRAY, Facts::ELSEWHERE), of(SUCCESS), of(END)]),
            "session.replies-stay",
        ),
        (
            "an answer to nothing",
            started(&[facts(Symbol::STRAY, Facts::UNRELATED), of(SUCCESS), of(END)]),
            "message.relates-to",
        ),
        ("a message that is nothing", started(&[of(Symbol::STRAY), of(SUCCESS), of(END)]), "progress-callback.element"),
    ]
}

#[test]
fn each_planted_violation_breaks_its_one_requirement() {
    let planted = planted();
    assert!(planted.len() >= 40);
    for (what, events, requirement) in planted {
        assert_eq!(broken(&events), [requirement], "{what}");
    }
}

/// What came before the violation is the shortest that shows it: without the event that is blamed nothing is broken.
#[test]
fn the_event_that_is_blamed_is_the_first_that_breaks_something() {
    for (what, events, _) in planted() {
        let breach = walked(&events).remove(0);
        let at = usize::try_from(breach.at).unwrap();
        let before = &events[..at - 1];
        let table = Table::of(&OPERATION_WITH_PROGRESS);
        let mut monitor = Monitor::new(&table, true);
        for event in before {
            monitor.step(*event, |_| {});
        }
        assert!(monitor.breaches().is_empty(), "{what}");
        if let Some(unexpected) = breach.unexpected {
            assert!(!unexpected.states.is_empty() && !unexpected.expected.contains(&unexpected.got), "{what}");
        }
    }
}

/// Every order of these lists that keeps each in order.
fn interleaved(lists: &[&[Event]]) -> Vec<Vec<Event>> {
    if lists.iter().all(|list| list.is_empty()) {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (place, list) in lists.iter().enumerate() {
        let Some((first, rest)) = list.split_first() else { continue };
        let mut left = lists.to_vec();
        left[place] = rest;
        for mut order in interleaved(&left) {
            order.insert(0, *first);
            all.push(order);
        }
    }
    all
}

#[test]
fn every_interleaving_of_an_operation_that_conforms_breaks_nothing() {
    let two: [&[Event]; 3] =
        [&[added(0), goes_on(0), ended(0)], &[added(1), ended(1)], &[of(PERCENTAGE), of(PERCENTAGE)]];
    let mut count = 0;
    for inside in interleaved(&two) {
        // The reply to the start stands anywhere.
        let callbacks = [&[of(BEGIN)][..], &inside, &[of(SUCCESS)]].concat();
        for place in 0..=callbacks.len() {
            let mut events = plain(&[INIT, INIT_OK, START]);
            events.extend(&callbacks[..place]);
            events.push(of(OK));
            events.extend(&callbacks[place..]);
            events.push(of(END));
            assert_eq!(broken(&events), [""; 0], "{events:?}");
            count += 1;
        }
    }
    assert!(count >= 2_000, "{count}");
}

#[test]
fn what_the_document_leaves_open_breaks_nothing() {
    let open = [
        ("a failure, without a reply", [plain(&[INIT, INIT_OK, START, BEGIN]), vec![failure(), of(END)]].concat()),
        ("a fault alone", plain(&[INIT, INIT_OK, START, NO, END])),
        ("a fault after the begin", plain(&[INIT, INIT_OK, START, BEGIN, NO, END])),
        ("a fault, then the failure", plain(&[INIT, INIT_OK, START, NO, BEGIN, FAILURE, END])),
        ("the failure, then a fault", plain(&[INIT, INIT_OK, START, BEGIN, FAILURE, NO, END])),
        ("a subtask left at a failure", started(&[added(0), failure(), of(END)])),
        ("it goes on", started(&[of(GOES_ON), of(GOES_ON), of(SUCCESS), of(END)])),
        ("no subtask and no percentage", started(&[of(SUCCESS), of(END)])),
        ("a subtask added when it has ended", started(&[of(ADD).of_subtask(0, Status::Ended), of(SUCCESS), of(END)])),
        ("silence while it runs", started(&[of(Symbol::QUIET), of(LATE), of(SUCCESS), of(Symbol::QUIET), of(END)])),
        ("it breaks", started(&[added(0), of(Symbol::BROKEN)])),
        ("the client leaves", started(&[added(0), of(Symbol::LEAVE), ended(0), of(LATE), of(END)])),
        ("an end before the start", plain(&[INIT, INIT_OK, END])),
        ("an end while the start is on its way", plain(&[INIT, INIT_OK, START, END])),
        ("refused, and ended", plain(&[INIT, INIT_NO, END])),
        ("refused, and again", [plain(&[INIT, INIT_NO]), started(&[of(SUCCESS), of(END)])].concat()),
        ("started too early, refused, and again", [plain(&[START, NO]), started(&[of(SUCCESS), of(END)])].concat()),
        ("started too early, and failed", plain(&[START, OK, BEGIN, FAILURE, NO, END])[..4].to_vec()),
        ("both requests at once", plain(&[INIT, START, INIT_OK, BEGIN, OK, SUCCESS, END])),
        ("both requests at once, their replies late", plain(&[INIT, START, BEGIN, INIT_OK, SUCCESS, OK, END])),
        ("started again and refused", started(&[of(START), of(PERCENTAGE), of(NO), of(SUCCESS), of(END)])),
        ("started again at the end and refused", started(&[of(SUCCESS), of(START), of(NO), of(END)])),
        ("started again and taken", started(&[of(START), of(BEGIN), of(OK), of(SUCCESS), of(SUCCESS), of(END)])),
        ("initialized again", started(&[of(INIT), of(INIT_NO), of(SUCCESS), of(END)])),
        ("initialized again and taken", plain(&[INIT, INIT_OK, INIT, INIT_OK, START, BEGIN, OK, SUCCESS, END])),
        ("a start refused, and started again", plain(&[INIT, INIT_OK, START, NO, START, BEGIN, OK, SUCCESS, END])),
        ("keepalives and callbacks of the client", {
            [plain(&[Symbol::KEEPALIVE, Symbol::CALLBACK]), started(&[of(Symbol::KEEPALIVE), of(SUCCESS), of(END)])]
                .concat()
        }),
    ];
    for (what, events) in open {
        let found: Vec<_> =
            broken(&events).into_iter().filter(|broken| *broken != "progress.failure-details").collect();
        assert_eq!(found, [""; 0], "{what}");
    }
}

#[test]
fn an_operation_over_zones_tells_success_of_each() {
    let begins = [vec![of(INIT).with(Facts::REPEATS)], plain(&[INIT_OK, START, BEGIN, OK])].concat();
    let zones = [begins.clone(), plain(&[SUCCESS, PERCENTAGE, SUCCESS, END])].concat();
    assert_eq!(broken(&zones), [""; 0]);
    let none = [begins, plain(&[PERCENTAGE, END])].concat();
    assert_eq!(broken(&none), [STATUS]);
}

#[test]
fn after_what_is_outside_the_alphabet_nothing_is_judged() {
    for stop in [Symbol::FOREIGN, Symbol::UNREAD] {
        let events = plain(&[INIT, INIT_OK, stop, PERCENTAGE, SUCCESS, END]);
        assert_eq!(broken(&events), [""; 0]);
    }
    // What was broken before stays broken.
    assert_eq!(broken(&plain(&[PERCENTAGE, Symbol::FOREIGN, SUCCESS])), [WHEN_STARTED]);
}

#[test]
fn independent_violations_are_each_told_once_however_often_they_come() {
    let mut events = started(&[added(0), added(0), ended(5), of(SUCCESS)]);
    events.extend(vec![of(PERCENTAGE); 1_000]);
    let breaches = walked(&events);
    let found: BTreeSet<_> = breaches.iter().map(|breach| breach.requirement).collect();
    let expected = ["progress.subtask-added-once", "progress.subtask-known", BEFORE_SUCCESS, AFTER];
    assert_eq!(found, BTreeSet::from(expected));
    assert_eq!(breaches.iter().map(|breach| breach.more).max(), Some(999));
}

#[test]
fn over_http_no_end_is_owed() {
    let table = Table::of(&OPERATION_WITH_PROGRESS);
    let mut monitor = Monitor::new(&table, false);
    let events = [started(&[of(SUCCESS), of(LATE)]), plain(&[INIT, INIT_NO, LATE])];
    for events in events {
        monitor.reset();
        for event in &events {
            monitor.step(*event, |_| {});
        }
        assert_eq!(monitor.breaches(), []);
    }
}

/// What the server's machine allows, the client's takes: each is a reading of the same session.
#[test]
fn the_clients_machine_takes_what_the_servers_allows() {
    let (server, client) = (Table::of(&OPERATION_WITH_PROGRESS), Table::of(&OPERATION_WITH_PROGRESS_CALLBACK));
    let (mut one, mut other) = (Monitor::new(&server, true), Monitor::new(&client, true));
    let callbacks = started(&[added(0), of(PERCENTAGE), ended(0), of(GOES_ON), of(SUCCESS), of(END)]);
    for event in callbacks {
        one.step(event, |_| {});
        if event.symbol.is_callback() || event.symbol == END {
            other.step(event, |_| {});
        }
    }
    assert!(one.breaches().is_empty() && other.breaches().is_empty());
    assert_eq!((one.states(), other.states()), (1 << 11, 1 << 3));
}
