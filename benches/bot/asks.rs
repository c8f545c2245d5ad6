//! 200 asks a second: how long each delivery waits for its acknowledgement. One that was refused, or never arrived,
//! counts as one that Slack gave up.
//!
//! So many people ask, of so many teams, that nobody's line is full, nor a channel's: nothing is turned away for being
//! too much.

use std::time::Duration;

use drawbridge::sim::slack::Route;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::door::Door;
use crate::figure::{ms, print, quantile};
use crate::scene::{Scene, Size, person, room};
use crate::spent;

/// How long Slack waits for an acknowledgement.
const GIVES_UP: Duration = Duration::from_secs(3);

/// Between two asks.
const PACE: Duration = Duration::from_millis(5);

pub(crate) async fn measure(size: Size) {
    let mut scene = Scene::open().await;
    let door = Door::before(&scene.bot.address().await).await;
    scene.world.slack.deliver_by(Route::Url(door.url.clone()));
    // Connections and caches are cold at first, which is not what is measured.
    ask(&scene, Duration::from_secs(size.of(10, 5, 1)), 4).await;
    settle().await;
    door.passed();
    let length = Duration::from_secs(size.of(60, 15, 1));
    let before = spent::so_far();
    let asked = ask(&scene, length, 1).await;
    let spent = spent::since(&before, length.as_secs_f64());
    settle().await;
    let passed = door.passed();
    let good: Vec<f64> = passed
        .iter()
        .filter(|(status, _)| status.is_success())
        .map(|(_, wait)| ms(*wait))
        .collect();
    let acknowledged = good.len();
    let failed = asked.max(passed.len()).saturating_sub(acknowledged);
    let mut waits = good;
    waits.extend(std::iter::repeat_n(ms(GIVES_UP), failed));
    let p50 = quantile(&mut waits, 0.5);
    let p99 = quantile(&mut waits, 0.99);
    let most = quantile(&mut waits, 1.0);
    eprintln!(
        "asks: {asked} asked, {} arrived, {acknowledged} acknowledged; p50 {p50:.1} ms, p99 {p99:.1} ms, worst {most:.1} ms",
        passed.len()
    );
    eprintln!("asks: seconds of processors used a second: {spent}");
    print("200 asks a second: acknowledged, p99", p99, None);
}

/// Asks for so long, every `every`th tick; how many asked. The pace is kept whatever comes back.
async fn ask(scene: &Scene, length: Duration, every: usize) -> usize {
    let begun = Instant::now();
    let mut ticks = interval(PACE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut asked, mut tick) = (0, 0);
    while begun.elapsed() < length {
        ticks.tick().await;
        if tick % every == 0 {
            let line = format!(
                "/access {} for 30m because INC-{asked}",
                scene.world.path_text()
            );
            let who = person(asked);
            scene
                .world
                .slack
                .command(&who, &room(asked), &line)
                .unwrap();
            asked += 1;
        }
        tick += 1;
    }
    asked
}

/// Until nobody waits for an acknowledgement any more.
async fn settle() {
    tokio::time::sleep(GIVES_UP + Duration::from_secs(1)).await;
}
