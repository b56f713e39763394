//! The timer that ends sessions in which nobody speaks.
//!
//! Leaves out the clock, which every method is given, and what ends. Follows [MS-IPAMM2] 3.1.2, 3.1.5 and 3.1.1.4.

use std::time::Duration;

use super::{
    moment::Moment,
    mutant::{Behaviour, Mutant},
};

/// From one tick to the next, [MS-IPAMM2] 3.1.2.
const INTERVAL: Duration = Duration::from_secs(15);
/// `ADM_KeepaliveGraceCountInitialValue`, as the document has it by default.
const GRACE: u32 = 3;

/// The InactivityTimer of a session, with `ADM_KeepaliveGraceCount` and `ADM_MessageReceivedSinceLastTimerTick`.
#[derive(Debug, Clone)]
pub(super) struct InactivityTimer {
    next: Moment,
    /// What a message sets the count to.
    initial: u32,
    /// `ADM_KeepaliveGraceCount`.
    grace: u32,
    heard: bool,
    for_ever: bool,
}

impl InactivityTimer {
    /// Starts it.
    pub(super) fn new(now: Moment, behaviour: &Behaviour) -> Self {
        let initial = if behaviour.lies(Mutant::BreaksOffEarly) { 1 } else { GRACE };
        let for_ever = behaviour.lies(Mutant::NeverBreaksOff);
        Self { next: now.after(INTERVAL), initial, grace: initial, heard: false, for_ever }
    }

    /// Notes that a message came.
    pub(super) fn received(&mut self) {
        self.heard = true;
    }

    /// When it ticks next, if it does.
    pub(super) fn due(&self) -> Option<Moment> {
        (!self.for_ever).then_some(self.next)
    }

    /// Ticks, when that is due. Tells whether the session is to be aborted: the count would fall below zero.
    pub(super) fn tick(&mut self) -> bool {
        self.next = self.next.after(INTERVAL);
        if std::mem::take(&mut self.heard) {
            self.grace = self.initial;
            return false;
        }
        match self.grace.checked_sub(1) {
            Some(left) => {
                self.grace = left;
                false
            }
            None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fourth_idle_tick_ends_the_session() {
        let mut timer = InactivityTimer::new(Moment::LAB, &Behaviour::default());
        for tick in 1..=4_u32 {
            assert_eq!(timer.due(), Some(Moment::LAB.after(INTERVAL * tick)));
            assert_eq!(timer.tick(), tick == 4, "{tick}");
        }
    }

    #[test]
    fn a_message_gives_the_whole_grace_again() {
        let mut timer = InactivityTimer::new(Moment::LAB, &Behaviour::default());
        for _ in 0..3 {
            assert!(!timer.tick());
        }
        timer.received();
        assert_eq!([(); 5].map(|()| timer.tick()), [false, false, false, false, true]);
    }

    #[test]
    fn servers_may_lie_about_when_they_give_up() {
        let mut early = InactivityTimer::new(Moment::LAB, &Mutant::BreaksOffEarly.into());
        assert!(!early.tick() && early.tick());
        assert_eq!(InactivityTimer::new(Moment::LAB, &Mutant::NeverBreaksOff.into()).due(), None);
    }
}
