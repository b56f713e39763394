//! The canonical form of a record: what the same inputs give at any time, on any machine and at any number of jobs.
//!
//! Leaves out times, ports, ids and worlds that were given out, how often something was polled, and how bytes were cut.
//! Design 4.3. A canonical record is for comparing, and no evidence.

use std::sync::LazyLock;

use regex_lite::Regex;

use crate::verdict::{CaseRecord, Evidence, Exchange, Record};

/// What is replaced, by what, in this order. The normalisers of fingerprints take more: they would eat namespaces.
const REPLACED: [(&str, &str); 9] = [
    (r"urn:uuid:[0-9A-Za-z-]+|\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b", "<id>"),
    (r"\b\d{4}-\d{2}-\d{2}T\d[0-9:.]+(Z|[+-]\d{2}:\d{2})?", "<time>"),
    (r"\b(127\.0\.0\.1|localhost):\d+\b", "<host>"),
    (r"/lab/\d+", "/lab/<world>"),
    (r"\b\d+ bytes?\b", "<n> bytes"),
    (r"\+\d+ ms", "+<n> ms"),
    (r"\b\d+ ms\b", "<n> ms"),
    (r"\bstep-(\d+)/\d+\b", "step-$1"),
    (r"\battempt \d+", "attempt <n>"),
];

/// The longest run of lines that is taken for one round of a poll.
const ROUND: usize = 6;

/// A record in its canonical form.
pub fn canonical(record: &Record) -> Record {
    let mut record = record.clone();
    "1970-01-01T00:00:00Z".clone_into(&mut record.started);
    record.duration_ms = 0;
    for text in [&mut record.target.url, &mut record.target.name] {
        *text = plain(text);
    }
    record.target.argument = record.target.argument.as_deref().map(plain);
    for note in &mut record.notes {
        note.text = plain(&note.text);
    }
    record.cases.iter_mut().for_each(case);
    for row in &mut record.requirements {
        row.reason = plain(&row.reason);
    }
    for ruling in &mut record.rulings {
        ruling.reading = plain(&ruling.reading);
    }
    record.interrupted = record.interrupted.as_deref().map(plain);
    record.digest = record.digest_now();
    record
}

fn case(case: &mut CaseRecord) {
    case.duration_ms = 0;
    for text in [&mut case.reason, &mut case.replay] {
        *text = plain(text);
    }
    for check in &mut case.checks {
        check.message = plain(&check.message);
        check.expected = check.expected.as_deref().map(plain);
        check.got = check.got.as_deref().map(plain);
    }
    proof(&mut case.evidence);
    if let Some(other) = case.repeated.as_mut().and_then(|repeated| repeated.other.as_mut()) {
        other.reason = plain(&other.reason);
        proof(&mut other.evidence);
    }
}

fn proof(evidence: &mut Evidence) {
    evidence.exchanges = last_of_polls(&evidence.exchanges);
    for exchange in &mut evidence.exchanges {
        (exchange.attempt, exchange.sent_ms, exchange.took_ms) = (1, 0, 0);
        for text in [&mut exchange.request, &mut exchange.outcome] {
            *text = plain(text);
        }
        exchange.response = exchange.response.as_deref().map(plain);
    }
    evidence.trace = folded(evidence.trace.iter().filter(|line| !is_opening(line)).map(|line| plain(line)).collect());
    // Bytes depend on the strings that a session, which others may have used before, has already.
    evidence.wire = None;
    // They have the times of the moment, and stand in events only.
    evidence.observations.clear();
}

/// Whether a line tells of the opening of a session that the harness keeps: another case may have opened it.
fn is_opening(line: &str) -> bool {
    line.starts_with("step-") && (line.contains(" -> records (") || line.contains(" <- the session is taken "))
}

fn plain(text: &str) -> String {
    static COMPILED: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let compile = |pattern| Regex::new(pattern).expect("the table's own patterns");
        REPLACED.iter().map(|(pattern, with)| (compile(pattern), *with)).collect()
    });
    COMPILED.iter().fold(text.to_owned(), |text, (pattern, with)| {
        if pattern.is_match(&text) { pattern.replace_all(&text, *with).into_owned() } else { text }
    })
}

/// Of each step that was repeated, the last time.
fn last_of_polls(exchanges: &[Exchange]) -> Vec<Exchange> {
    let mut kept: Vec<Exchange> = Vec::new();
    for exchange in exchanges {
        match kept.last_mut() {
            Some(last) if last.step == exchange.step && exchange.attempt > 1 => last.clone_from(exchange),
            _ => kept.push(exchange.clone()),
        }
    }
    kept
}

/// Lines of which what was said again at once is said once.
fn folded(lines: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for line in lines {
        kept.push(line);
        for round in 1..=ROUND {
            let Some(start) = kept.len().checked_sub(2 * round) else { break };
            let repeats = kept.get(start..start + round) == kept.get(start + round..);
            if repeats {
                kept.truncate(start + round);
                break;
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{sample, to_json};

    #[test]
    fn what_time_and_chance_decide_is_left_out() {
        let of = |ms: u64, port: u16, polls: usize| {
            let mut record = sample::record();
            record.started = format!("2026-01-02T03:04:{:02}Z", ms % 60);
            record.duration_ms = ms;
            record.target.url = format!("net.tcp://127.0.0.1:{port}/");
            for case in &mut record.cases {
                case.duration_ms = ms;
                case.reason = format!("no answer within {ms} ms from 127.0.0.1:{port} in /lab/{polls}");
                case.replay = "xmlns=\"http://Microsoft.Windows.Ipam\"".to_owned();
                let Some(first) = case.evidence.exchanges.first().cloned() else { continue };
                case.evidence.exchanges = (1..=polls)
                    .map(|attempt| Exchange { attempt, sent_ms: ms, took_ms: ms, ..first.clone() })
                    .collect();
                let round = [format!("main +{ms} ms -> A ({port} bytes)"), "main <- B".to_owned()];
                case.evidence.trace = std::iter::repeat_n(round, polls).flatten().collect();
            }
            to_json(&canonical(&record))
        };
        assert_eq!(of(1, 80, 1), of(29, 65_000, 7));
        assert!(of(1, 80, 1).contains("http://Microsoft.Windows.Ipam"), "a namespace is no host");
        assert_eq!(canonical(&canonical(&sample::record())), canonical(&sample::record()));
    }
}
