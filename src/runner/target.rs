//! The target: where the server under test is, what may be done to it, how long it may take, what cases need to know of it.
//!
//! Leaves out how it is spoken to. A target file never holds a secret, and no mistake in one is told with a secret in it.

mod data;
mod draft;
mod secret;
pub mod security;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use self::{
    data::REFERENCE_VARS,
    draft::Draft,
    security::{LogOn, NoPassword, User},
};
use crate::{
    case::{Mistake, MistakeKind, Mistakes, SourceFile, mistake::Told},
    spec::{Effect, PortType, Role},
    transport::{CallbackAddress, Identity, MessageEncoding, Scheme, Secret, Security, SecurityMode, TargetUrl},
    verdict::TargetRecord,
};

use super::files::{self, FileError};

/// The server under test.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// What its file calls it, or its host and port.
    pub name: String,
    /// Its URL.
    pub url: TargetUrl,
    /// How messages are written over net.tcp.
    pub encoding: MessageEncoding,
    /// The product, where the file names one.
    pub product: Option<String>,
    /// The operations that it lacks: their cases are skipped.
    pub lacks: Vec<String>,
    /// The paths of port types, by their names, or the URLs of those on another port; empty where the URL is that of
    /// `IIpamServer` itself.
    pub endpoints: BTreeMap<String, String>,
    /// The authority that signed its certificate, where it is none that the system trusts; for https.
    pub ca_file: Option<PathBuf>,
    /// How sessions over net.tcp are to be protected; none where they are not.
    pub log_on: Option<LogOn>,
    /// The same with its password, once that is known.
    pub security: Option<Arc<Security>>,
    /// The same for the users that the file names by role.
    pub users: BTreeMap<Role, Arc<Security>>,
    /// How long things may take.
    pub timing: Timing,
    /// What may be done to it.
    pub allow: Allow,
    /// How hard it may be asked.
    pub limits: Limits,
    /// Where it can reach us.
    pub callback: Option<Callback>,
    /// Data that cases need, by name.
    pub vars: BTreeMap<String, String>,
    /// Where its recorded faults live; none for a target that is only a URL.
    pub snapshots: Option<PathBuf>,
    /// What `ca_file` holds, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// What names it on a command line; none for the reference server.
    pub argument: Option<String>,
}

/// Why a target cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A password cannot be had.
    #[error(transparent)]
    Password(#[from] NoPassword),
    /// The target file, the URL or a setting is wrong.
    #[error("{0}")]
    Mistakes(Mistakes),
}

impl From<Mistakes> for TargetError {
    fn from(mistakes: Mistakes) -> Self {
        Self::Mistakes(mistakes)
    }
}

/// How long things may take, scaled already.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timing {
    /// To connect; 5 s unless said otherwise.
    pub connect: Duration,
    /// From a request to its reply; 10 s.
    pub reply: Duration,
    /// For an operation with all its callbacks; 30 s.
    pub operation: Duration,
    /// How long nothing comes before that counts as silence; 500 ms.
    pub quiescence: Duration,
    /// After which the server closes an idle session; not judged where it is not known.
    pub inactivity: Option<Duration>,
    /// What all of these, and the periods of cases, are multiplied with; 1.
    pub scale: f64,
}

impl Timing {
    /// A period of a case file, scaled.
    pub fn scaled(&self, period: Duration) -> Duration {
        period.mul_f64(self.scale)
    }
}

/// What may be done to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// The effects that requests may have; reading always may.
    pub effects: BTreeSet<Effect>,
    /// The tasks that may be started, where that is allowed; all where the file names none.
    pub tasks: Option<Vec<String>>,
}

impl Allow {
    /// Whether a request of this effect may be sent.
    pub fn permits(&self, effect: Effect) -> bool {
        effect == Effect::Read || self.effects.contains(&effect)
    }

    /// Whether a task of this type may be started, where starting is allowed.
    pub fn permits_task(&self, task_type: &str) -> bool {
        self.tasks.as_ref().is_none_or(|tasks| tasks.iter().any(|task| task == task_type))
    }
}

/// How hard a target may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Sessions at once; 4, or 32 on the loopback.
    pub sessions: usize,
    /// Requests a second; 20, or as many as there are on the loopback.
    pub rate: Option<u32>,
    /// The longest reply that is read, in bytes; 1 MiB.
    pub reply_bytes: usize,
}

/// Where a target can reach us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The URL under which the target finds it, where that differs.
    pub public: Option<TargetUrl>,
}

impl Target {
    /// Reads a target file. Each of `sets` is `key=value`, a dotted key and a value as TOML or as bare text, which stands
    /// in place of what the file says. Paths in the file are relative to its folder.
    ///
    /// # Errors
    /// Every mistake of the file and of `sets`, secrets hidden.
    pub fn load(file: &SourceFile, sets: &[String]) -> Result<Self, Mistakes> {
        let mut told = Told::new(&SourceFile::new(file.path.clone(), secret::hide(&file.text)));
        let draft = draft::read(&file.text, &mut told);
        let path = Path::new(&*file.path);
        let folder = path.parent().unwrap_or(Path::new(""));
        let profile = path.file_stem().map(|stem| Path::new("snapshots").join(stem));
        Self::finish(draft, told, sets, folder, profile)
    }

    /// Makes a target of nothing but a URL, whose path is that of `IIpamServer`, and of `sets` as in [`Target::load`].
    ///
    /// # Errors
    /// Every mistake of the URL and of `sets`, secrets hidden.
    pub fn from_url(url: &str, sets: &[String]) -> Result<Self, Mistakes> {
        let text = format!("url = {}\n", quoted(url));
        let mut told = Told::new(&SourceFile::new("--target", secret::hide(&text)));
        let draft = draft::read(&text, &mut told);
        Self::finish(draft, told, sets, Path::new(""), None)
    }

    /// Reads the target that a command line names: a URL, or a target file.
    ///
    /// # Errors
    /// The file cannot be read, or every mistake of it and of `sets`.
    pub fn read(named: &str, sets: &[String]) -> Result<Self, TargetError> {
        let target = if named.contains("://") {
            Self::from_url(named, sets)?
        } else {
            Self::load(&files::read_file(Path::new(named))?, sets)?
        };
        let ca_pem = target.ca_file.as_deref().map(files::read_bytes).transpose()?;
        let target = Self { ca_pem, argument: Some(named.to_owned()), ..target };
        target.with_passwords()
    }

    /// Whether somebody logs on whose password is kept nowhere: it is to be asked for.
    pub fn lacks_password(&self) -> Option<&str> {
        match &self.log_on.as_ref().filter(|_| self.security.is_none())?.user {
            User::Password { name, .. } => Some(name),
            User::TicketCache(_) => None,
        }
    }

    /// The target with the password that it lacked.
    #[must_use]
    pub fn with_password(mut self, password: Secret) -> Self {
        if let Some(log_on) = &self.log_on
            && let User::Password { name, .. } = &log_on.user
        {
            let identity = Identity::Password { username: name.clone(), password };
            self.security = Some(log_on.security(identity, self.timing.connect));
        }
        self
    }

    /// Reads the passwords that are kept somewhere.
    fn with_passwords(mut self) -> Result<Self, TargetError> {
        let Some(log_on) = self.log_on.clone() else { return Ok(self) };
        for (role, user) in &log_on.users {
            if let Some(identity) = user.identity()? {
                self.users.insert(*role, log_on.security(identity, self.timing.connect));
            }
        }
        let identity = log_on.user.identity()?;
        self.security = identity.map(|identity| log_on.security(identity, self.timing.connect));
        Ok(self)
    }

    /// The reference server at a URL, which takes whatever is asked.
    ///
    /// # Errors
    /// The URL is none.
    pub fn reference(url: &str) -> Result<Self, TargetError> {
        let unprotected = "security.mode=none".to_owned();
        let sets = if url.starts_with(Scheme::NetTcp.as_str()) { vec![unprotected] } else { Vec::new() };
        let target = Self::from_url(url, &sets)?;
        let endpoints =
            [("IIpamServer", "/Ipam/Server"), ("IIpamOperationWithProgress", "/Ipam/OperationWithProgress")];
        Ok(Self {
            endpoints: endpoints.map(|(name, path)| (name.to_owned(), path.to_owned())).into(),
            name: "the reference server".to_owned(),
            limits: Limits { sessions: 256, rate: None, ..target.limits },
            allow: Allow { effects: Effect::ALL.into(), tasks: None },
            // Data that cases need of a target; a name that nobody has, RFC 2606.
            vars: REFERENCE_VARS.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            // [MS-IPAMM2] 3.1.5: a tick every fifteen seconds, the fourth too many.
            timing: Timing { inactivity: Some(Duration::from_mins(1)), ..target.timing },
            ..target
        })
    }

    /// The URL of a port type, where the target says one.
    pub fn endpoint(&self, port_type: PortType) -> Option<TargetUrl> {
        match self.endpoints.get(port_type.name()) {
            Some(url) if url.contains("://") => TargetUrl::parse(url).ok(),
            Some(path) => self.url.with_path(path).ok(),
            None if self.endpoints.is_empty() && port_type == PortType::IIpamServer => Some(self.url.clone()),
            None => None,
        }
    }

    /// Where the target reaches us over HTTP; on this machine everybody does.
    pub fn callback_address(&self) -> Option<CallbackAddress> {
        match &self.callback {
            Some(callback) => Some(CallbackAddress { listen: callback.listen, public: callback.public.clone() }),
            None => self
                .url
                .is_loopback()
                .then(|| CallbackAddress { listen: SocketAddr::from(([127, 0, 0, 1], 0)), public: None }),
        }
    }

    /// A value of `[vars]`.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str)
    }

    /// Whether the product lacks an operation, by its own file.
    pub fn lacks(&self, operation: &str) -> bool {
        self.lacks.iter().any(|lacking| lacking == operation)
    }

    /// What reports say of it.
    pub fn record(&self, reference: bool) -> TargetRecord {
        TargetRecord {
            name: self.name.clone(),
            url: self.url.to_string(),
            transport: self.url.scheme().as_str().to_owned(),
            security: self.log_on.as_ref().map_or("none", |log_on| log_on.mode.as_str()).to_owned(),
            reference,
            argument: self.argument.clone(),
        }
    }

    /// The name of the folder of its reports: the file's without its ending, or host and port.
    pub fn profile(&self) -> String {
        let named = self.argument.as_deref().filter(|named| !named.contains("://"));
        let name = named.and_then(|named| Path::new(named).file_stem()).map(|stem| stem.to_string_lossy().into_owned());
        let name = name.unwrap_or_else(|| format!("{}-{}", self.url.host(), self.url.port()));
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect()
    }

    fn finish(
        file: Draft,
        mut told: Told,
        sets: &[String],
        folder: &Path,
        profile: Option<PathBuf>,
    ) -> Result<Self, Mistakes> {
        let mut mistakes = Vec::new();
        let (text, refused) = settings(sets);
        mistakes.extend(refused);
        let mut told_of_sets = Told::new(&SourceFile::new("--set", secret::hide(&text)));
        let set = draft::read(&text, &mut told_of_sets);
        if !file.has_url && !set.has_url {
            told.tell(MistakeKind::MissingKey, 0..0, "`url` is missing in the file")
                .help("write url = \"http://ipam.contoso.example:8080\"");
        }
        let url = set.url.as_ref().or(file.url.as_ref()).map(|(url, _)| url.clone());
        for (draft, told) in [(&file, &mut told), (&set, &mut told_of_sets)] {
            security_is_had(draft, [&file, &set], url.as_ref(), told);
            endpoints_are_whole(draft, [&file, &set], url.as_ref(), told);
        }
        mistakes.extend(told.into_mistakes());
        mistakes.extend(told_of_sets.into_mistakes());
        if let Some(mistakes) = Mistakes::of(mistakes) {
            return Err(mistakes);
        }
        let Some(url) = url else {
            // Not reached: a URL that is missing or wrong was told.
            return Err(no_url());
        };
        Ok(merge(file, set, url, folder, profile))
    }
}

/// What was set stands in place of what the file says; defaults stand for the rest.
fn merge(file: Draft, set: Draft, url: TargetUrl, folder: &Path, profile: Option<PathBuf>) -> Target {
    let is_loopback = url.is_loopback();
    let scale = set.scale.or(file.scale).unwrap_or(1.0);
    let time = |key: &str| set.timing.get(key).or(file.timing.get(key)).map(|time| time.mul_f64(scale));
    let or_millis =
        |key: &str, default: u64| time(key).unwrap_or_else(|| Duration::from_millis(default).mul_f64(scale));
    let timing = Timing {
        connect: or_millis("connect", 5_000),
        reply: or_millis("reply", 10_000),
        operation: or_millis("operation", 30_000),
        quiescence: or_millis("quiescence", 500),
        inactivity: time("inactivity"),
        scale,
    };
    let size = |size: Option<u64>| size.and_then(|size| usize::try_from(size).ok());
    let limits = Limits {
        sessions: size(set.sessions.or(file.sessions)).unwrap_or(if is_loopback { 32 } else { 4 }),
        rate: set.rate.or(file.rate).and_then(|rate| u32::try_from(rate).ok()).or((!is_loopback).then_some(20)),
        reply_bytes: size(set.reply_bytes.or(file.reply_bytes)).unwrap_or(1 << 20),
    };
    let unprotected = [&set, &file].into_iter().any(|draft| draft.security_places.none.is_some());
    let is_protected = url.scheme() == Scheme::NetTcp && !unprotected;
    let mut effects = set.effects.or(file.effects).unwrap_or_default();
    effects.insert(Effect::Read);
    let together = |mut file: BTreeMap<String, String>, set: BTreeMap<String, String>| {
        file.extend(set);
        file
    };
    let log_on = is_protected.then(|| security::merge(file.security, set.security, &url, folder)).flatten();
    let listen = set.listen.or(file.listen);
    // `product` and `lacks` are two ways to say one thing: the newer word counts.
    let (product, lacks) = if set.product.is_some() || set.lacks.is_some() {
        (set.product, set.lacks)
    } else {
        (file.product, file.lacks)
    };
    Target {
        name: set.name.or(file.name).unwrap_or_else(|| format!("{}:{}", url.host(), url.port())),
        url,
        encoding: set.encoding.or(file.encoding).unwrap_or_default(),
        product,
        lacks: lacks.unwrap_or_default(),
        endpoints: together(file.endpoints, set.endpoints),
        ca_file: set
            .ca_file
            .map(|(path, _)| PathBuf::from(path))
            .or_else(|| file.ca_file.map(|(path, _)| folder.join(path))),
        log_on,
        security: None,
        users: BTreeMap::new(),
        timing,
        allow: Allow { effects, tasks: set.tasks.or(file.tasks) },
        limits,
        callback: listen.map(|listen| Callback { listen, public: set.public.or(file.public) }),
        vars: together(file.vars, set.vars),
        snapshots: set
            .snapshots
            .map(PathBuf::from)
            .or_else(|| file.snapshots.map(|dir| folder.join(dir)))
            .or_else(|| profile.map(|profile| folder.join(profile))),
        ca_pem: None,
        argument: None,
    }
}

/// Over HTTP nobody negotiates: what only net.tcp has would be believed to protect. Over net.tcp sessions are protected, and
/// somebody logs on, unless the target says otherwise.
fn security_is_had(draft: &Draft, both: [&Draft; 2], url: Option<&TargetUrl>, told: &mut Told) {
    let is_net_tcp = url.is_some_and(|url| url.scheme() == Scheme::NetTcp);
    let places = &draft.security_places;
    for (key, span) in &places.keys {
        if !is_net_tcp {
            told.bad_value(span.clone(), format!("`{key}` is for net.tcp"))
                .help("leave it out: nothing is negotiated over http or https");
        } else if places.none.is_some() {
            told.bad_value(
                span.clone(),
                format!("`{key}` is for a session that is protected, and `mode` says that none is"),
            )
            .help("leave it out, or write another mode");
        }
    }
    if let Some(span) = places.none.as_ref().filter(|_| !is_net_tcp) {
        told.bad_value(span.clone(), "`mode` is for net.tcp").help("leave it out");
    }
    if let Some((encoding, span)) = &draft.encoding_span
        && !is_net_tcp
    {
        let words = format!("`encoding = \"{}\"` is for net.tcp", encoding.as_str());
        told.bad_value(span.clone(), words).help("leave it out: over http messages are text");
    }
    tickets_are_for_kerberos(draft, both, told);
    if let Some(span) = &draft.empty_security {
        told.bad_value(span.clone(), "[security] says nothing").help("leave it out");
    }
    let is_settled = both.iter().any(|draft| draft.security_places.none.is_some() || draft.security_places.has_user);
    if is_net_tcp && !is_settled && draft.url.is_some() {
        let span = draft.url.as_ref().map_or(0..0, |(_, span)| span.clone());
        told.bad_value(span, "sessions over net.tcp are protected, and nothing says who logs on").help(
            "write username = 'CONTOSO\\alice' and password = { env = \"IPAM_PASSWORD\" }, or ticket_cache = true, under \
             [security]; or mode = \"none\", or --set security.mode=none, where the server takes that",
        );
    }
    if let (Some((_, span)), Some(Scheme::Http | Scheme::NetTcp)) = (&draft.ca_file, url.map(TargetUrl::scheme)) {
        told.bad_value(span.clone(), "`ca_file` is for https").help("leave it out, or write an https URL");
    }
}

/// NTLM takes no tickets. What was set stands in place of what the file says, which comes first.
fn tickets_are_for_kerberos(draft: &Draft, both: [&Draft; 2], told: &mut Told) {
    let mode = both.iter().rev().find_map(|draft| draft.security.mode);
    if mode != Some(SecurityMode::Ntlm) {
        return;
    }
    let places = &draft.security_places;
    let names_who = both.iter().rev().find(|draft| draft.security_places.has_user);
    let is_used = names_who.is_some_and(|names| std::ptr::eq(*names, draft));
    for span in places.ticket_cache.iter().filter(|_| is_used).chain(&places.ticket_caches) {
        told.bad_value(span.clone(), "`ticket_cache` is for Kerberos, and `mode` says NTLM")
            .help("write mode = \"kerberos\", or `username` and `password` in its place");
    }
}

/// Where there are endpoints the URL has no path of its own, one of them is that of `IIpamServer`, and all are on the
/// target's host: what it is allowed and how it is protected was said of no other.
fn endpoints_are_whole(draft: &Draft, both: [&Draft; 2], url: Option<&TargetUrl>, told: &mut Told) {
    let Some(span) = &draft.endpoints_span else { return };
    if url.is_some_and(|url| url.path() != "/") {
        told.bad_value(span.clone(), "the URL has a path and [endpoints] gives paths too")
            .help("leave the path of the URL out");
    }
    let elsewhere = |endpoint: &TargetUrl| {
        url.is_some_and(|url| (url.scheme(), url.host()) != (endpoint.scheme(), endpoint.host()))
    };
    for (name, place) in &draft.endpoints {
        if TargetUrl::parse(place).is_ok_and(|endpoint| elsewhere(&endpoint)) {
            told.bad_value(span.clone(), format!("the URL of {name} is of another scheme or host than the target's"))
                .help("give it the same; only the port may be another");
        }
    }
    let server = PortType::IIpamServer.name();
    if both.iter().all(|draft| !draft.endpoints.contains_key(server)) && !draft.endpoints.is_empty() {
        told.tell(MistakeKind::MissingKey, span.clone(), format!("`{server}` is missing in [endpoints]"))
            .help(format!("write {server} = \"/Ipam/Server\""));
    }
}

fn no_url() -> Mistakes {
    let file = SourceFile::new("--target", "");
    let mut mistake = Mistake::new(&file, 0..0, MistakeKind::MissingKey, "the target has no URL");
    mistake.help("write url = \"http://ipam.contoso.example:8080\"");
    Mistakes::from(mistake)
}

/// The settings as lines of TOML, and the mistakes of those that cannot be.
fn settings(sets: &[String]) -> (String, Vec<Mistake>) {
    let mut text = String::new();
    let mut mistakes = Vec::new();
    for set in sets {
        let (key, value) = match set.split_once('=') {
            Some((key, value)) => (key.trim(), value.trim()),
            None => (set.trim(), ""),
        };
        let mut refuse = |shown: &str, message: &str, help: &str| {
            let file = SourceFile::new("--set", shown);
            let mut mistake = Mistake::new(&file, 0..shown.len(), MistakeKind::BadValue, message);
            mistake.help(help);
            mistakes.push(mistake);
        };
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if secret::is_secret(key) {
            refuse(
                &format!("{}=***", key.split(|c| !is_part(c)).next().unwrap_or_default()),
                "a secret is not set on the command line, where others can see it",
                "write it in the target file as { env = \"...\" } or { file = \"...\" }",
            );
        } else if !set.contains('=') {
            refuse(set, "a setting is a key and a value", "write it as timing.reply=5s");
        } else if !key.chars().all(is_part) || key.split('.').any(str::is_empty) {
            refuse(key, "the key of a setting is words joined by `.`", "write it as timing.reply=5s");
        } else {
            let _ = writeln!(text, "{key} = {}", as_toml(value));
        }
    }
    (text, mistakes)
}

/// A value that is TOML as it is, dates aside; any other as a string.
fn as_toml(value: &str) -> String {
    let parsed = toml::de::DeValue::parse(value);
    let is_toml =
        !value.contains('\n') && parsed.is_ok_and(|value| !matches!(value.get_ref(), toml::de::DeValue::Datetime(_)));
    if is_toml { value.to_owned() } else { quoted(value) }
}

/// A text as a basic string of TOML, on one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
#[path = "target/tests.rs"]
mod tests;
