//! Tests of `[generate]`: what is read, how every mistake is told, and how its holes stand beside twins and effects.

use super::*;
use crate::case::{Case, SourceFile, StepKind, Suite};

const CATALOGUE: &str = r#"
revision = "12.0"
[[requirement]]
id = "a.must"
document = "MS-IPAMM2"
section = "1"
level = "must"
text = "It holds."
[[requirement]]
id = "a.observe"
document = "MS-IPAMM2"
section = "1"
level = "observe"
text = "It is seen."
"#;

const TWIN: &str = r#"
about = "a"
requirements = ["a.must"]
port_type = "IIpamServer"
effect = "start-task"
mutant = "m"
[[step]]
[step.call]
operation = "StartTask"
body = '<taskType>Audit</taskType>'
[step.expect]
reply = true
"#;

/// A case with a `[generate]`, a body and the rest of its step.
fn text(generate: &str, body: &str, expect: &str) -> String {
    format!(
        "about = \"a\"\nrequirements = [\"a.must\"]\nport_type = \"IIpamServer\"\neffect = \"start-task\"\n\
         mutant = \"m\"\ntwin = \"twin\"\n[generate]\n{generate}\n[[step]]\n[step.call]\noperation = \"StartTask\"\n\
         body = '{body}'\n[step.expect]\n{expect}\n"
    )
}

fn load(text: &str) -> Result<Case, Vec<String>> {
    let files = [("requirements/r.toml", CATALOGUE), ("twin.toml", TWIN), ("x.toml", text)];
    let suite = Suite::load(&files.map(|(path, text)| SourceFile::new(path, text)));
    suite.map(|suite| suite.case("x").unwrap().clone()).map_err(|mistakes| {
        let told = mistakes.iter().map(|told| {
            let at = told.file.text.get(told.span.clone()).unwrap();
            format!("{}: {} ({}) [{at}]", told.line(), told.message, told.help.as_deref().unwrap_or("-"))
        });
        told.collect()
    })
}

const FAULT: &str = "fault = \"any\"";
const HOLE: &str = "<taskType>{{x}}</taskType>";

#[test]
fn sorts_and_counts_are_read() {
    let task_type = Kind::NotIn(&crate::spec::task::IPAM_TASK_TYPE);
    for (sort, kind) in [
        ("not_in = \"ipam:IpamTaskType\"", task_type),
        ("string = true", Kind::String),
        ("number = true", Kind::Number),
        ("type = \"xsd:int\"", Kind::Type(SimpleType::Int)),
        ("xml = \"other\"", Kind::Xml(Home::Other)),
    ] {
        let case = load(&text(&format!("x = {{ {sort} }}"), HOLE, FAULT)).unwrap();
        assert_eq!(case.generate, Some(Generate { count: USUAL, keys: vec![("x".to_owned(), kind)] }));
        assert_eq!(case.id, "x");
    }
    let counted = load(&text("count = 1000\nx = { string = true }", HOLE, FAULT)).unwrap();
    assert_eq!(counted.generate.unwrap().count, 1000);
    assert!(load(TWIN).unwrap().generate.is_none());
}

#[test]
fn values_are_escaped_and_xml_is_not() {
    for (sort, body) in [("string = true", "&lt;b/&gt;"), ("xml = \"any\"", "<b/>")] {
        let case = load(&text(&format!("x = {{ {sort} }}"), HOLE, FAULT)).unwrap();
        let StepKind::Call(call) = &case.steps[0].kind else { panic!() };
        let filled = call.body.fill(&|_| Some("<b/>".to_owned()));
        assert_eq!(filled.unwrap(), format!("<taskType>{body}</taskType>"));
        assert_eq!(call.body.to_string(), HOLE);
    }
}

#[test]
fn each_mistake_is_told_where_it_stands() {
    let string = "x = { string = true }";
    let matrix = "x = { string = true }\n[matrix]\nx = [\"a\"]";
    for (generate, body, expect, says) in [
        ("", HOLE, FAULT, "7: [generate] names no value"),
        ("count = 5", HOLE, FAULT, "7: [generate] names no value"),
        ("count = 0\nx = { string = true }", HOLE, FAULT, "write a whole number from 1 to 1000) [0]"),
        ("count = 1001\nx = { string = true }", HOLE, FAULT, "`count` is out of range"),
        ("count = \"5\"\nx = { string = true }", HOLE, FAULT, "`count` must be a whole number"),
        ("x = 5", HOLE, FAULT, "must be a table"),
        ("x = {}", HOLE, FAULT, "the sort of values is not said (write one of not_in, string"),
        ("x = { strin = true }", HOLE, FAULT, "did you mean `string`?) [strin]"),
        ("x = { string = true, number = true }", HOLE, FAULT, "of one sort, not two (leave one out) [number]"),
        ("x = { string = false }", HOLE, FAULT, "`string = false` says nothing"),
        ("x = { not_in = \"ipam:IpamTaskTyp\" }", HOLE, FAULT, "did you mean `ipam:IpamTaskType`?"),
        ("x = { not_in = \"xsd:int\" }", HOLE, FAULT, "`xsd:int` is no enumeration"),
        ("x = { type = \"ipam:TaskInfo\" }", HOLE, FAULT, "`ipam:TaskInfo` is no type of text"),
        ("x = { type = \"xsd:imt\" }", HOLE, FAULT, "did you mean `xsd:int`?"),
        ("x = { xml = \"urn:x\" }", HOLE, FAULT, "known here: ipam, other, any"),
        ("to = { string = true }", HOLE, FAULT, "`to` is not a name for a hole"),
        ("X = { string = true }", HOLE, FAULT, "`X` is not a name for a hole"),
        (matrix, HOLE, FAULT, "8: `x` is a key of the matrix, too"),
        (string, "<taskType/>", FAULT, "8: `x` is used nowhere"),
        (string, HOLE, "fault = \"any\"\n[step.capture]\nx = \".\"", "`x` is taken"),
        (string, HOLE, "fault = \"any\"\nsnapshot = true", "generated values differ with the seed"),
        (string, "<taskType>{{x}}", FAULT, "the body is not well-formed"),
        ("x = { xml = \"any\" }", "<taskType a=\"{{x}}\"/>", FAULT, "the body is not well-formed"),
        (
            "x = { xml = \"any\" }",
            HOLE,
            "reply = true\n[[step.expect.value]]\npath = \".\"\nequals = \"{{x}}\"",
            "`x` is XML, which has no place here",
        ),
        (string, HOLE, "either = true", "whatever is made up, nothing can fail"),
        (string, HOLE, "reply = true\nrequirement = \"a.observe\"", "whatever is made up, nothing can fail"),
    ] {
        let told = load(&text(generate, body, expect)).map(|_| ()).unwrap_err();
        assert!(told.iter().any(|told| told.contains(says)), "{generate} {body} {expect}: {told:#?}");
    }
}

#[test]
fn a_twin_differs_by_a_made_up_value() {
    let told = |generate: &str, body: &str| load(&text(generate, body, FAULT)).map(|_| ()).unwrap_err_or_default();
    let (string, xml) = ("x = { string = true }", "x = { xml = \"any\" }");
    assert_eq!(told(string, HOLE), "");
    assert_eq!(told(string, "<taskType>Audit{{x}}</taskType>"), "");
    assert_eq!(told(string, "<taskType a=\"{{x}}\">Audit</taskType>"), "");
    assert_eq!(told(xml, "<taskType>Audit</taskType>{{x}}"), "");
    assert!(told(string, "<taskType>{{x}}</taskType><server>{{x}}</server>").contains("more than one place"));
    assert!(told(xml, "{{x}}<taskType>None</taskType>").contains("more than one place"));
    // What stands elsewhere in the case makes no difference of requests.
    let waits = format!(
        "{FAULT}\n[[step]]\n[step.call]\noperation = \"IsTaskRunning\"\nbody = '{HOLE}'\n[step.expect]\n{FAULT}"
    );
    let same = load(&text(string, "<taskType>Audit</taskType>", &waits)).map(|_| ()).unwrap_err_or_default();
    assert!(same.contains("does not differ"), "{same}");
}

#[test]
fn an_envelope_of_made_up_xml_may_write() {
    let raw = "about = \"a\"\nrequirements = [\"a.must\"]\nport_type = \"IIpamServer\"\neffect = \"read\"\nmutant = \"m\"\n\
               [lab]\nscenario = \"s\"\n[generate]\nx = { xml = \"any\" }\n[[step]]\n[step.raw]\n\
               envelope = '''<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>{{x}}</s:Body></s:Envelope>'''\n\
               [step.expect]\nfault = \"any\"\n";
    assert!(load(raw).unwrap_err().join("").contains("at least `write`"));
    assert!(load(&raw.replace("\"read\"", "\"write\"")).is_ok());
}

/// The mistakes of what was refused, as one text; nothing of what was not.
trait Told {
    fn unwrap_err_or_default(self) -> String;
}

impl Told for Result<(), Vec<String>> {
    fn unwrap_err_or_default(self) -> String {
        self.err().map(|told| told.join("\n")).unwrap_or_default()
    }
}
