//! Since when the ledger, its signed head and its sinks are behind: kept as instants, so that a follower that stopped looks
//! older with every scrape.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::words::Name;
use crate::units::Time;

#[derive(Debug, Default)]
pub(super) struct Lags {
    ledger: Mutex<Option<Time>>,
    head: Mutex<Option<Time>>,
    sinks: Mutex<BTreeMap<Name, Option<Time>>>,
}

impl Lags {
    pub(super) fn ledger(&self, since: Option<Time>) {
        *self.ledger.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    pub(super) fn of_ledger(&self) -> Option<Time> {
        *self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn head(&self, since: Option<Time>) {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    pub(super) fn of_head(&self) -> Option<Time> {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sink(&self, sink: &Name, since: Option<Time>) {
        let mut sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        sinks.insert(sink.clone(), since);
    }

    pub(super) fn of_sinks(&self) -> BTreeMap<Name, Option<Time>> {
        let sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        sinks.clone()
    }
}
