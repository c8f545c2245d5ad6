//! Stacks of forms: pushed, updated, answered and closed.

use std::time::Duration;

use super::forms::{request_form, trigger};
use super::*;
use crate::sim::slack::{Spot, Where};

pub(super) fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

/// A form with one button, so that triggers come from it, and one input that may stay empty.
pub(super) fn view(title: &str) -> Value {
    json!({
        "type": "modal", "title": plain(title), "submit": plain("Go"), "close": plain("Back"),
        "blocks": [
            {"type": "actions", "block_id": "more", "elements": [
                {"type": "button", "action_id": "deeper", "text": plain("Deeper")}]},
            {"type": "input", "block_id": "note", "optional": true, "label": plain("Note"),
             "element": {"type": "plain_text_input", "action_id": "text"}},
        ],
    })
}

pub(super) fn with(mut view: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        view[name] = value.clone();
    }
    view
}

pub(super) async fn open(slack: &Slack, bot: &mut Socket<DuplexStream>, view: Value) -> Value {
    let trigger = trigger(slack, bot).await;
    let body = json!({"trigger_id": trigger, "view": view});
    call(slack, "views.open", body).await.ok()["view"].clone()
}

/// Presses the button of the form on top; returns the delivery.
pub(super) async fn deeper(slack: &Slack, bot: &mut Socket<DuplexStream>) -> Value {
    let top = slack.form("dana").unwrap().view;
    let spot = Spot::new(Where::View(top), "more", "deeper");
    slack.use_element("dana", &spot, &json!(null)).unwrap();
    bot.take("interactive").await
}

pub(super) async fn push(slack: &Slack, bot: &mut Socket<DuplexStream>, title: &str) -> Answer {
    let pressed = deeper(slack, bot).await;
    let body = json!({"trigger_id": pressed["trigger_id"], "view": view(title)});
    call(slack, "views.push", body).await
}

pub(super) fn title(slack: &Slack) -> Option<String> {
    slack.form("dana").map(|form| form.title)
}

/// Sends the form on top and answers it.
async fn send_and_answer(slack: &Slack, bot: &mut Socket<DuplexStream>, answer: Value) {
    slack.submit("dana", &[]).unwrap();
    let envelope = bot.next().await.unwrap();
    assert_eq!(envelope["payload"]["type"], json!("view_submission"));
    assert_eq!(envelope["accepts_response_payload"], json!(true));
    bot.acknowledge(&envelope, Some(answer)).await;
    settle().await;
}

#[tokio::test(start_paused = true)]
async fn three_views_stack_and_the_fourth_is_one_too_many() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let first = open(&slack, &mut bot, view("One")).await;
    let second = push(&slack, &mut bot, "Two").await.ok()["view"].clone();
    assert_eq!(second["previous_view_id"], first["id"]);
    assert_eq!(second["root_view_id"], first["id"]);
    let third = push(&slack, &mut bot, "Three").await.ok()["view"].clone();
    assert_eq!(third["previous_view_id"], second["id"]);
    assert_eq!(third["root_view_id"], first["id"]);
    assert_eq!(
        push(&slack, &mut bot, "Four").await.error(),
        "push_limit_reached"
    );
    let me = id(&slack, "dana");
    let screens = slack.screens();
    let form = &screens["forms"][&me];
    assert_eq!(form["view"]["title"]["text"], json!("Three"));
    assert_eq!(form["below"][0]["id"], second["id"]);
    assert_eq!(form["below"][1]["id"], first["id"]);
}

#[tokio::test(start_paused = true)]
async fn only_a_form_that_is_open_can_be_pushed_onto() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let elsewhere = trigger(&slack, &mut bot).await;
    let onto = |trigger: &Value| json!({"trigger_id": trigger, "view": view("Two")});
    let nothing = call(&slack, "views.push", onto(&json!(elsewhere))).await;
    assert_eq!(nothing.error(), "not_found");
    open(&slack, &mut bot, view("One")).await;
    let elsewhere = trigger(&slack, &mut bot).await;
    let beside = call(&slack, "views.push", onto(&json!(elsewhere))).await;
    assert_eq!(
        beside.error(),
        "not_found",
        "a command's trigger is of no form"
    );
    let pressed = deeper(&slack, &mut bot).await;
    slack.dismiss("dana").unwrap();
    let closed = call(&slack, "views.push", onto(&pressed["trigger_id"])).await;
    assert_eq!(closed.error(), "not_found");
    assert_eq!(slack.complaints(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_form_opened_over_an_open_one_takes_its_place() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let first = open(&slack, &mut bot, view("One")).await;
    push(&slack, &mut bot, "Two").await.ok();
    let other = open(&slack, &mut bot, view("Other")).await;
    assert_ne!(other["id"], first["id"]);
    assert_eq!(title(&slack).unwrap(), "Other");
    assert_eq!(slack.complaints(), [""; 0], "a command may do that");
    let update = json!({"view_id": first["id"], "view": view("One")});
    assert_eq!(
        call(&slack, "views.update", update).await.error(),
        "not_found"
    );
    let pressed = deeper(&slack, &mut bot).await;
    let body = json!({"trigger_id": pressed["trigger_id"], "view": view("Third")});
    call(&slack, "views.open", body).await.ok();
    assert_eq!(
        slack.complaints().len(),
        1,
        "out of the form itself it is a mistake"
    );
}

#[tokio::test(start_paused = true)]
async fn an_external_id_belongs_to_one_view_for_good() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let named = |title: &str| with(view(title), json!({"external_id": "ask-1"}));
    open(&slack, &mut bot, named("One")).await;
    let again = json!({"external_id": "ask-1", "view": named("Changed")});
    call(&slack, "views.update", again).await.ok();
    assert_eq!(title(&slack).unwrap(), "Changed");
    let pressed = deeper(&slack, &mut bot).await;
    let body = json!({"trigger_id": pressed["trigger_id"], "view": named("Two")});
    let twice = call(&slack, "views.push", body).await;
    assert_eq!(twice.error(), "duplicate_external_id");
    slack.dismiss("dana").unwrap();
    let trigger = trigger(&slack, &mut bot).await;
    let body = json!({"trigger_id": trigger, "view": named("Three")});
    let later = call(&slack, "views.open", body).await;
    assert_eq!(later.error(), "duplicate_external_id");
}

#[tokio::test(start_paused = true)]
async fn what_was_put_in_stays_where_both_ids_stay() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let opened = open(&slack, &mut bot, request_form()).await;
    let spot = |block: &str, action: &str| {
        Spot::new(
            Where::View(opened["id"].as_str().unwrap().to_owned()),
            block,
            action,
        )
    };
    slack
        .use_element("dana", &spot("why", "reason"), &json!("INC-42"))
        .unwrap();
    slack
        .use_element("dana", &spot("long", "duration"), &json!("1h"))
        .unwrap();
    let mut changed = request_form();
    changed["blocks"][1]["block_id"] = json!("how_long");
    let update = json!({"view_id": opened["id"], "view": changed});
    let shown = call(&slack, "views.update", update).await.ok()["view"].clone();
    let values = &shown["state"]["values"];
    assert_eq!(values["why"]["reason"]["value"], json!("INC-42"));
    assert_eq!(
        values["how_long"]["duration"]["selected_option"],
        json!(null)
    );
    assert_ne!(shown["hash"], opened["hash"]);
    let mut other_kind = request_form();
    other_kind["blocks"][0]["element"] = json!({"type": "datepicker", "action_id": "reason"});
    let update = json!({"view_id": opened["id"], "view": other_kind});
    let shown = call(&slack, "views.update", update).await.ok()["view"].clone();
    let reason = &shown["state"]["values"]["why"]["reason"];
    assert_eq!(
        *reason,
        json!({"type": "datepicker", "selected_date": null})
    );
}

#[tokio::test(start_paused = true)]
async fn a_sent_form_goes_back_covers_changes_or_clears() {
    let slack = town();
    let mut bot = socket(&slack).await;
    open(&slack, &mut bot, view("One")).await;
    let push = json!({"response_action": "push", "view": view("Two")});
    send_and_answer(&slack, &mut bot, push).await;
    assert_eq!(title(&slack).unwrap(), "Two");
    let update = json!({"response_action": "update", "view": view("Second")});
    send_and_answer(&slack, &mut bot, update).await;
    assert_eq!(title(&slack).unwrap(), "Second");
    send_and_answer(&slack, &mut bot, json!({})).await;
    assert_eq!(title(&slack).unwrap(), "One", "the one below shows again");
    let push = json!({"response_action": "push", "view": view("Two")});
    send_and_answer(&slack, &mut bot, push).await;
    send_and_answer(&slack, &mut bot, json!({"response_action": "clear"})).await;
    assert_eq!(title(&slack), None);
    assert_eq!(slack.complaints(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn bad_answers_leave_the_form_open_and_are_complained_about() {
    let slack = town();
    let mut bot = socket(&slack).await;
    open(&slack, &mut bot, view("One")).await;
    let mut answers = vec![
        json!({"response_action": "errors", "errors": {"more": "no input"}}),
        json!({"response_action": "errors", "errors": {"nowhere": "no block"}}),
        json!({"response_action": "errors", "errors": {}}),
        json!({"response_action": "errors", "errors": {"note": ""}}),
        json!({"response_action": "update", "view": {"type": "modal"}}),
        json!({"response_action": "vanish"}),
        json!({"text": "thanks"}),
    ];
    let count = answers.len();
    for answer in answers.drain(..) {
        let before = slack.complaints().len();
        send_and_answer(&slack, &mut bot, answer.clone()).await;
        let form = slack.form("dana").unwrap();
        assert_eq!(
            form.errors,
            ["We had some trouble connecting. Try again?"],
            "{answer}"
        );
        assert_eq!(slack.complaints().len(), before + 1, "{answer}");
    }
    assert_eq!(slack.complaints().len(), count);
}

#[tokio::test(start_paused = true)]
async fn a_form_nobody_answers_says_so_and_can_be_sent_again() {
    let slack = town();
    let mut bot = socket(&slack).await;
    open(&slack, &mut bot, view("One")).await;
    slack.submit("dana", &[("text", "hurry")]).unwrap();
    let twice = slack.submit("dana", &[]).unwrap_err();
    assert_eq!(twice.to_string(), "the form is on its way already");
    let me = id(&slack, "dana");
    assert_eq!(slack.screens()["forms"][&me]["sending"], json!(true));
    tokio::time::sleep(Duration::from_secs(600)).await;
    let form = slack.form("dana").unwrap();
    assert_eq!(form.errors, ["We had some trouble connecting. Try again?"]);
    assert_eq!(
        attempts(&slack).last(),
        Some(&(0, Carried::TimedOut)),
        "it is not replayed"
    );
    assert!(
        slack.seen_by("dana").is_empty(),
        "nothing is said in the channel"
    );
    // Everything the bot got meanwhile is passed over.
    drop(bot);
    let mut bot = socket(&slack).await;
    slack.submit("dana", &[]).unwrap();
    let sent = bot.take("interactive").await;
    let values = &sent["view"]["state"]["values"];
    assert_eq!(values["note"]["text"]["value"], json!("hurry"));
}

#[tokio::test(start_paused = true)]
async fn a_form_is_not_sent_before_it_is_filled_in() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let mut form = request_form();
    form["blocks"][0]["element"]["min_length"] = json!(4);
    let opened = open(&slack, &mut bot, form).await;
    let view = opened["id"].as_str().unwrap();
    let why = |values: Value| {
        slack
            .submit_view("dana", view, &values)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(why(json!({})), "`Why` has to be filled in");
    let short = json!({"why": {"reason": "INC"}, "long": {"duration": "1h"}});
    assert_eq!(why(short), "`Why` is too short");
    let unknown = json!({"why": {"reason": "INC-42"}, "long": {"duration": "2h"}});
    assert_eq!(why(unknown), r#"`2h` is not offered, only ["30m", "1h"]"#);
    let lee = slack.submit_view("lee", view, &json!({})).unwrap_err();
    assert_eq!(lee.to_string(), format!("lee sees no view `{view}`"));
    let good = json!({"why": {"reason": "INC-42"}});
    slack.submit_view("dana", view, &good).unwrap();
    let sent = bot.take("interactive").await;
    let duration = &sent["view"]["state"]["values"]["long"]["duration"];
    assert_eq!(
        duration["selected_option"]["value"],
        json!("1h"),
        "it was chosen before"
    );
    assert_eq!(sent["view"]["previous_view_id"], json!(null));
}
