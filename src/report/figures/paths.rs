//! How single paths are used, and which of them have become habits.

use serde::Serialize;
use serde_json::Value;

use crate::units::Time;

/// How one path was used. Extensions do not count as asks, their time counts as open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PathUse {
    /// Its cluster.
    pub cluster: String,
    /// `shop/web -> orders/db:5432`
    pub flow: String,
    /// How often it was asked for.
    pub asks: u64,
    /// How often it opened.
    pub opened: u64,
    /// How often an approver or the rules said no, at once or later.
    pub refused: u64,
    /// How many people and services asked.
    pub askers: u64,
    /// How long it was open, closed grants only; grants that overlap count each.
    pub open_seconds: u64,
    /// When it was last asked for.
    pub last_asked: Time,
}

/// Grants that nothing went through, by flow data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unused {
    /// Flows that were read.
    pub flows: u64,
    /// Lines that are no flows.
    pub unreadable: u64,
    /// When the first of them happened.
    pub first: Option<Time>,
    /// When the last of them happened.
    pub last: Option<Time>,
    /// Closed grants whose whole time lies between the two and whose ends occur in the data: only they can be
    /// judged.
    pub judged: u64,
    /// Of them, those that no forwarded flow went through.
    pub never_used: u64,
    /// Closed grants of which the data says nothing.
    pub not_known: u64,
    /// Paths with grants that were never used, the most such grants first.
    pub paths: Vec<UnusedPath>,
}

/// A path with grants that were never used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnusedPath {
    /// Its cluster.
    pub cluster: String,
    /// Its flow.
    pub flow: String,
    /// Grants judged.
    pub judged: u64,
    /// Of them, those never used.
    pub never_used: u64,
}

/// What is asked again and again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Habits {
    /// Asks from which on it is a habit.
    pub at_least_asks: u32,
    /// Days from which on it is one.
    pub at_least_days: u32,
    /// Days without an ask after which it was one.
    pub idle_days: u32,
    /// Paths that reached both numbers in the period, the most often asked first.
    pub current: Vec<Habit>,
    /// Paths that reached both numbers in any time as long as the period, and that nobody asked for in the
    /// last `idle_days`; the longest forgotten first.
    pub former: Vec<Habit>,
}

/// A path that is, or was, asked for again and again. Asks that a rule refused at once, and extensions, do
/// not count.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Habit {
    /// Its cluster.
    pub cluster: String,
    /// Its flow.
    pub flow: String,
    /// How often it was asked for: in the period; of a former one, ever.
    pub asks: u64,
    /// On how many days.
    pub days: u64,
    /// How many asks in the period opened; of a former one, ever.
    pub opened: u64,
    /// How many people and services asked, in the period; of a former one, ever.
    pub askers: u64,
    /// When it was last asked for, refused or not.
    pub last_asked: Time,
    /// The NetworkPolicies that would make the asks unnecessary, as they were last applied, without marks;
    /// empty: the ledger does not say what was applied.
    pub policies: Vec<Value>,
    /// Whether objects of other kinds were applied: no NetworkPolicy can stand for those.
    #[serde(skip)]
    pub stated: bool,
}

impl Habit {
    /// [`Habit::policies`] as YAML documents, fit for `kubectl apply -f -`.
    pub fn yaml(&self) -> String {
        super::super::policy::yaml(&self.policies)
    }
}
