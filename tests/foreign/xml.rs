//! Just enough XML to find out what a request asks: elements by their local names, in trees, references resolved.
//!
//! It judges nothing and shares no code with what it is tested against. Leaves out namespaces but for those that an
//! element declares for itself.

/// An element.
#[derive(Debug, Default)]
pub(crate) struct Node {
    /// Its local name.
    pub(crate) name: String,
    /// Its attributes, with their prefixes, namespace declarations among them.
    attributes: Vec<(String, String)>,
    /// The text directly inside.
    pub(crate) text: String,
    children: Vec<Self>,
}

impl Node {
    /// The first child of this name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The first child of whatever name.
    pub(crate) fn first(&self) -> Option<&Self> {
        self.children.first()
    }

    /// Whether it says that it has no value.
    pub(crate) fn is_nil(&self) -> bool {
        let nil = self.attributes.iter().find(|(name, _)| name.ends_with(":nil"));
        nil.is_some_and(|(_, value)| value == "true" || value == "1")
    }

    /// Whether it leaves the namespace of the element around it.
    pub(crate) fn is_elsewhere(&self, namespace: &str) -> bool {
        self.attributes.iter().any(|(name, value)| name == "xmlns" && value != namespace)
    }
}

/// The root of a document; none where the tags do not match up.
pub(crate) fn parse(document: &str) -> Option<Node> {
    // The outermost holds the root.
    let mut open = vec![Node::default()];
    let mut rest = document;
    while let Some((before, markup)) = rest.split_once('<') {
        open.last_mut()?.text.push_str(&unescaped(before));
        if let Some(comment) = markup.strip_prefix("!--") {
            rest = comment.split_once("-->")?.1;
        } else if let Some(characters) = markup.strip_prefix("![CDATA[") {
            let (text, after) = characters.split_once("]]>")?;
            open.last_mut()?.text.push_str(text);
            rest = after;
        } else if let Some(instruction) = markup.strip_prefix('?') {
            rest = instruction.split_once("?>")?.1;
        } else {
            let (tag, after) = tag(markup)?;
            rest = after;
            if tag.starts_with('/') {
                close(&mut open)?;
            } else {
                open.push(start(tag.strip_suffix('/').unwrap_or(tag))?);
                if tag.ends_with('/') {
                    close(&mut open)?;
                }
            }
        }
    }
    let mut outermost = open.pop().filter(|_| open.is_empty())?;
    outermost.children.pop()
}

fn close(open: &mut Vec<Node>) -> Option<()> {
    let done = open.pop()?;
    open.last_mut()?.children.push(done);
    Some(())
}

/// A tag up to its `>`, which may stand in quotes before, and what follows it.
fn tag(markup: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    let end = markup.find(|c| match quote {
        None if c == '"' || c == '\'' => {
            quote = Some(c);
            false
        }
        None => c == '>',
        Some(open) => {
            if c == open {
                quote = None;
            }
            false
        }
    })?;
    let (tag, after) = markup.split_at(end);
    Some((tag, after.strip_prefix('>')?))
}

fn start(tag: &str) -> Option<Node> {
    let (name, mut rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let local = name.rsplit(':').next()?.to_owned();
    let mut node = Node { name: local, ..Node::default() };
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let quote = after.chars().next()?;
        let (value, after) = after.strip_prefix(quote)?.split_once(quote)?;
        node.attributes.push((name.trim().to_owned(), unescaped(value)));
        rest = after;
    }
    Some(node)
}

/// A text with its references resolved.
fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let (name, after) = after.split_once(';').unwrap_or((after, ""));
        plain.extend(character(name));
        rest = after;
    }
    plain + rest
}

fn character(name: &str) -> Option<char> {
    let number = |digits, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match name.strip_prefix("#x") {
            Some(digits) => number(digits, 16),
            None => number(name.strip_prefix('#')?, 10),
        },
    }
}
