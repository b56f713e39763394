//! Splits a suite into shards: the same split everywhere, and about the same time for each.
//!
//! Leaves out merging what they found, which `verdict` does. A case and those that rest on it as their twin stay in one
//! shard, so that none is run twice.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    case::{Case, StepKind},
    verdict::Shard,
};

/// What a request takes, where nothing is waited for.
const REQUEST: Duration = Duration::from_millis(20);
/// What opening a session takes, and looking whether it is still up.
const CASE: Duration = Duration::from_millis(50);

/// Reads `I/N`.
///
/// # Errors
/// Says how it is written.
pub fn parse(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
    match parts {
        Some((index, of)) if (1..=of).contains(&index) && of <= 10_000 => Ok(Shard { index, of }),
        _ => Err("a shard is written as 2/4: the second of four".to_owned()),
    }
}

/// The shard of each selected case, by id. The longest groups go first, each to the shard that has least to do.
pub fn split<'c>(cases: impl Iterator<Item = &'c Case>, of: usize) -> BTreeMap<String, usize> {
    let cases: BTreeMap<&str, &Case> = cases.map(|case| (case.id.as_str(), case)).collect();
    let mut groups: BTreeMap<&str, (Duration, Vec<&str>)> = BTreeMap::new();
    for case in cases.values() {
        let mut root = *case;
        // A chain of twins has an end: the suite was checked.
        while let Some(twin) = root.twin.as_deref().and_then(|twin| cases.get(twin)) {
            root = twin;
        }
        let (time, members) = groups.entry(root.id.as_str()).or_default();
        *time += expected(case);
        members.push(&case.id);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by(|(one, a), (other, b)| other.cmp(one).then(a.cmp(b)));
    let mut load = vec![Duration::ZERO; of.max(1)];
    let mut shards = BTreeMap::new();
    for (time, members) in groups {
        let Some((at, least)) = load.iter_mut().enumerate().min_by_key(|(_, load)| **load) else { break };
        *least += time;
        shards.extend(members.into_iter().map(|id| (id.to_owned(), at + 1)));
    }
    shards
}

/// How long a case is expected to take: what it waits for, and a little for each request and made-up value.
pub fn expected(case: &Case) -> Duration {
    let steps: Duration = case
        .steps
        .iter()
        .map(|step| match &step.kind {
            // A task is mostly done before its time is up.
            StepKind::Call(_) | StepKind::Raw(_) | StepKind::Records(_) => {
                step.poll.as_ref().map_or(REQUEST, |poll| REQUEST + poll.within / 4)
            }
            StepKind::Silence(time) | StepKind::Wait(time) => *time,
            StepKind::Await(_) => REQUEST * 5,
            // The clock of a lab moves at once; a real target's limit is not known here.
            StepKind::Idle(_) | StepKind::Close | StepKind::Abort => REQUEST,
        })
        .sum();
    let times = case.generate.as_ref().map_or(1, |generate| generate.count);
    CASE + steps * u32::try_from(times).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Suite, embedded};

    #[test]
    fn a_shard_is_one_of_so_many() {
        assert_eq!(parse("2/4"), Ok(Shard { index: 2, of: 4 }));
        for wrong in ["", "2", "0/4", "5/4", "a/b", "1/0", "-1/4", "1/99999"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_case_has_one_shard_with_its_twin_and_shards_take_as_long() {
        let suite = Suite::load(&embedded()).unwrap();
        for of in [1, 2, 3, 4] {
            let shards = split(suite.cases.iter(), of);
            assert_eq!(shards, split(suite.cases.iter().rev(), of));
            assert_eq!(shards.len(), suite.cases.len());
            let mut load = vec![Duration::ZERO; of];
            for case in &suite.cases {
                load[shards[&case.id] - 1] += expected(case);
                if let Some(twin) = &case.twin {
                    assert_eq!(shards[twin], shards[&case.id]);
                }
            }
            let (least, most) = (load.iter().min().unwrap(), load.iter().max().unwrap());
            assert!(*most < *least * 11 / 10, "{load:?}");
        }
    }
}
