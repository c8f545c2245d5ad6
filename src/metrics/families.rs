//! Every family: its name, what it tells, its labels and its buckets. Names follow Prometheus'
//! "Metric and label naming" page: base units, `_total` for counters (written by the encoder).

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::TypedMetric;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::words::{ASKS, CALLS, DECISIONS, ENDS, Name, SPANS, STEPS, STORE_ERRORS, VOTES};
use crate::lane::Lane;

/// How late an end may be: the promises are 2 s, 3 s, 5 s and 15 s.
const LATENESS: [f64; 11] = [0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 15.0, 60.0, 300.0];

/// Calls over a network: the longest are given up after 5 s and 10 s.
const CALL: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Calls of the store: most take a millisecond, none may take 3 s (a lease).
const STORE_CALL: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 3.0];

/// People: from seconds to a day.
const WAITING: [f64; 9] = [
    5.0, 30.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 14400.0, 86400.0,
];

type One<V> = [(&'static str, V); 1];
type Two<V> = (One<V>, One<&'static str>);
pub(super) type Real = Gauge<f64, AtomicU64>;
pub(super) type Whole = Gauge<u64, AtomicU64>;

/// A family by one label: a word of ours, or a name from the configuration.
#[derive(Debug)]
pub(super) struct By<V, M> {
    label: &'static str,
    family: Family<One<V>, M>,
}

impl<M: Clone> By<&'static str, M> {
    pub(super) fn of(&self, word: &'static str) -> M {
        self.family.get_or_create_owned(&[(self.label, word)])
    }

    /// With these words from the start.
    fn with(self, words: &[&'static str]) -> Self {
        for word in words {
            self.of(word);
        }
        self
    }
}

impl<M: Clone> By<Name, M> {
    pub(super) fn of(&self, name: &Name) -> M {
        let labels = [(self.label, name.clone())];
        self.family.get_or_create_owned(&labels)
    }
}

/// A family by two labels, of which the second is a word of ours.
#[derive(Debug)]
pub(super) struct By2<V, M> {
    labels: [&'static str; 2],
    family: Family<Two<V>, M>,
}

impl<M: Clone> By2<&'static str, M> {
    pub(super) fn of(&self, first: &'static str, second: &'static str) -> M {
        let [one, two] = self.labels;
        let labels = ([(one, first)], [(two, second)]);
        self.family.get_or_create_owned(&labels)
    }
}

impl<M: Clone> By2<Name, M> {
    pub(super) fn of(&self, first: &Name, second: &'static str) -> M {
        let [one, two] = self.labels;
        let labels = ([(one, first.clone())], [(two, second)]);
        self.family.get_or_create_owned(&labels)
    }
}

/// All of them.
#[derive(Debug)]
pub(super) struct Families {
    pub(super) asks: By<&'static str, Counter>,
    pub(super) requests: By<&'static str, Counter>,
    pub(super) votes: By<&'static str, Counter>,
    pub(super) decisions: By<&'static str, Histogram>,
    pub(super) expiry_lateness: Histogram,
    pub(super) reaper_lateness: Histogram,
    pub(super) gates_open: By<Name, Whole>,
    pub(super) gates_overdue: By<Name, Whole>,
    pub(super) gates_overdue_longest: By<Name, Real>,
    pub(super) apply: By2<Name, Histogram>,
    pub(super) withdraw: By2<Name, Histogram>,
    pub(super) sweeps: By2<Name, Counter>,
    pub(super) sweep_age: By<Name, Real>,
    pub(super) lane_depth: By<&'static str, Whole>,
    pub(super) lane_oldest: By<&'static str, Real>,
    pub(super) steps: By2<&'static str, Counter>,
    pub(super) claim_age: Real,
    pub(super) slack_calls: By2<&'static str, Histogram>,
    pub(super) slack_connected: By<&'static str, Gauge>,
    pub(super) store_calls: By<&'static str, Histogram>,
    pub(super) store_errors: By<&'static str, Counter>,
    pub(super) ledger_behind: Whole,
    pub(super) ledger_behind_seconds: Real,
    pub(super) ledger_errors: Counter,
    pub(super) head_due_seconds: Real,
    pub(super) sink_behind: By<Name, Whole>,
    pub(super) sink_behind_seconds: By<Name, Real>,
    pub(super) sink_errors: By<Name, Counter>,
    pub(super) rules_stale: Gauge,
    pub(super) spans: By<&'static str, Counter>,
}

/// Puts a family into the registry under its name.
struct Shelf<'a>(&'a mut Registry);

impl Shelf<'_> {
    fn one<M>(&mut self, name: &str, help: &str, metric: M) -> M
    where
        M: Clone + EncodeMetric + std::fmt::Debug + Send + Sync + 'static,
    {
        self.0.register(name, help, metric.clone());
        metric
    }

    fn by<V, M>(
        &mut self,
        name: &str,
        help: &str,
        (label, make): (&'static str, fn() -> M),
    ) -> By<V, M>
    where
        One<V>: Clone + std::hash::Hash + Eq + EncodeLabelSet,
        V: std::fmt::Debug + Send + Sync + 'static,
        M: EncodeMetric + TypedMetric + std::fmt::Debug + Send + Sync + 'static,
    {
        let family = Family::new_with_constructor(make);
        let family = self.one(name, help, family);
        By { label, family }
    }

    fn by2<V, M>(
        &mut self,
        name: &str,
        help: &str,
        (labels, make): ([&'static str; 2], fn() -> M),
    ) -> By2<V, M>
    where
        Two<V>: Clone + std::hash::Hash + Eq + EncodeLabelSet,
        V: std::fmt::Debug + Send + Sync + 'static,
        M: EncodeMetric + TypedMetric + std::fmt::Debug + Send + Sync + 'static,
    {
        let family = Family::new_with_constructor(make);
        let family = self.one(name, help, family);
        By2 { labels, family }
    }
}

fn lateness() -> Histogram {
    Histogram::new(LATENESS)
}

fn call() -> Histogram {
    Histogram::new(CALL)
}

fn store_call() -> Histogram {
    Histogram::new(STORE_CALL)
}

fn waiting() -> Histogram {
    Histogram::new(WAITING)
}

impl Families {
    /// All of them, registered.
    #[rustfmt::skip]
    #[expect(clippy::too_many_lines, reason = "a table: one row per family")]
    pub(super) fn registered(registry: &mut Registry) -> Self {
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("drawbridge_build", "The version that runs", version);
        let mut shelf = Shelf(registry);
        let families = Self {
            asks: shelf.by("drawbridge_asks", "Asks that were answered, by the first answer",
                ("verdict", Counter::default)),
            requests: shelf.by("drawbridge_requests", "Requests that reached their end, by how",
                ("outcome", Counter::default)),
            votes: shelf.by("drawbridge_votes", "Acts of approvers, and what counted as one",
                ("kind", Counter::default)),
            decisions: shelf.by("drawbridge_decision_seconds", "From the ask to the decision",
                ("decision", waiting)),
            expiry_lateness: shelf.one("drawbridge_expiry_lateness_seconds",
                "How long after its end an expired gate was verified gone", lateness()),
            reaper_lateness: shelf.one("drawbridge_reaper_lateness_seconds",
                "How long after its end the reaper deleted an object that nobody else had", lateness()),
            gates_open: shelf.by("drawbridge_gates_open",
                "Requests with an object in the cluster", ("cluster", Whole::default)),
            gates_overdue: shelf.by("drawbridge_gates_overdue",
                "Requests with an object in the cluster after their end", ("cluster", Whole::default)),
            gates_overdue_longest: shelf.by("drawbridge_gates_overdue_longest_seconds",
                "How long the end of the most overdue gate is over", ("cluster", Real::default)),
            apply: shelf.by2("drawbridge_apply_seconds", "Applying an object",
                (["cluster", "outcome"], call)),
            withdraw: shelf.by2("drawbridge_withdraw_seconds",
                "Withdrawing an object until it was verified gone", (["cluster", "outcome"], call)),
            sweeps: shelf.by2("drawbridge_sweeps", "Comparisons of cluster and store",
                (["cluster", "outcome"], Counter::default)),
            sweep_age: shelf.by("drawbridge_sweep_age_seconds",
                "Since everything in the cluster was last read", ("cluster", Real::default)),
            lane_depth: shelf.by("drawbridge_lane_depth",
                "Due alarms that this process works on or has no room for; of the latter one a shard is counted",
                ("lane", Whole::default)),
            lane_oldest: shelf.by("drawbridge_lane_oldest_seconds",
                "How long the oldest of these alarms is due", ("lane", Real::default)),
            steps: shelf.by2("drawbridge_lane_steps", "Steps of the lanes, by how they ended",
                (["lane", "outcome"], Counter::default)),
            claim_age: shelf.one("drawbridge_claim_age_seconds",
                "Since the store last answered the workers", Real::default()),
            slack_calls: shelf.by2("drawbridge_slack_call_seconds",
                "Calls of the Web API, the wait for their turn included", (["method", "outcome"], call)),
            slack_connected: shelf.by("drawbridge_slack_connected",
                "Whether the connection for deliveries stands; absent where Slack delivers by HTTP",
                ("transport", Gauge::default)),
            store_calls: shelf.by("drawbridge_store_call_seconds", "Calls of the store",
                ("call", store_call)),
            store_errors: shelf.by("drawbridge_store_errors", "Calls of the store that failed",
                ("class", Counter::default)),
            ledger_behind: shelf.one("drawbridge_ledger_behind_records",
                "Events that are not in the ledger yet", Whole::default()),
            ledger_behind_seconds: shelf.one("drawbridge_ledger_behind_seconds",
                "How long the oldest of them waits", Real::default()),
            ledger_errors: shelf.one("drawbridge_ledger_errors",
                "Times that appending to the ledger failed", Counter::default()),
            head_due_seconds: shelf.one("drawbridge_ledger_head_due_seconds",
                "How long a signed head of the ledger is due; 0 where nobody signs", Real::default()),
            sink_behind: shelf.by("drawbridge_sink_behind_records",
                "Records of the ledger that the sink has not taken yet", ("sink", Whole::default)),
            sink_behind_seconds: shelf.by("drawbridge_sink_behind_seconds",
                "How long the oldest of them waits", ("sink", Real::default)),
            sink_errors: shelf.by("drawbridge_sink_errors",
                "Times that the sink took nothing", ("sink", Counter::default)),
            rules_stale: shelf.one("drawbridge_rules_stale",
                "Whether the rules in force are older than those in the folder, which are broken",
                Gauge::default()),
            spans: shelf.by("drawbridge_trace_spans", "Spans of traces, by what became of them",
                ("outcome", Counter::default)),
        };
        families.with_every_word()
    }

    /// With every word that a label can hold: a scrape shows 0 rather than nothing.
    fn with_every_word(mut self) -> Self {
        self.asks = self.asks.with(ASKS);
        self.requests = self.requests.with(ENDS);
        self.votes = self.votes.with(VOTES);
        self.decisions = self.decisions.with(DECISIONS);
        self.store_calls = self.store_calls.with(CALLS);
        self.store_errors = self.store_errors.with(STORE_ERRORS);
        self.spans = self.spans.with(SPANS);
        for lane in Lane::ALL {
            for outcome in STEPS {
                self.steps.of(lane.name(), outcome);
            }
        }
        self
    }
}
