//! Digests of case files: what they do, and what they expect of it.
//!
//! Leaves out words for people, comments and layout, so that only what can change an outcome changes a digest.

use std::{collections::BTreeMap, fmt::Write as _};

use sha2::{Digest, Sha256};
use toml::{Table, Value};

use super::mistake::SourceFile;
use crate::verdict::{FileDigests, check::hex};

/// The keys of a file that say nothing to the target and expect nothing of it.
const WORDS: [&str; 2] = ["about", "mutant"];
/// The keys of a step, and of the file, that say what is expected.
const EXPECTS: [&str; 4] = ["expect", "given", "capture", "requirements"];

/// The digests of a file that is TOML; of another there are none.
pub(super) fn digests(file: &SourceFile) -> Option<FileDigests> {
    let mut does: Table = file.text.parse().ok()?;
    let mut expects = Table::new();
    does.retain(|key, _| !WORDS.contains(&key));
    take_expectations(&mut does, &mut expects);
    if let Some(Value::Array(steps)) = does.get_mut("step") {
        for (at, step) in steps.iter_mut().enumerate() {
            let mut of_step = Table::new();
            if let Value::Table(step) = step {
                take_expectations(step, &mut of_step);
            }
            expects.insert(format!("step {at}"), Value::Table(of_step));
        }
    }
    Some(FileDigests { does: digest(&does), expects: digest(&expects) })
}

fn take_expectations(table: &mut Table, expects: &mut Table) {
    for key in EXPECTS {
        if let Some(value) = table.remove(key) {
            expects.insert(key.to_owned(), value);
        }
    }
}

/// Sixteen digits; the order of keys does not count, but in the matrix, where it makes the ids of cases, which are
/// compared anyway.
fn digest(table: &Table) -> String {
    let mut text = String::new();
    spell(&Value::Table(table.clone()), &mut text);
    hex(&Sha256::digest(text)).chars().take(16).collect()
}

fn spell(value: &Value, text: &mut String) {
    match value {
        Value::Table(table) => {
            let sorted: BTreeMap<_, _> = table.iter().collect();
            text.push('{');
            for (key, value) in sorted {
                text.push_str(key);
                text.push('=');
                spell(value, text);
                text.push('\n');
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for value in values {
                spell(value, text);
                text.push('\n');
            }
            text.push(']');
        }
        Value::String(string) => {
            text.push_str(&string.len().to_string());
            text.push(':');
            text.push_str(string);
        }
        other => {
            let _ = write!(text, "{other:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: &str = "about = \"x\"\nrequirements = [\"a.b\"]\n[[step]]\n[step.call]\noperation = \"A\"\n[step.expect]\nreply = true\n";

    #[test]
    fn what_is_done_and_what_is_expected_have_digests_of_their_own() {
        let of = |text: &str| digests(&SourceFile::new("a.toml", text)).unwrap();
        let whole = of(CASE);
        assert_eq!(of(&CASE.replace("about = \"x\"", "# a comment\nabout = 'another sentence'")), whole);
        let other = of(&CASE.replace("\"A\"", "\"B\""));
        assert_eq!((other.does == whole.does, other.expects == whole.expects), (false, true));
        for (from, to) in [("reply = true", "fault = \"any\""), ("a.b", "a.c")] {
            let other = of(&CASE.replace(from, to));
            assert_eq!((other.does == whole.does, other.expects == whole.expects), (true, false), "{from}");
        }
        assert_eq!(digests(&SourceFile::new("a.toml", "not TOML")), None);
    }
}
