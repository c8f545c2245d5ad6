//! SIGKILL at random points under load: two replicas, a few dozen asks, approvals and ends, and every
//! other second one of the two dies and is started again.

use std::collections::BTreeSet;
use std::time::Duration;

use drawbridge::sim::slack::{Changed, Seen};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::bot::Bot;
use super::gates::Gate;
use super::plan::Plan;
use super::records;
use super::replicas::{CHANNELS, people_come, rules_by_channel};
use super::talk::Since;
use super::wait::{REPLICA_LOST, SOON, until, within};
use super::world::World;

/// `KILLED_SEED` tries another one's points; every run prints its own.
const SEED: u64 = 20_261_127;

const ASKS: usize = 32;
const KILLS: usize = 7;

/// When a message that found nobody is there again: Slack repeats it at once, and after a minute. The replica that works on
/// it may die both times.
const REPEATED: Duration = SOON.saturating_add(Duration::from_secs(60));

/// Seconds of the shortest ask.
const SHORTEST: usize = 6;

const PEOPLE: [&str; 8] = ["ann", "bob", "cas", "deb", "eli", "fay", "gil", "hal"];

#[expect(
    clippy::disallowed_methods,
    reason = "a test's own switch, no setting of the product"
)]
fn seed() -> u64 {
    std::env::var("KILLED_SEED").map_or(SEED, |seed| seed.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_are_killed_at_random_leave_nothing_open_nothing_double_and_nothing_unsaid() {
    let seed = seed();
    println!("KILLED_SEED={seed}");
    let mut chance = StdRng::seed_from_u64(seed);
    let plan = Plan {
        rate_limits: false,
        ..Plan::default()
    };
    let mut world = World::new(plan).await;
    people_come(&world, &PEOPLE);
    rules_by_channel(&world, SHORTEST);
    let mut bots = [world.serve().await, world.serve().await];
    let since = world.listen();
    let kills: Vec<(Duration, usize)> = std::iter::repeat_with(|| {
        let pause = Duration::from_millis(chance.random_range(200..2500));
        (pause, chance.random_range(0..bots.len()))
    })
    .take(KILLS)
    .collect();
    let pauses: Vec<Duration> =
        std::iter::repeat_with(|| Duration::from_millis(chance.random_range(0..400)))
            .take(ASKS)
            .collect();
    let ((), cards, ()) = tokio::join!(
        everybody_asks(&world, &pauses),
        everything_is_approved(&world, &since),
        they_die(&world, &mut bots, &kills),
    );
    let opened = |lives: &[Gate]| (lives.len() >= 2 * ASKS).then_some(());
    world
        .gates
        .until(SOON, "every request was opened", opened)
        .await;
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(REPLICA_LOST);
    assert_eq!(world.gates.lives().len(), 2 * ASKS, "opened more than once");
    for card in &cards {
        world.shows(card, "lee", "Expired and closed").await;
    }
    for person in PEOPLE {
        let told = since.heard_so_often(person, "*Expired", ASKS / PEOPLE.len());
        within(SOON, "every end is told", told).await;
    }
    one_card_for_each_ask(&world);
    everything_is_recorded_once(&world).await;
    world.ends_well().await;
}

/// By messages, which Slack repeats when nobody acknowledges them.
async fn everybody_asks(world: &World, pauses: &[Duration]) {
    for (n, pause) in pauses.iter().enumerate() {
        tokio::time::sleep(*pause).await;
        let length = SHORTEST + n % CHANNELS.len();
        let person = PEOPLE[n / CHANNELS.len() % PEOPLE.len()];
        let text = format!("{} for {length}s because INC-{n}", world.path_text());
        world.slack.mention(person, "#payments", &text).unwrap();
    }
}

async fn everything_is_approved(world: &World, since: &Since) -> Vec<Seen> {
    let mut cards: Vec<Seen> = Vec::new();
    while cards.len() < ASKS {
        let card = within(REPEATED, "all cards", since.another_card(&cards)).await;
        approve(world, &card).await;
        cards.push(card);
    }
    cards
}

/// Slack repeats no click: who sees that theirs came to nothing clicks again.
async fn approve(world: &World, card: &Seen) {
    let taken = until(async || {
        world.slack.click("lee", &card.at, "Approve").ok();
        let gone = world.slack.until(|slack| {
            let mut seen = slack.seen_by("lee").into_iter();
            let now = seen.find(|seen| seen.at == card.at)?;
            now.buttons.is_empty().then_some(())
        });
        tokio::time::timeout(Duration::from_secs(4), gone)
            .await
            .ok()
    });
    within(SOON, "the click is taken", taken).await;
}

/// One of the two always serves: whoever was killed is back before the next one is.
async fn they_die(world: &World, bots: &mut [Bot; 2], kills: &[(Duration, usize)]) {
    for (pause, which) in kills {
        tokio::time::sleep(*pause).await;
        bots[*which].kill();
        bots[*which] = world.launch(&["serve"]);
        world.reachable(&mut bots[*which]).await;
    }
}

fn one_card_for_each_ask(world: &World) {
    let mut reasons = Vec::new();
    for change in world.slack.changes_since(0) {
        let seen = world.slack.render(&change.message, "lee").unwrap();
        let is_card = change.what == Changed::Posted
            && seen.place != "DM"
            && seen.thread.is_none()
            && !seen.private;
        let words = seen.lines.join(" ");
        let reason = words.split(' ').find(|word| word.starts_with("INC-"));
        if let (true, Some(reason)) = (
            is_card && seen.buttons.contains(&"Approve".to_owned()),
            reason,
        ) {
            reasons.push(reason.to_owned());
        }
    }
    let distinct: BTreeSet<&String> = reasons.iter().collect();
    assert_eq!((reasons.len(), distinct.len()), (ASKS, ASKS), "{reasons:?}");
}

async fn everything_is_recorded_once(world: &World) {
    let records = records::of_requests(world, ASKS).await;
    assert_eq!(records.len(), ASKS, "requests in the ledger");
    for (request, facts) in records {
        for fact in [
            "asked", "approved", "granted", "opened", "closing", "closed",
        ] {
            let times = facts.iter().filter(|it| *it == fact).count();
            assert_eq!(times, 1, "{request} was {fact} {times} times: {facts:?}");
        }
        assert_eq!(facts.last().unwrap(), "closed", "{request}: {facts:?}");
    }
}
