//! What is typed to the bot: read as a phrase, and answered.

use anyhow::Result;

use super::form::{self, Prefill};
use super::past::Past;
use super::wanted::{Spot, Wanted};
use super::{Parts, ask, away, command, facts, incident, longer, questions, refusals, trail};
use crate::grammar::{self, Asking, Incident, Phrase, Until};
use crate::id::RequestId;
use crate::request::{Command, Origin, Request};
use crate::rules::UserId;
use crate::slack::{Ack, Inbound, Surface};
use crate::units::{Seconds, Time};
use crate::view::{Message, desk, replies, say};

/// Requests listed by `mine`.
const MINE: usize = 10;

/// How far `history` looks back where nobody says.
const HISTORY: Seconds = Seconds::hours(24 * 7);

/// Somebody typed something to the bot.
pub(super) async fn said(
    parts: &Parts,
    inbound: &Inbound,
    text: &str,
    surface: &Surface,
) -> Result<Ack> {
    if let Surface::Command {
        trigger: Some(trigger),
        ..
    } = surface
        && text.trim().is_empty()
    {
        return form::open(parts, inbound, trigger, Prefill::Nothing).await;
    }
    let phrase = match grammar::parse(text) {
        Ok(phrase) => phrase,
        Err(error) => return Ok(Ack::Private(say::parse_error(text, &error))),
    };
    let place = |wanted: Wanted| wanted.from(origin(surface)).at(spot(surface));
    match phrase {
        Phrase::Ask(ask) => ask::ask(parts, inbound, place(Wanted::plain(ask, text))).await,
        Phrase::Using(ask) => ask::ask(parts, inbound, place(Wanted::template(ask, text))).await,
        Phrase::Emergency(asking) => {
            let wanted = match asking {
                Asking::Plain(ask) => Wanted::plain(ask, text),
                Asking::Using(ask) => Wanted::template(ask, text),
            };
            ask::ask(parts, inbound, place(wanted).at_once()).await
        }
        Phrase::Help | Phrase::Form => Ok(Ack::Private(help())),
        Phrase::Mine => mine(parts, inbound).await,
        Phrase::Again => again(parts, inbound, surface).await,
        Phrase::Show(id) => show(parts, inbound, &id).await,
        Phrase::Reach(ask) => questions::reach(parts, &ask),
        Phrase::Approvers(ask) => questions::approvers(parts, inbound, ask).await,
        Phrase::History { target, since } => {
            let since = since.unwrap_or(HISTORY);
            trail::history(parts, inbound, &target.to_string(), since).await
        }
        Phrase::Incident(what) => of_incident(parts, inbound, what, surface).await,
        Phrase::Away { until, to } => {
            let until = end_of(parts, inbound, until).await?;
            away::go(parts, inbound, until, UserId(to)).await
        }
        Phrase::Back => away::back(parts, inbound).await,
        phrase => about_one(parts, inbound, phrase).await,
    }
}

/// Whether a text asks for something new: such a request is found again by the mark of its delivery.
pub(super) fn asks(text: &str) -> bool {
    matches!(
        grammar::parse(text),
        Ok(Phrase::Ask(_) | Phrase::Using(_) | Phrase::Emergency(_) | Phrase::Extend { .. })
    )
}

/// What is said about one request, by its id.
async fn about_one(parts: &Parts, inbound: &Inbound, phrase: Phrase) -> Result<Ack> {
    match phrase {
        Phrase::Done(id) => command(parts, inbound, &id, |by| Command::Done { by }).await,
        Phrase::Cancel(id) => command(parts, inbound, &id, |by| Command::Cancel { by }).await,
        Phrase::Revoke { id, reason } => revoke(parts, inbound, &id, reason).await,
        Phrase::Review { id, words } => {
            command(parts, inbound, &id, |by| Command::Review { by, words }).await
        }
        Phrase::Extend { id, length, reason } => match known(parts, inbound, &id).await? {
            Some(request) => longer::extend(parts, inbound, &request, (length, reason)).await,
            None => unseen(parts, inbound, &id, "extend").await,
        },
        _ => Ok(Ack::Private(help())),
    }
}

/// Closes what is open. What is over may still have approvals that count for later asks: they end.
async fn revoke(
    parts: &Parts,
    inbound: &Inbound,
    id: &RequestId,
    reason: Option<String>,
) -> Result<Ack> {
    let over = known(parts, inbound, id).await?;
    let over = over.is_some_and(|request| request.state.is_final());
    command(parts, inbound, id, |by| {
        if over {
            Command::Forget { by }
        } else {
            Command::Revoke { by, reason }
        }
    })
    .await
}

/// `again`: the newest request of this person, asked once more.
async fn again(parts: &Parts, inbound: &Inbound, surface: &Surface) -> Result<Ack> {
    let past = Past::of(parts, &inbound.by.0).await?;
    let Some(last) = past.requests.first() else {
        return Ok(Ack::Private(say::mine(&[])));
    };
    let asked = &last.asked;
    let wanted = Wanted::like(asked, asked.duration, asked.reason.clone());
    let wanted = wanted.from(origin(surface)).at(spot(surface));
    ask::ask(parts, inbound, wanted).await
}

/// When an absence ends, on the person's own clock; UTC where their zone is not known.
async fn end_of(parts: &Parts, inbound: &Inbound, until: Until) -> Result<Time> {
    let now = parts.clock.now();
    if let Until::For(length) = until {
        return Ok(length.after(now));
    }
    let read = parts.directory.person(&inbound.by, Seconds::hours(1));
    let zone = read.await?.and_then(|person| person.zone.clone());
    Ok(match until {
        Until::For(length) => length.after(now),
        Until::Time { hour, minute } => {
            grammar::until(hour, minute, now, zone.as_deref()).after(now)
        }
        // A day that is over ends now: that is refused.
        Until::Day(day) => grammar::until_end_of(day, now, zone.as_deref())
            .unwrap_or_default()
            .after(now),
    })
}

/// An incident is where it is talked about: in a channel.
async fn of_incident(
    parts: &Parts,
    inbound: &Inbound,
    what: Incident,
    surface: &Surface,
) -> Result<Ack> {
    let Some(spot) = spot(surface).filter(|spot| spot.channel.starts_with(['C', 'G'])) else {
        let reason = "an incident has a channel: say this in the channel where it is handled";
        return Ok(Ack::Private(desk::unsaved(reason)));
    };
    match what {
        Incident::Open { title } => incident::open(parts, inbound, &spot, title).await,
        Incident::Close => incident::close(parts, inbound, &spot.channel).await,
        Incident::Timeline => incident::timeline(parts, &spot.channel).await,
    }
}

/// The channel in which something was said.
fn spot(surface: &Surface) -> Option<Spot> {
    match surface {
        Surface::Command {
            channel,
            channel_name,
            ..
        } => Some(Spot {
            channel: channel.clone(),
            name: channel_name.clone(),
        }),
        Surface::Mention { channel, .. } => Some(Spot {
            channel: channel.clone(),
            name: None,
        }),
        Surface::Direct { .. } => None,
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
        Surface::Mention {
            channel, thread, ..
        } => Origin::Thread {
            channel: channel.clone(),
            ts: thread.clone(),
        },
    }
}

async fn command(
    parts: &Parts,
    inbound: &Inbound,
    id: &RequestId,
    command: impl FnOnce(UserId) -> Command + Send,
) -> Result<Ack> {
    let command = command(inbound.by.clone());
    let name = command.name();
    let Some(request) = known(parts, inbound, id).await? else {
        return unseen(parts, inbound, id, name).await;
    };
    match command::decide(parts, inbound, &request, command).await? {
        Ack::Silent => Ok(Ack::Private(replies::accepted(name, &request))),
        refused => Ok(refused),
    }
}

/// A request that concerns this person; to others it does not exist.
async fn known(parts: &Parts, inbound: &Inbound, id: &RequestId) -> Result<Option<Request>> {
    let Some(page) = parts.book.load(id).await? else {
        return Ok(None);
    };
    let concerned = facts::concerns(parts, &page.request, &inbound.by).await?;
    Ok(concerned.then_some(page.request))
}

/// The answer to a command about a request that to this person does not exist.
async fn unseen(
    parts: &Parts,
    inbound: &Inbound,
    id: &RequestId,
    attempt: &'static str,
) -> Result<Ack> {
    refusals::unseen(parts, inbound, (id, attempt)).await?;
    Ok(Ack::Private(say::unknown(id)))
}

async fn mine(parts: &Parts, inbound: &Inbound) -> Result<Ack> {
    let ids = parts.book.store().of_owner(&inbound.by.0, MINE).await?;
    let mut requests: Vec<Request> = Vec::new();
    for id in ids {
        requests.extend(parts.book.load_if_known(&id).await?.request());
    }
    Ok(Ack::Private(say::mine(&requests)))
}

async fn show(parts: &Parts, inbound: &Inbound, id: &RequestId) -> Result<Ack> {
    Ok(Ack::Private(match known(parts, inbound, id).await? {
        Some(request) => say::show(&request),
        None => say::unknown(id),
    }))
}
