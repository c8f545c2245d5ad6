//! Every element that takes a value: what the app is sent when somebody uses it, and what is kept.

use super::*;
use crate::sim::slack::{MessageRef, Spot, Where};

pub(super) fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text, "emoji": true})
}

pub(super) fn option(value: &str) -> Value {
    json!({"text": plain(&value.to_uppercase()), "value": value})
}

pub(super) fn options() -> Value {
    json!([option("a"), option("b"), option("c")])
}

/// An element, what a person gives it, and the field of `actions` and `state.values` with the result.
pub(super) struct Case {
    pub(super) element: Value,
    given: Value,
    pub(super) field: &'static str,
    becomes: Value,
}

pub(super) fn case(element: Value, given: Value, field: &'static str, becomes: Value) -> Case {
    Case {
        element,
        given,
        field,
        becomes,
    }
}

pub(super) fn menus() -> Vec<Case> {
    let grouped = json!([{"label": plain("G"), "options": options()}]);
    let menu = |kind: &str| json!({"type": kind, "options": options()});
    vec![
        case(
            menu("static_select"),
            json!("b"),
            "selected_option",
            option("b"),
        ),
        case(
            json!({"type": "static_select", "option_groups": grouped}),
            json!("c"),
            "selected_option",
            option("c"),
        ),
        case(
            menu("radio_buttons"),
            json!("a"),
            "selected_option",
            option("a"),
        ),
        case(
            menu("checkboxes"),
            json!(["a", "c"]),
            "selected_options",
            json!([option("a"), option("c")]),
        ),
        case(menu("checkboxes"), json!([]), "selected_options", json!([])),
        case(
            menu("multi_static_select"),
            json!(["b"]),
            "selected_options",
            json!([option("b")]),
        ),
    ]
}

pub(super) fn pickers(slack: &Slack) -> Vec<Case> {
    let (lee, open, vault) = (id(slack, "lee"), id(slack, "#random"), id(slack, "#vault"));
    let of = |kind: &str| json!({"type": kind});
    vec![
        case(of("users_select"), json!(lee), "selected_user", json!(lee)),
        case(
            of("multi_users_select"),
            json!([lee]),
            "selected_users",
            json!([lee]),
        ),
        case(
            of("channels_select"),
            json!(open),
            "selected_channel",
            json!(open),
        ),
        case(
            of("multi_channels_select"),
            json!([open]),
            "selected_channels",
            json!([open]),
        ),
        case(
            of("conversations_select"),
            json!(vault),
            "selected_conversation",
            json!(vault),
        ),
        case(
            of("multi_conversations_select"),
            json!([vault, open]),
            "selected_conversations",
            json!([vault, open]),
        ),
        case(
            of("datepicker"),
            json!("2026-01-05"),
            "selected_date",
            json!("2026-01-05"),
        ),
        case(
            of("timepicker"),
            json!("09:30"),
            "selected_time",
            json!("09:30"),
        ),
        case(
            of("datetimepicker"),
            json!(1_767_603_600),
            "selected_date_time",
            json!(1_767_603_600),
        ),
    ]
}

/// The element in a block of its own, used by dana in a message; returns the delivery.
async fn use_in_message(slack: &Slack, bot: &mut Socket<DuplexStream>, case: &Case) -> Value {
    let mut element = case.element.clone();
    element["action_id"] = json!("it");
    let blocks = json!([{"type": "actions", "block_id": "its", "elements": [element]}]);
    let at = post_blocks(slack, blocks).await;
    let spot = Spot::new(Where::Message(at), "its", "it");
    slack.use_element("dana", &spot, &case.given).unwrap();
    bot.take("interactive").await
}

pub(super) async fn post_blocks(slack: &Slack, blocks: Value) -> MessageRef {
    let body = json!({"channel": id(slack, "#payments"), "text": "x", "blocks": blocks});
    let answer = call(slack, "chat.postMessage", body).await.ok();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    MessageRef {
        channel: text("channel"),
        ts: text("ts"),
    }
}

#[tokio::test(start_paused = true)]
async fn every_element_sends_its_own_shape_and_keeps_it_in_the_state() {
    let slack = unhurried_town();
    let mut bot = socket(&slack).await;
    let mut cases = menus();
    cases.extend(pickers(&slack));
    for case in cases {
        let sent = use_in_message(&slack, &mut bot, &case).await;
        let action = &sent["actions"][0];
        let kind = &case.element["type"];
        assert_eq!(action["type"], *kind);
        assert_eq!(action["block_id"], json!("its"));
        assert_eq!(action["action_id"], json!("it"));
        assert!(action["action_ts"].is_string());
        assert_eq!(action[case.field], case.becomes, "{kind}");
        let mut kept = json!({"type": kind});
        kept[case.field] = case.becomes.clone();
        assert_eq!(sent["state"]["values"]["its"]["it"], kept, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_overflow_menu_is_pressed_and_keeps_nothing() {
    let slack = unhurried_town();
    let mut bot = socket(&slack).await;
    let overflow = json!({"type": "overflow", "options": options()});
    let case = case(overflow, json!("b"), "selected_option", option("b"));
    let sent = use_in_message(&slack, &mut bot, &case).await;
    assert_eq!(sent["actions"][0]["selected_option"], option("b"));
    assert_eq!(sent["state"], json!({"values": {}}));
}

/// An element, what a person gives it, and why they cannot.
type Refused = (Value, Value, String);

fn refused(element: Value, given: Value, why: &str) -> Refused {
    (element, given, why.to_owned())
}

fn refused_menus() -> Vec<Refused> {
    let menu = |kind: &str| json!({"type": kind, "options": options()});
    let limited =
        json!({"type": "multi_static_select", "options": options(), "max_selected_items": 1});
    let (one, several) = ("static_select", "checkboxes");
    let not_offered = r#"`z` is not offered, only ["a", "b", "c"]"#;
    vec![
        refused(menu(one), json!("z"), not_offered),
        refused(menu(one), json!(null), "something has to be chosen"),
        refused(menu("overflow"), json!(null), "something has to be chosen"),
        refused(menu(one), json!(["a"]), "a text is expected here"),
        refused(
            menu(several),
            json!("a"),
            "several can be chosen here: give a list",
        ),
        refused(
            menu(several),
            json!(["a", "a"]),
            "the same was chosen twice",
        ),
        refused(limited, json!(["a", "b"]), "no more than 1 can be chosen"),
    ]
}

fn refused_pickers(slack: &Slack) -> Vec<Refused> {
    let (olga, cellar) = (id(slack, "olga"), id(slack, "#cellar"));
    let of = |kind: &str| json!({"type": kind});
    let public = json!({"type": "conversations_select", "filter": {"include": ["public"]}});
    let nowhere = format!("there is no channel `{cellar}`");
    let nobody = format!("there is nobody called `{olga}`");
    vec![
        refused(of("users_select"), json!(olga), &nobody),
        refused(of("channels_select"), json!(cellar), &nowhere),
        refused(public, json!(cellar), &nowhere),
        refused(
            of("datepicker"),
            json!("5 Jan"),
            "`5 Jan` is no date such as 2026-01-05",
        ),
        refused(
            of("timepicker"),
            json!("25:00"),
            "`25:00` is no time such as 09:30",
        ),
        refused(
            of("datetimepicker"),
            json!("soon"),
            "`soon` is no time in seconds since 1970",
        ),
    ]
}

fn refused_inputs() -> Vec<Refused> {
    let whole = json!({"type": "number_input", "is_decimal_allowed": false, "max_value": "9"});
    let text = json!({"type": "plain_text_input", "max_length": 3});
    vec![
        refused(whole.clone(), json!("1.5"), "`1.5` is no whole number"),
        refused(whole.clone(), json!("10"), "`10` is too large"),
        refused(whole, json!("ten"), "`ten` is no number"),
        refused(text, json!("four"), "the text is longer than 3 characters"),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_a_client_would_not_let_people_do_is_refused_in_a_sentence() {
    let slack = unhurried_town();
    let cases = [refused_menus(), refused_pickers(&slack), refused_inputs()].concat();
    for (mut element, given, why) in cases {
        element["action_id"] = json!("it");
        let block = match element["type"].as_str().unwrap().ends_with("_input") {
            true => json!({"type": "input", "block_id": "its", "label": plain("L"),
                           "element": element}),
            false => json!({"type": "actions", "block_id": "its", "elements": [element]}),
        };
        let at = post_blocks(&slack, json!([block])).await;
        let spot = Spot::new(Where::Message(at), "its", "it");
        let refused = slack.use_element("dana", &spot, &given).unwrap_err();
        assert_eq!(refused.to_string(), why);
    }
}

#[tokio::test(start_paused = true)]
async fn a_conversation_is_offered_to_whoever_is_in_it() {
    let slack = unhurried_town();
    let vault = id(&slack, "#vault");
    let element = json!({"type": "conversations_select", "action_id": "it"});
    let blocks = json!([{"type": "actions", "block_id": "its", "elements": [element]}]);
    let at = post_blocks(&slack, blocks).await;
    let spot = Spot::new(Where::Message(at), "its", "it");
    slack.use_element("dana", &spot, &json!(vault)).unwrap();
    assert!(slack.use_element("lee", &spot, &json!(vault)).is_err());
}
