//! The layers of the protocol, each of which owns its failures.
//!
//! The first broken layer owns a failure; checks above it are not reached.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A layer, the lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// Connections, HTTP: what carries the bytes.
    Transport,
    /// Records of message framing; the media type on HTTP.
    Framing,
    /// Characters and XML.
    Encoding,
    /// The SOAP 1.2 envelope and its faults.
    Soap,
    /// WS-Addressing headers.
    Addressing,
    /// The action and the body element that the operation's contract names.
    Contract,
    /// What the operation does.
    Operation,
    /// The order of a session's messages.
    Model,
}

impl Layer {
    /// The word as reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transport => "transport",
            Self::Framing => "framing",
            Self::Encoding => "encoding",
            Self::Soap => "soap",
            Self::Addressing => "addressing",
            Self::Contract => "contract",
            Self::Operation => "operation",
            Self::Model => "model",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
