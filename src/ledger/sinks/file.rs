//! A file that lines are added to.
//!
//! # Guarantees
//! A line that was acknowledged is on the disk (`fsync`). Each record is in the file once: it goes on
//! behind the file's own last whole line, whatever was noted elsewhere. A last line without its end is
//! the trace of a crash: it is cut off, and comes again. One process writes at a time: the file is locked
//! while it is open.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use async_trait::async_trait;

use super::{Batch, Sink, Trouble};
use crate::audit::verify::MAX_LINE;
use crate::audit::{Head, Record};

/// How much is read at once on the way back to the beginning of the last line.
const STEP: u64 = 64 * 1024;

/// A file of lines.
#[derive(Debug)]
pub struct LineFile {
    path: PathBuf,
    open: Option<File>,
}

impl LineFile {
    /// The file at this path; it is made where there is none, its folder is not.
    pub const fn at(path: PathBuf) -> Self {
        Self { path, open: None }
    }

    /// Opens the file, cuts a torn end off, and gives the last whole line.
    ///
    /// # Errors
    /// It cannot be read or written, or another process has it.
    pub async fn last_line(&mut self) -> Result<Option<String>, Trouble> {
        // Anew each time: somebody may have moved the file away (log rotation).
        self.open = None;
        let path = self.path.clone();
        let (file, line) = blocking(move || open(&path)).await?;
        self.open = Some(file);
        Ok(line)
    }

    /// Adds text and waits for the disk.
    ///
    /// # Errors
    /// It cannot be written; then it has to be opened anew with [`LineFile::last_line`].
    pub async fn add(&mut self, text: String) -> Result<(), Trouble> {
        let Some(mut file) = self.open.take() else {
            return Err(Trouble::Later(anyhow!("the file is not open"), None));
        };
        let path = self.path.clone();
        let written = blocking(move || {
            if is_moved(&file, &path) {
                return Err(Trouble::Later(anyhow!("the file was moved away"), None));
            }
            file.write_all(text.as_bytes())?;
            file.sync_data()?;
            Ok(file)
        });
        self.open = Some(written.await?);
        Ok(())
    }
}

#[async_trait]
impl Sink for LineFile {
    fn keeps_place(&self) -> bool {
        true
    }

    async fn end(&mut self) -> Result<Option<Head>, Trouble> {
        let Some(line) = self.last_line().await? else {
            return Ok(None);
        };
        let record: Record = serde_json::from_str(&line).map_err(|_| {
            Trouble::Refused(anyhow!("the file's last line is no record of a ledger"))
        })?;
        Ok(Some(record.head()))
    }

    async fn take(&mut self, batch: &Batch) -> Result<(), Trouble> {
        self.add(batch.text()).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Trouble::Later(error.into(), None)))
}

fn open(path: &Path) -> Result<(File, Option<String>), Trouble> {
    let is_new = !path.exists();
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    // It holds what people typed: for the process and a collector in its group.
    let mut file = options.mode(0o640).open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let why = anyhow!("another process writes to the file");
            return Err(Trouble::Later(why, None));
        }
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    if is_new {
        // The name of the file has to be on the disk too.
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    let last = cut(&mut file)?;
    Ok((file, last))
}

/// Cuts off what stands behind the last line end, and reads the line before it.
fn cut(file: &mut File) -> Result<Option<String>, Trouble> {
    let length = file.seek(SeekFrom::End(0))?;
    let most = u64::try_from(MAX_LINE)
        .unwrap_or(u64::MAX)
        .saturating_mul(2);
    let mut tail: Vec<u8> = Vec::new();
    let mut start = length;
    // Back until the tail holds the last line and the end of the one before it, or begins the file.
    while start > 0 && ends(&tail) < 2 {
        if length.saturating_sub(start) > most {
            let why = anyhow!("the file's last line is longer than any record");
            return Err(Trouble::Refused(why));
        }
        let from = start.saturating_sub(STEP);
        let mut part = Vec::new();
        file.seek(SeekFrom::Start(from))?;
        file.take(start.saturating_sub(from))
            .read_to_end(&mut part)?;
        part.append(&mut tail);
        tail = part;
        start = from;
    }
    let whole = tail.iter().rposition(|byte| *byte == b'\n');
    let whole = whole.map_or(0, |at| at.saturating_add(1));
    let torn = tail.len().saturating_sub(whole);
    let line = tail
        .get(..whole)
        .and_then(|lines| lines.strip_suffix(b"\n"));
    let line = line.and_then(|lines| lines.rsplit(|byte| *byte == b'\n').next());
    let line = line.map(|line| String::from_utf8_lossy(line).into_owned());
    let rest = tail.get(whole..).unwrap_or_default();
    if !begins_as_ours(rest)
        || !line
            .as_deref()
            .is_none_or(|line| begins_as_ours(line.as_bytes()))
    {
        // A wrong path must not cost anybody the end of another file.
        let why = anyhow!("the file holds something else than lines of a ledger");
        return Err(Trouble::Refused(why));
    }
    if torn > 0 {
        tracing::info!(
            bytes = torn,
            "the end of a file of the ledger was torn: it is cut off"
        );
        let torn = u64::try_from(torn).unwrap_or(length);
        file.set_len(length.saturating_sub(torn))?;
        file.sync_data()?;
    }
    file.seek(SeekFrom::End(0))?;
    Ok(line)
}

/// Whether this is a line of ours or its torn beginning: a JSON object that has fields.
fn begins_as_ours(bytes: &[u8]) -> bool {
    const OBJECT: &[u8] = b"{\"";
    bytes.starts_with(OBJECT) || OBJECT.starts_with(bytes)
}

fn ends(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

/// Whether the path names another file by now, or none.
fn is_moved(file: &File, path: &Path) -> bool {
    let same =
        |a: std::fs::Metadata, b: std::fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(ours), Ok(named)) => !same(ours, named),
        _ => true,
    }
}
