//! The home tab, and shortcuts.

use super::*;
use crate::sim::slack::{Spot, Where};

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

fn home(text: &str) -> Value {
    json!({"type": "home", "private_metadata": "mine", "blocks": [
        {"type": "header", "text": plain(text)},
        {"type": "actions", "block_id": "do", "elements": [
            {"type": "button", "action_id": "ask", "value": "new", "text": plain("Ask")},
            {"type": "users_select", "action_id": "who"}]},
        {"type": "input", "block_id": "find", "dispatch_action": true, "label": plain("Find"),
         "element": {"type": "plain_text_input", "action_id": "text"}},
    ]})
}

fn publish(slack: &Slack, more: Value) -> Value {
    let mut body = json!({"user_id": id(slack, "dana"), "view": home("Yours")});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test(start_paused = true)]
async fn opening_the_home_tells_the_app_and_what_it_publishes_shows() {
    let slack = town();
    let mut bot = socket(&slack).await;
    slack.open_home("dana").unwrap();
    let opened = bot.take("events_api").await["event"].clone();
    assert_eq!(opened["type"], json!("app_home_opened"));
    assert_eq!(opened["tab"], json!("home"));
    assert_eq!(opened["user"], json!(id(&slack, "dana")));
    assert!(opened["channel"].as_str().unwrap().starts_with('D'));
    assert_eq!(opened.get("view"), None, "there is none yet");
    assert_eq!(slack.home("dana"), None);
    let mut news = slack.follow();
    let first = call(&slack, "views.publish", publish(&slack, json!({})))
        .await
        .ok();
    assert!(news.has_changed().unwrap());
    news.mark_unchanged();
    assert_eq!(slack.home("dana").unwrap()[0], "Yours");
    assert_eq!(slack.home("lee"), None, "each person has their own");
    slack.open_home("dana").unwrap();
    let opened = bot.take("events_api").await["event"].clone();
    assert_eq!(opened["view"]["id"], first["view"]["id"]);
    assert_eq!(opened["view"]["private_metadata"], json!("mine"));
    let me = id(&slack, "dana");
    assert_eq!(slack.screens()["homes"][&me]["view"]["type"], json!("home"));
}

#[tokio::test(start_paused = true)]
async fn a_home_is_published_from_the_state_that_was_read() {
    let slack = town();
    let first = call(
        &slack,
        "views.publish",
        publish(&slack, json!({"hash": "1.x"})),
    )
    .await
    .ok();
    let (view, hash) = (&first["view"]["id"], &first["view"]["hash"]);
    let stale = call(
        &slack,
        "views.publish",
        publish(&slack, json!({"hash": "1.x"})),
    )
    .await;
    assert_eq!(stale.error(), "hash_conflict");
    let again = call(
        &slack,
        "views.publish",
        publish(&slack, json!({"hash": hash})),
    )
    .await
    .ok();
    assert_eq!(again["view"]["id"], *view, "it keeps its id");
    assert_ne!(again["view"]["hash"], *hash);
    call(&slack, "views.publish", publish(&slack, json!({})))
        .await
        .ok();
    let update = json!({"view_id": view, "view": home("Other")});
    call(&slack, "views.update", update).await.ok();
    assert_eq!(slack.home("dana").unwrap()[0], "Other");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_home_is_not_published() {
    let slack = town();
    let try_view = async |view: Value| {
        let answer = call(
            &slack,
            "views.publish",
            publish(&slack, json!({"view": view})),
        )
        .await;
        answer.error().to_owned()
    };
    let modal = json!({"type": "modal", "title": plain("x"), "blocks": [{"type": "divider"}]});
    assert_eq!(try_view(modal.clone()).await, "invalid_arguments");
    let dividers =
        |count: usize| json!({"type": "home", "blocks": vec![json!({"type": "divider"}); count]});
    assert_eq!(try_view(dividers(101)).await, "invalid_arguments");
    let titled = json!({"type": "home", "title": plain("x"), "blocks": []});
    assert_eq!(try_view(titled).await, "invalid_arguments");
    let large = json!({"type": "home", "blocks": [], "x": "x".repeat(256 * 1024)});
    assert_eq!(try_view(large).await, "view_too_large");
    call(
        &slack,
        "views.publish",
        publish(&slack, json!({"view": dividers(100)})),
    )
    .await
    .ok();
    let shown = slack.screens()["homes"][&id(&slack, "dana")]["view"]["id"].clone();
    let update = json!({"view_id": shown, "view": modal});
    assert_eq!(
        call(&slack, "views.update", update).await.error(),
        "invalid_arguments"
    );
    let nobody = publish(&slack, json!({"user_id": "UNOBODY"}));
    assert_eq!(
        call(&slack, "views.publish", nobody).await.error(),
        "invalid_arguments"
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_home_tab_there_is_nothing_to_open_or_publish() {
    let slack = town_with(Setup {
        home_tab: false,
        ..Setup::default()
    });
    assert!(slack.open_home("dana").is_err());
    let refused = call(&slack, "views.publish", publish(&slack, json!({}))).await;
    assert_eq!(refused.error(), "not_enabled");
}

#[tokio::test(start_paused = true)]
async fn what_is_used_in_the_home_comes_with_the_view_and_can_open_a_form() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let home = call(&slack, "views.publish", publish(&slack, json!({})))
        .await
        .ok();
    let view = home["view"]["id"].as_str().unwrap();
    let spot = |block: &str, action: &str| Spot::new(Where::View(view.to_owned()), block, action);
    let lee = id(&slack, "lee");
    slack
        .use_element("dana", &spot("do", "who"), &json!(lee))
        .unwrap();
    bot.take("interactive").await;
    slack
        .use_element("dana", &spot("do", "ask"), &json!(null))
        .unwrap();
    let sent = bot.take("interactive").await;
    assert_eq!(sent["container"], json!({"type": "view", "view_id": view}));
    assert_eq!(sent["actions"][0]["value"], json!("new"));
    for absent in ["channel", "message", "response_url", "state"] {
        assert_eq!(sent.get(absent), None, "{absent}");
    }
    let values = &sent["view"]["state"]["values"];
    assert_eq!(values["do"]["who"]["selected_user"], json!(lee));
    let push = json!({"trigger_id": sent["trigger_id"], "view": super::forms::request_form()});
    assert_eq!(
        call(&slack, "views.push", push.clone()).await.error(),
        "not_found"
    );
    slack
        .use_element("dana", &spot("do", "ask"), &json!(null))
        .unwrap();
    let sent = bot.take("interactive").await;
    let open = json!({"trigger_id": sent["trigger_id"], "view": super::forms::request_form()});
    call(&slack, "views.open", open).await.ok();
    assert_eq!(slack.form("dana").unwrap().title, "Ask for access");
    assert!(
        slack
            .use_element("lee", &spot("do", "ask"), &json!(null))
            .is_err(),
        "it is dana's"
    );
    slack
        .use_element("dana", &spot("find", "text"), &json!("orders"))
        .unwrap();
    let sent = bot.take("interactive").await;
    assert_eq!(sent["actions"][0]["value"], json!("orders"));
}

#[tokio::test(start_paused = true)]
async fn a_home_whose_app_does_not_answer_says_so() {
    let slack = town();
    let home = call(&slack, "views.publish", publish(&slack, json!({})))
        .await
        .ok();
    let view = home["view"]["id"].as_str().unwrap();
    let spot = Spot::new(Where::View(view.to_owned()), "do", "ask");
    slack.use_element("dana", &spot, &json!(null)).unwrap();
    settle().await;
    let me = id(&slack, "dana");
    assert!(slack.screens()["homes"][&me]["trouble"].is_string());
    let mut bot = socket(&slack).await;
    slack.use_element("dana", &spot, &json!(null)).unwrap();
    bot.take("interactive").await;
    assert_eq!(slack.screens()["homes"][&me].get("trouble"), None);
}

fn with_shortcuts() -> Slack {
    town_with(Setup {
        shortcuts: ["ask".to_owned()].into(),
        message_shortcuts: ["ask_about".to_owned()].into(),
        ..Setup::default()
    })
}

#[tokio::test(start_paused = true)]
async fn a_global_shortcut_brings_a_trigger_and_no_place() {
    let slack = with_shortcuts();
    let mut bot = socket(&slack).await;
    slack.shortcut("dana", "ask", None).unwrap();
    let sent = bot.take("interactive").await;
    assert_eq!(sent["type"], json!("shortcut"));
    assert_eq!(sent["callback_id"], json!("ask"));
    for absent in ["channel", "message", "response_url"] {
        assert_eq!(sent.get(absent), None, "{absent}");
    }
    let open = json!({"trigger_id": sent["trigger_id"], "view": super::forms::request_form()});
    call(&slack, "views.open", open).await.ok();
    let unknown = slack.shortcut("dana", "ask_about", None).unwrap_err();
    assert_eq!(unknown.to_string(), "there is no shortcut `ask_about`");
}

#[tokio::test(start_paused = true)]
async fn a_message_shortcut_brings_the_message_and_a_way_to_answer() {
    let slack = with_shortcuts();
    let mut bot = socket(&slack).await;
    let at = slack.say("lee", "#payments", "orders is slow").unwrap();
    slack.shortcut("dana", "ask_about", Some(&at)).unwrap();
    let sent = bot.take("interactive").await;
    assert_eq!(sent["type"], json!("message_action"));
    assert_eq!(sent["message"]["text"], json!("orders is slow"));
    assert_eq!(sent["message_ts"], json!(at.ts));
    assert_eq!(sent["channel"]["id"], json!(at.channel));
    let url = sent["response_url"].as_str().unwrap();
    respond(&slack, url, json!({"text": "on it"})).await;
    let told = slack.seen_by("dana").pop().unwrap();
    assert!(told.private && told.says("on it"));
    assert!(
        slack.shortcut("dana", "ask_about", Some(&told.at)).is_err(),
        "it is private"
    );
    assert!(
        slack.shortcut("sam", "ask_about", Some(&at)).is_err(),
        "sam does not see it"
    );
    assert!(
        slack.shortcut("dana", "ask", Some(&at)).is_err(),
        "it is a global one"
    );
}
