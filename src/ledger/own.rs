//! The ledger's own words: events that are about the ledger and of no document.

use anyhow::Result;

use super::append::{Appender, CONFLICTS};
use super::batch;
use crate::audit::chain::link_own;
use crate::audit::{Actor, Event, Fact, Head};
use crate::store::Appended;

impl Appender {
    /// Appends an event of the ledger itself, and says where. Without an answer it may be there or not.
    ///
    /// # Errors
    /// The store failed, or others were faster all the time.
    pub async fn tell(&self, fact: Fact) -> Result<Head> {
        for _ in 0..CONFLICTS {
            let head = self.store().head().await?.head;
            let mut step = batch::after(head.clone().unwrap_or_else(Head::origin));
            if head.is_none() {
                let first = link_own(&step.head, &self.begun())?;
                batch::take(&mut step, first);
            }
            let told = link_own(&step.head, &self.event(fact.clone()))?;
            batch::take(&mut step, told);
            let head = step.head.clone();
            if self.store().append(step).await? == Appended::Done {
                self.newest.note(Some(&head));
                return Ok(head);
            }
            self.give_way().await;
        }
        anyhow::bail!("others append all the time")
    }

    pub(super) fn begun(&self) -> Event {
        self.event(Fact::LedgerBegun {
            chain: self.entropy.chain_id(),
        })
    }

    pub(super) fn event(&self, fact: Fact) -> Event {
        Event {
            at: self.clock.now(),
            by: Actor::Drawbridge,
            fact,
        }
    }
}
