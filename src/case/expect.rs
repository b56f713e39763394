//! Judges what a file expects of the values in a reply, and says it in words that a person understands.
//!
//! Leaves out whether a reply came at all, and whose fault it is where a value is not as expected.
//!
//! **Values.** An element that says `i:nil` has no value, and neither has one that is not there. `equals`, `one_of`,
//! `matches`, `typed`, `before` and `after` hold where the path selects at least one thing and all that it selects has a
//! value that is as expected; a value is text, so an element with elements inside is only `typed`, `present` or counted.
//! `present` holds where at least one thing that is selected has a value, `absent` where none has. `count` counts
//! elements, nil ones too. Text is compared to the letter unless a type is given.

use std::cmp::Ordering;

use super::{
    mistake::{shown_within, visible},
    model::{Assertion, ValueExpectation},
    path::{Path, Selection},
    template::{Template, Vars},
};
use crate::{
    spec::schema::{SimpleType, Type},
    xml::{self, Element, Value},
};

/// The longest text that `expected` or `got` holds, in characters.
const LONGEST: usize = 300;

/// What came of a value expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it holds.
    pub holds: bool,
    /// What was expected, in words; 300 characters at most.
    pub expected: String,
    /// What stands there, in words; 300 characters at most, control characters escaped.
    pub got: String,
}

/// Judges the values in the body element of a reply: one of the alternatives must hold. A hole for which
/// `vars` has no value makes its alternative fail, and says so.
pub fn judge_value(expectation: &ValueExpectation, body: &Element, vars: Vars<'_>) -> Verdict {
    let mut failed: Vec<Verdict> = Vec::new();
    for (path, assertion) in &expectation.any {
        let verdict = judge(path, assertion, body, vars);
        if verdict.holds {
            return bounded(verdict);
        }
        failed.push(verdict);
    }
    let mut got: Vec<String> = Vec::new();
    let mut expected = Vec::new();
    for verdict in failed {
        expected.push(verdict.expected);
        if !got.contains(&verdict.got) {
            got.push(verdict.got);
        }
    }
    bounded(Verdict { holds: false, expected: expected.join(", or "), got: got.join("; ") })
}

/// The text that a capture keeps: that of the first thing selected; empty where that has no value, or nothing is there.
pub fn captured(path: &Path, body: &Element, vars: Vars<'_>) -> String {
    match path.select(body, vars) {
        Selection::Attributes(values) => values.first().map(|value| (*value).to_owned()),
        Selection::Elements(elements) => {
            elements.first().filter(|element| !element.is_nil()).map(|element| element.text())
        }
    }
    .unwrap_or_default()
}

fn bounded(mut verdict: Verdict) -> Verdict {
    for text in [&mut verdict.expected, &mut verdict.got] {
        let is_long = text.chars().count() > LONGEST;
        if let Some((cut, _)) = text.char_indices().nth(LONGEST - 3).filter(|_| is_long) {
            text.truncate(cut);
            text.push_str("...");
        }
    }
    verdict
}

/// One thing that a path selected.
#[derive(Clone, Copy)]
enum Item<'e> {
    Element(&'e Element),
    Attribute(&'e str),
}

impl Item<'_> {
    /// Whether it has a value.
    fn has_value(self) -> bool {
        match self {
            Self::Element(element) => !element.is_nil(),
            Self::Attribute(_) => true,
        }
    }

    /// Its text, if it is nothing else.
    ///
    /// # Errors
    /// Says what it is instead.
    fn text(self) -> Result<String, String> {
        match self {
            Self::Element(element) if element.is_nil() => Err("i:nil".to_owned()),
            Self::Element(element) => match element.elements().next() {
                Some(child) => Err(format!("elements, {} first", quoted(&child.name.local))),
                None => Ok(element.text()),
            },
            Self::Attribute(value) => Ok(value.to_owned()),
        }
    }

    fn describe(self) -> String {
        self.text().map_or_else(|other| other, |text| quoted(&text))
    }
}

fn quoted(text: &str) -> String {
    shown_within(text, 100)
}

fn judge(path: &Path, assertion: &Assertion, body: &Element, vars: Vars<'_>) -> Verdict {
    let items: Vec<Item<'_>> = match path.select(body, vars) {
        Selection::Elements(elements) => elements.into_iter().map(Item::Element).collect(),
        Selection::Attributes(values) => values.into_iter().map(Item::Attribute).collect(),
    };
    let place = place(path, body);
    let fill = |template: &Template| template.fill(vars).map_err(|unfilled| unfilled.to_string());
    let judged = match assertion {
        Assertion::Present => {
            let first = items.iter().find(|item| item.has_value());
            let got = first.or(items.first()).map(|item| item.describe());
            Ok((first.is_some(), format!("{place} has a value"), got))
        }
        Assertion::Absent => {
            let first = items.iter().find(|item| item.has_value());
            let got = first.or(items.first()).map(|item| item.describe());
            Ok((first.is_none(), format!("{place} is absent or nil"), got))
        }
        Assertion::Count(count) => {
            let got = if items.len() == 1 { "1 of them".to_owned() } else { format!("{} of them", items.len()) };
            Ok((items.len() == *count, format!("{place} is there {count} times"), Some(got)))
        }
        Assertion::Equals(template, None) => fill(template).map(|wanted| {
            let expected = format!("{place} is {}", quoted(&wanted));
            every(&items, expected, |text| (text == wanted).then_some(()).ok_or_else(String::new))
        }),
        Assertion::Equals(template, Some(kind)) => fill(template).map(|wanted| {
            let expected = format!("{place} is {} as {}", quoted(&wanted), xml::type_name(*kind));
            every(&items, expected, |text| equal(*kind, text, &wanted))
        }),
        Assertion::OneOf(templates) => templates.iter().map(fill).collect::<Result<Vec<_>, _>>().map(|wanted| {
            let list: Vec<_> = wanted.iter().map(|value| quoted(value)).collect();
            let expected = format!("{place} is one of {}", list.join(", "));
            every(&items, expected, |text| {
                wanted.iter().any(|value| value == text).then_some(()).ok_or_else(String::new)
            })
        }),
        Assertion::Matches(regex) => {
            let pattern = regex.as_str();
            let pattern = pattern.strip_prefix("^(?:").and_then(|rest| rest.strip_suffix(")$")).unwrap_or(pattern);
            let expected = format!("{place} matches {}", quoted(pattern));
            Ok(every(&items, expected, |text| regex.is_match(text).then_some(()).ok_or_else(String::new)))
        }
        Assertion::Typed(kind) => Ok(typed(&items, *kind, &place)),
        Assertion::Before(bound) => fill(bound).map(|bound| ordered(&items, &place, "before", &bound, Ordering::Less)),
        Assertion::After(bound) => fill(bound).map(|bound| ordered(&items, &place, "after", &bound, Ordering::Greater)),
    };
    match judged {
        Ok((holds, expected, got)) => {
            Verdict { holds, expected, got: got.unwrap_or_else(|| format!("nothing at {place}")) }
        }
        Err(unfilled) => Verdict { holds: false, expected: format!("a value to compare {place} with"), got: unfilled },
    }
}

/// Whether it holds, what was expected, and what stands there; nothing where nothing was selected.
type Judged = (bool, String, Option<String>);

/// What a path selects, in words.
fn place(path: &Path, body: &Element) -> String {
    match path.to_string().as_str() {
        "." => quoted(&body.name.local),
        path => quoted(path),
    }
}

/// Every item is text that is as wanted; an error adds to what stands there.
fn every(items: &[Item<'_>], expected: String, wanted: impl Fn(&str) -> Result<(), String>) -> Judged {
    for item in items {
        let got = match item.text() {
            Err(other) => other,
            Ok(text) => match wanted(&text) {
                Ok(()) => continue,
                Err(why) if why.is_empty() => quoted(&text),
                Err(why) => format!("{}, {why}", quoted(&text)),
            },
        };
        return (false, expected, Some(got));
    }
    (!items.is_empty(), expected, items.first().map(|item| item.describe()))
}

fn equal(kind: Type, text: &str, wanted: &str) -> Result<(), String> {
    let Type::Simple(simple) = kind else { return Err("which is compared with a type of elements".to_owned()) };
    let got = Value::parse(simple, text).map_err(|_| format!("which is no {}", xml::type_name(kind)))?;
    let wanted = Value::parse(simple, wanted).map_err(|_| "compared with what is no value".to_owned())?;
    // A dateTime with a time zone and one without may be the same moment: nobody can tell that they differ.
    let may_be_equal = matches!(simple, SimpleType::DateTime);
    let equal = got.compare(&wanted).map_or(got == wanted || may_be_equal, Ordering::is_eq);
    equal.then_some(()).ok_or_else(String::new)
}

fn typed(items: &[Item<'_>], kind: Type, place: &str) -> Judged {
    let expected = format!("{place} is of type {}", xml::type_name(kind));
    for item in items {
        let got = match (item, kind) {
            (item, _) if !item.has_value() => item.describe(),
            (Item::Element(element), kind) => {
                let mismatches = xml::validate(*element, kind);
                let Some(first) = mismatches.first() else { continue };
                let more = mismatches.len() - 1;
                let first = format!(
                    "{} where {} has to be {}",
                    visible(&first.got, LONGEST),
                    quoted(&first.path),
                    visible(&first.expected, LONGEST)
                );
                if more == 0 { first } else { format!("{first}, and {more} more like it") }
            }
            (Item::Attribute(text), Type::Simple(simple)) => match Value::parse(simple, text) {
                Ok(_) => continue,
                Err(_) => quoted(text),
            },
            (Item::Attribute(text), Type::Complex(_)) => quoted(text),
        };
        return (false, expected, Some(got));
    }
    (!items.is_empty(), expected, items.first().map(|item| item.describe()))
}

/// A dateTime lies on one side of a bound; an empty bound is met by any.
fn ordered(items: &[Item<'_>], place: &str, word: &str, bound: &str, wanted: Ordering) -> Judged {
    let expected = if bound.is_empty() {
        format!("{place} is a dateTime")
    } else {
        format!("{place} is {word} {}", quoted(bound))
    };
    every(items, expected, |text| {
        let got = Value::parse(SimpleType::DateTime, text).map_err(|_| "which is no dateTime".to_owned())?;
        if bound.is_empty() {
            return Ok(());
        }
        let bound = Value::parse(SimpleType::DateTime, bound).map_err(|_| "compared with no dateTime".to_owned())?;
        match got.compare(&bound) {
            Some(order) if order == wanted => Ok(()),
            Some(_) => Err(String::new()),
            None => Err("which has no order: only one of the two names a time zone".to_owned()),
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        case::template::Escape,
        spec::{RequirementId, namespace},
        xml::{Limits, Node},
    };

    fn body(content: &str) -> Element {
        let text = format!("<R>{content}</R>");
        match xml::fragment(&text, namespace::IPAM, &Limits::default()).unwrap().pop() {
            Some(Node::Element(element)) => element,
            _ => panic!("an element"),
        }
    }

    fn template(text: &str) -> Template {
        Template::parse(text, Escape::Plain).unwrap()
    }

    fn verdict(rows: &[(&str, Assertion)], content: &str) -> Verdict {
        let expectation = ValueExpectation {
            requirement: RequirementId::parse("a.b").unwrap(),
            line: 1,
            any: rows.iter().map(|(path, assertion)| (Path::parse(path).unwrap(), assertion.clone())).collect(),
            reason: None,
        };
        judge_value(&expectation, &body(content), &|name| match name {
            "v" => Some("1".to_owned()),
            "empty" => Some(String::new()),
            _ => None,
        })
    }

    fn judge_one(path: &str, assertion: Assertion, content: &str) -> Result<String, String> {
        let verdict = verdict(&[(path, assertion)], content);
        let line = format!("{} | {}", verdict.expected, verdict.got);
        if verdict.holds { Ok(line) } else { Err(line) }
    }

    const NIL: &str = "<V i:nil='true'/>";

    #[test]
    fn text_is_compared_to_the_letter_unless_a_type_is_given() {
        let equals = |kind: Option<&str>, content: &str| {
            let kind = kind.map(|kind| Type::named(kind).unwrap());
            judge_one("V", Assertion::Equals(template("{{v}}"), kind), content)
        };
        assert_eq!(equals(None, "<V>1</V>").unwrap(), "`V` is `1` | `1`");
        assert_eq!(equals(None, "<V> 1</V>").unwrap_err(), "`V` is `1` | ` 1`");
        assert_eq!(equals(None, "").unwrap_err(), "`V` is `1` | nothing at `V`");
        assert_eq!(equals(None, NIL).unwrap_err(), "`V` is `1` | i:nil");
        assert_eq!(equals(None, "<V><X>1</X></V>").unwrap_err(), "`V` is `1` | elements, `X` first");
        assert_eq!(equals(None, "<V>1</V><V>2</V>").unwrap_err(), "`V` is `1` | `2`");
        assert_eq!(equals(Some("xsd:boolean"), "<V> true </V>").unwrap(), "`V` is `1` as xsd:boolean | ` true `");
        assert_eq!(equals(Some("xsd:decimal"), "<V>1.0</V>").unwrap(), "`V` is `1` as xsd:decimal | `1.0`");
        assert_eq!(
            equals(Some("xsd:int"), "<V>one</V>").unwrap_err(),
            "`V` is `1` as xsd:int | `one`, which is no xsd:int"
        );
        assert!(equals(Some("xsd:int"), "<V>2</V>").is_err());
        let unfilled = judge_one("V", Assertion::Equals(template("{{x}}"), None), "<V>1</V>");
        assert_eq!(unfilled.unwrap_err(), "a value to compare `V` with | there is no value for `{{x}}`");
    }

    #[test]
    fn lists_and_patterns_are_for_the_whole_text() {
        let one_of = || Assertion::OneOf(vec![template("Queued"), template("Running")]);
        assert!(judge_one("V", one_of(), "<V>Running</V>").is_ok());
        assert_eq!(
            judge_one("V", one_of(), "<V>Ready</V>").unwrap_err(),
            "`V` is one of `Queued`, `Running` | `Ready`"
        );
        let matches = || Assertion::Matches(regex_lite::Regex::new("^(?:a|b+)$").unwrap());
        assert!(judge_one("V", matches(), "<V>bb</V>").is_ok());
        assert_eq!(judge_one("V", matches(), "<V>ab</V>").unwrap_err(), "`V` matches `a|b+` | `ab`");
    }

    #[test]
    fn nil_is_no_value() {
        for (content, present, absent, count) in [
            ("", false, true, 0),
            (NIL, false, true, 1),
            ("<V/>", true, false, 1),
            ("<V>a</V><V i:nil='1'/>", true, false, 2),
        ] {
            assert_eq!(judge_one("V", Assertion::Present, content).is_ok(), present, "{content}");
            assert_eq!(judge_one("V", Assertion::Absent, content).is_ok(), absent, "{content}");
            assert!(judge_one("V", Assertion::Count(count), content).is_ok(), "{content}");
            assert!(judge_one("V", Assertion::Count(9), content).is_err(), "{content}");
        }
        assert_eq!(judge_one("V", Assertion::Absent, "<V>a</V>").unwrap_err(), "`V` is absent or nil | `a`");
        assert_eq!(judge_one("V", Assertion::Present, NIL).unwrap_err(), "`V` has a value | i:nil");
        assert_eq!(judge_one("V", Assertion::Count(2), NIL).unwrap_err(), "`V` is there 2 times | 1 of them");
        assert!(judge_one("V/@i:nil", Assertion::Equals(template("true"), None), NIL).is_ok());
    }

    #[test]
    fn types_are_held_against_all_that_an_element_holds() {
        let typed = |kind: &str, path: &str, content: &str| {
            judge_one(path, Assertion::Typed(Type::named(kind).unwrap()), content)
        };
        assert!(typed("xsd:dateTime", "V", "<V>2024-04-23T00:00:00Z</V>").is_ok());
        assert!(typed("xsd:dateTime", "V", "<V>2024-04-23</V>").unwrap_err().contains("2024-04-23"));
        assert_eq!(typed("xsd:int", "V", NIL).unwrap_err(), "`V` is of type xsd:int | i:nil");
        assert_eq!(typed("xsd:int", "V", "").unwrap_err(), "`V` is of type xsd:int | nothing at `V`");
        assert!(typed("xsd:boolean", "V/@a", "<V a='1'/>").is_ok());
        assert_eq!(typed("xsd:boolean", "V/@a", "<V a='x'/>").unwrap_err(), "`V/@a` is of type xsd:boolean | `x`");
        let wrong = typed("ipam:ArrayOfTaskInfo", "V", "<V><TaskInfo><State>Odd</State></TaskInfo></V>").unwrap_err();
        assert!(wrong.contains("Odd") && wrong.contains("State"), "{wrong}");
    }

    #[test]
    fn times_lie_before_or_after_a_bound() {
        let after = |bound: &str, content: &str| judge_one("V", Assertion::After(template(bound)), content);
        let time = "<V>2024-04-23T00:00:00Z</V>";
        assert!(after("2024-04-22T00:00:00Z", time).is_ok());
        assert!(after("2024-04-23T01:00:00+02:00", time).is_ok(), "time zones count");
        assert!(after("2024-04-23T00:00:00Z", time).is_err(), "a time is not after itself");
        assert!(judge_one("V", Assertion::Before(template("2024-04-24T00:00:00Z")), time).is_ok());
        assert_eq!(after("{{empty}}", time).unwrap(), "`V` is a dateTime | `2024-04-23T00:00:00Z`");
        assert!(after("{{empty}}", "<V>soon</V>").is_err() && after("{{empty}}", NIL).is_err());
        assert!(after("{{v}}", time).unwrap_err().ends_with("compared with no dateTime"));
        assert!(after("2024-04-23T00:00:00", time).unwrap_err().contains("has no order"));
    }

    #[test]
    fn one_alternative_is_enough() {
        let rows = |state: &str| {
            [("A", Assertion::Equals(template(state), None)), ("B", Assertion::Present), ("C", Assertion::Present)]
        };
        let content = "<A>Ready</A>";
        assert_eq!(verdict(&rows("Ready"), content).expected, "`A` is `Ready`");
        let failed = verdict(&rows("Queued"), content);
        assert!(!failed.holds);
        assert_eq!(failed.expected, "`A` is `Queued`, or `B` has a value, or `C` has a value");
        assert_eq!(failed.got, "`Ready`; nothing at `B`; nothing at `C`");
    }

    #[test]
    fn captures_keep_the_first_text_or_nothing() {
        let captured = |content: &str, path: &str| captured(&Path::parse(path).unwrap(), &body(content), &|_| None);
        assert_eq!(captured("<V>a</V><V>b</V>", "V"), "a");
        assert_eq!(captured("<V a='c'/>", "V/@a"), "c");
        assert_eq!((captured("", "V"), captured(NIL, "V")), (String::new(), String::new()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn words_are_bounded(text in "[a-z\u{e9}\u{85}\n]{0,400}", times in 1_usize..6) {
            let content = format!("<V>{text}</V>");
            let rows: Vec<_> = (0..times)
                .map(|at| ("V", Assertion::OneOf(vec![template(&format!("{at}{text}")); at + 1])))
                .collect();
            let verdict = verdict(&rows, &content);
            prop_assert!(!verdict.holds);
            for words in [&verdict.expected, &verdict.got] {
                prop_assert!(words.chars().count() <= LONGEST && !words.contains(char::is_control));
            }
        }
    }
}
