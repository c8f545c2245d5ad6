//! Every key that Drawbridge has in Redis, and nothing else names one.
//!
//! All keys of a shard carry its hash tag, so that one script may touch them in a cluster:
//!
//! | key | type | holds |
//! |---|---|---|
//! | `{drawbridge-a}:due:gate`, `…:due:card` | zset | request id → when the lane can be claimed |
//! | `{drawbridge-a}:holds` | hash | lane and id → lease, attempts, wake-ups; the last token |
//! | `{drawbridge-a}:open` | zset | ids of open documents |
//! | `{drawbridge-a}:doc:<id>` | hash | one document |
//! | `{drawbridge-a}:events:<id>` | list | its events, the first is number 1 |
//! | `{drawbridge-a}:owner:<owner>` | zset | id → creation, the newest 1,000 and a few more |
//! | `{drawbridge-a}:seen:<key>` | string | the id that a delivery created, for 24 h |
//! | `{drawbridge-a}:unrecorded` | zset | ids of documents with events not in the ledger → since when |
//!
//! The ledger is one chain, whatever shard its records tell of; its keys carry a tag of its own:
//!
//! | key | type | holds |
//! |---|---|---|
//! | `{drawbridge-ledger}:records` | stream | record n has the id `n-0` and one field, `record`; read it with `XRANGE` or `XREAD` |
//! | `{drawbridge-ledger}:head` | hash | `seq` and `hash` of the newest record; `trimmed-seq` and `trimmed-hash` of the last one dropped |
//! | `{drawbridge-ledger}:recorded` | hash | request id → number of its last event in the ledger |
//! | `{drawbridge-ledger}:cursors` | hash | sink → number of the last record it has |
//!
//! The tag is `{drawbridge-a}`, not `{a}`, so that a neighbour's keys in the same cluster do not
//! crowd the same slots.

use crate::id::{RequestId, Shard};
use crate::store::Lane;

/// The hash tag that puts a shard's keys into one slot.
fn tag(shard: Shard) -> String {
    format!("{{drawbridge-{}}}", shard.letter())
}

/// Alarms of a lane.
pub(super) fn due(shard: Shard, lane: Lane) -> String {
    format!("{}:due:{}", tag(shard), lane.name())
}

/// Leases.
pub(super) fn holds(shard: Shard) -> String {
    format!("{}:holds", tag(shard))
}

/// Open documents.
pub(super) fn open(shard: Shard) -> String {
    format!("{}:open", tag(shard))
}

/// A document.
pub(super) fn doc(id: &RequestId) -> String {
    format!("{}:doc:{id}", tag(id.shard()))
}

/// Its events.
pub(super) fn events(id: &RequestId) -> String {
    format!("{}:events:{id}", tag(id.shard()))
}

/// The documents of an owner within a shard.
pub(super) fn owner(shard: Shard, owner: &str) -> String {
    format!("{}:owner:{owner}", tag(shard))
}

/// The mark of a delivery. The empty key is the name that a commit without mark passes.
pub(super) fn seen(shard: Shard, key: &str) -> String {
    format!("{}:seen:{key}", tag(shard))
}

/// Documents that wait for the ledger.
pub(super) fn unrecorded(shard: Shard) -> String {
    format!("{}:unrecorded", tag(shard))
}

/// The hash tag that puts the ledger's keys into one slot.
const LEDGER: &str = "{drawbridge-ledger}";

/// The records of the chain.
pub(super) fn records() -> String {
    format!("{LEDGER}:records")
}

/// The ends of the chain.
pub(super) fn head() -> String {
    format!("{LEDGER}:head")
}

/// How far each document is recorded.
pub(super) fn recorded() -> String {
    format!("{LEDGER}:recorded")
}

/// How far each sink has got.
pub(super) fn cursors() -> String {
    format!("{LEDGER}:cursors")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_of_a_request_share_a_slot_and_those_of_the_ledger() {
        let id: RequestId = "k7m3xb".parse().unwrap();
        let shard = id.shard();
        let slot = |key: &str| redis::cluster_routing::Slot::for_key(key.as_bytes());
        let all = [
            due(shard, Lane::Gate),
            due(shard, Lane::Card),
            holds(shard),
            open(shard),
            doc(&id),
            events(&id),
            owner(shard, "ci/{x}deployer"),
            seen(shard, "{other}1234"),
            unrecorded(shard),
        ];
        for key in &all {
            assert_eq!(slot(key), slot(&all[0]), "{key}");
        }
        let ledger = [records(), head(), recorded(), cursors()];
        for key in &ledger {
            assert_eq!(slot(key), slot(&ledger[0]), "{key}");
        }
    }
}
