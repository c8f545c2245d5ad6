//! Forms, home tabs, typeaheads and shortcuts, in the shapes that Slack was recorded to send.

use super::*;
use crate::slack::inbound::{Entered, OnMessage, OnScreen};

/// A form as deliveries carry it: what is not there is null or empty.
fn modal() -> Value {
    json!({"id": "V111", "team_id": "T1", "type": "modal", "blocks": [],
        "private_metadata": "k7m3xq", "callback_id": "ask", "hash": "159.3wRY",
        "title": {"type": "plain_text", "text": "Ask"}, "clear_on_close": false,
        "notify_on_close": false, "close": null, "submit": null, "previous_view_id": null,
        "root_view_id": "V110", "app_id": "A1", "external_id": "", "app_installed_team_id": "T1",
        "bot_id": "BBOT",
        "state": {"values": {
            "why-1": {"why": {"type": "plain_text_input", "value": "a &amp; b"}},
            "for-1": {"for": {"type": "static_select", "selected_option": {
                "text": {"type": "plain_text", "text": "30 min"}, "value": "30m"}}},
            "who-1": {"who": {"type": "multi_users_select", "selected_users": ["ULEE", "USAM"]}},
            "at-1": {"at": {"type": "timepicker", "selected_time": null}}}}})
}

fn screen() -> OnScreen {
    let one = |text: &str| Entered::One(text.to_owned());
    let text = |text: &str| Entered::Text(text.to_owned());
    let many = ["ULEE", "USAM"].map(str::to_owned).to_vec();
    OnScreen {
        id: "V111".to_owned(),
        root: "V110".to_owned(),
        hash: "159.3wRY".to_owned(),
        callback: "ask".to_owned(),
        notes: "k7m3xq".to_owned(),
        is_home: false,
        entered: [
            ("why".to_owned(), text("a &amp; b")),
            ("for".to_owned(), one("30m")),
            ("who".to_owned(), Entered::Many(many)),
            ("at".to_owned(), Entered::Nothing),
        ]
        .into(),
    }
}

/// What every interaction says of its maker.
fn made(kind: &str, more: Value) -> Value {
    let base = json!({"type": kind, "user": {"id": "UDANA", "username": "dana", "team_id": "T1"},
        "team": {"id": "T1", "domain": "acme"}, "api_app_id": "A1", "trigger_id": "t.5",
        "is_enterprise_install": false, "enterprise": null});
    with(base, more)
}

fn submission() -> Value {
    made(
        "view_submission",
        json!({"view": modal(), "response_urls": []}),
    )
}

fn suggestion() -> Value {
    let more = json!({"trigger_id": null, "container": {"type": "view", "view_id": "V111"},
        "action_id": "to", "block_id": "to-1", "value": "ord <db", "view": modal()});
    made("block_suggestion", more)
}

fn press() -> Value {
    made(
        "block_actions",
        json!({"container": {"type": "view", "view_id": "V111"},
        "view": modal(), "actions": [{"type": "button", "action_id": "more", "block_id": "b",
            "value": "k7m3xq/more", "action_ts": "8.1"}]}),
    )
}

fn on_message() -> Value {
    made(
        "message_action",
        json!({"callback_id": "ask_about", "action_ts": "9.1",
        "message_ts": "7.1", "channel": {"id": "C1", "name": "dev"}, "user": {"id": "UDANA"},
        "message": {"type": "message", "user": "ULEE", "ts": "7.1", "thread_ts": "5.1",
            "text": "<@USAM> orders/db -&gt; slow"},
        "response_url": "https://hooks.example/3"}),
    )
}

fn home(more: Value) -> Value {
    let event = json!({"type": "app_home_opened", "user": "UDANA", "channel": "D1", "tab": "home",
        "event_ts": "7.1", "view": {"id": "V1", "type": "home", "hash": "1.x"}});
    callback(with(event, more))
}

fn acted(payload: Value) -> Inbound {
    act(Kind::Interaction, payload)
}

fn without_envelope(payload: Value) -> Inbound {
    let delivery = Delivery {
        kind: Kind::Interaction,
        payload,
        envelope: None,
    };
    match read(&delivery, None) {
        Reading::Act(inbound) => *inbound,
        other => panic!("not acted on: {other:?}"),
    }
}

#[test]
fn a_form_that_was_sent_off_comes_with_what_stands_in_it() {
    let inbound = acted(submission());
    assert_eq!(
        (inbound.key.as_str(), inbound.by.0.as_str()),
        ("t.5", "UDANA")
    );
    assert_eq!(inbound.team, Some(TeamId("T1".to_owned())));
    let expected = What::Submitted {
        screen: screen(),
        trigger: Some("t.5".to_owned()),
    };
    assert_eq!(inbound.what, expected, "text of inputs has no escapes");
}

#[test]
fn a_form_without_a_trigger_is_known_by_its_envelope_or_its_state() {
    let bare = with(submission(), json!({"trigger_id": null}));
    assert_eq!(acted(bare.clone()).key, "env-1");
    assert_eq!(without_envelope(bare).key, "submit-V111-159.3wRY");
}

#[test]
fn an_organisation_wide_form_is_read_without_its_workspace() {
    let team = |payload| acted(payload).team.map(|team| team.0);
    let wide = with(
        submission(),
        json!({"team": null, "is_enterprise_install": true}),
    );
    assert_eq!(team(wide.clone()).as_deref(), Some("T1"));
    let nobodys = json!({"user": {"id": "UDANA"}});
    let view = with(modal(), json!({"team_id": "T7"}));
    let by_view = with(with(wide, nobodys), json!({ "view": view }));
    assert_eq!(team(by_view.clone()).as_deref(), Some("T7"));
    let view = with(modal(), json!({"team_id": null}));
    assert_eq!(team(with(by_view, json!({ "view": view }))), None);
}

#[test]
fn a_view_is_read_with_whatever_of_it_is_there() {
    let bare = json!({"view": {"id": "V1"}});
    let inbound = acted(with(submission(), bare));
    let What::Submitted { screen, .. } = inbound.what else {
        panic!("not a form: {inbound:?}")
    };
    assert_eq!((screen.root.as_str(), screen.hash.as_str()), ("V1", ""));
    assert!(screen.entered.is_empty() && !screen.is_home);
}

#[test]
fn a_typeahead_says_what_was_typed_and_where() {
    let inbound = acted(suggestion());
    assert_eq!(inbound.key, "env-1");
    let expected = |screen| What::Typed {
        action: "to".to_owned(),
        text: "ord <db".to_owned(),
        screen,
    };
    assert_eq!(inbound.what, expected(Some(screen())));
    let inbound = without_envelope(suggestion());
    assert_eq!(inbound.key, "type-UDANA-to-ord <db");
    let on_message = json!({"view": null, "channel": {"id": "D1"}, "container": {
        "type": "message", "message_ts": "7.1", "channel_id": "D1", "is_ephemeral": true}});
    let inbound = acted(with(suggestion(), on_message));
    assert_eq!(inbound.what, expected(None));
}

#[test]
fn a_press_in_a_form_or_home_tab_comes_with_the_screen() {
    let inbound = acted(press());
    assert_eq!(inbound.key, "t.5");
    let expected = What::Pressed {
        action: "more".to_owned(),
        value: "k7m3xq/more".to_owned(),
        screen: screen(),
        trigger: Some("t.5".to_owned()),
    };
    assert_eq!(inbound.what, expected);
    let home = json!({"view": with(modal(), json!({"type": "home"}))});
    let inbound = acted(with(press(), home));
    assert!(matches!(inbound.what, What::Pressed { screen, .. } if screen.is_home));
    let bare = with(press(), json!({"trigger_id": null}));
    assert_eq!(without_envelope(bare).key, "click-UDANA-V111-8.1");
}

#[test]
fn what_was_chosen_is_the_value_of_a_press() {
    for (held, expected) in [
        (json!({"selected_user": "ULEE"}), "ULEE"),
        (json!({"selected_option": {"value": "30m"}}), "30m"),
        (json!({"selected_option": null}), ""),
        (json!({"value": "typed"}), "typed"),
        (json!({"selected_users": ["ULEE"]}), ""),
        (json!({}), ""),
    ] {
        let action = with(json!({"action_id": "a", "action_ts": "8.1"}), held);
        let inbound = acted(with(press(), json!({"actions": [action]})));
        assert!(
            matches!(&inbound.what, What::Pressed { value, .. } if value == expected),
            "{expected}: {inbound:?}"
        );
    }
}

#[test]
fn a_click_says_which_thread_its_message_is_in() {
    let thread = |more: Value| match acted(with(click(), more)).what {
        What::Clicked {
            thread, trigger, ..
        } => {
            assert_eq!(trigger.as_deref(), Some("t.1"));
            thread
        }
        other => panic!("not a click: {other:?}"),
    };
    let ephemeral = json!({"container": {"type": "message", "message_ts": "7.1", "channel_id": "C1",
        "thread_ts": "5.1", "is_ephemeral": true}});
    assert_eq!(thread(ephemeral).as_deref(), Some("5.1"));
    let message = json!({"message": {"ts": "7.1", "thread_ts": "6.1", "text": "card"}});
    assert_eq!(thread(message).as_deref(), Some("6.1"));
    assert_eq!(thread(json!({"message": {"ts": "7.1"}})), None);
}

#[test]
fn a_click_on_a_message_that_only_one_sees_has_no_message() {
    let more = json!({"message": null, "container": {"type": "message", "message_ts": "7.1",
        "channel_id": "C1", "is_ephemeral": true}});
    assert!(matches!(
        acted(with(click(), more)).what,
        What::Clicked { message_ts, channel, .. } if message_ts == "7.1" && channel == "C1"
    ));
}

#[test]
fn shortcuts_bring_their_trigger_and_the_message_they_were_used_on() {
    let global = made("shortcut", json!({"callback_id": "ask", "team": null}));
    let inbound = acted(global);
    assert_eq!(
        (inbound.key.as_str(), inbound.team),
        ("t.5", Some(TeamId("T1".to_owned())))
    );
    let shortcut = |callback: &str, on| What::Shortcut {
        callback: callback.to_owned(),
        trigger: "t.5".to_owned(),
        on,
    };
    assert_eq!(inbound.what, shortcut("ask", None));
    let on = OnMessage {
        channel: "C1".to_owned(),
        ts: "7.1".to_owned(),
        thread: Some("5.1".to_owned()),
        text: "<@USAM> orders/db -> slow".to_owned(),
    };
    assert_eq!(acted(on_message()).what, shortcut("ask_about", Some(on)));
}

#[test]
fn only_the_home_tab_itself_opens_the_home() {
    let inbound = act(Kind::Event, home(json!({})));
    assert_eq!(
        (inbound.key.as_str(), inbound.what),
        ("Ev1", What::OpenedHome)
    );
    let first = act(Kind::Event, home(json!({"view": null})));
    assert_eq!(first.by.0, "UDANA");
    for tab in [json!("messages"), json!(null)] {
        let read = reading(Kind::Event, home(json!({ "tab": tab })));
        assert_eq!(read, Reading::Ignored("another tab of our home"));
    }
}

#[test]
fn an_archived_channel_is_told_whoever_did_it() {
    for kind in ["channel_archive", "group_archive"] {
        let event = json!({"type": kind, "channel": "C1", "user": "UDANA", "is_moved": 0});
        let inbound = act(Kind::Event, callback(event.clone()));
        let what = What::Archived {
            channel: "C1".to_owned(),
        };
        assert_eq!((inbound.by.0.as_str(), &inbound.what), ("UDANA", &what));
        let nobody = act(Kind::Event, callback(with(event, json!({"user": null}))));
        assert_eq!((nobody.by.0.as_str(), &nobody.what), ("", &what));
    }
}

#[test]
fn a_closed_form_is_passed_over() {
    let closed = made(
        "view_closed",
        json!({"view": modal(), "is_cleared": false, "team": null}),
    );
    let read = reading(Kind::Interaction, closed);
    assert_eq!(read, Reading::Ignored("a form was closed"));
}

#[test]
fn nothing_incomplete_is_acted_on() {
    for (payload, name) in [
        (
            with(submission(), json!({"view": {}})),
            "incomplete view_submission",
        ),
        (
            with(submission(), json!({"user": null})),
            "incomplete view_submission",
        ),
        (
            with(suggestion(), json!({"action_id": null})),
            "incomplete block_suggestion",
        ),
        (
            with(press(), json!({"view": {"id": ""}})),
            "incomplete press",
        ),
        (with(press(), json!({"actions": null})), "incomplete press"),
        (
            made(
                "shortcut",
                json!({"callback_id": "ask", "trigger_id": null}),
            ),
            "incomplete shortcut",
        ),
        (made("shortcut", json!({})), "incomplete shortcut"),
        (
            with(on_message(), json!({"channel": null})),
            "incomplete shortcut",
        ),
        (
            with(submission(), json!({"view": 7})),
            "malformed interaction",
        ),
    ] {
        let read = reading(Kind::Interaction, payload);
        assert_eq!(read, Reading::Unknown(name.to_owned()));
    }
    for (event, name) in [
        (
            json!({"type": "channel_archive", "channel": null}),
            "incomplete channel_archive",
        ),
        (
            json!({"type": "app_home_opened", "tab": "home", "user": null}),
            "incomplete app_home_opened",
        ),
    ] {
        let read = reading(Kind::Event, callback(event));
        assert_eq!(read, Reading::Unknown(name.to_owned()));
    }
}
