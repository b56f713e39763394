//! The words, symbols and colours of outcomes and statuses, and how numbers and times are written: one place for all
//! reports.
//!
//! Leaves out layout. `report.json` has the same words by way of serde.

use serde::Serialize;

use crate::verdict::{FaultStatus, FindingStatus, Outcome, ledger::Status};

/// How a report shows an outcome or a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Word {
    /// The word.
    pub word: &'static str,
    /// A sign beside the word, so that colour is never the only mark.
    pub symbol: &'static str,
    /// The name of the colour: a class in HTML, and an ANSI colour on a terminal.
    pub tone: Tone,
}

/// A colour by its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// As it should be.
    Good,
    /// A must was broken, or the harness is wrong.
    Bad,
    /// A should was broken.
    Caution,
    /// It could not be found out.
    Unknown,
    /// Nothing to say.
    Quiet,
}

impl Tone {
    /// The class in HTML.
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Caution => "caution",
            Self::Unknown => "unknown",
            Self::Quiet => "quiet",
        }
    }

    /// The parameters of the ANSI sequence that selects the colour.
    pub fn ansi(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Bad => "1;31",
            Self::Caution => "33",
            Self::Unknown => "35",
            Self::Quiet => "2",
        }
    }
}

/// Every outcome, in the order in which counts are written.
pub const OUTCOMES: [Outcome; 6] =
    [Outcome::Pass, Outcome::Fail, Outcome::Warn, Outcome::Inconclusive, Outcome::Skip, Outcome::Error];

/// Every status of a requirement, in the order in which counts are written.
pub const STATUSES: [Status; 5] =
    [Status::Verified, Status::Partly, Status::Violated, Status::NotExercised, Status::Untestable];

/// How an outcome is shown.
pub fn outcome(outcome: Outcome) -> Word {
    let (symbol, tone) = match outcome {
        Outcome::Pass => ("✓", Tone::Good),
        Outcome::Fail => ("✗", Tone::Bad),
        Outcome::Warn => ("!", Tone::Caution),
        Outcome::Inconclusive => ("?", Tone::Unknown),
        Outcome::Skip => ("–", Tone::Quiet),
        Outcome::Error => ("#", Tone::Bad),
    };
    Word { word: outcome.as_str(), symbol, tone }
}

/// How the status of a requirement is shown.
pub fn status(status: Status) -> Word {
    let (word, symbol, tone) = match status {
        Status::Verified => ("verified", "✓", Tone::Good),
        Status::Partly => ("partly", "◐", Tone::Caution),
        Status::Violated => ("violated", "✗", Tone::Bad),
        Status::NotExercised => ("not exercised", "–", Tone::Unknown),
        Status::Untestable => ("untestable", "·", Tone::Quiet),
    };
    Word { word, symbol, tone }
}

/// How the status of a recorded fault is shown.
pub fn fault_status(status: FaultStatus) -> Word {
    let (symbol, tone) = match status {
        FaultStatus::Same => ("=", Tone::Quiet),
        FaultStatus::New => ("+", Tone::Quiet),
        FaultStatus::Drift => ("~", Tone::Caution),
    };
    Word { word: status.as_str(), symbol, tone }
}

/// What a baseline says of a finding, in a word.
pub fn finding_status(status: FindingStatus) -> &'static str {
    match status {
        FindingStatus::New => "new",
        FindingStatus::Accepted => "accepted",
        FindingStatus::Stale => "stale",
    }
}

/// A number with its noun: `1 case`, `1,200 cases`. The plural is the noun with an `s`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A number with a comma between thousands.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time given in milliseconds: `12 ms`, `1.2 s`, `3 min 4 s`.
pub fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_report_json() {
        for one in OUTCOMES {
            assert_eq!(serde_json::to_value(one).unwrap(), outcome(one).word);
        }
        for one in STATUSES {
            assert_eq!(serde_json::to_value(one).unwrap(), status(one).word.replace(' ', "-"));
        }
        for one in [FindingStatus::New, FindingStatus::Accepted, FindingStatus::Stale] {
            assert_eq!(serde_json::to_value(one).unwrap(), finding_status(one));
        }
    }

    #[test]
    fn numbers_and_times_are_written_for_reading() {
        assert_eq!(count(1, "case"), "1 case");
        assert_eq!(count(0, "case"), "0 cases");
        assert_eq!([7, 100, 1_000, 1_234_567].map(grouped), ["7", "100", "1,000", "1,234,567"]);
        assert_eq!([0, 999, 1_250, 59_999, 184_000].map(duration), ["0 ms", "999 ms", "1.2 s", "59.9 s", "3 min 4 s"]);
    }
}
