//! Records made by hand for the tests of this folder: failing, passing, dead, hostile, large.

use std::collections::BTreeMap;

use crate::{
    session::Layer,
    spec::{Effect, Level, RequirementId},
    verdict::{
        Accepted, Baseline, CasePlan, CaseRecord, Check, Claim, ClaimKind, Event, Evidence, Exchange, Execution,
        FaultCounts, Finding, FindingKind, FindingStatus, Gate, Generated, Note, Outcome, Record, RecordedFault,
        Repeated, Reproduced, RunStarted, Score, Shard, Summary, TargetRecord,
        ledger::{LedgerRow, Status},
        record::{RulingRow, Suite, Tool},
        score::{Mutants, Variants},
    },
};

/// What the records of a case are in these records.
const WIRE: &str = "step-1 -> +0 ms\n     0  00 01 00                 VersionRecord 1.0\n     3  01 02                    ModeRecord Duplex\n";
/// What a fault says in these records.
const SAID: &str = "origin: operation\ncode: Sender\nreason (en-US): no\nexception:\n  id: IpamApiInvalidParameter";

pub(super) fn id(text: &str) -> RequirementId {
    RequirementId::parse(text).unwrap()
}

fn row(text: &str, section: &str, level: Level, status: Status, sentence: &str) -> LedgerRow {
    LedgerRow {
        id: id(text),
        document: "MS-IPAMM2".to_owned(),
        section: section.to_owned(),
        level,
        text: sentence.to_owned(),
        status,
        reason: match status {
            Status::NotExercised => "no case that decides it ran".to_owned(),
            Status::Untestable => "it binds the client only".to_owned(),
            Status::Partly => "1 of 2 cases ran".to_owned(),
            Status::Verified | Status::Violated => String::new(),
        },
        cases: Vec::new(),
    }
}

pub(super) fn check(name: &str, requirement: &str, outcome: Outcome, message: &str) -> Check {
    let mut check = Check {
        id: name.to_owned(),
        requirement: id(requirement),
        level: if outcome == Outcome::Warn { Level::Should } else { Level::Must },
        outcome,
        layer: Layer::Operation,
        message: message.to_owned(),
        expected: None,
        got: None,
        fingerprint: String::new(),
        by_silence: false,
        reproduced: None,
    };
    if check.is_finding() {
        check.seal("case", message);
    }
    check
}

pub(super) fn case(name: &str, outcome: Outcome, reason: &str, checks: Vec<Check>) -> CaseRecord {
    let file = name.split('/').take(2).collect::<Vec<_>>().join("/");
    let ran = outcome != Outcome::Skip;
    CaseRecord {
        blame: None,
        id: name.to_owned(),
        about: "StartTask refuses the task type None.".to_owned(),
        file: format!("{file}.toml"),
        line: 1,
        level: Level::Must,
        effect: Effect::StartTask,
        port_type: "IIpamServer".to_owned(),
        requirements: checks.iter().map(|check| check.requirement.clone()).collect(),
        twin: Some("start_task/starts_each_task_type/task_type=Discovery".to_owned()),
        outcome,
        reason: reason.to_owned(),
        duration_ms: if ran { 12 } else { 0 },
        seed: "5eed".to_owned(),
        replay: format!("ipamspec run --target contoso.toml --case '{name}'"),
        steps: vec!["calls StartTask; expects a SOAP 1.2 fault [start-task.none-faults]".to_owned()],
        evidence: Evidence {
            exchanges: if ran && !checks.is_empty() { vec![exchange()] } else { Vec::new() },
            trace: if ran {
                vec!["0 ms sent StartTask".to_owned(), "12 ms received 200".to_owned()]
            } else {
                Vec::new()
            },
            wire: (outcome == Outcome::Fail).then(|| WIRE.to_owned()),
            observations: Vec::new(),
            walks: Vec::new(),
        },
        generated: None,
        repeated: None,
        checks,
        recorded_faults: Vec::new(),
    }
}

/// What may be made up for a case.
pub(super) fn generated(value: &str) -> Generated {
    let values = |value: &str| [("task_type".to_owned(), value.to_owned())].into();
    Generated { tried: 20, values: values(value), shrunk_from: Some(values(&value.repeat(2))) }
}

fn exchange() -> Exchange {
    Exchange {
        step: 1,
        attempt: 1,
        operation: "StartTask".to_owned(),
        sent_ms: 0,
        took_ms: 12,
        request: "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body><StartTask \
                  xmlns=\"http://Microsoft.Windows.Ipam\"><taskType>None</taskType></StartTask></s:Body></s:Envelope>"
            .to_owned(),
        outcome: "200 application/soap+xml, 181 bytes".to_owned(),
        response: Some(
            "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body><StartTaskResponse \
             xmlns=\"http://Microsoft.Windows.Ipam\"/></s:Body></s:Envelope>"
                .to_owned(),
        ),
    }
}

/// A record of these cases with its counts and findings; everything else is that of a vendor's run.
fn of_cases(cases: Vec<CaseRecord>, requirements: Vec<LedgerRow>) -> Record {
    let mut summary = Summary::default();
    let mut findings = Vec::new();
    for case in &cases {
        summary.count(case.outcome);
        findings.extend(case.checks.iter().filter(|check| check.is_finding()).map(|check| Finding {
            fingerprint: check.fingerprint.clone(),
            case: case.id.clone(),
            check: check.id.clone(),
            requirement: check.requirement.clone(),
            level: check.level,
            status: FindingStatus::New,
            kind: FindingKind::Violation,
            note: String::new(),
        }));
    }
    let requirements = requirements
        .into_iter()
        .map(|row| {
            let deciding = cases.iter().filter(|case| case.requirements.contains(&row.id));
            LedgerRow { cases: deciding.map(|case| case.id.clone()).collect(), ..row }
        })
        .collect();
    Record {
        schema: "ipamspec-report/1".to_owned(),
        tool: Tool { name: "ipamspec".to_owned(), version: "0.1.0".to_owned() },
        suite: Suite {
            digest: "9f".repeat(32),
            cases: cases.len(),
            revision: "12.0".to_owned(),
            requirement_set: 1,
            score: Some(score()),
            files: BTreeMap::new(),
        },
        seed: "9f9f9f9f".to_owned(),
        started: "2026-01-02T03:04:05Z".to_owned(),
        duration_ms: 1_234,
        interrupted: None,
        target: TargetRecord {
            name: "Contoso IPAM 4.2".to_owned(),
            url: "http://ipam.contoso.example:8080".to_owned(),
            transport: "http".to_owned(),
            security: "none".to_owned(),
            reference: false,
            argument: Some("contoso.toml".to_owned()),
        },
        claim: Claim {
            kind: ClaimKind::Partial,
            reasons: vec!["missing net.tcp".to_owned(), "2 musts are violated".to_owned()],
        },
        summary,
        recorded_faults: FaultCounts::default(),
        cases,
        findings,
        rulings: vec![RulingRow {
            id: "fault-code".to_owned(),
            reading: "s:Sender".to_owned(),
            expected: "any SOAP 1.2 code".to_owned(),
            cases: vec!["start_task/none_faults/body=nil".to_owned()],
        }],
        requirements,
        machines: Vec::new(),
        notes: vec![Note { text: "the target says that it is version 6.3.0.0".to_owned(), blocking: false }],
        exit_code: 1,
        gate: Gate::default(),
        shard: None,
        digest: String::new(),
    }
}

/// Every outcome once or more: two cases that fail in the same way, one that fails in another, a should.
pub(super) fn record() -> Record {
    let none = || Check {
        expected: Some("a SOAP fault".to_owned()),
        got: Some("the reply StartTaskResponse".to_owned()),
        ..check("step-1/answer", "start-task.none-faults", Outcome::Fail, "a reply came where a fault must come")
    };
    let shape = Check {
        expected: Some("one IpamException in the detail".to_owned()),
        got: Some("no detail".to_owned()),
        layer: Layer::Soap,
        reproduced: Some(Reproduced { times: 1, of: 2 }),
        ..check("step-1/detail", "fault.common-shape", Outcome::Fail, "the fault has not the common shape")
    };
    let passed = case("faults/have_the_common_shape", Outcome::Pass, "", vec![check("a", "a.b", Outcome::Pass, "")]);
    let other = Execution { number: 2, outcome: Outcome::Pass, reason: String::new(), evidence: passed.evidence };
    let twice = Repeated { outcomes: vec![Outcome::Fail, Outcome::Pass], shown: 1, other: Some(Box::new(other)) };
    let order = check("step-1/order", "get-tasks.order", Outcome::Warn, "the tasks are not in the order of their type");
    let good = || check("step-1/answer", "start-task.starts", Outcome::Pass, "the reply came");
    let mut record = of_cases(
        vec![
            CaseRecord {
                generated: Some(generated("a")),
                ..case("start_task/starts_each_task_type/task_type=Discovery", Outcome::Pass, "", vec![good()])
            },
            case("start_task/none_faults/body=nil", Outcome::Fail, "", vec![none()]),
            case("start_task/none_faults/body=absent", Outcome::Fail, "", vec![none()]),
            CaseRecord {
                repeated: Some(twice),
                ..case("faults/have_the_common_shape", Outcome::Fail, "", vec![shape])
            },
            case("queries/tasks_are_ordered", Outcome::Warn, "", vec![order]),
            case(
                "queries/last_run_time_moves",
                Outcome::Inconclusive,
                "the task was not seen to run within 5000 ms",
                vec![Check {
                    by_silence: true,
                    ..check("step-1/value", "start-task.starts", Outcome::Inconclusive, "not reached")
                }],
            ),
            case("lab/clock_moves", Outcome::Skip, "it needs the lab of the reference server", Vec::new()),
            case("vars/needs_a_record", Outcome::Skip, "missing data: [vars] dhcp_server_record_id", Vec::new()),
            case("lab/schedule", Outcome::Skip, "it needs the lab of the reference server", Vec::new()),
            case("broken/file", Outcome::Error, "the path `a:b` selects nothing that can exist", Vec::new()),
        ],
        vec![
            row(
                "start-task.starts",
                "3.3.4.139",
                Level::Must,
                Status::Verified,
                "StartTask starts the task of the given type.",
            ),
            row(
                "start-task.none-faults",
                "3.3.4.139",
                Level::Must,
                Status::Violated,
                "StartTask answers the task type None with a fault.",
            ),
            row(
                "fault.common-shape",
                "2.2.2.1",
                Level::Must,
                Status::Violated,
                "A fault of an operation holds one IpamException in its detail.",
            ),
            row(
                "get-tasks.order",
                "3.3.4.80",
                Level::Should,
                Status::Violated,
                "GetIpamTasksInfo lists the tasks in the order of their type.",
            ),
            row(
                "fault.origin",
                "2.2.2.1",
                Level::Observe,
                Status::Partly,
                "Which part of a server refuses an unknown value is recorded.",
            ),
            row(
                "task-next-runtime.known",
                "3.3.4.142",
                Level::Must,
                Status::NotExercised,
                "TaskNextRuntime returns when the task will run next.",
            ),
            row(
                "keepalive.client",
                "3.2.5",
                Level::Must,
                Status::Untestable,
                "A client that is idle sends a Keepalive.",
            ),
        ],
    );
    let compare = |step, recorded| RecordedFault::compare(step, recorded, SAID.to_owned());
    let drift = SAID.replace("Sender", "Receiver");
    for (case, faults) in record.cases.iter_mut().skip(3).zip([
        vec![compare(1, Some(SAID))],
        vec![compare(1, Some(&drift)), compare(2, None)],
        vec![compare(1, Some(&drift))],
    ]) {
        case.recorded_faults = faults;
    }
    record.recorded_faults = FaultCounts::of(record.cases.iter().flat_map(|case| &case.recorded_faults));
    record.shard = Some(Shard { index: 1, of: 1 });
    record.gate.baseline = Some(Box::new(baseline()));
    if let Some(finding) = record.findings.first_mut() {
        "the baseline accepts another failure of this check: delete `0123456789abcdef` there"
            .clone_into(&mut finding.note);
    }
    record
}

/// What was measured of the suite.
fn score() -> Score {
    Score {
        suite: "9f".repeat(32),
        revision: "12.0".to_owned(),
        mutants: Mutants { all: 90, killed: 90, by_silence: 1 },
        variants: Variants { all: 50, passed: 50 },
    }
}

/// What a vendor has accepted.
fn baseline() -> Baseline {
    Baseline {
        file: "baseline.toml".to_owned(),
        accepted: vec![Accepted {
            fingerprint: "0123456789abcdef".to_owned(),
            case: "start_task/none_faults/body=nil".to_owned(),
            check: "step-1/answer".to_owned(),
            requirement: id("start-task.none-faults"),
            reason: "the parser is old".to_owned(),
            owner: "platform".to_owned(),
            issue: "https://issues.contoso.example/7".to_owned(),
            first_seen: "2025-12-01".to_owned(),
            expires: Some("2026-12-31".to_owned()),
        }],
        inconclusive: vec!["queries/last_run_time_moves".to_owned()],
        verdicts: ["start_task/none_faults/body=nil".to_owned()].into(),
    }
}

/// A run against our own server in which everything passed.
pub(super) fn passing() -> Record {
    let good = || check("step-1/answer", "start-task.starts", Outcome::Pass, "the reply came");
    let mut record = of_cases(
        (0..3).map(|at| case(&format!("start_task/starts/task_type={at}"), Outcome::Pass, "", vec![good()])).collect(),
        vec![row(
            "start-task.starts",
            "3.3.4.139",
            Level::Must,
            Status::Verified,
            "StartTask starts the task of the given type.",
        )],
    );
    record.target = TargetRecord {
        name: "reference".to_owned(),
        url: "http://127.0.0.1:41234".to_owned(),
        reference: true,
        argument: None,
        ..record.target
    };
    record.claim = Claim { kind: ClaimKind::Reference, reasons: vec!["our own server".to_owned()] };
    record.rulings.clear();
    record.notes.clear();
    record.exit_code = 0;
    record
}

/// A run against a server that is down.
pub(super) fn dead(cases: usize) -> Record {
    let reason = |at| format!("http://dead.example:8080 is unreachable: connection refused (after {at} ms)");
    let mut record = of_cases(
        (0..cases)
            .map(|at| case(&format!("start_task/case_{at}"), Outcome::Inconclusive, &reason(at), Vec::new()))
            .collect(),
        vec![row("start-task.starts", "3.3.4.139", Level::Must, Status::NotExercised, "StartTask starts the task.")],
    );
    record.target.name = "dead.example".to_owned();
    record.claim = Claim { kind: ClaimKind::None, reasons: vec!["no case came to a verdict".to_owned()] };
    record.notes = vec![Note { text: "http://dead.example:8080: connection refused".to_owned(), blocking: true }];
    record.rulings.clear();
    record.exit_code = 3;
    record
}

/// The failing record with this text in place of every text that can come from outside.
pub(super) fn hostile(text: &str) -> Record {
    let mut record = record();
    let t = || text.to_owned();
    for case in &mut record.cases {
        for field in [
            &mut case.id,
            &mut case.about,
            &mut case.file,
            &mut case.port_type,
            &mut case.reason,
            &mut case.seed,
            &mut case.replay,
        ] {
            *field = t();
        }
        case.twin = Some(t());
        case.steps = vec![t()];
        case.generated = Some(generated(text));
        if let Some(other) = case.repeated.as_mut().and_then(|repeated| repeated.other.as_mut()) {
            (other.reason, other.evidence.trace) = (t(), vec![t()]);
            for exchange in &mut other.evidence.exchanges {
                (exchange.operation, exchange.request, exchange.outcome) = (t(), t(), t());
                exchange.response = Some(t());
            }
        }
        for check in &mut case.checks {
            (check.id, check.message, check.fingerprint) = (t(), t(), t());
            (check.expected, check.got) = (Some(t()), Some(t()));
        }
        for exchange in &mut case.evidence.exchanges {
            (exchange.operation, exchange.request, exchange.outcome) = (t(), t(), t());
            exchange.response = Some(t());
        }
        case.evidence.trace = vec![t()];
        case.evidence.wire = Some(t());
        for fault in &mut case.recorded_faults {
            (fault.recorded, fault.got) = (Some(t()), format!("{text} {text}"));
        }
    }
    for finding in &mut record.findings {
        (finding.fingerprint, finding.case, finding.check) = (t(), t(), t());
    }
    for row in &mut record.requirements {
        (row.document, row.section, row.text, row.reason) = (t(), t(), t(), t());
        row.cases = vec![t()];
    }
    for ruling in &mut record.rulings {
        (ruling.id, ruling.reading, ruling.expected, ruling.cases) = (t(), t(), t(), vec![t()]);
    }
    record.schema = t();
    record.tool = Tool { name: t(), version: t() };
    record.suite = Suite {
        digest: t(),
        cases: 10,
        revision: t(),
        requirement_set: 1,
        score: Some(score()),
        files: BTreeMap::new(),
    };
    (record.seed, record.started) = (t(), t());
    record.interrupted = Some(t());
    record.target =
        TargetRecord { name: t(), url: t(), transport: t(), security: t(), reference: false, argument: Some(t()) };
    record.claim.reasons = vec![t(), t()];
    record.notes = vec![Note { text: t(), blocking: true }, Note { text: t(), blocking: false }];
    record
}

/// A run of many cases, one in ten of which fails.
pub(super) fn many(cases: usize) -> Record {
    let source = record();
    let [good, bad] = [&source.cases[0], &source.cases[1]];
    let cases = (0..cases).map(|at| {
        let mut case = if at % 10 == 9 { bad.clone() } else { good.clone() };
        case.id = format!("{}/n={at}", case.id);
        for check in &mut case.checks {
            check.got = Some(format!("answer {at}"));
        }
        case
    });
    of_cases(cases.collect(), source.requirements)
}

/// The events that make a record.
pub(super) fn events(record: &Record) -> Vec<Event> {
    let plan = |case: &CaseRecord| CasePlan {
        id: case.id.clone(),
        requirements: case.requirements.clone(),
        selected: true,
        elsewhere: false,
    };
    let mut events = vec![Event::RunStarted(Box::new(RunStarted {
        fail_on: Level::Must,
        fail_on_drift: false,
        schema: "ipamspec-events/1".to_owned(),
        tool_version: record.tool.version.clone(),
        suite_digest: record.suite.digest.clone(),
        suite_revision: record.suite.revision.clone(),
        requirement_set: record.suite.requirement_set,
        score: record.suite.score.clone(),
        seed: record.seed.clone(),
        started: record.started.clone(),
        target: record.target.clone(),
        cases: record.cases.iter().map(plan).collect(),
        requirements: Vec::new(),
        rulings: Vec::new(),
        machines: Vec::new(),
        shard: None,
        baseline: None,
        files: BTreeMap::new(),
    }))];
    events.extend(record.notes.iter().cloned().map(Event::Note));
    for case in &record.cases {
        events.push(Event::CaseStarted { id: case.id.clone() });
        events.push(Event::CaseFinished(Box::new(case.clone())));
    }
    events.push(match &record.interrupted {
        Some(reason) => Event::Interrupted { reason: reason.clone(), duration_ms: record.duration_ms },
        None => Event::RunFinished { duration_ms: record.duration_ms },
    });
    events
}
