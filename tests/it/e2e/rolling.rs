//! A rolling update: each of two processes is stopped by SIGTERM and replaced while people ask, approve, and paths
//! end. Nothing is lost, and everything closes on time. And what only a later version reads is left to it, in words
//! that operators see.

use std::time::Duration;

use drawbridge::id::RequestId;
use drawbridge::sim::slack::Seen;
use serde_json::Value;

use super::gates::Gate;
use super::plan::Plan;
use super::wait::{NORMALLY, SOON, until, within};
use super::world::World;

/// SIGTERM ends `serve` within this [C].
const STOP: Duration = Duration::from_secs(15);

/// Requests; each is approved between two steps of the update.
const ASKS: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_rolls_while_paths_are_asked_for_and_end() {
    let mut world = World::new(Plan {
        rate_limits: false,
        ..Plan::default()
    })
    .await;
    let mut old = vec![world.serve().await, world.serve().await];
    let mut new = Vec::new();
    let since = world.listen();
    let mut cards: Vec<Seen> = Vec::new();
    for n in 0..ASKS {
        let text = format!("{} for {}s because INC-{n}", world.path_text(), 6 + n);
        world.types("dana", &text);
        let card = within(SOON, "the card", since.another_card(&cards)).await;
        // Between the ask and the click one is told to stop, and its successor comes.
        if n % 3 == 1
            && let Some(mut bot) = old.pop()
        {
            bot.terminate();
            new.push(world.serve().await);
            let ended = bot.ended(STOP).await;
            assert_eq!(ended.code(), Some(0), "{}", bot.output());
        }
        world.clicks("lee", &card, "Approve");
        let opened = |lives: &[Gate]| (lives.len() >= 2 * (n + 1)).then_some(());
        world.gates.until(SOON, "the path was opened", opened).await;
        cards.push(card);
    }
    assert!(old.is_empty() && new.len() == 2, "the update is through");
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(NORMALLY);
    for card in &cards {
        world.shows(card, "lee", "Expired and closed").await;
    }
    within(
        SOON,
        "all notices",
        since.heard_so_often("dana", "*Expired", ASKS),
    )
    .await;
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_later_version_wrote_is_left_to_it_and_readiness_says_so() {
    let (mut world, mut bot) = World::with_bot(Plan::default()).await;
    world.opens("8s").await;
    let gates = world.gates.lives();
    let id = gates.first().unwrap().request().to_owned();
    // The later version takes the document over; this one must not even look what it says.
    let shard = id.parse::<RequestId>().unwrap().shard().letter();
    let key = format!("{{drawbridge-{shard}}}:doc:{id}");
    let redis = world.redis();
    let settled = until(async || {
        let body: String = redis.query(&["HGET", &key, "body"]).await;
        let posts = serde_json::from_str::<Value>(&body).unwrap()["posts"].clone();
        (posts["shown"] == posts["face"]).then_some(body)
    });
    let body = within(SOON, "everything about it is posted", settled).await;
    let later = body.replacen("\"format\":1", "\"format\":2", 1);
    assert_ne!(later, body);
    let _: i64 = world.redis().query(&["HSET", &key, "body", &later]).await;
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(NORMALLY);
    let told = until(async || {
        let (status, page) = bot.page("/readyz").await?;
        (status == 200 && page.contains("1 document is left to a later version")).then_some(())
    });
    within(SOON, "readiness says so", told).await;
    assert!(
        bot.output().contains("left to a later version"),
        "{}",
        bot.output()
    );
    let now: String = world.redis().query(&["HGET", &key, "body"]).await;
    assert_eq!(now, later, "it was written");
    // The later version is taken back, and its document with it: this one goes on.
    let _: i64 = world.redis().query(&["HSET", &key, "body", &body]).await;
    world.recall().told("dana", "*Expired").await;
    world.ends_well().await;
}
