//! The claim: what a run may say about a target, and why not more.

use serde::{Deserialize, Serialize};

/// What a run may say about a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// How much.
    pub kind: ClaimKind,
    /// Why not more, most important first; empty for `full`.
    pub reasons: Vec<String>,
}

/// How much a run may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClaimKind {
    /// net.tcp, EncryptAndSign, and every must verified or untestable.
    Full,
    /// Anything less.
    Partial,
    /// Our own server: says something about us.
    Reference,
    /// Nothing was verified.
    None,
}

impl ClaimKind {
    /// The word as reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::Reference => "reference",
            Self::None => "none",
        }
    }
}
