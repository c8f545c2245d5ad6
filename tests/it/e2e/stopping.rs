//! SIGTERM: what is under way is finished, and the rest waits in the store.

use std::time::Duration;

use super::plan::{Door, Plan};
use super::wait::{SOON, until, within};
use super::world::World;

/// SIGTERM ends `serve` within this [C].
const STOP: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_answers_the_ask_under_way_over_socket_mode() {
    stop_with_an_ask_under_way(Door::SocketMode).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_answers_the_ask_under_way_over_signed_http() {
    stop_with_an_ask_under_way(Door::SignedHttp).await;
}

async fn stop_with_an_ask_under_way(door: Door) {
    let (mut world, mut bot) = World::with_bot(Plan {
        door,
        ..Plan::default()
    })
    .await;
    let since = world.listen();
    // Redis holds back every write for a while, so that the ask is under way when the signal comes.
    let _: String = world
        .redis()
        .query(&["CLIENT", "PAUSE", "1500", "WRITE"])
        .await;
    world.types(
        "dana",
        &format!("{} for 1h because INC-42", world.path_text()),
    );
    let begun = until(async || (world.slack.calls("users.info") > 0).then_some(()));
    within(SOON, "the ask is being worked on", begun).await;
    assert_eq!(since.count("dana", "Asked"), 0, "it was answered already");
    bot.terminate();
    since.answered("dana", "Asked").await;
    assert_eq!(bot.ended(STOP).await.code(), Some(0), "{}", bot.output());

    // The next process goes on with it.
    let _bot = world.serve().await;
    let card = since.card().await;
    world.denies("lee", &card).await;
    since.told("dana", "Refused").await;
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_waits_for_nobody_who_hangs() {
    let plan = Plan {
        own_api: true,
        ..Plan::default()
    };
    let (mut world, mut bot) = World::with_bot(plan).await;
    world.opens("10m").await;
    world.redis().freeze(true);
    world.own_api().freeze();
    bot.terminate();
    bot.ended(STOP).await;
    world.own_api().thaw();
    world.redis().freeze(false);
    // What was open is still known and can be ended.
    let _bot = world.serve().await;
    let granted = world.slack.newest_with("dana", "I'm done").unwrap();
    world.clicks("dana", &granted, "I'm done");
    world.gates.all_gone(SOON).await;
    world.recall().told("dana", "*Closed* by @dana").await;
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_with_nothing_to_do_is_quick_and_leaves_gates_open() {
    let (mut world, mut bot) = World::with_bot(Plan::default()).await;
    world.opens("8s").await;
    bot.terminate();
    assert_eq!(
        bot.ended(Duration::from_secs(5)).await.code(),
        Some(0),
        "{}",
        bot.output()
    );
    assert_eq!(world.gates.here().len(), 2);
    let _bot = world.serve().await;
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(super::wait::NORMALLY);
    world.ends_well().await;
}
