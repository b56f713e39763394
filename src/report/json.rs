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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::MACHINES,
        report::sample,
        verdict::{BrokenAt, Walk, coverage::coverage},
    };
    use serde_json::{Value, json};
    use std::collections::BTreeSet;

    fn schema() -> Value {
        serde_json::from_str(include_str!("../../docs/report.schema.json")).unwrap()
    }

    fn report(record: &Record) -> Value {
        serde_json::from_str(&to_json(record)).unwrap()
    }

    /// The paths of all keys in a value, without the places in lists: `cases/checks/id`.
    fn keys(value: &Value, at: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    let path = if at.is_empty() { key.clone() } else { format!("{at}/{key}") };
                    keys(value, &path, found);
                    found.insert(path);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| keys(item, at, found)),
            _ => {}
        }
    }

    /// The paths of the keys that a schema describes; with `required`, only of those that must be there.
    fn described(schema: &Value, part: &Value, at: &str, required: bool, found: &mut BTreeSet<String>) {
        if let Some(name) = part["$ref"].as_str() {
            let target = schema.pointer(name.strip_prefix('#').unwrap()).unwrap();
            return described(schema, target, at, required, found);
        }
        if let Some(items) = part.get("items") {
            return described(schema, items, at, required, found);
        }
        for (key, part_of_key) in part["properties"].as_object().into_iter().flatten() {
            let must = part["required"].as_array().unwrap().contains(&json!(key));
            if must || !required {
                let path = if at.is_empty() { key.clone() } else { format!("{at}/{key}") };
                described(schema, part_of_key, &path, required, found);
                found.insert(path);
            }
        }
    }

    /// A record in which a session walked.
    fn walked() -> Record {
        let mut record = sample::record();
        let machines = MACHINES.map(crate::model::Machine::record);
        let [machine, _] = &machines;
        record.cases[0].evidence.walks.push(Walk {
            session: "main".to_owned(),
            machine: machine.name.clone(),
            path: vec![0, 1, 1],
            not_judged_after_step: Some(2),
            broken: vec![BrokenAt { requirement: "a.b".to_owned(), event: 3, states: vec!["S".to_owned()] }],
        });
        record.machines = coverage(&machines, &record.cases);
        record
    }

    #[test]
    fn reports_are_valid_and_read_back() {
        let validator = jsonschema::draft202012::new(&schema()).unwrap();
        for record in [sample::record(), walked(), sample::passing(), sample::dead(3), sample::dead(0)] {
            let text = to_json(&record);
            assert!(text.ends_with("}\n") && text == to_json(&record));
            let report = report(&record);
            let errors: Vec<_> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{errors:?}");
            assert_eq!(serde_json::from_value::<Record>(report).unwrap(), record);
        }
    }

    #[test]
    fn the_schema_describes_what_is_written() {
        let schema = schema();
        let (mut written, mut told) = (BTreeSet::new(), BTreeSet::new());
        keys(&report(&sample::record()), "", &mut written);
        described(&schema, &schema, "", false, &mut told);
        // What is made up has keys of its case's own.
        written.retain(|key| !key.ends_with("/task_type"));
        // Machines and the ways through them are held to it below.
        let is_of_machines = |key: &str| key.starts_with("machines/") || key.contains("evidence/walks");
        told.retain(|key| !is_of_machines(key));
        assert_eq!(written, told);
        let walked = walked();
        keys(&report(&walked), "", &mut written);
        described(&schema, &schema, "", false, &mut told);
        written.retain(|key| !key.ends_with("/task_type"));
        // Of an execution that is told beside another there are none.
        told.retain(|key| !key.starts_with("cases/repeated/other/evidence/walks"));
        assert_eq!(written, told);
    }

    #[test]
    fn keys_of_the_contract_are_required() {
        let (schema, mut required) = (schema(), BTreeSet::new());
        described(&schema, &schema, "", true, &mut required);
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let whole = report(&walked());
        for key in required.iter().filter(|key| !key.contains("/walks/")) {
            for renamed in [false, true] {
                let mut wrong = whole.clone();
                assert!(remove(&mut wrong, &key.split('/').collect::<Vec<_>>(), renamed), "{key} is nowhere");
                assert!(!validator.is_valid(&wrong), "{key} may be missing");
            }
        }
        assert!(required.len() > 60, "{}", required.len());
    }

    /// Takes the first key at this path away, or gives it another name.
    fn remove(value: &mut Value, path: &[&str], rename: bool) -> bool {
        match (value, path) {
            (Value::Array(items), _) => items.iter_mut().any(|item| remove(item, path, rename)),
            (Value::Object(object), [key]) => {
                let Some(taken) = object.remove(*key) else { return false };
                if rename {
                    object.insert(format!("{key}_"), taken);
                }
                true
            }
            (Value::Object(object), [key, rest @ ..]) => {
                object.get_mut(*key).is_some_and(|value| remove(value, rest, rename))
            }
            _ => false,
        }
    }

    #[test]
    fn words_outside_the_contract_are_refused_and_new_keys_are_not() {
        let validator = jsonschema::draft202012::new(&schema()).unwrap();
        let whole = report(&sample::record());
        for (pointer, wrong) in [
            ("/schema", json!("ipamspec-report/2")),
            ("/cases/0/outcome", json!("passed")),
            ("/cases/0/duration_ms", json!(-1)),
            ("/requirements/0/status", json!("not exercised")),
            ("/claim/kind", json!("none yet")),
            ("/exit_code", json!(5)),
            ("/findings/0/requirement", json!("Not An Id")),
        ] {
            let mut report = whole.clone();
            *report.pointer_mut(pointer).unwrap() = wrong;
            assert!(!validator.is_valid(&report), "{pointer}");
        }
        let mut more = whole;
        more["cases"][0]["checks"][0]["added_later"] = json!(1);
        assert!(validator.is_valid(&more));
    }
}
