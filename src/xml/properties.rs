//! What holds of every text and every tree: what is written reads back, what is cut short is refused, nothing panics.
//!
//! Leaves out single texts, which `probes.rs` has. Follows no document: these are the promises of this folder.

use proptest::{prelude::*, sample::Index};

use super::{
    Attribute, Element, Limits, Node, Position, QName, Scope, Value, Writer, escape_attribute, escape_text, fragment,
    pretty, read, validate, write,
};
use crate::spec::{
    namespace,
    schema::{SimpleType, Type},
};

const ENVELOPE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<s:Envelope \
    xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:a='http://www.w3.org/2005/08/addressing'>\
    <s:Header><a:Action s:mustUnderstand=\"1\">urn:x&amp;y</a:Action><!-- é --></s:Header><s:Body>\
    <r xmlns=\"http://Microsoft.Windows.Ipam\" xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\">\
    <TaskInfo><LastRunTime>0001-01-01T00:00:00</LastRunTime><State>Ready</State><Status i:nil=\"true\"/>\
    <TaskType><![CDATA[Audit]]></TaskType></TaskInfo><?p d?>&#x41;</r></s:Body></s:Envelope>";

const TOKENS: &[&str] = &[
    "<",
    ">",
    "/",
    "=",
    "'",
    "\"",
    "&",
    ";",
    "<!--",
    "-->",
    "--",
    "<![CDATA[",
    "]]>",
    "<?",
    "?>",
    "<?xml ",
    "<!DOCTYPE a",
    "&#0;",
    "&#xA;",
    "&lt;",
    "&x;",
    " xmlns=''",
    " xmlns:q=''",
    " xmlns:q='u'",
    "q:",
    ":",
    "<a>",
    "</a>",
    "<a/>",
    "\u{feff}",
    "\r",
    "\0",
    "\u{ffff}",
    " i:type='q:x'",
    " i:nil='maybe'",
];

/// Reads and does all that is done with what was read.
fn exercise(bytes: &[u8]) {
    let Ok(document) = read(bytes, &Limits::default()) else { return };
    let written = write(&document.root);
    let again = read(written.as_bytes(), &Limits { bytes: usize::MAX, attributes: usize::MAX, ..Limits::default() });
    assert!(again.expect("what is written is well-formed").root.is_same(&document.root), "{written}");
    let _ = pretty(&document.root);
    for name in Type::NAMES {
        if let Some(kind) = Type::named(name) {
            let _ = validate(&document.root, kind);
        }
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z <>&'\"\\]\r\n\t]{0,8}",
        "\\PC{0,8}",
        proptest::collection::vec(any::<char>(), 0..4).prop_map(String::from_iter)
    ]
}

/// Text of characters that XML allows.
fn legal_text() -> impl Strategy<Value = String> {
    any_text().prop_map(|text| text.chars().filter(|c| super::chars::is_char(*c)).collect())
}

fn any_name() -> impl Strategy<Value = QName> {
    let namespaces = prop_oneof![
        Just(String::new()),
        Just("u".to_owned()),
        Just(namespace::IPAM.to_owned()),
        Just(namespace::XML.to_owned()),
        "[a-z<&\" \t]{1,4}"
    ];
    (namespaces, "[a-cé_][a-c0-9.-]{0,2}").prop_map(|(namespace, local)| QName::new(&namespace, &local))
}

fn any_scope() -> impl Strategy<Value = Vec<(Box<str>, std::sync::Arc<str>)>> {
    let prefix = prop_oneof![Just(""), Just("u"), Just("ipam"), Just("n1"), Just("xml"), Just("1"), Just("xmlns")];
    let namespace = prop_oneof![
        Just(""),
        Just("u"),
        Just("v"),
        Just(namespace::IPAM),
        Just(namespace::XML),
        Just(namespace::XMLNS)
    ];
    proptest::collection::vec((prefix.prop_map(Box::from), namespace.prop_map(std::sync::Arc::from)), 0..4)
}

/// Trees as the reader makes them: no attribute twice, no text beside text, none empty.
fn any_tree() -> impl Strategy<Value = Element> {
    let attributes = || proptest::collection::vec((any_name(), legal_text()), 0..4);
    let leaf = (any_name(), attributes(), any_scope())
        .prop_map(|(name, attributes, scope)| make(name, attributes, scope, Vec::new()));
    leaf.prop_recursive(5, 30, 5, move |inner| {
        let node = prop_oneof![inner.prop_map(Node::Element), legal_text().prop_map(Node::Text)];
        (any_name(), attributes(), any_scope(), proptest::collection::vec(node, 0..5))
            .prop_map(|(name, attributes, scope, children)| make(name, attributes, scope, children))
    })
}

/// An element without white space between elements, as far down as there is no other text.
fn without_layout(element: &Element) -> Element {
    let mut element = element.clone();
    if element.elements().next().is_some() && !element.has_text() {
        element.children = element.elements().map(|child| Node::Element(without_layout(child))).collect();
    }
    element
}

fn make(
    name: QName,
    given: Vec<(QName, String)>,
    scope: Vec<(Box<str>, std::sync::Arc<str>)>,
    nodes: Vec<Node>,
) -> Element {
    let mut attributes: Vec<Attribute> = Vec::new();
    for (name, value) in given {
        if attributes.iter().all(|attribute| attribute.name != name) {
            attributes.push(Attribute { name, value });
        }
    }
    let mut children: Vec<Node> = Vec::new();
    for node in nodes {
        match (children.last_mut(), node) {
            (_, Node::Text(text)) if text.is_empty() => {}
            (Some(Node::Text(before)), Node::Text(text)) => before.push_str(&text),
            (_, node) => children.push(node),
        }
    }
    Element { name, attributes, children, scope: Scope::default().with(scope), position: Position::default() }
}

proptest! {
    #[test]
    fn what_is_written_reads_back(tree in any_tree()) {
        let written = write(&tree);
        let read = read(written.as_bytes(), &Limits::default()).map_err(|error| TestCaseError::fail(format!("{error}: {written}")))?;
        prop_assert!(read.root.is_same(&tree), "{}", written);
    }

    #[test]
    fn pretty_text_says_the_same_but_for_white_space(tree in any_tree()) {
        let text = pretty(&tree);
        let document = read(text.as_bytes(), &Limits::default()).map_err(|error| TestCaseError::fail(format!("{error}: {text}")))?;
        prop_assert!(without_layout(&document.root).is_same(&without_layout(&tree)), "{}", text);
    }

    #[test]
    fn whatever_is_written_is_well_formed(acts in proptest::collection::vec((0u8..5, any_text(), any_text(), any_text()), 0..20)) {
        let mut writer = Writer::new(acts.first().map_or("", |act| &act.1), acts.first().map_or("", |act| &act.2));
        for (act, a, b, c) in &acts {
            match act {
                0 => writer.start(a, b),
                1 => writer.attribute(a, b, c),
                2 => writer.text(a),
                3 => writer.declare(b, a),
                _ => writer.end(),
            };
        }
        let text = writer.finish();
        read(text.as_bytes(), &Limits::default()).map_err(|error| TestCaseError::fail(format!("{error}: {text}")))?;
    }

    #[test]
    fn escaped_text_reads_back(text in legal_text()) {
        let document = format!("<a b=\"{}\">{}</a>", escape_attribute(&text), escape_text(&text));
        let root = read(document.as_bytes(), &Limits::default()).unwrap().root;
        prop_assert_eq!(root.attribute("", "b"), Some(text.as_str()));
        prop_assert_eq!(root.text(), text);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        exercise(&bytes);
        let _ = fragment(&String::from_utf8_lossy(&bytes), "u", &Limits::default());
    }

    #[test]
    fn mutated_envelopes_never_panic(edits in proptest::collection::vec((any::<Index>(), 0usize..4, any::<Index>(), any::<u8>()), 1..6)) {
        let mut bytes = ENVELOPE.as_bytes().to_vec();
        for (place, act, other, byte) in edits {
            let at = place.index(bytes.len());
            match act {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                2 => drop(bytes.splice(at..at, TOKENS[other.index(TOKENS.len())].bytes())),
                _ => {
                    let (from, to) = (at.min(other.index(bytes.len())), at.max(other.index(bytes.len())));
                    let piece = bytes[from..to].to_vec();
                    drop(bytes.splice(to..to, piece));
                }
            }
        }
        exercise(&bytes);
        let _ = fragment(&String::from_utf8_lossy(&bytes), "u", &Limits::default());
    }

    #[test]
    fn tokens_in_any_order_never_panic(tokens in proptest::collection::vec(proptest::sample::select(TOKENS), 0..12)) {
        let text = tokens.concat();
        exercise(format!("<a xmlns:i='{}'>{text}</a>", namespace::XSI).as_bytes());
        let _ = fragment(&text, "u", &Limits::default());
    }

    #[test]
    fn values_never_panic(text in any_text()) {
        for name in Type::NAMES {
            if let Some(Type::Simple(kind)) = Type::named(name) {
                let _ = Value::parse(kind, &text);
            }
        }
        prop_assert_eq!(Value::parse(SimpleType::String, &text), Ok(Value::String(text)));
    }
}

#[test]
fn every_truncation_is_refused() {
    assert!(read(ENVELOPE.as_bytes(), &Limits::default()).is_ok());
    exercise(ENVELOPE.as_bytes());
    for end in 0..ENVELOPE.len() {
        assert!(read(&ENVELOPE.as_bytes()[..end], &Limits::default()).is_err(), "{end}");
    }
}

#[test]
fn prefixes_in_values_survive_writing() {
    let text = "<a xmlns='d' xmlns:p='u'><b xmlns:p='v' t='p:x'/><c xmlns='' t='p:x'>p:y</c></a>";
    let root = read(text.as_bytes(), &Limits::default()).unwrap().root;
    assert_eq!(
        write(&root),
        "<a xmlns=\"d\" xmlns:p=\"u\"><b xmlns:p=\"v\" t=\"p:x\" /><c xmlns=\"\" t=\"p:x\">p:y</c></a>"
    );
    let inner = root.child("d", "b").unwrap();
    assert_eq!(write(inner), "<b xmlns=\"d\" xmlns:p=\"v\" t=\"p:x\" />");
}
