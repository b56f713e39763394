//! `junit.xml`: the record as CI servers read it, a suite for each port type and a test case for each case.
//!
//! Leaves out the ledger, which the format has no place for. A broken should fails no test: it is told in `system-out`.
//! Text from outside enters as [`Shown`], in which no character is left that XML refuses.

use std::{fmt::Write as _, time::Duration};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{
    ci, groups,
    headline::subject,
    indent::indent,
    sanitize::Shown,
    words::{count, duration},
};
use crate::verdict::{CaseRecord, Check, Evidence, Exchange, Outcome, Record};

/// How many bytes of one message the file shows; `report.json` has the rest.
const MESSAGE: usize = 16 * 1024;
/// How many exchanges of one case the file shows, the newest: a step that polls has many.
const EXCHANGES: usize = 8;

/// Writes the record as JUnit XML. The same record gives the same bytes.
///
/// # Panics
/// Never: it is written to memory, which cannot fail.
pub fn to_junit(record: &Record) -> String {
    let mut suites: Vec<TestSuite> = Vec::new();
    let accepted = ci::accepted(record);
    for case in &record.cases {
        let name = line(&case.port_type);
        let at = suites.iter().position(|suite| suite.name.as_str() == name).unwrap_or_else(|| {
            suites.push(suite(record, &name));
            suites.len() - 1
        });
        if let Some(suite) = suites.get_mut(at) {
            suite.add_test_case(test_case(case, accepted.contains(case.id.as_str())));
            suite.time = Some(suite.time.unwrap_or_default() + Duration::from_millis(case.duration_ms));
        }
    }
    suites.extend(of_baseline(record));
    let mut report = Report::new(format!("ipamspec: {}", subject(record)));
    report.timestamp = record.started.parse().ok();
    report.set_time(Duration::from_millis(record.duration_ms)).add_test_suites(suites);
    report.to_string().expect("writing to memory cannot fail")
}

/// What is wrong with the baseline, as a suite of its own.
fn of_baseline(record: &Record) -> Option<TestSuite> {
    let mut suite = suite(record, "baseline");
    for finding in groups::of_baseline(record) {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(line(&finding.note)).set_type("baseline");
        let mut test = TestCase::new(line(&finding.case), status);
        test.set_classname("baseline");
        suite.add_test_case(test);
    }
    (!suite.test_cases.is_empty()).then_some(suite)
}

fn suite(record: &Record, name: &str) -> TestSuite {
    let mut suite = TestSuite::new(name);
    suite.timestamp = record.started.parse().ok();
    let claim = std::iter::once(record.claim.kind.as_str().to_owned()).chain(record.claim.reasons.iter().cloned());
    let facts = [
        ("seed", record.seed.clone()),
        ("suite.digest", record.suite.digest.clone()),
        ("suite.revision", record.suite.revision.clone()),
        ("suite.score", record.suite.score.as_ref().map_or_else(String::new, |score| score.told(&record.suite.digest))),
        ("claim", claim.collect::<Vec<_>>().join("; ")),
        ("target", record.target.name.clone()),
        ("target.url", record.target.url.clone()),
        ("interrupted", record.interrupted.clone().unwrap_or_else(|| "no".to_owned())),
        ("ipamspec.version", record.tool.version.clone()),
    ];
    suite.add_properties(facts.map(|(name, value)| (name.to_owned(), line(&value))));
    suite
}

fn test_case(case: &CaseRecord, accepted: bool) -> TestCase {
    let (folder, name) = folder_and_name(case);
    let mut test = TestCase::new(line(name), status(case, accepted));
    test.set_classname(line(folder))
        .set_assertions(case.checks.len())
        .set_time(Duration::from_millis(case.duration_ms));
    if !matches!(case.outcome, Outcome::Pass | Outcome::Skip) {
        test.set_system_out(if accepted {
            format!("accepted by the baseline\n{}{}", told(case), evidence(case))
        } else {
            evidence(case)
        });
    }
    test
}

/// The folder that the case stands in, as the class, and what is left of its id.
fn folder_and_name(case: &CaseRecord) -> (&str, &str) {
    let folder = case.file.rsplit_once('/').map_or("", |(folder, _)| folder);
    match case.id.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')) {
        Some(rest) if !folder.is_empty() => (folder, rest),
        _ => (case.port_type.as_str(), case.id.as_str()),
    }
}

/// What a baseline accepts fails no test: it is told in `system-out`.
fn status(case: &CaseRecord, accepted: bool) -> TestCaseStatus {
    let mut status = match case.outcome {
        Outcome::Pass | Outcome::Warn => return TestCaseStatus::success(),
        Outcome::Fail if accepted => return TestCaseStatus::success(),
        Outcome::Skip => TestCaseStatus::skipped(),
        Outcome::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Outcome::Error | Outcome::Inconclusive => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    let broken = case.checks.iter().find(|check| check.outcome == case.outcome);
    let message = match broken {
        Some(check) if case.reason.is_empty() => &check.message,
        _ => &case.reason,
    };
    status.set_message(line(message));
    match case.outcome {
        Outcome::Skip => {}
        Outcome::Fail => {
            status.set_type(broken.map_or("fail", |check| check.requirement.as_str()));
        }
        outcome => {
            status.set_type(outcome.as_str());
        }
    }
    if case.outcome != Outcome::Skip {
        status.set_description(told(case));
    }
    status
}

/// What did not pass, and how to see it again.
fn told(case: &CaseRecord) -> String {
    let mut text = format!("{}\n", line(&case.about));
    for check in case.checks.iter().filter(|check| check.outcome != Outcome::Pass) {
        tell(&mut text, check);
    }
    let _ = write!(text, "where     {}:{}\nreplay    {}\n", line(&case.file), case.line, line(&case.replay));
    text
}

fn tell(text: &mut String, check: &Check) {
    let _ = writeln!(
        text,
        "{}  {}  {} ({})\nwhat      {}",
        check.outcome,
        line(&check.id),
        check.requirement,
        check.level,
        line(&check.told())
    );
    for (name, value) in [("expected", &check.expected), ("got     ", &check.got)] {
        if let Some(value) = value {
            let _ = writeln!(text, "{name}  {}", line(value));
        }
    }
}

/// The messages that prove an outcome, laid out for reading.
fn evidence(case: &CaseRecord) -> String {
    let mut text = String::new();
    if case.outcome == Outcome::Warn {
        text = told(case);
    }
    proof(&mut text, &case.evidence);
    if let Some(other) = case.repeated.as_ref().and_then(|repeated| repeated.other.as_ref()) {
        let _ = writeln!(text, "execution {}: {} {}", other.number, other.outcome, line(&other.reason));
        proof(&mut text, &other.evidence);
    }
    text
}

fn proof(text: &mut String, evidence: &Evidence) {
    let exchanges = &evidence.exchanges;
    let left_out = exchanges.len().saturating_sub(EXCHANGES);
    if left_out > 0 {
        let _ = writeln!(text, "{} before these in report.json", count(left_out, "exchange"));
    }
    for exchange in exchanges.iter().skip(left_out) {
        tell_exchange(text, exchange);
    }
    for observed in &evidence.trace {
        let _ = writeln!(text, "{}", line(observed));
    }
}

fn tell_exchange(text: &mut String, exchange: &Exchange) {
    let (operation, outcome) = (line(&exchange.operation), line(&exchange.outcome));
    let _ = writeln!(
        text,
        "step {}, attempt {}: {operation}\n{}\n{outcome}, after {}",
        exchange.step,
        exchange.attempt,
        message(&exchange.request),
        duration(exchange.took_ms)
    );
    if let Some(response) = &exchange.response {
        let _ = writeln!(text, "{}", message(response));
    }
    text.push('\n');
}

fn message(text: &str) -> String {
    let laid_out = indent(text);
    let (shown, cut) = Shown::block_within(laid_out.as_deref().unwrap_or(text), MESSAGE);
    if cut == 0 { shown.to_string() } else { format!("{shown}\n[{} in report.json]", count(cut, "more byte")) }
}

fn line(text: &str) -> String {
    Shown::line(text).to_string()
}

#[cfg(test)]
mod tests;
