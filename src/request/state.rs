//! The states of a request (DESIGN §3 "States").

use serde::{Deserialize, Serialize};

use crate::rules::UserId;
use crate::units::{Seconds, Time};

/// Where a request stands. Each variant holds what only makes sense there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase")]
pub enum State {
    /// Waiting for approvers of one stage.
    Pending {
        /// Index into the route's stages.
        stage: usize,
        /// When this stage began: its lapse and reminders count from here.
        since: Time,
        /// Reminders sent in this stage.
        reminders: u32,
        /// Whether the next circle was asked too.
        #[serde(default)]
        escalated: bool,
    },
    /// Approved; being opened.
    Granting {
        /// When the last approval was given.
        since: Time,
        /// When to try next.
        retry_at: Time,
        /// Attempts that failed so far.
        failures: u32,
        /// The attempt under way, committed before anything is applied.
        attempt: Option<Attempt>,
    },
    /// Open, verified.
    Active {
        /// Whether the warning before the end was given.
        warned: bool,
    },
    /// Being closed. Never given up.
    Ending {
        /// Why.
        why: End,
        /// Since when.
        since: Time,
        /// When to try next.
        retry_at: Time,
        /// Tries that failed so far.
        failures: u32,
    },
    /// Closed; nothing of it is left in the cluster.
    Ended {
        /// Why.
        why: End,
        /// When that was verified.
        at: Time,
    },
    /// An approver, or the rules as they are now, said no.
    Denied {
        /// Who; `None`: the rules.
        by: Option<UserId>,
        /// Why: the approver's words, or the rules' sentence.
        reason: Option<String>,
    },
    /// The requester took it back.
    Cancelled,
    /// Nobody answered in time.
    Lapsed,
    /// Refused when asked, by a rule or a fact.
    Refused {
        /// The sentence shown to the person.
        reason: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// Approved, but it could not be opened; nothing of it is left in the cluster.
    Failed {
        /// What went wrong, in the person's words.
        reason: String,
    },
}

/// An attempt not verified within this time is made again with a new end, so that the person gets
/// the time they asked for (DESIGN §3).
pub const ATTEMPT_FRESH: Seconds = Seconds(5);

/// One try to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it was committed.
    pub at: Time,
    /// The end that its objects carry: `at` plus the duration, in whole seconds.
    pub expires_at: Time,
}

impl Attempt {
    /// Whether its end may still be counted from: verified later, the attempt is made again.
    pub fn is_fresh(&self, now: Time) -> bool {
        now <= ATTEMPT_FRESH.after(self.at)
    }
}

/// Why an open path ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "camelCase")]
pub enum End {
    /// Its time is over.
    Expired,
    /// The requester needs it no more.
    Done,
    /// An approver or revoker closed it.
    Revoked {
        /// Who.
        by: UserId,
        /// Why, as typed.
        reason: Option<String>,
    },
    /// The incident it belonged to was closed.
    IncidentClosed,
    /// Drawbridge withdrew it, because staying open would do harm.
    Withdrawn {
        /// Why.
        reason: String,
    },
    /// Somebody else deleted its objects; owners win.
    Removed,
    /// It could not be opened; what was applied is taken back.
    Failed {
        /// What went wrong, in the person's words.
        reason: String,
    },
}

impl End {
    /// One word for ledgers and metrics.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Done => "done",
            Self::Revoked { .. } => "revoked",
            Self::IncidentClosed => "incident_closed",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Removed => "removed",
            Self::Failed { .. } => "failed",
        }
    }
}

impl State {
    /// One word for the API (DESIGN §8), ledgers and metrics.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pending { .. } => "pending",
            Self::Granting { .. } => "granting",
            Self::Active { .. } => "active",
            Self::Ending { .. } => "ending",
            Self::Ended { .. } => "ended",
            Self::Denied { .. } => "denied",
            Self::Cancelled => "cancelled",
            Self::Lapsed => "lapsed",
            Self::Refused { .. } => "refused",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whether nothing can happen to the request any more.
    pub const fn is_final(&self) -> bool {
        !matches!(
            self,
            Self::Pending { .. }
                | Self::Granting { .. }
                | Self::Active { .. }
                | Self::Ending { .. }
        )
    }

    /// Whether what was open is being closed, or is closed: then it is the cluster's word that counts, and neither
    /// its commits nor updates of its messages wait for the store's second copy. New messages do.
    pub const fn lets_go(&self) -> bool {
        matches!(
            self,
            Self::Ending { .. } | Self::Ended { .. } | Self::Failed { .. }
        )
    }

    /// Whether objects of the request may exist in the cluster by right. Anything found outside
    /// these states is taken down at once by the reaper.
    pub const fn may_have_objects(&self) -> bool {
        matches!(
            self,
            Self::Granting { .. } | Self::Active { .. } | Self::Ending { .. }
        )
    }
}
