//! Makes the request of a step: its envelope and its action, every hole filled.
//!
//! Leaves out sending, and where the values of the holes come from.

use crate::{
    case::{
        Step, StepKind,
        template::{Template, Unfilled},
    },
    session::Outgoing,
    soap, xml,
};

/// The request of a step, and what it asks in a word; none for a step that sends nothing.
///
/// # Errors
/// Names a hole without a value.
pub fn render(
    step: &Step,
    message_id: &str,
    to: &str,
    vars: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<(Outgoing, &'static str)>, Unfilled> {
    let vars = |name: &str| match name {
        "message_id" => Some(message_id.to_owned()),
        "to" => Some(to.to_owned()),
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
            let envelope = soap::write::request(call.operation, &action, message_id, to, &body);
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
        StepKind::Wait(_) => return Ok(None),
    };
    let outgoing = Outgoing { action, message_id, envelope: envelope.into() };
    Ok(Some((outgoing, name)))
}
