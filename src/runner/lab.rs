//! The lab: what a case may ask of the reference server beside its protocol, as a trait that the server implements.

use std::time::Duration;

/// Worlds of the reference server, one for each case.
pub trait Lab: Send + Sync {
    /// Opens a world of its own for a case.
    ///
    /// # Errors
    /// Says which scenarios there are when there is none of this name.
    fn open(&self, scenario: Option<&str>) -> Result<World, String>;

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
}
