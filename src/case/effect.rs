//! The worst that a step's request could do on a server that accepts it, whatever the file declares.
//!
//! Leaves out what is allowed (the guard at the session layer decides that).

use std::collections::BTreeMap;

use super::{
    course::Course,
    model::{Step, StepKind},
    records::{RecordSpec, Records},
    template::Template,
};
use crate::{
    spec::{Callback, Effect, OPERATIONS, Operation, PortType, namespace},
    wire::framing::Record,
    xml::{self, Element, Limits},
};

/// What the steps of a case have sent so far on each of its sessions.
pub(super) type Courses = BTreeMap<Option<String>, Course>;

/// The effect of a step and what makes it so, in words; `courses` knows the steps before it.
///
/// A call does what its operation does, and what the action does that is sent in place of its own. An envelope does the
/// worst of: the operation whose reply it expects; the action beside it; every WS-Addressing action in it; every element
/// in its body that has the name of an operation, in whatever namespace. One that is not well-formed disrupts. An action
/// or a body element in the protocol's namespace that is no known operation is taken to write, and so is an action that
/// is not known before the run.
pub(super) fn of_step(step: &Step, port_type: PortType, courses: &mut Courses) -> (Effect, String) {
    match &step.kind {
        StepKind::Await(_)
        | StepKind::Silence(_)
        | StepKind::Close
        | StepKind::Abort
        | StepKind::Wait(_)
        | StepKind::Idle(_) => nothing(),
        StepKind::Records(records) => of_records(records, port_type, courses.entry(step.session.clone()).or_default()),
        StepKind::Call(call) => {
            let action = call.action.as_ref().map_or_else(nothing, of_template);
            worst([of_operation(call.operation), action])
        }
        StepKind::Raw(raw) => {
            let operation = raw.operation.map_or_else(nothing, of_operation);
            let action = raw.action.as_ref().map_or_else(nothing, of_template);
            let envelope = match xml::read(raw.envelope.sketch().as_bytes(), &Limits::default()) {
                Ok(document) => of_element(&document.root),
                Err(_) => (Effect::Disrupt, "the envelope is not well-formed".to_owned()),
            };
            let made_up = if raw.envelope.awaits_xml() {
                (Effect::Write, "what its envelope holds is made up".to_owned())
            } else {
                nothing()
            };
            worst([operation, action, envelope, made_up])
        }
    }
}

/// Records do the worst of the requests in them; those that not every client sends disrupt, and so do envelopes that are
/// not read here.
fn of_records(records: &Records, port_type: PortType, course: &mut Course) -> (Effect, String) {
    let way = records.way();
    let lines: Vec<_> = records.lines.iter().map(|line| RecordSpec::parse(&line.sketch(), port_type)).collect();
    let asked = lines.iter().flatten().map(|line| match line {
        RecordSpec::Envelope { operation: Some(operation), .. } => of_operation(operation),
        _ => nothing(),
    });
    let envelope =
        match records.envelope.as_ref().map(|envelope| xml::read(envelope.sketch().as_bytes(), &Limits::default())) {
            Some(Ok(document)) => of_element(&document.root),
            Some(Err(_)) => (Effect::Disrupt, "the envelope is not well-formed".to_owned()),
            None => nothing(),
        };
    let known: Vec<_> = lines.iter().flatten().cloned().collect();
    let records = if course.takes(&known) && known.len() == lines.len() {
        nothing()
    } else {
        (Effect::Disrupt, "not every client sends such records".to_owned())
    };
    let composed: Vec<_> = known.iter().filter_map(|record| of_composed(record, course)).collect();
    let way = if way.is_faithful() {
        nothing()
    } else {
        course.lose();
        (Effect::Disrupt, "its records are tampered with on their way".to_owned())
    };
    worst(asked.chain(composed).chain([envelope, records, way]))
}

/// What an envelope does that is given byte by byte.
fn of_composed(record: &RecordSpec, course: &mut Course) -> Option<(Effect, String)> {
    let RecordSpec::Bytes(_, Some(Record::SizedEnvelopeRecord(payload))) = record else {
        // The strings of an envelope that is yet to be written are not known.
        if matches!(record, RecordSpec::Envelope { .. }) {
            course.payloads.lose();
        }
        return None;
    };
    let read = course.payloads.read(payload);
    let read = read.and_then(|request| xml::read(&request.envelope, &Limits::default()).ok());
    Some(read.map_or_else(
        || (Effect::Disrupt, "an envelope in it is not read here as a request".to_owned()),
        |document| of_element(&document.root),
    ))
}

fn nothing() -> (Effect, String) {
    (Effect::Read, String::new())
}

fn worst(effects: impl IntoIterator<Item = (Effect, String)>) -> (Effect, String) {
    effects.into_iter().fold(nothing(), |worst, next| if next.0 > worst.0 { next } else { worst })
}

fn of_operation(operation: &Operation) -> (Effect, String) {
    (operation.effect, format!("it asks for {}", operation.name))
}

fn of_template(action: &Template) -> (Effect, String) {
    match action.constant() {
        Some(action) => of_action(&action),
        None => (Effect::Write, format!("`{action}` is not known before the run")),
    }
}

fn of_action(action: &str) -> (Effect, String) {
    let action = action.trim();
    match Operation::of_action(action) {
        Some(operation) => of_operation(operation),
        // One that a client sends is to be ignored, and does no harm where it is not.
        None if Callback::of_action(action).is_some() => nothing(),
        None if in_namespace(action) => {
            (Effect::Write, "its action is in the protocol's namespace and of no known operation".to_owned())
        }
        None => nothing(),
    }
}

/// Whether a server could take an action for one of the protocol; letter case does not save us.
fn in_namespace(action: &str) -> bool {
    action.get(..namespace::IPAM.len()).is_some_and(|start| start.eq_ignore_ascii_case(namespace::IPAM))
}

/// The worst that is named anywhere in a tree. The depth of a tree that was read is limited.
fn of_element(element: &Element) -> (Effect, String) {
    let mut effects = Vec::new();
    if element.name.is(namespace::ADDRESSING, "Action") {
        effects.push(of_action(&element.text()));
    }
    for child in element.elements() {
        if &*element.name.local == "Body" {
            effects.push(match OPERATIONS.iter().find(|operation| *operation.name == *child.name.local) {
                Some(operation) => of_operation(operation),
                None if Callback::of_element(&child.name.namespace, &child.name.local).is_some() => nothing(),
                None if &*child.name.namespace == namespace::IPAM => (
                    Effect::Write,
                    format!("`{}` is in the protocol's namespace and no known operation", child.name.local),
                ),
                None => nothing(),
            });
        }
        effects.push(of_element(child));
    }
    worst(effects)
}
