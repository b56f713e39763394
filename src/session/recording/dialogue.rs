//! A net.tcp connection that was recorded: octets of both directions to Observations, as a live session gives them.
//!
//! Leaves out how the octets were put together. Follows [MC-NMF] 3.2 and [MS-NMFTB] 3.2, from outside.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};

use super::flow::Side;
use crate::{
    session::{End, Observation, Observed, Outgoing, Piece, Received},
    soap,
    wire::{
        DecodeError,
        framing::{Deframer, Event, Framed, InitiatorState, KnownEncoding, Limits, Record, RecordType},
        nbfse,
        nbfx::StringTable,
    },
    xml::{self, Document},
};

/// What a recorded connection says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Heard {
    /// A session begins with a preamble.
    Began,
    /// Something was seen on the session.
    Seen(Observation),
    /// What comes cannot be read, for a reason.
    Unreadable(String),
    /// The connection is no net.tcp.
    Foreign,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Dialogue {
    client: Direction,
    server: Direction,
    state: InitiatorState,
    /// Whether the client did what framing does not allow: how its session stands is then not known.
    is_astray: bool,
    is_binary: bool,
    began: bool,
    start: Duration,
    ended: bool,
    /// Whether nothing more is read.
    silent: bool,
}

/// One direction.
#[derive(Debug)]
struct Direction {
    deframer: Deframer,
    decoder: nbfse::Decoder,
    strings: Arc<StringTable>,
    /// What came and belongs to no record that was taken.
    raw: BytesMut,
}

impl Direction {
    fn new() -> Self {
        Self {
            deframer: Deframer::new(Limits::default()),
            decoder: nbfse::Decoder::default(),
            strings: Arc::default(),
            raw: BytesMut::new(),
        }
    }

    fn next(&mut self) -> Result<Option<(Framed, Piece)>, DecodeError> {
        let Some(framed) = self.deframer.next()? else { return Ok(None) };
        let length = usize::try_from(framed.length).unwrap_or(usize::MAX).min(self.raw.len());
        let bytes = self.raw.split_to(length).freeze();
        let offset = framed.offset;
        Ok(Some((framed, self.piece(offset, bytes))))
    }

    fn piece(&mut self, offset: u64, bytes: Bytes) -> Piece {
        if self.strings.count() != self.decoder.table().count() {
            self.strings = Arc::new(self.decoder.table().clone());
        }
        Piece { offset, bytes, strings: Arc::clone(&self.strings) }
    }

    /// What came and is no record.
    fn rest(&mut self) -> Option<Piece> {
        let bytes = self.raw.split().freeze();
        let offset = self.deframer.offset();
        (!bytes.is_empty()).then(|| self.piece(offset, bytes))
    }
}

impl Dialogue {
    pub(super) fn new() -> Self {
        Self {
            client: Direction::new(),
            server: Direction::new(),
            state: InitiatorState::default(),
            is_astray: false,
            is_binary: true,
            began: false,
            start: Duration::ZERO,
            ended: false,
            silent: false,
        }
    }

    /// Takes octets of one side, in order; adds to `out` what they say. `at` is the time since 1970.
    pub(super) fn octets(&mut self, side: Side, bytes: &[u8], at: Duration, out: &mut Vec<Heard>) {
        if self.silent {
            return;
        }
        let direction = if side == Side::Client { &mut self.client } else { &mut self.server };
        direction.raw.extend_from_slice(bytes);
        direction.deframer.push(bytes);
        loop {
            let direction = if side == Side::Client { &mut self.client } else { &mut self.server };
            match direction.next() {
                Ok(Some((framed, piece))) if side == Side::Client => self.sent(framed, piece, at, out),
                Ok(Some((framed, piece))) => self.received(framed, piece, at, out),
                Ok(None) => return,
                Err(_) if !self.began => {
                    self.silent = true;
                    return out.push(Heard::Foreign);
                }
                Err(error) => return self.broken(side, &error, at, out),
            }
            if self.silent {
                return;
            }
        }
    }

    /// One side will send nothing more, or reset the connection.
    pub(super) fn lost(&mut self, side: Side, reset: bool, at: Duration, out: &mut Vec<Heard>) {
        if !self.began || self.silent {
            return;
        }
        let end = match (side, reset) {
            (Side::Server, true) => End::Reset,
            (Side::Server, false) => match self.server.deframer.buffered() {
                0 => End::Closed,
                received => End::ClosedMidway { received },
            },
            // A client that goes without an End has dropped the session; one that has sent it waits for the target's.
            (Side::Client, true) => End::Aborted,
            (Side::Client, false) if self.state.send_allowed() => End::Aborted,
            (Side::Client, false) => return,
        };
        let piece = if side == Side::Server { self.server.rest() } else { None };
        self.see(at, Observed::Ended(end), piece, out);
    }

    /// Whether a session is open.
    pub(super) fn is_open(&self) -> bool {
        self.began && !self.ended
    }

    fn sent(&mut self, framed: Framed, piece: Piece, at: Duration, out: &mut Vec<Heard>) {
        let record = framed.record;
        if matches!(record, Record::VersionRecord { .. }) && (!self.began || self.ended) {
            // Another session may begin on the connection, [MS-NMFTB] 3.2.6.1.
            (self.began, self.ended, self.is_astray, self.start) = (true, false, false, at);
            (self.client.decoder, self.server.decoder) = (nbfse::Decoder::default(), nbfse::Decoder::default());
            self.state = InitiatorState::default();
            out.push(Heard::Began);
        }
        if !self.began {
            self.silent = true;
            return out.push(Heard::Foreign);
        }
        match self.state.next(Event::sent(&record)) {
            Ok(state) => self.state = state,
            Err(_) => self.is_astray = true,
        }
        match record {
            Record::KnownEncodingRecord(encoding) => {
                self.is_binary = encoding == KnownEncoding::BinarySession;
                if !self.is_binary && encoding != KnownEncoding::Soap12Utf8 {
                    let text = format!("its messages are encoded as {encoding:?}, which this protocol does not use");
                    self.unreadable(text, out);
                    return;
                }
            }
            Record::UpgradeRequestRecord(upgrade) => {
                let text = format!(
                    "its messages are protected ({upgrade}), and cannot be read: capture a session without protection, \
                     or write a trace with `ipamspec run --trace FILE`"
                );
                return self.unreadable(text, out);
            }
            Record::SizedEnvelopeRecord(bytes) | Record::UnsizedEnvelopeRecord(bytes) => {
                let outgoing = self.outgoing(&bytes);
                return self.see(at, Observed::Sent(outgoing), Some(piece), out);
            }
            _ => {}
        }
        self.see(at, Observed::SentRecords, Some(piece), out);
    }

    fn received(&mut self, framed: Framed, piece: Piece, at: Duration, out: &mut Vec<Heard>) {
        if !self.began {
            self.silent = true;
            return out.push(Heard::Foreign);
        }
        if !self.is_astray {
            match self.state.next(Event::received(&framed.record)) {
                Ok(state) => self.state = state,
                Err(unexpected) => {
                    let reason = unexpected.to_string();
                    return self.see(at, Observed::Ended(End::BrokenFraming { reason }), Some(piece), out);
                }
            }
        }
        let observed = match framed.record {
            Record::PreambleAckRecord => Observed::Accepted,
            Record::SizedEnvelopeRecord(bytes) | Record::UnsizedEnvelopeRecord(bytes) => {
                let decoder = &mut self.server.decoder;
                let repeated = decoder.table().repeated().count();
                let binary = self.is_binary.then(|| decoder.decode(&bytes).map(Arc::new));
                let repeats_string = decoder.table().repeated().count() > repeated;
                Observed::Received(Received { bytes, http: None, binary, over_long: framed.over_long, repeats_string })
            }
            Record::EndRecord => Observed::Ended(End::Ended),
            Record::FaultRecord(fault) => Observed::Ended(End::Refused { fault }),
            other => {
                let reason = format!("received {}", other.record_type().name());
                Observed::Ended(End::BrokenFraming { reason })
            }
        };
        self.see(at, observed, Some(piece), out);
    }

    /// A message of the client as text.
    fn outgoing(&mut self, bytes: &Bytes) -> Outgoing {
        let document = if self.is_binary {
            self.client.decoder.decode(bytes).ok()
        } else {
            xml::read(bytes, &xml::Limits::default()).ok()
        };
        let envelope = match &document {
            Some(document) if self.is_binary => xml::write(&document.root).into(),
            // What cannot be read is shown as it is; the model does not take it for a request.
            _ => bytes.clone(),
        };
        let addressing = document.and_then(|document: Document| soap::Envelope::of(document).ok());
        let addressing = addressing.map(|envelope| envelope.addressing).unwrap_or_default();
        Outgoing { action: addressing.action, message_id: addressing.message_id, envelope }
    }

    fn broken(&mut self, side: Side, error: &DecodeError, at: Duration, out: &mut Vec<Heard>) {
        match side {
            Side::Server => {
                let piece = self.server.rest();
                self.see(at, Observed::Ended(End::BrokenFraming { reason: error.to_string() }), piece, out);
            }
            Side::Client => {
                // What the client sends is not judged; it is shown, and what the target says to it is still seen.
                self.is_astray = true;
                let piece = self.client.rest();
                if piece.is_some() {
                    self.see(at, Observed::SentRecords, piece, out);
                }
            }
        }
    }

    fn unreadable(&mut self, text: String, out: &mut Vec<Heard>) {
        self.silent = true;
        out.push(Heard::Unreadable(text));
    }

    fn see(&mut self, at: Duration, what: Observed, wire: Option<Piece>, out: &mut Vec<Heard>) {
        if self.ended {
            return;
        }
        self.ended = matches!(what, Observed::Ended(_));
        let at = super::since(self.start, at);
        out.push(Heard::Seen(Observation { at, what, wire }));
    }
}

/// Whether bytes are how a net.tcp session begins; none where there are too few to tell.
pub(super) fn begins_session(bytes: &[u8]) -> Option<bool> {
    let version = [RecordType::VersionRecord.octet(), 1, 0];
    match bytes.first_chunk::<3>() {
        Some(first) => Some(*first == version),
        None => version.starts_with(bytes).then_some(()).map_or(Some(false), |()| None),
    }
}
