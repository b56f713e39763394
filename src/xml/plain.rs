//! Documents of the plainest kind, read without a tree: many times as fast as one is built.
//!
//! Takes a part of what is well-formed, and says of the rest only that it is not of that part, so that whoever wants to
//! know more asks [`read`](super::read): references, CDATA, comments, declarations and instructions, carriage returns,
//! names beyond ASCII, and everything that is wrong. Follows XML 1.0 (fifth edition) and Namespaces in XML 1.0.

use super::{Child, View, check_declaration};
use crate::spec::namespace::XSI;

/// The longest text, in bytes; no single text in it can be beyond the default limits.
const LONGEST: usize = 1 << 20;
/// The most elements and texts together.
const NODES: usize = 100_000;
/// How deep elements may stand within each other, as by default.
const DEEPEST: usize = 100;
/// The most attributes of an element, declarations included: they are compared one by one.
const ATTRIBUTES: usize = 16;
/// The most declarations in scope at one place.
const BOUND: usize = 64;
/// How many elements and texts, and how many attributes, a reader keeps room for between documents.
const KEPT: usize = 256;

/// Reads documents, one after the other in the same room.
#[derive(Debug, Default)]
pub struct PlainReader {
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    bound: Vec<(Span, Span)>,
    open: Vec<Open>,
}

/// A document.
#[derive(Debug, Clone, Copy)]
pub struct Plain<'t> {
    text: &'t str,
    /// Elements and texts in document order.
    nodes: &'t [Node],
    attributes: &'t [Attribute],
}

/// A part of a text, by its bytes; the first is 0 and the end is 0 of what is nowhere.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    start: u32,
    end: u32,
}

/// An element or a text.
#[derive(Debug)]
struct Node {
    is_element: bool,
    /// The local name, or the text.
    text: Span,
    namespace: Span,
    /// Its attributes: the first, and behind the last.
    attributes: (u32, u32),
    /// Behind all that it holds.
    next: u32,
}

#[derive(Debug, Clone, Copy)]
struct Attribute {
    /// While its tag is read, its prefix.
    namespace: Span,
    local: Span,
    value: Span,
}

/// An element whose end is to come.
#[derive(Debug)]
struct Open {
    /// Its name as it is spelled.
    name: Span,
    node: usize,
    /// How many prefixes are bound outside it.
    outside: usize,
}

/// An element of a [`Plain`] document.
#[derive(Debug, Clone, Copy)]
pub struct PlainElement<'a> {
    plain: Plain<'a>,
    at: usize,
}

impl Span {
    fn of(self, text: &str) -> &str {
        text.get(index(self.start)..index(self.end)).unwrap_or_default()
    }
}

/// What is longer than 4 GiB is never read.
fn index(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

fn place(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl PlainReader {
    /// Reads a document; none where it is not of the plainest kind, whatever it is.
    pub fn read<'t>(&'t mut self, bytes: &'t [u8]) -> Option<Plain<'t>> {
        if bytes.len() > LONGEST {
            return None;
        }
        let text = std::str::from_utf8(bytes).ok()?;
        // The two characters beyond the first 128 that may not stand anywhere.
        if !text.is_ascii() && text.contains(['\u{FFFE}', '\u{FFFF}']) {
            return None;
        }
        for room in [self.nodes.capacity(), self.attributes.capacity()] {
            if room > KEPT {
                *self = Self::default();
            }
        }
        self.nodes.clear();
        self.attributes.clear();
        self.bound.clear();
        self.open.clear();
        Scanner { text, at: 0, out: &mut *self }.document()?;
        Some(Plain { text, nodes: &self.nodes, attributes: &self.attributes })
    }
}

impl<'t> Plain<'t> {
    /// The one element at the top.
    pub fn root(self) -> PlainElement<'t> {
        PlainElement { plain: self, at: 0 }
    }
}

impl<'a> PlainElement<'a> {
    fn node(self) -> Option<&'a Node> {
        self.plain.nodes.get(self.at)
    }

    fn attributes(self) -> &'a [Attribute] {
        let own = self.node().and_then(|node| {
            let (first, end) = node.attributes;
            self.plain.attributes.get(index(first)..index(end))
        });
        own.unwrap_or_default()
    }
}

impl<'a> View<'a> for PlainElement<'a> {
    fn local(self) -> &'a str {
        self.node().map_or("", |node| node.text.of(self.plain.text))
    }

    fn namespace(self) -> &'a str {
        self.node().map_or("", |node| node.namespace.of(self.plain.text))
    }

    fn attribute(self, namespace: &str, local: &str) -> Option<&'a str> {
        let text = self.plain.text;
        let is_it = |known: &&Attribute| known.local.of(text) == local && known.namespace.of(text) == namespace;
        self.attributes().iter().find(is_it).map(|known| known.value.of(text))
    }

    fn children(self) -> impl Iterator<Item = Child<'a, Self>> {
        let plain = self.plain;
        let end = self.node().map_or(0, |node| index(node.next));
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            let node = plain.nodes.get(at).filter(|_| at < end)?;
            let child = if node.is_element {
                Child::Element(Self { plain, at })
            } else {
                Child::Text(node.text.of(plain.text))
            };
            at = index(node.next);
            Some(child)
        })
    }

    /// What has a name that is not bound is not of the plainest kind.
    fn is_type_bound(self) -> bool {
        true
    }
}

/// A text that is read.
struct Scanner<'r, 't> {
    text: &'t str,
    at: usize,
    out: &'r mut PlainReader,
}

impl<'t> Scanner<'_, 't> {
    fn document(mut self) -> Option<()> {
        if self.peek() != Some(b'<') {
            return None;
        }
        loop {
            if self.out.nodes.len() >= NODES {
                return None;
            }
            match self.peek()? {
                b'<' if self.text.as_bytes().get(self.at + 1) == Some(&b'/') => self.end_tag()?,
                b'<' => self.start_tag()?,
                _ => self.characters()?,
            }
            if self.out.open.is_empty() {
                return self.rest().bytes().all(is_space).then_some(());
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes over this octet, where it is the next.
    fn take(&mut self, octet: u8) -> Option<()> {
        (self.peek()? == octet).then(|| self.at += 1)
    }

    /// Goes over so many bytes.
    fn span(&mut self, length: usize) -> Span {
        let start = place(self.at);
        self.at += length;
        Span { start, end: place(self.at) }
    }

    fn characters(&mut self) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let text = rest.get(..memchr::memchr(b'<', rest)?)?;
        // What is no character, begins a reference, or may end a CDATA section that was never begun.
        let is_plain = |octet: u8| (octet >= b' ' && octet != b'&' && octet != b']') || matches!(octet, b'\t' | b'\n');
        if !text.iter().fold(true, |all, octet| all & is_plain(*octet)) {
            return None;
        }
        let text = self.span(text.len());
        let next = place(self.out.nodes.len() + 1);
        let (namespace, attributes) = (Span::default(), (0, 0));
        self.out.nodes.push(Node { is_element: false, text, namespace, attributes, next });
        Some(())
    }

    fn end_tag(&mut self) -> Option<()> {
        let open = self.out.open.pop()?;
        let name = open.name.of(self.text);
        let rest = self.text.as_bytes().get(self.at + 2..)?.strip_prefix(name.as_bytes())?;
        self.at = self.text.len() - rest.len();
        self.take(b'>')?;
        let next = place(self.out.nodes.len());
        self.out.nodes.get_mut(open.node)?.next = next;
        self.out.bound.truncate(open.outside);
        Some(())
    }

    fn start_tag(&mut self) -> Option<()> {
        if self.out.open.len() >= DEEPEST {
            return None;
        }
        let (begin, outside) = (self.at + 1, self.out.bound.len());
        self.at = begin;
        let (prefix, text) = self.name()?;
        let name = Span { start: place(begin), end: place(self.at) };
        let first = self.out.attributes.len();
        let is_empty = self.attributes(first, outside)?;
        let namespace = match prefix.of(self.text) {
            "" => self.namespace("").unwrap_or_default(),
            prefix => self.namespace(prefix)?,
        };
        self.resolve(first)?;
        let attributes = (place(first), place(self.out.attributes.len()));
        let node = self.out.nodes.len();
        self.out.nodes.push(Node { is_element: true, text, namespace, attributes, next: place(node + 1) });
        if is_empty {
            self.out.bound.truncate(outside);
        } else {
            self.out.open.push(Open { name, node, outside });
        }
        Some(())
    }

    /// Reads the attributes up to the end of the tag, their prefixes in place of their namespaces; whether the tag closes
    /// its element.
    fn attributes(&mut self, first: usize, outside: usize) -> Option<bool> {
        loop {
            let spaced = self.at;
            while self.peek().is_some_and(is_space) {
                self.at += 1;
            }
            match self.peek()? {
                b'>' => {
                    self.at += 1;
                    return Some(false);
                }
                b'/' => {
                    self.at += 1;
                    return self.take(b'>').map(|()| true);
                }
                _ if self.at == spaced => return None,
                _ => {}
            }
            let (prefix, local) = self.name()?;
            self.take(b'=')?;
            let value = self.value()?;
            let declared = match (prefix.of(self.text), local.of(self.text)) {
                ("", "xmlns") => Some(Span::default()),
                ("xmlns", _) => Some(local),
                _ => None,
            };
            if let Some(declared) = declared {
                let name = declared.of(self.text);
                check_declaration(name, value.of(self.text)).ok()?;
                let mut own = self.out.bound.iter().skip(outside);
                if name == "xml" || own.any(|(known, _)| known.of(self.text) == name) {
                    return None;
                }
                self.out.bound.push((declared, value));
            } else {
                self.out.attributes.push(Attribute { namespace: prefix, local, value });
            }
            let count = self.out.attributes.len() - first + self.out.bound.len() - outside;
            if count > ATTRIBUTES || self.out.bound.len() > BOUND {
                return None;
            }
        }
    }

    /// Puts the namespaces of attributes in the place of their prefixes. No two may have one name; without a prefix there
    /// is no namespace.
    fn resolve(&mut self, first: usize) -> Option<()> {
        for at in first..self.out.attributes.len() {
            let Attribute { namespace: prefix, local, value } = *self.out.attributes.get(at)?;
            let namespace = match prefix.of(self.text) {
                "" => Span::default(),
                prefix => self.namespace(prefix)?,
            };
            let (of, name) = (namespace.of(self.text), local.of(self.text));
            let mut before = self.out.attributes.get(first..at)?.iter();
            if before.any(|known| known.local.of(self.text) == name && known.namespace.of(self.text) == of) {
                return None;
            }
            if name == "type" && of == XSI && !self.is_name_in_scope(value.of(self.text)) {
                return None;
            }
            self.out.attributes.get_mut(at)?.namespace = namespace;
        }
        Some(())
    }

    /// Whether a value is a name that resolves, as `Scope::resolve` has it; that of the `xml` prefix is left to it.
    fn is_name_in_scope(&self, value: &str) -> bool {
        let value = value.trim_matches([' ', '\t', '\r', '\n']);
        match value.split_once(':') {
            None => !value.is_empty(),
            Some((prefix, local)) => {
                let is_local = !local.is_empty() && !local.contains(':');
                is_local && !prefix.is_empty() && self.namespace(prefix).is_some()
            }
        }
    }

    /// The namespace of a prefix, or the default.
    fn namespace(&self, prefix: &str) -> Option<Span> {
        let is_it = |known: &Span| known.of(self.text) == prefix;
        self.out.bound.iter().rev().find(|(known, _)| is_it(known)).map(|(_, namespace)| *namespace)
    }

    /// Goes over a name of ASCII; its prefix and its local part.
    fn name(&mut self) -> Option<(Span, Span)> {
        let one = self.part()?;
        if self.peek() != Some(b':') {
            return Some((Span::default(), one));
        }
        self.at += 1;
        Some((one, self.part()?))
    }

    fn part(&mut self) -> Option<Span> {
        let rest = self.text.as_bytes().get(self.at..)?;
        if !rest.first().is_some_and(|octet| octet.is_ascii_alphabetic() || *octet == b'_') {
            return None;
        }
        let is_within = |octet: u8| matches!(octet, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.');
        let length = rest.iter().position(|octet| !is_within(*octet))?;
        Some(self.span(length))
    }

    /// Goes over a quoted value that means what it spells.
    fn value(&mut self) -> Option<Span> {
        let quote = self.peek().filter(|octet| matches!(octet, b'"' | b'\''))?;
        self.at += 1;
        let rest = self.text.as_bytes().get(self.at..)?;
        let value = rest.get(..memchr::memchr(quote, rest)?)?;
        let is_plain = |octet: u8| octet >= b' ' && octet != b'&' && octet != b'<';
        if !value.iter().fold(true, |all, octet| all & is_plain(*octet)) {
            return None;
        }
        let span = self.span(value.len());
        self.at += 1;
        Some(span)
    }
}

/// White space that is read as it stands.
fn is_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\n')
}

#[cfg(test)]
#[path = "plain_tests.rs"]
mod tests;
