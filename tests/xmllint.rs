//! The strict reader held against libxml2: the same verdict on 5,000 mutated envelopes, made from a fixed seed.
//!
//! Leaves out what the two refuse by intent: DTDs, encodings other than UTF-8, and spellings that libxml2 takes another way
//! (see [`intended`]); those are counted. Follows `xmllint --noout`, whose namespace errors are refusals too.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use ipamspec::xml::{Limits, XmlError, XmlErrorKind, read};

const DOCUMENTS: usize = 5000;
/// How many files one xmllint is given.
const BATCH: usize = 500;
const SEED: u64 = 0x1bad_5eed;

const ENVELOPES: [&str; 6] = [
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
     xmlns:a=\"http://www.w3.org/2005/08/addressing\"><s:Header><a:Action s:mustUnderstand=\"1\">\
     http://Microsoft.Windows.Ipam/IIpamServer/StartTask</a:Action><a:MessageID>urn:uuid:1</a:MessageID>\
     <a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo></s:Header>\
     <s:Body><StartTask xmlns=\"http://Microsoft.Windows.Ipam\"><taskType>Discovery</taskType></StartTask></s:Body>\
     </s:Envelope>\n",
    "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'>\r\n <e:Body>\r\n  <r:Reply xmlns:r='urn:r' \
     xmlns:i='http://www.w3.org/2001/XMLSchema-instance' r:a='1' a='2'><r:Status i:nil='true'/>\
     <r:Text><![CDATA[a < b && c ]]>&amp; &#x41;&lt;</r:Text></r:Reply>\r\n </e:Body>\r\n</e:Envelope>",
    "<!-- first --><Envelope xmlns=\"http://www.w3.org/2003/05/soap-envelope\"><Body><Fault><Code><Value \
     xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\">s:Sender</Value></Code><Reason><Text xml:lang=\"en-US\">no \
     such task \u{2014} \u{e9}\u{10348}</Text></Reason><Detail><x:IpamException xmlns:x=\"urn:x\" xmlns:z=\"urn:z\" \
     z:Id=\"i1\"/></Detail></Fault></Body></Envelope><!-- last -->",
    "\u{feff}<?xml version='1.0'?><?pi some data?><a xmlns='u'><b c='&quot;&#10;' d=\"it's\">x</b><b/>\t<e:f \
     xmlns:e='v' e:g='1'><e:f xmlns:e='w'/></e:f></a>",
    "<a/>",
    "<?xml version=\"1.0\" standalone=\"yes\"?><p:a xmlns:p='u' xmlns:q='u'><p:b>1</p:b><q:b>2</q:b><c \
     xmlns=''>&#65;</c></p:a>",
];

/// What is put where it may break things, or not.
const TOKENS: &[&str] = &[
    "<!--",
    "-->",
    "<!-- c -->",
    "<!-- - -->",
    "--",
    "]]>",
    "<![CDATA[",
    "<![CDATA[ & ]]>",
    "<![CDATA[]]>",
    "<?",
    "?>",
    "<?p q?>",
    "<?xml version='1.0'?>",
    "<?XML x?>",
    "<?xml-style x?>",
    "<?a:b?>",
    "<?1?>",
    "&#0;",
    "&#10;",
    "&#x1F;",
    "&#xD800;",
    "&#x10FFFF;",
    "&#x110000;",
    "&#xFFFE;",
    "&#x;",
    "&#;",
    "&lt",
    "&lt;",
    "&amp;amp;",
    "&nbsp;",
    "&",
    "&;",
    "&a:b;",
    " xmlns:a=\"\"",
    " xmlns:a='urn:a'",
    " xmlns=''",
    " xmlns='urn:d'",
    " xmlns:xml='urn:x'",
    " xmlns:xmlns='urn:x'",
    " xmlns:xml='http://www.w3.org/XML/1998/namespace'",
    " xmlns:y='http://www.w3.org/XML/1998/namespace'",
    " xmlns='http://www.w3.org/2000/xmlns/'",
    " xmlns:='u'",
    " a='1'",
    " b='1' b='2'",
    " xmlns:k='u' xmlns:l='u' k:m='' l:m=''",
    " k:m=''",
    " xml:space='preserve'",
    " a",
    " a=",
    " a=1",
    "a='1'",
    " a='<'",
    " a='&gt;'",
    "<x/>",
    "<x>",
    "</x>",
    "<x></x>",
    "<x:y/>",
    "<:x/>",
    "<x:/>",
    "<x:y:z/>",
    "<1/>",
    "<x xmlns:x='u'/>",
    "<é/>",
    "<\u{d7}/>",
    "<xmlns:x/>",
    "<xml:x/>",
    "< x/>",
    "<x / >",
    "<x\n/>",
    "</x >",
    "<",
    ">",
    "/",
    "'",
    "\"",
    "=",
    ":",
    " ",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\u{1}",
    "\u{b}",
    "\u{7f}",
    "\u{85}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{feff}",
    "é",
    "\u{10ffff}",
    "text",
    "<!DOCTYPE a>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>",
    "<!doctype a>",
    "<!>",
    "<!ELEMENT a ANY>",
    "encoding='UTF-8'",
    " encoding='ISO-8859-1'",
    " encoding='utf-16'",
    " encoding='us-ascii'",
    " standalone='no'",
    " version='1.0'",
];

/// XML declarations, legal and not, and what may stand beside them.
const BEGINNINGS: &[&str] = &[
    "<?xml version='1.0'?>",
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone='no' ?>",
    "<?xml version = '1.0'\n?>\n",
    "<?xml version='1.1'?>",
    "<?xml version='1.0' encoding='utf-8'?><!-- c -->",
    "<?xml?>",
    "<?xml ?>",
    "<?xml version=1.0?>",
    "<?xml version='1.0\"?>",
    "<?xml version='2.0'?>",
    "<?xml version='1.0'encoding='UTF-8'?>",
    "<?xml encoding='UTF-8'?>",
    "<?xml version='1.0' standalone='yes' encoding='UTF-8'?>",
    "<?xml version='1.0' standalone='maybe'?>",
    "<?xml version='1.0' encoding=''?>",
    "<?xml version='1.0' encoding='8'?>",
    "<?xml version='1.0' encoding='ISO-8859-1'?>",
    "<?xml version='1.0' encoding='US-ASCII'?>",
    "<?xml version='1.0' encoding='UTF-16'?>",
    "<?xml version='1.0' encoding='x-none'?>",
    "<?xml version='1.0' more='1'?>",
    "<?xml version='1.0' >",
    "<?XML version='1.0'?>",
    " <?xml version='1.0'?>",
    "\u{feff}",
    "\u{feff}\u{feff}",
    "<!DOCTYPE a>",
    "<!DOCTYPE s:Envelope SYSTEM 'none.dtd'>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>",
    "<!doctype a>",
    " ",
    "\r\n",
    "<?p?>",
    "<?p",
];

/// What changes nothing of whether a text is well-formed where it replaces what is before it.
const HARMLESS: &[(&str, &str)] = &[
    ("><", ">\n<"),
    ("><", "><!-- x --><"),
    ("><", "><?x y?><"),
    ("><", ">\r\n  <"),
    ("/>", " />"),
    ("Discovery", "<![CDATA[Discovery]]>"),
    ("Discovery", "&#68;iscovery"),
    ("<StartTask ", "<StartTask x='&lt;' "),
    ("\"1\"", "'1'"),
    ("urn:", "urn:x:"),
    (">x<", ">]] ><"),
    (" xmlns", "\n\txmlns"),
    ("</", "&gt;</"),
    ("></", ">\u{85}</"),
];

#[test]
fn the_reader_agrees_with_xmllint_on_mutated_envelopes() {
    if Command::new("xmllint").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "xmllint is not installed; CI must have it (libxml2-utils)");
        notice("SKIPPED: xmllint is not installed, so the reader's verdicts were compared with nothing");
        return;
    }
    let folder = Folder::new();
    let mut random = Random(SEED);
    let documents: Vec<(PathBuf, Vec<u8>)> =
        (0..DOCUMENTS).map(|number| (folder.0.join(format!("{number:04}.xml")), mutant(&mut random))).collect();
    for (path, document) in &documents {
        fs::write(path, document).unwrap();
    }

    let mut complaints = BTreeMap::new();
    for batch in documents.chunks(BATCH) {
        complaints.extend(xmllint(batch.iter().map(|(path, _)| path.as_path())));
    }

    let (mut both_read, mut both_refuse) = (0usize, 0usize);
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    let mut disagreements = Vec::new();
    for (path, document) in &documents {
        let ours = read(document, &Limits::default()).map(drop);
        let theirs = complaints.get(path).map_or(&[][..], Vec::as_slice);
        match (&ours, theirs.is_empty()) {
            (Ok(()), true) => both_read += 1,
            (Err(_), false) => both_refuse += 1,
            _ => match intended(document, &ours, theirs) {
                Some(reason) => *counted.entry(reason).or_default() += 1,
                None => disagreements.push(format!(
                    "{}\n  ours: {}\n  theirs: {theirs:?}",
                    document.escape_ascii(),
                    ours.as_ref().map_or_else(ToString::to_string, |()| "well-formed".to_owned()),
                )),
            },
        }
    }
    notice(&format!("both read {both_read}, both refuse {both_refuse}, by intent: {counted:?}"));
    assert!(
        disagreements.is_empty(),
        "{} disagreements, the first of them:\n{}",
        disagreements.len(),
        disagreements.iter().take(10).map(String::as_str).collect::<Vec<_>>().join("\n")
    );
    // A mix that hardly has either kind would show nothing.
    assert!(both_read * 5 >= DOCUMENTS, "only {both_read} are well-formed");
    assert!(both_refuse * 5 >= DOCUMENTS, "only {both_refuse} are ill-formed");
    // Differences by intent stay few: a rule that swallowed everything would show nothing either.
    assert!(counted.values().sum::<usize>() * 20 <= DOCUMENTS, "{counted:?}");
}

/// Why the two differ, where they are meant to.
fn intended(document: &[u8], ours: &Result<(), XmlError>, theirs: &[String]) -> Option<&'static str> {
    match ours {
        Err(XmlError { kind: XmlErrorKind::Dtd, .. }) => Some("a DTD"),
        Err(XmlError { kind: XmlErrorKind::Encoding(_) | XmlErrorKind::FalseEncoding(_), .. }) => Some("an encoding"),
        // XML 1.0 wants a digit after the point; libxml2 takes none.
        Err(XmlError { kind: XmlErrorKind::Declaration(_), .. })
            if document.windows(3).any(|three| matches!(three, b"1.'" | b"1.\"")) =>
        {
            Some("a version without its last digit")
        }
        Err(_) => None,
        // Namespaces in XML 1.0 does not ask a reader to judge URIs.
        Ok(()) => theirs.iter().all(|line| is_about_a_uri(line)).then_some("a namespace that is no URI"),
    }
}

/// Whether libxml2 complains of the URI in a namespace declaration; where that has a line feed, the line ends within it.
fn is_about_a_uri(line: &str) -> bool {
    line.contains("is not a valid URI")
        || (line.starts_with("namespace error : xmlns") && line.matches('\'').count() == 1)
}

/// Runs xmllint over files; for each that it refuses what it says.
fn xmllint<'a>(paths: impl Iterator<Item = &'a Path>) -> BTreeMap<PathBuf, Vec<String>> {
    let output = Command::new("xmllint").args(["--noout", "--nonet"]).args(paths).output().unwrap();
    let mut complaints: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stderr).lines() {
        // `PATH:LINE: DOMAIN error : MESSAGE`; lines of the document, and a caret, follow.
        let Some((path, rest)) = line.split_once(".xml:") else { continue };
        let Some((_, message)) = rest.split_once(": ") else { continue };
        if ["parser", "namespace", "encoding", "I/O"]
            .iter()
            .any(|domain| message.strip_prefix(domain).is_some_and(|rest| rest.starts_with(" error :")))
        {
            complaints.entry(PathBuf::from(format!("{path}.xml"))).or_default().push(message.to_owned());
        }
    }
    complaints
}

/// An envelope after a few changes, of which some do no harm.
fn mutant(random: &mut Random) -> Vec<u8> {
    let mut bytes = ENVELOPES[random.below(ENVELOPES.len())].as_bytes().to_vec();
    for _ in 0..random.below(4) {
        let (from, to) = HARMLESS[random.below(HARMLESS.len())];
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let places: Vec<usize> = text.match_indices(from).map(|(at, _)| at).collect();
        if !places.is_empty() {
            let at = places[random.below(places.len())];
            bytes.splice(at..at + from.len(), to.bytes());
        }
    }
    if random.below(8) == 0 {
        let declared = bytes.starts_with(b"<?xml").then(|| bytes.windows(2).position(|two| two == b"?>")).flatten();
        bytes.splice(0..declared.map_or(0, |end| end + 2), BEGINNINGS[random.below(BEGINNINGS.len())].bytes());
    }
    let harm = [0, 1, 1, 1, 2, 3][random.below(6)];
    for _ in 0..harm {
        let at = random.below(bytes.len() + 1);
        let end = (at + 1 + random.below(20)).min(bytes.len());
        match random.below(16) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 if at < end => drop(bytes.drain(at..end)),
            3 if at < end => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(end..end, piece);
            }
            4 => bytes.truncate(at.max(1)),
            5 => {
                let piece: &[u8] =
                    [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xe2\x82", b"\xf5\x80\x80\x80"][random.below(5)];
                bytes.splice(at..at, piece.iter().copied());
            }
            6 => bytes.extend_from_slice(ENVELOPES[random.below(ENVELOPES.len())].as_bytes()),
            7 => bytes.extend_from_slice(TOKENS[random.below(TOKENS.len())].as_bytes()),
            8 => drop(bytes.splice(0..0, TOKENS[random.below(TOKENS.len())].bytes())),
            9..=12 => {
                // Just before or behind markup, where most tokens make sense.
                let places: Vec<usize> = (0..bytes.len()).filter(|at| b"<>/".contains(&bytes[*at])).collect();
                if !places.is_empty() {
                    let place = places[random.below(places.len())] + random.below(2);
                    bytes.splice(place..place, TOKENS[random.below(TOKENS.len())].bytes());
                }
            }
            _ => drop(bytes.splice(at..at, TOKENS[random.below(TOKENS.len())].bytes())),
        }
        if bytes.is_empty() {
            return b"<a/>".to_vec();
        }
    }
    bytes
}

/// Says what a passing test would keep to itself.
#[expect(clippy::print_stderr, reason = "a skipped comparison must be seen")]
fn notice(text: &str) {
    eprintln!("{text}");
}

/// Numbers from a seed, the same on every machine: SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(1).max(1);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }
}

/// A folder of its own, gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("ipamspec-xmllint-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
