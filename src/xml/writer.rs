//! XML written: prefixes chosen, characters escaped, always well-formed whatever it is given.
//!
//! Leaves out documents' declarations: what is written is UTF-8 without one. Follows XML 1.0 and Namespaces in XML 1.0.

use std::{borrow::Cow, collections::BTreeSet, slice, sync::Arc};

use super::{
    Element, Node, Prefixes, Scope,
    chars::{first_illegal, is_char, is_ncname, to_ncname},
    namespaces::check_declaration,
};
use crate::spec::namespace::XMLNS;

/// Escapes characters for the content of an element. A character that XML does not allow becomes U+FFFD.
pub fn escape_text(text: &str) -> Cow<'_, str> {
    escape(text, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        // A reader makes a line feed of a plain one.
        '\r' => Some("&#13;"),
        _ => None,
    })
}

/// Escapes characters for an attribute value in double quotes. A character that XML does not allow becomes U+FFFD.
pub fn escape_attribute(text: &str) -> Cow<'_, str> {
    escape(text, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        // A reader makes spaces of plain ones.
        '\t' => Some("&#9;"),
        '\n' => Some("&#10;"),
        '\r' => Some("&#13;"),
        _ => None,
    })
}

/// Writes an element and all that it holds. The prefixes of its scope are kept, so that names in values mean what they did.
pub fn write(element: &Element) -> String {
    write_tree(element, false)
}

/// Writes an element for people to read: children on lines of their own, where only white space stands between them.
pub fn pretty(element: &Element) -> String {
    write_tree(element, true)
}

/// Writes one element with all that it holds, piece by piece. What would not be well-formed is put right: a name that is
/// none gets `_` for what may not stand there, a second attribute of one name is left out, and so is an attribute after
/// content.
#[derive(Debug)]
pub struct Writer {
    out: String,
    /// The start tag that is still open to attributes.
    tag: Option<Tag>,
    /// The names of the open elements as written, and how many bindings there were outside each.
    open: Vec<(String, usize)>,
    prefixes: Prefixes,
}

#[derive(Debug)]
struct Tag {
    namespace: String,
    local: String,
    declared: Vec<(String, Arc<str>)>,
    attributes: Vec<(String, String, String)>,
}

impl Tag {
    fn new(namespace: &str, local: &str) -> Self {
        // No name is in the namespace of declarations.
        let namespace = if namespace == XMLNS { String::new() } else { legal(namespace) };
        Self { namespace, local: name(local), declared: Vec::new(), attributes: Vec::new() }
    }
}

impl Writer {
    /// Begins the one element that is written, in a namespace, empty for none.
    pub fn new(namespace: &str, local: &str) -> Self {
        Self {
            out: String::new(),
            tag: Some(Tag::new(namespace, local)),
            open: Vec::new(),
            prefixes: Prefixes::default(),
        }
    }

    /// Begins an element inside the current one.
    pub fn start(&mut self, namespace: &str, local: &str) -> &mut Self {
        self.close_tag();
        self.tag = Some(Tag::new(namespace, local));
        self
    }

    /// Binds a prefix in the current start tag, empty for the default; for names in values. One that may not be bound, or
    /// that this tag binds already, is passed over.
    pub fn declare(&mut self, prefix: &str, namespace: &str) -> &mut Self {
        let namespace = legal(namespace);
        if let Some(tag) = &mut self.tag
            && prefix != "xml"
            && (prefix.is_empty() || is_ncname(prefix))
            && check_declaration(prefix, &namespace).is_ok()
            && tag.declared.iter().all(|(known, _)| known != prefix)
        {
            tag.declared.push((prefix.to_owned(), namespace.into()));
        }
        self
    }

    /// Adds an attribute to the current start tag.
    pub fn attribute(&mut self, namespace: &str, local: &str, value: &str) -> &mut Self {
        if let Some(tag) = &mut self.tag
            && namespace != XMLNS
            && (!namespace.is_empty() || local != "xmlns")
        {
            tag.attributes.push((legal(namespace), name(local), value.to_owned()));
        }
        self
    }

    /// Adds text to the current element.
    pub fn text(&mut self, text: &str) -> &mut Self {
        if !text.is_empty() {
            self.close_tag();
            self.out.push_str(&escape_text(text));
        }
        self
    }

    /// Ends the current element; the outermost one is ended by [`Writer::finish`] only.
    pub fn end(&mut self) -> &mut Self {
        if self.open.len() + usize::from(self.tag.is_some()) > 1 {
            self.end_innermost();
        }
        self
    }

    /// Ends all open elements; the text.
    pub fn finish(mut self) -> String {
        while self.tag.is_some() || !self.open.is_empty() {
            self.end_innermost();
        }
        self.out
    }

    fn end_innermost(&mut self) {
        let empty = self.tag.is_some();
        if empty {
            self.close_tag();
        }
        let Some((name, bindings)) = self.open.pop() else { return };
        self.prefixes.truncate(bindings);
        if empty {
            // The tag that was just written ends with `>`.
            self.out.pop();
            self.out.push_str(" />");
        } else {
            self.out.extend(["</", &name, ">"]);
        }
    }

    /// Writes the start tag that is still open, once all its declarations are known.
    fn close_tag(&mut self) {
        let Some(tag) = self.tag.take() else { return };
        let outside = self.prefixes.len();
        for (prefix, namespace) in &tag.declared {
            self.prefixes.declare(prefix, namespace, &tag.namespace);
        }
        let element = qualified(&self.prefixes.of_element(&tag.namespace), &tag.local);
        let mut seen = BTreeSet::new();
        let mut attributes = Vec::with_capacity(tag.attributes.len());
        for (namespace, local, value) in tag.attributes {
            if seen.insert((namespace.clone(), local.clone())) {
                attributes.push((qualified(&self.prefixes.of_attribute(&namespace), &local), value));
            }
        }

        self.out.extend(["<", &element]);
        for (prefix, namespace) in self.prefixes.since(outside) {
            let (mark, prefix) = if prefix.is_empty() { (" xmlns", "") } else { (" xmlns:", &**prefix) };
            self.out.extend([mark, prefix, "=\"", &escape_attribute(namespace), "\""]);
        }
        for (name, value) in attributes {
            self.out.extend([" ", &name, "=\"", &escape_attribute(&value), "\""]);
        }
        self.out.push('>');
        self.open.push((element, outside));
    }

    /// Writes what an element's start tag says, and what its scope adds to the one around it.
    fn tree_tag(&mut self, element: &Element, around: &Scope) {
        for (prefix, namespace) in element.scope.bindings(around) {
            self.declare(prefix, namespace);
        }
        for attribute in &element.attributes {
            self.attribute(&attribute.name.namespace, &attribute.name.local, &attribute.value);
        }
    }

    /// Begins a new line, indented.
    fn line(&mut self, depth: usize) {
        self.close_tag();
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n("  ", depth));
    }
}

/// An element whose content is being written.
struct Level<'a> {
    element: &'a Element,
    rest: slice::Iter<'a, Node>,
    /// Whether its children stand on lines of their own.
    lines: bool,
}

impl<'a> Level<'a> {
    fn new(element: &'a Element, pretty: bool) -> Self {
        let lines = pretty && element.elements().next().is_some() && !element.has_text();
        Self { element, rest: element.children.iter(), lines }
    }
}

fn write_tree(root: &Element, pretty: bool) -> String {
    let mut writer = Writer::new(&root.name.namespace, &root.name.local);
    writer.tree_tag(root, &Scope::default());
    let mut levels = vec![Level::new(root, pretty)];
    loop {
        let depth = levels.len();
        let Some(level) = levels.last_mut() else { return writer.finish() };
        match level.rest.next() {
            Some(Node::Text(_)) if level.lines => {}
            Some(Node::Text(text)) => {
                writer.text(text);
            }
            Some(Node::Element(child)) => {
                if level.lines {
                    writer.line(depth);
                }
                writer.start(&child.name.namespace, &child.name.local);
                writer.tree_tag(child, &level.element.scope);
                // Within text, white space may matter.
                let pretty = level.lines;
                levels.push(Level::new(child, pretty));
            }
            None => {
                if level.lines {
                    writer.line(depth - 1);
                }
                levels.pop();
                writer.end();
            }
        }
    }
}

fn escape(text: &str, special: impl Fn(char) -> Option<&'static str>) -> Cow<'_, str> {
    if first_illegal(text).is_none() && !text.contains(|c| special(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match special(c) {
            Some(reference) => escaped.push_str(reference),
            None => escaped.push(if is_char(c) { c } else { '\u{FFFD}' }),
        }
    }
    Cow::Owned(escaped)
}

/// A text of characters that XML allows.
fn legal(text: &str) -> String {
    text.chars().map(|c| if is_char(c) { c } else { '\u{FFFD}' }).collect()
}

fn name(local: &str) -> String {
    if is_ncname(local) { local.to_owned() } else { to_ncname(local) }
}

fn qualified(prefix: &str, local: &str) -> String {
    if prefix.is_empty() { local.to_owned() } else { format!("{prefix}:{local}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        spec::namespace::{IPAM, SOAP12, XML, XSI},
        xml::{Limits, read},
    };

    #[test]
    fn prefixes_are_the_usual_ones_and_declared_where_needed() {
        let mut writer = Writer::new(SOAP12, "Envelope");
        writer.start(SOAP12, "Body").start(IPAM, "StartTask").start(IPAM, "taskType").text("a < b").end();
        writer.start("urn:x", "y").attribute("urn:z", "q", "\"\n").attribute(XSI, "nil", "true").end().end();
        writer.start("", "plain");
        assert_eq!(
            writer.finish(),
            format!(
                "<s:Envelope xmlns:s=\"{SOAP12}\"><s:Body><ipam:StartTask xmlns:ipam=\"{IPAM}\"><ipam:taskType>a &lt; b\
                 </ipam:taskType><n1:y xmlns:i=\"{XSI}\" xmlns:n1=\"urn:x\" xmlns:n2=\"urn:z\" n2:q=\"&quot;&#10;\" \
                 i:nil=\"true\" /></ipam:StartTask><plain /></s:Body></s:Envelope>"
            )
        );
    }

    #[test]
    fn what_would_be_ill_formed_is_put_right() {
        let mut writer = Writer::new(XMLNS, "1 a");
        writer.attribute("", "b", "1").attribute("", "b", "2").attribute("", "xmlns", "u").attribute(XMLNS, "p", "u");
        writer.declare("xml", "u").declare("p", "").declare("", XML).declare("q:r", "u");
        writer.text("\0]]>").attribute("", "late", "").end().end().text("x\r");
        assert_eq!(writer.finish(), "<_1_a b=\"1\">\u{fffd}]]&gt;x&#13;</_1_a>");
    }

    #[test]
    fn a_shadowed_prefix_is_not_used() {
        let mut writer = Writer::new("", "a");
        writer.declare("p", "u").start("", "b").declare("p", "v").start("u", "c").attribute("v", "d", "");
        let text = writer.finish();
        assert_eq!(text, "<a xmlns:p=\"u\"><b xmlns:p=\"v\"><n1:c xmlns:n1=\"u\" p:d=\"\" /></b></a>");
        let mut writer = Writer::new("u", "a");
        writer.declare("", "u").start("", "b").declare("", "v").start("u", "c");
        assert_eq!(writer.finish(), "<a xmlns=\"u\"><b xmlns=\"\"><n1:c xmlns:n1=\"u\" /></b></a>");
    }

    #[test]
    fn lines_break_only_where_no_text_is() {
        let text = "<a>\n<b><c>x</c><d/></b>  <e>x<f><g/></f></e><h> </h></a>";
        let root = read(text.as_bytes(), &Limits::default()).unwrap().root;
        assert_eq!(
            pretty(&root),
            "<a>\n  <b>\n    <c>x</c>\n    <d />\n  </b>\n  <e>x<f><g /></f></e>\n  <h> </h>\n</a>"
        );
    }
}
