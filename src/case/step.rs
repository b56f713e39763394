//! Reads the steps of a case file.
//!
//! Leaves out the matrix: templates keep the holes that it will fill.

use std::ops::Range;

use super::{
    assertion::{self, Row},
    mistake::{MistakeKind, Told, shown, suggest},
    model::{Answer, Call, Capture, EndedBy, Expect, FaultKind, Raw, Step, StepKind, ValueExpectation},
    names::{BUILT_IN, Names, Place},
    session,
    template::{Escape, Template, is_name},
    walk::{Fields, Text, as_text, wrong_type},
};
use crate::spec::{OPERATIONS, Operation, PortType, RequirementId};

/// What a step is read against, and what is noted of it beside its model.
#[derive(Debug)]
pub(super) struct Context<'c> {
    /// The port type of the case.
    pub(super) port_type: PortType,
    /// The requirement that owns what names none.
    pub(super) owner: &'c RequirementId,
    /// The names that holes may use.
    pub(super) names: &'c mut Names,
    /// Every requirement that the file mentions, with its place.
    pub(super) mentioned: &'c mut Vec<(RequirementId, Range<usize>)>,
    /// Expectations that nothing can fail, which only a requirement of level observe may have.
    pub(super) toothless: &'c mut Vec<(RequirementId, Range<usize>)>,
}

/// A step and where its XML stands.
#[derive(Debug, Clone)]
pub(super) struct StepDraft {
    pub(super) step: Step,
    /// Where the content of the body or the envelope begins in the file; of the default body, the header.
    pub(super) xml: usize,
    /// Where `malformed = true` stands, for an envelope that is meant to be no XML.
    pub(super) malformed: Option<Range<usize>>,
}

/// Reads a step: one that names several sessions is a step on each of them, in their order.
pub(super) fn step(mut fields: Fields<'_>, context: &mut Context<'_>, told: &mut Told) -> Vec<StepDraft> {
    let both = fields.has("session") && fields.has("sessions");
    let span = fields.key_span("sessions");
    let sessions: Option<Vec<_>> = fields
        .texts("sessions", told)
        .map(|texts| texts.into_iter().filter_map(|text| name(text, "session", told)).collect());
    if both {
        told.bad_value(span, "a step is done on one session or on several").help("leave `session` or `sessions` out");
    }
    let Some(draft) = one(fields, context, told) else { return Vec::new() };
    match sessions {
        None => vec![draft],
        Some(names) => names
            .into_iter()
            .map(|name| StepDraft { step: Step { session: Some(name), ..draft.step.clone() }, ..draft.clone() })
            .collect(),
    }
}

fn one(mut fields: Fields<'_>, context: &mut Context<'_>, told: &mut Told) -> Option<StepDraft> {
    let line = told.file().line(fields.span().start);
    let did: Vec<&str> = ACTS.into_iter().filter(|key| fields.has(key)).collect();
    let mut xml = fields.span().start;
    let mut malformed = None;
    let call = fields.table("call", "[step.call]", told).map(|call| self::call(call, &mut xml, context, told));
    let raw =
        fields.table("raw", "[step.raw]", told).map(|raw| self::raw(raw, &mut xml, &mut malformed, context, told));
    let session = fields.text("session", told).and_then(|text| name(text, "session", told));
    let sent = fields.table("send", "[step.send]", told).map(|sent| self::sent(sent, &mut xml, context, told));
    let sent_as = sent.as_ref().and_then(|sent| sent.as_ref()).map(|(name, _)| name.clone());
    let sent = sent.map(|sent| sent.map(|(_, kind)| kind));
    let records = fields
        .table("records", "[step.records]", told)
        .map(|records| session::records(records, &mut xml, &mut malformed, context, told));
    let awaited = fields.table("await", "[step.await]", told).map(|awaited| session::awaited(awaited, told));
    let silence = fields.period("silence", told).map(StepKind::Silence);
    let close = fields.flag("close", told).map(|_| StepKind::Close);
    let abort = fields.flag("abort", told).map(|_| StepKind::Abort);
    let wait = fields.period("wait", told).map(StepKind::Wait);
    let idle = fields.integer("idle", 1..1_001, told).and_then(|share| u32::try_from(share).ok()).map(StepKind::Idle);
    let is_wait = ["wait", "idle", "close", "abort", "send", "silence"].into_iter().find(|key| fields.has(key));
    let kind = call.or(raw).or(sent).flatten().or(records).or(awaited);
    let kind = kind.or(silence).or(close).or(abort).or(wait).or(idle);

    let answered = ["expect", "given", "capture"].into_iter().find(|key| fields.has(key));
    let expect_span = fields.key_span("expect");
    let expects_operation = match &kind {
        Some(StepKind::Raw(raw)) => raw.operation.is_some(),
        Some(StepKind::Records(records)) => records.operation.is_some(),
        Some(StepKind::Await(awaited)) => awaited.answer_to.is_some(),
        _ => true,
    };
    let expect = fields
        .table("expect", "[step.expect]", told)
        .map(|expect| self::expect(expect, expects_operation, context, told));
    let given = fields.tables("given", "[[step.given]]", told);
    let given_count = given.len();
    let given: Vec<ValueExpectation> = given
        .into_iter()
        .filter_map(|row| assertion::row(row, &Row::Given(context.owner), context.names, context.mentioned, told))
        .collect();
    let captures = fields.table("capture", "[step.capture]", told).map(|table| captures(&table, context, told));
    let poll_span = fields.key_span("poll");
    let poll = fields.table("poll", "[step.poll]", told).map(|poll| assertion::poll(poll, told));

    match did.as_slice() {
        [] if !fields.has_unknown() => {
            told.tell(MistakeKind::MissingKey, fields.span(), "the step does nothing")
                .help("write [step.call], [step.raw] or wait = \"45s\"; docs/case-format.md has those of sessions");
        }
        [_, second, ..] => {
            told.bad_value(fields.key_span(second), "a step does one thing").help("write a [[step]] for each");
        }
        _ => {}
    }
    if let Some(act) = is_wait {
        let answered = answered.filter(|key| act != "silence" || *key != "expect");
        if let Some(key) = answered.or(fields.has("poll").then_some("poll")) {
            told.bad_value(fields.key_span(key), format!("nothing comes back to a {act}, so `{key}` means nothing"))
                .help("put it on a step that asks something");
        }
    } else if answered.is_none() && !did.is_empty() && did != ["records"] && !fields.has_unknown() {
        told.bad_value(fields.span(), "nothing is made of the answer")
            .help("write [step.expect], [[step.given]] or [step.capture]");
    }
    if poll.is_some() && is_wait.is_none() {
        let values = matches!(&expect, Some(Some(expect)) if expect.values.is_empty()) || expect.is_none();
        if values && given_count == 0 {
            told.bad_value(poll_span, "a poll waits for values, and none is expected")
                .help("write [[step.expect.value]], or leave the poll out");
        }
    }
    if matches!(&expect, Some(Some(Expect { answer: Answer::Fault(_), .. })))
        && let Some(key) = ["given", "capture"].into_iter().find(|key| fields.has(key))
    {
        told.bad_value(fields.key_span(key), format!("`{key}` looks into a reply, and a fault is expected"))
            .help("put it on a step that is replied to");
    }
    fields.finish(told);

    // What a step captures is there from the next step on.
    let captures = captures.unwrap_or_default();
    context.names.captured.extend(captures.iter().map(|capture| capture.name.clone()));
    if let Some(Some(expect)) = &expect
        && expect.answer == Answer::Either
        && expect.values.is_empty()
        && !expect.snapshot
    {
        context.toothless.push((expect.requirement.clone(), expect_span));
    }
    let kind = kind?;
    let expect = match &kind {
        // What silence is about needs no words.
        StepKind::Silence(_) if expect.is_none() => {
            let requirement = context.owner.clone();
            Some(Expect {
                answer: Answer::Nothing,
                requirement,
                snapshot: false,
                values: Vec::new(),
                unless_closed: None,
                unless_replied: None,
                ended_by: None,
            })
        }
        _ => expect.flatten(),
    };
    let step = Step { line, session, sent_as, kind, given, expect, captures, poll: poll.flatten() };
    Some(StepDraft { step, xml, malformed })
}

/// What a step can do, of which it does one.
const ACTS: [&str; 10] = ["call", "raw", "send", "records", "await", "silence", "close", "abort", "wait", "idle"];

/// A request whose answer a later step waits for, and the name under which it does.
fn sent(
    mut fields: Fields<'_>,
    xml: &mut usize,
    context: &mut Context<'_>,
    told: &mut Told,
) -> Option<(String, StepKind)> {
    let name = fields.required_text("name", "name = \"start\"", told).and_then(|text| name(text, "request", told));
    let mut malformed = None;
    let kind = if fields.has("envelope") {
        raw(fields, xml, &mut malformed, context, told)
    } else {
        call(fields, xml, context, told)
    };
    Some((name?, kind?))
}

/// A name that a case gives to a session or to what it sent.
pub(super) fn name(text: Text<'_>, what: &str, told: &mut Told) -> Option<String> {
    if is_name(text.value) {
        return Some(text.value.to_owned());
    }
    told.bad_value(text.span(), format!("{} is not a name for a {what}", shown(text.value)))
        .help("a name is lower-case letters, digits and `_`, a letter first");
    None
}

fn call(mut fields: Fields<'_>, xml: &mut usize, context: &mut Context<'_>, told: &mut Told) -> Option<StepKind> {
    let has_operation = fields.has("operation");
    let operation = operation(&mut fields, context.port_type, told);
    if !has_operation {
        fields.missing("operation", "operation = \"GetIpamVersion\"");
    }
    let body = match fields.text("body", told) {
        Some(text) => context.names.xml(text, Place::Body, told).map(|(body, start)| {
            *xml = start;
            body
        }),
        None => Some(Template::literal("")),
    };
    let action = action(&mut fields, Place::String, context, told);
    fields.finish(told);
    Some(StepKind::Call(Call { operation: operation?, body: body?, action: action? }))
}

fn raw(
    mut fields: Fields<'_>,
    xml: &mut usize,
    malformed: &mut Option<Range<usize>>,
    context: &mut Context<'_>,
    told: &mut Told,
) -> Option<StepKind> {
    let envelope = fields.required_text("envelope", "envelope = '''...'''", told);
    let envelope = envelope.and_then(|text| context.names.xml(text, Place::Envelope, told)).map(|(envelope, start)| {
        *xml = start;
        envelope
    });
    let action = action(&mut fields, Place::Envelope, context, told);
    let has_operation = fields.has("operation");
    let operation = operation(&mut fields, context.port_type, told);
    *malformed = fields.flag("malformed", told);
    fields.finish(told);
    if has_operation && operation.is_none() {
        return None;
    }
    Some(StepKind::Raw(Raw { operation, envelope: envelope?, action: action?, malformed: malformed.is_some() }))
}

/// Takes `operation`.
pub(super) fn operation(fields: &mut Fields<'_>, port_type: PortType, told: &mut Told) -> Option<&'static Operation> {
    let text = fields.text("operation", told)?;
    let operation = Operation::named(port_type, text.value);
    if operation.is_none() {
        let known = OPERATIONS.iter().filter(|operation| operation.port_type == port_type);
        let help = suggest(text.value, known.map(|operation| operation.name));
        told.bad_value(
            text.span(),
            format!("{} is no operation of {} that cases can drive", shown(text.value), port_type.name()),
        )
        .help = help;
    }
    operation
}

/// Takes `action`; nothing where it is wrong, `Some(None)` where there is none.
#[expect(clippy::option_option, reason = "absent and wrong are two things")]
fn action(
    fields: &mut Fields<'_>,
    place: Place,
    context: &mut Context<'_>,
    told: &mut Told,
) -> Option<Option<Template>> {
    if !fields.has("action") {
        fields.value("action");
        return Some(None);
    }
    let text = fields.text("action", told)?;
    context.names.template(text, Escape::Plain, place, told).map(Some)
}

/// What a step can expect, of which it expects one.
const ANSWERS: [&str; 13] = [
    "reply",
    "fault",
    "either",
    "callback",
    "no_callback",
    "accepted",
    "upgraded",
    "handshake",
    "refused",
    "ended",
    "nothing",
    "finished",
    "unsuccessful",
];

fn expect(
    mut fields: Fields<'_>,
    operation_is_known: bool,
    context: &mut Context<'_>,
    told: &mut Told,
) -> Option<Expect> {
    let span = fields.span();
    let said: Vec<&str> = ANSWERS.into_iter().filter(|key| fields.has(key)).collect();
    let reply = fields.flag("reply", told);
    let fault = fields.text("fault", told);
    let either = fields.flag("either", told);
    let fault_kind = fault.and_then(|fault| match fault.value {
        "any" => Some(FaultKind::Any),
        "common" => Some(FaultKind::Common),
        other => {
            let help = suggest(other, ["any", "common"]);
            told.bad_value(fault.span(), format!("{} is no kind of fault", shown(other))).help = help;
            None
        }
    });
    let of_session = session::answer(&mut fields, context.port_type, told);
    let closed_span = fields.key_span("unless_closed");
    let unless_closed = fields.text("unless_closed", told).map(|reason| reason.value.to_owned());
    if unless_closed.is_some() && !matches!(of_session, Some(Answer::Accepted)) && !said.contains(&"reply") {
        told.bad_value(closed_span, "`unless_closed` is about a session that is to be taken, or to go on")
            .help("write it beside accepted = true or reply = true");
    }
    let replied_span = fields.key_span("unless_replied");
    let unless_replied = fields.text("unless_replied", told).map(|reason| reason.value.to_owned());
    if unless_replied.is_some() && !said.contains(&"either") {
        told.bad_value(replied_span, "`unless_replied` is about what may be answered or not")
            .help("write it beside either = true");
    }
    let ended_by = fields.text("ended_by", told).and_then(|text| {
        let known = EndedBy::ALL.into_iter().find(|way| way.as_str() == text.value);
        if known.is_none() {
            let help = suggest(text.value, EndedBy::ALL.map(EndedBy::as_str));
            told.bad_value(text.span(), format!("{} is no way to end a session", shown(text.value))).help = help;
        } else if of_session != Some(Answer::Ended) {
            told.bad_value(text.span(), "`ended_by` is about a session that ends").help("write it beside ended = true");
        }
        known
    });
    let snapshot = fields.boolean("snapshot", told);
    if let Some((true, span)) = &snapshot
        && !context.names.generated.is_empty()
    {
        told.bad_value(
            span.clone(),
            "a snapshot is compared from run to run, and generated values differ with the seed",
        )
        .help("leave `snapshot` out");
    }
    let requirement = assertion::requirement(&mut fields, context.mentioned, told);
    let requirement = requirement.unwrap_or_else(|| context.owner.clone());
    let value_span = fields.key_span("value");
    let rows = fields.tables("value", "[[step.expect.value]]", told);
    if fault.is_some() && !rows.is_empty() {
        told.bad_value(value_span, "a value stands in a reply, and a fault is expected")
            .help("leave it out; `snapshot = true` compares what a fault says");
    }
    let mut values = Vec::new();
    for row in rows {
        values.extend(assertion::row(row, &Row::Expect(context.owner), context.names, context.mentioned, told));
    }
    match said.as_slice() {
        [] if !fields.has_unknown() => {
            told.tell(MistakeKind::MissingKey, span, "what must come back is not said")
                .help("write reply = true, fault = \"any\", fault = \"common\" or either = true");
        }
        [_, second, ..] => {
            told.bad_value(fields.key_span(second), "one kind of answer is expected, not two")
                .help("write one of them");
        }
        _ => {}
    }
    if let Some(span) = &reply {
        if !operation_is_known {
            told.bad_value(span.clone(), "whose reply is not said")
                .help("write operation = \"...\" beside what is sent, or expect a fault");
        }
        if let Some((true, span)) = &snapshot {
            told.bad_value(span.clone(), "a snapshot is of a fault, and a reply is expected")
                .help("leave `snapshot` out");
        }
    }
    fields.finish(told);
    let answer = match (reply, fault_kind, either) {
        (Some(_), ..) => Answer::Reply,
        (_, Some(kind), _) => Answer::Fault(kind),
        (_, _, Some(_)) => Answer::Either,
        _ => of_session?,
    };
    let snapshot = snapshot.is_some_and(|(snapshot, _)| snapshot);
    Some(Expect { answer, requirement, snapshot, values, unless_closed, unless_replied, ended_by })
}

fn captures(fields: &Fields<'_>, context: &mut Context<'_>, told: &mut Told) -> Vec<Capture> {
    let mut captures = Vec::new();
    for (name, value) in fields.entries() {
        if !is_name(name.value) {
            told.bad_value(name.span(), format!("{} is not a name for a hole", shown(name.value)))
                .help("a name is lower-case letters, digits and `_`, a letter first");
            continue;
        }
        let names = &context.names;
        if names.matrix.contains_key(name.value)
            || names.generated.contains_key(name.value)
            || BUILT_IN.contains(&name.value)
        {
            told.bad_value(name.span(), format!("`{}` is taken", name.value)).help("choose another name");
            continue;
        }
        let Some(text) = as_text(value) else {
            wrong_type(value, &format!("the path of `{}`", name.value), "a string", told);
            continue;
        };
        if let Some(path) = context.names.path(text, told) {
            captures.push(Capture { name: name.value.to_owned(), path });
        }
    }
    captures
}
