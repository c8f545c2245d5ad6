//! How paths opened and how they ended: with approval, at once, or by themselves.

use chrono::NaiveDate;
use serde::Serialize;

use super::super::spread::Spread;
use crate::id::RequestId;
use crate::units::Time;

/// How long paths were open, and how they ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenTime {
    /// How often one opened.
    pub opened: u64,
    /// Of them, those not closed yet when the ledger was read.
    pub still_open: u64,
    /// Of them, those of which an approver or an emergency made less than was asked.
    pub shortened: u64,
    /// Of them, those that another request lengthened.
    pub extended: u64,
    /// How the closed ones ended.
    pub ended: Ended,
    /// Closed grants that are no extensions: only of them the time asked, given and open are compared.
    pub compared: u64,
    /// Time asked for, summed over the compared.
    pub asked_seconds: u64,
    /// Time given: what was asked, or less where it was shortened.
    pub given_seconds: u64,
    /// Time open: from the verified opening to the verified closing.
    pub open_seconds: u64,
    /// How much of the time asked each of the compared was open: under 10 %, under 20 %, … , under 100 %,
    /// and all of it: its time was over and nobody had made it less, or at most 5 s were missing.
    pub share: [u64; 11],
    /// By governing rule, the most often opened first.
    pub by_rule: Vec<RuleOpen>,
}

/// How grants ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Ended {
    /// Their time was over.
    pub expired: u64,
    /// The requester needed it no more.
    pub done: u64,
    /// An approver or revoker closed it.
    pub revoked: u64,
    /// Their incident was closed.
    pub incident_closed: u64,
    /// Drawbridge withdrew it, because staying open would have done harm.
    pub withdrawn: u64,
    /// Somebody deleted its objects.
    pub removed: u64,
    /// Anything else.
    pub other: u64,
}

impl Ended {
    /// All that ended before their time.
    pub const fn early(&self) -> u64 {
        self.done + self.revoked + self.incident_closed + self.withdrawn + self.removed + self.other
    }

    /// All that ended.
    pub const fn total(&self) -> u64 {
        self.expired + self.early()
    }
}

/// Time open under one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleOpen {
    /// Its name.
    pub rule: String,
    /// How often a path opened.
    pub opened: u64,
    /// How often it ended before its time.
    pub ended_early: u64,
    /// How often it was lengthened.
    pub extended: u64,
    /// Time asked for, of the compared.
    pub asked: Spread,
    /// Time open, of the compared.
    pub open: Spread,
}

/// What was opened before anybody agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Emergencies {
    /// How many.
    pub total: u64,
    /// What became of their reviews.
    pub reviews: Reviews,
    /// The same by the time of the ask, without gaps.
    pub over_time: Vec<ReviewsThen>,
    /// Each of them, the latest first.
    pub each: Vec<EmergencyUse>,
}

/// What became of reviews.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Reviews {
    /// Given in time.
    pub done: u64,
    /// Given after their time.
    pub late: u64,
    /// Not given yet, in their time.
    pub open: u64,
    /// Not given yet, after their time.
    pub overdue: u64,
    /// Asked for in vain until Drawbridge stopped asking.
    pub never: u64,
}

impl Reviews {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.done + self.late + self.open + self.overdue + self.never
    }
}

/// The emergencies of one step of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReviewsThen {
    /// Its first day.
    pub start: NaiveDate,
    /// What became of their reviews.
    #[serde(flatten)]
    pub reviews: Reviews,
}

/// How far a review is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Review {
    /// Given in time.
    Done,
    /// Given after its time.
    Late,
    /// Not given yet, in its time.
    Open,
    /// Not given yet, after its time.
    Overdue,
    /// Asked for in vain until Drawbridge stopped asking.
    Never,
}

/// One emergency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EmergencyUse {
    /// The request.
    pub id: RequestId,
    /// When it was broken open.
    pub at: Time,
    /// Who did.
    pub by: String,
    /// Its rule.
    pub rule: String,
    /// Its cluster.
    pub cluster: String,
    /// Its path.
    pub flow: String,
    /// How far the review is.
    pub review: Review,
    /// Until when it was, or is, demanded.
    pub review_by: Time,
    /// Who gave it.
    pub reviewed_by: Option<String>,
}

/// What needed nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Automatic {
    /// Requests that their rule approved by itself.
    pub total: u64,
    /// Requests of which an approval given before filled a stage.
    pub recalled: u64,
    /// By rule, the most frequent first; rules without any are left out.
    pub by_rule: Vec<RuleAutomatic>,
}

/// What one rule approved by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleAutomatic {
    /// Its name.
    pub rule: String,
    /// So many.
    pub automatic: u64,
    /// Of so many requests.
    pub asks: u64,
}

impl Review {
    /// As the JSON says it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Late => "late",
            Self::Open => "open",
            Self::Overdue => "overdue",
            Self::Never => "never",
        }
    }
}
