//! A Redis Cluster of three primaries, made by `redis-cli --cluster create` as an operator would.
//!
//! ```ignore
//! let cluster = RedisCluster::start().await;                // or `replicated`: with a replica each
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
        Self::of(3, &[], &[]).await
    }

    /// The same with a replica of each primary, which takes over soon when its primary is gone.
    pub(crate) async fn replicated() -> Self {
        let options = ["--cluster-node-timeout", "1000"];
        Self::of(6, &options, &["--cluster-replicas", "1"]).await
    }

    async fn of(count: usize, node: &[&str], create: &[&str]) -> Self {
        let mut nodes = Vec::new();
        for _ in 0..count {
            // By default the bus is on the port plus 10,000, which may be taken.
            let bus = free_port().to_string();
            let options = ["--cluster-enabled", "yes", "--cluster-port", &bus];
            let options = [&options[..], node].concat();
            nodes.push(RedisServer::start_with(Product::Redis, &options).await);
        }
        let joined = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(nodes.iter().map(RedisServer::address))
            .args(create)
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

    /// Moves the slot of a key, with all that is in it, to another primary, as resharding does.
    pub(crate) async fn reshard(&self, key: &str) {
        let slot: u16 = self.nodes[0].query(&["CLUSTER", "KEYSLOT", key]).await;
        let slot = slot.to_string();
        let (from, to) = (self.home_of(key).await, self.neighbour_of(key).await);
        let (from_id, to_id) = (id_of(from).await, id_of(to).await);
        let () = to
            .query(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from_id])
            .await;
        let () = from
            .query(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to_id])
            .await;
        let port = to.port().to_string();
        loop {
            let keys: Vec<String> = from.query(&["CLUSTER", "GETKEYSINSLOT", &slot, "10"]).await;
            if keys.is_empty() {
                break;
            }
            let migrate = ["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
            let keys = keys.iter().map(String::as_str);
            let command: Vec<&str> = migrate.into_iter().chain(keys).collect();
            let () = from.query(&command).await;
        }
        for node in [to, from] {
            let () = node
                .query(&["CLUSTER", "SETSLOT", &slot, "NODE", &to_id])
                .await;
        }
    }

    /// The primary that has a key dies and stays dead; returns when its replica has taken over.
    pub(crate) async fn lose_home_of(&mut self, key: &str) {
        let port = self.home_of(key).await.port();
        let home = self.nodes.iter_mut().find(|node| node.port() == port);
        home.expect("one of ours").kill();
        let over = async {
            // The others take it for alive until its silence is noticed.
            while self.primary_of(key).await.is_none_or(|now| now == port) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let over = tokio::time::timeout(AGREE, over).await;
        over.expect("no replica takes over");
    }

    async fn home_of(&self, key: &str) -> &RedisServer {
        let port = self.primary_of(key).await.expect("somebody has it");
        let mut nodes = self.nodes.iter();
        nodes.find(|node| node.port() == port).expect("one of ours")
    }

    /// Some other primary.
    async fn neighbour_of(&self, key: &str) -> &RedisServer {
        let home = self.home_of(key).await.port();
        for node in &self.nodes {
            let info: String = node.query(&["INFO", "replication"]).await;
            if info.contains("role:master") && node.port() != home {
                return node;
            }
        }
        panic!("there is one primary only");
    }

    /// The port of the primary that has a key, as some living node says.
    async fn primary_of(&self, key: &str) -> Option<u16> {
        for node in &self.nodes {
            let slot = node.try_query::<u16>(&["CLUSTER", "KEYSLOT", key]).await;
            let lines = node.try_query::<String>(&["CLUSTER", "NODES"]).await;
            if let (Ok(slot), Ok(lines)) = (slot, lines) {
                return lines.lines().find_map(|line| port_if_has(line, slot));
            }
        }
        None
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

/// The port in a line of `CLUSTER NODES`, if it tells of a living primary that has the slot:
/// `<id> <host>:<port>@<bus> <flags> … <first>-<last> <single> [moving]`.
fn port_if_has(line: &str, slot: u16) -> Option<u16> {
    let words: Vec<&str> = line.split(' ').collect();
    let lives = words[2].contains("master") && !words[2].contains("fail");
    let has = words.iter().skip(8).any(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let ends = first.parse::<u16>().ok().zip(last.parse::<u16>().ok());
        ends.is_some_and(|(first, last)| (first..=last).contains(&slot))
    });
    let port = words[1].split('@').next()?.rsplit(':').next()?;
    (lives && has).then(|| port.parse().ok())?
}

async fn id_of(node: &RedisServer) -> String {
    node.query(&["CLUSTER", "MYID"]).await
}
