//! One open database file: who may use it, how durable it is, what happens when there is no room.

use std::ffi::OsString;
use std::fs::{self, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::ballast::Ballast;
use super::schema;
use crate::store::{Result, StoreError};

/// How long SQLite itself waits for a lock: only a backup or a shell can hold one.
const BUSY: Duration = Duration::from_secs(5);

/// SQLite's page size, its default since 2016.
const PAGE: u64 = 4096;

/// How a write stands towards a full disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Fails clean when there is no room.
    MayWait,
    /// Claims and closing commits: get the space that was kept back.
    MustGoOn,
}

/// An open file.
#[derive(Debug)]
pub(super) struct File {
    db: Connection,
    /// `None`: opened for reading.
    serving: Option<Serving>,
}

/// What only the serving process has.
#[derive(Debug)]
struct Serving {
    ballast: Ballast,
    /// Most pages for writes that may wait.
    max_pages: Option<u64>,
    /// Locked as long as this is open; the system frees it when the process dies, however it dies.
    _lock: fs::File,
}

impl File {
    /// Opens or creates the file for its one serving process.
    pub(super) fn serve(path: &Path) -> Result<Self> {
        let lock = lock(path)?;
        let mut db = Connection::open(path)?;
        db.busy_timeout(BUSY)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        // NORMAL may take back commits at a power cut; an acknowledged approval must not vanish.
        db.pragma_update(None, "synchronous", "FULL")?;
        schema::migrate(&mut db)?;
        let serving = Serving {
            ballast: Ballast::at(beside(path, ".ballast")),
            max_pages: None,
            _lock: lock,
        };
        Ok(Self {
            db,
            serving: Some(serving),
        })
    }

    /// Bounds the file for writes that may wait.
    pub(super) fn bounded(mut self, max_bytes: u64) -> Result<Self> {
        if let Some(serving) = &mut self.serving {
            serving.max_pages = Some((max_bytes / PAGE).max(1));
        }
        Ok(self)
    }

    /// Opens an existing file for reading.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(BUSY)?;
        schema::expect_newest(&db)?;
        Ok(Self { db, serving: None })
    }

    /// For reading.
    pub(super) fn connection(&self) -> &Connection {
        &self.db
    }

    /// Runs `work` in one transaction, a second time with the space that was kept back if the need
    /// allows it.
    pub(super) fn transact<T>(
        &mut self,
        need: Need,
        work: impl Fn(&Connection) -> Result<T>,
    ) -> Result<T> {
        self.prepare(need)?;
        match self.attempt(&work) {
            Err(StoreError::Full(_)) if need == Need::MustGoOn => {
                if let Some(serving) = &mut self.serving {
                    serving.ballast.give_up();
                }
                self.attempt(&work)
            }
            answer => answer,
        }
    }

    fn prepare(&mut self, need: Need) -> Result<()> {
        let Some(serving) = &mut self.serving else {
            return Ok(());
        };
        if need == Need::MayWait {
            let held = serving.ballast.hold();
            held.map_err(|error| StoreError::Full(error.into()))?;
        }
        if let Some(pages) = serving.max_pages {
            let most = match need {
                Need::MayWait => pages,
                Need::MustGoOn => u64::from(u32::MAX - 1),
            };
            // The pragma answers with a row, which `pragma_update` would take for an error.
            let set = format!("PRAGMA max_page_count = {most}");
            self.db.query_row(&set, [], |_| Ok(()))?;
        }
        Ok(())
    }

    fn attempt<T>(&mut self, work: impl Fn(&Connection) -> Result<T>) -> Result<T> {
        // IMMEDIATE: a transaction that starts by reading and then writes can be refused at once
        // with "database is locked", however long the wait for locks is.
        let tx = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let answer = work(&tx)?;
        tx.commit()?;
        Ok(answer)
    }
}

/// Takes the lock beside the database. Not a lock on the database itself: closing any handle of a
/// file drops a process's POSIX locks on it, SQLite's included.
fn lock(path: &Path) -> Result<fs::File> {
    let away = |error: std::io::Error| StoreError::Away(error.into());
    let name = beside(path, ".lock");
    let mut file = fs::File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&name)
        .map_err(away)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).map_err(away)?;
            write!(file, "{}", std::process::id()).map_err(away)?;
            Ok(file)
        }
        Err(TryLockError::Error(error)) => Err(away(error)),
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder).map_err(away)?;
            Err(StoreError::Taken(format!(
                "`{}` is served by process {holder}; one file serves one replica, use Redis for more",
                path.display()
            )))
        }
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}
