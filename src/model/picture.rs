//! Pictures of machines: the states and arrows of a declaration as SVG, with the way that a trace or a run took.
//!
//! Arrows that lead from one state to another are one line, with their numbers; what each is stands in a list below. All
//! text is escaped, and nothing in a picture is run. Leaves out sessions, which `picture_sequence` draws.

use std::{collections::BTreeMap, fmt::Write as _};

use layout::{
    core::{
        base::Orientation,
        color::Color,
        format::{ClipHandle, RenderBackend},
        geometry::Point,
        style::StyleAttr,
    },
    std_shapes::shapes::{Arrow as Line, Element, ShapeKind},
    topo::layout::VisualGraph,
};

use super::{
    event::Symbol,
    machine::{Machine, StateId},
};
use crate::xml::{escape_attribute, escape_text};

/// The size of letters, in pixels, and how wide one is at most.
const FONT: usize = 13;
const LETTER: f64 = 8.0;
const ROW: f64 = 18.0;

/// What was walked of a machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Walk<'a> {
    /// How often each arrow was taken, by its place; none where nobody counted.
    pub hits: Option<&'a [u64]>,
    /// The arrows that a trace took, in order, by their places; of a server that may be in several states, all of them.
    pub path: &'a [u16],
    /// The states in which the trace broke a requirement, as a set of their places.
    pub broken: u16,
}

/// A line of the picture: the arrows between two states, by their places.
type Between = BTreeMap<(StateId, StateId), Vec<usize>>;

/// The arrows of a machine, those of two states together, and whether every state has an arrow on which the session
/// breaks: these are said and not drawn.
fn between(machine: &Machine) -> (Between, bool) {
    let breaks = |from: StateId| {
        machine
            .arrows
            .iter()
            .any(|arrow| arrow.from == from && arrow.output == Symbol::BROKEN && arrow.to == machine.end)
    };
    let states = (0..).zip(machine.states).map(|(state, _)| state).filter(|state| *state != machine.end);
    let from_any = states.clone().filter(|state| Some(*state) != machine.unsaid).all(breaks);
    let mut lines = Between::new();
    for (place, arrow) in machine.arrows.iter().enumerate() {
        if !(from_any && arrow.output == Symbol::BROKEN && arrow.to == machine.end) {
            lines.entry((arrow.from, arrow.to)).or_default().push(place);
        }
    }
    (lines, from_any)
}

impl Walk<'_> {
    /// How often an arrow was taken, where that is known.
    fn taken(&self, arrow: usize) -> Option<u64> {
        let hits = self.hits.map(|hits| hits.get(arrow).copied().unwrap_or(0));
        let steps = self.path.iter().filter(|step| usize::from(**step) == arrow).count();
        match (hits, self.path) {
            (Some(hits), _) => Some(hits),
            (None, []) => None,
            (None, _) => u64::try_from(steps).ok(),
        }
    }

    /// What of an arrow's number is said beside it: how often it was taken, and at which steps of the path.
    fn words(&self, arrow: usize) -> String {
        let steps: Vec<usize> =
            (1..).zip(self.path).filter(|(_, step)| usize::from(**step) == arrow).map(|(number, _)| number).collect();
        let mut words = Vec::new();
        if self.hits.is_some() {
            words.push(match self.taken(arrow) {
                None | Some(0) => "never taken".to_owned(),
                Some(1) => "taken once".to_owned(),
                Some(times) => format!("taken {times} times"),
            });
        }
        if !steps.is_empty() {
            words.push(format!("step {}", ranges(&steps)));
        }
        words.join("; ")
    }
}

/// Draws a machine. Where a walk is given, what was taken is bold, what was counted and never taken is dashed, and the
/// states in which a requirement was broken have a red frame.
pub fn machine_svg(machine: &Machine, walk: &Walk<'_>) -> String {
    let (lines, from_any) = between(machine);
    let mut graph = VisualGraph::new(Orientation::TopToBottom);
    let look = StyleAttr::new(Color::fast("black"), 1, None, 0, FONT);
    let mut nodes = Vec::new();
    for (place, state) in machine.states.iter().enumerate() {
        let widest = state.name.chars().count().max(state.note.chars().count());
        let rows = if state.note.is_empty() { 1.0 } else { 2.0 };
        let size = Point::new(width(widest) + 24.0, ROW * rows + 14.0);
        let shape = ShapeKind::new_box("");
        let element =
            Element::create_with_properties(shape, look.clone(), Orientation::TopToBottom, size, format!("s{place}"));
        nodes.push(graph.add_node(element));
    }
    let mut labels = BTreeMap::new();
    for (number, ((from, to), arrows)) in lines.iter().enumerate() {
        let label = ranges(&arrows.iter().map(|place| place + 1).collect::<Vec<_>>());
        let mut line = Line::simple_with_properties(&label, format!("e{number}"));
        line.look = look.clone();
        labels.insert(label, arrows.as_slice());
        if let (Some(from), Some(to)) = (nodes.get(usize::from(*from)), nodes.get(usize::from(*to))) {
            graph.add_edge(line, *from, *to);
        }
    }
    let lines: Vec<(&(StateId, StateId), &Vec<usize>)> = lines.iter().collect();
    let mut canvas = Canvas { machine, walk, lines, labels, ..Canvas::new(machine, walk) };
    graph.do_it(false, false, false, &mut canvas);
    canvas.finish(from_any)
}

/// Takes what the layout places, and writes it as SVG.
struct Canvas<'a> {
    machine: &'a Machine,
    walk: &'a Walk<'a>,
    lines: Vec<(&'a (StateId, StateId), &'a Vec<usize>)>,
    labels: BTreeMap<String, &'a [usize]>,
    /// Lines are drawn below boxes, and labels above both.
    below: String,
    boxes: String,
    above: String,
    most: (f64, f64),
}

impl<'a> Canvas<'a> {
    fn new(machine: &'a Machine, walk: &'a Walk<'a>) -> Self {
        Self {
            machine,
            walk,
            lines: Vec::new(),
            labels: BTreeMap::new(),
            below: String::new(),
            boxes: String::new(),
            above: String::new(),
            most: (0.0, 0.0),
        }
    }

    fn reach(&mut self, x: f64, y: f64) {
        self.most = (self.most.0.max(x), self.most.1.max(y));
    }

    /// How the arrows of a line are drawn: the colour, the width and the dashes.
    fn ink(&self, arrows: &[usize]) -> (&'static str, f64, &'static str) {
        let taken: Option<u64> = arrows.iter().filter_map(|arrow| self.walk.taken(*arrow)).reduce(u64::saturating_add);
        match taken {
            None => ("currentColor", 1.0, ""),
            Some(0) => ("#888", 1.0, " stroke-dasharray=\"4 4\""),
            Some(_) => ("#0a7d33", 2.5, ""),
        }
    }

    fn finish(mut self, from_any: bool) -> String {
        let machine = self.machine;
        let (graph_width, graph_height) = self.most;
        let mut rows: Vec<(String, &'static str)> = Vec::new();
        for (place, arrow) in machine.arrows.iter().enumerate() {
            if from_any && arrow.output == Symbol::BROKEN && arrow.to == machine.end {
                continue;
            }
            let (said, guard) = (self.walk.words(place), arrow.guard.words());
            let mut text = format!("{}  {}", place + 1, machine.label(arrow));
            for more in [format!("[{guard}]"), format!("({said})")] {
                if more.len() > 2 {
                    let _ = write!(text, " {more}");
                }
            }
            rows.push((text, self.ink(&[place]).0));
        }
        if from_any && let Some(end) = machine.state(machine.end) {
            let text = format!("From any state: {} → {}", machine.word(Symbol::BROKEN), end.title());
            rows.push((text, "currentColor"));
        }
        // As many columns as are as wide as the graph.
        let column = width(rows.iter().map(|(text, _)| text.chars().count()).max().unwrap_or(0)) + 24.0;
        let mut columns = 1_usize;
        while column * f64::from(u32::try_from(columns + 1).unwrap_or(u32::MAX)) <= graph_width && columns < 6 {
            columns += 1;
        }
        let each = rows.len().div_ceil(columns).max(1);
        let (top, mut listed, mut y, mut right) = (graph_height + 2.0 * ROW, String::new(), 0.0, 0.0);
        for (number, part) in (0_u32..).zip(rows.chunks(each)) {
            let x = 12.0 + column * f64::from(number);
            for (row, (text, colour)) in (0_u32..).zip(part) {
                let at = top + ROW * f64::from(row);
                let _ =
                    writeln!(listed, "<text x=\"{x:.1}\" y=\"{at:.1}\" fill=\"{colour}\">{}</text>", escape_text(text));
                y = f64::max(y, at);
            }
            right = x + column;
        }
        self.most.0 = graph_width.max(right);
        let title = format!("{}, [MS-IPAMM2] {}", machine.name, machine.section);
        let parts = [self.below.as_str(), &self.boxes, &self.above, &listed].concat();
        framed(&title, self.most.0 + 24.0, y + ROW, &parts)
    }
}

impl RenderBackend for Canvas<'_> {
    fn draw_rect(&mut self, at: Point, size: Point, _: &StyleAttr, named: Option<String>, _: Option<ClipHandle>) {
        let Some(state) = named.and_then(|name| name.strip_prefix('s')?.parse::<StateId>().ok()) else { return };
        let Some(declared) = self.machine.state(state) else { return };
        let is_broken = self.walk.broken & 1_u16.checked_shl(state.into()).unwrap_or(0) != 0;
        let (colour, stroke) = if is_broken { ("#c22", 3.0) } else { ("currentColor", 1.2) };
        let corner = if state == 0 || state == self.machine.end { " rx=\"14\"" } else { " rx=\"4\"" };
        let _ = writeln!(
            self.boxes,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"{corner} fill=\"none\" stroke=\"{colour}\" \
             stroke-width=\"{stroke}\"/>",
            at.x, at.y, size.x, size.y
        );
        let rows = [declared.name, declared.note];
        for (row, text) in rows.into_iter().filter(|text| !text.is_empty()).enumerate() {
            let y = at.y + 20.0 + ROW * if row == 0 { 0.0 } else { 1.0 };
            let weight = if row == 0 { " font-weight=\"bold\"" } else { "" };
            let _ = writeln!(
                self.boxes,
                "<text x=\"{:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" fill=\"{}\"{weight}>{}</text>",
                at.x + size.x / 2.0,
                if is_broken { "#c22" } else { "currentColor" },
                escape_text(text)
            );
        }
        self.reach(at.x + size.x, at.y + size.y);
    }

    fn draw_line(&mut self, _: Point, _: Point, _: &StyleAttr, _: Option<String>) {}

    fn draw_circle(&mut self, _: Point, _: Point, _: &StyleAttr, _: Option<String>) {}

    fn draw_text(&mut self, at: Point, text: &str, _: &StyleAttr) {
        let Some(arrows) = self.labels.get(text).copied() else { return };
        let (colour, _, _) = self.ink(arrows);
        let half = width(text.chars().count()) / 2.0;
        let _ = writeln!(
            self.above,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"{colour}\" stroke=\"#fff\" stroke-width=\"4\" \
             paint-order=\"stroke\">{}</text>",
            at.x,
            at.y + 4.0,
            escape_text(text)
        );
        self.reach(at.x + half, at.y + ROW);
    }

    fn draw_arrow(
        &mut self,
        path: &[(Point, Point)],
        _: bool,
        head: (bool, bool),
        _: &StyleAttr,
        named: Option<String>,
        _: &str,
    ) {
        let number = named.and_then(|name| name.strip_prefix('e')?.parse::<usize>().ok());
        let Some((_, arrows)) = number.and_then(|number| self.lines.get(number)) else { return };
        let (colour, stroke, dashes) = self.ink(arrows);
        let mut drawn = String::new();
        let [(start, first), (second, to), rest @ ..] = path else { return };
        let _ = write!(
            drawn,
            "M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
            start.x, start.y, first.x, first.y, second.x, second.y, to.x, to.y
        );
        for (control, to) in rest {
            let _ = write!(drawn, "S{:.1} {:.1} {:.1} {:.1}", control.x, control.y, to.x, to.y);
        }
        let ends = if head.1 { " marker-end=\"url(#ipamspec-head)\"" } else { "" };
        let starts = if head.0 { " marker-start=\"url(#ipamspec-tail)\"" } else { "" };
        let _ = writeln!(
            self.below,
            "<path d=\"{drawn}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{stroke}\"{dashes}{starts}{ends}/>"
        );
        for (one, other) in path {
            for point in [one, other] {
                self.reach(point.x, point.y);
            }
        }
    }

    fn create_clip(&mut self, _: Point, _: Point, _: usize) -> ClipHandle {
        0
    }
}

/// A picture of a size around its parts.
pub(super) fn framed(title: &str, width: f64, height: f64, parts: &str) -> String {
    let head = "orient=\"auto-start-reverse\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"9\" \
                markerHeight=\"9\" markerUnits=\"userSpaceOnUse\"";
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\" aria-label=\"{}\" font-family=\"sans-serif\" font-size=\"{FONT}\" \
         color=\"#222\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<title>{}</title>\n<defs><marker id=\"ipamspec-head\" {head}><path d=\"M0 0L10 5L0 10z\" \
         fill=\"context-stroke\"/></marker><marker id=\"ipamspec-tail\" {head}><path d=\"M0 0L10 5L0 10z\" \
         fill=\"context-stroke\"/></marker></defs>\n{parts}</svg>\n",
        escape_attribute(title),
        escape_text(title)
    )
}

/// How wide so many letters are at most.
pub(super) fn width(letters: usize) -> f64 {
    u32::try_from(letters).map_or(0.0, f64::from) * LETTER
}

/// Numbers in rising order, neighbours together: `1–3, 7`.
fn ranges(numbers: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let runs = runs.into_iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first}–{last}"),
    });
    runs.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::MACHINES, xml};

    fn texts(svg: &str) -> Vec<String> {
        let document = xml::read(svg.as_bytes(), &xml::Limits::default()).unwrap();
        document.root.elements().filter(|element| &*element.name.local == "text").map(xml::Element::text).collect()
    }

    #[test]
    fn every_state_and_every_arrow_of_every_machine_is_in_its_picture() {
        for machine in MACHINES {
            let svg = machine_svg(machine, &Walk::default());
            let texts = texts(&svg);
            for state in machine.states {
                assert!(texts.iter().any(|text| text == state.name), "{}", state.name);
            }
            let (lines, from_any) = between(machine);
            assert!(from_any);
            for arrow in lines.values().flatten() {
                let label = format!("{}  {}", arrow + 1, machine.label(&machine.arrows[*arrow]));
                assert!(texts.iter().any(|text| text.starts_with(&label)), "{label}");
            }
            assert_eq!(svg.matches("<path d=\"M").count(), 2 + lines.len());
            assert!(!svg.contains("<script") && !svg.contains("on=") && !svg.contains("NaN"));
            assert_eq!(svg, machine_svg(machine, &Walk::default()));
        }
    }

    #[test]
    fn what_was_taken_and_what_never_was_shows() {
        let machine = MACHINES[1];
        let mut hits = vec![0; machine.arrows.len()];
        hits[0] = 2;
        let walk = Walk { hits: Some(&hits), path: &[0, 1, 1], broken: 0b10 };
        let svg = machine_svg(machine, &walk);
        let texts = texts(&svg);
        assert!(texts.iter().any(|text| text.ends_with("(taken 2 times; step 1)")), "{texts:?}");
        assert!(texts.iter().any(|text| text.ends_with("(never taken; step 2, 3)")), "{texts:?}");
        assert!(svg.contains("stroke-dasharray") && svg.contains("stroke=\"#c22\""));
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(ranges(&[1, 2, 3, 5, 7, 8]), "1–3, 5, 7, 8");
        assert_eq!(ranges(&[]), "");
    }
}
