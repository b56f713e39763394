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
use crate::{
    session::Way,
    spec::{CALLBACKS, Callback, PortType},
    wire::nns::MessageId,
};

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
    let on_the_way = fields.text("on_the_way", told).and_then(|text| {
        let template = context.names.template(text, Escape::Plain, Place::String, told)?;
        if let Some(word) = template.constant().filter(|word| Way::named(word).is_none()) {
            told.bad_value(text.span(), format!("{} is nothing that becomes of records", shown(&word))).help =
                suggest(&word, Way::ALL.map(Way::as_str));
        }
        Some(template)
    });
    let message_id = fields.text("message_id", told);
    let message_id = message_id.and_then(|text| context.names.template(text, Escape::Plain, Place::String, told));
    fields.finish(told);
    StepKind::Records(Records { lines, envelope, operation, split, on_the_way, message_id })
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
    let first = fields.flag("first", told).is_some();
    fields.finish(told);
    StepKind::Await(Await { within, answer_to, first })
}

/// Takes the answer that only a session has, where one is said.
pub(super) fn answer(fields: &mut Fields<'_>, port_type: PortType, told: &mut Told) -> Option<Answer> {
    let callback = fields.text("callback", told).and_then(|text| callback(text, port_type, told));
    let flags = [
        ("accepted", Answer::Accepted),
        ("upgraded", Answer::Upgraded),
        ("refused", Answer::Refused),
        ("ended", Answer::Ended),
        ("nothing", Answer::Nothing),
        ("finished", Answer::Finished),
        ("unsuccessful", Answer::Unsuccessful),
    ];
    let none = fields.text("no_callback", told).and_then(|text| match text.value {
        "any" => Some(None),
        _ => self::callback(text, port_type, told).map(Some),
    });
    let handshake = fields.text("handshake", told).and_then(|text| {
        let found = MessageId::ALL.into_iter().find(|id| id.name() == text.value);
        if found.is_none() {
            told.bad_value(text.span(), format!("{} is no message of a handshake", shown(text.value))).help =
                suggest(text.value, MessageId::ALL.map(MessageId::name));
        }
        found
    });
    let said = callback.map(Answer::Callback).or(none.map(Answer::NoCallback));
    let mut said = said.or(handshake.map(Answer::Handshake));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::{Case, Mistakes, SourceFile, Suite},
        spec::progress::AdminOperation,
    };

    const CATALOGUE: &str = "revision = \"12.0\"\n[[requirement]]\nid = \"a.b\"\ndocument = \"MS-IPAMM2\"\n\
        section = \"3.19.4.3\"\nlevel = \"must\"\ntext = \"x\"\n";

    fn cases(rest: &str) -> Result<Vec<Case>, Mistakes> {
        let case = format!(
            "about = \"x\"\nrequirements = [\"a.b\"]\nport_type = \"IIpamOperationWithProgress\"\neffect = \"write\"\n\
             mutant = \"m\"\n{rest}"
        );
        let files = [("requirements/all.toml", CATALOGUE.to_owned()), ("progress/one.toml", case)];
        Suite::load(&files.map(|(path, text)| SourceFile::new(path, text))).map(|suite| suite.cases)
    }

    const START: &str = "[step.send]\nname = \"start\"\noperation = \"StartOperationWithCallback\"\n";

    #[test]
    fn a_step_on_several_sessions_is_one_on_each() {
        let steps = format!("[[step]]\nsessions = [\"one\", \"two\"]\n{START}");
        let read = cases(&steps).unwrap();
        let on: Vec<_> = read[0].steps.iter().map(|step| step.session.as_deref()).collect();
        assert_eq!(on, [Some("one"), Some("two")]);
        let both = steps.replace("sessions", "session = \"three\"\nsessions");
        assert!(cases(&both).unwrap_err().to_string().contains("one session or on several"));
        assert!(cases(&steps.replace("two", "Two")).is_err());
    }

    #[test]
    fn answers_of_operations_are_read() {
        let expected = |words: &str| {
            let steps =
                format!("[[step]]\n{START}[[step]]\n[step.await]\nanswer_to = \"start\"\n[step.expect]\n{words}\n");
            cases(&steps).map(|read| read[0].steps[1].expect.as_ref().unwrap().answer)
        };
        assert_eq!(expected("finished = true").unwrap(), Answer::Finished);
        assert_eq!(expected("unsuccessful = true").unwrap(), Answer::Unsuccessful);
        assert_eq!(expected("no_callback = \"any\"").unwrap(), Answer::NoCallback(None));
        let named = expected("no_callback = \"AddSubTask\"").unwrap();
        assert!(matches!(named, Answer::NoCallback(Some(callback)) if callback.name == "AddSubTask"));
        assert!(expected("no_callback = \"AddSubtask\"").unwrap_err().to_string().contains("AddSubTask"));
        assert!(expected("finished = true\nunsuccessful = true").is_err());
    }

    #[test]
    fn the_type_of_parameters_goes_with_the_operation() {
        let steps = "[matrix]\noperation = [\"EditDhcpServer\", \"DeletePolicy\"]\n[[step]]\n[step.call]\n\
            operation = \"InitializeOperationParameters\"\nbody = '<paramters i:type=\"ipam:{{operation_parameters}}\">\
            <OperationId>{{operation}}</OperationId></paramters>'\n[step.expect]\nreply = true\n";
        let read = cases(steps).unwrap();
        let ids: Vec<_> = read.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(ids, ["progress/one/operation=DeletePolicy", "progress/one/operation=EditDhcpServer"]);
        for (case, id) in read.iter().zip(["DeletePolicy", "EditDhcpServer"]) {
            let StepKind::Call(call) = &case.steps[0].kind else { panic!("a call") };
            assert!(call.body.sketch().contains(AdminOperation::named(id).unwrap().parameters));
            assert!(case.needs.is_empty());
        }
        // Of what is no operation there is no type: the target would have to know.
        let other = cases(&steps.replace("DeletePolicy", "DeletePolicies")).unwrap();
        assert!(other[0].needs.contains("operation_parameters"));
    }
}
