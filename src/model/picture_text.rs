//! Machines for a terminal: a state, and below it the arrows that leave it.
//!
//! Leaves out layout: lines are as long as their words are. Follows the declaration, in its order.

use std::fmt::Write as _;

use super::{
    machine::Machine,
    picture::{Walk, between},
};
use crate::model::Symbol;

/// Writes a machine: its states in the order of a session, and for each the arrows that leave it, with their guards,
/// requirements and what a walk took of them.
pub fn machine_text(machine: &Machine, walk: &Walk<'_>) -> String {
    let (lines, from_any) = between(machine);
    let mut out = format!("{}, [MS-IPAMM2] {}, figure {}\n", machine.name, machine.section, machine.figure);
    for (place, state) in (0..).zip(machine.states) {
        let is_broken = walk.broken & 1_u16.checked_shl(u32::from(place)).unwrap_or(0) != 0;
        let mark = if is_broken { "  <- broken here" } else { "" };
        let _ = writeln!(out, "\n{}{mark}", state.title());
        let mut leaving: Vec<usize> =
            lines.iter().filter(|((from, _), _)| *from == place).flat_map(|(_, arrows)| arrows).copied().collect();
        leaving.sort_unstable();
        if leaving.is_empty() {
            out.push_str("    nothing leads out of it\n");
        }
        for number in leaving {
            let Some(arrow) = machine.arrows.get(number) else { continue };
            let _ = write!(out, "    {}", machine.label(arrow));
            if arrow.to != place
                && let Some(to) = machine.state(arrow.to)
            {
                let _ = write!(out, "\n        -> {}", to.title());
            }
            let notes = [arrow.guard.words(), arrow.requirement.to_owned(), walk.words(number)];
            for note in notes.iter().filter(|note| !note.is_empty()) {
                let _ = write!(out, "\n        {note}");
            }
            out.push('\n');
        }
    }
    if from_any && let Some(end) = machine.state(machine.end) {
        let _ = writeln!(out, "\nFrom any state: {} -> {}", machine.word(Symbol::BROKEN), end.title());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MACHINES;

    #[test]
    fn every_state_is_there_in_its_order() {
        for machine in MACHINES {
            let text = machine_text(machine, &Walk { hits: None, path: &[0], broken: 1 });
            let places: Vec<usize> =
                machine.states.iter().map(|state| text.find(&format!("\n{}", state.title())).unwrap()).collect();
            assert!(places.is_sorted(), "{text}");
            assert_eq!(text.matches("<- broken here").count(), 1);
            assert_eq!(text.matches("step 1\n").count(), 1);
        }
    }
}
