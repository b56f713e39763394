//! Makes the request of a step: its envelope and its action, every hole filled.
//!
//! Leaves out sending, and where the values of the holes come from.

use bytes::Bytes;

use super::ask::asking;
use crate::{
    case::{
        Course, RecordSpec, Records, Split, Step, StepKind,
        template::{Template, Unfilled},
    },
    session::{GivenRecords, Outgoing},
    soap::{self, write::Route},
    spec::{Operation, PortType},
    wire::framing::Record,
    xml,
};

/// The request of a step, and what it asks in a word; none for a step that sends nothing.
///
/// # Errors
/// Names a hole without a value.
pub fn render(
    step: &Step,
    message_id: &str,
    route: Route<'_>,
    vars: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<(Outgoing, &'static str)>, Unfilled> {
    let vars = |name: &str| match name {
        "message_id" => Some(message_id.to_owned()),
        "to" => Some(route.to.to_owned()),
        name => vars(name),
    };
    let fill = |template: &Template| template.fill(&vars);
    let (name, action, envelope, message_id) = match &step.kind {
        StepKind::Call(call) => {
            let action = match &call.action {
                Some(action) => fill(action)?,
                None => call.operation.action.to_owned(),
            };
            let body = fill(&call.body)?;
            let envelope = soap::write::request(call.operation, &action, message_id, route, &body);
            (call.operation.name, Some(action), envelope, Some(message_id.to_owned()))
        }
        StepKind::Raw(raw) => {
            let action = raw.action.as_ref().map(fill).transpose()?;
            let envelope = fill(&raw.envelope)?;
            // A reply relates to what the envelope says of itself, if it says anything.
            let read = soap::read(envelope.as_bytes(), &xml::Limits::default());
            let message_id = read.ok().and_then(|envelope| envelope.addressing.message_id);
            (raw.operation.map_or("raw", |operation| operation.name), action, envelope, message_id)
        }
        _ => return Ok(None),
    };
    let outgoing = Outgoing { action, message_id, envelope: envelope.into() };
    Ok(Some((outgoing, name)))
}

/// The records of a step, and what answers to them are known by.
#[derive(Debug)]
pub struct Rendered {
    /// The records, cut into pieces.
    pub given: GivenRecords,
    /// The id of the last request, those written in bytes included.
    pub message_id: Option<String>,
    /// The requests whose answers later steps wait for: name, id, and operation where the record names one.
    pub named: Vec<(String, Option<String>, Option<&'static Operation>)>,
}

/// Makes the bytes of a step that sends records. `message_id` gives the id of each request in them, `course` knows what
/// the session has sent before.
///
/// # Errors
/// A hole without a value, or a line or a split that is none once its holes are filled.
pub fn records(
    records: &Records,
    port_type: PortType,
    message_id: &dyn Fn(usize) -> String,
    to: &str,
    encode: &mut dyn FnMut(&[u8]) -> Bytes,
    course: &mut Course,
    vars: &dyn Fn(&str) -> Option<String>,
) -> Result<Rendered, String> {
    let (mut requests, mut payloads) = (Vec::new(), Vec::new());
    let mut bytes = Vec::new();
    let mut specs = Vec::new();
    let (mut named, mut last_id) = (Vec::new(), None);
    for line in &records.lines {
        let id = message_id(requests.len());
        let vars = |name: &str| match name {
            "message_id" => Some(id.clone()),
            "to" => Some(to.to_owned()),
            name => vars(name),
        };
        let filled = line.fill(&vars).map_err(|unfilled| unfilled.to_string())?;
        let spec = RecordSpec::parse(&filled, port_type)?;
        match &spec {
            RecordSpec::Bytes(octets, record) => {
                bytes.extend_from_slice(octets);
                if let Some(Record::SizedEnvelopeRecord(payload)) = record {
                    payloads.push(payload.clone());
                }
                if line.holes().any(|hole| hole == "message_id") {
                    last_id = Some(id);
                }
            }
            RecordSpec::Envelope { unsized_record, operation, name } => {
                let outgoing = if let Some(operation) = operation {
                    asking(operation, &id, to)
                } else {
                    let envelope = records.envelope.as_ref().ok_or("the step has no envelope")?;
                    let envelope = envelope.fill(&vars).map_err(|unfilled| unfilled.to_string())?;
                    let read = soap::read(envelope.as_bytes(), &xml::Limits::default());
                    let message_id = read.ok().and_then(|envelope| envelope.addressing.message_id);
                    Outgoing { action: None, message_id, envelope: envelope.into() }
                };
                let payload = encode(&outgoing.envelope);
                last_id.clone_from(&outgoing.message_id);
                if let Some(name) = name {
                    named.push((name.clone(), outgoing.message_id.clone(), operation.or(records.operation)));
                }
                requests.push(outgoing);
                payloads.push(payload.clone());
                let record = if *unsized_record {
                    Record::UnsizedEnvelopeRecord(payload)
                } else {
                    Record::SizedEnvelopeRecord(payload)
                };
                record.write(&mut bytes);
            }
        }
        specs.push(spec);
    }
    if let Some(id) = &records.message_id {
        last_id = Some(id.fill(vars).map_err(|unfilled| unfilled.to_string())?);
    }
    let split = match &records.split {
        Some(split) => Some(Split::parse(&split.fill(vars).map_err(|unfilled| unfilled.to_string())?)?),
        None => None,
    };
    let bytes = Bytes::from(bytes);
    let split = match split {
        Some(Split::Before(count)) => Some(Split::At(bytes.len().saturating_sub(count))),
        other => other,
    };
    let pieces = match split {
        Some(Split::EveryByte) => bytes.chunks(1).map(Bytes::copy_from_slice).collect(),
        Some(Split::At(at)) if at > 0 && at < bytes.len() => vec![bytes.slice(..at), bytes.slice(at..)],
        _ => vec![bytes],
    };
    let given = GivenRecords { pieces, requests, payloads, regular: course.takes(&specs), way: records.way() };
    if !given.way.is_faithful() {
        course.lose();
    }
    Ok(Rendered { given, message_id: last_id, named })
}
