//! The infoset: names, typed values, limits; text read strictly and written once.
//!
//! Leaves out what messages mean. Follows XML 1.0, Namespaces in XML 1.0 and XML Schema part 2.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

mod chars;
mod date_time;
mod declaration;
mod duration;
mod error;
mod event;
mod namespaces;
mod number;
mod plain;
mod plainly;
mod prefixes;
#[cfg(test)]
mod probes;
#[cfg(test)]
mod properties;
mod reader;
mod references;
mod tag;
mod tree;
mod validate;
mod value;
mod view;
mod writer;

pub use chars::{is_char, is_ncname};
pub use date_time::{DateTime, date_since_1970, days_since_1970};
pub use duration::Duration;
pub use error::{Limit, XmlError, XmlErrorKind};
pub use event::{Builder, Event};
pub use namespaces::{MOST_IN_SCOPE, check_declaration};
pub use number::Number;
pub use plain::{Plain, PlainElement, PlainReader};
pub use plainly::is_valid_field;
pub use prefixes::Prefixes;
pub use reader::{EventReader, Limits, fragment, read};
pub use tree::{Attribute, Document, Element, Node, Position, QName, Scope};
pub use validate::{Mismatch, validate, validate_field};
pub use value::{Double, Value, ValueError, type_name};
pub use view::{Child, View};
pub use writer::{Writer, escape_attribute, escape_text, pretty, write};
