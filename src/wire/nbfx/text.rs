//! The characters that values stand for.
//!
//! Leaves out the other way, which is in `typed.rs`. Follows [MC-NBFX] 2.2.3. Where its examples say other than its prose
//! (durations, midnight), the examples are XML Schema's and what Microsoft's stack writes, and are followed here.

use std::{
    borrow::Cow,
    fmt::{self, Display, Write as _},
};

use super::{DateTime, Decimal, Uuid, Value, Zone, names::LETTERS};
use crate::xml::{self, date_since_1970};

/// 100 ns in a second, and in a day.
const SECOND: u64 = 10_000_000;
const DAY: u64 = 24 * 60 * 60 * SECOND;
/// Days from the start of the year 1 to 1970.
const TO_1970: i64 = 719_162;

impl<'a> Value<'a> {
    /// Its characters; borrowed where they stand in the record or a dictionary.
    pub fn text(&self) -> Cow<'a, str> {
        match self {
            Self::Zero => "0".into(),
            Self::One => "1".into(),
            Self::False | Self::Bool(false) => "false".into(),
            Self::True | Self::Bool(true) => "true".into(),
            Self::Empty => "".into(),
            Self::Chars(_, text) => Cow::Borrowed(*text),
            Self::Dictionary(string) => string.text.into(),
            _ => self.to_string().into(),
        }
    }

    /// At least as many as it has characters, without making them.
    pub(super) fn characters_at_most(&self) -> usize {
        match self {
            Self::Zero | Self::One | Self::Empty => 1,
            Self::Chars(_, text) => text.len(),
            Self::Bytes(_, bytes) => bytes.len().div_ceil(3).saturating_mul(4),
            Self::List(list) => list
                .values()
                .fold(0_usize, |sum, value| sum.saturating_add(value.characters_at_most()).saturating_add(1)),
            Self::Dictionary(string) | Self::QNameDictionary(_, string) => string.text.len() + 2,
            Self::UnicodeChars(_, text) => text.bytes().len() / 2,
            // The longest is a UniqueId, of 45.
            _ => 45,
        }
    }

    /// How many characters it has.
    pub(super) fn characters(&self) -> usize {
        match self {
            Self::UnicodeChars(_, text) => text.chars().count(),
            Self::List(list) => {
                let (values, characters) = list
                    .values()
                    .fold((0_usize, 0_usize), |(values, sum), value| (values + 1, sum + value.characters()));
                characters + values.saturating_sub(1)
            }
            Self::Bytes(..) => self.characters_at_most(),
            _ => self.text().chars().count(),
        }
    }
}

impl Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zero => f.write_str("0"),
            Self::One => f.write_str("1"),
            Self::False => f.write_str("false"),
            Self::True => f.write_str("true"),
            Self::Int8(value) => value.fmt(f),
            Self::Int16(value) => value.fmt(f),
            Self::Int32(value) => value.fmt(f),
            Self::Int64(value) => value.fmt(f),
            Self::Float(value) => float(f, &format!("{value:e}"), 7),
            Self::Double(value) => float(f, &format!("{value:e}"), 15),
            Self::Decimal(value) => value.fmt(f),
            Self::DateTime(value) => value.fmt(f),
            Self::Chars(_, text) => f.write_str(text),
            Self::Bytes(_, bytes) => base64(f, bytes),
            Self::List(list) => {
                for (at, value) in list.values().enumerate() {
                    f.write_str(if at == 0 { "" } else { " " })?;
                    value.fmt(f)?;
                }
                Ok(())
            }
            Self::Empty => Ok(()),
            Self::Dictionary(string) => f.write_str(string.text),
            Self::UniqueId(uuid) => write!(f, "urn:uuid:{uuid}"),
            Self::TimeSpan(ticks) => xml::Duration::from_ticks(*ticks).fmt(f),
            Self::Uuid(uuid) => uuid.fmt(f),
            Self::UInt64(value) => value.fmt(f),
            Self::Bool(value) => value.fmt(f),
            Self::UnicodeChars(_, text) => text.chars().try_for_each(|c| f.write_char(c)),
            Self::QNameDictionary(prefix, string) => {
                write!(f, "{}:{}", LETTERS.get(usize::from(*prefix)).unwrap_or(&""), string.text)
            }
        }
    }
}

/// Digits in groups of 8, 4, 4, 4 and 12, in lower case.
impl Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([first, second, third, fourth], node) = self.parts();
        write!(f, "{first:08x}-{second:04x}-{third:04x}-{fourth:04x}-")?;
        node.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Uuid {
    /// Its four integers, of which the last is in big-endian, and its node.
    fn parts(self) -> ([u32; 4], [u8; 6]) {
        let (first, rest) = self.0.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
        let (pairs, _) = rest.as_chunks::<2>();
        let pair = |at: usize| pairs.get(at).copied().unwrap_or_default();
        let node = self.0.last_chunk().copied().unwrap_or_default();
        let low = |bytes| u32::from(u16::from_le_bytes(bytes));
        ([u32::from_le_bytes(*first), low(pair(0)), low(pair(1)), u32::from(u16::from_be_bytes(pair(2)))], node)
    }
}

/// No zeros that say nothing, and a point only where digits follow.
impl Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_u128.pow(self.scale.into());
        let (whole, fraction) = (self.digits() / unit, self.digits() % unit);
        f.write_str(if self.negative && self.digits() != 0 { "-" } else { "" })?;
        write!(f, "{whole}")?;
        if fraction != 0 {
            let digits = format!("{fraction:0width$}", width = self.scale.into());
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        Ok(())
    }
}

impl Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = i64::try_from(self.ticks / DAY).unwrap_or(0);
        let (year, month, day) = date_since_1970(days - TO_1970);
        let (seconds, fraction) = (self.ticks % DAY / SECOND, self.ticks % SECOND);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if fraction != 0 {
            write!(f, ".{}", format!("{fraction:07}").trim_end_matches('0'))?;
        }
        f.write_str(match self.zone {
            Zone::Unspecified => "",
            Zone::Utc => "Z",
            Zone::Local => "+00:00",
        })
    }
}

/// A number of the fewest digits that give its value again, from its form `d.ddde±x`. The exponent is written only where
/// the point would stand beyond the digits (and those that the type always has), or four zeros or more before them.
fn float(f: &mut fmt::Formatter<'_>, scientific: &str, always: i32) -> fmt::Result {
    let (sign, rest) = match scientific.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", scientific),
    };
    let Some((mantissa, exponent)) = rest.split_once('e') else {
        return match rest {
            "inf" => write!(f, "{sign}INF"),
            _ => f.write_str("NaN"),
        };
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits = mantissa.replace('.', "");
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    f.write_str(sign)?;
    if exponent >= length.max(always) || exponent < -4 {
        let mark = if exponent < 0 { '-' } else { '+' };
        return write!(f, "{mantissa}E{mark}{:02}", exponent.abs());
    }
    let point = usize::try_from(exponent + 1).unwrap_or(0);
    if exponent < 0 {
        let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
        write!(f, "0.{}{digits}", "0".repeat(zeros))
    } else if point >= digits.len() {
        write!(f, "{digits}{}", "0".repeat(point - digits.len()))
    } else {
        let (whole, fraction) = digits.split_at_checked(point).unwrap_or((&digits, ""));
        write!(f, "{whole}.{fraction}")
    }
}

/// RFC 3548, 3.
fn base64(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let digit = usize::try_from(bits >> shift & 0x3F).ok().and_then(|digit| DIGITS.get(digit));
            f.write_char(if at > group.len() { '=' } else { char::from(*digit.unwrap_or(&b'=')) })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::nbfx::Width;

    fn texts(values: &[(Value<'_>, &str)]) {
        for (value, text) in values {
            assert_eq!(value.text(), *text);
            assert_eq!(value.to_string(), *text);
            assert_eq!(value.characters(), text.chars().count());
            assert!(value.characters_at_most() >= value.characters(), "{text}");
        }
    }

    #[test]
    fn floats_have_the_fewest_digits() {
        texts(&[
            (Value::Float(1.1), "1.1"),
            (Value::Float(32.45), "32.45"),
            (Value::Float(f32::MAX), "3.4028235E+38"),
            (Value::Float(f32::MIN_POSITIVE), "1.1754944E-38"),
            (Value::Float(0.1), "0.1"),
            (Value::Double(f64::from_bits(0x4005_BF0A_8B14_5774)), "2.71828182845905"),
            (Value::Double(0.0), "0"),
            (Value::Double(-0.0), "-0"),
            (Value::Double(100.0), "100"),
            (Value::Double(1e14), "100000000000000"),
            (Value::Double(1e15), "1E+15"),
            (Value::Double(1_234_567_890_123_456.0), "1234567890123456"),
            (Value::Double(1e-5), "1E-05"),
            (Value::Double(1.5e-7), "1.5E-07"),
            (Value::Double(1e300), "1E+300"),
            (Value::Double(f64::NAN), "NaN"),
            (Value::Double(f64::INFINITY), "INF"),
            (Value::Double(f64::NEG_INFINITY), "-INF"),
        ]);
    }

    #[test]
    fn decimals_have_no_zeros_that_say_nothing() {
        let decimal = |low, scale, negative| Value::Decimal(Decimal { scale, negative, high: 0, low });
        let most = Decimal { scale: 0, negative: true, high: u32::MAX, low: u64::MAX };
        let least = Decimal { scale: 28, negative: false, high: 0, low: 1 };
        texts(&[
            (decimal(5_123_456, 6, false), "5.123456"),
            (decimal(150, 2, true), "-1.5"),
            (decimal(100, 2, false), "1"),
            (decimal(5, 3, false), "0.005"),
            (decimal(0, 3, true), "0"),
            (Value::Decimal(most), "-79228162514264337593543950335"),
            (Value::Decimal(least), "0.0000000000000000000000000001"),
        ]);
    }

    #[test]
    fn times_are_those_of_xml_schema() {
        let at = |ticks, zone| Value::DateTime(DateTime { ticks, zone });
        texts(&[
            (at(0, Zone::Unspecified), "0001-01-01T00:00:00"),
            (at(DateTime::END - 1, Zone::Utc), "9999-12-31T23:59:59.9999999Z"),
            (at(0x08C8_475B_F98E_4000, Zone::Local), "2006-05-17T00:00:00+00:00"),
            (at(630_822_816_000_000_010, Zone::Utc), "2000-01-01T00:00:00.000001Z"),
            (Value::TimeSpan(0), "PT0S"),
            (Value::TimeSpan(i64::MIN), "-P10675199DT2H48M5.4775808S"),
            (Value::TimeSpan(i64::MAX), "P10675199DT2H48M5.4775807S"),
            (Value::TimeSpan(-3_440_000_000), "-PT5M44S"),
        ]);
    }

    #[test]
    fn bytes_are_base64() {
        texts(&[
            (Value::Bytes(Width::Eight, &[]), ""),
            (Value::Bytes(Width::Eight, &[1, 2, 3]), "AQID"),
            (Value::Bytes(Width::Eight, &[0xFF]), "/w=="),
            (Value::Bytes(Width::Eight, &[0xFF, 0xFE]), "//4="),
            (
                Value::Uuid(Uuid([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])),
                "03020100-0504-0706-0809-0a0b0c0d0e0f",
            ),
        ]);
    }
}
