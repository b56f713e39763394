//! Numbers of any length, exactly: `xsd:decimal` and the integers derived from it.
//!
//! Leaves out arithmetic: numbers are read, compared and written. Follows XML Schema part 2, 3.2.3 and 3.3.13.

use std::{cmp::Ordering, fmt};

/// A decimal number, exact and of any length. Two spellings of one number are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    negative: bool,
    /// Without leading zeros; empty where the number is below one.
    whole: Box<str>,
    /// Without trailing zeros; empty where the number is whole.
    fraction: Box<str>,
}

impl Number {
    /// Reads an optional sign, digits, and digits after a point; one digit at least, no exponent, no white space.
    pub fn decimal(text: &str) -> Option<Self> {
        let (negative, digits) = sign(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if (whole.is_empty() && fraction.is_empty()) || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Self { negative: negative && !zero, whole: whole.into(), fraction: fraction.into() })
    }

    /// Reads an optional sign and digits, one at least; no point.
    pub fn integer(text: &str) -> Option<Self> {
        if text.contains('.') { None } else { Self::decimal(text) }
    }

    /// The number, where it is whole and fits.
    pub fn to_i64(&self) -> Option<i64> {
        if self.fraction.is_empty() { self.to_string().parse().ok() } else { None }
    }
}

/// The shortest spelling: no plus sign, no zeros that say nothing, no point where the number is whole.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        f.write_str(if self.whole.is_empty() { "0" } else { &self.whole })?;
        if !self.fraction.is_empty() {
            write!(f, ".{}", self.fraction)?;
        }
        Ok(())
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        // Without leading zeros the longer whole part is the greater; without trailing ones fractions sort as text.
        let size = |number: &Self| number.whole.len();
        let magnitude = || {
            size(self)
                .cmp(&size(other))
                .then_with(|| self.whole.cmp(&other.whole))
                .then_with(|| self.fraction.cmp(&other.fraction))
        };
        match (self.negative, other.negative) {
            (false, false) => magnitude(),
            (true, true) => magnitude().reverse(),
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Takes off the sign; whether it is a minus, and the rest.
fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_number_are_one_number() {
        for (text, canonical) in [
            ("0", "0"),
            ("-0", "0"),
            ("+0.00", "0"),
            ("007.500", "7.5"),
            ("-.5", "-0.5"),
            ("5.", "5"),
            ("123456789012345678901234567890.5", "123456789012345678901234567890.5"),
        ] {
            assert_eq!(Number::decimal(text).unwrap().to_string(), canonical, "{text}");
        }
        for wrong in ["", "+", "-", ".", "1e3", "--1", "1,5", " 1", "1 ", "1.2.3", "0x1", "\u{661}"] {
            assert_eq!(Number::decimal(wrong), None, "{wrong}");
        }
        assert_eq!(Number::integer("1.0"), None);
        assert_eq!(Number::integer("-12").unwrap().to_i64(), Some(-12));
        assert_eq!(Number::integer("9223372036854775808").unwrap().to_i64(), None);
    }

    proptest! {
        #[test]
        fn order_is_the_order_of_the_numbers(a in -10_000i64..10_000, b in -10_000i64..10_000, scale in 0usize..4) {
            let spell = |n: i64| {
                let digits = format!("{:05}", n.abs());
                let (whole, fraction) = digits.split_at(digits.len() - scale);
                format!("{}{whole}.{fraction}", if n < 0 { "-" } else { "" })
            };
            let (x, y) = (Number::decimal(&spell(a)).unwrap(), Number::decimal(&spell(b)).unwrap());
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            prop_assert_eq!(Number::decimal(&x.to_string()), Some(x));
        }
    }
}
