//! Reads the files that people write: folders of cases, target files.
//!
//! Leaves out what they say. What is read is bounded, so that a wrong path harms nobody.

use std::{
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
};

use crate::case::SourceFile;

/// The largest file that is read, in bytes.
pub const LARGEST: u64 = 1 << 20;
/// The most files of a folder.
const MOST: usize = 20_000;
/// How deep folders may stand in each other.
const DEEPEST: usize = 32;

/// Why a file or a folder could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system refused.
    #[error("cannot read `{}`: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is too large to be a file that a person wrote.
    #[error("cannot read `{}`: it is larger than {LARGEST} bytes, which no file that a person wrote is", .0.display())]
    TooLarge(PathBuf),
    /// Its bytes, or its name, are no UTF-8.
    #[error("cannot read `{}`: it is not UTF-8; save it as UTF-8", .0.display())]
    NotUtf8(PathBuf),
    /// A folder with too many files in it.
    #[error("cannot read `{}`: it holds more than {MOST} files or folders more than {DEEPEST} deep; name the folder of cases", .0.display())]
    TooMany(PathBuf),
    /// A folder without a case file.
    #[error("no case file is in `{}`: case files end in `.toml`", .0.display())]
    Nothing(PathBuf),
}

impl FileError {
    /// The file or folder.
    pub fn path(&self) -> &Path {
        match self {
            Self::Io { path, .. }
            | Self::TooLarge(path)
            | Self::NotUtf8(path)
            | Self::TooMany(path)
            | Self::Nothing(path) => path,
        }
    }

    /// Whether nothing of that sort is there: another name may be meant.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Io { .. })
    }
}

/// Reads a file of at most 1 MiB. Its path is kept as it is given.
///
/// # Errors
/// When it cannot be read, is too large, or is not UTF-8.
pub fn read_file(path: &Path) -> Result<SourceFile, FileError> {
    Ok(SourceFile::new(path.display().to_string(), read_text(path)?))
}

/// Reads a file that we write and people complete, of at most 64 MiB. Its path is kept as it is given.
///
/// # Errors
/// As for [`read_file`].
pub fn read_large(path: &Path) -> Result<SourceFile, FileError> {
    let bytes = bytes_within(path, LARGEST << 6)?;
    let text = String::from_utf8(bytes).map_err(|_| FileError::NotUtf8(path.to_owned()))?;
    Ok(SourceFile::new(path.display().to_string(), text))
}

/// Reads a file of at most 1 MiB, whatever its bytes are.
///
/// # Errors
/// When it cannot be read or is too large.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, FileError> {
    bytes_within(path, LARGEST)
}

fn bytes_within(path: &Path, largest: u64) -> Result<Vec<u8>, FileError> {
    let io = |source| FileError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    // A pipe has no length, so that the bytes are counted as they come.
    File::open(path).map_err(io)?.take(largest + 1).read_to_end(&mut bytes).map_err(io)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > largest) {
        return Err(FileError::TooLarge(path.to_owned()));
    }
    Ok(bytes)
}

/// Reads every `.toml` file below a folder, sorted by path. Paths are relative to the folder, with `/` between
/// components. Names that begin with `.` and links to folders are left out.
///
/// # Errors
/// When something cannot be read, is too large, is not UTF-8, or when there is no such file.
pub fn read_folder(folder: &Path) -> Result<Vec<SourceFile>, FileError> {
    let mut files = Vec::new();
    collect(folder, "", 0, &mut files)?;
    if files.is_empty() {
        return Err(FileError::Nothing(folder.to_owned()));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn read_text(path: &Path) -> Result<String, FileError> {
    let text = String::from_utf8(read_bytes(path)?).map_err(|_| FileError::NotUtf8(path.to_owned()))?;
    Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned))
}

fn collect(folder: &Path, prefix: &str, depth: usize, files: &mut Vec<SourceFile>) -> Result<(), FileError> {
    let io = |source| FileError::Io { path: folder.to_owned(), source };
    if depth > DEEPEST {
        return Err(FileError::TooMany(folder.to_owned()));
    }
    for entry in fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        let path = entry.path();
        let name = entry.file_name();
        let Some(name) = name.to_str() else { return Err(FileError::NotUtf8(path)) };
        if name.starts_with('.') {
            continue;
        }
        let relative = format!("{prefix}{name}");
        if entry.file_type().map_err(io)?.is_dir() {
            collect(&path, &format!("{relative}/"), depth + 1, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
            if files.len() == MOST {
                return Err(FileError::TooMany(folder.to_owned()));
            }
            files.push(SourceFile::new(relative, read_text(&path)?));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::embedded;

    #[test]
    fn the_embedded_suite_is_the_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
        let on_disk = match read_folder(&folder) {
            Err(FileError::Nothing(_) | FileError::Io { .. }) => Vec::new(),
            read => read.unwrap(),
        };
        let (embedded, on_disk): (Vec<_>, Vec<_>) = (embedded(), on_disk);
        let paths = |files: &[SourceFile]| files.iter().map(|file| file.path.to_string()).collect::<Vec<_>>();
        assert_eq!(paths(&embedded), paths(&on_disk));
        assert_eq!(embedded, on_disk);
    }

    #[test]
    fn a_folder_is_read_by_path() {
        let folder = std::env::temp_dir().join(format!("ipamspec-files-{}", std::process::id()));
        let write = |path: &str, bytes: &[u8]| {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        };
        write("b/c.toml", b"1");
        write("b.toml", "\u{feff}2".as_bytes());
        write("a/.hidden.toml", b"3");
        write("notes.md", b"4");
        let files = read_folder(&folder).unwrap();
        let paths: Vec<_> = files.iter().map(|file| (&*file.path, &*file.text)).collect();
        assert_eq!(paths, [("b.toml", "2"), ("b/c.toml", "1")]);

        write("wrong/x.toml", b"\xff");
        assert!(read_folder(&folder).unwrap_err().to_string().contains("not UTF-8"));
        assert!(matches!(read_folder(&folder.join("a")), Err(FileError::Nothing(_))));
        assert!(matches!(read_folder(&folder.join("none")), Err(FileError::Io { .. })));
        write("large/x.toml", &vec![b'#'; 1 + (1 << 20)]);
        assert!(matches!(read_folder(&folder.join("large")), Err(FileError::TooLarge(_))));
        fs::remove_dir_all(&folder).unwrap();
    }
}
