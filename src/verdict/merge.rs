//! Merges the records of shards into the record that one run would have left.
//!
//! Leaves out reading them. What does not belong together is refused: other suites, targets or seeds, a shard that is
//! missing or given twice. Whatever is folded from the events of cases is the same as after one run.

use std::collections::{BTreeMap, BTreeSet};

use super::{CaseRecord, Event, Note, RunStarted, Shard};

/// The record of one shard, and how people know it.
#[derive(Debug, Clone)]
pub struct Part {
    /// The file.
    pub name: String,
    /// What happened.
    pub events: Vec<Event>,
}

/// Merges shards, in whatever order they are given.
///
/// # Errors
/// Says which of them do not belong together, or what is missing.
pub fn merge(parts: &[Part]) -> Result<Vec<Event>, String> {
    let mut shards: BTreeMap<Shard, (&Part, &RunStarted)> = BTreeMap::new();
    for part in parts {
        let Some(Event::RunStarted(started)) = part.events.first() else {
            return Err(format!("`{}` does not begin with a `run-started` event", part.name));
        };
        let shard = started.shard.ok_or_else(|| format!("`{}` is no shard: it was run without --shard", part.name))?;
        if let Some((other, _)) = shards.insert(shard, (part, started)) {
            return Err(format!("shard {shard} is given twice: `{}` and `{}`", other.name, part.name));
        }
    }
    let Some((first_part, first)) = shards.values().next().copied() else {
        return Err("there is nothing to merge".to_owned());
    };
    let of = first.shard.map_or(0, |shard| shard.of);
    for (part, started) in shards.values() {
        if let Some(what) = differs(first, started) {
            return Err(format!("`{}` and `{}` are not of one run: {what}", first_part.name, part.name));
        }
    }
    let missing: Vec<String> = (1..=of)
        .map(|index| Shard { index, of })
        .filter(|shard| !shards.contains_key(shard))
        .map(|shard| shard.to_string())
        .collect();
    if !missing.is_empty() {
        return Err(format!("shard {} is missing", missing.join(", ")));
    }
    owned_once(first, &shards)?;
    Ok(joined(first, &shards))
}

/// What keeps two shards from being of one run.
fn differs(one: &RunStarted, other: &RunStarted) -> Option<&'static str> {
    let ids = |run: &RunStarted| run.cases.iter().map(|case| (case.id.clone(), case.selected)).collect::<Vec<_>>();
    let target = |run: &RunStarted| {
        // Each process starts a reference server of its own, on a port of its own.
        let url = if run.target.reference { String::new() } else { run.target.url.clone() };
        (run.target.name.clone(), url, run.target.transport.clone(), run.target.security.clone(), run.target.reference)
    };
    let table = [
        (one.shard.map(|s| s.of) != other.shard.map(|s| s.of), "they count another number of shards"),
        (one.suite_digest != other.suite_digest, "their suites differ"),
        (one.requirement_set != other.requirement_set, "they are of different suite revisions"),
        (one.tool_version != other.tool_version, "they were made by different versions of ipamspec"),
        (target(one) != target(other), "their targets differ"),
        (one.seed != other.seed, "their seeds differ"),
        (ids(one) != ids(other), "they selected different cases"),
        (one.requirements != other.requirements, "their catalogues differ"),
        (one.baseline != other.baseline, "their baselines differ"),
        (
            (one.fail_on, one.fail_on_drift) != (other.fail_on, other.fail_on_drift),
            "they were to fail on different things",
        ),
    ];
    table.into_iter().find(|(holds, _)| *holds).map(|(_, what)| what)
}

/// Every case is one shard's.
fn owned_once(first: &RunStarted, shards: &BTreeMap<Shard, (&Part, &RunStarted)>) -> Result<(), String> {
    let mut owners: BTreeMap<&str, Shard> = BTreeMap::new();
    for (shard, (_, started)) in shards {
        for case in started.cases.iter().filter(|case| !case.elsewhere) {
            if let Some(other) = owners.insert(&case.id, *shard) {
                return Err(format!("shards {other} and {shard} overlap: both ran `{}`", case.id));
            }
        }
    }
    match first.cases.iter().find(|case| !owners.contains_key(case.id.as_str())) {
        Some(case) => Err(format!("no shard ran `{}`", case.id)),
        None => Ok(()),
    }
}

fn joined(first: &RunStarted, shards: &BTreeMap<Shard, (&Part, &RunStarted)>) -> Vec<Event> {
    let mut whole = first.clone();
    whole.shard = None;
    let began = shards.values().map(|(_, run)| &run.started).min();
    whole.started.clone_from(began.unwrap_or(&first.started));
    for case in &mut whole.cases {
        case.elsewhere = false;
    }
    let mut notes: Vec<&Note> = Vec::new();
    let mut records: BTreeMap<&str, &CaseRecord> = BTreeMap::new();
    let (mut stopped, mut duration) = (Vec::new(), 0);
    for (shard, (part, started)) in shards {
        let own: BTreeSet<&str> = started.cases.iter().filter(|c| !c.elsewhere).map(|c| c.id.as_str()).collect();
        let mut ended = false;
        for event in &part.events {
            match event {
                Event::Note(note) if !notes.contains(&note) => notes.push(note),
                Event::CaseFinished(case) if own.contains(case.id.as_str()) => {
                    records.insert(&case.id, case);
                }
                Event::Interrupted { reason, duration_ms } => {
                    (ended, duration) = (true, duration.max(*duration_ms));
                    stopped.push(format!("shard {shard}: {reason}"));
                }
                Event::RunFinished { duration_ms } => (ended, duration) = (true, duration.max(*duration_ms)),
                _ => {}
            }
        }
        if !ended {
            stopped.push(format!("shard {shard}: its record stops in the middle of the run"));
        }
    }
    let in_order: Vec<_> = whole.cases.iter().filter_map(|case| records.get(case.id.as_str())).collect();
    let mut events: Vec<Event> = notes.into_iter().cloned().map(Event::Note).collect();
    for case in in_order {
        events.push(Event::CaseStarted { id: case.id.clone() });
        events.push(Event::CaseFinished(Box::new((*case).clone())));
    }
    events.push(if stopped.is_empty() {
        Event::RunFinished { duration_ms: duration }
    } else {
        Event::Interrupted { reason: stopped.join("; "), duration_ms: duration }
    });
    events.insert(0, Event::RunStarted(Box::new(whole)));
    events
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
