//! What can stop working in the town, by name: stories break it by a line, visitors by a button.

use super::Town;
use crate::sim::cluster::{Fault as ClusterFault, On, Verb};
use crate::sim::slack::Fault;

/// How many messages Slack refuses when it is broken with a status.
const REFUSALS: usize = 2;

/// The `Retry-After` of a refusal with 429, in seconds.
const RETRY_AFTER: u64 = 5;

/// Something that can stop working.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Slack's Web API and sockets.
    Slack,
    /// Slack answers 429 to the next messages.
    SlackBusy,
    /// Slack answers 500 to the next messages.
    SlackFails,
    /// Slack posts the next message, and its answer is lost.
    SlackAnswers,
    /// The API server.
    Cluster,
    /// The API server does the next write, and its answer is lost.
    ClusterAnswers,
    /// An admission policy refuses our objects.
    Admission,
    /// The store.
    Store,
    /// Every call to the store takes 0.7 s.
    StoreSpeed,
}

/// Every trouble: its name, and what it means.
pub static TROUBLES: &[(&str, Trouble, &str)] = &[
    (
        "slack",
        Trouble::Slack,
        "every connection is cut and none accepted",
    ),
    (
        "slack with 429",
        Trouble::SlackBusy,
        "the next two messages are refused for five seconds",
    ),
    (
        "slack with 500",
        Trouble::SlackFails,
        "the next two messages fail",
    ),
    (
        "slack's answers",
        Trouble::SlackAnswers,
        "the next message is posted, and nobody hears of it",
    ),
    ("the cluster", Trouble::Cluster, "the API server is gone"),
    (
        "the cluster's answers",
        Trouble::ClusterAnswers,
        "the next write is done, the answer lost",
    ),
    (
        "the cluster by policy",
        Trouble::Admission,
        "an admission policy refuses our objects",
    ),
    ("the store", Trouble::Store, "it does not answer"),
    (
        "the store's speed",
        Trouble::StoreSpeed,
        "every call takes 0.7 s",
    ),
];

impl Trouble {
    /// The trouble of that name.
    ///
    /// # Errors
    /// A sentence that lists the names there are.
    pub fn named(name: &str) -> Result<Self, String> {
        let found = TROUBLES.iter().find(|(known, ..)| *known == name);
        found.map(|(_, trouble, _)| *trouble).ok_or_else(|| {
            let names: Vec<String> = TROUBLES
                .iter()
                .map(|(known, ..)| format!("`{known}`"))
                .collect();
            format!("`{name}` cannot break: try {}", names.join(", "))
        })
    }

    /// Whether it ends by itself, after a few calls.
    pub const fn passes(self) -> bool {
        matches!(
            self,
            Self::SlackBusy | Self::SlackFails | Self::SlackAnswers | Self::ClusterAnswers
        )
    }
}

impl Town {
    /// Whether a trouble still waits for calls that it would spoil.
    pub fn waits(&self, trouble: Trouble) -> bool {
        match trouble {
            Trouble::SlackBusy | Trouble::SlackFails | Trouble::SlackAnswers => {
                self.slack.faults_waiting() > 0
            }
            Trouble::ClusterAnswers => self.api.faults_waiting() > 0,
            _ => false,
        }
    }

    /// Breaks something (`true`), or makes it work again.
    pub fn trouble(&self, trouble: Trouble, broken: bool) {
        let (slack, api) = (&self.slack, &self.api);
        let refuse = |fault| slack.fail_next("chat.postMessage", REFUSALS, &fault);
        match (trouble, broken) {
            (Trouble::Slack, _) => slack.be_away(broken),
            (Trouble::Cluster, _) => api.away(broken),
            (Trouble::Store, _) => self.shelf.be_away(broken),
            (Trouble::StoreSpeed, _) => self.shelf.be_slow(broken),
            (Trouble::SlackBusy, true) => refuse(Fault::RateLimited(Some(RETRY_AFTER))),
            (Trouble::SlackFails, true) => refuse(Fault::ServerError),
            (Trouble::SlackAnswers, true) => {
                slack.fail_next("chat.postMessage", 1, &Fault::CutAfter);
            }
            (Trouble::ClusterAnswers, true) => {
                api.fail_next(1, On::Verb(Verb::Apply), ClusterFault::LostAnswer);
            }
            (Trouble::Admission, true) => {
                api.deny_names("drawbridge-", "policies need a ticket number");
            }
            (Trouble::Admission, false) => api.heal(),
            // These end by themselves.
            (
                Trouble::SlackBusy
                | Trouble::SlackFails
                | Trouble::SlackAnswers
                | Trouble::ClusterAnswers,
                false,
            ) => {}
        }
    }
}
