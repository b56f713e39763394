//! The lab: worlds that cases ask for, each with a clock that only the lab moves, and the default world.
//!
//! Leaves out sockets. Knows worlds by number, so that a path can name one.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{
    moment::Moment,
    mutant::Behaviour,
    request::{Received, Unread},
    respond::{self, Message, Response},
    scenario::Scenario,
    world::World,
};
use crate::spec::PortType;

/// How many worlds may be open at once.
const OPEN: usize = 4096;

/// The number of a lab world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorldId(u64);

impl WorldId {
    /// The world of this number.
    pub fn numbered(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub fn number(self) -> u64 {
        self.0
    }

    /// What stands before the path of a port type, as in `/lab/7`.
    pub fn path_prefix(self) -> String {
        self.to_string()
    }
}

/// Writes the path prefix.
impl fmt::Display for WorldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/lab/{}", self.0)
    }
}

/// Opens and closes worlds of a reference server and moves their clocks. A clone is of the same server.
#[derive(Debug, Clone)]
pub struct Lab {
    behaviour: Arc<Behaviour>,
    worlds: Arc<Mutex<Worlds>>,
}

#[derive(Debug)]
struct Worlds {
    default: World,
    opened: u64,
    open: BTreeMap<WorldId, LabWorld>,
}

#[derive(Debug)]
struct LabWorld {
    world: World,
    now: Moment,
}

impl Worlds {
    /// The world at a place and its time; `now` is that of the default world.
    fn at(&mut self, place: Place, now: Moment) -> Option<(&mut World, Moment)> {
        match place {
            Place::Default => Some((&mut self.default, now)),
            Place::Lab(id) => self.open.get_mut(&id).map(|lab| (&mut lab.world, lab.now)),
        }
    }
}

/// A port type of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Endpoint {
    place: Place,
    /// The port type.
    pub(super) port_type: PortType,
}

/// Where in every world the server has a port type.
fn endpoint_path(port_type: PortType) -> &'static str {
    match port_type {
        PortType::IIpamServer => "/Ipam/Server",
        PortType::IIpamOperationWithProgress => "/Ipam/OperationWithProgress",
    }
}

impl Lab {
    /// Makes a lab whose default world is of a scenario and begins at `now`.
    pub(super) fn new(behaviour: Behaviour, scenario: Scenario, now: Moment) -> Self {
        let default = respond::world(scenario, &behaviour, now);
        let worlds = Worlds { default, opened: 0, open: BTreeMap::new() };
        Self { behaviour: Arc::new(behaviour), worlds: Arc::new(Mutex::new(worlds)) }
    }

    /// Opens a world of a scenario, the default one where none is named. Its clock stands at [`Moment::LAB`] until the
    /// lab moves it. It stays until it is closed.
    ///
    /// # Errors
    /// Names the scenarios that there are when this is none, and says so when too many worlds are open.
    pub fn open(&self, scenario: Option<&str>) -> Result<WorldId, String> {
        let scenario = scenario.map_or(Ok(Scenario::Default), Scenario::named)?;
        self.with(|worlds| {
            if worlds.open.len() >= OPEN {
                return Err(format!("the lab has {OPEN} worlds open already; close some first"));
            }
            worlds.opened += 1;
            let id = WorldId(worlds.opened);
            let now = Moment::LAB;
            let world = respond::world(scenario, &self.behaviour, now);
            worlds.open.insert(id, LabWorld { world, now });
            Ok(id)
        })
    }

    /// Moves a world's clock forward. Tells whether the world is open.
    pub fn advance(&self, id: WorldId, by: Duration) -> bool {
        self.with(|worlds| worlds.open.get_mut(&id).map(|lab| lab.now = lab.now.after(by)).is_some())
    }

    /// Closes a world: its path is unknown from then on. Tells whether it was open.
    pub fn close(&self, id: WorldId) -> bool {
        self.with(|worlds| worlds.open.remove(&id).is_some())
    }

    /// How the server behaves.
    pub(super) fn behaviour(&self) -> &Behaviour {
        &self.behaviour
    }

    /// Whether a path names a world and a port type that are there.
    pub(super) fn has(&self, path: &str) -> bool {
        Place::of(path).is_some_and(|place| self.is_open(place))
    }

    /// Answers a request to a path; `now` is the time of the default world. None where the path names no world.
    pub(super) fn respond(&self, path: &str, content: &[u8], now: Moment) -> Option<Response> {
        let place = Place::of(path)?;
        self.with(|worlds| {
            let (world, now) = worlds.at(place, now)?;
            Some(respond::respond(content, world, now, &self.behaviour))
        })
    }

    /// The endpoint of a path, in lower-case letters, where its world is there.
    pub(super) fn endpoint(&self, path: &str) -> Option<Endpoint> {
        let of =
            |port_type: PortType| Some((port_type, path.strip_suffix(&endpoint_path(port_type).to_ascii_lowercase())?));
        let (port_type, prefix) = PortType::ALL.into_iter().find_map(of)?;
        let place = Place::of_prefix(prefix)?;
        self.is_open(place).then_some(Endpoint { place, port_type })
    }

    /// Answers a message to an endpoint, or has nothing to answer; `now` is the time of the default world. None where the
    /// world was closed.
    pub(super) fn answer(
        &self,
        endpoint: &Endpoint,
        received: Result<Received, Unread>,
        now: Moment,
    ) -> Option<Option<Message>> {
        self.with(|worlds| {
            let (world, now) = worlds.at(endpoint.place, now)?;
            Some(respond::answer(received, world, now, &self.behaviour))
        })
    }

    fn is_open(&self, place: Place) -> bool {
        match place {
            Place::Default => true,
            Place::Lab(id) => self.with(|worlds| worlds.open.contains_key(&id)),
        }
    }

    /// A panic while the worlds were held leaves them as whole as they were: no change is made in two parts.
    fn with<T>(&self, use_it: impl FnOnce(&mut Worlds) -> T) -> T {
        use_it(&mut self.worlds.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Where a path leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Default,
    Lab(WorldId),
}

impl Place {
    fn of(path: &str) -> Option<Self> {
        Self::of_prefix(path.strip_suffix(endpoint_path(PortType::IIpamServer))?)
    }

    fn of_prefix(prefix: &str) -> Option<Self> {
        match prefix {
            "" => Some(Self::Default),
            prefix => {
                let id = WorldId(prefix.strip_prefix("/lab/")?.parse().ok()?);
                // One spelling for each number: no sign, no leading zero.
                (id.path_prefix() == prefix).then_some(Self::Lab(id))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab() -> Lab {
        Lab::new(Behaviour::default(), Scenario::Default, Moment::LAB)
    }

    #[test]
    fn paths_have_one_spelling() {
        assert_eq!(Place::of("/Ipam/Server"), Some(Place::Default));
        assert_eq!(Place::of("/lab/7/Ipam/Server"), Some(Place::Lab(WorldId(7))));
        for wrong in [
            "",
            "/",
            "/Ipam/Server/",
            "/ipam/server",
            "/lab/07/Ipam/Server",
            "/lab/+7/Ipam/Server",
            "/lab//Ipam/Server",
        ] {
            assert_eq!(Place::of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn worlds_are_opened_moved_and_closed_apart_from_each_other() {
        let lab = lab();
        let (first, second) = (lab.open(None).unwrap(), lab.clone().open(Some("task-running")).unwrap());
        assert_eq!((first.path_prefix(), second.path_prefix()), ("/lab/1".into(), "/lab/2".into()));
        assert!(lab.has("/lab/1/Ipam/Server") && !lab.has("/lab/3/Ipam/Server"));
        assert!(lab.advance(first, Duration::from_secs(3)));
        lab.with(|worlds| {
            assert_eq!(worlds.open[&first].now, Moment::LAB.after(Duration::from_secs(3)));
            assert_eq!(worlds.open[&second].now, Moment::LAB);
        });
        assert!(lab.close(first) && !lab.close(first) && !lab.advance(first, Duration::ZERO));
        assert_eq!(lab.respond("/lab/1/Ipam/Server", b"", Moment::LAB), None);
        assert!(lab.respond("/lab/2/Ipam/Server", b"", Moment::LAB).is_some_and(|response| response.status == 400));
        assert!(lab.open(Some("nonsense")).unwrap_err().contains("not-provisioned"));
    }

    #[test]
    fn the_number_of_worlds_is_bounded() {
        let lab = lab();
        let ids: Vec<_> = (0..OPEN).map(|_| lab.open(None).unwrap()).collect();
        assert!(lab.open(None).is_err());
        assert!(lab.close(ids[0]));
        assert!(lab.open(None).is_ok());
    }
}
