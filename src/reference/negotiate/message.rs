//! The three messages of NTLM, as the server meets them: two read, one written.
//!
//! Leaves out what is computed from them. Follows [MS-NLMP] 2.2.1 and 2.2.2.

const SIGNATURE: &[u8] = b"NTLMSSP\0";

/// NEGOTIATE flags (2.2.2.5): the ones that are looked at here.
pub(super) mod flag {
    pub(in super::super) const UNICODE: u32 = 0x1;
    pub(in super::super) const REQUEST_TARGET: u32 = 0x4;
    pub(in super::super) const SIGN: u32 = 0x10;
    pub(in super::super) const SEAL: u32 = 0x20;
    pub(in super::super) const NTLM: u32 = 0x200;
    pub(in super::super) const ALWAYS_SIGN: u32 = 0x8000;
    pub(in super::super) const TARGET_TYPE_SERVER: u32 = 0x2_0000;
    pub(in super::super) const EXTENDED_SESSIONSECURITY: u32 = 0x8_0000;
    pub(in super::super) const TARGET_INFO: u32 = 0x80_0000;
    pub(in super::super) const VERSION: u32 = 0x200_0000;
    pub(in super::super) const N128: u32 = 0x2000_0000;
    pub(in super::super) const KEY_EXCH: u32 = 0x4000_0000;
    pub(in super::super) const N56: u32 = 0x8000_0000;
}

/// AvId of an AV_PAIR (2.2.2.1).
mod av {
    pub(super) const EOL: u16 = 0;
    pub(super) const NB_COMPUTER_NAME: u16 = 1;
    pub(super) const NB_DOMAIN_NAME: u16 = 2;
    pub(super) const FLAGS: u16 = 6;
    pub(super) const TIMESTAMP: u16 = 7;
}

/// The Flags of a NEGOTIATE_MESSAGE (2.2.1.1).
pub(super) fn negotiate_flags(message: &[u8]) -> Option<u32> {
    (typed(message)? == 1).then(|| u32_at(message, 12)).flatten()
}

/// Writes a CHALLENGE_MESSAGE (2.2.1.2).
pub(super) fn challenge(flags: u32, challenge: [u8; 8], time: u64, name: &str) -> Vec<u8> {
    /// Where the payload begins: behind Version.
    const PAYLOAD: u16 = 56;
    let name = utf16(name);
    let mut info = Vec::new();
    for (id, value) in [
        (av::NB_DOMAIN_NAME, &name[..]),
        (av::NB_COMPUTER_NAME, &name),
        (av::TIMESTAMP, &time.to_le_bytes()),
        (av::EOL, &[]),
    ] {
        info.extend(id.to_le_bytes());
        info.extend(short(value).to_le_bytes());
        info.extend_from_slice(value);
    }
    let mut out = SIGNATURE.to_vec();
    out.extend(2_u32.to_le_bytes());
    field(&mut out, &name, PAYLOAD);
    out.extend(flags.to_le_bytes());
    out.extend(challenge);
    out.extend([0; 8]);
    field(&mut out, &info, PAYLOAD + short(&name));
    // Version (2.2.2.10): 6.1, revision 15.
    out.extend([6, 1, 0, 0, 0, 0, 0, 15]);
    out.extend(name);
    out.extend(info);
    out
}

/// What of an AUTHENTICATE_MESSAGE is looked at (2.2.1.3).
pub(super) struct Authenticate<'a> {
    pub(super) flags: u32,
    pub(super) domain: String,
    pub(super) user: String,
    /// NTProofStr, and the rest of NtChallengeResponse (2.2.2.8).
    pub(super) proof: [u8; 16],
    pub(super) temp: &'a [u8],
    pub(super) session_key: &'a [u8],
    /// MIC, where the client says that there is one.
    pub(super) mic: Option<[u8; 16]>,
}

/// Where MIC stands.
pub(super) const MIC: std::ops::Range<usize> = 72..88;

impl<'a> Authenticate<'a> {
    /// Reads the message; none where it is not one of NTLM version 2 in Unicode.
    pub(super) fn read(message: &'a [u8]) -> Option<Self> {
        if typed(message)? != 3 {
            return None;
        }
        let flags = u32_at(message, 60)?;
        let response = payload(message, 20)?;
        let (proof, temp) = response.split_first_chunk::<16>()?;
        // 2.2.2.7: behind RespType and HiRespType, reserved octets, the time, the client's challenge.
        if temp.first_chunk() != Some(&[1, 1]) {
            return None;
        }
        let has_mic = av_flags(temp.get(28..)?) & 2 != 0;
        Some(Self {
            flags,
            domain: text(payload(message, 28)?)?,
            user: text(payload(message, 36)?)?,
            proof: *proof,
            temp,
            session_key: payload(message, 52)?,
            mic: if has_mic { Some(message.get(MIC)?.try_into().ok()?) } else { None },
        })
    }
}

/// MsvAvFlags of a list of AV_PAIRs, 0 where there is none.
fn av_flags(mut pairs: &[u8]) -> u32 {
    while let (Some(id), Some(length)) = (u16_at(pairs, 0), u16_at(pairs, 2)) {
        match id {
            av::EOL => break,
            av::FLAGS => return u32_at(pairs, 4).unwrap_or_default(),
            _ => pairs = pairs.get(4 + usize::from(length)..).unwrap_or_default(),
        }
    }
    0
}

/// The text in UTF-16, the lower octet first.
pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn text(bytes: &[u8]) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    rest.is_empty().then(|| String::from_utf16(&units).ok()).flatten()
}

fn typed(message: &[u8]) -> Option<u32> {
    message.starts_with(SIGNATURE).then(|| u32_at(message, 8)).flatten()
}

/// The payload that the field at a place tells.
fn payload(message: &[u8], at: usize) -> Option<&[u8]> {
    let length = usize::from(u16_at(message, at)?);
    let offset = usize::try_from(u32_at(message, at + 4)?).ok()?;
    message.get(offset..offset.checked_add(length)?)
}

fn field(out: &mut Vec<u8>, value: &[u8], offset: u16) {
    out.extend(short(value).to_le_bytes());
    out.extend(short(value).to_le_bytes());
    out.extend(u32::from(offset).to_le_bytes());
}

/// The length of what the server writes, which is short.
fn short(value: &[u8]) -> u16 {
    u16::try_from(value.len()).unwrap_or(u16::MAX)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|octets| u16::from_le_bytes(*octets))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|octets| u32::from_le_bytes(*octets))
}
