//! Claims of several shards in one call, taken and given back, where one server has them all.
//!
//! An address can lead to a proxy before a cluster. It refuses a call on keys of several slots, and some refuse keys
//! that a script names otherwise than by literals. So after a failure of any kind each shard is claimed, and each claim
//! given back, by itself, at once and for [`APART`]: nothing that is due waits for the way it is asked for.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::Value;
use tokio::time::Instant;

use super::address::Address;
use super::replicas::Home;
use super::{RedisStore, read};
use crate::id::Shard;
use crate::store::{Claims, Result, Store, StoreError, Wants};

/// How long everything goes one by one after a call for all of them failed. After an outage that costs a few
/// more commands; behind a proxy it is one call in vain each time.
const APART: Duration = Duration::from_secs(600);

/// Whether one call is enough for several shards.
#[derive(Debug)]
pub(super) struct Together {
    /// One server has all shards, as far as the address tells.
    one: bool,
    failed: Mutex<Option<Instant>>,
}

impl Together {
    pub(super) fn at(address: &Address) -> Self {
        Self {
            one: !matches!(address, Address::Cluster(_)),
            failed: Mutex::new(None),
        }
    }

    /// Under which home the replicas of `home` are known: one server has the same ones for everything.
    pub(super) const fn home(&self, home: Home) -> Home {
        if self.one { Home::Server } else { home }
    }

    pub(super) fn now(&self) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        self.one && failed.is_none_or(|at| at.elapsed() >= APART)
    }

    /// A call for several failed.
    pub(super) fn failed(&self, error: &StoreError) {
        tracing::debug!(%error, "one by one for a while");
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        *failed = Some(Instant::now());
    }
}

impl RedisStore {
    /// Claims in one call if that is possible now, else one by one.
    pub(super) async fn claims_of(&self, wants: &[(Shard, Wants)]) -> Vec<Result<Claims>> {
        if wants.len() > 1 && self.together.now() {
            let call = self.scripts.claim_each_call(wants);
            match self.run::<Vec<Value>>(&call).await {
                Ok(answers) => return answers.into_iter().map(read::claims_of_one).collect(),
                Err(error) => self.together.failed(&error),
            }
        }
        let claims = wants
            .iter()
            .map(|(shard, wants)| self.claim(*shard, *wants));
        futures::future::join_all(claims).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn shards_of_one_server_are_together_but_for_a_while_after_a_failure() {
        let at = |url| Together::at(&Address::parse(url).unwrap());
        let cluster = at("redis://a:1,b:2");
        assert!(!cluster.now());
        assert_eq!(cluster.home(Home::Ledger), Home::Ledger);
        let one = at("redis://a:1");
        assert_eq!(one.home(Home::Ledger), Home::Server);
        assert!(one.now());
        one.failed(&StoreError::Unreplicated);
        tokio::time::advance(APART - Duration::from_millis(1)).await;
        assert!(!one.now());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(one.now());
    }
}
