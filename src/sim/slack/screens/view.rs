//! The `view` object: what Slack adds to it. (docs.slack.dev, "Views")

use serde_json::{Value, json};

use super::super::blocks;
use super::super::element;
use super::super::state::State;
use super::super::wire::set;

/// What a view has when the app does not say otherwise.
const USUAL: &[(&str, &str)] = &[
    ("private_metadata", ""),
    ("callback_id", ""),
    ("external_id", ""),
];

/// A view's place in its stack.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Ids {
    pub(in super::super) id: String,
    /// The first view of the stack.
    pub(in super::super) root: String,
    /// The view that it covers.
    pub(in super::super) previous: Option<String>,
}

impl State {
    /// The view with everything that Slack adds, but for its `state`.
    pub(super) fn complete(&self, view: &Value, ids: &Ids) -> Value {
        let app = &self.world.app;
        let mut view = view.clone();
        let blocks = self.kept_blocks(&view);
        set(&mut view, "blocks", Value::Array(blocks));
        for (name, usual) in USUAL {
            set_if_absent(&mut view, name, json!(usual));
        }
        for name in ["clear_on_close", "notify_on_close"] {
            set_if_absent(&mut view, name, json!(false));
        }
        let hash = format!("{}.{}", self.now().timestamp(), self.mint.id(""));
        for (name, value) in [
            ("id", &ids.id),
            ("root_view_id", &ids.root),
            ("team_id", &app.team),
            ("app_id", &app.id),
            ("bot_id", &app.bot),
            ("app_installed_team_id", &app.team),
            ("hash", &hash),
        ] {
            set(&mut view, name, json!(value));
        }
        if let Some(previous) = &ids.previous {
            set(&mut view, "previous_view_id", json!(previous));
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

/// A view as deliveries carry it: what is not there is `null`. In the answers of calls it is absent.
/// Home tabs, which have no title, come with this one; official recordings show it.
pub(in super::super) fn delivered(view: &Value) -> Value {
    let mut view = view.clone();
    if text(&view, "type") == "home" {
        let title = json!({"type": "plain_text", "text": "View Title", "emoji": true});
        set_if_absent(&mut view, "title", title);
    }
    for name in ["close", "submit", "previous_view_id"] {
        set_if_absent(&mut view, name, Value::Null);
    }
    view
}

/// Sets a field of an object that does not have it.
fn set_if_absent(object: &mut Value, name: &str, value: Value) {
    if object.get(name).is_none() {
        set(object, name, value);
    }
}

/// A text field of a view.
pub(in super::super) fn text<'a>(view: &'a Value, name: &str) -> &'a str {
    element::text_of(view, name)
}

/// Whether a view says yes to something.
pub(in super::super) fn flag(view: &Value, name: &str) -> bool {
    view.get(name) == Some(&json!(true))
}

/// The blocks of a view.
pub(in super::super) fn blocks_of(view: &Value) -> &[Value] {
    let blocks = view.get("blocks").and_then(Value::as_array);
    blocks.map(Vec::as_slice).unwrap_or_default()
}
