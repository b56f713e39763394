//! The words that grade: levels of requirements, effects of requests, and the id of a requirement.
//!
//! Follows the vocabulary of the house; the specifications know MUST, SHOULD and MAY only.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How strongly a requirement binds the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The specification is silent: behaviour is recorded, never failed.
    Observe,
    /// The target is free to do either.
    May,
    /// A target that differs is warned of.
    Should,
    /// A target that differs does not conform.
    Must,
}

impl Level {
    /// Every level, the weakest first.
    pub const ALL: [Self; 4] = [Self::Observe, Self::May, Self::Should, Self::Must];

    /// The word as files and reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::May => "may",
            Self::Should => "should",
            Self::Must => "must",
        }
    }

    /// Reads the word that files write.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == word)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The worst that a request could do on a server that accepts it, the mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Reads only.
    Read,
    /// May start a task of the server.
    StartTask,
    /// May change what the server manages.
    Write,
    /// Malformed framing, oversize messages, floods, wrong passwords.
    Disrupt,
}

impl Effect {
    /// Every effect, the mildest first.
    pub const ALL: [Self; 4] = [Self::Read, Self::StartTask, Self::Write, Self::Disrupt];

    /// The word as files and reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::StartTask => "start-task",
            Self::Write => "write",
            Self::Disrupt => "disrupt",
        }
    }

    /// Reads the word that files write.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effect| effect.as_str() == word)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The id of a requirement: lower-case words joined by `-`, in parts joined by `.`, as in `start-task.none-faults`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequirementId(Box<str>);

impl RequirementId {
    /// Reads an id.
    ///
    /// # Errors
    /// Says what an id looks like when `text` is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let part = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !part.starts_with('-')
                && !part.ends_with('-')
        };
        if text.contains('.') && text.len() <= 100 && text.split('.').all(part) {
            Ok(Self(text.into()))
        } else {
            Err(format!(
                "`{text}` is not a requirement id: lower-case words joined by `-`, in two parts or more joined by `.`"
            ))
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RequirementId {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<RequirementId> for String {
    fn from(id: RequirementId) -> Self {
        id.0.into()
    }
}

impl fmt::Display for RequirementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for level in Level::ALL {
            assert_eq!(Level::parse(level.as_str()), Some(level));
        }
        for effect in Effect::ALL {
            assert_eq!(Effect::parse(effect.as_str()), Some(effect));
        }
        assert!(Effect::Read < Effect::StartTask && Effect::Write < Effect::Disrupt);
        assert!(Level::Should < Level::Must);
    }

    #[test]
    fn requirement_ids_have_one_spelling() {
        assert!(RequirementId::parse("start-task.none-faults").is_ok());
        for wrong in ["", "start-task", "Start.x", "a..b", "a.-b", "a.b ", "a.b-"] {
            assert!(RequirementId::parse(wrong).is_err(), "{wrong}");
        }
    }
}
