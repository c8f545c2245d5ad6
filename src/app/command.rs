//! A person's command: decided on fresh facts, committed, answered.
//!
//! Buttons, small forms and typed lines make commands; what one is worth is the core's to say. Nothing here
//! knows by which of them it came.

use anyhow::Result;

use super::{Changed, Parts, chain, facts, refusals};
use crate::request::{self, Command, End, Facts, Refusal, Request, State};
use crate::rules::UserId;
use crate::slack::{Ack, Inbound};
use crate::view::say;

/// How often a decision is looked at again because the facts it needs changed under it.
pub(super) const FACT_RETRIES: usize = 3;

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

impl Parts {
    /// Lets a person's command be decided on fresh facts, and commits it.
    ///
    /// # Errors
    /// The store or Slack could not be asked; nothing was changed.
    pub async fn decide_for(
        &self,
        request: &Request,
        by: &UserId,
        command: Command,
    ) -> Result<Changed<Refusal>> {
        let mut seen = request.clone();
        for _ in 0..FACT_RETRIES {
            let (roll, verdict) = facts::for_command(self, &seen, by, &command).await?;
            let facts = Facts {
                now: self.clock.now(),
                roll: &roll,
                verdict: verdict.as_ref(),
            };
            let change = |fresh: &Request| {
                if fresh.needs_other_facts_than(&seen) {
                    return Err(Overtaken::Facts);
                }
                request::decide(fresh, command.clone(), &facts).map_err(Overtaken::Refused)
            };
            match self.book.change(&request.id, None, change).await? {
                Changed::Done(request) => return Ok(Changed::Done(request)),
                Changed::Refused(Overtaken::Refused(refusal)) => {
                    return Ok(Changed::Refused(refusal));
                }
                Changed::Refused(Overtaken::Facts) => match self.book.load(&request.id).await? {
                    Some(page) => seen = page.request,
                    None => return Ok(Changed::Missing),
                },
                Changed::Fenced => return Ok(Changed::Fenced),
                Changed::Missing => return Ok(Changed::Missing),
            }
        }
        Ok(Changed::Refused(Refusal::Stale))
    }
}

/// Why a decision on a document loaded a moment ago cannot be taken as it is.
pub(super) enum Overtaken {
    /// The document moved on: its stage or its voters are not those the facts were gathered for.
    Facts,
    /// The core says no.
    Refused(Refusal),
}

impl Request {
    pub(super) fn needs_other_facts_than(&self, gathered_for: &Self) -> bool {
        let stage = |request: &Self| request.waiting_stage().map(|(stage, _)| stage);
        let voted = |request: &Self| (request.votes.clone(), request.offline.clone());
        let moved = stage(self) != stage(gathered_for) || voted(self) != voted(gathered_for);
        stage(self).is_some() && moved
    }
}
