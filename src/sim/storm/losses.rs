//! What the store forgot each time that it went back: an onlooker compares what it held with what it holds then.
//! Never asks the bot.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::Event;
use crate::id::RequestId;
use crate::request::{PostStatus, Request};
use crate::sim::slack::MessageRef;
use crate::store::memory::Snapshot;
use crate::units::Time;

/// Everything that the store ever forgot.
#[derive(Debug, Default)]
pub(super) struct Losses(Vec<Loss>);

/// What is forgotten from one going back on.
#[derive(Debug)]
struct Loss {
    at: Time,
    /// Events of each document that happened by then and that the store does not know any more, JSON.
    events: Events,
    /// Documents of which it lost something then.
    documents: BTreeMap<RequestId, Lost>,
}

/// Events of documents, JSON.
pub(super) type Events = BTreeMap<RequestId, BTreeSet<String>>;

/// A document of which something was lost.
#[derive(Debug)]
struct Lost {
    /// Whether the store still has an earlier version.
    is_there: bool,
    /// What it held; `None`: nothing, or no request.
    held: Option<Request>,
}

impl Losses {
    /// The store held one thing and holds the other now.
    pub(super) fn note(&mut self, at: Time, held: &Snapshot, holds: &Snapshot) {
        let mut documents = BTreeMap::new();
        // What was forgotten before stays so, unless this is a newer copy.
        let mut events = self.0.last().map(|l| l.events.clone()).unwrap_or_default();
        for (id, is_there) in holds.differences(held) {
            let known: &mut BTreeSet<String> = events.entry(id.clone()).or_default();
            known.extend(held.events(&id).iter().cloned());
            for event in holds.events(&id) {
                known.remove(event);
            }
            let body = held.body(&id);
            let held = body.and_then(|body| serde_json::from_str(body).ok());
            let lost = Lost { is_there, held };
            documents.insert(id, lost);
        }
        self.0.push(Loss {
            at,
            events,
            documents,
        });
    }

    /// Whether something of a document was ever lost.
    pub(super) fn touched(&self, id: &RequestId) -> bool {
        self.of(id).next().is_some()
    }

    /// When the store had lost a document whole; the last time.
    pub(super) fn gone_since(&self, id: &RequestId) -> Option<Time> {
        let gone = self.of(id).filter(|(_, lost)| !lost.is_there);
        gone.last().map(|(at, _)| at)
    }

    /// What had happened to a document and was forgotten at this instant.
    pub(super) fn forgotten(&self, id: &RequestId, at: Time) -> impl Iterator<Item = Event> {
        let last = self.0.iter().rev().find(|loss| loss.at <= at);
        let events = last.and_then(|loss| loss.events.get(id));
        let read = |text: &String| serde_json::from_str(text).ok();
        events.into_iter().flatten().filter_map(read)
    }

    /// Whatever was ever forgotten of each document of which something was lost.
    pub(super) fn ever_forgotten(&self) -> Events {
        let mut all = Events::new();
        for loss in &self.0 {
            for (id, events) in &loss.events {
                let known: &mut BTreeSet<String> = all.entry(id.clone()).or_default();
                known.extend(events.iter().cloned());
            }
        }
        all
    }

    /// A request as the store held it before it lost something of it, the last time.
    pub(super) fn held(&self, id: &RequestId) -> Option<&Request> {
        self.of(id)
            .filter_map(|(_, lost)| lost.held.as_ref())
            .last()
    }

    /// Whether a version of it that was ever lost was over.
    pub(super) fn was_over(&self, id: &RequestId) -> bool {
        let mut held = self.of(id).filter_map(|(_, lost)| lost.held.as_ref());
        held.any(|request| request.state.is_final())
    }

    /// Where a request was shown according to what the store held and lost.
    pub(super) fn places(&self, id: &RequestId) -> Vec<MessageRef> {
        let held = self.of(id).filter_map(|(_, lost)| lost.held.as_ref());
        let posts = held.flat_map(|request| &request.posts.list);
        let places = posts.filter_map(|post| match &post.status {
            PostStatus::Posted { channel, ts, .. } => Some(MessageRef {
                channel: channel.clone(),
                ts: ts.clone(),
            }),
            _ => None,
        });
        places.collect()
    }

    fn of(&self, id: &RequestId) -> impl Iterator<Item = (Time, &Lost)> {
        let losses = self.0.iter();
        losses.filter_map(|loss| Some((loss.at, loss.documents.get(id)?)))
    }
}
