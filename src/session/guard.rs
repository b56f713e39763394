//! The guard: no request above the effect that a target allows gets onto the wire.
//!
//! It looks at the request itself, not at what a case says of it, and reads it as the kindest server would. Transports
//! take only what it has let through. Leaves out waiting and counting: limits of rate are kept by the runner.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::{Outgoing, Payloads, Way};
use crate::{
    soap,
    spec::{CALLBACKS, Callback, Effect, KEEPALIVE_ACTION, OPERATIONS, Operation, task::IPAM_TASK_TYPE},
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

/// Records as somebody gives them, byte by byte.
#[derive(Debug, Clone, Default)]
pub struct GivenRecords {
    /// The bytes, in pieces that are written one by one.
    pub pieces: Vec<Bytes>,
    /// The requests in them that are known as text.
    pub requests: Vec<Outgoing>,
    /// What every envelope in them holds, in order: those of the requests, and those that were composed byte by byte.
    pub payloads: Vec<Bytes>,
    /// Whether every client sends such records in this place, whatever the envelopes hold.
    pub regular: bool,
    /// What becomes of them on their way.
    pub way: Way,
}

/// Records, byte by byte, that a guard let through; only a guard makes them.
#[derive(Debug, Clone)]
pub struct PermittedRecords(Vec<Bytes>, Way);

impl PermittedRecords {
    /// The bytes, in pieces that are written one by one.
    pub fn pieces(&self) -> &[Bytes] {
        &self.0
    }

    /// What becomes of them on their way.
    pub fn way(&self) -> Way {
        self.1
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

    /// Lets a request through, or says why not. Each effect that it may have must be allowed, not only the worst: what
    /// may disrupt and may also start a task needs both.
    ///
    /// # Errors
    /// An effect of the request, or a task that it may start, is not allowed.
    pub fn permit(&self, outgoing: Outgoing) -> Result<Permitted, Refused> {
        let reading = Reading::of(&outgoing);
        self.allow(&reading)?;
        Ok(Permitted { effect: reading.worst(), outgoing })
    }

    fn allow(&self, reading: &Reading) -> Result<(), Refused> {
        if let Some(effect) = reading.effects.iter().rev().find(|effect| !self.allows(**effect)) {
            return Err(Refused::Effect(*effect));
        }
        // A request that only reads may name any task.
        if let Some(tasks) = self.tasks.as_ref().filter(|_| reading.worst() > Effect::Read)
            && let Some(task) = reading.tasks.iter().find(|task| !tasks.contains(**task))
        {
            return Err(Refused::Task((*task).to_owned()));
        }
        Ok(())
    }
}

impl Guard {
    /// Lets records through, or says why not. `payloads` has read what was sent on the session before.
    ///
    /// Each envelope in them is read as the session reads it. Where all are requests, whole and as the documents say that
    /// they are written, and the records are regular, they do what the requests do. Anything else may disrupt, and start
    /// or change what it names.
    ///
    /// # Errors
    /// An effect of the bytes or of a request in them, or a task that one may start, is not allowed.
    pub fn permit_records(&self, given: GivenRecords, payloads: &mut Payloads) -> Result<PermittedRecords, Refused> {
        let read: Option<Vec<Outgoing>> = given.payloads.iter().map(|payload| payloads.read(payload)).collect();
        let composed = read.filter(|_| given.regular && given.way.is_faithful());
        if composed.is_none() {
            self.allow(&Reading::of_bytes(&given.pieces.concat()))?;
        }
        for request in given.requests.into_iter().chain(composed.into_iter().flatten()) {
            self.permit(request)?;
        }
        Ok(PermittedRecords(given.pieces, given.way))
    }
}

/// The worst that a request could do on a server that accepts it.
pub fn effect_of(outgoing: &Outgoing) -> Effect {
    Reading::of(outgoing).worst()
}

/// What the kindest server could make of a request.
struct Reading {
    effects: BTreeSet<Effect>,
    /// The tasks that it may start, where it may start any.
    tasks: BTreeSet<&'static str>,
}

impl Reading {
    fn of(outgoing: &Outgoing) -> Self {
        let mut reading = Self { effects: BTreeSet::from([Effect::Read]), tasks: BTreeSet::new() };
        reading.action(outgoing.action.as_deref().unwrap_or_default());
        match xml::read(&outgoing.envelope, &xml::Limits::default()) {
            Ok(document) => reading.element(&document.root, ""),
            Err(_) => reading.text(&String::from_utf8_lossy(&outgoing.envelope)),
        }
        reading
    }

    /// Bytes of which not all is known: who takes them may do what they name.
    fn of_bytes(bytes: &[u8]) -> Self {
        let mut reading = Self { effects: BTreeSet::from([Effect::Read]), tasks: BTreeSet::new() };
        let text = String::from_utf8_lossy(bytes);
        reading.names(&squashed(&text));
        if reading.worst() > Effect::Read {
            reading.tasks.extend(words(&text).flat_map(|word| tasks_like(word, false)));
        }
        reading.effects.insert(Effect::Disrupt);
        reading
    }

    fn worst(&self) -> Effect {
        self.effects.last().copied().unwrap_or(Effect::Read)
    }

    /// An action, wherever it stands. One that is not that of a known operation may do what any name in it says, however
    /// that is spelled; one of the protocol, or one that is no absolute URI, may write.
    fn action(&mut self, action: &str) {
        let action = action.trim();
        let says = |operation: &&Operation| {
            [operation.action, operation.name].iter().any(|known| known.eq_ignore_ascii_case(action))
        };
        if let Some(operation) = OPERATIONS.iter().find(says) {
            self.effects.insert(operation.effect);
            return;
        }
        // [MS-IPAMM2] 2.2.2.2 and 3.19.4.5 to 3.19.4.9: servers ignore these, and one that takes them has been told of
        // progress, which changes nothing that it manages.
        if action == KEEPALIVE_ACTION || Callback::of_action(action).is_some() {
            return;
        }
        let squashed = squashed(&percent_decoded(action));
        self.names(&squashed);
        if squashed.contains("ipam") || !(action.contains(':') || action.is_empty()) {
            self.effects.insert(Effect::Write);
        }
    }

    /// The operations that change something and are named within a text of small letters and digits.
    fn names(&mut self, squashed: &str) {
        let named = |operation: &&Operation| squashed.contains(&operation.name.to_ascii_lowercase());
        let changes = OPERATIONS.iter().filter(|operation| operation.effect > Effect::Read);
        self.effects.extend(changes.filter(named).map(|operation| operation.effect));
    }

    fn element(&mut self, element: &Element, parent: &str) {
        let local = &*element.name.local;
        self.names(&squashed(local));
        let is_known = OPERATIONS.iter().any(|operation| operation.name.eq_ignore_ascii_case(local))
            || CALLBACKS.iter().any(|callback| callback.name.eq_ignore_ascii_case(local));
        let namespace = squashed(&element.name.namespace);
        // An operation of the protocol that is not known here, or one that lost its namespace.
        if parent.eq_ignore_ascii_case("Body") && !is_known && (namespace.is_empty() || namespace.contains("ipam")) {
            self.effects.insert(Effect::Write);
        }
        if local.eq_ignore_ascii_case("Action") {
            self.action(&element.text());
        }
        let is_task = ["taskType", "task"].iter().any(|name| local.eq_ignore_ascii_case(name));
        let attributes = element.attributes.iter().map(|attribute| attribute.value.as_str());
        for text in attributes.chain([element.text().as_str()]) {
            self.tasks.extend(words(text).flat_map(|word| tasks_like(word, is_task)));
        }
        for child in element.elements() {
            self.element(child, local);
        }
    }

    /// Text that is no XML, which a forgiving server may read in part. What it names by references or entities is not
    /// looked up: it may be anything.
    fn text(&mut self, text: &str) {
        self.effects.insert(Effect::Disrupt);
        self.names(&squashed(text));
        let hides = text.contains("&#") || text.contains("<!") || text.contains('\u{fffd}');
        if hides {
            self.effects.extend(Effect::ALL);
            self.tasks.extend(tasks());
        }
        self.tasks.extend(words(text).flat_map(|word| tasks_like(word, false)));
    }
}

/// Letters and digits only, small: names that differ in nothing else are alike.
fn squashed(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn tasks() -> impl Iterator<Item = &'static str> {
    IPAM_TASK_TYPE.values.iter().copied().filter(|task| *task != "None")
}

/// The tasks that a word may mean: by name, whatever its case. Where a task is asked for, also by number, by a
/// beginning of the name, and by a name with something before or after it.
fn tasks_like(word: &str, is_task: bool) -> Vec<&'static str> {
    let word = word.to_ascii_lowercase();
    let like = |alike: &dyn Fn(&str) -> bool| -> Vec<&'static str> {
        tasks().filter(|task| alike(&task.to_ascii_lowercase())).collect()
    };
    let exact = like(&|task| task == word);
    if !is_task || !exact.is_empty() {
        return exact;
    }
    if let Ok(number) = word.parse::<usize>() {
        return IPAM_TASK_TYPE.values.get(number).copied().filter(|task| *task != "None").into_iter().collect();
    }
    let mut alike = like(&|task| task.starts_with(&word));
    // `DnsConfigurations` is not `Configuration` too.
    alike.extend(like(&|task| word.contains(task)).into_iter().max_by_key(|task| task.len()));
    alike
}

/// An operation's request as a plain envelope, for guards and tests that have no message id to give.
#[doc(hidden)]
pub fn plain_request(operation: &Operation, body: &str) -> Outgoing {
    Outgoing {
        action: Some(operation.action.to_owned()),
        message_id: None,
        envelope: soap::write::request(
            operation,
            operation.action,
            "urn:uuid:0",
            soap::write::Route::to("http://127.0.0.1/"),
            body,
        )
        .into(),
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
            (Some("\"http://Microsoft.Windows.Ipam/IIpamServer/GetIpamVersion\""), "<a/>", Effect::Write),
            (Some("http://Microsoft.Windows.Ipam/IIpamServer/DeleteBlock/GetIpamVersion"), "<a/>", Effect::Write),
            (Some("GetIpamVersion"), "<a/>", Effect::Read),
            (
                Some(KEEPALIVE_ACTION),
                "<a><Action>Microsoft.WindowsServerSolutions.Common.ProviderFramework.Keepalive</Action><Body/></a>",
                Effect::Read,
            ),
            (Some(KEEPALIVE_ACTION), "<a><Body><StartTask/></Body></a>", Effect::StartTask),
            (Some("http://Microsoft.Windows.Ipam/IIpamOperationWithProgress/AddSubTask"), "<a/>", Effect::Read),
            (Some("http://Microsoft.Windows.Ipam/IIpamOperationWithProgress/AddSubTasks"), "<a/>", Effect::Write),
            (None, "<a><Body><SetOverallStatus xmlns='http://Microsoft.Windows.Ipam'/></Body></a>", Effect::Read),
            (None, "<a><Body><StartOperationWithCallback/></Body></a>", Effect::Write),
            (Some("DeleteBlock"), "<a/>", Effect::Write),
            (Some("urn:x#StartTask;"), "<a/>", Effect::StartTask),
            (Some("urn:x:Start%54ask"), "<a/>", Effect::StartTask),
            (None, "<a><Body><DeleteBlock xmlns='http://MICROSOFT.windows.Ipam'/></Body></a>", Effect::Write),
            (None, "<a><Body><DeleteBlock/></Body></a>", Effect::Write),
            (None, "<a><Body><Nonsense xmlns='urn:other'/></Body></a>", Effect::Read),
            (None, "<a><Body><GetIpamVersion xmlns='urn:other'><x/></GetIpamVersion></Body></a>", Effect::Read),
            (None, "<a><![CDATA[x]]><Action>urn:x/St<!-- c -->artTask</Action></a>", Effect::StartTask),
            (None, "<!DOCTYPE a [<!ENTITY t 'Task'>]><a/>", Effect::Disrupt),
        ];
        for (action, envelope, effect) in probes {
            assert_eq!(effect_of(&raw(action, envelope)), effect, "{action:?} {envelope}");
        }
    }

    #[test]
    fn every_effect_that_a_request_may_have_must_be_allowed() {
        let guard = Guard::new([Effect::Read, Effect::Disrupt], None);
        let action = Some("http://Microsoft.Windows.Ipam/IIpamServer/StartTask");
        let start = Err(Refused::Effect(Effect::StartTask));
        let permit = |action, envelope| guard.permit(raw(action, envelope)).map(|permitted| permitted.effect());
        assert_eq!(permit(action, "<a>"), start);
        assert_eq!(permit(None, "<StartTask><taskType>Audit"), start);
        assert_eq!(permit(None, "<a><b></a>"), Ok(Effect::Disrupt));
        // What stands behind a reference or an entity is not looked up.
        for hidden in ["<Start&#84;ask>", "<!DOCTYPE a [<!ENTITY t 'Task'>]><a>Start&t;</a>"] {
            assert_eq!(permit(None, hidden), Err(Refused::Effect(Effect::Write)), "{hidden}");
        }
        let writer = Guard::new([Effect::Read, Effect::Write], None);
        let both = raw(Some("http://Microsoft.Windows.Ipam/IIpamServer/StartTask"), "<Body><DeleteBlock/></Body>");
        assert_eq!(writer.permit(both).unwrap_err(), Refused::Effect(Effect::StartTask));
    }

    /// Records that hold payloads, and whether every client sends such.
    fn given(payloads: &[&[u8]], regular: bool) -> GivenRecords {
        let payloads: Vec<Bytes> = payloads.iter().map(|payload| Bytes::copy_from_slice(payload)).collect();
        GivenRecords { pieces: payloads.clone(), requests: Vec::new(), payloads, regular, way: Way::AsSealed }
    }

    fn encoded(requests: &[Outgoing]) -> Vec<Vec<u8>> {
        let mut encoder = crate::wire::nbfse::Encoder::new(crate::wire::nbfx::Style::default());
        let read = |request: &Outgoing| xml::read(&request.envelope, &xml::Limits::default()).unwrap();
        requests.iter().map(|request| encoder.encode(&read(request).root)).collect()
    }

    #[test]
    fn composed_requests_do_what_they_ask_where_they_are_whole() {
        let version = plain_request(Operation::named(PortType::IIpamServer, "GetIpamVersion").unwrap(), "");
        let written = encoded(&[version, start_task("Audit"), start_task("Discovery")]);
        let [version, audit, discovery] = &written[..] else { panic!() };
        let permit = |effects: &[Effect], payloads: &[&[u8]], regular| {
            let guard = Guard::new(effects.iter().copied(), Some(vec!["Discovery".to_owned()]));
            let permitted = guard.permit_records(given(payloads, regular), &mut Payloads::binary());
            permitted.map(|permitted| permitted.pieces().len())
        };
        let (read, start) = ([Effect::Read], [Effect::Read, Effect::StartTask]);
        let all = [Effect::Read, Effect::StartTask, Effect::Disrupt];
        assert_eq!(permit(&read, &[version], true), Ok(1));
        assert_eq!(permit(&read, &[version], false), Err(Refused::Effect(Effect::Disrupt)));
        assert_eq!(permit(&read, &[version, audit], true), Err(Refused::Effect(Effect::StartTask)));
        assert_eq!(permit(&start, &[version, audit], true), Err(Refused::Task("Audit".to_owned())));
        assert_eq!(permit(&start, &[version, audit, discovery], true), Err(Refused::Task("Audit".to_owned())));
        // What cannot be read may do what it names, whatever was allowed before it.
        let cut = &audit[..audit.len() - 1];
        assert_eq!(permit(&start, &[version, cut], true), Err(Refused::Effect(Effect::Disrupt)));
        assert_eq!(permit(&all, &[version, cut], true), Err(Refused::Task("Audit".to_owned())));
        assert_eq!(permit(&[Effect::Read, Effect::Disrupt], &[cut], true), Err(Refused::Effect(Effect::StartTask)));
        let cut = &version[..version.len() - 1];
        assert_eq!(permit(&[Effect::Read, Effect::Disrupt], &[cut], true), Ok(1));
        assert_eq!(permit(&read, &[cut], true), Err(Refused::Effect(Effect::Disrupt)));
    }

    #[test]
    fn a_request_that_reads_may_name_any_task() {
        let guard = Guard::new([Effect::Read], Some(vec!["Discovery".to_owned()]));
        let running = Operation::named(PortType::IIpamServer, "IsTaskRunning").unwrap();
        for task in ["Audit", "7", "Discovery"] {
            let request = plain_request(running, &format!("<taskType>{task}</taskType>"));
            assert_eq!(guard.permit(request).unwrap().effect(), Effect::Read);
        }
    }

    #[test]
    fn what_a_session_is_to_do_is_read_and_its_start_writes_whatever_it_is() {
        let reader = Guard::new([Effect::Read], None);
        let port_type = PortType::IIpamOperationWithProgress;
        let initialize = Operation::named(port_type, "InitializeOperationParameters").unwrap();
        let start = Operation::named(port_type, "StartOperationWithCallback").unwrap();
        let parameters = "<paramters><OperationId>EditDhcpServer</OperationId></paramters>";
        assert_eq!(reader.permit(plain_request(initialize, parameters)).unwrap().effect(), Effect::Read);
        assert_eq!(reader.permit(plain_request(start, "")).unwrap_err(), Refused::Effect(Effect::Write));
        let writer = Guard::new([Effect::Read, Effect::Write], Some(Vec::new()));
        assert_eq!(writer.permit(plain_request(start, "")).unwrap().effect(), Effect::Write);
    }

    #[test]
    fn only_named_tasks_may_be_started_however_they_are_spelled() {
        let guard = Guard::new([Effect::Read, Effect::StartTask], Some(vec!["Discovery".to_owned()]));
        for allowed in ["Discovery", " discovery ", "1", "None", "", "Nonsense", "0", "Discover", "Discoveries-1"] {
            assert!(guard.permit(start_task(allowed)).is_ok(), "{allowed}");
        }
        let refused = [
            ("Audit", "Audit"),
            ("AUDIT", "Audit"),
            ("3", "Audit"),
            ("Discovery, Expiry", "Expiry"),
            ("DnsConfigurations", "DnsConfiguration"),
            ("Mon", "Monitoring"),
            ("<x>Audit</x>", "Audit"),
            ("<x y='Audit'/>", "Audit"),
        ];
        for (refused, task) in refused {
            assert_eq!(guard.permit(start_task(refused)).unwrap_err(), Refused::Task(task.to_owned()), "{refused}");
        }
    }
}
