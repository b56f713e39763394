//! Does the steps of a case that has sessions of its own, and takes what comes on them.
//!
//! Leaves out judgement, and what carries a session.

use std::time::Duration;

use bytes::Bytes;

use super::{Ended, Running};
use crate::{
    case::{Answer, Await, Records, Secured, Step, StepKind, judge_value},
    runner::{
        ask,
        judge::{Asked, Judged, judge, judge_event, wants_control},
        message,
        sessions::{self, MAIN},
    },
    session::{End, GivenRecords, Observed, PROTECTED, Permitted, Received, UPGRADE_TAKEN, Way},
    soap::write::Route,
    spec::Operation,
    transport::{MessageEncoding, TargetUrl},
    verdict::Blame,
    wire::{framing::Record, nbfse},
    xml,
};

/// How long a session of the reference server is listened to before its world's clock is moved.
const SETTLE: Duration = Duration::from_millis(60);
/// How long it is listened to at first, so that what is said at once is heard before the clock moves.
const HEARING: Duration = Duration::from_millis(500);
/// How far a world's clock is moved at a time while something is waited for.
const STRIDE: Duration = Duration::from_secs(1);

/// How an answer is known, and what it is held against.
struct Wanted {
    message_id: Option<String>,
    operation: Option<&'static Operation>,
    within: Option<Duration>,
}

impl Running<'_> {
    /// Does one step on its session.
    pub(super) async fn converse(&mut self, number: usize, step: &Step) -> Result<(), Ended> {
        let world = self.world.as_ref().map(|held| &held.world);
        let Some(url) = self.line.address(self.case.port_type, world) else {
            let why = format!("the target file names no endpoint for {}", self.case.port_type.name());
            return Err(Ended::Error(Blame::File, why));
        };
        let name = step.session.as_deref().unwrap_or(MAIN).to_owned();
        let is_open = self.sessions.is_open(&name);
        self.sessions.step = number;
        let further = further(&self.case.steps, &name);
        self.sessions.open(&self.line, self.case.port_type, &url, &name, &step.kind, further);
        if !is_open && let Some(observed) = self.greeted(&name, step).await {
            let wanted = Wanted { message_id: None, operation: step.operation(), within: None };
            return self.judged(number, step, &wanted, &observed).await;
        }
        match &step.kind {
            StepKind::Call(_) | StepKind::Raw(_) if step.sent_as.is_some() => {
                self.sent(number, 1, step, &name, &url).await.map(drop)
            }
            StepKind::Call(_) | StepKind::Raw(_) => self.asked(number, step).await,
            StepKind::Records(records) => self.records(number, step, &name, &url, records).await,
            StepKind::Await(awaited) => self.awaited(number, step, &name, awaited).await,
            StepKind::Silence(period) => {
                let period = self.period(*period);
                let answer = step.expect.as_ref().map(|expect| expect.answer);
                let observed = self.listen(&name, period, matches!(answer, Some(Answer::NoCallback(_)))).await;
                let wanted = Wanted { message_id: None, operation: None, within: Some(period) };
                self.judged(number, step, &wanted, &observed).await
            }
            StepKind::Close => {
                self.sessions.leaves(&name);
                self.sessions.live(&name, |live| live.end());
                Ok(())
            }
            StepKind::Abort => {
                self.sessions.leaves(&name);
                self.sessions.live(&name, |live| live.abort());
                // Until it has ended here, so that its end stands in every trace at the same place.
                let within = self.executor.target.timing.connect;
                self.sessions.seek(&name, within, |_| false).await;
                Ok(())
            }
            StepKind::Wait(_) | StepKind::Idle(_) => Ok(()),
        }
    }

    /// Waits until the target takes a session that was opened, unless the step looks at just that. Gives what came instead.
    async fn greeted(&mut self, name: &str, step: &Step) -> Option<Observed> {
        let is_request = matches!(step.kind, StepKind::Call(_) | StepKind::Raw(_));
        let looks =
            matches!(step.expect.as_ref().map(|expect| expect.answer), Some(Answer::Accepted | Answer::Refused));
        if (looks && !is_request) || self.sessions.is_raw(name) {
            return None;
        }
        let within = self.executor.target.timing.connect;
        let taken = |observed: &Observed| matches!(observed, Observed::Accepted);
        let observed = self.sessions.seek(name, within, taken).await;
        (observed != Observed::Accepted).then_some(observed)
    }

    /// Sends a request on its session, and tells what was sent, what it is called, and when it was sent.
    async fn sent(
        &mut self,
        number: usize,
        attempt: usize,
        step: &Step,
        name: &str,
        url: &TargetUrl,
    ) -> Result<(Permitted, &'static str, Duration), Ended> {
        let message_id = ask::message_id(&self.line.seed, &self.who, number, attempt);
        let reply_to = self.sessions.reply_to(name);
        let to = url.to_string();
        let route = Route { to: &to, reply_to: reply_to.as_deref() };
        let (outgoing, what) = self.render(step, &message_id, route)?;
        let permitted = self.line.permit(outgoing).map_err(|refused| Ended::HeldBack(refused.to_string()))?;
        self.line.pace.turn().await;
        let sent = self.began.elapsed();
        self.send(&permitted, name, step)?;
        Ok((permitted, what, sent))
    }

    /// Sends a request on its session, which is open, and judges what came.
    pub(super) async fn request(
        &mut self,
        number: usize,
        attempt: usize,
        step: &Step,
        url: &TargetUrl,
    ) -> Result<Judged, Ended> {
        let name = step.session.as_deref().unwrap_or(MAIN);
        let (permitted, what, sent) = self.sent(number, attempt, step, name, url).await?;
        let wanted = Wanted {
            message_id: permitted.outgoing().message_id.clone(),
            operation: step.operation(),
            within: Some(self.executor.target.timing.reply),
        };
        let observed = self.found(step, name, &wanted).await;
        let took = self.began.elapsed().saturating_sub(sent);
        self.keep(ask::exchange(number, attempt, what, permitted.outgoing(), sent, (&observed, took)));
        Ok(self.judgement(number, attempt, step, &wanted, &observed).await)
    }

    /// Sends a request as its session writes. What is sent among records of the case's own shares their string table.
    fn send(&mut self, request: &Permitted, name: &str, step: &Step) -> Result<(), Ended> {
        let (sent_as, operation) = (step.sent_as.as_deref(), step.operation());
        if !self.sessions.is_raw(name) {
            self.sessions.live(name, |live| live.send(request, sent_as, operation));
            return Ok(());
        }
        let outgoing = request.outgoing();
        let payload = self.encoded(name, &outgoing.envelope);
        let mut course = self.sessions.course(name);
        let given = GivenRecords {
            pieces: vec![Record::SizedEnvelopeRecord(payload.clone()).to_bytes().into()],
            requests: vec![outgoing.clone()],
            payloads: vec![payload],
            regular: course.takes_message(),
            way: Way::AsSealed,
        };
        let permitted = self.line.guard.permit_records(given, &mut course.payloads);
        let permitted = permitted.map_err(|refused| Ended::HeldBack(refused.to_string()))?;
        self.sessions.live(name, |live| live.course = course);
        let named = sent_as.map(|sent_as| (sent_as.to_owned(), outgoing.message_id.clone(), operation));
        self.sessions.live(name, |live| live.send_records(&permitted, named.into_iter().collect()));
        Ok(())
    }

    async fn records(
        &mut self,
        number: usize,
        step: &Step,
        name: &str,
        url: &TargetUrl,
        records: &Records,
    ) -> Result<(), Ended> {
        let seed = self.line.seed.clone();
        let who = self.who.clone();
        let message_id = |at: usize| ask::message_id(&seed, &who, number, at + 1);
        let vars = |name: &str| self.var(name);
        let mut encoder = self.sessions.encoder(name);
        let mut encode = |envelope: &[u8]| encoded(encoder.as_mut(), envelope);
        let mut course = self.sessions.course(name);
        let (port_type, to) = (self.case.port_type, url.to_string());
        let rendered = message::records(records, port_type, &message_id, &to, &mut encode, &mut course, &vars)
            .map_err(|problem| Ended::Error(Blame::File, format!("step {number}: {problem}")))?;
        if let Some((_, encoder)) = encoder {
            self.sessions.live(name, |live| live.encoder = encoder);
        }
        let (message_id, named) = (rendered.message_id, rendered.named);
        let guard = &self.line.guard;
        let permitted = guard
            .permit_records(rendered.given, &mut course.payloads)
            .map_err(|refused| Ended::HeldBack(refused.to_string()))?;
        self.sessions.live(name, |live| live.course = course);
        self.line.pace.turn().await;
        self.sessions.live(name, |live| live.send_records(&permitted, named));
        if step.expect.is_none() {
            return Ok(());
        }
        let wanted = Wanted { message_id, operation: records.operation, within: None };
        let observed = self.found(step, name, &wanted).await;
        self.judged(number, step, &wanted, &observed).await
    }

    async fn awaited(&mut self, number: usize, step: &Step, name: &str, awaited: &Await) -> Result<(), Ended> {
        let mut wanted =
            Wanted { message_id: None, operation: None, within: awaited.within.map(|within| self.period(within)) };
        if let Some(answer_to) = &awaited.answer_to {
            let Some((message_id, operation)) = self.sessions.sent(name, answer_to) else {
                let why = format!("step {number} waits for the answer to `{answer_to}`, which was not sent on {name}");
                return Err(Ended::Error(Blame::File, why));
            };
            (wanted.message_id, wanted.operation) = (message_id, operation);
        }
        let observed = self.found(step, name, &wanted).await;
        self.judged(number, step, &wanted, &observed).await
    }

    /// Waits for what a step expects: nothing else can be an answer to it.
    async fn found(&mut self, step: &Step, name: &str, wanted: &Wanted) -> Observed {
        let timing = self.executor.target.timing;
        let answer = step.expect.as_ref().map_or(Answer::Either, |expect| expect.answer);
        let (captures, target) = (self.captures.clone(), self.executor.target.clone());
        let vars = |name: &str| captures.get(name).cloned().or_else(|| target.var(name).map(str::to_owned));
        let asks_for_less = answer == Answer::Refused && self.case.secured == Some(Secured::SignedAlone);
        let first = matches!(&step.kind, StepKind::Await(awaited) if awaited.first);
        let is_callback = |observed: &Observed, named: &dyn Fn(&str) -> bool| match observed {
            Observed::Received(received) => {
                sessions::callback_name(received).is_some_and(|name| named(&name)) && is_given(step, received, &vars)
            }
            _ => false,
        };
        let is_wanted = |observed: &Observed| match answer {
            Answer::Either if wanted.operation.is_none() => {
                matches!(observed, Observed::Accepted | Observed::Received(_))
            }
            Answer::Reply | Answer::Fault(_) | Answer::Either => {
                sessions::answers(observed, wanted.message_id.as_deref())
            }
            Answer::Callback(_) if first => is_callback(observed, &|_| true),
            Answer::Callback(callback) => is_callback(observed, &|name| name == callback.name),
            Answer::NoCallback(callback) => {
                is_callback(observed, &|name| callback.is_none_or(|callback| callback.name == name))
            }
            Answer::Finished | Answer::Unsuccessful => {
                sessions::ends_operation(observed)
                    || (sessions::is_fault(observed) && sessions::answers(observed, wanted.message_id.as_deref()))
            }
            Answer::Nothing if wanted.message_id.is_some() => {
                sessions::relates_to(observed, wanted.message_id.as_deref())
            }
            Answer::Upgraded | Answer::Handshake(_) | Answer::Accepted | Answer::Refused | Answer::Nothing => {
                match observed {
                    // Who asks for too little is not to get so far.
                    Observed::Security { what, .. } if what == PROTECTED => asks_for_less,
                    Observed::Security { what, .. } => what == UPGRADE_TAKEN || what.starts_with("Handshake"),
                    _ => matches!(observed, Observed::Accepted | Observed::Received(_)),
                }
            }
            Answer::Ended => false,
        };
        let usual = match answer {
            Answer::Callback(_) | Answer::Finished | Answer::Unsuccessful => timing.operation,
            // Silence is an answer too: a target may leave a client that it does not serve without a word.
            Answer::Refused => (timing.quiescence * 4).max(timing.connect).max(timing.reply),
            Answer::Nothing | Answer::NoCallback(_) => timing.quiescence,
            Answer::Upgraded | Answer::Handshake(_) | Answer::Accepted => timing.connect,
            Answer::Either if wanted.operation.is_none() => timing.quiescence,
            Answer::Reply | Answer::Fault(_) | Answer::Either | Answer::Ended => timing.reply,
        };
        let within = wanted.within.unwrap_or(usual);
        if self.world.is_none()
            || !matches!(answer, Answer::Callback(_) | Answer::Finished | Answer::Unsuccessful | Answer::Ended)
        {
            return self.sessions.seek(name, within, is_wanted).await;
        }
        // In a world time passes only as its clock is moved.
        let (mut moved, mut listens) = (Duration::ZERO, HEARING);
        loop {
            let observed = self.sessions.seek(name, listens, is_wanted).await;
            if !matches!(observed, Observed::Silence { .. }) {
                return observed;
            }
            // The server may be slower than its clock.
            if moved >= within {
                return self.sessions.seek(name, timing.reply, is_wanted).await;
            }
            listens = SETTLE;
            self.pause(STRIDE).await;
            moved += STRIDE;
        }
    }

    /// The payload of an envelope, by the string table of the session's records.
    fn encoded(&mut self, name: &str, envelope: &[u8]) -> Bytes {
        let mut encoder = self.sessions.encoder(name);
        let payload = encoded(encoder.as_mut(), envelope);
        if let Some((_, encoder)) = encoder {
            self.sessions.live(name, |live| live.encoder = encoder);
        }
        payload
    }

    /// Listens for anything new, or for callbacks alone.
    async fn listen(&mut self, name: &str, period: Duration, callbacks: bool) -> Observed {
        let period = if self.world.is_some() {
            self.pause(period).await;
            self.executor.target.timing.quiescence
        } else {
            period
        };
        self.sessions.listen(name, period, callbacks).await
    }

    async fn judged(&mut self, number: usize, step: &Step, wanted: &Wanted, observed: &Observed) -> Result<(), Ended> {
        let judged = self.judgement(number, 1, step, wanted, observed).await;
        self.settle(number, step, judged)
    }

    async fn judgement(
        &mut self,
        number: usize,
        attempt: usize,
        step: &Step,
        wanted: &Wanted,
        observed: &Observed,
    ) -> Judged {
        let answer = step.expect.as_ref().map(|expect| expect.answer);
        // One that fell over has refused nothing.
        let fell_silent = matches!(answer, Some(Answer::Refused | Answer::Unsuccessful))
            && matches!(observed, Observed::Ended(End::Reset | End::ClosedMidway { .. }));
        let asks = wants_control(observed) || fell_silent;
        let control = if asks { Some(self.control(number, attempt).await) } else { None };
        if let Observed::Silence { waited } = observed
            && control == Some(true)
        {
            let name = step.session.as_deref().unwrap_or(MAIN);
            // A reply to a start may come behind all its callbacks.
            self.sessions.was_silent(name, *waited >= self.executor.target.timing.operation);
        }
        let asked = Asked {
            case: self.case,
            number,
            step,
            operation: wanted.operation,
            message_id: wanted.message_id.as_deref(),
            control,
        };
        let vars = |name: &str| self.var(name);
        let is_event = match answer {
            None | Some(Answer::Reply | Answer::Fault(_)) => false,
            // That nothing came is recorded as well.
            Some(Answer::Either) => !matches!(observed, Observed::Received(_)),
            Some(_) => true,
        };
        let catalogue = &self.executor.catalogue;
        if is_event { judge_event(asked, observed, catalogue, &vars) } else { judge(asked, observed, catalogue, &vars) }
    }
}

/// How many sessions a case begins on a connection behind the first: records that are sent after an end.
fn further(steps: &[Step], name: &str) -> usize {
    let on_it = steps.iter().filter(|step| step.session.as_deref().unwrap_or(MAIN) == name).collect::<Vec<_>>();
    let last = on_it.iter().rposition(|step| matches!(step.kind, StepKind::Records(_))).unwrap_or_default();
    let ends = |step: &&&Step| step.expect.as_ref().is_some_and(|expect| expect.answer == Answer::Ended);
    on_it.iter().take(last).filter(ends).count()
}

/// An envelope as a session writes it. What is no XML goes as it is, which is no binary XML either.
fn encoded(encoder: Option<&mut (MessageEncoding, nbfse::Encoder)>, envelope: &[u8]) -> Bytes {
    match (encoder, xml::read(envelope, &xml::Limits::default())) {
        (Some((MessageEncoding::Binary, encoder)), Ok(document)) => encoder.encode(&document.root).into(),
        _ => Bytes::copy_from_slice(envelope),
    }
}

/// Whether what is given holds of a callback: else another one of its name is meant.
fn is_given(step: &Step, received: &Received, vars: &dyn Fn(&str) -> Option<String>) -> bool {
    let Ok(envelope) = received.envelope() else { return true };
    let Some(body) = envelope.body.first() else { return true };
    step.given.iter().all(|given| judge_value(given, body, vars).holds)
}
