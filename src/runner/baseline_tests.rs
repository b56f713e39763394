//! Tests of baseline files: what people wrote stays, and mistakes are told where they stand.

use super::*;

const FILE: &str = r#"# Ours: ask the platform team.
[[accepted]]
fingerprint = "aaaa"   # known since spring
case = "a/one"
check = "step-1/answer"
requirement = "a.b"
reason = "the parser is old"
owner = "platform"
issue = "https://issues.example/7"
first_seen = "2026-01-02"
expires = "2026-12-31"

[[accepted]]
fingerprint = "bbbb"
case = "a/two"
check = "step-1/answer"
requirement = "a.b"

[verdicts]
cases = [
    "a/one", # slow
    "a/two",
]
"#;

fn parsed(text: &str) -> Result<Baseline, String> {
    parse(&SourceFile::new("baseline.toml", text)).map_err(|mistakes| mistakes.to_string())
}

#[test]
fn what_people_wrote_stays() {
    let mut baseline = parsed(FILE).unwrap();
    assert_eq!(updated(FILE, &baseline), FILE);
    assert_eq!(baseline.accepted[0].expires.as_deref(), Some("2026-12-31"));
    baseline.accepted.pop();
    baseline.accepted.push(Accepted {
        fingerprint: "cccc".to_owned(),
        case: "a/three".to_owned(),
        first_seen: "2026-02-03".to_owned(),
        expires: None,
        ..baseline.accepted[0].clone()
    });
    baseline.verdicts.insert("a/three".to_owned());
    baseline.verdicts.remove("a/two");
    baseline.inconclusive.push("a/four".to_owned());
    let text = updated(FILE, &baseline);
    for kept in [
        "# Ours: ask the platform team.",
        "\"aaaa\"   # known since spring",
        "\"a/one\", # slow",
        "owner = \"platform\"",
    ] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
    assert!(!text.contains("bbbb") && text.contains("fingerprint = \"cccc\""), "{text}");
    let mut again = parsed(&text).unwrap();
    again.accepted.sort_by(|a, b| a.fingerprint.cmp(&b.fingerprint));
    assert_eq!(again, baseline);
    assert_eq!(updated(&text, &again), text);
}

#[test]
fn a_file_is_begun_and_read_back() {
    let baseline = parsed(FILE).unwrap();
    let text = updated(HEAD, &baseline);
    assert!(text.starts_with("# What this target is known to do"), "{text}");
    assert_eq!(parsed(&text).unwrap(), baseline);
    let empty = Baseline { file: "baseline.toml".to_owned(), ..Baseline::default() };
    assert_eq!(parsed(&updated("", &empty)).unwrap(), empty);
    assert_eq!(parsed(&updated(FILE, &empty)).unwrap(), empty);
}

#[test]
fn mistakes_are_told_where_they_stand() {
    let told = parsed(
        &FILE.replace("reason =", "raeson =").replace("2026-12-31", "2026-13-31").replace("\"bbbb\"", "\"aaaa\""),
    )
    .unwrap_err();
    for part in [
        "`raeson` means nothing in [[accepted]]",
        "did you mean `reason`?",
        "`expires` is no day",
        "the finding `aaaa` is accepted already",
        "baseline.toml:7:1",
        "3 mistakes in baseline.toml",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(parsed("[[accepted]]\ncase = \"x\"\n").unwrap_err().contains("`fingerprint` is missing"));
}
