//! Kerberos as its acceptor has it: whoever has a ticket for a service whose key is in the keytab is who the ticket says.
//!
//! Written from the documents, but for the cipher. Leaves out who of them may log on (`users.rs`), and addresses and
//! authorization data of tickets. Follows RFC 4120 3.2, RFC 4121, [MS-KILE] 3.4.5.

mod key;
mod keytab;
#[cfg(test)]
mod made;
mod message;
mod replays;
mod seal;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, PoisonError};

pub(super) use self::seal::Seal;
use self::{
    key::{Key, usage},
    keytab::Keytab,
    message::{ApReq, Authenticator, EncTicketPart, SentKey},
    replays::Replays,
};
use super::{known::Accepted, users::BadKeytab};
use crate::wire::nns::ErrorCode;

/// How far the clocks of two machines may be apart, in seconds.
const SKEW: i64 = 300;

/// GSS_C_CONF_FLAG (RFC 4121 4.1.1.1).
const CONF: u32 = 0x10;

/// What a handshake ends with, named as [MS-ERREF] 2.1 does.
const INTERNAL_ERROR: ErrorCode = ErrorCode(0x8009_0304);
const MESSAGE_ALTERED: ErrorCode = ErrorCode(0x8009_030F);
const OUT_OF_SEQUENCE: ErrorCode = ErrorCode(0x8009_0310);
const CONTEXT_EXPIRED: ErrorCode = ErrorCode(0x8009_0317);
const TIME_SKEW: ErrorCode = ErrorCode(0x8009_0324);
const DECRYPT_FAILURE: ErrorCode = ErrorCode(0x8009_0330);
const KDC_UNKNOWN_ETYPE: ErrorCode = ErrorCode(0x8009_0342);
const NO_KERB_KEY: ErrorCode = ErrorCode(0x8009_0348);

/// A service that tickets are for.
#[derive(Debug)]
pub(super) struct Service {
    keytab: Keytab,
    replays: Mutex<Replays>,
}

impl Service {
    /// The service whose keys are in a keytab.
    ///
    /// # Errors
    /// It is none, or has no key that is of use here.
    pub(super) fn of_keytab(bytes: &[u8]) -> Result<Self, BadKeytab> {
        Ok(Self { keytab: Keytab::read(bytes)?, replays: Mutex::default() })
    }

    /// Judges the first token of a client; `now` is in seconds since 1970.
    ///
    /// # Errors
    /// It is none, is not for this service, is not of now, was seen before, or does not ask to be sealed.
    pub(super) fn accept(&self, token: &[u8], now: i64) -> Result<Accepted, ErrorCode> {
        let request = ApReq::read(token).ok_or(ErrorCode::INVALID_TOKEN)?;
        // The server has no ticket of its own for what is between two users.
        if request.use_session_key {
            return Err(ErrorCode::UNSUPPORTED_FUNCTION);
        }
        let opened = self.keytab.open(&request.service, request.ticket)?;
        let ticket = EncTicketPart::read(&opened).ok_or(ErrorCode::INVALID_TOKEN)?;
        let SentKey::Known(session) = ticket.key else { return Err(KDC_UNKNOWN_ETYPE) };
        let opened = session.open(usage::AUTHENTICATOR, request.authenticator.cipher).ok_or(MESSAGE_ALTERED)?;
        let authenticator = Authenticator::read(&opened).ok_or(ErrorCode::INVALID_TOKEN)?;
        // 3.2.3, in its order: the client of both, then the clocks, then what was seen, then the life of the ticket.
        if authenticator.client != ticket.client {
            return Err(ErrorCode::LOGON_DENIED);
        }
        if now.abs_diff(authenticator.second) > SKEW.unsigned_abs() {
            return Err(TIME_SKEW);
        }
        self.replays.lock().unwrap_or_else(PoisonError::into_inner).remember(
            request.authenticator.cipher,
            authenticator.second,
            now,
        )?;
        if ticket.is_invalid || ticket.starts > now.saturating_add(SKEW) {
            return Err(TIME_SKEW);
        }
        if ticket.ends < now.saturating_sub(SKEW) {
            return Err(CONTEXT_EXPIRED);
        }
        // 2.2.1 of [MS-NNS]: a client that wants no protection authenticates for nothing.
        if authenticator.flags.ok_or(ErrorCode::INVALID_TOKEN)? & CONF == 0 {
            return Err(ErrorCode::TRUST_FAILURE);
        }
        let key = match &authenticator.subkey {
            Some(SentKey::Known(key)) => key,
            Some(SentKey::Other) => return Err(KDC_UNKNOWN_ETYPE),
            None => &session,
        };
        let (reply, seal) = if request.mutual_required {
            let subkey = Key::fresh(key.kind()).ok_or(INTERNAL_ERROR)?;
            let sequence = first_number().ok_or(INTERNAL_ERROR)?;
            let reply = message::ap_rep(request.mechanism, &authenticator, &subkey, sequence, |part| {
                (session.kind().number(), session.seal(usage::AP_REP, part))
            });
            (Some(reply), Seal::acceptor(subkey, true, sequence, authenticator.sequence))
        } else {
            // RFC 4121 2: without an answer the client's key and number hold both ways.
            (None, Seal::acceptor(key.clone(), false, authenticator.sequence, authenticator.sequence))
        };
        Ok(Accepted { client: ticket.client, realm: request.service.realm, reply, seal })
    }
}

/// A number to begin with, low enough that none who takes it for 32 bits sees its end soon.
fn first_number() -> Option<u32> {
    let mut octets = [0; 4];
    getrandom::fill(&mut octets).ok()?;
    Some(u32::from_be_bytes(octets) >> 2)
}
