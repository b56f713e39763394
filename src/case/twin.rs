//! Twins: a negative case stands beside a passing one from which it differs in one place, so that only that place can be
//! why the answer differs.
//!
//! Leaves out whether the twin passed (the runner knows that).

use super::{
    model::{Case, Step, StepKind},
    records::Records,
    template::Template,
};
use crate::{
    spec::namespace,
    xml::{self, Attribute, Element, Limits, Node},
};

/// How much two requests differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Difference {
    /// In one place.
    One,
    /// In none.
    None,
    /// In several places.
    Many,
    /// There is nothing to compare.
    Incomparable,
}

/// How much a case differs from its twin: the least over every pair of a request of the one and a request of the other,
/// `One` before all. Where a pair is the same, cases of sessions, in which what was asked
/// before counts, differ in one place if one of them has a request more.
///
/// Two calls compare where they ask for the same operation. They differ in one place where their actions are the same
/// and the trees of their bodies differ in one node, or where the bodies are the same and the actions differ. Two
/// envelopes compare likewise; where the action beside the envelope differs, the WS-Addressing action inside may differ
/// with it. One node is: one text (changed, added, removed), one attribute, one element added, removed or renamed, a value
/// that became `i:nil` or was it, or one of another `i:type` with what it holds. Prefixes, places, the order of
/// attributes and white space between elements are no difference. Envelopes of which one is not well-formed differ in one
/// place where what is left between their common beginning and their common end is at most 100 bytes in one of them. A
/// hole that only the run fills stands for its name.
pub(super) fn difference(case: &Case, twin: &Case) -> Difference {
    let least = case
        .steps
        .iter()
        .flat_map(|step| twin.steps.iter().map(move |other| between(step, other)))
        .min()
        .unwrap_or(Difference::Incomparable);
    // Where somebody else logs on, that is the one place: every request of the case is one of the twin's.
    if case.secured == twin.secured {
        return match least {
            Difference::None if case.port_type.has_sessions() && is_one_request_apart(case, twin) => Difference::One,
            least => least,
        };
    }
    let sends = |step: &Step| matches!(step.kind, StepKind::Call(_) | StepKind::Raw(_) | StepKind::Records(_));
    let stands_there = |step: &Step| twin.steps.iter().any(|other| between(step, other) == Difference::None);
    let all = case.steps.iter().filter(|step| sends(step)).all(stands_there);
    if all { Difference::One } else { Difference::Many }
}

/// Whether one case has the requests of the other in their order, and one more.
fn is_one_request_apart(case: &Case, twin: &Case) -> bool {
    let requests = |case: &Case| -> Vec<Step> {
        let is_request =
            |step: &&Step| matches!(step.kind, StepKind::Call(_) | StepKind::Raw(_) | StepKind::Records(_));
        case.steps.iter().filter(is_request).cloned().collect()
    };
    let (case, twin) = (requests(case), requests(twin));
    let (longer, shorter) = if case.len() > twin.len() { (case, twin) } else { (twin, case) };
    let same = |(step, other): &(&Step, &Step)| between(step, other) == Difference::None;
    let front = longer.iter().zip(&shorter).take_while(same).count();
    let rest = longer.iter().skip(front + 1).zip(shorter.iter().skip(front));
    longer.len() == shorter.len() + 1 && rest.take_while(same).count() == shorter.len() - front
}

fn between(step: &Step, other: &Step) -> Difference {
    match (&step.kind, &other.kind) {
        (StepKind::Call(call), StepKind::Call(other)) if call.operation == other.operation => {
            let action = |action: &Option<Template>| {
                action.as_ref().map_or_else(|| call.operation.action.to_owned(), Template::sketch)
            };
            let actions = usize::from(action(&call.action) != action(&other.action));
            let read = |body: &Template| xml::fragment(&body.sketch(), namespace::IPAM, &Limits::default());
            match (read(&call.body), read(&other.body)) {
                (Ok(body), Ok(other)) => graded(actions + nodes(&body, &other, false)),
                _ => Difference::Incomparable,
            }
        }
        (StepKind::Raw(raw), StepKind::Raw(other)) => {
            let action = |action: &Option<Template>| action.as_ref().map(Template::sketch);
            let actions = usize::from(action(&raw.action) != action(&other.action));
            let (envelope, other) = (raw.envelope.sketch(), other.envelope.sketch());
            let read = |envelope: &str| xml::read(envelope.as_bytes(), &Limits::default());
            match (read(&envelope), read(&other)) {
                (Ok(envelope), Ok(other)) => graded(actions + elements(&envelope.root, &other.root, actions > 0)),
                _ => graded(actions + texts(&envelope, &other)),
            }
        }
        (StepKind::Records(records), StepKind::Records(other)) => {
            let lines = |records: &Records| records.lines.iter().map(Template::sketch).collect::<Vec<_>>();
            let envelope = |records: &Records| records.envelope.as_ref().map(Template::sketch);
            let split = |records: &Records| records.split.as_ref().map(Template::sketch);
            let more = usize::from(envelope(records) != envelope(other))
                + usize::from(split(records) != split(other))
                + usize::from(records.way() != other.way());
            graded(more + runs(&lines(records), &lines(other)))
        }
        _ => Difference::Incomparable,
    }
}

/// In how many runs two lists differ: one, where what is left between their common beginning and their common end is
/// at most one entry in one of them.
fn runs(list: &[String], other: &[String]) -> usize {
    let front = list.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (list, other) = (list.get(front..).unwrap_or_default(), other.get(front..).unwrap_or_default());
    let back = list.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    match (list.len() - back, other.len() - back) {
        (0, 0) => 0,
        (a, b) if a.min(b) <= 1 => 1,
        _ => 2,
    }
}

fn graded(places: usize) -> Difference {
    match places {
        0 => Difference::None,
        1 => Difference::One,
        _ => Difference::Many,
    }
}

/// In how many places two lists of nodes differ, if in fewer than two; otherwise two or more.
fn nodes(list: &[Node], other: &[Node], ignore_action: bool) -> usize {
    let (list, other) = (significant(list), significant(other));
    let alike = |(a, b): &(&&Node, &&Node)| same(a, b, ignore_action);
    let front = list.iter().zip(&other).take_while(alike).count();
    let (list, other) = (list.get(front..).unwrap_or_default(), other.get(front..).unwrap_or_default());
    let back = list.iter().rev().zip(other.iter().rev()).take_while(alike).count();
    let rest = |nodes: &[&Node]| nodes.len() - back;
    match (rest(list), rest(other)) {
        (0, 0) => 0,
        (0, 1) | (1, 0) => 1,
        (1, 1) => list.first().zip(other.first()).map_or(0, |(a, b)| node(a, b, ignore_action)),
        _ => 2,
    }
}

fn node(node: &Node, other: &Node, ignore_action: bool) -> usize {
    match (node, other) {
        (Node::Element(element), Node::Element(other)) => elements(element, other, ignore_action),
        (Node::Text(text), Node::Text(other)) => usize::from(text != other),
        _ => 1,
    }
}

fn elements(element: &Element, other: &Element, ignore_action: bool) -> usize {
    let renamed = usize::from(element.name != other.name);
    let ignored = ignore_action && renamed == 0 && is_action(element);
    // A value of another type is one change: what it holds follows from its type.
    let type_of = |one: &Element| one.attribute(namespace::XSI, "type").map(str::to_owned);
    if let (Some(one), Some(two)) = (type_of(element), type_of(other))
        && one != two
    {
        return renamed + attributes(element, other);
    }
    let content = if ignored { 0 } else { nodes(&element.children, &other.children, ignore_action) };
    // Nil in place of content is one change of one value, whatever its type was.
    let nil = if element.is_nil() { element } else { other };
    if element.is_nil() != other.is_nil() && significant(&nil.children).is_empty() {
        let of_value = |attribute: &&Attribute| {
            &*attribute.name.namespace == namespace::XSI && ["nil", "type"].contains(&&*attribute.name.local)
        };
        let besides = |one: &Element| Element {
            attributes: one.attributes.iter().filter(|attribute| !of_value(attribute)).cloned().collect(),
            ..one.clone()
        };
        return renamed + 1 + attributes(&besides(element), &besides(other));
    }
    renamed + content + attributes(element, other)
}

/// Whether two nodes do not differ.
fn same(node: &Node, other: &Node, ignore_action: bool) -> bool {
    match (node, other) {
        (Node::Text(text), Node::Text(other)) => text == other,
        (Node::Element(element), Node::Element(other)) => {
            let (list, others) = (significant(&element.children), significant(&other.children));
            element.name == other.name
                && attributes(element, other) == 0
                && ((ignore_action && is_action(element))
                    || (list.len() == others.len() && list.iter().zip(others).all(|(a, b)| same(a, b, ignore_action))))
        }
        _ => false,
    }
}

fn is_action(element: &Element) -> bool {
    element.name.is(namespace::ADDRESSING, "Action")
}

/// In how many attributes two elements differ; a changed one counts once.
fn attributes(element: &Element, other: &Element) -> usize {
    let changed = element.attributes.iter().filter(|attribute| {
        other.attribute(&attribute.name.namespace, &attribute.name.local) != Some(attribute.value.as_str())
    });
    let added = other
        .attributes
        .iter()
        .filter(|attribute| element.attribute(&attribute.name.namespace, &attribute.name.local).is_none());
    changed.count() + added.count()
}

/// What counts among children: white space between elements does not.
fn significant(nodes: &[Node]) -> Vec<&Node> {
    let has_elements = nodes.iter().any(|node| matches!(node, Node::Element(_)));
    let counts = |node: &&Node| match node {
        Node::Element(_) => true,
        Node::Text(text) if has_elements => !text.chars().all(|c| matches!(c, ' ' | '\t' | '\r' | '\n')),
        Node::Text(text) => !text.is_empty(),
    };
    nodes.iter().filter(counts).collect()
}

/// In how many places two texts differ: none, one, or two for many.
fn texts(text: &str, other: &str) -> usize {
    if text == other {
        return 0;
    }
    let same = |(a, b): &(u8, u8)| a == b;
    let front = text.bytes().zip(other.bytes()).take_while(same).count();
    let back = text.bytes().rev().zip(other.bytes().rev()).take_while(same).count();
    let shorter = text.len().min(other.len());
    if shorter.saturating_sub(front + back) <= 100 { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(one: &str, two: &str) -> usize {
        let read = |text: &str| xml::fragment(text, namespace::IPAM, &Limits::default()).unwrap();
        let there = nodes(&read(one), &read(two), false).min(2);
        assert_eq!(nodes(&read(two), &read(one), false).min(2), there, "{one} {two}");
        there
    }

    #[test]
    fn one_node_is_one_place() {
        for (one, two, places) in [
            ("<a>x</a>", "<a>x</a>", 0),
            ("<a b='1' c='2'/>", "<a c='2' b='1'></a>", 0),
            ("<a xmlns='urn:x'/>", "<p:a xmlns:p='urn:x'/>", 0),
            ("\n<a/> <b/>\n", "<a/><b/>", 0),
            ("<a>x</a>", "<a>y</a>", 1),
            ("<a>x</a>", "<a/>", 1),
            ("<a> </a>", "<a/>", 1),
            ("<a/>", "<b/>", 1),
            ("<a/>", "<a xmlns='urn:x'/>", 1),
            ("<a>x</a>", "", 1),
            ("<a>x</a><b><c/></b>", "<a>x</a>", 1),
            ("<a/><a/><a/>", "<a/><a/>", 1),
            ("<a b='1'/>", "<a b='2'/>", 1),
            ("<a b='1'/>", "<a/>", 1),
            ("<a>x</a>", "<a i:nil='true'/>", 1),
            ("<a><b>x</b><b>y</b></a>", "<a><b>x</b><b>z</b></a>", 1),
            ("<a>x</a>", "<a><b/></a>", 1),
            ("<a>x</a>", "<b>y</b>", 2),
            ("<a/><b/>", "<b/><a/>", 2),
            ("<a>x</a><b>y</b>", "<a>1</a><b>2</b>", 2),
            ("<a b='1'/>", "<a c='1'/>", 2),
            ("<a b='1'>x</a>", "<a i:nil='true'/>", 2),
            ("<a i:type='b'><c/><d/></a>", "<a i:nil='true'/>", 1),
            ("<a i:type='b'><c/></a>", "<e i:nil='true'/>", 2),
            ("<a i:type='b'><c/><d/></a>", "<a i:type='e'><f/></a>", 1),
            ("<a i:type='b'><c/></a>", "<a i:type='e' g=''><c/></a>", 2),
            ("<a/>", "<a/><b/><c/>", 2),
        ] {
            assert_eq!(difference(one, two), places, "{one} {two}");
        }
    }

    #[test]
    fn a_deep_difference_takes_no_time() {
        let deep = |text: &str| format!("{}{text}{}", "<a>".repeat(90), "</a>".repeat(90));
        assert_eq!(difference(&deep("x"), &deep("y")), 1);
    }

    #[test]
    fn an_action_may_differ_inside_and_beside_an_envelope() {
        let read = |text: &str| match xml::fragment(text, namespace::IPAM, &Limits::default()).unwrap().pop() {
            Some(Node::Element(element)) => element,
            _ => panic!("an element"),
        };
        let one = read("<e><a:Action>x</a:Action><b/></e>");
        let two = read("<e><a:Action>y</a:Action><b/></e>");
        assert_eq!((elements(&one, &two, false), elements(&one, &two, true)), (1, 0));
    }

    #[test]
    fn texts_that_are_no_xml_differ_in_one_run() {
        assert_eq!(texts("<a>", "<a>"), 0);
        assert_eq!(texts("<a><b>", "<a></b>"), 1);
        assert_eq!(texts("abab", "ab"), 1);
        assert_eq!(texts(&"x".repeat(300), ""), 1);
        assert_eq!(texts(&"x".repeat(300), &"y".repeat(300)), 2);
    }
}
