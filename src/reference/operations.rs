//! The operations: what each does to the world and what it answers.
//!
//! Leaves out reading requests and writing replies. Follows [MS-IPAMM2] 3.3.4 (each operation's section is named where
//! it stands), 3.1.4.2 (what comes before every operation) and the rulings on what those sections leave open.

use super::{
    answer::{Answer, Fault},
    moment::Moment,
    mutant::{Behaviour, Mutant},
    parameter::{self, Given},
    scenario::Scenario,
    tag::{Inside, Tag, Value},
    value::Spelling,
    variant::Variant,
    world::{Task, TaskState, TaskType, World},
};
use crate::{
    spec::{Operation, Role, namespace},
    xml::Element,
};

/// Does what a request asks of a world at `now`.
pub(super) fn perform(
    operation: &'static Operation,
    body: &Element,
    world: &mut World,
    now: Moment,
    behaviour: &Behaviour,
) -> Answer {
    let call = Call { operation, behaviour, spelling: Spelling::of(behaviour) };
    let answered = admit(operation, world.scenario(), behaviour).and_then(|()| match operation.name {
        "StartTask" => call.start_task(call.given(body)?, body, world, now),
        "GetIpamTasksInfo" => Ok(call.result(&Inside::Tags(call.tasks_info(world, now)))),
        "IsTaskRunning" => call.is_task_running(call.given(body)?, world, now),
        "TaskLastRunResult" | "TaskLastRuntime" | "TaskNextRuntime" | "TaskRecurrenceDuration" => {
            call.task_query(call.given(body)?, world, now)
        }
        // 3.3.4.114
        "IsIpamConfigured" => Ok(call.boolean(world.is_configured(), Mutant::ConfiguredNotBoolean)),
        // 3.3.4.117
        "IsSchemaConversionRequired" => {
            Ok(call.boolean(world.is_schema_conversion_required(), Mutant::ConversionNotBoolean))
        }
        // 3.3.4.115, 3.3.4.116, 3.3.4.157: nothing of that sort ever goes on here.
        "IsPurgeTaskRunning" => Ok(call.boolean(false, Mutant::PurgeNotBoolean)),
        "IsSchemaConversionInProgress" => Ok(call.boolean(false, Mutant::ConversionProgressNotBoolean)),
        "IsUtilizationPurgeTaskRunning" => Ok(call.boolean(false, Mutant::UtilizationPurgeNotBoolean)),
        "GetIpamVersion" => Ok(call.result(&call.version())),
        _ => Err(Fault::addressing(&["ActionNotSupported"], "The operation is not implemented.")),
    });
    match answered {
        Ok(inside) => Answer::Reply(operation, inside),
        Err(fault) => Answer::Fault(fault),
    }
}

/// 3.1.4.2: the user must have the right, and the server must be provisioned and converted for all but a few.
///
/// # Errors
/// Whether a lie has this operation answered where nothing is provisioned.
fn tells_unprovisioned(name: &str, behaviour: &Behaviour) -> bool {
    match name {
        "IsSchemaConversionRequired" => behaviour.lies(Mutant::TellsSchemaConversionRequiredUnprovisioned),
        "IsSchemaConversionInProgress" => behaviour.lies(Mutant::TellsSchemaConversionInProgressUnprovisioned),
        "IsPurgeTaskRunning" => behaviour.lies(Mutant::TellsPurgeTaskRunningUnprovisioned),
        "IsUtilizationPurgeTaskRunning" => behaviour.lies(Mutant::TellsUtilizationPurgeTaskRunningUnprovisioned),
        _ => false,
    }
}

/// Refuses what is not admitted.
pub(super) fn admit(operation: &Operation, scenario: Scenario, behaviour: &Behaviour) -> Result<(), Box<Fault>> {
    let name = operation.name;
    let refuse = |id: &'static str, message: &str| Err(Fault::of_operation(operation, id, message));
    if behaviour.lies(Mutant::RefusesValidRequests) {
        return refuse("IpamApiGenericErrorOccurred", "An error occurred.");
    }
    let is_allowed = behaviour.role.is_none_or(|role| permits(role, name, behaviour));
    if !scenario.authorizes(name) || !is_allowed {
        return refuse("IpamApiAccessDenied", "The user is not authorized for this operation.");
    }
    let serves_unprovisioned = behaviour.lies(Mutant::ServesUnprovisioned) || tells_unprovisioned(name, behaviour);
    if !scenario.is_configured() && !serves_unprovisioned && name != "IsIpamConfigured" {
        let message = "The server is not provisioned; this operation waits until it is.";
        return refuse("IpamApiCallsAreNotAllowedUntilProvisioningIsDone", message);
    }
    let exempt = ["IsIpamConfigured", "IsSchemaConversionRequired", "IsSchemaConversionInProgress"];
    let while_converting =
        exempt.get(..if behaviour.lies(Mutant::HidesConversion) { 2 } else { 3 }).unwrap_or_default();
    let waits = scenario.is_schema_conversion_required() && !behaviour.lies(Mutant::ServesUnconverted);
    if waits && !while_converting.contains(&name) {
        let message = "The schema of the data store must be converted; this operation waits until it is.";
        return refuse("IpamApiCallsAreNotAllowedUntilSchemaConversionIsDone", message);
    }
    Ok(())
}

/// 3.3.6.1, 3.19.6.1 and the built-in operations of 3.1.1.1.36.1: who may do what. Policies that give somebody more are not
/// modelled, nor whose object an operation changes: an administrator of address spaces or servers may start any.
fn permits(role: Role, operation: &str, behaviour: &Behaviour) -> bool {
    if behaviour.lies(Mutant::ServesTheUnauthorized) {
        return true;
    }
    let role = if behaviour.lies(Mutant::EverybodyIsAnIpamUser) { Role::IpamUser } else { role };
    match operation {
        "IsIpamConfigured" if behaviour.lies(Mutant::TellsEverybodyWhetherConfigured) => true,
        "StartOperationWithCallback" if behaviour.lies(Mutant::StartsForTheUnauthorized) => true,
        "InitializeOperationParameters" => {
            role != Role::IpamUser || !behaviour.lies(Mutant::InitializesForAdministrators)
        }
        "StartOperationWithCallback" => {
            matches!(role, Role::IpamAdministrator | Role::MsmAdministrator | Role::AsmAdministrator)
        }
        // TaskStart: all administrators.
        "StartTask" => !matches!(role, Role::IpamUser | Role::Nobody),
        // GenericRead: all readers.
        _ if role == Role::IpamUser && behaviour.lies(Mutant::RefusesIpamUsers) => false,
        _ => role != Role::Nobody,
    }
}

struct Call<'a> {
    operation: &'static Operation,
    behaviour: &'a Behaviour,
    spelling: Spelling,
}

impl Call<'_> {
    fn lies(&self, mutant: Mutant) -> bool {
        self.behaviour.lies(mutant)
    }

    fn refuse(&self, id: &'static str, message: impl Into<String>) -> Box<Fault> {
        Fault::of_operation(self.operation, id, message)
    }

    fn given(&self, body: &Element) -> Result<Given, Box<Fault>> {
        parameter::read(self.operation, body, self.behaviour)
    }

    /// What the reply's element holds when the operation has this result.
    fn result(&self, inside: &Inside) -> Vec<Tag> {
        let field = self.operation.result.iter();
        field.map(|field| Tag { inside: inside.clone(), ..Tag::new(namespace::IPAM, field.name) }).collect()
    }

    fn text(&self, text: impl Into<String>) -> Vec<Tag> {
        self.result(&Inside::Value(Value::Text(text.into())))
    }

    fn boolean(&self, value: bool, capital: Mutant) -> Vec<Tag> {
        let words = if value { "True" } else { "False" };
        self.text(if self.lies(capital) { words.into() } else { self.spelling.boolean(value) })
    }

    /// 3.3.4.139
    fn start_task(&self, given: Given, body: &Element, world: &mut World, now: Moment) -> Result<Vec<Tag>, Box<Fault>> {
        let task = match given {
            Given::Task(task) => task,
            Given::None if self.lies(Mutant::StartsNone) => return Ok(Vec::new()),
            Given::Unknown if !self.behaviour.varies(Variant::OperationRefusesInvalid) => return Ok(Vec::new()),
            _ => return Err(self.refuse("IpamApiInvalidParameter", "The parameter taskType names no task.")),
        };
        let server = body.child(namespace::IPAM, "server");
        if (self.lies(Mutant::RefusesNilServer) && server.is_some_and(Element::is_nil))
            || (self.lies(Mutant::RefusesStartWithoutServer) && server.is_none())
        {
            return Err(self.refuse("IpamApiInvalidParameter", "The parameter server is missing."));
        }
        if self.lies(Mutant::RefusesOneTask) && task == TaskType::DnsConfiguration {
            return Err(self.refuse("IpamApiTaskError", "The task could not be started."));
        }
        let named = server.is_some_and(|server| !server.is_nil());
        let started = if self.lies(Mutant::IgnoresStart) || (named && self.lies(Mutant::IgnoresStartWithServer)) {
            true
        } else if self.lies(Mutant::StartsAnotherTask) {
            let next = TaskType::ALL.into_iter().find(|other| *other > task).unwrap_or(TaskType::Discovery);
            world.start(next, now)
        } else {
            world.start(task, now)
        };
        if started {
            Ok(Vec::new())
        } else {
            Err(self.refuse("IpamApiTaskDisabled", format!("The task {} is disabled.", task.name())))
        }
    }

    /// 3.3.4.118: NULL is refused; a task that has no row is not running.
    fn is_task_running(&self, given: Given, world: &mut World, now: Moment) -> Result<Vec<Tag>, Box<Fault>> {
        let accepts_null = self.lies(Mutant::NullAccepted)
            || (given == Given::Absent && self.lies(Mutant::AbsentAccepted))
            || (given == Given::Nil && self.lies(Mutant::NilAccepted));
        let state = match given {
            Given::Task(task) => world.task(task, now).map(|row| row.state),
            Given::None | Given::Unknown => None,
            Given::Absent | Given::Nil if accepts_null => None,
            Given::Absent | Given::Nil => {
                return Err(self.refuse("IpamApiInvalidParameter", "The parameter taskType is missing."));
            }
        };
        let running = if self.lies(Mutant::IsRunningAlwaysFalse) {
            false
        } else if self.lies(Mutant::IsRunningAlwaysTrue) {
            true
        } else {
            state == Some(TaskState::Running)
                || (state == Some(TaskState::Queued) && self.lies(Mutant::RunningWhenQueued))
        };
        let word = if running { "yes" } else { "no" };
        Ok(self.text(if self.lies(Mutant::RunningNotBoolean) { word.into() } else { self.spelling.boolean(running) }))
    }

    /// 3.3.4.140 to 3.3.4.143: None is refused, and so is everything for which there is no row.
    fn task_query(&self, given: Given, world: &mut World, now: Moment) -> Result<Vec<Tag>, Box<Fault>> {
        let name = self.operation.name;
        let answers_none = match name {
            "TaskLastRunResult" => self.lies(Mutant::AnswersLastRunResultOfNone),
            "TaskLastRuntime" => self.lies(Mutant::AnswersLastRuntimeOfNone),
            "TaskNextRuntime" => self.lies(Mutant::AnswersNextRuntimeOfNone),
            _ => self.lies(Mutant::AnswersRecurrenceOfNone),
        };
        let task = match given {
            Given::Task(task) => task,
            // The lenient answer with the first row.
            Given::None if answers_none => TaskType::Discovery,
            Given::Unknown if !self.behaviour.varies(Variant::OperationRefusesInvalid) => TaskType::Discovery,
            Given::Unknown => return Err(self.refuse("IpamApiTaskDoesNotExist", "There is no such task.")),
            Given::Absent | Given::Nil | Given::None => {
                return Err(self.refuse("IpamApiInvalidParameter", "The parameter taskType names no task."));
            }
        };
        let row = world
            .task(task, now)
            .ok_or_else(|| self.refuse("IpamApiTaskDoesNotExist", "There is no such task on this server."))?;
        Ok(self.text(match name {
            "TaskLastRunResult" => self.last_run_result(&row),
            "TaskLastRuntime" => self.last_runtime(&row),
            "TaskNextRuntime" => self.next_runtime(&row),
            _ => self.recurrence(&row),
        }))
    }

    fn last_run_result(&self, row: &Task) -> String {
        if self.lies(Mutant::LastRunResultNotAnInt) {
            "Success".into()
        } else if self.lies(Mutant::LastRunResultTooLarge) {
            "2147942402".into()
        } else {
            self.spelling.int(row.last_result)
        }
    }

    fn last_runtime(&self, row: &Task) -> String {
        let hour = std::time::Duration::from_hours(1);
        match row.last_run {
            Some(_) if self.lies(Mutant::LastRuntimeNotADate) => "4/23/2024 12:00:00 AM".into(),
            Some(time) if self.lies(Mutant::LastRuntimeDiffers) => self.spelling.date_time(time.before(hour)),
            Some(time) => self.spelling.date_time(time),
            // The type is not nillable: a task that never ran has the first moment that there is.
            None => "0001-01-01T00:00:00".into(),
        }
    }

    fn next_runtime(&self, row: &Task) -> String {
        if self.lies(Mutant::NextRuntimeNotADate) {
            return "2024-02-30T00:00:00Z".into();
        }
        let told = if self.lies(Mutant::NextRuntimeIsLastRuntime) { row.last_run } else { Some(row.next_run) };
        self.spelling.date_time(told.unwrap_or(row.next_run))
    }

    fn recurrence(&self, row: &Task) -> String {
        if self.lies(Mutant::DurationNotADuration) {
            "1.00:00:00".into()
        } else if self.lies(Mutant::DurationInMonths) {
            "P1M".into()
        } else {
            self.spelling.duration(row.recurrence)
        }
    }

    /// 3.3.4.80
    fn tasks_info(&self, world: &mut World, now: Moment) -> Vec<Tag> {
        let mut rows = world.tasks(now);
        if self.lies(Mutant::ListsNoTask) {
            rows.clear();
        }
        if self.lies(Mutant::ListsSevenTasks) {
            rows.pop();
        }
        if self.lies(Mutant::ListsOneTaskTwice)
            && let (Some(first), Some(last)) = (rows.first().cloned(), rows.last_mut())
        {
            *last = first;
        }
        let mut listed: Vec<_> = rows.iter().map(|row| self.task_info(row)).collect();
        if self.behaviour.varies(Variant::ListsNone) {
            let fields = vec![
                Tag::new(namespace::IPAM, "LastRunTime").with_text(namespace::XSI, "nil", "true"),
                Tag::new(namespace::IPAM, "NextRunTime").with_text(namespace::XSI, "nil", "true"),
                Tag::text(namespace::IPAM, "State", "None"),
                Tag::text(namespace::IPAM, "TaskType", "None"),
            ];
            listed.insert(0, Tag::of(namespace::IPAM, "TaskInfo", fields));
        }
        if self.behaviour.varies(Variant::ListReversed) {
            listed.reverse();
        }
        listed
    }

    /// 2.2.4.442, its elements in the order of the type.
    fn task_info(&self, row: &Task) -> Tag {
        let nil = |name: &'static str| Tag::new(namespace::IPAM, name).with_text(namespace::XSI, "nil", "true");
        let text = |name: &'static str, text: String| Tag::text(namespace::IPAM, name, text);
        let last_run = match row.last_run {
            None => nil("LastRunTime"),
            Some(time) if self.lies(Mutant::ListedTimeNotADate) => text("LastRunTime", time.utc().replace('T', " ")),
            Some(time) => text("LastRunTime", self.spelling.date_time(time)),
        };
        let state = match row.state {
            TaskState::Ready if self.lies(Mutant::StateNotInEnumeration) => "Idle",
            state => state.name(),
        };
        let number = TaskType::ALL.iter().position(|task| *task == row.task).map_or(0, |at| at + 1);
        let task = if self.lies(Mutant::TaskTypeAsNumber) { number.to_string() } else { row.task.name().into() };
        let mut fields = vec![
            last_run,
            text("NextRunTime", self.spelling.date_time(row.next_run)),
            text("State", state.into()),
            text("Status", state.into()),
            text("TaskType", task),
            if self.behaviour.varies(Variant::NilTriggers) {
                nil("Triggers")
            } else {
                let every = super::moment::duration(row.recurrence);
                text("Triggers", format!("At {}, then every {every}", row.next_run.utc()))
            },
        ];
        if self.behaviour.varies(Variant::TaskInfoWithoutStatus) {
            fields.retain(|tag| !tag.is(namespace::IPAM, "Status"));
        }
        if self.behaviour.varies(Variant::TaskInfoWithMore) {
            fields.push(Tag::of(namespace::IPAM, "Zone", vec![text("Name", "north".into())]));
        }
        if self.lies(Mutant::TaskInfoOutOfOrder) {
            fields.rotate_right(2);
        }
        Tag::of(namespace::IPAM, "TaskInfo", fields)
    }

    /// 3.3.4.81 and 2.2.4.422
    fn version(&self) -> Inside {
        if self.lies(Mutant::VersionAsText) {
            return Inside::Value(Value::Text("10.0.17763.1".into()));
        }
        let home = if self.lies(Mutant::VersionInWrongNamespace) { namespace::IPAM } else { namespace::SYSTEM };
        let numbers = [("_Build", 17_763), ("_Major", 10), ("_Minor", 0), ("_Revision", 1)];
        let part = |(name, number): (&'static str, i32)| Tag::text(home, name, self.spelling.int(number));
        let mut parts: Vec<_> = numbers.into_iter().map(part).collect();
        if self.lies(Mutant::VersionMissingPart) {
            parts.pop();
        }
        if self.lies(Mutant::VersionOutOfOrder) {
            parts.sort_by_key(|tag| {
                ["_Major", "_Minor", "_Build"].iter().position(|name| tag.name.local == *name).unwrap_or(3)
            });
        }
        Inside::Tags(parts)
    }
}
