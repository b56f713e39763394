//! `report.json`: the record as JSON, in the order of its fields.
//!
//! Leaves out everything that is not in the record. `docs/report.schema.json` describes the format; tests hold the two
//! together.

use crate::verdict::Record;

/// Writes the record as indented JSON that ends with a line break. The same record gives the same bytes.
///
/// # Panics
/// Never: a record has text keys and whole numbers only, which JSON can always say.
pub fn to_json(record: &Record) -> String {
    let mut text = serde_json::to_string_pretty(record).expect("a record has text keys and whole numbers only");
    text.push('\n');
    text
}
