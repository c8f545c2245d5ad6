//! The parts of Slack's payloads that are read, and nothing else of them.
//!
//! Every field may be missing or null: organisation-wide installs send `team: null`, workflows send
//! clicks without `trigger_id`, and Slack adds fields at any time. The client library's models refuse
//! such payloads whole, which would lose a person's click for a field nobody needs.

use serde::Deserialize;
use serde_json::{Map, Value};

/// What the Events API sends (outer object).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EventCallback {
    /// `event_callback`, `app_rate_limited`, …
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) event_id: Option<String>,
    /// The workspace that the event was sent for.
    pub(super) team_id: Option<String>,
    pub(super) event: Option<Event>,
}

/// An event: a message, a mention, the home tab opened, a channel archived. No others are read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    /// Present: not a person typing (edits, deletions, joins, broadcasts, bots).
    pub(super) subtype: Option<String>,
    pub(super) bot_id: Option<String>,
    /// An id in the events that are read, an object in some others; likewise the channel.
    pub(super) user: Option<Value>,
    pub(super) text: Option<String>,
    pub(super) channel: Option<Value>,
    /// `im` for direct messages.
    pub(super) channel_type: Option<String>,
    pub(super) ts: Option<String>,
    pub(super) thread_ts: Option<String>,
    /// Present when the message was changed after it was sent.
    pub(super) edited: Option<Value>,
    /// Of our home: `home` or `messages`.
    pub(super) tab: Option<String>,
    /// The author's workspace, by three names; the more telling first.
    pub(super) user_team: Option<String>,
    pub(super) source_team: Option<String>,
    pub(super) team: Option<String>,
}

/// What clicks, forms, typeaheads and shortcuts send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Interaction {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) trigger_id: Option<String>,
    pub(super) user: Option<Person>,
    pub(super) team: Option<Id>,
    pub(super) channel: Option<Id>,
    pub(super) container: Option<Container>,
    pub(super) message: Option<OldMessage>,
    /// Of shortcuts on a message.
    pub(super) message_ts: Option<String>,
    pub(super) response_url: Option<String>,
    pub(super) actions: Option<Vec<Action>>,
    pub(super) view: Option<View>,
    /// Of shortcuts.
    pub(super) callback_id: Option<String>,
    /// Of typeaheads, which have one action and what was typed.
    pub(super) action_id: Option<String>,
    pub(super) value: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Person {
    pub(super) id: Option<String>,
    pub(super) team_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Id {
    pub(super) id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Container {
    pub(super) channel_id: Option<String>,
    pub(super) message_ts: Option<String>,
    pub(super) thread_ts: Option<String>,
}

/// The message that holds what was clicked, or that a shortcut was used on. A message that only one
/// person sees does not come with its click.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OldMessage {
    pub(super) ts: Option<String>,
    pub(super) thread_ts: Option<String>,
    pub(super) text: Option<String>,
}

/// An element that was used: a button, a menu, an input that tells at once.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Action {
    pub(super) action_id: Option<String>,
    pub(super) action_ts: Option<String>,
    /// What it holds, in the form that inputs have in a view's state.
    #[serde(flatten)]
    pub(super) held: Held,
}

/// A form or home tab.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct View {
    pub(super) id: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) team_id: Option<String>,
    pub(super) root_view_id: Option<String>,
    pub(super) hash: Option<String>,
    pub(super) callback_id: Option<String>,
    pub(super) private_metadata: Option<String>,
    pub(super) state: Option<ViewState>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ViewState {
    /// By block id, then by action id. Read apart: one input of a new shape must not lose the others.
    pub(super) values: Option<Map<String, Value>>,
}

/// What an input holds. Which field does depends on its kind; a field of ours that is not of the shape
/// we know counts as absent.
#[derive(Debug, Default)]
pub(super) struct Held(pub(super) Map<String, Value>);

impl<'de> Deserialize<'de> for Held {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Map::deserialize(from).map(Self)
    }
}

/// What a slash command sends, the same over both transports.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Command {
    pub(super) ssl_check: Option<String>,
    pub(super) text: Option<String>,
    pub(super) user_id: Option<String>,
    pub(super) team_id: Option<String>,
    pub(super) channel_id: Option<String>,
    pub(super) channel_name: Option<String>,
    pub(super) response_url: Option<String>,
    pub(super) trigger_id: Option<String>,
}
