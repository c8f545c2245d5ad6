//! The bot: takes what people say and press, lets the core decide, commits, and answers.
//!
//! Here values from adapters become facts for the core, and outcomes become commits. What follows
//! from a commit (policies, messages) is the lanes' work, never done here.

pub mod ask;
mod asker;
mod asking;
pub mod away;
pub mod book;
mod causes;
pub mod chain;
mod command;
mod crowds;
pub mod door;
mod entered;
pub mod facts;
mod first_look;
pub mod form;
mod fresh;
pub mod home;
pub mod incident;
pub mod longer;
pub mod observe;
pub mod opening;
pub mod parts;
pub mod past;
pub mod planned;
mod prepare;
pub mod press;
mod questions;
pub mod recall;
mod refusals;
mod rehearsal;
pub mod rulebook;
pub mod screens;
pub mod service;
pub mod settings;
pub mod shelf;
mod small_forms;
mod together;
pub mod trail;
pub mod typed;
mod unasked;
pub mod unread;
pub mod wanted;

use std::sync::Arc;

use async_trait::async_trait;

use crate::slack::{Ack, Inbound, Receiver, What};
use crate::view::form::id;
use crate::view::{lost, replies, say};

pub use asking::Asking;
pub use book::{Book, BookError, Changed, Created, Known, Page};
pub use causes::{causes, causes_of};
pub use first_look::FirstLook;
pub use observe::Observer;
pub use opening::{dress, plan_again, rules_now};
pub use parts::Parts;

/// The bot as Slack's transports know it.
#[derive(Debug, Clone)]
pub struct Bot(pub Arc<Parts>);

#[async_trait]
impl Receiver for Bot {
    fn is_marked(&self, inbound: &Inbound) -> bool {
        matches!(&inbound.what, What::Said { text, .. } if typed::asks(text))
    }

    async fn receive(&self, inbound: Inbound) -> Ack {
        let span = tracing::info_span!("delivery", key = %inbound.key, by = %inbound.by);
        let work = async {
            self.0.first_look().await;
            if let What::Archived { channel } = &inbound.what {
                incident::archived(&self.0, channel).await?;
                return Ok(Ack::Silent);
            }
            if let Some(no) = door::turned_away(&self.0, &inbound).await? {
                return Ok(no);
            }
            match &inbound.what {
                What::Said { text, surface } => typed::said(&self.0, &inbound, text, surface).await,
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
                tracing::error!(key = %inbound.key, error = %causes_of(&trouble), "no answer");
                let of_book = trouble.downcast_ref::<BookError>();
                match of_book {
                    Some(BookError::Uncopied { id }) => Ack::Private(lost::uncopied(id)),
                    Some(BookError::Later { id, .. }) => {
                        Ack::Private(replies::of_a_later_version(id))
                    }
                    // Only what certainly was not done is called so.
                    _ => Ack::Private(say::sorry(of_book.and_then(BookError::touched))),
                }
            }
        }
    }
}
