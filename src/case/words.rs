//! Steps and expectations in words, for a person who does not read case files.
//!
//! Leaves out layout, and the text of requests.

use std::time::Duration;

use super::generate::Generate;
use super::model::{Answer, Assertion, Expect, FaultKind, Poll, Step, StepKind, ValueExpectation};
use crate::xml::type_name;

/// What a step does, in a line.
pub fn act(step: &Step) -> String {
    let act = kind(step);
    match &step.session {
        Some(session) => format!("on session {session}: {act}"),
        None => act,
    }
}

/// What a step does and expects, in a line.
pub fn told(step: &Step) -> String {
    let mut told = act(step);
    if let Some(again) = step.poll.map(poll) {
        told = format!("{told}, {again}");
    }
    match expectations(step) {
        none if none.is_empty() => told,
        expected => format!("{told}; expects {}", expected.join("; ")),
    }
}

fn kind(step: &Step) -> String {
    match &step.kind {
        StepKind::Call(call) => match &call.action {
            None => format!("calls {}", call.operation.name),
            Some(action) => format!("calls {} with the action `{action}`", call.operation.name),
        },
        StepKind::Raw(raw) => {
            let what = if raw.malformed { "bytes that are no XML" } else { "an envelope as it stands" };
            match raw.operation {
                Some(operation) => format!("sends {what}, which asks for {}", operation.name),
                None => format!("sends {what}"),
            }
        }
        StepKind::Records(records) => format!("sends {} records as they stand", records.lines.len()),
        StepKind::Await(awaited) => match &awaited.answer_to {
            Some(name) => format!("waits for the answer to {name}"),
            None if awaited.first => "waits for the next callback".to_owned(),
            None => "waits for what comes".to_owned(),
        },
        StepKind::Silence(time) => format!("listens for {}", duration(*time)),
        StepKind::Close => "ends the session".to_owned(),
        StepKind::Abort => "drops the connection".to_owned(),
        StepKind::Wait(time) => format!("waits {}", duration(*time)),
        StepKind::Idle(hundredths) => format!("is idle for {hundredths} % of the target's limit"),
    }
}

/// What a case makes up, where it does.
pub fn generated(generate: &Generate) -> String {
    let keys: Vec<String> = generate.keys.iter().map(|(key, _)| format!("{{{{{key}}}}}")).collect();
    format!("values for {}, {} of them", keys.join(", "), generate.count)
}

/// How a step repeats its request, where it does.
pub fn poll(poll: Poll) -> String {
    format!("asks every {} for {} at most, until it holds", duration(poll.every), duration(poll.within))
}

/// What a step expects, a line each.
pub fn expectations(step: &Step) -> Vec<String> {
    let given = step.given.iter().map(|given| {
        let reason = given.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        format!("first, or the case is skipped: {}{reason}", value(given))
    });
    let answer = step.expect.iter().flat_map(|expect| {
        std::iter::once(format!("{} [{}]", answer(expect), expect.requirement))
            .chain(expect.values.iter().map(|held| format!("{} [{}]", value(held), held.requirement)))
    });
    given.chain(answer).collect()
}

fn answer(expect: &Expect) -> String {
    let recorded = if expect.snapshot { ", whose words are recorded" } else { "" };
    let what = match expect.answer {
        Answer::Reply => "the reply",
        Answer::Fault(FaultKind::Any) => "a SOAP 1.2 fault",
        Answer::Fault(FaultKind::Common) => "a SOAP 1.2 fault with one IpamException",
        Answer::Either => "a reply or a fault",
        Answer::Callback(callback) => &format!("the callback {}", callback.name),
        Answer::Accepted => "a PreambleAckRecord",
        Answer::Upgraded => "an UpgradeResponseRecord",
        Answer::Handshake(message) => &format!("a {}", message.name()),
        Answer::Refused => "that the session is not taken",
        Answer::Ended => "that the target ends the session",
        Answer::Nothing => "nothing",
        Answer::Finished => "that the operation ends, or a fault",
        Answer::Unsuccessful => "that no operation ends with success",
        Answer::NoCallback(None) => "no callback",
        Answer::NoCallback(Some(callback)) => &format!("no callback {}", callback.name),
    };
    format!("{what}{recorded}")
}

fn value(expectation: &ValueExpectation) -> String {
    let alternatives: Vec<String> =
        expectation.any.iter().map(|(path, assertion)| format!("{path} {}", held(assertion))).collect();
    alternatives.join(", or ")
}

fn held(assertion: &Assertion) -> String {
    match assertion {
        Assertion::Equals(text, None) => format!("is `{text}`"),
        Assertion::Equals(text, Some(kind)) => format!("is `{text}` as {}", type_name(*kind)),
        Assertion::OneOf(texts) => {
            let texts: Vec<String> = texts.iter().map(|text| format!("`{text}`")).collect();
            format!("is one of {}", texts.join(", "))
        }
        Assertion::Matches(pattern) => format!("matches `{}`", pattern.as_str()),
        Assertion::Typed(kind) => format!("is of type {}", type_name(*kind)),
        Assertion::Present => "is there".to_owned(),
        Assertion::Absent => "is not there".to_owned(),
        Assertion::Count(1) => "is there once".to_owned(),
        Assertion::Count(count) => format!("is there {count} times"),
        Assertion::Before(bound) => format!("is before {bound}"),
        Assertion::After(bound) => format!("is after {bound}"),
    }
}

/// As case files write it.
fn duration(time: Duration) -> String {
    if time.subsec_millis() == 0 { format!("{}s", time.as_secs()) } else { format!("{}ms", time.as_millis()) }
}

#[cfg(test)]
mod tests {
    use crate::case::{SourceFile, Suite, embedded, words};

    fn suite(steps: &str) -> Suite {
        let head = "about = \"x\"\nrequirements = [\"start-task.absent-task-type\"]\nport_type = \"IIpamServer\"\n\
                    effect = \"disrupt\"\n";
        let mut files = embedded();
        files.retain(|file| file.path.starts_with("requirements/"));
        files.push(SourceFile::new("a/b.toml", format!("{head}{steps}")));
        Suite::load(&files).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    #[test]
    fn steps_are_told_in_words() {
        let suite = suite(
            r#"
[[step]]
wait = "1500ms"
[[step]]
[step.call]
operation = "GetIpamTasksInfo"
action = "urn:x"
[step.poll]
within = "10s"
every = "200ms"
[[step.given]]
path = "."
present = true
reason = "it lists nothing"
[[step.expect.value]]
any = [{ path = "A", one_of = ["x", "y"] }, { path = "B", equals = "1", typed = "xsd:int" }]
[step.expect]
reply = true
[[step]]
[step.raw]
envelope = "<"
malformed = true
[step.expect]
fault = "common"
snapshot = true
[lab]
scenario = "default"
"#,
        );
        let steps = &suite.cases[0].steps;
        assert_eq!(words::act(&steps[0]), "waits 1500ms");
        assert_eq!(words::act(&steps[1]), "calls GetIpamTasksInfo with the action `urn:x`");
        assert_eq!(words::act(&steps[2]), "sends bytes that are no XML");
        assert_eq!(words::poll(steps[1].poll.unwrap()), "asks every 200ms for 10s at most, until it holds");
        assert_eq!(words::expectations(&steps[0]), Vec::<String>::new());
        assert_eq!(
            words::expectations(&steps[1]),
            [
                "first, or the case is skipped: . is there (it lists nothing)",
                "the reply [start-task.absent-task-type]",
                "A is one of `x`, `y`, or B is `1` as xsd:int [start-task.absent-task-type]",
            ]
        );
        assert_eq!(
            words::expectations(&steps[2]),
            ["a SOAP 1.2 fault with one IpamException, whose words are recorded [start-task.absent-task-type]"]
        );
    }
}
