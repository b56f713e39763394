//! `index.html`: the record as one self-contained page for a reader who runs nothing.
//!
//! Leaves out layout, which is `templates/index.html`. Without its script the page says all but the details of cases, which
//! it carries as data. Text from outside enters the page as [`Shown`], and stands escaped between tags, or in that data;
//! never in an attribute and never in the script.

mod bars;
mod cases;
mod embedded;
mod faults;
mod ledger;
mod listing;
mod machines;
mod marked;
mod pictures;
mod script;

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;

pub use self::embedded::embedded;
use self::{bars::Bar, faults::Faults, ledger::Section, listing::Listing, machines::Machine, marked::Beside};
use super::{
    groups::{self, FindingGroup},
    headline::{Headline, capitalised, claim, headline, subject},
    sanitize::Shown,
    words::{self, Word, count, duration, grouped},
};
use crate::verdict::{CaseRecord, Check, Outcome, Record, ledger::LedgerRow, record::RulingRow};

/// How many bytes of checks and messages the page shows of cases that did not pass; `report.json` has the rest.
const MESSAGES: usize = 24 * 1024 * 1024;
/// How many it shows of the others.
const PASSING: usize = 6 * 1024 * 1024;
/// How many cases are named beside a requirement or a finding.
const NAMES: usize = 12;
/// How many bytes of an expected or actual value the page shows.
const VALUE: usize = 4 * 1024;

/// Renders the page. The same record gives the same bytes, in a time and a size linear in the record.
///
/// # Panics
/// Never: the template writes to a string, which cannot fail.
pub fn to_html(record: &Record) -> String {
    Page::of(record).render().expect("writing to a string cannot fail")
}

#[derive(Template)]
#[template(path = "index.html")]
struct Page<'a> {
    subject: Shown,
    headline: Headline,
    claim: Shown,
    interrupted: Option<Shown>,
    finished: String,
    outcomes: Vec<(Word, String)>,
    statuses: Vec<(Word, String)>,
    cases_total: String,
    requirements_total: String,
    took: String,
    /// Whether any case came to a verdict.
    judged: bool,
    findings: Vec<Finding<'a>>,
    /// What is to be done about the baseline: the case, the check, why.
    stale: Vec<(Shown, Shown, Shown)>,
    open_questions: Vec<Reasons>,
    levels: Vec<Bar>,
    section_bars: Vec<Bar>,
    sections: Vec<Section<'a>>,
    ports: Vec<Shown>,
    /// Whom a search may ask for, and their places in the ledger.
    requirements: Vec<(usize, Shown)>,
    listing: Listing,
    rulings: Vec<Ruling>,
    faults: Faults,
    machines: Vec<Machine>,
    skipped: Vec<(Shown, Vec<Link>, usize)>,
    notes: Vec<Shown>,
    facts: Vec<(&'static str, Shown)>,
    script: &'static str,
    /// How the page's policy names the script.
    script_source: String,
    /// The record itself.
    record: String,
}

/// A violation and where it came.
struct Finding<'a> {
    word: Word,
    check: &'a Check,
    status: &'static str,
    note: Shown,
    beside: Option<Beside>,
    row: Option<usize>,
    place: Shown,
    sentence: Shown,
    message: Shown,
    expected: Option<Shown>,
    got: Option<Shown>,
    fingerprint: Shown,
    case: Link,
    source: Shown,
    replay: Shown,
    others: Vec<Link>,
    more: usize,
}

/// A name that leads to a case of this page, where the page has it.
struct Link {
    at: Option<usize>,
    name: Shown,
}

/// Cases without a verdict, by reason.
struct Reasons {
    word: Word,
    reasons: Vec<(Shown, Vec<Link>, usize)>,
}

struct Ruling {
    id: Shown,
    expected: Shown,
    reading: Shown,
    cases: Vec<Link>,
}

/// What the builders of the parts share: where things stand, and how much may still be shown.
struct Places<'a> {
    cases: BTreeMap<&'a str, usize>,
    rows: BTreeMap<&'a str, usize>,
    /// The port types of the cases.
    ports: Vec<&'a str>,
    /// Bytes of checks and messages that may still be shown, of cases that did not pass.
    room: usize,
    /// The same, of the others.
    spare: usize,
    /// Sessions that may still be drawn, ways through machines, and how many pictures there are.
    sessions: usize,
    ways: usize,
    drawn: usize,
}

impl<'a> Page<'a> {
    fn of(record: &'a Record) -> Self {
        let mut places = Places {
            cases: record.cases.iter().enumerate().map(|(at, case)| (case.id.as_str(), at)).collect(),
            rows: record.requirements.iter().enumerate().map(|(at, row)| (row.id.as_str(), at)).collect(),
            ports: ports(record),
            room: MESSAGES,
            spare: PASSING,
            sessions: pictures::SESSIONS,
            ways: pictures::WAYS,
            drawn: 0,
        };
        let sections = places.sections(record);
        let count_of = |outcome| grouped(record.summary.of(outcome));
        let rows_of = |status| grouped(record.requirements.iter().filter(|row| row.status == status).count());
        Self {
            subject: capitalised(subject(record).as_str()),
            headline: headline(record),
            claim: claim(record),
            interrupted: record.interrupted.as_deref().map(Shown::line),
            finished: format!("{} of {}", grouped(record.cases.len()), count(record.suite.cases, "case")),
            outcomes: words::OUTCOMES.map(|outcome| (words::outcome(outcome), count_of(outcome))).to_vec(),
            statuses: words::STATUSES.map(|status| (words::status(status), rows_of(status))).to_vec(),
            cases_total: count(record.summary.total(), "case"),
            requirements_total: count(record.requirements.len(), "requirement"),
            took: duration(record.duration_ms),
            judged: record.summary.pass + record.summary.fail + record.summary.warn > 0,
            findings: groups::findings(record).iter().filter_map(finding).collect(),
            stale: stale(record),
            open_questions: [Outcome::Fail, Outcome::Warn, Outcome::Error, Outcome::Inconclusive]
                .map(|outcome| Reasons { word: words::outcome(outcome), reasons: reasons(record, outcome) })
                .into_iter()
                .filter(|reasons| !reasons.reasons.is_empty())
                .collect(),
            levels: bars::by_level(record),
            section_bars: bars::by_section(&sections),
            sections,
            ports: places.ports.iter().map(|port| Shown::line(port)).collect(),
            requirements: requirements(record),
            rulings: places.rulings(record),
            faults: Faults::of(record),
            machines: machines::machines(record),
            skipped: reasons(record, Outcome::Skip),
            notes: record.notes.iter().map(|note| Shown::line(&note.text)).collect(),
            facts: facts(record),
            listing: places.listing(record),
            script: script::SCRIPT,
            script_source: script::source(script::SCRIPT),
            record: embedded::embed(record),
        }
    }
}

impl Places<'_> {
    fn link(&self, id: &str) -> Link {
        Link { at: self.cases.get(id).copied(), name: Shown::line(id) }
    }

    /// The rulings, those first of which something was seen.
    fn rulings(&self, record: &Record) -> Vec<Ruling> {
        let ruling = |ruling: &RulingRow| Ruling {
            id: Shown::line(&ruling.id),
            expected: Shown::line(&ruling.expected),
            reading: Shown::line(&ruling.reading),
            cases: ruling.cases.iter().take(NAMES).map(|id| self.link(id)).collect(),
        };
        let mut rulings: Vec<Ruling> = record.rulings.iter().map(ruling).collect();
        rulings.sort_by_key(|ruling| ruling.cases.is_empty());
        rulings
    }
}

fn links(cases: &[(usize, &CaseRecord)]) -> Vec<Link> {
    cases.iter().take(NAMES).map(|(at, case)| Link { at: Some(*at), name: Shown::line(&case.id) }).collect()
}

fn finding<'a>(group: &FindingGroup<'a>) -> Option<Finding<'a>> {
    let (at, case) = group.first()?;
    let others = group.cases.get(1..).unwrap_or_default();
    Some(Finding {
        word: words::outcome(group.check.outcome),
        check: group.check,
        status: words::finding_status(group.status),
        note: Shown::line(group.note),
        beside: cases::marked(group.check),
        row: group.row.map(|(at, _)| at),
        place: group.row.map(|(_, row)| place(row)).unwrap_or_default(),
        sentence: group.row.map(|(_, row)| Shown::line(&row.text)).unwrap_or_default(),
        message: Shown::line(&group.check.told()),
        expected: shown(group.check.expected.as_deref()),
        got: shown(group.check.got.as_deref()),
        fingerprint: Shown::line(&group.check.fingerprint),
        case: Link { at: Some(at), name: Shown::line(&case.id) },
        source: Shown::line(&format!("{}:{}", case.file, case.line)),
        replay: Shown::line(&case.replay),
        others: links(others),
        more: others.len().saturating_sub(NAMES),
    })
}

fn reasons(record: &Record, outcome: Outcome) -> Vec<(Shown, Vec<Link>, usize)> {
    groups::reasons(record, outcome)
        .iter()
        .map(|group| {
            let reason = if group.reason.is_empty() { "no reason was given" } else { group.reason };
            (Shown::line(reason), links(&group.cases), group.cases.len())
        })
        .collect()
}

/// A value in lines, where there is one.
fn shown(text: Option<&str>) -> Option<Shown> {
    text.map(|text| {
        let (shown, cut) = Shown::block_within(text, VALUE);
        if cut == 0 { shown } else { Shown::block(&format!("{shown}\n… {} more bytes in report.json", grouped(cut))) }
    })
}

fn place(row: &LedgerRow) -> Shown {
    Shown::line(&format!("[{}] {}", row.document, row.section))
}

/// Counts by word, without those that are none: `2 verified, 1 violated`.
fn tally<const N: usize>(words: [Word; N], number: impl Fn(Word) -> usize) -> String {
    words
        .into_iter()
        .map(|word| (number(word), word.word))
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{} {word}", grouped(number)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn stale(record: &Record) -> Vec<(Shown, Shown, Shown)> {
    groups::of_baseline(record)
        .map(|finding| (Shown::line(&finding.case), Shown::line(&finding.check), Shown::line(&finding.note)))
        .collect()
}

fn ports(record: &Record) -> Vec<&str> {
    let ports: BTreeSet<&str> = record.cases.iter().map(|case| case.port_type.as_str()).collect();
    ports.into_iter().collect()
}

/// The requirements that a case of the run decides, by id.
fn requirements(record: &Record) -> Vec<(usize, Shown)> {
    let rows = record.requirements.iter().enumerate().filter(|(_, row)| !row.cases.is_empty());
    let mut requirements: Vec<_> = rows.map(|(at, row)| (at, Shown::line(row.id.as_str()))).collect();
    requirements.sort_by(|(_, one), (_, other)| one.cmp(other));
    requirements
}

/// What was run: everything that someone else needs to run it again.
fn facts(record: &Record) -> Vec<(&'static str, Shown)> {
    let (target, suite) = (&record.target, &record.suite);
    [
        ("Target", Shown::line(&target.name)),
        ("URL", Shown::line(&target.url)),
        ("Transport", Shown::line(&target.transport)),
        ("Security", Shown::line(&target.security)),
        ("Started", Shown::line(&record.started)),
        ("Duration", Shown::line(&duration(record.duration_ms))),
        ("Tool", Shown::line(&format!("{} {}", record.tool.name, record.tool.version))),
        ("Suite", Shown::line(&format!("{}, [MS-IPAMM2] {}", count(suite.cases, "case"), suite.revision))),
        ("Suite revision", Shown::line(&suite.requirement_set.to_string())),
        ("Suite digest", Shown::line(&suite.digest)),
        (
            "Suite measured",
            Shown::line(&suite.score.as_ref().map_or_else(String::new, |score| score.told(&suite.digest))),
        ),
        ("Seed", Shown::line(&record.seed)),
        ("Exit code", Shown::line(&record.exit_code.to_string())),
        ("Format", Shown::line(&record.schema)),
    ]
    .into_iter()
    .chain(record.shard.map(|shard| ("Shard", Shown::line(&shard.to_string()))))
    .chain(record.gate.baseline.as_ref().map(|baseline| ("Baseline", Shown::line(&baseline.file))))
    .collect()
}

#[cfg(test)]
mod tests;
