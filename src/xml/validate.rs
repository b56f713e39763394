//! Elements held against the types of the schema: every difference, with its place.
//!
//! Leaves out what a value means, and types that a receiver may not know: unknown elements and foreign `i:type`s are
//! passed over, as data contracts do. Follows [MS-IPAMM2] 2.2.4 and 2.2.5, and XML Schema part 1 for `xsi:nil`.

use super::{
    Child, Value, View,
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
pub fn validate<'a>(element: impl View<'a>, kind: Type) -> Vec<Mismatch> {
    let mut validator = Validator::of(element);
    validator.element(element, kind, false);
    validator.mismatches
}

/// Holds an element against a field: its type, and whether it may be nil. Its name is not looked at.
pub fn validate_field<'a>(element: impl View<'a>, field: &Field) -> Vec<Mismatch> {
    let mut validator = Validator::of(element);
    validator.element(element, field.kind, field.nillable);
    validator.mismatches
}

struct Validator<'a> {
    /// Local names, with which of a repeated field it is.
    path: Vec<(&'a str, Option<usize>)>,
    mismatches: Vec<Mismatch>,
}

impl<'a> Validator<'a> {
    fn of(element: impl View<'a>) -> Self {
        Self { path: vec![(element.local(), None)], mismatches: Vec::new() }
    }

    fn mismatch(&mut self, expected: impl Into<String>, got: impl Into<String>) {
        if self.mismatches.len() < MOST {
            let steps = self.path.iter().map(|(name, count)| match count {
                Some(count) => format!("{name}[{count}]"),
                None => (*name).to_owned(),
            });
            let path = steps.collect::<Vec<_>>().join("/");
            self.mismatches.push(Mismatch { path, expected: expected.into(), got: got.into() });
        }
    }

    /// Recurses as deep as the types do; the reader bounds the depth of elements.
    fn element(&mut self, element: impl View<'a>, kind: Type, nillable: bool) {
        // A type that is named must be a name in scope; which one it may be, the derivations decide, which are not known here.
        if let Some(text) = element.attribute(namespace::XSI, "type")
            && !element.is_type_bound()
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
                if element.children().next().is_some() {
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

    fn simple(&mut self, element: impl View<'a>, kind: SimpleType) {
        if element.elements().next().is_some() {
            self.mismatch(content_of(Type::Simple(kind)), describe(element));
        } else if let Err(error) = Value::parse(kind, &element.text()) {
            self.mismatch(error.expected, format!("`{}`: {}", error.got, error.reason));
        }
    }

    /// The fields of a data contract stand in the order of its table, the base type's first; elements that it does not
    /// know may stand anywhere.
    fn complex(&mut self, element: impl View<'a>, complex: &'static ComplexType) {
        if element.has_text() {
            self.mismatch(content_of(Type::Complex(complex)), describe(element));
        }
        let fields = fields(complex);
        let mut seen = vec![0usize; fields.len()];
        let mut latest = 0;
        for child in element.elements() {
            let known = fields.iter().position(|(namespace, field)| child.is(namespace, field.name));
            let Some((index, (_, field))) = known.and_then(|index| Some((index, *fields.get(index)?))) else {
                continue;
            };
            let Some(count) = seen.get_mut(index) else { continue };
            *count += 1;
            let count = *count;
            self.path.push((field.name, field.repeats.then_some(count)));
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
                self.path.push((field.name, None));
                let stranger = element.elements().find(|child| child.local() == field.name);
                let got = stranger.map_or_else(
                    || "nothing".to_owned(),
                    |stranger| format!("the name in the namespace `{}`", excerpt(stranger.namespace())),
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
fn describe<'a>(element: impl View<'a>) -> String {
    match element.children().next() {
        None => "no content".to_owned(),
        Some(_) if element.has_text() => format!("the text `{}`", excerpt(element.text().trim())),
        Some(Child::Element(child)) => format!("the element `{}`", excerpt(child.local())),
        Some(Child::Text(_)) => match element.elements().next() {
            Some(child) => format!("the element `{}`", excerpt(child.local())),
            None => "white space".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        spec::schema::{ARRAY_OF_TASK_INFO, IPAM_EXCEPTION_DATA, TASK_INFO, VERSION},
        xml::{Limits, Node, fragment},
    };

    /// The mismatches of the one element in a fragment, a line each.
    fn told(text: &str, kind: Type) -> Vec<String> {
        let nodes = fragment(text, namespace::IPAM, &Limits::default()).unwrap();
        let [Node::Element(element)] = nodes.as_slice() else { panic!("{text}") };
        validate(element, kind)
            .into_iter()
            .map(|mismatch| format!("{}: {} but {}", mismatch.path, mismatch.expected, mismatch.got))
            .collect()
    }

    const TASK: Type = Type::Complex(&TASK_INFO);

    #[test]
    fn right_elements_have_no_mismatch() {
        for (text, kind) in [
            ("<r>true</r>", Type::Simple(SimpleType::Boolean)),
            ("<r> 1\n</r>", Type::Simple(SimpleType::Boolean)),
            ("<r/>", Type::Simple(SimpleType::String)),
            ("<r i:nil='false'>1</r>", Type::Simple(SimpleType::Int)),
            ("<r i:type='xsd:int'>1</r>", Type::Simple(SimpleType::Int)),
            ("<r i:type='xsd:nothing'>1</r>", Type::Simple(SimpleType::Int)),
            ("<t/>", TASK),
            ("<t>\n <LastRunTime i:nil='true'/>\n <State>Ready</State> <TaskType>Audit</TaskType></t>", TASK),
            ("<t><Unknown><x/>text</Unknown><State>Ready</State><sys:State>no</sys:State><Zed/></t>", TASK),
            ("<a/>", Type::Complex(&ARRAY_OF_TASK_INFO)),
            (
                "<a><TaskInfo/><TaskInfo i:nil='1'/><TaskInfo><State>Ready</State></TaskInfo></a>",
                Type::Complex(&ARRAY_OF_TASK_INFO),
            ),
            (
                "<v xmlns:s='http://schemas.datacontract.org/2004/07/System'><s:_Build>1</s:_Build><s:_Major>2</s:_Major>\
                 <s:_Minor>3</s:_Minor><s:_Revision>-1</s:_Revision></v>",
                Type::Complex(&VERSION),
            ),
            ("<d><ExceptionMessage i:nil='true'/><Later/></d>", Type::Complex(&IPAM_EXCEPTION_DATA)),
        ] {
            assert_eq!(told(text, kind), [""; 0], "{text}");
        }
    }

    #[test]
    fn each_mismatch_is_told_with_its_place() {
        for (text, kind, expected) in [
            (
                "<r>yes</r>",
                Type::Simple(SimpleType::Boolean),
                &["r: xsd:boolean but `yes`: it is not true, false, 1 or 0"][..],
            ),
            ("<r/>", Type::Simple(SimpleType::Int), &["r: xsd:int but ``: it is not digits with an optional sign"]),
            ("<r>1<x/></r>", Type::Simple(SimpleType::Int), &["r: xsd:int, text without elements but the text `1`"]),
            (
                "<r> <x/></r>",
                Type::Simple(SimpleType::String),
                &["r: xsd:string, text without elements but the element `x`"],
            ),
            ("<r i:nil='true'/>", Type::Simple(SimpleType::Int), &["r: xsd:int, text without elements but i:nil"]),
            ("<r i:nil='yes'>1</r>", Type::Simple(SimpleType::Int), &["r: an i:nil that is an xsd:boolean but `yes`"]),
            (
                "<r i:type='q:int'>1</r>",
                Type::Simple(SimpleType::Int),
                &["r: an i:type that is a name with a bound prefix but `q:int`"],
            ),
            ("<t>x<State>Ready</State></t>", TASK, &["t: ipam:TaskInfo, elements without text but the text `x`"]),
            (
                "<t><State>ready</State></t>",
                TASK,
                &["t/State: ipam:IpamTaskState but `ready`: it is not one of its 6 values, to the letter"],
            ),
            ("<t><State i:nil='true'/></t>", TASK, &["t/State: ipam:IpamTaskState, text without elements but i:nil"]),
            ("<t><Status i:nil='true'> </Status></t>", TASK, &["t/Status: no content beside i:nil but white space"]),
            (
                "<t><TaskType>Audit</TaskType><State>Ready</State></t>",
                TASK,
                &["t/State: State before TaskType but State after TaskType"],
            ),
            ("<t><State>Ready</State><State>Ready</State></t>", TASK, &["t/State: once but 2 times"]),
            (
                "<a><TaskInfo/><TaskInfo><LastRunTime>now</LastRunTime></TaskInfo></a>",
                Type::Complex(&ARRAY_OF_TASK_INFO),
                &[
                    "a/TaskInfo[2]/LastRunTime: xsd:dateTime but `now`: a year has four digits, or more without a leading zero",
                ],
            ),
            (
                "<v xmlns:s='http://schemas.datacontract.org/2004/07/System'><s:_Build>1</s:_Build><_Major>2</_Major>\
                 <s:_Revision>x</s:_Revision></v>",
                Type::Complex(&VERSION),
                &[
                    "v/_Revision: xsd:int but `x`: it is not digits with an optional sign",
                    "v/_Major: {http://schemas.datacontract.org/2004/07/System}_Major but the name in the namespace `http://Microsoft.Windows.Ipam`",
                    "v/_Minor: {http://schemas.datacontract.org/2004/07/System}_Minor but nothing",
                ],
            ),
        ] {
            assert_eq!(told(text, kind), expected, "{text}");
        }
    }

    #[test]
    fn the_fields_of_a_base_come_first() {
        static DERIVED: ComplexType = ComplexType {
            name: "Derived",
            namespace: namespace::IPAM1,
            section: "",
            base: Some(&TASK_INFO),
            fields: &[Field {
                name: "Own",
                kind: Type::Simple(SimpleType::Int),
                required: true,
                repeats: false,
                nillable: false,
            }],
        };
        let kind = Type::Complex(&DERIVED);
        assert_eq!(told("<d><State>Ready</State><ipam1:Own>1</ipam1:Own></d>", kind), [""; 0]);
        assert_eq!(
            told("<d><ipam1:Own>1</ipam1:Own><State>Ready</State></d>", kind),
            ["d/State: State before Own but State after Own"]
        );
        assert_eq!(told("<d/>", kind).len(), 1);
    }

    #[test]
    fn a_field_says_whether_nil_may_stand() {
        let nodes = fragment("<r i:nil='true'/>", namespace::IPAM, &Limits::default()).unwrap();
        let [Node::Element(element)] = nodes.as_slice() else { panic!() };
        let field = |nillable| Field { name: "r", kind: TASK, required: true, repeats: false, nillable };
        assert_eq!(validate_field(element, &field(true)), []);
        assert_eq!(validate_field(element, &field(false)).len(), 1);
    }

    #[test]
    fn endless_mismatches_are_cut() {
        let text = format!("<a>{}</a>", "<TaskInfo>x</TaskInfo>".repeat(5000));
        assert_eq!(told(&text, Type::Complex(&ARRAY_OF_TASK_INFO)).len(), 100);
    }
}
