//! Connections: how one is made to each kind of address, and one type over them.

use std::fmt;
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr};
use redis::io::tcp::TcpSettings;
use redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, Pipeline, RedisError,
    RedisFuture, RedisResult, TlsMode, Value,
};
use tokio::sync::Mutex;

use super::address::Address;

/// Longest wait for a connection to one server.
pub(super) const CONNECT: Duration = Duration::from_secs(1);

/// Longest wait for one answer. The client's own default of half a second is less than a busy
/// server needs while it rewrites its log; none of our calls blocks.
pub(super) const ANSWER: Duration = Duration::from_secs(2);

/// How long the kernel lets sent bytes stay unacknowledged before it gives a link up.
const UNACKNOWLEDGED: Duration = Duration::from_secs(5);

/// An open connection; clones share it.
#[derive(Clone)]
pub(super) enum Conn {
    /// To one server.
    One(MultiplexedConnection),
    /// To all nodes of a cluster.
    Cluster(ClusterConnection),
}

impl ConnectionLike for Conn {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(conn) => conn.req_packed_command(cmd),
            Self::Cluster(conn) => conn.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(conn) => conn.req_packed_commands(pipeline, offset, count),
            Self::Cluster(conn) => conn.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(conn) => conn.get_db(),
            Self::Cluster(conn) => conn.get_db(),
        }
    }
}

impl Conn {
    /// Sends a command that names no key to the primary that has `key`. A cluster client would send
    /// `WAIT` and `INFO` elsewhere.
    pub(super) async fn ask_home_of(&mut self, key: &str, cmd: Cmd) -> RedisResult<Value> {
        match self {
            Self::One(conn) => cmd.query_async(conn).await,
            Self::Cluster(conn) => {
                let route = Route::with_key(key, SlotAddr::Master);
                let node = SingleNodeRoutingInfo::SpecificNode(route);
                conn.route_command(cmd, RoutingInfo::SingleNode(node)).await
            }
        }
    }
}

/// Makes connections to one address.
pub(super) enum Dialer {
    One(Client),
    Cluster(ClusterClient),
    /// Resolves the primary at each dial. The client wants exclusive use, hence the mutex.
    Sentinel(Mutex<SentinelClient>),
}

impl fmt::Debug for Dialer {
    /// Only the kind: the address can hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::One(_) => "Dialer::One",
            Self::Cluster(_) => "Dialer::Cluster",
            Self::Sentinel(_) => "Dialer::Sentinel",
        })
    }
}

impl Dialer {
    pub(super) fn to(address: Address) -> RedisResult<Self> {
        match address {
            Address::Single(info) => Ok(Self::One(Client::open(info.set_tcp_settings(tcp()))?)),
            Address::Cluster(nodes) => {
                let client = ClusterClient::builder(nodes)
                    .connection_timeout(CONNECT)
                    .response_timeout(ANSWER)
                    .overall_response_timeout(Some(ANSWER))
                    .tcp_settings(tcp());
                Ok(Self::Cluster(client.build()?))
            }
            Address::Sentinel {
                sentinels,
                primary,
                node,
            } => {
                let node = sentinel_node(&node);
                let kind = SentinelServerType::Master;
                let client = SentinelClient::build(sentinels, primary, Some(node), kind)?;
                Ok(Self::Sentinel(Mutex::new(client)))
            }
        }
    }

    /// A new connection to a server that takes writes.
    pub(super) async fn dial(&self) -> RedisResult<Conn> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER));
        let mut conn = match self {
            Self::One(client) => {
                let conn = client.get_multiplexed_async_connection_with_config(&config);
                conn.await?
            }
            Self::Sentinel(client) => {
                let mut client = client.lock().await;
                client.get_async_connection_with_config(&config).await?
            }
            // The nodes' roles are the cluster client's to know.
            Self::Cluster(client) => {
                return Ok(Conn::Cluster(client.get_async_connection().await?));
            }
        };
        refuse_replica(&mut conn).await?;
        Ok(Conn::One(conn))
    }
}

/// After a failover a name can still lead to the old primary: a write would tell, a read would not.
async fn refuse_replica(conn: &mut MultiplexedConnection) -> RedisResult<()> {
    let info: RedisResult<String> = redis::cmd("INFO")
        .arg("replication")
        .query_async(conn)
        .await;
    // A user without the right to ask finds out at the first write.
    if info.is_ok_and(|info| info.contains("role:slave")) {
        let error = std::io::Error::other("the server is a replica");
        return Err(RedisError::from(error));
    }
    Ok(())
}

fn tcp() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(UNACKNOWLEDGED);
    settings
}

fn sentinel_node(info: &ConnectionInfo) -> SentinelNodeConnectionInfo {
    let node = SentinelNodeConnectionInfo::default()
        .set_redis_connection_info(info.redis_settings().clone())
        .set_tcp_settings(tcp());
    match info.addr() {
        ConnectionAddr::TcpTls { .. } => node.set_tls_mode(TlsMode::Secure),
        _ => node,
    }
}
