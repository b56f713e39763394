//! Several reports beside each other: a requirement a row, a target a column.
//!
//! Leaves out judging: statuses are those of each ledger. What differs between targets stands first.

use std::{collections::BTreeMap, fmt::Write as _};

use askama::Template;
use serde::Serialize;

use super::{
    headline::{claim, headline, subject},
    ink::Ink,
    sanitize::Shown,
    words::{self, Word, grouped},
};
use crate::verdict::{
    Record,
    ledger::{LedgerRow, Status},
};

/// Reports beside each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matrix {
    /// The version of this format, `ipamspec-matrix/1`.
    pub schema: String,
    /// A column each.
    pub targets: Vec<Column>,
    /// A row each: those in which targets differ, then the others, by document and section.
    pub requirements: Vec<Row>,
}

/// One report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// The name of the target.
    pub name: String,
    /// Where its report is, as the command line names it.
    pub file: String,
    /// The verdict, in a sentence.
    pub verdict: String,
    /// The claim, in a line.
    pub claim: String,
    /// The digest of its suite.
    pub suite_digest: String,
    /// When the run began.
    pub started: String,
    /// How many requirements have each status: verified, partly, violated, not exercised, untestable.
    pub counts: [usize; 5],
}

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The requirement.
    pub id: String,
    /// Its document and section.
    pub place: String,
    /// Its level.
    pub level: String,
    /// The sentence in our words.
    pub text: String,
    /// Whether the targets differ in it.
    pub differs: bool,
    /// What each target's ledger says; none where its catalogue does not have it.
    pub statuses: Vec<Option<Cell>>,
}

/// What a ledger says of a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// What became of it.
    pub status: Status,
    /// Why.
    pub reason: String,
    /// The first cases that show it.
    pub cases: Vec<String>,
}

/// Puts reports beside each other; each with the name of its file.
pub fn matrix(records: &[(String, Record)]) -> Matrix {
    let targets = records.iter().map(|(file, record)| column(file, record)).collect();
    let mut found: BTreeMap<(Vec<u32>, &str), Vec<Option<&LedgerRow>>> = BTreeMap::new();
    for (at, (_, record)) in records.iter().enumerate() {
        for row in &record.requirements {
            let section = row.section.split('.').map(|part| part.parse().unwrap_or(u32::MAX)).collect();
            let cells = found.entry((section, row.id.as_str())).or_insert_with(|| vec![None; records.len()]);
            if let Some(cell) = cells.get_mut(at) {
                *cell = Some(row);
            }
        }
    }
    let mut requirements: Vec<Row> = found.into_values().filter_map(|cells| row(&cells)).collect();
    requirements.sort_by_key(|row| !row.differs);
    Matrix { schema: "ipamspec-matrix/1".to_owned(), targets, requirements }
}

fn column(file: &str, record: &Record) -> Column {
    Column {
        name: subject(record).to_string(),
        file: file.to_owned(),
        verdict: headline(record).sentence.to_string(),
        claim: claim(record).to_string(),
        suite_digest: record.suite.digest.clone(),
        started: record.started.clone(),
        counts: words::STATUSES.map(|status| record.requirements.iter().filter(|row| row.status == status).count()),
    }
}

fn row(cells: &[Option<&LedgerRow>]) -> Option<Row> {
    let known = cells.iter().flatten().next()?;
    let statuses: Vec<Option<Cell>> = cells
        .iter()
        .map(|cell| {
            cell.map(|row| Cell {
                status: row.status,
                reason: row.reason.clone(),
                cases: row.cases.iter().take(8).cloned().collect(),
            })
        })
        .collect();
    let status = |cell: &Option<Cell>| cell.as_ref().map(|cell| cell.status);
    let differs = statuses.windows(2).any(|pair| match pair {
        [one, other] => status(one) != status(other),
        _ => false,
    });
    Some(Row {
        id: known.id.to_string(),
        place: format!("[{}] {}", known.document, known.section),
        level: known.level.to_string(),
        text: known.text.clone(),
        differs,
        statuses,
    })
}

/// The matrix for a terminal: the verdicts, then the requirements in which targets differ.
pub fn to_terminal(matrix: &Matrix, colour: bool) -> String {
    let ink = Ink { colour };
    let mut out = String::new();
    for (at, target) in matrix.targets.iter().enumerate() {
        let _ = writeln!(out, "{}  {}", letter(at), ink.bold(Shown::line(&target.verdict).as_str()));
        let counts = words::STATUSES.iter().zip(target.counts);
        let counts: Vec<String> =
            counts.map(|(status, number)| format!("{} {}", grouped(number), words::status(*status).word)).collect();
        let _ = writeln!(out, "   {}; {}", counts.join(", "), Shown::line(&target.file));
    }
    let heads: Vec<String> = (0..matrix.targets.len()).map(letter).collect();
    let differing: Vec<&Row> = matrix.requirements.iter().filter(|row| row.differs).collect();
    if differing.is_empty() {
        out.push_str("\nThe targets differ in no requirement.\n");
        return out;
    }
    let _ = writeln!(out, "\n{}  requirement", heads.join(" "));
    for row in &differing {
        let marks: Vec<String> = row
            .statuses
            .iter()
            .zip(&heads)
            .map(|(cell, head)| match cell {
                Some(cell) => {
                    let word = words::status(cell.status);
                    ink.tone(word.tone, &format!("{:<1$}", word.symbol, head.len()))
                }
                None => " ".repeat(head.len()),
            })
            .collect();
        let _ = writeln!(out, "{}  {} ({})", marks.join(" "), Shown::line(&row.id), row.level);
    }
    let same = matrix.requirements.len() - differing.len();
    let legend: Vec<String> =
        words::STATUSES.map(words::status).iter().map(|word| format!("{} {}", word.symbol, word.word)).collect();
    let _ = writeln!(out, "\n{} more in which they do not differ; {}", grouped(same), legend.join(", "));
    out
}

/// What a column is called where there is little room: A to Z, then A1 and so on.
fn letter(at: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(at % 26).unwrap_or_default());
    if at < 26 { letter.to_string() } else { format!("{letter}{}", at / 26) }
}

/// The matrix as a page of its own. The same matrix gives the same bytes.
///
/// # Panics
/// Never: the template writes to a string, which cannot fail.
pub fn to_html(matrix: &Matrix) -> String {
    let page = Page {
        targets: matrix
            .targets
            .iter()
            .enumerate()
            .map(|(at, target)| Head {
                letter: letter(at),
                name: Shown::line(&target.name),
                verdict: Shown::line(&target.verdict),
                claim: Shown::line(&target.claim),
                file: Shown::line(&target.file),
                started: Shown::line(&target.started),
            })
            .collect(),
        one_suite: matrix.targets.windows(2).all(|pair| match pair {
            [one, other] => one.suite_digest == other.suite_digest,
            _ => true,
        }),
        rows: matrix
            .requirements
            .iter()
            .map(|row| Line {
                id: Shown::line(&row.id),
                place: Shown::line(&row.place),
                level: row.level.clone(),
                text: Shown::line(&row.text),
                differs: row.differs,
                cells: row
                    .statuses
                    .iter()
                    .map(|cell| {
                        cell.as_ref().map(|cell| {
                            let cases = cell.cases.iter().map(|case| Shown::line(case)).collect();
                            (words::status(cell.status), Shown::line_within(&cell.reason, 400), cases)
                        })
                    })
                    .collect(),
            })
            .collect(),
    };
    page.render().expect("writing to a string cannot fail")
}

#[derive(Template)]
#[template(path = "matrix.html")]
struct Page {
    targets: Vec<Head>,
    one_suite: bool,
    rows: Vec<Line>,
}

struct Head {
    letter: String,
    name: Shown,
    verdict: Shown,
    claim: Shown,
    file: Shown,
    started: Shown,
}

struct Line {
    id: Shown,
    place: Shown,
    level: String,
    text: Shown,
    differs: bool,
    cells: Vec<Option<(Word, Shown, Vec<Shown>)>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn targets_stand_beside_each_other_and_what_differs_first() {
        let records = [("a.json".to_owned(), sample::record()), ("b.json".to_owned(), sample::passing())];
        let matrix = matrix(&records);
        assert_eq!(matrix.requirements.len(), 7);
        assert!(matrix.requirements[0].differs && !matrix.requirements[6].differs);
        let text = to_terminal(&matrix, false);
        assert!(text.starts_with("A  Contoso IPAM 4.2 does not conform"), "{text}");
        assert!(text.contains("✗    start-task.none-faults (must)\n"), "{text}");
        let html = to_html(&matrix);
        assert!(html.contains("Contoso IPAM 4.2") && !html.contains("<script"));
        let hostile = [("<b>".to_owned(), sample::hostile("</td><script>alert(1)</script>\u{202e}"))];
        let html = to_html(&super::matrix(&hostile));
        assert!(!html.contains("<script") && !html.contains('\u{202e}'));
    }
}
