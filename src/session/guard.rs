//! The guard: no request above the effect that a target allows gets onto the wire.
//!
//! It looks at the request itself, not at what a case says of it, and reads it as the kindest server would. Transports
//! take only what it has let through. Leaves out waiting and counting: limits of rate are kept by the runner.

use std::collections::BTreeSet;

use super::Outgoing;
use crate::{
    soap,
    spec::{Effect, OPERATIONS, Operation, namespace, task::IPAM_TASK_TYPE},
    xml::{self, Element},
};

/// What may be done to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    effects: BTreeSet<Effect>,
    tasks: Option<BTreeSet<String>>,
}

/// A request that a guard let through; only a guard makes one.
#[derive(Debug, Clone)]
pub struct Permitted {
    outgoing: Outgoing,
    effect: Effect,
}

impl Permitted {
    /// The request.
    pub fn outgoing(&self) -> &Outgoing {
        &self.outgoing
    }

    /// The worst that it could do.
    pub fn effect(&self) -> Effect {
        self.effect
    }
}

/// Why a request was held back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its effect is not allowed.
    #[error("not allowed: effect `{0}` (allow it in the target file: [allow] effects, or with --allow {0})")]
    Effect(Effect),
    /// It may start a task that is not allowed.
    #[error("not allowed: it may start the task `{0}` (allow it in the target file: [allow] tasks)")]
    Task(String),
}

impl Guard {
    /// A guard that lets these effects through, and, where `tasks` are named, lets only those be started.
    pub fn new(effects: impl IntoIterator<Item = Effect>, tasks: Option<Vec<String>>) -> Self {
        Self { effects: effects.into_iter().collect(), tasks: tasks.map(|tasks| tasks.into_iter().collect()) }
    }

    /// Whether requests of this effect are let through at all.
    pub fn allows(&self, effect: Effect) -> bool {
        self.effects.contains(&effect)
    }

    /// Lets a request through, or says why not.
    ///
    /// # Errors
    /// The request's effect, or a task that it may start, is not allowed.
    pub fn permit(&self, outgoing: Outgoing) -> Result<Permitted, Refused> {
        let reading = read_kindly(&outgoing);
        if !self.allows(reading.effect) {
            return Err(Refused::Effect(reading.effect));
        }
        if let Some(tasks) = &self.tasks
            && let Some(task) = reading.tasks.into_iter().find(|task| !tasks.contains(*task))
        {
            return Err(Refused::Task(task.to_owned()));
        }
        Ok(Permitted { outgoing, effect: reading.effect })
    }
}

/// The worst that a request could do on a server that accepts it.
pub fn effect_of(outgoing: &Outgoing) -> Effect {
    read_kindly(outgoing).effect
}

/// What the kindest server could make of a request.
struct Reading {
    effect: Effect,
    /// The tasks that it may start.
    tasks: BTreeSet<&'static str>,
}

fn read_kindly(outgoing: &Outgoing) -> Reading {
    let mut reading = Reading { effect: Effect::Read, tasks: BTreeSet::new() };
    if let Some(action) = &outgoing.action {
        reading.worsen(effect_of_action(action));
    }
    match xml::read(&outgoing.envelope, &xml::Limits::default()) {
        Ok(document) => reading.visit(&document.root),
        // Text that is no XML may be read as anything.
        Err(_) => reading.worsen(Effect::Disrupt),
    }
    reading
}

impl Reading {
    fn worsen(&mut self, effect: Effect) {
        self.effect = self.effect.max(effect);
    }

    fn visit(&mut self, element: &Element) {
        let local = &*element.name.local;
        if let Some(operation) = operation_named_like(local) {
            self.worsen(operation.effect);
        }
        if local.eq_ignore_ascii_case("Action") {
            self.worsen(effect_of_action(&element.text()));
        }
        if local.eq_ignore_ascii_case("taskType") || local.eq_ignore_ascii_case("task") {
            let text = element.text();
            let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
            self.tasks.extend(words.filter_map(task_named_like));
        }
        for child in element.elements() {
            self.visit(child);
        }
    }
}

/// An action in the protocol's namespace that names no operation known here may do anything.
fn effect_of_action(action: &str) -> Effect {
    let action = action.trim();
    let last = action.rsplit('/').next().unwrap_or_default();
    match operation_named_like(last) {
        Some(operation) => operation.effect,
        None if action.to_ascii_lowercase().starts_with(&namespace::IPAM.to_ascii_lowercase()) => Effect::Write,
        None => Effect::Read,
    }
}

fn operation_named_like(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.name.eq_ignore_ascii_case(name.trim()))
}

/// By name, whatever its case, or by number.
fn task_named_like(word: &str) -> Option<&'static str> {
    let tasks = || IPAM_TASK_TYPE.values.iter().copied();
    let found = match word.parse::<usize>() {
        Ok(number) => tasks().nth(number),
        Err(_) => tasks().find(|task| task.eq_ignore_ascii_case(word)),
    };
    found.filter(|task| *task != "None")
}

/// An operation's request as a plain envelope, for guards and tests that have no message id to give.
#[doc(hidden)]
pub fn plain_request(operation: &Operation, body: &str) -> Outgoing {
    Outgoing {
        action: Some(operation.action.to_owned()),
        message_id: None,
        envelope: soap::write::request(operation, operation.action, "urn:uuid:0", "http://127.0.0.1/", body).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::PortType;

    fn start_task(task_type: &str) -> Outgoing {
        let operation = Operation::named(PortType::IIpamServer, "StartTask").unwrap();
        plain_request(operation, &format!("<taskType>{task_type}</taskType>"))
    }

    fn raw(action: Option<&str>, envelope: &str) -> Outgoing {
        Outgoing { action: action.map(str::to_owned), message_id: None, envelope: envelope.to_owned().into() }
    }

    #[test]
    fn reading_is_all_that_a_reading_guard_lets_through() {
        let guard = Guard::new([Effect::Read], None);
        assert_eq!(guard.permit(start_task("Discovery")).unwrap_err(), Refused::Effect(Effect::StartTask));
        let version = Operation::named(PortType::IIpamServer, "GetIpamVersion").unwrap();
        assert_eq!(guard.permit(plain_request(version, "")).unwrap().effect(), Effect::Read);
    }

    #[test]
    fn a_request_is_read_as_the_kindest_server_would() {
        let probes = [
            (Some("http://Microsoft.Windows.Ipam/IIpamServer/StartTask"), "<a/>", Effect::StartTask),
            (Some("starttask "), "<a/>", Effect::StartTask),
            (None, "<a><b><StartTask xmlns='wrong'/></b></a>", Effect::StartTask),
            (None, "<a><Action>http://Microsoft.Windows.Ipam/IIpamServer/StartTask</Action></a>", Effect::StartTask),
            (Some("http://microsoft.windows.ipam/IIpamServer/DeleteBlock"), "<a/>", Effect::Write),
            (Some("urn:other"), "<a/>", Effect::Read),
            (None, "<a><StartTask>", Effect::Disrupt),
            (None, "", Effect::Disrupt),
        ];
        for (action, envelope, effect) in probes {
            assert_eq!(effect_of(&raw(action, envelope)), effect, "{action:?} {envelope}");
        }
    }

    #[test]
    fn only_named_tasks_may_be_started_however_they_are_spelled() {
        let guard = Guard::new([Effect::Read, Effect::StartTask], Some(vec!["Discovery".to_owned()]));
        for allowed in ["Discovery", " discovery ", "1", "None", "", "Nonsense", "0"] {
            assert!(guard.permit(start_task(allowed)).is_ok(), "{allowed}");
        }
        for (refused, task) in [("Audit", "Audit"), ("AUDIT", "Audit"), ("3", "Audit"), ("Discovery, Expiry", "Expiry")]
        {
            assert_eq!(guard.permit(start_task(refused)).unwrap_err(), Refused::Task(task.to_owned()), "{refused}");
        }
    }
}
