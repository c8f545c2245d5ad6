//! When to connect again. Pure.

use std::time::Duration;

/// A connection that lived this long was a good one: the next may follow at once. A shorter one
/// counts as a failure even if it opened well, or a server that accepts and closes would be called
/// hundreds of times a second.
const GOOD: Duration = Duration::from_secs(30);

/// Ceiling of the first pause, doubled with each failure.
const FIRST: Duration = Duration::from_secs(1);

/// Ceiling of any pause. Slack allows about 50 `apps.connections.open` a minute.
const LONGEST: Duration = Duration::from_secs(60);

/// After a fault that only a person can repair. The process stays: gates must still be closed, and
/// it must come back by itself when the token is right again.
pub(super) const REPAIR: Duration = Duration::from_secs(300);

/// How an attempt to be connected ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// A connection opened and ended, or asked for its successor, after this long.
    Lived(Duration),
    /// No connection came about.
    Failed,
    /// Slack asked for patience.
    Limited(Duration),
    /// Only a person can help.
    Broken,
}

/// Counts failures in a row.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause before the next attempt; `draw` in `0.0..1.0` spreads it over the whole range below
    /// the ceiling, so that many bots do not return together.
    pub(super) fn after(&mut self, ended: Ended, draw: f64) -> Duration {
        match ended {
            Ended::Lived(age) if age >= GOOD => {
                self.failures = 0;
                Duration::ZERO
            }
            Ended::Broken => REPAIR,
            Ended::Limited(pause) => pause.max(self.failed(draw)),
            Ended::Lived(_) | Ended::Failed => self.failed(draw),
        }
    }

    fn failed(&mut self, draw: f64) -> Duration {
        let doublings = self.failures.min(10);
        self.failures = self.failures.saturating_add(1);
        let ceiling = FIRST.saturating_mul(1 << doublings).min(LONGEST);
        ceiling.mul_f64(draw.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ceilings(ended: Ended, count: usize) -> Vec<u64> {
        let mut backoff = Backoff::default();
        (0..count)
            .map(|_| backoff.after(ended, 1.0).as_secs())
            .collect()
    }

    #[test]
    fn pauses_double_up_to_a_minute() {
        assert_eq!(ceilings(Ended::Failed, 8), [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn a_server_that_accepts_and_closes_is_no_better_than_one_that_refuses() {
        let short = Ended::Lived(Duration::from_millis(10));
        assert_eq!(ceilings(short, 4), [1, 2, 4, 8]);
    }

    #[test]
    fn a_good_connection_is_followed_at_once_and_forgives() {
        let mut backoff = Backoff::default();
        backoff.after(Ended::Failed, 1.0);
        backoff.after(Ended::Failed, 1.0);
        assert_eq!(backoff.after(Ended::Lived(GOOD), 1.0), Duration::ZERO);
        assert_eq!(backoff.after(Ended::Failed, 1.0), FIRST);
    }

    #[test]
    fn slacks_own_pause_and_a_persons_repair_are_waited_for() {
        let mut backoff = Backoff::default();
        let asked = Duration::from_secs(45);
        assert_eq!(backoff.after(Ended::Limited(asked), 0.5), asked);
        assert_eq!(backoff.after(Ended::Broken, 0.0), REPAIR);
    }

    #[test]
    fn the_draw_spreads_the_pause_over_its_whole_range() {
        for (draw, expected) in [(0.0, 0), (0.25, 250), (0.999, 999)] {
            let pause = Backoff::default().after(Ended::Failed, draw);
            assert_eq!(pause.as_millis(), expected);
        }
    }
}
