//! Holds each machine to what a machine is: all of it can be reached and taken, it ends, and its choices are stated.

use std::collections::BTreeSet;

use super::*;
use crate::model::{
    event::Event,
    machine::Arrow,
    monitor::Monitor,
    progress::{OPERATION_WITH_PROGRESS, OPERATION_WITH_PROGRESS_CALLBACK, SUCCESS, UNKNOWN},
    table::Table,
};

const MACHINES: [&Machine; 2] = [&OPERATION_WITH_PROGRESS, &OPERATION_WITH_PROGRESS_CALLBACK];

fn graph(machine: &'static Machine) -> Graph {
    Graph::of(machine, 2)
}

#[test]
fn no_state_is_unreachable_and_no_arrow_dead() {
    for machine in MACHINES {
        let graph = graph(machine);
        let states: BTreeSet<StateId> = graph.nodes.iter().map(|node| node.state).collect();
        assert_eq!(states.len(), machine.states.len(), "{}", machine.name);
        let taken: BTreeSet<u16> = graph
            .edges
            .iter()
            .filter_map(|edge| match edge.taken {
                Taken::Arrow(arrow) => Some(arrow),
                _ => None,
            })
            .collect();
        let dead: Vec<_> = (0u16..).zip(machine.arrows).filter(|(number, _)| !taken.contains(number)).collect();
        assert!(dead.is_empty(), "{}: {dead:?}", machine.name);
    }
}

#[test]
fn nothing_leads_out_of_the_end_and_everything_to_it() {
    for machine in MACHINES {
        let graph = graph(machine);
        for edge in &graph.edges {
            assert_ne!(graph.nodes[edge.from].state, machine.end);
        }
        // Liveness: a session that goes on for ever can always still end.
        for trap in graph.traps() {
            let ends = trap.iter().all(|place| graph.nodes[*place].state == machine.end);
            assert!(ends && trap.len() == 1, "{}: {:?}", machine.name, trap.iter().map(|at| graph.nodes[*at]));
        }
        assert!(graph.components().len() > 1);
    }
}

/// Without the client's doing, and without a break: what was started can end as the document has it.
#[test]
fn every_operation_that_was_started_can_complete() {
    let machine = &OPERATION_WITH_PROGRESS;
    let graph = graph(machine);
    let completes = |node: &Node| {
        let title = machine.state(node.state).unwrap().name;
        title == "OperationWithProgress Completed" || title == "not spoken of"
    };
    let mut can: Vec<bool> = graph.nodes.iter().map(completes).collect();
    loop {
        let before = can.iter().filter(|can| **can).count();
        for edge in &graph.edges {
            can[edge.from] |= matches!(edge.taken, Taken::Arrow(_)) && can[edge.to];
        }
        if can.iter().filter(|can| **can).count() == before {
            break;
        }
    }
    for (node, can) in graph.nodes.iter().zip(can) {
        let is_started = machine.state(node.state).unwrap().name == "OperationWithProgress Started";
        assert!(!is_started || can, "{node:?}");
    }
}

/// Two arrows may leave a state with one output only where the document leaves open which.
#[test]
fn choices_are_those_that_are_stated() {
    let overlap = |a: &Arrow, b: &Arrow| (0..=u8::MAX).any(|now| a.guard.holds(now) && b.guard.holds(now));
    for machine in MACHINES {
        let mut choices = BTreeSet::new();
        for (place, one) in machine.arrows.iter().enumerate() {
            for other in &machine.arrows[place + 1..] {
                assert_ne!(one, other, "{}", machine.name);
                if one.from == other.from && one.output == other.output && overlap(one, other) {
                    choices.insert((machine.state(one.from).unwrap().title(), one.output));
                }
            }
        }
        let initialized = || "OperationWithProgress Initialized".to_owned();
        let started = || "OperationWithProgress Started".to_owned();
        let stated = match machine.states.len() {
            12 => BTreeSet::from([
                // A start that is refused leaves the session initialized, or is the operation's failure.
                (initialized(), Symbol::START_FAULT),
                // Another initialization that is refused leaves it initialized, or not.
                (initialized(), Symbol::INITIALIZE_FAULT),
                // Of two starts one is refused: the one that runs, or the other.
                (started(), Symbol::START_FAULT),
                // Success of a zone, or of the last.
                (started(), SUCCESS),
                // A status that cannot be read ends the operation, or not.
                (started(), UNKNOWN),
            ]),
            _ => BTreeSet::from([("OperationWithProgress started".to_owned(), SUCCESS)]),
        };
        assert_eq!(choices, stated, "{}", machine.name);
    }
}

/// Whatever the explorer walks, the engine allows: the two read the declaration alike.
#[test]
fn the_engine_allows_every_walk() {
    let table = Table::of(&OPERATION_WITH_PROGRESS);
    let graph = graph(&OPERATION_WITH_PROGRESS);
    let successors = {
        let mut edges = vec![Vec::new(); graph.nodes.len()];
        for edge in &graph.edges {
            edges[edge.from].push(*edge);
        }
        edges
    };
    let mut seed = 7u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    for walk in 0..20_000 {
        let (mut at, shows) = (walk % 2, walk % 2 == 0);
        let mut monitor = Monitor::new(&table, shows);
        let mut events = Vec::new();
        while !successors[at].is_empty() && events.len() < 60 {
            let edge = successors[at][random(successors[at].len())];
            at = edge.to;
            let event = match edge.taken {
                Taken::Input(input, false) => Event::of(input),
                Taken::Input(input, true) => Event::of(input).with(crate::model::event::Facts::REPEATS),
                Taken::Arrow(arrow) => Event::of(OPERATION_WITH_PROGRESS.arrows[usize::from(arrow)].output),
                Taken::Unsaid => Event::of(Symbol::END),
            };
            events.push(event);
            monitor.step(event, |_| {});
        }
        let words: Vec<_> = events.iter().map(|event| OPERATION_WITH_PROGRESS.word(event.symbol)).collect();
        let known: Vec<_> = monitor.breaches().iter().filter(|breach| breach.unexpected.is_some()).collect();
        assert!(known.is_empty(), "{known:?}\n{words:#?}");
    }
}
