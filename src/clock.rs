//! The only place that knows what time it is. Everything else takes [`Time`] as an input.

use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::units::{Seconds, Time};

/// Tells the time and waits for it.
///
/// # Guarantees
/// `sleep_until(t)` returns with `now() >= t`, also when the wall clock was stepped meanwhile
/// (the system clock is asked again at least every [`RECHECK`]).
#[async_trait]
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The current instant.
    fn now(&self) -> Time;
    /// Waits until `now() >= at`.
    async fn sleep_until(&self, at: Time);
}

/// How often a sleeper on the system clock looks again, so that a stepped clock delays it no longer.
pub const RECHECK: std::time::Duration = std::time::Duration::from_secs(1);

/// How far a server's clock is ahead of ours, as far as that is known: its answers are never younger than they
/// say. Of a server that is behind it says nothing.
#[derive(Debug, Default)]
pub struct Ahead(AtomicI64);

impl Ahead {
    /// More than this is not believed, so that a server whose clock is wild closes nothing early by more. Servers
    /// keep time within two seconds of each other, or leases and certificates fail first.
    pub const MOST: Seconds = Seconds(3);

    /// A server said its time, which we heard of now. Only the last answer counts: clocks are put right.
    pub fn heard(&self, theirs: Time, ours: Time) {
        let ahead = (theirs - ours).num_milliseconds();
        let most = Self::MOST.delta().num_milliseconds();
        self.0.store(ahead.clamp(0, most), Ordering::Relaxed);
    }

    /// The later of the two clocks.
    pub fn later(&self, ours: Time) -> Time {
        ours + TimeDelta::milliseconds(self.0.load(Ordering::Relaxed))
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everybody else asks"
    )]
    fn now(&self) -> Time {
        chrono::Utc::now()
    }

    async fn sleep_until(&self, at: Time) {
        while let Ok(left) = (at - self.now()).to_std() {
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(RECHECK)).await;
        }
    }
}

/// A clock that starts at a chosen instant and follows tokio's paused time: it moves only when no
/// task can run, so nothing is due or in flight when it does. The simulator and scenarios run on it.
#[derive(Debug, Clone, Copy)]
pub struct VirtualClock {
    start: Time,
    origin: tokio::time::Instant,
}

impl VirtualClock {
    /// Starts at `start`, now. The runtime must have been built with `start_paused(true)`.
    pub fn starting_at(start: Time) -> Self {
        Self {
            start,
            origin: tokio::time::Instant::now(),
        }
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Time {
        let passed = chrono::TimeDelta::from_std(self.origin.elapsed()).unwrap_or_default();
        self.start + passed
    }

    async fn sleep_until(&self, at: Time) {
        while let Ok(left) = (at - self.now()).to_std() {
            if left.is_zero() {
                return;
            }
            // tokio's timer has millisecond steps: round up so that we never wake early.
            tokio::time::sleep(left.max(std::time::Duration::from_millis(1))).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_clock_counts_and_a_wild_one_only_a_little() {
        let ours: Time = "2026-01-05T09:00:00Z".parse().unwrap();
        let ahead = Ahead::default();
        assert_eq!(ahead.later(ours), ours);
        for (theirs, later) in [(1_700, 1_700), (-1_700, 0), (86_400_000, 3_000), (5, 5)] {
            ahead.heard(ours + TimeDelta::milliseconds(theirs), ours);
            assert_eq!(ahead.later(ours), ours + TimeDelta::milliseconds(later));
        }
    }
}
