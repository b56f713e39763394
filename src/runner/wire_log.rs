//! What was seen on a case's sessions, for a person: a line an observation, and each record with its bytes and its XML.
//!
//! Leaves out judgement, and how records are shown, which `wire::listing` does. It is bounded: what a target sends beyond
//! that is counted, not kept.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{ask::millis, judge::end_in_words};
use crate::{
    session::{End, Observation, Observed, Piece, recording::TraceWriter},
    spec::{KEEPALIVE_ACTION, PortType},
    wire::{
        framing::RecordType,
        listing::{Listing, Stream},
    },
    xml,
};

/// How many observations have a line.
const LINES: usize = 2_000;
/// How many bytes of records are kept.
const KEPT: usize = 1024 * 1024;
/// How many bytes of observations are kept of a case.
const OBSERVED: usize = 1024 * 1024;
/// How many bytes the records may take, as they are shown.
const SHOWN: usize = 256 * 1024;

/// What was seen.
#[derive(Debug, Default)]
pub struct WireLog {
    seen: Vec<Seen>,
    /// Bytes of the records that are kept.
    bytes: usize,
    left_out: usize,
    /// The lines of a trace file, where they are wanted.
    observations: Option<Observations>,
}

/// What was seen, as lines of a trace file.
#[derive(Debug)]
struct Observations {
    port_type: PortType,
    lines: Vec<String>,
    bytes: usize,
    /// The sessions that were opened, and those of which no more is kept.
    opened: BTreeMap<String, bool>,
}

impl Observations {
    fn add(&mut self, session: &str, observation: &Observation) {
        let is_full = self.bytes >= OBSERVED;
        let cut = self.opened.get(session).copied();
        let mut lines = Vec::new();
        if cut.is_none() && !is_full {
            lines.push(TraceWriter::opened(session, self.port_type.name(), ""));
        }
        match (cut, is_full) {
            (Some(true), _) | (None, true) => return,
            (_, false) => lines.push(TraceWriter::line(session, observation)),
            (Some(false), true) => lines.push(TraceWriter::gap(session, "more was seen than a case keeps")),
        }
        self.opened.insert(session.to_owned(), is_full);
        self.bytes += lines.iter().map(String::len).sum::<usize>();
        self.lines.extend(lines.into_iter().map(|line| line.trim_end().to_owned()));
    }
}

/// An observation, as far as it is kept.
#[derive(Debug)]
struct Seen {
    session: String,
    line: String,
    arrow: &'static str,
    at: u64,
    piece: Option<Piece>,
    /// Whether the records behind it, in both directions, are those of a protected stream.
    protects: bool,
}

impl WireLog {
    /// Keeps from now on what is seen, as lines of a trace file, up to a size.
    pub fn keep_observations(&mut self, port_type: PortType) {
        self.observations = Some(Observations { port_type, lines: Vec::new(), bytes: 0, opened: BTreeMap::new() });
    }

    /// The lines that were kept.
    pub fn take_observations(&mut self) -> Vec<String> {
        self.observations.take().map_or_else(Vec::new, |kept| kept.lines)
    }

    /// Adds what was seen on a session.
    pub fn add(&mut self, session: &str, observation: &Observation) {
        if let Some(observations) = &mut self.observations {
            observations.add(session, observation);
        }
        if self.seen.len() >= LINES {
            self.left_out += 1;
            return;
        }
        let at = millis(observation.at);
        let record = observation.wire.as_ref().map(|piece| format!(" ({}, {} bytes)", name(piece), piece.bytes.len()));
        let (arrow, what) = words(&observation.what);
        let line = format!("{session} +{at} ms {arrow} {what}{}", record.unwrap_or_default());
        let piece = observation.wire.clone().filter(|piece| self.bytes.saturating_add(piece.bytes.len()) <= KEPT);
        self.bytes += piece.as_ref().map_or(0, |piece| piece.bytes.len());
        let protects = matches!(observation.what, Observed::Security { .. });
        self.seen.push(Seen { session: session.to_owned(), line, arrow, at, piece, protects });
    }

    /// Adds what was seen of a request that had a session for itself. Of the attempts of a step, the first and the last
    /// are kept.
    pub fn exchange(&mut self, step: usize, attempt: usize, seen: &[Observation]) {
        let named = |attempt| match attempt {
            1 => format!("step-{step}"),
            _ => format!("step-{step}/{attempt}"),
        };
        if attempt > 2 {
            let before = named(attempt - 1);
            self.seen.retain(|seen| seen.session != before);
            self.bytes = self.seen.iter().filter_map(|seen| seen.piece.as_ref()).map(|piece| piece.bytes.len()).sum();
        }
        for observation in seen {
            self.add(&named(attempt), observation);
        }
    }

    /// The lines and, where they are wanted and there are any, the records.
    pub fn finish(self, wanted: bool) -> (Vec<String>, Option<String>) {
        let wire = if wanted { self.wire() } else { String::new() };
        let mut lines: Vec<String> = self.seen.into_iter().map(|seen| seen.line).collect();
        if self.left_out > 0 {
            lines.push(format!("[{} more observations]", self.left_out));
        }
        (lines, (!wire.is_empty()).then_some(wire))
    }

    fn wire(&self) -> String {
        let (mut out, mut last) = (String::new(), String::new());
        // Each direction of each session is a stream.
        let mut streams: BTreeMap<(&str, &str), Stream> = BTreeMap::new();
        for Seen { session, arrow, at, piece, protects, .. } in &self.seen {
            let Some(piece) = piece else { continue };
            if out.len() >= SHOWN {
                break;
            }
            let header = format!("{session} {arrow} +{at} ms\n");
            if header != last {
                out.push_str(&header);
                last = header;
            }
            let stream = streams
                .entry((session, arrow))
                .or_insert_with(|| Stream::resumed(piece.offset, piece.strings.as_ref().clone()));
            list(&mut out, |listing| stream.feed(&piece.bytes, listing));
            if *protects {
                // Behind an upgrade the log has the records as they were before they were sealed.
                streams.retain(|(of, _), _| *of != session);
            }
        }
        for ((session, arrow), mut stream) in streams {
            if stream.is_midway() && out.len() < SHOWN {
                let _ = writeln!(out, "{session} {arrow} at the end");
                list(&mut out, |listing| stream.finish(listing));
            }
        }
        if out.len() >= SHOWN {
            out.push_str("[cut here: more records came]\n");
        }
        out
    }
}

fn list(out: &mut String, write: impl FnOnce(&mut Listing<'_>)) {
    let mut sink = |line: &str| {
        out.push_str(line);
        out.len() < SHOWN
    };
    write(&mut Listing::new(&mut sink));
}

/// The name of a record, or of what is none.
fn name(piece: &Piece) -> &'static str {
    piece.bytes.first().and_then(|octet| RecordType::from_octet(*octet)).map_or("bytes", RecordType::name)
}

fn words(observed: &Observed) -> (&'static str, String) {
    let of_body = |envelope: Result<crate::soap::Envelope, _>| match envelope {
        Ok(envelope) if envelope.addressing.action.as_deref() == Some(KEEPALIVE_ACTION) => "keepalive".to_owned(),
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
        Observed::Security { sent, what } => (if *sent { "->" } else { "<-" }, what.clone()),
        Observed::Accepted => ("<-", "the session is taken".to_owned()),
        Observed::Received(received) => ("<-", of_body(received.envelope().map_err(drop))),
        Observed::Silence { waited } => ("..", format!("nothing for {}", super::judge::in_words(*waited))),
        Observed::Ended(End::Ended) => ("<-", "the end of the session".to_owned()),
        Observed::Ended(end) => ("<-", end_in_words(end)),
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::*;
    use crate::wire::nbfx::StringTable;

    fn seen(at: u64, offset: u64, bytes: &'static [u8], strings: &StringTable, what: Observed) -> Observation {
        let piece = Piece { offset, bytes: bytes.into(), strings: Arc::new(strings.clone()) };
        Observation { at: Duration::from_millis(at), what, wire: Some(piece) }
    }

    #[test]
    fn a_session_that_was_used_before_knows_its_strings() {
        let mut strings = StringTable::new();
        strings.add("urn:b");
        let mut log = WireLog::default();
        // SizedEnvelopeRecord of 7 bytes: no string table, <a xmlns="urn:b"/>, the namespace by its id.
        let reply = seen(3, 90, b"\x06\x07\x00\x40\x01a\x0A\x01\x01", &strings, Observed::SentRecords);
        log.exchange(1, 1, std::slice::from_ref(&reply));
        for attempt in 2..5 {
            log.exchange(2, attempt, std::slice::from_ref(&reply));
        }
        let (lines, wire) = log.finish(true);
        let wire = wire.unwrap();
        assert_eq!(
            lines,
            ["step-1", "step-2/4"].map(|step| format!("{step} +3 ms -> records (SizedEnvelopeRecord, 9 bytes)"))
        );
        assert!(wire.starts_with("step-1 -> +3 ms\n    90  06 07 "), "{wire}");
        assert_eq!(wire.matches("        | <a xmlns=\"urn:b\" />\n").count(), 2, "{wire}");
    }

    #[test]
    fn records_in_pieces_are_shown_when_they_are_whole_and_the_rest_at_the_end() {
        let none = StringTable::new();
        let mut log = WireLog::default();
        for (at, bytes) in [(0, &b"\x00"[..]), (1, b"\x01\x00\x02"), (4, b"\x03x")] {
            log.add("main", &seen(at, at, bytes, &none, Observed::SentRecords));
        }
        log.add("main", &seen(9, 0, b"\x08\x01f", &none, Observed::Ended(End::Refused { fault: "f".to_owned() })));
        let (lines, wire) = log.finish(true);
        assert_eq!(lines.len(), 4);
        let wire = wire.unwrap();
        assert!(wire.contains("main -> +1 ms\n     0  00 01 00                 VersionRecord 1.0\n"), "{wire}");
        assert!(wire.contains("main <- +9 ms\n     0  08 01 66                 FaultRecord f\n"), "{wire}");
        let end = "main -> at the end\n     3  02 03 78                 ViaRecord the bytes end inside it\n";
        assert!(wire.ends_with(end), "{wire}");
    }

    #[test]
    fn what_is_kept_and_shown_is_bounded() {
        let none = StringTable::new();
        let mut log = WireLog::default();
        for at in 0..3_000 {
            log.add("main", &seen(at, 3 * at, &[0x07; 600], &none, Observed::SentRecords));
        }
        let (lines, wire) = log.finish(true);
        assert_eq!((lines.len(), lines.last().map(String::as_str)), (LINES + 1, Some("[1000 more observations]")));
        let wire = wire.unwrap();
        assert!(wire.len() < SHOWN + 200 && wire.ends_with("[cut here: more records came]\n"));
        assert!(WireLog::default().finish(true).1.is_none());
    }
}
