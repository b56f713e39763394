//! Sequence diagrams: one session with its messages, times, silences, and the point where it broke a requirement, as SVG.
//!
//! Leaves out what messages hold. All text is escaped.

use std::{fmt::Write as _, time::Duration};

use super::picture::{framed, width};
use crate::{
    session::{End, Observation, Observed},
    spec::KEEPALIVE_ACTION,
    xml::{self, escape_text},
};

/// The most steps that are drawn; what lies in the middle of a longer session is left out and told.
const MOST: usize = 200;
/// The longest label, in characters.
const LONGEST: usize = 60;
const ROW: f64 = 30.0;

/// One thing that was seen, for a diagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When, since the session was opened.
    pub at: Duration,
    /// Which way.
    pub way: Way,
    /// What.
    pub label: String,
}

/// Which way something went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the client to the target.
    Sent,
    /// From the target to the client.
    Received,
    /// Nothing came.
    Silence,
    /// The session ended.
    Ended,
}

/// A session for a diagram.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sequence {
    /// What it is called.
    pub name: String,
    /// What was seen, in order.
    pub steps: Vec<Step>,
    /// Where a requirement was broken: the place in `steps`, and what is said of it.
    pub broken: Vec<(usize, String)>,
}

impl Sequence {
    /// A session of observations.
    pub fn of<'o>(name: &str, observations: impl IntoIterator<Item = &'o Observation>) -> Self {
        let steps = observations.into_iter().map(|observation| {
            let (way, label) = words(&observation.what, observation);
            Step { at: observation.at, way, label }
        });
        Self { name: name.to_owned(), steps: steps.collect(), broken: Vec::new() }
    }

    /// The sessions of the lines that a report keeps of a case's trace, each `name +3 ms -> what`; lines of another form
    /// are left out.
    pub fn of_trace(lines: &[String]) -> Vec<Self> {
        let mut sessions: Vec<Self> = Vec::new();
        for line in lines {
            let Some((name, step)) = of_line(line) else { continue };
            match sessions.iter_mut().find(|session| session.name == name) {
                Some(session) => session.steps.push(step),
                None => sessions.push(Self { name: name.to_owned(), steps: vec![step], broken: Vec::new() }),
            }
        }
        sessions
    }

    /// The place of the step that a machine counts as its event of this number, from 1: records that hold no message and
    /// the taking of a session are none.
    pub fn place_of_event(&self, event: u64) -> Option<usize> {
        let is_event = |step: &Step| !matches!(step.label.as_str(), RECORDS | TAKEN);
        let events = self.steps.iter().enumerate().filter(|(_, step)| is_event(step)).map(|(place, _)| place);
        events.skip(usize::try_from(event.checked_sub(1)?).ok()?).take(1).last()
    }

    /// What is drawn: places, with none where some are left out.
    fn shown(&self) -> Vec<Option<usize>> {
        let count = self.steps.len();
        if count <= MOST {
            return (0..count).map(Some).collect();
        }
        let half = MOST / 2;
        (0..half).map(Some).chain([None]).chain((count - half..count).map(Some)).collect()
    }

    fn left_out(&self) -> String {
        format!("{} more", self.steps.len().saturating_sub(MOST))
    }
}

const RECORDS: &str = "records";
const TAKEN: &str = "the session is taken";
const CLIENTS_END: &str = "end of the session";

/// Takes a line of a report's trace apart.
fn of_line(line: &str) -> Option<(&str, Step)> {
    let (name, rest) = line.split_once(" +")?;
    let (at, rest) = rest.split_once(" ms ")?;
    let (arrow, what) = rest.split_once(' ')?;
    // What the record was is the wire's affair, but for the one that ends the session.
    let what = if what.starts_with("records (EndRecord") { CLIENTS_END } else { what };
    let what = what.rsplit_once(" (").filter(|(_, end)| end.ends_with("bytes)")).map_or(what, |(what, _)| what);
    let way = match arrow {
        "->" => Way::Sent,
        "<-" if what.contains("the session") && what != TAKEN => Way::Ended,
        "<-" => Way::Received,
        ".." => Way::Silence,
        _ => return None,
    };
    Some((name, Step { at: Duration::from_millis(at.parse().ok()?), way, label: what.to_owned() }))
}

fn words(observed: &Observed, observation: &Observation) -> (Way, String) {
    let of_body = |envelope: Option<crate::soap::Envelope>| match envelope {
        None => "what is no message".to_owned(),
        Some(envelope) if envelope.addressing.action.as_deref() == Some(KEEPALIVE_ACTION) => "keepalive".to_owned(),
        Some(envelope) => match envelope.body.first() {
            Some(body) => body.name.local.to_string(),
            None => "an empty body".to_owned(),
        },
    };
    match observed {
        Observed::Sent(outgoing) => {
            (Way::Sent, of_body(crate::soap::read(&outgoing.envelope, &xml::Limits::default()).ok()))
        }
        Observed::SentRecords => {
            (Way::Sent, if observation.is_clients_end() { CLIENTS_END } else { RECORDS }.to_owned())
        }
        Observed::Security { sent, what } => (if *sent { Way::Sent } else { Way::Received }, what.clone()),
        Observed::Accepted => (Way::Received, TAKEN.to_owned()),
        Observed::Received(received) => (Way::Received, of_body(received.envelope().ok())),
        Observed::Silence { waited } => (Way::Silence, format!("nothing for {}", moment(*waited))),
        Observed::Ended(end) => (Way::Ended, ended(end).to_owned()),
    }
}

fn ended(end: &End) -> &'static str {
    match end {
        End::UnknownName { .. } | End::Unreachable { .. } | End::SecurityRefused { .. } | End::LogOnRefused { .. } => {
            "there is no session"
        }
        End::Ended => "the target ends the session",
        End::Refused { .. } => "the target refuses with a fault of framing",
        End::Closed => "the target closes the connection",
        End::ClosedMidway { .. } => "the target closes the connection inside a message",
        End::Reset => "the connection is reset",
        End::Aborted => "the client drops the connection",
        End::BrokenFraming { .. } => "the target breaks message framing",
        End::NotTheProtocol { .. } => "the target speaks another protocol",
        End::Oversize { .. } => "a message is longer than is read",
        End::TooSlow { .. } => "a message does not end in time",
    }
}

/// A time in few letters.
fn moment(time: Duration) -> String {
    let micros = time.as_micros();
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{} ms", micros / 1_000),
        _ => format!("{}.{:03} s", micros / 1_000_000, micros / 1_000 % 1_000),
    }
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Draws a session.
pub fn sequence_svg(sequence: &Sequence) -> String {
    let labels = sequence.steps.iter().map(|step| bounded(&step.label).chars().count());
    let between = width(labels.max().unwrap_or(0)).max(200.0) + 40.0;
    let (client, target) = (110.0, 110.0 + between);
    let mut parts = String::new();
    let mut y = 60.0;
    let mut right = target + 60.0;
    let mut text = |x: f64, y: f64, anchor: &str, colour: &str, words: &str| {
        let _ = writeln!(
            parts,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{}</text>",
            escape_text(words)
        );
    };
    text(client, 24.0, "middle", "currentColor", "client");
    text(target, 24.0, "middle", "currentColor", "target");
    let mut lines = String::new();
    for place in sequence.shown() {
        let Some((place, step)) = place.and_then(|place| Some((place, sequence.steps.get(place)?))) else {
            text(f64::midpoint(client, target), y, "middle", "#666", &sequence.left_out());
            y += ROW;
            continue;
        };
        let broken: Vec<&str> =
            sequence.broken.iter().filter(|(at, _)| *at == place).map(|(_, words)| words.as_str()).collect();
        let colour = if broken.is_empty() { "currentColor" } else { "#c22" };
        text(client - 14.0, y + 4.0, "end", "#666", &moment(step.at));
        let label = bounded(&step.label);
        text(f64::midpoint(client, target), y - 4.0, "middle", colour, &label);
        let (from, to, dashes, head) = match step.way {
            Way::Sent => (client, target, "", " marker-end=\"url(#ipamspec-head)\""),
            Way::Received => (target, client, "", " marker-end=\"url(#ipamspec-head)\""),
            Way::Silence => (client, target, " stroke-dasharray=\"2 5\"", ""),
            Way::Ended => (client, target, " stroke-dasharray=\"8 4\"", ""),
        };
        let stroke = if broken.is_empty() { 1.2 } else { 2.5 };
        let _ = writeln!(
            lines,
            "<path d=\"M{from:.1} {y:.1}H{to:.1}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{stroke}\"{dashes}{head}/>"
        );
        for words in broken {
            let words = format!("✗ {}", bounded(words));
            text(target + 14.0, y + 4.0, "start", "#c22", &words);
            right = f64::max(right, target + 14.0 + width(words.chars().count()));
            y += ROW / 2.0;
        }
        y += ROW;
    }
    for x in [client, target] {
        let _ = writeln!(lines, "<path d=\"M{x:.1} 32V{y:.1}\" fill=\"none\" stroke=\"#999\"/>");
    }
    let title = if sequence.name.is_empty() { "a session".to_owned() } else { format!("session {}", sequence.name) };
    framed(&title, right + 12.0, y + 12.0, &format!("{lines}{parts}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence() -> Sequence {
        let lines = [
            "main +0 ms -> records (VersionRecord, 3 bytes)",
            "main +1 ms <- the session is taken (PreambleAckRecord, 1 bytes)",
            "main +2 ms -> InitializeOperationParameters (SizedEnvelopeRecord, 300 bytes)",
            "other +2 ms -> x",
            "main +9 ms <- Initialize<Response>",
            "main +509 ms .. nothing for 500 ms",
            "main +1600 ms <- the target ended the session",
            "[3 more observations]",
        ];
        let mut sessions = Sequence::of_trace(&lines.map(str::to_owned));
        assert_eq!(sessions.len(), 2);
        let mut main = sessions.remove(0);
        let place = main.place_of_event(2).unwrap();
        main.broken = vec![(place, "session.one-reply & more".to_owned())];
        main
    }

    #[test]
    fn a_session_is_drawn_with_its_times_and_where_it_broke() {
        let svg = sequence_svg(&sequence());
        let document = xml::read(svg.as_bytes(), &xml::Limits::default()).unwrap();
        let texts: Vec<String> =
            document.root.elements().filter(|part| &*part.name.local == "text").map(xml::Element::text).collect();
        for words in ["Initialize<Response>", "509 ms", "1.600 s", "✗ session.one-reply & more", "nothing for 500 ms"]
        {
            assert!(texts.iter().any(|text| text == words), "{words}: {texts:?}");
        }
        assert_eq!(svg.matches("stroke=\"#c22\"").count(), 1);
    }

    #[test]
    fn the_middle_of_a_long_session_is_left_out() {
        let step = |at| Step { at: Duration::from_secs(at), way: Way::Received, label: "AddSubTask".to_owned() };
        let long = Sequence { steps: (0..1_000).map(step).collect(), ..Sequence::default() };
        assert!(sequence_svg(&long).contains(">800 more</text>"));
    }
}
