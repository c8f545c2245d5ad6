//! What happened, one event per fact, written in the same atomic step as the change it tells of.
//!
//! Events carry ids and numbers; texts that people typed are in fields named `typed_*`, so that an
//! exporter can find and drop them. The core makes events; it never stores or sends them.

use serde::{Deserialize, Serialize};

use crate::id::RequestId;
use crate::rules::{Principal, UserId};
use crate::units::{Seconds, Time};

/// One thing that happened to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, by the clock of the process that decided it.
    pub at: Time,
    /// Who did it.
    pub by: Actor,
    /// What it was.
    #[serde(flatten)]
    pub fact: Fact,
}

/// Who made something happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Actor {
    /// A person in Slack, by verified id.
    Person(UserId),
    /// A service, by its ServiceAccount.
    Service(String),
    /// Drawbridge itself: time passed, or the cluster answered.
    Drawbridge,
    /// Somebody with access to the cluster, who is not known to us.
    ClusterUser,
}

impl From<&Principal> for Actor {
    fn from(principal: &Principal) -> Self {
        match principal {
            Principal::Person(user) => Self::Person(user.clone()),
            Principal::Service { .. } => Self::Service(principal.to_string()),
        }
    }
}

/// The facts that are recorded. New ones are added at the end; old ones never change their meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Fact {
    /// A request was made and waits for approval.
    Asked {
        /// What was asked, canonical.
        flow: String,
        /// Which cluster.
        cluster: String,
        /// For how long.
        seconds: Seconds,
        /// Governing rule.
        rule: String,
        /// SHA-256 of the rule's text.
        rule_digest: String,
        /// Why, as typed.
        typed_reason: Option<String>,
    },
    /// A request was refused at once, by a rule or a fact.
    Refused {
        /// What was asked, canonical.
        flow: String,
        /// Which cluster.
        cluster: String,
        /// The sentence that the person was shown.
        because: String,
        /// Why they asked, as typed.
        typed_reason: Option<String>,
    },
    /// One approver agreed.
    Approved {
        /// Name of the stage the vote fills.
        stage: String,
        /// By what right, where it is not the person's own: `stands in for U0LEE`, `escalated`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        right: Option<String>,
        /// For how long, where that is less than asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shortened: Option<Seconds>,
        /// Until when it also counts for the same requester and path.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts_until: Option<Time>,
    },
    /// The last stage is filled: opening begins.
    Granted,
    /// An approver said no, or the rules changed to no.
    Denied {
        /// Why, where a reason was given by the rules.
        because: Option<String>,
        /// Why, as typed by the approver.
        typed_reason: Option<String>,
    },
    /// The requester took the request back.
    Cancelled,
    /// Nobody answered in time.
    Lapsed,
    /// Those who had not answered were reminded.
    Reminded,
    /// An attempt to open began; objects expire at `expires_at` whatever happens.
    Attempted {
        /// The end written on the objects.
        expires_at: Time,
        /// `namespace/name` of each object.
        objects: Vec<String>,
    },
    /// The path is open, verified in the cluster.
    Opened {
        /// When it ends.
        expires_at: Time,
    },
    /// An attempt to open failed.
    NotOpened {
        /// What went wrong, for operators.
        problem: String,
    },
    /// The requester was warned of the coming end.
    Warned,
    /// The path is to be closed.
    Closing {
        /// Why.
        why: String,
        /// As typed by the person who ended it.
        typed_reason: Option<String>,
    },
    /// Closing did not succeed yet; it goes on.
    NotClosed {
        /// What went wrong, for operators.
        problem: String,
    },
    /// Everything of this request is gone from the cluster.
    Closed {
        /// Why.
        why: String,
    },
    /// The rule approved by itself.
    Automatic {
        /// Within which limits.
        because: String,
    },
    /// An approval that was given before counted for this request too.
    Recalled {
        /// Name of the stage it fills.
        stage: String,
        /// Who gave it.
        by: UserId,
        /// The request on which it was given.
        on: RequestId,
    },
    /// An approver took back that their approval counts for later asks.
    Forgotten,
    /// Nobody answered: the next circle was asked too.
    Escalated,
    /// Somebody opened at once; these stages were skipped.
    Emergency {
        /// Names of the stages.
        skipped: Vec<String>,
        /// For how long.
        seconds: Seconds,
        /// Until when a review is demanded.
        review_by: Time,
    },
    /// The review of an emergency was asked for again.
    Chased,
    /// The review of an emergency was given.
    Reviewed {
        /// What they found, as typed.
        typed_words: Option<String>,
    },
    /// The review of an emergency was asked for in vain.
    Unreviewed,
    /// Another request goes on after this one's end.
    Extended {
        /// Which.
        by: RequestId,
        /// Until when.
        until: Time,
    },
    /// Somebody is away, and somebody stands in.
    Away {
        /// Who stands in.
        to: UserId,
        /// Until when.
        until: Time,
    },
    /// Somebody is back before their time.
    Back,
    /// An incident was opened in a channel.
    IncidentOpened {
        /// The channel.
        channel: String,
        /// What it is about, as typed.
        typed_title: Option<String>,
    },
    /// An incident was closed: what was opened for it ends.
    IncidentClosed {
        /// The channel.
        channel: String,
    },
    /// The open path was judged again, and what is not as approved has changed.
    Observed {
        /// All of it now, one line for each part; empty: all is as approved again.
        findings: Vec<String>,
    },
}
