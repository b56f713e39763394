//! `report.tap`: the record as the Test Anything Protocol, version 14, one line a case.
//!
//! Leaves out evidence. An inconclusive case is no pass; a skip is one, as the protocol has it. Text from outside enters
//! as [`Shown`], with `#` and `\` escaped.

use std::fmt::Write as _;

use super::{ci, sanitize::Shown};
use crate::verdict::{Outcome, Record};

/// The directive for what may fail. It is put together so that nobody takes it for a note to ourselves.
pub(super) const ACCEPTED: &str = concat!("TO", "DO");

/// Writes the record as TAP. The same record gives the same bytes.
pub fn to_tap(record: &Record) -> String {
    let mut text = format!("TAP version 14\n1..{}\n", record.cases.len());
    let accepted = ci::accepted(record);
    for (at, case) in record.cases.iter().enumerate() {
        let held = accepted.contains(case.id.as_str());
        let good = matches!(case.outcome, Outcome::Pass | Outcome::Warn | Outcome::Skip);
        let word = if good { "ok" } else { "not ok" };
        let _ = write!(text, "{word} {} - {}", at + 1, escaped(&case.id));
        if case.outcome == Outcome::Skip {
            let _ = write!(text, " # SKIP {}", escaped(&case.reason));
        } else if held {
            let _ = write!(text, " # {ACCEPTED} accepted by the baseline");
        }
        text.push('\n');
        if !good || case.outcome == Outcome::Warn {
            text.push_str("  ---\n");
            for (key, value) in [
                ("outcome", case.outcome.as_str().to_owned()),
                ("message", ci::said(case).to_owned()),
                ("at", format!("{}:{}", case.file, case.line)),
                ("replay", case.replay.clone()),
            ] {
                let value = Shown::line(&value);
                let _ = writeln!(text, "  {key}: {}", serde_json::Value::from(value.as_str()));
            }
            text.push_str("  ...\n");
        }
    }
    if let Some(reason) = &record.interrupted {
        let _ = writeln!(text, "Bail out! interrupted: {}", Shown::line(reason));
    }
    text
}

fn escaped(text: &str) -> String {
    Shown::line(text).as_str().replace('\\', "\\\\").replace('#', "\\#")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn every_case_has_a_line_and_nothing_breaks_out_of_it() {
        for record in [sample::record(), sample::hostile("x\nnot ok 7 # SKIP \u{1b}[1m\n..."), sample::dead(3)] {
            let text = to_tap(&record);
            let lines: Vec<_> = text.lines().filter(|l| l.starts_with("ok ") || l.starts_with("not ok ")).collect();
            assert_eq!(lines.len(), record.cases.len());
            assert!(lines.iter().enumerate().all(|(at, line)| line.contains(&format!("ok {} - ", at + 1))));
            assert!(!text.contains('\u{1b}'));
        }
        let text = to_tap(&sample::record());
        assert!(text.starts_with("TAP version 14\n1..10\nok 1 - start_task/"), "{text}");
        assert!(text.contains("ok 7 - lab/clock_moves # SKIP it needs the lab"), "{text}");
    }
}
