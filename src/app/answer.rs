//! What is typed to the bot: read as a phrase, and answered.

use anyhow::Result;

use super::{Parts, ask, facts, press};
use crate::grammar::{self, Phrase};
use crate::id::RequestId;
use crate::request::{Command, Origin, Request};
use crate::slack::{Ack, Inbound, Surface};
use crate::view::{Message, replies, say};

/// Requests listed by `mine`.
const MINE: usize = 10;

/// Somebody typed something to the bot.
pub(super) async fn said(
    parts: &Parts,
    inbound: &Inbound,
    text: &str,
    surface: &Surface,
) -> Result<Ack> {
    let phrase = match grammar::parse(text) {
        Ok(phrase) => phrase,
        Err(error) => return Ok(Ack::Private(say::parse_error(text, &error))),
    };
    match phrase {
        Phrase::Ask(ask) => {
            let wanted = ask::Wanted::plain(ask, text, origin(surface));
            ask::ask(parts, inbound, wanted).await
        }
        Phrase::Using(ask) => {
            let wanted = ask::Wanted::template(ask, text, origin(surface));
            ask::ask(parts, inbound, wanted).await
        }
        Phrase::Help => Ok(Ack::Private(help())),
        Phrase::Mine => mine(parts, inbound).await,
        Phrase::Show(id) => show(parts, inbound, &id).await,
        Phrase::Done(id) => command(parts, inbound, &id, |by| Command::Done { by }).await,
        Phrase::Cancel(id) => command(parts, inbound, &id, |by| Command::Cancel { by }).await,
        Phrase::Revoke { id, reason } => {
            command(parts, inbound, &id, |by| Command::Revoke { by, reason }).await
        }
        Phrase::Reach(ask) => ask::reach(parts, &ask),
        Phrase::Approvers(ask) => ask::approvers(parts, inbound, ask).await,
    }
}

fn help() -> Message {
    let table: Vec<say::Entry> = grammar::table::PHRASES
        .iter()
        .map(|phrase| {
            (
                phrase.usage,
                phrase.examples.first().copied().unwrap_or_default(),
                phrase.meaning,
            )
        })
        .collect();
    say::help(&table)
}

/// Where the answers to an ask go from now on.
fn origin(surface: &Surface) -> Origin {
    match surface {
        Surface::Command { .. } | Surface::Direct { .. } => Origin::Direct,
        Surface::Mention { channel, thread } => Origin::Thread {
            channel: channel.clone(),
            ts: thread.clone(),
        },
    }
}

async fn command(
    parts: &Parts,
    inbound: &Inbound,
    id: &RequestId,
    command: impl FnOnce(crate::rules::UserId) -> Command + Send,
) -> Result<Ack> {
    let Some(page) = parts.book.load(id).await? else {
        return Ok(Ack::Private(say::unknown(id)));
    };
    if !facts::concerns(parts, &page.request, &inbound.by).await? {
        return Ok(Ack::Private(say::unknown(id)));
    }
    let command = command(inbound.by.clone());
    let name = command.name();
    match press::decide(parts, inbound, &page.request, command).await? {
        Ack::Silent => Ok(Ack::Private(replies::accepted(name, &page.request))),
        refused @ Ack::Private(_) => Ok(refused),
    }
}

async fn mine(parts: &Parts, inbound: &Inbound) -> Result<Ack> {
    let ids = parts.book.store().of_owner(&inbound.by.0, MINE).await?;
    let mut requests: Vec<Request> = Vec::new();
    for id in ids {
        requests.extend(parts.book.load(&id).await?.map(|page| page.request));
    }
    Ok(Ack::Private(say::mine(&requests)))
}

/// A request is shown to those it concerns; to others it does not exist.
async fn show(parts: &Parts, inbound: &Inbound, id: &RequestId) -> Result<Ack> {
    let Some(page) = parts.book.load(id).await? else {
        return Ok(Ack::Private(say::unknown(id)));
    };
    let concerned = facts::concerns(parts, &page.request, &inbound.by).await?;
    Ok(Ack::Private(if concerned {
        say::show(&page.request)
    } else {
        say::unknown(id)
    }))
}
