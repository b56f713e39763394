//! What was seen on a case's sessions, for a person: a line an observation, and each record with its bytes and its XML.
//!
//! Leaves out judgement. It is bounded: what a target sends beyond that is counted, not kept.

use std::fmt::Write as _;

use super::{ask::millis, judge::end_in_words};
use crate::{
    session::{Observation, Observed, Piece},
    wire::framing::RecordType,
    xml,
};

/// How many observations have a line.
const LINES: usize = 2_000;
/// How many bytes the records may take, as they are shown.
const SHOWN: usize = 256 * 1024;
/// How many bytes of one record are shown.
const BYTES: usize = 512;
/// How many bytes of one message are shown as XML.
const XML: usize = 16 * 1024;

/// What was seen.
#[derive(Debug, Default)]
pub struct WireLog {
    lines: Vec<String>,
    wire: String,
    left_out: usize,
}

impl WireLog {
    /// Adds what was seen on a session.
    pub fn add(&mut self, session: &str, observation: &Observation) {
        if self.lines.len() >= LINES {
            self.left_out += 1;
            return;
        }
        let at = millis(observation.at);
        let record = observation.wire.as_ref().map(|piece| format!(" ({}, {} bytes)", name(piece), piece.bytes.len()));
        let (arrow, what) = words(&observation.what);
        self.lines.push(format!("{session} +{at} ms {arrow} {what}{}", record.unwrap_or_default()));
        if let Some(piece) = &observation.wire
            && self.wire.len() < SHOWN
        {
            self.record(session, at, arrow, piece, &observation.what);
        }
    }

    /// The lines, and the records where there are any.
    pub fn finish(mut self) -> (Vec<String>, Option<String>) {
        if self.left_out > 0 {
            self.lines.push(format!("[{} more observations]", self.left_out));
        }
        (self.lines, (!self.wire.is_empty()).then_some(self.wire))
    }

    fn record(&mut self, session: &str, at: u64, arrow: &str, piece: &Piece, what: &Observed) {
        let out = &mut self.wire;
        let length = piece.bytes.len();
        let _ = writeln!(out, "{session} {arrow} offset {} {} {length} bytes, +{at} ms", piece.offset, name(piece));
        let shown = piece.bytes.get(..BYTES).unwrap_or(&piece.bytes);
        let mut offset = piece.offset;
        for row in shown.chunks(16) {
            let hex: String = row.iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x} ");
                hex
            });
            let text: String =
                row.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' }).collect();
            let _ = writeln!(out, "  {offset:08x}  {hex:<48} {text}");
            offset = offset.saturating_add(16);
        }
        if length > BYTES {
            let _ = writeln!(out, "  [cut here: {BYTES} of {length} bytes]");
        }
        let text = match what {
            Observed::Sent(outgoing) => Some(pretty(&outgoing.envelope)),
            Observed::Received(received) => Some(match &received.binary {
                Some(Ok(document)) => xml::pretty(&document.root),
                Some(Err(_)) => received.shown(),
                None => pretty(&received.bytes),
            }),
            _ => None,
        };
        for line in text.iter().flat_map(|text| cut(text).lines()) {
            let _ = writeln!(out, "  | {line}");
        }
    }
}

fn pretty(bytes: &[u8]) -> String {
    match xml::read(bytes, &xml::Limits::default()) {
        Ok(document) => xml::pretty(&document.root),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn cut(text: &str) -> &str {
    match text.char_indices().find(|(at, _)| *at >= XML) {
        Some((at, _)) => text.get(..at).unwrap_or(text),
        None => text,
    }
}

/// The name of a record, or of what is none.
fn name(piece: &Piece) -> &'static str {
    piece.bytes.first().and_then(|octet| RecordType::from_octet(*octet)).map_or("bytes", RecordType::name)
}

fn words(observed: &Observed) -> (&'static str, String) {
    let of_body = |envelope: Result<crate::soap::Envelope, _>| match envelope {
        Ok(envelope) => {
            envelope.body.first().map_or_else(|| "an empty body".to_owned(), |body| body.name.local.to_string())
        }
        Err(()) => "what is no message".to_owned(),
    };
    match observed {
        Observed::Sent(outgoing) => {
            ("->", of_body(crate::soap::read(&outgoing.envelope, &xml::Limits::default()).map_err(drop)))
        }
        Observed::SentRecords => ("->", "records".to_owned()),
        Observed::Accepted => ("<-", "the session is taken".to_owned()),
        Observed::Received(received) => ("<-", of_body(received.envelope().map_err(drop))),
        Observed::Silence { waited } => ("..", format!("nothing for {}", super::judge::in_words(*waited))),
        Observed::Ended(end) => ("<-", end_in_words(end)),
    }
}
