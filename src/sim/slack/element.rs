//! Elements that take a value: which kinds there are, and their shapes in `state.values` and in
//! `actions`. (docs.slack.dev, "Block elements"; "`block_actions` payload")

mod answer;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::blocks;
use super::wire::set;

pub(super) use answer::{Asked, options};

/// What people have put in, by `block_id` and `action_id`: the entries of `state.values`.
pub(super) type Typed = BTreeMap<(String, String), Value>;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Text,
    Number,
    Choice,
    Person,
    Conversation,
    Channel,
    Date,
    Time,
    Moment,
}

/// A kind of element that takes a value.
#[derive(Debug)]
pub(super) struct Kind {
    name: &'static str,
    /// Where `state.values` and `actions` have the value.
    field: &'static str,
    /// Where the element has the value that it begins with.
    initial: &'static str,
    holds: Holds,
    several: bool,
}

const fn one(name: &'static str, field: &'static str, initial: &'static str, holds: Holds) -> Kind {
    Kind {
        name,
        field,
        initial,
        holds,
        several: false,
    }
}

const fn several(kind: Kind) -> Kind {
    Kind {
        several: true,
        ..kind
    }
}

/// An overflow menu is pressed like a button: it takes a value but keeps none.
const OVERFLOW: &str = "overflow";

#[rustfmt::skip]
static KINDS: &[Kind] = &[
    one("plain_text_input", "value", "initial_value", Holds::Text),
    one("number_input", "value", "initial_value", Holds::Number),
    one(OVERFLOW, "selected_option", "", Holds::Choice),
    one("static_select", "selected_option", "initial_option", Holds::Choice),
    one("external_select", "selected_option", "initial_option", Holds::Choice),
    one("radio_buttons", "selected_option", "initial_option", Holds::Choice),
    several(one("checkboxes", "selected_options", "initial_options", Holds::Choice)),
    several(one("multi_static_select", "selected_options", "initial_options", Holds::Choice)),
    several(one("multi_external_select", "selected_options", "initial_options", Holds::Choice)),
    one("users_select", "selected_user", "initial_user", Holds::Person),
    several(one("multi_users_select", "selected_users", "initial_users", Holds::Person)),
    one("conversations_select", "selected_conversation", "initial_conversation", Holds::Conversation),
    several(one("multi_conversations_select", "selected_conversations", "initial_conversations", Holds::Conversation)),
    one("channels_select", "selected_channel", "initial_channel", Holds::Channel),
    several(one("multi_channels_select", "selected_channels", "initial_channels", Holds::Channel)),
    one("datepicker", "selected_date", "initial_date", Holds::Date),
    one("timepicker", "selected_time", "initial_time", Holds::Time),
    one("datetimepicker", "selected_date_time", "initial_date_time", Holds::Moment),
];

/// A string field.
pub(super) fn text_of<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

impl Kind {
    /// The kind of an element; `None` for buttons and pictures.
    pub(super) fn of(element: &Value) -> Option<&'static Self> {
        let name = text_of(element, "type");
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// The same, for elements whose value is kept.
    fn kept(element: &Value) -> Option<&'static Self> {
        Self::of(element).filter(|kind| kind.name != OVERFLOW)
    }

    /// Whether a client lets people take back what they chose, outside of input blocks.
    pub(super) const fn can_be_emptied(&self) -> bool {
        let menu = matches!(
            self.holds,
            Holds::Choice | Holds::Person | Holds::Conversation | Holds::Channel
        );
        self.several || !menu
    }

    fn empty(&self) -> Value {
        if self.several { json!([]) } else { Value::Null }
    }

    /// The entry of `state.values` with this value.
    fn entry(&self, value: Value) -> Value {
        let mut entry = json!({"type": self.name});
        set(&mut entry, self.field, value);
        entry
    }
}

/// The entry of `state.values` after somebody put a value in; `None` where none is kept.
pub(super) fn entry(element: &Value, value: Value) -> Option<Value> {
    Kind::kept(element).map(|kind| kind.entry(value))
}

/// What an element holds: what was put in, or what it begins with.
fn holding(kind: &Kind, element: &Value, typed: Option<&Value>) -> Value {
    let typed = typed.and_then(|entry| entry.get(kind.field));
    let held = typed.or_else(|| element.get(kind.initial));
    held.cloned().unwrap_or_else(|| kind.empty())
}

/// What an element holds; `None` when it is empty.
pub(super) fn held(block_id: &str, element: &Value, typed: &Typed) -> Option<Value> {
    let at = (
        block_id.to_owned(),
        text_of(element, "action_id").to_owned(),
    );
    match holding(Kind::kept(element)?, element, typed.get(&at)) {
        Value::Null => None,
        Value::Array(items) if items.is_empty() => None,
        held => Some(held),
    }
}

/// The elements that keep a value, with their blocks.
pub(super) fn stateful(blocks: &[Value]) -> impl Iterator<Item = (&Value, &Value)> {
    let all = blocks
        .iter()
        .flat_map(|block| blocks::elements(block).into_iter().map(move |e| (block, e)));
    all.filter(|(_, element)| Kind::kept(element).is_some())
}

/// `state.values`: every element that keeps a value, `null` while it is empty.
pub(super) fn values(blocks: &[Value], typed: &Typed) -> Value {
    let mut values = Map::new();
    for (block, element) in stateful(blocks) {
        let Some(kind) = Kind::kept(element) else {
            continue;
        };
        let at = (
            text_of(block, "block_id").to_owned(),
            text_of(element, "action_id").to_owned(),
        );
        let held = holding(kind, element, typed.get(&at));
        let block = values.entry(at.0).or_insert_with(|| json!({}));
        set(block, &at.1, kind.entry(held));
    }
    Value::Object(values)
}

/// What is left of what people have put in when the blocks have become these: values of elements that
/// are there under the same two ids, are of the same kind and still offer what was chosen.
pub(super) fn surviving(blocks: &[Value], typed: Typed) -> Typed {
    let fits = |at: &(String, String), entry: &Value| {
        let found = stateful(blocks)
            .find(|(b, e)| text_of(b, "block_id") == at.0 && text_of(e, "action_id") == at.1);
        found.is_some_and(|(_, element)| {
            text_of(element, "type") == text_of(entry, "type") && still_offered(element, entry)
        })
    };
    typed
        .into_iter()
        .filter(|(at, entry)| fits(at, entry))
        .collect()
}

fn still_offered(element: &Value, entry: &Value) -> bool {
    let offered = options(element);
    // What an external menu offers is the app's to know.
    if offered.is_empty() {
        return true;
    }
    options_held(entry).all(|option| offered.contains(&option))
}

/// The options in an entry of `state.values`.
pub(super) fn options_held(entry: &Value) -> impl Iterator<Item = &Value> {
    let one = entry.get("selected_option").filter(|o| !o.is_null());
    let several = entry.get("selected_options").and_then(Value::as_array);
    one.into_iter().chain(several.into_iter().flatten())
}

/// What is chosen at first in elements that begin with the conversation the person is in.
pub(super) fn current_conversation(blocks: &[Value], channel: &str) -> Typed {
    let wants = |element: &Value| {
        element.get("default_to_current_conversation") == Some(&json!(true)) && !channel.is_empty()
    };
    let begun = stateful(blocks).filter_map(|(block, element)| {
        let kind = Kind::kept(element).filter(|_| wants(element))?;
        let at = (
            text_of(block, "block_id").to_owned(),
            text_of(element, "action_id").to_owned(),
        );
        let value = if kind.several {
            json!([channel])
        } else {
            json!(channel)
        };
        Some((at, kind.entry(value)))
    });
    begun.collect()
}

/// Whether using an element tells the app at once. In an input block it does only where the app asked
/// for that; elsewhere it always does.
pub(super) fn dispatches(block: &Value) -> bool {
    text_of(block, "type") != "input" || block.get("dispatch_action") == Some(&json!(true))
}

/// What `actions` repeats of an element.
const REPEATED: &[&str] = &[
    "text",
    "value",
    "style",
    "url",
    "placeholder",
    "confirm",
    "min_query_length",
    "initial_option",
    "initial_options",
    "initial_user",
    "initial_users",
    "initial_conversation",
    "initial_conversations",
    "initial_channel",
    "initial_channels",
    "initial_date",
    "initial_time",
    "initial_date_time",
];

/// The entry of `actions` for an element that was used; `value` is what was put in.
pub(super) fn action(block_id: &str, element: &Value, value: Option<Value>) -> Value {
    let mut action = json!({
        "action_id": element.get("action_id").cloned().unwrap_or_else(|| json!("")),
        "block_id": block_id,
        "type": element.get("type"),
    });
    // Of a text field Slack repeats nothing but what was typed.
    let typed = text_of(element, "type") == "plain_text_input";
    for name in REPEATED.iter().filter(|_| !typed) {
        if let Some(value) = element.get(name) {
            set(&mut action, name, value.clone());
        }
    }
    if let (Some(kind), Some(value)) = (Kind::of(element), value) {
        set(&mut action, kind.field, value);
    }
    action
}
