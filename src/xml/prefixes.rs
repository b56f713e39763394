//! Prefixes chosen for namespaces while a document is written.
//!
//! Leaves out how declarations are spelled. Follows Namespaces in XML 1.0.

use std::sync::Arc;

use crate::spec::namespace::{PREFIXES, XML};

/// The prefixes bound at the place that is being written.
#[derive(Debug, Clone, Default)]
pub struct Prefixes {
    /// Prefixes and namespaces, the innermost last.
    bindings: Vec<(Arc<str>, Arc<str>)>,
}

impl Prefixes {
    /// How many bindings there are.
    pub fn len(&self) -> usize {
        self.bindings.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bindings.is_empty()
    }

    /// Forgets the bindings since there were so many: those of an element that ends.
    pub fn truncate(&mut self, len: usize) {
        self.bindings.truncate(len);
    }

    /// The bindings since there were so many, by prefix: those of the element that begins.
    pub fn since(&mut self, len: usize) -> &[(Arc<str>, Arc<str>)] {
        let Some(declared) = self.bindings.get_mut(len..) else { return &[] };
        declared.sort();
        declared
    }

    /// Binds a prefix, empty for the default, in the start tag of an element in `of`; not where it is bound so already.
    pub fn declare(&mut self, prefix: &str, namespace: &Arc<str>, of: &str) {
        let bound = self.bound(prefix);
        // Where nothing is the default, there is no default to undo.
        let known = bound == Some(&**namespace) || (bound.is_none() && namespace.is_empty());
        // An element without a namespace undoes the default; nothing else may set one there.
        let barred = prefix.is_empty() && of.is_empty();
        if !known && !barred {
            self.bindings.push((prefix.into(), namespace.clone()));
        }
    }

    /// The prefix for an element in a namespace, empty for none; it is bound where need be.
    pub fn of_element(&mut self, namespace: &str) -> Arc<str> {
        if !namespace.is_empty() {
            return self.prefix(namespace, true);
        }
        if self.bound("").is_some_and(|default| !default.is_empty()) {
            self.bindings.push(("".into(), "".into()));
        }
        Arc::default()
    }

    /// The prefix for an attribute in a namespace, empty for none; it is bound where need be.
    pub fn of_attribute(&mut self, namespace: &str) -> Arc<str> {
        if namespace.is_empty() { Arc::default() } else { self.prefix(namespace, false) }
    }

    /// A prefix bound to a namespace, which is not empty; one is declared where there is none.
    fn prefix(&mut self, namespace: &str, default: bool) -> Arc<str> {
        if namespace == XML {
            return "xml".into();
        }
        let usable = |prefix: &str| (default || !prefix.is_empty()) && self.bound(prefix) == Some(namespace);
        let of_namespace = self.bindings.iter().rev().filter(|(_, bound)| &**bound == namespace);
        if let Some(prefix) = of_namespace.map(|(prefix, _)| prefix).find(|prefix| usable(prefix)) {
            return prefix.clone();
        }
        let usual = PREFIXES.iter().find(|(_, known)| *known == namespace).map(|(prefix, _)| Arc::from(*prefix));
        // One more number than there are bindings: one of them is free.
        let numbered = (1..=self.bindings.len() + 1).map(|number| format!("n{number}").into());
        let prefix = usual.into_iter().chain(numbered).find(|prefix| self.bound(prefix).is_none()).unwrap_or_default();
        self.bindings.push((prefix.clone(), namespace.into()));
        prefix
    }

    /// The namespace that a prefix is bound to here.
    fn bound(&self, prefix: &str) -> Option<&str> {
        self.bindings.iter().rev().find(|(known, _)| &**known == prefix).map(|(_, namespace)| &**namespace)
    }
}
