//! Tests of merging: any split gives the whole again, and what does not belong together is refused.

use proptest::prelude::*;

use super::*;
use crate::verdict::{Outcome, Record, made, made::Made};

/// The shards of a run, by which shard runs each case.
fn split(cases: &[Made], owners: &[usize], of: usize) -> Vec<Part> {
    (1..=of)
        .map(|index| {
            let mut run = made::started(cases.len());
            run.shard = Some(Shard { index, of });
            for (plan, owner) in run.cases.iter_mut().zip(owners) {
                plan.elsewhere = *owner != index;
            }
            let own =
                cases.iter().zip(owners).map(|(made, owner)| if *owner == index { *made } else { (Outcome::Skip, 0) });
            Part { name: format!("shard-{index}"), events: made::events(run, &own.collect::<Vec<_>>()) }
        })
        .collect()
}

proptest! {
    #![proptest_config(made::config())]

    #[test]
    fn any_split_gives_the_whole(cases in made::runs(), of in 1_usize..6, owners in proptest::collection::vec(0_usize..6, 24), turn in 0_usize..6) {
        let owners: Vec<usize> = owners.iter().map(|owner| owner % of + 1).collect();
        let mut parts = split(&cases, &owners, of);
        parts.rotate_left(turn % of);
        let merged = merge(&parts).unwrap();
        prop_assert_eq!(Record::fold(&merged).unwrap(), made::record(&cases));
        prop_assert_eq!(merged, made::events(made::started(cases.len()), &cases));
    }
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let cases = [(Outcome::Pass, 0), (Outcome::Fail, 0), (Outcome::Pass, 0)];
    let parts = split(&cases, &[1, 2, 3], 3);
    let told = |parts: &[Part]| merge(parts).unwrap_err();
    assert_eq!(told(&parts[..2]), "shard 3/3 is missing");
    assert_eq!(told(&parts[1..2]), "shard 1/3, 3/3 is missing");
    assert_eq!(told(&[]), "there is nothing to merge");
    let twice = [parts[0].clone(), Part { name: "again".to_owned(), ..parts[0].clone() }];
    assert_eq!(told(&twice), "shard 1/3 is given twice: `shard-1` and `again`");
    let changed = |change: fn(&mut RunStarted)| {
        let mut parts = parts.clone();
        let Some(Event::RunStarted(run)) = parts[1].events.first_mut() else { panic!() };
        change(run);
        told(&parts)
    };
    let ours = |what: &str| format!("`shard-1` and `shard-2` are not of one run: {what}");
    assert_eq!(changed(|run| run.suite_digest.push('x')), ours("their suites differ"));
    assert_eq!(changed(|run| run.target.name.push('x')), ours("their targets differ"));
    assert_eq!(changed(|run| run.seed.push('x')), ours("their seeds differ"));
    assert_eq!(changed(|run| run.cases[0].elsewhere = false), "shards 1/3 and 2/3 overlap: both ran `made/case_000`");
    assert_eq!(changed(|run| run.cases[1].elsewhere = true), "no shard ran `made/case_001`");
    assert_eq!(changed(|run| run.shard = None), "`shard-2` is no shard: it was run without --shard");
    assert_eq!(
        changed(|run| run.shard = Some(Shard { index: 2, of: 4 })),
        "`shard-1` and `shard-2` are not of one run: they count another number of shards"
    );
}

#[test]
fn a_shard_that_was_cut_off_makes_the_whole_interrupted() {
    let cases = [(Outcome::Pass, 0), (Outcome::Pass, 0)];
    let mut parts = split(&cases, &[1, 2], 2);
    parts[1].events.truncate(3);
    let record = Record::fold(&merge(&parts).unwrap()).unwrap();
    assert_eq!(record.interrupted.as_deref(), Some("shard 2/2: its record stops in the middle of the run"));
    assert_eq!((record.exit_code, record.cases.len()), (130, 1));
}
