//! The Web API's calls against a scripted Slack: limits, failures, secrets.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::slack::testing::{APP_TOKEN, BOT_TOKEN, FakeSlack, Script, message};
use crate::units::Time;

mod screens;

fn since() -> Time {
    Time::from_timestamp(1_790_000_000, 0).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_post_carries_text_thread_and_key_and_says_where_it_went() {
    let (fake, api) = FakeSlack::start();
    let posted = api
        .post("UDANA", &message("hi"), Some("1.1"), "k7m3xq/card")
        .await
        .unwrap();
    assert_eq!(posted.channel, "D1", "the direct channel, not the person");
    let calls = fake.calls("chat.postMessage");
    let body = &calls[0].body;
    assert_eq!(body["channel"], "UDANA");
    assert_eq!(body["text"], "hi");
    assert_eq!(body["thread_ts"], "1.1");
    assert_eq!(body["metadata"]["event_type"], METADATA_TYPE);
    assert_eq!(body["metadata"]["event_payload"]["key"], "k7m3xq/card");
    assert_eq!(body["unfurl_links"], false);
    assert_eq!(body.get("blocks"), None);
    assert_eq!(
        calls[0].token.as_deref(),
        Some(format!("Bearer {BOT_TOKEN}").as_str())
    );
}

#[tokio::test(start_paused = true)]
async fn an_update_replaces_blocks_and_keeps_the_metadata_by_not_naming_it() {
    let (fake, api) = FakeSlack::start();
    let divider = SlackBlock::Divider(SlackDividerBlock::new());
    let card = Message {
        text: "card".to_owned(),
        blocks: vec![divider],
    };
    api.update("C1", "1.1", &card).await.unwrap();
    let body = &fake.calls("chat.update")[0].body;
    assert_eq!(body["ts"], "1.1");
    assert_eq!(body["blocks"][0]["type"], "divider");
    assert_eq!(body.get("metadata"), None);
}

#[tokio::test(start_paused = true)]
async fn a_response_url_never_sees_a_token() {
    let (fake, api) = FakeSlack::start();
    api.respond("http://slack.sim/respond/1", &message("only you"))
        .await
        .unwrap();
    let call = &fake.calls("response_url")[0];
    assert_eq!(call.token, None);
    assert_eq!(call.body["response_type"], "ephemeral");
    assert_eq!(call.body["replace_original"], false);
}

#[tokio::test(start_paused = true)]
async fn only_opening_a_connection_uses_the_app_token() {
    let (fake, api) = FakeSlack::start();
    let address = api.open_connection().await.unwrap();
    assert!(address.starts_with("ws://"), "{address}");
    let call = &fake.calls("apps.connections.open")[0];
    assert_eq!(
        call.token.as_deref(),
        Some(format!("Bearer {APP_TOKEN}").as_str())
    );
}

#[tokio::test(start_paused = true)]
async fn a_post_without_an_answer_may_have_happened_and_a_read_did_not() {
    let (fake, api) = FakeSlack::start();
    fake.script("chat.postMessage", [Script::Hang, Script::Status(503)]);
    fake.script("users.info", [Script::Hang]);
    let before = tokio::time::Instant::now();
    let post = api.post("C1", &message("x"), None, "k").await.unwrap_err();
    assert_eq!(before.elapsed(), Duration::from_secs(5));
    assert_eq!(post.retry(), Retry::LookFirst);
    let post = api.post("C1", &message("x"), None, "k").await.unwrap_err();
    assert_eq!(post.retry(), Retry::LookFirst);
    let read = api.users_info(&UserId("U1".to_owned())).await.unwrap_err();
    assert_eq!(read.retry(), Retry::Later);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_broke_is_made_once_more_and_a_write_is_not() {
    let (fake, api) = FakeSlack::start();
    fake.script("auth.test", [Script::Status(500)]);
    api.auth_test().await.unwrap();
    assert_eq!(fake.calls("auth.test").len(), 2);
    fake.script("auth.test", [Script::Status(500), Script::Hang]);
    let before = tokio::time::Instant::now();
    api.auth_test().await.unwrap_err();
    assert_eq!(
        before.elapsed(),
        Duration::from_secs(5),
        "both in one call's time"
    );
    fake.script("chat.update", [Script::Status(500)]);
    let lost = api.update("C1", "1.1", &message("x")).await;
    lost.unwrap_err();
    assert_eq!(fake.calls("chat.update").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_post_that_could_not_be_sent_did_not_happen() {
    let (wire, listener) = Wire::memory();
    drop(listener);
    let config = SlackConfig {
        bot_token: crate::secret::Secret::new(BOT_TOKEN),
        app_token: None,
        signing_secret: None,
        api_url: "http://slack.sim/api".to_owned(),
    };
    let api = SlackApi::new(&config, wire);
    let error = api.post("C1", &message("x"), None, "k").await.unwrap_err();
    assert!(matches!(error, SlackError::Away { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_rests_the_method_as_long_as_slack_asks() {
    let (fake, api) = FakeSlack::start();
    fake.script("chat.update", [Script::Limit(Some(30))]);
    let limited = api.update("C1", "1.1", &message("x")).await.unwrap_err();
    assert_eq!(limited.retry(), Retry::After(Duration::from_secs(30)));
    tokio::time::advance(Duration::from_secs(10)).await;
    let early = api.update("C1", "1.1", &message("x")).await.unwrap_err();
    assert_eq!(early.retry(), Retry::After(Duration::from_secs(20)));
    assert_eq!(
        fake.calls("chat.update").len(),
        1,
        "the early call never left"
    );
    tokio::time::advance(Duration::from_secs(20)).await;
    api.update("C1", "1.1", &message("x")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_without_a_pause_rests_one_second() {
    let (fake, api) = FakeSlack::start();
    fake.script("chat.update", [Script::Limit(None)]);
    let limited = api.update("C1", "1.1", &message("x")).await.unwrap_err();
    assert_eq!(limited.retry(), Retry::After(Duration::from_secs(1)));
    api.update("C1", "1.1", &message("x")).await.unwrap();
    let calls = fake.calls("chat.update");
    assert_eq!(calls[1].at - calls[0].at, Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn messages_to_one_channel_keep_a_second_apart() {
    let (fake, api) = FakeSlack::start();
    for channel in ["C1", "C2", "C1"] {
        api.post(channel, &message("x"), None, "k").await.unwrap();
    }
    let at: Vec<_> = fake
        .calls("chat.postMessage")
        .iter()
        .map(|c| c.at)
        .collect();
    assert_eq!(at[1] - at[0], Duration::ZERO);
    assert_eq!(at[2] - at[0], Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn our_own_message_is_found_by_its_key_and_nobody_elses_is() {
    let (fake, api) = FakeSlack::start();
    let with = |user: &str, ts: &str, key: &str| {
        json!({"ts": ts, "user": user, "metadata": {
            "event_type": "drawbridge", "event_payload": {"key": key, "nested": {"a": 1}}}})
    };
    let first = json!({"ok": true, "response_metadata": {"next_cursor": "p2"}, "messages": [
        {"ts": "9.1", "user": "UEVE"}, with("UEVE", "8.1", "k"), with("UBOT", "7.1", "other")]});
    let second = json!({"ok": true, "messages": [with("UBOT", "6.1", "k")]});
    fake.script(
        "conversations.history",
        [Script::Say(first), Script::Say(second)],
    );
    let found = api.find_posted("C1", None, "k", since()).await.unwrap();
    assert_eq!(
        found.map(|p| (p.channel, p.ts)),
        Some(("C1".to_owned(), "6.1".to_owned()))
    );
    let calls = fake.calls("conversations.history");
    assert_eq!(calls[0].body["oldest"], "1789999940.000000");
    assert_eq!(calls[0].body["include_all_metadata"], "true");
    assert_eq!(calls[1].body["cursor"], "p2");
}

#[tokio::test(start_paused = true)]
async fn a_post_to_a_person_is_looked_for_in_their_direct_channel_and_thread() {
    let (fake, api) = FakeSlack::start();
    fake.script(
        "conversations.replies",
        [Script::Say(json!({"ok": true, "messages": []}))],
    );
    let found = api
        .find_posted("UDANA", Some("5.1"), "k", since())
        .await
        .unwrap();
    assert_eq!(found, None);
    assert_eq!(fake.calls("conversations.open")[0].body["users"], "UDANA");
    let body = &fake.calls("conversations.replies")[0].body;
    assert_eq!(
        (&body["channel"], &body["ts"]),
        (&json!("D1"), &json!("5.1"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_post_to_a_name_is_looked_for_in_the_channel_of_that_name_and_found_with_its_id() {
    let (fake, api) = FakeSlack::start();
    let first = json!({"ok": true, "response_metadata": {"next_cursor": "p2"},
        "channels": [{"id": "C1", "name": "access"}, {"id": "D1"}]});
    let second = json!({"ok": true, "channels": [{"id": "C2", "name": "access-orders"}]});
    let pages = [Script::Say(first), Script::Say(second)];
    fake.script("users.conversations", pages);
    let ours = json!({"ts": "6.1", "user": "UBOT", "metadata": {
        "event_type": "drawbridge", "event_payload": {"key": "k"}}});
    let history = json!({"ok": true, "messages": [ours]});
    fake.script("conversations.history", [Script::Say(history)]);
    let found = api
        .find_posted("#access-orders", None, "k", since())
        .await
        .unwrap();
    assert_eq!(
        found.map(|p| (p.channel, p.ts)),
        Some(("C2".to_owned(), "6.1".to_owned()))
    );
    assert_eq!(fake.calls("users.conversations")[1].body["cursor"], "p2");
    assert_eq!(fake.calls("conversations.history")[0].body["channel"], "C2");
}

#[tokio::test(start_paused = true)]
async fn no_error_and_no_debug_output_holds_a_token() {
    let (fake, api) = FakeSlack::start();
    for script in [
        Script::Refuse("invalid_auth"),
        Script::Status(500),
        Script::Hang,
    ] {
        fake.script("chat.update", [script]);
        let error = api.update("C1", "1.1", &message("x")).await.unwrap_err();
        let shown = format!("{error} {error:?} {api:?}");
        assert!(!shown.contains("do-not-print"), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn slack_is_away_after_two_attempts_with_nothing_from_it_between_them() {
    let (fake, api) = FakeSlack::start();
    let at = |seconds| Seconds(seconds).after(since());
    let down = |attempts: usize| {
        // Each attempt breaks, and is made once more.
        let broken = std::iter::repeat_with(|| Script::Status(503)).take(2 * attempts);
        fake.script("auth.test", broken.collect::<Vec<_>>());
    };
    assert_eq!(api.away_for(at(0)).await, None);
    down(2);
    assert_eq!(api.away_for(at(1)).await, Some(Seconds(0)));
    assert_eq!(api.away_for(at(61)).await, Some(Seconds(60)));
    // Any answer, any delivery and any connection is word of it.
    api.post("C1", &message("x"), None, "k").await.unwrap();
    down(1);
    assert_eq!(api.away_for(at(62)).await, Some(Seconds(0)), "an answer");
    api.hear();
    down(1);
    assert_eq!(api.away_for(at(123)).await, Some(Seconds(0)), "a delivery");
    api.note_link(true);
    assert_eq!(api.away_for(at(183)).await, None, "connected");
    api.note_link(false);
    down(2);
    assert_eq!(api.away_for(at(184)).await, Some(Seconds(0)));
    assert_eq!(api.away_for(at(243)).await, Some(Seconds(59)));
}
