//! What proves a case, on a terminal: the records of its sessions, or the messages that were exchanged.
//!
//! Leaves out cases that passed or were skipped. Records hold the messages too, so that these are not shown twice.

use std::fmt::Write as _;

use super::{
    indent::indent,
    sanitize::Shown,
    words::{count, duration},
    wrap::wrap,
};
use crate::verdict::{CaseRecord, Evidence, Exchange};

/// How many bytes of one message are shown.
const MESSAGE: usize = 16 * 1024;
/// How many bytes of the records of a case are shown.
const WIRE: usize = 64 * 1024;
/// How many lines of a trace, and how many exchanges, are shown.
const MOST: usize = 100;

/// What proves a case, in lines; empty where nothing does.
pub(super) fn evidence(case: &CaseRecord) -> String {
    let mut out = String::new();
    proof(&mut out, &case.evidence);
    if let Some(other) = case.repeated.as_ref().and_then(|repeated| repeated.other.as_ref()) {
        let _ = writeln!(out, "  execution {}: {}", other.number, other.outcome);
        proof(&mut out, &other.evidence);
    }
    out
}

fn proof(out: &mut String, evidence: &Evidence) {
    if !evidence.trace.is_empty() {
        out.push_str("  trace\n");
        for line in evidence.trace.iter().take(MOST) {
            let _ = writeln!(out, "    {}", wrap(Shown::line_within(line, 400).as_str(), 4, 6));
        }
        left_out(out, evidence.trace.len(), "more observation");
    }
    if let Some(wire) = &evidence.wire {
        out.push_str("  records\n");
        block(out, wire, WIRE, "  ");
    } else {
        for exchange in evidence.exchanges.iter().take(MOST) {
            messages(out, exchange);
        }
        left_out(out, evidence.exchanges.len(), "more exchange");
    }
}

fn messages(out: &mut String, exchange: &Exchange) {
    let step = match exchange.step {
        0 => "control request".to_owned(),
        step => format!("step {step}"),
    };
    let title = format!("{step}: {}, {}, {}", exchange.operation, exchange.outcome, duration(exchange.took_ms));
    let _ = writeln!(out, "  {}", wrap(Shown::line_within(&title, 400).as_str(), 2, 4));
    message(out, &exchange.request, "    -> ");
    if let Some(response) = &exchange.response {
        message(out, response, "    <- ");
    }
}

fn message(out: &mut String, text: &str, mark: &str) {
    match indent(text) {
        Some(laid_out) => block(out, &laid_out, MESSAGE, mark),
        None => block(out, text, MESSAGE, mark),
    }
}

fn block(out: &mut String, text: &str, limit: usize, mark: &str) {
    let (shown, cut) = Shown::block_within(text, limit);
    for line in shown.as_str().lines() {
        let line = format!("{mark}{line}");
        out.push_str(line.trim_end());
        out.push('\n');
    }
    if cut > 0 {
        let _ = writeln!(out, "    [{} in report.json]", count(cut, "more byte"));
    }
}

fn left_out(out: &mut String, all: usize, what: &str) {
    if all > MOST {
        let _ = writeln!(out, "    [{} in report.json]", count(all - MOST, what));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn records_stand_in_place_of_messages() {
        let mut case = sample::record().cases[1].clone();
        case.evidence.wire = None;
        let messages = evidence(&case);
        assert!(messages.starts_with("  trace\n    0 ms sent"), "{messages}");
        assert!(messages.contains("\n  step 1: ") && messages.contains("\n    -> <"), "{messages}");
        case.evidence.wire = Some("main -> +0 ms\n     0  07      EndRecord\x1b\n".to_owned());
        let records = evidence(&case);
        assert!(records.ends_with("  records\n  main -> +0 ms\n       0  07      EndRecord\\u{1b}\n"), "{records}");
        assert!(!records.contains("step 1: "), "{records}");
    }

    #[test]
    fn what_is_shown_is_bounded_and_says_so() {
        let mut case = sample::record().cases[1].clone();
        case.evidence.trace = vec!["line".to_owned(); 1_000];
        case.evidence.wire = Some("x".repeat(WIRE + 7));
        let shown = evidence(&case);
        assert!(shown.contains("    [900 more observations in report.json]\n"), "the cut of the trace");
        assert!(shown.ends_with("    [7 more bytes in report.json]\n"));
    }
}
