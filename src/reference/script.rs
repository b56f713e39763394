//! Scripted operations: how many subtasks there are, how each ends, and how long all of them take.
//!
//! Leaves out what is said of them, and when. Follows [MS-IPAMM2] 2.2.5.101 (how a subtask can end) and 3.19.1.1.

use std::time::Duration;

/// The most subtasks of a script.
const MOST: usize = 8;
/// What a scenario of this sort begins with.
const FIRST: &str = "subtasks";

/// How a subtask can end: the word of a script, and its SubTaskStatus.
const ENDINGS: [(&str, &str); 5] = [
    ("success", "CompletedWithSuccess"),
    ("warning", "CompletedWithWarning"),
    ("error", "CompletedWithError"),
    ("not-applicable", "NotApplicable"),
    ("not-run", "NotRun"),
];

/// An operation as a case wants it: `subtasks success error not-run in 30s`. It is told of in the plain server's way,
/// whatever the variant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Script {
    endings: [Option<&'static str>; MOST],
    seconds: u16,
}

impl Script {
    /// Reads a script; none where the words are those of something else.
    ///
    /// # Errors
    /// Says what a script is made of where this is none.
    pub(super) fn parse(words: &str) -> Option<Result<Self, String>> {
        let rest = words.strip_prefix(FIRST)?;
        if !rest.is_empty() && !rest.starts_with(' ') {
            return None;
        }
        Some(Self::read(rest).ok_or_else(|| {
            let known: Vec<_> = ENDINGS.iter().map(|(word, _)| *word).collect();
            format!(
                "`{words}` is no script: after `{FIRST}` come {MOST} at most of {}, and `in 30s` where they take time",
                known.join(", ")
            )
        }))
    }

    fn read(rest: &str) -> Option<Self> {
        let mut script = Self::default();
        let mut places = script.endings.iter_mut();
        let mut words = rest.split_ascii_whitespace();
        while let Some(word) = words.next() {
            if word == "in" {
                script.seconds = words.next()?.strip_suffix('s')?.parse().ok()?;
                return words.next().is_none().then_some(script);
            }
            let (_, status) = ENDINGS.iter().find(|(known, _)| *known == word)?;
            *places.next()? = Some(status);
        }
        Some(script)
    }

    /// The statuses with which the subtasks end, in their order.
    pub(super) fn endings(&self) -> impl Iterator<Item = &'static str> {
        self.endings.into_iter().flatten()
    }

    /// How long all of them take.
    pub(super) fn length(self) -> Duration {
        Duration::from_secs(self.seconds.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_say_how_subtasks_end_and_how_long_they_take() {
        let read = |words: &str| Script::parse(words).unwrap();
        let script = read("subtasks success error not-run in 30s").unwrap();
        assert!(script.endings().eq(["CompletedWithSuccess", "CompletedWithError", "NotRun"]));
        assert_eq!(script.length(), Duration::from_secs(30));
        assert_eq!(read("subtasks").unwrap(), Script::default());
        for wrong in ["subtasks fine", "subtasks in", "subtasks in 3", "subtasks in 3s success"] {
            assert!(read(wrong).unwrap_err().contains("not-run"), "{wrong}");
        }
        assert!(read(&format!("subtasks{}", " success".repeat(9))).is_err());
        assert_eq!((Script::parse("no-subtasks"), Script::parse("subtaskss")), (None, None));
    }
}
