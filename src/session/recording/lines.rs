//! The lines of a trace file: each one thing that was seen on a session, as JSON, and what writes them.
//!
//! Leaves out which session is open, which the reader knows. Follows `docs/trace-format.md`: keys are added, never renamed.

use std::{borrow::Cow, fmt::Write as _, sync::Arc, time::Duration};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    session::{End, HttpHead, Observation, Observed, Outgoing, Piece, Received},
    wire::nbfx::StringTable,
};

/// The format that is written, and the newest that is read.
pub(super) const FORMAT: &str = "ipamspec-trace/1";

/// The first line of a trace file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// [`FORMAT`].
    pub format: String,
    /// What wrote it, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// When the first session began, RFC 3339, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
}

/// Any other line: a session, a time, and exactly one thing that was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line<'a> {
    /// What the session is called.
    #[serde(borrow)]
    pub session: Cow<'a, str>,
    /// Microseconds since the session was opened.
    #[serde(default)]
    pub at_us: u64,
    /// A session was opened. A line of a session that is not open opens it as well.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub opened: Option<Opened<'a>>,
    /// The client sent a message.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent<'a>>,
    /// The client sent records that hold no message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<Nothing>,
    /// How the session is protected went on.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub security: Option<Protecting<'a>>,
    /// The target took the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Nothing>,
    /// The target sent a message.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub received: Option<Came<'a>>,
    /// Nothing came for a time that was waited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence: Option<Silence>,
    /// The session ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// Part of the session is missing; what follows is not judged.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap<'a>>,
    /// The bytes that it was seen in.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub wire: Option<Wire<'a>>,
}

/// What is known of a session that begins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened<'a> {
    /// The port type, by its name.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub port_type: Option<Cow<'a, str>>,
    /// The case that opened it.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub case: Option<Cow<'a, str>>,
}

/// A message that the client sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent<'a> {
    /// The envelope as text.
    #[serde(borrow)]
    pub envelope: Cow<'a, str>,
    /// The action, where the binding carries it outside the envelope.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub action: Option<Cow<'a, str>>,
    /// The id of the message, where it has one.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<Cow<'a, str>>,
}

/// A message that the target sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came<'a> {
    /// The envelope as text.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<Cow<'a, str>>,
    /// The bytes, as hex digits, of what is no text and could not be written as such.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub hex: Option<Cow<'a, str>>,
    /// What HTTP said around it.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub http: Option<Http<'a>>,
}

/// The part of an HTTP response's head that matters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Http<'a> {
    /// The status code.
    pub status: u16,
    /// The `Content-Type` field.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<Cow<'a, str>>,
}

/// A step towards protection, without its tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protecting<'a> {
    /// Whether the client did it.
    pub sent: bool,
    /// What, in words.
    #[serde(borrow)]
    pub what: Cow<'a, str>,
}

/// How long nothing came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Microseconds that were waited.
    pub waited_us: u64,
}

/// Why part of a session is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap<'a> {
    /// In words.
    #[serde(borrow)]
    pub reason: Cow<'a, str>,
}

/// `{}`: there is nothing more to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing {}

/// Bytes of the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wire<'a> {
    /// Where they begin in their direction.
    pub offset: u64,
    /// The bytes, as hex digits.
    #[serde(borrow)]
    pub hex: Cow<'a, str>,
}

/// How a session ended. The fields of all ways together: each has those that it needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The way, by its name.
    pub how: How,
    /// The URI of the fault, or the reason, or the URL of what began.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// How many bytes had come, or may come.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bytes: usize,
    /// Microseconds that were waited.
    #[serde(default, skip_serializing_if = "is_none")]
    pub waited_us: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_none(number: &u64) -> bool {
    *number == 0
}

/// The ways in which a session ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// See [`End::UnknownName`].
    UnknownName,
    /// See [`End::Unreachable`].
    Unreachable,
    /// See [`End::SecurityRefused`].
    SecurityRefused,
    /// See [`End::LogOnRefused`].
    LogOnRefused,
    /// See [`End::Ended`].
    Ended,
    /// See [`End::Refused`].
    Refused,
    /// See [`End::Closed`].
    #[default]
    Closed,
    /// See [`End::ClosedMidway`].
    ClosedMidway,
    /// See [`End::Reset`].
    Reset,
    /// See [`End::Aborted`].
    Aborted,
    /// See [`End::BrokenFraming`].
    BrokenFraming,
    /// See [`End::NotTheProtocol`].
    NotTheProtocol,
    /// See [`End::Oversize`].
    Oversize,
    /// See [`End::TooSlow`].
    TooSlow,
}

impl Ended {
    fn of(end: &End) -> Self {
        let plain = |how| Self { how, ..Self::default() };
        let because = |how, reason: &str| Self { how, reason: reason.to_owned(), ..Self::default() };
        match end {
            End::UnknownName { reason } => because(How::UnknownName, reason),
            End::Unreachable { reason } => because(How::Unreachable, reason),
            End::SecurityRefused { reason } => because(How::SecurityRefused, reason),
            End::LogOnRefused { reason } => because(How::LogOnRefused, reason),
            End::Ended => plain(How::Ended),
            End::Refused { fault } => because(How::Refused, fault),
            End::Closed => plain(How::Closed),
            End::ClosedMidway { received } => Self { bytes: *received, ..plain(How::ClosedMidway) },
            End::Reset => plain(How::Reset),
            End::Aborted => plain(How::Aborted),
            End::BrokenFraming { reason } => because(How::BrokenFraming, reason),
            End::NotTheProtocol { reason, .. } => because(How::NotTheProtocol, reason),
            End::Oversize { limit } => Self { bytes: *limit, ..plain(How::Oversize) },
            End::TooSlow { waited, received } => {
                Self { bytes: *received, waited_us: micros(*waited), ..plain(How::TooSlow) }
            }
        }
    }

    fn end(self) -> End {
        let Self { how, reason, bytes, waited_us } = self;
        match how {
            How::UnknownName => End::UnknownName { reason },
            How::Unreachable => End::Unreachable { reason },
            How::SecurityRefused => End::SecurityRefused { reason },
            How::LogOnRefused => End::LogOnRefused { reason },
            How::Ended => End::Ended,
            How::Refused => End::Refused { fault: reason },
            How::Closed => End::Closed,
            How::ClosedMidway => End::ClosedMidway { received: bytes },
            How::Reset => End::Reset,
            How::Aborted => End::Aborted,
            How::BrokenFraming => End::BrokenFraming { reason },
            How::NotTheProtocol => End::NotTheProtocol { reason, began: Bytes::new() },
            How::Oversize => End::Oversize { limit: bytes },
            How::TooSlow => End::TooSlow { waited: Duration::from_micros(waited_us), received: bytes },
        }
    }
}

/// What a line says was seen.
pub(super) enum Said<'a> {
    /// A session began.
    Opened(Opened<'a>),
    /// Something was seen.
    Observed(Observed),
    /// Something is missing.
    Gap(Gap<'a>),
}

impl<'a> Line<'a> {
    /// What was seen, and the bytes of it.
    ///
    /// # Errors
    /// In words, where the line does not say exactly one thing.
    pub(super) fn said(self) -> Result<(Said<'a>, Option<Piece>), String> {
        let Self { opened, sent, records, security, accepted, received, silence, ended, gap, wire, .. } = self;
        let mut said = None;
        let mut more = 0_usize;
        let mut say = |what| {
            more += 1;
            said = Some(what);
        };
        if let Some(opened) = opened {
            say(Said::Opened(opened));
        }
        if let Some(Sent { envelope, action, message_id }) = sent {
            say(Said::Observed(Observed::Sent(Outgoing {
                action: action.map(Cow::into_owned),
                message_id: message_id.map(Cow::into_owned),
                envelope: envelope.into_owned().into(),
            })));
        }
        if records.is_some() {
            say(Said::Observed(Observed::SentRecords));
        }
        if let Some(Protecting { sent, what }) = security {
            say(Said::Observed(Observed::Security { sent, what: what.into_owned() }));
        }
        if accepted.is_some() {
            say(Said::Observed(Observed::Accepted));
        }
        if let Some(Came { envelope, hex, http }) = received {
            let http = http.map(|Http { status, content_type }| HttpHead {
                status,
                content_type: content_type.map(Cow::into_owned),
            });
            let bytes = match (envelope, hex) {
                (Some(envelope), None) => envelope.into_owned().into(),
                (None, Some(hex)) => from_hex(&hex)?,
                _ => return Err("`received` has to hold either `envelope` or `hex`".to_owned()),
            };
            say(Said::Observed(Observed::Received(Received::text(bytes, http))));
        }
        if let Some(Silence { waited_us }) = silence {
            say(Said::Observed(Observed::Silence { waited: Duration::from_micros(waited_us) }));
        }
        if let Some(ended) = ended {
            say(Said::Observed(Observed::Ended(ended.end())));
        }
        if let Some(gap) = gap {
            say(Said::Gap(gap));
        }
        let wire = wire.map(|Wire { offset, hex }| {
            from_hex(&hex).map(|bytes| Piece { offset, bytes, strings: Arc::new(StringTable::new()) })
        });
        match (said, more) {
            (Some(said), 1) => Ok((said, wire.transpose()?)),
            (_, more) => Err(format!(
                "the line says {} that were seen, and has to say one: opened, sent, records, security, accepted, \
                 received, silence, ended or gap",
                if more == 0 { "none of the things".to_owned() } else { format!("{more} things") }
            )),
        }
    }
}

/// Writes trace files, a line at a time.
#[derive(Debug)]
pub struct TraceWriter;

impl TraceWriter {
    /// The first line.
    pub fn head(tool: &str, started: &str) -> String {
        let (tool, started) = (Some(tool.to_owned()), Some(started.to_owned()));
        in_json(&Head { format: FORMAT.to_owned(), tool, started })
    }

    /// The line that opens a session.
    pub fn opened(session: &str, port_type: &str, case: &str) -> String {
        let case = (!case.is_empty()).then(|| case.into());
        let opened = Opened { port_type: Some(port_type.into()), case };
        in_json(&Line { session: session.into(), opened: Some(opened), ..Line::default() })
    }

    /// A line with another name of its session: what it is of, then what it was called.
    pub fn renamed(line: &str, of: &str) -> String {
        let Ok(line) = serde_json::from_str::<Line<'_>>(line) else { return String::new() };
        let session = format!("{of} {}", line.session);
        in_json(&Line { session: session.into(), ..line })
    }

    /// The line that says that something of a session is missing from here on.
    pub fn gap(session: &str, reason: &str) -> String {
        in_json(&Line { session: session.into(), gap: Some(Gap { reason: reason.into() }), ..Line::default() })
    }

    /// The line of an observation.
    pub fn line(session: &str, observation: &Observation) -> String {
        let mut line = Line { session: session.into(), at_us: micros(observation.at), ..Line::default() };
        match &observation.what {
            Observed::Sent(Outgoing { action, message_id, envelope }) => {
                line.sent = Some(Sent {
                    envelope: String::from_utf8_lossy(envelope),
                    action: action.as_deref().map(Cow::from),
                    message_id: message_id.as_deref().map(Cow::from),
                });
            }
            Observed::SentRecords => line.records = Some(Nothing {}),
            Observed::Security { sent, what } => {
                line.security = Some(Protecting { sent: *sent, what: Cow::from(what) });
            }
            Observed::Accepted => line.accepted = Some(Nothing {}),
            Observed::Received(received) => line.received = Some(Came::of(received)),
            Observed::Silence { waited } => line.silence = Some(Silence { waited_us: micros(*waited) }),
            Observed::Ended(end) => line.ended = Some(Ended::of(end)),
        }
        line.wire = observation.wire.as_ref().map(|piece| Wire { offset: piece.offset, hex: hex(&piece.bytes).into() });
        in_json(&line)
    }
}

impl<'a> Came<'a> {
    fn of(received: &'a Received) -> Self {
        let http = received.http.as_ref().map(|HttpHead { status, content_type }| Http {
            status: *status,
            content_type: content_type.as_deref().map(Cow::from),
        });
        let text = match &received.binary {
            None => std::str::from_utf8(&received.bytes).ok().map(Cow::from),
            Some(Ok(_)) => Some(Cow::from(received.shown())),
            Some(Err(_)) => None,
        };
        match text {
            Some(text) => Self { envelope: Some(text), hex: None, http },
            None => Self { envelope: None, hex: Some(hex(&received.bytes).into()), http },
        }
    }
}

/// A line of JSON. What is written has only keys and values that JSON has.
fn in_json(line: &impl Serialize) -> String {
    let mut text = serde_json::to_string(line).unwrap_or_default();
    text.push('\n');
    text
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn from_hex(text: &str) -> Result<Bytes, String> {
    let digit = |octet: &u8| char::from(*octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(16 * digit(high)? + digit(low)?),
        _ => None,
    });
    let bytes: Option<Vec<u8>> = bytes.collect();
    bytes.map(Bytes::from).ok_or_else(|| "`hex` has to hold hex digits, two for each byte".to_owned())
}
