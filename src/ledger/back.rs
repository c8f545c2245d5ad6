//! What the appender does when the store went back: a failover to a copy without the last writes, a restored
//! backup. Both facts go on record: that the store lost something, and what it holds instead.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};

use super::append::{Appender, CONFLICTS};
use super::mend::lost;
use super::{batch, parted};
use crate::audit::{Fact, Head, Record};
use crate::id::RequestId;
use crate::store::Appended;

/// Records that are looked at for a word on the chain's own loss, and how many of them are before what was lost: a
/// failover loses some seconds, in which a busy ledger takes a few hundred.
const LOOKED_AT: usize = 1_000;
const BEFORE: u64 = 500;

/// The newest head that this process knows to have been acknowledged.
#[derive(Debug, Clone, Default)]
pub(super) struct Newest(Arc<Mutex<Option<Head>>>);

impl Newest {
    pub(super) fn get(&self) -> Option<Head> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// This head was read or made; a later one that is known stays.
    pub(super) fn note(&self, head: Option<&Head>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let later = |head: &&Head| known.as_ref().is_none_or(|known| head.seq > known.seq);
        if let Some(head) = head.filter(later) {
            *known = Some(head.clone());
        }
    }

    /// Whatever was known before is told: from now on this is.
    fn replace(&self, head: Option<Head>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = head;
    }
}

/// Whether a chain with this head lost what was `known` of it before it was read; `None`: its record of that
/// number tells.
fn is_behind(known: &Head, head: Option<&Head>) -> Option<bool> {
    let Some(head) = head else {
        return Some(true);
    };
    (head.seq <= known.seq).then_some(head != known)
}

impl Appender {
    /// Puts on record that the chain itself went back, if it did; whether it did. What was recorded after its
    /// head now is recorded again where its documents still have it.
    pub(super) async fn told_of_chain(
        &self,
        known: Option<Head>,
        head: Option<&Head>,
    ) -> Result<bool> {
        let Some(known) = known else {
            return Ok(false);
        };
        let behind = match is_behind(&known, head) {
            Some(behind) => behind,
            None => self.is_another(&known).await?,
        };
        if !behind {
            return Ok(false);
        }
        let newest = if self.is_on_record(&known, head).await? {
            head.cloned()
        } else {
            let kept = head.map(|head| head.seq);
            tracing::error!(
                known = known.seq,
                kept,
                "the store went back: it lost part of the ledger"
            );
            let Head { seq, hash } = known;
            Some(self.tell(Fact::LedgerWentBack { seq, hash }).await?)
        };
        // Only now: what could not be told is told by the next pass.
        self.newest.replace(newest);
        Ok(true)
    }

    /// Whether the record of this number is another one: the chain went back, and on from there.
    async fn is_another(&self, known: &Head) -> Result<bool> {
        let there = self.store().records(known.seq.saturating_sub(1), 1).await?;
        let there = there.first().and_then(|line| record(line));
        // What was dropped tells nothing.
        Ok(there.is_some_and(|there| there.seq == known.seq && there.hash != known.hash))
    }

    /// Whether the chain says already that it lost this record: another process was faster, or an answer was
    /// lost. It was told right after what was kept, which is before the lost record.
    async fn is_on_record(&self, known: &Head, head: Option<&Head>) -> Result<bool> {
        let Some(head) = head else {
            return Ok(false);
        };
        let from = known.seq.min(head.seq).saturating_sub(BEFORE);
        let told = self.store().records(from, LOOKED_AT).await?;
        let mut facts = told
            .iter()
            .filter_map(|line| Some(record(line)?.told()?.fact));
        Ok(facts.any(|fact| {
            matches!(fact, Fact::LedgerWentBack { seq, hash } if seq == known.seq && hash == known.hash)
        }))
    }

    /// Records anew what took the numbers of lost events; how many documents that were.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn set_right(&self) -> Result<usize> {
        let known = self.newest.get();
        let head = self.store().head().await?.head;
        self.told_of_chain(known, head.as_ref()).await?;
        let lost = lost(&**self.store(), &self.lately).await;
        let lost = lost.context("looking for lost events")?;
        for id in &lost {
            self.record_again(id).await?;
        }
        Ok(lost.len())
    }

    /// One document of which events that are recorded are not there any more. Others see that as well, and an
    /// answer can be lost: so it is asked of the chain each time whether the loss is on record.
    pub(super) async fn record_again(&self, id: &RequestId) -> Result<()> {
        for _ in 0..CONFLICTS {
            let known = self.newest.get();
            // INVARIANT (head first): what others append from here on is caught by the compare-and-swap.
            let head = self.store().head().await?.head;
            if self.told_of_chain(known, head.as_ref()).await? {
                continue;
            }
            let recorded = self.store().recorded(std::slice::from_ref(id)).await?;
            let recorded = recorded.first().copied().unwrap_or_default();
            let mut events = self.store().events(id, 0).await?;
            let at = head.as_ref().map_or(0, |head| head.seq);
            let since = self.lately.since(id).map_or(at, |since| since.min(at));
            let kept = parted::kept(&**self.store(), (id, recorded, since), &events).await?;
            let (Some(head), Some(kept)) = (head, kept) else {
                // It is on record, or the ledger lost as much: what is there now is recorded as ever.
                self.lately.forget(id);
                self.store().restore_unrecorded(id, recorded).await?;
                return Ok(());
            };
            events.retain(|(number, _)| *number > kept);
            let told = self.event(Fact::EventsLost {
                request: id.clone(),
                kept,
                recorded,
            });
            let step = batch::back(head, &told, (id, recorded, kept), &events)?;
            let to = step.recorded.first().map_or(kept, |progress| progress.to);
            let newest = step.head.clone();
            if self.store().append(step).await? == Appended::Done {
                tracing::error!(%id, recorded, kept, "the store went back: it lost recorded events");
                self.newest.note(Some(&newest));
                self.lately.forget(id);
                self.lately.recorded(id, to, &events, at);
                self.store().settle(id, to).await?;
                return Ok(());
            }
            self.give_way().await;
        }
        anyhow::bail!("others append all the time")
    }
}

/// A record, if it can be read: the verifier says so if not.
fn record(line: &str) -> Option<Record> {
    serde_json::from_str(line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(seq: u64, of: char) -> Head {
        let hash = of.to_string().repeat(64);
        Head { seq, hash }
    }

    #[test]
    fn a_chain_is_behind_what_is_known_by_number_or_by_hash() {
        let known = head(7, 'a');
        for (now, behind) in [
            (None, Some(true)),
            (Some(head(6, 'a')), Some(true)),
            (Some(head(7, 'b')), Some(true)),
            (Some(head(7, 'a')), Some(false)),
            (Some(head(8, 'c')), None),
        ] {
            assert_eq!(is_behind(&known, now.as_ref()), behind, "{now:?}");
        }
    }

    #[test]
    fn the_newest_head_stays_until_it_is_replaced() {
        let newest = Newest::default();
        newest.note(Some(&head(3, 'a')));
        newest.note(Some(&head(2, 'b')));
        newest.note(None);
        assert_eq!(newest.get(), Some(head(3, 'a')));
        newest.replace(Some(head(1, 'c')));
        newest.note(Some(&head(2, 'b')));
        assert_eq!(newest.get(), Some(head(2, 'b')));
    }
}
