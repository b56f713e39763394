//! Tests of the hunt: what is tried, when it ends, and what it finds, with checks that answer at once or later.

use proptest::strategy::{Just, Strategy as _};

use super::*;
use crate::{
    case::generate::Kind,
    runner::{generator, strategy},
    session::Layer,
    spec::{Effect, Level, task::IPAM_TASK_TYPE},
    verdict::{Check, Evidence},
};

/// The record of a case in which this check came to this outcome.
fn record(outcome: Outcome, check: &str) -> CaseRecord {
    let id = RequirementId::parse("a.b").unwrap();
    CaseRecord {
        id: "a/b".to_owned(),
        about: String::new(),
        file: String::new(),
        line: 1,
        level: Level::Must,
        effect: Effect::Read,
        port_type: String::new(),
        requirements: vec![id.clone()],
        twin: None,
        outcome,
        reason: String::new(),
        blame: None,
        duration_ms: 0,
        seed: String::new(),
        replay: String::new(),
        steps: Vec::new(),
        checks: vec![Check {
            id: check.to_owned(),
            requirement: id,
            level: Level::Must,
            outcome,
            layer: Layer::Operation,
            message: String::new(),
            expected: None,
            got: None,
            fingerprint: String::new(),
            by_silence: false,
            reproduced: None,
        }],
        evidence: Evidence::default(),
        recorded_faults: Vec::new(),
        generated: None,
        repeated: None,
    }
}

fn fails_if(fails: bool) -> CaseRecord {
    record(if fails { Outcome::Fail } else { Outcome::Pass }, "step-1/answer")
}

fn hunt(count: usize, budget: usize, seed: &str) -> Hunt {
    let generate = Generate { count, keys: vec![("x".to_owned(), Kind::NotIn(&IPAM_TASK_TYPE))] };
    let of = generate.clone();
    let generator = Generator::start(vec!["x".to_owned()], generator::seed(seed, "a/b"), move |n| strategy::of(&of, n));
    Hunt::new(generator.unwrap(), &generate, budget)
}

/// Drives a hunt; each check lets others run before it answers. Gives what is reported, and all that was tried.
async fn drive(mut hunt: Hunt, check: impl Fn(&str) -> CaseRecord) -> (CaseRecord, Vec<String>) {
    let mut tried = Vec::new();
    while let Some(values) = hunt.next().await.unwrap() {
        tokio::task::yield_now().await;
        let record = check(&values["x"]);
        tried.push(values["x"].clone());
        let held_back = record.outcome == Outcome::Skip;
        hunt.tell(values, record, held_back);
    }
    (hunt.end().unwrap(), tried)
}

fn shown(record: &CaseRecord) -> (&str, Option<&str>) {
    let generated = record.generated.as_ref().unwrap();
    (&generated.values["x"], generated.shrunk_from.as_ref().map(|from| from["x"].as_str()))
}

/// A server that takes words that are too long, and one that leaves out what it does not see.
fn takes_long(text: &str) -> CaseRecord {
    fails_if(text.chars().count() > 64)
}

fn takes_invisible(text: &str) -> CaseRecord {
    let rest = text.replace(['\u{200b}', '\u{feff}', '\u{200d}', '\u{2060}', '\u{ad}'], "");
    fails_if(rest != text && rest != "None" && IPAM_TASK_TYPE.contains(&rest))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_smallest_value_is_found_whatever_the_seed() {
    for seed in ["s", "t", "u", "v", "w"] {
        let (long, tried) = tokio::spawn(drive(hunt(40, 200, seed), takes_long)).await.unwrap();
        assert_eq!(shown(&long).0, "a".repeat(65), "{tried:?}");
        assert!(shown(&long).1.is_some_and(|from| from.chars().count() > 65));
        let (invisible, tried) = tokio::spawn(drive(hunt(40, 200, seed), takes_invisible)).await.unwrap();
        assert_eq!(shown(&invisible).0, "Discovery\u{200b}", "{tried:?}");
    }
}

#[tokio::test]
async fn the_same_seed_tries_the_same() {
    let (first, tried) = drive(hunt(40, 200, "s"), takes_long).await;
    assert_eq!((first, tried.clone()), drive(hunt(40, 200, "s"), takes_long).await);
    let distinct: BTreeSet<_> = tried.iter().collect();
    assert_eq!(distinct.len(), tried.len(), "nothing is tried twice: {tried:?}");
}

#[tokio::test]
async fn all_pass_where_nothing_fails() {
    let (record, tried) = drive(hunt(30, 200, "s"), |_| fails_if(false)).await;
    let generated = record.generated.clone().unwrap();
    assert_eq!((record.outcome, generated.tried, generated.shrunk_from), (Outcome::Pass, tried.len(), None));
    assert_eq!(Some(&generated.values["x"]), tried.last());
    assert!((20..=30).contains(&tried.len()), "{tried:?}");
    assert!(tried.iter().all(|text| !IPAM_TASK_TYPE.contains(text)));
}

#[tokio::test]
async fn only_the_same_reason_counts() {
    let check = |text: &str| match text.chars().count() {
        0..=64 => fails_if(false),
        65..=80 => record(Outcome::Fail, "step-1/common-shape"),
        _ => record(Outcome::Fail, "step-1/answer"),
    };
    // Whichever is met first is followed.
    let (found, _) = drive(hunt(40, 200, "s"), check).await;
    let length = shown(&found).0.chars().count();
    let expected = if found.checks[0].id == "step-1/answer" { 81 } else { 65 };
    assert_eq!(length, expected);
    let (warned, _) = drive(hunt(40, 200, "s"), |text| record(Outcome::Warn, &format!("step-1/{}", text.len()))).await;
    assert_eq!(shown(&warned).1, None, "no other value warns in the same way");
}

#[tokio::test]
async fn shrinking_keeps_to_its_budget() {
    let fails_after = |budget| async move {
        let (record, tried) = drive(hunt(40, budget, "s"), takes_long).await;
        tried.len() - record.generated.unwrap().tried
    };
    assert_eq!(fails_after(0).await, 0);
    assert_eq!(fails_after(3).await, 3);
    assert!((4..200).contains(&fails_after(200).await));
}

#[tokio::test]
async fn what_is_held_back_is_passed_over() {
    let held = |text: &str| if text.is_ascii() { record(Outcome::Skip, "") } else { fails_if(false) };
    let (some, tried) = drive(hunt(40, 200, "s"), held).await;
    assert_eq!(some.outcome, Outcome::Pass);
    assert!(some.generated.unwrap().tried < tried.len());
    let (none, _) = drive(hunt(40, 200, "s"), |_| record(Outcome::Skip, "")).await;
    assert_eq!((none.outcome, none.generated.unwrap().tried), (Outcome::Skip, 0));
}

#[tokio::test]
async fn what_is_not_found_out_ends_the_hunt() {
    let (record, tried) = drive(hunt(40, 200, "s"), |_| record(Outcome::Inconclusive, "step-1/answer")).await;
    assert_eq!((record.outcome, tried.len()), (Outcome::Inconclusive, 1));
}

#[tokio::test]
async fn a_strategy_that_panics_loses_the_hunt() {
    let broken = |number| if number == 0 { Just(vec![String::new()]).boxed() } else { panic!("on purpose") };
    let generate = Generate { count: 5, keys: vec![("x".to_owned(), Kind::String)] };
    let generator = Generator::start(vec!["x".to_owned()], [0; 32], broken).unwrap();
    let mut hunt = Hunt::new(generator, &generate, 5);
    let first = hunt.next().await.unwrap().unwrap();
    hunt.tell(first, fails_if(false), false);
    assert_eq!(hunt.next().await, Err(Lost));
}
