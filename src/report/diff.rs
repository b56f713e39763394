//! What is different between two runs, on a terminal and as a page.
//!
//! Leaves out comparing, which `verdict` does; the JSON is its `Comparison` as it stands.

use std::fmt::Write as _;

use askama::Template;

use super::{
    ink::Ink,
    sanitize::Shown,
    words::{self, Tone, count, grouped},
    wrap::wrap,
};
use crate::verdict::{
    Comparison,
    comparison::{Cause, Change, ChangeKind, Direction, Side},
    ledger::Status,
};

/// How many characters of a text from outside a line shows.
const LIMIT: usize = 300;
/// How many changes of one direction a terminal shows.
const CHANGES: usize = 40;

/// The comparison for a terminal.
pub fn diff(comparison: &Comparison, colour: bool) -> String {
    let ink = Ink { colour };
    let mut out = String::new();
    for (name, side) in [("old", &comparison.old), ("new", &comparison.new)] {
        let _ = writeln!(out, "{}  {}", ink.dim(name), wrap(&side_line(side), 5, 5));
    }
    for direction in [Direction::Worse, Direction::Better, Direction::Neither] {
        let changes: Vec<&Change> = of(comparison, direction).collect();
        if changes.is_empty() {
            continue;
        }
        let (word, tone) = word(direction);
        let _ = writeln!(out, "\n{}", ink.tone(tone, &format!("{word}: {}", count(changes.len(), "change"))));
        for change in changes.iter().take(CHANGES) {
            let check = change.check.as_deref().map(|check| format!("  {}", Shown::line(check))).unwrap_or_default();
            let _ = writeln!(out, "  {}  {}{check}", kind(change.kind), ink.bold(Shown::line(&change.case).as_str()));
            if let Some(requirement) = &change.requirement {
                let _ = writeln!(out, "    {requirement} ({})", change.level);
            }
            for (name, text) in [("old", &change.old), ("new", &change.new)] {
                if let Some(text) = text {
                    let text = Shown::line_within(text, LIMIT);
                    let _ = writeln!(out, "    {}   {}", ink.dim(name), wrap(text.as_str(), 10, 10));
                }
            }
            let why = Shown::line_within(&format!("{}: {}", cause(change.cause), change.why), LIMIT);
            let _ = writeln!(out, "    {} {}", ink.dim("cause"), wrap(why.as_str(), 10, 10));
        }
        if changes.len() > CHANGES {
            let _ = writeln!(out, "  and {} more", grouped(changes.len() - CHANGES));
        }
    }
    if !comparison.requirements.is_empty() {
        let _ = writeln!(
            out,
            "\n{}",
            count(comparison.requirements.len(), "requirement of another status").replace("statuss", "status")
        );
        for row in comparison.requirements.iter().take(CHANGES) {
            let line = format!("{} ({}): {} -> {}", row.id, row.level, status(row.old), status(row.new));
            let _ = writeln!(out, "  {}", wrap(&line, 2, 4));
        }
        if comparison.requirements.len() > CHANGES {
            let _ = writeln!(out, "  and {} more", grouped(comparison.requirements.len() - CHANGES));
        }
    }
    let _ = writeln!(out, "\n{}", ink.bold(&sentence(comparison)));
    out
}

/// The comparison as a page of its own. The same comparison gives the same bytes.
///
/// # Panics
/// Never: the template writes to a string, which cannot fail.
pub fn diff_to_html(comparison: &Comparison) -> String {
    let groups = [Direction::Worse, Direction::Better, Direction::Neither]
        .into_iter()
        .map(|direction| {
            let (title, tone) = word(direction);
            Group { title, tone, rows: of(comparison, direction).map(row).collect() }
        })
        .filter(|group| !group.rows.is_empty())
        .collect();
    let page = Page {
        sentence: sentence(comparison),
        tone: match (comparison.count(Direction::Worse), comparison.changes.len()) {
            (0, 0) => Tone::Quiet,
            (0, _) => Tone::Good,
            _ => Tone::Bad,
        },
        old: Shown::line(&side_line(&comparison.old)),
        new: Shown::line(&side_line(&comparison.new)),
        groups,
        requirements: comparison
            .requirements
            .iter()
            .map(|row| (row.id.to_string(), row.level.to_string(), status(row.old), status(row.new)))
            .collect(),
    };
    page.render().expect("writing to a string cannot fail")
}

#[derive(Template)]
#[template(path = "diff.html")]
struct Page {
    sentence: String,
    tone: Tone,
    old: Shown,
    new: Shown,
    groups: Vec<Group>,
    requirements: Vec<(String, String, &'static str, &'static str)>,
}

struct Group {
    title: &'static str,
    tone: Tone,
    rows: Vec<Row>,
}

struct Row {
    kind: &'static str,
    case: Shown,
    check: Shown,
    requirement: String,
    old: Option<Shown>,
    new: Option<Shown>,
    cause: &'static str,
    why: Shown,
}

fn row(change: &Change) -> Row {
    Row {
        kind: kind(change.kind),
        case: Shown::line(&change.case),
        check: Shown::line(change.check.as_deref().unwrap_or_default()),
        requirement: change.requirement.as_ref().map(|id| format!("{id} ({})", change.level)).unwrap_or_default(),
        old: change.old.as_deref().map(|text| Shown::line_within(text, 2_000)),
        new: change.new.as_deref().map(|text| Shown::line_within(text, 2_000)),
        cause: cause(change.cause),
        why: Shown::line(&change.why),
    }
}

fn of(comparison: &Comparison, direction: Direction) -> impl Iterator<Item = &Change> {
    comparison.changes.iter().filter(move |change| change.direction == direction)
}

fn sentence(comparison: &Comparison) -> String {
    match [Direction::Worse, Direction::Better, Direction::Neither].map(|direction| comparison.count(direction)) {
        [0, 0, 0] => "Nothing that was compared is different.".to_owned(),
        [worse, better, neither] => {
            format!(
                "{} for the worse, {} for the better, {} of another kind.",
                grouped(worse),
                grouped(better),
                grouped(neither)
            )
        }
    }
}

fn side_line(side: &Side) -> String {
    let interrupted = if side.interrupted.is_some() { ", interrupted" } else { "" };
    let text = format!(
        "{} ({}), {}: {} pass, {} fail, {} warn, {} inconclusive, {} skip, {} error; claim {}{interrupted}",
        side.target,
        side.url,
        side.started,
        grouped(side.summary.pass),
        grouped(side.summary.fail),
        grouped(side.summary.warn),
        grouped(side.summary.inconclusive),
        grouped(side.summary.skip),
        grouped(side.summary.error),
        side.claim.as_str()
    );
    Shown::line_within(&text, LIMIT).to_string()
}

fn word(direction: Direction) -> (&'static str, Tone) {
    match direction {
        Direction::Worse => ("worse", Tone::Bad),
        Direction::Neither => ("neither better nor worse", Tone::Quiet),
        Direction::Better => ("better", Tone::Good),
    }
}

fn kind(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Appeared => "appeared",
        ChangeKind::Differs => "fails otherwise",
        ChangeKind::Resolved => "resolved",
        ChangeKind::Outcome => "outcome",
        ChangeKind::Removed => "removed",
        ChangeKind::Added => "added",
    }
}

fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Target => "target changed",
        Cause::Case => "case changed",
        Cause::Expectation => "expectation changed",
        Cause::SuiteGrew => "suite grew",
        Cause::SuiteShrank => "suite shrank",
        Cause::Environment => "environment",
        Cause::Unstable => "unstable",
    }
}

fn status(status: Option<Status>) -> &'static str {
    status.map_or("not in the catalogue", |status| words::status(status).word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn both_show_each_change_with_its_cause_and_nothing_hostile() {
        let (old, mut new) = (sample::record(), sample::record());
        for check in &mut new.cases[1].checks {
            check.outcome = crate::verdict::Outcome::Pass;
        }
        new.cases[1].outcome = crate::verdict::Outcome::Pass;
        let comparison = Comparison::of(&old, &new, &[]);
        let text = diff(&comparison, false);
        assert!(
            text.contains("better: 1 change\n  resolved  start_task/none_faults/body=nil  step-1/answer"),
            "{text}"
        );
        assert!(text.contains("cause target changed"), "{text}");
        assert!(text.ends_with("0 for the worse, 1 for the better, 0 of another kind.\n"), "{text}");
        let html = diff_to_html(&comparison);
        assert!(html.contains("target changed") && !html.contains("<script"));
        assert!(diff(&Comparison::of(&old, &old, &[]), false).contains("Nothing that was compared is different."));
        let hostile = sample::hostile("</style><script>alert(1)</script>\u{1b}[1m\n");
        let comparison = Comparison::of(&old, &hostile, &[]);
        assert!(!diff_to_html(&comparison).contains("<script"));
        assert!(!diff(&comparison, false).contains('\u{1b}'));
    }
}
