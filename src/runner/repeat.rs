//! Executes a case again: as often as was asked for, or once more where one that only reads does not pass.
//!
//! Leaves out what the executions come to together, which `verdict` says. Where cases share one world, what may change
//! it is executed once: a second execution would find what the first has done.

use super::execute::Executor;
use crate::{
    case::Case,
    spec::Effect,
    verdict::{CaseRecord, Outcome},
};

/// Executes a case, again where that is due, and gives what all of it comes to.
///
/// Cancel safety: as for [`Executor::execute`].
pub async fn repeated(executor: &Executor, case: &Case) -> CaseRecord {
    let first = executor.execute(case).await;
    let times = times(executor, case, first.outcome);
    if times < 2 {
        return first;
    }
    let mut executions = vec![first.clone()];
    while executions.len() < times {
        executions.push(executor.again(case, &first, executions.len() + 1).await);
    }
    CaseRecord::together(executions).unwrap_or(first)
}

/// How often a case is executed, given what its first execution came to.
fn times(executor: &Executor, case: &Case, outcome: Outcome) -> usize {
    let reads = case.effect == Effect::Read;
    match (outcome, executor.repeat) {
        (Outcome::Skip | Outcome::Error, _) => 1,
        (_, Some(times)) if reads || executor.lab.is_some() => times,
        (Outcome::Fail | Outcome::Warn, None) if reads => 2,
        _ => 1,
    }
}
