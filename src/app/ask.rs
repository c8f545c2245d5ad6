//! From a read ask to a durable request: prepared, rehearsed, committed, and answered with who was asked.

use anyhow::Result;

use super::asker::Asker;
use super::book::Created;
use super::prepare::{Prepared, prepare};
use super::unread::{Stop, Unread};
use super::wanted::Wanted;
use super::{Parts, incident, refusals, rehearsal, rulebook};
use crate::id::RequestId;
use crate::request::{Ask, Request, State, create};
use crate::slack::{Ack, Inbound, Surface, What};
use crate::view::say;

/// Makes a request of a person's ask, or says why not.
pub(super) async fn ask(parts: &Parts, inbound: &Inbound, wanted: Wanted) -> Result<Ack> {
    ask_as(parts, inbound, &Asker::person(inbound), wanted).await
}

/// The same for whom a person asks.
pub(super) async fn ask_as(
    parts: &Parts,
    inbound: &Inbound,
    asker: &Asker,
    wanted: Wanted,
) -> Result<Ack> {
    match make(parts, asker, wanted).await {
        Ok(Created::New(request)) => Ok(confirm(inbound, &request)),
        Ok(Created::Before(id)) => answer(parts, inbound, &id).await,
        Err(Stop::Tell(why)) => Ok(Ack::Private(why.message())),
        Err(Stop::Trouble(error)) => Err(error),
    }
}

/// Makes a request of an ask, whoever asks: the one way in.
///
/// # Errors
/// [`Stop`]; nothing was made.
pub(super) async fn make(parts: &Parts, asker: &Asker, wanted: Wanted) -> Result<Created, Stop> {
    let _one = parts.asking.begin();
    // A delivery that was done before is answered, not done again.
    if let Some(id) = parts.book.store().seen(&asker.key).await? {
        return Ok(Created::Before(id));
    }
    let prepared = heard(parts, asker, wanted).await?;
    let prepared = rehearsal::rehearsed(parts, &asker.key, prepared).await;
    let created = commit(parts, &asker.key, prepared).await?;
    if let Created::New(request) = &created {
        tracing::info!(id = %request.id, state = request.state.word(), "asked");
        incident::join(parts, request).await?;
    }
    Ok(created)
}

/// Prepares an ask; one that means nothing is on record.
///
/// # Errors
/// [`Stop`]: nothing was asked, or it could not be recorded.
async fn heard(parts: &Parts, asker: &Asker, wanted: Wanted) -> Result<Prepared, Stop> {
    let typed_ask = wanted.text.clone();
    let prepared = prepare(parts, asker, wanted).await;
    let prepared = prepared.and_then(answered_for);
    // Which cluster is meant is a question, and one that is away refuses nobody.
    if let Err(Stop::Tell(Unread::Sentence(why))) = &prepared {
        refusals::unread(parts, asker, typed_ask, why).await?;
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

/// Commits what was prepared under the mark of its delivery, once the text of the rule that governs it
/// is on record.
///
/// # Errors
/// The store failed; the request may have been made ([`BookError::touched`](super::BookError::touched)).
pub(super) async fn commit(parts: &Parts, key: &str, prepared: Prepared) -> Result<Created> {
    if let (_, Ok(way)) = &prepared {
        rulebook::keep(parts, &way.route).await?;
    }
    let make = |id: RequestId| {
        let (asked, judged) = prepared.clone();
        create(Ask { id, asked, judged })
    };
    Ok(parts.book.create_kept(key, make).await?)
}

async fn answer(parts: &Parts, inbound: &Inbound, id: &RequestId) -> Result<Ack> {
    Ok(match parts.book.load(id).await? {
        Some(page) => confirm(inbound, &page.request),
        None => Ack::Private(say::unknown(id)),
    })
}

/// Who typed the command reads the answer where they typed it. In a direct message or a thread their
/// card appears in the same place and says it all; of a refusal there is no card.
fn confirm(inbound: &Inbound, request: &Request) -> Ack {
    let elsewhere = matches!(
        inbound.what,
        What::Said {
            surface: Surface::Command { .. },
            ..
        }
    );
    if elsewhere || matches!(request.state, State::Refused { .. }) {
        Ack::Private(say::asked(request))
    } else {
        Ack::Silent
    }
}
