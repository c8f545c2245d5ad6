//! The page of operations, and what SECURITY.md tells auditors to run.

use std::sync::Arc;

use drawbridge::clock::SystemClock;
use drawbridge::store::Store;
use drawbridge::store::sqlite::SqliteStore;
use serde_json::Value;

use super::apart::TOWN;
use super::evidence::all_is_answered;
use super::installed::{reader, starts, steps, store};
use super::page::{block, blocks};
use super::reader::{LeftOut, Reader};
use crate::e2e::bot::Bot;
use crate::e2e::plan::REDIS_PASSWORD;
use crate::e2e::wait::{SOON, now, reached, until, within};
use crate::e2e::world::World;
use crate::ledger::{appender, happen};

const PAGE: &str = "manifests/operations.md";

const NO_PODS: &str = "nothing runs pods here";
const LEFT_OUT: &[LeftOut] = &[
    ("kubectl --namespace drawbridge rollout status", NO_PODS),
    ("kubectl --namespace drawbridge exec", NO_PODS),
    ("kubectl --namespace drawbridge logs", NO_PODS),
    ("kubectl --namespace drawbridge port-forward", NO_PODS),
    (
        "curl --silent http://127.0.0.1:8080/readyz",
        "nothing is forwarded",
    ),
    // It needs the store in a file.
    (
        "sqlite3 ",
        "this store is a Redis; `a_running_store_in_a_file_is_copied` runs it",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_page_of_operations_tells_to_run_does_what_it_says() {
    let (mut world, mut reader) = reader(LEFT_OUT).await;
    for step in steps() {
        reader.follows(&step);
    }
    world.cluster_was_changed().await;
    let bot = starts(&mut world).await;
    settles_in(&mut world, &mut reader).await;
    page(&mut reader, "## Looking");
    page(&mut reader, "## Upgrading");
    page(&mut reader, "## What to back up");

    let (_, gates) = world.opens("1h").await;
    recorded(&reader).await;
    all_is_answered(&mut reader);
    world.types("dana", &format!("done {}", gates[0].request()));
    world.gates.all_gone(SOON).await;

    page(&mut reader, "## Restoring");
    let mut bot = keys_are_rotated(&mut world, &mut reader, bot).await;

    let (_, gates) = world.opens("1h").await;
    let since = world.listen();
    reader.reads("k7m3xq", gates[0].request());
    let block = block(PAGE, "## Something opened that should not be", "delete");
    reader.follows(&block);
    since.told("dana", "somebody deleted its policies").await;
    // The other half, in the other namespace.
    world.gates.all_gone(SOON).await;

    world.opens("1h").await;
    bot.kill();
    page(&mut reader, "## The bot is down");
    // Two of the bot's, which are not due, and two by hand.
    let here = world.gates.open(4).await;
    reached(here[3].came + chrono::TimeDelta::seconds(2)).await;
    everything_is_closed(&world, &mut reader).await;
    world.cluster_was_changed().await;
    reader.ends();
    world.ends_well().await;
}

/// Follows all that is below a heading.
fn page(reader: &mut Reader, heading: &str) {
    for block in blocks(PAGE, heading, "sh") {
        reader.follows(&block);
    }
}

/// What an operator has: the bot's settings, files of their own, signed heads.
async fn settles_in(world: &mut World, reader: &mut Reader) {
    let url = store(world);
    reader.exports("REDIS_URL", &url);
    reader.exports("ADMIN_URL", &url);
    for name in ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_API_URL"] {
        reader.exports(name, &world.env[name]);
    }
    reader.writes("ledger-key", &"07".repeat(32));
    let key = reader.file("ledger-key");
    let config = format!("ledger: {{key: {{file: {}}}}}\n", key.display());
    reader.writes("config.yaml", &config);
    let config = reader.file("config.yaml");
    reader.exports("DRAWBRIDGE_CONFIG", config.to_str().unwrap());
    reader.writes("k8s/town.yaml", TOWN);
    reader.writes("bot-token", &world.env["SLACK_BOT_TOKEN"]);
    reader.writes("app-token", &world.env["SLACK_APP_TOKEN"]);
    reader.reads("--rules FOLDER", "--rules rules");
    reader.reads("--manifests FOLDER", "--manifests k8s");
    reader.reads("U0DANA", &world.slack.person("dana").unwrap().id);
    let head = until(async || reader.tries("drawbridge ledger head"));
    let head = within(SOON, "the ledger has begun", head).await;
    reader.writes("heads.jsonl", &head);
    reader.reads("PUBLIC", &key_of(&head));
}

/// The key that signed a head.
fn key_of(head: &str) -> String {
    let head: Value = serde_json::from_str(head.trim()).unwrap();
    head["key"].as_str().unwrap().to_owned()
}

/// Waits until what happened is in the ledger, not only in the store.
async fn recorded(reader: &Reader) {
    let export = until(async || {
        let all = reader.types("drawbridge ledger export", PAGE);
        all.contains("\"event\":\"opened\"").then_some(())
    });
    within(SOON, "the opening is on record", export).await;
}

/// Secrets, passwords, the ledger's key and the account, each as the page says. Returns the bot that started with
/// what was new.
async fn keys_are_rotated(world: &mut World, reader: &mut Reader, mut bot: Bot) -> Bot {
    let heading = "## Rotating keys";
    reader.reads("SETUSER drawbridge", "SETUSER bot");
    reader.reads("NEW", REDIS_PASSWORD);
    reader.reads("OLD", "another-password");
    let _: String = world
        .redis()
        .query(&["ACL", "SETUSER", "bot", ">another-password"])
        .await;
    let mut last = String::new();
    for block in blocks(PAGE, heading, "sh") {
        if block.text.contains("SECOND") {
            let head = last.trim().lines().last().unwrap();
            reader.reads("SECOND", &key_of(head));
        }
        // kubectl restarts nothing twice within a second.
        reached(now() + chrono::TimeDelta::milliseconds(1_100)).await;
        last = reader.follows(&block);
    }
    let head = std::fs::read_to_string(reader.file("second.jsonl")).unwrap();
    reader.types("mv second.jsonl heads.jsonl", PAGE);
    reader.reads("PUBLIC", &key_of(head.lines().last().unwrap()));
    bot.terminate();
    bot.ends_with(Some(0)).await;
    starts(world).await
}

/// The bot itself is the incident.
async fn everything_is_closed(world: &World, reader: &mut Reader) {
    let heading = "## The bot itself is the incident";
    for block in blocks(PAGE, heading, "sh") {
        let said = reader.follows(&block);
        if block.text.contains("drawbridge reap") {
            assert_eq!(said.matches("closed ").count(), 4, "{said}");
            world.gates.all_gone(SOON).await;
        }
    }
    for namespace in [&world.town.shop, &world.town.orders] {
        assert!(!world.town.may_open(namespace).await, "{namespace}");
    }
}

#[tokio::test]
async fn a_running_store_in_a_file_is_copied() {
    let folder = tempfile::tempdir().unwrap();
    let mut reader = Reader::new(folder.path(), &[]);
    let store = SqliteStore::open(&reader.file("drawbridge.db"), Arc::new(SystemClock)).unwrap();
    let store: Arc<dyn Store> = Arc::new(store);
    let appender = appender(&store, Arc::new(SystemClock));
    happen(&appender, 20).await;
    reader.follows(&block(PAGE, "## What to back up", "sqlite3"));
    // What is written later is in the store, and not in its copy.
    happen(&appender, 20).await;
    let kept = |file: &str| {
        let verify = format!("DRAWBRIDGE_STORE=sqlite:{file} drawbridge ledger verify");
        reader.types(&verify, PAGE)
    };
    // The record of the beginning counts, too.
    let (copy, whole) = (kept("copy.db"), kept("drawbridge.db"));
    assert!(copy.contains("sound: 21 records"), "{copy}");
    assert!(whole.contains("sound: 41 records"), "{whole}");
}
