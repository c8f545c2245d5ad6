//! Which ledger a store keeps: the id in its first record, or, when that was trimmed, in the record of
//! the trimming.

use anyhow::{Context as _, Result};

use crate::audit::Record;
use crate::store::Store;

/// Records that are read at once on the way back to the last trimming.
const PAGE: u64 = 500;

/// The id of the chain; `None`: it has not begun.
///
/// # Errors
/// The store failed, or the ledger does not say.
pub async fn of(store: &dyn Store) -> Result<Option<String>> {
    let tail = store.head().await.context("asking for the ledger's head")?;
    let Some(head) = tail.head else {
        return Ok(None);
    };
    if tail.first <= 1 {
        let first = store.records(0, 1).await?;
        return told(&first).map(Some);
    }
    // Every trimming is told before it is done, so the last one is among the records that are kept.
    let mut upto = head.seq;
    while upto >= tail.first {
        let after = upto.saturating_sub(PAGE);
        let page = store.records(after, usize::try_from(PAGE)?).await?;
        if let Ok(name) = told(&page) {
            return Ok(Some(name));
        }
        upto = after;
    }
    anyhow::bail!("no record says which ledger this is")
}

fn told(lines: &[String]) -> Result<String> {
    lines
        .iter()
        .filter_map(|line| serde_json::from_str::<Record>(line).ok())
        .filter(|record| record.document.is_none())
        .find_map(|record| Some(record.event.get("chain")?.as_str()?.to_owned()))
        .context("no record says which ledger this is")
}
