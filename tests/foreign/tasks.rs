//! The tasks of the foreign server: when each ran and will run, and what state it is in when somebody looks.
//!
//! A started task is queued at the first look, and runs for some looks and a moment, so that nobody misses it and nobody
//! waits long. Leaves out messages.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::ways::{Lie, Variation, Ways};

/// The types of tasks, [MS-IPAMM2] 2.2.5.55, without None.
pub(crate) const NAMES: [&str; 8] = [
    "Discovery",
    "Utilization",
    "Audit",
    "Configuration",
    "ServerAvailability",
    "Monitoring",
    "Expiry",
    "DnsConfiguration",
];
const HOUR: u64 = 3_600_000;
/// How many looks a run outlasts, and how long it takes at least.
const LOOKS: u32 = 3;
const RUN: Duration = Duration::from_millis(250);

/// The tasks of one server.
#[derive(Debug)]
pub(crate) struct Tasks(Vec<Task>);

#[derive(Debug)]
struct Task {
    name: &'static str,
    is_disabled: bool,
    never_ends: bool,
    /// When it was started, and how often it was looked at since.
    run: Option<(Instant, u32)>,
    last_run: Option<u64>,
    next_run: u64,
    every: u64,
    result: i32,
}

/// What somebody sees who looks at a task; times in milliseconds since 1970.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) name: &'static str,
    pub(crate) state: &'static str,
    pub(crate) last_run: Option<u64>,
    pub(crate) next_run: u64,
    pub(crate) every: u64,
    pub(crate) result: i32,
}

impl Tasks {
    pub(crate) fn new(ways: &Ways) -> Self {
        let never_ran = ways.varies(Variation::NeverRan);
        let task = |(index, name): (u64, &'static str)| {
            let every = (24 + index) * HOUR;
            let is_audit = name == "Audit";
            Task {
                name,
                is_disabled: (is_audit && ways.varies(Variation::DisabledTask))
                    || (name == "Discovery" && ways.varies(Variation::DisabledDiscovery)),
                never_ends: is_audit && ways.varies(Variation::TaskThatRunsForDays),
                run: (is_audit && ways.varies(Variation::TaskThatRunsForDays)).then(|| (Instant::now(), 1)),
                last_run: (!never_ran).then(|| now() - every + HOUR),
                next_run: now() + (23 - index) * HOUR,
                every,
                result: i32::from(index % 3 == 2) * -2_147_024_894,
            }
        };
        Self((0..).zip(NAMES).map(task).collect())
    }

    /// Looks at every task.
    pub(crate) fn look(&mut self) -> Vec<Look> {
        self.0.iter_mut().map(Task::look).collect()
    }

    /// Looks at one task.
    pub(crate) fn look_at(&mut self, name: &str) -> Option<Look> {
        self.0.iter_mut().find(|task| task.name == name).map(Task::look)
    }

    /// Starts a task.
    ///
    /// # Errors
    /// Why it cannot be started.
    pub(crate) fn start(&mut self, name: &str, ways: &Ways) -> Result<(), &'static str> {
        let Some(task) = self.0.iter_mut().find(|task| task.name == name) else {
            return Err("IpamApiTaskDoesNotExist");
        };
        if task.is_disabled {
            return Err("IpamApiTaskDisabled");
        }
        if task.run.is_some() {
            return if ways.varies(Variation::RefusesSecondStart) { Err("IpamApiTaskError") } else { Ok(()) };
        }
        if ways.varies(Variation::TasksAreDoneAtOnce) {
            task.last_run = Some(now());
        } else if !ways.lies(Lie::StartsNothing) {
            task.run = Some((Instant::now(), 0));
        }
        Ok(())
    }
}

impl Task {
    fn look(&mut self) -> Look {
        let state = match &mut self.run {
            _ if self.is_disabled => "Disabled",
            None => "Ready",
            Some((_, looks @ 0)) => {
                *looks = 1;
                "Queued"
            }
            Some((began, looks)) if self.never_ends || *looks <= LOOKS || began.elapsed() < RUN => {
                *looks += 1;
                "Running"
            }
            Some(_) => {
                self.run = None;
                self.last_run = Some(now());
                self.result = 0;
                "Ready"
            }
        };
        Look {
            name: self.name,
            state,
            last_run: self.last_run,
            next_run: self.next_run,
            every: self.every,
            result: self.result,
        }
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock that was set");
    u64::try_from(since.as_millis()).expect("a time before the year 500000000")
}

/// A time as xsd:dateTime has it, this many hours east of Greenwich.
pub(crate) fn date_time(milliseconds: u64, east: u64) -> String {
    let local = milliseconds + east * HOUR;
    let (days, within) = (local / (24 * HOUR), local % (24 * HOUR));
    let (year, month, day) = date(days);
    let (hour, minute, second, thousandths) = (within / HOUR, within / 60_000 % 60, within / 1000 % 60, within % 1000);
    let zone = if east == 0 { "Z".to_owned() } else { format!("+{east:02}:00") };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{thousandths:03}{zone}")
}

/// The date that is so many days after the first of January 1970.
fn date(mut days: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    for (month, length) in (1..).zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
        if days < length {
            return (year, month, days + 1);
        }
        days -= length;
    }
    unreachable!("a year has twelve months");
}
