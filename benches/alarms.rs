#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a program that prints figures: what fails here must be seen"
)]
//! Alarms on a real Redis, handed out and given back as the lanes do it: how late they are when they are spread
//! over half a minute, and how many a second when all are due at once.
//!
//! `cargo bench --bench alarms`. Firing is what a worker sees: claimed with a lease, started, and given back
//! under its fence. The loop is that of `lanes`, which is not public: slots are taken first, a share for each shard, and
//! as many as `serve` has. The peers of `compare` fire jobs with an empty handler and 50 workers.

#[path = "common/aims.rs"]
mod aims;
#[expect(dead_code, reason = "each bench uses a part of what they share")]
#[path = "common/figure.rs"]
mod figure;
#[expect(dead_code, reason = "each bench uses a part of what the tests have")]
#[path = "common/servers.rs"]
mod servers;
#[path = "common/steps.rs"]
mod steps;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use drawbridge::clock::{Clock, SystemClock};
use drawbridge::entropy::Dice;
use drawbridge::id::Shard;
use drawbridge::store::redis::RedisStore;
use drawbridge::store::{Claim, Committed, Store, Wants};
use drawbridge::units::{Seconds, Time};
use futures::FutureExt;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::task::TaskTracker;

use servers::redis::{Product, RedisServer};
use steps::creation;

/// Steps of lane `gate` that run at once, as `serve` has them.
const SLOTS: usize = 64;

/// Steps of lane `card` that run at once, as `serve` has them; nothing is due there.
const MESSAGES: usize = 32;

/// How long a claim is held, as the lanes have it.
const LEASE: Seconds = Seconds(3);

/// Tasks that load the alarms.
const LOADERS: usize = 64;

/// Shortest time between two looks, as the lanes have it.
const SHORTEST: Duration = Duration::from_millis(2);

/// Poll time of a replica, as `serve` has it.
const POLL: Duration = Duration::from_millis(250);

/// Pops what is due and keeps nothing of it.
const POP: &str = "local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 100)\n\
     if #due > 0 then redis.call('ZREM', KEYS[1], unpack(due)) end\n\
     return #due";

#[tokio::main]
async fn main() {
    let (alarms, window) = if figure::is_a_trial() {
        (500, TimeDelta::seconds(1))
    } else {
        (100_000, TimeDelta::seconds(30))
    };
    // Loading takes longer than this nowhere.
    let lead = TimeDelta::milliseconds(3_000 + alarms as i64 / 5);

    let server = RedisServer::start_with(Product::Redis, &["--appendfsync", "everysec"]).await;
    let store = Arc::new(RedisStore::connect(&server.url()).unwrap());
    let mut dice = Dice::seeded(7);
    let first = SystemClock.now() + lead;
    let last = u64::try_from(window.num_milliseconds()).unwrap() - 1;
    let spread =
        move |_| first + TimeDelta::milliseconds(i64::try_from(dice.between(0, last)).unwrap());
    load(&store, alarms, spread).await;
    assert!(
        SystemClock.now() < first,
        "loading took too long to tell lateness"
    );
    let (mut late, _) = fire(&store, alarms).await;
    let p99 = figure::quantile(&mut late, 0.99);
    figure::print("100,000 alarms in 30 s: lateness p99", p99, None);

    servers::empty(&server).await;
    let at = SystemClock.now() + lead;
    load(&store, alarms, |_| at).await;
    SystemClock.sleep_until(at).await;
    let (_, took) = fire(&store, alarms).await;
    let raw = pop(&server, alarms).await;
    figure::print(
        "100,000 alarms at once",
        alarms as f64 / took.as_secs_f64(),
        Some(raw),
    );
}

async fn load(store: &Arc<RedisStore>, alarms: usize, mut due: impl FnMut(usize) -> Time) {
    let steps: Vec<_> = (0..alarms).map(|n| creation(n, due(n))).collect();
    let (next, steps) = (Arc::new(AtomicUsize::new(0)), Arc::new(steps));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..LOADERS {
        let (store, next, steps) = (Arc::clone(store), Arc::clone(&next), Arc::clone(&steps));
        tasks.spawn(async move {
            while let Some(step) = steps.get(next.fetch_add(1, Ordering::Relaxed)) {
                let done = store.commit(step.clone()).await.unwrap();
                assert!(matches!(done, Committed::Applied(_)), "{done:?}");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}

/// Who fires.
struct Workers {
    store: Arc<RedisStore>,
    slots: Arc<Semaphore>,
    nudge: Arc<Notify>,
    tracker: TaskTracker,
    told: mpsc::UnboundedSender<f64>,
}

/// Fires all; milliseconds each was late, and how long it took from the first to the last given back.
async fn fire(store: &Arc<RedisStore>, alarms: usize) -> (Vec<f64>, Duration) {
    let (told, mut fired) = mpsc::unbounded_channel();
    let workers = Workers {
        store: Arc::clone(store),
        slots: Arc::new(Semaphore::new(SLOTS)),
        nudge: Arc::default(),
        tracker: TaskTracker::new(),
        told,
    };
    let mut late = Vec::with_capacity(alarms);
    let mut began = None;
    while late.len() < alarms {
        let nudged = workers.nudge.notified();
        let asked = Instant::now();
        let share = workers
            .slots
            .available_permits()
            .div_ceil(Shard::all().count());
        let mut wait = POLL;
        for (some, next) in workers.claim(share).await {
            if some {
                began.get_or_insert(asked);
            }
            wait = wait.min(next.unwrap_or(wait));
        }
        tokio::select! {
            biased;
            () = nudged => {}
            () = tokio::time::sleep(wait) => {}
        }
        if wait > SHORTEST {
            tokio::time::sleep_until((asked + SHORTEST).into()).await;
            let _ = workers.nudge.notified().now_or_never();
        }
        while let Ok(ms) = fired.try_recv() {
            late.push(ms);
        }
    }
    (late, began.unwrap().elapsed())
}

impl Workers {
    /// Claims for at most so many slots of each shard what is due there, and starts it; of each whether there was any,
    /// and how long until its next alarm.
    async fn claim(&self, share: usize) -> Vec<(bool, Option<Duration>)> {
        let one = || Arc::clone(&self.slots).try_acquire_owned().ok();
        let (mut wants, mut taken) = (Vec::new(), Vec::new());
        for shard in Shard::all() {
            let slots: Vec<_> = std::iter::from_fn(one).take(share).collect();
            if !slots.is_empty() {
                let wanted = Wants {
                    gate: slots.len(),
                    card: MESSAGES.div_ceil(Shard::all().count()),
                    lease: LEASE,
                };
                wants.push((shard, wanted));
                taken.push(slots);
            }
        }
        let answers = self.store.claim_each(&wants).await;
        let mut found = Vec::new();
        for (mut slots, answer) in taken.into_iter().zip(answers) {
            let answer = answer.unwrap();
            let some = !answer.claims.is_empty();
            for claim in answer.claims {
                self.start(claim, slots.pop().unwrap());
            }
            let left = |at: Time| (at - answer.now).to_std().unwrap_or_default();
            found.push((some, answer.next_due.map(|at| left(at).max(SHORTEST))));
        }
        found
    }

    fn start(&self, claim: Claim, slot: OwnedSemaphorePermit) {
        let (store, nudge) = (Arc::clone(&self.store), Arc::clone(&self.nudge));
        let told = self.told.clone();
        self.tracker.spawn(async move {
            let now = SystemClock.now();
            let late = (now - claim.due).num_microseconds().unwrap() as f64 / 1_000.0;
            let held = store.release(&claim, Seconds::hours(1).after(now)).await;
            assert!(held.unwrap(), "the lease was lost");
            told.send(late).unwrap();
            drop(slot);
            nudge.notify_one();
        });
    }
}

/// As many ids in one ZSET, popped.
async fn pop(server: &RedisServer, alarms: usize) -> f64 {
    servers::empty(server).await;
    let client = redis::Client::open(server.url()).unwrap();
    let mut conn = client.get_multiplexed_async_connection().await.unwrap();
    for some in (0..alarms).collect::<Vec<_>>().chunks(1_000) {
        let mut pipe = redis::pipe();
        for n in some {
            pipe.cmd("ZADD")
                .arg("due")
                .arg(n)
                .arg(steps::id(*n).as_str())
                .ignore();
        }
        let () = pipe.query_async(&mut conn).await.unwrap();
    }
    let script = redis::Script::new(POP);
    let began = Instant::now();
    let mut popped = 0;
    while popped < alarms {
        let some: usize = script
            .key("due")
            .arg("+inf")
            .invoke_async(&mut conn)
            .await
            .unwrap();
        popped += some;
    }
    alarms as f64 / began.elapsed().as_secs_f64()
}
