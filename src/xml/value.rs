//! Typed values: text read by the lexical rules of its simple type, compared as values, written in one spelling.
//!
//! Leaves out elements and `i:nil`. Follows XML Schema 1.0 part 2; `ser:duration` and `ser:guid` follow [MS-IPAMM2] 2.2.5.

use std::cmp::Ordering;

use thiserror::Error;

use super::{date_time::DateTime, duration::Duration, number::Number};
use crate::spec::namespace::PREFIXES;
use crate::spec::schema::{ComplexType, SimpleType, Type};

/// The value of a simple type. Two spellings of one value are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text, to the letter: `xsd:string` and enumerations.
    String(String),
    /// `xsd:boolean`.
    Boolean(bool),
    /// `xsd:integer` and the integers of bounded length.
    Integer(Number),
    /// `xsd:decimal`.
    Decimal(Number),
    /// `xsd:double`.
    Double(Double),
    /// `xsd:dateTime`.
    DateTime(DateTime),
    /// `xsd:duration` and `ser:duration`.
    Duration(Duration),
    /// `ser:guid`, its digits in lower case.
    Guid(String),
}

/// Why a text is no value of its type.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{got}` is no {expected}: {reason}")]
pub struct ValueError {
    /// The type, as case files name it.
    pub expected: String,
    /// The text, cut where it is long.
    pub got: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Value {
    /// Reads a text by the rules of a type. White space around it is left out, but for strings, enumerations and
    /// `ser:guid`, which are strings and keep theirs.
    ///
    /// # Errors
    /// Says what the type wants when `text` is none of its values.
    pub fn parse(kind: SimpleType, text: &str) -> Result<Self, ValueError> {
        let trimmed = text.trim_matches([' ', '\t', '\r', '\n']);
        let value = match kind {
            SimpleType::String => Ok(Self::String(text.to_owned())),
            SimpleType::Enumeration(enumeration) if enumeration.contains(text) => Ok(Self::String(text.to_owned())),
            SimpleType::Enumeration(enumeration) => {
                Err(format!("it is not one of its {} values, to the letter", enumeration.values.len()))
            }
            SimpleType::Boolean => boolean(trimmed).map(Self::Boolean).map_err(str::to_owned),
            SimpleType::Short => integer(trimmed, i16::MIN.into(), i16::MAX.into()),
            SimpleType::Int => integer(trimmed, i32::MIN.into(), i32::MAX.into()),
            SimpleType::Long => integer(trimmed, i64::MIN, i64::MAX),
            SimpleType::UnsignedInt => integer(trimmed, 0, u32::MAX.into()),
            SimpleType::Integer => Number::integer(trimmed).map(Self::Integer).ok_or_else(|| NOT_AN_INTEGER.to_owned()),
            SimpleType::Decimal => Number::decimal(trimmed)
                .map(Self::Decimal)
                .ok_or_else(|| "it is not digits with an optional sign and decimal point".to_owned()),
            SimpleType::Double => Double::parse(trimmed).map(Self::Double).map_err(str::to_owned),
            SimpleType::DateTime => DateTime::parse(trimmed).map(Self::DateTime).map_err(str::to_owned),
            SimpleType::Duration => Duration::parse(trimmed).map(Self::Duration).map_err(str::to_owned),
            SimpleType::SerDuration => {
                Duration::parse_serialization(trimmed).map(Self::Duration).map_err(str::to_owned)
            }
            SimpleType::Guid => guid(text).map(Self::Guid).map_err(str::to_owned),
        };
        value.map_err(|reason| ValueError { expected: type_name(Type::Simple(kind)), got: excerpt(text), reason })
    }

    /// The one spelling of the value: the canonical one of XML Schema; for durations that of XML Schema 1.1, since 1.0
    /// has none.
    pub fn canonical(&self) -> String {
        match self {
            Self::String(text) | Self::Guid(text) => text.clone(),
            Self::Boolean(value) => value.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Decimal(number) => {
                let text = number.to_string();
                if text.contains('.') { text } else { text + ".0" }
            }
            Self::Double(double) => double.canonical(),
            Self::DateTime(time) => time.to_string(),
            Self::Duration(duration) => duration.to_string(),
        }
    }

    /// Which value is the greater, where their type orders them: numbers, dateTimes and durations. The order of dateTimes
    /// is partial where only one has a time zone, that of durations where months meet days.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(a) | Self::Decimal(a), Self::Integer(b) | Self::Decimal(b)) => Some(a.cmp(b)),
            (Self::Double(a), Self::Double(b)) => a.compare(*b),
            (Self::DateTime(a), Self::DateTime(b)) => a.compare(b),
            (Self::Duration(a), Self::Duration(b)) => a.compare(b),
            _ => None,
        }
    }
}

/// An `xsd:double`. Not-a-number equals itself; zero and minus zero differ, as XML Schema 1.0 has it.
#[derive(Debug, Clone, Copy)]
pub struct Double(f64);

impl Double {
    fn parse(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "it is not a number with an optional exponent, INF, -INF or NaN";
        match text {
            "INF" => return Ok(Self(f64::INFINITY)),
            "-INF" => return Ok(Self(f64::NEG_INFINITY)),
            "NaN" => return Ok(Self(f64::NAN)),
            _ => {}
        }
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        if Number::decimal(mantissa).is_none() || Number::integer(exponent).is_none() {
            return Err(WRONG);
        }
        text.parse().map(Self).map_err(|_| WRONG)
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }

    fn compare(self, other: Self) -> Option<Ordering> {
        if self == other {
            return Some(Ordering::Equal);
        }
        let by_number = self.0.partial_cmp(&other.0)?;
        // Plus zero is the greater of the two zeros.
        Some(by_number.then_with(|| other.0.is_sign_negative().cmp(&self.0.is_sign_negative())))
    }

    fn canonical(self) -> String {
        if self.0.is_nan() {
            return "NaN".to_owned();
        }
        if self.0.is_infinite() {
            return if self.0 > 0.0 { "INF" } else { "-INF" }.to_owned();
        }
        let text = format!("{:E}", self.0);
        match text.split_once('E') {
            Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0E{exponent}"),
            _ => text,
        }
    }
}

impl PartialEq for Double {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits() || (self.0.is_nan() && other.0.is_nan())
    }
}

impl Eq for Double {}

/// The name of a type as case files write it; enumerations and complex types by the prefix of their namespace.
pub fn type_name(kind: Type) -> String {
    let simple = match kind {
        Type::Complex(ComplexType { name, namespace, .. }) => return prefixed(namespace, name),
        Type::Simple(simple) => simple,
    };
    let name = match simple {
        SimpleType::Enumeration(enumeration) => return prefixed(enumeration.namespace, enumeration.name),
        SimpleType::String => "xsd:string",
        SimpleType::Boolean => "xsd:boolean",
        SimpleType::Short => "xsd:short",
        SimpleType::Int => "xsd:int",
        SimpleType::Long => "xsd:long",
        SimpleType::UnsignedInt => "xsd:unsignedInt",
        SimpleType::Integer => "xsd:integer",
        SimpleType::Decimal => "xsd:decimal",
        SimpleType::Double => "xsd:double",
        SimpleType::DateTime => "xsd:dateTime",
        SimpleType::Duration => "xsd:duration",
        SimpleType::SerDuration => "ser:duration",
        SimpleType::Guid => "ser:guid",
    };
    name.to_owned()
}

/// At most 80 characters of a text, with a mark where it was cut.
pub(super) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((cut, _)) => format!("{}…", text.get(..cut).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn prefixed(namespace: &str, name: &str) -> String {
    match PREFIXES.iter().find(|(_, known)| *known == namespace) {
        Some((prefix, _)) => format!("{prefix}:{name}"),
        None => format!("{{{namespace}}}{name}"),
    }
}

const NOT_AN_INTEGER: &str = "it is not digits with an optional sign";

fn boolean(text: &str) -> Result<bool, &'static str> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("it is not true, false, 1 or 0"),
    }
}

fn integer(text: &str, least: i64, most: i64) -> Result<Value, String> {
    let number = Number::integer(text).ok_or(NOT_AN_INTEGER)?;
    match number.to_i64() {
        Some(value) if (least..=most).contains(&value) => Ok(Value::Integer(number)),
        _ => Err(format!("it is not {least} to {most}")),
    }
}

/// Reads groups of 8, 4, 4, 4 and 12 hexadecimal digits.
fn guid(text: &str) -> Result<String, &'static str> {
    let mut groups = text.split('-');
    let right = [8, 4, 4, 4, 12].iter().all(|length| {
        groups.next().is_some_and(|group| group.len() == *length && group.bytes().all(|byte| byte.is_ascii_hexdigit()))
    });
    if right && groups.next().is_none() {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("it is not hexadecimal digits in groups of 8, 4, 4, 4 and 12, without white space")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spec::task;

    fn canonical(kind: SimpleType, text: &str) -> Option<String> {
        Value::parse(kind, text).ok().map(|value| value.canonical())
    }

    #[test]
    fn each_type_takes_its_own_spellings() {
        use SimpleType::{
            Boolean, DateTime, Decimal, Double, Duration, Enumeration, Guid, Int, Integer, Long, SerDuration, Short,
            String, UnsignedInt,
        };
        let task_type = Enumeration(&task::IPAM_TASK_TYPE);
        for (kind, text, expected) in [
            (String, " a\n", Some(" a\n")),
            (Boolean, " 1\t", Some("true")),
            (Boolean, "false", Some("false")),
            (Boolean, "True", None),
            (Boolean, "", None),
            (Boolean, "\u{a0}1", None),
            (Short, "-32768", Some("-32768")),
            (Short, "32768", None),
            (Int, "+0002147483647", Some("2147483647")),
            (Int, "2147483648", None),
            (Int, "-2147483649", None),
            (Int, "1.0", None),
            (Int, "1 2", None),
            (Int, "", None),
            (Long, "-9223372036854775808", Some("-9223372036854775808")),
            (Long, "9223372036854775808", None),
            (UnsignedInt, "4294967295", Some("4294967295")),
            (UnsignedInt, "-0", Some("0")),
            (UnsignedInt, "-1", None),
            (UnsignedInt, "4294967296", None),
            (Integer, "-99999999999999999999999999", Some("-99999999999999999999999999")),
            (Decimal, "100", Some("100.0")),
            (Decimal, "-.50", Some("-0.5")),
            (Decimal, "1E2", None),
            (Decimal, "INF", None),
            (Double, "1e2", Some("1.0E2")),
            (Double, "-0", Some("-0.0E0")),
            (Double, "12.5", Some("1.25E1")),
            (Double, "INF", Some("INF")),
            (Double, "-INF", Some("-INF")),
            (Double, "NaN", Some("NaN")),
            (Double, "+INF", None),
            (Double, "inf", None),
            (Double, "nan", None),
            (Double, "infinity", None),
            (Double, "1e", None),
            (Double, "1e1.5", None),
            (Double, "e1", None),
            (Double, "1e400", Some("INF")),
            (DateTime, " 0001-01-01T00:00:00 ", Some("0001-01-01T00:00:00")),
            (DateTime, "2024-01-01", None),
            (Duration, "P1Y", Some("P1Y")),
            (SerDuration, "P1Y", None),
            (SerDuration, "P1DT2H", Some("P1DT2H")),
            (Guid, "01234567-89AB-cdef-0123-456789abcdef", Some("01234567-89ab-cdef-0123-456789abcdef")),
            (Guid, " 01234567-89AB-cdef-0123-456789abcdef", None),
            (Guid, "{01234567-89AB-cdef-0123-456789abcdef}", None),
            (Guid, "0123456789ABcdef0123456789abcdef", None),
            (Guid, "01234567-89AB-cdef-0123-456789abcdef-", None),
            (task_type, "Discovery", Some("Discovery")),
            (task_type, " Discovery", None),
            (task_type, "discovery", None),
            (task_type, "", None),
        ] {
            assert_eq!(canonical(kind, text).as_deref(), expected, "{kind:?} {text:?}");
        }
    }

    #[test]
    fn an_error_names_type_text_and_reason() {
        let error = Value::parse(SimpleType::Short, "40000").unwrap_err();
        assert_eq!(error.to_string(), "`40000` is no xsd:short: it is not -32768 to 32767");
        let error = Value::parse(SimpleType::Enumeration(&task::IPAM_TASK_TYPE), "Nine").unwrap_err();
        assert_eq!(error.to_string(), "`Nine` is no ipam:IpamTaskType: it is not one of its 9 values, to the letter");
        assert_eq!(Value::parse(SimpleType::Int, &"9".repeat(500)).unwrap_err().got.chars().count(), 81);
    }

    #[test]
    fn every_type_is_named_as_case_files_name_it() {
        for name in Type::NAMES {
            assert_eq!(type_name(Type::named(name).unwrap()), *name);
        }
    }

    #[test]
    fn values_compare_within_their_type() {
        let compare = |kind, a: &str, b: &str| Value::parse(kind, a).unwrap().compare(&Value::parse(kind, b).unwrap());
        assert_eq!(compare(SimpleType::Int, "9", "10"), Some(Ordering::Less));
        assert_eq!(compare(SimpleType::Decimal, "1.0", "1"), Some(Ordering::Equal));
        assert_eq!(compare(SimpleType::Double, "-0", "0"), Some(Ordering::Less));
        assert_eq!(compare(SimpleType::Double, "NaN", "NaN"), Some(Ordering::Equal));
        assert_eq!(compare(SimpleType::Double, "NaN", "1"), None);
        assert_eq!(compare(SimpleType::Double, "-INF", "1"), Some(Ordering::Less));
        assert_eq!(compare(SimpleType::String, "a", "b"), None);
    }

    proptest! {
        #[test]
        fn canonical_text_is_a_fixed_point(text in "[-+]?[0-9]{0,25}(\\.[0-9]{0,5})?([eE][-+]?[0-9]{1,3})?|\\PC{0,40}") {
            for name in Type::NAMES {
                let Some(Type::Simple(kind)) = Type::named(name) else { continue };
                if let Ok(value) = Value::parse(kind, &text) {
                    prop_assert_eq!(Value::parse(kind, &value.canonical()), Ok(value), "{}", name);
                }
            }
        }
    }
}
