//! The other ways to ask and to end, and deliveries that come twice.

use super::plan::{Door, Plan};
use super::wait::SOON;
use super::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_by_mention_approved_and_ended_early_by_the_requester() {
    let (world, _bot) = World::with_bot(Plan::default()).await;
    let since = world.listen();
    let text = format!("{} for 1h because INC-42", world.path_text());
    let asked = world.slack.mention("dana", "#payments", &text).unwrap();
    let card = since.card().await;
    world.clicks("lee", &card, "Approve");
    world.gates.open(2).await;
    // What was asked in the open is answered there, in a thread.
    let granted = since.heard_by("dana", |seen| {
        seen.thread.as_ref() == Some(&asked.ts) && seen.buttons.contains(&"I'm done".to_owned())
    });
    let granted = granted.await;

    let since = world.listen();
    world.clicks("max", &granted, "I'm done");
    since
        .answered("max", "only the person who asked can do this")
        .await;
    world.clicks("dana", &granted, "I'm done");
    world.gates.all_gone(SOON).await;
    let notice = since.heard_by("dana", |seen| {
        seen.thread.as_ref() == Some(&asked.ts) && seen.says("*Closed* by @dana")
    });
    assert!(!notice.await.says("xpired"), "it did not expire");
    world.shows(&card, "lee", "*Closed* by @dana").await;
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_directly_denied_asked_again_and_taken_back() {
    let (world, _bot) = World::with_bot(Plan {
        door: Door::SignedHttp,
        ..Plan::default()
    })
    .await;
    let since = world.listen();
    world
        .slack
        .dm(
            "dana",
            &format!("{} for 1h because INC-42", world.path_text()),
        )
        .unwrap();
    let card = since.card().await;
    world.denies("mia", &card).await;
    let notice = since.told("dana", "*Refused* by @mia").await;
    world.shows(&card, "lee", "nothing opened").await;

    let since = world.listen();
    world.clicks("dana", &notice, "Ask again");
    let card = since.card().await;
    let copy = since.told("dana", "Waiting for approval").await;
    world.clicks("dana", &copy, "Cancel");
    let card = world.shows(&card, "lee", "*Cancelled* by @dana").await;
    assert_eq!(card.buttons, Vec::<String>::new());
    assert_eq!(world.gates.lives(), []);
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_comes_twice_changes_nothing_twice() {
    let (world, _bot) = World::with_bot(Plan {
        need: 2,
        ..Plan::default()
    })
    .await;
    let since = world.listen();
    world.slack.deliver_twice(1);
    let card = world.asks("dana", "1h").await;
    world.slack.deliver_twice(1);
    world.clicks("lee", &card, "Approve");
    world.shows(&card, "lee", "1 of 2 (@lee)").await;
    world.slack.deliver_twice(1);
    world.clicks("mia", &card, "Approve");
    let gates = world.gates.open(2).await;
    assert_eq!(gates[0].mark("approved-by").split(',').count(), 2);
    let granted = since.told("dana", "Applied").await;
    world.slack.deliver_twice(1);
    world.clicks("dana", &granted, "I'm done");
    world.gates.all_gone(SOON).await;
    since.told("dana", "*Closed* by @dana").await;
    assert_eq!(world.gates.lives().len(), 2);
    assert_eq!(
        since.count("dana", "Waiting for approval"),
        1,
        "one request"
    );
    world.ends_well().await;
}
