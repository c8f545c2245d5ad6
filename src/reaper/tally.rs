//! Our objects in a cluster, counted by request: what is open, and what should not be any more.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::cluster::SeenObject;
use crate::metrics::Gates;
use crate::units::{Seconds, Time};

/// Counts the objects that a watch shows. Objects whose request cannot be read count by name. `max`: the hard
/// maximum of any gate.
pub fn tally(objects: &[impl Borrow<SeenObject>], max: Seconds, now: Time) -> Gates {
    // By request: how long its end is over, negative while it is not.
    let mut requests: BTreeMap<String, TimeDelta> = BTreeMap::new();
    for object in objects.iter().map(Borrow::borrow) {
        let request = object.request().map(|id| id.to_string());
        let over = now - super::expiry(object, max);
        let known = requests.entry(request.unwrap_or_else(|| object.at.to_string()));
        let longest = known.or_insert(over);
        *longest = over.max(*longest);
    }
    let late = || requests.values().filter(|over| **over > TimeDelta::zero());
    Gates {
        open: number(requests.len()),
        overdue: number(late().count()),
        longest: late().max().copied().unwrap_or_default(),
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
