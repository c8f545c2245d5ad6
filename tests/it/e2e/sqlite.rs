//! One file instead of a Redis.

use super::plan::{Keeper, Plan};
use super::wait::{NORMALLY, SOON};
use super::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_replica_serves_from_a_file_and_a_second_is_refused() {
    let plan = Plan {
        keeper: Keeper::Sqlite,
        ..Plan::default()
    };
    let (mut world, mut bot) = World::with_bot(plan).await;

    let mut second = world.start();
    assert_eq!(second.ended(SOON).await.code(), Some(3));
    let words = second.output();
    assert!(words.contains("is served by process"), "{words}");
    assert!(words.contains("use Redis for more"), "{words}");

    // A crash frees the file, and what was committed is there.
    let (card, _) = world.opens("8s").await;
    bot.kill();
    let _bot = world.serve().await;
    let since = world.listen();
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(NORMALLY);
    since.told("dana", "Expired and closed").await;
    world.shows(&card, "lee", "Expired and closed").await;
    world.ends_well().await;
}
