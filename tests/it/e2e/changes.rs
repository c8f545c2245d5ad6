//! What other people do in the cluster meanwhile.

use super::plan::Plan;
use super::wait::{SOON, until, within};
use super::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_somebody_else_deletes_is_not_put_back_and_people_are_told() {
    let (world, _bot) = World::with_bot(Plan::default()).await;
    let (card, gates) = world.opens("10m").await;
    let since = world.listen();
    let taken = gates
        .iter()
        .find(|gate| gate.namespace == world.town.orders)
        .unwrap();
    world
        .town
        .remove(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            &taken.namespace,
            &taken.name,
        )
        .await;

    since.told("dana", "Closed early").await;
    since
        .in_thread(&card, "somebody deleted its policies")
        .await;
    world.shows(&card, "lee", "Closed early").await;
    // The other side went with it, and nothing came back.
    world.gates.all_gone(SOON).await;
    assert_eq!(world.gates.lives().len(), 2);
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_was_deleted_while_no_bot_ran_is_missed_at_the_start() {
    let (mut world, mut bot) = World::with_bot(Plan::default()).await;
    let (card, gates) = world.opens("10m").await;
    bot.kill();
    let taken = &gates[0];
    world
        .town
        .remove(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            &taken.namespace,
            &taken.name,
        )
        .await;
    let since = world.listen();
    let _bot = world.serve().await;
    since.told("dana", "Closed early").await;
    world.shows(&card, "lee", "Closed early").await;
    world.gates.all_gone(SOON).await;
    assert_eq!(world.gates.lives().len(), 2);
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workload_that_is_gone_at_the_approval_is_not_opened() {
    let (mut world, _bot) = World::with_bot(Plan::default()).await;
    let card = world.asks("dana", "10m").await;
    let orders = world.town.orders.clone();
    world
        .town
        .remove("apps/v1", "StatefulSet", &orders, "db")
        .await;
    world.town.remove("v1", "Pod", &orders, "db-0").await;
    world.cluster_was_changed().await;
    // The bot sees by a watch; it has seen this when it says so.
    let path = world.path_text();
    let seen = until(async || {
        let since = world.listen();
        world.types("kim", &format!("reach {path}"));
        let answer = since.answered("kim", "").await;
        (!answer.says("Closed")).then_some(())
    });
    within(SOON, "the bot sees that the pod is gone", seen).await;

    let since = world.listen();
    world.clicks("lee", &card, "Approve");
    let notice = since.told("dana", "Not opened").await;
    assert_eq!(notice.buttons, ["Ask again"]);
    since.in_thread(&card, "Not opened").await;
    world.shows(&card, "lee", "Not opened").await;
    assert_eq!(world.gates.lives(), []);
    world.ends_well().await;
}
