//! How Kerberos signs and seals what travels, both ways, as the acceptor does it.
//!
//! Leaves out how the key is had. What comes must be sealed, and be the next. Follows RFC 4121 4.2.

use super::{Key, usage};

/// Octets of the header of a token.
const HEADER: usize = 16;
/// TOK_ID of tokens that sign and tokens that seal (4.2.6.1, 4.2.6.2).
const MIC: [u8; 2] = [4, 4];
const WRAP: [u8; 2] = [5, 4];
/// Flags (4.2.2).
const SENT_BY_ACCEPTOR: u8 = 1;
const SEALED: u8 = 2;
const ACCEPTOR_SUBKEY: u8 = 4;
/// By how much a token's body is turned: checksum and header, which Windows sends in front.
const RRC: u16 = 28;

/// Both directions of a session.
#[derive(Debug, Clone)]
pub(in super::super) struct Seal {
    key: Key,
    /// [`ACCEPTOR_SUBKEY`] where the key is the acceptor's.
    subkey: u8,
    /// SND_SEQ of what is sent next, and of what comes next.
    sends: u64,
    receives: u64,
}

impl Seal {
    /// The acceptor's side; the numbers are those of AP-REP and of the authenticator.
    pub(super) fn acceptor(key: Key, is_subkey: bool, sends: u32, receives: u32) -> Self {
        let subkey = if is_subkey { ACCEPTOR_SUBKEY } else { 0 };
        Self { key, subkey, sends: sends.into(), receives: receives.into() }
    }

    /// Signs and seals what is sent next (4.2.4).
    pub(in super::super) fn wrap(&mut self, plain: &[u8]) -> Vec<u8> {
        let flags = SENT_BY_ACCEPTOR | SEALED | self.subkey;
        let mut header = [&WRAP[..], &[flags, 0xFF, 0, 0, 0, 0], &self.sends.to_be_bytes()].concat();
        self.sends = self.sends.wrapping_add(1);
        let mut body = self.key.seal(usage::ACCEPTOR_SEAL, &[plain, &header].concat());
        if let Some(by) = body.len().checked_sub(usize::from(RRC)) {
            body.rotate_left(by);
        }
        for (place, octet) in header.iter_mut().skip(6).zip(RRC.to_be_bytes()) {
            *place = octet;
        }
        [header, body].concat()
    }

    /// Opens what came next; none where it was not sealed by the other side, or not as the next.
    pub(in super::super) fn unwrap(&mut self, token: &[u8]) -> Option<Vec<u8>> {
        let (header, body) = token.split_first_chunk::<HEADER>()?;
        let [0x05, 0x04, flags, 0xFF, ec_high, ec_low, rrc_high, rrc_low, sequence @ ..] = *header else { return None };
        // Flags that are not known are passed over.
        if flags & (SENT_BY_ACCEPTOR | SEALED | ACCEPTOR_SUBKEY) != SEALED | self.subkey
            || u64::from_be_bytes(sequence) != self.receives
        {
            return None;
        }
        let mut body = body.to_vec();
        let turned = usize::from(u16::from_be_bytes([rrc_high, rrc_low])).checked_rem(body.len())?;
        body.rotate_left(turned);
        let mut opened = self.key.open(usage::INITIATOR_SEAL, &body)?;
        // Behind the message are fillers and the header, in which RRC is none.
        let (rest, copy) = opened.split_last_chunk::<HEADER>()?;
        if copy.get(..6) != header.get(..6) || copy.get(8..) != header.get(8..) {
            return None;
        }
        let length = rest.len().checked_sub(usize::from(u16::from_be_bytes([ec_high, ec_low])))?;
        opened.truncate(length);
        self.receives = self.receives.wrapping_add(1);
        Some(std::mem::take(&mut *opened))
    }

    /// Opens what came next, whoever sealed it: a lie.
    pub(in super::super) fn unwrap_anyway(&mut self, token: &[u8]) -> Option<Vec<u8>> {
        let (header, body) = token.split_first_chunk::<HEADER>()?;
        let [_, _, _, _, _, _, rrc_high, rrc_low, ..] = *header;
        let mut body = body.to_vec();
        let turned = usize::from(u16::from_be_bytes([rrc_high, rrc_low])).checked_rem(body.len())?;
        body.rotate_left(turned);
        let mut opened = self.key.open_anyway(usage::INITIATOR_SEAL, &body)?;
        opened.truncate(opened.len().checked_sub(HEADER)?);
        self.receives = self.receives.wrapping_add(1);
        Some(opened)
    }

    /// Whether this is the other side's signature of bytes that are not sealed.
    pub(in super::super) fn verifies(&mut self, bytes: &[u8], token: &[u8]) -> bool {
        let Some((header, checksum)) = token.split_first_chunk::<HEADER>() else { return false };
        let [0x04, 0x04, flags, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, sequence @ ..] = *header else { return false };
        let sequence = u64::from_be_bytes(sequence);
        let is_next = sequence == self.receives;
        // Windows signs the list of mechanisms as its message 0, whatever comes next.
        if flags & (SENT_BY_ACCEPTOR | SEALED | ACCEPTOR_SUBKEY) != self.subkey || !(is_next || sequence == 0) {
            return false;
        }
        let is_right = self.key.checksum(usage::INITIATOR_SIGN, &[bytes, header].concat()).as_deref() == Some(checksum);
        if is_right && is_next {
            self.receives = self.receives.wrapping_add(1);
        }
        is_right
    }

    /// This side's signature of bytes that are not sealed.
    pub(in super::super) fn signature(&mut self, bytes: &[u8]) -> Vec<u8> {
        let flags = SENT_BY_ACCEPTOR | self.subkey;
        let header = [&MIC[..], &[flags, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], &self.sends.to_be_bytes()].concat();
        self.sends = self.sends.wrapping_add(1);
        let checksum = self.key.checksum(usage::ACCEPTOR_SIGN, &[bytes, &header].concat()).unwrap_or_default();
        [header, checksum].concat()
    }
}
