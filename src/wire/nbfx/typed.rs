//! Values for characters, where a value stands for exactly those.
//!
//! Leaves out what type a schema gives them: `12` may be a number, and is one here. Follows [MC-NBFX] 2.2.3.

use super::{DateTime, Decimal, Uuid, Value, Zone};
use crate::xml::{Duration, days_since_1970};

const SECOND: i64 = 10_000_000;

/// The typed value of the fewest bytes whose characters are these.
pub(super) fn shortest(text: &str) -> Option<Value<'static>> {
    const TYPES: [u8; 16] =
        [0x80, 0x82, 0x84, 0x86, 0x88, 0x8A, 0x8C, 0x8E, 0xB2, 0x90, 0x92, 0xAE, 0x96, 0x94, 0xB0, 0xAC];
    // No value of a type is longer than a UniqueId, and most text is no value of a type: begin with what may be one.
    if text.len() > 45
        || !text.starts_with(|c: char| c.is_ascii_hexdigit() || matches!(c, '-' | 't' | 'u' | 'P' | 'I' | 'N'))
    {
        return None;
    }
    TYPES.into_iter().find_map(|record_type| of_type(record_type, text))
}

/// The value of a *Text record of one type whose characters are these; none where it has none such.
pub(super) fn of_type(record_type: u8, text: &str) -> Option<Value<'static>> {
    let value = match record_type {
        0x80 => Value::Zero,
        0x82 => Value::One,
        0x84 => Value::False,
        0x86 => Value::True,
        0x88 => Value::Int8(text.parse().ok()?),
        0x8A => Value::Int16(text.parse().ok()?),
        0x8C => Value::Int32(text.parse().ok()?),
        0x8E => Value::Int64(text.parse().ok()?),
        0x90 => Value::Float(text.parse().ok()?),
        0x92 => Value::Double(text.parse().ok()?),
        0x94 => Value::Decimal(decimal(text)?),
        0x96 => Value::DateTime(date_time(text)?),
        0xAC => Value::UniqueId(uuid(text.strip_prefix("urn:uuid:")?)?),
        0xAE => Value::TimeSpan(Duration::parse(text).ok()?.ticks()?),
        0xB0 => Value::Uuid(uuid(text)?),
        0xB2 => Value::UInt64(text.parse().ok()?),
        0xB4 => Value::Bool(text.parse().ok()?),
        _ => return None,
    };
    (value.text() == text).then_some(value)
}

fn decimal(text: &str) -> Option<Decimal> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let scale = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let number: u128 = digits.replacen('.', "", 1).parse().ok()?;
    let low = u64::try_from(number & u128::from(u64::MAX)).ok()?;
    let high = u32::try_from(number >> 64).ok()?;
    Some(Decimal { scale: u8::try_from(scale).ok().filter(|scale| *scale <= 28)?, negative, high, low })
}

/// Reads `YYYY-MM-DDThh:mm:ss`, a fraction, and `Z`; what is out of range comes out as another text.
fn date_time(text: &str) -> Option<DateTime> {
    let (text, zone) = match text.strip_suffix('Z') {
        Some(text) => (text, Zone::Utc),
        None => (text, Zone::Unspecified),
    };
    let (date, time) = text.split_once('T')?;
    let number = |text: &str| text.parse::<u16>().ok().map(i64::from);
    let mut date = date.splitn(3, '-').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut time = time.splitn(3, ':').map(number);
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    if !(1..=12).contains(&month) || fraction.len() > 7 {
        return None;
    }
    let days = days_since_1970(year, month, day) + 719_162;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    let fraction: u64 = format!("{fraction:0<7}").parse().ok()?;
    let ticks = u64::try_from(seconds * SECOND).ok()?.checked_add(fraction)?;
    (ticks < DateTime::END).then_some(DateTime { ticks, zone })
}

fn uuid(text: &str) -> Option<Uuid> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    let (pairs, rest) = digits.as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes: [u8; 16] = pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect::<Option<Vec<u8>>>()
        .filter(|_| rest.is_empty())?
        .try_into()
        .ok()?;
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    Some(Uuid(bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn characters_have_a_value_where_it_says_them_again() {
        for (text, record_type) in [
            ("0", 0x80),
            ("1", 0x82),
            ("true", 0x86),
            ("-128", 0x88),
            ("200", 0x8A),
            ("70000", 0x8C),
            ("-3000000000", 0x8E),
            ("18446744073709551615", 0xB2),
            ("1.5", 0x90),
            ("3.141592653589793", 0x92),
            ("INF", 0x90),
            ("2024-02-29T12:30:00.12Z", 0x96),
            ("-PT5M44S", 0xAE),
            ("33221100-5544-7766-8899-aabbccddeeff", 0xB0),
            ("urn:uuid:33221100-5544-7766-8899-aabbccddeeff", 0xAC),
            ("12345678901234567890.123456789", 0x94),
        ] {
            let value = shortest(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((value.record_type(), &*value.text()), (record_type, text));
        }
        for text in
            ["", "00", "+1", "1.50", "True", "t", "2024-02-30T00:00:00", "2024-01-01T24:00:00", "P1Y", "PT90M", "abc"]
        {
            assert_eq!(shortest(text), None, "{text}");
        }
        assert_eq!(of_type(0x96, "2024-02-29T00:00:00").unwrap().text(), "2024-02-29T00:00:00");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}|[-0-9TZ:.PDHMSe+]{0,30}") {
            if let Some(value) = shortest(&text) {
                prop_assert_eq!(value.text(), text);
            }
        }
    }
}
