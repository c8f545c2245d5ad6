//! Waits until a replica has what was just written.
//!
//! Redis acknowledges a write before its replicas have it, and a planned failover was measured to
//! lose most of what was acknowledged meanwhile: the old primary goes on taking writes, for ten
//! seconds or so, that nobody will have. So a commit that precedes an effect waits; on connections of its
//! own kind, because `WAIT` holds up everything behind it on its own. Lanes wait on one more, one at a
//! time for each home: while a replica lags, there are many of them, and no decision stands behind them.
//!
//! From the old primary a failover looks like a replica that vanished. So what had a replica within
//! the last [`MISSED`] is not trusted without one: the caller looks for the primary
//! again, and nothing takes effect before a replica is back or the time is over. Who would rather
//! stop than ever go on without one sets `min-replicas-to-write`.
//!
//! Whether there is a replica is asked every [`KNOWN`] where something waits, every [`LOOK`] where nothing does, and not for
//! each write: a single Redis pays little for what it does not have. A replica that has just come is waited for that
//! much later. A question without an answer is not remembered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{Cmd, RedisResult, Value};
use tokio::time::Instant;

use super::conn::Conn;
use super::{RedisStore, keys};
use crate::id::Shard;
use crate::store::Lane;

/// Longest wait, ms. On a local network a replica has a write within one or two; one that is busy
/// with its disk can need some hundred.
const WAIT_MS: u64 = 500;

/// How long a vanished replica is missed: longer than Sentinel needs (about ten seconds) to tell an
/// old primary that it is none any more, short enough to go on after a replica has really died.
pub(super) const MISSED: Duration = Duration::from_secs(30);

/// Asks that one replica has everything that this connection has written.
pub(super) fn wait() -> Cmd {
    let mut wait = redis::cmd("WAIT");
    wait.arg(1).arg(WAIT_MS);
    wait
}

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

/// How long it is remembered whether there are replicas. A new one needs longer than this to copy
/// everything; one that went is noticed by the wait itself.
const KNOWN: Duration = Duration::from_secs(1);

/// How often replicas are looked for where nothing waits for them: several times within [`MISSED`].
const LOOK: Duration = Duration::from_secs(10);

/// What one server holds: in a cluster each may be at home with another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Home {
    /// A shard's documents.
    Of(Shard),
    /// The ledger.
    Ledger,
    /// Everything, where one server has it all.
    Server,
}

/// What is known of one home.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// When it last had a replica.
    seen: Option<Instant>,
    /// When it was last asked, and whether it had one.
    asked: Option<(Instant, bool)>,
    /// When somebody last set out to look though nothing waited.
    looked: Option<Instant>,
}

/// Remembers who had a replica.
#[derive(Debug, Default)]
pub(super) struct Replicas {
    homes: Mutex<BTreeMap<Home, Known>>,
    turns: Mutex<BTreeMap<Home, Turn>>,
}

/// Whose turn it is to wait at one home, and when the last wait there failed.
type Turn = Arc<tokio::sync::Mutex<Option<Instant>>>;

impl Replicas {
    /// Waits until a replica has what `conn` wrote under `key`, which is at home there.
    pub(super) async fn have(&self, conn: &mut Conn, home: Home, key: &str) -> RedisResult<Copies> {
        let there = match self.known(home) {
            Some(there) => there,
            None => self.ask(conn, home, key).await?,
        };
        if !there {
            return Ok(self.none_at(home));
        }
        let waited = conn.ask_home_of(key, wait()).await?;
        self.judge_wait(waited, conn, home, key).await
    }

    /// What the answer to a `WAIT` over `conn` means.
    pub(super) async fn judge_wait(
        &self,
        waited: Value,
        conn: &mut Conn,
        home: Home,
        key: &str,
    ) -> RedisResult<Copies> {
        let got: u64 = redis::from_redis_value(waited.extract_error()?)?;
        if got > 0 {
            self.noted(home, true);
            return Ok(Copies::Safe);
        }
        let left = self.ask(conn, home, key).await?;
        Ok(if left {
            Copies::Lagging
        } else {
            Copies::Vanished
        })
    }

    /// As [`Replicas::have`], one at a time at each home. What was written before a wait failed has no copy
    /// either: so all that wait are told with the first of them, and not one after the other.
    pub(super) async fn have_in_turn(
        &self,
        conn: &mut Conn,
        home: Home,
        key: &str,
    ) -> RedisResult<Copies> {
        let written = Instant::now();
        let turn = self.turn(home);
        let mut failed = turn.lock().await;
        if failed.is_some_and(|at| at >= written) {
            return Ok(Copies::Lagging);
        }
        let copies = self.have(conn, home, key).await?;
        if copies == Copies::Lagging {
            *failed = Some(Instant::now());
        }
        Ok(copies)
    }

    fn turn(&self, home: Home) -> Turn {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(home).or_default())
    }

    /// Forgets whether there are replicas, not that there were: after a new dial it may be another server.
    pub(super) fn look_again(&self) {
        let mut homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        for known in homes.values_mut() {
            known.asked = None;
        }
    }

    /// Asks whether there are replicas, and remembers the answer.
    pub(super) async fn ask(&self, conn: &mut Conn, home: Home, key: &str) -> RedisResult<bool> {
        let Some(count) = count(conn, key).await? else {
            return Ok(false);
        };
        self.noted(home, count > 0);
        Ok(count > 0)
    }

    fn noted(&self, home: Home, there: bool) {
        let now = Instant::now();
        let mut homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        let known = homes.entry(home).or_default();
        known.asked = Some((now, there));
        if there {
            known.seen = Some(now);
        }
    }

    fn of(&self, home: Home) -> Known {
        let homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        homes.get(&home).copied().unwrap_or_default()
    }

    /// Whether a write at `home` will be waited for: a replica was there lately, and nobody has missed it since.
    pub(super) fn are_expected_at(&self, home: Home) -> bool {
        let lately = self.of(home).seen;
        let lately = lately.is_some_and(|last| last.elapsed() < MISSED);
        lately && self.known(home) != Some(false)
    }

    fn known(&self, home: Home) -> Option<bool> {
        let (at, there) = self.of(home).asked?;
        (at.elapsed() < KNOWN).then_some(there)
    }

    /// Whether it is time to look, for a replica could else come and go unseen. Whoever is told so looks, and nobody
    /// else for a while, whatever comes of it.
    pub(super) fn takes_the_look(&self, home: Home) -> bool {
        let mut homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        let known = homes.entry(home).or_default();
        let asked = known.asked.map(|(at, _)| at);
        let wants = asked
            .max(known.looked)
            .is_none_or(|at| at.elapsed() >= LOOK);
        if wants {
            known.looked = Some(Instant::now());
        }
        wants
    }

    fn none_at(&self, home: Home) -> Copies {
        match self.of(home).seen {
            Some(last) if last.elapsed() < MISSED => Copies::Vanished,
            _ => Copies::Safe,
        }
    }
}

impl RedisStore {
    /// Looks now and then whether a shard's server has replicas: else one that nobody has waited for lately would not be
    /// missed.
    pub(super) async fn look_at_replicas(&self, shard: Shard) {
        let (replicas, home) = (&self.replicas, self.together.home(Home::Of(shard)));
        if !replicas.takes_the_look(home) {
            return;
        }
        let key = keys::due(shard, Lane::Gate);
        let look = |mut conn| {
            let key = &key;
            async move { replicas.ask(&mut conn, home, key).await }
        };
        if let Err(error) = self.link.call(look).await {
            tracing::debug!(%error, "nobody said whether there are replicas");
        }
    }
}

/// How many replicas are connected to the server that has `key`; `None`: this user may not ask.
///
/// # Errors
/// There was no answer: then the write is not known to be safe, and the whole call is tried again.
async fn count(conn: &mut Conn, key: &str) -> RedisResult<Option<u64>> {
    let mut info = redis::cmd("INFO");
    info.arg("replication");
    match conn.ask_home_of(key, info).await {
        Ok(answer) => Ok(Some(connected(&answer))),
        // Without the right to it, or where it is renamed.
        Err(error) if matches!(error.code(), Some("NOPERM" | "ERR")) => Ok(None),
        Err(error) => Err(error),
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
        replicas.noted(shards[0], true);
        assert_eq!(replicas.known(shards[0]), Some(true));
        tokio::time::advance(MISSED - Duration::from_millis(1)).await;
        assert!(replicas.are_expected_at(shards[0]) && !replicas.are_expected_at(shards[1]));
        assert_eq!(replicas.none_at(shards[0]), Copies::Vanished);
        assert_eq!(replicas.none_at(shards[1]), Copies::Safe);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(replicas.none_at(shards[0]), Copies::Safe);
        assert!(!replicas.are_expected_at(shards[0]));
    }

    #[tokio::test(start_paused = true)]
    async fn one_looks_every_ten_seconds_where_nothing_waits() {
        let replicas = Replicas::default();
        assert!(replicas.takes_the_look(Home::Server));
        assert!(!replicas.takes_the_look(Home::Server));
        tokio::time::advance(LOOK - Duration::from_millis(1)).await;
        assert!(!replicas.takes_the_look(Home::Server));
        // What waited has asked.
        replicas.noted(Home::Server, true);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!replicas.takes_the_look(Home::Server));
        tokio::time::advance(LOOK).await;
        assert!(replicas.takes_the_look(Home::Server));
        assert!(LOOK * 2 < MISSED);
    }

    #[tokio::test(start_paused = true)]
    async fn whether_there_are_replicas_is_asked_again_after_a_second_or_a_dial() {
        let replicas = Replicas::default();
        assert_eq!(replicas.known(Home::Ledger), None);
        replicas.noted(Home::Ledger, false);
        tokio::time::advance(KNOWN - Duration::from_millis(1)).await;
        assert_eq!(replicas.known(Home::Ledger), Some(false));
        assert!(!replicas.are_expected_at(Home::Ledger));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(replicas.known(Home::Ledger), None);
        replicas.noted(Home::Ledger, true);
        replicas.look_again();
        assert_eq!(replicas.known(Home::Ledger), None);
        assert_eq!(replicas.none_at(Home::Ledger), Copies::Vanished);
    }
}
