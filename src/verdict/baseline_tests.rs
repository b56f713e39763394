//! Tests of the baseline: what is known is accepted, whatever is new, gone or lost is told, each once.

use proptest::prelude::*;

use super::*;
use crate::verdict::{
    Record, exit, made,
    made::{Made, events, started},
    record::today,
};

const PASS: Made = (Outcome::Pass, 0);
const FAIL: Made = (Outcome::Fail, 0);

fn run(cases: &[Made], baseline: Option<&Baseline>) -> Record {
    let mut run = started(cases.len());
    run.baseline = baseline.cloned().map(Box::new);
    Record::fold(&events(run, cases)).unwrap()
}

fn update(record: &Record, baseline: &Baseline) -> Baseline {
    baseline.updated(&record.findings, &record.plan(), &record.cases, today(&record.started))
}

fn of(cases: &[Made]) -> Baseline {
    update(&run(cases, None), &Baseline::default())
}

/// The findings that make a run fail, by status and kind.
fn told(record: &Record) -> Vec<(FindingStatus, FindingKind, &str)> {
    let open = record.findings.iter().filter(|finding| finding.status != FindingStatus::Accepted);
    open.map(|finding| (finding.status, finding.kind, finding.case.as_str())).collect()
}

proptest! {
    #![proptest_config(made::config())]

    #[test]
    fn an_update_and_then_the_same_run_is_green(before in made::runs(), cases in made::runs()) {
        prop_assume!(cases.iter().any(|(outcome, _)| matches!(outcome, Outcome::Pass | Outcome::Warn | Outcome::Fail)));
        let old = of(&before);
        let baseline = update(&run(&cases, Some(&old)), &old);
        let again = run(&cases, Some(&baseline));
        prop_assert_eq!(again.exit_code, exit::GREEN, "{:?}", again.findings);
        prop_assert_eq!(told(&again), vec![]);
        prop_assert_eq!(update(&again, &baseline), baseline);
    }

    #[test]
    fn any_change_of_a_case_is_told_once(cases in made::runs(), at in any::<proptest::sample::Index>(), other in made::outcomes()) {
        let at = at.index(cases.len());
        let mut changed = cases.clone();
        changed[at] = other;
        let baseline = of(&cases);
        let record = run(&changed, Some(&baseline));
        let judged = |(outcome, _): Made| matches!(outcome, Outcome::Pass | Outcome::Warn | Outcome::Fail);
        let finding = |made: Made| matches!(made.0, Outcome::Fail | Outcome::Warn).then(|| made::case(at, made).checks[0].fingerprint.clone());
        let differs = (judged(cases[at]) && !judged(other)) || (judged(other) && finding(cases[at]) != finding(other));
        // A case that came to no verdict, and now passes, is no news for a baseline.
        let differs = differs && (judged(cases[at]) || finding(other).is_some());
        prop_assert_eq!(told(&record).len(), usize::from(differs), "{:?}", told(&record));
    }
}

#[test]
fn known_new_stale_otherwise_and_lost() {
    let baseline = of(&[PASS, FAIL]);
    let green = run(&[PASS, FAIL], Some(&baseline));
    assert_eq!((green.exit_code, told(&green)), (exit::GREEN, vec![]));
    let new = run(&[FAIL, FAIL], Some(&baseline));
    assert_eq!(told(&new), [(FindingStatus::New, FindingKind::Violation, "made/case_000")]);
    let stale = run(&[PASS, PASS], Some(&baseline));
    assert_eq!(
        (stale.exit_code, told(&stale)),
        (1, vec![(FindingStatus::Stale, FindingKind::Violation, "made/case_001")])
    );
    assert!(stale.findings[0].note.starts_with("it did not come: delete `"), "{:?}", stale.findings);
    let otherwise = run(&[PASS, (Outcome::Fail, 1)], Some(&baseline));
    assert_eq!(told(&otherwise), [(FindingStatus::New, FindingKind::Violation, "made/case_001")]);
    assert!(otherwise.findings[0].note.starts_with("the baseline accepts another failure"), "{:?}", otherwise.findings);
    for gone in [(Outcome::Inconclusive, 0), (Outcome::Skip, 0)] {
        let lost = run(&[gone, FAIL], Some(&baseline));
        assert_eq!(
            (lost.exit_code, told(&lost)),
            (1, vec![(FindingStatus::New, FindingKind::CoverageLost, "made/case_000")])
        );
    }
    let removed = run(&[PASS], Some(&baseline));
    assert_eq!(told(&removed), [(FindingStatus::New, FindingKind::CoverageLost, "made/case_001")]);
}

#[test]
fn an_entry_expires_after_its_day() {
    let mut baseline = of(&[FAIL]);
    baseline.accepted[0].expires = Some("2026-01-02".to_owned());
    assert_eq!(run(&[FAIL], Some(&baseline)).exit_code, exit::GREEN);
    baseline.accepted[0].expires = Some("2026-01-01".to_owned());
    let late = run(&[FAIL], Some(&baseline));
    assert_eq!((late.exit_code, told(&late)), (1, vec![(FindingStatus::New, FindingKind::Expired, "made/case_000")]));
    // The day is people's: an update leaves it, and the entry, as they are.
    assert_eq!(update(&late, &baseline), baseline);
}

#[test]
fn only_what_was_run_is_judged() {
    let baseline = of(&[FAIL, FAIL, PASS]);
    for elsewhere in [true, false] {
        let mut run = started(3);
        for plan in &mut run.cases[1..] {
            (plan.selected, plan.elsewhere) = (elsewhere, elsewhere);
        }
        run.baseline = Some(Box::new(baseline.clone()));
        let mut record = events(run, &[FAIL, (Outcome::Skip, 0), (Outcome::Skip, 0)]);
        for event in &mut record {
            if let crate::verdict::Event::CaseFinished(case) = event
                && case.outcome == Outcome::Skip
            {
                let reason = if elsewhere {
                    crate::verdict::verification::ELSEWHERE
                } else {
                    crate::verdict::verification::NOT_SELECTED
                };
                case.reason = reason.to_owned();
            }
        }
        let record = Record::fold(&record).unwrap();
        assert_eq!((record.exit_code, told(&record)), (exit::GREEN, vec![]));
        assert_eq!(update(&record, &baseline), baseline);
        assert_eq!(crate::verdict::verification::verify(&record), Vec::<String>::new());
    }
}
