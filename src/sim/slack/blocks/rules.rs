//! What holds between the parts of a message: ids that are unique, choices that exist.

use std::collections::BTreeSet;

use serde_json::Value;

use super::shape::Report;

/// Characters that all markdown blocks of a message may have together.
const MAX_MARKDOWN: usize = 12_000;

/// Reports what is wrong between blocks and within them.
pub(super) fn check(blocks: &[Value], at: &str, report: &mut Report) {
    let mut ids = BTreeSet::new();
    for (n, block) in blocks.iter().enumerate() {
        let at = format!("{at}/{n}");
        if let Some(id) = text_of(block, "block_id")
            && !ids.insert(id)
        {
            report.add(format!("`block_id` {id} already exists"), &at);
        }
        check_block(block, &at, report);
    }
    check_together(blocks, at, report);
}

fn text_of<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

fn check_block(block: &Value, at: &str, report: &mut Report) {
    let kind = text_of(block, "type").unwrap_or_default();
    let has = |name: &str| block.get(name).is_some();
    if kind == "section" && !has("text") && !has("fields") {
        report.add("missing required field: text", at);
    }
    if kind == "image" && has("image_url") == has("slack_file") {
        report.add("must provide one of image_url, slack_file", at);
    }
    let mut ids = BTreeSet::new();
    for (element, at) in elements(block, at) {
        if let Some(id) = text_of(element, "action_id")
            && !ids.insert(id)
        {
            report.add(format!("`action_id` {id} already exists"), &at);
        }
        check_choices(element, &at, report);
    }
}

/// The interactive elements of a block, with their pointers.
pub(super) fn elements<'a>(block: &'a Value, at: &str) -> Vec<(&'a Value, String)> {
    let kind = text_of(block, "type").unwrap_or_default();
    let one = |name: &str| {
        let found = block.get(name).map(|e| (e, format!("{at}/{name}")));
        found.into_iter().collect()
    };
    match kind {
        "section" => one("accessory"),
        "input" => one("element"),
        "actions" => {
            let all = block.get("elements").and_then(Value::as_array);
            let all = all.into_iter().flatten().enumerate();
            all.map(|(n, e)| (e, format!("{at}/elements/{n}")))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Options exist once, and what is chosen at first is one of them.
fn check_choices(element: &Value, at: &str, report: &mut Report) {
    let listed = |name: &str| element.get(name).and_then(Value::as_array);
    let grouped = listed("option_groups").into_iter().flatten();
    let grouped = grouped.filter_map(|group| group.get("options")?.as_array());
    let options: Vec<&Value> = grouped.chain(listed("options")).flatten().collect();
    let select = text_of(element, "type").is_some_and(|kind| kind.ends_with("static_select"));
    if select && listed("options").is_some() == listed("option_groups").is_some() {
        report.add("must provide one of options, option_groups", at);
    }
    let initial = element.get("initial_option").into_iter();
    for chosen in initial.chain(listed("initial_options").into_iter().flatten()) {
        let exists = options.contains(&chosen);
        if !exists && text_of(element, "type") != Some("external_select") {
            report.add("initial option must be one of the options", at);
        }
    }
}

fn check_together(blocks: &[Value], at: &str, report: &mut Report) {
    let of_kind = |kind: &'static str| {
        blocks
            .iter()
            .filter(move |b| text_of(b, "type") == Some(kind))
    };
    if of_kind("table").count() > 1 {
        report.add("only_one_table_allowed", at);
    }
    let markdown: usize = of_kind("markdown")
        .filter_map(|block| text_of(block, "text"))
        .map(|text| text.encode_utf16().count())
        .sum();
    if markdown > MAX_MARKDOWN {
        report.add(
            format!("markdown blocks exceed {MAX_MARKDOWN} characters together"),
            at,
        );
    }
    let focused = blocks
        .iter()
        .flat_map(|block| elements(block, at))
        .filter(|(element, _)| element.get("focus_on_load") == Some(&Value::Bool(true)));
    if focused.count() > 1 {
        report.add("only one element can have focus_on_load", at);
    }
}

/// A modal that asks for something needs a button to send it off.
pub(super) fn check_submit(view: &Value, blocks: &[Value], report: &mut Report) {
    let asks = blocks.iter().any(|b| text_of(b, "type") == Some("input"));
    if asks && view.get("submit").is_none() {
        report.add("missing required field: submit", "/view");
    }
}
