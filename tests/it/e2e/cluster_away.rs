//! An API server that stops answering, at the approval and at the end.

use super::plan::Plan;
use super::wait::{API_BACK, SLACK, SOON, now, reached, until, within};
use super::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_server_that_stops_delays_opening_and_closing_but_nobody_is_told_wrong() {
    let plan = Plan {
        own_api: true,
        ..Plan::default()
    };
    let (mut world, bot) = World::with_bot(plan).await;

    // At the approval.
    let card = world.asks("dana", "8s").await;
    let since = world.listen();
    world.own_api().freeze();
    world.clicks("lee", &card, "Approve");
    world.shows(&card, "lee", "Opening").await;
    let tried = until(async || bot.output().contains("\"not applied\"").then_some(()));
    within(SOON, "an attempt fails", tried).await;
    assert!(
        since.nobody_read("Applied"),
        "open was said of a path that was not"
    );
    let back = now();
    world.own_api().thaw();
    let gates = world.gates.open(2).await;
    let took = (now() - back).to_std().unwrap();
    assert!(took <= API_BACK + SLACK, "opened {took:?} after the return");
    since.told("dana", "Applied").await;
    let gate = world
        .gates
        .here()
        .into_iter()
        .find(|gate| gate.uid == gates[0].uid)
        .unwrap();
    let left = (gate.expires_at() - back).num_seconds();
    assert!(
        left >= 7,
        "the clock started before it was open: {left} s left"
    );

    // At the end.
    world.own_api().freeze();
    reached(gate.expires_at()).await;
    let mut reap = world.run(&["reap"]);
    let output = bot.output().len();
    let tried = until(async || {
        bot.output()[output..]
            .contains("\"not withdrawn\"")
            .then_some(())
    });
    within(SOON, "closing fails", tried).await;
    assert_eq!(reap.ended(SOON).await.code(), Some(3), "{}", reap.output());
    assert!(
        since.nobody_read("Expired"),
        "the end was said of a path that is open"
    );
    let back = now();
    world.own_api().thaw();
    for gate in world.gates.all_gone(SOON).await {
        let took = (gate.gone.unwrap() - back).to_std().unwrap();
        assert!(took <= API_BACK + SLACK, "closed {took:?} after the return");
    }
    since.told("dana", "Expired and closed").await;
    world.shows(&card, "lee", "Expired and closed").await;
    world.ends_well().await;
}
