//! One duplex session with a target, whatever carries it: what is sent goes in, what is observed comes out in order.
//!
//! Leaves out what carries it and what it means. A session is driven by a task of its own, so that keepalives go out and
//! the target's messages are taken while nobody asks. Follows [MS-IPAMM2] 3.2.

use std::time::Duration;

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
        Self { commands, observations, opened, reply_to, further: 0, end: None }
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

    /// What is observed next, or silence when nothing is within the time. After the end, the end again.
    ///
    /// Cancel safety: nothing is lost when the future is dropped.
    pub async fn next(&mut self, within: Duration) -> Observation {
        if let Some(end) = &self.end {
            return end.clone();
        }
        let asked = Instant::now();
        match timeout_at(after(asked, within), self.observations.recv()).await {
            Ok(Some(observation)) => {
                self.note(&observation);
                observation
            }
            // The driver always tells the end before it stops.
            Ok(None) => self.observed(Observed::Ended(End::Reset)),
            Err(_) => self.observed(Observed::Silence { waited: within }),
        }
    }

    /// What was observed already; does not wait.
    pub fn try_next(&mut self) -> Option<Observation> {
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
