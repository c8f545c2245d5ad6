//! The file's layout and its history. Layouts are only ever added at the end.

use rusqlite::Connection;

use crate::store::{Result, StoreError};

/// Marks the file as ours (`DBRG`), for `file` and against opening a stranger's database.
const APPLICATION: i64 = 0x4442_5247;

/// What turns layout *n* into layout *n + 1*; `PRAGMA user_version` holds how many were done.
const LAYOUTS: [&str; 2] = [
    "
    CREATE TABLE documents (
        id TEXT PRIMARY KEY, shard TEXT NOT NULL, revision INTEGER NOT NULL, commits TEXT NOT NULL,
        body TEXT NOT NULL, standing TEXT NOT NULL, owner TEXT NOT NULL, created INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX documents_open ON documents (shard, id) WHERE standing = 'open';
    CREATE INDEX documents_owner ON documents (owner, created, id);
    CREATE TABLE lanes (
        id TEXT NOT NULL, lane TEXT NOT NULL, shard TEXT NOT NULL, alarm INTEGER,
        token INTEGER, held_until INTEGER, attempts INTEGER NOT NULL, after INTEGER,
        woken INTEGER NOT NULL, PRIMARY KEY (id, lane)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX lanes_due ON lanes (shard, lane, alarm, id) WHERE alarm IS NOT NULL;
    CREATE TABLE events (
        id TEXT NOT NULL, number INTEGER NOT NULL, event TEXT NOT NULL, PRIMARY KEY (id, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE seen (key TEXT PRIMARY KEY, id TEXT NOT NULL, kept_until INTEGER NOT NULL) STRICT;
    CREATE INDEX seen_until ON seen (kept_until);
    CREATE TABLE tokens (last INTEGER NOT NULL) STRICT;
    INSERT INTO tokens VALUES (0);
",
    "
    CREATE TABLE unrecorded (id TEXT PRIMARY KEY, shard TEXT NOT NULL, since INTEGER NOT NULL) STRICT;
    CREATE INDEX unrecorded_since ON unrecorded (shard, since, id);
    CREATE TABLE recorded (id TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE records (seq INTEGER PRIMARY KEY, record TEXT NOT NULL) STRICT;
    CREATE TABLE heads (which TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
    CREATE TABLE cursors (sink TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
    -- Everything that happened before there was a ledger belongs into it too.
    INSERT INTO unrecorded SELECT id, shard, created FROM documents
        WHERE id IN (SELECT id FROM events);
",
];

/// Brings a file that we may write to the newest layout.
pub(super) fn migrate(db: &mut Connection) -> Result<()> {
    let done = layout(db)?;
    for (n, script) in (1..).zip(LAYOUTS).skip(done) {
        let tx = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        tx.execute_batch(script)?;
        tx.pragma_update(None, "application_id", APPLICATION)?;
        tx.pragma_update(None, "user_version", n)?;
        tx.commit()?;
    }
    Ok(())
}

/// Refuses a file of any layout but the newest: it is only to be read.
pub(super) fn expect_newest(db: &Connection) -> Result<()> {
    if layout(db)? == LAYOUTS.len() {
        return Ok(());
    }
    let why = "the file has an older layout: serve from it once before reading it";
    Err(StoreError::Misuse(why.to_owned()))
}

/// How many layouts the file has behind it; refuses a stranger's file and a newer one.
fn layout(db: &Connection) -> Result<usize> {
    let application: i64 = pragma(db, "application_id")?;
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let empty = application == 0 && tables == 0;
    if application != APPLICATION && !empty {
        let why = "a SQLite file that is not a Drawbridge store";
        return Err(StoreError::Corrupt(why.to_owned()));
    }
    let done: i64 = pragma(db, "user_version")?;
    usize::try_from(done)
        .ok()
        .filter(|done| *done <= LAYOUTS.len())
        .ok_or_else(|| {
            let known = LAYOUTS.len();
            StoreError::Misuse(format!(
                "the file has layout {done}, this Drawbridge knows up to {known}: use a newer one"
            ))
        })
}

fn pragma(db: &Connection, name: &str) -> Result<i64> {
    Ok(db.pragma_query_value(None, name, |row| row.get(0))?)
}
