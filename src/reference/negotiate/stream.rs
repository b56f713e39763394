//! The server's side of a protected stream, without its socket: bytes in, bytes out.
//!
//! Leaves out framing. It protects everything, or nothing comes of it: EncryptAndSign is required. Follows [MS-NNS] 3.2.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::{
    known::Known,
    spnego::{Acceptor, Around, Stepped},
    users::{User, Users},
};
use crate::{
    reference::{Behaviour, Mutant},
    wire::{
        framing::RecordType,
        nns::{
            DATA, DataReader, ErrorCode, Event, HandshakeMessage, HandshakeReader, MessageId, ServerStreamState,
            write_data,
        },
    },
};

/// A stream that is, or is about to be, protected.
#[derive(Debug)]
pub(in crate::reference) struct ServerStream {
    state: ServerStreamState,
    acceptor: Acceptor,
    nonce: [u8; 8],
    handshake: HandshakeReader,
    data: DataReader,
    known: Option<Box<Known>>,
    behaviour: Behaviour,
    lie: Lie,
}

/// What lies are made of.
#[derive(Debug, Default)]
struct Lie {
    /// A payload that could not be opened yet.
    early: Option<Bytes>,
    /// The last one that was opened, with what it held.
    last: Option<(Bytes, Vec<u8>)>,
}

/// The stream is of no use any more. What the other side is to be told was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::reference) struct Broken;

impl ServerStream {
    /// Waits for the first token (3.2.4.1). The nonce is the server's challenge, and never the same twice.
    pub(in crate::reference) fn new(nonce: [u8; 8], behaviour: Behaviour) -> Self {
        Self {
            state: ServerStreamState::WaitingForHandshakeMessage,
            acceptor: Acceptor::new(),
            nonce,
            handshake: HandshakeReader::default(),
            data: DataReader::default(),
            known: None,
            behaviour,
            lie: Lie::default(),
        }
    }

    /// Takes bytes: gives what was opened; what is to be sent goes behind what `out` holds.
    ///
    /// # Errors
    /// There is no protected stream, or none any more.
    pub(in crate::reference) fn receive(
        &mut self,
        bytes: &[u8],
        users: &Users,
        out: &mut Vec<u8>,
    ) -> Result<Vec<u8>, Broken> {
        if self.state == ServerStreamState::Authenticated {
            if self.lies(Mutant::ReadsUnsealedData) && bytes.first() == Some(&RecordType::SizedEnvelopeRecord.octet()) {
                return Ok(bytes.to_vec());
            }
            self.data.push(bytes);
        } else {
            let bytes = self.lie_about_handshake(bytes)?;
            self.handshake.push(bytes);
            self.shake(users, out)?;
        }
        let mut opened = Vec::new();
        while self.known.is_some()
            && let Some(payload) = self.data.next().map_err(|_| Broken)?
        {
            opened.extend(self.unwrap(payload)?);
        }
        if self.lies(Mutant::ReadsWholeDataOnly) && self.data.buffered() > 0 {
            return Err(Broken);
        }
        Ok(opened)
    }

    fn lies(&self, mutant: Mutant) -> bool {
        self.behaviour.lies(mutant)
    }

    /// 3.2.5.4
    fn unwrap(&mut self, payload: Bytes) -> Result<Vec<u8>, Broken> {
        let behaviour = &self.behaviour;
        let Some(known) = &mut self.known else { return Err(Broken) };
        if behaviour.lies(Mutant::OpensAlteredData) {
            return known.seal.unwrap_anyway(&payload).ok_or(Broken);
        }
        if let Some((last, plain)) = &self.lie.last
            && behaviour.lies(Mutant::TakesRepeatedData)
            && *last == payload
        {
            return Ok(plain.clone());
        }
        let before = behaviour.lies(Mutant::SortsSwappedData).then(|| known.seal.clone());
        match (known.seal.unwrap(&payload), before) {
            (Some(mut plain), _) => {
                if behaviour.lies(Mutant::TakesRepeatedData) {
                    self.lie.last = Some((payload, plain.clone()));
                }
                let early = self.lie.early.take().and_then(|early| known.seal.unwrap(&early));
                plain.extend(early.unwrap_or_default());
                Ok(plain)
            }
            (None, Some(before)) if self.lie.early.is_none() => {
                known.seal = before;
                self.lie.early = Some(payload);
                Ok(Vec::new())
            }
            (None, _) => Err(Broken),
        }
    }

    /// What of bytes that begin with a message of the handshake is looked at.
    fn lie_about_handshake<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], Broken> {
        let Some([id, major, minor, high, low]) = bytes.first_chunk::<5>() else { return Ok(bytes) };
        if self.lies(Mutant::ChecksHandshakeVersion) && [*major, *minor] != [1, 0] {
            return Err(Broken);
        }
        if self.lies(Mutant::PassesOverUnknownHandshakes) && MessageId::from_octet(*id).is_none() {
            let size = usize::from(u16::from_be_bytes([*high, *low]));
            return Ok(bytes.get(5 + size..).unwrap_or_default());
        }
        Ok(bytes)
    }

    /// Who the other side is, once that is known.
    pub(in crate::reference) fn user(&self) -> Option<&User> {
        self.known.as_ref().map(|known| &known.user)
    }

    /// Signs and seals bytes, and writes them behind what `out` holds (3.2.4.2).
    pub(in crate::reference) fn seal(&mut self, plain: &[u8], out: &mut Vec<u8>) {
        if let Some(known) = &mut self.known {
            for piece in plain.chunks(DATA) {
                write_data(&known.seal.wrap(piece), out);
            }
        }
    }

    fn shake(&mut self, users: &Users, out: &mut Vec<u8>) -> Result<(), Broken> {
        while self.state == ServerStreamState::WaitingForHandshakeMessage {
            let message = match self.handshake.next() {
                Ok(Some(message)) => message,
                Ok(None) if self.lies(Mutant::ReadsWholeHandshakesOnly) && self.handshake.buffered() > 0 => {
                    return self.go(Event::Invalid).and(Err(Broken));
                }
                Ok(None) => return Ok(()),
                Err(_) => return self.go(Event::Invalid).and(Err(Broken)),
            };
            match message {
                HandshakeMessage::HandshakeInProgress(token) => {
                    self.go(Event::HandshakeInProgress)?;
                    self.step(&token, users, out)?;
                }
                HandshakeMessage::HandshakeDone(token) => {
                    self.go(Event::HandshakeDone)?;
                    self.step(&token, users, out)?;
                }
                HandshakeMessage::HandshakeError(_) if self.lies(Mutant::GoesOnAfterHandshakeError) => {}
                HandshakeMessage::HandshakeError(_) => return self.go(Event::HandshakeError).and(Err(Broken)),
            }
        }
        let rest = self.handshake.take_rest();
        self.data.push(&rest);
        Ok(())
    }

    /// 3.2.5.2, 3.2.5.3
    fn step(&mut self, token: &[u8], users: &Users, out: &mut Vec<u8>) -> Result<(), Broken> {
        let is_final = self.state == ServerStreamState::ProcessingFinalToken;
        let anybody = self.lies(Mutant::LetsAnybodyIn);
        let any_level = self.lies(Mutant::GrantsLess);
        let around = Around { users, nonce: self.nonce, time: file_time(), anybody, any_level };
        if self.lies(Mutant::ForgetsItsContext) {
            self.acceptor = Acceptor::new();
        }
        let message = match self.acceptor.step(token, around) {
            Ok(Stepped::Complete(token, known)) => {
                self.go(Event::Complete)?;
                self.known = Some(known);
                // Behind the client's last token the server has none to send.
                let token = if is_final { Vec::new() } else { token };
                if self.lies(Mutant::NeverDone) {
                    HandshakeMessage::HandshakeInProgress(token.into())
                } else {
                    HandshakeMessage::HandshakeDone(token.into())
                }
            }
            Ok(Stepped::Continue(_)) if is_final => {
                self.go(Event::ContinueNeeded)?;
                HandshakeMessage::HandshakeError(ErrorCode::INVALID_TOKEN)
            }
            Ok(Stepped::Continue(token)) => {
                self.go(Event::ContinueNeeded)?;
                if self.lies(Mutant::DoneAtOnce) {
                    HandshakeMessage::HandshakeDone(token.into())
                } else {
                    HandshakeMessage::HandshakeInProgress(token.into())
                }
            }
            Err(ErrorCode::INVALID_TOKEN) if self.lies(Mutant::TakesAnyToken) => {
                self.go(Event::ContinueNeeded)?;
                HandshakeMessage::HandshakeInProgress(token.to_vec().into())
            }
            Err(code) => {
                self.go(if code == ErrorCode::TRUST_FAILURE { Event::Insufficient } else { Event::Failed })?;
                HandshakeMessage::HandshakeError(code)
            }
        };
        self.write(&message, out)?;
        if self.state == ServerStreamState::Uninitialized && self.lies(Mutant::BeginsAnewAfterFailure) {
            self.acceptor = Acceptor::new();
            self.state = ServerStreamState::WaitingForHandshakeMessage;
        }
        if self.state == ServerStreamState::Uninitialized { Err(Broken) } else { Ok(()) }
    }

    fn write(&self, message: &HandshakeMessage, out: &mut Vec<u8>) -> Result<(), Broken> {
        let mut bytes = Vec::new();
        message.write(&mut bytes).map_err(|_| Broken)?;
        if self.lies(Mutant::WrongHandshakeVersion)
            && let Some(minor) = bytes.get_mut(2)
        {
            *minor = 1;
        }
        if let (true, [id, major, minor, _, _, _, _, _, _, code @ ..]) =
            (self.lies(Mutant::ShortHandshakeError) && message.id() == MessageId::HandshakeError, &bytes[..])
        {
            bytes = [&[*id, *major, *minor, 0, 4], code].concat();
        }
        out.extend(bytes);
        Ok(())
    }

    fn go(&mut self, event: Event) -> Result<(), Broken> {
        self.state = self.state.next(event).map_err(|_| Broken)?;
        Ok(())
    }
}

/// The time as a FILETIME: in steps of 100 ns since 1601.
fn file_time() -> u64 {
    const UNIX: u64 = 116_444_736_000_000_000;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos() / 100).unwrap_or_default().saturating_add(UNIX)
}
