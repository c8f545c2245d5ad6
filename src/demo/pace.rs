//! The town's time: as fast as the machine's, and faster when a visitor hurries it.
//!
//! tokio's paused clock moves by itself whenever no task can run, unless a blocking task is under way.
//! So time is held by a blocking task that waits for a visitor's wish or for a short while, and is let
//! go just as far as the machine's went meanwhile, or as far as was wished: the steps of the town
//! happen in their order at their own times, however fast they pass.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};
use tokio::time::Instant as TownInstant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long time is held at most: what a visitor could notice is longer.
const TICK: Duration = Duration::from_millis(25);

/// How fine the ticks are without a pace of one's own.
const MACHINE_TICK: Duration = Duration::from_millis(50);

/// Passes the town's time. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    wishes: Option<mpsc::Sender<Wish>>,
    ticks: Arc<watch::Sender<u64>>,
}

#[derive(Debug)]
struct Wish {
    length: Duration,
    done: oneshot::Sender<()>,
}

impl Pace {
    /// Starts passing time: by a pace of its own (the runtime's time is paused), or the machine's.
    pub(super) fn start(own: bool, tracker: &TaskTracker, stop: &CancellationToken) -> Self {
        let ticks = Arc::new(watch::Sender::new(0));
        let told = Arc::clone(&ticks);
        let wishes = if own {
            let (wishes, heard) = mpsc::channel();
            tracker.spawn(stop.clone().run_until_cancelled_owned(pass(heard, told)));
            Some(wishes)
        } else {
            tracker.spawn(stop.clone().run_until_cancelled_owned(count(told)));
            None
        };
        Self { wishes, ticks }
    }

    /// Follows the ticks: many a second.
    pub(super) fn ticks(&self) -> watch::Receiver<u64> {
        self.ticks.subscribe()
    }

    /// Lets that much of the town's time pass at once, and returns when it has passed. `false`: it
    /// is the machine's, which cannot be hurried.
    pub(super) async fn hurry(&self, length: Duration) -> bool {
        let Some(wishes) = &self.wishes else {
            return false;
        };
        let (done, passed) = oneshot::channel();
        wishes.send(Wish { length, done }).is_ok() && passed.await.is_ok()
    }
}

/// Passes time until nobody can wish any more.
async fn pass(mut wishes: mpsc::Receiver<Wish>, ticks: Arc<watch::Sender<u64>>) {
    let mut held_at = Instant::now();
    let mut town = TownInstant::now();
    loop {
        let holding = tokio::task::spawn_blocking(move || {
            let wish = wishes.recv_timeout(TICK);
            (wishes, wish)
        });
        let Ok((back, wish)) = holding.await else {
            return;
        };
        wishes = back;
        town += held_at.elapsed();
        held_at = Instant::now();
        tokio::time::sleep_until(town).await;
        match wish {
            Ok(Wish { length, done }) => {
                tokio::time::sleep(length).await;
                town = TownInstant::now();
                // What that took of the machine's time is not made up for.
                held_at = Instant::now();
                let _ = done.send(());
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        }
        ticks.send_modify(|n| *n += 1);
    }
}

async fn count(ticks: Arc<watch::Sender<u64>>) {
    loop {
        tokio::time::sleep(MACHINE_TICK).await;
        ticks.send_modify(|n| *n += 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::simulate::paused_runtime;

    #[test]
    fn time_passes_as_the_machines_and_an_hour_in_a_blink() {
        paused_runtime().unwrap().block_on(async {
            let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
            let pace = Pace::start(true, &tracker, &stop);
            let (began, machine) = (TownInstant::now(), Instant::now());
            let mut ticks = pace.ticks();
            for _ in 0..4 {
                ticks.changed().await.unwrap();
            }
            let (town, real) = (began.elapsed(), machine.elapsed());
            assert!(town <= real + Duration::from_millis(2), "{town:?} {real:?}");
            // Nothing but time passes: a noisy machine is given plenty of it.
            assert!(town + Duration::from_secs(5) > real, "{town:?} {real:?}");
            let before = TownInstant::now();
            assert!(pace.hurry(Duration::from_secs(3_600)).await);
            assert!(before.elapsed() >= Duration::from_secs(3_600));
            assert!(machine.elapsed() < Duration::from_secs(60));
            stop.cancel();
        });
    }

    #[test]
    fn what_is_due_meanwhile_happens_in_its_order_at_its_own_time() {
        paused_runtime().unwrap().block_on(async {
            let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
            let began = TownInstant::now();
            let (log, mut seen) = tokio::sync::mpsc::unbounded_channel();
            for seconds in [30_u64, 10, 20] {
                let log = log.clone();
                tracker.spawn(async move {
                    tokio::time::sleep(Duration::from_secs(seconds)).await;
                    let _ = log.send((seconds, began.elapsed()));
                });
            }
            let pace = Pace::start(true, &tracker, &stop);
            pace.hurry(Duration::from_secs(60)).await;
            for expected in [10, 20, 30] {
                let (seconds, at) = seen.recv().await.unwrap();
                assert_eq!(seconds, expected);
                assert!(at < Duration::from_secs(expected + 1), "{at:?}");
            }
            stop.cancel();
        });
    }
}
