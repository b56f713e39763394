//! Recordings: sessions that were written down elsewhere, read as the Observations that a live session gives.
//!
//! Bytes go in, in pieces of any size, and what they say comes out in its order; what is held is bounded by the sessions
//! that are open, not by the length of the recording. Leaves out files and judgement. Follows `docs/trace-format.md`, the
//! message logs of WCF, and pcap and pcapng.

mod capture;
#[cfg(test)]
mod capture_tests;
mod dialogue;
mod flow;
mod lines;
mod packet;
mod plain_line;
mod sides;
mod svclog;
#[cfg(test)]
mod svclog_tests;
mod trace_file;

use std::{fmt, time::Duration};

pub use lines::{Line, Opened, Sent, Silence, TraceWriter, Wire};

use super::Observation;
use crate::spec::PortType;

/// How many bytes of a recording say what it is.
pub const HEAD: usize = 4096;

/// What a recording says, in its order.
#[derive(Debug, Clone, PartialEq)]
pub enum Recorded {
    /// A session begins. Its number is never given to another session of the recording.
    Opened(u64, About),
    /// Something was seen on a session.
    Observed(u64, Observation),
    /// Part of a session is missing from the recording: what comes behind cannot be judged.
    Gap(u64, Remark),
    /// Nothing more of a session will come. Where no end was observed before, the recording stops there and the session
    /// may have gone on.
    Closed(u64),
    /// What a reader of the verdict should know.
    Told(Remark),
}

/// What is known of a session when it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// What it is called in its recording; several may have one name.
    pub name: String,
    /// The port type that its client talks to, where the recording says so.
    pub port_type: Option<PortType>,
    /// Where it stands.
    pub place: Place,
}

/// Something about a recording that is no verdict: what is missing, what was left out, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Where.
    pub place: Place,
    /// What, and what to do about it.
    pub text: String,
}

/// A place in a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A line, from 1.
    Line(u64),
    /// Bytes from the start.
    Byte(u64),
    /// A packet, from 1, as Wireshark counts.
    Packet(u64),
    /// Behind the last byte.
    End,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Byte(byte) => write!(f, "byte {byte}"),
            Self::Packet(packet) => write!(f, "packet {packet}"),
            Self::End => f.write_str("at the end"),
        }
    }
}

/// A recording that cannot be read any further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}; {next}")]
pub struct Broken {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub next: &'static str,
}

/// The kinds of recordings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A trace file, `docs/trace-format.md`.
    Trace,
    /// The record of a run, which holds traces beside much else.
    Events,
    /// A message log of WCF.
    Svclog,
    /// A capture of packets: pcap or pcapng.
    Capture,
}

/// What [`Kind::of`] says of what is no recording.
const KNOWN: &str = "give a trace file (`ipamspec run --trace FILE` writes one), a WCF message log (.svclog), or a \
                     capture of packets (pcap or pcapng)";

impl Kind {
    /// The kind of a recording that begins with these bytes, of which there are [`HEAD`] unless it is shorter.
    ///
    /// # Errors
    /// Where it is none of them.
    pub fn of(head: &[u8]) -> Result<Self, Broken> {
        if capture::is_capture(head) {
            return Ok(Self::Capture);
        }
        let broken = |problem: &str, next| Err(Broken { place: Place::Byte(0), problem: problem.to_owned(), next });
        let has = |what: &[u8]| memchr::memmem::find(head, what).is_some();
        if head.is_empty() {
            return broken("the file is empty", KNOWN);
        }
        if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
            return broken("the file is in UTF-16", "write it as UTF-8, without which nothing here is read");
        }
        if head.starts_with(b"\x1F\x8B") || head.starts_with(b"PK") {
            return broken("the file is compressed", "unpack it first");
        }
        let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
        let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        if text.starts_with(b"{") {
            if memchr::memmem::find(first, b"ipamspec-events/").is_some() {
                return Ok(Self::Events);
            }
            if memchr::memmem::find(first, b"ipamspec-trace").is_some() {
                return Ok(Self::Trace);
            }
            return broken(
                "the first line names no format that is known here",
                "begin it as docs/trace-format.md says: {\"format\":\"ipamspec-trace/1\"}",
            );
        }
        if has(b"E2ETraceEvent") {
            return Ok(Self::Svclog);
        }
        if text.starts_with(b"\x00\x01\x00") || head.starts_with(b"\x00\x01\x00") {
            return broken(
                "this is one direction of a net.tcp stream",
                "`ipamspec decode` shows it; to judge a session both directions and their times are needed: capture packets",
            );
        }
        broken("this is no recording that is known here", KNOWN)
    }

    /// The words for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trace => "a trace file",
            Self::Events => "the record of a run",
            Self::Svclog => "a WCF message log",
            Self::Capture => "a capture of packets",
        }
    }
}

/// Reads a recording: feed it with [`push`](Self::push), then [`finish`](Self::finish).
#[derive(Debug)]
pub enum Reader {
    /// Reads a trace file or the record of a run.
    Trace(trace_file::TraceReader),
    /// Reads a message log.
    Svclog(Box<svclog::SvclogReader>),
    /// Reads a capture.
    Capture(Box<capture::CaptureReader>),
}

impl Reader {
    /// Begins to read a recording of a kind.
    pub fn new(kind: Kind) -> Self {
        match kind {
            Kind::Trace => Self::Trace(trace_file::TraceReader::of_traces()),
            Kind::Events => Self::Trace(trace_file::TraceReader::of_events()),
            Kind::Svclog => Self::Svclog(Box::default()),
            Kind::Capture => Self::Capture(Box::default()),
        }
    }

    /// Takes the next bytes, and adds to `out` what they say.
    ///
    /// # Errors
    /// Where the recording cannot be read any further; what was read before is in `out`. Nothing may be fed after it.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<Recorded>) -> Result<(), Broken> {
        match self {
            Self::Trace(reader) => reader.push(bytes, out),
            Self::Svclog(reader) => reader.push(bytes, out),
            Self::Capture(reader) => reader.push(bytes, out),
        }
    }

    /// The recording has ended: every session that is open is closed, and what was incomplete is told.
    ///
    /// # Errors
    /// Where nothing in it could be read at all.
    pub fn finish(&mut self, out: &mut Vec<Recorded>) -> Result<(), Broken> {
        match self {
            Self::Trace(reader) => reader.finish(out),
            Self::Svclog(reader) => reader.finish(out),
            Self::Capture(reader) => reader.finish(out),
        }
    }
}

/// The time from one point to another, none where the second is earlier.
fn since(start: Duration, now: Duration) -> Duration {
    now.saturating_sub(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_known_by_how_it_begins() {
        let kinds: [(&[u8], Kind); 8] = [
            (b"{\"format\":\"ipamspec-trace/1\"}\n", Kind::Trace),
            (b"\xEF\xBB\xBF {\"format\": \"ipamspec-trace/9\"}", Kind::Trace),
            (b"{\"event\":\"run-started\",\"schema\":\"ipamspec-events/1\"", Kind::Events),
            (b"\xEF\xBB\xBF<E2ETraceEvent xmlns=\"u\">", Kind::Svclog),
            (b"<?xml version='1.0'?>\n<x:E2ETraceEvent", Kind::Svclog),
            (b"\xD4\xC3\xB2\xA1\x02\x00\x04\x00", Kind::Capture),
            (b"\xA1\xB2\x3C\x4D", Kind::Capture),
            (b"\x0A\x0D\x0D\x0A", Kind::Capture),
        ];
        for (head, kind) in kinds {
            assert_eq!(Kind::of(head), Ok(kind));
        }
    }

    #[test]
    fn what_is_none_is_told_with_what_to_do() {
        let wrong: [(&[u8], &str); 7] = [
            (b"", "the file is empty; give a trace file"),
            (b"\xFF\xFE<\0E\0", "in UTF-16; write it as UTF-8"),
            (b"\x1F\x8B\x08", "compressed; unpack"),
            (b"PK\x03\x04", "compressed; unpack"),
            (b"{\"a\":1}\n{\"format\":\"ipamspec-trace/1\"}", "begin it as docs/trace-format.md says"),
            (b"\x00\x01\x00\x01\x02", "`ipamspec decode` shows it"),
            (b"<html>", "no recording that is known here; give a trace file"),
        ];
        for (head, words) in wrong {
            let text = Kind::of(head).unwrap_err().to_string();
            assert!(text.starts_with("byte 0: ") && text.contains(words), "{text}");
        }
    }
}
