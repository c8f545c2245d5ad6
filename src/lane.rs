//! Lanes of work and their alarms: what a request wants to be looked at for, and when.

use serde::{Deserialize, Serialize};

use crate::units::Time;

/// One of the independent queues of work that a request can need (DESIGN §3): a slow or
/// rate-limited Slack can never delay a withdrawal, because the lanes never wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Cluster and time: apply, verify, withdraw, expire, lapse, remind, warn.
    Gate,
    /// Slack: bring every surface to what the view says, post pending notices once.
    Card,
}

impl Lane {
    /// Every lane, in the order that store layouts use.
    pub const ALL: [Self; 2] = [Self::Gate, Self::Card];

    /// The lane's name in keys, logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Card => "card",
        }
    }
}

/// When each lane wants to look at the document again; `None`: never, by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Alarms {
    /// Lane [`Lane::Gate`].
    pub gate: Option<Time>,
    /// Lane [`Lane::Card`].
    pub card: Option<Time>,
}

impl Alarms {
    /// The alarm of one lane.
    pub const fn of(&self, lane: Lane) -> Option<Time> {
        match lane {
            Lane::Gate => self.gate,
            Lane::Card => self.card,
        }
    }
}
