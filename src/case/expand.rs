//! Expands the matrix of a case file into cases, and looks at what only shows once its values stand in place: XML that
//! is not well-formed, and requests that do more than the file declares.
//!
//! Leaves out what other files say.

use super::{
    draft::{Draft, PARAMETERS_OF},
    effect, id,
    mistake::{Told, shown},
    model::{Assertion, Call, Capture, Case, Expect, Raw, Step, StepKind, ValueExpectation},
    records::Records,
    secured::Secured,
    step::StepDraft,
    template::{Template, Vars},
};
use crate::{
    spec::{Effect, namespace, progress::AdminOperation},
    xml::{self, Limits, XmlError},
};

/// The most cases that one file may expand to.
const MOST: usize = 4_096;

/// Expands a draft. The level of its cases is left at the weakest: only the catalogue knows it.
pub(super) fn expand(draft: &Draft, told: &mut Told) -> Vec<Case> {
    let count = draft.matrix.iter().try_fold(1_usize, |count, (_, values)| count.checked_mul(values.len()));
    if count.is_none_or(|count| count > MOST) {
        told.bad_value(draft.matrix_span.clone(), format!("the matrix gives more than {MOST} cases"))
            .help("split it over several files");
        return Vec::new();
    }
    let mut cases = Vec::new();
    let mut malformed = vec![false; draft.steps.len()];
    for values in product(&draft.matrix) {
        let value = |name: &str| values.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let vars = |name: &str| {
            let parameters = || {
                let id = value(name.strip_suffix(PARAMETERS_OF)?)?;
                AdminOperation::named(&id).map(|operation| operation.parameters.to_owned())
            };
            value(name).or_else(parameters)
        };
        let case = case(draft, &values, &vars, told);
        let mut courses = effect::Courses::new();
        for ((step, source), malformed) in case.steps.iter().zip(&draft.steps).zip(&mut malformed) {
            if let Err((error, template)) = well_formed(step) {
                *malformed = true;
                if source.malformed.is_none() {
                    tell(&error, template, source, &values, told);
                }
            }
            effect_is_declared(step, draft, &mut courses, told);
            way_is_protected(step, &case, source, told);
        }
        made_up_is_declared(&case, draft, told);
        cases.push(case);
    }
    for (source, malformed) in draft.steps.iter().zip(malformed) {
        if let (Some(span), false, false) = (&source.malformed, malformed, cases.is_empty()) {
            told.bad_value(span.clone(), "the envelope is well-formed").help("leave `malformed` out");
        }
    }
    cases
}

/// Every combination of values, the last key changing fastest.
fn product(matrix: &[(String, Vec<String>)]) -> Vec<Vec<(String, String)>> {
    matrix.iter().fold(vec![Vec::new()], |combinations, (key, values)| {
        combinations
            .iter()
            .flat_map(|combination: &Vec<(String, String)>| {
                values.iter().map(move |value| {
                    let mut longer = combination.clone();
                    longer.push((key.clone(), value.clone()));
                    longer
                })
            })
            .collect()
    })
}

fn case(draft: &Draft, values: &[(String, String)], vars: Vars<'_>, told: &mut Told) -> Case {
    Case {
        id: id::of(&draft.file.path, values),
        file: draft.file.path.clone(),
        line: draft.line,
        about: draft.about.clone(),
        requirements: draft.requirements.iter().map(|(id, _)| id.clone()).collect(),
        level: crate::spec::Level::Observe,
        port_type: draft.port_type,
        effect: draft.effect.as_ref().map_or(Effect::Disrupt, |(effect, _)| *effect),
        mutant: draft.mutant.clone(),
        twin: draft.twin.as_ref().and_then(|(twin, _)| twin.fill(vars).ok()).map(id::shorten),
        scenario: draft.scenario.clone(),
        secured: draft.secured.as_ref().map(|secured| secured.bind(vars, told)),
        needs: draft.names.needs.clone(),
        generate: draft.generate.clone(),
        since: draft.since,
        steps: draft.steps.iter().map(|source| bind(&source.step, vars)).collect(),
    }
}

/// Whether the XML of a step is well-formed, its holes filled with their names.
fn well_formed(step: &Step) -> Result<(), (XmlError, &Template)> {
    match &step.kind {
        StepKind::Call(call) => {
            let read = xml::fragment(&call.body.sketch(), namespace::IPAM, &Limits::default());
            read.map(|_| ()).map_err(|error| (error, &call.body))
        }
        StepKind::Raw(raw) => {
            let read = xml::read(raw.envelope.sketch().as_bytes(), &Limits::default());
            read.map(|_| ()).map_err(|error| (error, &raw.envelope))
        }
        StepKind::Records(Records { envelope: Some(envelope), .. }) => {
            let read = xml::read(envelope.sketch().as_bytes(), &Limits::default());
            read.map(|_| ()).map_err(|error| (error, envelope))
        }
        _ => Ok(()),
    }
}

fn tell(error: &XmlError, template: &Template, source: &StepDraft, values: &[(String, String)], told: &mut Told) {
    let place = template.source_of(error.position.offset);
    let span = source.xml + place.start..source.xml + place.end;
    let what = if matches!(source.step.kind, StepKind::Raw(_) | StepKind::Records(_)) { "envelope" } else { "body" };
    let mistake = told.bad_value(span, format!("the {what} is not well-formed: {}", error.kind));
    let used = values.iter().filter(|(key, _)| source.holes().any(|hole| hole == key));
    let used: Vec<String> = used.map(|(key, value)| format!("{key} = {}", shown(value))).collect();
    if !used.is_empty() {
        mistake.label(format!("with {}", used.join(", ")));
    }
    if what == "envelope" {
        mistake.help("where that is meant, write malformed = true");
    }
}

/// A case does no less than its requests could.
fn effect_is_declared(step: &Step, draft: &Draft, courses: &mut effect::Courses, told: &mut Told) {
    let Some((declared, span)) = &draft.effect else { return };
    let (could, why) = effect::of_step(step, draft.port_type, courses);
    if *declared < could {
        told.bad_value(span.clone(), format!("the effect is at least `{could}`: {why}"))
            .help(format!("write effect = \"{could}\""));
    }
}

/// What is tampered with has to be sealed.
fn way_is_protected(step: &Step, case: &Case, source: &StepDraft, told: &mut Told) {
    let StepKind::Records(records) = &step.kind else { return };
    let is_protected = matches!(case.secured, Some(Secured::AsUsual | Secured::As(_)));
    if records.on_the_way.is_some() && !is_protected {
        told.bad_value(source.xml..source.xml, "records that nothing protects travel as they are")
            .help("write [security] into the case, or leave `on_the_way` out");
    }
}

/// Whoever keeps count of failed attempts counts this one too.
fn made_up_is_declared(case: &Case, draft: &Draft, told: &mut Told) {
    let Some((declared, span)) = &draft.effect else { return };
    if case.secured == Some(Secured::MadeUp) && *declared < Effect::Disrupt {
        told.bad_value(span.clone(), "the effect is at least `disrupt`: somebody tries to log on who has no account")
            .help("write effect = \"disrupt\"");
    }
}

impl StepDraft {
    /// The holes of its XML.
    pub(super) fn holes(&self) -> impl Iterator<Item = &str> {
        let template = match &self.step.kind {
            StepKind::Call(call) => Some(&call.body),
            StepKind::Raw(raw) => Some(&raw.envelope),
            StepKind::Records(records) => records.envelope.as_ref(),
            _ => None,
        };
        template.into_iter().flat_map(Template::holes)
    }
}

fn bind(step: &Step, vars: Vars<'_>) -> Step {
    let values = |values: &[ValueExpectation]| values.iter().map(|value| bind_value(value, vars)).collect();
    let kind = match &step.kind {
        StepKind::Call(call) => StepKind::Call(Call {
            operation: call.operation,
            body: call.body.bind(vars),
            action: call.action.as_ref().map(|action| action.bind(vars)),
        }),
        StepKind::Raw(raw) => StepKind::Raw(Raw {
            operation: raw.operation,
            envelope: raw.envelope.bind(vars),
            action: raw.action.as_ref().map(|action| action.bind(vars)),
            malformed: raw.malformed,
        }),
        StepKind::Records(records) => StepKind::Records(Records {
            lines: records.lines.iter().map(|line| line.bind(vars)).collect(),
            envelope: records.envelope.as_ref().map(|envelope| envelope.bind(vars)),
            operation: records.operation,
            split: records.split.as_ref().map(|split| split.bind(vars)),
            on_the_way: records.on_the_way.as_ref().map(|way| way.bind(vars)),
            message_id: records.message_id.as_ref().map(|id| id.bind(vars)),
        }),
        other => other.clone(),
    };
    Step {
        line: step.line,
        session: step.session.clone(),
        sent_as: step.sent_as.clone(),
        kind,
        given: values(&step.given),
        expect: step.expect.as_ref().map(|expect| Expect { values: values(&expect.values), ..expect.clone() }),
        captures: step
            .captures
            .iter()
            .map(|capture| Capture { name: capture.name.clone(), path: capture.path.bind(vars) })
            .collect(),
        poll: step.poll,
    }
}

fn bind_value(value: &ValueExpectation, vars: Vars<'_>) -> ValueExpectation {
    let bind = |assertion: &Assertion| match assertion {
        Assertion::Equals(template, kind) => Assertion::Equals(template.bind(vars), *kind),
        Assertion::OneOf(templates) => Assertion::OneOf(templates.iter().map(|template| template.bind(vars)).collect()),
        Assertion::Before(bound) => Assertion::Before(bound.bind(vars)),
        Assertion::After(bound) => Assertion::After(bound.bind(vars)),
        other => other.clone(),
    };
    let any = value.any.iter().map(|(path, assertion)| (path.bind(vars), bind(assertion))).collect();
    ValueExpectation { any, ..value.clone() }
}
