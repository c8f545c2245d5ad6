//! A primary of Redis is lost and a replica takes over, with and without the last writes: under
//! Sentinel, and in a Cluster whose slots move meanwhile.

use drawbridge::units::Time;

use super::plan::{Keeper, Plan};
use super::records;
use super::wait::{RECOVERED, REDIS_AWAY, SLACK, SOON, now, until, within};
use super::world::World;
use crate::servers::cluster::RedisCluster;
use crate::servers::sentinel::Watched;

/// One key of each slot that is in use.
const TAGS: [&str; 5] = [
    "{drawbridge-a}",
    "{drawbridge-b}",
    "{drawbridge-c}",
    "{drawbridge-d}",
    "{drawbridge-ledger}",
];

fn plan() -> Plan {
    Plan {
        keeper: Keeper::Elsewhere,
        rate_limits: false,
        ..Plan::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_that_lost_the_last_writes_opens_nothing_and_delays_no_closing() {
    let (mut watched, mut world) = tokio::join!(Watched::start(), World::new(plan()));
    world.env.insert("REDIS_URL".to_owned(), watched.url());
    let _bot = world.serve().await;
    let waiting = world.asks("dana", "1h").await;
    let cards = world.opens_many(2, "12s").await;
    let since = world.listen();

    // From here on only the primary knows. Nothing follows from that, and nothing is shown of it.
    watched.part().await;
    world.clicks("lee", &waiting, "Approve");
    since.answered("lee", "not safe yet").await;
    let text = format!("{} for 1h because INC-44", world.path_text());
    world.types("max", &text);
    since.answered("max", "not safe yet").await;
    watched.lose_primary().await;
    works_again(&world, now()).await;

    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(REDIS_AWAY);
    for card in &cards {
        world.shows(card, "lee", "Expired and closed").await;
    }
    // The approval and the ask are lost. Nothing was opened by them, and nobody was told that it was.
    assert_eq!(world.gates.lives().len(), 2 * cards.len());
    for lie in ["Applied", "Opening"] {
        assert!(since.nobody_read_of(&waiting, lie), "{lie}");
    }
    // Whoever clicks there hears of it. When a replica is not waited for any more, so do all others; what waited is
    // there as it was, and can be answered.
    world.clicks("lee", &waiting, "Approve");
    since.told("dana", "lost its last changes").await;
    let card = world.shows(&waiting, "lee", "0 of 1").await;
    assert!(card.buttons.contains(&"Approve".to_owned()), "{card:?}");
    world.denies("lee", &waiting).await;
    world.shows(&waiting, "lee", "Refused").await;
    records::of_requests(&world, cards.len()).await;
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_moves_its_slots_and_loses_a_primary_delays_no_closing() {
    let (mut cluster, mut world) = tokio::join!(RedisCluster::replicated(), World::new(plan()));
    world.env.insert("REDIS_URL".to_owned(), cluster.url());
    let _bot = world.serve().await;
    let waiting = world.asks("dana", "1h").await;

    let moved = world.opens_many(3, "9s").await;
    for tag in TAGS {
        cluster.reshard(tag).await;
    }
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(REDIS_AWAY);
    for card in &moved {
        world.shows(card, "lee", "Expired and closed").await;
    }

    let failed_over = world.opens_many(3, "9s").await;
    cluster.lose_home_of(TAGS[0]).await;
    works_again(&world, now()).await;
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(REDIS_AWAY);
    for card in &failed_over {
        world.shows(card, "lee", "Expired and closed").await;
    }
    // What waited all the time is still there.
    world.denies("lee", &waiting).await;
    world.shows(&waiting, "lee", "Refused").await;
    records::of_requests(&world, moved.len() + failed_over.len()).await;
    world.ends_well().await;
}

/// Asks are taken again, within what is promised after a failover.
async fn works_again(world: &World, over: Time) {
    let asked = until(async || {
        let since = world.listen();
        world.types("max", "mine");
        let answer = since.answered("max", "equests");
        tokio::time::timeout(RECOVERED / 10, answer).await.ok()
    });
    let by = over + RECOVERED + SLACK;
    let left = (by - now()).to_std().unwrap_or_default();
    within(left, "asks are answered again", asked).await;
}
