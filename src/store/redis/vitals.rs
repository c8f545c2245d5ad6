//! What the servers say about themselves, for `doctor`: settings, time, and what our user may do.

use std::collections::BTreeMap;

use redis::{Cmd, FromRedisValue, Value};

use super::{RedisStore, keys};
use crate::id::Shard;
use crate::store::Result;

/// The rights that a user of our own needs, as `ACL SETUSER` takes them.
pub const ACL: &str = "`ACL SETUSER drawbridge on >PASSWORD ~{drawbridge-*}:* +@read +@write +@scripting +@connection \
     -@dangerous +info +wait +time +acl|whoami` (a cluster also: `+cluster|slots +cluster|shards`)";

/// Every command that a connection or a script of ours sends with a key of ours, with arguments that it
/// takes after the key. `ACL DRYRUN` runs none of them.
const COMMANDS: &[(&str, &[&str])] = &[
    ("EXISTS", &[]),
    ("GET", &[]),
    ("HDEL", &["f"]),
    ("HGET", &["f"]),
    ("HMGET", &["f"]),
    ("HSET", &["f", "v"]),
    ("LLEN", &[]),
    ("LRANGE", &["0", "-1"]),
    ("RPUSH", &["v"]),
    ("SET", &["v"]),
    ("TYPE", &[]),
    ("XADD", &["*", "f", "v"]),
    ("XRANGE", &["-", "+"]),
    ("XREVRANGE", &["+", "-"]),
    ("XTRIM", &["MAXLEN", "1"]),
    ("ZADD", &["1", "m"]),
    ("ZRANGE", &["0", "-1"]),
    ("ZREM", &["m"]),
    ("ZREMRANGEBYRANK", &["0", "0"]),
    ("ZSCORE", &["m"]),
];

/// Commands without a key, whole.
const KEYLESS: &[&[&str]] = &[
    &["TIME"],
    &["WAIT", "0", "1"],
    &["EVALSHA", "0000000000000000000000000000000000000000", "0"],
    &["SCRIPT", "LOAD", "return 1"],
];

/// One server's answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vitals {
    /// `host:port` where it tells, else its run id, else empty.
    pub name: String,
    /// The fields of `INFO`.
    pub info: BTreeMap<String, String>,
    /// Its clock: seconds since 1970.
    pub seconds: Option<u64>,
    /// Whom it takes us for.
    pub user: Option<String>,
    /// Commands of ours that this user may not use; `None`: it may not ask.
    pub refused: Option<Vec<String>>,
}

impl RedisStore {
    /// Asks each primary that is home to some of the keys. What a server does not let us ask is `None`.
    ///
    /// # Errors
    /// As any call of the store: `INFO` is refused, or nobody answers.
    pub async fn vitals(&self) -> Result<Vec<Vitals>> {
        let mut found: BTreeMap<String, Vitals> = BTreeMap::new();
        let homes = Shard::all().map(keys::holds).chain([keys::head()]);
        for key in homes.collect::<Vec<_>>() {
            let info: String = self.ask_home(&key, &words(&["INFO", "everything"])).await?;
            let info = fields(&info);
            let run = info.get("run_id").cloned().unwrap_or_default();
            if found.contains_key(&run) {
                continue;
            }
            let vitals = self.of_home(&key, info).await;
            found.insert(run, vitals);
        }
        Ok(found.into_values().collect())
    }

    async fn of_home(&self, key: &str, info: BTreeMap<String, String>) -> Vitals {
        let time: Result<Vec<u64>> = self.ask_home(key, &words(&["TIME"])).await;
        let user: Result<String> = self.ask_home(key, &words(&["ACL", "WHOAMI"])).await;
        let user = user.ok();
        let refused = match &user {
            Some(user) => self.refused(key, user).await,
            None => None,
        };
        Vitals {
            name: name(&info),
            seconds: time.ok().and_then(|time| time.first().copied()),
            user,
            refused,
            info,
        }
    }

    /// What a dry run refuses this user; `None`: it may not make one.
    async fn refused(&self, key: &str, user: &str) -> Option<Vec<String>> {
        let keyed = COMMANDS.iter().map(|(name, rest)| {
            let start = [*name, key].into_iter();
            start.chain(rest.iter().copied()).collect::<Vec<&str>>()
        });
        let all = keyed.chain(KEYLESS.iter().map(|words| words.to_vec()));
        let mut refused = Vec::new();
        for command in all.collect::<Vec<_>>() {
            let mut dry = words(&["ACL", "DRYRUN", user]);
            dry.arg(command.as_slice());
            let said: String = self.ask_home(key, &dry).await.ok()?;
            if said != "OK" {
                refused.extend(command.first().map(|name| (*name).to_owned()));
            }
        }
        Some(refused)
    }

    async fn ask_home<T: FromRedisValue + Send>(&self, key: &str, command: &Cmd) -> Result<T> {
        let ask = |mut conn: super::conn::Conn| async move {
            let value: Value = conn.ask_home_of(key, command.clone()).await?;
            redis::from_redis_value::<T>(value).map_err(Into::into)
        };
        self.link.call(ask).await
    }
}

/// A command of these words.
fn words(words: &[&str]) -> Cmd {
    let mut command = Cmd::new();
    command.arg(words);
    command
}

fn fields(info: &str) -> BTreeMap<String, String> {
    let pairs = info
        .lines()
        .filter_map(|line| line.trim_end().split_once(':'));
    pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

/// How people find the server again: Redis does not tell its own address to everybody, its port it does.
fn name(info: &BTreeMap<String, String>) -> String {
    info.get("tcp_port")
        .map_or_else(String::new, |port| format!("redis, port {port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_is_read_line_by_line() {
        let read = fields("# Server\r\nredis_version:7.4.1\r\ntcp_port:6379\r\n\r\nx:a:b\r\n");
        assert_eq!(read.get("redis_version").map(String::as_str), Some("7.4.1"));
        assert_eq!(read.get("x").map(String::as_str), Some("a:b"));
        assert_eq!(name(&read), "redis, port 6379");
        assert_eq!(name(&BTreeMap::new()), "");
    }

    /// Whatever a script calls is asked about: a user that lacks it would fail at that script.
    #[test]
    fn every_command_of_the_scripts_is_in_the_table() {
        let scripts = [
            include_str!("append.lua"),
            include_str!("claim.lua"),
            include_str!("commit.lua"),
            include_str!("cursor.lua"),
            include_str!("lanes.lua"),
            include_str!("release.lua"),
            include_str!("renew.lua"),
            include_str!("restore.lua"),
            include_str!("settle.lua"),
            include_str!("trim.lua"),
            include_str!("unsettle.lua"),
            include_str!("wake.lua"),
        ];
        let calls = scripts.iter().flat_map(|text| text.split("call('").skip(1));
        let named: std::collections::BTreeSet<&str> =
            calls.filter_map(|rest| rest.split('\'').next()).collect();
        assert!(named.len() > 10, "{named:?}");
        for name in named {
            let keyed = COMMANDS.iter().any(|(known, _)| *known == name);
            let keyless = KEYLESS.iter().any(|words| words.first() == Some(&name));
            assert!(keyed || keyless, "{name}");
        }
    }
}
