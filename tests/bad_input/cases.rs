//! Bad folders of cases and bad case files.

use super::Kind;

/// A case that is right but for what a kind changes in it.
const CASE: &str = "\
about = \"StartTask refuses the task type None.\"
requirements = [\"start-task.none-faults\"]
port_type = \"IIpamServer\"
effect = \"start-task\"
mutant = \"starts-none\"
twin = \"start_task/takes_each_task_type/task_type=Discovery\"

[[step]]
[step.call]
operation = \"StartTask\"
body = '<taskType>None</taskType>'
[step.expect]
fault = \"any\"
";

/// A run with a folder that holds this case.
fn kind(name: &'static str, text: impl AsRef<[u8]>) -> Kind {
    Kind::new(name, 2, "run --cases mine").file("mine/own/case.toml", text.as_ref())
}

/// A run with a case in which one thing is otherwise.
fn changed(name: &'static str, from: &str, to: &str) -> Kind {
    assert!(CASE.contains(from), "{name}: {from} is not in the case");
    kind(name, CASE.replacen(from, to, 1))
}

/// A run with a case that expects the reply and a value of it.
fn value(name: &'static str, assertion: &str) -> Kind {
    changed(name, "fault = \"any\"\n", &format!("reply = true\n[[step.expect.value]]\n{assertion}\n"))
}

pub(crate) fn kinds() -> Vec<Kind> {
    let body = "body = '<taskType>None</taskType>'";
    vec![
        Kind::new("cases_missing", 2, "run --cases mine"),
        Kind::new("cases_is_a_file", 2, "run --cases mine").file("mine", CASE),
        Kind::new("cases_empty", 2, "run --cases mine").file("mine/readme.txt", "no case"),
        kind("case_not_utf8", b"about = \"\xff\"\n"),
        kind("case_empty", ""),
        changed("case_syntax", "\"start-task\"", "\"start-task"),
        changed("case_unknown_key", "about", "abuot"),
        changed("case_wrong_type", "[\"start-task.none-faults\"]", "\"start-task.none-faults\""),
        changed("case_unknown_operation", "\"StartTask\"\n", "\"StartTsk\"\n"),
        changed("case_unknown_requirement", "none-faults", "none-fault"),
        changed("case_unknown_effect", "\"start-task\"", "\"start\""),
        changed("case_effect_too_low", "\"start-task\"", "\"read\""),
        changed("case_unknown_port_type", "IIpamServer", "IIpamServr"),
        changed("case_without_twin", "twin = \"start_task/takes_each_task_type/task_type=Discovery\"\n", ""),
        changed("case_unknown_twin", "=Discovery", "=Discover"),
        changed("case_twin_differs_twice", body, "body = '<taskType>None</taskType><server>a</server>'"),
        changed("case_without_mutant", "mutant = \"starts-none\"\n", ""),
        changed("case_bad_mutant", "starts-none", "Starts None"),
        changed("case_without_step", "[[step]]\n[step.call]\noperation = \"StartTask\"\nbody = '<taskType>None</taskType>'\n[step.expect]\nfault = \"any\"\n", ""),
        changed("case_broken_xml", body, "body = '''\n<taskType>\n  None\n</taskTyp>'''"),
        changed("case_unknown_prefix", body, "body = '<x:taskType>None</x:taskType>'"),
        changed("case_bad_fault", "fault = \"any\"", "fault = \"some\""),
        changed("case_empty_matrix", "\n[[step]]", "\n[matrix]\ntask_type = []\n\n[[step]]"),
        changed("case_unused_matrix", "\n[[step]]", "\n[matrix]\ntask_type = [\"a\"]\n\n[[step]]"),
        value("case_bad_path", "path = \"StartTaskResponse[\"\npresent = true"),
        value("case_bad_regex", "path = \".\"\nmatches = \"(\""),
        value("case_bad_type", "path = \".\"\ntyped = \"xsd:integr\""),
        value("case_without_assertion", "path = \".\""),
        Kind::new("case_clashes_with_the_suite", 2, "run --cases mine").file("mine/start_task/refuses_none.toml", CASE),
        Kind::new("requirement_twice", 2, "run --cases mine").file("mine/own/case.toml", CASE).file(
            "mine/requirements/own.toml",
            "[[requirement]]\nid = \"start-task.none-faults\"\ndocument = \"X\"\nsection = \"1\"\nlevel = \"must\"\ntext = \"Again.\"\n",
        ),
    ]
}
