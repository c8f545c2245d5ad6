//! What a commit costs on a Redis, ours and the least there can be: used by the benches `store` and `durability`
//! and, where seconds mean nothing, by `tests/figures.rs`.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use drawbridge::clock::{Clock, SystemClock};
use drawbridge::store::redis::RedisStore;
use drawbridge::store::{Commit, Committed, Store};
use drawbridge::units::{Seconds, Time};

use super::servers;
use super::servers::redis::RedisServer;
use super::steps::{BODY, EVENT, creation, id};

/// Tasks that commit at once; connections of the raw run.
pub(crate) const TASKS: usize = 16;

/// The least that an atomic commit is: version compared, document, alarm and event written.
pub(crate) const BARE: &str = "local found = redis.call('HMGET', KEYS[1], 'revision', 'commit')\n\
     if found[2] == ARGV[1] then return 0 end\n\
     if (found[1] or '0') ~= '0' then return -1 end\n\
     local time = redis.call('TIME')\n\
     redis.call('HSET', KEYS[1], 'revision', 1, 'commit', ARGV[1], 'body', ARGV[2])\n\
     redis.call('ZADD', KEYS[2], ARGV[3] + time[2], ARGV[4])\n\
     redis.call('XADD', KEYS[3], '*', 'event', ARGV[5])\n\
     return 1";

/// Later than any run lasts.
pub(crate) fn later(n: usize) -> Time {
    let offset = chrono::TimeDelta::milliseconds(i64::try_from(n).expect("a small number"));
    Seconds::hours(1).after(SystemClock.now()) + offset
}

/// Creations a second, from [`TASKS`] tasks over one store.
pub(crate) async fn ours(server: &RedisServer, commits: usize) -> f64 {
    creations(server, commits, false).await.0
}

/// The same, lasting or not; and milliseconds that each took.
pub(crate) async fn creations(
    server: &RedisServer,
    commits: usize,
    lasting: bool,
) -> (f64, Vec<f64>) {
    let store = RedisStore::connect(&server.url()).expect("an address");
    store.ping().await.expect("the server answers");
    let store = Arc::new(store);
    all_at_once(commits, move |n| {
        let store = Arc::clone(&store);
        async move {
            let step = Commit {
                lasting,
                ..creation(n, later(n))
            };
            let done = store.commit(step).await;
            assert!(matches!(done, Ok(Committed::Applied(_))), "{done:?}");
        }
    })
    .await
}

/// Does so many things from [`TASKS`] tasks; how many a second, and milliseconds that each took.
pub(crate) async fn all_at_once<F, R>(things: usize, act: F) -> (f64, Vec<f64>)
where
    F: Fn(usize) -> R + Clone + Send + 'static,
    R: Future<Output = ()> + Send,
{
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..TASKS {
        let (act, next) = (act.clone(), Arc::clone(&next));
        tasks.spawn(async move {
            let mut took = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= things {
                    return took;
                }
                let from = Instant::now();
                act(n).await;
                took.push(from.elapsed().as_secs_f64() * 1_000.0);
            }
        });
    }
    let mut took = Vec::with_capacity(things);
    while let Some(done) = tasks.join_next().await {
        took.extend(done.expect("all were done"));
    }
    (things as f64 / began.elapsed().as_secs_f64(), took)
}

/// Calls of [`BARE`] a second with the same payload, from `redis-benchmark`.
pub(crate) async fn raw(server: &RedisServer, commits: usize) -> f64 {
    let sha: String = server.query(&["SCRIPT", "LOAD", BARE]).await;
    let done = Command::new("redis-benchmark")
        .args(["-p", &server.port().to_string()])
        .args(["-c", &TASKS.to_string(), "-n", &commits.to_string()])
        .args(["-r", "100000000", "--csv", "EVALSHA", &sha, "3"])
        .args(["{b}:doc:__rand_int__", "{b}:due", "{b}:events"])
        .args([&"c".repeat(32), &"d".repeat(BODY), "1900000000000"])
        .args(["__rand_int__", &"a".repeat(EVENT)])
        .output()
        .expect("no `redis-benchmark` on the PATH: install the package `redis-tools`");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{said}");
    // `"the whole command","requests a second", …`: seven figures, and the command may hold anything.
    let last = said.trim().lines().last().expect("a line of figures");
    let rate = last.rsplit("\",\"").nth(6).expect("requests a second");
    rate.trim_matches('"').parse().expect("a number")
}

/// Microseconds that Redis itself needs for a commit of ours, and for a bare one.
pub(crate) async fn own_time(server: &RedisServer, commits: usize) -> (f64, f64) {
    empty(server).await;
    let _ = ours(server, commits).await;
    let of_ours = script_time(server).await;
    empty(server).await;
    let _ = raw(server, commits).await;
    (of_ours, script_time(server).await)
}

async fn empty(server: &RedisServer) {
    servers::empty(server).await;
    let () = server.query(&["CONFIG", "RESETSTAT"]).await;
}

async fn script_time(server: &RedisServer) -> f64 {
    let stats: String = server.query(&["INFO", "commandstats"]).await;
    let line = stats
        .lines()
        .find_map(|line| line.strip_prefix("cmdstat_evalsha:"));
    let time = line.and_then(|line| line.split("usec_per_call=").nth(1)?.split(',').next());
    time.expect("scripts ran").parse().expect("a number")
}

/// Bytes that Redis holds for each of so many waiting requests.
pub(crate) async fn memory_of_ours(server: &RedisServer, requests: usize) -> f64 {
    empty(server).await;
    let before = used(server).await;
    let _ = ours(server, requests).await;
    // What waits for the ledger's appender is gone within a second.
    for shard in 'a'..='d' {
        let key = format!("{{drawbridge-{shard}}}:unrecorded");
        let gone: u64 = server.query(&["DEL", &key]).await;
        assert_eq!(gone, 1, "the shards are named otherwise now");
    }
    (used(server).await - before) / requests as f64
}

/// The same documents, commit ids and events in one hash each, their ids in one ZSET, and nothing else.
pub(crate) async fn memory_of_raw(server: &RedisServer, requests: usize) -> f64 {
    empty(server).await;
    let before = used(server).await;
    let client = redis::Client::open(server.url()).expect("an address");
    let mut conn = client
        .get_multiplexed_async_connection()
        .await
        .expect("a connection");
    for n in 0..requests {
        let (id, due) = (id(n), later(n).timestamp_millis());
        let mut pipe = redis::pipe();
        pipe.cmd("HSET")
            .arg(format!("{{b}}:doc:{id}"))
            .arg(&["body", &"d".repeat(BODY), "commit", &format!("{n:032x}")])
            .arg(&["event", &"a".repeat(EVENT)])
            .ignore();
        pipe.cmd("ZADD").arg("{b}:due").arg(due).arg(id.as_str());
        let () = pipe.query_async(&mut conn).await.expect("written");
    }
    (used(server).await - before) / requests as f64
}

async fn used(server: &RedisServer) -> f64 {
    let info: String = server.query(&["INFO", "memory"]).await;
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"));
    line.expect("memory").trim().parse().expect("a number")
}
