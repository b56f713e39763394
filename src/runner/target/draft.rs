//! Reads a target file, or what `--set` says, into a draft: every key that is there, none made up.
//!
//! Leaves out defaults, and what only holds once everything was read.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    ops::Range,
    time::Duration,
};

use toml::de::DeValue;

use crate::{
    case::{
        MistakeKind,
        mistake::{Told, shown, suggest},
        template::is_name,
        walk::{self, Fields, Text, wrong_type},
    },
    spec::{Effect, task::IPAM_TASK_TYPE},
    transport::{MessageEncoding, TargetUrl, url},
};

use super::security::{self, Places, SecurityDraft};

/// The port types that [MS-IPAMM2] knows and that a server listens for; a target file may name them all.
const PORT_TYPES: [&str; 6] = [
    "IIpamServer",
    "IIpamEnumerator",
    "IIpamIPAuditEnumerator",
    "IIpamAsyncProvision",
    "IIpamAsyncSchemaConversion",
    "IIpamOperationWithProgress",
];

/// What was said of a target, and by whom it was not.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) name: Option<String>,
    pub(super) url: Option<(TargetUrl, Range<usize>)>,
    /// Whether a URL was given at all, good or not.
    pub(super) has_url: bool,
    pub(super) product: Option<String>,
    pub(super) lacks: Option<Vec<String>>,
    pub(super) endpoints: BTreeMap<String, String>,
    pub(super) endpoints_span: Option<Range<usize>>,
    pub(super) encoding: Option<MessageEncoding>,
    /// The encoding and where it stands.
    pub(super) encoding_span: Option<(MessageEncoding, Range<usize>)>,
    /// How sessions are protected.
    pub(super) security: SecurityDraft,
    /// Where that stands.
    pub(super) security_places: Places,
    /// Where an empty `[security]` stands.
    pub(super) empty_security: Option<Range<usize>>,
    pub(super) ca_file: Option<(String, Range<usize>)>,
    pub(super) timing: BTreeMap<&'static str, Duration>,
    pub(super) scale: Option<f64>,
    pub(super) effects: Option<BTreeSet<Effect>>,
    pub(super) tasks: Option<Vec<String>>,
    pub(super) sessions: Option<u64>,
    pub(super) rate: Option<u64>,
    pub(super) reply_bytes: Option<u64>,
    pub(super) listen: Option<SocketAddr>,
    pub(super) public: Option<TargetUrl>,
    pub(super) vars: BTreeMap<String, String>,
    pub(super) snapshots: Option<String>,
}

/// The keys of `[timing]` that are durations.
const TIMES: [&str; 5] = ["connect", "reply", "quiescence", "operation", "inactivity"];

/// Reads a text; what is told is shown as the file of `told` has it, secrets hidden.
pub(super) fn read(text: &str, told: &mut Told) -> Draft {
    walk::document_of(text, told, |mut fields, told| {
        let mut draft = Draft { has_url: fields.has("url"), ..Draft::default() };
        draft.name = filled(&mut fields, "name", "name = \"Contoso IPAM 4.2\"", told);
        draft.url = fields.text("url", told).and_then(|text| target_url(text, told).map(|url| (url, text.span())));
        draft.encoding_span = encoding(&mut fields, told);
        draft.encoding = draft.encoding_span.as_ref().map(|(encoding, _)| *encoding);
        draft.product = filled(&mut fields, "product", "product = \"windows-server-2019\"", told);
        draft.lacks = lacks(&mut fields, told);
        if draft.product.is_some() && draft.lacks.is_some() {
            told.bad_value(fields.key_span("lacks"), "`product` says what is lacking already")
                .help("write `product` or `lacks`");
        }
        if let Some(table) = fields.table("endpoints", "[endpoints]", told) {
            draft.endpoints_span = Some(table.span());
            endpoints(table, &mut draft, told);
        }
        if let Some(table) = fields.table("security", "[security]", told) {
            of_security(table, &mut draft, told);
        }
        if let Some(table) = fields.table("timing", "[timing]", told) {
            timing(table, &mut draft, told);
        }
        if let Some(table) = fields.table("allow", "[allow]", told) {
            allow(table, &mut draft, told);
        }
        if let Some(mut table) = fields.table("limits", "[limits]", told) {
            draft.sessions = table.integer("sessions", 1..65_537, told);
            draft.rate = table.integer("rate", 1..1_000_001, told);
            draft.reply_bytes = table.integer("reply_bytes", 1_024..(1 << 30) + 1, told);
            table.finish(told);
        }
        if let Some(table) = fields.table("callback", "[callback]", told) {
            callback(table, &mut draft, told);
        }
        if let Some(table) = fields.table("vars", "[vars]", told) {
            vars(&table, &mut draft, told);
        }
        if let Some(mut table) = fields.table("snapshots", "[snapshots]", told) {
            draft.snapshots = filled(&mut table, "dir", "dir = \"snapshots/contoso\"", told);
            table.finish(told);
        }
        fields.finish(told);
        draft
    })
}

/// A string that holds something, if the key is there.
fn filled(fields: &mut Fields<'_>, key: &'static str, example: &str, told: &mut Told) -> Option<String> {
    if !fields.has(key) {
        fields.value(key);
        return None;
    }
    fields.required_text(key, example, told).map(|text| text.value.to_owned())
}

/// A URL holds no secret; what is wrong with one that does is told without repeating it.
fn target_url(text: Text<'_>, told: &mut Told) -> Option<TargetUrl> {
    if text.value.contains('@') {
        told.bad_value(text.span(), "a user or a password in a URL is a secret that every log would show")
            .help("leave out what stands before the `@`");
        return None;
    }
    match TargetUrl::parse(text.value) {
        Ok(url) => Some(url),
        Err(error) => {
            told.bad_value(text.span(), format!("the URL is none of a target: {}", error.reason))
                .help("write it as net.tcp://ipam.contoso.example:48885 or http://ipam.contoso.example:8080");
            None
        }
    }
}

/// How messages are written over net.tcp.
fn encoding(fields: &mut Fields<'_>, told: &mut Told) -> Option<(MessageEncoding, Range<usize>)> {
    let text = fields.text("encoding", told)?;
    let known = [MessageEncoding::Binary, MessageEncoding::Text];
    let encoding = known.into_iter().find(|encoding| encoding.as_str() == text.value);
    if encoding.is_none() {
        told.bad_value(text.span(), format!("{} is no encoding of messages", shown(text.value))).help =
            suggest(text.value, known.map(MessageEncoding::as_str));
    }
    Some((encoding?, text.span()))
}

fn lacks(fields: &mut Fields<'_>, told: &mut Told) -> Option<Vec<String>> {
    let texts = fields.texts("lacks", told)?;
    for text in &texts {
        if text.value.is_empty() || !text.value.bytes().all(|b| b.is_ascii_alphanumeric()) {
            told.bad_value(text.span(), format!("{} is not the name of an operation", shown(text.value)))
                .help("write it as the specification does, as in \"CreateDnsZone\"");
        }
    }
    Some(texts.into_iter().map(|text| text.value.to_owned()).collect())
}

fn endpoints(mut table: Fields<'_>, draft: &mut Draft, told: &mut Told) {
    for name in PORT_TYPES {
        let Some(text) = table.text(name, told) else { continue };
        let (what, checked) = if text.value.contains("://") {
            ("URL", TargetUrl::parse(text.value).map(drop).map_err(|invalid| invalid.reason))
        } else {
            ("path", url::check_path(text.value))
        };
        match checked {
            Ok(()) => {
                draft.endpoints.insert(name.to_owned(), text.value.to_owned());
            }
            Err(reason) => {
                told.bad_value(text.span(), format!("the {what} of {name} is none: {reason}"))
                    .help("write it as \"/Ipam/Server\"");
            }
        }
    }
    table.finish(told);
}

fn of_security(mut table: Fields<'_>, draft: &mut Draft, told: &mut Told) {
    let span = table.span();
    draft.ca_file = table.text("ca_file", told).map(|text| (text.value.to_owned(), text.span()));
    (draft.security, draft.security_places) = security::read(&mut table, told);
    let places = &draft.security_places;
    if draft.ca_file.is_none() && places.keys.is_empty() && places.none.is_none() && !table.has_unknown() {
        draft.empty_security = Some(span);
    }
    table.finish(told);
}

fn timing(mut table: Fields<'_>, draft: &mut Draft, told: &mut Told) {
    for key in TIMES {
        draft.timing.extend(table.period(key, told).map(|period| (key, period)));
    }
    if let Some(value) = table.value("scale") {
        let number = match value.get_ref() {
            DeValue::Float(float) => float.as_str().parse::<f64>().ok(),
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse::<f64>().ok(),
            _ => None,
        };
        match number {
            None => wrong_type(value, "`scale`", "a number", told),
            Some(number) if (0.01..=1_000.0).contains(&number) => draft.scale = Some(number),
            Some(_) => {
                told.bad_value(value.span(), "`scale` is out of range").help("write a number from 0.01 to 1000");
            }
        }
    }
    table.finish(told);
}

fn allow(mut table: Fields<'_>, draft: &mut Draft, told: &mut Told) {
    if let Some(texts) = table.texts("effects", told) {
        let mut effects = BTreeSet::new();
        for text in texts {
            if let Some(effect) = Effect::parse(text.value) {
                effects.insert(effect);
            } else {
                let help = suggest(text.value, Effect::ALL.into_iter().map(Effect::as_str));
                told.bad_value(text.span(), format!("{} is no effect", shown(text.value))).help = help;
            }
        }
        draft.effects = Some(effects);
    }
    if let Some(texts) = table.texts("tasks", told) {
        let known = || IPAM_TASK_TYPE.values.iter().copied().filter(|value| *value != "None");
        for text in &texts {
            if !known().any(|value| value == text.value) {
                let help = suggest(text.value, known());
                told.bad_value(text.span(), format!("{} is no task that can be started", shown(text.value))).help =
                    help;
            }
        }
        draft.tasks = Some(texts.into_iter().map(|text| text.value.to_owned()).collect());
    }
    table.finish(told);
}

fn callback(mut table: Fields<'_>, draft: &mut Draft, told: &mut Told) {
    if let Some(text) = table.required_text("listen", "listen = \"127.0.0.1:0\"", told) {
        draft.listen = text.value.parse().ok();
        if draft.listen.is_none() {
            told.bad_value(text.span(), format!("{} is no address to listen on", shown(text.value)))
                .help("write an IP address and a port, as in \"0.0.0.0:8081\"; port 0 takes a free one");
        }
    }
    draft.public = table.text("public", told).and_then(|text| target_url(text, told));
    table.finish(told);
}

fn vars(table: &Fields<'_>, draft: &mut Draft, told: &mut Told) {
    for (name, value) in table.entries() {
        if !is_name(name.value) {
            told.bad_value(name.span(), format!("{} is not a name for a hole", shown(name.value)))
                .help("a name is lower-case letters, digits and `_`, a letter first");
            continue;
        }
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Boolean(boolean) => boolean.to_string(),
            DeValue::Float(float) => float.as_str().to_owned(),
            DeValue::Integer(integer) => match i128::from_str_radix(integer.as_str(), integer.radix()) {
                Ok(number) => number.to_string(),
                Err(_) => integer.as_str().to_owned(),
            },
            _ => {
                wrong_type(value, &format!("`{}`", name.value), "a string, a number or a boolean", told);
                continue;
            }
        };
        let is_xml = |c: char| matches!(c, '\t' | '\n' | '\r') || (c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}'));
        if !text.chars().all(is_xml) {
            told.tell(
                MistakeKind::BadValue,
                value.span(),
                format!("`{}` has characters that XML cannot hold", name.value),
            )
            .help("leave them out");
        }
        draft.vars.insert(name.value.to_owned(), text);
    }
}
