//! What a run would do: the requests of every selected case, and why a case would be skipped. Sends nothing.
//!
//! Leaves out what only the target can tell: its state, and values that a later request takes from an earlier answer.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Options, Target,
    ask::{asking, message_id},
    judge::slug,
    message, plan, questions,
    run::phases,
};
use crate::{
    case::{Case, Step, Suite, words},
    session::{Guard, Outgoing},
    soap::write::Route,
    spec::{Operation, PortType},
    verdict::{DryCase, DryRun, Planned, Request},
};

/// Plans a run. `reference` says that the target is the reference server, with its lab.
///
/// # Errors
/// A pattern that matches nothing.
pub fn dry_run(
    suite: &Suite,
    target: &Target,
    reference: bool,
    options: &Options,
) -> Result<DryRun, plan::MatchesNothing> {
    let selected = options.selection.select(suite)?;
    let planner = Planner {
        target,
        reference,
        guard: plan::guard(target, &options.allow, reference),
        seed: options.seed.as_deref().unwrap_or(&suite.digest),
    };
    let mut planned: BTreeMap<String, DryCase> = BTreeMap::new();
    // A twin is planned before the cases that rest on it.
    for case in phases(&suite.cases, !reference).iter().flatten().filter(|case| selected.contains(&case.id)) {
        let twin = case.twin.as_ref().and_then(|twin| planned.get(twin)?.skip.as_ref());
        let twin = twin.map(|reason| format!("its twin may not run: {reason}"));
        planned.insert(case.id.clone(), planner.case(case, twin));
    }
    Ok(DryRun {
        schema: DryRun::SCHEMA.to_owned(),
        target: target.record(reference),
        seed: planner.seed.to_owned(),
        questions: planner.questions(),
        cases: suite.cases.iter().filter_map(|case| planned.remove(&case.id)).collect(),
    })
}

struct Planner<'a> {
    target: &'a Target,
    reference: bool,
    guard: Guard,
    seed: &'a str,
}

impl Planner<'_> {
    fn questions(&self) -> Vec<Planned> {
        let question = |(index, operation): (usize, &'static Operation)| {
            let url = self.target.endpoint(PortType::IIpamServer)?.to_string();
            let outgoing = asking(operation, &message_id(self.seed, questions::WHO, index, 1), &url);
            Some(Planned {
                step: 0,
                what: operation.name.to_owned(),
                when: None,
                request: Some(request(url, outgoing)),
                expects: vec![format!("the reply [{}.replies]", slug(operation))],
            })
        };
        questions::operations().enumerate().filter_map(question).collect()
    }

    fn case(&self, case: &Case, twin: Option<String>) -> DryCase {
        let mut planned = DryCase {
            id: case.id.clone(),
            about: case.about.clone(),
            level: case.level,
            effect: case.effect,
            requirements: case.requirements.clone(),
            twin: case.twin.clone(),
            generates: case.generate.as_ref().map(words::generated),
            skip: plan::skip_reason(case, self.target, &self.guard, self.reference).or(twin),
            steps: Vec::new(),
        };
        if planned.skip.is_none() {
            let later: BTreeSet<&str> =
                case.steps.iter().flat_map(|step| &step.captures).map(|capture| capture.name.as_str()).collect();
            for (index, step) in case.steps.iter().enumerate() {
                match self.step(case, index + 1, step, &later) {
                    Ok(step) => planned.steps.push(step),
                    Err(reason) => {
                        planned.skip = Some(format!("step {}: {reason}", index + 1));
                        break;
                    }
                }
            }
        }
        planned
    }

    fn step(&self, case: &Case, number: usize, step: &Step, later: &BTreeSet<&str>) -> Result<Planned, String> {
        let Some(url) = self.target.endpoint(case.port_type) else {
            return Err(format!("the target file names no endpoint for {}", case.port_type.name()));
        };
        let url = url.to_string();
        let id = message_id(self.seed, &case.id, number, 1);
        let vars = |name: &str| match self.target.var(name) {
            Some(value) if !later.contains(name) => Some(value.to_owned()),
            // Only an answer can tell.
            _ => Some(format!("{{{{{name}}}}}")),
        };
        let rendered = message::render(step, &id, Route::to(&url), &vars).map_err(|unfilled| unfilled.to_string())?;
        let (what, request) = match rendered {
            Some((outgoing, what)) => {
                let permitted = self.guard.permit(outgoing).map_err(|refused| refused.to_string())?;
                (what, Some(request(url, permitted.outgoing().clone())))
            }
            None => ("wait", None),
        };
        Ok(Planned {
            step: number,
            what: what.to_owned(),
            when: step.poll.map(words::poll).or_else(|| request.is_none().then(|| words::act(step))),
            request,
            expects: words::expectations(step),
        })
    }
}

fn request(url: String, outgoing: Outgoing) -> Request {
    Request {
        url,
        action: outgoing.action,
        message_id: outgoing.message_id,
        envelope: String::from_utf8_lossy(&outgoing.envelope).into_owned(),
    }
}
