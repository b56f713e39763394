//! How much all net.tcp connections of a server may hold together of what is not finished: records that have not come
//! whole, and output that has not been taken.
//!
//! Leaves out what becomes of a connection that may hold no more. Follows no document.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The most that is held by all connections together, in bytes.
const MOST: usize = 256 << 20;
/// What every connection may hold, however much the others do, in bytes: requests of a usual size are taken while
/// somebody floods.
const SMALL: usize = 16 << 10;

/// The room of one server. A clone is of the same server.
#[derive(Debug, Clone)]
pub(in crate::reference) struct Room {
    held: Arc<AtomicUsize>,
    most: usize,
}

/// What one connection holds of the room; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    room: Room,
    held: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self::of(MOST)
    }
}

impl Room {
    /// A room for so many bytes.
    pub(in crate::reference) fn of(most: usize) -> Self {
        Self { held: Arc::default(), most }
    }

    /// The share of a new connection, which holds nothing yet.
    pub(super) fn share(&self) -> Share {
        Share { room: self.clone(), held: 0 }
    }
}

impl Share {
    /// Holds so many bytes from now on, in place of what was held before. Tells whether there is room for them: where
    /// there is not, the connection has to let go of them.
    pub(super) fn hold(&mut self, bytes: usize) -> bool {
        let others = self.room.held.fetch_sub(self.held, Ordering::Relaxed).saturating_sub(self.held);
        self.room.held.fetch_add(bytes, Ordering::Relaxed);
        let may = bytes <= SMALL || others.saturating_add(bytes) <= self.room.most;
        self.held = bytes;
        may
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.held.fetch_sub(self.held, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_together_are_no_more_than_the_room() {
        let room = Room::of(100 << 10);
        let (mut one, mut two) = (room.share(), room.share());
        assert!(one.hold(60 << 10) && !two.hold(60 << 10));
        // What it holds all the same counts until it is let go.
        assert!(two.hold(0) && two.hold(40 << 10));
        assert!(!one.hold(61 << 10) && one.hold(20 << 10));
        drop(two);
        assert!(one.hold(100 << 10) && !one.hold((100 << 10) + 1));
    }

    #[test]
    fn a_little_may_always_be_held() {
        let room = Room::of(100 << 10);
        let (mut large, mut small) = (room.share(), room.share());
        assert!(large.hold(100 << 10) && small.hold(SMALL) && !small.hold(SMALL + 1));
    }
}
