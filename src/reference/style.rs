//! How envelopes are spelled: prefixes, declarations, quotes, white space, references. Writes a tree as text.
//!
//! Leaves out what an envelope says. Follows XML 1.0 and Namespaces in XML 1.0.

use std::{borrow::Cow, fmt::Write as _};

use super::{
    mutant::Behaviour,
    tag::{Inside, Name, Tag, Value},
    variant::Variant,
};
use crate::spec::namespace;

/// Which prefixes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefixes {
    /// As Microsoft's stack writes them: `s` and `a`, and contracts without a prefix.
    Usual,
    /// Others, and one for each namespace.
    Other,
    /// None for SOAP, one for each other namespace.
    SoapWithout,
}

/// How text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Text {
    Plain,
    Cdata,
    HalfCdata,
    WithComment,
    References,
}

/// How envelopes are spelled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    prefixes: Prefixes,
    text: Text,
    at_root: bool,
    everywhere: bool,
    reversed: bool,
    single_quotes: bool,
    comments: bool,
    open_and_close: bool,
    /// What ends a line, where elements stand on lines of their own.
    line: Option<&'static str>,
}

impl Style {
    /// The style of a server that behaves so.
    pub(super) fn of(behaviour: &Behaviour) -> Self {
        let varies = |variant| behaviour.varies(variant);
        Self {
            prefixes: if varies(Variant::OtherPrefixes) || varies(Variant::DeclaresAtRoot) {
                Prefixes::Other
            } else if varies(Variant::DefaultNamespaceSoap) {
                Prefixes::SoapWithout
            } else {
                Prefixes::Usual
            },
            text: if varies(Variant::Cdata) {
                Text::Cdata
            } else if varies(Variant::SplitCdata) {
                Text::HalfCdata
            } else if varies(Variant::CommentsInText) {
                Text::WithComment
            } else if varies(Variant::CharacterReferences) {
                Text::References
            } else {
                Text::Plain
            },
            at_root: varies(Variant::DeclaresAtRoot),
            everywhere: varies(Variant::DeclaresEverywhere),
            reversed: varies(Variant::ReversedAttributes),
            single_quotes: varies(Variant::SingleQuotes),
            comments: varies(Variant::Comments),
            open_and_close: varies(Variant::OpenAndClose),
            line: if varies(Variant::CarriageReturns) {
                Some("\r\n")
            } else if varies(Variant::Indented) {
                Some("\n")
            } else {
                None
            },
        }
    }

    /// Writes an element with all that it holds.
    pub(super) fn write(&self, root: &Tag) -> String {
        let mut writer = Writer { style: *self, text: String::new(), scope: Vec::new() };
        let mut before = root.namespaces();
        if !self.at_root {
            // Microsoft's stack declares these two at the envelope.
            let usual = [namespace::SOAP12, namespace::ADDRESSING];
            before.retain(|used| self.prefixes == Prefixes::Usual && usual.contains(&&**used));
        }
        writer.element(root, &before);
        writer.text
    }

    /// The prefix that this style would give a namespace; empty asks for the default namespace.
    fn prefix(&self, namespace: &str) -> &'static str {
        use namespace::{ADDRESSING, IPAM, IPAM1, SERIALIZATION, SOAP11, SOAP12, SYSTEM, XSD, XSI};
        match (self.prefixes, namespace) {
            (_, "") | (Prefixes::SoapWithout, SOAP11 | SOAP12) | (Prefixes::Usual, IPAM | IPAM1) => "",
            (Prefixes::Usual, _) => self.value_prefix(namespace),
            (_, SOAP11 | SOAP12) => "env",
            (_, ADDRESSING) => "wsa",
            (_, IPAM) => "_m",
            (_, IPAM1) => "a",
            (_, SYSTEM) => "s",
            (_, SERIALIZATION) => "ser.1",
            (_, XSI) => "xsi",
            (_, XSD) => "xs",
            _ => "o-ther",
        }
    }

    /// The prefix for attributes and for names in values, which is never empty.
    fn value_prefix(&self, namespace: &str) -> &'static str {
        use namespace::{ADDRESSING, IPAM, IPAM1, SERIALIZATION, SOAP11, SOAP12, SYSTEM, XSD, XSI};
        if self.prefixes != Prefixes::Usual {
            let prefix = self.prefix(namespace);
            return if prefix.is_empty() { "env" } else { prefix };
        }
        match namespace {
            SOAP11 | SOAP12 => "s",
            ADDRESSING => "a",
            IPAM => "b",
            IPAM1 => "c",
            SYSTEM => "d",
            SERIALIZATION => "z",
            XSI => "i",
            XSD => "x",
            _ => "w",
        }
    }
}

type Declarations = Vec<(&'static str, String)>;

struct Writer {
    style: Style,
    text: String,
    /// What each open element declares, the outermost first.
    scope: Vec<Declarations>,
}

impl Writer {
    fn bound(&self, prefix: &str) -> &str {
        self.scope
            .iter()
            .rev()
            .flat_map(|declared| declared.iter().rev())
            .find(|(known, _)| *known == prefix)
            .map_or("", |(_, namespace)| namespace)
    }

    /// Sees to it that a prefix means a namespace at the element that is being opened.
    fn bind(&mut self, prefix: &'static str, namespace: &str) -> &'static str {
        if self.style.everywhere || self.bound(prefix) != namespace {
            let is_new = |declared: &Declarations| declared.iter().all(|(known, _)| *known != prefix);
            if let Some(here) = self.scope.last_mut().filter(|here| is_new(here)) {
                here.push((prefix, namespace.to_owned()));
            }
        }
        prefix
    }

    fn qualified(&mut self, name: &Name, prefix: &'static str) -> String {
        let prefix = self.bind(prefix, &name.namespace);
        if prefix.is_empty() { name.local.to_string() } else { format!("{prefix}:{}", name.local) }
    }

    fn value(&mut self, value: &Value) -> String {
        match value {
            Value::Text(text) => text.clone(),
            // A name in no namespace can only stand without a prefix.
            Value::Name(name) if name.namespace.is_empty() => name.local.to_string(),
            Value::Name(name) => self.qualified(name, self.style.value_prefix(&name.namespace)),
        }
    }

    fn element(&mut self, tag: &Tag, declare: &[Cow<'static, str>]) {
        self.scope.push(Vec::new());
        for namespace in declare {
            self.bind(self.style.value_prefix(namespace), namespace);
        }
        let name = self.qualified(&tag.name, self.style.prefix(&tag.name.namespace));
        let mut attributes = Vec::new();
        for (name, value) in &tag.attributes {
            let name = match &*name.namespace {
                "" => name.local.to_string(),
                namespace::XML => format!("xml:{}", name.local),
                other => self.qualified(name, self.style.value_prefix(other)),
            };
            attributes.push((name, self.value(value)));
        }
        let text = match &tag.inside {
            Inside::Value(value) => Some(self.value(value)),
            Inside::Nothing | Inside::Tags(_) => None,
        };
        let mut declarations: Vec<_> = (self.scope.last().into_iter().flatten())
            .map(|(prefix, namespace)| {
                let name = if prefix.is_empty() { "xmlns".into() } else { format!("xmlns:{prefix}") };
                (name, namespace.clone())
            })
            .collect();
        if self.style.reversed {
            attributes.reverse();
            attributes.append(&mut declarations);
        } else {
            declarations.append(&mut attributes);
            attributes = declarations;
        }

        self.text.push('<');
        self.text.push_str(&name);
        for (name, value) in attributes {
            self.attribute(&name, &value);
        }
        match &tag.inside {
            Inside::Tags(tags) if !tags.is_empty() => {
                self.text.push('>');
                for child in tags {
                    self.between();
                    self.element(child, &[]);
                }
                self.scope.pop();
                self.between();
                self.close(&name);
            }
            Inside::Value(_) => {
                self.text.push('>');
                self.characters(&text.unwrap_or_default());
                self.scope.pop();
                self.close(&name);
            }
            Inside::Nothing | Inside::Tags(_) => {
                self.scope.pop();
                if self.style.open_and_close {
                    self.text.push('>');
                    self.close(&name);
                } else {
                    self.text.push_str("/>");
                }
            }
        }
    }

    /// What stands between elements.
    fn between(&mut self) {
        if self.style.comments {
            self.text.push_str("<!-- <a b='c'> & so on -->");
        }
        if let Some(line) = self.style.line {
            self.text.push_str(line);
            self.text.push_str(&"\t".repeat(self.scope.len()));
        }
    }

    fn close(&mut self, name: &str) {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push_str(if self.style.open_and_close { " >" } else { ">" });
    }

    fn attribute(&mut self, name: &str, value: &str) {
        let (equals, quote) = if self.style.single_quotes { ("\n = ", '\'') } else { ("=", '"') };
        self.text.push(' ');
        self.text.push_str(name);
        self.text.push_str(equals);
        self.text.push(quote);
        for c in value.chars() {
            match c {
                '\t' | '\n' | '\r' | '\'' | '"' => self.reference(c),
                _ => self.character(c),
            }
        }
        self.text.push(quote);
    }

    fn characters(&mut self, text: &str) {
        let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
        let (first, second) = text.split_at(middle);
        match self.style.text {
            Text::Plain => text.chars().for_each(|c| self.character(c)),
            Text::References => text.chars().for_each(|c| self.reference(c)),
            Text::Cdata => self.cdata(text),
            Text::HalfCdata => {
                first.chars().for_each(|c| self.character(c));
                self.cdata(second);
            }
            Text::WithComment => {
                first.chars().for_each(|c| self.character(c));
                self.text.push_str("<!--in-between-->");
                second.chars().for_each(|c| self.character(c));
            }
        }
    }

    fn cdata(&mut self, text: &str) {
        self.text.push_str("<![CDATA[");
        self.text.push_str(&text.replace("]]>", "]]]]><![CDATA[>"));
        self.text.push_str("]]>");
    }

    fn character(&mut self, c: char) {
        match c {
            '&' => self.text.push_str("&amp;"),
            '<' => self.text.push_str("&lt;"),
            '>' => self.text.push_str("&gt;"),
            '\r' => self.reference(c),
            // What XML cannot hold, as an echoed value may have it, is replaced.
            '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}' => self.text.push('\u{fffd}'),
            _ => self.text.push(c),
        }
    }

    fn reference(&mut self, c: char) {
        let code = u32::from(c);
        let written =
            if code.is_multiple_of(2) { write!(self.text, "&#{code};") } else { write!(self.text, "&#x{code:X};") };
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::namespace::{IPAM, IPAM1, SERIALIZATION, SOAP12, XSI};

    fn sample() -> Tag {
        let data = Tag::of("", "Data", vec![Tag::text(IPAM, "Id", "a<b&\"c")])
            .with_text(SERIALIZATION, "Id", "i'1")
            .with(XSI, "type", Value::Name(Name::new(IPAM, "Data")));
        Tag::of(
            SOAP12,
            "Fault",
            vec![
                Tag { inside: Inside::Value(Value::Name(Name::new(SOAP12, "Sender"))), ..Tag::new(SOAP12, "Value") },
                Tag::of(IPAM1, "Exception", vec![data, Tag::new(IPAM, "Empty")]),
            ],
        )
    }

    fn written(variant: Option<Variant>) -> String {
        Style::of(&variant.map_or_else(Behaviour::default, Behaviour::from)).write(&sample())
    }

    #[test]
    fn the_plain_style_is_the_usual_one() {
        assert_eq!(
            written(None),
            "<s:Fault xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Value>s:Sender</s:Value>\
             <Exception xmlns=\"http://schemas.datacontract.org/2004/07/Microsoft.Windows.Ipam\">\
             <Data xmlns=\"\" xmlns:z=\"http://schemas.microsoft.com/2003/10/Serialization/\" \
             xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:b=\"http://Microsoft.Windows.Ipam\" \
             z:Id=\"i&#x27;1\" i:type=\"b:Data\"><Id xmlns=\"http://Microsoft.Windows.Ipam\">a&lt;b&amp;\"c</Id></Data>\
             <Empty xmlns=\"http://Microsoft.Windows.Ipam\"/></Exception></s:Fault>"
        );
    }

    #[test]
    fn each_style_writes_its_own_way() {
        let has = |variant, part: &str| {
            let text = written(Some(variant));
            assert!(text.contains(part), "{variant:?}: {text}");
        };
        has(Variant::OtherPrefixes, "<env:Value>env:Sender</env:Value>");
        has(Variant::DefaultNamespaceSoap, "<Value xmlns:env=\"http://www.w3.org/2003/05/soap-envelope\">env:Sender<");
        has(Variant::DeclaresAtRoot, "<_m:Empty/>");
        has(Variant::DeclaresEverywhere, "<s:Value xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\">s:Sender<");
        has(Variant::ReversedAttributes, "<Data i:type=\"b:Data\" z:Id=\"i&#x27;1\" xmlns=\"\"");
        has(Variant::SingleQuotes, "i:type\n = 'b:Data'");
        has(Variant::Cdata, "<![CDATA[a<b&\"c]]>");
        has(Variant::SplitCdata, "a&lt;b<![CDATA[&\"c]]>");
        has(Variant::CommentsInText, "s:Se<!--in-between-->nder");
        has(Variant::Comments, "--><s:Value>s:Sender</s:Value><!--");
        has(Variant::Indented, "\n\t<s:Value>");
        has(Variant::CarriageReturns, "\r\n\t<s:Value>");
        has(Variant::CharacterReferences, "&#x73;&#58;&#x53;");
        has(Variant::OpenAndClose, "<Empty xmlns=\"http://Microsoft.Windows.Ipam\"></Empty >");
    }

    #[test]
    fn what_xml_cannot_hold_is_never_written() {
        let tag = Tag::text("", "t", "\0\u{1b}\u{ffff}\r]]>");
        let plain = Style::of(&Behaviour::default()).write(&tag);
        assert_eq!(plain, "<t>\u{fffd}\u{fffd}\u{fffd}&#x0D;]]&gt;</t>".replace("0D", "D"));
        let cdata = Style::of(&Behaviour::from(Variant::Cdata)).write(&Tag::text("", "t", "a]]>b"));
        assert_eq!(cdata, "<t><![CDATA[a]]]]><![CDATA[>b]]></t>");
    }
}
