//! A key of Kerberos and what is done with it: opening, sealing, signing.
//!
//! The cipher is `picky-krb`'s. Leaves out whose key it is. Follows RFC 3961 5.3, RFC 3962, RFC 4121 2.

use std::fmt;

use picky_krb::crypto::{
    Cipher, CipherSuite,
    aes::{AesSize, checksum_sha_aes},
};
use zeroize::Zeroizing;

/// What a key is used for: RFC 4120 7.5.1, RFC 4121 2.
pub(super) mod usage {
    pub(in super::super) const TICKET: i32 = 2;
    pub(in super::super) const AUTHENTICATOR: i32 = 11;
    pub(in super::super) const AP_REP: i32 = 12;
    pub(in super::super) const ACCEPTOR_SEAL: i32 = 22;
    pub(in super::super) const ACCEPTOR_SIGN: i32 = 23;
    pub(in super::super) const INITIATOR_SEAL: i32 = 24;
    pub(in super::super) const INITIATOR_SIGN: i32 = 25;
}

/// The encryption types that are read (RFC 3962 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyType {
    /// aes128-cts-hmac-sha1-96
    Aes128,
    /// aes256-cts-hmac-sha1-96
    Aes256,
}

impl KeyType {
    /// The type of a number.
    pub(super) fn of(number: i64) -> Option<Self> {
        match number {
            17 => Some(Self::Aes128),
            18 => Some(Self::Aes256),
            _ => None,
        }
    }

    /// Its number.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Aes128 => 17,
            Self::Aes256 => 18,
        }
    }

    /// How long its keys are, in octets.
    pub(super) fn length(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes256 => 32,
        }
    }

    fn cipher(self) -> Box<dyn Cipher> {
        match self {
            Self::Aes128 => CipherSuite::Aes128CtsHmacSha196.cipher(),
            Self::Aes256 => CipherSuite::Aes256CtsHmacSha196.cipher(),
        }
    }

    fn size(self) -> AesSize {
        match self {
            Self::Aes128 => AesSize::Aes128,
            Self::Aes256 => AesSize::Aes256,
        }
    }
}

/// A key.
#[derive(Clone)]
pub(super) struct Key {
    kind: KeyType,
    octets: Zeroizing<Vec<u8>>,
}

impl Key {
    /// A key of a type; none where its length is another's.
    pub(super) fn new(kind: KeyType, octets: &[u8]) -> Option<Self> {
        (octets.len() == kind.length()).then(|| Self { kind, octets: Zeroizing::new(octets.to_vec()) })
    }

    /// A key that nobody foresees; none where the system has nothing random.
    pub(super) fn fresh(kind: KeyType) -> Option<Self> {
        let mut octets = Zeroizing::new(vec![0; kind.length()]);
        getrandom::fill(&mut octets).ok()?;
        Some(Self { kind, octets })
    }

    pub(super) fn kind(&self) -> KeyType {
        self.kind
    }

    /// The key itself, for whom it is sent to under another.
    pub(super) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Opens what was sealed; none where it was not, by this key and for this.
    pub(super) fn open(&self, usage: i32, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.kind.cipher().decrypt(&self.octets, usage, sealed).ok().map(Zeroizing::new)
    }

    /// Opens it whatever its checksum is: a lie.
    pub(super) fn open_anyway(&self, usage: i32, sealed: &[u8]) -> Option<Vec<u8>> {
        self.kind.cipher().decrypt_no_checksum(&self.octets, usage, sealed).ok().map(|opened| opened.plaintext)
    }

    /// Seals; gives nothing, which nobody opens, where the system has nothing random.
    pub(super) fn seal(&self, usage: i32, plain: &[u8]) -> Vec<u8> {
        self.kind.cipher().encrypt(&self.octets, usage, plain).unwrap_or_default()
    }

    /// The checksum of bytes that are not sealed; none in no case that a key of the right length meets.
    pub(super) fn checksum(&self, usage: i32, bytes: &[u8]) -> Option<Vec<u8>> {
        checksum_sha_aes(&self.octets, usage, bytes, &self.kind.size()).ok()
    }
}

/// A key is not shown.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("kind", &self.kind).finish_non_exhaustive()
    }
}
