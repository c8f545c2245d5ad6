//! What Slack adds to blocks when it keeps them.

use serde_json::{Map, Value, json};

use super::super::mint::Mint;

/// Names what the app left unnamed and writes the defaults out, as blocks come back from Slack.
pub(in super::super) fn keep(blocks: &mut [Value], mint: &Mint) {
    for block in blocks {
        write_defaults(block);
        if let Some(fields) = block.as_object_mut() {
            name(fields, "block_id", mint);
            name_elements(fields, mint);
        }
    }
}

/// What blocks show, without the names that Slack gives and with the defaults that it writes out.
pub(in super::super) fn bare(blocks: &mut [Value]) {
    for block in blocks {
        write_defaults(block);
        if let Some(fields) = block.as_object_mut() {
            fields.remove("block_id");
        }
    }
}

/// Interactive elements get an `action_id`, as blocks get a `block_id`.
fn name_elements(block: &mut Map<String, Value>, mint: &Mint) {
    let kind = block.get("type").and_then(Value::as_str);
    let place = match kind {
        Some("actions") => "elements",
        Some("section") => "accessory",
        Some("input") => "element",
        _ => return,
    };
    let elements = match block.get_mut(place) {
        Some(Value::Array(elements)) => elements.as_mut_slice(),
        Some(element) => std::slice::from_mut(element),
        None => return,
    };
    for element in elements.iter_mut().filter_map(Value::as_object_mut) {
        if element.get("type") != Some(&json!("image")) {
            name(element, "action_id", mint);
        }
    }
}

fn name(fields: &mut Map<String, Value>, field: &str, mint: &Mint) {
    if fields.get(field).is_none_or(Value::is_null) {
        let name: String = mint.id("").chars().take(5).collect();
        fields.insert(field.to_owned(), Value::String(name));
    }
}

/// `emoji` of plain text and `verbatim` of `mrkdwn`, wherever they are.
fn write_defaults(value: &mut Value) {
    let default = match value.get("type").and_then(Value::as_str) {
        Some("plain_text") => Some(("emoji", true)),
        Some("mrkdwn") => Some(("verbatim", false)),
        _ => None,
    };
    match value {
        Value::Object(fields) => {
            if let Some((field, usual)) = default {
                fields.entry(field).or_insert(json!(usual));
            }
            fields.values_mut().for_each(write_defaults);
        }
        Value::Array(items) => items.iter_mut().for_each(write_defaults),
        _ => {}
    }
}
