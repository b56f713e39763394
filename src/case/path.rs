//! Paths into a reply: which elements, or which attribute, an assertion is about.
//!
//! Leaves out what is asserted. A path is relative to the body element of the reply, which is `.`:
//! `GetIpamTasksInfoResult/TaskInfo[TaskType='{{task_type}}']/State`. A name without a prefix is in the protocol's own
//! namespace; prefixes are those of `spec::namespace::PREFIXES`. A predicate compares the text of the element itself
//! (`.`), of a descendant, or of an attribute with a literal, to the letter. `@name` may be the last part.

use std::{fmt, ops::Range};

use super::template::{Escape, Template, Vars};
use crate::{
    spec::namespace,
    xml::{Element, QName},
};

/// A path, relative to the body element of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// As it was written.
    text: String,
    steps: Vec<Step>,
    attribute: Option<QName>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    name: QName,
    predicates: Vec<Predicate>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Predicate {
    elements: Vec<QName>,
    attribute: Option<QName>,
    literal: Template,
}

/// Why a text is no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathError {
    /// Where the trouble is, in bytes of the text.
    pub span: Range<usize>,
    /// What the trouble is.
    pub message: String,
}

/// What a path selects, in document order.
#[derive(Debug, Clone, PartialEq)]
pub enum Selection<'e> {
    /// Elements, for a path that ends in an element.
    Elements(Vec<&'e Element>),
    /// Values of attributes, for a path that ends in `@name`.
    Attributes(Vec<&'e str>),
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// Says where the text stops being one.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let mut reader = Reader { text, at: 0 };
        let (steps, attribute) = reader.steps(true)?;
        if reader.at < text.len() {
            return Err(reader.error("`/`, `[` or the end is expected here"));
        }
        Ok(Self { text: text.to_owned(), steps, attribute })
    }

    /// Whether it selects attributes rather than elements.
    pub fn is_attribute(&self) -> bool {
        self.attribute.is_some()
    }

    /// The names of the holes in its predicates.
    pub fn holes(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().flat_map(|step| &step.predicates).flat_map(|predicate| predicate.literal.holes())
    }

    /// Fills for good the holes that have a value, and leaves the others.
    #[must_use]
    pub fn bind(&self, vars: Vars<'_>) -> Self {
        let mut bound = self.clone();
        for predicate in bound.steps.iter_mut().flat_map(|step| &mut step.predicates) {
            predicate.literal = predicate.literal.bind(vars);
        }
        if let Ok(text) = Template::parse(&self.text, Escape::Plain) {
            bound.text = text.bind(vars).to_string();
        }
        bound
    }

    /// What it selects below the body element of a reply, in document order. A predicate with a hole that has no value
    /// holds for nothing, nor does one that compares an element without a value (`i:nil`).
    pub fn select<'e>(&self, body: &'e Element, vars: Vars<'_>) -> Selection<'e> {
        let mut elements = vec![body];
        for step in &self.steps {
            elements = elements
                .into_iter()
                .flat_map(|element| element.elements().filter(|child| child.name == step.name))
                .filter(|child| step.predicates.iter().all(|predicate| predicate.holds(child, vars)))
                .collect();
        }
        match &self.attribute {
            None => Selection::Elements(elements),
            Some(name) => Selection::Attributes(
                elements.into_iter().filter_map(|element| element.attribute(&name.namespace, &name.local)).collect(),
            ),
        }
    }
}

/// Writes it as it was written, bound holes filled.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Predicate {
    fn holds(&self, element: &Element, vars: Vars<'_>) -> bool {
        let Ok(literal) = self.literal.fill(vars) else { return false };
        let mut elements = vec![element];
        for name in &self.elements {
            elements = elements
                .into_iter()
                .flat_map(|element| element.elements().filter(|child| child.name == *name))
                .collect();
        }
        elements.into_iter().any(|element| match &self.attribute {
            Some(name) => element.attribute(&name.namespace, &name.local) == Some(literal.as_str()),
            None => !element.is_nil() && element.text() == literal,
        })
    }
}

/// Reads a path from left to right.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// An error at the next character.
    fn error(&self, message: &str) -> PathError {
        let length = self.rest().chars().next().map_or(0, char::len_utf8);
        PathError { span: self.at..self.at + length, message: message.to_owned() }
    }

    /// `.`, or names joined by `/`, the last of which may be an attribute.
    fn steps(&mut self, predicates: bool) -> Result<(Vec<Step>, Option<QName>), PathError> {
        let mut steps = Vec::new();
        if self.take(".") {
            if self.rest().starts_with("/@") {
                self.at += "/@".len();
                return Ok((steps, Some(self.name("")?)));
            }
            return Ok((steps, None));
        }
        loop {
            if self.take("@") {
                return Ok((steps, Some(self.name("")?)));
            }
            let name = self.name(namespace::IPAM)?;
            let mut step = Step { name, predicates: Vec::new() };
            while predicates && self.take("[") {
                step.predicates.push(self.predicate()?);
            }
            steps.push(step);
            if !self.take("/") {
                return Ok((steps, None));
            }
        }
    }

    /// What stands between brackets, and the closing one.
    fn predicate(&mut self) -> Result<Predicate, PathError> {
        let (steps, attribute) = self.steps(false)?;
        if !self.take("=") {
            return Err(self.error("`='text'` is expected here"));
        }
        let Some(quote @ ('\'' | '"')) = self.rest().chars().next() else {
            return Err(self.error("a text in quotes is expected here"));
        };
        let open = self.at;
        self.at += 1;
        let Some(length) = self.rest().find(quote) else {
            return Err(PathError { span: open..self.text.len(), message: "the quote is not closed".to_owned() });
        };
        let literal =
            Template::parse(self.rest().get(..length).unwrap_or_default(), Escape::Plain).map_err(|error| {
                let span = error.span.start + self.at..error.span.end + self.at;
                PathError { span, message: error.message }
            })?;
        self.at += length + 1;
        if !self.take("]") {
            return Err(self.error("`]` is expected here"));
        }
        Ok(Predicate { elements: steps.into_iter().map(|step| step.name).collect(), attribute, literal })
    }

    /// A name with or without a prefix; `default` is the namespace of one without.
    fn name(&mut self, default: &str) -> Result<QName, PathError> {
        let start = self.at;
        let first = self.word()?;
        if !self.take(":") {
            return Ok(QName::new(default, first));
        }
        let Some(namespace) = namespace::of_prefix(first) else {
            let known: Vec<_> = namespace::PREFIXES.iter().map(|(prefix, _)| *prefix).collect();
            return Err(PathError {
                span: start..start + first.len(),
                message: format!("`{first}` is no known prefix; known are {}", known.join(", ")),
            });
        };
        Ok(QName::new(namespace, self.word()?))
    }

    fn word(&mut self) -> Result<&'t str, PathError> {
        let rest = self.rest();
        let is_start = |c: char| c.is_alphabetic() || c == '_';
        if !rest.starts_with(is_start) {
            return Err(self.error("a name is expected here"));
        }
        let length =
            rest.find(|c: char| !(is_start(c) || c.is_numeric() || matches!(c, '-' | '.'))).unwrap_or(rest.len());
        self.at += length;
        Ok(rest.get(..length).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::xml::{Attribute, Node, Position, Scope};

    fn element(namespace: &str, local: &str, children: Vec<Node>) -> Element {
        Element {
            name: QName::new(namespace, local),
            attributes: Vec::new(),
            children,
            scope: Scope::default(),
            position: Position::default(),
        }
    }

    fn ipam(local: &str, children: Vec<Node>) -> Node {
        Node::Element(element(namespace::IPAM, local, children))
    }

    fn text(text: &str) -> Vec<Node> {
        vec![Node::Text(text.to_owned())]
    }

    fn nil(mut node: Node) -> Node {
        if let Node::Element(element) = &mut node {
            let name = QName::new(namespace::XSI, "nil");
            element.attributes.push(Attribute { name, value: "true".to_owned() });
        }
        node
    }

    fn body() -> Element {
        let info = |kind: &str, state: Node| ipam("TaskInfo", vec![ipam("TaskType", text(kind)), state]);
        let list = vec![
            info("Audit", ipam("State", text("Ready"))),
            info("Expiry", nil(ipam("State", Vec::new()))),
            Node::Element(element("urn:other", "TaskInfo", Vec::new())),
            info("Audit", ipam("State", text("Running"))),
        ];
        element(namespace::IPAM, "GetIpamTasksInfoResponse", vec![ipam("GetIpamTasksInfoResult", list)])
    }

    fn select(path: &str) -> Vec<String> {
        let vars = |name: &str| (name == "kind").then(|| "Expiry".to_owned());
        match Path::parse(path).unwrap().select(&body(), &vars) {
            Selection::Elements(found) => found.iter().map(|e| format!("{}={}", e.name.local, e.text())).collect(),
            Selection::Attributes(found) => found.into_iter().map(|value| format!("@{value}")).collect(),
        }
    }

    #[test]
    fn names_predicates_and_attributes_select() {
        assert_eq!(select("."), ["GetIpamTasksInfoResponse="]);
        assert_eq!(select("GetIpamTasksInfoResult/TaskInfo").len(), 3, "another namespace is another name");
        assert_eq!(
            select("ipam:GetIpamTasksInfoResult/TaskInfo[TaskType='Audit']/State"),
            ["State=Ready", "State=Running"]
        );
        assert_eq!(select("GetIpamTasksInfoResult/TaskInfo[TaskType=\"{{kind}}\"]/State/@i:nil"), ["@true"]);
        assert_eq!(select("GetIpamTasksInfoResult/TaskInfo[State/@i:nil='true']/TaskType"), ["TaskType=Expiry"]);
        assert_eq!(select("GetIpamTasksInfoResult/TaskInfo/TaskType[.='Expiry']"), ["TaskType=Expiry"]);
        let both = "GetIpamTasksInfoResult/TaskInfo[TaskType='Audit'][State='Running']/State";
        assert_eq!(select(both), ["State=Running"]);
        for nothing in [
            "GetIpamTasksInfoResult/TaskInfo[State='']",
            "GetIpamTasksInfoResult/TaskInfo[TaskType='{{unknown}}']",
            "ipam1:GetIpamTasksInfoResult",
            "./@i:nil",
        ] {
            assert!(select(nothing).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn a_literal_is_never_part_of_the_path() {
        let path = Path::parse("A[B='{{kind}}']").unwrap();
        let bound = path.bind(&|_| Some("']/C['".to_owned()));
        assert_eq!((bound.steps.len(), bound.holes().count(), path.holes().count()), (1, 0, 1));
    }

    #[test]
    fn trouble_is_told_where_it_stands() {
        for (path, span) in [
            ("", 0..0),
            ("A/", 2..2),
            ("A//B", 2..3),
            ("/A", 0..1),
            ("A B", 1..2),
            ("A/x:B", 2..3),
            ("A[B]", 3..4),
            ("A[B=C]", 4..5),
            ("A[B='c]", 4..7),
            ("A[B='{{c']", 5..7),
            ("A[B='c'", 7..7),
            ("@a/B", 2..3),
            ("./B", 1..2),
            ("..", 1..2),
            ("A[B[C='d']='e']", 3..4),
        ] {
            assert_eq!(Path::parse(path).unwrap_err().span, span, "{path}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_text_is_a_path_or_an_error_within_it(text in "[A-C:/@.='\\[\\]{}i\u{e9}]{0,16}") {
            match Path::parse(&text) {
                Ok(path) => prop_assert_eq!(path.to_string(), text),
                Err(error) => prop_assert!(error.span.end <= text.len() && text.get(error.span).is_some()),
            }
        }
    }
}
