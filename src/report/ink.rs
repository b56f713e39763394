//! Colours of a terminal, where they are wanted.
//!
//! Leaves out when they are: `cli` decides that.

use super::words::Tone;

/// Paints text, or leaves it as it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ink {
    pub(super) colour: bool,
}

impl Ink {
    fn paint(self, parameters: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{parameters}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(super) fn tone(self, tone: Tone, text: &str) -> String {
        self.paint(tone.ansi(), text)
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_text_stays_as_it_is() {
        let (plain, painted) = (Ink { colour: false }, Ink { colour: true });
        assert_eq!(plain.tone(Tone::Bad, "x") + &plain.bold("y") + &plain.dim("z"), "xyz");
        assert_eq!(painted.tone(Tone::Good, "x"), "\x1b[32mx\x1b[0m");
    }
}
