//! Reads a case file into a draft: all that it says, before its matrix is expanded.
//!
//! Leaves out what only other files can tell: requirements, twins.

use std::ops::Range;

use super::{
    assertion::requirement_id,
    generate::{self, Generate},
    mistake::{MistakeKind, SourceFile, Told, shown, suggest},
    model::Answer,
    names::{BUILT_IN, Names},
    revision,
    secured::{self, SecuredDraft},
    step::{self, Context, StepDraft},
    template::{Escape, Template, is_name},
    walk::{self, Fields, as_texts},
};
use crate::spec::{Effect, PortType, RequirementId, progress::AdminOperation};

/// What stands behind a key of the matrix whose values are ids of operations with progress, for the type of parameters
/// that the operation takes: `{{operation_parameters}}`.
pub(super) const PARAMETERS_OF: &str = "_parameters";

/// What a case file says.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) file: SourceFile,
    /// The line of `about`.
    pub(super) line: usize,
    pub(super) about: String,
    /// With their places; the first owns what names none.
    pub(super) requirements: Vec<(RequirementId, Range<usize>)>,
    pub(super) port_type: PortType,
    pub(super) effect: Option<(Effect, Range<usize>)>,
    pub(super) mutant: Option<String>,
    pub(super) twin: Option<(Template, Range<usize>)>,
    /// Keys and their values, in file order.
    pub(super) matrix: Vec<(String, Vec<String>)>,
    /// Where `[matrix]` stands.
    pub(super) matrix_span: Range<usize>,
    /// What is to be made up.
    pub(super) generate: Option<Generate>,
    /// Where `[generate]` stands, if it does.
    pub(super) generate_span: Option<Range<usize>>,
    pub(super) scenario: Option<String>,
    /// What `[security]` says.
    pub(super) secured: Option<SecuredDraft>,
    /// The suite revision that the file names.
    pub(super) since: u32,
    pub(super) names: Names,
    pub(super) steps: Vec<StepDraft>,
    /// Every requirement that steps mention, with its place.
    pub(super) mentioned: Vec<(RequirementId, Range<usize>)>,
    /// Expectations that nothing can fail, by their requirement.
    pub(super) toothless: Vec<(RequirementId, Range<usize>)>,
}

impl Draft {
    /// Whether the case passes where a request is refused.
    pub(super) fn expects_refusal(&self) -> bool {
        let mut expected = self.steps.iter().filter_map(|draft| draft.step.expect.as_ref());
        expected.any(|expect| matches!(expect.answer, Answer::Fault(_) | Answer::Refused))
    }
}

/// Reads a case file. What is wrong in it was told; the draft then holds what stands in for it.
pub(super) fn read(file: &SourceFile, told: &mut Told) -> Option<Draft> {
    if file.text.trim().is_empty() {
        told.tell(MistakeKind::MissingKey, 0..0, "the file is empty")
            .help("a case has about, requirements, port_type, effect and a [[step]]; docs/case-format.md shows one");
        return None;
    }
    walk::document(told, |fields, told| case(file, fields, told))
}

fn case(file: &SourceFile, mut fields: Fields<'_>, told: &mut Told) -> Option<Draft> {
    let about = fields.required_text("about", "about = \"what the case shows, in a sentence\"", told);
    let requirements = requirements(&mut fields, told);
    let port_type = port_type(&mut fields, told);
    let effect = effect(&mut fields, told);
    let mutant = fields.text("mutant", told);
    if let Some(text) = mutant.filter(|text| !is_word(text.value)) {
        told.bad_value(text.span(), format!("{} is not the name of a mutant", shown(text.value)))
            .help("a name is lower-case words joined by `-`");
    }
    let mut names = Names::default();
    let twin = fields.text("twin", told);
    let matrix_span = fields.key_span("matrix");
    let matrix = fields.table("matrix", "[matrix]", told).map(|table| matrix(&table, told)).unwrap_or_default();
    names.matrix.extend(matrix.iter().map(|(key, _, _)| (key.clone(), false)));
    // The type of the parameters goes with the id of an operation.
    let typed = matrix.iter().filter(|(_, values, _)| values.iter().all(|id| AdminOperation::named(id).is_some()));
    names.matrix.extend(typed.map(|(key, _, _)| (format!("{key}{PARAMETERS_OF}"), true)));
    let generate_span = fields.has("generate").then(|| fields.key_span("generate"));
    let (generate, generated_places) = match fields.table("generate", "[generate]", told) {
        Some(table) => generate::generate(table, &mut names, told),
        None => (None, Vec::new()),
    };
    let twin = twin.and_then(|text| match Template::parse(text.value, Escape::Id) {
        Ok(template) => {
            for (hole, span) in template.holes_with_places() {
                if !names.matrix.contains_key(hole) {
                    let span = super::names::within(text, &span, file);
                    let help = suggest(hole, names.matrix.keys().map(String::as_str));
                    told.bad_value(span, format!("`{hole}` is no key of the matrix")).help = help;
                }
            }
            Some((template, text.span()))
        }
        Err(error) => {
            told.bad_value(super::names::within(text, &error.span, file), error.message);
            None
        }
    });
    let scenario = fields.table("lab", "[lab]", told).and_then(|mut lab| {
        let scenario = lab.required_text("scenario", "scenario = \"...\"", told);
        lab.finish(told);
        scenario
    });

    let secured = fields.table("security", "[security]", told).map(|table| secured::read(table, &mut names, told));

    let since = since(&mut fields, told);
    let steps = fields.tables("step", "[[step]]", told);
    if steps.is_empty() {
        fields.missing("step", "a [[step]]");
    }
    for step in &steps {
        names.captured_somewhere.extend(step.keys_of("capture").map(str::to_owned));
    }
    fields.finish(told);
    // Steps are read in any case, so that their mistakes are told with the others.
    let owner = requirements.first().map(|(id, _)| id.clone()).or_else(|| RequirementId::parse("none.known").ok())?;
    let (mut mentioned, mut toothless) = (Vec::new(), Vec::new());
    let mut context = Context {
        port_type: port_type.unwrap_or(PortType::IIpamServer),
        owner: &owner,
        names: &mut names,
        mentioned: &mut mentioned,
        toothless: &mut toothless,
    };
    let steps = steps.into_iter().flat_map(|fields| step::step(fields, &mut context, told)).collect();
    for (key, _, span) in &matrix {
        if names.matrix.get(key) == Some(&false) {
            told.bad_value(span.clone(), format!("`{key}` is used nowhere"))
                .help(format!("write `{{{{{key}}}}}` where its values belong, or leave it out"));
        }
    }
    for ((key, _), span) in generate.iter().flat_map(|generate| &generate.keys).zip(generated_places) {
        if names.generated.get(key).is_some_and(|generated| !generated.used) {
            told.bad_value(span, format!("`{key}` is used nowhere"))
                .help(format!("write `{{{{{key}}}}}` where its values belong, or leave it out"));
        }
    }
    Some(Draft {
        file: file.clone(),
        line: about.map_or(1, |about| file.line(about.span().start)),
        about: about.map_or_else(String::new, |about| about.value.to_owned()),
        requirements,
        port_type: port_type.unwrap_or(PortType::IIpamServer),
        effect,
        mutant: mutant.map(|mutant| mutant.value.to_owned()),
        twin,
        matrix: matrix.into_iter().map(|(key, values, _)| (key, values)).collect(),
        matrix_span,
        generate,
        generate_span,
        scenario: scenario.map(|text| text.value.to_owned()),
        secured,
        since,
        names,
        steps,
        mentioned,
        toothless,
    })
}

/// Takes `since`: the suite revision since which something is there, 1 where it does not say.
pub(super) fn since(fields: &mut Fields<'_>, told: &mut Told) -> u32 {
    let since = fields.integer("since", revision::KNOWN, told);
    since.and_then(|since| u32::try_from(since).ok()).unwrap_or(1)
}

fn requirements(fields: &mut Fields<'_>, told: &mut Told) -> Vec<(RequirementId, Range<usize>)> {
    let example = "requirements = [\"start-task.none-faults\"]";
    if !fields.has("requirements") {
        fields.value("requirements");
        fields.missing("requirements", example);
        return Vec::new();
    }
    let span = fields.key_span("requirements");
    let Some(texts) = fields.texts("requirements", told) else { return Vec::new() };
    if texts.is_empty() {
        told.bad_value(span, "a case decides at least one requirement").help(format!("write {example}"));
    }
    let mut requirements: Vec<(RequirementId, Range<usize>)> = Vec::new();
    for text in texts {
        let mut one = Vec::new();
        requirement_id(text, &mut one, told);
        if one.iter().any(|(id, _)| requirements.iter().any(|(known, _)| known == id)) {
            told.bad_value(text.span(), "the requirement is listed twice").help("leave one out");
        } else {
            requirements.extend(one);
        }
    }
    requirements
}

fn port_type(fields: &mut Fields<'_>, told: &mut Told) -> Option<PortType> {
    let text = fields.required_text("port_type", "port_type = \"IIpamServer\"", told)?;
    let port_type = PortType::named(text.value);
    if port_type.is_none() {
        let help = suggest(text.value, PortType::ALL.into_iter().map(PortType::name));
        told.bad_value(text.span(), format!("{} is no port type that cases can drive", shown(text.value))).help = help;
    }
    port_type
}

fn effect(fields: &mut Fields<'_>, told: &mut Told) -> Option<(Effect, Range<usize>)> {
    let text = fields.required_text("effect", "effect = \"read\", or start-task, write, disrupt", told)?;
    let effect = Effect::parse(text.value);
    if effect.is_none() {
        let help = suggest(text.value, Effect::ALL.into_iter().map(Effect::as_str));
        told.bad_value(text.span(), format!("{} is no effect", shown(text.value))).help = help;
    }
    effect.map(|effect| (effect, text.span()))
}

/// The keys of `[matrix]` with their values and places, in file order.
fn matrix(fields: &Fields<'_>, told: &mut Told) -> Vec<(String, Vec<String>, Range<usize>)> {
    let mut matrix = Vec::new();
    for (key, value) in fields.entries() {
        if !is_name(key.value) || BUILT_IN.contains(&key.value) {
            told.bad_value(key.span(), format!("{} is not a name for a hole", shown(key.value)))
                .help("a name is lower-case letters, digits and `_`, a letter first");
            continue;
        }
        let before = told.count();
        let texts = as_texts(value, &format!("`{}`", key.value), told);
        if texts.as_ref().is_some_and(Vec::is_empty) && told.count() == before {
            told.bad_value(value.span(), format!("`{}` has no values, so there is no case", key.value))
                .help("name at least one");
        }
        let mut values: Vec<String> = Vec::new();
        for text in texts.unwrap_or_default() {
            if values.iter().any(|known| known == text.value) {
                told.bad_value(
                    text.span(),
                    format!("{} stands twice, which gives two cases one id", shown(text.value)),
                )
                .help("leave one out");
            } else {
                values.push(text.value.to_owned());
            }
        }
        // A key without a good value stands for itself, so that the rest of the file can be looked at.
        if values.is_empty() {
            values.push(key.value.to_owned());
        }
        matrix.push((key.value.to_owned(), values, key.span()));
    }
    matrix
}

/// Whether a text is lower-case words joined by `-`.
fn is_word(text: &str) -> bool {
    text.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}
