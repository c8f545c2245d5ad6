//! The units the core speaks: instants and lengths of time. No clock is read here; see [`crate::clock`].

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// An instant in UTC. Always an input: the core never asks what time it is.
pub type Time = DateTime<Utc>;

/// A length of time in whole seconds, the finest unit a person can ask for.
///
/// `Display` writes it the way people read it (`45 s`, `30 min`, `1 h 30 min`, `2 d`);
/// [`crate::grammar`] reads what people type.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seconds(pub u64);

impl Seconds {
    /// `n` minutes.
    pub const fn minutes(n: u64) -> Self {
        Self(n * 60)
    }

    /// `n` hours.
    pub const fn hours(n: u64) -> Self {
        Self(n * 3600)
    }

    /// The same length for arithmetic with [`Time`]; lengths beyond what chrono holds saturate.
    pub fn delta(self) -> TimeDelta {
        i64::try_from(self.0)
            .ok()
            .and_then(TimeDelta::try_seconds)
            .unwrap_or(TimeDelta::MAX)
    }

    /// `start` plus this length, saturating at the end of representable time.
    pub fn after(self, start: Time) -> Time {
        start
            .checked_add_signed(self.delta())
            .unwrap_or(Time::MAX_UTC)
    }

    /// The same length as the standard library's type.
    pub const fn std(self) -> std::time::Duration {
        std::time::Duration::from_secs(self.0)
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
        let mut rest = self.0;
        let mut parts = Vec::new();
        for (size, name) in units {
            let count = rest / size;
            rest %= size;
            if count > 0 {
                parts.push(format!("{count} {name}"));
            }
        }
        if parts.is_empty() {
            f.write_str("0 s")
        } else {
            f.write_str(&parts.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_as_people_write_them() {
        for (seconds, text) in [
            (0, "0 s"),
            (45, "45 s"),
            (1800, "30 min"),
            (5400, "1 h 30 min"),
            (172_800, "2 d"),
        ] {
            assert_eq!(Seconds(seconds).to_string(), text);
        }
    }

    #[test]
    fn absurd_lengths_saturate_instead_of_panicking() {
        assert_eq!(Seconds(u64::MAX).after(Time::UNIX_EPOCH), Time::MAX_UTC);
    }
}
