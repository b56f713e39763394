//! Measures the monitor: events a second in memory, with its rules about data, beside a bare walk of the same table.
//!
//! `cargo bench --bench monitor`. Events are decoded; a session has 367, on one core. The bare walk does nothing but look
//! the next states up. Both take turns in one run, and the best round of each counts.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use ipamspec::model::{
    Event, Monitor, OPERATION_WITH_PROGRESS, Status, Symbol, Table,
    progress::{ADD, BEGIN, PERCENTAGE, SUBTASK, SUCCESS},
};

const ROUNDS: usize = 7;
const LENGTH: Duration = Duration::from_millis(300);
const SUBTASKS: u32 = 40;

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let table = Table::of(&OPERATION_WITH_PROGRESS);
    let session = session();
    let mut monitor = Monitor::new(&table, true);
    let (mut judged, mut bare) = (0.0_f64, 0.0_f64);
    for _ in 0..ROUNDS {
        judged = judged.max(rate(session.len(), || {
            monitor.reset();
            for event in black_box(&session) {
                monitor.step(*event, |_| {});
            }
            assert!(monitor.breaches().is_empty(), "the session conforms");
        }));
        bare = bare.max(rate(session.len(), || {
            let mut states = 1;
            for event in black_box(&session) {
                let next = table.step(states, event.symbol, 1, |_| {});
                states = if next == 0 { states } else { next };
            }
            black_box(states);
        }));
    }
    println!("monitor, with data checks: {judged:.1} M events/s");
    println!("bare table:                {bare:.1} M events/s ({:.0} % of it)", 100.0 * judged / bare);
}

/// Millions of events a second.
fn rate(events: usize, mut once: impl FnMut()) -> f64 {
    let (began, mut times) = (Instant::now(), 0_u32);
    while began.elapsed() < LENGTH {
        for _ in 0..64 {
            once();
        }
        times += 64;
    }
    let events = f64::from(times) * f64::from(u32::try_from(events).unwrap_or(u32::MAX));
    events / began.elapsed().as_secs_f64() / 1e6
}

/// A session of an operation with forty subtasks.
fn session() -> Vec<Event> {
    let of = Event::of;
    let mut events: Vec<Event> =
        [Symbol::INITIALIZE, Symbol::INITIALIZED, Symbol::START, BEGIN, Symbol::STARTED].map(of).to_vec();
    events.extend((0..SUBTASKS).map(|subtask| of(ADD).of_subtask(subtask, Status::Open)));
    for subtask in 0..SUBTASKS {
        for status in [Status::Open, Status::Open, Status::Open, Status::Ended] {
            events.push(of(SUBTASK).of_subtask(subtask, status));
            events.push(of(PERCENTAGE));
        }
    }
    events.extend([of(SUCCESS), of(Symbol::END)]);
    events
}
