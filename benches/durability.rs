#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a program that prints figures: what fails here must be seen"
)]
//! What the choice of durability costs, and what it saves: commits with a replica, those that wait for it
//! ([`Commit::lasting`]), and those where there is none to wait for; and how many acknowledged commits a planned
//! failover loses by each. Each beside the bare thing on the same servers in the same run.
//!
//! `cargo bench --bench durability`. Needs `redis-server` on the `PATH`.

#[path = "common/aims.rs"]
mod aims;
#[expect(dead_code, reason = "each bench uses a part of what they share")]
#[path = "common/commits.rs"]
mod commits;
#[expect(dead_code, reason = "each bench uses a part of what they share")]
#[path = "common/figure.rs"]
mod figure;
#[expect(dead_code, reason = "each bench uses a part of what the tests have")]
#[path = "common/servers.rs"]
mod servers;
#[path = "common/steps.rs"]
mod steps;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use drawbridge::store::redis::RedisStore;
use drawbridge::store::{Commit, Committed, Store};
use redis::aio::MultiplexedConnection;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use commits::{BARE, TASKS, later};
use servers::redis::{Product, RedisServer};
use servers::sentinel::{Watched, replica_of};
use steps::{BODY, EVENT, creation, id};

/// Pairs of runs, ours and raw in turn; the median of each counts.
const RUNS: usize = 3;

/// How long is committed before a failover.
const BEFORE: Duration = Duration::from_secs(1);

/// After an attempt that failed, while the store looks for its primary.
const PAUSE: Duration = Duration::from_millis(20);

#[tokio::main]
async fn main() {
    let trial = figure::is_a_trial();
    let size = if trial { 200 } else { 20_000 };
    let alone = start().await;
    let lasting = async || commits::creations(&alone, size, true).await;
    let plain = async || commits::creations(&alone, size, false).await;
    let [ours, raw] = in_turn(&alone, lasting, plain).await;
    figure::print("lasting commits, no replica", ours.rate, Some(raw.rate));
    drop(alone);

    let primary = start().await;
    let _replica = replica_of(&primary).await;
    let plain = async || commits::creations(&primary, size, false).await;
    let script = async || (commits::raw(&primary, size).await, vec![0.0]);
    let [ours, raw] = in_turn(&primary, plain, script).await;
    figure::print("commits, a replica", ours.rate, Some(raw.rate));
    let lasting = async || commits::creations(&primary, size, true).await;
    let waits = async || raw_that_waits(&primary, size).await;
    let [ours, raw] = in_turn(&primary, lasting, waits).await;
    figure::print("lasting commits, a replica", ours.rate, Some(raw.rate));
    figure::print("lasting commits, a replica: p99", ours.p99, Some(raw.p99));
    drop((primary, _replica));

    let after = Duration::from_secs(if trial { 1 } else { 6 });
    for (lasting, name) in [
        (true, "lasting commits lost by a planned failover"),
        (false, "other commits lost by a planned failover"),
    ] {
        let (acknowledged, lost) = failover(lasting, after).await;
        eprintln!("failover: lasting {lasting}, {acknowledged} acknowledged, {lost} of them lost");
        figure::print(name, lost as f64, None);
    }
}

async fn start() -> RedisServer {
    RedisServer::start_with(Product::Redis, &["--appendfsync", "everysec"]).await
}

/// What some runs came to: how many a second, and milliseconds; medians.
struct Pace {
    rate: f64,
    p99: f64,
}

/// Runs both in turn, each on an empty server.
async fn in_turn(
    server: &RedisServer,
    ours: impl AsyncFn() -> (f64, Vec<f64>),
    raw: impl AsyncFn() -> (f64, Vec<f64>),
) -> [Pace; 2] {
    let mut found = [(); 2].map(|()| (Vec::new(), Vec::new()));
    for _ in 0..RUNS {
        for (place, (rates, p99s)) in found.iter_mut().enumerate() {
            servers::empty(server).await;
            let (rate, mut took) = match place {
                0 => ours().await,
                _ => raw().await,
            };
            rates.push(rate);
            p99s.push(figure::quantile(&mut took, 0.99));
        }
    }
    found.map(|(mut rates, mut p99s)| Pace {
        rate: figure::quantile(&mut rates, 0.5),
        p99: figure::quantile(&mut p99s, 0.5),
    })
}

/// The least script and `WAIT`, by each task on a connection of its own: on one that is shared a wait holds up
/// everybody behind it.
async fn raw_that_waits(server: &RedisServer, commits: usize) -> (f64, Vec<f64>) {
    let sha: String = server.query(&["SCRIPT", "LOAD", BARE]).await;
    let client = redis::Client::open(server.url()).unwrap();
    let mut conns: Vec<Arc<Mutex<MultiplexedConnection>>> = Vec::new();
    for _ in 0..TASKS {
        let conn = client.get_multiplexed_async_connection().await.unwrap();
        conns.push(Arc::new(Mutex::new(conn)));
    }
    commits::all_at_once(commits, move |n| {
        let sha = sha.clone();
        // Numbers are drawn in turn, so that two tasks want the same one only when one is that far behind.
        let conn = Arc::clone(&conns[n % TASKS]);
        async move {
            let mut conn = conn.lock().await;
            let mut call = redis::cmd("EVALSHA");
            call.arg(&sha).arg(3).arg(format!("{{b}}:doc:{}", id(n)));
            call.arg("{b}:due").arg("{b}:events");
            call.arg(format!("{n:032x}")).arg("d".repeat(BODY));
            call.arg(later(n).timestamp_millis()).arg(id(n).as_str());
            call.arg("a".repeat(EVENT));
            let done: i64 = call.query_async(&mut *conn).await.unwrap();
            assert_eq!(done, 1);
            let mut wait = redis::cmd("WAIT");
            let have: u64 = wait.arg(1).arg(500).query_async(&mut *conn).await.unwrap();
            assert_eq!(have, 1, "the replica has it");
        }
    })
    .await
}

/// Commits while a Sentinel makes the replica the primary, and so long after; how many were acknowledged, and how
/// many of those are lost.
async fn failover(lasting: bool, after: Duration) -> (usize, usize) {
    let watched = Watched::start().await;
    let store = Arc::new(RedisStore::connect(&watched.url()).unwrap());
    let (next, stop) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (store, next, stop) = (Arc::clone(&store), Arc::clone(&next), Arc::clone(&stop));
        tasks.spawn(async move {
            let mut acknowledged = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let n = next.fetch_add(1, Ordering::Relaxed);
                let step = Commit {
                    lasting,
                    ..creation(n, later(n))
                };
                match store.commit(step).await {
                    Ok(Committed::Applied(_)) => acknowledged.push(n),
                    _ => tokio::time::sleep(PAUSE).await,
                }
            }
            acknowledged
        });
    }
    tokio::time::sleep(BEFORE).await;
    watched.fail_over().await;
    tokio::time::sleep(after).await;
    stop.store(true, Ordering::Relaxed);
    let acknowledged: Vec<usize> = tasks.join_all().await.into_iter().flatten().collect();
    let mut lost = 0;
    for n in &acknowledged {
        lost += usize::from(!is_there(&store, *n).await);
    }
    (acknowledged.len(), lost)
}

/// Whether the store has it, once it can say so.
async fn is_there(store: &RedisStore, n: usize) -> bool {
    for _ in 0..500 {
        match store.load(&id(n)).await {
            Ok(found) => return found.is_some(),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
    panic!("the store cannot be read after the failover")
}
