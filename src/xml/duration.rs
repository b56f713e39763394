//! Lengths of time as `xsd:duration` and `ser:duration` write them.
//!
//! Leaves out points in time. Follows XML Schema part 2, 3.2.6, and the data contracts' `ser:duration`, [MS-IPAMM2]
//! 2.2.5.87.

use std::{cmp::Ordering, fmt};

use super::date_time::days_since_1970;

const DAY: i128 = 24 * 60 * 60;
/// 100 ns in a second.
const TICKS: i128 = 10_000_000;

/// A duration: months, and seconds. Spellings that amount to the same are equal, as XML Schema 1.1 has it: P1Y and P12M,
/// but not P1M and P30D.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duration {
    negative: bool,
    months: i128,
    seconds: i128,
    /// The fraction of a second, in digits without trailing zeros.
    fraction: Box<str>,
}

impl Duration {
    /// Reads `PnYnMnDTnHnMnS`, each part up to fifteen digits, without white space around it.
    ///
    /// # Errors
    /// Says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let rest = rest.strip_prefix('P').ok_or("a duration begins with `P` or `-P`")?;
        let (date, time) = match rest.split_once('T') {
            Some((_, "")) => return Err("no hours, minutes or seconds follow `T`"),
            Some((date, time)) => (date, time),
            None if rest.is_empty() => return Err("nothing follows `P`"),
            None => (rest, ""),
        };
        let (years, date) = part(date, 'Y')?;
        let (months, date) = part(date, 'M')?;
        let (days, date) = part(date, 'D')?;
        let (hours, time) = part(time, 'H')?;
        let (minutes, time) = part(time, 'M')?;
        if !date.is_empty() {
            return Err("what stands before `T` is not years, months and days, in this order");
        }
        let (seconds, fraction) = match time.strip_suffix('S') {
            None if time.is_empty() => ("0", ""),
            None => return Err("what follows `T` is not hours, minutes and seconds, in this order"),
            Some(seconds) => match seconds.split_once('.') {
                Some((_, "")) => return Err("no digits follow the decimal point"),
                Some((seconds, fraction)) => (seconds, fraction),
                None => (seconds, ""),
            },
        };
        if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("the fraction of a second is no digits");
        }
        let seconds = days * DAY + hours * 3600 + minutes * 60 + number(seconds)?;
        let months = years * 12 + months;
        let fraction = fraction.trim_end_matches('0');
        let zero = months == 0 && seconds == 0 && fraction.is_empty();
        Ok(Self { negative: negative && !zero, months, seconds, fraction: fraction.into() })
    }

    /// Reads a `ser:duration`: days and smaller units only, within a signed 64-bit count of 100 ns.
    ///
    /// # Errors
    /// Says which part is wrong.
    pub fn parse_serialization(text: &str) -> Result<Self, &'static str> {
        let date = text.split_once('T').map_or(text, |(date, _)| date);
        if date.contains(['Y', 'M']) {
            return Err("years and months are not allowed here");
        }
        let duration = Self::parse(text)?;
        let digits = |at: usize| duration.fraction.bytes().nth(at).map_or(0, |digit| i128::from(digit - b'0'));
        let fraction = (0..7).fold(0, |ticks, at| ticks * 10 + digits(at));
        let more = i128::from(duration.fraction.len() > 7);
        let magnitude = duration.seconds * TICKS + fraction + more;
        let most = i128::from(i64::MAX) + i128::from(duration.negative);
        if magnitude > most { Err("it is beyond a signed 64-bit count of 100 ns") } else { Ok(duration) }
    }

    /// The duration of a signed 64-bit count of 100 ns.
    pub fn from_ticks(ticks: i64) -> Self {
        let magnitude = i128::from(ticks).abs();
        let fraction = format!("{:07}", magnitude % TICKS);
        let fraction = fraction.trim_end_matches('0').into();
        Self { negative: ticks < 0, months: 0, seconds: magnitude / TICKS, fraction }
    }

    /// Its signed 64-bit count of 100 ns, where it has months of zero and no finer fraction.
    pub fn ticks(&self) -> Option<i64> {
        if self.months != 0 || self.fraction.len() > 7 {
            return None;
        }
        let magnitude = self.seconds * TICKS + format!("{:0<7}", self.fraction).parse::<i128>().ok()?;
        i64::try_from(if self.negative { -magnitude } else { magnitude }).ok()
    }

    /// Which is the longer. Months have no fixed length: two durations compare only where the order is the same from each
    /// of the four dates that XML Schema part 2, 3.2.6.2, names.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        const FROM: [(i128, i64); 4] = [(1696, 9), (1697, 2), (1903, 3), (1903, 7)];
        let mut orders =
            FROM.map(|(year, month)| self.after(year, month).cmp_to(&other.after(year, month))).into_iter();
        let first = orders.next()?;
        orders.all(|order| order == first).then_some(first)
    }

    /// How far it reaches from the first of a month: whole seconds, and the fraction with its sign.
    fn after(&self, year: i128, month: i64) -> Reach<'_> {
        let sign = if self.negative { -1 } else { 1 };
        let months = year * 12 + i128::from(month) - 1 + sign * self.months;
        // Eras of 400 years are all of one length, so years far away are folded into the first.
        let (eras, months) = (months.div_euclid(4800), months.rem_euclid(4800));
        let month = i64::try_from(months).unwrap_or(0);
        let days = eras * 146_097 + i128::from(days_since_1970(month / 12, month % 12 + 1, 1));
        Reach { seconds: days * DAY + sign * self.seconds, negative: self.negative, fraction: &self.fraction }
    }
}

/// A point reached: seconds, and a fraction before or after them.
struct Reach<'a> {
    seconds: i128,
    negative: bool,
    fraction: &'a str,
}

impl Reach<'_> {
    fn cmp_to(&self, other: &Self) -> Ordering {
        // A fraction counted back from a second lies in the second before it.
        let floor = |reach: &Self| reach.seconds - i128::from(reach.negative && !reach.fraction.is_empty());
        floor(self).cmp(&floor(other)).then_with(|| {
            match (self.negative && !self.fraction.is_empty(), other.negative && !other.fraction.is_empty()) {
                (false, false) => self.fraction.cmp(other.fraction),
                (true, true) => other.fraction.cmp(self.fraction),
                (true, false) => complement_cmp(self.fraction, other.fraction),
                (false, true) => complement_cmp(other.fraction, self.fraction).reverse(),
            }
        })
    }
}

/// Compares one minus a fraction, which is not zero, with another fraction.
fn complement_cmp(back: &str, forth: &str) -> Ordering {
    // One minus a fraction: nines' complement of each digit, but tens' of the last, which is not zero.
    let last = back.len().saturating_sub(1);
    let complement: String = back
        .bytes()
        .enumerate()
        .map(|(at, digit)| char::from(b'0' + (if at == last { 10 } else { 9 }) - (digit - b'0')))
        .collect();
    complement.as_str().cmp(forth)
}

/// The canonical spelling of XML Schema 1.1: years and months, days below, none that is zero.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.negative { "-P" } else { "P" })?;
        let mut write = |number: i128, unit: char| if number == 0 { Ok(()) } else { write!(f, "{number}{unit}") };
        write(self.months / 12, 'Y')?;
        write(self.months % 12, 'M')?;
        write(self.seconds / DAY, 'D')?;
        let time = self.seconds % DAY;
        if time != 0 || !self.fraction.is_empty() {
            f.write_str("T")?;
            let mut write = |number: i128, unit: char| if number == 0 { Ok(()) } else { write!(f, "{number}{unit}") };
            write(time / 3600, 'H')?;
            write(time / 60 % 60, 'M')?;
            match (time % 60, &*self.fraction) {
                (0, "") => {}
                (seconds, "") => write!(f, "{seconds}S")?,
                (seconds, fraction) => write!(f, "{seconds}.{fraction}S")?,
            }
        } else if self.months == 0 && self.seconds == 0 {
            f.write_str("T0S")?;
        }
        Ok(())
    }
}

/// Takes a number with its unit off the front, where that unit comes next; zero where it does not.
fn part(text: &str, unit: char) -> Result<(i128, &str), &'static str> {
    match text.split_once(unit) {
        Some((digits, rest)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok((number(digits)?, rest)),
        _ => Ok((0, text)),
    }
}

fn number(digits: &str) -> Result<i128, &'static str> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("a unit has no digits before it");
    }
    let digits = digits.trim_start_matches('0');
    if digits.len() > 15 {
        return Err("a part is beyond fifteen digits");
    }
    if digits.is_empty() { Ok(0) } else { digits.parse().map_err(|_| "a part is no number") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Duration {
        Duration::parse(text).unwrap_or_else(|wrong| panic!("{text}: {wrong}"))
    }

    #[test]
    fn spellings_have_one_canonical_form() {
        for (text, canonical) in [
            ("P1Y2M3DT4H5M6.70S", "P1Y2M3DT4H5M6.7S"),
            ("P12M", "P1Y"),
            ("-PT0S", "PT0S"),
            ("P0D", "PT0S"),
            ("PT36H", "P1DT12H"),
            ("PT90M", "PT1H30M"),
            ("PT0.5S", "PT0.5S"),
            ("-P0001D", "-P1D"),
            ("PT1M0.001S", "PT1M0.001S"),
        ] {
            assert_eq!(of(text).to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for wrong in [
            "",
            "P",
            "-P",
            "PT",
            "P1",
            "1D",
            "P1DT",
            "P1S",
            "PT1D",
            "P1D1Y",
            "P1M1Y",
            "PT1M1H",
            "PT1S1M",
            "P-1D",
            "+P1D",
            "PT.5S",
            "PT1.S",
            "PT1.5M",
            "P1.5D",
            "PD",
            "PTS",
            "p1d",
            "P 1D",
            "P1H",
            "PT1Y",
            "PT1.a5S",
            "PT1S2S",
            "PTT1S",
            "P1234567890123456D",
        ] {
            assert!(Duration::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_serialised_duration_is_a_count_of_ticks() {
        for right in [
            "PT0S",
            "P1D",
            "PT0.0000001S",
            "P10675199DT2H48M5.4775807S",
            "-P10675199DT2H48M5.4775808S",
            "PT922337203685.4775807S",
        ] {
            assert!(Duration::parse_serialization(right).is_ok(), "{right}");
        }
        for wrong in [
            "P1Y",
            "P1M",
            "P0Y",
            "P",
            "PT",
            "P1DT",
            "P10675199DT2H48M5.4775808S",
            "P10675199DT2H48M5.47758071S",
            "-P10675199DT2H48M5.4775809S",
            "-P10675199DT2H48M5.47758081S",
            "P10675200D",
        ] {
            assert!(Duration::parse_serialization(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn months_compare_only_where_every_month_agrees() {
        for (a, b, order) in [
            ("P1Y", "P12M", Some(Ordering::Equal)),
            ("P1M", "P30D", None),
            ("P1M", "P27D", Some(Ordering::Greater)),
            ("P1M", "P32D", Some(Ordering::Less)),
            ("P1Y", "P364D", Some(Ordering::Greater)),
            ("P1Y", "P365D", None),
            ("-P1D", "PT0S", Some(Ordering::Less)),
            ("-PT0.5S", "-PT0.25S", Some(Ordering::Less)),
            ("-PT0.5S", "-PT1S", Some(Ordering::Greater)),
            ("PT1.5S", "PT1.49S", Some(Ordering::Greater)),
            ("-PT1.5S", "PT0.5S", Some(Ordering::Less)),
        ] {
            assert_eq!(of(a).compare(&of(b)), order, "{a} {b}");
            assert_eq!(of(b).compare(&of(a)), order.map(Ordering::reverse), "{b} {a}");
        }
        assert_ne!(of("P1M"), of("P30D"));
    }

    proptest! {
        #[test]
        fn canonical_text_reads_back(negative: bool, months in 0i128..5000, seconds in 0i128..9_999_999_999, f in "[0-9]{0,8}") {
            let fraction = Box::from(f.trim_end_matches('0'));
            let zero = months == 0 && seconds == 0 && fraction == Box::from("");
            let duration = Duration { negative: negative && !zero, months, seconds, fraction };
            prop_assert_eq!(Duration::parse(&duration.to_string()), Ok(duration.clone()));
            prop_assert_eq!(duration.compare(&duration), Some(Ordering::Equal));
        }

        #[test]
        fn order_is_the_order_of_ticks(a in -40i64..40, b in -40i64..40) {
            let spell = |n: i64| format!("{}PT{}.{}S", if n < 0 { "-" } else { "" }, n.abs() / 10, n.abs() % 10);
            prop_assert_eq!(of(&spell(a)).compare(&of(&spell(b))), Some(a.cmp(&b)));
        }

        #[test]
        fn ticks_are_a_duration_and_back(ticks: i64) {
            let duration = Duration::from_ticks(ticks);
            prop_assert_eq!(duration.ticks(), Some(ticks));
            prop_assert_eq!(Duration::parse_serialization(&duration.to_string()), Ok(duration));
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,30}|-?P[0-9YMDTHS.]{0,40}") {
            let _ = (Duration::parse(&text), Duration::parse_serialization(&text));
        }
    }
}
