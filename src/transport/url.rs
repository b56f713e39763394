//! Addresses of targets: `net.tcp`, `http` or `https`, a host, a port and a path, each a type from the moment it is read.
//!
//! Leaves out user information, queries and fragments, which no endpoint of the protocol has. Follows RFC 3986, and
//! [MS-NMFTB] 2.1 for the port of `net.tcp`.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use hyper::{Uri, header::HeaderValue};

/// The address of an endpoint.
///
/// Scheme and host are compared in lower case; the default port is the same as none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetUrl {
    authority: Authority,
    path: String,
    // What each request carries, made once.
    target: Uri,
    host_field: HeaderValue,
}

/// How an endpoint is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// Message framing over TCP, [MS-NMFTB].
    NetTcp,
    /// The HTTP binding.
    Http,
    /// The HTTP binding over TLS.
    Https,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 3] = [Self::NetTcp, Self::Http, Self::Https];

    /// The scheme as an address begins with it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NetTcp => "net.tcp",
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port where an address names none.
    pub fn default_port(self) -> u16 {
        match self {
            Self::NetTcp => 808,
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Whom a connection is with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Authority {
    pub(super) scheme: Scheme,
    pub(super) host: Host,
    pub(super) port: u16,
}

/// A host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Host {
    /// A name to be looked up, in lower case.
    Name(String),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
}

/// Why a text is no address of a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an address of a target: {reason}")]
pub struct InvalidUrl {
    /// The text.
    pub text: String,
    /// What is wrong with it, and what to write instead.
    pub reason: String,
}

impl TargetUrl {
    /// Reads an address, as in `net.tcp://ipam.example/Ipam/Server`, `http://ipam.example:8080/base` or `https://[::1]/`.
    ///
    /// # Errors
    /// Says what is wrong when `text` is none: another scheme, no host, a port that is no number from 1 to 65535, user
    /// information, a query, a fragment, or characters that must be percent-encoded.
    pub fn parse(text: &str) -> Result<Self, InvalidUrl> {
        Self::read(text).map_err(|reason| InvalidUrl { text: text.to_owned(), reason })
    }

    fn read(text: &str) -> Result<Self, String> {
        let (scheme, rest) =
            text.split_once("://").ok_or("it does not begin with `net.tcp://`, `http://` or `https://`")?;
        let known = Scheme::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(scheme));
        let scheme = known.ok_or_else(|| {
            format!("its scheme is `{}`; `net.tcp`, `http` and `https` are spoken", scheme.to_ascii_lowercase())
        })?;
        let (authority, path) = match rest.find(['/', '?', '#']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if authority.contains('@') {
            return Err(
                "it names a user; no endpoint takes one this way, so leave out what stands before `@`".to_owned()
            );
        }
        let (host, port) = if let Some(literal) = authority.strip_prefix('[') {
            let (address, port) = literal.split_once(']').ok_or("the `[` of its IPv6 address is never closed")?;
            let address = address.parse().map_err(|_| format!("`{address}` is not an IPv6 address"))?;
            let port = match port.strip_prefix(':') {
                None if !port.is_empty() => return Err("after `]` only `:` and a port may stand".to_owned()),
                port => port,
            };
            (Host::V6(address), port)
        } else if authority.matches(':').count() > 1 {
            return Err("an IPv6 address stands in brackets, as in `http://[::1]:8080/`".to_owned());
        } else {
            match authority.split_once(':') {
                Some((host, port)) => (Host::read(host)?, Some(port)),
                None => (Host::read(authority)?, None),
            }
        };
        let port = match port {
            None | Some("") => scheme.default_port(),
            Some(port) => read_port(port).ok_or_else(|| format!("`{port}` is not a port: a number from 1 to 65535"))?,
        };
        Self::assemble(Authority { scheme, host, port }, path)
    }

    fn assemble(authority: Authority, path: &str) -> Result<Self, String> {
        let path = if path.is_empty() { "/" } else { path };
        check_path(path)?;
        let host_field = if authority.port == authority.scheme.default_port() {
            authority.host.to_string()
        } else {
            format!("{}:{}", authority.host, authority.port)
        };
        Ok(Self {
            target: path.parse().map_err(|_| format!("`{path}` is not a path"))?,
            host_field: HeaderValue::try_from(host_field)
                .map_err(|_| "its host cannot be sent in a header".to_owned())?,
            path: path.to_owned(),
            authority,
        })
    }

    /// The same server with another path; an empty one is `/`.
    ///
    /// # Errors
    /// `path` does not begin with `/`, or holds what a path may not hold.
    pub fn with_path(&self, path: &str) -> Result<Self, InvalidUrl> {
        Self::assemble(self.authority.clone(), path).map_err(|reason| InvalidUrl { text: path.to_owned(), reason })
    }

    /// The same server with `path` after the path that is there: `/base` and `/Ipam/Server` give `/base/Ipam/Server`.
    ///
    /// # Errors
    /// `path` holds what a path may not hold.
    pub fn join(&self, path: &str) -> Result<Self, InvalidUrl> {
        let path = path.strip_prefix('/').unwrap_or(path);
        self.with_path(&format!("{}/{path}", self.path.strip_suffix('/').unwrap_or(&self.path)))
    }

    /// How it is spoken to.
    pub fn scheme(&self) -> Scheme {
        self.authority.scheme
    }

    /// The host as it stands in an address: an IPv6 address is in brackets.
    pub fn host(&self) -> String {
        self.authority.host.to_string()
    }

    /// The port; the default one of the scheme where the text named none.
    pub fn port(&self) -> u16 {
        self.authority.port
    }

    /// The path; at least `/`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the host is this machine: a loopback address, or `localhost`.
    pub fn is_loopback(&self) -> bool {
        match &self.authority.host {
            Host::Name(name) => {
                let name = name.strip_suffix('.').unwrap_or(name);
                name == "localhost" || name.ends_with(".localhost")
            }
            Host::V4(address) => address.is_loopback(),
            Host::V6(address) => address.is_loopback(),
        }
    }

    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The request target in origin form.
    pub(super) fn target(&self) -> &Uri {
        &self.target
    }

    /// The value of the `Host` field.
    pub(super) fn host_field(&self) -> &HeaderValue {
        &self.host_field
    }
}

impl fmt::Display for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.authority.scheme.as_str();
        let authority = self.host_field.to_str().map_err(|_| fmt::Error)?;
        write!(f, "{scheme}://{authority}{}", self.path)
    }
}

impl FromStr for TargetUrl {
    type Err = InvalidUrl;
    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        Self::parse(text)
    }
}

impl Host {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it names no host".to_owned());
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::V4(address));
        }
        let labels = text.strip_suffix('.').unwrap_or(text);
        let legal = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let last_is_number = labels.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
        if last_is_number {
            return Err(format!("`{text}` is not an IPv4 address: four numbers from 0 to 255"));
        }
        if labels.len() > 253 || !labels.split('.').all(legal) {
            return Err(format!(
                "`{text}` is not a host name: letters, digits and `-` in parts joined by `.` (write a name in another \
                 script in its `xn--` form, and an IPv6 address in brackets)"
            ));
        }
        Ok(Self::Name(text.to_ascii_lowercase()))
    }
}

/// Writes the host as it stands in an address.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => write!(f, "{address}"),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

/// Writes `host:port`.
impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

fn read_port(text: &str) -> Option<u16> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|port| *port != 0)
}

/// RFC 3986, 3.3: segments of unreserved characters, sub-delims, `:`, `@` and percent-encoded bytes.
pub(crate) fn check_path(path: &str) -> Result<(), String> {
    if !path.starts_with('/') {
        return Err(if path.starts_with(['?', '#']) {
            format!("`{path}` is a query or a fragment; an endpoint has neither")
        } else {
            format!("the path `{path}` does not begin with `/`")
        });
    }
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'?' | b'#' => return Err("it has a query or a fragment; an endpoint has neither".to_owned()),
            b'%' => {
                let hex = |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_hexdigit());
                if !(hex(rest.next()) && hex(rest.next())) {
                    return Err(format!("a `%` in the path `{path}` is not followed by two hexadecimal digits"));
                }
            }
            byte if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&byte) => {}
            byte => {
                return Err(format!("the path holds {}, which must be percent-encoded", describe(byte)));
            }
        }
    }
    Ok(())
}

fn describe(byte: u8) -> String {
    if byte.is_ascii_graphic() { format!("`{}`", char::from(byte)) } else { format!("the byte {byte:#04x}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        for (text, scheme, host, port, path, written) in [
            ("http://a.example", Scheme::Http, "a.example", 80, "/", "http://a.example/"),
            ("HTTP://A.Example:80/x", Scheme::Http, "a.example", 80, "/x", "http://a.example/x"),
            ("https://a.example./", Scheme::Https, "a.example.", 443, "/", "https://a.example./"),
            ("https://a.example:80", Scheme::Https, "a.example", 80, "/", "https://a.example:80/"),
            (
                "http://127.0.0.1:8080/a/b%20c",
                Scheme::Http,
                "127.0.0.1",
                8080,
                "/a/b%20c",
                "http://127.0.0.1:8080/a/b%20c",
            ),
            ("http://[::1]:8080/", Scheme::Http, "[::1]", 8080, "/", "http://[::1]:8080/"),
            ("https://[2001:DB8::1]", Scheme::Https, "[2001:db8::1]", 443, "/", "https://[2001:db8::1]/"),
            ("http://h:/", Scheme::Http, "h", 80, "/", "http://h/"),
            ("net.tcp://H/Ipam", Scheme::NetTcp, "h", 808, "/Ipam", "net.tcp://h/Ipam"),
            ("NET.TCP://h:48885", Scheme::NetTcp, "h", 48885, "/", "net.tcp://h:48885/"),
        ] {
            let url = TargetUrl::parse(text).unwrap();
            assert_eq!((url.scheme(), url.port(), url.path()), (scheme, port, path), "{text}");
            assert_eq!(url.host(), host);
            assert_eq!(url.to_string(), written);
            assert_eq!(TargetUrl::parse(written).unwrap(), url);
        }
    }

    #[test]
    fn what_is_no_address_is_told() {
        for (text, reason) in [
            ("ipam.example", "does not begin with"),
            ("net.pipe://ipam.example", "its scheme is `net.pipe`"),
            ("http://", "names no host"),
            ("http:///x", "names no host"),
            ("http://u:p@h/", "names a user"),
            ("http://h?x", "query"),
            ("http://h/?x", "query"),
            ("http://h/#x", "fragment"),
            ("http://h:0/", "not a port"),
            ("http://h:65536/", "not a port"),
            ("http://h:+80/", "not a port"),
            ("http://h:8o/", "not a port"),
            ("http://::1/", "stands in brackets"),
            ("http://[::1/", "never closed"),
            ("http://[fe80::1%25eth0]/", "not an IPv6"),
            ("http://[::1]80/", "after `]`"),
            ("http://1.2.3/", "not an IPv4"),
            ("http://256.1.1.1/", "not an IPv4"),
            ("http://-a/", "not a host name"),
            ("http://a..b/", "not a host name"),
            ("http://bücher.example/", "not a host name"),
            ("http://h/a b", "must be percent-encoded"),
            ("http://h/%4", "hexadecimal"),
            ("http://h/\r\nX: y", "must be percent-encoded"),
        ] {
            let error = TargetUrl::parse(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn paths_are_replaced_and_joined() {
        let url = TargetUrl::parse("http://h:8080/base/").unwrap();
        assert_eq!(url.with_path("/Ipam/Server").unwrap().to_string(), "http://h:8080/Ipam/Server");
        assert_eq!(url.join("/Ipam/Server").unwrap().path(), "/base/Ipam/Server");
        assert_eq!(url.join("Ipam").unwrap().path(), "/base/Ipam");
        assert_eq!(TargetUrl::parse("http://h").unwrap().join("/x").unwrap().path(), "/x");
        assert!(url.with_path("Ipam").is_err());
        assert!(url.join("/a?b").is_err());
    }

    #[test]
    fn loopback_is_known() {
        for (text, loopback) in [
            ("http://127.8.0.1/", true),
            ("http://[::1]/", true),
            ("http://LOCALHOST:1/", true),
            ("http://10.0.0.1/", false),
            ("http://localhost.example/", false),
        ] {
            assert_eq!(TargetUrl::parse(text).unwrap().is_loopback(), loopback, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_address_or_an_error(text in "(http://|https://|)[a-z0-9.:\\[\\]@/%?#é -]{0,30}") {
            if let Ok(url) = TargetUrl::parse(&text) {
                prop_assert_eq!(TargetUrl::parse(&url.to_string()).unwrap(), url);
            }
        }
    }
}
