//! Tests of `junit.xml`: read back with our own strict reader, and held to what CI servers' schemas say of its shape.

use std::collections::BTreeSet;

use super::*;
use crate::{
    report::sample,
    verdict::CaseRecord,
    xml::{self, Element, Limits},
};

/// An element, its required and its other attributes, its children.
type Rule = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// What the schemas in use have in common: for each element its required and its other attributes, and its children.
const SCHEMA: &[Rule] = &[
    ("testsuites", &["name", "tests", "failures", "errors", "time"], &["skipped", "timestamp"], &["testsuite"]),
    (
        "testsuite",
        &["name", "tests", "failures", "errors", "skipped", "time"],
        &["timestamp"],
        &["properties", "testcase"],
    ),
    ("properties", &[], &[], &["property"]),
    ("property", &["name", "value"], &[], &[]),
    ("testcase", &["name", "classname", "time"], &["assertions"], &["failure", "error", "skipped", "system-out"]),
    ("failure", &["message", "type"], &[], &[]),
    ("error", &["message", "type"], &[], &[]),
    ("skipped", &["message"], &[], &[]),
    ("system-out", &[], &[], &[]),
];

fn limits() -> Limits {
    Limits { bytes: 64 << 20, ..Limits::default() }
}

/// The root of a file that keeps the schema.
fn valid(text: &str) -> Element {
    let root = xml::read(text.as_bytes(), &limits()).unwrap_or_else(|error| panic!("{error}")).root;
    assert_eq!(&*root.name.local, "testsuites");
    hold(&root);
    let mut sums = [0; 4];
    for suite in root.elements() {
        let counts = COUNTS.map(|name| number(suite, name));
        let of = |name: &str| cases(suite).filter(|case| case.elements().any(|child| is(child, name))).count();
        assert_eq!(counts, [cases(suite).count(), of("failure"), of("error"), of("skipped")]);
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += count;
        }
        let names: BTreeSet<_> = cases(suite).map(|case| (value(case, "classname"), value(case, "name"))).collect();
        assert_eq!(names.len(), cases(suite).count(), "names are unique");
    }
    assert_eq!(COUNTS.map(|name| number(&root, name)), sums);
    root
}

const COUNTS: [&str; 4] = ["tests", "failures", "errors", "skipped"];

fn hold(element: &Element) {
    let name = &*element.name.local;
    let (_, required, others, children) = SCHEMA.iter().find(|row| row.0 == name).expect(name);
    let has: BTreeSet<_> = element.attributes.iter().map(|attribute| &*attribute.name.local).collect();
    for attribute in *required {
        assert!(has.contains(attribute), "{name} lacks {attribute}");
    }
    for attribute in &has {
        assert!(required.contains(attribute) || others.contains(attribute), "{name} has {attribute}");
    }
    if has.contains("time") {
        assert!(value(element, "time").parse::<f64>().is_ok_and(|time| time >= 0.0));
    }
    // In the schema's order, and what the test came to at most once.
    let places: Vec<_> = element
        .elements()
        .map(|child| children.iter().position(|name| is(child, name)).expect("a known child"))
        .collect();
    assert!(places.is_sorted(), "{name}: {places:?}");
    if name == "testcase" {
        assert!(places.iter().filter(|place| **place < 3).count() <= 1);
    }
    element.elements().for_each(hold);
}

fn is(element: &Element, name: &str) -> bool {
    &*element.name.local == name
}

fn value(element: &Element, name: &str) -> String {
    let found = element.attributes.iter().find(|attribute| &*attribute.name.local == name);
    found.map(|attribute| attribute.value.clone()).unwrap_or_default()
}

fn number(element: &Element, name: &str) -> usize {
    value(element, name).parse().unwrap()
}

fn cases(suite: &Element) -> impl Iterator<Item = &Element> {
    suite.elements().filter(|child| is(child, "testcase"))
}

fn child(element: &Element, name: &str) -> Option<Element> {
    element.elements().find(|child| is(child, name)).cloned()
}

/// The test case of a case of the sample.
fn test_of(root: &Element, case: &CaseRecord) -> Element {
    let (folder, name) = folder_and_name(case);
    let mut found = root.elements().flat_map(cases);
    found.find(|test| value(test, "classname") == folder && value(test, "name") == name).unwrap().clone()
}

#[test]
fn every_outcome_has_its_place() {
    let record = sample::record();
    let root = valid(&to_junit(&record));
    for case in &record.cases {
        let test = test_of(&root, case);
        let came = ["failure", "error", "skipped"].map(|name| child(&test, name));
        let out = child(&test, "system-out").map(|out| out.text());
        let kind = |at: usize| came[at].as_ref().map(|element| value(element, "type"));
        match case.outcome {
            Outcome::Pass => assert!(came == [None, None, None] && out.is_none()),
            Outcome::Warn => {
                assert!(came == [None, None, None]);
                assert!(out.unwrap().contains("warn  step-1/order  get-tasks.order (should)"));
            }
            Outcome::Fail => {
                let failure = came[0].clone().unwrap();
                assert_eq!(value(&failure, "type"), case.checks[0].requirement.as_str());
                assert_eq!(value(&failure, "message"), case.checks[0].message);
                assert!(failure.text().contains(&format!("replay    {}", case.replay)));
                // The evidence is laid out for reading.
                assert!(out.unwrap().contains("\n    <StartTask xmlns=\"http://Microsoft.Windows.Ipam\">\n"));
            }
            Outcome::Inconclusive => assert_eq!(kind(1).as_deref(), Some("inconclusive")),
            Outcome::Error => assert_eq!(kind(1).as_deref(), Some("error")),
            Outcome::Skip => {
                assert_eq!(value(came[2].as_ref().unwrap(), "message"), case.reason);
                assert!(out.is_none());
            }
        }
        if matches!(case.outcome, Outcome::Inconclusive | Outcome::Error) {
            assert_eq!(value(came[1].as_ref().unwrap(), "message"), case.reason);
        }
    }
}

#[test]
fn suites_are_port_types_and_carry_what_a_rerun_needs() {
    let mut record = sample::record();
    record.cases[3].port_type = "IIpamOperationWithProgress".to_owned();
    let root = valid(&to_junit(&record));
    let suites: Vec<_> = root.elements().map(|suite| (value(suite, "name"), number(suite, "tests"))).collect();
    assert_eq!(suites, [("IIpamServer".to_owned(), 9), ("IIpamOperationWithProgress".to_owned(), 1)]);
    assert_eq!(value(&root, "timestamp"), "2026-01-02T03:04:05.000+00:00");
    assert_eq!(value(&root, "time"), "1.234");
    for suite in root.elements() {
        let properties = child(suite, "properties").unwrap();
        let of = |name: &str| {
            let found = properties.elements().find(|property| value(property, "name") == name);
            value(found.unwrap(), "value")
        };
        assert_eq!(of("seed"), record.seed);
        assert_eq!(of("suite.digest"), record.suite.digest);
        assert_eq!(of("claim"), "partial; missing net.tcp; 2 musts are violated");
        assert_eq!((of("target"), of("target.url")), (record.target.name.clone(), record.target.url.clone()));
    }
    assert_eq!(to_junit(&record), to_junit(&record));
}

fn names(element: &Element, found: &mut Vec<String>) {
    found.push(element.name.local.to_string());
    element.elements().for_each(|child| names(child, found));
}

#[test]
fn text_from_outside_never_becomes_markup() {
    let shape = |text: &str| {
        let mut record = sample::hostile(text);
        for (at, case) in record.cases.iter_mut().enumerate() {
            case.id = format!("{text}{at}");
        }
        let junit = to_junit(&record);
        assert!(!junit.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        let mut found = Vec::new();
        names(&valid(&junit), &mut found);
        found
    };
    let plain = shape("x");
    for text in [
        "</system-out></testcase><testcase name=\"\">",
        "\" type=\"",
        "]]>",
        "<![CDATA[",
        "<!-- -->",
        "&amp; &#0; &lt;",
        "a\0b\u{b}\u{1b}[31m\u{fffe}\u{ffff}\u{202e}\r\n\t",
    ] {
        assert_eq!(shape(text), plain, "{text:?}");
    }
    // Nothing is dropped in silence.
    assert!(to_junit(&sample::hostile("\0\u{1b}")).contains(r"\u{0}\u{1b}"));
}

#[test]
fn evidence_is_bounded() {
    let mut record = sample::record();
    for case in &mut record.cases {
        let exchange = case.evidence.exchanges.pop();
        case.evidence.exchanges.extend(exchange.into_iter().flat_map(|mut exchange| {
            exchange.response = Some("é".repeat(30_000));
            vec![exchange; 40]
        }));
    }
    let junit = to_junit(&record);
    valid(&junit);
    assert!(junit.contains("32 exchanges before these in report.json"));
    assert!(junit.contains("[43,616 more bytes in report.json]"));
    assert!(junit.len() < 10 * EXCHANGES * (MESSAGE + 2_000), "{}", junit.len());
    assert_eq!(valid(&to_junit(&sample::dead(0))).elements().count(), 0, "no case, no suite");
}
