//! How long people wait for answers, and for whose.

use serde::Serialize;

use super::super::spread::Spread;

/// How long people wait. Only requests that somebody answered count: not those that opened by themselves,
/// as an emergency or on an earlier approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answers {
    /// From the ask to the first approval or denial.
    pub first_answer: Spread,
    /// From the ask to the last approval needed, or the denial.
    pub decision: Spread,
    /// By governing rule, the most often decided first.
    pub by_rule: Vec<RuleWaits>,
    /// By stage, the most often reached first.
    pub by_stage: Vec<StageWaits>,
    /// Answered requests of which the ledger does not say when their stages began (older records).
    pub stages_not_known: u64,
}

/// Waits under one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleWaits {
    /// Its name.
    pub rule: String,
    /// From the ask to the first answer.
    pub first_answer: Spread,
    /// From the ask to the decision.
    pub decision: Spread,
}

/// Waits at one stage: counted from the moment it was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageWaits {
    /// The rule.
    pub rule: String,
    /// The stage.
    pub stage: String,
    /// How often it was reached.
    pub reached: u64,
    /// How often nobody filled it in time.
    pub lapsed: u64,
    /// From reaching it to its first answer.
    pub first_answer: Spread,
    /// From reaching it to its last approval, or the denial.
    pub decision: Spread,
}

/// Who is asked, who answers, who does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct People {
    /// Everybody who was asked or answered, the most often asked first.
    pub everyone: Vec<Person>,
    /// Requests that waited for people of whom the ledger does not say who they were (older records).
    pub asked_not_known: u64,
}

/// One person, or a service account that approves offline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Slack id, or `namespace/name`.
    pub id: String,
    /// What they were called when they last answered.
    pub name: Option<String>,
    /// How often they were asked: once for each stage that was reached and that they may fill.
    pub asked: u64,
    /// How often they approved.
    pub approved: u64,
    /// How often they denied.
    pub denied: u64,
    /// How often a stage that they were asked for ended unanswered in its time, without a word of theirs.
    pub lapsed: u64,
    /// How often they reviewed an emergency.
    pub reviewed: u64,
    /// From being asked to their answer.
    pub answer: Spread,
}

impl Person {
    /// Approvals and denials.
    pub const fn answered(&self) -> u64 {
        self.approved + self.denied
    }
}
