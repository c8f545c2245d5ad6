//! Block Kit, checked as Slack checks it: shapes, limits and uniqueness.
//!
//! Independent of any client library, so that a block the bot's own types allow is still refused here
//! when Slack would refuse it. Problems read like Slack's: `[ERROR] … [json-pointer:/blocks/0]`.

mod catalogue;
mod elements;
mod menus;
mod rules;
mod shape;
mod stored;

use serde_json::Value;

use catalogue::{HOME, MESSAGE_BLOCKS, MODAL};
use menus::SUGGESTIONS;
use shape::{Form, Report, Shape};

pub(super) use stored::{bare, keep};

/// Blocks that a message may have.
const MAX_MESSAGE_BLOCKS: usize = 50;

static IN_MESSAGE: Form = Form::List(0, MAX_MESSAGE_BLOCKS, &Form::OneOf(MESSAGE_BLOCKS));

/// What is wrong with a message's blocks; empty when Slack would take them.
pub(super) fn check_message(blocks: &[Value]) -> Vec<String> {
    let mut report = Report::default();
    let all = Value::Array(blocks.to_vec());
    IN_MESSAGE.check(&all, "/blocks", &mut report);
    rules::check(blocks, "/blocks", &mut report);
    report.messages()
}

/// What is wrong with a modal; empty when Slack would take it.
pub(super) fn check_modal(view: &Value) -> Vec<String> {
    check_as(&Form::OneOf(A_MODAL), view)
}

/// What is wrong with a home tab; empty when Slack would take it.
pub(super) fn check_home(view: &Value) -> Vec<String> {
    check_as(&Form::OneOf(A_HOME), view)
}

/// What is wrong with a view of either type.
pub(super) fn check_view(view: &Value) -> Vec<String> {
    check_as(&Form::OneOf(A_VIEW), view)
}

static A_MODAL: &[&Shape] = &[&MODAL];
static A_HOME: &[&Shape] = &[&HOME];
static A_VIEW: &[&Shape] = &[&MODAL, &HOME];

fn check_as(form: &Form, view: &Value) -> Vec<String> {
    let mut report = Report::default();
    form.check(view, "/view", &mut report);
    let blocks = view.get("blocks").and_then(Value::as_array);
    let blocks = blocks.map(Vec::as_slice).unwrap_or_default();
    rules::check(blocks, "/view/blocks", &mut report);
    if view.get("type").and_then(Value::as_str) == Some(MODAL.name) {
        rules::check_submit(view, blocks, &mut report);
    }
    report.messages()
}

/// What is wrong with the answer to a typeahead; empty when Slack would show it.
pub(super) fn check_suggestions(answer: &Value) -> Vec<String> {
    let mut report = Report::default();
    Form::Part(&SUGGESTIONS).check(answer, "", &mut report);
    if answer.get("options").is_some() == answer.get("option_groups").is_some() {
        report.add("must provide one of options, option_groups", "");
    }
    report.messages()
}

/// The interactive elements of a block.
pub(super) fn elements(block: &Value) -> Vec<&Value> {
    rules::elements(block, "")
        .into_iter()
        .map(|(element, _)| element)
        .collect()
}

/// Collects the `mrkdwn` texts anywhere in a block.
pub(super) fn markup_in<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    if value.get("type").and_then(Value::as_str) == Some("mrkdwn") {
        found.extend(value.get("text").and_then(Value::as_str));
    }
    match value {
        Value::Object(fields) => fields.values().for_each(|v| markup_in(v, found)),
        Value::Array(items) => items.iter().for_each(|v| markup_in(v, found)),
        _ => {}
    }
}
