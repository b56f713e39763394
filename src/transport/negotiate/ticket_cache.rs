//! A cache of Kerberos tickets in a file: what is in it, and the ticket that somebody logs on with.
//!
//! Leaves out caches that are not files, and what is done with the ticket (`as_exchange.rs`). Follows MIT krb5, "Credential
//! cache file format", versions 3 and 4; the ticket is that of RFC 4120 5.3.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use picky_krb::crypto::CipherSuite;
use zeroize::Zeroizing;

use super::{
    Refusal,
    identity::{OtherKind, TicketCache},
};

/// The variable that names the cache of whoever runs this.
const VARIABLE: &str = "KRB5CCNAME";
/// The largest file that is read, in bytes.
const LARGEST: usize = 1 << 20;
/// How much clocks may differ before a ticket counts as one of the future, in seconds; what KDCs allow.
const SKEW: u32 = 300;
/// The service of ticket-granting tickets (RFC 4120 7.3).
const TGS: &[u8] = b"krbtgt";
/// The realm of entries that hold no ticket.
const CONFIGURATION: &[u8] = b"X-CACHECONF:";
/// The flag of a ticket that is for one user's session with another, in `is_skey`.
const USER_TO_USER: u8 = 1;

/// Why there is no ticket to log on with: one sentence, with what to check.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody logs on with {cache}: {why}")]
pub(super) struct NoTicket {
    cache: String,
    why: Why,
}

/// Why, without the cache.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Why {
    /// There is no such file.
    #[error("it is not there; get a ticket with `kinit`, or say where the cache is with `ticket_cache` or {VARIABLE}")]
    Absent,
    #[error("nothing says where it is; write its path as `ticket_cache`, or set {VARIABLE}")]
    Nowhere,
    #[error("it cannot be read ({0}); check whose it is")]
    Unread(String),
    #[error(
        "its kind is {0}, and only files are read; write one with `kinit -c FILE:PATH`, and name it with `ticket_cache` or \
         {VARIABLE}"
    )]
    Kind(String),
    #[error("the file is no ticket cache of version 3 or 4 ({0}); check the path, or write it anew with `kinit`")]
    Broken(Broken),
    #[error("it holds no ticket; get one with `kinit`")]
    Empty,
    #[error("it holds no ticket-granting ticket of the realm {realm}, only one for {held}; get one with `kinit`")]
    Services { realm: String, held: String },
    #[error("its ticket expired at {0}; get another with `kinit`")]
    Expired(String),
    #[error("its ticket holds from {0} on, which is yet to come; set this machine's clock by the domain's")]
    NotYet(String),
    #[error(
        "its session key is of the encryption type {0}, and only 17 and 18 are known (aes128- and \
         aes256-cts-hmac-sha1-96); have the KDC give one of those"
    )]
    Encryption(u16),
    #[error("the name {0} is not in ASCII, as our Kerberos wants names; log on with another account")]
    Name(String),
}

/// Why bytes are no cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Broken {
    #[error("its first two octets are not 05 03 or 05 04")]
    Version,
    #[error("cut at octet {0}")]
    Cut(usize),
    #[error("it is larger than {LARGEST} bytes")]
    TooLarge,
    #[error("a key is not as long as its encryption type says")]
    Key,
}

impl From<NoTicket> for Refusal {
    fn from(none: NoTicket) -> Self {
        Self::Ours { reason: none.to_string() }
    }
}

/// A name in a realm (RFC 4120 5.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Principal {
    pub(super) name_type: u32,
    pub(super) realm: Vec<u8>,
    pub(super) components: Vec<Vec<u8>>,
}

/// One entry of a cache: a ticket and what a KDC said with it. Its key is zeroed when it is dropped.
pub(super) struct Credential {
    pub(super) client: Principal,
    pub(super) server: Principal,
    /// The encryption type of the session key.
    pub(super) encryption: u16,
    pub(super) key: Zeroizing<Vec<u8>>,
    /// Seconds since 1970, as all times here; 0 where there is none.
    pub(super) auth_time: u32,
    pub(super) start_time: u32,
    pub(super) end_time: u32,
    pub(super) renew_till: u32,
    is_skey: u8,
    pub(super) flags: u32,
    /// The ticket as the KDC wrote it, DER.
    pub(super) ticket: Vec<u8>,
}

/// Nothing of an entry is shown: a key is in it.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").finish_non_exhaustive()
    }
}

impl Credential {
    /// The cipher of the session key.
    ///
    /// # Errors
    /// The number of its encryption type, where it is none of those that `sspi` knows.
    pub(super) fn cipher(&self) -> Result<CipherSuite, u16> {
        match self.encryption {
            17 => Ok(CipherSuite::Aes128CtsHmacSha196),
            18 => Ok(CipherSuite::Aes256CtsHmacSha196),
            other => Err(other),
        }
    }
}

/// Reads the ticket-granting ticket of a cache.
///
/// # Errors
/// There is none that could be used now.
pub(super) fn ticket_of(cache: &TicketCache) -> Result<Credential, NoTicket> {
    let variable = std::env::var_os(VARIABLE).map(|name| name.to_string_lossy().into_owned());
    let path = match cache {
        TicketCache::File(path) => path.clone(),
        TicketCache::Usual => {
            usual(variable.as_deref(), user_id()).map_err(|why| NoTicket { cache: cache.to_string(), why })?
        }
    };
    let in_file = |why| NoTicket { cache: TicketCache::File(path.clone()).to_string(), why };
    let bytes = read(&path).map_err(in_file)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    parse(&bytes)
        .map_err(Why::Broken)
        .and_then(|content| content.granting_ticket(u32::try_from(now).unwrap_or(u32::MAX)))
        .map_err(in_file)
}

/// Where the cache of whoever runs this is, by the variable and the number of the user.
pub(super) fn usual(variable: Option<&str>, user_id: Option<u32>) -> Result<PathBuf, Why> {
    match (variable.filter(|name| !name.is_empty()), user_id) {
        (Some(name), _) => TicketCache::path(name).map_err(|OtherKind(kind)| Why::Kind(kind)),
        (None, Some(user_id)) => Ok(Path::new("/tmp").join(format!("krb5cc_{user_id}"))),
        (None, None) => Err(Why::Nowhere),
    }
}

/// The number of the user who runs this, where the system says it.
fn user_id() -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        fs::metadata("/proc/self").ok().map(|process| process.uid())
    }
    #[cfg(not(unix))]
    None
}

/// The bytes of a file, zeroed when they are dropped.
fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Why> {
    let told = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Why::Absent,
        _ => Why::Unread(error.to_string()),
    };
    let about = fs::metadata(path).map_err(told)?;
    if !about.is_file() {
        return Err(Why::Unread("it is no file".to_owned()));
    }
    let size =
        usize::try_from(about.len()).ok().filter(|size| *size <= LARGEST).ok_or(Why::Broken(Broken::TooLarge))?;
    // With room enough from the beginning no part of it is left behind elsewhere.
    let mut bytes = Zeroizing::new(Vec::with_capacity(size + 1));
    File::open(path).map_err(told)?.take(about.len()).read_to_end(&mut bytes).map_err(told)?;
    Ok(bytes)
}

/// What a cache holds.
#[derive(Debug)]
pub(super) struct Content {
    /// Who got the tickets.
    client: Principal,
    credentials: Vec<Credential>,
}

impl Content {
    /// The ticket-granting ticket of the client's own realm that holds longest.
    ///
    /// # Errors
    /// There is none, or none that could be used now.
    pub(super) fn granting_ticket(self, now: u32) -> Result<Credential, Why> {
        let Self { client, credentials } = self;
        let is_granting = |credential: &Credential| {
            credential.client == client
                && credential.server.realm == client.realm
                && credential.server.components == [TGS, &client.realm]
                && credential.is_skey != USER_TO_USER
        };
        let (granting, others): (Vec<_>, Vec<_>) = credentials.into_iter().partition(is_granting);
        let Some(ticket) = granting.into_iter().max_by_key(|credential| credential.end_time) else {
            let service = others.iter().find(|credential| credential.server.realm != CONFIGURATION);
            return Err(service.map_or(Why::Empty, |service| Why::Services {
                realm: shown(&client.realm),
                held: shown(&service.server.components.join(&b'/')),
            }));
        };
        let start = if ticket.start_time == 0 { ticket.auth_time } else { ticket.start_time };
        if ticket.end_time <= now {
            return Err(Why::Expired(time(ticket.end_time)));
        }
        if start > now.saturating_add(SKEW) {
            return Err(Why::NotYet(time(start)));
        }
        let length = match ticket.cipher().map_err(Why::Encryption)? {
            CipherSuite::Aes128CtsHmacSha196 => 16,
            _ => 32,
        };
        if ticket.key.len() != length {
            return Err(Why::Broken(Broken::Key));
        }
        let mut names = client.components.iter().chain([&client.realm]);
        match names.find(|name| !name.is_ascii()) {
            Some(name) => Err(Why::Name(shown(name))),
            None => Ok(ticket),
        }
    }
}

/// A time of a cache, for people.
fn time(seconds: u32) -> String {
    jiff::Timestamp::from_second(seconds.into()).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

/// A name of a cache, for people: a cache is anybody's bytes.
fn shown(name: &[u8]) -> String {
    const LONGEST: usize = 120;
    String::from_utf8_lossy(name).chars().take(LONGEST).flat_map(char::escape_debug).collect()
}

/// Reads a cache.
///
/// # Errors
/// The bytes are none.
pub(super) fn parse(bytes: &[u8]) -> Result<Content, Broken> {
    let mut reader = Reader { rest: bytes, whole: bytes.len() };
    let is_version_4 = match reader.array()? {
        [5, 4] => true,
        [5, 3] => false,
        _ => return Err(Broken::Version),
    };
    if is_version_4 {
        // Fields of the header: how far the KDC's clock is off, and what may come.
        let length = reader.u16()?;
        reader.take(length.into())?;
    }
    let client = reader.principal()?;
    let mut credentials = Vec::new();
    while !reader.rest.is_empty() {
        credentials.push(reader.credential(is_version_4)?);
    }
    Ok(Content { client, credentials })
}

/// Integers have their higher octets first; what is counted is read as far as it is there, so that no count takes room.
struct Reader<'a> {
    rest: &'a [u8],
    whole: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Broken> {
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or(Broken::Cut(self.whole.saturating_sub(self.rest.len())))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], Broken> {
        let cut = Broken::Cut(self.whole.saturating_sub(self.rest.len()));
        let (taken, rest) = self.rest.split_first_chunk().ok_or(cut)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn u16(&mut self) -> Result<u16, Broken> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, Broken> {
        self.array().map(u32::from_be_bytes)
    }

    /// A length and so many octets.
    fn data(&mut self) -> Result<&'a [u8], Broken> {
        let length = self.u32()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn principal(&mut self) -> Result<Principal, Broken> {
        let name_type = self.u32()?;
        let count = self.u32()?;
        let realm = self.data()?.to_vec();
        let mut components = Vec::new();
        for _ in 0..count {
            components.push(self.data()?.to_vec());
        }
        Ok(Principal { name_type, realm, components })
    }

    fn credential(&mut self, is_version_4: bool) -> Result<Credential, Broken> {
        let (client, server) = (self.principal()?, self.principal()?);
        let encryption = self.u16()?;
        if !is_version_4 {
            // Version 3 says it twice.
            self.u16()?;
        }
        let key = Zeroizing::new(self.data()?.to_vec());
        let [auth_time, start_time, end_time, renew_till] = [self.u32()?, self.u32()?, self.u32()?, self.u32()?];
        let [is_skey] = self.array()?;
        let flags = self.u32()?;
        // Addresses, then authorization data: a type and octets each.
        for _ in 0..2 {
            let count = self.u32()?;
            for _ in 0..count {
                self.u16()?;
                self.data()?;
            }
        }
        let ticket = self.data()?.to_vec();
        // A second ticket, for sessions of one user with another.
        self.data()?;
        Ok(Credential {
            client,
            server,
            encryption,
            key,
            auth_time,
            start_time,
            end_time,
            renew_till,
            is_skey,
            flags,
            ticket,
        })
    }
}
