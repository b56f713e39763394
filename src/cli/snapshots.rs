//! The arguments of `run` about recorded faults: where they are kept, what may be written, when drift fails a run.
//!
//! Leaves out reading and writing them. `docs/snapshots.md` says the same to users.

use std::path::{Path, PathBuf};

use crate::{
    runner::{
        Snapshots, Target,
        snapshots::{Mode, Written},
    },
    spec::Level,
};

/// The arguments about recorded faults.
#[derive(Debug, clap::Args)]
pub(super) struct FaultArguments {
    /// Keep recorded faults in this folder; that of the target file where none is given
    #[arg(long, value_name = "DIR")]
    pub(super) snapshots: Option<PathBuf>,
    /// Take what this run gets as the recorded faults
    #[arg(long)]
    accept: bool,
    /// End with exit code 1 on findings of this level or a stronger one (must, should), and on drift of recorded faults
    #[arg(long, value_name = "KIND", default_value = "must", value_delimiter = ',', value_parser = fail_on)]
    fail_on: Vec<FailOn>,
}

/// What makes a run end with exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FailOn {
    Findings(Level),
    Drift,
}

fn fail_on(word: &str) -> Result<FailOn, String> {
    match word {
        "must" => Ok(FailOn::Findings(Level::Must)),
        "should" => Ok(FailOn::Findings(Level::Should)),
        "drift" => Ok(FailOn::Drift),
        _ => Err("a run fails on: must, should, drift".to_owned()),
    }
}

impl FaultArguments {
    /// The weakest level whose findings fail the run.
    pub(super) fn fail_on(&self) -> Level {
        let weakest = self.fail_on.iter().filter_map(|on| match on {
            FailOn::Findings(level) => Some(*level),
            FailOn::Drift => None,
        });
        weakest.min().unwrap_or(Level::Must)
    }

    /// Whether drift fails the run; what is accepted is no drift any more.
    pub(super) fn fail_on_drift(&self) -> bool {
        self.fail_on.contains(&FailOn::Drift) && !self.accept
    }

    /// Where recorded faults are kept, where they are kept anywhere.
    ///
    /// # Errors
    /// They are to be accepted, and there is no such place.
    pub(super) fn place(&self, target: &Target, reference: bool) -> Result<Option<Snapshots>, String> {
        let of_target = || if reference { of_checkout(Path::new("")) } else { target.snapshots.clone() };
        let Some(folder) = self.snapshots.clone().or_else(of_target) else {
            if self.accept {
                return Err("there is no place to keep the recorded faults: name a folder with --snapshots".to_owned());
            }
            return Ok(None);
        };
        let mode = match (self.accept, in_ci(std::env::var("CI").ok().as_deref())) {
            (true, _) => Mode::Accept,
            (false, true) => Mode::Compare,
            (false, false) => Mode::Record,
        };
        Ok(Some(Snapshots { folder, mode }))
    }
}

/// Where those of the reference server are, where the folder is a checkout of this project.
fn of_checkout(folder: &Path) -> Option<PathBuf> {
    let snapshots = folder.join("snapshots");
    (folder.join("cases").join("requirements").is_dir() && snapshots.is_dir()).then(|| snapshots.join("reference"))
}

/// Whether the environment's `CI` says that this is a job of continuous integration; as insta reads it.
fn in_ci(variable: Option<&str>) -> bool {
    !matches!(variable, None | Some("" | "0" | "false"))
}

/// What was written, for a person; nothing where nothing was.
pub(super) fn told(snapshots: &Snapshots, written: Written) -> String {
    let folder = snapshots.folder.display();
    let files = |number: usize| if number == 1 { "" } else { "s" };
    match written {
        Written { recorded: 0, pending: 0 } => String::new(),
        // A run that leaves faults for review may record new ones as well.
        Written { recorded, pending: 0 } => format!("recorded {recorded} fault{} in {folder}\n", files(recorded)),
        Written { recorded, pending } => format!(
            "recorded {recorded} fault{} in {folder}, and {pending} .snap.new file{} beside those that drifted: look at each, \
             then `ipamspec run --accept`, or `cargo insta review`\n",
            files(recorded),
            files(pending)
        ),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(clap::Parser)]
    struct Command {
        #[command(flatten)]
        arguments: FaultArguments,
    }

    fn parse(words: &[&str]) -> FaultArguments {
        Command::try_parse_from(["run"].iter().chain(words)).map_err(|error| error.to_string()).unwrap().arguments
    }

    #[test]
    fn drift_is_asked_for_beside_the_levels() {
        let of = |words: &[&str]| {
            let arguments = parse(words);
            (arguments.fail_on(), arguments.fail_on_drift())
        };
        assert_eq!(of(&[]), (Level::Must, false));
        assert_eq!(of(&["--fail-on", "drift"]), (Level::Must, true));
        assert_eq!(of(&["--fail-on", "should,drift"]), (Level::Should, true));
        assert_eq!(of(&["--fail-on", "drift", "--fail-on", "should"]), (Level::Should, true));
        assert_eq!(of(&["--fail-on", "drift", "--accept"]), (Level::Must, false));
        let wrong = Command::try_parse_from(["run", "--fail-on", "may"]).err().unwrap().to_string();
        assert!(wrong.contains("must, should, drift"), "{wrong}");
    }

    #[test]
    fn the_folder_is_the_argument_then_the_targets_then_the_checkouts() {
        let with = |snapshots: Option<&str>| Target {
            snapshots: snapshots.map(PathBuf::from),
            ..Target::from_url("http://127.0.0.1:1/x", &[]).unwrap()
        };
        let folder = |words: &[&str], target: &Target, reference| {
            parse(words).place(target, reference).map(|place| place.map(|place| place.folder))
        };
        assert_eq!(folder(&["--snapshots", "s"], &with(Some("t")), false), Ok(Some("s".into())));
        assert_eq!(folder(&[], &with(Some("t")), false), Ok(Some("t".into())));
        assert_eq!(folder(&[], &with(None), false), Ok(None));
        assert!(folder(&["--accept"], &with(None), false).unwrap_err().contains("--snapshots"));
        // Tests run in the checkout.
        assert_eq!(folder(&[], &with(None), true), Ok(Some("snapshots/reference".into())));
        assert_eq!(of_checkout(Path::new("src")), None);
    }

    #[test]
    fn ci_is_what_insta_takes_for_it() {
        let said = [None, Some(""), Some("0"), Some("false"), Some("true"), Some("1"), Some("yes")];
        assert_eq!(said.map(in_ci), [false, false, false, false, true, true, true]);
    }
}
