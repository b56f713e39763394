//! Generated values that outlive a run: read from the report of an earlier one, to run a case again as it was.
//!
//! Leaves out running. A report is read as any file of a user's is: it may be missing, of another kind, or changed.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, Read as _},
    path::{Path, PathBuf},
};

use super::generator::Values;
use crate::{
    case::{Case, mistake::nearest},
    verdict::Record,
};

/// The largest report that is read, in bytes.
const LARGEST: u64 = 1 << 30;

/// What a run keeps of generated values, and what it was given.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// The command that runs a generated case again with the values of this run's report, up to `#` and the case.
    pub again: Option<String>,
    /// Values of an earlier run by case: nothing is made up for these.
    pub values: BTreeMap<String, Values>,
    /// What a reader of this run should know of the earlier one.
    pub notes: Vec<String>,
    /// Whether the record keeps what was seen on every session, not only on those that machines judge.
    pub traces: bool,
}

impl Kept {
    /// The values that a case is to be run with, where there are some.
    pub(super) fn values_for(&self, case: &Case) -> Option<Result<Values, String>> {
        let values = self.values.get(&case.id)?;
        let keys = case.generate.iter().flat_map(|generate| generate.keys.iter().map(|(key, _)| key));
        let same = keys.clone().count() == values.len() && keys.clone().all(|key| values.contains_key(key));
        Some(if same {
            Ok(values.clone())
        } else {
            let now: Vec<&str> = keys.map(String::as_str).collect();
            Err(format!(
                "the case asks for other values than the report holds: {}; run it without --replay",
                now.join(", ")
            ))
        })
    }
}

/// A case of an earlier run, to be run again.
#[derive(Debug, Clone)]
pub struct Replay {
    /// The case.
    pub case: String,
    /// The seed of that run.
    pub seed: String,
    /// The argument that named its target; none where that was the reference server.
    pub target: Option<String>,
    /// The digest of its suite.
    pub suite_digest: String,
    /// The generated values of its cases.
    pub values: BTreeMap<String, Values>,
}

/// Why there is nothing to run again.
#[derive(Debug, thiserror::Error)]
pub enum CannotReplay {
    /// The argument has no `#`, or nothing on one side of it.
    #[error("`{0}` names no case: write the report, `#` and the case, as in reports/reference/report.json#folder/case")]
    NoCase(String),
    /// The system does not give the file.
    #[error("cannot read the report {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is something else.
    #[error("{} is no report of ipamspec: {source}; name the report.json of a run", path.display())]
    NotAReport {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The file is a report of another version.
    #[error("{} has the format `{schema}`, which this version does not read; it reads {}", path.display(), Record::SCHEMA)]
    OtherSchema {
        /// The file.
        path: PathBuf,
        /// Its format.
        schema: String,
    },
    /// The report has no such case.
    #[error("{} has no case `{case}`{suggestion}", path.display())]
    NoSuchCase {
        /// The file.
        path: PathBuf,
        /// The case.
        case: String,
        /// What to name in its place, after a semicolon.
        suggestion: String,
    },
    /// The run was against a server of somebody's, and the report does not say how it was named.
    #[error("{} does not say how its target was named: name it with --target", .0.display())]
    NoTarget(PathBuf),
}

impl Replay {
    /// Reads `FILE#CASE`. `target_is_given` where the report need not say it.
    ///
    /// # Errors
    /// The file cannot be read or is no report, or has no such case.
    pub fn read(argument: &str, target_is_given: bool) -> Result<Self, CannotReplay> {
        // A folder may have a `#` in its name; the id of a case has none.
        let parts = argument.rsplit_once('#').filter(|(file, case)| !file.is_empty() && !case.is_empty());
        let (path, case) = parts.ok_or_else(|| CannotReplay::NoCase(argument.to_owned()))?;
        let path = Path::new(path).to_owned();
        let file = File::open(&path).and_then(|file| {
            let folder = file.metadata()?.is_dir();
            if folder { Err(std::io::Error::other("it is a folder; name the report.json in it")) } else { Ok(file) }
        });
        let file = file.map_err(|source| CannotReplay::Io { path: path.clone(), source })?;
        let record: Record = match serde_json::from_reader(BufReader::new(file.take(LARGEST))) {
            Ok(record) => record,
            Err(source) => return Err(CannotReplay::NotAReport { path, source }),
        };
        if record.schema != Record::SCHEMA {
            return Err(CannotReplay::OtherSchema { path, schema: record.schema });
        }
        let Some(found) = record.cases.iter().find(|known| known.id == case) else {
            let near = nearest(case, record.cases.iter().map(|case| case.id.as_str()));
            let suggestion = near.map_or_else(
                || "; take an id that stands in it".to_owned(),
                |near| format!("; did you mean `{near}`?"),
            );
            return Err(CannotReplay::NoSuchCase { path, case: case.to_owned(), suggestion });
        };
        let target = record.target.argument.filter(|_| !record.target.reference);
        if target.is_none() && !record.target.reference && !target_is_given {
            return Err(CannotReplay::NoTarget(path));
        }
        let seed = found.seed.clone();
        let values = record.cases.into_iter().filter_map(|case| Some((case.id, case.generated?.values))).collect();
        Ok(Self { case: case.to_owned(), seed, target, suite_digest: record.suite.digest, values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a report into a folder of this test and reads a case of it.
    fn read(name: &str, text: &str, case: &str, target: bool) -> Result<Replay, String> {
        let folder = std::env::temp_dir().join(format!("ipamspec-keep-{}-{name}#1", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("report.json");
        std::fs::write(&path, text).unwrap();
        let read = Replay::read(&format!("{}#{case}", path.display()), target);
        let read = read.map_err(|error| error.to_string().replace(&folder.display().to_string(), "x"));
        std::fs::remove_dir_all(&folder).unwrap();
        read
    }

    fn report() -> serde_json::Value {
        let case = |id: &str| {
            serde_json::json!({
                "id": id, "about": "", "file": "a/b.toml", "line": 1, "level": "must", "effect": "read",
                "port_type": "IIpamServer", "requirements": [], "twin": null, "outcome": "fail", "reason": "",
                "blame": null, "duration_ms": 1, "seed": "5eed", "replay": "", "checks": [],
                "evidence": { "exchanges": [], "trace": [], "wire": null },
                "generated": { "tried": 3, "values": { "x": "\u{200b}" } },
            })
        };
        serde_json::json!({
            "schema": Record::SCHEMA, "tool": { "name": "ipamspec", "version": "0" },
            "suite": { "digest": "d", "cases": 2, "revision": "12.0" }, "seed": "5eed", "started": "", "duration_ms": 1,
            "interrupted": null,
            "target": { "name": "t", "url": "http://127.0.0.1/", "transport": "http", "security": "none",
                        "reference": false, "argument": "target.toml" },
            "claim": { "kind": "none", "reasons": [] },
            "summary": { "pass": 0, "fail": 2, "warn": 0, "inconclusive": 0, "skip": 0, "error": 0 },
            "cases": [case("a/b"), case("a/c")], "findings": [], "rulings": [], "requirements": [], "machines": [],
            "notes": [], "exit_code": 1,
        })
    }

    #[test]
    fn a_case_is_read_with_its_seed_its_values_and_its_target() {
        let replay = read("good", &report().to_string(), "a/b", false).unwrap();
        assert_eq!((replay.case.as_str(), replay.seed.as_str()), ("a/b", "5eed"));
        assert_eq!(replay.target.as_deref(), Some("target.toml"));
        assert_eq!(replay.values["a/b"]["x"], "\u{200b}");
    }

    #[test]
    fn what_is_no_case_of_a_report_is_told() {
        let good = report().to_string();
        let told = |name, text: &str, case| read(name, text, case, false).unwrap_err();
        assert_eq!(told("case", &good, "a/bb"), "x/report.json has no case `a/bb`; did you mean `a/b`?");
        assert!(told("json", "<html>", "a/b").starts_with("x/report.json is no report of ipamspec: "));
        assert!(told("cut", &good[..good.len() / 2], "a/b").contains("is no report of ipamspec"));
        assert!(told("none", &good, "").contains("` names no case: write the report, `#` and the case"));
        assert_eq!(told("far", &good, "zzzzzz"), "x/report.json has no case `zzzzzz`; take an id that stands in it");
        let other = good.replace(Record::SCHEMA, "ipamspec-report/9");
        assert!(told("schema", &other, "a/b").contains("has the format `ipamspec-report/9`"));
        let mut nameless = report();
        nameless["target"]["argument"] = serde_json::Value::Null;
        assert!(told("nameless", &nameless.to_string(), "a/b").contains("name it with --target"));
        assert!(read("named", &nameless.to_string(), "a/b", true).is_ok());
        let missing = Replay::read("/nowhere/report.json#a/b", true).unwrap_err().to_string();
        assert!(missing.starts_with("cannot read the report /nowhere/report.json: "), "{missing}");
        let folder = Replay::read("/#a/b", true).unwrap_err().to_string();
        assert!(folder.ends_with("name the report.json in it"), "{folder}");
    }
}
