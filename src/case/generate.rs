//! Reads `[generate]`: which values a case asks to be made up, and how many of them it tries.
//!
//! Leaves out making them (the runner does, from the run's seed).

use std::ops::Range;

use super::{
    mistake::{MistakeKind, Told, shown, suggest},
    names::{BUILT_IN, Names},
    template::is_name,
    walk::{Fields, as_table},
};
use crate::{
    spec::schema::{Enumeration, SimpleType, Type},
    xml::Value,
};

/// How many values are tried where the file does not say.
const USUAL: usize = 20;
/// The most that a file may ask for.
const MOST: u64 = 1_000;
const SORTS: [&str; 5] = ["not_in", "string", "number", "type", "xml"];

/// What a case asks to be made up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generate {
    /// How many times values are drawn.
    pub count: usize,
    /// The keys, as holes name them, in file order; at least one.
    pub keys: Vec<(String, Kind)>,
}

/// A sort of generated values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Texts that are none of the values of an enumeration, near misses among them.
    NotIn(&'static Enumeration),
    /// Any text that XML can hold, up to a few hundred characters.
    String,
    /// Any number: whole or not, small or beyond every type.
    Number,
    /// A value of a simple type, its extremes among them.
    Type(SimpleType),
    /// One element with all that it holds; it stands in XML as it is.
    Xml(Home),
}

/// The namespaces of generated elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// That of the protocol.
    Ipam,
    /// Others, or none.
    Other,
    /// Any of these.
    Any,
}

impl Generate {
    /// Whether a text is a value of a key: shrinking may leave a kind, and what a report holds may be another's.
    pub fn admits(&self, key: &str, value: &str) -> bool {
        self.keys.iter().find(|(known, _)| known == key).is_some_and(|(_, kind)| match kind {
            Kind::NotIn(enumeration) => !enumeration.contains(value),
            Kind::Type(simple) => Value::parse(*simple, value).is_ok(),
            Kind::String | Kind::Number | Kind::Xml(_) => true,
        })
    }
}

/// Reads the table and makes its keys known to holes. Gives the place of each key, too, in their order.
pub(super) fn generate(
    mut fields: Fields<'_>,
    names: &mut Names,
    told: &mut Told,
) -> (Option<Generate>, Vec<Range<usize>>) {
    let span = fields.span();
    let count = fields.integer("count", 1..MOST + 1, told).and_then(|count| usize::try_from(count).ok());
    let (mut keys, mut places, mut named) = (Vec::new(), Vec::new(), false);
    for (key, value) in fields.entries().filter(|(key, _)| key.value != "count") {
        named = true;
        if !is_name(key.value) || BUILT_IN.contains(&key.value) {
            told.bad_value(key.span(), format!("{} is not a name for a hole", shown(key.value)))
                .help("a name is lower-case letters, digits and `_`, a letter first");
            continue;
        }
        if names.matrix.contains_key(key.value) {
            told.bad_value(key.span(), format!("`{}` is a key of the matrix, too", key.value))
                .help("a hole has one giver; choose another name");
            continue;
        }
        let read = as_table(value, "a sort of values", told).and_then(|fields| kind(fields, told));
        // A key without a good sort is a name all the same, so that the rest of the file can be looked at.
        let is_xml = matches!(read, Some(Kind::Xml(_)));
        names.generated.insert(key.value.to_owned(), super::names::Generated { used: false, is_xml });
        if let Some(kind) = read {
            keys.push((key.value.to_owned(), kind));
            places.push(key.span());
        }
    }
    if !named {
        told.tell(MistakeKind::MissingKey, span, "[generate] names no value to make up")
            .help("write task_type = { not_in = \"ipam:IpamTaskType\" }, or leave it out");
    }
    ((!keys.is_empty()).then(|| Generate { count: count.unwrap_or(USUAL), keys }), places)
}

/// Reads one sort: exactly one of its keys.
fn kind(mut fields: Fields<'_>, told: &mut Told) -> Option<Kind> {
    let said: Vec<&str> = SORTS.into_iter().filter(|sort| fields.has(sort)).collect();
    match said.as_slice() {
        [] if !fields.has_unknown() => {
            told.tell(MistakeKind::MissingKey, fields.span(), "the sort of values is not said")
                .help(format!("write one of {}", SORTS.join(", ")));
        }
        [_, second, ..] => {
            told.bad_value(fields.key_span(second), "a value is of one sort, not two").help("leave one out");
        }
        _ => {}
    }
    let not_in = fields.text("not_in", told).and_then(|text| {
        if let Some(Type::Simple(SimpleType::Enumeration(enumeration))) = Type::named(text.value) {
            return Some(Kind::NotIn(enumeration));
        }
        let help = suggest(text.value, names_of(|simple| matches!(simple, SimpleType::Enumeration(_))));
        told.bad_value(text.span(), format!("{} is no enumeration", shown(text.value))).help = help;
        None
    });
    let string = fields.flag("string", told).map(|_| Kind::String);
    let number = fields.flag("number", told).map(|_| Kind::Number);
    let of_type = fields.text("type", told).and_then(|text| {
        if let Some(Type::Simple(simple)) = Type::named(text.value) {
            return Some(Kind::Type(simple));
        }
        let help = suggest(text.value, names_of(|_| true));
        told.bad_value(text.span(), format!("{} is no type of text", shown(text.value))).help = help;
        None
    });
    let xml = fields.text("xml", told).and_then(|text| {
        let homes = [("ipam", Home::Ipam), ("other", Home::Other), ("any", Home::Any)];
        let home = homes.iter().find(|(word, _)| *word == text.value).map(|(_, home)| Kind::Xml(*home));
        if home.is_none() {
            told.bad_value(text.span(), format!("{} says no namespace of generated XML", shown(text.value))).help =
                suggest(text.value, homes.iter().map(|(word, _)| *word));
        }
        home
    });
    fields.finish(told);
    not_in.or(string).or(number).or(of_type).or(xml)
}

fn names_of(wanted: impl Fn(SimpleType) -> bool) -> impl Iterator<Item = &'static str> {
    let simple = |name: &&str| matches!(Type::named(name), Some(Type::Simple(simple)) if wanted(simple));
    Type::NAMES.iter().copied().filter(simple).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
#[path = "generate_tests.rs"]
mod tests;
