//! The `view` object: what Slack adds to it, and the values that are filled in.

use serde_json::{Map, Value, json};

use super::super::blocks;
use super::super::state::State;
use super::super::wire::set;

/// What a view has when the app does not say otherwise.
const USUAL: &[(&str, &str)] = &[
    ("private_metadata", ""),
    ("callback_id", ""),
    ("external_id", ""),
];

impl State {
    /// The view with everything that Slack adds.
    pub(super) fn complete(&self, view: &Value, id: &str) -> Value {
        let app = &self.world.app;
        let mut view = view.clone();
        let blocks = self.kept_blocks(&view);
        let values = values(&blocks, &Map::new());
        set(&mut view, "state", json!({"values": values}));
        set(&mut view, "blocks", Value::Array(blocks));
        for (name, usual) in USUAL {
            set_if_absent(&mut view, name, json!(usual));
        }
        for name in ["clear_on_close", "notify_on_close"] {
            set_if_absent(&mut view, name, json!(false));
        }
        let hash = format!("{}.{}", self.now().timestamp(), self.mint.id(""));
        for (name, value) in [
            ("id", id),
            ("root_view_id", id),
            ("team_id", &app.team),
            ("app_id", &app.id),
            ("bot_id", &app.bot),
            ("app_installed_team_id", &app.team),
            ("hash", &hash),
        ] {
            set(&mut view, name, json!(value));
        }
        view
    }

    fn kept_blocks(&self, view: &Value) -> Vec<Value> {
        let blocks = view.get("blocks").and_then(Value::as_array);
        let mut blocks = blocks.cloned().unwrap_or_default();
        blocks::keep(&mut blocks, &self.mint);
        let input = |block: &&mut Value| block.get("type") == Some(&json!("input"));
        for block in blocks.iter_mut().filter(input) {
            set_if_absent(block, "optional", json!(false));
            set_if_absent(block, "dispatch_action", json!(false));
        }
        blocks
    }
}

/// Sets a field of an object that does not have it.
pub(super) fn set_if_absent(object: &mut Value, name: &str, value: Value) {
    if object.get(name).is_none() {
        set(object, name, value);
    }
}

/// `state.values`: every element that can be filled in, `null` while it is empty.
pub(in super::super) fn values(blocks: &[Value], filled: &Map<String, Value>) -> Value {
    let mut values = Map::new();
    for block in blocks {
        let Some(block_id) = block.get("block_id").and_then(Value::as_str) else {
            continue;
        };
        for element in blocks::elements(block) {
            if let Some((action_id, value)) = stateful(element, filled) {
                let entry = values.entry(block_id).or_insert_with(|| json!({}));
                set(entry, &action_id, value);
            }
        }
    }
    Value::Object(values)
}

/// The kinds of elements that keep a value: its name, and the name of what it is at first.
const STATEFUL: &[(&str, &str, &str)] = &[
    ("plain_text_input", "value", "initial_value"),
    ("number_input", "value", "initial_value"),
    ("static_select", "selected_option", "initial_option"),
    ("external_select", "selected_option", "initial_option"),
    ("radio_buttons", "selected_option", "initial_option"),
    ("checkboxes", "selected_options", "initial_options"),
    ("multi_static_select", "selected_options", "initial_options"),
    ("users_select", "selected_user", "initial_user"),
    ("multi_users_select", "selected_users", "initial_users"),
    ("datepicker", "selected_date", "initial_date"),
    ("timepicker", "selected_time", "initial_time"),
    ("datetimepicker", "selected_date_time", "initial_date_time"),
];

fn stateful(element: &Value, filled: &Map<String, Value>) -> Option<(String, Value)> {
    let kind = element.get("type")?.as_str()?;
    let action_id = element.get("action_id")?.as_str()?;
    let (_, name, initial) = STATEFUL.iter().find(|(known, ..)| *known == kind)?;
    let several = name.ends_with("options") || name.ends_with("users");
    let empty = if several { json!([]) } else { Value::Null };
    let value = filled
        .get(action_id)
        .or_else(|| element.get(initial))
        .cloned()
        .unwrap_or(empty);
    let value = match chosen(element, value) {
        one if several && !one.is_array() => json!([one]),
        value => value,
    };
    let mut out = json!({"type": kind});
    set(&mut out, name, value);
    Some((action_id.to_owned(), out))
}

/// People choose by label; what is kept is the option.
fn chosen(element: &Value, value: Value) -> Value {
    let options = element.get("options").and_then(Value::as_array);
    let is_it = |option: &&Value| option.pointer("/text/text") == Some(&value);
    match options.and_then(|options| options.iter().find(is_it)) {
        Some(option) => option.clone(),
        None => value,
    }
}

/// What can be filled in, by `action_id`.
pub(super) fn fields(blocks: &[Value]) -> Vec<String> {
    let elements = blocks.iter().flat_map(blocks::elements);
    let stateful = elements.filter_map(|element| stateful(element, &Map::new()));
    stateful.map(|(action_id, _)| action_id).collect()
}
