//! Each limit of Block Kit, met and exceeded by one.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::blocks::{check_message, check_modal};

pub(super) fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

fn button(more: Value) -> Value {
    let mut button = json!({"type": "button", "action_id": "a", "text": plain("A")});
    button
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    button
}

fn actions(elements: Vec<Value>) -> Value {
    json!({"type": "actions", "elements": elements})
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": text}})
}

fn option(value: &str) -> Value {
    json!({"text": plain("o"), "value": value})
}

fn buttons(count: usize) -> Value {
    actions(
        (0..count)
            .map(|n| button(json!({"action_id": format!("a{n}")})))
            .collect(),
    )
}

fn select(more: Value) -> Value {
    let mut select = json!({"type": "static_select", "action_id": "s"});
    select
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({"type": "section", "text": plain("x"), "accessory": select})
}

pub(super) fn words(count: usize) -> String {
    "x".repeat(count)
}

/// What is taken, what is not, and where the fault is.
type Case = (Vec<Value>, Vec<Value>, &'static str);

fn id(block_id: &str) -> Value {
    json!({"type": "divider", "block_id": block_id})
}

fn layout() -> Vec<Case> {
    let context = |n: usize| json!({"type": "context", "elements": vec![plain("x"); n]});
    let fields =
        |n: usize, len: usize| json!({"type": "section", "fields": vec![plain(&words(len)); n]});
    let header = |len: usize| json!({"type": "header", "text": plain(&words(len))});
    let formatted = json!({"type": "header", "text": {"type": "mrkdwn", "text": "x"}});
    vec![
        (vec![section("x"); 50], vec![section("x"); 51], "/blocks]"),
        (
            vec![section(&words(3000))],
            vec![section(&words(3001))],
            "/blocks/0/text/text",
        ),
        (vec![section("x")], vec![section("")], "/blocks/0/text/text"),
        (
            vec![section("x")],
            vec![json!({"type": "section"})],
            "/blocks/0]",
        ),
        (
            vec![fields(10, 1)],
            vec![fields(11, 1)],
            "/blocks/0/fields]",
        ),
        (
            vec![fields(1, 2000)],
            vec![fields(1, 2001)],
            "/blocks/0/fields/0/text",
        ),
        (vec![header(150)], vec![header(151)], "/blocks/0/text/text"),
        (vec![header(1)], vec![formatted], "/blocks/0/text/type"),
        (vec![context(10)], vec![context(11)], "/blocks/0/elements]"),
        (vec![context(1)], vec![context(0)], "/blocks/0/elements]"),
        (vec![id("a"), id("b")], vec![id("a"), id("a")], "/blocks/1]"),
        (
            vec![id(&words(255))],
            vec![id(&words(256))],
            "/blocks/0/block_id",
        ),
        (
            vec![id("a")],
            vec![json!({"type": "carousel"})],
            "/blocks/0/type",
        ),
        (vec![id("a")], vec![json!("text")], "/blocks/0]"),
        (
            vec![id("a")],
            vec![json!({"text": plain("x")})],
            "/blocks/0]",
        ),
    ]
}

fn pressed() -> Vec<Case> {
    let one = |more: Value| vec![actions(vec![button(more)])];
    let label = |len: usize| one(json!({"text": plain(&words(len))}));
    let confirm = |title: usize| {
        one(
            json!({"confirm": {"title": plain(&words(title)), "text": plain("t"),
                                "confirm": plain("c"), "deny": plain("d")}}),
        )
    };
    let text = |name: &str, len: usize| one(json!({name: words(len)}));
    let other = button(json!({"action_id": "b"}));
    vec![
        (vec![buttons(25)], vec![buttons(26)], "/blocks/0/elements]"),
        (vec![buttons(1)], vec![buttons(0)], "/blocks/0/elements]"),
        (label(75), label(76), "/elements/0/text/text"),
        (
            text("value", 2000),
            text("value", 2001),
            "/elements/0/value",
        ),
        (text("url", 3000), text("url", 3001), "/elements/0/url"),
        (
            text("action_id", 255),
            text("action_id", 256),
            "/elements/0/action_id",
        ),
        (
            one(json!({"style": "danger"})),
            one(json!({"style": "default"})),
            "/elements/0/style",
        ),
        (confirm(100), confirm(101), "/confirm/title/text"),
        (
            one(json!({})),
            one(json!({"colour": "red"})),
            "/elements/0]",
        ),
        (
            vec![actions(vec![button(json!({})), other])],
            vec![actions(vec![button(json!({})), button(json!({}))])],
            "/elements/1]",
        ),
    ]
}

fn chosen() -> Vec<Case> {
    let menu = |n: usize| vec![option("v"); n];
    let overflow = |n: usize| {
        let overflow = json!({"type": "overflow", "action_id": "o", "options": menu(n)});
        vec![actions(vec![overflow])]
    };
    let options = |n: usize| vec![select(json!({"options": menu(n)}))];
    let value = |len: usize| vec![select(json!({"options": [option(&words(len))]}))];
    let hint = |len: usize| {
        vec![select(
            json!({"options": menu(1), "placeholder": plain(&words(len))}),
        )]
    };
    let first = |chosen: &str| {
        vec![select(
            json!({"options": menu(1), "initial_option": option(chosen)}),
        )]
    };
    let several = |n: usize, most: usize| {
        let menu = json!({"type": "multi_static_select", "options": menu(n),
                          "max_selected_items": most});
        vec![actions(vec![menu])]
    };
    let conversations = |words: &[&str]| {
        let menu = json!({"type": "conversations_select", "filter": {"include": words}});
        vec![actions(vec![menu])]
    };
    let external = |least: i64| {
        let menu = json!({"type": "multi_external_select", "min_query_length": least});
        vec![actions(vec![menu])]
    };
    vec![
        (several(100, 1), several(101, 1), "/elements/0/options]"),
        (
            several(1, 1),
            several(1, 0),
            "/elements/0/max_selected_items]",
        ),
        (
            conversations(&["im", "public"]),
            conversations(&["everything"]),
            "/elements/0/filter/include/0]",
        ),
        (external(0), external(-1), "/elements/0/min_query_length]"),
        (overflow(5), overflow(6), "/elements/0/options]"),
        (overflow(1), overflow(0), "/elements/0/options]"),
        (options(100), options(101), "/accessory/options]"),
        (value(150), value(151), "/options/0/value"),
        (hint(150), hint(151), "/placeholder/text"),
        (first("v"), first("w"), "/accessory]"),
        (options(1), vec![select(json!({}))], "/accessory]"),
    ]
}

fn long_ones() -> Vec<Case> {
    let table = |rows: usize, cells: usize| {
        let row = vec![json!({"type": "raw_text", "text": "c"}); cells];
        json!({"type": "table", "rows": vec![row; rows]})
    };
    let markdown = |len: usize| json!({"type": "markdown", "text": words(len)});
    vec![
        (
            vec![table(100, 20)],
            vec![table(101, 20)],
            "/blocks/0/rows]",
        ),
        (vec![table(1, 20)], vec![table(1, 21)], "/blocks/0/rows/0]"),
        (
            vec![table(1, 1)],
            vec![table(1, 1), table(1, 1)],
            "/blocks]",
        ),
        (
            vec![markdown(12_000)],
            vec![markdown(11_999), markdown(2)],
            "/blocks]",
        ),
    ]
}

#[test]
fn every_limit_is_taken_when_met_and_refused_when_exceeded() {
    for (good, bad, pointer) in [layout(), pressed(), chosen(), long_ones()].concat() {
        assert_eq!(check_message(&good), Vec::<String>::new());
        let problems = check_message(&bad);
        let told = problems.iter().any(|p| p.contains(pointer));
        assert!(told, "{pointer} is not in {problems:?}");
    }
}

#[test]
fn characters_are_counted_in_utf_16_units() {
    assert_eq!(
        check_message(&[section(&"😀".repeat(1500))]),
        Vec::<String>::new()
    );
    assert_eq!(check_message(&[section(&"😀".repeat(1501))]).len(), 1);
}

/// JSON out of the words that blocks are made of.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "type",
        "text",
        "section",
        "actions",
        "elements",
        "button",
        "mrkdwn",
        "options",
        "block_id",
        "accessory",
        "static_select",
        "initial_option",
        "rows",
        "table",
        "input",
        "element",
    ]);
    let leaf = prop_oneof![
        word.clone().prop_map(|w| json!(w)),
        any::<i64>().prop_map(|n| json!(n)),
        Just(Value::Null),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::hash_map(word.clone().prop_map(str::to_owned), inner, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_sent_is_judged_without_a_panic(
        blocks in prop::collection::vec(any_json(), 0..5),
    ) {
        check_message(&blocks);
        check_modal(&json!({"type": "modal", "blocks": blocks}));
    }
}
