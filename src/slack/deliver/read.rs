//! A payload, turned into an [`Inbound`]. Pure.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::payload::{Command, Event, EventCallback};
use super::text::typed;
use crate::rules::{TeamId, UserId};
use crate::slack::api::Identity;
use crate::slack::inbound::{Inbound, Surface, What};

mod interaction;
mod screen;

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
    Act(Box<Inbound>),
    /// Known, and meant to be passed over: why.
    Ignored(&'static str),
    /// Not known, or not in the shape we know: what Slack called it.
    Unknown(String),
}

impl Reading {
    /// INVARIANT (somebody, once): what is acted on has a key and a person, an empty one being none. Only who
    /// archived a channel may be unknown.
    fn act(inbound: Inbound) -> Self {
        let archived = matches!(inbound.what, What::Archived { .. });
        if inbound.key.is_empty() || (inbound.by.0.is_empty() && !archived) {
            return Self::Unknown("a delivery without a key or a person".to_owned());
        }
        Self::Act(Box::new(inbound))
    }
}

/// Reads a delivery. `me` strips and ignores ourselves; events need it, commands and clicks do not.
pub(super) fn read(delivery: &Delivery, me: Option<&Identity>) -> Reading {
    let envelope = delivery.envelope.clone();
    match delivery.kind {
        Kind::Event => parse(&delivery.payload, "event", |e| event(e, envelope, me)),
        Kind::Interaction => parse(&delivery.payload, "interaction", |i| {
            interaction::interaction(i, envelope)
        }),
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
    let kind = event.kind.clone().unwrap_or_default();
    let read = match kind.as_str() {
        "app_mention" | "message" => {
            if let Some(why) = not_a_person(&event, me) {
                return Reading::Ignored(why);
            }
            let direct = event.channel_type.as_deref() == Some("im");
            if kind == "message" && !direct {
                return Reading::Ignored("a message to others");
            }
            said(event, direct, me)
        }
        "app_home_opened" if event.tab.as_deref() == Some("home") => opened_home(&event),
        "app_home_opened" => return Reading::Ignored("another tab of our home"),
        "channel_archive" | "group_archive" => archived(&event),
        _ => return Reading::Unknown(format!("event {kind}")),
    };
    let key = callback.event_id.or(envelope);
    match (read, key) {
        (Some((by, team, what)), Some(key)) => Reading::act(Inbound {
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

/// Who did it, from which workspace, and what it was; `None` when a part is missing.
type Done = Option<(String, Option<String>, What)>;

fn said(event: Event, direct: bool, me: Option<&Identity>) -> Done {
    let by = event.user?.as_str()?.to_owned();
    let channel = event.channel?.as_str()?.to_owned();
    let team = event.user_team.or(event.source_team).or(event.team);
    let surface = if direct {
        Surface::Direct { channel }
    } else {
        let ts = event.ts?;
        Surface::Mention {
            channel,
            thread: event.thread_ts.unwrap_or_else(|| ts.clone()),
            ts,
        }
    };
    let text = event.text.unwrap_or_default();
    let text = typed(&text, me.map(|me| me.user_id.0.as_str()));
    Some((by, team, What::Said { text, surface }))
}

fn opened_home(event: &Event) -> Done {
    let by = event.user.as_ref()?.as_str()?.to_owned();
    Some((by, event.user_team.clone(), What::OpenedHome))
}

/// Slack may not say who archived a channel: a retention policy is nobody.
fn archived(event: &Event) -> Done {
    let channel = event.channel.as_ref()?.as_str()?.to_owned();
    let by = event.user.as_ref().and_then(Value::as_str);
    let by = by.unwrap_or_default().to_owned();
    Some((by, None, What::Archived { channel }))
}

fn command(command: Command, envelope: Option<String>) -> Reading {
    if command.ssl_check.as_deref() == Some("1") {
        return Reading::Ignored("a check of our certificate");
    }
    let key = command.trigger_id.clone().or(envelope);
    let (Some(key), Some(by), Some(channel)) = (key, command.user_id, command.channel_id) else {
        return Reading::Unknown("incomplete command".to_owned());
    };
    Reading::act(Inbound {
        key,
        by: UserId(by),
        team: command.team_id.map(TeamId),
        what: What::Said {
            text: typed(&command.text.unwrap_or_default(), None),
            surface: Surface::Command {
                channel,
                channel_name: command.channel_name.filter(|name| !name.is_empty()),
                response_url: command.response_url,
                trigger: command.trigger_id,
            },
        },
    })
}

#[cfg(test)]
mod tests;
