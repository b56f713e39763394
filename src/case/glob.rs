//! Patterns for ids: `*` within a component, `**` across components, everything else literal.
//!
//! Leaves out what a pattern selects from. Matching takes time in proportion to pattern and text, whatever they are.

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// This character.
    Character(char),
    /// Any number of characters other than `/`.
    Star,
    /// Any number of characters.
    Stars,
}

impl Glob {
    /// Reads a pattern; every text is one.
    pub fn parse(pattern: &str) -> Self {
        let mut parts = Vec::new();
        for character in pattern.chars() {
            match (character, parts.last_mut()) {
                ('*', Some(last @ (Part::Star | Part::Stars))) => *last = Part::Stars,
                ('*', _) => parts.push(Part::Star),
                _ => parts.push(Part::Character(character)),
            }
        }
        Self { text: pattern.to_owned(), parts }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole of `text` is as the pattern says.
    pub fn matches(&self, text: &str) -> bool {
        // `alive[i]`: what was read so far may end before part i; after the last stands the end of the pattern.
        let mut alive = vec![false; self.parts.len() + 1];
        if let Some(first) = alive.first_mut() {
            *first = true;
        }
        self.skip_stars(&mut alive);
        for character in text.chars() {
            let mut next = vec![false; alive.len()];
            for (at, part) in self.parts.iter().enumerate() {
                if !alive.get(at).copied().unwrap_or_default() {
                    continue;
                }
                let to = match part {
                    Part::Character(expected) if *expected == character => at + 1,
                    Part::Star if character != '/' => at,
                    Part::Stars => at,
                    _ => continue,
                };
                if let Some(state) = next.get_mut(to) {
                    *state = true;
                }
            }
            self.skip_stars(&mut next);
            alive = next;
        }
        alive.last().copied().unwrap_or_default()
    }

    /// A star may stand for nothing.
    fn skip_stars(&self, alive: &mut [bool]) {
        let mut carried = false;
        for (at, state) in alive.iter_mut().enumerate() {
            *state |= carried;
            carried = *state && matches!(self.parts.get(at), Some(Part::Star | Part::Stars));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_stays_within_its_component() {
        let matches = |pattern: &str, text: &str| Glob::parse(pattern).matches(text);
        assert!(matches("start_task/*", "start_task/none"));
        assert!(!matches("start_task/*", "start_task/none/task_type=Audit"));
        assert!(matches("start_task/**", "start_task/none/task_type=Audit"));
        assert!(matches("**/task_type=*", "start_task/none/task_type="));
        assert!(matches("**", "") && matches("*", "") && matches("", ""));
        assert!(!matches("", "a") && !matches("a", ""));
        assert!(matches("a.[x]?", "a.[x]?") && !matches("a.c", "abc"), "everything else is literal");
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = "*a".repeat(500);
        assert!(!Glob::parse(&pattern).matches(&"a".repeat(499)));
        assert!(Glob::parse(&pattern).matches(&"a".repeat(1_000)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn agrees_with_a_regex(pattern in "[ab/.*]{0,8}", text in "[ab/.]{0,10}") {
            let mut regex = String::from("^");
            let mut rest = pattern.as_str();
            while let Some(first) = rest.chars().next() {
                let stars = rest.len() - rest.trim_start_matches('*').len();
                match stars {
                    0 => regex.push_str(&regex_lite::escape(&first.to_string())),
                    1 => regex.push_str("[^/]*"),
                    _ => regex.push_str(".*"),
                }
                rest = &rest[stars.max(1)..];
            }
            regex.push('$');
            let oracle = regex_lite::Regex::new(&regex).unwrap();
            prop_assert_eq!(Glob::parse(&pattern).matches(&text), oracle.is_match(&text));
        }
    }
}
