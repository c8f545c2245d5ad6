//! What the signer holds against the store before it signs: the head that was signed last.
//!
//! Whoever owns the store can write a ledger without a fault in it. So the signer does not take the
//! store's word: the ledger has to hold the record that was signed last, or to begin right behind it.
//!
//! # Assumptions
//! Trimming drops nothing that no signed head covers ([`crate::ledger::retention`]).
//!
//! # Caveats
//! A process that has just started knows what stands in the file of signed heads, where they go to one,
//! and what the ledger tells of heads that this key signed. Whoever rewrites the ledger leaves the latter
//! out: without such a file the first head after a start vouches for what the store holds then.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::why;
use crate::audit::Record;
use crate::audit::heads::{PublicKey, SignedHead, Signer};
use crate::ledger::settings::Deposit;
use crate::ledger::sinks::LineFile;
use crate::store::{Store, Tail};

/// Records that are read at once on the way back to the last head that the ledger tells of.
const PAGE: u64 = 500;

/// The ledger parted from what was signed: somebody has to look, and nothing is signed until then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Parted {
    /// It is another one.
    #[error("the store holds ledger `{found}`, the head of ledger `{signed}` was signed last")]
    Other {
        /// Whose head was signed.
        signed: String,
        /// Which ledger is there.
        found: String,
    },
    /// It ends too early.
    #[error("the ledger ends with record {ends}, record {signed} was signed")]
    Cut {
        /// The newest record; 0: there is none.
        ends: u64,
        /// Which record was signed.
        signed: u64,
    },
    /// It holds something else.
    #[error("record {0} is not the one that was signed: the ledger was rewritten")]
    Rewritten(u64),
    /// More is gone than was signed.
    #[error("records up to {dropped} are gone, signed heads cover those up to {signed} only")]
    Dropped {
        /// The last record that is gone.
        dropped: u64,
        /// The last record that was signed.
        signed: u64,
    },
}

/// The newest head that this process signed, or that the ledger told it of.
#[derive(Debug, Default)]
pub struct Last(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    head: Option<SignedHead>,
    /// The ledger was read up to this record for what it tells of heads.
    read: u64,
}

impl Last {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which one.
    pub(super) fn get(&self) -> Option<SignedHead> {
        self.known().head.clone()
    }

    /// It was handed out. The newest one stays, whoever signed it.
    pub(super) fn set(&self, signed: SignedHead) {
        let mut known = self.known();
        if known.head.as_ref().is_none_or(|it| it.seq <= signed.seq) {
            known.head = Some(signed);
        }
    }

    /// Takes what the ledger tells of heads behind record `after`. A record is read once, however often
    /// this is asked: what is told of heads only grows.
    pub(super) async fn learn(
        &self,
        store: &dyn Store,
        signer: &Signer,
        (chain, tail): (&str, &Tail),
        after: u64,
    ) -> Result<()> {
        let ends = tail.head.as_ref().map_or(0, |head| head.seq);
        // A ledger that became shorter is another one.
        let read = Some(self.known().read).filter(|read| *read <= ends);
        let behind = (after, read.unwrap_or_default());
        if let Some(head) = told(store, signer, (chain, tail), behind).await? {
            self.set(head);
        }
        self.known().read = ends;
        Ok(())
    }
}

/// The last head in the file of signed heads; `None`: they go elsewhere, or there is none yet.
///
/// # Errors
/// The file cannot be read, or its last line is no signed head.
pub async fn deposited(deposit: &Deposit) -> Result<Option<SignedHead>> {
    match deposit {
        Deposit::File(path) if path.exists() => in_file(path).await,
        Deposit::File(_) | Deposit::Log | Deposit::Http(_) => Ok(None),
    }
}

async fn in_file(path: &Path) -> Result<Option<SignedHead>> {
    let line = LineFile::at(path.to_owned()).last_line().await;
    let Some(line) = line.map_err(why)?.filter(|line| !line.trim().is_empty()) else {
        return Ok(None);
    };
    // By whichever key it names: keys change, and whoever owns the store does not own this file.
    let read = SignedHead::read(&line).and_then(|head| head.verify(None).map(|()| head));
    let read = read.with_context(|| format!("the last line of `{}`", path.display()));
    read.map(Some)
}

/// The newest head behind record `after` that this key signed and the ledger tells of behind record `read`:
/// another replica's, or one from before the start. Nobody else can write one.
async fn told(
    store: &dyn Store,
    signer: &Signer,
    (chain, tail): (&str, &Tail),
    (after, read): (u64, u64),
) -> Result<Option<SignedHead>> {
    let key: PublicKey = signer.public().parse()?;
    let least = after.max(read).max(tail.first.saturating_sub(1));
    let mut upto = tail.head.as_ref().map_or(0, |head| head.seq);
    while upto > least {
        let from = upto.saturating_sub(PAGE).max(least);
        let count = usize::try_from(upto.saturating_sub(from))?;
        let page = store.records(from, count).await?;
        let heads = page.iter().filter_map(|line| signed_in(line));
        let ours = heads.filter(|head| {
            head.seq > after && head.chain == chain && head.verify(Some(&key)).is_ok()
        });
        if let Some(newest) = ours.max_by_key(|head| head.seq) {
            return Ok(Some(newest));
        }
        upto = from;
    }
    Ok(None)
}

/// The signed head that a record tells of.
fn signed_in(line: &str) -> Option<SignedHead> {
    // Most tell of something else: those are not read any further.
    if !line.contains("\"head_signed\"") {
        return None;
    }
    let record: Record = serde_json::from_str(line).ok()?;
    SignedHead::read(record.event.get("line").and_then(Value::as_str)?).ok()
}

/// Whether the ledger that ends so is the one whose head was signed last.
///
/// # Errors
/// [`Parted`], or the store failed.
pub(super) async fn agree(
    store: &dyn Store,
    (chain, tail): (&str, &Tail),
    last: &SignedHead,
) -> Result<()> {
    let signed = last.seq;
    if last.chain != chain {
        let (signed, found) = (last.chain.clone(), chain.to_owned());
        return Err(Parted::Other { signed, found }.into());
    }
    let ends = tail.head.as_ref().map_or(0, |head| head.seq);
    if ends < signed {
        return Err(Parted::Cut { ends, signed }.into());
    }
    let dropped = tail.before.as_ref().map_or(0, |before| before.seq);
    if dropped > signed {
        return Err(Parted::Dropped { dropped, signed }.into());
    }
    let ends = tail.before.iter().chain(&tail.head);
    let ends = ends.filter(|head| head.seq == signed);
    let mut hashes: Vec<String> = ends.map(|head| head.hash.clone()).collect();
    if dropped < signed {
        let lines = store.records(signed.saturating_sub(1), 1).await?;
        let line = lines.first().context("the record signed last is gone")?;
        let record: Record =
            serde_json::from_str(line).context("the record signed last cannot be read")?;
        anyhow::ensure!(
            record.seq == signed,
            "records were dropped while they were read: the next turn looks again"
        );
        // What it holds, and not only what it says.
        hashes.extend([record.own_hash()?, record.hash]);
    }
    match hashes.iter().all(|hash| *hash == last.hash) {
        true => Ok(()),
        false => Err(Parted::Rewritten(signed).into()),
    }
}
