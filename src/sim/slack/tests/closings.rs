//! Forms that people close.

use super::views::{deeper, open, push, title, view, with};
use super::*;

#[tokio::test(start_paused = true)]
async fn closing_tells_only_apps_that_asked_and_says_whether_all_was_cleared() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let heard = json!({"notify_on_close": true});
    open(&slack, &mut bot, with(view("One"), heard.clone())).await;
    push(&slack, &mut bot, "Silent").await.ok();
    let top = slack.form("dana").unwrap().view;
    slack.close_view("dana", &top).unwrap();
    assert_eq!(title(&slack).unwrap(), "One");
    let pressed = deeper(&slack, &mut bot).await;
    let body =
        json!({"trigger_id": pressed["trigger_id"], "view": with(view("Two"), heard.clone())});
    let two = call(&slack, "views.push", body).await.ok()["view"].clone();
    let covered = pressed["view"]["id"].as_str().unwrap();
    assert!(
        slack.close_view("dana", covered).is_err(),
        "a covered view has no button"
    );
    slack
        .close_view("dana", two["id"].as_str().unwrap())
        .unwrap();
    let told = bot.take("interactive").await;
    assert_eq!(told["type"], json!("view_closed"));
    assert_eq!(
        told["view"]["id"], two["id"],
        "the silent one was passed over"
    );
    assert_eq!(told["is_cleared"], json!(false));
    assert_eq!(told.get("trigger_id"), None);
    let pressed = deeper(&slack, &mut bot).await;
    let body = json!({"trigger_id": pressed["trigger_id"], "view": with(view("Two"), heard)});
    call(&slack, "views.push", body).await.ok();
    slack.dismiss("dana").unwrap();
    for _ in 0..2 {
        let told = bot.take("interactive").await;
        assert_eq!(told["is_cleared"], json!(true));
    }
    assert_eq!(title(&slack), None);
}

#[tokio::test(start_paused = true)]
async fn clear_on_close_makes_the_close_button_close_all() {
    let slack = town();
    let mut bot = socket(&slack).await;
    open(&slack, &mut bot, view("One")).await;
    let pressed = deeper(&slack, &mut bot).await;
    let clearing = with(
        view("Two"),
        json!({"clear_on_close": true, "notify_on_close": true}),
    );
    let body = json!({"trigger_id": pressed["trigger_id"], "view": clearing});
    let two = call(&slack, "views.push", body).await.ok()["view"].clone();
    slack
        .close_view("dana", two["id"].as_str().unwrap())
        .unwrap();
    assert_eq!(title(&slack), None);
    assert_eq!(bot.take("interactive").await["is_cleared"], json!(true));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_closes_takes_along_what_was_pushed_onto_the_form_meanwhile() {
    let slack = town();
    let mut bot = socket(&slack).await;
    open(&slack, &mut bot, view("One")).await;
    slack.submit("dana", &[]).unwrap();
    let envelope = bot.next().await.unwrap();
    let body = json!({"trigger_id": envelope["payload"]["trigger_id"], "view": view("Two")});
    call(&slack, "views.push", body).await.ok();
    bot.acknowledge(&envelope, None).await;
    settle().await;
    assert_eq!(title(&slack), None);
    assert_eq!(slack.complaints().len(), 1);
}
