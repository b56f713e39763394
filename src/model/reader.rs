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
    session::{End, HttpHead, Observed, Outgoing, Received},
    soap::Message,
    spec::{
        Callback, KEEPALIVE_ACTION, OPERATIONS, Operation, PortType,
        namespace::{IPAM, XSI},
        progress::IPAM_ADMIN_OPERATION_ID,
        schema::SimpleType,
    },
    xml::{self, PlainReader, Value, View},
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
    /// Reads what needs no tree.
    plain: PlainReader,
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
            plain: PlainReader::default(),
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
        let mut reader = std::mem::take(&mut self.plain);
        let event = reader.read(&outgoing.envelope).and_then(Message::plain).map(|message| self.request(message));
        self.plain = reader;
        if let Some(event) = event {
            return event;
        }
        match crate::soap::read(&outgoing.envelope, &xml::Limits::default()) {
            Ok(envelope) => self.request(Message::of(&envelope)),
            Err(_) => Event::of(Symbol::FOREIGN),
        }
    }

    fn request<'a, V: View<'a>>(&mut self, message: Message<'a, V>) -> Event {
        let foreign = Event::of(Symbol::FOREIGN);
        let action = message.action.unwrap_or_default();
        let whole = message.is_addressed_once;
        let body = message.body;
        if message.elements > 1 {
            return foreign;
        }
        let (event, asked) = if action == KEEPALIVE_ACTION {
            (Event::of(Symbol::KEEPALIVE), Asked::Keepalive)
        } else if Callback::of_action(action).is_some_and(|callback| callback.port_type == self.port_type) {
            (Event::of(Symbol::CALLBACK), Asked::Callback)
        } else {
            let operation = Operation::of_action(action).filter(|operation| {
                operation.port_type == self.port_type && body.is_some_and(|body| body.is(IPAM, operation.name))
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
        let id = message.message_id.map_or_else(|| format!("#{}", self.order.len()), str::to_owned);
        self.sent.insert(id.clone(), Sent { asked, answered: false });
        self.order.push(id);
        event
    }

    fn received(&mut self, received: &Received, elsewhere: &dyn Fn(&str) -> bool) -> Event {
        let bound = || received.http.as_ref().and_then(HttpHead::action);
        if received.binary.is_none() {
            let mut reader = std::mem::take(&mut self.plain);
            let message = reader.read(&received.bytes).and_then(Message::plain);
            let event = message.map(|message| self.message(message, bound, elsewhere));
            self.plain = reader;
            if let Some(event) = event {
                return event;
            }
        }
        match received.envelope() {
            Ok(envelope) => self.message(Message::of(&envelope), bound, elsewhere),
            Err(_) => Event::of(Symbol::UNREAD),
        }
    }

    /// `bound` gives the action that the binding carried outside the envelope.
    fn message<'a, V: View<'a>>(
        &mut self,
        message: Message<'a, V>,
        bound: impl FnOnce() -> Option<String>,
        elsewhere: &dyn Fn(&str) -> bool,
    ) -> Event {
        let bound = if message.action.is_none() { bound() } else { None };
        let message = Message { action: message.action.or(bound.as_deref()), ..message };
        // A fault is told by its name, in whatever namespace.
        let is_fault = message.body.is_some_and(|body| body.local() == "Fault");
        match message.replies_to {
            Some(id) => match self.sent.get_mut(id) {
                Some(sent) => {
                    let again = std::mem::replace(&mut sent.answered, true);
                    answer(sent.asked, message, is_fault, again)
                }
                None if elsewhere(id) => Event::of(Symbol::STRAY).with(Facts::ELSEWHERE),
                None => self.unrelated(message, is_fault).with(Facts::UNRELATED),
            },
            // 2.2.2.1: a fault need not say what it answers.
            None if is_fault => self.unrelated(message, true),
            None if reply_to(message).is_some() => self.unrelated(message, false).with(Facts::UNRELATED),
            None => self.callback(message),
        }
    }

    /// An answer that does not say what it answers is taken to answer what waits longest: a request that is owed one,
    /// before one that is to be ignored; of a reply, one of its operation.
    fn unrelated<'a, V: View<'a>>(&mut self, message: Message<'_, V>, is_fault: bool) -> Event {
        let operation = reply_to(message);
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
                answer(sent.asked, message, is_fault, false)
            }
            None => Event::of(Symbol::STRAY).with(Facts::UNRELATED),
        }
    }

    fn callback<'a, V: View<'a>>(&mut self, message: Message<'_, V>) -> Event {
        let Message { action, body, .. } = message;
        let of_port = |callback: &&Callback| callback.port_type == self.port_type;
        let element = body.and_then(|body| Callback::of_element(body.namespace(), body.local()));
        let Some(callback) = element.or_else(|| Callback::of_action(action?)).filter(of_port) else {
            return Event::of(Symbol::STRAY);
        };
        let mut facts = match callback.actions.iter().position(|known| action == Some(*known)) {
            Some(0) => Facts::SERVER_ACTION,
            Some(_) => Facts::CLIENT_ACTION,
            None => Facts::ACTION_WRONG,
        };
        if element.is_none() || message.elements != 1 || !message.is_addressed_once {
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
    fn subtask<'a>(&mut self, callback: &Callback, body: impl View<'a>, facts: Facts) -> Event {
        let event = Event::of(symbol(callback, None));
        let Some(instance) = body.child(IPAM, "subTaskInstance").filter(|instance| is_there(*instance)) else {
            return event.with(facts | Facts::NO_SUBTASK);
        };
        let number = |name: &str| {
            let field = instance.child(IPAM, name)?;
            field.text().trim().parse::<i32>().ok()
        };
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
        let (beside, inside) = (status_in(body, "status"), status_in(instance, "SubTaskStatus"));
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

    fn percentage<'a>(&mut self, body: impl View<'a>) -> Facts {
        let text = body.child(IPAM, "completionPercentage").map(View::text);
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
fn answer<'a, V: View<'a>>(asked: Asked, message: Message<'_, V>, is_fault: bool, again: bool) -> Event {
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
        if message.action != Some(operation.response_action) {
            facts |= Facts::ACTION_WRONG;
        }
        if message.elements != 1 || !message.body.is_some_and(|body| body.is(IPAM, operation.response_element)) {
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
fn reply_to<'a, V: View<'a>>(message: Message<'_, V>) -> Option<&'static Operation> {
    let body = message.body?;
    OPERATIONS.iter().find(|operation| body.is(IPAM, operation.response_element))
}

fn is_initialize(operation: &Operation) -> bool {
    operation.name.contains("Initialize")
}

/// The status that an element holds under a name.
fn status_in<'a>(holder: impl View<'a>, name: &str) -> Option<Status> {
    Status::of(holder.child(IPAM, name)?.text().trim())
}

/// Whether an element is there and not nil.
fn is_there<'a>(element: impl View<'a>) -> bool {
    let nil = element.attribute(XSI, "nil").map(|nil| Value::parse(SimpleType::Boolean, nil));
    !matches!(nil, Some(Ok(Value::Boolean(true))))
}

/// What can be said of the validity of parameters. 3.19.4.3; rulings `parameters-spelling`, `operation-id-name`.
fn parameters<'a>(body: impl View<'a>) -> Facts {
    let Some(parameters) = body.child(IPAM, "paramters").filter(|parameters| is_there(*parameters)) else {
        return Facts::NO_PARAMETERS;
    };
    match parameters.child(IPAM, "OperationId").filter(|id| is_there(*id)).map(View::text) {
        Some(id) if REPEATING.contains(&&*id) => Facts::REPEATS,
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
fn is_of_its_types<'a>(callback: &Callback, body: impl View<'a>) -> bool {
    !body.has_text()
        && callback.parameters.iter().all(|field| {
            let mut found = body.elements().filter(|element| element.is(IPAM, field.name));
            let first = found.next();
            found.next().is_none() && first.is_none_or(|first| xml::is_valid_field(first, field))
        })
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
