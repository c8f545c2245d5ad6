//! One request on its way: what has to be remembered of it until it is settled.

use super::names::Name;
use crate::units::{Seconds, Time};

/// One request on its way.
#[derive(Debug)]
pub(super) struct Course {
    /// Whether it was asked in the period. Others are followed only for the habits.
    pub(super) counts: bool,
    pub(super) asked_at: Time,
    pub(super) path: Name,
    pub(super) rule: Name,
    /// What was asked for.
    pub(super) asked: Seconds,
    /// What it was shortened to.
    pub(super) shortened: Option<Seconds>,
    pub(super) extension: bool,
    pub(super) extended: bool,
    pub(super) emergency: bool,
    /// Whether it was made of objects that are no NetworkPolicies.
    pub(super) stated: bool,
    /// Whether an approval given before filled a stage.
    pub(super) recalled: bool,
    /// Whether somebody approved or denied.
    pub(super) answered: bool,
    /// Whether it was granted or denied: what the rules say after that is no decision any more.
    pub(super) decided: bool,
    /// The stage that waits; `None` where the ledger does not say, and after the decision.
    pub(super) stage: Option<Waiting>,
    /// Whether an answer came while the stage was not known.
    pub(super) stage_missed: bool,
    pub(super) opened_at: Option<Time>,
}

/// A stage that waits for people.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) name: Name,
    pub(super) since: Time,
    pub(super) answered: bool,
    /// Who was asked, and when.
    pub(super) asked: Vec<(Name, Time)>,
    /// Who answered.
    pub(super) answers: Vec<Name>,
}

/// Whole seconds between two instants; a clock that went back makes none.
pub(super) fn seconds(from: Time, to: Time) -> u32 {
    u32::try_from((to - from).num_seconds().max(0)).unwrap_or(u32::MAX)
}
