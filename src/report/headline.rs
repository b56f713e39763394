//! The verdict on a target in a sentence, and the claim in a line.
//!
//! Leaves out deciding: outcomes, statuses and the claim are the record's.

use std::fmt::Write as _;

use super::{
    groups,
    sanitize::Shown,
    words::{Tone, count, grouped},
};
use crate::{
    spec::Level,
    verdict::{ClaimKind, FindingKind, FindingStatus, Outcome, Record, ledger::Status},
};

/// How much of a name, a reason or a claim is shown where it stands in a sentence, in characters.
const LIMIT: usize = 300;
/// How many reasons the line of the claim has.
const REASONS: usize = 3;

/// The verdict first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Headline {
    /// What colour it has.
    pub tone: Tone,
    /// Whether the target keeps the protocol, in a sentence.
    pub sentence: Shown,
    /// What else must be known before the sentence is believed: sentences, possibly none.
    pub details: Vec<Shown>,
}

/// Says whether the target conforms, what is wrong first.
pub(super) fn headline(record: &Record) -> Headline {
    let who = subject(record);
    let violated =
        |level| record.requirements.iter().filter(|row| row.status == Status::Violated && row.level == level).count();
    let (musts, shoulds) = (violated(Level::Must), violated(Level::Should));
    let summary = &record.summary;
    let judged = summary.pass + summary.fail + summary.warn;
    let (tone, sentence) = if musts > 0 || summary.fail > 0 {
        let broken = if musts > 0 { count(musts, "must") } else { "at least 1 must".to_owned() };
        let and = if shoulds > 0 { format!(" and {}", count(shoulds, "should")) } else { String::new() };
        (Tone::Bad, format!("{who} does not conform to [MS-IPAMM2]: it breaks {broken}{and}."))
    } else if summary.error > 0 {
        (Tone::Bad, format!("No verdict on {who}: {} went wrong on our side.", count(summary.error, "case")))
    } else if record.cases.is_empty() {
        (Tone::Unknown, format!("Nothing was run against {who}."))
    } else if judged == 0 || record.claim.kind == ClaimKind::None {
        (Tone::Unknown, format!("Nothing could be found out about {who}."))
    } else if shoulds > 0 || summary.warn > 0 {
        let broken = if shoulds > 0 { count(shoulds, "should") } else { "at least 1 should".to_owned() };
        (Tone::Caution, format!("{who} breaks no must that was tested, and {broken}."))
    } else {
        match record.claim.kind {
            ClaimKind::Full => (Tone::Good, format!("{who} conforms to [MS-IPAMM2].")),
            _ if summary.inconclusive > 0 => {
                (Tone::Unknown, format!("{who} passes what came to a verdict, and not everything did."))
            }
            ClaimKind::Reference => (Tone::Good, format!("{who} passes every case that ran.")),
            _ => (Tone::Good, format!("{who} passes every case that ran, and not everything was tested.")),
        }
    };
    Headline { tone, sentence: capitalised(&sentence), details: details(record) }
}

/// What qualifies the sentence: an interruption, what blocks, what stayed open, whose server it is.
fn details(record: &Record) -> Vec<Shown> {
    let mut details = Vec::new();
    if record.target.reference {
        details.push(Shown::line(
            "The target is our own server: the run says something about ipamspec, and nothing about a product.",
        ));
    }
    details.extend(gate(record));
    details.extend(record.notes.iter().filter(|note| note.blocking).map(|note| Shown::line_within(&note.text, LIMIT)));
    let judged = record.summary.pass + record.summary.fail + record.summary.warn > 0;
    for (outcome, what) in [
        (Outcome::Error, "went wrong on our side"),
        (Outcome::Inconclusive, "could not be decided"),
        (Outcome::Skip, "not run"),
    ] {
        // Skips are told of at the top only where they are why nothing was found out.
        if outcome == Outcome::Skip && judged {
            continue;
        }
        let groups = groups::reasons(record, outcome);
        let number: usize = groups.iter().map(|group| group.cases.len()).sum();
        if let Some(group) = groups.first() {
            let mostly = if groups.len() > 1 { "mostly because: " } else { "because: " };
            let text = format!("{} {what}, {mostly}{}", count(number, "case"), group.reason);
            details.push(Shown::line_within(&text, LIMIT));
        }
    }
    details
}

/// What is new, where a baseline says what is known.
fn gate(record: &Record) -> Option<Shown> {
    record.gate.baseline.as_ref()?;
    let of = |status| record.findings.iter().filter(|finding| finding.status == status).count();
    let lost = record.findings.iter().filter(|finding| finding.kind == FindingKind::CoverageLost).count();
    let new = of(FindingStatus::New) - lost;
    let mut told =
        format!("Held against the baseline: {} new, {} accepted", grouped(new), grouped(of(FindingStatus::Accepted)));
    for (number, what) in [(of(FindingStatus::Stale), "stale"), (lost, "lost")] {
        if number > 0 {
            let _ = write!(told, ", {} {what}", grouped(number));
        }
    }
    Some(Shown::line(&format!("{told}.")))
}

/// What the run is against, as a sentence names it.
pub(super) fn subject(record: &Record) -> Shown {
    if record.target.reference {
        Shown::line("the reference server")
    } else {
        Shown::line_within(&record.target.name, LIMIT)
    }
}

/// The claim in a line: the word, then why not more.
pub(super) fn claim(record: &Record) -> Shown {
    let mut reasons = record.claim.reasons.iter();
    let mut shown: Vec<String> =
        reasons.by_ref().take(REASONS).map(|reason| Shown::line_within(reason, LIMIT).to_string()).collect();
    if reasons.len() > 0 {
        shown.push(format!("and {} more", grouped(reasons.len())));
    }
    let kind = record.claim.kind.as_str();
    Shown::line(&if shown.is_empty() {
        format!("claim: {kind}")
    } else {
        format!("claim: {kind} — {}", shown.join("; "))
    })
}

/// A name or sentence as it stands at the beginning of one.
pub(super) fn capitalised(sentence: &str) -> Shown {
    match sentence.strip_prefix("the ") {
        Some(rest) => Shown::line(&format!("The {rest}")),
        None => Shown::line(sentence),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{report::sample, verdict::Claim};

    #[test]
    fn what_is_wrong_comes_first() {
        let failing = headline(&sample::record());
        assert_eq!(
            failing.sentence.as_str(),
            "Contoso IPAM 4.2 does not conform to [MS-IPAMM2]: it breaks 2 musts and 1 should."
        );
        assert_eq!(failing.tone, Tone::Bad);
        assert!(
            failing.details.iter().any(|detail| detail.as_str().starts_with("1 case could not be decided, because: "))
        );
    }

    #[test]
    fn nothing_green_comes_from_nothing() {
        let dead = headline(&sample::dead(40));
        assert_eq!(dead.tone, Tone::Unknown);
        assert_eq!(dead.sentence.as_str(), "Nothing could be found out about dead.example.");
        assert!(dead.details[0].as_str().contains("connection refused"));
        let mut skipped = sample::dead(2);
        for case in &mut skipped.cases {
            (case.outcome, case.reason) = (Outcome::Skip, "not allowed: start-task".to_owned());
        }
        let skipped = headline(&skipped);
        assert_eq!(skipped.tone, Tone::Unknown);
        assert_eq!(skipped.details[1].as_str(), "2 cases not run, because: not allowed: start-task");
        let empty = headline(&sample::dead(0));
        assert_eq!((empty.tone, empty.sentence.as_str()), (Tone::Unknown, "Nothing was run against dead.example."));
        let mut partial = sample::passing();
        partial.summary.inconclusive = 1;
        assert_eq!(headline(&partial).tone, Tone::Unknown);
    }

    #[test]
    fn each_claim_has_its_sentence() {
        let mut record = sample::passing();
        assert_eq!(headline(&record).sentence.as_str(), "The reference server passes every case that ran.");
        assert_eq!(claim(&record).as_str(), "claim: reference — our own server");
        record.target.reference = false;
        record.claim = Claim { kind: ClaimKind::Full, reasons: Vec::new() };
        assert_eq!(headline(&record).sentence.as_str(), "reference conforms to [MS-IPAMM2].");
        assert_eq!(claim(&record).as_str(), "claim: full");
        record.claim =
            Claim { kind: ClaimKind::Partial, reasons: ["a", "b", "c", "d", "e"].map(String::from).to_vec() };
        assert!(headline(&record).sentence.as_str().ends_with("not everything was tested."));
        assert_eq!(claim(&record).as_str(), "claim: partial — a; b; c; and 2 more");
        record.summary.error = 1;
        assert_eq!(headline(&record).tone, Tone::Bad);
    }
}
