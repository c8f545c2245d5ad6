//! Socket Mode: tickets, envelopes, acknowledgements, retries, ends.

use std::time::Duration;

use super::*;
use crate::sim::slack::Carried;

#[tokio::test(start_paused = true)]
async fn a_ticket_opens_one_connection_once() {
    let slack = town();
    let url = ticket(&slack).await;
    let first = tokio_tungstenite::client_async(url.clone(), connect(&slack)).await;
    assert!(first.is_ok());
    let second = tokio_tungstenite::client_async(url, connect(&slack)).await;
    assert!(second.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_unacknowledged_event_is_sent_four_times_with_one_event_id() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let start = tokio::time::Instant::now();
    slack.dm("dana", "help").unwrap();
    let mut seen = Vec::new();
    for _ in 0..4 {
        let envelope = bot.next().await.unwrap();
        let retry = (
            envelope["retry_attempt"].clone(),
            envelope["retry_reason"].clone(),
        );
        seen.push((
            start.elapsed().as_secs(),
            retry,
            envelope["payload"]["event_id"].clone(),
        ));
    }
    let event = seen[0].2.clone();
    let expected = [
        (0, (json!(0), json!(""))),
        (3, (json!(1), json!("timeout"))),
        (66, (json!(2), json!("timeout"))),
        (369, (json!(3), json!("timeout"))),
    ];
    for (seen, (at, retry)) in seen.iter().zip(expected) {
        assert_eq!(*seen, (at, retry, event.clone()));
    }
    let more = tokio::time::timeout(Duration::from_secs(7200), bot.next()).await;
    assert!(more.is_err(), "three retries and no more");
}

#[tokio::test(start_paused = true)]
async fn an_event_with_nobody_there_arrives_with_the_retry_after_a_minute() {
    let slack = town();
    slack.dm("dana", "help").unwrap();
    settle().await;
    assert_eq!(
        attempts(&slack),
        [(0, Carried::Unreachable), (1, Carried::Unreachable)]
    );
    let mut bot = socket(&slack).await;
    let envelope = bot.next().await.unwrap();
    assert_eq!(envelope["retry_attempt"], json!(2));
    bot.acknowledge(&envelope, None).await;
}

#[tokio::test(start_paused = true)]
async fn clicks_and_commands_are_never_replayed_and_the_person_is_told() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let at = post_card(&slack, "#payments").await;
    bot.take("events_api").await;
    slack.click("lee", &at, "Approve").unwrap();
    slack.command("lee", "#payments", "/access help").unwrap();
    assert_eq!(bot.next().await.unwrap()["type"], json!("interactive"));
    assert_eq!(bot.next().await.unwrap()["type"], json!("slash_commands"));
    tokio::time::sleep(Duration::from_secs(4)).await;
    let told: Vec<_> = slack
        .seen_by("lee")
        .into_iter()
        .filter(|s| s.private)
        .collect();
    assert_eq!(told.len(), 2);
    assert!(told[0].says("[Approve] failed") && told[1].says("/access failed"));
    let silence = tokio::time::timeout(Duration::from_secs(600), bot.next()).await;
    assert!(silence.is_err());
}

#[tokio::test(start_paused = true)]
async fn each_envelope_goes_to_one_socket_and_all_sockets_get_some() {
    let slack = town();
    let mut sockets = [
        socket(&slack).await,
        socket(&slack).await,
        socket(&slack).await,
    ];
    for n in 0..60 {
        slack.dm("dana", &format!("m{n}")).unwrap();
    }
    let mut texts = Vec::new();
    for bot in &mut sockets {
        let before = texts.len();
        while let Ok(Some(envelope)) =
            tokio::time::timeout(Duration::from_millis(5), bot.next()).await
        {
            bot.acknowledge(&envelope, None).await;
            texts.push(
                envelope["payload"]["event"]["text"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
        assert!(texts.len() > before + 5, "an uneven share");
    }
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 60);
}

#[tokio::test(start_paused = true)]
async fn the_eleventh_connection_is_one_too_many() {
    let slack = town();
    let mut sockets = Vec::new();
    for _ in 0..10 {
        sockets.push(socket(&slack).await);
    }
    let url = ticket(&slack).await;
    let (stream, _) = tokio_tungstenite::client_async(url, connect(&slack))
        .await
        .unwrap();
    let mut eleventh = Socket(stream);
    let frame = eleventh.next().await.unwrap();
    assert_eq!(frame["reason"], json!("too_many_websockets"));
    assert_eq!(eleventh.next().await, None);
    assert_eq!(slack.sockets(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_warned_socket_works_for_ten_seconds_more() {
    let slack = town();
    let mut bot = socket(&slack).await;
    slack.refresh_sockets();
    let warned = tokio::time::Instant::now();
    assert_eq!(bot.next().await.unwrap()["reason"], json!("warning"));
    slack.dm("dana", "help").unwrap();
    let said = bot.take("events_api").await;
    assert_eq!(said["event"]["text"], json!("help"));
    assert_eq!(bot.next().await, None);
    assert_eq!(warned.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_socket_is_warned_before_its_natural_end() {
    let slack = town();
    let opened = tokio::time::Instant::now();
    let mut bot = socket(&slack).await;
    assert_eq!(bot.next().await.unwrap()["reason"], json!("warning"));
    assert_eq!(opened.elapsed().as_secs(), 18_050);
    assert_eq!(bot.next().await, None);
    assert_eq!(opened.elapsed().as_secs(), 18_060);
}

#[tokio::test(start_paused = true)]
async fn what_acknowledges_nothing_is_complained_about() {
    let slack = town();
    let mut bot = socket(&slack).await;
    slack.dm("dana", "help").unwrap();
    let envelope = bot.next().await.unwrap();
    bot.acknowledge(&envelope, None).await;
    bot.acknowledge(&envelope, None).await;
    bot.say("gibberish").await;
    settle().await;
    assert_eq!(slack.complaints().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_late_acknowledgement_does_not_stop_the_retry() {
    let slack = town();
    let mut bot = socket(&slack).await;
    slack.dm("dana", "help").unwrap();
    let envelope = bot.next().await.unwrap();
    tokio::time::sleep(Duration::from_millis(3100)).await;
    bot.acknowledge(&envelope, None).await;
    let again = bot.next().await.unwrap();
    assert_eq!(
        again["payload"]["event_id"],
        envelope["payload"]["event_id"]
    );
    bot.acknowledge(&again, None).await;
    settle().await;
    assert_eq!(slack.complaints(), Vec::<String>::new());
    assert_eq!(
        attempts(&slack),
        [(0, Carried::TimedOut), (1, Carried::Acknowledged)]
    );
}

#[tokio::test]
async fn the_same_flow_works_over_tcp_in_real_time() {
    let (slack, tracker, stop) = real_town();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = slack.clone();
    tracker.spawn(async move { serving.serve_tcp(listener).await });

    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let token = slack.setup().app_token.clone();
    let request = post(
        "/api/apps.connections.open",
        "application/json",
        &token,
        "{}".into(),
    );
    let url = send(stream, request).await.unwrap().ok()["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (stream, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    let mut bot = Socket(stream);
    assert_eq!(bot.next().await.unwrap()["type"], json!("hello"));
    slack.mention("dana", "#payments", "help").unwrap();
    assert_eq!(
        bot.take("events_api").await["event"]["type"],
        json!("message")
    );
    assert_eq!(
        bot.take("events_api").await["event"]["type"],
        json!("app_mention")
    );

    tracker.close();
    stop.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(5), tracker.wait()).await;
    assert!(ended.is_ok(), "everything ends when it is told to stop");
}
