//! `chat.*`: messages posted, updated and deleted by the app.

use serde_json::{Value, json};

use super::super::message::{Message, MessageRef};
use super::super::state::State;
use super::super::wire;
use super::super::world::{Channel, Kind};
use super::answer::Refused;
use super::args::Args;
use super::content::{Content, check_text, warn_without_text};

/// `chat.postMessage`.
pub(super) fn post(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let channel = destination(town, args.needed("channel")?)?;
    town.allow_message(&channel)?;
    let content = Content::of_call(args)?.with_metadata(args)?;
    if content.is_empty() {
        return Err(Refused::Code("no_text"));
    }
    let thread = args.text("thread_ts");
    check_thread(town, &channel, thread)?;
    check_text(town, &content);
    let mut message = draft(town, &channel, &content).in_thread(thread);
    message.broadcast = args.flag("reply_broadcast");
    let message = town.post(message);
    let mut answer = json!({
        "channel": channel,
        "ts": message.at.ts,
        "message": wire::message(&town.world, &message),
    });
    warn_without_text(&content, &mut answer);
    Ok(answer)
}

/// The app's message with this content.
fn draft(town: &State, channel: &str, content: &Content) -> Message {
    let text = content.text.clone().unwrap_or_default();
    let mut message = Message::by(&town.world.app.user, channel, text);
    message.blocks = content.blocks.clone().unwrap_or_default();
    message.metadata = content.metadata.clone();
    message
}

/// Where a message to `given` goes: a channel by id or name, a person's direct conversation by user
/// id. A person is opened a conversation with.
fn destination(town: &mut State, given: &str) -> Result<String, Refused> {
    if given.starts_with(['U', 'W']) {
        let person = town.world.people.iter().find(|p| p.id == given);
        let reachable = person.is_some_and(super::conversations::can_be_written_to);
        if !reachable {
            return Err(Refused::Code("channel_not_found"));
        }
        check_messages_tab(town)?;
        return Ok(town.open_direct(given));
    }
    let channel = visible(town, given)?;
    if matches!(channel.kind, Kind::Direct(_)) {
        check_messages_tab(town)?;
    }
    let may_write = town.world.bot_in(channel)
        || (channel.kind == Kind::Public && town.setup.scopes.contains("chat:write.public"));
    match (may_write, channel.archived) {
        (false, _) => Err(Refused::Code("not_in_channel")),
        (true, true) => Err(Refused::Code("is_archived")),
        (true, false) => Ok(channel.id.clone()),
    }
}

/// Without the messages tab of its home the app cannot write to anybody directly.
fn check_messages_tab(town: &State) -> Result<(), Refused> {
    match town.setup.messages_tab {
        true => Ok(()),
        false => Err(Refused::Code("messages_tab_disabled")),
    }
}

/// A channel that the bot may know of: a private one it is not in does not exist for it.
pub(super) fn visible<'a>(town: &'a State, given: &str) -> Result<&'a Channel, Refused> {
    town.world
        .channel(given)
        .filter(|c| c.kind == Kind::Public || town.world.bot_in(c))
        .ok_or(Refused::Code("channel_not_found"))
}

/// The same for methods that take ids only: to them a name is no channel.
pub(super) fn visible_by_id<'a>(town: &'a State, given: &str) -> Result<&'a Channel, Refused> {
    let channel = visible(town, given)?;
    if channel.id == given {
        Ok(channel)
    } else {
        Err(Refused::Code("channel_not_found"))
    }
}

/// A thread hangs under a message of the channel that is no reply itself. Slack's own answer to other
/// timestamps is not documented; a bot that sends them has lost track, so they are refused.
fn check_thread(town: &State, channel: &str, thread: Option<&str>) -> Result<(), Refused> {
    let Some(parent) = thread else { return Ok(()) };
    let at = MessageRef {
        channel: channel.to_owned(),
        ts: parent.to_owned(),
    };
    let fits = |m: &Message| m.thread.is_none() && m.only_for.is_none();
    match town.world.message(&at) {
        Some(message) if fits(message) => Ok(()),
        _ => Err(Refused::Code("cannot_reply_to_message")),
    }
}

/// `chat.update`. Text without blocks removes the blocks; metadata stays unless it is given.
pub(super) fn update(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let at = own_message(town, args, UPDATE)?;
    let content = Content::of_call(args)?.with_metadata(args)?;
    if content.text.is_none() && content.blocks.is_none() {
        return Err(Refused::Code("no_text"));
    }
    if content.too_long() {
        return Err(Refused::Code("msg_too_long"));
    }
    check_text(town, &content);
    let with_blocks = content.blocks.as_ref().is_some_and(|b| !b.is_empty());
    let updated = town.update(&at, |message| {
        message.text = content.text.clone().unwrap_or_default();
        message.blocks = content.blocks.clone().unwrap_or_default();
        message.edited |= !with_blocks;
        if let Some(metadata) = content.metadata.clone() {
            let cleared = metadata.as_object().is_some_and(serde_json::Map::is_empty);
            message.metadata = (!cleared).then_some(metadata);
        }
    });
    let message = updated.ok_or(Refused::Code("message_not_found"))?;
    let mut answer = json!({
        "channel": at.channel,
        "ts": at.ts,
        "text": message.text,
        "message": wire::message(&town.world, &message),
    });
    warn_without_text(&content, &mut answer);
    Ok(answer)
}

/// `chat.delete`.
pub(super) fn delete(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let at = own_message(town, args, DELETE)?;
    town.delete(&at);
    Ok(json!({"channel": at.channel, "ts": at.ts}))
}

/// What a method says about messages that it may not change.
#[derive(Debug, Clone, Copy)]
struct Codes {
    forbidden: &'static str,
    archived: &'static str,
}

const UPDATE: Codes = Codes {
    forbidden: "cant_update_message",
    archived: "is_inactive",
};

const DELETE: Codes = Codes {
    forbidden: "cant_delete_message",
    archived: "cant_delete_message",
};

/// The app's own message that a call names. Others' messages and ephemeral ones cannot be changed;
/// a user id is no channel here, unlike in `chat.postMessage`.
fn own_message(town: &State, args: &Args, codes: Codes) -> Result<MessageRef, Refused> {
    let given = args.needed("channel")?;
    let ts = args.needed("ts")?;
    let channel = visible_by_id(town, given)?;
    if channel.archived {
        return Err(Refused::Code(codes.archived));
    }
    let message = channel.messages.get(ts);
    let message = message.ok_or(Refused::Code("message_not_found"))?;
    if message.author != town.world.app.user || message.only_for.is_some() {
        return Err(Refused::Code(codes.forbidden));
    }
    Ok(message.at.clone())
}

/// `chat.postEphemeral`. Nobody but the person sees it, nothing can change it, and Slack does not
/// promise that it arrives.
pub(super) fn ephemeral(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let channel = destination(town, args.needed("channel")?)?;
    let person = args.needed("user")?;
    let present = town
        .world
        .channel(&channel)
        .is_some_and(|c| c.members.contains(person));
    if !present {
        return Err(Refused::Code("user_not_in_channel"));
    }
    // Without metadata: ephemeral messages have none, it is ignored.
    let content = Content::of_call(args)?;
    if content.is_empty() {
        return Err(Refused::Code("no_text"));
    }
    let thread = args.text("thread_ts");
    check_thread(town, &channel, thread)?;
    check_text(town, &content);
    let message = draft(town, &channel, &content)
        .only_for(person)
        .in_thread(thread);
    let message = town.post(message);
    Ok(json!({"message_ts": message.at.ts}))
}
