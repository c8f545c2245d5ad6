//! What each payload of Slack's means to the bot.

use serde_json::json;

use super::*;

mod interactions;

fn me() -> Identity {
    Identity {
        user_id: UserId("UBOT".to_owned()),
        bot_id: Some("BBOT".to_owned()),
        team_id: Some(TeamId("T1".to_owned())),
        team: None,
    }
}

fn reading(kind: Kind, payload: Value) -> Reading {
    let delivery = Delivery {
        kind,
        payload,
        envelope: Some("env-1".to_owned()),
    };
    read(&delivery, Some(&me()))
}

fn act(kind: Kind, payload: Value) -> Inbound {
    match reading(kind, payload) {
        Reading::Act(inbound) => *inbound,
        other => panic!("not acted on: {other:?}"),
    }
}

/// `base` with some fields replaced; `null` stays null, as Slack sends it.
fn with(mut base: Value, more: Value) -> Value {
    let fields = base.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    base
}

fn callback(event: Value) -> Value {
    json!({"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": event})
}

fn mention() -> Value {
    json!({"type": "app_mention", "user": "UDANA", "team": "T1", "channel": "C1", "ts": "7.1",
        "text": "<@UBOT> shop/web -&gt; orders/db:5432 for 30m"})
}

fn direct() -> Value {
    json!({"type": "message", "channel_type": "im", "user": "UDANA", "channel": "D1", "ts": "7.1",
        "text": "mine"})
}

fn click() -> Value {
    json!({"type": "block_actions", "trigger_id": "t.1", "response_url": "https://hooks.example/1",
        "user": {"id": "ULEE", "username": "lee", "team_id": "T1"}, "team": {"id": "T1"},
        "channel": {"id": "C1"}, "container": {"type": "message", "message_ts": "7.1", "channel_id": "C1"},
        "actions": [{"type": "button", "action_id": "approve", "value": "k7m3xq", "action_ts": "8.1"}]})
}

fn command() -> Value {
    json!({"command": "/access", "text": "shop/web to orders/db", "user_id": "UDANA",
        "user_name": "dana", "team_id": "T1", "channel_id": "C1", "channel_name": "payments", "trigger_id": "t.2",
        "response_url": "https://hooks.example/2"})
}

#[test]
fn a_mention_is_answered_in_its_thread() {
    let inbound = act(Kind::Event, callback(mention()));
    assert_eq!(inbound.key, "Ev1");
    assert_eq!(
        (inbound.by.0.as_str(), inbound.team),
        ("UDANA", Some(TeamId("T1".to_owned())))
    );
    let text = "shop/web -> orders/db:5432 for 30m".to_owned();
    let surface = Surface::Mention {
        channel: "C1".to_owned(),
        thread: "7.1".to_owned(),
        ts: "7.1".to_owned(),
    };
    assert_eq!(inbound.what, What::Said { text, surface });
    let inside = act(
        Kind::Event,
        callback(with(mention(), json!({"thread_ts": "5.1"}))),
    );
    assert!(
        matches!(inside.what, What::Said { surface: Surface::Mention { thread, ts, .. }, .. } if thread == "5.1" && ts == "7.1")
    );
}

#[test]
fn a_direct_message_is_answered_there() {
    let inbound = act(Kind::Event, callback(direct()));
    let surface = Surface::Direct {
        channel: "D1".to_owned(),
    };
    assert_eq!(
        inbound.what,
        What::Said {
            text: "mine".to_owned(),
            surface
        }
    );
}

#[test]
fn only_fresh_words_of_people_to_us_are_read() {
    for subtype in [
        "message_changed",
        "message_deleted",
        "thread_broadcast",
        "bot_message",
        "channel_join",
        "file_share",
        "me_message",
        "assistant_app_thread",
        "not_invented_yet",
    ] {
        for event in [mention(), direct()] {
            let event = with(event, json!({ "subtype": subtype }));
            let read = reading(Kind::Event, callback(event));
            assert_eq!(read, Reading::Ignored("a message subtype"), "{subtype}");
        }
    }
    for (more, why) in [
        (json!({"bot_id": "B9"}), "a bot's message"),
        (json!({"user": "UBOT"}), "our own message"),
        (
            json!({"edited": {"user": "UDANA", "ts": "8.1"}}),
            "an edited message",
        ),
        (json!({"channel_type": "channel"}), "a message to others"),
        (json!({"channel_type": null}), "a message to others"),
    ] {
        let read = reading(Kind::Event, callback(with(direct(), more.clone())));
        assert_eq!(read, Reading::Ignored(why), "{more}");
    }
}

#[test]
fn nulls_that_mean_nothing_change_nothing() {
    let nulls = json!({"subtype": null, "bot_id": null, "edited": null, "thread_ts": null});
    let event = with(mention(), nulls);
    assert_eq!(
        act(Kind::Event, callback(event)),
        act(Kind::Event, callback(mention()))
    );
}

#[test]
fn a_persons_own_workspace_counts_more_than_the_one_that_got_the_event() {
    let team = |payload| act(Kind::Event, payload).team.map(|t| t.0);
    let guest = with(mention(), json!({"user_team": "T9", "source_team": "T9"}));
    assert_eq!(team(callback(guest)).as_deref(), Some("T9"));
    let bare = with(mention(), json!({"team": null}));
    assert_eq!(team(callback(bare.clone())).as_deref(), Some("T1"));
    let wide = with(callback(bare), json!({"team_id": null}));
    assert_eq!(team(wide), None);
}

#[test]
fn a_click_names_the_button_the_message_and_the_clicker() {
    let inbound = act(Kind::Interaction, click());
    assert_eq!(
        (inbound.key.as_str(), inbound.by.0.as_str()),
        ("t.1", "ULEE")
    );
    assert_eq!(
        inbound.what,
        What::Clicked {
            action: "approve".to_owned(),
            value: "k7m3xq".to_owned(),
            channel: "C1".to_owned(),
            message_ts: "7.1".to_owned(),
            thread: None,
            response_url: Some("https://hooks.example/1".to_owned()),
            trigger: Some("t.1".to_owned()),
        }
    );
}

#[test]
fn a_menus_choice_counts_as_its_value() {
    let chosen = json!({"actions": [{"type": "overflow", "action_id": "more",
        "selected_option": {"text": {"type": "plain_text", "text": "15 min"}, "value": "k7m3xq/15m"}}]});
    let inbound = act(Kind::Interaction, with(click(), chosen));
    assert!(matches!(inbound.what, What::Clicked { value, .. } if value == "k7m3xq/15m"));
}

#[test]
fn an_organisation_wide_click_is_read_without_its_workspace() {
    let wide = with(
        click(),
        json!({"team": null, "is_enterprise_install": true}),
    );
    assert_eq!(
        act(Kind::Interaction, wide.clone()).team,
        Some(TeamId("T1".to_owned()))
    );
    let wider = with(wide, json!({"user": {"id": "ULEE", "team_id": null}}));
    assert_eq!(act(Kind::Interaction, wider).team, None);
}

#[test]
fn a_click_without_trigger_is_known_by_its_envelope_or_its_moment() {
    let bare = with(click(), json!({"trigger_id": null}));
    assert_eq!(act(Kind::Interaction, bare.clone()).key, "env-1");
    let delivery = Delivery {
        kind: Kind::Interaction,
        payload: bare,
        envelope: None,
    };
    let Reading::Act(inbound) = read(&delivery, None) else {
        panic!("not acted on")
    };
    assert_eq!(inbound.key, "click-ULEE-7.1-8.1");
}

#[test]
fn a_command_is_read_with_its_text_as_typed() {
    let escaped = json!({"text": " 203.0.113.7 -&gt; payments/deploy/api:8080 "});
    let inbound = act(Kind::Command, with(command(), escaped));
    assert_eq!(inbound.key, "t.2");
    assert_eq!(
        inbound.what,
        What::Said {
            text: "203.0.113.7 -> payments/deploy/api:8080".to_owned(),
            surface: Surface::Command {
                channel: "C1".to_owned(),
                channel_name: Some("payments".to_owned()),
                response_url: Some("https://hooks.example/2".to_owned()),
                trigger: Some("t.2".to_owned()),
            },
        }
    );
}

#[test]
fn a_certificate_check_does_nothing() {
    let check = json!({"ssl_check": "1", "token": "x"});
    assert!(matches!(
        reading(Kind::Command, check.clone()),
        Reading::Ignored(_)
    ));
    assert!(matches!(
        reading(Kind::Command, with(command(), check)),
        Reading::Ignored(_)
    ));
}

#[test]
fn what_is_not_known_is_named_and_never_acted_on() {
    for (kind, payload, name) in [
        (
            Kind::Event,
            json!({"type": "app_rate_limited", "minute_rate_limited": 1}),
            "event of type app_rate_limited",
        ),
        (
            Kind::Event,
            callback(json!({"type": "reaction_added", "user": "U1"})),
            "event reaction_added",
        ),
        (
            Kind::Event,
            callback(json!({"type": "user_change", "user": {"id": "U1"}})),
            "event user_change",
        ),
        (
            Kind::Event,
            callback(with(mention(), json!({"user": null}))),
            "incomplete app_mention",
        ),
        (
            Kind::Event,
            callback(with(mention(), json!({"text": 7}))),
            "malformed event",
        ),
        (Kind::Event, json!("text"), "malformed event"),
        (
            Kind::Interaction,
            json!({"type": "dialog_submission", "view": {}}),
            "interaction dialog_submission",
        ),
        (
            Kind::Interaction,
            with(click(), json!({"actions": []})),
            "click outside a message",
        ),
        (
            Kind::Interaction,
            with(
                click(),
                json!({"container": {"type": "view"}, "channel": null}),
            ),
            "click outside a message",
        ),
        (
            Kind::Interaction,
            json!({"type": ["block_actions"]}),
            "malformed interaction",
        ),
        (
            Kind::Command,
            json!({"command": "/access"}),
            "incomplete command",
        ),
        (Kind::Command, json!(null), "malformed command"),
    ] {
        assert_eq!(reading(kind, payload), Reading::Unknown(name.to_owned()));
    }
}

#[test]
fn an_empty_key_or_person_is_none() {
    let unknown = Reading::Unknown("a delivery without a key or a person".to_owned());
    for nothing in [json!({"user_id": ""}), json!({"trigger_id": ""})] {
        let read = reading(Kind::Command, with(command(), nothing));
        assert_eq!(read, unknown);
    }
    let nobody = callback(with(mention(), json!({"user": ""})));
    assert_eq!(reading(Kind::Event, nobody), unknown);
    let nobody = with(click(), json!({"user": {"id": ""}}));
    assert_eq!(reading(Kind::Interaction, nobody), unknown);
}
