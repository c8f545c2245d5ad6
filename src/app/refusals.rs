//! Refusals that leave no request of their own on record: an ask that was none yet, somebody who may not
//! talk to the bot, a press by somebody who may not decide, a service that asks or approves what it may not.
//!
//! # Guarantees
//! Each is recorded once, by the mark of its delivery, before it is answered. What only says how things stand
//! ([`Refusal::forbids`]) is not recorded, neither is a form that stays open and says what is missing.

use super::ask::{self, Prepared, Stop, Unread};
use super::asker::Asker;
use super::service::UNSEEN;
use super::shelf::Change;
use super::wanted::Wanted;
use super::{BookError, Parts};
use crate::audit::{Actor, Event, Fact};
use crate::id::RequestId;
use crate::notes::{Note, Refused, refused_key};
use crate::request::create::Sentence;
use crate::request::{Refusal, Request};
use crate::rules::Account;
use crate::slack::{Inbound, What};
use crate::view::{self, Action, say};

/// Prepares an ask; one that means nothing is on record.
///
/// # Errors
/// [`Stop`]: nothing was asked, or it could not be recorded.
pub(super) async fn heard(parts: &Parts, asker: &Asker, wanted: Wanted) -> Result<Prepared, Stop> {
    let typed_ask = wanted.text.clone();
    let prepared = ask::prepare(parts, asker, wanted).await;
    let prepared = prepared.and_then(answered_for);
    // Which cluster is meant is a question, and one that is away refuses nobody.
    if let Err(Stop::Tell(Unread::Sentence(why))) = &prepared {
        let fact = Fact::TurnedAway {
            typed_ask,
            typed_because: why.message.clone(),
        };
        record(parts, &asker.key, asker.actor(), fact).await?;
    }
    prepared
}

/// INVARIANT (no self-approval): a person asks for a service only as the one who answers for it in the rule
/// that governs the new request.
fn answered_for(prepared: Prepared) -> Result<Prepared, Stop> {
    if let ((asked, Ok(way)), Some(by)) = (&prepared, &prepared.0.pressed_by)
        && way.route.owner.as_ref() != Some(by)
    {
        let message = format!("rule `{}` names somebody else as owner", way.route.rule);
        let hint = format!("`{}` can ask for it itself", asked.by);
        return Err(Stop::Tell(Unread::sentence(message, Some(hint))));
    }
    Ok(prepared)
}

/// Puts on record that a service asked which nothing names among those who may: once for each and each day,
/// however often it tries and whatever it sends.
///
/// # Errors
/// The store failed.
pub(super) async fn unnamed_service(parts: &Parts, account: &Account) -> Result<(), BookError> {
    let fact = Fact::TurnedAway {
        typed_ask: String::new(),
        typed_because: "no rule and no template names this account".to_owned(),
    };
    let cause = format!("unnamed/{}/{account}", parts.clock.now().date_naive());
    let by = Actor::Service(account.to_string());
    record(parts, &cause, by, fact).await
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

/// Puts on record that a service asked for what is not for services, or not for this one.
///
/// # Errors
/// The store failed.
pub(super) async fn service_turned_away(
    parts: &Parts,
    (account, key): (&Account, &str),
    typed_ask: String,
    because: &Sentence,
) -> Result<(), BookError> {
    let fact = Fact::TurnedAway {
        typed_ask,
        typed_because: because.message.clone(),
    };
    let by = Actor::Service(account.to_string());
    record(parts, key, by, fact).await
}

/// Puts on record that a service tried on a request what it may not do: once for each of its reasons,
/// however often it tries. That Slack answers is such a reason: breaking the glass is never passed over.
///
/// # Errors
/// The store failed.
pub(super) async fn forbidden_service(
    parts: &Parts,
    account: &Account,
    (request, attempt): (&Request, &'static str),
    refusal: &Refusal,
) -> Result<(), BookError> {
    if refusal.forbids() || *refusal == Refusal::SlackAnswers {
        let because = refusal.to_string();
        service_tried(parts, account, (request, attempt), because).await?;
    }
    Ok(())
}

/// The same for a request that it may not even see: to the service there is none, to the ledger there is.
///
/// # Errors
/// The store failed.
pub(super) async fn unseen_by_service(
    parts: &Parts,
    account: &Account,
    (id, attempt): (&RequestId, &'static str),
) -> Result<(), BookError> {
    if let Some(page) = parts.book.load(id).await? {
        let because = UNSEEN.to_owned();
        service_tried(parts, account, (&page.request, attempt), because).await?;
    }
    Ok(())
}

/// Puts such an attempt on record, with the sentence that the service reads.
///
/// # Errors
/// The store failed.
pub(super) async fn service_tried(
    parts: &Parts,
    account: &Account,
    (request, attempt): (&Request, &'static str),
    because: String,
) -> Result<(), BookError> {
    let by = Actor::from(&account.within(&request.asked.cluster));
    let cause = format!("{attempt}/{}/{account}/{because}", request.id);
    let fact = Fact::Forbidden {
        request: request.id.clone(),
        attempt: attempt.to_owned(),
        because,
    };
    record(parts, &cause, by, fact).await
}

async fn record(parts: &Parts, cause: &str, by: Actor, fact: Fact) -> Result<(), BookError> {
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
