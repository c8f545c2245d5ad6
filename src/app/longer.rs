//! The same again, and the same for longer: new requests made of old ones.

use anyhow::Result;

use super::ask::ask;
use super::wanted::Wanted;
use super::{Parts, chain};
use crate::request::{Refusal, Request, State};
use crate::slack::{Ack, Inbound};
use crate::units::Seconds;
use crate::view::say;

/// *Ask again*: the same text, by whoever asked before.
pub(super) async fn again(parts: &Parts, inbound: &Inbound, request: &Request) -> Result<Ack> {
    if request.asked.by.person() != Some(&inbound.by) {
        let refusal = Refusal::NotYours;
        return Ok(Ack::Private(say::unchanged(&refusal)));
    }
    let asked = &request.asked;
    let wanted = Wanted::like(asked, asked.duration, asked.reason.clone());
    // Pressed twice, or by two deliveries: one new request for each old one.
    let once = Inbound {
        key: format!("again.{}", request.id),
        ..inbound.clone()
    };
    ask(parts, &once, wanted).await
}

/// *Extend*: the same path for longer, judged as a request of its own.
pub(super) async fn extend(
    parts: &Parts,
    inbound: &Inbound,
    request: &Request,
    (length, reason): (Seconds, Option<String>),
) -> Result<Ack> {
    if request.asked.by.person() != Some(&inbound.by) {
        let refusal = Refusal::NotYours;
        return Ok(Ack::Private(say::unchanged(&refusal)));
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
    ask(parts, inbound, wanted).await
}
