//! A form or home tab, with what stands in its inputs.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::payload::{Held, View, ViewState};
use crate::slack::inbound::{Entered, OnScreen};

/// Where one thing chosen stands, by kind of input; an option is an object with a `value`.
const ONE: [&str; 7] = [
    "selected_option",
    "selected_user",
    "selected_channel",
    "selected_conversation",
    "selected_date",
    "selected_time",
    "selected_date_time",
];

/// Where several stand.
const MANY: [&str; 4] = [
    "selected_options",
    "selected_users",
    "selected_channels",
    "selected_conversations",
];

/// A view as its user left it; `None` when it has no id, which nothing could be done with.
pub(super) fn on_screen(view: View) -> Option<OnScreen> {
    let id = view.id.filter(|id| !id.is_empty())?;
    let root = view.root_view_id.filter(|root| !root.is_empty());
    Some(OnScreen {
        root: root.unwrap_or_else(|| id.clone()),
        id,
        hash: view.hash.unwrap_or_default(),
        callback: view.callback_id.unwrap_or_default(),
        notes: view.private_metadata.unwrap_or_default(),
        is_home: view.kind.as_deref() == Some("home"),
        entered: view.state.map(all).unwrap_or_default(),
    })
}

fn all(state: ViewState) -> BTreeMap<String, Entered> {
    let blocks = state.values.unwrap_or_default();
    let inputs = blocks.into_iter().filter_map(|(_, inputs)| match inputs {
        Value::Object(inputs) => Some(inputs),
        _ => None,
    });
    let held = |value: Value| match value {
        Value::Object(fields) => entered(&Held(fields)),
        _ => Entered::Nothing,
    };
    inputs
        .flat_map(Map::into_iter)
        .map(|(action, value)| (action, held(value)))
        .collect()
}

/// What an input holds.
pub(super) fn entered(held: &Held) -> Entered {
    let field = |name: &&str| held.0.get(*name);
    if let Some(one) = ONE.iter().find_map(field) {
        return chosen(one).map_or(Entered::Nothing, Entered::One);
    }
    if let Some(Value::Array(items)) = MANY.iter().find_map(field) {
        let items: Vec<String> = items.iter().filter_map(chosen).collect();
        return match items.is_empty() {
            true => Entered::Nothing,
            false => Entered::Many(items),
        };
    }
    match held.0.get("value") {
        Some(Value::String(text)) if !text.is_empty() => Entered::Text(text.clone()),
        _ => Entered::Nothing,
    }
}

/// An id, a date, a moment, or the value of an option; `None` for nothing, and for what is neither.
fn chosen(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Object(option) => option.get("value")?.as_str()?.to_owned(),
        Value::Null | Value::Bool(_) | Value::Array(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What an input of this kind holds, given the field that it holds it in.
    fn holding(kind: &str, field: &str, value: &Value) -> Entered {
        let mut fields = Map::new();
        fields.insert("type".to_owned(), json!(kind));
        fields.insert(field.to_owned(), value.clone());
        entered(&Held(fields))
    }

    fn option(value: &str) -> Value {
        json!({"text": {"type": "plain_text", "text": "x"}, "value": value})
    }

    #[test]
    fn what_is_entered_or_chosen_is_read() {
        let text = |text: &str| Entered::Text(text.to_owned());
        let one = |text: &str| Entered::One(text.to_owned());
        #[rustfmt::skip]
        let cases = [
            ("plain_text_input", "value", json!(" a -> b "), text(" a -> b ")),
            ("number_input", "value", json!("30"), text("30")),
            ("static_select", "selected_option", option("30m"), one("30m")),
            ("radio_buttons", "selected_option", option("x"), one("x")),
            ("users_select", "selected_user", json!("U1"), one("U1")),
            ("conversations_select", "selected_conversation", json!("C1"), one("C1")),
            ("channels_select", "selected_channel", json!("C1"), one("C1")),
            ("datepicker", "selected_date", json!("2026-01-05"), one("2026-01-05")),
            ("timepicker", "selected_time", json!("09:30"), one("09:30")),
            ("datetimepicker", "selected_date_time", json!(1_800_000_000), one("1800000000")),
        ];
        for (kind, field, value, expected) in cases {
            assert_eq!(holding(kind, field, &value), expected, "{kind}");
            let empty = holding(kind, field, &Value::Null);
            assert_eq!(empty, Entered::Nothing, "{kind}");
        }
        let emptied = holding("plain_text_input", "value", &json!(""));
        assert_eq!(emptied, Entered::Nothing);
    }

    #[test]
    fn several_are_read_and_none_is_nothing() {
        let options = json!([option("a"), option("b")]);
        for (kind, field, value, expected) in [
            ("checkboxes", "selected_options", options, ["a", "b"]),
            (
                "multi_users_select",
                "selected_users",
                json!(["U1", "U2"]),
                ["U1", "U2"],
            ),
            (
                "multi_channels_select",
                "selected_channels",
                json!(["C1", "C2"]),
                ["C1", "C2"],
            ),
            (
                "multi_conversations_select",
                "selected_conversations",
                json!(["D1", "C2"]),
                ["D1", "C2"],
            ),
        ] {
            let expected = Entered::Many(expected.map(str::to_owned).to_vec());
            assert_eq!(holding(kind, field, &value), expected, "{kind}");
            assert_eq!(holding(kind, field, &json!([])), Entered::Nothing, "{kind}");
        }
    }

    #[test]
    fn an_input_that_nobody_knows_holds_nothing() {
        for (field, value) in [
            ("rich_text_value", json!({"type": "rich_text"})),
            ("selected_users", json!("U1")),
            ("selected_option", json!({"value": 7})),
            ("value", json!(7)),
        ] {
            let held = holding("not_invented_yet", field, &value);
            assert_eq!(held, Entered::Nothing, "{field}");
        }
    }

    #[test]
    fn strange_shapes_lose_nothing_but_themselves() {
        let view = json!({"id": "V1", "type": "modal", "state": {"values": {
            "a": {"why": {"type": "plain_text_input", "value": "INC-42"}, "odd": 7},
            "b": [], "c": null}}});
        let screen = on_screen(serde_json::from_value(view).unwrap()).unwrap();
        assert_eq!((screen.root.as_str(), screen.is_home), ("V1", false));
        let text = Entered::Text("INC-42".to_owned());
        let expected = [
            ("why".to_owned(), text),
            ("odd".to_owned(), Entered::Nothing),
        ];
        assert_eq!(screen.entered, expected.into());
    }
}
