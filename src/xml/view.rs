//! Elements as those see them who only look: one way for trees and for what was read without one.
//!
//! Leaves out places and prefixes. Follows the infoset as far as `tree` holds it.

use std::borrow::Cow;

use super::{Element, Node};
use crate::spec::namespace::XSI;

/// A child of an element.
#[derive(Debug, Clone, Copy)]
pub enum Child<'a, V> {
    /// An element.
    Element(V),
    /// Characters.
    Text(&'a str),
}

/// An element that is looked at.
pub trait View<'a>: Copy {
    /// Its local name.
    fn local(self) -> &'a str;

    /// Its namespace; empty where it has none.
    fn namespace(self) -> &'a str;

    /// The value of an attribute.
    fn attribute(self, namespace: &str, local: &str) -> Option<&'a str>;

    /// What it holds, in document order.
    fn children(self) -> impl Iterator<Item = Child<'a, Self>>;

    /// Whether the name in its `i:type`, where it has one, has a prefix that is bound there.
    fn is_type_bound(self) -> bool;

    /// Whether it has this name.
    fn is(self, namespace: &str, local: &str) -> bool {
        self.local() == local && self.namespace() == namespace
    }

    /// The elements among the children.
    fn elements(self) -> impl Iterator<Item = Self> {
        self.children().filter_map(|child| match child {
            Child::Element(element) => Some(element),
            Child::Text(_) => None,
        })
    }

    /// The first child of this name.
    fn child(self, namespace: &str, local: &str) -> Option<Self> {
        self.elements().find(|element| element.is(namespace, local))
    }

    /// The text directly inside, joined.
    fn text(self) -> Cow<'a, str> {
        let mut texts = self.children().filter_map(|child| match child {
            Child::Element(_) => None,
            Child::Text(text) => Some(text),
        });
        let Some(first) = texts.next() else { return Cow::Borrowed("") };
        let mut joined = Cow::Borrowed(first);
        for text in texts {
            joined.to_mut().push_str(text);
        }
        joined
    }

    /// Whether there is text that is not white space directly inside.
    fn has_text(self) -> bool {
        self.children().any(|child| match child {
            Child::Element(_) => false,
            Child::Text(text) => text.contains(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')),
        })
    }
}

impl<'a> View<'a> for &'a Element {
    fn local(self) -> &'a str {
        &self.name.local
    }

    fn namespace(self) -> &'a str {
        &self.name.namespace
    }

    fn attribute(self, namespace: &str, local: &str) -> Option<&'a str> {
        Element::attribute(self, namespace, local)
    }

    fn children(self) -> impl Iterator<Item = Child<'a, Self>> {
        self.children.iter().map(|node| match node {
            Node::Element(element) => Child::Element(element),
            Node::Text(text) => Child::Text(text),
        })
    }

    fn is_type_bound(self) -> bool {
        Element::attribute(self, XSI, "type").is_none() || self.xsi_type().is_some()
    }
}
