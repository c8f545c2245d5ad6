//! What is counted and measured, for Prometheus: one struct, handed in, never global.
//!
//! # Guarantees
//! - A label's value is a word of this program or a name from its configuration (a cluster, a sink). What
//!   people type, are called or draw as an id is never one: the methods take `&'static str` for the first and
//!   [`Name`] for the second.
//! - Counting waits for nobody: the locks inside are held while a number is added or the text of one family
//!   is written, never across an await or IO. What tells of a closing is counted after it.
//! - Every family has all its constant label values from the start, so that the first refusal is an increase
//!   and not a new series.

mod families;
mod lag;
mod load;
mod process;
mod words;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

use self::families::Families;
use self::lag::Lags;
use self::load::Load;
pub use self::load::Seat;
pub use self::words::{
    ASKS, CALLS, DECISIONS, ENDS, Name, SLACK_OUTCOMES, SPANS, STEPS, STORE_ERRORS, VOTES,
};
use crate::lane::Lane;
use crate::units::Time;

/// The content type of [`Metrics::scrape`]'s text, by the OpenMetrics specification 1.0 ("Overall
/// structure").
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that is counted and measured in this process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    families: Families,
    load: Load,
    lags: Lags,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let families = Families::registered(&mut registry);
        registry.register_collector(Box::new(process::Process));
        Self {
            registry,
            families,
            load: Load::default(),
            lags: Lags::default(),
        }
    }
}

/// What the cluster shows of our objects now.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Gates {
    /// Requests that have an object there.
    pub open: u64,
    /// Those of them whose end is over.
    pub overdue: u64,
    /// For how long, the longest of them.
    pub longest: TimeDelta,
}

impl Metrics {
    /// Somebody asked and an answer was committed: one of [`ASKS`].
    pub fn asked(&self, verdict: &'static str) {
        self.families.asks.of(verdict).inc();
    }

    /// A request reached its end, committed: one of [`ENDS`].
    pub fn ended(&self, outcome: &'static str) {
        self.families.requests.of(outcome).inc();
    }

    /// Somebody decided, or decided before: one of [`VOTES`].
    pub fn voted(&self, kind: &'static str) {
        self.families.votes.of(kind).inc();
    }

    /// A request waited this long for one of [`DECISIONS`].
    pub fn decided(&self, decision: &'static str, after: TimeDelta) {
        let waited = self.families.decisions.of(decision);
        waited.observe(seconds(after));
    }

    /// The objects of an expired request were verified gone this long after its end.
    pub fn closed_after_expiry(&self, late: TimeDelta) {
        self.families.expiry_lateness.observe(seconds(late));
    }

    /// The reaper deleted an object this long after its end: nobody else had.
    pub fn reaped_after_expiry(&self, late: TimeDelta) {
        self.families.reaper_lateness.observe(seconds(late));
    }

    /// An object was applied, or not; `outcome`: `applied` or a class of the cluster's errors.
    pub fn applied(&self, cluster: &Name, outcome: &'static str, took: Duration) {
        let histogram = self.families.apply.of(cluster, outcome);
        histogram.observe(took.as_secs_f64());
    }

    /// An object was withdrawn, or not; `outcome`: `closed`, `already_gone`, `not_ours`, `kept` or a class
    /// of the cluster's errors.
    pub fn withdrew(&self, cluster: &Name, outcome: &'static str, took: Duration) {
        let histogram = self.families.withdraw.of(cluster, outcome);
        histogram.observe(took.as_secs_f64());
    }

    /// The sweep of a cluster ended.
    pub fn swept(&self, cluster: &Name, whole: bool) {
        let outcome = if whole { "whole" } else { "failed" };
        self.families.sweeps.of(cluster, outcome).inc();
    }

    /// A call of Slack's Web API was answered or given up: one of [`SLACK_OUTCOMES`].
    pub fn slack_called(&self, method: &'static str, outcome: &'static str, took: Duration) {
        let histogram = self.families.slack_calls.of(method, outcome);
        histogram.observe(took.as_secs_f64());
    }

    /// Whether the Socket Mode connection stands. Never told where Slack delivers by HTTP.
    pub fn slack_connected(&self, connected: bool) {
        let gauge = self.families.slack_connected.of("socket");
        gauge.set(i64::from(connected));
    }

    /// The store answered one of [`CALLS`], or failed with one of [`STORE_ERRORS`].
    pub fn store_called(&self, call: &'static str, failed: Option<&'static str>, took: Duration) {
        self.families
            .store_calls
            .of(call)
            .observe(took.as_secs_f64());
        if let Some(class) = failed {
            self.families.store_errors.of(class).inc();
        }
    }

    /// The store answered a claim call.
    pub fn claimed(&self, now: Time) {
        self.load.claimed(now);
    }

    /// A step is worked on from now until the seat is dropped; `due`: when its alarm rang.
    pub fn seat(self: &Arc<Self>, lane: Lane, due: Time) -> Seat {
        Seat::taken(self, lane, due)
    }

    /// Since when more is due in a shard (by its place among all) than the lane had room for; `None`:
    /// nothing waits.
    pub fn waits(&self, lane: Lane, shard: usize, since: Option<Time>) {
        self.load.waits(lane, shard, since);
    }

    /// A step of a lane ended: one of [`STEPS`].
    pub fn stepped(&self, lane: Lane, outcome: &'static str) {
        self.families.steps.of(lane.name(), outcome).inc();
    }

    /// How many records the ledger lacks, and since when the one that waits longest does.
    pub fn ledger_behind(&self, records: u64, since: Option<Time>) {
        self.families.ledger_behind.set(records);
        self.lags.ledger(since);
    }

    /// Appending to the ledger failed.
    pub fn ledger_failed(&self) {
        self.families.ledger_errors.inc();
    }

    /// Since when a signed head of the ledger is due; `None`: none is, or nobody signs.
    pub fn head_due(&self, since: Option<Time>) {
        self.lags.head(since);
    }

    /// How many records of the ledger a sink lacks, and since when the one that waits longest does.
    pub fn sink_behind(&self, sink: &Name, records: u64, since: Option<Time>) {
        self.families.sink_behind.of(sink).set(records);
        self.lags.sink(sink, since);
    }

    /// A sink did not take what it was given.
    pub fn sink_failed(&self, sink: &Name) {
        self.families.sink_errors.of(sink).inc();
    }

    /// What became of so many spans: one of [`SPANS`].
    pub fn spans(&self, outcome: &'static str, number: usize) {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        self.families.spans.of(outcome).inc_by(number);
    }

    /// What a cluster shows, and when everything in it was last read; `None`: not yet.
    pub fn cluster(&self, cluster: &Name, gates: Gates, swept_ago: Option<TimeDelta>) {
        let families = &self.families;
        families.gates_open.of(cluster).set(gates.open);
        families.gates_overdue.of(cluster).set(gates.overdue);
        let longest = families.gates_overdue_longest.of(cluster);
        longest.set(seconds(gates.longest));
        if let Some(ago) = swept_ago {
            families.sweep_age.of(cluster).set(seconds(ago));
        }
    }

    /// Whether the rules in force are not those in the folder, because those are broken.
    pub fn rules_stale(&self, stale: bool) {
        self.families.rules_stale.set(i64::from(stale));
    }

    /// Everything as text for Prometheus, ages as of `now`.
    ///
    /// # Errors
    /// Never in practice: writing to a text cannot fail.
    pub fn scrape(&self, now: Time) -> Result<String, std::fmt::Error> {
        for lane in Lane::ALL {
            let (depth, oldest) = self.load.of(lane);
            self.families.lane_depth.of(lane.name()).set(depth);
            let age = self.families.lane_oldest.of(lane.name());
            age.set(age_of(oldest, now));
        }
        if let Some(at) = self.load.last_claim() {
            self.families.claim_age.set(seconds(now - at));
        }
        let behind = age_of(self.lags.of_ledger(), now);
        self.families.ledger_behind_seconds.set(behind);
        let due = age_of(self.lags.of_head(), now);
        self.families.head_due_seconds.set(due);
        for (sink, since) in self.lags.of_sinks() {
            let behind = self.families.sink_behind_seconds.of(&sink);
            behind.set(age_of(since, now));
        }
        let mut told = String::new();
        text::encode(&mut told, &self.registry)?;
        Ok(told)
    }
}

fn age_of(since: Option<Time>, now: Time) -> f64 {
    since.map_or(0.0, |since| seconds(now - since))
}

/// In seconds; what lies ahead (a clock was set back) counts as now.
fn seconds(length: TimeDelta) -> f64 {
    length.to_std().unwrap_or_default().as_secs_f64()
}

#[cfg(test)]
mod tests;
