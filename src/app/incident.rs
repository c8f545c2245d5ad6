//! Incidents: a channel in which requests are made for a while, and which they do not outlive.

mod joining;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::Parts;
use super::shelf::Change;
use super::unasked::decide_unasked;
use super::wanted::Spot;
use crate::audit::{Actor, Event, Fact};
use crate::id::{RequestId, Shard};
use crate::notes::{Closed, Incident, Note, incident_key};
use crate::request::{Command, IncidentRef, Request, State};
use crate::rules::UserId;
use crate::slack::{Ack, Inbound};
use crate::store::Claim;
use crate::units::{Seconds, Time};
use crate::view::desk;

pub use self::joining::join;

/// Open documents read in one go.
const PAGE: usize = 200;

/// The incident that is handled in a channel now. A channel whose name matches the configured pattern is
/// one: its incident begins with the first request made there.
///
/// # Errors
/// The store could not be asked.
pub(super) async fn current(
    parts: &Parts,
    by: &UserId,
    place: &Spot,
) -> Result<Option<IncidentRef>> {
    if let Some(incident) = latest(parts, &place.channel).await? {
        if incident.is_open() {
            return Ok(Some(reference(&incident)));
        }
        // Closed by somebody: requests made there later belong to none, whatever its name.
        return Ok(None);
    }
    if !is_incident_channel(parts, place).await {
        return Ok(None);
    }
    let id = begin(parts, by, (place, None), None).await?;
    Ok(Some(IncidentRef {
        id,
        channel: place.channel.clone(),
        opened_by: by.clone(),
        declared: true,
    }))
}

async fn is_incident_channel(parts: &Parts, place: &Spot) -> bool {
    let Some(pattern) = &parts.incident_channels else {
        return false;
    };
    if let Some(name) = &place.name {
        return pattern.is_match(name);
    }
    match parts.directory.channel_name(&place.channel).await {
        Ok(name) => name.is_some_and(|name| pattern.is_match(&name)),
        Err(error) => {
            tracing::warn!(channel = place.channel, %error, "a channel's name was not read");
            false
        }
    }
}

fn reference(incident: &Incident) -> IncidentRef {
    IncidentRef {
        id: incident.id.clone(),
        channel: incident.channel.clone(),
        opened_by: incident.opened_by.clone(),
        declared: incident.declared,
    }
}

async fn latest(parts: &Parts, channel: &str) -> Result<Option<Incident>> {
    let notes = parts.book.notes(&incident_key(channel), 1).await?;
    Ok(notes.into_iter().find_map(|note| match note {
        Note::Incident(incident) => Some(incident),
        _ => None,
    }))
}

async fn begin(
    parts: &Parts,
    by: &UserId,
    (place, last): (&Spot, Option<&Incident>),
    title: Option<String>,
) -> Result<RequestId> {
    let at = parts.clock.now();
    let channel = place.channel.as_str();
    let declared = is_incident_channel(parts, place).await;
    let make = |id| {
        let incident = Incident {
            id,
            channel: channel.to_owned(),
            opened_by: by.clone(),
            opened_at: at,
            title: title.clone(),
            declared,
            requests: Vec::new(),
            closed: None,
        };
        let fact = Fact::IncidentOpened {
            channel: channel.to_owned(),
            typed_title: title.clone(),
        };
        let by = Actor::Person(by.clone());
        Change {
            note: Note::Incident(incident),
            events: vec![Event { at, by, fact }],
        }
    };
    // Two at the same moment find the same one: the next begins after the last.
    let last = last.map_or_else(|| "first".to_owned(), |last| last.id.to_string());
    let cause = format!("note.incident.{channel}.{last}");
    Ok(parts.book.add_note(&cause, make).await?)
}

/// `incident open`: requests made in this channel belong to it from now on.
pub(super) async fn open(
    parts: &Parts,
    inbound: &Inbound,
    place: &Spot,
    title: Option<String>,
) -> Result<Ack> {
    let channel = place.channel.as_str();
    let last = latest(parts, channel).await?;
    if let Some(incident) = last.as_ref().filter(|last| last.is_open()) {
        return Ok(Ack::Private(desk::incident_is_open(&incident.id)));
    }
    let id = begin(parts, &inbound.by, (place, last.as_ref()), title.clone()).await?;
    announce(
        parts,
        inbound,
        channel,
        &desk::incident_opened(&inbound.by, &id, title.as_deref()),
    )
    .await;
    Ok(Ack::Private(desk::incident_is_open(&id)))
}

/// `incident close`: what was opened for it ends, what waits is refused.
pub(super) async fn close(parts: &Parts, inbound: &Inbound, channel: &str) -> Result<Ack> {
    let Some(incident) = latest(parts, channel).await?.filter(Incident::is_open) else {
        return Ok(Ack::Private(desk::no_incident()));
    };
    let by = Some(inbound.by.clone());
    finish(parts, &incident, by).await?;
    announce(
        parts,
        inbound,
        channel,
        &desk::incident_closed(Some(&inbound.by), &incident),
    )
    .await;
    Ok(Ack::Private(desk::incident_closed(None, &incident)))
}

/// The channel is gone, and the incident with it.
///
/// # Errors
/// The store did not take it.
pub(super) async fn archived(parts: &Parts, channel: &str) -> Result<()> {
    match latest(parts, channel).await?.filter(Incident::is_open) {
        Some(incident) => finish(parts, &incident, None).await,
        None => Ok(()),
    }
}

async fn finish(parts: &Parts, incident: &Incident, by: Option<UserId>) -> Result<()> {
    let at = parts.clock.now();
    let close = |note: &Note| match note {
        Note::Incident(incident) if incident.is_open() => {
            let mut incident = incident.clone();
            let actor = by.clone().map_or(Actor::Drawbridge, Actor::Person);
            let closed = Closed {
                by: by.clone(),
                at,
                looks: 0,
            };
            incident.closed = Some(closed);
            let channel = incident.channel.clone();
            let fact = Fact::IncidentClosed { channel };
            let event = Event {
                at,
                by: actor,
                fact,
            };
            Some(Change {
                note: Note::Incident(incident),
                events: vec![event],
            })
        }
        _ => None,
    };
    parts.book.change_note(&incident.id, None, close).await?;
    Ok(())
}

/// Says it in the channel too, where everybody sees it; a channel that cannot be written to is no
/// reason to fail.
async fn announce(parts: &Parts, inbound: &Inbound, channel: &str, message: &crate::view::Message) {
    let key = format!("incident.{}", inbound.key);
    if let Err(error) = parts.slack.post(channel, message, None, &key).await {
        tracing::warn!(channel, %error, "an incident was not announced");
    }
}

/// Whether the request's incident is over: then nothing is opened for it any more.
///
/// # Errors
/// The store could not be asked.
pub async fn is_over(parts: &Parts, request: &Request) -> Result<bool> {
    let Some(incident) = &request.asked.incident else {
        return Ok(false);
    };
    let leaf = parts.book.note(&incident.id).await?;
    Ok(!leaf.is_some_and(|leaf| matches!(leaf.note, Note::Incident(i) if i.is_open())))
}

/// One look at the requests of a closed incident: each that is not over is ended.
///
/// # Errors
/// Something could not be asked or changed; it is looked at again.
pub async fn end_requests(parts: &Parts, incident: &Incident, claim: &Claim) -> Result<()> {
    let mut trouble = None;
    for shard in Shard::all() {
        let mut after = None;
        loop {
            let ids = parts.book.store().open(shard, after.as_ref(), PAGE).await?;
            for id in &ids {
                // One that cannot be read or changed must not keep the others open.
                if let Err(error) = end_one(parts, id, incident).await {
                    tracing::warn!(%id, error = %super::causes_of(&error), "not ended");
                    trouble = Some(error);
                }
            }
            after = ids.last().cloned();
            if ids.len() < PAGE {
                break;
            }
        }
    }
    if let Some(error) = trouble {
        return Err(error);
    }
    let looked = |note: &Note| match note {
        Note::Incident(incident) => {
            let mut incident = incident.clone();
            let closed = incident.closed.as_mut()?;
            closed.looks = closed.looks.saturating_add(1);
            Some(Change {
                note: Note::Incident(incident),
                events: Vec::new(),
            })
        }
        _ => None,
    };
    parts
        .book
        .change_note(&incident.id, Some(claim), looked)
        .await?;
    Ok(())
}

async fn end_one(parts: &Parts, id: &RequestId, incident: &Incident) -> Result<()> {
    match parts.book.load(id).await? {
        Some(page) if belongs(&page.request, incident) => {
            join(parts, &page.request).await?;
            decide_unasked(parts, &page.request, Command::IncidentClosed).await
        }
        _ => Ok(()),
    }
}

fn belongs(request: &Request, incident: &Incident) -> bool {
    let over = request.state.is_final() || matches!(request.state, State::Ending { .. });
    let of = request.asked.incident.as_ref();
    !over && of.is_some_and(|of| of.id == incident.id)
}

/// `incident timeline`: what was asked, opened and closed for it, as Markdown for the review.
pub(super) async fn timeline(parts: &Parts, channel: &str) -> Result<Ack> {
    let Some(incident) = latest(parts, channel).await? else {
        return Ok(Ack::Private(desk::no_incident()));
    };
    let mut events: Vec<(Request, Event)> = Vec::new();
    for id in &incident.requests {
        let Some(request) = parts.book.load_if_known(id).await?.request() else {
            continue;
        };
        for (_, event) in parts.book.store().events(id, 0).await? {
            if let Ok(event) = serde_json::from_str::<Event>(&event) {
                events.push((request.clone(), event));
            }
        }
    }
    let named = events.iter().flat_map(|(_, event)| desk::named(event));
    let named = named.chain([&incident.opened_by]).cloned().collect();
    let names = names(parts, named).await;
    let name = |user: &UserId| names.get(user).cloned().unwrap_or_else(|| user.to_string());
    let lines = events.iter().filter_map(|(request, event)| {
        let line = desk::told(request, event, &name)?;
        Some((event.at, line))
    });
    let mut lines: Vec<(Time, String)> = lines.collect();
    // In the order in which they happened: of one moment as the record has them.
    lines.sort_by_key(|(at, _)| *at);
    Ok(Ack::Private(desk::timeline(&incident, &lines, &name)))
}

/// What people are called, for a document that is read outside of Slack; whoever cannot be read keeps the id.
async fn names(parts: &Parts, people: BTreeSet<UserId>) -> BTreeMap<UserId, String> {
    let mut names = BTreeMap::new();
    for user in people {
        if let Ok(Some(person)) = parts.directory.person(&user, Seconds::hours(1)).await {
            names.insert(user, person.name.clone());
        }
    }
    names
}
