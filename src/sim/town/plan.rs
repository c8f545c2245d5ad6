//! What a town is made from: what draws its ids, where it keeps documents, whose time it follows and
//! which cluster it has.

use std::fmt;
use std::sync::Arc;

use anyhow::{Context, Result};
use chrono::TimeDelta;

use super::{Hardship, Rulebook, Shelf};
use crate::clock::{Clock, SystemClock, VirtualClock};
use crate::cluster::Cluster;
use crate::sim::slack::Setup;
use crate::store::Store;
use crate::store::memory::MemoryStore;
use crate::traces::Traces;
use crate::units::{Seconds, Time};

/// When stories begin: a Monday morning.
const DAWN: &str = "2026-01-05T09:00:00Z";

/// The hard maximum of any gate in the town of stories.
pub const MAX_LIFETIME: Seconds = Seconds::hours(24);

/// What a town is made from.
pub struct Plan {
    /// Draws everything random: the same seed plays the same.
    pub seed: u64,
    /// Where it keeps documents.
    pub store: Kept,
    /// Whose time it follows.
    pub times: Times,
    /// Which cluster it has.
    pub site: Site,
    /// How its Slack is set up.
    pub slack: Setup,
    /// The hard maximum of any gate.
    pub max_lifetime: Seconds,
    /// What everything is made hard by, from the bot's first start on.
    pub hardship: Option<Hardship>,
    /// Where the bot's traces go.
    pub traces: Traces,
    /// The replicas of the bot, each by how far its clock is ahead of the town's; the first is the one that
    /// stories start, stop and look at.
    pub replicas: Vec<TimeDelta>,
    /// API groups that its cluster does not have.
    pub absent: &'static [&'static str],
}

/// Where a town keeps documents.
pub enum Kept {
    /// In memory: such a store can be copied, and go back to that.
    InMemory,
    /// The same, shown to somebody who reads it afterwards.
    Shown(ShowStore),
    /// In a store that is made for it.
    By(MakeStore),
}

/// Makes an empty store that follows a clock.
pub type MakeStore = Box<dyn Fn(Arc<dyn Clock>) -> Result<Arc<dyn Store>> + Send + Sync>;

/// Shows somebody the store in memory that a town is founded with.
pub type ShowStore = Box<dyn Fn(&Arc<MemoryStore>) + Send + Sync>;

/// Connects to a real cluster.
pub type Connect = Arc<dyn Fn(Arc<dyn Clock>) -> Result<Cluster> + Send + Sync>;

/// Whose time a town follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// A manual clock that begins on the stories' first morning.
    Story,
    /// A manual clock that begins then.
    From(Time),
    /// The machine's: what real servers follow.
    Machine,
}

/// Which cluster a town has.
#[derive(Clone)]
pub enum Site {
    /// The simulated one, with the default town's workloads.
    Simulated,
    /// A real one.
    Real(Connect),
}

impl Plan {
    /// A town of stories: its own cluster, and time that moves only when nothing can happen.
    pub fn of_stories(seed: u64, store: MakeStore) -> Self {
        Self {
            store: Kept::By(store),
            ..Self::in_memory(seed)
        }
    }

    /// The same, which keeps documents in memory.
    pub fn in_memory(seed: u64) -> Self {
        Self {
            seed,
            store: Kept::InMemory,
            times: Times::Story,
            site: Site::Simulated,
            slack: Setup::default(),
            max_lifetime: MAX_LIFETIME,
            hardship: None,
            traces: Traces::default(),
            replicas: vec![TimeDelta::zero()],
            absent: &[],
        }
    }
}

impl Kept {
    pub(super) fn shelf(&self, clock: &Arc<dyn Clock>) -> Result<Shelf> {
        let clock = Arc::clone(clock);
        Ok(match self {
            Self::InMemory => Shelf::in_memory(Arc::new(MemoryStore::new(clock))),
            Self::Shown(show) => {
                let store = Arc::new(MemoryStore::new(clock));
                show(&store);
                Shelf::in_memory(store)
            }
            Self::By(make) => Shelf::new(make(clock)?),
        })
    }
}

impl Times {
    pub(super) fn clock(self) -> Result<Arc<dyn Clock>> {
        Ok(match self {
            Self::Machine => Arc::new(SystemClock),
            Self::From(dawn) => Arc::new(VirtualClock::starting_at(dawn)),
            Self::Story => {
                let dawn: Time = DAWN.parse().context("the town's first morning")?;
                Arc::new(VirtualClock::starting_at(dawn))
            }
        })
    }
}

impl Site {
    pub(super) fn rulebook(&self) -> Result<Rulebook> {
        match self {
            Self::Simulated => Rulebook::of_town(),
            Self::Real(_) => Rulebook::of_any_cluster(),
        }
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Simulated => "Simulated",
            Self::Real(_) => "Real",
        })
    }
}
