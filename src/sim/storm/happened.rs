//! What happened in a storm, in numbers: where nothing happens every promise is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::Result;

use super::Plan;
use super::fault::Class;
use super::stage::Stage;
use super::troubles::Held;
use crate::request::{Request, State};

/// What happened in one storm, or in several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Happened {
    /// Objects of ours that were there, by what held them.
    pub gates: BTreeMap<Held, usize>,
    /// Requests by how they ended, or by where they stand; `gone`: the store has forgotten them.
    pub requests: BTreeMap<&'static str, usize>,
    /// Storms in which the bot met a fault of each class.
    pub faults: BTreeMap<Class, usize>,
}

impl Happened {
    /// What happened in this storm.
    pub(super) async fn of(stage: &Stage, plan: &Plan) -> Result<Self> {
        let mut happened = Self::default();
        for life in stage.town.gates.lives() {
            let held = stage.troubles.deadline(&life).0;
            *happened.gates.entry(held).or_default() += 1;
        }
        for id in stage.town.shelf.created() {
            let request = stage.request(&id).await?;
            let end = request.as_ref().map_or("gone", end);
            *happened.requests.entry(end).or_default() += 1;
        }
        let met = met(stage, plan).into_iter();
        happened.faults = met.map(|class| (class, 1)).collect();
        Ok(happened)
    }

    /// What never happened of all that a thousand storms are sure to bring.
    pub fn missing(&self) -> Vec<&'static str> {
        let gates = Held::ALL
            .iter()
            .filter(|held| !self.gates.contains_key(held));
        let ends = ENDS.iter().filter(|end| !self.requests.contains_key(*end));
        let faults = Class::ALL
            .iter()
            .filter(|class| !self.faults.contains_key(class));
        let missing = gates.map(|held| held.name()).chain(ends.copied());
        missing.chain(faults.map(|class| class.name())).collect()
    }

    /// What happened in another storm happened too.
    pub fn add(&mut self, other: &Self) {
        for (held, count) in &other.gates {
            *self.gates.entry(*held).or_default() += count;
        }
        for (end, count) in &other.requests {
            *self.requests.entry(end).or_default() += count;
        }
        for (class, count) in &other.faults {
            *self.faults.entry(*class).or_default() += count;
        }
    }
}

/// How requests of storms end, or where they stand when everything is settled.
const ENDS: [&str; 11] = [
    "pending",
    "lapsed",
    "expired",
    "done",
    "revoked",
    "removed",
    "withdrawn",
    "denied",
    "cancelled",
    "refused",
    "gone",
];

const fn end(request: &Request) -> &'static str {
    match &request.state {
        State::Ended { why, .. } => why.word(),
        state => state.word(),
    }
}

/// Classes of faults that the bot met.
fn met(stage: &Stage, plan: &Plan) -> BTreeSet<Class> {
    let town = &stage.town;
    let slack = town.slack.faults_met();
    let met = [
        (Class::Crash, stage.troubles.has_death()),
        (Class::Skew, plan.clocks.iter().any(|off| !off.is_zero())),
        (Class::StoreAnswers, stage.counted.slips > 0),
        (Class::SlackAnswers, slack.calls > 0),
        (Class::Deliveries, slack.deliveries > 0),
        (Class::ClusterAnswers, stage.counted.calls > 0),
    ];
    let met = met.into_iter().filter(|(_, met)| *met);
    let mut all = stage.met.clone();
    all.extend(met.map(|(class, _)| class));
    all
}

impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gates = list(self.gates.iter().map(|(held, n)| (held.name(), n)));
        let requests = list(self.requests.iter().map(|(end, n)| (*end, n)));
        let faults = list(self.faults.iter().map(|(class, n)| (class.name(), n)));
        writeln!(f, "objects held: {gates}")?;
        writeln!(f, "requests: {requests}")?;
        write!(f, "storms that met: {faults}")
    }
}

fn list<'a>(counted: impl Iterator<Item = (&'a str, &'a usize)>) -> String {
    let counted: Vec<String> = counted.map(|(what, n)| format!("{what} {n}")).collect();
    match counted.is_empty() {
        true => "none".to_owned(),
        false => counted.join(", "),
    }
}
