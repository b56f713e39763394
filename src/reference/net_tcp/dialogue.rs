//! One net.tcp connection as its receiver has it: bytes in, bytes out, the time passed in.
//!
//! Leaves out the socket. Follows [MC-NMF] 3.3, [MS-NMFTB] 3.3, and their product notes on what Windows does.

use std::{
    future::pending,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{
    addressing,
    encoding::{self, Codec},
    lenient, refusal,
    room::Share,
    via,
};
use crate::{
    reference::{
        Channel, Kind, Lab, Message, Moment, Mutant, Out, Session, Variant,
        answer::{Answer, Fault},
        envelope::Addressed,
        lab::path_of,
        negotiate::{Broken, ServerStream, User, unforeseen},
    },
    spec::PortType,
    wire::{
        DecodeError, DecodeErrorKind,
        framing::{
            Deframer, Event, FaultUri, Flow, KnownEncoding, Limits, Mode, MultiByteInt31, NEGOTIATE, ReceiverState,
            Record, RecordType, VERSION,
        },
        nns::MessageId,
    },
};

/// How large an envelope may be, in bytes, as on HTTP.
const ENVELOPE: u32 = 1 << 20;
/// How long a preamble may take, from the connection or its first byte on.
const PREAMBLE: Duration = Duration::from_secs(20);
/// How long a record may take to come whole, from its first byte on.
const RECORD: Duration = Duration::from_mins(1);
/// How long a connection may stand between two sessions: product note 7 of [MS-NMFTB].
const BETWEEN: Duration = Duration::from_mins(2);
/// How long nothing may be said in a session. Windows waits as long by default.
const IDLE: Duration = Duration::from_mins(10);
/// No further record is looked at while more than this waits to be sent, in bytes.
const WAITING: usize = 64 << 10;

/// The time, by both clocks: the one that limits are counted by, and the one that the default world goes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub(super) instant: Instant,
    pub(super) moment: Moment,
}

/// How a connection ends, once what was to be sent is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// In order.
    Closed,
    /// A session was refused with a Fault Record, which the other side should have time to read.
    Refused,
    /// At once.
    Aborted,
}

/// One connection: any number of sessions, one after the other ([MS-NMFTB] 3.3.6.1).
#[derive(Debug)]
pub(super) struct Dialogue {
    lab: Lab,
    deframer: Deframer,
    state: ReceiverState,
    /// The path that the Via means, once it is known.
    path: String,
    codec: Option<Codec>,
    session: Option<Session>,
    out: Vec<u8>,
    /// What the two of them hold of the server's room.
    share: Share,
    /// What protects the connection, once that was asked for.
    stream: Option<Box<ServerStream>>,
    /// What is to be sent as it is: `out`, sealed, and the handshake.
    wire: Vec<u8>,
    over: Option<Over>,
    /// When the last record was whole, or the connection began.
    last: Instant,
    /// When what is incomplete began: a preamble or a record.
    begun: Option<Instant>,
    /// What lies are made of.
    lie: Lie,
}

/// What lies are made of.
#[derive(Debug, Default)]
struct Lie {
    /// The number of this connection.
    number: u64,
    /// An acknowledgement that is held back.
    owes_ack: bool,
    /// How many messages came together.
    together: usize,
    /// Whether a session goes on whose handshake was not made.
    without_handshake: bool,
}

impl Dialogue {
    /// Begins with a new connection.
    pub(super) fn new(lab: Lab, now: Now) -> Self {
        let lie = Lie { number: lab.astray().number(), ..Lie::default() };
        let behaviour = lab.behaviour();
        let envelope = if behaviour.lies(Mutant::PassesOverLargeMessages) { u32::MAX } else { ENVELOPE };
        let limits = if behaviour.lies(Mutant::WaitsForLongNames) {
            Limits { via: u32::MAX, content_type: u32::MAX, upgrade: u32::MAX, envelope, ..Limits::windows() }
        } else {
            Limits { envelope, ..Limits::windows() }
        };
        let share = lab.room().share();
        Self {
            lab,
            deframer: Deframer::new(limits),
            state: ReceiverState::default(),
            path: String::new(),
            codec: None,
            session: None,
            out: Vec::new(),
            share,
            stream: None,
            wire: Vec::new(),
            over: None,
            last: now.instant,
            begun: Some(now.instant),
            lie,
        }
    }

    /// Takes the next bytes of the stream.
    pub(super) fn receive(&mut self, bytes: &[u8], now: Now) {
        if self.over.is_some() {
            return;
        }
        if self.lies(Mutant::AnswersBeforeHandshake) {
            self.pass_over_handshake(bytes);
        }
        match self.open(bytes) {
            Some(opened) if opened.is_empty() => {}
            Some(opened) => self.plain(&opened, now),
            None => self.plain(bytes, now),
        }
    }

    /// Takes what was never sealed, or was opened.
    fn plain(&mut self, bytes: &[u8], now: Now) {
        if self.over.is_none() {
            let at_record = self.deframer.is_at_record_boundary();
            let lenient = if at_record { lenient::bytes(bytes, self.lab.behaviour()) } else { bytes.into() };
            self.deframer.push(&lenient);
            self.lie.together = 0;
            self.proceed(now);
            if self.lies(Mutant::AnswersWholeRequestsOnly)
                && matches!(self.state, ReceiverState::Open(_))
                && !self.deframer.is_at_record_boundary()
            {
                self.end();
            }
        }
    }

    /// Goes on where it left off because too much waited to be sent.
    pub(super) fn proceed(&mut self, now: Now) {
        while self.over.is_none() && self.out.len() < WAITING {
            match self.deframer.next() {
                Ok(None) => break,
                Ok(Some(framed)) => self.record(framed.record, now),
                Err(error) => self.refuse_bytes(&error),
            }
        }
        self.acknowledge_late();
        if !self.share.hold(self.deframer.buffered().saturating_add(self.out.len())) && self.over.is_none() {
            self.deframer.take_rest();
            self.refuse(FaultUri::ServerTooBusy);
            self.share.hold(self.out.len());
        }
        if self.is_between_records() {
            self.begun = None;
        } else {
            self.begun.get_or_insert(now.instant);
        }
    }

    /// Looks at what time alone brings about: a limit that has passed, or something that the session says now.
    pub(super) fn wake(&mut self, now: Now) {
        if self.over.is_none() && self.deadline() <= now.instant {
            self.over = Some(Over::Aborted);
        }
        if self.over.is_none()
            && let Some(session) = &mut self.session
        {
            let outs = session.poll(now.moment);
            self.say(outs);
        }
    }

    /// Waits until the session has something to say: by the real clock, or for the lab to move or close its world. Never
    /// returns where it has not. Dropping it loses nothing.
    pub(super) async fn due(&mut self) {
        match &mut self.session {
            Some(session) => session.due().await,
            None => pending().await,
        }
    }

    /// When to wake it at the latest.
    pub(super) fn deadline(&self) -> Instant {
        let in_session = matches!(self.state, ReceiverState::Open(_));
        match self.begun {
            // This side has ended, and waits for the other to.
            None if in_session && !self.state.send_allowed() => self.last + RECORD,
            Some(begun) if in_session => begun + RECORD,
            Some(begun) => begun + PREAMBLE,
            None if in_session => self.last + IDLE,
            None => self.last + BETWEEN,
        }
    }

    /// The other side sends no more: where a session is open, it was aborted ([MS-NMFTB] 3.1.6.1).
    pub(super) fn end(&mut self) {
        if matches!(self.state, ReceiverState::Open(_)) && self.over.is_none() {
            self.fall();
        }
        self.over.get_or_insert(Over::Closed);
    }

    /// The server stops: an open session ends in order.
    pub(super) fn stop(&mut self) {
        self.send_end();
        self.end();
    }

    /// What is to be sent, taken.
    pub(super) fn output(&mut self) -> Vec<u8> {
        self.flush();
        std::mem::take(&mut self.wire)
    }

    /// How the connection ends, where it does.
    pub(super) fn over(&self) -> Option<Over> {
        self.over
    }

    /// Whether nothing is incomplete: between two records of a session, or between two sessions.
    fn is_between_records(&self) -> bool {
        let whole = matches!(self.state, ReceiverState::Open(_) | ReceiverState::Closed | ReceiverState::Faulted);
        whole && self.deframer.is_at_record_boundary()
    }

    fn record(&mut self, record: Record, now: Now) {
        self.last = now.instant;
        if self.lies(Mutant::AbortsAllSessions)
            && matches!(self.state, ReceiverState::Open(_))
            && self.lab.astray().has_fallen(&self.path)
        {
            self.over = Some(Over::Closed);
            return;
        }
        let record = match record {
            Record::ModeRecord(Mode::Simplex) if self.lies(Mutant::AcknowledgesSimplex) => {
                Record::ModeRecord(Mode::Duplex)
            }
            record => record,
        };
        match self.state.next(Event::received(&record)) {
            Ok(_) if self.state == ReceiverState::Closed && self.lies(Mutant::TakesOneSession) => {
                return self.refuse(FaultUri::InvalidRecordSequence);
            }
            Ok(ReceiverState::Open(_) | ReceiverState::Closed)
                if record == Record::EndRecord && self.lies(Mutant::TakesEnvelopeAfterEnd) =>
            {
                return Record::EndRecord.write(&mut self.out);
            }
            Ok(state) => self.state = state,
            Err(_) if self.lies(Mutant::PassesOverUnexpectedRecords) => return,
            Err(_) if self.lies(Mutant::TakesSecondPreamble) && matches!(record, Record::VersionRecord { .. }) => {
                self.state = ReceiverState::default().next(Event::received(&record)).unwrap_or(self.state);
            }
            Err(_) if self.lies(Mutant::AnswersBeforePreambleEnd) && self.codec.is_some() => {
                self.session =
                    self.session.take().or_else(|| self.lab.open_session(&self.path, Channel::Stream, now.moment));
                if let Record::SizedEnvelopeRecord(envelope) = &record {
                    self.envelope(envelope, now);
                }
                return;
            }
            // 3.1.4.2: a fault is not answered with a fault.
            Err(_) if matches!(record, Record::FaultRecord(_)) => return self.refuse_as(None, false),
            Err(_) => return self.refuse(FaultUri::InvalidRecordSequence),
        }
        if matches!(self.state, ReceiverState::Open(_)) {
            self.begun = None;
        }
        match record {
            Record::VersionRecord { major, minor } => self.version(major, minor),
            Record::ModeRecord(mode) if !mode.has_active_receiver() => self.refuse(FaultUri::UnsupportedMode),
            Record::ModeRecord(_) => {}
            Record::ViaRecord(via) => self.via(&via),
            Record::KnownEncodingRecord(_) | Record::ExtensibleEncodingRecord(_) => self.encoding(&record),
            Record::UpgradeRequestRecord(_) if self.lies(Mutant::AcknowledgesUpgrade) => {
                self.send(&Record::UpgradeResponseRecord);
                self.state = self.state.next(Event::Upgraded).unwrap_or(self.state);
                let rest = self.deframer.take_rest();
                self.deframer.push(&rest);
            }
            Record::UpgradeRequestRecord(name) if name == NEGOTIATE && self.lab.guard(&self.path).users.is_some() => {
                self.upgrade(now);
            }
            Record::UpgradeRequestRecord(_) => self.refuse(FaultUri::UpgradeInvalid),
            Record::PreambleEndRecord => self.preamble_end(now),
            Record::SizedEnvelopeRecord(envelope) | Record::UnsizedEnvelopeRecord(envelope) => {
                self.envelope(&envelope, now);
            }
            Record::EndRecord => self.ended(),
            Record::FaultRecord(_) => self.over = Some(Over::Closed),
            // The machine takes these from an initiator in no state.
            Record::UpgradeResponseRecord | Record::PreambleAckRecord => self.refuse(FaultUri::InvalidRecordSequence),
        }
    }

    /// 3.1.4.7: NegotiateStream has the connection to itself until somebody is logged on.
    fn upgrade(&mut self, now: Now) {
        let written = self.out.len();
        self.send(&Record::UpgradeResponseRecord);
        if self.lies(Mutant::NoUpgradeResponse) {
            self.out.truncate(written);
        }
        self.flush();
        // A challenge is never the same twice.
        let nonce = unforeseen().to_be_bytes();
        self.stream = Some(Box::new(ServerStream::new(nonce, self.lab.behaviour().clone())));
        let rest = self.deframer.take_rest();
        if let Some(opened) = self.open(&rest).filter(|opened| !opened.is_empty()) {
            self.deframer.push(&opened);
        }
        self.begun = Some(now.instant);
    }

    /// What was opened of bytes that came; none where nothing is protected.
    fn open(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let stream = self.stream.as_mut()?;
        let was_known = stream.user().is_some();
        let users = self.lab.guard(&self.path).users.as_ref()?;
        let received = stream.receive(bytes, users, &mut self.wire);
        if !was_known && stream.user().is_some() {
            self.state = self.state.next(Event::Upgraded).unwrap_or(self.state);
        }
        Some(received.unwrap_or_else(|Broken| {
            self.fall();
            // Who is refused should have time to read why; what is not sealed as it should be gets no answer.
            self.over = Some(if was_known { Over::Aborted } else { Over::Refused });
            Vec::new()
        }))
    }

    /// A lie: what is no message of the handshake is read as if there were none.
    fn pass_over_handshake(&mut self, bytes: &[u8]) {
        let waits = self.stream.as_ref().is_some_and(|stream| stream.user().is_none());
        let is_handshake = bytes.first().is_none_or(|octet| MessageId::from_octet(*octet).is_some());
        if waits && !is_handshake {
            self.stream = None;
            self.lie.without_handshake = true;
            self.state = self.state.next(Event::Upgraded).unwrap_or(self.state);
        }
    }

    /// Makes what is to be said into what is to be sent.
    fn flush(&mut self) {
        let unsealed = self.lies(Mutant::SendsUnsealedData);
        match self.stream.as_mut().filter(|stream| stream.user().is_some() && !unsealed) {
            Some(stream) => stream.seal(&std::mem::take(&mut self.out), &mut self.wire),
            None => self.wire.append(&mut self.out),
        }
    }

    /// 3.1.4.3. Windows does not look at the minor version (product note 3).
    fn version(&mut self, major: u8, minor: u8) {
        self.codec = None;
        let strict = self.lab.behaviour().varies(Variant::ChecksMinorVersion);
        if self.lies(Mutant::AcknowledgesWrongVersion) {
            return;
        }
        if major != VERSION.0 || (strict && minor != VERSION.1) {
            self.refuse(FaultUri::UnsupportedVersion);
        }
    }

    /// 3.1.4.5. What belongs to a session takes no other mode than Duplex.
    fn via(&mut self, via: &str) {
        let mode = self.mode();
        self.path = via::path(via).unwrap_or_default();
        if self.lies(Mutant::AcknowledgesUnknownVia) && self.lab.port_type_at(&self.path).is_none() {
            self.path = path_of(PortType::IIpamServer).into();
        }
        match self.lab.port_type_at(&self.path) {
            None => self.refuse(FaultUri::EndpointNotFound),
            Some(port_type) if port_type.has_sessions() && mode != Mode::Duplex => {
                self.refuse(FaultUri::UnsupportedMode);
            }
            Some(_) => {}
        }
    }

    /// 3.1.4.6
    fn encoding(&mut self, record: &Record) {
        let mode = if self.lies(Mutant::TakesSessionEncoding) { Mode::Duplex } else { self.mode() };
        let named = encoding::named(record, mode);
        let lies = self.lies(Mutant::AcknowledgesOtherEncoding);
        match named.or_else(|| lies.then_some(KnownEncoding::Soap12Utf8)) {
            Some(encoding) => self.codec = Some(Codec::new(encoding, self.lab.behaviour())),
            None => self.refuse(FaultUri::ContentTypeInvalid),
        }
    }

    /// 3.1.4.9
    fn preamble_end(&mut self, now: Now) {
        let role = self.stream.as_ref().and_then(|stream| stream.user()).map(User::role);
        let lies = self.lies(Mutant::ServesWithoutUpgrade) || self.lie.without_handshake;
        if role.is_none() && self.lab.guard(&self.path).required && !lies {
            // As Windows: no fault tells that an upgrade is missing, the connection ends.
            return self.refuse_as(None, false);
        }
        self.session = self.lab.open_session_of(&self.path, Channel::Stream, role, now.moment);
        match self.session {
            Some(_) => self.acknowledge(),
            // Its world was closed meanwhile.
            None => self.refuse(FaultUri::EndpointNotFound),
        }
    }

    fn envelope(&mut self, envelope: &Bytes, now: Now) {
        let behaviour = self.lab.behaviour();
        if envelope.len() > usize::try_from(ENVELOPE).unwrap_or(usize::MAX) {
            return;
        }
        let Some(document) = self.codec.as_mut().and_then(|codec| codec.read(envelope, behaviour)) else {
            // As Windows: what cannot be decoded ends the session at once, and no fault says so.
            self.over = Some(Over::Aborted);
            return;
        };
        self.lie.together += 1;
        if self.lie.together > 1 && self.lies(Mutant::DropsPipelined) {
            return;
        }
        let document = lenient::read(document, self.lab.behaviour());
        let Some(session) = &mut self.session else { return };
        let is_here = |address: &str| via::path(address).is_some_and(|path| path == self.path);
        let outs = match addressing::refuse(&document, session.port_type(), self.lab.behaviour(), is_here) {
            Some(unread) if session.is_open() => {
                let fault = Answer::Fault(unread.fault);
                let addressed = Addressed { relates_to: unread.message_id.as_deref(), to: None };
                vec![Out::Message(Message::of(&fault, addressed, session.behaviour()))]
            }
            _ => session.receive(&document, now.moment),
        };
        self.say(outs);
        if self.mode() == Mode::SingletonUnsized && self.over.is_none() {
            self.send_end();
        }
    }

    /// Does what the session says.
    fn say(&mut self, outs: Vec<Out>) {
        for out in outs {
            match out {
                Out::Message(message) => self.message(&message),
                Out::End => self.send_end(),
                Out::Abort => self.over = Some(Over::Aborted),
            }
        }
    }

    fn message(&mut self, message: &Message) {
        if message.kind == Kind::Reply
            && self.lies(Mutant::RepliesOnOtherSession)
            && let Some(other) = self.lab.astray().exchange(self.lie.number, message)
        {
            self.envelope_of(&other);
        }
        self.envelope_of(message);
        if message.kind == Kind::Reply && self.lies(Mutant::RepliesTwice) {
            self.envelope_of(message);
        }
        self.acknowledge_late();
    }

    /// Acknowledges the end of a preamble.
    fn acknowledge(&mut self) {
        let is_ignored = self.lies(Mutant::NoPreambleAck) && self.path.starts_with("/lab");
        if self.lies(Mutant::RepliesBeforeAck) || is_ignored {
            self.state = self.state.next(Event::sent(&Record::PreambleAckRecord)).unwrap_or(self.state);
            self.lie.owes_ack = self.lies(Mutant::RepliesBeforeAck);
            return;
        }
        self.send(&Record::PreambleAckRecord);
        if self.lies(Mutant::AcknowledgesTwice) {
            self.send(&Record::PreambleAckRecord);
        }
    }

    fn acknowledge_late(&mut self) {
        if std::mem::take(&mut self.lie.owes_ack) {
            Record::PreambleAckRecord.write(&mut self.out);
        }
    }

    /// A session that takes others with it.
    fn fall(&mut self) {
        if self.lies(Mutant::AbortsAllSessions) && !self.path.is_empty() {
            self.lab.astray().fall(&self.path);
        }
    }

    fn lies(&self, mutant: Mutant) -> bool {
        self.lab.behaviour().lies(mutant)
    }

    fn envelope_of(&mut self, message: &Message) {
        let (Some(codec), Some(session)) = (&mut self.codec, &self.session) else { return };
        let envelope = codec.encode(message, session.behaviour()).into();
        if self.lies(Mutant::PadsSizes) {
            return self.padded(&envelope);
        }
        self.send(&match self.mode() {
            Mode::SingletonUnsized => Record::UnsizedEnvelopeRecord(envelope),
            _ if self.lies(Mutant::UnsizedReply) => Record::UnsizedEnvelopeRecord(envelope),
            _ => Record::SizedEnvelopeRecord(envelope),
        });
    }

    /// A message whose size is followed by an octet of nothing.
    fn padded(&mut self, envelope: &Bytes) {
        self.out.push(RecordType::SizedEnvelopeRecord.octet());
        MultiByteInt31::write(envelope.len(), &mut self.out);
        if let Some(last) = self.out.last_mut() {
            *last |= 0x80;
        }
        self.out.push(0);
        self.out.extend_from_slice(envelope);
    }

    /// The other side has ended: this side ends too, and another session may begin.
    fn ended(&mut self) {
        let behaviour = self.lab.behaviour();
        let (silent, closes) = (
            behaviour.varies(Variant::ClosesWithoutEnd),
            behaviour.varies(Variant::ClosesAfterEnd) || behaviour.varies(Variant::ClosesWithoutEnd),
        );
        if self.lies(Mutant::NeverEnds) {
            return;
        }
        if !silent {
            self.send_end();
        }
        if self.lies(Mutant::SpeaksAfterEnd) {
            let fault = Answer::Fault(Fault::addressing(&["EndpointUnavailable"], "The session has ended."));
            let message = Message::of(&fault, Addressed::default(), self.lab.behaviour());
            self.envelope_of(&message);
        }
        self.session = None;
        if closes {
            self.over = Some(Over::Closed);
        }
    }

    fn mode(&self) -> Mode {
        match self.state {
            ReceiverState::ExpectViaRecord(mode)
            | ReceiverState::ExpectEncodingRecord(mode)
            | ReceiverState::ExpectPreambleEndRecord(mode)
            | ReceiverState::ExpectUpgradeResponseRecord(mode)
            | ReceiverState::UpgradeInProgress(mode)
            | ReceiverState::ExpectPreambleAckRecord(mode) => mode,
            ReceiverState::Open(open) => open.mode,
            _ => Mode::Duplex,
        }
    }

    fn send(&mut self, record: &Record) {
        if let Ok(state) = self.state.next(Event::sent(record)) {
            self.state = state;
        }
        record.write(&mut self.out);
    }

    /// Ends this side's stream, where it has not ended.
    fn send_end(&mut self) {
        if matches!(self.state, ReceiverState::Open(open) if open.send != Flow::Ended) {
            self.send(&Record::EndRecord);
        }
    }

    fn refuse_bytes(&mut self, error: &DecodeError) {
        let is_envelope = matches!(error.item, "SizedEnvelopeRecord.Size");
        let too_long = matches!(error.kind, DecodeErrorKind::Limit { .. }) && !is_envelope;
        self.refuse_as(refusal::of_bytes(error), too_long);
    }

    fn refuse(&mut self, fault: FaultUri) {
        self.refuse_as(Some(fault), false);
    }

    /// Ends the session, and the connection with it: what follows cannot be told from what was refused.
    fn refuse_as(&mut self, fault: Option<FaultUri>, too_long: bool) {
        self.fall();
        let said = fault.filter(|fault| refusal::is_said(*fault, too_long, self.lab.behaviour()));
        match said {
            Some(fault) => {
                let strays = self.lies(Mutant::StraysInFaultNames);
                let uri = if strays { [FaultUri::NAMESPACE, "Contoso"].concat() } else { fault.uri() };
                self.send(&Record::FaultRecord(uri));
                self.over = Some(Over::Refused);
            }
            None => self.over = Some(Over::Aborted),
        }
    }
}
