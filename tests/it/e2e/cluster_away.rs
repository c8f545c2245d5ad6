//! An API server that stops answering for a minute, in which paths end and others are approved.

use std::time::Duration;

use chrono::TimeDelta;
use drawbridge::request::decide::ATTEMPT_FRESH;
use drawbridge::units::Seconds;

use super::plan::Plan;
use super::wait::{API_BACK, NORMALLY, SLACK, SOON, now, reached, until, within};
use super::world::World;

/// How long it is away.
const AWAY: Duration = Duration::from_secs(60);

/// Their ends are spread over the time in which it is away.
const LENGTHS: [&str; 5] = ["15s", "22s", "30s", "40s", "50s"];

/// How long the path is asked for that is approved while it is away.
const OPENED_LATE_FOR: Seconds = Seconds(8);

/// An end is written in whole seconds.
const WHOLE_SECOND: TimeDelta = TimeDelta::seconds(1);

/// Ends after the return.
const LONG: &str = "70s";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_server_that_stops_for_a_minute_delays_opening_and_closing_but_nobody_is_told_wrong()
{
    let plan = Plan {
        own_api: true,
        ..Plan::default()
    };
    let (mut world, bot) = World::with_bot(plan).await;
    let waiting = world.asks("dana", &OPENED_LATE_FOR.to_string()).await;
    let mut cards = Vec::new();
    for length in LENGTHS.iter().chain([&LONG]) {
        cards.push(world.asks("dana", length).await);
    }
    for card in &cards {
        world.clicks("lee", card, "Approve");
    }
    let before = world.gates.open(2 * cards.len()).await;
    for card in &cards {
        world.shows(card, "lee", "*Open* until").await;
    }
    let since = world.listen();
    let away = now();
    world.own_api().freeze();

    // At the approval.
    world.clicks("lee", &waiting, "Approve");
    world.shows(&waiting, "lee", "Opening").await;
    let tried = until(async || bot.output().contains("\"not applied\"").then_some(()));
    within(SOON, "an attempt fails", tried).await;

    // At the ends.
    let first = before.iter().map(|gate| gate.expires_at()).min().unwrap();
    reached(first).await;
    let output = bot.output().len();
    let tried = until(async || {
        let later = &bot.output()[output..];
        later.contains("\"not withdrawn\"").then_some(())
    });
    within(SOON, "closing fails", tried).await;
    let mut reap = world.run(&["reap"]);
    assert_eq!(reap.ended(SOON).await.code(), Some(3), "{}", reap.output());
    reached(away + AWAY).await;
    assert!(
        since.nobody_read_of(&waiting, "Applied"),
        "open was said of a path that was not"
    );
    assert!(
        since.nobody_read("Expired"),
        "the end was said of a path that is open"
    );

    comes_back_in_time(&world, before.len()).await;
    since.told("dana", "Applied").await;
    for card in cards.iter().chain([&waiting]) {
        world.shows(card, "lee", "Expired and closed").await;
        since.in_thread(card, "Expired and closed").await;
    }
    world.ends_well().await;
}

/// It goes on: what waited opens, what is overdue closes, both within the bound; what is not overdue keeps its
/// own end. So many objects were there before.
async fn comes_back_in_time(world: &World, before: usize) {
    let back = now();
    world.own_api().thaw();
    let by = back + API_BACK + SLACK;
    let opened = world
        .gates
        .until(SOON, "the path that waited is open", |lives| {
            // An apply sent before the stop may still arrive; its end has passed, so it is not the path that waited.
            let new = lives[before..].iter();
            let open = new.filter(|gate| gate.gone.is_none() && gate.expires_at() > back);
            let open: Vec<_> = open.cloned().collect();
            (open.len() == 2).then_some(open)
        })
        .await;
    for gate in &opened {
        assert!(
            gate.came <= by,
            "opened {} after the return",
            gate.came - back
        );
        // What was under way at the return counts from its own beginning, while that is fresh.
        let early = OPENED_LATE_FOR.after(gate.came) - gate.expires_at();
        assert!(
            early <= ATTEMPT_FRESH.delta() + WHOLE_SECOND,
            "the clock started {early} before it was open"
        );
    }
    for gate in world.gates.all_gone(SOON).await {
        let overdue = gate.expires_at() < back;
        let bound = if overdue {
            by
        } else {
            gate.expires_at() + NORMALLY + SLACK
        };
        let gone = gate.gone.unwrap();
        assert!(gone <= bound, "closed {} after the return", gone - back);
        assert!(gone >= gate.expires_at(), "{} went early", gate.name);
    }
}
