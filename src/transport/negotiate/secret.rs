//! A secret: never shown, and gone from memory when it is dropped.
//!
//! Leaves out where it comes from.

use std::fmt;

use zeroize::Zeroizing;

/// A password.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a secret over; the text is zeroed when this and its clones are dropped.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret itself, for the one who must know it.
    #[cfg_attr(not(feature = "security"), expect(dead_code, reason = "only mechanisms need it"))]
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?} {:#?}", Secret::new("hunter2".to_owned()), Secret::new(String::new())), "*** ***");
    }
}
