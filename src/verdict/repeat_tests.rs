//! Executions of one case with one check, in every combination that decides what they come to together.
//!
//! Leaves out executing: `tests/scripted.rs` does that against a server that fails at times.

use super::*;
use crate::verdict::made;

/// An execution with one check, which rests on something that did not come or not.
fn execution(outcome: Outcome, by_silence: bool) -> CaseRecord {
    let mut record = made::case(1, (outcome, 1));
    for check in &mut record.checks {
        check.by_silence = by_silence;
    }
    if outcome == Outcome::Inconclusive {
        "nothing answered".clone_into(&mut record.reason);
    }
    record.evidence.trace = vec![outcome.to_string()];
    record
}

fn passed() -> CaseRecord {
    execution(Outcome::Pass, false)
}

fn together(executions: &[CaseRecord]) -> CaseRecord {
    CaseRecord::together(executions.to_vec()).expect("a record")
}

#[test]
fn one_execution_is_as_it_was() {
    assert_eq!(together(&[passed()]), passed());
    assert_eq!(CaseRecord::together(Vec::new()), None);
}

#[test]
fn what_stands_in_a_trace_stays_with_how_often_it_was_seen() {
    let fails = execution(Outcome::Fail, false);
    for (executions, times) in [
        (vec![passed(), fails.clone(), passed()], 1),
        (vec![fails.clone(), passed(), fails.clone()], 2),
        (vec![fails.clone(), fails.clone(), fails.clone()], 3),
        (vec![execution(Outcome::Inconclusive, false), fails.clone(), passed()], 1),
    ] {
        let record = together(&executions);
        assert_eq!((record.outcome, record.reason.as_str()), (Outcome::Fail, ""));
        assert_eq!(record.checks.len(), 1);
        assert_eq!(record.checks[0].reproduced, Some(Reproduced { times, of: 3 }));
        assert!(record.checks[0].told().ends_with(&format!(" (reproduced: {times} of 3)")));
        assert_eq!(record.checks[0].fingerprint, fails.checks[0].fingerprint, "a baseline knows it still");
        let repeated = record.repeated.expect("executions");
        assert_eq!(record.evidence.trace, ["fail"]);
        assert_eq!(executions[repeated.shown - 1].outcome, Outcome::Fail);
        assert_eq!(repeated.other.map(|other| other.outcome != Outcome::Fail), (times < 3).then_some(true));
    }
}

#[test]
fn what_did_not_come_and_then_came_is_unstable_with_both_traces() {
    let silent = execution(Outcome::Fail, true);
    for other in [passed(), execution(Outcome::Inconclusive, false)] {
        for executions in [[silent.clone(), other.clone()], [other.clone(), silent.clone()]] {
            let record = together(&executions);
            assert_eq!(record.outcome, Outcome::Inconclusive);
            assert_eq!(record.reason, "unstable: it says 1; reproduced: 1 of 2");
            assert_eq!(record.checks[0].outcome, Outcome::Inconclusive);
            assert_eq!(record.checks[0].fingerprint, "", "it is no finding");
            assert_eq!(record.evidence.trace, ["fail"]);
            let told = record.repeated.and_then(|repeated| repeated.other).expect("the other trace");
            assert_eq!((told.evidence.trace, told.outcome), (vec![other.outcome.to_string()], other.outcome));
        }
    }
    let always = together(&[silent.clone(), silent]);
    assert_eq!(always.outcome, Outcome::Fail);
    assert_eq!(always.checks[0].reproduced, Some(Reproduced { times: 2, of: 2 }));
    assert_eq!(always.repeated.and_then(|repeated| repeated.other), None);
}

#[test]
fn silence_and_a_wrong_answer_to_the_same_are_a_violation_that_stands() {
    let record = together(&[execution(Outcome::Fail, true), execution(Outcome::Fail, false)]);
    assert_eq!((record.outcome, record.checks[0].by_silence), (Outcome::Fail, false));
    assert_eq!(record.checks[0].reproduced, Some(Reproduced { times: 2, of: 2 }));
}

#[test]
fn findings_of_several_executions_stand_beside_each_other() {
    let mut elsewhere = execution(Outcome::Fail, false);
    elsewhere.checks[0].id = "step-2/answer".to_owned();
    let record = together(&[execution(Outcome::Fail, false), elsewhere, passed()]);
    let seen: Vec<_> =
        record.checks.iter().map(|check| (check.id.as_str(), check.reproduced.map(|r| r.times))).collect();
    assert_eq!(seen, [("step-1/answer", Some(1)), ("step-2/answer", Some(1))]);
}

#[test]
fn nothing_passes_that_found_nothing_out_once() {
    let record = together(&[passed(), execution(Outcome::Inconclusive, false), passed()]);
    assert_eq!(record.outcome, Outcome::Inconclusive);
    assert_eq!(record.reason, "unstable: 1 of 3 executions found nothing out: nothing answered");
    let again = execution(Outcome::Inconclusive, false);
    assert_eq!(together(&[again.clone(), again]).reason, "nothing answered");
    let whole = together(&[passed(), passed()]);
    assert_eq!((whole.outcome, whole.repeated.map(|repeated| repeated.outcomes.len())), (Outcome::Pass, Some(2)));
}

#[test]
fn an_error_of_ours_outweighs_and_changes_no_check() {
    let record = together(&[execution(Outcome::Fail, false), execution(Outcome::Error, false)]);
    assert_eq!((record.outcome, record.checks.len()), (Outcome::Error, 0));
}
