//! Durations as files write them: `500ms`, `5s`, `2m`.
//!
//! Leaves out every other spelling, so that there is one.

use std::time::Duration;

/// The longest duration that a file may name: a day.
const LONGEST: Duration = Duration::from_hours(24);

/// Reads a duration: a whole number and `ms`, `s` or `m`, a day at most.
///
/// # Errors
/// Says how a duration is written when `text` is none.
pub fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: Option<u64> = number.parse().ok();
    let duration = match (number, unit) {
        (Some(number), "ms") => Some(Duration::from_millis(number)),
        (Some(number), "s") => Some(Duration::from_secs(number)),
        (Some(number), "m") => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    };
    match duration {
        Some(duration) if duration <= LONGEST => Ok(duration),
        Some(_) => Err("the longest duration is a day, `1440m`".to_owned()),
        None => Err("a duration is a whole number and a unit: `500ms`, `5s`, `2m`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_one_spelling() {
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(parse("2m"), Ok(Duration::from_mins(2)));
        assert_eq!(parse("0s"), Ok(Duration::ZERO));
        assert_eq!(parse("1440m"), Ok(LONGEST));
        for wrong in ["", "5", "s", "5 s", "-5s", "1.5s", "5S", "5h", "5sec", "1441m", "99999999999999999999s"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(parse("307445734561825861m").is_err());
    }
}
