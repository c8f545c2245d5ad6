//! What the bot is made of. Every part is handed in, so that the simulator can hand in its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::asking::Asking;
use super::book::Book;
use super::first_look::FirstLook;
use super::rulebook::Rulebook;
use crate::clock::Clock;
use crate::cluster::{Cluster, ClusterError};
use crate::entropy::Entropy;
use crate::metrics::Metrics;
use crate::netpol::Snapshot;
use crate::rules::RuleSet;
use crate::slack::{Directory, SlackApi};
use crate::traces::Traces;
use crate::units::Seconds;

/// The parts of one bot process.
#[derive(Debug)]
pub struct Parts {
    /// Documents.
    pub book: Book,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<Entropy>,
    /// Templates and rules in force; changed by [`Parts::put_in_force`].
    pub rules: ArcSwap<RuleSet>,
    /// What is known to be on record of them.
    pub rulebook: Rulebook,
    /// Slack's Web API.
    pub slack: Arc<SlackApi>,
    /// Who is who in Slack.
    pub directory: Arc<Directory>,
    /// Channels whose name matches belong to incidents.
    pub incident_channels: Option<regex::Regex>,
    /// Clusters by name.
    pub clusters: BTreeMap<String, Arc<Cluster>>,
    /// Whether these were looked at once.
    pub first_look: FirstLook,
    /// The asks that are being answered.
    pub asking: Asking,
    /// No gate outlives its creation by more than this, whatever its annotation says.
    pub max_lifetime: Seconds,
    /// Longest sleep of the workers between two looks at a shard when nothing is known to be due:
    /// bounds how late this process learns of alarms that another process set.
    pub poll: std::time::Duration,
    /// What is counted and measured.
    pub metrics: Arc<Metrics>,
    /// Where traces go.
    pub traces: Traces,
}

impl Parts {
    /// The watch-fed picture of a cluster.
    ///
    /// # Errors
    /// There is no such cluster, or its picture is not there yet.
    pub fn snapshot(&self, cluster: &str) -> Result<Arc<Snapshot>, ClusterError> {
        let found = self
            .clusters
            .get(cluster)
            .ok_or_else(|| ClusterError::unknown(cluster))?;
        Ok(found.snapshot()?)
    }
}
