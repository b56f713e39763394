//! SPNEGO as its acceptor has it: NTLM out of whatever is offered, and the signature of what was offered.
//!
//! Leaves out NTLM itself. Takes a bare token of NTLM as well, as Windows does. Follows RFC 4178 4.2 and 5, [MS-SPNG] 3.2.

use super::{
    der,
    ntlm::{self, Challenged, Known},
    users::Users,
};
use crate::wire::nns::ErrorCode;

/// 1.3.6.1.5.5.2, as an element.
const SPNEGO: &[u8] = &[0x06, 6, 0x2B, 6, 1, 5, 5, 2];
/// 1.3.6.1.4.1.311.2.2.10, as an element.
const NTLM: &[u8] = &[0x06, 10, 0x2B, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10];

/// negState (4.2.2).
const ACCEPT_COMPLETED: u8 = 0;
const ACCEPT_INCOMPLETE: u8 = 1;
const REQUEST_MIC: u8 = 3;

/// An acceptor, from its first token to its last.
#[derive(Debug)]
pub(super) struct Acceptor {
    /// What was offered, as an element; none where NTLM came bare.
    offered: Option<Vec<u8>>,
    has_begun: bool,
    challenged: Option<Challenged>,
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
        Self { offered: None, has_begun: false, challenged: None }
    }

    /// Takes the next token.
    ///
    /// # Errors
    /// It is none, offers no NTLM, or its sender is not known.
    pub(super) fn step(&mut self, token: &[u8], around: Around<'_>) -> Result<Stepped, ErrorCode> {
        if token.starts_with(b"NTLMSSP\0") {
            return self.bare(token, around);
        }
        if !std::mem::replace(&mut self.has_begun, true) {
            return self.offer(token, around);
        }
        let offered = self.offered.clone().ok_or(ErrorCode::INVALID_TOKEN)?;
        let NegTokenResp { response, mic } = NegTokenResp::read(token).ok_or(ErrorCode::INVALID_TOKEN)?;
        let response = response.ok_or(ErrorCode::INVALID_TOKEN)?;
        let Some(challenged) = self.challenged.take() else {
            let (challenged, challenge) = ntlm::challenge(response, around.nonce, around.time, around.any_level)?;
            self.challenged = Some(challenged);
            return Ok(Stepped::Continue(respond(ACCEPT_INCOMPLETE, false, Some(&challenge), None)));
        };
        let mut known = challenged.judge(response, around.users, around.anybody)?;
        let ours = match mic {
            Some(mic) if known.seal.verifies(&offered, mic) => Some(known.seal.signature(&offered)),
            Some(_) => return Err(ErrorCode(0x8009_030F)),
            None => None,
        };
        let last = respond(ACCEPT_COMPLETED, false, None, ours.as_ref().map(<[u8; 16]>::as_slice));
        Ok(Stepped::Complete(last, Box::new(known)))
    }

    /// NegTokenInit (4.2.1).
    fn offer(&mut self, token: &[u8], around: Around<'_>) -> Result<Stepped, ErrorCode> {
        let (mechanisms, first) = neg_token_init(token).ok_or(ErrorCode::INVALID_TOKEN)?;
        let list = der::read(mechanisms, 0x30).ok_or(ErrorCode::INVALID_TOKEN)?;
        self.offered = Some(list.whole.to_vec());
        let is_first = list.contents.starts_with(NTLM);
        if !offers_ntlm(list.contents) {
            return Err(ErrorCode(0x8009_0305));
        }
        // A token that came with another mechanism in front is that one's (section 5).
        let Some(negotiate) = first.filter(|_| is_first) else {
            let state = if is_first { ACCEPT_INCOMPLETE } else { REQUEST_MIC };
            return Ok(Stepped::Continue(respond(state, true, None, None)));
        };
        let (challenged, challenge) = ntlm::challenge(negotiate, around.nonce, around.time, around.any_level)?;
        self.challenged = Some(challenged);
        Ok(Stepped::Continue(respond(ACCEPT_INCOMPLETE, true, Some(&challenge), None)))
    }

    fn bare(&mut self, token: &[u8], around: Around<'_>) -> Result<Stepped, ErrorCode> {
        self.has_begun = true;
        if let Some(challenged) = self.challenged.take() {
            return Ok(Stepped::Complete(Vec::new(), Box::new(challenged.judge(token, around.users, around.anybody)?)));
        }
        let (challenged, challenge) = ntlm::challenge(token, around.nonce, around.time, around.any_level)?;
        self.challenged = Some(challenged);
        Ok(Stepped::Continue(challenge))
    }
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

fn offers_ntlm(mut list: &[u8]) -> bool {
    while let Some(element) = der::read(list, 0x06) {
        if element.whole == NTLM {
            return true;
        }
        list = element.rest;
    }
    false
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
fn respond(state: u8, selects: bool, token: Option<&[u8]>, mic: Option<&[u8]>) -> Vec<u8> {
    let mut fields = der::write(0xA0, &der::write(0x0A, &[state]));
    if selects {
        fields.extend(der::write(0xA1, NTLM));
    }
    for (tag, octets) in [(0xA2, token), (0xA3, mic)] {
        if let Some(octets) = octets {
            fields.extend(der::write(tag, &der::write(0x04, octets)));
        }
    }
    der::write(0xA1, &der::write(0x30, &fields))
}
