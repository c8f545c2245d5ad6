//! A small cache whose reader says how old an answer may be.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Entries kept before the oldest are dropped: more people than one installation asks for in a day.
const CAPACITY: usize = 4096;

/// One key's value, and who may share it.
#[derive(Debug)]
struct Slot<V> {
    /// How many callers have asked so far; a caller's number is its turn.
    asked: AtomicU64,
    /// Held while reading, so that there is one read at a time.
    entry: tokio::sync::Mutex<Option<Entry<V>>>,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    /// When its read began: it says nothing of later changes.
    at: Instant,
    /// Callers with a lower number asked before its read began, so for them it is news.
    serves: u64,
}

/// Remembers what was read, and when.
#[derive(Debug)]
pub(super) struct Cache<K, V>(Mutex<HashMap<K, Arc<Slot<V>>>>);

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    /// The value if its read began within `max_age` or since this was called, else what `read` says
    /// now. Callers who wait for the same key share the next read, however fresh they want it.
    ///
    /// # Errors
    /// Those of `read`; the older value stays for readers who accept it.
    pub(super) async fn get<E>(
        &self,
        key: &K,
        max_age: Duration,
        read: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        let slot = self.slot(key);
        let number = slot.asked.fetch_add(1, Ordering::SeqCst);
        let mut entry = slot.entry.lock().await;
        if let Some(known) = entry.as_ref()
            && (number < known.serves || known.at.elapsed() < max_age)
        {
            return Ok(known.value.clone());
        }
        let (at, serves) = (Instant::now(), slot.asked.load(Ordering::SeqCst));
        let value = read.await?;
        *entry = Some(Entry {
            value: value.clone(),
            at,
            serves,
        });
        Ok(value)
    }

    /// What [`Self::get`] would answer for each without reading. Thousands are looked up at once where a future for each
    /// would cost more than all the rest.
    pub(super) fn known(&self, keys: &[&K], max_age: Duration) -> Vec<Option<V>> {
        let slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let known = |key: &&K| {
            let entry = slots.get(*key)?.entry.try_lock().ok()?;
            let fresh = entry.as_ref().filter(|e| now - e.at < max_age);
            fresh.map(|e| e.value.clone())
        };
        keys.iter().map(known).collect()
    }

    fn slot(&self, key: &K) -> Arc<Slot<V>> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= CAPACITY && !slots.contains_key(key) {
            // Slots in use have a second owner; forgetting the others costs one read each.
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        let new = || {
            Arc::new(Slot {
                asked: AtomicU64::new(0),
                entry: tokio::sync::Mutex::new(None),
            })
        };
        Arc::clone(slots.entry(key.clone()).or_insert_with(new))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::AtomicU32;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_value_is_read_again_only_when_it_is_too_old_for_the_reader() {
        let (cache, reads) = (Cache::default(), AtomicU32::new(0));
        let read = || async { Ok::<_, Infallible>(reads.fetch_add(1, Ordering::SeqCst)) };
        assert_eq!(cache.get(&"k", MINUTE, read()).await, Ok(0));
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(cache.get(&"k", MINUTE, read()).await, Ok(0));
        assert_eq!(
            cache.get(&"k", Duration::from_secs(30), read()).await,
            Ok(1)
        );
        assert_eq!(cache.get(&"k", Duration::ZERO, read()).await, Ok(2));
    }

    #[tokio::test(start_paused = true)]
    async fn callers_who_wait_share_a_read_that_began_after_they_asked() {
        let (cache, reads) = (Cache::default(), AtomicU32::new(0));
        let ask = || {
            cache.get(&"k", Duration::ZERO, async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Ok::<_, Infallible>(reads.fetch_add(1, Ordering::SeqCst))
            })
        };
        let all = tokio::join!(ask(), ask(), ask(), ask());
        assert_eq!(all, (Ok(0), Ok(1), Ok(1), Ok(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn no_number_of_keys_takes_more_than_its_memory() {
        let cache = Cache::default();
        for key in 0..CAPACITY * 2 {
            let read = async { Ok::<_, Infallible>(()) };
            cache.get(&key, MINUTE, read).await.unwrap();
            assert!(cache.0.lock().unwrap().len() <= CAPACITY, "{key}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_read_keeps_the_older_value() {
        let cache = Cache::default();
        let ok = cache.get(&"k", MINUTE, async { Ok::<_, &str>(1) }).await;
        let failed = cache.get(&"k", Duration::ZERO, async { Err("away") }).await;
        let old = cache.get(&"k", MINUTE, async { Err("not asked") }).await;
        assert_eq!((ok, failed, old), (Ok(1), Err("away"), Ok(1)));
    }
}
