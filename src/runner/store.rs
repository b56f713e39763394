//! Stores a run: `events.jsonl` as it happens, and the files rendered from it.
//!
//! An event is on disk before the next one is taken, so that a killed run still has its report.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use crate::verdict::Event;

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
    /// A line of a record is no event.
    #[error("`{path}` line {line} is no event of ipamspec: {error}")]
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
}

impl EventLog {
    /// Makes the folder, and an empty `events.jsonl` in it. Reports of an earlier run are taken away first, so that
    /// none of them can be taken for this run's.
    ///
    /// # Errors
    /// The folder or the file cannot be written.
    pub fn create(folder: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(folder).map_err(|error| io_error("make the folder", folder, error))?;
        for stale in ["report.json", "index.html"] {
            match fs::remove_file(folder.join(stale)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(io_error("replace", &folder.join(stale), error));
                }
                _ => {}
            }
        }
        let path = folder.join("events.jsonl");
        let file = File::create(&path).map_err(|error| io_error("write", &path, error))?;
        Ok(Self { file, path })
    }

    /// Writes one event, whole.
    ///
    /// # Errors
    /// The file cannot be written: the disk is full, or the folder is gone.
    pub fn write(&mut self, event: &Event) -> Result<(), StoreError> {
        let mut line = serde_json::to_vec(event).map_err(|error| io_error("write", &self.path, error.into()))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(|error| io_error("write", &self.path, error))
    }
}

/// Writes a file of a report.
///
/// # Errors
/// The file cannot be written.
pub fn write(folder: &Path, name: &str, text: &str) -> Result<(), StoreError> {
    let path = folder.join(name);
    fs::write(&path, text).map_err(|error| io_error("write", &path, error))
}

/// Reads a record back. A last line that was cut off is left out.
///
/// # Errors
/// The file cannot be read, or holds a line that is no event.
pub fn read_events(path: &Path) -> Result<Vec<Event>, StoreError> {
    let file = File::open(path).map_err(|error| io_error("read", path, error))?;
    let mut reader = BufReader::new(file);
    let mut events = Vec::new();
    let mut text = String::new();
    for line in 1.. {
        text.clear();
        let length = reader.read_line(&mut text).map_err(|error| io_error("read", path, error))?;
        if length == 0 {
            break;
        }
        match serde_json::from_str(&text) {
            Ok(event) => events.push(event),
            Err(_) if !text.ends_with('\n') => break,
            Err(error) => return Err(StoreError::NotAnEvent { path: path.to_owned(), line, error }),
        }
    }
    Ok(events)
}

fn io_error(what: &'static str, path: &Path, error: io::Error) -> StoreError {
    StoreError::Io { what, path: path.to_owned(), error }
}
