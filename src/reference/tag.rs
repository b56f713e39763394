//! What the server is about to write: elements as a small tree of their own, apart from the one that reads.
//!
//! Leaves out prefixes and every other matter of spelling, which a style decides.

use std::borrow::Cow;

use crate::spec::namespace;

/// A name to be written: a namespace, empty where there is none, and a local part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) namespace: Cow<'static, str>,
    pub(super) local: Cow<'static, str>,
}

impl Name {
    pub(super) fn new(namespace: impl Into<Cow<'static, str>>, local: impl Into<Cow<'static, str>>) -> Self {
        Self { namespace: namespace.into(), local: local.into() }
    }
}

/// A value to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Text as it stands.
    Text(String),
    /// A name, with whatever prefix fits where it is written.
    Name(Name),
}

/// What an element holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Inside {
    Nothing,
    Value(Value),
    Tags(Vec<Tag>),
}

/// An element to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) name: Name,
    pub(super) attributes: Vec<(Name, Value)>,
    pub(super) inside: Inside,
}

impl Tag {
    /// Makes an empty element.
    pub(super) fn new(namespace: &'static str, local: impl Into<Cow<'static, str>>) -> Self {
        Self { name: Name::new(namespace, local), attributes: Vec::new(), inside: Inside::Nothing }
    }

    /// Makes an element that holds text.
    pub(super) fn text(namespace: &'static str, local: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        Self { inside: Inside::Value(Value::Text(text.into())), ..Self::new(namespace, local) }
    }

    /// Makes an element that holds elements.
    pub(super) fn of(namespace: &'static str, local: impl Into<Cow<'static, str>>, tags: Vec<Self>) -> Self {
        Self { inside: Inside::Tags(tags), ..Self::new(namespace, local) }
    }

    /// Adds an attribute.
    pub(super) fn with(mut self, namespace: &'static str, local: &'static str, value: Value) -> Self {
        self.attributes.push((Name::new(namespace, local), value));
        self
    }

    /// Adds an attribute that holds text.
    pub(super) fn with_text(self, namespace: &'static str, local: &'static str, text: &str) -> Self {
        self.with(namespace, local, Value::Text(text.into()))
    }

    /// Whether it has this name.
    pub(super) fn is(&self, namespace: &str, local: &str) -> bool {
        self.name.local == local && self.name.namespace == namespace
    }

    /// The elements inside, to be changed.
    pub(super) fn tags_mut(&mut self) -> Option<&mut Vec<Self>> {
        match &mut self.inside {
            Inside::Tags(tags) => Some(tags),
            Inside::Nothing | Inside::Value(_) => None,
        }
    }

    /// The element inside of this local name, to be changed.
    pub(super) fn tag_mut(&mut self, local: &str) -> Option<&mut Self> {
        self.tags_mut()?.iter_mut().find(|tag| tag.name.local == local)
    }

    /// Does something to it and to every element inside.
    pub(super) fn each(&mut self, change: &mut dyn FnMut(&mut Self)) {
        change(self);
        for tag in self.tags_mut().into_iter().flatten() {
            tag.each(change);
        }
    }

    /// Moves it, everything inside, and every name in a value from one namespace to another.
    pub(super) fn rename(&mut self, from: &str, to: &'static str) {
        let moved = |name: &mut Name| {
            if name.namespace == from {
                name.namespace = to.into();
            }
        };
        self.each(&mut |tag| {
            moved(&mut tag.name);
            for (name, value) in &mut tag.attributes {
                moved(name);
                if let Value::Name(name) = value {
                    moved(name);
                }
            }
            if let Inside::Value(Value::Name(name)) = &mut tag.inside {
                moved(name);
            }
        });
    }

    /// Every namespace of the names in it that a prefix must be declared for, each once, in the order of first use.
    pub(super) fn namespaces(&self) -> Vec<Cow<'static, str>> {
        let mut found: Vec<Cow<'static, str>> = Vec::new();
        let mut copy = self.clone();
        copy.each(&mut |tag| {
            let values = tag.attributes.iter().flat_map(|(name, value)| {
                std::iter::once(name).chain(match value {
                    Value::Name(name) => Some(name),
                    Value::Text(_) => None,
                })
            });
            let inside = match &tag.inside {
                Inside::Value(Value::Name(name)) => Some(name),
                _ => None,
            };
            for name in std::iter::once(&tag.name).chain(values).chain(inside) {
                let is_given = matches!(&*name.namespace, "" | namespace::XML);
                if !is_given && !found.contains(&name.namespace) {
                    found.push(name.namespace.clone());
                }
            }
        });
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renaming_reaches_elements_attributes_and_values() {
        let mut tag = Tag::of(
            "a",
            "root",
            vec![Tag {
                inside: Inside::Value(Value::Name(Name::new("a", "v"))),
                ..Tag::new("b", "child").with("a", "x", Value::Name(Name::new("a", "y")))
            }],
        );
        assert_eq!(tag.namespaces(), ["a", "b"]);
        tag.rename("a", "c");
        assert_eq!(tag.namespaces(), ["c", "b"]);
        assert!(tag.is("c", "root"));
        assert!(tag.tag_mut("child").is_some_and(|child| child.is("b", "child")));
        assert!(tag.tag_mut("other").is_none());
    }
}
