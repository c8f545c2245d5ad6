//! Messages as lines of plain text, for transcripts and terminals; and the controls in them.

use serde_json::Value;

use super::markup::Reader;
use super::message::Message;

/// Something a person can press or choose.
#[derive(Debug, Clone)]
pub(super) struct Control<'a> {
    pub(super) label: String,
    pub(super) block_id: String,
    pub(super) element: &'a Value,
    /// The entry of a menu.
    pub(super) option: Option<&'a Value>,
}

/// A string field.
fn text_of<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    let items = value.get(name).and_then(Value::as_array);
    items.into_iter().flatten()
}

/// The text of a text object's field, as stored.
fn label<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).map_or("", |text| text_of(text, "text"))
}

/// A JSON string without its quotes.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Buttons and menu entries of blocks, in order.
pub(super) fn controls(blocks: &[Value]) -> Vec<Control<'_>> {
    blocks.iter().flat_map(block_controls).collect()
}

fn block_controls(block: &Value) -> Vec<Control<'_>> {
    let elements = list(block, "elements").chain(block.get("accessory"));
    elements
        .flat_map(|element| {
            let control = |label: &str, option| Control {
                label: super::markup::unescape(label),
                block_id: text_of(block, "block_id").to_owned(),
                element,
                option,
            };
            match text_of(element, "type") {
                "button" => vec![control(label(element, "text"), None)],
                "overflow" | "static_select" | "radio_buttons" => list(element, "options")
                    .map(|option| control(label(option, "text"), Some(option)))
                    .collect(),
                _ => Vec::new(),
            }
        })
        .collect()
}

/// A message as its reader sees it. Without blocks it is its text.
pub(super) fn lines(reader: &Reader<'_>, message: &Message) -> Vec<String> {
    if message.blocks.is_empty() {
        return split(&reader.read(&message.text));
    }
    let blocks = message.blocks.iter();
    blocks
        .flat_map(|block| block_lines(reader, block))
        .collect()
}

fn split(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

pub(super) fn block_lines(reader: &Reader<'_>, block: &Value) -> Vec<String> {
    match text_of(block, "type") {
        "section" => section(reader, block),
        "header" => split(&text_object(reader, block.get("text"))),
        "context" => {
            let parts: Vec<String> = list(block, "elements")
                .map(|element| match text_of(element, "type") {
                    "image" => format!("({})", text_of(element, "alt_text")),
                    _ => text_object(reader, Some(element)),
                })
                .collect();
            split(&parts.join(" · "))
        }
        "actions" => {
            let shown: Vec<String> = list(block, "elements").map(element).collect();
            vec![shown.join(" ")]
        }
        "divider" => vec!["———".to_owned()],
        "image" => vec![format!("({})", text_of(block, "alt_text"))],
        "markdown" => split(text_of(block, "text")),
        "rich_text" => rich_text(reader, block),
        "table" => list_of_rows(reader, block),
        "input" => {
            let element = block.get("element").map(element).unwrap_or_default();
            vec![format!("{}: {element}", label(block, "label"))]
        }
        _ => Vec::new(),
    }
}

fn text_object(reader: &Reader<'_>, text: Option<&Value>) -> String {
    let Some(text) = text else {
        return String::new();
    };
    match text_of(text, "type") {
        "mrkdwn" => reader.read(text_of(text, "text")),
        _ => text_of(text, "text").to_owned(),
    }
}

fn section(reader: &Reader<'_>, block: &Value) -> Vec<String> {
    let mut lines = split(&text_object(reader, block.get("text")));
    for field in list(block, "fields") {
        lines.extend(split(&text_object(reader, Some(field))));
    }
    if let Some(accessory) = block.get("accessory") {
        let shown = element(accessory);
        match lines.last_mut() {
            Some(last) => *last = format!("{last}  {shown}"),
            None => lines.push(shown),
        }
    }
    lines
}

/// A control as it looks: `[Approve]`, a menu as `[⋯ Approve for 10 min | …]`.
fn element(element: &Value) -> String {
    let entries = || {
        let labels: Vec<&str> = list(element, "options").map(|o| label(o, "text")).collect();
        labels.join(" | ")
    };
    match text_of(element, "type") {
        "button" => format!("[{}]", label(element, "text")),
        "overflow" => format!("[⋯ {}]", entries()),
        "static_select" | "radio_buttons" | "checkboxes" => format!("[▾ {}]", entries()),
        "image" => format!("({})", text_of(element, "alt_text")),
        _ => format!("[{}]", label(element, "placeholder")),
    }
}

fn rich_text(reader: &Reader<'_>, block: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for part in list(block, "elements") {
        match text_of(part, "type") {
            "rich_text_list" => {
                let items = list(part, "elements");
                lines.extend(items.map(|item| format!("• {}", inline(reader, item))));
            }
            _ => lines.extend(split(&inline(reader, part))),
        }
    }
    lines
}

/// The inline elements of a rich text section.
fn inline(reader: &Reader<'_>, section: &Value) -> String {
    list(section, "elements")
        .map(|piece| match text_of(piece, "type") {
            "user" => reader.read(&format!("<@{}>", text_of(piece, "user_id"))),
            "channel" => reader.read(&format!("<#{}>", text_of(piece, "channel_id"))),
            "usergroup" => reader.read(&format!("<!subteam^{}>", text_of(piece, "usergroup_id"))),
            "broadcast" => format!("@{}", text_of(piece, "range")),
            "emoji" => format!(":{}:", text_of(piece, "name")),
            "date" => {
                let at = piece.get("timestamp").and_then(Value::as_i64);
                let (format, fallback) = (text_of(piece, "format"), text_of(piece, "fallback"));
                reader.read(&format!(
                    "<!date^{}^{format}|{fallback}>",
                    at.unwrap_or_default()
                ))
            }
            "link" if text_of(piece, "text").is_empty() => text_of(piece, "url").to_owned(),
            _ => text_of(piece, "text").to_owned(),
        })
        .collect()
}

fn list_of_rows(reader: &Reader<'_>, block: &Value) -> Vec<String> {
    let cell = |cell: &Value| match text_of(cell, "type") {
        "rich_text" => rich_text(reader, cell).join(" "),
        _ => text_of(cell, "text").to_owned(),
    };
    let rows = list(block, "rows").filter_map(Value::as_array);
    rows.map(|row| row.iter().map(cell).collect::<Vec<_>>().join(" | "))
        .collect()
}
