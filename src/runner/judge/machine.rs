//! Makes checks of what came of a session by its machine: what was broken, what was kept, what was recorded.
//!
//! Leaves out the machine. Follows the levels of the catalogue: a must that is broken fails, a should warns, and what the
//! document leaves open is recorded.

use crate::{
    model::{Breach, Verdict},
    session::Layer,
    spec::{Level, RequirementId},
    verdict::{Catalogue, Check, Outcome, bounded, normalise},
};

/// The checks of one session of a case. Each has the session and the requirement for its id: what is broken more than
/// once is one finding.
pub fn judge_session(case: &str, session: &str, verdict: &Verdict, catalogue: &Catalogue) -> Vec<Check> {
    let check = |requirement: &str| {
        let id = RequirementId::parse(requirement).ok()?;
        let level = catalogue.requirements.get(&id)?.level;
        Some(Check {
            id: format!("{session}/{requirement}"),
            requirement: id,
            level,
            outcome: Outcome::Pass,
            layer: Layer::Model,
            message: String::new(),
            expected: None,
            got: None,
            fingerprint: String::new(),
        })
    };
    let broken = verdict.breaches.iter().filter_map(|(breach, prefix)| {
        let mut check = check(breach.requirement)?;
        check.layer = breach.layer;
        check.outcome = match check.level {
            Level::Must => Outcome::Fail,
            Level::Should => Outcome::Warn,
            Level::May | Level::Observe => Outcome::Pass,
        };
        check.message = bounded(&message(breach, prefix));
        check.expected = Some(bounded(&breach.expected));
        check.got = Some(bounded(&breach.got));
        if check.is_finding() {
            check.seal(case, &normalise(&format!("{} / {}", breach.expected, breach.got)));
        }
        Some(check)
    });
    let held = verdict.held.iter().filter_map(|(requirement, got, is_fault)| {
        let check = check(requirement)?;
        // A fault shows that something was refused, not that a must was kept.
        let shows = !is_fault || check.level == Level::Observe;
        let message = if check.level == Level::Observe { "recorded" } else { "the session keeps it" };
        shows.then(|| Check { message: message.to_owned(), got: Some(got.clone()), ..check })
    });
    let noted = verdict.noted.iter().filter_map(|(requirement, got)| {
        Some(Check { message: "recorded".to_owned(), got: Some(bounded(got)), ..check(requirement)? })
    });
    broken.chain(held).chain(noted).collect()
}

/// What happened, in a line: where the session was, and the shortest way there.
fn message(breach: &Breach, prefix: &str) -> String {
    let what = match &breach.unexpected {
        Some(unexpected) => format!("{} in {}", unexpected.got, unexpected.states.join(" or ")),
        None => breach.got.clone(),
    };
    let more = if breach.more > 0 { format!("; {} times more", breach.more) } else { String::new() };
    format!("{what}, event {}{more}; after: {prefix}", breach.at)
}
