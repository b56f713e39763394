//! What CI servers read beside JUnit: annotations and a step summary (GitHub), code quality (GitLab), a badge (Shields).
//!
//! Leaves out evidence, which the page has. What a baseline accepts is told of and makes nothing red. Follows GitHub's
//! workflow commands, GitLab's code quality report format, and the endpoint badge of Shields.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use serde_json::{Value, json};

use super::{
    groups,
    headline::{claim, headline},
    sanitize::Shown,
    words::{self, Tone, count, duration, grouped},
};
use crate::verdict::{CaseRecord, FindingStatus, Outcome, Record, exit, ledger::Status};

/// The most annotations of one kind that GitHub shows of a step.
const ANNOTATIONS: usize = 10;
/// How many findings a step summary lists.
const FINDINGS: usize = 25;

/// The cases all of whose findings a baseline accepts.
pub(super) fn accepted(record: &Record) -> BTreeSet<&str> {
    let mut by_case: BTreeMap<&str, bool> = BTreeMap::new();
    for finding in record.findings.iter().filter(|finding| finding.status != FindingStatus::Stale) {
        *by_case.entry(&finding.case).or_insert(true) &= finding.status == FindingStatus::Accepted;
    }
    by_case.into_iter().filter(|(_, all)| *all).map(|(case, _)| case).collect()
}

/// Why a case did not pass, in a line.
pub(super) fn said(case: &CaseRecord) -> &str {
    let finding = case.checks.iter().find(|check| check.outcome == case.outcome);
    match finding {
        Some(check) if case.reason.is_empty() => &check.message,
        _ => &case.reason,
    }
}

/// Writes what did not pass as GitHub's workflow commands, errors first. A job prints them.
pub fn to_annotations(record: &Record) -> String {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    for group in groups::findings(record) {
        let Some((_, case)) = group.first() else { continue };
        let also = match group.cases.len() {
            1 => String::new(),
            more => format!(", and in {}", count(more - 1, "more case")),
        };
        let sentence = group.row.map(|(_, row)| format!("{}\n", row.text)).unwrap_or_default();
        let text = format!(
            "{sentence}{}{also}\nexpected {}, got {}\nreplay: {}",
            group.check.told(),
            group.check.expected.as_deref().unwrap_or("otherwise"),
            group.check.got.as_deref().unwrap_or("that"),
            case.replay
        );
        let is_error = group.check.outcome == Outcome::Fail && group.status == FindingStatus::New;
        let list = if is_error { &mut errors } else { &mut warnings };
        let state = if group.status == FindingStatus::Accepted { " (accepted)" } else { "" };
        list.push((place(case), format!("{}{state}: {}", group.check.requirement, case.id), text));
    }
    for finding in groups::of_baseline(record) {
        errors.push((String::new(), format!("baseline: {}", finding.case), finding.note.clone()));
    }
    for (outcome, list) in [(Outcome::Error, &mut errors), (Outcome::Inconclusive, &mut warnings)] {
        for group in groups::reasons(record, outcome) {
            let title = format!("{}: {outcome}", count(group.cases.len(), "case"));
            list.push((String::new(), title, group.reason.to_owned()));
        }
    }
    let mut out = String::new();
    for (command, list) in [("error", errors), ("warning", warnings)] {
        let left = list.len().saturating_sub(ANNOTATIONS);
        let shown = if left > 0 { ANNOTATIONS - 1 } else { ANNOTATIONS };
        for (place, title, text) in list.iter().take(shown) {
            let title = property(title);
            let comma = if place.is_empty() { "" } else { "," };
            let _ = writeln!(out, "::{command} {place}{comma}title={title}::{}", data(text));
        }
        if left > 0 {
            let text = format!("{} more in the report", grouped(list.len() - shown));
            let _ = writeln!(out, "::{command} title=ipamspec::{text}");
        }
    }
    out
}

fn place(case: &CaseRecord) -> String {
    format!("file={},line={}", property(&format!("cases/{}", case.file)), case.line)
}

/// The value of a property of a workflow command.
fn property(text: &str) -> String {
    Shown::line(text).as_str().replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}

/// The message of a workflow command.
fn data(text: &str) -> String {
    Shown::block(text).as_str().replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Writes a summary in Markdown, for a step of a job or a comment.
pub fn to_summary(record: &Record) -> String {
    let mut out = String::new();
    let headline = headline(record);
    let sign = match record.exit_code {
        exit::GREEN => "✅",
        exit::FINDINGS => "❌",
        _ => "⚠️",
    };
    let _ = writeln!(out, "## {sign} {}\n", markdown(headline.sentence.as_str()));
    for detail in &headline.details {
        let _ = writeln!(out, "{}\n", markdown(detail.as_str()));
    }
    if let Some(reason) = &record.interrupted {
        let finished = grouped(record.cases.len());
        let _ = writeln!(
            out,
            "**Interrupted** after {finished} of {}: {}\n",
            count(record.suite.cases, "case"),
            markdown(reason)
        );
    }
    let _ = writeln!(out, "{}\n", markdown(claim(record).as_str()));
    let cell = |outcome| grouped(record.summary.of(outcome));
    let _ = writeln!(out, "| {} |", words::OUTCOMES.map(|o| o.as_str().to_owned()).join(" | "));
    let _ = writeln!(out, "|{}", " ---: |".repeat(words::OUTCOMES.len()));
    let _ = writeln!(out, "| {} |\n", words::OUTCOMES.map(cell).join(" | "));
    let groups = groups::findings(record);
    if !groups.is_empty() {
        out.push_str("| | requirement | what | case |\n| --- | --- | --- | --- |\n");
        for group in groups.iter().take(FINDINGS) {
            let Some((_, case)) = group.first() else { continue };
            let more = group.cases.len() - 1;
            let also = if more > 0 { format!(" and {} more", grouped(more)) } else { String::new() };
            let _ = writeln!(
                out,
                "| {} {} | {} | {} | {}{also} |",
                group.check.outcome,
                words::finding_status(group.status),
                markdown(group.check.requirement.as_str()),
                markdown(&group.check.told()),
                markdown(&case.id)
            );
        }
        if groups.len() > FINDINGS {
            let _ = writeln!(out, "\nand {} more", grouped(groups.len() - FINDINGS));
        }
        out.push('\n');
    }
    for finding in groups::of_baseline(record) {
        let _ = writeln!(out, "- baseline: {}: {}", markdown(&finding.case), markdown(&finding.note));
    }
    let took = duration(record.duration_ms);
    let _ = writeln!(
        out,
        "\nsuite {} · seed {} · {took}",
        markdown(&short(&record.suite.digest)),
        markdown(&short(&record.seed))
    );
    out
}

fn short(text: &str) -> String {
    text.chars().take(12).collect()
}

/// Text that Markdown leaves as it is: HTML and everything that begins markup is escaped.
fn markdown(text: &str) -> String {
    let mut out = String::new();
    for c in Shown::line(text).as_str().chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '!' | '#' | '~' | '@' | '$' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            // What looks like an address becomes a link otherwise.
            ':' => out.push_str("&#58;"),
            _ => out.push(c),
        }
    }
    out
}

/// Writes the findings as GitLab's code quality report.
pub fn to_code_quality(record: &Record) -> String {
    let statuses: BTreeMap<_, _> =
        record.findings.iter().map(|f| ((f.case.as_str(), f.check.as_str(), &f.requirement), f.status)).collect();
    let mut issues = Vec::new();
    for case in &record.cases {
        for check in case.checks.iter().filter(|check| check.is_finding()) {
            let status = statuses.get(&(case.id.as_str(), check.id.as_str(), &check.requirement));
            let severity = match (status, check.outcome) {
                (Some(FindingStatus::Accepted), _) => "info",
                (_, Outcome::Fail) => "critical",
                _ => "minor",
            };
            issues.push(json!({
                "description": Shown::line(&format!("{}: {}", check.requirement, check.message)).as_str(),
                "check_name": check.requirement.as_str(),
                "fingerprint": Shown::line(&check.fingerprint).as_str(),
                "severity": severity,
                "location": {
                    "path": Shown::line(&format!("cases/{}", case.file)).as_str(),
                    "lines": { "begin": case.line },
                },
            }));
        }
    }
    pretty(&Value::from(issues))
}

/// Writes what a badge shows: whether the target conforms, and how much of its musts was verified.
pub fn to_badge(record: &Record) -> String {
    let headline = headline(record);
    let color = match headline.tone {
        Tone::Good => "brightgreen",
        Tone::Bad => "red",
        Tone::Caution => "yellow",
        Tone::Unknown | Tone::Quiet => "lightgrey",
    };
    let musts = || record.requirements.iter().filter(|row| row.level == crate::spec::Level::Must);
    let verified = musts().filter(|row| row.status == Status::Verified).count();
    let violated = musts().filter(|row| row.status == Status::Violated).count();
    let all = musts().filter(|row| row.status != Status::Untestable).count();
    let message = match violated {
        0 => format!("{} {verified}/{all} musts", record.claim.kind.as_str()),
        _ => format!("{} violated", count(violated, "must")),
    };
    pretty(&json!({ "schemaVersion": 1, "label": "MS-IPAMM2", "message": message, "color": color }))
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

#[cfg(test)]
#[path = "ci_tests.rs"]
mod tests;
