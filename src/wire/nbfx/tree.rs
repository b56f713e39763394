//! Trees written as records, the way Microsoft's stack does or in any other that says the same.
//!
//! Leaves out where interned strings are sent. Follows [MC-NBFX] 2 and, for what Microsoft's stack does, what it was seen
//! to do. Prefixes are those of the tree's scopes.

use std::{slice, sync::Arc};

use super::{DictionaryString, Prefix, Record, Str, Utf16, Value, Values, Width, Writer, typed};
use crate::{
    spec::namespace::ADDRESSING,
    wire::nbfs,
    xml::{Element, Node, Prefixes, Scope},
};

/// Which of the records that say the same are written. By default those that Microsoft's stack writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether names of the static dictionary are given by their ids; on by default.
    pub dictionary: bool,
    /// What is sent once and then by its id, as far as the session has room; names by default.
    pub intern: Intern,
    /// Whether prefixes of one letter are part of the record type; on by default.
    pub letters: bool,
    /// Whether a text and the end of its element are one record; on by default.
    pub with_end_element: bool,
    /// Whether text that is the characters of a typed value is written as one; off by default.
    pub typed: bool,
    /// Whether elements of one name that follow each other, each with a typed value, are an array; off by default.
    pub arrays: bool,
    /// Whether all characters are UTF-16, not only where that is shorter; off by default.
    pub unicode: bool,
}

/// What is sent once and then by its id. Each includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Intern {
    /// Nothing.
    Nothing,
    /// The text of Action and To.
    Headers,
    /// Names and namespaces that are not in the static dictionary.
    Names,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            dictionary: true,
            intern: Intern::Names,
            letters: true,
            with_end_element: true,
            typed: false,
            arrays: false,
            unicode: false,
        }
    }
}

impl Style {
    /// Nothing that needs a dictionary or a type: Strings and characters alone.
    pub fn plain() -> Self {
        Self { dictionary: false, intern: Intern::Nothing, letters: false, with_end_element: false, ..Self::default() }
    }
}

/// Writes an element and all that it holds. `intern` gives the id of a string that is to be sent once, where there is room.
pub(in crate::wire) fn write_tree(
    root: &Element,
    style: Style,
    intern: &mut dyn FnMut(&str) -> Option<u32>,
) -> Vec<u8> {
    let writer = if style.with_end_element { Writer::new() } else { Writer::new().apart() };
    let mut tree = Tree {
        writer,
        style,
        intern,
        prefixes: Prefixes::default(),
        attributes: Vec::new(),
        known: vec![Known::default(); KNOWN],
    };
    tree.write(root);
    tree.writer.into_bytes()
}

struct Tree<'w> {
    writer: Writer,
    style: Style,
    intern: &'w mut dyn FnMut(&str) -> Option<u32>,
    prefixes: Prefixes,
    /// The prefixes of the attributes of the start tag that is being written.
    attributes: Vec<Arc<str>>,
    /// Names that were looked up, by their places.
    known: Vec<Known>,
}

/// How many names are known by their places.
const KNOWN: usize = 256;

/// A name that was looked up: where it lies in memory, and its id where it has one.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    place: (usize, usize),
    id: Option<u32>,
}

/// An element whose content is being written.
struct Level<'a> {
    element: &'a Element,
    rest: slice::Iter<'a, Node>,
    /// How many prefixes were bound outside.
    outside: usize,
}

impl Tree<'_> {
    fn write(&mut self, root: &Element) {
        let outside = self.prefixes.len();
        self.start(root, &Scope::default());
        let mut levels = vec![Level { element: root, rest: root.children.iter(), outside }];
        while let Some(level) = levels.last_mut() {
            match level.rest.next() {
                Some(Node::Text(text)) => {
                    let value = self.value(text, Some(level.element));
                    write_text(&mut self.writer, value);
                }
                Some(Node::Element(child)) => {
                    if self.style.arrays && self.array(child, level) {
                        continue;
                    }
                    let outside = self.prefixes.len();
                    self.start(child, &level.element.scope);
                    levels.push(Level { element: child, rest: child.children.iter(), outside });
                }
                None => {
                    self.writer.write(&Record::EndElement);
                    self.prefixes.truncate(level.outside);
                    levels.pop();
                }
            }
        }
    }

    /// Writes an element's record, declarations and attributes.
    fn start(&mut self, element: &Element, around: &Scope) {
        let outside = self.prefixes.len();
        if !element.scope.is_shared_with(around) {
            for (prefix, namespace) in element.scope.bindings(around) {
                self.prefixes.declare(prefix, namespace, &element.name.namespace);
            }
        }
        let prefix = self.prefixes.of_element(&element.name.namespace);
        self.attributes.clear();
        for attribute in &element.attributes {
            self.attributes.push(self.prefixes.of_attribute(&attribute.name.namespace));
        }

        let name = self.string(&element.name.local);
        self.writer.write(&Record::Element { prefix: self.prefix(&prefix), name });
        if self.prefixes.len() > outside {
            for (prefix, namespace) in self.prefixes.since(outside).to_vec() {
                let namespace = self.string(&namespace);
                let prefix = if prefix.is_empty() { None } else { Some(&*prefix) };
                self.writer.write(&Record::Xmlns { prefix, namespace });
            }
        }
        let prefixes = std::mem::take(&mut self.attributes);
        for (attribute, prefix) in element.attributes.iter().zip(&prefixes) {
            let name = self.string(&attribute.name.local);
            let value = self.value(&attribute.value, None);
            let prefix = self.prefix(prefix);
            match value {
                Text::Value(value) => self.writer.write(&Record::Attribute { prefix, name, value }),
                Text::Unicode(bytes) => {
                    let value = unicode(&bytes);
                    self.writer.write(&Record::Attribute { prefix, name, value });
                }
            }
        }
        self.attributes = prefixes;
    }

    fn prefix<'a>(&self, prefix: &'a str) -> Prefix<'a> {
        match Prefix::of(prefix) {
            Prefix::Letter(_) if !self.style.letters => Prefix::Text(prefix),
            prefix => prefix,
        }
    }

    /// A name or a namespace. Trees share their names: one that was looked up is known by its place the next time.
    fn string<'a>(&mut self, text: &'a Arc<str>) -> Str<'a> {
        let place = (Arc::as_ptr(text).addr(), text.len());
        let slot = self.known.get_mut((place.0 >> 4) % KNOWN);
        let id = match slot {
            Some(known) if known.place == place => known.id,
            slot => {
                let style = self.style;
                let mut id = if style.dictionary { nbfs::id(text) } else { None };
                if id.is_none() && style.intern >= Intern::Names && !text.is_empty() {
                    id = (self.intern)(text);
                }
                if let Some(slot) = slot {
                    *slot = Known { place, id };
                }
                id
            }
        };
        id.map_or(Str::Text(text), |id| Str::Dictionary(DictionaryString { id, text, is_name: true }))
    }

    /// The value of a text in an element, or of an attribute.
    fn value<'a>(&mut self, text: &'a str, element: Option<&Element>) -> Text<'a> {
        let dictionary = |id| Text::Value(Value::Dictionary(DictionaryString { id, text, is_name: false }));
        let header =
            element.filter(|element| &*element.name.namespace == ADDRESSING).map(|element| &*element.name.local);
        match (text, header) {
            ("", _) => return Text::Value(Value::Empty),
            ("0", _) if self.style != Style::plain() => return Text::Value(Value::Zero),
            ("1", _) if self.style != Style::plain() => return Text::Value(Value::One),
            (_, Some("Action" | "To")) if self.style.intern >= Intern::Headers => {
                if let Some(id) = nbfs::id(text).or_else(|| (self.intern)(text)) {
                    return dictionary(id);
                }
            }
            (_, Some("Address" | "To")) if self.style.dictionary => {
                if let Some(id) = nbfs::id(text) {
                    return dictionary(id);
                }
            }
            (_, Some("MessageID" | "RelatesTo")) if self.style.dictionary => {
                if let Some(value) = typed::of_type(0xAC, text) {
                    return Text::Value(value);
                }
            }
            _ => {}
        }
        if self.style.typed
            && let Some(value) = typed::shortest(text)
        {
            return Text::Value(value);
        }
        let shorter = !text.is_ascii() && text.len() / 2 > text.encode_utf16().count();
        if self.style.unicode || (shorter && self.style.dictionary) {
            return Text::Unicode(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        }
        Text::Value(Value::Chars(Width::of(text.len()), text))
    }

    /// Writes a child and those that follow it as an array, where they are one: two at least, of one name, with nothing but
    /// a value of one type. Whether it did, and took them.
    fn array(&mut self, first: &Element, level: &mut Level<'_>) -> bool {
        let around = &level.element.scope;
        let alone = |element: &'_ Element| {
            element.name == first.name && element.attributes.is_empty() && element.scope.is_shared_with(around)
        };
        let mut texts = Vec::new();
        for element in std::iter::once(Some(first)).chain(level.rest.as_slice().iter().map(as_element)).map_while(|e| e)
        {
            match element.children.as_slice() {
                [Node::Text(text)] if alone(element) => texts.push(text.as_str()),
                _ => break,
            }
        }
        let values = ARRAYS.into_iter().find_map(|record_type| {
            let values: Option<Vec<_>> = texts.iter().map(|text| typed::of_type(record_type & 0xFE, text)).collect();
            Some((record_type, values?))
        });
        let Some((record_type, values)) = values.filter(|(_, values)| values.len() > 1) else { return false };
        let mut data = Vec::new();
        for value in &values {
            value.write(&mut data);
        }
        let outside = self.prefixes.len();
        self.writer.write(&Record::Array);
        self.start(first, around);
        self.prefixes.truncate(outside);
        self.writer.write(&Record::EndElement);
        self.writer.write(&Record::ArrayValues(Values { record_type, count: values.len(), data: &data }));
        level.rest = level.rest.as_slice().get(values.len() - 1..).unwrap_or_default().iter();
        true
    }
}

/// The records that arrays hold, those of fewer bytes first.
const ARRAYS: [u8; 10] = [0xB5, 0x8B, 0x8D, 0x8F, 0x91, 0x93, 0x97, 0xAF, 0xB1, 0x95];

fn as_element(node: &Node) -> Option<&Element> {
    match node {
        Node::Element(element) => Some(element),
        Node::Text(_) => None,
    }
}

/// A value to be written; UTF-16 is made for it.
enum Text<'a> {
    Value(Value<'a>),
    Unicode(Vec<u8>),
}

fn write_text(writer: &mut Writer, text: Text<'_>) {
    match text {
        Text::Value(value) => writer.write(&Record::Text { value, end: false }),
        Text::Unicode(bytes) => writer.write(&Record::Text { value: unicode(&bytes), end: false }),
    }
}

fn unicode(bytes: &[u8]) -> Value<'_> {
    Utf16::new(bytes).map_or(Value::Empty, |text| Value::UnicodeChars(Width::of(bytes.len()), text))
}
