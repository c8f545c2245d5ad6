//! What every screen must keep, checked on the JSON that goes out, and pictures of screens.

use std::collections::BTreeSet;

use serde_json::Value;

use super::assert_text;
use crate::view::Screen;
use crate::view::text::units;

/// Every limit of Slack that our screens could break.
pub(crate) fn assert_screen_within_limits(screen: &Screen) {
    let view = serde_json::to_value(screen).unwrap();
    assert!(view.to_string().len() < 250_000, "view_too_large");
    for (key, max) in [("title", 24), ("submit", 24), ("close", 24)] {
        assert_plain(&view[key], max, screen.is_form() && key != "submit");
    }
    for (key, max) in [("private_metadata", 3000), ("callback_id", 255)] {
        assert!(
            units(view[key].as_str().unwrap_or_default()) <= max,
            "{key}"
        );
    }
    let blocks = view["blocks"].as_array().unwrap();
    assert!((1..=100).contains(&blocks.len()), "{} blocks", blocks.len());
    let mut ids = BTreeSet::new();
    for block in blocks {
        if let Some(id) = block["block_id"].as_str() {
            assert!((1..=255).contains(&units(id)), "{id}");
            assert!(ids.insert(id), "{id} is there twice");
        }
        match block["type"].as_str().unwrap() {
            "section" => assert_text(&block["text"], 3000),
            "context" => {
                let elements = block["elements"].as_array().unwrap();
                assert!((1..=10).contains(&elements.len()));
                elements
                    .iter()
                    .for_each(|element| assert_text(element, 2000));
            }
            "actions" => assert_buttons(block["elements"].as_array().unwrap()),
            "header" => assert_plain(&block["text"], 150, true),
            "rich_text" => {
                let text = &block["elements"][0]["elements"][0]["text"];
                assert!((1..=3000).contains(&units(text.as_str().unwrap())));
            }
            "divider" => {}
            "input" => {
                assert!(
                    view["submit"].is_object(),
                    "an input and no button to send it"
                );
                assert_input(block);
            }
            other => panic!("nothing of ours makes a {other}"),
        }
    }
}

fn assert_plain(text: &Value, max: usize, needed: bool) {
    if text.is_null() {
        assert!(!needed, "a text is missing");
        return;
    }
    assert_eq!(text["type"], "plain_text");
    assert_text(text, max);
}

fn assert_buttons(buttons: &[Value]) {
    assert!((1..=25).contains(&buttons.len()));
    let ids: BTreeSet<&str> = buttons
        .iter()
        .map(|button| button["action_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), buttons.len(), "an action is there twice");
    for button in buttons {
        assert!((1..=30).contains(&units(button["text"]["text"].as_str().unwrap())));
        assert!(units(button["value"].as_str().unwrap_or_default()) <= 2000);
    }
}

fn assert_input(block: &Value) {
    let element = &block["element"];
    assert_plain(&block["label"], 2000, true);
    assert_plain(&block["hint"], 2000, false);
    assert_plain(&element["placeholder"], 150, false);
    let id = element["action_id"].as_str().unwrap();
    assert_eq!(
        block["block_id"], id,
        "corrections name blocks, values actions"
    );
    let options = element["options"].as_array();
    let kind = element["type"].as_str().unwrap();
    let most = match kind {
        "plain_text_input" => {
            let most = element["max_length"].as_u64().unwrap();
            assert!((1..=3000).contains(&most));
            let initial = element["initial_value"].as_str().unwrap_or_default();
            assert!(units(initial) as u64 <= most);
            return;
        }
        "external_select" => {
            assert_option(&element["initial_option"]);
            return;
        }
        "static_select" => 100,
        "radio_buttons" | "checkboxes" => 10,
        other => panic!("nothing of ours makes a {other}"),
    };
    let options = options.unwrap();
    assert!((1..=most).contains(&options.len()), "{}", options.len());
    options.iter().for_each(assert_option);
    let values: BTreeSet<&str> = options
        .iter()
        .map(|o| o["value"].as_str().unwrap())
        .collect();
    assert_eq!(values.len(), options.len(), "an option is there twice");
    let initial = &element["initial_option"];
    assert!(initial.is_null() || options.contains(initial));
}

fn assert_option(option: &Value) {
    if option.is_null() {
        return;
    }
    assert_plain(&option["text"], 75, true);
    assert!((1..=150).contains(&units(option["value"].as_str().unwrap())));
}

/// A screen as text: `<callback notes>`, then as messages are drawn; inputs as `label: [what is in it]`,
/// options between bars, `*` after what must be filled, `~ ` before hints.
pub(crate) fn picture(screen: &Screen) -> String {
    let view = serde_json::to_value(screen).unwrap();
    let text = |value: &Value| value["text"].as_str().unwrap_or_default().to_owned();
    let mut lines = Vec::new();
    if screen.is_form() {
        let ids = ["callback_id", "private_metadata"].map(|key| view[key].as_str().unwrap_or("-"));
        lines.push(format!(
            "form: {} <{}>",
            text(&view["title"]),
            ids.join(" ")
        ));
    } else {
        lines.push("home:".to_owned());
    }
    lines.extend(view["blocks"].as_array().unwrap().iter().map(block));
    if !view["submit"].is_null() {
        lines.push(format!(
            "({}) ({})",
            text(&view["submit"]),
            text(&view["close"])
        ));
    }
    lines.join("\n")
}

fn block(block: &Value) -> String {
    let text = block["text"]["text"].as_str().unwrap_or_default();
    let elements = || block["elements"].as_array().unwrap().iter();
    match block["type"].as_str().unwrap() {
        "section" if block["text"]["type"] == "plain_text" => format!("> {text}"),
        "section" => text.to_owned(),
        "header" => format!("# {text}"),
        "divider" => "---".to_owned(),
        "context" => {
            let parts = elements().map(|part| part["text"].as_str().unwrap());
            format!("~ {}", parts.collect::<Vec<_>>().join("  "))
        }
        "rich_text" => {
            let mono = &block["elements"][0]["elements"][0]["text"];
            format!("| {}", mono.as_str().unwrap())
        }
        "actions" => elements().map(button).collect::<Vec<_>>().join(" "),
        _ => input(block),
    }
}

fn button(button: &Value) -> String {
    let label = button["text"]["text"].as_str().unwrap();
    let value = button["value"].as_str().map(|value| format!(" {value}"));
    format!("[{label}{}]", value.unwrap_or_default())
}

fn input(block: &Value) -> String {
    let element = &block["element"];
    let label = block["label"]["text"].as_str().unwrap();
    let needed = if block["optional"] == true { "" } else { "*" };
    let options = element["options"].as_array().into_iter().flatten();
    let option = |option: &Value| {
        let chosen = *option == element["initial_option"];
        let label = option["text"]["text"].as_str().unwrap();
        format!("{}{label}", if chosen { "•" } else { "" })
    };
    let options: Vec<String> = options.map(option).collect();
    let inside = match element["type"].as_str().unwrap() {
        "plain_text_input" => element["initial_value"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        "external_select" if element["initial_option"].is_null() => String::new(),
        "external_select" => option(&element["initial_option"]).replace('•', ""),
        _ => options.join(" | "),
    };
    let grey = element["placeholder"]["text"].as_str();
    let grey = grey.map(|text| format!(" ({text})")).unwrap_or_default();
    let hint = block["hint"]["text"].as_str();
    let hint = hint.map(|text| format!("\n~ {text}")).unwrap_or_default();
    let tells = if block["dispatch_action"] == true {
        " !"
    } else {
        ""
    };
    let id = element["action_id"].as_str().unwrap();
    format!("{label}{needed}: [{inside}]{grey} <{id}>{tells}{hint}")
}
