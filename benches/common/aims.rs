//! The table of aims: what each figure is called, what it stands beside, and what it should be.
//!
//! Bench programs print by it, `tests/figures.rs` holds the kept figures and BENCHMARKS.md against it. It
//! must never hold a figure that was measured.

/// What an aim is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Aim {
    /// The value itself is at most this.
    AtMost(f64),
    /// The value itself is at least this.
    AtLeast(f64),
    /// Value ÷ raw of the same run is at most this.
    RatioAtMost(f64),
    /// Value ÷ raw of the same run is at least this.
    RatioAtLeast(f64),
    /// None: it only stands beside others.
    Peer,
}

impl Aim {
    /// Whether a figure meets it; where there is none it does. A ratio that was not measured does not.
    pub(crate) fn is_met(self, value: f64, ratio: Option<f64>) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
            Self::RatioAtMost(most) => ratio.is_some_and(|ratio| ratio <= most),
            Self::RatioAtLeast(least) => ratio.is_some_and(|ratio| ratio >= least),
            Self::Peer => true,
        }
    }

    /// As tables show it.
    pub(crate) fn words(self) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {most}"),
            Self::AtLeast(least) => format!("≥ {least}"),
            Self::RatioAtMost(most) => format!("≤ {most} × raw"),
            Self::RatioAtLeast(least) => format!("≥ {least} × raw"),
            Self::Peer => "-".to_owned(),
        }
    }
}

/// One figure's row: the program that measures it, its name and unit, its aim, and what the raw value is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// `cargo bench --bench …`.
    pub(crate) bench: &'static str,
    /// Unique.
    pub(crate) name: &'static str,
    /// Of value and raw.
    pub(crate) unit: &'static str,
    /// What it should be.
    pub(crate) aim: Aim,
    /// What the raw value of the same run is.
    pub(crate) raw: &'static str,
}

const fn row(
    bench: &'static str,
    (name, unit): (&'static str, &'static str),
    aim: Aim,
    raw: &'static str,
) -> Row {
    Row {
        bench,
        name,
        unit,
        aim,
        raw,
    }
}

/// Every figure that is published.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row("store", ("commits", "1/s"), Aim::RatioAtLeast(0.8), "redis-benchmark, 16 clients: EVALSHA of the least script that compares a version and writes the same document, alarm and event"),
    row("store", ("Redis's own time of a commit", "µs"), Aim::Peer, "the same least script"),
    row("store", ("memory of a waiting request", "B"), Aim::RatioAtMost(1.3), "the same document, commit id and event in one hash, and its id in a ZSET"),
    row("alarms", ("100,000 alarms in 30 s: lateness p99", "ms"), Aim::AtMost(10.0), "none"),
    row("alarms", ("100,000 alarms at once", "1/s"), Aim::AtLeast(30_000.0), "a bare pop of the same ZSETs, 100 a call, nothing leased or given back"),
    row("bot", ("idle Redis load of a replica", "1/s"), Aim::AtMost(50.0), "none"),
    row("bot", ("200 asks a second: acknowledged, p99", "ms"), Aim::AtMost(50.0), "none"),
    row("bot", ("approve click to objects", "ms"), Aim::RatioAtMost(1.2), "server-side applies of the same objects, one after the other"),
    row("bot", ("100 grants at once", "objects/s"), Aim::RatioAtLeast(0.8), "server-side applies of as many objects, 16 at once"),
    row("bot", ("1,000 gates end in one second", "objects/s"), Aim::RatioAtLeast(0.8), "deletes of as many objects, 16 at once"),
    row("bot", ("memory, idle", "MB"), Aim::AtMost(25.0), "none"),
    row("bot", ("memory, 5,000 pods watched", "MB"), Aim::AtMost(60.0), "none"),
    row("bot", ("start to ready", "ms"), Aim::AtMost(1_000.0), "the same program saying its version"),
    row("netpol", ("whole table, 5,000 pods, 500 policies", "ms"), Aim::AtMost(150.0), "the same pairs of workloads judged one by one, as netpol-analyzer does it"),
    row("netpol", ("gate with preview, 5,000 pods, 500 policies", "ms"), Aim::AtMost(10.0), "none"),
    row("netpol", ("snapshot of 5,000 pods, 500 policies", "B/pod"), Aim::AtMost(2_048.0), "none"),
    row("durability", ("commits, a replica", "1/s"), Aim::Peer, "the least script of `store` on the same servers"),
    row("durability", ("lasting commits, a replica", "1/s"), Aim::RatioAtLeast(0.8), "the least script and a wait for the replica, one after the other on each of 16 connections"),
    row("durability", ("lasting commits, a replica: p99", "ms"), Aim::Peer, "p99 of the least script and its wait"),
    row("durability", ("lasting commits, no replica", "1/s"), Aim::Peer, "the same commits that need not last"),
    row("durability", ("lasting commits lost by a planned failover", "commits"), Aim::AtMost(0.0), "none"),
    row("durability", ("other commits lost by a planned failover", "commits"), Aim::Peer, "none"),
    row("compare", ("BullMQ, 100,000 jobs in 30 s: lateness p99", "ms"), Aim::Peer, "none"),
    row("compare", ("BullMQ, 100,000 jobs at once", "1/s"), Aim::Peer, "none"),
    row("compare", ("asynq, 100,000 tasks in 30 s: lateness p99", "ms"), Aim::Peer, "none"),
    row("compare", ("asynq, 100,000 tasks at once", "1/s"), Aim::Peer, "none"),
];
