//! Who logs on: a user whose password is known, or whoever got the tickets of a cache.
//!
//! Leaves out where passwords are kept and what caches hold. Names of caches follow MIT krb5, "Credential cache".

use std::{fmt, path::PathBuf};

use super::Secret;

/// Who logs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A user with a password.
    Password {
        /// `DOMAIN\user` or `user@realm`.
        username: String,
        /// The user's password.
        password: Secret,
    },
    /// Whoever got the tickets of a cache. Kerberos is used whatever else is offered: there is no password for NTLM.
    TicketCache(TicketCache),
}

/// Whose log on it is, for people.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { username, .. } => f.write_str(username),
            Self::TicketCache(cache) => write!(f, "who got the tickets of {cache}"),
        }
    }
}

/// Where a ticket cache is. It is looked for at each log on, so that it may be renewed meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketCache {
    /// Where `kinit` keeps it: as KRB5CCNAME says, or else in `/tmp`, by the number of the user who runs this.
    Usual,
    /// In a file.
    File(PathBuf),
}

/// The kind of a ticket cache that is not a file, as in `KCM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherKind(pub String);

impl TicketCache {
    /// Reads the name of a cache in a file: its path, after `FILE:` or by itself.
    ///
    /// # Errors
    /// It names a cache that is not a file.
    pub fn path(name: &str) -> Result<PathBuf, OtherKind> {
        // A drive has one letter, a kind has more.
        let is_kind = |kind: &str| kind.len() > 1 && kind.bytes().all(|octet| octet.is_ascii_uppercase());
        match name.split_once(':') {
            Some(("FILE" | "WRFILE", path)) => Ok(path.into()),
            Some((kind, _)) if is_kind(kind) => Err(OtherKind(kind.to_owned())),
            _ => Ok(name.into()),
        }
    }
}

impl fmt::Display for TicketCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usual => f.write_str("the usual ticket cache"),
            Self::File(path) => write!(f, "the ticket cache {}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_cache_stands_before_its_name() {
        let file = |path: &str| Ok(PathBuf::from(path));
        for (name, is) in [
            ("/run/krb5cc_0", file("/run/krb5cc_0")),
            ("FILE:/run/krb5cc_0", file("/run/krb5cc_0")),
            ("a:b", file("a:b")),
            (r"C:\tickets", file(r"C:\tickets")),
            ("KEYRING:persistent:0", Err(OtherKind("KEYRING".to_owned()))),
            ("KCM:", Err(OtherKind("KCM".to_owned()))),
            ("DIR:/run/x", Err(OtherKind("DIR".to_owned()))),
        ] {
            assert_eq!(TicketCache::path(name), is, "{name}");
        }
    }

    #[test]
    fn who_logs_on_is_told_without_the_password() {
        let alice = Identity::Password { username: r"D\alice".to_owned(), password: Secret::new("hunter2".to_owned()) };
        assert_eq!(alice.to_string(), r"D\alice");
        assert!(!format!("{alice:?}").contains("hunter2"));
        let tickets = Identity::TicketCache(TicketCache::File("/run/c".into()));
        assert_eq!(tickets.to_string(), "who got the tickets of the ticket cache /run/c");
    }
}
