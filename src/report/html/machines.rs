//! The machines of the page: what the sessions of a run walked of each, and what they did not and why.
//!
//! Leaves out how pictures are drawn, which `model` knows, and layout, which is `templates/machines.html`.

use crate::{
    model::{MACHINES, Walk, machine_svg},
    report::{
        sanitize::Shown,
        words::{count, grouped},
    },
    verdict::{MachineRow, Record},
};

/// A machine and how much of it was walked.
pub(super) struct Machine {
    pub(super) name: Shown,
    pub(super) section: Shown,
    /// How many of its states, transitions and pairs of them.
    pub(super) tally: String,
    pub(super) total: String,
    /// The picture, with how often each transition was taken: inline SVG, whole and escaped. Empty where the record tells of
    /// another machine than that of this name here.
    pub(super) svg: String,
    pub(super) arrows: Vec<Arrow>,
}

/// A transition.
pub(super) struct Arrow {
    pub(super) hits: String,
    pub(super) from: Shown,
    pub(super) event: Shown,
    pub(super) to: Shown,
    /// Why it was not taken, where it was not.
    pub(super) reason: Shown,
}

/// The machines of a record, those that no session was judged by included.
pub(super) fn machines(record: &Record) -> Vec<Machine> {
    record.machines.iter().enumerate().map(|(place, row)| machine(place, row)).collect()
}

/// The picture of a machine. Its parts are called as no other's on the page.
fn drawn(place: usize, row: &MachineRow) -> Option<String> {
    let machine = MACHINES.into_iter().find(|machine| machine.name == row.name)?;
    let known = machine.record();
    let same = known.transitions.len() == row.transitions.len()
        && known
            .transitions
            .iter()
            .zip(&row.transitions)
            .all(|(known, row)| (&known.from, &known.event, &known.to) == (&row.from, &row.event, &row.to));
    let hits: Vec<u64> = row.transitions.iter().map(|transition| transition.hits).collect();
    let svg = same.then(|| machine_svg(machine, &Walk { hits: Some(&hits), ..Walk::default() }))?;
    Some(svg.replace("ipamspec-", &format!("machine-{place}-")))
}

fn machine(place: usize, row: &MachineRow) -> Machine {
    let taken = row.transitions.iter().filter(|transition| transition.hits > 0).count();
    let of = |number: usize, all: usize, noun: &str| format!("{} of {}", grouped(number), count(all, noun));
    let tally = [
        of(row.reached.len(), row.states.len(), "state"),
        of(taken, row.transitions.len(), "transition"),
        of(row.pairs.taken.len(), row.pairs.possible, "pair") + " that could follow one another",
    ];
    Machine {
        name: Shown::line(&row.name),
        section: Shown::line(&format!("[MS-IPAMM2] {}", row.section)),
        tally: tally.join(", "),
        svg: drawn(place, row).unwrap_or_default(),
        total: count(row.transitions.len(), "transition"),
        arrows: row
            .transitions
            .iter()
            .map(|transition| Arrow {
                hits: usize::try_from(transition.hits).map_or_else(|_| transition.hits.to_string(), grouped),
                from: Shown::line(&transition.from),
                event: Shown::line(&match &transition.when {
                    Some(when) => format!("{}, {when}", transition.event),
                    None => transition.event.clone(),
                }),
                to: Shown::line(&transition.to),
                reason: Shown::line(&transition.reason),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        model::MACHINES,
        report::{sample, to_html},
        verdict::{Walk, coverage::coverage},
    };

    #[test]
    fn what_was_walked_is_counted_and_what_was_not_has_a_reason() {
        let mut record = sample::record();
        assert!(!to_html(&record).contains("id=\"machines\""));
        let machines = MACHINES.map(crate::model::Machine::record);
        record.cases[0].evidence.walks.push(Walk {
            session: "main".to_owned(),
            machine: machines[0].name.clone(),
            path: vec![0],
            not_judged_after_step: None,
            broken: Vec::new(),
        });
        record.machines = coverage(&machines, &record.cases);
        let html = to_html(&record);
        let all = machines[0].transitions.len();
        assert!(html.contains(&format!("1 of {all} transitions, 0 of ")), "{all}");
        assert!(html.contains("<a href=\"#machines\">Machines</a>"));
        assert_eq!(html.matches("<svg ").count(), machines.len());
        assert!(html.contains("url(#machine-0-head)") && !html.contains("ipamspec-head"));
        // What another version walked is told in words, not drawn on this one's machine.
        record.machines[0].transitions[0].to = "elsewhere".to_owned();
        assert_eq!(to_html(&record).matches("<svg ").count(), machines.len() - 1);
        let reason = record.machines[0].transitions.iter().find(|row| row.hits == 0).map(|row| &row.reason);
        assert!(reason.is_some_and(|reason| !reason.is_empty() && html.contains(reason.as_str())));
    }
}
