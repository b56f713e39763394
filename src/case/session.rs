//! Reads what a case file says of sessions: records, what is waited for, and the answers that only a session has.
//!
//! Leaves out requests, which are the same with and without a session.

use std::ops::Range;

use super::{
    mistake::{Told, shown, suggest},
    model::{Answer, Await, StepKind},
    names::Place,
    records::{RecordSpec, Records, Split, WORDS},
    step::{Context, name, operation},
    template::{Escape, Template},
    walk::{Fields, Text},
};
use crate::spec::{CALLBACKS, Callback, PortType};

/// Reads `[step.records]`.
pub(super) fn records(
    mut fields: Fields<'_>,
    xml: &mut usize,
    malformed: &mut Option<Range<usize>>,
    context: &mut Context<'_>,
    told: &mut Told,
) -> StepKind {
    if !fields.has("send") {
        fields.missing("send", "send = [\"VersionRecord 1.0\", ...]");
    }
    let mut lines = Vec::new();
    for text in fields.texts("send", told).unwrap_or_default() {
        let Some(template) = context.names.template(text, Escape::Plain, Place::Envelope, told) else { continue };
        if let Some(line) = template.constant() {
            line_is_one(&line, text, context.port_type, told);
        }
        lines.push(template);
    }
    let holds_envelope = |line: &Template| {
        let sketch = line.sketch();
        let after = sketch.split_once("EnvelopeRecord envelope").map(|(_, after)| after);
        after.is_some_and(|after| after.is_empty() || after.starts_with(' '))
    };
    let names_envelope = lines.iter().any(holds_envelope);
    let has_envelope = fields.has("envelope");
    if has_envelope && !names_envelope {
        told.bad_value(fields.key_span("envelope"), "no record holds the envelope")
            .help("write \"SizedEnvelopeRecord envelope\" into `send`");
    }
    if names_envelope && !has_envelope {
        fields.missing("envelope", "envelope = '''...'''");
    }
    let envelope = match fields.text("envelope", told) {
        Some(text) => context.names.xml(text, Place::Envelope, told).map(|(envelope, start)| {
            *xml = start;
            envelope
        }),
        None => None,
    };
    *malformed = fields.flag("malformed", told);
    let asked = |line: &Template| match RecordSpec::parse(&line.sketch(), context.port_type) {
        Ok(RecordSpec::Envelope { operation, .. }) => operation,
        _ => None,
    };
    // Where nothing else is said, the answer to the last request is expected.
    let asked = lines.iter().rev().find_map(asked);
    let operation = operation(&mut fields, context.port_type, told).or(asked);
    let split = fields.text("split", told).and_then(|text| {
        let template = context.names.template(text, Escape::Plain, Place::String, told)?;
        if let Some(Err(problem)) = template.constant().map(|split| Split::parse(&split)) {
            told.bad_value(text.span(), problem).help("write split = \"3\" or split = \"every byte\"");
        }
        Some(template)
    });
    fields.finish(told);
    StepKind::Records(Records { lines, envelope, operation, split })
}

fn line_is_one(line: &str, text: Text<'_>, port_type: PortType, told: &mut Told) {
    if let Err(problem) = RecordSpec::parse(line, port_type) {
        let word = line.split(' ').next().unwrap_or_default();
        let mistake = told.bad_value(text.span(), problem);
        if !WORDS.contains(&word) {
            mistake.help = suggest(word, WORDS);
        }
    }
}

/// Reads `[step.await]`.
pub(super) fn awaited(mut fields: Fields<'_>, told: &mut Told) -> StepKind {
    let within = fields.period("within", told);
    let answer_to = fields.text("answer_to", told).and_then(|text| name(text, "request", told));
    fields.finish(told);
    StepKind::Await(Await { within, answer_to })
}

/// Takes the answer that only a session has, where one is said.
pub(super) fn answer(fields: &mut Fields<'_>, port_type: PortType, told: &mut Told) -> Option<Answer> {
    let callback = fields.text("callback", told).and_then(|text| callback(text, port_type, told));
    let flags = [
        ("accepted", Answer::Accepted),
        ("refused", Answer::Refused),
        ("ended", Answer::Ended),
        ("nothing", Answer::Nothing),
    ];
    let mut said = callback.map(Answer::Callback);
    for (key, answer) in flags {
        if fields.flag(key, told).is_some() {
            said = Some(answer);
        }
    }
    said
}

fn callback(text: Text<'_>, port_type: PortType, told: &mut Told) -> Option<&'static Callback> {
    let callback = Callback::named(port_type, text.value);
    if callback.is_none() {
        let known = CALLBACKS.iter().filter(|callback| callback.port_type == port_type);
        let help = suggest(text.value, known.map(|callback| callback.name));
        told.bad_value(text.span(), format!("{} is no callback of {}", shown(text.value), port_type.name())).help =
            help;
    }
    callback
}
