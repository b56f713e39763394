//! The code that a handshake error carries, its name, and what a person can do about it.
//!
//! Leaves out who sends which. Follows [MS-NNS] 2.2.1; names and values are those of [MS-ERREF] 2.1 and 2.2.

use std::fmt;

/// The ErrorCode of a handshake error (2.2.1): an HRESULT, or the one Win32 code that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode(pub u32);

/// What is to be checked, where a code says that much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The name of the user, or the password.
    Credentials,
    /// The account: it is locked out.
    LockedOut,
    /// The account: it is disabled.
    Disabled,
    /// The account or its password has expired, or the password must be changed.
    Expired,
    /// The account may not log on here, now, or in this way.
    Restricted,
    /// The clocks of the machines.
    Clock,
    /// The name of the service.
    Spn,
    /// The way to a domain controller.
    DomainController,
    /// The mechanism: one side does not take what the other offers.
    Mechanism,
    /// The level of protection, or of impersonation.
    Protection,
    /// Nothing that a person knows of.
    Unknown,
}

impl ErrorCode {
    /// What authenticated is not protected as the other side asks: ERROR_TRUST_FAILURE of 2.2.1, named as
    /// [MS-ERREF] 2.2 names its value.
    pub const TRUST_FAILURE: Self = Self(0x6FE);
    /// The name or the password is wrong.
    pub const LOGON_DENIED: Self = Self(0x8009_030C);
    /// One side does not have what the other asks for.
    pub const UNSUPPORTED_FUNCTION: Self = Self(0x8009_0302);
    /// No KDC can be asked.
    pub const NO_AUTHENTICATING_AUTHORITY: Self = Self(0x8009_0311);
    /// A token is not what it should be.
    pub const INVALID_TOKEN: Self = Self(0x8009_0308);

    /// Reads the payload of a handshake error.
    ///
    /// 2.2 says that integers have their lower byte first, the example of section 4 does not show it, and what is deployed
    /// writes the higher one first. Both are taken: the deployed order, unless only the other gives a code that is known.
    pub fn read(payload: [u8; 8]) -> Self {
        // Reserved is ignored.
        let [_, _, _, _, code @ ..] = payload;
        let (deployed, documented) = (Self(u32::from_be_bytes(code)), Self(u32::from_le_bytes(code)));
        if deployed.entry().is_none() && documented.entry().is_some() { documented } else { deployed }
    }

    /// The payload of a handshake error, in the order that is deployed.
    pub fn payload(self) -> [u8; 8] {
        let [a, b, c, d] = self.0.to_be_bytes();
        [0, 0, 0, 0, a, b, c, d]
    }

    /// The name of the code, where it has one that people know.
    pub fn name(self) -> Option<&'static str> {
        self.entry().map(|(_, name, _)| *name)
    }

    /// What is to be checked.
    pub fn remedy(self) -> Remedy {
        self.entry().map_or(Remedy::Unknown, |(_, _, remedy)| *remedy)
    }

    /// A Win32 code may come as itself or as an HRESULT of facility 7.
    fn entry(self) -> Option<&'static (u32, &'static str, Remedy)> {
        let win32 = self.0 >> 16 == 0x8007;
        CODES.iter().find(|(code, _, _)| *code == self.0 || (win32 && *code == self.0 & 0xFFFF))
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} (0x{:08X})", self.0),
            None => write!(f, "0x{:08X}", self.0),
        }
    }
}

/// Codes that handshakes end with.
const CODES: [(u32, &str, Remedy); 44] = [
    (0x0000_0005, "ERROR_ACCESS_DENIED", Remedy::Restricted),
    (0x0000_051F, "ERROR_NO_LOGON_SERVERS", Remedy::DomainController),
    (0x0000_052E, "ERROR_LOGON_FAILURE", Remedy::Credentials),
    (0x0000_052F, "ERROR_ACCOUNT_RESTRICTION", Remedy::Restricted),
    (0x0000_0530, "ERROR_INVALID_LOGON_HOURS", Remedy::Restricted),
    (0x0000_0531, "ERROR_INVALID_WORKSTATION", Remedy::Restricted),
    (0x0000_0532, "ERROR_PASSWORD_EXPIRED", Remedy::Expired),
    (0x0000_0533, "ERROR_ACCOUNT_DISABLED", Remedy::Disabled),
    (0x0000_0569, "ERROR_LOGON_TYPE_NOT_GRANTED", Remedy::Restricted),
    (0x0000_0576, "ERROR_TIME_SKEW", Remedy::Clock),
    (0x0000_06FB, "ERROR_NO_TRUST_SAM_ACCOUNT", Remedy::DomainController),
    (0x0000_06FC, "ERROR_TRUSTED_DOMAIN_FAILURE", Remedy::DomainController),
    (0x0000_06FD, "ERROR_TRUSTED_RELATIONSHIP_FAILURE", Remedy::DomainController),
    (0x0000_06FE, "ERROR_TRUST_FAILURE", Remedy::Protection),
    (0x0000_0701, "ERROR_ACCOUNT_EXPIRED", Remedy::Expired),
    (0x0000_0773, "ERROR_PASSWORD_MUST_CHANGE", Remedy::Expired),
    (0x0000_0775, "ERROR_ACCOUNT_LOCKED_OUT", Remedy::LockedOut),
    (0x8009_0300, "SEC_E_INSUFFICIENT_MEMORY", Remedy::Unknown),
    (0x8009_0302, "SEC_E_UNSUPPORTED_FUNCTION", Remedy::Mechanism),
    (0x8009_0303, "SEC_E_TARGET_UNKNOWN", Remedy::Spn),
    (0x8009_0304, "SEC_E_INTERNAL_ERROR", Remedy::Unknown),
    (0x8009_0305, "SEC_E_SECPKG_NOT_FOUND", Remedy::Mechanism),
    (0x8009_0308, "SEC_E_INVALID_TOKEN", Remedy::Mechanism),
    (0x8009_030B, "SEC_E_NO_IMPERSONATION", Remedy::Restricted),
    (0x8009_030C, "SEC_E_LOGON_DENIED", Remedy::Credentials),
    (0x8009_030D, "SEC_E_UNKNOWN_CREDENTIALS", Remedy::Credentials),
    (0x8009_030E, "SEC_E_NO_CREDENTIALS", Remedy::Credentials),
    (0x8009_030F, "SEC_E_MESSAGE_ALTERED", Remedy::Mechanism),
    (0x8009_0310, "SEC_E_OUT_OF_SEQUENCE", Remedy::Mechanism),
    (0x8009_0311, "SEC_E_NO_AUTHENTICATING_AUTHORITY", Remedy::DomainController),
    (0x8009_0317, "SEC_E_CONTEXT_EXPIRED", Remedy::Expired),
    (0x8009_0322, "SEC_E_WRONG_PRINCIPAL", Remedy::Spn),
    (0x8009_0324, "SEC_E_TIME_SKEW", Remedy::Clock),
    (0x8009_0330, "SEC_E_DECRYPT_FAILURE", Remedy::Spn),
    (0x8009_0331, "SEC_E_ALGORITHM_MISMATCH", Remedy::Mechanism),
    (0x8009_0332, "SEC_E_SECURITY_QOS_FAILED", Remedy::Protection),
    (0x8009_0342, "SEC_E_KDC_UNKNOWN_ETYPE", Remedy::Mechanism),
    (0x8009_0346, "SEC_E_BAD_BINDINGS", Remedy::Mechanism),
    (0x8009_0348, "SEC_E_NO_KERB_KEY", Remedy::Spn),
    (0x8009_035F, "SEC_E_POLICY_NLTM_ONLY", Remedy::Mechanism),
    (0x8009_0363, "SEC_E_MUTUAL_AUTH_FAILED", Remedy::Spn),
    (0xC000_006D, "STATUS_LOGON_FAILURE", Remedy::Credentials),
    (0xC000_0072, "STATUS_ACCOUNT_DISABLED", Remedy::Disabled),
    (0xC000_0234, "STATUS_ACCOUNT_LOCKED_OUT", Remedy::LockedOut),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_names_that_people_know() {
        for (code, name, remedy) in [
            (0x8009_030C, "SEC_E_LOGON_DENIED (0x8009030C)", Remedy::Credentials),
            (0x8009_0324, "SEC_E_TIME_SKEW (0x80090324)", Remedy::Clock),
            (0x8009_0303, "SEC_E_TARGET_UNKNOWN (0x80090303)", Remedy::Spn),
            (0x8007_0775, "ERROR_ACCOUNT_LOCKED_OUT (0x80070775)", Remedy::LockedOut),
            (0x0000_0533, "ERROR_ACCOUNT_DISABLED (0x00000533)", Remedy::Disabled),
            (0x0000_06FE, "ERROR_TRUST_FAILURE (0x000006FE)", Remedy::Protection),
            (0x1234_5678, "0x12345678", Remedy::Unknown),
        ] {
            assert_eq!(ErrorCode(code).to_string(), name);
            assert_eq!(ErrorCode(code).remedy(), remedy);
        }
        assert!(CODES.is_sorted_by_key(|(code, _, _)| *code), "each code once, in order");
    }

    #[test]
    fn a_payload_is_read_in_either_order_whatever_is_reserved() {
        assert_eq!(ErrorCode::read([0, 0, 0, 0, 0x80, 0x09, 0x03, 0x0C]), ErrorCode::LOGON_DENIED);
        assert_eq!(ErrorCode::read([0xFF, 0xFF, 0xFF, 0xFF, 0x80, 0x09, 0x03, 0x0C]), ErrorCode::LOGON_DENIED);
        assert_eq!(ErrorCode::read([0, 0, 0, 0, 0x0C, 0x03, 0x09, 0x80]), ErrorCode::LOGON_DENIED);
        assert_eq!(ErrorCode::read([0, 0, 0, 0, 0x12, 0x34, 0x56, 0x78]), ErrorCode(0x1234_5678));
        for (code, _, _) in CODES {
            assert_eq!(ErrorCode::read(ErrorCode(code).payload()), ErrorCode(code));
        }
    }
}
