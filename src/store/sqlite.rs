//! The embedded store: one SQLite file, one serving process.
//!
//! A document, its alarms and its events are rows that `sqlite3 FILE` shows to anybody. Every commit
//! is one transaction with `synchronous=FULL`, so what was acknowledged survives a power cut on a
//! local disk. Network file systems are not supported: SQLite's locks cannot be trusted there.

mod ballast;
mod errors;
mod file;
mod ledger;
mod rows;
mod schema;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;
use tokio::sync::Mutex;

use self::file::{File, Need};
use super::check::check;
use super::lane::{LaneState, Millis, next_token};
use super::step;
use super::{
    Alarms, Claim, Claims, Commit, Committed, Lane, MAX_CLAIMS, MAX_OF_OWNER, Record, Result,
    SEEN_FOR, Standing, Store, StoreError, Token, Wants,
};
use crate::clock::Clock;
use crate::id::{RequestId, Shard};
use crate::units::{Seconds, Time};

/// Longest wait for one call: a commit takes about a millisecond, SQLite's own wait for a lock 5 s.
const CALL: Duration = Duration::from_secs(10);

/// A [`Store`] in a SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    clock: Arc<dyn Clock>,
    /// One connection and one user of it at a time: SQLite has one writer anyway, and waiting here
    /// is fair and asynchronous, where waiting inside SQLite would hold a thread.
    file: Arc<Mutex<File>>,
}

impl SqliteStore {
    /// Opens or creates the file to serve from it.
    ///
    /// # Errors
    /// [`StoreError::Taken`] while another process serves from it; [`StoreError::Corrupt`] for a file
    /// that is not ours; [`StoreError::Misuse`] for one that a newer Drawbridge wrote.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self> {
        Ok(Self::over(File::serve(path)?, clock))
    }

    /// As [`SqliteStore::open`], but the file never grows beyond `max_bytes` (4 KiB at least), for
    /// volumes that are shared. Claims and closing commits may, because nothing may stay open for
    /// want of room.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_bounded(path: &Path, clock: Arc<dyn Clock>, max_bytes: u64) -> Result<Self> {
        Ok(Self::over(File::serve(path)?.bounded(max_bytes)?, clock))
    }

    /// Opens an existing file for reading beside the process that serves from it: ledger and report.
    /// Every call that would write answers [`StoreError::Misuse`].
    ///
    /// # Errors
    /// As [`SqliteStore::open`], apart from `Taken`.
    pub fn open_read_only(path: &Path, clock: Arc<dyn Clock>) -> Result<Self> {
        Ok(Self::over(File::read(path)?, clock))
    }

    fn over(file: File, clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            file: Arc::new(Mutex::new(file)),
        }
    }

    fn now(&self) -> Millis {
        Millis::of_clock(self.clock.now())
    }

    /// Runs `work` with the file on a blocking thread, nobody else at the same time.
    async fn with_file<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut File) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let call = async {
            let mut file = Arc::clone(&self.file).lock_owned().await;
            let done = tokio::task::spawn_blocking(move || work(&mut file)).await;
            done.unwrap_or_else(|panic| Err(StoreError::Away(panic.into())))
        };
        let answer = tokio::time::timeout(CALL, call).await;
        answer.unwrap_or_else(|late| Err(StoreError::Away(late.into())))
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.with_file(move |file| work(file.connection())).await
    }

    async fn write<T: Send + 'static>(
        &self,
        need: Need,
        work: impl Fn(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.with_file(move |file| file.transact(need, work)).await
    }

    /// Changes one lane of a document; the default answer if there is no such document.
    async fn with_lane<T: Default + Send + 'static>(
        &self,
        id: &RequestId,
        lane: Lane,
        change: impl Fn(&mut LaneState, Standing) -> T + Send + 'static,
    ) -> Result<T> {
        let id = id.clone();
        let work = move |db: &Connection| {
            let Some(mut row) = rows::load(db, &id)? else {
                return Ok(T::default());
            };
            let answer = change(row.lanes.of_mut(lane), row.standing);
            rows::save_lane(db, &id, lane, row.lanes.of(lane))?;
            Ok(answer)
        };
        self.write(Need::MustGoOn, work).await
    }
}

/// The whole commit, inside a transaction.
fn commit(db: &Connection, step: &Commit, now: Millis) -> Result<Committed> {
    let row = rows::load(db, &step.id)?;
    let seen = match &step.seen {
        Some(key) => rows::mark(db, key, now)?,
        None => None,
    };
    if let Some(answer) = step::answer(row.as_ref(), seen.as_ref(), step, now) {
        return Ok(answer);
    }
    let row = step::next(row, step, now);
    rows::save(db, &step.id, &row)?;
    rows::append(db, &step.id, &step.events)?;
    if !step.events.is_empty() {
        ledger::wait(db, &step.id, now)?;
    }
    if let Some(key) = &step.seen {
        rows::forget_marks(db, now)?;
        rows::set_mark(db, key, &step.id, now.plus(SEEN_FOR))?;
    }
    Ok(Committed::Applied(row.version().revision))
}

/// One lane's share of a claim call, inside a transaction.
fn claim_lane(
    db: &Connection,
    shard: Shard,
    lane: Lane,
    wants: &Wants,
    time: Time,
) -> Result<Vec<Claim>> {
    let now = Millis::of_clock(time);
    let ids = rows::ripe(db, shard, lane, now, wants.of(lane).min(MAX_CLAIMS))?;
    let mut claims = Vec::new();
    for id in ids {
        let token = Token(next_token(rows::last_token(db)?, time));
        rows::set_last_token(db, token)?;
        let mut state = rows::load_lane(db, &id, lane)?;
        let due = state.claim(token, now, wants.lease).time();
        rows::save_lane(db, &id, lane, &state)?;
        let attempt = state.attempts;
        claims.push(Claim {
            id,
            lane,
            token,
            attempt,
            due,
        });
    }
    Ok(claims)
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, step: Commit) -> Result<Committed> {
        check(&step)?;
        let now = self.now();
        let need = if step.closing {
            Need::MustGoOn
        } else {
            Need::MayWait
        };
        self.write(need, move |db| commit(db, &step, now)).await
    }

    async fn load(&self, id: &RequestId) -> Result<Option<Record>> {
        let id = id.clone();
        self.read(move |db| {
            let row = rows::load(db, &id)?;
            Ok(row.map(|row| Record {
                version: row.version(),
                past: row.past(),
                body: row.body,
                standing: row.standing,
                id,
            }))
        })
        .await
    }

    async fn claim(&self, shard: Shard, wants: Wants) -> Result<Claims> {
        let time = self.clock.now();
        let work = move |db: &Connection| {
            let mut claims = Vec::new();
            let mut next_due = None;
            for lane in Lane::ALL.into_iter().filter(|lane| wants.of(*lane) > 0) {
                claims.extend(claim_lane(db, shard, lane, &wants, time)?);
                let first = rows::first_alarm(db, shard, lane)?;
                next_due = [next_due, first].into_iter().flatten().min();
            }
            Ok(Claims {
                now: Millis::of_clock(time).time(),
                claims,
                next_due: next_due.map(Millis::time),
            })
        };
        self.write(Need::MustGoOn, work).await
    }

    async fn renew(&self, claim: &Claim, lease: Seconds) -> Result<bool> {
        let (now, token) = (self.now(), claim.token);
        self.with_lane(&claim.id, claim.lane, move |state, _| {
            state.renew(token, now, lease)
        })
        .await
    }

    async fn renew_lasting(&self, claim: &Claim, lease: Seconds) -> Result<bool> {
        self.renew(claim, lease).await
    }

    async fn release(&self, claim: &Claim, again_at: Time) -> Result<bool> {
        let (now, token) = (self.now(), claim.token);
        let again = Millis::of_alarm(again_at);
        self.with_lane(&claim.id, claim.lane, move |state, _| {
            state.release(token, now, again)
        })
        .await
    }

    async fn wake(&self, id: &RequestId, lane: Lane) -> Result<()> {
        let now = self.now();
        self.with_lane(id, lane, move |state, standing| {
            if standing == Standing::Open {
                state.wake(now);
            }
        })
        .await
    }

    async fn seen(&self, key: &str) -> Result<Option<RequestId>> {
        let (key, now) = (key.to_owned(), self.now());
        self.read(move |db| rows::mark(db, &key, now)).await
    }

    async fn open(
        &self,
        shard: Shard,
        after: Option<&RequestId>,
        limit: usize,
    ) -> Result<Vec<RequestId>> {
        let after = after.cloned();
        self.read(move |db| rows::open(db, shard, after.as_ref(), limit))
            .await
    }

    async fn of_owner(&self, owner: &str, limit: usize) -> Result<Vec<RequestId>> {
        let owner = owner.to_owned();
        self.read(move |db| rows::of_owner(db, &owner, limit.min(MAX_OF_OWNER)))
            .await
    }

    async fn events(&self, id: &RequestId, after: u64) -> Result<Vec<(u64, String)>> {
        let id = id.clone();
        self.read(move |db| rows::events(db, &id, after)).await
    }

    async fn restore_alarms(&self, id: &RequestId, alarms: Alarms) -> Result<usize> {
        let now = self.now();
        let mut set = 0;
        for lane in Lane::ALL {
            let Some(at) = alarms.of(lane).map(Millis::of_alarm) else {
                continue;
            };
            let restored = self.with_lane(id, lane, move |state, standing| {
                standing == Standing::Open && state.restore(at, now)
            });
            set += usize::from(restored.await?);
        }
        Ok(set)
    }

    async fn ping(&self) -> Result<()> {
        self.write(Need::MayWait, |_| Ok(())).await
    }
}
