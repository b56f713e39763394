//! What a run says on a terminal or in the log of a job: lines while it goes on, and a last screen.
//!
//! Leaves out drawing: it takes events and the record and gives text, and `cli` prints it. The first line says what is
//! run against what, the last one the claim.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use super::{
    evidence::evidence,
    faults,
    groups::{self, FindingGroup, ReasonGroup},
    headline::{claim, headline},
    ink::Ink,
    sanitize::Shown,
    words::{self, Tone, count, duration, grouped},
    wrap::{WIDTH, wrap},
};
use crate::verdict::{
    CaseRecord, Event, FaultStatus, FindingStatus, Outcome, Record, RunStarted, TargetRecord,
    verification::NOT_SELECTED,
};

/// How much of a text from outside is shown, in characters; the report has the whole.
const LIMIT: usize = 400;
/// How many findings are shown in full.
const FINDINGS: usize = 20;
/// How many lines of a difference are shown.
const DIFF: usize = 12;
/// How many reasons are shown for each outcome.
const REASONS: usize = 8;
/// How many cases are named where several share a reason or a finding.
const NAMES: usize = 3;
/// How many lines one reason gets while the run goes on.
const REPEATS: usize = 3;
/// Where the text of a labelled line begins.
const LABELLED: usize = 12;

/// How much a terminal is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// The findings and the claim.
    Quiet,
    /// Every case that did not pass and was not skipped as well, and a summary.
    Findings,
    /// Every case as well.
    Every,
    /// What proves those that did not pass as well.
    Evidence,
}

/// Folds events into lines. All text ends with a line break or is empty.
#[derive(Debug)]
pub struct Terminal {
    detail: Detail,
    ink: Ink,
    /// How often a reason was seen.
    reasons: BTreeMap<String, usize>,
    /// Why nothing can be found out, where nothing can.
    blocked: Option<String>,
}

impl Terminal {
    /// Makes a fold; with `colour`, text has ANSI colours.
    pub fn new(detail: Detail, colour: bool) -> Self {
        Self { detail, ink: Ink { colour }, reasons: BTreeMap::new(), blocked: None }
    }

    /// Says what is to be printed of an event now.
    pub fn event(&mut self, event: &Event) -> String {
        match event {
            _ if self.detail == Detail::Quiet => String::new(),
            Event::RunStarted(run) => self.first_line(run),
            Event::Note(note) => {
                if note.blocking {
                    self.blocked = Some(note.text.clone());
                }
                format!("note: {}\n", wrap(Shown::line_within(&note.text, LIMIT).as_str(), 6, 6))
            }
            Event::CaseFinished(case) if case.reason == NOT_SELECTED => String::new(),
            Event::CaseFinished(case) => self.case(case),
            Event::Interrupted { reason, .. } => {
                format!("interrupted: {}\n", wrap(Shown::line_within(reason, LIMIT).as_str(), 13, 2))
            }
            Event::CaseStarted { .. }
            | Event::RunFinished { .. }
            | Event::BaselineUpdated(_)
            | Event::Sealed { .. } => String::new(),
        }
    }

    /// Says what is to be printed once the run has ended, given the record of its events and where the report is.
    pub fn finish(&self, record: &Record, report: Option<&str>) -> String {
        let mut out = String::new();
        let written = self.last_screen(record, report, &mut out);
        debug_assert!(written.is_ok(), "a string takes all text");
        out
    }

    fn last_screen(&self, record: &Record, report: Option<&str>, out: &mut String) -> fmt::Result {
        self.findings(record, report, out)?;
        self.drift(record, report, out)?;
        for outcome in [Outcome::Fail, Outcome::Warn, Outcome::Error, Outcome::Inconclusive, Outcome::Skip] {
            let quiet = self.detail == Detail::Quiet && matches!(outcome, Outcome::Inconclusive | Outcome::Skip);
            if !quiet {
                self.reasons(outcome, &groups::reasons(record, outcome), out)?;
            }
        }
        if self.detail != Detail::Quiet {
            self.summary(record, report, out)?;
        }
        writeln!(out, "{}", self.ink.bold(claim(record).as_str()))
    }

    fn first_line(&self, run: &RunStarted) -> String {
        let target = &run.target;
        let against = if target.reference {
            format!("the reference server at {}", target.url)
        } else if target.name == target.url {
            format!("{} ({}, {})", target.url, target.transport, protection(target))
        } else {
            format!("{} at {} ({}, {})", target.name, target.url, target.transport, protection(target))
        };
        let line = format!("ipamspec {}: {} against {against}", run.tool_version, count(run.cases.len(), "case"));
        self.ink.bold(&wrap(Shown::line_within(&line, LIMIT).as_str(), 0, 2)) + "\n"
    }

    fn case(&mut self, case: &CaseRecord) -> String {
        let every = self.detail >= Detail::Every;
        let finding = case.checks.iter().find(|check| check.outcome == case.outcome && check.is_finding());
        let said = finding.map_or(case.reason.as_str(), |check| check.message.as_str());
        let told = match case.outcome {
            // The note that says why nothing could be found out says it for every case.
            Outcome::Inconclusive if self.blocked.as_ref().is_some_and(|note| note.ends_with(said)) => every,
            Outcome::Pass | Outcome::Skip => every,
            Outcome::Inconclusive | Outcome::Error => every || self.is_rare(said),
            Outcome::Fail | Outcome::Warn => true,
        };
        if !told {
            return String::new();
        }
        let word = words::outcome(case.outcome);
        let id = Shown::line(&case.id);
        let id_width = id.as_str().chars().count();
        let room = WIDTH.saturating_sub(16 + id_width).max(16);
        let said = match Shown::line_within(said, room) {
            none if none.is_empty() => duration(case.duration_ms),
            some => some.to_string(),
        };
        let proof = match case.outcome {
            Outcome::Pass | Outcome::Skip => String::new(),
            _ if self.detail < Detail::Evidence => String::new(),
            _ => evidence(case),
        };
        format!("{} {id}  {}\n{proof}", self.ink.tone(word.tone, &format!("{:<12}", word.word)), self.ink.dim(&said))
    }

    /// Counts a reason, and says whether it is to be told again.
    fn is_rare(&mut self, reason: &str) -> bool {
        let seen = self.reasons.entry(groups::reason_key(reason)).or_default();
        *seen += 1;
        *seen <= REPEATS
    }

    fn findings(&self, record: &Record, report: Option<&str>, out: &mut String) -> fmt::Result {
        let findings = groups::findings(record);
        for group in findings.iter().take(FINDINGS) {
            out.push('\n');
            self.finding(group, out)?;
        }
        if findings.len() > FINDINGS {
            let place = Shown::line(report.unwrap_or("the report"));
            writeln!(out, "\nand {} more findings in {place}", grouped(findings.len() - FINDINGS))?;
        }
        for finding in groups::of_baseline(record).take(FINDINGS) {
            let word = if finding.status == FindingStatus::Stale { "stale" } else { "lost" };
            let [case, check] = [&finding.case, &finding.check].map(|text| Shown::line(text));
            writeln!(out, "\n{}  {}  {check}", self.ink.tone(Tone::Bad, word), self.ink.bold(case.as_str()))?;
            self.labelled("baseline", Some(&finding.note), out)?;
        }
        let more = groups::of_baseline(record).count().saturating_sub(FINDINGS);
        if more > 0 {
            writeln!(out, "\nand {} more of the baseline", grouped(more))?;
        }
        Ok(())
    }

    fn drift(&self, record: &Record, report: Option<&str>, out: &mut String) -> fmt::Result {
        let drifts = faults::drifts(record);
        for group in drifts.iter().take(FINDINGS) {
            let Some((_, case)) = group.cases.first() else { continue };
            let word = words::fault_status(FaultStatus::Drift);
            let id = Shown::line(&case.id);
            writeln!(
                out,
                "\n{}  {}  step {}",
                self.ink.tone(word.tone, word.word),
                self.ink.bold(id.as_str()),
                group.step
            )?;
            let lines: Vec<&str> = group.diff.lines().collect();
            for line in lines.iter().take(DIFF) {
                writeln!(out, "  {}", Shown::line_within(line, LIMIT))?;
            }
            if lines.len() > DIFF {
                writeln!(out, "  and {} in the report", count(lines.len() - DIFF, "more line"))?;
            }
            if let Some(others) = group.cases.get(1..).filter(|others| !others.is_empty()) {
                let text = format!("{}: {}", count(others.len(), "more case"), names(others));
                self.labelled("also in", Some(&text), out)?;
            }
        }
        if drifts.len() > FINDINGS {
            let place = Shown::line(report.unwrap_or("the report"));
            writeln!(out, "\nand {} more that drifted in {place}", grouped(drifts.len() - FINDINGS))?;
        }
        Ok(())
    }

    fn finding(&self, group: &FindingGroup<'_>, out: &mut String) -> fmt::Result {
        let (Some((_, case)), check) = (group.first(), group.check) else { return Ok(()) };
        let word = words::outcome(check.outcome);
        let accepted = if group.status == FindingStatus::Accepted { "  (accepted by the baseline)" } else { "" };
        let id = Shown::line(&case.id);
        writeln!(
            out,
            "{}  {}  {}{accepted}",
            self.ink.tone(word.tone, word.word),
            self.ink.bold(id.as_str()),
            Shown::line_within(&check.id, LIMIT)
        )?;
        let (place, sentence) = match group.row {
            Some((_, row)) => (format!(", [{}] {}", row.document, row.section), row.text.as_str()),
            None => (String::new(), ""),
        };
        let place = Shown::line_within(&place, LIMIT);
        writeln!(out, "  {} ({}{place})", check.requirement, check.level)?;
        if !sentence.is_empty() {
            writeln!(out, "  {}", wrap(Shown::line_within(sentence, LIMIT).as_str(), 2, 2))?;
        }
        self.labelled("what", Some(&check.told()), out)?;
        self.labelled("expected", check.expected.as_deref(), out)?;
        self.labelled("got", check.got.as_deref(), out)?;
        if let Some(generated) = &case.generated {
            let values = generated.values.iter().map(|(key, value)| format!("{key} = {value:?}"));
            self.labelled("with", Some(&values.collect::<Vec<_>>().join(", ")), out)?;
        }
        self.labelled("baseline", Some(group.note), out)?;
        self.labelled("where", Some(&format!("{}:{}", case.file, case.line)), out)?;
        // A command stands in one line and whole, so that it can be copied.
        writeln!(out, "  {} {}", self.ink.dim("replay   "), Shown::line(&case.replay))?;
        if let Some(others) = group.cases.get(1..).filter(|others| !others.is_empty()) {
            let text = format!("{}: {}", count(others.len(), "more case"), names(others));
            self.labelled("also in", Some(&text), out)?;
        }
        Ok(())
    }

    fn labelled(&self, label: &str, text: Option<&str>, out: &mut String) -> fmt::Result {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(()) };
        let text = wrap(Shown::line_within(text, LIMIT).as_str(), LABELLED, LABELLED);
        writeln!(out, "  {} {text}", self.ink.dim(&format!("{label:<9}")))?;
        Ok(())
    }

    fn reasons(&self, outcome: Outcome, groups: &[ReasonGroup<'_>], out: &mut String) -> fmt::Result {
        let total: usize = groups.iter().map(|group| group.cases.len()).sum();
        if total == 0 {
            return Ok(());
        }
        let word = words::outcome(outcome);
        writeln!(out, "\n{}  {}", self.ink.tone(word.tone, word.word), count(total, "case"))?;
        for group in groups.iter().take(REASONS) {
            let reason = if group.reason.is_empty() { "no reason was given" } else { group.reason };
            let reason = wrap(Shown::line_within(reason, LIMIT).as_str(), 8, 8);
            writeln!(out, "{:>6}  {reason}", grouped(group.cases.len()))?;
            if outcome != Outcome::Skip || self.detail >= Detail::Every {
                writeln!(out, "        {}", self.ink.dim(&wrap(&names(&group.cases), 8, 8)))?;
            }
        }
        if let Some(rest) = groups.get(REASONS..).filter(|rest| !rest.is_empty()) {
            let cases: usize = rest.iter().map(|group| group.cases.len()).sum();
            writeln!(out, "{:>6}  for {}", grouped(cases), count(rest.len(), "other reason"))?;
        }
        Ok(())
    }

    fn summary(&self, record: &Record, report: Option<&str>, out: &mut String) -> fmt::Result {
        let headline = headline(record);
        writeln!(out, "\n{}", self.ink.tone(headline.tone, &wrap(headline.sentence.as_str(), 0, 0)))?;
        if let Some(reason) = &record.interrupted {
            let text = format!(
                "Interrupted: {} of {} finished. {}",
                grouped(record.cases.len()),
                count(record.suite.cases, "case"),
                Shown::line_within(reason, LIMIT)
            );
            writeln!(out, "{}", wrap(&text, 0, 0))?;
        }
        writeln!(out)?;
        let summary = &record.summary;
        let cases = words::OUTCOMES.map(|outcome| {
            let number = summary.of(outcome);
            let text = format!("{} {outcome}", grouped(number));
            if number == 0 { text } else { self.ink.tone(words::outcome(outcome).tone, &text) }
        });
        let took = duration(record.duration_ms);
        writeln!(out, "{}: {}; {took}", count(summary.total(), "case"), cases.join(", "))?;
        let rows = words::STATUSES.map(|status| {
            let number = record.requirements.iter().filter(|row| row.status == status).count();
            format!("{} {}", grouped(number), words::status(status).word)
        });
        let line = format!("{}: {}", count(record.requirements.len(), "requirement"), rows.join(", "));
        writeln!(out, "{}", wrap(&line, 0, 2))?;
        let faults = &record.recorded_faults;
        if faults.total() > 0 {
            let drift = format!("{} drift", grouped(faults.drift));
            let drift = if faults.drift == 0 {
                drift
            } else {
                self.ink.tone(words::fault_status(FaultStatus::Drift).tone, &drift)
            };
            let number = count(faults.total(), "recorded fault");
            writeln!(out, "{number}: {} same, {} new, {drift}", grouped(faults.same), grouped(faults.new))?;
        }
        if let Some(report) = report {
            writeln!(out, "report: {}", Shown::line(report))?;
        }
        Ok(())
    }
}

/// The first few cases by name.
fn names(cases: &[(usize, &CaseRecord)]) -> String {
    let named =
        cases.iter().take(NAMES).map(|(_, case)| Shown::line(&case.id).to_string()).collect::<Vec<_>>().join(", ");
    match cases.len().saturating_sub(NAMES) {
        0 => named,
        more => format!("{named} and {} more", grouped(more)),
    }
}

/// How its sessions are protected; where they are not, what that means for the claim. [MS-IPAMM2] 2.1
fn protection(target: &TargetRecord) -> String {
    match target.security.as_str() {
        "none" if target.transport == "net.tcp" => "security none: the claim is partial at most".to_owned(),
        mode => format!("security {mode}"),
    }
}

#[cfg(test)]
#[path = "terminal_tests.rs"]
mod tests;
