//! Buttons. Slack lets everybody press what they can see, so every press is judged by who did it.

use anyhow::Result;

use super::{Changed, Parts, ask};
use crate::request::{Command, End, Request, State};
use crate::slack::{Ack, Inbound};
use crate::view::{self, replies, say};

/// Somebody pressed a button of ours (or something that looks like one).
pub(super) async fn clicked(
    parts: &Parts,
    inbound: &Inbound,
    action: &str,
    value: &str,
) -> Result<Ack> {
    let Some((id, face)) = view::parse_value(value) else {
        tracing::warn!(action, "a button with a value that is not ours");
        return Ok(Ack::Private(replies::unknown_button()));
    };
    let Some(page) = parts.book.load(&id).await? else {
        return Ok(Ack::Private(say::unknown(&id)));
    };
    let by = inbound.by.clone();
    let command = match action {
        "approve" => Command::Approve { by, face },
        "deny" => Command::Deny {
            by,
            face,
            reason: None,
        },
        "cancel" => Command::Cancel { by },
        "done" => Command::Done { by },
        "again" => return ask::again(parts, inbound, &page.request).await,
        _ => return Ok(Ack::Private(replies::unknown_button())),
    };
    let answer = decide(parts, inbound, &page.request, command.clone()).await?;
    if answer == Ack::Silent {
        return Ok(answer);
    }
    // The same press twice, by an impatient finger or a repeated delivery, says nothing the second
    // time: what it asked for has happened.
    let now = parts.book.load(&id).await?;
    let happened = now.is_some_and(|page| has_happened(&page.request, &command));
    Ok(if happened { Ack::Silent } else { answer })
}

/// Decides a person's command and answers privately when it was refused; when it was done, every
/// surface shows it.
pub(super) async fn decide(
    parts: &Parts,
    inbound: &Inbound,
    request: &Request,
    command: Command,
) -> Result<Ack> {
    match parts.decide_for(request, &inbound.by, command).await? {
        Changed::Done(_) => Ok(Ack::Silent),
        Changed::Refused(refusal) => {
            tracing::info!(id = %request.id, by = %inbound.by, %refusal, "refused");
            Ok(Ack::Private(say::unchanged(&refusal)))
        }
        Changed::Missing => Ok(Ack::Private(say::unknown(&request.id))),
        Changed::Fenced => Ok(Ack::Private(say::sorry(Some(&request.id)))),
    }
}

/// Whether this person's press did already what it asks for. An approval that the next stage
/// followed is not meant: there the answer tells who is waited for.
fn has_happened(request: &Request, command: &Command) -> bool {
    let asked_by = |by| request.asked.by.person() == Some(by);
    match (command, &request.state) {
        (Command::Approve { by, .. }, state) => {
            state.may_have_objects() && request.votes.iter().any(|vote| vote.by == *by)
        }
        (
            Command::Deny { by, .. },
            State::Denied {
                by: Some(decider), ..
            },
        ) => by == decider,
        (Command::Cancel { by }, State::Cancelled) => asked_by(by),
        (
            Command::Done { by } | Command::Cancel { by },
            State::Ending { why: End::Done, .. } | State::Ended { why: End::Done, .. },
        ) => asked_by(by),
        _ => false,
    }
}
