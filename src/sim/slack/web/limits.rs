//! Slack's call rates: per method, and per channel for messages. (docs.slack.dev, "Rate limits")

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::units::Time;

use super::super::state::State;
use super::answer::Refused;

/// Counts calls by the generic cell rate algorithm: one instant per key, no buckets to refill.
#[derive(Debug, Default)]
pub(in super::super) struct Meter {
    /// When the calls so far would have been due, had they kept the rate.
    due: BTreeMap<String, Time>,
}

/// So many calls a minute, of which `burst` may come at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    pub(super) per_minute: u32,
    pub(super) burst: u32,
}

impl Meter {
    /// Counts one call, or says in how many seconds one would be allowed.
    pub(super) fn take(&mut self, key: &str, rate: Rate, now: Time) -> Result<(), u64> {
        let step = TimeDelta::milliseconds(60_000 / i64::from(rate.per_minute.max(1)));
        let lead = step * i32::try_from(rate.burst.saturating_sub(1)).unwrap_or(i32::MAX);
        let due = self.due.get(key).copied().unwrap_or(now).max(now);
        let early = (due - now) - lead;
        if early > TimeDelta::zero() {
            let seconds = (early.num_milliseconds() + 999) / 1000;
            return Err(u64::try_from(seconds).unwrap_or(1));
        }
        self.due.insert(key.to_owned(), due + step);
        Ok(())
    }
}

impl State {
    /// Counts a call of a method in the workspace.
    pub(super) fn allow_call(&mut self, method: &str, per_minute: u32) -> Result<(), Refused> {
        let rate = Rate {
            per_minute,
            burst: per_minute,
        };
        self.allow(method, rate)
    }

    /// Counts a message to a channel: one a second after a short burst.
    pub(super) fn allow_message(&mut self, channel: &str) -> Result<(), Refused> {
        let rate = Rate {
            per_minute: 60,
            burst: self.setup.limits.channel_burst,
        };
        self.allow(&format!("message in {channel}"), rate)?;
        let workspace = self.setup.limits.workspace_messages;
        self.allow_call("messages", workspace)
    }

    fn allow(&mut self, key: &str, rate: Rate) -> Result<(), Refused> {
        let now = self.now();
        if !self.setup.limits.on {
            return Ok(());
        }
        self.meter
            .take(key, rate, now)
            .map_err(|seconds| Refused::Slow(Some(seconds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_one_a_second_and_the_wait_told_is_enough() {
        let mut meter = Meter::default();
        let rate = Rate {
            per_minute: 60,
            burst: 3,
        };
        let start = Time::UNIX_EPOCH;
        let mut take =
            |key: &str, after: i64| meter.take(key, rate, start + TimeDelta::milliseconds(after));
        assert_eq!([(); 3].map(|()| take("C1", 0)), [Ok(()), Ok(()), Ok(())]);
        assert_eq!(take("C1", 0), Err(1));
        assert_eq!(take("C2", 0), Ok(()), "another channel has its own rate");
        assert_eq!(take("C1", 999), Err(1));
        assert_eq!(take("C1", 1000), Ok(()));
        assert_eq!(take("C1", 1000), Err(1));
        assert_eq!(
            take("C1", 60_000),
            Ok(()),
            "a pause makes room for a burst again"
        );
        assert_eq!(take("C1", 60_000), Ok(()));
    }
}
