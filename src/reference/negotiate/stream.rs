//! The server's side of a protected stream, without its socket: bytes in, bytes out.
//!
//! Leaves out framing. It protects everything, or nothing comes of it: EncryptAndSign is required. Follows [MS-NNS] 3.2.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{
    ntlm::Known,
    spnego::{Acceptor, Around, Stepped},
    users::{User, Users},
};
use crate::wire::nns::{
    DATA, DataReader, ErrorCode, Event, HandshakeMessage, HandshakeReader, ServerStreamState, write_data,
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
}

/// The stream is of no use any more. What the other side is to be told was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::reference) struct Broken;

impl ServerStream {
    /// Waits for the first token (3.2.4.1). The nonce is the server's challenge, and never the same twice.
    pub(in crate::reference) fn new(nonce: [u8; 8]) -> Self {
        Self {
            state: ServerStreamState::WaitingForHandshakeMessage,
            acceptor: Acceptor::new(),
            nonce,
            handshake: HandshakeReader::default(),
            data: DataReader::default(),
            known: None,
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
            self.data.push(bytes);
        } else {
            self.handshake.push(bytes);
            self.shake(users, out)?;
        }
        let mut opened = Vec::new();
        if let Some(known) = &mut self.known {
            while let Some(payload) = self.data.next().map_err(|_| Broken)? {
                opened.extend(known.seal.unwrap(&payload).ok_or(Broken)?);
            }
        }
        Ok(opened)
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
        let around = Around { users, nonce: self.nonce, time: file_time() };
        let message = match self.acceptor.step(token, around) {
            Ok(Stepped::Complete(token, known)) => {
                self.go(Event::Complete)?;
                self.known = Some(known);
                // Behind the client's last token the server has none to send.
                HandshakeMessage::HandshakeDone(if is_final { Vec::new() } else { token }.into())
            }
            Ok(Stepped::Continue(_)) if is_final => {
                self.go(Event::ContinueNeeded)?;
                HandshakeMessage::HandshakeError(ErrorCode::INVALID_TOKEN)
            }
            Ok(Stepped::Continue(token)) => {
                self.go(Event::ContinueNeeded)?;
                HandshakeMessage::HandshakeInProgress(token.into())
            }
            Err(code) => {
                self.go(if code == ErrorCode::TRUST_FAILURE { Event::Insufficient } else { Event::Failed })?;
                HandshakeMessage::HandshakeError(code)
            }
        };
        message.write(out).map_err(|_| Broken)?;
        if self.state == ServerStreamState::Uninitialized { Err(Broken) } else { Ok(()) }
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
