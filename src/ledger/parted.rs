//! Where the chain and a document part, after the store lost events that are recorded.
//!
//! What a process remembers tells that something was lost. What was lost, and whether that is on record by now
//! (another process looks as well, or an answer was lost), only the chain tells: so it is read, from before the
//! first record that is remembered, and further back until it agrees with the document. Nothing is written here.

use std::collections::{BTreeMap, VecDeque};

use anyhow::Result;
use serde_json::Value;

use super::batch;
use crate::audit::{Fact, Record};
use crate::id::RequestId;
use crate::store::Store;

/// Records that are read in one go: a record can be large.
const PAGE: u64 = 200;

/// How often it is read further back: what is lost was recorded within seconds of what is remembered.
const FURTHER: u32 = 10;

/// A record about the document.
#[derive(Debug)]
enum Told {
    /// Its event of this number.
    Event(u64, Value),
    /// Those after this number were lost, and others may have taken their numbers.
    Lost(u64),
}

/// The number up to which a document's `events`, all of them, are those of the chain; `None`: all that are
/// `recorded` are. The chain is read from after record `since` on.
///
/// # Errors
/// The store failed.
pub(super) async fn kept(
    store: &dyn Store,
    (id, recorded, since): (&RequestId, u64, u64),
    events: &[(u64, String)],
) -> Result<Option<u64>> {
    let (mut from, mut told) = (since, VecDeque::new());
    let mut upto = u64::MAX;
    for _ in 0..FURTHER {
        for found in read(store, id, (from, upto)).await?.into_iter().rev() {
            told.push_front(found);
        }
        match parted(&told, recorded, events) {
            Parted::Nowhere => return Ok(None),
            Parted::At(number) => return Ok(Some(number.saturating_sub(1))),
            Parted::Before(_) if events.is_empty() => return Ok(Some(0)),
            Parted::Before(number) if from == 0 => return Ok(Some(number.saturating_sub(1))),
            Parted::Before(_) => {}
        }
        upto = from;
        from = from.saturating_sub(PAGE);
    }
    // The chain was cut here, or nothing of the document was recorded for long: what is known is said.
    Ok(match parted(&told, recorded, events) {
        Parted::Nowhere => None,
        Parted::At(number) | Parted::Before(number) => Some(number.saturating_sub(1)),
    })
}

/// The records about a document after number `from`, up to `upto`.
async fn read(store: &dyn Store, id: &RequestId, (from, upto): (u64, u64)) -> Result<Vec<Told>> {
    let mut told = Vec::new();
    let mut after = from;
    while after < upto {
        let limit = PAGE.min(upto.saturating_sub(after));
        let page = store.records(after, usize::try_from(limit)?).await?;
        if page.is_empty() {
            break;
        }
        for line in &page {
            // Whether it can be read is the verifier's matter: the ledger must not stand still.
            let record = serde_json::from_str::<Record>(line).ok();
            after = record
                .as_ref()
                .map_or(0, |record| record.seq)
                // A forged number must not make it read for ever.
                .max(after.saturating_add(1));
            let record = record.filter(|record| record.seq <= upto);
            told.extend(record.and_then(|record| about(id, record)));
        }
    }
    Ok(told)
}

/// What a record says of the document.
fn about(id: &RequestId, record: Record) -> Option<Told> {
    if let Some(document) = &record.document {
        return (document == id).then_some(Told::Event(record.number, record.event));
    }
    match record.told()?.fact {
        Fact::EventsLost { request, kept, .. } if request == *id => Some(Told::Lost(kept)),
        _ => None,
    }
}

/// Where chain and document part, as far as the chain was read.
#[derive(Debug, PartialEq, Eq)]
enum Parted {
    Nowhere,
    /// At this number: the one before it is the same, or there is none.
    At(u64),
    /// At this number or before it: nothing that was read agrees.
    Before(u64),
}

fn parted(told: &VecDeque<Told>, recorded: u64, events: &[(u64, String)]) -> Parted {
    let mut chain: BTreeMap<u64, &Value> = BTreeMap::new();
    for told in told {
        match told {
            Told::Event(number, event) => {
                chain.insert(*number, event);
            }
            Told::Lost(kept) => chain.retain(|number, _| number <= kept),
        }
    }
    let there: BTreeMap<u64, &String> = events.iter().map(|(n, text)| (*n, text)).collect();
    let same = |number: &u64, event: &Value| {
        let text = there.get(number);
        text.is_some_and(|text| batch::read(text) == *event)
    };
    let mut ours = chain.range(..=recorded);
    match ours.find(|(number, event)| !same(number, event)) {
        None => Parted::Nowhere,
        Some((number, _)) => {
            let first = chain.keys().next() == Some(number);
            if first && *number > 1 {
                Parted::Before(*number)
            } else {
                Parted::At(*number)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(number: u64, word: &str) -> Told {
        Told::Event(number, json!({ "n": word }))
    }

    fn there(words: &[&str]) -> Vec<(u64, String)> {
        let text = |word: &&str| json!({ "n": word }).to_string();
        (1..).zip(words.iter().map(text)).collect()
    }

    #[test]
    fn chain_and_document_part_at_the_first_event_that_is_another_or_is_gone() {
        let ours = || vec![event(2, "b"), event(3, "c"), event(4, "d")];
        let on_record = || {
            let mut told = ours();
            told.extend([Told::Lost(2), event(3, "x")]);
            told
        };
        for (told, recorded, words, parts) in [
            (ours(), 4, &["a", "b", "c", "d"][..], Parted::Nowhere),
            (ours(), 4, &["a", "b", "c", "d", "e"], Parted::Nowhere),
            (ours(), 4, &["a", "b", "x", "d"], Parted::At(3)),
            (ours(), 4, &["a", "b", "c"], Parted::At(4)),
            // Perhaps the first one, which was not read, is another too.
            (ours(), 4, &["x", "y", "z"], Parted::Before(2)),
            (vec![event(1, "a")], 1, &["x"], Parted::At(1)),
            // What the chain itself lost is no matter of the document.
            (ours(), 2, &["a", "b", "x"], Parted::Nowhere),
            (on_record(), 3, &["a", "b", "x", "y"], Parted::Nowhere),
            (on_record(), 3, &["a", "b", "z"], Parted::At(3)),
            (Vec::new(), 4, &["x"], Parted::Nowhere),
        ] {
            let told = VecDeque::from(told);
            assert_eq!(
                parted(&told, recorded, &there(words)),
                parts,
                "{told:?} {words:?}"
            );
        }
    }
}
