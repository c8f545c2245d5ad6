//! Starts the loops of one bot process and stops them without losing anything.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::Parts;
use crate::lanes::{Health, Lanes};
use crate::reaper::{Reaper, notices, removals};

/// The loops of one process, running.
#[derive(Debug)]
pub struct Running {
    /// Tasks that shutdown waits for; deliveries under way are spawned on it too.
    pub tracker: TaskTracker,
    /// Tells every loop to stop.
    pub stop: CancellationToken,
    /// How the workers fare.
    pub health: Arc<Health>,
}

/// How long shutdown waits for steps under way. Kubernetes gives 30 s; the contract is 15 s.
const DRAIN: std::time::Duration = std::time::Duration::from_secs(12);

/// Starts watches, reapers, sweeps and workers over the parts.
pub fn start(parts: &Arc<Parts>) -> Running {
    let tracker = TaskTracker::new();
    let stop = CancellationToken::new();
    for cluster in parts.clusters.values() {
        cluster.start(&tracker, &stop);
        let (reaped, news) = mpsc::channel(notices::QUEUE);
        tracker.spawn(notices::run(Arc::clone(parts), news, stop.clone()));
        let reaper = Reaper::new(Arc::clone(parts), Arc::clone(cluster), reaped);
        tracker.spawn(reaper.clone().run(stop.clone()));
        tracker.spawn(reaper.clone().follow_strays(stop.clone()));
        tracker.spawn(reaper.clone().guard(stop.clone()));
        tracker.spawn(reaper.sweep_until(stop.clone()));
        let following = removals::follow(Arc::clone(parts), Arc::clone(cluster), stop.clone());
        tracker.spawn(following);
    }
    let lanes = Lanes::new(Arc::clone(parts), tracker.clone(), stop.clone());
    let health = lanes.health();
    tracker.spawn(lanes.run());
    Running {
        tracker,
        stop,
        health,
    }
}

impl Running {
    /// Stops taking new work, finishes what is under way, and returns whether all of it ended.
    pub async fn shut_down(self) -> bool {
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(DRAIN, self.tracker.wait())
            .await
            .is_ok()
    }
}
