//! Prefixes chosen for namespaces while a document is written.
//!
//! Leaves out how declarations are spelled. Follows Namespaces in XML 1.0.

use std::{collections::BTreeMap, sync::Arc};

use crate::spec::namespace::{PREFIXES, XML};

/// Up to so many bindings are searched one by one, as nearly all documents have them.
const FEW: usize = 32;
/// How many prefixes of a namespace, and how many of its own, a writer tries before it takes one that nobody has: those of
/// a document may all be bound to something else inside.
const TRIED: usize = 8;

/// The prefixes bound at the place that is being written.
#[derive(Debug, Clone, Default)]
pub struct Prefixes {
    /// Prefixes and namespaces, the innermost last.
    bindings: Vec<(Arc<str>, Arc<str>)>,
    /// What each prefix is bound to, the innermost last; where there are more than few.
    index: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// The number of the last prefix that was taken because nobody has it.
    spare: usize,
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
        if len <= FEW {
            self.index.clear();
            return self.bindings.truncate(len);
        }
        while self.bindings.len() > len {
            let Some((prefix, _)) = self.bindings.pop() else { return };
            self.index.get_mut(&prefix).and_then(Vec::pop);
        }
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
            self.bind(prefix.into(), namespace.clone());
        }
    }

    /// The prefix for an element in a namespace, empty for none; it is bound where need be.
    pub fn of_element(&mut self, namespace: &str) -> Arc<str> {
        if !namespace.is_empty() {
            return self.prefix(namespace, true);
        }
        if self.bound("").is_some_and(|default| !default.is_empty()) {
            self.bind("".into(), "".into());
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
        if let Some(prefix) = of_namespace.map(|(prefix, _)| prefix).take(TRIED).find(|prefix| usable(prefix)) {
            return prefix.clone();
        }
        let usual = PREFIXES.iter().find(|(_, known)| *known == namespace).map(|(prefix, _)| Arc::from(*prefix));
        let numbered = (1..=TRIED).map(|number| format!("n{number}").into());
        let free = usual.into_iter().chain(numbered).find(|prefix: &Arc<str>| self.bound(prefix).is_none());
        let prefix = free.unwrap_or_else(|| self.spare());
        self.bind(prefix.clone(), namespace.into());
        prefix
    }

    /// A prefix that nobody has. No number is tried twice.
    fn spare(&mut self) -> Arc<str> {
        self.spare = self.spare.max(TRIED);
        loop {
            self.spare += 1;
            let prefix = format!("n{}", self.spare);
            if self.bound(&prefix).is_none() {
                return prefix.into();
            }
        }
    }

    fn bind(&mut self, prefix: Arc<str>, namespace: Arc<str>) {
        self.bindings.push((prefix, namespace));
        let new = match self.bindings.len() {
            len if len <= FEW => return,
            len if self.index.is_empty() => 0..len,
            len => len - 1..len,
        };
        for (prefix, namespace) in self.bindings.get(new).unwrap_or_default() {
            self.index.entry(prefix.clone()).or_default().push(namespace.clone());
        }
    }

    /// The namespace that a prefix is bound to here.
    fn bound(&self, prefix: &str) -> Option<&str> {
        if self.index.is_empty() {
            self.bindings.iter().rev().find(|(known, _)| &**known == prefix).map(|(_, namespace)| &**namespace)
        } else {
            self.index.get(prefix)?.last().map(|namespace| &**namespace)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_bindings_say_what_few_say() {
        let mut prefixes = Prefixes::default();
        let (u, v): (Arc<str>, Arc<str>) = ("u".into(), "v".into());
        for number in 0..100 {
            prefixes.declare(&format!("p{number:03}"), &u, "u");
        }
        let outer = prefixes.len();
        for number in 1..100 {
            prefixes.declare(&format!("p{number:03}"), &v, "u");
        }
        assert_eq!(
            (prefixes.bound("p000"), prefixes.bound("p099"), prefixes.bound("p100")),
            (Some("u"), Some("v"), None)
        );
        // One is still bound to it, and is not looked for among so many.
        assert_eq!((&*prefixes.of_element("u"), &*prefixes.of_element("v")), ("n1", "p099"));
        for number in 2..20 {
            assert_eq!(*prefixes.of_element(&format!("w{number}")), *format!("n{number}"));
        }
        prefixes.truncate(outer);
        assert_eq!((prefixes.bound("p099"), prefixes.bound("n1"), prefixes.len()), (Some("u"), None, 100));
        prefixes.truncate(2);
        assert_eq!((prefixes.bound("p001"), prefixes.bound("p002")), (Some("u"), None));
    }
}
