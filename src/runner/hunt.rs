//! The hunt for a value that a target treats wrongly, and then for the smallest one: says what to try next.
//!
//! Leaves out trying: whoever drives it executes the case with the values and tells what came of it. Dropping it ends the
//! generator's thread.

use std::collections::{BTreeMap, BTreeSet};

use super::generator::{Generator, Lost, Order, Values};
use crate::{
    case::Generate,
    spec::RequirementId,
    verdict::{CaseRecord, Generated, Outcome},
};

/// How often the generator is asked for smaller values at most, tried or not.
const MOST_ASKED: usize = 10_000;

/// A hunt through the values of one case.
#[derive(Debug)]
pub struct Hunt {
    generator: Generator,
    generate: Generate,
    /// The next draw.
    draw: usize,
    /// How many executions shrinking may still cost.
    budget: usize,
    /// What was tried before, which is never tried again, and whether it is what the hunt is after.
    seen: BTreeMap<Values, bool>,
    tried: usize,
    /// The values that the report is to show, and what came of them.
    shown: Option<(Values, CaseRecord)>,
    /// What came of values that the guard held back.
    held_back: Option<(Values, CaseRecord)>,
    shrinking: Option<Shrinking>,
    done: bool,
}

#[derive(Debug)]
struct Shrinking {
    from: Values,
    reason: BTreeSet<Reason>,
    order: Order,
    asked: usize,
}

/// Why a case does not pass, in part.
type Reason = (String, RequirementId, Outcome);

impl Hunt {
    /// Begins. Shrinking costs `budget` executions at most.
    pub fn new(generator: Generator, generate: &Generate, budget: usize) -> Self {
        Self {
            generator,
            generate: generate.clone(),
            draw: 0,
            budget,
            seen: BTreeMap::new(),
            tried: 0,
            shown: None,
            held_back: None,
            shrinking: None,
            done: false,
        }
    }

    /// The values to try next; nothing when the hunt is over.
    ///
    /// # Errors
    /// The generator's thread has failed.
    pub async fn next(&mut self) -> Result<Option<Values>, Lost> {
        while !self.done {
            let Some(order) = self.order() else { break };
            let values = self.generator.ask(order).await?;
            let Some(values) = values else {
                if self.shrinking.is_some() {
                    break;
                }
                continue;
            };
            let admitted = values.iter().all(|(key, value)| self.generate.admits(key, value));
            let known = if admitted { self.seen.get(&values).copied() } else { Some(false) };
            match (known, &mut self.shrinking) {
                (None, _) => {
                    self.seen.insert(values.clone(), false);
                    return Ok(Some(values));
                }
                (Some(same), Some(shrinking)) => shrinking.order = order_after(same),
                (Some(_), None) => {}
            }
        }
        Ok(None)
    }

    fn order(&mut self) -> Option<Order> {
        if let Some(shrinking) = &mut self.shrinking {
            shrinking.asked += 1;
            return (self.budget > 0 && shrinking.asked <= MOST_ASKED).then_some(shrinking.order);
        }
        let draw = self.draw;
        self.draw += 1;
        (draw < self.generate.count).then_some(Order::Draw(draw))
    }

    /// Takes what came of the values that were to be tried; `held_back` where the guard did not let them out.
    pub fn tell(&mut self, values: Values, record: CaseRecord, held_back: bool) {
        if let Some(shrinking) = &mut self.shrinking {
            self.budget = self.budget.saturating_sub(1);
            let same = !held_back && reason(&record) == shrinking.reason;
            shrinking.order = order_after(same);
            if same {
                self.seen.insert(values.clone(), true);
                self.shown = Some((values, record));
            }
        } else if held_back {
            self.held_back = Some((values, record));
        } else {
            self.tried += 1;
            match record.outcome {
                Outcome::Pass => {}
                Outcome::Fail | Outcome::Warn => {
                    let reason = reason(&record);
                    self.seen.insert(values.clone(), true);
                    self.shrinking = Some(Shrinking { from: values.clone(), reason, order: Order::Simplify, asked: 0 });
                }
                Outcome::Skip | Outcome::Inconclusive | Outcome::Error => self.done = true,
            }
            self.shown = Some((values, record));
        }
    }

    /// What is to be reported; nothing where nothing was tried.
    pub fn end(self) -> Option<CaseRecord> {
        let (values, record) = self.shown.or(self.held_back)?;
        let shrunk_from = self.shrinking.map(|shrinking| shrinking.from).filter(|from| *from != values);
        Some(CaseRecord { generated: Some(Generated { tried: self.tried, values, shrunk_from }), ..record })
    }
}

/// Smaller ones where the last are what the hunt is after, larger ones where not.
fn order_after(same: bool) -> Order {
    if same { Order::Simplify } else { Order::Complicate }
}

/// Two values fail for the same reason when the same checks come to the same outcomes, but for those that pass.
fn reason(record: &CaseRecord) -> BTreeSet<Reason> {
    let broken = record.checks.iter().filter(|check| check.outcome != Outcome::Pass);
    broken.map(|check| (check.id.clone(), check.requirement.clone(), check.outcome)).collect()
}

#[cfg(test)]
#[path = "hunt_tests.rs"]
mod tests;
