//! A Redis Cluster of three primaries, made by `redis-cli --cluster create` as an operator would.
//!
//! ```ignore
//! let cluster = RedisCluster::start().await;
//! let store = RedisStore::connect(&cluster.url())?;
//! cluster.each(&["FLUSHALL"]).await;
//! ```

use std::process::Command;
use std::time::Duration;

use super::redis::{Product, RedisServer, documented_user, free_port};

/// Longest until all nodes agree on who has which slots.
const AGREE: Duration = Duration::from_secs(30);

/// Three running nodes that form a cluster.
#[derive(Debug)]
pub(crate) struct RedisCluster {
    nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts the nodes and joins them.
    pub(crate) async fn start() -> Self {
        let mut nodes = Vec::new();
        for _ in 0..3 {
            // By default the bus is on the port plus 10,000, which may be taken.
            let bus = free_port().to_string();
            let options = ["--cluster-enabled", "yes", "--cluster-port", &bus];
            nodes.push(RedisServer::start_with(Product::Redis, &options).await);
        }
        let joined = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(nodes.iter().map(RedisServer::address))
            .arg("--cluster-yes")
            .output()
            .expect("no `redis-cli` on the PATH: install the package `redis-tools`");
        let words = String::from_utf8_lossy(&joined.stdout);
        assert!(joined.status.success(), "the nodes do not join: {words}");
        let cluster = Self { nodes };
        let agreed = tokio::time::timeout(AGREE, cluster.agree()).await;
        agreed.expect("the nodes do not agree");
        cluster
    }

    async fn agree(&self) {
        for node in &self.nodes {
            loop {
                let info: String = node.query(&["CLUSTER", "INFO"]).await;
                if info.contains("cluster_state:ok") {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    /// An address that names all nodes.
    pub(crate) fn url(&self) -> String {
        let addresses: Vec<String> = self.nodes.iter().map(RedisServer::address).collect();
        format!("redis://{}", addresses.join(","))
    }

    /// Makes the documented user on every node, with what it needs more in a cluster. A restart forgets it.
    /// The address for it.
    pub(crate) async fn limit(&self, password: &str) -> String {
        let user = documented_user(password);
        let more = drawbridge::store::redis::ACL.split('`').nth(3).unwrap();
        let mut command = vec!["ACL", "SETUSER"];
        command.extend(user.iter().skip(1).map(String::as_str));
        command.extend(more.split(' '));
        self.each(&command).await;
        let nodes = self.url().replace("redis://", "");
        format!("redis://drawbridge:{password}@{nodes}")
    }

    /// Runs a command on every node.
    pub(crate) async fn each(&self, command: &[&str]) {
        for node in &self.nodes {
            let () = node.query(command).await;
        }
    }

    /// The nodes.
    pub(crate) fn nodes(&self) -> &[RedisServer] {
        &self.nodes
    }

    /// Kills and restarts every node, and waits until they are a cluster again.
    pub(crate) async fn restart(&mut self) {
        for node in &mut self.nodes {
            node.restart().await;
        }
        let agreed = tokio::time::timeout(AGREE, self.agree()).await;
        agreed.expect("the nodes do not agree after a restart");
    }
}
