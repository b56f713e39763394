//! Keeps recorded faults in a folder, one file a step: reads them before a run, writes what the run got after it.
//!
//! Leaves out their text and format, which are `verdict::snapshot`'s, and which folder it is. A file is whole or as it
//! was: it is written beside and then moved.

use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use super::files::{self, FileError};
use crate::{
    case::Case,
    verdict::{
        CaseRecord, FaultStatus, RecordedFault, RecordedFaults,
        snapshot::{self, file_name},
    },
};

/// A folder of recorded faults, and what may be done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshots {
    /// The folder; it need not be there yet.
    pub folder: PathBuf,
    /// What may be written.
    pub mode: Mode,
}

/// What may be written after a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// New faults as recorded, what drifted beside them for review.
    Record,
    /// Nothing.
    Compare,
    /// What the run got, as recorded.
    Accept,
}

/// What was written after a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Faults that are now recorded.
    pub recorded: usize,
    /// Faults that stand beside the recorded ones for review.
    pub pending: usize,
}

/// Why recorded faults cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CannotCompare {
    /// The folder is none, or is not let be read.
    #[error("cannot read the folder of recorded faults `{}`: {problem}; name another with --snapshots", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Files that are no snapshots, each with what is wrong with it; at least one.
    #[error("{}", broken(.0))]
    Files(Vec<(PathBuf, String)>),
}

/// Why a recorded fault could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the recorded fault `{}`: {error}; the report has it, and --snapshots names another folder", path.display())]
pub struct CannotKeep {
    path: PathBuf,
    error: io::Error,
}

impl Snapshots {
    /// Reads what is recorded for the cases that record faults. What is not there was not recorded.
    ///
    /// # Errors
    /// The folder is none, or every file that cannot be read or is no snapshot.
    pub fn load(&self, cases: &[Case]) -> Result<RecordedFaults, CannotCompare> {
        let mut recorded = RecordedFaults::new();
        let problem = match fs::metadata(&self.folder) {
            Ok(metadata) => (!metadata.is_dir()).then(|| "it is a file".to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(recorded),
            Err(error) => Some(error.to_string()),
        };
        if let Some(problem) = problem {
            return Err(CannotCompare::Folder { path: self.folder.clone(), problem });
        }
        let mut broken = Vec::new();
        for case in cases {
            for (step, _) in (1..).zip(&case.steps).filter(|(_, step)| step.expect.as_ref().is_some_and(|e| e.snapshot))
            {
                let path = self.folder.join(file_name(&case.id, step));
                match read(&path) {
                    Ok(None) => {}
                    Ok(Some(content)) => {
                        recorded.insert((case.id.clone(), step), content);
                    }
                    Err(problem) => broken.push((path, problem)),
                }
            }
        }
        if broken.is_empty() { Ok(recorded) } else { Err(CannotCompare::Files(broken)) }
    }

    /// Writes what a run got, as far as the mode allows.
    ///
    /// # Errors
    /// The first file that cannot be written; those before it are.
    pub fn keep(&self, cases: &[CaseRecord]) -> Result<Written, CannotKeep> {
        let mut written = Written::default();
        if self.mode == Mode::Compare {
            return Ok(written);
        }
        for case in cases {
            for fault in &case.recorded_faults {
                self.keep_one(case, fault, &mut written)?;
            }
        }
        Ok(written)
    }

    fn keep_one(&self, case: &CaseRecord, fault: &RecordedFault, written: &mut Written) -> Result<(), CannotKeep> {
        let path = self.folder.join(file_name(&case.id, fault.step));
        let pending = path.with_extension("snap.new");
        let content = snapshot::write(&case.file, &case.id, fault.step, &fault.got);
        match (fault.status, self.mode) {
            (FaultStatus::Drift, Mode::Record) => {
                written.pending += 1;
                return replace(&pending, &content);
            }
            (FaultStatus::Same, _) => {}
            (FaultStatus::New | FaultStatus::Drift, _) => {
                written.recorded += 1;
                replace(&path, &content)?;
            }
        }
        // What an earlier run left for review is settled.
        match fs::remove_file(&pending) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(CannotKeep { path: pending, error }),
            _ => Ok(()),
        }
    }
}

/// What is wrong with files, on one screen.
fn broken(files: &[(PathBuf, String)]) -> String {
    /// How many are told; the next run tells of the others.
    const TOLD: usize = 10;
    let number = files.len();
    let mut text = format!("{number} recorded fault{} cannot be used:\n", if number == 1 { "" } else { "s" });
    for (path, problem) in files.iter().take(TOLD) {
        let _ = writeln!(text, "  `{}`: {problem}", path.display());
    }
    if number > TOLD {
        let _ = writeln!(text, "  and {} more", number - TOLD);
    }
    text + "restore each from version control, or delete it to record the fault anew; nothing was changed"
}

/// What a file holds; nothing where there is none.
fn read(path: &Path) -> Result<Option<String>, String> {
    let bytes = match files::read_bytes(path) {
        Ok(bytes) => bytes,
        Err(FileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(FileError::Io { source, .. }) => return Err(source.to_string()),
        Err(FileError::TooLarge(_)) => return Err(format!("it is larger than {} bytes", files::LARGEST)),
        Err(error) => return Err(error.to_string()),
    };
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    snapshot::read(&text).map(Some).map_err(str::to_owned)
}

/// Puts a file in place of another, whole.
fn replace(path: &Path, content: &str) -> Result<(), CannotKeep> {
    let told = |error| CannotKeep { path: path.to_owned(), error };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(told)?;
    }
    // Runs may share a folder; no snapshot ends like this.
    let beside = path.with_extension(format!("{}.tmp", std::process::id()));
    let moved = fs::write(&beside, content).and_then(|()| fs::rename(&beside, path));
    moved.map_err(|error| {
        // Nothing half-written stays; where even this fails the first error says why.
        let _ = fs::remove_file(&beside);
        told(error)
    })
}
