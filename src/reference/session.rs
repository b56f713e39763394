//! One session of the reference server, whatever its port type: messages in, messages out, and its end, by a world's clock.
//!
//! Leaves out sockets and encodings. Follows [MS-IPAMM2] 3.1.4.1 (established), 3.1.5 (idle) and 3.19.1.1 (ended).

use std::{future::pending, sync::Arc, time::SystemTime};

use tokio::{sync::watch, time::sleep};

use super::{
    envelope::Addressed,
    inactivity::InactivityTimer,
    lab::{Lab, Place},
    moment::Moment,
    mutant::{Behaviour, Mutant},
    progress::{Progress, Said},
    request::{self, Replies},
    respond::{Kind, Message},
    scenario::Scenario,
    variant::Variant,
};
use crate::{
    spec::{PortType, Role},
    xml::Document,
};

/// What carries a session's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// A stream of its own, as with net.tcp: replies go back on it, and nothing beside a message tells its action.
    Stream,
    /// HTTP requests in both directions: replies go to an address, and a media type may tell the action.
    Posts,
}

/// What is to be done next on the channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Out {
    /// A message is sent.
    Message(Message),
    /// The session is ended in good order, after what was sent before. Nothing comes after it.
    End,
    /// The session is broken off. Nothing comes after it.
    Abort,
}

/// One session. It does nothing by itself: give it messages, and ask it when [`Session::due`] says so.
#[derive(Debug)]
pub struct Session {
    lab: Lab,
    place: Place,
    port_type: PortType,
    replies: Replies,
    /// Where its messages go, where that is not the anonymous address.
    to: Option<String>,
    behaviour: Arc<Behaviour>,
    /// The clock of its world; none where that is the real one.
    clock: Option<watch::Receiver<Moment>>,
    timer: InactivityTimer,
    /// Its state, where the port type has sessions with one.
    progress: Option<Progress>,
    open: bool,
    /// Which one it is, where a lie needs to know.
    number: u64,
}

/// What a lab knows of the world that a session is opened in.
pub(super) struct Home {
    pub(super) place: Place,
    pub(super) port_type: PortType,
    pub(super) scenario: Scenario,
    pub(super) clock: Option<watch::Receiver<Moment>>,
}

impl Session {
    /// 3.1.4.1: a session was established at `now`, by the real clock.
    pub(super) fn new(lab: Lab, home: Home, channel: Channel, role: Option<Role>, now: Moment) -> Self {
        let Home { place, port_type, scenario, clock } = home;
        let mut behaviour = Behaviour { role, ..lab.behaviour().clone() };
        let replies = match channel {
            Channel::Stream => {
                behaviour.variants.retain(|variant| *variant != Variant::ActionInMediaType);
                Replies::Here
            }
            Channel::Posts => Replies::Anywhere,
        };
        let behaviour = Arc::new(behaviour);
        let progress = port_type.has_sessions().then(|| Progress::new(Arc::clone(&behaviour), scenario));
        let now = clock.as_ref().map_or(now, |clock| *clock.borrow());
        let timer = InactivityTimer::new(now, &behaviour);
        let number = lab.astray().number();
        Self { lab, place, port_type, replies, to: None, behaviour, clock, timer, progress, open: true, number }
    }

    /// The same session, its messages addressed to the address that they are posted to.
    #[must_use]
    pub(super) fn addressed_to(self, to: &str) -> Self {
        Self { to: Some(to.to_owned()), ..self }
    }

    /// The port type.
    pub fn port_type(&self) -> PortType {
        self.port_type
    }

    /// How it behaves, which decides the bytes of its messages: see [`Message::content`].
    pub fn behaviour(&self) -> &Behaviour {
        &self.behaviour
    }

    /// Whether it is neither ended nor broken off.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Takes a message that came at `now`, by the real clock, and tells what is to be done.
    pub fn receive(&mut self, document: &Document, now: Moment) -> Vec<Out> {
        let mut outs = self.poll(now);
        if !self.open {
            return outs;
        }
        // 3.1.4.2; ruling `keepalive-counts`: whatever comes counts.
        self.timer.received();
        let received = request::read(document, self.port_type, self.replies);
        if let Some(progress) = &mut self.progress {
            progress.receive(received, self.clock.as_ref().map_or(now, |clock| *clock.borrow()));
            outs.extend(self.poll(now));
        } else {
            match self.lab.answer(self.place, received, self.to.as_deref(), now, &self.behaviour) {
                Some(answer) => outs.extend(answer.map(Out::Message)),
                None => outs.push(self.abort()),
            }
        }
        outs
    }

    /// Tells what is to be done by `now`, by the real clock; a session in a world of the lab goes by the lab's instead.
    pub fn poll(&mut self, now: Moment) -> Vec<Out> {
        let mut outs = Vec::new();
        if self.open && self.world_is_closed() {
            outs.push(self.abort());
        }
        let now = self.clock.as_ref().map_or(now, |clock| *clock.borrow());
        while self.open {
            let planned = self.progress.as_ref().and_then(Progress::due);
            if let Some(ticks) = self.timer.due()
                && planned.is_none_or(|planned| ticks < planned)
            {
                if ticks > now {
                    break;
                }
                if self.timer.tick() {
                    outs.push(self.abort());
                }
                continue;
            }
            match self.progress.as_mut().and_then(|progress| progress.say(now)) {
                None => break,
                Some(Said::Answer(answer, id)) => {
                    let addressed = Addressed { relates_to: id.as_deref(), to: self.to.as_deref() };
                    let message = Message::of(&answer, addressed, &self.behaviour);
                    outs.extend(self.astray(&message).map(Out::Message));
                    outs.push(Out::Message(message));
                }
                Some(Said::End) => {
                    self.open = false;
                    outs.push(Out::End);
                }
            }
        }
        outs
    }

    /// When [`Session::poll`] has something to do next, by the session's own clock.
    pub fn next_due(&self) -> Option<Moment> {
        let planned = self.progress.as_ref().and_then(Progress::due);
        planned.into_iter().chain(self.timer.due()).min().filter(|_| self.open)
    }

    /// Waits until [`Session::poll`] has something to do: by the real clock, or for the lab to move or close the world.
    /// Never returns when the session is over. Dropping it loses nothing.
    pub async fn due(&mut self) {
        let Some(due) = self.next_due() else { return pending().await };
        match &mut self.clock {
            None => sleep(due.since(Moment::of(SystemTime::now()))).await,
            Some(clock) => {
                // An error says that the world was closed.
                let _ = clock.wait_for(|now| *now >= due).await;
            }
        }
    }

    /// A callback of another session that comes before a message of this one, where that is the lie.
    fn astray(&self, message: &Message) -> Option<Message> {
        if !self.behaviour.lies(Mutant::CallsBackOnOtherSession) {
            return None;
        }
        let callback = Some(message).filter(|message| message.kind == Kind::Callback);
        self.lab.astray().exchange_callback(self.place, self.number, callback)
    }

    fn world_is_closed(&self) -> bool {
        self.clock.as_ref().is_some_and(|clock| clock.has_changed().is_err())
    }

    fn abort(&mut self) -> Out {
        self.open = false;
        Out::Abort
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
