//! Forms and home tabs sent, channels looked up.

use super::*;
use crate::view::Screen;

fn form() -> Screen {
    let modal = SlackModalView::new("Ask".into(), Vec::new()).with_callback_id("ask".into());
    Screen(SlackView::Modal(modal))
}

#[tokio::test(start_paused = true)]
async fn screens_are_sent_as_slack_takes_them_and_come_back_with_id_and_hash() {
    let (fake, api) = FakeSlack::start();
    let view = json!({"id": "V1", "hash": "1.x", "type": "modal", "blocks": [{"type": "new_one"}]});
    for method in ["views.open", "views.push", "views.update", "views.publish"] {
        fake.always(method, Script::Say(json!({"ok": true, "view": view})));
    }
    let shown = Opened {
        id: "V1".to_owned(),
        hash: "1.x".to_owned(),
    };
    let modal = json!({"type": "modal", "callback_id": "ask", "blocks": [],
        "title": {"type": "plain_text", "text": "Ask"}});
    assert_eq!(api.open_view("t.1", &form()).await.unwrap(), shown);
    let body = &fake.calls("views.open")[0].body;
    assert_eq!(*body, json!({"trigger_id": "t.1", "view": modal}));
    assert_eq!(api.push_view("t.2", &form()).await.unwrap(), shown);
    let body = &fake.calls("views.push")[0].body;
    assert_eq!(*body, json!({"trigger_id": "t.2", "view": modal}));
    for (hash, expected) in [
        (
            Some("1.x"),
            json!({"view_id": "V1", "hash": "1.x", "view": modal}),
        ),
        (None, json!({"view_id": "V1", "view": modal})),
    ] {
        api.update_view("V1", hash, &form()).await.unwrap();
        assert_eq!(fake.calls("views.update").pop().unwrap().body, expected);
    }
    let dana = UserId("UDANA".to_owned());
    let home = Screen(SlackView::Home(SlackHomeView::new(Vec::new())));
    api.publish_home(&dana, &home, Some("1.x")).await.unwrap();
    let body = &fake.calls("views.publish")[0].body;
    let tab = json!({"type": "home", "blocks": []});
    assert_eq!(
        *body,
        json!({"user_id": "UDANA", "hash": "1.x", "view": tab})
    );
}

#[tokio::test(start_paused = true)]
async fn a_form_that_may_be_open_is_not_opened_again() {
    let (fake, api) = FakeSlack::start();
    fake.script("views.open", [Script::Status(503), Script::Hang]);
    for _ in 0..2 {
        let unsure = api.open_view("t.1", &form()).await.unwrap_err();
        assert_eq!(unsure.retry(), Retry::LookFirst);
    }
    assert_eq!(fake.calls("views.open").len(), 2, "one call each");
    fake.script("views.open", [Script::Refuse("expired_trigger_id")]);
    let late = api.open_view("t.1", &form()).await.unwrap_err();
    assert_eq!(late.retry(), Retry::Never);
}

#[tokio::test(start_paused = true)]
async fn members_are_read_to_the_last_page_but_no_crowds() {
    let (fake, api) = FakeSlack::start();
    let page = |user: &str, next: &str| {
        Script::Say(json!({"ok": true, "members": [user],
            "response_metadata": {"next_cursor": next}}))
    };
    fake.script("conversations.members", [page("U1", "c1"), page("U2", "")]);
    let members = api.channel_members("C1").await.unwrap().unwrap();
    assert_eq!(members, ["U1", "U2"].map(|id| UserId(id.to_owned())));
    let calls = fake.calls("conversations.members");
    assert_eq!(
        (&calls[0].body["channel"], &calls[1].body["cursor"]),
        (&json!("C1"), &json!("c1"))
    );
    fake.always("conversations.members", page("U1", "more"));
    let crowd = api.channel_members("C1").await.unwrap().unwrap();
    assert_eq!(
        crowd.len(),
        20,
        "Slack never says that it was the last page"
    );
    assert_eq!(fake.calls("conversations.members").len(), 2 + 20);
    for (code, expected) in [
        ("channel_not_found", Ok(None)),
        ("not_in_channel", Ok(None)),
        ("missing_scope", Err(Some("missing_scope"))),
    ] {
        fake.always("conversations.members", Script::Refuse(code));
        let asked = api.channel_members("C1").await;
        let asked = asked.as_ref().map(Option::as_ref).map_err(SlackError::code);
        assert_eq!(asked, expected, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_channel_is_called_as_slack_says() {
    let (fake, api) = FakeSlack::start();
    let channel = json!({"id": "C1", "name": "payments"});
    fake.script(
        "conversations.info",
        [Script::Say(json!({"ok": true, "channel": channel}))],
    );
    assert_eq!(
        api.channel_name("C1").await.unwrap().as_deref(),
        Some("payments")
    );
    let direct = json!({"id": "D1", "is_im": true});
    fake.script(
        "conversations.info",
        [Script::Say(json!({"ok": true, "channel": direct}))],
    );
    assert_eq!(api.channel_name("D1").await.unwrap(), None);
    fake.script("conversations.info", [Script::Refuse("channel_not_found")]);
    assert_eq!(api.channel_name("C9").await.unwrap(), None);
}
