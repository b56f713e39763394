//! What sspi 0.23 does not do for real peers, done around it; each says when it can go.
//!
//! Leaves out what sspi does. Follows RFC 4121 4.2.4 and 4.2.5, [MS-NLMP] 2.2.1.2.

use super::Refusal;
use crate::wire::nns::ErrorCode;

/// Octets before the body of a Kerberos wrap token.
const HEADER: usize = 16;
/// The rotation that sspi takes for granted, which is what Windows sends.
const RRC: u16 = 28;

/// Wrap tokens of Kerberos, as sspi can open them.
///
/// sspi rotates the body by 28 whatever the token says, panics where it is shorter, takes tokens that are not sealed, and
/// any order of them. This can go once `sspi::Kerberos::decrypt_message` reads RRC, checks lengths and SND_SEQ, and says
/// whether a token was sealed.
#[derive(Debug, Default)]
pub(super) struct WrapTokens {
    /// SND_SEQ of the next token, once there was one.
    next: Option<u64>,
}

impl WrapTokens {
    /// Checks a token and turns its body as sspi expects it. What is no wrap token of RFC 4121 stays as it is: it is of
    /// another mechanism.
    ///
    /// # Errors
    /// The token is not sealed, not the next one, or too short to be one.
    pub(super) fn prepare(&mut self, token: &mut [u8]) -> Result<(), Refusal> {
        let altered = |reason: &str| Refusal::Altered { reason: reason.to_owned() };
        if !token.starts_with(&[0x05, 0x04]) {
            return Ok(());
        }
        let Some((header, body)) = token.split_first_chunk_mut::<HEADER>() else {
            return Err(altered("a wrap token that is shorter than its header"));
        };
        let [_, _, flags, _, ec_high, ec_low, rrc_high, rrc_low, sequence @ ..] = header;
        if *flags & 0b10 == 0 {
            return Err(altered("a wrap token that is not sealed"));
        }
        let sequence = u64::from_be_bytes(*sequence);
        if self.next.is_some_and(|next| next != sequence) {
            return Err(altered("a wrap token that is repeated, missing or out of order"));
        }
        self.next = Some(sequence.wrapping_add(1));
        let (ec, rrc) = (u16::from_be_bytes([*ec_high, *ec_low]), u16::from_be_bytes([*rrc_high, *rrc_low]));
        let by = usize::from(RRC) + usize::from(ec);
        if body.len() < by {
            return Err(altered("a wrap token that is shorter than it says"));
        }
        if rrc != RRC {
            let length = body.len();
            body.rotate_left(usize::from(rrc) % length);
            body.rotate_right(by);
            [*rrc_high, *rrc_low] = RRC.to_be_bytes();
        }
        Ok(())
    }
}

/// Whether a token holds a CHALLENGE_MESSAGE of NTLM whose flags leave sealing out ([MS-NLMP] 2.2.2.5).
///
/// sspi seals whatever was granted, and tells no flags. This can go once `InitializeSecurityContextResult::flags` says what
/// was negotiated.
pub(super) fn lacks_sealing(token: &[u8]) -> bool {
    const CHALLENGE: &[u8] = b"NTLMSSP\0\x02\0\0\0";
    /// NTLMSSP_NEGOTIATE_SIGN and NTLMSSP_NEGOTIATE_SEAL.
    const SEALED: u32 = 0x30;
    /// Signature, MessageType, TargetNameFields.
    const FLAGS: usize = 20;
    let Some(at) = token.windows(CHALLENGE.len()).position(|window| window == CHALLENGE) else { return false };
    let flags = token.get(at + FLAGS..).and_then(|rest| rest.first_chunk::<4>());
    flags.is_some_and(|flags| u32::from_le_bytes(*flags) & SEALED != SEALED)
}

/// The code of what a KDC said, where `sspi` gives one that tells less: an unknown service and an unknown user have the same.
///
/// This can go once `sspi::Error` tells the KDC's own code (RFC 4120 7.5.9).
pub(super) fn said_by_kdc(description: &str) -> Option<ErrorCode> {
    const SAID: [(&str, u32); 6] = [
        ("server not found in Kerberos database", 0x8009_0303),
        ("pre-authentication information was invalid", 0x8009_030C),
        ("credentials have been revoked", 0x8007_0775),
        ("password has expired", 0x8007_0532),
        ("clock skew too great", 0x8009_0324),
        ("ticket not yet valid", 0x8009_0324),
    ];
    let said = description.to_ascii_lowercase();
    SAID.into_iter().find(|(words, _)| said.contains(&words.to_ascii_lowercase())).map(|(_, code)| ErrorCode(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wrap token with a body that counts up.
    fn token(flags: u8, ec: u16, rrc: u16, sequence: u64, length: u8) -> Vec<u8> {
        let mut token = vec![0x05, 0x04, flags, 0xFF];
        token.extend(ec.to_be_bytes());
        token.extend(rrc.to_be_bytes());
        token.extend(sequence.to_be_bytes());
        token.extend(0..length);
        token
    }

    #[test]
    fn bodies_are_turned_as_windows_sends_them() {
        let mut tokens = WrapTokens::default();
        let mut mit = token(0b11, 0, 0, 7, 40);
        tokens.prepare(&mut mit).unwrap();
        assert_eq!(mit[6..8], [0, 28]);
        assert_eq!(mit[HEADER], 12, "turned right by 28 of 40");
        let mut windows = token(0b11, 0, 28, 8, 40);
        let before = windows.clone();
        tokens.prepare(&mut windows).unwrap();
        assert_eq!(windows, before);
    }

    #[test]
    fn what_is_unsealed_repeated_or_cut_is_refused() {
        assert!(WrapTokens::default().prepare(&mut token(0b01, 0, 28, 0, 60)).is_err());
        assert!(WrapTokens::default().prepare(&mut token(0b11, 0, 28, 0, 27)).is_err());
        assert!(WrapTokens::default().prepare(&mut token(0b11, u16::MAX, 0, 0, 60)).is_err());
        assert!(WrapTokens::default().prepare(&mut [0x05, 0x04, 2]).is_err());
        let mut tokens = WrapTokens::default();
        tokens.prepare(&mut token(0b11, 0, 28, 5, 60)).unwrap();
        for wrong in [5, 7] {
            assert!(tokens.prepare(&mut token(0b11, 0, 28, wrong, 60)).is_err());
        }
        tokens.prepare(&mut token(0b11, 0, 28, 6, 60)).unwrap();
    }

    #[test]
    fn what_a_kdc_says_has_a_code_of_its_own() {
        let code = said_by_kdc("server not found in Kerberos database. Additional error text: X").unwrap();
        assert_eq!(code.name(), Some("SEC_E_TARGET_UNKNOWN"));
        assert_eq!(said_by_kdc("client not found in Kerberos database"), None);
    }

    #[test]
    fn a_challenge_without_sealing_is_known() {
        let challenge = |flags: u32| {
            let mut token = b"\xA1\x10NTLMSSP\0\x02\0\0\0\0\0\0\0\0\0\0\0".to_vec();
            token.extend(flags.to_le_bytes());
            token
        };
        assert!(!lacks_sealing(&challenge(0xE28A_8235)));
        assert!(lacks_sealing(&challenge(0xE28A_8215)));
        assert!(lacks_sealing(&challenge(0)));
        assert!(!lacks_sealing(b"no challenge"));
    }
}
