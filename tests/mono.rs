//! Binary XML held against Mono's reader: 10,000 documents of random records, and 10,000 random trees in random styles, say
//! to it what they say to ours.
//!
//! Where `mcs` and `mono` are not installed the comparison is skipped and says so, unless `IPAMSPEC_PEERS=require` makes
//! their absence a failure. Leaves out what Mono takes another way (see [`records::Records::value`]). The peer's source is
//! `tests/peers/mono/BinaryXml.cs`.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod records;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use ipamspec::{
    wire::{
        nbfse::{Decoder, Encoder, Limits, encode_without_table},
        nbfx::{Intern, StringTable, Style},
    },
    xml::{Element, Node},
};
use records::{Random, Records, tree};

const DOCUMENTS: usize = 10_000;
const SEED: u64 = 0x0b1a_5eed;

#[test]
fn mono_reads_random_records_as_we_do() {
    let Some(mono) = Mono::new() else { return };
    let mut random = Random(SEED);
    let (mut lines, mut ours) = (String::new(), Vec::new());
    let mut decoder = Decoder::new(Limits::default());
    let mut strings = StringTable::new();
    for number in 0..DOCUMENTS {
        if number % 20 == 0 {
            lines.push_str("NEW\n");
            ours.push(("OK".to_owned(), String::new()));
            (decoder, strings) = (Decoder::new(Limits::default()), StringTable::new());
        }
        let payload = Records::payload(&mut random, &mut strings);
        let document = decoder.decode(&payload).unwrap_or_else(|error| panic!("{error}: {}", hex(&payload)));
        let _ = writeln!(lines, "P {}", hex(&payload));
        ours.push((said(&document.root), hex(&payload)));
    }
    mono.compare(&lines, &ours);
}

#[test]
fn mono_reads_what_we_write_of_random_trees() {
    let Some(mono) = Mono::new() else { return };
    let mut random = Random(SEED + 1);
    let (mut lines, mut ours) = (String::new(), Vec::new());
    let mut encoder = Encoder::new(Style::default());
    for number in 0..DOCUMENTS {
        if number % 20 == 0 {
            lines.push_str("NEW\n");
            ours.push(("OK".to_owned(), String::new()));
            encoder = Encoder::new(style(&mut random));
        }
        let root = tree(&mut random);
        let (mark, payload) = if random.below(5) == 0 {
            ('B', encode_without_table(&root, Style { intern: Intern::Nothing, ..style(&mut random) }))
        } else {
            ('P', encoder.encode(&root))
        };
        let _ = writeln!(lines, "{mark} {}", hex(&payload));
        ours.push((said(&root), hex(&payload)));
    }
    mono.compare(&lines, &ours);
}

#[test]
fn mono_has_the_static_dictionary_that_we_have() {
    let Some(mono) = Mono::new() else { return };
    let theirs = mono.answers("T\n").remove(0);
    let table = StringTable::new();
    let mut differing = Vec::new();
    for word in theirs.split(' ') {
        let (id, text) = word.split_once('=').unwrap();
        let ours = table.get(id.parse().unwrap()).unwrap();
        if escape(ours) != text {
            differing.push(ours);
        }
    }
    // Mono capitalises these, and ends there: it has no `detail`.
    assert_eq!(differing, ["actor", "faultcode", "faultstring", "faultactor"]);
    assert_eq!((theirs.split(' ').count(), table.get(0x3CC)), (486, Some("detail")));
}

fn style(random: &mut Random) -> Style {
    let intern = [Intern::Nothing, Intern::Headers, Intern::Names][random.below(3)];
    Style {
        dictionary: random.below(4) > 0,
        intern,
        letters: random.below(4) > 0,
        with_end_element: random.below(4) > 0,
        typed: random.below(2) > 0,
        arrays: random.below(2) > 0,
        unicode: random.below(4) == 0,
    }
}

/// What an element says, in the words of the peer.
fn said(root: &Element) -> String {
    let mut words = Vec::new();
    let mut rest = vec![Some(root)];
    let mut open: Vec<std::slice::Iter<'_, Node>> = Vec::new();
    loop {
        if let Some(Some(element)) = rest.pop() {
            words.push(format!("<{}|{}", escape(&element.name.namespace), escape(&element.name.local)));
            let mut attributes: Vec<_> = element
                .attributes
                .iter()
                .map(|a| format!("@{}|{}={}", escape(&a.name.namespace), escape(&a.name.local), escape(&a.value)))
                .collect();
            attributes.sort();
            words.append(&mut attributes);
            open.push(element.children.iter());
        }
        let Some(children) = open.last_mut() else { return words.join(" ") };
        match children.next() {
            Some(Node::Element(child)) => rest.push(Some(child)),
            Some(Node::Text(text)) => words.push(format!("#{}", escape(text))),
            None => {
                words.push(">".to_owned());
                open.pop();
            }
        }
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for unit in text.encode_utf16() {
        match char::from_u32(unit.into()) {
            Some(c) if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') => escaped.push(c),
            _ => drop(write!(escaped, "\\u{unit:04x}")),
        }
    }
    escaped
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The peer, built for this test.
struct Mono {
    folder: PathBuf,
}

impl Mono {
    fn new() -> Option<Self> {
        static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("ipamspec-mono-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mono = Self { folder };
        let built = Command::new("mcs")
            .arg(format!("-out:{}", mono.folder.join("BinaryXml.exe").display()))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/mono/BinaryXml.cs"))
            .args(["-r:System.ServiceModel.dll", "-r:System.Runtime.Serialization.dll", "-r:System.Xml.dll"])
            .status();
        match built {
            Ok(status) => assert!(status.success(), "the peer does not compile"),
            Err(error) => {
                assert!(std::env::var("IPAMSPEC_PEERS").as_deref() != Ok("require"), "mcs is required: {error}");
                notice(
                    "skipped: mono is not installed (Debian: mono-mcs mono-runtime libmono-system-servicemodel4.0a-cil)",
                );
                return None;
            }
        }
        Some(mono)
    }

    /// The peer's answer to each line.
    fn answers(&self, lines: &str) -> Vec<String> {
        let input = self.folder.join("lines");
        fs::write(&input, lines).unwrap();
        let output = Command::new("mono")
            .env("TZ", "UTC")
            .arg(self.folder.join("BinaryXml.exe"))
            .arg("oracle")
            .stdin(Stdio::from(fs::File::open(input).unwrap()))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    fn compare(&self, lines: &str, ours: &[(String, String)]) {
        let theirs = self.answers(lines);
        assert_eq!(theirs.len(), ours.len());
        let differing: Vec<_> = theirs.iter().zip(ours).filter(|(theirs, (ours, _))| *theirs != ours).collect();
        let shown: Vec<_> = differing
            .iter()
            .take(5)
            .map(|(theirs, (ours, payload))| format!("{payload}\n  ours:   {ours}\n  theirs: {theirs}"))
            .collect();
        assert!(differing.is_empty(), "{} of {} differ:\n{}", differing.len(), ours.len(), shown.join("\n"));
    }
}

impl Drop for Mono {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Says what a passing test would keep to itself.
#[expect(clippy::print_stderr, reason = "a skipped comparison must be seen")]
fn notice(text: &str) {
    eprintln!("{text}");
}
