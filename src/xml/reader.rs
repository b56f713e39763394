//! Text read as XML, strictly: quick-xml finds where each token ends, and everything else is judged here.
//!
//! Leaves out DTDs and encodings other than UTF-8, which are refused. Follows XML 1.0 (fifth edition) and Namespaces in
//! XML 1.0. Nothing recurses on what is read.

use std::{
    borrow::Cow,
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use quick_xml::{Reader, events::Event as Token};

use super::{
    Builder, Document, Event, Limit, Node, Position, XmlError, XmlErrorKind,
    chars::{SPACE, is_name},
    declaration::{Encoding, declaration},
    error::Fault,
    namespaces::{self, Bindings, MOST_IN_SCOPE},
    references::{characters, resolve},
    tag::{FEW, end_tag, start_tag},
    value::excerpt,
};
use crate::spec::namespace;

const BOM: char = '\u{FEFF}';
/// How many local names are kept at hand.
const LOCALS: usize = 32;
/// Deeper trees are never built, whatever the limits say: dropping and comparing a tree recurses.
const DEEPEST: usize = 1000;

/// How much a reader takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of the whole text; 4 MiB by default.
    pub bytes: usize,
    /// How deep elements may stand within each other; 100 by default, never more than 1,000.
    pub depth: usize,
    /// The most attributes of one element, namespace declarations included; 128 by default.
    pub attributes: usize,
    /// The most characters of one text or attribute value; 1,048,576 by default.
    pub text: usize,
    /// The most elements in all; 200,000 by default.
    pub elements: usize,
}

impl Limits {
    /// These limits, with no depth that could not be held as a tree.
    #[must_use]
    pub fn clamped(&self) -> Self {
        Self { depth: self.depth.min(DEEPEST), ..*self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 4 << 20, depth: 100, attributes: 128, text: 1 << 20, elements: 200_000 }
    }
}

/// Reads a document.
///
/// # Errors
/// The first thing that is not well-formed, or that is beyond the limits, with its place.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Document, XmlError> {
    let mut reader = EventReader::new(bytes, limits)?;
    let mut builder = Builder::default();
    while let Some(event) = reader.next_event()? {
        builder.push(event);
    }
    builder.into_document().ok_or_else(|| reader.error(Fault::new(bytes.len(), XmlErrorKind::NoRoot)))
}

/// Reads the content of an element: text and elements, in a default namespace, with the prefixes that case files know
/// ([`namespace::PREFIXES`]) bound. Positions are those of `text`.
///
/// # Errors
/// The first thing that is not well-formed, or that is beyond the limits, with its place.
pub fn fragment(text: &str, default_namespace: &str, limits: &Limits) -> Result<Vec<Node>, XmlError> {
    let mut reader = EventReader::of_fragment(text, default_namespace, limits)?;
    let mut builder = Builder::default();
    while let Some(event) = reader.next_event()? {
        builder.push(event);
    }
    Ok(builder.into_nodes())
}

/// Reads a text event by event.
#[derive(Debug)]
pub struct EventReader<'a> {
    text: &'a str,
    tokens: Reader<&'a [u8]>,
    /// How many bytes precede what `tokens` was given.
    base: usize,
    limits: Limits,
    /// Where the latest token begins.
    here: Position,
    bindings: Bindings<'a>,
    /// The names of the open elements as spelled, and where each begins.
    open: Vec<(&'a str, Position)>,
    pending: VecDeque<Event<'a>>,
    /// Local names that were read lately, each at the place that its spelling gives it.
    locals: [Option<Arc<str>>; LOCALS],
    is_fragment: bool,
    root_seen: bool,
    elements: usize,
    /// The characters of the text node that is being read.
    characters: usize,
    finished: bool,
}

impl<'a> EventReader<'a> {
    /// Begins to read a document.
    ///
    /// # Errors
    /// When there are too many bytes, or when they are no UTF-8.
    pub fn new(bytes: &'a [u8], limits: &Limits) -> Result<Self, XmlError> {
        let text = decode(bytes, limits)?;
        let rest = text.strip_prefix(BOM).unwrap_or(text);
        let mut reader = Self::over(text, rest, Bindings::new(&[]), limits);
        // The mark is no part of the first line.
        reader.here = Position { offset: reader.base, line: 1, column: 1 };
        if rest.starts_with(BOM) {
            // The tokeniser would pass over a second mark.
            return Err(reader.error(Fault::new(reader.base, XmlErrorKind::TextOutsideRoot)));
        }
        Ok(reader)
    }

    fn of_fragment(text: &'a str, default_namespace: &str, limits: &Limits) -> Result<Self, XmlError> {
        decode(text.as_bytes(), &Limits { bytes: limits.bytes, ..*limits })?;
        let mut outermost = vec![("", default_namespace)];
        outermost.extend_from_slice(namespace::PREFIXES);
        // The tokeniser would pass over what looks like a byte order mark; in a fragment it is text.
        let rest = text.trim_start_matches(BOM);
        let mut reader = Self::over(text, rest, Bindings::new(&outermost), limits);
        reader.is_fragment = true;
        let marks = text.get(..reader.base).unwrap_or_default();
        reader.text_event(marks, 0).map_err(|fault| reader.error(fault))?;
        Ok(reader)
    }

    fn over(text: &'a str, rest: &'a str, bindings: Bindings<'a>, limits: &Limits) -> Self {
        let mut tokens = Reader::from_str(rest);
        let config = tokens.config_mut();
        // Names are matched here, where their places are known.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.trim_markup_names_in_closing_tags = false;
        Self {
            text,
            tokens,
            base: text.len() - rest.len(),
            limits: limits.clamped(),
            here: Position { offset: 0, line: 1, column: 1 },
            bindings,
            open: Vec::new(),
            pending: VecDeque::new(),
            locals: [const { None }; LOCALS],
            is_fragment: false,
            root_seen: false,
            elements: 0,
            characters: 0,
            finished: false,
        }
    }

    /// The next event; none at the end.
    ///
    /// # Errors
    /// The first thing that is not well-formed, or that is beyond the limits, with its place.
    pub fn next_event(&mut self) -> Result<Option<Event<'a>>, XmlError> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Ok(Some(event));
            }
            if self.finished {
                return Ok(None);
            }
            self.token().map_err(|fault| {
                self.finished = true;
                self.error(fault)
            })?;
        }
    }

    /// Reads one token and judges it.
    fn token(&mut self) -> Result<(), Fault> {
        let start = self.offset();
        self.here = self.position(start);
        // What is read is judged as it is spelled, never as the tokeniser took it apart.
        let Ok(token) = self.tokens.read_event() else {
            return Err(Fault::new(start, unfinished(self.text.get(start..).unwrap_or_default())));
        };
        let raw = self.text.get(start..self.offset()).unwrap_or_default();
        match token {
            Token::Start(_) | Token::Empty(_) => self.start(raw, start),
            Token::End(_) => self.end(raw, start),
            Token::Text(_) => self.text(raw, start),
            Token::GeneralRef(_) => self.reference(raw, start),
            Token::CData(_) => self.cdata(raw, start),
            Token::Comment(_) => self.comment(raw, start),
            Token::Decl(_) | Token::PI(_) => self.processing_instruction(raw, start),
            Token::DocType(_) => Err(Fault::new(start, unfinished(raw))),
            Token::Eof => self.finish(start),
        }
    }

    fn start(&mut self, raw: &'a str, at: usize) -> Result<(), Fault> {
        if self.open.is_empty() && !self.is_fragment && self.root_seen {
            return Err(Fault::new(at, XmlErrorKind::SecondRoot));
        }
        let limit = |limit| Err(Fault::new(at, XmlErrorKind::Limit(limit)));
        if self.elements >= self.limits.elements {
            return limit(Limit::Elements(self.limits.elements));
        }
        if self.open.len() >= self.limits.depth {
            return limit(Limit::Depth(self.limits.depth));
        }
        let tag = start_tag(raw, at, self.limits.attributes)?;

        let mut declared = Vec::new();
        for attribute in &tag.attributes {
            self.within_text(attribute.value.as_ref(), 0, attribute.at)?;
            if let Some(prefix) = namespaces::declared_prefix(attribute.name) {
                namespaces::check_declaration(prefix, &attribute.value)
                    .map_err(|kind| Fault::new(attribute.at, kind))?;
                declared.push((prefix, Arc::from(attribute.value.as_ref())));
            }
        }
        if self.bindings.in_scope() + declared.len() > MOST_IN_SCOPE {
            return limit(Limit::Namespaces(MOST_IN_SCOPE));
        }
        let scope = self.bindings.enter(declared);

        let (prefix, local) = namespaces::split(tag.name, at + 1)?;
        let name = namespaces::name(self.bindings.element(prefix), self.local(local), prefix, at + 1)?;
        self.pending.push_back(Event::Start { name, scope, position: self.here });
        let many = tag.attributes.len() > FEW;
        let mut names = BTreeSet::new();
        for attribute in tag.attributes {
            if namespaces::declared_prefix(attribute.name).is_some() {
                continue;
            }
            let (prefix, local) = namespaces::split(attribute.name, attribute.at)?;
            let name = namespaces::name(self.bindings.attribute(prefix), self.local(local), prefix, attribute.at)?;
            // Two of one spelling were refused before, so what has no prefix differs from all others.
            let repeated = if many {
                !names.insert(name.clone())
            } else {
                let is_it = |event: &Event<'_>| matches!(event, Event::Attribute { name: known, .. } if *known == name);
                !prefix.is_empty() && self.pending.iter().any(is_it)
            };
            if repeated {
                return Err(Fault::new(attribute.at, XmlErrorKind::DuplicateAttribute(excerpt(attribute.name))));
            }
            self.pending.push_back(Event::Attribute { name, value: attribute.value });
        }

        self.root_seen = true;
        self.elements += 1;
        self.characters = 0;
        if tag.empty {
            self.bindings.leave();
            self.pending.push_back(Event::End);
        } else {
            self.open.push((tag.name, self.here));
        }
        Ok(())
    }

    fn end(&mut self, raw: &'a str, at: usize) -> Result<(), Fault> {
        let found = end_tag(raw, at)?;
        match self.open.pop() {
            None => return Err(Fault::new(at, XmlErrorKind::StrayEndTag(excerpt(found)))),
            Some((expected, _)) if expected != found => {
                let (expected, found) = (excerpt(expected), excerpt(found));
                return Err(Fault::new(at, XmlErrorKind::EndTag { expected, found }));
            }
            Some(_) => {}
        }
        self.bindings.leave();
        self.characters = 0;
        self.pending.push_back(Event::End);
        Ok(())
    }

    fn text(&mut self, raw: &'a str, at: usize) -> Result<(), Fault> {
        if self.is_outside() {
            if let Some(text) = raw.find(|c| !SPACE.contains(&c)) {
                return Err(Fault::new(at + text, XmlErrorKind::TextOutsideRoot));
            }
            return Ok(());
        }
        // Looking for one character is much faster than for three.
        if let Some(end) = raw.find(']').and_then(|_| raw.find("]]>")) {
            return Err(Fault::new(at + end, XmlErrorKind::CdataEnd));
        }
        self.text_event(raw, at)
    }

    fn cdata(&mut self, raw: &'a str, at: usize) -> Result<(), Fault> {
        const OPEN: &str = "<![CDATA[";
        if self.is_outside() {
            return Err(Fault::new(at, XmlErrorKind::TextOutsideRoot));
        }
        let inner = raw.strip_prefix(OPEN).and_then(|inner| inner.strip_suffix("]]>"));
        let inner = inner.ok_or_else(|| Fault::new(at, unfinished(raw)))?;
        self.text_event(inner, at + OPEN.len())
    }

    fn text_event(&mut self, raw: &'a str, at: usize) -> Result<(), Fault> {
        let text = characters(raw, at)?;
        self.characters = self.within_text(&text, self.characters, at)?;
        if !text.is_empty() {
            self.pending.push_back(Event::Text(text));
        }
        Ok(())
    }

    fn reference(&mut self, raw: &'a str, at: usize) -> Result<(), Fault> {
        if self.is_outside() {
            return Err(Fault::new(at, XmlErrorKind::TextOutsideRoot));
        }
        let c = resolve(raw).map_err(|kind| Fault::new(at, kind))?;
        let text = Cow::Owned(c.to_string());
        self.characters = self.within_text(&text, self.characters, at)?;
        self.pending.push_back(Event::Text(text));
        Ok(())
    }

    fn comment(&mut self, raw: &'a str, at: usize) -> Result<(), Fault> {
        const OPEN: &str = "<!--";
        let inner = raw.strip_prefix(OPEN).and_then(|inner| inner.strip_suffix("-->"));
        let inner = inner.ok_or_else(|| Fault::new(at, unfinished(raw)))?;
        let offset = at + OPEN.len();
        if let Some(hyphens) = inner.find("--") {
            return Err(Fault::new(offset + hyphens, XmlErrorKind::Comment));
        }
        if inner.ends_with('-') {
            return Err(Fault::new(offset + inner.len() - 1, XmlErrorKind::Comment));
        }
        self.pending.push_back(Event::Comment(characters(inner, offset)?));
        Ok(())
    }

    /// An XML declaration is spelled like a processing instruction that stands at the very start.
    fn processing_instruction(&mut self, raw: &'a str, at: usize) -> Result<(), Fault> {
        let wrong = |wrong| Fault::new(at, XmlErrorKind::ProcessingInstruction(wrong));
        let inner = raw.strip_prefix("<?").and_then(|inner| inner.strip_suffix("?>"));
        let inner = inner.ok_or_else(|| Fault::new(at, unfinished(raw)))?;
        let (target, after) = inner.find(SPACE).and_then(|space| inner.split_at_checked(space)).unwrap_or((inner, ""));
        if target == "xml" {
            if self.is_fragment || at != self.base {
                let kind = XmlErrorKind::Declaration("an XML declaration stands only at the very start of a document");
                return Err(Fault::new(at, kind));
            }
            return self.declaration(raw, at);
        }
        if !is_name(target) {
            return Err(Fault::new(at + 2, XmlErrorKind::Name(excerpt(target))));
        }
        if target.eq_ignore_ascii_case("xml") {
            return Err(wrong("the target of a processing instruction is `xml`, which is reserved"));
        }
        if target.contains(':') {
            return Err(wrong("the target of a processing instruction has a colon"));
        }
        let data = after.trim_start_matches(SPACE);
        let data = characters(data, at + 2 + inner.len() - data.len())?;
        self.pending.push_back(Event::ProcessingInstruction { target, data, position: self.here });
        Ok(())
    }

    fn declaration(&mut self, raw: &str, at: usize) -> Result<(), Fault> {
        match declaration(raw, at)? {
            Encoding::Utf8 => Ok(()),
            Encoding::UsAscii => match self.text.char_indices().find(|(_, c)| !c.is_ascii()) {
                Some((stranger, c)) => Err(Fault::new(stranger.max(at), XmlErrorKind::FalseEncoding(c))),
                None => Ok(()),
            },
        }
    }

    fn finish(&mut self, at: usize) -> Result<(), Fault> {
        if let Some((name, position)) = self.open.last() {
            return Err(Fault::new(position.offset, XmlErrorKind::Unclosed(excerpt(name))));
        }
        if !self.root_seen && !self.is_fragment {
            return Err(Fault::new(at, XmlErrorKind::NoRoot));
        }
        self.finished = true;
        Ok(())
    }

    /// Whether this is outside the element at the top; a fragment has no outside.
    fn is_outside(&self) -> bool {
        self.open.is_empty() && !self.is_fragment
    }

    /// How many characters a text has after `more` of them; at most as many as it may.
    fn within_text(&self, more: &str, before: usize, at: usize) -> Result<usize, Fault> {
        let characters = before + more.chars().count();
        if characters > self.limits.text {
            return Err(Fault::new(at, XmlErrorKind::Limit(Limit::Text(self.limits.text))));
        }
        Ok(characters)
    }

    fn local(&mut self, local: &str) -> Arc<str> {
        let last = local.bytes().next_back().map_or(0, usize::from);
        let kept = self.locals.get_mut((local.len() * 7 + last) % LOCALS);
        if let Some(Some(known)) = &kept
            && **known == *local
        {
            return known.clone();
        }
        let name: Arc<str> = local.into();
        if let Some(kept) = kept {
            *kept = Some(name.clone());
        }
        name
    }

    /// How far the tokeniser is, in bytes of the text.
    fn offset(&self) -> usize {
        self.base + usize::try_from(self.tokens.buffer_position()).unwrap_or(usize::MAX)
    }

    fn error(&self, fault: Fault) -> XmlError {
        let position = match self.open.last() {
            // What is not closed began before the latest token.
            Some((_, position)) if position.offset == fault.at => *position,
            _ => self.position(fault.at),
        };
        XmlError { position, kind: fault.kind }
    }

    /// The place of a byte that is not before the latest token.
    fn position(&self, offset: usize) -> Position {
        advance(self.here, self.text.get(self.here.offset..offset).unwrap_or_default())
    }
}

/// The place behind a text that begins at `from`. A line ends with a line feed, a carriage return, or both together.
fn advance(from: Position, text: &str) -> Position {
    let mut position = Position { offset: from.offset + text.len(), ..from };
    // Most tokens stand within one line.
    if !text.contains('\n') && !text.contains('\r') {
        position.column += text.chars().count();
        return position;
    }
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\n' || (c == '\r' && chars.peek() != Some(&'\n')) {
            position.line += 1;
            position.column = 1;
        } else if c != '\r' {
            position.column += 1;
        }
    }
    position
}

/// What is wrong where a token does not end, or begins as nothing that XML knows.
fn unfinished(rest: &str) -> XmlErrorKind {
    if rest.starts_with("<!--") {
        XmlErrorKind::Unfinished("a comment")
    } else if rest.starts_with("<![CDATA[") {
        XmlErrorKind::Unfinished("a CDATA section")
    } else if rest.starts_with("<!DOCTYPE") {
        XmlErrorKind::Dtd
    } else if rest.starts_with("<!") {
        XmlErrorKind::Markup
    } else if rest.starts_with("<?") {
        XmlErrorKind::Unfinished("a processing instruction")
    } else if rest.starts_with('<') {
        XmlErrorKind::Unfinished("a tag")
    } else {
        XmlErrorKind::Reference
    }
}

/// The characters of UTF-8 bytes; says which other encoding they are in where that can be told.
fn decode<'a>(bytes: &'a [u8], limits: &Limits) -> Result<&'a str, XmlError> {
    let start = Position { offset: 0, line: 1, column: 1 };
    if bytes.len() > limits.bytes {
        return Err(XmlError { position: start, kind: XmlErrorKind::Limit(Limit::Bytes(limits.bytes)) });
    }
    // A mark, or the first character of any document, in two bytes: XML 1.0, appendix F.
    if let [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, b'<', ..] | [b'<', 0, ..] = bytes {
        return Err(XmlError { position: start, kind: XmlErrorKind::Encoding("UTF-16".to_owned()) });
    }
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error,
    };
    let valid = bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or_default();
    let marked = valid.starts_with(BOM);
    let text = valid.strip_prefix(BOM).unwrap_or(valid);
    // A declaration of another encoding explains the bytes better than they do.
    if let Some((before, _)) = text.split_once("?>").filter(|(before, _)| before.starts_with("<?xml"))
        && let Err(Fault { at, kind: kind @ XmlErrorKind::Encoding(_) }) = declaration(&format!("{before}?>"), 0)
        && let Some(ahead) = text.get(..at)
    {
        return Err(XmlError {
            position: advance(Position { offset: valid.len() - text.len(), ..start }, ahead),
            kind,
        });
    }
    let from = Position { offset: if marked { BOM.len_utf8() } else { 0 }, ..start };
    Err(XmlError { position: advance(from, text), kind: XmlErrorKind::NotUtf8 })
}
