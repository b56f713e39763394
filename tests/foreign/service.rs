//! The operations of the foreign server: what each does and says, [MS-IPAMM2] 3.3.4.
//!
//! Leaves out sockets and envelopes.

use super::{
    http::Answer,
    message::{IPAM, Refusal, fault, reply},
    tasks::{Look, NAMES, Tasks, date_time},
    ways::{Lie, Variation, Ways},
    xml::{self, Node},
};

/// The task type of a request.
#[derive(Debug)]
enum Asked {
    /// Absent or nil.
    Nothing,
    None,
    Task(&'static str),
    Unknown(String),
}

/// Answers a request; none where the connection is closed instead.
pub(crate) fn answer(content: &str, tasks: &mut Tasks, ways: &Ways) -> Option<Answer> {
    let Some(envelope) = xml::parse(content) else { return Some(Answer::plain(400, "no XML")) };
    let header = |name: &str| envelope.child("Header")?.child(name).map(|block| block.text.trim().to_owned());
    let id = header("MessageID").unwrap_or_default();
    let action = header("Action").unwrap_or_default();
    let operation = action.rsplit('/').next().unwrap_or_default();
    let Some(element) = envelope.child("Body").and_then(Node::first).filter(|element| element.name == operation) else {
        return Some(fault(&Refusal::Reader("ActionNotSupported"), operation, &id, ways));
    };
    let asked = asked(element);
    if matches!(asked, Asked::None) && operation == "StartTask" && ways.lies(Lie::HangsUpOnNone) {
        return None;
    }
    Some(match perform(operation, element, &asked, tasks, ways) {
        Ok(inside) => reply(operation, &inside, &id, ways),
        Err(refusal) => fault(&refusal, operation, &id, ways),
    })
}

fn asked(element: &Node) -> Asked {
    match element.child("taskType").filter(|task| !task.is_nil() && !task.is_elsewhere(IPAM)) {
        None => Asked::Nothing,
        Some(task) if task.text == "None" => Asked::None,
        Some(task) => match NAMES.into_iter().find(|name| *name == task.text) {
            Some(name) => Asked::Task(name),
            None => Asked::Unknown(task.text.clone()),
        },
    }
}

fn perform(operation: &str, element: &Node, asked: &Asked, tasks: &mut Tasks, ways: &Ways) -> Result<String, Refusal> {
    match operation {
        "IsIpamConfigured" => Ok(result(operation, &boolean(true, ways))),
        "IsSchemaConversionRequired" => Ok(result(operation, &boolean(false, ways))),
        "IsPurgeTaskRunning" | "IsSchemaConversionInProgress" | "IsUtilizationPurgeTaskRunning" => {
            Ok(result(operation, &boolean(false, ways)))
        }
        "GetIpamVersion" => {
            let numbers = [("_Build", 9200), ("_Major", 6), ("_Minor", 2), ("_Revision", 16384)];
            let parts = numbers.map(|(name, number)| format!("<v:{name}>{number}</v:{name}>")).concat();
            Ok(format!(
                "<GetIpamVersionResult xmlns:v=\"http://schemas.datacontract.org/2004/07/System\">{parts}</GetIpamVersionResult>"
            ))
        }
        "GetIpamTasksInfo" => Ok(list(tasks.look(), ways)),
        "StartTask" => start(element, asked, tasks, ways).map(|()| String::new()),
        "IsTaskRunning" => is_running(asked, tasks, ways).map(|said| result(operation, &said)),
        "TaskLastRunResult" | "TaskLastRuntime" | "TaskNextRuntime" | "TaskRecurrenceDuration" => {
            query(operation, asked, tasks, ways).map(|said| result(operation, &said))
        }
        _ => Err(Refusal::Reader("ActionNotSupported")),
    }
}

fn result(operation: &str, said: &str) -> String {
    format!("<{operation}Result>{said}</{operation}Result>")
}

fn boolean(value: bool, ways: &Ways) -> String {
    if ways.varies(Variation::NumbersForBooleans) { u8::from(value).to_string() } else { value.to_string() }
}

/// 3.3.4.139
fn start(element: &Node, asked: &Asked, tasks: &mut Tasks, ways: &Ways) -> Result<(), Refusal> {
    let name = match asked {
        Asked::Task(name) => *name,
        Asked::None if ways.lies(Lie::StartsNone) => return Ok(()),
        Asked::Unknown(text) if takes(text, ways) => return Ok(()),
        Asked::Nothing | Asked::None => return Err(invalid()),
        Asked::Unknown(_) => return Err(unknown(ways)),
    };
    let has_server = element.child("server").is_some_and(|server| !server.is_nil());
    if (name == "Monitoring" && ways.lies(Lie::RefusesMonitoring)) || (has_server && ways.lies(Lie::RefusesServers)) {
        return Err(Refusal::Operation("IpamApiTaskError", "The task could not be started.".to_owned()));
    }
    tasks.start(name, ways).map_err(|id| Refusal::Operation(id, format!("{name} was not started.")))
}

/// The lies about values that are none of the enumeration.
fn takes(text: &str, ways: &Ways) -> bool {
    let folded = || NAMES.iter().any(|name| name.eq_ignore_ascii_case(text));
    let trimmed = || NAMES.iter().any(|name| *name == text.trim());
    let numbered = || text.parse::<usize>().is_ok_and(|number| (1..=NAMES.len()).contains(&number));
    ways.lies(Lie::AnswersAnything)
        || (folded() && ways.lies(Lie::FoldsCase))
        || (trimmed() && ways.lies(Lie::LeavesOutSpaces))
        || (numbered() && ways.lies(Lie::TakesNumbers))
}

fn invalid() -> Refusal {
    Refusal::Operation("IpamApiInvalidParameter", "taskType names no task.".to_owned())
}

/// What is none of the enumeration is not read, as a rule; the operation never sees it.
fn unknown(ways: &Ways) -> Refusal {
    if ways.varies(Variation::OperationRefusesAll) { invalid() } else { Refusal::Reader("DeserializationFailed") }
}

/// 3.3.4.118
fn is_running(asked: &Asked, tasks: &mut Tasks, ways: &Ways) -> Result<String, Refusal> {
    let running = match asked {
        Asked::Nothing if ways.lies(Lie::TakesNullForIdle) => false,
        Asked::Nothing => return Err(invalid()),
        Asked::Unknown(_) => return Err(unknown(ways)),
        Asked::None => false,
        Asked::Task(name) => tasks.look_at(name).is_some_and(|look| look.state == "Running"),
    };
    if ways.lies(Lie::SaysYesAndNo) {
        return Ok(if running { "yes" } else { "no" }.to_owned());
    }
    Ok(boolean(running, ways))
}

/// 3.3.4.140 to 3.3.4.143
fn query(operation: &str, asked: &Asked, tasks: &mut Tasks, ways: &Ways) -> Result<String, Refusal> {
    let of_none = || match operation {
        "TaskLastRunResult" => ways.lies(Lie::AnswersResultOfNone),
        "TaskLastRuntime" => ways.lies(Lie::AnswersLastRunOfNone),
        "TaskNextRuntime" => ways.lies(Lie::AnswersNextRunOfNone),
        _ => false,
    };
    let name = match asked {
        Asked::Task(name) => name,
        Asked::None if of_none() => "Discovery",
        Asked::Unknown(_) if operation == "TaskRecurrenceDuration" && ways.lies(Lie::AnswersRecurrenceOfUnknown) => {
            "Discovery"
        }
        Asked::Nothing | Asked::None => return Err(invalid()),
        Asked::Unknown(_) => return Err(unknown(ways)),
    };
    let look = tasks.look_at(name).ok_or_else(invalid)?;
    Ok(match operation {
        "TaskLastRunResult" if ways.lies(Lie::ResultInHex) => format!("{:#010x}", look.result),
        "TaskLastRunResult" => look.result.to_string(),
        "TaskLastRuntime" if ways.lies(Lie::LastRunInWords) => "yesterday at noon".to_owned(),
        "TaskLastRuntime" if ways.lies(Lie::LastRunAnHourOff) => time(look.last_run.map(|run| run + 3_600_000), ways),
        "TaskLastRuntime" => time(look.last_run, ways),
        "TaskNextRuntime" if ways.lies(Lie::NextRunIsLastRun) => time(look.last_run, ways),
        "TaskNextRuntime" => time(Some(look.next_run), ways),
        _ if ways.lies(Lie::RecurrenceAsClock) => format!("{}:00:00", look.every / 3_600_000),
        _ => format!("PT{}H", look.every / 3_600_000),
    })
}

/// A time that was, or the first that there is where none was.
fn time(milliseconds: Option<u64>, ways: &Ways) -> String {
    let east = if ways.varies(Variation::TimesOfAnotherZone) { 9 } else { 0 };
    milliseconds.map_or_else(|| "0001-01-01T00:00:00".to_owned(), |milliseconds| date_time(milliseconds, east))
}

/// 3.3.4.80
fn list(mut looks: Vec<Look>, ways: &Ways) -> String {
    if ways.lies(Lie::LeavesOutExpiry) {
        looks.retain(|look| look.name != "Expiry");
    }
    if ways.lies(Lie::ListsDiscoveryTwice) {
        looks.extend(looks.first().cloned());
    }
    let mut infos: Vec<String> = looks.iter().map(|look| task_info(look, ways)).collect();
    if ways.varies(Variation::ListsNone) {
        infos.push("<TaskInfo><State>None</State><TaskType>None</TaskType></TaskInfo>".to_owned());
    }
    format!(
        "<GetIpamTasksInfoResult xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\">{}</GetIpamTasksInfoResult>",
        infos.concat()
    )
}

/// 2.2.4.442
fn task_info(look: &Look, ways: &Ways) -> String {
    let last_run = match look.last_run {
        Some(_) => format!("<LastRunTime>{}</LastRunTime>", time(look.last_run, ways)),
        None => "<LastRunTime i:nil=\"true\"/>".to_owned(),
    };
    let state = if ways.lies(Lie::TranslatesStates) { "Bereit" } else { look.state };
    let status = if ways.varies(Variation::NoStatus) { "" } else { "<Status>geplant</Status>" };
    let mut members = [
        last_run,
        format!("<NextRunTime>{}</NextRunTime>", time(Some(look.next_run), ways)),
        format!("<State>{state}</State>"),
        status.to_owned(),
        format!("<TaskType>{}</TaskType>", look.name),
        "<Triggers i:nil=\"true\"/>".to_owned(),
    ];
    if ways.lies(Lie::SortsMembersBackwards) {
        members.reverse();
    }
    format!("<TaskInfo>{}</TaskInfo>", members.concat())
}
