//! Lies about messages: makes one that must be refused into one that can be followed, as a server that looks away would
//! read it.
//!
//! Leaves out everything that a server does rightly. Follows no document.

use crate::{
    reference::{Behaviour, Mutant},
    spec::{Operation, namespace},
    xml::{Document, Element, Node, QName},
};

/// The message as a server that behaves so reads it.
pub(super) fn read(mut document: Document, behaviour: &Behaviour) -> Document {
    let root = &mut document.root;
    if behaviour.lies(Mutant::TakesSoap11) {
        rename(root);
        root.children.iter_mut().filter_map(element).for_each(rename);
    }
    if behaviour.lies(Mutant::TakesFirstOfTwo)
        && let Some(body) = part(root, "Body")
    {
        let first = body.children.iter().position(|node| matches!(node, Node::Element(_)));
        body.children.truncate(first.map_or(0, |first| first + 1));
    }
    let asked = part(root, "Body").and_then(|body| body.children.iter_mut().find_map(element)).and_then(|body| {
        Operation::of_element(&body.name.namespace, &body.name.local).map(|operation| operation.action)
    });
    let Some(header) = part(root, "Header") else { return document };
    if behaviour.lies(Mutant::IgnoresMustUnderstand) {
        header.children.retain(|node| matches!(node, Node::Element(block) if is_addressing(block)));
    }
    let is_action =
        |node: &Node| matches!(node, Node::Element(block) if is_addressing(block) && &*block.name.local == "Action");
    if behaviour.lies(Mutant::TakesFirstAction) {
        let mut seen = false;
        header.children.retain(|node| !is_action(node) || !std::mem::replace(&mut seen, true));
    }
    if behaviour.lies(Mutant::GuessesAction)
        && let Some(action) = asked
    {
        header.children.retain(|node| !is_action(node));
        let mut block = header.clone();
        block.name = QName::new(namespace::ADDRESSING, "Action");
        block.attributes = Vec::new();
        block.children = vec![Node::Text(action.to_owned())];
        header.children.push(Node::Element(block));
    }
    document
}

fn rename(element: &mut Element) {
    if &*element.name.namespace == namespace::SOAP11 {
        element.name.namespace = namespace::SOAP12.into();
    }
}

fn is_addressing(block: &Element) -> bool {
    &*block.name.namespace == namespace::ADDRESSING
}

fn element(node: &mut Node) -> Option<&mut Element> {
    match node {
        Node::Element(element) => Some(element),
        Node::Text(_) => None,
    }
}

fn part<'a>(envelope: &'a mut Element, local: &str) -> Option<&'a mut Element> {
    envelope.children.iter_mut().filter_map(element).find(|part| part.name.is(namespace::SOAP12, local))
}
