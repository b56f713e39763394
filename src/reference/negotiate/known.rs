//! Somebody who is who they say, and what protects their session.
//!
//! Leaves out how a mechanism finds that out and what it does (`ntlm.rs` and `seal.rs`, `kerberos/`).

use super::{kerberos, seal, users::User};

/// Somebody who is who they say.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) user: User,
    pub(super) seal: Seal,
}

/// Somebody who is who their ticket says.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) client: Principal,
    /// The realm that the service is of.
    pub(super) realm: String,
    /// What goes back: nothing where the client does not ask who the server is.
    pub(super) reply: Option<Vec<u8>>,
    pub(super) seal: kerberos::Seal,
}

/// Somebody, or a service, of a realm. The parts of the name are joined by `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Principal {
    pub(super) name: String,
    pub(super) realm: String,
}

/// How a session is signed and sealed, both ways.
#[derive(Debug, Clone)]
pub(super) enum Seal {
    Ntlm(Box<seal::Seal>),
    Kerberos(kerberos::Seal),
}

impl Seal {
    /// Signs and seals what is sent next.
    pub(super) fn wrap(&mut self, plain: &[u8]) -> Vec<u8> {
        match self {
            Self::Ntlm(seal) => seal.wrap(plain),
            Self::Kerberos(seal) => seal.wrap(plain),
        }
    }

    /// Opens what came next; none where it was not sealed by the other side, or not as the next.
    pub(super) fn unwrap(&mut self, sealed: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Ntlm(seal) => seal.unwrap(sealed),
            Self::Kerberos(seal) => seal.unwrap(sealed),
        }
    }

    /// Opens what came next, whoever sealed it: a lie.
    pub(super) fn unwrap_anyway(&mut self, sealed: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Ntlm(seal) => seal.unwrap_anyway(sealed),
            Self::Kerberos(seal) => seal.unwrap_anyway(sealed),
        }
    }

    /// Whether this is the other side's signature of bytes that are not sealed.
    pub(super) fn verifies(&mut self, bytes: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ntlm(seal) => seal.verifies(bytes, signature),
            Self::Kerberos(seal) => seal.verifies(bytes, signature),
        }
    }

    /// This side's signature of bytes that are not sealed.
    pub(super) fn signature(&mut self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Ntlm(seal) => seal.signature(bytes).to_vec(),
            Self::Kerberos(seal) => seal.signature(bytes),
        }
    }
}
