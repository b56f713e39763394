//! The cases as the page carries them: an index that its script lists and searches, and their details, packed, which are
//! unpacked when a case is opened. Beside them, for where no script runs, a list of plain rows.
//!
//! Leaves out what a detail is, which `cases` says. All of it is data: text of the run stands in JSON in which no
//! character opens a tag, or compressed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Places, cases::CaseItem, embedded::pack};
use crate::{
    report::{
        sanitize::Shown,
        words::{self, Word, count},
    },
    spec::Level,
    verdict::{CaseRecord, Outcome, Record},
};

/// How many cases share a block, and how many bytes it has at most before the last of them is added.
const TOGETHER: usize = 64;
const BLOCK: usize = 256 * 1024;
/// How many rows are listed where no script runs.
const ROWS: usize = 1_000;

/// The cases of the page.
pub(super) struct Listing {
    /// What is listed and searched.
    pub(super) index: String,
    /// The details in blocks.
    pub(super) blocks: Vec<String>,
    /// Where no script runs: what did not pass first of all.
    pub(super) rows: Vec<Row>,
    /// What of them is left out, in words; empty where nothing is.
    pub(super) more: String,
}

/// A case where no script runs.
pub(super) struct Row {
    pub(super) at: usize,
    pub(super) word: Word,
    pub(super) id: Shown,
    pub(super) about: Shown,
}

/// What the script lists and searches. A case refers to the other lists by place.
#[derive(Serialize)]
struct Index<'a> {
    outcomes: [Word; 6],
    levels: [&'static str; 4],
    /// The place of the requirement in the ledger, and its id.
    requirements: Vec<(Option<usize>, &'a str)>,
    abouts: Vec<Shown>,
    /// The first case of each block.
    blocks: Vec<usize>,
    cases: Vec<Entry>,
}

/// A case of the index: outcome, level, port type, about, requirements, id.
type Entry = (usize, usize, usize, usize, Vec<usize>, Shown);

/// Texts that many cases share, each once.
#[derive(Default)]
struct Shared<'a> {
    places: BTreeMap<&'a str, usize>,
    texts: Vec<&'a str>,
}

impl<'a> Shared<'a> {
    fn place(&mut self, text: &'a str) -> usize {
        *self.places.entry(text).or_insert_with(|| {
            self.texts.push(text);
            self.texts.len() - 1
        })
    }
}

impl<'a> Places<'a> {
    pub(super) fn listing(&mut self, record: &'a Record) -> Listing {
        let (mut abouts, mut requirements) = (Shared::default(), Shared::default());
        let (mut entries, mut blocks, mut firsts) = (Vec::new(), Vec::new(), Vec::new());
        let mut block = Block::default();
        for (at, case) in record.cases.iter().enumerate() {
            entries.push((
                words::OUTCOMES.iter().position(|outcome| *outcome == case.outcome).unwrap_or_default(),
                LEVELS.iter().position(|level| *level == case.level).unwrap_or_default(),
                self.ports.iter().position(|port| *port == case.port_type).unwrap_or_default(),
                abouts.place(&case.about),
                case.requirements.iter().map(|id| requirements.place(id.as_str())).collect(),
                Shown::line(&case.id),
            ));
            if block.is_full() {
                blocks.push(std::mem::take(&mut block).packed());
            }
            if block.cases == 0 {
                firsts.push(at);
            }
            block.add(&self.case(case));
        }
        blocks.extend((block.cases > 0).then(|| block.packed()));
        let index = Index {
            outcomes: words::OUTCOMES.map(words::outcome),
            levels: LEVELS.map(Level::as_str),
            requirements: requirements.texts.iter().map(|id| (self.rows.get(id).copied(), *id)).collect(),
            abouts: abouts.texts.iter().map(|about| Shown::line(about)).collect(),
            blocks: firsts,
            cases: entries,
        };
        let (rows, more) = rows(&record.cases);
        Listing { index: inert(&index), blocks, rows, more }
    }
}

const LEVELS: [Level; 4] = [Level::Must, Level::Should, Level::May, Level::Observe];

/// Details that are packed together.
#[derive(Default)]
struct Block {
    cases: usize,
    json: Vec<u8>,
}

impl Block {
    fn is_full(&self) -> bool {
        self.cases == TOGETHER || self.json.len() > BLOCK
    }

    fn add(&mut self, case: &CaseItem<'_>) {
        self.json.push(if self.cases == 0 { b'[' } else { b',' });
        self.cases += 1;
        // Text keys and whole numbers only: JSON can always say them.
        self.json.extend(serde_json::to_vec(case).unwrap_or_default());
    }

    fn packed(mut self) -> String {
        self.json.push(b']');
        pack(&self.json)
    }
}

/// JSON in which no character opens or closes anything in a page.
fn inert(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).unwrap_or_default();
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// The rows where no script runs, in the order of the suite: all of them, or those that matter most.
fn rows(cases: &[CaseRecord]) -> (Vec<Row>, String) {
    let settled = |case: &CaseRecord| matches!(case.outcome, Outcome::Pass | Outcome::Skip);
    let mut places: Vec<usize> = (0..cases.len()).collect();
    places.sort_by_key(|at| cases.get(*at).is_some_and(settled));
    let left_out = places.len().saturating_sub(ROWS);
    places.truncate(ROWS);
    places.sort_unstable();
    let row = |at: usize| {
        let case = cases.get(at)?;
        Some(Row { at, word: words::outcome(case.outcome), id: Shown::line(&case.id), about: Shown::line(&case.about) })
    };
    let more =
        if left_out == 0 { String::new() } else { format!("and {} in report.json", count(left_out, "more case")) };
    (places.into_iter().filter_map(row).collect(), more)
}

#[cfg(test)]
pub(super) mod tests {
    use miniz_oxide::inflate::decompress_to_vec_zlib;
    use serde_json::Value;

    use super::*;
    use crate::report::{html::script::from_base64, sample, to_html};

    /// The index and the details that a page carries.
    pub(in super::super) fn carried(html: &str) -> (Value, Vec<Value>) {
        let (_, index) = html.split_once("<script type=\"application/json\" id=\"index\">").unwrap();
        let (index, rest) = index.split_once("</script>").unwrap();
        let blocks = rest.split("<script type=\"application/octet-stream\" class=\"block\">").skip(1);
        let details = blocks.flat_map(|block| {
            let bytes = from_base64(block.split_once("</script>").unwrap().0).unwrap();
            let cases: Vec<Value> = serde_json::from_slice(&decompress_to_vec_zlib(&bytes).unwrap()).unwrap();
            cases
        });
        (serde_json::from_str(index).unwrap(), details.collect())
    }

    #[test]
    fn every_case_has_its_details_in_its_place() {
        for number in [0, 1, 64, 65, 300] {
            let record = sample::many(number);
            let (index, details) = carried(&to_html(&record));
            assert_eq!(details.len(), record.cases.len());
            let firsts: Vec<u64> = index["blocks"].as_array().unwrap().iter().filter_map(Value::as_u64).collect();
            assert!(firsts.windows(2).all(|pair| pair[0] < pair[1] && pair[1] - pair[0] <= 64), "{firsts:?}");
            for ((entry, detail), case) in index["cases"].as_array().unwrap().iter().zip(&details).zip(&record.cases) {
                let place = |at: usize| usize::try_from(entry[at].as_u64().unwrap()).unwrap();
                assert_eq!(entry[5], case.id);
                assert_eq!(index["outcomes"][place(0)]["word"], case.outcome.as_str());
                assert_eq!(index["levels"][place(1)], case.level.as_str());
                assert_eq!(index["abouts"][place(3)], case.about);
                assert_eq!(entry[4].as_array().unwrap().len(), case.requirements.len());
                assert_eq!(detail["replay"], case.replay);
            }
        }
    }

    #[test]
    fn without_a_script_what_did_not_pass_is_listed() {
        let record = sample::many(3_000);
        let html = to_html(&record);
        let (_, plain) = html.split_once("<noscript>").unwrap();
        let (plain, _) = plain.split_once("</noscript>").unwrap();
        assert_eq!(plain.matches("<li id=\"case-").count(), ROWS);
        assert!(plain.contains("and 2,000 more cases in report.json"));
        let failed = record.cases.iter().filter(|case| case.outcome == Outcome::Fail).count();
        assert_eq!(plain.matches("mark bad").count(), failed.min(ROWS));
    }
}
