//! Tests of what CI servers read: each format's own grammar, and that nothing breaks out of it.

use super::*;
use crate::report::sample;

const HOSTILE: &str = "x\n::error::y|<script>`[a](http://b)\u{202e}%0A,:";

#[test]
fn annotations_are_commands_one_a_line() {
    for record in [sample::record(), sample::hostile(HOSTILE), sample::many(1_000)] {
        let text = to_annotations(&record);
        assert!(text.lines().count() <= 2 * ANNOTATIONS);
        for line in text.lines() {
            assert!(line.starts_with("::error ") || line.starts_with("::warning "), "{line}");
            assert!(!line.contains('\u{202e}'));
        }
    }
    let text = to_annotations(&sample::record());
    assert!(text.starts_with("::error file=cases/start_task/none_faults.toml,line=1,title=start-task.none-faults%3A start_task/none_faults/body=nil::"), "{text}");
    assert!(text.contains("and in 1 more case%0A"), "{text}");
}

#[test]
fn a_summary_says_the_verdict_and_has_no_markup_of_a_target() {
    let text = to_summary(&sample::record());
    assert!(text.starts_with("## ❌ Contoso IPAM 4.2 does not conform to &#91;MS-IPAMM2&#93;"), "{text}");
    assert!(text.contains("| 1 | 3 | 1 | 1 | 3 | 1 |"), "{text}");
    let hostile = to_summary(&sample::hostile(HOSTILE));
    for wrong in ["<script>", "](http", "::error", "\u{202e}"] {
        assert!(!hostile.contains(wrong), "{wrong}");
    }
}

#[test]
fn what_is_accepted_is_not_red() {
    let mut record = sample::record();
    for finding in &mut record.findings {
        finding.status = FindingStatus::Accepted;
    }
    assert!(!to_annotations(&record).contains("::error file="));
    let issues: Value = serde_json::from_str(&to_code_quality(&record)).unwrap();
    assert!(issues.as_array().unwrap().iter().all(|issue| issue["severity"] == "info"));
    assert_eq!(accepted(&record).len(), 4);
    assert!(
        crate::report::to_tap(&record)
            .contains(&format!("# {} accepted by the baseline", crate::report::tap::ACCEPTED))
    );
}

#[test]
fn code_quality_and_badge_are_json_of_their_formats() {
    let issues: Value = serde_json::from_str(&to_code_quality(&sample::record())).unwrap();
    let first = &issues[0];
    for key in ["description", "check_name", "fingerprint", "severity", "location"] {
        assert!(!first[key].is_null(), "{key}");
    }
    assert_eq!(first["location"]["path"], "cases/start_task/none_faults.toml");
    let badge: Value = serde_json::from_str(&to_badge(&sample::record())).unwrap();
    assert_eq!(
        (&badge["schemaVersion"], &badge["message"], &badge["color"]),
        (&1.into(), &"2 musts violated".into(), &"red".into())
    );
}
