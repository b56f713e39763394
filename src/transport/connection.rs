//! One HTTP/1.1 connection: a request goes out, one complete response comes back or the reason why none did.
//!
//! Leaves out which connection to use. The protocol itself is hyper's; this file owns the limits and tells apart the
//! ways in which an answer fails to come. Nothing is spawned: the connection moves while its exchange is polled, so
//! dropping the exchange closes it. Follows RFC 9112.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::{Body, Incoming},
    client::conn::http1,
    header,
};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{
    stream::{Lost, Recorder, Stream, Witness},
    tls::why_not_secure,
    url::Authority,
};
use crate::session::{End, HttpHead, Observed, Received};

/// The most bytes that the head of a response may have.
pub(super) const HEAD_BYTES: usize = 64 * 1024;
/// The room made at once for a body that says how long it is; it grows as bytes really come.
const FIRST_ROOM: usize = 16 * 1024;

/// When an exchange is given up, and how much it may bring.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// To the first byte of the response, and between its bytes.
    pub(super) reply: Duration,
    /// When all must be over.
    pub(super) deadline: Instant,
    /// How long that is after the start.
    pub(super) overall: Duration,
    /// The most bytes that a body may have.
    pub(super) reply_bytes: usize,
}

/// What moves the bytes of a connection.
type Driver = http1::Connection<TokioIo<Recorder<Stream>>, Full<Bytes>>;

/// A connection to a target.
pub(super) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    /// None once it has come to its end. Boxed: it is large, and a connection moves with every exchange.
    driver: Option<Box<Driver>>,
    witness: Witness,
    timer: Timer,
    authority: Authority,
}

/// Why an exchange brought no response.
pub(super) struct Failure {
    /// What was observed.
    pub(super) observed: Observed,
    /// The connection went away before the answer began; a target may do so with a connection that was idle.
    pub(super) unanswered: bool,
}

impl Connection {
    /// Speaks HTTP over a stream.
    ///
    /// # Errors
    /// [`End::Unreachable`] where HTTP cannot be set up.
    pub(super) async fn new(stream: Stream, authority: Authority) -> Result<Self, End> {
        let witness = Witness::new();
        let io = TokioIo::new(Recorder::new(stream, witness.clone()));
        let made = http1::Builder::new().max_buf_size(HEAD_BYTES).handshake(io).await;
        let (sender, driver) =
            made.map_err(|error| End::Unreachable { reason: format!("no HTTP with {authority}: {error}") })?;
        let timer = Timer { sleep: Box::pin(sleep_until(Instant::now())), asked: Instant::now() };
        Ok(Self { sender, driver: Some(Box::new(driver)), witness, timer, authority })
    }

    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Whether another request can go out: the last exchange ended cleanly, and nothing came since. Does not wait.
    pub(super) async fn is_idle(&mut self) -> bool {
        poll_fn(|cx| {
            self.drive(cx);
            let ready = matches!(self.sender.poll_ready(cx), Poll::Ready(Ok(())));
            Poll::Ready(ready && self.driver.is_some())
        })
        .await
    }

    /// Sends a request and reads the whole response. After a failure the connection is of no more use.
    ///
    /// Cancel safety: dropping the future leaves a connection with half an exchange on it; drop that as well.
    pub(super) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        limits: &Limits,
    ) -> Result<Received, Failure> {
        self.witness.restart();
        self.timer.asked = Instant::now();
        let answer = self.sender.send_request(request);
        let response = match self.watched(limits, answer).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(self.no_head(&error)),
            Err(waited) if self.witness.seen().bytes == 0 => {
                return Err(Failure { observed: Observed::Silence { waited }, unanswered: false });
            }
            Err(waited) => return Err(End::TooSlow { waited, received: 0 }.into()),
        };
        self.read_body(response, limits).await.map_err(Failure::from)
    }

    async fn read_body(&mut self, response: Response<Incoming>, limits: &Limits) -> Result<Received, End> {
        let limit = limits.reply_bytes;
        let (head, mut body) = response.into_parts();
        let http =
            Some(HttpHead { status: head.status.as_u16(), content_type: joined(&head.headers, header::CONTENT_TYPE) });
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            // What follows would be another protocol.
            return Ok(Received::text(Bytes::new(), http));
        }
        if let Some(reason) = coded(&head.headers) {
            return Err(End::NotTheProtocol { reason, began: self.witness.began() });
        }
        let declared = body.size_hint().lower();
        let over = |length: u64| usize::try_from(length).map_or(true, |length| length > limit);
        if over(declared) {
            return Err(End::Oversize { limit });
        }
        let mut bytes = Vec::with_capacity(usize::try_from(declared).unwrap_or(FIRST_ROOM).min(FIRST_ROOM));
        while !body.is_end_stream() {
            let frame = match self.watched(limits, body.frame()).await {
                Err(waited) => return Err(End::TooSlow { waited, received: bytes.len() }),
                Ok(None) => break,
                Ok(Some(Err(error))) => return Err(self.no_body(&error, bytes.len())),
                Ok(Some(Ok(frame))) => frame,
            };
            if let Some(data) = frame.data_ref() {
                if data.len() > limit - bytes.len() {
                    return Err(End::Oversize { limit });
                }
                bytes.extend_from_slice(data);
            }
        }
        Ok(Received::text(bytes.into(), http))
    }

    /// Moves the connection on.
    fn drive(&mut self, cx: &mut Context<'_>) {
        if let Some(driver) = &mut self.driver
            && Pin::new(driver).poll(cx).is_ready()
        {
            // Whoever still waits for an answer is told by the drop; the witness knows why.
            self.driver = None;
        }
    }

    /// Waits for `work` while the connection moves, until a limit passes.
    async fn watched<F: Future>(&mut self, limits: &Limits, work: F) -> Result<F::Output, Duration> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            self.drive(cx);
            match work.as_mut().poll(cx) {
                Poll::Ready(done) => Poll::Ready(Ok(done)),
                Poll::Pending => self.timer.poll_passed(cx, limits, &self.witness).map(Err),
            }
        })
        .await
    }

    /// Why there is no head.
    fn no_head(&self, error: &hyper::Error) -> Failure {
        let (bytes, lost) = {
            let seen = self.witness.seen();
            (seen.bytes, seen.lost.clone())
        };
        let began = self.witness.began();
        let unanswered = bytes == 0 || error.is_canceled();
        let end = if error.is_parse_too_large() {
            if bytes < HEAD_BYTES {
                let reason = "the head of the response has more than 100 fields, or a length beyond 64 bits".to_owned();
                End::NotTheProtocol { reason, began }
            } else {
                End::Oversize { limit: HEAD_BYTES }
            }
        } else if error.is_parse() {
            End::NotTheProtocol { reason: why_not_http(&self.authority, &began, Some(error)), began }
        } else if bytes > 0 && error.is_canceled() {
            End::NotTheProtocol { reason: why_not_http(&self.authority, &began, None), began }
        } else {
            match lost {
                Some(Lost::Tls(error)) => End::SecurityRefused { reason: why_not_secure(&self.authority, &error) },
                Some(Lost::Reset) => End::Reset,
                Some(Lost::Closed) | None if bytes == 0 => End::Closed,
                Some(Lost::Closed) | None => End::ClosedMidway { received: 0 },
            }
        };
        Failure { observed: Observed::Ended(end), unanswered }
    }

    /// Why there is no whole body.
    fn no_body(&self, error: &hyper::Error, received: usize) -> End {
        let lost = self.witness.seen().lost.clone();
        match lost {
            Some(Lost::Tls(error)) => End::SecurityRefused { reason: why_not_secure(&self.authority, &error) },
            Some(Lost::Reset) => End::Reset,
            Some(Lost::Closed) => End::ClosedMidway { received },
            None => End::NotTheProtocol {
                reason: format!("the body of the response is not framed as HTTP asks: {}", innermost(error)),
                began: self.witness.began(),
            },
        }
    }
}

impl From<End> for Failure {
    fn from(end: End) -> Self {
        Self { observed: Observed::Ended(end), unanswered: false }
    }
}

/// Tells when a limit has passed. Bytes that come put off the limit of a pause, never the overall one.
struct Timer {
    /// Kept from one exchange to the next: it may ring too early, and is then set anew.
    sleep: Pin<Box<Sleep>>,
    asked: Instant,
}

impl Timer {
    /// The limit that passed, once one has.
    fn poll_passed(&mut self, cx: &mut Context<'_>, limits: &Limits, witness: &Witness) -> Poll<Duration> {
        loop {
            // Looked at by itself: a target that never stops sending keeps the timer below from being polled.
            let now = Instant::now();
            if now >= limits.deadline {
                return Poll::Ready(limits.overall);
            }
            let pause_from = witness.seen().last.unwrap_or(self.asked);
            let next = after(pause_from, limits.reply);
            if now >= next {
                return Poll::Ready(limits.reply);
            }
            let next = next.min(limits.deadline);
            if self.sleep.is_elapsed() || self.sleep.deadline() > next {
                self.sleep.as_mut().reset(next);
            }
            ready!(self.sleep.as_mut().poll(cx));
        }
    }
}

/// A point in time; one that is too far to be counted is thirty years away.
pub(super) fn after(start: Instant, span: Duration) -> Instant {
    const FAR: Duration = Duration::from_hours(30 * 365 * 24);
    start.checked_add(span.min(FAR)).unwrap_or(start)
}

/// The values of a field, in order; what is no visible ASCII is replaced.
fn joined(head: &HeaderMap, name: header::HeaderName) -> Option<String> {
    let readable = |value: &header::HeaderValue| {
        // This lets the tab pass, which is not visible either.
        if let Ok(text) = value.to_str()
            && !text.contains('\t')
        {
            return text.to_owned();
        }
        let visible =
            |byte: &u8| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { char::REPLACEMENT_CHARACTER };
        value.as_bytes().iter().map(visible).collect::<String>()
    };
    head.get_all(name).iter().map(readable).reduce(|all, value| all + ", " + &value)
}

/// Why a body cannot be read as it came, where it is compressed: RFC 9110, 12.5.3, lets only what was asked for.
fn coded(head: &HeaderMap) -> Option<String> {
    let plain = |value: &str, plain: &str| value.split(',').all(|coding| coding.trim().eq_ignore_ascii_case(plain));
    let content = joined(head, header::CONTENT_ENCODING).filter(|value| !plain(value, "identity"));
    let transfer = joined(head, header::TRANSFER_ENCODING).filter(|value| !plain(value, "chunked"));
    let (field, value) = content.map(|v| ("Content-Encoding", v)).or(transfer.map(|v| ("Transfer-Encoding", v)))?;
    Some(format!("the body is coded, `{field}: {value}`, although the request asked for none"))
}

/// What the target speaks instead, where its first bytes tell.
fn why_not_http(authority: &Authority, began: &[u8], error: Option<&hyper::Error>) -> String {
    let holds = |text: &[u8]| began.windows(text.len()).any(|window| window == text);
    // RFC 8446, 5.1: a record of type alert (21) or handshake (22), of a version 3.x.
    if matches!(began, [0x15 | 0x16, 0x03, ..]) {
        return "the target answered with TLS; use `https`".to_owned();
    }
    // [MC-NMF] 2.2.3.5: a FaultRecord (8) with the URI of a fault.
    if matches!(began, [0x08, ..]) && holds(b"/framing/faults/") {
        return "the target answered with message framing; use `net.tcp`".to_owned();
    }
    match error {
        // It came before the request went out.
        None => format!(
            "the target at {authority} spoke before it was asked, which no HTTP server does; check that the port is right"
        ),
        Some(error) if began.starts_with(b"HTTP/1.") => {
            format!("the head of the response is not well-formed: {}", innermost(error))
        }
        Some(_) => format!("what came from {authority} is no HTTP/1.1 response; check that the port is right"),
    }
}

/// The words of the error at the bottom.
fn innermost(error: &hyper::Error) -> String {
    let mut bottom: &dyn std::error::Error = error;
    while let Some(source) = bottom.source() {
        bottom = source;
    }
    let words = bottom.to_string();
    // hyper's own words stand at the top when there is no source.
    words.strip_prefix("invalid HTTP ").map_or(words.clone(), |rest| format!("invalid {rest}"))
}
