//! A world: the tasks of one server, what state each is in, and what the server says of itself.
//!
//! Leaves out the clock, which every method is given, and messages. Follows [MS-IPAMM2] 3.1.1.1.29 (the table of
//! tasks), 2.2.5.54 (their states) and 3.1.4.2 (provisioning and conversion).

use std::time::Duration;

use super::{moment::Moment, scenario::Scenario};

/// A task that a server has, [MS-IPAMM2] 2.2.5.55 without `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaskType {
    /// Finds servers.
    Discovery,
    /// Collects utilisation.
    Utilization,
    /// Collects events.
    Audit,
    /// Collects the configuration of servers.
    Configuration,
    /// Collects the availability of servers.
    ServerAvailability,
    /// Collects what is monitored.
    Monitoring,
    /// Works out which addresses expire.
    Expiry,
    /// Collects the configuration of DNS.
    DnsConfiguration,
}

impl TaskType {
    /// Every task, in the order of the enumeration.
    pub const ALL: [Self; 8] = [
        Self::Discovery,
        Self::Utilization,
        Self::Audit,
        Self::Configuration,
        Self::ServerAvailability,
        Self::Monitoring,
        Self::Expiry,
        Self::DnsConfiguration,
    ];

    /// The name, spelled as the specification spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Discovery => "Discovery",
            Self::Utilization => "Utilization",
            Self::Audit => "Audit",
            Self::Configuration => "Configuration",
            Self::ServerAvailability => "ServerAvailability",
            Self::Monitoring => "Monitoring",
            Self::Expiry => "Expiry",
            Self::DnsConfiguration => "DnsConfiguration",
        }
    }

    /// Finds a task by its name, to the letter.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.name() == name)
    }
}

/// The state of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    /// It cannot run until it is enabled.
    Disabled,
    /// It was started and waits.
    Queued,
    /// It can be started.
    Ready,
    /// It runs.
    Running,
}

impl TaskState {
    /// The name, spelled as the specification spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Disabled => "Disabled",
            Self::Queued => "Queued",
            Self::Ready => "Ready",
            Self::Running => "Running",
        }
    }
}

/// One row of the table of tasks, as it stands at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Which task.
    pub task: TaskType,
    /// Its state.
    pub state: TaskState,
    /// When it was last completed; none where it never ran.
    pub last_run: Option<Moment>,
    /// What it ended with then; 0 is success.
    pub last_result: i32,
    /// When it will be started without being asked.
    pub next_run: Moment,
    /// How long from one such start to the next.
    pub recurrence: Duration,
}

/// How long a started task waits and runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long it is queued.
    pub queued: Duration,
    /// How long it then runs.
    pub running: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { queued: Duration::from_secs(1), running: Duration::from_secs(5) }
    }
}

impl Pace {
    fn whole(self) -> Duration {
        self.queued + self.running
    }
}

/// The table of tasks and what the server says of itself.
#[derive(Debug, Clone)]
pub struct World {
    scenario: Scenario,
    pace: Pace,
    rows: Vec<Row>,
}

#[derive(Debug, Clone)]
struct Row {
    task: TaskType,
    enabled: bool,
    /// When the run that is not completed yet was started.
    started: Option<Moment>,
    last_run: Option<Moment>,
    last_result: i32,
    next_run: Moment,
    recurrence: Duration,
}

impl World {
    /// Makes a world that begins at `now`. Where `ran` is false no task has ever run.
    pub fn new(scenario: Scenario, pace: Pace, ran: bool, now: Moment) -> Self {
        let rows = TaskType::ALL.into_iter().map(|task| Row::new(task, scenario, pace, ran, now)).collect();
        Self { scenario, pace, rows }
    }

    /// What it was like before its first request.
    pub fn scenario(&self) -> Scenario {
        self.scenario
    }

    /// Whether the server has been provisioned.
    pub fn is_configured(&self) -> bool {
        self.scenario.is_configured()
    }

    /// Whether the server waits for a conversion of its schema.
    pub fn is_schema_conversion_required(&self) -> bool {
        self.scenario.is_schema_conversion_required()
    }

    /// Whether the user has the right to an operation.
    pub fn is_authorized(&self, operation: &str) -> bool {
        self.scenario.authorizes(operation)
    }

    /// Every task as it stands at `now`, in the order of the enumeration.
    pub fn tasks(&mut self, now: Moment) -> Vec<Task> {
        let pace = self.pace;
        self.rows.iter_mut().map(|row| row.at(pace, now)).collect()
    }

    /// One task as it stands at `now`; none where the table has no such row.
    pub fn task(&mut self, task: TaskType, now: Moment) -> Option<Task> {
        let pace = self.pace;
        self.rows.iter_mut().find(|row| row.task == task).map(|row| row.at(pace, now))
    }

    /// Starts a task at `now`. Where it is queued or runs already, nothing changes. Tells whether it could be started:
    /// a disabled task cannot.
    pub fn start(&mut self, task: TaskType, now: Moment) -> bool {
        let pace = self.pace;
        let Some(row) = self.rows.iter_mut().find(|row| row.task == task) else { return false };
        match row.at(pace, now).state {
            TaskState::Disabled => false,
            TaskState::Queued | TaskState::Running => true,
            TaskState::Ready => {
                row.started = Some(now);
                true
            }
        }
    }
}

impl Row {
    fn new(task: TaskType, scenario: Scenario, pace: Pace, ran: bool, now: Moment) -> Self {
        const HOUR: u64 = 3600;
        // A day and more for each, and no two alike, so that a task mistaken for another is seen.
        let (recurrence, last_result) = match task {
            TaskType::Discovery => (24 * HOUR, 0),
            TaskType::Utilization => (36 * HOUR, 0),
            TaskType::Audit => (30 * HOUR, 1),
            TaskType::Configuration => (48 * HOUR, 0),
            TaskType::ServerAvailability => (24 * HOUR + 900, 2),
            TaskType::Monitoring => (24 * HOUR + 1800, -2_147_024_894),
            TaskType::Expiry => (7 * 24 * HOUR, 3),
            TaskType::DnsConfiguration => (60 * HOUR, 267_011),
        };
        let recurrence = Duration::from_secs(recurrence);
        let is_discovery = task == TaskType::Discovery;
        Self {
            task,
            enabled: !(is_discovery && scenario == Scenario::TaskDisabled),
            started: (is_discovery && scenario == Scenario::TaskRunning).then(|| now.before(pace.queued)),
            last_run: ran.then(|| now.before(recurrence).after(pace.whole())),
            last_result: if ran { last_result } else { 0 },
            next_run: now.after(recurrence),
            recurrence,
        }
    }

    /// Brings the row up to `now` and shows it.
    fn at(&mut self, pace: Pace, now: Moment) -> Task {
        self.settle(pace, now);
        let state = match self.started {
            _ if !self.enabled => TaskState::Disabled,
            None => TaskState::Ready,
            Some(started) if now < started.after(pace.queued) => TaskState::Queued,
            Some(_) => TaskState::Running,
        };
        Task {
            task: self.task,
            state,
            last_run: self.last_run,
            last_result: self.last_result,
            next_run: self.next_run,
            recurrence: self.recurrence,
        }
    }

    fn settle(&mut self, pace: Pace, now: Moment) {
        if let Some(started) = self.started {
            let end = started.after(pace.whole());
            // An occasion that comes while the task is queued or runs is passed over.
            let busy_until = end.min(now);
            if self.next_run < busy_until {
                self.next_run = self.last_occasion(busy_until).after(self.recurrence);
            }
            if end > now {
                return;
            }
            self.complete(end);
        }
        if self.enabled && self.next_run <= now {
            let latest = self.last_occasion(now);
            if latest > self.next_run {
                self.complete(latest.before(self.recurrence).after(pace.whole()));
            }
            self.next_run = latest.after(self.recurrence);
            let end = latest.after(pace.whole());
            if end <= now {
                self.complete(end);
            } else {
                self.started = Some(latest);
            }
        }
    }

    /// The last occasion, from the next one on, that is not after `now`.
    fn last_occasion(&self, now: Moment) -> Moment {
        let every = self.recurrence.as_millis().max(1);
        let passed = now.since(self.next_run).as_millis() / every * every;
        self.next_run.after(Duration::from_millis(u64::try_from(passed).unwrap_or(u64::MAX)))
    }

    fn complete(&mut self, end: Moment) {
        self.started = None;
        self.last_run = Some(end);
        self.last_result = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spec::task::{IPAM_TASK_STATE, IPAM_TASK_TYPE};

    const T0: Moment = Moment::LAB;

    fn world(scenario: Scenario) -> World {
        World::new(scenario, Pace::default(), true, T0)
    }

    fn at(milliseconds: u64) -> Moment {
        T0.after(Duration::from_millis(milliseconds))
    }

    fn state(world: &mut World, milliseconds: u64) -> TaskState {
        world.task(TaskType::Discovery, at(milliseconds)).unwrap().state
    }

    #[test]
    fn the_tasks_are_those_of_the_enumeration_without_none() {
        let names: Vec<_> = TaskType::ALL.iter().map(|task| task.name()).collect();
        assert_eq!(names, IPAM_TASK_TYPE.values[1..]);
        for state in [TaskState::Disabled, TaskState::Queued, TaskState::Ready, TaskState::Running] {
            assert!(IPAM_TASK_STATE.contains(state.name()));
        }
        assert_eq!(TaskType::named("None"), None);
        assert_eq!(TaskType::named("Expiry"), Some(TaskType::Expiry));
    }

    #[test]
    fn a_started_task_is_queued_runs_and_is_ready_again() {
        for task in TaskType::ALL {
            let mut world = world(Scenario::Default);
            let before = world.tasks(T0);
            assert!(before.iter().all(|row| row.state == TaskState::Ready && row.next_run >= at(86_400_000)));
            assert!(world.start(task, T0));
            for (milliseconds, expected) in [
                (0, TaskState::Queued),
                (999, TaskState::Queued),
                (1000, TaskState::Running),
                (5999, TaskState::Running),
                (6000, TaskState::Ready),
            ] {
                let now = world.tasks(at(milliseconds));
                for (row, earlier) in now.iter().zip(&before) {
                    if row.task == task {
                        assert_eq!(row.state, expected, "{task:?} after {milliseconds} ms");
                    } else {
                        assert_eq!(row, earlier);
                    }
                }
                let row = world.task(task, at(milliseconds)).unwrap();
                let old = before.iter().find(|row| row.task == task).unwrap();
                if milliseconds < 6000 {
                    assert_eq!((row.last_run, row.last_result), (old.last_run, old.last_result));
                } else {
                    assert_eq!((row.last_run, row.last_result), (Some(at(6000)), 0));
                }
                assert_eq!(row.next_run, old.next_run);
            }
        }
    }

    #[test]
    fn starting_what_is_queued_or_runs_changes_nothing() {
        for again in [0, 500, 1000, 3000, 5999] {
            let mut world = world(Scenario::Default);
            assert!(world.start(TaskType::Discovery, T0));
            assert!(world.start(TaskType::Discovery, at(again)));
            assert_eq!(state(&mut world, 5999), TaskState::Running);
            let after = world.task(TaskType::Discovery, at(6000)).unwrap();
            assert_eq!((after.state, after.last_run), (TaskState::Ready, Some(at(6000))));
        }
        let mut world = world(Scenario::Default);
        assert!(world.start(TaskType::Discovery, T0));
        assert!(world.start(TaskType::Discovery, at(6000)));
        assert_eq!(state(&mut world, 6000), TaskState::Queued);
        assert_eq!(world.task(TaskType::Discovery, at(12_000)).unwrap().last_run, Some(at(12_000)));
    }

    #[test]
    fn a_disabled_task_neither_starts_nor_recurs() {
        let mut world = world(Scenario::TaskDisabled);
        let before = world.task(TaskType::Discovery, T0).unwrap();
        assert!(!world.start(TaskType::Discovery, T0));
        assert_eq!(world.task(TaskType::Discovery, at(90_000_000)).unwrap(), before);
        assert_eq!(before.state, TaskState::Disabled);
        assert!(world.start(TaskType::Audit, T0));
    }

    #[test]
    fn scenarios_show_in_what_the_server_says_of_itself() {
        for scenario in Scenario::ALL {
            let world = world(scenario);
            assert_eq!(world.is_configured(), scenario != Scenario::NotProvisioned);
            assert_eq!(world.is_schema_conversion_required(), scenario == Scenario::ConversionRequired);
            let denies_start = [Scenario::AccessDenied, Scenario::StartDenied].contains(&scenario);
            assert_eq!(world.is_authorized("StartTask"), !denies_start);
            assert_eq!(world.is_authorized("GetIpamTasksInfo"), scenario != Scenario::AccessDenied);
        }
        let mut world = world(Scenario::TaskRunning);
        assert_eq!(state(&mut world, 0), TaskState::Running);
        assert_eq!(state(&mut world, 4999), TaskState::Running);
        assert_eq!(state(&mut world, 5000), TaskState::Ready);
    }

    #[test]
    fn a_task_runs_by_itself_when_its_time_has_come() {
        let day = 86_400_000;
        let mut world = world(Scenario::Default);
        assert_eq!(state(&mut world, day - 1), TaskState::Ready);
        assert_eq!(state(&mut world, day), TaskState::Queued);
        let running = world.task(TaskType::Discovery, at(day + 1000)).unwrap();
        assert_eq!((running.state, running.next_run), (TaskState::Running, at(2 * day)));
        // Looked at only after ten days: the last of the runs that were due is the one that counts.
        let mut idle = World::new(Scenario::Default, Pace::default(), true, T0);
        let row = idle.task(TaskType::Discovery, at(10 * day + 3000)).unwrap();
        assert_eq!((row.state, row.last_run), (TaskState::Running, Some(at(9 * day + 6000))));
        assert_eq!(row.next_run, at(11 * day));
        // An occasion that comes while the task is busy is passed over.
        let mut busy = World::new(Scenario::Default, Pace::default(), true, T0);
        assert!(busy.start(TaskType::Discovery, at(day - 2000)));
        let row = busy.task(TaskType::Discovery, at(day + 4000)).unwrap();
        assert_eq!((row.state, row.last_run, row.next_run), (TaskState::Ready, Some(at(day + 4000)), at(2 * day)));
    }

    #[test]
    fn a_world_in_which_nothing_ran_says_so() {
        let mut world = World::new(Scenario::Default, Pace::default(), false, T0);
        assert!(world.tasks(T0).iter().all(|row| row.last_run.is_none() && row.last_result == 0));
        assert!(world.start(TaskType::Expiry, T0));
        assert_eq!(world.task(TaskType::Expiry, at(6000)).unwrap().last_run, Some(at(6000)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        /// However often it is looked at, a world that is given the same starts shows the same.
        #[test]
        fn looking_changes_nothing(
            starts in proptest::collection::vec((0_usize..8, 0_u64..400_000_000), 0..6),
            looks in proptest::collection::vec(0_u64..400_000_000, 0..12),
        ) {
            let mut starts = starts;
            starts.sort_by_key(|(_, when)| *when);
            let end = at(400_000_000);
            let mut alone = world(Scenario::Default);
            let mut watched = world(Scenario::Default);
            let mut events: Vec<(u64, Option<usize>)> = starts.iter().map(|(task, when)| (*when, Some(*task))).collect();
            events.extend(looks.iter().map(|when| (*when, None)));
            events.sort_by_key(|(when, _)| *when);
            for (task, when) in starts {
                alone.start(TaskType::ALL[task], at(when));
            }
            for (when, task) in events {
                watched.tasks(at(when));
                if let Some(task) = task {
                    watched.start(TaskType::ALL[task], at(when));
                }
            }
            prop_assert_eq!(alone.tasks(end), watched.tasks(end));
        }

        /// No jump of the clock, however far or back, does harm.
        #[test]
        fn any_jump_of_the_clock_is_taken(jumps in proptest::collection::vec(any::<u64>(), 1..8)) {
            let mut world = world(Scenario::Default);
            for jump in jumps {
                let now = at(jump);
                world.start(TaskType::Monitoring, now);
                prop_assert_eq!(world.tasks(now).len(), 8);
            }
        }
    }
}
