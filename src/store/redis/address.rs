//! Reads the address of a Redis: one server, a cluster, or a primary found through Sentinel.
//!
//! | form | what |
//! |---|---|
//! | `redis://[user:password@]host[:port][/db]` | one server; `rediss://` with TLS, `redis+unix:///path` |
//! | `redis://host:port?cluster=true`, `redis://host:port,host:port` | a cluster |
//! | `redis+sentinel://[user:password@]host:port,host:port/primary[?db=1]` | Sentinel; the credentials are the primary's, those of the Sentinels go into `?sentinel_user=…&sentinel_password=…`; `rediss+sentinel://` with TLS to both |
//!
//! TLS trusts the system's roots. Error texts never repeat the address: it can hold a password.

use redis::{Client, ConnectionInfo, IntoConnectionInfo};
use url::Url;

use crate::store::StoreError;

/// Sentinel's port where none is given.
const SENTINEL_PORT: u16 = 26379;

/// How every complaint about an address begins.
const WRONG: &str = "the Redis address cannot be used";

/// Where the data is.
#[derive(Debug, Clone)]
pub(super) enum Address {
    /// One server.
    Single(Box<ConnectionInfo>),
    /// Some nodes of a cluster; the others are learnt from them.
    Cluster(Vec<ConnectionInfo>),
    /// Sentinels and the name under which they watch the primary.
    Sentinel {
        sentinels: Vec<ConnectionInfo>,
        primary: String,
        /// Credentials and database for the primary; its host is the Sentinels' to say.
        node: Box<ConnectionInfo>,
    },
}

/// An address in its parts. `Url` alone cannot read several hosts.
struct Parts<'a> {
    scheme: &'a str,
    /// With the `@`, or empty.
    credentials: &'a str,
    hosts: Vec<&'a str>,
    /// After the slash.
    path: &'a str,
    query: Vec<(String, String)>,
}

impl Address {
    /// Reads an address.
    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        let parts = split(text)?;
        match parts.scheme {
            "redis+sentinel" | "valkey+sentinel" => sentinel(&parts, "redis"),
            "rediss+sentinel" | "valkeys+sentinel" => sentinel(&parts, "rediss"),
            "redis+unix" | "valkey+unix" | "unix" => Ok(Self::Single(Box::new(info(text)?))),
            _ if parts.hosts.len() > 1 || parts.option("cluster") == Some("true") => {
                cluster(&parts)
            }
            _ => Ok(Self::Single(Box::new(info(text)?))),
        }
    }
}

impl Parts<'_> {
    fn option(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name)?;
        Some(found.1.as_str())
    }

    fn database(&self) -> &str {
        self.option("db").unwrap_or("0")
    }
}

fn split(text: &str) -> Result<Parts<'_>, StoreError> {
    let (scheme, rest) = text
        .split_once("://")
        .ok_or_else(|| wrong("it has no scheme such as `redis://`"))?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host_at = authority.rfind('@').map_or(0, |at| at.saturating_add(1));
    let (credentials, hosts) = authority.split_at(host_at);
    Ok(Parts {
        scheme,
        credentials,
        hosts: hosts.split(',').filter(|host| !host.is_empty()).collect(),
        path,
        query: url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
    })
}

fn cluster(parts: &Parts<'_>) -> Result<Address, StoreError> {
    let node = |host| info(&format!("{}://{}{host}", parts.scheme, parts.credentials));
    let nodes: Result<_, _> = parts.hosts.iter().map(node).collect();
    Ok(Address::Cluster(nodes?))
}

fn sentinel(parts: &Parts<'_>, scheme: &str) -> Result<Address, StoreError> {
    if parts.path.is_empty() {
        return Err(wrong("the primary's name is missing: `…host:port/NAME`"));
    }
    let database = parts.database();
    let credentials = parts.credentials;
    // The host is a place-holder: Sentinel gives the real one.
    let node = info(&format!("{scheme}://{credentials}localhost/{database}"))?;
    let sentinels: Result<Vec<_>, _> = parts
        .hosts
        .iter()
        .map(|host| info(&sentinel_url(parts, scheme, host)?))
        .collect();
    let sentinels = sentinels?;
    if sentinels.is_empty() {
        return Err(wrong("no Sentinel is named"));
    }
    Ok(Address::Sentinel {
        sentinels,
        primary: parts.path.to_owned(),
        node: Box::new(node),
    })
}

fn sentinel_url(parts: &Parts<'_>, scheme: &str, host: &str) -> Result<String, StoreError> {
    let mut url = Url::parse(&format!("{scheme}://{host}"))
        .map_err(|_| wrong("a Sentinel's host cannot be read"))?;
    let user = parts.option("sentinel_user").unwrap_or_default();
    let set = url.set_port(url.port().or(Some(SENTINEL_PORT))).is_ok()
        && url.set_username(user).is_ok()
        && url.set_password(parts.option("sentinel_password")).is_ok();
    set.then(|| url.into())
        .ok_or_else(|| wrong("a Sentinel's host cannot be read"))
}

/// Whether an address can be used, without connecting.
///
/// # Errors
/// Why not, to be read after the setting's name. Never repeats the address.
pub fn check_address(text: &str) -> Result<(), String> {
    match Address::parse(text) {
        Ok(_) => Ok(()),
        Err(StoreError::Misuse(why)) => Err(why.replace(WRONG, "cannot be used")),
        Err(other) => Err(other.to_string()),
    }
}

/// One server's address, read by the client that will use it.
fn info(url: &str) -> Result<ConnectionInfo, StoreError> {
    let info = url.into_connection_info();
    // Opening a client connects to nothing; it checks what the address alone cannot tell.
    info.and_then(|info| Client::open(info.clone()).map(|_| info))
        .map_err(|error| wrong(error.category()))
}

fn wrong(why: &str) -> StoreError {
    StoreError::Misuse(format!("{WRONG}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(nodes: &[ConnectionInfo]) -> Vec<String> {
        nodes.iter().map(|node| node.addr().to_string()).collect()
    }

    #[test]
    fn one_server_with_its_database() {
        let Ok(Address::Single(info)) = Address::parse("redis://u:p%40ss@cache/3") else {
            panic!("not a single server")
        };
        assert_eq!(info.addr().to_string(), "cache:6379");
        assert_eq!(info.redis_settings().db(), 3);
        assert_eq!(info.redis_settings().password(), Some("p@ss"));
    }

    #[test]
    fn a_cluster_by_option_or_by_several_hosts() {
        for (url, wanted) in [
            ("redis://a:1?cluster=true", vec!["a:1"]),
            ("redis://u:p@a:1,b:2", vec!["a:1", "b:2"]),
            ("rediss://a,b:2/", vec!["a:6379", "b:2"]),
        ] {
            let Ok(Address::Cluster(nodes)) = Address::parse(url) else {
                panic!("{url} is not a cluster")
            };
            assert_eq!(hosts(&nodes), wanted, "{url}");
        }
    }

    #[test]
    fn sentinels_with_the_name_of_the_primary() {
        let url = "redis+sentinel://u:p@a,b:2/main?db=2&sentinel_password=s";
        let Ok(Address::Sentinel {
            sentinels,
            primary,
            node,
        }) = Address::parse(url)
        else {
            panic!("not a sentinel address")
        };
        assert_eq!(hosts(&sentinels), ["a:26379", "b:2"]);
        assert_eq!(sentinels[0].redis_settings().password(), Some("s"));
        assert_eq!(primary, "main");
        assert_eq!(node.redis_settings().password(), Some("p"));
        assert_eq!(node.redis_settings().db(), 2);
    }

    #[test]
    fn a_wrong_address_is_refused_without_repeating_its_password() {
        for url in [
            "cache:6379",
            "http://u:hunter2@cache",
            "redis+sentinel://u:hunter2@a:1",
            "redis://u:hunter2@cache/x",
            "redis+sentinel:///main",
        ] {
            let error = Address::parse(url).map(|_| ()).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
