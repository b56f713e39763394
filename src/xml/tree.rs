//! Documents as trees: elements with resolved names, attributes, text, and the prefixes in scope for names in values.
//!
//! Comments and processing instructions carry no meaning here and are left out, but for the places of the latter, which
//! SOAP forbids. Text and CDATA that touch are one node.

use std::{collections::BTreeMap, fmt, sync::Arc};

use crate::spec::namespace;

/// A name: a namespace, empty where there is none, and a local part. Prefixes are never part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QName {
    /// The namespace; empty where the name has none.
    pub namespace: Arc<str>,
    /// The local part.
    pub local: Arc<str>,
}

impl QName {
    /// Makes a name.
    pub fn new(namespace: &str, local: &str) -> Self {
        Self { namespace: namespace.into(), local: local.into() }
    }

    /// Whether it is this name.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        &*self.local == local && &*self.namespace == namespace
    }
}

/// Writes `{namespace}local`, or `local` where there is no namespace.
impl fmt::Display for QName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            f.write_str(&self.local)
        } else {
            write!(f, "{{{}}}{}", self.namespace, self.local)
        }
    }
}

/// A place in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// Bytes from the start.
    pub offset: usize,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// The prefixes in scope at an element, shared with its children where they declare none.
#[derive(Debug, Clone, Default)]
pub struct Scope(Option<Arc<Declarations>>);

#[derive(Debug)]
struct Declarations {
    outer: Scope,
    /// Prefix (empty for the default) and namespace (empty where undeclared).
    declared: Vec<(Box<str>, Arc<str>)>,
}

impl Scope {
    /// The scope inside an element that declares these prefixes.
    #[must_use]
    pub fn with(&self, declared: Vec<(Box<str>, Arc<str>)>) -> Self {
        if declared.is_empty() {
            return self.clone();
        }
        Self(Some(Arc::new(Declarations { outer: self.clone(), declared })))
    }

    /// The namespace of a prefix; the empty prefix asks for the default, which is empty where there is none.
    pub fn namespace(&self, prefix: &str) -> Option<Arc<str>> {
        if prefix == "xml" {
            return Some(namespace::XML.into());
        }
        let mut scope = self;
        while let Some(declarations) = &scope.0 {
            if let Some((_, namespace)) = declarations.declared.iter().find(|(known, _)| &**known == prefix) {
                return (prefix.is_empty() || !namespace.is_empty()).then(|| namespace.clone());
            }
            scope = &declarations.outer;
        }
        prefix.is_empty().then(|| "".into())
    }

    /// The prefixes that are declared between a scope around this one and here, in their order, with their namespaces; all
    /// that are in scope where the other is not around it. The default has an empty prefix; other prefixes that are
    /// undeclared are left out.
    pub fn bindings(&self, around: &Self) -> impl Iterator<Item = (&str, &Arc<str>)> {
        let mut bound = BTreeMap::new();
        let mut scope = self;
        while let Some(declarations) = &scope.0
            && !scope.is_shared_with(around)
        {
            for (prefix, namespace) in &declarations.declared {
                bound.entry(&**prefix).or_insert(namespace);
            }
            scope = &declarations.outer;
        }
        bound.into_iter().filter(|(prefix, namespace)| prefix.is_empty() || !namespace.is_empty())
    }

    /// Whether two elements share one scope, as a child does with its parent where it declares nothing.
    pub fn is_shared_with(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        }
    }

    /// Reads a name in a value, as `i:type` and `s:Value` hold them; white space around it is left out. A name without a
    /// prefix is in the default namespace.
    pub fn resolve(&self, text: &str) -> Option<QName> {
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        let (prefix, local) = text.split_once(':').unwrap_or(("", text));
        if local.is_empty() || local.contains(':') || (text.contains(':') && prefix.is_empty()) {
            return None;
        }
        Some(QName { namespace: self.namespace(prefix)?, local: local.into() })
    }
}

/// Two scopes are never the reason why two elements differ.
impl PartialEq for Scope {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A whole document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The one element at the top.
    pub root: Element,
    /// Where processing instructions stand; an XML declaration is none.
    pub processing_instructions: Vec<Position>,
}

/// An element.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// Its name.
    pub name: QName,
    /// Its attributes, in document order, without namespace declarations.
    pub attributes: Vec<Attribute>,
    /// What it holds, in document order.
    pub children: Vec<Node>,
    /// The prefixes in scope.
    pub scope: Scope,
    /// Where its start tag begins.
    pub position: Position,
}

/// An attribute that is no namespace declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: QName,
    /// Its value, normalised.
    pub value: String,
}

/// A child of an element.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Characters, references resolved, CDATA included.
    Text(String),
}

impl Element {
    /// The elements among the children.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The elements among the children, taken out.
    pub fn into_elements(self) -> impl Iterator<Item = Self> {
        self.children.into_iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The children of this name.
    pub fn all<'a>(&'a self, namespace: &'a str, local: &'a str) -> impl Iterator<Item = &'a Self> {
        self.elements().filter(move |element| element.name.is(namespace, local))
    }

    /// The first child of this name.
    pub fn child(&self, namespace: &str, local: &str) -> Option<&Self> {
        self.elements().find(|element| element.name.is(namespace, local))
    }

    /// The value of an attribute.
    pub fn attribute(&self, namespace: &str, local: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name.is(namespace, local))
            .map(|attribute| attribute.value.as_str())
    }

    /// The text directly inside, joined.
    pub fn text(&self) -> String {
        self.children
            .iter()
            .filter_map(|node| match node {
                Node::Text(text) => Some(text.as_str()),
                Node::Element(_) => None,
            })
            .collect()
    }

    /// Whether two elements say the same: places in a text and prefixes are not looked at.
    pub fn is_same(&self, other: &Self) -> bool {
        let mut pairs = vec![(self, other)];
        while let Some((a, b)) = pairs.pop() {
            if a.name != b.name || a.attributes != b.attributes || a.children.len() != b.children.len() {
                return false;
            }
            for nodes in a.children.iter().zip(&b.children) {
                match nodes {
                    (Node::Element(a), Node::Element(b)) => pairs.push((a, b)),
                    (Node::Text(a), Node::Text(b)) if a == b => {}
                    _ => return false,
                }
            }
        }
        true
    }

    /// Whether `i:nil` says that there is no value.
    pub fn is_nil(&self) -> bool {
        self.attribute(namespace::XSI, "nil").is_some_and(|value| matches!(value.trim(), "true" | "1"))
    }

    /// The name in `i:type`, where there is one that resolves.
    pub fn xsi_type(&self) -> Option<QName> {
        self.scope.resolve(self.attribute(namespace::XSI, "type")?)
    }

    /// Whether there is text that is not white space directly inside.
    pub fn has_text(&self) -> bool {
        self.children.iter().any(|node| match node {
            Node::Text(text) => text.contains(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')),
            Node::Element(_) => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(declared: &[(&str, &str)]) -> Scope {
        Scope::default().with(declared.iter().map(|(prefix, uri)| ((*prefix).into(), (*uri).into())).collect())
    }

    #[test]
    fn names_in_values_resolve_by_the_innermost_declaration() {
        let outer = scope(&[("", "d"), ("a", "outer")]);
        let inner = outer.with(vec![("a".into(), "inner".into())]);
        assert_eq!(outer.resolve("a:x"), Some(QName::new("outer", "x")));
        assert_eq!(inner.resolve(" a:x\n"), Some(QName::new("inner", "x")));
        assert_eq!(inner.resolve("x"), Some(QName::new("d", "x")));
        for wrong in ["b:x", ":x", "a:", "a:b:c", ""] {
            assert_eq!(inner.resolve(wrong), None, "{wrong}");
        }
        assert_eq!(Scope::default().resolve("x"), Some(QName::new("", "x")));
    }

    #[test]
    fn bindings_are_told_from_a_scope_inwards() {
        let outer = scope(&[("", "d"), ("b", "x"), ("a", "outer")]);
        let inner = outer.with(vec![("a".into(), "inner".into()), ("c".into(), "".into())]);
        let told = |around: &Scope| -> Vec<String> {
            inner.bindings(around).map(|(prefix, namespace)| format!("{prefix}={namespace}")).collect()
        };
        assert_eq!(told(&Scope::default()), ["=d", "a=inner", "b=x"]);
        assert_eq!(told(&outer), ["a=inner"]);
        assert!(told(&inner).is_empty());
    }
}
