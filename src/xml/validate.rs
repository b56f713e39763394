//! Elements held against the types of the schema: every difference, with its place.
//!
//! Leaves out what a value means, and types that a receiver may not know: unknown elements and foreign `i:type`s are
//! passed over, as data contracts do. Follows [MS-IPAMM2] 2.2.4 and 2.2.5, and XML Schema part 1 for `xsi:nil`.

use super::{
    Element, Node, Value,
    value::{excerpt, type_name},
};
use crate::spec::{
    namespace,
    schema::{ComplexType, Field, SimpleType, Type},
};

/// The most differences that are told of one element; the rest say no more.
const MOST: usize = 100;

/// A difference between an element and its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The local names from the validated element to the place, joined by `/`; repeated fields are counted from 1.
    pub path: String,
    /// What the type wants there.
    pub expected: String,
    /// What stands there, cut where it is long.
    pub got: String,
}

/// Holds an element's content against a type. `i:nil` is a mismatch here: whether it may stand depends on the field, which
/// [`validate_field`] knows. At most 100 mismatches are told.
pub fn validate(element: &Element, kind: Type) -> Vec<Mismatch> {
    let mut validator = Validator { path: vec![element.name.local.to_string()], mismatches: Vec::new() };
    validator.element(element, kind, false);
    validator.mismatches
}

/// Holds an element against a field: its type, and whether it may be nil. Its name is not looked at.
pub fn validate_field(element: &Element, field: &Field) -> Vec<Mismatch> {
    let mut validator = Validator { path: vec![element.name.local.to_string()], mismatches: Vec::new() };
    validator.element(element, field.kind, field.nillable);
    validator.mismatches
}

struct Validator {
    path: Vec<String>,
    mismatches: Vec<Mismatch>,
}

impl Validator {
    fn mismatch(&mut self, expected: impl Into<String>, got: impl Into<String>) {
        if self.mismatches.len() < MOST {
            let (path, expected, got) = (self.path.join("/"), expected.into(), got.into());
            self.mismatches.push(Mismatch { path, expected, got });
        }
    }

    /// Recurses as deep as the types do; the reader bounds the depth of elements.
    fn element(&mut self, element: &Element, kind: Type, nillable: bool) {
        // A type that is named must be a name in scope; which one it may be, the derivations decide, which are not known here.
        if let Some(text) = element.attribute(namespace::XSI, "type")
            && element.xsi_type().is_none()
        {
            self.mismatch("an i:type that is a name with a bound prefix", format!("`{}`", excerpt(text)));
        }
        match element.attribute(namespace::XSI, "nil").map(|text| (text, Value::parse(SimpleType::Boolean, text))) {
            None | Some((_, Ok(Value::Boolean(false)))) => {}
            Some((text, Err(_))) => self.mismatch("an i:nil that is an xsd:boolean", format!("`{}`", excerpt(text))),
            Some((_, Ok(_))) => {
                if !nillable {
                    self.mismatch(content_of(kind), "i:nil");
                }
                // A nil element has no content, white space included.
                if !element.children.is_empty() {
                    self.mismatch("no content beside i:nil", describe(element));
                }
                return;
            }
        }
        match kind {
            Type::Simple(simple) => self.simple(element, simple),
            Type::Complex(complex) => self.complex(element, complex),
        }
    }

    fn simple(&mut self, element: &Element, kind: SimpleType) {
        if element.elements().next().is_some() {
            self.mismatch(content_of(Type::Simple(kind)), describe(element));
        } else if let Err(error) = Value::parse(kind, &element.text()) {
            self.mismatch(error.expected, format!("`{}`: {}", error.got, error.reason));
        }
    }

    /// The fields of a data contract stand in the order of its table, the base type's first; elements that it does not
    /// know may stand anywhere.
    fn complex(&mut self, element: &Element, complex: &'static ComplexType) {
        if element.has_text() {
            self.mismatch(content_of(Type::Complex(complex)), describe(element));
        }
        let fields = fields(complex);
        let mut seen = vec![0usize; fields.len()];
        let mut latest = 0;
        for child in element.elements() {
            let known = fields.iter().position(|(namespace, field)| child.name.is(namespace, field.name));
            let Some((index, (_, field))) = known.and_then(|index| Some((index, *fields.get(index)?))) else {
                continue;
            };
            let Some(count) = seen.get_mut(index) else { continue };
            *count += 1;
            let count = *count;
            let step = if field.repeats { format!("{}[{count}]", field.name) } else { field.name.to_owned() };
            self.path.push(step);
            if index < latest {
                let after = fields.get(latest).map_or("", |(_, field)| field.name);
                self.mismatch(format!("{} before {after}", field.name), format!("{} after {after}", field.name));
            } else if count > 1 && !field.repeats {
                self.mismatch("once", format!("{count} times"));
            }
            latest = latest.max(index);
            self.element(child, field.kind, field.nillable);
            self.path.pop();
            if self.mismatches.len() >= MOST {
                return;
            }
        }
        for ((namespace, field), count) in fields.iter().zip(seen) {
            if field.required && count == 0 {
                self.path.push(field.name.to_owned());
                let stranger = element.elements().find(|child| &*child.name.local == field.name);
                let got = stranger.map_or_else(
                    || "nothing".to_owned(),
                    |stranger| format!("the name in the namespace `{}`", excerpt(&stranger.name.namespace)),
                );
                self.mismatch(format!("{{{namespace}}}{}", field.name), got);
                self.path.pop();
            }
        }
    }
}

/// The fields of a type with their namespaces, those of its base first.
fn fields(complex: &'static ComplexType) -> Vec<(&'static str, &'static Field)> {
    let mut types = vec![complex];
    while let Some(base) = types.last().and_then(|last| last.base) {
        types.push(base);
    }
    types.iter().rev().flat_map(|part| part.fields.iter().map(|field| (part.namespace, field))).collect()
}

fn content_of(kind: Type) -> String {
    match kind {
        Type::Simple(_) => format!("{}, text without elements", type_name(kind)),
        Type::Complex(_) => format!("{}, elements without text", type_name(kind)),
    }
}

/// What an element holds, in a few words.
fn describe(element: &Element) -> String {
    match element.children.first() {
        None => "no content".to_owned(),
        Some(_) if element.has_text() => format!("the text `{}`", excerpt(element.text().trim())),
        Some(Node::Element(child)) => format!("the element `{}`", excerpt(&child.name.local)),
        Some(Node::Text(_)) => match element.elements().next() {
            Some(child) => format!("the element `{}`", excerpt(&child.name.local)),
            None => "white space".to_owned(),
        },
    }
}
