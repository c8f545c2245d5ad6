//! Nothing is forgotten: after every story the ledger is one chain with every event in it once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result};

use super::stage::Stage;
use crate::audit::{Head, Record, fitted};
use crate::id::{RequestId, Shard};
use crate::store::Store;

/// How long the ledger may still need: longer than its pause after a failure.
const LATE: Duration = Duration::from_secs(30);

/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(100);

/// Records read in one go.
const PAGE: usize = 500;

/// What is wrong with the ledger after the last line. A bot that is gone, or whose store is, may leave
/// events for the next one.
pub(super) async fn check(stage: &Stage) -> Result<Vec<String>> {
    let store = stage.town.shelf.behind_the_door();
    let works = stage.town.parts().is_some() && !stage.town.shelf.is_away();
    let mut wrong = Vec::new();
    if works && !caught_up(&*store).await? {
        wrong.push("the ledger does not catch up with what happened".to_owned());
    }
    let created = stage.town.shelf.created();
    wrong.extend(compare_with(&*store, &created, (works, &Forgotten::new())).await?);
    Ok(wrong)
}

/// Events, JSON, that the store lost of documents; a document of which it lost something is among them.
pub(in crate::sim) type Forgotten = BTreeMap<RequestId, BTreeSet<String>>;

/// Compares the whole chain with the documents that it tells of and those that were created. Of those of which the
/// store lost something it may also tell what is forgotten: it did happen.
pub(in crate::sim) async fn compare(
    store: &dyn Store,
    created: &[RequestId],
    forgotten: &Forgotten,
) -> Result<Vec<String>> {
    compare_with(store, created, (true, forgotten)).await
}

/// The same; a chain that is not complete may lack what was last.
async fn compare_with(
    store: &dyn Store,
    created: &[RequestId],
    (complete, forgotten): (bool, &Forgotten),
) -> Result<Vec<String>> {
    let records = read(store).await?;
    let mut wrong: Vec<String> = broken(&records).into_iter().collect();
    let mut told: BTreeMap<&RequestId, Vec<&Record>> = BTreeMap::new();
    for record in &records {
        if let Some(id) = &record.document {
            told.entry(id).or_default().push(record);
        }
    }
    let all: BTreeSet<&RequestId> = told.keys().copied().chain(created).collect();
    for id in all {
        let told = told.get(id).map(Vec::as_slice).unwrap_or_default();
        wrong.extend(match forgotten.get(id) {
            Some(forgotten) => unlike_lost(store, id, (told, forgotten)).await?,
            None => unlike(store, id, told, complete).await?,
        });
    }
    Ok(wrong)
}

/// Whether nothing waits any more, within some time.
pub(in crate::sim) async fn caught_up(store: &dyn Store) -> Result<bool> {
    let began = tokio::time::Instant::now();
    while began.elapsed() < LATE {
        let mut waits = false;
        for shard in Shard::all() {
            waits |= !store.unrecorded(shard, 1).await?.is_empty();
        }
        if !waits {
            return Ok(true);
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(false)
}

async fn read(store: &dyn Store) -> Result<Vec<Record>> {
    let mut records: Vec<Record> = Vec::new();
    loop {
        let after = records.last().map_or(0, |record| record.seq);
        let page = store.records(after, PAGE).await?;
        if page.is_empty() {
            return Ok(records);
        }
        for line in page {
            records.push(serde_json::from_str(&line).context("reading the ledger")?);
        }
    }
}

/// Where the chain does not hang together.
fn broken(records: &[Record]) -> Option<String> {
    let mut head = Head::origin();
    for record in records {
        let hangs = record.seq == head.seq.saturating_add(1) && record.prev == head.hash;
        if !hangs || record.own_hash().ok().as_ref() != Some(&record.hash) {
            return Some(format!("record {} of the ledger is broken", record.seq));
        }
        head = record.head();
    }
    None
}

/// How a document's records differ from its events: none may be missing, doubled or out of order.
async fn unlike(
    store: &dyn Store,
    id: &RequestId,
    told: &[&Record],
    complete: bool,
) -> Result<Option<String>> {
    let events = store.events(id, 0).await?;
    let mut happened = Vec::new();
    for (number, text) in &events {
        let event: serde_json::Value = serde_json::from_str(text).context("reading an event")?;
        happened.push((*number, fitted(event)));
    }
    let (told_of, happened_to) = (told.len(), happened.len());
    let as_it_was = told
        .iter()
        .zip(&happened)
        .all(|(record, (number, event))| record.number == *number && record.event == *event);
    let all = told_of == happened_to || (told_of < happened_to && !complete);
    Ok((!as_it_was || !all).then(|| {
        format!("the ledger tells {told_of} events of `{id}`, of which {happened_to} happened")
    }))
}

/// The same of a document of which the store lost something: every event that it has is there, and nothing that did
/// not happen, each once. A number may come again: after the loss it is another event's.
async fn unlike_lost(
    store: &dyn Store,
    id: &RequestId,
    (told, forgotten): (&[&Record], &BTreeSet<String>),
) -> Result<Option<String>> {
    let mut happened = Vec::new();
    for (number, text) in store.events(id, 0).await? {
        happened.push((Some(number), fitted(serde_json::from_str(&text)?)));
    }
    let untold = happened.iter().filter(|(number, event)| {
        !told
            .iter()
            .any(|record| Some(record.number) == *number && record.event == *event)
    });
    let untold = untold.count();
    for text in forgotten {
        happened.push((None, fitted(serde_json::from_str(text)?)));
    }
    let forged = told.iter().filter(|record| {
        !happened.iter().any(|(number, event)| {
            number.is_none_or(|n| n == record.number) && *event == record.event
        })
    });
    let forged = forged.count();
    let doubled = told.iter().enumerate().filter(|(at, record)| {
        let mut before = told.iter().take(*at);
        record.number > 0 && before.any(|it| it.number == record.number && it.event == record.event)
    });
    let doubled = doubled.count();
    Ok((untold > 0 || forged > 0 || doubled > 0).then(|| {
        format!(
            "after a loss the ledger lacks {untold} events of `{id}`, tells {forged} that did not happen and \
             {doubled} twice"
        )
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::audit::chain::link;
    use crate::clock::SystemClock;
    use crate::store::memory::MemoryStore;
    use crate::store::{Alarms, Append, Commit, CommitId, Ledger, Standing};

    /// A document with three events, and a ledger of these numbers.
    async fn told(numbers: &[u64]) -> Vec<String> {
        let store = MemoryStore::new(Arc::new(SystemClock));
        let id: RequestId = "k7m3xa".parse().unwrap();
        let events = ["1", "2", "3"].map(str::to_owned).to_vec();
        let step = Commit {
            id: id.clone(),
            expected: None,
            commit: CommitId("c".to_owned()),
            body: "{}".to_owned(),
            standing: Standing::Open,
            owner: String::new(),
            alarms: Alarms::default(),
            events,
            claim: None,
            seen: None,
            closing: false,
            lasting: false,
        };
        store.commit(step).await.unwrap();
        for number in numbers {
            let tail = store.head().await.unwrap();
            let after = tail.head.unwrap_or_else(Head::origin);
            let linked = link(&after, Some(&id), *number, (*number).into()).unwrap();
            let step = Append {
                after,
                records: vec![linked.line],
                head: linked.head,
                recorded: Vec::new(),
            };
            store.append(step).await.unwrap();
        }
        compare(&store, &[id], &Forgotten::new()).await.unwrap()
    }

    #[tokio::test]
    async fn a_ledger_that_is_not_what_happened_is_told() {
        assert_eq!(told(&[1, 2, 3]).await, [""; 0]);
        let wrong: [&[u64]; 5] = [&[], &[1, 2], &[1, 3, 2], &[1, 2, 2, 3], &[1, 2, 3, 4]];
        for numbers in wrong {
            assert_eq!(told(numbers).await.len(), 1, "{numbers:?}");
        }
    }

    #[tokio::test]
    async fn a_chain_that_does_not_hang_together_is_told() {
        let link = |head: &Head, n: u64| link(head, None, 0, n.into()).unwrap();
        let first = link(&Head::origin(), 1);
        let second = link(&first.head, 2);
        let (first, second) = (first.record, second.record);
        assert_eq!(broken(&[first.clone(), second.clone()]), None);
        let mut changed = second.clone();
        changed.event = 3.into();
        for records in [
            vec![second.clone()],
            vec![second, first.clone()],
            vec![first, changed],
        ] {
            assert!(broken(&records).is_some(), "{records:?}");
        }
    }
}
