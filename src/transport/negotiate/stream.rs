//! The client's side of a protected stream, without its socket: tokens and data go in and out as bytes.
//!
//! Leaves out what tokens hold. Follows [MS-NNS] 3.1.

use bytes::Bytes;

use super::{
    Refusal,
    mechanism::{Mechanism, Step},
};
use crate::wire::nns::{
    ClientStreamState, DATA, DataReader, Event, HandshakeMessage, HandshakeReader, MAX_PAYLOAD, write_data,
};

/// A stream that is, or is about to be, protected.
#[derive(Debug)]
pub(in crate::transport) struct ClientStream {
    state: ClientStreamState,
    /// None while a step is made elsewhere.
    mechanism: Option<Box<dyn Mechanism>>,
    /// The token that the next step takes.
    token: Option<Bytes>,
    handshake: HandshakeReader,
    data: DataReader,
}

/// A step that a mechanism has to make, which may take its time.
#[derive(Debug)]
pub(in crate::transport) struct Work {
    mechanism: Box<dyn Mechanism>,
    token: Bytes,
}

/// A step that was made.
#[derive(Debug)]
pub(in crate::transport) struct Worked {
    mechanism: Box<dyn Mechanism>,
    result: Result<Step, Refusal>,
}

impl Work {
    /// Makes the step. It may wait for a KDC.
    pub(in crate::transport) fn run(mut self) -> Worked {
        let result = self.mechanism.step(&self.token);
        Worked { mechanism: self.mechanism, result }
    }
}

impl ClientStream {
    /// Begins a handshake; the first step is there to be made (3.1.4.1).
    pub(in crate::transport) fn new(mechanism: Box<dyn Mechanism>) -> Self {
        Self {
            state: ClientStreamState::CreatingSecurityToken,
            mechanism: Some(mechanism),
            token: Some(Bytes::new()),
            handshake: HandshakeReader::default(),
            data: DataReader::default(),
        }
    }

    /// The step that is to be made now, taken.
    pub(in crate::transport) fn work(&mut self) -> Option<Work> {
        let token = self.token.take()?;
        Some(Work { mechanism: self.mechanism.take()?, token })
    }

    /// Goes on with a step that was made; what is to be sent goes behind what `out` holds.
    ///
    /// # Errors
    /// There will be no protected stream. The other side's part is in `out`.
    pub(in crate::transport) fn worked(&mut self, worked: Worked, out: &mut Vec<u8>) -> Result<(), Refusal> {
        self.mechanism = Some(worked.mechanism);
        let step = match worked.result {
            Ok(step) => step,
            Err(refusal) => return Err(self.fail(refusal, out)),
        };
        let was = self.state;
        let event = if step.complete { Event::Complete } else { Event::ContinueNeeded };
        self.state = self.state.next(event)?;
        let message = match self.state {
            ClientStreamState::WaitingForHandshakeDone => HandshakeMessage::HandshakeDone(step.token.into()),
            ClientStreamState::WaitingForHandshakeMessage => HandshakeMessage::HandshakeInProgress(step.token.into()),
            // 3.1.5.3: nothing is sent behind the other side's last token.
            ClientStreamState::Authenticated => return self.advance(),
            _ => {
                let reason = format!("the mechanism goes on behind the last token, in {}", was.name());
                return Err(
                    self.fail(Refusal::Mechanism { code: crate::wire::nns::ErrorCode::INVALID_TOKEN, reason }, out)
                );
            }
        };
        if message.write(out).is_err() {
            return Err(Refusal::Ours {
                reason: "a token of ours is longer than NegotiateStream can carry".to_owned(),
            });
        }
        self.advance()
    }

    /// Takes what came from the other side.
    ///
    /// # Errors
    /// There is no protected stream, or none any more.
    pub(in crate::transport) fn receive(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        if self.is_authenticated() {
            self.data.push(bytes);
            return Ok(());
        }
        self.handshake.push(bytes);
        let advanced = self.advance();
        if let (Err(refusal), Some(mechanism)) = (&advanced, &mut self.mechanism) {
            mechanism.refused(refusal);
        }
        advanced
    }

    /// Whether the handshake is through (3.1.1.2).
    pub(in crate::transport) fn is_authenticated(&self) -> bool {
        self.state == ClientStreamState::Authenticated
    }

    /// Opens the next data message, where one is whole (3.1.5.5).
    ///
    /// # Errors
    /// It is none that the other side sent next.
    pub(in crate::transport) fn open(&mut self) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(mechanism) = self.mechanism.as_mut().filter(|_| self.state == ClientStreamState::Authenticated) else {
            return Ok(None);
        };
        match self.data.next()? {
            Some(payload) => mechanism.unwrap(&payload).map(Some),
            None => Ok(None),
        }
    }

    /// Octets of a message that is not whole.
    pub(in crate::transport) fn buffered(&self) -> usize {
        self.handshake.buffered() + self.data.buffered()
    }

    /// Signs and seals bytes, in as many data messages as it takes, and writes those behind what `out` holds (3.1.4.2).
    ///
    /// # Errors
    /// The mechanism cannot, or the handshake is not through.
    pub(in crate::transport) fn seal(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        let ours = |reason: &str| Refusal::Ours { reason: reason.to_owned() };
        let mechanism = self.mechanism.as_mut().filter(|_| self.state == ClientStreamState::Authenticated);
        let mechanism = mechanism.ok_or_else(|| ours("data was to be sealed before the handshake was through"))?;
        for piece in plain.chunks(DATA) {
            let sealed = mechanism.wrap(piece)?;
            if u32::try_from(sealed.len()).is_ok_and(|length| length > MAX_PAYLOAD) {
                return Err(ours("a sealed message is longer than NegotiateStream can carry"));
            }
            write_data(&sealed, out);
        }
        Ok(())
    }

    /// Reads messages of the handshake, where the state waits for one.
    fn advance(&mut self) -> Result<(), Refusal> {
        use ClientStreamState as State;
        while matches!(self.state, State::WaitingForHandshakeMessage | State::WaitingForHandshakeDone) {
            let message = match self.handshake.next() {
                Ok(Some(message)) => message,
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.state = self.state.next(Event::Invalid)?;
                    return Err(error.into());
                }
            };
            let was = self.state;
            self.state = self.state.next(match message {
                HandshakeMessage::HandshakeInProgress(_) => Event::HandshakeInProgress,
                HandshakeMessage::HandshakeDone(_) => Event::HandshakeDone,
                HandshakeMessage::HandshakeError(_) => Event::HandshakeError,
            })?;
            match message {
                HandshakeMessage::HandshakeError(code) => return Err(Refusal::Target { code }),
                // 3.1.5.4: behind this side's last token none is expected.
                HandshakeMessage::HandshakeInProgress(_) if self.state == State::Closed => {
                    let expected = vec![Event::HandshakeDone, Event::HandshakeError];
                    let got = Event::HandshakeInProgress;
                    return Err(crate::wire::nns::Unexpected { state: was.name(), expected, got }.into());
                }
                HandshakeMessage::HandshakeInProgress(token) => self.token = Some(token),
                HandshakeMessage::HandshakeDone(token) if self.state == State::ProcessingFinalToken => {
                    self.token = Some(token);
                }
                // 3.1.5.4: its payload is ignored.
                HandshakeMessage::HandshakeDone(_) => {}
            }
        }
        if self.is_authenticated() {
            let rest = self.handshake.take_rest();
            self.data.push(&rest);
        }
        Ok(())
    }

    /// A mechanism that gave up: the other side is told (3.1.5.1, 3.1.5.3).
    fn fail(&mut self, refusal: Refusal, out: &mut Vec<u8>) -> Refusal {
        self.state = self.state.next(Event::Failed).unwrap_or(ClientStreamState::Uninitialized);
        if let Some(code) = refusal.code() {
            // Eight bytes always fit.
            let _ = HandshakeMessage::HandshakeError(code).write(out);
        }
        if let Some(mechanism) = &mut self.mechanism {
            mechanism.refused(&refusal);
        }
        refusal
    }
}
