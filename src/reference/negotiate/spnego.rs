//! SPNEGO as its acceptor has it: the first mechanism offered that it has, and the signature of what was offered.
//!
//! Leaves out the mechanisms: NTLM, and Kerberos where there is a keytab. Takes bare tokens of either as well, as Windows does.
//! Follows RFC 4178 4.2 and 5, [MS-SPNG] 3.2.

use super::{
    der,
    known::{Known, Seal},
    ntlm::{self, Challenged},
    users::{User, Users},
};
use crate::wire::nns::ErrorCode;

/// 1.3.6.1.5.5.2, as an element.
const SPNEGO: &[u8] = &[0x06, 6, 0x2B, 6, 1, 5, 5, 2];
/// 1.3.6.1.4.1.311.2.2.10, as an element.
const NTLM: &[u8] = &[0x06, 10, 0x2B, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10];
/// 1.2.840.113554.1.2.2, as an element.
const KRB5: &[u8] = &[0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 1, 2, 2];
/// 1.2.840.48018.1.2.2, as an element: the same with a bit lost, which Windows offers ([MS-SPNG] 3.1.5.2).
const MS_KRB5: &[u8] = &[0x06, 9, 0x2A, 0x86, 0x48, 0x82, 0xF7, 0x12, 1, 2, 2];

/// negState (4.2.2).
const ACCEPT_COMPLETED: u8 = 0;
const ACCEPT_INCOMPLETE: u8 = 1;
const REQUEST_MIC: u8 = 3;

const SECPKG_NOT_FOUND: ErrorCode = ErrorCode(0x8009_0305);
const MESSAGE_ALTERED: ErrorCode = ErrorCode(0x8009_030F);

/// An acceptor, from its first token to its last.
#[derive(Debug)]
pub(super) struct Acceptor {
    /// What was offered, as an element, and what was chosen of it; none where a token came bare.
    offered: Option<(Vec<u8>, Chosen)>,
    has_begun: bool,
    underway: Underway,
}

/// A mechanism that was offered.
#[derive(Debug, Clone, Copy)]
struct Chosen {
    mechanism: &'static [u8],
    /// Whether it is the one that the client likes best, so that nobody can have made it choose another.
    is_first: bool,
}

/// What the next token is of.
#[derive(Debug)]
enum Underway {
    /// A mechanism that begins.
    Beginning,
    /// NTLM, whose challenge is to be answered.
    Challenged(Challenged),
    /// SPNEGO alone: the other side is known, and its signature is owed.
    Unsigned(Box<Known>),
}

/// What a token led to.
#[derive(Debug)]
pub(super) enum Stepped {
    /// This token goes back, and another must come.
    Continue(Vec<u8>),
    /// This token goes back, if it holds anything, and the other side is known.
    Complete(Vec<u8>, Box<Known>),
}

/// What of the world an acceptor needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) users: &'a Users,
    pub(super) nonce: [u8; 8],
    /// A FILETIME.
    pub(super) time: u64,
    /// Whether whoever is not known is let in.
    pub(super) anybody: bool,
    /// Whether whoever asks for no sealing is let in.
    pub(super) any_level: bool,
}

impl Acceptor {
    /// An acceptor that waits for the first token.
    pub(super) fn new() -> Self {
        Self { offered: None, has_begun: false, underway: Underway::Beginning }
    }

    /// Takes the next token.
    ///
    /// # Errors
    /// It is none, offers no mechanism that there is, or its sender is not known.
    pub(super) fn step(&mut self, token: &[u8], around: Around<'_>) -> Result<Stepped, ErrorCode> {
        if token.starts_with(b"NTLMSSP\0") {
            return self.bare(token, around);
        }
        if !std::mem::replace(&mut self.has_begun, true) {
            return if is_kerberos(token) { bare_kerberos(token, around) } else { self.offer(token, around) };
        }
        let (offered, chosen) = self.offered.clone().ok_or(ErrorCode::INVALID_TOKEN)?;
        let NegTokenResp { response, mic } = NegTokenResp::read(token).ok_or(ErrorCode::INVALID_TOKEN)?;
        match (std::mem::replace(&mut self.underway, Underway::Beginning), response) {
            (Underway::Unsigned(mut known), _) => {
                check(&mut known.seal, &offered, mic.ok_or(MESSAGE_ALTERED)?)?;
                Ok(Stepped::Complete(respond(ACCEPT_COMPLETED, None, None, None), known))
            }
            (_, None) => Err(ErrorCode::INVALID_TOKEN),
            (Underway::Challenged(challenged), Some(response)) => {
                let mut known = challenged.judge(response, around.users, around.anybody)?;
                let ours = match mic {
                    Some(mic) => {
                        check(&mut known.seal, &offered, mic)?;
                        Some(known.seal.signature(&offered))
                    }
                    None => None,
                };
                Ok(Stepped::Complete(respond(ACCEPT_COMPLETED, None, None, ours.as_deref()), Box::new(known)))
            }
            (Underway::Beginning, Some(response)) => self.begin(response, mic, chosen, None, around),
        }
    }

    /// NegTokenInit (4.2.1).
    fn offer(&mut self, token: &[u8], around: Around<'_>) -> Result<Stepped, ErrorCode> {
        let (mechanisms, first) = neg_token_init(token).ok_or(ErrorCode::INVALID_TOKEN)?;
        let list = der::read(mechanisms, 0x30).ok_or(ErrorCode::INVALID_TOKEN)?;
        let chosen = choose(list.contents, around.users).ok_or(SECPKG_NOT_FOUND)?;
        self.offered = Some((list.whole.to_vec(), chosen));
        // A token that came with another mechanism in front is that one's (section 5).
        if let Some(first) = first.filter(|_| chosen.is_first) {
            return self.begin(first, None, chosen, Some(chosen.mechanism), around);
        }
        let state = if chosen.is_first { ACCEPT_INCOMPLETE } else { REQUEST_MIC };
        Ok(Stepped::Continue(respond(state, Some(chosen.mechanism), None, None)))
    }

    /// The first token of the mechanism that was chosen; the answer says which that is where it has not been said.
    fn begin(
        &mut self,
        token: &[u8],
        mic: Option<&[u8]>,
        chosen: Chosen,
        says: Option<&[u8]>,
        around: Around<'_>,
    ) -> Result<Stepped, ErrorCode> {
        if chosen.mechanism == NTLM {
            let (challenged, challenge) = ntlm::challenge(token, around.nonce, around.time, around.any_level)?;
            self.underway = Underway::Challenged(challenged);
            return Ok(Stepped::Continue(respond(ACCEPT_INCOMPLETE, says, Some(&challenge), None)));
        }
        let (mut known, reply) = kerberos(token, around)?;
        let offered = self.offered.as_ref().map(|(offered, _)| offered.as_slice()).unwrap_or_default();
        if let Some(mic) = mic {
            check(&mut known.seal, offered, mic)?;
        }
        if chosen.is_first && mic.is_none() {
            return Ok(Stepped::Complete(respond(ACCEPT_COMPLETED, says, reply.as_deref(), None), known));
        }
        let ours = known.seal.signature(offered);
        if mic.is_some() {
            return Ok(Stepped::Complete(respond(ACCEPT_COMPLETED, says, reply.as_deref(), Some(&ours)), known));
        }
        self.underway = Underway::Unsigned(known);
        Ok(Stepped::Continue(respond(ACCEPT_INCOMPLETE, says, reply.as_deref(), Some(&ours))))
    }

    fn bare(&mut self, token: &[u8], around: Around<'_>) -> Result<Stepped, ErrorCode> {
        self.has_begun = true;
        if let Underway::Challenged(challenged) = std::mem::replace(&mut self.underway, Underway::Beginning) {
            return Ok(Stepped::Complete(Vec::new(), Box::new(challenged.judge(token, around.users, around.anybody)?)));
        }
        let (challenged, challenge) = ntlm::challenge(token, around.nonce, around.time, around.any_level)?;
        self.underway = Underway::Challenged(challenged);
        Ok(Stepped::Continue(challenge))
    }
}

/// Somebody with a ticket, and what goes back.
fn kerberos(token: &[u8], around: Around<'_>) -> Result<(Box<Known>, Option<Vec<u8>>), ErrorCode> {
    /// Seconds from 1601 to 1970.
    const UNIX: i64 = 11_644_473_600;
    let service = around.users.service().ok_or(SECPKG_NOT_FOUND)?;
    let now = i64::try_from(around.time / 10_000_000).unwrap_or(i64::MAX).saturating_sub(UNIX);
    let accepted = service.accept(token, now)?;
    let guest = around.anybody.then(|| User::guest(&accepted.client.name));
    let user = around.users.find_accepted(&accepted).or(guest.as_ref()).ok_or(ErrorCode::LOGON_DENIED)?;
    user.may_log_on()?;
    let known = Known { user: user.clone(), seal: Seal::Kerberos(accepted.seal) };
    Ok((Box::new(known), accepted.reply))
}

fn bare_kerberos(token: &[u8], around: Around<'_>) -> Result<Stepped, ErrorCode> {
    let (known, reply) = kerberos(token, around)?;
    Ok(Stepped::Complete(reply.unwrap_or_default(), known))
}

/// Whether a token is one of Kerberos by itself.
fn is_kerberos(token: &[u8]) -> bool {
    der::read(token, 0x60).is_some_and(|frame| [KRB5, MS_KRB5].iter().any(|name| frame.contents.starts_with(name)))
}

/// Checks the other side's signature of what was offered.
fn check(seal: &mut Seal, offered: &[u8], mic: &[u8]) -> Result<(), ErrorCode> {
    if seal.verifies(offered, mic) { Ok(()) } else { Err(MESSAGE_ALTERED) }
}

/// mechTypes with its element, and mechToken.
fn neg_token_init(token: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let inner = der::read(token, 0x60)?.contents.strip_prefix(SPNEGO)?;
    let fields = der::read(der::read(inner, 0xA0)?.contents, 0x30)?.contents;
    let mechanisms = der::read(fields, 0xA0)?;
    let (_, rest) = der::optional(mechanisms.rest, 0xA1);
    let (token, _) = der::optional(rest, 0xA2);
    Some((mechanisms.contents, token.and_then(|token| Some(der::read(token, 0x04)?.contents))))
}

/// The first of a list that there is.
fn choose(mut list: &[u8], users: &Users) -> Option<Chosen> {
    let has_kerberos = users.service().is_some();
    let known = |name: &[u8]| match name {
        KRB5 if has_kerberos => Some(KRB5),
        MS_KRB5 if has_kerberos => Some(MS_KRB5),
        NTLM => Some(NTLM),
        _ => None,
    };
    let mut is_first = true;
    while let Some(element) = der::read(list, 0x06) {
        if let Some(mechanism) = known(element.whole) {
            return Some(Chosen { mechanism, is_first });
        }
        list = element.rest;
        is_first = false;
    }
    None
}

/// What of a NegTokenResp is looked at (4.2.2); all of it is optional.
struct NegTokenResp<'a> {
    response: Option<&'a [u8]>,
    mic: Option<&'a [u8]>,
}

impl<'a> NegTokenResp<'a> {
    fn read(token: &'a [u8]) -> Option<Self> {
        let fields = der::read(der::read(token, 0xA1)?.contents, 0x30)?.contents;
        let (_, rest) = der::optional(fields, 0xA0);
        let (_, rest) = der::optional(rest, 0xA1);
        let (response, rest) = der::optional(rest, 0xA2);
        let (mic, _) = der::optional(rest, 0xA3);
        let octets = |field: &'a [u8]| der::read(field, 0x04).map(|element| element.contents);
        Some(Self { response: response.and_then(octets), mic: mic.and_then(octets) })
    }
}

/// Writes a NegTokenResp.
fn respond(state: u8, selects: Option<&[u8]>, token: Option<&[u8]>, mic: Option<&[u8]>) -> Vec<u8> {
    let mut fields = der::write(0xA0, &der::write(0x0A, &[state]));
    if let Some(mechanism) = selects {
        fields.extend(der::write(0xA1, mechanism));
    }
    for (tag, octets) in [(0xA2, token), (0xA3, mic)] {
        if let Some(octets) = octets {
            fields.extend(der::write(tag, &der::write(0x04, octets)));
        }
    }
    der::write(0xA1, &der::write(0x30, &fields))
}
