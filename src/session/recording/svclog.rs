//! Reads message logs of WCF: a row of E2ETraceEvent elements without a root, of which those that hold a
//! MessageLogTraceRecord are messages.
//!
//! Only what stands before the body is taken apart; the envelope is handed on as it was logged. Leaves out which session
//! a message is of, which `sides` finds. Follows the shape that XmlWriterTraceListener writes.

use std::{fmt::Write as _, time::Duration};

use bytes::{Bytes, BytesMut};
use memchr::memmem::Finder;
use quick_xml::{
    NsReader,
    events::{BytesStart, Event},
    name::{Namespace, ResolveResult},
};

use super::{
    Broken, Place, Recorded, Remark,
    sides::{Logged, Sides, Source},
};
use crate::spec::namespace::ADDRESSING;

const E2E: &str = "http://schemas.microsoft.com/2004/06/E2ETraceEvent";
const MESSAGE_TRACE: &str = "http://schemas.microsoft.com/2004/06/ServiceModel/Management/MessageTrace";
const SYSTEM: &str = "http://schemas.microsoft.com/2004/06/windows/eventlog/system";

/// The longest event that is read, in bytes.
const LONGEST: usize = 64 << 20;

const NEXT: &str = "give the file as WCF wrote it; `docs/recordings.md` says how to log messages";

/// Reads a message log.
#[derive(Debug)]
pub struct SvclogReader {
    buffer: BytesMut,
    /// How much of the buffer was searched for the end of an event.
    searched: usize,
    /// Bytes before the buffer.
    position: u64,
    end: Finder<'static>,
    record: Finder<'static>,
    events: u64,
    messages: u64,
    unread: u64,
    sides: Sides,
}

impl Default for SvclogReader {
    fn default() -> Self {
        Self {
            buffer: BytesMut::new(),
            searched: 0,
            position: 0,
            end: Finder::new(b"E2ETraceEvent>"),
            record: Finder::new(b"MessageLogTraceRecord"),
            events: 0,
            messages: 0,
            unread: 0,
            sides: Sides::default(),
        }
    }
}

impl SvclogReader {
    /// See [`super::Reader::push`].
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<Recorded>) -> Result<(), Broken> {
        self.buffer.extend_from_slice(bytes);
        while let Some(end) = self.find_end() {
            let event = self.buffer.split_to(end).freeze();
            let place = Place::Byte(self.position);
            self.position = self.position.saturating_add(u64::try_from(end).unwrap_or(u64::MAX));
            self.event(&event, place, out);
        }
        if self.buffer.len() > LONGEST {
            let problem = format!("what begins here has no end within {LONGEST} bytes");
            return Err(Broken { place: Place::Byte(self.position), problem, next: NEXT });
        }
        Ok(())
    }

    /// See [`super::Reader::finish`].
    pub(super) fn finish(&mut self, out: &mut Vec<Recorded>) -> Result<(), Broken> {
        let mut tell = |place, text: String| out.push(Recorded::Told(Remark { place, text }));
        if !self.buffer.trim_ascii().is_empty() {
            if self.events == 0 {
                let problem = "no event ends in the file".to_owned();
                return Err(Broken { place: Place::Byte(self.position), problem, next: NEXT });
            }
            let text = "the log was cut inside this event; what came behind it is not judged";
            tell(Place::Byte(self.position), text.to_owned());
        }
        if self.unread > 0 {
            tell(Place::End, format!("{} events could not be read, the first was told at its place", self.unread));
        }
        if self.messages == 0 {
            tell(
                Place::End,
                format!(
                    "none of the {} events holds a message: log the source System.ServiceModel.MessageLogging, with \
                     logEntireMessage, logMessagesAtTransportLevel and a maxMessagesToLog that is large enough",
                    self.events
                ),
            );
        }
        self.sides.finish(out);
        Ok(())
    }

    /// Where the next event ends in the buffer.
    fn find_end(&mut self) -> Option<usize> {
        let name = self.end.needle().len();
        loop {
            let from = self.searched;
            let Some(found) = self.buffer.get(from..).and_then(|rest| self.end.find(rest)) else {
                self.searched = self.buffer.len().saturating_sub(name - 1).max(from);
                return None;
            };
            let (start, end) = (from + found, from + found + name);
            self.searched = end;
            // `</E2ETraceEvent>`, or with a prefix.
            let before = self.buffer.get(..start).unwrap_or_default();
            let before = match before.strip_suffix(b":") {
                Some(before) => before.trim_suffix_of(|octet| !matches!(octet, b'/' | b'<' | b'>')),
                None => before,
            };
            if before.ends_with(b"</") {
                self.searched = 0;
                return Some(end);
            }
        }
    }

    fn event(&mut self, event: &Bytes, place: Place, out: &mut Vec<Recorded>) {
        self.events += 1;
        if self.record.find(event).is_none() {
            return;
        }
        match read(event) {
            Ok(Some(found)) => {
                self.messages += 1;
                self.sides.take(found.logged(event, place), out);
            }
            Ok(None) => {}
            Err(problem) => {
                self.unread += 1;
                if self.unread == 1 {
                    let text = format!("an event cannot be read: {problem}; the log was changed after it was written");
                    out.push(Recorded::Told(Remark { place, text }));
                }
                self.sides.lost(place, out);
            }
        }
    }
}

/// The front of a slice, without the octets at its end that are of a kind.
trait TrimSuffix {
    fn trim_suffix_of(&self, is: impl Fn(u8) -> bool) -> &Self;
}

impl TrimSuffix for [u8] {
    fn trim_suffix_of(&self, is: impl Fn(u8) -> bool) -> &Self {
        let kept = self.iter().rposition(|octet| !is(*octet)).map_or(0, |at| at + 1);
        self.get(..kept).unwrap_or_default()
    }
}

/// What an event says of a message.
#[derive(Debug, Default)]
struct Found {
    activity: String,
    process: String,
    time: Option<Duration>,
    source: Option<Source>,
    action: Option<String>,
    message_id: Option<String>,
    relates_to: Vec<String>,
    /// The body element: namespace and local name.
    element: Option<(String, String)>,
    /// Where the envelope stands in the event, and what it takes from around it.
    envelope: Option<(usize, usize)>,
    outer: String,
    has_body: bool,
}

impl Found {
    fn logged(self, event: &Bytes, place: Place) -> Logged {
        let (start, end) = self.envelope.unwrap_or_default();
        let mut envelope = event.slice(start..end.max(start));
        if !self.outer.is_empty() {
            // Prefixes that were declared around it go into its tag, behind the name.
            let name = envelope.iter().position(|octet| matches!(octet, b' ' | b'>' | b'/' | b'\t' | b'\r' | b'\n'));
            let (front, rest) = envelope.split_at(name.unwrap_or(envelope.len()));
            envelope = [front, self.outer.as_bytes(), rest].concat().into();
        }
        Logged {
            place,
            at: self.time.unwrap_or_default(),
            process: self.process,
            activity: self.activity,
            source: self.source.unwrap_or(Source::UNKNOWN),
            action: self.action,
            message_id: self.message_id,
            relates_to: self.relates_to,
            element: self.element,
            has_body: self.has_body,
            envelope,
        }
    }
}

/// Where in an event the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Outside,
    Record,
    Envelope,
    Header,
    Body,
}

/// Reads an event up to the element in the body; none where it holds no message.
fn read(event: &[u8]) -> Result<Option<Found>, String> {
    let event = std::str::from_utf8(event).map_err(|error| format!("it is not UTF-8 ({error})"))?;
    let mut reader = NsReader::from_str(event);
    let mut found = Found::default();
    let mut within = Within::Outside;
    // Depth inside the envelope: its own tag is 1.
    let mut depth = 0_usize;
    // The addressing header that is being read, and its text so far.
    let mut header: Option<(&'static str, String)> = None;
    let mut outer = Vec::new();
    loop {
        let before = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let (namespace, token) = reader.read_resolved_event().map_err(|error| error.to_string())?;
        let (tag, is_empty) = match token {
            Event::Start(tag) => (tag, false),
            Event::Empty(tag) => (tag, true),
            Event::Text(text) => {
                if let Some((_, said)) = &mut header {
                    said.push_str(&text);
                }
                continue;
            }
            Event::GeneralRef(reference) => {
                if let Some((_, said)) = &mut header {
                    let whole = format!("&{};", &*reference);
                    said.push_str(&quick_xml::escape::unescape(&whole).map_err(|error| error.to_string())?);
                }
                continue;
            }
            Event::End(_) if matches!(within, Within::Envelope | Within::Header | Within::Body) => {
                if let Some((name, said)) = header.take() {
                    note(&mut found, name, said.trim());
                }
                depth = depth.saturating_sub(1);
                match (within, depth) {
                    // A body without an element, or no body.
                    (_, 0) | (Within::Body, 1) => break,
                    (Within::Header, 1) => within = Within::Envelope,
                    _ => {}
                }
                continue;
            }
            Event::Eof => return Ok(None),
            _ => continue,
        };
        let (space, name) = (bound(&namespace), tag.local_name());
        let name = name.as_ref();
        match within {
            Within::Outside => {
                match (space, name) {
                    (SYSTEM, "Correlation") => found.activity = attribute(&tag, "ActivityID")?,
                    (SYSTEM, "Execution") => found.process = attribute(&tag, "ProcessID")?,
                    (SYSTEM, "TimeCreated") => found.time = time(&attribute(&tag, "SystemTime")?),
                    (MESSAGE_TRACE, "MessageLogTraceRecord") => {
                        found.source = Some(Source::of(&attribute(&tag, "Source")?));
                        found.time = time(&attribute(&tag, "Time")?).or(found.time);
                        within = Within::Record;
                    }
                    (SYSTEM, _) => continue,
                    (E2E, "E2ETraceEvent") => {}
                    _ if outer.is_empty() => return Err(format!("`{name}` stands where E2ETraceEvent must")),
                    _ => {}
                }
                gather(&tag, &mut outer)?;
            }
            Within::Record if name == "Envelope" => {
                let end = closing(event, tag.name().as_ref()).filter(|end| *end > before && !is_empty);
                found.envelope = Some((before, end.ok_or("the envelope in it has no end")?));
                let mut own = Vec::new();
                gather(&tag, &mut own)?;
                for (name, value) in &outer {
                    if !own.iter().any(|(known, _)| known == name) && name != "xmlns" {
                        let _ = write!(found.outer, " {name}=\"{value}\"");
                    }
                }
                (within, depth) = (Within::Envelope, 1);
            }
            Within::Record => {}
            Within::Envelope => {
                within = match name {
                    "Header" if !is_empty => Within::Header,
                    "Body" => {
                        found.has_body = true;
                        if is_empty {
                            break;
                        }
                        Within::Body
                    }
                    _ => Within::Envelope,
                };
                depth += usize::from(!is_empty);
            }
            Within::Header => {
                header = match name {
                    "Action" => Some("Action"),
                    "MessageID" => Some("MessageID"),
                    "RelatesTo" => Some("RelatesTo"),
                    _ => None,
                }
                .filter(|_| depth == 2 && space == ADDRESSING && !is_empty)
                .map(|name| (name, String::new()));
                depth += usize::from(!is_empty);
            }
            Within::Body => {
                found.element = Some((space.to_owned(), name.to_owned()));
                break;
            }
        }
    }
    Ok(Some(found))
}

/// The namespace of a name; empty where it has none.
fn bound<'n>(namespace: &ResolveResult<'n>) -> &'n str {
    match namespace {
        ResolveResult::Bound(Namespace(uri)) => uri,
        _ => "",
    }
}

fn note(found: &mut Found, name: &str, text: &str) {
    let text = text.to_owned();
    match name {
        "Action" => found.action = Some(text),
        "MessageID" => found.message_id = Some(text),
        _ => found.relates_to.push(text),
    }
}

/// Adds the declarations of a tag: `xmlns` or `xmlns:prefix`, and its value as it is written. The innermost wins.
fn gather(tag: &BytesStart<'_>, declared: &mut Vec<(String, String)>) -> Result<(), String> {
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key = attribute.key.as_ref();
        if attribute.key.as_namespace_binding().is_some() {
            declared.retain(|(name, _)| name != key);
            declared.push((key.to_owned(), attribute.value.clone().into_owned()));
        }
    }
    Ok(())
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<String, String> {
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attribute.key.as_ref() == name {
            return Ok(attribute.value.into_owned());
        }
    }
    Ok(String::new())
}

/// Where the last closing tag of a name ends.
fn closing(event: &str, name: &str) -> Option<usize> {
    let start = memchr::memmem::rfind(event.as_bytes(), format!("</{name}").as_bytes())?;
    let behind = start + 2 + name.len();
    let (between, _) = event.get(behind..)?.split_once('>')?;
    between.trim_ascii().is_empty().then_some(behind + between.len() + 1)
}

/// A moment as the time since 1970.
fn time(text: &str) -> Option<Duration> {
    let moment: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(moment.as_microsecond()).ok().map(Duration::from_micros)
}
