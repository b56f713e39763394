//! Explores a machine exhaustively, and keeps what it finds: every state with every open request, and every step between.
//!
//! A machine that is itself wrong would judge wrongly: what cannot be reached, cannot be taken or never ends shows here.
//! Leaves out data. Follows [MS-IPAMM2] 3.19.1.1 in what a machine is held to.

use std::collections::{BTreeMap, VecDeque};

use super::{
    event::Symbol,
    ledger::Ledger,
    machine::{LEFT, Machine, StateId, Tells},
};

/// A state, with what was asked and is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// The state.
    pub state: StateId,
    /// The requests.
    pub ledger: Ledger,
}

/// What leads from one node to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Taken {
    /// The client did this; of an initialization, whether its operation may tell success more than once.
    Input(Symbol, bool),
    /// The target went along the arrow of this number.
    Arrow(u16),
    /// The session ends where the document says no more.
    Unsaid,
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The place of the node that it leaves.
    pub from: usize,
    /// What was done.
    pub taken: Taken,
    /// The place of the node that it leads to.
    pub to: usize,
}

/// Everything that may happen in a session of so many starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// The nodes, in the order in which they are met; the first are where a session begins.
    pub nodes: Vec<Node>,
    /// The steps.
    pub edges: Vec<Edge>,
}

impl Graph {
    /// Explores a machine: one initialization open at a time, so many starts in all, on bindings that show an end and on
    /// those that do not.
    pub fn of(machine: &'static Machine, starts: u32) -> Self {
        let mut places: BTreeMap<Node, usize> = BTreeMap::new();
        let mut graph = Self { nodes: Vec::new(), edges: Vec::new() };
        let mut queue = VecDeque::new();
        let mut place = |node: Node, nodes: &mut Vec<Node>, queue: &mut VecDeque<usize>| {
            *places.entry(node).or_insert_with(|| {
                nodes.push(node);
                queue.push_back(nodes.len() - 1);
                nodes.len() - 1
            })
        };
        for end_shows in [true, false] {
            let node = Node { state: 0, ledger: Ledger::new(end_shows) };
            place(node, &mut graph.nodes, &mut queue);
        }
        while let Some(from) = queue.pop_front() {
            let Some(node) = graph.nodes.get(from).copied() else { break };
            for (taken, next) in steps(machine, node, starts) {
                let to = place(next, &mut graph.nodes, &mut queue);
                graph.edges.push(Edge { from, taken, to });
            }
        }
        graph
    }

    /// Where steps lead from each node.
    fn successors(&self) -> Vec<Vec<usize>> {
        let mut successors = vec![Vec::new(); self.nodes.len()];
        for edge in &self.edges {
            if let Some(next) = successors.get_mut(edge.from) {
                next.push(edge.to);
            }
        }
        successors
    }

    /// The strongly connected components, each the places of its nodes; one comes before those that lead to it.
    pub fn components(&self) -> Vec<Vec<usize>> {
        let successors = self.successors();
        let mut search = Search {
            number: vec![None; self.nodes.len()],
            low: vec![0; self.nodes.len()],
            on_stack: vec![false; self.nodes.len()],
            stack: Vec::new(),
            next: 0,
            components: Vec::new(),
        };
        for root in 0..self.nodes.len() {
            search.from(root, &successors);
        }
        search.components
    }

    /// The components that nothing leaves: where a session stays for ever.
    pub fn traps(&self) -> Vec<Vec<usize>> {
        let successors = self.successors();
        let components = self.components();
        let stays = |component: &Vec<usize>| {
            let inside = |place: &usize| component.contains(place);
            component.iter().filter_map(|place| successors.get(*place)).flatten().all(inside)
        };
        components.into_iter().filter(stays).collect()
    }
}

/// What may happen next.
fn steps(machine: &'static Machine, node: Node, starts: u32) -> Vec<(Taken, Node)> {
    let Node { state, ledger } = node;
    let mut steps = Vec::new();
    if state == machine.end {
        return steps;
    }
    let sends = !ledger.holds(LEFT);
    let is_open = ledger.is_asked_for(Symbol::INITIALIZED);
    let inputs = [
        (Symbol::INITIALIZE, false, sends && !is_open),
        (Symbol::INITIALIZE, true, sends && !is_open),
        (Symbol::START, false, sends && ledger.starts() < starts),
        (Symbol::LEAVE, false, sends),
    ];
    for (input, repeats, _) in inputs.into_iter().filter(|(_, _, may)| *may) {
        let mut ledger = ledger;
        ledger.sent(input, repeats);
        steps.push((Taken::Input(input, repeats), Node { state, ledger }));
    }
    if machine.unsaid == Some(state) {
        steps.push((Taken::Unsaid, Node { state: machine.end, ledger }));
        return steps;
    }
    for (number, arrow) in (0u16..).zip(machine.arrows) {
        if arrow.from != state || !arrow.guard.holds(ledger.conditions()) || !ledger.is_asked_for(arrow.output) {
            continue;
        }
        let mut ledger = ledger;
        let tells = machine.outputs.iter().find(|output| output.symbol == arrow.output).map(|output| output.tells);
        if tells == Some(Tells::Begin) {
            ledger.begins();
        }
        ledger.answered(arrow.output);
        steps.push((Taken::Arrow(number), Node { state: arrow.to, ledger }));
    }
    steps
}

/// Tarjan's search for components, without recursion.
struct Search {
    number: Vec<Option<usize>>,
    low: Vec<usize>,
    on_stack: Vec<bool>,
    stack: Vec<usize>,
    next: usize,
    components: Vec<Vec<usize>>,
}

impl Search {
    fn from(&mut self, root: usize, successors: &[Vec<usize>]) {
        if self.number_of(root).is_some() {
            return;
        }
        // A node, and how many of its successors were looked at.
        let mut path = vec![(root, 0)];
        self.enter(root);
        while let Some((node, looked)) = path.last_mut() {
            let node = *node;
            let next = successors.get(node).and_then(|next| next.get(*looked)).copied();
            *looked += 1;
            if let Some(next) = next {
                match self.number_of(next) {
                    None => {
                        self.enter(next);
                        path.push((next, 0));
                    }
                    Some(number) if self.on_stack.get(next) == Some(&true) => self.lower(node, number),
                    Some(_) => {}
                }
                continue;
            }
            path.pop();
            if let Some((parent, _)) = path.last() {
                let low = self.low_of(node);
                self.lower(*parent, low);
            }
            if Some(self.low_of(node)) == self.number_of(node) {
                self.close(node);
            }
        }
    }

    fn number_of(&self, node: usize) -> Option<usize> {
        self.number.get(node).copied().flatten()
    }

    fn low_of(&self, node: usize) -> usize {
        self.low.get(node).copied().unwrap_or_default()
    }

    fn lower(&mut self, node: usize, to: usize) {
        if let Some(low) = self.low.get_mut(node) {
            *low = to.min(*low);
        }
    }

    fn enter(&mut self, node: usize) {
        if let (Some(number), Some(low), Some(on_stack)) =
            (self.number.get_mut(node), self.low.get_mut(node), self.on_stack.get_mut(node))
        {
            (*number, *low, *on_stack) = (Some(self.next), self.next, true);
        }
        self.next += 1;
        self.stack.push(node);
    }

    fn close(&mut self, node: usize) {
        let mut component = Vec::new();
        while let Some(top) = self.stack.pop() {
            if let Some(on_stack) = self.on_stack.get_mut(top) {
                *on_stack = false;
            }
            component.push(top);
            if top == node {
                break;
            }
        }
        self.components.push(component);
    }
}

#[cfg(test)]
#[path = "explorer_tests.rs"]
mod tests;
