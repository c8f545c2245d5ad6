//! The ledger's side of the SQLite store.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};

use super::file::Need;
use super::{SqliteStore, rows};
use crate::id::{RequestId, Shard};
use crate::store::lane::Millis;
use crate::store::ledger::{check, check_sink};
use crate::store::{Append, Appended, Head, Ledger, MAX_READ, Progress, Result, StoreError, Tail};
use crate::units::Time;

/// Which row of `heads` says what.
const NEWEST: &str = "newest";
const DROPPED: &str = "dropped";

/// Lets a document wait, since now if it does not wait already; whether it did not.
pub(super) fn wait(db: &Connection, id: &RequestId, now: Millis) -> Result<bool> {
    let sql = "INSERT OR IGNORE INTO unrecorded (id, shard, since) VALUES (?, ?, ?)";
    let shard = rows::letter(id.shard());
    let set = db
        .prepare_cached(sql)?
        .execute(params![id.as_str(), shard, now.0])?;
    Ok(set > 0)
}

fn waiting(db: &Connection, shard: Shard, limit: usize) -> Result<Vec<(RequestId, Time)>> {
    let sql = "SELECT id, since FROM unrecorded WHERE shard = ? ORDER BY since, id LIMIT ?";
    let mut found = db.prepare_cached(sql)?;
    let pair = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?));
    let found = found.query_map(params![rows::letter(shard), limit], pair)?;
    let read = |row: rusqlite::Result<(String, i64)>| {
        let (id, since) = row?;
        Ok((rows::parse(&id)?, Millis(since).time()))
    };
    found.map(read).collect()
}

fn number(db: &Connection, id: &RequestId) -> Result<u64> {
    let mut found = db.prepare_cached("SELECT number FROM recorded WHERE id = ?")?;
    let number = found.query_row([id.as_str()], |row| row.get(0));
    Ok(number.optional()?.unwrap_or_default())
}

/// How many events a document has.
fn count(db: &Connection, id: &RequestId) -> Result<u64> {
    let sql = "SELECT coalesce(max(number), 0) FROM events WHERE id = ?";
    Ok(db
        .prepare_cached(sql)?
        .query_row([id.as_str()], |row| row.get(0))?)
}

fn head(db: &Connection, which: &str) -> Result<Option<Head>> {
    let mut found = db.prepare_cached("SELECT seq, hash FROM heads WHERE which = ?")?;
    let head = found.query_row([which], |row| {
        let (seq, hash) = (row.get(0)?, row.get(1)?);
        Ok(Head { seq, hash })
    });
    Ok(head.optional()?)
}

fn set_head(db: &Connection, which: &str, head: &Head) -> Result<()> {
    let mut set = db.prepare_cached("INSERT OR REPLACE INTO heads VALUES (?, ?, ?)")?;
    set.execute(params![which, head.seq, head.hash])?;
    Ok(())
}

/// The whole append, inside a transaction.
fn append(db: &Connection, step: &Append) -> Result<Appended> {
    if head(db, NEWEST)?.unwrap_or_else(Head::origin) != step.after {
        return Ok(Appended::Conflict);
    }
    for Progress { id, from, .. } in &step.recorded {
        if number(db, id)? != *from {
            return Ok(Appended::Conflict);
        }
    }
    let sql = "SELECT coalesce(max(seq), 0) FROM records";
    let last: u64 = db.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    if last > step.after.seq {
        let what = format!("record {last} after the head {}", step.after.seq);
        return Err(StoreError::Corrupt(what));
    }
    let mut add = db.prepare_cached("INSERT INTO records VALUES (?, ?)")?;
    for (seq, record) in (step.after.seq.saturating_add(1)..).zip(&step.records) {
        add.execute(params![seq, record])?;
    }
    set_head(db, NEWEST, &step.head)?;
    let mut set = db.prepare_cached("INSERT OR REPLACE INTO recorded VALUES (?, ?)")?;
    for Progress { id, to, .. } in &step.recorded {
        set.execute(params![id.as_str(), to])?;
    }
    Ok(Appended::Done)
}

fn records(db: &Connection, after: u64, limit: usize) -> Result<Vec<String>> {
    let sql = "SELECT record FROM records WHERE seq > ? ORDER BY seq LIMIT ?";
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let mut found = db.prepare_cached(sql)?;
    let rows = found.query_map(params![after, limit], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The whole trim, inside a transaction.
fn trim(db: &Connection, upto: &Head) -> Result<bool> {
    let gone = head(db, DROPPED)?.map_or(0, |head| head.seq);
    let Some(newest) = head(db, NEWEST)?.filter(|_| upto.seq > gone) else {
        return Ok(false);
    };
    if upto.seq > newest.seq || (upto.seq == newest.seq && *upto != newest) {
        return Ok(false);
    }
    let mut drop = db.prepare_cached("DELETE FROM records WHERE seq <= ?")?;
    drop.execute([upto.seq])?;
    set_head(db, DROPPED, upto)?;
    Ok(true)
}

#[async_trait]
impl Ledger for SqliteStore {
    async fn unrecorded(&self, shard: Shard, limit: usize) -> Result<Vec<(RequestId, Time)>> {
        let limit = limit.min(MAX_READ);
        self.read(move |db| waiting(db, shard, limit)).await
    }

    async fn recorded(&self, ids: &[RequestId]) -> Result<Vec<u64>> {
        let ids = ids.to_vec();
        self.read(move |db| ids.iter().map(|id| number(db, id)).collect())
            .await
    }

    async fn append(&self, step: Append) -> Result<Appended> {
        check(&step)?;
        self.write(Need::MayWait, move |db| append(db, &step)).await
    }

    async fn settle(&self, id: &RequestId, number: u64) -> Result<bool> {
        let id = id.clone();
        let work = move |db: &Connection| {
            let done = count(db, &id)? <= number;
            if done {
                let mut end = db.prepare_cached("DELETE FROM unrecorded WHERE id = ?")?;
                end.execute([id.as_str()])?;
            }
            Ok(done)
        };
        self.write(Need::MustGoOn, work).await
    }

    async fn restore_unrecorded(&self, id: &RequestId, number: u64) -> Result<bool> {
        let (id, now) = (id.clone(), self.now());
        let work = move |db: &Connection| Ok(count(db, &id)? > number && wait(db, &id, now)?);
        self.write(Need::MustGoOn, work).await
    }

    async fn head(&self) -> Result<Tail> {
        self.read(|db| Ok(Tail::of(head(db, NEWEST)?, head(db, DROPPED)?)))
            .await
    }

    async fn records(&self, after: u64, limit: usize) -> Result<Vec<String>> {
        let limit = limit.min(MAX_READ);
        self.read(move |db| records(db, after, limit)).await
    }

    async fn trim(&self, upto: &Head) -> Result<bool> {
        let upto = upto.clone();
        self.write(Need::MustGoOn, move |db| trim(db, &upto)).await
    }

    async fn cursor(&self, sink: &str) -> Result<u64> {
        let sink = sink.to_owned();
        self.read(move |db| {
            let mut found = db.prepare_cached("SELECT seq FROM cursors WHERE sink = ?")?;
            let seq = found.query_row([&sink], |row| row.get(0));
            Ok(seq.optional()?.unwrap_or_default())
        })
        .await
    }

    async fn set_cursor(&self, sink: &str, seq: u64) -> Result<()> {
        check_sink(sink, seq)?;
        let sink = sink.to_owned();
        let work = move |db: &Connection| {
            let sql = "INSERT INTO cursors VALUES (?1, ?2)
                ON CONFLICT (sink) DO UPDATE SET seq = max(seq, ?2)";
            db.prepare_cached(sql)?.execute(params![sink, seq])?;
            Ok(())
        };
        self.write(Need::MustGoOn, work).await
    }
}
