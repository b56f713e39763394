//! What records say, as the events that text gives too, and trees built of them.
//!
//! Leaves out the records' forms: after this, nobody can tell how a document was encoded. Follows [MC-NBFX] 2.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use super::{Event, Name, Reader, StringTable};
use crate::{
    wire::{DecodeError, DecodeErrorKind},
    xml::{self, Builder, Document, Limits, Position, QName, Scope},
};

/// Reads a document. `limits.bytes` bounds the bytes, and what the document would have as text: a short reference may
/// stand for a long string.
///
/// # Errors
/// The first thing that is no record, not well-formed, or beyond the limits.
pub fn read(bytes: &[u8], table: &StringTable, limits: &Limits) -> Result<Document, DecodeError> {
    read_at(bytes, 0, table, limits)
}

/// Reads a document whose bytes begin so many bytes into a payload, of which positions are told.
pub(in crate::wire) fn read_at(
    bytes: &[u8],
    begin: usize,
    table: &StringTable,
    limits: &Limits,
) -> Result<Document, DecodeError> {
    let mut events = Events { begin, ..Events::new(Reader::new(bytes, table, limits)?, limits) };
    let mut builder = Builder::default();
    while let Some(event) = events.next_event()? {
        builder.push(event);
    }
    builder.into_document().ok_or_else(|| DecodeError::invalid(0, "document", "there is no element"))
}

/// Reads a document event by event. A position has the offset in the bytes, the line 1, and the offset plus one for a
/// column.
#[derive(Debug)]
pub struct Events<'a> {
    reader: Reader<'a>,
    pending: VecDeque<xml::Event<'a>>,
    /// The scopes of the open elements, the innermost last.
    scopes: Vec<Scope>,
    /// Names and namespaces, each kept once.
    names: BTreeMap<&'a str, Arc<str>>,
    /// How much text the document may still have.
    left: usize,
    most: usize,
    /// How many bytes precede the document.
    begin: usize,
}

impl<'a> Events<'a> {
    /// The events of a reader.
    pub fn new(reader: Reader<'a>, limits: &Limits) -> Self {
        Self {
            reader,
            pending: VecDeque::new(),
            scopes: Vec::new(),
            names: BTreeMap::new(),
            left: limits.bytes,
            most: limits.bytes,
            begin: 0,
        }
    }

    /// The next event; none at the end.
    ///
    /// # Errors
    /// The first thing that is no record, not well-formed, or beyond the limits.
    pub fn next_event(&mut self) -> Result<Option<xml::Event<'a>>, DecodeError> {
        if let Some(event) = self.pending.pop_front() {
            return Ok(Some(event));
        }
        let Some(event) = self.reader.next_event()? else { return Ok(None) };
        Ok(Some(match event {
            Event::Start => self.start()?,
            Event::Text => {
                let text = self.reader.value().text();
                self.spend(text.len())?;
                xml::Event::Text(text)
            }
            Event::Comment => {
                let text = self.reader.comment();
                self.spend(text.len())?;
                xml::Event::Comment(text.into())
            }
            Event::End => {
                self.scopes.pop();
                xml::Event::End
            }
        }))
    }

    fn start(&mut self) -> Result<xml::Event<'a>, DecodeError> {
        let name = *self.reader.name();
        // `<a></a>`, ` a=""`, ` xmlns:a=""`.
        self.spend(2 * (name.prefix.len() + name.local.len()) + 7)?;
        let declarations: Vec<_> = self.reader.declarations().collect();
        let mut declared = Vec::with_capacity(declarations.len());
        for (prefix, namespace) in declarations {
            self.spend(prefix.len() + namespace.len() + 10)?;
            declared.push((prefix.into(), self.shared(namespace)));
        }
        let scope = self.scopes.last().cloned().unwrap_or_default().with(declared);
        self.scopes.push(scope.clone());
        for at in 0..self.reader.attributes().len() {
            let Some(attribute) = self.reader.attributes().get(at).copied() else { break };
            let value = attribute.value.text();
            self.spend(attribute.name.prefix.len() + attribute.name.local.len() + value.len() + 5)?;
            let name = self.qname(attribute.name);
            self.pending.push_back(xml::Event::Attribute { name, value });
        }
        let offset = self.begin + self.reader.offset();
        let position = Position { offset, line: 1, column: offset + 1 };
        Ok(xml::Event::Start { name: self.qname(name), scope, position })
    }

    fn qname(&mut self, name: Name<'a>) -> QName {
        QName { namespace: self.shared(name.namespace), local: self.shared(name.local) }
    }

    fn shared(&mut self, text: &'a str) -> Arc<str> {
        self.names.entry(text).or_insert_with(|| text.into()).clone()
    }

    fn spend(&mut self, bytes: usize) -> Result<(), DecodeError> {
        let Some(left) = self.left.checked_sub(bytes) else {
            let count = |number| u64::try_from(number).unwrap_or(u64::MAX);
            let got = self.most.saturating_add(bytes - self.left);
            let kind = DecodeErrorKind::Limit { limit: count(self.most), got: count(got) };
            return Err(DecodeError { offset: count(self.reader.offset()), item: "document as text", kind });
        };
        self.left = left;
        Ok(())
    }
}
