//! Requests that enter one list at the same moment, written by one commit.
//!
//! A hundred openings towards one target would else compare and swap the same note a hundred times, and nearly all of
//! them lose to each other.
//!
//! # Guarantees
//! - A request is called listed only once a commit that holds it was acknowledged.
//! - One that fails, or is given up, leaves the others that wait to try for themselves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::book::BookError;
use crate::id::RequestId;

/// The lists that are being written in this process, by key.
#[derive(Debug, Default)]
pub(super) struct Together(Mutex<BTreeMap<String, Arc<List>>>);

/// One list.
#[derive(Debug, Default)]
struct List {
    /// Held by whoever writes.
    turn: tokio::sync::Mutex<()>,
    waiting: Mutex<Waiting>,
}

/// Who waits for a list, by ticket: the same request may come twice.
#[derive(Debug, Default)]
struct Waiting {
    last: u64,
    requests: BTreeMap<u64, RequestId>,
}

/// A place in a list's line; left however the wait ends.
struct Place<'a> {
    of: &'a Together,
    key: &'a str,
    list: Arc<List>,
    ticket: u64,
}

impl Together {
    /// Has `write` list this request, with all others that wait for the list of this key by then.
    ///
    /// # Errors
    /// What `write` answered: it may or may not be listed.
    pub(super) async fn list<W>(
        &self,
        key: &str,
        id: &RequestId,
        write: impl FnOnce(Vec<RequestId>) -> W + Send,
    ) -> Result<(), BookError>
    where
        W: Future<Output = Result<(), BookError>> + Send,
    {
        let place = self.wait(key, id);
        let _turn = place.list.turn.lock().await;
        let waiting = locked(&place.list.waiting).requests.clone();
        // Whoever had the turn before took all along that waited then.
        if !waiting.contains_key(&place.ticket) {
            return Ok(());
        }
        write(waiting.values().cloned().collect()).await?;
        locked(&place.list.waiting)
            .requests
            .retain(|ticket, _| !waiting.contains_key(ticket));
        Ok(())
    }

    fn wait<'a>(&'a self, key: &'a str, id: &RequestId) -> Place<'a> {
        let list = Arc::clone(locked(&self.0).entry(key.to_owned()).or_default());
        let mut waiting = locked(&list.waiting);
        waiting.last += 1;
        let ticket = waiting.last;
        waiting.requests.insert(ticket, id.clone());
        drop(waiting);
        let of = self;
        Place {
            of,
            key,
            list,
            ticket,
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        locked(&self.list.waiting).requests.remove(&self.ticket);
        let mut lists = locked(&self.of.0);
        // Ours and the map's: nobody else waits, and nobody can come while the map is locked.
        if Arc::strong_count(&self.list) == 2 {
            lists.remove(self.key);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;

    fn ids(count: usize) -> Vec<RequestId> {
        let letters = "abcdefghjk".chars().take(count);
        letters
            .map(|letter| format!("k7m3x{letter}").parse().unwrap())
            .collect()
    }

    #[tokio::test]
    async fn all_that_wait_for_one_list_are_written_by_one_commit() {
        let (together, ids, written) = (Together::default(), ids(10), Mutex::new(Vec::new()));
        let one = |id| {
            together.list("list", id, |all| async {
                tokio::task::yield_now().await;
                written.lock().unwrap().push(all);
                Ok(())
            })
        };
        let all = futures::future::join_all(ids.iter().map(one)).await;
        assert!(all.iter().all(Result::is_ok));
        let written = written.into_inner().unwrap();
        assert_eq!(written, [ids[..1].to_vec(), ids[1..].to_vec()]);
        assert!(together.0.lock().unwrap().is_empty(), "nothing is kept");
    }

    #[tokio::test]
    async fn whoever_waited_for_a_write_that_failed_writes_for_themselves() {
        let (together, ids, tries) = (Together::default(), ids(3), Mutex::new(0));
        let one = |id| {
            together.list("list", id, |_| async {
                tokio::task::yield_now().await;
                let mut tries = tries.lock().unwrap();
                *tries += 1;
                match *tries {
                    1 | 2 => Err(StoreError::Unreplicated.into()),
                    _ => Ok(()),
                }
            })
        };
        let all = futures::future::join_all(ids.iter().map(one)).await;
        let ok: Vec<bool> = all.iter().map(Result::is_ok).collect();
        assert_eq!(ok, [false, false, true]);
    }

    #[tokio::test]
    async fn a_wait_that_is_given_up_is_not_written_for() {
        let (together, ids) = (Together::default(), ids(2));
        let first = together.list("list", &ids[0], |_| std::future::pending());
        let mut first = Box::pin(first);
        assert!(futures::poll!(&mut first).is_pending());
        let given_up = together.list("list", &ids[1], |_| async { Ok(()) });
        let mut given_up = Box::pin(given_up);
        assert!(futures::poll!(&mut given_up).is_pending());
        drop(given_up);
        drop(first);
        let written = together.list("list", &ids[0], |all| async move {
            assert_eq!(all.len(), 1);
            Ok(())
        });
        assert!(written.await.is_ok());
    }
}
