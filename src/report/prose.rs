//! Text for a terminal of 80 columns: titles, paragraphs, labelled lines, and blocks that stay as they are.
//!
//! Leaves out what is said. Everything that is put in is made safe to show; a word longer than a line stands whole.

use super::{ink::Ink, sanitize::Shown, words::Tone, wrap::wrap};

/// Text that grows line by line.
#[derive(Debug)]
pub struct Prose {
    ink: Ink,
    out: String,
}

impl Prose {
    /// Empty text; with `colour`, it has ANSI colours.
    pub fn new(colour: bool) -> Self {
        Self { ink: Ink { colour }, out: String::new() }
    }

    /// A line that stands out.
    pub fn title(&mut self, text: &str) -> &mut Self {
        let text = self.ink.bold(Shown::line(text).as_str());
        self.line(&text)
    }

    /// An empty line, unless there is one or nothing was said yet.
    pub fn gap(&mut self) -> &mut Self {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
        self
    }

    /// Words, broken into lines that begin at a column.
    pub fn paragraph(&mut self, indent: usize, text: &str) -> &mut Self {
        let text = format!("{}{}", " ".repeat(indent), wrap(Shown::line(text).as_str(), indent, indent));
        self.line(&text)
    }

    /// A label, then words from a column on.
    pub fn labelled(&mut self, indent: usize, label: &str, width: usize, text: &str) -> &mut Self {
        self.marked(indent, Tone::Quiet, label, width, text)
    }

    /// The same with the label in a colour.
    pub fn marked(&mut self, indent: usize, tone: Tone, label: &str, width: usize, text: &str) -> &mut Self {
        let begins = indent + width + 1;
        if text.is_empty() {
            let label = self.ink.tone(tone, label);
            return self.line(&format!("{}{label}", " ".repeat(indent)));
        }
        let label = self.ink.tone(tone, &format!("{label:<width$}"));
        let text = wrap(Shown::line(text).as_str(), begins, begins);
        self.line(&format!("{}{label} {text}", " ".repeat(indent)))
    }

    /// Lines as they are, indented.
    pub fn block(&mut self, indent: usize, text: &str) -> &mut Self {
        for line in Shown::block(text).as_str().lines() {
            self.line(&format!("{}{line}", " ".repeat(indent)));
        }
        self
    }

    /// The text; it ends with a line break or is empty.
    pub fn finish(self) -> String {
        self.out
    }

    fn line(&mut self, text: &str) -> &mut Self {
        self.out.push_str(text);
        self.out.push('\n');
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_within_the_width_and_are_safe() {
        let mut prose = Prose::new(false);
        prose.gap().title("t\x1b[2J").gap().gap();
        prose
            .paragraph(4, &"word ".repeat(40))
            .labelled(2, "label", 10, &"word ".repeat(40))
            .block(6, "a\n  b\u{202e}");
        let text = prose.finish();
        assert!(text.starts_with('t') && !text.contains('\x1b') && !text.contains('\u{202e}'), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(!text.contains("\n\n\n") && text.contains("\n        b"), "{text}");
        assert!(text.contains("\n  label      word word"), "{text}");
    }

    #[test]
    fn colour_is_asked_for() {
        let mut prose = Prose::new(true);
        prose.title("t").marked(0, Tone::Bad, "x", 3, "y");
        assert_eq!(prose.finish(), "\x1b[1mt\x1b[0m\n\x1b[1;31mx  \x1b[0m y\n");
    }
}
