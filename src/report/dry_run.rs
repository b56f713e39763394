//! What a run would send, on a terminal: each request decoded, and why a case would be skipped.
//!
//! Leaves out how requests are made.

use super::{
    indent::indent,
    prose::Prose,
    words::{Tone, count, grouped},
};
use crate::verdict::{DryCase, DryRun, Planned, Request};

/// How wide a label is.
const LABEL: usize = 10;

/// The text; with `every`, whole envelopes in place of what stands in their bodies.
pub fn dry_run(plan: &DryRun, every: bool, colour: bool) -> String {
    let mut out = Prose::new(colour);
    let skipped = plan.cases.iter().filter(|case| case.skip.is_some()).count();
    out.paragraph(
        0,
        &format!(
            "Nothing is sent. A run against {} at {} would send {} at least: {}, {} of them skipped.",
            plan.target.name,
            plan.target.url,
            count(plan.messages(), "message"),
            count(plan.cases.len(), "case"),
            grouped(skipped),
        ),
    );
    out.gap().title("before any verdict");
    for question in &plan.questions {
        planned(&mut out, question, every);
    }
    for case in &plan.cases {
        of_case(&mut out, case, every);
    }
    out.finish()
}

fn of_case(out: &mut Prose, case: &DryCase, every: bool) {
    out.gap().title(&case.id);
    out.paragraph(2, &format!("{} ({}, effect {})", case.about, case.level, case.effect));
    if let Some(twin) = &case.twin {
        out.labelled(2, "after", LABEL, twin);
    }
    if let Some(generates) = &case.generates {
        out.labelled(2, "makes up", LABEL, generates);
    }
    for step in &case.steps {
        planned(out, step, every);
    }
    if let Some(reason) = &case.skip {
        out.marked(2, Tone::Caution, "skipped", LABEL, reason);
    }
}

fn planned(out: &mut Prose, planned: &Planned, every: bool) {
    let label = if planned.step == 0 { "question".to_owned() } else { format!("step {}", planned.step) };
    out.labelled(2, &label, LABEL, planned.request.as_ref().map_or("", |_| planned.what.as_str()));
    if let Some(when) = &planned.when {
        out.labelled(4, "", LABEL - 2, when);
    }
    if let Some(request) = &planned.request {
        out.labelled(4, "to", LABEL - 2, &request.url);
        out.labelled(4, "action", LABEL - 2, request.action.as_deref().unwrap_or("none"));
        out.labelled(4, "id", LABEL - 2, request.message_id.as_deref().unwrap_or("none"));
        out.labelled(4, "sends", LABEL - 2, "").block(6, &decoded(request, every));
    }
    for (at, expected) in planned.expects.iter().enumerate() {
        out.labelled(4, if at == 0 { "expects" } else { "" }, LABEL - 2, expected);
    }
}

/// What stands in the body, laid out and otherwise as it would be sent; the whole message where it is not an envelope as
/// we write them, or is asked for.
fn decoded(request: &Request, every: bool) -> String {
    let Some(whole) = indent(&request.envelope) else { return request.envelope.clone() };
    let lines: Vec<&str> = whole.lines().collect();
    let place = |tag: &str| lines.iter().position(|line| line.trim() == tag);
    let body = match (place("<s:Body>"), place("</s:Body>")) {
        (Some(open), Some(close)) if !every => lines.get(open + 1..close),
        _ => None,
    };
    match body {
        Some(body) => body.iter().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect::<Vec<_>>().join("\n"),
        None => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        report::sample,
        spec::{Effect, Level},
    };

    fn request(envelope: &str) -> Request {
        Request {
            url: "http://ipam.contoso.example:8080/Ipam/Server".to_owned(),
            action: Some("http://Microsoft.Windows.Ipam/IIpamServer/StartTask".to_owned()),
            message_id: Some("urn:uuid:11111111-2222-8333-a444-555555555555".to_owned()),
            envelope: envelope.to_owned(),
        }
    }

    fn plan() -> DryRun {
        let envelope = "<s:Envelope xmlns:s=\"urn:s\"><s:Header><a>1</a></s:Header><s:Body><StartTask xmlns=\"urn:x\">\
                        <taskType>None</taskType></StartTask></s:Body></s:Envelope>";
        let step = |step, what: &str, request| Planned {
            step,
            what: what.to_owned(),
            when: None,
            request,
            expects: vec!["a SOAP 1.2 fault [start-task.none-faults]".to_owned()],
        };
        let case = DryCase {
            id: "start_task/refuses_none".to_owned(),
            about: "StartTask refuses None.".to_owned(),
            level: Level::Must,
            effect: Effect::StartTask,
            requirements: vec![sample::id("start-task.none-faults")],
            twin: Some("start_task/starts".to_owned()),
            generates: Some("values for {{value}}, 64 of them".to_owned()),
            skip: None,
            steps: vec![
                step(1, "StartTask", Some(request(envelope))),
                Planned { when: Some("waits 45s".to_owned()), expects: Vec::new(), ..step(2, "wait", None) },
                step(3, "raw", Some(request("<no xml"))),
            ],
        };
        let skipped = DryCase {
            id: "start_task/starts".to_owned(),
            twin: None,
            skip: Some("not allowed: effect `start-task`".to_owned()),
            steps: Vec::new(),
            ..case.clone()
        };
        DryRun {
            schema: DryRun::SCHEMA.to_owned(),
            target: sample::record().target,
            seed: "5eed".to_owned(),
            questions: vec![step(0, "IsIpamConfigured", Some(request("<s:Envelope/>")))],
            cases: vec![case, skipped],
        }
    }

    #[test]
    fn output_is_golden() {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../../snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.bind(|| {
            insta::assert_snapshot!("dry_run", dry_run(&plan(), false, false));
            insta::assert_snapshot!("dry_run_every", dry_run(&plan(), true, false));
        });
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let codes = regex_lite::Regex::new("\x1b\\[[0-9;]*m").unwrap();
        assert_eq!(codes.replace_all(&dry_run(&plan(), true, true), ""), dry_run(&plan(), true, false));
    }
}
