//! Two processes on one Redis share the work, and one of them dies in the middle of it.

use std::collections::BTreeMap;

use drawbridge::sim::slack::{Person, Seen};

use super::gates::Gate;
use super::plan::Plan;
use super::talk::Since;
use super::wait::{REPLICA_LOST, SOON, reached, within};
use super::world::World;

/// Requests, spread over people and channels: Slack takes one message a second in each.
const ASKS: usize = 20;

/// Seconds of the shortest ask.
const SHORTEST: usize = 12;

const PEOPLE: [&str; 4] = ["ann", "bob", "cas", "deb"];
pub(super) const CHANNELS: [&str; 4] =
    ["access-orders", "access-payments", "incidents", "payments"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_do_everything_once_though_one_is_killed() {
    let mut world = World::new(Plan {
        rate_limits: false,
        ..Plan::default()
    })
    .await;
    people_come(&world, &PEOPLE);
    rules_by_channel(&world, SHORTEST);
    let mut first = world.serve().await;
    let mut second = world.serve().await;

    let since = world.listen();
    everybody_asks(&world);
    let mut approved: Vec<Seen> = Vec::new();
    while approved.len() < ASKS {
        let card = within(SOON, "all cards", since.another_card(&approved)).await;
        let since_click = world.listen();
        world.clicks("lee", &card, "Approve");
        if approved.len() == ASKS / 2 {
            first.kill();
        }
        if was_lost(&world, &card, &since_click).await {
            world.clicks("lee", &card, "Approve");
        }
        approved.push(card);
    }
    let all_open = |lives: &[Gate]| (lives.len() >= 2 * ASKS).then(|| lives.to_vec());
    let gates = world
        .gates
        .until(SOON, "every request was opened", all_open)
        .await;
    // The other one dies as well, at the very moment when it begins to close.
    let _third = world.serve().await;
    reached(gates.iter().map(Gate::expires_at).min().unwrap()).await;
    second.kill();
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(REPLICA_LOST);

    each_was_applied_once(&world);
    for card in &approved {
        world.shows(card, "lee", "Expired and closed").await;
    }
    for person in PEOPLE {
        let notices = since.heard_so_often(person, "*Expired", ASKS / 4);
        within(SOON, "all notices", notices).await;
    }
    world.ends_well().await;
}

fn everybody_asks(world: &World) {
    for n in 0..ASKS {
        let length = SHORTEST + n / PEOPLE.len() % CHANNELS.len();
        let text = format!("{} for {length}s because INC-{n}", world.path_text());
        world.types(PEOPLE[n % PEOPLE.len()], &text);
    }
}

fn each_was_applied_once(world: &World) {
    let mut objects: BTreeMap<String, usize> = BTreeMap::new();
    for gate in world.gates.lives() {
        *objects.entry(gate.request().to_owned()).or_default() += 1;
    }
    assert_eq!(objects.len(), ASKS);
    assert!(objects.values().all(|count| *count == 2), "{objects:?}");
}

/// Whether a click was lost: Slack sends it once, and if that was to the process that died, it tells
/// the person.
async fn was_lost(world: &World, card: &Seen, since: &Since) -> bool {
    let decided = world.slack.until(|slack| {
        let lost = since.count("lee", "dispatch_failed") > 0;
        let now = slack
            .seen_by("lee")
            .into_iter()
            .find(|seen| seen.at == card.at);
        let taken = now.is_some_and(|now| now.buttons.is_empty());
        (lost || taken).then_some(lost)
    });
    within(
        SOON,
        "the click is taken, or lee is told that it was not",
        decided,
    )
    .await
}

pub(super) fn people_come(world: &World, people: &[&str]) {
    for person in people {
        world.slack.add_person(Person::named(person));
        world.slack.join(person, "payments").unwrap();
    }
    world.slack.set_group("backend", people).unwrap();
}

/// The same rule once for each channel, chosen by the length that is asked for: `shortest` seconds lead
/// to the first, a second more to the next.
pub(super) fn rules_by_channel(world: &World, shortest: usize) {
    let rules = world.folder.path().join("rules");
    let rule = std::fs::read_to_string(rules.join("orders.yaml")).unwrap();
    std::fs::remove_file(rules.join("orders.yaml")).unwrap();
    for (n, channel) in CHANNELS.iter().enumerate() {
        let length = shortest + n;
        let rule = rule
            .replace("name: orders}", &format!("name: orders-{n}}}"))
            .replace("#access-orders", &format!("#{channel}"))
            .replace(
                "when: \"",
                &format!("when: \"duration == duration('{length}s') && "),
            );
        std::fs::write(rules.join(format!("{n}.yaml")), rule).unwrap();
    }
}
