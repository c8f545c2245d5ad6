//! The workers: claim due alarms, hand each to its lane, keep the lease alive meanwhile.
//!
//! # Guarantees
//! - A step runs under a lease that is renewed while it runs; when the lease is lost the step is
//!   dropped at its next await, and whatever it would commit is refused by the store.
//! - Lanes never wait for each other: each has its own slots, of which messages leave some unused while many gates open
//!   or close (`crowd.rs`). Nor do clusters: each has its own turns (`turns.rs`).
//! - On shutdown no new alarm is claimed and running steps are finished.
//!
//! # Retries
//! A step that fails gives its alarm back with a delay that grows with the claim's attempt count.
//! Nothing is ever dropped: the alarm is computed from the document. A document that only a later version reads is
//! given back for it (`left.rs`).

pub mod card;
mod crowd;
pub mod gate;
mod health;
mod left;
mod load;
mod turns;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures::FutureExt;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::{BookError, Page, Parts};
use crate::id::Shard;
use crate::store::{Claim, Claims, Lane, StoreError, Wants};
use crate::units::{Seconds, Time};
use crowd::Crowd;
pub use health::Health;
use turns::Turns;

/// Messages that are written at once in this process: Slack takes about one a second in a channel.
const MESSAGES: usize = 32;

/// How long a claim is held without renewal. Short: a replica that died is replaced within it, and
/// the promise allows 3 s.
const LEASE: Seconds = Seconds(3);

/// How often a running step renews its lease: twice may fail before it is lost.
const HEARTBEAT: Duration = Duration::from_millis(900);

/// Shortest time between two looks: alarms that are due but not wanted (no free slot) must not make
/// the loop spin, and what many commits leave due is claimed by one look. A slot for which something waits is filled at once.
const SHORTEST: Duration = Duration::from_millis(2);

/// The workers of one process.
#[derive(Debug)]
pub struct Lanes {
    parts: Arc<Parts>,
    tracker: TaskTracker,
    stop: CancellationToken,
    nudge: Arc<Notify>,
    slots: [Arc<Semaphore>; Lane::ALL.len()],
    turns: Arc<Turns>,
    crowd: Arc<Crowd>,
    health: Arc<Health>,
}

/// What is asked for in one shard, and the slots that were taken for it.
struct Asked {
    shard: Shard,
    wants: Wants,
    slots: [Vec<OwnedSemaphorePermit>; Lane::ALL.len()],
}

impl Lanes {
    /// Workers over the parts; they start with [`Lanes::run`].
    pub fn new(parts: Arc<Parts>, tracker: TaskTracker, stop: CancellationToken) -> Self {
        let nudge = parts.book.committed();
        let turns = Arc::new(Turns::at(parts.clusters.keys()));
        let slots = Lane::ALL.map(|lane| {
            Arc::new(Semaphore::new(match lane {
                Lane::Gate => turns.slots(),
                Lane::Card => MESSAGES,
            }))
        });
        Self {
            parts,
            tracker,
            stop,
            nudge,
            slots,
            turns,
            crowd: Arc::default(),
            health: Arc::new(Health::default()),
        }
    }

    /// How the workers fare.
    pub fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }

    /// Claims and works until told to stop.
    pub async fn run(self) {
        let mut failures = 0_u32;
        for turn in (0..Shard::all().count()).cycle() {
            if self.stop.is_cancelled() {
                return;
            }
            // Registered before looking, so that a commit made meanwhile is not missed.
            let nudged = self.nudge.notified();
            let poll = self.poll();
            let begun = Instant::now();
            let (due, failed) = self.pass(turn).await;
            let wait = poll.min(due.unwrap_or(Duration::MAX));
            failures = failed.as_ref().map_or(0, |_| failures.saturating_add(1));
            if let Some(error) = failed.filter(|_| failures.is_power_of_two()) {
                tracing::warn!(error = %crate::app::causes(&error), failures, "claiming failed");
            }
            tokio::select! {
                biased;
                () = nudged => {}
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
            // Where more is due than there are slots, each that is free again is filled at once.
            if wait > SHORTEST {
                tokio::time::sleep_until(begun + SHORTEST).await;
                // The next look sees what was committed until now: one nudge less.
                let _ = self.nudge.notified().now_or_never();
            }
        }
    }

    /// One look at every shard, in their order: how soon to look again, and what failed.
    async fn pass(&self, turn: usize) -> (Option<Duration>, Option<StoreError>) {
        let free = self.free_slots();
        let shares = (0..).map(|place| free.map(|free| share(free, place, turn)));
        // Shards may live on different servers: one that is away must not keep the others waiting.
        let all: Vec<_> = Shard::all().zip(shares).collect();
        let at_once = if self.parts.book.store().together() {
            all.len()
        } else {
            1
        };
        let claims = all.chunks(at_once).map(|some| self.claim(some));
        // Whoever has no share has the next turn at once, for the others may need nothing. With no slot at all there is
        // nothing to do before a step ends, which nudges.
        let shards = Shard::all().count();
        let some_without =
            free.iter().any(|free| *free > 0) && free.iter().all(|free| *free < shards);
        let (mut soonest, mut failed) = (some_without.then_some(SHORTEST), None);
        for answer in futures::future::join_all(claims)
            .await
            .into_iter()
            .flatten()
        {
            match answer {
                Ok(due) => soonest = soonest.into_iter().chain(due).min(),
                Err(error) => failed = Some(error),
            }
        }
        (soonest, failed)
    }

    /// The poll time with jitter, so that replicas do not march in step.
    fn poll(&self) -> Duration {
        let jitter = 0.75 + 0.5 * self.parts.entropy.fraction();
        self.parts.poll.mul_f64(jitter)
    }

    /// The slots of each lane that may be taken now.
    fn free_slots(&self) -> [usize; Lane::ALL.len()] {
        let [gate, card] = self.slots.each_ref().map(|slots| slots.available_permits());
        let gates = self.turns.slots().saturating_sub(gate);
        let messages = MESSAGES.saturating_sub(card);
        [gate, self.crowd.share(card, gates, messages)]
    }

    /// Takes the share's slots of each lane, or as many as there are left.
    ///
    /// INVARIANT (nothing is claimed in vain): slots are taken before alarms are claimed for them. Whatever was
    /// claimed without one could only be dropped, and would lie under its lease for seconds after it was due.
    fn take(
        &self,
        shares: [usize; Lane::ALL.len()],
    ) -> [Vec<OwnedSemaphorePermit>; Lane::ALL.len()] {
        Lane::ALL.map(|lane| {
            let share = shares.get(lane as usize).copied().unwrap_or_default();
            let slots = self.slots.get(lane as usize).into_iter();
            let one = |slots: &Arc<Semaphore>| Arc::clone(slots).try_acquire_owned().ok();
            slots.cycle().map_while(one).take(share).collect()
        })
    }

    /// Claims what is due in some shards by one call, and starts it; how long until the next alarm of each that there
    /// were slots for.
    async fn claim(
        &self,
        some: &[(Shard, [usize; Lane::ALL.len()])],
    ) -> Vec<Result<Option<Duration>, StoreError>> {
        let ask = |(shard, shares): &(Shard, _)| self.ask(*shard, *shares);
        let asked: Vec<Asked> = some.iter().filter_map(ask).collect();
        let wants: Vec<(Shard, Wants)> = asked.iter().map(|one| (one.shard, one.wants)).collect();
        let answers = self.parts.book.store().claim_each(&wants).await;
        asked
            .into_iter()
            .zip(answers)
            .map(|(asked, answer)| answer.map(|all| self.start_all(asked, all)))
            .collect()
    }

    /// Takes slots for one shard; `None`: there are none.
    fn ask(&self, shard: Shard, shares: [usize; Lane::ALL.len()]) -> Option<Asked> {
        let slots = self.take(shares);
        let [gate, card] = slots.each_ref().map(Vec::len);
        let lease = LEASE;
        (gate + card > 0).then_some(Asked {
            shard,
            wants: Wants { gate, card, lease },
            slots,
        })
    }

    /// Starts what was claimed in one shard; how long until its next alarm, by the store's clock on both sides: ours
    /// may be off by seconds.
    fn start_all(&self, asked: Asked, answer: Claims) -> Option<Duration> {
        let [mut gate, mut card] = asked.slots;
        let now = self.parts.clock.now();
        self.health.claimed(now);
        self.parts.book.ahead().heard(answer.now, now);
        let wants = &asked.wants;
        load::note(&self.parts.metrics, asked.shard, (wants, &answer), now);
        for claim in answer.claims {
            let slots = match claim.lane {
                Lane::Gate => &mut gate,
                Lane::Card => &mut card,
            };
            if let Some(slot) = slots.pop() {
                self.start(claim, slot);
            }
        }
        let left = |at: Time| (at - answer.now).to_std().unwrap_or_default();
        answer.next_due.map(|at| left(at).max(SHORTEST))
    }

    fn start(&self, claim: Claim, slot: OwnedSemaphorePermit) {
        let seat = self.parts.metrics.seat(claim.lane, claim.due);
        let parts = Arc::clone(&self.parts);
        let turns = Arc::clone(&self.turns);
        let nudge = Arc::clone(&self.nudge);
        let health = Arc::clone(&self.health);
        let crowd = Arc::clone(&self.crowd);
        self.tracker.spawn(async move {
            work(&parts, &turns, &health, &claim).await;
            if claim.lane == Lane::Gate {
                crowd.moved();
            }
            drop((seat, slot));
            nudge.notify_one();
        });
    }
}

/// The free slots of a lane that the shard at this place may claim for: everybody an equal part, and what remains
/// goes round with the turns.
///
/// INVARIANT (every shard's turn): with fewer slots than shards none has them every time, so that what is due in one
/// shard never waits for all that is due in another.
fn share(free: usize, place: usize, turn: usize) -> usize {
    let shards = Shard::all().count();
    let after = place.saturating_add(shards).saturating_sub(turn) % shards;
    free / shards + usize::from(after < free % shards)
}

/// Runs one step under its lease.
async fn work(parts: &Parts, turns: &Turns, health: &Health, claim: &Claim) {
    let step = async {
        match claim.lane {
            Lane::Gate => gate::step(parts, turns, claim).await,
            Lane::Card => card::step(parts, claim).await,
        }
    };
    let result = tokio::select! {
        biased;
        result = step => result,
        () = lease_lost(parts, claim) => {
            tracing::warn!(id = %claim.id, lane = claim.lane.name(), "lease lost, step dropped");
            parts.metrics.stepped(claim.lane, "lost");
            return;
        }
    };
    if let Some(error) = result.as_ref().err().and_then(left::is_left) {
        health.left.leave(parts, claim, error).await;
        return;
    }
    let outcome = if result.is_ok() { "done" } else { "failed" };
    parts.metrics.stepped(claim.lane, outcome);
    if let Err(error) = result {
        tracing::warn!(
            id = %claim.id, lane = claim.lane.name(), attempt = claim.attempt,
            error = %crate::app::causes_of(&error), "step failed, it will be done again",
        );
        let again_at = parts.clock.now() + delay(claim.attempt);
        // Without an answer the lease simply ends, and the alarm is handed out again.
        let _ = parts.book.store().release(claim, again_at).await;
        // If it was done all the same, nothing brings it here again: this process shall know what it has shown.
        let touched = error.downcast_ref().and_then(BookError::touched);
        if let Some(id) = touched {
            let _ = parts.book.load(id).await;
        }
    }
}

/// The claimed document; `None` when it vanished: it has nothing to wait for, and the reaper closes
/// what it left.
async fn look(parts: &Parts, claim: &Claim) -> anyhow::Result<Option<Page>> {
    let page = parts.book.load(&claim.id).await?;
    if page.is_none() {
        let later = Seconds::hours(1).after(claim.due);
        parts.book.store().release(claim, later).await?;
    }
    Ok(page)
}

/// 0.5, 1, 2, 4, then 8 s.
fn delay(attempt: u32) -> TimeDelta {
    TimeDelta::milliseconds(500 << attempt.saturating_sub(1).min(4))
}

/// Returns when the lease is certainly lost.
async fn lease_lost(parts: &Parts, claim: &Claim) {
    let mut good_until = Instant::now() + LEASE.std();
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        match parts.book.store().renew(claim, LEASE).await {
            Ok(true) => good_until = Instant::now() + LEASE.std(),
            Ok(false) => return,
            Err(_) if Instant::now() >= good_until => return,
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
