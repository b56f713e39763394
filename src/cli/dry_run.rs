//! `ipamspec run --dry-run`: what a run would send, and why a case would be skipped; nothing is sent.

use super::{on_terminal, print, refuse, run::Arguments};
use crate::{
    case::Suite,
    report,
    runner::{Options, Target, dry_run},
    verdict::exit,
};

/// Stands for the reference server, which takes a free port when a run starts it.
const REFERENCE: &str = "net.tcp://reference.invalid";

/// Plans, prints, and gives the exit code. Without a target it is the reference server, which is not started.
pub(super) fn dry_run(suite: &Suite, target: Option<Target>, options: &Options, arguments: &Arguments) -> u8 {
    let (target, reference) = match target {
        Some(target) => (target, false),
        None => match Target::reference(REFERENCE) {
            Ok(target) => (target, true),
            Err(error) => return refuse(&error.to_string()),
        },
    };
    let plan = match dry_run::dry_run(suite, &target, reference, options) {
        Ok(plan) => plan,
        Err(nothing) => return refuse(&nothing.to_string()),
    };
    if arguments.json {
        match serde_json::to_string_pretty(&plan) {
            Ok(text) => print(&format!("{text}\n")),
            Err(error) => return refuse(&format!("cannot write JSON: {error}")),
        }
    } else {
        print(&report::dry_run(&plan, arguments.verbose > 0, arguments.color.applies(on_terminal())));
    }
    if plan.cases.is_empty() { exit::NOTHING_SELECTED } else { exit::GREEN }
}
