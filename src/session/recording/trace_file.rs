//! Reads trace files, and the traces in the record of a run, a line at a time.
//!
//! Leaves out what a line may hold, which `lines` knows. Follows `docs/trace-format.md`.

use std::{collections::BTreeMap, time::Duration};

use bytes::{Buf as _, BytesMut};
use serde::Deserialize;

use super::{
    About, Broken, Place, Recorded, Remark,
    lines::{FORMAT, Head, Line, Said},
    plain_line,
};
use crate::{
    session::{Observation, Observed},
    spec::PortType,
};

/// The longest line that is read, in bytes.
const LONGEST: usize = 128 << 20;

const WRITE_IT: &str = "docs/trace-format.md says what a line holds";

/// Reads a trace file.
#[derive(Debug)]
pub struct TraceReader {
    source: Source,
    buffer: BytesMut,
    /// How much of the buffer has no end of a line.
    searched: usize,
    line: u64,
    /// The sessions that are open, by name.
    open: BTreeMap<String, u64>,
    sessions: u64,
}

/// What the lines are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Traces,
    Events,
}

/// The part of an event of a run that holds observations.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "event")]
    kind: &'a str,
    #[serde(default)]
    id: String,
    #[serde(default)]
    port_type: Option<String>,
    #[serde(default)]
    evidence: Evidence,
}

#[derive(Default, Deserialize)]
struct Evidence {
    /// Lines of a trace file, each a string.
    #[serde(default)]
    observations: Vec<String>,
}

impl TraceReader {
    /// Begins with a trace file.
    pub(super) fn of_traces() -> Self {
        Self::new(Source::Traces)
    }

    /// Begins with the record of a run.
    pub(super) fn of_events() -> Self {
        Self::new(Source::Events)
    }

    fn new(source: Source) -> Self {
        Self { source, buffer: BytesMut::new(), searched: 0, line: 0, open: BTreeMap::new(), sessions: 0 }
    }

    /// See [`super::Reader::push`].
    pub(super) fn push(&mut self, mut bytes: &[u8], out: &mut Vec<Recorded>) -> Result<(), Broken> {
        // Whole lines are read where they stand.
        if self.buffer.is_empty() {
            while let Some(end) = memchr::memchr(b'\n', bytes) {
                let (line, rest) = bytes.split_at(end);
                self.read(line, out)?;
                bytes = rest.get(1..).unwrap_or_default();
            }
        }
        self.buffer.extend_from_slice(bytes);
        while let Some(end) = self.buffer.get(self.searched..).and_then(|rest| memchr::memchr(b'\n', rest)) {
            let line = self.buffer.split_to(self.searched + end);
            self.buffer.advance(1);
            self.searched = 0;
            self.read(&line, out)?;
        }
        self.searched = self.buffer.len();
        if self.searched > LONGEST {
            return Err(self.broken(self.line + 1, format!("the line has more than {LONGEST} bytes")));
        }
        Ok(())
    }

    /// See [`super::Reader::finish`].
    pub(super) fn finish(&mut self, out: &mut Vec<Recorded>) -> Result<(), Broken> {
        let last = self.buffer.split();
        // What writes a line may be stopped in the middle of it; a last line that is whole needs no end.
        if let Err(broken) = self.read(&last, out) {
            if self.line <= 1 {
                return Err(broken);
            }
            let text =
                "the file ends in the middle of a line: what wrote it was stopped; what is missing is not judged";
            out.push(Recorded::Told(Remark { place: Place::Line(self.line), text: text.to_owned() }));
        }
        if self.line == 0 {
            return Err(self.broken(1, "the file holds no line".to_owned()));
        }
        if self.sessions == 0 {
            let text = match self.source {
                Source::Traces => "the file holds no session",
                Source::Events => {
                    "the record holds no session of a port type with a machine: nothing in it can be judged again; \
                     `ipamspec run --trace FILE` writes down every session"
                }
            };
            out.push(Recorded::Told(Remark { place: Place::End, text: text.to_owned() }));
        }
        let mut open: Vec<u64> = std::mem::take(&mut self.open).into_values().collect();
        open.sort_unstable();
        out.extend(open.into_iter().map(Recorded::Closed));
        Ok(())
    }

    fn read(&mut self, line: &[u8], out: &mut Vec<Recorded>) -> Result<(), Broken> {
        let line = if self.line == 0 { line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line) } else { line };
        let line = line.trim_ascii();
        if line.is_empty() {
            // Empty lines count, and say nothing; but the first must say what follows.
            self.line += u64::from(self.line > 0);
            return Ok(());
        }
        self.line += 1;
        match self.source {
            Source::Events => self.event(line, out),
            Source::Traces if self.line == 1 => self.head(line),
            Source::Traces => {
                let line = match plain_line::read(line) {
                    Some(line) => line,
                    None => serde_json::from_slice(line).map_err(|error| self.wrong(&error))?,
                };
                self.said("", None, line, out)
            }
        }
    }

    fn head(&self, line: &[u8]) -> Result<(), Broken> {
        let head: Head = serde_json::from_slice(line).map_err(|error| self.wrong(&error))?;
        if head.format == FORMAT {
            return Ok(());
        }
        Err(Broken {
            place: Place::Line(1),
            problem: format!("the format is `{}`, and {FORMAT} is what is read", head.format),
            next: "take the version of ipamspec that wrote it, or a newer one",
        })
    }

    fn event(&mut self, line: &[u8], out: &mut Vec<Recorded>) -> Result<(), Broken> {
        let event: Event<'_> = serde_json::from_slice(line).map_err(|error| self.wrong(&error))?;
        if event.kind != "case-finished" {
            return Ok(());
        }
        for text in &event.evidence.observations {
            let line = serde_json::from_str(text).map_err(|error| self.wrong(&error))?;
            self.said(&event.id, event.port_type.as_deref(), line, out)?;
        }
        // What a case saw ends with it.
        let mut open: Vec<u64> = std::mem::take(&mut self.open).into_values().collect();
        open.sort_unstable();
        out.extend(open.into_iter().map(Recorded::Closed));
        Ok(())
    }

    fn said(
        &mut self,
        case: &str,
        port_type: Option<&str>,
        line: Line<'_>,
        out: &mut Vec<Recorded>,
    ) -> Result<(), Broken> {
        let name = line.session.clone();
        let at = Duration::from_micros(line.at_us);
        let (said, wire) = line.said().map_err(|problem| self.broken(self.line, problem))?;
        let opens = matches!(said, Said::Opened(_));
        let known = self.open.get(&*name).copied();
        let session = match known {
            Some(session) if !opens => session,
            _ => {
                out.extend(known.map(Recorded::Closed));
                let said_type = match &said {
                    Said::Opened(opened) => opened.port_type.as_deref().or(port_type),
                    _ => port_type,
                };
                let named = said_type.map(|name| {
                    PortType::named(name)
                        .ok_or_else(|| self.broken(self.line, format!("`{name}` is no port type that is known here")))
                });
                let port_type = named.transpose()?;
                let case = match &said {
                    Said::Opened(opened) => opened.case.as_deref().unwrap_or(case),
                    _ => case,
                };
                let shown = if case.is_empty() { name.clone().into_owned() } else { format!("{case} {name}") };
                let session = self.sessions;
                self.sessions += 1;
                out.push(Recorded::Opened(session, About { name: shown, port_type, place: Place::Line(self.line) }));
                self.open.insert(name.clone().into_owned(), session);
                session
            }
        };
        match said {
            Said::Opened(_) => {}
            Said::Observed(what) => {
                let ends = matches!(what, Observed::Ended(_));
                out.push(Recorded::Observed(session, Observation { at, what, wire }));
                if ends {
                    self.open.remove(&*name);
                    out.push(Recorded::Closed(session));
                }
            }
            Said::Gap(gap) => {
                let text = gap.reason.into_owned();
                out.push(Recorded::Gap(session, Remark { place: Place::Line(self.line), text }));
            }
        }
        Ok(())
    }

    fn wrong(&self, error: &serde_json::Error) -> Broken {
        let text = error.to_string();
        // A line is a document of its own: its number says nothing, its column does.
        let words = text.split(" at line ").next().unwrap_or(&text);
        self.broken(self.line, format!("column {}: {words}", error.column()))
    }

    fn broken(&self, line: u64, problem: String) -> Broken {
        let next = match self.source {
            Source::Traces => WRITE_IT,
            Source::Events => "name the events.jsonl that `ipamspec run` left, as it left it",
        };
        Broken { place: Place::Line(line), problem, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{
        End, HttpHead, Outgoing, Received,
        recording::{Kind, Reader, TraceWriter},
    };

    fn read(pieces: &[&[u8]]) -> Result<Vec<Recorded>, Broken> {
        let mut reader = Reader::new(Kind::Trace);
        let mut out = Vec::new();
        for piece in pieces {
            reader.push(piece, &mut out)?;
        }
        reader.finish(&mut out)?;
        Ok(out)
    }

    fn everything() -> Vec<Observed> {
        let text = |text: &'static str| Received::text(text.into(), None);
        let http = HttpHead { status: 500, content_type: Some("a/b; c=\"d\"".to_owned()) };
        let ends = [
            End::UnknownName { reason: "a".to_owned() },
            End::Unreachable { reason: "b".to_owned() },
            End::SecurityRefused { reason: "c".to_owned() },
            End::LogOnRefused { reason: "l".to_owned() },
            End::Ended,
            End::Refused { fault: "http://f".to_owned() },
            End::Closed,
            End::ClosedMidway { received: 3 },
            End::Reset,
            End::Aborted,
            End::BrokenFraming { reason: "d".to_owned() },
            End::NotTheProtocol { reason: "e".to_owned(), began: bytes::Bytes::new() },
            End::Oversize { limit: 4 },
            End::TooSlow { waited: Duration::from_millis(5), received: 6 },
        ];
        let sent = Outgoing { action: Some("u".to_owned()), message_id: None, envelope: "<a b=\"ü\"/>\n".into() };
        [
            Observed::SentRecords,
            Observed::Accepted,
            Observed::Sent(sent),
            Observed::Received(text("<x/>")),
            Observed::Received(Received { http: Some(http), ..text("\u{1F980}\\") }),
            Observed::Received(Received::text(bytes::Bytes::from_static(b"\xFF\x00"), None)),
            Observed::Silence { waited: Duration::from_millis(500) },
        ]
        .into_iter()
        .chain(ends.map(Observed::Ended))
        .collect()
    }

    #[test]
    fn what_is_written_is_read_again_at_any_split() {
        let seen: Vec<Observation> = (0..)
            .zip(everything())
            .map(|(at, what)| Observation { at: Duration::from_micros(at * 250), what, wire: None })
            .collect();
        let mut text = TraceWriter::head("ipamspec 0", "2026-01-01T00:00:00Z");
        text.push_str(&TraceWriter::opened("main", "IIpamOperationWithProgress", "a/b"));
        for observation in &seen {
            text.push_str(&TraceWriter::line("main", observation));
        }
        let whole = read(&[text.as_bytes()]).unwrap();
        let again = whole.iter().filter_map(|said| match said {
            Recorded::Observed(_, observation) => Some(observation.clone()),
            _ => None,
        });
        assert_eq!(again.collect::<Vec<_>>(), seen);
        let Some(Recorded::Opened(0, about)) = whole.first() else { panic!("{whole:?}") };
        assert_eq!((&*about.name, about.port_type), ("a/b main", Some(PortType::IIpamOperationWithProgress)));
        // Each end ends a session, and what follows is another of that name.
        assert_eq!(whole.iter().filter(|said| matches!(said, Recorded::Closed(_))).count(), 14);
        for at in 0..text.len() {
            let (before, after) = text.as_bytes().split_at(at);
            assert_eq!(read(&[before, after]).unwrap(), whole, "split at {at}");
        }
    }

    #[test]
    fn a_file_that_was_cut_is_told_and_read() {
        let text = "{\"format\":\"ipamspec-trace/1\"}\n\n{\"session\":\"s\",\"accepted\":{}}\n{\"session\":\"s\",\"silence\":{\"waited_us\":5}}";
        let whole = read(&[text.as_bytes()]).unwrap();
        assert_eq!(whole.len(), 4, "{whole:?}");
        let cut = read(&[&text.as_bytes()[..text.len() - 3]]).unwrap();
        let Some(Recorded::Told(remark)) = cut.get(2) else { panic!("{cut:?}") };
        assert_eq!(remark.place, Place::Line(4));
        assert!(matches!(cut.last(), Some(Recorded::Closed(0))));
    }

    #[test]
    fn mistakes_have_their_place_and_what_to_do() {
        let wrong = [
            ("{\"format\":\"ipamspec-trace/2\"}", "line 1: the format is `ipamspec-trace/2`, and"),
            ("{\"format\":1}", "line 1: column 11: invalid type"),
            ("", "line 1: the file holds no line; docs/trace-format.md"),
            ("{\"format\":\"ipamspec-trace/1\"}\n{]\n", "line 2: column 2: "),
            ("{\"format\":\"ipamspec-trace/1\"}\n{\"session\":\"s\"}\n", "line 2: the line says none of the things"),
            ("{\"format\":\"ipamspec-trace/1\"}\n{\"accepted\":{}}\n", "line 2: column 15: missing field `session`"),
            (
                "{\"format\":\"ipamspec-trace/1\"}\n{\"session\":\"s\",\"accepted\":{},\"records\":{}}\n",
                "line 2: the line says 2 things",
            ),
            (
                "{\"format\":\"ipamspec-trace/1\"}\n{\"session\":\"s\",\"received\":{\"hex\":\"0\"}}\n",
                "line 2: `hex` has to hold hex digits",
            ),
            (
                "{\"format\":\"ipamspec-trace/1\"}\n{\"session\":\"s\",\"opened\":{\"port_type\":\"x\"}}\n",
                "line 2: `x` is no port type",
            ),
            (
                "{\"format\":\"ipamspec-trace/1\"}\n{\"session\":\"s\",\"received\":{}}\n",
                "line 2: `received` has to hold either",
            ),
        ];
        for (text, words) in wrong {
            let told = read(&[text.as_bytes()]).unwrap_err().to_string();
            assert!(told.starts_with(words) && told.contains("; "), "{text}: {told}");
        }
    }

    #[test]
    fn the_record_of_a_run_holds_traces() {
        let line = TraceWriter::line("main", &Observation { at: Duration::ZERO, what: Observed::Accepted, wire: None });
        let event = serde_json::json!({
            "event": "case-finished", "id": "p/q", "port_type": "IIpamOperationWithProgress", "other": [1],
            "evidence": { "trace": ["x"], "observations": [line.trim_end()] },
        });
        let text = format!("{{\"event\":\"run-started\",\"schema\":\"ipamspec-events/1\"}}\n{event}\n");
        let mut reader = Reader::new(Kind::Events);
        let mut out = Vec::new();
        reader.push(text.as_bytes(), &mut out).unwrap();
        reader.finish(&mut out).unwrap();
        let [Recorded::Opened(0, about), Recorded::Observed(0, _), Recorded::Closed(0)] = &out[..] else {
            panic!("{out:?}")
        };
        assert_eq!(about.name, "p/q main");
    }
}
