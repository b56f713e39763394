//! `ipamspec decode`: bytes as records and XML, and at which offset they are wrong.
//!
//! Leaves out what messages mean, and how records are shown, which `wire::listing` does.

use std::{
    fs::File,
    io::{BufWriter, Read, Write as _, stdin, stdout},
    path::PathBuf,
};

use clap::ValueEnum;

use super::{refuse, tell};
use crate::{
    report::{sanitize::Shown, wrap::wrap},
    verdict::exit,
    wire::{
        listing::{Listing, Places, Stream},
        nbfse::Decoder,
    },
};

/// How much is read, in bytes.
const MOST: usize = 16 << 20;

/// The arguments of `decode`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Each record has its offset in bytes, its bytes in hex, its name and its value;\n\
                        behind its records, each message is XML. What is wrong is said last, with\n\
                        its offset, and ends with exit code 2.\n\
                        \n\
                        Several inputs are read in order: of framing, as pieces of one direction of\n\
                        a stream; of nbfse, as payloads of one direction of a session, whose strings\n\
                        are kept. A direction without preamble, as the server's, is read as text\n\
                        where its messages begin as text, and else as binary with in-band strings.")]
pub(super) struct Arguments {
    /// What the bytes are
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// The bytes as hex digits; white space, `:` and `-` between them do not count
    #[arg(long, value_name = "TEXT", conflicts_with = "files")]
    hex: Vec<String>,
    /// Files of bytes, `-` for standard input; a file of nothing but hex digits is read as these
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// What bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// One direction of a net.tcp stream, [MC-NMF]
    #[default]
    Framing,
    /// Documents of binary XML without a string table, [MC-NBFX]
    Nbfx,
    /// Payloads with their string tables, [MC-NBFSE]
    Nbfse,
}

/// Decodes, and gives the exit code.
pub(super) fn decode(arguments: &Arguments) -> u8 {
    let inputs = match inputs(arguments) {
        Ok(inputs) => inputs,
        Err(message) => return refuse(&message),
    };
    let mut out = BufWriter::new(stdout().lock());
    // A reader that has gone away, as `head` does, wants no more.
    let mut sink = |line: &str| out.write_all(Shown::block(line).as_str().as_bytes()).is_ok();
    let wrong = listed(arguments.format, &inputs, &mut sink);
    let _ = out.flush();
    for error in &wrong {
        tell(&format!("error: {}\n", wrap(Shown::line(error).as_str(), 7, 7)));
    }
    if wrong.is_empty() { exit::GREEN } else { exit::USAGE }
}

/// Lists inputs; what is wrong with them.
fn listed(format: Format, inputs: &[Input], sink: &mut dyn FnMut(&str) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let (mut stream, mut decoder) = (Stream::default(), Decoder::default());
    for (at, input) in inputs.iter().enumerate() {
        let mut listing = Listing::new(sink);
        match format {
            Format::Framing => stream.feed(&input.bytes, &mut listing),
            Format::Nbfx => listing.document(&input.bytes, &Places::from(0)),
            Format::Nbfse => listing.payload(&input.bytes, &mut decoder, &Places::from(0)),
        }
        if format == Format::Framing && at + 1 == inputs.len() {
            stream.finish(&mut listing);
        }
        // An offset in a stream is one in all of its pieces.
        let named = format != Format::Framing && inputs.len() > 1;
        let place = if named { format!("{}: ", input.name) } else { String::new() };
        wrong.extend(listing.into_errors().iter().map(|error| format!("{place}{error}")));
    }
    wrong
}

/// Bytes, and what they are called.
struct Input {
    name: String,
    bytes: Vec<u8>,
}

fn inputs(arguments: &Arguments) -> Result<Vec<Input>, String> {
    let hex = arguments.hex.iter().enumerate().map(|(at, text)| {
        let name = if arguments.hex.len() > 1 { format!("--hex {}", at + 1) } else { "--hex".to_owned() };
        let bytes = from_hex(text).map_err(|problem| format!("{name}: {problem}"))?;
        Ok(Input { name, bytes })
    });
    let files = arguments.files.iter().map(|path| {
        let name = if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() };
        let bytes = read(path).map_err(|problem| format!("{name}: {problem}"))?;
        let bytes = if is_hex(&bytes) {
            from_hex(&String::from_utf8_lossy(&bytes)).map_err(|problem| format!("{name}: {problem}"))?
        } else {
            bytes
        };
        Ok(Input { name, bytes })
    });
    let inputs: Vec<Input> = hex.chain(files).collect::<Result<_, String>>()?;
    match inputs.iter().find(|input| input.bytes.is_empty()) {
        Some(empty) => Err(format!("{} is empty; give the bytes that are to be decoded", empty.name)),
        None if inputs.is_empty() => {
            Err("there is nothing to decode: name a file, `-` for standard input, or give --hex TEXT".to_owned())
        }
        None => Ok(inputs),
    }
}

fn read(path: &PathBuf) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(MOST + 1).unwrap_or(u64::MAX);
    let read = if path.as_os_str() == "-" {
        stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    match read {
        Err(error) => Err(format!("cannot be read: {error}")),
        Ok(_) if bytes.len() > MOST => {
            Err(format!("has more than {MOST} bytes, which is the most that is decoded; cut it between records"))
        }
        Ok(_) => Ok(bytes),
    }
}

/// Whether bytes are hex digits and what may stand between them: no record of framing begins with a digit, no document
/// of binary XML ends with one.
fn is_hex(bytes: &[u8]) -> bool {
    bytes.iter().any(u8::is_ascii_hexdigit)
        && bytes.iter().all(|byte| byte.is_ascii_hexdigit() || is_between(char::from(*byte)))
}

fn is_between(c: char) -> bool {
    c.is_ascii_whitespace() || matches!(c, ':' | '-')
}

fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut high = None;
    for (at, c) in (1..).zip(text.chars()) {
        let Some(digit) = c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()) else {
            if is_between(c) {
                continue;
            }
            return Err(format!("character {at}, `{}`, is no hex digit; write bytes as in 0b 06", c.escape_debug()));
        };
        match high.take() {
            None => high = Some(digit),
            Some(high) => bytes.push(16 * high + digit),
        }
    }
    match high {
        Some(_) => Err("there is an odd number of hex digits; a byte has two".to_owned()),
        None => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(format: Format, inputs: &[&[u8]]) -> (String, Vec<String>) {
        let input = |(at, bytes): (usize, &&[u8])| Input { name: format!("input {at}"), bytes: bytes.to_vec() };
        let inputs: Vec<Input> = inputs.iter().enumerate().map(input).collect();
        let mut out = String::new();
        let wrong = listed(format, &inputs, &mut |line| {
            out.push_str(line);
            true
        });
        (out, wrong)
    }

    fn golden(name: &str, text: &str) {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../../snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.bind(|| insta::assert_snapshot!(name, text));
    }

    macro_rules! capture {
        ($name:literal) => {
            ($name, &include_bytes!(concat!("../../tests/captures/nettcp/", $name, ".bin"))[..])
        };
    }

    #[test]
    fn every_capture_is_decoded_whole_in_80_columns() {
        for (name, bytes) in [
            capture!("nettcp-simple-c2s"),
            capture!("nettcp-simple-s2c"),
            capture!("nettcp-duplex-c2s"),
            capture!("nettcp-duplex-s2c"),
            capture!("nettcptext-duplex-c2s"),
            capture!("nettcptext-duplex-s2c"),
        ] {
            let (text, wrong) = decoded(Format::Framing, &[bytes]);
            assert!(wrong.is_empty(), "{name}: {wrong:?}");
            let envelopes = text.matches("EnvelopeRecord of ").count();
            assert_eq!(text.matches("        | <s:Envelope").count(), envelopes, "{name}");
            assert!(envelopes >= 2 && text.lines().all(|line| line.chars().count() <= 80), "{name}");
            // In two pieces, the second of them in hex, it says the same.
            let (first, second) = bytes.split_at(bytes.len() / 2);
            let hex = second.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ");
            assert!(is_hex(hex.as_bytes()) && !is_hex(bytes));
            assert_eq!(decoded(Format::Framing, &[first, &from_hex(&hex).unwrap()]), (text, wrong));
        }
    }

    #[test]
    fn output_is_golden() {
        let (_, client) = capture!("nettcp-duplex-c2s");
        golden("decode_framing", &decoded(Format::Framing, &[client]).0);
        let (_, text) = capture!("nettcptext-duplex-c2s");
        golden("decode_text", &decoded(Format::Framing, &[text.get(..200).unwrap()]).0);
        // Two payloads, the second with a string of the first; then one with a string that nobody sent.
        let payloads: [&[u8]; 3] =
            [b"\x06\x05a\tb\xC3\xBC\x40\x01n\xAB\x01", b"\x00\x42\x02\xAB\x01", b"\x00\x40\x01n\xAA\x09"];
        let (text, wrong) = decoded(Format::Nbfse, &payloads);
        golden("decode_nbfse", &format!("{text}{}\n", wrong.join("\n")));
        let document = b"\x40\x01n\x04\x01b\x82\x99\x03\t<\n\x03\x40\x01m\x01\x8B\x02\x01\x00\x02\x00\x40\x01z\xFE\x00";
        let (text, wrong) = decoded(Format::Nbfx, &[document]);
        golden("decode_nbfx", &format!("{text}{}\n", wrong.join("\n")));
    }

    #[test]
    fn hex_is_read_as_people_copy_it() {
        assert_eq!(from_hex("0b 06:0A-ff\n"), Ok(vec![0x0B, 0x06, 0x0A, 0xFF]));
        assert!(from_hex("0b0").unwrap_err().contains("odd"));
        assert!(from_hex("0x0b").unwrap_err().contains("character 2, `x`"));
        assert!(is_hex(b"0b\n") && !is_hex(b"\x0B") && !is_hex(b"\n") && !is_hex(b"0b g"));
    }
}
