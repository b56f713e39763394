//! Lies about which session a reply belongs to: keeps a reply of one session until another speaks.
//!
//! Leaves out everything that a server does rightly. Follows no document.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use super::{lab::Place, respond::Message};

/// The last reply of any session that has not gone astray yet, and the number of its session. A clone is of the same server.
#[derive(Debug, Clone, Default)]
pub(super) struct Astray {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    sessions: u64,
    reply: Option<(u64, Message)>,
    callbacks: BTreeMap<Place, (u64, Message)>,
    fallen: BTreeSet<String>,
}

impl Astray {
    /// The number of a new session.
    pub(super) fn number(&self) -> u64 {
        self.with(|kept| {
            kept.sessions += 1;
            kept.sessions
        })
    }

    /// Keeps a reply of a session; gives back what was kept of another.
    pub(super) fn exchange(&self, session: u64, reply: &Message) -> Option<Message> {
        let before = self.with(|kept| kept.reply.replace((session, reply.clone())));
        before.filter(|(of, _)| *of != session).map(|(_, message)| message)
    }

    /// Keeps a callback of a session in a world; gives back what was kept there of another.
    pub(super) fn exchange_callback(&self, place: Place, session: u64, callback: Option<&Message>) -> Option<Message> {
        self.with(|kept| match callback {
            Some(callback) => {
                let before = kept.callbacks.insert(place, (session, callback.clone()));
                before.filter(|(of, _)| *of != session).map(|(_, message)| message)
            }
            None => kept.callbacks.get(&place).filter(|(of, _)| *of != session).map(|(_, message)| message.clone()),
        })
    }

    /// A session of this path has fallen.
    pub(super) fn fall(&self, path: &str) {
        self.with(|kept| kept.fallen.insert(path.to_owned()));
    }

    /// Whether one has.
    pub(super) fn has_fallen(&self, path: &str) -> bool {
        self.with(|kept| kept.fallen.contains(path))
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Kept) -> T) -> T {
        use_it(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Kind;

    #[test]
    fn only_another_session_hears_a_reply() {
        let message = |text: &str| Message { action: None, kind: Kind::Reply, text: text.into() };
        let astray = Astray::default();
        let (first, second) = (astray.number(), astray.clone().number());
        assert_eq!(astray.exchange(first, &message("a")), None);
        assert_eq!(astray.exchange(first, &message("b")), None);
        assert_eq!(astray.exchange(second, &message("c")), Some(message("b")));
        assert_eq!(astray.exchange(second, &message("d")), None);
    }
}
