//! Tests of loading a suite: what is accepted, what it expands to, and how every mistake is told.

use proptest::prelude::*;

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
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../../snapshots" }, {
        insta::assert_snapshot!("many_mistakes", mistakes);
    });
    for line in mistakes.to_string().lines() {
        assert!(line.is_ascii() && line.len() <= 80, "{line}");
    }
    let coloured = mistakes.render(true);
    assert!(coloured.contains("\u{1b}["));
}

#[test]
fn each_mistake_is_told() {
    let call = "operation = \"StartTask\"\nbody = '<taskType>Audit</taskType>'";
    let expect = "[step.expect]\nreply = true";
    let rows: &[(&[(&str, &str)], &str)] = &[
        (&[("[\"start-task.starts\"]", "[]")], "at least one requirement"),
        (&[("[\"start-task.starts\"]", "[\"start-task.starts\", \"start-task.starts\"]")], "listed twice"),
        (&[("mutant = \"m\"\n", "")], "`mutant` is missing"),
        (&[("\"start-task\"\n", "\"starts\"\n")], "`starts` is no effect"),
        (&[("mutant = \"m\"", "mutant = \"m\"\ntwin = \"{{\"")], "`{{` without `}}`"),
        (&[("mutant = \"m\"", "mutant = \"m\"\n[matrix]\ntask = \"a\"")], "an array of strings"),
        (&[("mutant = \"m\"", "mutant = \"m\"\n[matrix]\nto = [\"a\"]")], "`to` is not a name for a hole"),
        (&[("mutant = \"m\"", "mutant = \"m\"\n[matrix]\nt = [\"a\", \"a\"]"), ("Audit", "{{t}}")], "stands twice"),
        (&[("mutant = \"m\"", "mutant = \"m\"\n[lab]\nscenraio = \"a\"")], "did you mean `scenario`?"),
        (&[("Audit", "{{to}}")], "in envelopes only"),
        (&[("Audit", "<a/><a>")], "not well-formed"),
        (&[("Audit", "{{a b}}")], "the name of a hole"),
        (&[(call, "operation = \"StartTask\"\nwait = \"1s\"")], "`wait` means nothing in [step.call]"),
        (&[("[step.call]", "wait = \"1s\"\n[step.call]")], "a step does one thing"),
        (&[("[step.call]", "[step.sent]")], "`sent` means nothing"),
        (&[("[step.call]", "[step.send]")], "`name` is missing in [step.send]"),
        (&[(expect, "")], "nothing is made of the answer"),
        (&[(expect, "[step.expect]")], "what must come back is not said"),
        (&[(expect, "[step.expect]\nreply = true\nfault = \"any\"")], "one kind of answer"),
        (&[(expect, "[step.expect]\nreply = true\nsnapshot = true")], "a snapshot is of a fault"),
        (&[(expect, "[step.expect]\neither = true")], "nothing can fail here"),
        (
            &[(expect, "[step.expect]\nfault = \"any\"\n[[step.expect.value]]\npath = \".\"\npresent = true")],
            "a value stands in a reply, and a fault is expected",
        ),
        (&[(expect, "[step.expect]\nfault = \"any\"\n[step.capture]\na = \".\"")], "`capture` looks into a reply"),
        (
            &[(expect, "[[step.given]]\npath = \".\"\npresent = true\nreason = \"r\"\n[step.expect]\nfault = \"any\"")],
            "`given` looks into a reply",
        ),
        (&[(expect, "[step.expect]\nreply = true\nrequirement = \"a.b\"")], "`a.b` is not in the catalogue"),
        (&[(expect, "[step.expect]\nreply = true\n[step.poll]\nwithin = \"1s\"")], "a poll waits for values"),
        (&[(expect, "[step.capture]\nA = \"x\"")], "`A` is not a name"),
        (&[(expect, "[step.capture]\nmessage_id = \"x\"")], "`message_id` is taken"),
        (&[(expect, "[step.capture]\na = 1")], "the path of `a` must be a string"),
        (&[(expect, "[[step.given]]\npath = \".\"\npresent = true")], "`reason` is missing"),
        (&[("Audit", "{{later}}"), (expect, "[step.capture]\nlater = \".\"")], "captured later than it is used"),
        (&[("[step.call]", "[step.raw]"), (call, "envelope = '<a/>'")], "whose reply is not said"),
        (&[("[step.call]", "[step.raw]"), (call, "operation = \"StartTask\"\nenvelope = '<a>'")], "malformed = true"),
        (
            &[("[step.call]", "[step.raw]"), (call, "operation = \"StartTask\"\nmalformed = true\nenvelope = '<a/>'")],
            "the envelope is well-formed",
        ),
        (&[(expect, "[step.expect]\nreply = 1")], "`reply` must be true or false"),
        (&[("[[step]]", "[step]")], "`step` is not an array of tables"),
        (&[("about = \"a\"", "about = \"a")], "not TOML"),
        (&[("about = \"a\"", "about = \"a\"\nabout = \"b\"")], "not TOML"),
    ];
    for (replace, says) in rows {
        let told = told(&case(replace));
        assert!(told.iter().any(|told| told.contains(says)), "{replace:?}: {told:#?}");
    }
    assert_eq!(told(&case(&[])), Vec::<String>::new());
}

#[test]
fn each_mistake_of_a_value_is_told() {
    for (row, says) in [
        ("present = true", "`path` is missing"),
        ("path = \"A\"", "`equals` is missing"),
        ("path = \"A\"\nequal = \"a\"", "did you mean `equals`?"),
        ("path = \"A\"\npresent = true\nabsent = true", "a row asserts one thing"),
        ("path = \"A\"\npresent = false", "`present = false` says nothing"),
        ("path = \"A\"\none_of = []", "`one_of` is empty"),
        ("path = \"A\"\nmatches = '('", "not a regular expression"),
        ("path = \"A\"\ncount = -1", "out of range"),
        ("path = \"A\"\ntyped = \"xsd:bolean\"", "did you mean `xsd:boolean`?"),
        ("path = \"A\"\ntyped = \"xs:boolean\"", "`xs` is no known prefix"),
        ("path = \"@a\"\ntyped = \"ipam:TaskInfo\"", "an attribute is never"),
        ("path = \"A\"\nequals = \"a\"\ntyped = \"ipam:TaskInfo\"", "`TaskInfo` holds elements"),
        ("path = \"A\"\nequals = \"yes\"\ntyped = \"xsd:boolean\"", "`yes` is no value of its type"),
        ("path = \"A\"\nbefore = \"today\"", "`today` is no value of its type"),
        ("path = \"a:B:c\"\npresent = true", "not a path"),
        ("any = []", "`any` needs an alternative"),
        ("any = [{ path = \"A\", typd = \"x\" }]", "did you mean `typed`?"),
        ("any = [{ path = \"A\", present = true }]\npath = \"A\"", "`path` means nothing"),
    ] {
        let expect = format!("[step.expect]\nreply = true\n[[step.expect.value]]\n{row}");
        let told = told(&case(&[("[step.expect]\nreply = true", &expect)]));
        assert!(told.iter().any(|told| told.contains(says)), "{row}: {told:#?}");
    }
}

#[test]
fn a_mistake_in_xml_stands_under_its_byte() {
    let text = case(&[("<taskType>Audit</taskType>", "<taskType>Audit</tskType>")]);
    let mistakes = with(&[("x.toml", &text)]).unwrap_err();
    let mistake = mistakes.iter().next().unwrap();
    assert_eq!(&text[mistake.span.start..], &text[text.find("</tskType>").unwrap()..]);

    let value = case(&[("mutant = \"m\"", "mutant = \"m\"\n[matrix]\nt = [\"\\u0001\"]"), ("Audit", "{{t}}")]);
    let mistakes = with(&[("x.toml", &value)]).unwrap_err();
    let mistake = mistakes.iter().next().unwrap();
    assert_eq!(&value[mistake.span.clone()], "{{t}}", "{mistakes}");
    assert_eq!(mistake.label, "with t = `\\u{1}`");
}

#[test]
fn an_effect_is_no_less_than_what_is_sent() {
    let envelope = |action: &str, body: &str| {
        format!(
            "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope' \
             xmlns:a='http://www.w3.org/2005/08/addressing'><s:Header><a:Action>{action}</a:Action></s:Header>\
             <s:Body>{body}</s:Body></s:Envelope>"
        )
    };
    let start = "http://Microsoft.Windows.Ipam/IIpamServer/StartTask";
    let read = "http://Microsoft.Windows.Ipam/IIpamServer/GetIpamVersion";
    let raw = |action: &str, body: &str| format!("[step.raw]\nenvelope = '''{}'''", envelope(action, body));
    let call = |name: &str, action: &str| format!("[step.call]\noperation = \"{name}\"\naction = \"{action}\"");
    for (step, least) in [
        (call("GetIpamVersion", read), "read"),
        (call("GetIpamVersion", "urn:x"), "read"),
        (call("GetIpamVersion", start), "start-task"),
        (call("StartTask", read), "start-task"),
        (call("GetIpamVersion", "http://microsoft.windows.ipam/IIpamServer/DeleteAll"), "write"),
        (call("GetIpamVersion", "{{action}}"), "write"),
        (raw(read, "<GetIpamVersion xmlns='http://Microsoft.Windows.Ipam'/>"), "read"),
        (raw("urn:x", "<x/>"), "read"),
        (raw(start, "<x/>"), "start-task"),
        (raw(read, "<StartTask xmlns='urn:wrong'/>"), "start-task"),
        (raw(read, "<DeleteAll xmlns='http://Microsoft.Windows.Ipam'/>"), "write"),
        (raw("http://Microsoft.Windows.Ipam/IIpamServer/DeleteAll", ""), "write"),
        (format!("{}\naction = \"{start}\"", raw(read, "")), "start-task"),
        (format!("{}\nmalformed = true", raw(read, "<a>")), "disrupt"),
    ] {
        let told = |effect: &str| {
            let text = format!(
                "about = \"a\"\nrequirements = [\"start-task.invalid-faults\"]\nport_type = \"IIpamServer\"\n\
                 effect = \"{effect}\"\nmutant = \"m\"\n[lab]\nscenario = \"s\"\n[[step]]\n{step}\n[step.expect]\nfault = \"any\"\n"
            );
            told(&text)
        };
        assert_eq!(told(least), Vec::<String>::new(), "{step}");
        if let Some(less) = Effect::ALL.into_iter().rev().find(|effect| *effect < Effect::parse(least).unwrap()) {
            assert!(told(less.as_str()).join("").contains(&format!("at least `{least}`")), "{step}");
        }
    }
}

#[test]
fn twins_are_held_against_each_other() {
    let twin = |twin: &str, body: &str| {
        case(&[("mutant = \"m\"", &format!("mutant = \"m\"\ntwin = \"{twin}\"")), ("<taskType>Audit</taskType>", body)])
    };
    let told = |name: &str, body: &str| told(&twin(name, body)).join("\n");
    let starts = "start_task/starts/task_type=Audit";
    let server = "<server>{{server}}</server>";
    assert_eq!(told(starts, &format!("<taskType>None</taskType>{server}")), "");
    assert!(told(starts, &format!("<taskType>Audit</taskType>{server}")).contains("the twin does not differ"));
    assert!(told(starts, "<taskType>None</taskType>").contains("differs in more than one place"));
    assert!(told("x", &format!("<taskType>None</taskType>{server}")).contains("lead back to"));
    assert!(told("start_task/starts", server).contains("there is no case `start_task/starts`"));

    let mistakes = with(&[("a.toml", &twin("b", "<taskType>None</taskType>")), ("b.toml", &twin("a", "<taskType/>"))]);
    let mistakes = mistakes.unwrap_err();
    assert!(mistakes.iter().all(|mistake| mistake.message.contains("lead back to")), "{mistakes}");

    let reads = case(&[("operation = \"StartTask\"", "operation = \"IsTaskRunning\"")]);
    let against = |name: &str, body: &str| with(&[("reads.toml", &reads), ("x.toml", &twin(name, body))]);
    assert!(against("reads", "<taskType/>").unwrap_err().to_string().contains("no request to compare with"));
}

#[test]
fn files_are_held_against_each_other() {
    let one = file("x.toml", &case(&[]));
    let catalogue = file("requirements/tasks.toml", CATALOGUE);
    let clash = Suite::load(&[one.clone(), catalogue.clone(), one.clone()]).unwrap_err();
    assert!(clash.to_string().contains("the suite has a file `x.toml` already"), "{clash}");
    assert!(Suite::load(&[file("x.txt", &one.text), catalogue]).unwrap_err().to_string().contains("no case file"));

    let more = |text: &str| with(&[("requirements/more.toml", text)]).unwrap_err().to_string();
    assert!(more("revision = \"13.0\"").contains("the revision stands in another file already"));
    let row = "[[requirement]]\nid = \"a.b\"\ndocument = \"D\"\nsection = \"1\"\nlevel = \"must\"\ntext = \"t\"\n";
    assert!(more(&row.replace("a.b", "start-task.starts")).contains("is in the catalogue already"));
    assert!(more(&format!("{row}ruling = \"absent-task-typ\"")).contains("did you mean `absent-task-type`?"));
    assert!(more(&row.replace("must", "shall")).contains("`shall` is no level"));
    assert!(more("[[ruling]]\nid = \"r\"\ntrouble = \"t\"\nreading = \"r\"").contains("`sections` is missing"));
    let untestable = format!("{row}untestable = \"no one sees it\"");
    let case = case(&[("[\"start-task.starts\"]", "[\"start-task.starts\", \"a.b\"]")]);
    let told = with(&[("requirements/more.toml", &untestable), ("x.toml", &case)]).unwrap_err().to_string();
    assert!(told.contains("the catalogue says that no case can decide `a.b`"), "{told}");
    assert!(with(&[("requirements/more.toml", &format!("{row}by_silence = true"))]).is_ok());

    // What a requirement answers for, and of which version.
    let read = "[[document]]\nname = \"D\"\nversion = \"1\"\ndate = \"2024-01-01\"\n";
    let digests = |lines: &str| format!("{read}{row}{lines}");
    let plain = digests("digests = [\"0123456789ab\", \"D 0123456789ac\"]\nalso = [\"2.1\", \"D 3\"]");
    assert!(with(&[("requirements/more.toml", &plain)]).is_ok());
    for (lines, expected) in [
        ("digests = [\"0123456789aB\"]", "`0123456789aB` is no digest of a sentence"),
        ("digests = [\"0123456789ab\", \"0123456789ab\"]", "`0123456789ab` stands here twice"),
        ("digests = [\"0123456789ab\", \"D 0123456789ab\"]", "`D 0123456789ab` stands here twice"),
        ("digests = [\"E 0123456789ab\"]", "no version of `E` was read"),
        ("also = [\"E 3\"]", "no version of `E` was read"),
        ("also = [\"D x\"]", "`D x` is no section"),
        ("undecided = \"n\"\nuntestable = \"u\"", "no case can decide it, says `untestable`"),
    ] {
        let told = more(&digests(lines));
        assert!(told.contains(expected) && told.contains(":11:"), "{lines}: {told}");
    }
    assert!(more(&format!("{row}digests = [\"0123456789ab\"]")).contains("no version of `D` was read"));
    assert!(more(&format!("{read}{read}")).contains("`D` stands among the documents already"));
    assert!(more(&format!("{read}covers = [\"2.\"]")).contains("`2.` is no section"));

    // Nothing is told of requirements while the catalogue is broken.
    let broken = with(&[("requirements/more.toml", "[[requirement]"), ("x.toml", &case)]).unwrap_err();
    assert!(broken.iter().all(|mistake| &*mistake.file.path == "requirements/more.toml"), "{broken}");
}

#[test]
fn only_what_is_observed_needs_no_mutant() {
    let observes = case(&[
        ("mutant = \"m\"\n", ""),
        ("start-task.starts", "start-task.absent"),
        ("reply = true", "either = true"),
    ]);
    let suite = with(&[("x.toml", &observes)]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let case = suite.case("x").unwrap();
    assert_eq!((case.mutant.as_ref(), case.level), (None, Level::Observe));
}

#[test]
fn what_names_no_requirement_belongs_to_the_first() {
    let rows = "reply = true\nrequirement = \"start-task.absent\"\n[[step.expect.value]]\npath = \".\"\npresent = true\n\
                [[step.expect.value]]\npath = \"A\"\nabsent = true\nrequirement = \"start-task.invalid-faults\"";
    let suite = with(&[("x.toml", &case(&[("reply = true", rows)]))]).unwrap();
    let expect = suite.case("x").unwrap().steps[0].expect.as_ref().unwrap();
    let values: Vec<_> = expect.values.iter().map(|value| value.requirement.as_str()).collect();
    assert_eq!(expect.requirement.as_str(), "start-task.absent");
    assert_eq!(values, ["start-task.starts", "start-task.invalid-faults"]);
}

#[test]
fn a_matrix_is_bounded() {
    let values: Vec<String> = (0..70).map(|value| format!("\"{value}\"")).collect();
    let matrix = format!("[matrix]\na = [{0}]\nb = [{0}]", values.join(", "));
    let text = case(&[("mutant = \"m\"", &format!("mutant = \"m\"\n{matrix}")), ("Audit", "{{a}}{{b}}")]);
    assert!(told(&text).join("").contains("more than 4096 cases"));
}

#[test]
fn what_follows_from_a_syntax_error_is_not_told() {
    let told = told("about = \nmutant = \"A B\"\n");
    assert!(told.iter().any(|told| told.starts_with("1: not TOML")), "{told:?}");
    assert!(told.iter().any(|told| told.starts_with("2: `A B` is not the name")), "{told:?}");
    assert_eq!(told.len(), 2, "{told:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_file_is_too_wrong(text in broken_file()) {
        let path = if text.len() % 2 == 0 { "x.toml" } else { "requirements/x.toml" };
        if let Err(mistakes) = with(&[(path, &text)]) {
            prop_assert!(mistakes.iter().count() > 0);
            prop_assert!(mistakes.render(true).len() > mistakes.render(false).len());
            for mistake in mistakes.iter() {
                prop_assert!(mistake.file.text.get(mistake.span.clone()).is_some());
            }
        }
    }
}

/// Lines of a good file, some lost, some doubled, some broken.
fn broken_file() -> impl Strategy<Value = String> {
    let lines: Vec<String> =
        STARTS.lines().chain(REFUSES.lines()).chain(CATALOGUE.lines()).map(str::to_owned).collect();
    let line = prop_oneof![
        8 => proptest::sample::select(lines.clone()),
        1 => "[ -~\u{e9}\t\r\u{1}]{0,20}",
        1 => (proptest::sample::select(lines), 0_usize..60, "[\"'{}\\[\\]=.<&\\\\#]{1,2}").prop_map(|(line, at, dirt)| {
            let at = at.min(line.len());
            format!("{}{dirt}{}", &line[..at], &line[at..])
        }),
    ];
    (any::<bool>(), proptest::collection::vec(line, 0..30)).prop_map(|(whole, lines)| {
        let lines = lines.join("\n");
        if whole { format!("{REFUSES}\n{lines}") } else { lines }
    })
}
