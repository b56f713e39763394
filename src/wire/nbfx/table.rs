//! The strings that DictionaryStrings refer to: the static ones, and those that a session has sent so far.
//!
//! Leaves out how they are sent, which is `nbfse`'s. Follows [MC-NBFX] 2.1.4, [MC-NBFS] 2.1 and [MC-NBFSE] 2.1, 2.2.

use std::collections::BTreeSet;

use crate::{
    wire::nbfs::{self, Entry},
    xml::{is_char, is_ncname},
};

/// The strings known in one direction of a session. Even ids are static, odd ones count what was added: 1, 3, 5 …
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StringTable {
    added: Vec<Added>,
    known: BTreeSet<Box<str>>,
    /// Strings that were added though they were there.
    repeated: Vec<Box<str>>,
    bytes: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Added {
    text: Box<str>,
    is_name: bool,
    is_legal: bool,
}

impl StringTable {
    /// The static strings alone, as documents without an in-band table have them.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a string; its id.
    pub fn add(&mut self, text: &str) -> u32 {
        if !self.known.insert(text.into()) {
            self.repeated.push(text.into());
        }
        self.bytes = self.bytes.saturating_add(text.len());
        let (is_name, is_legal) = (is_ncname(text), text.chars().all(is_char));
        self.added.push(Added { text: text.into(), is_name, is_legal });
        u32::try_from(self.added.len()).unwrap_or(u32::MAX).saturating_mul(2) - 1
    }

    /// The string of an id.
    pub fn get(&self, id: u32) -> Option<&str> {
        self.entry(id).map(|entry| entry.text)
    }

    /// The strings that the session added, with their ids.
    pub fn added(&self) -> impl Iterator<Item = (u32, &str)> {
        (1..).step_by(2).zip(self.added.iter().map(|added| &*added.text))
    }

    /// How many strings the session added.
    pub fn count(&self) -> usize {
        self.added.len()
    }

    /// The strings that were added a second time, which [MC-NBFSE] 2.1 forbids: the table works as well with them.
    pub fn repeated(&self) -> impl Iterator<Item = &str> {
        self.repeated.iter().map(|text| &**text)
    }

    /// The bytes of all strings that the session added.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured: calls cost as much as what they do here")]
    pub(super) fn entry(&self, id: u32) -> Option<Entry<'_>> {
        if id.is_multiple_of(2) {
            return nbfs::entry(id).copied();
        }
        let added = self.added.get(usize::try_from(id / 2).ok()?)?;
        Some(Entry { text: &added.text, is_name: added.is_name, is_legal: added.is_legal })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_ids_count_what_was_added() {
        let mut table = StringTable::new();
        assert_eq!((table.get(2), table.get(1)), (Some("Envelope"), None));
        assert_eq!((table.add("action"), table.add("Inventory"), table.add("action")), (1, 3, 5));
        assert_eq!((table.get(1), table.get(3), table.get(7)), (Some("action"), Some("Inventory"), None));
        assert_eq!(table.repeated().collect::<Vec<_>>(), ["action"]);
        assert_eq!(table.bytes(), 21);
        assert_eq!(table.added().last(), Some((5, "action")));
    }
}
