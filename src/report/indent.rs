//! Lays out a message of XML for reading: a line for each element, with everything else as it was sent.
//!
//! Leaves out judging: prefixes, the order of attributes, comments and CDATA are evidence and stay; only white space
//! between tags is changed. What is not plainly balanced markup is not laid out.

/// How deep elements may nest before a message is shown as it is.
const DEPTH: usize = 32;

/// One piece of markup or the text between two.
enum Token<'a> {
    Open(&'a str),
    Close(&'a str),
    /// An empty element, a comment or an instruction.
    Alone(&'a str),
    /// Characters, and CDATA.
    Text(&'a str),
}

/// Lays out a message; none where its tags do not balance or it has a document type.
pub(super) fn indent(text: &str) -> Option<String> {
    let tokens = tokens(text)?;
    let mut out = String::with_capacity(text.len() * 2);
    let mut open: Vec<&str> = Vec::new();
    let mut before: Option<&Token<'_>> = None;
    let mut rest = tokens.iter().peekable();
    while let Some(token) = rest.next() {
        match token {
            Token::Open(tag) => {
                line(&mut out, open.len(), before);
                out.push_str(tag);
                open.push(name(tag));
                if open.len() > DEPTH {
                    return None;
                }
            }
            Token::Close(tag) => {
                if open.pop() != Some(name(tag)) {
                    return None;
                }
                if matches!(before, Some(Token::Close(_) | Token::Alone(_))) {
                    line(&mut out, open.len(), before);
                }
                out.push_str(tag);
            }
            Token::Alone(tag) => {
                line(&mut out, open.len(), before);
                out.push_str(tag);
            }
            Token::Text(text) => {
                let sole = matches!((before, rest.peek()), (Some(Token::Open(_)), Some(Token::Close(_))));
                if text.trim_ascii().is_empty() && !sole {
                    continue;
                }
                out.push_str(text);
            }
        }
        before = Some(token);
    }
    (open.is_empty() && !out.is_empty() && text.contains('<')).then_some(out)
}

/// Begins a line, but after text, where white space would be read as part of it.
fn line(out: &mut String, depth: usize, before: Option<&Token<'_>>) {
    if !matches!(before, None | Some(Token::Text(_))) {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    }
}

fn tokens<'a>(text: &'a str) -> Option<Vec<Token<'a>>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (length, token): (usize, fn(&'a str) -> Token<'a>) = if rest.starts_with("<!--") {
            (ends(rest, "-->")?, Token::Alone)
        } else if rest.starts_with("<![CDATA[") {
            (ends(rest, "]]>")?, Token::Text)
        } else if rest.starts_with("<?") {
            (ends(rest, "?>")?, Token::Alone)
        } else if rest.starts_with("<!") {
            return None;
        } else if rest.starts_with("</") {
            (ends(rest, ">")?, Token::Close)
        } else if rest.starts_with('<') {
            let length = tag_length(rest)?;
            (length, if rest.get(..length)?.ends_with("/>") { Token::Alone } else { Token::Open })
        } else {
            (rest.find('<').unwrap_or(rest.len()), Token::Text)
        };
        let (piece, after) = rest.split_at_checked(length)?;
        tokens.push(token(piece));
        rest = after;
    }
    Some(tokens)
}

/// Where a piece of markup ends that ends with this.
fn ends(text: &str, with: &str) -> Option<usize> {
    text.find(with).map(|at| at + with.len())
}

/// Where a start tag ends: at the first `>` outside quotes.
fn tag_length(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(at + 1),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

/// The name in a tag, prefix included.
fn name(tag: &str) -> &str {
    let tag = tag.trim_start_matches(['<', '/']);
    tag.split(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/')).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_element_has_a_line_and_text_stays() {
        let message = "<?xml version='1.0'?>\n<s:E a='>'><s:B><x> 1 </x><y/>\n<z></z><w> </w><!-- c --><c><![CDATA[<q>]]></c></s:B></s:E>\n";
        let laid_out = "<?xml version='1.0'?>\n<s:E a='>'>\n  <s:B>\n    <x> 1 </x>\n    <y/>\n    <z></z>\n    <w> </w>\n    <!-- c -->\n    <c><![CDATA[<q>]]></c>\n  </s:B>\n</s:E>";
        assert_eq!(indent(message).as_deref(), Some(laid_out));
        assert_eq!(indent("<a>text<b/>more</a>").as_deref(), Some("<a>text<b/>more</a>"));
    }

    #[test]
    fn what_is_not_balanced_is_not_laid_out() {
        for wrong in ["", "no markup", "<a>", "</a>", "<a></b>", "<a", "<!DOCTYPE a><a/>", "<a b='></a>", "<!-- <a/>"] {
            assert_eq!(indent(wrong), None, "{wrong}");
        }
        assert_eq!(indent(&format!("{}{}", "<a>".repeat(33), "</a>".repeat(33))), None);
    }

    proptest! {
        #[test]
        fn only_white_space_changes(message in "(<a>|</a>|<b/>|<c d=\"<>\">|</c>|x|é| |\n|<!--|-->|<!\\[CDATA\\[|\\]\\]>){0,24}") {
            let bare = |text: &str| text.chars().filter(|c| !c.is_ascii_whitespace()).collect::<String>();
            if let Some(laid_out) = indent(&message) {
                prop_assert_eq!(bare(&laid_out), bare(&message));
            }
        }
    }
}
