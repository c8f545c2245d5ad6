//! Judges what a Redis says about itself: version, durability, eviction, replicas, clock, user.

use std::collections::BTreeMap;

use super::{About, Answer, Area, Finding, No, listed};

/// The oldest Redis whose scripts can be marked as ours are.
const OLDEST: (u64, u64) = (7, 0);

/// Clocks this far apart, in seconds, are looked at: expiry is judged by the server's clock, and shown by
/// ours.
const SKEW: u64 = 5;

/// From here on paths would close visibly early or late.
const FAR_SKEW: u64 = 60;

/// One server that is home to some of the keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Server {
    /// How it is called: `host:port` where it tells, else empty.
    pub name: String,
    /// The fields of `INFO`.
    pub info: BTreeMap<String, String>,
    /// How far its clock and ours are apart at least, in seconds; `None`: it does not tell.
    pub skew: Option<u64>,
    /// Whom it takes us for; `None`: it does not tell.
    pub user: Option<String>,
    /// Commands of ours that this user may not use; `None`: the user may not ask.
    pub refused: Option<Vec<String>>,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Whether every shard runs our scripts.
    pub scripts: Answer<()>,
    /// The servers; none where they cannot be asked.
    pub servers: Answer<Vec<Server>>,
    /// The line that makes a user of our own, for the sentence that asks for one.
    pub acl: String,
}

/// Judges it.
pub fn judge(seen: &Observed) -> Vec<Finding> {
    let about = About::new(Area::Store, "redis");
    let mut found = vec![scripts(&about, &seen.scripts, &seen.acl)];
    match &seen.servers {
        Ok(servers) => found.extend(servers.iter().flat_map(|server| one(server, &seen.acl))),
        // What keeps the scripts from running is told already.
        Err(_) if seen.scripts.is_err() => {}
        Err(no) => found.push(about.unknown(
            "settings",
            no.to_string(),
            format!("let the user ask for `INFO`: {}", seen.acl),
        )),
    }
    found
}

/// A file instead of a server; `None`: it is not there yet.
pub fn sqlite(opened: Option<&Answer<()>>, path: &str) -> Vec<Finding> {
    let about = About::new(Area::Store, path);
    vec![match opened {
        Some(Ok(())) => about.ok("store", "a file for a single replica, and it can be read"),
        None => about.unknown(
            "store",
            "there is no file yet: `serve` makes it",
            "see that its folder is there, can be written and is kept (a volume)",
        ),
        Some(Err(no)) => about.fail(
            "store",
            no.to_string(),
            "look at the rights of the file and its folder, and that Drawbridge wrote it",
        ),
    }]
}

fn scripts(about: &About, scripts: &Answer<()>, acl: &str) -> Finding {
    match scripts {
        Ok(()) => about.ok("scripts", "every shard runs them"),
        Err(No::Refused(words)) => about.fail(
            "scripts",
            format!("refused: {words}"),
            format!("see user and password in `REDIS_URL`; a user of its own needs: {acl}"),
        ),
        Err(away) => about.fail(
            "scripts",
            away.to_string(),
            "see `REDIS_URL` (host, TLS, password, `?cluster=true`), and whether the network lets the bot reach it",
        ),
    }
}

fn one(server: &Server, acl: &str) -> Vec<Finding> {
    let about = About::new(Area::Store, &server.name);
    let mut found = vec![
        version(&about, server),
        persistence(&about, server),
        eviction(&about, server),
        replicas(&about, server),
        clock(&about, server.skew),
    ];
    found.extend(user(&about, server, acl));
    found
}

fn version(about: &About, server: &Server) -> Finding {
    const CHECK: &str = "version";
    if let Some(valkey) = server.info.get("valkey_version") {
        return about.ok(CHECK, format!("Valkey {valkey}"));
    }
    let Some(text) = server.info.get("redis_version") else {
        let mend = "Redis 7.0 or later, or Valkey, is needed";
        return about.unknown(CHECK, "the server does not tell", mend);
    };
    let mut numbers = text.split('.').map_while(|part| part.parse().ok());
    let version: (u64, u64) = (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    );
    if version >= OLDEST {
        about.ok(CHECK, format!("Redis {text}"))
    } else {
        about.fail(
            CHECK,
            format!("Redis {text}"),
            "upgrade to Redis 7.0 or later, or Valkey",
        )
    }
}

fn persistence(about: &About, server: &Server) -> Finding {
    const CHECK: &str = "persistence";
    let field = |name: &str| server.info.get(name).map(String::as_str);
    match (field("aof_enabled"), field("aof_last_write_status")) {
        (Some("1"), Some(status)) if status != "ok" => about.fail(
            CHECK,
            "the append-only file cannot be written",
            "look at the server's disk",
        ),
        (Some("1"), _) => about.ok(CHECK, "append-only file"),
        (Some(_), _) => about.fail(
            CHECK,
            "a restart loses what came after the last snapshot",
            "set `appendonly yes` (and `appendfsync everysec` or `always`)",
        ),
        (None, _) => about.unknown(
            CHECK,
            "the server does not tell",
            "see that its provider keeps every write: `appendonly yes`",
        ),
    }
}

fn eviction(about: &About, server: &Server) -> Finding {
    const CHECK: &str = "eviction";
    const MEND: &str = "set `maxmemory-policy noeviction`";
    let field = |name: &str| server.info.get(name).map(String::as_str);
    match (field("maxmemory"), field("maxmemory_policy")) {
        (_, Some("noeviction")) => about.ok(CHECK, "`noeviction`"),
        (Some("0"), Some(policy)) => about.warn(
            CHECK,
            format!("`{policy}`, without effect while memory has no limit"),
            MEND,
        ),
        (_, Some(policy)) => about.fail(
            CHECK,
            format!("`{policy}`: requests and alarms can be evicted"),
            MEND,
        ),
        (_, None) => about.unknown(CHECK, "the server does not tell", MEND),
    }
}

fn replicas(about: &About, server: &Server) -> Finding {
    const CHECK: &str = "replicas";
    let field = |name: &str| server.info.get(name).map(String::as_str);
    if field("role") == Some("slave") {
        return about.fail(
            CHECK,
            "the server is itself a replica: it takes no writes",
            "let `REDIS_URL` lead to the primary, or name the Sentinels",
        );
    }
    match field("connected_slaves") {
        Some("0") => about.warn(
            CHECK,
            "none: what the disk loses is lost",
            "add a replica; live paths still close without Redis",
        ),
        Some(count) if server.info.contains_key("min_slaves_good_slaves") => {
            about.ok(CHECK, format!("{count}, and writes wait for them"))
        }
        Some(count) => about.warn(
            CHECK,
            format!("{count}; a primary that lost them goes on alone after half a minute"),
            "set `min-replicas-to-write 1` if it should rather stop",
        ),
        None => about.unknown(
            CHECK,
            "the server does not tell",
            "see that its provider keeps a replica",
        ),
    }
}

fn clock(about: &About, skew: Option<u64>) -> Finding {
    const CHECK: &str = "clock";
    const MEND: &str = "keep the clocks of both machines by NTP";
    match skew {
        None => about.unknown(CHECK, "the server does not tell its time", MEND),
        Some(skew) if skew > FAR_SKEW => {
            let why = format!("{skew} s from ours: paths would close early or late");
            about.fail(CHECK, why, MEND)
        }
        Some(skew) if skew > SKEW => about.warn(CHECK, format!("{skew} s from ours"), MEND),
        Some(_) => about.ok(CHECK, "in step with ours"),
    }
}

fn user(about: &About, server: &Server, acl: &str) -> Vec<Finding> {
    const CHECK: &str = "user";
    let mut found = Vec::new();
    match server.user.as_deref() {
        Some("default") => found.push(about.warn(
            CHECK,
            "we are `default`, who may usually do everything",
            format!("make a user of its own: {acl}"),
        )),
        Some(user) => found.push(about.ok(CHECK, format!("`{user}`"))),
        None => found.push(about.unknown(
            CHECK,
            "the server does not tell whom it takes us for",
            format!("a user of its own is enough with: {acl}"),
        )),
    }
    match &server.refused {
        Some(refused) if !refused.is_empty() => {
            let refused: Vec<&str> = refused.iter().map(String::as_str).collect();
            let why = format!("may not use {}", listed(&refused));
            found.push(about.fail("commands", why, acl));
        }
        Some(_) => found.push(about.ok("commands", "all that are used are permitted")),
        None => found.push(about.unknown(
            "commands",
            "this user may not ask what it may do, which is well",
            format!("compare its rights with: {acl}"),
        )),
    }
    found
}

#[cfg(test)]
mod tests;
