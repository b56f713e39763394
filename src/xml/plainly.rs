//! Whether an element is of its type, without saying what is wrong: what is plainly right is seen at once.
//!
//! Leaves out everything else to [`validate_field`], which is asked where an element is not plainly right. Follows
//! [MS-IPAMM2] 2.2.4 and 2.2.5, as `validate` does.

use super::{Child, View, validate_field};
use crate::spec::{
    namespace::XSI,
    schema::{ComplexType, Field, SimpleType, Type},
};

/// Whether an element is of the type of a field. Its name is not looked at.
pub fn is_valid_field<'a>(element: impl View<'a>, field: &Field) -> bool {
    is_plainly(element, field) || validate_field(element, field).is_empty()
}

/// Whether an element is of the type of a field in one of the usual spellings. Recurses as deep as types do.
fn is_plainly<'a>(element: impl View<'a>, field: &Field) -> bool {
    if element.attribute(XSI, "type").is_some() {
        return false;
    }
    if let Some(nil) = element.attribute(XSI, "nil") {
        return nil == "true" && field.nillable && element.children().next().is_none();
    }
    match field.kind {
        Type::Simple(kind) => {
            let mut children = element.children();
            let text = match children.next() {
                None => "",
                Some(Child::Text(text)) => text,
                Some(Child::Element(_)) => return false,
            };
            children.next().is_none() && is_plain_value(text, kind)
        }
        Type::Complex(complex) => are_plainly(element, complex),
    }
}

/// Whether the children of an element are fields of a type, in their order, and all that must be there.
fn are_plainly<'a>(element: impl View<'a>, complex: &'static ComplexType) -> bool {
    // Where a type that it derives from has fields as well, those stand first: that is left to the validator.
    let mut base = complex.base;
    while let Some(of) = base {
        if !of.fields.is_empty() {
            return false;
        }
        base = of.base;
    }
    let mut fields = complex.fields.iter();
    for child in element.children() {
        let Child::Element(child) = child else { return false };
        let Some(field) = fields.by_ref().find_map(|field| {
            if child.is(complex.namespace, field.name) { Some(Some(field)) } else { field.required.then_some(None) }
        }) else {
            return false;
        };
        if !field.is_some_and(|field| is_plainly(child, field)) {
            return false;
        }
    }
    fields.all(|field| !field.required)
}

/// Whether a text is a value of a type in a usual spelling.
fn is_plain_value(text: &str, kind: SimpleType) -> bool {
    let are_digits = |digits: &str, most: usize| {
        (1..=most).contains(&digits.len()) && digits.bytes().all(|octet| octet.is_ascii_digit())
    };
    match kind {
        SimpleType::String => true,
        SimpleType::Enumeration(enumeration) => enumeration.contains(text),
        SimpleType::Boolean => matches!(text, "true" | "false"),
        // Less than the greatest that has as many digits.
        SimpleType::Int | SimpleType::Decimal => are_digits(text, 9),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        spec::{CALLBACKS, namespace},
        xml::{Limits, Node, fragment},
    };

    /// The element of a text, in the namespace of the protocol.
    fn one(text: &str) -> crate::xml::Element {
        match fragment(text, namespace::IPAM, &Limits::default()).unwrap().remove(0) {
            Node::Element(element) => element,
            Node::Text(_) => panic!("{text}"),
        }
    }

    fn fields() -> impl Iterator<Item = &'static Field> {
        CALLBACKS.iter().flat_map(|callback| callback.parameters)
    }

    #[test]
    fn what_servers_send_is_plainly_right() {
        let instance = "<x><FailedCompletionStatus i:nil='true'/><SubTaskInstanceId>1</SubTaskInstanceId>\
                        <SubTaskStatus>InProgress</SubTaskStatus></x>";
        let of = |name: &str| fields().find(|field| field.name == name).unwrap();
        for (name, text) in [
            ("subTaskInstance", instance),
            ("status", "<x>NotRun</x>"),
            ("percentComplete", "<x>45</x>"),
            ("completionStatus", "<x i:nil='true'/>"),
            ("isNonDeterministic", "<x>false</x>"),
        ] {
            assert!(is_plainly(&one(text), of(name)), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_plainly_right_is_right(
            field in prop::sample::select(fields().collect::<Vec<_>>()),
            parts in prop::collection::vec(prop::sample::select(&[
                "<SubTaskInstanceId>1</SubTaskInstanceId>", "<SubTaskInstanceId>99999999999</SubTaskInstanceId>", " ", "x",
                "<SubTaskStatus>NotRun</SubTaskStatus>", "<SubTaskUniqueId i:nil='true'/>", "<SubTaskName/>", "<Other/>",
                "<FailedCompletionStatus i:nil='true'/>", "<SubTaskInstanceDetails i:type='q'/>", "<a xmlns='u'/>", "1",
                "<IsNonDeterministicProgress>0</IsNonDeterministicProgress>", "NotRun", "true", "-1", "<!-- -->", "9",
            ][..]), 0..5),
            attribute in prop::sample::select(&["", " i:nil='true'", " i:nil='1'", " i:type='a:b'", " b=''"][..]),
        ) {
            let text = format!("<x{attribute}>{}</x>", parts.concat());
            let element = one(&text);
            if is_plainly(&element, field) {
                prop_assert_eq!(validate_field(&element, field), vec![], "{} {}", field.name, text);
            }
        }
    }
}
