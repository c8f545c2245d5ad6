//! The parts of Slack's payloads that are read, and nothing else of them.
//!
//! Every field may be missing or null: organisation-wide installs send `team: null`, workflows send
//! clicks without `trigger_id`, and Slack adds fields at any time. The client library's models refuse
//! such payloads whole, which would lose a person's click for a field nobody needs.

use serde::Deserialize;
use serde_json::Value;

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

/// An event: a message or a mention, the only ones that are read.
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
    /// The author's workspace, by three names; the more telling first.
    pub(super) user_team: Option<String>,
    pub(super) source_team: Option<String>,
    pub(super) team: Option<String>,
}

/// What a click sends, and (unread) what forms and shortcuts send.
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
    pub(super) message: Option<Clicked>,
    pub(super) response_url: Option<String>,
    pub(super) actions: Option<Vec<Action>>,
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
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Clicked {
    pub(super) ts: Option<String>,
}

/// A button, or a menu of which one option was chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Action {
    pub(super) action_id: Option<String>,
    pub(super) action_ts: Option<String>,
    pub(super) value: Option<String>,
    pub(super) selected_option: Option<Chosen>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chosen {
    pub(super) value: Option<String>,
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
    pub(super) response_url: Option<String>,
    pub(super) trigger_id: Option<String>,
}
