//! The users that the reference server knows, from a file.
//!
//! Leaves out what a role may do. A line is `DOMAIN:user:password` and may end in `:` and a role, or `locked-out` or
//! `disabled`; a role that is not said is that of an IPAM administrator. Lines that are empty or begin with `#` say nothing.

use std::{
    fmt,
    hash::{BuildHasher as _, Hasher as _, RandomState},
};

use zeroize::Zeroizing;

use crate::{spec::Role, wire::nns::ErrorCode};

/// The users.
#[derive(Debug, Clone, Default)]
pub struct Users(Vec<User>);

/// One user.
#[derive(Clone)]
pub(in crate::reference) struct User {
    domain: String,
    name: String,
    password: Zeroizing<String>,
    standing: Standing,
}

/// A user of the lab, for whoever runs cases there. The password holds for the life of the process and opens nothing else.
#[derive(Debug, Clone)]
pub struct LabUser {
    /// What the user is; the name is the role's word.
    pub role: Role,
    /// The password.
    pub password: String,
}

/// What becomes of a user whose password is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    In(Role),
    LockedOut,
    Disabled,
}

/// A line that names no user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} names no user: {reason}")]
pub struct BadUsers {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong, without repeating it.
    pub reason: &'static str,
}

impl Users {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// The first line that names no user.
    pub fn read(text: &str) -> Result<Self, BadUsers> {
        let lines = (1..).zip(text.lines().map(str::trim));
        let said = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        said.map(|(line, text)| User::read(text).map_err(|reason| BadUsers { line, reason }))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// A user of each role in the lab, called by it, with passwords that nobody foresees.
    pub(in crate::reference) fn of_lab(domain: &str) -> (Self, Vec<LabUser>) {
        let users = Role::ALL.map(|role| LabUser { role, password: format!("{:016x}", unforeseen()) });
        let known = users.iter().map(|user| User {
            domain: domain.to_owned(),
            name: user.role.as_str().to_owned(),
            password: Zeroizing::new(user.password.clone()),
            standing: Standing::In(user.role),
        });
        (Self(known.collect()), users.into())
    }

    /// A user by name, whatever the case; the domain counts where the client writes one.
    pub(super) fn find(&self, domain: &str, name: &str) -> Option<&User> {
        let same = |one: &str, other: &str| one.to_uppercase() == other.to_uppercase();
        // user@realm goes in the name alone, and a realm is not a domain.
        let (name, domain) = name.split_once('@').map_or((name, domain), |(name, _)| (name, ""));
        self.0.iter().find(|user| same(&user.name, name) && (domain.is_empty() || same(&user.domain, domain)))
    }
}

impl User {
    fn read(line: &str) -> Result<Self, &'static str> {
        let mut parts = line.splitn(4, ':');
        let (Some(domain), Some(name), Some(password)) = (parts.next(), parts.next(), parts.next()) else {
            return Err("it is DOMAIN:user:password, and :role may follow");
        };
        let standing = match parts.next() {
            None => Standing::In(Role::IpamAdministrator),
            Some("locked-out") => Standing::LockedOut,
            Some("disabled") => Standing::Disabled,
            Some(word) => Standing::In(Role::named(word).ok_or("what follows the password is no role")?),
        };
        if name.is_empty() || password.is_empty() {
            return Err("its name or its password is empty");
        }
        let password = Zeroizing::new(password.to_owned());
        Ok(Self { domain: domain.to_owned(), name: name.to_owned(), password, standing })
    }

    /// Somebody whom nobody knows, whose password is the name.
    pub(super) fn guest(name: &str) -> Self {
        let password = Zeroizing::new(name.to_owned());
        let standing = Standing::In(Role::IpamAdministrator);
        Self { domain: String::new(), name: name.to_owned(), password, standing }
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }

    /// # Errors
    /// The account does not let them.
    pub(super) fn may_log_on(&self) -> Result<(), ErrorCode> {
        match self.standing {
            Standing::In(_) => Ok(()),
            Standing::LockedOut => Err(ErrorCode(0x8007_0775)),
            Standing::Disabled => Err(ErrorCode(0x8007_0533)),
        }
    }

    /// What they are.
    pub(in crate::reference) fn role(&self) -> Role {
        match self.standing {
            Standing::In(role) => role,
            Standing::LockedOut | Standing::Disabled => Role::Nobody,
        }
    }
}

/// A password is not shown.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("standing", &self.standing).finish_non_exhaustive()
    }
}

/// A number that was not given before, and that nobody foresees.
pub(in crate::reference) fn unforeseen() -> u64 {
    RandomState::new().build_hasher().finish()
}
