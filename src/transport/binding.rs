//! One interface over the bindings: a request and its answer, and sessions, however they are carried.
//!
//! Leaves out what each binding does; it only chooses by the scheme of the address. Follows [MS-IPAMM2] 2.1.

use super::{
    http::HttpTransport,
    http_session::HttpSessions,
    net_tcp::{MessageEncoding, NetTcpTransport},
    session::Session,
    url::{Scheme, TargetUrl},
};
use crate::session::{Observation, Observed, Permitted};

/// Whatever carries messages to a target: both bindings, of which an address chooses one.
///
/// Clones are cheap and share their connections. Use one, and its clones, within one tokio runtime.
#[derive(Debug, Clone)]
pub struct Transport {
    /// For `http` and `https`.
    pub http: HttpTransport,
    /// For sessions over `http` and `https`.
    pub http_sessions: HttpSessions,
    /// For `net.tcp`.
    pub net_tcp: NetTcpTransport,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchanged {
    /// A message, silence, or how the session ended.
    pub answer: Observed,
    /// What was observed of the session meanwhile, the answer included; nothing on bindings without sessions.
    pub seen: Vec<Observation>,
}

impl Transport {
    /// Sends a request and tells what came. A request of effect `read` may go where an earlier exchange left a
    /// connection clean, any other goes on a new one.
    ///
    /// Cancel safety: dropping the future closes its connection; the target may have received the request.
    pub async fn exchange(&self, url: &TargetUrl, request: &Permitted) -> Exchanged {
        match url.scheme() {
            Scheme::NetTcp => self.net_tcp.exchange(url, request).await,
            Scheme::Http | Scheme::Https => Exchanged::of(self.http.exchange(url, request).await),
        }
    }

    /// Does the same on a new connection, whatever the effect, as a control request must.
    ///
    /// Cancel safety: as for [`Transport::exchange`].
    pub async fn exchange_fresh(&self, url: &TargetUrl, request: &Permitted) -> Exchanged {
        match url.scheme() {
            Scheme::NetTcp => self.net_tcp.exchange_fresh(url, request).await,
            Scheme::Http | Scheme::Https => Exchanged::of(self.http.exchange_fresh(url, request).await),
        }
    }

    /// Does the same on a session that an earlier exchange left clean, where the binding has sessions and there is such.
    ///
    /// Cancel safety: as for [`Transport::exchange`].
    pub async fn exchange_kept(&self, url: &TargetUrl, request: &Permitted) -> Option<Exchanged> {
        match url.scheme() {
            Scheme::NetTcp => self.net_tcp.exchange_kept(url, request).await,
            Scheme::Http | Scheme::Https => None,
        }
    }

    /// Opens a session with an endpoint. What comes of it is observed; first that the target takes it.
    pub fn open(&self, url: &TargetUrl, keepalive: bool) -> Session {
        match url.scheme() {
            Scheme::NetTcp => self.net_tcp.open(url, keepalive),
            Scheme::Http | Scheme::Https => self.http_sessions.open(url, keepalive),
        }
    }

    /// Connects to an endpoint and sends nothing: all records are the caller's, in one session and so many `further` ones
    /// on the same connection. For net.tcp.
    pub fn open_raw(&self, url: &TargetUrl, encoding: MessageEncoding, further: usize) -> Session {
        self.net_tcp.open_raw(url, encoding, further)
    }
}

impl Exchanged {
    /// An answer of which nothing else is known.
    fn of(answer: Observed) -> Self {
        Self { answer, seen: Vec::new() }
    }
}
