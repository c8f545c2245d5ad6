//! What it says about a Redis, and about a file.

use super::report::doctor;
use crate::e2e::bot::Env;
use crate::e2e::plan::{Keeper, Plan, REDIS_PASSWORD};
use crate::e2e::world::World;
use crate::servers::cluster::RedisCluster;
use crate::servers::redis::{Product, RedisServer, documented_user};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_lose_requests_fail_with_the_setting_to_make() {
    let mut world = World::new(Plan::default()).await;
    for (name, value) in [
        ("appendonly", "no"),
        ("maxmemory", "100mb"),
        ("maxmemory-policy", "allkeys-lru"),
    ] {
        let server = world.redis();
        let () = server.query(&["CONFIG", "SET", name, value]).await;
    }
    let found = doctor(&world.env, &[]).await;
    assert_eq!(
        found.told("persistence"),
        ["fail: a restart loses what came after the last snapshot"]
    );
    assert!(found.mends("persistence").contains("`appendonly yes`"));
    assert_eq!(
        found.told("eviction"),
        ["fail: `allkeys-lru`: requests and alarms can be evicted"]
    );
    assert!(
        found
            .mends("eviction")
            .contains("`maxmemory-policy noeviction`")
    );
    world.ends_well().await;
}

/// The environment of a world, with the store at this server as this user.
fn at(world: &World, server: &RedisServer, user: &str) -> Env {
    let mut env = world.env.clone();
    let url = format!("redis://{user}{}", server.address());
    env.insert("REDIS_URL".to_owned(), url);
    env.remove("DRAWBRIDGE_STORE");
    env
}

async fn with_the_documented_user(product: Product) -> RedisServer {
    let user = documented_user(REDIS_PASSWORD);
    let options: Vec<&str> = user.iter().map(String::as_str).collect();
    RedisServer::start_with(product, &options).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_user_of_the_documented_line_is_well_and_may_not_ask_about_its_rights() {
    let plan = Plan {
        keeper: Keeper::Sqlite,
        ..Plan::default()
    };
    let world = World::new(plan).await;
    for product in [Product::Redis, Product::Valkey] {
        let server = with_the_documented_user(product).await;
        let user = format!("drawbridge:{REDIS_PASSWORD}@");
        let found = doctor(&at(&world, &server, &user), &[]).await;
        assert_eq!(
            found.area("store"),
            [
                "scripts: ok",
                "version: ok",
                "persistence: ok",
                "eviction: ok",
                "replicas: warn",
                "clock: ok",
                "user: ok",
                "commands: unknown"
            ]
        );
        assert_eq!(found.told("user"), ["ok: `drawbridge`"]);
        // Everybody else is asked to make one.
        let found = doctor(&at(&world, &server, ""), &[]).await;
        assert!(found.told("user")[0].starts_with("warn: we are `default`"));
        assert!(found.mends("user").contains("ACL SETUSER drawbridge"));
        assert_eq!(found.area("store")[7], "commands: ok");
    }
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_primary_of_a_cluster_is_looked_at() {
    let plan = Plan {
        keeper: Keeper::Sqlite,
        ..Plan::default()
    };
    let world = World::new(plan).await;
    let cluster = RedisCluster::start().await;
    let mut env = world.env.clone();
    env.remove("DRAWBRIDGE_STORE");
    let url = cluster.limit(REDIS_PASSWORD).await;
    env.insert("REDIS_URL".to_owned(), url);
    let found = doctor(&env, &[]).await;
    assert_eq!(found.told("scripts"), ["ok: every shard runs them"]);
    assert_eq!(found.told("user"), ["ok: `drawbridge`"; 3]);
    let last = &cluster.nodes()[2];
    let off = ["CONFIG", "SET", "appendonly", "no"];
    last.query::<()>(&off).await;
    let found = doctor(&env, &[]).await;
    let told = found.told("persistence");
    let failing = told.iter().filter(|line| line.starts_with("fail: "));
    assert_eq!((failing.count(), told.len()), (1, 3), "{told:?}");
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_that_lacks_a_command_or_a_script_is_told_which() {
    let plan = Plan {
        keeper: Keeper::Sqlite,
        ..Plan::default()
    };
    let world = World::new(plan).await;
    let server = with_the_documented_user(Product::Redis).await;
    let user = format!("drawbridge:{REDIS_PASSWORD}@");
    let env = at(&world, &server, &user);
    let change = async |rules: &[&str]| {
        let command = [&["ACL", "SETUSER", "drawbridge"], rules].concat();
        server.query::<()>(&command).await;
    };
    change(&["-xadd", "-zrem", "+acl|dryrun"]).await;
    let found = doctor(&env, &[]).await;
    assert_eq!(found.told("scripts"), ["ok: every shard runs them"]);
    assert_eq!(found.told("commands"), ["fail: may not use XADD and ZREM"]);
    assert!(found.mends("commands").contains("ACL SETUSER drawbridge"));

    change(&["-@scripting"]).await;
    let found = doctor(&env, &[]).await;
    let told = found.told("scripts").join("\n");
    assert!(
        told.starts_with("fail: refused: the user lacks a permission"),
        "{told}"
    );
    assert!(found.mends("scripts").contains("+@scripting"), "{found:?}");

    change(&["+@scripting", "-info"]).await;
    let found = doctor(&env, &[]).await;
    assert!(found.told("scripts")[0].starts_with("ok: "), "{found:?}");
    assert!(found.told("settings")[0].starts_with("unknown: "));

    // Another password: the answer has it not.
    change(&[">another", &format!("<{REDIS_PASSWORD}")]).await;
    let found = doctor(&env, &[]).await;
    assert_eq!(found.area("store"), ["scripts: fail"]);
    let told = found.told("scripts").join("\n");
    assert!(
        told.starts_with("fail: refused: Password authentication failed"),
        "{told}"
    );
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_away_is_one_line_and_a_primary_of_replicas_is_judged() {
    let mut world = World::new(Plan::default()).await;
    let primary = world.redis().port().to_string();
    let follow = ["--replicaof", "127.0.0.1", &primary];
    let replica = RedisServer::start_with(Product::Redis, &follow).await;
    let followed = async || {
        let info: String = world.redis.as_ref().unwrap().query(&["INFO"]).await;
        info.contains("connected_slaves:1").then_some(())
    };
    let soon = crate::e2e::wait::SOON;
    let following = crate::e2e::wait::until(followed);
    crate::e2e::wait::within(soon, "the replica follows", following).await;
    let found = doctor(&world.env, &[]).await;
    assert!(
        found.told("replicas")[0].starts_with("warn: 1;"),
        "{found:?}"
    );
    let setting = ["CONFIG", "SET", "min-replicas-to-write", "1"];
    world.redis().query::<()>(&setting).await;
    let found = doctor(&world.env, &[]).await;
    assert_eq!(found.told("replicas"), ["ok: 1, and writes wait for them"]);
    let found = doctor(&at(&world, &replica, ""), &[]).await;
    assert_eq!(found.code, 1);

    world.redis().kill();
    let found = doctor(&world.env, &[]).await;
    assert_eq!(found.area("store"), ["scripts: fail"]);
    assert!(found.mends("scripts").contains("`REDIS_URL`"));
    assert!(found.told("bot scopes")[0].starts_with("ok: "));
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_only_read_and_never_made() {
    let plan = Plan {
        keeper: Keeper::Sqlite,
        ..Plan::default()
    };
    let mut world = World::new(plan).await;
    let file = world.folder.path().join("store.db");
    let found = doctor(&world.env, &[]).await;
    assert_eq!(found.area("store"), ["store: unknown"]);
    assert!(!file.exists());
    // Beside a bot that serves from it, too.
    let bot = world.serve().await;
    let found = doctor(&world.env, &[]).await;
    assert_eq!(found.area("store"), ["store: ok"]);
    drop(bot);
    // Its journal still has it all.
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", file.display()));
    }
    std::fs::write(&file, "no database, whatever it may be").unwrap();
    let found = doctor(&world.env, &[]).await;
    assert_eq!(found.area("store"), ["store: fail"]);
    world.ends_well().await;
}
