//! What every message must keep, and pictures of them all.

mod answers;
mod gallery;
mod hostile;
pub(crate) mod screens;
mod week;

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::Message;
use super::blocks::limit;
use super::text::units;

/// Every limit of Slack that our messages could break, checked on the JSON that goes out and apart
/// from the code that keeps them.
pub(crate) fn assert_within_limits(message: &Message) {
    assert!(!message.text.is_empty(), "no text");
    assert!(units(&message.text) <= limit::TEXT);
    assert_markup_is_ours(&message.text);
    let json = serde_json::to_value(message).unwrap();
    let blocks = json["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50, "{} blocks", blocks.len());
    for block in blocks {
        assert!(block.get("block_id").is_none(), "left to Slack");
        match block["type"].as_str().unwrap() {
            "section" => assert_text(&block["text"], 3000),
            "context" => {
                let elements = block["elements"].as_array().unwrap();
                assert!((1..=10).contains(&elements.len()));
                for element in elements {
                    assert_text(element, 2000);
                }
            }
            "actions" => {
                let elements = block["elements"].as_array().unwrap();
                assert!((1..=25).contains(&elements.len()));
                elements.iter().for_each(assert_button);
            }
            "rich_text" => {
                let text = &block["elements"][0]["elements"][0]["text"];
                assert!((1..=3000).contains(&units(text.as_str().unwrap())));
            }
            other => panic!("nothing of ours makes a {other}"),
        }
    }
}

fn assert_text(object: &Value, max: usize) {
    let text = object["text"].as_str().unwrap();
    assert!((1..=max).contains(&units(text)), "{} units", units(text));
    if object["type"] == "mrkdwn" {
        assert_eq!(
            object["verbatim"], true,
            "Slack would link bare names: {text}"
        );
        assert_markup_is_ours(text);
    } else {
        assert_eq!(object["emoji"], false, "typed `:x:` would be drawn: {text}");
    }
}

fn assert_button(button: &Value) {
    let label = button["text"]["text"].as_str().unwrap();
    assert!((1..=30).contains(&units(label)));
    assert!(units(button["value"].as_str().unwrap()) <= 2000);
    if button["action_id"] == super::form::id::ASK {
        return;
    }
    assert!(super::Action::of_id(button["action_id"].as_str().unwrap()).is_some());
    assert!(super::parse_value(button["value"].as_str().unwrap()).is_some());
    let confirm = &button["confirm"];
    if !confirm.is_null() {
        for (key, max) in [("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)] {
            assert!((1..=max).contains(&units(confirm[key]["text"].as_str().unwrap())));
        }
    }
}

/// Whatever `<` or `&` is left belongs to a token that only we make; code spans are closed.
fn assert_markup_is_ours(text: &str) {
    static TOKENS: LazyLock<Regex> = LazyLock::new(|| {
        let moment = r"<!date\^[0-9]+\^[a-z{}_ ]+\|[A-Za-z0-9: ]+ UTC>";
        let id = r"<(@|#|!subteam\^)[A-Z0-9]+>";
        Regex::new(&format!("{moment}|{id}")).unwrap()
    });
    static ENTITIES: LazyLock<Regex> = LazyLock::new(|| Regex::new("&(amp|lt|gt);").unwrap());
    let rest = TOKENS.replace_all(text, "");
    assert!(!rest.contains(['<', '>']), "markup in {text:?}");
    assert!(!ENTITIES.replace_all(&rest, "").contains('&'), "{text:?}");
}

/// A message as text: `text:` the notification, `>` plain text, `~` small print, `|` monospace,
/// `[…]` buttons with what they send.
pub(crate) fn picture(message: &Message) -> String {
    let json = serde_json::to_value(message).unwrap();
    let mut lines = vec![format!("text: {}", message.text)];
    for block in json["blocks"].as_array().unwrap() {
        let text = block["text"]["text"].as_str().unwrap_or_default();
        let elements = || block["elements"].as_array().unwrap().iter();
        match (block["type"].as_str().unwrap(), &block["text"]["type"]) {
            ("section", kind) if kind == "plain_text" => lines.push(format!("> {text}")),
            ("section", _) => lines.push(text.to_owned()),
            ("context", _) => {
                let parts = elements().map(|part| part["text"].as_str().unwrap());
                lines.push(format!("~ {}", parts.collect::<Vec<_>>().join("  ")));
            }
            ("rich_text", _) => {
                let mono = block["elements"][0]["elements"][0]["text"]
                    .as_str()
                    .unwrap();
                lines.extend(
                    mono.lines()
                        .map(|line| format!("| {line}").trim_end().to_owned()),
                );
            }
            _ => lines.push(elements().map(button).collect::<Vec<_>>().join(" ")),
        }
    }
    lines.join("\n")
}

fn button(button: &Value) -> String {
    let label = button["text"]["text"].as_str().unwrap();
    let value = button["value"].as_str().unwrap();
    let confirm = button["confirm"]["text"]["text"].as_str();
    let confirm = confirm.map(|text| format!(" asks back: {text}"));
    format!("[{label} {value}{}]", confirm.unwrap_or_default())
}
