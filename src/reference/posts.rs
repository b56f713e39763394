//! Duplex sessions over HTTP: a session is a ReplyTo address, and what the server says in it is posted there.
//!
//! Leaves out sessions themselves and HTTP connections that requests come on. Follows WS-Addressing 1.0 core 3.4 (where
//! replies go) and SOAP 1.2 part 2, 7.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request, Uri,
    client::conn::http1::{self, SendRequest},
    header,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
    time::{sleep, timeout},
};

use super::{
    answer::{Answer, Fault},
    envelope::Addressed,
    lab::Lab,
    moment::Moment,
    mutant::Behaviour,
    respond::{self, Message, Response},
    session::{Channel, Out, Session},
};
use crate::{
    spec::namespace,
    xml::{self, Document},
};

/// How many sessions there may be at once.
const SESSIONS: usize = 4096;
/// How many requests of a session may wait.
const WAITING: usize = 64;
/// How long a post may take, its answer included.
const SLOWEST: Duration = Duration::from_secs(20);
/// How long a session is kept in which nobody speaks, and how long one that is over is remembered.
const IDLE: Duration = Duration::from_mins(10);

/// The sessions of a server over HTTP. A clone is of the same server.
#[derive(Debug, Clone)]
pub(super) struct Posts {
    lab: Lab,
    stop: watch::Receiver<bool>,
    sessions: Arc<Mutex<Sessions>>,
}

/// Where to hand a request on, by the path that it was sent to and the address that it wants its reply at.
type Sessions = BTreeMap<(String, String), mpsc::Sender<Document>>;

impl Posts {
    /// No sessions, in a server that stops when `stop` changes.
    pub(super) fn new(lab: Lab, stop: watch::Receiver<bool>) -> Self {
        Self { lab, stop, sessions: Arc::default() }
    }

    /// Takes a request where it wants its reply at an address, and answers that it was taken, or why not. None where the
    /// reply belongs into the HTTP response.
    pub(super) fn take(&self, path: &str, content: &[u8]) -> Option<Response> {
        let port_type = self.lab.port_type_at(path)?;
        let document = xml::read(content, &xml::Limits::default()).ok();
        let address = document.as_ref().and_then(reply_to);
        match (document, address) {
            (Some(document), Some(address)) if Place::of(&address).is_some() => {
                Some(self.hand_on(path, address, document))
            }
            (Some(document), _) if port_type.has_sessions() => Some(self.refuse(&document)),
            (None, _) if port_type.has_sessions() => Some(Response::plain(400, "the message is not XML")),
            _ => None,
        }
    }

    /// A session needs an address, and one on this machine: a server that posted anywhere could be sent against others.
    fn refuse(&self, document: &Document) -> Response {
        let subcodes = ["InvalidAddressingHeader", "OnlyNonAnonymousAddressSupported"];
        let reason = "A session needs an address in ReplyTo, with http and on the loopback interface.";
        let fault = Answer::Fault(Fault::addressing(&subcodes, reason));
        let id = header_text(document, "MessageID");
        let addressed = Addressed { relates_to: id.as_deref(), to: None };
        let behaviour = self.lab.behaviour();
        respond::response(Some(Message::of(&fault, addressed, behaviour)), behaviour)
    }

    fn hand_on(&self, path: &str, address: String, document: Document) -> Response {
        let key = (path.to_owned(), address);
        let taken = Response { status: 202, content_type: None, content: Vec::new() };
        self.with(|sessions| {
            if sessions.get(&key).is_none_or(mpsc::Sender::is_closed) {
                if sessions.len() >= SESSIONS {
                    return Response::plain(503, "there are too many sessions already");
                }
                let now = Moment::of(SystemTime::now());
                let session = self.lab.open_session(path, Channel::Posts, now);
                let (Some(session), Some(place)) = (session, Place::of(&key.1)) else {
                    return Response::plain(404, "this world of the lab was closed");
                };
                let (sender, requests) = mpsc::channel(WAITING);
                sessions.insert(key.clone(), sender);
                let correspondence = Correspondence {
                    session: session.addressed_to(&key.1),
                    address: key.1.clone(),
                    line: Line { place, sender: None },
                };
                tokio::spawn(self.clone().carry(correspondence, requests, key.clone()));
            }
            let is_taken = sessions.get(&key).is_some_and(|sender| sender.try_send(document).is_ok());
            if is_taken { taken } else { Response::plain(503, "too many requests of this session wait already") }
        })
    }

    /// Carries a session until nobody speaks in it any more or the server stops, and forgets it.
    async fn carry(
        mut self,
        mut correspondence: Correspondence,
        requests: mpsc::Receiver<Document>,
        key: (String, String),
    ) {
        let stopping = async { drop(self.stop.wait_for(|stopped| *stopped).await) };
        tokio::select! {
            () = stopping => {}
            () = correspondence.carry(requests) => {}
        }
        // Another may have begun at the same address meanwhile.
        self.with(|sessions| {
            if sessions.get(&key).is_some_and(mpsc::Sender::is_closed) {
                sessions.remove(&key);
            }
        });
    }

    fn with<T>(&self, use_them: impl FnOnce(&mut Sessions) -> T) -> T {
        use_them(&mut self.sessions.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A session and the way to its client.
#[derive(Debug)]
struct Correspondence {
    session: Session,
    address: String,
    line: Line,
}

impl Correspondence {
    async fn carry(&mut self, mut requests: mpsc::Receiver<Document>) {
        loop {
            let outs = tokio::select! {
                request = requests.recv() => match request {
                    Some(document) if self.session.is_open() => self.session.receive(&document, now()),
                    Some(document) => vec![Out::Message(self.is_over(&document))],
                    None => return,
                },
                () = self.session.due() => self.session.poll(now()),
                () = sleep(IDLE) => return,
            };
            for out in outs {
                // HTTP cannot show that a session ends: the next request in it is refused.
                if let Out::Message(message) = out
                    && !self.line.post(&message, self.session.behaviour()).await
                {
                    return;
                }
            }
        }
    }

    /// What is said to a request in a session that is over.
    fn is_over(&self, document: &Document) -> Message {
        let fault = Answer::Fault(Fault::addressing(&["EndpointUnavailable"], "The session has ended."));
        let id = header_text(document, "MessageID");
        let addressed = Addressed { relates_to: id.as_deref(), to: Some(&self.address) };
        Message::of(&fault, addressed, self.session.behaviour())
    }
}

fn now() -> Moment {
    Moment::of(SystemTime::now())
}

/// A client's address on this machine.
#[derive(Debug)]
struct Place {
    socket: SocketAddr,
    authority: String,
    path: String,
}

impl Place {
    /// The place of an address; none where it is not http, or not on the loopback interface.
    fn of(address: &str) -> Option<Self> {
        let uri: Uri = address.parse().ok()?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let ip = if host.eq_ignore_ascii_case("localhost") {
            IpAddr::V4(Ipv4Addr::LOCALHOST)
        } else {
            host.parse::<IpAddr>().ok()?
        };
        let is_http = uri.scheme_str().is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"));
        (is_http && ip.is_loopback()).then(|| Self {
            socket: SocketAddr::new(ip, authority.port_u16().unwrap_or(80)),
            authority: authority.to_string(),
            path: uri.path_and_query().map_or_else(|| "/".into(), ToString::to_string),
        })
    }
}

/// The connection on which messages are posted, opened when one is needed.
#[derive(Debug)]
struct Line {
    place: Place,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Line {
    /// Posts a message. Tells whether the client took it.
    async fn post(&mut self, message: &Message, behaviour: &Behaviour) -> bool {
        let content = Bytes::from(message.content(behaviour));
        let content_type = message.content_type(behaviour);
        let post = async {
            // A connection that was kept may have been closed by the client meanwhile.
            let kept = match self.sender.take() {
                Some(mut sender) => sender.ready().await.is_ok().then_some(sender),
                None => None,
            };
            let mut sender = match kept {
                Some(sender) => sender,
                None => self.connect().await?,
            };
            let mut request = Request::builder()
                .method(Method::POST)
                .uri(&self.place.path)
                .header(header::HOST, &self.place.authority);
            if let Some(content_type) = content_type {
                request = request.header(header::CONTENT_TYPE, content_type);
            }
            let response = sender.send_request(request.body(Full::new(content)).ok()?).await.ok()?;
            let is_taken = response.status().is_success();
            Limited::new(response.into_body(), 1 << 16).collect().await.ok()?;
            self.sender = Some(sender);
            is_taken.then_some(())
        };
        matches!(timeout(SLOWEST, post).await, Ok(Some(())))
    }

    async fn connect(&self) -> Option<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(self.place.socket).await.ok()?;
        let _ = stream.set_nodelay(true);
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        // It ends with the sender.
        tokio::spawn(connection);
        Some(sender)
    }
}

/// The address that a message wants its reply at, where it names one that is not the anonymous address.
fn reply_to(document: &Document) -> Option<String> {
    let header = document.root.child(namespace::SOAP12, "Header")?;
    let reference = header.child(namespace::ADDRESSING, "ReplyTo")?;
    let address = reference.child(namespace::ADDRESSING, "Address")?.text().trim().to_owned();
    (address != namespace::ANONYMOUS).then_some(address)
}

fn header_text(document: &Document, local: &str) -> Option<String> {
    let header = document.root.child(namespace::SOAP12, "Header")?;
    Some(header.child(namespace::ADDRESSING, local)?.text().trim().to_owned())
}

#[cfg(test)]
#[path = "posts_tests.rs"]
mod tests;
