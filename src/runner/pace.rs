//! Keeps requests to the rate that a target allows.

use std::time::Duration;

use tokio::{sync::Mutex, time::Instant};

/// A rate: requests are let go one after the other, never closer than this.
#[derive(Debug)]
pub struct Pace {
    between: Option<Duration>,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// At most this many requests a second; any number where none is given.
    pub fn new(per_second: Option<u32>) -> Self {
        let between = per_second.filter(|rate| *rate > 0).map(|rate| Duration::from_secs(1) / rate);
        Self { between, next: Mutex::new(None) }
    }

    /// Waits until the next request may go. Dropping the future gives the turn away.
    pub async fn turn(&self) {
        let Some(between) = self.between else { return };
        let turn = {
            let mut next = self.next.lock().await;
            let now = Instant::now();
            let turn = next.map_or(now, |next| next.max(now));
            *next = Some(turn + between);
            turn
        };
        tokio::time::sleep_until(turn).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_are_never_closer_than_the_rate_allows() {
        let pace = Pace::new(Some(20));
        let began = Instant::now();
        for _ in 0..5 {
            pace.turn().await;
        }
        assert_eq!(began.elapsed().as_millis(), 200);
        let free = Pace::new(None);
        let began = Instant::now();
        free.turn().await;
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}
