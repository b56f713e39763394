//! Points in time as `xsd:dateTime` writes them, with or without a time zone.
//!
//! Leaves out clocks and durations. Follows XML Schema 1.0 part 2, 3.2.7, and its Gregorian calendar without a year 0.

use std::{cmp::Ordering, fmt};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// How far a time zone may be from UTC, in seconds.
const ZONE_LIMIT: i64 = 14 * HOUR;

/// A dateTime. Two spellings of one point in time are equal; one with a zone never equals one without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateTime {
    /// Whole seconds since 1970-01-01T00:00:00: in UTC where there was a zone, else as written.
    seconds: i64,
    /// The fraction of a second, in digits without trailing zeros.
    fraction: Box<str>,
    zoned: bool,
}

impl DateTime {
    /// Reads a dateTime without white space around it: `YYYY-MM-DDThh:mm:ss`, then a fraction and a zone where wanted.
    /// Years have four digits or more, up to nine, and none is 0000; 24:00:00 is the start of the next day; leap seconds
    /// are refused, as most readers of XML Schema do.
    ///
    /// # Errors
    /// Says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (before_common_era, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (year, rest) = rest.split_at_checked(digits).ok_or("the year is missing")?;
        if digits < 4 || (digits > 4 && year.starts_with('0')) {
            return Err("a year has four digits, or more without a leading zero");
        }
        if digits > 9 {
            return Err("the year is beyond nine digits");
        }
        let year: i64 = year.parse().map_err(|_| "the year is no number")?;
        if year == 0 {
            return Err("there is no year 0000");
        }
        // The year before 1 is -1: counted on without a gap, as the calendar needs it, that is year 0.
        let year = if before_common_era { 1 - year } else { year };

        let (month, rest) = two_digits(rest, '-', "the month is not two digits after `-`")?;
        let (day, rest) = two_digits(rest, '-', "the day is not two digits after `-`")?;
        let (hour, rest) = two_digits(rest, 'T', "the hour is not two digits after `T`")?;
        let (minute, rest) = two_digits(rest, ':', "the minute is not two digits after `:`")?;
        let (second, rest) = two_digits(rest, ':', "the second is not two digits after `:`")?;
        if !(1..=12).contains(&month) {
            return Err("the month is not 01 to 12");
        }
        if day < 1 || day > days_in_month(year, month) {
            return Err("the month has no such day");
        }
        if minute > 59 || second > 59 {
            return Err("minutes and seconds are 00 to 59");
        }

        let (fraction, rest) = match rest.strip_prefix('.') {
            None => ("", rest),
            Some(rest) => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                if digits == 0 {
                    return Err("no digits follow the decimal point");
                }
                rest.split_at_checked(digits).unwrap_or((rest, ""))
            }
        };
        let fraction = fraction.trim_end_matches('0');
        if hour > 24 || (hour == 24 && (minute, second, fraction) != (0, 0, "")) {
            return Err("the hour is 00 to 23, or the time is 24:00:00");
        }

        let zone = zone(rest)?;
        let local = days_since_1970(year, month, day) * DAY + hour * HOUR + minute * MINUTE + second;
        Ok(Self { seconds: local - zone.unwrap_or(0), fraction: fraction.into(), zoned: zone.is_some() })
    }

    /// Whether it has a time zone.
    pub fn is_zoned(&self) -> bool {
        self.zoned
    }

    /// Which comes first. Where one has a zone and the other has none, the other could be in any zone up to 14 hours from
    /// UTC: they compare only where the order is the same in all of them. Follows XML Schema part 2, 3.2.7.4.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self.zoned, other.zoned) {
            (true, true) | (false, false) => Some(self.order(0, other)),
            (true, false) => match (other.order(-ZONE_LIMIT, self), other.order(ZONE_LIMIT, self)) {
                (Ordering::Greater, _) => Some(Ordering::Less),
                (_, Ordering::Less) => Some(Ordering::Greater),
                _ => None,
            },
            (false, true) => other.compare(self).map(Ordering::reverse),
        }
    }

    fn order(&self, shift: i64, other: &Self) -> Ordering {
        (self.seconds + shift).cmp(&other.seconds).then_with(|| self.fraction.cmp(&other.fraction))
    }
}

/// The canonical spelling: in UTC where there is a zone, no zeros that say nothing.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date_since_1970(self.seconds.div_euclid(DAY));
        let time = self.seconds.rem_euclid(DAY);
        if year > 0 {
            write!(f, "{year:04}")?;
        } else {
            write!(f, "-{:04}", 1 - year)?;
        }
        let (hour, minute, second) = (time / HOUR, time % HOUR / MINUTE, time % MINUTE);
        write!(f, "-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if !self.fraction.is_empty() {
            write!(f, ".{}", self.fraction)?;
        }
        f.write_str(if self.zoned { "Z" } else { "" })
    }
}

/// Takes a separator and two digits off the front.
fn two_digits<'a>(text: &'a str, before: char, wrong: &'static str) -> Result<(i64, &'a str), &'static str> {
    let rest = text.strip_prefix(before).ok_or(wrong)?;
    let (digits, rest) = rest.split_at_checked(2).ok_or(wrong)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong);
    }
    Ok((digits.parse().map_err(|_| wrong)?, rest))
}

/// Reads what follows the time: nothing, `Z`, or an offset up to 14:00; in seconds.
fn zone(text: &str) -> Result<Option<i64>, &'static str> {
    const WRONG: &str = "what follows the time is no zone: `Z`, or `+hh:mm` or `-hh:mm` up to 14:00";
    let (sign, rest) = match text.chars().next() {
        None => return Ok(None),
        Some('Z') if text.len() == 1 => return Ok(Some(0)),
        Some(sign @ ('+' | '-')) => (sign, text),
        Some(_) => return Err(WRONG),
    };
    let (hours, rest) = two_digits(rest, sign, WRONG)?;
    let (minutes, rest) = two_digits(rest, ':', WRONG)?;
    let offset = hours * HOUR + minutes * MINUTE;
    if !rest.is_empty() || minutes > 59 || offset > ZONE_LIMIT {
        return Err(WRONG);
    }
    Ok(Some(if sign == '-' { -offset } else { offset }))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date, counted in eras of 400 years that begin on the first of March, so that the leap day is
/// the last of its year.
pub fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year.div_euclid(400) * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date that many days from 1970-01-01: the inverse of [`days_since_1970`].
pub fn date_since_1970(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = days.div_euclid(146_097) * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime {
        DateTime::parse(text).unwrap_or_else(|wrong| panic!("{text}: {wrong}"))
    }

    #[test]
    fn spellings_have_one_canonical_form() {
        for (text, canonical) in [
            ("0001-01-01T00:00:00", "0001-01-01T00:00:00"),
            ("2024-02-29T24:00:00", "2024-03-01T00:00:00"),
            ("1999-12-31T24:00:00.000Z", "2000-01-01T00:00:00Z"),
            ("2024-05-01T12:30:00.1200+02:00", "2024-05-01T10:30:00.12Z"),
            ("2024-01-01T00:00:00+14:00", "2023-12-31T10:00:00Z"),
            ("2024-12-31T23:59:59-00:01", "2025-01-01T00:00:59Z"),
            ("-0001-02-29T00:00:00", "-0001-02-29T00:00:00"),
            ("0001-01-01T00:00:00+00:01", "-0001-12-31T23:59:00Z"),
            ("12024-01-01T00:00:00", "12024-01-01T00:00:00"),
            ("2000-02-29T00:00:00", "2000-02-29T00:00:00"),
        ] {
            assert_eq!(at(text).to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_time_is_refused() {
        for wrong in [
            "",
            "2024",
            "2024-01-01",
            "12:00:00",
            "2024-01-01 00:00:00",
            "2024-1-01T00:00:00",
            "2024-13-01T00:00:00",
            "2024-00-01T00:00:00",
            "2024-01-00T00:00:00",
            "2023-02-29T00:00:00",
            "1900-02-29T00:00:00",
            "2024-04-31T00:00:00",
            "2024-01-01T25:00:00",
            "2024-01-01T24:00:01",
            "2024-01-01T24:00:00.5",
            "2024-01-01T00:60:00",
            "2024-01-01T00:00:60",
            "2024-01-01T00:00",
            "2024-01-01T00:00:00.",
            "2024-01-01T00:00:00z",
            "2024-01-01T00:00:00+1:00",
            "2024-01-01T00:00:00+14:01",
            "2024-01-01T00:00:00+15:00",
            "2024-01-01T00:00:00+01:60",
            "2024-01-01T00:00:00+0100",
            "2024-01-01T00:00:00ZZ",
            "0000-01-01T00:00:00",
            "-0000-01-01T00:00:00",
            "+2024-01-01T00:00:00",
            "024-01-01T00:00:00",
            "02024-01-01T00:00:00",
            "1234567890-01-01T00:00:00",
            "2024-01-01T00:00:0\u{661}",
        ] {
            assert!(DateTime::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn without_a_zone_the_order_is_known_only_beyond_fourteen_hours() {
        let noon = at("2024-01-02T12:00:00Z");
        assert_eq!(noon.compare(&at("2024-01-02T13:00:00+01:00")), Some(Ordering::Equal));
        assert_eq!(noon.compare(&at("2024-01-02T12:00:00.1Z")), Some(Ordering::Less));
        assert_eq!(noon.compare(&at("2024-01-02T12:00:00")), None);
        assert_eq!(noon.compare(&at("2024-01-03T02:00:00")), None);
        assert_eq!(noon.compare(&at("2024-01-03T02:00:01")), Some(Ordering::Less));
        assert_eq!(at("2024-01-03T02:00:01").compare(&noon), Some(Ordering::Greater));
        assert_eq!(noon.compare(&at("2024-01-01T21:59:59")), Some(Ordering::Greater));
        assert_eq!(noon.compare(&at("2024-01-01T22:00:00")), None);
        assert_ne!(noon, at("2024-01-02T12:00:00"));
        assert_eq!(at("2024-01-02T12:00:00").compare(&at("2024-01-02T11:00:00")), Some(Ordering::Greater));
    }

    proptest! {
        #[test]
        fn days_and_dates_are_inverse(days in -800_000i64..4_000_000) {
            let (year, month, day) = date_since_1970(days);
            prop_assert!((1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month));
            prop_assert_eq!(days_since_1970(year, month, day), days);
        }

        #[test]
        fn canonical_text_reads_back(seconds in -99_999_999_999i64..99_999_999_999, fraction in "[0-9]{0,9}", zoned: bool) {
            let fraction = fraction.trim_end_matches('0').into();
            let time = DateTime { seconds, fraction, zoned };
            prop_assert_eq!(DateTime::parse(&time.to_string()), Ok(time));
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,40}|[-0-9T:.Z+]{0,40}") {
            let _ = DateTime::parse(&text);
        }
    }
}
