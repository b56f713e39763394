//! What is made up: for each sort of `[generate]` the families of its values, as strategies of proptest.
//!
//! Families stand from plain to odd, since a value shrinks towards those before its own. Each draw takes the next one, so
//! that a few draws see all. Leaves out drawing. Values of types follow XML Schema part 2 and [MS-IPAMM2] 2.2.5.

use proptest::{
    collection::vec,
    prelude::{BoxedStrategy, Just, Strategy, any},
    prop_oneof,
    sample::select,
    strategy::Union,
};

use crate::{
    case::generate::{Generate, Home, Kind},
    spec::{
        namespace,
        schema::{Enumeration, SimpleType},
    },
    xml::{escape_attribute, escape_text},
};

/// The longest text that is made up, in characters.
pub const LONGEST: usize = 300;
/// Beside the weight of the family whose turn it is, that of any other is nothing.
const TURN: u32 = 1 << 24;
/// Characters that take no room: a server that leaves them out reads another word.
const INVISIBLE: [&str; 5] = ["\u{200b}", "\u{feff}", "\u{200d}", "\u{2060}", "\u{ad}"];
/// White space, also where XML knows none.
const BLANK: [&str; 7] = [" ", "\t", "\n", "\r", "\u{a0}", "\u{85}", "\u{3000}"];

type Text = BoxedStrategy<String>;

/// The values of a draw, one for each key in their order; the first draw has the number 0.
pub fn of(generate: &Generate, draw: usize) -> BoxedStrategy<Vec<String>> {
    let families: Vec<Vec<Text>> = generate.keys.iter().map(|(_, kind)| of_kind(*kind)).collect();
    let mut round = draw;
    let keys: Vec<Union<Text>> = families
        .into_iter()
        .map(|families| {
            let turn = round % families.len();
            // With several keys the next one moves on once this one has been through its families.
            round = round / families.len() + draw;
            let weight = |at| if at == turn { TURN } else { 1 };
            Union::new_weighted(families.into_iter().enumerate().map(|(at, family)| (weight(at), family)).collect())
        })
        .collect();
    keys.boxed()
}

fn of_kind(kind: Kind) -> Vec<Text> {
    match kind {
        Kind::NotIn(enumeration) => not_in(enumeration),
        Kind::String => strings(),
        Kind::Number => numbers(),
        Kind::Type(simple) => of_type(simple),
        Kind::Xml(home) => vec![element(home)],
    }
}

/// Texts that are none of the values, but for a rare one that is left out where values are drawn.
fn not_in(enumeration: &'static Enumeration) -> Vec<Text> {
    let value = || select(enumeration.values);
    let edited = |edit: fn(&str, usize) -> String| (value(), 0_usize..64).prop_map(move |(v, at)| edit(v, at)).boxed();
    vec![
        Just(String::new()).boxed(),
        word().boxed(),
        (-2_i64..=20).prop_map(|number| number.to_string()).boxed(),
        long().boxed(),
        edited(truncated),
        edited(case_changed),
        edited(doubled),
        affixed(value(), select(&BLANK[..])),
        affixed(value(), select(&BLANK[..])),
        (value(), select(&[",", " ", "|", ", "][..]), value())
            .prop_map(|(a, between, b)| [a, between, b].concat())
            .boxed(),
        affixed(value(), select(&INVISIBLE[..])),
        edited(look_alike),
        any_text(40).boxed(),
    ]
}

fn strings() -> Vec<Text> {
    vec![
        Just(String::new()).boxed(),
        word().boxed(),
        long().boxed(),
        vec(select(&BLANK[..]), 1..=4).prop_map(|parts| parts.concat()).boxed(),
        vec(select(&["<", "&", "]]>", "'", "\"", "{{x}}", "%s", "\\", "../", "--"][..]), 1..=6)
            .prop_map(|parts| parts.concat())
            .boxed(),
        affixed(select(&["a", "word"][..]), select(&INVISIBLE[..])),
        any_text(60).boxed(),
    ]
}

fn numbers() -> Vec<Text> {
    let edges =
        [i128::from(i16::MAX), i128::from(i32::MAX), i128::from(u32::MAX), i128::from(i64::MAX), i128::from(u64::MAX)];
    let near = move |(edge, off, minus): (usize, i128, bool)| {
        let edge = edges.get(edge).copied().unwrap_or_default() + off;
        (if minus { -edge } else { edge }).to_string()
    };
    vec![
        (-9_i64..=99).prop_map(|number| number.to_string()).boxed(),
        (0..edges.len(), -1_i128..=1, any::<bool>()).prop_map(near).boxed(),
        digits(1..=60),
        decimal(),
    ]
}

fn of_type(simple: SimpleType) -> Vec<Text> {
    match simple {
        SimpleType::String => strings(),
        SimpleType::Enumeration(enumeration) => vec![select(enumeration.values).prop_map(str::to_owned).boxed()],
        SimpleType::Boolean => one_of(&["false", "true", "0", "1"]),
        SimpleType::Short => whole(i16::MIN.into(), i16::MAX.into()),
        SimpleType::Int => whole(i32::MIN.into(), i32::MAX.into()),
        SimpleType::Long => whole(i64::MIN, i64::MAX),
        SimpleType::UnsignedInt => whole(0, u32::MAX.into()),
        SimpleType::Integer => {
            let mut families = whole(i64::MIN, i64::MAX);
            families.push(digits(20..=60));
            families
        }
        SimpleType::Decimal => {
            let mut families = whole(i64::MIN, i64::MAX);
            families.push(decimal());
            families.extend(one_of(&[
                "0.0",
                "-.5",
                "+1.",
                "79228162514264337593543950335",
                "0.0000000000000000000000000001",
            ]));
            families
        }
        SimpleType::Double => {
            let mut families = whole(-9, 9);
            families.extend(one_of(&["0", "-0", "INF", "-INF", "NaN", "1.7976931348623157E308", "4.9E-324"]));
            families.push(any::<i64>().prop_map(|number| format!("{number}E-7")).boxed());
            families
        }
        SimpleType::DateTime => {
            let mut families = vec![date_time()];
            families.extend(one_of(&[
                "0001-01-01T00:00:00",
                "9999-12-31T23:59:59.9999999",
                "2024-02-29T00:00:00Z",
                "2000-01-01T00:00:00+14:00",
                "2000-01-01T00:00:00-14:00",
            ]));
            families
        }
        SimpleType::Duration | SimpleType::SerDuration => {
            let mut families = vec![duration()];
            families.extend(one_of(&[
                "PT0S",
                "-PT0.0000001S",
                "P10675199DT2H48M5.4775807S",
                "-P10675199DT2H48M5.4775808S",
            ]));
            families
        }
        SimpleType::Guid => {
            let hex = any::<u128>().prop_map(|bits| {
                let digits = format!("{bits:032x}");
                let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default().to_owned();
                [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
            });
            let mut families =
                one_of(&["00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"]);
            families.push(hex.boxed());
            families
        }
    }
}

fn one_of(values: &'static [&'static str]) -> Vec<Text> {
    vec![select(values).prop_map(str::to_owned).boxed()]
}

fn whole(least: i64, most: i64) -> Vec<Text> {
    let small = least.max(-9)..=most.min(99);
    let edges = vec![least, most, least.saturating_add(1), most.saturating_sub(1)];
    vec![
        small.prop_map(|number| number.to_string()).boxed(),
        select(edges).prop_map(|number| number.to_string()).boxed(),
        (least..=most).prop_map(|number| number.to_string()).boxed(),
    ]
}

fn digits(length: std::ops::RangeInclusive<usize>) -> Text {
    (any::<bool>(), vec(0_u8..=9, length))
        .prop_map(|(minus, digits)| {
            let digits: String = digits.into_iter().map(|digit| digit.to_string()).collect();
            if minus { format!("-{digits}") } else { digits }
        })
        .boxed()
}

fn decimal() -> Text {
    (any::<i64>(), vec(0_u8..=9, 1..=20))
        .prop_map(|(whole, part)| {
            let part: String = part.into_iter().map(|digit| digit.to_string()).collect();
            format!("{whole}.{part}")
        })
        .boxed()
}

fn date_time() -> Text {
    // Every month has 28 days.
    let day = (1_u16..=9999, 1_u8..=12, 1_u8..=28);
    let time = (0_u8..=23, 0_u8..=59, 0_u8..=59);
    (day, time, select(&["", "Z", "+01:00", "-11:30"][..]))
        .prop_map(|((year, month, day), (hour, minute, second), zone)| {
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}")
        })
        .boxed()
}

fn duration() -> Text {
    (any::<bool>(), 0_u32..=9999, 0_u8..=23, 0_u8..=59, 0_u8..=59)
        .prop_map(|(minus, days, hours, minutes, seconds)| {
            format!("{}P{days}DT{hours}H{minutes}M{seconds}S", if minus { "-" } else { "" })
        })
        .boxed()
}

/// An element: a few attributes, text and elements within, three deep at most.
fn element(home: Home) -> Text {
    let homes: &[&str] = match home {
        Home::Ipam => &[namespace::IPAM],
        Home::Other => &["", "urn:example:extension"],
        Home::Any => &[namespace::IPAM, "", "urn:example:extension", namespace::IPAM1, namespace::SYSTEM],
    };
    let text = any_text(20).prop_map(|text| escape_text(&text).to_string());
    let within = text.prop_recursive(3, 12, 3, |inner| {
        (letters(1..=8), vec(inner, 0..=3)).prop_map(|(name, inside)| format!("<{name}>{}</{name}>", inside.concat()))
    });
    let attribute =
        (letters(1..=8), any_text(10)).prop_map(|(name, value)| format!(" {name}=\"{}\"", escape_attribute(&value)));
    (letters(1..=12), select(homes), proptest::option::of(attribute), vec(within, 0..=3))
        .prop_map(|(name, home, attribute, inside)| {
            let attribute = attribute.unwrap_or_default();
            format!("<{name} xmlns=\"{home}\"{attribute}>{}</{name}>", inside.concat())
        })
        .boxed()
}

fn letters(length: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = String> {
    vec(proptest::char::range('a', 'z'), length).prop_map(String::from_iter)
}

fn word() -> impl Strategy<Value = String> {
    letters(1..=12)
}

/// One letter many times: its length shrinks by halves.
fn long() -> impl Strategy<Value = String> {
    (proptest::char::range('a', 'z'), 60..=LONGEST).prop_map(|(letter, length)| letter.to_string().repeat(length))
}

/// Any characters that XML has, so many at most.
fn any_text(longest: usize) -> impl Strategy<Value = String> {
    let character = prop_oneof![
        proptest::char::range(' ', '~'),
        select(
            &['\t', '\n', '\r', '\u{7f}', '\u{e9}', '\u{301}', '\u{202e}', '\u{fffd}', '\u{1f600}', '\u{10ffff}'][..]
        ),
        proptest::char::range('\u{a0}', '\u{d7ff}'),
        proptest::char::range('\u{10000}', '\u{10ffff}'),
    ];
    vec(character, 1..=longest).prop_map(String::from_iter)
}

/// A value with something before it, after it, or within.
fn affixed(
    value: impl Strategy<Value = &'static str> + 'static,
    affix: impl Strategy<Value = &'static str> + 'static,
) -> Text {
    (value, affix, 0_u8..3)
        .prop_map(|(value, affix, place)| match place {
            0 => format!("{value}{affix}"),
            1 => format!("{affix}{value}"),
            _ => {
                let (before, after) = parted(value, value.len() / 2);
                format!("{before}{affix}{after}")
            }
        })
        .boxed()
}

fn truncated(value: &str, at: usize) -> String {
    let length = value.chars().count().max(1);
    value.chars().take(at % length).collect()
}

fn case_changed(value: &str, at: usize) -> String {
    match at % 3 {
        0 => value.to_lowercase(),
        1 => value.to_uppercase(),
        _ => {
            let flip = |c: char| if c.is_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() };
            let last = value.chars().count().saturating_sub(1);
            value.chars().enumerate().map(|(index, c)| if index == last { flip(c) } else { c }).collect()
        }
    }
}

fn doubled(value: &str, at: usize) -> String {
    let at = at % value.chars().count().max(1);
    value.chars().enumerate().flat_map(|(index, c)| std::iter::repeat_n(c, if index == at { 2 } else { 1 })).collect()
}

/// The value with one letter that only looks the same.
fn look_alike(value: &str, at: usize) -> String {
    let other = |c| match c {
        'a' => '\u{430}',
        'e' => '\u{435}',
        'i' => '\u{456}',
        'o' => '\u{43e}',
        'A' => '\u{410}',
        'E' => '\u{415}',
        other => other,
    };
    let alike = value.chars().filter(|c| other(*c) != *c).count();
    let wanted = at % alike.max(1);
    let mut seen = 0;
    value
        .chars()
        .map(|c| {
            let found = other(c);
            seen += usize::from(found != c);
            if found != c && seen == wanted + 1 { found } else { c }
        })
        .collect()
}

fn parted(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}
