//! `[security]` of a target file: how sessions are protected, who logs on, and where passwords are kept.
//!
//! Leaves out the mechanisms. A password is never written in the file; it is read once, when the target is.

use std::{
    fmt,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use toml::{Spanned, de::DeValue};

use super::files::{self, FileError};
use crate::{
    case::{
        mistake::{Told, shown, suggest},
        walk::{Fields, Text},
    },
    spec::Role,
    transport::{Identity, OtherKind, Secret, Security, SecurityMode, TargetUrl, TicketCache},
};

/// How sessions are to be protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogOn {
    /// Which mechanisms are offered.
    pub mode: SecurityMode,
    /// The name of the service.
    pub spn: String,
    /// Where the KDC listens, where the file says it.
    pub kdc: Option<String>,
    /// Who logs on, unless a case asks for somebody of a role.
    pub user: User,
    /// Who has which role on the target.
    pub users: Vec<(Role, User)>,
}

/// A user of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum User {
    /// One with a password.
    Password {
        /// `DOMAIN\user` or `user@realm`.
        name: String,
        /// Where the password is kept; asked for where nothing is said.
        password: Option<PasswordFrom>,
    },
    /// Whoever got the tickets of a cache.
    TicketCache(TicketCache),
}

impl User {
    /// Who logs on, with the password where one is kept; none where it is to be asked for.
    ///
    /// # Errors
    /// The password cannot be had.
    pub fn identity(&self) -> Result<Option<Identity>, NoPassword> {
        Ok(match self {
            Self::Password { password: None, .. } => None,
            Self::Password { name, password: Some(from) } => {
                Some(Identity::Password { username: name.clone(), password: from.read()? })
            }
            Self::TicketCache(cache) => Some(Identity::TicketCache(cache.clone())),
        })
    }
}

/// Who it is, for people.
impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { name, .. } => f.write_str(name),
            Self::TicketCache(cache) => Identity::TicketCache(cache.clone()).fmt(f),
        }
    }
}

/// Where a password is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordFrom {
    /// In a variable of the environment.
    Env(String),
    /// In a file; a line break at its end is no part of it.
    File(PathBuf),
}

/// A password that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum NoPassword {
    /// Its file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its variable is not set, or empty.
    #[error("the variable {0} is not set, and the target file says that it holds the password")]
    Unset(String),
    /// Its file holds no text.
    #[error("{} holds no text, and the target file says that it holds the password", .0.display())]
    NoText(PathBuf),
}

impl PasswordFrom {
    /// Reads the password.
    ///
    /// # Errors
    /// The file cannot be read, or the variable is not set.
    pub fn read(&self) -> Result<Secret, NoPassword> {
        match self {
            Self::Env(name) => match std::env::var(name) {
                Ok(value) if !value.is_empty() => Ok(Secret::new(value)),
                _ => Err(NoPassword::Unset(name.clone())),
            },
            Self::File(path) => {
                let bytes = files::read_bytes(path)?;
                let mut text = String::from_utf8(bytes).map_err(|_| NoPassword::NoText(path.clone()))?;
                text.truncate(text.trim_end_matches(['\r', '\n']).len());
                Ok(Secret::new(text))
            }
        }
    }
}

impl LogOn {
    /// How sessions of one user are protected.
    pub fn security(&self, identity: Identity, connect: Duration) -> Arc<Security> {
        Arc::new(Security {
            mode: self.mode,
            spn: self.spn.clone(),
            kdc: self.kdc.clone(),
            identity,
            // The target has to answer in time as well.
            kdc_limit: connect / 2,
        })
    }
}

/// What `[security]` says, for net.tcp.
#[derive(Debug, Default)]
pub(super) struct SecurityDraft {
    pub(super) mode: Option<SecurityMode>,
    spn: Option<String>,
    kdc: Option<String>,
    username: Option<String>,
    password: Option<PasswordFrom>,
    ticket_cache: Option<TicketCache>,
    users: Vec<(Role, User)>,
}

/// What was set stands in place of what the file says; none where nobody is named.
pub(super) fn merge(file: SecurityDraft, set: SecurityDraft, url: &TargetUrl, folder: &Path) -> Option<LogOn> {
    let below = |user: User| match user {
        User::Password { name, password: Some(PasswordFrom::File(path)) } => {
            User::Password { name, password: Some(PasswordFrom::File(folder.join(path))) }
        }
        User::TicketCache(TicketCache::File(path)) => User::TicketCache(TicketCache::File(folder.join(path))),
        other => other,
    };
    let password = set.password.or(file.password);
    let user = match (set.ticket_cache, set.username, file.ticket_cache) {
        (Some(cache), ..) => User::TicketCache(cache),
        (None, Some(name), _) => below(User::Password { name, password }),
        (None, None, Some(cache)) => below(User::TicketCache(cache)),
        (None, None, None) => below(User::Password { name: file.username?, password }),
    };
    let users = if set.users.is_empty() { file.users } else { set.users };
    Some(LogOn {
        mode: set.mode.or(file.mode).unwrap_or(SecurityMode::Negotiate),
        spn: set.spn.or(file.spn).unwrap_or_else(|| format!("host/{}", url.host())),
        kdc: set.kdc.or(file.kdc),
        user,
        users: users.into_iter().map(|(role, user)| (role, below(user))).collect(),
    })
}

/// Where things stand that only net.tcp has.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Where `mode = "none"` stands.
    pub(super) none: Option<Range<usize>>,
    /// The keys that say how a session is protected.
    pub(super) keys: Vec<(&'static str, Range<usize>)>,
    /// Whether a user is named.
    pub(super) has_user: bool,
    /// Where the ticket cache of whoever logs on is named.
    pub(super) ticket_cache: Option<Range<usize>>,
    /// Where those of users by role are.
    pub(super) ticket_caches: Vec<Range<usize>>,
}

/// Reads the keys of `[security]` that only net.tcp has.
pub(super) fn read(table: &mut Fields<'_>, told: &mut Told) -> (SecurityDraft, Places) {
    let mut draft = SecurityDraft::default();
    let mut places = Places::default();
    for key in ["mode", "username", "password", "ticket_cache", "spn", "kdc", "user"] {
        if table.has(key) {
            places.keys.push((key, table.key_span(key)));
        }
    }
    if let Some(mode) = table.text("mode", told) {
        draft.mode = SecurityMode::ALL.into_iter().find(|known| known.as_str() == mode.value);
        if mode.value == "none" {
            places.none = Some(mode.span());
            places.keys.retain(|(key, _)| *key != "mode");
        } else if draft.mode.is_none() {
            let known = ["none"].into_iter().chain(SecurityMode::ALL.map(SecurityMode::as_str));
            told.bad_value(mode.span(), format!("{} is no mode of security", shown(mode.value))).help =
                suggest(mode.value, known);
        }
    }
    places.has_user = table.has("username") || table.has("ticket_cache");
    places.ticket_cache = table.has("ticket_cache").then(|| table.key_span("ticket_cache"));
    one_way_to_log_on(table, told);
    draft.username = table.text("username", told).and_then(|text| user_name(text, told));
    draft.password = table.value("password").and_then(|value| password(value, told));
    draft.ticket_cache = table.value("ticket_cache").and_then(|value| ticket_cache(value, told));
    draft.spn = table.text("spn", told).and_then(|text| {
        let is_spn = text.value.split_once('/').is_some_and(|(service, host)| !service.is_empty() && !host.is_empty());
        if !is_spn {
            told.bad_value(text.span(), format!("{} is no name of a service", shown(text.value)))
                .help("write it as \"host/ipam.contoso.example\"");
        }
        is_spn.then(|| text.value.to_owned())
    });
    draft.kdc = table.text("kdc", told).and_then(|text| {
        let is_address = !text.value.is_empty() && !text.value.contains(['/', ' ', '@']);
        if !is_address {
            told.bad_value(text.span(), format!("{} is no address of a KDC", shown(text.value)))
                .help("write it as \"dc1.contoso.example:88\"; it is asked over TCP");
        }
        is_address.then(|| text.value.to_owned())
    });
    for user in table.tables("user", "[[security.user]]", told) {
        places.ticket_caches.extend(user.has("ticket_cache").then(|| user.key_span("ticket_cache")));
        draft.users.extend(one_user(user, told));
    }
    (draft, places)
}

fn one_user(mut table: Fields<'_>, told: &mut Told) -> Option<(Role, User)> {
    let role = table.required_text("role", "role = \"ip-audit-administrator\"", told).and_then(|text| {
        let role = Role::named(text.value);
        if role.is_none() {
            told.bad_value(text.span(), format!("{} is no role", shown(text.value))).help =
                suggest(text.value, Role::ALL.map(Role::as_str));
        }
        role
    });
    one_way_to_log_on(&table, told);
    let user = if table.has("ticket_cache") {
        // Beside it these are a mistake already.
        table.value("username");
        table.value("password");
        table.value("ticket_cache").and_then(|value| ticket_cache(value, told)).map(User::TicketCache)
    } else {
        let name =
            table.required_text("username", "username = 'CONTOSO\\alice'", told).and_then(|text| user_name(text, told));
        if !table.has("password") {
            table.missing("password", "password = { env = \"IPAM_PASSWORD\" }");
        }
        let password = table.value("password").and_then(|value| password(value, told));
        name.zip(password).map(|(name, password)| User::Password { name, password: Some(password) })
    };
    table.finish(told);
    role.zip(user)
}

/// A user logs on with a password, or with the tickets of a cache.
fn one_way_to_log_on(table: &Fields<'_>, told: &mut Told) {
    let other = ["username", "password"].into_iter().find(|key| table.has(key));
    if let Some(other) = other.filter(|_| table.has("ticket_cache")) {
        told.bad_value(
            table.key_span("ticket_cache"),
            format!("`ticket_cache` stands beside `{other}`: two ways to log on"),
        )
        .help("leave `ticket_cache` out, or else `username` and `password`");
    }
}

/// `true`, or the name of a cache that is a file.
fn ticket_cache(value: &Spanned<DeValue<'_>>, told: &mut Told) -> Option<TicketCache> {
    let named = match value.get_ref() {
        DeValue::Boolean(true) => return Some(TicketCache::Usual),
        DeValue::String(name) if !name.is_empty() => TicketCache::path(name),
        _ => {
            told.bad_value(value.span(), "`ticket_cache` is neither `true` nor the path of a file")
                .help("write true for the cache that `kinit` fills, or its path");
            return None;
        }
    };
    match named {
        Ok(path) => Some(TicketCache::File(path)),
        Err(OtherKind(kind)) => {
            told.bad_value(
                value.span(),
                format!("ticket caches of the kind {} are not read, only files", shown(&kind)),
            )
            .help("fill a file with `kinit -c FILE:PATH`, and write its path");
            None
        }
    }
}

fn user_name(text: Text<'_>, told: &mut Told) -> Option<String> {
    let is_name = !text.value.trim().is_empty() && !text.value.chars().any(char::is_control);
    if !is_name {
        told.bad_value(text.span(), "this is no name of a user")
            .help("write it as 'CONTOSO\\alice', in single quotes, or \"alice@contoso.example\"");
    }
    is_name.then(|| text.value.to_owned())
}

/// A password is never written down here.
fn password(value: &Spanned<DeValue<'_>>, told: &mut Told) -> Option<PasswordFrom> {
    let from = match value.get_ref() {
        DeValue::Table(table) if table.len() == 1 => table.iter().next().and_then(|(key, value)| {
            let value = value.get_ref().as_str().filter(|value| !value.is_empty())?;
            match key.get_ref().as_ref() {
                "env" => Some(PasswordFrom::Env(value.to_owned())),
                "file" => Some(PasswordFrom::File(PathBuf::from(value))),
                _ => None,
            }
        }),
        _ => None,
    };
    if from.is_none() {
        told.bad_value(value.span(), "a password is not written into a target file")
            .help("write password = { env = \"IPAM_PASSWORD\" } or { file = \"...\" }");
    }
    from
}
