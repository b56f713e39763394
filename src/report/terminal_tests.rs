//! Tests of what a terminal is told. The golden outputs are in `snapshots/`.

use super::*;
use crate::report::sample;

fn all(record: &Record, detail: Detail, colour: bool) -> String {
    let mut terminal = Terminal::new(detail, colour);
    let mut out: String = sample::events(record).iter().map(|event| terminal.event(event)).collect();
    out.push_str(&terminal.finish(record, Some("reports/contoso/index.html")));
    out
}

#[test]
fn output_is_golden() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        insta::assert_snapshot!("terminal_findings", all(&sample::record(), Detail::Findings, false));
        insta::assert_snapshot!("terminal_every", all(&sample::record(), Detail::Every, false));
        insta::assert_snapshot!("terminal_evidence", all(&sample::record(), Detail::Evidence, false));
        insta::assert_snapshot!("terminal_quiet", all(&sample::record(), Detail::Quiet, false));
        insta::assert_snapshot!("terminal_reference", all(&sample::passing(), Detail::Findings, false));
        insta::assert_snapshot!("terminal_dead_target", all(&sample::dead(40), Detail::Findings, false));
    });
}

#[test]
fn the_first_and_the_last_line_say_reference() {
    let out = all(&sample::passing(), Detail::Findings, false);
    assert!(out.lines().next().unwrap().contains("reference"));
    assert!(out.lines().last().unwrap().starts_with("claim: reference"));
    assert!(!all(&sample::record(), Detail::Every, false).lines().next().unwrap().contains("reference"));
}

#[test]
fn a_dead_target_takes_one_screen() {
    let out = all(&sample::dead(1_000), Detail::Findings, false);
    assert!(out.lines().count() <= 24, "{out}");
    assert!(out.lines().all(|line| line.chars().count() <= WIDTH), "{out}");
}

#[test]
fn many_findings_are_cut_with_a_pointer() {
    let out = all(&sample::many(1_000), Detail::Quiet, false);
    assert!(out.contains("and 80 more findings in"), "{}", &out[out.len() - 400..]);
    assert_eq!(out.matches("replay").count(), FINDINGS);
}

#[test]
fn colour_changes_nothing_but_colour() {
    for detail in [Detail::Quiet, Detail::Findings, Detail::Every, Detail::Evidence] {
        let painted = all(&sample::record(), detail, true);
        assert!(painted.contains("\x1b[1;31mfail"));
        let codes = regex_lite::Regex::new("\x1b\\[[0-9;]*m").unwrap();
        assert_eq!(codes.replace_all(&painted, ""), all(&sample::record(), detail, false));
    }
}

#[test]
fn nothing_a_target_says_reaches_the_terminal_raw() {
    for text in ["\x1b[2J\x1b]0;owned\x07", "a\r\nclaim: full", "\u{202e}evil\u{9b}1m", "\0", &"x".repeat(100_000)] {
        let out = all(&sample::hostile(text), Detail::Evidence, false);
        assert!(!out.contains(|c: char| c.is_control() && c != '\n'), "{out}");
        assert!(!out.contains('\u{202e}'));
        assert!(!out.lines().any(|line| line == "claim: full"));
    }
}

#[test]
fn a_finding_shows_what_was_made_up_for_it() {
    let mut record = sample::record();
    record.cases[1].generated = Some(sample::generated("Discovery\u{200b}"));
    let out = all(&record, Detail::Findings, false);
    assert!(out.contains(r#"task_type = "Discovery\u{200b}""#), "{out}");
}

#[test]
fn commands_stay_whole() {
    let mut record = sample::record();
    let command = format!("ipamspec run --target contoso.toml --case '{}'", "long/".repeat(40));
    record.cases[1].replay.clone_from(&command);
    let out = all(&record, Detail::Findings, false);
    assert!(out.lines().any(|line| line.ends_with(&command)));
}

#[test]
fn an_interrupted_run_says_so() {
    let mut record = sample::record();
    record.interrupted = Some("Ctrl-C".to_owned());
    record.suite.cases = 45;
    let out = all(&record, Detail::Findings, false);
    assert!(out.contains("interrupted: Ctrl-C\n") && out.contains("Interrupted: 10 of 45 cases finished. Ctrl-C"));
}
