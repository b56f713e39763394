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
            by_silence: false,
            reproduced: None,
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
        let ruling = catalogue.requirements.get(&check.requirement).and_then(|known| known.ruling.as_deref());
        check.message = bounded(&message(breach, prefix, ruling));
        check.expected = Some(bounded(&breach.expected));
        check.got = Some(bounded(&breach.got));
        if check.is_finding() {
            check.by_silence = breach.is_of_silence();
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
fn message(breach: &Breach, prefix: &str, ruling: Option<&str>) -> String {
    let what = match &breach.unexpected {
        Some(unexpected) => format!("{} in {}", unexpected.got, unexpected.states.join(" or ")),
        None => breach.got.clone(),
    };
    let more = if breach.more > 0 { format!("; {} times more", breach.more) } else { String::new() };
    let ruling = ruling.map(|ruling| format!(" (ruling {ruling})")).unwrap_or_default();
    format!("{what}{ruling}, event {}{more}; up to it: {prefix}", breach.at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::Suite,
        model::{Event, Facts, Status, Symbol, Track, progress, tables_of},
        spec::PortType,
    };

    fn catalogue() -> Catalogue {
        Suite::load(&crate::case::embedded()).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).catalogue
    }

    fn judged(symbols: &[Symbol]) -> Vec<Check> {
        let port_type = PortType::IIpamOperationWithProgress;
        let mut track = Track::new(port_type, tables_of(port_type).unwrap(), true);
        for symbol in symbols {
            track.take(Event::of(*symbol), 1);
        }
        judge_session("a/b", "main", &track.finish(), &catalogue())
    }

    const WHOLE: [Symbol; 7] = [
        Symbol::INITIALIZE,
        Symbol::INITIALIZED,
        Symbol::START,
        progress::BEGIN,
        Symbol::STARTED,
        progress::SUCCESS,
        Symbol::END,
    ];

    #[test]
    fn what_is_broken_fails_or_warns_by_its_level_and_says_where() {
        let of = |checks: Vec<Check>| checks.into_iter().find(Check::is_finding).expect("a finding");
        let after = of(judged(&[&WHOLE[..6], &[progress::PERCENTAGE, Symbol::END]].concat()));
        assert_eq!((after.id.as_str(), after.outcome), ("main/progress.nothing-after-end", Outcome::Fail));
        assert_eq!((after.got.as_deref(), after.layer), (Some("SetCompletionPercentage"), Layer::Model));
        assert!(after.message.starts_with("SetCompletionPercentage in OperationWithProgress Completed (with success)"));
        assert!(
            after.message.contains("(ruling overall-status-in-progress), event 7; up to it: Initialize"),
            "{after:?}"
        );
        assert!(after.expected.as_deref().is_some_and(|allowed| allowed.contains("the session is closed")));
        assert_eq!(after.fingerprint.len(), 16);
        let open = of(judged(&[&WHOLE[..6], &[Symbol::LATE]].concat()));
        assert_eq!((open.level, open.outcome), (Level::Should, Outcome::Warn));
    }

    #[test]
    fn what_is_kept_passes_and_what_is_open_is_recorded() {
        let checks = judged(&WHOLE);
        assert!(checks.iter().all(|check| check.outcome == Outcome::Pass));
        let held: Vec<&str> = checks.iter().map(|check| check.requirement.as_str()).collect();
        for kept in ["start-operation-with-callback.starts-progress", "progress.overall-status-told"] {
            assert_eq!(held.iter().filter(|held| **held == kept).count(), 1, "{held:?}");
        }
        let place = checks.iter().find(|check| check.requirement.as_str() == "progress.start-reply-place").unwrap();
        assert_eq!((place.level, place.got.as_deref()), (Level::Observe, Some("among the callbacks")));
        // A fault shows nothing of a must.
        let refused = judged(&[Symbol::INITIALIZE, Symbol::INITIALIZE_FAULT]);
        assert!(refused.iter().all(|check| check.level == Level::Observe), "{refused:?}");
    }

    #[test]
    fn every_requirement_that_is_named_is_catalogued() {
        let catalogue = catalogue();
        let known = |id: &str| RequirementId::parse(id).is_ok_and(|id| catalogue.requirements.contains_key(&id));
        let named = crate::model::MACHINES.iter().flat_map(|machine| machine.requirements());
        let unknown: Vec<&str> = named.filter(|id| !known(id)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        // Nothing that a session is told to have done is lost for want of an entry.
        let of = Event::of;
        let stray = of(Symbol::STRAY);
        let wrong = [
            of(progress::ADD),
            of(progress::ADD),
            of(progress::SUBTASK).of_subtask(9, Status::Ended),
            of(progress::PERCENTAGE).with(Facts::ACTION_WRONG),
            stray,
            stray.with(Facts::ELSEWHERE),
            stray.with(Facts::UNRELATED),
            of(Symbol::ANSWER),
            of(Symbol::ANSWER).with(Facts::FAULT),
            of(Symbol::ANSWER).with(Facts::TO_KEEPALIVE),
            of(Symbol::STARTED).with(Facts::AGAIN),
            of(progress::ADD).with(Facts::NO_SUBTASK),
        ];
        for last in [progress::SUCCESS, progress::FAILURE] {
            let port_type = PortType::IIpamOperationWithProgress;
            let mut track = Track::new(port_type, tables_of(port_type).unwrap(), true);
            for symbol in &WHOLE[..5] {
                track.take(of(*symbol), 1);
            }
            for event in &wrong {
                track.take(*event, 1);
            }
            track.take(of(last), 1);
            let verdict = track.finish();
            let told = verdict.breaches.len() + verdict.held.len() + verdict.noted.len();
            assert!(verdict.breaches.len() > 9, "{:?}", verdict.breaches);
            assert_eq!(judge_session("a/b", "main", &verdict, &catalogue).len(), told);
        }
    }
}
