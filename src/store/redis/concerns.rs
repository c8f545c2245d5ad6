//! What an operator should change about a server that we depend on.

use std::collections::{BTreeMap, BTreeSet};

use super::RedisStore;
use super::keys;
use crate::id::Shard;
use crate::store::Result;

impl RedisStore {
    /// Sentences about settings of the servers that put requests at risk; none: all is well. Read
    /// from `INFO`, which managed services allow where they forbid `CONFIG`.
    ///
    /// # Errors
    /// As any call of the store.
    pub async fn concerns(&self) -> Result<Vec<String>> {
        let mut all = BTreeSet::new();
        let homes = Shard::all().map(keys::holds).chain([keys::head()]);
        for key in &homes.collect::<Vec<_>>() {
            let ask = |mut conn: super::conn::Conn| async move {
                let mut info = redis::cmd("INFO");
                info.arg("everything");
                redis::from_redis_value::<String>(conn.ask_home_of(key, info).await?)
                    .map_err(Into::into)
            };
            all.extend(concerns(&self.link.call(ask).await?));
        }
        Ok(all.into_iter().map(str::to_owned).collect())
    }
}

/// One rule: whether the server's words about itself break it, and what to say then.
struct Rule {
    broken: fn(&BTreeMap<&str, &str>) -> bool,
    concern: &'static str,
}

const RULES: [Rule; 4] = [
    Rule {
        broken: |info| {
            is(info, "maxmemory", "0").is_some_and(|unlimited| !unlimited)
                && is(info, "maxmemory_policy", "noeviction") != Some(true)
        },
        concern: "requests and alarms can be evicted: set `maxmemory-policy noeviction`",
    },
    Rule {
        broken: |info| is(info, "aof_enabled", "1") == Some(false),
        concern: "a restart loses what came after the last snapshot: set `appendonly yes`",
    },
    Rule {
        broken: |info| is(info, "aof_last_write_status", "ok") == Some(false),
        concern: "the append-only file cannot be written: look at the server's disk",
    },
    Rule {
        broken: |info| {
            is(info, "connected_slaves", "0") == Some(false)
                && !info.contains_key("min_slaves_good_slaves")
        },
        concern: "a primary that lost its replicas goes on alone after half a minute: set \
                  `min-replicas-to-write 1` if it should rather stop",
    },
];

/// Whether a field has a value; `None`: the server does not tell.
fn is(info: &BTreeMap<&str, &str>, field: &str, value: &str) -> Option<bool> {
    info.get(field).map(|found| *found == value)
}

fn concerns(info: &str) -> Vec<&'static str> {
    let fields = info
        .lines()
        .filter_map(|line| line.trim_end().split_once(':'));
    let fields: BTreeMap<&str, &str> = fields.collect();
    let broken = RULES.iter().filter(|rule| (rule.broken)(&fields));
    broken.map(|rule| rule.concern).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_durable_server_is_no_concern() {
        let info = "maxmemory:1000\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n\
                    aof_last_write_status:ok\r\nconnected_slaves:1\r\nmin_slaves_good_slaves:1\r\n";
        assert!(concerns(info).is_empty());
        assert!(concerns("").is_empty(), "a server that tells nothing");
    }

    #[test]
    fn each_risk_is_named_with_its_setting() {
        for (info, setting) in [
            (
                "maxmemory:1000\r\nmaxmemory_policy:allkeys-lru\r\n",
                "noeviction",
            ),
            ("aof_enabled:0\r\n", "appendonly yes"),
            ("aof_last_write_status:err\r\n", "disk"),
            ("connected_slaves:2\r\n", "min-replicas-to-write 1"),
        ] {
            let found = concerns(info);
            assert!(
                matches!(found[..], [one] if one.contains(setting)),
                "{found:?}"
            );
        }
        // Without a limit nothing is evicted, whatever the policy.
        assert!(concerns("maxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n").is_empty());
    }
}
