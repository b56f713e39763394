//! Sessions over HTTP: requests go out by POST, and what the target says is posted to an address that no other session has.
//!
//! Leaves out judgement, and what HTTP cannot show: that a session ends. Such a session is taken at once, as there is
//! nobody to ask. The laboratory binding of the house: WS-Addressing 1.0 SOAP Binding 5, with ReplyTo for a session.

use std::{
    collections::{BTreeMap, hash_map::RandomState},
    convert::Infallible,
    hash::{BuildHasher as _, Hasher as _},
    io,
    net::{SocketAddr, TcpListener as StdListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{Request, Response, StatusCode, body::Incoming, header, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
    task::{AbortHandle, JoinSet},
    time::Instant,
};

use super::{
    connection::after,
    http::HttpTransport,
    session::{Command, Session, WAITING},
    url::TargetUrl,
};
use crate::{
    session::{End, HttpHead, Observation, Observed, Outgoing, Received},
    soap,
    spec::KEEPALIVE_ACTION,
};

/// The client's InactivityTimer. [MS-IPAMM2] 3.2.2
const TICK: Duration = Duration::from_secs(15);
/// How many connections of targets are served at once.
const CONNECTIONS: usize = 1024;
/// How long the head of a posted message may take to come.
const SLOWEST: Duration = Duration::from_secs(20);

/// Where a target reaches us.
#[derive(Debug, Clone)]
pub struct CallbackAddress {
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The URL under which the target finds it, where that differs.
    pub public: Option<TargetUrl>,
}

/// Opens sessions over HTTP. All of them share one listener, which is started with the first and ends with the last clone.
#[derive(Debug, Clone)]
pub struct HttpSessions(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    http: HttpTransport,
    address: Option<CallbackAddress>,
    reply_bytes: usize,
    routes: Routes,
    listening: Mutex<Option<Listening>>,
}

#[derive(Debug)]
struct Listening {
    url: String,
    accepting: AbortHandle,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// The sessions by the last part of their address.
#[derive(Debug, Clone, Default)]
struct Routes(Arc<Mutex<BTreeMap<String, mpsc::Sender<Received>>>>);

impl Routes {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, mpsc::Sender<Received>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session's place among the routes, given back when the session ends.
struct Route {
    routes: Routes,
    token: String,
}

impl Drop for Route {
    fn drop(&mut self) {
        self.routes.lock().remove(&self.token);
    }
}

impl HttpSessions {
    /// Sessions whose requests `http` sends; none can be opened where the target cannot reach us.
    pub fn new(http: HttpTransport, address: Option<CallbackAddress>, reply_bytes: usize) -> Self {
        let (routes, listening) = (Routes::default(), Mutex::default());
        Self(Arc::new(Shared { http, address, reply_bytes, routes, listening }))
    }

    /// Opens a session with an endpoint. `keepalive` says whether the client's keepalives are sent.
    pub fn open(&self, url: &TargetUrl, keepalive: bool) -> Session {
        let (commands, asked) = mpsc::unbounded_channel();
        let (observed, observations) = mpsc::channel(WAITING);
        let opened = Instant::now();
        let token = format!("{:016x}", RandomState::new().build_hasher().finish());
        let reply_to = match self.reach() {
            Ok(base) => format!("{base}{token}"),
            Err(reason) => {
                let what = Observed::Ended(End::Unreachable { reason });
                // The channel is new and has room.
                let _ = observed.try_send(Observation { at: Duration::ZERO, what, wire: None });
                return Session::new(commands, observations, opened, None);
            }
        };
        let (posted, posts) = mpsc::channel(WAITING);
        self.0.routes.lock().insert(token.clone(), posted);
        let route = Route { routes: self.0.routes.clone(), token };
        let (sessions, url, own) = (self.clone(), url.clone(), reply_to.clone());
        let driver = Driver { sessions, url, reply_to: own, opened, observed, _route: route };
        tokio::spawn(driver.drive(asked, posts, keepalive));
        Session::new(commands, observations, opened, Some(reply_to))
    }

    /// The URL before a session's own part, once something listens there.
    fn reach(&self) -> Result<String, String> {
        let Some(address) = &self.0.address else {
            return Err("the target cannot reach us; write where under [callback] in the target file".to_owned());
        };
        let mut listening = self.0.listening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listening) = &*listening {
            return Ok(listening.url.clone());
        }
        let cannot = |error: io::Error| format!("cannot listen for callbacks on {}: {error}", address.listen);
        let listener = StdListener::bind(address.listen).map_err(cannot)?;
        listener.set_nonblocking(true).map_err(cannot)?;
        let local = listener.local_addr().map_err(cannot)?;
        let listener = TcpListener::from_std(listener).map_err(cannot)?;
        let url = match &address.public {
            Some(public) => format!("{}/", public.to_string().trim_end_matches('/')),
            None => format!("http://{local}/"),
        };
        let accepting = tokio::spawn(accept(listener, self.0.routes.clone(), self.0.reply_bytes)).abort_handle();
        *listening = Some(Listening { url: url.clone(), accepting });
        Ok(url)
    }
}

/// What moves one session.
struct Driver {
    sessions: HttpSessions,
    url: TargetUrl,
    reply_to: String,
    opened: Instant,
    observed: mpsc::Sender<Observation>,
    _route: Route,
}

impl Driver {
    async fn drive(
        self,
        mut asked: mpsc::UnboundedReceiver<Command>,
        mut posts: mpsc::Receiver<Received>,
        keepalive: bool,
    ) {
        if self.observe(Observed::Accepted).await.is_err() {
            return;
        }
        let mut exchanges = JoinSet::new();
        let mut tick = keepalive.then(|| after(self.opened, TICK));
        let mut sent_since_tick = false;
        loop {
            let observed = tokio::select! {
                posted = posts.recv() => posted.map(Observed::Received),
                command = asked.recv() => match command {
                    Some(Command::Request(outgoing)) => {
                        sent_since_tick = true;
                        self.send(&mut exchanges, outgoing.clone());
                        Some(Observed::Sent(outgoing))
                    }
                    Some(Command::Tick) => self.keep_alive(&mut exchanges, &mut sent_since_tick),
                    // HTTP has no records.
                    Some(Command::Records(..)) => None,
                    Some(Command::End | Command::Abort) => Some(Observed::Ended(End::Aborted)),
                    None => return,
                },
                Some(answer) = exchanges.join_next() => answer.ok().and_then(told),
                () = super::net_tcp::until(tick) => {
                    tick = Some(after(Instant::now(), TICK));
                    self.keep_alive(&mut exchanges, &mut sent_since_tick)
                }
            };
            let Some(observed) = observed else { continue };
            let is_end = matches!(observed, Observed::Ended(_));
            if self.observe(observed).await.is_err() || is_end {
                return;
            }
        }
    }

    /// [MS-IPAMM2] 3.2.5
    fn keep_alive(&self, exchanges: &mut JoinSet<Observed>, sent_since_tick: &mut bool) -> Option<Observed> {
        if std::mem::take(sent_since_tick) {
            return None;
        }
        let envelope = soap::write::keepalive_for(&self.reply_to).into();
        let outgoing = Outgoing { action: Some(KEEPALIVE_ACTION.to_owned()), message_id: None, envelope };
        self.send(exchanges, outgoing.clone());
        Some(Observed::Sent(outgoing))
    }

    fn send(&self, exchanges: &mut JoinSet<Observed>, outgoing: Outgoing) {
        let (http, url) = (self.sessions.0.http.clone(), self.url.clone());
        exchanges.spawn(async move { http.perform(&url, &outgoing, false).await });
    }

    async fn observe(&self, what: Observed) -> Result<(), mpsc::error::SendError<Observation>> {
        self.observed.send(Observation { at: self.opened.elapsed(), what, wire: None }).await
    }
}

/// What the response to a request tells: nothing where the request was taken, for its answer is posted.
fn told(answer: Observed) -> Option<Observed> {
    match answer {
        Observed::Received(received) => {
            let status = received.http.as_ref().map_or(0, |head| head.status);
            let taken = (200..300).contains(&status) && received.bytes.is_empty();
            (!taken).then_some(Observed::Received(received))
        }
        // A request that is not even taken is answered by nothing that will come.
        Observed::Silence { .. } => None,
        other => Some(other),
    }
}

async fn accept(listener: TcpListener, routes: Routes, limit: usize) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    // Ends when the permits are closed, which they never are, or this task is.
    while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
        if let Ok((stream, _)) = listener.accept().await {
            let served = serve(stream, routes.clone(), limit);
            connections.spawn(async move {
                served.await;
                drop(permit);
            });
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, routes: Routes, limit: usize) {
    let service = service_fn(move |request| {
        let routes = routes.clone();
        async move { Ok::<_, Infallible>(take(request, &routes, limit).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SLOWEST)
        .max_buf_size(super::connection::HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    // What goes wrong on a connection is the peer's affair and ends with it.
    let _ = connection.await;
}

/// Takes one posted message.
async fn take(request: Request<Incoming>, routes: &Routes, limit: usize) -> Response<Empty<Bytes>> {
    let answer = |status: StatusCode| {
        let mut response = Response::new(Empty::new());
        *response.status_mut() = status;
        response
    };
    let token = request.uri().path().trim_start_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    let Some(session) = routes.lock().get(&token).cloned() else { return answer(StatusCode::NOT_FOUND) };
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let body = tokio::time::timeout(SLOWEST, Limited::new(request.into_body(), limit).collect()).await;
    let Ok(Ok(body)) = body else { return answer(StatusCode::PAYLOAD_TOO_LARGE) };
    let head = HttpHead { status: 200, content_type };
    match session.send_timeout(Received::text(body.to_bytes(), Some(head)), SLOWEST).await {
        Ok(()) => answer(StatusCode::ACCEPTED),
        Err(mpsc::error::SendTimeoutError::Timeout(_)) => answer(StatusCode::SERVICE_UNAVAILABLE),
        Err(mpsc::error::SendTimeoutError::Closed(_)) => answer(StatusCode::NOT_FOUND),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::transport::HttpOptions;

    fn sessions(address: Option<CallbackAddress>) -> HttpSessions {
        let second = Duration::from_secs(5);
        let options = HttpOptions { connect: second, reply: second, overall: second, reply_bytes: 4096, ca_pem: None };
        HttpSessions::new(HttpTransport::new(options).unwrap(), address, 4096)
    }

    fn loopback() -> CallbackAddress {
        CallbackAddress { listen: ([127, 0, 0, 1], 0).into(), public: None }
    }

    async fn post(url: &str, body: &str) -> String {
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).await.unwrap();
        let request = format!(
            "POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/soap+xml\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn what_is_posted_to_a_session_is_observed_by_it_alone() {
        let sessions = sessions(Some(loopback()));
        let url = TargetUrl::parse("http://127.0.0.1:9/").unwrap();
        let (mut one, mut other) = (sessions.open(&url, false), sessions.open(&url, false));
        let address = one.reply_to().unwrap().to_owned();
        assert_ne!(Some(address.as_str()), other.reply_to());
        assert!(post(&address, "<a/>").await.starts_with("HTTP/1.1 202"));
        let limit = Duration::from_secs(20);
        assert_eq!(one.next(limit).await.what, Observed::Accepted);
        let Observed::Received(received) = one.next(limit).await.what else { panic!("a message") };
        assert_eq!(&*received.bytes, b"<a/>");
        assert_eq!(other.next(limit).await.what, Observed::Accepted);
        assert!(other.try_next().is_none());
        let nobody = format!("{}0", address.trim_end_matches(|c: char| c.is_ascii_hexdigit()));
        assert!(post(&nobody, "<a/>").await.starts_with("HTTP/1.1 404"));
        assert!(post(&address, &"x".repeat(5000)).await.starts_with("HTTP/1.1 413"));
        drop(one);
        drop(other);
    }

    #[tokio::test]
    async fn without_a_way_back_there_is_no_session() {
        let mut session = sessions(None).open(&TargetUrl::parse("http://127.0.0.1:9/").unwrap(), false);
        let Observed::Ended(End::Unreachable { reason }) = session.next(Duration::from_secs(20)).await.what else {
            panic!("an end")
        };
        assert!(reason.contains("[callback]"), "{reason}");
    }
}
