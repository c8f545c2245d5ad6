//! One message a week, whatever happens meanwhile.

use std::time::Duration;

use super::*;
use crate::sim::town::{Plan, Town};
use crate::store::memory::MemoryStore;
use crate::zone::Zone;

const TOLD: &str = "Access in the last week";

/// The town's first day is Monday, 5 January 2026, from 09:00 on.
async fn town() -> Town {
    let store = Box::new(|clock| Ok(Arc::new(MemoryStore::new(clock)) as _));
    Town::found(&Plan::of_stories(1, store)).await.unwrap()
}

fn weekly(on: chrono::Weekday) -> Weekly {
    Weekly {
        channel: "#incidents".into(),
        on,
        at: chrono::NaiveTime::from_hms_opt(12, 0, 0).unwrap(),
        zone: Zone::UTC,
    }
}

/// Replicas that watch the week.
fn watched(town: &Town, on: chrono::Weekday, replicas: usize) -> CancellationToken {
    let stop = CancellationToken::new();
    for _ in 0..replicas {
        let parts = town.parts().unwrap();
        tokio_util::task::TaskTracker::new().spawn(watch(parts, weekly(on), stop.clone()));
    }
    stop
}

async fn hours(hours: u64) {
    tokio::time::sleep(Duration::from_secs(3600 * hours)).await;
}

/// Digests in the channel, each on one line.
fn digests(town: &Town) -> Vec<String> {
    let seen = town.slack.seen_by("kim");
    let said = seen.iter().filter(|message| message.says(TOLD));
    let said = said.filter(|message| message.place == "#incidents");
    said.map(|message| message.lines.join(" ")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_week_is_told_once_by_all_replicas() {
    let town = town().await;
    let stop = watched(&town, chrono::Weekday::Mon, 3);
    hours(2).await;
    assert_eq!(digests(&town), [""; 0], "not before its time");
    hours(2).await;
    assert_eq!(digests(&town).len(), 1);
    // Another process looks once more: the week is told already.
    let again = watched(&town, chrono::Weekday::Mon, 1);
    hours(1).await;
    assert_eq!(digests(&town).len(), 1);
    for stop in [stop, again] {
        stop.cancel();
    }
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_was_down_makes_up_for_it_the_same_day_only() {
    let town = town().await;
    // The last Monday noon was a week ago, the next is in three hours.
    let stop = watched(&town, chrono::Weekday::Mon, 1);
    hours(2).await;
    assert_eq!(digests(&town), [""; 0], "a week ago is no news");
    stop.cancel();
    hours(8).await;
    let stop = watched(&town, chrono::Weekday::Mon, 1);
    hours(1).await;
    assert_eq!(digests(&town).len(), 1, "seven hours late");
    stop.cancel();
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_slack_did_not_take_is_told_when_it_is_back() {
    let town = town().await;
    let stop = watched(&town, chrono::Weekday::Mon, 1);
    town.slack.be_away(true);
    hours(6).await;
    town.slack.be_away(false);
    hours(1).await;
    assert_eq!(digests(&town).len(), 1);
    stop.cancel();
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_answer_was_lost_is_not_sent_again() {
    let mut town = town().await;
    let stop = watched(&town, chrono::Weekday::Mon, 1);
    // Its process dies as soon as Slack has it, before it hears of that.
    town.kill_bot_after(crate::sim::town::Last::Message);
    hours(4).await;
    assert_eq!(digests(&town).len(), 1);
    stop.cancel();
    town.start_bot().unwrap();
    hours(4).await;
    assert_eq!(digests(&town).len(), 1);
    let book = town.parts().unwrap().book.clone();
    let notes = book.notes(&digest_key("2026-W02"), 9).await.unwrap();
    let posted = |note: &Note| matches!(note, Note::Digest(d) if d.status == DigestStatus::Posted);
    assert!(notes.len() == 1 && notes.iter().all(posted), "{notes:?}");
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_is_not_there_is_given_up() {
    let town = town().await;
    let stop = CancellationToken::new();
    let nowhere = Weekly {
        channel: "#nowhere".into(),
        ..weekly(chrono::Weekday::Mon)
    };
    tokio_util::task::TaskTracker::new().spawn(watch(town.parts().unwrap(), nowhere, stop.clone()));
    hours(4).await;
    let book = town.parts().unwrap().book.clone();
    let status = match book.notes(&digest_key("2026-W02"), 1).await.unwrap().pop() {
        Some(Note::Digest(digest)) => digest.status,
        other => panic!("{other:?}"),
    };
    assert!(matches!(status, DigestStatus::GivenUp { .. }), "{status:?}");
    stop.cancel();
    town.close().await;
}
