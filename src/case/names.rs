//! The names that holes may use in one case file: keys of the matrix, captures of earlier steps, data of the target.
//!
//! Leaves out their values. A name that nothing in the file gives is data that the case needs from the target's `[vars]`.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use super::{
    mistake::{SourceFile, Told},
    path::Path,
    template::{Escape, Template},
    walk::Text,
};

/// What the runner fills in by itself, in envelopes only.
pub(super) const BUILT_IN: [&str; 2] = ["message_id", "to"];

/// The names of one file, as far as it was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    /// Keys of the matrix, and whether a hole used them.
    pub(super) matrix: BTreeMap<String, bool>,
    /// Keys of `[generate]`.
    pub(super) generated: BTreeMap<String, Generated>,
    /// What the steps so far have captured.
    pub(super) captured: BTreeSet<String>,
    /// What any step captures.
    pub(super) captured_somewhere: BTreeSet<String>,
    /// What the target must supply.
    pub(super) needs: BTreeSet<String>,
}

/// What is known of a key of `[generate]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Generated {
    /// Whether a hole used it.
    pub(super) used: bool,
    /// Whether its values are XML, which stands as it is.
    pub(super) is_xml: bool,
}

/// Where a template stands, which decides what may be in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The body of a call.
    Body,
    /// An envelope or its action.
    Envelope,
    /// Any other string.
    String,
}

impl Names {
    /// Reads a string with holes and notes the names that they use.
    pub(super) fn template(
        &mut self,
        text: Text<'_>,
        escape: Escape,
        place: Place,
        told: &mut Told,
    ) -> Option<Template> {
        match Template::parse(text.value, escape) {
            Ok(template) => {
                for (name, span) in template.holes_with_places() {
                    self.note(name, within(text, &span, told.file()), place, false, told);
                }
                Some(template)
            }
            Err(error) => {
                let span = within(text, &error.span, told.file());
                told.bad_value(span, error.message).help("write a hole as `{{name}}`");
                None
            }
        }
    }

    /// Reads the content of a string that holds XML: like [`Self::template`], from the text as it stands in the file, so
    /// that every byte has its place. Gives the place where the content begins, too.
    pub(super) fn xml(&mut self, text: Text<'_>, place: Place, told: &mut Told) -> Option<(Template, usize)> {
        let file = told.file().clone();
        let Some((content, start)) = text.verbatim(&file) else {
            told.bad_value(text.span(), "XML is written without escapes of TOML")
                .label("a `\\` means something else here")
                .help("write it between single quotes, '...', or over several lines between ''' and '''");
            return None;
        };
        match Template::parse(content, Escape::Xml) {
            Ok(template) => {
                for (name, span) in template.holes_with_places() {
                    self.note(name, start + span.start..start + span.end, place, true, told);
                }
                let is_xml = |name: &str| self.generated.get(name).is_some_and(|generated| generated.is_xml);
                Some((template.with_xml(is_xml), start))
            }
            Err(error) => {
                told.bad_value(start + error.span.start..start + error.span.end, error.message)
                    .help("write a hole as `{{name}}`");
                None
            }
        }
    }

    /// Reads a path and notes the names that its predicates use.
    pub(super) fn path(&mut self, text: Text<'_>, told: &mut Told) -> Option<Path> {
        match Path::parse(text.value) {
            Ok(path) => {
                for name in path.holes() {
                    self.note(name, text.span(), Place::String, false, told);
                }
                Some(path)
            }
            Err(error) => {
                let span = within(text, &error.span, told.file());
                told.bad_value(span, format!("not a path: {}", error.message))
                    .help("a path is like `GetIpamTasksInfoResult/TaskInfo[TaskType='Audit']/State`");
                None
            }
        }
    }

    fn note(&mut self, name: &str, span: Range<usize>, place: Place, in_xml: bool, told: &mut Told) {
        if let Some(used) = self.matrix.get_mut(name) {
            *used = true;
        } else if let Some(generated) = self.generated.get_mut(name) {
            generated.used = true;
            if generated.is_xml && !in_xml {
                told.bad_value(span, format!("`{name}` is XML, which has no place here"))
                    .help("put it into a body or an envelope");
            }
        } else if BUILT_IN.contains(&name) {
            if place != Place::Envelope {
                told.bad_value(span, format!("`{{{{{name}}}}}` is filled in envelopes only"))
                    .help("a call is given its message id and its address by itself");
            }
        } else if !self.captured.contains(name) {
            if self.captured_somewhere.contains(name) {
                told.bad_value(span, format!("`{name}` is captured later than it is used"))
                    .help("a capture can be used from the next step on");
            } else {
                self.needs.insert(name.to_owned());
            }
        }
    }
}

/// A place within a string as a place in its file; the whole string where escapes are in the way.
pub(super) fn within(text: Text<'_>, inner: &Range<usize>, file: &SourceFile) -> Range<usize> {
    match text.verbatim(file) {
        Some((content, start)) if content == text.value => start + inner.start..start + inner.end,
        _ => text.span(),
    }
}
