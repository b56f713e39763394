//! How a session is protected: the upgrade that it asks for, the handshake, and then everything that is sent and received.
//!
//! Leaves out tokens and how bytes are sealed. Follows [MC-NMF] 3.1.4.7, 3.1.4.8, 3.2.4.2 and [MS-NMFTB].

use bytes::Bytes;

use crate::{
    transport::negotiate::{ClientStream, Mechanism, Refusal, Work, Worked},
    wire::framing::{Deframer, Event, Limits, Mode, ReceiverState, RecordType},
};

/// How far a session is with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing is protected, and nothing will be.
    Unprotected,
    /// It will be asked for.
    Wanted,
    /// The target was asked for the upgrade.
    Asked,
    /// Tokens travel.
    Handshake,
    /// What travels is sealed.
    Protected,
}

/// The protection of one session.
#[derive(Debug)]
pub(super) struct Protection {
    phase: Phase,
    /// What protects, until the handshake begins.
    mechanism: Option<Box<dyn Mechanism>>,
    stream: Option<ClientStream>,
    /// Reads the preamble that a caller writes byte by byte.
    preamble: (Deframer, ReceiverState),
    /// What such a caller wrote behind it.
    held: Vec<Bytes>,
}

impl Protection {
    /// The protection by a mechanism, or none.
    pub(super) fn new(mechanism: Option<Box<dyn Mechanism>>) -> Self {
        Self {
            phase: if mechanism.is_some() { Phase::Wanted } else { Phase::Unprotected },
            mechanism,
            stream: None,
            preamble: (Deframer::new(Limits::default()), ReceiverState::default()),
            held: Vec::new(),
        }
    }

    /// How far it is.
    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether the target is to be asked for the upgrade now; it counts as asked then.
    pub(super) fn ask(&mut self) -> bool {
        let wanted = self.phase == Phase::Wanted;
        if wanted {
            self.phase = Phase::Asked;
        }
        wanted
    }

    /// Of bytes that a caller writes: what is to be written now, and whether the upgrade is to be asked for behind it. The
    /// rest waits for the protection.
    ///
    /// A preamble in Duplex mode is recognised by its records, up to the encoding; what is none, or asks for an upgrade
    /// itself, goes as it is.
    pub(super) fn pass(&mut self, bytes: Bytes) -> (Bytes, bool) {
        match self.phase {
            Phase::Unprotected | Phase::Protected => return (bytes, false),
            Phase::Asked | Phase::Handshake => {
                self.held.push(bytes);
                return (Bytes::new(), false);
            }
            Phase::Wanted => {}
        }
        let (deframer, state) = &mut self.preamble;
        deframer.push(&bytes);
        while !matches!(state, ReceiverState::ExpectPreambleEndRecord(Mode::Duplex)) {
            let next = match deframer.next() {
                Ok(Some(framed)) => state.next(Event::received(&framed.record)).ok(),
                Ok(None) => return (bytes, false),
                Err(_) => None,
            };
            let Some(next) = next else {
                self.phase = Phase::Unprotected;
                return (bytes, false);
            };
            *state = next;
        }
        let behind = deframer.buffered().min(bytes.len());
        if behind == 0 {
            return (bytes, false);
        }
        let mut now = bytes;
        let rest = now.split_off(now.len() - behind);
        if rest.first() == Some(&RecordType::UpgradeRequestRecord.octet()) {
            self.phase = Phase::Unprotected;
            return ([now, rest].concat().into(), false);
        }
        self.held.push(rest);
        (now, self.ask())
    }

    /// The target takes the upgrade, and these bytes came behind that. Says whether the session is protected now.
    ///
    /// # Errors
    /// There will be no protection.
    pub(super) fn begin(&mut self, rest: &[u8]) -> Result<bool, Refusal> {
        let mechanism = self.mechanism.take();
        let mechanism = mechanism.ok_or_else(|| Refusal::Ours { reason: "there is no mechanism".to_owned() })?;
        self.phase = Phase::Handshake;
        let stream = self.stream.insert(ClientStream::new(mechanism));
        stream.receive(rest)?;
        Ok(false)
    }

    /// Takes what came, where that is not records; says whether the session is protected now, and was not before.
    ///
    /// # Errors
    /// There is no protection, or none any more.
    pub(super) fn receive(&mut self, bytes: &[u8]) -> Option<Result<bool, Refusal>> {
        let received = self.stream.as_mut()?.receive(bytes);
        Some(received.map(|()| self.has_become_protected()))
    }

    /// A step that is to be made elsewhere, taken.
    pub(super) fn work(&mut self) -> Option<Work> {
        self.stream.as_mut()?.work()
    }

    /// Goes on with a step that was made; what is to be sent goes into `out`. Says whether the session is protected now, and
    /// was not before.
    ///
    /// # Errors
    /// There will be no protection.
    pub(super) fn worked(&mut self, worked: Worked, out: &mut Vec<u8>) -> Result<bool, Refusal> {
        match &mut self.stream {
            Some(stream) => stream.worked(worked, out)?,
            None => return Ok(false),
        }
        Ok(self.has_become_protected())
    }

    /// What came and was opened, where a whole message of it did.
    ///
    /// # Errors
    /// It is not what the target sent next.
    pub(super) fn open(&mut self) -> Result<Option<Vec<u8>>, Refusal> {
        self.stream.as_mut().map_or(Ok(None), ClientStream::open)
    }

    /// Bytes as they travel.
    ///
    /// # Errors
    /// They cannot be sealed.
    pub(super) fn seal(&mut self, bytes: &Bytes) -> Result<Bytes, Refusal> {
        match &mut self.stream {
            Some(stream) if self.phase == Phase::Protected => {
                let mut sealed = Vec::new();
                stream.seal(bytes, &mut sealed)?;
                Ok(sealed.into())
            }
            _ => Ok(bytes.clone()),
        }
    }

    /// What a caller wrote and the protection held back, taken.
    pub(super) fn held(&mut self) -> Vec<Bytes> {
        std::mem::take(&mut self.held)
    }

    /// Octets of a message of the handshake, or of a sealed one, that is not whole.
    pub(super) fn buffered(&self) -> usize {
        self.stream.as_ref().map_or(0, ClientStream::buffered)
    }

    fn has_become_protected(&mut self) -> bool {
        let is = self.stream.as_ref().is_some_and(ClientStream::is_authenticated);
        let has_become = is && self.phase != Phase::Protected;
        if has_become {
            self.phase = Phase::Protected;
        }
        has_become
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        transport::{Identity, Secret, Security, SecurityMode, negotiate::Refused},
        wire::framing::{KnownEncoding, NEGOTIATE, Preamble, Record},
    };

    fn wanted() -> Protection {
        let security = Security {
            mode: SecurityMode::Ntlm,
            spn: "host/h".to_owned(),
            kdc: None,
            identity: Identity::Password { username: "u".to_owned(), password: Secret::new("p".to_owned()) },
            kdc_limit: std::time::Duration::from_secs(1),
        };
        Protection::new(Some(std::sync::Arc::new(security).mechanism(&Refused::default())))
    }

    fn written(records: &[Record]) -> Vec<u8> {
        records.iter().flat_map(Record::to_bytes).collect()
    }

    #[test]
    fn a_preamble_that_is_written_byte_by_byte_is_recognised_at_every_split() {
        let preamble = written(&Preamble::duplex("net.tcp://h/x".to_owned(), KnownEncoding::BinarySession).records());
        let whole = [preamble.as_slice(), &Record::PreambleEndRecord.to_bytes(), b"\x06\x01x"].concat();
        for split in 1..whole.len() {
            let mut protection = wanted();
            let (mut now, mut asked) = (Vec::new(), 0);
            for piece in [&whole[..split], &whole[split..]] {
                let (passed, asks) = protection.pass(Bytes::copy_from_slice(piece));
                now.extend(passed);
                asked += usize::from(asks);
            }
            assert_eq!((now, asked), (preamble.clone(), 1), "split at {split}");
            assert_eq!(protection.held().concat(), whole[preamble.len()..]);
        }
    }

    #[test]
    fn what_is_no_preamble_or_asks_for_an_upgrade_itself_goes_as_it_is() {
        let mut preamble =
            Preamble::duplex("net.tcp://h/x".to_owned(), KnownEncoding::BinarySession).records().to_vec();
        preamble.push(Record::UpgradeRequestRecord(NEGOTIATE.to_owned()));
        for bytes in [written(&preamble), b"GET / HTTP/1.1".to_vec(), written(&[Record::PreambleEndRecord])] {
            let mut protection = wanted();
            assert_eq!(protection.pass(bytes.clone().into()), (bytes.into(), false));
            assert_eq!(protection.phase(), Phase::Unprotected);
        }
    }
}
