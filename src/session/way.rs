//! What becomes of records on their way, once they are protected: what a case that tampers asks for.
//!
//! Leaves out doing it, which takes what protects them. Follows [MS-NNS] 2.2.2 and 3.2.5.4.

/// What becomes of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// They travel as they were sealed.
    #[default]
    AsSealed,
    /// Each octet is written by itself.
    InPieces,
    /// One octet of what seals them is another.
    Altered,
    /// What was sealed last before them travels again in their place.
    Repeated,
    /// What was sealed last travels first.
    Swapped,
    /// The last octet of each message is missing, and the size says so.
    Cut,
    /// They are not sealed.
    Unsealed,
}

impl Way {
    /// All that there are.
    pub const ALL: [Self; 7] =
        [Self::AsSealed, Self::InPieces, Self::Altered, Self::Repeated, Self::Swapped, Self::Cut, Self::Unsealed];

    /// The word of a case file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AsSealed => "as-sealed",
            Self::InPieces => "in-pieces",
            Self::Altered => "altered",
            Self::Repeated => "repeated",
            Self::Swapped => "swapped",
            Self::Cut => "cut",
            Self::Unsealed => "unsealed",
        }
    }

    /// The one of a word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.as_str() == word)
    }

    /// Whether what arrives is what was sealed, in its order.
    pub fn is_faithful(self) -> bool {
        matches!(self, Self::AsSealed | Self::InPieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_has_a_word_of_its_own() {
        for way in Way::ALL {
            assert_eq!(Way::named(way.as_str()), Some(way));
        }
        assert_eq!(Way::named("lost"), None);
    }
}
