//! The smoke test: the questions that a run begins with, told point by point, with what to do about the first that fails.
//!
//! Leaves out judging: a target that answers in order and wrongly works, as far as this goes.

use std::collections::BTreeMap;

use super::{
    Target,
    ask::{Line, Stage},
    plan,
    questions::{self, Heard, QUESTIONS, Readiness},
    target::security::{LogOn, User},
};
use crate::{
    case::{Case, Suite},
    session::Guard,
    spec::Effect,
    transport::{BadCertificates, Scheme},
    verdict::{Point, PointStatus, Smoke},
};

/// Asks a target what a run would ask first, and nothing that changes it.
///
/// # Errors
/// Its certificates cannot be used.
///
/// # Cancel safety
/// Dropping the future closes its connections.
pub async fn smoke(suite: &Suite, target: &Target) -> Result<Smoke, BadCertificates> {
    let guard = plan::guard(target, &[], false);
    let line = Line::new(target, guard.clone(), true, &suite.digest)?;
    let readiness = questions::ask(&line).await;
    Ok(told(suite, target, &guard, &readiness))
}

/// What a target's answers come to, and what a run would skip.
fn told(suite: &Suite, target: &Target, guard: &Guard, readiness: &Readiness) -> Smoke {
    let mut points = way(target, readiness);
    let works = points.iter().all(|point| matches!(point.status, PointStatus::Works | PointStatus::Note));
    points.extend(QUESTIONS.map(|name| question(name, readiness, works)));
    points.extend(state(suite, readiness));
    points.push(effects(suite, target, guard));
    points.push(data(suite, target));
    Smoke::of(target.record(false), points)
}

/// From the name to SOAP: what works up to the furthest that any question got.
fn way(target: &Target, readiness: &Readiness) -> Vec<Point> {
    let furthest = readiness.heard.iter().map(|(_, heard)| reached(heard)).max_by_key(|(stage, _)| *stage);
    let (furthest, why) = furthest.unwrap_or((Stage::Endpoint, "no question could be asked"));
    let authority = format!("{}:{}", target.url.host(), target.url.port());
    let endpoint = target.endpoint(crate::spec::PortType::IIpamServer).unwrap_or_else(|| target.url.clone());
    let is_net_tcp = target.url.scheme() == Scheme::NetTcp;
    let (unprotected, carrier, speaks, mend_carrier) = if is_net_tcp {
        (
            "the target file asks for none: a run makes a partial claim",
            "framing",
            "the target takes sessions",
            "make sure that a net.tcp server listens there, that it takes sessions without protection and messages in the \
             target's `encoding`, or give it more time: [timing] connect",
        )
    } else {
        (
            "http has none: a run makes a partial claim",
            "HTTP",
            "an HTTP server answers",
            "make sure that an HTTP server listens there, or give it more time: [timing] reply",
        )
    };
    let mend_answer = if is_net_tcp {
        "make sure that the address is that of IIpamServer, and that it speaks SOAP 1.2"
    } else {
        "make sure that the address is that of IIpamServer, and that it answers as application/soap+xml"
    };
    let stages = [
        (
            Stage::Name,
            "name",
            target.url.host(),
            "mend the host in `url` of the target file, or the name server of this machine",
        ),
        (Stage::Connect, "connect", authority, "start the server, or mend host and port in `url` of the target file"),
        (
            Stage::Tls,
            if is_net_tcp { "security" } else { "TLS" },
            target.log_on.as_ref().map_or_else(
                || "the certificate is one that is trusted".to_owned(),
                |log_on| format!("{} logs on with {}", log_on.user, log_on.mode.as_str()),
            ),
            match &target.log_on {
                Some(LogOn { user: User::TicketCache(_), .. }) => {
                    "get a ticket with `kinit`, or mend [security] in the target file"
                }
                _ if is_net_tcp => {
                    "mend [security] in the target file before the next try: each one counts against the account"
                }
                _ => "name the authority that signed the certificate: [security] ca_file in the target file",
            },
        ),
        (Stage::Http, carrier, speaks.to_owned(), mend_carrier),
        (
            Stage::Endpoint,
            "endpoint",
            endpoint.to_string(),
            "write the path of IIpamServer under [endpoints] in the target file, or into the URL",
        ),
        (Stage::Soap, "SOAP 1.2", "an envelope came back".to_owned(), mend_answer),
    ];
    let mut points = Vec::new();
    for (stage, name, works, next) in stages {
        points.push(if stage == Stage::Tls && target.url.scheme() != Scheme::Https && target.log_on.is_none() {
            Point::new(name, PointStatus::Note, unprotected)
        } else if stage < furthest {
            Point::new(name, PointStatus::Works, works)
        } else if stage == furthest {
            Point::new(name, PointStatus::Fails, why).with_next(next)
        } else {
            Point::new(name, PointStatus::NotReached, "")
        });
    }
    points
}

/// The stage that did not work, and why; the last one where the way to the operation did.
fn reached(heard: &Heard) -> (Stage, &str) {
    match heard {
        Heard::Reply(_) | Heard::Fault(_) => (Stage::Contract, ""),
        Heard::Nonsense(stage, why) | Heard::Nothing(stage, why) => (*stage, why),
    }
}

/// What one question was answered with; nothing where the way to the operations does not work.
fn question(name: &'static str, readiness: &Readiness, works: bool) -> Point {
    let heard = readiness.heard.iter().find(|(asked, _)| *asked == name).map(|(_, heard)| heard);
    let run = "run it all the same: a run judges what the target answers";
    let waits = readiness.not_provisioned || readiness.conversion_required;
    match heard {
        None => Point::new(name, PointStatus::NotReached, ""),
        Some(_) if !works => Point::new(name, PointStatus::NotReached, ""),
        Some(Heard::Reply(Some(text))) if !text.is_empty() && text.len() <= 40 && name != "GetIpamTasksInfo" => {
            Point::new(name, PointStatus::Works, format!("answers {text}"))
        }
        Some(Heard::Reply(_)) => Point::new(name, PointStatus::Works, "answers"),
        Some(Heard::Fault(_)) if waits || readiness.denied.contains(name) => {
            Point::new(name, PointStatus::NotReached, "refused, see below")
        }
        Some(Heard::Fault(fault)) => Point::new(name, PointStatus::Fails, format!("refused: {fault}")).with_next(run),
        Some(Heard::Nonsense(_, why)) => {
            Point::new(name, PointStatus::Fails, format!("not as its contract says: {why}")).with_next(run)
        }
        Some(Heard::Nothing(_, why)) => {
            Point::new(name, PointStatus::Fails, why).with_next("see what the target's own log says of this request")
        }
    }
}

/// What the target says of itself.
fn state(suite: &Suite, readiness: &Readiness) -> [Point; 3] {
    let heard = |name: &str| readiness.heard.iter().find(|(asked, _)| *asked == name).map(|(_, heard)| heard);
    let unknown = |name: &str, of: &str| Point::new(name, PointStatus::NotReached, format!("{of} did not answer it"));
    let skipped = || of_cases(suite, |case| case.scenario.is_none() && readiness.skips(case).is_some());
    let truth = |name| match heard(name) {
        Some(Heard::Reply(Some(text))) => match text.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    };
    let provisioned = match truth("IsIpamConfigured") {
        Some(true) => Point::new("provisioned", PointStatus::Works, "the target says so of itself"),
        Some(false) => Point::new("provisioned", PointStatus::Fails, "the target says that it is not")
            .with_next("provision the server, then run smoke again")
            .with_cases(skipped()),
        None => unknown("provisioned", "IsIpamConfigured"),
    };
    let conversion = match truth("IsSchemaConversionRequired") {
        Some(false) => Point::new("conversion", PointStatus::Works, "no schema conversion is required"),
        Some(true) => Point::new("conversion", PointStatus::Fails, "a schema conversion is required")
            .with_next("convert the schema of its data store, then run smoke again")
            .with_cases(skipped()),
        None => unknown("conversion", "IsSchemaConversionRequired"),
    };
    let denied: Vec<&str> = readiness.denied.iter().copied().collect();
    let access = if !denied.is_empty() {
        Point::new("access", PointStatus::Fails, format!("denied to this user: {}", denied.join(", ")))
            .with_next("give the user the right GenericRead: make it a member of IPAM Users")
            .with_cases(skipped())
    } else if matches!(heard("GetIpamTasksInfo"), Some(Heard::Reply(_))) {
        Point::new("access", PointStatus::Works, "this user may read; starting tasks is not tried here")
    } else {
        unknown("access", "GetIpamTasksInfo")
    };
    [provisioned, conversion, access]
}

fn effects(suite: &Suite, target: &Target, guard: &Guard) -> Point {
    let allowed: Vec<&str> =
        Effect::ALL.into_iter().filter(|effect| guard.allows(*effect)).map(Effect::as_str).collect();
    let is_held = |case: &Case| case.scenario.is_none() && !guard.allows(case.effect);
    let missing: Vec<&str> = Effect::ALL
        .into_iter()
        .filter(|effect| suite.cases.iter().any(|case| is_held(case) && case.effect == *effect))
        .map(Effect::as_str)
        .collect();
    let tasks = target.allow.tasks.as_ref().filter(|_| guard.allows(Effect::StartTask));
    let tasks = tasks.map(|tasks| format!("; of tasks only {}", tasks.join(", "))).unwrap_or_default();
    let point = Point::new("effects", PointStatus::Note, format!("allowed: {}{tasks}", allowed.join(", ")));
    if missing.is_empty() {
        return point;
    }
    point
        .with_next(format!("allow {} in the target file: [allow] effects, or with --allow", missing.join(", ")))
        .with_cases(of_cases(suite, is_held))
}

fn data(suite: &Suite, target: &Target) -> Point {
    let mut missing: BTreeMap<&str, usize> = BTreeMap::new();
    for name in suite.cases.iter().flat_map(|case| plan::missing(case, target)) {
        *missing.entry(name).or_default() += 1;
    }
    if missing.is_empty() {
        return Point::new("vars", PointStatus::Works, "no case lacks data");
    }
    let names: Vec<&str> = missing.keys().copied().collect();
    Point::new("vars", PointStatus::Note, format!("missing: {}", names.join(", ")))
        .with_next("write them under [vars] in the target file")
        .with_cases(of_cases(suite, |case| !plan::missing(case, target).is_empty()))
}

fn of_cases(suite: &Suite, is_one: impl Fn(&Case) -> bool) -> Vec<String> {
    suite.cases.iter().filter(|case| is_one(case)).map(|case| case.id.clone()).collect()
}
