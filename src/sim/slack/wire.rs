//! Slack's JSON shapes for what the workspace holds.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::units::Time;

use super::markup;
use super::message::Message;
use super::world::{App, Channel, Group, Kind, World};

/// Sets a field of an object.
pub(super) fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

/// A message as `conversations.history` and the answers of `chat.*` have it.
pub(super) fn message(world: &World, message: &Message) -> Value {
    let mut out = json!({
        "type": "message",
        "user": message.author,
        "text": message.text,
        "ts": message.at.ts,
        "team": world.app.team,
        "blocks": message.blocks,
    });
    if message.author == world.app.user {
        set(&mut out, "bot_id", json!(world.app.bot));
        set(&mut out, "app_id", json!(world.app.id));
        set(&mut out, "bot_profile", bot_profile(&world.app));
        if message.blocks.is_empty() {
            remove(&mut out, "blocks");
        }
    } else if let Some(client_id) = &message.client_id {
        let block_id = client_id.get(..5).unwrap_or_default();
        set(
            &mut out,
            "blocks",
            json!([markup::rich_text(&message.text, block_id)]),
        );
        set(&mut out, "client_msg_id", json!(client_id));
    }
    if message.edited {
        set(
            &mut out,
            "edited",
            json!({"user": message.author, "ts": message.at.ts}),
        );
    }
    thread_fields(world, message, &mut out);
    out
}

fn remove(object: &mut Value, name: &str) {
    if let Some(fields) = object.as_object_mut() {
        fields.remove(name);
    }
}

/// What tells a reply from a parent, and a parent about its replies.
fn thread_fields(world: &World, message: &Message, out: &mut Value) {
    let Some(channel) = world.channel(&message.at.channel) else {
        return;
    };
    if let Some(parent) = &message.thread {
        set(out, "thread_ts", json!(parent));
        let author = channel.messages.get(parent).map(|m| m.author.clone());
        set(out, "parent_user_id", json!(author));
        if message.broadcast {
            set(out, "subtype", json!("thread_broadcast"));
        }
        return;
    }
    let replies: Vec<&Message> = channel.replies(&message.at.ts).collect();
    let Some(latest) = replies.last() else {
        return;
    };
    let users: BTreeSet<&str> = replies.iter().map(|m| m.author.as_str()).collect();
    set(out, "thread_ts", json!(message.at.ts));
    set(out, "reply_count", json!(replies.len()));
    set(out, "reply_users", json!(users));
    set(out, "reply_users_count", json!(users.len()));
    set(out, "latest_reply", json!(latest.at.ts));
    set(out, "is_locked", json!(false));
    set(out, "subscribed", json!(false));
}

/// The bot, as its messages carry it.
pub(super) fn bot_profile(app: &App) -> Value {
    json!({
        "id": app.bot,
        "app_id": app.id,
        "name": app.name,
        "icons": {"image_36": "https://town.example/36.png", "image_48": "https://town.example/48.png",
                  "image_72": "https://town.example/72.png"},
        "deleted": false,
        "updated": 0,
        "team_id": app.team,
    })
}

/// `channel_type` of events.
pub(super) fn channel_type(channel: &Channel) -> &'static str {
    match channel.kind {
        Kind::Public => "channel",
        Kind::Private => "group",
        Kind::Direct(_) => "im",
    }
}

/// The channel's name in commands and clicks.
pub(super) fn channel_name(channel: &Channel) -> &str {
    match channel.kind {
        Kind::Direct(_) => "directmessage",
        Kind::Private => "privategroup",
        Kind::Public => &channel.name,
    }
}

/// The `channel` object of `conversations.info`.
pub(super) fn channel(world: &World, channel: &Channel) -> Value {
    let created = channel.created.timestamp();
    if let Kind::Direct(person) = &channel.kind {
        return json!({
            "id": channel.id, "created": created, "is_archived": channel.archived, "is_im": true,
            "is_org_shared": false, "context_team_id": world.app.team, "user": person,
            "is_open": true, "priority": 0,
        });
    }
    let private = channel.kind == Kind::Private;
    let blank = json!({"value": "", "creator": "", "last_set": 0});
    json!({
        "id": channel.id, "name": channel.name, "name_normalized": channel.name,
        "is_channel": !private, "is_group": private, "is_im": false, "is_mpim": false,
        "is_private": private, "created": created, "is_archived": channel.archived,
        "is_general": false, "unlinked": 0, "is_shared": false, "is_org_shared": false,
        "is_ext_shared": false, "is_pending_ext_shared": false, "pending_shared": [],
        "context_team_id": world.app.team, "updated": created * 1000, "parent_conversation": null,
        "creator": super::world::SLACKBOT, "shared_team_ids": [world.app.team],
        "pending_connected_team_ids": [], "is_member": world.bot_in(channel), "topic": blank,
        "purpose": blank, "previous_names": [],
    })
}

/// What `usergroups.list` may add.
#[derive(Debug, Clone, Copy)]
pub(super) struct GroupDetail {
    pub(super) users: bool,
    pub(super) count: bool,
}

/// The `usergroup` object of `usergroups.list`.
pub(super) fn group(world: &World, group: &Group, detail: GroupDetail, now: Time) -> Value {
    let created = 1_600_000_000;
    let deleted = if group.disabled { now.timestamp() } else { 0 };
    let mut out = json!({
        "id": group.id, "team_id": world.app.team, "is_usergroup": true, "is_subteam": true,
        "name": group.handle, "description": "", "handle": group.handle, "is_external": false,
        "date_create": created, "date_update": created, "date_delete": deleted,
        "auto_provision": false, "enterprise_subteam_id": "",
        "created_by": super::world::SLACKBOT, "updated_by": super::world::SLACKBOT,
        "prefs": {"channels": [], "groups": []},
    });
    if detail.users {
        set(&mut out, "users", json!(group.members));
    }
    if detail.count {
        set(&mut out, "user_count", json!(group.members.len()));
    }
    out
}
