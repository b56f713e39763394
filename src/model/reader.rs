//! Makes events of what was observed on a session: which letter a message is, and what else it shows.
//!
//! Leaves out whether it may come, and layers below the contract: what they cannot read ends the judgement here. Follows
//! [MS-IPAMM2] 3.19.4, 3.21.4, 2.2.2.2, 2.2.4.286 and 2.2.4.399, and WS-Addressing 1.0 for what answers what.

use std::collections::BTreeMap;

use super::{
    event::{Event, Facts, Status, Symbol},
    progress,
};
use crate::{
    session::{End, Observed, Outgoing, Received},
    soap::{Envelope, Fault},
    spec::{
        Callback, KEEPALIVE_ACTION, OPERATIONS, Operation, PortType,
        namespace::{IPAM, XSI},
        progress::IPAM_ADMIN_OPERATION_ID,
        schema::SimpleType,
    },
    xml::{self, Element, Value},
};

/// The most requests whose answers are known, and the most subtasks that are told apart.
const MOST: usize = 1 << 20;
/// The operations that tell success of each zone (ruling `overall-status-in-progress`).
const REPEATING: [&str; 2] = ["DnsZonesTransfer", "ReloadDnsZones"];

/// What a request was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Call(&'static Operation, Facts),
    Callback,
    Keepalive,
}

/// A request that was sent.
#[derive(Debug, Clone, Copy)]
struct Sent {
    asked: Asked,
    answered: bool,
}

/// Reads one session.
#[derive(Debug)]
pub struct Reader {
    port_type: PortType,
    /// By message id; those without one have a name of their own.
    sent: BTreeMap<String, Sent>,
    /// The ids of requests in the order in which they were sent.
    order: Vec<String>,
    /// Place and sort of each subtask, by SubTaskInstanceId.
    subtasks: BTreeMap<i32, (u32, Option<i32>)>,
    percentage: Option<f64>,
    non_deterministic: bool,
}

impl Reader {
    /// A session of a port type.
    pub fn new(port_type: PortType) -> Self {
        Self {
            port_type,
            sent: BTreeMap::new(),
            order: Vec::new(),
            subtasks: BTreeMap::new(),
            percentage: None,
            non_deterministic: false,
        }
    }

    /// The event that an observation is, where it is one. `elsewhere` knows the ids of requests of other sessions.
    pub fn read(&mut self, observed: &Observed, elsewhere: &dyn Fn(&str) -> bool) -> Option<Event> {
        Some(match observed {
            Observed::Sent(outgoing) => self.sent(outgoing),
            Observed::Received(received) => self.received(received, elsewhere),
            Observed::Silence { .. } => Event::of(Symbol::QUIET),
            Observed::Ended(End::Ended) => Event::of(Symbol::END),
            Observed::Ended(_) => Event::of(Symbol::BROKEN),
            Observed::SentRecords | Observed::Security { .. } | Observed::Accepted => return None,
        })
    }

    /// The ids of the requests that were sent.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.order.iter().map(String::as_str)
    }

    fn sent(&mut self, outgoing: &Outgoing) -> Event {
        let foreign = Event::of(Symbol::FOREIGN);
        let Ok(envelope) = crate::soap::read(&outgoing.envelope, &xml::Limits::default()) else { return foreign };
        let action = envelope.addressing.action.as_deref().unwrap_or_default();
        let whole = envelope.addressing.repeated.is_empty();
        let body = match envelope.body.as_slice() {
            [] => None,
            [body] => Some(body),
            _ => return foreign,
        };
        let (event, asked) = if action == KEEPALIVE_ACTION {
            (Event::of(Symbol::KEEPALIVE), Asked::Keepalive)
        } else if Callback::of_action(action).is_some_and(|callback| callback.port_type == self.port_type) {
            (Event::of(Symbol::CALLBACK), Asked::Callback)
        } else {
            let operation = Operation::of_action(action).filter(|operation| {
                operation.port_type == self.port_type && body.is_some_and(|body| body.name.is(IPAM, operation.name))
            });
            let (Some(operation), Some(body), true) = (operation, body, whole) else { return foreign };
            if is_initialize(operation) {
                let facts = parameters(body);
                (Event::of(Symbol::INITIALIZE).with(facts), Asked::Call(operation, facts))
            } else {
                (Event::of(Symbol::START), Asked::Call(operation, Facts::NONE))
            }
        };
        if self.order.len() >= MOST {
            return foreign;
        }
        let id = envelope.addressing.message_id.unwrap_or_else(|| format!("#{}", self.order.len()));
        self.sent.insert(id.clone(), Sent { asked, answered: false });
        self.order.push(id);
        event
    }

    fn received(&mut self, received: &Received, elsewhere: &dyn Fn(&str) -> bool) -> Event {
        let Ok(envelope) = received.envelope() else { return Event::of(Symbol::UNREAD) };
        let bound = received.http.as_ref().and_then(crate::session::HttpHead::action);
        let action = envelope.addressing.action.clone().or(bound);
        let is_fault = envelope.body.first().is_some_and(Fault::is_named);
        let related = envelope.addressing.replies_to().next().map(str::to_owned);
        match related {
            Some(id) => match self.sent.get_mut(&id) {
                Some(sent) => {
                    let again = std::mem::replace(&mut sent.answered, true);
                    answer(sent.asked, &envelope, action.as_deref(), is_fault, again)
                }
                None if elsewhere(&id) => Event::of(Symbol::STRAY).with(Facts::ELSEWHERE),
                None => self.unrelated(&envelope, action.as_deref(), is_fault).with(Facts::UNRELATED),
            },
            // 2.2.2.1: a fault need not say what it answers.
            None if is_fault => self.unrelated(&envelope, action.as_deref(), true),
            None if reply_to(&envelope).is_some() => {
                self.unrelated(&envelope, action.as_deref(), false).with(Facts::UNRELATED)
            }
            None => self.callback(&envelope, action.as_deref()),
        }
    }

    /// An answer that does not say what it answers is taken to answer what waits longest: a request that is owed one,
    /// before one that is to be ignored; of a reply, one of its operation.
    fn unrelated(&mut self, envelope: &Envelope, action: Option<&str>, is_fault: bool) -> Event {
        let operation = reply_to(envelope);
        let may = |asked: Asked| match asked {
            Asked::Call(known, _) => is_fault || operation == Some(known),
            Asked::Callback | Asked::Keepalive => is_fault,
        };
        let open =
            self.order.iter().filter(|id| self.sent.get(*id).is_some_and(|sent| !sent.answered && may(sent.asked)));
        let is_call = |id: &&String| self.sent.get(*id).is_some_and(|sent| matches!(sent.asked, Asked::Call(..)));
        let waiting = open.clone().find(is_call).or_else(|| open.clone().next()).cloned();
        match waiting.and_then(|id| self.sent.get_mut(&id)) {
            Some(sent) => {
                sent.answered = true;
                answer(sent.asked, envelope, action, is_fault, false)
            }
            None => Event::of(Symbol::STRAY).with(Facts::UNRELATED),
        }
    }

    fn callback(&mut self, envelope: &Envelope, action: Option<&str>) -> Event {
        let body = envelope.body.first();
        let of_port = |callback: &&Callback| callback.port_type == self.port_type;
        let element = body.and_then(|body| Callback::of_element(&body.name.namespace, &body.name.local));
        let Some(callback) = element.or_else(|| Callback::of_action(action?)).filter(of_port) else {
            return Event::of(Symbol::STRAY);
        };
        let mut facts = match callback.actions.iter().position(|known| action == Some(*known)) {
            Some(0) => Facts::SERVER_ACTION,
            Some(_) => Facts::CLIENT_ACTION,
            None => Facts::ACTION_WRONG,
        };
        if element != Some(callback) || envelope.body.len() != 1 || !envelope.addressing.repeated.is_empty() {
            facts |= Facts::ELEMENT_WRONG;
            // What it says of the whole is not read, and may be the end.
            return Event::of(symbol(callback, Some(""))).with(facts);
        }
        let Some(body) = body else { return Event::of(Symbol::STRAY) };
        if !is_of_its_types(callback, body) {
            facts |= Facts::TYPES_WRONG;
        }
        match callback.name {
            "AddSubTask" | "SetSubTaskStatus" => self.subtask(callback, body, facts),
            "SetCompletionPercentage" => {
                let facts = facts | self.percentage(body);
                Event::of(symbol(callback, None)).with(facts)
            }
            "SetOverallStatus" => {
                let status = body.child(IPAM, "overallStatus").map(|status| status.text().trim().to_owned());
                if body.child(IPAM, "completionStatus").is_some_and(is_there) {
                    facts |= Facts::DETAILS;
                }
                Event::of(symbol(callback, status.as_deref())).with(facts)
            }
            _ => {
                let told = body.child(IPAM, "isNonDeterministic").map(|told| told.text().trim().to_owned());
                self.non_deterministic = matches!(told.as_deref(), Some("true" | "1"));
                Event::of(symbol(callback, None)).with(facts)
            }
        }
    }

    /// 2.2.4.399: SubTaskInstanceId says which it is; where it is absent, a serialiser reads the 0 that it left out.
    fn subtask(&mut self, callback: &Callback, body: &Element, facts: Facts) -> Event {
        let event = Event::of(symbol(callback, None));
        let Some(instance) = body.child(IPAM, "subTaskInstance").filter(|instance| is_there(instance)) else {
            return event.with(facts | Facts::NO_SUBTASK);
        };
        let number = |name: &str| {
            let field = instance.child(IPAM, name)?;
            field.text().trim().parse::<i32>().ok()
        };
        let status =
            |holder: &Element, name: &str| holder.child(IPAM, name).and_then(|status| Status::of(status.text().trim()));
        let (id, sort) = (number("SubTaskInstanceId").unwrap_or(0), number("SubTaskUniqueId"));
        let next = u32::try_from(self.subtasks.len()).unwrap_or(u32::MAX);
        let mut facts = facts;
        let place = if self.subtasks.len() < MOST || self.subtasks.contains_key(&id) {
            let (place, known) = self.subtasks.entry(id).or_insert((next, sort));
            if known.is_some() && sort.is_some() && *known != sort {
                facts |= Facts::OTHER_SORT;
            }
            *place
        } else {
            u32::MAX
        };
        // Ruling `subtask-status-twice`: the one beside the instance counts, else the one inside.
        let (beside, inside) = (status(body, "status"), status(instance, "SubTaskStatus"));
        if let (Some(beside), Some(inside)) = (beside, inside)
            && beside != inside
        {
            facts |= Facts::DISAGREES;
        }
        let details = [body.child(IPAM, "completionStatus"), instance.child(IPAM, "FailedCompletionStatus")];
        if details.into_iter().flatten().any(is_there) {
            facts |= Facts::DETAILS;
        }
        event.of_subtask(place, beside.or(inside).unwrap_or_default()).with(facts)
    }

    fn percentage(&mut self, body: &Element) -> Facts {
        let text = body.child(IPAM, "completionPercentage").map(Element::text);
        let Some(told) = text.and_then(|text| text.trim().parse::<f64>().ok()) else { return Facts::NONE };
        let before = self.percentage.replace(told);
        let mut facts = Facts::NONE;
        if (told - 100.0).abs() < f64::EPSILON {
            facts |= Facts::HUNDRED;
        }
        let is_odd = !(0.0..=100.0).contains(&told) || before.is_some_and(|before| told < before);
        if is_odd && !self.non_deterministic {
            facts |= Facts::ODD_PERCENTAGE;
        }
        facts
    }
}

/// What an answer is.
fn answer(asked: Asked, envelope: &Envelope, action: Option<&str>, is_fault: bool, again: bool) -> Event {
    let mut facts = if again { Facts::AGAIN } else { Facts::NONE };
    if is_fault {
        facts |= Facts::FAULT;
    }
    let (operation, of_call) = match asked {
        Asked::Callback => return Event::of(Symbol::ANSWER).with(facts),
        Asked::Keepalive => return Event::of(Symbol::ANSWER).with(facts | Facts::TO_KEEPALIVE),
        Asked::Call(operation, of_call) => (operation, of_call),
    };
    if !is_fault {
        if action != Some(operation.response_action) {
            facts |= Facts::ACTION_WRONG;
        }
        let is_right = |body: &Element| body.name.is(IPAM, operation.response_element);
        if envelope.body.len() != 1 || !envelope.body.first().is_some_and(is_right) {
            facts |= Facts::ELEMENT_WRONG;
        }
    }
    let symbol = match (is_initialize(operation), is_fault) {
        (true, false) => Symbol::INITIALIZED,
        (true, true) => Symbol::INITIALIZE_FAULT,
        (false, false) => Symbol::STARTED,
        (false, true) => Symbol::START_FAULT,
    };
    Event::of(symbol).with(facts | of_call)
}

/// The operation whose reply a message is, by its element.
fn reply_to(envelope: &Envelope) -> Option<&'static Operation> {
    let body = envelope.body.first()?;
    OPERATIONS.iter().find(|operation| body.name.is(IPAM, operation.response_element))
}

fn is_initialize(operation: &Operation) -> bool {
    operation.name.contains("Initialize")
}

/// Whether an element is there and not nil.
fn is_there(element: &Element) -> bool {
    let nil = element.attribute(XSI, "nil").map(|nil| Value::parse(SimpleType::Boolean, nil));
    !matches!(nil, Some(Ok(Value::Boolean(true))))
}

/// What can be said of the validity of parameters. 3.19.4.3; rulings `parameters-spelling`, `operation-id-name`.
fn parameters(body: &Element) -> Facts {
    let Some(parameters) = body.child(IPAM, "paramters").filter(|parameters| is_there(parameters)) else {
        return Facts::NO_PARAMETERS;
    };
    match parameters.child(IPAM, "OperationId").filter(|id| is_there(id)).map(Element::text) {
        Some(id) if REPEATING.contains(&id.as_str()) => Facts::REPEATS,
        Some(id) if !IPAM_ADMIN_OPERATION_ID.contains(&id) => Facts::UNKNOWN_OPERATION,
        _ => Facts::NONE,
    }
}

/// The letter of a callback; that of SetOverallStatus depends on the status.
fn symbol(callback: &Callback, status: Option<&str>) -> Symbol {
    match (callback.name, status) {
        ("StartProgressCallback", _) => progress::BEGIN,
        ("AddSubTask", _) => progress::ADD,
        ("SetSubTaskStatus", _) => progress::SUBTASK,
        ("SetCompletionPercentage", _) => progress::PERCENTAGE,
        (_, Some("CompletedWithSuccess")) => progress::SUCCESS,
        (_, Some("CompletedWithFailure")) => progress::FAILURE,
        // Absent is the first value, which a serialiser leaves out.
        (_, Some("NotStarted" | "InProgress") | None) => progress::GOES_ON,
        _ => progress::UNKNOWN,
    }
}

/// Whether what a callback holds is of the types of Appendix B.
fn is_of_its_types(callback: &Callback, body: &Element) -> bool {
    !body.has_text()
        && callback.parameters.iter().all(|field| {
            let mut found = body.all(IPAM, field.name);
            let first = found.next();
            found.next().is_none() && first.is_none_or(|first| xml::validate_field(first, field).is_empty())
        })
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
