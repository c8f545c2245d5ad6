//! Turns at the clusters: how many openings and closings run at once in each.
//!
//! # Guarantees
//! A cluster that does not answer holds its own turns and no others': there are slots for what is due in the
//! rest of them, even if all but one hang.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError};

/// Steps of lane `gate` that run at once in this process, where one cluster is all there is.
pub(super) const SLOTS: usize = 64;

/// Openings and closings of one of several clusters that run at once.
const PER_CLUSTER: usize = 16;

/// How soon a step that found no turn looks again.
pub(super) const AGAIN: TimeDelta = TimeDelta::milliseconds(500);

/// The turns of one process.
#[derive(Debug)]
pub struct Turns(BTreeMap<String, Semaphore>);

impl Turns {
    /// Turns at these clusters.
    pub(super) fn at<'a>(clusters: impl ExactSizeIterator<Item = &'a String>) -> Self {
        // The only one has none to leave slots to.
        let each = if clusters.len() > 1 {
            PER_CLUSTER
        } else {
            SLOTS
        };
        Self(
            clusters
                .map(|name| (name.clone(), Semaphore::new(each)))
                .collect(),
        )
    }

    /// Steps of lane `gate` that run at once: with every turn of all clusters but one taken, as many are left as
    /// one cluster alone has.
    pub(super) fn slots(&self) -> usize {
        SLOTS + PER_CLUSTER * self.0.len().saturating_sub(1)
    }

    /// A turn, held until it is dropped. A cluster that is not configured is called by nobody and needs none.
    ///
    /// # Errors
    /// All turns are taken.
    pub(super) fn take(
        &self,
        cluster: &str,
    ) -> Result<Option<SemaphorePermit<'_>>, TryAcquireError> {
        let turns = self.0.get(cluster);
        turns.map(Semaphore::try_acquire).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::{PER_CLUSTER, SLOTS, Turns};

    fn turns(clusters: &[&str]) -> Turns {
        let names: Vec<String> = clusters.iter().map(|&name| name.to_owned()).collect();
        Turns::at(names.iter())
    }

    #[test]
    fn a_cluster_that_hangs_leaves_the_others_their_turns_and_slots() {
        let turns = turns(&["one", "two", "three"]);
        let hung: Vec<_> = ["two", "three"]
            .into_iter()
            .flat_map(|name| std::iter::from_fn(move || Some(name)).take(100))
            .filter_map(|name| turns.take(name).ok())
            .collect();
        assert_eq!(hung.len(), 2 * PER_CLUSTER);
        assert!(turns.take("two").is_err() && turns.take("one").is_ok());
        assert_eq!(turns.slots() - hung.len(), SLOTS);
        drop(hung);
        assert!(turns.take("two").is_ok());
    }

    #[test]
    fn the_only_cluster_has_every_slot() {
        let turns = turns(&["default"]);
        let taken: Vec<_> = (0..turns.slots())
            .map(|_| turns.take("default").unwrap())
            .collect();
        assert_eq!((taken.len(), turns.take("default").is_err()), (SLOTS, true));
    }

    #[test]
    fn a_cluster_that_is_not_configured_needs_no_turn() {
        assert!(matches!(turns(&["one"]).take("gone"), Ok(None)));
    }
}
