//! Records for people to read: where each stands, its name, and the characters that it stands for.
//!
//! Leaves out whether they are a document: what is shown may not be well-formed. Follows [MC-NBFX] 2.

use super::{Placed, Record, Records, StringTable, Values, names::record_name, value::Value};
use crate::{
    wire::DecodeError,
    xml::{escape_attribute, escape_text},
};

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
    /// The characters that it stands for, or what is wrong with it.
    pub text: String,
}

/// Shows the records of a document. Where one is wrong, its item is the last, says so, and takes the bytes that are left.
pub fn dump(bytes: &[u8], table: &StringTable) -> (Vec<Item>, Option<DecodeError>) {
    let mut items = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut array = false;
    for record in Records::new(bytes, table) {
        let Placed { offset, length, record } = match record {
            Ok(placed) => placed,
            Err(error) => {
                let offset = usize::try_from(error.offset).unwrap_or(usize::MAX).min(bytes.len());
                let text = error.kind.to_string();
                items.push(Item { offset, length: bytes.len() - offset, depth: open.len(), name: error.item, text });
                return (items, Some(error));
            }
        };
        let ends = matches!(record, Record::EndElement);
        let depth = open.len() - usize::from(ends && !open.is_empty());
        let mut text = characters(&record);
        match record {
            Record::Array => array = true,
            Record::Element { prefix, name } => open.push(qualified(prefix.text(), name.text())),
            Record::EndElement | Record::Text { end: true, .. } => {
                text.extend(["</", &open.pop().unwrap_or_default(), ">"]);
            }
            Record::ArrayValues(_) => array = false,
            _ => {}
        }
        let depth = if array && !matches!(record, Record::Array) { depth + 1 } else { depth };
        items.push(Item { offset, length, depth, name: name(&record), text });
    }
    (items, None)
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
        Record::Comment(text) => format!("<!--{text}-->"),
        Record::Element { prefix, name } => format!("<{}", qualified(prefix.text(), name.text())),
        Record::Attribute { prefix, name, value } => {
            let value = value.text();
            format!(" {}=\"{}\"", qualified(prefix.text(), name.text()), escape_attribute(&value))
        }
        Record::Xmlns { prefix: None, namespace } => format!(" xmlns=\"{}\"", escape_attribute(namespace.text())),
        Record::Xmlns { prefix: Some(prefix), namespace } => {
            format!(" xmlns:{prefix}=\"{}\"", escape_attribute(namespace.text()))
        }
        Record::Text { value, .. } => escape_text(&value.text()).into_owned(),
        Record::ArrayValues(values) => values.values().map(|value| value.to_string()).collect::<Vec<_>>().join(" "),
    }
}

fn qualified(prefix: &str, local: &str) -> String {
    if prefix.is_empty() { local.to_owned() } else { format!("{prefix}:{local}") }
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
                "5 4 2 ShortAttribute  b=\"1\"",
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
