//! What is in events, clicks and commands, and what becomes of the answers to them.

use std::time::Duration;

use super::*;
use crate::sim::slack::Carried;

#[tokio::test(start_paused = true)]
async fn a_mention_gives_two_events_and_both_are_acknowledged() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let at = slack.mention("dana", "#payments", "help").unwrap();
    let mut events = Vec::new();
    for _ in 0..2 {
        events.push(bot.take("events_api").await);
    }
    let kinds: Vec<_> = events.iter().map(|e| &e["event"]["type"]).collect();
    assert_eq!(kinds, ["message", "app_mention"]);
    assert_ne!(events[0]["event_id"], events[1]["event_id"]);
    for event in &events {
        let text = format!("<@{}> help", id(&slack, "drawbridge"));
        assert_eq!(event["event"]["text"], json!(text));
        assert_eq!(event["event"]["ts"], json!(at.ts));
        assert_eq!(event["event"]["user"], json!(id(&slack, "dana")));
    }
    assert_eq!(events[0]["event"]["channel_type"], json!("channel"));
    settle().await;
    assert_eq!(
        attempts(&slack),
        [(0, Carried::Acknowledged), (0, Carried::Acknowledged)]
    );
}

#[tokio::test(start_paused = true)]
async fn the_bots_own_posts_come_back_with_its_bot_id() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let at = post_card(&slack, "#payments").await;
    let posted = bot.take("events_api").await;
    assert!(posted["event"]["bot_id"].as_str().unwrap().starts_with('B'));
    let body = json!({"channel": at.channel, "ts": at.ts, "text": "decided"});
    call(&slack, "chat.update", body).await.ok();
    let changed = bot.take("events_api").await;
    assert_eq!(changed["event"]["subtype"], json!("message_changed"));
    assert_eq!(changed["event"]["message"]["text"], json!("decided"));
    assert_eq!(changed["event"]["previous_message"]["text"], json!("open?"));
}

#[tokio::test(start_paused = true)]
async fn direct_messages_edits_and_deletions_arrive_with_their_subtypes() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let at = slack.dm("dana", "help").unwrap();
    let said = bot.take("events_api").await;
    assert_eq!(said["event"]["channel_type"], json!("im"));
    assert_eq!(said["event"].get("subtype"), None);
    slack.edit("dana", &at, "mine").unwrap();
    assert_eq!(
        bot.take("events_api").await["event"]["subtype"],
        json!("message_changed")
    );
    slack.erase("dana", &at).unwrap();
    assert_eq!(
        bot.take("events_api").await["event"]["subtype"],
        json!("message_deleted")
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_arrives_from_channels_the_bot_is_not_in() {
    let slack = town();
    let mut bot = socket(&slack).await;
    slack.mention("dana", "#random", "help").unwrap();
    let told = slack
        .seen_by("dana")
        .into_iter()
        .find(|seen| seen.private)
        .unwrap();
    assert!(told.says("not in this channel"));
    let silence = tokio::time::timeout(Duration::from_secs(60), bot.next()).await;
    assert!(silence.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_click_carries_what_was_pressed_where_and_by_whom() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let at = post_card(&slack, "#payments").await;
    slack.click("lee", &at, "Approve").unwrap();
    let click = bot.take("interactive").await;
    let message = slack.message(&at).unwrap();
    assert_eq!(click["type"], json!("block_actions"));
    assert_eq!(click["user"]["id"], json!(id(&slack, "lee")));
    assert_eq!(
        click["channel"],
        json!({"id": at.channel, "name": "payments"})
    );
    assert_eq!(click["message"]["ts"], json!(at.ts));
    assert_eq!(click["state"], json!({"values": {}}));
    let action = &click["actions"][0];
    assert_eq!(action["action_id"], json!("approve"));
    assert_eq!(action["value"], json!("k7m3xq"));
    assert_eq!(action["block_id"], message.blocks[1]["block_id"]);
    let wrong = slack.click("lee", &at, "More").unwrap_err();
    assert_eq!(
        wrong.to_string(),
        r#"there is no button `More`, only ["Approve", "Deny"]"#
    );
    assert!(
        slack.click("sam", &at, "Approve").is_err(),
        "sam does not see it"
    );
}

#[tokio::test(start_paused = true)]
async fn a_forged_click_arrives_like_any_other() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let at = post_card(&slack, "#payments").await;
    slack.forge("gus", &at, "approve", "stolen").unwrap();
    let click = bot.take("interactive").await;
    assert_eq!(click["actions"][0]["value"], json!("stolen"));
    assert_eq!(click["user"]["id"], json!(id(&slack, "gus")));
}

#[tokio::test(start_paused = true)]
async fn a_command_is_answered_privately_by_its_acknowledgement() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let line = "/access payments/api -> orders/db:5432 because @lee said so in #random";
    slack.command("dana", "#payments", line).unwrap();
    let envelope = bot.next().await.unwrap();
    let (lee, random) = (id(&slack, "lee"), id(&slack, "#random"));
    let text = format!(
        "payments/api -&gt; orders/db:5432 because <@{lee}|lee> said so in <#{random}|random>"
    );
    assert_eq!(envelope["payload"]["text"], json!(text));
    assert_eq!(envelope["payload"]["command"], json!("/access"));
    assert_eq!(envelope["accepts_response_payload"], json!(true));
    bot.acknowledge(&envelope, Some(json!({"text": "asked"})))
        .await;
    let answer = slack.until(|s| s.seen_by("dana").pop()).await;
    assert!(answer.private && answer.says("asked"));
    assert!(slack.seen_by("lee").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_badly_answered_command_fails_before_the_persons_eyes() {
    let slack = town();
    let mut bot = socket(&slack).await;
    slack.command("dana", "#payments", "/access help").unwrap();
    let envelope = bot.next().await.unwrap();
    let bad = json!({"text": "x", "blocks": [{"type": "nonsense"}]});
    bot.acknowledge(&envelope, Some(bad)).await;
    let told = slack.until(|s| s.seen_by("dana").pop()).await;
    assert!(told.says("invalid_command_response"));
    assert_eq!(slack.complaints().len(), 1);
}
