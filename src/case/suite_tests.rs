//! Tests of loading a suite: what is accepted, what it expands to, and how every mistake is told.

use super::*;
use crate::{
    case::{Answer, StepKind},
    spec::Effect,
};

const CATALOGUE: &str = r#"
revision = "12.0"

[[requirement]]
id = "start-task.starts"
document = "MS-IPAMM2"
section = "3.3.4.139"
level = "must"
text = "A task of a known type is started."

[[requirement]]
id = "start-task.invalid-faults"
document = "MS-IPAMM2"
section = "3.3.4.139"
level = "must"
text = "A value outside the enumeration is refused."

[[requirement]]
id = "start-task.absent"
document = "MS-IPAMM2"
section = "2.2.5.55"
level = "observe"
text = "What is made of an absent task type."
ruling = "absent-task-type"

[[ruling]]
id = "absent-task-type"
sections = ["3.3.4.139"]
trouble = "it may be absent"
reading = "recorded"
"#;

const STARTS: &str = r#"
about = "StartTask starts every type of task."
requirements = ["start-task.starts"]
port_type = "IIpamServer"
effect = "start-task"
mutant = "starts-nothing"

[matrix]
task_type = ["Discovery", "Audit"]

[[step]]
[step.call]
operation = "GetIpamTasksInfo"
[[step.given]]
path = "GetIpamTasksInfoResult/TaskInfo[TaskType='{{task_type}}']/State"
equals = "Ready"
reason = "the task is not ready"
[step.capture]
before = "GetIpamTasksInfoResult/TaskInfo[TaskType='{{task_type}}']/LastRunTime"

[[step]]
[step.call]
operation = "StartTask"
body = '<taskType>{{task_type}}</taskType><server>{{server}}</server>'
[step.expect]
reply = true

[[step]]
wait = "45s"

[[step]]
[step.call]
operation = "GetIpamTasksInfo"
[step.poll]
within = "10s"
[step.expect]
reply = true
[[step.expect.value]]
any = [
  { path = "GetIpamTasksInfoResult/TaskInfo[TaskType='{{task_type}}']/State", one_of = ["Queued", "Running"] },
  { path = "GetIpamTasksInfoResult/TaskInfo[TaskType='{{task_type}}']/LastRunTime", after = "{{before}}" },
]
"#;

const REFUSES: &str = r#"
about = "StartTask refuses a value outside IpamTaskType."
requirements = ["start-task.invalid-faults"]
port_type = "IIpamServer"
effect = "start-task"
mutant = "starts-unknown-task"
twin = "start_task/starts/task_type=Discovery"

[matrix]
task_type = ["", " Discovery", "<a>"]

[[step]]
[step.call]
operation = "StartTask"
body = '''
<taskType>{{task_type}}</taskType>
<server>{{server}}</server>'''
[step.expect]
fault = "any"
snapshot = true
"#;

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile::new(path, text)
}

fn with(more: &[(&str, &str)]) -> Result<Suite, Mistakes> {
    let mut files = vec![file("requirements/tasks.toml", CATALOGUE), file("start_task/starts.toml", STARTS)];
    files.extend(more.iter().map(|(path, text)| file(path, text)));
    Suite::load(&files)
}

/// The mistakes of one more case file: line, message and help.
fn told(text: &str) -> Vec<String> {
    let Err(mistakes) = with(&[("x.toml", text)]) else { return Vec::new() };
    mistakes
        .iter()
        .map(|mistake| format!("{}: {} ({})", mistake.line(), mistake.message, mistake.help.as_deref().unwrap_or("-")))
        .collect()
}

/// A case with one call, and parts of it replaced.
fn case(replace: &[(&str, &str)]) -> String {
    let mut text = String::from(
        r#"about = "a"
requirements = ["start-task.starts"]
port_type = "IIpamServer"
effect = "start-task"
mutant = "m"
[[step]]
[step.call]
operation = "StartTask"
body = '<taskType>Audit</taskType>'
[step.expect]
reply = true
"#,
    );
    for (from, to) in replace {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text
}

#[test]
fn a_suite_is_expanded_and_sorted() {
    let suite = with(&[("start_task/refuses.toml", REFUSES)]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let ids: Vec<_> = suite.cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "start_task/refuses/task_type=",
            "start_task/refuses/task_type=%20Discovery",
            "start_task/refuses/task_type=%3Ca%3E",
            "start_task/starts/task_type=Audit",
            "start_task/starts/task_type=Discovery",
        ]
    );
    let refused = suite.case("start_task/refuses/task_type=%3Ca%3E").unwrap();
    assert_eq!(refused.line, 2);
    assert_eq!(refused.level, Level::Must);
    assert_eq!(refused.effect, Effect::StartTask);
    assert_eq!(refused.twin.as_deref(), Some("start_task/starts/task_type=Discovery"));
    assert_eq!(refused.needs.iter().collect::<Vec<_>>(), ["server"]);
    let StepKind::Call(call) = &refused.steps[0].kind else { panic!("a call") };
    let body = call.body.fill(&|name| (name == "server").then(|| "a&b".to_owned())).unwrap();
    assert_eq!(body, "<taskType>&lt;a&gt;</taskType>\n<server>a&amp;b</server>");

    let starts = suite.case("start_task/starts/task_type=Audit").unwrap();
    assert_eq!(starts.steps.iter().map(|step| step.line).collect::<Vec<_>>(), [11, 21, 28, 31]);
    assert_eq!(starts.steps[0].given[0].reason.as_deref(), Some("the task is not ready"));
    assert_eq!(starts.steps[0].captures[0].name, "before");
    assert_eq!(starts.steps[3].poll.unwrap().every.as_millis(), 200);
    assert_eq!(starts.steps[3].expect.as_ref().unwrap().answer, Answer::Reply);
    assert_eq!(starts.steps[3].expect.as_ref().unwrap().values[0].any.len(), 2);
    assert!(!starts.needs.contains("before"), "a capture is no data of the target's");
    assert_eq!((suite.catalogue.revision.as_str(), suite.digest.len()), ("12.0", 64));
    assert_eq!(suite.case("start_task/starts").map(|case| &case.id), None);
}

#[test]
fn the_digest_depends_on_every_file_and_on_no_line_end() {
    let digest = |more: &[(&str, &str)]| with(more).unwrap().digest;
    assert_eq!(digest(&[("x.toml", &case(&[]))]), digest(&[("x.toml", &case(&[("\n", "\r\n")]))]));
    assert_ne!(digest(&[("x.toml", &case(&[]))]), digest(&[("y.toml", &case(&[]))]));
    assert_ne!(digest(&[]), digest(&[("x.toml", &case(&[]))]));
}

#[test]
fn a_file_with_many_mistakes_tells_all_of_them() {
    let text = r#"abuot = "StartTask refuses a value outside IpamTaskType."
requirements = ["start-task.invalid-fault", "Start"]
port_type = "IIpamServr"
effect = "read"
mutant = "Starts Unknown"
twin = "start_task/starts/task_type={{task}}"

[matrix]
task_type = ["Discovery", 7, true]
unused = ["a"]
none = []

[[step]]
[step.call]
operation = "StartTsk"
body = "<taskType a=\"{{task_type}}\"/>"
[step.expect]
fault = "some"
replay = true

[[step]]
[step.call]
operation = "StartTask"
body = '<taskType>{{task_type</taskType>'
[step.expect]
reply = false
[[step.expect.value]]
path = "StartTaskResult//x:State"
equals = 0
typed = "xsd:bool"

[[step]]
wait = "45 s"
[step.expect]
reply = true

[[step]]
[step.call]
operation = "StartTask"
body = '''
<taskType>{{task_type}}</taskType>
<server>
</taskType>'''

[[step]]
"#;
    let mistakes = with(&[("start_task/many.toml", text)]).unwrap_err();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("many_mistakes", mistakes);
    });
    for line in mistakes.to_string().lines() {
        assert!(line.is_ascii() && line.len() <= 80, "{line}");
    }
    let coloured = mistakes.render(true);
    assert!(coloured.contains("\u{1b}["));
}
