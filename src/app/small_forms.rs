//! The small forms behind buttons: deny with a reason, look closer and approve for less, ask for longer,
//! review an emergency. What a form sends back is judged like any press: its fields may be forged.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{Parts, command, entered, facts, longer, refusals};
use crate::request::{Command, Facts, Request, decide};
use crate::slack::{Ack, Inbound, OnScreen, SlackError};
use crate::view::form::{self, id};
use crate::view::{Action, Screen, replies, say};

/// The button that was pressed, on which picture of which request.
#[derive(Clone, Copy)]
pub(super) struct Opens<'a> {
    pub(super) request: &'a Request,
    pub(super) face: u32,
    pub(super) action: Action,
}

/// Opens the button's form for those who may use it; others are told why not. `None`: the form of a
/// denial could not be opened, and the press counts without it.
pub(super) async fn open(
    parts: &Parts,
    inbound: &Inbound,
    opens: Opens<'_>,
    trigger: Option<&str>,
) -> Result<Option<Ack>> {
    let Opens {
        request,
        face,
        action,
    } = opens;
    let by = inbound.by.clone();
    let screen = match action {
        Action::Deny => {
            let reason = None;
            let command = Command::Deny { by, face, reason };
            if let Some(answer) = refused(parts, inbound, request, command).await? {
                return Ok(Some(answer));
            }
            form::deny(request, face)
        }
        Action::Extend => {
            if let Some(answer) = longer::not_theirs(parts, inbound, (request, action)).await? {
                return Ok(Some(answer));
            }
            form::extend(request)
        }
        _ if !facts::concerns(parts, request, &by).await? => {
            refusals::unseen(parts, inbound, (&request.id, action.id())).await?;
            return Ok(Some(Ack::Private(say::unknown(&request.id))));
        }
        Action::Review => {
            let words = None;
            let command = Command::Review { by, words };
            if let Some(answer) = refused(parts, inbound, request, command).await? {
                return Ok(Some(answer));
            }
            form::review(request)
        }
        _ => form::more(request, face, &by),
    };
    let opened = show(parts, trigger, &screen).await;
    Ok(match (opened, action) {
        (true, _) => Some(Ack::Silent),
        (false, Action::Deny) => None,
        (false, _) => Some(Ack::Private(say::show(request))),
    })
}

/// Opens a form; whether Slack took it. A trigger is good for three seconds, and once.
async fn show(parts: &Parts, trigger: Option<&str>, screen: &Screen) -> bool {
    let Some(trigger) = trigger else {
        return false;
    };
    match parts.slack.open_view(trigger, screen).await {
        // Whether it is open is not known: the person sees it, and can press again where it is not.
        Ok(_) | Err(SlackError::Ambiguous { .. }) => true,
        Err(error) => {
            tracing::warn!(%error, "a form was not opened");
            false
        }
    }
}

/// The answer to a command that would be refused, without doing it; `None`: it would not be. How it stands
/// is said to nobody here: whoever presses may have made up the id.
async fn refused(
    parts: &Parts,
    inbound: &Inbound,
    request: &Request,
    command: Command,
) -> Result<Option<Ack>> {
    let attempt = command.name();
    let (roll, verdict) = facts::for_command(parts, request, &inbound.by, &command).await?;
    let facts = Facts {
        now: parts.clock.now(),
        roll: &roll,
        verdict: verdict.as_ref(),
    };
    let Err(refusal) = decide(request, command, &facts) else {
        return Ok(None);
    };
    refusals::forbidden(parts, inbound, (&request.id, attempt), &refusal).await?;
    Ok(Some(Ack::Private(say::unchanged(&refusal))))
}

/// A small form was sent off; `None`: it is none of these.
pub(super) async fn submitted(
    parts: &Parts,
    inbound: &Inbound,
    screen: &OnScreen,
) -> Result<Option<Ack>> {
    let (callback, block) = match screen.callback.as_str() {
        id::DENY => (id::DENY, id::WHY),
        id::MORE => (id::MORE, id::LENGTH),
        id::EXTEND => (id::EXTEND, id::LENGTH),
        id::REVIEW => (id::REVIEW, id::WORDS),
        _ => return Ok(None),
    };
    let Some((request_id, face)) = form::parse_notes(&screen.notes) else {
        return Ok(Some(Ack::Private(replies::unknown_button())));
    };
    let Some(page) = parts.book.load(&request_id).await? else {
        return Ok(Some(Ack::Private(say::unknown(&request_id))));
    };
    let request = page.request;
    let by = inbound.by.clone();
    let command = match callback {
        id::EXTEND => {
            let length = entered::chosen(screen, id::LENGTH).and_then(form::length_of);
            let terms = (
                length.unwrap_or(request.asked.duration),
                entered::typed(screen, id::WHY),
            );
            return longer::extend(parts, inbound, &request, terms)
                .await
                .map(Some);
        }
        id::DENY => Command::Deny {
            by,
            face,
            reason: entered::typed(screen, id::WHY),
        },
        id::MORE => Command::Approve {
            by,
            face,
            terms: entered::terms(screen, &request),
        },
        _ => Command::Review {
            by,
            words: entered::typed(screen, id::WORDS),
        },
    };
    let answer = command::pressed(parts, inbound, &request, command).await?;
    Ok(Some(beside(screen, block, answer)))
}

/// A refusal is shown in the form that was sent, where the person looks; where the form has no such
/// input, it is said to them.
fn beside(screen: &OnScreen, block: &str, answer: Ack) -> Ack {
    match answer {
        Ack::Private(message) if screen.entered.contains_key(block) => {
            Ack::Wrong(BTreeMap::from([(block.to_owned(), message.text)]))
        }
        other => other,
    }
}
