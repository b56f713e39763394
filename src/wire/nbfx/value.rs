//! The values of text records, taken off their bytes and put back as they were.
//!
//! Leaves out the characters that they stand for, which are in `text.rs`. Follows [MC-NBFX] 2.2.3.

use super::{
    StringTable,
    chars::{self, Utf16},
    cursor::{Cursor, Fault, write_int31},
};

/// What a text record holds, its form included: written again it gives the same bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// 2.2.3.1: `0`.
    Zero,
    /// 2.2.3.2: `1`.
    One,
    /// 2.2.3.3: `false`.
    False,
    /// 2.2.3.4: `true`.
    True,
    /// 2.2.3.5
    Int8(i8),
    /// 2.2.3.6
    Int16(i16),
    /// 2.2.3.7
    Int32(i32),
    /// 2.2.3.8
    Int64(i64),
    /// 2.2.3.9
    Float(f32),
    /// 2.2.3.10
    Double(f64),
    /// 2.2.3.11
    Decimal(Decimal),
    /// 2.2.3.12
    DateTime(DateTime),
    /// 2.2.3.13 to 2.2.3.15: characters in UTF-8, with the width of their length.
    Chars(Width, &'a str),
    /// 2.2.3.16 to 2.2.3.18: bytes, shown in base64.
    Bytes(Width, &'a [u8]),
    /// 2.2.3.19: values with a space between.
    List(List<'a>),
    /// 2.2.3.20: no characters.
    Empty,
    /// 2.2.3.21
    Dictionary(DictionaryString<'a>),
    /// 2.2.3.22: shown with `urn:uuid:` before it.
    UniqueId(Uuid),
    /// 2.2.3.23: 100 ns.
    TimeSpan(i64),
    /// 2.2.3.24
    Uuid(Uuid),
    /// 2.2.3.25
    UInt64(u64),
    /// 2.2.3.26
    Bool(bool),
    /// 2.2.3.27 to 2.2.3.29: characters in UTF-16, with the width of their length.
    UnicodeChars(Width, Utf16<'a>),
    /// 2.2.3.30: a prefix of one letter, from 0 for `a`, and a name.
    QNameDictionary(u8, DictionaryString<'a>),
}

/// How wide the length of a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// One byte.
    Eight,
    /// Two bytes.
    Sixteen,
    /// Four bytes, signed.
    ThirtyTwo,
}

impl Width {
    /// The least width for so many bytes.
    pub fn of(length: usize) -> Self {
        match length {
            0..=0xFF => Self::Eight,
            0x100..=0xFFFF => Self::Sixteen,
            _ => Self::ThirtyTwo,
        }
    }

    /// How far its record type is from that of the least width.
    fn step(self) -> u8 {
        match self {
            Self::Eight => 0,
            Self::Sixteen => 2,
            Self::ThirtyTwo => 4,
        }
    }
}

/// A string of a dictionary, by its id. Follows 2.1.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DictionaryString<'a> {
    /// Its id.
    pub id: u32,
    /// Its characters.
    pub text: &'a str,
    pub(super) is_name: bool,
}

impl<'a> DictionaryString<'a> {
    /// The string of an id, where the table has it.
    pub fn new(id: u32, table: &'a StringTable) -> Option<Self> {
        table.entry(id).map(|entry| Self { id, text: entry.text, is_name: entry.is_name })
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured: calls cost as much as what they do here")]
    pub(super) fn read(cursor: &mut Cursor<'a>, table: &'a StringTable) -> Result<Self, Fault> {
        let id = cursor.multi_byte_int31()?;
        match table.entry(id) {
            Some(entry) => Ok(Self { id, text: entry.text, is_name: entry.is_name }),
            None => Err(unknown(id, cursor)),
        }
    }

    /// Reads one whose characters stand in the document.
    #[inline]
    fn legal(cursor: &mut Cursor<'a>, table: &'a StringTable) -> Result<Self, Fault> {
        let string = Self::read(cursor, table)?;
        if table.entry(string.id).is_some_and(|entry| !entry.is_legal) {
            chars::check(string.text, cursor)?;
        }
        Ok(string)
    }
}

#[cold]
fn unknown(id: u32, cursor: &Cursor<'_>) -> Fault {
    cursor.invalid(if id.is_multiple_of(2) {
        format!("the static dictionary has no string with the id {id} (0x{id:02X})")
    } else {
        format!("no string with the id {id} (0x{id:02X}) has been sent so far")
    })
}

/// A UUID, its bytes as on the wire: three integers in little-endian, then eight bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uuid(pub [u8; 16]);

/// A decimal number: a whole number of 96 bits, its sign, and where its point stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    /// How many of the digits stand behind the point, 28 at most.
    pub scale: u8,
    /// Whether it is below zero.
    pub negative: bool,
    /// The upper 32 bits.
    pub high: u32,
    /// The lower 64 bits.
    pub low: u64,
}

/// A point in time. Follows 2.2.3.12.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateTime {
    /// 100 ns since the start of the year 1; less than 3,155,378,976,000,000,000.
    pub ticks: u64,
    /// What is known of its time zone.
    pub zone: Zone,
}

/// What is known of a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Nothing.
    Unspecified,
    /// It is UTC.
    Utc,
    /// It is UTC, to be shown in the zone of who decodes it; that is UTC here.
    Local,
}

impl DateTime {
    /// The start of the year 10000.
    pub const END: u64 = 3_155_378_976_000_000_000;

    fn read(bits: u64, cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let zone = match bits >> 62 {
            0 => Zone::Unspecified,
            1 => Zone::Utc,
            2 => Zone::Local,
            _ => return Err(cursor.invalid("its TZ is 3; 0, 1 and 2 are what there is")),
        };
        let ticks = bits & (u64::MAX >> 2);
        if ticks >= Self::END {
            return Err(cursor.invalid("its value is beyond the year 9999"));
        }
        Ok(Self { ticks, zone })
    }

    fn bits(self) -> u64 {
        let zone = match self.zone {
            Zone::Unspecified => 0,
            Zone::Utc => 1,
            Zone::Local => 2,
        };
        self.ticks & (u64::MAX >> 2) | zone << 62
    }
}

/// The values of a list. Follows 2.2.3.19.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    /// The records between StartListText and EndListText, which were read once.
    bytes: &'a [u8],
    table: &'a StringTable,
}

impl<'a> List<'a> {
    /// Its values, in order.
    pub fn values(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let (mut cursor, table) = (Cursor::new(self.bytes), self.table);
        std::iter::from_fn(move || {
            let record_type = cursor.begin()?;
            let mut value = Value::Empty;
            value.read_single(record_type, &mut cursor, table).ok()?;
            Some(value)
        })
    }

    /// Reads what follows StartListText, with EndListText: text records that are no lists and end no element.
    fn read(cursor: &mut Cursor<'a>, table: &'a StringTable) -> Result<Self, Fault> {
        let (list, begun) = (cursor.begun(), cursor.offset());
        let mut value = Value::Empty;
        loop {
            let end = cursor.offset();
            match cursor.begin() {
                None => return Err(cursor.truncated()),
                Some(END_LIST) => {
                    cursor.resume(list);
                    return Ok(Self { bytes: cursor.between(begun, end), table });
                }
                Some(record_type) if record_type < 0x80 || !record_type.is_multiple_of(2) => {
                    return Err(cursor.invalid("it stands in a list, which only *Text records may"));
                }
                Some(START_LIST) => return Err(cursor.invalid("a list stands in a list")),
                Some(record_type) => value.read_single(record_type, cursor, table)?,
            }
        }
    }
}

impl PartialEq for List<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.values().eq(other.values())
    }
}

const START_LIST: u8 = 0xA4;
const END_LIST: u8 = 0xA6;

impl<'a> Value<'a> {
    /// Becomes what follows a record type, which is even: that of a *Text record. It is read in its place, since moving it
    /// takes longer than reading it.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured: calls cost as much as what they do here")]
    pub(super) fn read(
        &mut self,
        record_type: u8,
        cursor: &mut Cursor<'a>,
        table: &'a StringTable,
    ) -> Result<(), Fault> {
        if record_type == START_LIST {
            *self = Self::List(List::read(cursor, table)?);
            return Ok(());
        }
        self.read_single(record_type, cursor, table)
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured: calls cost as much as what they do here")]
    fn read_single(&mut self, record_type: u8, cursor: &mut Cursor<'a>, table: &'a StringTable) -> Result<(), Fault> {
        match record_type {
            0x80 => *self = Self::Zero,
            0x82 => *self = Self::One,
            0x84 => *self = Self::False,
            0x86 => *self = Self::True,
            0x88 | 0x8A..=0x96 | 0xAE..=0xB4 => return self.read_fixed(record_type, cursor),
            0x98 => {
                let length = usize::from(cursor.byte()?);
                *self = Self::Chars(Width::Eight, chars::read(length, cursor)?);
            }
            0x9A => {
                let length = usize::from(u16::from_le_bytes(cursor.array()?));
                *self = Self::Chars(Width::Sixteen, chars::read(length, cursor)?);
            }
            0x9C => {
                let length = long(cursor)?;
                *self = Self::Chars(Width::ThirtyTwo, chars::read(length, cursor)?);
            }
            0x9E => {
                let length = usize::from(cursor.byte()?);
                *self = Self::Bytes(Width::Eight, cursor.take(length)?);
            }
            0xA0 => {
                let length = usize::from(u16::from_le_bytes(cursor.array()?));
                *self = Self::Bytes(Width::Sixteen, cursor.take(length)?);
            }
            0xA2 => {
                let length = long(cursor)?;
                *self = Self::Bytes(Width::ThirtyTwo, cursor.take(length)?);
            }
            END_LIST => return Err(cursor.invalid("no list is open")),
            0xA8 => *self = Self::Empty,
            0xAA => *self = Self::Dictionary(DictionaryString::legal(cursor, table)?),
            0xAC => *self = Self::UniqueId(Uuid(cursor.array()?)),
            0xB6 => {
                let length = usize::from(cursor.byte()?);
                *self = Self::UnicodeChars(Width::Eight, Utf16::read(length, cursor)?);
            }
            0xB8 => {
                let length = usize::from(u16::from_le_bytes(cursor.array()?));
                *self = Self::UnicodeChars(Width::Sixteen, Utf16::read(length, cursor)?);
            }
            0xBA => {
                // 2.2.3.29 says MultiByteInt31; the examples, Microsoft's stack and Mono have four bytes as Chars32Text does.
                let length = long(cursor)?;
                *self = Self::UnicodeChars(Width::ThirtyTwo, Utf16::read(length, cursor)?);
            }
            0xBC => {
                let prefix = cursor.byte()?;
                if prefix > 25 {
                    return Err(cursor.invalid("its prefix is no letter: 0 to 25 are what there is"));
                }
                *self = Self::QNameDictionary(prefix, DictionaryString::legal(cursor, table)?);
            }
            other => return Err(cursor.unknown(other)),
        }
        Ok(())
    }

    /// Reads the values that have one size, as arrays hold them too.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured: calls cost as much as what they do here")]
    pub(super) fn read_fixed(&mut self, record_type: u8, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        match record_type {
            0x88 => *self = Self::Int8(i8::from_le_bytes(cursor.array()?)),
            0x8A => *self = Self::Int16(i16::from_le_bytes(cursor.array()?)),
            0x8C => *self = Self::Int32(i32::from_le_bytes(cursor.array()?)),
            0x8E => *self = Self::Int64(i64::from_le_bytes(cursor.array()?)),
            0x90 => *self = Self::Float(f32::from_le_bytes(cursor.array()?)),
            0x92 => *self = Self::Double(f64::from_le_bytes(cursor.array()?)),
            0x94 => *self = Self::Decimal(Decimal::read(cursor)?),
            0x96 => *self = Self::DateTime(DateTime::read(u64::from_le_bytes(cursor.array()?), cursor)?),
            0xAE => *self = Self::TimeSpan(i64::from_le_bytes(cursor.array()?)),
            0xB0 => *self = Self::Uuid(Uuid(cursor.array()?)),
            0xB2 => *self = Self::UInt64(u64::from_le_bytes(cursor.array()?)),
            0xB4 => match cursor.byte()? {
                0 => *self = Self::Bool(false),
                1 => *self = Self::Bool(true),
                _ => return Err(cursor.invalid("its value is neither 0 nor 1")),
            },
            other => return Err(cursor.unknown(other)),
        }
        Ok(())
    }

    /// The type of the *Text record that holds it.
    pub fn record_type(&self) -> u8 {
        match self {
            Self::Zero => 0x80,
            Self::One => 0x82,
            Self::False => 0x84,
            Self::True => 0x86,
            Self::Int8(_) => 0x88,
            Self::Int16(_) => 0x8A,
            Self::Int32(_) => 0x8C,
            Self::Int64(_) => 0x8E,
            Self::Float(_) => 0x90,
            Self::Double(_) => 0x92,
            Self::Decimal(_) => 0x94,
            Self::DateTime(_) => 0x96,
            Self::Chars(width, _) => 0x98 + width.step(),
            Self::Bytes(width, _) => 0x9E + width.step(),
            Self::List(_) => START_LIST,
            Self::Empty => 0xA8,
            Self::Dictionary(_) => 0xAA,
            Self::UniqueId(_) => 0xAC,
            Self::TimeSpan(_) => 0xAE,
            Self::Uuid(_) => 0xB0,
            Self::UInt64(_) => 0xB2,
            Self::Bool(_) => 0xB4,
            Self::UnicodeChars(width, _) => 0xB6 + width.step(),
            Self::QNameDictionary(..) => 0xBC,
        }
    }

    /// Whether its record has a form that ends the element too: all have but lists.
    pub fn has_end_element(&self) -> bool {
        !matches!(self, Self::List(_))
    }

    /// Writes what follows the record type; for a list, with EndListText. What is longer than its width can say is cut.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Zero | Self::One | Self::False | Self::True | Self::Empty => {}
            Self::Int8(value) => out.extend(value.to_le_bytes()),
            Self::Int16(value) => out.extend(value.to_le_bytes()),
            Self::Int32(value) => out.extend(value.to_le_bytes()),
            Self::Int64(value) | Self::TimeSpan(value) => out.extend(value.to_le_bytes()),
            Self::Float(value) => out.extend(value.to_le_bytes()),
            Self::Double(value) => out.extend(value.to_le_bytes()),
            Self::Decimal(value) => value.write(out),
            Self::DateTime(value) => out.extend(value.bits().to_le_bytes()),
            Self::Chars(width, text) => write_bytes(out, *width, text.as_bytes()),
            Self::Bytes(width, bytes) => write_bytes(out, *width, bytes),
            Self::List(list) => {
                for value in list.values() {
                    out.push(value.record_type());
                    value.write(out);
                }
                out.push(END_LIST);
            }
            Self::Dictionary(string) => write_id(out, string.id),
            Self::UniqueId(uuid) | Self::Uuid(uuid) => out.extend(uuid.0),
            Self::UInt64(value) => out.extend(value.to_le_bytes()),
            Self::Bool(value) => out.push(u8::from(*value)),
            Self::UnicodeChars(width, text) => write_bytes(out, *width, text.bytes()),
            Self::QNameDictionary(prefix, string) => {
                out.push(*prefix);
                write_id(out, string.id);
            }
        }
    }
}

impl Decimal {
    /// [MS-OAUT] 2.2.26: two reserved bytes, scale, sign, then the upper 32 and the lower 64 bits.
    fn read(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let [_, _, scale, sign, a, b, c, d, low @ ..] = cursor.array::<16>()?;
        if scale > 28 || sign & 0x7F != 0 {
            return Err(cursor.invalid("its scale is beyond 28, or its sign is neither 0x00 nor 0x80"));
        }
        let (high, low) = (u32::from_le_bytes([a, b, c, d]), u64::from_le_bytes(low));
        Ok(Self { scale, negative: sign != 0, high, low })
    }

    fn write(self, out: &mut Vec<u8>) {
        out.extend([0, 0, self.scale, if self.negative { 0x80 } else { 0 }]);
        out.extend(self.high.to_le_bytes());
        out.extend(self.low.to_le_bytes());
    }

    /// The number without its sign and its point.
    pub(super) fn digits(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }
}

/// A length of four bytes, signed, which may not be below zero.
fn long(cursor: &mut Cursor<'_>) -> Result<usize, Fault> {
    let length = i32::from_le_bytes(cursor.array()?);
    usize::try_from(length).map_err(|_| cursor.invalid("its length is below zero"))
}

pub(super) fn write_id(out: &mut Vec<u8>, id: u32) {
    write_int31(out, usize::try_from(id).unwrap_or(usize::MAX));
}

fn write_bytes(out: &mut Vec<u8>, width: Width, bytes: &[u8]) {
    let most = match width {
        Width::Eight => 0xFF,
        Width::Sixteen => 0xFFFF,
        Width::ThirtyTwo => 0x7FFF_FFFF,
    };
    let bytes = bytes.get(..most).unwrap_or(bytes);
    let length = u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes();
    match width {
        Width::Eight => out.extend_from_slice(&length[..1]),
        Width::Sixteen => out.extend_from_slice(&length[..2]),
        Width::ThirtyTwo => out.extend_from_slice(&length),
    }
    out.extend_from_slice(bytes);
}
