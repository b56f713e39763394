//! Mistakes in the files that people write, and how they are told: all at once, each in its file with a caret.
//!
//! Leaves out what makes a mistake. The plain rendering is ASCII and the same on every machine.

use std::{fmt, fmt::Write as _, ops::Range, sync::Arc};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};

/// How wide a rendering is at most, in columns, where paths allow it.
const WIDTH: usize = 80;

/// A file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path as people know it, with `/` between components.
    pub path: Arc<str>,
    /// Where it stands on disk, where that is not its path.
    pub place: Option<Arc<str>>,
    /// What it holds.
    pub text: Arc<str>,
}

impl SourceFile {
    /// Makes a file of its path and its text.
    pub fn new(path: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self { path: path.into(), place: None, text: text.into() }
    }

    /// The same file, told of by where it stands on disk.
    #[must_use]
    pub fn at(self, place: impl Into<Arc<str>>) -> Self {
        Self { place: Some(place.into()), ..self }
    }

    /// How mistakes name it.
    fn shown(&self) -> &str {
        self.place.as_deref().unwrap_or(&self.path)
    }

    /// The line of a byte of the text, from 1.
    pub fn line(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
    }
}

/// What sort of mistake it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MistakeKind {
    /// The file is no TOML.
    Syntax,
    /// A key that means nothing here.
    UnknownKey,
    /// A key that must be there is not.
    MissingKey,
    /// A value of another type than the key wants.
    WrongType,
    /// A value that cannot be meant.
    BadValue,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file that it stands in.
    pub file: SourceFile,
    /// Where, in bytes of the text.
    pub span: Range<usize>,
    /// What sort it is.
    pub kind: MistakeKind,
    /// What is wrong, in a line.
    pub message: String,
    /// What is said at the caret; may be empty.
    pub label: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Mistake {
    /// Makes a mistake. The span is brought within the text, on character boundaries.
    pub fn new(file: &SourceFile, span: Range<usize>, kind: MistakeKind, message: impl Into<String>) -> Self {
        // What is missing at the end is shown at the end of the last line that holds something.
        let last = file.text.trim_end_matches(['\n', '\r']).len();
        let start = floor(&file.text, span.start.min(last));
        let end = floor(&file.text, span.end).max(start);
        Self { file: file.clone(), span: start..end, kind, message: message.into(), label: String::new(), help: None }
    }

    /// Says something at the caret.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = label.into();
        self
    }

    /// Says what to write instead.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// The line on which it begins, from 1.
    pub fn line(&self) -> usize {
        self.file.line(self.span.start)
    }

    /// Renders it alone.
    fn render(&self, renderer: &Renderer) -> String {
        let start = self.span.start;
        // A span over several lines is shown by its first.
        let rest = self.file.text.get(start..).unwrap_or_default();
        let first_line = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let end = self.span.end.min(start + first_line).max(start);
        let line_start = self.file.text.get(..start).unwrap_or_default().rfind('\n').map_or(0, |at| at + 1);
        // A label that does not fit beside the caret stands below.
        let before: usize = self.file.text.get(line_start..end).unwrap_or_default().chars().map(columns).sum();
        let label: usize = self.label.chars().map(columns).sum();
        let beside = before + label + 12 <= WIDTH;
        let mut annotation = AnnotationKind::Primary.span(start..end);
        if beside && !self.label.is_empty() {
            annotation = annotation.label(self.label.as_str());
        }
        let snippet = Snippet::source(&*self.file.text).path(self.file.shown()).fold(true).annotation(annotation);
        let mut group: Group<'_> = Level::ERROR.primary_title(wrap(&self.message, 7)).element(snippet);
        if !beside {
            group = group.element(Level::NOTE.message(wrap(&self.label, 14)));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(wrap(help, 14)));
        }
        renderer.render(&[group])
    }
}

/// Every mistake that was found, by file and place. There is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// Sorts mistakes by file and place and drops what is said twice; nothing where there are none.
    pub fn of(mut mistakes: Vec<Mistake>) -> Option<Self> {
        mistakes.sort_by(|a, b| {
            (&a.file.path, a.span.start, a.span.end, a.kind, &a.message).cmp(&(
                &b.file.path,
                b.span.start,
                b.span.end,
                b.kind,
                &b.message,
            ))
        });
        mistakes.dedup_by(|a, b| a.file.path == b.file.path && a.span == b.span && a.message == b.message);
        (!mistakes.is_empty()).then_some(Self(mistakes))
    }

    /// The mistakes, by file and place.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.0.iter()
    }

    /// Takes the mistakes out, by file and place.
    pub fn into_vec(self) -> Vec<Mistake> {
        self.0
    }

    /// Renders all of them: ASCII, or with colours and box characters.
    pub fn render(&self, coloured: bool) -> String {
        let renderer = if coloured {
            Renderer::styled().decor_style(DecorStyle::Unicode)
        } else {
            Renderer::plain().decor_style(DecorStyle::Ascii)
        }
        .term_width(WIDTH - 6);
        let mut text = String::new();
        for mistake in &self.0 {
            text.push_str(mistake.render(&renderer).trim_end());
            text.push_str("\n\n");
        }
        let mut files: Vec<_> = self.0.iter().map(|mistake| mistake.file.shown()).collect();
        files.dedup();
        let mistakes = match self.0.len() {
            1 => "1 mistake".to_owned(),
            many => format!("{many} mistakes"),
        };
        let _ = match files.as_slice() {
            [file] => writeln!(text, "{mistakes} in {file}"),
            files => writeln!(text, "{mistakes} in {} files", files.len()),
        };
        text
    }
}

/// One mistake alone.
impl From<Mistake> for Mistakes {
    fn from(mistake: Mistake) -> Self {
        Self(vec![mistake])
    }
}

/// Writes the plain rendering.
impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Mistakes {}

/// Collects the mistakes of one file.
#[derive(Debug)]
pub struct Told {
    file: SourceFile,
    mistakes: Vec<Mistake>,
    /// The newest, kept apart so that it can be completed.
    last: Option<Mistake>,
}

impl Told {
    /// Nothing told of this file yet.
    pub fn new(file: &SourceFile) -> Self {
        Self { file: file.clone(), mistakes: Vec::new(), last: None }
    }

    /// The file.
    pub fn file(&self) -> &SourceFile {
        &self.file
    }

    /// Tells a mistake, to be completed with a label and help.
    pub fn tell(&mut self, kind: MistakeKind, span: Range<usize>, message: impl Into<String>) -> &mut Mistake {
        self.mistakes.extend(self.last.take());
        self.last.insert(Mistake::new(&self.file, span, kind, message))
    }

    /// Tells of a value that cannot be meant.
    pub fn bad_value(&mut self, span: Range<usize>, message: impl Into<String>) -> &mut Mistake {
        self.tell(MistakeKind::BadValue, span, message)
    }

    /// How many mistakes were told so far.
    pub fn count(&self) -> usize {
        self.mistakes.len() + usize::from(self.last.is_some())
    }

    /// What was told. Where the file is no TOML, what may follow from that is left out: keys said to be missing, and
    /// what stands on the same lines.
    pub fn into_mistakes(mut self) -> Vec<Mistake> {
        self.mistakes.extend(self.last.take());
        let broken: Vec<usize> =
            self.mistakes.iter().filter(|told| told.kind == MistakeKind::Syntax).map(Mistake::line).collect();
        if !broken.is_empty() {
            self.mistakes.retain(|told| match told.kind {
                MistakeKind::Syntax => true,
                MistakeKind::MissingKey => false,
                _ => !broken.contains(&told.line()),
            });
        }
        self.mistakes
    }
}

/// Shows a value that a person wrote, or a target sent, within a message: in backticks, control characters escaped, cut
/// to 60 characters.
pub fn shown(text: &str) -> String {
    shown_within(text, 60)
}

/// Like [`shown`], cut to as many characters as given.
pub fn shown_within(text: &str, limit: usize) -> String {
    format!("`{}`", visible(text, limit))
}

/// A text with its control characters escaped, cut to as many characters as given.
pub fn visible(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == limit {
            shown.push_str("...");
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// A help text that suggests the nearest of the known words, or lists them where none is near and they are few.
pub fn suggest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(word, known.iter().copied()) {
        Some(candidate) => Some(format!("did you mean `{candidate}`?")),
        None if known.is_empty() || known.len() > 30 => None,
        None => Some(format!("known here: {}", known.join(", "))),
    }
}

/// The known word that is nearest to a word that is not, if any is near.
pub fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    if word.len() > 200 {
        return None;
    }
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(word.len()) / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The nearest character boundary at or before an offset, within the text.
fn floor(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// How many columns a character takes at most where a source is shown.
fn columns(character: char) -> usize {
    match character {
        '\t' => 4,
        ' '..='~' => 1,
        _ => 2,
    }
}

/// Breaks a text into lines that fit behind a lead of so many columns; a word that is longer stays whole.
fn wrap(text: &str, lead: usize) -> String {
    let width = WIDTH - lead;
    let mut wrapped = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            wrapped.push('\n');
            column = 0;
        } else if column > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn suggestions_are_near() {
        assert_eq!(suggest("abuot", ["about", "mutant"]).as_deref(), Some("did you mean `about`?"));
        assert_eq!(suggest("Effect", ["effect"]).as_deref(), Some("did you mean `effect`?"));
        assert_eq!(suggest("xyz", ["about", "mutant"]).as_deref(), Some("known here: about, mutant"));
        assert_eq!(suggest("xyz", []), None);
        assert_eq!(nearest(&"x".repeat(10_000), ["about"]), None);
    }

    #[test]
    fn values_are_shown_without_control_characters() {
        assert_eq!(shown("a\u{1b}[1m\n"), "`a\\u{1b}[1m\\n`");
        assert_eq!(shown_within("abcdef", 3), "`abc...`");
        assert_eq!(shown_within("abc", 3), "`abc`");
    }

    #[test]
    fn mistakes_are_in_order_and_said_once() {
        let file = SourceFile::new("x.toml", "a\nb\n");
        let at = |span: Range<usize>, message: &str| Mistake::new(&file, span, MistakeKind::BadValue, message);
        let mistakes = Mistakes::of(vec![at(2..3, "two"), at(0..1, "one"), at(2..3, "two")]).unwrap();
        assert_eq!(mistakes.iter().map(Mistake::line).collect::<Vec<_>>(), [1, 2]);
        assert!(mistakes.to_string().ends_with("2 mistakes in x.toml\n"));
        assert_eq!(Mistakes::of(Vec::new()), None);
        let elsewhere = Mistake::new(&file.at("mine/x.toml"), 0..1, MistakeKind::BadValue, "one");
        let rendered = Mistakes::from(elsewhere).to_string();
        assert!(rendered.contains("--> mine/x.toml:1:1") && rendered.ends_with("1 mistake in mine/x.toml\n"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn a_rendering_fits_and_never_fails(
            text in "[a-z \u{e9}\n]{0,300}|[a-z \u{e9}\u{1b}\t\r\n]{0,200}",
            span in (0_usize..320, 0_usize..40),
            words in "([a-z]{1,9} ){0,40}",
        ) {
            let file = SourceFile::new("x.toml", text.as_str());
            let mut mistake = Mistake::new(&file, span.0..span.0 + span.1, MistakeKind::BadValue, words.clone());
            mistake.label(words.clone()).help(words);
            let plain = Mistakes::from(mistake).render(false);
            prop_assert!(!plain.contains(char::from(27)), "an escape");
            for line in plain.lines() {
                // The renderer counts tabs and control characters in its own way.
                prop_assert!(text.contains(['\t', '\r', char::from(27)]) || line.chars().count() <= WIDTH, "{}", line);
            }
        }
    }
}
