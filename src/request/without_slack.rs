//! An approval that was given while Slack was away, by a service that the rule names for that.

use serde::{Deserialize, Serialize};

use super::document::Request;
use crate::rules::{Account, Principal, Route};
use crate::units::{Seconds, Time};

/// The longest that a token may be good for, from its making: one that lies around must not approve.
pub const TOKEN_MAX: Seconds = Seconds::hours(1);

/// How long Slack must have been away at least: one lost answer is not enough.
pub const AWAY_MIN: Seconds = Seconds::minutes(1);

/// What a verified service brings to approve without Slack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Who.
    pub by: Account,
    /// The token's own id; `None`: it has none.
    pub token_id: Option<String>,
    /// How long the token is good for in all; `None`: it does not end.
    pub lifetime: Option<Seconds>,
    /// For how long Slack has been away, by attempts to reach it; `None`: it answers, and people decide.
    pub slack_away: Option<Seconds>,
}

/// The one vote that a request can have without Slack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfflineVote {
    /// Which service, as it is called on the request's cluster.
    pub by: Principal,
    /// The token's own id.
    pub token_id: String,
    /// The stage it fills a slot of.
    pub stage: usize,
    /// When.
    pub at: Time,
}

impl Request {
    /// Whether the vote without Slack counts for this stage, as the rule is by this route. INVARIANT (one
    /// vote): it fills one slot, however many accounts the rule names.
    pub(super) fn offline_counts(&self, stage: &str, route: Option<&Route>) -> bool {
        let (Some(vote), Some(route)) = (&self.offline, route) else {
            return false;
        };
        let of_stage = self.stages().get(vote.stage);
        let cluster = &self.asked.cluster;
        let account = Account::of(&vote.by, cluster);
        of_stage.is_some_and(|plan| plan.name == stage)
            && account.is_some_and(|account| account.is_in(&route.offline, cluster))
    }
}
