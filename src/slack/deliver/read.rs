//! A payload, turned into an [`Inbound`]. Pure.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::payload::{Action, Command, Event, EventCallback, Interaction};
use super::text::typed;
use crate::rules::{TeamId, UserId};
use crate::slack::api::Identity;
use crate::slack::inbound::{Inbound, Surface, What};

/// The three kinds of delivery, by Socket Mode's names for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `events_api`
    Event,
    /// `interactive`
    Interaction,
    /// `slash_commands`
    Command,
}

/// One delivery as a transport verified it.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Which kind.
    pub kind: Kind,
    /// Slack's JSON (a command's form as an object of strings).
    pub payload: Value,
    /// Socket Mode's envelope id: the key where a payload has none.
    pub envelope: Option<String>,
}

/// What a delivery is to us.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// A person did something.
    Act(Inbound),
    /// Known, and meant to be passed over: why.
    Ignored(&'static str),
    /// Not known, or not in the shape we know: what Slack called it.
    Unknown(String),
}

/// Reads a delivery. `me` strips and ignores ourselves; events need it, commands and clicks do not.
pub(super) fn read(delivery: &Delivery, me: Option<&Identity>) -> Reading {
    let envelope = delivery.envelope.clone();
    match delivery.kind {
        Kind::Event => parse(&delivery.payload, "event", |e| event(e, envelope, me)),
        Kind::Interaction => parse(&delivery.payload, "interaction", |i| click(i, envelope)),
        Kind::Command => parse(&delivery.payload, "command", |c| command(c, envelope)),
    }
}

fn parse<T: DeserializeOwned>(
    payload: &Value,
    kind: &str,
    read: impl FnOnce(T) -> Reading,
) -> Reading {
    match T::deserialize(payload) {
        Ok(known) => read(known),
        Err(_) => Reading::Unknown(format!("malformed {kind}")),
    }
}

fn event(callback: EventCallback, envelope: Option<String>, me: Option<&Identity>) -> Reading {
    let Some(event) = callback.event else {
        let kind = callback.kind.unwrap_or_else(|| "nothing".to_owned());
        return Reading::Unknown(format!("event of type {kind}"));
    };
    if let Some(why) = not_a_person(&event, me) {
        return Reading::Ignored(why);
    }
    let kind = event.kind.clone().unwrap_or_default();
    let direct = event.channel_type.as_deref() == Some("im");
    match (kind.as_str(), direct) {
        ("app_mention", _) | ("message", true) => {}
        ("message", false) => return Reading::Ignored("a message to others"),
        _ => return Reading::Unknown(format!("event {kind}")),
    }
    let read = said(event, direct, me);
    let key = callback.event_id.or(envelope);
    match (read, key) {
        (Some((by, team, what)), Some(key)) => Reading::Act(Inbound {
            key,
            by: UserId(by),
            team: team.or(callback.team_id).map(TeamId),
            what,
        }),
        _ => Reading::Unknown(format!("incomplete {kind}")),
    }
}

/// Why a message is not a person asking something.
///
/// INVARIANT (only fresh words of people act): edits, deletions and broadcasts arrive as subtypes
/// that have skipped sender checks in other bots; none of them is ever read. Our own messages come
/// back as events, and answering them would never end.
fn not_a_person(event: &Event, me: Option<&Identity>) -> Option<&'static str> {
    let user = event.user.as_ref().and_then(Value::as_str);
    let ours = me.is_some_and(|me| user == Some(me.user_id.0.as_str()));
    [
        (event.subtype.is_some(), "a message subtype"),
        (event.bot_id.is_some(), "a bot's message"),
        (event.edited.is_some(), "an edited message"),
        (ours, "our own message"),
    ]
    .into_iter()
    .find_map(|(applies, why)| applies.then_some(why))
}

/// Who said what and where; `None` when a part is missing.
fn said(
    event: Event,
    direct: bool,
    me: Option<&Identity>,
) -> Option<(String, Option<String>, What)> {
    let by = event.user?.as_str()?.to_owned();
    let channel = event.channel?.as_str()?.to_owned();
    let team = event.user_team.or(event.source_team).or(event.team);
    let surface = if direct {
        Surface::Direct { channel }
    } else {
        Surface::Mention {
            channel,
            thread: event.thread_ts.or(event.ts)?,
        }
    };
    let text = event.text.unwrap_or_default();
    let text = typed(&text, me.map(|me| me.user_id.0.as_str()));
    Some((by, team, What::Said { text, surface }))
}

fn click(interaction: Interaction, envelope: Option<String>) -> Reading {
    let kind = interaction.kind.clone().unwrap_or_default();
    if kind != "block_actions" {
        return Reading::Unknown(format!("interaction {kind}"));
    }
    clicked(interaction, envelope).map_or_else(
        || Reading::Unknown("click outside a message".to_owned()),
        Reading::Act,
    )
}

fn clicked(interaction: Interaction, envelope: Option<String>) -> Option<Inbound> {
    let container = interaction.container.unwrap_or_default();
    let in_channel = interaction.channel.and_then(|c| c.id);
    let on_message = interaction.message.and_then(|m| m.ts);
    let channel = container.channel_id.or(in_channel)?;
    let message_ts = container.message_ts.or(on_message)?;
    let user = interaction.user?;
    let by = user.id?;
    // Slack sends one action a click; a message's other inputs travel in `state`.
    let action = interaction.actions?.into_iter().next()?;
    let made_up = action
        .action_ts
        .as_ref()
        .map(|at| format!("click-{by}-{message_ts}-{at}"));
    let key = interaction.trigger_id.or(envelope).or(made_up)?;
    // The person's own workspace tells more than the one they clicked in.
    let team = user.team_id.or(interaction.team.and_then(|t| t.id));
    Some(Inbound {
        key,
        by: UserId(by),
        team: team.map(TeamId),
        what: What::Clicked {
            value: value(&action),
            action: action.action_id?,
            channel,
            message_ts,
            response_url: interaction.response_url,
        },
    })
}

/// A button's value, or the value of the option chosen in a menu.
fn value(action: &Action) -> String {
    let chosen = action
        .selected_option
        .as_ref()
        .and_then(|o| o.value.clone());
    action.value.clone().or(chosen).unwrap_or_default()
}

fn command(command: Command, envelope: Option<String>) -> Reading {
    if command.ssl_check.as_deref() == Some("1") {
        return Reading::Ignored("a check of our certificate");
    }
    let key = command.trigger_id.or(envelope);
    let (Some(key), Some(by), Some(channel)) = (key, command.user_id, command.channel_id) else {
        return Reading::Unknown("incomplete command".to_owned());
    };
    Reading::Act(Inbound {
        key,
        by: UserId(by),
        team: command.team_id.map(TeamId),
        what: What::Said {
            text: typed(&command.text.unwrap_or_default(), None),
            surface: Surface::Command {
                channel,
                response_url: command.response_url,
            },
        },
    })
}

#[cfg(test)]
mod tests;
