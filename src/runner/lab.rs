//! The lab: what a case may ask of the reference server beside its protocol, as a trait that the server implements.

use std::time::Duration;

use crate::{spec::Role, transport::Secret};

/// Worlds of the reference server, one for each case.
pub trait Lab: Send + Sync {
    /// Opens a world of its own for a case; where it is `guarded`, it takes no session over net.tcp without protection, and
    /// knows a user of each role.
    ///
    /// # Errors
    /// Says which scenarios there are when there is none of this name.
    fn open(&self, scenario: Option<&str>, guarded: bool) -> Result<World, String>;

    /// Moves the clock of a world.
    fn advance(&self, world: &World, by: Duration);

    /// Closes a world.
    fn close(&self, world: &World);
}

/// A world: tasks and a clock that no other case sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// Names the world to its lab.
    pub id: u64,
    /// Stands before the path of every endpoint: requests under it reach this world.
    pub path_prefix: String,
    /// The domain of its users.
    pub domain: String,
    /// Who may log on, where it is guarded.
    pub users: Vec<LabUser>,
}

/// A user of a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabUser {
    /// What the user is.
    pub role: Role,
    /// The name, without the domain.
    pub name: String,
    /// The password.
    pub password: Secret,
}
