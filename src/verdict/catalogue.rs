//! The catalogue: requirements and rulings as data, restated in our words.
//!
//! Leaves out how the files are read (`case` does that, with the place of every mistake).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::spec::{Level, RequirementId};

/// One sentence of a specification, restated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// Its name everywhere.
    pub id: RequirementId,
    /// The document, as in `MS-IPAMM2`.
    pub document: String,
    /// The section of the document.
    pub section: String,
    /// How strongly it binds the target.
    pub level: Level,
    /// The sentence in our words.
    pub text: String,
    /// Why no case can decide it, where none can.
    pub untestable: Option<String>,
    /// The scheme of the one binding that it is about, where it is about one: on another nothing can break it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<String>,
    /// The ruling that says how we read it, where one does.
    pub ruling: Option<String>,
    /// Whether the rule of silence decides it: what it asks for may not show, and is then inconclusive, never a breach.
    #[serde(default)]
    pub by_silence: bool,
}

/// Our documented reading of a sentence that contradicts another or is ambiguous.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// Its name.
    pub id: String,
    /// The sections that differ.
    pub sections: Vec<String>,
    /// What the trouble is.
    pub trouble: String,
    /// How we read it.
    pub reading: String,
}

/// Every requirement and ruling, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// The revision of the specification that it was read from.
    pub revision: String,
    /// By id.
    pub requirements: BTreeMap<RequirementId, Requirement>,
    /// By id.
    pub rulings: BTreeMap<String, Ruling>,
}
