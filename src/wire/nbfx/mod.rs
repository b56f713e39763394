//! Binary XML: records, the document that they stand for, and documents written as records.
//!
//! Leaves out the strings of a session, which are `nbfse`'s. Follows [MC-NBFX].
//!
//! [`Records`] takes bytes apart record by record, each in its exact form; [`Reader`] reads them as a document, event by
//! event, without a copy; [`read`] makes the tree that the same document would be as text.

mod bindings;
#[cfg(test)]
mod captures;
mod chars;
mod cursor;
mod document;
mod dump;
#[cfg(test)]
mod examples;
mod names;
#[cfg(test)]
mod properties;
mod reader;
mod record;
mod table;
mod text;
mod tree;
mod typed;
mod value;
mod writer;

pub use chars::Utf16;
pub(in crate::wire) use cursor::{Cursor, write_int31, write_string};
pub(in crate::wire) use document::read_at;
pub use document::{Events, read};
pub use dump::{Dump, Item, dump};
pub use names::record_name;
pub use reader::{Attribute, Event, Name, Reader};
pub use record::{Placed, Prefix, Record, Records, Str, Values};
pub use table::StringTable;
pub(in crate::wire) use tree::write_tree;
pub use tree::{Intern, Style};
pub use value::{DateTime, Decimal, DictionaryString, List, Uuid, Value, Width, Zone};
pub use writer::Writer;
