//! The client's side of one session, without its socket: bytes and commands go in, bytes and observations come out.
//!
//! Leaves out sockets and timers. Follows [MC-NMF] 3.2 and [MS-NMFTB] 3.2.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};

use super::{
    MessageEncoding,
    protection::{Phase, Protection},
    tamper::tamper,
};
use crate::{
    session::{End, Observation, Observed, Outgoing, PROTECTED, Piece, Received, UPGRADE_TAKEN, Way},
    soap,
    transport::{
        negotiate::{Mechanism, Refusal, Work, Worked},
        session::Command,
    },
    wire::{
        DecodeError, DecodeErrorKind,
        framing::{
            Deframer, Event, FaultUri, Framed, InitiatorState, KnownEncoding, Limits, NEGOTIATE, Preamble, Record,
        },
        nbfse,
        nbfx::{self, StringTable},
        nns,
    },
    xml,
};

/// How many observations wait to be handed over before no more is read.
const QUEUED: usize = 256;
/// And how many bytes they may come from; one message may have more.
const QUEUED_BYTES: usize = 1 << 20;
/// How much of what is no framing is kept, in bytes.
const BEGAN: usize = 256;

/// Who writes the preamble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// The dialogue.
    Preamble,
    /// The caller, or nobody.
    Bare,
}

/// One session.
#[derive(Debug)]
pub(super) struct Dialogue {
    opening: Opening,
    via: String,
    encoding: MessageEncoding,
    reply_bytes: usize,
    state: InitiatorState,
    protection: Protection,
    deframer: Deframer,
    decoder: nbfse::Decoder,
    encoder: nbfse::Encoder,
    /// Requests that wait for the target to take the session.
    waiting: VecDeque<Outgoing>,
    out: VecDeque<Bytes>,
    /// How many bytes were put into `out` in all.
    written: u64,
    sent_since_tick: bool,
    began: Vec<u8>,
    /// What came and belongs to no record that was taken.
    raw: BytesMut,
    records: u64,
    /// Reads the strings of what is sent.
    sent: nbfse::Decoder,
    sent_strings: Arc<StringTable>,
    received_strings: Arc<StringTable>,
    observations: VecDeque<Observation>,
    /// How many bytes the observations come from.
    queued: usize,
    /// What of a handshake that the caller makes byte by byte came and was not looked at.
    by_hand: Option<nns::HandshakeReader>,
    /// What was sealed last.
    sealed: Bytes,
    /// How many more sessions follow on the connection.
    further: usize,
    ended: bool,
}

/// How a connection was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// The target closed it.
    Closed,
    /// It was reset, or failed in another way.
    Reset,
}

impl Dialogue {
    /// A session that is protected where there is a mechanism for that.
    pub(super) fn new(
        opening: Opening,
        via: String,
        encoding: MessageEncoding,
        reply_bytes: usize,
        mechanism: Option<Box<dyn Mechanism>>,
    ) -> Self {
        let envelope = u32::try_from(reply_bytes).unwrap_or(u32::MAX);
        Self {
            opening,
            via,
            encoding,
            reply_bytes,
            state: InitiatorState::default(),
            protection: Protection::new(mechanism),
            deframer: Deframer::new(Limits { envelope, ..Limits::default() }),
            decoder: decoder(reply_bytes),
            encoder: nbfse::Encoder::new(nbfx::Style::default()),
            waiting: VecDeque::new(),
            out: VecDeque::new(),
            written: 0,
            sent_since_tick: false,
            began: Vec::new(),
            raw: BytesMut::new(),
            records: 0,
            sent: nbfse::Decoder::default(),
            sent_strings: Arc::default(),
            received_strings: Arc::default(),
            observations: VecDeque::new(),
            queued: 0,
            by_hand: None,
            sealed: Bytes::new(),
            further: 0,
            ended: false,
        }
    }

    /// The same, followed by so many sessions of the caller's on the connection. [MS-NMFTB] 3.3.6.1
    pub(super) fn followed_by(self, further: usize) -> Self {
        Self { further, ..self }
    }

    /// The connection is up.
    pub(super) fn connected(&mut self, at: Duration) {
        if self.opening == Opening::Bare {
            return;
        }
        let encoding = match self.encoding {
            MessageEncoding::Binary => KnownEncoding::BinarySession,
            MessageEncoding::Text => KnownEncoding::Soap12Utf8,
        };
        let preamble = Preamble::duplex(self.via.clone(), encoding).records();
        // [MC-NMF] 3.2.4.2: an upgrade comes before the end of the preamble.
        let asks = self.protection.ask();
        let last = if asks { Record::UpgradeRequestRecord(NEGOTIATE.to_owned()) } else { Record::PreambleEndRecord };
        for record in preamble.into_iter().chain([last]) {
            self.put(&record, at, Observed::SentRecords);
        }
        // One segment, as Microsoft's stack sends it.
        let whole: Vec<u8> = self.out.drain(..).flatten().collect();
        self.out.push_back(whole.into());
    }

    /// There is no connection, or none any more, for a reason that is known.
    pub(super) fn end(&mut self, at: Duration, end: End) {
        self.observe(at, Observed::Ended(end), None);
    }

    /// Does what the caller asks.
    pub(super) fn command(&mut self, command: Command, at: Duration) {
        match command {
            Command::Request(outgoing) if self.state.send_allowed() || self.opening == Opening::Bare => {
                self.request(outgoing, at);
            }
            Command::Request(outgoing) => self.waiting.push_back(outgoing),
            Command::Records(pieces, way) if way != Way::AsSealed && self.protection.phase() == Phase::Protected => {
                self.tampered(&pieces, way, at);
            }
            Command::Records(pieces, _) => {
                for bytes in pieces {
                    self.raw_records(bytes, at);
                }
            }
            Command::Tick => self.tick(at),
            Command::End => {
                self.put(&Record::EndRecord, at, Observed::SentRecords);
            }
            Command::Abort => self.end(at, End::Aborted),
        }
    }

    /// Nobody asks any more: a session that the dialogue began is ended in order.
    pub(super) fn leave(&mut self, at: Duration) {
        if self.opening == Opening::Preamble {
            self.command(Command::End, at);
        }
    }

    /// 15 s passed. [MS-IPAMM2] 3.2.5
    pub(super) fn tick(&mut self, at: Duration) {
        if !self.sent_since_tick && self.state.send_allowed() {
            let envelope = Bytes::from_static(soap::write::KEEPALIVE.as_bytes());
            self.request(Outgoing { action: None, message_id: None, envelope }, at);
        }
        self.sent_since_tick = false;
    }

    /// Takes what came from the target.
    pub(super) fn received(&mut self, bytes: &[u8], at: Duration) {
        if self.ended {
            return;
        }
        match self.protection.receive(bytes) {
            None => self.plain(bytes, at),
            Some(received) => self.went_on(received, at),
        }
    }

    /// A step of the handshake that is to be made elsewhere, taken.
    pub(super) fn work(&mut self) -> Option<Work> {
        self.protection.work().filter(|_| !self.ended)
    }

    /// Goes on with a step of the handshake that was made.
    pub(super) fn worked(&mut self, worked: Worked, at: Duration) {
        if self.ended {
            return;
        }
        let mut out = Vec::new();
        let went = self.protection.worked(worked, &mut out);
        if !out.is_empty() {
            self.out.push_back(out.into());
        }
        self.went_on(went, at);
    }

    /// What came and was opened, or was never sealed.
    fn plain(&mut self, bytes: &[u8], at: Duration) {
        if self.by_hand.is_some() {
            return self.handshake(bytes, at);
        }
        if self.deframer.is_at_octets() {
            return;
        }
        let room = BEGAN.saturating_sub(self.began.len());
        self.began.extend(bytes.iter().take(room));
        self.raw.extend_from_slice(bytes);
        self.deframer.push(bytes);
        while !self.ended {
            match self.deframer.next() {
                Ok(Some(framed)) => self.record(framed, at),
                Ok(None) => return,
                Err(error) => return self.broken(&error, at),
            }
        }
    }

    /// The connection is gone.
    pub(super) fn lost(&mut self, lost: Lost, at: Duration) {
        if self.ended {
            return;
        }
        let received = self.deframer.buffered().saturating_add(self.protection.buffered());
        let end = match lost {
            _ if self.opening == Opening::Preamble && self.protection.phase() == Phase::Asked => {
                refused(&Refusal::Upgrade("it closed the connection".to_owned()))
            }
            _ if self.protection.phase() == Phase::Handshake => refused(&Refusal::Closed),
            Lost::Reset => End::Reset,
            Lost::Closed if received > 0 => End::ClosedMidway { received },
            Lost::Closed => End::Closed,
        };
        let piece = self.rest();
        self.observe(at, Observed::Ended(end), piece);
    }

    /// Which record is not whole yet, and how many of its bytes have come.
    pub(super) fn unfinished(&self) -> (u64, usize) {
        let bytes = self.deframer.buffered().saturating_add(self.protection.buffered());
        (self.records, if self.ended { 0 } else { bytes })
    }

    /// Whether the end was observed.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// What is to be written to the connection, in pieces that are written one by one.
    pub(super) fn output(&mut self) -> &mut VecDeque<Bytes> {
        &mut self.out
    }

    /// The oldest observation that was not taken.
    pub(super) fn observation(&mut self) -> Option<Observation> {
        let observation = self.observations.pop_front()?;
        self.queued = self.queued.saturating_sub(length(observation.wire.as_ref()));
        Some(observation)
    }

    /// Whether observations wait to be taken.
    pub(super) fn is_full(&self) -> bool {
        self.observations.len() >= QUEUED || self.queued > QUEUED_BYTES
    }

    /// Whether any observation waits.
    pub(super) fn has_observations(&self) -> bool {
        !self.observations.is_empty()
    }

    fn record(&mut self, framed: Framed, at: Duration) {
        self.records += 1;
        let length = usize::try_from(framed.length).unwrap_or(usize::MAX).min(self.raw.len());
        let bytes = self.raw.split_to(length).freeze();
        let strings = kept(&mut self.received_strings, self.decoder.table());
        let piece = Some(Piece { offset: framed.offset, bytes, strings });
        if self.opening == Opening::Preamble {
            match self.state.next(Event::received(&framed.record)) {
                Ok(state) => self.state = state,
                Err(unexpected) => {
                    // As a bare dialogue says it, so that one violation is one finding.
                    let reason = unexpected.got.to_string();
                    return self.observe(at, Observed::Ended(End::BrokenFraming { reason }), piece);
                }
            }
        }
        let observed = match framed.record {
            Record::EndRecord if self.further > 0 => return self.begin_another(at, piece),
            Record::PreambleAckRecord => Observed::Accepted,
            Record::SizedEnvelopeRecord(bytes) => Observed::Received(self.message(bytes, framed.over_long)),
            Record::EndRecord => {
                // [MS-NMFTB] 3.2.6.1: each side ends its own direction.
                if self.opening == Opening::Preamble && self.state != InitiatorState::Closed {
                    self.put(&Record::EndRecord, at, Observed::SentRecords);
                }
                // Nothing may follow it in this session, but for a refusal of what the client sent after its own.
                match self.deframer.next() {
                    Ok(Some(Framed { record: Record::FaultRecord(fault), .. })) => {
                        Observed::Ended(End::Refused { fault })
                    }
                    Ok(Some(more)) => {
                        let name = more.record.record_type().name();
                        Observed::Ended(End::BrokenFraming { reason: format!("received {name} after EndRecord") })
                    }
                    _ => Observed::Ended(End::Ended),
                }
            }
            Record::FaultRecord(fault)
                if self.protection.phase() == Phase::Asked
                    && FaultUri::from_uri(&fault) == Some(FaultUri::UpgradeInvalid) =>
            {
                Observed::Ended(refused(&Refusal::Upgrade(FaultUri::UpgradeInvalid.to_string())))
            }
            Record::FaultRecord(fault) => Observed::Ended(End::Refused { fault }),
            Record::UpgradeResponseRecord if self.protection.phase() == Phase::Asked => {
                self.observe(at, security(false, "the upgrade is taken"), piece);
                // What came behind it is of the handshake.
                let rest = self.deframer.take_rest();
                self.raw.clear();
                let went = self.protection.begin(&rest);
                return self.went_on(went, at);
            }
            // A caller who asked for it has to say what follows: no records, until somebody upgrades.
            Record::UpgradeResponseRecord if self.opening == Opening::Bare => {
                self.observe(at, security(false, UPGRADE_TAKEN), piece);
                let rest = self.deframer.take_rest();
                self.raw.clear();
                self.by_hand = Some(nns::HandshakeReader::default());
                return self.handshake(&rest, at);
            }
            other => {
                // Only a bare dialogue gets here: the machine has no other record of a receiver in Duplex mode.
                let reason = format!("received {}", other.record_type().name());
                Observed::Ended(End::BrokenFraming { reason })
            }
        };
        let accepted = observed == Observed::Accepted;
        self.observe(at, observed, piece);
        if accepted {
            while let Some(outgoing) = self.waiting.pop_front() {
                self.request(outgoing, at);
            }
        }
    }

    /// A session has ended that another follows, whose strings are its own.
    fn begin_another(&mut self, at: Duration, piece: Option<Piece>) {
        self.further -= 1;
        self.queued = self.queued.saturating_add(length(piece.as_ref()));
        self.observations.push_back(Observation { at, what: Observed::Ended(End::Ended), wire: piece });
        self.decoder = decoder(self.reply_bytes);
        self.sent = nbfse::Decoder::default();
    }

    /// Records of the caller's. Where the session is to be protected, what follows its preamble waits for that.
    fn raw_records(&mut self, bytes: Bytes, at: Duration) {
        let (now, asks) = self.protection.pass(bytes);
        if !now.is_empty() {
            self.write(now, Observed::SentRecords, at);
        }
        if asks {
            let upgrade = Record::UpgradeRequestRecord(NEGOTIATE.to_owned()).to_bytes();
            self.write(upgrade.into(), Observed::SentRecords, at);
        }
    }

    /// Records of the caller's that are tampered with once they are sealed. Seen are those that the caller gave.
    fn tampered(&mut self, pieces: &[Bytes], way: Way, at: Duration) {
        let before = self.sealed.clone();
        let mut sealed = Vec::new();
        for piece in pieces {
            match way {
                Way::Repeated => {}
                Way::Unsealed => sealed.push(piece.clone()),
                _ => match self.seal(piece) {
                    Ok(message) => sealed.push(message),
                    Err(refusal) => return self.end(at, refused(&refusal)),
                },
            }
        }
        self.out.extend(tamper(way, sealed, &before));
        let bytes = Bytes::from(pieces.concat());
        let offset = self.written;
        self.written = offset.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let piece = self.sent_piece(offset, bytes);
        self.observe(at, Observed::SentRecords, Some(piece));
    }

    /// What came while the caller makes a handshake byte by byte: its messages, until something else comes.
    fn handshake(&mut self, bytes: &[u8], at: Duration) {
        self.raw.extend_from_slice(bytes);
        while !self.ended {
            let Some(first) = self.raw.first() else { return };
            if nns::MessageId::from_octet(*first).is_none() {
                self.by_hand = None;
                let rest = self.raw.split();
                return self.plain(&rest, at);
            }
            let Some(reader) = &mut self.by_hand else { return };
            let fed = reader.buffered();
            reader.push(self.raw.get(fed..).unwrap_or_default());
            match reader.next() {
                Ok(None) => return,
                Ok(Some(message)) => {
                    let rest = reader.take_rest().len();
                    let bytes = self.raw.split_to(self.raw.len().saturating_sub(rest)).freeze();
                    self.observe(at, security(false, &told(&message, &bytes)), None);
                }
                Err(error) => {
                    let reason = format!("what came is not NegotiateStream: {error}");
                    return self.end(at, End::BrokenFraming { reason });
                }
            }
        }
    }

    /// Bytes as they travel, the last of which are kept.
    fn seal(&mut self, bytes: &Bytes) -> Result<Bytes, Refusal> {
        let sealed = self.protection.seal(bytes)?;
        self.sealed = sealed.clone();
        Ok(sealed)
    }

    /// The protection went on, or ended the session.
    fn went_on(&mut self, went: Result<bool, Refusal>, at: Duration) {
        match went {
            Err(refusal) => return self.end(at, refused(&refusal)),
            Ok(false) => {}
            Ok(true) => {
                self.observe(at, security(false, PROTECTED), None);
                if self.opening == Opening::Preamble {
                    self.state = self.state.next(Event::Upgraded).unwrap_or(self.state);
                    self.put(&Record::PreambleEndRecord, at, Observed::SentRecords);
                }
                for held in self.protection.held() {
                    self.write(held, Observed::SentRecords, at);
                }
            }
        }
        while !self.ended {
            match self.protection.open() {
                Ok(Some(plain)) => self.plain(&plain, at),
                Ok(None) => return,
                Err(refusal) => return self.end(at, refused(&refusal)),
            }
        }
    }

    fn message(&mut self, bytes: Bytes, over_long: bool) -> Received {
        let repeated = self.decoder.table().repeated().count();
        let binary = match self.encoding {
            MessageEncoding::Binary => Some(self.decoder.decode(&bytes).map(Arc::new)),
            MessageEncoding::Text => None,
        };
        let repeats_string = self.decoder.table().repeated().count() > repeated;
        Received { bytes, http: None, binary, over_long, repeats_string }
    }

    /// What came is no framing: from the start, or after records that were.
    fn broken(&mut self, error: &DecodeError, at: Duration) {
        let reason = error.to_string();
        let end = match error.kind {
            DecodeErrorKind::Limit { limit, .. } => {
                End::Oversize { limit: usize::try_from(limit).unwrap_or(self.reply_bytes) }
            }
            _ if self.records == 0 => End::NotTheProtocol {
                reason: format!("what came is no message framing: {reason}"),
                began: self.began(),
            },
            _ => End::BrokenFraming { reason },
        };
        let piece = self.rest();
        self.observe(at, Observed::Ended(end), piece);
    }

    /// What came and is no record, at the end of the session.
    fn rest(&mut self) -> Option<Piece> {
        let strings = kept(&mut self.received_strings, self.decoder.table());
        let bytes = self.raw.split().freeze();
        (!bytes.is_empty()).then(|| Piece { offset: self.deframer.offset(), bytes, strings })
    }

    fn began(&self) -> Bytes {
        Bytes::copy_from_slice(&self.began)
    }

    fn request(&mut self, outgoing: Outgoing, at: Duration) {
        let payload = match self.encoding {
            MessageEncoding::Text => outgoing.envelope.clone(),
            // What is no XML has no binary form: it goes as it is, which is no binary XML either.
            MessageEncoding::Binary => match xml::read(&outgoing.envelope, &xml::Limits::default()) {
                Ok(document) => self.encoder.encode(&document.root).into(),
                Err(_) => outgoing.envelope.clone(),
            },
        };
        self.put(&Record::SizedEnvelopeRecord(payload.clone()), at, Observed::Sent(outgoing));
        if self.encoding == MessageEncoding::Binary {
            // What is no binary XML has no strings.
            let _ = self.sent.read_table(&payload);
        }
    }

    /// Writes a record, and observes that.
    fn put(&mut self, record: &Record, at: Duration, observed: Observed) {
        if self.opening == Opening::Preamble {
            // What a session does not allow any more is not sent: the other side has ended it, or is about to.
            match self.state.next(Event::sent(record)) {
                Ok(state) => self.state = state,
                Err(_) => return,
            }
        }
        self.sent_since_tick = true;
        self.write(record.to_bytes().into(), observed, at);
    }

    /// Writes bytes, sealed where the session is protected, and observes that, as they were before.
    fn write(&mut self, bytes: Bytes, observed: Observed, at: Duration) {
        let offset = self.written;
        self.written = offset.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        match self.seal(&bytes) {
            Ok(sealed) => self.out.push_back(sealed),
            Err(refusal) => return self.end(at, refused(&refusal)),
        }
        let piece = self.sent_piece(offset, bytes);
        self.observe(at, observed, Some(piece));
    }

    fn sent_piece(&mut self, offset: u64, bytes: Bytes) -> Piece {
        Piece { offset, bytes, strings: kept(&mut self.sent_strings, self.sent.table()) }
    }

    fn observe(&mut self, at: Duration, what: Observed, wire: Option<Piece>) {
        if self.ended {
            return;
        }
        self.ended = matches!(what, Observed::Ended(_));
        self.queued = self.queued.saturating_add(length(wire.as_ref()));
        self.observations.push_back(Observation { at, what, wire });
    }
}

/// Reads the messages of a target, of which none is longer than so many bytes.
fn decoder(reply_bytes: usize) -> nbfse::Decoder {
    nbfse::Decoder::new(nbfse::Limits {
        document: xml::Limits { bytes: reply_bytes, ..xml::Limits::default() },
        ..nbfse::Limits::default()
    })
}

fn refused(refusal: &Refusal) -> End {
    let reason = refusal.to_string();
    match refusal {
        Refusal::Target { .. } => End::LogOnRefused { reason },
        _ => End::SecurityRefused { reason },
    }
}

/// A message of a handshake, in the words that cases know, where it is well-formed. [MS-NNS] 2.2.1
fn told(message: &nns::HandshakeMessage, bytes: &[u8]) -> String {
    let name = message.id().name();
    match (bytes, message) {
        ([_, major, minor, ..], _) if (*major, *minor) != (1, 0) => format!("{name}, in version {major}.{minor}"),
        ([_, _, _, _, _, reserved @ .., _, _, _, _], nns::HandshakeMessage::HandshakeError(_))
            if reserved.iter().any(|octet| *octet != 0) =>
        {
            format!("{name}, whose first four octets are not zero")
        }
        (_, nns::HandshakeMessage::HandshakeError(code)) => format!("{name} {code}"),
        _ => name.to_owned(),
    }
}

fn security(sent: bool, what: &str) -> Observed {
    Observed::Security { sent, what: what.to_owned() }
}

fn length(piece: Option<&Piece>) -> usize {
    piece.map_or(0, |piece| piece.bytes.len())
}

/// The strings of a table, kept once for all pieces that know the same.
fn kept(strings: &mut Arc<StringTable>, table: &StringTable) -> Arc<StringTable> {
    if strings.count() != table.count() {
        *strings = Arc::new(table.clone());
    }
    Arc::clone(strings)
}
