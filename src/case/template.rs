//! Text with holes: `{{name}}` stands for a value that the matrix, an earlier step, or the target's `[vars]` gives.
//!
//! Leaves out where the values come from. Where a text is XML, a value is escaped, so that it is always text there.

use std::{borrow::Cow, fmt, ops::Range};

use super::id;

/// The values for holes, by name.
pub type Vars<'a> = &'a dyn Fn(&str) -> Option<String>;

/// How a value is written where it fills a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// As it is.
    Plain,
    /// As XML text or an attribute's value.
    Xml,
    /// As a part of an id of a case.
    Id,
}

/// Text with `{{name}}` holes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
    escape: Escape,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    /// Where it stands in the text of the template, in bytes.
    source: Range<usize>,
    content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    /// Text as it stands in the template.
    Text(String),
    /// A hole that was filled for good, already escaped.
    Filled(String),
    /// A hole.
    Hole(String),
    /// A hole that takes XML as it is.
    Xml(String),
}

impl Content {
    /// What stands in a sketch: of a hole its name, as an element where XML will stand.
    fn sketch(&self) -> Cow<'_, str> {
        match self {
            Self::Text(content) | Self::Filled(content) | Self::Hole(content) => content.into(),
            Self::Xml(name) => format!("<{name}/>").into(),
        }
    }
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// Where the trouble is, in bytes of the text.
    pub span: Range<usize>,
    /// What the trouble is.
    pub message: String,
}

/// A hole without a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no value for `{{{{{0}}}}}`")]
pub struct Unfilled(pub String);

impl Template {
    /// Reads a text with holes.
    ///
    /// # Errors
    /// Says where a hole is not closed or has no proper name.
    pub fn parse(text: &str, escape: Escape) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some((before, rest)) = text.get(at..).unwrap_or_default().split_once("{{") {
            let open = at + before.len();
            if !before.is_empty() {
                parts.push(Part { source: at..open, content: Content::Text(before.to_owned()) });
            }
            let Some((name, _)) = rest.split_once("}}") else {
                return Err(TemplateError { span: open..open + 2, message: "`{{` without `}}`".to_owned() });
            };
            let close = open + 2 + name.len() + 2;
            let name = name.trim_matches(' ');
            if !is_name(name) {
                return Err(TemplateError {
                    span: open..close,
                    message: "the name of a hole is lower-case letters, digits and `_`, a letter first".to_owned(),
                });
            }
            parts.push(Part { source: open..close, content: Content::Hole(name.to_owned()) });
            at = close;
        }
        let rest = text.get(at..).unwrap_or_default();
        if !rest.is_empty() {
            parts.push(Part { source: at..text.len(), content: Content::Text(rest.to_owned()) });
        }
        Ok(Self { parts, escape })
    }

    /// Text without holes.
    pub fn literal(text: &str) -> Self {
        let parts = vec![Part { source: 0..text.len(), content: Content::Text(text.to_owned()) }];
        Self { parts, escape: Escape::Plain }
    }

    /// The names of the holes that are not filled, in order; one may come twice.
    pub fn holes(&self) -> impl Iterator<Item = &str> {
        self.holes_with_places().map(|(name, _)| name)
    }

    /// The names of the holes that are not filled, with their places in the text of the template.
    pub fn holes_with_places(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        self.parts.iter().filter_map(|part| match &part.content {
            Content::Hole(name) | Content::Xml(name) => Some((name.as_str(), part.source.clone())),
            _ => None,
        })
    }

    /// Lets the holes that `is_xml` names take XML as it is.
    #[must_use]
    pub fn with_xml(mut self, is_xml: impl Fn(&str) -> bool) -> Self {
        for part in &mut self.parts {
            if let Content::Hole(name) = &part.content
                && is_xml(name)
            {
                part.content = Content::Xml(name.clone());
            }
        }
        self
    }

    /// Whether XML is yet to be filled in.
    pub fn awaits_xml(&self) -> bool {
        self.parts.iter().any(|part| matches!(part.content, Content::Xml(_)))
    }

    /// Fills for good the holes that have a value, and leaves the others.
    #[must_use]
    pub fn bind(&self, vars: Vars<'_>) -> Self {
        let bind = |part: &Part| {
            let content = match &part.content {
                Content::Hole(name) => {
                    vars(name).map_or_else(|| part.content.clone(), |value| Content::Filled(self.escape.apply(&value)))
                }
                Content::Xml(name) => vars(name).map_or_else(|| part.content.clone(), Content::Filled),
                content => content.clone(),
            };
            Part { source: part.source.clone(), content }
        };
        Self { parts: self.parts.iter().map(bind).collect(), escape: self.escape }
    }

    /// The text, every hole filled.
    ///
    /// # Errors
    /// Names the first hole for which there is no value.
    pub fn fill(&self, vars: Vars<'_>) -> Result<String, Unfilled> {
        let mut text = String::new();
        for part in &self.parts {
            match &part.content {
                Content::Text(content) | Content::Filled(content) => text.push_str(content),
                Content::Hole(name) => {
                    let value = vars(name).ok_or_else(|| Unfilled(name.clone()))?;
                    text.push_str(&self.escape.apply(&value));
                }
                Content::Xml(name) => text.push_str(&vars(name).ok_or_else(|| Unfilled(name.clone()))?),
            }
        }
        Ok(text)
    }

    /// The text with the name of a hole in place of its value: well-formed where the filled text will be.
    pub fn sketch(&self) -> String {
        self.parts.iter().map(|part| part.content.sketch()).collect()
    }

    /// Where a byte of the [sketch](Self::sketch) comes from in the text of the template: itself, or the whole hole.
    pub fn source_of(&self, offset: usize) -> Range<usize> {
        let mut start = 0;
        for part in &self.parts {
            let length = part.content.sketch().len();
            if offset < start + length {
                return match &part.content {
                    Content::Text(_) => {
                        let at = part.source.start + (offset - start);
                        at..at + 1
                    }
                    _ => part.source.clone(),
                };
            }
            start += length;
        }
        let end = self.parts.last().map_or(0, |part| part.source.end);
        end..end
    }

    /// The text without any hole, where there is none left.
    pub fn constant(&self) -> Option<String> {
        self.fill(&|_| None).ok()
    }
}

/// Writes the text with its holes.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match &part.content {
                Content::Text(content) | Content::Filled(content) => f.write_str(content)?,
                Content::Hole(name) | Content::Xml(name) => write!(f, "{{{{{name}}}}}")?,
            }
        }
        Ok(())
    }
}

impl Escape {
    fn apply(self, value: &str) -> String {
        match self {
            Self::Plain => value.to_owned(),
            Self::Xml => escape_xml(value),
            Self::Id => id::encode(value),
        }
    }
}

/// Whether a word may name a hole, a key of the matrix or a capture.
pub fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.len() <= 60
        && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Line ends and tabs become references too: a reader would change them otherwise.
fn escape_xml(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' => escaped.push_str("&#9;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn xml(text: &str) -> Template {
        Template::parse(text, Escape::Xml).unwrap()
    }

    #[test]
    fn holes_are_filled_and_values_escaped() {
        let template = xml("<a b='{{one}}'>{{ two }}</a>");
        assert_eq!(template.holes().collect::<Vec<_>>(), ["one", "two"]);
        let filled = template.fill(&|name| Some(format!("{name}<&'\"\r\n\t>")));
        assert_eq!(
            filled.as_deref(),
            Ok("<a b='one&lt;&amp;&apos;&quot;&#13;&#10;&#9;&gt;'>two&lt;&amp;&apos;&quot;&#13;&#10;&#9;&gt;</a>")
        );
        let plain = Template::parse("{{a}}/{{b}}", Escape::Plain).unwrap();
        assert_eq!(plain.fill(&|_| Some("<".to_owned())).as_deref(), Ok("</<"));
        assert_eq!(plain.fill(&|name| (name == "a").then(String::new)), Err(Unfilled("b".to_owned())));
        assert_eq!(Unfilled("b".to_owned()).to_string(), "there is no value for `{{b}}`");
        let id = Template::parse("x/k={{a}}", Escape::Id).unwrap();
        assert_eq!(id.fill(&|_| Some(" /".to_owned())).as_deref(), Ok("x/k=%20%2F"));
    }

    #[test]
    fn a_value_is_never_read_as_a_hole() {
        let bound = Template::parse("{{a}}", Escape::Plain).unwrap().bind(&|_| Some("{{b}}".to_owned()));
        assert_eq!(bound.holes().count(), 0);
        assert_eq!(bound.constant().as_deref(), Some("{{b}}"));
    }

    #[test]
    fn what_is_no_hole_is_told_where_it_stands() {
        let error = |text: &str| Template::parse(text, Escape::Plain).unwrap_err().span;
        assert_eq!(error("ab{{c"), 2..4);
        assert_eq!(error("{{a}}{{}}"), 5..9);
        assert_eq!(error("{{A}}"), 0..5);
        assert_eq!(error("{{ a b }}"), 0..9);
        assert!(Template::parse("}} { } {a}", Escape::Plain).is_ok());
    }

    #[test]
    fn places_of_the_sketch_lead_back_to_the_file() {
        let template = xml("<a>{{long_name}}</a>{{b}}").bind(&|name| (name == "b").then(|| "<".to_owned()));
        assert_eq!(template.sketch(), "<a>long_name</a>&lt;");
        assert_eq!(template.source_of(1), 1..2);
        assert_eq!(template.source_of(3), 3..16);
        assert_eq!(template.source_of(11), 3..16);
        assert_eq!(template.source_of(12), 16..17);
        assert_eq!(template.source_of(17), 20..25);
        assert_eq!(template.source_of(900), 25..25);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn a_template_shows_itself(text in "([a-z{}<]|\\{\\{[a-z]\\}\\}){0,20}") {
            if let Ok(template) = Template::parse(&text, Escape::Xml) {
                prop_assert_eq!(template.to_string(), text);
            }
        }
    }
}
