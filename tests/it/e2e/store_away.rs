//! Redis gone in every way: dead, silent, emptied.

use std::time::Duration;

use drawbridge::sim::slack::Fault;

use super::plan::Plan;
use super::records;
use super::wait::{ANSWER, NORMALLY, REDIS_AWAY, SLACK, SOON, now};
use super::world::World;
use crate::servers::proxy::Proxy;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_was_emptied_leaves_nothing_open_and_people_are_told() {
    let (mut world, _bot) = World::with_bot(Plan::default()).await;
    let waiting = world.asks("max", "1h").await;
    let cards = world.opens_many(2, "8s").await;
    let since = world.listen();
    let _: String = world.redis().query(&["FLUSHALL"]).await;
    // What waited is gone: whoever answers it hears so, and nothing opens.
    world.clicks("lee", &waiting, "Approve");
    since.answered("lee", "No request").await;
    // Nobody waits for Slack before closing.
    for fault in [
        Fault::NoAnswer,
        Fault::CutAfter,
        Fault::RateLimited(Some(1)),
    ] {
        world.slack.fail_next("chat.postMessage", 1, &fault);
    }
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(REDIS_AWAY);
    for card in &cards {
        since.in_thread(card, "Expired and closed").await;
    }
    // The bot goes on with the empty one.
    world.opens("2s").await;
    world.gates.all_gone(SOON).await;
    since.told("dana", "Expired and closed").await;
    assert_eq!(
        since.count("lee", "is lost"),
        2,
        "people are told once of a gate of two objects"
    );
    world.ends_well().await;
}

/// Killed as by the system, with nothing said goodbye to: the log has every commit that was answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_dies_and_is_back_by_its_log_has_lost_nothing() {
    tokio::join!(
        back_by_its_log(&["--appendfsync", "always"]),
        back_by_its_log(&["--appendfsync", "everysec"]),
    );
}

async fn back_by_its_log(redis: &'static [&'static str]) {
    let plan = Plan {
        redis,
        ..Plan::default()
    };
    let (mut world, _bot) = World::with_bot(plan).await;
    let second = world.asks("max", "8s").await;
    let waiting = world.asks("max", "1h").await;
    let (card, _) = world.opens("8s").await;
    let since = world.listen();
    world.clicks("lee", &second, "Approve");
    world.shows(&second, "lee", "*Open* until").await;
    world.redis().kill();
    world.redis().restart().await;
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(REDIS_AWAY);
    for (person, card) in [("dana", &card), ("max", &second)] {
        since.told(person, "Expired and closed").await;
        world.shows(card, "lee", "Expired and closed").await;
    }
    world.denies("lee", &waiting).await;
    world.shows(&waiting, "lee", "Refused").await;
    let records = records::of_requests(&world, 2).await;
    assert_eq!(records.len(), 3, "{records:?}");
    world.ends_well().await;
}

/// Nobody knows the end any more but the object, and somebody has changed that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_edit_keeps_a_gate_open_beyond_the_hard_maximum() {
    let mut world = World::new(Plan::default()).await;
    let most = Duration::from_secs(7);
    world
        .env
        .insert("DRAWBRIDGE_MAX_LIFETIME".to_owned(), "7s".to_owned());
    let _bot = world.serve().await;
    let (card, gates) = world.opens("5s").await;
    let since = world.listen();
    let _: String = world.redis().query(&["FLUSHALL"]).await;
    for gate in &gates {
        world
            .town
            .annotate(gate, "drawbridge.dev/expires-at", "2099-01-01T00:00:00Z")
            .await;
    }
    for gate in world.gates.all_gone(SOON).await {
        let lived = (gate.gone.unwrap() - gate.came).to_std().unwrap();
        assert!(
            lived <= most + REDIS_AWAY + SLACK,
            "it was there for {lived:?}"
        );
    }
    since.in_thread(&card, "closed").await;
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_redis_takes_no_asks_but_lets_gates_close() {
    let (mut world, _bot) = World::with_bot(Plan::default()).await;
    let (card, _) = world.opens("5s").await;
    let since = world.listen();
    world.redis().set_full(true).await;
    told_at_once_that_nothing_was_done(&world).await;
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(NORMALLY);
    since.told("dana", "Expired and closed").await;
    world.shows(&card, "lee", "Expired and closed").await;
    world.redis().set_full(false).await;
    world.asks("dana", "1h").await;
    world.ends_well().await;
}

/// The commit arrives, its answer does not: it must not be called undone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ask_that_may_have_been_recorded_is_not_said_to_be_undone() {
    let mut world = World::new(Plan::default()).await;
    let redis = world.redis().address();
    let proxy = Proxy::before(&redis).await;
    let url = world.env["REDIS_URL"].replace(&redis, &proxy.address());
    world.env.insert("REDIS_URL".to_owned(), url);
    let _bot = world.serve().await;
    // Redis has the scripts after this.
    world.asks("max", "1h").await;
    let since = world.listen();
    // The reason is in the document, and in nothing that the bot asks for before.
    proxy.swallow_answers_from("INC-77");
    world.types(
        "dana",
        &format!("{} for 1h because INC-77", world.path_text()),
    );
    since.answered("dana", "Working on it").await;
    // Whether the repeated commit still got through a new connection in time or not: what people
    // hear names the request, and never says that nothing was done.
    let card = since.card().await;
    let words = card.lines.join(" ");
    let is_id = |word: &&str| word.parse::<drawbridge::id::RequestId>().is_ok();
    let id = words.split('`').find(is_id).unwrap();
    since.answered("dana", id).await;
    assert_eq!(since.count("dana", "nothing was changed"), 0);
    since.told("dana", "Waiting for approval").await;
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_is_dead_gates_close_and_people_hear_that_nothing_was_done() {
    let (mut world, _bot) = World::with_bot(Plan::default()).await;
    let (card, _) = world.opens("6s").await;
    let since = world.listen();
    world.redis().kill();
    told_at_once_that_nothing_was_done(&world).await;
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(REDIS_AWAY);

    world.redis().restart().await;
    since.told("dana", "Expired and closed").await;
    since.in_thread(&card, "Expired and closed").await;
    world.shows(&card, "lee", "Expired and closed").await;
    // Nothing was half done: what was asked meanwhile is not there, and can be asked again.
    world.types("dana", "mine");
    let mine = since.answered("dana", "Your requests").await;
    assert_eq!(mine.lines.len(), 2, "the title and one request: {mine:?}");
    world.asks("dana", "1h").await;
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_hangs_gates_close_and_people_hear_that_nothing_was_done() {
    let (mut world, _bot) = World::with_bot(Plan::default()).await;
    // Several, so that waiting for the silent one before each would be noticed.
    let cards = world.opens_many(3, "10s").await;
    let since = world.listen();
    world.redis().freeze(true);
    told_at_once_that_nothing_was_done(&world).await;
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(REDIS_AWAY);

    world.redis().freeze(false);
    since.told("dana", "Expired and closed").await;
    for card in &cards {
        world.shows(card, "lee", "Expired and closed").await;
    }
    world.ends_well().await;
}

/// Somebody asks and somebody clicks; both are told within the time that Slack gives.
pub(super) async fn told_at_once_that_nothing_was_done(world: &World) {
    let since = world.listen();
    let asked = now();
    world.types(
        "max",
        &format!("{} for 1h because INC-43", world.path_text()),
    );
    since.answered("max", "nothing was changed").await;
    let waited = (now() - asked).to_std().unwrap();
    assert!(waited <= ANSWER + SLACK, "told after {waited:?}");
}
