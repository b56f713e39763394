//! NTLM as its server has it: a challenge for whoever asks, and a judgement of the answer.
//!
//! Leaves out sealing (`seal.rs`). Version 2 with extended session security alone: nothing older is taken. Follows
//! [MS-NLMP] 3.2.5 and 3.3.2.

use ::hmac::{Hmac, KeyInit as _, Mac as _};
use ::md5::{Digest as _, Md5};
use md4::Md4;

use super::{
    known::{Known, Seal},
    message::{self, Authenticate, flag, utf16},
    rc4::Rc4,
    seal,
    users::{User, Users},
};
use crate::wire::nns::ErrorCode;

/// Flags that a client must ask for: what the server needs to read its answer.
const NEEDED: u32 = flag::UNICODE | flag::NTLM | flag::EXTENDED_SESSIONSECURITY;
/// Flags that are granted where they are asked for.
const GRANTED: u32 = flag::SIGN | flag::SEAL | flag::ALWAYS_SIGN | flag::N128 | flag::KEY_EXCH | flag::N56;
/// And what is always said.
const SAID: u32 = NEEDED | flag::REQUEST_TARGET | flag::TARGET_TYPE_SERVER | flag::TARGET_INFO | flag::VERSION;
/// The server's name.
const NAME: &str = "IPAMSPEC";

/// A server that has challenged.
#[derive(Debug)]
pub(super) struct Challenged {
    negotiate: Vec<u8>,
    challenge: Vec<u8>,
    nonce: [u8; 8],
}

/// Answers a NEGOTIATE_MESSAGE: with a server that waits, and the CHALLENGE_MESSAGE. `time` is a FILETIME. At `any_level`
/// whoever wants no sealing may come.
///
/// # Errors
/// It is none, or asks for less than is needed.
pub(super) fn challenge(
    token: &[u8],
    nonce: [u8; 8],
    time: u64,
    any_level: bool,
) -> Result<(Challenged, Vec<u8>), ErrorCode> {
    let asked = message::negotiate_flags(token).ok_or(ErrorCode::INVALID_TOKEN)?;
    if asked & NEEDED != NEEDED {
        return Err(ErrorCode::UNSUPPORTED_FUNCTION);
    }
    // 2.2.1 of [MS-NNS]: a client that wants no protection authenticates for nothing.
    if asked & flag::SEAL == 0 && !any_level {
        return Err(ErrorCode::TRUST_FAILURE);
    }
    let challenge = message::challenge(SAID | (asked & GRANTED), nonce, time, NAME);
    Ok((Challenged { negotiate: token.to_vec(), challenge: challenge.clone(), nonce }, challenge))
}

impl Challenged {
    /// Judges an AUTHENTICATE_MESSAGE. Where `anybody` may come, whoever is not known does with the name for a password.
    ///
    /// # Errors
    /// It is none, or its sender is nobody, has another password, or may not log on.
    pub(super) fn judge(&self, token: &[u8], users: &Users, anybody: bool) -> Result<Known, ErrorCode> {
        let answer = Authenticate::read(token).ok_or(ErrorCode::INVALID_TOKEN)?;
        let guest = anybody.then(|| User::guest(&answer.user));
        let user = users.find(&answer.domain, &answer.user).or(guest.as_ref()).ok_or(ErrorCode::LOGON_DENIED)?;

        // NTOWFv2 (3.3.2): the name as the client wrote it.
        let hash = Md4::digest(utf16(user.password().ok_or(ErrorCode::LOGON_DENIED)?));
        let key = hmac(&hash, &[&utf16(&answer.user.to_uppercase()), &utf16(&answer.domain)]);
        if hmac(&key, &[&self.nonce, answer.temp]) != answer.proof {
            return Err(ErrorCode::LOGON_DENIED);
        }
        user.may_log_on()?;

        // KXKEY of version 2 is the session base key (3.4.5.1).
        let base = hmac(&key, &[&answer.proof]);
        let exported: [u8; 16] = if answer.flags & flag::KEY_EXCH == 0 {
            base
        } else {
            let sealed: &[u8; 16] = answer.session_key.try_into().map_err(|_| ErrorCode::INVALID_TOKEN)?;
            Rc4::new(&base).apply(sealed).try_into().map_err(|_| ErrorCode::INVALID_TOKEN)?
        };
        if let Some(mic) = answer.mic {
            let mut without = token.to_vec();
            if let Some(place) = without.get_mut(message::MIC) {
                place.fill(0);
            }
            if hmac(&exported, &[&self.negotiate, &self.challenge, &without]) != mic {
                return Err(ErrorCode(0x8009_030F));
            }
        }
        let seal = Seal::Ntlm(Box::new(seal::Seal::server(&exported, answer.flags)));
        Ok(Known { user: user.clone(), seal })
    }
}

/// HMAC-MD5 of parts.
pub(super) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    // A key of any length is one.
    let Ok(mut mac) = Hmac::<Md5>::new_from_slice(key) else { return [0; 16] };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// MD5 of parts.
pub(super) fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut digest = Md5::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().into()
}
