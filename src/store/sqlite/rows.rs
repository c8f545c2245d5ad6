//! The SQL: rows in, rows out. Nothing is decided here.

use rusqlite::{Connection, OptionalExtension, Row as Sql, params};

use crate::id::{RequestId, Shard};
use crate::store::lane::{LaneState, Lease, Millis};
use crate::store::step::{Lanes, Row};
use crate::store::{CommitId, Lane, Result, Standing, StoreError, Token};

/// A document with its lanes.
pub(super) fn load(db: &Connection, id: &RequestId) -> Result<Option<Row>> {
    let sql =
        "SELECT revision, commits, body, standing, owner, created FROM documents WHERE id = ?";
    let found = db
        .prepare_cached(sql)?
        .query_row([id.as_str()], |row| {
            let commits: String = row.get(1)?;
            let standing: String = row.get(3)?;
            Ok((
                Row {
                    revision: row.get(0)?,
                    commits: commits.split(' ').map(|c| CommitId(c.to_owned())).collect(),
                    body: row.get(2)?,
                    standing: Standing::Open,
                    owner: row.get(4)?,
                    created: Millis(row.get(5)?),
                    lanes: Lanes::default(),
                },
                standing,
            ))
        })
        .optional()?;
    let Some((mut row, standing)) = found else {
        return Ok(None);
    };
    row.standing = Standing::named(&standing)
        .ok_or_else(|| StoreError::Corrupt(format!("document {id} has standing {standing}")))?;
    for lane in Lane::ALL {
        *row.lanes.of_mut(lane) = load_lane(db, id, lane)?;
    }
    Ok(Some(row))
}

/// Writes a document and its lanes.
pub(super) fn save(db: &Connection, id: &RequestId, row: &Row) -> Result<()> {
    let commits: Vec<&str> = row.commits.iter().map(|commit| commit.0.as_str()).collect();
    let sql = "INSERT OR REPLACE INTO documents
        (id, shard, revision, commits, body, standing, owner, created)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    db.prepare_cached(sql)?.execute(params![
        id.as_str(),
        letter(id.shard()),
        row.revision,
        commits.join(" "),
        row.body,
        row.standing.name(),
        row.owner,
        row.created.0,
    ])?;
    for lane in Lane::ALL {
        save_lane(db, id, lane, row.lanes.of(lane))?;
    }
    Ok(())
}

/// One lane; a lane without row is as new.
pub(super) fn load_lane(db: &Connection, id: &RequestId, lane: Lane) -> Result<LaneState> {
    let sql = "SELECT alarm, token, held_until, attempts, after, woken FROM lanes
        WHERE id = ? AND lane = ?";
    let found = db
        .prepare_cached(sql)?
        .query_row([id.as_str(), lane.name()], lane_of)
        .optional()?;
    Ok(found.unwrap_or_default())
}

fn lane_of(row: &Sql<'_>) -> rusqlite::Result<LaneState> {
    let millis = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(Millis));
    let token: Option<u64> = row.get(1)?;
    let until = millis(2)?;
    Ok(LaneState {
        alarm: millis(0)?,
        lease: token.zip(until).map(|(token, until)| Lease {
            token: Token(token),
            until,
        }),
        attempts: row.get(3)?,
        after: millis(4)?,
        woken: row.get(5)?,
    })
}

/// Writes one lane.
pub(super) fn save_lane(
    db: &Connection,
    id: &RequestId,
    lane: Lane,
    state: &LaneState,
) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO lanes
        (id, lane, shard, alarm, token, held_until, attempts, after, woken)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    db.prepare_cached(sql)?.execute(params![
        id.as_str(),
        lane.name(),
        letter(id.shard()),
        state.alarm.map(|at| at.0),
        state.lease.map(|lease| lease.token.0),
        state.lease.map(|lease| lease.until.0),
        state.attempts,
        state.after.map(|at| at.0),
        state.woken,
    ])?;
    Ok(())
}

/// Ids of a lane whose alarm is due, earliest first.
pub(super) fn ripe(
    db: &Connection,
    shard: Shard,
    lane: Lane,
    now: Millis,
    limit: usize,
) -> Result<Vec<RequestId>> {
    let sql = "SELECT id FROM lanes WHERE shard = ? AND lane = ? AND alarm <= ?
        ORDER BY alarm, id LIMIT ?";
    let mut found = db.prepare_cached(sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = found.query_map(params![letter(shard), lane.name(), now.0, limit], first)?;
    ids(rows)
}

/// The earliest alarm of a lane.
pub(super) fn first_alarm(db: &Connection, shard: Shard, lane: Lane) -> Result<Option<Millis>> {
    let sql = "SELECT min(alarm) FROM lanes WHERE shard = ? AND lane = ? AND alarm IS NOT NULL";
    let at: Option<i64> = db
        .prepare_cached(sql)?
        .query_row(params![letter(shard), lane.name()], |row| row.get(0))?;
    Ok(at.map(Millis))
}

/// The last token that was given.
pub(super) fn last_token(db: &Connection) -> Result<u64> {
    let mut last = db.prepare_cached("SELECT last FROM tokens")?;
    Ok(last.query_row([], |row| row.get(0))?)
}

/// Remembers the last token.
pub(super) fn set_last_token(db: &Connection, token: Token) -> Result<()> {
    let mut set = db.prepare_cached("UPDATE tokens SET last = ?")?;
    set.execute([token.0])?;
    Ok(())
}

/// Appends events; the numbers go on without gaps because nothing is ever deleted.
pub(super) fn append(db: &Connection, id: &RequestId, events: &[String]) -> Result<()> {
    let sql = "INSERT INTO events (id, number, event)
        SELECT ?1, 1 + coalesce(max(number), 0), ?2 FROM events WHERE id = ?1";
    let mut add = db.prepare_cached(sql)?;
    for event in events {
        add.execute([id.as_str(), event.as_str()])?;
    }
    Ok(())
}

/// Events after a number.
pub(super) fn events(db: &Connection, id: &RequestId, after: u64) -> Result<Vec<(u64, String)>> {
    let sql = "SELECT number, event FROM events WHERE id = ? AND number > ? ORDER BY number";
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let mut found = db.prepare_cached(sql)?;
    let rows = found.query_map(params![id.as_str(), after], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The request that a delivery created, while the mark is kept.
pub(super) fn mark(db: &Connection, key: &str, now: Millis) -> Result<Option<RequestId>> {
    let mut found = db.prepare_cached("SELECT id FROM seen WHERE key = ? AND kept_until > ?")?;
    let id = found.query_row(params![key, now.0], first).optional()?;
    id.map(|id| parse(&id)).transpose()
}

/// Sets a mark.
pub(super) fn set_mark(db: &Connection, key: &str, id: &RequestId, until: Millis) -> Result<()> {
    let mut set = db.prepare_cached("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)")?;
    set.execute(params![key, id.as_str(), until.0])?;
    Ok(())
}

/// Deletes the marks whose time is over.
pub(super) fn forget_marks(db: &Connection, now: Millis) -> Result<()> {
    let mut forget = db.prepare_cached("DELETE FROM seen WHERE kept_until <= ?")?;
    forget.execute([now.0])?;
    Ok(())
}

/// Open documents of a shard after an id.
pub(super) fn open(
    db: &Connection,
    shard: Shard,
    after: Option<&RequestId>,
    limit: usize,
) -> Result<Vec<RequestId>> {
    let sql = "SELECT id FROM documents WHERE shard = ? AND standing = 'open' AND id > ?
        ORDER BY id LIMIT ?";
    let after = after.map_or("", RequestId::as_str);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut found = db.prepare_cached(sql)?;
    let rows = found.query_map(params![letter(shard), after, limit], first)?;
    ids(rows)
}

/// The newest documents of an owner.
pub(super) fn of_owner(db: &Connection, owner: &str, limit: usize) -> Result<Vec<RequestId>> {
    let sql = "SELECT id FROM documents WHERE owner = ? ORDER BY created DESC, id DESC LIMIT ?";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut found = db.prepare_cached(sql)?;
    let rows = found.query_map(params![owner, limit], first)?;
    ids(rows)
}

fn first(row: &Sql<'_>) -> rusqlite::Result<String> {
    row.get(0)
}

fn ids(rows: impl Iterator<Item = rusqlite::Result<String>>) -> Result<Vec<RequestId>> {
    rows.map(|id| parse(&id?)).collect()
}

/// An id that the file holds.
pub(super) fn parse(id: &str) -> Result<RequestId> {
    id.parse()
        .map_err(|wrong: crate::id::NotAnId| StoreError::Corrupt(wrong.to_string()))
}

/// A shard as the file names it.
pub(super) fn letter(shard: Shard) -> String {
    shard.letter().to_string()
}
