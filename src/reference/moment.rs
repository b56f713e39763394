//! Moments of a world's clock, and how they and the lengths between them are written.
//!
//! Leaves out where the time comes from. Follows XML Schema (dateTime) and the data contract form of a duration.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment of a world's clock, in whole milliseconds. It never leaves the years that a dateTime can write plainly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i64);

impl Moment {
    /// When every lab world begins: 2024-04-23T00:00:00Z.
    pub const LAB: Self = Self(1_713_830_400_000);
    /// The last moment that is told apart: 9999-01-01T00:00:00Z.
    pub const LAST: Self = Self(253_370_764_800_000);

    /// The moment of a system time; what lies before 1970 counts as its first moment.
    pub fn of(time: SystemTime) -> Self {
        Self(0).after(time.duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    /// The moment that is this much later, [`Moment::LAST`] at most.
    #[must_use]
    pub fn after(self, length: Duration) -> Self {
        Self(self.0.saturating_add(milliseconds(length)).min(Self::LAST.0))
    }

    /// The moment that is this much earlier, the first of 1970 at most.
    #[must_use]
    pub fn before(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(milliseconds(length)).max(0))
    }

    /// The moment without its fraction of a second.
    #[must_use]
    pub fn whole_second(self) -> Self {
        Self(self.0.div_euclid(1000) * 1000)
    }

    /// How much later it is than `earlier`; nothing where it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Writes it as a dateTime in UTC, with a fraction only where there is one.
    pub fn utc(self) -> String {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or_default().to_string()
    }

    /// Writes it as a dateTime of a zone two hours ahead of UTC, with seven digits of a second.
    pub fn ahead(self) -> String {
        let local = self.0.saturating_add(2 * 3600 * 1000);
        let whole = jiff::Timestamp::from_second(local.div_euclid(1000)).unwrap_or_default().to_string();
        format!("{}.{:03}0000+02:00", whole.trim_end_matches('Z'), local.rem_euclid(1000))
    }
}

fn milliseconds(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

/// Writes a length of whole seconds as a duration of days, hours, minutes and seconds, as in `P1DT30M`.
pub(super) fn duration(length: Duration) -> String {
    let seconds = length.as_secs();
    let parts = [
        (seconds / 86_400, "D", false),
        (seconds / 3600 % 24, "H", true),
        (seconds / 60 % 60, "M", true),
        (seconds % 60, "S", true),
    ];
    let mut text = String::from("P");
    for (count, unit, of_time) in parts.into_iter().filter(|(count, ..)| *count > 0) {
        if of_time && !text.contains('T') {
            text.push('T');
        }
        text.push_str(&count.to_string());
        text.push_str(unit);
    }
    if text == "P" { "PT0S".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_date_times() {
        assert_eq!(Moment::LAB.utc(), "2024-04-23T00:00:00Z");
        assert_eq!(Moment::LAB.after(Duration::from_millis(1500)).utc(), "2024-04-23T00:00:01.5Z");
        assert_eq!(Moment::LAB.ahead(), "2024-04-23T02:00:00.0000000+02:00");
        assert_eq!(Moment::LAB.after(Duration::from_millis(7)).ahead(), "2024-04-23T02:00:00.0070000+02:00");
        assert_eq!(Moment::LAST.utc(), "9999-01-01T00:00:00Z");
    }

    #[test]
    fn moments_stay_within_their_bounds() {
        assert_eq!(Moment::LAB.after(Duration::MAX), Moment::LAST);
        assert_eq!(Moment::LAB.before(Duration::MAX).utc(), "1970-01-01T00:00:00Z");
        assert_eq!(Moment::LAB.since(Moment::LAST), Duration::ZERO);
        assert_eq!(Moment::LAB.after(Duration::from_millis(999)).whole_second(), Moment::LAB);
        assert_eq!(Moment::of(UNIX_EPOCH + Duration::from_hours(476_064)), Moment::LAB);
    }

    #[test]
    fn durations_have_no_unit_that_counts_nothing() {
        for (seconds, text) in
            [(0, "PT0S"), (86_400, "P1D"), (88_200, "P1DT30M"), (3600, "PT1H"), (61, "PT1M1S"), (604_801, "P7DT1S")]
        {
            assert_eq!(duration(Duration::from_secs(seconds)), text);
        }
    }
}
