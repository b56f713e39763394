//! The URL of a target, read once: scheme, host, port, path.
//!
//! Leaves out names that are looked up; a URL holds no secrets, no query and no fragment.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// A way to speak to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// HTTP in the clear.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// The word as URLs write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// An absolute URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// How to speak.
    pub scheme: Scheme,
    /// A name, an IPv4 address, or an IPv6 address without brackets; lower case.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Empty, or begins with `/`.
    pub path: String,
}

/// Why a text is no URL of a target. It never repeats the text, which may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlError {
    /// What the trouble is.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

fn error(message: &str, help: &str) -> UrlError {
    UrlError { message: message.to_owned(), help: help.to_owned() }
}

const EXAMPLE: &str = "write it as http://ipam.contoso.example:8080/Ipam/Server";

impl Url {
    /// Reads a URL.
    ///
    /// # Errors
    /// Says what is wrong with it and what to write instead.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(error("the URL has no scheme", EXAMPLE));
        };
        let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(authority_end);
        // A password may hold a `/`: whatever stands before the last `@` is refused, wherever that is.
        if authority.contains('@') || path.contains('@') {
            return Err(error(
                "a user or a password in a URL is a secret that every log would show",
                "leave out what stands before the `@`",
            ));
        }
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            "net.tcp" => {
                return Err(error(
                    "net.tcp is not spoken by this version yet",
                    "give the http or https address of the target, if it has one",
                ));
            }
            _ => return Err(error("the scheme of the URL is not known", "write http:// or https://")),
        };
        let (host, port) = host_and_port(authority)?;
        if path.contains(['?', '#']) {
            return Err(error("the URL has a query or a fragment", "leave out what begins with `?` or `#`"));
        }
        let path = Self::path(path)?;
        Ok(Self { scheme, host, port: port.unwrap_or(scheme.port()), path })
    }

    /// Reads a path: empty, or `/` and characters that URLs may have.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn path(text: &str) -> Result<String, UrlError> {
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:@".contains(&b);
        if !text.is_empty() && !text.starts_with('/') {
            return Err(error("a path begins with `/`", "write it as \"/Ipam/Server\""));
        }
        if !text.bytes().all(is_allowed) {
            return Err(error("the path has characters that URLs do not have", "write them as `%` and two digits"));
        }
        Ok(text.to_owned())
    }

    /// The URL without its path.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme.as_str(), self.authority())
    }

    /// Host and port, as the Host field of a request has them; a default port is left out.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == self.scheme.port() { host } else { format!("{host}:{}", self.port) }
    }

    /// Whether it is this machine by its very name: an address of the loopback, or `localhost`.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// Writes the URL; an empty path stays empty.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.path)
    }
}

fn host_and_port(authority: &str) -> Result<(String, Option<u16>), UrlError> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']').unwrap_or(("", ""));
            if address.parse::<Ipv6Addr>().is_err() {
                return Err(error("the URL has no IPv6 address between its brackets", "write it as http://[::1]:8080"));
            }
            let port = match after {
                "" => None,
                _ => Some(after.strip_prefix(':').unwrap_or("")),
            };
            (address, port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if host.is_empty() {
        return Err(error("the URL has no host", EXAMPLE));
    }
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    if !authority.starts_with('[') && !host.bytes().all(is_name) {
        return Err(error("the host of the URL has characters that names do not have", EXAMPLE));
    }
    let port = match port {
        None => None,
        Some(digits) => {
            let number = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u16>().ok()).flatten();
            match number.filter(|port| *port > 0) {
                Some(port) => Some(port),
                None => return Err(error("the port of the URL is no number from 1 to 65535", EXAMPLE)),
            }
        }
    };
    Ok((host.to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn urls_are_read_and_written() {
        for (text, host, port, path, written) in [
            ("http://A.example", "a.example", 80, "", "http://a.example"),
            ("HTTPS://a:8443/", "a", 8443, "/", "https://a:8443/"),
            ("https://a:443/Ipam/Server", "a", 443, "/Ipam/Server", "https://a/Ipam/Server"),
            ("http://[::1]:8080/x", "::1", 8080, "/x", "http://[::1]:8080/x"),
            ("http://127.0.0.1:80", "127.0.0.1", 80, "", "http://127.0.0.1"),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!((url.host.as_str(), url.port, url.path.as_str()), (host, port, path));
            assert_eq!(url.to_string(), written);
        }
        assert!(Url::parse("http://127.8.8.8").unwrap().is_loopback());
        assert!(Url::parse("http://[::1]").unwrap().is_loopback());
        assert!(!Url::parse("http://127.example").unwrap().is_loopback());
    }

    #[test]
    fn what_is_no_url_of_a_target_is_refused() {
        for (text, says) in [
            ("localhost:80", "no scheme"),
            ("net.tcp://a:1", "net.tcp is not spoken"),
            ("ftp://a", "scheme of the URL"),
            ("http://", "no host"),
            ("http:///x", "no host"),
            ("http://:80", "no host"),
            ("http://a:", "port"),
            ("http://a:0", "port"),
            ("http://a:70000", "port"),
            ("http://a:+80", "port"),
            ("http://u:p@a", "secret"),
            ("http://u:p/q@a", "secret"),
            ("net.tcp://u@a", "secret"),
            ("http://a b", "characters"),
            ("http://a/b c", "characters"),
            ("http://a/?q", "query"),
            ("http://[::1", "IPv6"),
            ("http://[x]", "IPv6"),
            ("http://[::1]8", "port"),
        ] {
            let error = Url::parse(text).unwrap_err();
            assert!(error.message.contains(says), "{text}: {}", error.message);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn what_is_written_reads_back(text in "https?://[a-c.\\[\\]:0-9]{1,12}(/[a-z?@ ]{0,4})?") {
            if let Ok(url) = Url::parse(&text) {
                prop_assert_eq!(Url::parse(&url.to_string()), Ok(url));
            }
        }
    }
}
