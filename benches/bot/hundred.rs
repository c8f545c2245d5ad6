//! A hundred grants at once, beside as many applies by a bare client. Each is approved by somebody else: the bot does
//! two things at once for one person, and lets their others wait.

use std::time::Duration;

use drawbridge::sim::slack::Person;

use crate::bare::{AT_ONCE, Bare, copies};
use crate::e2e::wait::now;
use crate::figure::print;
use crate::scene::{Scene, Size};

pub(crate) async fn measure(size: Size) {
    let count = size.of(100, 100, 5);
    let world = Scene::set().await;
    let approvers: Vec<String> = (0..count).map(|n| format!("ops{n}")).collect();
    for name in &approvers {
        world.slack.add_person(Person::named(name));
        world.slack.join(name, "access-orders").unwrap();
    }
    let mut members: Vec<&str> = approvers.iter().map(String::as_str).collect();
    members.push("lee");
    world.slack.set_group("orders-oncall", &members).unwrap();
    let scene = Scene::in_world(world).await;
    let world = &scene.world;
    let bare = Bare::of(world).await;
    let mut cards = Vec::new();
    for n in 0..count {
        cards.push(scene.asks(n).await);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let clicked = now();
    for (name, card) in approvers.iter().zip(&cards) {
        world.clicks(name, card, "Approve");
    }
    let gates = world.gates.open(2 * count).await;
    let came = gates.iter().map(|gate| gate.came).max().unwrap();
    let took = (came - clicked).to_std().unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let raw = bare.apply(&copies(&gates), AT_ONCE).await;
    let rate = |took: Duration| gates.len() as f64 / took.as_secs_f64();
    eprintln!("hundred: {count} grants in {took:?}, raw {raw:?}");
    print("100 grants at once", rate(took), Some(rate(raw)));
}
