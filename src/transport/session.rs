//! One duplex session with a target, whatever carries it: what is sent goes in, what is observed comes out in order.
//!
//! Leaves out what carries it and what it means. A session is driven by a task of its own, so that keepalives go out and
//! the target's messages are taken while nobody asks. Follows [MS-IPAMM2] 3.2.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use super::connection::after;
use crate::session::{
    End, Observation, Observed, Outgoing, Way,
    guard::{Permitted, PermittedRecords},
};

/// How many observations wait for whoever asks; a target that sends more is not read further until some were taken.
pub(super) const WAITING: usize = 16;

/// A session with a target.
///
/// Dropping it ends the session in order where that takes no time, and closes the connection.
#[derive(Debug)]
pub struct Session {
    commands: mpsc::UnboundedSender<Command>,
    observations: mpsc::Receiver<Observation>,
    opened: Instant,
    reply_to: Option<String>,
    /// How many more sessions follow on the connection, one after the other.
    further: usize,
    end: Option<Observation>,
    arriving: Arriving,
    patience: Patience,
}

/// The message that has begun to come and is not whole: its driver says it, whoever waits looks.
#[derive(Debug, Clone, Default)]
pub(super) struct Arriving(Arc<Mutex<Option<Part>>>);

#[derive(Debug, Clone, Copy)]
struct Part {
    /// Which message of the session it is part of.
    of: u64,
    began: Instant,
    grew: Instant,
    bytes: usize,
}

impl Arriving {
    /// So many bytes of a message of the session have come; of none where it is 0.
    pub(super) fn is(&self, of: u64, bytes: usize) {
        let now = Instant::now();
        let mut part = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let began = part.filter(|part| part.of == of).map_or(now, |part| part.began);
        *part = (bytes > 0).then_some(Part { of, began, grew: now, bytes });
    }
}

/// How long is waited for the rest of a message that has begun to come.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Patience {
    /// From some of it to more of it.
    pub pause: Duration,
    /// For all of it.
    pub whole: Duration,
}

/// What the driver of a session is asked to do.
#[derive(Debug)]
pub(super) enum Command {
    /// Sends a request.
    Request(Outgoing),
    /// Sends bytes as they are, each piece by itself, and does to them what is asked once they are sealed.
    Records(Vec<Bytes>, Way),
    /// Sends a keepalive where nothing was sent since the last tick. [MS-IPAMM2] 3.2.5
    Tick,
    /// Ends the session in order.
    End,
    /// Drops the connection.
    Abort,
}

impl Session {
    pub(super) fn new(
        commands: mpsc::UnboundedSender<Command>,
        observations: mpsc::Receiver<Observation>,
        opened: Instant,
        reply_to: Option<String>,
    ) -> Self {
        let (arriving, patience) = (Arriving::default(), Patience::default());
        Self { commands, observations, opened, reply_to, further: 0, end: None, arriving, patience }
    }

    /// The same, with a driver that says what is arriving.
    pub(super) fn patient(self, arriving: Arriving, patience: Patience) -> Self {
        Self { arriving, patience, ..self }
    }

    /// The same, followed by so many more sessions on its connection: the end of one is not the end of all.
    pub(super) fn followed_by(self, further: usize) -> Self {
        Self { further, ..self }
    }

    /// Where the target's replies and callbacks go; none where they come on the connection itself.
    pub fn reply_to(&self) -> Option<&str> {
        self.reply_to.as_deref()
    }

    /// Sends a request, as soon as the target has taken the session. What became of it is observed.
    pub fn send(&self, request: &Permitted) {
        self.command(Command::Request(request.outgoing().clone()));
    }

    /// Sends records as they are, at once.
    pub fn send_records(&self, records: &PermittedRecords) {
        self.command(Command::Records(records.pieces().to_vec(), records.way()));
    }

    /// Does what the client owes after every 15 s that pass in a world whose clock is moved by hand.
    pub fn tick(&self) {
        self.command(Command::Tick);
    }

    /// Ends the session in order; the target's own end is observed.
    pub fn end(&self) {
        self.command(Command::End);
    }

    /// Drops the connection without a word.
    pub fn abort(&self) {
        self.command(Command::Abort);
    }

    /// What is observed next, or silence when nothing is within the time. After the end, the end again. A message that has
    /// begun to come is no silence: it is waited for, and where it does not go on, the session ends.
    ///
    /// Cancel safety: nothing is lost when the future is dropped.
    pub async fn next(&mut self, within: Duration) -> Observation {
        if let Some(end) = &self.end {
            return end.clone();
        }
        let mut deadline = after(Instant::now(), within);
        loop {
            match timeout_at(deadline, self.observations.recv()).await {
                Ok(Some(observation)) => {
                    self.note(&observation);
                    return observation;
                }
                // The driver always tells the end before it stops.
                Ok(None) => return self.observed(Observed::Ended(End::Reset)),
                Err(_) => {}
            }
            let now = Instant::now();
            let part = *self.arriving.0.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(part) = part else { return self.observed(Observed::Silence { waited: within }) };
            let Patience { pause, whole } = self.patience;
            deadline = after(part.grew, pause).min(after(part.began, whole));
            if deadline <= now {
                self.abort();
                let end = End::TooSlow { waited: now.saturating_duration_since(part.began), received: part.bytes };
                let observation = self.observed(Observed::Ended(end));
                self.note(&observation);
                return observation;
            }
        }
    }

    /// What was observed already; does not wait.
    pub fn try_next(&mut self) -> Option<Observation> {
        if self.end.is_some() {
            return None;
        }
        let observation = self.observations.try_recv().ok()?;
        self.note(&observation);
        Some(observation)
    }

    /// Remembers an end, unless another session follows it on the connection.
    fn note(&mut self, observation: &Observation) {
        match &observation.what {
            Observed::Ended(End::Ended) if self.further > 0 => self.further -= 1,
            Observed::Ended(_) => self.end = Some(observation.clone()),
            _ => {}
        }
    }

    /// How the session ended, where that was observed.
    pub fn ended(&self) -> Option<&Observation> {
        self.end.as_ref()
    }

    /// When the session was opened: observations count their time from here.
    pub fn opened(&self) -> Instant {
        self.opened
    }

    fn observed(&self, what: Observed) -> Observation {
        Observation { at: self.opened.elapsed(), what, wire: None }
    }

    /// A driver that is gone has told the end.
    fn command(&self, command: Command) {
        let _ = self.commands.send(command);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience { pause: Duration::from_secs(2), whole: Duration::from_secs(30) };

    fn session() -> (Session, Arriving, mpsc::Sender<Observation>, mpsc::UnboundedReceiver<Command>) {
        let (commands, asked) = mpsc::unbounded_channel();
        let (observed, observations) = mpsc::channel(1);
        let arriving = Arriving::default();
        let session = Session::new(commands, observations, Instant::now(), None).patient(arriving.clone(), PATIENCE);
        (session, arriving, observed, asked)
    }

    /// Waits as long as whoever sends takes between two parts. The clock of these tests stands but for waiting.
    async fn pass(period: Duration) {
        tokio::time::sleep(period).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_goes_on_coming_is_waited_for() {
        let (mut session, arriving, observed, _asked) = session();
        let observation = Observation { at: Duration::ZERO, what: Observed::Accepted, wire: None };
        let sends = async {
            for bytes in 1..=8 {
                pass(Duration::from_millis(1500)).await;
                arriving.is(0, bytes);
            }
            arriving.is(1, 0);
            observed.send(observation.clone()).await.unwrap();
            pass(Duration::from_secs(3)).await;
        };
        let (first, ()) = tokio::join!(session.next(PATIENCE.pause), sends);
        assert_eq!(first, observation);
        let silence = session.next(PATIENCE.pause).await.what;
        assert_eq!(silence, Observed::Silence { waited: PATIENCE.pause }, "nothing is arriving any more");
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_stops_coming_ends_the_session() {
        let (mut session, arriving, _observed, mut asked) = session();
        arriving.is(0, 5);
        let end = session.next(Duration::from_millis(1)).await;
        assert_eq!(end.what, Observed::Ended(End::TooSlow { waited: PATIENCE.pause, received: 5 }));
        assert!(matches!(asked.recv().await, Some(Command::Abort)));
        assert_eq!(session.next(Duration::ZERO).await, end, "the end is told again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_never_ends_is_not_waited_for_for_ever() {
        let (mut session, arriving, _observed, _asked) = session();
        let sends = async {
            for bytes in 1.. {
                arriving.is(0, bytes);
                pass(Duration::from_secs(1)).await;
            }
        };
        let end = tokio::select! {
            end = session.next(PATIENCE.pause) => end.what,
            () = sends => unreachable!("it goes on for ever"),
        };
        assert!(matches!(end, Observed::Ended(End::TooSlow { waited, .. }) if waited >= PATIENCE.whole), "{end:?}");
    }
}
