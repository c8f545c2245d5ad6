//! SIGKILL: nothing is said goodbye to, and what was committed goes on.

use std::time::Duration;

use super::plan::Plan;
use super::wait::{NORMALLY, SLACK, SOON, now, reached, until, within};
use super::world::World;
use crate::servers::proxy::LinkFault;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_was_killed_and_is_back_closes_on_time() {
    let (mut world, mut bot) = World::with_bot(Plan::default()).await;
    let (card, _) = world.opens("8s").await;
    bot.kill();
    let _bot = world.serve().await;
    let since = world.listen();
    assert_eq!(world.gates.here().len(), 2, "closed before its time");
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(NORMALLY);
    since.told("dana", "Expired and closed").await;
    since.in_thread(&card, "Expired and closed").await;
    world.shows(&card, "lee", "Expired and closed").await;
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_comes_back_after_the_end_closes_at_once() {
    let (mut world, mut bot) = World::with_bot(Plan::default()).await;
    let (card, gates) = world.opens("4s").await;
    bot.kill();
    reached(gates[0].expires_at()).await;
    assert_eq!(world.gates.here().len(), 2, "nobody was there to close it");
    let since = world.listen();
    let started = now();
    let _bot = world.start();
    for gate in world.gates.all_gone(SOON).await {
        let took = (gate.gone.unwrap() - started).to_std().unwrap();
        assert!(took <= NORMALLY + SLACK, "closed {took:?} after the start");
    }
    since.told("dana", "Expired and closed").await;
    since.in_thread(&card, "Expired and closed").await;
    world.shows(&card, "lee", "Expired and closed").await;
    world.ends_well().await;
}

/// Between the first object and the word that the path is open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_was_killed_while_it_opened_goes_on_where_it_was() {
    let (mut world, mut bot) = World::with_bot(Plan::default()).await;
    let card = world.asks("dana", "6s").await;
    let since = world.listen();
    world.clicks("lee", &card, "Approve");
    world
        .gates
        .until(SOON, "the first object", |lives| lives.first().map(|_| ()))
        .await;
    bot.kill();
    let _bot = world.serve().await;
    since.told("dana", "Applied").await;
    assert_eq!(
        world.gates.lives().len(),
        2,
        "the same two objects, whoever applied them"
    );
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(NORMALLY);
    since.told("dana", "Expired and closed").await;
    assert_eq!(
        since.count("dana", "Applied"),
        2,
        "directly and in the thread"
    );
    world.ends_well().await;
}

/// Slack gives a message to whichever process has connected, also to one that has not yet read its cluster.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_a_bot_that_has_just_started_is_not_told_that_the_cluster_is_away() {
    let plan = Plan {
        links: true,
        ..Plan::default()
    };
    let mut world = World::new(plan).await;
    // A handshake and a list take a second.
    let slow = LinkFault::Slow(Duration::from_millis(100));
    world.links().api.suffer(slow);
    let _bot = world.start();
    let connected = until(async || (world.slack.sockets() > 0).then_some(()));
    within(SOON, "the bot is connected to Slack", connected).await;
    let since = world.listen();
    let text = format!("{} for 6s because INC-42", world.path_text());
    world.slack.mention("dana", "#payments", &text).unwrap();
    since.card().await;
    world.links().api.heal();
    world.ends_well().await;
}
