//! The bot: takes what people say and press, lets the core decide, commits, and answers.
//!
//! Here values from adapters become facts for the core, and outcomes become commits. What follows
//! from a commit (policies, messages) is the lanes' work, never done here.

pub mod answer;
pub mod ask;
mod asker;
pub mod away;
pub mod book;
pub mod chain;
mod crowds;
pub mod door;
pub mod facts;
pub mod form;
pub mod home;
pub mod incident;
pub mod longer;
pub mod observe;
pub mod parts;
pub mod past;
pub mod planned;
pub mod press;
mod refusals;
mod rehearsal;
pub mod reread;
pub mod rulebook;
pub mod screens;
pub mod service;
pub mod settings;
pub mod shelf;
mod small_forms;
pub mod trail;
pub mod wanted;

use std::sync::Arc;

use async_trait::async_trait;

use crate::request::{Command, Facts, Refusal, Request, decide};
use crate::rules::UserId;
use crate::slack::{Ack, Inbound, Receiver, What};
use crate::view::form::id;
use crate::view::say;

pub use book::{Book, BookError, Changed, Created, Page};
pub use observe::Observer;
pub use parts::Parts;
pub use reread::{dress, judge_again, plan_again};

/// How often a decision is looked at again because the facts it needs changed under it.
pub(crate) const FACT_RETRIES: usize = 3;

/// The bot as Slack's transports know it.
#[derive(Debug, Clone)]
pub struct Bot(pub Arc<Parts>);

#[async_trait]
impl Receiver for Bot {
    async fn receive(&self, inbound: Inbound) -> Ack {
        let span = tracing::info_span!("delivery", key = %inbound.key, by = %inbound.by);
        let work = async {
            if let What::Archived { channel } = &inbound.what {
                incident::archived(&self.0, channel).await?;
                return Ok(Ack::Silent);
            }
            if let Some(no) = door::turned_away(&self.0, &inbound).await? {
                return Ok(no);
            }
            match &inbound.what {
                What::Said { text, surface } => {
                    answer::said(&self.0, &inbound, text, surface).await
                }
                What::Clicked {
                    action,
                    value,
                    trigger: Some(trigger),
                    ..
                } if action == id::ASK => {
                    let text = form::Prefill::Text(value.clone());
                    form::open(&self.0, &inbound, trigger, text).await
                }
                What::Clicked {
                    action,
                    value,
                    trigger,
                    ..
                } => press::clicked(&self.0, &inbound, (action, value), trigger.as_deref()).await,
                What::Submitted { .. }
                | What::Pressed { .. }
                | What::Typed { .. }
                | What::OpenedHome
                | What::Shortcut { .. } => screens::received(&self.0, &inbound).await,
                What::Archived { .. } => Ok(Ack::Silent),
            }
        };
        match tracing::Instrument::instrument(work, span).await {
            Ok(ack) => ack,
            Err(trouble) => {
                tracing::error!(key = %inbound.key, error = %chain_of(&trouble), "no answer");
                // Only what certainly was not done is called so.
                let touched = trouble
                    .downcast_ref::<BookError>()
                    .and_then(BookError::touched);
                Ack::Private(say::sorry(touched))
            }
        }
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
    ) -> anyhow::Result<Changed<Refusal>> {
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
                decide(fresh, command.clone(), &facts).map_err(Overtaken::Refused)
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
pub(crate) enum Overtaken {
    /// The document moved on: its stage or its voters are not those the facts were gathered for.
    Facts,
    /// The core says no.
    Refused(Refusal),
}

impl Request {
    pub(crate) fn needs_other_facts_than(&self, gathered_for: &Self) -> bool {
        let stage = |request: &Self| request.waiting_stage().map(|(stage, _)| stage);
        let voted = |request: &Self| (request.votes.clone(), request.offline.clone());
        let moved = stage(self) != stage(gathered_for) || voted(self) != voted(gathered_for);
        stage(self).is_some() && moved
    }
}

/// An error with all its sources, for logs.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// The same for `anyhow`.
pub fn chain_of(error: &anyhow::Error) -> String {
    format!("{error:#}")
}
