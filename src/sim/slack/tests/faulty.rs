//! Things that go wrong on purpose.

use std::time::Duration;

use super::*;
use crate::sim::slack::{Fault, Mishap};

fn hello(slack: &Slack) -> Value {
    json!({"channel": id(slack, "#payments"), "text": "hello"})
}

#[tokio::test(start_paused = true)]
async fn a_fault_hits_as_often_as_asked_and_only_its_method() {
    let slack = town();
    slack.fail_next("chat.postMessage", 2, &Fault::RateLimited(Some(7)));
    for _ in 0..2 {
        let refused = call(&slack, "chat.postMessage", hello(&slack)).await;
        assert_eq!(
            (refused.status, &refused.headers["retry-after"]),
            (429, &"7".parse().unwrap())
        );
    }
    form(&slack, "users.list", "").await.ok();
    call(&slack, "chat.postMessage", hello(&slack)).await.ok();
    assert_eq!(slack.seen_by("dana").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_fault_looks_as_it_should() {
    let slack = town();
    slack.fail_next("*", 1, &Fault::RateLimited(None));
    let refused = call(&slack, "auth.test", json!({})).await;
    assert_eq!(
        (refused.status, refused.headers.get("retry-after")),
        (429, None)
    );
    slack.fail_next("*", 1, &Fault::ServerError);
    assert_eq!(call(&slack, "auth.test", json!({})).await.status, 500);
    slack.fail_next("*", 1, &Fault::Code("fatal_error"));
    assert_eq!(
        call(&slack, "auth.test", json!({})).await.error(),
        "fatal_error"
    );
    slack.fail_next("*", 1, &Fault::Cut);
    assert!(
        try_call(&slack, "chat.postMessage", hello(&slack))
            .await
            .is_err()
    );
    assert!(slack.seen_by("dana").is_empty());
    slack.fail_next("*", 1, &Fault::NoAnswer);
    let waiting = try_call(&slack, "auth.test", json!({}));
    assert!(
        tokio::time::timeout(Duration::from_secs(3600), waiting)
            .await
            .is_err()
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_cut_off_after_the_deed_has_done_it() {
    let slack = town();
    slack.fail_next("chat.postMessage", 1, &Fault::CutAfter);
    assert!(
        try_call(&slack, "chat.postMessage", hello(&slack))
            .await
            .is_err()
    );
    assert_eq!(slack.seen_by("dana").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slack_that_is_away_cuts_everything_and_comes_back() {
    let slack = town();
    let mut bot = socket(&slack).await;
    slack.be_away(true);
    assert_eq!(bot.next().await, None);
    assert!(try_call(&slack, "auth.test", json!({})).await.is_err());
    slack.dm("dana", "anybody there?").unwrap();
    tokio::time::sleep(Duration::from_secs(30)).await;
    slack.be_away(false);
    let mut bot = socket(&slack).await;
    let said = bot.take("events_api").await;
    assert_eq!(said["event"]["text"], json!("anybody there?"));
}

#[tokio::test(start_paused = true)]
async fn dropped_sockets_end_without_a_word_and_lose_no_event() {
    let slack = town();
    let mut bot = socket(&slack).await;
    slack.dm("dana", "help").unwrap();
    let envelope = bot.next().await.unwrap();
    slack.drop_sockets();
    assert_eq!(bot.next().await, None);
    let mut bot = socket(&slack).await;
    let again = bot.take("events_api").await;
    assert_eq!(again["event_id"], envelope["payload"]["event_id"]);
}

#[tokio::test(start_paused = true)]
async fn a_disabled_link_says_so_and_opens_no_more() {
    let slack = town();
    let mut bot = socket(&slack).await;
    slack.disable_link(true);
    assert_eq!(bot.next().await.unwrap()["reason"], json!("link_disabled"));
    assert_eq!(bot.next().await, None);
    let token = slack.setup().app_token.clone();
    let request = post(
        "/api/apps.connections.open",
        "application/json",
        &token,
        "{}".into(),
    );
    let refused = send(connect(&slack), request).await.unwrap();
    assert_eq!(refused.error(), "forbidden_team");
}

#[tokio::test(start_paused = true)]
async fn deliveries_can_be_late_and_double() {
    let slack = town();
    let mut bot = socket(&slack).await;
    slack.delay_deliveries(Duration::from_secs(20));
    slack.deliver_twice(1);
    let start = tokio::time::Instant::now();
    slack.dm("dana", "help").unwrap();
    let first = bot.take("events_api").await;
    assert_eq!(start.elapsed().as_secs(), 20);
    assert_eq!(bot.take("events_api").await["event_id"], first["event_id"]);
    let more = tokio::time::timeout(Duration::from_secs(600), bot.next()).await;
    assert!(more.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_is_lost_on_its_way_comes_with_the_retry() {
    let slack = town();
    let mut bot = socket(&slack).await;
    slack.fail_deliveries(1, Mishap::Lost);
    slack.dm("dana", "help").unwrap();
    let envelope = bot.next().await.unwrap();
    assert_eq!(envelope["retry_attempt"], json!(1));
    assert_eq!(envelope["retry_reason"], json!("connection_failed"));
    bot.acknowledge(&envelope, None).await;
    settle().await;
    assert_eq!(
        attempts(&slack),
        [(0, Carried::Unreachable), (1, Carried::Acknowledged)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_delivery_whose_answer_is_lost_comes_again() {
    let slack = town();
    let mut bot = socket(&slack).await;
    slack.fail_deliveries(1, Mishap::AnswerLost);
    slack.dm("dana", "help").unwrap();
    let first = bot.take("events_api").await;
    let again = bot.take("events_api").await;
    assert_eq!(again["event_id"], first["event_id"]);
    settle().await;
    assert_eq!(
        attempts(&slack),
        [(0, Carried::TimedOut), (1, Carried::Acknowledged)]
    );
    let at = post_card(&slack, "#payments").await;
    bot.take("events_api").await;
    slack.fail_deliveries(1, Mishap::AnswerLost);
    slack.click("lee", &at, "Approve").unwrap();
    bot.take("interactive").await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let told = slack.seen_by("lee").pop().unwrap();
    assert!(
        told.says("[Approve] failed"),
        "the app did it, the person cannot know"
    );
}

#[tokio::test(start_paused = true)]
async fn a_crowded_app_is_told_so_as_often_as_asked() {
    let slack = town();
    slack.crowd_sockets(1);
    let url = ticket(&slack).await;
    let (stream, _) = tokio_tungstenite::client_async(url, connect(&slack))
        .await
        .unwrap();
    let mut crowded = Socket(stream);
    let frame = crowded.next().await.unwrap();
    assert_eq!(frame["reason"], json!("too_many_websockets"));
    assert_eq!(crowded.next().await, None);
    socket(&slack).await;
    assert_eq!(slack.sockets(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_runs_with_one_seed_are_alike_to_the_byte() {
    async fn run() -> String {
        let slack = town();
        let mut bot = socket(&slack).await;
        let at = post_card(&slack, "#payments").await;
        slack.click("lee", &at, "Approve").unwrap();
        let click = bot.take("interactive").await;
        format!("{click} {:?} {:?}", slack.changes_since(0), slack.journal())
    }
    assert_eq!(run().await, run().await);
}
