//! `report.sarif`: the findings as static analysis results, for services that gather those of many tools.
//!
//! Leaves out evidence, and cases that came to no verdict. A result is in the case file that shows it, since the target's
//! own code is not known. What a baseline accepts is suppressed. Follows SARIF 2.1.0.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{groups, headline::subject, sanitize::Shown};
use crate::{
    spec::Level,
    verdict::{FindingStatus, Record},
};

/// How many cases of one finding are named; `report.json` names all.
const PLACES: usize = 20;

/// Writes the findings as SARIF. The same record gives the same bytes.
pub fn to_sarif(record: &Record) -> String {
    let groups = groups::findings(record);
    let mut rules: Vec<Value> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut results = Vec::new();
    for group in &groups {
        let Some((_, case)) = group.first() else { continue };
        let id = group.check.requirement.as_str();
        let rule = *places.entry(id).or_insert_with(|| {
            rules.push(json!({
                "id": id,
                "shortDescription": text(group.row.map_or(id, |(_, row)| &row.text)),
                "help": text(&group.row.map(|(_, row)| format!("[{}] {}", row.document, row.section)).unwrap_or_default()),
                "defaultConfiguration": { "level": level(group.check.level) },
            }));
            rules.len() - 1
        });
        let locations: Vec<Value> = group
            .cases
            .iter()
            .take(PLACES)
            .map(|(_, case)| {
                json!({
                    "physicalLocation": {
                        "artifactLocation": { "uri": uri(&case.file), "uriBaseId": "CASES" },
                        "region": { "startLine": case.line.max(1) },
                    },
                    "logicalLocations": [{ "fullyQualifiedName": line(&case.id), "kind": "function" }],
                })
            })
            .collect();
        let said = format!(
            "{}; expected {}, got {}; replay: {}",
            group.check.message,
            group.check.expected.as_deref().unwrap_or("otherwise"),
            group.check.got.as_deref().unwrap_or("that"),
            case.replay
        );
        let accepted = group.status == FindingStatus::Accepted;
        let suppressions =
            if accepted { vec![json!({ "kind": "external", "status": "accepted" })] } else { Vec::new() };
        results.push(json!({
            "ruleId": id,
            "ruleIndex": rule,
            "level": level(group.check.level),
            "message": text(&said),
            "locations": locations,
            "partialFingerprints": { "ipamspec/v1": line(&group.check.fingerprint) },
            "suppressions": suppressions,
        }));
    }
    let sarif = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "ipamspec",
                "version": line(&record.tool.version),
                "rules": rules,
            } },
            "originalUriBaseIds": { "CASES": { "uri": "file:///cases/" } },
            "invocations": [{
                "executionSuccessful": record.interrupted.is_none(),
                "exitCode": record.exit_code,
            }],
            "properties": { "target": line(subject(record).as_str()), "suite": line(&record.suite.digest) },
            "results": results,
        }],
    });
    format!("{sarif:#}\n")
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Must => "error",
        Level::Should => "warning",
        Level::May | Level::Observe => "note",
    }
}

fn text(text: &str) -> Value {
    json!({ "text": line(text) })
}

fn line(text: &str) -> String {
    Shown::line(text).to_string()
}

/// A path as a relative reference of RFC 3986: what it has no letter for is percent-encoded.
fn uri(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn parsed(record: &Record) -> Value {
        serde_json::from_str(&to_sarif(record)).unwrap()
    }

    #[test]
    fn every_finding_is_a_result_of_its_requirement() {
        let record = sample::record();
        let sarif = parsed(&record);
        assert_eq!(
            (&sarif["version"], &sarif["runs"][0]["tool"]["driver"]["name"]),
            (&json!("2.1.0"), &json!("ipamspec"))
        );
        let run = &sarif["runs"][0];
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), groups::findings(&record).len());
        for result in results {
            let rule = &run["tool"]["driver"]["rules"][usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
            assert_eq!(rule["id"], result["ruleId"]);
            assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
            let region = &result["locations"][0]["physicalLocation"]["region"]["startLine"];
            assert!(region.as_u64().is_some_and(|line| line > 0));
        }
        assert_eq!(run["invocations"][0]["exitCode"], record.exit_code);
        assert_eq!(parsed(&sample::passing())["runs"][0]["results"], json!([]));
    }

    #[test]
    fn what_is_accepted_is_suppressed_and_what_is_hostile_is_shown() {
        let mut record = sample::record();
        for finding in &mut record.findings {
            finding.status = FindingStatus::Accepted;
        }
        let sarif = parsed(&record);
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        assert!(results.iter().all(|result| result["suppressions"][0]["status"] == "accepted"));
        let hostile = to_sarif(&sample::hostile("a b/\u{202e}\u{1b}]0;x\u{7}<script>\"}],"));
        assert!(serde_json::from_str::<Value>(&hostile).is_ok());
        assert!(!hostile.contains('\u{202e}') && !hostile.contains("u001b") && hostile.contains("a%20b/%E2%80%AE"));
    }
}
