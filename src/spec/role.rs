//! The roles of users, by which the server decides what they may do.
//!
//! Leaves out who has which, and what each may do. Follows [MS-IPAMM2] 3.1.1.5 and 3.1.4.3.

/// What a user is, as a member of one group; an IPAM administrator is all but the administrator of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A member of BUILTIN\Administrators.
    Administrator,
    /// A member of IPAM Administrators.
    IpamAdministrator,
    /// A member of IPAM ASM Administrators: address spaces.
    AsmAdministrator,
    /// A member of IPAM MSM Administrators: servers.
    MsmAdministrator,
    /// A member of IPAM IP Audit Administrators.
    IpAuditAdministrator,
    /// A member of IPAM Users.
    IpamUser,
    /// A member of none of these.
    Nobody,
}

impl Role {
    /// All that there are.
    pub const ALL: [Self; 7] = [
        Self::Administrator,
        Self::IpamAdministrator,
        Self::AsmAdministrator,
        Self::MsmAdministrator,
        Self::IpAuditAdministrator,
        Self::IpamUser,
        Self::Nobody,
    ];

    /// The word of a target file, and of a file of users.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::IpamAdministrator => "ipam-administrator",
            Self::AsmAdministrator => "asm-administrator",
            Self::MsmAdministrator => "msm-administrator",
            Self::IpAuditAdministrator => "ip-audit-administrator",
            Self::IpamUser => "ipam-user",
            Self::Nobody => "nobody",
        }
    }

    /// The role of a word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_a_word_of_its_own() {
        for role in Role::ALL {
            assert_eq!(Role::named(role.as_str()), Some(role));
        }
        assert_eq!(Role::named("root"), None);
    }
}
