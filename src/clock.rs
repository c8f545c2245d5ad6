//! The only place that knows what time it is. Everything else takes [`Time`] as an input.

use async_trait::async_trait;

use crate::units::Time;

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
