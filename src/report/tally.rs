//! What is counted while the ledger is read.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;

use super::figures::{Ended, Outcomes};
use super::names::Name;
use crate::id::RequestId;
use crate::units::Time;

/// Everything that is counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// By the day of the ask.
    pub(super) days: BTreeMap<NaiveDate, Outcomes>,
    pub(super) extensions: u64,
    pub(super) askers: HashSet<Name>,
    pub(super) first_answer: Vec<u32>,
    pub(super) decision: Vec<u32>,
    pub(super) stages_not_known: u64,
    pub(super) asked_not_known: u64,
    pub(super) recalled: u64,
    pub(super) shortened: u64,
    pub(super) extended: u64,
    pub(super) still_open: u64,
    pub(super) ended: Ended,
    pub(super) compared: Compared,
    pub(super) rules: HashMap<Name, RuleTally>,
    pub(super) stages: HashMap<(Name, Name), StageTally>,
    pub(super) people: HashMap<Name, PersonTally>,
    /// By the number of cluster and flow.
    pub(super) paths: HashMap<Name, PathTally>,
    pub(super) emergencies: HashMap<RequestId, EmergencyTally>,
    /// Kept only where flow data will judge them.
    pub(super) grants: Vec<Grant>,
}

/// Time asked, given and open.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) count: u64,
    pub(super) asked: u64,
    pub(super) given: u64,
    pub(super) open: u64,
    pub(super) share: [u64; 11],
}

#[derive(Debug, Default)]
pub(super) struct RuleTally {
    pub(super) outcomes: Outcomes,
    pub(super) automatic: u64,
    pub(super) first_answer: Vec<u32>,
    pub(super) decision: Vec<u32>,
    pub(super) ended_early: u64,
    pub(super) extended: u64,
    pub(super) asked: Vec<u32>,
    pub(super) open: Vec<u32>,
}

#[derive(Debug, Default)]
pub(super) struct StageTally {
    pub(super) reached: u64,
    pub(super) lapsed: u64,
    pub(super) first_answer: Vec<u32>,
    pub(super) decision: Vec<u32>,
}

#[derive(Debug, Default)]
pub(super) struct PersonTally {
    pub(super) name: Option<Box<str>>,
    pub(super) asked: u64,
    pub(super) approved: u64,
    pub(super) denied: u64,
    pub(super) lapsed: u64,
    pub(super) reviewed: u64,
    pub(super) answer: Vec<u32>,
}

impl PersonTally {
    /// Whether they were asked for anything or did anything in the period.
    pub(super) const fn took_part(&self) -> bool {
        self.asked + self.approved + self.denied + self.reviewed > 0
    }
}

/// A path over the whole ledger.
#[derive(Debug, Default)]
pub(super) struct PathTally {
    /// Asks in the period, extensions left out.
    pub(super) outcomes: Outcomes,
    /// Those who asked in the period, and those who ever did.
    pub(super) askers: HashSet<Name>,
    pub(super) ever_askers: HashSet<Name>,
    pub(super) ever_opened: u64,
    /// Of closed grants in the period, extensions too.
    pub(super) open_seconds: u64,
    pub(super) last_asked: Option<Time>,
    /// Asks that were not refused at once, by day: ever, and in the period.
    pub(super) days: BTreeMap<NaiveDate, (u32, u32)>,
    /// What was applied last: JSON, as short as it can be kept.
    pub(super) policies: Option<Box<str>>,
    /// Whether those are of other kinds than NetworkPolicy.
    pub(super) stated: bool,
}

#[derive(Debug)]
pub(super) struct EmergencyTally {
    pub(super) asked_at: Time,
    pub(super) at: Time,
    pub(super) by: Name,
    pub(super) rule: Name,
    pub(super) path: Name,
    pub(super) review_by: Time,
    pub(super) reviewed: Option<(Name, Time)>,
    pub(super) given_up: bool,
}

/// One grant of the period.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grant {
    pub(super) path: Name,
    pub(super) opened_at: Time,
    pub(super) closed_at: Time,
    /// Whether it was made of objects that are no NetworkPolicies: no flow of packets tells of those.
    pub(super) stated: bool,
}
