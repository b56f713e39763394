//! Authenticators that were seen, so that none is taken twice.
//!
//! Leaves out what they say. Bounded: when there are too many, the oldest are forgotten, and nothing as old is taken any more.
//! Follows RFC 4120 3.2.3.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::{OUT_OF_SEQUENCE, SKEW, TIME_SKEW};
use crate::wire::nns::ErrorCode;

/// The most that are remembered.
const MOST: usize = 1 << 16;

/// What was seen: when it was made, and a digest of it as it was sealed, which no two authenticators have in common.
#[derive(Debug)]
pub(super) struct Replays {
    seen: BTreeSet<(i64, [u8; 32])>,
    /// Nothing that was made then or before is told apart any more.
    forgotten: i64,
    most: usize,
}

impl Default for Replays {
    fn default() -> Self {
        Self { seen: BTreeSet::new(), forgotten: i64::MIN, most: MOST }
    }
}

impl Replays {
    /// Remembers an authenticator that was made at `second`, which is within the skew of `now`.
    ///
    /// # Errors
    /// It was seen before, or might have been.
    pub(super) fn remember(&mut self, sealed: &[u8], second: i64, now: i64) -> Result<(), ErrorCode> {
        let kept = self.seen.split_off(&(now.saturating_sub(SKEW), [0; 32]));
        let old = std::mem::replace(&mut self.seen, kept);
        self.forget(old.last().map(|(second, _)| *second));
        if second <= self.forgotten {
            return Err(TIME_SKEW);
        }
        if !self.seen.insert((second, Sha256::digest(sealed).into())) {
            return Err(OUT_OF_SEQUENCE);
        }
        while self.seen.len() > self.most {
            let first = self.seen.pop_first();
            self.forget(first.map(|(second, _)| second));
        }
        Ok(())
    }

    fn forget(&mut self, second: Option<i64>) {
        self.forgotten = self.forgotten.max(second.unwrap_or(i64::MIN));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_is_taken_twice() {
        let mut replays = Replays::default();
        assert_eq!(replays.remember(b"a", 1_000, 1_000), Ok(()));
        assert_eq!(replays.remember(b"b", 1_000, 1_000), Ok(()));
        assert_eq!(replays.remember(b"a", 1_000, 1_000 + SKEW), Err(OUT_OF_SEQUENCE));
        // It is forgotten once its time is past, and not taken when the clock goes back.
        assert_eq!(replays.remember(b"c", 1_400, 1_001 + SKEW), Ok(()));
        assert_eq!(replays.seen.len(), 1);
        assert_eq!(replays.remember(b"a", 1_000, 1_000), Err(TIME_SKEW));
    }

    #[test]
    fn it_stays_bounded_and_takes_none_that_it_forgot() {
        let mut replays = Replays { most: 3, ..Replays::default() };
        for second in 1..=5_i64 {
            assert_eq!(replays.remember(&second.to_be_bytes(), second, 5), Ok(()));
        }
        assert_eq!(replays.seen.len(), 3);
        for second in 1..=5_i64 {
            assert!(replays.remember(&second.to_be_bytes(), second, 5).is_err());
        }
    }
}
