//! Tests that probe the server with one set of requests: that every lie shows, where it should and nowhere else, and
//! that no variant changes what is said.
//!
//! Leaves out sockets. The answers are read with the package's own reader.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
    time::Duration,
};

use super::{
    moment::Moment,
    mutant::{Behaviour, Mutant},
    respond::{self, Response},
    scenario::Scenario,
    variant::Variant,
};
use crate::{
    spec::{OPERATIONS, Operation, namespace, schema::Type},
    xml::{self, Document, Element, Limits, Node, Value},
};

fn envelope(operation: &str, inside: &str) -> String {
    format!(
        "<s:Envelope xmlns:s='{}' xmlns:a='{}'><s:Header><a:Action>{}/IIpamServer/{operation}</a:Action>\
         <a:MessageID>urn:uuid:1</a:MessageID></s:Header><s:Body><{operation} xmlns='{}' xmlns:i='{}'>{inside}\
         </{operation}></s:Body></s:Envelope>",
        namespace::SOAP12,
        namespace::ADDRESSING,
        namespace::IPAM,
        namespace::IPAM,
        namespace::XSI
    )
}

/// The operations that are asked one at a time.
fn operations() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().filter(|operation| !operation.port_type.has_sessions())
}

/// A request, made in a world of this scenario.
struct Probe {
    scenario: Scenario,
    /// How far the clock is moved before it, in milliseconds.
    after: u64,
    operation: &'static str,
    inside: String,
}

/// Requests that tell every lie from the truth.
fn probes() -> Vec<Probe> {
    let of = |word: &str| format!("<taskType>{word}</taskType>");
    let mut probes = Vec::new();
    let probe = |after, operation, inside| Probe { scenario: Scenario::Default, after, operation, inside };
    for operation in operations().filter(|operation| operation.parameters.is_empty()) {
        probes.push(probe(0, operation.name, String::new()));
    }
    for name in ["TaskLastRunResult", "TaskLastRuntime", "TaskNextRuntime", "TaskRecurrenceDuration", "IsTaskRunning"] {
        for word in ["Discovery", "Audit", "None", "Discover", "discovery"] {
            probes.push(probe(0, name, of(word)));
        }
        probes.push(probe(0, name, String::new()));
        probes.push(probe(0, name, "<taskType i:nil='true'/>".into()));
    }
    for word in ["None", "", "Defragmentation", " Discovery", "AUDIT", "7", "ExpiryDate", "DnsConfiguration", "Audit"] {
        probes.push(probe(0, "StartTask", of(word)));
    }
    probes.push(probe(0, "StartTask", of(&"a".repeat(65))));
    probes.push(probe(0, "TaskLastRunResult", of("Audit\u{2060}")));
    probes.push(probe(0, "StartTask", "<taskType>Audit</taskType><server i:nil='true'/>".into()));
    probes.push(probe(0, "StartTask", "<taskType>Discovery</taskType><server>a</server>".into()));
    for milliseconds in [500, 2000, 5000] {
        probes.push(probe(milliseconds, "GetIpamTasksInfo", String::new()));
        probes.push(probe(0, "IsTaskRunning", of("Audit")));
    }
    for scenario in Scenario::ALL.into_iter().skip(1).filter(|scenario| !scenario.is_of_sessions()) {
        for operation in operations() {
            let inside = if operation.parameters.is_empty() { String::new() } else { of("Discovery") };
            probes.push(Probe { scenario, after: 0, operation: operation.name, inside });
        }
    }
    probes
}

/// Every answer to the probes, in lab worlds.
fn answers(behaviour: &Behaviour) -> Vec<Response> {
    let mut worlds = BTreeMap::new();
    let answer = |probe: Probe| {
        let fresh = || (respond::world(probe.scenario, behaviour, Moment::LAB), Moment::LAB);
        let (world, now) = worlds.entry(probe.scenario).or_insert_with(fresh);
        *now = now.after(Duration::from_millis(probe.after));
        respond::respond(envelope(probe.operation, &probe.inside).as_bytes(), world, *now, behaviour)
    };
    probes().into_iter().map(answer).collect()
}

fn parsed(response: &Response) -> Document {
    xml::read(&response.content, &Limits::default())
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&response.content)))
}

fn body(document: &Document) -> &Element {
    let body = document.root.child(namespace::SOAP12, "Body").expect("a body");
    body.elements().next().expect("something in the body")
}

fn is_fault(response: &Response) -> bool {
    body(&parsed(response)).name.is(namespace::SOAP12, "Fault")
}

static HONEST: LazyLock<Vec<Response>> = LazyLock::new(|| answers(&Behaviour::default()));
/// What each mutant answers.
static LIES: LazyLock<Vec<(Mutant, Vec<Response>)>> = LazyLock::new(|| {
    let mutants = Mutant::ALL.iter().filter(|mutant| !mutant.is_of_sessions());
    mutants.map(|mutant| (*mutant, answers(&(*mutant).into()))).collect()
});

/// The names of the operations whose answers differ from the honest ones.
fn changed(told: &[Response]) -> BTreeSet<&'static str> {
    let pairs = HONEST.iter().zip(told);
    probes().iter().zip(pairs).filter(|(_, (was, is))| was != is).map(|(probe, _)| probe.operation).collect()
}

#[test]
fn the_plain_server_answers_every_probe_as_it_should() {
    for (Probe { scenario, operation, inside, .. }, response) in probes().iter().zip(&*HONEST) {
        if *scenario != Scenario::Default {
            continue;
        }
        let document = parsed(response);
        let text = String::from_utf8_lossy(&response.content);
        let task = ["Discovery", "Audit", "DnsConfiguration"].iter().any(|task| inside.contains(&format!(">{task}<")));
        let fails = match *operation {
            "IsTaskRunning" => !task && !inside.contains(">None<"),
            _ => !task && (inside.contains("taskType") || operation.starts_with("Task")),
        };
        assert_eq!(is_fault(response), fails, "{operation} {inside}: {text}");
        let relates = document.root.child(namespace::SOAP12, "Header").unwrap();
        assert_eq!(relates.child(namespace::ADDRESSING, "RelatesTo").unwrap().text(), "urn:uuid:1");
        assert_eq!(response.status, if fails { 400 } else { 200 });
        let by_operation = inside.is_empty() || inside.contains("nil") || inside.contains(">None<");
        let exception = "{http://schemas.datacontract.org/2004/07/Microsoft.Windows.Ipam}IpamException";
        if fails {
            let detail = body(&document).child(namespace::SOAP12, "Detail");
            let held: Vec<_> = detail.into_iter().flat_map(Element::elements).map(|tag| tag.name.to_string()).collect();
            assert_eq!(held, if by_operation { vec![exception] } else { vec![] }, "{operation} {inside}");
        } else {
            let operation = OPERATIONS.iter().find(|known| known.name == *operation).unwrap();
            assert!(body(&document).name.is(namespace::IPAM, operation.response_element));
            if let Some(result) = &operation.result {
                assert_eq!(mismatches(body(&document).child(namespace::IPAM, result.name).unwrap(), result.kind), 0);
            }
        }
    }
}

fn mismatches(element: &Element, kind: Type) -> usize {
    xml::validate(element, kind).len()
}

#[test]
fn every_lie_shows_in_some_answer() {
    for (mutant, told) in &*LIES {
        assert!(!changed(told).is_empty(), "{mutant:?} changes nothing");
    }
}

#[test]
fn a_lie_about_one_operation_shows_in_that_one_alone() {
    for operation in operations() {
        let mut words = String::new();
        for c in operation.name.chars() {
            if c.is_ascii_uppercase() && !words.is_empty() {
                words.push('-');
            }
            words.push(c.to_ascii_lowercase());
        }
        for (mutant, told) in LIES.iter().filter(|(mutant, _)| mutant.requirement().starts_with(&format!("{words}."))) {
            let changed = changed(told);
            let of_all = ["replies", "response-action", "response-element"]
                .iter()
                .any(|part| mutant.requirement().ends_with(part))
                || matches!(mutant, Mutant::HollowReply | Mutant::ResultInNoNamespace);
            // What a task is asked to do shows in what is told of it.
            let shows_elsewhere: &[_] =
                if operation.name == "StartTask" { &["GetIpamTasksInfo", "IsTaskRunning"] } else { &[] };
            let shows = shows_elsewhere.iter().any(|name| changed.contains(name));
            assert!(shows || changed.contains(operation.name), "{mutant:?}: {changed:?}");
            if !of_all {
                let others: Vec<_> =
                    changed.iter().filter(|name| **name != operation.name && !shows_elsewhere.contains(name)).collect();
                assert!(others.is_empty(), "{mutant:?} changes {others:?} too");
            }
        }
    }
}

#[test]
fn lies_about_faults_leave_replies_alone_and_the_other_way_round() {
    for (mutant, told) in &*LIES {
        let of_faults = mutant.requirement().starts_with("fault.") || *mutant == Mutant::Soap11Fault;
        let of_common = matches!(mutant.requirement(), "fault.common-shape" | "fault.exception-format");
        let of_replies = mutant.requirement().contains(".response-") || mutant.requirement() == "message.well-formed";
        for (was, is) in HONEST.iter().zip(told) {
            let fault = is_fault(was);
            if (of_faults && !fault) || (of_replies && fault) {
                assert_eq!(was, is, "{mutant:?}");
            }
            if of_common && fault && String::from_utf8_lossy(&was.content).contains("DeserializationFailed") {
                assert_eq!(was, is, "{mutant:?} changes faults that promise no exception");
            }
        }
    }
}

#[test]
fn only_lies_about_well_formedness_are_ill_formed() {
    for (mutant, told) in &*LIES {
        let expected =
            mutant.requirement() == "message.well-formed" || matches!(mutant, Mutant::SilentStart | Mutant::DtdInReply);
        let ill = told.iter().any(|answer| xml::read(&answer.content, &Limits::default()).is_err());
        assert_eq!(ill, expected, "{mutant:?}");
    }
}

/// Variants that change only how a message is spelled, or what HTTP says of it.
fn is_spelling(variant: Variant) -> bool {
    let first = Variant::ALL.iter().position(|other| *other == variant).unwrap();
    let of_content = Variant::ALL.iter().position(|other| *other == Variant::ExtraHeader).unwrap();
    let of_http = Variant::ALL.iter().position(|other| *other == Variant::SmallChunks).unwrap();
    first < of_content || (first >= of_http && !variant.is_of_sessions())
}

/// An element with white space between elements left out, attributes in one order, and names in values resolved.
fn meaning(element: &Element) -> Element {
    let mut copy = element.clone();
    copy.position = xml::Position::default();
    copy.attributes.sort_by(|a, b| a.name.cmp(&b.name));
    for attribute in &mut copy.attributes {
        if matches!(&*attribute.name.local, "type" | "qname") {
            attribute.value = element.scope.resolve(&attribute.value).unwrap().to_string();
        }
    }
    let has_elements = element.elements().next().is_some();
    copy.children = if has_elements {
        element.elements().map(|child| Node::Element(meaning(child))).collect()
    } else if element.name.is(namespace::SOAP12, "Value") {
        vec![Node::Text(element.scope.resolve(&element.text()).unwrap().to_string())]
    } else {
        Some(element.text()).filter(|text| !text.is_empty()).map(Node::Text).into_iter().collect()
    };
    copy
}

#[test]
fn a_variant_of_spelling_says_the_same() {
    for variant in Variant::ALL.iter().filter(|variant| is_spelling(**variant) && !variant.is_of_net_tcp()) {
        let varied = answers(&(*variant).into());
        for (was, is) in HONEST.iter().zip(&varied) {
            assert_eq!(was.status, is.status);
            assert_eq!(meaning(&parsed(was).root), meaning(&parsed(is).root), "{variant:?}");
        }
        let of_connection =
            matches!(variant, Variant::SmallChunks | Variant::ClosesConnection | Variant::TitleCaseFields);
        assert_eq!(*HONEST == varied, of_connection, "{variant:?}");
    }
}

#[test]
fn a_variant_of_content_changes_something_and_answers_alike() {
    for variant in Variant::ALL
        .iter()
        .filter(|variant| !(is_spelling(**variant) || variant.is_of_sessions() || variant.is_of_net_tcp()))
    {
        let varied = answers(&(*variant).into());
        assert_ne!(*HONEST, varied, "{variant:?} changes nothing");
        for ((was, is), Probe { operation, inside, .. }) in HONEST.iter().zip(&varied).zip(probes()) {
            // What IsTaskRunning says of a word outside the enumeration is left open.
            let is_open = *variant == Variant::OperationRefusesInvalid && operation == "IsTaskRunning";
            assert!(is_open || is_fault(was) == is_fault(is), "{variant:?}: {operation} {inside}");
            let operation = OPERATIONS.iter().find(|known| known.name == operation).unwrap();
            let document = parsed(is);
            if let (false, Some(result)) = (is_fault(is), &operation.result)
                && *variant != Variant::TaskInfoWithMore
            {
                let result_element = body(&document).child(namespace::IPAM, result.name).unwrap();
                assert_eq!(xml::validate(result_element, result.kind), [], "{variant:?}");
            }
        }
    }
}

/// The values of every simple result and every field of every task, as values of their types.
fn values(behaviour: &Behaviour) -> Vec<Value> {
    let mut values = Vec::new();
    for (Probe { operation, .. }, answer) in probes().iter().zip(answers(behaviour)) {
        let operation = OPERATIONS.iter().find(|known| known.name == *operation).unwrap();
        let document = parsed(&answer);
        if let (false, Some(result)) = (is_fault(&answer), &operation.result)
            && let Type::Simple(simple) = result.kind
        {
            let text = body(&document).child(namespace::IPAM, result.name).unwrap().text();
            values.push(Value::parse(simple, &text).unwrap());
        }
    }
    values
}

#[test]
fn values_are_the_same_however_they_are_spelled() {
    let honest = values(&Behaviour::default());
    assert!(honest.len() > 15);
    for variant in [
        Variant::OffsetTimes,
        Variant::OtherDurations,
        Variant::NumericBooleans,
        Variant::PaddedValues,
        Variant::SignedNumbers,
    ] {
        assert_eq!(values(&variant.into()), honest, "{variant:?}");
    }
}

#[test]
fn scenarios_refuse_what_they_should() {
    for (scenario, admitted, id) in [
        (Scenario::NotProvisioned, &["IsIpamConfigured"][..], "IpamApiCallsAreNotAllowedUntilProvisioningIsDone"),
        (
            Scenario::ConversionRequired,
            &["IsIpamConfigured", "IsSchemaConversionRequired", "IsSchemaConversionInProgress"],
            "IpamApiCallsAreNotAllowedUntilSchemaConversionIsDone",
        ),
        (Scenario::AccessDenied, &[], "IpamApiAccessDenied"),
    ] {
        let behaviour = Behaviour::default();
        let mut world = respond::world(scenario, &behaviour, Moment::LAB);
        for operation in operations() {
            let inside = if operation.parameters.is_empty() { "" } else { "<taskType>Audit</taskType>" };
            let request = envelope(operation.name, inside);
            let answer = respond::respond(request.as_bytes(), &mut world, Moment::LAB, &behaviour);
            assert_eq!(is_fault(&answer), !admitted.contains(&operation.name), "{scenario:?} {}", operation.name);
            assert_eq!(String::from_utf8_lossy(&answer.content).contains(id), is_fault(&answer));
        }
    }
}
