//! Lists the case files for `src/case/embedded.rs`, so that the suite is inside the binary.
//!
//! Leaves out what they say. A file that is added, removed or changed below `cases/` builds the list again.

use std::{
    env,
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let variable =
        |name: &str| env::var_os(name).map(PathBuf::from).ok_or_else(|| io::Error::other(format!("{name} is not set")));
    let cases = variable("CARGO_MANIFEST_DIR")?.join("cases");
    let mut files = Vec::new();
    collect(&cases, "", &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        let below = format!("/cases/{file}");
        let _ = writeln!(list, "    ({file:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {below:?}))),");
    }
    list.push_str("]\n");
    fs::write(variable("OUT_DIR")?.join("embedded_cases.rs"), list)
}

/// Collects the paths of files below a folder, with `/` between components, and asks to be run again when one changes.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<String>) -> io::Result<()> {
    writeln!(io::stdout(), "cargo::rerun-if-changed={}", folder.display())?;
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            return Err(io::Error::other(format!("{} has a name that is no UTF-8", entry.path().display())));
        };
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else if Path::new(name).extension().is_some_and(|extension| extension == "toml") {
            writeln!(io::stdout(), "cargo::rerun-if-changed={}", entry.path().display())?;
            files.push(path);
        }
    }
    Ok(())
}
