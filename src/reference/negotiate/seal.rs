//! How NTLM signs and seals what travels, both ways.
//!
//! Leaves out how the key is had. Extended session security alone. Follows [MS-NLMP] 3.4.2 to 3.4.5, [MS-SPNG] 3.2.5.1.

use super::{
    message::flag,
    ntlm::{hmac, md5},
    rc4::Rc4,
};

/// Octets of NTLMSSP_MESSAGE_SIGNATURE (2.2.2.9).
const SIGNATURE: usize = 16;

/// Both directions of a session.
#[derive(Debug, Clone)]
pub(super) struct Seal {
    sends: Direction,
    receives: Direction,
}

#[derive(Debug, Clone)]
struct Direction {
    signing: [u8; 16],
    handle: Rc4,
    number: u32,
    key_exchange: bool,
}

impl Seal {
    /// The server's side, of the exported session key and the flags of the client's last message.
    pub(super) fn server(exported: &[u8; 16], flags: u32) -> Self {
        Self {
            sends: Direction::new(exported, flags, "server-to-client"),
            receives: Direction::new(exported, flags, "client-to-server"),
        }
    }

    /// The client's side, for tests.
    #[cfg(test)]
    pub(super) fn client(exported: &[u8; 16], flags: u32) -> Self {
        let Self { sends, receives } = Self::server(exported, flags);
        Self { sends: receives, receives: sends }
    }

    /// Signs and seals what is sent next.
    pub(super) fn wrap(&mut self, plain: &[u8]) -> Vec<u8> {
        let sealed = self.sends.handle.apply(plain);
        let mut out = self.sends.sign(plain).to_vec();
        out.extend(sealed);
        out
    }

    /// Opens what came next; none where it was not sealed by the other side, or not as the next.
    pub(super) fn unwrap(&mut self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (signature, sealed) = sealed.split_first_chunk::<SIGNATURE>()?;
        let plain = self.receives.handle.apply(sealed);
        (self.receives.sign(&plain) == *signature).then_some(plain)
    }

    /// Opens what came next, whoever sealed it: a lie.
    pub(super) fn unwrap_anyway(&mut self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (_, sealed) = sealed.split_first_chunk::<SIGNATURE>()?;
        let plain = self.receives.handle.apply(sealed);
        self.receives.sign(&plain);
        Some(plain)
    }

    /// Whether this is the other side's signature of bytes that are not sealed. What is sealed next begins with the same
    /// key stream ([MS-SPNG] 3.2.5.1).
    pub(super) fn verifies(&mut self, bytes: &[u8], signature: &[u8]) -> bool {
        self.receives.sign_aside(bytes) == *signature
    }

    /// This side's signature of bytes that are not sealed, likewise.
    pub(super) fn signature(&mut self, bytes: &[u8]) -> [u8; SIGNATURE] {
        self.sends.sign_aside(bytes)
    }
}

impl Direction {
    /// SIGNKEY and SEALKEY (3.4.5.2, 3.4.5.3).
    fn new(exported: &[u8; 16], flags: u32, way: &str) -> Self {
        let key = |purpose: &str, of: &[u8]| {
            md5(&[of, format!("session key to {way} {purpose} key magic constant\0").as_bytes()])
        };
        let strength = match flags {
            flags if flags & flag::N128 != 0 => 16,
            flags if flags & flag::N56 != 0 => 7,
            _ => 5,
        };
        let weakened = exported.get(..strength).unwrap_or(exported);
        Self {
            signing: key("signing", exported),
            handle: Rc4::new(&key("sealing", weakened)),
            number: 0,
            key_exchange: flags & flag::KEY_EXCH != 0,
        }
    }

    /// MAC with extended session security (3.4.4.2).
    fn sign(&mut self, plain: &[u8]) -> [u8; SIGNATURE] {
        let number = self.number.to_le_bytes();
        let digest = hmac(&self.signing, &[&number, plain]);
        let checksum = digest.first_chunk::<8>().copied().unwrap_or_default();
        let checksum = if self.key_exchange { self.handle.apply(&checksum) } else { checksum.to_vec() };
        self.number = self.number.wrapping_add(1);
        let mut signature = [0; SIGNATURE];
        let octets = [1, 0, 0, 0].into_iter().chain(checksum).chain(number);
        for (place, octet) in signature.iter_mut().zip(octets) {
            *place = octet;
        }
        signature
    }

    fn sign_aside(&mut self, bytes: &[u8]) -> [u8; SIGNATURE] {
        let handle = self.handle.clone();
        let signature = self.sign(bytes);
        self.handle = handle;
        signature
    }
}
