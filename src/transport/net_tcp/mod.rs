//! The client of net.tcp: sessions over message framing, and single requests on sessions that are kept for the next.
//!
//! Leaves out envelopes and judgement. Follows [MS-NMFTB] 3.1, 3.2 and [MC-NMF] 3.2.

mod dialogue;
mod driver;
mod protection;
mod tamper;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use self::dialogue::{Dialogue, Opening};
use super::{
    binding::Exchanged,
    connection::after,
    negotiate::{Refused, Security},
    session::{Arriving, Command, Patience, Session, WAITING},
    url::TargetUrl,
};
use crate::{
    session::{End, Observation, Observed, guard::Permitted},
    spec::Effect,
};

/// How messages are written. [MC-NMF] 2.2.3.4.1
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MessageEncoding {
    /// Binary XML with strings in band, [MC-NBFSE].
    #[default]
    Binary,
    /// SOAP 1.2 as UTF-8 text.
    Text,
}

impl MessageEncoding {
    /// The word of a target file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Text => "text",
        }
    }
}

/// The limits of a transport, and how it writes.
#[derive(Debug, Clone)]
pub struct NetTcpOptions {
    /// Until a connection is up and the target has taken the session.
    pub connect: Duration,
    /// From a request until its reply begins, and for every pause within it.
    pub reply: Duration,
    /// From the first byte of a message to its last.
    pub overall: Duration,
    /// The longest message that is read, in bytes.
    pub reply_bytes: usize,
    /// Idle sessions that are kept for one endpoint; more are ended. Servers limit how many they take: a hundred for each
    /// processor is usual with WCF.
    pub idle: usize,
    /// How messages are written.
    pub encoding: MessageEncoding,
    /// How sessions are protected, and who logs on; none where they are not.
    pub security: Option<Arc<Security>>,
}

/// Opens sessions over net.tcp.
///
/// Clones are cheap and share their idle sessions. Use one, and its clones, within one tokio runtime.
#[derive(Clone)]
pub struct NetTcpTransport(Arc<Shared>);

struct Shared {
    options: NetTcpOptions,
    idle: Mutex<BTreeMap<String, Vec<Session>>>,
    /// Why the user may not log on, once that is known.
    refused: Refused,
}

impl fmt::Debug for NetTcpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetTcpTransport").finish_non_exhaustive()
    }
}

impl NetTcpTransport {
    /// Makes a transport; nothing is connected yet.
    pub fn new(options: NetTcpOptions) -> Self {
        Self(Arc::new(Shared { options, idle: Mutex::default(), refused: Refused::default() }))
    }

    /// Opens a session with an endpoint: connects and sends the preamble. What comes of it is observed, first
    /// [`Observed::Accepted`] where the target takes it. `keepalive` says whether the client's keepalives are sent.
    pub fn open(&self, url: &TargetUrl, keepalive: bool) -> Session {
        self.start(url, Opening::Preamble, self.0.options.encoding, keepalive, 0)
    }

    /// Connects to an endpoint and sends nothing: all bytes are the caller's, who says how they hold messages. Records that
    /// come are observed, whatever their order. An End Record of the target ends the connection unless `further` sessions
    /// are to follow on it: then it is observed, and what comes next is of the next session.
    pub fn open_raw(&self, url: &TargetUrl, encoding: MessageEncoding, further: usize) -> Session {
        self.start(url, Opening::Bare, encoding, false, further)
    }

    fn start(
        &self,
        url: &TargetUrl,
        opening: Opening,
        encoding: MessageEncoding,
        keepalive: bool,
        further: usize,
    ) -> Session {
        let (commands, asked) = mpsc::unbounded_channel();
        let (observed, observations) = mpsc::channel(WAITING);
        let opened = Instant::now();
        let options = &self.0.options;
        let mechanism = options.security.as_ref().map(|security| security.mechanism(&self.0.refused));
        let dialogue =
            Dialogue::new(opening, url.to_string(), encoding, options.reply_bytes, mechanism).followed_by(further);
        let connect = options.connect;
        let arriving = Arriving::default();
        let patience = Patience { pause: options.reply, whole: options.overall };
        let outside = driver::Outside { asked, observed, arriving: arriving.clone() };
        tokio::spawn(driver::drive(url.authority().clone(), connect, keepalive, dialogue, opened, outside));
        Session::new(commands, observations, opened, None).followed_by(further).patient(arriving, patience)
    }

    /// Sends one request and tells what came: a message, silence, or how the session ended.
    ///
    /// A request of effect `read` may use a session that an earlier exchange left clean; where that turns out to be gone,
    /// the request is sent once more on a new one. Any other goes on a new session and is sent once.
    ///
    /// Cancel safety: dropping the future ends its session; the target may have received the request.
    pub async fn exchange(&self, url: &TargetUrl, request: &Permitted) -> Exchanged {
        match self.exchange_kept(url, request).await {
            Some(exchanged) if !matches!(exchanged.answer, Observed::Ended(End::Closed | End::Ended | End::Reset)) => {
                exchanged
            }
            _ => self.exchange_fresh(url, request).await,
        }
    }

    /// Does the same on a session that an earlier exchange left clean, and nowhere else: none where there is no such.
    ///
    /// Cancel safety: as for [`NetTcpTransport::exchange`].
    pub async fn exchange_kept(&self, url: &TargetUrl, request: &Permitted) -> Option<Exchanged> {
        if request.effect() != Effect::Read {
            return None;
        }
        let session = self.take_idle(url)?;
        let since = session.opened().elapsed();
        Some(self.on(session, url, request, since, Vec::new()).await)
    }

    /// Does the same on a new session, whatever the effect, as a control request must.
    ///
    /// Cancel safety: as for [`NetTcpTransport::exchange`].
    pub async fn exchange_fresh(&self, url: &TargetUrl, request: &Permitted) -> Exchanged {
        let mut session = self.open(url, true);
        let mut seen = Vec::new();
        match accepted(&mut session, self.0.options.connect, &mut seen).await {
            Ok(()) => self.on(session, url, request, Duration::ZERO, seen).await,
            Err(answer) => Exchanged { answer, seen },
        }
    }

    /// Sends a request on a session that is open. Times are told from `since` on, behind what was `seen`.
    async fn on(
        &self,
        mut session: Session,
        url: &TargetUrl,
        request: &Permitted,
        since: Duration,
        mut seen: Vec<Observation>,
    ) -> Exchanged {
        session.send(request);
        let deadline = after(Instant::now(), self.0.options.reply);
        loop {
            let within = deadline.saturating_duration_since(Instant::now());
            let observation = session.next(within).await;
            let answer = match &observation.what {
                Observed::Sent(_) | Observed::SentRecords | Observed::Security { .. } | Observed::Accepted => None,
                Observed::Silence { .. } => Some(Observed::Silence { waited: self.0.options.reply }),
                observed @ (Observed::Received(_) | Observed::Ended(_)) => Some(observed.clone()),
            };
            seen.push(Observation { at: observation.at.saturating_sub(since), ..observation });
            if let Some(answer) = answer {
                if matches!(answer, Observed::Received(_)) {
                    self.keep(url, session);
                }
                return Exchanged { answer, seen };
            }
        }
    }

    /// A session that has not ended, the one used last first. What came without being asked for makes one unfit.
    fn take_idle(&self, url: &TargetUrl) -> Option<Session> {
        loop {
            let mut session = self.idle().get_mut(&url.to_string())?.pop()?;
            if session.ended().is_none() && session.try_next().is_none() {
                return Some(session);
            }
        }
    }

    fn keep(&self, url: &TargetUrl, session: Session) {
        let mut idle = self.idle();
        let kept = idle.entry(url.to_string()).or_default();
        if kept.len() < self.0.options.idle {
            kept.push(session);
        }
    }

    fn idle(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Session>>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits until the target takes a session, and adds what is observed to what was `seen`.
///
/// # Errors
/// What was observed instead.
async fn accepted(session: &mut Session, within: Duration, seen: &mut Vec<Observation>) -> Result<(), Observed> {
    let deadline = after(Instant::now(), within);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let observation = session.next(left).await;
        seen.push(observation.clone());
        match observation.what {
            Observed::Sent(_) | Observed::SentRecords | Observed::Security { .. } => {}
            Observed::Accepted => return Ok(()),
            Observed::Silence { .. } => return Err(Observed::Silence { waited: within }),
            observed => return Err(observed),
        }
    }
}

/// Sleeps until a moment, or for ever where there is none.
pub(super) async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// What a command is to a dialogue.
impl Command {
    /// Whether it ends the session.
    fn is_last(&self) -> bool {
        matches!(self, Self::End | Self::Abort)
    }
}
