//! Starts the loops of one bot process and stops them without losing anything.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::{Parts, recall, rulebook};
use crate::lanes::{Health, Lanes};
use crate::ledger::Appender;
use crate::reaper::{Reaper, notices, records, removals};

/// The loops of one process, running.
#[derive(Debug)]
pub struct Running {
    /// Tasks that shutdown waits for; deliveries under way are spawned on it too.
    pub tracker: TaskTracker,
    /// Tells every loop to stop.
    pub stop: CancellationToken,
    /// How the workers fare.
    pub health: Arc<Health>,
    /// What appends to the ledger, and how far that is behind.
    pub ledger: Appender,
}

/// How long shutdown waits for steps under way. Kubernetes gives 30 s; the contract is 15 s.
const DRAIN: std::time::Duration = std::time::Duration::from_secs(12);

/// How long the ledger then has for what the last steps told: the rest is for whoever goes on.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(2);

/// Starts watches, reapers, sweeps and workers over the parts.
pub fn start(parts: &Arc<Parts>) -> Running {
    let tracker = TaskTracker::new();
    let stop = CancellationToken::new();
    tracker.spawn(recall::run(Arc::clone(parts), stop.clone()));
    for cluster in parts.clusters.values() {
        cluster.start(&tracker, &stop);
        let (reaped, news) = mpsc::channel(notices::QUEUE);
        tracker.spawn(notices::run(Arc::clone(parts), news, stop.clone()));
        let (records, deeds) = mpsc::unbounded_channel();
        tracker.spawn(records::run(Arc::clone(parts), deeds, stop.clone()));
        let tellers = (reaped, records);
        let reaper = Reaper::new(Arc::clone(parts), Arc::clone(cluster), tellers);
        tracker.spawn(reaper.clone().run(stop.clone()));
        tracker.spawn(reaper.clone().follow_strays(stop.clone()));
        tracker.spawn(reaper.clone().guard(stop.clone()));
        tracker.spawn(reaper.sweep_until(stop.clone()));
        let following = removals::follow(Arc::clone(parts), Arc::clone(cluster), stop.clone());
        tracker.spawn(following);
    }
    tracker.spawn(rulebook::follow(Arc::clone(parts), stop.clone()));
    let lanes = Lanes::new(Arc::clone(parts), tracker.clone(), stop.clone());
    let health = lanes.health();
    tracker.spawn(lanes.run());
    let ledger = Appender::of(parts);
    tracker.spawn(ledger.clone().run(stop.clone()));
    Running {
        tracker,
        stop,
        health,
        ledger,
    }
}

impl Running {
    /// Stops taking new work, finishes what is under way, and returns whether all of it ended.
    pub async fn shut_down(self) -> bool {
        self.stop.cancel();
        self.tracker.close();
        let ended = tokio::time::timeout(DRAIN, self.tracker.wait()).await;
        let recorded = tokio::time::timeout(LAST_WORDS, self.ledger.catch_up()).await;
        if !matches!(recorded, Ok(Ok(()))) {
            tracing::info!("the ledger is not complete yet: another process goes on with it");
        }
        ended.is_ok()
    }
}
