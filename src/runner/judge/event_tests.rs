//! What only a session shows, judged: refusals of the moment, names of faults, ways to end.
//!
//! Leaves out the order of callbacks.

use super::*;
use crate::{
    case::{Answer, Case, EndedBy, Suite},
    runner::judge::Asked,
};

fn suite() -> Suite {
    Suite::load(&crate::case::embedded()).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)))
}

/// A case one of whose steps expects this, and the number of the step.
fn expecting(suite: &Suite, answer: Answer) -> (&Case, usize) {
    let expects =
        |case: &&Case| case.steps.iter().position(|step| step.expect.as_ref().is_some_and(|e| e.answer == answer));
    let case = suite.cases.iter().find(|case| expects(case).is_some()).expect("a case");
    (case, expects(&case).unwrap())
}

/// The outcomes of the checks that a step makes of what was observed.
fn judged(suite: &Suite, answer: Answer, end: End, by: Option<EndedBy>) -> Vec<(String, Outcome)> {
    let (case, at) = expecting(suite, answer);
    let mut step = case.steps[at].clone();
    step.expect.as_mut().unwrap().ended_by = by;
    let asked = Asked { case, number: at + 1, step: &step, operation: None, message_id: None, control: Some(true) };
    let judged = judge_event(asked, &Observed::Ended(end), &suite.catalogue, &|_| None);
    judged.checks.iter().map(|check| (check.id.rsplit('/').next().unwrap().to_owned(), check.outcome)).collect()
}

fn refused(fault: FaultUri) -> End {
    End::Refused { fault: fault.uri() }
}

#[test]
fn a_target_that_is_busy_neither_keeps_nor_breaks_a_rule() {
    let suite = suite();
    for fault in [FaultUri::ServerTooBusy, FaultUri::EndpointPaused, FaultUri::ServiceActivationFailed] {
        for answer in [Answer::Accepted, Answer::Refused, Answer::Nothing] {
            let outcomes = judged(&suite, answer, refused(fault), None);
            assert_eq!(outcomes.last().unwrap().1, Outcome::Inconclusive, "{fault} {answer:?}");
        }
    }
    let other = FaultUri::InvalidRecordSequence;
    assert_eq!(judged(&suite, Answer::Refused, refused(other), None).last().unwrap().1, Outcome::Pass);
    assert_eq!(judged(&suite, Answer::Accepted, refused(other), None).last().unwrap().1, Outcome::Fail);
}

#[test]
fn faults_are_named_in_the_table_or_elsewhere() {
    let suite = suite();
    let named = |fault: String| judged(&suite, Answer::Refused, End::Refused { fault }, None).remove(0);
    let stray = [FaultUri::NAMESPACE, "Unheard"].concat();
    assert_eq!(named(stray), ("fault-name".to_owned(), Outcome::Fail));
    for fine in ["urn:contoso:no".to_owned(), FaultUri::UnsupportedMode.uri()] {
        assert_eq!(named(fine), ("fault-name".to_owned(), Outcome::Pass));
    }
}

#[test]
fn an_end_is_of_the_way_that_is_asked_for() {
    let suite = suite();
    let ends = [
        (EndedBy::End, End::Ended),
        (EndedBy::Close, End::Closed),
        (EndedBy::Fault, refused(FaultUri::InvalidRecordSequence)),
        (EndedBy::Reset, End::Reset),
    ];
    for (way, end) in &ends {
        assert_eq!(judged(&suite, Answer::Ended, end.clone(), None).last().unwrap().1, Outcome::Pass);
        for (asked, _) in &ends {
            let outcome = judged(&suite, Answer::Ended, end.clone(), Some(*asked)).last().unwrap().1;
            assert_eq!(outcome == Outcome::Pass, way == asked, "{way:?} {asked:?}");
        }
    }
}
