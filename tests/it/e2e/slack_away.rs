//! A Slack that is slow, limits, fails or is away: people hear of everything in the end, once.

use drawbridge::sim::slack::Fault;

use super::plan::Plan;
use super::wait::{NORMALLY, SOON, within};
use super::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slack_that_limits_and_fails_is_told_everything_in_the_end_and_once() {
    let (world, _bot) = World::with_bot(Plan::default()).await;
    let since = world.listen();
    for (method, fault) in [
        ("chat.postMessage", Fault::RateLimited(Some(1))),
        ("chat.postMessage", Fault::ServerError),
        ("chat.postMessage", Fault::CutAfter),
        ("chat.update", Fault::ServerError),
        ("chat.update", Fault::RateLimited(None)),
        ("chat.update", Fault::CutAfter),
        ("response_url", Fault::ServerError),
    ] {
        world.slack.fail_next(method, 1, &fault);
    }
    let (card, _) = world.opens("12s").await;
    world
        .slack
        .fail_next("chat.postMessage", 1, &Fault::Code("internal_error"));
    world.slack.fail_next("chat.update", 1, &Fault::Cut);
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(NORMALLY);
    since.told("dana", "Expired and closed").await;
    since.in_thread(&card, "Expired and closed").await;
    let card = world.shows(&card, "lee", "Expired and closed").await;
    assert_eq!(card.buttons, Vec::<String>::new());
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slack_that_is_away_delays_no_closing() {
    let (world, mut bot) = World::with_bot(Plan::default()).await;
    let (card, _) = world.opens("6s").await;
    let since = world.listen();
    world.slack.be_away(true);
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(NORMALLY);
    let ready = bot.ready_is(200, SOON).await;
    let detail = ready["slack"].as_str().unwrap();
    assert!(detail.starts_with("away"), "{detail}");
    world.slack.be_away(false);
    since.told("dana", "Expired and closed").await;
    world.shows(&card, "lee", "Expired and closed").await;
    world.ends_well().await;
}

/// As in a great outage, when everybody's apps call at once: of four calls one is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_slack_limits_most_calls_paths_close_on_time_and_everything_is_said_once_afterwards()
{
    let plan = Plan {
        rate_limits: false,
        ..Plan::default()
    };
    let (world, _bot) = World::with_bot(plan).await;
    let cards = world.opens_many(3, "8s").await;
    let waiting = world.asks("max", "3s").await;
    let since = world.listen();
    world.slack.limit_most_calls(4, 1);
    // People go on, and what they do is done or refused in words.
    world.clicks("lee", &waiting, "Approve");
    world.gates.open(8).await;
    world.types("max", "mine");
    since.heard_by("max", |seen| seen.private).await;
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(NORMALLY);
    world.slack.limit_most_calls(1, 0);
    let ends = since.heard_so_often("dana", "*Expired", cards.len());
    within(SOON, "every end is told", ends).await;
    since.told("max", "Expired and closed").await;
    for card in cards.iter().chain([&waiting]) {
        since.in_thread(card, "Expired and closed").await;
        world.shows(card, "lee", "Expired and closed").await;
    }
    world.ends_well().await;
}
