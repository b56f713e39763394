//! Tests of recorded faults: that every text survives the file, that the names of files differ.
//!
//! Leaves out insta's reader, which needs a file: `tests/snapshots.rs` runs it.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn fault(message: &str) -> String {
    text([Line::new(0, "origin", "operation"), Line::new(0, "exception", ""), Line::new(1, "message", message)])
}

#[test]
fn the_text_is_readable_and_stable() {
    let lines = [
        Line::new(0, "origin", "operation"),
        Line::new(0, "reason (de)", "Zeit 2024-04-23T00:00:00Z \u{202e}ab "),
        Line::new(0, "exception", ""),
        Line::new(1, "message", "one\r\n\n C:\\x \ttwo\n"),
        Line::new(1, "inner exception", ""),
    ];
    let expected = "origin: operation\nreason (de): Zeit <time> \\u{202e}ab\\u{20}\nexception:\n  message:\n    | one\\r\n    |\n    |  C:\\\\x \\ttwo\n    |\n  inner exception:";
    assert_eq!(text(lines), expected);
}

#[test]
fn a_text_is_bounded() {
    let long = fault(&"ä".repeat(100_000));
    assert!(long.ends_with("ä [cut here]") && long.chars().count() < VALUE + 200, "{}", long.len());
    assert_eq!(long, fault(&"ä".repeat(90_000)));
    let many = text((0..100_000).map(|at| Line::new(0, format!("reason ({at})"), "x")));
    assert!(many.ends_with("\n[cut here]") && many.len() < TEXT + 100, "{}", many.len());
}

#[test]
fn what_insta_writes_is_read() {
    for (file, content) in [
        ("---\nsource: src/x.rs\n---\na\n", "a"),
        (
            "---\nsource: src/x.rs\nassertion_line: 7\nexpression: \"--- x\"\ninfo:\n  a: 1\nsnapshot_kind: text\n---\na\n---\nb\n\n",
            "a\n---\nb",
        ),
        ("\u{feff}---\r\nsource: x\r\n--- \r\na\r\nb\r\n", "a\nb"),
    ] {
        assert_eq!(read(file).unwrap(), content);
    }
}

#[test]
fn what_is_no_snapshot_is_told() {
    for (file, expected) in [
        ("", "does not begin"),
        ("Expression: x\n\nold", "does not begin"),
        ("---\nsource: x\n", "does not end"),
        ("---\nsource: x\n---\n \n", "holds nothing"),
        ("---\nsource: x\n---\na\n<<<<<<< HEAD\nb\n", "merge"),
    ] {
        assert!(read(file).unwrap_err().contains(expected), "{file:?}");
    }
}

#[test]
fn comparing_says_same_new_or_drift() {
    let compared = |recorded: Option<&str>| RecordedFault::compare(1, recorded, "a".to_owned());
    let faults = [compared(Some("a")), compared(None), compared(Some("b")), compared(Some("a "))];
    assert_eq!(FaultCounts::of(&faults), FaultCounts { same: 1, new: 1, drift: 2 });
    assert_eq!(FaultCounts::of(&faults).total(), 4);
    for fault in faults {
        assert_eq!(serde_json::to_value(fault.status).unwrap(), fault.status.as_str());
    }
}

#[test]
fn file_names_differ_on_every_file_system() {
    let ids = ["a/t=Discovery", "a/t=discovery", "a/t%20", "a/t=20", "con.x", "a.", "a/b", "a__b"];
    let names: BTreeSet<_> = ids.iter().map(|id| file_name(id, 1).to_lowercase()).collect();
    assert_eq!(names.len(), ids.len());
    let longest = file_name(&"a/".repeat(60), 100);
    assert!(longest.len() < 200, "{longest}");
    assert_eq!(file_name("con.x", 2), format!("con-x-{}-step-2.snap", &hex(&Sha256::digest("con.x"))[..8]));
    for name in names {
        let name = name.strip_suffix(".snap").unwrap();
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]
    #[test]
    fn any_fault_survives_the_file(message in any::<String>(), source in any::<String>(), case in any::<String>()) {
        let content = fault(&message);
        prop_assert_eq!(read(&write(&source, &case, 1, &content)).unwrap(), content);
    }

    #[test]
    fn texts_differ_where_faults_do(one in "[a\\\\nu{}|: \n\r]{0,6}", other in "[a\\\\nu{}|: \n\r]{0,6}") {
        prop_assert_eq!(fault(&one) == fault(&other), one == other);
    }
}
