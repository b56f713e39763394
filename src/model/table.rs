//! A machine as the engine reads it: for each output and state the arrows that may be taken, side by side.
//!
//! Leaves out what is asked and open ([`super::Ledger`]) and what a refusal comes to ([`super::Monitor`]). Follows
//! [MS-IPAMM2] 3.19.1.1 in shape.

use super::{
    event::Symbol,
    machine::{Condition, Guard, MOST_STATES, Machine, StateId, Tells},
};

/// The most arrows that leave a state with one output.
const MOST_ARROWS: usize = 4;

/// One arrow in the table: it is taken when the conditions under `mask` are `needs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    mask: Condition,
    needs: Condition,
    /// The next state, as a set of one.
    to: u16,
    arrow: u16,
}

/// Takes nothing: no conditions under an empty mask are other than none.
const EMPTY: Slot = Slot { mask: 0, needs: 1, to: 0, arrow: 0 };

/// A machine as the engine reads it: for each output and state the arrows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The declaration.
    pub machine: &'static Machine,
    rows: Vec<[Slot; MOST_ARROWS]>,
    tells: [Tells; Symbol::MOST],
    /// Where the first arrow with each output leads.
    onward: [StateId; Symbol::MOST],
}

impl Table {
    /// Makes the table of a machine.
    ///
    /// # Panics
    /// Where the declaration is too large for the engine; a test holds each to that.
    pub fn of(machine: &'static Machine) -> Self {
        assert!(machine.states.len() <= MOST_STATES, "{} has too many states", machine.name);
        let mut rows = vec![[EMPTY; MOST_ARROWS]; Symbol::MOST * MOST_STATES];
        let mut tells = [Tells::Nothing; Symbol::MOST];
        let mut onward = [0; Symbol::MOST];
        for output in machine.outputs {
            if let Some(tells) = tells.get_mut(output.symbol.index()) {
                *tells = output.tells;
            }
        }
        for (number, arrow) in (0u16..).zip(machine.arrows) {
            let Guard { needs, forbids } = arrow.guard;
            let slot = Slot { mask: needs | forbids, needs, to: 1 << arrow.to, arrow: number };
            let row = rows.get_mut(place(arrow.output, arrow.from));
            let free = row.and_then(|row| row.iter_mut().find(|slot| **slot == EMPTY));
            *free.unwrap_or_else(|| panic!("{}: too many arrows like {arrow:?}", machine.name)) = slot;
            if let Some(onward) = onward.get_mut(arrow.output.index())
                && *onward == 0
            {
                *onward = arrow.to;
            }
        }
        Self { machine, rows, tells, onward }
    }

    /// The states that an output leads to from a set of states; none where it is not allowed. Each arrow is told.
    #[inline]
    pub fn step(&self, set: u16, output: Symbol, conditions: Condition, mut taken: impl FnMut(u16)) -> u16 {
        let (mut left, mut next) = (set, 0);
        while left != 0 {
            let Ok(state) = u8::try_from(left.trailing_zeros()) else { break };
            left &= left - 1;
            let Some(row) = self.rows.get(place(output, state)) else { break };
            for slot in row {
                if conditions & slot.mask == slot.needs {
                    next |= slot.to;
                    taken(slot.arrow);
                }
            }
        }
        next
    }

    /// What a letter tells.
    #[inline]
    pub fn tells(&self, symbol: Symbol) -> Tells {
        self.tells.get(symbol.index()).copied().unwrap_or_default()
    }

    /// Where a session goes on that had an output which was not allowed: where the output would have led, if that is
    /// further than it had come; else it stays.
    pub fn onward(&self, set: u16, output: Symbol) -> u16 {
        let to = 1 << self.onward.get(output.index()).copied().unwrap_or(0);
        if to > set { to } else { set }
    }

    /// The outputs that a set of states allows.
    pub fn allowed(&self, set: u16, conditions: Condition) -> Vec<Symbol> {
        let mut outputs: Vec<Symbol> = self.machine.arrows.iter().map(|arrow| arrow.output).collect();
        outputs.sort_unstable();
        outputs.dedup();
        outputs.retain(|output| self.step(set, *output, conditions, |_| {}) != 0);
        outputs
    }
}

/// The place of a row.
#[inline]
fn place(output: Symbol, state: StateId) -> usize {
    output.index() * MOST_STATES + usize::from(state)
}
