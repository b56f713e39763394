//! The ledger as bars: how much of what is verified, by level and by section.
//!
//! Leaves out colour, which is never the only mark: each bar has its counts beside it in words.

use super::{ledger::Section, tally};
use crate::{
    report::{
        sanitize::Shown,
        words::{self, Word},
    },
    spec::Level,
    verdict::Record,
};

/// The requirements of one level or section.
pub(super) struct Bar {
    pub(super) name: Shown,
    /// The place of the section in the ledger.
    pub(super) section: Option<usize>,
    /// The statuses that there are, and of how many requirements.
    pub(super) parts: Vec<(Word, usize)>,
    pub(super) tally: String,
}

/// A bar for each level that the catalogue has, the strongest first.
pub(super) fn by_level(record: &Record) -> Vec<Bar> {
    let levels = [Level::Must, Level::Should, Level::May, Level::Observe];
    let bars = levels.into_iter().map(|level| {
        let words = record.requirements.iter().filter(|row| row.level == level).map(|row| words::status(row.status));
        bar(Shown::line(level.as_str()), None, &words.collect::<Vec<_>>())
    });
    bars.filter(|bar| !bar.parts.is_empty()).collect()
}

/// A bar for each section of the ledger.
pub(super) fn by_section(sections: &[Section<'_>]) -> Vec<Bar> {
    let words = |section: &Section<'_>| section.rows.iter().map(|row| row.word).collect::<Vec<_>>();
    sections.iter().enumerate().map(|(at, section)| bar(section.title.clone(), Some(at), &words(section))).collect()
}

fn bar(name: Shown, section: Option<usize>, of: &[Word]) -> Bar {
    let number = |word: Word| of.iter().filter(|other| **other == word).count();
    let words = words::STATUSES.map(words::status);
    let parts = words.into_iter().map(|word| (word, number(word))).filter(|(_, number)| *number > 0).collect();
    Bar { name, section, parts, tally: tally(words, number) }
}
