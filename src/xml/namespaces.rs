//! Prefixes bound to namespaces while a document is read.
//!
//! Leaves out the tree's own scopes, which share what they hold. Follows Namespaces in XML 1.0.

use std::sync::Arc;

use super::{QName, Scope, XmlErrorKind, chars::is_ncname, error::Fault, value::excerpt};
use crate::spec::namespace::{XML, XMLNS};

/// The most declarations in scope at one place: with more, scopes would be slow to search.
pub const MOST_IN_SCOPE: usize = 1000;

/// The bindings at the place that is being read.
#[derive(Debug)]
pub(super) struct Bindings<'a> {
    /// Prefixes with their namespaces, the innermost last; empty text where there is none. Few are in scope as a rule.
    bound: Vec<(&'a str, Arc<str>)>,
    /// For each open element how many were bound outside it, and its scope.
    open: Vec<(usize, Scope)>,
    /// How many are bound outside all elements, and their scope.
    outermost: (usize, Scope),
    none: Arc<str>,
}

impl<'a> Bindings<'a> {
    /// The bindings outside all elements: these, and `xml`.
    pub(super) fn new(outermost: &[(&'a str, &str)]) -> Self {
        let mut bound = vec![("xml", Arc::from(XML))];
        let mut declared = Vec::new();
        for (prefix, namespace) in outermost {
            let namespace: Arc<str> = (*namespace).into();
            bound.push((*prefix, namespace.clone()));
            declared.push(((*prefix).into(), namespace));
        }
        let outermost = (bound.len(), Scope::default().with(declared));
        Self { bound, open: Vec::new(), outermost, none: "".into() }
    }

    /// Enters an element that declares these prefixes; its scope.
    pub(super) fn enter(&mut self, declared: Vec<(&'a str, Arc<str>)>) -> Scope {
        let (_, outer) = self.open.last().unwrap_or(&self.outermost);
        let scope = outer.with(declared.iter().map(|(prefix, name)| ((*prefix).into(), name.clone())).collect());
        self.open.push((self.bound.len(), scope.clone()));
        self.bound.extend(declared);
        scope
    }

    /// Leaves the innermost element.
    pub(super) fn leave(&mut self) {
        if let Some((outside, _)) = self.open.pop() {
            self.bound.truncate(outside);
        }
    }

    /// How many declarations of elements are in scope.
    pub(super) fn in_scope(&self) -> usize {
        self.bound.len() - self.outermost.0
    }

    /// The namespace of an element's prefix; the empty prefix asks for the default.
    pub(super) fn element(&self, prefix: &str) -> Option<Arc<str>> {
        match self.bound.iter().rev().find(|(known, _)| *known == prefix) {
            Some((_, namespace)) => Some(namespace.clone()),
            None if prefix.is_empty() => Some(self.none.clone()),
            None => None,
        }
    }

    /// The namespace of an attribute's prefix; without one it has none, whatever the default.
    pub(super) fn attribute(&self, prefix: &str) -> Option<Arc<str>> {
        if prefix.is_empty() { Some(self.none.clone()) } else { self.element(prefix) }
    }
}

/// The prefix that an attribute of this name declares, where it is a namespace declaration: empty for the default.
pub(super) fn declared_prefix(name: &str) -> Option<&str> {
    if name == "xmlns" { Some("") } else { name.strip_prefix("xmlns:").filter(|prefix| !prefix.is_empty()) }
}

/// Whether a declaration may be made, Namespaces in XML 2.2 and 3.
///
/// # Errors
/// Says which rule it breaks.
pub fn check_declaration(prefix: &str, namespace: &str) -> Result<(), XmlErrorKind> {
    let wrong = match (prefix, namespace) {
        ("xml", XML) => return Ok(()),
        ("xml", _) => "the prefix `xml` is bound to another namespace than its own",
        ("xmlns", _) => "the prefix `xmlns` is declared",
        (_, XML) => "the namespace of `xml` is bound to another prefix",
        (_, XMLNS) => "the namespace of `xmlns` is bound",
        ("", _) => return Ok(()),
        (prefix, _) if !is_ncname(prefix) => return Err(XmlErrorKind::QName(excerpt(&format!("xmlns:{prefix}")))),
        (_, "") => "a prefix is bound to no namespace",
        _ => return Ok(()),
    };
    Err(XmlErrorKind::NamespaceDeclaration(wrong))
}

/// A name that begins at `at`, in two parts; the prefix is empty where there is none.
pub(super) fn split(name: &str, at: usize) -> Result<(&str, &str), Fault> {
    match name.split_once(':') {
        None => Ok(("", name)),
        Some((prefix, local)) if is_ncname(prefix) && is_ncname(local) => Ok((prefix, local)),
        Some(_) => Err(Fault::new(at, XmlErrorKind::QName(excerpt(name)))),
    }
}

/// A name of parts that are shared.
pub(super) fn name(namespace: Option<Arc<str>>, local: Arc<str>, prefix: &str, at: usize) -> Result<QName, Fault> {
    match namespace {
        Some(namespace) => Ok(QName { namespace, local }),
        None => Err(Fault::new(at, XmlErrorKind::UnboundPrefix(excerpt(prefix)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bindings_follow_the_elements() {
        let mut bindings = Bindings::new(&[("", "d"), ("p", "outer")]);
        assert_eq!(bindings.element("p").as_deref(), Some("outer"));
        let scope = bindings.enter(vec![("p", "inner".into()), ("", "".into())]);
        assert_eq!(bindings.element("p").as_deref(), Some("inner"));
        assert_eq!(bindings.element("").as_deref(), Some(""));
        assert_eq!(scope.resolve("p:x"), Some(QName::new("inner", "x")));
        assert_eq!(bindings.in_scope(), 2);
        bindings.leave();
        assert_eq!(bindings.element("").as_deref(), Some("d"));
        assert_eq!(bindings.attribute("").as_deref(), Some(""));
        assert_eq!(bindings.element("q"), None);
        assert_eq!(bindings.element("xml").as_deref(), Some(XML));
        bindings.leave();
        assert_eq!(bindings.in_scope(), 0);
    }

    #[test]
    fn reserved_names_keep_their_meaning() {
        for (prefix, namespace) in [("xml", XML), ("p", "u"), ("", "u"), ("", ""), ("xmlfoo", "u")] {
            assert_eq!(check_declaration(prefix, namespace), Ok(()), "{prefix}={namespace}");
        }
        for (prefix, namespace) in [
            ("xml", "u"),
            ("xmlns", XMLNS),
            ("xmlns", "u"),
            ("p", XML),
            ("", XML),
            ("p", XMLNS),
            ("", XMLNS),
            ("p", ""),
        ] {
            let result = check_declaration(prefix, namespace);
            assert!(matches!(result, Err(XmlErrorKind::NamespaceDeclaration(_))), "{prefix}={namespace}");
        }
        assert!(matches!(check_declaration("1", "u"), Err(XmlErrorKind::QName(_))));
    }
}
