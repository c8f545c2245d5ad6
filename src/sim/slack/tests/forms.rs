//! Triggers and modals; what people see of text and blocks.

use std::time::Duration;

use super::*;

pub(super) fn request_form() -> Value {
    json!({
        "type": "modal", "callback_id": "ask",
        "title": {"type": "plain_text", "text": "Ask for access"},
        "submit": {"type": "plain_text", "text": "Ask"},
        "blocks": [
            {"type": "input", "block_id": "why", "label": {"type": "plain_text", "text": "Why"},
             "element": {"type": "plain_text_input", "action_id": "reason"}},
            {"type": "input", "block_id": "long", "label": {"type": "plain_text", "text": "How long"},
             "element": {"type": "static_select", "action_id": "duration", "options": [
                {"text": {"type": "plain_text", "text": "30 min"}, "value": "30m"},
                {"text": {"type": "plain_text", "text": "1 h"}, "value": "1h"}]}},
        ],
    })
}

pub(super) async fn trigger(slack: &Slack, bot: &mut Socket<DuplexStream>) -> String {
    slack.command("dana", "#payments", "/access").unwrap();
    bot.take("slash_commands").await["trigger_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_trigger_is_exchanged_once_within_three_seconds() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let open = |trigger: &str| json!({"trigger_id": trigger, "view": request_form()});
    let first = trigger(&slack, &mut bot).await;
    call(&slack, "views.open", open(&first)).await.ok();
    let again = call(&slack, "views.open", open(&first)).await;
    assert_eq!(again.error(), "exchanged_trigger_id");
    let second = trigger(&slack, &mut bot).await;
    tokio::time::sleep(Duration::from_millis(3001)).await;
    let late = call(&slack, "views.open", open(&second)).await;
    assert_eq!(late.error(), "expired_trigger_id");
    let forged = call(&slack, "views.open", open("1.2.3")).await;
    assert_eq!(forged.error(), "invalid_trigger_id");
}

#[tokio::test(start_paused = true)]
async fn a_form_is_filled_in_objected_to_and_sent_off() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let trigger = trigger(&slack, &mut bot).await;
    let open = json!({"trigger_id": trigger, "view": request_form()});
    let view = call(&slack, "views.open", open).await.ok()["view"].clone();
    let empty = json!({"why": {"reason": {"type": "plain_text_input", "value": null}},
                       "long": {"duration": {"type": "static_select", "selected_option": null}}});
    assert_eq!(view["state"]["values"], empty);
    assert_eq!(slack.form("dana").unwrap().fields, ["reason", "duration"]);

    slack
        .submit("dana", &[("reason", "INC-42"), ("duration", "1 h")])
        .unwrap();
    let envelope = bot.next().await.unwrap();
    let values = &envelope["payload"]["view"]["state"]["values"];
    assert_eq!(values["why"]["reason"]["value"], json!("INC-42"));
    assert_eq!(
        values["long"]["duration"]["selected_option"]["value"],
        json!("1h")
    );
    let errors = json!({"response_action": "errors", "errors": {"why": "say more"}});
    bot.acknowledge(&envelope, Some(errors)).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(slack.form("dana").unwrap().errors, ["say more"]);

    slack
        .submit("dana", &[("reason", "INC-42 slow queries")])
        .unwrap();
    let envelope = bot.next().await.unwrap();
    bot.acknowledge(&envelope, Some(json!({}))).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(slack.form("dana"), None);
    assert!(slack.submit("dana", &[]).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_view_changes_only_from_the_state_that_was_read() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let trigger = trigger(&slack, &mut bot).await;
    let open = json!({"trigger_id": trigger, "view": request_form()});
    let view = call(&slack, "views.open", open).await.ok()["view"].clone();
    let update =
        |hash: &Value| json!({"view_id": view["id"], "hash": hash, "view": request_form()});
    let wrong = call(&slack, "views.update", update(&json!("1.x"))).await;
    assert_eq!(wrong.error(), "hash_conflict");
    let changed = call(&slack, "views.update", update(&view["hash"]))
        .await
        .ok();
    assert_eq!(changed["view"]["id"], view["id"]);
    let gone = json!({"view_id": "VNONE", "view": request_form()});
    assert_eq!(
        call(&slack, "views.update", gone).await.error(),
        "not_found"
    );
}

#[tokio::test(start_paused = true)]
async fn text_is_read_in_names_and_in_the_readers_zone() {
    let slack = town();
    let (lee, group) = (id(&slack, "lee"), slack.group("orders-oncall").unwrap().id);
    let channel = id(&slack, "#payments");
    let now = slack.around().clock.now().timestamp();
    let text = format!(
        "<@{lee}> of <!subteam^{group}> in <#{channel}|payments>: a -&gt; b &amp; c until \
         <!date^{now}^{{date_short_pretty}} {{time}}|soon>, see <https://x.example/?a=1&amp;b=2|the page>"
    );
    let body = json!({"channel": channel, "text": text});
    call(&slack, "chat.postMessage", body).await.ok();
    let start = "@lee of @orders-oncall in #payments: a -> b & c until";
    let seen = |who: &str| slack.seen_by(who)[0].lines[0].clone();
    assert_eq!(seen("dana"), format!("{start} today 09:00, see the page"));
    assert_eq!(seen("lee"), format!("{start} today 08:00, see the page"));
    assert_eq!(slack.complaints(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_people_type_is_escaped_and_their_names_become_references() {
    let slack = town();
    let at = slack
        .say(
            "dana",
            "#payments",
            "@lee: `a -> @lee` & @orders-oncall, #random https://x.example",
        )
        .unwrap();
    let (lee, group) = (id(&slack, "lee"), slack.group("orders-oncall").unwrap().id);
    let random = id(&slack, "#random");
    assert_eq!(
        slack.message(&at).unwrap().text,
        format!(
            "<@{lee}>: `a -&gt; @lee` &amp; <!subteam^{group}>, <#{random}> <https://x.example>"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn every_block_is_rendered_as_lines() {
    let slack = town();
    let text = |kind: &str, text: &str| json!({"type": kind, "text": text});
    let blocks = json!([
        {"type": "header", "text": text("plain_text", "Reach")},
        {"type": "section", "text": text("mrkdwn", "*a*\n&lt;b&gt;"), "fields": [text("mrkdwn", "c")],
         "accessory": {"type": "overflow", "action_id": "more", "options": [
            {"text": text("plain_text", "Approve for 10 min"), "value": "10m"}]}},
        {"type": "divider"},
        {"type": "context", "elements": [text("mrkdwn", "d"), text("plain_text", "e")]},
        {"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "f "},
             {"type": "user", "user_id": id(&slack, "lee")}]},
            {"type": "rich_text_list", "style": "bullet", "elements": [
             {"type": "rich_text_section", "elements": [{"type": "text", "text": "g"}]}]}]},
        {"type": "table", "rows": [[text("raw_text", "h"), text("raw_text", "i")]]},
    ]);
    let body = json!({"channel": id(&slack, "#payments"), "text": "reach", "blocks": blocks});
    call(&slack, "chat.postMessage", body).await.ok();
    let seen = slack.newest_with("dana", "Approve for 10 min").unwrap();
    let expected = [
        "Reach",
        "*a*",
        "<b>",
        "c  [⋯ Approve for 10 min]",
        "———",
        "d · e",
        "f @lee",
        "• g",
        "h | i",
    ];
    assert_eq!(seen.lines, expected);

    let mut bot = socket(&slack).await;
    slack.click("lee", &seen.at, "Approve for 10 min").unwrap();
    let click = bot.take("interactive").await;
    assert_eq!(
        click["actions"][0]["selected_option"]["value"],
        json!("10m")
    );
}
