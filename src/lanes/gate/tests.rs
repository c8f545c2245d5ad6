//! How many steps of the lane an opening and a closing take.

use std::time::Duration;

use crate::app::Parts;
use crate::sim::town::gates::ours;
use crate::sim::town::{Plan, Town};
use crate::store::memory::MemoryStore;

/// Steps of the lane that ended well so far.
fn steps(parts: &Parts) -> u64 {
    let page = parts.metrics.scrape(parts.clock.now()).unwrap();
    let mut lines = page.lines().filter(|line| {
        line.starts_with("drawbridge_lane_steps")
            && line.contains(r#""gate""#)
            && line.contains(r#""done""#)
    });
    let line = lines.next().unwrap_or_default();
    let count = line.rsplit(' ').next().unwrap_or_default();
    count.parse().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_path_is_planned_and_opened_and_ended_and_closed_in_one_step_each() {
    let store = Box::new(|clock| Ok(std::sync::Arc::new(MemoryStore::new(clock)) as _));
    let town = Town::found(&Plan::of_stories(1, store)).await.unwrap();
    let parts = town.parts().unwrap();
    let text = "shop/web to orders/db:5432 for 10m because INC-42";
    town.slack.dm("dana", text).unwrap();
    town.settle().await.unwrap();
    let before = steps(&parts);
    town.slack.press("lee", "Approve").unwrap();
    town.settle().await.unwrap();
    assert!(!ours(&town.api.objects()).is_empty());
    assert_eq!(steps(&parts) - before, 1, "plan and apply");
    // Past the warning.
    tokio::time::sleep(Duration::from_secs(540)).await;
    let before = steps(&parts);
    tokio::time::sleep(Duration::from_secs(65)).await;
    assert!(ours(&town.api.objects()).is_empty());
    assert_eq!(steps(&parts) - before, 1, "the end and the withdrawal");
    town.close().await;
}
