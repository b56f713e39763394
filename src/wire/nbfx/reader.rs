//! Records read as a document, event by event: elements with their names resolved, attributes, values, ends.
//!
//! Leaves out trees. Follows [MC-NBFX] 2 and Namespaces in XML 1.0. What is read borrows from the payload; what is held
//! grows with the depth of the document, never with its length.

use std::collections::BTreeSet;

use super::{
    Record, Str, StringTable, Value,
    bindings::Bindings,
    cursor::{Cursor, Fault},
    names::excerpt,
    record::{self, Values},
};
use crate::{
    wire::{DecodeError, DecodeErrorKind},
    xml::{Limits, MOST_IN_SCOPE, check_declaration, is_char, is_ncname},
};

/// One thing that a document says. The reader has the rest of it until the next: it is read in its place there, since
/// moving it takes longer than reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// An element begins: [`Reader::name`], [`Reader::attributes`] and [`Reader::declarations`].
    Start,
    /// A [`Reader::value`]; several of them are one text.
    Text,
    /// A [`Reader::comment`].
    Comment,
    /// The innermost open element ends.
    End,
}

/// A name, its prefix resolved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
    name: Name<'a>,
    attributes: Vec<Attribute<'a>>,
    value: Value<'a>,
    comment: &'a str,
    open: Vec<Open>,
    /// Whether the latest event was a value whose record ends the element too.
    end_follows: bool,
    array: Option<Array<'a>>,
    is_fragment: bool,
    root_seen: bool,
    elements: usize,
    text: TextNode,
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
    open: Open,
    record_type: u8,
    /// The values that are still to come.
    values: Cursor<'a>,
    /// Whether the element of the next value has begun.
    begun: bool,
}

/// The text node that is being read: where it began, and how many characters it has at most.
#[derive(Debug, Clone, Copy)]
struct TextNode {
    begun: usize,
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
            return Err(cursor.limit(limits.bytes, bytes.len()).into());
        }
        let cursor = Cursor::new(bytes);
        Ok(Self {
            cursor,
            table,
            limits: limits.clamped(),
            bindings: Bindings::new(),
            name: Name::default(),
            attributes: Vec::new(),
            value: Value::Empty,
            comment: "",
            open: Vec::new(),
            end_follows: false,
            array: None,
            is_fragment: false,
            root_seen: false,
            elements: 0,
            text: TextNode { begun: 0, at_most: 0 },
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

    /// The name of the element that began last.
    pub fn name(&self) -> &Name<'a> {
        &self.name
    }

    /// The value that was read last.
    pub fn value(&self) -> &Value<'a> {
        &self.value
    }

    /// The comment that was read last.
    pub fn comment(&self) -> &'a str {
        self.comment
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
    pub fn next_event(&mut self) -> Result<Option<Event>, DecodeError> {
        if self.end_follows {
            self.end_follows = false;
            self.leave();
            return Ok(Some(Event::End));
        }
        if self.finished {
            return Ok(None);
        }
        match self.record() {
            Ok(Some(event)) => Ok(Some(event)),
            Ok(None) => {
                self.finished = true;
                Ok(None)
            }
            Err(error) => {
                self.finished = true;
                Err(error.into())
            }
        }
    }

    fn record(&mut self) -> Result<Option<Event>, Fault> {
        if self.array.is_some() {
            return self.array_event().map(Some);
        }
        loop {
            let Some(record_type) = self.cursor.begin() else { return self.finish() };
            return match record_type {
                0x40..=0x77 => {
                    let open = self.enter()?;
                    self.start(record_type, open.bindings)?;
                    self.open.push(open);
                    Ok(Some(Event::Start))
                }
                0x80.. => {
                    let end = record::text(&mut self.value, record_type, &mut self.cursor, self.table)?;
                    if self.open.is_empty() && self.outside(end)? {
                        continue;
                    }
                    self.count_characters(record_type & 0xFE)?;
                    self.end_follows = end;
                    Ok(Some(Event::Text))
                }
                0x01 if self.open.is_empty() => Err(self.cursor.invalid("it ends an element, and none is open")),
                0x01 => {
                    self.leave();
                    Ok(Some(Event::End))
                }
                0x02 => self.read_comment(),
                0x03 => self.begin_array(),
                0x04..=0x3F => Err(self.cursor.invalid("an attribute does not follow an element or an attribute")),
                _ => Err(self.cursor.error(DecodeErrorKind::Unknown { value: record_type.into() })),
            };
        }
    }

    /// Judges a value outside all elements; whether it is to be passed over.
    #[cold]
    fn outside(&self, end: bool) -> Result<bool, Fault> {
        if end {
            return Err(self.cursor.invalid("it ends an element, and none is open"));
        }
        if !self.is_fragment && self.value.text().contains(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')) {
            return Err(self.cursor.invalid("text stands outside the element at the top"));
        }
        Ok(!self.is_fragment)
    }

    /// Whether another element may begin here, as the limits and the one element at the top have it.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured: calls cost as much as what they do here")]
    fn enter(&mut self) -> Result<Open, Fault> {
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
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured: calls cost as much as what they do here")]
    fn leave(&mut self) {
        if let Some(open) = self.open.pop() {
            self.bindings.truncate(open.bindings);
        }
        self.text.at_most = 0;
    }

    /// Reads an element and its attributes.
    #[inline]
    fn start(&mut self, record_type: u8, outside: usize) -> Result<(), Fault> {
        let (prefix, name) = Record::element(record_type, &mut self.cursor, self.table)?;
        self.check_local(name)?;
        self.attributes.clear();
        if matches!(self.cursor.peek(), Some(0x04..=0x3F)) {
            let begun = self.cursor.begun();
            self.start_tag(outside)?;
            self.cursor.resume(begun);
            self.resolve()?;
        }
        let prefix = prefix.text();
        self.name = Name { prefix, namespace: self.namespace(prefix)?, local: name.text() };
        Ok(())
    }

    /// The namespace of a prefix, which is bound.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured: calls cost as much as what they do here")]
    fn namespace(&self, prefix: &str) -> Result<&'a str, Fault> {
        match self.bindings.namespace(prefix) {
            Some(namespace) => Ok(namespace),
            None => Err(self.cursor.invalid(format!("the prefix `{}` is not bound", excerpt(prefix)))),
        }
    }

    /// Reads the attributes that follow an element.
    fn start_tag(&mut self, outside: usize) -> Result<(), Fault> {
        while let Some(0x04..=0x3F) = self.cursor.peek() {
            let Some(record_type) = self.cursor.begin() else { break };
            let count = self.attributes.len() + self.bindings.len() - outside;
            if count >= self.limits.attributes {
                return Err(self.cursor.limit(self.limits.attributes, count + 1));
            }
            match Record::attribute(record_type, &mut self.cursor, self.table)? {
                Record::Attribute { prefix, name, value } => {
                    self.check_local(name)?;
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
    fn resolve(&mut self) -> Result<(), Fault> {
        let mut attributes = std::mem::take(&mut self.attributes);
        for attribute in &mut attributes {
            if !attribute.name.prefix.is_empty() {
                attribute.name.namespace = self.namespace(attribute.name.prefix)?;
            }
        }
        self.attributes = attributes;
        self.unique()
    }

    fn declare(&mut self, prefix: Option<&'a str>, namespace: Str<'a>, outside: usize) -> Result<(), Fault> {
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
    fn unique(&self) -> Result<(), Fault> {
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
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured: calls cost as much as what they do here")]
    fn check_local(&self, name: Str<'a>) -> Result<(), Fault> {
        let right = match name {
            Str::Dictionary(string) => string.is_name,
            Str::Text(text) => is_ncname(text),
        };
        if right && name.text() != "xmlns" {
            return Ok(());
        }
        Err(self.cursor.invalid(format!("`{}` is not a legal name", excerpt(name.text()))))
    }

    fn read_comment(&mut self) -> Result<Option<Event>, Fault> {
        let text = self.cursor.string()?;
        super::chars::check(text, &self.cursor)?;
        if text.contains("--") || text.ends_with('-') {
            return Err(self.cursor.invalid("`--` stands in a comment, or `-` at its end"));
        }
        self.comment = text;
        Ok(Some(Event::Comment))
    }

    /// Counts the value that was read, of a *Text record, to the text node that is being read.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured: calls cost as much as what they do here")]
    fn count_characters(&mut self, record_type: u8) -> Result<(), Fault> {
        if self.text.at_most == 0 {
            self.text.begun = self.cursor.begun();
        }
        let at_most = match record_type {
            // StartListText, DictionaryText and QNameDictionaryText may stand for more than they are long.
            0xA4 | 0xAA | 0xBC => self.value.characters_at_most(),
            // The longest value of one size has 45 characters, and base64 four for three bytes.
            _ => 45 + 2 * (self.cursor.offset() - self.cursor.begun()),
        };
        self.text.at_most = self.text.at_most.saturating_add(at_most);
        if self.text.at_most > self.limits.text { self.recount() } else { Ok(()) }
    }

    /// Counts the characters of the text node, of which only the most was known.
    #[cold]
    fn recount(&mut self) -> Result<(), Fault> {
        let mut cursor = self.cursor.moved_to(self.text.begun);
        let (mut value, mut characters) = (Value::Empty, 0_usize);
        while cursor.offset() < self.cursor.offset() {
            match cursor.begin() {
                Some(record_type @ 0x80..) => {
                    record::text(&mut value, record_type, &mut cursor, self.table)?;
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
    fn begin_array(&mut self) -> Result<Option<Event>, Fault> {
        let array = self.cursor.begun();
        let Some(record_type @ 0x40..=0x77) = self.cursor.begin() else {
            self.cursor.resume(array);
            return Err(self.cursor.invalid("no element follows it"));
        };
        let open = self.enter()?;
        self.start(record_type, open.bindings)?;
        let ends = self.cursor.begin() == Some(0x01);
        self.cursor.resume(array);
        if !ends {
            return Err(self.cursor.invalid("no EndElement follows its element and the attributes of that"));
        }
        let Values { record_type, count, data } = Values::read(&mut self.cursor)?;
        let elements = self.elements - 1 + count;
        if elements > self.limits.elements {
            return Err(self.cursor.limit(self.limits.elements, elements));
        }
        if self.open.is_empty() && count > 1 && !self.is_fragment {
            return Err(self.cursor.invalid("a second element stands beside the one at the top"));
        }
        self.elements = elements;
        self.array = Some(Array { open, record_type, values: Cursor::new(data), begun: true });
        self.open.push(open);
        Ok(Some(Event::Start))
    }

    /// Tells the next value of an array, or the next of its elements.
    fn array_event(&mut self) -> Result<Event, Fault> {
        let Some(array) = &mut self.array else { return Ok(Event::End) };
        if !array.begun {
            array.begun = true;
            self.open.push(array.open);
            return Ok(Event::Start);
        }
        array.begun = false;
        if let Err(error) = self.value.read_fixed(array.record_type & 0xFE, &mut array.values) {
            return Err(self.cursor.error(DecodeError::from(error).kind));
        }
        if array.values.rest().is_empty() {
            self.array = None;
        } else if let Some(open) = self.open.last_mut() {
            // Its declarations serve the next element too.
            open.bindings = self.bindings.len();
        }
        self.end_follows = true;
        Ok(Event::Text)
    }

    fn finish(&mut self) -> Result<Option<Event>, Fault> {
        if let Some(open) = self.open.last() {
            let error = self.cursor.truncated();
            return Err(DecodeError {
                offset: u64::try_from(open.at).unwrap_or(u64::MAX),
                item: "Element",
                ..error.into()
            }
            .into());
        }
        if !self.root_seen && !self.is_fragment {
            return Err(DecodeError { item: "document", ..self.cursor.invalid("there is no element").into() }.into());
        }
        Ok(None)
    }
}
