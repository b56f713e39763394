//! Pictures of the sessions of cases that did not pass: what went to and fro with the point where it broke a requirement,
//! and the way through the machine.
//!
//! Leaves out how pictures are drawn, which `model` knows; there all text is escaped. Bounded: the first cases of a page
//! have pictures, and what they take is taken from its room. Follows the walks and traces of the record.

use serde::Serialize;

use super::Places;
use crate::{
    model::{MACHINES, Machine, Sequence, Walk, machine_svg, sequence_svg},
    report::sanitize::Shown,
    verdict::{self, CaseRecord, Outcome},
};

/// How many sessions of a page are drawn.
pub(super) const SESSIONS: usize = 64;
/// How many ways through a machine: each has every arrow of the machine.
pub(super) const WAYS: usize = 6;
/// The longest text in a picture, in characters.
const TEXT: usize = 80;

/// A picture of a session.
#[derive(Serialize)]
pub(super) struct Picture {
    pub(super) title: Shown,
    /// Inline SVG, whole and escaped.
    pub(super) svg: String,
}

impl Places<'_> {
    /// The pictures of a case; none where it passed.
    pub(super) fn pictures(&mut self, case: &CaseRecord) -> Vec<Picture> {
        if matches!(case.outcome, Outcome::Pass | Outcome::Skip) || self.sessions == 0 {
            return Vec::new();
        }
        let mut pictures = Vec::new();
        for mut sequence in Sequence::of_trace(&case.evidence.trace) {
            // A session has a walk for each side; the server's is the first.
            let Some(walk) = case.evidence.walks.iter().find(|walk| walk.session == sequence.name) else { continue };
            if self.sessions == 0 {
                break;
            }
            let title = Shown::line_within(&format!("Session {}", sequence.name), TEXT);
            mark(&mut sequence, walk);
            let svg = sequence_svg(&sequence);
            if !self.has_room(&svg) {
                break;
            }
            self.sessions -= 1;
            pictures.push(self.picture(title, &svg));
            let machine = MACHINES.into_iter().find(|machine| machine.name == walk.machine);
            let Some(machine) = machine.filter(|_| self.ways > 0 && !walk.broken.is_empty()) else { continue };
            let svg = machine_svg(machine, &Walk { hits: None, path: &walk.path, broken: states(machine, walk) });
            if self.has_room(&svg) {
                self.ways -= 1;
                let title = Shown::line_within(&format!("Its way through {}", machine.name), TEXT);
                pictures.push(self.picture(title, &svg));
            }
        }
        pictures
    }

    fn has_room(&self, svg: &str) -> bool {
        svg.len() <= self.room
    }

    /// A picture whose parts are called as no other's on the page.
    fn picture(&mut self, title: Shown, svg: &str) -> Picture {
        self.room = self.room.saturating_sub(svg.len());
        self.drawn += 1;
        let svg = svg.replace("ipamspec-head", &format!("head-{}", self.drawn));
        Picture { title, svg: svg.replace("ipamspec-tail", &format!("tail-{}", self.drawn)) }
    }
}

/// Marks where a session broke requirements; what only its end shows stands at its last step. Its text is made fit for
/// a page.
fn mark(sequence: &mut Sequence, walk: &verdict::Walk) {
    let fit = |text: &str| Shown::line_within(text, TEXT).to_string();
    sequence.name = fit(&sequence.name);
    for step in &mut sequence.steps {
        step.label = fit(&step.label);
    }
    let last = sequence.steps.len().saturating_sub(1);
    let broken = walk.broken.iter().map(|at| (sequence.place_of_event(at.event).unwrap_or(last), fit(&at.requirement)));
    sequence.broken = broken.collect();
}

/// The states in which a session met what they do not allow, as a set.
fn states(machine: &Machine, walk: &verdict::Walk) -> u16 {
    let mut set = 0;
    for (place, state) in (0..).zip(machine.states) {
        let title = state.title();
        if walk.broken.iter().flat_map(|at| &at.states).any(|name| *name == title) {
            set |= 1_u16.checked_shl(place).unwrap_or(0);
        }
    }
    set
}

#[cfg(test)]
mod tests {
    use crate::{
        model::MACHINES,
        report::{
            html::{listing::tests::carried, to_html},
            sample,
        },
        verdict::{BrokenAt, Outcome, Walk},
        xml,
    };

    /// The pictures of a page whose cases each have a session in which this is said, and whether the page holds a text.
    fn pictures(said: &str, outcome: Outcome) -> Vec<String> {
        let mut record = sample::record();
        let machine = MACHINES[0];
        for case in &mut record.cases {
            case.outcome = outcome;
            case.evidence.trace = ["+0 ms -> InitializeOperationParameters", "+2 ms <- ", "+9 ms .. nothing"]
                .map(|line| format!("main {line}{}", if line.ends_with("<- ") { said } else { "" }))
                .into();
            case.evidence.walks = vec![Walk {
                session: "main".to_owned(),
                machine: machine.name.to_owned(),
                path: vec![0],
                not_judged_after_step: None,
                broken: vec![BrokenAt {
                    requirement: "progress.nothing-after-end".to_owned(),
                    event: 2,
                    states: vec![machine.states[2].title()],
                }],
            }];
        }
        let (_, details) = carried(&to_html(&record));
        let pictures = details.iter().filter_map(|detail| detail["pictures"].as_array()).flatten();
        pictures.map(|picture| picture["svg"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_case_that_fails_shows_where_its_session_broke() {
        let svgs = pictures("Late<b>&\u{1b}", Outcome::Fail);
        assert!(svgs.len() > super::WAYS, "{}", svgs.len());
        for svg in &svgs {
            xml::read(svg.as_bytes(), &xml::Limits::default()).unwrap_or_else(|error| panic!("{error}: {svg}"));
        }
        assert!(svgs[0].contains("Late&lt;b") && svgs[0].contains("✗ progress.nothing-after-end"), "{}", svgs[0]);
        assert!(svgs[1].contains("OperationWithProgress Initialized") && svgs[1].contains("#c22"), "{}", svgs[1]);
        let ways = svgs.iter().filter(|svg| svg.contains("OperationWithProgress Initialized")).count();
        assert_eq!(ways, super::WAYS);
    }

    #[test]
    fn what_passed_has_no_pictures() {
        assert!(pictures("x", Outcome::Pass).is_empty());
        assert!(pictures("x", Outcome::Skip).is_empty());
    }
}
