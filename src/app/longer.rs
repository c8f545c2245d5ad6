//! The same again, and the same for longer: new requests made of old ones.

use anyhow::Result;

use super::ask::ask_as;
use super::asker::Asker;
use super::wanted::Wanted;
use super::{Parts, chain, door, facts, refusals};
use crate::request::{Refusal, Request, State};
use crate::rules::Standing;
use crate::slack::{Ack, Inbound};
use crate::units::Seconds;
use crate::view::{Action, say};

/// *Ask again*: the same text, by whoever asked before.
pub(super) async fn again(parts: &Parts, inbound: &Inbound, request: &Request) -> Result<Ack> {
    if let Some(answer) = not_theirs(parts, inbound, (request, Action::Again)).await? {
        return Ok(answer);
    }
    let asked = &request.asked;
    let wanted = Wanted::like(asked, asked.duration, asked.reason.clone());
    // Pressed twice, or by two deliveries: one new request for each old one.
    let once = Inbound {
        key: format!("again.{}", request.id),
        ..inbound.clone()
    };
    ask_as(parts, &once, &Asker::like(asked, &once), wanted).await
}

/// *Extend*: the same path for longer, judged as a request of its own.
pub(super) async fn extend(
    parts: &Parts,
    inbound: &Inbound,
    request: &Request,
    (length, reason): (Seconds, Option<String>),
) -> Result<Ack> {
    if let Some(answer) = not_theirs(parts, inbound, (request, Action::Extend)).await? {
        return Ok(answer);
    }
    let Some((last, extends)) = chain::last(parts, request).await? else {
        let refusal = match request.state {
            State::Pending { .. } | State::Granting { .. } => Refusal::NotYet {
                state: request.state.word(),
            },
            _ => Refusal::Over {
                state: request.state.word(),
            },
        };
        return Ok(Ack::Private(say::unchanged(&refusal)));
    };
    let reason = reason.or_else(|| last.asked.reason.clone());
    let wanted = Wanted::like(&last.asked, length, reason)
        .extending(extends, last.effect.clone())
        .of_incident(last.asked.incident.clone());
    ask_as(parts, inbound, &Asker::like(&last.asked, inbound), wanted).await
}

/// The answer to somebody who wants more of what is not theirs; `None`: it is theirs.
pub(super) async fn not_theirs(
    parts: &Parts,
    inbound: &Inbound,
    (request, action): (&Request, Action),
) -> Result<Option<Ack>> {
    let Some(refusal) = refused(parts, inbound, request).await? else {
        return Ok(None);
    };
    refusals::forbidden(parts, inbound, (&request.id, action.id()), &refusal).await?;
    Ok(Some(Ack::Private(say::unchanged(&refusal))))
}

/// Why this person may not have it asked once more. For a service the one does who answers for it now, as a
/// full member: whoever did when it asked may be an approver by now, or a guest.
async fn refused(parts: &Parts, inbound: &Inbound, request: &Request) -> Result<Option<Refusal>> {
    let by = &inbound.by;
    if let Some(person) = request.asked.by.person() {
        return Ok((person != by).then_some(Refusal::NotYours));
    }
    let standing = door::standing_of(parts, inbound).await?;
    if standing != Some(Standing::Member) {
        return Ok(Some(Refusal::DoesNotCount { standing }));
    }
    let owner = facts::owner_now(parts, request).await?;
    Ok((owner.as_ref() != Some(by)).then_some(Refusal::NotYours))
}
