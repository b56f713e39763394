//! What a smoke test found, on a terminal: point by point, then what to do first.
//!
//! Leaves out deciding.

use super::{
    prose::Prose,
    words::{Tone, count},
};
use crate::verdict::{PointStatus, Smoke};

/// Where the text of a point begins: after its word and its name.
const NAME: usize = 26;

/// The text; with `every`, the cases that a run would skip are named.
pub fn smoke(smoke: &Smoke, every: bool, colour: bool) -> String {
    let mut out = Prose::new(colour);
    out.title(&format!("{} at {}", smoke.target.name, smoke.target.url)).gap();
    for point in &smoke.points {
        let (symbol, tone) = match point.status {
            PointStatus::Works => ("✓", Tone::Good),
            PointStatus::Fails => ("✗", Tone::Bad),
            PointStatus::NotReached => ("–", Tone::Unknown),
            PointStatus::Note => ("·", Tone::Quiet),
        };
        let found = match (point.status, point.found.is_empty()) {
            (PointStatus::NotReached, true) => PointStatus::NotReached.as_str(),
            (_, _) => &point.found,
        };
        out.marked(0, tone, &format!("{symbol} {}", point.name), NAME + 2, found);
        if !point.cases.is_empty() {
            let skips = format!("a run skips {}", count(point.cases.len(), "case"));
            let next = point.next.as_ref().filter(|_| point.status == PointStatus::Note);
            let next = next.map(|next| format!("; {next}")).unwrap_or_default();
            out.labelled(0, "", NAME + 2, &format!("{skips}{next}"));
            for case in point.cases.iter().filter(|_| every) {
                out.labelled(0, "", NAME + 2, case);
            }
        }
    }
    out.gap();
    match &smoke.next {
        Some(next) => out.marked(0, Tone::Bad, "Next:", 5, next),
        None => out.marked(0, Tone::Good, "It works:", 9, "a run can judge this target."),
    };
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{Point, TargetRecord};

    fn found(points: Vec<Point>) -> Smoke {
        let target = TargetRecord {
            name: "Contoso IPAM 4.2".to_owned(),
            url: "http://ipam.contoso.example:8080".to_owned(),
            transport: "http".to_owned(),
            security: "none".to_owned(),
            reference: false,
            argument: None,
        };
        Smoke::of(target, points)
    }

    #[test]
    fn the_first_that_fails_says_what_to_do() {
        let smoke_of = |every| {
            let points = vec![
                Point::new("connect", PointStatus::Works, "ipam.contoso.example:8080"),
                Point::new("IsIpamConfigured", PointStatus::Works, "answers false"),
                Point::new("provisioned", PointStatus::Fails, "the target says that it is not")
                    .with_next("provision the server")
                    .with_cases(vec!["a/b".to_owned(), "a/c".to_owned()]),
                Point::new("access", PointStatus::Fails, "denied").with_next("ask for it"),
                Point::new("conversion", PointStatus::NotReached, ""),
                Point::new("effects", PointStatus::Note, "allowed: read")
                    .with_next("allow start-task in the target file: [allow] effects, or with --allow")
                    .with_cases(vec!["a/d".to_owned()]),
            ];
            smoke(&found(points), every, false)
        };
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../../snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.bind(|| insta::assert_snapshot!("smoke_fails", smoke_of(false)));
        assert!(smoke_of(true).contains("a/c\n"));
    }

    #[test]
    fn the_exit_code_is_that_of_the_points() {
        let good = found(vec![Point::new("connect", PointStatus::Works, "x")]);
        assert_eq!((good.exit_code, good.next.as_deref()), (0, None));
        assert!(smoke(&good, false, false).ends_with("a run can judge this target.\n"));
        let note = found(vec![Point::new("vars", PointStatus::Note, "x").with_next("y")]);
        assert_eq!((note.exit_code, note.next.as_deref()), (0, None));
        let bad = found(vec![Point::new("connect", PointStatus::Fails, "x").with_next("y")]);
        assert_eq!((bad.exit_code, bad.next.as_deref()), (3, Some("y")));
    }
}
