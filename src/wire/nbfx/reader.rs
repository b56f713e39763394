//! Records read as a document, event by event: elements with their names resolved, attributes, values, ends.
//!
//! Leaves out trees. Follows [MC-NBFX] 2 and Namespaces in XML 1.0. What is read borrows from the payload; what is held
//! grows with the depth of the document, never with its length.

use std::collections::BTreeSet;

use super::{
    Record, Str, StringTable, Value,
    bindings::Bindings,
    cursor::Cursor,
    names::excerpt,
    record::{self, Values},
};
use crate::{
    wire::{DecodeError, DecodeErrorKind},
    xml::{Limits, MOST_IN_SCOPE, check_declaration, is_char, is_ncname},
};

/// One thing that a document says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event<'a> {
    /// An element begins; [`Reader::attributes`] and [`Reader::declarations`] have the rest of its start tag.
    Start(Name<'a>),
    /// A value; several of them are one text.
    Text(Value<'a>),
    /// A comment.
    Comment(&'a str),
    /// The innermost open element ends.
    End,
}

/// A name, its prefix resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'a> {
    /// The prefix; empty where there is none.
    pub prefix: &'a str,
    /// The namespace; empty where there is none.
    pub namespace: &'a str,
    /// The local part.
    pub local: &'a str,
}

/// An attribute that is no namespace declaration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attribute<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// Its value.
    pub value: Value<'a>,
}

/// Reads a document.
#[derive(Debug)]
pub struct Reader<'a> {
    cursor: Cursor<'a>,
    table: &'a StringTable,
    limits: Limits,
    bindings: Bindings<'a>,
    attributes: Vec<Attribute<'a>>,
    open: Vec<Open>,
    /// Whether the latest event was a value whose record ends the element too.
    end_follows: bool,
    array: Option<Array<'a>>,
    is_fragment: bool,
    root_seen: bool,
    elements: usize,
    text: TextNode<'a>,
    finished: bool,
}

/// An element that is open.
#[derive(Debug, Clone, Copy)]
struct Open {
    /// Where it began.
    at: usize,
    /// How many declarations were in scope outside.
    bindings: usize,
}

/// An array whose elements are being told.
#[derive(Debug, Clone, Copy)]
struct Array<'a> {
    name: Name<'a>,
    open: Open,
    record_type: u8,
    /// The values that are still to come.
    values: Cursor<'a>,
    /// Whether the element of the next value has begun.
    begun: bool,
}

/// The text node that is being read: where it began, and how many characters it has at most.
#[derive(Debug, Clone, Copy)]
struct TextNode<'a> {
    begun: Cursor<'a>,
    at_most: usize,
}

impl<'a> Reader<'a> {
    /// Begins to read a document: one element at the top.
    ///
    /// # Errors
    /// When there are more bytes than `limits` allows.
    pub fn new(bytes: &'a [u8], table: &'a StringTable, limits: &Limits) -> Result<Self, DecodeError> {
        let cursor = Cursor::of(bytes, "document");
        if bytes.len() > limits.bytes {
            return Err(cursor.limit(limits.bytes, bytes.len()));
        }
        let cursor = Cursor::new(bytes);
        Ok(Self {
            cursor,
            table,
            limits: limits.clamped(),
            bindings: Bindings::new(),
            attributes: Vec::new(),
            open: Vec::new(),
            end_follows: false,
            array: None,
            is_fragment: false,
            root_seen: false,
            elements: 0,
            text: TextNode { begun: cursor, at_most: 0 },
            finished: false,
        })
    }

    /// Begins to read the content of an element: any number of elements, and text beside them.
    ///
    /// # Errors
    /// When there are more bytes than `limits` allows.
    pub fn of_fragment(bytes: &'a [u8], table: &'a StringTable, limits: &Limits) -> Result<Self, DecodeError> {
        Ok(Self { is_fragment: true, ..Self::new(bytes, table, limits)? })
    }

    /// The attributes of the element that began last, until the next event.
    pub fn attributes(&self) -> &[Attribute<'a>] {
        &self.attributes
    }

    /// The prefixes that the element which began last declares, with their namespaces; until the next event.
    pub fn declarations(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let outside = match self.array {
            Some(array) => array.open.bindings,
            None => self.open.last().map_or(0, |open| open.bindings),
        };
        self.bindings.since(outside)
    }

    /// Where the record of the latest event begins, in bytes from the start.
    pub fn offset(&self) -> usize {
        self.cursor.begun()
    }

    /// The next event; none at the end.
    ///
    /// # Errors
    /// The first thing that is no record, not well-formed, or beyond the limits.
    #[inline]
    pub fn next_event(&mut self) -> Result<Option<Event<'a>>, DecodeError> {
        if self.end_follows {
            self.end_follows = false;
            self.leave();
            return Ok(Some(Event::End));
        }
        if self.finished {
            return Ok(None);
        }
        let event = self.record();
        self.finished = !matches!(event, Ok(Some(_)));
        event
    }

    #[inline]
    fn record(&mut self) -> Result<Option<Event<'a>>, DecodeError> {
        if self.array.is_some() {
            return self.array_event().map(Some);
        }
        loop {
            let before = self.cursor;
            let Some(record_type) = self.cursor.begin() else { return self.finish() };
            return match record_type {
                0x40..=0x77 => {
                    let open = self.enter()?;
                    let name = self.start(record_type, open.bindings)?;
                    self.open.push(open);
                    Ok(Some(Event::Start(name)))
                }
                0x80.. => {
                    let (value, end) = record::text(record_type, &mut self.cursor, self.table)?;
                    if self.open.is_empty() && !self.is_fragment {
                        if end || value.text().contains(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')) {
                            return Err(self.cursor.invalid("text stands outside the element at the top"));
                        }
                        continue;
                    }
                    if end && self.open.is_empty() {
                        return Err(self.cursor.invalid("it ends an element, and none is open"));
                    }
                    self.value(&value, before)?;
                    self.end_follows = end;
                    Ok(Some(Event::Text(value)))
                }
                0x01 if self.open.is_empty() => Err(self.cursor.invalid("it ends an element, and none is open")),
                0x01 => {
                    self.leave();
                    Ok(Some(Event::End))
                }
                0x02 => self.comment(),
                0x03 => self.begin_array(),
                0x04..=0x3F => Err(self.cursor.invalid("an attribute does not follow an element or an attribute")),
                _ => Err(self.cursor.error(DecodeErrorKind::Unknown { value: record_type.into() })),
            };
        }
    }

    /// Whether another element may begin here, as the limits and the one element at the top have it.
    #[inline]
    fn enter(&mut self) -> Result<Open, DecodeError> {
        if self.open.is_empty() {
            if self.root_seen && !self.is_fragment {
                return Err(self.cursor.invalid("a second element stands beside the one at the top"));
            }
            self.root_seen = true;
        }
        if self.elements >= self.limits.elements {
            return Err(self.cursor.limit(self.limits.elements, self.elements + 1));
        }
        if self.open.len() >= self.limits.depth {
            return Err(self.cursor.limit(self.limits.depth, self.open.len() + 1));
        }
        self.elements += 1;
        self.text.at_most = 0;
        Ok(Open { at: self.cursor.begun(), bindings: self.bindings.len() })
    }

    /// Ends the innermost element.
    #[inline]
    fn leave(&mut self) {
        if let Some(open) = self.open.pop() {
            self.bindings.truncate(open.bindings);
        }
        self.text.at_most = 0;
    }

    /// Reads an element and its attributes; its name.
    #[inline]
    fn start(&mut self, record_type: u8, outside: usize) -> Result<Name<'a>, DecodeError> {
        let (prefix, name) = Record::element(record_type, &mut self.cursor, self.table)?;
        self.local(name)?;
        self.attributes.clear();
        if matches!(self.cursor.peek(), Some(0x04..=0x3F)) {
            let element = self.cursor;
            self.start_tag(outside)?;
            self.cursor = self.cursor.of_record(&element);
            self.resolve()?;
        }
        self.name(prefix.text(), name.text())
    }

    /// A name of an element; its prefix is bound.
    #[inline]
    fn name(&self, prefix: &'a str, local: &'a str) -> Result<Name<'a>, DecodeError> {
        match self.bindings.namespace(prefix) {
            Some(namespace) => Ok(Name { prefix, namespace, local }),
            None => Err(self.cursor.invalid(format!("the prefix `{}` is not bound", excerpt(prefix)))),
        }
    }

    /// Reads the attributes that follow an element.
    fn start_tag(&mut self, outside: usize) -> Result<(), DecodeError> {
        while let Some(0x04..=0x3F) = self.cursor.peek() {
            let Some(record_type) = self.cursor.begin() else { break };
            let count = self.attributes.len() + self.bindings.len() - outside;
            if count >= self.limits.attributes {
                return Err(self.cursor.limit(self.limits.attributes, count + 1));
            }
            match Record::attribute(record_type, &mut self.cursor, self.table)? {
                Record::Attribute { prefix, name, value } => {
                    self.local(name)?;
                    if value.characters_at_most() > self.limits.text && value.characters() > self.limits.text {
                        return Err(self.cursor.limit(self.limits.text, value.characters()));
                    }
                    let name = Name { prefix: prefix.text(), namespace: "", local: name.text() };
                    self.attributes.push(Attribute { name, value });
                }
                Record::Xmlns { prefix, namespace } => self.declare(prefix, namespace, outside)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Resolves the prefixes of the attributes: without one they have no namespace, whatever the default.
    fn resolve(&mut self) -> Result<(), DecodeError> {
        let mut attributes = std::mem::take(&mut self.attributes);
        for attribute in &mut attributes {
            let Name { prefix, local, .. } = attribute.name;
            if !prefix.is_empty() {
                attribute.name = self.name(prefix, local)?;
            }
        }
        self.attributes = attributes;
        self.unique()
    }

    fn declare(&mut self, prefix: Option<&'a str>, namespace: Str<'a>, outside: usize) -> Result<(), DecodeError> {
        let namespace = namespace.text();
        if prefix == Some("") {
            return Err(self.cursor.invalid("its prefix has no characters"));
        }
        let prefix = prefix.unwrap_or_default();
        check_declaration(prefix, namespace).map_err(|wrong| self.cursor.invalid(wrong.to_string()))?;
        if let Some(c) = namespace.chars().find(|c| !is_char(*c)) {
            return Err(self.cursor.invalid(format!("the character U+{:04X} is not allowed in XML", u32::from(c))));
        }
        if self.bindings.since(outside).any(|(declared, _)| declared == prefix) {
            return Err(self.cursor.invalid(format!("the prefix `{}` is declared twice", excerpt(prefix))));
        }
        if self.bindings.len() >= MOST_IN_SCOPE {
            return Err(self.cursor.limit(MOST_IN_SCOPE, MOST_IN_SCOPE + 1));
        }
        if namespace.len() > self.limits.text && namespace.chars().count() > self.limits.text {
            return Err(self.cursor.limit(self.limits.text, namespace.len()));
        }
        self.bindings.declare(prefix, namespace);
        Ok(())
    }

    /// No attribute may stand twice, by its namespace and its local name.
    fn unique(&self) -> Result<(), DecodeError> {
        let named = |attribute: &Attribute<'a>| (attribute.name.local, attribute.name.namespace);
        let twice = match self.attributes.as_slice() {
            [] | [_] => None,
            [a, b] => (named(a) == named(b)).then_some(b),
            all => {
                let mut seen = BTreeSet::new();
                all.iter().find(|attribute| !seen.insert(named(attribute)))
            }
        };
        match twice {
            None => Ok(()),
            Some(Attribute { name, .. }) => {
                Err(self.cursor.invalid(format!("the attribute `{}` stands twice", excerpt(name.local))))
            }
        }
    }

    /// A local name is one that XML allows, and not `xmlns`.
    #[inline]
    fn local(&self, name: Str<'a>) -> Result<(), DecodeError> {
        let right = match name {
            Str::Dictionary(string) => string.is_name,
            Str::Text(text) => is_ncname(text),
        };
        if right && name.text() != "xmlns" {
            return Ok(());
        }
        Err(self.cursor.invalid(format!("`{}` is not a legal name", excerpt(name.text()))))
    }

    fn comment(&mut self) -> Result<Option<Event<'a>>, DecodeError> {
        let text = self.cursor.string()?;
        super::chars::check(text, &self.cursor)?;
        if text.contains("--") || text.ends_with('-') {
            return Err(self.cursor.invalid("`--` stands in a comment, or `-` at its end"));
        }
        Ok(Some(Event::Comment(text)))
    }

    /// Takes a value into the text node that is being read, from before its record on.
    #[inline]
    fn value(&mut self, value: &Value<'a>, before: Cursor<'a>) -> Result<(), DecodeError> {
        if self.text.at_most == 0 {
            self.text.begun = before;
        }
        self.text.at_most = self.text.at_most.saturating_add(value.characters_at_most());
        if self.text.at_most > self.limits.text { self.recount() } else { Ok(()) }
    }

    /// Counts the characters of the text node, of which only the most was known.
    #[cold]
    fn recount(&mut self) -> Result<(), DecodeError> {
        let mut cursor = self.text.begun;
        let mut characters = 0_usize;
        while cursor.offset() < self.cursor.offset() {
            match cursor.begin() {
                Some(record_type @ 0x80..) => {
                    let (value, _) = record::text(record_type, &mut cursor, self.table)?;
                    characters = characters.saturating_add(value.characters());
                }
                Some(_) => drop(cursor.string()?),
                None => break,
            }
        }
        self.text.at_most = characters;
        if characters > self.limits.text {
            return Err(self.cursor.limit(self.limits.text, characters));
        }
        Ok(())
    }

    /// 2.3.3: an element with its attributes, EndElement, and values, for each of which the element is told.
    fn begin_array(&mut self) -> Result<Option<Event<'a>>, DecodeError> {
        let array = self.cursor;
        match self.cursor.begin() {
            Some(record_type @ 0x40..=0x77) => {
                let open = self.enter()?;
                let name = self.start(record_type, open.bindings)?;
                if self.cursor.begin() != Some(0x01) {
                    return Err(array.invalid("no EndElement follows its element and the attributes of that"));
                }
                self.cursor = self.cursor.of_record(&array);
                let Values { record_type, count, data } = Values::read(&mut self.cursor)?;
                let elements = self.elements - 1 + count;
                if elements > self.limits.elements {
                    return Err(self.cursor.limit(self.limits.elements, elements));
                }
                if self.open.is_empty() && count > 1 && !self.is_fragment {
                    return Err(self.cursor.invalid("a second element stands beside the one at the top"));
                }
                self.elements = elements;
                let values = Cursor::new(data).of_record(&self.cursor);
                self.array = Some(Array { name, open, record_type, values, begun: true });
                self.open.push(open);
                Ok(Some(Event::Start(name)))
            }
            Some(_) => Err(array.invalid("no element follows it")),
            None => Err(array.truncated()),
        }
    }

    /// Tells the next value of an array, or the next of its elements.
    fn array_event(&mut self) -> Result<Event<'a>, DecodeError> {
        let Some(array) = &mut self.array else { return Ok(Event::End) };
        if !array.begun {
            array.begun = true;
            let (open, name) = (array.open, array.name);
            self.open.push(open);
            return Ok(Event::Start(name));
        }
        array.begun = false;
        let value = Value::read_fixed(array.record_type & 0xFE, &mut array.values)?;
        if array.values.rest().is_empty() {
            self.array = None;
        } else if let Some(open) = self.open.last_mut() {
            // Its declarations serve the next element too.
            open.bindings = self.bindings.len();
        }
        self.end_follows = true;
        Ok(Event::Text(value))
    }

    fn finish(&mut self) -> Result<Option<Event<'a>>, DecodeError> {
        if let Some(open) = self.open.last() {
            let error = self.cursor.truncated();
            return Err(DecodeError { offset: u64::try_from(open.at).unwrap_or(u64::MAX), item: "Element", ..error });
        }
        if !self.root_seen && !self.is_fragment {
            return Err(DecodeError { item: "document", ..self.cursor.invalid("there is no element") });
        }
        Ok(None)
    }
}
