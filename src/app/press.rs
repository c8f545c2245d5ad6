//! Buttons. Slack lets everybody press what they can see, so every press is judged by who did it.

use anyhow::Result;

use super::small_forms::{self, Opens};
use super::{Changed, Parts, chain, facts, longer, refusals};
use crate::request::{Command, End, Request, State, Terms};
use crate::slack::{Ack, Inbound};
use crate::view::{self, Action, replies, say};

/// Somebody pressed a button of ours (or something that looks like one), on a message or in the home
/// tab. With a trigger a form can be opened.
pub(super) async fn clicked(
    parts: &Parts,
    inbound: &Inbound,
    (action, value): (&str, &str),
    trigger: Option<&str>,
) -> Result<Ack> {
    let named = view::parse_value(value).zip(Action::of_id(action));
    let Some(((id, face), action)) = named else {
        tracing::warn!(action, "a button that is not ours");
        return Ok(Ack::Private(replies::unknown_button()));
    };
    let Some(page) = parts.book.load(&id).await? else {
        return Ok(Ack::Private(say::unknown(&id)));
    };
    let request = page.request;
    let by = inbound.by.clone();
    let command = match action {
        Action::Again => return longer::again(parts, inbound, &request).await,
        Action::More | Action::Extend | Action::Review | Action::Deny => {
            let opens = Opens {
                request: &request,
                face,
                action,
            };
            match small_forms::open(parts, inbound, opens, trigger).await? {
                Some(answer) => return Ok(answer),
                // Without its form a denial is one without a reason: it lets nothing open.
                None => Command::Deny {
                    by,
                    face,
                    reason: None,
                },
            }
        }
        Action::Approve => Command::Approve {
            by,
            face,
            terms: Terms::default(),
        },
        Action::Emergency => Command::Emergency { by },
        Action::Cancel => Command::Cancel { by },
        Action::Done => Command::Done { by },
    };
    pressed(parts, inbound, &request, command).await
}

/// Decides what a press asks for. The same press twice, by an impatient finger or a repeated delivery,
/// says nothing the second time: what it asked for has happened.
pub(super) async fn pressed(
    parts: &Parts,
    inbound: &Inbound,
    request: &Request,
    command: Command,
) -> Result<Ack> {
    let answer = decide(parts, inbound, request, command.clone()).await?;
    if answer == Ack::Silent {
        return Ok(answer);
    }
    let now = parts.book.load(&request.id).await?;
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
    let ends = matches!(
        command,
        Command::Done { .. } | Command::Cancel { .. } | Command::Revoke { .. }
    );
    let heir = if ends {
        chain::heir(parts, request).await?
    } else {
        request.clone()
    };
    let request = &heir;
    let attempt = command.name();
    match parts.decide_for(request, &inbound.by, command).await? {
        Changed::Done(_) => Ok(Ack::Silent),
        Changed::Refused(refusal) => {
            tracing::info!(id = %request.id, by = %inbound.by, %refusal, "refused");
            refusals::forbidden(parts, inbound, (&request.id, attempt), &refusal).await?;
            // A stale click is answered with how things stand: nobody has to look for the card.
            let now = parts.book.load(&request.id).await?;
            let now = now.map_or_else(|| request.clone(), |page| page.request);
            let concerned = facts::concerns(parts, &now, &inbound.by).await?;
            Ok(Ack::Private(if concerned {
                say::unchanged_now(&refusal, &now)
            } else {
                say::unchanged(&refusal)
            }))
        }
        Changed::Missing => Ok(Ack::Private(say::unknown(&request.id))),
        Changed::Fenced => Ok(Ack::Private(say::sorry(Some(&request.id)))),
    }
}

/// Whether this person's press did already what it asks for. An approval that the next stage
/// followed is not meant: there the answer tells who is waited for.
fn has_happened(request: &Request, command: &Command) -> bool {
    let asked_by = |by| request.requester() == Some(by);
    match (command, &request.state) {
        (Command::Approve { by, .. }, state) => {
            state.may_have_objects() && request.votes.iter().any(|vote| vote.by == *by)
        }
        (Command::Emergency { by }, _) => {
            let opened = request.emergency.as_ref();
            opened.is_some_and(|emergency| emergency.by == *by)
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
