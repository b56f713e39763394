//! The walk over a parsed file: typed values out of tables, every mistake told where it stands.
//!
//! Leaves out what the keys mean. It walks TOML 1.1 documents; derived readers would stop at the first mistake.

use std::{ops::Range, time::Duration};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::duration;
use super::mistake::{MistakeKind, SourceFile, Told, nearest, shown, suggest};

/// A string value and where it stands, quotes included.
#[derive(Debug, Clone, Copy)]
pub struct Text<'d> {
    /// The string.
    pub value: &'d str,
    start: usize,
    end: usize,
}

impl Text<'_> {
    /// Where it stands, quotes included.
    pub fn span(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The text between the quotes as it stands in the file, and where that begins; nothing where escapes keep offsets
    /// from mapping one to one.
    pub fn verbatim<'s>(&self, file: &'s SourceFile) -> Option<(&'s str, usize)> {
        let raw = file.text.get(self.span())?;
        for (quote, literal) in [("'''", true), ("\"\"\"", false), ("'", true), ("\"", false)] {
            let Some(inner) = raw.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) else { continue };
            if !literal && inner.contains('\\') {
                return None;
            }
            let mut start = self.start + quote.len();
            let mut text = inner;
            // The first line end of a string of several lines is no part of it.
            if quote.len() == 3 {
                for line_end in ["\r\n", "\n"] {
                    if let Some(rest) = text.strip_prefix(line_end) {
                        text = rest;
                        start += line_end.len();
                        break;
                    }
                }
            }
            return Some((text, start));
        }
        None
    }
}

/// Parses a file and gives its top table to `read`; syntax errors are told first.
pub fn document<T>(told: &mut Told, read: impl FnOnce(Fields<'_>, &mut Told) -> T) -> T {
    let text = told.file().text.clone();
    document_of(&text, told, read)
}

/// Like [`document`], for a text that is told with parts of it hidden: as long as the text that is shown, byte for byte.
pub fn document_of<T>(text: &str, told: &mut Told, read: impl FnOnce(Fields<'_>, &mut Told) -> T) -> T {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        told.tell(MistakeKind::Syntax, span, format!("not TOML: {}", error.message()));
    }
    read(Fields::new(table.get_ref(), 0..0, "the file"), told)
}

/// A table whose keys are taken one by one; what was not taken is unknown.
#[derive(Debug)]
pub struct Fields<'d> {
    table: &'d DeTable<'d>,
    span: Range<usize>,
    name: &'static str,
    known: Vec<&'static str>,
    /// Keys that must be there and are not, with what to write.
    absent: Vec<(&'static str, String)>,
}

impl<'d> Fields<'d> {
    fn new(table: &'d DeTable<'d>, span: Range<usize>, name: &'static str) -> Self {
        Self { table, span, name, known: Vec::new(), absent: Vec::new() }
    }

    /// Where the table stands: its header, or its braces.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The keys in file order and where they stand, whatever they are; all count as known.
    pub fn entries(&self) -> impl Iterator<Item = (Text<'d>, &'d Spanned<DeValue<'d>>)> + use<'d> {
        self.table.iter().map(|(key, value)| {
            let span = key.span();
            (Text { value: key.get_ref(), start: span.start, end: span.end }, value)
        })
    }

    /// Takes a key.
    pub fn value(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.known.push(key);
        self.table.get(key)
    }

    /// Whether a key is there.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether there is a key that nobody took so far.
    pub fn has_unknown(&self) -> bool {
        self.table.iter().any(|(key, _)| !self.known.contains(&key.get_ref().as_ref()))
    }

    /// The keys of a table below this one, without taking it.
    pub fn keys_of(&self, key: &str) -> impl Iterator<Item = &'d str> + use<'d> {
        let table = self.table.get(key).and_then(|value| value.get_ref().as_table());
        table.into_iter().flat_map(|table| table.keys().map(|key| key.get_ref().as_ref()))
    }

    /// Where a key stands; the table where it is not there.
    pub fn key_span(&self, key: &str) -> Range<usize> {
        self.table.get_key_value(key).map_or_else(|| self.span(), |(key, _)| key.span())
    }

    /// Notes that a key must be there, to be told at the end unless an unknown key looks as if it were meant; `example` shows how it is written.
    pub fn missing(&mut self, key: &'static str, example: &str) {
        self.absent.push((key, example.to_owned()));
    }

    /// Takes a string.
    pub fn text(&mut self, key: &'static str, told: &mut Told) -> Option<Text<'d>> {
        let value = self.value(key)?;
        as_text(value).or_else(|| {
            wrong_type(value, &format!("`{key}`"), "a string", told);
            None
        })
    }

    /// Takes a string that must be there and hold something.
    pub fn required_text(&mut self, key: &'static str, example: &str, told: &mut Told) -> Option<Text<'d>> {
        if !self.has(key) {
            self.known.push(key);
            self.missing(key, example);
            return None;
        }
        let text = self.text(key, told)?;
        if text.value.trim().is_empty() {
            told.bad_value(text.span(), format!("`{key}` is empty")).help(format!("write {example}"));
            return None;
        }
        Some(text)
    }

    /// Takes a boolean.
    pub fn boolean(&mut self, key: &'static str, told: &mut Told) -> Option<(bool, Range<usize>)> {
        let value = self.value(key)?;
        if let DeValue::Boolean(boolean) = value.get_ref() {
            Some((*boolean, value.span()))
        } else {
            wrong_type(value, &format!("`{key}`"), "true or false", told);
            None
        }
    }

    /// Takes a key that is either absent or `true`; gives where it stands.
    pub fn flag(&mut self, key: &'static str, told: &mut Told) -> Option<Range<usize>> {
        let (value, span) = self.boolean(key, told)?;
        if !value {
            told.bad_value(span, format!("`{key} = false` says nothing")).help(format!("leave `{key}` out"));
            return None;
        }
        Some(span)
    }

    /// Takes a duration that is not zero.
    pub fn period(&mut self, key: &'static str, told: &mut Told) -> Option<Duration> {
        let value = self.value(key)?;
        let Some(text) = as_text(value) else {
            let mistake = told.tell(MistakeKind::WrongType, value.span(), format!("`{key}` must be a duration"));
            let found = value.get_ref().type_str();
            mistake
                .label(format!("this is {}", with_article(found)))
                .help("write a number and a unit in quotes: \"500ms\", \"5s\", \"2m\"");
            return None;
        };
        match duration::parse(text.value) {
            Ok(duration) if !duration.is_zero() => Some(duration),
            Ok(_) => {
                told.bad_value(text.span(), format!("`{key}` is no time at all")).help("write at least `1ms`");
                None
            }
            Err(message) => {
                told.bad_value(text.span(), format!("{} is not a duration", shown(text.value))).help(message);
                None
            }
        }
    }

    /// Takes a whole number within bounds.
    pub fn integer(&mut self, key: &'static str, within: Range<u64>, told: &mut Told) -> Option<u64> {
        let value = self.value(key)?;
        let DeValue::Integer(integer) = value.get_ref() else {
            wrong_type(value, &format!("`{key}`"), "a whole number", told);
            return None;
        };
        let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
        let number = number.filter(|number| within.contains(number));
        if number.is_none() {
            told.bad_value(value.span(), format!("`{key}` is out of range")).help(format!(
                "write a whole number from {} to {}",
                within.start,
                within.end - 1
            ));
        }
        number
    }

    /// Takes an array of strings with their places.
    pub fn texts(&mut self, key: &'static str, told: &mut Told) -> Option<Vec<Text<'d>>> {
        let value = self.value(key)?;
        as_texts(value, &format!("`{key}`"), told)
    }

    /// Takes a table; `name` is how people know it, as in `[step.call]`.
    pub fn table(&mut self, key: &'static str, name: &'static str, told: &mut Told) -> Option<Self> {
        let value = self.value(key)?;
        as_table(value, name, told)
    }

    /// Takes an array of tables; `name` is how people know one, as in `[[step]]`.
    pub fn tables(&mut self, key: &'static str, name: &'static str, told: &mut Told) -> Vec<Self> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            let told =
                told.tell(MistakeKind::WrongType, self.key_span(key), format!("`{key}` is not an array of tables"));
            told.help(format!("write it as {name}"));
            return Vec::new();
        };
        array.iter().filter_map(|value| as_table(value, name, told)).collect()
    }

    /// Tells every key that nobody took, and every one that must be there and is not.
    pub fn finish(self, told: &mut Told) {
        let unused: Vec<&str> = self.known.iter().copied().filter(|known| !self.table.contains_key(*known)).collect();
        let mut meant = Vec::new();
        for (key, _) in self.table {
            let word: &str = key.get_ref();
            if !self.known.contains(&word) {
                meant.extend(nearest(word, unused.iter().copied()));
                let help = suggest(word, unused.iter().copied());
                let mistake = told.tell(
                    MistakeKind::UnknownKey,
                    key.span(),
                    format!("{} means nothing in {}", shown(word), self.name),
                );
                mistake.label("unknown key").help = help;
            }
        }
        for (key, example) in self.absent {
            if !meant.contains(&key) {
                told.tell(MistakeKind::MissingKey, self.span.clone(), format!("`{key}` is missing in {}", self.name))
                    .help(format!("write {example}"));
            }
        }
    }
}

/// A string and where it stands, if the value is one.
pub fn as_text<'d>(value: &'d Spanned<DeValue<'d>>) -> Option<Text<'d>> {
    let span = value.span();
    match value.get_ref() {
        DeValue::String(text) => Some(Text { value: text, start: span.start, end: span.end }),
        _ => None,
    }
}

/// Reads an array of strings. Elements that are none are left out and told, numbers and booleans with how to write them.
pub fn as_texts<'d>(value: &'d Spanned<DeValue<'d>>, what: &str, told: &mut Told) -> Option<Vec<Text<'d>>> {
    let DeValue::Array(array) = value.get_ref() else {
        wrong_type(value, what, "an array of strings", told);
        return None;
    };
    let text = |element| {
        let text = as_text(element);
        if text.is_none() {
            wrong_type(element, &format!("an element of {what}"), "a string", told);
        }
        text
    };
    Some(array.iter().filter_map(text).collect())
}

/// Tells that a value is of another type than wanted.
pub fn wrong_type(value: &Spanned<DeValue<'_>>, what: &str, wanted: &str, told: &mut Told) {
    let found = value.get_ref().type_str();
    let written = told.file().text.get(value.span()).unwrap_or_default().to_owned();
    let scalar = matches!(value.get_ref(), DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_));
    let mistake = told.tell(MistakeKind::WrongType, value.span(), format!("{what} must be {wanted}"));
    mistake.label(format!("this is {}", with_article(found)));
    if wanted == "a string" && scalar {
        mistake.help(format!("write it as a string: \"{written}\""));
    }
}

fn with_article(noun: &str) -> String {
    let article = if matches!(noun, "integer" | "array") { "an" } else { "a" };
    format!("{article} {noun}")
}

/// Reads a table; `name` is how people know it.
pub fn as_table<'d>(value: &'d Spanned<DeValue<'d>>, name: &'static str, told: &mut Told) -> Option<Fields<'d>> {
    if let DeValue::Table(table) = value.get_ref() {
        Some(Fields::new(table, value.span(), name))
    } else {
        wrong_type(value, name, "a table", told);
        None
    }
}
