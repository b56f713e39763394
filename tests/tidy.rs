//! Holds the rules of the house: which folder may use which, what a pure folder may not touch, how a file looks.
//!
//! Every rule is a function from a file to complaints, and has a test of its own that makes it complain. Leaves out
//! what clippy and rustfmt see. The rules and their reasons are in `ARCHITECTURE.md` and `CONTRIBUTING.md`.

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

/// What each folder of `src` may use besides `spec` and `xml`; `*` is everything.
const HOUSE: &[(&str, &[&str])] = &[
    ("spec", &[]),
    ("xml", &[]),
    ("wire", &[]),
    ("soap", &[]),
    ("session", &["wire", "soap"]),
    ("verdict", &["session"]),
    ("model", &["verdict", "session", "soap"]),
    ("case", &["verdict", "session", "soap", "wire"]),
    ("report", &["verdict", "session", "model"]),
    ("transport", &["session", "soap", "wire"]),
    // Not model, session or verdict: the server is a second reading of the document, to test the first against.
    ("reference", &["transport", "soap", "wire"]),
    ("runner", &["transport", "case", "model", "verdict", "session", "soap", "wire"]),
    ("cli", &["*"]),
    ("api", &["*"]),
];

/// The folders that touch no socket, file, clock, environment or hash map.
const PURE: &[&str] = &["spec", "xml", "wire", "soap", "session", "verdict", "model", "case", "report"];

/// Longer files fail; longer than [`LONG`] are named.
const TOO_LONG: usize = 800;
const LONG: usize = 600;

#[test]
fn folders_use_only_what_they_may() {
    hold(&rust_files("src"), layering);
}

#[test]
fn the_table_names_every_folder() {
    let mut folders: BTreeSet<_> =
        rust_files("src").iter().filter_map(|file| file.folder().map(str::to_owned)).collect();
    folders.insert("api".to_owned());
    assert_eq!(folders, HOUSE.iter().map(|(folder, _)| (*folder).to_owned()).collect());
}

#[test]
fn pure_folders_are_pure() {
    hold(&rust_files("src"), purity);
}

#[test]
fn pure_folders_deny_what_clippy_knows() {
    hold(&rust_files("src"), denial);
}

#[test]
fn files_say_what_they_are_for_and_are_not_long() {
    let files: Vec<_> = ["src", "tests", "benches", "fuzz"].into_iter().flat_map(rust_files).collect();
    hold(&files, heading);
    hold(&files, length);
    for file in files.iter().filter(|file| file.lines() > LONG) {
        writeln!(std::io::stderr(), "long: {} has {} lines; ask why", file.path, file.lines()).ok();
    }
}

#[test]
fn nothing_is_left_undone_allowed_or_unsafe() {
    hold(&["src", "tests", "benches"].into_iter().flat_map(rust_files).collect::<Vec<_>>(), shortcuts);
}

#[test]
fn only_the_command_line_prints() {
    hold(&rust_files("src"), printing);
}

#[test]
fn no_file_names_a_place_on_somebodys_machine() {
    hold(&text_files(), machine_paths);
}

/// A file of the package.
struct Source {
    /// From the root of the package, with `/`.
    path: String,
    text: String,
}

/// One thing that is wrong: a line from 1, and words.
type Complaint = (usize, String);

impl Source {
    /// The folder of the house that the file belongs to; `main.rs` and `lib.rs` belong to none.
    fn folder(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        match inside.split_once('/') {
            Some((folder, _)) => Some(folder),
            None => inside.strip_suffix(".rs").filter(|name| !matches!(*name, "main" | "lib")),
        }
    }

    fn is_pure(&self) -> bool {
        self.folder().is_some_and(|folder| PURE.contains(&folder))
    }

    fn lines(&self) -> usize {
        self.text.lines().count()
    }
}

fn hold(files: &[Source], rule: fn(&Source) -> Vec<Complaint>) {
    let mut complaints = Vec::new();
    for file in files {
        complaints.extend(rule(file).into_iter().map(|(line, words)| format!("{}:{line}: {words}", file.path)));
    }
    assert!(complaints.is_empty(), "{} broken rules:\n{}", complaints.len(), complaints.join("\n"));
}

fn layering(file: &Source) -> Vec<Complaint> {
    let Some(folder) = file.folder() else { return Vec::new() };
    let Some((_, may)) = HOUSE.iter().find(|(name, _)| *name == folder) else {
        return vec![(1, format!("`{folder}` is not in the table of the house"))];
    };
    // How many `super` lead from the file's own module to the root.
    let depth = file.path.trim_end_matches("/mod.rs").split('/').count() - 1;
    let mut complaints = Vec::new();
    for (line, path) in paths(&tokens(&file.text)) {
        let path: Vec<_> = path.iter().map(String::as_str).collect();
        let supers = path.iter().take_while(|segment| **segment == "super").count();
        let used = match path.as_slice() {
            ["crate" | "ipamspec", used, ..] => *used,
            // Modules within a file climb once more, so this may look too far; only names of the house count then.
            _ if supers >= depth => match path.get(supers) {
                Some(used) if HOUSE.iter().any(|(name, _)| name == used) => used,
                _ => continue,
            },
            _ => continue,
        };
        let common = match folder {
            "spec" => false,
            "xml" => used == "spec",
            _ => used == "spec" || used == "xml",
        };
        if used != folder && !common && !may.contains(&used) && !may.contains(&"*") {
            complaints.push((line, format!("`{folder}` may not use `{used}`")));
        }
    }
    complaints
}

fn purity(file: &Source) -> Vec<Complaint> {
    if !file.is_pure() {
        return Vec::new();
    }
    let tokens = tokens(&file.text);
    let mut complaints = Vec::new();
    for (line, path) in paths(&tokens) {
        let path = path.join("::");
        let outside =
            ["tokio", "hyper", "hyper_util", "tokio_rustls", "std::fs", "std::net", "std::env", "std::process"];
        let outside = outside.into_iter().chain(["std::thread", "std::os"]);
        for name in outside {
            if path == name || path.starts_with(&format!("{name}::")) {
                complaints.push((line, format!("a pure folder may not use `{path}`")));
            }
        }
        if path.ends_with("Instant::now") || path.ends_with("Timestamp::now") {
            complaints.push((line, format!("a pure folder is given the time, and does not ask `{path}`")));
        }
    }
    for token in &tokens {
        if ["async", "await", "SystemTime", "HashMap", "HashSet"].contains(&token.text.as_str()) {
            complaints.push((token.line, format!("a pure folder may not use `{}`", token.text)));
        }
    }
    complaints
}

fn denial(file: &Source) -> Vec<Complaint> {
    let head = "#![deny(clippy::disallowed_types, clippy::disallowed_methods)]";
    if file.is_pure()
        && file.path.matches('/').count() == 2
        && file.path.ends_with("/mod.rs")
        && !file.text.contains(head)
    {
        return vec![(1, format!("a pure folder has `{head}` at its head"))];
    }
    Vec::new()
}

fn heading(file: &Source) -> Vec<Complaint> {
    let first = file.text.lines().next().unwrap_or_default();
    match first.strip_prefix("//! ") {
        Some(words) if words.trim().len() > 10 => Vec::new(),
        _ => vec![(1, "a file opens with `//!` and what it is responsible for".to_owned())],
    }
}

fn length(file: &Source) -> Vec<Complaint> {
    let lines = file.lines();
    if lines > TOO_LONG {
        return vec![(lines, format!("{lines} lines; {TOO_LONG} is the most"))];
    }
    Vec::new()
}

fn shortcuts(file: &Source) -> Vec<Complaint> {
    let tokens = tokens(&file.text);
    let mut complaints = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let near =
            |offset: isize| at.checked_add_signed(offset).and_then(|at| tokens.get(at)).map_or("", |t| t.text.as_str());
        match (token.text.as_str(), near(-1), near(1)) {
            ("allow", "[" | ",", "(") => {
                complaints.push((token.line, "`#[expect(…, reason)]`, not `#[allow]`".to_owned()));
            }
            ("unsafe", ..) => complaints.push((token.line, "no `unsafe`".to_owned())),
            (word @ ("todo" | "unimplemented" | "dbg"), _, "!") => {
                complaints.push((token.line, format!("no `{word}!`")));
            }
            _ => {}
        }
    }
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat()];
    for (number, line) in file.text.lines().enumerate() {
        if let Some(mark) =
            marks.iter().find(|mark| line.split(|c: char| !c.is_alphanumeric()).any(|word| word == *mark))
        {
            complaints.push((number + 1, format!("no {mark}: do it, or write an issue")));
        }
    }
    complaints
}

fn printing(file: &Source) -> Vec<Complaint> {
    if file.folder() == Some("cli") {
        return Vec::new();
    }
    let tokens = tokens(&file.text);
    let pairs = tokens.iter().zip(tokens.iter().skip(1));
    let prints = pairs.filter(|(word, next)| {
        next.text == "!" && ["print", "println", "eprint", "eprintln"].contains(&word.text.as_str())
    });
    prints.map(|(word, _)| (word.line, format!("only `cli` may `{}!`", word.text))).collect()
}

fn machine_paths(file: &Source) -> Vec<Complaint> {
    let is_test = file.path.starts_with("tests/") || file.path.contains("/tests/") || file.path.ends_with("tests.rs");
    let mut places = vec![["/wo", "rk/"].concat(), ["/ro", "ot/"].concat()];
    if !is_test {
        places.push(["/tm", "p/"].concat());
    }
    let mut complaints = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for place in &places {
            // Within a longer path it is somebody else's: `https://host/a/work/b`.
            let alone = |at: usize| {
                !line
                    .get(..at)
                    .and_then(|before| before.chars().last())
                    .is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | '>'))
            };
            if line.match_indices(place.as_str()).any(|(at, _)| alone(at)) {
                complaints.push((number + 1, format!("names `{place}`, a place on one machine")));
            }
        }
    }
    complaints
}

/// A word or a mark of Rust, without comments and what literals hold.
#[derive(Debug, PartialEq, Eq)]
struct Token {
    line: usize,
    text: String,
}

/// Reads Rust as far as the rules need it.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = raw_string(rest) {
            length
        } else if first == '"' || rest.starts_with("b\"") || rest.starts_with("c\"") {
            quoted(rest, '"')
        } else if first == '\'' && is_char_literal(rest) {
            quoted(rest, '\'')
        } else if first.is_alphanumeric() || first == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(Token { line, text: rest.get(..length).unwrap_or_default().to_owned() });
            length
        } else if rest.starts_with("::") {
            tokens.push(Token { line, text: "::".to_owned() });
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(Token { line, text: first.to_string() });
            }
            first.len_utf8()
        };
        let (done, next) = rest.split_at(length);
        line += done.matches('\n').count();
        rest = next;
    }
    tokens
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn raw_string(text: &str) -> Option<usize> {
    let body = text.trim_start_matches(['b', 'c']).strip_prefix('r')?;
    let marks = body.len() - body.trim_start_matches('#').len();
    let body = body.get(marks..)?.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(marks));
    let close = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(text.len() - body.len() + close)
}

fn quoted(text: &str, mark: char) -> usize {
    let mut escaped = false;
    let open = text.find(mark).unwrap_or(0) + 1;
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < open) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == mark => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// `'a'` and `'\n'` are; the lifetime `'a` is not.
fn is_char_literal(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    matches!((chars.next(), chars.next()), (Some('\\'), _) | (Some(_), Some('\'')))
}

/// Every path of two segments or more, groups spread out, with its line.
fn paths(tokens: &[Token]) -> Vec<(usize, Vec<String>)> {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let begins = is_word(&token.text) && text(at + 1) == "::" && (at == 0 || text(at - 1) != "::");
        at = if begins { spread(tokens, at, &[], &mut found) } else { at + 1 };
    }
    found
}

/// Reads one path after `prefix`, and gives where it ends.
fn spread(tokens: &[Token], start: usize, prefix: &[String], found: &mut Vec<(usize, Vec<String>)>) -> usize {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let mut path = prefix.to_vec();
    let mut at = start;
    loop {
        if text(at) == "{" {
            at += 1;
            while !matches!(text(at), "}" | "") {
                at = match text(at) {
                    "," => at + 1,
                    _ => spread(tokens, at, &path, found),
                };
            }
            return at + 1;
        }
        let Some(token) = tokens.get(at) else { return at };
        if is_word(&token.text) || token.text == "*" {
            path.push(token.text.clone());
        }
        at += 1;
        if text(at) == "::" && (is_word(text(at + 1)) || matches!(text(at + 1), "{" | "*")) {
            at += 1;
        } else {
            found.push((token.line, path));
            // Within a group: `as name`.
            return if !prefix.is_empty() && text(at) == "as" { at + 2 } else { at };
        }
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn rust_files(folder: &str) -> Vec<Source> {
    let mut files = text_files();
    let inside = format!("{folder}/");
    files.retain(|file| {
        file.path.starts_with(&inside) && Path::new(&file.path).extension().is_some_and(|ext| ext == "rs")
    });
    files
}

/// Every text file of the checkout that is not built or made by a run, in the order of their paths.
fn text_files() -> Vec<Source> {
    const NOT_OURS: &[&str] = &[".git", "target", "reports", "fuzz/target", "fuzz/corpus", "fuzz/artifacts"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).expect("a folder of the package can be read") {
            let entry = entry.expect("an entry of a folder can be read");
            let inside = folder.join(entry.file_name());
            let path = inside.to_string_lossy().replace('\\', "/");
            if entry.file_type().expect("an entry has a type").is_dir() {
                if !NOT_OURS.contains(&path.as_str()) {
                    folders.push(inside);
                }
            } else if let Ok(text) = fs::read_to_string(entry.path()) {
                files.push(Source { path, text });
            }
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

mod rules_can_fail {
    //! A rule that never complains holds nothing.

    use super::*;

    /// The lines of which `rule` complains.
    fn lines(rule: fn(&Source) -> Vec<Complaint>, path: &str, text: &str) -> Vec<usize> {
        let complaints = rule(&Source { path: path.to_owned(), text: text.to_owned() });
        complaints.into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn layering_sees_every_way_to_name_a_folder() {
        for (path, text, wrong) in [
            ("src/wire/a.rs", "use crate::session::Layer;", true),
            ("src/wire/a.rs", "use crate::{spec::Level, xml};", false),
            ("src/wire/a.rs", "use crate::{\n    spec::{Level, task},\n    session::{End, Layer},\n};", true),
            ("src/wire/a.rs", "fn f() -> crate::session::Layer {}", true),
            ("src/wire/a.rs", "fn f() { let x = g(crate::session::h()); }", true),
            ("src/wire/a.rs", "use super::super::session::Layer;", true),
            ("src/wire/mod.rs", "use super::session::Layer;", true),
            ("src/wire/a.rs", "use super::session::Layer;", false),
            ("src/wire/deep/b.rs", "use super::super::session::Layer;", false),
            ("src/wire/deep/b.rs", "use super::super::super::session::Layer;", true),
            ("src/wire/a.rs", "use ipamspec::session::Layer;", true),
            ("src/wire/a.rs", "use crate::*;", true),
            ("src/wire/a.rs", "pub(crate) use crate::wire::x as y;", false),
            (
                "src/wire/a.rs",
                "//! See [`crate::session`].\n/* crate::session::x */ const A: &str = \"crate::session::x\";",
                false,
            ),
            (
                "src/wire/a.rs",
                "const A: &str = r#\"\"crate::session::x\"#; const B: char = '\"'; use crate::session::C;",
                true,
            ),
            ("src/spec/a.rs", "use crate::xml::QName;", true),
            ("src/xml/a.rs", "use crate::spec::namespace;", false),
            ("src/xml/a.rs", "use crate::soap::Fault;", true),
            ("src/verdict/a.rs", "use crate::soap::Fault;", true),
            ("src/reference/a.rs", "use crate::session::End;", true),
            ("src/runner/a.rs", "use crate::report::json;", true),
            ("src/report/a.rs", "use crate::runner::plan;", true),
            ("src/transport/a.rs", "use crate::verdict::Check;", true),
            ("src/cli/a.rs", "use crate::{runner, report, reference};", false),
            ("src/api.rs", "pub use crate::verdict::Check;", false),
            ("src/lib.rs", "pub use crate::verdict::Check;", false),
            ("src/misc/a.rs", "", true),
        ] {
            assert_eq!(!lines(layering, path, text).is_empty(), wrong, "{path}: {text}");
        }
        assert_eq!(lines(layering, "src/wire/a.rs", "use crate::{\n    spec::Level,\n    session::End,\n};"), [3]);
    }

    #[test]
    fn purity_sees_sockets_files_clocks_and_hash_maps() {
        for text in [
            "async fn f() {}",
            "fn f() { g().await; }",
            "use tokio::net::TcpStream;",
            "use std::{fmt, fs};",
            "use std::{fmt, net::{IpAddr, TcpStream}};",
            "fn f() { std::env::var(\"X\"); }",
            "fn f() { Instant::now(); }",
            "fn f() { std::time::Instant::now(); }",
            "use std::time::SystemTime;",
            "use std::collections::HashMap;",
            "fn f() { std::thread::spawn(g); }",
        ] {
            assert!(!lines(purity, "src/case/a.rs", text).is_empty(), "{text}");
            assert!(lines(purity, "src/runner/a.rs", text).is_empty(), "{text}");
        }
        let fine = "use std::{fmt, time::Duration}; // async\nfn f<'a>(x: &'a str) { \"std::fs\"; env!(\"X\"); }";
        assert!(lines(purity, "src/case/a.rs", fine).is_empty());
    }

    #[test]
    fn the_other_rules_complain() {
        assert_eq!(lines(denial, "src/case/mod.rs", "//! Cases."), [1]);
        assert!(lines(denial, "src/case/deep/mod.rs", "//! Cases.").is_empty());
        assert!(lines(denial, "src/runner/mod.rs", "//! Runs.").is_empty());

        assert_eq!(lines(heading, "src/a.rs", "use std::fmt;"), [1]);
        assert_eq!(lines(heading, "src/a.rs", "//!"), [1]);
        assert_eq!(lines(heading, "src/a.rs", ""), [1]);
        assert!(lines(heading, "src/a.rs", "//! Says what it is for.").is_empty());

        assert_eq!(lines(length, "src/a.rs", &"\n".repeat(801)), [801]);
        assert!(lines(length, "src/a.rs", &"\n".repeat(800)).is_empty());

        let attribute = ["#[al", "low(dead_code)]"].concat();
        assert_eq!(lines(shortcuts, "src/a.rs", &attribute), [1]);
        assert_eq!(lines(shortcuts, "src/a.rs", &format!("\n{}", attribute.replace('#', "#!"))), [2]);
        assert_eq!(lines(shortcuts, "src/a.rs", &["#[cfg_attr(test, al", "low(dead_code))]"].concat()), [1]);
        assert_eq!(lines(shortcuts, "src/a.rs", &["fn f() { un", "safe { g() } }"].concat()), [1]);
        assert_eq!(lines(shortcuts, "src/a.rs", &["fn f() { to", "do!() }"].concat()), [1]);
        assert_eq!(lines(shortcuts, "src/a.rs", &["// TO", "DO: later"].concat()), [1]);
        assert!(lines(shortcuts, "src/a.rs", "fn allow(x: u8) { allow(x, \"unsafe todo!\") }").is_empty());

        assert_eq!(lines(printing, "src/runner/a.rs", "fn f() {\n    println!(\"x\");\n}"), [2]);
        assert!(lines(printing, "src/cli/a.rs", "fn f() { eprintln!(\"x\"); }").is_empty());

        let path = ["/wo", "rk/main"].concat();
        assert_eq!(lines(machine_paths, "README.md", &format!("see\n`{path}`")), [2]);
        assert_eq!(lines(machine_paths, "tests/a.rs", &path), [1]);
        assert!(lines(machine_paths, "README.md", &format!("https://host.example{path}")).is_empty());
        let passing = ["/tm", "p/x"].concat();
        assert_eq!(lines(machine_paths, "README.md", &passing), [1]);
        assert!(lines(machine_paths, "tests/a.rs", &passing).is_empty());
    }

    #[test]
    fn comments_strings_and_lifetimes_are_read_as_such() {
        let words = |text: &str| tokens(text).into_iter().map(|token| token.text).collect::<Vec<_>>().join(" ");
        assert_eq!(words("a /* b /* c */ d */ e // f\ng"), "a e g");
        assert_eq!(words(r##"a "b \" c" d r#"e " f"# g br"h" i b"j" k"##), "a d g i k");
        assert_eq!(words(r"a '\'' b '{' c 'd e"), "a b c ' d e");
        assert_eq!(words("a::{b}"), "a :: { b }");
        assert_eq!(tokens("\"\n\n\" a"), [Token { line: 3, text: "a".to_owned() }]);
    }
}
