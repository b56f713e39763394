//! Random documents: as records of every form, and as trees.
//!
//! Leaves out what is not well-formed. Everything comes from a seed.

use ipamspec::{
    spec::namespace::{ADDRESSING, IPAM, SOAP12},
    wire::nbfx::{
        DateTime, Decimal, DictionaryString, Prefix, Record, Str, StringTable, Utf16, Uuid, Value, Values, Width,
        Writer, Zone,
    },
    xml::{Attribute, Element, Node, Position, QName, Scope},
};

/// Numbers from a seed, the same on every machine: SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_le_bytes()[3])
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

const PREFIXES: [&str; 6] = ["", "s", "a", "q", "long", "x1"];
const NAMESPACES: [&str; 5] = [SOAP12, ADDRESSING, IPAM, "urn:x", "urn:\u{e9}"];
const NAMES: [&str; 8] = ["Envelope", "Body", "Action", "MessageID", "taskType", "a", "Gr\u{f6}\u{df}e", "x-1.y_"];
const TEXTS: [&str; 14] = [
    "",
    "0",
    "1",
    "true",
    "hello, world",
    "a < b && c > \"d\" 'e'",
    " \t\r\n ",
    "\u{4f60}\u{597d}\u{4e16}\u{754c}",
    "\u{1f600}\u{10348}",
    "]]>",
    "http://www.w3.org/2005/08/addressing/anonymous",
    "\u{e9}\u{fffd}\u{d7ff}",
    "urn:uuid:00112233-4455-6677-8899-aabbccddeeff",
    "12345",
];

/// Writes random records.
pub(crate) struct Records<'r> {
    random: &'r mut Random,
    table: &'r StringTable,
    writer: Writer,
    left: usize,
}

impl<'r> Records<'r> {
    /// A payload whose string table adds to the strings of a session.
    pub(crate) fn payload(random: &mut Random, strings: &mut StringTable) -> Vec<u8> {
        let mut added = Vec::new();
        for _ in 0..random.below(3) {
            let text = format!("{}{}", random.of(&["name", "urn-", "n\u{f6}"]), strings.added().count());
            strings.add(&text);
            added.push(u8::try_from(text.len()).unwrap());
            added.extend(text.bytes());
        }
        let writer = if random.below(2) == 0 { Writer::new() } else { Writer::new().apart() };
        let mut records = Records { random, table: strings, writer, left: 30 };
        records.element(&mut Vec::new());
        let mut payload = vec![u8::try_from(added.len()).unwrap()];
        payload.extend(added);
        payload.extend(records.writer.into_bytes());
        payload
    }

    fn string(&mut self, text: &'static str) -> Str<'static> {
        let found = (0..1000).find(|id| StringTable::new().get(*id) == Some(text));
        match found.and_then(|id| DictionaryString::new(id, dictionary())) {
            Some(string) if self.random.below(3) > 0 => Str::Dictionary(string),
            _ => Str::Text(text),
        }
    }

    fn name(&mut self) -> Str<'r> {
        let added = self.table.added().count();
        if added > 0 && self.random.below(3) == 0 {
            let id = u32::try_from(self.random.below(added) * 2 + 1).unwrap();
            return Str::Dictionary(DictionaryString::new(id, self.table).unwrap());
        }
        let name = self.random.of(&NAMES);
        self.string(name)
    }

    fn prefix(&mut self, prefix: &'static str) -> Prefix<'static> {
        match Prefix::of(prefix) {
            Prefix::Letter(_) if self.random.below(3) == 0 => Prefix::Text(prefix),
            prefix => prefix,
        }
    }

    /// Writes an element; `bound` are the prefixes in scope.
    fn element(&mut self, bound: &mut Vec<&'static str>) {
        let before = bound.len();
        self.start(bound);
        for _ in 0..self.random.below(5) {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            match self.random.below(9) {
                0..=3 => {
                    let list = self.random.below(12) == 0;
                    if list {
                        self.list();
                    } else {
                        let units = self.units();
                        let value = self.value(&units);
                        self.writer.write(&Record::Text { value, end: false });
                    }
                }
                4 => self.writer.write(&Record::Comment("a comment, \u{e9}")),
                5 => self.array(bound),
                _ if before < 30 => self.element(bound),
                _ => {}
            }
        }
        self.writer.write(&Record::EndElement);
        bound.truncate(before);
    }

    fn start(&mut self, bound: &mut Vec<&'static str>) {
        let prefix = self.random.of(&PREFIXES);
        let name = self.name();
        let (wanted, prefix_form) = (!prefix.is_empty() && !bound.contains(&prefix), self.prefix(prefix));
        self.writer.write(&Record::Element { prefix: prefix_form, name });
        let mut declare: Vec<&'static str> = if wanted { vec![prefix] } else { Vec::new() };
        for _ in 0..self.random.below(3) {
            let more = self.random.of(&PREFIXES);
            if !declare.contains(&more) {
                declare.push(more);
            }
        }
        for prefix in declare {
            let namespace = self.random.of(&NAMESPACES);
            let namespace = self.string(namespace);
            let declared = if prefix.is_empty() { None } else { Some(prefix) };
            self.writer.write(&Record::Xmlns { prefix: declared, namespace });
            bound.push(prefix);
        }
        let mut seen = Vec::new();
        for _ in 0..self.random.below(4) {
            let name = self.name();
            // Two prefixes may be bound to one namespace: no local name stands twice.
            if seen.contains(&name.text()) {
                continue;
            }
            seen.push(name.text());
            let usable: Vec<_> = bound.iter().copied().filter(|prefix| !prefix.is_empty()).collect();
            let prefix = if usable.is_empty() || self.random.below(2) == 0 { "" } else { self.random.of(&usable) };
            let prefix = self.prefix(prefix);
            let units = self.units();
            let value = self.value(&units);
            self.writer.write(&Record::Attribute { prefix, name, value });
        }
    }

    fn units(&mut self) -> Vec<u8> {
        self.random.of(&TEXTS).encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    /// A value of any type. Left out is what Mono writes in other characters: decimals that end in zeros, and numbers whose
    /// digits its own rounding changes.
    pub(crate) fn value<'a>(&mut self, units: &'a [u8]) -> Value<'a>
    where
        'r: 'a,
    {
        let width = self.random.of(&[Width::Eight, Width::Sixteen, Width::ThirtyTwo]);
        match self.random.below(24) {
            0 => Value::Zero,
            1 => Value::One,
            2 => Value::False,
            3 => Value::True,
            4 => Value::Int8(i8::from_le_bytes(self.random.bytes())),
            5 => Value::Int16(i16::from_le_bytes(self.random.bytes())),
            6 => Value::Int32(i32::from_le_bytes(self.random.bytes())),
            7 => Value::Int64(i64::from_le_bytes(self.random.bytes())),
            8 => Value::Float(self.random.of(&[0.0, 1.1, -32.45, 0.1, 1e-7, 3.5e20, f32::NAN, f32::INFINITY])),
            9 => Value::Double(self.random.of(&[0.0, 1.1, -0.25, 1e-7, 1e15, 123_456_789.5, f64::NEG_INFINITY])),
            10 => {
                let (low, high) = (self.random.next() / 10 * 10 + 1, u32::from_le_bytes(self.random.bytes()));
                Value::Decimal(Decimal { scale: self.random.bytes::<1>()[0] % 29, negative: low & 2 == 0, high, low })
            }
            11 => {
                let zone = self.random.of(&[Zone::Unspecified, Zone::Utc, Zone::Local]);
                Value::DateTime(DateTime { ticks: self.random.next() % DateTime::END, zone })
            }
            12..=14 => Value::Chars(width, self.random.of(&TEXTS)),
            15 | 16 => Value::Bytes(width, &units[..units.len().min(7)]),
            17 => Value::Empty,
            18 => {
                let Str::Dictionary(string) = self.name() else { return Value::Empty };
                Value::Dictionary(string)
            }
            19 => Value::UniqueId(Uuid(self.random.bytes())),
            20 => Value::TimeSpan(i64::from_le_bytes(self.random.bytes())),
            21 => Value::Uuid(Uuid(self.random.bytes())),
            22 => Value::UInt64(self.random.next()),
            _ if self.random.below(2) == 0 => Value::Bool(self.random.below(2) == 0),
            _ => Value::UnicodeChars(width, Utf16::new(units).unwrap()),
        }
    }

    /// A list of values, which no constructor makes: read from its records.
    fn list(&mut self) {
        let mut bytes = vec![0xA4];
        for _ in 0..self.random.below(4) {
            let units = self.units();
            match self.value(&units) {
                // Mono shows the name of a type instead.
                Value::Bytes(..) => {}
                value => Record::Text { value, end: false }.write(&mut bytes),
            }
        }
        bytes.push(0xA6);
        let table = self.table;
        let record = ipamspec::wire::nbfx::Records::new(&bytes, table).next().unwrap().unwrap().record;
        self.writer.write(&record);
    }

    fn array(&mut self, bound: &mut Vec<&'static str>) {
        let record_type = self.random.of(&[0xB5, 0x8B, 0x8D, 0x8F, 0x97, 0xAF, 0xB1]);
        let count = 1 + self.random.below(4);
        let data: Vec<u8> = (0..count * Values::size(record_type).unwrap())
            .map(|_| match record_type {
                0xB5 => self.random.bytes::<1>()[0] & 1,
                // A time of day early in the calendar.
                0x97 => self.random.bytes::<1>()[0] & 0x0F,
                _ => self.random.bytes::<1>()[0],
            })
            .collect();
        let before = bound.len();
        self.writer.write(&Record::Array);
        self.start(bound);
        bound.truncate(before);
        self.writer.write(&Record::EndElement);
        self.writer.write(&Record::ArrayValues(Values { record_type, count, data: &data }));
    }
}

/// The static dictionary, for strings that outlive a test.
fn dictionary() -> &'static StringTable {
    static TABLE: std::sync::LazyLock<StringTable> = std::sync::LazyLock::new(StringTable::new);
    &TABLE
}

/// A random tree.
pub(crate) fn tree(random: &mut Random) -> Element {
    let mut left = 30;
    element(random, &Scope::default(), &mut left)
}

fn element(random: &mut Random, around: &Scope, left: &mut usize) -> Element {
    const TYPED: [&str; 12] = [
        "true",
        "false",
        "7",
        "-300",
        "70000",
        "5000000000",
        "1.5",
        "2024-02-29T12:30:00Z",
        "PT5M",
        "INF",
        "33221100-5544-7766-8899-aabbccddeeff",
        "0001-01-01T00:00:00",
    ];
    let mut declared: Vec<(Box<str>, std::sync::Arc<str>)> = Vec::new();
    for _ in 0..random.below(3) {
        let (prefix, namespace) = (random.of(&PREFIXES), random.of(&NAMESPACES));
        if declared.iter().all(|(known, _)| **known != *prefix) {
            declared.push((prefix.into(), namespace.into()));
        }
    }
    let scope = around.with(declared);
    let mut attributes: Vec<Attribute> = Vec::new();
    for _ in 0..random.below(3) {
        let name = QName::new(random.of(&["", IPAM, "urn:x"]), random.of(&NAMES));
        if attributes.iter().all(|attribute| attribute.name != name) {
            attributes.push(Attribute { name, value: random.of(&TEXTS).to_owned() });
        }
    }
    let mut children = Vec::new();
    for _ in 0..random.below(5) {
        if *left == 0 {
            break;
        }
        *left -= 1;
        let text = if random.below(2) == 0 { random.of(&TEXTS) } else { random.of(&TYPED) };
        match random.below(4) {
            0 if !text.is_empty() && !matches!(children.last(), Some(Node::Text(_))) => {
                children.push(Node::Text(text.to_owned()));
            }
            1 => {
                // Some of a name, as arrays may be.
                let name = QName::new(random.of(&NAMESPACES), random.of(&NAMES));
                for _ in 0..random.below(4) {
                    let text = Node::Text(random.of(&TYPED[2..5]).to_owned());
                    children.push(Node::Element(Element {
                        name: name.clone(),
                        attributes: Vec::new(),
                        children: vec![text],
                        scope: scope.clone(),
                        position: Position::default(),
                    }));
                }
            }
            _ => children.push(Node::Element(element(random, &scope, left))),
        }
    }
    let name = QName::new(random.of(&["", IPAM, SOAP12, ADDRESSING, "urn:x"]), random.of(&NAMES));
    Element { name, attributes, children, scope, position: Position::default() }
}
