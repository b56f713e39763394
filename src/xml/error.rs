//! What is wrong with a text that is no XML, and where.
//!
//! Leaves out finding it. Follows XML 1.0 (fifth edition) and Namespaces in XML 1.0.

use thiserror::Error;

use super::Position;

/// Why a text was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{position}: {kind}")]
pub struct XmlError {
    /// The place of the mistake, or where what is unfinished began.
    pub position: Position,
    /// What is wrong.
    pub kind: XmlErrorKind,
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum XmlErrorKind {
    /// Bytes that are no UTF-8.
    #[error("the bytes are not UTF-8")]
    NotUtf8,
    /// An encoding that is not read here.
    #[error("the encoding {0} is not read here; only UTF-8 is")]
    Encoding(String),
    /// A declaration of US-ASCII over characters that are not.
    #[error("the declaration says US-ASCII, but `{0}` is not in it")]
    FalseEncoding(char),
    /// A document type declaration.
    #[error("a document type declaration; SOAP forbids it, and none is read here")]
    Dtd,
    /// More than the reader was told to take.
    #[error("{0}")]
    Limit(Limit),
    /// A character that XML does not allow.
    #[error("the character U+{:04X} is not allowed in XML", u32::from(*.0))]
    Character(char),
    /// A character reference that names no character XML allows.
    #[error("`{0}` refers to no character that XML allows")]
    CharacterReference(String),
    /// An ampersand that begins no reference.
    #[error("`&` begins no reference; the character itself is written `&amp;`")]
    Reference,
    /// A reference to an entity that is not one of the five that XML predefines.
    #[error("the entity `{0}` is not defined")]
    Entity(String),
    /// A name that XML does not allow.
    #[error("`{0}` is not a legal name")]
    Name(String),
    /// A name with more than one colon, or with nothing beside one.
    #[error("`{0}` is not a prefix and a local name")]
    QName(String),
    /// A prefix that no declaration binds.
    #[error("the prefix `{0}` is not bound")]
    UnboundPrefix(String),
    /// A namespace declaration that is forbidden.
    #[error("{0}")]
    NamespaceDeclaration(&'static str),
    /// An attribute that stands twice, by its spelling or by its namespace and local name.
    #[error("the attribute `{0}` stands twice")]
    DuplicateAttribute(String),
    /// A start tag whose attributes are not spelled as XML wants them.
    #[error("{0}")]
    Attribute(&'static str),
    /// `<` in the value of an attribute.
    #[error("`<` stands in the value of an attribute; there it is written `&lt;`")]
    LessThanInAttribute,
    /// `]]>` in text.
    #[error("`]]>` stands in text; there it is written `]]&gt;`")]
    CdataEnd,
    /// `--` in a comment.
    #[error("`--` stands in a comment")]
    Comment,
    /// A processing instruction that is not spelled as XML wants it.
    #[error("{0}")]
    ProcessingInstruction(&'static str),
    /// An XML declaration that is not spelled as XML wants it, or that does not stand at the very start.
    #[error("{0}")]
    Declaration(&'static str),
    /// Markup that XML does not know.
    #[error("`<!` begins no comment and no CDATA section")]
    Markup,
    /// Markup that never ends.
    #[error("{0} does not end")]
    Unfinished(&'static str),
    /// An element that is never closed.
    #[error("the element `{0}` is not closed")]
    Unclosed(String),
    /// An end tag of another element than the one that is open.
    #[error("`</{found}>` stands where `</{expected}>` closes the element")]
    EndTag {
        /// The name of the open element.
        expected: String,
        /// The name of the end tag.
        found: String,
    },
    /// An end tag where no element is open.
    #[error("`</{0}>` closes no element")]
    StrayEndTag(String),
    /// No element at all.
    #[error("there is no element")]
    NoRoot,
    /// A second element at the top.
    #[error("a second element stands beside the one at the top")]
    SecondRoot,
    /// Characters, references or CDATA outside the element at the top.
    #[error("text stands outside the element at the top")]
    TextOutsideRoot,
}

/// A bound that a text exceeds, with the most that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Limit {
    /// Bytes of the whole text.
    #[error("the text is longer than {0} bytes")]
    Bytes(usize),
    /// Elements within each other.
    #[error("elements stand more than {0} deep")]
    Depth(usize),
    /// Attributes of one element, namespace declarations included.
    #[error("an element has more than {0} attributes")]
    Attributes(usize),
    /// Characters of one text or attribute value.
    #[error("a text or a value of an attribute is longer than {0} characters")]
    Text(usize),
    /// Elements in all.
    #[error("there are more than {0} elements")]
    Elements(usize),
    /// Namespace declarations in scope at one place.
    #[error("more than {0} namespace declarations are in scope")]
    Namespaces(usize),
}

/// What is wrong, and at which byte; the reader knows the line and the column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) kind: XmlErrorKind,
}

impl Fault {
    pub(super) fn new(at: usize, kind: XmlErrorKind) -> Self {
        Self { at, kind }
    }
}
