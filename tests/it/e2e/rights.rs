//! A namespace opts in by a RoleBinding, and can opt out at any time.

use super::plan::Plan;
use super::wait::{SOON, until, within};
use super::world::World;

const ROLES: &str = "rbac.authorization.k8s.io/v1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namespace_that_has_not_opted_in_is_not_opened_and_nothing_is_left_on_the_other_side() {
    let (mut world, _bot) = World::with_bot(Plan::default()).await;
    let card = world.asks("dana", "10m").await;
    opt_out(&world).await;
    world.cluster_was_changed().await;
    let since = world.listen();
    world.clicks("lee", &card, "Approve");
    let notice = since.told("dana", "Not opened").await;
    assert!(notice.says(&world.town.orders), "it says where: {notice:?}");
    world.shows(&card, "lee", "Not opened").await;
    assert!(since.nobody_read("Applied"));
    world.gates.all_gone(SOON).await;
    assert_eq!(
        world.gates.lives().len(),
        1,
        "one side was allowed, and was taken back"
    );
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namespace_that_opts_out_while_open_is_closed_as_soon_as_it_may_be_and_people_know() {
    let (mut world, _bot) = World::with_bot(Plan::default()).await;
    let (card, _) = world.opens("4s").await;
    opt_out(&world).await;
    let since = world.listen();
    since.told("dana", "Could not be closed yet").await;
    since.in_thread(&card, "operators are needed").await;
    let here = world.gates.here();
    assert_eq!(here.len(), 1, "the side that may be closed is closed");
    assert!(
        since.nobody_read("Expired"),
        "the end was said of a path that is open"
    );
    world.town.opt_in(&world.town.orders).await;
    world.gates.all_gone(SOON).await;
    since.told("dana", "Expired and closed").await;
    world.shows(&card, "lee", "Expired and closed").await;
    // The binding is another one than before.
    world.cluster_was_changed().await;
    world.ends_well().await;
}

/// Takes the binding away, and waits until the API server knows.
async fn opt_out(world: &World) {
    let orders = &world.town.orders;
    world
        .town
        .remove(ROLES, "RoleBinding", orders, "drawbridge-grant")
        .await;
    let known = until(async || (!world.town.may_open(orders).await).then_some(()));
    within(SOON, "the namespace has opted out", known).await;
}
