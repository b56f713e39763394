//! The line that shows on a terminal how far a run is: `12/45 cases, 1 fail, start_task/none_faults`.
//!
//! Leaves out drawing and the question whether there is a terminal: `cli` prints [`redraw`] in place of the line before,
//! and [`CLEAR`] before anything else.

use std::fmt::Write as _;

use super::{sanitize::Shown, words};
use crate::verdict::{Event, Outcome, Summary};

/// Takes a progress line away: back to the start of the line, which is then erased.
pub const CLEAR: &str = "\r\x1b[2K";

/// How far a run is.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    total: usize,
    done: Summary,
    /// The cases that have begun and not ended, oldest first.
    running: Vec<String>,
}

impl Progress {
    /// Takes in an event.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::RunStarted(run) => self.total = run.cases.len(),
            Event::CaseStarted { id } => self.running.push(id.clone()),
            Event::CaseFinished(case) => {
                self.done.count(case.outcome);
                self.running.retain(|id| *id != case.id);
            }
            _ => {}
        }
    }

    /// The line, shorter than `width` characters: the counts that matter, then the case that runs longest.
    pub fn line(&self, width: usize) -> String {
        let mut line = format!("{}/{} cases", words::grouped(self.done.total()), words::grouped(self.total));
        for outcome in [Outcome::Fail, Outcome::Warn, Outcome::Inconclusive, Outcome::Error] {
            let number = self.done.of(outcome);
            if number > 0 {
                let _ = write!(line, ", {} {outcome}", words::grouped(number));
            }
        }
        if let Some(oldest) = self.running.first() {
            line.push_str(", ");
            line.push_str(oldest);
        }
        let line = Shown::line(&line);
        let room = width.saturating_sub(1);
        if line.as_str().chars().count() <= room {
            return line.to_string();
        }
        line.as_str().chars().take(room.saturating_sub(1)).chain((room > 0).then_some('…')).collect()
    }
}

/// What to print so that a progress line takes the place of the one before.
pub fn redraw(line: &str) -> String {
    format!("{CLEAR}{line}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use proptest::prelude::*;

    #[test]
    fn it_counts_and_names_the_oldest_case() {
        let events = sample::events(&sample::record());
        let mut progress = Progress::default();
        let mut lines = Vec::new();
        for event in &events {
            progress.event(event);
            lines.push(progress.line(80));
        }
        assert_eq!(lines[2], "0/10 cases, start_task/starts_each_task_type/task_type=Discovery");
        assert_eq!(
            lines[6],
            "1/10 cases, start_task/none_faults/body=nil"
                .replace("1/10 cases", "2/10 cases, 1 fail")
                .replace("body=nil", "body=absent")
        );
        assert_eq!(lines.last().unwrap(), "10/10 cases, 3 fail, 1 warn, 1 inconclusive, 1 error");
        assert_eq!(redraw("x"), "\r\x1b[2Kx");
    }

    proptest! {
        #[test]
        fn it_never_fills_the_line_or_leaves_it(id in any::<String>(), width in 0_usize..100) {
            let mut progress = Progress::default();
            progress.event(&Event::CaseStarted { id });
            let line = progress.line(width);
            prop_assert!(line.chars().count() < width.max(1));
            prop_assert!(!line.contains(char::is_control));
        }
    }
}
