//! The connection loop on paused time: overlap, back-off, faults, drain.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::slack::testing::{FakeReceiver, Log, Script, Town, message};

fn event(id: &str) -> Value {
    let event = json!({"type": "app_mention", "user": "UDANA", "channel": "C1", "ts": "7.1",
        "text": "<@UBOT> mine"});
    envelope(
        "events_api",
        id,
        json!({"event_id": id, "team_id": "T1", "event": event}),
    )
}

fn command(id: &str) -> Value {
    envelope(
        "slash_commands",
        id,
        json!({"text": "mine", "user_id": "UDANA", "channel_id": "C1",
        "trigger_id": id, "response_url": "http://slack.sim/respond/1"}),
    )
}

fn envelope(kind: &str, id: &str, payload: Value) -> Value {
    json!({"type": kind, "envelope_id": format!("env-{id}"), "payload": payload,
        "accepts_response_payload": kind != "events_api"})
}

fn disconnect(reason: &str) -> Value {
    json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "wss-1"}})
}

#[tokio::test(start_paused = true)]
async fn a_frame_larger_than_any_of_slacks_ends_its_connection_and_no_more() {
    let (mut town, _state) = running(FakeReceiver::default());
    let mut first = town.fake.greeted().await;
    let around = envelope("new", "1", json!("")).to_string().len();
    let frame = |size: usize| envelope("new", "1", json!("x".repeat(size - around)));
    first.send(frame(link::LARGEST)).await;
    assert_eq!(acknowledged(&mut first).await, "env-1");
    first.send_in_vain(frame(link::LARGEST + 1)).await;
    let mut second = town.fake.greeted().await;
    second.send(command("2")).await;
    assert_eq!(acknowledged(&mut second).await, "env-2");
    town.stop().await;
}

/// A town whose socket runs.
fn running(receiver: FakeReceiver) -> (Town, watch::Receiver<SocketState>) {
    let town = Town::with(receiver);
    let socket = town.socket();
    let state = socket.state();
    town.tracker.spawn(socket.run());
    (town, state)
}

fn taking(seconds: u64) -> FakeReceiver {
    FakeReceiver {
        takes: Duration::from_secs(seconds),
        ..FakeReceiver::default()
    }
}

async fn acknowledged(socket: &mut crate::slack::testing::FakeSocket) -> String {
    let ack = socket.acknowledged().await.expect("an acknowledgement");
    ack["envelope_id"]
        .as_str()
        .expect("an envelope id")
        .to_owned()
}

#[tokio::test(start_paused = true)]
async fn deliveries_are_received_and_acknowledged() {
    let (mut town, state) = running(FakeReceiver::default());
    let mut slack = town.fake.greeted().await;
    slack.send(event("Ev1")).await;
    assert_eq!(acknowledged(&mut slack).await, "env-Ev1");
    assert_eq!(town.receiver.keys(), ["Ev1"]);
    assert_eq!(*state.borrow(), SocketState::Connected);
}

#[tokio::test(start_paused = true)]
async fn a_slow_delivery_does_not_hold_up_the_next() {
    let (mut town, _) = running(taking(60));
    let mut slack = town.fake.greeted().await;
    let start = Instant::now();
    slack.send(command("t.1")).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    slack.send(command("t.2")).await;
    assert_eq!(acknowledged(&mut slack).await, "env-t.1");
    assert_eq!(start.elapsed().as_secs(), 2);
    assert_eq!(acknowledged(&mut slack).await, "env-t.2");
    assert_eq!(start.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_carries_a_private_answer_only_where_slack_takes_one() {
    let (mut town, _) = running(FakeReceiver {
        says: Some(message("nothing is open")),
        ..FakeReceiver::default()
    });
    let mut slack = town.fake.greeted().await;
    slack.send(command("t.1")).await;
    let ack = slack.acknowledged().await.unwrap();
    assert_eq!(ack["payload"]["text"], "nothing is open");
    let mut bare = command("t.2");
    bare["accepts_response_payload"] = json!(false);
    slack.send(bare).await;
    assert_eq!(
        slack.acknowledged().await,
        Some(json!({"envelope_id": "env-t.2"}))
    );
    let later = town.fake.called("response_url", 1).await;
    assert_eq!(later[0].body["text"], "nothing is open");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_loses_no_frame_and_opens_the_next_connection_first() {
    for reason in ["warning", "refresh_requested", "not_invented_yet"] {
        let (mut town, _) = running(FakeReceiver::default());
        let mut old = town.fake.greeted().await;
        tokio::time::sleep(Duration::from_secs(31)).await;
        old.send(disconnect(reason)).await;
        let mut new = town.fake.greeted().await;
        old.send(event("Ev1")).await;
        new.send(event("Ev2")).await;
        assert_eq!(acknowledged(&mut old).await, "env-Ev1", "{reason}");
        assert_eq!(acknowledged(&mut new).await, "env-Ev2", "{reason}");
        drop(old);
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(
            !town.fake.has_connection(),
            "the old one's end opens no third"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_end_was_announced_is_left_after_a_minute() {
    let (mut town, _) = running(FakeReceiver::default());
    let mut old = town.fake.greeted().await;
    let start = Instant::now();
    old.send(disconnect("warning")).await;
    let _new = town.fake.greeted().await;
    assert_eq!(old.acknowledged().await, None);
    assert_eq!(start.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_replaced_at_once_after_a_good_life() {
    let (mut town, _) = running(FakeReceiver::default());
    let first = town.fake.greeted().await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    drop(first);
    let lost = Instant::now();
    let mut second = town.fake.greeted().await;
    assert_eq!(lost.elapsed(), Duration::ZERO);
    second.send(event("Ev1")).await;
    assert_eq!(acknowledged(&mut second).await, "env-Ev1");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_accepts_and_closes_is_not_hammered() {
    let (mut town, _) = running(FakeReceiver::default());
    let closing = async {
        loop {
            drop(town.fake.greeted().await);
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(600), closing).await;
    let opens = town.fake.calls("apps.connections.open").len();
    // Full jitter up to 60 s: about 600/30 once it has grown, and a few more while it grows.
    assert!(
        (10..=50).contains(&opens),
        "{opens} attempts in ten minutes"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_loud_slow_and_heals_by_itself() {
    let (mut town, state) = running(FakeReceiver::default());
    town.fake.script(
        "apps.connections.open",
        [
            Script::Refuse("invalid_auth"),
            Script::Refuse("account_inactive"),
        ],
    );
    let start = Instant::now();
    town.fake.called("apps.connections.open", 1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let shown = state.borrow().to_string();
    assert!(
        shown.starts_with("refused") && shown.contains("invalid_auth"),
        "{shown}"
    );
    let mut slack = town.fake.greeted().await;
    assert_eq!(start.elapsed().as_secs(), 600, "two pauses of five minutes");
    slack.send(event("Ev1")).await;
    assert_eq!(acknowledged(&mut slack).await, "env-Ev1");
    assert_eq!(*state.borrow(), SocketState::Connected);
}

#[tokio::test(start_paused = true)]
async fn socket_mode_switched_off_is_not_retried_in_a_hurry() {
    let (mut town, state) = running(FakeReceiver::default());
    let mut slack = town.fake.greeted().await;
    slack.send(disconnect("link_disabled")).await;
    assert_eq!(slack.acknowledged().await, None);
    tokio::time::sleep(Duration::from_secs(299)).await;
    assert_eq!(town.fake.calls("apps.connections.open").len(), 1);
    assert_eq!(
        *state.borrow(),
        SocketState::Refused("link_disabled".to_owned())
    );
    town.fake.connection().await;
}

#[tokio::test(start_paused = true)]
async fn slacks_own_pause_is_kept_when_opening() {
    let (mut town, _) = running(FakeReceiver::default());
    town.fake
        .script("apps.connections.open", [Script::Limit(Some(20))]);
    town.fake.greeted().await;
    let calls = town.fake.calls("apps.connections.open");
    let apart = calls[1].at - calls[0].at;
    assert!(apart >= Duration::from_secs(20), "{apart:?}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_says_nothing_is_left_and_one_that_answers_pings_is_kept() {
    let (mut town, _) = running(FakeReceiver::default());
    // The fake answers pings only while it is being read.
    let dead = town.fake.greeted().await;
    let start = Instant::now();
    let mut live = town.fake.greeted().await;
    assert_eq!(start.elapsed().as_secs(), 40);
    let quiet = tokio::time::timeout(Duration::from_secs(3600), live.acknowledged()).await;
    assert!(quiet.is_err(), "an hour of pings keeps it open");
    drop(dead);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_never_says_hello_is_given_up() {
    let (mut town, state) = running(FakeReceiver::default());
    let _silent = town.fake.connection().await;
    let mut next = town.fake.greeted().await;
    assert!(!matches!(*state.borrow(), SocketState::Refused(_)));
    next.send(event("Ev1")).await;
    assert_eq!(acknowledged(&mut next).await, "env-Ev1");
}

#[tokio::test(start_paused = true)]
async fn strange_frames_are_survived_and_envelopes_among_them_acknowledged() {
    let (mut town, _) = running(FakeReceiver::default());
    let mut slack = town.fake.greeted().await;
    for text in [
        "not json",
        "[]",
        "7",
        r#"{"type":"news"}"#,
        r#"{"type":"events_api"}"#,
    ] {
        slack.send_text(text.to_owned()).await;
    }
    slack.send(envelope("brand_new", "x", json!({}))).await;
    assert_eq!(acknowledged(&mut slack).await, "env-x");
    slack
        .send(envelope("interactive", "y", json!({"type": "view_closed"})))
        .await;
    assert_eq!(acknowledged(&mut slack).await, "env-y");
    slack.send(event("Ev1")).await;
    assert_eq!(acknowledged(&mut slack).await, "env-Ev1");
}

#[tokio::test(start_paused = true)]
async fn what_broke_is_not_acknowledged() {
    let (mut town, _) = running(FakeReceiver {
        breaks: true,
        ..FakeReceiver::default()
    });
    let mut slack = town.fake.greeted().await;
    slack.send(event("Ev1")).await;
    let ack = tokio::time::timeout(Duration::from_secs(10), slack.acknowledged()).await;
    assert!(ack.is_err(), "{ack:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_survives_the_connection_it_belonged_to() {
    let (mut town, _) = running(FakeReceiver {
        takes: Duration::from_secs(1),
        says: Some(message("done")),
        ..FakeReceiver::default()
    });
    let mut slack = town.fake.greeted().await;
    slack.send(command("t.1")).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    drop(slack);
    let later = town.fake.called("response_url", 1).await;
    assert_eq!(later[0].body["text"], "done");
}

#[tokio::test(start_paused = true)]
async fn shutdown_acknowledges_work_under_way_and_says_goodbye() {
    let (mut town, state) = running(FakeReceiver {
        takes: Duration::from_millis(1_900),
        ..FakeReceiver::default()
    });
    let mut slack = town.fake.greeted().await;
    slack.send(event("Ev1")).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let stop = async {
        town.stop().await;
        Instant::now()
    };
    let seen = async { (acknowledged(&mut slack).await, slack.acknowledged().await) };
    let start = Instant::now();
    let (stopped, (ack, end)) = tokio::join!(stop, seen);
    assert_eq!((ack.as_str(), end), ("env-Ev1", None));
    assert_eq!((stopped - start).as_millis(), 900);
    assert_eq!(*state.borrow(), SocketState::Closed);
}

#[tokio::test(start_paused = true)]
async fn two_runs_with_one_seed_are_the_same_to_the_millisecond() {
    let run = async || {
        let (mut town, _) = running(FakeReceiver::default());
        let closing = async {
            loop {
                drop(town.fake.greeted().await);
            }
        };
        let start = Instant::now();
        let _ = tokio::time::timeout(Duration::from_secs(300), closing).await;
        let calls = town.fake.calls("apps.connections.open");
        let at: Vec<_> = calls.iter().map(|c| (c.at - start).as_millis()).collect();
        town.stop().await;
        at
    };
    let first = run().await;
    assert!(first.len() > 5, "{first:?}");
    assert_eq!(first, run().await);
}

#[tokio::test(start_paused = true)]
async fn the_log_of_a_life_in_socket_mode_holds_no_token_ticket_or_response_url() {
    let (log, _guard) = Log::capture();
    let (mut town, _) = running(FakeReceiver {
        takes: Duration::from_secs(3),
        says: Some(message("done")),
        ..FakeReceiver::default()
    });
    town.fake
        .script("apps.connections.open", [Script::Refuse("invalid_auth")]);
    let mut slack = town.fake.greeted().await;
    slack.send(command("t.1")).await;
    slack.send(event("Ev1")).await;
    town.fake.called("response_url", 1).await;
    slack.send(disconnect("warning")).await;
    drop(slack);
    town.fake.greeted().await;
    town.stop().await;
    let log = log.text();
    assert!(log.contains("connected to Slack"), "the capture works");
    for secret in ["do-not-print", "ticket=", "respond/1"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
