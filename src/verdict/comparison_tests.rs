//! Tests of comparing: each change once, with its cause, and no improvement where nothing was seen.

use proptest::prelude::*;

use super::*;
use crate::verdict::made::{self, Made};

const PASS: Made = (Outcome::Pass, 0);
const FAIL: Made = (Outcome::Fail, 0);
const SKIP: Made = (Outcome::Skip, 0);

fn told(old: &Record, new: &Record) -> Vec<(ChangeKind, Direction, Cause)> {
    let comparison = Comparison::of(old, new, &[]);
    comparison.changes.iter().map(|change| (change.kind, change.direction, change.cause)).collect()
}

fn one(old: Made, new: Made) -> Vec<(ChangeKind, Direction, Cause)> {
    told(&made::record(&[PASS, old]), &made::record(&[PASS, new]))
}

proptest! {
    #![proptest_config(made::config())]

    #[test]
    fn any_change_of_a_case_is_told_once(cases in made::runs(), at in any::<proptest::sample::Index>(), other in made::outcomes()) {
        let mut changed = cases.clone();
        let at = at.index(cases.len());
        changed[at] = other;
        let comparison = Comparison::of(&made::record(&cases), &made::record(&changed), &[]);
        let (one, two) = (made::case(at, cases[at]), made::case(at, other));
        let same = signature(&one) == signature(&two);
        prop_assert_eq!(comparison.changes.len(), usize::from(!same), "{:?}", comparison.changes);
        if let Some(change) = comparison.changes.first() {
            prop_assert_eq!(&change.case, &made::id(at));
            prop_assert!(change.direction != Direction::Better || other.0 == Outcome::Pass);
        }
    }

    #[test]
    fn any_two_runs_differ_in_what_differs(old in made::runs(), new in made::runs()) {
        let comparison = Comparison::of(&made::record(&old), &made::record(&new), &[]);
        let differing = (0..old.len().max(new.len())).filter(|at| match (old.get(*at), new.get(*at)) {
            (Some(one), Some(two)) => signature(&made::case(*at, *one)) != signature(&made::case(*at, *two)),
            _ => true,
        });
        prop_assert_eq!(comparison.changes.len(), differing.count());
    }
}

#[test]
fn a_failure_that_is_not_seen_any_more_is_no_improvement() {
    assert_eq!(one(FAIL, PASS), [(ChangeKind::Resolved, Direction::Better, Cause::Target)]);
    assert_eq!(one(PASS, FAIL), [(ChangeKind::Appeared, Direction::Worse, Cause::Target)]);
    assert_eq!(one(FAIL, (Outcome::Fail, 1)), [(ChangeKind::Differs, Direction::Neither, Cause::Target)]);
    assert_eq!(one(FAIL, SKIP), [(ChangeKind::Outcome, Direction::Neither, Cause::Environment)]);
    assert_eq!(one(SKIP, FAIL), [(ChangeKind::Outcome, Direction::Worse, Cause::Environment)]);
    let mut shrunk = made::record(&[PASS]);
    shrunk.suite.digest = "other".to_owned();
    assert_eq!(
        told(&made::record(&[PASS, FAIL]), &shrunk),
        [(ChangeKind::Removed, Direction::Neither, Cause::SuiteShrank)]
    );
    assert_eq!(
        told(&shrunk, &made::record(&[PASS, FAIL])),
        [(ChangeKind::Added, Direction::Neither, Cause::SuiteGrew)]
    );
}

#[test]
fn each_change_has_its_cause() {
    let old = made::record(&[FAIL]);
    let with = |change: fn(&mut Record)| {
        let mut new = made::record(&[PASS]);
        new.suite.digest = "other".to_owned();
        change(&mut new);
        told(&old, &new)
    };
    let resolved = |cause, direction| vec![(ChangeKind::Resolved, direction, cause)];
    assert_eq!(with(|_| ()), resolved(Cause::Target, Direction::Better));
    assert_eq!(
        with(|new| new.suite.files.values_mut().next().unwrap().does.push('x')),
        resolved(Cause::Case, Direction::Neither)
    );
    assert_eq!(
        with(|new| new.suite.files.values_mut().next().unwrap().expects.push('x')),
        resolved(Cause::Expectation, Direction::Neither)
    );
    assert_eq!(with(|new| new.requirements[0].text.push('x')), resolved(Cause::Expectation, Direction::Neither));
    assert_eq!(with(|new| new.suite.files.clear()), resolved(Cause::Case, Direction::Neither));
    assert_eq!(with(|new| new.target.transport = "http".to_owned()), resolved(Cause::Environment, Direction::Neither));
    let again = made::record(&[FAIL]);
    let comparison = Comparison::of(&old, &made::record(&[PASS]), &[again]);
    assert_eq!(comparison.changes[0].cause, Cause::Unstable);
}

#[test]
fn requirements_of_another_status_are_listed() {
    let comparison = Comparison::of(&made::record(&[FAIL]), &made::record(&[PASS]), &[]);
    let [change] = comparison.requirements.as_slice() else { panic!("{:?}", comparison.requirements) };
    assert_eq!((change.old, change.new), (Some(Status::Violated), Some(Status::Verified)));
}
