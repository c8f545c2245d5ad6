//! A bot that has nothing to do: how soon it is ready, what it holds, what it asks of Redis.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::e2e::bot::Bot;
use crate::e2e::wait::SOON;
use crate::figure::{ms, print, quantile};
use crate::scene::{Scene, Size};

pub(crate) async fn measure(size: Size) {
    let mut world = Scene::set().await;
    let mut starts = Vec::new();
    let mut last = None;
    for _ in 0..size.of(9, 5, 1) {
        drop(last.take());
        let begun = Instant::now();
        let mut bot = world.start();
        bot.ready_is(200, SOON).await;
        starts.push(ms(begun.elapsed()));
        last = Some(bot);
    }
    let mut bot = last.unwrap();
    let mut bare: Vec<f64> = (0..9).map(|_| ms(says_its_version())).collect();
    let raw = quantile(&mut bare, 0.5);
    print("start to ready", quantile(&mut starts, 0.5), Some(raw));
    let most = most_memory(&mut bot, size.of(75, 10, 1)).await;
    print("memory, idle", most, None);
    let redis = world.redis();
    let length = Duration::from_secs(size.of(30, 10, 1));
    let before = commands(redis).await;
    tokio::time::sleep(length).await;
    // The last count but one is ours.
    let asked = commands(redis).await - before - 1.0;
    print(
        "idle Redis load of a replica",
        asked / length.as_secs_f64(),
        None,
    );
}

async fn commands(redis: &crate::servers::redis::RedisServer) -> f64 {
    let info: String = redis.query(&["INFO", "stats"]).await;
    let found = info
        .lines()
        .find_map(|line| line.strip_prefix("total_commands_processed:"));
    found.unwrap().trim().parse().unwrap()
}

fn says_its_version() -> Duration {
    let begun = Instant::now();
    let said = Command::new(env!("CARGO_BIN_EXE_drawbridge"))
        .arg("--version")
        .output()
        .unwrap();
    assert!(said.status.success());
    begun.elapsed()
}

/// The most it holds of memory within so many seconds, in MB; a minute sees every list read anew.
pub(crate) async fn most_memory(bot: &mut Bot, seconds: u64) -> f64 {
    let mut most = 0.0_f64;
    let mut first = 0.0;
    for second in 0..=seconds {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (_, page) = bot.page("/metrics").await.unwrap();
        let line = page
            .lines()
            .find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
        let now = line.unwrap().trim().parse::<f64>().unwrap() / 1_000_000.0;
        if second == 0 {
            first = now;
        }
        most = most.max(now);
    }
    eprintln!("memory: {first:.1} MB after a second, {most:.1} MB at most in {seconds} s");
    most
}
