//! How good the suite is, as it was measured: how many lies of the reference server it finds, how many conformant ways it passes.
//!
//! The numbers stand in `cases/score.json`, which `cargo test --test mutants` writes anew from what it found, and which is
//! inside the binary. Leaves out measuring.

use serde::{Deserialize, Serialize};

/// What was measured of a suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// The digest of the suite that was measured.
    pub suite: String,
    /// The revision of the specification that its catalogue was read from.
    pub revision: String,
    /// The lies.
    pub mutants: Mutants,
    /// The conformant ways.
    pub variants: Variants,
}

/// What became of the lies of the reference server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mutants {
    /// How many there are.
    pub all: usize,
    /// How many the cases that name them find, each for its own requirement.
    pub killed: usize,
    /// How many of those by silence alone.
    pub by_silence: usize,
}

/// What became of the conformant ways of the reference server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variants {
    /// How many there are.
    pub all: usize,
    /// With how many the whole suite finds nothing.
    pub passed: usize,
}

impl Score {
    /// What was measured of the suite inside the binary, or of the one before it, where it has not been measured yet.
    pub fn measured() -> Option<Self> {
        serde_json::from_str(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/score.json"))).ok()
    }

    /// It as the file has it.
    ///
    /// # Panics
    /// Never: it has text and whole numbers only, which JSON can always say.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("it has text and whole numbers only") + "\n"
    }

    /// It in a sentence, beside the digest of the suite that ran.
    pub fn told(&self, suite: &str) -> String {
        let Self { mutants, variants, .. } = self;
        let silence = match mutants.by_silence {
            0 => String::new(),
            some => format!(" ({some} by silence)"),
        };
        let of = if self.suite == suite { "" } else { "; measured with other case files than these" };
        format!(
            "{} of {} lies found{silence}, {} of {} conformant ways passed{of}",
            mutants.killed, mutants.all, variants.passed, variants.all
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_read_as_it_is_written() {
        let score = Score::measured().expect("a score");
        assert_eq!(score.to_json(), include_str!("../../cases/score.json"));
        let Score { mutants, variants, .. } = &score;
        assert!(mutants.killed == mutants.all && mutants.by_silence <= mutants.all && variants.passed == variants.all);
    }

    #[test]
    fn what_was_measured_of_another_suite_says_so() {
        let score = Score {
            suite: "aa".to_owned(),
            revision: "12.0".to_owned(),
            mutants: Mutants { all: 9, killed: 8, by_silence: 1 },
            variants: Variants { all: 4, passed: 4 },
        };
        assert_eq!(score.told("aa"), "8 of 9 lies found (1 by silence), 4 of 4 conformant ways passed");
        assert!(score.told("bb").ends_with("; measured with other case files than these"));
    }
}
