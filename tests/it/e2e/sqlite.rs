//! One file instead of a Redis, and the ledger in a file beside it.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::plan::{Keeper, Plan};
use super::store_away::told_at_once_that_nothing_was_done;
use super::wait::{NORMALLY, SOON, until, within};
use super::world::World;

const LEDGER_KEY: &str = "7a0c5d1e7a0c5d1e7a0c5d1e7a0c5d1e7a0c5d1e7a0c5d1e7a0c5d1e7a0c5d1e";

/// Lets the bots of this world bring the ledger to a file, which is given.
fn with_ledger(world: &mut World) -> PathBuf {
    let [ledger, config] =
        ["ledger.jsonl", "config.yaml"].map(|name| world.folder.path().join(name));
    let sinks = format!("{{file: {{file: {}}}}}", ledger.display());
    let text = format!("ledger: {{key: {{env: LEDGER_KEY}}, sinks: {sinks}}}\n");
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap().to_owned();
    let set = [
        ("DRAWBRIDGE_CONFIG", config),
        ("LEDGER_KEY", LEDGER_KEY.to_owned()),
    ];
    let set = set.map(|(name, value)| (name.to_owned(), value));
    world.env.extend(set);
    ledger
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_replica_serves_from_a_file_and_a_second_is_refused() {
    let plan = Plan {
        keeper: Keeper::Sqlite,
        ..Plan::default()
    };
    let mut world = World::new(plan).await;
    let ledger = with_ledger(&mut world);
    let mut bot = world.serve().await;

    let mut second = world.start();
    assert_eq!(second.ended(SOON).await.code(), Some(3));
    let words = second.output();
    assert!(words.contains("is served by process"), "{words}");
    assert!(words.contains("use Redis for more"), "{words}");

    // A crash frees the file, and what was committed is there.
    let (card, _) = world.opens("8s").await;
    bot.kill();
    let again = world.serve().await;
    let since = world.listen();
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(NORMALLY);
    since.told("dana", "Expired and closed").await;
    world.shows(&card, "lee", "Expired and closed").await;

    // All of it is in the ledger, and the file that a sink wrote through the crash has it whole.
    let recorded = until(async || {
        let text = std::fs::read_to_string(&ledger).unwrap();
        text.contains("\"event\":\"closed\"").then_some(())
    });
    within(SOON, "the ledger tells of the end", recorded).await;
    for words in [
        &["ledger", "verify", "--growing", ledger.to_str().unwrap()][..],
        &["ledger", "verify"],
        &["ledger", "head"],
    ] {
        let mut command = world.run(words);
        let status = command.ended(SOON).await;
        assert_eq!(status.code(), Some(0), "{words:?}: {}", command.output());
    }
    assert!(!again.output().contains(LEDGER_KEY));
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_takes_no_asks_but_lets_paths_close_and_all_goes_on_with_room() {
    let plan = Plan {
        keeper: Keeper::Sqlite,
        ..Plan::default()
    };
    let mut world = World::new(plan).await;
    let ledger = with_ledger(&mut world);
    let (_bot, disk) = world.serve_on_small_disk().await;
    let (card, _) = world.opens("6s").await;
    let since = world.listen();
    let rest = disk.join("everything-else");
    fill(&rest);
    told_at_once_that_nothing_was_done(&world).await;
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(NORMALLY);
    since.told("dana", "Expired and closed").await;
    world.shows(&card, "lee", "Expired and closed").await;

    std::fs::remove_file(rest).unwrap();
    let waiting = world.asks("dana", "1h").await;
    world.denies("lee", &waiting).await;
    world.shows(&waiting, "lee", "Refused").await;
    let words = [r#""event":"closed""#, r#""event":"denied""#];
    let recorded = until(async || {
        let text = std::fs::read_to_string(&ledger).unwrap();
        words.iter().all(|word| text.contains(word)).then_some(())
    });
    within(SOON, "the ledger tells of both ends", recorded).await;
    let mut verify = world.run(&["ledger", "verify", "--growing", ledger.to_str().unwrap()]);
    let status = verify.ended(SOON).await;
    assert_eq!(status.code(), Some(0), "{}", verify.output());
    world.ends_well().await;
}

/// Writes until nothing more goes onto the disk.
fn fill(path: &Path) {
    let mut file = std::fs::File::create(path).unwrap();
    for size in [64 * 1024, 512] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}
