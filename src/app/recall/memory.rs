//! What is remembered, and what of it is forgotten first. Every document that is read goes through here: noting one
//! must not cost more the more there are.

use std::collections::BTreeMap;

use super::Known;
use crate::id::RequestId;

/// Requests that are remembered: each takes some hundred bytes.
pub const MOST: usize = 4_096;

/// The least is forgotten first: what is over before what is not, then what was heard of longest ago.
type Rank = (bool, u64);

/// What is known, by request. INVARIANT (one rank each): a rank changes only by [`Memory::put`], and so does whether a
/// request is over.
#[derive(Debug, Default)]
pub(super) struct Memory {
    known: BTreeMap<RequestId, (Rank, Known)>,
    ranks: BTreeMap<Rank, RequestId>,
    /// Grows with whatever was heard.
    heard: u64,
}

impl Memory {
    pub(super) fn get(&self, id: &RequestId) -> Option<&Known> {
        self.known.get(id).map(|(_, known)| known)
    }

    /// What may be changed where it is: nothing was heard, so it keeps its rank.
    pub(super) fn get_mut(&mut self, id: &RequestId) -> Option<&mut Known> {
        self.known.get_mut(id).map(|(_, known)| known)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&RequestId, &mut Known)> {
        self.known.iter_mut().map(|(id, (_, known))| (id, known))
    }

    /// Remembers what was heard just now.
    pub(super) fn put(&mut self, id: &RequestId, news: Known) {
        let rank = (!news.over, self.heard);
        self.heard += 1;
        match self.known.get_mut(id) {
            Some(old) => {
                self.ranks.remove(&old.0);
                *old = (rank, news);
            }
            None => {
                if self.known.len() >= MOST
                    && let Some((_, least)) = self.ranks.pop_first()
                {
                    self.known.remove(&least);
                }
                self.known.insert(id.clone(), (rank, news));
            }
        }
        self.ranks.insert(rank, id.clone());
    }
}
