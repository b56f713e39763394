//! Judges an answer: layer by layer, then by what the case expects, into checks.
//!
//! The first broken layer owns a failure; what lies above it is not reached. Leaves out sending, and what a case as a
//! whole comes to. Follows [MS-IPAMM2] 2.1, 2.2.2.1, the message sections of 3.3.4, and `docs/verdicts.md`.

mod event;
mod machine;

use std::{fmt::Write as _, time::Duration};

pub use self::{event::judge_event, machine::judge_session};

use super::said;
use crate::{
    case::{Answer as Expected, Case, FaultKind, Secured, Step, judge_value},
    session::{End, HttpHead, Layer, Observed, Received, Unread},
    soap::{
        self, Fault, SoapError,
        contract::{self, Answer, Checked, Rule},
    },
    spec::{Level, Operation, RequirementId},
    verdict::{Catalogue, Check, Outcome, bounded},
    wire::{DecodeError, DecodeErrorKind},
    xml::{Element, XmlError, XmlErrorKind},
};

/// What judging an answer needs to know of its request.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The case.
    pub case: &'a Case,
    /// The step, counted from 1.
    pub number: usize,
    /// The step.
    pub step: &'a Step,
    /// The operation whose reply is expected.
    pub operation: Option<&'static Operation>,
    /// The id of the request, where it has one.
    pub message_id: Option<&'a str>,
    /// Whether a known-good control request was answered, where one was wanted because nothing came.
    pub control: Option<bool>,
}

/// What came of an answer.
#[derive(Debug)]
pub struct Judged {
    /// The checks that were made, lowest layer first.
    pub checks: Vec<Check>,
    /// The reply's body element, where the answer is a reply.
    pub reply: Option<Element>,
    /// Whether every value is as expected; a step that polls asks again where not.
    pub values_hold: bool,
    /// Why the case means nothing on this target, where it does not; a step that polls asks again where there is a reply.
    pub unmet: Option<String>,
    /// What the answer says, where the step records it.
    pub said: Option<String>,
}

/// Whether an answer is such that only a control request can tell the target's failure from the world's.
pub fn wants_control(observed: &Observed) -> bool {
    match observed {
        Observed::Silence { .. } | Observed::Ended(End::Closed | End::Ended | End::Refused { .. }) => true,
        Observed::Received(received) => {
            let status = received.http.as_ref().map_or(200, |http| http.status);
            (status < 300 && received.bytes.is_empty()) || (status >= 400 && !says_soap(received.http.as_ref()))
        }
        Observed::Ended(_)
        | Observed::Sent(_)
        | Observed::SentRecords
        | Observed::Security { .. }
        | Observed::Accepted => false,
    }
}

/// Judges an answer.
pub fn judge(
    asked: Asked<'_>,
    observed: &Observed,
    catalogue: &Catalogue,
    vars: &dyn Fn(&str) -> Option<String>,
) -> Judged {
    let closed = matches!(observed, Observed::Ended(End::Closed | End::Ended | End::Reset));
    let replied = matches!(observed, Observed::Received(_));
    let expect = asked.step.expect.as_ref();
    let unmet = expect.and_then(|expect| expect.unless_closed.clone()).filter(|_| closed);
    let unmet = unmet.or_else(|| expect.and_then(|expect| expect.unless_replied.clone()).filter(|_| replied));
    let mut bench = Bench { asked, catalogue, checks: Vec::new() };
    if unmet.is_some() {
        return Judged { checks: Vec::new(), reply: None, values_hold: true, unmet, said: None };
    }
    let checked = match bench.message(observed) {
        Ok(envelope) => bench.contract(envelope, observed),
        Err(Stop) => None,
    };
    let judged = match checked {
        None => {
            bench.not_reached();
            Judged { checks: Vec::new(), reply: None, values_hold: false, unmet: None, said: None }
        }
        Some(answer) => bench.operation(answer, vars),
    };
    Judged { checks: bench.checks, ..judged }
}

/// A layer is broken, and a check says so.
struct Stop;

struct Bench<'a> {
    asked: Asked<'a>,
    catalogue: &'a Catalogue,
    checks: Vec<Check>,
}

impl Bench<'_> {
    /// From what was observed to an envelope: transport, framing, encoding, SOAP.
    fn message(&mut self, observed: &Observed) -> Result<soap::Envelope, Stop> {
        let received = match observed {
            Observed::Received(received) => received,
            Observed::Silence { waited } => {
                return Err(self.nothing_came(&format!("nothing came within {}", in_words(*waited))));
            }
            Observed::Ended(End::Ended) => {
                return Err(self.nothing_came("the target ended the session without an answer"));
            }
            Observed::Ended(End::Closed) => return Err(self.nothing_came("the target closed without an answer")),
            Observed::Ended(end @ End::Refused { .. }) => return Err(self.nothing_came(&end_in_words(end))),
            Observed::Ended(End::BrokenFraming { reason }) => {
                let message = "the target broke the rules of message framing";
                let asks = "records in the order of the grammar";
                return Err(self.broken("framing", "framing.records", Layer::Framing, message, asks, reason));
            }
            Observed::Ended(end) => return Err(self.unknown(Layer::Transport, &end_in_words(end))),
            Observed::Sent(_) | Observed::SentRecords | Observed::Security { .. } | Observed::Accepted => {
                return Err(self.unknown(Layer::Transport, "no answer was taken"));
            }
        };
        let head = received.http.as_ref();
        let status = head.map_or(200, |head| head.status);
        let kind = head.and_then(|head| head.content_type.as_deref()).unwrap_or("no content type");
        if !says_soap(head) {
            if let Some(why) = environment(status) {
                return Err(self.unknown(Layer::Transport, &format!("HTTP {status}: {why}")));
            }
            if status < 300 && received.bytes.is_empty() {
                return Err(self.nothing_came(&format!("HTTP {status} with an empty body")));
            }
            // A SOAP message of another media type is judged by that below.
            if status >= 400 && received.envelope().is_err() {
                // [MS-IPAMM2] 2.1: a server's faults are SOAP faults. What stands between may also refuse like this.
                let got = format!("HTTP {status}, {kind}, {} bytes", received.bytes.len());
                if self.asked.control != Some(true) {
                    return Err(self.unknown(Layer::Soap, &format!("{got}; a control request was not answered either")));
                }
                let message = "refused without a SOAP fault";
                return Err(self.broken("fault", "fault.soap12", Layer::Soap, message, "a fault of SOAP 1.2", &got));
            }
        }
        // [SOAP1.2-2] 7.1.4: the media type of the HTTP binding.
        if head.is_some() {
            let holds = says_soap(head);
            let message = if holds { "the media type is SOAP's" } else { "the media type is not SOAP's" };
            self.rule(
                "media-type",
                "message.media-type",
                Layer::Framing,
                holds,
                message,
                "application/soap+xml",
                kind,
            )?;
        }
        if head.is_none() {
            let (holds, got) = (!received.over_long, if received.over_long { "more" } else { "as many" });
            let message =
                if holds { "the size is as short as can be" } else { "the size has more octets than it needs" };
            let (name, requirement) = ("size", "framing.shortest-sizes");
            self.rule(name, requirement, Layer::Framing, holds, message, "as many octets as the size takes", got)?;
        }
        self.strings_once(received);
        match received.envelope() {
            Ok(envelope) => {
                let message = "the answer is well-formed XML";
                self.rule("well-formed", "message.well-formed", Layer::Encoding, true, message, "XML 1.0", "XML 1.0")?;
                let message = "the answer is a SOAP 1.2 envelope";
                self.rule("soap12", "message.soap12", Layer::Soap, true, message, "a SOAP 1.2 envelope", "one")?;
                Ok(envelope)
            }
            Err(Unread::Soap(SoapError::Xml(error))) => Err(self.not_xml(&error)),
            Err(Unread::Binary(error)) => Err(self.not_binary(&error, &received.bytes)),
            // [MS-IPAMM2] 2.1 asks for SOAP 1.2 of every message, and of faults once more: the latter says which it is.
            Err(error @ Unread::Soap(SoapError::Version { fault: true })) => Err(self.broken(
                "fault",
                "fault.soap12",
                Layer::Soap,
                "the fault is none of SOAP 1.2",
                "a fault of SOAP 1.2",
                &error.to_string(),
            )),
            Err(error) => Err(self.broken(
                "soap12",
                "message.soap12",
                Layer::Soap,
                "the answer is no SOAP 1.2 envelope",
                "a SOAP 1.2 envelope",
                &error.to_string(),
            )),
        }
    }

    /// [MC-NBFSE] 2.1: no string of a table stands in it twice, or in one before. What is read stays right all the same.
    fn strings_once(&mut self, received: &Received) {
        const REQUIREMENT: &str = "binary.strings-once";
        let is_decided = self.asked.case.requirements.iter().any(|id| id.as_str() == REQUIREMENT);
        if received.binary.is_none() || !(received.repeats_string || is_decided) {
            return;
        }
        let (message, got) = if received.repeats_string {
            ("a string is sent that the session had", "one that was sent before")
        } else {
            ("no string is sent that the session had", "new ones")
        };
        let holds = !received.repeats_string;
        let _ = self.rule("strings-once", REQUIREMENT, Layer::Encoding, holds, message, "strings that are new", got);
    }

    /// [MC-NBFX] 2.1: what is read here and breaks a rule is the target's mistake, what is too much for us is not.
    fn not_binary(&mut self, error: &DecodeError, bytes: &[u8]) -> Stop {
        let got = error.to_string();
        if matches!(error.kind, DecodeErrorKind::Limit { .. }) {
            return self.unknown(Layer::Encoding, &format!("the answer is not read here: {got}"));
        }
        let message = "the answer is not well-formed binary XML";
        let requirement = match &error.kind {
            // [MC-NMF] 2.2.3.4.1: another encoding than that of the session.
            _ if bytes.trim_ascii_start().starts_with(b"<") => "binary.encoding-kept",
            // [MC-NBFSE] 2.2: an id is that of a string that was sent before, or of a static one.
            DecodeErrorKind::Invalid(words) if words.contains("string with the id") => "binary.ids-known",
            _ => "binary.well-formed",
        };
        self.broken("binary", requirement, Layer::Encoding, message, "binary XML", &got)
    }

    fn not_xml(&mut self, error: &XmlError) -> Stop {
        let got = error.to_string();
        match error.kind {
            // What we do not read is not the target's mistake.
            XmlErrorKind::Limit(_) | XmlErrorKind::Encoding(_) => {
                self.unknown(Layer::Encoding, &format!("the answer is not read here: {got}"))
            }
            // [SOAP1.2-1] 5: well-formed, and forbidden.
            XmlErrorKind::Dtd => {
                let message = "the answer holds what SOAP forbids";
                self.broken("soap12", "message.soap12", Layer::Soap, message, "no document type declaration", &got)
            }
            _ => {
                let message = "the answer is not well-formed XML";
                self.broken("well-formed", "message.well-formed", Layer::Encoding, message, "XML 1.0 in UTF-8", &got)
            }
        }
    }

    /// From an envelope to an answer: addressing, and the operation's contract.
    fn contract(&mut self, envelope: soap::Envelope, observed: &Observed) -> Option<Answer> {
        let action = match observed {
            Observed::Received(received) => received.http.as_ref().and_then(HttpHead::action),
            _ => None,
        };
        let asked = self.asked;
        let Checked { answer, rules } = contract::check(envelope, asked.operation, asked.message_id, action.as_deref());
        let mut stopped = false;
        for held in rules {
            let (name, requirement, layer) = self.rule_of(held.rule);
            let message = match (held.rule, held.kept) {
                (Rule::AddressingOnce, true) => "addressing headers stand once",
                (Rule::AddressingOnce, false) => "an addressing header stands twice",
                (Rule::RelatesTo, true) => "the answer relates to the request",
                (Rule::RelatesTo, false) => "the answer does not relate to the request",
                (Rule::Fault, true) => "the fault is one of SOAP 1.2",
                (Rule::Fault, false) => "the fault is none of SOAP 1.2",
                (Rule::ResponseAction, true) => "the reply carries its action",
                (Rule::ResponseAction, false) => "the reply does not carry its action",
                (Rule::ResponseElement, true) => "the reply holds its element",
                (Rule::ResponseElement, false) => "the reply does not hold its element",
            };
            stopped |= self.rule(name, &requirement, layer, held.kept, message, &held.expected, &held.got).is_err();
        }
        if !stopped && answer == Answer::Neither {
            self.empty();
        }
        (!stopped && answer != Answer::Neither).then_some(answer)
    }

    /// An envelope without anything in it, where no operation says what it must hold.
    fn empty(&mut self) {
        const GOT: &str = "an empty body";
        let Some(expect) = &self.asked.step.expect else {
            let Stop = self.unknown(Layer::Operation, GOT);
            return;
        };
        let (holds, expected) = match expect.answer {
            Expected::Reply => (false, "the operation's reply"),
            Expected::Fault(_) => (false, "a fault"),
            // What only a session shows is judged apart.
            _ => (true, "reply or fault"),
        };
        let message = if holds { "recorded" } else { "the answer is neither a reply nor a fault" };
        let _ = self.rule("answer", expect.requirement.as_str(), Layer::Operation, holds, message, expected, GOT);
    }

    /// What the case expects of the answer.
    fn operation(&mut self, answer: Answer, vars: &dyn Fn(&str) -> Option<String>) -> Judged {
        let mut judged = Judged { checks: Vec::new(), reply: None, values_hold: true, unmet: None, said: None };
        if let Answer::Fault(fault) = &answer {
            self.exception(fault);
        }
        let denied = match &answer {
            // Where a case asks for somebody of a role, that is the answer to it.
            Answer::Fault(fault) => denies_access(fault) && !matches!(self.asked.case.secured, Some(Secured::As(_))),
            _ => false,
        };
        let body = match answer {
            Answer::Reply(element) => Ok(element),
            Answer::Fault(fault) => Err(fault),
            Answer::Neither => return judged,
        };
        if let Some(expect) = &self.asked.step.expect {
            let got = match &body {
                Ok(element) => format!("reply {}", element.name.local),
                Err(fault) => fault.summary(),
            };
            let requirement = expect.requirement.as_str();
            if denied {
                let why = format!("access is denied to this user: {got}");
                let _ =
                    self.push("answer", requirement, Layer::Operation, Outcome::Inconclusive, &why, None, Some(&got));
                self.values_not_reached(&why);
                return Judged { values_hold: false, ..judged };
            }
            let (holds, message, expected) = match (expect.answer, &body) {
                (Expected::Reply, Ok(_)) => (true, "replied", "the operation's reply"),
                (Expected::Reply, Err(_)) => (false, "refused with a fault", "the operation's reply"),
                (Expected::Fault(_), Err(_)) => (true, "refused with a fault", "a fault"),
                (Expected::Fault(_), Ok(_)) => (false, "accepted: replied where a fault must come", "a fault"),
                _ => (true, "recorded", "reply or fault"),
            };
            let stopped = self.rule("answer", requirement, Layer::Operation, holds, message, expected, &got).is_err();
            if let (Expected::Fault(FaultKind::Common), Err(fault)) = (expect.answer, &body) {
                let count = fault.exceptions.len();
                let got = format!("{count} among {} entries", fault.detail.len());
                let message = if count == 1 {
                    "the detail holds one IpamException"
                } else {
                    "the detail holds no single IpamException"
                };
                let _ = self.rule(
                    "common-shape",
                    "fault.common-shape",
                    Layer::Operation,
                    count == 1,
                    message,
                    "one IpamException in the Detail",
                    &got,
                );
            }
            if expect.snapshot {
                judged.said = match (expect.answer, &body) {
                    (_, Err(fault)) => Some(said::of_fault(fault)),
                    (Expected::Either, Ok(reply)) => Some(said::of_reply(reply)),
                    // A reply where a fault must come is a finding, and nothing to record.
                    _ => None,
                };
            }
            if stopped {
                self.values_not_reached("the answer is not the expected one");
                return Judged { values_hold: false, ..judged };
            }
        }
        let Ok(element) = body else {
            if !(self.asked.step.given.is_empty() && self.asked.step.captures.is_empty()) {
                judged.unmet = Some("the target refused what the case needs to look at".to_owned());
            }
            return judged;
        };
        for given in &self.asked.step.given {
            let value = judge_value(given, &element, vars);
            if !value.holds {
                let reason = given.reason.as_deref().unwrap_or("a condition of the case does not hold");
                judged.unmet = Some(format!("{reason} (expected {}, got {})", value.expected, value.got));
                judged.reply = Some(element);
                return judged;
            }
        }
        for (index, expectation) in self.asked.step.expect.iter().flat_map(|expect| &expect.values).enumerate() {
            let value = judge_value(expectation, &element, vars);
            judged.values_hold &= value.holds;
            let name = format!("value-{}", index + 1);
            let message = if value.holds { "the value is as expected" } else { "the value is not as expected" };
            let requirement = expectation.requirement.as_str();
            let _ = self.rule(&name, requirement, Layer::Operation, value.holds, message, &value.expected, &value.got);
        }
        judged.reply = Some(element);
        judged
    }

    /// The format of an IpamException, wherever one comes. [MS-IPAMM2] 2.2.4.247; ruling exception-data.
    fn exception(&mut self, fault: &Fault) {
        let Some(exception) = fault.exceptions.first() else { return };
        let (holds, got) = match &exception.data {
            None => (false, "no IpamExceptionData".to_owned()),
            Some(data) => match data.problem() {
                Some(problem) => (false, problem),
                None => (true, data.id.clone().unwrap_or_else(|| "no ExceptionId".to_owned())),
            },
        };
        let message =
            if holds { "the IpamException holds its data" } else { "the IpamException does not hold its data" };
        let expected = "IpamExceptionData with an ExceptionId of the enumeration";
        let _ = self.rule("exception-format", "fault.exception-format", Layer::Soap, holds, message, expected, &got);
    }

    /// Silence, or an end in order: it fails a must that asks for an output, if a control request is then answered.
    fn nothing_came(&mut self, what: &str) -> Stop {
        let Some(expect) = &self.asked.step.expect else {
            return self.unknown(Layer::Transport, what);
        };
        if self.asked.control != Some(true) {
            return self.unknown(Layer::Transport, &format!("{what}; a control request was not answered either"));
        }
        // Only what binds the target asks for an answer.
        if self.level(expect.requirement.as_str()) < Level::Should {
            return self.unknown(Layer::Transport, what);
        }
        let expected = match expect.answer {
            Expected::Reply => "the operation's reply",
            Expected::Fault(_) => "a fault",
            _ => return self.unknown(Layer::Transport, what),
        };
        let message = format!("{what}, and a control request on a fresh connection was answered");
        let stop = self.broken("answer", expect.requirement.as_str(), Layer::Operation, &message, expected, what);
        self.rests_on_silence();
        stop
    }

    /// Notes of the check that was made last that it rests on something that did not come.
    fn rests_on_silence(&mut self) {
        if let Some(check) = self.checks.last_mut() {
            check.by_silence = check.is_finding();
        }
    }

    fn unknown(&mut self, layer: Layer, why: &str) -> Stop {
        let requirement = self.owner();
        let _ = self.push("answer", &requirement, layer, Outcome::Inconclusive, why, None, None);
        Stop
    }

    fn broken(
        &mut self,
        name: &str,
        requirement: &str,
        layer: Layer,
        message: &str,
        expected: &str,
        got: &str,
    ) -> Stop {
        let _ = self.rule(name, requirement, layer, false, message, expected, got);
        Stop
    }

    /// The expectations of a step whose answer did not get so far.
    fn not_reached(&mut self) {
        let Some(broken) = self.checks.iter().find(|check| check.outcome != Outcome::Pass) else { return };
        let why = format!("the {} layer comes first: {}", broken.layer, broken.message);
        let requirement = self.owner();
        if !self.checks.iter().any(|check| check.id.ends_with("/answer")) {
            let _ = self.push("answer", &requirement, Layer::Operation, Outcome::Inconclusive, &why, None, None);
        }
        self.values_not_reached(&why);
    }

    fn values_not_reached(&mut self, why: &str) {
        for (index, value) in self.asked.step.expect.iter().flat_map(|expect| &expect.values).enumerate() {
            let (name, message) = (format!("value-{}", index + 1), format!("not reached: {why}"));
            let requirement = value.requirement.as_str();
            let _ = self.push(&name, requirement, Layer::Operation, Outcome::Inconclusive, &message, None, None);
        }
    }

    /// The requirement that owns a step's answer.
    fn owner(&self) -> String {
        let expected = self.asked.step.expect.as_ref().map(|expect| &expect.requirement);
        expected.or(self.asked.case.requirements.first()).map_or_else(String::new, ToString::to_string)
    }

    fn rule_of(&self, rule: Rule) -> (&'static str, String, Layer) {
        let of_operation = |rule: &str| {
            let name = self.asked.operation.map_or_else(|| "message".to_owned(), slug);
            format!("{name}.{rule}")
        };
        match rule {
            Rule::AddressingOnce => ("addressing-once", "message.addressing-once".to_owned(), Layer::Addressing),
            Rule::RelatesTo => ("relates-to", "message.relates-to".to_owned(), Layer::Addressing),
            Rule::Fault => ("fault", "fault.soap12".to_owned(), Layer::Soap),
            Rule::ResponseAction => ("response-action", of_operation("response-action"), Layer::Contract),
            Rule::ResponseElement => ("response-element", of_operation("response-element"), Layer::Contract),
        }
    }

    /// Records a rule that holds or not, at the level of its requirement.
    #[expect(clippy::too_many_arguments, reason = "a check has this many parts, and each call names them all")]
    fn rule(
        &mut self,
        name: &str,
        requirement: &str,
        layer: Layer,
        holds: bool,
        message: &str,
        expected: &str,
        got: &str,
    ) -> Result<(), Stop> {
        let outcome = match (holds, self.level(requirement)) {
            (false, Level::Must) => Outcome::Fail,
            (false, Level::Should) => Outcome::Warn,
            (true, _) | (false, Level::May | Level::Observe) => Outcome::Pass,
        };
        self.push(name, requirement, layer, outcome, message, Some(expected), Some(got))
    }

    #[expect(clippy::too_many_arguments, reason = "a check has this many parts, and each call names them all")]
    fn push(
        &mut self,
        name: &str,
        requirement: &str,
        layer: Layer,
        outcome: Outcome,
        message: &str,
        expected: Option<&str>,
        got: Option<&str>,
    ) -> Result<(), Stop> {
        let Ok(id) = RequirementId::parse(requirement) else { return Ok(()) };
        let level = self.level(requirement);
        let mut check = Check {
            id: format!("step-{}/{name}", self.asked.number),
            requirement: id,
            level,
            outcome,
            layer,
            message: bounded(message),
            expected: expected.map(bounded),
            got: got.map(bounded),
            fingerprint: String::new(),
            by_silence: false,
            reproduced: None,
        };
        if check.is_finding() {
            let difference = format!("{} / {}", expected.unwrap_or_default(), got.unwrap_or_default());
            check.seal(&self.asked.case.id, &crate::verdict::normalise(&difference));
        }
        self.checks.push(check);
        if matches!(outcome, Outcome::Pass | Outcome::Warn) { Ok(()) } else { Err(Stop) }
    }

    fn level(&self, requirement: &str) -> Level {
        let id = RequirementId::parse(requirement).ok();
        id.and_then(|id| self.catalogue.requirements.get(&id)).map_or(Level::Must, |requirement| requirement.level)
    }
}

/// An operation's name as requirement ids write it: `StartTask` is `start-task`.
pub fn slug(operation: &Operation) -> String {
    slug_of(operation.name)
}

/// A name as requirement ids write it.
fn slug_of(name: &str) -> String {
    let mut slug = String::with_capacity(name.len() + 8);
    for (index, c) in name.chars().enumerate() {
        if c.is_ascii_uppercase() && index > 0 {
            slug.push('-');
        }
        let _ = write!(slug, "{}", c.to_ascii_lowercase());
    }
    slug
}

/// Whether a fault says that the user lacks the right, which is the environment's answer and decides nothing.
pub fn denies_access(fault: &Fault) -> bool {
    let by_id = fault.exceptions.iter().filter_map(|exception| exception.data.as_ref()?.id.as_deref());
    by_id.into_iter().any(|id| id == "IpamApiAccessDenied")
        || fault.subcodes.iter().any(|code| matches!(&*code.local, "FailedAuthentication" | "AccessDenied"))
}

/// Whether HTTP says that a message of SOAP 1.2 follows; true where there is no HTTP.
pub fn says_soap(head: Option<&HttpHead>) -> bool {
    head.is_none_or(|head| head.media_type().is_some_and(|kind| kind.eq_ignore_ascii_case("application/soap+xml")))
}

/// What a status says of the environment rather than of the target, and what to check.
pub fn environment(status: u16) -> Option<&'static str> {
    Some(match status {
        300..=399 => "a redirect, which is not followed; write the address that it names into the target file",
        401 | 407 => "credentials are asked for; http has none in this version, so let this machine in without",
        403 => "access is forbidden; let this machine in",
        404 | 405 | 410 => "nothing takes requests here; check [endpoints] in the target file",
        408 | 429 | 502..=504 => "the target, or what stands before it, is not ready; try again when it is",
        _ => return None,
    })
}

/// How a session ended, for a person.
pub fn end_in_words(end: &End) -> String {
    match end {
        End::UnknownName { reason } | End::Unreachable { reason } => format!("unreachable: {reason}"),
        End::SecurityRefused { reason } | End::LogOnRefused { reason } => format!("security refused: {reason}"),
        End::Ended => "the target ended the session without an answer; its log may say why".to_owned(),
        End::Refused { fault } => format!("the target refused the session with the framing fault {fault}"),
        End::Closed => "the target closed without an answer; its log may say why".to_owned(),
        End::ClosedMidway { received } => {
            format!("the target closed in the middle of an answer, after {received} bytes; its log may say why")
        }
        End::Reset => "the connection was reset; check the port, and the log of the target".to_owned(),
        End::Aborted => "this run dropped the connection".to_owned(),
        End::BrokenFraming { reason } => format!("the target broke the rules of message framing: {reason}"),
        End::NotTheProtocol { reason, began } => {
            let shown = String::from_utf8_lossy(began.get(..began.len().min(60)).unwrap_or_default())
                .escape_debug()
                .to_string();
            if shown.is_empty() { reason.clone() } else { format!("{reason}; it began `{shown}`") }
        }
        End::Oversize { limit } => {
            format!("the answer is longer than {limit} bytes; for messages [limits] reply_bytes says how much is read")
        }
        End::TooSlow { waited, received } => {
            format!(
                "the answer did not end within {}, after {received} bytes; raise [timing] operation if it may take longer",
                in_words(*waited)
            )
        }
    }
}

/// A duration for a person.
pub fn in_words(duration: Duration) -> String {
    if duration.as_millis() < 1000 {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}
