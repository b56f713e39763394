//! The client of the HTTP binding: one request by POST, one observation of what came back.
//!
//! Leaves out envelopes and judgement, follows no redirect, and repeats nothing but a read-only request whose idle
//! connection had gone. Follows the SOAP 1.2 HTTP binding (SOAP 1.2 Part 2, 7) and RFC 3902 for the media type.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request,
    header::{self, HeaderValue},
};
use tokio::time::Instant;

use super::{
    connection::{Connection, Limits, after},
    stream::{Stream, connect},
    tls::{BadCertificates, Tls},
    url::{Authority, Scheme, TargetUrl},
};
use crate::{
    session::{End, Observed, Outgoing, guard::Permitted},
    spec::Effect,
};

/// Idle connections that are kept for one server; more are closed.
const IDLE: usize = 512;

/// The limits of a transport, and whom it trusts.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Until a connection is up: the look-up of the name, TCP and TLS.
    pub connect: Duration,
    /// Until the response begins, and for every later pause within it.
    pub reply: Duration,
    /// For a whole exchange, from the look-up of the name to the last byte.
    pub overall: Duration,
    /// The longest body that is read, in bytes.
    pub reply_bytes: usize,
    /// The certificates of the authorities that `https` trusts, as PEM; those of the system where none are given.
    pub ca_pem: Option<Vec<u8>>,
}

/// Sends requests over HTTP and HTTPS, and keeps connections for the next.
///
/// Clones are cheap and share their connections. Use one, and its clones, within one tokio runtime.
#[derive(Clone)]
pub struct HttpTransport(Arc<Shared>);

struct Shared {
    options: HttpOptions,
    tls: Tls,
    idle: Mutex<BTreeMap<Authority, Vec<Connection>>>,
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").finish_non_exhaustive()
    }
}

impl HttpTransport {
    /// Makes a transport; nothing is connected yet.
    ///
    /// # Errors
    /// [`HttpOptions::ca_pem`] holds no certificate, or one that cannot be read.
    pub fn new(options: HttpOptions) -> Result<Self, BadCertificates> {
        let tls = Tls::new(options.ca_pem.as_deref())?;
        Ok(Self(Arc::new(Shared { options, tls, idle: Mutex::default() })))
    }

    /// Sends a request and tells what came: [`Observed::Received`] for every complete response whatever its status,
    /// [`Observed::Silence`] or [`Observed::Ended`].
    ///
    /// A request of effect `read` may use a connection that an earlier exchange left clean; where that turns out to be
    /// gone before a byte of the answer came, the request is sent once more on a new one. Any other goes on a new
    /// connection and is sent once.
    ///
    /// Cancel safety: dropping the future closes its connection; the target may have received the request.
    pub async fn exchange(&self, url: &TargetUrl, request: &Permitted) -> Observed {
        self.perform(url, request.outgoing(), request.effect() == Effect::Read).await
    }

    /// Does the same on a new connection, whatever the effect, as a control request must.
    ///
    /// Cancel safety: as for [`HttpTransport::exchange`].
    pub async fn exchange_fresh(&self, url: &TargetUrl, request: &Permitted) -> Observed {
        self.perform(url, request.outgoing(), false).await
    }

    /// The exchange itself; outside this folder and its tests only what a guard let through gets here.
    pub(super) async fn perform(&self, url: &TargetUrl, outgoing: &Outgoing, reuse: bool) -> Observed {
        let options = &self.0.options;
        let start = Instant::now();
        let limits = Limits {
            reply: options.reply,
            deadline: after(start, options.overall),
            overall: options.overall,
            reply_bytes: options.reply_bytes,
        };
        if reuse && let Some(mut connection) = self.take_idle(url.authority()).await {
            match connection.exchange(post(url, outgoing), &limits).await {
                Ok(received) => {
                    self.keep(connection).await;
                    return Observed::Received(received);
                }
                Err(failure) if failure.unanswered => {}
                Err(failure) => return failure.observed,
            }
        }
        let mut connection = match self.connect(url, limits.deadline).await {
            Ok(connection) => connection,
            Err(end) => return Observed::Ended(end),
        };
        match connection.exchange(post(url, outgoing), &limits).await {
            Ok(received) => {
                self.keep(connection).await;
                Observed::Received(received)
            }
            Err(failure) => failure.observed,
        }
    }

    async fn connect(&self, url: &TargetUrl, deadline: Instant) -> Result<Connection, End> {
        let options = &self.0.options;
        let limit = options.connect.min(options.overall);
        let deadline = after(Instant::now(), options.connect).min(deadline);
        let authority = url.authority();
        let stream = connect(authority, deadline, limit).await?;
        let stream = if authority.scheme == Scheme::Https {
            self.0.tls.secure(stream, authority, deadline, limit).await?
        } else {
            Stream::Plain(stream)
        };
        Connection::new(stream, authority.clone()).await
    }

    /// A connection that is still good, the one used last first.
    async fn take_idle(&self, authority: &Authority) -> Option<Connection> {
        loop {
            let mut connection = self.idle().get_mut(authority)?.pop()?;
            if connection.is_idle().await {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection for the next request, where the exchange left it clean.
    async fn keep(&self, mut connection: Connection) {
        if !connection.is_idle().await {
            return;
        }
        let mut idle = self.idle();
        let kept = match idle.get_mut(connection.authority()) {
            Some(kept) => kept,
            None => idle.entry(connection.authority().clone()).or_default(),
        };
        if kept.len() < IDLE {
            kept.push(connection);
        }
    }

    fn idle(&self) -> MutexGuard<'_, BTreeMap<Authority, Vec<Connection>>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn post(url: &TargetUrl, outgoing: &Outgoing) -> Request<Full<Bytes>> {
    const AGENT: HeaderValue = HeaderValue::from_static(concat!("ipamspec/", env!("CARGO_PKG_VERSION")));
    const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/soap+xml");
    const IDENTITY: HeaderValue = HeaderValue::from_static("identity");
    let mut request = Request::new(Full::new(outgoing.envelope.clone()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = url.target().clone();
    let head = request.headers_mut();
    head.insert(header::HOST, url.host_field().clone());
    head.insert(header::CONTENT_TYPE, content_type(outgoing.action.as_deref()));
    head.insert(header::ACCEPT, MEDIA_TYPE);
    // Otherwise any compression would be in order: RFC 9110, 12.5.3.
    head.insert(header::ACCEPT_ENCODING, IDENTITY);
    head.insert(header::USER_AGENT, AGENT);
    request
}

/// The media type with the action as a quoted string: RFC 3902, 5; RFC 9110, 5.6.4. An action is a URI, so what cannot
/// stand in a URI is percent-encoded, but for the characters that a quoted string holds as they are.
fn content_type(action: Option<&str>) -> HeaderValue {
    let mut text = String::with_capacity(48 + action.map_or(0, str::len));
    text.push_str("application/soap+xml; charset=utf-8");
    if let Some(action) = action {
        text.push_str("; action=\"");
        if action.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
            text.push_str(action);
        } else {
            push_quoted(&mut text, action);
        }
        text.push('"');
    }
    // Only visible ASCII and spaces stand in it by now.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("application/soap+xml; charset=utf-8"))
}

fn push_quoted(text: &mut String, action: &str) {
    for byte in action.bytes() {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
            b' '..=b'~' => text.push(char::from(byte)),
            other => {
                let _ = write!(text, "%{other:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_action_is_a_quoted_string() {
        for (action, expected) in [
            (None, "application/soap+xml; charset=utf-8"),
            (Some(""), "application/soap+xml; charset=utf-8; action=\"\""),
            (Some("urn:a b"), "application/soap+xml; charset=utf-8; action=\"urn:a b\""),
            (Some("a\"b\\c"), "application/soap+xml; charset=utf-8; action=\"a\\\"b\\\\c\""),
            (Some("a\r\nX: y"), "application/soap+xml; charset=utf-8; action=\"a%0D%0AX: y\""),
            (Some("é"), "application/soap+xml; charset=utf-8; action=\"%C3%A9\""),
        ] {
            assert_eq!(content_type(action).to_str().unwrap(), expected);
        }
    }
}
