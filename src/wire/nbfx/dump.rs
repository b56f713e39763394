//! Records for people to read: where each stands, its name, and the characters that it stands for.
//!
//! Leaves out whether they are a document: what is shown may not be well-formed. Follows [MC-NBFX] 2.

use std::borrow::Cow;

use super::{Placed, Prefix, Record, Records, Str, StringTable, Values, names::record_name, value::Value};
use crate::{
    wire::DecodeError,
    xml::{escape_attribute, escape_text},
};

/// How many characters of a name or a value are shown.
const TEXT: usize = 512;
/// How many values of an array are shown.
const VALUES: usize = 64;

/// A record, or another structure, shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Bytes from the start.
    pub offset: usize,
    /// How many bytes it has.
    pub length: usize,
    /// How many elements are open around it.
    pub depth: usize,
    /// Its name, as the specification spells it.
    pub name: &'static str,
    /// The characters that it stands for, cut where they are many, or what is wrong with it.
    pub text: String,
}

/// Shows the records of a document, one at a time. Where one is wrong, its item is the last, says so, and takes the bytes
/// that are left.
#[derive(Debug)]
pub struct Dump<'a> {
    records: Records<'a>,
    /// How many bytes there are.
    length: usize,
    /// The names of the open elements.
    open: Vec<(Prefix<'a>, Str<'a>)>,
    array: bool,
    error: Option<DecodeError>,
}

impl<'a> Dump<'a> {
    /// Begins a document.
    pub fn new(bytes: &'a [u8], table: &'a StringTable) -> Self {
        let records = Records::new(bytes, table);
        Self { records, length: bytes.len(), open: Vec::new(), array: false, error: None }
    }

    /// What was wrong, once the items are over.
    pub fn into_error(self) -> Option<DecodeError> {
        self.error
    }

    fn wrong(&mut self, error: DecodeError) -> Item {
        let offset = usize::try_from(error.offset).unwrap_or(usize::MAX).min(self.length);
        let (name, text) = (error.item, error.kind.to_string());
        self.error = Some(error);
        Item { offset, length: self.length - offset, depth: self.open.len(), name, text }
    }
}

impl Iterator for Dump<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        if self.error.is_some() {
            return None;
        }
        let Placed { offset, length, record } = match self.records.next()? {
            Ok(placed) => placed,
            Err(error) => return Some(self.wrong(error)),
        };
        let open = self.open.len();
        let mut depth = if matches!(record, Record::EndElement) { open.saturating_sub(1) } else { open };
        let mut text = characters(&record);
        match record {
            Record::Array => self.array = true,
            Record::Element { prefix, name } => self.open.push((prefix, name)),
            Record::EndElement | Record::Text { end: true, .. } => {
                let ended = self.open.pop().map(|(prefix, name)| qualified(prefix, name)).unwrap_or_default();
                text.extend(["</", &ended, ">"]);
            }
            Record::ArrayValues(_) => self.array = false,
            _ => {}
        }
        if self.array && !matches!(record, Record::Array) {
            depth += 1;
        }
        Some(Item { offset, length, depth, name: name(&record), text })
    }
}

/// Shows the records of a document, all at once.
pub fn dump(bytes: &[u8], table: &StringTable) -> (Vec<Item>, Option<DecodeError>) {
    let mut dump = Dump::new(bytes, table);
    (dump.by_ref().collect(), dump.into_error())
}

fn name(record: &Record<'_>) -> &'static str {
    let record_type = match record {
        Record::ArrayValues(values) => Some(values.record_type),
        record => record.record_type(),
    };
    record_type.and_then(record_name).unwrap_or_default()
}

fn characters(record: &Record<'_>) -> String {
    match record {
        Record::EndElement | Record::Array => String::new(),
        Record::Comment(text) => format!("<!--{}-->", cut(text)),
        Record::Element { prefix, name } => format!("<{}", qualified(*prefix, *name)),
        Record::Attribute { prefix, name, value } => {
            format!("{}=\"{}\"", qualified(*prefix, *name), escape_attribute(&shown(value)))
        }
        Record::Xmlns { prefix: None, namespace } => format!("xmlns=\"{}\"", escape_attribute(&cut(namespace.text()))),
        Record::Xmlns { prefix: Some(prefix), namespace } => {
            format!("xmlns:{}=\"{}\"", cut(prefix), escape_attribute(&cut(namespace.text())))
        }
        Record::Text { value, .. } => escape_text(&shown(value)).into_owned(),
        Record::ArrayValues(values) => {
            let mut shown: Vec<_> = values.values().take(VALUES).map(|value| value.to_string()).collect();
            if values.count > VALUES {
                shown.push(format!("… {} values", values.count));
            }
            shown.join(" ")
        }
    }
}

fn qualified(prefix: Prefix<'_>, name: Str<'_>) -> String {
    let (prefix, local) = (cut(prefix.text()), cut(name.text()));
    if prefix.is_empty() { local.into_owned() } else { format!("{prefix}:{local}") }
}

/// A value as far as it is shown. A list of records of two bytes may stand for far more text than fits in memory.
fn shown(value: &Value<'_>) -> String {
    let Value::List(list) = value else { return cut(&value.text()).into_owned() };
    let mut text = String::new();
    for value in list.values() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&cut(&value.text()));
        // In octets, of which a character has four at most.
        if text.len() > 4 * TEXT {
            break;
        }
    }
    cut(&text).into_owned()
}

/// A text as far as it is shown: a record of two bytes may stand for a long string.
fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(TEXT) {
        Some((at, _)) => Cow::Owned(format!("{}…", text.get(..at).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

impl<'a> Values<'a> {
    /// The values, up to one that is none.
    pub fn values(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let (mut cursor, record_type) = (super::Cursor::new(self.data), self.record_type & 0xFE);
        std::iter::from_fn(move || {
            let mut value = Value::Empty;
            let more = !cursor.rest().is_empty() && value.read_fixed(record_type, &mut cursor).is_ok();
            more.then_some(value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_shown_up_to_the_one_that_is_wrong() {
        // <s:Body><a b="1">x</a>, an array of two, and a record type that there is not.
        let bytes = b"\x56\x0E\x40\x01a\x04\x01b\x82\x99\x01x\x03\x40\x01n\x01\x8B\x02\x01\x00\x02\x00\xFE\x00";
        let (items, error) = dump(bytes, &StringTable::new());
        let shown: Vec<_> =
            items.iter().map(|i| format!("{} {} {} {} {}", i.offset, i.length, i.depth, i.name, i.text)).collect();
        assert_eq!(
            shown,
            [
                "0 2 0 PrefixDictionaryElementS <s:Body",
                "2 3 1 ShortElement <a",
                "5 4 2 ShortAttribute b=\"1\"",
                "9 3 2 Chars8TextWithEndElement x</a>",
                "12 1 1 Array ",
                "13 3 2 ShortElement <n",
                "16 1 2 EndElement </n>",
                "17 6 1 Int16TextWithEndElement 1 2",
                "23 2 1 Record 0xFE is no value that it has",
            ]
        );
        assert_eq!(error.unwrap().offset, 23);
    }
}
