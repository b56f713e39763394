//! How values are spelled: booleans, numbers, times and durations, each in one of the ways that its type allows.
//!
//! Leaves out which value it is. Follows XML Schema part 2.

use std::time::Duration;

use super::{
    moment::{self, Moment},
    mutant::Behaviour,
    variant::Variant,
};

/// How values are spelled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spelling {
    numeric_booleans: bool,
    signed: bool,
    offset: bool,
    hours: bool,
    padded: bool,
    fraction: bool,
}

impl Spelling {
    /// The spelling of a server that behaves so.
    pub(super) fn of(behaviour: &Behaviour) -> Self {
        Self {
            numeric_booleans: behaviour.varies(Variant::NumericBooleans),
            signed: behaviour.varies(Variant::SignedNumbers),
            offset: behaviour.varies(Variant::OffsetTimes),
            hours: behaviour.varies(Variant::OtherDurations),
            padded: behaviour.varies(Variant::PaddedValues),
            fraction: behaviour.varies(Variant::FractionalPercentage),
        }
    }

    /// White space around these types collapses.
    fn pad(self, text: String) -> String {
        if self.padded { format!("\n\t {text} \n") } else { text }
    }

    /// Spells a boolean.
    pub(super) fn boolean(self, value: bool) -> String {
        let word = match (self.numeric_booleans, value) {
            (false, false) => "false",
            (false, true) => "true",
            (true, false) => "0",
            (true, true) => "1",
        };
        self.pad(word.into())
    }

    /// Spells an int.
    pub(super) fn int(self, value: i32) -> String {
        let sign = if value < 0 { "-" } else { "+" };
        self.pad(if self.signed { format!("{sign}0{}", value.unsigned_abs()) } else { value.to_string() })
    }

    /// Spells a decimal that is a whole number.
    pub(super) fn decimal(self, value: u32) -> String {
        let sign = if self.signed { "+0" } else { "" };
        let fraction = if self.fraction { ".000" } else { "" };
        self.pad(format!("{sign}{value}{fraction}"))
    }

    /// Spells a dateTime.
    pub(super) fn date_time(self, value: Moment) -> String {
        self.pad(if self.offset { value.ahead() } else { value.utc() })
    }

    /// Spells a duration.
    pub(super) fn duration(self, value: Duration) -> String {
        let seconds = value.as_secs();
        self.pad(if self.hours {
            format!("PT{}H{}M{}.0S", seconds / 3600, seconds / 60 % 60, seconds % 60)
        } else {
            moment::duration(value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_one_that_the_type_allows() {
        let spell = |variant: Option<Variant>| {
            let spelling = Spelling::of(&variant.map_or_else(Behaviour::default, Behaviour::from));
            let day = spelling.duration(Duration::from_mins(24 * 60 + 30));
            (spelling.boolean(true), spelling.int(-7), spelling.date_time(Moment::LAB), day)
        };
        let values = |a: &str, b: &str, c: &str, d: &str| (a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned());
        assert_eq!(spell(None), values("true", "-7", "2024-04-23T00:00:00Z", "P1DT30M"));
        assert_eq!(spell(Some(Variant::NumericBooleans)).0, "1");
        assert_eq!(spell(Some(Variant::SignedNumbers)).1, "-07");
        assert_eq!(spell(Some(Variant::OffsetTimes)).2, "2024-04-23T02:00:00.0000000+02:00");
        assert_eq!(spell(Some(Variant::OtherDurations)).3, "PT24H30M0.0S");
        assert_eq!(spell(Some(Variant::PaddedValues)).0, "\n\t true \n");
        let decimal = |behaviour: &Behaviour| Spelling::of(behaviour).decimal(50);
        assert_eq!(decimal(&Behaviour::default()), "50");
        assert_eq!(decimal(&Variant::FractionalPercentage.into()), "50.000");
        assert_eq!(decimal(&Variant::SignedNumbers.into()), "+050");
    }
}
