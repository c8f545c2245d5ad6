//! Refusals that leave no request of their own on record: an ask that was none yet, somebody who may not
//! talk to the bot, a press by somebody who may not decide. Those of services are in `service::refusals`.
//!
//! # Guarantees
//! Each is recorded once, by the mark of its delivery, before it is answered. What only says how things stand
//! ([`Refusal::forbids`]) is not recorded, neither is a form that stays open and says what is missing.

use super::asker::Asker;
use super::shelf::Change;
use super::{BookError, Parts};
use crate::audit::{Actor, Event, Fact};
use crate::id::RequestId;
use crate::notes::{Note, Refused, refused_key};
use crate::request::Refusal;
use crate::request::create::Sentence;
use crate::slack::{Inbound, What};
use crate::view::{self, Action, say};

/// Puts on record that what was asked means nothing.
///
/// # Errors
/// The store failed.
pub(super) async fn unread(
    parts: &Parts,
    asker: &Asker,
    typed_ask: String,
    why: &Sentence,
) -> Result<(), BookError> {
    let fact = Fact::TurnedAway {
        typed_ask,
        typed_because: why.message.clone(),
    };
    record(parts, &asker.key, asker.actor(), fact).await
}

/// Puts on record that somebody was not let in; what they only looked at is not.
///
/// # Errors
/// The store failed.
pub(super) async fn not_let_in(
    parts: &Parts,
    inbound: &Inbound,
    because: &str,
) -> Result<(), BookError> {
    let because = because.to_owned();
    let fact = match &inbound.what {
        What::Said { text, .. } => Fact::TurnedAway {
            typed_ask: crate::grammar::scrub(text),
            typed_because: because,
        },
        What::Clicked { action, value, .. } => {
            let Some(((request, _), action)) = view::parse_value(value).zip(Action::of_id(action))
            else {
                return Ok(());
            };
            Fact::Forbidden {
                request,
                attempt: action.id().to_owned(),
                because,
            }
        }
        _ => return Ok(()),
    };
    let by = Actor::Person(inbound.by.clone());
    record(parts, &inbound.key, by, fact).await
}

/// Puts on record that somebody tried what they may not do.
///
/// # Errors
/// The store failed.
pub(super) async fn forbidden(
    parts: &Parts,
    inbound: &Inbound,
    (request, attempt): (&RequestId, &'static str),
    refusal: &Refusal,
) -> Result<(), BookError> {
    if !refusal.forbids() {
        return Ok(());
    }
    let fact = Fact::Forbidden {
        request: request.clone(),
        attempt: attempt.to_owned(),
        because: refusal.to_string(),
    };
    let by = Actor::Person(inbound.by.clone());
    record(parts, &inbound.key, by, fact).await
}

/// Puts on record that somebody tried something on a request that to them does not exist.
///
/// # Errors
/// The store failed.
pub(super) async fn unseen(
    parts: &Parts,
    inbound: &Inbound,
    (id, attempt): (&RequestId, &'static str),
) -> Result<(), BookError> {
    if parts.book.load(id).await?.is_none() {
        return Ok(());
    }
    let fact = Fact::Forbidden {
        request: id.clone(),
        attempt: attempt.to_owned(),
        because: say::unknown(id).text,
    };
    let by = Actor::Person(inbound.by.clone());
    record(parts, &inbound.key, by, fact).await
}

/// Puts it on record, once for its cause.
///
/// # Errors
/// The store failed.
pub(super) async fn record(
    parts: &Parts,
    cause: &str,
    by: Actor,
    fact: Fact,
) -> Result<(), BookError> {
    let at = parts.clock.now();
    let make = |id: RequestId| Change {
        note: Note::Refused(Refused {
            id,
            cause: cause.to_owned(),
        }),
        events: vec![Event {
            at,
            by: by.clone(),
            fact: fact.clone(),
        }],
    };
    parts.book.ensure_note(&refused_key(cause), make).await?;
    Ok(())
}
