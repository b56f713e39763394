//! Reads the parameters of a request as a typed server does: values outside a type are refused before the operation.
//!
//! Leaves out what operations do with them. Follows [MS-IPAMM2] 3.3.4.139 (the sequence of parameters), 2.2.5.55, and how
//! data contract readers take elements: unknown ones are passed over, and so is one that comes after its place.

use super::{
    answer::Fault,
    mutant::{Behaviour, Mutant},
    variant::Variant,
    world::TaskType,
};
use crate::{
    spec::{Operation, namespace, task::IPAM_TASK_TYPE},
    xml::Element,
};

/// What a request says in `taskType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// There is no such element.
    Absent,
    /// It is nil.
    Nil,
    /// `None`.
    None,
    /// A task.
    Task(TaskType),
    /// A word outside the enumeration, which only some servers let through to the operation.
    Unknown,
}

/// Reads the parameters of an operation that has a `taskType`, and gives that.
///
/// # Errors
/// Refuses what cannot be read as the parameters' types.
pub(super) fn read(operation: &Operation, body: &Element, behaviour: &Behaviour) -> Result<Given, Box<Fault>> {
    let mut given = Given::Absent;
    let mut expected = operation.parameters;
    for element in body.elements() {
        let found = expected.iter().position(|field| element.name.is(namespace::IPAM, field.name));
        let Some((field, rest)) = found.and_then(|at| expected.get(at..)).and_then(<[_]>::split_first) else {
            continue;
        };
        expected = rest;
        if field.name == "taskType" {
            given = task_type(operation, element, behaviour)?;
        } else if element.elements().next().is_some() {
            return Err(Fault::unreadable(format!("The parameter {} holds an element in place of text.", field.name)));
        }
    }
    Ok(given)
}

fn task_type(operation: &Operation, element: &Element, behaviour: &Behaviour) -> Result<Given, Box<Fault>> {
    let has_own_type = element.attribute(namespace::XSI, "type").is_none()
        || element.xsi_type().is_some_and(|name| name.is(IPAM_TASK_TYPE.namespace, IPAM_TASK_TYPE.name));
    if element.elements().next().is_some() || !has_own_type {
        return Err(Fault::unreadable("The parameter taskType does not hold an IpamTaskType."));
    }
    if element.is_nil() {
        return Ok(Given::Nil);
    }
    let text = element.text();
    if text == "None" {
        return Ok(Given::None);
    }
    TaskType::named(&text).map(Given::Task).or_else(|| lenient(operation, &text, behaviour)).ok_or_else(|| {
        let shown: String = text.chars().take(80).collect();
        Fault::unreadable(format!("The value '{shown}' cannot be read as an IpamTaskType."))
    })
}

/// What servers that read more than the enumeration make of a word.
fn lenient(operation: &Operation, text: &str, behaviour: &Behaviour) -> Option<Given> {
    let find =
        |alike: &dyn Fn(&str) -> bool| TaskType::ALL.into_iter().find(|task| alike(task.name())).map(Given::Task);
    let folded = |name: &str| name.eq_ignore_ascii_case(text);
    let lie = |mutant| match (operation.name, mutant) {
        ("StartTask", Mutant::StartsEmptyTaskType) => text.is_empty().then_some(Given::Unknown),
        ("StartTask", Mutant::TrimsTaskType) => TaskType::named(text.trim()).map(Given::Task),
        ("StartTask", Mutant::FoldsCaseOfTaskType) | ("TaskLastRunResult", Mutant::FoldsCaseOfQueriedTask) => {
            find(&folded)
        }
        ("StartTask", Mutant::NumericTaskType) => {
            let number = text.parse::<usize>().ok()?.checked_sub(1)?;
            TaskType::ALL.get(number).copied().map(Given::Task)
        }
        ("StartTask", Mutant::CutsTaskType) => find(&|name| text.starts_with(name)),
        ("StartTask", Mutant::StartsLongTaskType) => (text.chars().count() > 64).then_some(Given::Unknown),
        ("TaskLastRunResult", Mutant::SkipsInvisibleInQueriedTask) => {
            let invisible = |c: char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
            TaskType::named(&text.replace(invisible, "")).map(Given::Task)
        }
        ("StartTask", Mutant::StartsUnknownTask)
        | ("TaskLastRunResult", Mutant::AnswersLastRunResultOfUnknown)
        | ("TaskLastRuntime", Mutant::AnswersLastRuntimeOfUnknown)
        | ("TaskNextRuntime", Mutant::AnswersNextRuntimeOfUnknown)
        | ("TaskRecurrenceDuration", Mutant::AnswersRecurrenceOfUnknown) => Some(Given::Unknown),
        _ => None,
    };
    let varied = || behaviour.varies(Variant::OperationRefusesInvalid).then_some(Given::Unknown);
    behaviour.mutants.iter().find_map(|mutant| lie(*mutant)).or_else(varied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{spec::PortType, xml};

    fn given(operation: &str, inside: &str, behaviour: &Behaviour) -> Result<Given, String> {
        let text = format!(
            "<{operation} xmlns='{}' xmlns:i='{}' xmlns:b='{}'>{inside}</{operation}>",
            namespace::IPAM,
            namespace::XSI,
            namespace::IPAM
        );
        let document = xml::read(text.as_bytes(), &xml::Limits::default()).unwrap();
        let operation = Operation::named(PortType::IIpamServer, operation).unwrap();
        read(operation, &document.root, behaviour).map_err(|fault| fault.subcodes[0].local.to_string())
    }

    fn plain(inside: &str) -> Result<Given, String> {
        given("StartTask", inside, &Behaviour::default())
    }

    #[test]
    fn every_word_of_the_enumeration_is_read() {
        for word in IPAM_TASK_TYPE.values {
            let expected = TaskType::named(word).map_or(Given::None, Given::Task);
            assert_eq!(plain(&format!("<taskType>{word}</taskType>")), Ok(expected));
        }
        assert_eq!(plain("<taskType>Dis<!-- c --><![CDATA[covery]]></taskType>"), Ok(Given::Task(TaskType::Discovery)));
        assert_eq!(plain("<taskType i:type='b:IpamTaskType'>Audit</taskType>"), Ok(Given::Task(TaskType::Audit)));
        assert_eq!(plain(""), Ok(Given::Absent));
        assert_eq!(plain("<taskType i:nil='true'/>"), Ok(Given::Nil));
    }

    #[test]
    fn what_is_outside_the_type_is_refused_before_the_operation() {
        for inside in [
            "<taskType/>",
            "<taskType>discovery</taskType>",
            "<taskType> Discovery</taskType>",
            "<taskType>DnsConfigurations</taskType>",
            "<taskType>7</taskType>",
            "<taskType><x/></taskType>",
            "<taskType i:type='b:IpamTaskState'>Audit</taskType>",
            "<taskType i:type='c:Unbound'>Audit</taskType>",
            "<taskType>Audit</taskType><server><x/></server>",
        ] {
            assert_eq!(plain(inside), Err("DeserializationFailed".into()), "{inside}");
        }
    }

    #[test]
    fn elements_that_are_unknown_or_late_are_passed_over() {
        let audit = Ok(Given::Task(TaskType::Audit));
        assert_eq!(plain("<x/><taskType>Audit</taskType><y/><server>s</server><z/>"), audit);
        assert_eq!(plain("<server>s</server><taskType>Audit</taskType>"), Ok(Given::Absent));
        assert_eq!(plain("<taskType>Audit</taskType><taskType>Expiry</taskType>"), audit);
        assert_eq!(plain("<taskType xmlns='urn:x'>Audit</taskType>"), Ok(Given::Absent));
    }

    #[test]
    fn lenient_servers_read_what_they_are_said_to_and_nothing_else() {
        let long = "x".repeat(65);
        let words = ["", "discovery", " Discovery", "DiscoveryX", "1", "0", "None ", "Nothing", &long, "Au\u{ad}dit"];
        let check = |operation: &str, behaviour: Behaviour, read: &[&str]| {
            for word in words {
                let got = given(operation, &format!("<taskType>{word}</taskType>"), &behaviour);
                assert_eq!(got.is_ok(), read.contains(&word), "{behaviour:?} of {operation} reads `{word}`: {got:?}");
            }
        };
        check("StartTask", Mutant::StartsEmptyTaskType.into(), &[""]);
        check("StartTask", Mutant::FoldsCaseOfTaskType.into(), &["discovery"]);
        check("StartTask", Mutant::TrimsTaskType.into(), &[" Discovery"]);
        check("StartTask", Mutant::CutsTaskType.into(), &["DiscoveryX"]);
        check("StartTask", Mutant::NumericTaskType.into(), &["1"]);
        check("StartTask", Mutant::StartsLongTaskType.into(), &[&long]);
        check("TaskLastRunResult", Mutant::SkipsInvisibleInQueriedTask.into(), &["Au\u{ad}dit"]);
        check("StartTask", Mutant::StartsUnknownTask.into(), &words);
        check("TaskLastRunResult", Mutant::StartsUnknownTask.into(), &[]);
        check("TaskLastRunResult", Mutant::FoldsCaseOfQueriedTask.into(), &["discovery"]);
        check("TaskNextRuntime", Mutant::AnswersNextRuntimeOfUnknown.into(), &words);
        check("IsTaskRunning", Variant::OperationRefusesInvalid.into(), &words);
    }
}
