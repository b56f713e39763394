//! Puts one request on the wire, through the guard and at the target's pace, and keeps what was exchanged as evidence.

use std::{sync::Arc, time::Duration};

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::{
    judge::{end_in_words, in_words, says_soap},
    lab::World,
    pace::Pace,
    target::{Target, Timing},
};
use crate::{
    session::{End, Guard, Observed, Outgoing, Permitted, Refused},
    soap::{self, Fault, write::Route},
    spec::{Operation, PortType},
    transport::{
        BadCertificates, Exchanged, HttpOptions, HttpSessions, HttpTransport, MessageEncoding, NetTcpOptions,
        NetTcpTransport, Scheme, Security, TargetUrl, Transport,
    },
    verdict::{Exchange, hex},
    wire::framing::FaultUri,
    xml::Element,
};

/// How much of an answer is kept as evidence.
const KEPT: usize = 64 * 1024;

/// A target that can be asked.
#[derive(Clone)]
pub struct Line {
    /// What carries requests.
    pub transport: Transport,
    /// How messages are written over net.tcp.
    pub encoding: MessageEncoding,
    /// The address of each port type.
    pub endpoints: Vec<(PortType, TargetUrl)>,
    /// What may be sent.
    pub guard: Arc<Guard>,
    /// How fast.
    pub pace: Arc<Pace>,
    /// What message ids are made from.
    pub seed: Arc<str>,
}

/// What a known-good question was answered with.
#[derive(Debug)]
pub enum Answered {
    /// The operation's reply.
    Reply(Element),
    /// A fault.
    Fault(Box<Fault>),
    /// A SOAP message that is neither, or a message that only claims to be one; what is wrong with it.
    Nonsense(Stage, String),
    /// Nothing that a server of this protocol says, or nothing at all; how far it got, and why no further.
    Nothing(Stage, String),
}

/// How far an answer got on its way, in the order of the way: the stage that did not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The name of the host has no address.
    Name,
    /// No connection could be made.
    Connect,
    /// TLS was refused.
    Tls,
    /// What came is not HTTP, or did not come.
    Http,
    /// HTTP says that nothing takes requests there.
    Endpoint,
    /// The answer is no SOAP 1.2.
    Soap,
    /// It is, and not what the operation's contract says.
    Contract,
}

impl Line {
    /// A way to a target; at its own pace where `paced`. Nothing is connected yet.
    ///
    /// # Errors
    /// Its certificates cannot be used.
    pub fn new(target: &Target, guard: Guard, paced: bool, seed: &str) -> Result<Self, BadCertificates> {
        Ok(Self {
            transport: transport(target)?,
            encoding: target.encoding,
            endpoints: PortType::ALL.into_iter().filter_map(|kind| Some((kind, target.endpoint(kind)?))).collect(),
            guard: Arc::new(guard),
            pace: Arc::new(Pace::new(target.limits.rate.filter(|_| paced))),
            seed: seed.into(),
        })
    }

    /// The address of a port type, in a world of the lab where there is one.
    pub fn address(&self, port_type: PortType, world: Option<&World>) -> Option<TargetUrl> {
        let (_, url) = self.endpoints.iter().find(|(known, _)| *known == port_type)?;
        match world {
            None => Some(url.clone()),
            Some(world) => url.with_path(&format!("{}{}", world.path_prefix, url.path())).ok(),
        }
    }

    /// Lets a request through the guard.
    ///
    /// # Errors
    /// The guard holds it back.
    pub fn permit(&self, outgoing: Outgoing) -> Result<Permitted, Refused> {
        self.guard.permit(outgoing)
    }

    /// Sends a request when its turn comes, and tells how long the answer took. `fresh` asks for a connection of its own.
    pub async fn send(&self, url: &TargetUrl, request: &Permitted, fresh: bool) -> (Exchanged, Duration) {
        self.pace.turn().await;
        let began = Instant::now();
        let exchanged = if fresh {
            self.transport.exchange_fresh(url, request).await
        } else {
            self.transport.exchange(url, request).await
        };
        (exchanged, began.elapsed())
    }

    /// Asks a question that changes nothing where the one before it left a session; where there is none, or what comes on
    /// it is no answer, on a fresh one, as if nothing had been asked before.
    pub async fn question_on(&self, operation: &'static Operation, message_id: &str) -> Answered {
        let permitted = self.address(operation.port_type, None).and_then(|url| {
            let permitted = self.permit(asking(operation, message_id, &url.to_string())).ok()?;
            Some((url, permitted))
        });
        if let Some((url, permitted)) = permitted.filter(|(url, _)| url.scheme() == Scheme::NetTcp) {
            self.pace.turn().await;
            let kept = self.transport.exchange_kept(&url, &permitted).await;
            let answered = kept.map(|exchanged| read_answer(&exchanged.answer, operation, message_id));
            if let Some(answered @ (Answered::Reply(_) | Answered::Fault(_))) = answered {
                return answered;
            }
        }
        self.question(operation, message_id, Instant::now()).await.0
    }

    /// Asks a question that changes nothing, on a fresh connection. Gives what was exchanged as well, where anything was,
    /// `since` the time when the case began.
    pub async fn question(
        &self,
        operation: &'static Operation,
        message_id: &str,
        since: Instant,
    ) -> (Answered, Option<Exchange>) {
        let Some(url) = self.address(operation.port_type, None) else {
            let why = format!("the target file names no endpoint for {}", operation.port_type.name());
            return (Answered::Nothing(Stage::Endpoint, why), None);
        };
        match self.permit(asking(operation, message_id, &url.to_string())) {
            Err(refused) => (Answered::Nothing(Stage::Endpoint, refused.to_string()), None),
            Ok(permitted) => {
                let sent = since.elapsed();
                let (Exchanged { answer: observed, .. }, took) = self.send(&url, &permitted, true).await;
                let exchange = exchange(0, 1, operation.name, permitted.outgoing(), sent, (&observed, took));
                (read_answer(&observed, operation, message_id), Some(exchange))
            }
        }
    }
}

/// What carries requests to a target.
///
/// # Errors
/// Its certificates cannot be used.
pub fn transport(target: &Target) -> Result<Transport, BadCertificates> {
    let (timing, reply_bytes) = (&target.timing, target.limits.reply_bytes);
    let (connect, reply) = (timing.connect, timing.reply);
    let ca_pem = target.ca_pem.clone();
    let http = HttpTransport::new(HttpOptions { connect, reply, overall: timing.operation, reply_bytes, ca_pem })?;
    let net_tcp = net_tcp(target, target.security.clone());
    let http_sessions = HttpSessions::new(http.clone(), target.callback_address(), reply_bytes);
    Ok(Transport { http, http_sessions, net_tcp })
}

/// What carries requests to a target over net.tcp, protected in this way.
pub fn net_tcp(target: &Target, security: Option<Arc<Security>>) -> NetTcpTransport {
    let Timing { connect, reply, operation: overall, .. } = target.timing;
    let (reply_bytes, idle, encoding) = (target.limits.reply_bytes, target.limits.sessions, target.encoding);
    NetTcpTransport::new(NetTcpOptions { connect, reply, overall, reply_bytes, idle, encoding, security })
}

/// A message id: the same for the same seed, case, step and attempt.
pub fn message_id(seed: &str, case: &str, step: usize, attempt: usize) -> String {
    let mut digest = Sha256::new();
    digest.update(format!("{seed}\0{case}\0{step}\0{attempt}"));
    let mut digits = hex(&digest.finalize());
    digits.truncate(32);
    // A UUID of version 8, RFC 9562: its bits are ours to choose.
    digits.replace_range(12..13, "8");
    digits.replace_range(16..17, "a");
    let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
    format!("urn:uuid:{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
}

/// The request that asks an operation without parameters.
pub fn asking(operation: &'static Operation, message_id: &str, to: &str) -> Outgoing {
    Outgoing {
        action: Some(operation.action.to_owned()),
        message_id: Some(message_id.to_owned()),
        envelope: soap::write::request(operation, operation.action, message_id, Route::to(to), "").into(),
    }
}

fn read_answer(observed: &Observed, operation: &Operation, message_id: &str) -> Answered {
    let received = match observed {
        Observed::Received(received) => received,
        Observed::Silence { waited } => {
            let next = "raise [timing] connect or reply if it may take longer";
            return Answered::Nothing(Stage::Http, format!("nothing came within {}; {next}", in_words(*waited)));
        }
        // It speaks the protocol, and not well: that is judged.
        Observed::Ended(End::BrokenFraming { reason }) => return Answered::Nonsense(Stage::Soap, reason.clone()),
        Observed::Ended(end) => return Answered::Nothing(stage(end), end_in_words(end)),
        Observed::Sent(_) | Observed::SentRecords | Observed::Security { .. } | Observed::Accepted => {
            return Answered::Nothing(Stage::Http, "no answer was taken".to_owned());
        }
    };
    let head = received.http.as_ref();
    let status = head.map_or(200, |head| head.status);
    let kind = head.and_then(|head| head.content_type.as_deref()).unwrap_or("no content type");
    let read = received.envelope();
    if read.is_err() && !says_soap(head) {
        let (stage, why) = match super::judge::environment(status) {
            Some(why) => (Stage::Endpoint, why),
            None => (Stage::Soap, "this is not an answer of SOAP; check url and [endpoints]"),
        };
        return Answered::Nothing(stage, format!("HTTP {status}, {kind}: {why}"));
    }
    let envelope = match read {
        Ok(envelope) => envelope,
        Err(error) => return Answered::Nonsense(Stage::Soap, error.to_string()),
    };
    let action = head.and_then(crate::session::HttpHead::action);
    let checked = soap::contract::check(envelope, Some(operation), Some(message_id), action.as_deref());
    match checked.answer {
        soap::contract::Answer::Reply(element) => Answered::Reply(element),
        soap::contract::Answer::Fault(fault) => Answered::Fault(fault),
        soap::contract::Answer::Neither => {
            let broken = checked.rules.iter().find(|held| !held.kept);
            let why = broken.map_or_else(String::new, |held| format!("expected {}, got {}", held.expected, held.got));
            Answered::Nonsense(Stage::Contract, why)
        }
    }
}

fn stage(end: &End) -> Stage {
    match end {
        End::UnknownName { .. } => Stage::Name,
        End::Unreachable { .. } => Stage::Connect,
        End::SecurityRefused { .. } | End::LogOnRefused { .. } => Stage::Tls,
        End::Refused { fault } if FaultUri::from_uri(fault) == Some(FaultUri::EndpointNotFound) => Stage::Endpoint,
        _ => Stage::Http,
    }
}

/// What was exchanged, as a report shows it.
pub fn exchange(
    step: usize,
    attempt: usize,
    operation: &str,
    request: &Outgoing,
    sent: Duration,
    answer: (&Observed, Duration),
) -> Exchange {
    let (observed, took) = answer;
    let (outcome, response) = match observed {
        Observed::Received(received) => {
            let kind = received.http.as_ref().map(|head| {
                format!("HTTP {}, {}, ", head.status, head.content_type.as_deref().unwrap_or("no content type"))
            });
            let outcome = format!("{}{} bytes", kind.unwrap_or_default(), received.bytes.len());
            (outcome, Some(shown(received.shown().as_bytes())))
        }
        Observed::Silence { waited } => (format!("nothing came within {}", in_words(*waited)), None),
        Observed::Ended(end) => (end_in_words(end), None),
        Observed::Sent(_) | Observed::SentRecords | Observed::Security { .. } | Observed::Accepted => {
            (String::new(), None)
        }
    };
    Exchange {
        step,
        attempt,
        operation: operation.to_owned(),
        sent_ms: millis(sent),
        took_ms: millis(took),
        request: shown(&request.envelope),
        outcome,
        response,
    }
}

fn shown(bytes: &[u8]) -> String {
    match bytes.get(..KEPT) {
        Some(kept) if bytes.len() > KEPT => {
            format!("{}\n[cut here: {} of {} bytes]", String::from_utf8_lossy(kept), KEPT, bytes.len())
        }
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Whole milliseconds.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
