//! Stores a run: `events.jsonl` as it happens, and the files rendered from it.
//!
//! An event is on disk before the next one is taken, so that a killed run still has its report.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use crate::{
    session::recording::TraceWriter,
    verdict::{Event, hex},
};

/// The files that are rendered from the record into its folder.
pub const REPORTS: [&str; 9] = [
    "report.json",
    "index.html",
    "junit.xml",
    "summary.md",
    "annotations.txt",
    "code-quality.json",
    "report.tap",
    "badge.json",
    "report.sarif",
];

/// Why a folder or file of a run could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refused.
    #[error("cannot {what} `{path}`: {error}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Another run writes to the same folder.
    #[error("another run writes to `{0}`")]
    Busy(PathBuf),
    /// A line of a record is no event.
    #[error("`{path}` line {line} is no event of ipamspec: {}", without_place(error))]
    NotAnEvent {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        error: serde_json::Error,
    },
}

/// The record of a run while it is written.
#[derive(Debug)]
pub struct EventLog {
    file: File,
    path: PathBuf,
    /// Of what was written.
    digest: Sha256,
}

impl EventLog {
    /// Makes the folder, and an empty `events.jsonl` in it, which is this run's alone while it is open. Reports of an
    /// earlier run are taken away first, so that none of them can be taken for this run's.
    ///
    /// # Errors
    /// The folder or the file cannot be written, or another run writes to it.
    pub fn create(folder: &Path) -> Result<Self, StoreError> {
        make_folder(folder)?;
        let path = folder.join("events.jsonl");
        let opened = OpenOptions::new().create(true).write(true).truncate(false).open(&path);
        let file = opened.map_err(|error| io_error("write", &path, error))?;
        // Where the system knows no locks, two runs are the user's affair.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(StoreError::Busy(folder.to_owned()));
        }
        for stale in REPORTS {
            match fs::remove_file(folder.join(stale)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(io_error("replace", &folder.join(stale), error));
                }
                _ => {}
            }
        }
        file.set_len(0).map_err(|error| io_error("write", &path, error))?;
        Ok(Self { file, path, digest: Sha256::new() })
    }

    /// Writes the record once more where somebody has taken it away meanwhile.
    ///
    /// # Errors
    /// As for [`EventLog::create`] and [`EventLog::write`].
    pub fn restore(&mut self, events: &[Event]) -> Result<(), StoreError> {
        if self.path.exists() {
            return Ok(());
        }
        *self = Self::create(self.path.parent().unwrap_or(Path::new("")))?;
        events.iter().try_for_each(|event| self.write(event))
    }

    /// Writes one event, whole.
    ///
    /// # Errors
    /// The file cannot be written: the disk is full, or the folder is gone.
    pub fn write(&mut self, event: &Event) -> Result<(), StoreError> {
        let mut line = serde_json::to_vec(event).map_err(|error| io_error("write", &self.path, error.into()))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(|error| io_error("write", &self.path, error))?;
        self.digest.update(&line);
        Ok(())
    }

    /// Seals the record: what is changed before the seal can be found.
    ///
    /// # Errors
    /// As for [`EventLog::write`].
    pub fn seal(&mut self) -> Result<(), StoreError> {
        let digest = hex(&self.digest.clone().finalize());
        self.write(&Event::Sealed { digest })
    }
}

/// What the seal of a record says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seal {
    /// It is whole.
    Whole,
    /// There is none: the run was killed, or an older version wrote it.
    None,
    /// It is that of another text: it was changed.
    Broken,
}

/// Looks at the seal of a record.
///
/// # Errors
/// The file cannot be read.
pub fn seal_of(path: &Path) -> Result<Seal, StoreError> {
    let bytes = fs::read(path).map_err(|error| io_error("read", path, error))?;
    let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let start = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let (before, last) = bytes.split_at(start);
    Ok(match serde_json::from_slice(last) {
        Ok(Event::Sealed { digest }) if digest == hex(&Sha256::digest(before)) => Seal::Whole,
        Ok(Event::Sealed { .. }) => Seal::Broken,
        _ => Seal::None,
    })
}

/// A trace file while it is written: what was seen on the sessions of each case, when the case has finished.
#[derive(Debug)]
pub struct TraceFile {
    file: File,
    path: PathBuf,
}

impl TraceFile {
    /// Makes the file, with its first line.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let mut file = File::create(path).map_err(|error| io_error("write", path, error))?;
        let tool = concat!("ipamspec ", env!("CARGO_PKG_VERSION"));
        let now = jiff::Timestamp::now();
        let head = TraceWriter::head(tool, &now.round(jiff::Unit::Second).unwrap_or(now).to_string());
        file.write_all(head.as_bytes()).map_err(|error| io_error("write", path, error))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Writes what an event holds of sessions. Each is called by its case and its name there.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, event: &Event) -> Result<(), StoreError> {
        let Event::CaseFinished(case) = event else { return Ok(()) };
        let mut text = String::new();
        for line in &case.evidence.observations {
            text.push_str(&TraceWriter::renamed(line, &case.id));
        }
        self.file.write_all(text.as_bytes()).map_err(|error| io_error("write", &self.path, error))
    }
}

/// Makes the folder of a run, where there is none.
///
/// # Errors
/// It cannot be made: a file stands in its place, or the system refuses.
pub fn make_folder(folder: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(folder).map_err(|error| io_error("make the folder", folder, error))
}

/// Writes a file of a report, whole or not at all: half a page says less than none.
///
/// # Errors
/// The file cannot be written.
pub fn write(folder: &Path, name: &str, text: &str) -> Result<(), StoreError> {
    let (path, part) = (folder.join(name), folder.join(format!("{name}.part")));
    fs::write(&part, text).and_then(|()| fs::rename(&part, &path)).map_err(|error| {
        // Where this is refused too, the name says what it is.
        let _ = fs::remove_file(&part);
        io_error("write", &path, error)
    })
}

/// Reads a record back. A last line that was cut off is left out.
///
/// # Errors
/// The file cannot be read, or holds a line that is no event.
pub fn read_events(path: &Path) -> Result<Vec<Event>, StoreError> {
    let file = File::open(path).map_err(|error| io_error("read", path, error))?;
    let mut reader = BufReader::new(file);
    let mut events = Vec::new();
    // Bytes: what was cut off may end within a character.
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let length = reader.read_until(b'\n', &mut text).map_err(|error| io_error("read", path, error))?;
        if length == 0 {
            break;
        }
        match serde_json::from_slice(&text) {
            Ok(event) => events.push(event),
            Err(_) if !text.ends_with(b"\n") => break,
            Err(error) => return Err(StoreError::NotAnEvent { path: path.to_owned(), line, error }),
        }
    }
    Ok(events)
}

/// What is wrong with a line: its own number says where.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.clone(), |(what, _)| what.to_owned())
}

fn io_error(what: &'static str, path: &Path, error: io::Error) -> StoreError {
    StoreError::Io { what, path: path.to_owned(), error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Note;

    fn note(text: &str) -> Event {
        Event::Note(Note { text: text.to_owned(), blocking: false })
    }

    #[test]
    fn a_folder_is_one_runs_at_a_time_and_a_record_that_was_taken_away_comes_back() {
        let folder = std::env::temp_dir().join(format!("ipamspec-store-{}", std::process::id()));
        let path = folder.join("events.jsonl");
        let mut log = EventLog::create(&folder).unwrap();
        log.write(&note("one")).unwrap();
        assert!(matches!(EventLog::create(&folder), Err(StoreError::Busy(_))));
        assert_eq!(read_events(&path).unwrap(), [note("one")], "the other run took nothing away");

        let events = [note("one"), note("two")];
        log.restore(&events).unwrap();
        assert_eq!(read_events(&path).unwrap(), [note("one")], "it is still there");
        fs::remove_dir_all(&folder).unwrap();
        log.restore(&events).unwrap();
        assert_eq!(read_events(&path).unwrap(), events);

        drop(log);
        fs::write(folder.join("report.json"), "{}").unwrap();
        drop(EventLog::create(&folder).unwrap());
        assert_eq!(read_events(&path).unwrap(), []);
        assert!(!folder.join("report.json").exists());
        fs::write(&path, "{\"event\":\"note\",\"text\":\"one\",\"blocking\":false}\n{\"event\":\"no").unwrap();
        assert_eq!(read_events(&path).unwrap(), [note("one")], "a line that was cut off is left out");
        let whole = format!("{}\n", serde_json::to_string(&note("é…\u{1f600}")).unwrap());
        for end in 0..whole.len() {
            let mut cut = whole.as_bytes().to_vec();
            cut.extend(&whole.as_bytes()[..end]);
            fs::write(&path, &cut).unwrap();
            let read = read_events(&path).unwrap();
            assert!(read.len() == 1 || end + 1 == whole.len(), "cut at {end}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
