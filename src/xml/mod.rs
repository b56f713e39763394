//! The infoset: names, typed values, limits; text read strictly and written once.
//!
//! Leaves out what messages mean. Follows XML 1.0, Namespaces in XML 1.0 and XML Schema part 2.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

mod tree;

pub use tree::{Attribute, Document, Element, Node, Position, QName, Scope};
