//! Refusals of services that leave no request of their own on record, as `app::refusals` keeps those of people:
//! a service that nothing names, that asks for what is not for it, or tries on a request what it may not do.

use super::UNSEEN;
use crate::app::refusals::record;
use crate::app::{BookError, Parts};
use crate::audit::{Actor, Fact};
use crate::id::RequestId;
use crate::request::create::Sentence;
use crate::request::{Refusal, Request};
use crate::rules::Account;

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
