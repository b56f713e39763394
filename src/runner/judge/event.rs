//! Judges what only a session shows: that it is taken or not, that it ends, a callback, silence.
//!
//! Leaves out replies and faults, and the order of callbacks, which a machine judges. Follows [MC-NMF] 2.2 and 3.1.1.2,
//! and [MS-IPAMM2] 3.21.4.

use super::{Asked, Bench, Expected, Judged, Stop, end_in_words, in_words};
use crate::{
    case::{EndedBy, judge_value},
    runner::sessions::{callback_name, overall_status},
    session::{End, HANDSHAKE_ERROR, Layer, Observed, PROTECTED, UPGRADE_TAKEN},
    soap,
    spec::{Callback, namespace::IPAM, progress::OVERALL_PROGRESS_STATUS},
    verdict::{Catalogue, Outcome},
    wire::{framing::FaultUri, nns::MessageId},
    xml::Element,
};

/// How the name of each message of a handshake begins.
const HANDSHAKE: &str = "Handshake";

/// Judges what came, or did not, where a step expects no answer to a request.
pub fn judge_event(
    asked: Asked<'_>,
    observed: &Observed,
    catalogue: &Catalogue,
    vars: &dyn Fn(&str) -> Option<String>,
) -> Judged {
    let mut bench = Bench { asked, catalogue, checks: Vec::new() };
    let mut judged = Judged { checks: Vec::new(), reply: None, values_hold: true, unmet: None, said: None };
    if let Observed::Ended(End::Refused { fault }) = observed {
        bench.fault_name(fault);
    }
    let closed = matches!(observed, Observed::Ended(End::Closed | End::Reset));
    let unless_closed = asked.step.expect.as_ref().and_then(|expect| expect.unless_closed.clone());
    match asked.step.expect.as_ref().map(|expect| expect.answer) {
        Some(Expected::Accepted) if closed && unless_closed.is_some() => judged.unmet = unless_closed,
        Some(Expected::Callback(callback)) => match bench.callback(callback, observed) {
            Ok(element) => bench.values(element, &mut judged, vars),
            Err(Stop) => bench.not_reached(),
        },
        Some(Expected::Accepted) => bench.accepted(observed),
        Some(Expected::Upgraded) => bench.upgraded(observed),
        Some(Expected::Handshake(message)) => bench.handshake(message, observed),
        Some(Expected::Refused) => bench.refused(observed),
        Some(Expected::Ended) => bench.ended(observed),
        Some(Expected::Either) => bench.either(observed),
        Some(Expected::Finished) => {
            if let Some(element) = bench.finished(observed) {
                bench.values(element, &mut judged, vars);
            }
        }
        Some(Expected::Unsuccessful) => bench.unsuccessful(observed),
        Some(Expected::NoCallback(_)) => bench.no_callback(observed),
        _ => bench.nothing(observed),
    }
    Judged { checks: bench.checks, ..judged }
}

impl Bench<'_> {
    /// [MC-NMF] 2.2.5: the namespace of the table holds no fault that is not in the table.
    fn fault_name(&mut self, fault: &str) {
        let holds = !FaultUri::is_stray(fault);
        let message = if holds {
            "the fault is one of the table, or is named elsewhere"
        } else {
            "the fault is in the namespace of the table and not in the table"
        };
        let asks = "a fault of the table, or one in another namespace";
        let _ = self.rule("fault-name", "framing.fault-namespace", Layer::Framing, holds, message, asks, fault);
    }

    /// [MC-NMF] 3.3: a receiver acknowledges a preamble that it takes.
    fn accepted(&mut self, observed: &Observed) {
        const EXPECTED: &str = "a PreambleAckRecord";
        match observed {
            Observed::Accepted => self.answered(true, "the session is taken", EXPECTED, "a PreambleAckRecord"),
            Observed::Received(_) => {
                self.answered(false, "a message came before the session was taken", EXPECTED, "a message");
            }
            Observed::Ended(End::Refused { fault }) if !is_of_the_moment(fault) => {
                self.answered(false, "the session is refused", EXPECTED, &format!("the fault {fault}"));
            }
            other => self.did_not_come(other, EXPECTED),
        }
    }

    /// [MC-NMF] 3.1.4.7: an upgrade that the target has is answered, and a handshake follows.
    fn upgraded(&mut self, observed: &Observed) {
        const EXPECTED: &str = "an UpgradeResponseRecord";
        match observed {
            Observed::Security { what, .. } if what == UPGRADE_TAKEN => {
                self.answered(true, "the upgrade is taken", EXPECTED, EXPECTED);
            }
            other => self.no_handshake(other, EXPECTED),
        }
    }

    /// [MS-NNS] 2.2.1, 3.2.5.2: how a token is answered.
    fn handshake(&mut self, message: MessageId, observed: &Observed) {
        let expected = format!("a well-formed {}", message.name());
        match observed {
            Observed::Security { what, .. } if what.starts_with(HANDSHAKE) => {
                let rest = what.strip_prefix(message.name());
                // Behind the name there is the code of an error, or what is wrong with the message.
                let holds = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
                let says = if holds { "the token is answered" } else { "the token is answered otherwise" };
                self.answered(holds, says, &expected, what);
            }
            other => self.no_handshake(other, &expected),
        }
    }

    fn no_handshake(&mut self, observed: &Observed, expected: &str) {
        match observed {
            Observed::Security { what, .. } => self.answered(false, "something else came", expected, what),
            Observed::Accepted => self.answered(false, "the session is taken", expected, "a PreambleAckRecord"),
            Observed::Received(_) => self.answered(false, "a message came", expected, "a message"),
            Observed::Ended(End::BrokenFraming { reason }) => {
                self.answered(false, "what came is no answer to it", expected, reason);
            }
            Observed::Ended(End::Refused { fault }) => {
                self.answered(false, "it is refused", expected, &format!("the fault {fault}"));
            }
            other => self.did_not_come(other, expected),
        }
    }

    /// What is not taken is ended, with a FaultRecord or without, or left without a word: [MC-NMF] 2.2.5 leaves it free.
    fn refused(&mut self, observed: &Observed) {
        const EXPECTED: &str = "that the session is not taken, or does not go on";
        match observed {
            Observed::Accepted => self.answered(false, "the session is taken", EXPECTED, "a PreambleAckRecord"),
            Observed::Security { what, .. } if what.starts_with(HANDSHAKE_ERROR) => {
                self.answered(true, "refused with a HandshakeError", EXPECTED, what);
            }
            Observed::Security { what, .. } if what.starts_with(HANDSHAKE) => {
                self.answered(false, "the handshake goes on", EXPECTED, what);
            }
            Observed::Security { what, .. } if what == PROTECTED => {
                self.answered(false, "the handshake is done", EXPECTED, what);
            }
            Observed::Security { what, .. } => self.answered(false, "the upgrade is taken", EXPECTED, what),
            Observed::Ended(end @ End::LogOnRefused { .. }) => {
                self.answered(true, "refused with a HandshakeError", EXPECTED, &end_in_words(end));
            }
            Observed::Received(_) => match self.message(observed) {
                Ok(envelope) if envelope.body.first().is_some_and(soap::Fault::is_named) => {
                    self.answered(true, "refused with a SOAP fault", EXPECTED, "a SOAP fault");
                }
                Ok(_) => self.answered(false, "the target goes on", EXPECTED, "a message"),
                Err(Stop) => self.not_reached(),
            },
            // That the target is still there tells a refusal from a fall.
            Observed::Ended(end @ (End::Ended | End::Closed | End::ClosedMidway { .. } | End::Reset))
                if self.asked.control == Some(true) =>
            {
                self.answered(true, "refused", EXPECTED, &end_in_words(end));
            }
            // One that is busy refuses whatever comes.
            Observed::Ended(End::Refused { fault }) if self.asked.control == Some(true) && !is_of_the_moment(fault) => {
                self.answered(true, "refused with a FaultRecord", EXPECTED, &format!("the fault {fault}"));
            }
            Observed::Ended(End::BrokenFraming { reason }) => {
                self.answered(false, "the target goes on", EXPECTED, reason);
            }
            Observed::Silence { waited } if self.asked.control == Some(true) => {
                let got = format!("nothing within {}; a control request was answered", in_words(*waited));
                self.answered(true, "left without a word", EXPECTED, &got);
            }
            other => self.did_not_come(other, EXPECTED),
        }
    }

    fn ended(&mut self, observed: &Observed) {
        const EXPECTED: &str = "that the target ends the session";
        match observed {
            Observed::Ended(end @ (End::Ended | End::Closed | End::Refused { .. } | End::Reset)) => {
                let by = match end {
                    End::Ended => EndedBy::End,
                    End::Refused { .. } => EndedBy::Fault,
                    End::Reset => EndedBy::Reset,
                    _ => EndedBy::Close,
                };
                let wanted = self.asked.step.expect.as_ref().and_then(|expect| expect.ended_by);
                let expected = wanted.map_or(EXPECTED.to_owned(), |way| format!("{EXPECTED} {}", way.in_words()));
                let holds = wanted.is_none_or(|way| way == by);
                let message = if holds { "the session is ended" } else { "the session is ended in another way" };
                self.answered(holds, message, &expected, &end_in_words(end));
            }
            other => self.did_not_come(other, EXPECTED),
        }
    }

    fn nothing(&mut self, observed: &Observed) {
        const EXPECTED: &str = "nothing";
        match observed {
            Observed::Silence { waited } => {
                let got = format!("nothing for {}", in_words(*waited));
                self.answered(true, "nothing came", EXPECTED, &got);
            }
            Observed::Received(received) => {
                let got = match received.envelope() {
                    Ok(envelope) => {
                        envelope.body.first().map_or("an empty body".to_owned(), |body| body.name.to_string())
                    }
                    Err(error) => error.to_string(),
                };
                self.answered(false, "something came", EXPECTED, &got);
            }
            Observed::Accepted => self.answered(false, "something came", EXPECTED, "a PreambleAckRecord"),
            Observed::Security { what, .. } => self.answered(false, "something came", EXPECTED, what),
            Observed::Ended(End::BrokenFraming { .. }) => self.did_not_come(observed, EXPECTED),
            // No second answer comes to a request on a session that is over.
            Observed::Ended(end @ (End::Ended | End::Closed)) if self.asked.message_id.is_some() => {
                self.answered(true, "nothing came", EXPECTED, &end_in_words(end));
            }
            Observed::Ended(End::Refused { fault }) if is_of_the_moment(fault) => {
                self.did_not_come(observed, EXPECTED);
            }
            Observed::Ended(end @ (End::Ended | End::Closed | End::Refused { .. })) => {
                self.answered(false, "the session ended", EXPECTED, &end_in_words(end));
            }
            other => self.did_not_come(other, EXPECTED),
        }
    }

    /// [MS-IPAMM2] 3.19.4.4 and 3.19.4.4.1; ruling `fault-during-operation`: one of the two tells how an operation ended.
    fn finished(&mut self, observed: &Observed) -> Option<Element> {
        const EXPECTED: &str = "SetOverallStatus with one of the statuses that end an operation, or a fault";
        let Observed::Received(received) = observed else {
            self.did_not_come(observed, EXPECTED);
            return None;
        };
        let Ok(envelope) = self.message(observed) else {
            self.not_reached();
            return None;
        };
        let Some(status) = overall_status(received) else {
            self.answered(true, "refused with a fault", EXPECTED, "a SOAP fault");
            return None;
        };
        let holds = OVERALL_PROGRESS_STATUS.contains(&status);
        let message = if holds { "the operation has ended" } else { "the operation ended as none does" };
        self.answered(holds, message, EXPECTED, &status);
        envelope.body.into_iter().next().filter(|_| holds)
    }

    /// [MS-IPAMM2] 3.19.1.1: what was not validated is not run with success. How it is refused is left open.
    fn unsuccessful(&mut self, observed: &Observed) {
        const EXPECTED: &str = "that no operation ends with success";
        match observed {
            Observed::Received(received) => {
                if self.message(observed).is_err() {
                    return self.not_reached();
                }
                match overall_status(received) {
                    Some(status) if status == "CompletedWithFailure" => {
                        self.answered(true, "the operation failed", EXPECTED, &status);
                    }
                    Some(status) => self.answered(false, "the operation ended otherwise", EXPECTED, &status),
                    None => self.answered(true, "refused with a fault", EXPECTED, "a SOAP fault"),
                }
            }
            // That the target is still there tells a refusal from a fall.
            Observed::Ended(end @ (End::Ended | End::Closed | End::Reset | End::Refused { .. }))
                if self.asked.control == Some(true) =>
            {
                self.answered(true, "the session is over", EXPECTED, &end_in_words(end));
            }
            Observed::Silence { waited } if self.asked.control == Some(true) => {
                let got = format!("nothing within {}; a control request was answered", in_words(*waited));
                self.answered(true, "nothing came of it", EXPECTED, &got);
            }
            other => self.did_not_come(other, EXPECTED),
        }
    }

    /// Whatever else comes is no callback, and neither is an end in order.
    fn no_callback(&mut self, observed: &Observed) {
        const EXPECTED: &str = "no callback";
        match observed {
            Observed::Received(received) => {
                let got = callback_name(received).unwrap_or_else(|| "a message".to_owned());
                self.answered(false, "a callback came", EXPECTED, &got);
            }
            Observed::Silence { waited } => {
                let got = format!("none within {}", in_words(*waited));
                self.answered(true, "no callback came", EXPECTED, &got);
            }
            Observed::Ended(end @ (End::Ended | End::Closed | End::Refused { .. } | End::Reset)) => {
                self.answered(true, "no callback came", EXPECTED, &end_in_words(end));
            }
            other => self.did_not_come(other, EXPECTED),
        }
    }

    /// Where anything may come, that nothing came is recorded.
    fn either(&mut self, observed: &Observed) {
        const EXPECTED: &str = "anything";
        match observed {
            Observed::Silence { waited } if self.asked.control == Some(true) => {
                self.answered(true, "recorded", EXPECTED, &format!("nothing within {}", in_words(*waited)));
            }
            Observed::Ended(end @ (End::Ended | End::Closed | End::Refused { .. } | End::Reset)) => {
                self.answered(true, "recorded", EXPECTED, &end_in_words(end));
            }
            Observed::Accepted => self.answered(true, "recorded", EXPECTED, "a PreambleAckRecord"),
            other => self.did_not_come(other, EXPECTED),
        }
    }

    /// The contract of a callback: its action (ruling callback-action) and its element. [MS-IPAMM2] 3.21.4
    fn callback(&mut self, callback: &'static Callback, observed: &Observed) -> Result<Element, Stop> {
        let expected = format!("the callback {}", callback.name);
        let Observed::Received(received) = observed else {
            self.did_not_come(observed, &expected);
            return Err(Stop);
        };
        if let Some(other) = callback_name(received).filter(|name| name != callback.name) {
            self.answered(false, "another callback comes before it", &expected, &other);
            return Err(Stop);
        }
        let envelope = self.message(observed)?;
        let action = envelope.addressing.action.unwrap_or_default();
        let holds = callback.actions.contains(&action.as_str());
        let message = if holds { "the callback carries its action" } else { "the callback does not carry its action" };
        let actions = callback.actions.join(" or ");
        self.rule("callback-action", "progress-callback.action", Layer::Contract, holds, message, &actions, &action)?;
        let element = envelope.body.into_iter().next().filter(|body| body.name.is(IPAM, callback.name));
        let holds = element.is_some();
        let message = if holds { "the callback holds its element" } else { "the callback does not hold its element" };
        let got = if holds { callback.name } else { "another element" };
        let requirement = "progress-callback.element";
        self.rule("callback-element", requirement, Layer::Contract, holds, message, callback.name, got)?;
        let Some(element) = element else { return Err(Stop) };
        self.answered(true, "the callback came", &expected, &expected);
        Ok(element)
    }

    /// What a callback must hold.
    fn values(&mut self, element: Element, judged: &mut Judged, vars: &dyn Fn(&str) -> Option<String>) {
        let values = self.asked.step.expect.iter().flat_map(|expect| &expect.values);
        for (index, expectation) in values.enumerate() {
            let value = judge_value(expectation, &element, vars);
            judged.values_hold &= value.holds;
            let message = if value.holds { "the value is as expected" } else { "the value is not as expected" };
            let (name, requirement) = (format!("value-{}", index + 1), expectation.requirement.as_str());
            let _ = self.rule(&name, requirement, Layer::Operation, value.holds, message, &value.expected, &value.got);
        }
        judged.reply = Some(element);
    }

    fn answered(&mut self, holds: bool, message: &str, expected: &str, got: &str) {
        let owner = self.owner();
        let _ = self.rule("answer", &owner, Layer::Framing, holds, message, expected, got);
    }

    /// Nothing came, or an end that nobody asked for.
    fn did_not_come(&mut self, observed: &Observed, expected: &str) {
        let (what, may_fail) = match observed {
            Observed::Silence { waited } => (format!("nothing came within {}", in_words(*waited)), true),
            Observed::Ended(end @ (End::Closed | End::Ended)) => (end_in_words(end), true),
            Observed::Ended(End::BrokenFraming { reason }) => {
                let message = "the target broke the rules of message framing";
                let asks = "records in the order of the grammar";
                let _ = self.rule("framing", "framing.records", Layer::Framing, false, message, asks, reason);
                return;
            }
            Observed::Ended(end) => (end_in_words(end), false),
            _ => ("no answer was taken".to_owned(), false),
        };
        if may_fail && self.asked.control == Some(true) {
            self.answered(false, &format!("{what}, and a control request was answered"), expected, &what);
            self.rests_on_silence();
        } else {
            let owner = self.owner();
            let why = if may_fail { format!("{what}; a control request was not answered either") } else { what };
            let _ = self.push("answer", &owner, Layer::Transport, Outcome::Inconclusive, &why, None, None);
        }
    }
}

/// Whether a target says with this fault that it cannot serve anybody now, which decides nothing.
fn is_of_the_moment(fault: &str) -> bool {
    FaultUri::from_uri(fault).is_some_and(FaultUri::is_of_the_moment)
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
