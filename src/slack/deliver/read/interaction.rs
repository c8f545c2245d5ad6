//! Clicks, forms, typeaheads and shortcuts.
//!
//! Everything here but ids that Slack made may be forged by whoever is signed in: nothing is believed,
//! all of it is passed on as it came.

use super::super::payload::{Action, Interaction, View};
use super::super::text::typed;
use super::Reading;
use super::screen::{entered, on_screen};
use crate::rules::{TeamId, UserId};
use crate::slack::inbound::{Entered, Inbound, OnMessage, OnScreen, What};

/// Reads an interaction by its type.
pub(super) fn interaction(it: Interaction, envelope: Option<String>) -> Reading {
    let kind = it.kind.clone().unwrap_or_default();
    let (read, otherwise) = match kind.as_str() {
        "block_actions" if it.view.is_some() => (pressed(it, envelope), "incomplete press"),
        "block_actions" => (clicked(it, envelope), "click outside a message"),
        "view_submission" => (submitted(it, envelope), "incomplete view_submission"),
        "block_suggestion" => (asked(it, envelope), "incomplete block_suggestion"),
        "shortcut" | "message_action" => (shortcut(it, &kind), "incomplete shortcut"),
        // Only views that ask for it send this, and none of ours does anything about it.
        "view_closed" => return Reading::Ignored("a form was closed"),
        _ => return Reading::Unknown(format!("interaction {kind}")),
    };
    read.map_or_else(|| Reading::Unknown(otherwise.to_owned()), Reading::act)
}

/// Who did it and from which workspace. Their own tells more than the one they did it in.
fn who(it: &mut Interaction) -> Option<(UserId, Option<TeamId>)> {
    let user = it.user.take()?;
    let shown_in = it.view.as_mut().and_then(|view| view.team_id.take());
    let team = user.team_id.or(it.team.take().and_then(|team| team.id));
    Some((UserId(user.id?), team.or(shown_in).map(TeamId)))
}

/// Slack sends one action a click; a message's other inputs travel in `state`.
fn first(actions: Option<Vec<Action>>) -> Option<Action> {
    actions?.into_iter().next()
}

fn clicked(mut it: Interaction, envelope: Option<String>) -> Option<Inbound> {
    let (by, team) = who(&mut it)?;
    let container = it.container.unwrap_or_default();
    let message = it.message.unwrap_or_default();
    let channel = container.channel_id.or(it.channel.and_then(|c| c.id))?;
    let message_ts = container.message_ts.or(message.ts)?;
    let action = first(it.actions)?;
    let key = key(
        it.trigger_id.as_ref(),
        envelope,
        made_up(&by, &message_ts, &action),
    )?;
    Some(Inbound {
        key,
        by,
        team,
        what: What::Clicked {
            value: value(&action),
            action: action.action_id?,
            channel,
            message_ts,
            thread: container.thread_ts.or(message.thread_ts),
            response_url: it.response_url,
            trigger: it.trigger_id,
        },
    })
}

fn pressed(mut it: Interaction, envelope: Option<String>) -> Option<Inbound> {
    let (by, team) = who(&mut it)?;
    let screen = on_screen(it.view?)?;
    let action = first(it.actions)?;
    let key = key(
        it.trigger_id.as_ref(),
        envelope,
        made_up(&by, &screen.id, &action),
    )?;
    Some(Inbound {
        key,
        by,
        team,
        what: What::Pressed {
            value: value(&action),
            action: action.action_id?,
            screen,
            trigger: it.trigger_id,
        },
    })
}

fn submitted(mut it: Interaction, envelope: Option<String>) -> Option<Inbound> {
    let (by, team) = who(&mut it)?;
    let screen = on_screen(it.view?)?;
    let made_up = format!("submit-{}-{}", screen.id, screen.hash);
    Some(Inbound {
        key: key(it.trigger_id.as_ref(), envelope, Some(made_up))?,
        by,
        team,
        what: What::Submitted {
            screen,
            trigger: it.trigger_id,
        },
    })
}

/// A typeahead. It has no trigger and changes nothing, so any key does.
fn asked(mut it: Interaction, envelope: Option<String>) -> Option<Inbound> {
    let (by, team) = who(&mut it)?;
    let screen = screen_of(it.view);
    let action = it.action_id?;
    let text = it.value.unwrap_or_default();
    let made_up = format!("type-{by}-{action}-{text}");
    Some(Inbound {
        key: envelope.unwrap_or(made_up),
        by,
        team,
        what: What::Typed {
            action,
            text,
            screen,
        },
    })
}

fn screen_of(view: Option<View>) -> Option<OnScreen> {
    view.and_then(on_screen)
}

/// Without its trigger a shortcut could open nothing.
fn shortcut(mut it: Interaction, kind: &str) -> Option<Inbound> {
    let (by, team) = who(&mut it)?;
    let trigger = it.trigger_id?;
    let on = match kind {
        "message_action" => {
            let message = it.message.unwrap_or_default();
            Some(OnMessage {
                channel: it.channel?.id?,
                ts: it.message_ts.or(message.ts)?,
                thread: message.thread_ts,
                text: typed(&message.text.unwrap_or_default(), None),
            })
        }
        _ => None,
    };
    Some(Inbound {
        key: trigger.clone(),
        by,
        team,
        what: What::Shortcut {
            callback: it.callback_id?,
            trigger,
            on,
        },
    })
}

/// A trigger is new each time; the envelope id stands in for it, and then what is made up.
fn key(
    trigger: Option<&String>,
    envelope: Option<String>,
    made_up: Option<String>,
) -> Option<String> {
    trigger.cloned().or(envelope).or(made_up)
}

fn made_up(by: &UserId, at: &str, action: &Action) -> Option<String> {
    let moment = action.action_ts.as_ref()?;
    Some(format!("click-{by}-{at}-{moment}"))
}

/// A button's value, or what was chosen or put in.
fn value(action: &Action) -> String {
    match entered(&action.held) {
        Entered::Text(text) | Entered::One(text) => text,
        Entered::Nothing | Entered::Many(_) => String::new(),
    }
}
