//! What a document says, one thing at a time, whatever it was written in; and trees built of it.
//!
//! Leaves out spelling: prefixes, quotes, references, CDATA. Text and binary XML both give these events.

use std::borrow::Cow;

use super::{Attribute, Document, Element, Node, Position, QName, Scope};

/// One thing that a document says. A start comes first, then its attributes, then its content, then its end.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'a> {
    /// An element begins.
    Start {
        /// Its name.
        name: QName,
        /// The prefixes in scope inside it.
        scope: Scope,
        /// Where it begins.
        position: Position,
    },
    /// The element that began last has an attribute, which is no namespace declaration.
    Attribute {
        /// Its name.
        name: QName,
        /// Its value, normalised.
        value: Cow<'a, str>,
    },
    /// Characters; text in several pieces is one text.
    Text(Cow<'a, str>),
    /// The innermost open element ends.
    End,
    /// A comment.
    Comment(Cow<'a, str>),
    /// A processing instruction.
    ProcessingInstruction {
        /// Its target.
        target: &'a str,
        /// What follows the target.
        data: Cow<'a, str>,
        /// Where it begins.
        position: Position,
    },
}

/// Builds trees of events. Text that only comments and processing instructions part is one node, and no node is empty.
#[derive(Debug, Default)]
pub struct Builder {
    open: Vec<Element>,
    done: Vec<Node>,
    processing_instructions: Vec<Position>,
}

impl Builder {
    /// Takes the next event. An attribute or an end without an open element is passed over.
    pub fn push(&mut self, event: Event<'_>) {
        match event {
            Event::Start { name, scope, position } => {
                self.open.push(Element { name, attributes: Vec::new(), children: Vec::new(), scope, position });
            }
            Event::Attribute { name, value } => {
                if let Some(element) = self.open.last_mut() {
                    element.attributes.push(Attribute { name, value: value.into_owned() });
                }
            }
            Event::Text(text) if text.is_empty() => {}
            Event::Text(text) => match self.siblings().last_mut() {
                Some(Node::Text(before)) => before.push_str(&text),
                _ => self.siblings().push(Node::Text(text.into_owned())),
            },
            Event::End => {
                if let Some(mut element) = self.open.pop() {
                    // Most elements hold one node, and a list begins with room for four.
                    element.children.shrink_to_fit();
                    self.siblings().push(Node::Element(element));
                }
            }
            Event::Comment(_) => {}
            Event::ProcessingInstruction { position, .. } => self.processing_instructions.push(position),
        }
    }

    /// The nodes at the top; elements that are still open end here.
    pub fn into_nodes(mut self) -> Vec<Node> {
        while !self.open.is_empty() {
            self.push(Event::End);
        }
        self.done
    }

    /// The document: its first element at the top, where there is one.
    pub fn into_document(mut self) -> Option<Document> {
        let processing_instructions = std::mem::take(&mut self.processing_instructions);
        let root = self.into_nodes().into_iter().find_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })?;
        Some(Document { root, processing_instructions })
    }

    fn siblings(&mut self) -> &mut Vec<Node> {
        match self.open.last_mut() {
            Some(element) => &mut element.children,
            None => &mut self.done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(local: &str) -> Event<'static> {
        Event::Start { name: QName::new("", local), scope: Scope::default(), position: Position::default() }
    }

    #[test]
    fn pieces_of_text_are_one_node() {
        let mut builder = Builder::default();
        for event in [
            start("a"),
            Event::Attribute { name: QName::new("", "b"), value: "c".into() },
            Event::Text("".into()),
            Event::Text("x".into()),
            Event::Comment("no".into()),
            Event::Text("y".into()),
            start("e"),
            Event::End,
            Event::Text("z".into()),
            Event::End,
        ] {
            builder.push(event);
        }
        let root = builder.into_document().unwrap().root;
        assert_eq!(root.attribute("", "b"), Some("c"));
        assert_eq!(root.children.first(), Some(&Node::Text("xy".to_owned())));
        assert_eq!((root.children.len(), root.text().as_str()), (3, "xyz"));
    }

    #[test]
    fn events_that_do_not_belong_are_passed_over() {
        let mut builder = Builder::default();
        builder.push(Event::End);
        builder.push(Event::Attribute { name: QName::new("", "b"), value: "c".into() });
        assert!(Builder::default().into_document().is_none());
        builder.push(start("a"));
        builder.push(start("b"));
        assert_eq!(builder.into_nodes().len(), 1);
    }
}
