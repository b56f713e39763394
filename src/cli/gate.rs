//! The arguments of `run` about gating: the baseline, whether it is written, and which shard runs.
//!
//! Leaves out what a baseline means, which `verdict` says; `docs/baseline.md` says it to users.

use std::path::PathBuf;

use super::loading::Refused;
use crate::{
    runner::{
        Target,
        baseline::{self, BaselineError},
        shard,
    },
    verdict::{Baseline, Record, Shard, record::today},
};

/// The arguments about gating.
#[derive(Debug, clap::Args)]
pub(super) struct GateArguments {
    /// Accept the findings of this baseline; a new, stale or expired one ends with exit code 1, and so does lost coverage
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the baseline as this run has it, keeping comments and what people filled in
    #[arg(long, requires = "baseline", conflicts_with = "shard")]
    update_baseline: bool,
    /// Refuse to run against our own server, which gates nothing: a job that forgot to name its target is not green
    #[arg(long)]
    gate: bool,
    /// Run one part of what is selected, as in 2/4; merge them with `ipamspec report merge`
    #[arg(long, value_name = "I/N", value_parser = shard::parse)]
    pub(super) shard: Option<Shard>,
}

impl GateArguments {
    /// The baseline, where one is named or the gate has its own.
    ///
    /// # Errors
    /// It is wrong, or the target is our own server.
    pub(super) fn load(&self, target: Option<&Target>) -> Result<Option<Baseline>, Refused> {
        if target.is_none() {
            let given = [(self.gate, "--gate"), (self.baseline.is_some(), "--baseline")];
            if let Some((_, option)) = given.iter().find(|(given, _)| *given) {
                let text =
                    format!("{option} judges a target, and the run is against our own server; name one with --target");
                return Err(Refused::Message(text));
            }
        }
        let Some(path) = &self.baseline else { return Ok(None) };
        match baseline::read(path, self.update_baseline) {
            Ok(baseline) => Ok(Some(baseline)),
            Err(BaselineError::Mistakes(mistakes)) => Err(Refused::Mistakes(mistakes)),
            Err(BaselineError::File(error)) if error.is_absent() => {
                Err(Refused::Message(format!("{error}; --update-baseline begins one")))
            }
            Err(error) => Err(Refused::Message(error.to_string())),
        }
    }

    /// Writes the baseline of a run, where that was asked for, and gives it.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn update(&self, record: &Record) -> Result<Option<Baseline>, String> {
        let (true, Some(path), Some(baseline)) = (self.update_baseline, &self.baseline, &record.gate.baseline) else {
            return Ok(None);
        };
        if record.interrupted.is_some() {
            return Err("the run was interrupted: the baseline stays as it was".to_owned());
        }
        let updated = updated(baseline, record);
        baseline::write(path, &updated).map_err(|error| error.to_string())?;
        Ok(Some(updated))
    }
}

/// A baseline after a run.
pub(super) fn updated(baseline: &Baseline, record: &Record) -> Baseline {
    baseline.updated(&record.findings, &record.plan(), &record.cases, today(&record.started))
}
