//! Measures binary XML: nanoseconds an event to read with every value taken, allocations, nanoseconds an event to write;
//! beside Mono's reader and writer on the same bytes.
//!
//! `cargo bench --bench binary_xml`. The payload is [`enumeration`]'s, 1 MiB. Where `mcs` and `mono` are installed, their
//! reader and writer take turns with ours in the same run; without them only our own figures are printed. What counts as an
//! event: an element that begins, an attribute, a text, an element that ends.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{
    hint::black_box,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use ipamspec::{
    spec::namespace::{ADDRESSING, IPAM, SOAP12, XSI},
    wire::{
        nbfse::{Decoder, Encoder, Limits},
        nbfx::{
            self, DateTime, DictionaryString, Event, Prefix, Reader, Record, Records, Str, StringTable, Style, Value,
            Width, Zone,
        },
    },
    xml,
};

const BYTES: usize = 1 << 20;
const ROUNDS: usize = 3;
const LENGTH: Duration = Duration::from_millis(700);

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let payload = enumeration(BYTES);
    let mut decoder = Decoder::new(Limits::default());
    let document = decoder.read_table(&payload).expect("a string table").to_vec();
    let table = decoder.table().clone();
    let tree = nbfx::read(&document, &table, &xml::Limits::default()).expect("a document").root;
    let events = read(&document, &table, typed);
    println!("payload: {} bytes, {events} events, {:.1} bytes an event", payload.len(), ratio(payload.len(), events));

    let half = enumeration(BYTES / 2);
    let mut other = Decoder::new(Limits::default());
    let half = other.read_table(&half).expect("a string table");
    for (name, bytes, table) in [("1 MiB", document.as_slice(), &table), ("512 KiB", half, other.table())] {
        let counted = allocation_counter::measure(|| {
            black_box(read(bytes, table, typed));
        });
        println!("allocations to read {name}: {} of {} bytes in all", counted.count_total, counted.bytes_total);
    }

    // What Mono's writer is given: names that are known to the dictionaries, and all values as text.
    let parts: Vec<_> = Records::new(&document, &table).map(|placed| placed.expect("a record").record).collect();
    let texts: Vec<_> = parts.iter().map(|part| value(part).map(|value| value.text().into_owned())).collect();
    let parts: Vec<_> = parts.iter().zip(&texts).flat_map(|(part, text)| as_text(*part, text.as_deref())).collect();
    let mut writer = nbfx::Writer::new();

    let peer = Peer::new(&payload);
    for round in 1..=ROUNDS {
        let ours = best(|| read(&document, &table, typed));
        let shown = best(|| read(&document, &table, text));
        let built = best(|| decode(&payload));
        let written = best(|| {
            black_box(Encoder::new(Style::default()).encode(&tree));
            events
        });
        let recorded = best(|| {
            writer.clear();
            for part in &parts {
                writer.write(part);
            }
            black_box(writer.as_bytes());
            events
        });
        println!("round {round}: ns an event");
        println!("  read, typed values {ours:.2}; every value as text {shown:.2}; as a tree {built:.2}");
        println!("  write records {recorded:.2}; from a tree {written:.2}");
        match peer.as_ref().map(Peer::measure) {
            None => println!("  mono is not installed"),
            Some((read, write)) => println!(
                "  Mono: read {read:.2} ({:.1} times ours, {:.1} times ours as text); write {write:.2} ({:.1} times our \
                 records, {:.1} times our tree)",
                read / ours,
                read / shown,
                write / recorded,
                write / written
            ),
        }
    }
}

/// Reads a document and takes every name and, in the way that is given, every value; how many events there were.
fn read(document: &[u8], table: &StringTable, take: impl Fn(&Value<'_>)) -> usize {
    let mut reader = Reader::new(document, table, &xml::Limits::default()).expect("a short document");
    let mut events = 0;
    while let Some(event) = reader.next_event().expect("a well-formed document") {
        events += 1;
        match event {
            Event::Start => {
                black_box(reader.name());
                for attribute in reader.attributes() {
                    events += 1;
                    black_box(&attribute.name);
                    take(&attribute.value);
                }
            }
            Event::Text => take(reader.value()),
            Event::Comment | Event::End => {}
        }
    }
    events
}

/// Takes a value as it is.
fn typed(value: &Value<'_>) {
    black_box(value);
}

/// Takes the characters of a value.
fn text(value: &Value<'_>) {
    black_box(value.text());
}

/// Reads a document into a tree; how many events that took.
fn decode(payload: &[u8]) -> usize {
    let document = Decoder::new(Limits::default()).decode(payload).expect("a document");
    let mut elements = vec![&document.root];
    let mut events = 0;
    while let Some(element) = elements.pop() {
        events += 2 + element.attributes.len() + element.children.len() - element.elements().count();
        elements.extend(element.elements());
    }
    events
}

/// The value that a record holds.
fn value<'a>(record: &Record<'a>) -> Option<Value<'a>> {
    match record {
        Record::Attribute { value, .. } | Record::Text { value, .. } => Some(*value),
        _ => None,
    }
}

/// A record with its value as text; a text that ends its element as two records.
fn as_text<'a>(record: Record<'a>, text: Option<&'a str>) -> Vec<Record<'a>> {
    match (record, text) {
        (Record::Attribute { prefix, name, .. }, Some(value)) => {
            vec![Record::Attribute { prefix, name, value: chars(value) }]
        }
        (Record::Text { end, .. }, Some(value)) => {
            let end = end.then_some(Record::EndElement);
            std::iter::once(text_record(chars(value))).chain(end).collect()
        }
        (record, _) => vec![record],
    }
}

/// The least nanoseconds an event of the runs that fit into [`LENGTH`].
fn best(mut run: impl FnMut() -> usize) -> f64 {
    let began = Instant::now();
    let mut best = f64::INFINITY;
    while began.elapsed() < LENGTH {
        let one = Instant::now();
        let events = run();
        best = best.min(one.elapsed().as_secs_f64() * 1e9 / float(events));
    }
    best
}

fn ratio(a: usize, b: usize) -> f64 {
    float(a) / float(b)
}

fn float(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

/// Rows of an enumeration of addresses, as a server sends them to the client's callback: a payload of so many bytes, its
/// string table in front, in the records that Microsoft's stack writes. Names are interned, values are typed where their
/// schema types are.
fn enumeration(bytes: usize) -> Vec<u8> {
    const NAMES: [&str; 25] = [
        "EnumeratedRowsCallback",
        IPAM,
        "rows",
        "IpamIPAddress",
        "AccessScopeId",
        "AddressAssignment",
        "AddressCategory",
        "AddressSpaceRecordId",
        "AssetTag",
        "AssignedDate",
        "CreatedFromDnsResourceRecord",
        "CustomerAddressSpaceName",
        "DeviceName",
        "DhcpScopeName",
        "DnsReverseLookupZonePrefix",
        "DnsZoneName",
        "ExpiryDate",
        "IsDuplicate",
        "IsExpired",
        "MacAddress",
        "Notes",
        "OwnerId",
        "RecordId",
        "ReservationDuration",
        "Utilization",
    ];
    const ACTION: &str = "http://Microsoft.Windows.Ipam/IIpamEnumeratorCallback/EnumeratedRowsCallback";
    let mut table = StringTable::new();
    let mut strings = Vec::new();
    for text in NAMES.into_iter().chain([ACTION]) {
        table.add(text);
        strings.push(u8::try_from(text.len()).expect("a short string"));
        strings.extend(text.bytes());
    }
    let known = |text: &str| {
        let id = (0..1000).find(|id| table.get(*id) == Some(text)).expect("a string of a dictionary");
        DictionaryString::new(id, &table).expect("a string of a dictionary")
    };
    let (soap, addressing) = (Prefix::of("s"), Prefix::of("a"));
    let mut writer = nbfx::Writer::new();
    let mut write = |record: Record<'_>| writer.write(&record);
    let element = |prefix, name| Record::Element { prefix, name: Str::Dictionary(known(name)) };
    let xmlns = |prefix, namespace| Record::Xmlns { prefix, namespace: Str::Dictionary(known(namespace)) };
    write(element(soap, "Envelope"));
    write(xmlns(Some("s"), SOAP12));
    write(xmlns(Some("a"), ADDRESSING));
    write(element(soap, "Header"));
    write(element(addressing, "Action"));
    write(Record::Attribute { prefix: soap, name: Str::Dictionary(known("mustUnderstand")), value: Value::One });
    write(text_record(Value::Dictionary(known(ACTION))));
    write(Record::EndElement);
    write(Record::EndElement);
    write(element(soap, "Body"));
    write(element(Prefix::None, "EnumeratedRowsCallback"));
    write(xmlns(None, IPAM));
    write(element(Prefix::None, "rows"));
    write(xmlns(Some("i"), XSI));

    let row: Vec<_> = NAMES.iter().skip(4).map(|name| (element(Prefix::None, name), *name)).collect();
    let (row_element, nil) = (element(Prefix::None, "IpamIPAddress"), Str::Dictionary(known("nil")));
    for number in 0_u32.. {
        if writer.as_bytes().len() + strings.len() + 400 > bytes {
            break;
        }
        let (device, notes) =
            (format!("host-{number:05}.corp.example.com"), format!("rack {}, unit {}", number % 40, number % 7));
        let mac = number.to_be_bytes();
        writer.write(&row_element);
        for (start, name) in &row {
            writer.write(start);
            let date =
                DateTime { ticks: 638_000_000_000_000_000 + u64::from(number) * 864_000_000_000, zone: Zone::Utc };
            let value = match *name {
                "AccessScopeId" => Value::Int8(3),
                "AddressAssignment" => chars(if number.is_multiple_of(3) { "Static" } else { "Dynamic" }),
                "AddressCategory" => chars("Private"),
                "AddressSpaceRecordId" => Value::Int16(4711),
                "AssignedDate" => Value::DateTime(date),
                "CreatedFromDnsResourceRecord" | "IsExpired" => Value::False,
                "IsDuplicate" => Value::True,
                "CustomerAddressSpaceName" => chars("Default IP Address Space"),
                "DeviceName" => chars(&device),
                "DhcpScopeName" => chars("Building 7, third floor"),
                "DnsReverseLookupZonePrefix" => Value::Int8(24),
                "DnsZoneName" => chars("corp.example.com"),
                "MacAddress" => Value::Bytes(Width::Eight, &mac),
                "Notes" => chars(&notes),
                "OwnerId" => Value::Uuid(nbfx::Uuid([mac, mac, mac, mac].concat().try_into().expect("16 bytes"))),
                "RecordId" => Value::Int32(i32::try_from(number).expect("a small number") + 70_000),
                "ReservationDuration" => Value::TimeSpan(i64::from(number) * 600_000_000),
                "Utilization" => Value::Double(f64::from(number) / 8.0),
                // AssetTag, ExpiryDate
                _ => {
                    writer.write(&Record::Attribute { prefix: Prefix::of("i"), name: nil, value: Value::True });
                    writer.write(&Record::EndElement);
                    continue;
                }
            };
            writer.write(&text_record(value));
            writer.write(&Record::EndElement);
        }
        writer.write(&Record::EndElement);
    }
    for _ in 0..4 {
        writer.write(&Record::EndElement);
    }
    let mut payload = Vec::new();
    let size = u16::try_from(strings.len()).expect("a short table");
    payload
        .extend([u8::try_from(size & 0x7F).expect("seven bits") | 0x80, u8::try_from(size >> 7).expect("seven bits")]);
    payload.extend(strings);
    payload.extend(writer.into_bytes());
    payload
}

fn text_record(value: Value<'_>) -> Record<'_> {
    Record::Text { value, end: false }
}

fn chars(text: &str) -> Value<'_> {
    Value::Chars(Width::of(text.len()), text)
}

/// Mono's reader and writer, built for this run.
struct Peer {
    folder: PathBuf,
}

impl Peer {
    fn new(payload: &[u8]) -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("ipamspec-binary-xml-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let peer = Self { folder };
        std::fs::write(peer.folder.join("payload"), payload).expect("a file");
        let built = Command::new("mcs")
            .arg("-optimize")
            .arg(format!("-out:{}", peer.folder.join("BinaryXml.exe").display()))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/mono/BinaryXml.cs"))
            .args(["-r:System.ServiceModel.dll", "-r:System.Runtime.Serialization.dll", "-r:System.Xml.dll"])
            .status();
        built.is_ok_and(|status| status.success()).then_some(peer)
    }

    /// Nanoseconds an event that its reader and its writer need.
    fn measure(&self) -> (f64, f64) {
        let output = Command::new("mono")
            .arg(self.folder.join("BinaryXml.exe"))
            .arg("bench")
            .arg(self.folder.join("payload"))
            .arg(LENGTH.as_secs_f64().to_string())
            .output()
            .expect("mono");
        let output = String::from_utf8_lossy(&output.stdout).into_owned();
        let figure = |name: &str| {
            let line = output.lines().find_map(|line| line.strip_prefix(name)).expect("its figure");
            line.split_whitespace().next().and_then(|figure| figure.parse().ok()).expect("a number")
        };
        (figure("read "), figure("write "))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
