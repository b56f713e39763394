//! Reads what a file says of values: `[[step.expect.value]]` and `[[step.given]]`.
//!
//! Leaves out whether it holds (`expect` decides that).

use std::{ops::Range, time::Duration};

use super::{
    mistake::{Told, shown, suggest},
    model::{Assertion, Poll, ValueExpectation},
    names::{Names, Place, within},
    path::Path,
    template::Escape,
    walk::{Fields, Text},
};
use crate::{
    spec::{
        RequirementId,
        schema::{SimpleType, Type},
    },
    xml::Value,
};

/// The keys of which a row has exactly one; `typed` may also say how `equals` compares.
const ASSERTIONS: [&str; 9] = ["equals", "one_of", "matches", "typed", "present", "absent", "count", "before", "after"];
const EXAMPLE: &str = "one of: equals, one_of, matches, typed, present, absent, count, before, after";

/// What a row is for.
#[derive(Debug)]
pub(super) enum Row<'r> {
    /// A check, which belongs to this requirement unless the row names one.
    Expect(&'r RequirementId),
    /// A condition, which must say why.
    Given(&'r RequirementId),
}

/// Reads a row. A requirement that it names is added to `mentioned`.
pub(super) fn row(
    mut fields: Fields<'_>,
    row: &Row<'_>,
    names: &mut Names,
    mentioned: &mut Vec<(RequirementId, Range<usize>)>,
    told: &mut Told,
) -> Option<ValueExpectation> {
    let line = told.file().line(fields.span().start);
    let (requirement, reason) = match row {
        Row::Expect(owner) => {
            let named = requirement(&mut fields, mentioned, told);
            (named.unwrap_or_else(|| (*owner).clone()), None)
        }
        Row::Given(owner) => {
            let reason = fields.required_text("reason", "reason = \"why the case means nothing otherwise\"", told);
            ((*owner).clone(), reason.map(|reason| reason.value.to_owned()))
        }
    };
    let any = if fields.has("any") {
        let span = fields.key_span("any");
        let rows = fields.tables("any", "an alternative of `any`", told);
        if rows.is_empty() {
            told.bad_value(span, "`any` needs an alternative").help("write any = [{ path = \"...\", ... }, ...]");
        }
        let count = rows.len();
        let read: Vec<_> = rows
            .into_iter()
            .filter_map(|mut fields| {
                let assertion = assertion(&mut fields, names, told);
                fields.finish(told);
                assertion
            })
            .collect();
        (read.len() == count).then_some(read)
    } else {
        assertion(&mut fields, names, told).map(|one| vec![one])
    };
    fields.finish(told);
    Some(ValueExpectation { requirement, line, any: any.filter(|any| !any.is_empty())?, reason })
}

/// Takes `requirement`, where it is there and an id.
pub(super) fn requirement(
    fields: &mut Fields<'_>,
    mentioned: &mut Vec<(RequirementId, Range<usize>)>,
    told: &mut Told,
) -> Option<RequirementId> {
    let text = fields.text("requirement", told)?;
    requirement_id(text, mentioned, told)
}

/// Reads an id and notes where it stands.
pub(super) fn requirement_id(
    text: Text<'_>,
    mentioned: &mut Vec<(RequirementId, Range<usize>)>,
    told: &mut Told,
) -> Option<RequirementId> {
    let Ok(id) = RequirementId::parse(text.value) else {
        told.bad_value(text.span(), format!("{} is not a requirement id", shown(text.value)))
            .help("an id is lower-case words joined by `-`, in two parts or more joined by `.`");
        return None;
    };
    mentioned.push((id.clone(), text.span()));
    Some(id)
}

/// Reads `within` and `every`; the latter is 200 ms unless said otherwise.
pub(super) fn poll(mut fields: Fields<'_>, told: &mut Told) -> Option<Poll> {
    if !fields.has("within") {
        fields.missing("within", "within = \"10s\"");
    }
    let before = told.count();
    let within = fields.period("within", told);
    let every_span = fields.key_span("every");
    let every = fields.period("every", told).unwrap_or(Duration::from_millis(200));
    fields.finish(told);
    let within = within.filter(|_| told.count() == before)?;
    if every > within {
        told.bad_value(every_span, "`every` is longer than `within`").help("ask at least twice");
        return None;
    }
    Some(Poll { within, every })
}

/// Reads `path` and the one assertion beside it.
fn assertion(fields: &mut Fields<'_>, names: &mut Names, told: &mut Told) -> Option<(Path, Assertion)> {
    let text = fields.required_text("path", "path = \"StateResult/State\", or \".\" for the body element", told);
    let path = text.and_then(|text| names.path(text, told));
    let present: Vec<&str> = ASSERTIONS.into_iter().filter(|key| fields.has(key)).collect();
    let assertion = match present.as_slice() {
        [] => {
            // Makes the keys known, so that a mistyped one gets its suggestion.
            for key in ASSERTIONS {
                fields.value(key);
            }
            if !fields.has_unknown() {
                fields.missing("equals", EXAMPLE);
            }
            None
        }
        ["equals", "typed"] => {
            let kind = kind(fields, told);
            equals(fields, kind, names, told)
        }
        [one] => single(one, fields, names, told),
        [_, second, ..] => {
            for key in ASSERTIONS {
                fields.value(key);
            }
            told.bad_value(fields.key_span(second), "a row asserts one thing")
                .help("write a second row; only `equals` may have `typed` beside it");
            None
        }
    };
    for key in ASSERTIONS {
        if !fields.has(key) {
            fields.value(key);
        }
    }
    let (path, assertion) = (path?, assertion?);
    let complex = matches!(assertion, Assertion::Typed(Type::Complex(_)));
    if path.is_attribute() && complex {
        told.bad_value(text.map_or_else(|| 0..0, |text| text.span()), "an attribute is never of a type with elements")
            .help("give a type of text, as in `xsd:boolean`");
        return None;
    }
    Some((path, assertion))
}

fn single(key: &str, fields: &mut Fields<'_>, names: &mut Names, told: &mut Told) -> Option<Assertion> {
    match key {
        "equals" => equals(fields, None, names, told),
        "one_of" => {
            let texts = fields.texts("one_of", told)?;
            if texts.is_empty() {
                told.bad_value(fields.key_span("one_of"), "`one_of` is empty").help("name at least one value");
                return None;
            }
            let templates =
                texts.into_iter().map(|text| names.template(text, Escape::Plain, Place::String, told)).collect();
            Option::<Vec<_>>::map(templates, Assertion::OneOf)
        }
        "matches" => {
            let text = fields.text("matches", told)?;
            match regex_lite::Regex::new(&format!("^(?:{})$", text.value)) {
                Ok(regex) => Some(Assertion::Matches(regex)),
                Err(error) => {
                    told.bad_value(text.span(), format!("not a regular expression: {error}"));
                    None
                }
            }
        }
        "typed" => kind(fields, told).map(Assertion::Typed),
        "present" => fields.flag("present", told).map(|_| Assertion::Present),
        "absent" => fields.flag("absent", told).map(|_| Assertion::Absent),
        "count" => {
            let count = fields.integer("count", 0..1_000_001, told)?;
            usize::try_from(count).ok().map(Assertion::Count)
        }
        "before" => bound(fields, "before", names, told).map(Assertion::Before),
        _ => bound(fields, "after", names, told).map(Assertion::After),
    }
}

fn equals(fields: &mut Fields<'_>, kind: Option<Type>, names: &mut Names, told: &mut Told) -> Option<Assertion> {
    let text = fields.text("equals", told)?;
    let template = names.template(text, Escape::Plain, Place::String, told)?;
    match kind {
        Some(Type::Complex(complex)) => {
            told.bad_value(fields.key_span("typed"), format!("`{}` holds elements, not a value", complex.name))
                .help("compare by a type of text, as in `xsd:dateTime`");
            return None;
        }
        Some(Type::Simple(simple)) => value(simple, &template, text, told)?,
        None => {}
    }
    Some(Assertion::Equals(template, kind))
}

fn bound(
    fields: &mut Fields<'_>,
    key: &'static str,
    names: &mut Names,
    told: &mut Told,
) -> Option<super::template::Template> {
    let text = fields.text(key, told)?;
    let template = names.template(text, Escape::Plain, Place::String, told)?;
    if template.constant().is_none_or(|text| !text.is_empty()) {
        value(SimpleType::DateTime, &template, text, told)?;
    }
    Some(template)
}

/// Tells of a constant that is no value of the type.
fn value(simple: SimpleType, template: &super::template::Template, text: Text<'_>, told: &mut Told) -> Option<()> {
    match template.constant() {
        Some(constant) if Value::parse(simple, &constant).is_err() => {
            told.bad_value(text.span(), format!("{} is no value of its type", shown(&constant)))
                .help("no reply could ever be this");
            None
        }
        _ => Some(()),
    }
}

/// Takes `typed`.
fn kind(fields: &mut Fields<'_>, told: &mut Told) -> Option<Type> {
    let text = fields.text("typed", told)?;
    let kind = Type::named(text.value);
    if kind.is_none() {
        let prefix = text.value.split_once(':').map(|(prefix, _)| prefix);
        let unknown = prefix.filter(|prefix| crate::spec::namespace::of_prefix(prefix).is_none());
        if let Some(prefix) = unknown {
            let known = crate::spec::namespace::PREFIXES.iter().map(|(prefix, _)| *prefix);
            let help = suggest(prefix, known);
            let span = within(text, &(0..prefix.len()), told.file());
            told.bad_value(span, format!("{} is no known prefix", shown(prefix))).help = help;
        } else {
            let help = suggest(text.value, Type::NAMES.iter().copied());
            told.bad_value(text.span(), format!("{} is no known type", shown(text.value))).help = help;
        }
    }
    kind
}
