//! Why bytes are not the structure that they should be: where, in which item, and what is wrong.
//!
//! Leaves out structures that are well-formed and break a rule: those are findings. Follows no document of its own.

use std::{borrow::Cow, fmt};

/// Bytes that are not the structure that they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("offset {offset}: {item}: {kind}")]
pub struct DecodeError {
    /// Bytes from the start of what was decoded (the stream for framing, the message for binary XML).
    pub offset: u64,
    /// The record or field, spelled as its specification spells it.
    pub item: &'static str,
    /// What is wrong.
    pub kind: DecodeErrorKind,
}

/// What is wrong with an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodeErrorKind {
    /// The bytes end inside the item, and no more will come.
    Truncated,
    /// It is longer, deeper or more than is read.
    Limit {
        /// What is read at most, in the item's own unit.
        limit: u64,
        /// What it says of itself.
        got: u64,
    },
    /// A value that the structure does not have.
    Unknown {
        /// The value.
        value: u32,
    },
    /// Anything else, in words.
    Invalid(Cow<'static, str>),
}

impl DecodeError {
    /// Makes an error of words.
    pub fn invalid(offset: u64, item: &'static str, words: impl Into<Cow<'static, str>>) -> Self {
        Self { offset, item, kind: DecodeErrorKind::Invalid(words.into()) }
    }

    /// Makes an error of a value that the structure does not have.
    pub fn unknown(offset: u64, item: &'static str, value: impl Into<u32>) -> Self {
        Self { offset, item, kind: DecodeErrorKind::Unknown { value: value.into() } }
    }

    /// The same error in a structure that began so many bytes later.
    #[must_use]
    pub fn moved(self, by: u64) -> Self {
        Self { offset: self.offset.saturating_add(by), ..self }
    }
}

impl fmt::Display for DecodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the bytes end inside it"),
            Self::Limit { limit, got } => write!(f, "{got} is more than the {limit} that are read"),
            Self::Unknown { value } => write!(f, "0x{value:02X} is no value that it has"),
            Self::Invalid(words) => f.write_str(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_where_what_and_why() {
        let error = DecodeError::unknown(3, "ModeRecord", 9_u8);
        assert_eq!(error.to_string(), "offset 3: ModeRecord: 0x09 is no value that it has");
        assert_eq!(error.moved(4).offset, 7);
        let error = DecodeError { offset: 0, item: "Size", kind: DecodeErrorKind::Limit { limit: 1, got: 2 } };
        assert_eq!(error.to_string(), "offset 0: Size: 2 is more than the 1 that are read");
    }
}
