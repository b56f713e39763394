//! The users that the reference server knows, from a file.
//!
//! Leaves out what a role may do. A line is `DOMAIN:user:password` and may end in `:` and a role, or `locked-out` or
//! `disabled`; a role that is not said is that of an IPAM administrator. A line `keytab = "PATH"` names the keys by which
//! the same users may come with tickets of Kerberos; where there is one, a user may have no password. Lines that are empty
//! or begin with `#` say nothing.

use std::{
    fmt,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    path::{Path, PathBuf},
    sync::Arc,
};

use zeroize::Zeroizing;

use super::{kerberos::Service, known::Accepted};
use crate::{spec::Role, wire::nns::ErrorCode};

/// The users.
#[derive(Debug, Clone, Default)]
pub struct Users {
    known: Vec<User>,
    keytab: Option<PathBuf>,
    service: Option<Arc<Service>>,
}

/// One user.
#[derive(Clone)]
pub(in crate::reference) struct User {
    domain: String,
    name: String,
    /// None where they come with a ticket only.
    password: Option<Zeroizing<String>>,
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

/// A line that names no user and no keytab.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} names neither a user nor a keytab: {reason}")]
pub struct BadUsers {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong, without repeating it.
    pub reason: &'static str,
}

/// A keytab that is none, or of no use here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKeytab {
    /// It does not begin as one.
    #[error("it is no keytab: one begins with the octets 05 02")]
    NotKeytab,
    /// It is one of the format before.
    #[error("it is a keytab of version 1, whose numbers depend on the machine; make one of version 2, as ktutil does")]
    Version1,
    /// It ends within an entry, or an entry ends within what it holds.
    #[error("entry {entry}, at octet {at}: it is cut")]
    Cut {
        /// Its number, from 1; holes are counted.
        entry: usize,
        /// Where it begins, from 0.
        at: usize,
    },
    /// The name of an entry's principal cannot be one.
    #[error(
        "entry {entry}, at octet {at}: the name of its principal is not UTF-8, is empty, or holds `/` or `@` within a part"
    )]
    Name {
        /// Its number.
        entry: usize,
        /// Where it begins.
        at: usize,
    },
    /// A key is of another length than its type says.
    #[error("entry {entry}, at octet {at}: a key of type {kind} is not {length} octets long")]
    KeyLength {
        /// Its number.
        entry: usize,
        /// Where it begins.
        at: usize,
        /// The number of the encryption type.
        kind: u16,
        /// How long it is.
        length: usize,
    },
    /// It holds no key of a type that is read; the numbers are of the types that it holds.
    #[error(
        "no key in it is of use: aes256-cts-hmac-sha1-96 (18) and aes128-cts-hmac-sha1-96 (17) are read, \
         {}", held(.0)
    )]
    NoKey(Vec<u16>),
    /// It has more entries than anybody needs.
    #[error("it has more than {0} entries; name one with the keys of this service only")]
    TooMany(usize),
    /// Nothing of Kerberos is in this program.
    #[error("this program was built without Kerberos; build it with the feature `security`")]
    NoKerberos,
}

fn held(types: &[u16]) -> String {
    match types.iter().map(u16::to_string).collect::<Vec<_>>() {
        none if none.is_empty() => "and it is empty".to_owned(),
        types => format!("and its keys are of type {}", types.join(", ")),
    }
}

impl Users {
    /// Reads the text of a file. A keytab that it names is not looked at.
    ///
    /// # Errors
    /// The first line that names no user and no keytab.
    pub fn read(text: &str) -> Result<Self, BadUsers> {
        let mut users = Self::default();
        let mut without_password = None;
        for (line, text) in (1..).zip(text.lines().map(str::trim)) {
            let bad = |reason| BadUsers { line, reason };
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            if let Some(path) = keytab(text) {
                if users.keytab.replace(path.map_err(bad)?).is_some() {
                    return Err(bad("a keytab is named already; one may hold the keys of several services"));
                }
                continue;
            }
            let user = User::read(text).map_err(bad)?;
            if user.password.is_none() {
                without_password
                    .get_or_insert(bad("its password is empty, which is for users with tickets: name a keytab"));
            }
            users.known.push(user);
        }
        match without_password.filter(|_| users.keytab.is_none()) {
            Some(bad) => Err(bad),
            None => Ok(users),
        }
    }

    /// The keytab that the file names, as it names it.
    pub fn keytab(&self) -> Option<&Path> {
        self.keytab.as_deref()
    }

    /// The same users, who may come with tickets for the services whose keys these octets of a keytab are.
    ///
    /// # Errors
    /// They are no keytab, or one of no use.
    pub fn with_keytab(self, bytes: &[u8]) -> Result<Self, BadKeytab> {
        Ok(Self { service: Some(Arc::new(Service::of_keytab(bytes)?)), ..self })
    }

    /// What judges tickets, where there is a keytab.
    pub(super) fn service(&self) -> Option<&Service> {
        self.service.as_deref()
    }

    /// A user of each role in the lab, called by it, with passwords that nobody foresees.
    pub(in crate::reference) fn of_lab(domain: &str) -> (Self, Vec<LabUser>) {
        let users = Role::ALL.map(|role| LabUser { role, password: format!("{:016x}", unforeseen()) });
        let known = users.iter().map(|user| User {
            domain: domain.to_owned(),
            name: user.role.as_str().to_owned(),
            password: Some(Zeroizing::new(user.password.clone())),
            standing: Standing::In(user.role),
        });
        (Self { known: known.collect(), ..Self::default() }, users.into())
    }

    /// A user by name, whatever the case; the domain counts where the client writes one.
    pub(super) fn find(&self, domain: &str, name: &str) -> Option<&User> {
        // user@realm goes in the name alone, and a realm is not a domain.
        let (name, domain) = name.split_once('@').map_or((name, domain), |(name, _)| (name, ""));
        self.known.iter().find(|user| same(&user.name, name) && (domain.is_empty() || same(&user.domain, domain)))
    }

    /// The user who came with a ticket. The domain is the realm, or where that is the service's own its first label, which
    /// is what NTLM calls it, or none.
    pub(super) fn find_accepted(&self, accepted: &Accepted) -> Option<&User> {
        let realm = &accepted.client.realm;
        let label = realm.split('.').next().filter(|_| *realm == accepted.realm);
        let is_of =
            |domain: &str| same(domain, realm) || label.is_some_and(|label| domain.is_empty() || same(domain, label));
        self.known.iter().find(|user| same(&user.name, &accepted.client.name) && is_of(&user.domain))
    }
}

fn same(one: &str, other: &str) -> bool {
    one.to_uppercase() == other.to_uppercase()
}

/// The path of a line that names a keytab; none where the line is another.
fn keytab(line: &str) -> Option<Result<PathBuf, &'static str>> {
    line.strip_prefix("keytab")?.trim_start().strip_prefix('=')?;
    let table: Option<toml::Table> = line.parse().ok();
    let path = table.as_ref().and_then(|table| table.get("keytab")?.as_str()).filter(|path| !path.is_empty());
    Some(path.map(PathBuf::from).ok_or("a keytab is named as in keytab = \"PATH\""))
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
        if name.is_empty() {
            return Err("its name is empty");
        }
        let password = (!password.is_empty()).then(|| Zeroizing::new(password.to_owned()));
        Ok(Self { domain: domain.to_owned(), name: name.to_owned(), password, standing })
    }

    /// Somebody whom nobody knows, whose password is the name.
    pub(super) fn guest(name: &str) -> Self {
        let password = Some(Zeroizing::new(name.to_owned()));
        let standing = Standing::In(Role::IpamAdministrator);
        Self { domain: String::new(), name: name.to_owned(), password, standing }
    }

    /// None where they come with a ticket only.
    pub(super) fn password(&self) -> Option<&str> {
        self.password.as_ref().map(|password| password.as_str())
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
