//! A Redis Cluster keeps the contract.

use std::sync::Arc;

use async_trait::async_trait;
use drawbridge::store::redis::RedisStore;
use drawbridge::units::Time;
use tokio::sync::Mutex;

use super::conformance::with_cases;
use super::harness::{Harness, Replica, until_by_its_own_clock};
use crate::servers::cluster::RedisCluster;

/// Three primaries.
struct Cluster(Mutex<RedisCluster>);

#[async_trait]
impl Harness for Cluster {
    async fn store(&self) -> Replica {
        let url = self.0.lock().await.url();
        Arc::new(RedisStore::connect(&url).unwrap())
    }

    async fn until(&self, at: Time) {
        until_by_its_own_clock(&*self.store().await, at).await;
    }

    async fn restart(&self, old: Vec<Replica>) -> Replica {
        self.0.lock().await.restart().await;
        old.into_iter().next().unwrap()
    }

    async fn set_full(&self, full: bool, old: Replica) -> Replica {
        for node in self.0.lock().await.nodes() {
            node.set_full(full).await;
        }
        old
    }
}

/// One test for all cases: a cluster takes seconds to form.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_primaries_keep_the_contract() {
    let cluster = Cluster(Mutex::new(RedisCluster::start().await));
    let empty = async || cluster.0.lock().await.each(&["FLUSHALL"]).await;
    with_cases!(each_case, cluster, empty());
}
