//! A Redis user with the documented rights and no others keeps the contract.

use std::sync::Arc;

use async_trait::async_trait;
use drawbridge::store::redis::RedisStore;
use drawbridge::units::Time;

use super::conformance::with_cases;
use super::harness::{Harness, Replica, Single, until_by_its_own_clock};
use crate::servers::cluster::RedisCluster;
use crate::servers::redis::{Product, RedisServer, documented_user};

const PASSWORD: &str = "of-the-limited-user";

/// A server whose stores are the documented user's; the tests look into it as everybody may here.
struct Limited(Single);

#[async_trait]
impl Harness for Limited {
    async fn store(&self) -> Replica {
        let address = self.0.server.lock().await.address();
        let url = format!("redis://drawbridge:{PASSWORD}@{address}");
        Arc::new(RedisStore::connect(&url).unwrap())
    }

    async fn until(&self, at: Time) {
        until_by_its_own_clock(&*self.store().await, at).await;
    }

    async fn restart(&self, old: Vec<Replica>) -> Replica {
        self.0.restart(old).await
    }

    async fn set_full(&self, full: bool, old: Replica) -> Replica {
        self.0.set_full(full, old).await
    }
}

/// One test for all cases: they are the same server's.
async fn keeps_the_contract(product: Product) {
    let user = documented_user(PASSWORD);
    let options: Vec<&str> = user.iter().map(String::as_str).collect();
    let server = RedisServer::start_with(product, &options).await;
    let limited = Limited(Single {
        server: tokio::sync::Mutex::new(server),
    });
    let empty = async || {
        let server = limited.0.server.lock().await;
        server.query::<()>(&["FLUSHALL"]).await;
    };
    with_cases!(each_case, limited, empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_user_with_the_documented_rights_keeps_the_contract() {
    keeps_the_contract(Product::Redis).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_valkey_user_with_the_documented_rights_keeps_the_contract() {
    keeps_the_contract(Product::Valkey).await;
}

/// Three primaries that know the user.
struct LimitedCluster(tokio::sync::Mutex<RedisCluster>);

#[async_trait]
impl Harness for LimitedCluster {
    async fn store(&self) -> Replica {
        let url = self.0.lock().await.limit(PASSWORD).await;
        Arc::new(RedisStore::connect(&url).unwrap())
    }

    async fn until(&self, at: Time) {
        until_by_its_own_clock(&*self.store().await, at).await;
    }

    async fn restart(&self, old: Vec<Replica>) -> Replica {
        let mut cluster = self.0.lock().await;
        cluster.restart().await;
        cluster.limit(PASSWORD).await;
        old.into_iter().next().unwrap()
    }

    async fn set_full(&self, full: bool, old: Replica) -> Replica {
        for node in self.0.lock().await.nodes() {
            node.set_full(full).await;
        }
        old
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_of_a_cluster_with_the_documented_rights_keeps_the_contract() {
    let cluster = RedisCluster::start().await;
    let limited = LimitedCluster(tokio::sync::Mutex::new(cluster));
    let empty = async || limited.0.lock().await.each(&["FLUSHALL"]).await;
    with_cases!(each_case, limited, empty());
}
