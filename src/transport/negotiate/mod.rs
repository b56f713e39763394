//! NegotiateStream as the client has it: who logs on, with which mechanism, and the stream that is protected by it.
//!
//! Leaves out framing and sockets; the one socket here goes to a Kerberos KDC. Follows [MS-NNS] 3.1.

#[cfg(feature = "security")]
mod as_exchange;
mod identity;
#[cfg(feature = "security")]
mod kdc;
mod mechanism;
#[cfg(feature = "security")]
mod provider;
#[cfg(feature = "security")]
#[cfg(test)]
mod provider_tests;
mod refusal;
mod secret;
mod stream;
#[cfg(test)]
mod stream_tests;
#[cfg(feature = "security")]
mod ticket_cache;
#[cfg(feature = "security")]
#[cfg(test)]
mod ticket_cache_tests;
#[cfg(feature = "security")]
mod workarounds;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

pub use self::{
    identity::{Identity, OtherKind, TicketCache},
    secret::Secret,
};
pub(super) use self::{
    mechanism::{Mechanism, Step},
    refusal::Refusal,
    stream::{ClientStream, Work, Worked},
};

/// Which mechanisms are offered. All are wrapped in SPNEGO, as 3.1.4.1 asks where a stream is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecurityMode {
    /// Kerberos where a KDC is known or a ticket cache is used, NTLM otherwise.
    Negotiate,
    /// Kerberos alone.
    Kerberos,
    /// NTLM alone.
    Ntlm,
    /// NTLM that asks for signing and not for sealing, as no target file has it: a case may.
    SignedNtlm,
}

impl SecurityMode {
    /// All that a target file has.
    pub const ALL: [Self; 3] = [Self::Negotiate, Self::Kerberos, Self::Ntlm];

    /// The word of a target file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Negotiate => "negotiate",
            Self::Kerberos => "kerberos",
            Self::Ntlm | Self::SignedNtlm => "ntlm",
        }
    }
}

/// How sessions are protected, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Security {
    /// Which mechanisms are offered.
    pub mode: SecurityMode,
    /// The name of the service, as in `host/ipam.contoso.example`.
    pub spn: String,
    /// Where the KDC listens, as in `dc1.contoso.example:88`; `krb5.conf` says where none is given.
    pub kdc: Option<String>,
    /// Who logs on.
    pub identity: Identity,
    /// How long a KDC has to answer.
    pub kdc_limit: Duration,
}

impl Security {
    /// The mechanism of one stream, which is made with its first step: that may look for a KDC.
    ///
    /// A refusal that counts against the account is kept: nobody logs on after it, so that no account is locked out.
    pub(super) fn mechanism(self: &Arc<Self>, refused: &Refused) -> Box<dyn Mechanism> {
        Box::new(Unmade { security: Arc::clone(self), refused: Arc::clone(refused), made: None })
    }

    #[cfg(feature = "security")]
    fn make(&self) -> Result<Box<dyn Mechanism>, Refusal> {
        Ok(Box::new(provider::SspiClient::new(self)?))
    }

    #[cfg(not(feature = "security"))]
    #[expect(clippy::unused_self, reason = "as with the feature")]
    fn make(&self) -> Result<Box<dyn Mechanism>, Refusal> {
        let reason = "this build cannot protect sessions; build it with the feature `security`".to_owned();
        Err(Refusal::Ours { reason })
    }
}

/// A mechanism that is made when it is needed.
#[derive(Debug)]
struct Unmade {
    security: Arc<Security>,
    refused: Refused,
    made: Option<Box<dyn Mechanism>>,
}

/// Why a user's last attempt was refused, for those who would try again.
pub(super) type Refused = Arc<OnceLock<Refusal>>;

impl Unmade {
    fn made(&mut self) -> Result<&mut Box<dyn Mechanism>, Refusal> {
        if self.made.is_none() {
            self.made = Some(self.security.make()?);
        }
        self.made.as_mut().ok_or_else(|| Refusal::Ours { reason: "there is no mechanism".to_owned() })
    }
}

impl Mechanism for Unmade {
    fn step(&mut self, token: &[u8]) -> Result<Step, Refusal> {
        match self.refused.get() {
            Some(refusal) => Err(refusal.clone()),
            None => self.made()?.step(token),
        }
    }

    fn wrap(&mut self, plain: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.made()?.wrap(plain)
    }

    fn unwrap(&mut self, sealed: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.made()?.unwrap(sealed)
    }

    fn refused(&mut self, refusal: &Refusal) {
        if refusal.counts_against_the_account() {
            // Another session may have learnt it first.
            let _ = self.refused.set(refusal.clone());
        }
    }
}
