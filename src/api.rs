//! The stable Rust interface: load a suite, run it against a target, and get the record of the run.
//!
//! What the command line does beside it (terminal, files, signals) is left out. Items here keep their meaning between
//! minor versions; everything else of this crate may change.

pub mod mutation;

use std::{io, sync::Arc, time::Duration};

use tokio::sync::{mpsc, watch};

pub use crate::{
    case::{Case, Glob, Mistakes, SourceFile, Suite, embedded},
    reference::{Behaviour, Mutant, Variant},
    runner::{Kept, Options, Selection, Snapshots, Target, run::CannotRun, target::TargetError},
    spec::{Effect, Level, PortType, RequirementId},
    verdict::{
        CaseRecord, Check, Claim, ClaimKind, Event, FaultCounts, FaultStatus, Finding, Outcome, Record, RecordedFault,
        RecordedFaults, Summary,
    },
};
use crate::{reference, runner, transport::Secret};

/// The reference server, started by this process on a free loopback port, and stopped when dropped.
#[derive(Debug)]
pub struct Reference {
    server: reference::Server,
}

impl Reference {
    /// Starts it.
    ///
    /// # Errors
    /// The system gives no loopback port.
    ///
    /// # Panics
    /// When it is called outside a tokio runtime.
    pub fn start(behaviour: Behaviour) -> io::Result<Self> {
        let started = reference::Server::start(reference::Addresses::FREE, behaviour);
        Ok(Self { server: started.map_err(|cannot| cannot.error)? })
    }

    /// Its URL, without a path.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Its URL on net.tcp, without a path.
    pub fn net_tcp_url(&self) -> String {
        self.server.net_tcp_url()
    }

    /// It as a target over net.tcp, the protocol's own binding.
    ///
    /// # Errors
    /// Never: the server's own address is one.
    pub fn net_tcp_target(&self) -> Result<Target, TargetError> {
        Target::reference(&self.net_tcp_url())
    }

    /// It as a target over HTTP, the laboratory binding. Only a run that is also given its [lab](Self::lab) makes a `reference` claim.
    ///
    /// # Errors
    /// Never: the server's own address is one.
    pub fn target(&self) -> Result<Target, TargetError> {
        Target::reference(&self.url())
    }

    /// Its lab, which gives each case a world of its own.
    pub fn lab(&self) -> Arc<dyn runner::Lab> {
        Arc::new(Joined(self.server.lab()))
    }

    /// Stops it once the requests under way are answered.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

/// The reference server's lab as the runner knows it: the two do not know each other.
struct Joined(reference::Lab);

impl runner::Lab for Joined {
    fn open(&self, scenario: Option<&str>, guarded: bool) -> Result<runner::World, String> {
        let world = if guarded { self.0.open_guarded(scenario)? } else { self.0.open(scenario)? };
        let users = self.0.users().map(|user| runner::LabUser {
            role: user.role,
            name: user.role.as_str().to_owned(),
            password: Secret::new(user.password.clone()),
        });
        Ok(runner::World {
            id: world.number(),
            path_prefix: world.path_prefix(),
            domain: reference::Lab::DOMAIN.to_owned(),
            users: if guarded { users.collect() } else { Vec::new() },
        })
    }

    fn advance(&self, world: &runner::World, by: Duration) {
        self.0.advance(reference::WorldId::numbered(world.id), by);
    }

    fn close(&self, world: &runner::World) {
        self.0.close(reference::WorldId::numbered(world.id));
    }
}

/// Runs a suite against a target and folds its events. `lab` is that of the reference server, where that is the target.
///
/// # Errors
/// Nothing was begun: a pattern matches nothing, or the target's certificates cannot be used.
///
/// # Cancel safety
/// Dropping the future ends the run; connections are closed, and what was sent is not taken back.
pub async fn run(
    suite: Arc<Suite>,
    target: Arc<Target>,
    lab: Option<Arc<dyn runner::Lab>>,
    options: Options,
) -> Result<Record, CannotRun> {
    let (events, mut received) = mpsc::unbounded_channel();
    let (_never, stop) = watch::channel(None);
    runner::run(suite, target, lab, options, events, stop).await?;
    let mut record = Vec::new();
    while let Ok(event) = received.try_recv() {
        record.push(event);
    }
    // A run that was begun has a first event.
    Record::fold(&record).map_err(CannotRun::NoRecord)
}
