//! Why a stream is not protected: told in one sentence, with what to check.
//!
//! Leaves out codes without a stream. The words name no user and no secret.

use crate::wire::{
    DecodeError,
    nns::{ErrorCode, Remedy, Unexpected},
};

/// Why there is no protected stream, or none any more.
#[cfg_attr(not(feature = "security"), expect(dead_code, reason = "only mechanisms refuse in every way"))]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::transport) enum Refusal {
    /// The target gave a code.
    #[error("the target refuses the handshake: {code}; {}", check(.code.remedy()))]
    Target {
        /// The code.
        code: ErrorCode,
    },
    /// Our mechanism gave up, with a code.
    #[error("no security context: {reason}; {}", check(.code.remedy()))]
    Mechanism {
        /// The code that the target is told.
        code: ErrorCode,
        /// In words.
        reason: String,
    },
    /// The target grants less than signing and sealing.
    #[error(
        "the target does not grant signing and sealing, which [MS-IPAMM2] 2.1 asks for; check its protection level"
    )]
    Insufficient,
    /// The target closed during the handshake.
    #[error(
        "the target closed the connection during the handshake without a reason; check the user's name, the password and \
         the target's log"
    )]
    Closed,
    /// The target refused the upgrade with a fault.
    #[error(
        "the target refuses the upgrade application/negotiate ({0}); check that its binding uses transport security with \
         Windows credentials"
    )]
    Upgrade(String),
    /// What came is no message of the handshake, or no data message.
    #[error("what came is not NegotiateStream: {0}")]
    Decode(#[from] DecodeError),
    /// A message of the handshake came where none may.
    #[error("the handshake went out of order: {0}")]
    Order(#[from] Unexpected),
    /// A message was changed, repeated, left out or not sealed on its way.
    #[error("a protected message is not what was sent: {reason}")]
    Altered {
        /// In words.
        reason: String,
    },
    /// We cannot.
    #[error("{reason}")]
    Ours {
        /// Why, and what to do.
        reason: String,
    },
}

impl Refusal {
    /// Whether the target may lock the account out after a few more.
    pub(super) fn counts_against_the_account(&self) -> bool {
        let (Self::Target { code } | Self::Mechanism { code, .. }) = self else { return false };
        matches!(code.remedy(), Remedy::Credentials | Remedy::LockedOut | Remedy::Disabled | Remedy::Expired)
    }

    /// What the other side of the handshake is told, where it is told something (3.1.5.1, 3.1.5.3).
    pub(super) fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Mechanism { code, .. } => Some(*code),
            Self::Insufficient => Some(ErrorCode::TRUST_FAILURE),
            _ => None,
        }
    }
}

/// What to check, as the second half of a sentence.
fn check(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::Credentials => "check `username` with its domain, and the password",
        Remedy::LockedOut => "the account is locked out; have it unlocked, and check the password before the next try",
        Remedy::Disabled => "the account is disabled; take another, or have it enabled",
        Remedy::Expired => "the account or its password has expired; renew it",
        Remedy::Restricted => "the account may not log on to this server in this way; check its rights there",
        Remedy::Clock => "the clocks differ too much; set this machine's and the target's by the domain's",
        Remedy::Spn => "check `spn`: the service must be registered under that name, as `setspn -L` lists it",
        Remedy::DomainController => {
            "check `kdc` or krb5.conf, the realm of `username`, and that the KDC can be reached"
        }
        Remedy::Mechanism => "check `mode`: the two sides agree on no mechanism, or on none that works",
        Remedy::Protection => "it asks for another protection or impersonation level; check its binding",
        Remedy::Unknown => "the target's log may say more",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_refusal_are_told_apart() {
        let told = |code| Refusal::Target { code: ErrorCode(code) }.to_string();
        let all = [0x8009_030C, 0x775, 0x533, 0x8009_0324, 0x8009_0303, 0x6FE].map(told);
        assert_eq!(
            all[0],
            "the target refuses the handshake: SEC_E_LOGON_DENIED (0x8009030C); check `username` with its domain, and the \
             password"
        );
        for (at, one) in all.iter().enumerate() {
            assert!(!one.contains('\n'));
            assert!(all.iter().skip(at + 1).all(|other| other.split_once(';') != one.split_once(';')));
        }
    }
}
