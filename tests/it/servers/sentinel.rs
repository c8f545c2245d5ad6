//! A primary, a replica and one Sentinel that watches them.
//!
//! ```ignore
//! let watched = Watched::start().await;
//! let store = RedisStore::connect(&watched.url())?;
//! watched.fail_over().await;                       // planned: the old primary becomes a replica
//! watched.part().await;                            // the replica gets no write any more
//! watched.lose_primary().await;                    // and becomes the primary without them
//! ```

use std::time::Duration;

use super::redis::{Product, RedisServer};

/// Longest until roles have settled.
const SETTLE: Duration = Duration::from_secs(30);

/// Whom the replica follows the primary as, so that a test can keep it from following.
const FOLLOWER: &str = "follower";
const FOLLOWER_PASSWORD: &str = "follows";

/// The name that the Sentinel knows the primary by.
const NAME: &str = "main";

/// Two servers under a Sentinel.
#[derive(Debug)]
pub(crate) struct Watched {
    servers: [RedisServer; 2],
    sentinel: RedisServer,
}

impl Watched {
    /// Starts all three and waits until the Sentinel knows the replica.
    pub(crate) async fn start() -> Self {
        let password = format!(">{FOLLOWER_PASSWORD}");
        let user = ["--user", FOLLOWER, "on", &password, "~*", "&*", "+@all"];
        let primary = RedisServer::start_with(Product::Redis, &user).await;
        let login = ["--masteruser", FOLLOWER, "--masterauth", FOLLOWER_PASSWORD];
        let replica = replica_with(&primary, &[&login[..], &user].concat()).await;
        // Whoever becomes a replica later logs in as well.
        for (name, value) in [("masteruser", FOLLOWER), ("masterauth", FOLLOWER_PASSWORD)] {
            let () = primary.query(&["CONFIG", "SET", name, value]).await;
        }
        let port = primary.port().to_string();
        let sentinel = RedisServer::start_sentinel(&[
            &format!("sentinel monitor {NAME} 127.0.0.1 {port} 1"),
            &format!("sentinel down-after-milliseconds {NAME} 2000"),
            &format!("sentinel failover-timeout {NAME} 5000"),
        ])
        .await;
        let watched = Self {
            servers: [primary, replica],
            sentinel,
        };
        until(async || {
            let replicas: Vec<redis::Value> = watched
                .sentinel
                .query(&["SENTINEL", "REPLICAS", NAME])
                .await;
            !replicas.is_empty()
        })
        .await;
        watched
    }

    /// The address through the Sentinel.
    pub(crate) fn url(&self) -> String {
        format!("redis+sentinel://{}/{NAME}", self.sentinel.address())
    }

    /// A planned failover; returns when the other server is primary and the old one follows it.
    pub(crate) async fn fail_over(&self) {
        let before = self.primary_port().await;
        until(async || {
            let asked = self
                .sentinel
                .try_query::<()>(&["SENTINEL", "FAILOVER", NAME]);
            // Refused until the Sentinel holds the replica for good.
            asked.await.is_ok()
        })
        .await;
        until(async || self.primary_port().await != before).await;
        let old = self.servers.iter().find(|server| server.port() == before);
        let old = old.expect("one of ours was the primary");
        until(async || {
            // The Sentinel ends the old primary's connections.
            let info: redis::RedisResult<String> = old.try_query(&["INFO", "replication"]).await;
            let info = info.unwrap_or_default();
            info.contains("role:slave") && info.contains("master_link_status:up")
        })
        .await;
    }

    /// The replica is cut off and cannot come back: what is written from now on is on the primary alone.
    pub(crate) async fn part(&self) {
        let port = self.primary_port().await;
        let primary = self.servers.iter().find(|server| server.port() == port);
        let primary = primary.expect("one of ours is the primary");
        let () = primary.query(&["ACL", "SETUSER", FOLLOWER, "off"]).await;
        let _: u32 = primary.query(&["CLIENT", "KILL", "TYPE", "replica"]).await;
        until(async || {
            let info: String = primary.query(&["INFO", "replication"]).await;
            info.contains("connected_slaves:0")
        })
        .await;
    }

    /// The primary dies and stays dead; returns when the Sentinel has made the replica the primary.
    pub(crate) async fn lose_primary(&mut self) {
        let before = self.primary_port().await;
        let primary = self.servers.iter_mut().find(|it| it.port() == before);
        primary.expect("one of ours is the primary").kill();
        until(async || self.primary_port().await != before).await;
    }

    async fn primary_port(&self) -> u16 {
        let command = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME];
        let (_, port): (String, u16) = self.sentinel.query(&command).await;
        port
    }
}

/// Starts a server that follows `primary`, and waits until both say that it does.
pub(crate) async fn replica_of(primary: &RedisServer) -> RedisServer {
    replica_with(primary, &[]).await
}

async fn replica_with(primary: &RedisServer, more: &[&str]) -> RedisServer {
    let port = primary.port().to_string();
    let options = ["--replicaof", "127.0.0.1", &port, "--appendonly", "no"];
    let options = [&options[..], more].concat();
    let replica = RedisServer::start_with(Product::Redis, &options).await;
    until(async || {
        let own: String = replica.query(&["INFO", "replication"]).await;
        let of_primary: String = primary.query(&["INFO", "replication"]).await;
        // Only after the replica's first word about its offset are commands sent to it.
        let follows = of_primary.contains("state=online") && !of_primary.contains(",offset=0,");
        own.contains("master_link_status:up") && follows
    })
    .await;
    replica
}

/// Waits for a level, and fails when it does not come.
pub(crate) async fn until(level: impl AsyncFn() -> bool) {
    let wait = async {
        while !level().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let came = tokio::time::timeout(SETTLE, wait).await;
    came.expect("what the test waits for does not come");
}
