//! The server's side of one session of IIpamOperationWithProgress: what it takes in which state, and what it plans to say.
//!
//! Leaves out the clock, the end of idle sessions, and how messages are written. Follows [MS-IPAMM2] 3.19.1.1 (the
//! machine), 3.19.4.3, 3.19.4.4 and the rulings on what those sections leave open.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use super::{
    answer::{Answer, Fault},
    callback::{Subtask, Told},
    initialization::{self, Parameters},
    moment::Moment,
    mutant::{Behaviour, Mutant},
    operations,
    request::{Received, Request, Unread},
    scenario::Scenario,
    script::Script,
    variant::Variant,
};
use crate::spec::Operation;

/// What is said next.
#[derive(Debug, Clone)]
pub(super) enum Said {
    /// An answer to the message of this id, where it has one; or a callback.
    Answer(Answer, Option<String>),
    /// Nothing more: the session ends in good order.
    End,
}

/// The states of 3.19.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    SessionInitialized { refused: bool },
    OperationWithProgressInitialized(Parameters),
    OperationWithProgressStarted,
    OperationWithProgressCompleted,
}

/// One session.
#[derive(Debug)]
pub(super) struct Progress {
    behaviour: Arc<Behaviour>,
    scenario: Scenario,
    state: State,
    /// What will be said, in order, and from when on.
    planned: VecDeque<(Moment, Planned)>,
}

#[derive(Debug)]
enum Planned {
    Answer(Answer, Option<String>),
    Told(Told),
    End,
}

impl Progress {
    /// A session that was established in a world of this scenario.
    pub(super) fn new(behaviour: Arc<Behaviour>, scenario: Scenario) -> Self {
        let state = State::SessionInitialized { refused: false };
        Self { behaviour, scenario, state, planned: VecDeque::new() }
    }

    /// Takes a message that came at `now`.
    pub(super) fn receive(&mut self, received: Result<Received, Unread>, now: Moment) {
        match received {
            Ok(Received::Request(request)) => match request.operation.name {
                "InitializeOperationParameters" => self.initialize(&request, now),
                _ => self.start(request.operation, request.message_id, now),
            },
            // 3.19.4.5 to 3.19.4.9: what only the server sends is ignored.
            Ok(Received::Callback(callback, id)) => {
                if self.behaviour.lies(Mutant::ObeysClientCallback) {
                    self.planned.clear();
                    self.plan(now, Planned::Told(Told::Overall("CompletedWithSuccess")));
                    self.plan(now, Planned::End);
                }
                if self.behaviour.lies(Mutant::AnswersClientCallback) {
                    let reason = format!("The operation {} is not one of this endpoint.", callback.name);
                    self.refuse(Fault::addressing(&["ActionNotSupported"], reason), id, now);
                }
            }
            // 2.2.2.2
            Ok(Received::Keepalive(id)) => {
                if self.behaviour.lies(Mutant::AnswersKeepalive) {
                    let reason = "The message cannot be processed: its action belongs to no operation.";
                    self.refuse(Fault::addressing(&["ActionNotSupported"], reason), id, now);
                }
            }
            Err(Unread { message_id, fault }) => self.refuse(fault, message_id, now),
        }
    }

    /// When the next thing is to be said.
    pub(super) fn due(&self) -> Option<Moment> {
        self.planned.front().map(|(due, _)| *due)
    }

    /// What is to be said next, if it is to be said by `now`.
    pub(super) fn say(&mut self, now: Moment) -> Option<Said> {
        let (_, planned) = self.planned.pop_front_if(|(due, _)| *due <= now)?;
        Some(match planned {
            Planned::Answer(answer, id) => Said::Answer(answer, id),
            Planned::Told(told) => {
                if told.is_end() {
                    self.state = State::OperationWithProgressCompleted;
                }
                Said::Answer(told.answer(&self.behaviour), None)
            }
            Planned::End => Said::End,
        })
    }

    /// Puts something behind all that is to be said by then.
    fn plan(&mut self, at: Moment, planned: Planned) {
        let place = self.planned.partition_point(|(due, _)| *due <= at);
        self.planned.insert(place, (at, planned));
    }

    fn refuse(&mut self, fault: Box<Fault>, id: Option<String>, now: Moment) {
        self.plan(now, Planned::Answer(Answer::Fault(fault), id));
    }

    /// 3.19.4.3
    fn initialize(&mut self, request: &Request, now: Moment) {
        let Request { operation, body, message_id } = request;
        let id = message_id.clone();
        if let Err(fault) = operations::admit(operation, self.scenario, &self.behaviour) {
            return self.refuse(fault, id, now);
        }
        // Ruling `out-of-order-call`: not spoken of, and refused here.
        if !matches!(self.state, State::SessionInitialized { .. }) {
            return self.refuse(out_of_order(operation, "The session was initialized before."), id, now);
        }
        match initialization::read(operation, body, &self.behaviour) {
            Ok(parameters) => {
                self.state = State::OperationWithProgressInitialized(parameters);
                self.plan(now, Planned::Answer(Answer::Reply(operation, Vec::new()), id));
                if self.behaviour.lies(Mutant::CallsBackBeforeStart) {
                    self.plan(now, Planned::Told(Told::Percentage(0)));
                }
            }
            // 3.19.1.1: what is not valid is refused, and the session ends.
            Err(fault) => {
                self.state = State::SessionInitialized { refused: true };
                self.refuse(fault, id, now);
                if !self.behaviour.lies(Mutant::KeepsRefusedSession) && !self.behaviour.lies(Mutant::StartsAfterRefusal)
                {
                    self.plan(now, Planned::End);
                }
            }
        }
    }

    /// 3.19.4.4
    fn start(&mut self, operation: &'static Operation, id: Option<String>, now: Moment) {
        if let Err(fault) = operations::admit(operation, self.scenario, &self.behaviour) {
            return self.refuse(fault, id, now);
        }
        let lies = |mutant| self.behaviour.lies(mutant);
        let parameters = match self.state {
            State::OperationWithProgressInitialized(parameters) => parameters,
            State::SessionInitialized { refused }
                if lies(Mutant::StartsUninitialized) || (refused && lies(Mutant::StartsAfterRefusal)) =>
            {
                Parameters::UNKNOWN
            }
            State::SessionInitialized { .. } => {
                return self.refuse(out_of_order(operation, "The session is not initialized."), id, now);
            }
            State::OperationWithProgressStarted | State::OperationWithProgressCompleted => {
                return self.refuse(out_of_order(operation, "The operation was started before."), id, now);
            }
        };
        if !parameters.fit && self.behaviour.varies(Variant::RefusesTypeAtStart) {
            self.state = State::OperationWithProgressCompleted;
            let message = "The parameters are not of the type that the operation takes.";
            self.refuse(Fault::of_operation(operation, "IpamApiInvalidParameter", message), id, now);
            return self.plan(now, Planned::End);
        }
        self.state = State::OperationWithProgressStarted;
        let mut told = self.told(parameters);
        // Ruling `fault-during-operation`: the fault may take the place of the status.
        let faults = self.behaviour.varies(Variant::FaultsInPlaceOfFailure)
            && told.pop_if(|(_, told)| *told == Told::Overall("CompletedWithFailure")).is_some();
        let last = told.last().map_or(Duration::ZERO, |(after, _)| *after);
        let mut script: Vec<_> = told.into_iter().map(|(after, told)| (after, Planned::Told(told))).collect();
        // Ruling `start-response-order`: the reply may come anywhere; here it comes when the operation was triggered.
        let (usual, end) = (script.len().min(1), script.len());
        let places: &[usize] = if faults || self.behaviour.lies(Mutant::NoStartReply) {
            &[]
        } else if self.behaviour.lies(Mutant::StartRepliesTwice) {
            &[end, 0]
        } else if self.behaviour.varies(Variant::StartReplyFirst) {
            &[0]
        } else if self.behaviour.varies(Variant::StartReplyLast) {
            &[end]
        } else {
            &[usual]
        };
        for place in places.iter().copied() {
            let after = if place == end { last } else { Duration::ZERO };
            script.insert(place, (after, Planned::Answer(Answer::Reply(operation, Vec::new()), id.clone())));
        }
        if faults {
            let fault =
                Fault::of_operation(operation, "IpamApiGenericErrorOccurred", "The server could not be reached.");
            script.push((last, Planned::Answer(Answer::Fault(fault), id)));
        }
        // 3.19.1.1: nothing is left to do, and the session ends.
        if !self.behaviour.lies(Mutant::StaysOpen) {
            script.push((last, Planned::End));
        }
        if self.behaviour.lies(Mutant::WaitsForAnswers) {
            let mut told = 0;
            script.retain(|(_, planned)| {
                told += usize::from(!matches!(planned, Planned::Answer(..)));
                told <= 1 || matches!(planned, Planned::Answer(..))
            });
        }
        for (after, planned) in script {
            self.plan(now.after(after), planned);
        }
    }

    /// What is told of an operation, and how long after its start.
    fn told(&self, parameters: Parameters) -> Vec<(Duration, Told)> {
        let (lies, varies) = (|mutant| self.behaviour.lies(mutant), |variant| self.behaviour.varies(variant));
        let non_deterministic = varies(Variant::NonDeterministic);
        let mut told = vec![(Duration::ZERO, Told::Start { non_deterministic })];
        if varies(Variant::OverallInProgress) {
            told.push((Duration::ZERO, Told::Overall("InProgress")));
        }
        let valid = if parameters.fit {
            (parameters.object || lies(Mutant::StartsWithoutObject)) && parameters.broken.is_none_or(lies)
        } else {
            lies(Mutant::StartsWrongType)
        };
        let runs = valid && !lies(Mutant::ForgetsParameters) && self.scenario != Scenario::OperationFails;
        let succeeds = runs && !self.scenario.fails();
        match self.scenario {
            Scenario::Scripted(script) if runs => scripted(script, &mut told),
            _ if runs => self.subtasks(&mut told, !non_deterministic && !varies(Variant::NoPercentage)),
            _ => {}
        }
        if lies(Mutant::AddsSubtaskTwice)
            && let Some(place) = told.iter().position(|(_, told)| matches!(told, Told::Added(_)))
            && let Some(first) = told.get(place).copied()
        {
            told.insert(place, first);
        }
        let last = told.last().map_or(Duration::ZERO, |(after, _)| *after);
        if succeeds && lies(Mutant::SucceedsBeforeSubtasks) {
            let ended = |told: &Told| matches!(told, Told::Status(subtask) if subtask.status.starts_with("Completed"));
            if let Some(place) = told.iter().rposition(|(_, told)| ended(told)) {
                told.remove(place);
            }
        }
        if lies(Mutant::TellsOfUnknownSubtask) {
            told.push((last, Told::Status(Subtask { id: 99, status: "CompletedWithSuccess", percent: 100 })));
        }
        // 3.19.4.4.1
        let overall = if succeeds && lies(Mutant::OverallWithWarnings) {
            "CompletedWithWarnings"
        } else if succeeds || lies(Mutant::HidesFailure) {
            "CompletedWithSuccess"
        } else {
            "CompletedWithFailure"
        };
        if !lies(Mutant::NoOverallStatus) {
            told.push((last, Told::Overall(overall)));
        }
        if lies(Mutant::CallsBackAfterEnd) {
            told.push((last, Told::Percentage(100)));
        }
        if lies(Mutant::LateStartProgress) && told.len() > 1 {
            told.swap(0, 1);
        }
        if lies(Mutant::NoStartProgress) {
            told.remove(0);
        }
        told
    }

    /// 3.19.1.1: subtasks may be added at any time, go on, and end.
    fn subtasks(&self, told: &mut Vec<(Duration, Told)>, percentages: bool) {
        let varies = |variant| self.behaviour.varies(variant);
        let count: u32 = match self.scenario {
            Scenario::NoSubtasks => 0,
            _ if varies(Variant::MoreSubtasks) => 5,
            _ => 2,
        };
        let length =
            if self.scenario == Scenario::OperationTakes30s { Duration::from_secs(30) } else { Duration::ZERO };
        let at = |ended: u32| length * ended / count.max(1);
        let added = |number| Told::Added(subtask(number, "NotStarted", 0));
        let (late, ended) = (varies(Variant::LateSubtasks), varies(Variant::SubtasksAddedEnded));
        if !late && !ended {
            told.extend((1..=count).map(|number| (Duration::ZERO, added(number))));
        }
        for number in 1..=count {
            let (begins, ends) = (at(number - 1), at(number));
            let status = match self.scenario {
                Scenario::SubtaskFails if number == count => "CompletedWithError",
                Scenario::SubtaskWarns if number == count => "CompletedWithWarning",
                _ => "CompletedWithSuccess",
            };
            // Ruling `subtask-status-twice`: an instance may be added when it has ended.
            if ended {
                told.push((ends, Told::Added(subtask(number, status, 100))));
            } else {
                if late {
                    told.push((begins, added(number)));
                }
                told.push((begins, Told::Status(subtask(number, "InProgress", 0))));
                told.push((ends, Told::Status(subtask(number, status, 100))));
            }
            if percentages && status != "CompletedWithError" {
                told.push((ends, Told::Percentage(100 * number / count)));
            }
        }
        if count == 0 && percentages {
            told.push((length, Told::Percentage(100)));
        }
    }
}

/// What is told of subtasks by a script: all are added, then each goes on and ends, or is left out.
fn scripted(script: Script, told: &mut Vec<(Duration, Told)>) {
    let count = u32::try_from(script.endings().count()).unwrap_or(0);
    let at = |ended: u32| script.length() * ended / count.max(1);
    told.extend((1..=count).map(|number| (Duration::ZERO, Told::Added(subtask(number, "NotStarted", 0)))));
    for (number, status) in (1..).zip(script.endings()) {
        let has_run = status.starts_with("Completed");
        if has_run {
            told.push((at(number - 1), Told::Status(subtask(number, "InProgress", 0))));
        }
        told.push((at(number), Told::Status(subtask(number, status, if has_run { 100 } else { 0 }))));
        told.push((at(number), Told::Percentage(100 * number / count)));
    }
}

fn subtask(number: u32, status: &'static str, percent: u32) -> Subtask {
    Subtask { id: i32::try_from(number).unwrap_or(0), status, percent }
}

fn out_of_order(operation: &Operation, message: &str) -> Box<Fault> {
    Fault::of_operation(operation, "IpamApiOperationNotAllowed", message)
}
