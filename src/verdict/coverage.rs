//! What a run walked of each machine: states, transitions and pairs of transitions, and what it did not.
//!
//! Leaves out what a machine means; here it is a list of transitions. Follows the contract of `report.json`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::CaseRecord;

/// A machine as a record holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineRecord {
    /// The port type that it is of.
    pub name: String,
    /// The section of the document.
    pub section: String,
    /// Its states, in the order of a session.
    pub states: Vec<String>,
    /// Its transitions.
    pub transitions: Vec<Transition>,
}

/// A transition of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// The state before.
    pub from: String,
    /// What happens: what is called for, and what is then done.
    pub event: String,
    /// The state after.
    pub to: String,
    /// The requirement that it stands for, where there is one.
    pub requirement: Option<String>,
    /// When it may be taken, where not always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

/// The way of one session through a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// The session of the case.
    pub session: String,
    /// The machine.
    pub machine: String,
    /// The transitions, by their places in the machine, in order. Where it left several ways open, each of them.
    pub path: Vec<u16>,
    /// The step of the case after which the session was not judged, where there is one: something was sent that the
    /// machine does not speak of, or came that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_judged_after_step: Option<usize>,
    /// Where it broke requirements, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<BrokenAt>,
}

/// A point at which a session broke a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenAt {
    /// The requirement.
    pub requirement: String,
    /// The event that broke it first, counted from 1; 0 where only the end of the session shows it.
    pub event: u64,
    /// The states that it may have been in, where it was what came that none of them allows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<String>,
}

/// A machine, and what a run walked of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineRow {
    /// The port type that it is of.
    pub name: String,
    /// The section of the document.
    pub section: String,
    /// Its states, in the order of a session.
    pub states: Vec<String>,
    /// Those that a session was in.
    pub reached: Vec<String>,
    /// Its transitions.
    pub transitions: Vec<TransitionRow>,
    /// Transitions that followed one another.
    pub pairs: Pairs,
}

/// A transition, and how often a run took it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransitionRow {
    /// The state before.
    pub from: String,
    /// What happens.
    pub event: String,
    /// The state after.
    pub to: String,
    /// How often the run took it.
    pub hits: u64,
    /// The requirement that it stands for, where there is one.
    pub requirement: Option<String>,
    /// When it may be taken, where not always.
    pub when: Option<String>,
    /// Why it was never taken; empty where it was.
    pub reason: String,
}

/// Pairs of transitions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairs {
    /// How many could follow one another.
    pub possible: usize,
    /// Those that did, by the places of the transitions.
    pub taken: Vec<(u16, u16)>,
}

/// Counts what the cases of a run walked.
pub fn coverage(machines: &[MachineRecord], cases: &[CaseRecord]) -> Vec<MachineRow> {
    machines.iter().map(|machine| row(machine, cases)).collect()
}

fn row(machine: &MachineRecord, cases: &[CaseRecord]) -> MachineRow {
    let mut hits: BTreeMap<u16, u64> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    let at = |place: u16| machine.transitions.get(usize::from(place));
    let follows = |one: u16, other: u16| at(one).zip(at(other)).is_some_and(|(one, other)| one.to == other.from);
    let walks: Vec<&Walk> =
        cases.iter().flat_map(|case| &case.evidence.walks).filter(|walk| walk.machine == machine.name).collect();
    for walk in &walks {
        for place in &walk.path {
            *hits.entry(*place).or_default() += 1;
        }
        let pairs = walk.path.iter().zip(walk.path.iter().skip(1));
        taken.extend(pairs.map(|(one, other)| (*one, *other)).filter(|(one, other)| follows(*one, *other)));
    }
    // A session begins in the first state.
    let mut reached: BTreeSet<&str> = hits.keys().filter_map(|place| at(*place)).map(|t| t.to.as_str()).collect();
    reached.extend(machine.states.first().filter(|_| !walks.is_empty()).map(String::as_str));
    let reason = |transition: &Transition, hits: u64| match hits {
        0 if walks.is_empty() => "no session of it was run".to_owned(),
        0 if !reached.contains(transition.from.as_str()) => format!("`{}` was never reached", transition.from),
        0 => match transition.event.split_once(" / ") {
            Some((called, done)) => format!("no case saw {done} come of {called} there"),
            None => format!("no case saw {} there", transition.event),
        },
        _ => String::new(),
    };
    let transitions = (0u16..).zip(&machine.transitions).map(|(place, transition)| {
        let hits = hits.get(&place).copied().unwrap_or_default();
        TransitionRow {
            from: transition.from.clone(),
            event: transition.event.clone(),
            to: transition.to.clone(),
            hits,
            requirement: transition.requirement.clone(),
            when: transition.when.clone(),
            reason: reason(transition, hits),
        }
    });
    let ways = |one: &Transition| machine.transitions.iter().filter(|other| one.to == other.from).count();
    MachineRow {
        name: machine.name.clone(),
        section: machine.section.clone(),
        states: machine.states.clone(),
        reached: machine.states.iter().filter(|state| reached.contains(state.as_str())).cloned().collect(),
        transitions: transitions.collect(),
        pairs: Pairs { possible: machine.transitions.iter().map(ways).sum(), taken: taken.into_iter().collect() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        spec::{Effect, Level},
        verdict::{Evidence, Outcome},
    };

    fn case(path: &[u16]) -> CaseRecord {
        let walk = Walk {
            session: "main".to_owned(),
            machine: "M".to_owned(),
            path: path.to_vec(),
            not_judged_after_step: None,
            broken: Vec::new(),
        };
        CaseRecord {
            id: "a/b".to_owned(),
            about: String::new(),
            file: String::new(),
            line: 1,
            level: Level::Must,
            effect: Effect::Read,
            port_type: String::new(),
            requirements: Vec::new(),
            twin: None,
            outcome: Outcome::Pass,
            reason: String::new(),
            blame: None,
            duration_ms: 0,
            seed: String::new(),
            replay: String::new(),
            steps: Vec::new(),
            checks: Vec::new(),
            evidence: Evidence { walks: vec![walk], ..Evidence::default() },
            recorded_faults: Vec::new(),
            generated: None,
            repeated: None,
        }
    }

    #[test]
    fn what_was_walked_is_counted_and_what_was_not_has_its_reason() {
        let transition = |from: &str, event: &str, to: &str| Transition {
            from: from.to_owned(),
            event: event.to_owned(),
            to: to.to_owned(),
            requirement: None,
            when: None,
        };
        let machine = MachineRecord {
            name: "M".to_owned(),
            section: "1".to_owned(),
            states: ["A", "B", "C"].map(str::to_owned).to_vec(),
            transitions: vec![
                transition("A", "Call / Reply", "B"),
                transition("B", "Told", "B"),
                transition("B", "Told", "C"),
                transition("C", "End", "A"),
                transition("A", "Call / Fault", "A"),
            ],
        };
        let rows = coverage(std::slice::from_ref(&machine), &[case(&[0, 1, 1]), case(&[0])]);
        let hits: Vec<u64> = rows[0].transitions.iter().map(|row| row.hits).collect();
        assert_eq!((hits, rows[0].reached.clone()), (vec![2, 2, 0, 0, 0], vec!["A".to_owned(), "B".to_owned()]));
        assert_eq!((rows[0].pairs.possible, rows[0].pairs.taken.clone()), (9, vec![(0, 1), (1, 1)]));
        let reasons: Vec<&str> = rows[0].transitions.iter().map(|row| row.reason.as_str()).collect();
        assert_eq!(
            reasons[2..],
            ["no case saw Told there", "`C` was never reached", "no case saw Fault come of Call there"]
        );
        let none = coverage(&[machine], &[]);
        assert!(none[0].reached.is_empty() && none[0].transitions.iter().all(|row| row.reason.contains("no session")));
    }
}
