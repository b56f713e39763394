//! Prefixes bound to namespaces while records are read, without a copy of either.
//!
//! Leaves out scopes that outlive the reader. Follows Namespaces in XML 1.0.

use super::names::letter;
use crate::spec::namespace::XML;

/// The bindings at the place that is being read.
#[derive(Debug)]
pub(super) struct Bindings<'a> {
    /// The namespaces of the default and of the prefixes that are one letter, where nearly all are.
    short: [Option<&'a str>; 27],
    declared: Vec<Declared<'a>>,
}

#[derive(Debug, Clone, Copy)]
struct Declared<'a> {
    prefix: &'a str,
    namespace: &'a str,
    /// What a short prefix was bound to outside.
    outside: Option<&'a str>,
}

impl<'a> Bindings<'a> {
    pub(super) fn new() -> Self {
        Self { short: [None; 27], declared: Vec::new() }
    }

    /// How many declarations are in scope.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.declared.len()
    }

    /// Binds a prefix, empty for the default.
    pub(super) fn declare(&mut self, prefix: &'a str, namespace: &'a str) {
        let outside = short(prefix).and_then(|at| self.short.get_mut(at)).and_then(|bound| bound.replace(namespace));
        self.declared.push(Declared { prefix, namespace, outside });
    }

    /// The declarations since there were so many.
    pub(super) fn since(&self, len: usize) -> impl DoubleEndedIterator<Item = (&'a str, &'a str)> {
        self.declared.iter().skip(len).map(|declared| (declared.prefix, declared.namespace))
    }

    /// Undoes the declarations since there were so many.
    #[inline]
    pub(super) fn truncate(&mut self, len: usize) {
        while self.declared.len() > len {
            let Some(declared) = self.declared.pop() else { return };
            if let Some(bound) = short(declared.prefix).and_then(|at| self.short.get_mut(at)) {
                *bound = declared.outside;
            }
        }
    }

    /// The namespace of a prefix; none where it is not bound. The default is empty where none is declared.
    #[inline]
    pub(super) fn namespace(&self, prefix: &str) -> Option<&'a str> {
        match short(prefix) {
            Some(0) => Some(self.short.first().copied().flatten().unwrap_or_default()),
            Some(at) => self.short.get(at).copied().flatten(),
            None => {
                let innermost = self.declared.iter().rev().find(|declared| declared.prefix == prefix);
                innermost.map(|declared| declared.namespace).or_else(|| (prefix == "xml").then_some(XML))
            }
        }
    }
}

/// Where a short prefix stands.
#[inline]
fn short(prefix: &str) -> Option<usize> {
    if prefix.is_empty() { Some(0) } else { letter(prefix).map(|letter| usize::from(letter) + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_declaration_counts() {
        let mut bindings = Bindings::new();
        assert_eq!(
            (bindings.namespace(""), bindings.namespace("a"), bindings.namespace("xml")),
            (Some(""), None, Some(XML))
        );
        for (prefix, namespace) in [("", "d"), ("a", "outer"), ("long", "outer")] {
            bindings.declare(prefix, namespace);
        }
        let outer = bindings.len();
        for (prefix, namespace) in [("", ""), ("a", "inner"), ("long", "inner")] {
            bindings.declare(prefix, namespace);
        }
        let bound = |bindings: &Bindings<'static>| ["", "a", "long", "b"].map(|prefix| bindings.namespace(prefix));
        assert_eq!(bound(&bindings), [Some(""), Some("inner"), Some("inner"), None]);
        assert_eq!(bindings.since(outer).last(), Some(("long", "inner")));
        bindings.truncate(outer);
        assert_eq!(bound(&bindings), [Some("d"), Some("outer"), Some("outer"), None]);
        bindings.truncate(0);
        assert_eq!(bound(&bindings), [Some(""), None, None, None]);
    }
}
