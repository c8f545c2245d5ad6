//! What breaks in a storm, by class: each class can be left out of every plan.

use std::fmt;

use crate::sim::cluster;
use crate::sim::slack::{Fault as SlackFault, Mishap};
use crate::sim::town::links::{Slip, Way};

/// A kind of fault that a storm may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A replica dies, at any touch of the outside, and is started again later.
    Crash,
    /// A line between a replica and store, API server or Slack is cut or silent.
    Partition,
    /// Each replica's clock is off by up to two seconds.
    Skew,
    /// Answers of the store are lost, its calls done twice, or not copied to a replica.
    StoreAnswers,
    /// The store is away.
    StoreAway,
    /// The store is full: it takes no new commit but what ends something, and no record of the ledger.
    StoreFull,
    /// The store restarts and has lost its last second.
    LastSecond,
    /// The store fails over to an older copy.
    Failover,
    /// The store is emptied.
    Emptied,
    /// Slack limits its rate, fails, or loses answers.
    SlackAnswers,
    /// Slack is away, or its sockets break.
    SlackAway,
    /// Deliveries are lost, repeated or doubled.
    Deliveries,
    /// Calls to the API server fail, hang, or lose their answers.
    ClusterAnswers,
    /// The API server is away, or its watches break.
    ClusterAway,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Crash,
        Self::Partition,
        Self::Skew,
        Self::StoreAnswers,
        Self::StoreAway,
        Self::StoreFull,
        Self::LastSecond,
        Self::Failover,
        Self::Emptied,
        Self::SlackAnswers,
        Self::SlackAway,
        Self::Deliveries,
        Self::ClusterAnswers,
        Self::ClusterAway,
    ];

    /// The class of that name.
    ///
    /// # Errors
    /// A sentence that lists the names there are.
    pub fn named(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|class| class.name() == name);
        found.ok_or_else(|| format!("there are only {}", Self::ALL.map(Self::name).join(", ")))
    }

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Partition => "partition",
            Self::Skew => "skew",
            Self::StoreAnswers => "store-answers",
            Self::StoreAway => "store-away",
            Self::StoreFull => "store-full",
            Self::LastSecond => "last-second",
            Self::Failover => "failover",
            Self::Emptied => "emptied",
            Self::SlackAnswers => "slack-answers",
            Self::SlackAway => "slack-away",
            Self::Deliveries => "deliveries",
            Self::ClusterAnswers => "cluster-answers",
            Self::ClusterAway => "cluster-away",
        }
    }
}

/// What a line leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Far {
    /// The store.
    Store,
    /// The API server.
    Api,
    /// Slack.
    Slack,
}

/// Something that breaks, or works again. Replicas are numbered from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A replica dies now.
    Dies(usize),
    /// A replica dies when it has touched the outside for that many times more.
    DiesAfter(usize, u64),
    /// A replica is started again if it is dead, and does not die of what was to come.
    Starts(usize),
    /// A line is like this from now on; of both replicas where none is named.
    Line(Option<usize>, Far, Way),
    /// The next calls of a replica to the store go wrong.
    Store(usize, Slip, usize),
    /// The store does not answer anybody, or does again.
    StoreAway(bool),
    /// The store is full, or has room again.
    StoreFull(bool),
    /// The store's contents are copied aside: what a later restart or failover has, of the class that is named.
    Copied(Class),
    /// The store has what was copied last, and nothing else.
    GoesBack(Class),
    /// The store has nothing.
    Emptied,
    /// The next calls of a method of Slack's go wrong; `*`: of any.
    Slack(&'static str, usize, SlackFault),
    /// Slack is away, or back.
    SlackAway(bool),
    /// Slack's sockets break.
    SocketsBreak,
    /// The next deliveries go wrong.
    Deliveries(usize, Mishap),
    /// The next deliveries come twice.
    Twice(usize),
    /// The next calls to the API server go wrong.
    Cluster(usize, cluster::On, cluster::Fault),
    /// The API server is away, or back.
    ClusterAway(bool),
    /// Watches of the API server break; it has forgotten what they would go on from.
    WatchesBreak,
}

impl Fault {
    /// Its class.
    pub const fn class(&self) -> Class {
        match self {
            Self::Dies(_) | Self::DiesAfter(..) | Self::Starts(_) => Class::Crash,
            Self::Line(..) => Class::Partition,
            Self::Store(..) => Class::StoreAnswers,
            Self::StoreAway(_) => Class::StoreAway,
            Self::StoreFull(_) => Class::StoreFull,
            Self::Copied(class) | Self::GoesBack(class) => *class,
            Self::Emptied => Class::Emptied,
            Self::Slack(..) => Class::SlackAnswers,
            Self::SlackAway(_) | Self::SocketsBreak => Class::SlackAway,
            Self::Deliveries(..) | Self::Twice(_) => Class::Deliveries,
            Self::Cluster(..) => Class::ClusterAnswers,
            Self::ClusterAway(_) | Self::WatchesBreak => Class::ClusterAway,
        }
    }
}

impl Fault {
    /// Whether whoever runs meets it as soon as it happens; what waits for a call may wait in vain.
    pub(super) const fn is_met_at_once(&self) -> bool {
        match self {
            Self::Dies(_) | Self::GoesBack(_) | Self::Emptied => true,
            Self::SocketsBreak | Self::WatchesBreak => true,
            Self::StoreAway(away) | Self::SlackAway(away) | Self::ClusterAway(away) => *away,
            Self::StoreFull(full) => *full,
            Self::Line(_, _, way) => !matches!(way, Way::Whole),
            Self::DiesAfter(..) | Self::Starts(_) | Self::Copied(_) => false,
            Self::Store(..) | Self::Slack(..) | Self::Cluster(..) => false,
            Self::Deliveries(..) | Self::Twice(_) => false,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dies(n) => write!(f, "replica {n} dies"),
            Self::DiesAfter(n, touches) => write!(f, "replica {n} dies after {touches} touches"),
            Self::Starts(n) => write!(f, "replica {n} is started"),
            Self::Line(Some(n), far, way) => {
                write!(f, "the line of replica {n} to {far:?} is {way:?}")
            }
            Self::Line(None, far, way) => write!(f, "the lines to {far:?} are {way:?}"),
            Self::Store(n, slip, times) => {
                write!(f, "{times} calls of replica {n} to the store: {slip:?}")
            }
            Self::StoreAway(true) => f.write_str("the store is away"),
            Self::StoreAway(false) => f.write_str("the store is back"),
            Self::StoreFull(true) => f.write_str("the store is full"),
            Self::StoreFull(false) => f.write_str("the store has room again"),
            Self::Copied(_) => f.write_str("the store is copied"),
            Self::GoesBack(_) => f.write_str("the store has the copy's contents"),
            Self::Emptied => f.write_str("the store is emptied"),
            Self::Slack(method, times, fault) => write!(f, "{times} calls of {method}: {fault:?}"),
            Self::SlackAway(true) => f.write_str("Slack is away"),
            Self::SlackAway(false) => f.write_str("Slack is back"),
            Self::SocketsBreak => f.write_str("Slack's sockets break"),
            Self::Deliveries(times, mishap) => write!(f, "{times} deliveries: {mishap:?}"),
            Self::Twice(times) => write!(f, "{times} deliveries come twice"),
            Self::Cluster(times, on, fault) => {
                write!(f, "{times} calls to the API server ({on:?}): {fault:?}")
            }
            Self::ClusterAway(true) => f.write_str("the API server is away"),
            Self::ClusterAway(false) => f.write_str("the API server is back"),
            Self::WatchesBreak => f.write_str("watches break"),
        }
    }
}
