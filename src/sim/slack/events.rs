//! Events: what Slack tells the app about changes in conversations it is in.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::deliver::{Parcel, What};
use super::message::{Change, Changed, Message};
use super::state::State;
use super::wire::{self, set};
use super::world::{Channel, Kind, World};

/// The events that a change gives rise to, in the order Slack sends them here. (Slack promises none.)
///
/// A mention in a channel gives two: `message` and `app_mention`. The app's own messages come back
/// like anybody's, with `bot_id`.
pub(super) fn of_change(
    world: &World,
    scopes: &BTreeSet<String>,
    change: &Change,
    before: Option<&Message>,
) -> Vec<Value> {
    let Some(channel) = world.channel(&change.message.at.channel) else {
        return Vec::new();
    };
    if change.message.only_for.is_some() || !world.bot_in(channel) {
        return Vec::new();
    }
    let mut events = Vec::new();
    if scopes.contains(history_scope(channel)) {
        events.push(message_event(world, channel, change, before));
    }
    if mentions_app(world, channel, change) && scopes.contains("app_mentions:read") {
        events.push(app_mention(world, channel, &change.message));
    }
    events
}

/// The scope that `message.channels`, `message.groups` and `message.im` need.
pub(super) const fn history_scope(channel: &Channel) -> &'static str {
    match channel.kind {
        Kind::Public => "channels:history",
        Kind::Private => "groups:history",
        Kind::Direct(_) => "im:history",
    }
}

fn mentions_app(world: &World, channel: &Channel, change: &Change) -> bool {
    let bot = format!("<@{}", world.app.user);
    change.what == Changed::Posted
        && !matches!(channel.kind, Kind::Direct(_))
        && change.message.author != world.app.user
        && change.message.text.contains(&bot)
}

fn message_event(
    world: &World,
    channel: &Channel,
    change: &Change,
    before: Option<&Message>,
) -> Value {
    let now = wire::message(world, &change.message);
    let ts = &change.message.at.ts;
    let mut event = match change.what {
        Changed::Posted => now,
        Changed::Updated => json!({
            "type": "message", "subtype": "message_changed", "hidden": true, "ts": ts,
            "message": now, "previous_message": before.map(|m| wire::message(world, m)),
        }),
        Changed::Deleted => json!({
            "type": "message", "subtype": "message_deleted", "hidden": true, "ts": ts,
            "deleted_ts": ts, "previous_message": now,
        }),
    };
    place(&mut event, channel, ts);
    set(
        &mut event,
        "channel_type",
        json!(wire::channel_type(channel)),
    );
    event
}

fn app_mention(world: &World, channel: &Channel, message: &Message) -> Value {
    let mut event = wire::message(world, message);
    set(&mut event, "type", json!("app_mention"));
    place(&mut event, channel, &message.at.ts);
    event
}

fn place(event: &mut Value, channel: &Channel, ts: &str) {
    set(event, "channel", json!(channel.id));
    set(event, "event_ts", json!(ts));
}

impl State {
    /// Wraps an event for delivery, with an `event_id` of its own.
    pub(super) fn event(&mut self, event: Value) -> Parcel {
        let app = &self.world.app;
        let event_id = self.mint.id("Ev");
        let kind = event
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let channel = event
            .get("channel")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let context = format!("4-{kind}-{}-{}-{channel}", app.team, app.id);
        let payload = json!({
            "token": app.token,
            "team_id": app.team,
            "context_team_id": app.team,
            "context_enterprise_id": null,
            "api_app_id": app.id,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": self.now().timestamp(),
            "authorizations": [{
                "enterprise_id": null, "team_id": app.team, "user_id": app.user, "is_bot": true,
                "is_enterprise_install": false,
            }],
            "is_ext_shared_channel": false,
            "event_context": context,
            "event": event,
        });
        Parcel {
            what: What::Event,
            key: event_id,
            payload,
            from: None,
        }
    }
}
