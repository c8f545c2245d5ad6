//! The numbers of each document's events: from 1, without gaps.

use std::collections::BTreeMap;

use crate::id::RequestId;

/// The number of the last event of each document that was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    last: BTreeMap<RequestId, Last>,
    /// Grows when records are known to be missing or unreadable: then any document may have gone on.
    blurs: u64,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    number: u64,
    blurs: u64,
}

impl Numbers {
    /// Records were not read: each document may skip numbers once more.
    pub(super) const fn blur(&mut self) {
        self.blurs = self.blurs.saturating_add(1);
    }

    /// A record says that events of a document were lost: those up to `kept` are what they were, and others
    /// take the numbers after it.
    pub(super) fn back(&mut self, document: RequestId, kept: u64) {
        let blurs = self.blurs;
        let number = kept;
        self.last.insert(document, Last { number, blurs });
    }

    /// Takes the next event's number; what it should have been, where it is wrong. `whole`: the records
    /// began with the first, so that every document begins with 1.
    pub(super) fn take(
        &mut self,
        document: Option<&RequestId>,
        number: u64,
        whole: bool,
    ) -> Option<u64> {
        let Some(document) = document else {
            return (number != 0).then_some(0);
        };
        let blurs = self.blurs;
        let last = self.last.insert(document.clone(), Last { number, blurs });
        let (next, exact) = match last {
            Some(last) => (last.number.saturating_add(1), last.blurs == blurs),
            None => (1, whole && blurs == 0),
        };
        let follows = if exact {
            number == next
        } else {
            number >= next
        };
        (!follows).then_some(next)
    }
}
