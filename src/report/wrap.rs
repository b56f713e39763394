//! Breaks prose into lines of a terminal.
//!
//! Leaves out hyphenation: a word longer than a line stands alone and whole, so that ids and commands can be copied.

/// How wide prose may be, in characters.
pub const WIDTH: usize = 80;

/// Breaks text at white space so that lines stay within [`WIDTH`] where words allow. The text begins at column `start`;
/// later lines begin with `indent` spaces. There is no line break at the end.
pub fn wrap(text: &str, start: usize, indent: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = start;
    let mut first = true;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if !first && column + 1 + length > WIDTH {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if !first {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
        first = false;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_break_between_words_only() {
        let id = "start_task/".repeat(12);
        assert_eq!(wrap(&format!("see {id} for more"), 0, 2), format!("see\n  {id}\n  for more"));
        assert_eq!(wrap("  a \n b ", 0, 4), "a b");
    }

    proptest! {
        #[test]
        fn words_stay_whole_and_lines_within_the_width(text in "([a-z]{1,30} ?){0,40}", start in 0_usize..70, indent in 0_usize..20) {
            let wrapped = wrap(&text, start, indent);
            prop_assert!(wrapped.split_whitespace().eq(text.split_whitespace()));
            for (at, line) in wrapped.lines().enumerate() {
                let length = line.len() + if at == 0 { start } else { 0 };
                prop_assert!(length <= WIDTH || line.split_whitespace().count() == 1, "{line}");
            }
        }
    }
}
