//! The lab: worlds that cases ask for, each with a clock that only the lab moves, and the default world.
//!
//! Leaves out sockets, and what a session does. Knows worlds by number, so that a path can name one.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

use super::{
    astray::Astray,
    moment::Moment,
    mutant::Behaviour,
    negotiate::{LabUser, Users},
    net_tcp::Room,
    request::{Received, Unread},
    respond::{self, Message, Response},
    scenario::Scenario,
    session::{Channel, Home, Session},
    world::World,
};
use crate::spec::{PortType, Role};

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
    astray: Astray,
    room: Room,
    guard: Arc<Guard>,
    /// Who may log on in guarded worlds, where somebody must.
    guarded: Arc<(Guard, Vec<LabUser>)>,
}

/// Whom the server lets in over net.tcp.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    /// Those who may log on; nobody can where there are none.
    pub users: Option<Users>,
    /// Whether somebody must.
    pub required: bool,
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
    /// What time it is there; sessions watch it.
    clock: watch::Sender<Moment>,
    /// Whether it takes no session without protection.
    guarded: bool,
}

impl Lab {
    /// The domain of the users of guarded worlds.
    pub const DOMAIN: &'static str = "IPAMLAB";

    /// Makes a lab whose default world is of a scenario and begins at `now`.
    pub(super) fn new(behaviour: Behaviour, scenario: Scenario, now: Moment) -> Self {
        let default = respond::world(scenario, &behaviour, now);
        let (users, known) = Users::of_lab(Self::DOMAIN);
        let guarded = Guard { users: Some(users), required: true };
        let worlds = Worlds { default, opened: 0, open: BTreeMap::new() };
        Self {
            behaviour: Arc::new(behaviour),
            worlds: Arc::new(Mutex::new(worlds)),
            astray: Astray::default(),
            room: Room::default(),
            guard: Arc::default(),
            guarded: Arc::new((guarded, known)),
        }
    }

    /// The same, with another room for what its net.tcp connections hold.
    #[cfg(test)]
    pub(super) fn with_room(self, room: Room) -> Self {
        Self { room, ..self }
    }

    /// The same lab, for whom a guard lets in.
    #[must_use]
    pub(super) fn guarded(self, guard: Guard) -> Self {
        Self { guard: Arc::new(guard), ..self }
    }

    /// Opens a world of a scenario, the default one where none is named. Its clock stands at [`Moment::LAB`] until the
    /// lab moves it. It stays until it is closed.
    ///
    /// # Errors
    /// Names the scenarios that there are when this is none, and says so when too many worlds are open.
    pub fn open(&self, scenario: Option<&str>) -> Result<WorldId, String> {
        self.open_world(scenario, false)
    }

    /// Opens a world that takes no session over net.tcp without protection; the lab's users may log on there.
    ///
    /// # Errors
    /// As for [`Lab::open`].
    pub fn open_guarded(&self, scenario: Option<&str>) -> Result<WorldId, String> {
        self.open_world(scenario, true)
    }

    /// Who may log on in guarded worlds.
    pub fn users(&self) -> impl Iterator<Item = &LabUser> {
        self.guarded.1.iter()
    }

    fn open_world(&self, scenario: Option<&str>, guarded: bool) -> Result<WorldId, String> {
        let scenario = scenario.map_or(Ok(Scenario::Default), Scenario::named)?;
        self.with(|worlds| {
            if worlds.open.len() >= OPEN {
                return Err(format!("the lab has {OPEN} worlds open already; close some first"));
            }
            worlds.opened += 1;
            let id = WorldId(worlds.opened);
            let world = respond::world(scenario, &self.behaviour, Moment::LAB);
            worlds.open.insert(id, LabWorld { world, clock: watch::Sender::new(Moment::LAB), guarded });
            Ok(id)
        })
    }

    /// Moves a world's clock forward. Tells whether the world is open.
    pub fn advance(&self, id: WorldId, by: Duration) -> bool {
        let forward = |now: &mut Moment| *now = now.after(by);
        self.with(|worlds| worlds.open.get(&id).map(|lab| lab.clock.send_modify(forward)).is_some())
    }

    /// Closes a world: its path is unknown from then on, and its sessions are broken off. Tells whether it was open.
    pub fn close(&self, id: WorldId) -> bool {
        self.with(|worlds| worlds.open.remove(&id).is_some())
    }

    /// How the server behaves.
    pub(super) fn behaviour(&self) -> &Behaviour {
        &self.behaviour
    }

    /// Whom it lets in at a path.
    pub(super) fn guard(&self, path: &str) -> &Guard {
        let is_guarded = match Place::of(path) {
            Some((Place::Lab(id), _)) => self.with(|worlds| worlds.open.get(&id).is_some_and(|world| world.guarded)),
            _ => false,
        };
        if is_guarded { &self.guarded.0 } else { &self.guard }
    }

    /// What replies on wrong sessions are made of.
    pub(super) fn astray(&self) -> &Astray {
        &self.astray
    }

    /// What its net.tcp connections may hold.
    pub(super) fn room(&self) -> &Room {
        &self.room
    }

    /// The port type at a path, where the path names a world that is there.
    pub fn port_type_at(&self, path: &str) -> Option<PortType> {
        let (place, port_type) = Place::of(path)?;
        let is_there = match place {
            Place::Default => true,
            Place::Lab(id) => self.with(|worlds| worlds.open.contains_key(&id)),
        };
        is_there.then_some(port_type)
    }

    /// Opens a session with the port type at a path; `now` is the time of the default world. None where nothing is there.
    pub fn open_session(&self, path: &str, channel: Channel, now: Moment) -> Option<Session> {
        self.open_session_of(path, channel, None, now)
    }

    /// Does the same for a user of this role, where somebody has logged on.
    pub(super) fn open_session_of(
        &self,
        path: &str,
        channel: Channel,
        role: Option<Role>,
        now: Moment,
    ) -> Option<Session> {
        let (place, port_type) = Place::of(path)?;
        let (scenario, clock) = self.with(|worlds| match place {
            Place::Default => Some((worlds.default.scenario(), None)),
            Place::Lab(id) => worlds.open.get(&id).map(|lab| (lab.world.scenario(), Some(lab.clock.subscribe()))),
        })?;
        Some(Session::new(self.clone(), Home { place, port_type, scenario, clock }, channel, role, now))
    }

    /// Answers a request over HTTP to a path; `now` is the time of the default world. None where the path names no world.
    pub(super) fn respond(&self, path: &str, content: &[u8], now: Moment) -> Option<Response> {
        let (place, _) = Place::of(path).filter(|(_, port_type)| *port_type == PortType::IIpamServer)?;
        self.in_world(place, now, |world, now| respond::respond(content, world, now, &self.behaviour))
    }

    /// Answers a message to IIpamServer in a session. None where the world is gone.
    #[expect(clippy::option_option, reason = "no world and no answer are two things")]
    pub(super) fn answer(
        &self,
        place: Place,
        received: Result<Received, Unread>,
        to: Option<&str>,
        now: Moment,
        behaviour: &Behaviour,
    ) -> Option<Option<Message>> {
        self.in_world(place, now, |world, now| respond::answer(received, to, world, now, behaviour))
    }

    /// Uses a world at its own time. None where it is gone.
    fn in_world<T>(&self, place: Place, now: Moment, use_it: impl FnOnce(&mut World, Moment) -> T) -> Option<T> {
        self.with(|worlds| match place {
            Place::Default => Some(use_it(&mut worlds.default, now)),
            Place::Lab(id) => worlds.open.get_mut(&id).map(|lab| {
                let now = *lab.clock.borrow();
                use_it(&mut lab.world, now)
            }),
        })
    }

    /// A panic while the worlds were held leaves them as whole as they were: no change is made in two parts.
    fn with<T>(&self, use_it: impl FnOnce(&mut Worlds) -> T) -> T {
        use_it(&mut self.worlds.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The world that a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Default,
    Lab(WorldId),
}

impl Place {
    fn of(path: &str) -> Option<(Self, PortType)> {
        let ends = |port_type: PortType| Some((path.strip_suffix(path_of(port_type))?, port_type));
        let (prefix, port_type) = PortType::ALL.into_iter().find_map(ends)?;
        if prefix.is_empty() {
            return Some((Self::Default, port_type));
        }
        let id = WorldId(prefix.strip_prefix("/lab/")?.parse().ok()?);
        // One spelling for each number: no sign, no leading zero.
        (id.path_prefix() == prefix).then_some((Self::Lab(id), port_type))
    }
}

/// The path of a port type in a world.
pub(super) fn path_of(port_type: PortType) -> &'static str {
    match port_type {
        PortType::IIpamServer => "/Ipam/Server",
        PortType::IIpamOperationWithProgress => "/Ipam/OperationWithProgress",
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
        for port_type in PortType::ALL {
            let path = path_of(port_type);
            assert_eq!(Place::of(path), Some((Place::Default, port_type)));
            assert_eq!(Place::of(&format!("/lab/7{path}")), Some((Place::Lab(WorldId(7)), port_type)));
        }
        for wrong in [
            "",
            "/",
            "/Ipam/Server/",
            "/ipam/server",
            "/lab/07/Ipam/Server",
            "/lab/+7/Ipam/Server",
            "/lab//Ipam/Server",
            "/lab/07/Ipam/OperationWithProgress",
            "/Ipam/OperationWithProgress/",
        ] {
            assert_eq!(Place::of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn worlds_are_opened_moved_and_closed_apart_from_each_other() {
        let lab = lab();
        let (first, second) = (lab.open(None).unwrap(), lab.clone().open(Some("task-running")).unwrap());
        assert_eq!((first.path_prefix(), second.path_prefix()), ("/lab/1".into(), "/lab/2".into()));
        let has = |path| lab.port_type_at(path) == Some(PortType::IIpamServer);
        assert!(has("/lab/1/Ipam/Server") && !has("/lab/3/Ipam/Server"));
        assert!(lab.advance(first, Duration::from_secs(3)));
        lab.with(|worlds| {
            assert_eq!(*worlds.open[&first].clock.borrow(), Moment::LAB.after(Duration::from_secs(3)));
            assert_eq!(*worlds.open[&second].clock.borrow(), Moment::LAB);
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
