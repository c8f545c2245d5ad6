//! Waits until a replica has what was just written.
//!
//! Redis acknowledges a write before its replicas have it, and a planned failover was measured to
//! lose most of what was acknowledged meanwhile: the old primary goes on taking writes, for ten
//! seconds or so, that nobody will have. So a commit that precedes an effect waits; on a second
//! connection, because `WAIT` holds up everything behind it on its own.
//!
//! From the old primary a failover looks like a replica that vanished. So what had a replica within
//! the last [`MISSED`] is not trusted without one: the caller looks for the primary
//! again, and nothing takes effect before a replica is back or the time is over. Who would rather
//! stop than ever go on without one sets `min-replicas-to-write`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::{RedisResult, Value};
use tokio::time::Instant;

use super::conn::Conn;
use crate::id::Shard;

/// Longest wait, ms. On a local network a replica has a write within one or two; one that is busy
/// with its disk can need some hundred.
const WAIT_MS: u64 = 500;

/// How long a vanished replica is missed: longer than Sentinel needs (about ten seconds) to tell an
/// old primary that it is none any more, short enough to go on after a replica has really died.
pub(super) const MISSED: Duration = Duration::from_secs(30);

/// Who has what a connection wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copies {
    /// A replica has it, or there is none that should.
    Safe,
    /// There is a replica, but it has not got so far.
    Lagging,
    /// There was a replica a moment ago: perhaps this is no primary any more.
    Vanished,
}

/// What one server holds: in a cluster each may be at home with another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Home {
    /// A shard's documents.
    Of(Shard),
    /// The ledger.
    Ledger,
}

/// Remembers who had a replica.
#[derive(Debug, Default)]
pub(super) struct Replicas {
    seen: Mutex<BTreeMap<Home, Instant>>,
}

impl Replicas {
    /// Waits until a replica has what `conn` wrote under `key`, which is at home there.
    pub(super) async fn have(&self, conn: &mut Conn, home: Home, key: &str) -> RedisResult<Copies> {
        if count(conn, key).await == 0 {
            return Ok(self.none_at(home));
        }
        self.saw(home);
        let mut wait = redis::cmd("WAIT");
        wait.arg(1).arg(WAIT_MS);
        let got: u64 = redis::from_redis_value(conn.ask_home_of(key, wait).await?)?;
        if got > 0 {
            return Ok(Copies::Safe);
        }
        let left = count(conn, key).await > 0;
        Ok(if left {
            Copies::Lagging
        } else {
            Copies::Vanished
        })
    }

    fn saw(&self, home: Home) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(home, Instant::now());
    }

    fn none_at(&self, home: Home) -> Copies {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.get(&home) {
            Some(last) if last.elapsed() < MISSED => Copies::Vanished,
            _ => Copies::Safe,
        }
    }
}

/// How many replicas are connected to the server that has `key`. A user without the right to ask
/// is told of none.
async fn count(conn: &mut Conn, key: &str) -> u64 {
    let mut info = redis::cmd("INFO");
    info.arg("replication");
    match conn.ask_home_of(key, info).await {
        Ok(answer) => connected(&answer),
        Err(_) => 0,
    }
}

fn connected(info: &Value) -> u64 {
    let text: String = redis::from_redis_value_ref(info).unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("connected_slaves:"))
        .and_then(|count| count.trim().parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_are_counted_from_what_the_server_says_of_itself() {
        let info = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let text = "# Replication\r\nrole:master\r\nconnected_slaves:2\r\nslave0:ip=…\r\n";
        assert_eq!(connected(&info(text)), 2);
        assert_eq!(connected(&info("role:master\r\n")), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_vanished_replica_is_missed_for_a_while_at_its_own_home() {
        let replicas = Replicas::default();
        let shards: Vec<Home> = Shard::all().take(2).map(Home::Of).collect();
        assert_eq!(replicas.none_at(shards[0]), Copies::Safe);
        replicas.saw(shards[0]);
        tokio::time::advance(MISSED - Duration::from_millis(1)).await;
        assert_eq!(replicas.none_at(shards[0]), Copies::Vanished);
        assert_eq!(replicas.none_at(shards[1]), Copies::Safe);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(replicas.none_at(shards[0]), Copies::Safe);
    }
}
